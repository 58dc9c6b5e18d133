//! The fake through its front door: HTTP in, state out. One file per subject; here is the client they share.

mod board;
mod client;
mod faults;
mod graphql;
mod issues;
mod pages;
mod pulls;
mod reviews;
mod tokens;
mod webhooks;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client as Http, rt::TokioExecutor};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;

/// A client with an installation token for `acme`.
pub(super) struct Client {
    pub github: FakeGitHub,
    pub token: String,
}

pub(super) struct Answered {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Value,
}

pub(super) fn jwt(issued: i64, expires: i64) -> String {
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({"iss": Config::default().app_id, "iat": now + issued, "exp": now + expires});
    let key = EncodingKey::from_rsa_pem(DEMO_PRIVATE_KEY.as_bytes()).expect("the demo key is a key");
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).expect("claims can be signed")
}

pub(super) async fn request(url: String, method: &str, credential: Option<&str>, body: Value) -> Result<Answered, String> {
    let client = Http::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut request = http::Request::builder().method(method).uri(url).header("user-agent", "tests");
    if let Some(credential) = credential {
        request = request.header("authorization", format!("Bearer {credential}"));
    }
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let answer = client.request(request.body(Full::new(body)).expect("a request")).await.map_err(|error| error.to_string())?;
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Ok(Answered { status: parts.status.as_u16(), headers: parts.headers, body })
}

impl Client {
    /// A world with `acme/app` (one file on `main`), the App installed, and a client of it.
    pub(super) async fn new() -> Self {
        let github = FakeGitHub::start(Config::default()).await.expect("a free port");
        let app = github.repository("acme", "app");
        app.commit("main", "Begin", &[Change::write("README.md", "# App\n")]);
        let id = github.organization("acme").install();
        github.lose_pending();
        let token = Self::mint(&github, id, Value::Null).await.body["token"].as_str().expect("a token").to_owned();
        github.forget_requests();
        Self { github, token }
    }

    pub(super) async fn mint(github: &FakeGitHub, installation: u64, body: Value) -> Answered {
        let url = format!("{}/app/installations/{installation}/access_tokens", github.url());
        request(url, "POST", Some(&jwt(-60, 540)), body).await.expect("an answer")
    }

    pub(super) fn app(&self) -> Repository {
        self.github.repository("acme", "app")
    }

    pub(super) async fn rest(&self, method: &str, path: &str, body: Value) -> Answered {
        request(format!("{}{path}", self.github.url()), method, Some(&self.token), body).await.expect("an answer")
    }

    pub(super) async fn graphql(&self, query: &str, variables: Value) -> Value {
        let answer = self.try_graphql(query, variables).await.expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    pub(super) async fn try_graphql(&self, query: &str, variables: Value) -> Result<Answered, String> {
        let body = json!({"query": query, "variables": variables});
        request(self.github.graphql_url(), "POST", Some(&self.token), body).await
    }

    pub(super) async fn repository_id(&self) -> String {
        let body = self.graphql(r#"{ repository(owner: "acme", name: "app") { id } }"#, json!({})).await;
        body["data"]["repository"]["id"].as_str().expect("an id").to_owned()
    }
}
