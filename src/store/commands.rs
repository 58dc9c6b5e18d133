//! Commands from comments, and what they leave behind: orders about items, and go-aheads.

use jiff::Timestamp;

use super::{
    Error, Store,
    backend::{reading, writing},
    columns::{corrupt, int, micros, repository_name, text, time, uint},
};
use crate::{
    commands::{GoAhead, ItemOrder, Order},
    ids::{CommitSha, DocumentKey, IssueNumber, IssueRef, ItemKey, RepositoryId},
};

/// A comment on a pull request that holds commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedCommand {
    /// GitHub's id of the comment.
    pub comment: u64,
    pub repository: RepositoryId,
    pub pull: IssueNumber,
    /// The login of who wrote it.
    pub author: String,
    pub body: String,
    pub received_at: Timestamp,
    /// An answer was about to be sent then: look for it before sending one.
    pub answering_since: Option<Timestamp>,
}

impl Store {
    /// Remembers the comment, once. Gives whether it still waits to be obeyed.
    pub async fn receive_command(&self, command: &ReceivedCommand) -> Result<bool, Error> {
        const SAVE: &str = "INSERT INTO commands (comment, repository, pull, author, body, state, received_at) \
             VALUES ($1, $2, $3, $4, $5, 'pending', $6) ON CONFLICT (comment) DO UPDATE SET state = commands.state RETURNING state";
        let (author, body) = (text(&command.author), text(&command.body));
        let state: String = writing!(self, |db| sqlx::query_scalar(SAVE)
            .bind(int(command.comment))
            .bind(int(command.repository.0))
            .bind(int(command.pull.0))
            .bind(&*author)
            .bind(&*body)
            .bind(micros(command.received_at))
            .fetch_one(db)
            .await?);
        Ok(state == "pending")
    }

    /// Comments that wait to be obeyed, in the order in which they were written.
    pub async fn pending_commands(&self, repository: RepositoryId, pull: IssueNumber) -> Result<Vec<ReceivedCommand>, Error> {
        const LOAD: &str = "SELECT comment, author, body, received_at, answering_since FROM commands \
             WHERE repository = $1 AND pull = $2 AND state = 'pending' ORDER BY comment";
        let rows: Vec<(i64, String, String, i64, Option<i64>)> =
            reading!(self, |db| sqlx::query_as(LOAD).bind(int(repository.0)).bind(int(pull.0)).fetch_all(db).await?);
        rows.into_iter()
            .map(|(comment, author, body, received_at, answering_since)| {
                Ok(ReceivedCommand {
                    comment: uint(comment),
                    repository,
                    pull,
                    author,
                    body,
                    received_at: time(received_at)?,
                    answering_since: answering_since.map(time).transpose()?,
                })
            })
            .collect()
    }

    /// An answer to the comment is about to be sent.
    pub async fn begin_answer(&self, comment: u64, now: Timestamp) -> Result<(), Error> {
        const BEGIN: &str = "UPDATE commands SET answering_since = $2 WHERE comment = $1";
        writing!(self, |db| sqlx::query(BEGIN).bind(int(comment)).bind(micros(now)).execute(db).await.map(drop)?);
        Ok(())
    }

    /// The comment's commands were obeyed, refused or passed over; its text is not needed any more.
    pub async fn finish_command(&self, comment: u64) -> Result<(), Error> {
        const FINISH: &str = "UPDATE commands SET state = 'done', body = '' WHERE comment = $1";
        writing!(self, |db| sqlx::query(FINISH).bind(int(comment)).execute(db).await.map(drop)?);
        Ok(())
    }

    /// Forgets comments that were done with and that GitHub does not deliver any more.
    pub async fn prune_commands(&self, received_before: Timestamp) -> Result<(), Error> {
        const PRUNE: &str = "DELETE FROM commands WHERE state = 'done' AND received_at < $1";
        writing!(self, |db| sqlx::query(PRUNE).bind(micros(received_before)).execute(db).await.map(drop)?);
        Ok(())
    }

