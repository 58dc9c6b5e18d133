use client::{
    graphql::{ActKind, Actor, IssueUpdate, NewComment, NewIssue, SUB_ISSUES_PER_PARENT},
    rest::{ClosedAs, FoundIssue},
};

use super::*;

fn ours() -> Option<Actor> {
    Some(Actor { login: BOT.to_owned(), bot: true })
}

fn ada() -> Option<Actor> {
    Some(Actor { login: "ada-example".to_owned(), bot: false })
}

impl World {
    /// Opens issues as the App.
    async fn open(&self, titles: &[&str]) -> Vec<NodeId> {
        let query = r#"{ repository(owner: "acme", name: "app") { id } }"#;
        let token = Client::mint(&self.github, self.installed, Value::Null).await.body["token"].as_str().unwrap().to_owned();
        let client = Client { github: self.github.clone(), token };
        let repository_id = NodeId::new(client.graphql(query, json!({})).await["data"]["repository"]["id"].as_str().unwrap());
        let issue = |title: &&str| NewIssue {
            repository_id: repository_id.clone(),
            title: (*title).to_owned(),
            body: "Body".to_owned(),
            label_ids: Vec::new(),
            assignee_ids: Vec::new(),
            issue_type_id: None,
            milestone_id: None,
            parent: None,
            project_ids: Vec::new(),
        };
        let mut ids = Vec::new();
        for chunk in titles.chunks(5) {
            let issues: Vec<NewIssue> = chunk.iter().map(issue).collect();
            ids.extend(self.client().create_issues(&issues).await.into_iter().map(|made| made.unwrap().id));
        }
        ids
    }
}

#[tokio::test]
async fn issues_change_in_batches_and_each_says_what_became_of_it() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    app.add_milestone("Next quarter");
    world.github.organization("acme").add_issue_type("Task");
    let ids = world.open(&["One", "Two", "Three"]).await;
    let milestone = client.find_milestone(&app_name(), "next QUARTER").await.unwrap();
    assert!(milestone.is_some() && client.find_milestone(&app_name(), "quarter").await.unwrap().is_none());

    world.github.forget_requests();
    let updates = [
        IssueUpdate { title: Some("One, reworded".to_owned()), milestone_id: milestone, ..IssueUpdate::new(ids[0].clone()) },
        IssueUpdate { title: Some(" ".to_owned()), ..IssueUpdate::new(ids[1].clone()) },
        IssueUpdate { body: Some("Other body".to_owned()), ..IssueUpdate::new(NodeId::new("I_gone")) },
    ];
    let results = client.update_issues(&updates).await;
    assert_eq!(results[0], Ok(()));
    assert_eq!(refusal(results[1].clone()), Refusal::Invalid);
    assert!(matches!(results[2], Err(Error::NotFound { .. })));
    let closings = [(ids[0].clone(), ClosedAs::Completed), (ids[1].clone(), ClosedAs::NotPlanned)];
    assert_eq!(client.close_issues(&closings).await, [Ok(()), Ok(())]);
    assert_eq!(client.close_issues(&closings).await, [Ok(()), Ok(())], "twice is once");
    assert_eq!(world.github.request_counts().writes, 3);
    assert_eq!(app.issue(1).title, "One, reworded");
    assert_eq!(
        (app.issue(1).state_reason, app.issue(2).state_reason),
        (Some(StateReason::Completed), Some(StateReason::NotPlanned))
    );
    assert_eq!(client.reopen_issues(&ids[..1]).await, [Ok(())]);
    assert_eq!((app.issue(1).state, app.issue(2).state), (IssueState::Open, IssueState::Closed));

    let said = [
        NewComment { subject: ids[0].clone(), body: "Done in abc1234".to_owned() },
        NewComment { subject: ids[1].clone(), body: String::new() },
    ];
    let posted = client.post_comments(&said).await;
    assert!(posted[0].as_ref().is_ok_and(|posted| posted.url.contains("#issuecomment-")));
    assert_eq!(refusal(posted[1].clone()), Refusal::Invalid);
    assert_eq!(app.comments(1)[0].body, "Done in abc1234");
    world.github.faults().next(Matching::graphql("addComment"), Fault::LoseAnswer);
    assert!(client.post_comments(&said[..1]).await[0].as_ref().is_err_and(Error::is_unknown));
    assert!(client.post_comments(&[]).await.is_empty());
    world.understood();
}

