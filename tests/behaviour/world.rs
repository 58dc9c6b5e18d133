//! A fake GitHub with an organization, and the service that is installed there.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use followthrough::{
    demo::github::{
        BoardView, Change, CheckRunView, Clock, CommentView, Config, DEMO_PRIVATE_KEY, Delivery, FakeGitHub, FieldSeed,
        IssueView, Project, Repository,
    },
    github::{self, Credentials, Endpoints, GitHub},
    jobs::Worker,
    plan::marker,
    server::{
        self,
        settings::{GitHubSettings, Listen, LogFormat, LogSettings, ServerSettings},
    },
    service::Service,
};
use jiff::SignedDuration;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::databases::Database;

pub const PATH: &str = "postmortems/2026-11-20-checkout.md";

/// Two open items, one done, one declined.
pub const DOCUMENT: &str = "# Checkout failed

## Summary

Every fourth checkout ended in an error page.

## Action items

- [ ] Alert when fewer than 98 % of checkouts succeed (@ada-example, due 2026-12-01)
- [ ] Keep the pool's size in its own file. Owner: Infra team
- [x] Put the pool back to its old size
- [ ] ~~Buy a second database~~ (won't do)
";

/// The running service, its GitHub, and the repository `acme/app`.
pub struct World {
    pub github: FakeGitHub,
    pub app: Repository,
    pub worker: Worker,
    pub url: String,
    clock: Clock,
    /// How far the machine's clock is ahead of GitHub's, in seconds.
    ahead: Arc<AtomicI64>,
    stop: CancellationToken,
}

impl World {
    /// An organization `acme` with the App on all its repositories, and no configuration.
    pub async fn start(database: &Database) -> Self {
        Self::start_with(database, None).await
    }

    /// The same, with a client that waits no longer than that for an answer and repeats a read at once.
    pub async fn start_impatient(database: &Database, patience: Duration) -> Self {
        Self::start_with(database, Some(patience)).await
    }

    async fn start_with(database: &Database, patience: Option<Duration>) -> Self {
        // LOG_LEVEL=debug shows what a failing test did.
        let filter = tracing_subscriber::EnvFilter::new(std::env::var("LOG_LEVEL").unwrap_or_else(|_| "off".to_owned()));
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        let clock = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
        let config = Config { clock: clock.clone(), ..Config::default() };
        let secret = config.webhook_secret.clone();
        let app_id = config.app_id;
        let github = FakeGitHub::start(config).await.unwrap();
        let app = github.quietly(|| {
            let acme = github.organization("acme");
            acme.add_members(&["ada-example", "grace-example"]);
            let app = acme.repository("app");
            app.set_assignable(&["ada-example", "grace-example"]);
            app.commit("main", "Begin", &[Change::write("README.md", "# The app\n")]);
            acme.install();
            app
        });
        let ahead = Arc::default();
        let (worker, url, stop) = serve(&github, app_id, secret, database, &clock, &ahead, patience).await;
        Self { github, app, worker, url, clock, ahead, stop }
    }

    /// The service is started anew over `database`, as after a crash, a deploy or the loss of the disk.
    pub async fn restart(&mut self, database: &Database) {
        self.stop.cancel();
        let secret = Config::default().webhook_secret;
        let app_id = Config::default().app_id;
        (self.worker, self.url, self.stop) = serve(&self.github, app_id, secret, database, &self.clock, &self.ahead, None).await;
    }

    pub fn configure(&self, yaml: &str) {
        self.github.quietly(|| self.app.push("main", ".github/followthrough.yml", yaml));
    }

    /// A board `Postmortem actions`, number 7, and the configuration that names it.
    pub fn with_board(&self) -> Project {
        let project = self.github.quietly(|| {
            self.github.add_project(
                "acme",
                7,
                "Postmortem actions",
                &[
                    FieldSeed::single_select("Status", &["Todo", "Triage", "Done"]),
                    FieldSeed::single_select("Severity", &["SEV1", "SEV2"]),
                    FieldSeed::date("Due"),
                    FieldSeed::text("Postmortem"),
                ],
            )
        });
        self.configure(&format!(
            "board:\n  project: {}\n  status: Triage\n  fields:\n    Severity: \"{{{{ postmortem.severity }}}}\"\n    Due: \"{{{{ item.due }}}}\"\n    Postmortem: \"{{{{ postmortem.title }}}}\"\n",
            project.url()
        ));
        project
    }

    /// A pull request with `DOCUMENT`, delivered and worked off.
    pub async fn opened(&self) -> u64 {
        let number = self.propose(&[(PATH, DOCUMENT)]);
        self.settle().await;
        number
    }

    pub fn propose(&self, files: &[(&str, &str)]) -> u64 {
        let changes: Vec<Change> = files.iter().map(|(path, text)| Change::write(*path, *text)).collect();
        let branch = format!("postmortem-{}", self.app.pull_requests().len());
        self.app.propose("ada-example", &branch, "Postmortem: checkout failed", &changes)
    }

    pub async fn merged(&self, number: u64) {
        self.app.merge(number);
        self.settle().await;
    }

    /// Delivers everything, works everything off, until nothing more comes of it.
    pub async fn settle(&self) {
        loop {
            let sent = self.github.deliver_all().await.len();
            if self.work().await + sent == 0 {
                break;
            }
        }
        assert_eq!(self.github.unexpected_requests(), Vec::<String>::new(), "the fake GitHub understood every request");
    }

    /// Works off what was received; gives how much there was.
    pub async fn work(&self) -> usize {
        let mut done = 0;
        loop {
            let dispatched = self.worker.dispatch_pending().await.unwrap();
            let worker = self.worker.clone();
            let handler = move |job| {
                let worker = worker.clone();
                async move { worker.handle(job).await }
            };
            let ran = self.worker.queue.drain(handler, self.worker.now()).await.unwrap();
            if dispatched + ran == 0 {
                return done;
            }
            done += dispatched + ran;
        }
    }

    /// Time passes, and what was put off until then is done.
    pub async fn later(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
        self.settle().await;
    }

    /// The machine's own clock is set by so many seconds; GitHub's goes on as it did.
    pub fn set_clock(&self, by: i64) {
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }

    /// Lets as much time pass as anything that was put off can ask for.
    pub async fn settle_for_good(&self) {
        for _ in 0..40 {
            self.later(30).await;
        }
    }

    /// Does what is due until nothing is left for later, letting time jump to whatever is next; no more than a day.
    pub async fn settle_in_the_end(&self) {
        let end = self.clock.now() + SignedDuration::from_hours(24);
        self.settle().await;
        while let Some(due) = self.worker.queue.next_due().await.unwrap().filter(|due| *due < end) {
            // The clock shows whole seconds.
            self.later(due.duration_since(self.clock.now()).as_secs().max(0) + 1).await;
        }
    }

    /// The issues that the App opened.
    pub fn filed(&self) -> Vec<IssueView> {
        filed(&self.app)
    }

    /// The newest check run on the head of a pull request.
    pub fn check(&self, number: u64) -> CheckRunView {
        let runs = self.app.check_runs_on(&self.app.pull_request(number).head);
        runs.into_iter().max_by_key(|run| run.id).unwrap()
    }

    pub fn comment(&self, number: u64) -> CommentView {
        let comments = self.app.comments(number);
        assert_eq!(comments.len(), 1, "one comment on #{number}");
        comments.into_iter().next().unwrap()
    }

    /// Our comment among those of people, and our answers to them.
    pub fn comment_among_others(&self, number: u64) -> CommentView {
        let comments = self.app.comments(number).into_iter().filter(|comment| marker::is_comment(&comment.body));
        let comments: Vec<CommentView> = comments.collect();
        assert_eq!(comments.len(), 1, "one comment of ours on #{number}");
        comments.into_iter().next().unwrap()
    }

    /// The last delivery about a pull request itself.
    pub fn delivery_about(&self, number: u64) -> Delivery {
        let about = |delivery: &Delivery| delivery.event == "pull_request" && delivery.payload["number"] == number;
        self.github.deliveries().into_iter().rfind(about).unwrap()
    }

    /// Writes to GitHub since the last call of `forget_requests`.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.github.requests();
        let mut writes = Vec::new();
        for request in requests.iter().filter(|request| request.writes && !request.path.contains("access_tokens")) {
            writes.push(format!("{} {} {}", request.method, request.path, request.root_fields.join(",")));
        }
        writes
    }
}

