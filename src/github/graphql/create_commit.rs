//! A commit on a branch, made only if the branch is where it is believed to be.
//!
//! GitHub compares and swaps: nobody's push is ever overwritten. It signs the commit, and the App is its author.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::variables;
use crate::github::{Error, Installation, Repeat};
use crate::ids::{CommitSha, RepositoryName};

pub(super) const DOCUMENT: &str = "mutation CreateCommit($input: CreateCommitOnBranchInput!) {
  commit: createCommitOnBranch(input: $input) { commit { oid } }
}";

/// Files to be written in one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    /// Has to exist.
    pub branch: String,
    /// Where the branch has to be.
    pub expected_head: CommitSha,
    /// The first line of the message.
    pub headline: String,
    /// The rest of the message, which may be empty.
    pub body: String,
    pub files: Vec<FileWrite>,
}

/// A file's new content, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileWrite {
    pub path: String,
    pub contents: Vec<u8>,
}

impl Installation {
    /// Commits to a branch and gives the commit. Takes write access to contents.
    ///
    /// Refused with [`Refusal::Stale`](crate::github::Refusal::Stale) when the branch moved on, also by this very commit in a
    /// request whose answer was lost: read the file again. Refused with
    /// [`Refusal::Protected`](crate::github::Refusal::Protected) where changes take a pull request.
    pub async fn create_commit(&self, repository: &RepositoryName, commit: &NewCommit) -> Result<CommitSha, Error> {
        #[derive(Deserialize)]
        struct Payload {
            commit: Oid,
        }
        #[derive(Deserialize)]
        struct Oid {
            oid: CommitSha,
        }
        let additions: Vec<_> = commit
            .files
            .iter()
            .map(|file| json!({ "path": file.path, "contents": BASE64_STANDARD.encode(&file.contents) }))
            .collect();
        let input = json!({
            "branch": { "repositoryNameWithOwner": repository, "branchName": commit.branch },
            "expectedHeadOid": commit.expected_head,
            "message": { "headline": commit.headline, "body": commit.body },
            "fileChanges": { "additions": additions },
        });
        let mut answer = self.mutate(DOCUMENT, variables([("input", input)]), Repeat::Safe).await?;
        Ok(answer.take::<Payload>(&["commit"])?.commit.oid)
    }
}
