//! Work marks: "look again at this". However many marks are set before somebody looks, it is one piece of work.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Error, Store,
    backend::{reading, writing},
    columns::{corrupt, int, micros, repository_name, time, uint},
};
use crate::ids::{DocumentKey, InstallationId, IssueNumber, RepositoryId, RepositoryName};

/// What is to be looked at again. Two keys are the same work when all but the name agree: repositories are renamed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WorkKey {
    pub installation: InstallationId,
    pub repository: RepositoryId,
    /// As last heard from GitHub.
    pub name: RepositoryName,
    pub kind: WorkKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    PullRequest(IssueNumber),
    /// A document on the default branch whose issues or cards changed.
    Document(DocumentKey),
    /// The default branch: files that were pushed to it.
    DefaultBranch,
}

impl WorkKind {
    fn written(&self) -> String {
        match self {
            Self::PullRequest(number) => format!("pull_request:{number}"),
            Self::Document(document) => format!("document:{document}"),
            Self::DefaultBranch => "default_branch".to_owned(),
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "default_branch" => Some(Self::DefaultBranch),
            Some(("pull_request", number)) => number.parse().ok().map(|number| Self::PullRequest(IssueNumber(number))),
            Some(("document", key)) => Some(Self::Document(DocumentKey::new(key))),
            _ => None,
        }
    }
}

/// `installation/repository/kind/owner/name`, as a [`Job`](crate::jobs::queue::Job) carries it.
impl fmt::Display for WorkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.installation, self.repository, self.kind.written(), self.name)
    }
}

/// The text is no [`WorkKey`]: written by another version, or not by us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not say what to work on")]
pub struct NotAWorkKey(pub String);

impl FromStr for WorkKey {
    type Err = NotAWorkKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let mut parts = text.splitn(4, '/');
            Some(Self {
                installation: InstallationId(parts.next()?.parse().ok()?),
                repository: RepositoryId(parts.next()?.parse().ok()?),
                kind: WorkKind::read(parts.next()?)?,
                name: parts.next()?.parse().ok()?,
            })
        };
        read().ok_or_else(|| NotAWorkKey(text.to_owned()))
    }
}

/// What [`Store::mark`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The generation that covers this mark.
    pub generation: u64,
    /// The generation was marked before and nobody has begun it.
    pub coalesced: bool,
}

impl Store {
    /// Says that `key` wants looking at. Marks set before [`Store::begin`] share one generation.
    pub async fn mark(&self, key: &WorkKey, now: Timestamp) -> Result<Mark, Error> {
        const MARK: &str = "INSERT INTO work (installation, repository, kind, owner, name, wanted, begun, done, marks, marked_at) \
             VALUES ($1, $2, $3, $4, $5, 1, 0, 0, 1, $6) ON CONFLICT (installation, repository, kind) DO UPDATE SET \
             owner = excluded.owner, name = excluded.name, \
             wanted = CASE WHEN work.wanted > work.begun THEN work.wanted ELSE work.wanted + 1 END, \
             marks = CASE WHEN work.wanted > work.begun THEN work.marks + 1 ELSE 1 END, \
             marked_at = CASE WHEN work.wanted > work.begun THEN work.marked_at ELSE excluded.marked_at END \
             RETURNING wanted, marks";
        let (wanted, marks): (i64, i64) = writing!(self, |db| sqlx::query_as(MARK)
            .bind(int(key.installation.0))
            .bind(int(key.repository.0))
            .bind(key.kind.written())
            .bind(&key.name.owner)
            .bind(&key.name.name)
            .bind(micros(now))
            .fetch_one(db)
            .await?);
        Ok(Mark { generation: uint(wanted), coalesced: marks > 1 })
    }

    /// The generation to work towards, to be called before anything is read; `None` when everything marked is done.
    pub async fn begin(&self, key: &WorkKey) -> Result<Option<u64>, Error> {
        const BEGIN: &str = "UPDATE work SET begun = wanted WHERE installation = $1 AND repository = $2 AND kind = $3 \
             AND wanted > done RETURNING wanted";
        let wanted: Option<i64> = writing!(self, |db| sqlx::query_scalar(BEGIN)
            .bind(int(key.installation.0))
            .bind(int(key.repository.0))
            .bind(key.kind.written())
            .fetch_optional(db)
            .await?);
        Ok(wanted.map(uint))
    }

