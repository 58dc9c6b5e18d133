//! What could not be done, for `doctor` and the pull request to show: never only a log line.

use jiff::Timestamp;

use super::{Error, Store};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What failed, unique: recorded again, it is the same failure.
    pub key: String,
    /// In words a person can act on; no secrets.
    pub what: String,
    pub since: Timestamp,
    pub last: Timestamp,
    /// How often it was recorded.
    pub times: u64,
    /// It is not being tried again.
    pub permanent: bool,
}

impl Store {
    pub async fn record_failure(&self, key: &str, what: &str, permanent: bool, now: Timestamp) -> Result<(), Error> {
        todo!()
    }

    /// It works again.
    pub async fn clear_failure(&self, key: &str) -> Result<(), Error> {
        todo!()
    }

    /// Longest-standing first.
    pub async fn list_failures(&self, limit: u32) -> Result<Vec<Failure>, Error> {
        todo!()
    }
}
