//! Sending one request and getting one answer, by the rules that hold for all of them.
//!
//! octocrab is the HTTP layer: its service stack over a hyper client of our own, without its retry, redirect and header
//! layers. What is added around it: the token of the sender, the two headers GitHub asks for (each once), a time and a
//! size limit, silence during a pause that GitHub asked for, one write at a time, and what may be repeated.
//!
//! A read that fails in transport or with a 5xx is tried a few times. A write is sent once; only a 401 sends it again,
//! because GitHub refuses a dead token before it looks at anything else. The token goes to the configured origins alone:
//! a redirect or a next page that leads elsewhere is an error.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LINK, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::app::Sender;
use super::error::{Refusal, budget_reset, rest_failure};
use super::pace::{Cost, Scope};
use super::{BuildError, Endpoints, Error, Repeat, Settings};

const API_VERSION: &str = "2022-11-28";
pub(super) const AGENT: &str = concat!("followthrough/", env!("CARGO_PKG_VERSION"));
pub(super) const ACCEPT_JSON: &str = "application/vnd.github+json";
pub(super) const ACCEPT_RAW: &str = "application/vnd.github.raw+json";
/// How often a read is sent at most.
const READ_ATTEMPTS: u32 = 4;
/// Redirects that are followed for one request: a repository was renamed, perhaps twice.
const REDIRECTS: usize = 3;
/// Pages that are read of one list; at 100 each this is more than any list Followthrough reads.
const PAGES: usize = 500;
/// Connections are not kept longer than this without use, so that a write rarely meets one that the other side closed.
const IDLE: Duration = Duration::from_secs(20);

pub(super) struct Transport {
    octocrab: Octocrab,
    pub(super) endpoints: Endpoints,
    pub(super) settings: Settings,
}

/// One request, before it is known who sends it.
pub(super) struct Request {
    method: Method,
    url: Url,
    accept: &'static str,
    body: Option<Bytes>,
    repeat: Repeat,
    limit: Option<usize>,
    /// Pieces of new content that it makes.
    content: u32,
}

impl Request {
    pub(super) fn new(method: Method, url: Url, repeat: Repeat) -> Self {
        let content = u32::from(method == Method::POST && repeat.is_write());
        Self { method, url, accept: ACCEPT_JSON, body: None, repeat, limit: None, content }
    }

    pub(super) fn creating(mut self, content: u32) -> Self {
        self.content = content;
        self
    }

    pub(super) fn get(url: Url) -> Self {
        Self::new(Method::GET, url, Repeat::Read)
    }

    pub(super) fn json(mut self, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|_| Error::malformed("a request that cannot be written as JSON"))?;
        self.body = Some(Bytes::from(body));
        Ok(self)
    }

    /// Asks for the bytes themselves, and no more than `limit` of them.
    pub(super) fn raw(mut self, limit: usize) -> Self {
        self.accept = ACCEPT_RAW;
        self.limit = Some(limit);
        self
    }

    pub(super) fn repeat(&self) -> Repeat {
        self.repeat
    }
}

/// A whole answer with a status of success.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no answer.
enum Failure {
    /// The request never left: no connection.
    NotSent(String),
    /// It may have been received and acted on.
    Lost(String),
    TooLarge(usize),
}

impl Failure {
    fn into_error(self, repeat: Repeat) -> Error {
        match self {
            Self::NotSent(message) => Repeat::Safe.lost(message),
            Self::Lost(message) => repeat.lost(message),
            Self::TooLarge(_) if repeat == Repeat::LookUpFirst => repeat.lost("the answer is too large"),
            Self::TooLarge(limit) => Error::TooLarge { limit },
        }
    }
}

