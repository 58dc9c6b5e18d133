//! When issues open: on the merge, or before it, as `file.when` says; and what a pull request decides before its merge.

use followthrough::{
    demo::github::{Change, Fault, IssueState, IssueView, Matching, ReviewState, Role, StateReason},
    ids::{IssueNumber, RepositoryId},
};

use crate::{
    databases::Database,
    over_both::over_both,
    review::pending,
    world::{DOCUMENT, PATH, World, titles},
};

const BOT: &str = "followthrough[bot]";
const ALERT: &str = "Alert when fewer than 98 % of checkouts succeed";
const POOL: &str = "Keep the pool's size in its own file.";
const DRILL: &str = "Rehearse taking back a deploy";

/// A world whose default branch says when issues open.
async fn start(database: &Database, when: &str) -> World {
    let mut world = World::start(database).await;
    turn_to(&mut world, "app", when);
    world
}

/// Goes on in a repository of its own, whose default branch says when issues open, and in which ada, grace and joan may write.
fn turn_to(world: &mut World, name: &str, when: &str) {
    let app = world.github.quietly(|| {
        let app = world.github.organization("acme").repository(name);
        for login in ["ada-example", "grace-example", "joan-example"] {
            app.set_role(login, Role::Write);
        }
        app.commit("main", "Begin", &[Change::write("README.md", "# Begun\n")]);
        app
    });
    world.app = app;
    world.configure(&format!("file: {{ when: {when} }}\n"));
}

/// What the pull request's branch has for the document.
fn proposed(world: &World, number: u64) -> String {
    world.app.file(&world.app.pull_request(number).head_branch, PATH).unwrap()
}

/// Somebody changes the document on the pull request's branch, whatever the App wrote into it before.
async fn edited(world: &World, number: u64, edit: impl FnOnce(String) -> String) {
    let branch = world.app.pull_request(number).head_branch;
    let text = edit(proposed(world, number));
    world.app.commit_as("ada-example", &branch, "Go on", &[Change::write(PATH, text)]);
    world.settle().await;
}

/// `text` without the lines of items that begin like this.
fn without(text: &str, item: &str) -> String {
    text.lines().filter(|line| !line.starts_with(&format!("- [ ] {item}"))).map(|line| format!("{line}\n")).collect()
}

fn issue(world: &World, title: &str) -> IssueView {
    let found: Vec<IssueView> = world.filed().into_iter().filter(|issue| issue.title.starts_with(title)).collect();
    assert_eq!(found.len(), 1, "one issue for “{title}”: {found:#?}");
    found.into_iter().next().unwrap()
}

fn state(world: &World, title: &str) -> (IssueState, Option<StateReason>) {
    let issue = issue(world, title);
    (issue.state, issue.state_reason)
}

const OPEN: (IssueState, Option<StateReason>) = (IssueState::Open, None);
const NOT_PLANNED: (IssueState, Option<StateReason>) = (IssueState::Closed, Some(StateReason::NotPlanned));

/// What the App said on an issue.
fn said(world: &World, number: u64) -> Vec<String> {
    world.app.comments(number).into_iter().filter(|comment| comment.author == BOT).map(|comment| comment.body).collect()
}

/// All that was delivered about pull requests and pushes comes once more; nothing is written.
async fn nothing_comes_of_the_same_again(world: &World) {
    let copies: Vec<_> = world
        .github
        .deliveries()
        .iter()
        .filter(|delivery| delivery.repository == Some(world.app.id()))
        .filter(|delivery| ["pull_request", "pull_request_review", "push"].contains(&delivery.event.as_str()))
        .map(|delivery| world.github.copy_under_new_guid(&pending(delivery)))
        .collect();
    world.github.forget_requests();
    for copy in &copies {
        world.github.send(copy).await;
    }
    world.settle().await;
    assert_eq!(world.writes(), Vec::<String>::new());
}

