//! Where issues go: routes to other repositories and boards, the tracking issue, types, milestones, severities.

use followthrough::{
    demo::github::{Change, Fault, FieldSeed, IssueView, Matching, Project, Repository, Role},
    plan::marker,
};

use crate::{
    databases::Database,
    over_both::over_both,
    review::pending,
    world::{DOCUMENT, PATH, World, filed, titles},
};

/// Items of several areas: by a tag, by a column, by the heading they stand under, and of none.
const AREAS: &str = "# Orders were lost

## Action items

- [ ] Give the orders table an index [area: database]
- [ ] Say which queue an order is in

### Payments

- [ ] Retry a payment once (@ada-example)

## Follow-ups

| Action | Area | Owner |
|---|---|---|
| Rehearse restoring the orders table | Database | @ada-example |
";

const ROUTES: &str = "link_back: { document: off }
file: { labels: [postmortem] }
board: { project: HOME, status: Triage }
routes:
  - { area: DATABASE, repository: acme/database, labels: [team/db], project: OTHER, assign: [grace-example] }
  - { area: payments, repository: acme/payments }
";

/// Another repository of the organization.
fn neighbour(world: &World, name: &str) -> Repository {
    world.github.quietly(|| {
        let repository = world.github.organization("acme").repository(name);
        repository.commit("main", "Begin", &[Change::write("README.md", "# Begun\n")]);
        repository.set_assignable(&["ada-example", "grace-example"]);
        repository
    })
}

fn board(world: &World, number: u64) -> Project {
    let fields = [FieldSeed::single_select("Status", &["Todo", "Triage"]), FieldSeed::date("Due")];
    world.github.quietly(|| world.github.add_project("acme", number, "Actions", &fields))
}

fn one(repository: &Repository, title: &str) -> IssueView {
    let found: Vec<IssueView> = repository.issues().into_iter().filter(|issue| issue.title.starts_with(title)).collect();
    assert_eq!(found.len(), 1, "one issue for “{title}”: {found:#?}");
    found.into_iter().next().unwrap()
}

/// What stands on a board, in order.
fn on(board: &Project) -> Vec<String> {
    let mut there: Vec<String> =
        board.board().items.iter().map(|item| format!("{} {}", item.content, item.field("Status"))).collect();
    there.sort();
    there
}

async fn again(world: &World, number: u64) {
    let last = world.delivery_about(number);
    world.github.send(&world.github.copy_under_new_guid(&pending(&last))).await;
    world.settle().await;
}

async fn nothing_comes_of_the_same_again(world: &World, number: u64) {
    world.github.forget_requests();
    again(world, number).await;
    assert_eq!(world.writes(), Vec::<String>::new());
}

async fn restart_without_memory(world: &mut World, folder: &tempfile::TempDir) {
    let empty = Database { url: format!("sqlite://{}/empty.db", folder.path().display()) };
    world.restart(&empty).await;
}

/// A merged pull request with this document.
async fn merged(world: &World, text: &str) -> u64 {
    let number = world.propose(&[(PATH, text)]);
    world.settle().await;
    world.merged(number).await;
    number
}

fn items(count: usize) -> String {
    let items: String = (0..count).map(|item| format!("- [ ] Replace the relay number {item}\n")).collect();
    format!("# Relays\n\n## Action items\n\n{items}")
}

/// The issue that has the others under it.
fn parent(world: &World) -> IssueView {
    one(&world.app, "Postmortem: ")
}

