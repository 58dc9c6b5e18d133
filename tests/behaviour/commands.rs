//! Commands in comments: who is obeyed, what comes of it, and that it comes of it once.

use followthrough::{
    demo::github::{Change, CommentView, Fault, Matching, Role},
    ids::{IssueNumber, RepositoryId},
    plan::marker,
};

use crate::{
    databases::Database,
    over_both::over_both,
    review::pending,
    world::{DOCUMENT, PATH, World, titles},
};

const ALERT: &str = "Alert when fewer than 98 % of checkouts succeed";
const POOL: &str = "Keep the pool's size in its own file.";

/// A world in which grace may write, and an open pull request with `DOCUMENT`.
async fn opened(database: &Database) -> (World, u64) {
    let world = World::start(database).await;
    world.github.quietly(|| world.app.set_role("grace-example", Role::Write));
    let number = world.opened().await;
    (world, number)
}

/// Grace comments, and what comes of it is awaited. Gives the comment's id.
async fn say(world: &World, number: u64, text: &str) -> u64 {
    let comment = world.app.comment_as("grace-example", number, text);
    world.settle().await;
    comment
}

fn reactions(world: &World, number: u64, comment: u64) -> Vec<String> {
    world.app.comments(number).into_iter().find(|known| known.id == comment).unwrap().reactions
}

fn answers(world: &World, number: u64) -> Vec<CommentView> {
    let ours = |comment: &CommentView| comment.author.ends_with("[bot]") && comment.body.contains("followthrough:answer");
    world.app.comments(number).into_iter().filter(ours).collect()
}

/// Asserts that the comment was refused, and gives the answer, which is the `nth` on the pull request.
fn refused(world: &World, number: u64, comment: u64, nth: usize) -> String {
    assert_eq!(reactions(world, number, comment), ["confused"]);
    let answers = answers(world, number);
    assert_eq!(answers.len(), nth, "{answers:?}");
    answers.into_iter().next_back().unwrap().body
}

fn empty_database(folder: &tempfile::TempDir) -> Database {
    Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }
}

