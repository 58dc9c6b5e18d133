use super::*;

/// A pull request that changes line 2 of a file of five; its number.
async fn proposed() -> (Client, u64, String) {
    let client = Client::new().await;
    let app = client.app();
    app.commit("main", "More", &[Change::write("a.md", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")]);
    let number = app.propose("ada-example", "work", "Change", &[Change::write("a.md", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n")]);
    let head = app.head("work").unwrap();
    (client, number, head)
}

#[tokio::test]
async fn a_single_comment_on_lines_has_a_life_of_its_own() {
    let (client, number, head) = proposed().await;
    let path = format!("/repos/acme/app/pulls/{number}/comments");
    let new = json!({"body": "x", "commit_id": head, "path": "a.md", "line": 3, "side": "RIGHT", "start_line": 2, "start_side": "RIGHT"});
    let made = client.rest("POST", &path, new).await;
    assert_eq!((made.status, &made.body["line"], &made.body["start_line"]), (201, &json!(3), &json!(2)));
    assert!(made.body["diff_hunk"].as_str().unwrap().starts_with("@@ -1,5 +1,5 @@"));
    let id = made.body["id"].clone();
    let answered = client.rest("POST", &format!("{path}/{id}/replies"), json!({"body": "y"})).await;
    assert_eq!((answered.status, &answered.body["in_reply_to_id"]), (201, &id));
    let one = format!("/repos/acme/app/pulls/comments/{id}");
    assert_eq!(client.rest("PATCH", &one, json!({"body": "z"})).await.body["body"], "z");
    for status in [201, 200] {
        assert_eq!(client.rest("POST", &format!("{one}/reactions"), json!({"content": "eyes"})).await.status, status);
    }
    client.app().push("work", "a.md", "1\nother\n3\n4\n5\n6\n7\n8\n9\n");
    let shown = client.rest("GET", &one, Value::Null).await.body;
    assert_eq!((&shown["line"], &shown["original_line"]), (&Value::Null, &json!(3)), "outdated");
    assert_eq!(client.rest("DELETE", &one, Value::Null).await.status, 204);
    let left = client.rest("GET", &path, Value::Null).await.body;
    assert_eq!(left.as_array().unwrap().iter().map(|one| &one["body"]).collect::<Vec<_>>(), ["y"]);
    assert_eq!(client.rest("GET", &one, Value::Null).await.status, 404);
    assert_eq!(client.github.unexpected_requests(), Vec::<String>::new());
}

#[tokio::test]
async fn both_sides_of_the_diff_take_comments_inside_its_hunks_only() {
    let (client, number, head) = proposed().await;
    let comment = |side: &str, line: u64| {
        let new = json!({"body": "x", "commit_id": head, "path": "a.md", "line": line, "side": side});
        client.rest("POST", "/repos/acme/app/pulls/2/comments", new)
    };
    assert_eq!(number, 1);
    assert_eq!(comment("RIGHT", 2).await.status, 404, "there is no pull request 2");
    let comment = |side: &str, line: u64| {
        let new = json!({"body": "x", "commit_id": head, "path": "a.md", "line": line, "side": side});
        client.rest("POST", "/repos/acme/app/pulls/1/comments", new)
    };
    for (side, line, status) in [("RIGHT", 2, 201), ("LEFT", 2, 201), ("RIGHT", 5, 201), ("RIGHT", 6, 422), ("LEFT", 6, 422)] {
        let answer = comment(side, line).await;
        assert_eq!(answer.status, status, "{side} {line}: {}", answer.body);
        if status == 422 {
            assert_eq!(answer.body["errors"][0]["field"], "pull_request_review_thread.line");
        }
    }
}

#[tokio::test]
async fn refused_reviews_come_in_the_plain_shape_and_leave_nothing() {
    let (client, number, head) = proposed().await;
    let path = format!("/repos/acme/app/pulls/{number}/reviews");
    let on = |line: u64, start: Value| json!({"path": "a.md", "body": "x", "line": line, "side": "RIGHT", "start_line": start, "start_side": "RIGHT"});
    for (comments, message) in [
        (json!([on(2, Value::Null), on(9, Value::Null)]), "line must be part of the diff"),
        (json!([on(2, json!(2))]), "start line must precede the end line"),
    ] {
        let refused =
            client.rest("POST", &path, json!({"event": "COMMENT", "body": "b", "commit_id": head, "comments": comments})).await;
        assert_eq!((refused.status, &refused.body["message"]), (422, &json!("Unprocessable Entity")));
        assert!(refused.body["errors"][0].as_str().unwrap().contains(message), "{}", refused.body);
    }
    assert_eq!(client.rest("GET", &path, Value::Null).await.body, json!([]));
    let pending = client.rest("POST", &path, json!({"body": "not submitted"})).await;
    assert_eq!(pending.status, 501);
    assert_eq!(client.github.unexpected_requests().len(), 1);
}

#[tokio::test]
async fn an_app_cannot_approve_what_it_proposes() {
    let client = Client::new().await;
    client.app().commit("work", "Change", &[Change::write("a.md", "x\n")]);
    let pull = client.rest("POST", "/repos/acme/app/pulls", json!({"title": "t", "head": "work", "base": "main"})).await;
    let path = format!("/repos/acme/app/pulls/{}/reviews", pull.body["number"]);
    let refused = client.rest("POST", &path, json!({"event": "APPROVE"})).await;
    assert_eq!(refused.body["errors"][0], "Can not approve your own pull request");
}

#[tokio::test]
async fn a_transferred_issue_redirects_and_a_deleted_one_is_gone() {
    let client = Client::new().await;
    let (app, ops) = (client.app(), client.github.repository("acme", "ops"));
    for title in ["Moves", "Goes"] {
        app.create_issue_as("ada-example", title, "");
    }
    app.transfer_issue_as("ada-example", 1, &ops);
    app.delete_issue_as("ada-example", 2);
    for (method, path, body) in [
        ("GET", "/repos/acme/app/issues/1", Value::Null),
        ("PATCH", "/repos/acme/app/issues/1", json!({"state": "closed"})),
        ("POST", "/repos/acme/app/issues/1/labels", json!({"labels": ["bug"]})),
    ] {
        let moved = client.rest(method, path, body.clone()).await;
        assert_eq!(moved.status, 301, "{method} {path}");
        let gone = client.rest(method, &path.replace("issues/1", "issues/2"), body).await;
        assert_eq!(gone.status, 410, "{method} {path}");
    }
    let query = r#"{ repository(owner: "acme", name: "app") { issue(number: 1) { id } } }"#;
    assert_eq!(client.graphql(query, json!({})).await["errors"][0]["type"], "NOT_FOUND");
}
