//! Check runs. Only Apps write them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        refusal::Refusal,
        server::Reply,
        shapes,
        state::{
            Outcome,
            checks::{Annotation, CheckAction, CheckEdit, CheckOutput},
        },
    },
    Rest, number,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: Option<String>,
    head_sha: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    details_url: Option<String>,
    external_id: Option<String>,
    started_at: Option<jiff::Timestamp>,
    completed_at: Option<jiff::Timestamp>,
    output: Option<OutputBody>,
    actions: Option<Vec<ActionBody>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutputBody {
    title: Option<String>,
    summary: Option<String>,
    text: Option<String>,
    #[serde(default)]
    annotations: Vec<AnnotationBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnnotationBody {
    path: String,
    start_line: u64,
    end_line: u64,
    start_column: Option<u64>,
    end_column: Option<u64>,
    annotation_level: String,
    title: Option<String>,
    message: String,
    raw_details: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionBody {
    label: String,
    description: String,
    identifier: String,
}

impl From<Body> for CheckEdit {
    fn from(body: Body) -> Self {
        let annotation = |given: AnnotationBody| Annotation {
            path: given.path,
            start_line: given.start_line,
            end_line: given.end_line,
            start_column: given.start_column,
            end_column: given.end_column,
            level: given.annotation_level,
            title: given.title,
            message: given.message,
            raw_details: given.raw_details,
        };
        let action =
            |given: ActionBody| CheckAction { label: given.label, description: given.description, identifier: given.identifier };
        Self {
            name: body.name,
            status: body.status,
            conclusion: body.conclusion,
            details_url: body.details_url,
            external_id: body.external_id,
            started_at: body.started_at,
            completed_at: body.completed_at,
            output: body.output.map(|output| CheckOutput {
                title: output.title,
                summary: output.summary,
                text: output.text,
                annotations: output.annotations.into_iter().map(annotation).collect(),
            }),
            actions: body.actions.map(|actions| actions.into_iter().map(action).collect()),
        }
    }
}

pub(super) fn create(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.write(repository, "checks")?;
    let mut body: Body = rest.body()?;
    let head = body.head_sha.take().ok_or_else(|| Refusal::unprocessable("head_sha is missing"))?;
    let actor = rest.actor();
    let id = rest.state.create_check_run(repository, &head, body.into(), actor)?;
    Ok(Reply::json(201, shapes::check_run(rest.state, id)?))
}

fn own(rest: &Rest<'_>, repository: u64, id: &str) -> Outcome<u64> {
    let id = number(id)?;
    let found = rest.state.check_runs.get(&id).filter(|run| run.repository == repository);
    found.map(|run| run.id).ok_or_else(Refusal::not_found)
}

pub(super) fn show(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    rest.read(repository, "checks")?;
    Ok(Reply::ok(shapes::check_run(rest.state, own(rest, repository, id)?)?))
}

pub(super) fn update(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    rest.write(repository, "checks")?;
    let id = own(rest, repository, id)?;
    let body: Body = rest.body()?;
    let actor = rest.actor();
    rest.state.update_check_run(id, body.into(), actor)?;
    Ok(Reply::ok(shapes::check_run(rest.state, id)?))
}

pub(super) fn annotations(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    rest.read(repository, "checks")?;
    let id = own(rest, repository, id)?;
    let run = rest.state.check_runs.get(&id).ok_or_else(Refusal::not_found)?;
    let (found, head) = (rest.state.repository(repository)?, run.head.clone());
    Ok(rest.page(run.annotations.clone(), |state, annotation| shapes::annotation(state, found, &head, &annotation)))
}

/// Runs on a commit; `filter=latest` (the default) keeps the newest of each name.
pub(super) fn list(rest: &mut Rest<'_>, repository: u64, reference: &str) -> Outcome<Reply> {
    rest.read(repository, "checks")?;
    rest.only_params(&["check_name", "status", "filter", "app_id"])?;
    let sha = rest
        .state
        .resolve(repository, reference)
        .ok_or_else(|| Refusal::unprocessable(format!("No commit found for SHA: {reference}")))?;
    let other_app = rest.param("app_id").is_some_and(|id| id != rest.state.config.app_id.to_string());
    let ids = rest.state.repository(repository)?.checks.get(&sha).cloned().unwrap_or_default();
    let latest = rest.param("filter").unwrap_or("latest") == "latest";
    let mut runs = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for run in ids.iter().rev().filter_map(|id| rest.state.check_runs.get(id)).filter(|_| !other_app) {
        if !rest.state.faults.is_listed(run.started_at, rest.state.now()) {
            continue;
        }
        let wanted = rest.param("check_name").is_none_or(|name| run.name == name)
            && rest.param("status").is_none_or(|status| run.status == status);
        if wanted && !(latest && names.contains(&run.name.as_str())) {
            names.push(&run.name);
            runs.push(run.id);
        }
    }
    let total = runs.len();
    let (page, headers) = rest.paginate(runs);
    let shapes: Vec<Value> = page.into_iter().filter_map(|id| shapes::check_run(rest.state, id).ok()).collect();
    let mut reply = Reply::ok(json!({"total_count": total, "check_runs": shapes}));
    reply.headers = headers;
    Ok(reply)
}
