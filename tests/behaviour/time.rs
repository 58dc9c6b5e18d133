//! Clocks that jump, days that are special, and deliveries from the future.

use followthrough::{ids::DeliveryId, store::Delivery};
use jiff::SignedDuration;

use crate::{
    databases::Database,
    intake::{SECRET, post, signature},
    over_both::over_both,
    world::{DOCUMENT, PATH, World},
};

const HOUR: i64 = 3_600;

over_both! {
    async fn a_clock_that_was_ahead_and_is_put_right_holds_nothing_up(database: Database) {
        let world = World::start(&database).await;
        // Stored, marked and queued while the clock was years ahead, worked on when it is right.
        world.set_clock(24 * 400 * HOUR);
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.github.deliver_all().await;
        world.set_clock(-24 * 400 * HOUR);
        world.settle().await;
        assert!(world.comment(number).body.contains("2 issues will open"));
        world.set_clock(2 * HOUR);
        world.app.merge(number);
        world.github.deliver_all().await;
        while world.worker.dispatch_pending().await.unwrap() > 0 {}
        world.set_clock(-2 * HOUR);
        world.settle().await;
        world.later(60).await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn work_that_failed_because_the_clock_was_wrong_is_done_when_it_is_right(database: Database) {
        let world = World::start(&database).await;
        // GitHub takes no credentials that were signed in another year.
        world.set_clock(24 * 400 * HOUR);
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.settle().await;
        assert_eq!(world.app.comments(number).len(), 0, "GitHub refused");
        assert_eq!(world.worker.store.list_failures(10).await.unwrap().len(), 1, "which is seen");
        world.set_clock(-24 * 400 * HOUR);
        world.later(1).await;
        assert!(world.comment(number).body.contains("2 issues will open"));
        assert_eq!(world.worker.store.list_failures(10).await.unwrap(), []);
    }

    async fn what_a_dead_process_held_is_free_although_the_clock_was_set_back(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.github.deliver_all().await;
        let (store, now) = (&world.worker.store, world.worker.now());
        // Its claim on the delivery and its lease on the repository, neither given back.
        assert_eq!(store.claim_deliveries(now, now + SignedDuration::from_secs(5), 50).await.unwrap().len(), 2);
        let lease = store.acquire_lease("somebody's", "dead", std::time::Duration::from_secs(6), now).await.unwrap().unwrap();
        world.set_clock(-2 * HOUR);
        let now = world.worker.now();
        assert!(store.acquire_lease("somebody's", "alive", std::time::Duration::from_secs(6), now).await.unwrap().is_some());
        assert!(!store.holds(&lease, now).await.unwrap(), "and the dead one's fences nothing any more");
        world.settle().await;
        world.comment(number);
    }

    async fn a_lease_is_not_taken_from_somebody_whose_clock_differs_by_seconds(database: Database) {
        let world = World::start(&database).await;
        let (store, now) = (&world.worker.store, world.worker.now());
        let ttl = std::time::Duration::from_secs(6);
        let lease = store.acquire_lease("somebody's", "one", ttl, now).await.unwrap().unwrap();
        let behind = now - SignedDuration::from_secs(10);
        assert!(store.acquire_lease("somebody's", "other", ttl, behind).await.unwrap().is_none());
        assert!(store.holds(&lease, behind).await.unwrap());
    }

    async fn what_is_forgotten_too_early_is_not_done_twice(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.merged(number).await;
        // A clock that is ahead for a moment makes every delivery old enough to be forgotten.
        world.set_clock(24 * 400 * HOUR);
        world.worker.upkeep().await.unwrap();
        world.set_clock(-24 * 400 * HOUR);
        assert_eq!(world.worker.store.delivery_counts().await.unwrap().done, 0);
        world.github.forget_requests();
        let again = crate::review::pending(&world.delivery_about(number));
        assert_eq!(world.github.send(&again).await.status_code, 202, "it is taken for new");
        world.settle().await;
        assert_eq!(world.writes(), Vec::<String>::new());
        assert_eq!((world.filed().len(), world.app.comments(number).len()), (2, 1));
    }

    async fn a_delivery_from_the_future_is_one_like_any_other(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        let opened = world.delivery_about(number);
        for (index, when) in ["2999-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2028-02-29T23:59:60Z", "2026-03-29T02:30:00+01:00"].into_iter().enumerate() {
            let mut payload = opened.payload.clone();
            for field in ["created_at", "updated_at", "closed_at", "merged_at"] {
                payload["pull_request"][field] = when.into();
            }
            payload["repository"]["pushed_at"] = when.into();
            let body = payload.to_string();
            let id = format!("future-{index}");
            let signed = signature(SECRET, body.as_bytes());
            let headers = [("x-github-event", "pull_request"), ("x-github-delivery", id.as_str()), ("x-hub-signature-256", signed.as_str())];
            assert_eq!(post(&world.url, &headers, body.into_bytes()).await.0, 202, "{when}");
        }
        // By a replica whose clock is a day ahead.
        let ahead = Delivery {
            id: DeliveryId::new("ahead"),
            event: "pull_request".to_owned(),
            action: Some("opened".to_owned()),
            installation: None,
            received_at: world.worker.now() + SignedDuration::from_hours(24),
            body: opened.payload.to_string().into(),
        };
        world.worker.store.receive(ahead).await.unwrap();
        world.settle().await;
        let counts = world.worker.store.delivery_counts().await.unwrap();
        assert_eq!((counts.pending, counts.failed), (0, 0));
        world.comment(number);
    }

    async fn leap_days_and_changes_of_the_clock_are_days_like_others(database: Database) {
        let world = World::start(&database).await;
        world.configure("file: { due: { S1: 1d, S2: 365d, S3: 1w } }\n");
        let branch = std::cell::Cell::new(0);
        for (severity, date, due) in [
            ("S1", "2028-02-28", "2028-02-29"),
            ("S1", "2028-02-29", "2028-03-01"),
            ("S2", "2028-02-29", "2029-02-28"),
            ("S1", "2027-02-28", "2027-03-01"),
            ("S3", "2027-03-25", "2027-04-01"),
            ("S3", "2027-10-28", "2027-11-04"),
            ("S1", "2027-12-31", "2028-01-01"),
            ("S1", "9999-12-31", ""),
        ] {
            branch.set(branch.get() + 1);
            let text = format!("---\nseverity: {severity}\ndate: {date}\n---\n\n# Outage\n\n## Action items\n\n- [ ] Mend the valve number {}\n", branch.get());
            let number = world.propose(&[(&format!("postmortems/day-{}.md", branch.get()), &text)]);
            world.settle().await;
            let shown = world.comment(number).body;
            assert!(shown.contains(&format!("| {due} ")) || (due.is_empty() && shown.contains("opens an issue")), "{date}: {shown}");
        }
    }
}
