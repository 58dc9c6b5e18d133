//! What is known of a pull request and its repository, in one query: enough to decide whether there is anything to do.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::load_repository::{CommitWire, ConfigurationFile, FRAGMENTS, LoadedRepository, Repository, configuration_expression};
use super::{Connection, variables};
use crate::github::{Error, Installation};
use crate::ids::{CommitSha, IssueNumber, NodeId, RepositoryName};

const QUERY: &str = r#"query LoadPullRequest($owner: String!, $name: String!, $number: Int!, $file: String!) {
  repository(owner: $owner, name: $name) {
    ...Repository
    pullRequest(number: $number) {
      id number title url state isDraft merged mergedAt createdAt headRefOid headRefName baseRefName isCrossRepository
      headRepository { nameWithOwner }
      mergeCommit { oid }
      author { login }
      files(first: 100) { totalCount nodes { path changeType } pageInfo { hasNextPage endCursor } }
      comments(first: 100) { ...Comments }
    }
  }
  ownerRepository: repository(owner: $owner, name: ".github") { ...OwnerRepository }
}
fragment Comments on IssueCommentConnection {
  totalCount
  nodes { id fullDatabaseId body viewerDidAuthor url }
  pageInfo { hasNextPage endCursor }
}"#;

pub(super) fn document() -> String {
    format!("{QUERY}\n{FRAGMENTS}")
}

pub(super) const MORE_COMMENTS: &str = r#"query MoreComments($id: ID!, $after: String!) {
  node(id: $id) { ... on PullRequest { comments(first: 100, after: $after) {
    totalCount
    nodes { id fullDatabaseId body viewerDidAuthor url }
    pageInfo { hasNextPage endCursor }
  } } }
}"#;