impl Transport {
    pub(super) fn new(endpoints: Endpoints, settings: Settings) -> Result<Self, BuildError> {
        // octocrab starts a task of its own when it is made.
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(BuildError::NoRuntime);
        }
        let connector = connector(settings.request_timeout.min(Duration::from_secs(10)))?;
        let client = legacy::Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector);
        let Ok(octocrab) = OctocrabBuilder::new_empty().with_service(client).with_auth(AuthState::None).build();
        Ok(Self { octocrab, endpoints, settings })
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.settings.clock)()
    }

    /// The REST URL with `path`, each part of it escaped.
    pub(super) fn rest_url(&self, path: &[&str]) -> Url {
        let mut url = self.endpoints.rest.clone();
        // An http(s) URL always has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// Sends `request` and makes something of the answer.
    ///
    /// `decode` sees answers with a status of success only; when it fails for a moment, a read is tried again.
    pub(super) async fn perform<T>(
        &self,
        sender: Sender<'_>,
        scope: Scope,
        request: &Request,
        decode: impl Fn(Answer, Timestamp) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.check_open(sender, scope)?;
        // Before the turn, and outside the loop, so that minting neither holds up writes nor multiplies with its retries.
        let mut authorization = Box::pin(sender.authorization()).await?;
        let _turn = match request.repeat {
            Repeat::Read => None,
            Repeat::Safe | Repeat::LookUpFirst => Some(sender.pace().turn().await),
        };
        let mut attempt = 1;
        loop {
            let result = match self.attempt(sender, scope, request, &mut authorization).await {
                Ok(answer) => decode(answer, self.now()),
                Err(error) => Err(error),
            };
            match result {
                Err(Error::Transient { .. } | Error::Malformed { .. })
                    if request.repeat == Repeat::Read && attempt < READ_ATTEMPTS =>
                {
                    tokio::time::sleep(self.settings.read_backoff * 2_u32.pow(attempt - 1)).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn check_open(&self, sender: Sender<'_>, scope: Scope) -> Result<(), Error> {
        match sender.pace().open_at(scope, self.now()) {
            Some(retry_at) => Err(Error::RateLimited { retry_at }),
            None => Ok(()),
        }
    }

    async fn attempt(
        &self,
        sender: Sender<'_>,
        scope: Scope,
        request: &Request,
        authorization: &mut HeaderValue,
    ) -> Result<Answer, Error> {
        // The pause may have begun while this request waited for its turn.
        self.check_open(sender, scope)?;
        let cost = Cost { scope, is_write: request.repeat.is_write(), content: request.content };
        sender.pace().admit(cost, self.now()).map_err(|retry_at| Error::RateLimited { retry_at })?;
        let mut answer = self.counted(sender, scope, request, authorization).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            sender.forget(authorization).await;
            *authorization = Box::pin(sender.authorization()).await?;
            answer = self.counted(sender, scope, request, authorization).await?;
            if answer.status == StatusCode::UNAUTHORIZED {
                sender.forget(authorization).await;
            }
        }
        if let Some(reset) = budget_reset(&answer.headers) {
            sender.pace().pause(scope, reset);
        }
        if answer.status.is_success() {
            return Ok(answer);
        }
        let error = rest_failure(answer.status, &answer.headers, &answer.body, request.repeat, self.now());
        if let Error::RateLimited { retry_at } = error {
            // A used-up hourly budget was noted above; anything else is a limit that both APIs share.
            let scope = if budget_reset(&answer.headers).is_some() { scope } else { Scope::Everything };
            sender.pace().pause(scope, retry_at);
        }
        Err(error)
    }

    /// Sends `request` and puts it into the numbers.
    async fn counted(
        &self,
        sender: Sender<'_>,
        scope: Scope,
        request: &Request,
        authorization: &HeaderValue,
    ) -> Result<Answer, Error> {
        let answer = self.follow(request, authorization).await;
        let api = if scope == Scope::Graphql { "graphql" } else { "rest" };
        let status = match &answer {
            Ok(answer) => match answer.status.as_u16() / 100 {
                2 => "2xx",
                3 => "3xx",
                4 => "4xx",
                _ => "5xx",
            },
            Err(_) => "none",
        };
        metrics::counter!("followthrough_github_requests_total", "api" => api, "status" => status).increment(1);
        if let (Ok(answer), Sender::Installation(installation)) = (&answer, sender)
            && let Some(left) = budget_left(&answer.headers)
        {
            let installation = installation.id().to_string();
            metrics::gauge!("followthrough_github_budget_remaining", "api" => api, "installation" => installation).set(left);
        }
        answer
    }

    /// Sends `request`, and sends it on to where GitHub says it belongs now.
    async fn follow(&self, request: &Request, authorization: &HeaderValue) -> Result<Answer, Error> {
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS {
            self.check_origin(&url)?;
            let answer =
                self.send(request, &url, Some(authorization)).await.map_err(|failure| failure.into_error(request.repeat))?;
            let moved = match answer.status.as_u16() {
                301 | 302 => request.method == Method::GET,
                307 | 308 => true,
                _ => false,
            };
            if !moved {
                return Ok(answer);
            }
            let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
            url = url.join(location).map_err(|_| Error::malformed("a redirect to nowhere"))?;
        }
        Err(Error::malformed("too many redirects"))
    }

    /// Sends `request` once, as nobody, and gives whatever is answered. Redirects are not followed.
    pub(super) async fn anonymously(&self, request: &Request) -> Result<Answer, Error> {
        self.send(request, &request.url, None).await.map_err(|failure| failure.into_error(request.repeat))
    }

    fn check_origin(&self, url: &Url) -> Result<(), Error> {
        if [&self.endpoints.rest, &self.endpoints.graphql].iter().any(|known| known.origin() == url.origin()) {
            return Ok(());
        }
        Err(Error::refused(
            Refusal::Other("another origin".to_owned()),
            "GitHub's answer leads away from GitHub; the token stays here",
        ))
    }

    async fn send(&self, request: &Request, url: &Url, authorization: Option<&HeaderValue>) -> Result<Answer, Failure> {
        let body = request.body.clone().unwrap_or_default();
        let mut builder = http::Request::builder()
            .method(request.method.clone())
            .uri(url.as_str())
            .header(ACCEPT, request.accept)
            .header(USER_AGENT, AGENT)
            .header("x-github-api-version", API_VERSION);
        if let Some(authorization) = authorization {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        if request.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/json");
        } else if request.method != Method::GET {
            builder = builder.header(CONTENT_LENGTH, "0");
        }
        let http_request = builder.body(body).map_err(|_| Failure::NotSent("the address cannot be requested".to_owned()))?;

        let limit = request.limit.unwrap_or(self.settings.response_limit);
        let whole = async {
            let response = self.octocrab.execute(http_request).await.map_err(|error| failure(&error))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, limit).collect().await.map_err(|error| {
                let too_large = error.downcast_ref::<LengthLimitError>().is_some();
                if too_large { Failure::TooLarge(limit) } else { Failure::Lost("the answer broke off".to_owned()) }
            })?;
            Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() })
        };
        match tokio::time::timeout(self.settings.request_timeout, whole).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Lost(format!("no answer within {} s", self.settings.request_timeout.as_secs()))),
        }
    }

    /// Sends `first` and reads the list it answers with to the end, following `Link: rel="next"`.
    pub(super) async fn pages<W: DeserializeOwned, T>(
        &self,
        sender: Sender<'_>,
        first: Url,
        items: impl Fn(W) -> Vec<T>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut next = Some(first);
        for _ in 0..PAGES {
            let Some(url) = next.take() else { return Ok(all) };
            let request = Request::get(url.clone());
            let decode = |answer: Answer, _| Ok((next_page(&answer.headers), decode_json::<W>(&answer, Repeat::Read)?));
            let (link, page) = self.perform(sender, Scope::Rest, &request, decode).await?;
            all.extend(items(page));
            next = match link {
                Some(link) => Some(url.join(&link).map_err(|_| Error::malformed("a next page that is not a URL"))?),
                None => None,
            };
        }
        Err(Error::malformed("a list without end"))
    }
}

