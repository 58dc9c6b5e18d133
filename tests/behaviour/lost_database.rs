//! The database is a cache: without it, or with an old one, nothing is doubled and nothing lost.

use followthrough::{
    demo::github::{Change, IssueState},
    ids::RepositoryName,
    jobs::backfill::{Backfill, Options, Outcome},
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};

use crate::{
    databases::{Database, on_sqlite},
    over_both::over_both,
    world::{DOCUMENT, PATH, World, titles},
};

const THIRD: &str = "- [ ] Rehearse taking back a deploy\n";
const FOURTH: &str = "- [ ] Write down who is on call\n";

/// The story in steps; each is heard of.
async fn step(world: &World, step: usize) {
    match step {
        0 => drop(world.opened().await),
        1 => world.merged(1).await,
        2 => drop(world.app.push("main", PATH, &format!("{DOCUMENT}{THIRD}"))),
        3 => {
            let alert = world.filed().into_iter().find(|issue| issue.title.starts_with("Alert")).unwrap();
            world.app.close_issue_as("grace-example", alert.number);
        }
        _ => drop(world.app.push("main", PATH, &format!("{DOCUMENT}{THIRD}{FOURTH}"))),
    }
    world.settle().await;
    world.later(60).await;
}

const STEPS: usize = 5;

/// Each item has its issue, what a person closed is closed, and there is one comment.
fn assert_whole(world: &World, what: &str) {
    let filed = world.filed();
    let mut titles = titles(&filed);
    titles.sort_unstable();
    let expected = [
        "Alert when fewer than 98 % of checkouts succeed",
        "Keep the pool's size in its own file.",
        "Rehearse taking back a deploy",
        "Write down who is on call",
    ];
    assert_eq!(titles, expected, "{what}");
    for issue in &filed {
        assert_eq!(issue.state == IssueState::Closed, issue.title.starts_with("Alert"), "{what}: {}", issue.title);
    }
    assert_eq!(world.app.comments(1).len(), 1, "{what}");
    assert_eq!(world.app.pull_requests().len(), 2, "{what}: the author's, and ours with the links");
}

const ALERT: &str = "Alert when fewer than 98 % of checkouts succeed";

/// The titles of the issues, in alphabetical order.
fn sorted(world: &World) -> Vec<String> {
    let mut titles: Vec<String> = world.filed().into_iter().map(|issue| issue.title).collect();
    titles.sort_unstable();
    titles
}

/// A copy of an SQLite database as it is now.
async fn copy(database: &Database, to: &std::path::Path) -> Database {
    let from = database.url.strip_prefix("sqlite://").unwrap();
    let mut connection = SqliteConnectOptions::new().filename(from).connect().await.unwrap();
    sqlx::query(AssertSqlSafe(format!("VACUUM INTO '{}'", to.display()))).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    Database { url: format!("sqlite://{}", to.display()) }
}

over_both! {
    async fn lost_at_any_point_of_the_story_it_is_made_anew(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        for lost_after in 0..STEPS - 1 {
            // The first world of all is on the database given.
            let first = if lost_after == 0 { database.clone() } else { Database { url: format!("sqlite://{}/{lost_after}.db", folder.path().display()) } };
            let mut world = World::start(&first).await;
            for number in 0..=lost_after {
                step(&world, number).await;
            }
            world.restart(&Database { url: format!("sqlite://{}/after-{lost_after}.db", folder.path().display()) }).await;
            for number in lost_after + 1..STEPS {
                step(&world, number).await;
            }
            assert_whole(&world, &format!("lost after step {lost_after}"));
        }
    }
}

#[test]
fn an_old_copy_goes_on_where_the_world_is() {
    on_sqlite(async |database: Database| {
        let folder = tempfile::tempdir().unwrap();
        for copied_after in 0..STEPS - 2 {
            for restored_after in copied_after + 1..STEPS - 1 {
                let name = format!("{copied_after}-{restored_after}");
                let own = Database { url: format!("{}-{name}", database.url) };
                let mut world = World::start(&own).await;
                let mut old = None;
                for number in 0..=restored_after {
                    step(&world, number).await;
                    if number == copied_after {
                        old = Some(copy(&own, &folder.path().join(format!("{name}.db"))).await);
                    }
                }
                world.restart(&old.unwrap()).await;
                for number in restored_after + 1..STEPS {
                    step(&world, number).await;
                }
                assert_whole(&world, &format!("copied after step {copied_after}, restored after {restored_after}"));
            }
        }
    });
}

