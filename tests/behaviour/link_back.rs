//! The document tells of its issues: by a small pull request of our own, by a commit, or on the pull request before its merge.

use followthrough::{
    demo::github::{Change, Fault, IssueState, Matching, PullRequestView, StateReason},
    github::graphql::{LoadedDocument, LoadedPullRequest, Revision},
    ids::{IssueNumber, IssueRef, NodeId, RepositoryName},
    jobs::{
        Stop,
        link_back::{Proposed, link_pull_request},
    },
    plan::{self, Document, Observed, Plan, Problem, Settled, TrackedIssue, Why, identity},
    postmortem::parse::{ReadOptions, parse},
    settings::Settings,
};

use crate::{
    databases::Database,
    over_both::over_both,
    review::pending,
    world::{DOCUMENT, PATH, World},
};

const BOT: &str = "followthrough[bot]";

/// The pull requests that the App opened, oldest first.
fn own(world: &World) -> Vec<PullRequestView> {
    let mut own = world.app.pull_requests();
    own.retain(|pull| pull.author == BOT);
    own.sort_by_key(|pull| pull.number);
    own
}

fn only_own(world: &World) -> PullRequestView {
    let own = own(world);
    assert_eq!(own.len(), 1, "{own:#?}");
    own.into_iter().next().unwrap()
}

/// The document at `path` on a branch.
fn text(world: &World, branch: &str, path: &str) -> String {
    world.app.file(branch, path).unwrap()
}

/// How a link to an issue stands in a document.
fn link(world: &World, number: u64) -> String {
    format!("[#{number}]({}/acme/app/issues/{number})", world.github.url())
}

/// `text` without the links to the issues that the App opened, and how many there were.
fn unlinked(world: &World, text: &str) -> (String, usize) {
    let (mut out, mut count) = (text.to_owned(), 0);
    for issue in world.filed() {
        let link = format!(" ({})", link(world, issue.number));
        count += out.matches(&link).count();
        out = out.replace(&link, "");
    }
    (out, count)
}

/// The last event of a pull request comes once more.
async fn again(world: &World, number: u64) {
    world.github.forget_requests();
    let last = world.delivery_about(number);
    world.github.send(&world.github.copy_under_new_guid(&pending(&last))).await;
    world.settle().await;
}

/// Requests about branches, commits and pull requests of our own since the last `forget_requests`.
fn about_links(world: &World) -> Vec<String> {
    let requests = world.github.requests().into_iter().filter(|request| {
        let is_pull = request.path.contains("/pulls") && !request.path.contains("/files") && !request.path.contains("/reviews");
        is_pull || request.path.contains("/git/") || request.root_fields.iter().any(|field| field == "createCommitOnBranch")
    });
    requests.map(|request| format!("{} {} {}", request.method, request.path, request.root_fields.join(","))).collect()
}

/// A postmortem, merged.
async fn merged(world: &World, files: &[(&str, &str)]) -> u64 {
    let number = world.propose(files);
    world.settle().await;
    world.merged(number).await;
    number
}

fn issue(world: &World, title: &str) -> u64 {
    world.filed().iter().find(|issue| issue.title.starts_with(title)).unwrap().number
}

