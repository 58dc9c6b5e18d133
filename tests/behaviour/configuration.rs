//! The repository's configuration: from the default branch alone, and its problems where its people see them.

use followthrough::demo::github::Change;

use crate::{
    databases::Database,
    over_both::over_both,
    world::{DOCUMENT, PATH, World, filed},
};

const CONFIGURATION: &str = ".github/followthrough.yml";

over_both! {
    async fn issues_open_where_the_default_branch_says(database: Database) {
        let world = World::start(&database).await;
        let tracker = world.github.quietly(|| {
            let tracker = world.github.organization("acme").repository("tracker");
            tracker.commit("main", "Begin", &[Change::write("README.md", "# Tracker\n")]);
            tracker.set_assignable(&["ada-example"]);
            tracker
        });
        world.configure("file: { repository: acme/tracker, labels: [incident], title: 'Follow-up: {{ item.text }}' }\n");
        // The pull request's own copy decides nothing.
        let number = world.propose(&[(PATH, DOCUMENT), (CONFIGURATION, "file: { repository: acme/app, labels: [mine] }\n")]);
        world.settle().await;
        assert!(world.comment(number).body.contains("opens an issue in acme/tracker"), "{}", world.comment(number).body);
        // Merging also brings the new configuration, so the old one is put back first.
        world.app.commit_as("ada-example", "postmortem-0", "Leave it", &[Change::write(CONFIGURATION, "file: { repository: acme/tracker, labels: [incident], title: 'Follow-up: {{ item.text }}' }\n")]);
        world.merged(number).await;
        assert_eq!(filed(&world.app).len(), 0);
        let issues = filed(&tracker);
        assert_eq!(issues.len(), 2);
        assert!(issues.iter().all(|issue| issue.title.starts_with("Follow-up: ") && issue.labels == ["incident"]));
    }

    async fn due_dates_and_labels_come_from_the_severity(database: Database) {
        let world = World::start(&database).await;
        world.configure("file: { labels: [incident], due: { S1: 7d }, severity_labels: { S1: [sev/1, INCIDENT], S2: [sev/2] } }\n");
        let document = format!("---\nseverity: SEV-1 (critical)\ndate: 2026-11-20\n---\n\n{DOCUMENT}");
        let number = world.propose(&[(PATH, &document)]);
        world.settle().await;
        assert!(world.comment(number).body.contains("| 2026-11-27 | opens an issue |"), "{}", world.comment(number).body);
        world.merged(number).await;
        let issues = world.filed();
        assert!(issues.len() == 2 && issues.iter().all(|issue| issue.labels == ["incident", "sev/1"]), "{issues:?}");
        let pool = issues.iter().find(|issue| issue.title.starts_with("Keep")).unwrap();
        assert!(pool.body.contains("**Due:** 2026-11-27 (S1: 7 days after the incident)"), "{}", pool.body);
    }

    async fn the_owners_dot_github_repository_is_the_fallback(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| {
            let shared = world.github.organization("acme").repository(".github");
            shared.commit("main", "Begin", &[Change::write(CONFIGURATION, "file: { labels: [everywhere] }\n")]);
        });
        let number = world.opened().await;
        world.merged(number).await;
        assert!(world.filed().iter().all(|issue| issue.labels == ["everywhere"]));
    }

    async fn a_broken_configuration_is_shown_on_the_pull_request_that_brings_it(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[(CONFIGURATION, "version: 1\nfile:\n  lables: [x]\n")]);
        world.settle().await;
        let comment = world.comment(number).body;
        assert!(comment.contains("lables") && comment.contains("labels"), "{comment}");
        let run = &world.app.check_runs_on(&world.app.pull_request(number).head)[0];
        assert_eq!(run.conclusion.as_deref(), Some("neutral"));
        assert_eq!((run.annotations[0].path.as_str(), run.annotations[0].start_line), (CONFIGURATION, 3));
        world.app.commit_as("ada-example", "postmortem-0", "Mend it", &[Change::write(CONFIGURATION, "version: 1\nfile:\n  labels: [x]\n")]);
        world.settle().await;
        assert!(!world.comment(number).body.contains("lables"));
    }

    async fn the_last_good_configuration_stays_in_force(database: Database) {
        let world = World::start(&database).await;
        world.configure("file: { labels: [good] }\n");
        let first = world.opened().await;
        world.configure("file: { labels: [good], nonsense: true }\n");
        world.merged(first).await;
        assert!(world.filed().iter().all(|issue| issue.labels == ["good"]));
        assert!(world.comment(first).body.contains("nonsense"), "{}", world.comment(first).body);
    }

    async fn issues_get_the_type_that_is_configured(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| world.github.organization("acme").add_issue_type("Follow-up"));
        world.configure("file: { issue_type: Follow-up }\n");
        let number = world.opened().await;
        world.merged(number).await;
        assert!(world.filed().iter().all(|issue| issue.issue_type.as_deref() == Some("Follow-up")));
    }

    async fn an_unknown_issue_type_is_said_and_the_issues_open(database: Database) {
        let world = World::start(&database).await;
        world.configure("file: { issue_type: Nonsense }\n");
        let number = world.opened().await;
        assert!(world.comment(number).body.contains("no issue type `Nonsense`"), "{}", world.comment(number).body);
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn folders_come_from_the_configuration(database: Database) {
        let world = World::start(&database).await;
        world.configure("documents: { include: ['lessons/*.md'], headings: [Homework] }\n");
        let number = world.propose(&[("lessons/a.md", "# A\n\n## Homework\n\n- Do the thing\n"), (PATH, DOCUMENT)]);
        world.merged(number).await;
        assert_eq!(world.filed().len(), 1);
    }
}
