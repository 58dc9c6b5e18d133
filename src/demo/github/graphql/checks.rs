//! `CheckSuite`, `CheckRun` and their annotations.

use serde::Deserialize;

use super::{
    super::{
        access::Level,
        node_id,
        refusal::Refusal,
        shapes,
        state::{
            Outcome, State,
            checks::{Annotation, CheckRun},
        },
    },
    execution::{Args, Context, Object, Value},
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    app_id: Option<u64>,
    check_name: Option<String>,
    status: Option<String>,
}

impl Filter {
    fn holds(&self, state: &State, run: &CheckRun) -> bool {
        self.app_id.is_none_or(|id| id == state.config.app_id)
            && self.check_name.as_ref().is_none_or(|name| run.name == *name)
            && self.status.as_ref().is_none_or(|status| run.status.eq_ignore_ascii_case(status))
    }
}

fn runs<'a>(state: &'a State, repository: u64, sha: &str) -> Vec<&'a CheckRun> {
    let ids = state.repositories.get(&repository).and_then(|found| found.checks.get(sha));
    ids.into_iter().flatten().filter_map(|id| state.check_runs.get(id)).collect()
}

/// The suites of a commit: one, when the App checked it.
pub(super) fn suites(context: &Context<'_>, repository: u64, sha: &str, args: &Args<'_>) -> Outcome<Value> {
    context.require(repository, "checks", Level::Read)?;
    let filter: Filter = args.get("filterBy")?.unwrap_or_default();
    let any = context.with(|state| runs(state, repository, sha).iter().any(|run| filter.holds(state, run)));
    let suites = any.then(|| (sha.to_owned(), Object::CheckSuite(repository, sha.to_owned()).into()));
    args.page("CheckSuiteConnection", suites.into_iter().collect())
}

pub(super) fn suite(context: &Context<'_>, repository: u64, sha: &str, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let runs = runs(state, repository, sha);
        let last = runs.last().ok_or_else(Refusal::not_found)?;
        Ok(match args.field {
            "id" => Value::leaf(node_id::check_suite(repository, sha)),
            "databaseId" => Value::int(shapes::suite_id(sha)),
            "app" => Value::record(
                "App",
                vec![
                    ("id", Value::leaf(format!("A_kwDO{}", state.config.app_id))),
                    ("databaseId", Value::int(state.config.app_id)),
                    ("slug", Value::leaf(state.config.app_slug.clone())),
                    ("name", Value::leaf(state.config.app_name.clone())),
                ],
            ),
            "commit" => Object::Commit(repository, sha.to_owned()).into(),
            "status" => Value::leaf(last.status.to_uppercase()),
            "conclusion" => Value::leaf(last.conclusion.as_ref().map(|conclusion| conclusion.to_uppercase())),
            "createdAt" => Value::time(last.started_at),
            "repository" => Object::Repository(repository).into(),
            "checkRuns" => {
                let filter: Filter = args.get("filterBy")?.unwrap_or_default();
                let matching = runs.into_iter().filter(|run| filter.holds(state, run));
                return args.page(
                    "CheckRunConnection",
                    matching.map(|run| (run.id.to_string(), Object::CheckRun(run.id).into())).collect(),
                );
            }
            _ => return Err(args.unknown()),
        })
    })
}

pub(super) fn run(context: &Context<'_>, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let run = state.check_runs.get(&id).ok_or_else(Refusal::not_found)?;
        let repository = state.repository(run.repository)?;
        Ok(match args.field {
            "id" => Value::leaf(node_id::check_run(id)),
            "databaseId" => Value::int(id),
            "name" => Value::leaf(run.name.clone()),
            "status" => Value::leaf(run.status.to_uppercase()),
            "conclusion" => Value::leaf(run.conclusion.as_ref().map(|conclusion| conclusion.to_uppercase())),
            "detailsUrl" => Value::leaf(run.details_url.clone()),
            "externalId" => Value::leaf(Some(run.external_id.clone()).filter(|id| !id.is_empty())),
            "startedAt" => Value::time(run.started_at),
            "completedAt" => run.completed_at.map_or(Value::NULL, Value::time),
            "title" => Value::leaf(run.title.clone()),
            "summary" => Value::leaf(run.summary.clone()),
            "text" => Value::leaf(run.text.clone()),
            "url" | "permalink" => Value::leaf(shapes::check_url(state, id)),
            "resourcePath" => Value::leaf(format!("/{}/runs/{id}", state.full_name(repository))),
            "repository" => Object::Repository(run.repository).into(),
            "checkSuite" => Object::CheckSuite(run.repository, run.head.clone()).into(),
            "annotations" => {
                let html = state.html_url(repository);
                let all = run
                    .annotations
                    .iter()
                    .enumerate()
                    .map(|(index, known)| (index.to_string(), annotation(known, &html, &run.head)));
                return args.page("CheckAnnotationConnection", all.collect());
            }
            _ => return Err(args.unknown()),
        })
    })
}

fn annotation(annotation: &Annotation, html: &str, head: &str) -> Value {
    let position = |line: u64, column: Option<u64>| {
        Value::record("CheckAnnotationPosition", vec![("line", Value::leaf(line)), ("column", Value::leaf(column))])
    };
    let span = vec![
        ("start", position(annotation.start_line, annotation.start_column)),
        ("end", position(annotation.end_line, annotation.end_column)),
    ];
    Value::record(
        "CheckAnnotation",
        vec![
            ("path", Value::leaf(annotation.path.clone())),
            ("message", Value::leaf(annotation.message.clone())),
            ("title", Value::leaf(annotation.title.clone())),
            ("rawDetails", Value::leaf(annotation.raw_details.clone())),
            ("annotationLevel", Value::leaf(annotation.level.to_uppercase())),
            ("location", Value::record("CheckAnnotationSpan", span)),
            ("blobUrl", Value::leaf(format!("{html}/blob/{head}/{}#L{}", annotation.path, annotation.start_line))),
            ("fullDatabaseId", Value::NULL),
        ],
    )
}