over_both! {
    async fn the_links_come_by_one_small_pull_request(database: Database) {
        let world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        assert_eq!(about_links(&world).len(), 5, "two looks, a branch, a commit, a pull request: {:?}", about_links(&world));
        let own = only_own(&world);
        assert_eq!((own.title.as_str(), own.state, own.base_branch.as_str()), ("Link the issues in postmortems/2026-11-20-checkout.md", IssueState::Open, "main"));
        assert!(own.head_branch.starts_with("followthrough/2026-11-20-checkout-"), "{}", own.head_branch);
        assert_eq!(own.files, [PATH]);
        assert_eq!(unlinked(&world, &text(&world, &own.head_branch, PATH)), (DOCUMENT.to_owned(), 2), "nothing but the links");
        let alert = issue(&world, "Alert");
        assert!(own.body.contains("Alert when fewer") && own.body.contains(&link(&world, alert)), "{}", own.body);
        assert_eq!(text(&world, "main", PATH), DOCUMENT);
        assert_eq!(world.app.comments(own.number).len(), 0, "our own proposal is no news");
        assert_eq!(world.app.review_threads(own.number).len(), 0);
        assert_eq!(world.app.check_runs_on(&own.head).len(), 1, "a check that is required is there");
        assert_eq!(world.comment(number).body.matches("2 issues opened").count(), 1);
    }

    async fn another_look_asks_nothing_about_it(database: Database) {
        let world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        for _ in 0..2 {
            again(&world, number).await;
            assert_eq!(world.writes(), Vec::<String>::new());
            assert_eq!(about_links(&world), Vec::<String>::new());
        }
    }

    async fn merging_it_does_nothing_but_delete_the_branch(database: Database) {
        let world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        let own = only_own(&world);
        world.github.forget_requests();
        world.merged(own.number).await;
        assert_eq!(world.writes(), [format!("DELETE /repos/acme/app/git/refs/heads/{} ", own.head_branch)]);
        assert_eq!(unlinked(&world, &text(&world, "main", PATH)), (DOCUMENT.to_owned(), 2));
        assert_eq!(world.app.head(&own.head_branch), None);
        for last in [own.number, number] {
            again(&world, last).await;
            let asked = about_links(&world);
            assert!(asked.iter().all(|asked| asked.starts_with("GET")), "{asked:?}");
            assert!(last == own.number || asked.is_empty(), "{asked:?}");
        }
        assert_eq!(world.filed().len(), 2);
        only_own(&world);
    }

    async fn a_check_of_our_own_pull_request_never_blocks_it(database: Database) {
        let world = World::start(&database).await;
        world.configure("review: { blocking: true, profile: major, rules: { missing-due-date: error } }\n");
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        assert_eq!(world.check(number).conclusion.as_deref(), Some("failure"), "the author's own pull request is held to it");
        let own = only_own(&world);
        assert_eq!(world.check(own.number).conclusion.as_deref(), Some("success"), "it only writes links");
    }

    async fn what_is_done_is_ticked_in_the_same_pull_request(database: Database) {
        let world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        let first = only_own(&world);
        world.app.close_issue_as("grace-example", issue(&world, "Alert"));
        world.settle().await;
        again(&world, number).await;
        let own = only_own(&world);
        assert_eq!((own.number, own.state), (first.number, IssueState::Open));
        let expected = DOCUMENT.replace("- [ ] Alert", "- [x] Alert");
        assert_eq!(unlinked(&world, &text(&world, &own.head_branch, PATH)), (expected, 2));
        assert_eq!(own.title, "Link the issues and bring the boxes up to date in postmortems/2026-11-20-checkout.md");
        assert!(own.body.contains("ticks the box"), "{}", own.body);
        assert_eq!(world.app.head(&format!("{}-next", own.head_branch)), None);
        assert!(own.history.iter().all(|entry| !entry.what.contains("closed")), "it was open all the time: {:?}", own.history);
        again(&world, number).await;
        assert_eq!((world.writes(), about_links(&world)), (Vec::new(), Vec::new()));
    }

    async fn an_issue_that_is_not_planned_ticks_nothing(database: Database) {
        let world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        world.merged(only_own(&world).number).await;
        world.app.close_issue_because("grace-example", issue(&world, "Alert"), StateReason::NotPlanned);
        world.settle().await;
        again(&world, number).await;
        assert_eq!(about_links(&world), Vec::<String>::new());
        only_own(&world);
    }

    async fn after_the_links_the_ticks_get_a_pull_request_of_their_own(database: Database) {
        let world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        world.merged(only_own(&world).number).await;
        world.app.close_issue_as("grace-example", issue(&world, "Alert"));
        world.settle().await;
        again(&world, number).await;
        let second = own(&world).remove(1);
        assert_eq!(second.title, "Bring the boxes up to date in postmortems/2026-11-20-checkout.md");
        world.merged(second.number).await;
        assert!(text(&world, "main", PATH).contains("- [x] Alert"));
        assert_eq!(world.app.head(&second.head_branch), None);
    }

    async fn a_commit_goes_straight_to_the_default_branch(database: Database) {
        let world = World::start(&database).await;
        world.configure("link_back: { document: commit }\n");
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        assert_eq!(own(&world).len(), 0);
        assert_eq!(unlinked(&world, &text(&world, "main", PATH)), (DOCUMENT.to_owned(), 2));
        let head = world.app.head("main");
        again(&world, number).await;
        assert_eq!((about_links(&world), world.app.head("main")), (Vec::new(), head));
    }

    async fn two_documents_are_two_commits_and_a_branch_that_moved_is_no_obstacle(database: Database) {
        let world = World::start(&database).await;
        world.configure("link_back: { document: commit }\n");
        let (a, b) = ("postmortems/a.md", "postmortems/b.md");
        world.github.forget_requests();
        merged(&world, &[(a, DOCUMENT), (b, &DOCUMENT.replace("98", "99"))]).await;
        let commits = about_links(&world).iter().filter(|asked| asked.contains("createCommitOnBranch")).count();
        assert_eq!(commits, 3, "the first commit moves the branch under the second");
        for path in [a, b] {
            assert_eq!(unlinked(&world, &text(&world, "main", path)).1, 2, "{path}");
        }
    }

    async fn what_somebody_pushed_meanwhile_is_read_again(database: Database) {
        let world = World::start(&database).await;
        world.configure("link_back: { document: commit }\n");
        let number = world.opened().await;
        let stale = Fault::RefuseAlias { index: 0, kind: "STALE_DATA", message: "Expected branch to point to \"x\" but it did not.".to_owned() };
        world.github.faults().next(Matching::graphql("createCommitOnBranch"), stale);
        world.app.merge(number);
        let theirs = format!("{DOCUMENT}\nA line of hers.\n");
        world.github.quietly(|| world.app.push("main", PATH, &theirs));
        world.settle().await;
        world.later(5).await;
        assert_eq!(unlinked(&world, &text(&world, "main", PATH)), (theirs, 2));
    }

    async fn a_protected_branch_gets_a_pull_request_instead(database: Database) {
        let world = World::start(&database).await;
        world.configure("link_back: { document: commit }\n");
        world.github.quietly(|| world.app.protect_branch("main"));
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        let own = only_own(&world);
        assert_eq!(unlinked(&world, &text(&world, &own.head_branch, PATH)).1, 2);
        again(&world, number).await;
        assert_eq!(about_links(&world), Vec::<String>::new());
        world.merged(own.number).await;
        assert_eq!(unlinked(&world, &text(&world, "main", PATH)).1, 2);
    }

    async fn switched_off_the_document_is_left_alone(database: Database) {
        let world = World::start(&database).await;
        world.configure("link_back: { document: off }\n");
        world.github.forget_requests();
        merged(&world, &[(PATH, DOCUMENT)]).await;
        assert_eq!((own(&world).len(), about_links(&world)), (0, Vec::new()));
        assert_eq!(text(&world, "main", PATH), DOCUMENT);
    }

    async fn who_closes_it_has_decided_until_there_is_something_new(database: Database) {
        let world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        let first = only_own(&world);
        world.app.close_pull_request("ada-example", first.number);
        world.settle().await;
        for look in 0..3 {
            again(&world, number).await;
            assert_eq!(world.writes(), Vec::<String>::new());
            assert!(look == 0 || about_links(&world).is_empty(), "{:?}", about_links(&world));
        }
        assert_eq!(only_own(&world).state, IssueState::Closed);
        assert!(world.app.head(&first.head_branch).is_some(), "it can still be reopened");
        world.app.close_issue_as("grace-example", issue(&world, "Alert"));
        let longer = format!("{DOCUMENT}- [ ] Write down how to page the on-call engineer\n");
        merged(&world, &[(PATH, &longer)]).await;
        let second = own(&world).remove(1);
        let shown = text(&world, &second.head_branch, PATH);
        assert!(shown.contains(&link(&world, issue(&world, "Write down"))), "{shown}");
        assert_eq!(unlinked(&world, &shown), (longer, 1), "what was turned down is not proposed again");
    }

    async fn who_reopens_it_has_changed_their_mind(database: Database) {
        let world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        let first = only_own(&world);
        world.app.close_pull_request("ada-example", first.number);
        world.settle().await;
        again(&world, number).await;
        world.app.reopen_pull_request("ada-example", first.number);
        world.settle().await;
        world.app.close_issue_as("grace-example", issue(&world, "Alert"));
        world.settle().await;
        again(&world, number).await;
        let own = only_own(&world);
        assert_eq!(own.state, IssueState::Open);
        let expected = DOCUMENT.replace("- [ ] Alert", "- [x] Alert");
        assert_eq!(unlinked(&world, &text(&world, &own.head_branch, PATH)), (expected, 2));
    }

    async fn links_by_hand_make_it_needless(database: Database) {
        let world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        let first = only_own(&world);
        world.github.quietly(|| world.app.push("main", PATH, &text(&world, &first.head_branch, PATH)));
        again(&world, number).await;
        let closed = only_own(&world);
        assert_eq!((closed.state, closed.merged), (IssueState::Closed, None));
        assert!(closed.body.contains("nothing left to merge"), "{}", closed.body);
        assert_eq!(world.app.head(&first.head_branch), None);
        again(&world, number).await;
        assert_eq!(about_links(&world), Vec::<String>::new());
        world.app.close_issue_as("grace-example", issue(&world, "Alert"));
        world.settle().await;
        again(&world, number).await;
        assert_eq!(own(&world).len(), 2, "what we closed ourselves was turned down by nobody");
    }

    async fn a_branch_that_somebody_works_on_is_theirs(database: Database) {
        let world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        let own = only_own(&world);
        let better = text(&world, &own.head_branch, PATH).replace("Every fourth", "Every third");
        world.app.commit_as("grace-example", &own.head_branch, "Mend", &[Change::write(PATH, better.clone())]);
        world.app.close_issue_as("grace-example", issue(&world, "Alert"));
        world.settle().await;
        again(&world, number).await;
        assert_eq!(text(&world, &own.head_branch, PATH), better);
    }

    async fn bytes_that_are_no_link_stay_as_they_are(database: Database) {
        let world = World::start(&database).await;
        let windows = format!("\u{feff}{}", DOCUMENT.replace('\n', "\r\n"));
        let arabic = "# تعطل الدفع\n\n## Action items\n\n- [ ] أضف تنبيهًا عند فشل الدفع\n- [ ] \u{202b}اكتب دليل التشغيل\u{202c}\n";
        let table = "# Down\n\n## Action items\n\n| Action | Owner | Ticket |\n|---|---|---|\n| Alert on failing checkouts | @ada-example | |\n| Keep the pool's size in its own file | Infra team | TBD |\n";
        merged(&world, &[("postmortems/windows.md", &windows), ("postmortems/arabic.md", arabic), ("postmortems/table.md", table)]).await;
        let own = own(&world);
        assert_eq!(own.len(), 3);
        for (path, before) in [("postmortems/windows.md", windows.as_str()), ("postmortems/arabic.md", arabic)] {
            let pull = own.iter().find(|pull| pull.files == [path]).unwrap();
            assert_eq!(unlinked(&world, &text(&world, &pull.head_branch, path)), (before.to_owned(), 2), "{path}");
        }
        let pull = own.iter().find(|pull| pull.files == ["postmortems/table.md"]).unwrap();
        let shown = text(&world, &pull.head_branch, "postmortems/table.md");
        let alert = issue(&world, "Alert on failing");
        assert!(shown.contains(&format!("| Alert on failing checkouts | @ada-example | {} |\n", link(&world, alert))), "{shown}");
    }

    async fn lines_that_cannot_take_a_link_are_said(database: Database) {
        let world = World::start(&database).await;
        let text = "# Down\n\n## Action items\n\n### Alert on failing checkouts\n\n### Keep the pool's size in a file `like this\n";
        let number = merged(&world, &[(PATH, text)]).await;
        let comment = world.comment(number).body;
        let links: usize = own(&world).iter().map(|own| unlinked(&world, &world.app.file(&own.head_branch, PATH).unwrap()).1).sum();
        assert_eq!(links == world.filed().len(), !comment.contains("not written into the document"), "{comment}");
    }

    async fn without_the_permission_it_is_said_and_the_issues_open(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| {
            let acme = world.github.organization("acme");
            acme.change_permissions(&[("metadata", "read"), ("contents", "read"), ("pull_requests", "write"), ("issues", "write"), ("checks", "write")]);
        });
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        let comment = world.comment(number).body;
        assert!(comment.contains("write access to contents"), "{comment}");
        assert_eq!((world.filed().len(), own(&world).len()), (2, 0));
    }

    async fn a_lost_answer_leaves_one_pull_request(database: Database) {
        let world = World::start(&database).await;
        let requests = [Matching::graphql("createCommitOnBranch"), Matching::rest("POST", "/pulls"), Matching::rest("POST", "/git/refs")];
        let faults = [Fault::LoseAnswer, Fault::BadGatewayAfterEffect, Fault::ErrorBeforeEffect];
        for (index, (matching, fault)) in requests.iter().flat_map(|matching| faults.iter().map(move |fault| (matching, fault))).enumerate() {
            let path = format!("postmortems/{index}.md");
            let number = world.propose(&[(&path, DOCUMENT)]);
            world.settle().await;
            world.github.faults().next(matching.clone(), fault.clone());
            world.merged(number).await;
            world.settle_for_good().await;
            assert_eq!(world.github.faults().pending(), 0, "{matching:?} {fault:?} struck");
            let of_it: Vec<_> = own(&world).into_iter().filter(|own| own.files == [path.as_str()]).collect();
            assert_eq!(of_it.len(), 1, "{matching:?} {fault:?}");
            assert_eq!(unlinked(&world, &text(&world, &of_it[0].head_branch, &path)), (DOCUMENT.to_owned(), 2), "{matching:?} {fault:?}");
        }
    }

    async fn an_update_that_is_cut_off_goes_on(database: Database) {
        let world = World::start(&database).await;
        merged(&world, &[(PATH, DOCUMENT)]).await;
        let alert = issue(&world, "Alert");
        let requests = [
            Matching::rest("POST", "/git/refs"),
            Matching::graphql("createCommitOnBranch"),
            Matching::rest("PATCH", "/git/refs"),
            Matching::rest("DELETE", "/git/refs"),
            Matching::rest("PATCH", "/pulls"),
        ];
        for (index, matching) in requests.into_iter().enumerate() {
            let is_done = index % 2 == 0;
            let fault = if is_done { Fault::LoseAnswer } else { Fault::ErrorBeforeEffect };
            world.github.faults().next(matching.clone(), fault);
            if is_done { world.app.close_issue_as("grace-example", alert) } else { world.app.reopen_issue_as("grace-example", alert) }
            world.settle().await;
            world.settle_for_good().await;
            assert_eq!(world.github.faults().pending(), 0, "{matching:?} struck");
            let own = only_own(&world);
            assert_eq!(own.state, IssueState::Open);
            assert_eq!(text(&world, &own.head_branch, PATH).contains("- [x] Alert"), is_done, "{matching:?}");
            assert_eq!(world.app.head(&format!("{}-next", own.head_branch)), None, "{matching:?}");
        }
    }

    async fn without_the_database_nothing_is_proposed_twice_and_a_no_stays_a_no(database: Database) {
        let mut world = World::start(&database).await;
        let number = merged(&world, &[(PATH, DOCUMENT)]).await;
        for _ in 0..2 {
            let folder = tempfile::tempdir().unwrap();
            world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
            again(&world, number).await;
            let writes: Vec<String> = about_links(&world).into_iter().filter(|asked| !asked.starts_with("GET")).collect();
            assert_eq!(writes, Vec::<String>::new());
            let own = only_own(&world);
            if own.state == IssueState::Open {
                world.app.close_pull_request("ada-example", own.number);
                world.settle().await;
            }
        }
    }

    async fn before_the_merge_the_links_are_committed_to_the_branch(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        let issues = open_issues(&world);
        let loaded = load(&world, number).await;
        assert_eq!(link_now(&world, &loaded, &issues).await.unwrap(), []);
        let shown = text(&world, "postmortem-0", PATH);
        assert_eq!(shown.matches("/issues/").count(), 2, "{shown}");
        world.settle().await;
        let linked = load(&world, number).await;
        world.github.forget_requests();
        link_now(&world, &linked, &issues).await.unwrap();
        assert_eq!(world.writes(), Vec::<String>::new());
        world.app.commit_as("ada-example", "postmortem-0", "No links, please", &[Change::write(PATH, DOCUMENT)]);
        let unlinked = load(&world, number).await;
        link_now(&world, &unlinked, &issues).await.unwrap();
        assert_eq!(text(&world, "postmortem-0", PATH), DOCUMENT, "who takes them out has decided");
        assert_eq!(own(&world).len(), 0);
    }

    async fn a_push_while_links_are_committed_wins(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        let issues = open_issues(&world);
        let loaded = load(&world, number).await;
        let theirs = format!("{DOCUMENT}\nA line of hers.\n");
        world.app.commit_as("ada-example", "postmortem-0", "More", &[Change::write(PATH, theirs.clone())]);
        link_now(&world, &loaded, &issues).await.unwrap();
        assert_eq!(text(&world, "postmortem-0", PATH), theirs);
        let loaded = load(&world, number).await;
        link_now(&world, &loaded, &issues).await.unwrap();
        assert_eq!(text(&world, "postmortem-0", PATH).matches("/issues/").count(), 2);
    }

    async fn a_fork_gets_the_links_as_suggestions_once(database: Database) {
        let world = World::start(&database).await;
        let fork = world.github.quietly(|| world.app.fork("mary-example"));
        fork.commit_as("mary-example", "theirs", "From outside", &[Change::write(PATH, DOCUMENT)]);
        let number = world.app.open_pull_request_from(&fork, "mary-example", "theirs", "From a fork", "", false);
        let issues = open_issues(&world);
        let loaded = load(&world, number).await;
        world.github.faults().next(Matching::rest("POST", "/reviews"), Fault::LoseAnswer);
        assert!(matches!(link_now(&world, &loaded, &issues).await, Err(Stop::GitHub(error)) if error.is_unknown()));
        assert!(matches!(link_now(&world, &loaded, &issues).await, Err(Stop::Later(_))), "it may not show yet");
        world.later(60).await;
        for _ in 0..2 {
            link_now(&world, &loaded, &issues).await.unwrap();
            let threads = world.app.review_threads(number);
            let shown: Vec<_> = threads.iter().map(|thread| (thread.first_line, thread.last_line)).collect();
            assert_eq!(shown, [(9, 9), (10, 10)]);
            assert!(threads[0].comments[0].body.contains("```suggestion\n- [ ] Alert"), "{}", threads[0].comments[0].body);
        }
        world.app.accept_suggestion_as("mary-example", world.app.review_threads(number)[0].comments[0].id);
        assert!(fork.file("theirs", PATH).unwrap().contains("/issues/"));
    }
}

