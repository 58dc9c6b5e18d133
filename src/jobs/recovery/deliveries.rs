//! Walks the App's delivery log and replays what never arrived.
//!
//! GitHub sends a webhook once and, when nobody answers, never again by itself. Its log tells: a delivery of whose attempts
//! none was answered with success was missed. Its payload is read from the log and stored as the intake would have stored it,
//! under the same id. Reading was preferred to asking GitHub to redeliver because it also works while the App's webhook
//! URL or secret is wrong, needs no second walk to see whether it worked, and does not depend on the replica that walks
//! being the one that is reached; what is read comes from GitHub itself, so there is no signature to check.
//!
//! The mark is a time in GitHub's clock: whatever was attempted before it is settled. Each walk reads from now back to the
//! mark, and a little further, because attempts may be listed late.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::read_time;
use crate::{
    github::{self, app::deliveries::Attempt, webhook},
    ids::DeliveryId,
    jobs::{Stop, Worker, documents::leased},
    store::{Delivery, Received},
};

const LEASE: &str = "delivery log";
const CURSOR: &str = "delivery log";

/// Attempts may be listed later than they began: GitHub waits 10 s for an answer, an Enterprise Server 30 s.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);
/// Our clock is ahead of GitHub's by less: beyond a minute GitHub would not accept the App's credentials.
const SKEW: SignedDuration = SignedDuration::from_mins(3);
/// An attempt that is under way for longer will not be answered any more.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(10);
/// GitHub keeps the log for 3 days, an Enterprise Server for 7 (GITHUB §3).
const KEPT: SignedDuration = SignedDuration::from_hours(3 * 24);
/// So far one walk goes back: 100,000 attempts.
const MOST_PAGES: usize = 1_000;

/// What a walk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Walk {
    /// Requests for pages of the log.
    pub pages: usize,
    /// Attempts that were looked at.
    pub walked: usize,
    /// Deliveries that had not arrived and were stored.
    pub replayed: usize,
    /// The log does not reach back to where the last walk was: GitHub has forgotten what came between.
    pub gap: bool,
}

/// What the log says so far. Takes attempts in any order.
#[derive(Debug, Default)]
struct Log {
    delivered: HashSet<DeliveryId>,
    /// By delivery, its newest attempt and when the first one was.
    missed: HashMap<DeliveryId, (Attempt, Timestamp)>,
    newest: Option<Timestamp>,
    /// When the oldest attempt was made of which nobody knows yet what comes of it.
    undecided: Option<Timestamp>,
}

impl Log {
    fn add(&mut self, attempt: Attempt, now: Timestamp) {
        let at = attempt.delivered_at;
        self.newest = self.newest.max(Some(at));
        // What is not handled was never to be stored.
        if !webhook::is_handled(&attempt.event, attempt.action.as_deref()) {
            return;
        }
        if attempt.is_delivered() {
            self.missed.remove(&attempt.guid);
            self.delivered.insert(attempt.guid);
        } else if attempt.is_under_way() && now.duration_since(at) < UNDER_WAY {
            self.hold(at);
        } else if !self.delivered.contains(&attempt.guid) {
            let first = self.missed.get(&attempt.guid).map_or(at, |(_, first)| at.min(*first));
            let newest = self.missed.remove(&attempt.guid).map(|(known, _)| known).filter(|known| known.id > attempt.id);
            self.missed.insert(attempt.guid.clone(), (newest.unwrap_or(attempt), first));
        }
    }

    /// The next walk looks at what was attempted at `at` again.
    fn hold(&mut self, at: Timestamp) {
        self.undecided = Some(self.undecided.map_or(at, |known| known.min(at)));
    }

    /// What never arrived, oldest first.
    fn missed(&mut self) -> Vec<(Attempt, Timestamp)> {
        let mut missed: Vec<_> = self.missed.drain().map(|(_, missed)| missed).collect();
        missed.sort_by(|(a, first_a), (b, first_b)| (first_a, a.id).cmp(&(first_b, b.id)));
        missed
    }

