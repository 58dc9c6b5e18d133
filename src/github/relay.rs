//! Webhooks that come on a detour: fetched from a webhook proxy, or sent again from a file.
//!
//! The proxy speaks the protocol of [smee](https://github.com/probot/smee.io): it takes GitHub's requests at a public address
//! and passes each on as a [server-sent event](https://html.spec.whatwg.org/multipage/server-sent-events.html) whose data is a JSON
//! object of the headers, in lower case, and the `body`. Nothing is believed here: whoever takes what was relayed checks
//! its signature as if GitHub had sent it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::BuildError;
use super::transport::{AGENT, connector};

/// GitHub's largest payload, and room for the headers around it.
const LARGEST_EVENT: usize = 32 << 20;
/// Smee sends a ping every 30 seconds; a line that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(90);
const CONNECT: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest wait for the answer to a delivery that is sent again; GitHub itself waits for ten seconds.
const ANSWER: Duration = Duration::from_secs(30);

/// A delivery as GitHub sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relayed {
    /// Those that GitHub sets: `x-github-…` and `x-hub-signature-…`.
    pub headers: HeaderMap,
    pub body: Bytes,
}

type Client = legacy::Client<hyper_rustls::HttpsConnector<legacy::connect::HttpConnector>, Full<Bytes>>;

fn client() -> Result<Client, BuildError> {
    Ok(legacy::Client::builder(TokioExecutor::new()).build(connector(CONNECT)?))
}

/// Takes what the proxy at `url` passes on, one after the other, until `shutdown`. Connects again whenever the line breaks,
/// after a pause that grows while nobody answers.
pub async fn follow<F: Future<Output = ()>>(
    url: &Url,
    shutdown: &CancellationToken,
    take: impl Fn(Relayed) -> F,
) -> Result<(), BuildError> {
    let client = client()?;
    let mut pause = FIRST_PAUSE;
    loop {
        let why = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            why = listen(&client, url, &take, &mut pause) => why,
        };
        // The address is as good as a secret: whoever knows it can listen.
        tracing::warn!(reason = why, "the webhook proxy is not connected; trying again in {} s", pause.as_secs());
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Listens until the line breaks; why it did.
async fn listen<F: Future<Output = ()>>(
    client: &Client,
    url: &Url,
    take: &impl Fn(Relayed) -> F,
    pause: &mut Duration,
) -> String {
    let request = Request::get(url.as_str()).header(ACCEPT, "text/event-stream").header(USER_AGENT, AGENT);
    let Ok(request) = request.body(Full::default()) else { return "the address cannot be requested".to_owned() };
    let response = match tokio::time::timeout(ANSWER, client.request(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return if error.is_connect() { "nobody answers".to_owned() } else { "the request failed".to_owned() },
        Err(_) => return "no answer in time".to_owned(),
    };
    if !response.status().is_success() {
        return format!("it answers with status {}", response.status().as_u16());
    }
    tracing::info!(host = url.host_str().unwrap_or_default(), "webhooks come from the proxy");
    *pause = FIRST_PAUSE;
    let (mut body, mut events) = (response.into_body(), Events::default());
    loop {
        let frame = match tokio::time::timeout(SILENCE, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_)) | None) => return "the line broke".to_owned(),
            Err(_) => return "the line is silent".to_owned(),
        };
        let Some(chunk) = frame.data_ref() else { continue };
        for data in events.push(chunk) {
            match relayed(&data) {
                Some(relayed) => take(relayed).await,
                None => tracing::debug!("the proxy sent something that is no delivery"),
            }
        }
        if events.held() > LARGEST_EVENT {
            return "it sends more than a delivery can be".to_owned();
        }
    }
}

/// The data of server-sent events, put together from chunks.
#[derive(Default)]
struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    /// The event's name, where it has one; `message` is the usual.
    name: String,
    after_cr: bool,
}

impl Events {
    fn held(&self) -> usize {
        self.line.len() + self.data.len()
    }

    /// The data of each event that is whole now, and is a message.
    fn push(&mut self, chunk: &[u8]) -> Vec<Vec<u8>> {
        let mut whole = Vec::new();
        for &byte in chunk {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => whole.extend(self.end_line()),
                byte => self.line.push(byte),
            }
        }
        whole
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            return (!data.is_empty() && matches!(name.as_str(), "" | "message")).then_some(data);
        }
        let (field, value) = match line.iter().position(|&byte| byte == b':') {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line.as_slice(), &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if !self.data.is_empty() {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            _ => {}
        }
        None
    }
}

/// The delivery in a proxy's message.
fn relayed(data: &[u8]) -> Option<Relayed> {
    let message: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(data).ok()?;
    let body = message.get("body")?.get();
    let headers = headers(message.iter().map(|(name, value)| (name.as_str(), value.get())));
    headers.contains_key("x-github-event").then(|| Relayed { headers, body: Bytes::copy_from_slice(body.as_bytes()) })
}

/// GitHub's own among them; values are JSON.
fn headers<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> HeaderMap {
    let own = all.filter_map(|(name, value)| {
        let name = name.to_lowercase();
        let text: String = serde_json::from_str(value).ok()?;
        let is_own = name.starts_with("x-github-") || name.starts_with("x-hub-signature");
        is_own.then_some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(text).ok()?))
    });
    own.collect()
}

