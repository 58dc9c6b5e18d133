//! `followthrough setup`: a browser's way through the manifest flow, and the way without one. The credentials end in one file.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use followthrough::demo::github::{Config, DEMO_PRIVATE_KEY, FakeGitHub, Fault, Matching};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::program::followthrough;

const HOOK: &str = "https://followthrough.example";

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn location(&self) -> String {
        let line = self.head.lines().find_map(|line| line.strip_prefix("location: "));
        line.unwrap_or_else(|| panic!("no location: {}", self.head)).to_owned()
    }
}

/// A browser: one request to `http://host:port/path`.
async fn browse(method: &str, url: &str, form: &[(&str, &str)]) -> Answer {
    let url = url::Url::parse(url).unwrap();
    let authority = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let request = format!(
        "{method} {}{query} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: Browser\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        url.path(),
        body.len()
    );
    let mut stream = TcpStream::connect(&authority).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

struct Setup {
    child: Child,
    /// Of the page, ending in `/`.
    url: String,
    said: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Setup {
    fn start(github: &FakeGitHub, folder: &Path, arguments: &[&str]) -> Self {
        let mut command = followthrough();
        command.arg("setup").args(arguments).args(["--port", "0"]).current_dir(folder).env("GITHUB_API_URL", github.url());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        stderr.read_line(&mut said).unwrap();
        let url = said.split_whitespace().find(|word| word.starts_with("http://")).unwrap_or_else(|| panic!("{said}")).to_owned();
        Self { child, url, said, stderr }
    }

    /// Exit code, standard output, standard error.
    fn ended(mut self) -> (Option<i32>, String, String) {
        let status = self.child.wait().unwrap();
        self.stderr.read_to_string(&mut self.said).unwrap();
        let mut printed = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        (status.code(), printed, self.said.clone())
    }

    /// Fills in the form and gives the page that asks for consent: where it is posted to, and the manifest.
    async fn review(&self, organization: &str) -> (String, Value) {
        let form = browse("GET", &self.url, &[]).await;
        assert_eq!(form.status, 200);
        assert!(form.body.contains("action=\"/review\"") && !form.body.contains("<script"), "{}", form.body);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("organization", organization), ("url", HOOK), ("name", "Followthrough of acme")])
            .finish();
        let review = browse("GET", &format!("{}review?{query}", self.url), &[]).await;
        assert_eq!(review.status, 200, "{}", review.body);
        assert!(review.body.contains("Opens one issue per action item"), "each permission has its reason: {}", review.body);
        assert!(review.body.contains("<code>file.when</code> is <code>approved</code>"), "{}", review.body);
        let attribute = |before: &str| plain(review.body.split(before).nth(1).unwrap().split('"').next().unwrap());
        let manifest = serde_json::from_str(&attribute("name=\"manifest\" value=\"")).unwrap();
        (attribute("<form action=\""), manifest)
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Text out of HTML.
fn plain(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&#x2f;", "/").replace("&#x3d;", "=").replace("&#x27;", "'");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

async fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn assert_no_secret(text: &str) {
    for secret in ["PRIVATE KEY", "a webhook secret of no worth", "a client secret of no worth"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_browser_registers_the_app_and_the_credentials_are_in_a_file_that_works() {
    let github = FakeGitHub::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::start(&github, folder.path(), &[]);
    let (action, manifest) = setup.review("acme").await;
    assert!(action.starts_with(&format!("{}/organizations/acme/settings/apps/new?state=", github.url())), "{action}");
    assert_eq!(manifest["hook_attributes"]["url"], "https://followthrough.example/api/github/webhooks");
    assert_eq!((&manifest["public"], &manifest["default_permissions"]["issues"]), (&false.into(), &"write".into()));
    assert!(manifest["default_events"].as_array().unwrap().contains(&"pull_request".into()), "{manifest}");
    let consent = browse("POST", &action, &[("manifest", &manifest.to_string())]).await;
    assert_eq!(consent.status, 302, "{}", consent.body);
    let back = consent.location();
    assert!(back.starts_with(&format!("{}callback?code=", setup.url)), "{back}");

    // Somebody else's link, with a code of theirs: nothing is done with it.
    let forged = format!("{}&x", back.split("&state=").next().unwrap());
    for forged in [forged.clone(), format!("{forged}&state=0"), format!("{}callback", setup.url)] {
        let refused = browse("GET", &forged, &[]).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
    }
    assert!(!folder.path().join("followthrough.toml").exists());

    let done = browse("GET", &back, &[]).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(plain(&done.body).contains("/apps/followthrough/installations/new"), "{}", done.body);
    assert!(done.body.contains("followthrough serve --config followthrough.toml"), "{}", done.body);
    assert!(
        done.head.contains("cache-control: no-store") && done.head.contains("referrer-policy: strict-origin"),
        "{}",
        done.head
    );
    assert_no_secret(&done.body);
    let (code, printed, said) = setup.ended();
    assert_eq!((code, printed.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("followthrough serve --config followthrough.toml") && said.contains("installations/new"), "{said}");
    assert_no_secret(&said);

    let file = folder.path().join("followthrough.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("a webhook secret of no worth") && !text.contains("client secret"), "{text}");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions()) & 0o777, 0o600);
    let mut doctor = followthrough();
    doctor.args(["doctor", "--format", "json", "--config", "followthrough.toml"]).current_dir(folder.path());
    let (_, report, complained) = run(doctor).await;
    let report: Value = serde_json::from_str(&report).unwrap_or_else(|_| panic!("{complained}"));
    let good = |check: &str| {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().any(|finding| finding["check"] == check && finding["level"] == "ok")
    };
    for check in ["settings", "jwt", "permissions", "events", "webhook-url"] {
        assert!(good(check), "{check}: {report:#}");
    }
    assert_eq!(github.unexpected_requests(), Vec::<String>::new());
}

#[tokio::test]
async fn without_a_browser_the_manifest_is_printed_and_the_code_redeemed_once() {
    let github = FakeGitHub::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let setup = |arguments: &[&str]| {
        let mut command = followthrough();
        command.arg("setup").args(arguments).current_dir(folder.path()).env("GITHUB_API_URL", github.url());
        run(command)
    };
    let (code, manifest, said) = setup(&["--print-manifest", "--url", HOOK]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("/settings/apps/new") && said.contains("--code CODE"), "{said}");
    let posted = browse("POST", &format!("{}/settings/apps/new", github.url()), &[("manifest", &manifest)]).await;
    assert_eq!(posted.status, 302, "{}", posted.body);
    let back = posted.location();
    let given = back.split("code=").nth(1).unwrap();

    let (code, printed, said) = setup(&["--code", given, "--print-credentials"]).await;
    assert_eq!(code, Some(0), "{said}");
    let credentials: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(credentials["APP_ID"], "424242");
    assert_eq!(credentials["PRIVATE_KEY"], DEMO_PRIVATE_KEY);
    assert_eq!(credentials["WEBHOOK_SECRET"], "a webhook secret of no worth");
    assert_no_secret(&said);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file");

    let (code, printed, said) = setup(&["--code", given, "--organization", "acme"]).await;
    assert_eq!((code, printed.as_str()), (Some(2), ""));
    for expected in [
        "used already",
        "/organizations/acme/settings/apps",
        "generate a new key",
        "private_key_path",
        "run `followthrough setup` again",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file");
}

#[tokio::test]
async fn a_conversion_whose_answer_is_lost_is_not_repeated_and_the_manual_way_is_told() {
    let github = FakeGitHub::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::start(&github, folder.path(), &["--organization", "acme", "--url", HOOK]);
    let (action, manifest) = setup.review("acme").await;
    let back = browse("POST", &action, &[("manifest", &manifest.to_string())]).await.location();
    github.forget_requests();
    github.faults().next(Matching::rest("POST", "/conversions"), Fault::LoseAnswer);
    let lost = browse("GET", &back, &[]).await;
    assert_eq!(lost.status, 502);
    assert!(lost.body.contains("answer was lost") && lost.body.contains("generate a new key"), "{}", lost.body);
    assert_eq!(github.requests().len(), 1, "a code works once");
    assert!(!folder.path().join("followthrough.toml").exists());
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_is_registered() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("followthrough.toml"), "app_id = 1\n").unwrap();
    let setup = |arguments: &[&str]| {
        let mut command = followthrough();
        command.arg("setup").args(arguments).current_dir(folder.path());
        run(command)
    };
    for (arguments, told) in [
        (&[][..], "followthrough.toml is there already, and is not overwritten"),
        (&["--file", "nowhere/x.toml"][..], "nowhere/x.toml cannot be written"),
        (&["--print-manifest", "--url", "http://localhost:3000"][..], "GitHub cannot reach it"),
        (&["--print-manifest"][..], "--url"),
        (&["--url", "followthrough.example"][..], "write an address such as"),
        (
            &["--print-manifest", "--url", HOOK, "--name", "A name that is far too long for any GitHub App"][..],
            "1 to 34 characters",
        ),
        (&["--github-api-url", "ftp://x"][..], "not the address of a GitHub API"),
    ] {
        let (code, printed, said) = setup(arguments).await;
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{said}");
        assert!(said.contains(told), "{told}: {said}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("followthrough.toml")).unwrap(), "app_id = 1\n");
}

#[tokio::test]
async fn a_form_with_mistakes_is_shown_again_with_what_is_wrong() {
    let github = FakeGitHub::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::start(&github, folder.path(), &[]);
    for (query, told) in [
        ("organization=a%2Fb&url=https://x.example&name=x", "letters, digits and hyphens"),
        ("organization=&url=nothing&name=x", "write an address such as"),
        ("organization=&url=https://x.example&name=", "1 to 34 characters"),
    ] {
        let page = browse("GET", &format!("{}review?{query}", setup.url), &[]).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains(told) && page.body.contains("role=\"alert\""), "{}", page.body);
    }
    let page = browse("GET", &format!("{}review?organization=&url=https://x.example&name=%3Cscript%3E", setup.url), &[]).await;
    assert!(page.status == 200 && !page.body.contains("<script>"), "{}", page.body);
}
