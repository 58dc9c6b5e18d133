//! Leases: one worker at a time on one thing, by agreement in a row, never by an open transaction.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Error, Store,
    backend::writing,
    columns::{CLOCK_SLACK, int, later, micros, uint},
};

/// The right to work on `name` until `expires_at`. Methods that must not run twice at once demand one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    /// Who: unique to the process and the task.
    pub holder: String,
    /// Fencing number: every acquisition of `name` gets a higher one.
    pub token: u64,
    pub expires_at: Timestamp,
}

impl Store {
    /// Takes the lease when nobody holds it or the holder's time is over. Nobody's time lasts much longer than `ttl`: if it
    /// seems to, the clock was set back, and waiting for it would hold everything up.
    pub async fn acquire_lease(&self, name: &str, holder: &str, ttl: Duration, now: Timestamp) -> Result<Option<Lease>, Error> {
        const ACQUIRE: &str = "INSERT INTO leases (name, holder, token, expires_at) VALUES ($1, $2, 1, $3) ON CONFLICT (name) DO UPDATE \
             SET holder = excluded.holder, token = leases.token + 1, expires_at = excluded.expires_at \
             WHERE leases.expires_at <= $4 OR leases.expires_at > $5 RETURNING token";
        let expires_at = later(now, ttl);
        let token: Option<i64> = writing!(self, |db| sqlx::query_scalar(ACQUIRE)
            .bind(name)
            .bind(holder)
            .bind(micros(expires_at))
            .bind(micros(now))
            .bind(micros(later(expires_at, CLOCK_SLACK)))
            .fetch_optional(db)
            .await?);
        Ok(token.map(|token| Lease { name: name.to_owned(), holder: holder.to_owned(), token: uint(token), expires_at }))
    }

    /// The lease with a later end; [`Error::LeaseLost`] when somebody else has taken it. One that ran out and that nobody
    /// took can still be renewed.
    pub async fn renew_lease(&self, lease: &Lease, ttl: Duration, now: Timestamp) -> Result<Lease, Error> {
        const RENEW: &str = "UPDATE leases SET expires_at = $3 WHERE name = $1 AND token = $2";
        let expires_at = later(now, ttl);
        let renewed = writing!(self, |db| sqlx::query(RENEW)
            .bind(&lease.name)
            .bind(int(lease.token))
            .bind(micros(expires_at))
            .execute(db)
            .await?
            .rows_affected());
        if renewed == 0 { Err(lost(lease)) } else { Ok(Lease { expires_at, ..lease.clone() }) }
    }

    /// Gives the lease back; one that is lost is left to its new holder.
    pub async fn release_lease(&self, lease: Lease) -> Result<(), Error> {
        // The row stays, so that tokens keep rising; the token rises too, so that this lease fences nothing any more.
        const RELEASE: &str = "UPDATE leases SET expires_at = 0, token = token + 1 WHERE name = $1 AND token = $2";
        writing!(self, |db| sqlx::query(RELEASE).bind(&lease.name).bind(int(lease.token)).execute(db).await.map(drop)?);
        Ok(())
    }

    /// Whether the lease is still this one's and its time is not over.
    pub async fn holds(&self, lease: &Lease, now: Timestamp) -> Result<bool, Error> {
        const HOLDS: &str = "SELECT expires_at FROM leases WHERE name = $1 AND token = $2";
        let expires_at: Option<i64> =
            writing!(self, |db| sqlx::query_scalar(HOLDS).bind(&lease.name).bind(int(lease.token)).fetch_optional(db).await?);
        Ok(expires_at.is_some_and(|at| at > micros(now)))
    }
}

/// To be run first in a transaction that demands a lease: touches its row, so that nobody takes it before the transaction ends.
pub(super) const FENCE: &str = "UPDATE leases SET token = token WHERE name = $1 AND token = $2";

pub(super) fn lost(lease: &Lease) -> Error {
    Error::LeaseLost(lease.name.clone())
}
