use std::sync::{Arc, Mutex};

use axum::{Router, extract::State as Extract, http::HeaderMap, routing::post};

use super::*;

type Received = Arc<Mutex<Vec<(HeaderMap, Value, String)>>>;

/// A receiver that remembers, and answers with this status.
async fn receiver(github: &FakeGitHub, status: u16) -> Received {
    let received = Received::default();
    let handler = move |Extract(received): Extract<Received>, headers: HeaderMap, body: Bytes| async move {
        let text = String::from_utf8(body.to_vec()).unwrap();
        received.lock().unwrap().push((headers, serde_json::from_str(&text).unwrap(), text));
        http::StatusCode::from_u16(status).unwrap()
    };
    let router = Router::new().route("/hook", post(handler)).with_state(received.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    github.set_webhook_url(&format!("http://{}/hook", listener.local_addr().unwrap()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    received
}

#[tokio::test]
async fn acts_become_signed_deliveries() {
    let client = Client::new().await;
    let received = receiver(&client.github, 202).await;
    let app = client.app();
    let pull = app.propose("ada-example", "pm", "Postmortem", &[Change::write("postmortems/a.md", "# A\n")]);
    app.push("pm", "postmortems/a.md", "# A\n\nMore\n");
    app.comment_as("grace-example", pull, "Thanks");
    app.merge(pull);
    let attempts = client.github.deliver_all().await;
    assert!(attempts.iter().all(|attempt| attempt.status == "OK"));
    let received = received.lock().unwrap();
    let seen: Vec<String> = received
        .iter()
        .map(|(headers, body, _)| {
            format!("{}.{}", headers["x-github-event"].to_str().unwrap(), body["action"].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(
        seen,
        [
            "push.",
            "pull_request.opened",
            "push.",
            "pull_request.synchronize",
            "issue_comment.created",
            "push.",
            "pull_request.closed"
        ]
    );
    let (headers, body, text) = &received[6];
    assert_eq!(
        headers["x-hub-signature-256"].to_str().unwrap(),
        super::super::webhooks::signature(&Config::default().webhook_secret, text.as_bytes())
    );
    assert_eq!(headers["x-github-delivery"].len(), 36);
    assert_eq!(body["pull_request"]["merged"], true);
    assert_eq!(body["repository"]["full_name"], "acme/app");
    assert_eq!(body["sender"]["login"], "grace-example");
    assert!(body["installation"]["id"].is_u64());
    assert_eq!(received[3].1["before"], received[1].1["pull_request"]["head"]["sha"]);
    assert_eq!(received[4].1["issue"]["pull_request"]["url"], received[1].1["pull_request"]["url"]);
}

#[tokio::test]
async fn the_apps_own_writes_come_back_as_webhooks() {
    let client = Client::new().await;
    client.rest("POST", "/repos/acme/app/issues", json!({"title": "x", "labels": ["bug"]})).await;
    let pending = client.github.pending_deliveries();
    let seen: Vec<_> = pending.iter().map(|one| one.action.as_deref().unwrap_or_default()).collect();
    assert_eq!(seen, ["opened", "labeled"]);
    assert_eq!(pending[0].payload["sender"]["login"], "followthrough[bot]");
    assert_eq!(pending[0].payload["sender"]["type"], "Bot");
}

#[tokio::test]
async fn failed_deliveries_are_listed_and_redelivered_under_the_same_guid() {
    let client = Client::new().await;
    let app = client.app();
    for n in 0..5 {
        app.create_issue_as("ada-example", &format!("{n}"), "");
    }
    client.github.rearrange_pending(|pending| pending.reverse());
    client.github.fail_pending();
    client.app().create_issue_as("ada-example", "six", "");
    client.github.fail_pending_with(503);
    let as_app = |method: &'static str, path: String| {
        let url = if path.starts_with("http") { path } else { format!("{}{path}", client.github.url()) };
        async move { request(url, method, Some(&jwt(-60, 540)), Value::Null).await.unwrap() }
    };
    let page = as_app("GET", "/app/hook/deliveries?per_page=4".to_owned()).await;
    let newest = page.body[0].clone();
    assert_eq!((&newest["status_code"], &newest["action"]), (&json!(503), &json!("opened")));
    let link = page.headers["link"].to_str().unwrap().to_owned();
    let next = as_app("GET", link.split('>').next().unwrap().trim_start_matches('<').to_owned()).await;
    assert_eq!(next.body.as_array().unwrap().len(), 2);
    assert_eq!(next.body[0]["status"], "failed to connect to host");
    let failures = as_app("GET", "/app/hook/deliveries?status=failure".to_owned()).await;
    assert_eq!(failures.body.as_array().unwrap().len(), 1, "no answer at all is not a failure by status code");
    assert_eq!(as_app("POST", format!("/app/hook/deliveries/{}/attempts", newest["id"])).await.status, 202);
    let received = receiver(&client.github, 202).await;
    let attempts = client.github.deliver_all().await;
    assert!(attempts[0].redelivery);
    assert_eq!(received.lock().unwrap()[0].0["x-github-delivery"].to_str().unwrap(), newest["guid"]);
    let detail = as_app("GET", format!("/app/hook/deliveries/{}", newest["id"])).await.body;
    assert_eq!(detail["request"]["payload"]["issue"]["title"], "six");
    assert_eq!(client.rest("GET", "/app/hook/deliveries", Value::Null).await.status, 401, "for the App's JWT only");
}

#[tokio::test]
async fn copies_share_a_guid_or_have_their_own() {
    let client = Client::new().await;
    let received = receiver(&client.github, 202).await;
    client.app().create_issue_as("ada-example", "x", "");
    let delivery = client.github.pending_deliveries().remove(0);
    client.github.send_copies(&delivery, 5).await;
    let other = client.github.copy_under_new_guid(&delivery);
    client.github.send(&other).await;
    let guids: Vec<_> =
        received.lock().unwrap().iter().map(|(headers, ..)| headers["x-github-delivery"].to_str().unwrap().to_owned()).collect();
    assert!(guids[..5].iter().all(|guid| *guid == delivery.guid));
    assert_ne!(guids[5], delivery.guid);
}

#[tokio::test]
async fn the_same_acts_make_the_same_ids() {
    let (one, other) = (Client::new().await, Client::new().await);
    for client in [&one, &other] {
        client.app().create_issue_as("ada-example", "x", "");
    }
    let guid = |client: &Client| client.github.pending_deliveries()[0].guid.clone();
    assert_eq!(guid(&one), guid(&other));
    assert_eq!(one.app().issue(1).node_id, other.app().issue(1).node_id);
}

#[tokio::test]
async fn installing_and_uninstalling_are_told() {
    let client = Client::new().await;
    client.github.organization("acme").uninstall();
    let pending = client.github.pending_deliveries();
    assert_eq!((pending[0].event.as_str(), pending[0].action.as_deref()), ("installation", Some("deleted")));
    client.app().create_issue_as("ada-example", "x", "");
    assert_eq!(client.github.pending_deliveries().len(), 1, "nothing is told to an App that is gone");
}
