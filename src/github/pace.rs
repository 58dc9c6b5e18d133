//! How fast one installation may be worked on.
//!
//! Kept here are GitHub's rules for whoever writes: one write after the other with a pause between them; silence while
//! GitHub asks for it, to the second; no more points in a minute and no more new content in a minute and an hour than its
//! [secondary limits](https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits)
//! allow. A request that would go over is not sent: its sender comes back when there is room.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
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

/// New content (issues, comments, pull requests, cards …) that may be made in a minute, every alias of a mutation counted.
pub const CONTENT_PER_MINUTE: u32 = 80;
/// And in an hour.
pub const CONTENT_PER_HOUR: u32 = 500;
/// Points that may be spent on the REST API in a minute.
const REST_POINTS: u32 = 900;
/// Points that may be spent on the GraphQL API in a minute.
const GRAPHQL_POINTS: u32 = 2000;
/// What a request costs that changes something; one that does not costs a point.
const POINTS_OF_A_WRITE: u32 = 5;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What a request takes of the secondary limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub scope: Scope,
    pub is_write: bool,
    /// Pieces of new content.
    pub content: u32,
}

impl Cost {
    fn points(self) -> u32 {
        if self.is_write { POINTS_OF_A_WRITE } else { 1 }
    }
}

/// What was sent in the last hour, oldest first.
#[derive(Debug, Clone, Default)]
struct Spent(VecDeque<(Timestamp, Cost)>);

impl Spent {
    /// When `cost` fits, `from` at the earliest. What is more than a whole limit fits when nothing else is there.
    fn fits_at(&self, cost: Cost, from: Timestamp) -> Timestamp {
        let points = |sent: &Cost| if sent.scope == cost.scope { sent.points() } else { 0 };
        let most = if cost.scope == Scope::Graphql { GRAPHQL_POINTS } else { REST_POINTS };
        let mut at = from.max(self.free_at(from, MINUTE, most.saturating_sub(cost.points()), points));
        if cost.content > 0 {
            let content = |sent: &Cost| sent.content;
            at = at.max(self.free_at(from, MINUTE, CONTENT_PER_MINUTE.saturating_sub(cost.content), content));
            at = at.max(self.free_at(from, HOUR, CONTENT_PER_HOUR.saturating_sub(cost.content), content));
        }
        at
    }

    /// When no more than `most` of what is counted lies in the `window` before.
    fn free_at(&self, from: Timestamp, window: SignedDuration, most: u32, count: impl Fn(&Cost) -> u32) -> Timestamp {
        let mut sum = 0u32;
        for (at, sent) in self.0.iter().rev() {
            let leaves = at.saturating_add(window).unwrap_or(Timestamp::MAX);
            if leaves <= from {
                break;
            }
            sum = sum.saturating_add(count(sent));
            if sum > most {
                return leaves;
            }
        }
        from
    }

    fn spend(&mut self, cost: Cost, at: Timestamp) {
        self.0.push_back((at, cost));
        while self.0.front().is_some_and(|(first, _)| at.duration_since(*first) >= HOUR) {
            self.0.pop_front();
        }
    }
}

