//! What becomes of items after their issues are there: what was followed, who shows a document, what was pushed.

use jiff::Timestamp;
use sqlx::QueryBuilder;

use super::{
    Error, IssueState, ItemReading, Lease, Store, TrackedIssue,
    backend::{ROWS_AT_ONCE, fence, reading, transaction, writing},
    columns::{followed_text, int, issue_state_text, micros, repository_name, text, time, uint},
    ledger::upsert_items,
};
use crate::{
    ids::{CommitSha, DocumentKey, IssueNumber, ItemKey, NodeId, RepositoryId, RepositoryName},
    plan::{AlsoAskedBy, Followed},
};

/// A document that an issue or pull request has to do with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Found {
    pub document: DocumentKey,
    pub repository: RepositoryId,
    pub name: RepositoryName,
    pub path: String,
}

/// A file that pushes touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedFile {
    pub path: String,
    /// The commit before the first of them.
    pub base: CommitSha,
    /// How often it was recorded: to be given back to [`Store::forget_pushed`].
    pub times: u64,
}

type FoundRow = (String, i64, String, String, String);

fn found((document, repository, owner, name, path): FoundRow) -> Found {
    Found {
        document: DocumentKey(document),
        repository: RepositoryId(uint(repository)),
        name: repository_name(owner, name),
        path,
    }
}