over_both! {
    async fn a_document_that_was_renamed_while_the_database_was_lost_keeps_its_issues(database: Database) {
        let mut world = World::start(&database).await;
        step(&world, 0).await;
        step(&world, 1).await;
        let folder = tempfile::tempdir().unwrap();
        world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
        let new = "postmortems/2026/checkout.md";
        world.github.quietly(|| world.app.commit("main", "Sort", &[Change::rename(PATH, new)]));
        let number = world.propose(&[(new, &format!("{DOCUMENT}{THIRD}"))]);
        world.settle().await;
        assert!(world.comment(number).body.contains("1 issue will open"), "{}", world.comment(number).body);
        world.merged(number).await;
        world.later(60).await;
        assert_eq!(sorted(&world), [ALERT, "Keep the pool's size in its own file.", "Rehearse taking back a deploy"]);
        world.app.push("main", new, &format!("{DOCUMENT}{THIRD}").replace("- [ ] Alert", "- [x] Alert"));
        world.settle().await;
        let filed = world.filed();
        let closed: Vec<&str> =
            filed.iter().filter(|issue| issue.state == IssueState::Closed).map(|issue| issue.title.as_str()).collect();
        assert_eq!(closed, [ALERT]);
        assert_eq!(filed.len(), 3);
    }

    async fn a_copy_of_a_document_takes_no_issues_from_it(database: Database) {
        let mut world = World::start(&database).await;
        step(&world, 0).await;
        step(&world, 1).await;
        let folder = tempfile::tempdir().unwrap();
        world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
        let number = world.propose(&[("postmortems/2026-11-21-again.md", DOCUMENT)]);
        world.settle().await;
        world.merged(number).await;
        world.later(60).await;
        let pool = "Keep the pool's size in its own file.";
        assert_eq!(sorted(&world), [ALERT, ALERT, pool, pool], "two incidents, two documents");
    }
}

/// A rebuild of `acme/app`; the documents that it found.
async fn rebuild(world: &World, apply: bool) -> Vec<String> {
    let options = Options { rebuild: true, apply, ..Options::default() };
    let mut backfill = Backfill::begin(&world.worker, &RepositoryName::new("acme", "app"), options).await.unwrap().unwrap();
    let mut found = Vec::new();
    while let Some(looked) = backfill.next().await.unwrap() {
        match looked.outcome {
            Outcome::Planned(_) if !apply => found.push(looked.path),
            Outcome::Followed { .. } if apply => found.push(looked.path),
            Outcome::LeftOut => {}
            other => panic!("{other:?}"),
        }
    }
    found
}

over_both! {
    async fn rebuilt_it_knows_its_documents_again_and_opens_nothing(database: Database) {
        let mut world = World::start(&database).await;
        for number in 0..4 {
            step(&world, number).await;
        }
        // From before the App came.
        world.github.quietly(|| world.app.push("main", "postmortems/old.md", "# Old\n\n## Action items\n\n- [ ] Cap the size of uploads\n"));
        let folder = tempfile::tempdir().unwrap();
        world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
        world.github.forget_requests();
        assert_eq!(rebuild(&world, false).await, [PATH]);
        assert_eq!(world.writes(), Vec::<String>::new());
        assert_eq!(rebuild(&world, true).await, [PATH]);
        world.settle().await;
        assert_eq!(world.filed().len(), 3, "nothing opens");
        assert_eq!(rebuild(&world, true).await, [PATH], "again, with the same end");
        world.settle().await;
        // Issues are known by their documents again: what a person does is shown.
        let pool = world.filed().into_iter().find(|issue| issue.title.starts_with("Keep")).unwrap();
        let before = world.comment_among_others(1).body;
        world.app.close_issue_as("grace-example", pool.number);
        world.settle().await;
        assert_ne!(world.comment_among_others(1).body, before);
        world.app.reopen_issue_as("grace-example", pool.number);
        world.settle().await;
        step(&world, 4).await;
        assert_whole(&world, "rebuilt");
    }
}
