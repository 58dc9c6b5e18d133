use super::*;

#[tokio::test]
async fn issues_and_pull_requests_share_numbers_and_lists() {
    let client = Client::new().await;
    let app = client.app();
    app.create_issue_as("ada-example", "One", "");
    let pull = app.propose("ada-example", "b", "Two", &[Change::write("x", "y")]);
    assert_eq!(pull, 2);
    let list = client.rest("GET", "/repos/acme/app/issues?state=all&sort=created&direction=asc", Value::Null).await;
    assert!(list.body[0].get("pull_request").is_none() && list.body[1].get("pull_request").is_some());
}

#[tokio::test]
async fn an_issue_of_the_app_is_found_by_creator_and_label() {
    let client = Client::new().await;
    client.app().create_issue_as("ada-example", "Human", "");
    let made = client.rest("POST", "/repos/acme/app/issues", json!({"title": "Bot", "labels": ["new-label"]})).await;
    assert_eq!((made.status, &made.body["user"]["login"]), (201, &json!("followthrough[bot]")));
    let found = client.rest("GET", "/repos/acme/app/issues?creator=followthrough%5Bbot%5D&labels=new-label", Value::Null).await;
    assert_eq!(found.body.as_array().unwrap().len(), 1);
    let url = made.body["html_url"].as_str().unwrap();
    assert!(url.ends_with("/acme/app/issues/2"), "{url}");
}

