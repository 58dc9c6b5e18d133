//! Shared fixes: what one postmortem asks for and another has asked for before gets one issue, when its author links it.

use followthrough::demo::github::{Change, FieldSeed, IssueState, Project, StateReason};

use crate::{
    databases::Database,
    over_both::over_both,
    review::pending,
    world::{World, card, filed},
};

const MAIL: &str = "postmortems/2026-07-03-mail.md";
const QUEUE: &str = "postmortems/2026-11-20-queue.md";
const ASKS: &str = "Alert when the mail queue holds more than 10,000 messages";
const ASKS_AGAIN: &str = "Alert when the mail queue holds more than 10,000 messages for five minutes";
const BOT: &str = "followthrough[bot]";

fn mail() -> String {
    format!("# Mail was late\n\n## Action items\n\n- [ ] {ASKS}\n")
}

fn queue(item: &str) -> String {
    format!("# The queue was full\n\n## Action items\n\n- [ ] {item}\n- [ ] Rehearse taking back a deploy\n")
}

/// A board on which every issue says how many ask for it; links and ticks are committed.
fn configured(world: &World) -> Project {
    let fields = [FieldSeed::single_select("Status", &["Todo", "Triage"]), FieldSeed::number("Asked by")];
    let board = world.github.quietly(|| world.github.add_project("acme", 7, "Actions", &fields));
    world.configure(&format!(
        "board: {{ project: {}, status: Triage, fields: {{ Asked by: \"{{{{ item.postmortems }}}}\" }} }}\nlink_back: {{ document: commit }}\n",
        board.url()
    ));
    board
}

async fn again(world: &World, number: u64) {
    let last = world.delivery_about(number);
    world.github.send(&world.github.copy_under_new_guid(&pending(&last))).await;
    world.settle().await;
}

fn said(world: &World, issue: u64) -> Vec<String> {
    world.app.comments(issue).into_iter().filter(|comment| comment.author == BOT).map(|comment| comment.body).collect()
}

/// Somebody edits a document on the default branch, an hour later.
async fn edited(world: &World, path: &str, edit: impl FnOnce(String) -> String) {
    world.later(3600).await;
    let text = edit(world.app.file("main", path).unwrap());
    world.app.push("main", path, &text);
    world.settle().await;
}

/// Two merged postmortems, the second of which links what the first has asked for. Gives their pull requests and the issue.
async fn shared(world: &World) -> (u64, u64, u64) {
    let first = world.propose(&[(MAIL, &mail())]);
    world.settle().await;
    world.merged(first).await;
    let issue = world.filed()[0].number;
    world.later(3600).await;
    let second = world.propose(&[(QUEUE, &queue(&format!("{ASKS_AGAIN} (#{issue})")))]);
    world.settle().await;
    world.merged(second).await;
    (first, second, issue)
}

over_both! {
    async fn what_was_asked_for_before_is_shown_and_linked_by_its_author(database: Database) {
        let world = World::start(&database).await;
        configured(&world);
        let first = world.propose(&[(MAIL, &mail())]);
        world.settle().await;
        world.merged(first).await;
        let issue = world.filed()[0].number;
        world.later(140 * 24 * 3600).await;

        let second = world.propose(&[(QUEUE, &queue(ASKS_AGAIN))]);
        world.settle().await;
        let shown = world.comment(second).body;
        assert!(shown.contains(&format!("like [#{issue}](")) && shown.contains("of [Mail was late]("), "{shown}");
        assert!(shown.contains(", open 140 days; link it in the item if it is the same"), "{shown}");
        assert!(shown.contains("**On merge: 2 issues will open.**"), "nothing merges by itself: {shown}");

        let branch = world.app.pull_request(second).head_branch;
        let linked = queue(&format!("{ASKS_AGAIN} (#{issue})"));
        world.app.commit_as("ada-example", &branch, "Link", &[Change::write(QUEUE, linked)]);
        world.settle().await;
        let shown = world.comment(second).body;
        assert!(shown.contains(&format!("**On merge: 1 issue will open, 1 linked to #{issue}.**")) && !shown.contains("like ["), "{shown}");
        assert_eq!(said(&world, issue).len(), 0, "nothing is said before the merge");

        world.merged(second).await;
        assert_eq!(filed(&world.app).len(), 2, "no second issue");
        assert_eq!(said(&world, issue).len(), 1, "a link back, once: {:?}", said(&world, issue));
        assert!(said(&world, issue)[0].contains("The queue was full"), "{:?}", said(&world, issue));
        let body = world.app.issue(issue).body;
        assert!(body.contains("Asked for by 2 postmortems: [Mail was late](") && body.contains("[The queue was full]("), "{body}");
        assert_eq!(world.app.issue(issue).title, ASKS, "the first one's words");
        let shown = world.comment(second).body;
        assert!(shown.contains(&format!("**Merged: 1 issue opened, 1 linked to #{issue}.**")), "{shown}");
        world.github.forget_requests();
        for number in [second, first, second] {
            again(&world, number).await;
        }
        assert_eq!(world.writes(), Vec::<String>::new());
    }

    async fn one_that_says_it_is_done_tells_the_other(database: Database) {
        let mut world = World::start(&database).await;
        for (name, says) in [("first", MAIL), ("second", QUEUE)] {
            world.app = world.github.quietly(|| {
                let app = world.github.organization("acme").repository(name);
                app.commit("main", "Begin", &[Change::write("README.md", "# Begun\n")]);
                app
            });
            world.configure("link_back: { document: commit }\n");
            let (first, second, issue) = shared(&world).await;
            edited(&world, says, |text| text.replacen("- [ ] Alert", "- [x] Alert", 1)).await;
            world.later(3600).await;
            let closed = world.app.issue(issue);
            assert_eq!((closed.state, closed.state_reason), (IssueState::Closed, Some(StateReason::Completed)), "{name}");
            for path in [MAIL, QUEUE] {
                let text = world.app.file("main", path).unwrap();
                assert!(text.contains("- [x] Alert"), "{name}: {text}");
            }
            for number in [first, second] {
                let shown = world.comment(number).body;
                assert!(shown.contains("· done"), "{name}: {shown}");
            }
            let closings = said(&world, issue).iter().filter(|said| said.contains("Closed as completed")).count();
            assert_eq!(closings, 1, "{name}: {:?}", said(&world, issue));
        }
    }

    async fn what_one_does_not_ask_for_any_more_the_other_still_does(database: Database) {
        let world = World::start(&database).await;
        let board = configured(&world);
        let (first, second, issue) = shared(&world).await;
        assert!(card(&board.board(), issue).iter().any(|(name, _)| name == "Asked by"));
        edited(&world, MAIL, |text| text.lines().filter(|line| !line.contains("Alert")).map(|line| format!("{line}\n")).collect()).await;
        world.later(3600).await;
        assert_eq!(world.app.issue(issue).state, IssueState::Open);
        world.github.forget_requests();
        for number in [second, first] {
            let shown = world.comment(number).body;
            again(&world, number).await;
            assert_eq!(world.comment(number).body, shown);
        }
        assert_eq!(world.writes(), Vec::<String>::new());
        edited(&world, QUEUE, |text| text.lines().filter(|line| !line.contains("Alert")).map(|line| format!("{line}\n")).collect()).await;
        world.later(3600).await;
        assert_eq!(filed(&world.app).len(), 2);
        // It was not opened for the second one, which therefore does not close it; that nobody asks any more is said.
        assert!(said(&world, issue).iter().any(|said| said.contains("does not have this action item any more")), "{:?}", said(&world, issue));
    }
}
