//! Backfill: the postmortems that a repository has already are planned over and, when asked, filed once.

use followthrough::{
    demo::github::{Change, Fault, IssueState, Matching},
    ids::RepositoryName,
    jobs::{
        Stop,
        backfill::{Backfill, Looked, Options, Outcome},
    },
    plan::ActionKind,
};
use jiff::civil::date;

use crate::{
    databases::Database,
    over_both::over_both,
    story::{ALERT, DRILL, POOL, Story, postmortem, ticked},
    world::{PATH, World, titles},
};

const GO_AHEAD: &str = "version: 1\nfile: { when: merged }\n";
const APPLY: Options = Options { since: None, apply: true, rebuild: false, link_back: false };
const DRY: Options = Options { since: None, apply: false, rebuild: false, link_back: false };

fn name() -> RepositoryName {
    RepositoryName::new("acme", "app")
}

fn path(index: usize) -> String {
    format!("postmortems/2026-01-{:02}.md", index + 1)
}

/// Three documents of two open items each, which were there before the App.
fn old(world: &World) {
    let document = |index: usize| {
        let items = [format!("- [ ] Alert on failure {index}"), format!("- [ ] Rehearse recovery {index}")];
        Change::write(path(index), postmortem(&[&items[0], &items[1], "- [x] Put it back"]))
    };
    let changes: Vec<Change> = (0..3).map(document).collect();
    world.github.quietly(|| world.app.commit("main", "Import", &changes));
}

/// Runs until the end, or until it has to wait.
async fn run(world: &World, options: Options) -> Result<Vec<Looked>, Stop> {
    let mut backfill = Backfill::begin(&world.worker, &name(), options).await?.expect("there is something to look at");
    let mut looked = Vec::new();
    while let Some(next) = backfill.next().await? {
        looked.push(next);
    }
    assert_eq!(backfill.remaining(), 0);
    Ok(looked)
}

/// As [`run`], waiting as long as it takes, by the fake's clock.
async fn run_patiently(world: &World, options: Options) -> Vec<Looked> {
    loop {
        match run(world, options).await {
            Ok(looked) => return looked,
            Err(Stop::Busy(_)) => tokio::task::yield_now().await,
            Err(stop) => {
                assert!(stop.pause(world.worker.now(), 1).is_some(), "{stop}");
                world.github.clock().advance(jiff::SignedDuration::from_secs(20));
            }
        }
    }
}

fn opens(looked: &[Looked]) -> usize {
    let plans = looked.iter().filter_map(|looked| match &looked.outcome {
        Outcome::Planned(plan) => Some(plan),
        _ => None,
    });
    plans.flat_map(|plan| &plan.actions).filter(|action| matches!(action.kind, ActionKind::OpenIssue(_))).count()
}

fn as_before(looked: &[Looked]) -> usize {
    looked.iter().filter(|looked| matches!(looked.outcome, Outcome::AsBefore { .. })).count()
}

fn assert_understood(world: &World) {
    assert_eq!(world.github.unexpected_requests(), Vec::<String>::new());
}

/// One issue for each of the six open items.
fn assert_each_once(world: &World) {
    let filed = world.filed();
    let mut titles = titles(&filed);
    titles.sort_unstable();
    let all: Vec<String> =
        ["Alert on failure", "Rehearse recovery"].iter().flat_map(|what| (0..3).map(move |at| format!("{what} {at}"))).collect();
    assert_eq!(titles, all);
    assert_understood(world);
}

