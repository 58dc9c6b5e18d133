//! The durable intake against a bare axum handler that only checks the signature: `cargo bench --bench intake`.
//!
//! Both run as processes of their own and are asked in turns by the same client: one signed payload of 24 KB with a random
//! delivery id each time, over 64 connections and over one. The third is the durable intake on a disk that takes a
//! millisecond longer to flush. Medians of the rounds. `cargo bench --bench intake -- 5` runs 5 rounds.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use followthrough::{
    demo::github::DEMO_PRIVATE_KEY,
    github::signature,
    server::{
        self,
        settings::{GitHubSettings, Listen, LogFormat, LogSettings, ServerSettings},
    },
    service::{self, Service},
};
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

const SECRET: &str = "a webhook secret of no worth";
const ROUND: Duration = Duration::from_secs(2);
const WARM_UP: Duration = Duration::from_millis(300);

/// Makes every flush take a millisecond longer. SQLite flushes with these two.
const SLOW_FLUSH: &str = "#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
int fdatasync(int fd) { usleep(1000); return ((int (*)(int))dlsym(RTLD_NEXT, \"fdatasync\"))(fd); }
int fsync(int fd) { usleep(1000); return ((int (*)(int))dlsym(RTLD_NEXT, \"fsync\"))(fd); }
";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match arguments.first().map(String::as_str) {
        Some("serve-bare") => runtime.block_on(serve_bare()),
        Some("serve-durable") => runtime.block_on(serve_durable(&arguments[1])),
        rounds => runtime.block_on(measure(rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(3))),
    }
}

async fn listen() -> TcpListener {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    listener
}

async fn serve_bare() {
    let secrets: Arc<[SecretString]> = vec![SecretString::from(SECRET)].into();
    let check = move |headers: HeaderMap, body: Bytes| async move {
        let given = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
        match signature::verify(&secrets, &body, given) {
            Ok(()) => (StatusCode::ACCEPTED, "accepted\n"),
            Err(_) => (StatusCode::UNAUTHORIZED, "the signature is missing or wrong\n"),
        }
    };
    axum::serve(listen().await, Router::new().route("/api/github/webhooks", post(check))).await.unwrap();
}

async fn serve_durable(database: &str) {
    let settings = ServerSettings {
        github: GitHubSettings {
            app_id: 1,
            private_key: SecretString::from(DEMO_PRIVATE_KEY),
            webhook_secrets: vec![SecretString::from(SECRET)],
            api_url: "http://127.0.0.1:9".to_owned(),
            graphql_url: "http://127.0.0.1:9/graphql".to_owned(),
        },
        database_url: SecretString::from(database),
        listen: Listen { host: "127.0.0.1".to_owned(), port: 0 },
        log: LogSettings { level: "off".to_owned(), format: LogFormat::Text },
        write_interval: Duration::ZERO,
        recovery_interval: Duration::from_secs(300),
        webhook_proxy: None,
    };
    let service = Service::prepare(&settings, service::system_clock()).await.unwrap();
    server::run(listen().await, service.state, CancellationToken::new()).await.unwrap();
}

struct Server {
    child: Child,
    address: String,
    _folder: Option<tempfile::TempDir>,
}

impl Server {
    fn start(mode: &str, preload: Option<&Path>) -> Self {
        let folder = (mode == "serve-durable").then(|| tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(mode).stdout(Stdio::piped());
        if let Some(folder) = &folder {
            command.arg(format!("sqlite://{}/intake.db", folder.path().display()));
        }
        if let Some(preload) = preload {
            command.env("LD_PRELOAD", preload);
        }
        let mut child = command.spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { child, address: address.trim().to_owned(), _folder: folder }
    }

    /// Seconds of processor time so far, and the most memory it ever had resident, in MB. Zero where there is no `/proc`.
    fn used(&self) -> (f64, f64) {
        let of = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default();
        let ticks: f64 = of("stat")
            .rsplit(')')
            .next()
            .map_or(0.0, |fields| fields.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum());
        let resident = of("status")
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<f64>().ok())
            .unwrap_or_default();
        (ticks / 100.0, resident / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a round measured.
#[derive(Clone, Copy, Default)]
struct Round {
    per_second: f64,
    /// Milliseconds.
    median: f64,
    p99: f64,
    /// Microseconds of the server's processor time per request.
    cpu: f64,
}

async fn measure(rounds: usize) {
    let body = payload();
    let signed = signature::sign(&SecretString::from(SECRET), body.as_bytes());
    let tools = tempfile::tempdir().unwrap();
    let slow = slow_flush(tools.path());
    let mut servers = vec![("bare", Server::start("serve-bare", None)), ("durable", Server::start("serve-durable", None))];
    match &slow {
        Some(slow) => servers.push(("durable, flush + 1 ms", Server::start("serve-durable", Some(slow)))),
        None => println!("NOT MEASURED: a slow flush; it takes a C compiler"),
    }
    println!("{} bytes, {rounds} rounds of {} s each, {} processors", body.len(), ROUND.as_secs(), processors());
    println!("{:<24}{:>6}{:>10}{:>8}{:>10}{:>10}{:>10}", "", "conns", "per s", "ratio", "p50 ms", "p99 ms", "cpu us");
    for connections in [64, 1] {
        let mut measured = vec![Vec::new(); servers.len()];
        for _ in 0..rounds {
            for ((_, server), rounds) in servers.iter().zip(&mut measured) {
                rounds.push(load(server, connections, &signed, &body).await);
            }
        }
        let bare = median(measured[0].iter().map(|round| round.per_second));
        for ((name, _), rounds) in servers.iter().zip(&measured) {
            let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value));
            let per_second = of(|round| round.per_second);
            println!(
                "{name:<24}{connections:>6}{per_second:>10.0}{:>8.2}{:>10.2}{:>10.2}{:>10.0}",
                per_second / bare,
                of(|round| round.median),
                of(|round| round.p99),
                of(|round| round.cpu),
            );
        }
    }
    for (name, server) in &servers {
        println!("{name}: at most {:.0} MB resident", server.used().1);
    }
}

/// Asks over `connections`, each one request after the other.
async fn load(server: &Server, connections: usize, signed: &str, body: &str) -> Round {
    let end = Instant::now() + WARM_UP + ROUND;
    let begin = Instant::now() + WARM_UP;
    let clients: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(client(server.address.clone(), signed.to_owned(), body.to_owned(), begin, end)))
        .collect();
    tokio::time::sleep_until(begin.into()).await;
    let before = server.used().0;
    tokio::time::sleep_until(end.into()).await;
    let cpu = server.used().0 - before;
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.await.unwrap());
    }
    times.sort_by(f64::total_cmp);
    let count = times.len() as f64;
    let at = |part: f64| times.get((count * part) as usize).copied().unwrap_or_default();
    Round { per_second: count / ROUND.as_secs_f64(), median: at(0.5), p99: at(0.99), cpu: cpu / count * 1e6 }
}

/// Gives the milliseconds that each answer took which came between `begin` and `end`.
async fn client(address: String, signed: String, body: String, begin: Instant, end: Instant) -> Vec<f64> {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut answer, mut times) = (vec![0; 4096], Vec::new());
    while Instant::now() < end {
        // Sequential ids would flatter the index.
        let request = format!(
            "POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-github-event: pull_request\r\n\
             x-github-delivery: {}\r\nx-hub-signature-256: {signed}\r\ncontent-length: {}\r\n\r\n{body}",
            uuid::Uuid::new_v4(),
            body.len()
        );
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = 0;
        // The answers' bodies are one short line.
        while !answer[..read].ends_with(b"accepted\n") {
            let more = stream.read(&mut answer[read..]).await.unwrap();
            assert!(more > 0 && answer.starts_with(b"HTTP/1.1 202"), "{}", String::from_utf8_lossy(&answer[..read + more]));
            read += more;
        }
        let now = Instant::now();
        if now >= begin && now < end {
            times.push(now.duration_since(asked).as_secs_f64() * 1e3);
        }
    }
    times
}

/// As large as most of GitHub's, and as little repetitive: names and addresses over and over, and text that compresses less.
fn payload() -> String {
    let mut body = String::from(r#"{"action":"opened","number":1,"installation":{"id":1},"pull_request":{"number":1,"files":["#);
    let mut seed = 42_u64;
    while body.len() < 24 * 1024 - 200 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        body.push_str(&format!(
            r#"{{"url":"https://api.github.example/repos/acme/app/contents/{:08x}","sha":"{seed:016x}","type":"file"}},"#,
            seed >> 32
        ));
    }
    body.push_str(r#"{}]},"repository":{"id":1,"full_name":"acme/app"}}"#);
    body
}

fn slow_flush(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("slow.c"), folder.join("slow.so"));
    fs::write(&source, SLOW_FLUSH).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
    built.is_ok_and(|status| status.success()).then_some(library)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
