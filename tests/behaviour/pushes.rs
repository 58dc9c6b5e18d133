//! Pushes to the default branch, with and without a pull request: the same issues follow the document.

use followthrough::demo::github::{Change, Fault, IssueEdit, IssueState, Matching, StateReason};

use crate::{
    databases::Database,
    over_both::over_both,
    story::{ALERT, DRILL, OURS, POOL, Story, postmortem, struck, ticked},
    world::{PATH, World, titles},
};

const ELSEWHERE: &str = "postmortems/2026-11-21-search.md";

over_both! {
    async fn a_reworded_item_renames_its_issue_and_rewrites_the_marked_region(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let before = story.issue(0);
        let reworded = ALERT.replace("Alert when fewer than", "Page somebody when fewer than").replace("2026-12-01", "2026-12-24");
        let commit = story.pushed(&[&reworded, POOL, DRILL]).await;
        let after = story.issue(0);
        assert_eq!(after.title, "Page somebody when fewer than 98 % of checkouts succeed");
        assert!(after.body.contains("Page somebody when") && after.body.contains("2026-12-24"), "{}", after.body);
        assert!(!after.body.contains("Alert when") && !after.body.contains("2026-12-01"), "{}", after.body);
        assert!(after.body.contains(&format!("/blob/{commit}/{PATH}")), "a link to the lines as they are now: {}", after.body);
        assert_eq!((after.state, &after.assignees, &after.labels), (before.state, &before.assignees, &before.labels));
        assert_eq!(story.filed().len(), 3);
        story.said_nothing(0);
        assert!(story.shown().contains("Page somebody when fewer than 98"), "{}", story.shown());
        story.nothing_comes_of_the_same_again().await;
    }

    async fn words_of_people_around_the_marked_region_stay(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let body = format!("Seen by Grace.\n\n{}\n\n- [ ] Ask the vendor\n", story.issue(0).body);
        story.repository.edit_issue_as("grace-example", story.issues[0], IssueEdit { title: None, body: Some(body) });
        story.settle().await;
        story.pushed(&[&ALERT.replace("2026-12-01", "2026-12-24"), POOL, DRILL]).await;
        let body = story.issue(0).body;
        assert!(body.starts_with("Seen by Grace.\n\n") && body.ends_with("\n\n- [ ] Ask the vendor\n"), "{body}");
        assert!(body.contains("2026-12-24") && !body.contains("2026-12-01"), "{body}");
    }

    async fn a_marked_region_that_a_person_took_out_does_not_come_back(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let words = Some("All in my own words.".to_owned());
        story.repository.edit_issue_as("grace-example", story.issues[0], IssueEdit { title: None, body: words.clone() });
        story.settle().await;
        story.pushed(&[&ALERT.replace("2026-12-01", "2026-12-24"), POOL, DRILL]).await;
        assert_eq!(Some(story.repository.issue(story.issues[0]).body), words);
        assert_eq!(story.repository.issues().len(), 3, "and no other issue opens for it");
    }

    async fn a_title_that_a_person_changed_stays_and_the_comment_shows_both(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let edit = IssueEdit { title: Some("Alerting on checkouts".to_owned()), body: None };
        story.repository.edit_issue_as("grace-example", story.issues[0], edit);
        story.settle().await;
        story.pushed(&[&ALERT.replace("Alert when", "Page somebody when"), POOL, DRILL]).await;
        assert_eq!(story.issue(0).title, "Alerting on checkouts");
        assert!(story.issue(0).body.contains("Page somebody when"), "{}", story.issue(0).body);
        let shown = story.shown();
        assert!(shown.contains("Page somebody when") && shown.contains("Alerting on checkouts"), "{shown}");
    }

    async fn an_added_item_is_opened_with_a_link_to_the_pushed_commit(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let added = "- [ ] Write down who looks after the payment gateway";
        let commit = story.pushed(&[ALERT, added, POOL, DRILL]).await;
        let filed = story.filed();
        assert_eq!(titles(&filed).last(), Some(&"Write down who looks after the payment gateway"));
        assert_eq!(filed.len(), 4);
        assert!(filed[3].body.contains(&format!("/blob/{commit}/{PATH}?plain=1#L10")), "{}", filed[3].body);
        assert_eq!(story.board.board().column("Triage").len(), 4);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_document_that_was_pushed_without_a_pull_request_is_filed_and_followed(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let text = postmortem(&["- [ ] Rebuild the index every night", "- [ ] Limit the length of queries"]);
        story.commit(&[Change::write(ELSEWHERE, text.as_str())]).await;
        let filed = story.filed();
        assert_eq!(titles(&filed)[3..], ["Rebuild the index every night", "Limit the length of queries"]);
        story.commit(&[Change::write(ELSEWHERE, ticked(&text))]).await;
        let first = story.repository.issue(filed[3].number);
        assert_eq!((first.state, first.state_reason), (IssueState::Closed, Some(StateReason::Completed)));
        assert_eq!(story.filed().len(), 5);
    }

    async fn ticked_struck_and_done_items_close_as_completed_with_one_comment_naming_the_commit(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let commit = story.pushed(&[&ticked(ALERT), &struck(POOL, ""), &format!("{DRILL} — DONE")]).await;
        for item in 0..3 {
            story.assert_closed(item, StateReason::Completed);
            assert!(story.said_once(item).contains(&commit[..7]), "{}", story.said_once(item));
            assert!(story.shown_of(item).contains("· done"), "{}", story.shown());
        }
        assert_eq!(titles(&story.filed()).len(), 3);
        assert_eq!(story.issue(1).title, "Keep the pool's size in its own file", "a mark does not reword an item");
        story.nothing_comes_of_the_same_again().await;
    }

    async fn an_unticked_item_reopens_its_issue(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.pushed(&[&ticked(ALERT), POOL, DRILL]).await;
        story.assert_closed(0, StateReason::Completed);
        story.pushed(&[ALERT, POOL, DRILL]).await;
        story.assert_open(0);
        assert!(!story.shown_of(0).contains("· done"), "{}", story.shown());
        let said = story.said(0);
        assert!(said.len() <= 2, "why it closed, and perhaps why it is open again: {said:#?}");
        assert_eq!(story.filed().len(), 3);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_declined_item_closes_as_not_planned_with_the_reason(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let commit = story.pushed(&[ALERT, &struck(POOL, " (won't do: the vendor sizes it)"), DRILL]).await;
        story.assert_closed(1, StateReason::NotPlanned);
        let said = story.said_once(1);
        assert!(said.contains("the vendor sizes it") && said.contains(&commit[..7]), "{said}");
        assert!(story.shown_of(1).contains("not planned"), "{}", story.shown());
        story.assert_open(0);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_removed_item_that_nobody_touched_closes_as_not_planned_with_a_comment(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let commit = story.pushed(&[ALERT, DRILL]).await;
        story.assert_closed(1, StateReason::NotPlanned);
        assert!(story.said_once(1).contains(&commit[..7]), "{}", story.said_once(1));
        story.assert_open(0);
        story.assert_open(2);
        story.said_nothing(0);
        story.said_nothing(2);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_removed_item_that_somebody_took_up_stays_open_with_a_comment(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.assign_issue_as("ada-example", story.issues[0], &["grace-example"]);
        story.repository.comment_as("grace-example", story.issues[1], "I have a branch for this.");
        story.board.move_as("grace-example", (&story.repository, story.issues[2]), "Waiting for the vendor");
        story.settle().await;
        let commit = story.pushed(&["- [ ] Something else to do altogether"]).await;
        for item in 0..3 {
            story.assert_open(item);
            assert!(story.said_once(item).contains(&commit[..7]), "{}", story.said_once(item));
        }
        assert_eq!(story.filed().len(), 4);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_removed_item_that_only_another_bot_talked_about_closes(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.comment_as("stale-example[bot]", story.issues[1], "No activity for a day.");
        story.settle().await;
        story.pushed(&[ALERT, DRILL]).await;
        story.assert_closed(1, StateReason::NotPlanned);
    }

    async fn an_item_that_comes_back_has_its_issue_back(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.pushed(&[ALERT, DRILL]).await;
        story.assert_closed(1, StateReason::NotPlanned);
        story.pushed(&[ALERT, POOL, DRILL]).await;
        story.assert_open(1);
        assert_eq!(story.filed().len(), 3, "no second issue");
        story.nothing_comes_of_the_same_again().await;
    }

    async fn an_item_that_comes_back_has_its_issue_back_without_the_database(database: Database) {
        let mut world = World::start(&database).await;
        let issues = {
            let story = Story::merged(&world).await;
            story.pushed(&[ALERT, DRILL]).await;
            story.issues.clone()
        };
        let folder = tempfile::tempdir().unwrap();
        world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
        world.app.push("main", PATH, &postmortem(&[ALERT, POOL, DRILL]));
        world.settle().await;
        world.later(120).await;
        assert_eq!(world.app.issue(issues[1]).state, IssueState::Open);
        assert_eq!(world.filed().len(), 3);
    }

    async fn a_deleted_document_closes_what_nobody_touched(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.pushed(&[&ticked(ALERT), POOL, DRILL]).await;
        story.repository.comment_as("grace-example", story.issues[2], "I have a branch for this.");
        let commit = story.commit(&[Change::delete(PATH)]).await;
        story.assert_closed(0, StateReason::Completed);
        story.assert_closed(1, StateReason::NotPlanned);
        story.assert_open(2);
        assert_eq!(story.said(0).len(), 1, "done is done: {:#?}", story.said(0));
        for item in [1, 2] {
            assert!(story.said_once(item).contains(&commit[..7]), "{}", story.said_once(item));
        }
        story.nothing_comes_of_the_same_again().await;
        story.commit(&[Change::write(PATH, postmortem(&[&ticked(ALERT), POOL, DRILL]))]).await;
        story.assert_open(1);
        assert_eq!(story.filed().len(), 3, "a document that comes back has its issues back");
    }

    async fn a_renamed_document_keeps_its_issues_and_says_nothing(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.commit(&[Change::rename(PATH, ELSEWHERE)]).await;
        for item in 0..3 {
            story.assert_open(item);
            story.said_nothing(item);
        }
        assert_eq!(story.filed().len(), 3);
        let shown = story.shown();
        assert!(shown.contains("**Merged: 3 issues opened.**") && shown.contains(ELSEWHERE) && !shown.contains(PATH), "{shown}");
        story.nothing_comes_of_the_same_again().await;
        let commit = story.commit(&[Change::write(ELSEWHERE, postmortem(&[ALERT, &ticked(POOL), DRILL]))]).await;
        story.assert_closed(1, StateReason::Completed);
        assert!(story.said_once(1).contains(&commit[..7]));
        assert_eq!(story.filed().len(), 3);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_document_that_is_renamed_and_edited_at_once_keeps_its_issues(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let text = postmortem(&[ALERT, &ticked(POOL), &DRILL.replace("everybody on call", "all who are on call")]);
        story.commit(&[Change::delete(PATH), Change::write(ELSEWHERE, text)]).await;
        story.assert_open(0);
        story.assert_closed(1, StateReason::Completed);
        assert_eq!(story.issue(2).title, "Rehearse taking back a deploy with all who are on call");
        assert_eq!(story.filed().len(), 3);
        story.said_nothing(0);
    }

    async fn an_item_that_moves_to_another_document_keeps_its_issue(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.commit(&[Change::write(ELSEWHERE, postmortem(&["- [ ] Rebuild the index every night"]))]).await;
        assert_eq!(story.filed().len(), 4);
        let changes = [
            Change::write(PATH, postmortem(&[ALERT, DRILL])),
            Change::write(ELSEWHERE, postmortem(&["- [ ] Rebuild the index every night", POOL])),
        ];
        story.commit(&changes).await;
        story.assert_open(1);
        assert_eq!(story.filed().len(), 4, "moved, not opened again");
        story.said_nothing(1);
        story.commit(&[Change::write(ELSEWHERE, postmortem(&["- [ ] Rebuild the index every night", &ticked(POOL)]))]).await;
        story.assert_closed(1, StateReason::Completed);
        assert_eq!(story.filed().len(), 4);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn items_that_change_places_keep_their_issues(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let before: Vec<String> = story.filed().iter().map(|issue| issue.title.clone()).collect();
        story.pushed(&[DRILL, ALERT, POOL]).await;
        assert_eq!(story.filed().iter().map(|issue| issue.title.clone()).collect::<Vec<_>>(), before);
        (0..3).for_each(|item| story.said_nothing(item));
    }

    async fn a_merge_follows_as_a_push_does_and_not_before(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.pass(60);
        let second = story.propose(&postmortem(&[&ALERT.replace("Alert when", "Page somebody when"), &ticked(POOL)]));
        story.settle().await;
        assert!(story.issue(0).title.starts_with("Alert when"), "a pull request decides nothing");
        story.assert_open(1);
        story.assert_open(2);
        let written = story.repository.pull_request(second).head;
        let merged = story.repository.merge(second);
        story.settle().await;
        assert!(story.issue(0).title.starts_with("Page somebody when"));
        story.assert_closed(1, StateReason::Completed);
        story.assert_closed(2, StateReason::NotPlanned);
        for item in [1, 2] {
            let said = story.said_once(item);
            assert!([&written, &merged].iter().any(|commit| said.contains(&commit[..7])), "it names the commit: {said}");
        }
        for comment in [story.shown(), story.shown_on(second)] {
            assert!(comment.contains("Page somebody when"), "{comment}");
        }
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_merge_that_comes_in_before_its_push_shows_on_every_pull_request(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.pass(60);
        let second = story.propose(&postmortem(&[&ALERT.replace("Alert when", "Page somebody when"), POOL, DRILL]));
        story.settle().await;
        story.repository.merge(second);
        world.github.rearrange_pending(|pending| pending.reverse());
        loop {
            let mut next = None;
            world.github.rearrange_pending(|pending| next = (!pending.is_empty()).then(|| pending.remove(0)));
            let Some(delivery) = next else { break };
            world.github.send(&delivery).await;
            world.work().await;
        }
        story.settle().await;
        for comment in [story.shown(), story.shown_on(second)] {
            assert!(comment.contains("Page somebody when"), "{comment}");
        }
        story.nothing_comes_of_the_same_again().await;
    }

    async fn after_the_loss_of_the_database_what_was_left_open_is_not_told_again(database: Database) {
        let mut world = World::start(&database).await;
        let issue = {
            let story = Story::merged(&world).await;
            story.repository.comment_as("grace-example", story.issues[1], "I have a branch for this.");
            story.settle().await;
            story.pushed(&[ALERT, DRILL]).await;
            story.said_once(1);
            story.issues[1]
        };
        let folder = tempfile::tempdir().unwrap();
        world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
        world.app.push("main", PATH, &postmortem(&[&ticked(ALERT), DRILL]));
        world.settle().await;
        world.later(120).await;
        assert_eq!(world.app.issue(issue).state, IssueState::Open);
        assert_eq!(world.app.comments(issue).iter().filter(|comment| comment.author == OURS).count(), 1);
    }

    async fn after_the_loss_of_the_database_the_pull_request_is_found_again(database: Database) {
        let mut world = World::start(&database).await;
        Story::merged(&world).await;
        let folder = tempfile::tempdir().unwrap();
        world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
        world.app.push("main", PATH, &postmortem(&[&ALERT.replace("Alert when", "Page somebody when"), POOL, DRILL]));
        world.settle().await;
        world.later(120).await;
        assert!(world.comment(1).body.contains("Page somebody when"), "{}", world.comment(1).body);
        let reworded = world.filed().into_iter().find(|issue| issue.title.starts_with("Page somebody when")).unwrap();
        assert!(reworded.body.contains("reviewed in") && reworded.body.contains("/pull/1"), "{}", reworded.body);
    }

    async fn a_plan_shows_what_merging_will_do_to_issues(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.pass(60);
        let second = story.propose(&postmortem(&[&ALERT.replace("Alert when", "Page somebody when"), &ticked(POOL)]));
        story.settle().await;
        let shown = story.shown_on(second);
        for issue in &story.issues {
            assert!(shown.contains(&format!("/issues/{issue})")), "all three are told, the removed one, too: {shown}");
        }
        assert!(shown.to_lowercase().contains("close"), "{shown}");
    }

    async fn pushes_elsewhere_change_nothing(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        world.github.forget_requests();
        story.repository.push("drafts", PATH, &postmortem(&[&ticked(ALERT)]));
        story.repository.push("main", "README.md", "# Another readme\n");
        story.settle().await;
        assert_eq!(world.writes(), Vec::<String>::new());
        (0..3).for_each(|item| story.assert_open(item));
    }

    async fn what_the_app_wrote_itself_causes_nothing(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.push(&[&ticked(ALERT), &POOL.replace("Keep the", "Keep every"), "- [ ] Something else to do altogether"]);
        world.github.deliver_all().await;
        world.work().await;
        world.later(120).await;
        let told = story.said(0).len() + story.said(2).len();
        let own: Vec<_> = world.github.deliveries().into_iter().filter(|one| one.payload["sender"]["login"] == OURS).collect();
        for event in ["issues", "issue_comment"] {
            assert!(own.iter().any(|one| one.event == event), "the App heard of its own {event}");
        }
        world.github.forget_requests();
        for delivery in &own {
            world.github.send(&world.github.copy_under_new_guid(&crate::review::pending(delivery))).await;
        }
        story.settle().await;
        assert_eq!(world.writes(), Vec::<String>::new());
        assert_eq!(story.said(0).len() + story.said(2).len(), told);
    }

    async fn the_same_push_five_times_at_once_tells_once(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.push(&[&ticked(ALERT), DRILL]);
        let push = world.github.pending_deliveries().into_iter().find(|delivery| delivery.event == "push").unwrap();
        for _ in 0..4 {
            let copy = world.github.copy_under_new_guid(&push);
            world.github.rearrange_pending(|pending| pending.push(copy));
        }
        world.github.deliver_all_at_once().await;
        story.settle().await;
        story.assert_closed(0, StateReason::Completed);
        story.assert_closed(1, StateReason::NotPlanned);
        story.said_once(0);
        story.said_once(1);
    }

    async fn pushes_that_arrive_in_the_wrong_order_end_as_the_branch_is(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.push(&[&ticked(ALERT), POOL]);
        story.push(&[ALERT, POOL, DRILL]);
        story.push(&[ALERT, &ticked(POOL), DRILL]);
        world.github.rearrange_pending(|pending| pending.reverse());
        story.settle().await;
        story.assert_open(0);
        story.assert_closed(1, StateReason::Completed);
        story.assert_open(2);
        assert_eq!(story.filed().len(), 3);
        story.nothing_comes_of_the_same_again().await;
    }

    async fn a_lost_answer_to_closing_or_telling_does_neither_twice(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        let faults = [("closeIssue", Fault::LoseAnswer), ("addComment", Fault::LoseAnswer), ("closeIssue", Fault::ErrorBeforeEffect)];
        for (item, (field, fault)) in faults.into_iter().enumerate() {
            world.github.faults().next(Matching::graphql(field), fault);
            let lines: Vec<String> = [ALERT, POOL, DRILL]
                .iter()
                .enumerate()
                .map(|(at, open)| if at <= item { ticked(open) } else { (*open).to_owned() })
                .collect();
            story.push(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            world.settle().await;
            world.settle_for_good().await;
            assert_eq!(world.github.faults().pending(), 0, "{field} was struck");
            story.assert_closed(item, StateReason::Completed);
            story.said_once(item);
        }
    }

    async fn a_push_after_the_loss_of_the_database_finds_its_issues(database: Database) {
        let mut world = World::start(&database).await;
        let issues = Story::merged(&world).await.issues;
        let folder = tempfile::tempdir().unwrap();
        world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
        world.app.push("main", PATH, &postmortem(&[&ticked(ALERT), &POOL.replace("Keep the", "Keep every"), DRILL]));
        world.settle().await;
        world.later(120).await;
        assert_eq!(world.filed().len(), 3);
        let first = world.app.issue(issues[0]);
        assert_eq!((first.state, first.state_reason), (IssueState::Closed, Some(StateReason::Completed)));
        assert_eq!(world.app.comments(issues[0]).len(), 1);
        assert_eq!(world.app.issue(issues[1]).title, "Keep every pool's size in its own file");
    }
}