over_both! {
    async fn help_lists_the_commands(database: Database) {
        let (world, number) = opened(&database).await;
        let said = say(&world, number, "/followthrough help").await;
        assert_eq!(reactions(&world, number, said), ["+1"]);
        let answers = answers(&world, number);
        assert_eq!(answers.len(), 1);
        for command in ["plan", "check", "file", "skip 3", "adopt 2", "retry", "help"] {
            assert!(answers[0].body.contains(&format!("| `{command}")), "{command}: {}", answers[0].body);
        }
        world.comment_among_others(number);
    }

    async fn plan_brings_the_comment_back(database: Database) {
        let (world, number) = opened(&database).await;
        let shown = world.comment(number);
        world.app.delete_comment_as("ada-example", shown.id);
        world.settle().await;
        let said = say(&world, number, "Where is it?\n\n/followthrough plan").await;
        assert_eq!(world.comment_among_others(number).body, shown.body);
        assert_eq!(reactions(&world, number, said), ["+1"]);
        assert!(answers(&world, number).is_empty(), "there is nothing to say");
    }

    async fn check_makes_a_new_run_of_the_same_content(database: Database) {
        let (world, number) = opened(&database).await;
        let head = world.app.pull_request(number).head;
        say(&world, number, "/followthrough plan").await;
        assert_eq!(world.app.check_runs_on(&head).len(), 1, "nothing changed");
        let said = say(&world, number, "/followthrough check").await;
        let runs = world.app.check_runs_on(&head);
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0].title, runs[1].title);
        assert_eq!(reactions(&world, number, said), ["+1"]);
        world.merged(number).await;
        let said = say(&world, number, "/followthrough check").await;
        assert!(refused(&world, number, said, 1).contains("while a pull request is open"));
    }

    async fn check_needs_no_comment_to_remember_by(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| world.app.set_role("grace-example", Role::Write));
        world.configure("link_back: { comment: false }\n");
        let number = world.opened().await;
        say(&world, number, "/followthrough check").await;
        assert_eq!(world.app.check_runs_on(&world.app.pull_request(number).head).len(), 2);
    }

    async fn file_is_a_go_ahead_only_where_the_configuration_leaves_it_to_people(database: Database) {
        let (world, number) = opened(&database).await;
        let go_ahead = async || {
            world.worker.store.go_ahead(RepositoryId(world.app.id()), IssueNumber(number)).await.unwrap()
        };
        let said = say(&world, number, "/followthrough file").await;
        let answer = refused(&world, number, said, 1);
        assert!(answer.contains("Issues open on merge (`file.when: merged`); nothing was filed."), "{answer}");
        assert_eq!((world.filed().len(), go_ahead().await), (0, None));
        world.configure("file: { when: command }\n");
        let head = world.app.pull_request(number).head;
        let said = say(&world, number, "/followthrough file").await;
        assert_eq!(reactions(&world, number, said), ["+1"]);
        let given = go_ahead().await.unwrap();
        assert_eq!((given.by.as_str(), given.commit.as_str()), ("grace-example", head.as_str()));
        assert_eq!(world.filed().len(), 2, "what was asked for is done");
        world.app.close_pull_request("ada-example", number);
        let said = say(&world, number, "/followthrough file").await;
        assert!(refused(&world, number, said, 2).contains("closed without merging"));
    }

    async fn retry_tries_again_what_was_refused(database: Database) {
        let (world, number) = opened(&database).await;
        let refusal = Fault::RefuseAlias { index: 0, kind: "FORBIDDEN", message: "Resource not accessible by integration".to_owned() };
        world.github.faults().times(20, Matching::graphql("createIssue"), refusal);
        world.merged(number).await;
        assert_eq!(world.filed().len(), 1);
        world.github.faults().clear();
        let said = say(&world, number, "/followthrough retry").await;
        assert_eq!(world.filed().len(), 2);
        assert_eq!(reactions(&world, number, said), ["+1"]);
        assert!(world.comment_among_others(number).body.contains("2 issues opened"));
        assert!(answers(&world, number).is_empty());
    }

    async fn retry_on_a_pull_request_that_was_closed_opens_nothing(database: Database) {
        let (world, number) = opened(&database).await;
        world.app.close_pull_request("ada-example", number);
        let said = say(&world, number, "/followthrough retry").await;
        assert_eq!(reactions(&world, number, said), ["+1"]);
        assert_eq!(world.filed().len(), 0);
    }

    async fn a_skipped_item_gets_no_issue(database: Database) {
        let (world, number) = opened(&database).await;
        let said = say(&world, number, "/followthrough skip 2 Not worth it, says @mary-example <!-- x -->").await;
        assert_eq!(reactions(&world, number, said), ["+1"]);
        let comment = world.comment_among_others(number).body;
        assert!(comment.contains("**On merge: 1 issue will open, 1 already done, 1 declined, 1 skipped.**"), "{comment}");
        assert!(comment.contains("| 2 | [Keep the pool") && comment.contains("| skipped: Not worth it, says "), "{comment}");
        assert!(!comment.contains("@mary-example <"), "and it pings nobody: {comment}");
        world.merged(number).await;
        assert_eq!(titles(&world.filed()), [ALERT]);
        assert!(world.comment_among_others(number).body.contains("1 issue opened, 1 already done, 1 declined, 1 skipped"));
        assert!(answers(&world, number).is_empty());
        let later = world.propose(&[(PATH, &format!("{DOCUMENT}- [ ] Rehearse taking back a deploy\n"))]);
        world.merged(later).await;
        assert_eq!(world.filed().len(), 2, "it stays skipped");
    }

    async fn a_skipped_item_that_is_reworded_stays_skipped(database: Database) {
        let (world, number) = opened(&database).await;
        say(&world, number, "/followthrough skip 1 We alert on this already").await;
        let reworded = DOCUMENT.replace("Alert when fewer than 98 %", "Page somebody when fewer than 98 %");
        let branch = world.app.pull_request(number).head_branch;
        world.app.commit_as("ada-example", &branch, "Reword", &[Change::write(PATH, reworded)]);
        world.settle().await;
        assert!(world.comment_among_others(number).body.contains("skipped: We alert on this already"));
        world.merged(number).await;
        assert_eq!(titles(&world.filed()), [POOL]);
    }

    async fn what_cannot_be_skipped_is_said(database: Database) {
        let (world, number) = opened(&database).await;
        for (nth, (text, words)) in [
            ("skip 2", "Say why"),
            ("skip 9 too dear", "There is no item 9; the items are numbered from 1 to 4"),
            ("skip 3 too dear", "item 3 is settled"),
            ("skip two too dear", "by its number"),
        ].into_iter().enumerate() {
            let said = say(&world, number, &format!("/followthrough {text}")).await;
            let answer = refused(&world, number, said, nth + 1);
            assert!(answer.contains(words), "{text}: {answer}");
        }
        world.merged(number).await;
        let said = say(&world, number, "/followthrough skip 2 too dear").await;
        let pool = world.filed().into_iter().find(|issue| issue.title == POOL).unwrap().number;
        let answer = refused(&world, number, said, 5);
        assert!(answer.contains(&format!("[#{pool}](")) && answer.contains("Close it there as not planned"), "{answer}");
        assert_eq!(world.filed().len(), 2);
    }

    async fn orders_survive_the_loss_of_the_database(database: Database) {
        let (mut world, number) = opened(&database).await;
        let old = world.github.quietly(|| world.app.create_issue_as("grace-example", "Pool size", ""));
        say(&world, number, "/followthrough skip 1 Too dear — 100 % (really)\n").await;
        let said = say(&world, number, &format!("/followthrough adopt 2 #{old}")).await;
        let folder = tempfile::tempdir().unwrap();
        world.restart(&empty_database(&folder)).await;
        let delivery = world.github.deliveries().into_iter().rfind(|delivery| delivery.event == "issue_comment" && delivery.payload["comment"]["id"] == said).unwrap();
        world.github.forget_requests();
        world.github.send(&pending(&delivery)).await;
        world.settle().await;
        assert_eq!(world.writes(), Vec::<String>::new(), "the reaction is the receipt");
        world.merged(number).await;
        assert_eq!(world.filed().len(), 0);
        assert_eq!(world.app.comments(old).len(), 1);
        let folder = tempfile::tempdir().unwrap();
        world.restart(&empty_database(&folder)).await;
        world.github.send(&world.github.copy_under_new_guid(&pending(&delivery))).await;
        world.settle().await;
        assert_eq!(world.filed().len(), 0, "nor after the merge");
        assert_eq!(world.app.comments(old).len(), 1);
        assert!(world.comment_among_others(number).body.contains("skipped: Too dear — 100 % (really)"));
    }

    async fn an_issue_named_in_a_comment_is_adopted_once(database: Database) {
        let (world, number) = opened(&database).await;
        let old = world.github.quietly(|| world.app.create_issue_as("grace-example", "Pool size", "Words of a person."));
        let said = say(&world, number, &format!("/followthrough adopt 2 acme/app#{old}")).await;
        assert_eq!(reactions(&world, number, said), ["+1"]);
        let comment = world.comment_among_others(number).body;
        assert!(comment.contains(&format!("1 issue will open, 1 already done, 1 declined, 1 linked to #{old}")), "{comment}");
        world.merged(number).await;
        assert_eq!(titles(&world.filed()), [ALERT]);
        assert_eq!(world.app.issue(old).body, "Words of a person.");
        let links = world.app.comments(old);
        assert!(links.len() == 1 && marker::parse(&links[0].body).is_some(), "one link back: {links:?}");
        let merge = world.github.deliveries().into_iter().rfind(|delivery| delivery.event == "pull_request").unwrap();
        world.github.send(&world.github.copy_under_new_guid(&pending(&merge))).await;
        world.settle().await;
        assert_eq!(world.app.comments(old).len(), 1);
        let said = say(&world, number, &format!("/followthrough adopt 1 #{old}")).await;
        assert!(refused(&world, number, said, 1).contains("has its issue already"));
    }

    async fn what_cannot_be_adopted_is_said(database: Database) {
        let (world, number) = opened(&database).await;
        let other = world.github.quietly(|| world.github.organization("elsewhere").repository("tool").create_issue_as("mary-example", "Theirs", ""));
        for (nth, (issue, words)) in [
            ("#9999".to_owned(), "There is no issue"),
            (format!("#{number}"), "is a pull request"),
            (format!("elsewhere/tool#{other}"), "same owner"),
            ("https://tracker.example/acme/app/issues/1".to_owned(), "There is no issue"),
            ("88".to_owned(), "Say which issue"),
        ].into_iter().enumerate() {
            let said = say(&world, number, &format!("/followthrough adopt 2 {issue}")).await;
            let answer = refused(&world, number, said, nth + 1);
            assert!(answer.contains(words), "{issue}: {answer}");
        }
        assert!(world.comment_among_others(number).body.contains("2 issues will open"));
    }

    async fn several_commands_in_one_comment_are_obeyed_in_order(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| world.app.set_role("grace-example", Role::Maintain));
        let number = world.propose(&[
            ("postmortems/a.md", "# A\n\n## Action items\n\n- Do the first thing\n- Do the second thing\n"),
            ("postmortems/b.md", "# B\n\n## Action items\n\n- Rehearse taking back a deploy\n- Write down whom to call\n"),
        ]);
        world.settle().await;
        assert!(world.comment(number).body.contains("| 3 | [Rehearse"), "numbers go on through the documents");
        let said = say(&world, number, "No.\n/followthrough skip 3 We did\r\n/FollowThrough SKIP 1 Nor this\n\n/followthrough fiel\nThanks").await;
        let answer = refused(&world, number, said, 1);
        assert!(answer.contains("“fiel”") && answer.contains("Did you mean `/followthrough file`?"), "{answer}");
        assert!(answer.contains("The other commands in that comment were obeyed"), "{answer}");
        world.merged(number).await;
        assert_eq!(titles(&world.filed()), ["Do the second thing", "Write down whom to call"]);
    }

    async fn strangers_are_passed_over_in_silence(database: Database) {
        let (world, number) = opened(&database).await;
        world.github.quietly(|| world.app.set_role("ada-example", Role::Triage));
        let shown = world.comment(number).body;
        world.github.forget_requests();
        // A stranger, a member who may read, and the author of the pull request, who may triage.
        world.github.organization("acme").add_members(&["alan-example"]);
        let said = ["mary-example", "alan-example", "ada-example"].map(|login| world.app.comment_as(login, number, "/followthrough skip 1 Because\n/followthrough help\n/followthrough nonsense"));
        world.settle().await;
        assert_eq!(world.writes(), Vec::<String>::new());
        for comment in said {
            assert!(reactions(&world, number, comment).is_empty());
        }
        assert!(answers(&world, number).is_empty());
        assert_eq!(world.comment_among_others(number).body, shown);
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn what_is_no_command_asks_github_nothing(database: Database) {
        let (world, number) = opened(&database).await;
        let issue = world.github.quietly(|| world.app.create_issue_as("grace-example", "An issue", ""));
        world.github.quietly(|| world.app.set_role("ci-example[bot]", Role::Admin));
        let before = world.github.quietly(|| world.app.comment_as("grace-example", number, "Never mind."));
        world.github.forget_requests();
        for (login, on, text) in [
            ("grace-example", number, "> /followthrough skip 1 because\n\nWhat for?"),
            ("grace-example", number, "Say `/followthrough help`:\n```\n/followthrough help\n```"),
            ("grace-example", issue, "/followthrough help"),
            ("ci-example[bot]", number, "/followthrough help"),
            ("followthrough[bot]", number, "/followthrough help"),
        ] {
            world.app.comment_as(login, on, text);
        }
        world.app.edit_comment_as("grace-example", before, "/followthrough help");
        world.settle().await;
        let asked: Vec<String> = world.github.requests().iter().map(|request| request.path.clone()).collect();
        assert_eq!(asked, Vec::<String>::new());
        assert!(answers(&world, number).is_empty());
    }

    async fn the_same_comment_delivered_again_does_nothing(database: Database) {
        let (world, number) = opened(&database).await;
        say(&world, number, "/followthrough help\n/followthrough check").await;
        let delivery = world.github.deliveries().into_iter().rfind(|delivery| delivery.event == "issue_comment" && delivery.payload["comment"]["user"]["login"] == "grace-example").unwrap();
        world.github.forget_requests();
        world.github.send(&pending(&delivery)).await;
        world.github.send(&world.github.copy_under_new_guid(&pending(&delivery))).await;
        world.settle().await;
        assert!(world.github.requests().is_empty());
        assert_eq!(answers(&world, number).len(), 1);
        assert_eq!(world.app.check_runs().len(), 2);
    }

    async fn a_lost_answer_is_not_given_twice(database: Database) {
        let (world, number) = opened(&database).await;
        for (index, fault) in [Fault::LoseAnswer, Fault::BadGatewayAfterEffect, Fault::ErrorBeforeEffect].into_iter().enumerate() {
            for path in [format!("/issues/{number}/comments"), "/reactions".to_owned()] {
                world.github.faults().next(Matching::rest("POST", &path), fault.clone());
            }
            let said = say(&world, number, "/followthrough help").await;
            world.settle_for_good().await;
            assert_eq!(world.github.faults().pending(), 0, "{fault:?} struck");
            assert_eq!(answers(&world, number).len(), index + 1, "after {fault:?}");
            assert_eq!(reactions(&world, number, said), ["+1"], "after {fault:?}");
        }
    }

    async fn an_answer_is_found_among_hundreds_of_comments(database: Database) {
        let (world, number) = opened(&database).await;
        world.github.quietly(|| {
            for _ in 0..210 {
                world.app.comment_as("ada-example", number, "Me too.");
            }
        });
        world.github.faults().next(Matching::rest("POST", &format!("/issues/{number}/comments")), Fault::LoseAnswer);
        say(&world, number, "/followthrough help").await;
        world.settle_for_good().await;
        assert_eq!((world.github.faults().pending(), answers(&world, number).len()), (0, 1));
    }

    async fn a_command_that_was_deleted_at_once_is_taken_back(database: Database) {
        let (world, number) = opened(&database).await;
        let said = world.app.comment_as("grace-example", number, "/followthrough skip 1 because");
        world.app.delete_comment_as("grace-example", said);
        world.settle().await;
        world.later(20).await;
        assert!(world.comment(number).body.contains("2 issues will open"));
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2);
    }

    async fn a_pull_request_without_postmortem_answers_help_and_nothing_else(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| world.app.set_role("grace-example", Role::Write));
        let number = world.propose(&[("src/main.rs", "fn main() {}\n")]);
        world.settle().await;
        let said = say(&world, number, "/followthrough help").await;
        assert_eq!((reactions(&world, number, said), answers(&world, number).len()), (vec!["+1".to_owned()], 1));
        for (nth, command) in ["plan", "file", "check", "retry", "skip 1 because", "adopt 1 #1"].into_iter().enumerate() {
            let said = say(&world, number, &format!("/followthrough {command}")).await;
            assert!(refused(&world, number, said, nth + 2).contains("This pull request has no postmortem"));
        }
        assert_eq!(world.app.comments(number).len(), 14, "seven of hers, seven answers, and nothing else");
    }
}
