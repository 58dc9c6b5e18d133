//! The durable queue: small notes saying "look again", kept until somebody has looked.
//!
//! A job carries no data of GitHub's, only where to look, so running one twice is harmless and running one late is
//! merely late. It is pushed before the delivery that caused it is finished, and leaves the queue only after its handler
//! has completed or after its successor ("again at T") is stored: a process may be killed at any point without losing
//! work. Nothing here knows what the kinds of job mean.

use std::{future::Future, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::store::{Error, Store};

/// A note to look at something again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Job {
    /// What is to be done, as a verb phrase such as `review_pull_request`.
    pub kind: String,
    /// What it is to be done to, in the encoding of the kind (a [`WorkKey`](crate::store::WorkKey) as text, for most).
    pub key: String,
    /// Equal notes of one generation are one job, even after it was done; see [`Store::mark`].
    pub generation: u64,
}

/// What a handler says when it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do; the job leaves the queue.
    Done,
    /// To be run again, not before `at` (rounded up to a whole second): back-off, or a rate limit's own time.
    Again { at: Timestamp },
}

/// How many jobs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Stored and due.
    pub due: u64,
    /// Stored for later.
    pub scheduled: u64,
    /// Held by a worker, of this process or another.
    pub running: u64,
}

/// The queue of one database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queue {}

impl Queue {
    /// The queue in the store's database. `kinds` are those that this program knows: jobs of any other kind (of a newer
    /// version on the same database) are left alone.
    pub async fn open(store: &Store, kinds: &[&str]) -> Result<Self, Error> {
        todo!()
    }

    /// Stores a job to be run at `run_at` or soon after. Durable on return; a note of a generation already stored is the
    /// same job.
    pub async fn push(&self, job: Job, run_at: Timestamp) -> Result<(), Error> {
        todo!()
    }

    /// Runs due jobs, at most `concurrency` at once, until `shutdown`; then takes no more, waits for those that run, and
    /// returns. A handler that panics is run again after a back-off.
    pub async fn run<F, Fut>(&self, handler: F, concurrency: usize, shutdown: CancellationToken) -> Result<(), Error>
    where
        F: Fn(Job) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        todo!()
    }

    /// For tests: runs everything that is due at `now`, one after the other, until nothing is; never sleeps. Gives the
    /// number of runs.
    pub async fn drain<F, Fut>(&self, handler: F, now: Timestamp) -> Result<usize, Error>
    where
        F: Fn(Job) -> Fut,
        Fut: Future<Output = Outcome>,
    {
        todo!()
    }

    pub async fn counts(&self, now: Timestamp) -> Result<Counts, Error> {
        todo!()
    }
}
