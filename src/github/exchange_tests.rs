//! The client against a scripted server on loopback: what is sent, how often, and what is made of the answers.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::graphql::{
    ActKind, Actor, BoardAdd, BoardProblem, BoardRef, FieldValue, FieldWrite, FileWrite, IssueAct, IssueHistory, LoadedDocument,
    NewCommit, NewIssue, Referent, Revision, TargetQuery,
};
use super::rest::{Annotation, AnnotationLevel, CheckRunOutput, CheckRunStatus, Conclusion, LineComment, NewCheckRun, Verdict};
use super::{Credentials, Endpoints, Error, GitHub, Installation, Settings};
use crate::ids::{CommitSha, InstallationId, IssueNumber, IssueRef, NodeId, RepositoryName};

const NOW: i64 = 1_800_000_000;

/// One answer of the script.
enum Reply {
    Json(u16, Value),
    With(u16, Vec<(&'static str, String)>, Value),
    Raw(Vec<u8>),
    /// Reads the request and closes the connection without an answer.
    Drop,
}

#[derive(Clone)]
struct Seen {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Value,
}

#[derive(Default)]
struct Script {
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    seen: Mutex<Vec<Seen>>,
    mints: Mutex<u32>,
    refuse_boards: Mutex<bool>,
    uninstalled: Mutex<bool>,
    token_seconds: Mutex<i64>,
}

/// A server that answers as told, by method and path; a token is always given.
struct Server {
    script: Arc<Script>,
    address: String,
    clock: Arc<Mutex<i64>>,
}

async fn answer(State(script): State<Arc<Script>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if path.ends_with("/access_tokens") {
        *script.mints.lock().unwrap() += 1;
        let count = *script.mints.lock().unwrap();
        // Long enough for everyone else to be waiting.
        tokio::time::sleep(Duration::from_millis(30)).await;
        if *script.refuse_boards.lock().unwrap() && body["permissions"].get("organization_projects").is_some() {
            return (
                StatusCode::UNPROCESSABLE_ENTITY,
                axum::Json(json!({"message": "The permissions requested are not granted"})),
            )
                .into_response();
        }
        if *script.uninstalled.lock().unwrap() {
            return (StatusCode::NOT_FOUND, axum::Json(json!({"message": "Not Found"}))).into_response();
        }
        let expires = Timestamp::from_second(*script.token_seconds.lock().unwrap()).unwrap();
        return (StatusCode::CREATED, axum::Json(json!({"token": format!("ghs_{count}"), "expires_at": expires.to_string()})))
            .into_response();
    }
    script.seen.lock().unwrap().push(Seen { method: method.clone(), path: path.clone(), headers, body });
    let reply = script.replies.lock().unwrap().get_mut(&format!("{method} {path}")).and_then(VecDeque::pop_front);
    match reply {
        None => (StatusCode::NOT_FOUND, axum::Json(json!({"message": format!("nothing scripted for {method} {path}")})))
            .into_response(),
        Some(Reply::Json(status, body)) => (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response(),
        Some(Reply::With(status, headers, body)) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        Some(Reply::Raw(bytes)) => bytes.into_response(),
        Some(Reply::Drop) => {
            // A body that fails before its first byte makes the server hang up.
            let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("hang up"))]);
            Response::builder().header("content-length", "10").body(axum::body::Body::from_stream(broken)).unwrap()
        }
    }
}

impl Server {
    async fn start() -> Self {
        let script = Arc::new(Script::default());
        *script.token_seconds.lock().unwrap() = NOW + 3600;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/api/v3", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { script, address, clock: Arc::new(Mutex::new(NOW)) }
    }

    fn settings(&self) -> Settings {
        let clock = self.clock.clone();
        Settings {
            write_interval: Duration::ZERO,
            read_backoff: Duration::from_millis(1),
            request_timeout: Duration::from_secs(5),
            clock: Arc::new(move || Timestamp::from_second(*clock.lock().unwrap()).unwrap()),
            ..Settings::default()
        }
    }

    fn github_with(&self, settings: Settings) -> GitHub {
        let credentials = Credentials::new("123", &SecretString::from(super::app::tests::PKCS1)).unwrap();
        GitHub::new(credentials, Endpoints::from_rest(&self.address).unwrap(), settings).unwrap()
    }

    fn installation(&self) -> Installation {
        self.github_with(self.settings()).installation(InstallationId(7))
    }

    fn on(&self, request: &str, reply: Reply) {
        self.script.replies.lock().unwrap().entry(request.to_owned()).or_default().push_back(reply);
    }

    fn graphql(&self, reply: Value) {
        self.on(GRAPHQL, Reply::Json(200, reply));
    }

    fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().unwrap().clone()
    }

    fn mints(&self) -> u32 {
        *self.script.mints.lock().unwrap()
    }
}

const GRAPHQL: &str = "POST /api/graphql";
const COMMENTS: &str = "POST /api/v3/repos/acme/shop/issues/5/comments";

fn shop() -> RepositoryName {
    RepositoryName::new("acme", "shop")
}

fn issue(title: &str) -> NewIssue {
    NewIssue {
        repository_id: NodeId::new("R_1"),
        title: title.to_owned(),
        body: "text".to_owned(),
        label_ids: vec![NodeId::new("L_1")],
        assignee_ids: Vec::new(),
        issue_type_id: None,
        milestone_id: None,
        parent: None,
        project_ids: vec![NodeId::new("PVT_1")],
    }
}

fn comment() -> Value {
    json!({"id": 9, "node_id": "C_9", "body": "hello", "html_url": "u", "user": {"login": "x[bot]"}, "performed_via_github_app": {"id": 123}})
}

#[tokio::test]
async fn fifty_tasks_that_need_a_token_mint_one() {
    let server = Server::start().await;
    let installation = server.installation();
    for _ in 0..50 {
        server.on("GET /api/v3/repos/acme/shop/assignees/ada-example", Reply::Json(404, json!({})));
    }
    let ask = || {
        let installation = installation.clone();
        tokio::spawn(async move { installation.is_assignable(&shop(), "ada-example").await })
    };
    let tasks: Vec<_> = (0..50).map(|_| ask()).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(false));
    }
    assert_eq!(server.mints(), 1);
}