over_both! {
    async fn a_dry_run_shows_what_would_open_and_writes_nothing(database: Database) {
        let world = World::start(&database).await;
        old(&world);
        world.github.forget_requests();
        let looked = run(&world, DRY).await.unwrap();
        assert_eq!(looked.iter().map(|looked| looked.path.clone()).collect::<Vec<_>>(), [path(0), path(1), path(2)]);
        assert_eq!(opens(&looked), 6);
        assert_eq!(world.writes(), Vec::<String>::new());
        assert_eq!(world.worker.store.documents_of_repository(followthrough::ids::RepositoryId(world.app.id())).await.unwrap(), []);
        assert_understood(&world);
    }

    async fn each_open_item_gets_one_issue_however_often_it_runs(database: Database) {
        let world = World::start(&database).await;
        world.configure(GO_AHEAD);
        old(&world);
        let looked = run(&world, APPLY).await.unwrap();
        let counted = looked.iter().map(|looked| match &looked.outcome {
            Outcome::Followed { plan, to_file } => (plan.items.len(), to_file.len(), plan.actions.len(), plan.problems.len()),
            other => panic!("{other:?}"),
        });
        assert_eq!(counted.collect::<Vec<_>>(), [(3, 2, 0, 0); 3]);
        assert_each_once(&world);
        world.settle().await;
        world.github.forget_requests();
        assert_eq!(as_before(&run(&world, APPLY).await.unwrap()), 3);
        assert_eq!(world.writes(), Vec::<String>::new());
        assert_each_once(&world);
    }

    async fn no_link_back_is_written_unless_asked_for(database: Database) {
        let world = World::start(&database).await;
        world.configure(GO_AHEAD);
        old(&world);
        run(&world, APPLY).await.unwrap();
        world.settle().await;
        world.later(120).await;
        assert_eq!(world.app.pull_requests().len(), 0, "dozens of pull requests at once would be noise");
        run(&world, Options { link_back: true, ..APPLY }).await.unwrap();
        assert_eq!(world.app.pull_requests().len(), 3);
        assert_each_once(&world);
    }

    async fn killed_anywhere_and_run_again_it_doubles_nothing(database: Database) {
        let world = World::start(&database).await;
        world.configure(GO_AHEAD);
        old(&world);
        for fault in [Fault::LoseAnswer, Fault::ErrorBeforeEffect] {
            world.github.faults().next(Matching::graphql("createIssue"), fault);
            let stopped = run(&world, APPLY).await;
            assert!(stopped.is_err(), "{stopped:?}");
            assert_eq!(world.github.faults().pending(), 0);
            assert!(world.filed().len() < 6, "it was cut off half way");
            world.github.clock().advance(jiff::SignedDuration::from_secs(20));
        }
        run_patiently(&world, APPLY).await;
        assert_each_once(&world);
    }

    async fn a_run_that_had_to_wait_goes_on_with_the_same_document(database: Database) {
        let world = World::start(&database).await;
        world.configure(GO_AHEAD);
        old(&world);
        let mut backfill = Backfill::begin(&world.worker, &name(), APPLY).await.unwrap().expect("documents");
        assert!(backfill.next().await.unwrap().is_some());
        world.github.faults().next(Matching::graphql("createIssue"), Fault::ErrorBeforeEffect);
        let (mut stops, mut paths) = (0, Vec::new());
        loop {
            match backfill.next().await {
                Ok(Some(looked)) => paths.push(looked.path),
                Ok(None) => break,
                Err(stop) => {
                    assert!(stop.pause(world.worker.now(), 1).is_some(), "{stop}");
                    world.github.clock().advance(jiff::SignedDuration::from_secs(20));
                    stops += 1;
                }
            }
        }
        assert!(stops > 0);
        assert_eq!(paths, [path(1), path(2)]);
        assert_each_once(&world);
    }

    async fn two_runs_at_once_open_each_issue_once(database: Database) {
        let world = World::start(&database).await;
        world.configure(GO_AHEAD);
        old(&world);
        tokio::join!(run_patiently(&world, APPLY), run_patiently(&world, APPLY));
        assert_each_once(&world);
    }

    async fn since_a_day_goes_by_the_documents_own_date_or_else_the_last_commit(database: Database) {
        let world = World::start(&database).await;
        let dated = |day: &str, item: &str| format!("---\ndate: {day}\n---\n{}", postmortem(&[item]));
        world.github.quietly(|| {
            let changes = [
                Change::write("postmortems/a.md", dated("2026-01-10", "- [ ] Mend the first thing")),
                Change::write("postmortems/b.md", dated("2026-10-01", "- [ ] Mend the second thing")),
                Change::write("postmortems/c.md", postmortem(&["- [ ] Mend the third thing"])),
            ];
            world.app.commit("main", "Import", &changes);
        });
        for (since, expected) in [
            (date(2026, 1, 10), vec!["postmortems/a.md", "postmortems/b.md", "postmortems/c.md"]),
            (date(2026, 1, 11), vec!["postmortems/b.md", "postmortems/c.md"]),
            (date(2026, 11, 20), vec!["postmortems/c.md"]),
            (date(2026, 11, 21), vec![]),
        ] {
            let looked = run(&world, Options { since: Some(since), ..DRY }).await.unwrap();
            let planned = looked.iter().filter(|looked| matches!(looked.outcome, Outcome::Planned(_)));
            assert_eq!(planned.map(|looked| looked.path.as_str()).collect::<Vec<_>>(), expected, "{since}");
        }
        world.configure(GO_AHEAD);
        run(&world, Options { since: Some(date(2026, 10, 1)), ..APPLY }).await.unwrap();
        assert_eq!(titles(&world.filed()), ["Mend the second thing", "Mend the third thing"]);
    }

    async fn without_a_go_ahead_nothing_opens(database: Database) {
        let world = World::start(&database).await;
        old(&world);
        for (configuration, said) in [
            (None, "there is no `.github/followthrough.yml`"),
            (Some("file: { when: command }\n"), "`file.when: command`"),
            (Some("file: { wen: merged }\n"), "has problems"),
        ] {
            if let Some(yaml) = configuration {
                world.configure(yaml);
            }
            let mut backfill = Backfill::begin(&world.worker, &name(), APPLY).await.unwrap().expect("documents");
            assert!(backfill.refusal().is_some_and(|why| why.contains(said)), "{:?}", backfill.refusal());
            assert!(backfill.next().await.unwrap().is_none());
            assert_eq!(world.filed().len(), 0);
            assert_eq!(opens(&run(&world, DRY).await.unwrap()), 6, "what would open can be seen all the same");
        }
    }

    async fn the_owners_configuration_is_a_go_ahead(database: Database) {
        let world = World::start(&database).await;
        old(&world);
        world.github.quietly(|| {
            let common = world.github.organization("acme").repository(".github");
            common.push("main", ".github/followthrough.yml", GO_AHEAD);
        });
        run(&world, APPLY).await.unwrap();
        assert_each_once(&world);
    }

    async fn where_the_app_is_not_there_is_nothing_to_look_at(database: Database) {
        let world = World::start(&database).await;
        let nowhere = RepositoryName::new("acme", "nowhere");
        let why = Backfill::begin(&world.worker, &nowhere, DRY).await.unwrap().err().unwrap();
        assert!(why.contains("acme/nowhere") && why.contains("install"), "{why}");
        world.github.quietly(|| world.app.archive());
        let why = Backfill::begin(&world.worker, &name(), DRY).await.unwrap().err().unwrap();
        assert!(why.contains("archived"), "{why}");
    }

    async fn items_that_were_left_alone_are_filed(database: Database) {
        let world = World::start(&database).await;
        world.configure(&format!("{GO_AHEAD}link_back: {{ document: off }}\n"));
        world.github.quietly(|| world.app.push("main", PATH, &postmortem(&[ALERT, POOL])));
        world.app.push("main", PATH, &postmortem(&[ALERT, POOL, DRILL]));
        world.settle().await;
        assert_eq!(world.filed().len(), 1, "nobody asked for the other two");
        assert_eq!(opens(&run(&world, DRY).await.unwrap()), 2);
        assert_eq!(world.filed().len(), 1);
        run(&world, APPLY).await.unwrap();
        assert_eq!(world.filed().len(), 3);
        world.app.push("main", PATH, &postmortem(&[&ticked(ALERT), POOL, DRILL]));
        world.settle().await;
        let filed = world.filed();
        let alert = filed.iter().find(|issue| issue.title.starts_with("Alert")).unwrap();
        assert_eq!(alert.state, IssueState::Closed, "from now on they are followed");
        assert_eq!(filed.len(), 3);
    }

    async fn documents_that_came_in_by_the_dozen_are_filed_and_the_failure_is_over(database: Database) {
        let world = World::start(&database).await;
        world.configure(GO_AHEAD);
        let document = |index: usize| Change::write(path(index), postmortem(&[&format!("- [ ] Mend thing number {index}")]));
        world.app.commit("main", "Import", &(0..25).map(document).collect::<Vec<_>>());
        world.settle().await;
        assert_eq!(world.filed().len(), 0);
        let failures = world.worker.store.list_failures(10).await.unwrap();
        assert!(failures.iter().any(|failure| failure.what.contains("followthrough backfill")), "{failures:?}");
        run(&world, APPLY).await.unwrap();
        assert_eq!(world.filed().len(), 25);
        assert_eq!(world.worker.store.list_failures(10).await.unwrap(), []);
        assert_understood(&world);
    }

    async fn what_was_followed_already_stays_as_people_left_it(database: Database) {
        let world = World::start(&database).await;
        let story = Story::merged(&world).await;
        story.repository.close_issue_as("grace-example", story.issues[1]);
        story.settle().await;
        let before: Vec<_> = world.app.issues().iter().map(|issue| format!("{issue:?}")).collect();
        world.github.forget_requests();
        assert_eq!(as_before(&run(&world, APPLY).await.unwrap()), 1);
        assert_eq!(world.writes(), Vec::<String>::new());
        assert_eq!(world.app.issues().iter().map(|issue| format!("{issue:?}")).collect::<Vec<_>>(), before);
    }

    async fn without_the_database_issues_are_found_by_their_markers(database: Database) {
        let mut world = World::start(&database).await;
        world.configure(GO_AHEAD);
        old(&world);
        run(&world, APPLY).await.unwrap();
        world.settle().await;
        world.later(120).await;
        let folder = tempfile::tempdir().unwrap();
        world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
        let looked = run_patiently(&world, APPLY).await;
        for looked in looked {
            assert!(matches!(looked.outcome, Outcome::Followed { to_file, .. } if to_file.is_empty()), "none is said to be new");
        }
        assert_each_once(&world);
    }

    async fn a_document_that_was_renamed_unheard_keeps_its_issues(database: Database) {
        let world = World::start(&database).await;
        world.configure(GO_AHEAD);
        old(&world);
        run(&world, APPLY).await.unwrap();
        world.github.quietly(|| world.app.commit("main", "Sort", &[Change::rename(path(1), "postmortems/checkout/old.md")]));
        assert_eq!(opens(&run(&world, DRY).await.unwrap()), 0);
        run(&world, APPLY).await.unwrap();
        assert_each_once(&world);
    }

    async fn what_is_pushed_during_the_run_is_read_anew(database: Database) {
        let world = World::start(&database).await;
        world.configure(GO_AHEAD);
        old(&world);
        let mut backfill = Backfill::begin(&world.worker, &name(), APPLY).await.unwrap().expect("documents");
        backfill.next().await.unwrap().unwrap();
        world.app.push("main", &path(1), &postmortem(&["- [x] Alert on failure 1", "- [ ] Rehearse recovery 1"]));
        world.github.quietly(|| world.app.commit("main", "Tidy", &[Change::delete(path(2))]));
        while backfill.next().await.unwrap().is_some() {}
        assert_eq!(titles(&world.filed()), ["Alert on failure 0", "Rehearse recovery 0", "Rehearse recovery 1"]);
    }

    async fn a_file_that_cannot_be_read_does_not_keep_the_others(database: Database) {
        let world = World::start(&database).await;
        world.configure(GO_AHEAD);
        old(&world);
        world.github.quietly(|| world.app.commit("main", "Add", &[Change::write("postmortems/0.md", "# Zero\0\u{1}")]));
        let looked = run(&world, APPLY).await.unwrap();
        assert!(matches!(&looked[0].outcome, Outcome::Failed(why) if why.contains("not text")), "{:?}", looked[0]);
        assert_each_once(&world);
    }
}
