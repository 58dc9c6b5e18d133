//! Who Followthrough is to GitHub: the App's key, the tokens of its installations, and the App itself.
//!
//! The App signs a short-lived JSON Web Token with its private key and trades it for a token per installation
//! ([Authenticating as a GitHub App](https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app)). Many tasks
//! may want the same token at the same moment; one of them fetches it and the others wait. Keys and tokens never leave
//! this module except as an `Authorization` header marked sensitive.

pub mod deliveries;
mod installations;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Method};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

pub use installations::{CoveredRepository, ListedInstallation};

use super::error::{Refusal, Repeat, after};
use super::pace::{Pace, Scope};
use super::transport::{Request, decode_json};
use super::{Error, GitHub, Inner, Installation};
use crate::ids::{InstallationId, RepositoryName};

/// A JWT is valid for at most 10 minutes; one less leaves room for clocks that differ.
const JWT_LIFE: Duration = Duration::from_secs(9 * 60);
/// GitHub's advice: issue it 60 seconds in the past "to protect against clock drift".
const JWT_BACKDATE: Duration = Duration::from_secs(60);
/// A JWT or token this close to its end is replaced.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);
/// How long an installation that did not grant the boards is not asked for them again.
const BOARDS_REFUSED_FOR: Duration = Duration::from_secs(6 * 60 * 60);

/// The App's identity and private key.
pub struct Credentials {
    app_id: String,
    key: EncodingKey,
    jwt: Mutex<Option<Token>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

/// The App's credentials cannot be used. Never shows any part of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    #[error("the App ID is empty")]
    NoAppId,
    #[error(
        "the private key is not an RSA key in PEM (`-----BEGIN RSA PRIVATE KEY-----` or `-----BEGIN PRIVATE KEY-----`), nor such a file in Base64"
    )]
    NotAKey,
}

impl Credentials {
    /// `app_id` is the App's number or its client id; GitHub takes either. `private_key` is the PEM file that GitHub
    /// gave out (PKCS#1) or a PKCS#8 one; as environment variables carry it, line breaks may be written `\n`, or the
    /// whole file may be Base64. The key is tried out at once.
    pub fn new(app_id: &str, private_key: &SecretString) -> Result<Self, CredentialsError> {
        let app_id = app_id.trim();
        if app_id.is_empty() {
            return Err(CredentialsError::NoAppId);
        }
        let pem = parse_pem(private_key).ok_or(CredentialsError::NotAKey)?;
        let key = EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes()).map_err(|_| CredentialsError::NotAKey)?;
        let credentials = Self { app_id: app_id.to_owned(), key, jwt: Mutex::default() };
        credentials.sign(Timestamp::UNIX_EPOCH).map_err(|_| CredentialsError::NotAKey)?;
        Ok(credentials)
    }

    /// `Authorization` for requests of the App itself; signed anew only when the last one is about to end.
    fn authorization(&self, now: Timestamp) -> Result<HeaderValue, Error> {
        let mut jwt = self.jwt.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(jwt) = jwt.as_ref().filter(|jwt| jwt.is_fresh(now)) {
            return Ok(jwt.header.clone());
        }
        let fresh = self.sign(now)?;
        let header = fresh.header.clone();
        *jwt = Some(fresh);
        Ok(header)
    }

    fn forget_jwt(&self) {
        *self.jwt.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn sign(&self, now: Timestamp) -> Result<Token, Error> {
        #[derive(Serialize)]
        struct Claims<'a> {
            iat: i64,
            exp: i64,
            iss: &'a str,
        }
        let expires = after(now, JWT_LIFE);
        let issued = now.as_second().saturating_sub(JWT_BACKDATE.as_secs().try_into().unwrap_or(i64::MAX));
        let claims = Claims { iat: issued, exp: expires.as_second(), iss: &self.app_id };
        let jwt = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map_err(|_| Error::Unauthorized { message: "the private key cannot sign".to_owned() })?;
        Token::new(&jwt, expires).ok_or_else(|| Error::malformed("a JWT that is not a header value"))
    }
}

