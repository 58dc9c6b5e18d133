//! What is done after a delivery was stored, one kind of job per file.
//!
//! A webhook only says "look again": a job carries where to look, reads what is true on GitHub now, and brings it and
//! what Followthrough has written into step. Running one twice changes nothing, running one late is merely late.
//!
//! Races, and how each ends:
//! - Several deliveries about one pull request: they raise its mark, and one run serves all that came before it began.
//! - Two workers on one pull request or document: the lease lets one in, the other comes back a second later.
//! - Killed at any point: the job is in the queue until it is done; what was sent to GitHub is looked up before it is
//!   sent again (see [`apply`](crate::apply)).
//! - Somebody pushes while links are written into a document: GitHub refuses the commit, and all is read again.
//! - A pull request that changes while it is read: its delivery raises the mark again, so the last run sees the last state.

pub mod backfill;
mod configuration;
pub mod dispatch;
pub(crate) mod documents;
pub mod follow_branch;
pub mod follow_document;
pub mod follow_pull_request;
pub mod link_back;
pub mod queue;
pub mod recovery;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use self::queue::{Job, Outcome, Queue};
use crate::{
    github::{self, GitHub},
    store::{self, InstallationState, Store, WorkKey},
};

/// Gives the time. Tests give their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The kinds of job that this version knows.
pub const KINDS: &[&str] = &[follow_pull_request::KIND, follow_branch::KIND, follow_document::KIND];

/// How long GitHub may take to show in its lists what was written (GITHUB §2.3): before that, what is not found may be
/// there all the same, and is not written again.
pub const SETTLE: Duration = Duration::from_secs(15);

/// From when on GitHub's lists tell of what was sent at `sent`.
pub(crate) fn settled_at(sent: Timestamp) -> Timestamp {
    sent + SignedDuration::try_from(SETTLE).unwrap_or(SignedDuration::from_mins(1))
}

/// However long GitHub asks to wait, somebody looks again after a day.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Everything a job needs. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
    pub github: GitHub,
    pub store: Store,
    pub queue: Queue,
    pub clock: Clock,
    /// Where GitHub's pages live: `github.com`, or an Enterprise Server.
    pub web_host: Arc<str>,
    /// Unique to this process, for leases.
    pub holder: Arc<str>,
}

/// Why a job stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error(transparent)]
    GitHub(#[from] github::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Somebody else is at work on the same thing.
    #[error("{0} is being worked on")]
    Busy(String),
    /// It goes on later; nothing is wrong.
    #[error("waiting until {0}")]
    Later(Timestamp),
}

impl Stop {
    /// How long to wait before trying again, having failed `times` times; `None` where waiting does not help.
    pub fn pause(&self, now: Timestamp, times: u64) -> Option<Duration> {
        match self {
            Self::Later(at) => Some(Duration::try_from(at.duration_since(now)).unwrap_or_default()),
            Self::Busy(_) => Some(Duration::from_secs(1)),
            Self::GitHub(error) if error.is_permanent() => None,
            Self::GitHub(error) if error.is_unknown() => Some(SETTLE),
            Self::GitHub(error) => Some(error.retry_after(now).unwrap_or_else(|| back_off(times))),
            Self::Store(_) => Some(back_off(times)),
        }
    }
}

impl Stop {
    /// What went wrong, for the numbers; `None` where nothing did.
    fn kind_of_error(&self) -> Option<&'static str> {
        match self {
            Self::Later(_) | Self::Busy(_) => None,
            Self::Store(_) => Some("store"),
            Self::GitHub(github::Error::NotInstalled | github::Error::Suspended) => Some("not_installed"),
            Self::GitHub(github::Error::RateLimited { .. }) => Some("rate_limited"),
            Self::GitHub(error) if error.is_permanent() => Some("refused"),
            Self::GitHub(error) if error.is_unknown() => Some("answer_lost"),
            Self::GitHub(_) => Some("github"),
        }
    }
}

