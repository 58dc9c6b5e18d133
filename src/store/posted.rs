//! What was posted on pull requests, so that unchanged content is not sent again.

use super::{
    Error, Store,
    backend::{reading, writing},
    columns::{int, uint},
};
use crate::ids::{CommitSha, IssueNumber, RepositoryId};

/// The one sticky comment of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedComment {
    /// GitHub's id of the comment.
    pub id: u64,
    pub body_digest: String,
}

/// The check run on a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedCheck {
    /// GitHub's id of the check run.
    pub id: u64,
    pub digest: String,
}

impl Store {
    pub async fn posted_comment(&self, repository: RepositoryId, pull: IssueNumber) -> Result<Option<PostedComment>, Error> {
        const LOAD: &str = "SELECT comment, body_digest FROM posted_comments WHERE repository = $1 AND pull = $2";
        let row: Option<(i64, String)> =
            reading!(self, |db| sqlx::query_as(LOAD).bind(int(repository.0)).bind(int(pull.0)).fetch_optional(db).await?);
        Ok(row.map(|(id, body_digest)| PostedComment { id: uint(id), body_digest }))
    }

    pub async fn record_comment(
        &self,
        repository: RepositoryId,
        pull: IssueNumber,
        comment: &PostedComment,
    ) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO posted_comments (repository, pull, comment, body_digest) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (repository, pull) DO UPDATE SET comment = excluded.comment, body_digest = excluded.body_digest";
        writing!(self, |db| sqlx::query(SAVE)
            .bind(int(repository.0))
            .bind(int(pull.0))
            .bind(int(comment.id))
            .bind(&comment.body_digest)
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    /// The comment was deleted by somebody.
    pub async fn forget_comment(&self, repository: RepositoryId, pull: IssueNumber) -> Result<(), Error> {
        const FORGET: &str = "DELETE FROM posted_comments WHERE repository = $1 AND pull = $2";
        writing!(self, |db| sqlx::query(FORGET).bind(int(repository.0)).bind(int(pull.0)).execute(db).await.map(drop)?);
        Ok(())
    }

    pub async fn posted_check(&self, repository: RepositoryId, head: &CommitSha) -> Result<Option<PostedCheck>, Error> {
        const LOAD: &str = "SELECT check_run, digest FROM posted_checks WHERE repository = $1 AND head = $2";
        let row: Option<(i64, String)> =
            reading!(self, |db| sqlx::query_as(LOAD).bind(int(repository.0)).bind(head.as_str()).fetch_optional(db).await?);
        Ok(row.map(|(id, digest)| PostedCheck { id: uint(id), digest }))
    }

    pub async fn record_check(&self, repository: RepositoryId, head: &CommitSha, check: &PostedCheck) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO posted_checks (repository, head, check_run, digest) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (repository, head) DO UPDATE SET check_run = excluded.check_run, digest = excluded.digest";
        writing!(self, |db| sqlx::query(SAVE)
            .bind(int(repository.0))
            .bind(head.as_str())
            .bind(int(check.id))
            .bind(&check.digest)
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }
}
