//! Reviews of pull requests: what people decided, and comments of our own on lines of the diff.
//!
//! Comments are submitted as one review, so that people hear of them once. GitHub refuses the whole review for one line
//! that is not part of the diff; callers look at the patches first.

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::github::{Error, Installation, Repeat};
use crate::ids::{CommitSha, IssueNumber, RepositoryName};

/// A comment on lines of the new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineComment {
    pub path: String,
    /// 1-based; part of the diff, as context or as an added line.
    pub first_line: usize,
    /// 1-based, inclusive; in the same hunk as the first.
    pub last_line: usize,
    /// Markdown; a suggestion is a fenced block of the language `suggestion`.
    pub body: String,
}

#[derive(Serialize)]
struct LineCommentWire<'a> {
    path: &'a str,
    body: &'a str,
    line: usize,
    side: &'static str,
    /// GitHub refuses a first line that is also the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_side: Option<&'static str>,
}

impl<'a> From<&'a LineComment> for LineCommentWire<'a> {
    fn from(comment: &'a LineComment) -> Self {
        let several = comment.first_line < comment.last_line;
        Self {
            path: &comment.path,
            body: &comment.body,
            line: comment.last_line,
            side: "RIGHT",
            start_line: several.then_some(comment.first_line),
            start_side: several.then_some("RIGHT"),
        }
    }
}

/// What a reviewer said of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Verdict {
    #[serde(alias = "APPROVED", alias = "approved")]
    Approved,
    #[serde(alias = "CHANGES_REQUESTED", alias = "changes_requested")]
    ChangesRequested,
    #[serde(alias = "COMMENTED", alias = "commented")]
    Commented,
    #[serde(alias = "DISMISSED", alias = "dismissed")]
    Dismissed,
    /// Not submitted yet, or a state that GitHub did not have when this was written.
    #[serde(other)]
    Other,
}

/// A review that was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub id: u64,
    /// `None` when the account was deleted.
    pub author: Option<String>,
    pub verdict: Verdict,
    /// What was reviewed; later commits may have come since.
    pub commit: Option<CommitSha>,
    pub submitted_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Wire {
    id: u64,
    #[serde(default)]
    user: Option<User>,
    state: Verdict,
    #[serde(default)]
    commit_id: Option<CommitSha>,
    #[serde(default)]
    submitted_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

impl From<Wire> for Review {
    fn from(wire: Wire) -> Self {
        Self {
            id: wire.id,
            author: wire.user.map(|user| user.login),
            verdict: wire.state,
            commit: wire.commit_id,
            submitted_at: wire.submitted_at,
        }
    }
}

impl Installation {
    /// Comments on lines of a pull request as it is at `commit`, all in one review. `body` must not be empty.
    ///
    /// [`Error::Refused`] when one line is not part of the diff, and then nothing was said. After [`Error::Unknown`], look at
    /// the [threads](Installation::list_review_threads) before trying again. Takes write access to pull requests.
    pub async fn create_review(
        &self,
        repository: &RepositoryName,
        number: IssueNumber,
        commit: &CommitSha,
        body: &str,
        comments: &[LineComment],
    ) -> Result<Review, Error> {
        let url = self.repository_url(repository, &["pulls", &number.to_string(), "reviews"]);
        let comments: Vec<LineCommentWire<'_>> = comments.iter().map(LineCommentWire::from).collect();
        let body = json!({ "commit_id": commit, "event": "COMMENT", "body": body, "comments": comments });
        Ok(self.send::<Wire>(Method::POST, url, &body, Repeat::LookUpFirst).await?.into())
    }

    /// All reviews of a pull request, oldest first, 100 per request. The last verdict of each person counts.
    pub async fn list_reviews(&self, repository: &RepositoryName, number: IssueNumber) -> Result<Vec<Review>, Error> {
        let mut url = self.repository_url(repository, &["pulls", &number.to_string(), "reviews"]);
        url.query_pairs_mut().append_pair("per_page", "100");
        Ok(self.list::<Wire>(url).await?.into_iter().map(Review::from).collect())
    }
}