impl Worker {
    /// Runs deliveries and jobs until `shutdown`, then finishes what is running.
    pub async fn run(&self, concurrency: usize, shutdown: CancellationToken) {
        let dispatching = tokio::spawn({
            let (worker, shutdown) = (self.clone(), shutdown.clone());
            async move { worker.dispatch_until(shutdown).await }
        });
        let worker = self.clone();
        let handler = move |job: Job| {
            let worker = worker.clone();
            async move { worker.handle(job).await }
        };
        self.queue.run(handler, concurrency, shutdown.clone()).await;
        shutdown.cancel();
        // A panic there was logged by the runtime; every delivery it had claimed comes up again.
        let _ = dispatching.await;
    }

    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Runs one job to its end, or says when to go on.
    pub async fn handle(&self, job: Job) -> Outcome {
        let Ok(key) = job.key.parse::<WorkKey>() else {
            tracing::error!(kind = job.kind, key = job.key, "a job's key cannot be read; the job is dropped");
            return Outcome::Done;
        };
        match self.work(&job, &key).await {
            Ok(()) => {
                self.settle_failure(&job.key).await;
                Outcome::Done
            }
            Err(stop) => self.stopped(&job, &key, stop).await,
        }
    }

    async fn work(&self, job: &Job, key: &WorkKey) -> Result<(), Stop> {
        if let Some(installation) = self.store.installation(key.installation).await?
            && installation.state != InstallationState::Active
        {
            tracing::info!(installation = key.installation.0, repository = %key.name, "the App is not installed there any more");
            self.give_up(key).await;
            return Ok(());
        }
        loop {
            let Some(generation) = self.store.begin(key).await? else { return Ok(()) };
            match job.kind.as_str() {
                follow_pull_request::KIND => follow_pull_request::run(self, key).await?,
                follow_branch::KIND => follow_branch::run(self, key).await?,
                follow_document::KIND => follow_document::run(self, key).await?,
                other => tracing::warn!(kind = other, "a job of an unknown kind is left"),
            }
            if !self.store.complete(key, generation).await? {
                return Ok(());
            }
        }
    }

    async fn stopped(&self, job: &Job, key: &WorkKey, stop: Stop) -> Outcome {
        let now = self.now();
        if let Some(kind) = stop.kind_of_error() {
            metrics::counter!("followthrough_errors_total", "kind" => kind).increment(1);
        }
        let later = |wait: Duration| {
            let wait = SignedDuration::try_from(wait.min(LONGEST_WAIT)).unwrap_or_default();
            Outcome::Again { at: now.checked_add(wait).unwrap_or(Timestamp::MAX) }
        };
        match stop {
            Stop::Later(at) => Outcome::Again { at },
            Stop::Busy(_) => later(Duration::from_secs(1)),
            Stop::GitHub(github::Error::NotInstalled | github::Error::Suspended) => {
                tracing::info!(installation = key.installation.0, repository = %key.name, "the App is not installed there any more");
                self.give_up(key).await;
                Outcome::Done
            }
            Stop::GitHub(error) if error.is_permanent() => {
                tracing::warn!(repository = %key.name, error = &error as &dyn std::error::Error, "GitHub refuses for good");
                self.remember_failure(&job.key, &format!("{}: {error}", key.name), true).await;
                self.give_up(key).await;
                Outcome::Done
            }
            stop => {
                let times = self.remember_failure(&job.key, &format!("{}: {stop}", key.name), false).await;
                let wait = stop.pause(now, times).unwrap_or_default();
                tracing::warn!(repository = %key.name, error = &stop as &dyn std::error::Error, wait_seconds = wait.as_secs(), "goes on later");
                later(wait)
            }
        }
    }

    /// Nothing more can come of what is marked; the next delivery marks it anew.
    async fn give_up(&self, key: &WorkKey) {
        let done = match self.store.begin(key).await {
            Ok(Some(generation)) => self.store.complete(key, generation).await.map(|_| ()),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::warn!(error = &error as &dyn std::error::Error, "a mark could not be cleared; it is looked at again");
        }
    }

    async fn remember_failure(&self, key: &str, what: &str, permanent: bool) -> u64 {
        match self.store.record_failure(key, what, permanent, self.now()).await {
            Ok(times) => times,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a failure could not be recorded");
                1
            }
        }
    }

    async fn settle_failure(&self, key: &str) {
        if let Err(error) = self.store.clear_failure(key).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a failure that is over could not be cleared");
        }
    }
}

/// 1 s, 2 s, 4 s … 10 min.
fn back_off(times: u64) -> Duration {
    let doublings = u32::try_from(times.saturating_sub(1)).unwrap_or(u32::MAX).min(10);
    Duration::from_secs(2u64.saturating_pow(doublings).min(600))
}