    /// Everything marked up to `generation` is done. Gives whether something newer is wanted already.
    pub async fn complete(&self, key: &WorkKey, generation: u64) -> Result<bool, Error> {
        const COMPLETE: &str = "UPDATE work SET done = CASE WHEN done < $4 THEN $4 ELSE done END \
             WHERE installation = $1 AND repository = $2 AND kind = $3 RETURNING wanted, done";
        let row: Option<(i64, i64)> = writing!(self, |db| sqlx::query_as(COMPLETE)
            .bind(int(key.installation.0))
            .bind(int(key.repository.0))
            .bind(key.kind.written())
            .bind(int(generation))
            .fetch_optional(db)
            .await?);
        Ok(row.is_some_and(|(wanted, done)| wanted > done))
    }

    /// When `key` was marked last, or for the first time since it was begun; `None`: never.
    pub async fn marked_at(&self, key: &WorkKey) -> Result<Option<Timestamp>, Error> {
        const MARKED: &str = "SELECT marked_at FROM work WHERE installation = $1 AND repository = $2 AND kind = $3";
        let marked: Option<i64> = reading!(self, |db| sqlx::query_scalar(MARKED)
            .bind(int(key.installation.0))
            .bind(int(key.repository.0))
            .bind(key.kind.written())
            .fetch_optional(db)
            .await?);
        marked.map(time).transpose()
    }

    /// Whether a pull request of the repository was marked since then and not yet followed.
    pub async fn is_pull_request_wanted(&self, repository: RepositoryId, since: Timestamp) -> Result<bool, Error> {
        const WANTED: &str = "SELECT COUNT(*) FROM work WHERE repository = $1 AND wanted > done AND marked_at >= $2 \
             AND kind LIKE 'pull_request:%'";
        let wanted: i64 =
            reading!(self, |db| sqlx::query_scalar(WANTED).bind(int(repository.0)).bind(micros(since)).fetch_one(db).await?);
        Ok(wanted > 0)
    }

    /// Work marked before `marked_before` and not completed, oldest mark first: what a sweep makes sure has a job.
    pub async fn wanted_work(&self, marked_before: Timestamp, limit: u32) -> Result<Vec<(WorkKey, u64)>, Error> {
        const WANTED: &str = "SELECT installation, repository, kind, owner, name, wanted FROM work \
             WHERE wanted > done AND marked_at < $1 ORDER BY marked_at LIMIT $2";
        let rows: Vec<(i64, i64, String, String, String, i64)> =
            reading!(self, |db| sqlx::query_as(WANTED).bind(micros(marked_before)).bind(i64::from(limit)).fetch_all(db).await?);
        rows.into_iter()
            .map(|(installation, repository, kind, owner, name, wanted)| {
                let key = WorkKey {
                    installation: InstallationId(uint(installation)),
                    repository: RepositoryId(uint(repository)),
                    name: repository_name(owner, name),
                    kind: WorkKind::read(&kind).ok_or_else(|| corrupt("a kind of work", kind))?,
                };
                Ok((key, uint(wanted)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_work_key_survives_being_written() {
        for kind in [
            WorkKind::PullRequest(IssueNumber(5)),
            WorkKind::Document(DocumentKey::new("0123456789abcdef0123")),
            WorkKind::DefaultBranch,
        ] {
            let key = WorkKey {
                installation: InstallationId(1),
                repository: RepositoryId(2),
                name: RepositoryName::new("acme", "app"),
                kind,
            };
            assert_eq!(key.to_string().parse(), Ok(key));
        }
    }

    #[test]
    fn what_is_no_work_key_is_an_error() {
        for text in ["", "1/2", "1/2/pull_request/acme/app", "x/2/default_branch/acme/app", "1/2/pull_request:5/acme"] {
            assert_eq!(text.parse::<WorkKey>(), Err(NotAWorkKey(text.to_owned())));
        }
    }
}