/// A pull request where it lives.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedPullRequest {
    pub repository: Repository,
    /// `.github/followthrough.yml` on the default branch.
    pub configuration: Option<ConfigurationFile>,
    /// The same path in the owner's `.github` repository, where the App may read it.
    pub owner_configuration: Option<ConfigurationFile>,
    pub pull_request: PullRequest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullRequestState {
    Open,
    /// Closed without being merged.
    Closed,
    Merged,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PullRequest {
    pub node_id: NodeId,
    pub number: IssueNumber,
    pub title: String,
    pub url: String,
    pub state: PullRequestState,
    pub draft: bool,
    pub created_at: Timestamp,
    pub merged_at: Option<Timestamp>,
    pub head: CommitSha,
    pub head_branch: String,
    pub base_branch: String,
    /// Whether the head lies in a fork.
    pub cross_repository: bool,
    /// `None` when the fork was deleted.
    pub head_repository: Option<RepositoryName>,
    pub merge_commit: Option<CommitSha>,
    /// `None` when the account was deleted.
    pub author: Option<String>,
    /// The first hundred changed files.
    pub files: Vec<ChangedFile>,
    pub files_total: u64,
    /// The first hundred comments, oldest first.
    pub comments: Vec<PullRequestComment>,
    /// Where [`Installation::list_remaining_comments`] goes on, if there are more.
    pub comments_after: Option<String>,
}

impl PullRequest {
    /// Whether `files` lacks some, so that they have to be listed.
    pub fn has_more_files(&self) -> bool {
        self.files_total > u64::try_from(self.files.len()).unwrap_or(u64::MAX)
    }
}

/// A changed file; renames and patches are only told by [`Installation::list_pull_request_files`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    pub path: String,
    /// `ADDED`, `MODIFIED`, `DELETED`, `RENAMED`, `COPIED` or `CHANGED`, as GitHub says.
    pub change: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestComment {
    pub node_id: NodeId,
    /// The id that REST knows it by.
    pub id: u64,
    pub body: String,
    pub url: String,
    /// Whether this App wrote it.
    pub by_us: bool,
}

impl Installation {
    /// Loads a pull request, its repository and the configuration files that decide about it.
    ///
    /// [`Error::NotFound`] when there is no such repository or pull request.
    pub async fn load_pull_request(&self, repository: &RepositoryName, number: IssueNumber) -> Result<LoadedPullRequest, Error> {
        let variables = variables([
            ("owner", json!(repository.owner)),
            ("name", json!(repository.name)),
            ("number", json!(number)),
            ("file", configuration_expression()),
        ]);
        let mut answer = self.query(&document(), variables).await?;
        let pull_request: PullRequestWire = answer.take(&["repository", "pullRequest"])?;
        let LoadedRepository { repository, configuration, owner_configuration } = self.take_repository(&mut answer).await?;
        Ok(LoadedPullRequest { repository, configuration, owner_configuration, pull_request: pull_request.into_pull_request() })
    }

    /// The comments of a pull request from the cursor that [`PullRequest::comments_after`] gave, to the end.
    pub async fn list_remaining_comments(&self, pull_request: &NodeId, after: &str) -> Result<Vec<PullRequestComment>, Error> {
        let mut all = Vec::new();
        let mut cursor = Some(after.to_owned());
        while let Some(after) = cursor.take() {
            let mut answer = self.query(MORE_COMMENTS, variables([("id", json!(pull_request)), ("after", json!(after))])).await?;
            let page: Connection<CommentWire> = answer.take(&["node", "comments"])?;
            // A cursor that does not move would never end.
            cursor = page.page_info.next().filter(|next| *next != after).map(str::to_owned);
            all.extend(page.into_nodes().map(CommentWire::into_comment));
        }
        Ok(all)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullRequestWire {
    id: NodeId,
    number: IssueNumber,
    title: String,
    url: String,
    state: String,
    is_draft: bool,
    merged: bool,
    merged_at: Option<Timestamp>,
    created_at: Timestamp,
    head_ref_oid: CommitSha,
    head_ref_name: String,
    base_ref_name: String,
    is_cross_repository: bool,
    head_repository: Option<NameWire>,
    merge_commit: Option<CommitWire>,
    author: Option<LoginWire>,
    #[serde(default)]
    files: Option<Connection<FileWire>>,
    comments: Connection<CommentWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NameWire {
    name_with_owner: RepositoryName,
}

#[derive(Deserialize)]
struct LoginWire {
    login: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileWire {
    path: String,
    change_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommentWire {
    id: NodeId,
    /// A `BigInt`, which GitHub writes as a string.
    full_database_id: Option<serde_json::Value>,
    body: String,
    viewer_did_author: bool,
    url: String,
}

impl CommentWire {
    fn into_comment(self) -> PullRequestComment {
        let told = self.full_database_id.as_ref().and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
        // Servers that do not tell it still have it in the address.
        let id = told.or_else(|| self.url.rsplit_once("issuecomment-")?.1.parse().ok());
        PullRequestComment {
            node_id: self.id,
            id: id.unwrap_or_default(),
            body: self.body,
            url: self.url,
            by_us: self.viewer_did_author,
        }
    }
}

impl PullRequestWire {
    fn into_pull_request(self) -> PullRequest {
        let files = self.files.unwrap_or_default();
        let state = match self.state.as_str() {
            _ if self.merged => PullRequestState::Merged,
            "OPEN" => PullRequestState::Open,
            _ => PullRequestState::Closed,
        };
        PullRequest {
            node_id: self.id,
            number: self.number,
            title: self.title,
            url: self.url,
            state,
            draft: self.is_draft,
            created_at: self.created_at,
            merged_at: self.merged_at,
            head: self.head_ref_oid,
            head_branch: self.head_ref_name,
            base_branch: self.base_ref_name,
            cross_repository: self.is_cross_repository,
            head_repository: self.head_repository.map(|wire| wire.name_with_owner),
            merge_commit: self.merge_commit.map(|wire| wire.oid),
            author: self.author.map(|wire| wire.login),
            files_total: files.total_count.unwrap_or_default(),
            files: files.into_nodes().map(|file| ChangedFile { path: file.path, change: file.change_type }).collect(),
            comments_after: self.comments.page_info.next().map(str::to_owned),
            comments: self.comments.into_nodes().map(CommentWire::into_comment).collect(),
        }
    }
}
