//! Which commit last changed a file, and which pull request brought it: many files per query.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Connection;
use crate::github::{Error, Installation};
use crate::ids::{CommitSha, IssueNumber, RepositoryName};

/// Paths per query: each makes GitHub walk the history of one file.
const PER_REQUEST: usize = 20;

/// The last change of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub commit: CommitSha,
    pub committed_at: Timestamp,
    /// The login of a person; `None` for Apps and addresses that GitHub does not know.
    pub author: Option<String>,
    /// The merged pull request that brought the commit.
    pub pull_request: Option<OriginPullRequest>,
}

/// A merged pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginPullRequest {
    pub number: IssueNumber,
    pub title: String,
    pub url: String,
    /// `None` when the account was deleted.
    pub author: Option<String>,
    pub base_branch: String,
    pub merged_at: Option<Timestamp>,
}

pub(super) fn document(count: usize) -> String {
    let mut declared = String::new();
    let mut aliases = String::new();
    for index in 0..count {
        // Writing to a String cannot fail.
        let _ = write!(declared, ", $p{index}: String!");
        let _ = writeln!(aliases, "    p{index}: history(first: 1, path: $p{index}) {{ nodes {{ ...Origin }} }}");
    }
    format!(
        "query LoadOrigins($owner: String!, $name: String!, $commit: GitObjectID!{declared}) {{\n  \
         repository(owner: $owner, name: $name) {{ object(oid: $commit) {{ ... on Commit {{\n{aliases}  }} }} }}\n}}\n\
         fragment Origin on Commit {{\n  oid committedDate author {{ user {{ login }} }}\n  \
         associatedPullRequests(first: 3) {{ nodes {{ number title url merged mergedAt baseRefName author {{ login }} }} }}\n}}"
    )
}

impl Installation {
    /// Loads the last change of each of `paths` as of `commit`, in the same order; `None` for a path that no commit
    /// touched. At most 20 paths per request.
    ///
    /// [`Error::NotFound`] when there is no such repository or commit.
    pub async fn load_origins(
        &self,
        repository: &RepositoryName,
        commit: &CommitSha,
        paths: &[String],
    ) -> Result<Vec<Result<Option<Origin>, Error>>, Error> {
        let mut origins = Vec::with_capacity(paths.len());
        for chunk in paths.chunks(PER_REQUEST) {
            let mut variables = Map::new();
            variables.insert("owner".to_owned(), json!(repository.owner));
            variables.insert("name".to_owned(), json!(repository.name));
            variables.insert("commit".to_owned(), json!(commit));
            for (index, path) in chunk.iter().enumerate() {
                variables.insert(format!("p{index}"), json!(path));
            }
            let mut answer = self.query(&document(chunk.len()), variables).await?;
            // A commit that is gone is one failure, not one for each path.
            let object = answer.data.get("repository").and_then(|repository| repository.get("object"));
            if object.is_none_or(Value::is_null) {
                answer
                    .take::<Value>(&["repository", "object"])
                    .and_then(|_| Err(Error::not_found(format!("{repository}@{commit}"))))?;
            }
            for index in 0..chunk.len() {
                let history = answer.take::<Connection<OriginWire>>(&["repository", "object", &format!("p{index}")]);
                origins.push(history.map(|history| history.into_nodes().next().map(OriginWire::into_origin)));
            }
        }
        Ok(origins)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OriginWire {
    oid: CommitSha,
    committed_date: Timestamp,
    author: Option<AuthorWire>,
    /// Null where the App may not see pull requests.
    associated_pull_requests: Option<Connection<PullRequestWire>>,
}

#[derive(Deserialize)]
struct AuthorWire {
    user: Option<LoginWire>,
}

#[derive(Deserialize)]
struct LoginWire {
    login: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullRequestWire {
    number: IssueNumber,
    title: String,
    url: String,
    merged: bool,
    merged_at: Option<Timestamp>,
    base_ref_name: String,
    author: Option<LoginWire>,
}

impl OriginWire {
    fn into_origin(self) -> Origin {
        let associated = self.associated_pull_requests.unwrap_or_default().into_nodes();
        Origin {
            commit: self.oid,
            committed_at: self.committed_date,
            author: self.author.and_then(|author| Some(author.user?.login)),
            // GitHub also names open ones that have the commit.
            pull_request: associated.filter(|wire| wire.merged).map(PullRequestWire::into_pull_request).next(),
        }
    }
}

impl PullRequestWire {
    fn into_pull_request(self) -> OriginPullRequest {
        OriginPullRequest {
            number: self.number,
            title: self.title,
            url: self.url,
            author: self.author.map(|author| author.login),
            base_branch: self.base_ref_name,
            merged_at: self.merged_at,
        }
    }
}
