//! The wire: takes HTTP requests, finds out who asks for what, lets the armed faults strike, writes the log. What a request
//! means is decided in [`rest`](super::rest), [`graphql`](super::graphql) and [`pages`](super::pages).

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State as Extract, connect_info::Connected},
    response::Response,
    serve::{IncomingStream, Listener},
};
use bytes::Bytes;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use super::{
    Shared,
    access::Caller,
    faults::{Fault, Seen},
    graphql, pages,
    requests::LoggedRequest,
    rest,
    state::State,
};

/// GitHub's limit of a request's body is not documented; nothing the product sends comes near this.
const LARGEST_BODY: usize = 32 * 1024 * 1024;
/// Requests of one hour, for REST and GraphQL each.
const HOURLY_BUDGET: u64 = 5000;

/// A request as far as the wire is concerned.
pub(crate) struct Incoming {
    pub method: String,
    /// `/api/v3` when asked as an Enterprise Server, else empty.
    pub prefix: &'static str,
    /// Without the prefix.
    pub path: String,
    pub query: String,
    pub body: Bytes,
    pub authorization: Option<String>,
    pub if_none_match: Option<String>,
    pub user_agent: Option<String>,
    pub accept: Option<String>,
}

impl Incoming {
    /// Whether the file itself is asked for and not JSON about it.
    pub(crate) fn wants_raw(&self) -> bool {
        self.accept.as_deref().is_some_and(|accept| accept.contains("raw"))
    }

    /// The path's segments, percent-decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        self.path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect()
    }

    pub(crate) fn query(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    None,
    Json(Value),
    Html(String),
    Bytes(&'static str, Vec<u8>),
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Content::Json(body) }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Content::None }
    }

    /// A file as it is, under GitHub's raw media type.
    pub(crate) fn raw(bytes: &[u8]) -> Self {
        let body = Content::Bytes("application/vnd.github.raw+json; charset=utf-8", bytes.to_vec());
        Self { status: 200, headers: Vec::new(), body }
    }

    pub(crate) fn html(status: u16, page: String) -> Self {
        Self { status, headers: Vec::new(), body: Content::Html(page) }
    }

    fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// What becomes of an answer.
enum Ending {
    Sent(Reply),
    /// The connection drops instead.
    Dropped,
    /// Nothing ever comes.
    Silence,
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

async fn answer(Extract(shared): Extract<Arc<Shared>>, ConnectInfo(line): ConnectInfo<Line>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return respond(Reply::json(413, json!({"message": "Payload too big"})));
    };
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let path = parts.uri.path();
    // An Enterprise Server has REST below /api/v3 and GraphQL at /api/graphql, not at /api/v3/graphql.
    let (prefix, path) = match path.strip_prefix("/api/v3") {
        Some(rest) if rest.starts_with('/') && rest != "/graphql" => ("/api/v3", rest),
        _ => ("", path.strip_prefix("/api").filter(|rest| *rest == "/graphql").unwrap_or(path)),
    };
    let incoming = Incoming {
        method: parts.method.to_string(),
        prefix,
        path: path.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body,
        authorization: header("authorization"),
        if_none_match: header("if-none-match"),
        user_agent: header("user-agent"),
        accept: header("accept"),
    };
    let ending = shared.with(|state| exchange(state, &incoming));
    match ending {
        Ending::Sent(reply) => respond(reply),
        Ending::Dropped => {
            line.cut();
            respond(Reply::empty(200))
        }
        Ending::Silence => std::future::pending().await,
    }
}

fn exchange(state: &mut State, incoming: &Incoming) -> Ending {
    if pages::is_page(incoming) {
        return Ending::Sent(pages::answer(state, incoming));
    }
    if incoming.user_agent.is_none() {
        let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
        return Ending::Sent(Reply::json(403, json!({"message": message})));
    }
    let is_graphql = incoming.path == "/graphql";
    let document = is_graphql.then(|| graphql::Request::read(&incoming.body));
    let (operation, root_fields) =
        document.as_ref().map(|document| (document.operation.clone(), document.root_fields.clone())).unwrap_or_default();
    let writes = document.as_ref().map_or(!matches!(incoming.method.as_str(), "GET" | "HEAD"), |document| document.is_mutation);
    let caller = state.caller(incoming.authorization.as_deref());
    let actor = caller.as_ref().map_or_else(|_| "unknown credentials".to_owned(), |caller| caller.name(state));
    let seen = Seen { method: &incoming.method, path: &incoming.path, root_fields: &root_fields, writes };
    let fault = state.faults.strike(&seen);
    let mut effects = Vec::new();
    let ending = match refuse_before(fault.as_ref(), is_graphql, state.now()) {
        Some(ending) => ending,
        None => {
            let reply = match (caller, &document) {
                (Err(refusal), _) => Reply::json(refusal.status(), refusal.body()),
                (Ok(Caller::Anonymous | Caller::App), Some(_)) => Reply::json(401, json!({"message": "Requires authentication"})),
                (Ok(caller), Some(document)) => graphql::answer(state, caller, document, fault.as_ref(), &mut effects),
                (Ok(caller), None) => {
                    let reply = rest::answer(state, caller, incoming);
                    if writes && (200..300).contains(&reply.status) {
                        effects.push(format!(
                            "{} {} {}",
                            incoming.method,
                            incoming.path,
                            String::from_utf8_lossy(&incoming.body)
                        ));
                    }
                    reply
                }
            };
            match fault {
                Some(Fault::LoseAnswer) => Ending::Dropped,
                Some(Fault::HangAfterEffect) => Ending::Silence,
                Some(Fault::PartialErrors { .. }) if is_graphql => Ending::Sent(reply),
                Some(Fault::BadGatewayAfterEffect | Fault::PartialErrors { .. }) => {
                    Ending::Sent(Reply::html(502, "<html><h1>502 Bad Gateway</h1></html>".to_owned()))
                }
                _ => Ending::Sent(reply),
            }
        }
    };
    let status = match &ending {
        Ending::Sent(reply) => Some(reply.status),
        Ending::Dropped | Ending::Silence => None,
    };
    let path = if incoming.query.is_empty() { incoming.path.clone() } else { format!("{}?{}", incoming.path, incoming.query) };
    let request = LoggedRequest {
        method: incoming.method.clone(),
        path,
        operation,
        root_fields,
        writes,
        effects,
        status,
        at: jiff::Timestamp::now(),
        actor,
    };
    state.log.requests.push(request);
    match ending {
        Ending::Sent(reply) => Ending::Sent(finish(state, reply, incoming, is_graphql)),
        other => other,
    }
}