/// The PEM inside `text`, with real line breaks.
fn parse_pem(text: &SecretString) -> Option<SecretString> {
    let text = text.expose_secret().trim().trim_matches(['"', '\'']).trim();
    let pem = if text.contains("-----BEGIN") {
        text.replace("\\r", "").replace("\\n", "\n")
    } else {
        let packed: String = text.split_whitespace().collect();
        String::from_utf8(BASE64_STANDARD.decode(packed).ok()?).ok()?
    };
    pem.contains("-----BEGIN").then(|| SecretString::from(pem))
}

/// Something to show in `Authorization` until it ends.
struct Token {
    header: HeaderValue,
    expires: Timestamp,
}

impl Token {
    fn new(secret: &str, expires: Timestamp) -> Option<Self> {
        let mut header = HeaderValue::from_str(&format!("Bearer {secret}")).ok()?;
        header.set_sensitive(true);
        Some(Self { header, expires })
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        after(now, RENEW_BEFORE) < self.expires
    }
}

/// How far a permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Read,
    Write,
}

/// What a token may do, in GitHub's names of the permissions; `None` is nothing.
///
/// [Create an installation access token](https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app): a
/// token can have less than the installation granted, never more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Access {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contents: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_requests: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issues: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_projects: Option<Level>,
}

impl Access {
    /// May see the repository's metadata, as every token may, and nothing else.
    pub const NONE: Self = Self {
        metadata: Some(Level::Read),
        contents: None,
        pull_requests: None,
        issues: None,
        checks: None,
        members: None,
        organization_projects: None,
    };

    /// With comments on lines, and pull requests of our own.
    pub fn writing_pull_requests(self) -> Self {
        Self { pull_requests: Some(Level::Write), ..self }
    }

    /// With commits and branches, and with resolving threads of reviews, which GitHub counts under contents.
    pub fn writing_contents(self) -> Self {
        Self { contents: Some(Level::Write), ..self }
    }
}

impl Default for Access {
    /// What reviewing a postmortem and filing its items takes. Comments on pull requests come under `issues`.
    fn default() -> Self {
        Self {
            contents: Some(Level::Read),
            pull_requests: Some(Level::Read),
            issues: Some(Level::Write),
            checks: Some(Level::Write),
            organization_projects: Some(Level::Write),
            ..Self::NONE
        }
    }
}

/// What all views of one installation share.
pub(super) struct InstallationState {
    pub(super) id: InstallationId,
    pub(super) pace: Pace,
    slots: Mutex<HashMap<Access, Arc<TokenSlot>>>,
    boards_refused_until: Mutex<Option<Timestamp>>,
}

/// One token, or the task that is fetching it.
#[derive(Default)]
struct TokenSlot {
    held: tokio::sync::Mutex<Held>,
    /// Counts attempts to mint, so that whoever waited for one that failed shares the failure instead of trying too.
    attempts: AtomicU64,
}

#[derive(Default)]
struct Held {
    token: Option<Token>,
    failure: Option<(u64, Error)>,
}

impl InstallationState {
    pub(super) fn new(id: InstallationId, write_interval: Duration) -> Self {
        Self { id, pace: Pace::new(write_interval), slots: Mutex::default(), boards_refused_until: Mutex::default() }
    }

    pub(super) fn forget(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.boards_refused_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn boards_refused(&self, now: Timestamp) -> bool {
        self.boards_refused_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }

    fn refuse_boards(&self, until: Timestamp) {
        *self.boards_refused_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    fn slot(&self, access: Access) -> Arc<TokenSlot> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).entry(access).or_default().clone()
    }
}