over_both! {
    async fn routes_take_issues_to_other_repositories_and_boards(database: Database) {
        let world = World::start(&database).await;
        let (db, payments) = (neighbour(&world, "database"), neighbour(&world, "payments"));
        let (home, other) = (board(&world, 7), board(&world, 8));
        world.configure(&ROUTES.replace("HOME", &home.url()).replace("OTHER", &other.url()));
        let number = world.propose(&[(PATH, AREAS)]);
        world.settle().await;
        let shown = world.comment(number).body;
        assert!(shown.contains("opens an issue in acme/database") && shown.contains("opens an issue in acme/payments"), "{shown}");
        world.merged(number).await;
        assert_eq!(titles(&world.filed()), ["Say which queue an order is in"]);
        let (index, restore) = (one(&db, "Give the orders"), one(&db, "Rehearse restoring"));
        assert_eq!((db.issues().len(), payments.issues().len()), (2, 1));
        for issue in [&index, &restore] {
            assert_eq!(issue.labels, ["postmortem", "team/db"]);
            assert!(issue.body.contains(&format!("/acme/app/pull/{number}")), "{}", issue.body);
        }
        assert_eq!(index.assignees, ["grace-example"], "the route's, where the item names nobody");
        assert_eq!(restore.assignees, ["ada-example"], "its own owner");
        let retry = one(&payments, "Retry a payment");
        assert_eq!((retry.labels, retry.assignees), (vec!["postmortem".to_owned()], vec!["ada-example".to_owned()]));
        let on_home = [format!("acme/app#{} Triage", world.filed()[0].number), format!("acme/payments#{} Triage", retry.number)];
        assert_eq!(on(&home), on_home);
        assert_eq!(on(&other), [format!("acme/database#{} Triage", index.number), format!("acme/database#{} Triage", restore.number)]);
        let shown = world.comment(number).body;
        assert!(shown.contains("**Merged: 4 issues opened.**") && shown.contains(&format!("[acme/database#{}](", index.number)), "{shown}");
        nothing_comes_of_the_same_again(&world, number).await;

        db.close_issue_as("grace-example", index.number);
        world.settle().await;
        assert!(world.comment(number).body.contains("4 issues opened, 1 closed"), "{}", world.comment(number).body);
    }

    async fn routed_issues_are_found_again_without_the_database(database: Database) {
        let mut world = World::start(&database).await;
        let (db, payments) = (neighbour(&world, "database"), neighbour(&world, "payments"));
        let (home, other) = (board(&world, 7), board(&world, 8));
        world.configure(&ROUTES.replace("HOME", &home.url()).replace("OTHER", &other.url()));
        world.github.faults().next(Matching::graphql("createIssue"), Fault::LoseAnswer);
        let number = merged(&world, AREAS).await;
        world.settle_for_good().await;
        let shown = world.comment(number).body;
        let folder = tempfile::tempdir().unwrap();
        restart_without_memory(&mut world, &folder).await;
        world.github.forget_requests();
        again(&world, number).await;
        assert_eq!(world.comment(number).body, shown);
        assert_eq!((world.filed().len(), db.issues().len(), payments.issues().len()), (1, 2, 1));
        assert_eq!(world.writes(), Vec::<String>::new());
    }

    async fn a_place_that_cannot_be_used_is_that_items_problem_alone(database: Database) {
        let world = World::start(&database).await;
        let elsewhere = world.github.quietly(|| world.github.organization("elsewhere").repository("tool"));
        let archived = neighbour(&world, "archived");
        let closed = neighbour(&world, "closed");
        world.github.quietly(|| {
            archived.archive();
            closed.disable_issues();
        });
        world.configure(
            "routes:\n  - { area: foreign, repository: elsewhere/tool }\n  - { area: old, repository: acme/archived }\n  \
             - { area: gone, repository: acme/gone }\n  - { area: shut, repository: acme/closed }\n",
        );
        let text = "# Places\n\n## Action items\n\n- [ ] Give the tool a timeout [area: foreign]\n- [ ] Move the old worker [area: old]\n\
                    - [ ] Find the lost page [area: gone]\n- [ ] Open the window again [area: shut]\n- [ ] Write down whom to call\n";
        let number = world.propose(&[(PATH, text)]);
        world.settle().await;
        let told = |shown: &str| {
            for words in ["elsewhere/tool belongs to another owner", "acme/archived is archived", "acme/gone cannot be reached", "Issues are disabled in acme/closed"] {
                assert_eq!(shown.matches(words).count(), 1, "{words}: {shown}");
            }
        };
        told(&world.comment(number).body);
        world.merged(number).await;
        world.settle_for_good().await;
        assert_eq!(titles(&world.filed()), ["Write down whom to call"]);
        assert_eq!((elsewhere.issues().len(), archived.issues().len(), closed.issues().len()), (0, 0, 0));
        told(&world.comment(number).body);
        world.github.quietly(|| archived.unarchive());
        again(&world, number).await;
        assert_eq!(titles(&filed(&archived)), ["Move the old worker"]);
        assert_eq!(world.filed().len(), 1);
    }

    async fn a_pull_request_routes_nothing(database: Database) {
        let world = World::start(&database).await;
        let db = neighbour(&world, "database");
        let route = "routes: [{ area: database, repository: acme/database }]\n";
        let text = "# A\n\n## Action items\n\n- [ ] Give the orders table an index [area: database]\n";
        let number = world.propose(&[(PATH, text), (".github/followthrough.yml", &format!("file: {{ when: opened }}\n{route}"))]);
        world.settle().await;
        assert_eq!((world.filed().len(), db.issues().len()), (0, 0), "nor does it say when");
        assert!(!world.comment(number).body.contains("acme/database"), "{}", world.comment(number).body);
    }

    async fn a_tracking_issue_has_the_others_under_it(database: Database) {
        let mut world = World::start(&database).await;
        world.github.quietly(|| world.app.set_role("grace-example", Role::Write));
        world.configure("file: { tracking_issue: true }\nlink_back: { document: off }\n");
        let old = world.github.quietly(|| world.app.create_issue_as("grace-example", "Retry payments", "Her words."));
        let text = format!("{DOCUMENT}- [ ] Retry a payment once (#{old})\n");
        world.github.faults().next(Matching::graphql("createIssue"), Fault::LoseAnswer);
        let number = merged(&world, &text).await;
        world.settle_for_good().await;
        assert_eq!(world.filed().len(), 3, "a parent, once, and two children: {:?}", titles(&world.filed()));
        let made = parent(&world);
        assert_eq!(made.title, "Postmortem: Checkout failed");
        let (alert, pool) = (one(&world.app, "Alert").number, one(&world.app, "Keep").number);
        let mut under = made.sub_issues.clone();
        under.sort();
        let mut expected: Vec<String> = [alert, pool, old].iter().map(|number| format!("acme/app#{number}")).collect();
        expected.sort();
        assert_eq!(under, expected, "what was there before is under it as well");
        let shown = world.comment(number).body;
        assert!(shown.contains("**Merged: 2 issues opened, 1 linked to"), "it counts items: {shown}");
        nothing_comes_of_the_same_again(&world, number).await;

        world.app.remove_sub_issue_as("grace-example", made.number, pool);
        world.app.remove_sub_issue_as("grace-example", made.number, old);
        world.settle().await;
        again(&world, number).await;
        assert_eq!(parent(&world).sub_issues, [format!("acme/app#{alert}")], "who takes one out has decided");
        let folder = tempfile::tempdir().unwrap();
        restart_without_memory(&mut world, &folder).await;
        again(&world, number).await;
        again(&world, number).await;
        assert_eq!(world.filed().len(), 3, "{:?}", titles(&world.filed()));
        let under = parent(&world).sub_issues;
        assert!(under.contains(&format!("acme/app#{alert}")) && !under.contains(&format!("acme/app#{pool}")), "{under:?}");
        assert!(!world.comment(number).body.contains("could not be put"), "{}", world.comment(number).body);

        let later = world.propose(&[(PATH, &format!("{text}- [ ] Rehearse taking back a deploy\n"))]);
        world.merged(later).await;
        assert!(parent(&world).sub_issues.contains(&format!("acme/app#{}", one(&world.app, "Rehearse").number)));
        assert_eq!(world.filed().len(), 4);
    }

    async fn more_than_a_hundred_have_no_place_under_the_tracking_issue(database: Database) {
        let world = World::start(&database).await;
        world.configure("file: { tracking_issue: true }\nlink_back: { document: off }\n");
        let number = merged(&world, &items(101)).await;
        world.settle_for_good().await;
        assert_eq!(world.filed().len(), 102, "all are opened");
        assert_eq!(parent(&world).sub_issues.len(), 100);
        let shown = world.comment(number).body;
        assert!(shown.contains("1 issue has no place under the tracking issue"), "{}", &shown[shown.len() - 900..]);
        nothing_comes_of_the_same_again(&world, number).await;
    }

    async fn types_and_milestones_are_set_where_they_are_known(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| {
            world.github.organization("acme").add_issue_type("Task");
            world.app.add_milestone("Reliability");
        });
        let configure = |kind: &str, milestone: &str| {
            world.configure(&format!("file: {{ issue_type: {kind}, milestone: {milestone} }}\nlink_back: {{ document: off }}\n"));
        };
        configure("Task", "Reliability");
        merged(&world, "# A\n\n## Action items\n\n- [ ] Do the first thing\n").await;
        let first = one(&world.app, "Do the first");
        assert_eq!(first.issue_type.as_deref(), Some("Task"));
        assert!(world.app.milestone(first.number).as_deref() == Some("Reliability"));
        configure("Chore", "Speed");
        let number = world.propose(&[("postmortems/b.md", "# B\n\n## Action items\n\n- [ ] Rehearse taking back a deploy\n")]);
        world.settle().await;
        let told = |shown: &str| {
            assert!(shown.contains("acme/app has no issue type `Chore`"), "{shown}");
            assert!(shown.contains("acme/app has no open milestone `Speed`"), "{shown}");
        };
        told(&world.comment(number).body);
        world.merged(number).await;
        let second = one(&world.app, "Rehearse");
        assert_eq!((second.issue_type, world.app.milestone(second.number)), (None, None), "opened all the same");
        told(&world.comment(number).body);
    }

    async fn the_severity_gives_labels_and_a_day(database: Database) {
        let world = World::start(&database).await;
        let board = board(&world, 7);
        world.configure(&format!(
            "file:\n  due: {{ S1: 7d, S2: 30d }}\n  severity_labels: {{ S1: [sev/1], S2: [sev/2] }}\n\
             board: {{ project: {}, status: Triage, fields: {{ Due: \"{{{{ item.due }}}}\" }} }}\nlink_back: {{ document: off }}\n",
            board.url()
        ));
        let text = "---\nseverity: SEV-2\ndate: 2026-11-01\n---\n# A\n\n## Action items\n\n- [ ] Do the first thing\n- [ ] Do the second thing (due 2026-11-15)\n";
        let number = merged(&world, text).await;
        let (first, second) = (one(&world.app, "Do the first"), one(&world.app, "Do the second"));
        assert_eq!(first.labels, ["postmortem", "action-item", "sev/2"]);
        assert!(first.body.contains("**Due:** 2026-12-01 (S2: 30 days after the incident)"), "{}", first.body);
        assert!(second.body.contains("**Due:** 2026-11-15"), "its own day goes first: {}", second.body);
        let shown = world.comment(number).body;
        assert!(shown.contains("| 2026-12-01 |") && shown.contains("| 2026-11-15 |"), "{shown}");
        let due: Vec<String> = board.board().items.iter().map(|item| item.field("Due").to_owned()).collect();
        assert_eq!(due, ["2026-12-01", "2026-11-15"]);
        assert!(marker::parse(&first.body).is_some());
    }
}