/// A delivery that was kept in a file: a proxy's message, GitHub's record of a delivery (`GET /app/hook/deliveries/ID`), headers
/// and payload as they came over the wire, or the payload alone.
///
/// # Errors
///
/// What the file should have been.
pub fn stored(bytes: &[u8]) -> Result<Relayed, String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return over_the_wire(bytes);
    }
    type Object = BTreeMap<String, Box<RawValue>>;
    let object: Object = serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON: {error}"))?;
    if let Some(relayed) = relayed(bytes) {
        return Ok(relayed);
    }
    let inner: Option<Object> = object.get("request").and_then(|request| serde_json::from_str(request.get()).ok());
    let record = inner.as_ref().unwrap_or(&object);
    let given: Option<Object> = record.get("headers").and_then(|headers| serde_json::from_str(headers.get()).ok());
    if let (Some(given), Some(payload)) = (given, record.get("payload").or_else(|| record.get("body"))) {
        let headers = headers(given.iter().map(|(name, value)| (name.as_str(), value.get())));
        return Ok(Relayed { headers, body: Bytes::copy_from_slice(payload.get().as_bytes()) });
    }
    Ok(Relayed { headers: HeaderMap::new(), body: Bytes::copy_from_slice(bytes) })
}

/// Lines of headers, an empty line, the payload.
fn over_the_wire(bytes: &[u8]) -> Result<Relayed, String> {
    const HELP: &str = "it is neither a JSON object nor lines of headers, an empty line and a JSON object";
    let text = std::str::from_utf8(bytes).map_err(|_| HELP.to_owned())?;
    let (mut found, mut at) = (HeaderMap::new(), 0);
    for line in text.split_inclusive('\n') {
        at += line.len();
        let line = line.trim_end();
        if line.is_empty() {
            let body = text.get(at..).unwrap_or_default().trim();
            if found.is_empty() || !body.starts_with('{') {
                break;
            }
            return Ok(Relayed { headers: found, body: Bytes::copy_from_slice(body.as_bytes()) });
        }
        if let Some((name, value)) = line.split_once(':') {
            let value = serde_json::Value::from(value.trim()).to_string();
            found.extend(headers([(name.trim(), value.as_str())].into_iter()));
        }
    }
    Err(HELP.to_owned())
}

/// A delivery could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("nobody answers at {0}")]
    NotSent(String),
    #[error("{0} did not answer")]
    NoAnswer(String),
}

/// Sends a delivery as GitHub would; status and first words of the answer.
pub async fn send(url: &Url, delivery: Relayed) -> Result<(u16, String), SendError> {
    let shown = url.as_str().to_owned();
    let mut request = Request::builder().method(Method::POST).uri(url.as_str());
    if let Some(all) = request.headers_mut() {
        all.extend(delivery.headers);
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        all.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    }
    let request = request.body(Full::new(delivery.body)).map_err(|_| SendError::NotSent(shown.clone()))?;
    let client = client()?;
    let exchange = async {
        let response = client.request(request).await.map_err(|error| match error.is_connect() {
            true => SendError::NotSent(shown.clone()),
            false => SendError::NoAnswer(shown.clone()),
        })?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), 4096).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        Ok((status, String::from_utf8_lossy(&body).trim().to_owned()))
    };
    tokio::time::timeout(ANSWER, exchange).await.unwrap_or(Err(SendError::NoAnswer(shown.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_put_together_whatever_the_chunks() {
        let stream = "event: ready\ndata: {}\n\n: comment\r\nid: 1\r\ndata: {\"a\":\r\ndata:1}\r\n\r\nevent: ping\ndata: {}\n\ndata: é\n\ndata\n\n";
        for size in [1, 2, 3, 7, 1000] {
            let mut events = Events::default();
            let found: Vec<String> = stream
                .as_bytes()
                .chunks(size)
                .flat_map(|chunk| events.push(chunk))
                .map(|data| String::from_utf8(data).expect("text"))
                .collect();
            assert_eq!(found, ["{\"a\":\n1}", "é"], "chunks of {size}");
        }
    }

    #[test]
    fn the_body_is_relayed_to_the_byte() {
        let data = br#"{"host":"smee.example","x-github-event":"push","X-Hub-Signature-256":"sha256=00","body":{"b": 1.0,"a":"\u00e9"},"query":{}}"#;
        let relayed = relayed(data).expect("a delivery");
        assert_eq!(relayed.body.as_ref(), br#"{"b": 1.0,"a":"\u00e9"}"#);
        assert_eq!(relayed.headers.len(), 2, "{:?}", relayed.headers);
        assert!(super::relayed(b"{}").is_none() && super::relayed(b"nonsense").is_none());
    }

    #[test]
    fn a_file_may_be_of_four_kinds() {
        let event = |file: &str| {
            let stored = stored(file.as_bytes()).expect("a delivery");
            let event = stored.headers.get("x-github-event").and_then(|event| event.to_str().ok()).unwrap_or("-");
            (event.to_owned(), String::from_utf8_lossy(&stored.body).into_owned())
        };
        let push = |body: &str| ("push".to_owned(), body.to_owned());
        assert_eq!(event(r#"{"x-github-event":"push","body":{"a":1}}"#), push(r#"{"a":1}"#));
        assert_eq!(event(r#"{"id":1,"request":{"headers":{"X-GitHub-Event":"push"},"payload":{"a":1}}}"#), push(r#"{"a":1}"#));
        assert_eq!(event(r#"{"headers":{"X-GitHub-Event":"push"},"body":{"a":1}}"#), push(r#"{"a":1}"#));
        assert_eq!(event("POST / HTTP/1.1\r\nX-GitHub-Event: push\r\n\r\n{\"a\":1}\n"), push(r#"{"a":1}"#));
        assert_eq!(event("{\"a\": 1}\n"), ("-".to_owned(), "{\"a\": 1}\n".to_owned()));
        for bad in ["", "nonsense", "[1]", "X-GitHub-Event: push\n\nnonsense", "{\"a\":"] {
            assert!(stored(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
