//! What keeps it from starting is said at once, in full, without a secret, with exit code 2.

use std::{
    net::TcpListener,
    process::Command,
    time::{Duration, Instant},
};

use followthrough::demo::github::{Config, FakeGitHub};

use crate::program::{PATIENCE, Program, followthrough, pause, serve};

const SECRET: &str = "hunter2";
const NOWHERE: &str = "http://127.0.0.1:9";

/// What it says on standard error as it refuses to start.
fn refused(command: &mut Command) -> String {
    let began = Instant::now();
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}: {said}", began.elapsed());
    assert!(!said.contains("panicked") && !said.contains(SECRET) && !said.trim().is_empty(), "{said}");
    said
}

fn database(folder: &tempfile::TempDir) -> String {
    format!("sqlite:{}", folder.path().join("store.db").display())
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let said = refused(followthrough().arg("serve"));
    for name in ["APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET"] {
        assert!(said.contains(&format!("`{name}`")), "{name}: {said}");
    }
}

#[test]
fn wrong_settings_are_named_and_no_secret_is_shown() {
    let mut command = serve("not an address", "mysql://root:hunter2@db/x");
    let said = refused(command.envs([("PRIVATE_KEY", SECRET), ("APP_ID", "hunter"), ("PORT", "70000"), ("LOG_FORMAT", "xml")]));
    for name in ["PRIVATE_KEY", "APP_ID", "PORT", "LOG_FORMAT", "GITHUB_API_URL", "DATABASE_URL"] {
        assert!(said.contains(&format!("`{name}`")), "{name}: {said}");
    }
}

#[test]
fn a_key_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let key = "-----BEGIN RSA PRIVATE KEY-----\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIz\n-----END RSA PRIVATE KEY-----\n";
    let said = refused(serve(NOWHERE, &database(&folder)).env("PRIVATE_KEY", key));
    assert!(said.contains("private key") && !said.contains("QUJDREVG"), "{said}");
}

#[test]
fn a_busy_port_is_said_even_where_nothing_is_logged() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for level in ["info", "off"] {
        let folder = tempfile::tempdir().unwrap();
        let said = refused(serve(NOWHERE, &database(&folder)).envs([("PORT", port.as_str()), ("LOG_LEVEL", level)]));
        assert!(said.contains(&port) && said.contains("PORT"), "{said}");
    }
}

#[test]
fn a_database_that_cannot_be_opened_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("text");
    std::fs::write(&file, "This is not a database, however long one reads it. ".repeat(100)).unwrap();
    let file = file.display();
    for url in [
        format!("sqlite:{file}"),
        format!("sqlite:{file}/below/a/file.db"),
        format!("sqlite:{}", folder.path().display()),
        "postgres://root:hunter2@127.0.0.1:9/x".to_owned(),
    ] {
        let said = refused(&mut serve(NOWHERE, &url));
        assert!(said.contains("database"), "{url}: {said}");
    }
}

#[tokio::test]
async fn a_key_that_github_does_not_know_is_said_early() {
    let github = FakeGitHub::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = serve(github.url(), &database(&folder));
    command.env("PRIVATE_KEY", include_str!("../../src/github/app/test_key_pkcs1.pem"));
    let program = Program::start(command).await;
    let began = Instant::now();
    while !program.log().contains("check APP_ID, the private key") {
        assert!(began.elapsed() < PATIENCE, "{}", program.log());
        pause().await;
    }
    assert_eq!(program.get("/healthz").await.0, 200);
    assert!(!program.log().contains("BEGIN"), "{}", program.log());
}
