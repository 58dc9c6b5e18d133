//! Markers seen in issue bodies: a cache of what GitHub knows, so that not every plan lists every issue.

use jiff::Timestamp;
use sqlx::QueryBuilder;

use super::{
    Error, IssueState, Store,
    backend::{ROWS_AT_ONCE, reading, transaction, writing},
    columns::{int, issue_state, issue_state_text, micros, text, time, uint},
};
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

#[derive(sqlx::FromRow)]
struct MarkerRow {
    repository: i64,
    number: i64,
    node: String,
    document: String,
    item: String,
    title: String,
    state: String,
    updated_at: i64,
}

impl MarkerRow {
    fn marker(self) -> Result<IssueMarker, Error> {
        Ok(IssueMarker {
            repository: RepositoryId(uint(self.repository)),
            number: IssueNumber(uint(self.number)),
            node: NodeId(self.node),
            document: DocumentKey(self.document),
            item: ItemKey(self.item),
            title: self.title,
            state: issue_state(&self.state)?,
            updated_at: time(self.updated_at)?,
        })
    }
}

impl Store {
    /// Remembers markers and, when given, that `repository`'s issues are known up to `scanned_until`, together.
    pub async fn save_markers(
        &self,
        repository: RepositoryId,
        markers: &[IssueMarker],
        scanned_until: Option<Timestamp>,
    ) -> Result<(), Error> {
        const SCANNED: &str = "INSERT INTO marker_scans (repository, scanned_until) VALUES ($1, $2) ON CONFLICT (repository) DO UPDATE \
             SET scanned_until = excluded.scanned_until WHERE marker_scans.scanned_until < excluded.scanned_until";
        transaction!(self, |db| {
            for chunk in markers.chunks(ROWS_AT_ONCE) {
                let mut insert = QueryBuilder::new(
                    "INSERT INTO issue_markers (repository, number, node, document, item, title, state, updated_at) ",
                );
                insert.push_values(chunk, |mut row, marker| {
                    row.push_bind(int(marker.repository.0))
                        .push_bind(int(marker.number.0))
                        .push_bind(marker.node.as_str())
                        .push_bind(marker.document.as_str())
                        .push_bind(marker.item.as_str())
                        .push_bind(text(&marker.title))
                        .push_bind(issue_state_text(marker.state))
                        .push_bind(micros(marker.updated_at));
                });
                insert.push(
                    " ON CONFLICT (repository, number) DO UPDATE SET node = excluded.node, document = excluded.document, \
                     item = excluded.item, title = excluded.title, state = excluded.state, updated_at = excluded.updated_at \
                     WHERE issue_markers.updated_at <= excluded.updated_at",
                );
                insert.build().execute(&mut *db).await?;
            }
            if let Some(until) = scanned_until {
                sqlx::query(SCANNED).bind(int(repository.0)).bind(micros(until)).execute(&mut *db).await?;
            }
        });
        Ok(())
    }

    /// The issue carries no marker any more, or is gone.
    pub async fn forget_marker(&self, repository: RepositoryId, number: IssueNumber) -> Result<(), Error> {
        const FORGET: &str = "DELETE FROM issue_markers WHERE repository = $1 AND number = $2";
        writing!(self, |db| sqlx::query(FORGET).bind(int(repository.0)).bind(int(number.0)).execute(db).await.map(drop)?);
        Ok(())
    }

    /// Issues that carry a marker of this document, lowest number first.
    pub async fn markers_of_document(&self, document: &DocumentKey) -> Result<Vec<IssueMarker>, Error> {
        const OF_DOCUMENT: &str = "SELECT repository, number, node, document, item, title, state, updated_at FROM issue_markers \
             WHERE document = $1 ORDER BY number, repository";
        let rows: Vec<MarkerRow> = reading!(self, |db| sqlx::query_as(OF_DOCUMENT).bind(document.as_str()).fetch_all(db).await?);
        rows.into_iter().map(MarkerRow::marker).collect()
    }

    /// Markers on issues of `repository` whose documents are not in the ledger: after its loss, of those that were renamed
    /// and those that nobody has looked at yet.
    pub async fn orphaned_markers(&self, repository: RepositoryId) -> Result<Vec<IssueMarker>, Error> {
        const ORPHANED: &str = "SELECT repository, number, node, document, item, title, state, updated_at FROM issue_markers \
             WHERE repository = $1 AND NOT EXISTS (SELECT 1 FROM documents WHERE documents.document = issue_markers.document) \
             ORDER BY document, number";
        let rows: Vec<MarkerRow> = reading!(self, |db| sqlx::query_as(ORPHANED).bind(int(repository.0)).fetch_all(db).await?);
        rows.into_iter().map(MarkerRow::marker).collect()
    }

    pub async fn markers_of_item(&self, document: &DocumentKey, item: &ItemKey) -> Result<Vec<IssueMarker>, Error> {
        const OF_ITEM: &str = "SELECT repository, number, node, document, item, title, state, updated_at FROM issue_markers \
             WHERE document = $1 AND item = $2 ORDER BY number, repository";
        let rows: Vec<MarkerRow> =
            reading!(self, |db| sqlx::query_as(OF_ITEM).bind(document.as_str()).bind(item.as_str()).fetch_all(db).await?);
        rows.into_iter().map(MarkerRow::marker).collect()
    }

    /// Up to when the repository's issues were scanned for markers; `None`: never.
    pub async fn scanned_until(&self, repository: RepositoryId) -> Result<Option<Timestamp>, Error> {
        const UNTIL: &str = "SELECT scanned_until FROM marker_scans WHERE repository = $1";
        let until: Option<i64> =
            reading!(self, |db| sqlx::query_scalar(UNTIL).bind(int(repository.0)).fetch_optional(db).await?);
        until.map(time).transpose()
    }
}
