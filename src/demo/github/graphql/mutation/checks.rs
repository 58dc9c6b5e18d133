//! Mutations of check runs.

use serde::Deserialize;

use super::{
    super::{
        super::{
            access::Level,
            refusal::Refusal,
            state::{
                Outcome,
                checks::{Annotation, CheckAction, CheckEdit, CheckOutput},
            },
        },
        execution::{Args, Context, Object},
        query,
    },
    Payload, repository,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repository_id: String,
    check_run_id: Option<String>,
    head_sha: Option<String>,
    name: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    details_url: Option<String>,
    external_id: Option<String>,
    started_at: Option<jiff::Timestamp>,
    completed_at: Option<jiff::Timestamp>,
    output: Option<Output>,
    actions: Option<Vec<Action>>,
}

#[derive(Deserialize)]
struct Output {
    title: String,
    summary: String,
    text: Option<String>,
    annotations: Option<Vec<NewAnnotation>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewAnnotation {
    path: String,
    location: Location,
    annotation_level: String,
    message: String,
    title: Option<String>,
    raw_details: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    start_line: i64,
    start_column: Option<u64>,
    end_line: i64,
    end_column: Option<u64>,
}

#[derive(Deserialize)]
struct Action {
    label: String,
    description: String,
    identifier: String,
}

impl From<Input> for CheckEdit {
    fn from(input: Input) -> Self {
        // A negative line is as wrong as line 0, and is refused as that.
        let line = |line: i64| u64::try_from(line).unwrap_or(0);
        let annotation = |given: NewAnnotation| Annotation {
            path: given.path,
            start_line: line(given.location.start_line),
            end_line: line(given.location.end_line),
            start_column: given.location.start_column,
            end_column: given.location.end_column,
            level: given.annotation_level.to_lowercase(),
            title: given.title,
            message: given.message,
            raw_details: given.raw_details,
        };
        let action =
            |given: Action| CheckAction { label: given.label, description: given.description, identifier: given.identifier };
        Self {
            name: input.name,
            status: input.status.map(|status| status.to_lowercase()),
            conclusion: input.conclusion.map(|conclusion| conclusion.to_lowercase()),
            details_url: input.details_url,
            external_id: input.external_id,
            started_at: input.started_at,
            completed_at: input.completed_at,
            output: input.output.map(|output| CheckOutput {
                title: Some(output.title),
                summary: Some(output.summary),
                text: output.text,
                annotations: output.annotations.unwrap_or_default().into_iter().map(annotation).collect(),
            }),
            actions: input.actions.map(|actions| actions.into_iter().map(action).collect()),
        }
    }
}

pub(super) fn create(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let mut input: Input = args.input()?;
    let at = repository(context, &input.repository_id)?;
    context.require(at, "checks", Level::Write)?;
    let (head, actor) = (input.head_sha.take().unwrap_or_default(), context.actor());
    let id = context.with(|state| state.create_check_run(at, &head, input.into(), actor))?;
    Ok(vec![("checkRun", Object::CheckRun(id).into())])
}

pub(super) fn update(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Input = args.input()?;
    let at = repository(context, &input.repository_id)?;
    context.require(at, "checks", Level::Write)?;
    let wanted = input.check_run_id.clone().unwrap_or_default();
    let Object::CheckRun(id) = query::node(context, &wanted)? else { return Err(Refusal::no_node(&wanted)) };
    let actor = context.actor();
    context.with(|state| match state.check_runs.get(&id).is_some_and(|run| run.repository == at) {
        true => state.update_check_run(id, input.into(), actor),
        false => Err(Refusal::no_node(&wanted)),
    })?;
    Ok(vec![("checkRun", Object::CheckRun(id).into())])
}
