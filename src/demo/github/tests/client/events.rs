use client::{rest::Verdict, webhook};

use super::*;

impl World {
    /// What the pending deliveries say, read as the App reads them: event, action and sender.
    fn events(&self) -> Vec<Event> {
        let pending = self.github.pending_deliveries();
        self.github.lose_pending();
        let read = |one: PendingDelivery| webhook::parse(&one.event, one.payload.to_string().as_bytes()).expect(&one.event);
        pending.into_iter().map(read).collect()
    }
}

fn issue_acts(events: &[Event]) -> Vec<(String, String)> {
    let act = |event: &Event| match event {
        Event::Issues(event) => Some((event.action.clone(), event.sender.clone()?.login)),
        _ => None,
    };
    events.iter().filter_map(act).collect()
}

#[tokio::test]
async fn the_life_of_an_issue_is_told_with_who_did_it() {
    let world = World::new().await;
    let (app, ops) = (world.app(), world.github.repository("acme", "ops"));
    app.set_assignable(&["grace-example"]);
    let number = app.create_issue_as("ada-example", "Was", "Text");
    world.github.lose_pending();
    app.edit_issue_as("grace-example", number, IssueEdit { title: Some("Is".to_owned()), body: Some("New".to_owned()) });
    app.assign_issue_as("ada-example", number, &["grace-example"]);
    app.assign_issue_as("ada-example", number, &[]);
    app.close_issue_because("ada-example", number, StateReason::NotPlanned);
    let node = world.node(number);
    world.client().reopen_issues(&[node]).await.remove(0).unwrap();
    let moved = app.transfer_issue_as("ada-example", number, &ops);
    ops.delete_issue_as("grace-example", moved);
    let events = world.events();
    let expected = [
        ("edited", "grace-example"),
        ("assigned", "ada-example"),
        ("unassigned", "ada-example"),
        ("closed", "ada-example"),
        ("reopened", BOT),
        ("transferred", "ada-example"),
        ("opened", "ada-example"),
        ("deleted", "grace-example"),
    ];
    assert_eq!(issue_acts(&events), expected.map(|(action, who)| (action.to_owned(), who.to_owned())));
    let told: Vec<_> = events
        .into_iter()
        .filter_map(|event| match event {
            Event::Issues(event) => Some(event),
            _ => None,
        })
        .collect();
    assert_eq!((told[0].title_was.as_deref(), told[0].body_edited), (Some("Was"), true));
    assert_eq!(told[1].assignee.as_deref(), Some("grace-example"));
    assert_eq!((told[3].open, told[3].state_reason.as_deref()), (false, Some("not_planned")));
    assert!(told[4].sender.as_ref().is_some_and(|sender| sender.bot) && told[4].updated_at.is_some());
    let to = told[5].moved_to.as_ref().expect("it went somewhere");
    assert_eq!((to.repository.name.to_string().as_str(), to.number), ("acme/ops", IssueNumber(moved)));
    let from = told[6].moved_from.as_ref().expect("it came from somewhere");
    assert_eq!((from.repository.name.clone(), from.number), (app_name(), IssueNumber(number)));
    assert_eq!(told[6].repository.name, RepositoryName::new("acme", "ops"));
}

#[tokio::test]
async fn comments_and_reviews_are_told() {
    let world = World::new().await;
    let app = world.app();
    let number = app.propose("ada-example", "pm", "Postmortem", &[Change::write(PATH, "# New\n")]);
    let said = app.comment_as("grace-example", number, "/followthrough plan");
    app.edit_comment_as("ada-example", said, "/followthrough file");
    app.approve("grace-example", number);
    let events = world.events();
    let Some(Event::PullRequest(opened)) = events.iter().find(|event| matches!(event, Event::PullRequest(_))) else {
        panic!("a pull request")
    };
    assert_eq!((opened.head_branch.as_str(), opened.head_repository.map(|id| id.0)), ("pm", Some(app.id())));
    assert_eq!(opened.author.as_ref().map(|author| author.login.as_str()), Some("ada-example"));
    let comments: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::IssueComment(event) => Some((event.action.as_str(), event.author.clone()?.login, event.sender.clone()?.login)),
            _ => None,
        })
        .collect();
    let grace = || "grace-example".to_owned();
    assert_eq!(comments, [("created", grace(), grace()), ("edited", grace(), "ada-example".to_owned())]);
    let Some(Event::PullRequestReview(review)) = events.last() else { panic!("a review, not {:?}", events.last()) };
    assert_eq!((review.action.as_str(), review.verdict, review.number), ("submitted", Verdict::Approved, IssueNumber(number)));
    assert_eq!(review.commit, Some(world.head("pm")));
}