/// Who a request is sent as.
#[derive(Clone, Copy)]
pub(super) enum Sender<'a> {
    App(&'a Inner),
    Installation(&'a Installation),
}

impl Sender<'_> {
    pub(super) fn pace(&self) -> &Pace {
        match self {
            Self::App(inner) => &inner.app_pace,
            Self::Installation(installation) => &installation.state.pace,
        }
    }

    pub(super) async fn authorization(&self) -> Result<HeaderValue, Error> {
        match self {
            Self::App(inner) => inner.credentials.authorization(inner.transport.now()),
            Self::Installation(installation) => installation.token().await,
        }
    }

    /// GitHub did not accept `refused`: it is not shown again.
    pub(super) async fn forget(&self, refused: &HeaderValue) {
        match self {
            Self::App(inner) => inner.credentials.forget_jwt(),
            Self::Installation(installation) => {
                let slot = installation.state.slot(installation.access);
                let mut held = slot.held.lock().await;
                held.token.take_if(|token| token.header == *refused);
            }
        }
    }
}

impl Installation {
    async fn token(&self) -> Result<HeaderValue, Error> {
        let slot = self.state.slot(self.access);
        let seen = slot.attempts.load(Ordering::Acquire);
        let mut held = slot.held.lock().await;
        let now = self.inner.transport.now();
        if let Some(token) = held.token.as_ref().filter(|token| token.is_fresh(now)) {
            return Ok(token.header.clone());
        }
        if let Some((attempt, failure)) = &held.failure
            && *attempt > seen
        {
            return Err(failure.clone());
        }
        let minted = self.mint().await;
        let attempt = slot.attempts.fetch_add(1, Ordering::AcqRel) + 1;
        match minted {
            Ok(token) => {
                let header = token.header.clone();
                *held = Held { token: Some(token), failure: None };
                Ok(header)
            }
            Err(failure) => {
                *held = Held { token: None, failure: Some((attempt, failure.clone())) };
                Err(failure)
            }
        }
    }

    async fn mint(&self) -> Result<Token, Error> {
        let now = self.inner.transport.now();
        let without_boards = Access { organization_projects: None, ..self.access };
        if self.access == without_boards {
            return self.mint_with(self.access).await;
        }
        if self.state.boards_refused(now) {
            return self.mint_with(without_boards).await;
        }
        match self.mint_with(self.access).await {
            // GitHub refuses the whole token when one permission was not granted, as on every user account.
            Err(Error::Refused { refusal: Refusal::Invalid, .. }) => {
                let token = self.mint_with(without_boards).await?;
                self.state.refuse_boards(after(now, BOARDS_REFUSED_FOR));
                Ok(token)
            }
            other => other,
        }
    }

    async fn mint_with(&self, access: Access) -> Result<Token, Error> {
        #[derive(Deserialize)]
        struct Minted {
            token: String,
            expires_at: Timestamp,
        }
        let transport = &self.inner.transport;
        let url = transport.rest_url(&["app", "installations", &self.state.id.to_string(), "access_tokens"]);
        // A second token does no harm, so asking for one is repeated like a read.
        let request = Request::new(Method::POST, url, Repeat::Read).json(&serde_json::json!({ "permissions": access }))?;
        let minted: Result<Minted, Error> = transport
            .perform(Sender::App(&self.inner), Scope::Rest, &request, |answer, _| decode_json(&answer, Repeat::Read))
            .await;
        match minted {
            Ok(minted) => {
                Token::new(&minted.token, minted.expires_at).ok_or_else(|| Error::malformed("a token that is not a header value"))
            }
            Err(Error::NotFound { .. }) => Err(Error::NotInstalled),
            Err(other) => Err(other),
        }
    }
}

/// The App as GitHub describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub id: u64,
    /// The App's name in URLs.
    pub slug: String,
    /// The login under which it writes: the slug and `[bot]`.
    pub bot_login: String,
}

impl GitHub {
    /// The App itself. Asked once per process.
    pub async fn app(&self) -> Result<App, Error> {
        #[derive(Deserialize)]
        struct Wire {
            id: u64,
            slug: String,
        }
        let load = || async {
            let url = self.inner.transport.rest_url(&["app"]);
            let wire: Wire = self.get_as_app(url).await?;
            Ok(App { id: wire.id, bot_login: format!("{}[bot]", wire.slug), slug: wire.slug })
        };
        self.inner.app.get_or_try_init(load).await.cloned()
    }

