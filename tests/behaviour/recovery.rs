//! What GitHub said while nobody listened: the App's delivery log is walked and what never arrived is replayed, once.

use followthrough::{
    demo::github::{Fault, Matching, PendingDelivery},
    jobs::Stop,
    store::InstallationState,
};

use crate::{
    databases::Database,
    over_both::over_both,
    world::{World, titles},
};

const ITEMS: [&str; 2] = ["Alert when fewer than 98 % of checkouts succeed", "Keep the pool's size in its own file."];

/// Requests for pages of the log, and for single deliveries, since the last call of `forget_requests`.
fn asked(world: &World) -> (usize, usize) {
    let requests = world.github.requests();
    let log = requests.iter().filter(|request| request.path.starts_with("/app/hook/deliveries"));
    let (pages, single): (Vec<_>, Vec<_>) = log.partition(|request| !request.path.starts_with("/app/hook/deliveries/"));
    (pages.len(), single.len())
}

/// As many deliveries in the log that arrived.
async fn deliver_others(world: &World, times: usize) {
    world.propose(&[("notes/a.md", "# Notes\n")]);
    let about = pending(world);
    world.settle().await;
    for _ in 0..times {
        world.github.send(&world.github.copy_under_new_guid(&about)).await;
    }
    world.settle().await;
}

/// The last delivery about a pull request that was not sent yet.
fn pending(world: &World) -> PendingDelivery {
    world.github.pending_deliveries().into_iter().rfind(|delivery| delivery.event == "pull_request").unwrap()
}

/// Everybody is told that the issues are there once.
fn assert_filed_once(world: &World) {
    assert_eq!(titles(&world.filed()), ITEMS);
    assert_eq!(world.github.unexpected_requests(), Vec::<String>::new());
}

/// A merge is answered with `status`, or not at all.
async fn catch_up(database: &Database, status: Option<u16>) {
    let mut world = World::start(database).await;
    let number = world.opened().await;
    world.app.merge(number);
    match status {
        None => world.github.fail_pending(),
        Some(status) => world.github.fail_pending_with(status),
    }
    world.restart(database).await;
    let walk = world.worker.walk_deliveries().await.unwrap();
    assert!(walk.replayed > 0 && walk.pages == 1, "{walk:?}");
    world.settle().await;
    assert_filed_once(&world);
    world.github.forget_requests();
    assert_eq!(world.worker.walk_deliveries().await.unwrap().replayed, 0);
    assert_eq!(asked(&world), (1, 0), "what was replayed is known");
    world.settle().await;
    assert_filed_once(&world);
}

