//! The program is killed while deliveries pour in: whatever it has answered with 202 is there afterwards.

use std::io::Write;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use followthrough::demo::github::{Config, FakeGitHub};
use hmac::{Hmac, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    databases::Database,
    over_both::over_both,
    program::{Program, pause, serve},
};

const CONNECTIONS: usize = 16;
/// Acknowledged before the program is killed.
const ENOUGH: usize = 400;

/// Sends deliveries until the connection breaks; gives the ids of those that were answered with 202.
async fn pour(address: String, acknowledged: Arc<AtomicUsize>) -> Vec<String> {
    // Of an installation that is not there: what comes of it does not matter here.
    let body = format!(
        r#"{{"action":"opened","installation":{{"id":99}},"number":1,"more":"{}"}}"#,
        "a payload of some length ".repeat(900)
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(Config::default().webhook_secret.expose_secret().as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let Ok(mut stream) = TcpStream::connect(address).await else { return Vec::new() };
    let mut ids = Vec::new();
    loop {
        let id = uuid::Uuid::new_v4().to_string();
        let request = format!(
            "POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\nx-github-event: pull_request\r\nx-github-delivery: {id}\r\n\
             x-hub-signature-256: sha256={signature}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(request.as_bytes()).await.is_err() {
            return ids;
        }
        let (mut answer, mut read) = ([0; 1024], 0);
        while !answer[..read].ends_with(b"accepted\n") {
            match stream.read(&mut answer[read..]).await {
                Ok(more) if more > 0 => read += more,
                _ => return ids,
            }
        }
        assert!(answer.starts_with(b"HTTP/1.1 202"));
        ids.push(id);
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
}

/// The ids of all deliveries that the database has.
async fn stored(database: &Database) -> Vec<String> {
    const ALL: &str = "SELECT id FROM deliveries";
    use sqlx::Connection;
    if database.url.starts_with("postgres") {
        let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
        sqlx::query_scalar(ALL).fetch_all(&mut connection).await.unwrap()
    } else {
        let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
        sqlx::query_scalar(ALL).fetch_all(&mut connection).await.unwrap()
    }
}

over_both! {
    async fn killed_under_load_it_loses_nothing_that_it_acknowledged(database: Database) {
        let github = FakeGitHub::start(Config::default()).await.unwrap();
        let mut acknowledged: Vec<String> = Vec::new();
        for _ in 0..3 {
            let mut program = Program::start(serve(github.url(), &database.url)).await;
            let count = Arc::new(AtomicUsize::new(0));
            let pouring: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(pour(program.address.clone(), count.clone()))).collect();
            while count.load(Ordering::Relaxed) < ENOUGH {
                assert!(pouring.iter().any(|one| !one.is_finished()), "{}", program.log());
                pause().await;
            }
            program.kill();
            for one in pouring {
                acknowledged.extend(one.await.unwrap());
            }
        }
        assert!(acknowledged.len() >= 3 * ENOUGH);
        let stored: std::collections::HashSet<String> = stored(&database).await.into_iter().collect();
        let lost: Vec<&String> = acknowledged.iter().filter(|id| !stored.contains(*id)).collect();
        assert!(lost.is_empty(), "{} of {} are lost", lost.len(), acknowledged.len());
        let _ = writeln!(std::io::stderr(), "{} acknowledged, none lost in three kills", acknowledged.len());
        // And it starts again on what is there.
        let program = Program::start(serve(github.url(), &database.url)).await;
        assert_eq!(program.get("/readyz").await.0, 200);
    }
}
