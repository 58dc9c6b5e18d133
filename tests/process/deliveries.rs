//! `followthrough deliveries` as people run it.

use std::process::{Command, Output};

use followthrough::demo::github::{Change, Config, FakeGitHub};

use crate::program::{followthrough, serve};

/// A log with a delivery that arrived, one that did not, and one that arrived the second time.
async fn world() -> FakeGitHub {
    let github = FakeGitHub::start(Config::default()).await.unwrap();
    let app = github.quietly(|| {
        let acme = github.organization("acme");
        let app = acme.repository("app");
        app.commit("main", "Begin", &[Change::write("README.md", "# The app\n")]);
        acme.install();
        app
    });
    for text in ["one", "two"] {
        app.push("main", "README.md", text);
    }
    github.fail_pending_with(502);
    github
}

fn deliveries(github: &FakeGitHub, arguments: &[&str]) -> Command {
    let mut command = followthrough();
    // No database is opened: there is no such server.
    let environment = serve(github.url(), "postgres://nobody@127.0.0.1:9/nowhere");
    command.arg("deliveries").args(arguments);
    command.envs(environment.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

async fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_arrive_is_listed_shown_and_sent_again() {
    let github = world().await;
    let log = github.deliveries();
    for arguments in [&[][..], &["list"]] {
        let (code, said, complained) = run(deliveries(&github, arguments)).await;
        assert_eq!((code, complained.as_str()), (Some(0), ""));
        assert_eq!(said.lines().count(), log.len(), "{said}");
        assert!(
            said.starts_with(&log.last().unwrap().id.to_string()) && said.contains("push  Invalid HTTP Response: 502"),
            "{said}"
        );
    }
    let missed = &log[0];
    let (code, said, complained) = run(deliveries(&github, &["show", &missed.id.to_string()])).await;
    assert_eq!(code, Some(0), "{complained}");
    assert!(said.contains(&missed.guid) && said.contains("\"full_name\": \"acme/app\""), "{said}");

    let (code, _, complained) = run(deliveries(&github, &["redeliver", &missed.id.to_string()])).await;
    assert_eq!(code, Some(0), "{complained}");
    let pending = github.pending_deliveries();
    assert_eq!(
        pending.iter().map(|delivery| (delivery.guid.as_str(), delivery.redelivery)).collect::<Vec<_>>(),
        [(missed.guid.as_str(), true)]
    );
    assert_eq!(github.unexpected_requests(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_read_the_log_as_json() {
    let github = world().await;
    let log = github.deliveries();
    let (code, said, complained) = run(deliveries(&github, &["--failed", "--format", "json", "--limit", "1"])).await;
    assert_eq!(code, Some(0), "{complained}");
    let list: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(list["schema"], "followthrough/deliveries/v1");
    assert_eq!(list["deliveries"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&list["deliveries"][0]["id"], &list["deliveries"][0]["delivered"]),
        (&log.last().unwrap().id.into(), &false.into())
    );
    let id = log[0].id.to_string();
    let (_, said, _) = run(deliveries(&github, &["show", &id, "--format", "json"])).await;
    let one: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&one["schema"], &one["payload"]["ref"]), (&"followthrough/delivery/v1".into(), &"refs/heads/main".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told() {
    let github = world().await;
    for (arguments, told) in
        [(&["show", "12"][..], "3 days"), (&["redeliver", "12"], "3 days"), (&["show", "0b0a-guid"], "not the GUID")]
    {
        let (code, said, complained) = run(deliveries(&github, arguments)).await;
        assert_eq!((code, said.as_str()), (Some(2), ""), "{complained}");
        assert!(complained.contains(told), "{complained}");
    }
    let mut command = deliveries(&github, &[]);
    command.env("APP_ID", "99");
    let (code, _, complained) = run(command).await;
    assert_eq!(code, Some(2));
    assert!(complained.contains("APP_ID"), "{complained}");
    let mut command = deliveries(&github, &[]);
    command.env("APP_ID", "");
    assert!(run(command).await.2.contains("`APP_ID` is missing"));
}
