//! What people read, word by word: the bundled postmortem on its way through.

use std::collections::HashMap;

use jiff::civil::date;

use super::{
    check, check_changes, check_diff, check_github, check_sarif, check_text, check_v1,
    comment::{self, DocumentReport, Moment, Reading, Report, Stage},
    issue,
    review::{Celebration, DocumentReview},
    style::Style,
};
use crate::{
    ids::{CommitSha, IssueNumber, IssueRef, NodeId, RepositoryId, RepositoryName},
    plan::{
        self, AlsoAskedBy, Document, Elsewhere, IssueState, Observed, Plan, Problem, PullRequest, Referent, Target, TargetState,
        identity,
    },
    postmortem::{
        model::Owner,
        parse::{self, ReadOptions},
    },
    review::{self, Policy},
    settings::{self, Settings},
    text::Lines,
};

const POSTMORTEM: &str = "---
severity: SEV1
date: 2026-11-20
---

# Checkout failed for 47 minutes

## Summary

Every fourth checkout ended in an error page.

## Action items

- [ ] Alert when fewer than 98 % of checkouts succeed (@ada-example, due 2026-12-01) [P1]
- [ ] Keep the pool's size in its own file. Owner: Infra team
  - the reason stands beside the number
  - closes #3, says @mary-example