#[tokio::test]
async fn a_pull_request_is_followed_from_draft_to_closed() {
    let world = World::new().await;
    let app = world.app();
    app.commit("pm", "Write", &[Change::write(PATH, "# New\n")]);
    let number = app.open_draft("ada-example", "pm", "Postmortem", "");
    app.mark_ready("ada-example", number);
    app.push("pm", PATH, "# Newer\n");
    app.close_pull_request("ada-example", number);
    app.reopen_pull_request("ada-example", number);
    app.merge_as("grace-example", number);
    let told: Vec<_> = world
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::PullRequest(event) => Some((event.action, event.draft, event.merged)),
            _ => None,
        })
        .collect();
    let expected = [
        ("opened", true, false),
        ("ready_for_review", false, false),
        ("synchronize", false, false),
        ("closed", false, false),
        ("reopened", false, false),
        ("closed", false, true),
    ];
    assert_eq!(told, expected.map(|(action, draft, merged)| (action.to_owned(), draft, merged)));
}

#[tokio::test]
async fn a_push_says_which_files_and_whose_commits() {
    let world = World::new().await;
    let app = world.app();
    app.commit("main", "Change", &[Change::write("new.md", "n"), Change::rename(PATH, "postmortems/moved.md")]);
    let Some(Event::Push(push)) = world.events().pop() else { panic!("a push") };
    assert!(push.on_default_branch() && !push.forced && !push.created && !push.deleted);
    assert_eq!(push.touched, ["new.md", PATH, "postmortems/moved.md"]);
    assert_eq!(
        push.commits.iter().map(|commit| (&commit.id, commit.author.as_deref())).collect::<Vec<_>>(),
        [(&push.after, Some("ada-example"))]
    );
    assert_eq!(push.sender.map(|sender| sender.bot), Some(false));
}

#[tokio::test]
async fn a_card_that_is_moved_archived_restored_or_removed_is_told() {
    let world = World::new().await;
    let app = world.app();
    let board = world.github.add_project("acme", 7, "Triage", &[FieldSeed::single_select("Status", &["Triage", "Doing"])]);
    let number = app.create_issue_as("ada-example", "Card", "");
    let card = (&app, number);
    board.add_as("ada-example", card);
    board.move_as("ada-example", card, "Doing");
    board.archive_as("ada-example", card);
    board.restore_as("ada-example", card);
    board.remove_as("ada-example", card);
    let told: Vec<_> = world
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::ProjectsV2Item(event) => Some((event.action, event.field.map(|field| field.name), event.content)),
            _ => None,
        })
        .collect();
    let node = Some(world.node(number));
    let expected = [("created", None), ("edited", Some("Status")), ("archived", None), ("restored", None), ("deleted", None)];
    assert_eq!(told, expected.map(|(action, field)| (action.to_owned(), field.map(str::to_owned), node.clone())));
}

#[tokio::test]
async fn a_repository_that_is_renamed_or_transferred_says_what_it_was() {
    let world = World::new().await;
    let (app, other) = (world.app(), world.github.organization("acme-labs"));
    other.install();
    world.github.lose_pending();
    app.rename("ada-example", "shop");
    app.transfer_to("ada-example", &other);
    let told: Vec<_> = world
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Repository(event) => Some((event.action, event.former_name?.to_string(), event.repository.name.to_string())),
            _ => None,
        })
        .collect();
    let expected = [("renamed", "acme/app", "acme/shop"), ("transferred", "acme/shop", "acme-labs/shop")];
    assert_eq!(told, expected.map(|(action, was, is)| (action.to_owned(), was.to_owned(), is.to_owned())));
    let moved = request(format!("{}/repos/acme/app", world.github.url()), "GET", None, Value::Null).await.unwrap();
    assert_eq!(moved.status, 301, "the first name still leads there");
}