#[tokio::test]
async fn lists_page_with_link_headers() {
    let client = Client::new().await;
    for n in 0..5 {
        client.app().comment_as("ada-example", client.app().create_issue_as("ada-example", &format!("{n}"), ""), "hi");
    }
    let page = client.rest("GET", "/repos/acme/app/issues?per_page=2", Value::Null).await;
    let link = page.headers["link"].to_str().unwrap().to_owned();
    let next = link.split('>').next().unwrap().trim_start_matches('<');
    let second = request(next.to_owned(), "GET", Some(&client.token), Value::Null).await.unwrap();
    let numbers: Vec<_> = second.body.as_array().unwrap().iter().map(|issue| issue["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [3, 2]);
}

#[tokio::test]
async fn limits_are_githubs() {
    let client = Client::new().await;
    let create =
        |title: String, body: String| client.rest("POST", "/repos/acme/app/issues", json!({"title": title, "body": body}));
    assert_eq!(create("t".repeat(256), "b".repeat(65_536)).await.status, 201);
    assert_eq!(create("t".repeat(257), String::new()).await.status, 422);
    assert_eq!(create("t".to_owned(), "b".repeat(65_537)).await.status, 422);
    let app = client.app();
    let parent = app.create_issue_as("ada-example", "Parent", "");
    for n in 0..101 {
        let child = app.create_issue_as("ada-example", &format!("Child {n}"), "");
        let query = "mutation($p: ID!, $c: ID!) { addSubIssue(input: {issueId: $p, subIssueId: $c}) { issue { id } } }";
        let body = client.graphql(query, json!({"p": app.issue(parent).node_id, "c": app.issue(child).node_id})).await;
        assert_eq!(body.get("errors").is_some(), n == 100, "{body}");
    }
}

#[tokio::test]
async fn archived_and_disabled_repositories_refuse_writes() {
    let client = Client::new().await;
    client.app().disable_issues();
    assert_eq!(client.rest("POST", "/repos/acme/app/issues", json!({"title": "x"})).await.status, 410);
    let id = client.repository_id().await;
    let query = "mutation($r: ID!) { createIssue(input: {repositoryId: $r, title: \"x\"}) { issue { id } } }";
    assert_eq!(client.graphql(query, json!({"r": id})).await["errors"][0]["type"], "UNPROCESSABLE");
    client.app().archive();
    let refused = client.rest("POST", "/repos/acme/app/labels", json!({"name": "x"})).await;
    assert_eq!((refused.status, &refused.body["message"]), (403, &json!("Repository was archived so is read-only.")));
    assert_eq!(client.graphql(query, json!({"r": id})).await["errors"][0]["type"], "FORBIDDEN");
}

#[tokio::test]
async fn only_the_assignable_can_be_assigned() {
    let client = Client::new().await;
    client.app().set_assignable(&["ada-example"]);
    client.github.user("stranger-example");
    assert_eq!(client.rest("GET", "/repos/acme/app/assignees/ada-example", Value::Null).await.status, 204);
    assert_eq!(client.rest("GET", "/repos/acme/app/assignees/stranger-example", Value::Null).await.status, 404);
    let refused = client.rest("POST", "/repos/acme/app/issues", json!({"title": "x", "assignees": ["stranger-example"]})).await;
    assert_eq!(refused.status, 422);
    let stranger = client.graphql(r#"{ user(login: "stranger-example") { id } }"#, json!({})).await["data"]["user"]["id"].clone();
    let query =
        "mutation($r: ID!, $a: [ID!]) { createIssue(input: {repositoryId: $r, title: \"x\", assigneeIds: $a}) { issue { id } } }";
    let body = client.graphql(query, json!({"r": client.repository_id().await, "a": [stranger]})).await;
    assert_eq!(body["errors"][0]["type"], "UNPROCESSABLE");
    assert!(client.app().issues().is_empty(), "a refused issue leaves nothing behind");
}

#[tokio::test]
async fn a_comment_can_be_edited_minimised_reacted_to_and_deleted() {
    let client = Client::new().await;
    let number = client.app().create_issue_as("ada-example", "x", "");
    let comments = format!("/repos/acme/app/issues/{number}/comments");
    let made = client.rest("POST", &comments, json!({"body": "one"})).await.body;
    let path = format!("/repos/acme/app/issues/comments/{}", made["id"]);
    assert_eq!(client.rest("PATCH", &path, json!({"body": "two"})).await.body["body"], "two");
    assert_eq!(client.rest("POST", &format!("{path}/reactions"), json!({"content": "rocket"})).await.status, 201);
    assert_eq!(client.rest("POST", &format!("{path}/reactions"), json!({"content": "rocket"})).await.status, 200);
    let query = "mutation($c: ID!) { minimizeComment(input: {subjectId: $c, classifier: OUTDATED}) { minimizedComment { isMinimized minimizedReason } } }";
    let body = client.graphql(query, json!({"c": made["node_id"]})).await;
    assert_eq!(body["data"]["minimizeComment"]["minimizedComment"]["minimizedReason"], "outdated");
    let comment = &client.app().comments(number)[0];
    assert_eq!(
        (comment.body.as_str(), comment.author.as_str(), comment.reactions.as_slice()),
        ("two", "followthrough[bot]", ["rocket".to_owned()].as_slice())
    );
    assert_eq!(client.rest("DELETE", &path, Value::Null).await.status, 204);
    assert!(client.app().comments(number).is_empty());
}

#[tokio::test]
async fn mentions_ping_and_closing_keywords_close() {
    let client = Client::new().await;
    let app = client.app();
    let number = app.create_issue_as("ada-example", "x", "");
    client
        .rest("POST", &format!("/repos/acme/app/issues/{number}/comments"), json!({"body": "cc @grace-example, `@nobody`"}))
        .await;
    let pings = client.github.pings();
    assert_eq!((pings.len(), pings[0].whom.as_str(), pings[0].by.as_str()), (1, "grace-example", "followthrough[bot]"));
    let pull = app.propose("ada-example", "fix", "Fix it", &[Change::write("a", "b")]);
    app.edit_issue_as("ada-example", pull, IssueEdit { body: Some(format!("Fixes #{number}")), title: None });
    app.merge(pull);
    assert_eq!(app.issue(number).state, IssueState::Closed);
}

#[tokio::test]
async fn a_deleted_issue_is_gone() {
    let client = Client::new().await;
    let number = client.app().create_issue_as("ada-example", "x", "");
    client.app().delete_issue_as("ada-example", number);
    assert_eq!(client.rest("GET", &format!("/repos/acme/app/issues/{number}"), Value::Null).await.status, 410);
    assert_eq!(client.app().create_issue_as("ada-example", "y", ""), number + 1, "its number is never given again");
}

#[tokio::test]
async fn a_renamed_repository_is_found_by_both_names() {
    let client = Client::new().await;
    let number = client.app().create_issue_as("ada-example", "x", "");
    client.app().rename("ada-example", "shop");
    let moved = client.rest("GET", "/repos/acme/app/issues?state=all", Value::Null).await;
    assert_eq!(moved.status, 301);
    let there = moved.headers["location"].to_str().unwrap().to_owned();
    assert!(there.contains("/repositories/") && there.ends_with("/issues?state=all"), "{there}");
    let followed = request(there, "GET", Some(&client.token), Value::Null).await.unwrap().body;
    assert!(followed[0]["html_url"].as_str().unwrap().ends_with(&format!("/acme/shop/issues/{number}")));
    let body = client.graphql(r#"{ repository(owner: "acme", name: "app") { nameWithOwner } }"#, json!({})).await;
    assert_eq!(body["data"]["repository"]["nameWithOwner"], "acme/shop");
}