pub fn filed(repository: &Repository) -> Vec<IssueView> {
    repository.issues().into_iter().filter(|issue| marker::parse(&issue.body).is_some()).collect()
}

/// The titles of the issues, in order of their numbers.
pub fn titles(issues: &[IssueView]) -> Vec<&str> {
    let mut issues: Vec<&IssueView> = issues.iter().collect();
    issues.sort_by_key(|issue| issue.number);
    issues.iter().map(|issue| issue.title.as_str()).collect()
}

/// The fields of an issue's card, without those that GitHub keeps itself.
pub fn card(board: &BoardView, issue: u64) -> Vec<(String, String)> {
    let cards: Vec<_> = board.items.iter().filter(|item| item.content == format!("acme/app#{issue}")).collect();
    assert_eq!(cards.len(), 1, "#{issue} is on the board once");
    cards[0].fields.iter().filter(|(name, _)| *name != "Title").map(|(name, value)| (name.clone(), value.clone())).collect()
}

async fn serve(
    github: &FakeGitHub,
    app_id: u64,
    secret: SecretString,
    database: &Database,
    clock: &Clock,
    ahead: &Arc<AtomicI64>,
    patience: Option<Duration>,
) -> (Worker, String, CancellationToken) {
    let settings = ServerSettings {
        github: GitHubSettings {
            app_id,
            private_key: SecretString::from(DEMO_PRIVATE_KEY),
            webhook_secrets: vec![SecretString::from("the next secret"), secret],
            api_url: github.url().parse().unwrap(),
            graphql_url: github.graphql_url().parse().unwrap(),
        },
        database_url: SecretString::from(database.url.clone()),
        listen: Listen { host: "127.0.0.1".to_owned(), port: 0 },
        log: LogSettings { level: "info".to_owned(), format: LogFormat::Text },
        // Short, and not zero: GitHub's limits are kept here, too.
        write_interval: Duration::from_millis(1),
        recovery_interval: Duration::from_secs(300),
        webhook_proxy: None,
    };
    let (time, ahead) = (clock.clone(), ahead.clone());
    let own = move || time.now() + SignedDuration::from_secs(ahead.load(Ordering::Relaxed));
    let mut service = Service::prepare(&settings, Arc::new(own)).await.unwrap();
    if let Some(patience) = patience {
        service.worker.github = impatient(&service.worker, &settings, patience);
    }
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/api/github/webhooks", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    tokio::spawn(server::run(listener, service.state, stop.clone()));
    github.set_webhook_url(&url);
    // Asked once per process, when the service starts.
    service.worker.github.app().await.unwrap();
    (service.worker, url, stop)
}

/// A client as the service has it, but for how long it waits.
fn impatient(worker: &Worker, settings: &ServerSettings, patience: Duration) -> GitHub {
    let github = &settings.github;
    let credentials = Credentials::new(&github.app_id.to_string(), &github.private_key).unwrap();
    let endpoints = Endpoints::new(&github.api_url, &github.graphql_url).unwrap();
    let client = github::Settings {
        write_interval: Duration::ZERO,
        request_timeout: patience,
        read_backoff: Duration::from_millis(1),
        clock: worker.clock.clone(),
        ..github::Settings::default()
    };
    GitHub::new(credentials, endpoints, client).unwrap()
}
