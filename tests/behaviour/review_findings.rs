//! What the review finds, on the pull request: in the check, on lines that the pull request touches, and one line in the
//! comment.

use followthrough::demo::github::{Change, CheckRunView};

use crate::{
    databases::Database,
    over_both::over_both,
    world::{PATH, World},
};

const CONFIGURATION: &str = ".github/followthrough.yml";

/// Long enough that the hunks of a change at its end do not reach its beginning.
const OLDER: &str = "# Checkout failed

## Contributing factors

Human error made the pool too small.

One.

Two.

Three.

Four.

Five.
";

/// Notices of the plan are not the review's.
fn found(run: &CheckRunView) -> Vec<(usize, &str)> {
    let found = run.annotations.iter().filter(|annotation| annotation.title.as_deref().is_some_and(|title| title.ends_with(')')));
    found.map(|annotation| (usize::try_from(annotation.start_line).unwrap(), annotation.level.as_str())).collect()
}

fn summary(run: &CheckRunView) -> &str {
    run.summary.as_deref().unwrap()
}

over_both! {
    async fn findings_are_on_their_lines_in_the_check_and_one_line_in_the_comment(database: Database) {
        let world = World::start(&database).await;
        world.configure("review: { profile: light, rules: { missing-section: off } }\n");
        let text = format!("{OLDER}\n## Action items\n\n- [ ] Add an alert for error pages\n");
        let number = world.propose(&[(PATH, &text)]);
        world.settle().await;
        let run = world.check(number);
        assert_eq!(run.conclusion.as_deref(), Some("neutral"));
        assert_eq!(found(&run), [(5, "warning"), (19, "notice")]);
        let summary = summary(&run);
        let (blameless, thought) = (summary.find("#### Make it blameless").unwrap(), summary.find("#### Worth a thought").unwrap());
        assert!(blameless < thought, "{summary}");
        assert!(summary.contains("?plain=1#L5): ") && summary.contains("(`human-error`)"), "{summary}");
        assert!(summary.contains("1 issue will open"), "the plan is there, too: {summary}");
        let comment = world.comment(number).body;
        assert!(comment.contains(&format!("In the text: 1 thing to look at and 1 note, line by line in [the check]({}/checks).", world.app.pull_request(number).url)), "{comment}");
        assert!(!comment.contains("human-error"), "{comment}");
    }

    async fn older_prose_is_never_nagged(database: Database) {
        let world = World::start(&database).await;
        world.configure("review: { rules: { missing-section: off } }\n");
        world.github.quietly(|| world.app.push("main", PATH, OLDER));
        let number = world.propose(&[(PATH, &format!("{OLDER}\nSix.\n"))]);
        world.settle().await;
        let run = world.check(number);
        assert_eq!((run.conclusion.as_deref(), found(&run)), (Some("success"), vec![]));
        assert!(summary(&run).contains("nothing to add"), "{}", summary(&run));
        assert!(!world.comment(number).body.contains("In the text"));
        world.app.commit_as("ada-example", "postmortem-0", "More", &[Change::write(PATH, format!("{OLDER}\nHuman error again.\n"))]);
        world.settle().await;
        assert_eq!(found(&world.check(number)), [(17, "warning")]);
    }

    async fn a_document_that_only_moves_is_not_reviewed(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| world.app.push("main", "postmortems/old.md", OLDER));
        let changes = [Change::delete("postmortems/old.md"), Change::write(PATH, OLDER)];
        let number = world.app.propose("ada-example", "move", "Move it", &changes);
        world.settle().await;
        let run = world.check(number);
        assert_eq!((run.conclusion.as_deref(), found(&run)), (Some("success"), vec![]));
    }

    async fn what_the_whole_document_lacks_is_a_line_of_the_summary_and_an_annotation_only_where_it_is_new(database: Database) {
        let world = World::start(&database).await;
        world.configure("review: { profile: light, blocking: true, rules: { missing-section: error, human-error: off } }\n");
        let older = OLDER.replace("# Checkout", "# Postmortem: checkout");
        world.github.quietly(|| world.app.push("main", PATH, &older));
        let old = world.propose(&[(PATH, &format!("{older}\nSix.\n"))]);
        world.settle().await;
        let run = world.check(old);
        assert_eq!((run.conclusion.as_deref(), found(&run)), (Some("neutral"), vec![]), "an older document stops nobody");
        assert!(summary(&run).contains("(`missing-section`)"), "{}", summary(&run));
        let new = world.propose(&[("postmortems/new.md", &older)]);
        world.settle().await;
        let run = world.check(new);
        assert_eq!(run.conclusion.as_deref(), Some("failure"));
        assert!(!found(&run).is_empty() && found(&run).iter().all(|found| *found == (1, "failure")), "{:?}", found(&run));
        assert!(summary(&run).contains("#### Before merging"), "{}", summary(&run));
    }

    async fn errors_fail_the_check_only_where_the_team_asks_for_it(database: Database) {
        let world = World::start(&database).await;
        for (blocking, level, conclusion) in
            [(false, "error", "neutral"), (true, "warning", "neutral"), (true, "error", "failure"), (true, "off", "success")]
        {
            world.configure(&format!("review: {{ blocking: {blocking}, profile: light, rules: {{ missing-section: off, human-error: {level} }} }}\n"));
            let number = world.propose(&[(&format!("postmortems/{blocking}-{level}.md"), OLDER)]);
            world.settle().await;
            assert_eq!(world.check(number).conclusion.as_deref(), Some(conclusion), "{blocking} {level}");
        }
    }

    async fn a_review_that_is_switched_off_says_nothing(database: Database) {
        let world = World::start(&database).await;
        world.configure("review: { check: false }\n");
        let number = world.propose(&[(PATH, &OLDER.replace("Human error made", "The root cause was that human error made"))]);
        world.settle().await;
        assert_eq!(world.app.check_runs().len(), 0);
        assert_eq!(world.app.review_threads(number).len(), 0);
        assert!(!world.comment(number).body.contains("In the text"));
    }

    async fn many_findings_are_capped_and_the_rest_is_said(database: Database) {
        let world = World::start(&database).await;
        world.configure("review: { rules: { missing-section: off } }\n");
        let mut text = "# Long\n\n## Contributing factors\n".to_owned();
        for part in 0..400 {
            text.push_str(&format!("\nHuman error made part {part} fail.\n"));
        }
        let number = world.propose(&[(PATH, &text)]);
        world.settle().await;
        let run = world.check(number);
        assert_eq!(found(&run).len(), 50);
        assert!(summary(&run).contains("The first 50 are shown"), "{}", summary(&run));
        assert!(summary(&run).contains("…and 375 more") && summary(&run).len() < 65_536, "{}", summary(&run));
    }

    async fn a_change_too_large_for_a_patch_is_said_and_not_guessed(database: Database) {
        let world = World::start(&database).await;
        world.configure("review: { rules: { missing-section: off } }\n");
        world.github.quietly(|| world.app.push("main", PATH, OLDER));
        let more: String = (0..20_100).map(|line| format!("Line {line}\n")).collect();
        let number = world.propose(&[(PATH, &format!("{OLDER}\n{more}"))]);
        world.settle().await;
        let run = world.check(number);
        assert_eq!(found(&run), []);
        assert!(summary(&run).contains("GitHub does not tell which lines"), "{}", summary(&run));
    }

    async fn what_is_ignored_is_counted(database: Database) {
        let world = World::start(&database).await;
        world.configure("review: { rules: { missing-section: off } }\n");
        let ignored = OLDER.replace("Human error", "<!-- followthrough-ignore: human-error it is the name of a song -->\nHuman error");
        let number = world.propose(&[(PATH, &ignored)]);
        world.settle().await;
        let run = world.check(number);
        assert_eq!(run.conclusion.as_deref(), Some("success"), "{}", summary(&run));
        assert!(summary(&run).contains("1 finding is ignored"), "{}", summary(&run));
    }

    async fn several_documents_are_told_apart(database: Database) {
        let world = World::start(&database).await;
        world.configure("review: { rules: { missing-section: off } }\n");
        let number = world.propose(&[("postmortems/a.md", OLDER), ("postmortems/b.md", OLDER)]);
        world.settle().await;
        let run = world.check(number);
        assert!(summary(&run).contains("[a.md, line 5]") && summary(&run).contains("[b.md, line 5]"), "{}", summary(&run));
    }

    async fn what_findings_quote_pings_nobody(database: Database) {
        let world = World::start(&database).await;
        let text = "# Checkout failed\n\n## Contributing factors\n\n@stranger-example caused it, see acme/app#1.\n\n## Action items\n\n- [ ] We should ask @stranger-example about acme/app#1\n";
        let number = world.propose(&[(PATH, text)]);
        world.settle().await;
        let run = world.check(number);
        assert!(!found(&run).is_empty());
        assert!(!summary(&run).contains("@stranger") && !run.annotations.iter().any(|annotation| annotation.message.contains("@stranger")), "{run:?}");
        assert!(world.github.pings().iter().all(|ping| !format!("{ping:?}").contains("stranger")), "{:?}", world.github.pings());
    }

    async fn a_rule_that_there_is_not_is_shown_on_the_pull_request_that_brings_it(database: Database) {
        let world = World::start(&database).await;
        let wrong = "version: 1\nreview:\n  chek: true\n  rules:\n    human-eror: off\n    missing-owner: note\n";
        let number = world.propose(&[(CONFIGURATION, wrong)]);
        world.settle().await;
        let run = world.check(number);
        assert_eq!(run.conclusion.as_deref(), Some("neutral"));
        let lines: Vec<_> = run.annotations.iter().map(|annotation| (annotation.path.as_str(), annotation.start_line)).collect();
        assert_eq!(lines, [(CONFIGURATION, 3), (CONFIGURATION, 5)], "everything is told at once");
        let message = &run.annotations[1].message;
        assert!(message.contains("column 5") && message.contains("no rule `human-eror`") && message.contains("`human-error`?"), "{message}");
        world.app.commit_as("ada-example", "postmortem-0", "Mend it", &[Change::write(CONFIGURATION, wrong.replace("eror", "error").replace("chek", "check"))]);
        world.settle().await;
        assert!(!world.comment(number).body.contains("human-eror"));
    }

    async fn a_rule_that_there_is_not_leaves_the_rest_of_the_configuration_in_force(database: Database) {
        let world = World::start(&database).await;
        world.configure("file: { labels: [good] }\nreview: { rules: { human-eror: off } }\n");
        let number = world.opened().await;
        assert!(world.comment(number).body.contains("no rule `human-eror`"), "{}", world.comment(number).body);
        world.merged(number).await;
        assert!(world.filed().iter().all(|issue| issue.labels == ["good"]));
    }

    async fn a_push_with_nothing_to_find_costs_no_request_more(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        let cost = async |text: String| {
            world.app.commit_as("ada-example", "postmortem-0", "Again", &[Change::write(PATH, text)]);
            world.github.forget_requests();
            world.settle().await;
            world.github.requests().iter().map(|request| format!("{} {} {}", request.method, request.path, request.root_fields.join(","))).collect::<Vec<_>>()
        };
        let with = cost(format!("{}\nOne.\n", crate::world::DOCUMENT)).await;
        world.configure("review: { rules: { missing-section: off, missing-owner: off } }\n");
        let clean = cost("# Checkout failed\n\n## Action items\n\n- [ ] Add an alert (@ada-example)\n".to_owned()).await;
        assert_eq!(with.len(), clean.len(), "{with:#?} {clean:#?}");
        assert!(clean.iter().all(|request| !request.contains("/files") && !request.contains("reviews")), "{clean:#?}");
        world.comment(number);
    }
}