#[tokio::test]
async fn sub_issues_are_added_once_and_no_more_than_a_hundred() {
    let world = World::new().await;
    let client = world.client();
    let ids = world.open(&["Tracking", "One", "Two", "Other parent"]).await;
    assert_eq!(client.add_sub_issues(&ids[0], &ids[1..3]).await, [Ok(()), Ok(())]);
    assert_eq!(client.add_sub_issues(&ids[0], &ids[1..3]).await, [Ok(()), Ok(())], "they are there");
    assert_eq!(refusal(client.add_sub_issues(&ids[3], &ids[1..2]).await.remove(0)), Refusal::Invalid, "it has a parent");
    let listed = client.list_sub_issues(&ids[0]).await.unwrap();
    assert_eq!(
        listed.iter().map(|one| one.issue.clone()).collect::<Vec<_>>(),
        [2, 3].map(|n| IssueRef::new(app_name(), IssueNumber(n)))
    );

    let app = world.app();
    let more: Vec<NodeId> =
        (2..=SUB_ISSUES_PER_PARENT).map(|n| world.node(app.create_issue_as("ada-example", &format!("Child {n}"), ""))).collect();
    let results = client.add_sub_issues(&ids[0], &more).await;
    let (last, first) = results.split_last().unwrap();
    assert!(first.iter().all(Result::is_ok));
    assert_eq!(refusal(last.clone()), Refusal::Invalid, "the parent is full");
    world.understood();
}

#[tokio::test]
async fn the_acts_of_people_are_told_from_our_own() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    let ids = world.open(&["Ours", "Untouched"]).await;
    let update =
        IssueUpdate { title: Some("By us".to_owned()), body: Some("By us".to_owned()), ..IssueUpdate::new(ids[0].clone()) };
    client.update_issues(&[update]).await.remove(0).unwrap();
    app.set_assignable(&["grace-example"]);
    app.edit_issue_as("ada-example", 1, IssueEdit { title: Some("By Ada".to_owned()), body: Some("By Ada".to_owned()) });
    app.assign_issue_as("ada-example", 1, &["grace-example"]);
    app.assign_issue_as("ada-example", 1, &[]);
    app.close_issue_because("ada-example", 1, StateReason::NotPlanned);
    client.reopen_issues(&ids[..1]).await.remove(0).unwrap();

    let asked = [ids[0].clone(), NodeId::new("I_gone"), ids[1].clone()];
    let mut histories = client.read_issue_histories(&asked).await.unwrap();
    let untouched = histories.remove(2).unwrap();
    assert!(!untouched.people_touched(BOT));
    assert_eq!((untouched.author, untouched.body_edits, untouched.acts), (ours(), Vec::new(), Vec::new()));
    assert!(matches!(histories[1], Err(Error::NotFound { .. })));
    let history = histories.remove(0).unwrap();
    assert_eq!(history.body_edits.iter().map(|edit| edit.editor.clone()).collect::<Vec<_>>(), [ada(), ours(), ours()]);
    let grace = || Some("grace-example".to_owned());
    let renamed = |from: &str, to: &str| ActKind::Renamed { from: from.to_owned(), to: to.to_owned() };
    let acts: Vec<_> = history.acts.into_iter().map(|act| (act.actor, act.kind)).collect();
    assert_eq!(
        acts,
        [
            (ours(), renamed("Ours", "By us")),
            (ada(), renamed("By us", "By Ada")),
            (ada(), ActKind::Assigned { login: grace() }),
            (ada(), ActKind::Unassigned { login: grace() }),
            (ada(), ActKind::Closed { reason: Some("not_planned".to_owned()) }),
            (ours(), ActKind::Reopened),
        ]
    );
    world.understood();
}

#[tokio::test]
async fn a_transferred_issue_is_found_by_its_old_number() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    let ops = world.github.repository("acme", "ops");
    let ids = world.open(&["Moves", "Goes", "Stays"]).await;
    app.comment_as("ada-example", 1, "Belongs to ops");
    let number = app.transfer_issue_as("ada-example", 1, &ops);
    app.delete_issue_as("ada-example", 2);

    let FoundIssue::At { issue, found } = client.find_issue(&app_name(), IssueNumber(1)).await.unwrap() else {
        panic!("it went somewhere")
    };
    assert_eq!(issue, IssueRef::new(RepositoryName::new("acme", "ops"), IssueNumber(number)));
    assert_eq!((found.title.as_str(), found.node_id == ids[0]), ("Moves", false));
    assert_eq!(ops.comments(number)[0].body, "Belongs to ops");
    let read = client.read_issues(&[ids[0].clone(), found.node_id.clone()]).await.unwrap();
    assert!(matches!(read[0], Err(Error::NotFound { .. })), "GraphQL does not follow");
    assert_eq!(read[1].as_ref().unwrap().issue, issue);
    let acts = client.read_issue_histories(&[found.node_id]).await.unwrap().remove(0).unwrap().acts;
    assert_eq!(acts.last().map(|act| act.kind.clone()), Some(ActKind::Transferred { from: Some(app_name()) }));

    assert_eq!(client.find_issue(&app_name(), IssueNumber(2)).await, Ok(FoundIssue::Deleted));
    assert!(matches!(client.find_issue(&app_name(), IssueNumber(3)).await, Ok(FoundIssue::At { .. })));
    assert_eq!(client.find_issue(&app_name(), IssueNumber(99)).await, Ok(FoundIssue::OutOfSight));
    world.understood();
}