#[tokio::test]
async fn fifty_tasks_that_cannot_get_a_token_share_one_failure() {
    let server = Server::start().await;
    *server.script.uninstalled.lock().unwrap() = true;
    let installation = server.installation();
    let ask = || {
        let installation = installation.clone();
        tokio::spawn(async move { installation.is_assignable(&shop(), "ada-example").await })
    };
    let tasks: Vec<_> = (0..50).map(|_| ask()).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Err(Error::NotInstalled));
    }
    assert_eq!(server.mints(), 1);
    // Whoever comes later asks anew: the App may be there again.
    *server.script.uninstalled.lock().unwrap() = false;
    assert_eq!(installation.is_assignable(&shop(), "ada-example").await, Ok(false));
}

#[tokio::test]
async fn a_token_is_replaced_five_minutes_before_it_ends() {
    let server = Server::start().await;
    let installation = server.installation();
    for (second, mints) in [(NOW, 1), (NOW + 3200, 1), (NOW + 3301, 2)] {
        *server.clock.lock().unwrap() = second;
        installation.is_assignable(&shop(), "ada-example").await.unwrap();
        *server.script.token_seconds.lock().unwrap() = NOW + 7200;
        assert_eq!(server.mints(), mints);
    }
}

#[tokio::test]
async fn a_dead_token_is_replaced_and_the_write_sent_once_more() {
    let server = Server::start().await;
    server.on(COMMENTS, Reply::Json(401, json!({"message": "Bad credentials"})));
    server.on(COMMENTS, Reply::Json(201, comment()));
    let made = server.installation().create_comment(&shop(), IssueNumber(5), "hello").await.unwrap();
    assert_eq!((made.id, made.app), (9, Some(123)));
    let tokens: Vec<_> = server.seen().iter().map(|seen| seen.headers["authorization"].to_str().unwrap().to_owned()).collect();
    assert_eq!(tokens, ["Bearer ghs_1", "Bearer ghs_2"]);
}

#[tokio::test]
async fn credentials_that_stay_bad_are_an_error_and_not_a_loop() {
    let server = Server::start().await;
    for _ in 0..9 {
        server.on(COMMENTS, Reply::Json(401, json!({"message": "Bad credentials"})));
    }
    let error = server.installation().create_comment(&shop(), IssueNumber(5), "hello").await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_creation_is_never_sent_twice() {
    for reply in [
        Reply::Json(502, json!({"message": "Server Error"})),
        Reply::Json(500, json!({})),
        Reply::Drop,
        Reply::Raw(b"<html>proxy</html>".to_vec()),
    ] {
        let server = Server::start().await;
        server.on(COMMENTS, reply);
        let error = server.installation().create_comment(&shop(), IssueNumber(5), "hello").await.unwrap_err();
        assert!(error.is_unknown(), "{error:?}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_head_of_the_answer_is_a_lost_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let counted = Arc::new(Mutex::new(Vec::new()));
    let requests = counted.clone();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((mut stream, _)) = listener.accept().await {
            let requests = requests.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 65536];
                // The token and the write come over one connection, which breaks when the write has been read.
                loop {
                    let mut request = String::new();
                    while !request.ends_with('}') {
                        let read = stream.read(&mut buffer).await.unwrap_or(0);
                        if read == 0 {
                            return;
                        }
                        request.push_str(&String::from_utf8_lossy(&buffer[..read]));
                    }
                    let line = request.lines().next().unwrap_or_default().to_owned();
                    let minting = line.contains("access_tokens");
                    requests.lock().unwrap().push(line);
                    if !minting {
                        return;
                    }
                    let body =
                        format!(r#"{{"token": "ghs_1", "expires_at": "{}"}}"#, Timestamp::from_second(NOW + 3600).unwrap());
                    let head = format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n", body.len());
                    let _ = stream.write_all((head + &body).as_bytes()).await;
                }
            });
        }
    });
    let server = Server { script: Arc::default(), address: format!("http://{address}"), clock: Arc::new(Mutex::new(NOW)) };
    let results = server.installation().create_issues(&[issue("a"), issue("b")]).await;
    assert!(results.iter().all(|result| result.as_ref().is_err_and(Error::is_unknown)), "{results:?}");
    let requests = counted.lock().unwrap().clone();
    assert_eq!(requests.iter().filter(|line| line.contains("/graphql")).count(), 1, "{requests:?}");
}

