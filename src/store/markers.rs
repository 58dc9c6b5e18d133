//! Markers seen in issue bodies: a cache of what GitHub knows, so that not every plan lists every issue.

use jiff::Timestamp;

use super::{Error, IssueState, Store};
use crate::ids::{DocumentKey, IssueNumber, ItemKey, NodeId, RepositoryId};

/// An issue that carries an item's marker. Two issues may carry the same one: bodies are copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueMarker {
    pub repository: RepositoryId,
    pub number: IssueNumber,
    pub node: NodeId,
    pub document: DocumentKey,
    pub item: ItemKey,
    pub title: String,
    pub state: IssueState,
    pub updated_at: Timestamp,
}

impl Store {
    /// Remembers markers and, when given, that `repository`'s issues are known up to `scanned_until`, together.
    pub async fn save_markers(
        &self,
        repository: RepositoryId,
        markers: &[IssueMarker],
        scanned_until: Option<Timestamp>,
    ) -> Result<(), Error> {
        todo!()
    }

    /// The issue carries no marker any more, or is gone.
    pub async fn forget_marker(&self, repository: RepositoryId, number: IssueNumber) -> Result<(), Error> {
        todo!()
    }

    /// Issues that carry a marker of this document, lowest number first.
    pub async fn markers_of_document(&self, document: &DocumentKey) -> Result<Vec<IssueMarker>, Error> {
        todo!()
    }

    pub async fn markers_of_item(&self, document: &DocumentKey, item: &ItemKey) -> Result<Vec<IssueMarker>, Error> {
        todo!()
    }

    /// Up to when the repository's issues were scanned for markers; `None`: never.
    pub async fn scanned_until(&self, repository: RepositoryId) -> Result<Option<Timestamp>, Error> {
        todo!()
    }
}