/// A payload with the fields that GitHub documents for the event, those that are not read left out.
fn documented(event: &str, mut payload: Value) -> Event {
    let fields = payload.as_object_mut().expect("an object");
    fields.insert("installation".to_owned(), json!({"id": 7, "node_id": "MDIz"}));
    fields.insert("sender".to_owned(), json!({"login": "triage-example[bot]", "id": 5, "type": "Bot"}));
    if event != "projects_v2_item" {
        let repository = json!({"id": 11, "node_id": "R_11", "full_name": "acme/app", "private": true, "default_branch": "main"});
        fields.entry("repository").or_insert(repository);
    }
    webhook::parse(event, payload.to_string().as_bytes()).expect(event)
}

#[test]
fn a_dismissed_review_is_told_as_such() {
    let review = json!({"id": 80, "user": {"login": "grace-example", "type": "User"}, "body": null, "commit_id": "abc",
        "submitted_at": null, "state": "dismissed", "author_association": "MEMBER"});
    let payload = json!({"action": "dismissed", "review": review, "pull_request": {"number": 5, "state": "open"}});
    let Event::PullRequestReview(event) = documented("pull_request_review", payload) else { panic!("a review") };
    assert_eq!((event.action.as_str(), event.verdict, event.number), ("dismissed", Verdict::Dismissed, IssueNumber(5)));
    assert_eq!(event.author.map(|author| author.login).as_deref(), Some("grace-example"));
}

#[test]
fn a_card_of_an_organization_comes_without_a_repository() {
    let item = json!({"id": 9_000_000_000_u64, "node_id": "PVTI_9", "project_node_id": "PVT_1", "content_node_id": "I_1",
        "content_type": "Issue", "creator": {"login": "ada-example"}, "created_at": "2026-11-20T10:00:00Z",
        "updated_at": "2026-11-20T11:00:00Z", "archived_at": null});
    let changes = json!({"field_value": {"field_node_id": "PVTSSF_1", "field_type": "single_select", "field_name": "Status",
        "project_number": 7, "from": {"id": "a", "name": "Triage"}, "to": {"id": "b", "name": "Done"}}});
    let organization = json!({"login": "acme", "id": 3});
    let moved = json!({"action": "edited", "projects_v2_item": item, "changes": changes, "organization": organization});
    let Event::ProjectsV2Item(event) = documented("projects_v2_item", moved) else { panic!("an item") };
    assert_eq!((event.field.map(|field| field.name).as_deref(), event.content_type.as_str()), (Some("Status"), "Issue"));
    assert!(event.sender.is_some_and(|sender| sender.bot));
    let archived = json!({"archived_at": {"from": null, "to": "2026-11-20T11:00:00Z"}});
    for action in ["archived", "restored", "deleted", "reordered"] {
        let payload = json!({"action": action, "projects_v2_item": item, "changes": archived, "organization": organization});
        let Event::ProjectsV2Item(event) = documented("projects_v2_item", payload) else { panic!("an item") };
        assert_eq!((event.action.as_str(), event.content, event.field), (action, Some(NodeId::new("I_1")), None));
    }
}

#[test]
fn issues_that_go_away_say_where_to() {
    let issue = json!({"number": 3, "node_id": "I_3", "title": "t", "body": null, "state": "open", "state_reason": null,
        "updated_at": "2026-11-20T11:00:00Z"});
    let new = json!({"new_issue": {"number": 8, "node_id": "I_8"}, "new_repository": {"id": 12, "full_name": "acme/ops", "owner": null}});
    let payload = json!({"action": "transferred", "issue": issue, "changes": new});
    let Event::Issues(event) = documented("issues", payload) else { panic!("an issue") };
    let to = event.moved_to.expect("it went somewhere");
    assert_eq!((to.repository.name.to_string().as_str(), to.number), ("acme/ops", IssueNumber(8)));
    let Event::Issues(event) = documented("issues", json!({"action": "deleted", "issue": issue})) else { panic!("an issue") };
    assert_eq!((event.action.as_str(), event.node_id, event.moved_to), ("deleted", NodeId::new("I_3"), None));
}
