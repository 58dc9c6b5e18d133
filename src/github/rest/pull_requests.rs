//! Pull requests: their files, with what GraphQL does not tell (former names and patches), and those of our own making.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::github::{Error, Installation, Refusal, Repeat};
use crate::ids::{CommitSha, IssueNumber, NodeId, RepositoryName};

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PullRequestFile {
    #[serde(rename = "filename")]
    pub path: String,
    pub status: FileStatus,
    #[serde(default, rename = "previous_filename")]
    pub previous_path: Option<String>,
    /// The hunks; missing for binary and very large files.
    #[serde(default)]
    pub patch: Option<String>,
    /// Lines added and removed; 0 where the file was only renamed.
    #[serde(default)]
    pub changes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    Added,
    Modified,
    Removed,
    Renamed,
    Copied,
    Changed,
    Unchanged,
    #[serde(untagged)]
    Other(String),
}

/// A pull request to be opened, from a branch of the same repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewPullRequest {
    /// The branch that has the changes.
    pub head: String,
    /// The branch they are for.
    pub base: String,
    pub title: String,
    pub body: String,
}

/// What to change about a pull request; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullRequestChange {
    pub title: Option<String>,
    pub body: Option<String>,
    /// Whether it is to be open.
    pub open: Option<bool>,
}

/// A pull request in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPullRequest {
    pub number: IssueNumber,
    pub node_id: NodeId,
    pub title: String,
    pub body: String,
    pub url: String,
    pub open: bool,
    pub merged: bool,
    pub head: CommitSha,
    pub base_branch: String,
    /// `None` when the account was deleted.
    pub author: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    number: IssueNumber,
    node_id: NodeId,
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: Option<String>,
    html_url: String,
    state: String,
    #[serde(default)]
    merged_at: Option<String>,
    head: HeadWire,
    base: BaseWire,
    #[serde(default)]
    user: Option<UserWire>,
}

#[derive(Deserialize)]
struct HeadWire {
    sha: CommitSha,
}

#[derive(Deserialize)]
struct BaseWire {
    #[serde(rename = "ref")]
    branch: String,
}

#[derive(Deserialize)]
struct UserWire {
    login: String,
}

impl From<Wire> for ListedPullRequest {
    fn from(wire: Wire) -> Self {
        Self {
            number: wire.number,
            node_id: wire.node_id,
            title: wire.title,
            body: wire.body.unwrap_or_default(),
            url: wire.html_url,
            open: wire.state == "open",
            merged: wire.merged_at.is_some(),
            head: wire.head.sha,
            base_branch: wire.base.branch,
            author: wire.user.map(|user| user.login),
        }
    }
}

#[derive(Serialize)]
struct Update<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

impl Installation {
    /// Opens a pull request, unless one is open from that branch to that base already; gives the one that is open then.
    ///
    /// There is one at most, so this may be repeated. [`Error::Refused`] when the branch has nothing that the base lacks.
    /// Takes write access to pull requests.
    pub async fn ensure_pull_request(
        &self,
        repository: &RepositoryName,
        new: &NewPullRequest,
    ) -> Result<ListedPullRequest, Error> {
        let url = self.repository_url(repository, &["pulls"]);
        match self.send::<Wire>(Method::POST, url, new, Repeat::Safe).await {
            Ok(made) => Ok(made.into()),
            // GitHub says "A pull request already exists" with the status of every refusal.
            Err(Error::Refused { refusal: Refusal::Invalid, message }) => {
                let known = self.list_pull_requests_from(repository, &new.head).await?;
                let open = known.into_iter().find(|known| known.open && known.base_branch == new.base);
                // One that was opened a moment ago may not be listed yet.
                let is_there = message.contains("already exists");
                open.ok_or(if is_there {
                    Error::Transient { message }
                } else {
                    Error::Refused { refusal: Refusal::Invalid, message }
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Pull requests from a branch of the repository itself, open or not, newest first; 100 per request.
    pub async fn list_pull_requests_from(
        &self,
        repository: &RepositoryName,
        branch: &str,
    ) -> Result<Vec<ListedPullRequest>, Error> {
        let mut url = self.repository_url(repository, &["pulls"]);
        url.query_pairs_mut()
            .append_pair("state", "all")
            // Without its owner the branch would be passed over, and everything listed.
            .append_pair("head", &format!("{}:{branch}", repository.owner))
            .append_pair("per_page", "100");
        Ok(self.list::<Wire>(url).await?.into_iter().map(ListedPullRequest::from).collect())
    }

    /// Changes title or text of a pull request, closes or reopens it.
    pub async fn update_pull_request(
        &self,
        repository: &RepositoryName,
        number: IssueNumber,
        change: &PullRequestChange,
    ) -> Result<ListedPullRequest, Error> {
        let url = self.repository_url(repository, &["pulls", &number.to_string()]);
        let state = change.open.map(|open| if open { "open" } else { "closed" });
        let body = Update { title: change.title.as_deref(), body: change.body.as_deref(), state };
        Ok(self.send::<Wire>(Method::PATCH, url, &body, Repeat::Safe).await?.into())
    }

    /// All files of a pull request, 100 per request. GitHub lists at most
    /// [3000](https://docs.github.com/rest/pulls/pulls#list-pull-requests-files).
    pub async fn list_pull_request_files(
        &self,
        repository: &RepositoryName,
        number: IssueNumber,
    ) -> Result<Vec<PullRequestFile>, Error> {
        let mut url = self.repository_url(repository, &["pulls", &number.to_string(), "files"]);
        url.query_pairs_mut().append_pair("per_page", "100");
        self.list(url).await
    }
}
