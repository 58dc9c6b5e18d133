//! `plan --format json`, version 1. Fields may be added, never changed.

use serde::Serialize;

use crate::plan::{ActionKind, Plan, TrackedIssue, Why};

#[derive(Serialize)]
struct Output<'a> {
    schema: &'static str,
    documents: Vec<Document<'a>>,
}

#[derive(Serialize)]
struct Document<'a> {
    path: &'a str,
    actions: Vec<Action<'a>>,
    settled: Vec<Settled<'a>>,
    problems: Vec<Problem<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    line: usize,
    end_line: usize,
    text: &'a str,
}

#[derive(Serialize)]
struct Action<'a> {
    action: &'static str,
    item: Item<'a>,
    reason: &'a str,
    repository: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue: Option<String>,
    title: &'a str,
    labels: &'a [String],
    assignees: &'a [String],
}

#[derive(Serialize)]
struct Settled<'a> {
    state: &'static str,
    item: Item<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue: Option<String>,
    /// Why somebody skipped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Problem<'a> {
    line: Option<usize>,
    end_line: Option<usize>,
    message: &'a str,
    help: &'a str,
}

/// The plans of some documents, each under the path it was given by, as JSON with a final newline.
pub fn render(documents: &[(String, Plan)]) -> Result<String, serde_json::Error> {
    let documents = documents.iter().map(|(path, plan)| document(path, plan)).collect();
    let mut json = serde_json::to_string_pretty(&Output { schema: "followthrough/plan/v1", documents })?;
    json.push('\n');
    Ok(json)
}

fn document<'a>(path: &'a str, plan: &'a Plan) -> Document<'a> {
    let item = |key| plan.item(key).map(|item| Item { line: item.lines.first, end_line: item.lines.last, text: &item.text });
    Document {
        path,
        actions: plan
            .actions
            .iter()
            .filter_map(|action| {
                let item = item(&action.item)?;
                let of =
                    |issue: &'a TrackedIssue| (issue.issue.repository.to_string(), Some(issue.issue.to_string()), &*issue.title);
                let nothing: (&[String], &[String]) = (&[], &[]);
                let ((repository, issue, title), (labels, assignees)) = match &action.kind {
                    ActionKind::OpenIssue(open) => {
                        ((open.repository.to_string(), None, &*open.title), (&*open.labels, &*open.assignees))
                    }
                    ActionKind::AdoptIssue(adopt) => (
                        (adopt.issue.repository.to_string(), Some(adopt.issue.to_string()), &*adopt.title),
                        (&*adopt.labels, nothing.1),
                    ),
                    ActionKind::AddToBoard(add) => (of(&add.issue), nothing),
                    ActionKind::AddSubIssue(_) => (of(plan.tracked(&action.item)?), nothing),
                    ActionKind::UpdateIssue(update) => (of(&update.issue), nothing),
                    ActionKind::CloseIssue(close) => (of(&close.issue), nothing),
                    ActionKind::ReopenIssue(reopen) => (of(&reopen.issue), nothing),
                    ActionKind::LeaveOpen(leave) => (of(&leave.issue), nothing),
                };
                Some(Action {
                    action: action.kind.name(),
                    item,
                    reason: &action.reason,
                    repository,
                    issue,
                    title,
                    labels,
                    assignees,
                })
            })
            .collect(),
        settled: plan
            .settled
            .iter()
            .filter_map(|settled| {
                let (state, issue, reason) = match &settled.why {
                    Why::Tracked(issue) => ("tracked", Some(issue.issue.to_string()), None),
                    Why::Filing => ("filing", None, None),
                    Why::AlreadyDone => ("done", None, None),
                    Why::Declined => ("declined", None, None),
                    Why::Skipped(reason) => ("skipped", None, Some(reason.as_str())),
                    Why::LeftAlone => ("left_alone", None, None),
                };
                Some(Settled { state, item: item(&settled.item)?, issue, reason })
            })
            .collect(),
        problems: plan
            .problems
            .iter()
            .map(|problem| Problem {
                line: problem.lines.map(|lines| lines.first),
                end_line: problem.lines.map(|lines| lines.last),
                message: &problem.message,
                help: &problem.help,
            })
            .collect(),
    }
}
