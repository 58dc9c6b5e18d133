//! `followthrough backfill` as people run it, beside nothing but a GitHub and a database.

use std::process::{Command, Output};

use followthrough::demo::github::{Change, Config, FakeGitHub, Repository};

use crate::{
    databases::Database,
    over_both::over_both,
    program::{followthrough, serve},
};

/// Two documents with three open items, and no configuration.
async fn world() -> (FakeGitHub, Repository) {
    let github = FakeGitHub::start(Config::default()).await.unwrap();
    let app = github.quietly(|| {
        let acme = github.organization("acme");
        let app = acme.repository("app");
        let document = |items: &str| format!("# Checkout failed\n\n## Action items\n\n{items}");
        let changes = [
            Change::write(
                "postmortems/a.md",
                document("- [ ] Alert on failing checkouts\n- [ ] Rehearse taking back a deploy\n"),
            ),
            Change::write("postmortems/b.md", document("- [ ] Rotate the certificates early\n- [x] Put it back\n")),
            Change::write("README.md", "# The app\n"),
        ];
        app.commit("main", "Begin", &changes);
        acme.install();
        app
    });
    (github, app)
}

/// The environment of `serve`, another command.
fn backfill(github: &FakeGitHub, database: &Database) -> Command {
    let mut command = followthrough();
    let environment = serve(github.url(), &database.url);
    command.args(["backfill", "--repo", "acme/app"]);
    command.envs(environment.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Exit code, standard output, standard error. Away from the threads on which GitHub answers.
async fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (said, complained) = (text(stdout), text(stderr));
    assert!(!complained.contains("panicked"), "{complained}");
    assert!(!said.contains('\u{1b}') && !complained.contains('\u{1b}'), "no terminal, no bar and no colours: {complained}");
    (status.code(), said, complained)
}

over_both! {
    async fn it_shows_first_and_opens_when_told_to(database: Database) {
        let (github, app) = world().await;
        let (code, said, complained) = run(backfill(&github, &database)).await;
        assert_eq!(code, Some(0), "{complained}");
        assert!(said.contains("postmortems/a.md\n") && said.contains("Rotate the certificates early  opens an issue"), "{said}");
        assert!(said.ends_with("2 documents, 4 items: 3 issues will open.\n"), "{said}");
        assert!(complained.contains("dry run") && complained.contains("no `.github/followthrough.yml`"), "{complained}");
        assert_eq!(app.issues().len(), 0);

        let mut command = backfill(&github, &database);
        command.arg("--apply");
        let (code, said, complained) = run(command).await;
        assert_eq!((code, said.as_str()), (Some(2), ""), "{complained}");
        assert!(complained.starts_with("error: ") && complained.contains("file: { when: merged }"), "{complained}");
        assert_eq!(app.issues().len(), 0);

        github.quietly(|| app.push("main", ".github/followthrough.yml", "file: { when: merged }\n"));
        for (sum, opened) in [("3 issues opened.", true), ("no issues opened, 3 tracked already.", false)] {
            let mut command = backfill(&github, &database);
            command.arg("--apply");
            let (code, said, complained) = run(command).await;
            assert_eq!((code, complained.as_str()), (Some(0), ""));
            assert!(said.ends_with(&format!("2 documents, 4 items: {sum}\n")), "{said}");
            assert_eq!(said.contains("is #"), opened, "{said}");
            assert_eq!(app.issues().len(), 3);
        }
        assert_eq!(app.pull_requests().len(), 0);
        assert_eq!(github.unexpected_requests(), Vec::<String>::new());
    }

    async fn programs_read_the_plan_as_json(database: Database) {
        let (github, app) = world().await;
        let mut command = backfill(&github, &database);
        command.args(["--format", "json"]);
        let (code, said, complained) = run(command).await;
        assert_eq!(code, Some(0), "{complained}");
        let plan: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(plan["schema"], "followthrough/plan/v1");
        assert_eq!(plan["documents"][0]["actions"].as_array().map(Vec::len), Some(2));
        assert_eq!(plan["documents"][1]["path"], "postmortems/b.md");
        assert!(complained.contains("3 issues will open"), "{complained}");
        assert_eq!(app.issues().len(), 0);
    }

    async fn wrong_usage_is_told(database: Database) {
        let (github, _) = world().await;
        for (arguments, told) in [
            (&["--since", "soon"][..], "YYYY-MM-DD"),
            (&["--link-back"][..], "--apply"),
            (&["--repo", "acme/elsewhere"][..], "cannot be used multiple times"),
        ] {
            let mut command = backfill(&github, &database);
            command.args(arguments);
            let (code, _, complained) = run(command).await;
            assert_eq!(code, Some(2));
            assert!(complained.contains(told), "{complained}");
        }
        let mut command = backfill(&github, &database);
        command.env("APP_ID", "");
        let (code, _, complained) = run(command).await;
        assert_eq!(code, Some(2));
        assert!(complained.contains("`APP_ID` is missing"), "{complained}");
    }
}