over_both! {
    async fn a_merge_while_the_service_was_down_is_caught_up_on_at_start(database: Database) {
        catch_up(&database, None).await;
    }

    async fn a_merge_that_a_proxy_kept_back_is_caught_up_on(database: Database) {
        catch_up(&database, Some(502)).await;
    }

    async fn a_merge_that_was_turned_away_for_a_wrong_secret_is_caught_up_on(database: Database) {
        catch_up(&database, Some(401)).await;
    }

    async fn what_arrived_is_not_replayed_nor_asked_for(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.merged(number).await;
        world.github.forget_requests();
        let walk = world.worker.walk_deliveries().await.unwrap();
        assert_eq!((walk.replayed, asked(&world)), (0, (1, 0)));
        assert!(walk.walked > 0);
        world.settle().await;
        assert_eq!(world.writes(), Vec::<String>::new());
        assert_filed_once(&world);
    }

    async fn what_is_redelivered_as_well_is_done_once(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.app.merge(number);
        let missed = world.github.pending_deliveries();
        world.github.fail_pending();
        world.worker.walk_deliveries().await.unwrap();
        for delivery in &missed {
            let answer = world.github.send(delivery).await;
            let is_handled = matches!(delivery.event.as_str(), "pull_request" | "push");
            assert_eq!(answer.status_code, if is_handled { 200 } else { 202 }, "{delivery:?}");
        }
        world.settle().await;
        assert_filed_once(&world);
    }

    async fn a_walk_reads_no_more_than_what_is_new(database: Database) {
        let world = World::start(&database).await;
        deliver_others(&world, 250).await;
        world.later(600).await;
        assert!(world.worker.walk_deliveries().await.unwrap().pages >= 3, "the first goes to the end of the log");
        world.later(600).await;
        world.github.forget_requests();
        assert_eq!(world.worker.walk_deliveries().await.unwrap().pages, 1);
        let number = world.opened().await;
        world.later(600).await;
        world.app.merge(number);
        world.github.fail_pending();
        assert!(world.worker.walk_deliveries().await.unwrap().replayed > 0);
        assert_eq!(asked(&world).0, 2);
        world.settle().await;
        assert_filed_once(&world);
    }

    async fn a_walk_that_fails_midway_loses_nothing(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.app.merge(number);
        world.github.fail_pending();
        world.later(300).await;
        deliver_others(&world, 120).await;
        // Not tried again within the request: the second page, then the second delivery.
        for (path, nth) in [("/app/hook/deliveries", 2), ("/app/hook/deliveries/", 2)] {
            world.github.faults().nth(nth, Matching::rest("GET", path), Fault::SecondaryLimit { retry_after: Some(30) });
            let stopped = world.worker.walk_deliveries().await;
            assert!(matches!(stopped, Err(Stop::GitHub(_))), "{stopped:?}");
            assert_eq!(world.github.faults().pending(), 0);
            world.later(60).await;
        }
        world.worker.walk_deliveries().await.unwrap();
        world.settle().await;
        assert_filed_once(&world);
        world.later(600).await;
        assert_eq!(world.worker.walk_deliveries().await.unwrap().replayed, 0);
    }

    async fn events_that_are_not_handled_are_passed_over(database: Database) {
        let world = World::start(&database).await;
        world.opened().await;
        world.propose(&[("notes/a.md", "# Notes\n")]);
        world.github.rearrange_pending(|pending| {
            for (delivery, (event, action)) in pending.iter_mut().zip([("star", "created"), ("pull_request", "labeled")]) {
                (delivery.event, delivery.action) = (event.to_owned(), Some(action.to_owned()));
            }
            pending.truncate(2);
        });
        world.github.fail_pending();
        world.github.forget_requests();
        let walk = world.worker.walk_deliveries().await.unwrap();
        assert_eq!((walk.replayed, asked(&world)), (0, (1, 0)));
    }

    async fn what_is_under_way_is_left_for_the_next_walk(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.app.merge(number);
        world.github.leave_under_way();
        assert_eq!(world.worker.walk_deliveries().await.unwrap().replayed, 0);
        world.later(300).await;
        assert_eq!(world.worker.walk_deliveries().await.unwrap().replayed, 0);
        // It came to nothing: the mark has waited for it.
        world.later(600).await;
        assert!(world.worker.walk_deliveries().await.unwrap().replayed > 0);
        world.settle().await;
        assert_filed_once(&world);
    }

    async fn one_walks_at_a_time(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.app.merge(number);
        world.github.fail_pending();
        let walks = futures_util::future::join_all((0..4).map(|_| world.worker.walk_deliveries())).await;
        let busy = walks.iter().filter(|walk| matches!(walk, Err(Stop::Busy(_)))).count();
        assert!(busy + walks.iter().flatten().count() == 4, "{walks:?}");
        world.settle().await;
        assert_filed_once(&world);
    }

    async fn what_is_heard_of_late_does_not_undo_what_happened_later(database: Database) {
        let world = World::start(&database).await;
        let acme = world.github.organization("acme");
        acme.suspend();
        world.github.fail_pending();
        world.later(60).await;
        acme.unsuspend();
        world.settle().await;
        world.later(60).await;
        assert_eq!(world.worker.walk_deliveries().await.unwrap().replayed, 1);
        world.settle().await;
        let states: Vec<_> = world.worker.store.installations().await.unwrap().into_iter().map(|found| found.state).collect();
        assert_eq!(states, [InstallationState::Active]);
    }

    async fn one_that_the_log_does_not_have_any_more_keeps_nothing(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.app.merge(number);
        let mut gone = world.github.copy_under_new_guid(&pending(&world));
        gone.event = "push".to_owned();
        world.github.rearrange_pending(|pending| pending.insert(0, gone));
        world.github.fail_pending();
        world.later(600).await;
        world.github.faults().next(Matching::rest("GET", "/app/hook/deliveries/"), Fault::NotFound);
        world.worker.walk_deliveries().await.unwrap();
        world.settle().await;
        assert_filed_once(&world);
        world.github.forget_requests();
        world.later(600).await;
        world.worker.walk_deliveries().await.unwrap();
        assert_eq!(asked(&world), (1, 0), "it is not asked for again");
    }
}