impl Store {
    /// The document and its issue are in step: what the document said is brought to the issue, and the issue is as given.
    pub async fn record_followed(
        &self,
        document: &DocumentKey,
        item: &ItemKey,
        followed: Followed,
        state: IssueState,
    ) -> Result<(), Error> {
        const RECORD: &str = "UPDATE items SET followed = $3, issue_state = $4, note = NULL, \
             present = CASE WHEN $3 = 'removed' THEN 0 ELSE present END, \
             proposed_in = CASE WHEN $3 = 'removed' THEN NULL ELSE proposed_in END WHERE document = $1 AND item = $2";
        writing!(self, |db| sqlx::query(RECORD)
            .bind(document.as_str())
            .bind(item.as_str())
            .bind(followed_text(followed))
            .bind(issue_state_text(state))
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    /// What the document says with this content was followed to the end.
    pub async fn record_content(&self, document: &DocumentKey, digest: &str) -> Result<(), Error> {
        const RECORD: &str = "UPDATE documents SET content_digest = $2 WHERE document = $1";
        writing!(self, |db| sqlx::query(RECORD).bind(document.as_str()).bind(digest).execute(db).await.map(drop)?);
        Ok(())
    }

    /// Where the issue is now, and how it is called there: it may have been transferred.
    pub async fn record_whereabouts(&self, document: &DocumentKey, item: &ItemKey, issue: &TrackedIssue) -> Result<(), Error> {
        const RECORD: &str = "UPDATE items SET issue_repository = $3, issue_owner = $4, issue_name = $5, issue_number = $6, \
             issue_node = $7, issue_url = $8, issue_title = $9, issue_state = $10 WHERE document = $1 AND item = $2";
        let title = text(&issue.title);
        writing!(self, |db| sqlx::query(RECORD)
            .bind(document.as_str())
            .bind(item.as_str())
            .bind(int(issue.repository.0))
            .bind(&issue.name.owner)
            .bind(&issue.name.name)
            .bind(int(issue.number.0))
            .bind(issue.node.as_str())
            .bind(&issue.url)
            .bind(&*title)
            .bind(issue_state_text(issue.state))
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    /// Says that a comment is about to be sent on the item's issue; gives when the same one was announced before, so that it
    /// may be there already.
    pub async fn announce_note(
        &self,
        lease: &Lease,
        document: &DocumentKey,
        item: &ItemKey,
        gist: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        const NOTED: &str = "SELECT note_at FROM items WHERE document = $1 AND item = $2 AND note = $3";
        const ANNOUNCE: &str = "UPDATE items SET note = $3, note_at = $4 WHERE document = $1 AND item = $2";
        let before: Option<Option<i64>> = transaction!(self, |db| {
            fence!(db, lease);
            let noted = sqlx::query_scalar(NOTED).bind(document.as_str()).bind(item.as_str()).bind(gist);
            let before: Option<Option<i64>> = noted.fetch_optional(&mut *db).await?;
            if before.is_none() {
                let announce = sqlx::query(ANNOUNCE).bind(document.as_str()).bind(item.as_str()).bind(gist);
                announce.bind(micros(now)).execute(&mut *db).await?;
            }
            before
        });
        before.map(|at| time(at.unwrap_or_default())).transpose()
    }

    /// The comment that was announced is sent once more: it did not arrive.
    pub async fn announce_note_again(&self, document: &DocumentKey, item: &ItemKey, now: Timestamp) -> Result<(), Error> {
        const AGAIN: &str = "UPDATE items SET note_at = $3 WHERE document = $1 AND item = $2";
        let at = micros(now);
        writing!(self, |db| sqlx::query(AGAIN)
            .bind(document.as_str())
            .bind(item.as_str())
            .bind(at)
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    /// The title that this program gave the item's issue.
    pub async fn record_title(&self, document: &DocumentKey, item: &ItemKey, title: &str) -> Result<(), Error> {
        const RECORD: &str = "UPDATE items SET issue_title = $3 WHERE document = $1 AND item = $2";
        let title = text(title);
        writing!(self, |db| sqlx::query(RECORD)
            .bind(document.as_str())
            .bind(item.as_str())
            .bind(&*title)
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    pub async fn record_sub_issue(&self, document: &DocumentKey, item: &ItemKey) -> Result<(), Error> {
        const RECORD: &str = "UPDATE items SET in_parent = 1 WHERE document = $1 AND item = $2";
        writing!(self, |db| sqlx::query(RECORD).bind(document.as_str()).bind(item.as_str()).execute(db).await.map(drop)?);
        Ok(())
    }

    /// The item goes on in another document, with all that is known of it.
    pub async fn move_item(&self, lease: &Lease, from: &DocumentKey, item: &ItemKey, to: &DocumentKey) -> Result<(), Error> {
        const MOVE: &str = "UPDATE items SET document = $3 WHERE document = $1 AND item = $2 \
             AND NOT EXISTS (SELECT 1 FROM items AS there WHERE there.document = $3 AND there.item = $2)";
        transaction!(self, |db| {
            fence!(db, lease);
            sqlx::query(MOVE).bind(from.as_str()).bind(item.as_str()).bind(to.as_str()).execute(&mut *db).await?;
        });
        Ok(())
    }

    /// Keeps what a pull request proposes, beside what the default branch has: items that are new, and those that it had
    /// proposed before.
    pub async fn save_proposed(
        &self,
        lease: &Lease,
        document: &super::Document,
        items: &[ItemReading],
        pull: IssueNumber,
    ) -> Result<(), Error> {
        const KEEP: &str = "INSERT INTO documents (document, repository, owner, name, path, content_digest, commit_sha, \
             postmortem_url, updated_at) VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8) ON CONFLICT (document) DO NOTHING";
        const PROPOSED_OR_GONE: &str =
            "items.proposed_in = excluded.proposed_in OR (items.present = 0 AND items.followed IS NOT NULL)";
        let path = text(&document.path);
        transaction!(self, |db| {
            fence!(db, lease);
            sqlx::query(KEEP)
                .bind(document.key.as_str())
                .bind(int(document.repository.0))
                .bind(&document.name.owner)
                .bind(&document.name.name)
                .bind(&*path)
                .bind(document.commit.as_str())
                .bind(&document.postmortem_url)
                .bind(super::columns::micros(document.updated_at))
                .execute(&mut *db)
                .await?;
            upsert_items!(db, document, items, Some(int(pull.0)), PROPOSED_OR_GONE);
        });
        Ok(())
    }

    /// The documents that a pull request filed from before its merge.
    pub async fn proposed_documents(&self, repository: RepositoryId, pull: IssueNumber) -> Result<Vec<Found>, Error> {
        const FIND: &str = "SELECT DISTINCT documents.document, repository, owner, name, path FROM documents \
             JOIN items ON items.document = documents.document WHERE repository = $1 AND proposed_in = $2 ORDER BY path";
        let rows: Vec<FoundRow> =
            reading!(self, |db| sqlx::query_as(FIND).bind(int(repository.0)).bind(int(pull.0)).fetch_all(db).await?);
        Ok(rows.into_iter().map(found).collect())
    }

    /// The documents whose items have this issue, by where it is or by its node id.
    pub async fn documents_of_issue(
        &self,
        repository: RepositoryId,
        number: IssueNumber,
        node: &NodeId,
    ) -> Result<Vec<Found>, Error> {
        const FIND: &str = "SELECT DISTINCT documents.document, repository, owner, name, path FROM documents \
             JOIN items ON items.document = documents.document \
             WHERE (issue_repository = $1 AND issue_number = $2) OR issue_node = $3 ORDER BY documents.document";
        let rows: Vec<FoundRow> = reading!(self, |db| sqlx::query_as(FIND)
            .bind(int(repository.0))
            .bind(int(number.0))
            .bind(node.as_str())
            .fetch_all(db)
            .await?);
        Ok(rows.into_iter().map(found).collect())
    }

    /// As [`Store::documents_of_issue`], where only the node is told.
    pub async fn documents_of_node(&self, node: &NodeId) -> Result<Vec<Found>, Error> {
        self.documents_of_issue(RepositoryId(0), IssueNumber(0), node).await
    }

    /// Other documents that ask for the issues of this one's items, by item.
    pub async fn other_askers(&self, document: &DocumentKey) -> Result<Vec<(ItemKey, AlsoAskedBy)>, Error> {
        const FIND: &str = "SELECT DISTINCT own.item, documents.title, documents.path, documents.postmortem_url \
             FROM items AS own JOIN items AS other \
             ON other.issue_repository = own.issue_repository AND other.issue_number = own.issue_number \
             JOIN documents ON documents.document = other.document \
             WHERE own.document = $1 AND other.document <> own.document AND other.present = 1 ORDER BY own.item, documents.path";
        let rows: Vec<(String, Option<String>, String, Option<String>)> =
            reading!(self, |db| sqlx::query_as(FIND).bind(document.as_str()).fetch_all(db).await?);
        let asker = |(item, title, path, url): (String, Option<String>, String, Option<String>)| {
            (ItemKey(item), AlsoAskedBy { title: title.unwrap_or(path), url })
        };
        Ok(rows.into_iter().map(asker).collect())
    }

    /// Every document of a repository that was ever followed.
    pub async fn documents_of_repository(&self, repository: RepositoryId) -> Result<Vec<Found>, Error> {
        const FIND: &str = "SELECT document, repository, owner, name, path FROM documents WHERE repository = $1 ORDER BY path";
        let rows: Vec<FoundRow> = reading!(self, |db| sqlx::query_as(FIND).bind(int(repository.0)).fetch_all(db).await?);
        Ok(rows.into_iter().map(found).collect())
    }

    /// The pull request's comment shows this document.
    pub async fn record_document_pull(&self, document: &DocumentKey, pull: IssueNumber) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO document_pulls (document, pull) VALUES ($1, $2) ON CONFLICT (document, pull) DO NOTHING";
        writing!(self, |db| sqlx::query(SAVE).bind(document.as_str()).bind(int(pull.0)).execute(db).await.map(drop)?);
        Ok(())
    }

    /// The pull requests whose comments show this document: the first, and the latest.
    pub async fn pulls_of_document(&self, document: &DocumentKey) -> Result<Vec<IssueNumber>, Error> {
        const LATEST: usize = 5;
        const FIND: &str = "SELECT pull FROM document_pulls WHERE document = $1 ORDER BY pull";
        let mut pulls: Vec<i64> = reading!(self, |db| sqlx::query_scalar(FIND).bind(document.as_str()).fetch_all(db).await?);
        if pulls.len() > LATEST + 1 {
            pulls.drain(1..pulls.len() - LATEST);
        }
        Ok(pulls.into_iter().map(|pull| IssueNumber(uint(pull))).collect())
    }

    /// The documents that the pull request's comment shows.
    pub async fn documents_of_pull(&self, repository: RepositoryId, pull: IssueNumber) -> Result<Vec<Found>, Error> {
        const FIND: &str = "SELECT documents.document, repository, owner, name, path FROM documents \
             JOIN document_pulls ON document_pulls.document = documents.document \
             WHERE repository = $1 AND pull = $2 ORDER BY path";
        let rows: Vec<FoundRow> =
            reading!(self, |db| sqlx::query_as(FIND).bind(int(repository.0)).bind(int(pull.0)).fetch_all(db).await?);
        Ok(rows.into_iter().map(found).collect())
    }

    /// Items that nobody asked for yet: no issue is opened for them by itself.
    pub async fn leave_alone(&self, lease: &Lease, document: &DocumentKey, items: &[ItemKey]) -> Result<(), Error> {
        const LEAVE: &str = "UPDATE items SET left_alone = 1 WHERE document = $1 AND item = $2 AND issue_number IS NULL";
        transaction!(self, |db| {
            fence!(db, lease);
            for item in items {
                sqlx::query(LEAVE).bind(document.as_str()).bind(item.as_str()).execute(&mut *db).await?;
            }
        });
        Ok(())
    }

    /// Somebody asked for the issues of a document's items that were left alone.
    pub async fn ask_for_all(&self, document: &DocumentKey) -> Result<(), Error> {
        const ASK: &str = "UPDATE items SET left_alone = 0 WHERE document = $1 AND left_alone = 1";
        writing!(self, |db| sqlx::query(ASK).bind(document.as_str()).execute(db).await.map(drop)?);
        Ok(())
    }

    /// A push from `base` touched these files of the default branch.
    pub async fn record_pushed(&self, repository: RepositoryId, base: &CommitSha, paths: &[String]) -> Result<(), Error> {
        transaction!(self, |db| {
            for chunk in paths.chunks(ROWS_AT_ONCE) {
                let mut insert = QueryBuilder::new("INSERT INTO pushed_files (repository, path, base, times) ");
                insert.push_values(chunk, |mut row, path| {
                    row.push_bind(int(repository.0)).push_bind(text(path)).push_bind(base.as_str()).push_bind(1_i64);
                });
                insert.push(" ON CONFLICT (repository, path) DO UPDATE SET times = pushed_files.times + 1");
                insert.build().execute(&mut *db).await?;
            }
        });
        Ok(())
    }

    pub async fn pushed_files(&self, repository: RepositoryId) -> Result<Vec<PushedFile>, Error> {
        const LIST: &str = "SELECT path, base, times FROM pushed_files WHERE repository = $1 ORDER BY path";
        let rows: Vec<(String, String, i64)> =
            reading!(self, |db| sqlx::query_as(LIST).bind(int(repository.0)).fetch_all(db).await?);
        Ok(rows.into_iter().map(|(path, base, times)| PushedFile { path, base: CommitSha(base), times: uint(times) }).collect())
    }

    /// They were looked at; those that were pushed again meanwhile stay.
    pub async fn forget_pushed(&self, repository: RepositoryId, files: &[PushedFile]) -> Result<(), Error> {
        const FORGET: &str = "DELETE FROM pushed_files WHERE repository = $1 AND path = $2 AND times = $3";
        transaction!(self, |db| {
            for file in files {
                let path = text(&file.path);
                sqlx::query(FORGET).bind(int(repository.0)).bind(&*path).bind(int(file.times)).execute(&mut *db).await?;
            }
        });
        Ok(())
    }
}