/// The pace of one installation.
#[derive(Debug)]
pub struct Pace {
    write_interval: Duration,
    last_write: tokio::sync::Mutex<Option<Instant>>,
    pauses: Mutex<Pauses>,
    spent: Mutex<Spent>,
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
    /// An interval of zero says that nothing has to be held back, as on an Enterprise Server without limits: then only what
    /// GitHub itself asks for is kept.
    pub fn new(write_interval: Duration) -> Self {
        Self { write_interval, last_write: tokio::sync::Mutex::new(None), pauses: Mutex::default(), spent: Mutex::default() }
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

    /// Counts a request that is sent now; `Err` says when it may be sent instead.
    pub fn admit(&self, cost: Cost, now: Timestamp) -> Result<(), Timestamp> {
        if self.write_interval.is_zero() {
            return Ok(());
        }
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let at = spent.fits_at(cost, now);
        if at > now {
            return Err(at);
        }
        spent.spend(cost, now);
        Ok(())
    }

    /// When `requests` mutations with these many pieces of new content each will have been sent, if nothing else is.
    pub fn done_at(&self, requests: impl IntoIterator<Item = u32>, now: Timestamp) -> Timestamp {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut at = self.open_at(Scope::Graphql, now).unwrap_or(now);
        if self.write_interval.is_zero() {
            return at;
        }
        for content in requests {
            let cost = Cost { scope: Scope::Graphql, is_write: true, content };
            at = spent.fits_at(cost, at);
            spent.spend(cost, at);
        }
        at
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
        let pace = Pace::new(Duration::from_millis(1));
        pace.pause(Scope::Everything, at(100));
        pace.pause(Scope::Everything, at(50));
        assert_eq!(pace.open_at(Scope::Rest, at(60)), Some(at(100)));
        assert_eq!(pace.open_at(Scope::Rest, at(100)), None);
    }

    #[test]
    fn an_hourly_budget_stops_only_its_own_api() {
        let pace = Pace::new(Duration::from_millis(1));
        pace.pause(Scope::Graphql, at(100));
        assert_eq!(pace.open_at(Scope::Graphql, at(1)), Some(at(100)));
        assert_eq!(pace.open_at(Scope::Rest, at(1)), None);
    }

    fn issues(content: u32) -> Cost {
        Cost { scope: Scope::Graphql, is_write: true, content }
    }

    #[test]
    fn new_content_is_counted_over_a_minute_and_an_hour() {
        let pace = Pace::new(Duration::from_millis(1));
        for _ in 0..16 {
            assert_eq!(pace.admit(issues(5), at(0)), Ok(()));
        }
        assert_eq!(pace.admit(issues(1), at(59)), Err(at(60)), "80 in a minute");
        assert_eq!(pace.admit(issues(0), at(59)), Ok(()), "what is only changed is not counted");
        for minute in 1..6 {
            for _ in 0..16 {
                assert_eq!(pace.admit(issues(5), at(60 * minute)), Ok(()));
            }
        }
        for _ in 0..4 {
            assert_eq!(pace.admit(issues(5), at(360)), Ok(()));
        }
        assert_eq!(pace.admit(issues(1), at(420)), Err(at(3600)), "500 in an hour");
    }

    #[test]
    fn points_are_counted_for_each_api() {
        let pace = Pace::new(Duration::from_millis(1));
        let read = |scope| Cost { scope, is_write: false, content: 0 };
        for _ in 0..REST_POINTS {
            assert_eq!(pace.admit(read(Scope::Rest), at(0)), Ok(()));
        }
        assert_eq!(pace.admit(read(Scope::Rest), at(1)), Err(at(60)));
        assert_eq!(pace.admit(read(Scope::Graphql), at(1)), Ok(()));
    }

    #[test]
    fn it_is_told_when_all_will_be_done() {
        let pace = Pace::new(Duration::from_millis(1));
        assert_eq!(pace.done_at([5; 16], at(0)), at(0));
        assert_eq!(pace.done_at([5; 17], at(0)), at(60));
        assert_eq!(pace.done_at([5; 101], at(0)), at(3600));
        pace.pause(Scope::Everything, at(30));
        assert_eq!(pace.done_at([5; 17], at(0)), at(90));
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

    #[test]
    fn an_interval_of_zero_holds_nothing_back() {
        let now = Timestamp::UNIX_EPOCH;
        let pace = Pace::new(Duration::ZERO);
        let cost = Cost { scope: Scope::Graphql, is_write: true, content: CONTENT_PER_HOUR };
        assert_eq!([(); 9].map(|()| pace.admit(cost, now)), [Ok(()); 9]);
        assert_eq!(pace.done_at([CONTENT_PER_HOUR; 9], now), now);
        pace.pause(Scope::Everything, now + MINUTE);
        assert_eq!(pace.open_at(Scope::Graphql, now), Some(now + MINUTE), "what GitHub asks for is kept");
    }
}
