//! The story that `followthrough demo` plays: a postmortem from pull request to board and on, against a GitHub of its own.
//!
//! Everything but GitHub is real: the server on a real port, signed webhooks over HTTP, an SQLite file, the worker. After
//! each chapter the state of the fake GitHub is compared with what it should be, so the demo is also a test: it
//! succeeds only if the story came out right.

mod afterwards;
mod author;

use std::{
    collections::HashSet,
    fmt::Write as _,
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::github::{
    Change, Config, DEMO_PRIVATE_KEY, Delivery, FakeGitHub, FieldSeed, Project, Repository, ReviewThreadView, Role,
};
use crate::{
    jobs::Worker,
    plan::marker,
    postmortem::{
        model::{Postmortem, State},
        parse::{self, ReadOptions},
    },
    render::style::Style,
    server::settings::{GitHubSettings, Listen, LogFormat, LogSettings, ServerSettings},
    service::{Service, StartError, system_clock},
};

/// The postmortem that the demo brings along.
pub const BUNDLED: &str = include_str!("story/2026-11-20-checkout.md");
const BUNDLED_PATH: &str = "postmortems/2026-11-20-checkout.md";
const CONFIGURATION: &str = include_str!("story/followthrough.yml");

/// How long a chapter may take before the demo gives up on it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A document to play the story with.
#[derive(Debug, Clone)]
pub struct Script {
    /// Where it lies in the demo's repository.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// Why the story did not come to its end, or not to the right one.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("the demo's GitHub cannot listen on 127.0.0.1: {0}")]
    Listen(#[from] std::io::Error),
    #[error("the service cannot start: {0}")]
    Start(#[from] StartError),
    #[error("the story stood still for {} seconds; this is a bug in Followthrough", PATIENCE.as_secs())]
    Stuck,
    #[error("the story came out wrong; this is a bug in Followthrough:\n{0}")]
    Wrong(String),
}

/// A demo whose story was told; GitHub and the service are still running.
pub struct Stage {
    github: FakeGitHub,
    repository: Repository,
    project: Project,
    worker: Worker,
    shutdown: CancellationToken,
    running: tokio::task::JoinHandle<Result<(), StartError>>,
    // Removed with everything in it when the demo ends.
    _folder: tempfile::TempDir,
    style: Style,
    /// How many chapters were told.
    chapters: AtomicU32,
    tell: Box<dyn Fn(&str) + Send + Sync>,
}

impl Stage {
    /// Builds the world and starts the service. `tell` is given the story, a few lines at a time.
    pub async fn build(style: Style, tell: Box<dyn Fn(&str) + Send + Sync>) -> Result<Self, Trouble> {
        let config = Config::default();
        let secret = config.webhook_secret.clone();
        let app_id = config.app_id;
        let github = FakeGitHub::start(config).await?;
        let (repository, project) = github.quietly(|| {
            let acme = github.organization("acme");
            acme.add_members(&["ada-example", "grace-example", "mary-example"]);
            let repository = acme.repository("app");
            repository.set_assignable(&["ada-example", "grace-example", "mary-example"]);
            repository.set_role("grace-example", Role::Write);
            let project = acme.add_project(7, "Postmortem actions", &fields());
            let configuration = CONFIGURATION.replace("BOARD", &project.url());
            repository.commit(
                "main",
                "Begin",
                &[Change::write("README.md", "# The app\n"), Change::write(".github/followthrough.yml", configuration)],
            );
            acme.install();
            (repository, project)
        });
        let folder = tempfile::tempdir()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        github.set_webhook_url(&format!("http://{address}/api/github/webhooks"));
        let database = folder.path().join("followthrough.db");
        let settings = settings(&github, app_id, secret, &format!("sqlite:{}", database.display()));
        let mut service = Service::prepare(&settings, system_clock()).await?;
        // Several pull requests show one document: at once, they would wait a second for each other.
        service.concurrency = 1;
        let worker = service.worker.clone();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(service.run(listener, shutdown.clone()));
        let stage = Self {
            github,
            repository,
            project,
            worker,
            shutdown,
            running,
            _folder: folder,
            style,
            chapters: AtomicU32::new(0),
            tell,
        };
        stage.say(&format!(
            "{}\n{}\n",
            stage.style.bold("Followthrough, from a postmortem to its issues"),
            stage.style.dim(&format!(
                "A GitHub of its own at {}, the real server at http://{address} with an SQLite file. Nothing leaves this machine.",
                stage.github.url()
            ))
        ));
        Ok(stage)
    }

    /// Plays the story on the bundled postmortem.
    pub async fn play_bundled(&self) -> Result<(), Trouble> {
        let issue = self.seed_issues();
        let script = Script { path: BUNDLED_PATH.to_owned(), bytes: BUNDLED.replace("#88", &format!("#{issue}")).into_bytes() };
        self.play(vec![script], Some("- [ ] Tell support how to page the on-call engineer (@mary-example, due 2026-12-04)\n"))
            .await
    }

    /// Plays the story on documents of yours.
    pub async fn play_documents(&self, scripts: Vec<Script>) -> Result<(), Trouble> {
        self.play(scripts, None).await
    }

    async fn play(&self, scripts: Vec<Script>, added_later: Option<&str>) -> Result<(), Trouble> {
        let started = std::time::Instant::now();
        let mut scripts = scripts;
        let number = self.chapter_opened(&scripts).await?;
        if let (Some(line), Some(script)) = (added_later, scripts.first_mut()) {
            self.chapter_suggestions(number, script).await?;
            script.bytes.extend_from_slice(line.as_bytes());
            self.chapter_pushed(number, script).await?;
        }
        self.chapter_merged(number, &scripts).await?;
        self.chapter_repeated(&scripts).await?;
        self.follow_through(number, &scripts).await?;
        self.check_once()?;
        let unexpected = self.github.unexpected_requests();
        if !unexpected.is_empty() {
            return Err(Trouble::Wrong(format!("GitHub did not understand: {}", unexpected.join("; "))));
        }
        self.say(&format!("\n{} The story came out right, in {:.1} s.", self.style.green("✓"), started.elapsed().as_secs_f64()));
        Ok(())
    }

    async fn chapter_opened(&self, scripts: &[Script]) -> Result<u64, Trouble> {
        let changes: Vec<Change> = scripts.iter().map(|script| Change::write(&script.path, script.bytes.clone())).collect();
        let title = match scripts {
            [one] => format!("Postmortem: {}", read(one).and_then(|read| read.title).unwrap_or_else(|| one.path.clone())),
            several => format!("{} postmortems", several.len()),
        };
        let number = self.repository.propose("ada-example", "postmortem", &title, &changes);
        let pull = self.repository.pull_request(number);
        self.chapter("A pull request brings a postmortem", &pull.url);
        for script in scripts {
            self.line(&format!("ada-example adds {}", self.style.bold(&script.path)));
        }
        self.settle().await?;
        let comment = self.one_comment(number)?;
        self.line("Followthrough comments:");
        self.quote(&comment);
        let runs = self.repository.check_runs_on(&pull.head);
        let Some(run) = runs.first().filter(|_| runs.len() == 1) else {
            return Err(Trouble::Wrong(format!("{} check runs on the head, 1 expected", runs.len())));
        };
        let conclusion = run.conclusion.as_deref().unwrap_or("running");
        self.line(&format!("and leaves the check “{}”: {conclusion}. {}", run.name, run.title.as_deref().unwrap_or_default()));
        for line in review(run.summary.as_deref().unwrap_or_default()) {
            self.line(&format!("{} {line}", self.style.dim("│")));
        }
        for thread in self.repository.review_threads(number) {
            self.line(&format!("and suggests on {}, line {}:", thread.path, thread.first_line));
            self.line(&format!("{} {}", self.style.dim("│"), rewrite(&thread)));
        }
        if !self.filed().is_empty() {
            return Err(Trouble::Wrong("issues were opened before the merge".to_owned()));
        }
        Ok(number)
    }

    /// Every suggestion is taken; `script` is the document afterwards.
    async fn chapter_suggestions(&self, number: u64, script: &mut Script) -> Result<(), Trouble> {
        self.chapter("The author takes the suggestions, one click each", &self.repository.pull_request(number).url);
        let offered = self.repository.review_threads(number);
        for comment in offered.iter().filter_map(|thread| thread.comments.first()) {
            self.repository.accept_suggestion_as("ada-example", comment.id);
        }
        self.settle().await?;
        let left = self.repository.review_threads(number);
        if offered.is_empty() || left.len() != offered.len() || left.iter().any(|thread| !thread.resolved) {
            return Err(Trouble::Wrong(format!("{} suggestions, {} threads after they were taken", offered.len(), left.len())));
        }
        let head = self.repository.pull_request(number).head;
        let runs = self.repository.check_runs_on(&head);
        let title = runs.first().and_then(|run| run.title.clone()).unwrap_or_default();
        self.line(&format!("{} of {} are settled; nothing is said twice. The check: {title}", left.len(), offered.len()));
        if let Some(text) = self.repository.file("postmortem", &script.path) {
            script.bytes = text.into_bytes();
        }
        Ok(())
    }

    async fn chapter_pushed(&self, number: u64, script: &Script) -> Result<(), Trouble> {
        let before = self.repository.comments(number).len();
        self.repository.commit_as(
            "ada-example",
            "postmortem",
            "One more action item",
            &[Change::write(&script.path, script.bytes.clone())],
        );
        self.chapter("A push adds an action item", &self.repository.pull_request(number).url);
        self.settle().await?;
        let comment = self.one_comment(number)?;
        self.line("The same comment is edited in place:");
        self.quote(&comment);
        if self.repository.comments(number).len() != before {
            return Err(Trouble::Wrong("a push led to a second comment".to_owned()));
        }
        Ok(())
    }

    async fn chapter_merged(&self, number: u64, scripts: &[Script]) -> Result<(), Trouble> {
        self.github.forget_requests();
        self.repository.merge(number);
        self.chapter("It is reviewed and merged", &self.project.url());
        self.settle().await?;
        let cost = self.github.request_counts().total;
        let opened = self.filed();
        let board = self.project.board();
        for issue in &opened {
            let issue = self.repository.issue(*issue);
            let place = board.items.iter().find(|item| item.content == format!("acme/app#{}", issue.number));
            let fields = place.map(|item| {
                item.fields
                    .iter()
                    .filter(|(name, _)| *name != "Title")
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect::<Vec<_>>()
            });
            let assignee = if issue.assignees.is_empty() { "nobody".to_owned() } else { issue.assignees.join(", ") };
            self.line(&format!(
                "{} {} {}",
                self.style.green(&format!("#{}", issue.number)),
                issue.title,
                self.style
                    .dim(&format!("→ {assignee} · board: {}", fields.map_or("missing".to_owned(), |fields| fields.join(", "))))
            ));
        }
        let comment = self.one_comment(number)?;
        self.line("The comment now lists them:");
        self.quote(&comment);
        self.line(&self.style.dim(&format!("{cost} requests to GitHub, tokens included")));
        self.check(scripts)
    }

    async fn chapter_repeated(&self, scripts: &[Script]) -> Result<(), Trouble> {
        self.chapter("GitHub delivers the merge five times more, at the same moment", &self.issues_url());
        let is_merge = |delivery: &Delivery| delivery.event == "pull_request" && delivery.action.as_deref() == Some("closed");
        let Some(merge) = self.github.deliveries().into_iter().rfind(is_merge) else {
            return Err(Trouble::Wrong("the merge was never delivered".to_owned()));
        };
        let again = super::github::PendingDelivery {
            guid: merge.guid.clone(),
            event: merge.event.clone(),
            action: merge.action.clone(),
            payload: merge.payload.clone(),
            redelivery: true,
            installation: merge.installation,
            repository: merge.repository,
        };
        let before = self.filed();
        self.github.send_copies(&again, 3).await;
        for _ in 0..2 {
            let copy = self.github.copy_under_new_guid(&again);
            self.github.send(&copy).await;
        }
        self.settle().await?;
        if self.filed() != before {
            return Err(Trouble::Wrong("a repeated delivery changed the issues".to_owned()));
        }
        self.check(scripts)?;
        self.line(&format!("Nothing changes: {}, one comment.", count(before.len(), "issue")));
        Ok(())
    }

    /// Compares GitHub's state with what the documents ask for.
    fn check(&self, scripts: &[Script]) -> Result<(), Trouble> {
        let mut wrong = String::new();
        let opened = self.filed();
        let linked = self.repository.issues().iter().filter(|issue| self.is_linked(issue.number)).count();
        let readable: Vec<Postmortem> = scripts.iter().filter_map(read).collect();
        let wanted: usize = readable.iter().flat_map(|read| &read.action_items).filter(|item| item.state == State::Open).count();
        if opened.len() + linked != wanted {
            let _ = writeln!(wrong, "{wanted} open action items led to {} new and {linked} linked issues", opened.len());
        }
        self.check_once()?;
        let board = self.project.board();
        for issue in opened {
            let on_board = board.items.iter().filter(|item| item.content == format!("acme/app#{issue}")).count();
            if on_board != 1 {
                let _ = writeln!(wrong, "#{issue} is on the board {on_board} times");
            }
        }
        if let Some(item) = board.items.iter().find(|item| item.field("Status") != "Triage") {
            let _ = writeln!(wrong, "{} is in `{}`, not in Triage", item.content, item.field("Status"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Trouble::Wrong(wrong)) }
    }

    /// Every item has one issue.
    fn check_once(&self) -> Result<(), Trouble> {
        let opened = self.filed();
        let markers: HashSet<_> =
            opened.iter().filter_map(|issue| marker::parse(&self.repository.issue(*issue).body)).map(|m| m.item).collect();
        if markers.len() == opened.len() {
            return Ok(());
        }
        Err(Trouble::Wrong(format!("{} issues carry {} different markers", opened.len(), markers.len())))
    }

    /// The issues that Followthrough opened, by number.
    fn filed(&self) -> Vec<u64> {
        self.repository.issues().iter().filter(|issue| issue.author.ends_with("[bot]")).map(|issue| issue.number).collect()
    }

    fn issues_url(&self) -> String {
        format!("{}/{}/issues", self.github.url(), self.repository.full_name())
    }

    fn is_linked(&self, issue: u64) -> bool {
        let comments = self.repository.comments(issue);
        let linked = comments.iter().filter(|comment| marker::parse(&comment.body).is_some()).count();
        linked > 0
    }

    fn one_comment(&self, number: u64) -> Result<String, Trouble> {
        let mut comments = self.repository.comments(number);
        comments.retain(|comment| marker::is_comment(&comment.body));
        match comments.as_slice() {
            [one] => Ok(one.body.clone()),
            several => Err(Trouble::Wrong(format!("{} comments on the pull request, 1 expected", several.len()))),
        }
    }

    /// 87 older issues and the one that the bundled postmortem links; gives its number.
    fn seed_issues(&self) -> u64 {
        self.github.quietly(|| {
            for number in 1..88 {
                let issue = self.repository.create_issue_as("mary-example", &format!("An older matter, number {number}"), "");
                self.repository.close_issue_as("mary-example", issue);
            }
            self.repository.create_issue_as("mary-example", "Payments give up at the first time-out", "Seen twice this autumn.")
        })
    }

    /// Delivers what is pending until nothing more comes of it and all work is done.
    async fn settle(&self) -> Result<(), Trouble> {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            self.github.deliver_all().await;
            while !self.idle().await {
                if tokio::time::Instant::now() > end {
                    return Err(Trouble::Stuck);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if self.github.pending_deliveries().is_empty() {
                return Ok(());
            }
        }
    }

    async fn idle(&self) -> bool {
        let deliveries = self.worker.store.delivery_counts().await.is_ok_and(|counts| counts.pending == 0);
        let jobs = self
            .worker
            .queue
            .counts(self.worker.now())
            .await
            .is_ok_and(|counts| counts.due + counts.scheduled + counts.running == 0);
        deliveries && jobs
    }

    /// Leaves everything running until the process is told to stop.
    pub async fn keep(&self) {
        self.say(&format!(
            "\n{}\n  the pull request  {}\n  the issues        {}\n  the board         {}\n{}",
            self.style.bold("Everything stays where it is until Ctrl-C:"),
            self.repository.pull_requests().first().map(|pull| pull.url.clone()).unwrap_or_default(),
            self.issues_url(),
            self.project.url(),
            self.style.dim(&format!("  GITHUB_API_URL for experiments of your own: {}", self.github.url())),
        ));
        let stop = tokio::signal::ctrl_c();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                _ = &mut stop => return,
                () = tokio::time::sleep(Duration::from_millis(200)) => { self.github.deliver_all().await; }
            }
        }
    }

    /// Stops the service gracefully.
    pub async fn end(self) -> Result<(), Trouble> {
        self.shutdown.cancel();
        match self.running.await {
            Ok(ended) => Ok(ended?),
            Err(error) => Err(Trouble::Wrong(format!("the service ended badly: {error}"))),
        }
    }

    fn chapter(&self, title: &str, url: &str) {
        let number = self.chapters.fetch_add(1, Ordering::Relaxed) + 1;
        self.say(&format!("\n{} {}  {}", self.style.cyan(&number.to_string()), self.style.bold(title), self.style.dim(url)));
    }

    fn line(&self, text: &str) {
        self.say(&format!("  {text}"));
    }

    /// The visible text of a comment, without its address parts, for a terminal.
    fn quote(&self, markdown: &str) {
        for line in readable(markdown) {
            self.say(&format!("  {} {line}", self.style.dim("│")));
        }
    }

    fn say(&self, text: &str) {
        (self.tell)(text);
    }
}

/// `1 issue`, `2 issues`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn read(script: &Script) -> Option<Postmortem> {
    parse::parse(&script.bytes, &ReadOptions::default()).ok()
}

/// What a reader of the rendered comment sees, roughly: links as their words, table cells in columns.
fn readable(markdown: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in markdown.lines() {
        let line = line.trim_end();
        if line.is_empty()
            || line.starts_with("<!--")
            || line.starts_with("<sub>")
            || line.starts_with("###")
            || line.starts_with("|--")
        {
            continue;
        }
        let mut text =
            unlink(line).replace("**", "").replace("&#8203;", "").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
        text.retain(|c| c != '\\');
        if let Some(row) = text.strip_prefix('|') {
            text = row.trim_end_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(" · ");
        }
        lines.push(text);
    }
    lines
}

/// The groups of findings in a check's summary; the documents with their items come after them.
fn review(summary: &str) -> Vec<String> {
    let groups = summary.lines().skip_while(|line| !line.starts_with("#### "));
    let groups = groups.take_while(|line| !line.starts_with("#### ["));
    let shown = groups.map(|line| match line.strip_prefix("#### ") {
        Some(heading) => vec![heading.to_owned()],
        None => readable(line),
    });
    shown.flatten().collect()
}

/// The lines that a suggestion brings.
fn rewrite(thread: &ReviewThreadView) -> String {
    let body = thread.comments.first().map_or("", |comment| comment.body.as_str());
    let block = body.lines().skip_while(|line| !line.ends_with("`suggestion")).skip(1);
    block.take_while(|line| !line.starts_with("```")).collect::<Vec<_>>().join(" ")
}

/// `[words](address)` becomes `words`.
fn unlink(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(middle) = rest.find("](") {
        let Some(end) = rest[middle..].find(')') else { break };
        let head = &rest[..middle];
        let open = head.rfind('[').unwrap_or(0);
        out.push_str(&head[..open]);
        out.push_str(head.get(open + 1..).unwrap_or_default());
        rest = &rest[middle + end + 1..];
    }
    out.push_str(rest);
    out
}

fn fields() -> Vec<FieldSeed> {
    let select = FieldSeed::single_select;
    vec![
        select("Status", &["Triage", "Planned", "In progress", "Done"]),
        select("Severity", &["SEV1", "SEV2", "SEV3"]),
        FieldSeed::date("Due"),
        FieldSeed::text("Priority"),
        FieldSeed::text("Postmortem"),
    ]
}

fn settings(github: &FakeGitHub, app_id: u64, secret: SecretString, database_url: &str) -> ServerSettings {
    ServerSettings {
        github: GitHubSettings {
            app_id,
            private_key: SecretString::from(DEMO_PRIVATE_KEY),
            webhook_secrets: vec![secret],
            api_url: github.url().to_owned(),
            graphql_url: github.graphql_url(),
        },
        database_url: SecretString::from(database_url),
        listen: Listen { host: "127.0.0.1".to_owned(), port: 0 },
        log: LogSettings { level: "warn".to_owned(), format: LogFormat::Text },
        write_interval: Duration::ZERO,
        recovery_interval: Duration::from_secs(300),
        webhook_proxy: None,
    }
}
