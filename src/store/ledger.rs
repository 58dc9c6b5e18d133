//! The ledger: every document read, every item in it, and the issue each item became.

use std::{collections::HashSet, sync::LazyLock};

use jiff::{Timestamp, civil::Date};
use sqlx::{AssertSqlSafe, QueryBuilder};

use super::{
    Error, Lease, Store,
    backend::{ROWS_AT_ONCE, fence, reading, transaction, writing},
    columns::{corrupt, followed, int, issue_state, issue_state_text, micros, repository_name, state, text, time, uint},
};
use crate::{
    ids::{CommitSha, DocumentKey, IssueNumber, IssueRef, ItemKey, NodeId, RepositoryId, RepositoryName},
    plan::Followed,
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
    pub title: Option<String>,
    /// The day (UTC) that it first came into the default branch: the first one that was recorded stays.
    pub merged_on: Option<Date>,
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
    /// What the document said when that was last brought to the issue.
    pub followed: Option<Followed>,
    /// The pull request that filed it before its merge.
    pub proposed_in: Option<IssueNumber>,
    /// It was made a sub-issue of the tracking issue.
    pub in_parent: bool,
    /// The gist of a comment that was about to be sent on its issue.
    pub note: Option<String>,
    /// It was in the document before anybody asked for its issue, so none is opened by itself.
    pub left_alone: bool,
}

/// How far an item is on its way to its issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filing {
    Planned,
    /// A request that may open the issue was about to be sent: look on GitHub before sending another.
    Sending {
        since: Timestamp,
        attempt: String,
    },
    /// This program opened the issue.
    Filed,
    /// The issue was there before.
    Adopted,
    Failed {
        reason: String,
    },
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

impl TrackedIssue {
    pub fn issue_ref(&self) -> IssueRef {
        IssueRef::new(self.name.clone(), self.number)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssueState {
    Open,
    Completed,
    NotPlanned,
}

/// Where an item's issue comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// This program opened it.
    Filed,
    /// It was there before, and the document links it.
    Adopted,
}

/// An item whose issue may or may not exist: its request was begun and its answer never recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnconfirmedItem {
    pub document: DocumentKey,
    pub item: ItemKey,
    pub since: Timestamp,
    pub attempt: String,
}

const DOCUMENT_COLUMNS: &str = "SELECT document, repository, owner, name, path, content_digest, commit_sha, postmortem_url, title, merged_on, updated_at FROM \
     documents";

#[derive(sqlx::FromRow)]
struct DocumentRow {
    document: String,
    repository: i64,
    owner: String,
    name: String,
    path: String,
    content_digest: String,
    commit_sha: String,
    postmortem_url: Option<String>,
    title: Option<String>,
    merged_on: Option<String>,
    updated_at: i64,
}

