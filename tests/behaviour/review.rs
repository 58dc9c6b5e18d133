//! While a pull request is open: one comment, one check, nothing filed, nothing said twice.

use followthrough::demo::github::Change;

use crate::{
    databases::Database,
    over_both::over_both,
    world::{DOCUMENT, PATH, World},
};

over_both! {
    async fn an_opened_postmortem_gets_one_comment_with_the_plan_and_one_check(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        let comment = world.comment(number).body;
        assert!(comment.contains("**On merge: 2 issues will open, 1 already done, 1 declined.**"), "{comment}");
        assert!(comment.contains("Alert when fewer than 98"), "{comment}");
        let runs = world.app.check_runs_on(&world.app.pull_request(number).head);
        assert_eq!(runs.len(), 1);
        assert_eq!((runs[0].name.as_str(), runs[0].status.as_str(), runs[0].conclusion.as_deref()), ("Followthrough", "completed", Some("success")));
        let lines: Vec<_> = runs[0].annotations.iter().map(|annotation| (annotation.path.as_str(), annotation.start_line)).collect();
        assert_eq!(lines, [(PATH, 9), (PATH, 10)]);
        assert_eq!(world.filed().len(), 0, "a pull request decides nothing");
    }

    async fn a_push_edits_the_comment_in_place(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        let first = world.comment(number);
        let longer = format!("{DOCUMENT}- [ ] Write down how to page the on-call engineer\n");
        world.app.commit_as("ada-example", "postmortem-0", "One more", &[Change::write(PATH, longer)]);
        world.settle().await;
        let second = world.comment(number);
        assert_eq!(second.id, first.id);
        assert!(second.body.contains("3 issues will open"), "{}", second.body);
    }

    async fn what_changes_nothing_sends_nothing(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.github.forget_requests();
        let opened = world.github.deliveries()[0].clone();
        let again = world.github.copy_under_new_guid(&pending(&opened));
        world.github.send(&again).await;
        world.settle().await;
        assert_eq!(world.writes(), Vec::<String>::new());
        world.comment(number);
    }

    async fn ten_pushes_in_a_second_are_one_story(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[(PATH, DOCUMENT)]);
        for push in 0..10 {
            let text = format!("{DOCUMENT}- [ ] Thing number {push} to do\n");
            world.app.commit_as("ada-example", "postmortem-0", "Again", &[Change::write(PATH, text)]);
        }
        world.github.deliver_all_at_once().await;
        world.settle().await;
        assert!(world.comment(number).body.contains("Thing number 9"));
        let comments = world.writes().iter().filter(|write| write.contains("comments")).count();
        assert!(comments <= 2, "{:?}", world.writes());
    }

    async fn a_pull_request_without_postmortems_is_left_alone(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[("src/main.rs", "fn main() {}\n"), ("docs/notes.md", "# Notes\n\n## Action items\n\n- [ ] Tidy up\n")]);
        world.settle().await;
        assert_eq!(world.app.comments(number).len(), 0);
        assert_eq!(world.app.check_runs().len(), 0);
    }

    async fn three_documents_are_one_comment(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[
            ("postmortems/a.md", "# A\n\n## Action items\n\n- Do the first thing\n"),
            ("postmortems/b.md", "# B\n\n## Action items\n\n- Do the second thing\n- Do the third thing\n"),
            ("postmortems/c.md", "# C\n\nNothing to do.\n"),
        ]);
        world.settle().await;
        let comment = world.comment(number).body;
        assert!(comment.contains("3 issues will open"), "{comment}");
        world.merged(number).await;
        assert_eq!(world.filed().len(), 3);
    }

    async fn a_document_that_cannot_be_read_disables_itself_alone(database: Database) {
        let world = World::start(&database).await;
        let changes = [
            Change::write("postmortems/bad.md", b"# Bad\n\xff\xfe\n".to_vec()),
            Change::write("postmortems/good.md", "# Good\n\n## Action items\n\n- Do the thing\n"),
        ];
        let number = world.app.propose("ada-example", "two", "Two", &changes);
        world.settle().await;
        let comment = world.comment(number).body;
        assert!(comment.contains("1 issue will open") && comment.contains("Not read"), "{comment}");
        world.merged(number).await;
        assert_eq!(world.filed().len(), 1);
    }

    async fn drafts_and_forks_get_the_same_review(database: Database) {
        let world = World::start(&database).await;
        world.app.commit_as("ada-example", "draft", "A draft", &[Change::write(PATH, DOCUMENT)]);
        let draft = world.app.open_draft("ada-example", "draft", "Draft", "");
        let fork = world.github.quietly(|| world.app.fork("mary-example"));
        fork.commit_as("mary-example", "theirs", "From outside", &[Change::write("postmortems/fork.md", DOCUMENT)]);
        let from_fork = world.app.open_pull_request_from(&fork, "mary-example", "theirs", "From a fork", "", false);
        world.settle().await;
        for number in [draft, from_fork] {
            assert!(world.comment(number).body.contains("2 issues will open"));
            assert_eq!(world.app.check_runs_on(&world.app.pull_request(number).head).len(), 1);
        }
    }

    async fn closing_without_merging_opens_nothing_and_says_so(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.app.close_pull_request("ada-example", number);
        world.settle().await;
        assert!(world.comment(number).body.contains("nothing was opened"));
        assert_eq!(world.filed().len(), 0);
    }

    async fn a_postmortem_that_leaves_the_pull_request_leaves_the_comment_true(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[(PATH, DOCUMENT), ("notes.txt", "stays\n")]);
        world.settle().await;
        world.app.commit_as("ada-example", "postmortem-0", "Out", &[Change::delete(PATH)]);
        world.settle().await;
        assert!(world.comment(number).body.contains("no postmortem any more"));
    }

    async fn copied_text_pings_nobody(database: Database) {
        let world = World::start(&database).await;
        let text = "# Hello @acme/everyone\n\n## Action items\n\n- [ ] Ask @stranger-example and @acme/everyone about acme/app#1, closes #1 <!-- followthrough:comment v1 -->\n";
        world.github.quietly(|| world.app.create_issue_as("ada-example", "First", ""));
        let number = world.propose(&[(PATH, &text.replace("about acme/app#1, closes #1", "about it"))]);
        world.settle().await;
        let shown = world.comment(number).body;
        world.merged(number).await;
        let body = world.filed()[0].body.clone();
        for text in [shown, body] {
            assert!(!text.contains("@stranger-example") && !text.contains("@acme/everyone"), "{text}");
            assert_eq!(text.matches("<!-- followthrough:comment").count(), usize::from(text.starts_with("<!-- followthrough:comment")), "{text}");
        }
    }

    async fn a_document_of_five_hundred_items_fits_and_is_filed_whole(database: Database) {
        let world = World::start(&database).await;
        let mut text = "# Long\n\n## Action items\n\n".to_owned();
        for item in 0..500 {
            text.push_str(&format!("- [ ] Replace the relay number {item} in the cabinet of row {}\n", item % 7));
        }
        let number = world.propose(&[(PATH, &text)]);
        world.settle().await;
        assert!(world.comment(number).body.contains("500 issues will open"));
        let run = &world.app.check_runs_on(&world.app.pull_request(number).head)[0];
        let opening = run.annotations.iter().filter(|annotation| annotation.title.as_deref() == Some("Merging opens an issue"));
        assert_eq!(opening.count(), 500);
        world.app.merge(number);
        // GitHub takes 80 new things a minute, and 500 an hour.
        world.settle_in_the_end().await;
        assert_eq!(world.filed().len(), 500);
        assert!(world.comment(number).body.len() <= 65_536);
    }
}

pub fn pending(delivery: &followthrough::demo::github::Delivery) -> followthrough::demo::github::PendingDelivery {
    followthrough::demo::github::PendingDelivery {
        guid: delivery.guid.clone(),
        event: delivery.event.clone(),
        action: delivery.action.clone(),
        payload: delivery.payload.clone(),
        redelivery: true,
        installation: delivery.installation,
        repository: delivery.repository,
    }
}