    /// Takes the place of whatever was ordered about the item before.
    pub async fn record_order(&self, order: &ItemOrder, now: Timestamp) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO item_orders (document, item, item_text, item_group, kind, reason, issue_owner, issue_name, \
             issue_number, author, ordered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT (document, item) DO UPDATE SET item_text = excluded.item_text, item_group = excluded.item_group, \
             kind = excluded.kind, reason = excluded.reason, issue_owner = excluded.issue_owner, issue_name = excluded.issue_name, \
             issue_number = excluded.issue_number, author = excluded.author, ordered_at = excluded.ordered_at";
        let (kind, reason, issue) = match &order.order {
            Order::Skip { reason } => ("skip", Some(text(reason).into_owned()), None),
            Order::Adopt { issue } => ("adopt", None, Some(issue)),
        };
        let (item_text, author) = (text(&order.text), text(&order.author));
        let group = order.group.as_deref().map(|group| text(group).into_owned());
        writing!(self, |db| sqlx::query(SAVE)
            .bind(order.document.as_str())
            .bind(order.item.as_str())
            .bind(&*item_text)
            .bind(group)
            .bind(kind)
            .bind(reason)
            .bind(issue.map(|issue| &issue.repository.owner))
            .bind(issue.map(|issue| &issue.repository.name))
            .bind(issue.map(|issue| int(issue.number.0)))
            .bind(&*author)
            .bind(micros(now))
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    /// What was ordered about the items of a document, also about those that it does not have any more.
    pub async fn item_orders(&self, document: &DocumentKey) -> Result<Vec<ItemOrder>, Error> {
        #[derive(sqlx::FromRow)]
        struct Row {
            item: String,
            item_text: String,
            item_group: Option<String>,
            kind: String,
            reason: Option<String>,
            issue_owner: Option<String>,
            issue_name: Option<String>,
            issue_number: Option<i64>,
            author: String,
        }
        const LOAD: &str = "SELECT item, item_text, item_group, kind, reason, issue_owner, issue_name, issue_number, author \
             FROM item_orders WHERE document = $1 ORDER BY ordered_at, item";
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(LOAD).bind(document.as_str()).fetch_all(db).await?);
        rows.into_iter()
            .map(|row| {
                let order = match (row.kind.as_str(), row.issue_owner, row.issue_name, row.issue_number) {
                    ("skip", ..) => Order::Skip { reason: row.reason.unwrap_or_default() },
                    ("adopt", Some(owner), Some(name), Some(number)) => {
                        Order::Adopt { issue: IssueRef::new(repository_name(owner, name), IssueNumber(uint(number))) }
                    }
                    _ => return Err(corrupt("an order about an item", row.kind)),
                };
                Ok(ItemOrder {
                    document: document.clone(),
                    item: ItemKey(row.item),
                    text: row.item_text,
                    group: row.item_group,
                    order,
                    author: row.author,
                })
            })
            .collect()
    }

    /// The newest go-ahead counts.
    pub async fn record_go_ahead(&self, repository: RepositoryId, pull: IssueNumber, go_ahead: &GoAhead) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO go_aheads (repository, pull, author, given_at, head) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (repository, pull) DO UPDATE SET author = excluded.author, given_at = excluded.given_at, head = excluded.head";
        let by = text(&go_ahead.by);
        writing!(self, |db| sqlx::query(SAVE)
            .bind(int(repository.0))
            .bind(int(pull.0))
            .bind(&*by)
            .bind(micros(go_ahead.at))
            .bind(go_ahead.commit.as_str())
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    /// Whether somebody asked to open the issues of the pull request, and of which state of it.
    pub async fn go_ahead(&self, repository: RepositoryId, pull: IssueNumber) -> Result<Option<GoAhead>, Error> {
        const LOAD: &str = "SELECT author, given_at, head FROM go_aheads WHERE repository = $1 AND pull = $2";
        let row: Option<(String, i64, String)> =
            reading!(self, |db| sqlx::query_as(LOAD).bind(int(repository.0)).bind(int(pull.0)).fetch_optional(db).await?);
        row.map(|(by, at, head)| Ok(GoAhead { by, at: time(at)?, commit: CommitSha(head) })).transpose()
    }

    /// What was refused for good counts as planned again.
    pub async fn retry_failed_filings(&self, document: &DocumentKey) -> Result<(), Error> {
        const RETRY: &str = "UPDATE items SET filing = 'planned', reason = NULL WHERE document = $1 AND filing = 'failed'";
        writing!(self, |db| sqlx::query(RETRY).bind(document.as_str()).execute(db).await.map(drop)?);
        Ok(())
    }

    /// Whatever check run there is on the commit, another one is wanted.
    pub async fn want_check_anew(&self, repository: RepositoryId, head: &CommitSha) -> Result<(), Error> {
        // Known, and of a content that is never shown.
        const WANT: &str = "INSERT INTO posted_checks (repository, head, check_run, digest) VALUES ($1, $2, 0, '') \
             ON CONFLICT (repository, head) DO UPDATE SET digest = ''";
        writing!(self, |db| sqlx::query(WANT).bind(int(repository.0)).bind(head.as_str()).execute(db).await.map(drop)?);
        Ok(())
    }
}
