//! Back from GitHub: what people and other bots do to issues and cards shows in the comment, and the newest act wins.

use followthrough::demo::github::{Change, IssueEdit, IssueState, PendingDelivery, StateReason};

use crate::{
    databases::Database,
    over_both::over_both,
    story::{ALERT, DRILL, OURS, POOL, Story, postmortem, ticked},
    world::{PATH, World},
};

fn renamed(title: &str) -> IssueEdit {
    IssueEdit { title: Some(title.to_owned()), body: None }
}

/// The newest delivery of a push.
fn last_push(story: &Story<'_>) -> PendingDelivery {
    let pushed = story.world.github.deliveries().into_iter().rfind(|delivery| delivery.event == "push").unwrap();
    story.world.github.copy_under_new_guid(&crate::review::pending(&pushed))
}

over_both! {
    async fn an_issue_that_a_person_closes_is_shown_as_done_and_left_alone(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        assert!(!story.shown().contains("· done"), "{}", story.shown());
        story.repository.close_issue_as("grace-example", story.issues[0]);
        story.repository.close_issue_because("grace-example", story.issues[1], StateReason::NotPlanned);
        story.settle().await;
        assert!(story.shown_of(0).contains("· done"), "{}", story.shown());
        assert!(story.shown_of(1).contains("· not planned"), "{}", story.shown());
        assert!(story.shown_of(2).contains("· Triage"), "{}", story.shown());
        assert!(story.shown().contains("**Merged: 3 issues opened, 2 closed.**"), "the first sentence counts: {}", story.shown());
        (0..3).for_each(|item| story.said_nothing(item));
        story.repository.reopen_issue_as("grace-example", story.issues[0]);
        story.settle().await;
        assert!(!story.shown_of(0).contains("· done"), "{}", story.shown());
        story.assert_open(0);
        story.assert_closed(1, StateReason::NotPlanned);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn another_bots_closing_counts_as_anyones(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.close_issue_because("stale-example[bot]", story.issues[0], StateReason::NotPlanned);
        story.settle().await;
        assert!(story.shown_of(0).contains("· not planned"), "{}", story.shown());
        story.pushed(&[&ALERT.replace("2026-12-01", "2026-12-24"), POOL, DRILL]).await;
        story.assert_closed(0, StateReason::NotPlanned);
        story.said_nothing(0);
    }

    async fn an_issue_that_a_merged_pull_request_closes_is_shown_as_done(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.commit("fix", "Alert on checkouts", &[Change::write("alerts.yml", "checkouts: 98\n")]);
        let fix = story.repository.open_pull_request("grace-example", "fix", "Alert on checkouts", &format!("Fixes #{}", story.issues[0]));
        story.repository.merge(fix);
        story.settle().await;
        story.assert_closed(0, StateReason::Completed);
        assert!(story.shown_of(0).contains("· done"), "{}", story.shown());
        story.said_nothing(0);
    }

    async fn a_retitled_issue_is_shown_with_its_title(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.edit_issue_as("grace-example", story.issues[0], renamed("Alerting on checkouts"));
        story.settle().await;
        assert_eq!(story.issue(0).title, "Alerting on checkouts");
        let shown = story.shown();
        assert!(shown.contains("Alerting on checkouts") && shown.contains("Alert when fewer than 98"), "{shown}");
        story.repository.edit_issue_as("grace-example", story.issues[0], renamed("Alert when fewer than 98 % of checkouts succeed"));
        story.settle().await;
        assert!(!story.shown().contains("Alerting on checkouts"), "{}", story.shown());
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_transferred_issue_is_followed_to_where_it_went(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let ops = world.github.quietly(|| world.github.repository("acme", "ops"));
        let number = story.repository.transfer_issue_as("grace-example", story.issues[0], &ops);
        story.settle().await;
        let shown = story.shown();
        assert!(shown.contains(&format!("/acme/ops/issues/{number})")), "{shown}");
        assert!(!shown.contains(&format!("/acme/app/issues/{})", story.issues[0])), "{shown}");
        let commit = story.pushed(&[&ticked(ALERT), POOL, DRILL]).await;
        let moved = ops.issue(number);
        assert_eq!((moved.state, moved.state_reason), (IssueState::Closed, Some(StateReason::Completed)));
        let said: Vec<_> = ops.comments(number).into_iter().filter(|comment| comment.body.contains(&commit[..7])).collect();
        assert_eq!(said.len(), 1);
        assert_eq!((story.filed().len(), ops.issues().len()), (2, 1), "it is nowhere twice");
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_deleted_issue_is_said_and_not_opened_again(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.delete_issue_as("grace-example", story.issues[0]);
        story.settle().await;
        assert!(story.shown().contains("deleted"), "{}", story.shown());
        story.pushed(&[&ALERT.replace("2026-12-01", "2026-12-24"), POOL, DRILL]).await;
        assert_eq!(story.repository.issues().len(), 2, "no new issue opens by itself");
        assert!(story.shown().contains("deleted"), "{}", story.shown());
        story.assert_open(1);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn who_is_assigned_is_peoples_business(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        assert_eq!(story.issue(0).assignees, ["ada-example"]);
        story.repository.assign_issue_as("ada-example", story.issues[0], &["grace-example"]);
        story.repository.assign_issue_as("ada-example", story.issues[1], &["grace-example"]);
        story.settle().await;
        story.pushed(&[&ALERT.replace("2026-12-01", "2026-12-24"), &format!("{POOL} (@ada-example)"), DRILL]).await;
        for item in [0, 1] {
            assert_eq!(story.issue(item).assignees, ["grace-example"]);
            story.said_nothing(item);
        }
        assert!(world.github.pings().iter().all(|ping| ping.by != OURS), "{:?}", world.github.pings());
    }

    async fn who_is_assigned_shows_in_the_comment(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.assign_issue_as("ada-example", story.issues[1], &["grace-example"]);
        story.settle().await;
        assert!(story.shown_of(1).contains("grace-example"), "{}", story.shown());
        assert!(world.github.pings().iter().all(|ping| ping.by != OURS), "{:?}", world.github.pings());
    }

    async fn a_moved_or_archived_card_shows_in_the_comment_and_stays(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let card = |item: usize| (&story.repository, story.issues[item]);
        story.board.move_as("grace-example", card(0), "Waiting for the vendor");
        story.board.archive_as("grace-example", card(1));
        story.settle().await;
        assert!(story.shown_of(0).contains("Waiting for the vendor"), "{}", story.shown());
        assert!(story.shown_of(1).contains("archived"), "{}", story.shown());
        story.board.restore_as("grace-example", card(1));
        story.board.remove_as("grace-example", card(2));
        story.settle().await;
        assert!(!story.shown_of(1).contains("archived"), "{}", story.shown());
        story.pushed(&[&ALERT.replace("2026-12-01", "2026-12-24"), POOL, DRILL]).await;
        let board = story.board.board();
        assert_eq!(board.items.len(), 2, "what was taken off stays off");
        assert_eq!((board.items[0].field("Status"), board.items[0].field("Due")), ("Waiting for the vendor", "2026-12-01"));
        story.nothing_comes_of_the_same_again().await;
    }

    async fn an_issue_that_a_person_reopens_stays_open_although_its_box_is_ticked(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.pushed(&[&ticked(ALERT), POOL, DRILL]).await;
        story.assert_closed(0, StateReason::Completed);
        story.said_once(0);
        story.pass(60);
        story.repository.reopen_issue_as("grace-example", story.issues[0]);
        story.settle().await;
        story.assert_open(0);
        assert!(!story.shown_of(0).contains("· done"), "{}", story.shown());
        // The older act once more, and a push that leaves the box as it was.
        world.github.send(&last_push(&story)).await;
        story.settle().await;
        story.assert_open(0);
        story.pushed(&[&ticked(ALERT), &POOL.replace("Keep the", "Keep every"), DRILL]).await;
        story.assert_open(0);
        story.said_once(0);
        // A newer act of the document.
        story.pushed(&[ALERT, POOL, DRILL]).await;
        story.assert_open(0);
        story.pushed(&[&ticked(ALERT), POOL, DRILL]).await;
        story.assert_closed(0, StateReason::Completed);
    }

    async fn an_issue_that_a_person_closes_reopens_only_by_a_newer_act_of_the_document(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.close_issue_as("grace-example", story.issues[0]);
        story.settle().await;
        // Its box was empty before and is empty now: that says nothing about the issue.
        story.pushed(&[&ALERT.replace("2026-12-01", "2026-12-24"), POOL, DRILL]).await;
        story.assert_closed(0, StateReason::Completed);
        story.said_nothing(0);
        story.pushed(&[&ticked(ALERT), POOL, DRILL]).await;
        story.assert_closed(0, StateReason::Completed);
        let unticked = story.pushed(&[ALERT, POOL, DRILL]).await;
        story.assert_open(0);
        let told = story.said(0);
        let loser: Vec<_> = told.iter().filter(|comment| comment.body.contains(&unticked[..7])).collect();
        assert_eq!(loser.len(), 1, "who closed it is told once: {told:#?}");
        story.pass(60);
        story.repository.close_issue_as("grace-example", story.issues[0]);
        story.settle().await;
        world.github.send(&last_push(&story)).await;
        story.settle().await;
        story.assert_closed(0, StateReason::Completed);
        assert_eq!(story.said(0).len(), told.len());
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_removed_item_whose_issue_is_closed_stays_as_it_is(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.close_issue_as("grace-example", story.issues[1]);
        story.settle().await;
        story.pushed(&[ALERT, DRILL]).await;
        story.assert_closed(1, StateReason::Completed);
        story.said_nothing(1);
    }

    async fn an_issue_that_a_person_reopens_after_its_item_left_stays_open(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.pushed(&[ALERT, DRILL]).await;
        story.assert_closed(1, StateReason::NotPlanned);
        story.pass(60);
        story.repository.reopen_issue_as("grace-example", story.issues[1]);
        story.settle().await;
        story.pushed(&[&ALERT.replace("2026-12-01", "2026-12-24"), DRILL]).await;
        story.assert_open(1);
        story.said_once(1);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn an_adopted_issue_closes_with_its_item_and_keeps_its_words(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let old = story.repository.create_issue_as("grace-example", "Retry payments", "Words of a person.");
        let linked = format!("- [ ] Retry a payment once (#{old})");
        story.pushed(&[ALERT, POOL, DRILL, &linked]).await;
        let back = story.repository.comments(old).len();
        assert_eq!(back, 1, "one link back");
        story.pushed(&[ALERT, POOL, DRILL, &linked.replace("once", "twice")]).await;
        let issue = story.repository.issue(old);
        assert_eq!((issue.title.as_str(), issue.body.as_str()), ("Retry payments", "Words of a person."));
        story.pushed(&[ALERT, POOL, DRILL, &ticked(&linked.replace("once", "twice"))]).await;
        assert_eq!(story.repository.issue(old).state_reason, Some(StateReason::Completed));
        assert_eq!(story.repository.comments(old).len(), 2, "the link back, and why it closed");
        story.pushed(&[ALERT, POOL, DRILL, &linked.replace("once", "twice")]).await;
        assert_eq!(story.repository.issue(old).state, IssueState::Open);
        story.pushed(&[ALERT, POOL, DRILL]).await;
        assert_eq!(story.repository.issue(old).state, IssueState::Open, "what people opened is theirs");
    }

    async fn events_of_other_issues_and_boards_cost_nothing(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let other = story.repository.create_issue_as("grace-example", "Something else", "Not ours.");
        story.settle().await;
        world.github.forget_requests();
        story.repository.close_issue_as("grace-example", other);
        story.repository.comment_as("grace-example", other, "Done.");
        story.board.add_as("grace-example", (&story.repository, other));
        story.board.move_as("grace-example", (&story.repository, other), "Waiting for the vendor");
        story.settle().await;
        assert_eq!(world.writes(), Vec::<String>::new());
        let requests: Vec<_> = world.github.requests().into_iter().filter(|request| request.is_api()).collect();
        assert!(requests.is_empty(), "{requests:#?}");
    }

    async fn a_change_is_found_although_its_delivery_was_lost(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.close_issue_as("grace-example", story.issues[1]);
        world.github.lose_pending();
        story.pushed(&[ALERT, POOL, &ticked(DRILL)]).await;
        assert!(story.shown_of(1).contains("· done"), "whoever looks, sees: {}", story.shown());
        story.assert_closed(1, StateReason::Completed);
    }

    async fn a_renamed_repository_is_followed(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.rename("ada-example", "shop");
        story.settle().await;
        story.commit(&[Change::write(PATH, postmortem(&[&ticked(ALERT), POOL, DRILL]))]).await;
        story.assert_closed(0, StateReason::Completed);
        assert_eq!(story.filed().len(), 3);
        assert!(story.shown_of(0).contains("· done"), "{}", story.shown());
    }
}
