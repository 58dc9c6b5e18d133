//! `plan --format json`, version 1. Fields may be added, never changed.

use serde::Serialize;

use crate::plan::{ActionKind, Plan, Why};

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
                let (repository, issue, title, labels, assignees): (_, _, &str, &[String], &[String]) = match &action.kind {
                    ActionKind::OpenIssue(open) => {
                        (open.repository.to_string(), None, &open.title, &open.labels, &open.assignees)
                    }
                    ActionKind::AdoptIssue(adopt) => {
                        (adopt.issue.repository.to_string(), Some(adopt.issue.to_string()), &adopt.title, &adopt.labels, &[])
                    }
                    ActionKind::AddToBoard(add) => {
                        (add.issue.issue.repository.to_string(), Some(add.issue.issue.to_string()), &add.issue.title, &[], &[])
                    }
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
                let (state, issue) = match &settled.why {
                    Why::Tracked(issue) => ("tracked", Some(issue.issue.to_string())),
                    Why::Filing => ("filing", None),
                    Why::AlreadyDone => ("done", None),
                    Why::Declined => ("declined", None),
                };
                Some(Settled { state, item: item(&settled.item)?, issue })
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
