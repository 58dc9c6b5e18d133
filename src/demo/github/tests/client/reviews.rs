use client::rest::{FileStatus, LineComment, Permission, Reaction, Verdict};

use super::*;

/// The text with its seventh line changed.
fn changed() -> String {
    TEXT.replace("Five", "Root cause: five")
}

fn comment(first: usize, last: usize, body: &str) -> LineComment {
    LineComment { path: PATH.to_owned(), first_line: first, last_line: last, body: body.to_owned() }
}

fn propose(world: &World) -> IssueNumber {
    IssueNumber(world.app().propose("ada-example", "pm", "Postmortem", &[Change::write(PATH, changed())]))
}

#[tokio::test]
async fn suggestions_go_out_as_one_review_and_are_told_once() {
    let world = World::new().await;
    let (client, number) = (world.client(), propose(&world));
    let files = client.list_pull_request_files(&app_name(), number).await.unwrap();
    assert_eq!((files[0].status.clone(), files[0].patch.is_some()), (FileStatus::Modified, true));
    world.github.lose_pending();
    let comments = [comment(7, 7, "```suggestion\nContributing factor: five\n```\n"), comment(6, 8, "Several lines")];
    let review = client.create_review(&app_name(), number, &world.head("pm"), "Two suggestions", &comments).await.unwrap();
    assert_eq!((review.verdict, review.author.as_deref()), (Verdict::Commented, Some(BOT)));
    let told: Vec<_> = world.github.pending_deliveries().into_iter().map(|one| one.event).collect();
    assert_eq!(told, ["pull_request_review"], "comments on lines are not subscribed to");

    let threads = client.list_review_threads(&app_name(), number).await.unwrap();
    let seen: Vec<_> = threads.iter().map(|thread| (thread.start_line, thread.line, thread.ours, thread.outdated)).collect();
    assert_eq!(seen, [(None, Some(7), true, false), (Some(6), Some(8), true, false)]);
    assert_eq!(threads[0].author.as_ref().map(|author| (author.login.as_str(), author.bot)), Some((BOT, true)));
    assert_eq!(world.app().review_threads(number.0)[0].comments[0].body, comments[0].body);
    world.understood();
}

#[tokio::test]
async fn a_line_outside_the_diff_refuses_the_whole_review() {
    let world = World::new().await;
    let (client, number) = (world.client(), propose(&world));
    let head = world.head("pm");
    for wrong in [
        comment(1, 1, "far from the change"),
        comment(11, 11, "just outside the hunk"),
        comment(1, 7, "begins outside"),
        comment(99, 99, "not in the file"),
        LineComment { path: "nowhere.md".to_owned(), ..comment(7, 7, "no such file") },
        comment(7, 7, " "),
    ] {
        let result = client.create_review(&app_name(), number, &head, "b", &[comment(7, 7, "fine"), wrong]).await;
        assert_eq!(refusal(result), Refusal::Invalid);
    }
    assert_eq!(refusal(client.create_review(&app_name(), number, &head, "", &[comment(7, 7, "x")]).await), Refusal::Invalid);
    let unknown = CommitSha::new("0".repeat(40));
    assert_eq!(refusal(client.create_review(&app_name(), number, &unknown, "b", &[]).await), Refusal::Invalid);
    assert!(client.list_review_threads(&app_name(), number).await.unwrap().is_empty());
    assert!(matches!(client.list_review_threads(&app_name(), IssueNumber(99)).await, Err(Error::NotFound { .. })));
    world.understood();
}

#[tokio::test]
async fn a_thread_follows_its_lines_and_is_outdated_when_they_change() {
    let world = World::new().await;
    let (client, number, app) = (world.client(), propose(&world), world.app());
    client.create_review(&app_name(), number, &world.head("pm"), "b", &[comment(7, 7, "x"), comment(6, 8, "y")]).await.unwrap();
    app.push("pm", PATH, &format!("New first line\n{}", changed()));
    let threads = client.list_review_threads(&app_name(), number).await.unwrap();
    assert_eq!(threads.iter().map(|thread| thread.line).collect::<Vec<_>>(), [Some(8), Some(9)]);
    app.push("pm", PATH, &TEXT.replace("Five", "Contributing factor: five"));
    let threads = client.list_review_threads(&app_name(), number).await.unwrap();
    assert!(threads.iter().all(|thread| thread.outdated && thread.line.is_none() && !thread.resolved));
    world.understood();
}

#[tokio::test]
async fn resolving_takes_the_permission_to_write_contents() {
    let world = World::new().await;
    let (client, number) = (world.client(), propose(&world));
    client.create_review(&app_name(), number, &world.head("pm"), "b", &[comment(7, 7, "x"), comment(8, 8, "y")]).await.unwrap();
    let threads = client.list_review_threads(&app_name(), number).await.unwrap();
    let ids: Vec<NodeId> = threads.iter().map(|thread| thread.id.clone()).collect();

    let lesser = world.client_with(Access::default().writing_pull_requests());
    assert!(!lesser.list_review_threads(&app_name(), number).await.unwrap()[0].can_resolve);
    for result in lesser.resolve_review_threads(&ids).await {
        assert_eq!(refusal(result), Refusal::Forbidden);
    }
    let mut asked = ids.clone();
    asked.push(NodeId::new("PRRT_gone"));
    world.github.forget_requests();
    let results = client.resolve_review_threads(&asked).await;
    assert!(results[0].is_ok() && results[1].is_ok() && matches!(results[2], Err(Error::NotFound { .. })), "{results:?}");
    assert_eq!(world.github.request_counts().writes, 1);
    assert!(client.list_review_threads(&app_name(), number).await.unwrap().iter().all(|thread| thread.resolved));
    assert!(client.resolve_review_threads(&ids).await.iter().all(Result::is_ok), "twice is once");
    world.understood();
}

