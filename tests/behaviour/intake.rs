//! The webhook's front door, exactly as the interface fixes it.

use followthrough::{
    ids::RepositoryId,
    plan::{
        identity,
        marker::{self, Marker},
    },
    server::intake::MOST_BYTES,
};
use hmac::{Hmac, Mac};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use crate::{
    databases::Database,
    over_both::over_both,
    review::pending,
    world::{PATH, World},
};

pub const SECRET: &str = "a webhook secret of no worth";

pub fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

pub async fn post(url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut request = http::Request::post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = client.request(request.body(Full::new(bytes::Bytes::from(body))).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&text).into_owned())
}

pub async fn get(url: &str) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(http::Request::get(url).body(Full::<bytes::Bytes>::default()).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&text).into_owned())
}

over_both! {
    async fn every_kind_of_delivery_gets_its_fixed_answer(database: Database) {
        let world = World::start(&database).await;
        let body = br#"{"action":"opened","number":1,"installation":{"id":1}}"#.to_vec();
        let good = signature(SECRET, &body);
        let headers = |event: &'static str, id: &'static str, signature: &str| {
            [("x-github-event", event.to_owned()), ("x-github-delivery", id.to_owned()), ("x-hub-signature-256", signature.to_owned())]
        };
        let ask = async |headers: &[(&str, String)], body: &[u8]| {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            post(&world.url, &headers, body.to_vec()).await.0
        };
        assert_eq!(ask(&headers("pull_request", "d-1", &good), &body).await, 202, "a good delivery");
        assert_eq!(ask(&headers("pull_request", "d-1", &good), &body).await, 200, "a known one");
        let next = signature("the next secret", &body);
        assert_eq!(ask(&headers("pull_request", "d-2", &next), &body).await, 202, "signed with another secret of the rotation");
        assert_eq!(ask(&headers("pull_request", "d-3", &signature("wrong", &body)), &body).await, 401);
        assert_eq!(ask(&headers("pull_request", "d-3", "sha256=00"), &body).await, 401);
        let sha1 = [("x-github-event", "pull_request".to_owned()), ("x-github-delivery", "d-3".to_owned()), ("x-hub-signature", good.replace("sha256", "sha1"))];
        assert_eq!(ask(&sha1, &body).await, 401, "sha1 alone is no signature");
        assert_eq!(ask(&[], &body).await, 401);
        assert_eq!(ask(&headers("pull_request", "", &good), &body).await, 400, "no delivery id");
        assert_eq!(ask(&headers("", "d-4", &good), &body).await, 400, "no event");
        let array = b"[]".to_vec();
        assert_eq!(ask(&headers("pull_request", "d-5", &signature(SECRET, &array)), &array).await, 400, "an array");
        let not_json = b"payload=%7B%7D".to_vec();
        assert_eq!(ask(&headers("pull_request", "d-5", &signature(SECRET, &not_json)), &not_json).await, 400);
        assert_eq!(ask(&headers("star", "d-6", &good), &body).await, 202, "an event that is not handled is dropped");
        let large = vec![b' '; MOST_BYTES + 1];
        assert_eq!(ask(&headers("pull_request", "d-7", &signature(SECRET, &large)), &large).await, 413);
        let counts = world.worker.store.delivery_counts().await.unwrap();
        assert_eq!(counts.pending, 2, "only what was answered 202 and is handled is stored");
    }

    async fn health_readiness_and_metrics_answer(database: Database) {
        let world = World::start(&database).await;
        let base = world.url.trim_end_matches("/api/github/webhooks");
        assert_eq!(get(&format!("{base}/healthz")).await.0, 200);
        assert_eq!(get(&format!("{base}/readyz")).await.0, 200);
        let (status, text) = get(&format!("{base}/metrics")).await;
        assert_eq!(status, 200);
        assert!(text.contains("followthrough_deliveries_pending"), "{text}");
        assert_eq!(get(&format!("{base}/nowhere")).await.0, 404);
    }

    async fn a_payload_that_is_not_what_github_documents_harms_nothing(database: Database) {
        let world = World::start(&database).await;
        for (index, body) in [
            "{}", "{\"action\":7}", "{\"action\":\"opened\",\"pull_request\":[]}", "{\"action\":\"closed\",\"installation\":{\"id\":1},\"pull_request\":null}",
            "{\"action\":\"opened\",\"number\":-1,\"installation\":{\"id\":1},\"repository\":{\"id\":1,\"name\":\"x\",\"owner\":{\"login\":\"y\"}}}",
        ].iter().enumerate() {
            let id = format!("bad-{index}");
            let signed = signature(SECRET, body.as_bytes());
            let headers = [("x-github-event", "pull_request"), ("x-github-delivery", id.as_str()), ("x-hub-signature-256", signed.as_str())];
            let (status, answer) = post(&world.url, &headers, body.as_bytes().to_vec()).await;
            assert!(matches!(status, 202 | 400), "{status} {answer}");
        }
        world.settle().await;
        let number = world.opened().await;
        world.comment(number);
    }

    async fn a_marker_in_the_issue_of_another_app_is_not_believed(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.worker.github.app().await.unwrap();
        let mut forged = pending(&world.github.deliveries()[0]);
        let document = identity::document_key(RepositoryId(forged.repository.unwrap()), PATH);
        let item = identity::item_key(&document, "Keep the pool's size in its own file", 0);
        let body = marker::enclose(&Marker { document, item }, "copied");
        (forged.guid, forged.event, forged.action) = ("forged-1".to_owned(), "issues".to_owned(), Some("opened".to_owned()));
        forged.payload["action"] = "opened".into();
        forged.payload["issue"] = serde_json::json!({"number": 900, "node_id": "I_900", "title": "Copied", "body": body, "state": "open"});
        forged.payload["sender"] = serde_json::json!({"login": "copier-example[bot]", "type": "Bot", "id": 77});
        world.github.send(&forged).await;
        world.settle().await;
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2, "an issue that somebody else opened stands for no item");
    }
}
