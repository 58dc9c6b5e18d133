//! Commits: who made one, and what changed between two.

use serde::Deserialize;

use super::PullRequestFile;
use crate::github::{Error, Installation};
use crate::ids::{CommitSha, RepositoryName};

/// Files that GitHub lists of one comparison
/// ([Compare two commits](https://docs.github.com/rest/commits/commits#compare-two-commits)).
pub const COMPARED_FILES: usize = 300;

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub sha: CommitSha,
    pub message: String,
    /// The author's login, where GitHub knows the account: `slug[bot]` for an App.
    pub author: Option<String>,
    /// Whether its signature was checked and found good. GitHub signs what Apps commit through the API, so a commit of the
    /// App's author that is not verified was made by someone else.
    pub verified: bool,
    pub parents: Vec<CommitSha>,
}

#[derive(Deserialize)]
struct Wire {
    sha: CommitSha,
    #[serde(default)]
    parents: Vec<Parent>,
    #[serde(default)]
    author: Option<Account>,
    commit: Inner,
}

#[derive(Deserialize)]
struct Parent {
    sha: CommitSha,
}

#[derive(Deserialize)]
struct Account {
    /// An author that GitHub cannot tell comes as an empty object.
    #[serde(default)]
    login: Option<String>,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(default)]
    message: String,
    #[serde(default)]
    verification: Option<Verification>,
}

#[derive(Deserialize)]
struct Verification {
    verified: bool,
}

impl From<Wire> for Commit {
    fn from(wire: Wire) -> Self {
        Self {
            sha: wire.sha,
            message: wire.commit.message,
            author: wire.author.and_then(|account| account.login),
            parents: wire.parents.into_iter().map(|parent| parent.sha).collect(),
            verified: wire.commit.verification.is_some_and(|verification| verification.verified),
        }
    }
}

/// What `head` has and `base` lacks, since where they parted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Commits of `head` that `base` lacks.
    pub ahead_by: u64,
    /// Commits of `base` that `head` lacks: above zero, a push was forced.
    pub behind_by: u64,
    /// Where they parted.
    pub merge_base: CommitSha,
    /// Oldest first, 250 at most.
    pub commits: Vec<Commit>,
    pub files: Vec<PullRequestFile>,
    /// GitHub lists no more than [`COMPARED_FILES`]: there may be others.
    pub files_cut: bool,
}

impl Installation {
    pub async fn load_commit(&self, repository: &RepositoryName, commit: &CommitSha) -> Result<Commit, Error> {
        let url = self.repository_url(repository, &["commits", commit.as_str()]);
        Ok(self.get::<Wire>(url).await?.into())
    }

    /// Compares two commits, renamed files included. [`Error::NotFound`] when one is not there (any more), or they have no
    /// history in common.
    pub async fn compare(&self, repository: &RepositoryName, base: &CommitSha, head: &CommitSha) -> Result<Comparison, Error> {
        #[derive(Deserialize)]
        struct Answer {
            ahead_by: u64,
            behind_by: u64,
            merge_base_commit: MergeBase,
            #[serde(default)]
            commits: Vec<Wire>,
            #[serde(default)]
            files: Vec<PullRequestFile>,
        }
        #[derive(Deserialize)]
        struct MergeBase {
            sha: CommitSha,
        }
        let url = self.repository_url(repository, &["compare", &format!("{base}...{head}")]);
        let answer: Answer = self.get(url).await?;
        Ok(Comparison {
            ahead_by: answer.ahead_by,
            behind_by: answer.behind_by,
            merge_base: answer.merge_base_commit.sha,
            commits: answer.commits.into_iter().map(Commit::from).collect(),
            files_cut: answer.files.len() >= COMPARED_FILES,
            files: answer.files,
        })
    }
}