#[tokio::test]
async fn a_request_that_never_left_may_be_repeated() {
    // A port that was just free.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server { script: Arc::default(), address: format!("http://{address}"), clock: Arc::new(Mutex::new(NOW)) };
    let error = server.installation().create_comment(&shop(), IssueNumber(5), "hello").await.unwrap_err();
    assert!(matches!(error, Error::Transient { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_a_lost_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().fallback(|uri: Uri| async move {
        if uri.path().ends_with("/access_tokens") {
            let expires = Timestamp::from_second(NOW + 3600).unwrap().to_string();
            return (StatusCode::CREATED, axum::Json(json!({"token": "ghs_1", "expires_at": expires}))).into_response();
        }
        std::future::pending::<Response>().await
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    let server = Server { script: Arc::default(), address: format!("http://{address}"), clock: Arc::new(Mutex::new(NOW)) };
    let settings = Settings { request_timeout: Duration::from_millis(200), ..server.settings() };
    let installation = server.github_with(settings).installation(InstallationId(7));
    assert!(installation.create_comment(&shop(), IssueNumber(5), "hello").await.unwrap_err().is_unknown());
}

#[tokio::test]
async fn a_read_is_tried_again_and_then_given_up() {
    let server = Server::start().await;
    let path = "GET /api/v3/repos/acme/shop/issues/5/comments?per_page=100";
    server.on(path, Reply::Json(502, json!({})));
    server.on(path, Reply::Drop);
    server.on(path, Reply::Json(200, json!([comment()])));
    assert_eq!(server.installation().list_comments(&shop(), IssueNumber(5)).await.unwrap().len(), 1);
    assert_eq!(server.seen().len(), 3);
    for _ in 0..9 {
        server.on(path, Reply::Json(503, json!({})));
    }
    let error = server.installation().list_comments(&shop(), IssueNumber(5)).await.unwrap_err();
    assert!(matches!(error, Error::Transient { .. }));
    assert_eq!(server.seen().len(), 3 + 4);
}

#[tokio::test]
async fn a_set_that_failed_is_not_repeated_by_itself() {
    let server = Server::start().await;
    server.on("PATCH /api/v3/repos/acme/shop/issues/comments/9", Reply::Json(502, json!({})));
    let error = server.installation().update_comment(&shop(), 9, "hello").await.unwrap_err();
    assert!(matches!(error, Error::Transient { .. }));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn pages_are_followed_on_any_host_with_the_token() {
    let server = Server::start().await;
    let next = format!("<{}/repositories/11/pulls/5/files?page=2>; rel=\"next\"", server.address);
    let file = |name: &str| json!({"filename": name, "status": "renamed", "previous_filename": "old.md", "patch": "@@"});
    server.on(
        "GET /api/v3/repos/acme/shop/pulls/5/files?per_page=100",
        Reply::With(200, vec![("link", next)], json!([file("a.md")])),
    );
    server.on(
        "GET /api/v3/repositories/11/pulls/5/files?page=2",
        Reply::Json(200, json!([{"filename": "b.md", "status": "surprising"}])),
    );
    let files = server.installation().list_pull_request_files(&shop(), IssueNumber(5)).await.unwrap();
    let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a.md", "b.md"]);
    assert_eq!(server.seen()[1].path, "/api/v3/repositories/11/pulls/5/files?page=2");
    assert_eq!(files[0].previous_path.as_deref(), Some("old.md"));
    for seen in server.seen() {
        assert_eq!(seen.headers.get_all("authorization").iter().collect::<Vec<_>>(), ["Bearer ghs_1"]);
    }
}

#[tokio::test]
async fn the_token_never_follows_a_page_or_redirect_to_another_origin() {
    let elsewhere = Server::start().await;
    let server = Server::start().await;
    let path = "GET /api/v3/repos/acme/shop/issues/5/comments?per_page=100";
    server.on(path, Reply::With(200, vec![("link", format!("<{}/more>; rel=\"next\"", elsewhere.address))], json!([])));
    let error = server.installation().list_comments(&shop(), IssueNumber(5)).await.unwrap_err();
    assert!(error.is_permanent(), "{error:?}");
    server.on(path, Reply::With(302, vec![("location", format!("{}/more", elsewhere.address))], json!({})));
    assert!(server.installation().list_comments(&shop(), IssueNumber(5)).await.is_err());
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_renamed_repository_is_followed_with_the_same_request() {
    let server = Server::start().await;
    let location = format!("{}/repositories/11/issues/5/comments", server.address);
    server.on(COMMENTS, Reply::With(307, vec![("location", location)], json!({})));
    server.on("POST /api/v3/repositories/11/issues/5/comments", Reply::Json(201, comment()));
    server.installation().create_comment(&shop(), IssueNumber(5), "hello").await.unwrap();
    let seen = server.seen();
    assert_eq!((seen[1].method.clone(), &seen[1].body), (Method::POST, &json!({"body": "hello"})));
}

#[tokio::test]
async fn each_required_header_is_sent_once() {
    let server = Server::start().await;
    server.on(COMMENTS, Reply::Json(201, comment()));
    server.installation().create_comment(&shop(), IssueNumber(5), "hello").await.unwrap();
    let headers = &server.seen()[0].headers;
    let agent = concat!("followthrough/", env!("CARGO_PKG_VERSION"));
    for (name, value) in [
        ("user-agent", agent),
        ("x-github-api-version", "2022-11-28"),
        ("accept", "application/vnd.github+json"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), [value], "{name}");
    }
}

#[tokio::test]
async fn nothing_is_sent_while_github_asks_for_silence() {
    let server = Server::start().await;
    let slow = json!({"message": "You have exceeded a secondary rate limit."});
    server.on(COMMENTS, Reply::With(403, vec![("retry-after", "30".to_owned())], slow));
    let installation = server.installation();
    let error = installation.create_comment(&shop(), IssueNumber(5), "hello").await.unwrap_err();
    let until = Timestamp::from_second(NOW + 30).unwrap();
    assert_eq!(error, Error::RateLimited { retry_at: until });
    assert_eq!(installation.list_comments(&shop(), IssueNumber(5)).await.unwrap_err(), Error::RateLimited { retry_at: until });
    assert_eq!(server.seen().len(), 1);
    *server.clock.lock().unwrap() = NOW + 30;
    server.on(COMMENTS, Reply::Json(201, comment()));
    assert!(installation.create_comment(&shop(), IssueNumber(5), "hello").await.is_ok());
}

#[tokio::test]
async fn a_graphql_limit_with_status_200_is_heard() {
    let server = Server::start().await;
    let reset = (NOW + 600).to_string();
    let headers = vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", reset)];
    let limited =
        json!({"errors": [{"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "API rate limit already exceeded"}]});
    server.on(GRAPHQL, Reply::With(200, headers, limited));
    let installation = server.installation();
    let result = installation.create_issues(&[issue("a")]).await.remove(0);
    assert_eq!(result, Err(Error::RateLimited { retry_at: Timestamp::from_second(NOW + 601).unwrap() }));
    assert!(matches!(installation.read_issues(&[NodeId::new("I_1")]).await, Err(Error::RateLimited { .. })));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn writes_of_one_installation_go_one_at_a_time_and_reads_do_not_wait() {
    let server = Server::start().await;
    let interval = Duration::from_millis(200);
    let github = server.github_with(Settings { write_interval: interval, ..server.settings() });
    let (installation, other) = (github.installation(InstallationId(7)), github.installation(InstallationId(8)));
    for _ in 0..4 {
        server.on(COMMENTS, Reply::Json(201, comment()));
    }
    let (start, repository) = (Instant::now(), shop());
    let writes = async {
        let writes = (0..3).map(|_| installation.create_comment(&repository, IssueNumber(5), "hello"));
        for result in futures_util::future::join_all(writes).await {
            result.unwrap();
        }
        start.elapsed()
    };
    let reads = async {
        installation.is_assignable(&shop(), "ada-example").await.unwrap();
        other.create_comment(&shop(), IssueNumber(5), "hello").await.unwrap();
        start.elapsed()
    };
    let (writes, reads) = futures_util::join!(writes, reads);
    assert!(writes >= interval * 2, "{writes:?}");
    assert!(reads < writes, "{reads:?} {writes:?}");
}

#[tokio::test]
async fn a_batch_of_issues_says_for_each_what_became_of_it() {
    let server = Server::start().await;
    server.graphql(json!({
        "data": {
            "i0": {"issue": {"id": "I_0", "number": 1, "url": "u", "projectItems": {"nodes": [{"id": "PVTI_0", "project": {"id": "PVT_1"}}]}}},
            "i1": null, "i2": null, "i3": {"issue": null},
        },
        "errors": [
            {"type": "UNPROCESSABLE", "path": ["i1"], "message": "Title can't be blank"},
            {"type": "UNPROCESSABLE", "path": ["i2"], "message": "was submitted too quickly"},
        ],
    }));
    let installation = server.installation();
    let results = installation.create_issues(&[issue("a"), issue(""), issue("c"), issue("d")]).await;
    let made = results[0].as_ref().unwrap();
    assert_eq!(
        (made.number, made.board_items.as_slice()),
        (IssueNumber(1), &[(NodeId::new("PVT_1"), NodeId::new("PVTI_0"))][..])
    );
    assert!(matches!(results[1], Err(Error::Refused { .. })));
    assert!(matches!(results[2], Err(Error::RateLimited { .. })));
    assert!(results[3].as_ref().unwrap_err().is_unknown());
    let sent = &server.seen()[0].body["variables"]["i0"];
    let expected = json!({"repositoryId": "R_1", "title": "a", "body": "text", "labelIds": ["L_1"], "projectV2Ids": ["PVT_1"]});
    assert_eq!(*sent, expected);
    // One of them was too fast, so the next request waits.
    assert!(matches!(installation.read_issues(&[NodeId::new("I_0")]).await, Err(Error::RateLimited { .. })));
}

#[tokio::test]
async fn fresh_issues_are_found_for_the_board_in_the_end_and_those_on_it_already_too() {
    let server = Server::start().await;
    let missing = json!({"type": "NOT_FOUND", "path": ["a1"], "message": "Could not resolve to a node"});
    let there = json!({"type": "UNPROCESSABLE", "path": ["a2"], "message": "Content already exists in this project"});
    server.graphql(json!({"data": {"a0": {"item": {"id": "PVTI_0"}}, "a1": null, "a2": null}, "errors": [missing, there]}));
    server.graphql(json!({"data": {"a0": {"item": {"id": "PVTI_1"}}}}));
    server.graphql(json!({"data": {"nodes": [{
        "id": "I_2", "number": 2, "title": "t", "url": "u", "state": "OPEN", "updatedAt": "2026-11-20T10:00:00Z",
        "repository": {"databaseId": 9, "nameWithOwner": "acme/shop"},
        "projectItems": {"nodes": [{"id": "PVTI_2", "project": {"id": "PVT_1"}, "fieldValues": {"nodes": [{}, null]}}]},
    }]}}));
    let adds: Vec<_> =
        (0..3).map(|at| BoardAdd { project: NodeId::new("PVT_1"), content: NodeId::new(format!("I_{at}")) }).collect();
    let items = server.installation().add_board_items(&adds).await;
    assert_eq!(items, [Ok(NodeId::new("PVTI_0")), Ok(NodeId::new("PVTI_1")), Ok(NodeId::new("PVTI_2"))]);
    assert_eq!(server.seen()[1].body["variables"], json!({"a0": {"projectId": "PVT_1", "contentId": "I_1"}}));
}

#[tokio::test]
async fn fields_are_set_by_type_and_read_back() {
    let server = Server::start().await;
    let write = |field: &str, value| FieldWrite {
        project: NodeId::new("PVT_1"),
        item: NodeId::new("PVTI_1"),
        field: NodeId::new(field),
        value,
    };
    let writes = [
        write("F_1", FieldValue::SingleSelect("f75ad846".to_owned())),
        write("F_2", FieldValue::Date(jiff::civil::date(2026, 12, 1))),
        write("F_3", FieldValue::Number(2.5)),
    ];
    let values = json!({"nodes": [{}, {"field": {"id": "F_1", "name": "Status"}, "optionId": "f75ad846"}]});
    let refused = json!({"type": "FORBIDDEN", "path": ["f2"], "message": "Resource not accessible by integration"});
    server.graphql(json!({
        "data": {"f0": {"projectV2Item": {"id": "PVTI_1", "fieldValues": values}}, "f1": {"projectV2Item": {"id": "PVTI_1"}}, "f2": null},
        "errors": [refused],
    }));
    let written = server.installation().set_board_fields(&writes).await;
    assert_eq!(written[0].as_ref().unwrap().value, Some(writes[0].value.clone()));
    assert_eq!(written[1].as_ref().unwrap().value, None);
    assert!(written[2].as_ref().unwrap_err().is_permanent());
    let variables = &server.seen()[0].body["variables"];
    assert_eq!(variables["f0"]["value"], json!({"singleSelectOptionId": "f75ad846"}));
    assert_eq!(variables["f1"]["value"], json!({"date": "2026-12-01"}));
    assert_eq!(variables["f2"]["value"], json!({"number": 2.5}));
}

#[tokio::test]
async fn a_label_that_is_there_already_is_looked_up() {
    let server = Server::start().await;
    let label =
        |name: &str| super::graphql::NewLabel { name: name.to_owned(), color: "#5319e7".to_owned(), description: String::new() };
    let refused = json!({"type": "UNPROCESSABLE", "path": ["l1"], "message": "Name has already been taken"});
    server.graphql(json!({"data": {"l0": {"label": {"id": "L_0"}}, "l1": null}, "errors": [refused]}));
    server.graphql(json!({"data": {"node": {"l0": {"id": "L_0"}, "l1": {"id": "L_1"}}}}));
    let made = server.installation().create_labels(&NodeId::new("R_1"), &[label("a"), label("b")]).await;
    assert_eq!(made, [Ok(NodeId::new("L_0")), Ok(NodeId::new("L_1"))]);
    assert_eq!(server.seen()[0].body["variables"]["l0"]["color"], "5319e7");
}

#[tokio::test]
async fn documents_come_whole_or_say_why_not() {
    let server = Server::start().await;
    server.graphql(json!({"data": {"repository": {
        "d0": {"oid": "o0", "text": "# A\r\n", "isTruncated": false, "isBinary": false, "byteSize": 5},
        "d1": null,
        "d2": {"oid": "o2", "text": null, "isTruncated": false, "isBinary": true, "byteSize": 7},
        "d3": {"oid": "o3", "text": "cut", "isTruncated": true, "isBinary": false, "byteSize": 6},
        "d4": {"oid": "o4", "text": null, "isTruncated": true, "isBinary": false, "byteSize": 99_000_000},
        "d5": {},
    }}}));
    server.on("GET /api/v3/repos/acme/shop/contents/post%20mortems/%C3%BCber%3F.md?ref=abc", Reply::Raw(b"whole\xff".to_vec()));
    let revision = |path: &str| Revision { commit: CommitSha::new("abc"), path: path.to_owned() };
    let wanted = ["a.md", "b.md", "c.md", "post mortems/über?.md", "e.md", "f.md"].map(revision);
    let loaded = server.installation().load_documents(&shop(), &wanted).await.unwrap();
    let loaded: Vec<_> = loaded.into_iter().map(Result::unwrap).collect();
    assert_eq!(loaded[0], LoadedDocument::Found { oid: "o0".to_owned(), bytes: b"# A\r\n".to_vec() });
    assert_eq!(loaded[1], LoadedDocument::Missing);
    assert_eq!(loaded[2], LoadedDocument::Binary);
    assert_eq!(loaded[3], LoadedDocument::Found { oid: "o3".to_owned(), bytes: b"whole\xff".to_vec() });
    assert_eq!(loaded[4], LoadedDocument::TooLarge { bytes: 99_000_000 });
    assert_eq!(loaded[5], LoadedDocument::Missing);
    assert_eq!(server.seen()[0].body["variables"]["d3"], "abc:post mortems/über?.md");
    assert_eq!(server.seen()[1].headers["accept"], "application/vnd.github.raw+json");
}

#[tokio::test]
async fn a_file_is_read_from_servers_that_only_speak_json() {
    let server = Server::start().await;
    let path = "GET /api/v3/repos/acme/shop/contents/a.md";
    server.on(path, Reply::Json(200, json!({"encoding": "base64", "content": "IyBB\nDQr/\n", "path": "a.md"})));
    assert_eq!(server.installation().load_contents(&shop(), "a.md", None).await.unwrap(), b"# A\r\n\xff");
    // GitHub sends no content for files over 1 MB in JSON, and a list for a folder.
    for reply in [json!({"encoding": "none", "content": ""}), json!([])] {
        (0..4).for_each(|_| server.on(path, Reply::Json(200, reply.clone())));
        assert!(matches!(server.installation().load_contents(&shop(), "a.md", None).await, Err(Error::Malformed { .. })));
    }
}

fn pull_request() -> Value {
    json!({
        "id": "PR_5", "number": 5, "title": "Postmortem", "url": "u", "state": "MERGED", "isDraft": false, "merged": true,
        "mergedAt": "2026-11-20T10:00:00Z", "createdAt": "2026-11-20T09:00:00Z", "headRefOid": "abc", "headRefName": "pm",
        "baseRefName": "main", "isCrossRepository": true, "headRepository": null, "mergeCommit": {"oid": "def"}, "author": null,
        "files": {"totalCount": 1, "nodes": [{"path": "postmortems/a.md", "changeType": "ADDED"}], "pageInfo": {"hasNextPage": false}},
        "comments": {
            "totalCount": 101, "pageInfo": {"hasNextPage": true, "endCursor": "c1"},
            "nodes": [{"id": "C_1", "fullDatabaseId": "9000000000", "body": "b", "viewerDidAuthor": true, "url": "u"}],
        },
    })
}

#[tokio::test]
async fn a_pull_request_and_its_configuration_cost_one_request() {
    let server = Server::start().await;
    let blob = json!({"oid": "o1", "text": "version: 1\n", "isTruncated": false, "isBinary": false, "byteSize": 11});
    server.graphql(json!({
        "data": {
            "repository": {
                "id": "R_1", "databaseId": 11, "nameWithOwner": "acme/shop", "url": "https://github.com/acme/shop", "isArchived": false,
                "hasIssuesEnabled": true, "isPrivate": true,
                "defaultBranchRef": {"name": "main", "target": {"oid": "fff"}}, "configuration": blob, "pullRequest": pull_request(),
            },
            "ownerRepository": null,
        },
        "errors": [{"type": "NOT_FOUND", "path": ["ownerRepository"], "message": "Could not resolve to a Repository"}],
    }));
    let loaded = server.installation().load_pull_request(&shop(), IssueNumber(5)).await.unwrap();
    assert_eq!(loaded.configuration.unwrap().bytes, b"version: 1\n");
    assert_eq!(loaded.owner_configuration, None);
    let pull_request = loaded.pull_request;
    assert_eq!(pull_request.state, super::graphql::PullRequestState::Merged);
    assert_eq!(pull_request.comments[0].id, 9_000_000_000);
    assert_eq!(pull_request.comments_after.as_deref(), Some("c1"));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_pull_request_that_is_not_there_is_not_found() {
    let server = Server::start().await;
    server.graphql(json!({
        "data": {"repository": null, "ownerRepository": null},
        "errors": [{"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository"}],
    }));
    let error = server.installation().load_pull_request(&shop(), IssueNumber(5)).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}

fn target_query() -> TargetQuery {
    TargetQuery {
        repository: shop(),
        labels: vec!["postmortem".to_owned(), "missing".to_owned()],
        logins: vec!["Ada-Example".to_owned(), "nobody-example".to_owned(), "al".to_owned()],
        references: vec![IssueRef::new(shop(), IssueNumber(88)), IssueRef::new(shop(), IssueNumber(89))],
        issue_type: Some("Task".to_owned()),
        board: Some(BoardRef { owner: "acme".to_owned(), number: 7 }),
    }
}

fn target_repository() -> Value {
    json!({
        "id": "R_1", "databaseId": 11, "nameWithOwner": "acme/shop", "isArchived": false, "hasIssuesEnabled": true, "isPrivate": false,
        "viewerPermission": "WRITE", "issueType": {"id": "IT_1", "isEnabled": true},
        "l0": {"id": "L_0"}, "l1": null,
        "a2": {"totalCount": 1, "nodes": [{"id": "U_1", "login": "ada-example"}]},
        "a3": {"totalCount": 0, "nodes": []},
        "a4": {"totalCount": 11, "nodes": [{"id": "U_9", "login": "alan-example"}]},
    })
}

#[tokio::test]
async fn everything_about_the_target_comes_in_one_answer() {
    let server = Server::start().await;
    let field = |id: &str, name: &str, kind: &str| json!({"id": id, "name": name, "dataType": kind});
    let iteration = json!({"id": "F_3", "name": "Sprint", "dataType": "ITERATION", "configuration": {
        "iterations": [{"id": "c4", "title": "S1", "startDate": "2026-11-16", "duration": 14}], "completedIterations": [],
    }});
    let more = json!({"hasNextPage": true, "endCursor": "f1"});
    let fields = json!({"pageInfo": more, "nodes": [field("F_1", "Title", "TITLE"), field("F_2", "Due", "DATE"), iteration, {}]});
    let issue = json!({
        "__typename": "Issue", "id": "I_88", "number": 88, "title": "t", "body": "b", "url": "u", "issueState": "CLOSED",
        "stateReason": "NOT_PLANNED", "repository": {"databaseId": 9, "nameWithOwner": "acme/shop", "isPrivate": false}, "labels": {"nodes": [{"name": "bug"}]},
        "projectItems": {"nodes": [{"id": "PVTI_8", "project": {"id": "PVT_1"}}, {"id": "PVTI_9", "project": null}]},
    });
    server.graphql(json!({
        "data": {
            "repository": target_repository(),
            "u2": {"id": "U_1"}, "u3": null, "u4": {"id": "U_4"},
            "i5": {"isArchived": false, "viewerPermission": null, "it": issue},
            "i6": {"isArchived": false, "viewerPermission": null, "it": null},
            "board": {"__typename": "Organization", "projectV2": {
                "id": "PVT_1", "title": "Triage", "url": "u", "closed": false, "viewerCanUpdate": true, "fields": fields,
            }},
        },
        "errors": [
            {"type": "NOT_FOUND", "path": ["u3"], "message": "Could not resolve to a User"},
            {"type": "NOT_FOUND", "path": ["i6", "it"], "message": "Could not resolve to an issue"},
        ],
    }));
    let select =
        json!({"id": "F_4", "name": "Severity", "dataType": "SINGLE_SELECT", "options": [{"id": "ab", "name": "SEV-1"}]});
    server.graphql(json!({"data": {"node": {"fields": {"pageInfo": {"hasNextPage": false}, "nodes": [select]}}}}));
    server.on("GET /api/v3/repos/acme/shop/assignees/al", Reply::With(204, Vec::new(), Value::Null));

    let target = server.installation().load_target(&target_query()).await.unwrap();
    assert_eq!(target.labels.len(), 1);
    assert!(target.people["Ada-Example"].assignable && !target.people.contains_key("nobody-example"));
    assert!(target.people["al"].assignable, "hidden behind longer names, so asked for by itself");
    assert_eq!(target.issue_type, Some(NodeId::new("IT_1")));
    let Referent::Issue(issue) = &target.references[&IssueRef::new(shop(), IssueNumber(88))] else { panic!("an issue") };
    assert_eq!(issue.state_reason.as_deref(), Some("not_planned"));
    assert_eq!(issue.board_items, [(NodeId::new("PVT_1"), NodeId::new("PVTI_8"))]);
    assert_eq!(target.references[&IssueRef::new(shop(), IssueNumber(89))], Referent::NotFound);
    let board = target.board.unwrap().unwrap();
    let names: Vec<_> = board.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["Title", "Due", "Sprint", "Severity"]);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_board_that_cannot_be_used_says_why_and_spoils_nothing() {
    let not_found = |path: Value| json!({"type": "NOT_FOUND", "path": path, "message": "Could not resolve"});
    let forbidden =
        json!({"type": "FORBIDDEN", "path": ["board", "projectV2"], "message": "Resource not accessible by integration"});
    let organization = json!({"__typename": "Organization", "projectV2": null});
    for (board, error, problem) in [
        (Value::Null, not_found(json!(["board"])), BoardProblem::OwnerNotFound),
        (json!({"__typename": "User", "projectV2": null}), not_found(json!(["board", "projectV2"])), BoardProblem::UserOwned),
        (organization.clone(), not_found(json!(["board", "projectV2"])), BoardProblem::NotFound),
        (
            organization,
            forbidden,
            BoardProblem::Failed(Error::Refused {
                refusal: super::Refusal::Forbidden,
                message: "Resource not accessible by integration".to_owned(),
            }),
        ),
    ] {
        let server = Server::start().await;
        server.graphql(json!({"data": {"repository": target_repository(), "board": board}, "errors": [error]}));
        let query = TargetQuery { labels: Vec::new(), logins: Vec::new(), references: Vec::new(), ..target_query() };
        let target = server.installation().load_target(&query).await.unwrap();
        assert_eq!(target.board, Some(Err(problem)));
        assert_eq!(target.repository.name, shop());
    }
}

#[tokio::test]
async fn an_installation_without_boards_works_and_says_so() {
    let server = Server::start().await;
    *server.script.refuse_boards.lock().unwrap() = true;
    let installation = server.installation();
    installation.is_assignable(&shop(), "ada-example").await.unwrap();
    assert_eq!(server.mints(), 2, "refused with boards, granted without");
    assert!(installation.boards_refused(), "callers can say that the permission is missing");
    server.graphql(json!({"data": {"repository": target_repository(), "board": null}}));
    let query = TargetQuery { labels: Vec::new(), logins: Vec::new(), references: Vec::new(), ..target_query() };
    let target = installation.load_target(&query).await.unwrap();
    assert_eq!(target.board, Some(Err(BoardProblem::NotGranted)));
}

#[tokio::test]
async fn many_lookups_go_into_several_requests() {
    let server = Server::start().await;
    let references: Vec<_> = (1..=130).map(|number| IssueRef::new(shop(), IssueNumber(number))).collect();
    for _ in 0..3 {
        server.graphql(json!({"data": {"repository": target_repository()}}));
    }
    let query =
        TargetQuery { labels: Vec::new(), logins: Vec::new(), references, issue_type: None, board: None, ..target_query() };
    let target = server.installation().load_target(&query).await.unwrap();
    assert_eq!(target.references.len(), 130);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn annotations_over_fifty_go_into_further_requests() {
    let server = Server::start().await;
    let annotation = |line| Annotation {
        path: "a.md".to_owned(),
        start_line: line,
        end_line: line + line % 2,
        start_column: Some(1),
        end_column: Some(2),
        level: AnnotationLevel::Warning,
        title: "t".to_owned(),
        message: "m".to_owned(),
    };
    let run = NewCheckRun {
        name: "Followthrough".to_owned(),
        head: CommitSha::new("abc"),
        status: CheckRunStatus::Completed,
        conclusion: Some(Conclusion::Neutral),
        external_id: "acme/shop#5".to_owned(),
        details_url: None,
        output: CheckRunOutput {
            title: "t".to_owned(),
            summary: "s".to_owned(),
            text: None,
            annotations: (1..=120).map(annotation).collect(),
        },
    };
    let made = json!({"id": 3, "name": "Followthrough", "head_sha": "abc", "status": "completed", "conclusion": "neutral", "external_id": "x"});
    server.on("POST /api/v3/repos/acme/shop/check-runs", Reply::Json(201, made.clone()));
    for _ in 0..2 {
        server.on("PATCH /api/v3/repos/acme/shop/check-runs/3", Reply::Json(200, made.clone()));
    }
    let (made, annotated) = server.installation().create_check_run(&shop(), &run).await.unwrap();
    assert_eq!((made.id, annotated), (3, Ok(())));
    let sent: Vec<usize> =
        server.seen().iter().map(|seen| seen.body["output"]["annotations"].as_array().unwrap().len()).collect();
    assert_eq!(sent, [50, 50, 20]);
    let first = &server.seen()[0].body["output"]["annotations"];
    assert!(first[0].get("start_column").is_none() && first[1].get("start_column").is_some(), "columns only on one line");
}

#[tokio::test]
async fn issues_are_listed_by_creator_without_pull_requests() {
    let server = Server::start().await;
    let entry = |number: u64, extra: Value| {
        let mut entry = json!({
            "number": number, "node_id": "I", "title": "t", "body": null, "state": "closed", "state_reason": "completed", "html_url": "u",
            "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z",
        });
        entry.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        entry
    };
    let path = "GET /api/v3/repos/acme/shop/issues?state=all&creator=followthrough%5Bbot%5D&sort=created&direction=asc&per_page=100&since=2027-01-15T08%3A00%3A00Z";
    server.on(path, Reply::Json(200, json!([entry(1, json!({})), entry(2, json!({"pull_request": {}}))])));
    let since = Timestamp::from_second(NOW).unwrap();
    let issues = server.installation().list_issues_by_app(&shop(), "followthrough[bot]", Some(since)).await.unwrap();
    assert_eq!(issues.iter().map(|issue| issue.number).collect::<Vec<_>>(), [IssueNumber(1)]);
}

#[tokio::test]
async fn comments_on_lines_are_sent_as_one_review() {
    let server = Server::start().await;
    let review = json!({"id": 3, "state": "COMMENTED", "user": null, "commit_id": null});
    server.on("POST /api/v3/repos/acme/shop/pulls/5/reviews", Reply::Json(200, review));
    let comment = |first_line, last_line| LineComment { path: "a.md".to_owned(), first_line, last_line, body: "text".to_owned() };
    let comments = [comment(4, 4), comment(2, 4)];
    let made =
        server.installation().create_review(&shop(), IssueNumber(5), &CommitSha::new("abc"), "b", &comments).await.unwrap();
    assert_eq!((made.verdict, made.author, made.submitted_at), (Verdict::Commented, None, None));
    assert_eq!(
        server.seen()[0].body,
        json!({"commit_id": "abc", "event": "COMMENT", "body": "b", "comments": [
            {"path": "a.md", "body": "text", "line": 4, "side": "RIGHT"},
            {"path": "a.md", "body": "text", "line": 4, "side": "RIGHT", "start_line": 2, "start_side": "RIGHT"},
        ]})
    );
}

#[tokio::test]
async fn threads_are_read_over_all_pages_and_from_deleted_accounts() {
    let server = Server::start().await;
    let thread = |id: &str, comments: Value| {
        json!({"id": id, "path": "a.md", "line": null, "startLine": null, "isResolved": false, "isOutdated": true,
            "viewerCanResolve": true, "comments": comments})
    };
    let said = json!({"totalCount": 3, "nodes": [{"body": "b", "url": "u", "viewerDidAuthor": false, "author": null}]});
    let page = |nodes: Value, next: Option<&str>| {
        json!({"data": {"repository": {"pullRequest": {"reviewThreads": {
            "nodes": nodes, "pageInfo": {"hasNextPage": next.is_some(), "endCursor": next},
        }}}}})
    };
    let empty = json!({"totalCount": 0, "nodes": []});
    server.graphql(page(json!([thread("T_1", said.clone()), null, thread("T_2", empty)]), Some("c1")));
    server.graphql(page(json!([thread("T_3", said)]), None));
    let threads = server.installation().list_review_threads(&shop(), IssueNumber(5)).await.unwrap();
    let seen: Vec<_> = threads.iter().map(|thread| (thread.id.as_str(), thread.replies, thread.author.is_some())).collect();
    assert_eq!(seen, [("T_1", 2, false), ("T_3", 2, false)]);
    assert_eq!(
        (&server.seen()[0].body["variables"]["after"], &server.seen()[1].body["variables"]["after"]),
        (&Value::Null, &json!("c1"))
    );
}

#[tokio::test]
async fn a_tree_that_is_cut_off_is_listed_folder_by_folder() {
    let server = Server::start().await;
    let entry = |path: &str, kind: &str, mode: &str, sha: &str| json!({"path": path, "type": kind, "mode": mode, "sha": sha});
    let on = |tree: &str, entries: Value, truncated: bool| {
        let reply = Reply::Json(200, json!({"sha": "x", "tree": entries, "truncated": truncated}));
        server.on(&format!("GET /api/v3/repos/acme/shop/git/trees/{tree}"), reply);
    };
    on("c0?recursive=1", json!([entry("a", "tree", "040000", "t1"), entry("a/1.md", "blob", "100644", "b1")]), true);
    let submodule = entry("vendor", "commit", "160000", "c9");
    let link = entry("LATEST.md", "blob", "120000", "b2");
    let top = [entry("a", "tree", "040000", "t1"), entry("b", "tree", "040000", "t2"), entry("r.md", "blob", "100755", "b0")];
    on("c0", Value::Array([&top[..], &[submodule, link]].concat()), false);
    on(
        "t1?recursive=1",
        json!([
            entry("1.md", "blob", "100644", "b1"),
            entry("deep", "tree", "040000", "t3"),
            entry("deep/2.md", "blob", "100644", "b2")
        ]),
        false,
    );
    on("t2?recursive=1", json!([entry("3.md", "blob", "100644", "b3")]), true);
    on("t2", json!([entry("3.md", "blob", "100644", "b3"), entry("c", "tree", "040000", "t4")]), false);
    on("t4?recursive=1", json!([entry("4.md", "blob", "100644", "b4")]), false);
    let listed = server.installation().list_files(&shop(), &CommitSha::new("c0")).await.unwrap();
    assert_eq!(listed, ["a/1.md", "a/deep/2.md", "b/3.md", "b/c/4.md", "r.md"]);
}

#[tokio::test]
async fn a_tree_without_end_is_given_up() {
    let server = Server::start().await;
    for reply in [true, false] {
        let path = format!("GET /api/v3/repos/acme/shop/git/trees/c0{}", if reply { "?recursive=1" } else { "" });
        server.on(&path, Reply::Json(200, json!({"sha": "x", "tree": [], "truncated": true})));
    }
    let listed = server.installation().list_files(&shop(), &CommitSha::new("c0")).await;
    assert!(matches!(listed, Err(Error::Refused { .. })), "{listed:?}");
    // A folder that holds itself.
    let tree = json!([{"path": "d", "type": "tree", "mode": "040000", "sha": "c1"}]);
    for _ in 0..400 {
        server.on(
            "GET /api/v3/repos/acme/shop/git/trees/c1?recursive=1",
            Reply::Json(200, json!({"sha": "x", "tree": tree, "truncated": true})),
        );
        server.on(
            "GET /api/v3/repos/acme/shop/git/trees/c1",
            Reply::Json(200, json!({"sha": "x", "tree": tree, "truncated": false})),
        );
    }
    let listed = server.installation().list_files(&shop(), &CommitSha::new("c1")).await;
    assert!(matches!(listed, Err(Error::Refused { .. })), "{listed:?}");
    assert!(server.seen().len() <= 502, "{}", server.seen().len());
}

#[tokio::test]
async fn histories_pass_over_what_they_do_not_know() {
    let server = Server::start().await;
    let at = "2026-11-20T10:00:00Z";
    server.graphql(json!({"data": {"nodes": [
        {"id": "I_1", "author": null, "userContentEdits": null, "timelineItems": {"nodes": [
            null, {"__typename": "PinnedEvent"},
            {"__typename": "ClosedEvent", "createdAt": at, "actor": null, "stateReason": null},
            {"__typename": "ProjectV2ItemStatusChangedEvent", "createdAt": at, "actor": {"__typename": "User", "login": "ada-example"},
                "previousStatus": "Triage", "status": "Done", "wasAutomated": true},
            {"__typename": "AssignedEvent", "createdAt": at, "actor": {"__typename": "User", "login": "ada-example"}, "assignee": {}},
            {"__typename": "ReopenedEvent", "createdAt": at, "actor": {"__typename": "Bot", "login": "other"}},
        ]}},
        {},
    ]}}));
    let ids = [NodeId::new("I_1"), NodeId::new("PR_2")];
    let mut read = server.installation().read_issue_histories(&ids).await.unwrap();
    assert!(matches!(read[1], Err(Error::NotFound { .. })));
    let mut history = read.remove(0).unwrap();
    let moved = |automated: bool| IssueHistory {
        author: Some(Actor { login: "followthrough[bot]".to_owned(), bot: true }),
        acts: vec![IssueAct {
            at: at.parse().unwrap(),
            actor: None,
            kind: ActKind::CardMoved { from: "Triage".to_owned(), to: "Done".to_owned(), automated },
        }],
        ..history.clone()
    };
    assert!(moved(false).people_touched("followthrough[bot]") && !moved(true).people_touched("followthrough[bot]"));
    let card = history.acts.remove(1);
    assert!(matches!(card.kind, ActKind::CardMoved { automated: true, .. }));
    assert!(history.author.is_none() && history.body_edits.is_empty());
    let acts: Vec<_> = history.acts.into_iter().map(|act| (act.actor.map(|actor| actor.login), act.kind)).collect();
    let expected = [
        (None, ActKind::Closed { reason: None }),
        (Some("ada-example".to_owned()), ActKind::Assigned { login: None }),
        (Some("other[bot]".to_owned()), ActKind::Reopened),
    ];
    assert_eq!(acts, expected);
}

#[tokio::test]
async fn a_commit_is_sent_whole_and_its_author_may_be_unknown() {
    let server = Server::start().await;
    server.graphql(json!({"data": {"commit": {"commit": {"oid": "def"}}}}));
    let commit = NewCommit {
        branch: "main".to_owned(),
        expected_head: CommitSha::new("abc"),
        headline: "h".to_owned(),
        body: String::new(),
        files: vec![FileWrite { path: "a.md".to_owned(), contents: b"x\r\n".to_vec() }],
    };
    assert_eq!(server.installation().create_commit(&shop(), &commit).await, Ok(CommitSha::new("def")));
    assert_eq!(
        server.seen()[0].body["variables"]["input"],
        json!({"branch": {"repositoryNameWithOwner": "acme/shop", "branchName": "main"}, "expectedHeadOid": "abc",
            "message": {"headline": "h", "body": ""}, "fileChanges": {"additions": [{"path": "a.md", "contents": "eA0K"}]}})
    );
    for author in [Value::Null, json!({})] {
        let answer = json!({"sha": "def", "author": author, "commit": {"message": "m"}});
        server.on("GET /api/v3/repos/acme/shop/commits/def", Reply::Json(200, answer));
        let loaded = server.installation().load_commit(&shop(), &CommitSha::new("def")).await.unwrap();
        assert_eq!((loaded.author, loaded.verified), (None, false));
    }
}

#[tokio::test]
async fn an_answer_over_the_limit_is_not_held() {
    let server = Server::start().await;
    let path = "GET /api/v3/repos/acme/shop/issues/5/comments?per_page=100";
    server.on(path, Reply::Raw(vec![b' '; 4096]));
    let settings = Settings { response_limit: 1024, ..server.settings() };
    let installation = server.github_with(settings).installation(InstallationId(7));
    let error = installation.list_comments(&shop(), IssueNumber(5)).await.unwrap_err();
    assert_eq!(error, Error::TooLarge { limit: 1024 });
}

#[tokio::test]
async fn the_app_is_asked_for_once_and_signs_as_itself() {
    let server = Server::start().await;
    server.on("GET /api/v3/app", Reply::Json(200, json!({"id": 123, "slug": "followthrough", "name": "Followthrough"})));
    server.on("GET /api/v3/repos/acme/shop/installation", Reply::Json(200, json!({"id": 7, "suspended_at": null})));
    let github = server.github_with(server.settings());
    for _ in 0..2 {
        assert_eq!(github.app().await.unwrap().bot_login, "followthrough[bot]");
    }
    assert_eq!(github.repository_installation(&shop()).await, Ok(InstallationId(7)));
    let error = github.repository_installation(&RepositoryName::new("acme", "other")).await.unwrap_err();
    assert_eq!(error, Error::NotInstalled);
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen[0].headers["authorization"].to_str().unwrap().starts_with("Bearer eyJ"));
}

#[tokio::test]
async fn errors_and_settings_never_show_a_token() {
    let server = Server::start().await;
    server.on(
        COMMENTS,
        Reply::Json(422, json!({"message": "Validation Failed for Bearer ghs_1", "errors": [{"message": "ghs_1"}]})),
    );
    let error = server.installation().create_comment(&shop(), IssueNumber(5), "the body itself").await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("ghs_") && !shown.contains("the body itself"), "{shown}");
}