impl DocumentRow {
    fn document(self) -> Result<Document, Error> {
        Ok(Document {
            key: DocumentKey(self.document),
            repository: RepositoryId(uint(self.repository)),
            name: repository_name(self.owner, self.name),
            path: self.path,
            content_digest: self.content_digest,
            commit: CommitSha(self.commit_sha),
            postmortem_url: self.postmortem_url,
            title: self.title,
            merged_on: self.merged_on.and_then(|day| day.parse().ok()),
            updated_at: time(self.updated_at)?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct ItemRow {
    item: String,
    ordinal: i64,
    item_text: String,
    item_group: Option<String>,
    state: String,
    present: i64,
    filing: String,
    sending_since: Option<i64>,
    attempt: Option<String>,
    reason: Option<String>,
    issue_repository: Option<i64>,
    issue_owner: Option<String>,
    issue_name: Option<String>,
    issue_number: Option<i64>,
    issue_node: Option<String>,
    issue_url: Option<String>,
    issue_title: Option<String>,
    issue_body_digest: Option<String>,
    issue_state: Option<String>,
    board_item: Option<String>,
    followed: Option<String>,
    proposed_in: Option<i64>,
    in_parent: i64,
    note: Option<String>,
    left_alone: i64,
}

impl ItemRow {
    fn item(self) -> Result<Item, Error> {
        let filing = match self.filing.as_str() {
            "planned" => Filing::Planned,
            "sending" => Filing::Sending {
                since: time(self.sending_since.unwrap_or_default())?,
                attempt: self.attempt.unwrap_or_default(),
            },
            "filed" => Filing::Filed,
            "adopted" => Filing::Adopted,
            "failed" => Filing::Failed { reason: self.reason.unwrap_or_default() },
            _ => return Err(corrupt("how far an item is filed", self.filing)),
        };
        let issue = match (self.issue_repository, self.issue_number) {
            (Some(repository), Some(number)) => Some(TrackedIssue {
                repository: RepositoryId(uint(repository)),
                name: repository_name(self.issue_owner.unwrap_or_default(), self.issue_name.unwrap_or_default()),
                number: IssueNumber(uint(number)),
                node: NodeId(self.issue_node.unwrap_or_default()),
                url: self.issue_url.unwrap_or_default(),
                title: self.issue_title.unwrap_or_default(),
                body_digest: self.issue_body_digest.unwrap_or_default(),
                state: issue_state(&self.issue_state.unwrap_or_default())?,
            }),
            _ => None,
        };
        Ok(Item {
            reading: ItemReading {
                key: ItemKey(self.item),
                ordinal: u32::try_from(self.ordinal).unwrap_or(u32::MAX),
                text: self.item_text,
                group: self.item_group,
                state: state(&self.state)?,
            },
            present: self.present != 0,
            issue,
            board_item: self.board_item.map(NodeId),
            filing,
            followed: self.followed.as_deref().map(followed).transpose()?,
            proposed_in: self.proposed_in.map(|pull| IssueNumber(uint(pull))),
            in_parent: self.in_parent != 0,
            note: self.note,
            left_alone: self.left_alone != 0,
        })
    }
}

/// Keeps items as they were read, on behalf of the pull request that proposes them (`None`: the default branch has them).
/// Of those that are known already only where `$known` holds.
macro_rules! upsert_items {
    ($db:expr, $document:expr, $items:expr, $proposed_in:expr, $known:expr) => {
        for chunk in $items.chunks(crate::store::backend::ROWS_AT_ONCE) {
            let mut upsert = sqlx::QueryBuilder::new(
                "INSERT INTO items (document, item, ordinal, item_text, item_group, state, present, filing, proposed_in) ",
            );
            let proposed_in: Option<i64> = $proposed_in;
            upsert.push_values(chunk, |mut row, item| {
                row.push_bind($document.key.as_str())
                    .push_bind(item.key.as_str())
                    .push_bind(i64::from(item.ordinal))
                    .push_bind(crate::store::columns::text(&item.text))
                    .push_bind(item.group.as_deref().map(crate::store::columns::text))
                    .push_bind(crate::store::columns::state_text(item.state))
                    .push_bind(1_i64)
                    .push_bind("planned")
                    .push_bind(proposed_in);
            });
            upsert.push(
                " ON CONFLICT (document, item) DO UPDATE SET ordinal = excluded.ordinal, item_text = excluded.item_text, \
                 item_group = excluded.item_group, state = excluded.state, present = 1, proposed_in = excluded.proposed_in WHERE ",
            );
            upsert.push($known);
            upsert.build().execute(&mut *$db).await?;
        }
    };
}

pub(super) use upsert_items;

impl Store {
    pub async fn load_document(&self, key: &DocumentKey) -> Result<Option<(Document, Vec<Item>)>, Error> {
        static LOAD: LazyLock<String> = LazyLock::new(|| format!("{DOCUMENT_COLUMNS} WHERE document = $1"));
        let row: Option<DocumentRow> =
            reading!(self, |db| sqlx::query_as(AssertSqlSafe(LOAD.as_str())).bind(key.as_str()).fetch_optional(db).await?);
        self.with_items(row).await
    }

    /// The document last read at `path`. A document that was renamed is found at its new path only.
    pub async fn load_document_at(&self, repository: RepositoryId, path: &str) -> Result<Option<(Document, Vec<Item>)>, Error> {
        static LOAD: LazyLock<String> = LazyLock::new(|| {
            format!("{DOCUMENT_COLUMNS} WHERE repository = $1 AND path = $2 ORDER BY updated_at DESC, document LIMIT 1")
        });
        let path = text(path);
        let row: Option<DocumentRow> = reading!(self, |db| sqlx::query_as(AssertSqlSafe(LOAD.as_str()))
            .bind(int(repository.0))
            .bind(&*path)
            .fetch_optional(db)
            .await?);
        self.with_items(row).await
    }

    async fn with_items(&self, document: Option<DocumentRow>) -> Result<Option<(Document, Vec<Item>)>, Error> {
        const ITEMS: &str = "SELECT item, ordinal, item_text, item_group, state, present, filing, sending_since, attempt, reason, \
             issue_repository, issue_owner, issue_name, issue_number, issue_node, issue_url, issue_title, issue_body_digest, \
             issue_state, board_item, followed, proposed_in, in_parent, note, left_alone FROM items WHERE document = $1 ORDER BY present DESC, ordinal, item";
        let Some(document) = document else { return Ok(None) };
        let document = document.document()?;
        let rows: Vec<ItemRow> = reading!(self, |db| sqlx::query_as(ITEMS).bind(document.key.as_str()).fetch_all(db).await?);
        let items = rows.into_iter().map(ItemRow::item).collect::<Result<_, _>>()?;
        Ok(Some((document, items)))
    }

    /// Replaces what was last read, in one transaction. Items the document no longer has stay, as not present; issues and
    /// filing states stay as they are.
    pub async fn save_reading(&self, lease: &Lease, document: &Document, items: &[ItemReading]) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO documents (document, repository, owner, name, path, content_digest, commit_sha, \
             postmortem_url, title, merged_on, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (document) DO UPDATE SET \
             repository = excluded.repository, owner = excluded.owner, name = excluded.name, path = excluded.path, \
             content_digest = excluded.content_digest, commit_sha = excluded.commit_sha, \
             postmortem_url = excluded.postmortem_url, title = excluded.title, \
             merged_on = COALESCE(documents.merged_on, excluded.merged_on), updated_at = excluded.updated_at";
        const ABSENT: &str = "UPDATE items SET present = 0 WHERE document = $1 AND present = 1 AND proposed_in IS NULL";
        let path = text(&document.path);
        transaction!(self, |db| {
            fence!(db, lease);
            sqlx::query(SAVE)
                .bind(document.key.as_str())
                .bind(int(document.repository.0))
                .bind(&document.name.owner)
                .bind(&document.name.name)
                .bind(&*path)
                .bind(&document.content_digest)
                .bind(document.commit.as_str())
                .bind(&document.postmortem_url)
                .bind(document.title.as_deref().map(text))
                .bind(document.merged_on.map(|day| day.to_string()))
                .bind(micros(document.updated_at))
                .execute(&mut *db)
                .await?;
            sqlx::query(ABSENT).bind(document.key.as_str()).execute(&mut *db).await?;
            upsert_items!(db, document, items, None, "TRUE");
        });
        Ok(())
    }

    /// Says that requests for these items are about to be sent, as one attempt. Those that are sending already (their request
    /// may have had its effect) or have an issue are left as they are; gives the items that may be sent.
    pub async fn begin_filing(
        &self,
        lease: &Lease,
        document: &DocumentKey,
        items: &[ItemKey],
        attempt: &str,
        now: Timestamp,
    ) -> Result<Vec<ItemKey>, Error> {
        let begun: Vec<String> = transaction!(self, |db| {
            fence!(db, lease);
            let mut begun = Vec::with_capacity(items.len());
            for chunk in items.chunks(ROWS_AT_ONCE) {
                let mut begin = QueryBuilder::new("UPDATE items SET filing = 'sending', reason = NULL, sending_since = ");
                begin.push_bind(micros(now)).push(", attempt = ").push_bind(attempt);
                begin.push(" WHERE filing IN ('planned', 'failed') AND issue_number IS NULL AND document = ");
                begin.push_bind(document.as_str()).push(" AND item IN (");
                let mut keys = begin.separated(", ");
                for item in chunk {
                    keys.push_bind(item.as_str());
                }
                begin.push(") RETURNING item");
                let rows: Vec<(String,)> = begin.build_query_as().fetch_all(&mut *db).await?;
                begun.extend(rows.into_iter().map(|(item,)| item));
            }
            begun
        });
        let begun: HashSet<String> = begun.into_iter().collect();
        Ok(items.iter().filter(|item| begun.contains(item.as_str())).cloned().collect())
    }

    /// It was looked up that the request of an item that was sending had no effect: it may be sent again.
    pub async fn reset_filing(&self, lease: &Lease, document: &DocumentKey, item: &ItemKey) -> Result<(), Error> {
        const RESET: &str = "UPDATE items SET filing = 'planned', sending_since = NULL, attempt = NULL \
             WHERE document = $1 AND item = $2 AND filing = 'sending'";
        transaction!(self, |db| {
            fence!(db, lease);
            sqlx::query(RESET).bind(document.as_str()).bind(item.as_str()).execute(&mut *db).await?;
        });
        Ok(())
    }

    /// The issue is there: a fact, so no lease is asked for. Recording the same issue again updates what is known of it;
    /// an issue that was filed stays so when it is recorded as adopted.
    pub async fn record_issue(
        &self,
        document: &DocumentKey,
        item: &ItemKey,
        issue: &TrackedIssue,
        origin: Origin,
    ) -> Result<(), Error> {
        const RECORD: &str = "UPDATE items SET filing = CASE WHEN filing = 'filed' AND issue_repository = $4 AND issue_number = $7 \
             THEN 'filed' ELSE $3 END, issue_repository = $4, issue_owner = $5, issue_name = $6, issue_number = $7, issue_node = $8, \
             issue_url = $9, issue_title = $10, issue_body_digest = $11, issue_state = $12, filed_at = COALESCE(filed_at, sending_since), \
             sending_since = NULL, attempt = NULL, reason = NULL, followed = COALESCE(followed, state) \
             WHERE document = $1 AND item = $2";
        let filing = match origin {
            Origin::Filed => "filed",
            Origin::Adopted => "adopted",
        };
        let title = text(&issue.title);
        let recorded = writing!(self, |db| sqlx::query(RECORD)
            .bind(document.as_str())
            .bind(item.as_str())
            .bind(filing)
            .bind(int(issue.repository.0))
            .bind(&issue.name.owner)
            .bind(&issue.name.name)
            .bind(int(issue.number.0))
            .bind(issue.node.as_str())
            .bind(&issue.url)
            .bind(&*title)
            .bind(&issue.body_digest)
            .bind(issue_state_text(issue.state))
            .execute(db)
            .await
            .map(|done| done.rows_affected()));
        match recorded {
            Ok(0) => Err(Error::NoSuchItem(item.to_string())),
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The request was refused and had no effect; the item may be tried again.
    pub async fn record_filing_failure(&self, document: &DocumentKey, item: &ItemKey, reason: &str) -> Result<(), Error> {
        const FAIL: &str = "UPDATE items SET filing = 'failed', reason = $3, sending_since = NULL, attempt = NULL \
             WHERE document = $1 AND item = $2 AND issue_number IS NULL";
        let reason = text(reason);
        writing!(self, |db| sqlx::query(FAIL)
            .bind(document.as_str())
            .bind(item.as_str())
            .bind(&*reason)
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    pub async fn record_board_item(&self, document: &DocumentKey, item: &ItemKey, board_item: &NodeId) -> Result<(), Error> {
        const RECORD: &str = "UPDATE items SET board_item = $3 WHERE document = $1 AND item = $2";
        let recorded = writing!(self, |db| sqlx::query(RECORD)
            .bind(document.as_str())
            .bind(item.as_str())
            .bind(board_item.as_str())
            .execute(db)
            .await?
            .rows_affected());
        if recorded == 0 { Err(Error::NoSuchItem(item.to_string())) } else { Ok(()) }
    }

    /// Items that have been sending since before `before`, oldest first.
    pub async fn list_sending(&self, before: Timestamp) -> Result<Vec<UnconfirmedItem>, Error> {
        const LIST: &str = "SELECT document, item, sending_since, attempt FROM items \
             WHERE filing = 'sending' AND sending_since < $1 ORDER BY sending_since, document, item";
        let rows: Vec<(String, String, i64, Option<String>)> =
            reading!(self, |db| sqlx::query_as(LIST).bind(micros(before)).fetch_all(db).await?);
        rows.into_iter()
            .map(|(document, item, since, attempt)| {
                Ok(UnconfirmedItem {
                    document: DocumentKey(document),
                    item: ItemKey(item),
                    since: time(since)?,
                    attempt: attempt.unwrap_or_default(),
                })
            })
            .collect()
    }
}
