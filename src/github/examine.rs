//! What GitHub tells the App about itself: what it was granted, where it is installed, how its webhooks fare. `doctor` asks.
//!
//! Nothing here is needed for the work itself, and nothing here writes.

use std::collections::BTreeMap;

use http::header::DATE;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::app::Sender;
use super::pace::Scope;
use super::transport::{Request, Transport, decode_json};
use super::{BuildError, Endpoints, Error, GitHub, Installation, Repeat, Settings};
use crate::ids::{InstallationId, RepositoryName};

/// The App with what its owner set in its settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AppSettings {
    pub id: u64,
    pub slug: String,
    pub name: String,
    /// Its public page, from which it is installed.
    pub html_url: String,
    /// Permission to `read`, `write` or `admin`.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    #[serde(default)]
    pub events: Vec<String>,
}

/// An account that installed the App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    pub id: InstallationId,
    pub account: String,
    pub is_organization: bool,
    /// Where its owner changes it.
    pub html_url: String,
    /// What the account granted, which is less than what the App asks for until somebody accepts.
    pub permissions: BTreeMap<String, String>,
    pub suspended: bool,
}

/// Where GitHub sends the App's webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HookSettings {
    #[serde(default)]
    pub url: Option<String>,
    /// `json` or `form`.
    #[serde(default)]
    pub content_type: Option<String>,
    /// `"1"` where GitHub does not check the receiver's certificate.
    #[serde(default, deserialize_with = "number_or_text")]
    pub insecure_ssl: Option<String>,
    /// Asterisks where a secret is set.
    #[serde(default)]
    pub secret: Option<String>,
}

/// One attempt to deliver a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Attempt {
    pub guid: String,
    pub delivered_at: Timestamp,
    /// `OK`, or why not, in GitHub's words.
    pub status: String,
    #[serde(default)]
    pub status_code: u16,
    pub event: String,
}

impl Attempt {
    /// GitHub's own rule for what to deliver again (GITHUB §3).
    pub fn arrived(&self) -> bool {
        self.status == "OK"
    }
}

/// An hour's requests, and what is left of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Budget {
    pub limit: u64,
    pub remaining: u64,
    /// Seconds of the Unix epoch.
    pub reset: i64,
}

/// The hourly budgets that Followthrough lives on. Enterprise Server has none unless its owner sets some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budgets {
    pub rest: Option<Budget>,
    pub graphql: Option<Budget>,
}

/// Whether anything answers at the REST address, and what time it is there. Needs no credentials, and takes any answer.
pub async fn server_time(endpoints: Endpoints, settings: Settings) -> Result<Option<Timestamp>, ReachError> {
    let transport = Transport::new(endpoints, settings)?;
    let request = Request::get(transport.rest_url(&["rate_limit"]));
    let answer = transport.anonymously(&request).await?;
    let date = answer.headers.get(DATE).and_then(|date| date.to_str().ok());
    let time = date.and_then(|date| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
    if answer.status.is_server_error() {
        return Err(ReachError::Github(Error::Transient {
            message: format!("it answers with status {}", answer.status.as_u16()),
        }));
    }
    Ok(time)
}

/// Nobody answers.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Github(#[from] Error),
}

impl GitHub {
    /// The App as its settings have it now; asked anew each time.
    pub async fn app_settings(&self) -> Result<AppSettings, Error> {
        self.ask_as_app(&["app"], &[]).await
    }

    /// Every account that installed the App.
    pub async fn installed(&self) -> Result<Vec<Installed>, Error> {
        #[derive(Deserialize)]
        struct Account {
            login: String,
            #[serde(default, rename = "type")]
            kind: String,
        }
        #[derive(Deserialize)]
        struct Wire {
            id: InstallationId,
            account: Account,
            html_url: String,
            #[serde(default)]
            permissions: BTreeMap<String, String>,
            suspended_at: Option<String>,
        }
        let mut url = self.inner.transport.rest_url(&["app", "installations"]);
        url.set_query(Some("per_page=100"));
        let all = self.inner.transport.pages(Sender::App(&self.inner), url, |page: Vec<Wire>| page).await?;
        let installed = all.into_iter().map(|wire| Installed {
            id: wire.id,
            account: wire.account.login,
            is_organization: wire.account.kind == "Organization",
            html_url: wire.html_url,
            permissions: wire.permissions,
            suspended: wire.suspended_at.is_some(),
        });
        Ok(installed.collect())
    }

    pub async fn hook_settings(&self) -> Result<HookSettings, Error> {
        self.ask_as_app(&["app", "hook", "config"], &[]).await
    }

    /// The last attempts to deliver, newest first, a hundred at most.
    pub async fn last_attempts(&self) -> Result<Vec<Attempt>, Error> {
        self.ask_as_app(&["app", "hook", "deliveries"], &[("per_page", "100")]).await
    }

    async fn ask_as_app<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)]) -> Result<T, Error> {
        let mut url = self.inner.transport.rest_url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let decode = |answer, _| decode_json(&answer, Repeat::Read);
        self.inner.transport.perform(Sender::App(&self.inner), Scope::Rest, &Request::get(url), decode).await
    }
}

impl Installation {
    /// Every repository that the account gave to the App.
    pub async fn covered_repositories(&self) -> Result<Vec<RepositoryName>, Error> {
        #[derive(Deserialize)]
        struct Wire {
            full_name: RepositoryName,
        }
        #[derive(Deserialize)]
        struct Page {
            repositories: Vec<Wire>,
        }
        let mut url = self.inner.transport.rest_url(&["installation", "repositories"]);
        url.set_query(Some("per_page=100"));
        let names = |page: Page| page.repositories.into_iter().map(|wire| wire.full_name).collect();
        self.inner.transport.pages(Sender::Installation(self), url, names).await
    }

    /// What is left of this hour. Asking costs nothing of it.
    pub async fn budgets(&self) -> Result<Budgets, Error> {
        #[derive(Deserialize)]
        struct Wire {
            resources: BTreeMap<String, Budget>,
        }
        let request = Request::get(self.inner.transport.rest_url(&["rate_limit"]));
        let decode = |answer, _| decode_json::<Wire>(&answer, Repeat::Read);
        match self.inner.transport.perform(Sender::Installation(self), Scope::Rest, &request, decode).await {
            Ok(wire) => {
                Ok(Budgets { rest: wire.resources.get("core").copied(), graphql: wire.resources.get("graphql").copied() })
            }
            // An Enterprise Server without limits says so with a 404.
            Err(Error::NotFound { .. }) => Ok(Budgets::default()),
            Err(error) => Err(error),
        }
    }
}

fn number_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
}