/// Two issues, as if they had been filed for the document's open items.
fn open_issues(world: &World) -> Vec<u64> {
    world.github.quietly(|| ["Alert", "Keep"].map(|title| world.app.create_issue_as("grace-example", title, "")).to_vec())
}

async fn load(world: &World, number: u64) -> LoadedPullRequest {
    let home = RepositoryName::new("acme", "app");
    let id = world.worker.github.repository_installation(&home).await.unwrap();
    world.worker.github.installation(id).load_pull_request(&home, IssueNumber(number)).await.unwrap()
}

/// Links the open items of the document at the head that was loaded to `issues`, one each.
async fn link_now(world: &World, loaded: &LoadedPullRequest, issues: &[u64]) -> Result<Vec<Problem>, Stop> {
    let home = RepositoryName::new("acme", "app");
    let id = world.worker.github.repository_installation(&home).await.unwrap();
    let installation = world.worker.github.installation(id);
    let at = Revision { commit: loaded.pull_request.head.clone(), path: PATH.to_owned() };
    let blob = installation.load_documents(&home, &[at]).await.unwrap().remove(0).unwrap();
    let LoadedDocument::Found { bytes, .. } = blob else { panic!("{blob:?}") };
    let source = String::from_utf8(bytes).unwrap();
    let document = Document {
        key: identity::document_key(loaded.repository.id, PATH),
        repository: home.clone(),
        path: PATH.to_owned(),
        commit: Some(loaded.pull_request.head.clone()),
        url: None,
        pull_request: None,
        authority: followthrough::plan::Authority::Merged,
        changed: None,
        merged_on: None,
        source: "".into(),
        reading: parse(source.as_bytes(), &ReadOptions::default()).unwrap(),
    };
    let settings = Settings::default();
    let plan = tracked(world, &document, &settings, issues);
    let proposed = Proposed { document: &document, source: &source, plan: &plan };
    link_pull_request(&world.worker, &installation, loaded, &settings, &[proposed]).await
}

fn tracked(world: &World, document: &Document, settings: &Settings, issues: &[u64]) -> Plan {
    let today = jiff::civil::date(2026, 11, 20);
    let mut plan = plan::plan(document, &Observed::default(), settings, &world.worker.web_host, today);
    for (action, number) in std::mem::take(&mut plan.actions).into_iter().zip(issues) {
        let issue = TrackedIssue {
            issue: IssueRef::new(document.repository.clone(), IssueNumber(*number)),
            id: NodeId::new(format!("I_{number}")),
            url: format!("{}/acme/app/issues/{number}", world.github.url()),
            title: "As filed".to_owned(),
            state: plan::IssueState::Open,
            adopted: false,
            deleted: false,
            status: None,
            assignees: Vec::new(),
        };
        plan.settled.push(Settled { item: action.item, why: Why::Tracked(issue) });
    }
    plan
}
