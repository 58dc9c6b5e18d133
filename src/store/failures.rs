//! What could not be done, for `doctor` and the pull request to show: never only a log line.

use jiff::Timestamp;

use super::{
    Error, Store,
    backend::{reading, writing},
    columns::{micros, text, time, uint},
};

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
    pub async fn record_failure(&self, key: &str, what: &str, permanent: bool, now: Timestamp) -> Result<u64, Error> {
        const SAVE: &str = "INSERT INTO failures (failure, what, since, last, times, permanent) VALUES ($1, $2, $3, $3, 1, $4) \
             ON CONFLICT (failure) DO UPDATE SET what = excluded.what, last = excluded.last, times = failures.times + 1, \
             permanent = excluded.permanent RETURNING times";
        let (key, what) = (text(key), text(what));
        let times: i64 = writing!(self, |db| sqlx::query_scalar(SAVE)
            .bind(&*key)
            .bind(&*what)
            .bind(micros(now))
            .bind(i64::from(permanent))
            .fetch_one(db)
            .await?);
        Ok(times.unsigned_abs())
    }

    /// It works again.
    pub async fn clear_failure(&self, key: &str) -> Result<(), Error> {
        let key = text(key);
        writing!(self, |db| sqlx::query("DELETE FROM failures WHERE failure = $1").bind(&*key).execute(db).await.map(drop)?);
        Ok(())
    }

    /// Longest-standing first.
    pub async fn list_failures(&self, limit: u32) -> Result<Vec<Failure>, Error> {
        const LIST: &str = "SELECT failure, what, since, last, times, permanent FROM failures ORDER BY since, failure LIMIT $1";
        let rows: Vec<(String, String, i64, i64, i64, i64)> =
            reading!(self, |db| sqlx::query_as(LIST).bind(i64::from(limit)).fetch_all(db).await?);
        rows.into_iter()
            .map(|(key, what, since, last, times, permanent)| {
                Ok(Failure { key, what, since: time(since)?, last: time(last)?, times: uint(times), permanent: permanent != 0 })
            })
            .collect()
    }
}
