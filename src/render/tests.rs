//! What people read, word by word: the bundled postmortem on its way through.

use std::collections::HashMap;

use jiff::civil::date;

use super::{
    check,
    comment::{self, DocumentReport, Reading, Report, Stage},
};
use crate::{
    ids::{CommitSha, IssueNumber, IssueRef, NodeId, RepositoryId, RepositoryName},
    plan::{self, Document, IssueState, Observed, Plan, Problem, PullRequest, Referent, TargetState, identity},
    postmortem::parse::{self, ReadOptions},
    settings::Settings,
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
    let document = Document {
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
        reading: parse::parse(POSTMORTEM.as_bytes(), &ReadOptions::default()).unwrap(),
    };
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
        assignable: HashMap::from([("ada-example".to_owned(), true)]),
        target,
        ..Observed::default()
    };
    plan::plan(&document, &observed, &Settings::default(), "github.com", date(2026, 11, 20))
}

fn report<'a>(home: &'a RepositoryName, plan: &'a Plan, notes: Vec<Problem>) -> Report<'a> {
    let document = DocumentReport {
        path: "postmortems/checkout.md",
        url: URL,
        title: Some("Checkout failed for 47 minutes"),
        reading: Reading::Plan(plan),
    };
    Report { stage: Stage::Open, home, documents: vec![document], notes }
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

#[test]
fn the_comment_on_an_issue_that_was_there_before() {
    let plan = planned(TargetState::Ready);
    let comments: Vec<&str> = plan.adoptions().map(|(_, adopt)| adopt.comment.as_str()).collect();
    insta::assert_snapshot!(comments.join("\n"));
}

#[test]
fn the_check_points_at_the_lines() {
    let (home, plan) = (home(), planned(TargetState::Ready));
    let check = check::render(&report(&home, &plan, Vec::new()), ".github/followthrough.yml");
    let lines: Vec<String> = check
        .annotations
        .iter()
        .map(|note| format!("{}:{} {} — {}", note.path, note.start_line, note.title, note.message))
        .collect();
    insta::assert_snapshot!(format!("{}\n\n{}", check.title, lines.join("\n")));
}