/// Pull requests that the App opened to link what was not linked.
fn link_backs(world: &World) -> usize {
    world.app.pull_requests().iter().filter(|pull| pull.author == BOT).count()
}

/// Documents with items that the pull request filed and that are not merged.
async fn still_proposed(world: &World, number: u64) -> usize {
    world.worker.store.proposed_documents(RepositoryId(world.app.id()), IssueNumber(number)).await.unwrap().len()
}

async fn restart_without_memory(world: &mut World, folder: &tempfile::TempDir) {
    let empty = Database { url: format!("sqlite://{}/empty.db", folder.path().display()) };
    world.restart(&empty).await;
}

async fn same_again(world: &World, number: u64) {
    let last = world.delivery_about(number);
    world.github.send(&world.github.copy_under_new_guid(&pending(&last))).await;
    world.settle().await;
}

over_both! {
    async fn issues_open_at_their_moment_and_only_then(database: Database) {
        let mut world = World::start(&database).await;
        for (when, waits) in [
            ("approved", Some("**On approval: 2 issues will open, 1 already done, 1 declined.**")),
            ("ready", Some("**When this is ready for review: 2 issues will open, 1 already done, 1 declined.**")),
            ("opened", None),
            ("command", Some("**On `/followthrough file`: 2 issues will open, 1 already done, 1 declined.**")),
        ] {
            turn_to(&mut world, when, when);
            world.app.commit_as("ada-example", "postmortem-0", "Postmortem", &[Change::write(PATH, DOCUMENT)]);
            let number = world.app.open_draft("ada-example", "postmortem-0", "Postmortem", "");
            world.settle().await;
            if let Some(waits) = waits {
                assert_eq!(world.filed().len(), 0, "{when}");
                let shown = world.comment(number).body;
                assert!(shown.contains(waits), "{when}: {shown}");
                assert!(shown.contains("Nothing is opened before that."), "{when}: {shown}");
                assert_eq!(proposed(&world, number), DOCUMENT, "{when}");
            }
            match when {
                "approved" => world.app.approve("grace-example", number),
                "ready" => world.app.mark_ready("ada-example", number),
                "command" => drop(world.app.comment_as("grace-example", number, "/followthrough file")),
                _ => {}
            }
            world.settle().await;
            assert_eq!(titles(&world.filed()), [ALERT, POOL], "{when}");
            let shown = world.comment_among_others(number).body;
            assert!(shown.contains("**Filed before the merge: 2 issues opened, 1 already done, 1 declined.**"), "{when}: {shown}");
            assert_eq!(proposed(&world, number).matches("/issues/").count(), 2, "{when}: the branch has the links");
            assert_eq!(still_proposed(&world, number).await, 1, "{when}");
            nothing_comes_of_the_same_again(&world).await;

            edited(&world, number, |text| format!("{text}- [ ] {DRILL}\n")).await;
            assert_eq!(titles(&world.filed()), [ALERT, POOL, DRILL], "{when}: what is added later was asked for with the rest");
            if world.app.pull_request(number).draft {
                world.app.mark_ready("ada-example", number);
                world.settle().await;
            }
            world.merged(number).await;
            assert_eq!(world.filed().len(), 3, "{when}: nothing is doubled");
            let shown = world.comment_among_others(number).body;
            assert!(shown.contains("**Merged: 3 issues opened, 1 already done, 1 declined.**"), "{when}: {shown}");
            assert_eq!(world.app.file("main", PATH).unwrap().matches("/issues/").count(), 3, "{when}: the merged document has the links");
            assert_eq!((link_backs(&world), still_proposed(&world, number).await), (0, 0), "{when}");
            nothing_comes_of_the_same_again(&world).await;
        }
    }

    async fn an_approval_is_the_last_word_of_somebody_else_who_may_write(database: Database) {
        let world = start(&database, "approved").await;
        let number = world.opened().await;
        let review = async |login: &str, verdict: ReviewState| {
            world.app.review_as(login, number, verdict, "As I said.");
            world.settle().await;
            world.filed().len()
        };
        assert_eq!(review("mary-example", ReviewState::Approved).await, 0, "she may not write");
        assert_eq!(review("joan-example", ReviewState::ChangesRequested).await, 0);
        assert_eq!(review("grace-example", ReviewState::Approved).await, 0, "somebody asks for changes");
        assert_eq!(review("joan-example", ReviewState::Commented).await, 0, "a comment takes nothing back");
        assert_eq!(review("joan-example", ReviewState::Approved).await, 2);
        assert_eq!(review("mary-example", ReviewState::ChangesRequested).await, 2);
        edited(&world, number, |text| format!("{text}- [ ] {DRILL}\n")).await;
        assert_eq!(world.filed().len(), 3, "a stranger holds nothing back");
        assert_eq!(review("grace-example", ReviewState::ChangesRequested).await, 3);
        edited(&world, number, |text| format!("{text}- [ ] Give every queue an owner\n")).await;
        assert_eq!(world.filed().len(), 3, "a writer does");
        let shown = world.comment(number).body;
        assert!(shown.contains("**On approval: 1 issue will open, 3 already tracked, 1 already done, 1 declined.**"), "{shown}");
        world.merged(number).await;
        assert_eq!(world.filed().len(), 4, "the merge is the last word");
    }

    async fn a_stranger_s_pull_request_files_nothing_before_its_merge(database: Database) {
        let mut world = World::start(&database).await;
        for when in ["ready", "opened"] {
            turn_to(&mut world, when, when);
            let fork = world.github.quietly(|| world.app.fork("mary-example"));
            fork.commit_as("mary-example", "theirs", "From outside", &[Change::write(PATH, DOCUMENT)]);
            let number = world.app.open_pull_request_from(&fork, "mary-example", "theirs", "From a fork", "", false);
            world.settle().await;
            assert_eq!(world.filed().len(), 0, "{when}");
            assert!(world.comment(number).body.contains("**On merge: 2 issues will open"), "{when}: {}", world.comment(number).body);
            assert!(world.app.review_threads(number).iter().all(|thread| !thread.comments[0].body.contains("/issues/")));
            world.merged(number).await;
            assert_eq!(world.filed().len(), 2, "{when}");
        }
    }

    async fn what_goes_into_another_branch_waits_for_the_default_one(database: Database) {
        let mut world = World::start(&database).await;
        for when in ["ready", "opened"] {
            turn_to(&mut world, when, when);
            world.app.commit("release", "Begin a release", &[]);
            world.app.commit_as("ada-example", "postmortem-0", "Postmortem", &[Change::write(PATH, DOCUMENT)]);
            let number = world.app.open_pull_request_into("release", "ada-example", "postmortem-0", "Postmortem");
            world.settle().await;
            assert_eq!(world.filed().len(), 0, "{when}");
            world.merged(number).await;
            assert_eq!(world.filed().len(), 0, "{when}: merged, and not where it counts");
            let number = world.app.open_pull_request("ada-example", "release", "Release", "");
            world.settle().await;
            assert_eq!(titles(&world.filed()), [ALERT, POOL], "{when}");
            world.merged(number).await;
            assert_eq!(world.filed().len(), 2, "{when}");
        }
    }

    async fn a_fork_gets_its_links_as_suggestions(database: Database) {
        let world = start(&database, "opened").await;
        let fork = world.github.quietly(|| world.app.fork("grace-example"));
        fork.commit_as("grace-example", "hers", "From her fork", &[Change::write(PATH, DOCUMENT)]);
        let number = world.app.open_pull_request_from(&fork, "grace-example", "hers", "From a fork", "", false);
        world.settle().await;
        assert_eq!(titles(&world.filed()), [ALERT, POOL], "its author may write");
        let links = || {
            let threads = world.app.review_threads(number).into_iter();
            threads.filter(|thread| thread.comments[0].body.contains("/issues/")).collect::<Vec<_>>()
        };
        assert_eq!(links().len(), 2);
        assert_eq!(fork.file("hers", PATH).unwrap(), DOCUMENT, "nothing is committed to somebody's fork");
        fork.commit_as("grace-example", "hers", "Go on", &[Change::write(PATH, format!("{DOCUMENT}\nMore.\n"))]);
        world.settle().await;
        nothing_comes_of_the_same_again(&world).await;
        assert_eq!((world.filed().len(), links().len()), (2, 2), "offered once");
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn strangers_command_nothing(database: Database) {
        let world = start(&database, "command").await;
        let number = world.opened().await;
        world.app.comment_as("mary-example", number, "/followthrough file");
        world.settle().await;
        assert_eq!(world.filed().len(), 0);
        world.merged(number).await;
        assert_eq!(world.filed().len(), 0, "nor does the merge");
        let shown = world.comment_among_others(number).body;
        assert!(shown.contains("**Merged. On `/followthrough file`: 2 issues will open"), "{shown}");
        world.app.comment_as("grace-example", number, "/followthrough file");
        world.settle().await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn what_leaves_the_pull_request_before_its_merge_is_closed(database: Database) {
        let world = start(&database, "opened").await;
        let number = world.opened().await;
        let pool = issue(&world, POOL).number;
        edited(&world, number, |text| without(&text, "Keep the pool")).await;
        assert_eq!((state(&world, ALERT), state(&world, POOL)), (OPEN, NOT_PLANNED));
        assert_eq!(said(&world, pool).len(), 1, "{:?}", said(&world, pool));
        nothing_comes_of_the_same_again(&world).await;
        edited(&world, number, |text| format!("{text}- [ ] {POOL}\n")).await;
        assert_eq!(state(&world, POOL).0, IssueState::Open, "it came back");
        assert_eq!(world.filed().len(), 2);
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
        assert_eq!(state(&world, POOL).0, IssueState::Open);
    }

    async fn what_a_pull_request_filed_goes_when_it_is_closed_and_comes_back(database: Database) {
        let world = start(&database, "opened").await;
        let number = world.propose(&[(PATH, &format!("{DOCUMENT}- [ ] {DRILL}\n- [ ] Give every queue an owner\n"))]);
        world.settle().await;
        let (alert, pool) = (issue(&world, ALERT).number, issue(&world, POOL).number);
        world.app.comment_as("grace-example", issue(&world, DRILL).number, "I have a date for this.");
        world.app.assign_issue_as("ada-example", issue(&world, "Give every").number, &["grace-example"]);
        world.settle().await;
        world.app.close_pull_request("ada-example", number);
        world.settle().await;
        assert_eq!((state(&world, ALERT), state(&world, POOL)), (NOT_PLANNED, NOT_PLANNED));
        assert_eq!((said(&world, alert).len(), said(&world, pool).len()), (1, 1));
        for theirs in [DRILL, "Give every"] {
            assert_eq!(state(&world, theirs), OPEN, "people made it theirs");
            let said = said(&world, issue(&world, theirs).number);
            assert!(said.len() == 1 && said[0].contains("stays open"), "{said:?}");
        }
        let shown = world.comment(number).body;
        assert!(!shown.contains("nothing was opened") && shown.contains("not planned"), "{shown}");
        nothing_comes_of_the_same_again(&world).await;

        world.app.reopen_pull_request("ada-example", number);
        world.settle().await;
        assert_eq!(world.filed().len(), 4, "none is opened twice");
        for title in [ALERT, POOL, DRILL, "Give every"] {
            assert_eq!(state(&world, title).0, IssueState::Open, "{title}");
        }
        let shown = world.comment(number).body;
        assert!(shown.contains("**Filed before the merge: 4 issues opened"), "{shown}");
        nothing_comes_of_the_same_again(&world).await;
        world.merged(number).await;
        assert_eq!((world.filed().len(), still_proposed(&world, number).await), (4, 0));
    }

    async fn nothing_that_is_merged_changes_before_the_merge(database: Database) {
        let world = start(&database, "opened").await;
        let first = world.opened().await;
        world.merged(first).await;
        let (alert, pool) = (issue(&world, ALERT), issue(&world, POOL));
        world.later(60).await;
        let main = world.app.file("main", PATH).unwrap();
        let changed = main.replace("Alert when fewer", "Page somebody when fewer").replace("- [ ] Keep", "- [x] Keep");
        let second = world.propose(&[(PATH, &format!("{changed}- [ ] {DRILL}\n"))]);
        world.settle().await;
        assert_eq!(titles(&world.filed()), [ALERT, POOL, DRILL], "what is new is filed");
        assert_eq!((world.app.issue(alert.number), world.app.issue(pool.number)), (alert.clone(), pool.clone()), "and the rest untouched");
        let third = world.propose(&[(PATH, &without(&main, "Keep the pool"))]);
        world.settle().await;
        assert_eq!(world.app.issue(pool.number), pool, "what is only taken out of a proposal stays");
        world.app.close_pull_request("ada-example", third);
        world.settle().await;
        assert_eq!(world.app.issue(pool.number), pool);
        assert_eq!(state(&world, DRILL), OPEN, "closing one pull request is no other's business");

        world.merged(second).await;
        assert_eq!(world.filed().len(), 3);
        assert!(world.app.issue(alert.number).title.starts_with("Page somebody"));
        assert_eq!(world.app.issue(pool.number).state_reason, Some(StateReason::Completed));
        assert_eq!((still_proposed(&world, second).await, link_backs(&world)), (0, 0));
        world.later(60).await;
        let main = world.app.file("main", PATH).unwrap();
        world.app.push("main", PATH, &without(&main, DRILL));
        world.settle().await;
        assert_eq!(state(&world, DRILL), NOT_PLANNED, "its items are the document's");
    }

    async fn a_push_while_issues_are_filed_doubles_nothing(database: Database) {
        let world = start(&database, "opened").await;
        world.github.faults().next(Matching::graphql("createIssue"), Fault::LoseAnswer);
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.settle().await;
        edited(&world, number, |text| format!("{text}- [ ] {DRILL}\n")).await;
        world.github.faults().next(Matching::graphql("createCommitOnBranch"), Fault::LoseAnswer);
        world.settle_for_good().await;
        assert_eq!(titles(&world.filed()), [ALERT, POOL, DRILL]);
        assert_eq!(proposed(&world, number).matches("/issues/").count(), 3);
        world.merged(number).await;
        world.settle_for_good().await;
        assert_eq!((world.filed().len(), link_backs(&world)), (3, 0));
    }

    async fn a_lost_database_doubles_nothing_before_the_merge(database: Database) {
        let mut world = World::start(&database).await;
        for when in ["opened", "approved", "command"] {
            turn_to(&mut world, when, when);
            let number = world.opened().await;
            world.app.approve("grace-example", number);
            world.app.comment_as("grace-example", number, "/followthrough file");
            world.settle().await;
            assert_eq!(world.filed().len(), 2);
            let folder = tempfile::tempdir().unwrap();
            restart_without_memory(&mut world, &folder).await;
            same_again(&world, number).await;
            let shown = world.comment_among_others(number).body;
            assert!(shown.contains("2 already tracked") || shown.contains("2 issues opened"), "{when}: {shown}");
            edited(&world, number, |text| without(&text, "Keep the pool")).await;
            assert_eq!(state(&world, POOL), NOT_PLANNED, "{when}: it still is the pull request's");
            edited(&world, number, |text| format!("{text}- [ ] {DRILL}\n")).await;
            assert_eq!(state(&world, DRILL), OPEN, "{when}: what was asked for stays so");
            world.merged(number).await;
            assert_eq!(titles(&world.filed()), [ALERT, POOL, DRILL], "{when}");
            assert_eq!(world.app.issue(issue(&world, ALERT).number).state, IssueState::Open, "{when}");
        }
    }
}