- [ ] Retry a payment once before showing the error page (#88)
- [x] Put the pool back to its old size
- [ ] ~~Buy a second database~~ (won't do)
";

const URL: &str = "https://github.com/acme/app/blob/0123abc/postmortems/checkout.md";

fn home() -> RepositoryName {
    RepositoryName::new("acme", "app")
}

fn planned(target: TargetState) -> Plan {
    planned_from(POSTMORTEM, target)
}

fn planned_from(text: &str, target: TargetState) -> Plan {
    planned_with(text, &Settings::default(), target, Observed::default())
}

fn read(text: &str) -> Document {
    Document {
        key: identity::document_key(RepositoryId(1), "postmortems/checkout.md"),
        repository: home(),
        path: "postmortems/checkout.md".to_owned(),
        commit: Some(CommitSha::new("0123abc")),
        url: Some(URL.to_owned()),
        pull_request: Some(PullRequest {
            number: IssueNumber(12),
            url: "https://github.com/acme/app/pull/12".to_owned(),
            title: "Postmortem".to_owned(),
            author: "ada-example".to_owned(),
        }),
        authority: plan::Authority::Merged,
        changed: None,
        source: text.into(),
        merged_on: None,
        reading: parse::parse(text.as_bytes(), &ReadOptions::default()).unwrap(),
    }
}

fn planned_with(text: &str, settings: &Settings, target: TargetState, observed: Observed) -> Plan {
    let issue = IssueRef::new(home(), IssueNumber(88));
    let referent = Referent::Issue {
        issue: issue.clone(),
        repository_id: RepositoryId(1),
        id: NodeId::new("I_88"),
        url: "https://github.com/acme/app/issues/88".to_owned(),
        title: "Payments give up".to_owned(),
        state: IssueState::Open,
        labels: Vec::new(),
    };
    let observed = Observed {
        referents: HashMap::from([(issue, referent)]),
        targets: HashMap::from([(
            home(),
            Target { state: target, assignable: HashMap::from([("ada-example".to_owned(), true)]), ..Target::default() },
        )]),
        ..observed
    };
    plan::plan(&read(text), &observed, settings, "github.com", date(2026, 11, 20))
}

fn report<'a>(home: &'a RepositoryName, plan: &'a Plan, notes: Vec<Problem>) -> Report<'a> {
    let document = DocumentReport {
        path: "postmortems/checkout.md",
        url: URL,
        title: Some("Checkout failed for 47 minutes"),
        reading: Reading::Plan(plan),
        review: None,
    };
    let checks_url = "https://github.com/acme/app/pull/12/checks";
    Report {
        stage: Stage::Open,
        moment: Moment::Merge,
        home,
        checks_url,
        documents: vec![document],
        orders: Vec::new(),
        go_ahead: None,
        notes,
    }
}

#[test]
fn the_comment_on_an_open_pull_request() {
    let (home, plan) = (home(), planned(TargetState::Ready));
    insta::assert_snapshot!(comment::render(&report(&home, &plan, Vec::new())));
}

#[test]
fn the_comment_when_something_is_in_the_way() {
    let (home, plan) = (home(), planned(TargetState::IssuesDisabled));
    let note = Problem { lines: None, message: "`routes` has no effect in this version.".to_owned(), help: String::new() };
    insta::assert_snapshot!(comment::render(&report(&home, &plan, vec![note])));
}

#[test]
fn the_issues_that_merging_opens() {
    let plan = planned(TargetState::Ready);
    let issues: Vec<String> = plan.opens().map(|(_, open)| format!("{}\n\n{}", open.title, open.body)).collect();
    insta::assert_snapshot!(issues.join("\n\n=====\n\n"));
}

/// What the pool's item resembles, under a title that would like to ping, link and break out of its cell.
fn elsewhere() -> Elsewhere {
    Elsewhere {
        document_title: "Search @acme/all was | slow](https://evil.example) fixes #3".to_owned(),
        document_url: Some("https://github.com/acme/app/blob/0123abc/postmortems/search.md".to_owned()),
        issue: IssueRef::new(home(), IssueNumber(61)),
        url: "https://github.com/acme/app/issues/61".to_owned(),
        text: "Keep the pool's size in a file of its own".to_owned(),
        opened_on: Some(date(2026, 7, 3)),
    }
}

#[test]
fn the_comment_when_another_postmortem_asked_before() {
    let observed = Observed { elsewhere: vec![elsewhere()], ..Observed::default() };
    let (home, plan) = (home(), planned_with(POSTMORTEM, &Settings::default(), TargetState::Ready, observed));
    let comment = comment::render(&report(&home, &plan, Vec::new()));
    insta::assert_snapshot!(comment);
    let merged = comment::render(&Report { stage: Stage::Merged, ..report(&home, &plan, Vec::new()) });
    assert!(!merged.contains("like ["), "too late to link it: {merged}");
}

#[test]
fn due_dates_and_labels_by_severity() {
    let settings = "file: {due: {SEV-1: 7d}, severity_labels: {S1: [sev/1]}}\nboard: {fields: {Due: '{{ item.due }}'}}";
    let settings = settings::parse(settings).unwrap();
    let (home, plan) = (home(), planned_with(POSTMORTEM, &settings, TargetState::Ready, Observed::default()));
    let dues: Vec<&str> = plan.opens().filter_map(|(_, open)| open.body.lines().find(|line| line.contains("**Due:**"))).collect();
    assert_eq!(dues, ["- **Due:** 2026-12-01", "- **Due:** 2026-11-27 (SEV-1: 7 days after the incident)"]);
    assert!(plan.opens().all(|(_, open)| open.labels == ["postmortem", "action-item", "sev/1"]));
    assert!(plan.adoptions().all(|(_, adopt)| adopt.labels == ["postmortem", "action-item", "sev/1"]));
    let document = read(POSTMORTEM);
    let values = issue::board_values(&settings, &document, &document.reading.action_items[1], &[]);
    assert_eq!(values, [("Due".to_owned(), "2026-11-27".to_owned())]);
    let comment = comment::render(&report(&home, &plan, Vec::new()));
    assert!(comment.contains("| Infra team | 2026-11-27 | opens an issue |"), "{comment}");
}

#[test]
fn an_issue_that_several_postmortems_ask_for() {
    let also = [
        AlsoAskedBy { title: elsewhere().document_title, url: elsewhere().document_url },
        AlsoAskedBy { title: "postmortems/mail.md".to_owned(), url: None },
    ];
    let document = read(POSTMORTEM);
    let item = &document.reading.action_items[0];
    insta::assert_snapshot!(issue::body(&Settings::default(), &document, item, &[], &also));
    let alone = issue::body(&Settings::default(), &document, item, &[], &[]);
    assert!(!alone.contains("Asked for by"), "{alone}");

    let settings = "file: {title: '{{ item.postmortems }}x {{ item.text }}', body: '{{ item.postmortems }} ask'}\n\
                    board: {fields: {Asked: '{{ item.postmortems }}'}}";
    let settings = settings::parse(settings).unwrap();
    assert!(issue::title(&settings, &document, item, &also).starts_with("3x Alert when"));
    assert!(issue::title(&settings, &document, item, &[]).starts_with("1x Alert when"));
    assert_eq!(issue::board_values(&settings, &document, item, &also), [("Asked".to_owned(), "3".to_owned())]);
    let body = issue::body(&settings, &document, item, &[], &also);
    assert!(body.starts_with("3 ask\n\n") && body.contains("Asked for by 3 postmortems: ["), "{body}");

    // A plan knows who else asks by the item's key.
    let key = planned(TargetState::Ready).items[0].key.clone();
    let observed = Observed { also_asked_by: HashMap::from([(key, also.to_vec())]), ..Observed::default() };
    let plan = planned_with(POSTMORTEM, &settings, TargetState::Ready, observed);
    let titles: Vec<&str> = plan.opens().map(|(_, open)| &open.title[..2]).collect();
    assert_eq!(titles, ["3x", "1x"]);
}

#[test]
fn the_comment_on_an_issue_that_was_there_before() {
    let plan = planned(TargetState::Ready);
    let comments: Vec<&str> = plan.adoptions().map(|(_, adopt)| adopt.comment.as_str()).collect();
    insta::assert_snapshot!(comments.join("\n"));
}

#[test]
fn the_check_points_at_the_lines() {
    let (home, plan) = (home(), planned(TargetState::Ready));
    let check = check::render(&report(&home, &plan, Vec::new()), ".github/followthrough.yml", false);
    let lines: Vec<String> = check
        .annotations
        .iter()
        .map(|note| format!("{}:{} {} — {}", note.path, note.start_line, note.title, note.message))
        .collect();
    insta::assert_snapshot!(format!("{}\n\n{}", check.title, lines.join("\n")));
}

#[test]
fn the_comment_has_room_for_whatever_a_pull_request_brings() {
    let (home, mut plan) = (home(), planned(TargetState::Ready));
    let long = "word ".repeat(20_000);
    plan.items[0].owners = (0..5_000).map(|n| Owner::Name(format!("Somebody Example {n}"))).collect();
    let mut report = report(&home, &plan, Vec::new());
    report.documents = (0..3_000)
        .map(|_| DocumentReport { path: "a.md", url: URL, title: Some(&long), reading: Reading::Plan(&plan), review: None })
        .collect();
    let comment = comment::render(&report);
    assert!(comment.chars().count() < 65_536, "{}", comment.len());
    assert!(comment.contains("more documents"));
}

#[test]
fn an_issue_has_room_for_whatever_a_document_says() {
    let long = "word ".repeat(20_000);
    let references = (1..5_000).map(|n| format!("[OPS-{n}](https://tickets.example/OPS-{n})")).collect::<Vec<_>>().join(" ");
    let text = format!("# {long}\n\n## Action items\n\n- [ ] Add an alert {references}\n");
    let plan = planned_from(&text, TargetState::Ready);
    let (_, open) = plan.opens().next().unwrap();
    assert!(open.body.chars().count() < 65_536, "{}", open.body.len());
}

#[test]
fn what_could_not_be_read_is_not_said_to_be_without_action_items() {
    let (home, plan) = (home(), planned(TargetState::Ready));
    let mut report = report(&home, &plan, Vec::new());
    report.documents[0].reading = Reading::Unreadable("Not read: the file is not text.".to_owned());
    for stage in [Stage::Open, Stage::Merged] {
        report.stage = stage;
        assert!(!comment::render(&report).contains("no action items"));
    }
}

#[test]
fn documents_that_wait_for_the_default_branch_are_not_said_to_be_without_action_items() {
    let (home, mut plan) = (home(), planned(TargetState::Ready));
    plan.items.clear();
    let mut report = report(&home, &plan, Vec::new());
    report.stage = Stage::MergedElsewhere { base: "release", default: "main" };
    report.documents.push(DocumentReport { path: "b.md", url: URL, title: None, reading: Reading::Plan(&plan), review: None });
    assert!(!comment::render(&report).contains("no action items"));
}

fn review_of(findings: Vec<review::Finding>) -> DocumentReview {
    DocumentReview { findings, is_new: true, ..DocumentReview::default() }
}

#[test]
fn the_check_says_what_to_do_next() {
    let (home, plan) = (home(), planned(TargetState::Ready));
    let review = DocumentReview { ignored: 2, ..review_of(reviewed().findings) };
    let mut report = report(&home, &plan, Vec::new());
    report.documents[0].review = Some(&review);
    let check = check::render(&report, ".github/followthrough.yml", true);
    assert_eq!(check.conclusion, check::Conclusion::Failure);
    let (said, _) = check.summary.split_once("#### [").unwrap();
    let on_lines = check.annotations.iter().filter(|note| note.title.ends_with(')'));
    let lines: Vec<String> = on_lines
        .map(|note| format!("{}:{:?} {:?} {} — {}", note.start_line, note.columns, note.level, note.title, note.message))
        .collect();
    insta::assert_snapshot!(format!("{}\n\n{said}\n{}", check.title, lines.join("\n")));
}

#[test]
fn the_comment_has_one_line_for_the_review_and_room_for_what_went_well() {
    let (home, plan) = (home(), planned(TargetState::Ready));
    let celebration = Celebration {
        lines: Lines { first: 9, last: 9 },
        message: "“@ada-example happened to look” was luck: what would make it certain?".to_owned(),
    };
    let review = DocumentReview { celebrations: vec![celebration], ..review_of(reviewed().findings) };
    let mut report = report(&home, &plan, Vec::new());
    report.documents[0].review = Some(&review);
    let comment = comment::render(&report);
    let (said, _) = comment.split_once("#### [").unwrap();
    insta::assert_snapshot!(said);
    report.stage = Stage::Merged;
    assert!(!comment::render(&report).contains("In the text"), "after the merge it is too late");
}

#[test]
fn a_check_with_very_much_to_say_stays_within_limits() {
    let (home, mut plan) = (home(), planned(TargetState::Ready));
    let item = plan.items[0].clone();
    plan.items = vec![item; 400];
    let mut findings = reviewed().findings;
    for finding in &mut findings {
        finding.message = "word ".repeat(1_000);
        finding.help = Some("help ".repeat(1_000));
    }
    let review = review_of((0..300).flat_map(|_| findings.clone()).collect());
    let mut report = report(&home, &plan, Vec::new());
    report.documents = (0..20)
        .map(|_| DocumentReport { path: "a.md", url: URL, title: None, reading: Reading::Plan(&plan), review: Some(&review) })
        .collect();
    let check = check::render(&report, ".github/followthrough.yml", false);
    assert!(check.summary.chars().count() < 65_536 && check.text.as_ref().is_some_and(|text| text.chars().count() < 65_536));
    assert!(check.annotations.iter().all(|note| note.title.len() < 255 && note.message.len() < 64_000));
}

const DRAFT: &str = "# Postmortem: checkout was down

## Summary

Änderung:\tthe root cause was human
error. We should have checked — 日本.
Luckily, a colleague was still there.

## Action items

- [ ] We should add a limit (@ada-example)
";

fn reviewed() -> review::Review {
    let settings = crate::settings::parse(
        "review: {rules: {missing-section: off, no-document-owner: off, no-went-well: off, human-error: error}}",
    )
    .expect("a good file");
    review::review(DRAFT.as_bytes(), &ReadOptions::default(), &Policy::new(&settings).0).expect("a document")
}

#[test]
fn findings_are_shown_with_the_words_they_are_about() {
    let review = reviewed();
    let mut text = check_text::render("draft.md", DRAFT, &review.findings, Style { colour: false });
    let documents = [("draft.md".to_owned(), review)];
    text += &check_text::celebrations(&documents, Style { colour: false });
    text += &check_text::summary(&documents, Style { colour: false });
    insta::assert_snapshot!(text);
}

#[test]
fn findings_for_programs() {
    insta::assert_snapshot!(check_v1::render(&[
        ("draft.md".to_owned(), reviewed()),
        ("fine.md".to_owned(), review::Review::default())
    ]));
}

#[test]
fn excerpts_of_long_lines_and_long_findings_stay_short() {
    let text = format!("# Postmortem\n\n## Causes\n\n{}human\nerror.\n", "x ".repeat(5000));
    let review = review::review(text.as_bytes(), &ReadOptions::default(), &Policy::default()).expect("a document");
    let shown = check_text::render("long.md", &text, &review.findings, Style { colour: false });
    assert!(shown.len() < 3000 && shown.contains("long.md:5:10001"), "{shown}");
}

#[test]
fn findings_for_code_scanning() {
    // The rules are many and have pages of their own.
    let shown =
        check_sarif::render(&[("drafts/a b.md".to_owned(), reviewed()), ("fine.md".to_owned(), review::Review::default())]);
    let mut log: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array_mut().expect("rules");
    assert_eq!(rules.len(), review::RULES.len());
    assert!(rules.iter().all(|rule| rule["help"]["markdown"].as_str().is_some_and(|page| page.contains("## Why"))));
    for result in log["runs"][0]["results"].as_array().expect("results") {
        let at = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(review::RULES[at].name, result["ruleId"].as_str().expect("a rule"));
    }
    let driver = &mut log["runs"][0]["tool"]["driver"];
    driver["rules"] = serde_json::json!([driver["rules"][0]["id"].clone()]);
    log["runs"][0]["results"].as_array_mut().expect("results").iter_mut().for_each(|result| result["ruleIndex"] = 0.into());
    for version in ["version", "semanticVersion"] {
        log["runs"][0]["tool"]["driver"][version] = "0.0.0".into();
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&log).expect("text"));
}

#[test]
fn findings_for_github_actions() {
    insta::assert_snapshot!(check_github::render(&[
        ("drafts/a.md".to_owned(), reviewed()),
        ("fine.md".to_owned(), review::Review::default())
    ]));
}

#[test]
fn rewrites_as_a_patch_and_as_told() {
    let draft = "# Postmortem\r\n\r\n## Causes\r\n\r\nThe root cause was a pool of ten.\r\n\r\n## Action items\r\n\r\n- [ ] We should add a limit (@ada-example)";
    let done = review::rewrite(draft.as_bytes(), &ReadOptions::default(), &Policy::default()).expect("a document");
    let plain = Style { colour: false };
    let diff = check_diff::render("drafts/a.md", draft, &done.text, plain);
    let told = check_changes::render("drafts/a.md", &done.changes, plain);
    insta::assert_snapshot!(format!("{told}\n{}", diff.replace('\r', "␍")));
    assert_eq!(check_diff::render("drafts/a.md", draft, draft, plain), "");
    assert!(check_diff::render("drafts/a.md", draft, &done.text, Style { colour: true }).contains("\u{1b}[31m-"));
}
