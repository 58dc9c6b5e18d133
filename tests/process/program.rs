//! `followthrough serve` as a child process.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use followthrough::demo::github::DEMO_PRIVATE_KEY;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Long enough for a machine that is busy with other things; nothing waits this long unless something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn followthrough() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_followthrough"));
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// `serve` with everything it needs, against the GitHub and the database of these addresses.
pub fn serve(github: &str, database: &str) -> Command {
    let config = followthrough::demo::github::Config::default();
    let mut command = followthrough();
    command.arg("serve").envs([
        ("APP_ID", config.app_id.to_string().as_str()),
        ("PRIVATE_KEY", DEMO_PRIVATE_KEY),
        ("WEBHOOK_SECRET", secrecy::ExposeSecret::expose_secret(&config.webhook_secret)),
        ("GITHUB_API_URL", github),
        ("DATABASE_URL", database),
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("FOLLOWTHROUGH_WRITE_INTERVAL", "0s"),
        ("LOG_FORMAT", "json"),
    ]);
    command
}

/// A running `serve`. Killed when dropped.
pub struct Program {
    child: Child,
    /// `127.0.0.1:port`.
    pub address: String,
    log: Arc<Mutex<String>>,
    reading: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts it and waits until it listens.
    pub async fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let reading = std::thread::spawn({
            let log = log.clone();
            move || {
                for line in stderr.lines().map_while(Result::ok) {
                    let mut log = log.lock().unwrap();
                    log.push_str(&line);
                    log.push('\n');
                }
            }
        });
        let mut program = Self { child, address: String::new(), log, reading: Some(reading) };
        let began = Instant::now();
        loop {
            if let Some(address) = program.log().lines().find_map(listening) {
                program.address = address;
                return program;
            }
            if let Some(status) = program.child.try_wait().unwrap() {
                panic!("serve ended with {status} before it listened:\n{}", program.log());
            }
            assert!(began.elapsed() < PATIENCE, "serve does not listen:\n{}", program.log());
            pause().await;
        }
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn webhook_url(&self) -> String {
        format!("http://{}/api/github/webhooks", self.address)
    }

    /// SIGKILL: it gets no chance to do anything any more.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM: it is asked to stop.
    pub fn terminate(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
    }

    /// Waits until it has ended, and its log is complete.
    pub async fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.reading.take().unwrap().join().unwrap();
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "serve does not end:\n{}", self.log());
            pause().await;
        }
    }

    /// Status and body of `GET path`.
    pub async fn get(&self, path: &str) -> (u16, String) {
        self.try_get(path).await.unwrap_or_else(|error| panic!("GET {path}: {error}\n{}", self.log()))
    }

    pub async fn try_get(&self, path: &str) -> std::io::Result<(u16, String)> {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
    }

    /// Sends a request as it is; status and body of the answer.
    pub async fn exchange(&self, request: &str) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        Ok((status, body))
    }

    /// Deliveries and jobs that are not done, as its own numbers tell.
    pub async fn unfinished(&self) -> u64 {
        let (status, numbers) = self.get("/metrics").await;
        assert_eq!(status, 200);
        let value = |name: &str| -> u64 {
            let line = numbers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("no {name} in\n{numbers}")).parse().unwrap()
        };
        ["deliveries_pending", "jobs_due", "jobs_scheduled", "jobs_running"]
            .map(|name| value(&format!("followthrough_{name}")))
            .iter()
            .sum()
    }

    /// Waits until everything it has accepted is done.
    pub async fn idle(&self) {
        let began = Instant::now();
        while self.unfinished().await > 0 {
            assert!(began.elapsed() < PATIENCE, "the work does not end:\n{}", self.log());
            pause().await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listening(line: &str) -> Option<String> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line["message"].as_str()?.starts_with("listening").then(|| line["address"].as_str().map(str::to_owned))?
}

/// Between two looks at something that is waited for.
pub async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
