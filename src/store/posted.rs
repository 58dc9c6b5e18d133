//! What was posted on pull requests, so that unchanged content is not sent again.

use super::{Error, Store};
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
        todo!()
    }

    pub async fn record_comment(&self, repository: RepositoryId, pull: IssueNumber, comment: &PostedComment) -> Result<(), Error> {
        todo!()
    }

    /// The comment was deleted by somebody.
    pub async fn forget_comment(&self, repository: RepositoryId, pull: IssueNumber) -> Result<(), Error> {
        todo!()
    }

    pub async fn posted_check(&self, repository: RepositoryId, head: &CommitSha) -> Result<Option<PostedCheck>, Error> {
        todo!()
    }

    pub async fn record_check(&self, repository: RepositoryId, head: &CommitSha, check: &PostedCheck) -> Result<(), Error> {
        todo!()
    }
}
