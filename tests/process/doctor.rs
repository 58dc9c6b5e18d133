//! `followthrough doctor`: all that is wrong, in one run, each with why and what to do; nothing is changed by it.

use std::process::{Command, Output};

use followthrough::{
    demo::github::{Clock, Config, FakeGitHub, FieldSeed},
    store::Store,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::program::{followthrough, serve};

const HOOK: &str = "https://followthrough.example/api/github/webhooks";

fn doctor(github: &str, folder: &tempfile::TempDir) -> Command {
    let database = format!("sqlite:{}", folder.path().join("store.db").display());
    let environment = serve(github, &database);
    let mut command = followthrough();
    command.arg("doctor").current_dir(folder.path());
    command.envs(environment.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Exit code and standard output. Away from the threads on which GitHub answers.
async fn run(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let (said, complained) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(complained, "");
    for secret in ["PRIVATE KEY-----", "a webhook secret of no worth", "ghs_", "\u{1b}"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
    (status.code(), said)
}

async fn findings(mut command: Command) -> (Option<i32>, Vec<Value>) {
    command.args(["--format", "json"]);
    let (code, said) = run(command).await;
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["schema"], "followthrough/doctor/v1");
    let findings = report["findings"].as_array().unwrap().clone();
    for finding in &findings {
        let bad = matches!(finding["level"].as_str(), Some("warning" | "error"));
        assert!(!bad || finding["help"].is_string() || finding["why"].is_string(), "{finding}");
    }
    (code, findings)
}

/// The messages of one check at one level, with what they are about.
fn told(findings: &[Value], check: &str, level: &str) -> Vec<String> {
    let told = findings.iter().filter(|finding| finding["check"] == check && finding["level"] == level);
    told.map(|finding| {
        format!("{}: {}", finding["subject"].as_str().unwrap_or("-"), finding["message"].as_str().unwrap_or_default())
    })
    .collect()
}

fn only(findings: &[Value], check: &str, level: &str) -> String {
    let mut told = told(findings, check, level);
    assert_eq!(told.len(), 1, "{check} {level}: {findings:#?}");
    told.remove(0)
}

#[tokio::test]
async fn with_nothing_configured_it_says_what_is_missing_and_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = followthrough();
    // Nothing is asked of the real GitHub in a test.
    command.arg("doctor").current_dir(folder.path()).env("GITHUB_API_URL", "http://127.0.0.1:9");
    let (code, said) = run(command).await;
    assert_eq!(code, Some(1), "{said}");
    for expected in ["`APP_ID` is missing", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET", "followthrough setup", "does not answer at"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it makes nothing");
}

#[tokio::test]
async fn where_all_is_well_it_says_so_and_changes_nothing() {
    let config = Config { webhook_url: Some(HOOK.to_owned()), ..Config::default() };
    let github = FakeGitHub::start(config).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    github.quietly(|| {
        let acme = github.organization("acme");
        let status = FieldSeed::single_select("Status", &["Triage", "Done"]);
        let board = acme.add_project(7, "Postmortem actions", &[status, FieldSeed::date("Due")]);
        let configured = acme.repository("app");
        let text = format!("board:\n  project: {}\n  status: triage\n  fields: {{ due: \"{{{{ item.due }}}}\" }}\n", board.url());
        configured.push("main", ".github/followthrough.yml", &text);
        acme.repository("other").push("main", "README.md", "# Other\n");
        acme.install();
    });
    let (code, said) = run(doctor(github.url(), &folder)).await;
    assert_eq!(code, Some(0), "{said}");
    for expected in [
        "GitHub App\n",
        "✓ GitHub accepts the App's credentials: Followthrough",
        "✓ The App asks for every permission",
        "✓ The App subscribes to every event",
        "✓ acme: configured: app.",
        "✓ acme: not configured, so the defaults are in force: other.",
        "Postmortem actions can be used.",
        "· There is no database yet",
        "All is well: ",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(!folder.path().join("store.db").exists(), "it makes no database");
    assert_eq!(github.unexpected_requests(), Vec::<String>::new());
    let writes = github.requests().into_iter().filter(|request| request.writes && !request.path.ends_with("/access_tokens"));
    assert_eq!(writes.count(), 0);

    let store = Store::open(&format!("sqlite:{}", folder.path().join("store.db").display())).await.unwrap();
    store.close().await;
    let (code, found) = findings(doctor(github.url(), &folder)).await;
    assert_eq!(code, Some(0), "{found:#?}");
    assert!(only(&found, "store", "ok").contains("SQLite opens"), "{found:#?}");
    only(&found, "waiting", "ok");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_in_one_run() {
    let mut config = Config { webhook_url: Some("http://hooks.example/elsewhere".to_owned()), ..Config::default() };
    config.permissions.remove("checks");
    config.permissions.insert("pull_requests".to_owned(), "read".to_owned());
    config.permissions.insert("administration".to_owned(), "write".to_owned());
    config.events.retain(|event| event != "push");
    let github = FakeGitHub::start(config).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let repository = |name: &str, configuration: &str| {
        github.organization("acme").repository(name).push("main", ".github/followthrough.yml", configuration);
    };
    github.quietly(|| {
        let acme = github.organization("acme");
        let board = acme.add_project(7, "Actions", &[FieldSeed::single_select("Status", &["Todo"])]);
        repository("broken", "file:\n  wehn: merged\nboard: 7\n");
        repository("rule", "review: { rules: { missing-ownr: error } }\n");
        repository("fields", &format!("board: {{ project: '{}', status: Triage, fields: {{ Due: x }} }}\n", board.url()));
        let base = board.url().trim_end_matches("/orgs/acme/projects/7").to_owned();
        repository("numbered", &format!("board: {{ project: '{base}/orgs/acme/projects/99' }}\n"));
        repository("personal", &format!("board: {{ project: '{base}/users/ada-example/projects/1' }}\n"));
        repository("abroad", &format!("board: {{ project: '{base}/orgs/umbrella/projects/1' }}\n"));
        repository("routed", "file: { repository: acme/nowhere }\n");
        acme.install();
        let umbrella = github.organization("umbrella");
        umbrella.install();
        umbrella.suspend();
    });
    // Made before the next push of an event, which is the one that fails.
    let app = github.organization("acme").repository("late");
    app.create_issue_as("ada-example", "Broken", "Words.");
    github.fail_pending_with(502);
    let store = Store::open(&format!("sqlite:{}", folder.path().join("store.db").display())).await.unwrap();
    store.record_failure("document 1/a.md", "the board cannot be reached", true, Timestamp::now()).await.unwrap();
    store.close().await;

    let mut command = doctor(github.url(), &folder);
    command.env("WEBHOOK_SECRET", "").env("PORT", "many");
    let (code, found) = findings(command).await;
    assert_eq!(code, Some(1), "{found:#?}");
    let settings = told(&found, "settings", "error").join("\n");
    assert!(
        settings.contains("`WEBHOOK_SECRET` is missing") && settings.contains("`PORT` in the environment is `many`"),
        "{settings}"
    );
    only(&found, "jwt", "ok");
    assert!(only(&found, "permissions", "error").contains("Checks: Read and write"), "{found:#?}");
    assert!(only(&found, "permissions", "warning").contains("Pull requests: Read and write"), "{found:#?}");
    assert!(only(&found, "needless-permissions", "note").contains("administration"), "{found:#?}");
    assert!(only(&found, "events", "error").contains("`push`"), "{found:#?}");
    let hook = told(&found, "webhook-url", "warning").join("\n");
    assert!(hook.contains("does not end in /api/github/webhooks") && hook.contains("is not encrypted"), "{hook}");
    assert!(only(&found, "deliveries", "error").contains("(502)"), "{found:#?}");
    assert!(only(&found, "suspended", "error").starts_with("umbrella: "), "{found:#?}");
    assert!(only(&found, "failing", "error").contains("board cannot be reached"), "{found:#?}");

    let broken = told(&found, "configuration", "error");
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(broken[0].starts_with("acme/broken: .github/followthrough.yml, line 2, column 3: "), "{broken:?}");
    let place = found.iter().find(|finding| finding["check"] == "configuration" && finding["level"] == "error").unwrap();
    assert_eq!((place["line"].as_u64(), place["column"].as_u64()), (Some(2), Some(3)));
    assert!(only(&found, "configuration", "warning").contains("missing-ownr"), "{found:#?}");
    assert!(only(&found, "destination", "error").contains("acme/nowhere"), "{found:#?}");
    let boards = told(&found, "board", "error").join("\n");
    for expected in ["has no board number 99", "belongs to a person", "belongs to umbrella"] {
        assert!(boards.contains(expected), "{expected}: {boards}");
    }
    let fields = told(&found, "board-fields", "warning").join("\n");
    assert!(fields.contains("no status `Triage`; it has `Todo`") && fields.contains("no field `Due`"), "{fields}");
    only(&found, "budget", "ok");
    assert_eq!(github.unexpected_requests(), Vec::<String>::new());

    let mut command = doctor(github.url(), &folder);
    command.args(["--repo", "acme/nothing-there"]);
    let (code, found) = findings(command).await;
    assert_eq!(code, Some(1));
    assert!(only(&found, "repositories", "error").starts_with("acme/nothing-there: "), "{found:#?}");
    assert_eq!(told(&found, "configuration", "error"), Vec::<String>::new(), "nothing else is looked at");
}

#[tokio::test]
async fn what_an_account_did_not_accept_and_a_board_without_permission_are_told_as_that() {
    let github = FakeGitHub::start(Config { webhook_url: Some(HOOK.to_owned()), ..Config::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    github.quietly(|| {
        let acme = github.organization("acme");
        let board = acme.add_project(7, "Actions", &[]);
        acme.repository("app").push("main", ".github/followthrough.yml", &format!("board: {{ project: '{}' }}\n", board.url()));
        let granted =
            [("metadata", "read"), ("contents", "write"), ("pull_requests", "write"), ("issues", "write"), ("checks", "write")];
        acme.install_with(Some(&granted), None);
    });
    let (code, found) = findings(doctor(github.url(), &folder)).await;
    assert_eq!(code, Some(1));
    assert!(
        only(&found, "granted", "error").contains("acme: Not granted: Projects (of the organization): Read and write."),
        "{found:#?}"
    );
    assert!(only(&found, "board", "error").contains("acme has not granted the App"), "{found:#?}");
}

#[tokio::test]
async fn a_clock_that_is_wrong_and_a_key_that_github_does_not_know() {
    let behind = Timestamp::now() - SignedDuration::from_mins(20);
    let github = FakeGitHub::start(Config { clock: Clock::manual(behind), ..Config::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (code, found) = findings(doctor(github.url(), &folder)).await;
    assert_eq!(code, Some(1));
    assert!(only(&found, "clock", "error").contains("seconds ahead of GitHub's"), "{found:#?}");
    only(&found, "jwt", "error");

    let github = FakeGitHub::start(Config::default()).await.unwrap();
    let mut command = doctor(github.url(), &folder);
    command.env("PRIVATE_KEY", include_str!("../../src/github/app/test_key_pkcs1.pem"));
    let (code, found) = findings(command).await;
    assert_eq!(code, Some(1));
    only(&found, "clock", "ok");
    only(&found, "private-key", "ok");
    assert!(only(&found, "jwt", "error").contains("could not be decoded"), "{found:#?}");
    only(&found, "store", "note");
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_told_beside_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("text");
    std::fs::write(&file, "This is not a database, however long one reads it. ".repeat(100)).unwrap();
    let github = FakeGitHub::start(Config::default()).await.unwrap();
    let mut command = doctor(github.url(), &folder);
    command.env("DATABASE_URL", format!("sqlite:{}", file.display()));
    let (code, found) = findings(command).await;
    assert_eq!(code, Some(1));
    only(&found, "store", "error");
    only(&found, "jwt", "ok");
    assert!(only(&found, "webhook-url", "error").contains("no webhook URL"), "{found:#?}");
    assert!(only(&found, "installations", "warning").contains("not installed anywhere"), "{found:#?}");

    let mut command = doctor(github.url(), &folder);
    command.env("DATABASE_URL", "postgres://root:hunter2@127.0.0.1:9/x");
    let (_, said) = run(command).await;
    assert!(said.contains("DATABASE_URL") && !said.contains("hunter2"), "{said}");
}