fn refuse_before(fault: Option<&Fault>, is_graphql: bool, now: jiff::Timestamp) -> Option<Ending> {
    let secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let limited = |status: u16, retry_after: &Option<u64>| {
        let reply = Reply::json(
            status,
            json!({"message": secondary, "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}),
        );
        retry_after.map_or(reply.clone(), |seconds| reply.header("retry-after", seconds))
    };
    Some(match fault? {
        Fault::ErrorBeforeEffect => Ending::Sent(Reply::json(500, json!({"message": "Server Error"}))),
        Fault::NotFound => Ending::Sent(Reply::json(404, json!({"message": "Not Found"}))),
        Fault::Hang => Ending::Silence,
        Fault::SecondaryLimit { retry_after } => Ending::Sent(limited(403, retry_after)),
        Fault::RateLimited if is_graphql => {
            let error = json!({"type": "RATE_LIMITED", "message": "API rate limit already exceeded for installation."});
            Ending::Sent(Reply::ok(json!({"errors": [error]})))
        }
        Fault::RateLimited => Ending::Sent(limited(403, &None)),
        Fault::PartialErrors { after_effect: false } if !is_graphql => {
            Ending::Sent(Reply::json(500, json!({"message": "Server Error"})))
        }
        Fault::TooManyRequests { retry_after } => Ending::Sent(limited(429, retry_after)),
        Fault::PrimaryLimit { reset_in } => {
            let reset = now.as_second() + i64::try_from(*reset_in).unwrap_or(3600);
            let message = "API rate limit exceeded for installation.";
            let reply = if is_graphql {
                Reply::ok(json!({"errors": [{"type": "RATE_LIMITED", "message": message}]}))
            } else {
                Reply::json(
                    403,
                    json!({"message": message, "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"}),
                )
            };
            let reply = reply.header("x-ratelimit-limit", HOURLY_BUDGET).header("x-ratelimit-remaining", 0);
            Ending::Sent(reply.header("x-ratelimit-used", HOURLY_BUDGET).header("x-ratelimit-reset", reset))
        }
        _ => return None,
    })
}

/// The budget's headers, and 304 for what the client has already.
fn finish(state: &State, mut reply: Reply, incoming: &Incoming, is_graphql: bool) -> Reply {
    if !reply.headers.iter().any(|(name, _)| *name == "x-ratelimit-remaining") {
        let used = u64::try_from(state.log.requests.len()).unwrap_or(u64::MAX);
        let reset = state.now().as_second() + 3600;
        reply = reply
            .header("x-ratelimit-limit", HOURLY_BUDGET)
            .header("x-ratelimit-remaining", HOURLY_BUDGET.saturating_sub(used).max(1))
            .header("x-ratelimit-used", used)
            .header("x-ratelimit-reset", reset)
            .header("x-ratelimit-resource", if is_graphql { "graphql" } else { "core" });
    }
    // The clock that credentials are judged by.
    reply = reply.header("date", state.now().strftime("%a, %d %b %Y %H:%M:%S GMT"));
    if let ("GET", 200, Content::Json(body)) = (incoming.method.as_str(), reply.status, &reply.body) {
        let etag = format!("\"{}\"", hex::encode(Sha1::digest(body.to_string())));
        if incoming.if_none_match.as_deref() == Some(etag.as_str()) {
            reply.status = 304;
            reply.body = Content::None;
        }
        reply = reply.header("etag", etag);
    }
    reply
}

fn respond(reply: Reply) -> Response {
    let (content_type, body) = match reply.body {
        Content::None => (None, Body::empty()),
        Content::Json(value) => (Some("application/json; charset=utf-8"), Body::from(value.to_string())),
        Content::Html(page) => (Some("text/html; charset=utf-8"), Body::from(page)),
        Content::Bytes(kind, bytes) => (Some(kind), Body::from(bytes)),
    };
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(content_type) = content_type {
        response.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Accepts connections that can be cut: axum itself has no way to answer nothing.
pub(crate) struct CuttableListener(pub TcpListener);

/// A connection's switch, shared with the handlers of its requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line(Arc<AtomicBool>);

impl Line {
    fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_cut(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct CuttableStream {
    stream: TcpStream,
    line: Line,
}

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CuttableStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (CuttableStream { stream, line: Line::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().line.clone()
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.line.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
