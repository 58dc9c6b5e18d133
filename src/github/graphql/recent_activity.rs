//! What happened in several repositories of late: where their default branches are, and their pull requests by the time of
//! their last change.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, json};

use super::Connection;
use crate::github::{Error, Installation};
use crate::ids::{CommitSha, IssueNumber, RepositoryId, RepositoryName};

/// Repositories per query: with `PULLS` each, 1,020 nodes of the 500,000 that GitHub allows.
pub const REPOSITORIES_PER_REQUEST: usize = 20;
/// Pull requests of one repository per query.
const PULLS: usize = 50;

/// A repository whose activity is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityQuery {
    pub repository: RepositoryName,
    /// Where an earlier answer ended.
    pub after: Option<String>,
}

/// What happened in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    pub id: RepositoryId,
    pub archived: bool,
    /// Of the default branch; `None` in an empty repository.
    pub head: Option<CommitSha>,
    /// The one that changed last comes first.
    pub pull_requests: Vec<RecentPullRequest>,
    /// Where those that changed earlier begin.
    pub next: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecentPullRequest {
    pub number: IssueNumber,
    pub updated_at: Timestamp,
    #[serde(default)]
    pub merged_at: Option<Timestamp>,
}

pub(super) fn document(count: usize) -> String {
    let mut declared = String::new();
    let mut aliases = String::new();
    for index in 0..count {
        let comma = if index > 0 { ", " } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(declared, "{comma}$o{index}: String!, $n{index}: String!, $a{index}: String");
        let _ = writeln!(
            aliases,
            "  r{index}: repository(owner: $o{index}, name: $n{index}) {{\n    databaseId isArchived defaultBranchRef {{ target {{ oid }} }}\n    \
             pullRequests(first: {PULLS}, after: $a{index}, orderBy: {{ field: UPDATED_AT, direction: DESC }}) {{\n      \
             nodes {{ number updatedAt mergedAt }}\n      pageInfo {{ hasNextPage endCursor }}\n    }}\n  }}"
        );
    }
    format!("query RecentActivity({declared}) {{\n{aliases}}}")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    database_id: RepositoryId,
    #[serde(default)]
    is_archived: bool,
    #[serde(default)]
    default_branch_ref: Option<BranchWire>,
    #[serde(default)]
    pull_requests: Connection<RecentPullRequest>,
}

#[derive(Deserialize)]
struct BranchWire {
    #[serde(default)]
    target: Option<TargetWire>,
}

#[derive(Deserialize)]
struct TargetWire {
    oid: CommitSha,
}

impl Installation {
    /// What happened in each of `wanted`, in the same order, each with its own result.
    pub async fn load_recent_activity(&self, wanted: &[ActivityQuery]) -> Result<Vec<Result<Activity, Error>>, Error> {
        let mut loaded = Vec::with_capacity(wanted.len());
        for chunk in wanted.chunks(REPOSITORIES_PER_REQUEST) {
            let mut variables = Map::new();
            for (index, query) in chunk.iter().enumerate() {
                variables.insert(format!("o{index}"), json!(query.repository.owner));
                variables.insert(format!("n{index}"), json!(query.repository.name));
                variables.insert(format!("a{index}"), json!(query.after));
            }
            let mut answer = self.query(&document(chunk.len()), variables).await?;
            for index in 0..chunk.len() {
                loaded.push(answer.take::<Wire>(&[&format!("r{index}")]).map(Activity::from));
            }
        }
        Ok(loaded)
    }
}

impl From<Wire> for Activity {
    fn from(wire: Wire) -> Self {
        let next = wire.pull_requests.page_info.next().map(str::to_owned);
        Self {
            id: wire.database_id,
            archived: wire.is_archived,
            head: wire.default_branch_ref.and_then(|branch| branch.target).map(|target| target.oid),
            pull_requests: wire.pull_requests.into_nodes().collect(),
            next,
        }
    }
}
