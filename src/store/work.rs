//! Work marks: "look again at this". However many marks are set before somebody looks, it is one piece of work.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, Store};
use crate::ids::{InstallationId, IssueNumber, RepositoryId, RepositoryName};

/// What is to be looked at again. Two keys are the same work when all but the name agree: repositories are renamed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WorkKey {
    pub installation: InstallationId,
    pub repository: RepositoryId,
    /// As last heard from GitHub.
    pub name: RepositoryName,
    pub kind: WorkKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    PullRequest(IssueNumber),
    /// An issue that belongs, or may belong, to an item.
    Issue(IssueNumber),
    /// The default branch: documents changed outside pull requests, configuration.
    DefaultBranch,
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
        todo!()
    }

    /// The generation to work towards, to be called before anything is read; `None` when everything marked is done.
    pub async fn begin(&self, key: &WorkKey, now: Timestamp) -> Result<Option<u64>, Error> {
        todo!()
    }

    /// Everything marked up to `generation` is done. Gives whether something newer is wanted already.
    pub async fn complete(&self, key: &WorkKey, generation: u64, now: Timestamp) -> Result<bool, Error> {
        todo!()
    }

    /// Work marked and not completed, oldest mark first.
    pub async fn wanted_work(&self, limit: u32) -> Result<Vec<(WorkKey, u64)>, Error> {
        todo!()
    }
}
