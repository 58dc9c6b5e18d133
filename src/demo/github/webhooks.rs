//! Webhook deliveries: made by every act, signed and sent when a test or the demo says so, and kept in the App's delivery log.
//! Nothing is sent behind anyone's back; who wants a redelivery, a loss or another order asks for it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hmac::{Hmac, Mac};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    shapes,
    state::{AccountKind, Installation, State},
};

/// How long GitHub waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A webhook that was not sent yet.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingDelivery {
    /// `X-GitHub-Delivery`.
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    pub payload: Value,
    pub redelivery: bool,
    pub installation: Option<u64>,
    pub repository: Option<u64>,
}

/// One attempt, as `/app/hook/deliveries` keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    pub id: u64,
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    pub redelivery: bool,
    pub delivered_at: Timestamp,
    /// Seconds.
    pub duration: f64,
    /// `OK`, or what went wrong.
    pub status: String,
    /// 0 where no answer came.
    pub status_code: u16,
    pub installation: Option<u64>,
    pub repository: Option<u64>,
    pub payload: Value,
    pub response: String,
}

#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    pub pending: Vec<PendingDelivery>,
    pub log: Vec<Delivery>,
    /// Pauses the making of deliveries, for the seeding of a world.
    pub muted: bool,
}

/// A name-based GUID: the same sequence of acts gives the same ones.
fn guid(number: u64) -> String {
    let hash = Sha256::digest(format!("delivery {number}"));
    let text = hex::encode(&hash[..16]);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}

impl State {
    /// Makes the delivery of an act in a repository, when the App is installed there and listens.
    pub(crate) fn emit(&mut self, event: &str, action: Option<&str>, repository: u64, actor: u64, mut payload: Value) {
        if self.webhooks.muted {
            return;
        }
        let Some(found) = self.repositories.get(&repository) else { return };
        let Some(installation) = self.installation_of(found).cloned() else { return };
        if !self.config.events.iter().any(|known| known == event) || installation.suspended_at.is_some() {
            return;
        }
        let owner = found.owner;
        let shape = shapes::repository(self, found);
        if let Some(payload) = payload.as_object_mut() {
            payload.insert("repository".to_owned(), shape);
        }
        self.queue(event, action, &installation, Some(repository), owner, actor, payload);
    }

    /// Makes the delivery of an act on an account, such as on one of its boards.
    pub(crate) fn emit_for_account(&mut self, event: &str, action: Option<&str>, account: u64, actor: u64, payload: Value) {
        let subscribed = event.starts_with("installation") || self.config.events.iter().any(|known| known == event);
        let Some(installation) = self.installation_on(account).cloned() else { return };
        let silent = installation.suspended_at.is_some() && !event.starts_with("installation");
        if self.webhooks.muted || !subscribed || silent {
            return;
        }
        self.queue(event, action, &installation, None, account, actor, payload);
    }

    #[allow(clippy::too_many_arguments)]
    fn queue(
        &mut self,
        event: &str,
        action: Option<&str>,
        installation: &Installation,
        repository: Option<u64>,
        owner: u64,
        actor: u64,
        mut payload: Value,
    ) {
        let sender = shapes::user(self, actor);
        let organization = self.accounts.get(&owner).filter(|owner| owner.kind == AccountKind::Organization);
        let organization = organization.map(|owner| json!({"login": owner.login, "id": owner.id, "node_id": owner.node_id()}));
        if let Some(payload) = payload.as_object_mut() {
            if let Some(action) = action {
                payload.insert("action".to_owned(), json!(action));
            }
            if let Some(organization) = organization {
                payload.insert("organization".to_owned(), organization);
            }
            payload.insert("sender".to_owned(), sender);
            payload.entry("installation").or_insert_with(
                || json!({"id": installation.id, "node_id": format!("MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u{}", installation.id)}),
            );
        }
        let guid = guid(self.serial());
        self.webhooks.pending.push(PendingDelivery {
            guid,
            event: event.to_owned(),
            action: action.map(str::to_owned),
            payload,
            redelivery: false,
            installation: Some(installation.id),
            repository,
        });
    }

