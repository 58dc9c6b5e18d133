//! The App's delivery log: every attempt to deliver a webhook, newest first, for as long as GitHub keeps it (3 days; 7 on
//! Enterprise Server).
//!
//! octocrab loses the cursor of this list and some of its fields, so the pages are read here. Asked as the App itself.

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;

use super::{Scope, Sender};
use crate::github::error::Repeat;
use crate::github::transport::{Request, decode_json, next_page};
use crate::github::{Error, GitHub};
use crate::ids::{DeliveryId, InstallationId};

/// One attempt to deliver a webhook
/// ([List deliveries for an app webhook](https://docs.github.com/rest/apps/webhooks#list-deliveries-for-an-app-webhook)).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Attempt {
    /// Of the attempt; what is asked for by [`GitHub::load_delivery`] and [`GitHub::redeliver`].
    pub id: u64,
    /// Of the event: all attempts to deliver it share it.
    pub guid: DeliveryId,
    pub delivered_at: Timestamp,
    #[serde(default)]
    pub redelivery: bool,
    /// Seconds.
    #[serde(default, deserialize_with = "or_default")]
    pub duration: f64,
    /// What became of it, in GitHub's words: `OK`, or what went wrong.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// Of the receiver's answer; 0 where none came.
    #[serde(default, deserialize_with = "or_default")]
    pub status_code: u16,
    pub event: String,
    #[serde(default)]
    pub action: Option<String>,
    #[serde(default)]
    pub installation_id: Option<InstallationId>,
    #[serde(default)]
    pub repository_id: Option<u64>,
}

impl Attempt {
    /// The receiver took it.
    pub fn is_delivered(&self) -> bool {
        (200..300).contains(&self.status_code) || (self.status_code == 0 && self.status.eq_ignore_ascii_case("ok"))
    }

    /// GitHub does not know yet what becomes of it. How such an attempt is listed is not documented: one without an answer
    /// whose status does not say what went wrong is taken for one.
    pub fn is_under_way(&self) -> bool {
        let waits = ["", "pending", "queued", "scheduled", "in_progress", "in progress"];
        self.status_code == 0 && waits.iter().any(|waits| self.status.trim().eq_ignore_ascii_case(waits))
    }
}

/// An attempt with what was sent and what was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedDelivery {
    pub attempt: Attempt,
    /// What was sent: the event's payload.
    pub payload: Value,
    /// The receiver's answer, as text.
    pub answer: String,
}

/// One page of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryPage {
    /// Newest first.
    pub attempts: Vec<Attempt>,
    /// Where older ones are.
    pub next: Option<Url>,
}

/// `null` is what is missing, too.
fn or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl GitHub {
    /// The newest page of the log, 100 attempts, or the one that `next` of another leads to. GitHub's own filter for failures
    /// leaves out attempts that got no answer, so all are listed.
    pub async fn list_deliveries(&self, next: Option<Url>) -> Result<DeliveryPage, Error> {
        let url = next.unwrap_or_else(|| {
            let mut url = self.inner.transport.rest_url(&["app", "hook", "deliveries"]);
            url.query_pairs_mut().append_pair("per_page", "100");
            url
        });
        let request = Request::get(url.clone());
        self.inner
            .transport
            .perform(Sender::App(&self.inner), Scope::Rest, &request, |answer, _| {
                let next = next_page(&answer.headers).map(|link| url.join(&link)).transpose();
                let next = next.map_err(|_| Error::malformed("a next page that is not a URL"))?;
                Ok(DeliveryPage { attempts: decode_json(&answer, Repeat::Read)?, next })
            })
            .await
    }

    /// One attempt with its payload. [`Error::NotFound`] when the log does not have it (any more).
    pub async fn load_delivery(&self, id: u64) -> Result<LoadedDelivery, Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(flatten)]
            attempt: Attempt,
            #[serde(default)]
            request: Sent,
            #[serde(default)]
            response: Answered,
        }
        #[derive(Default, Deserialize)]
        struct Sent {
            #[serde(default)]
            payload: Value,
        }
        #[derive(Default, Deserialize)]
        struct Answered {
            #[serde(default)]
            payload: Value,
        }
        let url = self.inner.transport.rest_url(&["app", "hook", "deliveries", &id.to_string()]);
        let wire: Wire = self.get_as_app(url).await?;
        let answer = match wire.response.payload {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        };
        Ok(LoadedDelivery { attempt: wire.attempt, payload: wire.request.payload, answer })
    }

    /// Asks GitHub to send a delivery once more, under the GUID that it had. Whether it arrives shows in the log.
    pub async fn redeliver(&self, id: u64) -> Result<(), Error> {
        let url = self.inner.transport.rest_url(&["app", "hook", "deliveries", &id.to_string(), "attempts"]);
        // One that arrives twice is known by its GUID.
        let request = Request::new(Method::POST, url, Repeat::Safe);
        self.inner.transport.perform(Sender::App(&self.inner), Scope::Rest, &request, |_, _| Ok(())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(status: Value, status_code: Value) -> Attempt {
        serde_json::from_value(serde_json::json!({
            "id": 1, "guid": "g", "delivered_at": "2026-11-20T10:00:00Z", "redelivery": false, "duration": 0.3, "status": status,
            "status_code": status_code, "event": "push", "action": null, "installation_id": null, "repository_id": null,
            "throttled_at": null,
        }))
        .expect("an attempt")
    }

    #[test]
    fn what_became_of_an_attempt_is_told_by_text_and_number() {
        for (status, code, delivered, under_way) in [
            ("OK".into(), 200.into(), true, false),
            ("Accepted".into(), 202.into(), true, false),
            ("OK".into(), Value::Null, true, false),
            ("Invalid HTTP Response: 503".into(), 503.into(), false, false),
            ("failed to connect to host".into(), 0.into(), false, false),
            ("timed out".into(), Value::Null, false, false),
            ("pending".into(), 0.into(), false, true),
            (Value::Null, Value::Null, false, true),
        ] {
            let attempt = attempt(status, code);
            assert_eq!((attempt.is_delivered(), attempt.is_under_way()), (delivered, under_way), "{attempt:?}");
        }
    }
}
