//! Everything Followthrough says to GitHub and hears from it.
//!
//! One [`GitHub`] per process holds the App's credentials and the HTTP client; [`GitHub::installation`] gives the view of
//! one installation, which is what work is done with. Requests are sent through octocrab's HTTP layer with our own
//! authorization, because octocrab's retries, pagination and GraphQL helpers repeat writes, lose the token off
//! `api.github.com` and drop half an answer (see `docs/decisions.md`).
//!
//! What never happens here: a decision about issues (that is `plan`), a look into the database, a write that is sent
//! twice by itself, a token sent to any host but the configured one.

pub mod app;
pub mod error;
#[cfg(test)]
mod exchange_tests;
pub mod graphql;
pub mod pace;
pub mod permissions;
pub mod rest;
pub mod signature;
mod transport;
pub mod webhook;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OnceCell;
use url::Url;

pub use app::{Access, App, Credentials, CredentialsError, Level};
pub use error::{Error, GraphqlError, Refusal, Repeat};
pub use graphql::Actor;

use crate::ids::InstallationId;
use app::InstallationState;
use transport::Transport;

/// What time it is; an argument so that the life of tokens and pauses can be tested.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Where GitHub's two APIs are. The App's tokens are sent to these origins and to no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    pub rest: Url,
    pub graphql: Url,
}

/// The address of an API cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the address of a GitHub API: it has to be an http(s) URL without query or credentials")]
pub struct BadEndpoint(pub String);

impl Endpoints {
    /// Endpoints from the REST base, with GraphQL's address derived from it.
    pub fn from_rest(rest: &str) -> Result<Self, BadEndpoint> {
        let rest = parse_base(rest)?;
        Ok(Self { graphql: graphql_url(&rest), rest })
    }

    /// Endpoints whose GraphQL address is given as well.
    pub fn new(rest: &str, graphql: &str) -> Result<Self, BadEndpoint> {
        Ok(Self { rest: parse_base(rest)?, graphql: parse_base(graphql)? })
    }

    /// `host` or `host:port` of the pages that people see: `github.com`, or the server's own.
    pub fn web_host(&self) -> String {
        let host = self.rest.host_str().unwrap_or_default();
        // `api.github.com`, and `api.SUBDOMAIN.ghe.com` with data residency.
        let host = match host.strip_prefix("api.") {
            Some(web) if web == "github.com" || web.ends_with(".ghe.com") => web,
            _ => host,
        };
        match self.rest.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

/// Where GraphQL is answered for a REST base: Enterprise Server has it beside `/api/v3`, not under it.
pub fn graphql_url(rest: &Url) -> Url {
    let path = rest.path().trim_end_matches('/');
    let path = match path.strip_suffix("/api/v3") {
        Some(prefix) => format!("{prefix}/api/graphql"),
        None => format!("{path}/graphql"),
    };
    let mut url = rest.clone();
    url.set_path(&path);
    url
}

fn parse_base(text: &str) -> Result<Url, BadEndpoint> {
    let bad = || BadEndpoint(error::excerpt(text.split('?').next().unwrap_or_default().rsplit('@').next().unwrap_or_default()));
    let url = Url::parse(text.trim().trim_end_matches('/')).map_err(|_| bad())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || !plain {
        return Err(bad());
    }
    Ok(url)
}

/// How the client behaves.
#[derive(Clone)]
pub struct Settings {
    /// Least time between the starts of two writes of one installation (`FOLLOWTHROUGH_WRITE_INTERVAL`). GitHub asks for
    /// "at least one second" in its [best practices](https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
    pub write_interval: Duration,
    /// Longest wait for one answer. GitHub itself gives up after 10 s.
    pub request_timeout: Duration,
    /// Largest answer that is read, in bytes.
    pub response_limit: usize,
    /// Largest document that is read, in bytes.
    pub document_limit: usize,
    /// First pause before a read is tried again; doubled each time.
    pub read_backoff: Duration,
    /// What installation tokens may do.
    pub access: Access,
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            write_interval: Duration::from_secs(1),
            request_timeout: Duration::from_secs(30),
            response_limit: 32 << 20,
            document_limit: 1 << 20,
            read_backoff: Duration::from_millis(250),
            access: Access::default(),
            clock: Arc::new(Timestamp::now),
        }
    }
}

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("no certificate authorities to check GitHub's certificate against: {0}")]
    Certificates(String),
    #[error("the GitHub client has to be made inside a tokio runtime")]
    NoRuntime,
}

