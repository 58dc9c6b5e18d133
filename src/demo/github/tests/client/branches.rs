use client::{
    graphql::{FileWrite, NewCommit},
    rest::{FileStatus, NewPullRequest, PullRequestChange},
};

use super::*;

const LINKS: &str = "followthrough/links-checkout";

fn commit(branch: &str, head: &CommitSha, text: &str) -> NewCommit {
    NewCommit {
        branch: branch.to_owned(),
        expected_head: head.clone(),
        headline: "Link issues".to_owned(),
        body: "#1 and #2".to_owned(),
        files: vec![FileWrite { path: PATH.to_owned(), contents: text.as_bytes().to_vec() }],
    }
}

fn links() -> NewPullRequest {
    NewPullRequest {
        head: LINKS.to_owned(),
        base: "main".to_owned(),
        title: "Link issues".to_owned(),
        body: "From the plan".to_owned(),
    }
}

#[tokio::test]
async fn a_link_back_goes_through_a_branch_a_commit_and_a_pull_request() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    let base = world.head("main");
    assert_eq!(client.load_branch(&app_name(), LINKS).await, Ok(None));
    assert_eq!(client.ensure_branch(&app_name(), LINKS, &base).await, Ok(base.clone()));
    let nothing = client.ensure_pull_request(&app_name(), &links()).await;
    assert_eq!(refusal(nothing), Refusal::Invalid, "there is nothing to merge yet");

    let made = client.create_commit(&app_name(), &commit(LINKS, &base, "# Linked\n")).await.unwrap();
    assert_eq!(client.load_branch(&app_name(), LINKS).await, Ok(Some(made.clone())));
    assert_eq!(client.ensure_branch(&app_name(), LINKS, &base).await, Ok(made.clone()), "it is there and stays where it is");
    assert_eq!(app.file(LINKS, PATH).as_deref(), Some("# Linked\n"));

    let opened = client.ensure_pull_request(&app_name(), &links()).await.unwrap();
    assert_eq!((opened.open, opened.merged, opened.author.as_deref(), &opened.head), (true, false, Some(BOT), &made));
    let again = client.ensure_pull_request(&app_name(), &links()).await.unwrap();
    assert_eq!(again.number, opened.number);
    let change = PullRequestChange { title: Some("Link 2 issues".to_owned()), ..PullRequestChange::default() };
    client.update_pull_request(&app_name(), opened.number, &change).await.unwrap();
    assert_eq!(app.pull_request(opened.number.0).title, "Link 2 issues");
    let listed = client.list_pull_requests_from(&app_name(), LINKS).await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.title.as_str()).collect::<Vec<_>>(), ["Link 2 issues"]);
    assert!(client.list_pull_requests_from(&app_name(), "main").await.unwrap().is_empty());

    app.delete_merged_branches();
    app.merge(opened.number.0);
    assert_eq!(client.load_branch(&app_name(), LINKS).await, Ok(None));
    let listed = client.list_pull_requests_from(&app_name(), LINKS).await.unwrap();
    assert_eq!((listed[0].open, listed[0].merged), (false, true));
    assert_eq!(app.file("main", PATH).as_deref(), Some("# Linked\n"));
    world.understood();
}

#[tokio::test]
async fn a_commit_never_goes_over_what_someone_else_pushed() {
    let world = World::new().await;
    let client = world.client();
    let base = world.head("main");
    world.app().push("main", PATH, "# Someone else's\n");
    assert_eq!(refusal(client.create_commit(&app_name(), &commit("main", &base, "# Ours\n")).await), Refusal::Stale);
    assert_eq!(world.app().file("main", PATH).as_deref(), Some("# Someone else's\n"));
    let absent = client.create_commit(&app_name(), &commit("absent", &base, "x")).await;
    assert!(matches!(absent, Err(Error::NotFound { .. })), "{absent:?}");
    let mut workflow = commit("main", &world.head("main"), "x");
    workflow.files[0].path = ".github/workflows/ci.yml".to_owned();
    assert_eq!(refusal(client.create_commit(&app_name(), &workflow).await), Refusal::Forbidden);
    world.understood();
}

#[tokio::test]
async fn a_lost_answer_to_a_commit_shows_as_a_branch_that_moved() {
    let world = World::new().await;
    let client = world.client();
    let base = world.head("main");
    world.github.faults().next(Matching::graphql("createCommitOnBranch"), Fault::LoseAnswer);
    let lost = client.create_commit(&app_name(), &commit("main", &base, "# Ours\n")).await;
    assert!(matches!(lost, Err(Error::Transient { .. })), "{lost:?}");
    assert_eq!(refusal(client.create_commit(&app_name(), &commit("main", &base, "# Ours\n")).await), Refusal::Stale);
    assert_eq!(world.app().file("main", PATH).as_deref(), Some("# Ours\n"));
    world.understood();
}

#[tokio::test]
async fn rules_of_a_branch_refuse_the_app_in_one_word_for_both_kinds() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    let base = world.head("main");
    assert_eq!(client.requires_pull_request(&app_name(), "main").await, Ok(false));
    app.protect_branch_classically("main");
    assert_eq!(client.requires_pull_request(&app_name(), "main").await, Ok(false), "the older kind is not told");
    assert_eq!(refusal(client.create_commit(&app_name(), &commit("main", &base, "x")).await), Refusal::Protected);
    app.protect_branch("main");
    assert_eq!(client.requires_pull_request(&app_name(), "main").await, Ok(true));
    assert_eq!(refusal(client.create_commit(&app_name(), &commit("main", &base, "x")).await), Refusal::Protected);
    assert_eq!(
        refusal(
            client
                .reset_branch(&app_name(), "main", &base)
                .await
                .map(|()| base.clone())
                .and(client.delete_branch(&app_name(), "main").await)
        ),
        Refusal::Protected
    );
    app.let_app_bypass_rules();
    client.create_commit(&app_name(), &commit("main", &base, "x")).await.unwrap();
    world.understood();
}

