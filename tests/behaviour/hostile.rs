//! What strangers may send to the front door: whatever it is, they get an answer, nothing comes of it, and the service lives.

use std::{collections::BTreeSet, time::Duration};

use followthrough::{
    demo::github::{Change, IssueEdit},
    github::webhook,
    server::{
        self, AppState, Limits,
        intake::{MOST_BYTES, Room},
    },
};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use crate::{
    databases::Database,
    intake::{SECRET, get, post, signature},
    over_both::over_both,
    world::{DOCUMENT, World},
};

const BODY: &[u8] = br#"{"action":"opened","number":1,"installation":{"id":1}}"#;

/// Posts `body` as a delivery of `event` with its right signature.
async fn signed(world: &World, event: &str, id: &str, body: &[u8]) -> u16 {
    let signature = signature(SECRET, body);
    let headers = [("x-github-event", event), ("x-github-delivery", id), ("x-hub-signature-256", signature.as_str())];
    post(&world.url, &headers, body.to_vec()).await.0
}

async fn pending(world: &World) -> u64 {
    world.worker.store.delivery_counts().await.unwrap().pending
}

/// The service does for others what it always does.
async fn assert_alive(world: &World) {
    let base = world.url.trim_end_matches("/api/github/webhooks");
    assert_eq!(get(&format!("{base}/healthz")).await.0, 200);
    assert_eq!(get(&format!("{base}/readyz")).await.0, 200);
    let branch = format!("alive-{}", world.app.pull_requests().len());
    let change = Change::write("postmortems/alive.md", DOCUMENT);
    let number = world.app.propose("ada-example", &branch, "Still here", &[change]);
    world.settle().await;
    assert!(world.comment(number).body.contains("2 issues will open"), "{}", world.comment(number).body);
}

/// A server of its own over the world's store, with narrow limits.
async fn serve_with(world: &World, limits: Limits) -> (std::net::SocketAddr, CancellationToken) {
    let clock = world.worker.clock.clone();
    let state = AppState {
        store: world.worker.store.clone(),
        queue: world.worker.queue.clone(),
        webhook_secrets: vec![SecretString::from(SECRET)].into(),
        metrics: metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle(),
        clock,
        limits,
        room: Room::new(limits.bodies),
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(server::run(listener, state, stop.clone()));
    (address, stop)
}

/// Everything that comes back until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // Reset counts as closed: not everything that was sent was read.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

/// Pointers to every value inside `value`, its own among them.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                pointers(field, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        // The elements of a list are alike.
        Value::Array(elements) => {
            if let Some(first) = elements.first() {
                pointers(first, &format!("{at}/0"), found);
            }
        }
        _ => {}
    }
}

/// A payload of every handled event, as GitHub sends them.
async fn samples(world: &World) -> Vec<(String, Value)> {
    let project = world.with_board();
    let number = world.opened().await;
    world.app.approve("grace-example", number);
    world.app.comment_as("grace-example", number, "/followthrough help");
    let check = world.check(number).id;
    world.app.rerequest_check_as("ada-example", check);
    world.settle().await;
    world.merged(number).await;
    let issue = world.filed()[0].number;
    world.app.edit_issue_as("grace-example", issue, IssueEdit { title: Some("Other".to_owned()), ..IssueEdit::default() });
    world.app.assign_issue_as("ada-example", issue, &["grace-example"]);
    world.app.close_issue_as("grace-example", issue);
    project.move_as("grace-example", (&world.app, issue), "Done");
    world.app.push("main", "postmortems/other.md", DOCUMENT);
    world.settle().await;
    let mut samples: Vec<(String, Value)> = Vec::new();
    for delivery in world.github.deliveries() {
        let handled = webhook::is_handled(&delivery.event, delivery.action.as_deref());
        // The last of each has the most to say: a merge, a closed issue, a moved card.
        samples.retain(|(event, _)| !handled || *event != delivery.event);
        if handled {
            samples.push((delivery.event, delivery.payload));
        }
    }
    // Actions that this fake does not send unasked have the same payload as their like.
    for event in ["check_suite", "installation", "installation_repositories"] {
        if !samples.iter().any(|(known, _)| known == event) {
            let like = samples.iter().find(|(known, _)| known == "check_run").unwrap().1.clone();
            samples.push((event.to_owned(), of_kind(event, like)));
        }
    }
    samples
}

