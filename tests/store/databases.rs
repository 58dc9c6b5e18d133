//! A fresh database per test, of either kind.

use std::{
    future::Future,
    io::Write,
    net::{SocketAddr, TcpStream},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::LazyLock,
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Where the test's own database is; it can be opened as often as the test likes.
#[derive(Debug, Clone)]
pub struct Database {
    pub url: String,
}

static POSTGRES: LazyLock<Option<String>> = LazyLock::new(|| {
    let local: SocketAddr = ([127, 0, 0, 1], 5432).into();
    let url = match std::env::var("FOLLOWTHROUGH_TEST_POSTGRES") {
        Ok(url) => Some(url),
        Err(_) => TcpStream::connect_timeout(&local, Duration::from_secs(1))
            .ok()
            .map(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned()),
    };
    // Straight to the stream, so that the line shows although the test passes.
    let line = match &url {
        Some(_) => "store contract: runs on SQLite and on PostgreSQL\n",
        None => {
            "store contract: runs on SQLite only. PostgreSQL was NOT TESTED: none on 127.0.0.1:5432, no FOLLOWTHROUGH_TEST_POSTGRES\n"
        }
    };
    std::io::stderr().write_all(line.as_bytes()).ok();
    url
});

fn run<F: Future<Output = ()>>(test: F) -> std::thread::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(test)))
}

pub fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Database) -> F) {
    LazyLock::force(&POSTGRES);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/made/on/opening/store.db", folder.path().display());
    finish(run(test(Database { url })));
}

pub fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(Database) -> F) {
    let Some(server) = POSTGRES.as_deref() else { return };
    let name = format!("followthrough_test_{}", uuid::Uuid::new_v4().simple());
    let mut url = url::Url::parse(server).unwrap();
    administer(server, format!("CREATE DATABASE {name}"));
    url.set_path(&name);
    let result = run(test(Database { url: url.into() }));
    administer(server, format!("DROP DATABASE {name} WITH (FORCE)"));
    finish(result);
}

fn administer(server: &str, statement: String) {
    finish(run(async {
        let mut connection = PgConnection::connect(server).await.unwrap();
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }));
}

fn finish(result: std::thread::Result<()>) {
    if let Err(panic) = result {
        resume_unwind(panic);
    }
}
