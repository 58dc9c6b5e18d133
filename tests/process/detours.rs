//! Webhooks that come by a proxy, or once more from a file: judged and handled like any other.

use std::process::{Command, Output};

use followthrough::{
    demo::github::{Change, Config, FakeGitHub, PendingDelivery, Repository},
    github::signature,
};
use secrecy::SecretString;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::program::{PATIENCE, Program, followthrough, pause, serve};

const SECRET: &str = "a webhook secret of no worth";

/// A pull request with one action item, and GitHub's word of it.
async fn world() -> (FakeGitHub, Repository, u64, PendingDelivery) {
    let github = FakeGitHub::start(Config::default()).await.unwrap();
    let app = github.quietly(|| {
        let acme = github.organization("acme");
        let app = acme.repository("app");
        app.push("main", "README.md", "# The app\n");
        acme.install();
        app
    });
    let document = "# Checkout failed\n\n## Action items\n\n- [ ] Alert on failing checkouts\n";
    let pull = app.propose("ada-example", "checkout", "Postmortem", &[Change::write("postmortems/a.md", document)]);
    let opened = github.pending_deliveries().into_iter().find(|delivery| delivery.event == "pull_request").unwrap();
    github.lose_pending();
    (github, app, pull, opened)
}

fn database(folder: &tempfile::TempDir) -> String {
    format!("sqlite:{}", folder.path().join("store.db").display())
}

async fn replay(
    arguments: &[&str],
    folder: &tempfile::TempDir,
    program: &Program,
    secret: &str,
) -> (Option<i32>, String, String) {
    let mut command: Command = followthrough();
    let port = program.address.rsplit(':').next().unwrap().to_owned();
    command.arg("replay").args(arguments).current_dir(folder.path()).envs([("PORT", port.as_str()), ("WEBHOOK_SECRET", secret)]);
    let Output { status, stdout, stderr } = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn a_stored_delivery_is_sent_again_and_handled() {
    let (github, app, pull, opened) = world().await;
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(serve(github.url(), &database(&folder))).await;
    std::fs::write(folder.path().join("payload.json"), opened.payload.to_string()).unwrap();
    let record = json!({"id": 1, "guid": opened.guid, "request": {
        "headers": {"X-GitHub-Event": "pull_request", "X-GitHub-Delivery": opened.guid}, "payload": opened.payload}});
    std::fs::write(folder.path().join("record.json"), record.to_string()).unwrap();

    let (code, _, said) = replay(&["payload.json"], &folder, &program, SECRET).await;
    assert_eq!(code, Some(2));
    assert!(said.contains("--event pull_request"), "{said}");
    let (code, _, said) = replay(&["record.json"], &folder, &program, "another").await;
    assert_eq!(code, Some(2));
    assert!(said.contains("another WEBHOOK_SECRET"), "{said}");
    program.idle().await;
    assert_eq!(app.comments(pull).len(), 0);

    let (code, printed, said) = replay(&["--event", "pull_request", "payload.json"], &folder, &program, SECRET).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(printed.starts_with("202 accepted: delivery "), "{printed}");
    program.idle().await;
    assert_eq!(app.comments(pull).len(), 1);
    for (arguments, answer) in [
        (&["--same-id", "record.json"][..], "202 accepted"),
        (&["--same-id", "record.json"][..], "200 known"),
        (&["record.json"][..], "202 accepted"),
    ] {
        let (code, printed, said) = replay(arguments, &folder, &program, SECRET).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(printed.starts_with(answer), "{printed}");
    }
    let (code, _, said) = replay(&["--url", "http://127.0.0.1:9/x", "record.json"], &folder, &program, SECRET).await;
    assert_eq!(code, Some(2));
    assert!(said.contains("nobody answers") && said.contains("followthrough serve"), "{said}");
}

/// Takes the next listener, as a proxy.
async fn listener(proxy: &TcpListener) -> TcpStream {
    let (mut stream, _) = proxy.accept().await.unwrap();
    let (mut request, mut chunk) = (Vec::new(), [0; 1024]);
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(read > 0, "the request broke off");
        request.extend_from_slice(&chunk[..read]);
    }
    let request = String::from_utf8(request).unwrap().to_lowercase();
    assert!(request.starts_with("get /hush-channel ") && request.contains("accept: text/event-stream"), "{request}");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\nevent: ready\ndata: {}\n\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

fn message(delivery: &PendingDelivery, id: &str, secret: &str) -> String {
    let body = delivery.payload.to_string();
    let signature = signature::sign(&SecretString::from(secret), body.as_bytes());
    format!(
        "id: 1\ndata: {{\"x-github-event\":\"{}\",\"x-github-delivery\":\"{id}\",\"x-hub-signature-256\":\"{signature}\",\"body\":{body},\"query\":{{}},\"timestamp\":1}}\n\n",
        delivery.event
    )
}

async fn until(program: &Program, words: &str) {
    let began = std::time::Instant::now();
    while !program.log().contains(words) {
        assert!(began.elapsed() < PATIENCE, "{words}: {}", program.log());
        pause().await;
    }
}

#[tokio::test]
async fn what_the_proxy_passes_on_is_verified_and_handled_and_a_broken_line_is_mended() {
    let (github, app, pull, opened) = world().await;
    let folder = tempfile::tempdir().unwrap();
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut command = serve(github.url(), &database(&folder));
    command.env("WEBHOOK_PROXY_URL", format!("http://{}/hush-channel", proxy.local_addr().unwrap()));
    let program = Program::start(command).await;

    let mut line = listener(&proxy).await;
    line.write_all(message(&opened, "forged", "another secret").as_bytes()).await.unwrap();
    until(&program, "\"answer\":\"unsigned\"").await;
    program.idle().await;
    assert_eq!(app.comments(pull).len(), 0, "what is not signed is not believed");
    drop(line);

    let mut line = listener(&proxy).await;
    let message = message(&opened, "good", SECRET);
    let (one, other) = message.split_at(message.len() / 2);
    line.write_all(one.as_bytes()).await.unwrap();
    line.flush().await.unwrap();
    line.write_all(other.as_bytes()).await.unwrap();
    until(&program, "\"answer\":\"stored\"").await;
    program.idle().await;
    assert_eq!(app.comments(pull).len(), 1);
    assert!(!program.log().contains("hush-channel"), "whoever knows the channel can listen: {}", program.log());
}