/// The App as GitHub knows it, and the way there. Cheap to clone; one per process.
#[derive(Clone)]
pub struct GitHub {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    credentials: Credentials,
    access: Access,
    app: OnceCell<App>,
    /// Pacing of requests that the App makes as itself.
    app_pace: pace::Pace,
    installations: Mutex<HashMap<InstallationId, Arc<InstallationState>>>,
}

impl GitHub {
    /// Has to be called inside a tokio runtime.
    pub fn new(credentials: Credentials, endpoints: Endpoints, settings: Settings) -> Result<Self, BuildError> {
        let access = settings.access;
        let app_pace = pace::Pace::new(settings.write_interval);
        let transport = Transport::new(endpoints, settings)?;
        let inner = Inner { transport, credentials, access, app: OnceCell::new(), app_pace, installations: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The view of one installation. Makes no request.
    pub fn installation(&self, id: InstallationId) -> Installation {
        let mut installations = self.inner.installations.lock().unwrap_or_else(PoisonError::into_inner);
        let state = installations
            .entry(id)
            .or_insert_with(|| Arc::new(InstallationState::new(id, self.inner.transport.settings.write_interval)))
            .clone();
        Installation { inner: self.inner.clone(), state, access: self.inner.access }
    }

    /// Forgets what is known of an installation: it was removed, suspended, or its permissions changed.
    pub fn forget_installation(&self, id: InstallationId) {
        let mut installations = self.inner.installations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = installations.get(&id) {
            state.forget();
        }
        // Whoever holds the state still needs its write gate, so it stays then.
        if installations.get(&id).is_some_and(|state| Arc::strong_count(state) == 1) {
            installations.remove(&id);
        }
    }

    pub fn endpoints(&self) -> &Endpoints {
        &self.inner.transport.endpoints
    }
}

/// GitHub as one installation of the App sees it. Cheap to clone; all clones share tokens and pacing.
#[derive(Clone)]
pub struct Installation {
    inner: Arc<Inner>,
    state: Arc<InstallationState>,
    access: Access,
}

impl Installation {
    pub fn id(&self) -> InstallationId {
        self.state.id
    }

    /// The same installation with tokens that may do no more than `access`.
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Whether GitHub refused the permission for organization boards when a token was last asked for.
    pub fn boards_refused(&self) -> bool {
        self.state.boards_refused(self.inner.transport.now())
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHub").field("endpoints", self.endpoints()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation").field("id", &self.state.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphql_is_found_on_every_kind_of_host() {
        for (rest, graphql) in [
            ("https://api.github.com", "https://api.github.com/graphql"),
            ("https://api.github.com/", "https://api.github.com/graphql"),
            ("https://ghe.example/api/v3", "https://ghe.example/api/graphql"),
            ("https://ghe.example/api/v3/", "https://ghe.example/api/graphql"),
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000/graphql"),
            ("http://127.0.0.1:4000/some/prefix", "http://127.0.0.1:4000/some/prefix/graphql"),
        ] {
            assert_eq!(Endpoints::from_rest(rest).expect(rest).graphql.as_str(), graphql, "{rest}");
        }
    }

    #[test]
    fn pages_live_on_the_web_host() {
        for (rest, web) in [
            ("https://api.github.com", "github.com"),
            ("https://api.acme.ghe.com", "acme.ghe.com"),
            ("https://api.example.com/api/v3", "api.example.com"),
            ("http://127.0.0.1:4000", "127.0.0.1:4000"),
        ] {
            assert_eq!(Endpoints::from_rest(rest).expect(rest).web_host(), web);
        }
    }

    #[test]
    fn an_address_with_credentials_is_refused_without_repeating_them() {
        let error = Endpoints::from_rest("https://user:hunter2@ghe.example/api/v3").expect_err("credentials");
        assert!(!error.to_string().contains("hunter2"));
        assert!(Endpoints::from_rest("ftp://ghe.example").is_err());
        assert!(Endpoints::from_rest("ghe.example").is_err());
    }
}