#[tokio::test]
async fn an_issue_that_went_where_the_app_is_not_is_out_of_sight() {
    let world = World::new().await;
    let (app, secret) = (world.app(), world.github.repository("acme", "secret"));
    world.open(&["Moves"]).await;
    app.transfer_issue_as("ada-example", 1, secret.make_private());
    world.github.organization("acme").install_with(None, Some(&[&app]));
    assert_eq!(world.client().find_issue(&app_name(), IssueNumber(1)).await, Ok(FoundIssue::OutOfSight));
    world.understood();
}

#[tokio::test]
async fn a_repository_is_found_under_its_former_owner_and_name() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    world.open(&["One"]).await;
    app.rename("ada-example", "shop");
    let found = client.find_issue(&app_name(), IssueNumber(1)).await.unwrap();
    assert!(matches!(found, FoundIssue::At { issue, .. } if issue.repository.name == "shop"));
    client.create_comment(&app_name(), IssueNumber(1), "Writers are sent on").await.unwrap();
    assert_eq!(world.github.repository("acme", "shop").comments(1).len(), 1);
    world.understood();
}

#[tokio::test]
async fn what_people_touched_is_told_from_what_only_bots_talked_about() {
    let world = World::new().await;
    let (client, app) = (world.client(), world.app());
    app.set_assignable(&["grace-example"]);
    let titles = ["Ours", "Discussed", "Bot talk", "Taken", "Renamed", "Closed by a bot", "Edited", "Told by us"];
    let ids = world.open(&titles).await;
    app.comment_as("grace-example", 2, "Is this still true?");
    app.comment_as("other-app[bot]", 3, "Stale in 3 days");
    app.edit_issue_as("other-app[bot]", 3, IssueEdit { title: None, body: Some("Body, and a table".to_owned()) });
    app.assign_issue_as("ada-example", 4, &["grace-example"]);
    app.edit_issue_as("ada-example", 5, IssueEdit { title: Some("By Ada".to_owned()), body: None });
    app.close_issue_as("other-app[bot]", 6);
    app.edit_issue_as("ada-example", 7, IssueEdit { title: None, body: Some("By Ada".to_owned()) });
    let said = [NewComment { subject: ids[7].clone(), body: "Done in abc1234".to_owned() }];
    client.post_comments(&said).await.remove(0).unwrap();
    client.close_issues(&[(ids[7].clone(), ClosedAs::Completed)]).await.remove(0).unwrap();
    let theirs = app.create_issue_as("ada-example", "Adopted", "");

    let asked: Vec<NodeId> = ids.iter().cloned().chain([world.node(theirs)]).collect();
    let histories: Vec<_> = client.read_issue_histories(&asked).await.unwrap().into_iter().map(Result::unwrap).collect();
    let touched: Vec<bool> = histories.iter().map(|history| history.people_touched(BOT)).collect();
    assert_eq!(touched, [false, true, false, true, true, true, true, false, true]);
    assert_eq!(histories[1].comments.iter().map(|comment| comment.actor.clone()).collect::<Vec<_>>().len(), 1);
    assert_eq!(histories[7].comments[0].actor, ours());
    world.understood();
}

#[tokio::test]
async fn a_snapshot_says_when_it_closed_and_where_its_card_stands() {
    let world = World::new().await;
    let app = world.app();
    let sprints = FieldSeed::iteration("Sprint", jiff::civil::date(2026, 11, 9), &["Sprint 1"], 0);
    let board =
        world.github.add_project("acme", 7, "Board", &[FieldSeed::single_select("Status", &["Triage", "In progress"]), sprints]);
    let ids = world.open(&["One", "Two"]).await;
    board.add_as("ada-example", (&app, 1));
    board.move_as("ada-example", (&app, 1), "In progress");
    board.set_field_as("ada-example", (&app, 1), "Sprint", "Sprint 1");
    app.close_issue_as("ada-example", 2);
    let histories = world.client().read_issue_histories(&ids).await.unwrap();
    let moves: Vec<_> = histories[0].as_ref().unwrap().acts.iter().map(|act| (act.actor.clone(), act.kind.clone())).collect();
    let moved = ActKind::CardMoved { from: String::new(), to: "In progress".to_owned(), automated: false };
    assert_eq!(moves, [(ada(), moved)], "only the status is told of");
    assert!(histories[0].as_ref().unwrap().people_touched(BOT));
    let read = world.client().read_issues(&ids).await.unwrap();
    let (one, two) = (read[0].as_ref().unwrap(), read[1].as_ref().unwrap());
    assert!(one.closed_at.is_none() && two.closed_at.is_some() && two.updated_at >= two.closed_at.unwrap() && !one.locked);
    let shown = |name: &str| one.board_items[0].values.iter().find(|value| value.field_name == name)?.shown.clone();
    assert_eq!((shown("Status").as_deref(), shown("Sprint").as_deref()), (Some("In progress"), Some("Sprint 1")));
    world.understood();
}
