//! The board: each issue once, fields set at adding and never later, and clear words when it cannot be used.

use followthrough::demo::github::{Fault, FieldSeed, Matching};

use crate::{
    databases::Database,
    over_both::over_both,
    review::pending,
    world::{DOCUMENT, PATH, World, card},
};

fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

over_both! {
    async fn every_issue_is_on_the_board_with_its_fields(database: Database) {
        let world = World::start(&database).await;
        let project = world.with_board();
        let text = format!("---\nseverity: SEV1\n---\n{DOCUMENT}");
        let number = world.propose(&[(PATH, &text)]);
        world.merged(number).await;
        let issues = world.filed();
        let alert = issues.iter().find(|issue| issue.title.starts_with("Alert")).unwrap();
        let fields = card(&project.board(), alert.number);
        assert_eq!(fields, pairs(&[("Due", "2026-12-01"), ("Postmortem", "Checkout failed"), ("Severity", "SEV1"), ("Status", "Triage")]));
        assert_eq!(project.board().items.len(), 2);
    }

    async fn a_move_on_the_board_is_never_undone(database: Database) {
        let world = World::start(&database).await;
        let project = world.with_board();
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.merged(number).await;
        let issues = world.filed();
        project.move_as("grace-example", (&world.app, issues[0].number), "Done");
        project.remove_as("grace-example", (&world.app, issues[1].number));
        world.settle().await;
        let merge = world.delivery_about(number);
        world.github.send(&world.github.copy_under_new_guid(&pending(&merge))).await;
        world.settle().await;
        let board = project.board();
        assert_eq!(board.items.len(), 1, "what was taken off the board stays off it");
        assert_eq!(board.items[0].field("Status"), "Done");
    }

    async fn what_was_taken_off_the_board_stays_off_it_without_the_database(database: Database) {
        let mut world = World::start(&database).await;
        let project = world.with_board();
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.merged(number).await;
        project.remove_as("grace-example", (&world.app, world.filed()[1].number));
        world.settle().await;
        let folder = tempfile::tempdir().unwrap();
        let empty = Database { url: format!("sqlite://{}/empty.db", folder.path().display()) };
        world.restart(&empty).await;
        let merge = world.delivery_about(number);
        for look in ["first", "second"] {
            world.github.send(&world.github.copy_under_new_guid(&pending(&merge))).await;
            world.settle().await;
            assert_eq!(project.board().items.len(), 1, "at the {look} look");
        }
    }

    async fn an_adopted_issue_comes_to_the_board_too(database: Database) {
        let world = World::start(&database).await;
        let project = world.with_board();
        let old = world.github.quietly(|| world.app.create_issue_as("grace-example", "Retry payments", ""));
        let number = world.propose(&[(PATH, &format!("{DOCUMENT}- [ ] Retry a payment once (#{old})\n"))]);
        world.merged(number).await;
        assert!(card(&project.board(), old).contains(&("Status".to_owned(), "Triage".to_owned())));
    }

    async fn an_adopted_issue_that_is_on_the_board_keeps_its_place(database: Database) {
        let world = World::start(&database).await;
        let project = world.with_board();
        let old = world.github.quietly(|| {
            let old = world.app.create_issue_as("grace-example", "Retry payments", "");
            project.add_as("grace-example", (&world.app, old));
            project.move_as("grace-example", (&world.app, old), "Done");
            old
        });
        let number = world.propose(&[(PATH, &format!("{DOCUMENT}- [ ] Retry a payment once (#{old})\n"))]);
        world.merged(number).await;
        assert!(card(&project.board(), old).contains(&("Status".to_owned(), "Done".to_owned())));
    }

    async fn a_board_that_lags_is_waited_for(database: Database) {
        let world = World::start(&database).await;
        let project = world.with_board();
        world.github.faults().lag_projects(2);
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.merged(number).await;
        world.settle_for_good().await;
        assert_eq!(world.filed().len(), 2);
        assert_eq!(project.board().items.iter().filter(|item| item.field("Status") == "Triage").count(), 2);
    }

    async fn a_crash_between_issue_and_board_is_mended(database: Database) {
        let world = World::start(&database).await;
        let project = world.with_board();
        world.github.faults().next(Matching::graphql("updateProjectV2ItemFieldValue"), Fault::ErrorBeforeEffect);
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.merged(number).await;
        world.settle_for_good().await;
        assert_eq!(project.board().items.iter().filter(|item| item.field("Status") == "Triage").count(), 2);
    }

    async fn what_the_board_lacks_is_said_and_the_rest_happens(database: Database) {
        let world = World::start(&database).await;
        let project = world.github.quietly(|| {
            world.github.add_project("acme", 7, "Postmortem actions", &[FieldSeed::single_select("Status", &["Todo"])])
        });
        world.configure(&format!("board:\n  project: {}\n  status: Triage\n  fields: {{ Severity: SEV1 }}\n", project.url()));
        let number = world.opened().await;
        let comment = world.comment(number).body;
        assert!(comment.contains("Triage") && comment.contains("Todo") && comment.contains("Severity"), "{comment}");
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
        assert_eq!(project.board().items.len(), 2);
    }

    async fn fields_of_every_kind_are_set_by_name(database: Database) {
        let world = World::start(&database).await;
        let project = world.github.quietly(|| {
            world.github.add_project("acme", 7, "Postmortem actions", &[
                FieldSeed::single_select("Status", &["Todo", "Triage"]),
                FieldSeed::number("Line"),
                FieldSeed::iteration("Sprint", jiff::civil::date(2026, 11, 9), &["Sprint 1", "Sprint 2"], 0),
                FieldSeed::text("Owner"),
            ])
        });
        let fields = "{ line: '{{ item.line }}', sprint: '@current', Owner: '{{ item.owner }}' }";
        world.configure(&format!("board:\n  project: {}\n  status: triage\n  fields: {fields}\n", project.url()));
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.merged(number).await;
        let alert = world.filed().into_iter().find(|issue| issue.title.starts_with("Alert")).unwrap();
        let mut card = card(&project.board(), alert.number);
        card.retain(|(name, _)| name != "Line");
        assert_eq!(card, pairs(&[("Owner", "@ada-example"), ("Sprint", "Sprint 1"), ("Status", "Triage")]));
        let line: f64 = project.board().items[0].field("Line").parse().unwrap();
        assert!((line - 9.0).abs() < 0.5, "{line}");
    }

    async fn an_unknown_board_is_said_and_the_issues_open(database: Database) {
        let world = World::start(&database).await;
        world.configure("board: { project: 'https://github.com/orgs/acme/projects/99' }\n");
        let number = world.opened().await;
        assert!(world.comment(number).body.contains("projects/99"), "{}", world.comment(number).body);
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
        let merge = world.delivery_about(number);
        world.github.send(&world.github.copy_under_new_guid(&pending(&merge))).await;
        world.settle().await;
        assert!(world.comment(number).body.contains("projects/99"), "another look does not hide it: {}", world.comment(number).body);
    }

    async fn a_persons_board_is_explained(database: Database) {
        let world = World::start(&database).await;
        world.configure("board: { project: 'https://github.com/users/ada-example/projects/1' }\n");
        let number = world.opened().await;
        let comment = world.comment(number).body;
        assert!(comment.contains("organization"), "{comment}");
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn a_missing_permission_is_explained(database: Database) {
        let world = World::start(&database).await;
        world.with_board();
        world.github.quietly(|| {
            let acme = world.github.organization("acme");
            acme.change_permissions(&[("metadata", "read"), ("contents", "write"), ("pull_requests", "write"), ("issues", "write"), ("checks", "write")]);
        });
        let number = world.opened().await;
        let comment = world.comment(number).body;
        assert!(comment.contains("Projects") && comment.contains("permission"), "{comment}");
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn twenty_items_with_four_fields_cost_few_requests(database: Database) {
        let world = World::start(&database).await;
        let project = world.with_board();
        let settings = world.app.file("main", ".github/followthrough.yml").unwrap();
        world.configure(&format!("{settings}link_back:\n  document: off\n"));
        let mut text = "---\nseverity: SEV2\n---\n# Long\n\n## Summary\n\nIt broke.\n\n## Action items\n\n".to_owned();
        for item in 0..20 {
            text.push_str(&format!("- [ ] Replace the relay number {item} (@ada-example, due 2026-12-{:02})\n", item + 1));
        }
        let number = world.propose(&[(PATH, &text)]);
        world.settle().await;
        // Asked once per process, when the service starts.
        world.worker.github.app().await.unwrap();
        world.github.forget_requests();
        world.merged(number).await;
        let filing = world.github.request_counts().total;
        println!("a merged pull request with 20 items and 4 board fields: {filing} requests with a warm token");
        assert!(filing <= 15, "{:#?}", world.github.requests());
        // Hearing of the push that the merge was.
        world.later(5).await;
        let hearing = world.github.request_counts().total - filing;
        assert!(hearing <= 2, "{:#?}", world.github.requests());
        // The same once more.
        let merge = world.delivery_about(number);
        world.github.forget_requests();
        world.github.send(&world.github.copy_under_new_guid(&pending(&merge))).await;
        world.settle().await;
        let again = world.github.request_counts().total;
        println!("the same delivery again: {again} requests");
        assert!(again <= 3, "{:#?}", world.github.requests());
        assert_eq!(project.board().items.len(), 20);
        assert!(project.board().items.iter().all(|item| item.fields.len() >= 4), "{:?}", project.board());
    }
}
