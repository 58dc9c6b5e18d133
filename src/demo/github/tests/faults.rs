use super::*;

const CREATE: &str = "mutation($r: ID!) { a: createIssue(input: {repositoryId: $r, title: \"a\"}) { issue { number } } b: createIssue(input: {repositoryId: $r, title: \"b\"}) { issue { number } } }";

#[tokio::test]
async fn a_lost_answer_leaves_its_effect() {
    let client = Client::new().await;
    let id = client.repository_id().await;
    client.github.faults().next(Matching::graphql("createIssue"), Fault::LoseAnswer);
    let lost = client.try_graphql(CREATE, json!({"r": id})).await;
    assert!(lost.is_err(), "the connection drops");
    assert_eq!(client.app().issues().len(), 2);
    assert_eq!(client.github.requests().last().unwrap().status, None);
    client.github.faults().next(Matching::write(), Fault::BadGatewayAfterEffect);
    assert_eq!(client.try_graphql(CREATE, json!({"r": id})).await.unwrap().status, 502);
    assert_eq!(client.app().issues().len(), 4);
}

#[tokio::test]
async fn an_error_before_the_effect_leaves_nothing() {
    let client = Client::new().await;
    client.github.faults().nth(2, Matching::rest("POST", "/issues"), Fault::ErrorBeforeEffect);
    let create = || client.rest("POST", "/repos/acme/app/issues", json!({"title": "x"}));
    assert_eq!((create().await.status, create().await.status, create().await.status), (201, 500, 201));
    assert_eq!(client.app().issues().len(), 2);
    assert_eq!(client.github.faults().pending(), 0);
}

#[tokio::test]
async fn limits_say_when_to_come_back() {
    let client = Client::new().await;
    let faults = client.github.faults();
    faults.next(Matching::any(), Fault::SecondaryLimit { retry_after: Some(60) });
    faults.next(Matching::any(), Fault::TooManyRequests { retry_after: None });
    faults.times(2, Matching::any(), Fault::PrimaryLimit { reset_in: 120 });
    let show = || client.rest("GET", "/repos/acme/app", Value::Null);
    let first = show().await;
    assert_eq!((first.status, first.headers["retry-after"].to_str().unwrap()), (403, "60"));
    assert_eq!(show().await.status, 429);
    let primary = show().await;
    assert_eq!((primary.status, primary.headers["x-ratelimit-remaining"].to_str().unwrap()), (403, "0"));
    let body = client.graphql("{ viewer { login } }", json!({})).await;
    assert_eq!(body["errors"][0]["type"], "RATE_LIMITED");
    assert_eq!(show().await.status, 200);
}

#[tokio::test]
async fn one_alias_can_be_refused_and_a_batch_can_stop_early() {
    let client = Client::new().await;
    let id = client.repository_id().await;
    client.github.faults().next(Matching::graphql("createIssue"), Fault::submitted_too_quickly(0));
    let body = client.graphql(CREATE, json!({"r": id})).await;
    assert_eq!(body["data"], json!({"a": null, "b": {"issue": {"number": 1}}}));
    assert_eq!((&body["errors"][0]["message"], &body["errors"][0]["path"]), (&json!("was submitted too quickly"), &json!(["a"])));
    client.github.faults().next(Matching::graphql("createIssue"), Fault::StopAfterAliases(1));
    let body = client.graphql(CREATE, json!({"r": id})).await;
    assert_eq!((&body["data"]["b"], client.app().issues().len()), (&Value::Null, 2));
}

#[tokio::test]
async fn lists_and_boards_can_lag() {
    let client = Client::new().await;
    client.github.faults().lag_lists(2).lag_projects(1);
    client.github.add_project("acme", 7, "Board", &[]);
    let made = client.rest("POST", "/repos/acme/app/issues", json!({"title": "x"})).await.body;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(client.rest("GET", "/repos/acme/app/issues", Value::Null).await.body.as_array().unwrap().len());
    }
    assert_eq!(seen, [0, 0, 1]);
    let project = client.graphql(r#"{ organization(login: "acme") { projectV2(number: 7) { id } } }"#, json!({})).await;
    let add = "mutation($p: ID!, $c: ID!) { addProjectV2ItemById(input: {projectId: $p, contentId: $c}) { item { id } } }";
    let variables = json!({"p": project["data"]["organization"]["projectV2"]["id"], "c": made["node_id"]});
    assert_eq!(client.graphql(add, variables.clone()).await["errors"][0]["type"], "NOT_FOUND");
    assert!(client.graphql(add, variables).await.get("errors").is_none());
}

#[tokio::test]
async fn a_hanging_answer_never_comes() {
    let client = Client::new().await;
    client.github.faults().next(Matching::any(), Fault::Hang);
    let wait = std::time::Duration::from_millis(50);
    assert!(tokio::time::timeout(wait, client.rest("GET", "/repos/acme/app", Value::Null)).await.is_err());
}