    /// Another delivery of the same event, under a GUID of its own.
    pub(crate) fn copy_under_new_guid(&mut self, delivery: &PendingDelivery) -> PendingDelivery {
        PendingDelivery { guid: guid(self.serial()), redelivery: false, ..delivery.clone() }
    }

    /// Writes an attempt into the delivery log.
    pub(crate) fn log_attempt(&mut self, delivery: &PendingDelivery, answer: &Answer) -> Delivery {
        let (id, delivered_at) = (self.serial(), self.now());
        let logged = Delivery {
            id,
            guid: delivery.guid.clone(),
            event: delivery.event.clone(),
            action: delivery.action.clone(),
            redelivery: delivery.redelivery,
            delivered_at,
            duration: answer.duration.as_secs_f64(),
            status: answer.status.clone(),
            status_code: answer.status_code,
            installation: delivery.installation,
            repository: delivery.repository,
            payload: delivery.payload.clone(),
            response: answer.body.clone(),
        };
        self.webhooks.log.push(logged.clone());
        logged
    }
}

/// What the receiver said, or did not.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub status: String,
    pub status_code: u16,
    pub body: String,
    pub duration: Duration,
}

impl Answer {
    /// An attempt that never got an answer.
    pub(crate) fn none(status: &str, duration: Duration) -> Self {
        Self { status: status.to_owned(), status_code: 0, body: String::new(), duration }
    }

    pub(crate) fn failed(status_code: u16) -> Self {
        Self {
            status: format!("Invalid HTTP Response: {status_code}"),
            status_code,
            body: String::new(),
            duration: Duration::from_millis(12),
        }
    }
}

/// The value of `X-Hub-Signature-256` for a body.
pub fn signature(secret: &SecretString, body: &[u8]) -> String {
    // An HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return String::new() };
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// The headers and body of a delivery, as they go over the wire.
pub(crate) fn request(
    delivery: &PendingDelivery,
    url: &str,
    app_id: u64,
    secret: &SecretString,
) -> http::Result<http::Request<Full<Bytes>>> {
    let body = delivery.payload.to_string();
    http::Request::builder()
        .method("POST")
        .uri(url)
        .header("Accept", "*/*")
        .header("Content-Type", "application/json")
        .header("User-Agent", "GitHub-Hookshot/f0110w1")
        .header("X-GitHub-Delivery", &delivery.guid)
        .header("X-GitHub-Event", &delivery.event)
        .header("X-GitHub-Hook-ID", "501")
        .header("X-GitHub-Hook-Installation-Target-Type", "integration")
        .header("X-GitHub-Hook-Installation-Target-ID", app_id.to_string())
        .header("X-Hub-Signature-256", signature(secret, body.as_bytes()))
        .body(Full::new(Bytes::from(body)))
}

/// Sends one delivery and waits for the answer, ten seconds at most.
pub(crate) async fn send(request: http::Request<Full<Bytes>>) -> Answer {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let began = Instant::now();
    let exchange = async {
        let response = client.request(request).await.map_err(|_| "failed to connect to host")?;
        let status_code = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|_| "the answer broke off")?.to_bytes();
        Ok::<_, &str>((status_code, String::from_utf8_lossy(&body).into_owned()))
    };
    match tokio::time::timeout(TIMEOUT, exchange).await {
        Ok(Ok((status_code, body))) => {
            let status =
                if (200..300).contains(&status_code) { "OK".to_owned() } else { format!("Invalid HTTP Response: {status_code}") };
            Answer { status, status_code, body, duration: began.elapsed() }
        }
        Ok(Err(reason)) => Answer::none(reason, began.elapsed()),
        Err(_) => Answer::none("timed out", began.elapsed()),
    }
}
