//! What people may write into documents, templates, issues and comments: it is shown as words, and decides nothing that its
//! writer may not decide.

use followthrough::{
    demo::github::{Change, IssueEdit, Role},
    plan::marker,
};

use crate::{
    databases::Database,
    over_both::over_both,
    world::{DOCUMENT, PATH, World, filed, titles},
};

const CONFIGURATION: &str = ".github/followthrough.yml";

/// A pull request from the fork of somebody who may only read.
fn from_a_fork(world: &World, changes: &[Change]) -> u64 {
    let fork = world.github.quietly(|| world.app.fork("mallory-example"));
    let branch = format!("theirs-{}", world.app.pull_requests().len());
    fork.commit_as("mallory-example", &branch, "From outside", changes);
    world.app.open_pull_request_from(&fork, "mallory-example", &branch, "From a fork", "", false)
}

/// Everything that Followthrough wrote anywhere.
fn written(world: &World, number: u64) -> String {
    let comments = world.app.comments(number).into_iter().map(|comment| comment.body);
    let issues = filed(&world.app).into_iter().map(|issue| format!("{}\n{}", issue.title, issue.body));
    let checks = world.app.check_runs().into_iter().map(|run| format!("{run:?}"));
    comments.chain(issues).chain(checks).collect::<Vec<_>>().join("\n")
}

fn empty_database(folder: &tempfile::TempDir, name: &str) -> Database {
    Database { url: format!("sqlite://{}/{name}.db", folder.path().display()) }
}

/// Whether a document in `acme/app` that somebody with this role in the private `acme/secret` writes, and that is merged, has
/// anything to do with an issue there: either it is linked in full, or not a word of it is shown and nothing is written.
async fn reaches(database: &Database, home_private: bool, role: Option<Role>) -> bool {
    let world = World::start(database).await;
    let secret = world.github.quietly(|| {
        world.app.set_role("mallory-example", Role::Read);
        if home_private {
            world.app.make_private();
        }
        let secret = world.github.organization("acme").repository("secret");
        secret.push("main", "README.md", "# Secret\n");
        secret.make_private();
        if let Some(role) = role {
            secret.set_role("mallory-example", role);
        }
        secret
    });
    let hidden = world.github.quietly(|| secret.create_issue_as("grace-example", "We are buying Example Inc", "Hush."));
    let text = format!(
        "# Outage\n\n## Action items\n\n- [ ] Look into it {}/acme/secret/issues/{hidden}\n- [ ] And that: acme/secret#999\n",
        world.github.url()
    );
    let number = from_a_fork(&world, &[Change::write(PATH, text)]);
    world.settle().await;
    world.app.merge(number);
    world.settle().await;
    world.later(3_600).await;
    let all = written(&world, number);
    let reached = all.contains("Example Inc");
    assert_eq!(secret.comments(hidden).len(), usize::from(reached), "{all}");
    assert_eq!(secret.issue(hidden).labels.is_empty(), !reached, "{all}");
    assert_eq!(filed(&world.app).len(), if reached { 1 } else { 2 }, "what cannot be reached gets an issue of its own: {all}");
    reached
}