    /// The App itself, where GitHub has told before; asks nothing.
    pub fn known_app(&self) -> Option<&App> {
        self.inner.app.get()
    }

    /// The installation that covers `repository`; [`Error::NotInstalled`] where there is none.
    pub async fn repository_installation(&self, repository: &RepositoryName) -> Result<InstallationId, Error> {
        #[derive(Deserialize)]
        struct Wire {
            id: InstallationId,
            #[serde(default)]
            suspended_at: Option<String>,
        }
        let url = self.inner.transport.rest_url(&["repos", &repository.owner, &repository.name, "installation"]);
        match self.get_as_app::<Wire>(url).await {
            Ok(Wire { suspended_at: Some(_), .. }) => Err(Error::Suspended),
            Ok(wire) => Ok(wire.id),
            Err(Error::NotFound { .. }) => Err(Error::NotInstalled),
            Err(other) => Err(other),
        }
    }

    async fn get_as_app<T: serde::de::DeserializeOwned>(&self, url: url::Url) -> Result<T, Error> {
        let request = Request::new(Method::GET, url, Repeat::Read);
        let decode = |answer, _| decode_json(&answer, Repeat::Read);
        self.inner.transport.perform(Sender::App(&self.inner), Scope::Rest, &request, decode).await
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A key made for these tests and used nowhere else.
    pub const PKCS1: &str = include_str!("app/test_key_pkcs1.pem");
    const PKCS8: &str = include_str!("app/test_key_pkcs8.pem");

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn keys_are_taken_in_every_shape_people_put_into_environments() {
        for key in [
            PKCS1.to_owned(),
            PKCS8.to_owned(),
            PKCS1.replace('\n', "\\n"),
            format!("\"{}\"", PKCS8.replace('\n', "\\n")),
            BASE64_STANDARD.encode(PKCS1),
            PKCS1.replace('\n', "\r\n"),
        ] {
            assert!(Credentials::new("123", &secret(&key)).is_ok(), "{}", &key[..40]);
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused_without_being_shown() {
        for bad in ["", "hunter2", "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----"] {
            let error = Credentials::new("123", &secret(bad)).expect_err("not a key");
            assert_eq!(error, CredentialsError::NotAKey);
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        assert_eq!(Credentials::new(" ", &secret(PKCS1)).expect_err("no id"), CredentialsError::NoAppId);
    }

    #[test]
    fn a_jwt_starts_a_minute_ago_ends_within_ten_and_is_used_until_then() {
        let credentials = Credentials::new("123", &secret(PKCS1)).expect("a key");
        let now = Timestamp::from_second(1_800_000_000).expect("in range");
        let header = credentials.authorization(now).expect("signed");
        assert!(header.is_sensitive());
        let claims = header.to_str().expect("text").split('.').nth(1).expect("claims").to_owned();
        let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("json");
        assert_eq!(claims["iss"], "123");
        assert_eq!(claims["iat"], 1_800_000_000 - 60);
        let life = claims["exp"].as_i64().expect("exp") - 1_800_000_000;
        assert!((1..=540).contains(&life), "{life}");

        assert_eq!(credentials.authorization(after(now, Duration::from_secs(60))).expect("signed"), header);
        assert_ne!(credentials.authorization(after(now, Duration::from_secs(500))).expect("signed"), header);
    }

    #[test]
    fn credentials_never_show_the_key() {
        let credentials = Credentials::new("123", &secret(PKCS1)).expect("a key");
        assert_eq!(format!("{credentials:?}"), "Credentials { app_id: \"123\", .. }");
    }

    #[test]
    fn a_token_is_asked_for_no_more_than_is_needed() {
        let json = serde_json::to_value(Access::default()).expect("json");
        let expected = serde_json::json!({
            "metadata": "read", "contents": "read", "pull_requests": "read", "issues": "write", "checks": "write",
            "organization_projects": "write",
        });
        assert_eq!(json, expected);
    }
}