    /// Before this, everything is settled; `now` is when the walk began.
    fn mark(&self, before: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let mark = (now - SKEW).max(self.newest.max(before).unwrap_or(Timestamp::MIN));
        self.undecided.map_or(mark, |undecided| mark.min(undecided))
    }
}

impl Worker {
    /// Walks the log from its newest attempt back to where the last walk was, and stores what never arrived.
    ///
    /// # Errors
    ///
    /// [`Stop::Busy`] while another process walks. After any other error the next walk begins where this one did; what it
    /// has stored is known then.
    pub async fn walk_deliveries(&self) -> Result<Walk, Stop> {
        leased(self, LEASE.to_owned(), async |_| self.walk().await).await
    }

    async fn walk(&self) -> Result<Walk, Stop> {
        let began = self.now();
        let mark = read_time(self.store.cursor(CURSOR).await?)?;
        let until = mark.map(|mark| mark - OVERLAP);
        let (mut walk, mut log) = (Walk::default(), Log::default());
        let mut next = None;
        loop {
            let page = self.github.list_deliveries(next.take()).await?;
            walk.pages += 1;
            let reached = page.attempts.last().is_some_and(|oldest| until.is_some_and(|until| oldest.delivered_at < until));
            let new = page.attempts.into_iter().filter(|attempt| until.is_none_or(|until| attempt.delivered_at >= until));
            for attempt in new {
                walk.walked += 1;
                log.add(attempt, began);
            }
            match page.next.filter(|_| !reached) {
                Some(_) if walk.pages >= MOST_PAGES => {
                    tracing::warn!(pages = walk.pages, "the delivery log is too long to be walked to its end");
                    walk.gap = true;
                    break;
                }
                Some(url) => next = Some(url),
                None => {
                    walk.gap = !reached && until.is_some_and(|until| began.duration_since(until) > KEPT);
                    break;
                }
            }
        }
        metrics::counter!("followthrough_recovery_deliveries_walked_total").increment(walk.walked as u64);
        let missed = log.missed();
        let ids: Vec<DeliveryId> = missed.iter().map(|(attempt, _)| attempt.guid.clone()).collect();
        let known = self.store.known_deliveries(&ids).await?;
        for (attempt, first) in missed.into_iter().filter(|(attempt, _)| !known.contains(&attempt.guid)) {
            match self.replay(&attempt, first).await {
                Ok(true) => walk.replayed += 1,
                Ok(false) => {}
                // It may be understood the next time, and must not keep the others.
                Err(Stop::GitHub(error @ github::Error::Malformed { .. })) => {
                    tracing::warn!(delivery = %attempt.guid, event = attempt.event, %error, "a missed delivery cannot be read yet");
                    log.hold(first);
                }
                Err(Stop::GitHub(error @ (github::Error::NotFound { .. } | github::Error::TooLarge { .. }))) => {
                    tracing::warn!(delivery = %attempt.guid, event = attempt.event, %error, "a missed delivery cannot be read any more");
                }
                Err(stop) => return Err(stop),
            }
        }
        self.store.set_cursor(CURSOR, &log.mark(mark, began).to_string(), began).await?;
        Ok(walk)
    }

    /// Stores one delivery as if it had arrived; gives whether it was new.
    async fn replay(&self, attempt: &Attempt, first: Timestamp) -> Result<bool, Stop> {
        let loaded = self.github.load_delivery(attempt.id).await?;
        let body = body_of(&loaded.payload).ok_or_else(|| github::Error::malformed("a delivery without a payload"))?;
        let received = self
            .store
            .receive(Delivery {
                id: attempt.guid.clone(),
                event: attempt.event.clone(),
                action: attempt.action.clone(),
                installation: attempt.installation_id,
                // What happened later must not be undone by what is only heard of later.
                received_at: first.min(self.now()),
                body: body.into(),
            })
            .await?;
        let is_new = received == Received::New;
        if is_new {
            metrics::counter!("followthrough_recovery_deliveries_replayed_total").increment(1);
            tracing::info!(delivery = %attempt.guid, event = attempt.event, action = attempt.action, status = attempt.status, "a missed delivery is replayed");
        }
        Ok(is_new)
    }
}

