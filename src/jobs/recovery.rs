//! Catching up: what GitHub said while nobody listened, and what it never said.
//!
//! At start and on a schedule the App's delivery log is walked, and what never arrived is put through the normal intake
//! ([`deliveries`]). A few times a day everything is compared with what was heard of ([`sweep`]), for what is not in the log.
//!
//! What never happens here: work on a pull request or a document. All that is done is to store deliveries and to mark work,
//! as if GitHub had got through.
//!
//! Races, and how each ends:
//! - Several replicas: a lease lets one walk or sweep at a time; the others walk after it, and find nothing left.
//! - Killed at any point: the mark is moved last, so the next walk begins where this one had.
//! - A delivery arrives while it is replayed: one id, one row; the second is known.

pub mod deliveries;
pub mod sweep;

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Stop, Worker};
use crate::store;

/// Between two looks whether the replica that is walking has finished.
const BUSY: Duration = Duration::from_secs(2);

/// The name of the failure that says that the delivery log cannot be walked.
pub const WALK_FAILURE: &str = "delivery log";

/// The name of the failure that says that not everything can be looked through.
pub const SWEEP_FAILURE: &str = "repair sweep";

/// What a process keeps between two times.
#[derive(Debug, Default)]
struct Trouble {
    /// How often in a row the log could not be walked.
    walks: u64,
    /// How often in a row the sweep failed, and until when it is not tried again.
    sweeps: u64,
    sweep_not_before: Option<Timestamp>,
    /// The log did not reach back far enough, and nobody has swept since.
    gap: bool,
}

impl Worker {
    /// Catches up now and every `interval`, until `shutdown`. Whatever fails is tried again, and stops nothing else.
    pub async fn recover_until(&self, interval: Duration, shutdown: CancellationToken) {
        let mut trouble = Trouble::default();
        loop {
            let pause = tokio::select! {
                pause = self.recover(interval, &mut trouble) => pause,
                () = shutdown.cancelled() => return,
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Catches up once; gives how long to wait before the next time.
    async fn recover(&self, interval: Duration, trouble: &mut Trouble) -> Duration {
        let pause = match self.walk_deliveries().await {
            Ok(walk) => {
                trouble.walks = 0;
                if walk.replayed > 0 {
                    tracing::info!(
                        walked = walk.walked,
                        replayed = walk.replayed,
                        "caught up on deliveries that had not arrived"
                    );
                }
                if walk.gap {
                    trouble.gap = true;
                    tracing::warn!(
                        "GitHub's delivery log does not reach back to the last walk; the repair sweep looks for the rest"
                    );
                }
                self.over(WALK_FAILURE).await;
                interval
            }
            Err(Stop::Busy(_)) => return BUSY,
            Err(stop) => {
                trouble.walks += 1;
                self.failed(WALK_FAILURE, "GitHub's delivery log cannot be walked", &stop, trouble.walks).await;
                stop.pause(self.now(), trouble.walks).unwrap_or(interval).min(interval).max(Duration::from_secs(1))
            }
        };
        if trouble.sweep_not_before.is_none_or(|not_before| self.now() >= not_before) {
            self.sweep_again(trouble).await;
        }
        pause
    }

    async fn sweep_again(&self, trouble: &mut Trouble) {
        match self.sweep_when_due(trouble.gap).await {
            Ok(None) | Err(Stop::Busy(_)) => {}
            Ok(Some(sweep)) => {
                *trouble = Trouble { walks: trouble.walks, ..Trouble::default() };
                if sweep.missed > 0 {
                    tracing::info!(
                        repositories = sweep.repositories,
                        missed = sweep.missed,
                        "caught up on what GitHub had never said"
                    );
                }
                self.over(SWEEP_FAILURE).await;
            }
            Err(stop) => {
                trouble.sweeps += 1;
                trouble.sweep_not_before = self.now().checked_add(sweep::AGAIN).ok();
                self.failed(SWEEP_FAILURE, "not everything can be looked through for what was missed", &stop, trouble.sweeps)
                    .await;
            }
        }
    }

    /// Said once, however often it fails in a row; kept for as long as it lasts.
    async fn failed(&self, failure: &str, what: &'static str, stop: &Stop, times: u64) {
        metrics::counter!("followthrough_recovery_failures_total", "of" => failure.to_owned()).increment(1);
        if times == 1 {
            tracing::warn!(error = stop as &dyn std::error::Error, "{what}; trying again until it works");
        } else {
            tracing::debug!(error = stop as &dyn std::error::Error, times, "{what}");
        }
        if !matches!(stop, Stop::Store(_)) {
            self.remember_failure(failure, &format!("{what}: {stop}"), false).await;
        }
    }

    async fn over(&self, failure: &str) {
        self.settle_failure(failure).await;
        metrics::gauge!("followthrough_recovery_last_success_timestamp_seconds", "of" => failure.to_owned())
            .set(self.now().as_second() as f64);
    }
}

/// A point in time as a cursor keeps it.
fn read_time(cursor: Option<String>) -> Result<Option<Timestamp>, store::Error> {
    let Some(text) = cursor else { return Ok(None) };
    text.parse().map(Some).map_err(|_| store::Error::Corrupt { what: "a cursor", value: text })
}