#[tokio::test]
async fn a_branch_of_our_own_is_moved_and_deleted_with_its_pull_request() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    let base = world.head("main");
    client.ensure_branch(&app_name(), LINKS, &base).await.unwrap();
    client.create_commit(&app_name(), &commit(LINKS, &base, "# One\n")).await.unwrap();
    let opened = client.ensure_pull_request(&app_name(), &links()).await.unwrap();
    app.push("main", "README.md", "# Moved on\n");
    let beside = format!("{LINKS}-next");
    client.ensure_branch(&app_name(), &beside, &world.head("main")).await.unwrap();
    let made = client.create_commit(&app_name(), &commit(&beside, &world.head("main"), "# Two\n")).await.unwrap();
    world.github.lose_pending();
    client.reset_branch(&app_name(), LINKS, &made).await.unwrap();
    let pushed = world.github.pending_deliveries().remove(0).payload;
    assert_eq!((&pushed["forced"], &pushed["sender"]["login"]), (&json!(true), &json!(BOT)));
    client.delete_branch(&app_name(), &beside).await.unwrap();
    assert_eq!(
        (app.pull_request(opened.number.0).state, app.pull_request(opened.number.0).files),
        (IssueState::Open, vec![PATH.to_owned()])
    );
    client.delete_branch(&app_name(), LINKS).await.unwrap();
    client.delete_branch(&app_name(), LINKS).await.unwrap();
    assert_eq!(app.pull_request(opened.number.0).state, IssueState::Closed);
    let reopened = PullRequestChange { open: Some(true), ..PullRequestChange::default() };
    let refused = client.update_pull_request(&app_name(), opened.number, &reopened).await;
    assert_eq!(refusal(refused), Refusal::Invalid, "its branch is gone");
    let change = PullRequestChange { open: Some(false), ..PullRequestChange::default() };
    assert!(!client.update_pull_request(&app_name(), opened.number, &change).await.unwrap().open);
    world.understood();
}

#[tokio::test]
async fn a_pull_request_that_has_nothing_left_is_closed() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    let base = world.head("main");
    client.ensure_branch(&app_name(), LINKS, &base).await.unwrap();
    client.create_commit(&app_name(), &commit(LINKS, &base, "# One\n")).await.unwrap();
    let opened = client.ensure_pull_request(&app_name(), &links()).await.unwrap();
    client.reset_branch(&app_name(), LINKS, &base).await.unwrap();
    assert_eq!(app.pull_request(opened.number.0).state, IssueState::Closed);
    world.understood();
}

#[tokio::test]
async fn our_commits_are_told_from_others_by_author_and_signature() {
    let world = World::new().await;
    let client = world.client();
    let base = world.head("main");
    let ours = client.create_commit(&app_name(), &commit("main", &base, "# Ours\n")).await.unwrap();
    let ours = client.load_commit(&app_name(), &ours).await.unwrap();
    assert_eq!((ours.author.as_deref(), ours.verified, ours.message.as_str()), (Some(BOT), true, "Link issues\n\n#1 and #2"));
    let theirs = CommitSha::new(world.app().push("main", PATH, "# Theirs\n"));
    let theirs = client.load_commit(&app_name(), &theirs).await.unwrap();
    assert_eq!((theirs.author.as_deref(), theirs.verified), (Some("ada-example"), false));
    world.understood();
}

#[tokio::test]
async fn a_comparison_shows_renames_and_forced_pushes() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    let before = world.head("main");
    app.commit("main", "Move", &[Change::rename(PATH, "postmortems/2026/checkout.md")]);
    let after = world.head("main");
    let compared = client.compare(&app_name(), &before, &after).await.unwrap();
    assert_eq!((compared.ahead_by, compared.behind_by, &compared.merge_base, compared.files_cut), (1, 0, &before, false));
    assert_eq!((compared.files[0].status.clone(), compared.files[0].previous_path.as_deref()), (FileStatus::Renamed, Some(PATH)));
    assert_eq!(compared.commits.iter().map(|commit| &commit.sha).collect::<Vec<_>>(), [&after]);
    let back = client.compare(&app_name(), &after, &before).await.unwrap();
    assert_eq!((back.ahead_by, back.behind_by, back.files.len()), (0, 1, 0));
    let gone = client.compare(&app_name(), &CommitSha::new("0".repeat(40)), &after).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })));
    world.understood();
}

#[tokio::test]
async fn a_fork_takes_suggestions_and_no_commits() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    let fork = app.fork("contributor-example");
    let head = fork.commit_as("contributor-example", "fix", "Write", &[Change::write(PATH, "# From a fork\n")]);
    let number = app.open_pull_request_from(&fork, "contributor-example", "fix", "From a fork", "", false);
    let head = CommitSha::new(head);
    let on_line = client::rest::LineComment { path: PATH.to_owned(), first_line: 1, last_line: 1, body: "x".to_owned() };
    client.create_review(&app_name(), IssueNumber(number), &head, "b", &[on_line]).await.unwrap();
    assert_eq!(client.list_review_threads(&app_name(), IssueNumber(number)).await.unwrap().len(), 1);
    let theirs = RepositoryName::new("contributor-example", "app");
    assert_eq!(refusal(client.create_commit(&theirs, &commit("fix", &head, "x")).await), Refusal::Forbidden);
    world.understood();
}
