//! What GitHub never said: everything is compared, a few times a day, with what was heard of.

use followthrough::demo::github::{Fault, IssueState, Matching};

use crate::{
    databases::Database,
    over_both::over_both,
    world::{DOCUMENT, PATH, World, titles},
};

const HOURS: i64 = 3_600;
const ITEMS: [&str; 2] = ["Alert when fewer than 98 % of checkouts succeed", "Keep the pool's size in its own file."];

/// Time passes until the next sweep; gives what it found to have been missed.
async fn swept(world: &World) -> usize {
    world.later(7 * HOURS).await;
    let sweep = world.worker.sweep_when_due(false).await.unwrap().expect("it is due");
    world.settle().await;
    assert_eq!(world.github.unexpected_requests(), Vec::<String>::new());
    sweep.missed
}

over_both! {
    async fn a_merge_that_was_never_told_is_found(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        assert_eq!(swept(&world).await, 0, "the first time it only looks where everything stands");
        world.later(HOURS).await;
        world.app.merge(number);
        assert!(world.github.lose_pending() > 0);
        assert_eq!(world.worker.sweep_when_due(false).await.unwrap(), None, "it is not due yet");
        assert_eq!(world.worker.walk_deliveries().await.unwrap().replayed, 0);
        assert_eq!(world.filed().len(), 0);
        assert!(swept(&world).await > 0);
        assert_eq!(titles(&world.filed()), ITEMS);
        assert_eq!(swept(&world).await, 0);
        assert_eq!(titles(&world.filed()), ITEMS);
    }

    async fn a_pull_request_that_was_never_told_is_found(database: Database) {
        let world = World::start(&database).await;
        swept(&world).await;
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.github.lose_pending();
        assert_eq!(swept(&world).await, 1);
        assert!(world.comment(number).body.contains("2 issues will open"), "{}", world.comment(number).body);
        assert_eq!(swept(&world).await, 0);
    }

    async fn a_push_that_was_never_told_is_found(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.merged(number).await;
        swept(&world).await;
        world.app.push("main", PATH, &DOCUMENT.replace("- [ ] Alert", "- [x] Alert"));
        world.github.lose_pending();
        assert_eq!(swept(&world).await, 1);
        let filed = world.filed();
        assert_eq!(filed.iter().filter(|issue| issue.state == IssueState::Closed).count(), 1);
        assert_eq!(filed.len(), 2);
    }

    async fn what_was_heard_of_is_not_looked_at_again(database: Database) {
        let world = World::start(&database).await;
        swept(&world).await;
        let number = world.opened().await;
        world.merged(number).await;
        world.later(120).await;
        world.github.forget_requests();
        assert_eq!(swept(&world).await, 0);
        assert_eq!(world.writes(), Vec::<String>::new());
        let asked: Vec<String> = world.github.requests().into_iter().map(|request| request.path).collect();
        assert!(asked.len() <= 4, "{asked:?}");
    }

    async fn what_was_merged_before_it_was_first_seen_is_left_to_backfill(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.app.merge(number);
        world.github.lose_pending();
        swept(&world).await;
        world.app.comment_as("ada-example", number, "Well done.");
        world.github.lose_pending();
        assert_eq!(swept(&world).await, 0);
        assert_eq!(world.filed().len(), 0);
    }

    async fn a_sweep_that_fails_is_done_again(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        swept(&world).await;
        world.app.merge(number);
        world.github.lose_pending();
        world.later(7 * HOURS).await;
        world.github.faults().next(Matching::rest("GET", "/installation/repositories"), Fault::SecondaryLimit { retry_after: Some(30) });
        assert!(world.worker.sweep_when_due(false).await.is_err());
        world.later(60).await;
        assert!(world.worker.sweep_when_due(false).await.unwrap().expect("it is due").missed > 0);
        world.settle().await;
        assert_eq!(titles(&world.filed()), ITEMS);
    }
}