/// What the hour's budget has left.
fn budget_left(headers: &HeaderMap) -> Option<f64> {
    headers.get("x-ratelimit-remaining")?.to_str().ok()?.trim().parse::<u32>().ok().map(f64::from)
}

/// Connections over TLS or none.
pub(super) fn connector(connect_timeout: Duration) -> Result<HttpsConnector<HttpConnector>, BuildError> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect_timeout));
    let provider = rustls::crypto::ring::default_provider();
    // The system's authorities, so that an Enterprise Server with a private one is trusted where the system trusts
    // it; else Mozilla's, for containers that have none.
    let builder = hyper_rustls::HttpsConnectorBuilder::new().with_provider_and_native_roots(provider.clone());
    let builder = match builder {
        Ok(builder) => builder,
        Err(_) => hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(provider)
            .map_err(|error| BuildError::Certificates(error.to_string()))?,
    };
    Ok(builder.https_or_http().enable_http1().wrap_connector(http))
}

/// The target of `Link: <…>; rel="next"`.
pub(super) fn next_page(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter().filter_map(|link| link.to_str().ok());
    for link in links.flat_map(|links| links.split(',')) {
        let mut parts = link.split(';');
        let target = parts.next().map(str::trim).and_then(|target| target.strip_prefix('<')?.strip_suffix('>'));
        let is_next = parts.any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
        if let (Some(target), true) = (target, is_next) {
            return Some(target.to_owned());
        }
    }
    None
}

pub(super) fn decode_json<T: DeserializeOwned>(answer: &Answer, repeat: Repeat) -> Result<T, Error> {
    // serde's messages may quote the value they stumble over, so only the place is kept.
    serde_json::from_slice(&answer.body).map_err(|error| {
        repeat.unreadable(format!("line {} column {} of an answer of {} bytes", error.line(), error.column(), answer.body.len()))
    })
}

/// Whether a request that failed in transport can have been received.
fn failure(error: &octocrab::Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut last = String::new();
    let mut not_sent = false;
    while let Some(error) = cause {
        not_sent |= error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect);
        // octocrab's own text ends in a backtrace.
        last = error.to_string().lines().next().unwrap_or_default().to_owned();
        cause = error.source();
    }
    if not_sent { Failure::NotSent(last) } else { Failure::Lost(last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_the_links() {
        let headers = |link: &str| HeaderMap::from_iter([(LINK, HeaderValue::from_str(link).expect("header"))]);
        let both = r#"<https://h/x?page=1>; rel="prev", <https://h/x?page=3>; rel="next", <https://h/x?page=9>; rel="last""#;
        assert_eq!(next_page(&headers(both)).as_deref(), Some("https://h/x?page=3"));
        assert_eq!(next_page(&headers(r#"<https://h/x?page=1>; rel="first""#)), None);
        assert_eq!(next_page(&HeaderMap::new()), None);
    }
}