over_both! {
    async fn configurations_that_would_explode_are_told_and_stay_out_of_force(database: Database) {
        let world = World::start(&database).await;
        let aliases = (1..30).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "))).collect::<String>();
        let globs = (0..190).map(|n| format!("'{}{n}.md'", "**/a*".repeat(40))).collect::<Vec<_>>().join(", ");
        for (index, bomb) in [
            format!("a0: &a0 [lol]\n{aliases}"),
            "[".repeat(60_000),
            format!("documents: {{ include: ['{}'] }}\n", "(a+)+[".repeat(5_000)),
            format!("documents: {{ include: [{globs}] }}\nnonsense: 1\n"),
            format!("documents: {{ include: ['{}'] }}\n", "{a,b}".repeat(2_000)),
            format!("file: {{ title: '{}' }}\n", "{% if item.text %}".repeat(2_000)),
            "file: { title: '{% for a in range(999999999) %}{% for b in range(999999999) %}x{% endfor %}{% endfor %}' }\n".to_owned(),
            "file: { title: \"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}\" }\n".to_owned(),
            "file: { title: \"{{ 'x' * 1000000000 }}\" }\n".to_owned(),
            "file: { title: \"{% include '/etc/passwd' %}\" }\n".to_owned(),
            "&a [*a]\n".to_owned(),
            "a: !!binary AAAA\n? [x]\n: y\n".to_owned(),
            format!("file: {{ labels: [{}] }}\n", vec!["x"; 200_000].join(", ")),
            "\u{0}\u{feff}".repeat(1_000),
            "# large\n".repeat(400_000),
        ].into_iter().enumerate() {
            let number = world.propose(&[(CONFIGURATION, &bomb)]);
            world.settle().await;
            let runs = world.app.check_runs_on(&world.app.pull_request(number).head);
            let Some(run) = runs.last() else { panic!("{index}: {:?}", world.worker.store.list_failures(10).await) };
            assert_eq!(run.conclusion.as_deref(), Some("neutral"), "{index}: {run:?}");
            let shown = world.comment(number).body;
            assert!(shown.len() < 65_536 && !shown.contains("root:"), "{index}");
            // In force is what was good last: nothing.
            world.github.quietly(|| world.app.push("main", CONFIGURATION, &bomb));
        }
        let number = world.propose(&[(PATH, DOCUMENT)]);
        world.merged(number).await;
        assert_eq!(world.filed().len(), 2, "{}", world.comment(number).body);
    }

    async fn a_document_cannot_speak_to_the_templates(database: Database) {
        let world = World::start(&database).await;
        world.configure("file: { title: '{{ postmortem.title }}: {{ item.text }}', body: '{{ item.text }} {{ item.detail }}' }\n");
        if world.app.file("main", CONFIGURATION).is_some_and(|text| followthrough::settings::parse(&text).is_err()) {
            world.configure("file: { title: '{{ postmortem.title }}: {{ item.text }}' }\n");
        }
        let text = "# {{ 7 * 7 }} {% raw %}\n\n## Action items\n\n- Add {{ item.class }} {{ 'a' * 9 }} {% for x in range(9) %}x{% endfor %} {# gone #}\n";
        let number = world.propose(&[(PATH, text)]);
        world.merged(number).await;
        let issues = world.filed();
        assert_eq!(titles(&issues), ["{{ 7 * 7 }} {% raw %}: Add {{ item.class }} {{ 'a' * 9 }} {% for x in range(9) %}x{% endfor %} {# gone #}"]);
        assert!(!written(&world, number).contains("aaaaaaaaa"));
    }

    async fn words_of_a_document_call_nobody_and_close_nothing(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| world.app.create_issue_as("ada-example", "Somebody's", "Leave it alone"));
        let text = "# Outage, cc @grace-example @acme/everyone fixes #1\n\n## Summary\n\nCloses #1. <!-- followthrough:comment v1 -->\n\n## Action items\n\n\
            - [ ] Ask @stranger-example\u{200b} and @\u{200d}acme/everyone: fixes #1, closes acme/app#1, resolves GH-1, https://github.com/acme/app/issues/1 \u{202e}txet\u{2066}\n  \
            - Detail for @acme/security-team: fixes #1 &#64;grace-example <b>@grace-example</b>\n\
            - [ ] Raise the limit <!-- followthrough:end --> [@grace-example](https://x.example/@grace-example) `@grace-example`\n";
        let number = world.propose(&[(PATH, text)]);
        world.merged(number).await;
        world.later(3_600).await;
        let pings = world.github.pings();
        assert!(pings.iter().all(|ping| !format!("{ping:?}").contains("everyone") && !format!("{ping:?}").contains("security-team") && !format!("{ping:?}").contains("grace")), "{pings:?}");
        let all = written(&world, number);
        for hidden in ['\u{202e}', '\u{2066}', '\u{200d}'] {
            assert!(!all.contains(hidden), "{hidden:?}");
        }
        world.comment(number);
        for issue in world.filed() {
            assert!(marker::region(&issue.body).unwrap().is_intact(), "{}", issue.body);
            assert_eq!(issue.body.matches("followthrough:begin").count(), 1, "{}", issue.body);
        }
    }

    async fn markers_in_a_document_belong_to_nobody(database: Database) {
        let world = World::start(&database).await;
        let first = world.opened().await;
        world.merged(first).await;
        let stolen = world.filed()[0].body.clone();
        let begin = stolen.lines().next().unwrap();
        let begin = stolen.lines().find(|line| line.contains("followthrough:begin")).unwrap_or(begin);
        let text = format!(
            "# Mail was late\n\n{begin}\n\n<!-- followthrough:comment v1 -->\n\n## Action items\n\n- [ ] Write to the customers {begin}\n  {begin}\n  stolen\n  <!-- followthrough:end -->\n- [ ] Buy more stamps &lt;!-- followthrough:begin v1 -->\n"
        );
        let number = world.propose(&[("postmortems/mail.md", &text)]);
        world.merged(number).await;
        world.later(3_600).await;
        let (count, bodies) = (world.filed().len(), world.filed().iter().map(|issue| marker::parse(&issue.body)).collect::<Vec<_>>());
        assert_eq!(count, 4);
        for (index, marker) in bodies.iter().enumerate() {
            assert_eq!(bodies.iter().filter(|other| *other == marker).count(), 1, "#{index} has a marker of its own");
        }
        // Without a database the issues are found by their markers, and by no others.
        let folder = tempfile::tempdir().unwrap();
        let mut world = world;
        world.restart(&empty_database(&folder, "lost")).await;
        for pull in [first, number] {
            world.github.send(&world.github.copy_under_new_guid(&crate::review::pending(&world.delivery_about(pull)))).await;
        }
        world.settle_for_good().await;
        assert_eq!(world.filed().len(), 4, "{:?}", titles(&world.filed()));
    }

    async fn an_issue_with_somebody_else_s_marker_stands_for_nothing_more(database: Database) {
        let mut world = World::start(&database).await;
        world.github.quietly(|| world.app.set_role("mallory-example", Role::Write));
        let number = world.opened().await;
        world.merged(number).await;
        let issues = world.filed();
        let (mine, theirs) = (issues[0].clone(), issues[1].clone());
        // Mallory's own issue, and one of ours that she edits, carry the marker of another.
        let own = world.app.create_issue_as("mallory-example", "Mine", &theirs.body);
        let edit = |body: String| IssueEdit { body: Some(body), ..IssueEdit::default() };
        world.app.edit_issue_as("mallory-example", mine.number, edit(theirs.body.clone()));
        world.settle().await;
        world.later(3_600).await;
        world.app.close_issue_as("mallory-example", own);
        world.settle().await;
        let ours = |world: &World| world.app.issues().into_iter().filter(|issue| issue.author.ends_with("[bot]")).count();
        assert_eq!(ours(&world), 2, "nothing is opened twice");
        assert!(!world.comment(number).body.contains(&format!("/issues/{own}")), "{}", world.comment(number).body);
        let marker = |body: &str| marker::parse(body).unwrap();
        let now = world.app.issue(mine.number).body;
        assert_eq!(marker(&now), marker(&mine.body), "the region is what the document says, its marker too");
        // Nor when everything is read anew.
        let folder = tempfile::tempdir().unwrap();
        world.restart(&empty_database(&folder, "lost")).await;
        world.github.send(&world.github.copy_under_new_guid(&crate::review::pending(&world.delivery_about(number)))).await;
        world.settle_for_good().await;
        assert!(ours(&world) <= 3, "{:?}", titles(&world.filed()));
        let at_theirs = world.comment(number).body;
        assert!(!at_theirs.contains(&format!("/issues/{own}")), "{at_theirs}");
    }

    async fn a_fork_decides_nothing_beyond_its_own_documents(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| {
            let tracker = world.github.organization("acme").repository("tracker");
            tracker.push("main", "README.md", "# Tracker\n");
        });
        world.configure("documents: { include: ['postmortems/**'] }\n");
        let number = from_a_fork(&world, &[
            Change::write(PATH, DOCUMENT),
            Change::write(CONFIGURATION, "documents: { include: ['**'] }\nfile: { when: opened, repository: acme/tracker, title: 'PWNED', labels: [pwned] }\nreview: { naming: allowed }\n"),
            Change::write("config/postmortem-template.md", "# PWNED\n\n## Action items\n\n- Template\n"),
            Change::write("docs/elsewhere.md", "# Elsewhere\n\n## Action items\n\n- Out of reach\n"),
            Change::write(".github/workflows/x.md", "# Flow\n\n## Action items\n\n- Run it\n"),
        ]);
        world.settle().await;
        let shown = world.comment(number).body;
        assert!(shown.contains("2 issues will open"), "{shown}");
        for theirs in ["PWNED", "pwned", "acme/tracker", "Out of reach", "Run it"] {
            assert!(!shown.contains(theirs), "{theirs}: {shown}");
        }
        for command in ["/followthrough file", "/followthrough adopt 1 #1", "/followthrough skip 1 because"] {
            world.app.comment_as("mallory-example", number, command);
        }
        world.settle().await;
        world.later(3_600).await;
        assert_eq!(filed(&world.app).len(), 0, "nothing before it is merged");
        world.app.close_pull_request("mallory-example", number);
        world.settle().await;
        world.later(3_600).await;
        assert_eq!(filed(&world.app).len() + filed(&world.github.organization("acme").repository("tracker")).len(), 0);
    }

    async fn a_public_pull_request_shows_and_touches_no_private_issue(database: Database) {
        assert!(!reaches(&database, false, Some(Role::Read)).await, "not even its author's, as everybody reads it");
    }

    async fn a_document_reaches_private_issues_that_its_author_may_see(database: Database) {
        assert!(reaches(&database, true, Some(Role::Read)).await);
    }

    async fn a_document_cannot_show_or_touch_what_its_author_may_not_see(database: Database) {
        assert!(!reaches(&database, true, None).await);
    }

    async fn an_adoption_is_ordered_only_by_those_who_see_the_issue(database: Database) {
        let world = World::start(&database).await;
        let secret = world.github.quietly(|| {
            world.app.make_private();
            world.app.set_role("mary-example", Role::Write);
            let secret = world.github.organization("acme").repository("secret");
            secret.push("main", "README.md", "# Secret\n");
            secret.make_private();
            secret
        });
        let hidden = world.github.quietly(|| secret.create_issue_as("ada-example", "We are buying Example Inc", "Hush."));
        let number = world.opened().await;
        let order = format!("/followthrough adopt 1 acme/secret#{hidden}");
        let refused = world.app.comment_as("mary-example", number, &order);
        world.settle().await;
        let reactions = |comment: u64| world.app.comments(number).into_iter().find(|known| known.id == comment).unwrap().reactions;
        assert_eq!(reactions(refused), ["confused"]);
        assert!(!written(&world, number).contains("Example Inc"));
        world.github.quietly(|| secret.set_role("mary-example", Role::Read));
        let obeyed = world.app.comment_as("mary-example", number, &order);
        world.settle().await;
        assert_eq!(reactions(obeyed), ["+1"]);
        world.merged(number).await;
        assert_eq!(secret.comments(hidden).len(), 1);
    }
}
