//! The durable queue: small notes saying "look again", kept until somebody has looked.
//!
//! A job carries no data of GitHub's, only where to look, so running one twice is harmless and running one late is merely
//! late. It is pushed before the delivery that caused it is finished, and leaves the queue only when its handler has completed:
//! a process may be killed at any point without losing work. Nothing here knows what the kinds of job mean.
//!
//! Why this is no library: `docs/decisions.md`.
//!
//! Races and how they end:
//! - Two processes want one job: one claims it (one statement), the other finds the next.
//! - A process dies: its claims run out within `CLAIM`, whoever looks next takes them.
//! - A process is paused beyond its claim and wakes: its job may by then run elsewhere too. What it says about the outcome is
//!   refused, and whatever must not happen twice demands a [`Lease`](crate::store::Lease) as well.
//! - A job is pushed while it runs: a newer generation makes it run again afterwards.
//! - Claims compare the clocks of the processes that share a database; they may differ by less than `CLAIM` minus `RENEW`.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, Semaphore},
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::store::{ClaimedJob, Error, Store};

/// How long a claim lasts unless renewed: the time until a dead process' work is taken up (within 10 seconds by promise).
const CLAIM: Duration = Duration::from_secs(7);
/// How often the claims of running jobs are renewed; nothing is written while nothing runs.
const RENEW: Duration = Duration::from_secs(2);
/// How long a job pushed by another process may lie unseen. This process' own are seen at once.
const LOOK: Duration = Duration::from_secs(1);
/// The first pause after a handler panicked; doubled with every further run, up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// A note to look at something again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Job {
    /// What is to be done, as a verb phrase such as `review_pull_request`.
    pub kind: String,
    /// What it is to be done to, in the encoding of the kind (a [`WorkKey`](crate::store::WorkKey) as text, for most). There is
    /// never more than one job of a kind and key. What stands before the first `/` is its lane: lanes take turns, so that one
    /// with a thousand jobs does not delay the others.
    pub key: String,
    /// Rises with every wish to look again; see [`Store::mark`].
    pub generation: u64,
}

/// What a handler says when it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do; the job leaves the queue.
    Done,
    /// To be run again, not before `at`: back-off, or a rate limit's own time. Stored, so that it survives the process.
    Again { at: Timestamp },
}

/// How many jobs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// May be run now; among them those whose process died.
    pub due: u64,
    /// Since when the first of them may be.
    pub oldest_due: Option<Timestamp>,
    /// Stored for later.
    pub scheduled: u64,
    /// Run by this process or another.
    pub running: u64,
}

/// The queue of one database. Cheap to clone; clones are one queue.
#[derive(Debug, Clone)]
pub struct Queue {
    store: Store,
    kinds: Arc<[String]>,
    pushed: Arc<Notify>,
}

/// The claims that this process renews, by id of the job.
type Claims = Arc<Mutex<HashMap<String, u64>>>;

impl Queue {
    /// The queue in the store's database. `kinds` are those that this program knows: jobs of any other kind (of a newer
    /// version on the same database) are left alone.
    pub fn open(store: &Store, kinds: &[&str]) -> Self {
        let kinds = kinds.iter().map(|&kind| kind.to_owned()).collect();
        Self { store: store.clone(), kinds, pushed: Arc::default() }
    }

    /// Stores a job to be run at `run_at` or soon after; durable on return. When there is one of the same kind and key, it
    /// takes over the newer generation and the earlier time; an equal or older generation changes nothing.
    pub async fn push(&self, job: Job, run_at: Timestamp) -> Result<(), Error> {
        self.store.push_job(&job, run_at).await?;
        self.pushed.notify_one();
        Ok(())
    }

