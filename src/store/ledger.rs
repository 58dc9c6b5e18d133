//! The ledger: every document read, every item in it, and the issue each item became.

use jiff::Timestamp;

use super::{Error, Lease, Store};
use crate::{
    ids::{CommitSha, DocumentKey, IssueNumber, ItemKey, NodeId, RepositoryId, RepositoryName},
    postmortem::model::State,
};

/// A document as it was last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub key: DocumentKey,
    pub repository: RepositoryId,
    pub name: RepositoryName,
    /// Where it was last read; changes when the file is renamed, the key does not.
    pub path: String,
    pub content_digest: String,
    pub commit: CommitSha,
    pub postmortem_url: Option<String>,
    pub updated_at: Timestamp,
}

/// An item as the document has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemReading {
    pub key: ItemKey,
    /// 0-based position in the document: a hint, never identity.
    pub ordinal: u32,
    pub text: String,
    pub group: Option<String>,
    pub state: State,
}

/// An item with everything known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub reading: ItemReading,
    /// Whether the document still had it when last read.
    pub present: bool,
    pub issue: Option<TrackedIssue>,
    pub board_item: Option<NodeId>,
    pub filing: Filing,
}

/// How far an item is on its way to its issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filing {
    Planned,
    /// A request that may open the issue was about to be sent: look on GitHub before sending another.
    Sending { since: Timestamp, attempt: String },
    /// This program opened the issue.
    Filed,
    /// The issue was there before.
    Adopted,
    Failed { reason: String },
}

/// An item's issue as this program last wrote or read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackedIssue {
    pub repository: RepositoryId,
    pub name: RepositoryName,
    pub number: IssueNumber,
    pub node: NodeId,
    pub url: String,
    /// The title as this program wrote it, to tell when a person changed it.
    pub title: String,
    /// Of the marked region as this program wrote it.
    pub body_digest: String,
    pub state: IssueState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssueState {
    Open,
    Completed,
    NotPlanned,
}

/// An item whose issue may or may not exist: its request was begun and its answer never recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnconfirmedItem {
    pub document: DocumentKey,
    pub item: ItemKey,
    pub since: Timestamp,
    pub attempt: String,
}

impl Store {
    pub async fn load_document(&self, key: &DocumentKey) -> Result<Option<(Document, Vec<Item>)>, Error> {
        todo!()
    }

    pub async fn load_document_at(&self, repository: RepositoryId, path: &str) -> Result<Option<(Document, Vec<Item>)>, Error> {
        todo!()
    }

    /// The document that the item's issue belongs to, by the issue.
    pub async fn find_item_of_issue(
        &self,
        repository: RepositoryId,
        number: IssueNumber,
    ) -> Result<Option<(DocumentKey, ItemKey)>, Error> {
        todo!()
    }

    /// Replaces what was last read, in one transaction. Items the document no longer has stay, as not present; issues and
    /// filing states stay as they are.
    pub async fn save_reading(&self, lease: &Lease, document: &Document, items: &[ItemReading]) -> Result<(), Error> {
        todo!()
    }

    /// Says that requests for these items are about to be sent, as one attempt. Those already sending, filed or adopted are
    /// left as they are; gives the items that may be sent.
    pub async fn begin_filing(
        &self,
        lease: &Lease,
        document: &DocumentKey,
        items: &[ItemKey],
        attempt: &str,
        now: Timestamp,
    ) -> Result<Vec<ItemKey>, Error> {
        todo!()
    }

    /// It was looked up that the request of an item that was sending had no effect: it may be sent again.
    pub async fn reset_filing(&self, lease: &Lease, document: &DocumentKey, item: &ItemKey) -> Result<(), Error> {
        todo!()
    }

    /// The issue is there. `filing` is [`Filing::Filed`] or [`Filing::Adopted`]. Recording the same issue again updates what
    /// is known of it.
    pub async fn record_issue(&self, document: &DocumentKey, item: &ItemKey, issue: &TrackedIssue, adopted: bool) -> Result<(), Error> {
        todo!()
    }

    pub async fn record_filing_failure(&self, document: &DocumentKey, item: &ItemKey, reason: &str) -> Result<(), Error> {
        todo!()
    }

    pub async fn record_board_item(&self, document: &DocumentKey, item: &ItemKey, board_item: &NodeId) -> Result<(), Error> {
        todo!()
    }

    /// Items that have been sending since before `before`, oldest first.
    pub async fn list_sending(&self, before: Timestamp) -> Result<Vec<UnconfirmedItem>, Error> {
        todo!()
    }
}