fn of_kind(event: &str, mut payload: Value) -> Value {
    let repository = json!([{"id": payload["repository"]["id"], "full_name": payload["repository"]["full_name"]}]);
    match event {
        "check_suite" => payload["check_suite"] = payload["check_run"].take(),
        "installation" => {
            payload["action"] = json!("created");
            payload["installation"]["account"] = json!({"login": "acme", "id": 1});
            payload["repositories"] = repository;
        }
        _ => {
            payload["action"] = json!("added");
            payload["repositories_added"] = repository.clone();
            payload["repositories_removed"] = repository;
        }
    }
    payload
}

over_both! {
    async fn only_a_whole_signature_of_this_very_body_counts(database: Database) {
        let world = World::start(&database).await;
        let good = signature(SECRET, BODY);
        let other = signature(SECRET, b"{}");
        let ask = async |signature: &str, body: &[u8]| {
            let headers = [("x-github-event", "pull_request"), ("x-github-delivery", "s-1"), ("x-hub-signature-256", signature)];
            post(&world.url, &headers, body.to_vec()).await.0
        };
        let longer = [BODY, b" "].concat();
        let digits = good.strip_prefix("sha256=").unwrap();
        for (why, signature, body) in [
            ("cut off by a digit", &good[..good.len() - 1], BODY),
            ("cut off by a byte", &good[..good.len() - 2], BODY),
            ("its first half", &good[..good.len() / 2], BODY),
            ("a byte too many", &format!("{good}00"), BODY),
            ("another body's", &other, BODY),
            ("this body's, with a space more", &good, &longer),
            ("this body's, cut off", &good, &BODY[..BODY.len() - 1]),
            ("no body", &good, b"".as_slice()),
            ("the digits alone", digits, BODY),
            ("named sha1", &format!("sha1={}", &digits[..40]), BODY),
            ("named sha1, whole", &format!("sha1={digits}"), BODY),
            ("signed with nothing", &signature("", BODY), BODY),
            ("signed with its own name", &signature("WEBHOOK_SECRET", BODY), BODY),
            ("twice in one", &format!("{good}, {good}"), BODY),
            ("spaces before", &format!("sha256= {digits}"), BODY),
        ] {
            assert_eq!(ask(signature, body).await, 401, "{why}");
        }
        let sha1 = [("x-github-event", "pull_request"), ("x-github-delivery", "s-1"), ("x-hub-signature", "sha1=56ab4ae46b0a7b0a6c2e2b7e4eb1bb0b2e24e5b4")];
        assert_eq!(post(&world.url, &sha1, BODY.to_vec()).await.0, 401, "sha1 alone");
        assert_eq!(pending(&world).await, 0, "nothing of it was kept");
        assert_alive(&world).await;
    }

    async fn a_delivery_that_is_played_again_changes_nothing(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.merged(number).await;
        let recorded = world.github.deliveries();
        world.github.forget_requests();
        for (index, delivery) in recorded.iter().enumerate() {
            let body = delivery.payload.to_string();
            let again = signed(&world, &delivery.event, &delivery.guid, body.as_bytes()).await;
            assert!(matches!(again, 200 | 202), "{again}");
            // The id is not signed: whoever has a delivery can give it another one.
            let new = signed(&world, &delivery.event, &format!("played-{index}"), body.as_bytes()).await;
            assert_eq!(new, 202);
        }
        world.settle().await;
        assert_eq!(world.writes(), Vec::<String>::new());
        assert_eq!(world.filed().len(), 2);
    }

    async fn thirty_megabytes_are_refused_before_they_are_read(database: Database) {
        let world = World::start(&database).await;
        let address = world.url.trim_start_matches("http://").split('/').next().unwrap();
        // In chunks, without saying how much will come.
        let (mut reading, mut writing) = TcpStream::connect(address).await.unwrap().into_split();
        let sending = tokio::spawn(async move {
            writing.write_all(b"POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
            let chunk = [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat();
            let mut sent = 0;
            // Until it is hung up on.
            while sent < 30 && writing.write_all(&chunk).await.is_ok() {
                sent += 1;
            }
        });
        let mut answer = [0; 12];
        // The answer may be lost on the way, as more than was read is on its way to us.
        if reading.read_exact(&mut answer).await.is_ok() {
            assert_eq!(&answer, b"HTTP/1.1 413");
        }
        drop(reading);
        sending.await.unwrap();
        // What says that too much will come is not waited for.
        for length in [MOST_BYTES + 1, 30 << 20, usize::MAX] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let head = format!("POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 4"), "{length}");
            assert!(length > 30 << 20 || answer.ends_with(b"413"), "{length}");
        }
        assert_eq!(pending(&world).await, 0);
        assert_alive(&world).await;
    }

    async fn whoever_drips_is_hung_up_on_and_keeps_nobody_waiting(database: Database) {
        let world = World::start(&database).await;
        let patience = Duration::from_millis(300);
        let limits = Limits { patience, head: patience, ..Limits::default() };
        let (address, _stop) = serve_with(&world, limits).await;
        // A head that never ends, one that never begins, and a body of which one byte comes.
        let mut head = TcpStream::connect(address).await.unwrap();
        head.write_all(b"POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut body = TcpStream::connect(address).await.unwrap();
        body.write_all(b"POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{").await.unwrap();
        let url = format!("http://{address}/api/github/webhooks");
        let signature = signature(SECRET, BODY);
        let headers = [("x-github-event", "pull_request"), ("x-github-delivery", "quick"), ("x-hub-signature-256", signature.as_str())];
        assert_eq!(post(&url, &headers, BODY.to_vec()).await.0, 202, "others are served meanwhile");
        assert!(rest(&mut body).await.starts_with("HTTP/1.1 408"));
        assert!(!rest(&mut head).await.contains(" 20"), "closed");
        assert_eq!(rest(&mut silent).await, "", "closed");
        assert_eq!(pending(&world).await, 1);
    }

    async fn strangers_share_a_room_of_their_own(database: Database) {
        let world = World::start(&database).await;
        let limits = Limits { bodies: 1 << 20, connections: 3, patience: Duration::from_secs(2), ..Limits::default() };
        let (address, _stop) = serve_with(&world, limits).await;
        // Fills the room, unsigned, and then says nothing more.
        let mut hog = TcpStream::connect(address).await.unwrap();
        hog.write_all(b"POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\ncontent-length: 2000000\r\n\r\n").await.unwrap();
        let _ = tokio::time::timeout(Duration::from_secs(1), hog.write_all(&vec![b' '; 1_500_000])).await;
        let url = format!("http://{address}/api/github/webhooks");
        let large = format!("{{\"action\":\"opened\",\"installation\":{{\"id\":1}},\"more\":\"{}\"}}", "x".repeat(900_000));
        let ask = async |id: &str, body: &str| {
            let signature = signature(SECRET, body.as_bytes());
            let headers = [("x-github-event", "pull_request"), ("x-github-delivery", id), ("x-hub-signature-256", signature.as_str())];
            post(&url, &headers, body.as_bytes().to_vec()).await.0
        };
        assert_eq!(ask("small", std::str::from_utf8(BODY).unwrap()).await, 202, "what is small is not counted");
        assert!(rest(&mut hog).await.starts_with("HTTP/1.1 408"));
        assert_eq!(ask("large", &large).await, 202, "the room is free again");
    }

    async fn json_of_any_depth_gets_an_answer(database: Database) {
        let world = World::start(&database).await;
        let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
        let (arrays, objects) = (deep("[", "]"), deep("{\"a\":", "}"));
        let mut id = 0;
        for event in ["pull_request", "push", "projects_v2_item"] {
            for body in [
                objects.clone(),
                format!("{{\"action\":\"opened\",\"installation\":{{\"id\":1}},\"x\":{arrays}}}"),
                format!("{{\"action\":\"edited\",\"installation\":{{\"id\":1}},\"projects_v2_item\":{{\"node_id\":\"a\",\"project_node_id\":\"b\"}},\"changes\":{{\"field_value\":{objects}}}}}"),
                format!("{{\"action\":{arrays}}}"),
                format!("{{\"action\":\"created\",\"installation\":{objects}}}"),
                "[".repeat(500_000),
                "{\"a\":".repeat(100_000),
            ] {
                id += 1;
                let status = signed(&world, event, &format!("deep-{id}"), body.as_bytes()).await;
                assert!(matches!(status, 202 | 400), "{status} {event}");
            }
        }
        world.settle().await;
        assert_alive(&world).await;
    }

    async fn a_delivery_that_the_database_does_not_take_blocks_no_other(database: Database) {
        let world = World::start(&database).await;
        let nul = json!({
            "action": "closed", "installation": {"id": 1}, "sender": {"login": "ada-example"},
            "repository": {"id": 1, "full_name": "acme/app"}, "issue": {"number": 1, "node_id": "I_\u{0}1", "body": "\u{0}"},
        });
        for id in ["nul-1", "nul-2"] {
            assert_eq!(signed(&world, "issues", id, nul.to_string().as_bytes()).await, 202);
        }
        assert_alive(&world).await;
        assert_eq!(pending(&world).await, 0, "it is not tried for ever");
    }

    async fn wrong_types_in_any_field_of_any_event_harm_nothing(database: Database) {
        let world = World::start(&database).await;
        let samples = samples(&world).await;
        let handled: BTreeSet<&str> = samples.iter().map(|(event, _)| event.as_str()).collect();
        assert_eq!(handled.len(), webhook::HANDLED.len(), "a sample of each: {handled:?}");
        let wrong = [json!(null), json!(u64::MAX), json!(-1.5), json!("../\u{0}\u{202e}"), json!([[]]), json!({})];
        let before = world.filed().len();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut sent = 0_u64;
        for (event, payload) in &samples {
            let mut places = Vec::new();
            pointers(payload, "", &mut places);
            // GitHub's addresses are not read.
            places.retain(|place| {
                !payload.pointer(place).and_then(Value::as_str).is_some_and(|text| text.starts_with("http"))
            });
            for place in &places {
                // What nothing reads is as good as not there: one kind of it will do.
                let of_interest = ["/action", "/installation", "/repository", "/sender", "/issue", "/pull_request", "/comment", "/review", "/check_", "/changes", "/projects_v2_item", "/commits", "/repositories"];
                let depth = place.matches('/').count();
                let read = depth <= 1 || (depth <= 3 && of_interest.iter().any(|part| place.starts_with(part)));
                for wrong in wrong.iter().take(if read { wrong.len() } else { 0 }) {
                    let mut payload = payload.clone();
                    *payload.pointer_mut(place).unwrap() = wrong.clone();
                    let body = payload.to_string();
                    sent += 1;
                    let request = http::Request::post(&world.url)
                        .header("x-github-event", event)
                        .header("x-github-delivery", format!("wrong-{sent}"))
                        .header("x-hub-signature-256", signature(SECRET, body.as_bytes()))
                        .body(Full::new(bytes::Bytes::from(body)))
                        .unwrap();
                    let answer = client.request(request).await.unwrap();
                    let status = answer.status().as_u16();
                    let _ = answer.into_body().collect().await;
                    assert!(matches!(status, 202 | 400), "{status}: {event} with {wrong} at {place}");
                }
            }
            while world.worker.dispatch_pending().await.unwrap() > 0 {}
        }
        println!("{sent} payloads of {} kinds", samples.len());
        assert!(sent > 1_000);
        // A payload that says `deleted` of an installation, or another number for it, is GitHub's word.
        world.worker.store.list_failures(1_000).await.unwrap();
        world.settle().await;
        assert_eq!(world.filed().len(), before, "no issue came of it");
        let reads = world.github.requests().iter().filter(|request| request.path.contains("..")).count();
        assert_eq!(reads, 0, "no payload leads a request out of its path");
        assert_alive(&world).await;
    }
}
