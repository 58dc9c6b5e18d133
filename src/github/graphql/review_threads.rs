//! Threads of comments on lines of a pull request, which REST does not show as threads, and resolving them.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Map, json};

use super::issue_histories::ActorWire;
use super::{Connection, variables};
use crate::github::{Actor, Error, Installation, Repeat};
use crate::ids::{IssueNumber, NodeId, RepositoryName};

/// Threads that one request resolves at most, as in GitHub's own tool (GITHUB §1.4).
const PER_REQUEST: usize = 20;

pub(super) const DOCUMENT: &str = r#"query ReviewThreads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { reviewThreads(first: 100, after: $after) {
    nodes {
      id path line startLine isResolved isOutdated viewerCanResolve
      comments(first: 1) { totalCount nodes { fullDatabaseId body url viewerDidAuthor author { __typename login } } }
    }
    pageInfo { hasNextPage endCursor }
  } } }
}"#;

/// A thread on lines of the diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewThread {
    pub id: NodeId,
    pub path: String,
    /// The last line it is about, in the new file as it is now; `None` when the thread is outdated.
    pub line: Option<u64>,
    /// The first line, where there are several.
    pub start_line: Option<u64>,
    pub resolved: bool,
    /// The lines it was about have changed since.
    pub outdated: bool,
    /// Whether the App's token may resolve it, which takes write access to contents.
    pub can_resolve: bool,
    /// Whether the App began it.
    pub ours: bool,
    /// What it begins with.
    pub body: String,
    pub url: String,
    /// `None` when the account was deleted.
    pub author: Option<Actor>,
    /// Comments after the first one.
    pub replies: u64,
}

pub(super) fn resolve_document(count: usize) -> String {
    let mut declared = Vec::new();
    let mut aliases = String::new();
    for index in 0..count {
        declared.push(format!("$t{index}: ResolveReviewThreadInput!"));
        let _ = writeln!(aliases, "  t{index}: resolveReviewThread(input: $t{index}) {{ thread {{ isResolved }} }}");
    }
    format!("mutation ResolveReviewThreads({}) {{\n{aliases}}}", declared.join(", "))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThreadWire {
    id: NodeId,
    path: String,
    line: Option<u64>,
    start_line: Option<u64>,
    is_resolved: bool,
    is_outdated: bool,
    viewer_can_resolve: bool,
    #[serde(default)]
    comments: Connection<CommentWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommentWire {
    body: String,
    url: String,
    viewer_did_author: bool,
    author: Option<ActorWire>,
}

impl ThreadWire {
    /// `None` for a thread whose comments were all deleted.
    fn into_thread(self) -> Option<ReviewThread> {
        let total = self.comments.total_count.unwrap_or(1);
        let first = self.comments.into_nodes().next()?;
        Some(ReviewThread {
            id: self.id,
            path: self.path,
            line: self.line,
            start_line: self.start_line,
            resolved: self.is_resolved,
            outdated: self.is_outdated,
            can_resolve: self.viewer_can_resolve,
            ours: first.viewer_did_author,
            body: first.body,
            url: first.url,
            author: first.author.map(ActorWire::into_actor),
            replies: total.saturating_sub(1),
        })
    }
}

impl Installation {
    /// All threads of a pull request, oldest first, 100 per request.
    pub async fn list_review_threads(
        &self,
        repository: &RepositoryName,
        number: IssueNumber,
    ) -> Result<Vec<ReviewThread>, Error> {
        let (mut threads, mut after) = (Vec::new(), None::<String>);
        loop {
            let input = variables([
                ("owner", json!(repository.owner)),
                ("name", json!(repository.name)),
                ("number", json!(number)),
                ("after", json!(after)),
            ]);
            let mut answer = self.query(DOCUMENT, input).await?;
            let page: Connection<ThreadWire> = answer.take(&["repository", "pullRequest", "reviewThreads"])?;
            after = page.page_info.next().map(str::to_owned);
            threads.extend(page.into_nodes().filter_map(ThreadWire::into_thread));
            if after.is_none() {
                return Ok(threads);
            }
        }
    }

    /// Resolves threads, each with its own result, in the same order. Takes write access to contents as well as to pull
    /// requests ([discussion](https://github.com/orgs/community/discussions/44650)).
    pub async fn resolve_review_threads(&self, threads: &[NodeId]) -> Vec<Result<(), Error>> {
        let mut results = Vec::with_capacity(threads.len());
        for chunk in threads.chunks(PER_REQUEST) {
            let input: Map<_, _> =
                chunk.iter().enumerate().map(|(index, id)| (format!("t{index}"), json!({ "threadId": id }))).collect();
            match self.mutate(&resolve_document(chunk.len()), input, Repeat::Safe).await {
                Ok(mut answer) => results.extend(
                    (0..chunk.len())
                        .map(|index| answer.take::<serde::de::IgnoredAny>(&[&format!("t{index}"), "thread"]).map(drop)),
                ),
                Err(error) => results.extend(vec![Err(error); chunk.len()]),
            }
        }
        results
    }
}
