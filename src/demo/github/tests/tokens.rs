use super::*;

#[tokio::test]
async fn an_app_jwt_is_really_verified() {
    let client = Client::new().await;
    let app = |credential: String| request(format!("{}/app", client.github.url()), "GET", Some(credential.leak()), Value::Null);
    assert_eq!(app(jwt(-60, 540)).await.unwrap().body["slug"], "followthrough");
    assert_eq!(app(jwt(-60, 3600)).await.unwrap().status, 401, "too far in the future");
    assert_eq!(app(jwt(-600, -1)).await.unwrap().status, 401, "expired");
    assert_eq!(app(jwt(600, 660)).await.unwrap().status, 401, "issued later than now");
    let good = jwt(-60, 540);
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    assert_eq!(app(forged).await.unwrap().status, 401, "another signature");
}

#[tokio::test]
async fn a_token_is_long_and_no_wider_than_asked() {
    let client = Client::new().await;
    assert!(client.token.starts_with("ghs_") && client.token.len() > 200);
    let id = client.github.organization("acme").install();
    let narrow = Client::mint(&client.github, id, json!({"permissions": {"issues": "read"}})).await;
    assert_eq!((narrow.status, &narrow.body["permissions"]["issues"]), (201, &json!("read")));
    let narrow = Client { github: client.github.clone(), token: narrow.body["token"].as_str().unwrap().to_owned() };
    let refused = narrow.rest("POST", "/repos/acme/app/issues", json!({"title": "No"})).await;
    assert_eq!((refused.status, &refused.body["message"]), (403, &json!("Resource not accessible by integration")));
    let wide = Client::mint(&client.github, id, json!({"permissions": {"administration": "write"}})).await;
    assert_eq!(wide.status, 422);
}

#[tokio::test]
async fn unknown_expired_and_orphaned_tokens_are_refused() {
    let client = Client::new().await;
    let url = format!("{}/repos/acme/app", client.github.url());
    assert_eq!(request(url.clone(), "GET", Some("ghs_nonsense"), Value::Null).await.unwrap().status, 401);
    client.github.organization("acme").suspend();
    assert_eq!(client.rest("GET", "/repos/acme/app", Value::Null).await.status, 403);
    client.github.organization("acme").unsuspend();
    client.github.expire_tokens();
    assert_eq!(client.rest("GET", "/repos/acme/app", Value::Null).await.status, 401);
    client.github.organization("acme").uninstall();
    assert_eq!(Client::mint(&client.github, 1, Value::Null).await.status, 404);
}

#[tokio::test]
async fn another_owners_private_repository_does_not_exist() {
    let client = Client::new().await;
    client.github.repository("other", "secret").make_private();
    client.github.repository("other", "open");
    assert_eq!(client.rest("GET", "/repos/other/secret", Value::Null).await.status, 404);
    assert_eq!(client.rest("GET", "/repos/other/open", Value::Null).await.status, 200);
    assert_eq!(client.rest("POST", "/repos/other/open/issues", json!({"title": "x"})).await.status, 403);
    let body = client.graphql(r#"{ repository(owner: "other", name: "secret") { id } viewer { login } }"#, json!({})).await;
    assert_eq!(body["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(body["errors"][0]["path"], json!(["repository"]));
    assert_eq!(body["data"], json!({"repository": null, "viewer": {"login": "followthrough[bot]"}}));
}

#[tokio::test]
async fn what_the_fake_does_not_know_is_501_and_remembered() {
    let client = Client::new().await;
    assert_eq!(client.rest("GET", "/repos/acme/app/stargazers", Value::Null).await.status, 501);
    assert_eq!(client.rest("POST", "/repos/acme/app/issues", json!({"title": "x", "colour": "red"})).await.status, 501);
    assert_eq!(client.rest("GET", "/repos/acme/app/issues?nonsense=1", Value::Null).await.status, 501);
    let unknown = client.try_graphql("{ viewer { bio } }", json!({})).await.unwrap();
    assert_eq!(unknown.status, 501, "{}", unknown.body);
    let query = "mutation($i: CreateIssueInput!) { createIssue(input: $i) { issue { id } } }";
    let unknown = client.try_graphql(query, json!({"i": {"repositoryId": "x", "title": "y", "projectIds": []}})).await.unwrap();
    assert_eq!(unknown.status, 501, "{}", unknown.body);
    assert_eq!(client.github.unexpected_requests().len(), 5, "{:?}", client.github.unexpected_requests());
}

#[tokio::test]
async fn the_addresses_of_an_enterprise_server_work() {
    let client = Client::new().await;
    for n in 0..3 {
        client.app().create_issue_as("ada-example", &format!("{n}"), "");
    }
    let page = client.rest("GET", "/api/v3/repos/acme/app/issues?per_page=2", Value::Null).await;
    assert!(page.headers["link"].to_str().unwrap().contains("/api/v3/repos/acme/app/issues?"));
    let query = json!({"query": "{ viewer { login } }"});
    assert_eq!(client.rest("POST", "/api/graphql", query.clone()).await.status, 200);
    assert_eq!(client.rest("POST", "/api/v3/graphql", query).await.status, 501);
    let etag = client.rest("GET", "/repos/acme/app", Value::Null).await.headers["etag"].clone();
    assert!(!etag.is_empty());
}
