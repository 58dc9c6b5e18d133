//! Webhook intake: verify, store, answer. Nothing else happens inside the request.
//!
//! GitHub waits ten seconds and never sends again by itself, so a delivery is on disk before its 202 and everything it
//! causes happens later. Answers carry a word, never internals.
//!
//! The order of the checks matters: nothing of a body is looked at before its signature is known to be good.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use http_body_util::BodyExt;
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::AppState;
use crate::{
    github::{signature, webhook},
    ids::{DeliveryId, InstallationId},
    store::{Delivery, Received},
};

/// GitHub does not send payloads over 25 MB (GITHUB §3).
pub const MOST_BYTES: usize = 25 * 1024 * 1024;

/// So much of a body is taken in any case, and not counted.
const SMALL: usize = 64 * 1024;

/// The memory that large bodies share, counted in KiB: who cannot sign can fill it for a while, but nothing more. Cheap to
/// clone.
#[derive(Debug, Clone)]
pub struct Room(Arc<Semaphore>);

impl Room {
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.div_ceil(1024).min(Semaphore::MAX_PERMITS))))
    }
}

/// The little of a payload that decides where it goes. Everything else is skipped, but has to be JSON.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    installation: Option<EnvelopeInstallation>,
}

#[derive(Deserialize)]
struct EnvelopeInstallation {
    id: u64,
}

/// `POST /api/github/webhooks`.
pub async fn receive(State(state): State<AppState>, headers: HeaderMap, body: Body) -> Response {
    // Given back once the delivery is on disk.
    let mut held = None;
    let answer = match read(&state.room, &mut held, &headers, body).await {
        Ok(body) => accept(&state, &headers, body).await,
        Err(answer) => answer,
    };
    metrics::counter!("followthrough_deliveries_total", "answer" => answer.label()).increment(1);
    answer.into_response()
}

/// A delivery that a webhook proxy passed on: judged like any other. What it was answered with, for the log.
pub async fn receive_relayed(state: &AppState, headers: &HeaderMap, body: Bytes) -> &'static str {
    let answer = if body.len() > MOST_BYTES { Answer::TooLarge } else { accept(state, headers, body).await };
    metrics::counter!("followthrough_deliveries_total", "answer" => answer.label()).increment(1);
    answer.label()
}

/// The whole body, as it comes.
async fn read<'a>(
    room: &'a Room,
    held: &mut Option<SemaphorePermit<'a>>,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<Bytes, Answer> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MOST_BYTES as u64) {
        return Err(Answer::TooLarge);
    }
    // What is announced is believed no further than what is taken in any case.
    let expected = announced.map_or(0, |length| usize::try_from(length).unwrap_or(SMALL).min(SMALL));
    let mut whole = BytesMut::with_capacity(expected);
    let mut counted = SMALL;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(Answer::Unreadable("the body could not be read")) };
        let Ok(data) = frame.into_data() else { continue };
        let length = whole.len() + data.len();
        if length > MOST_BYTES {
            return Err(Answer::TooLarge);
        }
        if length > counted {
            let wanted = (length - counted).div_ceil(1024);
            counted += wanted * 1024;
            let more = room.0.acquire_many(u32::try_from(wanted).unwrap_or(u32::MAX)).await.map_err(|_| Answer::Failed)?;
            match held {
                Some(held) => held.merge(more),
                None => *held = Some(more),
            }
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

async fn accept(state: &AppState, headers: &HeaderMap, body: Bytes) -> Answer {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty());
    if signature::verify(&state.webhook_secrets, &body, text("x-hub-signature-256")).is_err() {
        return Answer::Unsigned;
    }
    let Some(event) = text("x-github-event") else { return Answer::Unreadable("the X-GitHub-Event header is missing") };
    let Some(id) = text("x-github-delivery").filter(|id| id.len() <= 100) else {
        return Answer::Unreadable("the X-GitHub-Delivery header is missing");
    };
    // An array would pass for a struct with its fields in order.
    let is_object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let Some(envelope) = serde_json::from_slice::<Envelope>(&body).ok().filter(|_| is_object) else {
        return Answer::Unreadable("the body is not a JSON object; set the webhook's content type to application/json");
    };
    if !webhook::is_handled(event, envelope.action.as_deref()) {
        return Answer::Ignored;
    }
    let delivery = Delivery {
        id: DeliveryId::new(id),
        event: event.to_owned(),
        action: envelope.action,
        installation: envelope.installation.map(|installation| InstallationId(installation.id)),
        received_at: (state.clock)(),
        body,
    };
    match state.store.receive(delivery).await {
        Ok(Received::New) => Answer::Stored,
        Ok(Received::Known) => Answer::Known,
        Err(error) => {
            tracing::error!(delivery = id, event, error = &error as &dyn std::error::Error, "a delivery could not be stored");
            Answer::Failed
        }
    }
}

enum Answer {
    Stored,
    Known,
    Ignored,
    Unsigned,
    TooLarge,
    Unreadable(&'static str),
    Failed,
}

impl Answer {
    fn label(&self) -> &'static str {
        match self {
            Answer::Stored => "stored",
            Answer::Known => "known",
            Answer::Ignored => "ignored",
            Answer::Unsigned => "unsigned",
            Answer::TooLarge => "too_large",
            Answer::Unreadable(_) => "unreadable",
            Answer::Failed => "failed",
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Answer::Stored => (StatusCode::ACCEPTED, "accepted\n").into_response(),
            Answer::Known => (StatusCode::OK, "known\n").into_response(),
            Answer::Ignored => (StatusCode::ACCEPTED, "ignored\n").into_response(),
            Answer::Unsigned => (StatusCode::UNAUTHORIZED, "the signature is missing or wrong\n").into_response(),
            Answer::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is over 25 MB\n").into_response(),
            Answer::Unreadable(why) => (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
            Answer::Failed => (StatusCode::SERVICE_UNAVAILABLE, "not stored; redeliver later\n").into_response(),
        }
    }
}