/// The payload as it was sent: a JSON object, or (where the webhook's content type is that of forms) one in a text.
fn body_of(payload: &Value) -> Option<Vec<u8>> {
    match payload {
        Value::Object(_) => serde_json::to_vec(payload).ok(),
        Value::String(text) => {
            serde_json::from_str::<serde_json::Map<String, Value>>(text).ok().map(|_| text.clone().into_bytes())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("in range")
    }

    fn attempt(id: u64, guid: &str, second: i64, status: &str, status_code: u16) -> Attempt {
        Attempt {
            id,
            guid: DeliveryId::new(guid),
            delivered_at: at(second),
            redelivery: false,
            duration: 0.0,
            status: status.to_owned(),
            status_code,
            event: "push".to_owned(),
            action: None,
            installation_id: None,
            repository_id: None,
        }
    }

    fn log(attempts: &[Attempt]) -> Log {
        let mut log = Log::default();
        attempts.iter().for_each(|attempt| log.add(attempt.clone(), at(1_000)));
        log
    }

    fn guids(log: &mut Log) -> Vec<(String, u64)> {
        log.missed().into_iter().map(|(attempt, _)| (attempt.guid.0, attempt.id)).collect()
    }

    #[test]
    fn a_delivery_is_missed_when_none_of_its_attempts_was_answered_well() {
        let attempts = [
            attempt(6, "redelivered in vain", 900, "timed out", 0),
            attempt(5, "redelivered", 800, "OK", 202),
            attempt(4, "arrived, then redelivered in vain", 700, "Invalid HTTP Response: 500", 500),
            attempt(3, "redelivered in vain", 300, "failed to connect to host", 0),
            attempt(2, "redelivered", 200, "Invalid HTTP Response: 502", 502),
            attempt(1, "arrived, then redelivered in vain", 100, "OK", 200),
        ];
        for order in [attempts.to_vec(), attempts.iter().rev().cloned().collect()] {
            let mut log = log(&order);
            assert_eq!(guids(&mut log), [("redelivered in vain".to_owned(), 6)]);
            assert_eq!(log.mark(None, at(1_000)), at(900));
        }
    }

    #[test]
    fn what_is_not_handled_is_passed_over_and_the_rest_is_in_order() {
        let star = Attempt { event: "star".to_owned(), ..attempt(9, "star", 10, "timed out", 0) };
        let mut log = log(&[star, attempt(8, "b", 9, "timed out", 0), attempt(7, "a", 8, "timed out", 0)]);
        assert_eq!(guids(&mut log), [("a".to_owned(), 7), ("b".to_owned(), 8)]);
    }

    #[test]
    fn what_is_under_way_holds_the_mark_but_not_for_ever() {
        let mut recent = log(&[attempt(2, "b", 950, "OK", 200), attempt(1, "a", 900, "pending", 0)]);
        assert_eq!((guids(&mut recent), recent.mark(Some(at(100)), at(1_000))), (vec![], at(900)));
        let mut old = log(&[attempt(2, "b", 950, "OK", 200), attempt(1, "a", 100, "pending", 0)]);
        assert_eq!((guids(&mut old), old.mark(None, at(1_000))), (vec![("a".to_owned(), 1)], at(950)));
    }

    #[test]
    fn the_mark_moves_on_in_quiet_times_and_never_back() {
        assert_eq!(log(&[]).mark(Some(at(5)), at(1_000)), at(820));
        assert_eq!(log(&[]).mark(Some(at(990)), at(1_000)), at(990));
        assert_eq!(log(&[]).mark(None, at(1_000)), at(820));
    }

    #[test]
    fn a_payload_is_an_object_or_a_text_of_one() {
        assert_eq!(body_of(&serde_json::json!({"a": 1})), Some(br#"{"a":1}"#.to_vec()));
        assert_eq!(body_of(&serde_json::json!("{\"a\": 1}")), Some(br#"{"a": 1}"#.to_vec()));
        for other in [Value::Null, serde_json::json!([]), serde_json::json!("x"), serde_json::json!("[]")] {
            assert_eq!(body_of(&other), None, "{other}");
        }
    }
}