#[tokio::test]
async fn commenting_on_lines_takes_the_permission_to_write_pull_requests() {
    let world = World::new().await;
    let number = propose(&world);
    let client = world.client_with(Access::default());
    let result = client.create_review(&app_name(), number, &world.head("pm"), "b", &[comment(7, 7, "x")]).await;
    assert_eq!(refusal(result), Refusal::Forbidden);
    world.understood();
}

#[tokio::test]
async fn a_person_answers_resolves_and_accepts_what_was_suggested() {
    let world = World::new().await;
    let (client, number, app) = (world.client(), propose(&world), world.app());
    let suggestion = comment(7, 7, "```suggestion\nContributing factor: five\n```\n");
    client.create_review(&app_name(), number, &world.head("pm"), "b", &[suggestion]).await.unwrap();
    let ours = app.review_threads(number.0)[0].comments[0].id;
    app.reply_as("ada-example", ours, "Thanks");
    assert_eq!(client.list_review_threads(&app_name(), number).await.unwrap()[0].replies, 1);
    app.accept_suggestion_as("ada-example", ours);
    assert_eq!(app.file("pm", PATH).as_deref(), Some(TEXT.replace("Five", "Contributing factor: five").as_str()));
    let theirs = app.comment_on_line_as("grace-example", number.0, PATH, 7, "Clear now");
    app.resolve_as("grace-example", theirs);
    let threads = client.list_review_threads(&app_name(), number).await.unwrap();
    let seen: Vec<_> = threads.iter().map(|thread| (thread.ours, thread.resolved, thread.outdated)).collect();
    assert_eq!(seen, [(true, true, true), (false, true, false)]);
    world.understood();
}

#[tokio::test]
async fn a_file_too_large_for_a_patch_takes_no_comments() {
    let world = World::new().await;
    let large: String = (0..20_100).map(|line| format!("line {line}\n")).collect();
    let number =
        IssueNumber(world.app().propose("ada-example", "large", "Large", &[Change::write("postmortems/large.md", large)]));
    let client = world.client();
    let files = client.list_pull_request_files(&app_name(), number).await.unwrap();
    assert_eq!(files[0].patch, None);
    let on_it = LineComment { path: "postmortems/large.md".to_owned(), ..comment(1, 1, "x") };
    assert_eq!(refusal(client.create_review(&app_name(), number, &world.head("large"), "b", &[on_it]).await), Refusal::Invalid);
    world.understood();
}

#[tokio::test]
async fn reviews_are_listed_with_their_verdicts() {
    let world = World::new().await;
    let (client, number, app) = (world.client(), propose(&world), world.app());
    app.review_as("grace-example", number.0, ReviewState::ChangesRequested, "Please mend");
    app.approve("grace-example", number.0);
    let reviews = client.list_reviews(&app_name(), number).await.unwrap();
    let seen: Vec<_> = reviews.iter().map(|review| (review.author.as_deref(), review.verdict)).collect();
    assert_eq!(seen, [(Some("grace-example"), Verdict::ChangesRequested), (Some("grace-example"), Verdict::Approved)]);
    assert_eq!(reviews[1].commit, Some(world.head("pm")));
    world.understood();
}

#[tokio::test]
async fn a_reaction_is_there_once_and_commands_are_for_those_who_may_write() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    let issue = app.create_issue_as("ada-example", "An issue", "");
    let said = app.comment_as("ada-example", issue, "/followthrough file");
    for _ in 0..2 {
        client.react_to_comment(&app_name(), said, Reaction::Eyes).await.unwrap();
    }
    client.react_to_comment(&app_name(), said, Reaction::ThumbsUp).await.unwrap();
    assert_eq!(app.comments(issue)[0].reactions, ["eyes", "+1"]);
    assert!(matches!(client.react_to_comment(&app_name(), 7, Reaction::Rocket).await, Err(Error::NotFound { .. })));

    app.set_role("grace-example", Role::Maintain);
    app.set_role("linus-example", Role::Triage);
    app.set_role("margaret-example", Role::Admin);
    for (login, permission) in [
        ("grace-example", Permission::Write),
        ("linus-example", Permission::Read),
        ("margaret-example", Permission::Admin),
        ("nobody-example", Permission::None),
    ] {
        assert_eq!(client.load_permission(&app_name(), login).await, Ok(permission), "{login}");
    }
    assert!(Permission::Admin.can_write() && !Permission::Read.can_write());
    world.understood();
}
