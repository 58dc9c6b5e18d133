//! Once a pull request is merged: one issue per open item, for ever.

use followthrough::{
    demo::github::{Change, Fault, IssueEdit, Matching},
    plan::marker,
};

use crate::{
    databases::Database,
    over_both::over_both,
    review::pending,
    world::{DOCUMENT, PATH, World, titles},
};

over_both! {
    async fn merging_opens_one_issue_per_open_item(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        let merge = world.app.merge(number);
        world.settle().await;
        let issues = world.filed();
        assert_eq!(titles(&issues), ["Alert when fewer than 98 % of checkouts succeed", "Keep the pool's size in its own file."]);
        let alert = issues.iter().find(|issue| issue.title.starts_with("Alert")).unwrap();
        assert_eq!(alert.assignees, ["ada-example"]);
        assert_eq!(alert.labels, ["postmortem", "action-item"]);
        assert!(alert.body.contains(&format!("/acme/app/blob/{merge}/{PATH}?plain=1#L9")), "a permalink at the merge commit: {}", alert.body);
        assert!(alert.body.contains(&format!("/acme/app/pull/{number}")), "{}", alert.body);
        assert!(alert.body.contains("Every fourth checkout"), "the summary gives context: {}", alert.body);
        let pool = issues.iter().find(|issue| issue.title.starts_with("Keep")).unwrap();
        assert!(pool.assignees.is_empty() && pool.body.contains("Infra team"), "an owner without a login is named: {}", pool.body);
        let comment = world.comment(number).body;
        assert!(comment.contains("**Merged: 2 issues opened, 1 already done, 1 declined.**"), "{comment}");
        for issue in &issues {
            assert!(comment.contains(&format!("/issues/{}", issue.number)), "linked both ways: {comment}");
        }
    }

    async fn five_equal_deliveries_at_once_leave_one_issue_per_item(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.app.merge(number);
        let merge = world.github.pending_deliveries().into_iter().rfind(|delivery| delivery.event == "pull_request").unwrap();
        let answers = world.github.send_copies(&merge, 5).await;
        let mut codes: Vec<u16> = answers.iter().map(|answer| answer.status_code).collect();
        codes.sort_unstable();
        assert_eq!(codes, [200, 200, 200, 200, 202], "stored once, known four times");
        world.settle().await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn the_same_event_under_other_ids_changes_nothing(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.merged(number).await;
        let merge = world.delivery_about(number);
        world.github.forget_requests();
        for _ in 0..3 {
            let copy = world.github.copy_under_new_guid(&pending(&merge));
            world.github.send(&copy).await;
        }
        world.settle().await;
        assert_eq!(world.filed().len(), 2);
        assert_eq!(world.writes(), Vec::<String>::new());
    }

    async fn a_lost_database_doubles_nothing(database: Database) {
        let mut world = World::start(&database).await;
        let number = world.opened().await;
        world.merged(number).await;
        let folder = tempfile::tempdir().unwrap();
        let empty = Database { url: format!("sqlite://{}/empty.db", folder.path().display()) };
        world.restart(&empty).await;
        let merge = world.delivery_about(number);
        world.github.forget_requests();
        world.github.send(&pending(&merge)).await;
        world.settle().await;
        assert_eq!(world.filed().len(), 2, "issues are recognised by their markers");
        world.comment(number);
        assert_eq!(world.writes(), Vec::<String>::new());
    }

    async fn a_lost_answer_is_looked_up_before_anything_is_sent_again(database: Database) {
        let world = World::start(&database).await;
        for (index, fault) in [Fault::LoseAnswer, Fault::BadGatewayAfterEffect, Fault::ErrorBeforeEffect].into_iter().enumerate() {
            let number = world.propose(&[(&format!("postmortems/{index}.md"), DOCUMENT)]);
            world.settle().await;
            world.github.faults().next(Matching::graphql("createIssue"), fault.clone());
            world.merged(number).await;
            world.settle_for_good().await;
            assert_eq!(world.github.faults().pending(), 0, "{fault:?} struck");
            assert_eq!(world.filed().len(), 2 * (index + 1), "after {fault:?}");
            assert!(world.comment(number).body.contains("2 issues opened"));
        }
    }

    async fn a_refused_alias_does_not_take_the_others_along(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.github.faults().next(Matching::graphql("createIssue"), Fault::submitted_too_quickly(0));
        world.merged(number).await;
        world.settle_for_good().await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn a_secondary_limit_is_waited_out(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.github.faults().next(Matching::graphql("createIssue"), Fault::SecondaryLimit { retry_after: Some(120) });
        world.merged(number).await;
        world.later(60).await;
        assert_eq!(world.filed().len(), 0, "nothing is sent before GitHub's time is over");
        world.later(61).await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn a_linked_issue_is_adopted_and_not_opened_twice(database: Database) {
        let world = World::start(&database).await;
        let old = world.github.quietly(|| world.app.create_issue_as("grace-example", "Retry payments", "Words of a person."));
        let text = format!("{DOCUMENT}- [ ] Retry a payment once (#{old})\n");
        let number = world.propose(&[(PATH, &text)]);
        world.settle().await;
        assert!(world.comment(number).body.contains(&format!("1 linked to #{old}")), "{}", world.comment(number).body);
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
        let issue = world.app.issue(old);
        assert_eq!((issue.title.as_str(), issue.body.as_str()), ("Retry payments", "Words of a person."), "people's words stay");
        assert!(issue.labels.contains(&"action-item".to_owned()));
        let comments = world.app.comments(old);
        assert_eq!(comments.len(), 1, "one link back");
        assert!(comments[0].body.contains(PATH) && marker::parse(&comments[0].body).is_some());
        let merge = world.delivery_about(number);
        world.github.send(&world.github.copy_under_new_guid(&pending(&merge))).await;
        world.settle().await;
        assert_eq!(world.app.comments(old).len(), 1);
    }

    async fn a_later_pull_request_opens_only_what_is_new(database: Database) {
        let world = World::start(&database).await;
        let first = world.opened().await;
        world.merged(first).await;
        let reworded = DOCUMENT.replace("Alert when fewer than 98 %", "Page when fewer than 98 %");
        let second = world.propose(&[(PATH, &format!("{reworded}- [ ] Rehearse taking back a deploy\n"))]);
        world.settle().await;
        let comment = world.comment(second).body;
        assert!(comment.contains("1 issue will open, 1 will be updated, 2 already tracked"), "{comment}");
        world.merged(second).await;
        assert_eq!(world.filed().len(), 3);
    }

    async fn a_renamed_document_keeps_its_issues(database: Database) {
        let world = World::start(&database).await;
        let first = world.opened().await;
        world.merged(first).await;
        let changes = [Change::delete(PATH), Change::write("postmortems/renamed.md", DOCUMENT)];
        let second = world.app.propose("ada-example", "rename", "Rename", &changes);
        world.settle().await;
        assert!(world.comment(second).body.contains("no issues will open, 2 already tracked"), "{}", world.comment(second).body);
        world.merged(second).await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn a_deleted_document_opens_nothing(database: Database) {
        let world = World::start(&database).await;
        let first = world.opened().await;
        world.merged(first).await;
        let second = world.app.propose("ada-example", "delete", "Delete", &[Change::delete(PATH)]);
        world.settle().await;
        assert_eq!(world.app.comments(second).len(), 0);
        world.merged(second).await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn crlf_and_a_byte_order_mark_make_no_difference(database: Database) {
        let world = World::start(&database).await;
        let text = format!("\u{feff}{}", DOCUMENT.replace('\n', "\r\n"));
        let number = world.propose(&[(PATH, &text)]);
        world.merged(number).await;
        assert_eq!(titles(&world.filed()), ["Alert when fewer than 98 % of checkouts succeed", "Keep the pool's size in its own file."]);
    }

    async fn equal_wordings_are_two_items(database: Database) {
        let world = World::start(&database).await;
        let text = "# Twice\n\n## Action items\n\n- [ ] Add a test\n- [ ] Add a test\n";
        let number = world.propose(&[(PATH, text)]);
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
        let merge = world.delivery_about(number);
        world.github.send(&world.github.copy_under_new_guid(&pending(&merge))).await;
        world.settle().await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn what_people_change_in_an_issue_stays(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.merged(number).await;
        let issue = world.filed()[0].number;
        world.app.edit_issue_as("grace-example", issue, IssueEdit { title: Some("Her words".to_owned()), body: None });
        world.app.unlabel_issue_as("grace-example", issue, "postmortem");
        world.app.assign_issue_as("grace-example", issue, &["grace-example"]);
        world.settle().await;
        let merge = world.delivery_about(number);
        world.github.send(&world.github.copy_under_new_guid(&pending(&merge))).await;
        world.settle().await;
        let after = world.app.issue(issue);
        assert_eq!(after.title, "Her words");
        assert_eq!(after.assignees, ["grace-example"]);
        assert!(!after.labels.contains(&"postmortem".to_owned()));
    }

    async fn an_owner_who_cannot_be_assigned_is_said_and_named(database: Database) {
        let world = World::start(&database).await;
        let text = DOCUMENT.replace("@ada-example", "@somebody-example");
        let number = world.propose(&[(PATH, &text)]);
        world.settle().await;
        assert!(world.comment(number).body.contains("cannot be assigned"), "{}", world.comment(number).body);
        world.merged(number).await;
        let alert = world.filed().into_iter().find(|issue| issue.title.starts_with("Alert")).unwrap();
        assert!(alert.assignees.is_empty());
        assert!(alert.body.contains("somebody-example"));
    }

    async fn merging_into_another_branch_opens_nothing_yet(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| world.app.commit("release", "A release", &[Change::write("notes.txt", "x\n")]));
        let number = world.opened().await;
        world.app.retarget("ada-example", number, "release");
        world.merged(number).await;
        assert_eq!(world.filed().len(), 0);
        assert!(world.comment(number).body.contains("Issues open when the document reaches `main`"));
    }

    async fn an_issue_that_two_postmortems_link_is_linked_to_both_and_then_left_alone(database: Database) {
        let world = World::start(&database).await;
        let project = world.with_board();
        let old = world.github.quietly(|| world.app.create_issue_as("grace-example", "Retry payments", ""));
        let text = |title: &str| format!("# {title}\n\n## Action items\n\n- [ ] Retry a payment once (#{old})\n");
        let number = world.propose(&[("postmortems/a.md", &text("One")), ("postmortems/b.md", &text("Two"))]);
        world.merged(number).await;
        assert_eq!(world.app.comments(old).len(), 2, "a link back from each");
        assert!(!world.comment(number).body.contains("not linked yet"), "{}", world.comment(number).body);
        project.remove_as("grace-example", (&world.app, old));
        world.settle().await;
        let merge = world.delivery_about(number);
        world.github.send(&world.github.copy_under_new_guid(&crate::review::pending(&merge))).await;
        world.settle().await;
        assert_eq!(project.board().items.len(), 0, "what was taken off the board stays off it");
        assert_eq!(world.app.comments(old).len(), 2);
        assert!(world.filed().is_empty());
    }
}
