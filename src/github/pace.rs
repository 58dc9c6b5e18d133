//! How fast one installation may be worked on.
//!
//! Two rules of GitHub's are kept here: writes one after the other with a pause between them, and silence while GitHub
//! asks for it. This is also the place for a budget over points and content creation, which has to see every request
//! before it is sent and every answer after: [`Pace::turn`], [`Pace::open_at`] and [`Pace::pause`] are those two moments.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::MutexGuard;
use tokio::time::Instant;

/// What a limit of GitHub's covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The hourly budget of the REST API.
    Rest,
    /// The hourly budget of the GraphQL API.
    Graphql,
    /// Secondary limits and `Retry-After`, which REST and GraphQL share.
    Everything,
}

/// The pace of one installation.
#[derive(Debug)]
pub struct Pace {
    write_interval: Duration,
    last_write: tokio::sync::Mutex<Option<Instant>>,
    pauses: Mutex<Pauses>,
}

#[derive(Debug, Default)]
struct Pauses {
    rest: Option<Timestamp>,
    graphql: Option<Timestamp>,
    everything: Option<Timestamp>,
}

/// The right to write, held while the write is under way.
#[derive(Debug)]
pub struct Turn<'a> {
    _gate: MutexGuard<'a, Option<Instant>>,
}

impl Pace {
    pub fn new(write_interval: Duration) -> Self {
        Self { write_interval, last_write: tokio::sync::Mutex::new(None), pauses: Mutex::default() }
    }

    /// Waits until no other write is under way and the last one started long enough ago. First come, first served.
    pub async fn turn(&self) -> Turn<'_> {
        let mut last = self.last_write.lock().await;
        if let Some(last) = *last {
            tokio::time::sleep_until(last + self.write_interval).await;
        }
        *last = Some(Instant::now());
        Turn { _gate: last }
    }

    /// When a request under `scope` may be sent, if that is after `now`.
    pub fn open_at(&self, scope: Scope, now: Timestamp) -> Option<Timestamp> {
        let pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        let own = match scope {
            Scope::Rest => pauses.rest,
            Scope::Graphql => pauses.graphql,
            Scope::Everything => None,
        };
        own.max(pauses.everything).filter(|until| *until > now)
    }

    /// Notes that GitHub wants to hear nothing under `scope` before `until`.
    pub fn pause(&self, scope: Scope, until: Timestamp) {
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        let own = match scope {
            Scope::Rest => &mut pauses.rest,
            Scope::Graphql => &mut pauses.graphql,
            Scope::Everything => &mut pauses.everything,
        };
        *own = (*own).max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn a_pause_ends_by_itself_and_only_grows() {
        let pace = Pace::new(Duration::ZERO);
        pace.pause(Scope::Everything, at(100));
        pace.pause(Scope::Everything, at(50));
        assert_eq!(pace.open_at(Scope::Rest, at(60)), Some(at(100)));
        assert_eq!(pace.open_at(Scope::Rest, at(100)), None);
    }

    #[test]
    fn an_hourly_budget_stops_only_its_own_api() {
        let pace = Pace::new(Duration::ZERO);
        pace.pause(Scope::Graphql, at(100));
        assert_eq!(pace.open_at(Scope::Graphql, at(1)), Some(at(100)));
        assert_eq!(pace.open_at(Scope::Rest, at(1)), None);
    }

    #[tokio::test]
    async fn writes_start_one_interval_apart() {
        let interval = Duration::from_millis(20);
        let pace = Pace::new(interval);
        let start = Instant::now();
        for _ in 0..3 {
            drop(pace.turn().await);
        }
        assert!(start.elapsed() >= interval * 2);
    }
}
