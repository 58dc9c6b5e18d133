//! What is known of a pull request and its repository, in one query: enough to decide whether there is anything to do.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Connection, variables};
use crate::github::{Error, Installation};
use crate::ids::{CommitSha, IssueNumber, NodeId, RepositoryId, RepositoryName};

const CONFIGURATION_PATH: &str = ".github/followthrough.yml";

pub(super) const DOCUMENT: &str = r#"query LoadPullRequest($owner: String!, $name: String!, $number: Int!, $file: String!) {
  repository(owner: $owner, name: $name) {
    id databaseId nameWithOwner isArchived hasIssuesEnabled isPrivate
    defaultBranchRef { name target { oid } }
    configuration: object(expression: $file) { ...File }
    pullRequest(number: $number) {
      id number title url state isDraft merged mergedAt createdAt headRefOid headRefName baseRefName isCrossRepository
      headRepository { nameWithOwner }
      mergeCommit { oid }
      author { login }
      files(first: 100) { totalCount nodes { path changeType } pageInfo { hasNextPage endCursor } }
      comments(first: 100) { ...Comments }
    }
  }
  ownerRepository: repository(owner: $owner, name: ".github") {
    nameWithOwner
    configuration: object(expression: $file) { ...File }
  }
}
fragment File on Blob { oid text isTruncated isBinary byteSize }
fragment Comments on IssueCommentConnection {
  totalCount
  nodes { id fullDatabaseId body viewerDidAuthor url }
  pageInfo { hasNextPage endCursor }
}"#;

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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    pub node_id: NodeId,
    pub id: RepositoryId,
    /// As GitHub spells it now, after renames.
    pub name: RepositoryName,
    pub archived: bool,
    pub issues_enabled: bool,
    pub private: bool,
    /// `None` for an empty repository.
    pub default_branch: Option<Branch>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub name: String,
    pub head: CommitSha,
}

/// A configuration file as it lies in Git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationFile {
    pub repository: RepositoryName,
    pub path: &'static str,
    /// The blob's object id: the same id is the same content.
    pub oid: String,
    pub bytes: Vec<u8>,
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
            ("file", json!(format!("HEAD:{CONFIGURATION_PATH}"))),
        ]);
        let mut answer = self.query(DOCUMENT, variables).await?;
        let pull_request: PullRequestWire = answer.take(&["repository", "pullRequest"])?;
        let blob: Option<Blob> = answer.take(&["repository", "configuration"])?;
        let wire: RepositoryWire = answer.take(&["repository"])?;
        let (owner_name, owner_blob) = owner_file(&mut answer)?;

        let repository = wire.into_repository()?;
        let configuration = self.configuration(&repository.name, blob).await?;
        let owner_configuration = match owner_name {
            Some(name) => self.configuration(&name, owner_blob).await?,
            None => None,
        };
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

    async fn configuration(&self, repository: &RepositoryName, blob: Option<Blob>) -> Result<Option<ConfigurationFile>, Error> {
        let Some(Blob { oid: Some(oid), text, byte_size, .. }) = blob else { return Ok(None) };
        let bytes = match text.filter(|text| text.len() as u64 == byte_size) {
            Some(text) => text.into_bytes(),
            None => self.load_contents(repository, CONFIGURATION_PATH, None).await?,
        };
        Ok(Some(ConfigurationFile { repository: repository.clone(), path: CONFIGURATION_PATH, oid, bytes }))
    }
}

/// The file of the owner's `.github` repository; that there is none, or none the App may see, is the usual case.
fn owner_file(answer: &mut Answer) -> Result<(Option<RepositoryName>, Option<Blob>), Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        name_with_owner: RepositoryName,
        configuration: Option<Blob>,
    }
    match answer.take::<Wire>(&["ownerRepository"]) {
        Ok(wire) => Ok((Some(wire.name_with_owner), wire.configuration)),
        Err(error) if error.is_permanent() => Ok((None, None)),
        Err(error) => Err(error),
    }
}

/// A file as GraphQL gives it; without an `oid` where the object is not a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct Blob {
    pub(super) oid: Option<String>,
    /// Null for binary files, cut where `is_truncated`.
    pub(super) text: Option<String>,
    pub(super) is_truncated: bool,
    pub(super) is_binary: Option<bool>,
    pub(super) byte_size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryWire {
    id: NodeId,
    database_id: Option<RepositoryId>,
    name_with_owner: RepositoryName,
    is_archived: bool,
    has_issues_enabled: bool,
    is_private: bool,
    default_branch_ref: Option<BranchWire>,
}

#[derive(Deserialize)]
struct BranchWire {
    name: String,
    target: Option<CommitWire>,
}

#[derive(Deserialize)]
struct CommitWire {
    oid: CommitSha,
}

impl RepositoryWire {
    fn into_repository(self) -> Result<Repository, Error> {
        Ok(Repository {
            node_id: self.id,
            id: self.database_id.ok_or_else(|| Error::malformed("a repository without databaseId"))?,
            name: self.name_with_owner,
            archived: self.is_archived,
            issues_enabled: self.has_issues_enabled,
            private: self.is_private,
            default_branch: self
                .default_branch_ref
                .and_then(|branch| Some(Branch { name: branch.name, head: branch.target?.oid })),
        })
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
