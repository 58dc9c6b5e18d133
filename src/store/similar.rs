//! What other postmortems ask for, for an author to see that somebody asked before.

use jiff::tz::TimeZone;
use sqlx::QueryBuilder;

use super::{
    Error, Store,
    backend::{ROWS_AT_ONCE, reading},
    columns::{int, repository_name, time, uint},
};
use crate::{
    ids::{DocumentKey, IssueNumber, IssueRef, RepositoryId},
    plan::Elsewhere,
};

#[derive(sqlx::FromRow)]
struct OpenItemRow {
    item_text: String,
    title: Option<String>,
    path: String,
    postmortem_url: Option<String>,
    issue_owner: Option<String>,
    issue_name: Option<String>,
    issue_number: i64,
    issue_url: Option<String>,
    filed_at: Option<i64>,
}

impl Store {
    /// The open items with open issues of all documents but `document` in `repositories`, the newest first, at most `most`. Their
    /// words are shown to whoever reads `document`, so `repositories` are those that its readers may read as well; of more than
    /// 500 only the first count. When an issue was opened is known where this program did it, until the database is lost.
    pub async fn open_items_elsewhere(
        &self,
        repositories: &[RepositoryId],
        document: &DocumentKey,
        most: u32,
    ) -> Result<Vec<Elsewhere>, Error> {
        if repositories.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<OpenItemRow> = reading!(self, |db| {
            let mut select = QueryBuilder::new(
                "SELECT item_text, title, path, postmortem_url, issue_owner, issue_name, issue_number, issue_url, filed_at \
                 FROM items JOIN documents ON documents.document = items.document \
                 WHERE items.present = 1 AND items.state = 'open' AND issue_state = 'open' AND issue_number IS NOT NULL \
                 AND items.document <> ",
            );
            select.push_bind(document.as_str()).push(" AND documents.repository IN (");
            let mut ids = select.separated(", ");
            for repository in repositories.iter().take(ROWS_AT_ONCE) {
                ids.push_bind(int(repository.0));
            }
            // The two databases sort NULL differently.
            select.push(") ORDER BY COALESCE(filed_at, 0) DESC, issue_number DESC, item LIMIT ").push_bind(i64::from(most));
            select.build_query_as().fetch_all(db).await?
        });
        rows.into_iter()
            .map(|row| {
                let repository = repository_name(row.issue_owner.unwrap_or_default(), row.issue_name.unwrap_or_default());
                let opened = row.filed_at.map(time).transpose()?;
                Ok(Elsewhere {
                    document_title: row.title.unwrap_or(row.path),
                    document_url: row.postmortem_url,
                    issue: IssueRef::new(repository, IssueNumber(uint(row.issue_number))),
                    url: row.issue_url.unwrap_or_default(),
                    text: row.item_text,
                    opened_on: opened.map(|opened| opened.to_zoned(TimeZone::UTC).date()),
                })
            })
            .collect()
    }
}
