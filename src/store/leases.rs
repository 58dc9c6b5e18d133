//! Leases: one worker at a time on one thing, by agreement in a row, never by an open transaction.

use std::time::Duration;

use jiff::Timestamp;

use super::{Error, Store};

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
    /// Takes the lease when nobody holds it or the holder's time is over.
    pub async fn acquire_lease(&self, name: &str, holder: &str, ttl: Duration, now: Timestamp) -> Result<Option<Lease>, Error> {
        todo!()
    }

    /// The lease with a later end; [`Error::LeaseLost`] when somebody else has taken it. One that ran out and that nobody
    /// took can still be renewed.
    pub async fn renew_lease(&self, lease: &Lease, ttl: Duration, now: Timestamp) -> Result<Lease, Error> {
        todo!()
    }

    /// Gives the lease back; one that is lost is left to its new holder.
    pub async fn release_lease(&self, lease: Lease) -> Result<(), Error> {
        todo!()
    }

    /// Whether the lease is still this one's and its time is not over.
    pub async fn holds(&self, lease: &Lease, now: Timestamp) -> Result<bool, Error> {
        todo!()
    }
}