    /// Runs due jobs, at most `concurrency` at once, until `shutdown`; then takes no more, waits for those that run, and
    /// returns. A handler that panics is run again after a pause. Trouble with the database is waited out.
    pub async fn run<F, Fut>(&self, handler: F, concurrency: usize, shutdown: CancellationToken)
    where
        F: Fn(Job) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let claims = Claims::default();
        let running = TaskTracker::new();
        let finished = CancellationToken::new();
        let renewing = tokio::spawn(renew(self.store.clone(), claims.clone(), finished.clone()));
        // Should this future be dropped, its claims are to run out.
        let finished = finished.drop_guard();
        let places = Arc::new(Semaphore::new(concurrency.max(1)));
        loop {
            let place = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Ok(place) = places.clone().acquire_owned() => place,
            };
            let now = Timestamp::now();
            // One at a time: what is claimed runs at once and never waits while another process has time.
            let claimed = match self.store.claim_jobs(&self.kinds, now, after(now, CLAIM), 1).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::warn!(%error, "no jobs can be taken; trying again");
                    Vec::new()
                }
            };
            let Some(claimed) = claimed.into_iter().next() else {
                drop(place);
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    () = self.pushed.notified() => {}
                    () = sleep(LOOK) => {}
                }
                continue;
            };
            lock(&claims).insert(claimed.id.clone(), claimed.claim);
            let (store, claims, handler) = (self.store.clone(), claims.clone(), handler.clone());
            let pushed = self.pushed.clone();
            running.spawn(async move {
                let outcome = match tokio::spawn(handler(claimed.job.clone())).await {
                    Ok(outcome) => outcome,
                    Err(_) => after_panic(&store, &claimed).await,
                };
                settle(&store, &claimed, outcome).await;
                lock(&claims).remove(&claimed.id);
                drop(place);
                // It may be due again.
                pushed.notify_one();
            });
        }
        running.close();
        running.wait().await;
        drop(finished);
        renewing.await.ok();
    }

    /// For tests: runs everything that is due at `now`, one after the other, until nothing is; never sleeps. Gives the
    /// number of runs. A handler that panics ends it.
    pub async fn drain<F, Fut>(&self, handler: F, now: Timestamp) -> Result<usize, Error>
    where
        F: Fn(Job) -> Fut,
        Fut: Future<Output = Outcome>,
    {
        let mut runs = 0;
        while let Some(claimed) = self.store.claim_jobs(&self.kinds, now, after(now, CLAIM), 1).await?.pop() {
            runs += 1;
            match handler(claimed.job.clone()).await {
                Outcome::Done => self.store.complete_job(&claimed).await?,
                Outcome::Again { at } => self.store.postpone_job(&claimed, at).await?,
            }
        }
        Ok(runs)
    }

    /// When the next job is due, or the next claim runs out: where a test may set its clock.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.store.next_job_due().await
    }

    pub async fn counts(&self, now: Timestamp) -> Result<Counts, Error> {
        self.store.job_counts(now).await
    }
}

/// Renews the claims of whatever runs until all is finished. Stops renewing one that is lost.
async fn renew(store: Store, claims: Claims, finished: CancellationToken) {
    let mut ticks = interval(RENEW);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = finished.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let held: Vec<_> = lock(&claims).iter().map(|(id, claim)| (id.clone(), *claim)).collect();
        for (id, claim) in held {
            match store.renew_claim(&id, claim, after(Timestamp::now(), CLAIM)).await {
                Ok(true) => {}
                Ok(false) => {
                    // Finished since we looked, or lost.
                    lock(&claims).remove(&id);
                }
                Err(error) => tracing::warn!(%error, job = id, "the claim on a job cannot be renewed; trying again"),
            }
        }
    }
}

/// Stores what came of a run. If the database stays away, the claim runs out and the job is run again.
async fn settle(store: &Store, claimed: &ClaimedJob, outcome: Outcome) {
    for attempt in 1..=5 {
        let stored = match outcome {
            Outcome::Done => store.complete_job(claimed).await,
            Outcome::Again { at } => store.postpone_job(claimed, at).await,
        };
        match stored {
            Ok(()) => break,
            Err(error) => tracing::warn!(%error, job = claimed.id, attempt, "the outcome of a job cannot be stored"),
        }
        sleep(Duration::from_millis(200) * attempt).await;
    }
    if outcome == Outcome::Done && claimed.runs > 1 {
        store.clear_failure(&failure_of(claimed)).await.ok();
    }
}

/// The name under which `doctor` shows that this job panicked.
fn failure_of(claimed: &ClaimedJob) -> String {
    format!("job {}", claimed.id)
}

async fn after_panic(store: &Store, claimed: &ClaimedJob) -> Outcome {
    let now = Timestamp::now();
    let doublings = u32::try_from(claimed.runs.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let at = after(now, PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE));
    tracing::error!(job = claimed.id, runs = claimed.runs, %at, "a job panicked; it will be run again");
    let what = format!("This is a fault in Followthrough itself: {} panicked and will be tried again.", claimed.job.kind);
    if let Err(error) = store.record_failure(&failure_of(claimed), &what, false, now).await {
        tracing::warn!(%error, job = claimed.id, "the failure cannot be recorded");
    }
    Outcome::Again { at }
}

fn after(now: Timestamp, pause: Duration) -> Timestamp {
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
