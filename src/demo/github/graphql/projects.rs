//! `ProjectV2`, its fields, its items and their values.

use super::{
    super::{
        node_id,
        refusal::Refusal,
        state::{
            Outcome, State,
            projects::{Field, FieldKind, FieldValue, Item, Iteration, Project},
        },
    },
    accounts::actor,
    execution::{Args, Context, Object, Value},
};

pub(super) fn field_object(project: &Project, id: u64) -> Option<Object> {
    let type_name = match &project.field(id)?.kind {
        FieldKind::SingleSelect(_) => "ProjectV2SingleSelectField",
        FieldKind::Iteration { .. } => "ProjectV2IterationField",
        _ => "ProjectV2Field",
    };
    Some(Object::Field(project.id, id, type_name))
}

pub(super) fn project(context: &Context<'_>, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let found = state.project(id)?;
        let path = || {
            let url = state.project_url(found);
            url.strip_prefix(&state.base_url).unwrap_or(&url).to_owned()
        };
        Ok(match args.field {
            "id" => Value::leaf(node_id::project(id)),
            "databaseId" => Value::int(id),
            "fullDatabaseId" => Value::leaf(id.to_string()),
            "number" => Value::leaf(found.number),
            "title" => Value::leaf(found.title.clone()),
            "url" => Value::leaf(state.project_url(found)),
            "resourcePath" => Value::leaf(path()),
            "shortDescription" | "readme" => Value::NULL,
            "closed" => Value::leaf(found.closed_at.is_some()),
            "closedAt" => found.closed_at.map_or(Value::NULL, Value::time),
            "public" => Value::leaf(found.public),
            "template" => Value::leaf(false),
            "createdAt" | "updatedAt" => Value::time(found.created_at),
            "creator" | "owner" => actor(state, found.owner),
            "viewerCanUpdate" | "viewerCanClose" | "viewerCanReopen" => Value::leaf(context.caller.updates_project(state, id)),
            "field" => {
                let field = found.field_named(args.text("name").unwrap_or_default());
                Value::optional(field.and_then(|field| field_object(found, field.id)))
            }
            "fields" => {
                let fields =
                    found.fields.iter().filter_map(|field| Some((field.id.to_string(), field_object(found, field.id)?.into())));
                return args.page("ProjectV2FieldConfigurationConnection", fields.collect());
            }
            "items" => {
                let items = found.items.values().filter(|item| !item.archived);
                let items = items.map(|item| (item.id.to_string(), Object::Item(id, item.id).into()));
                return args.page("ProjectV2ItemConnection", items.collect());
            }
            _ => return Err(args.unknown()),
        })
    })
}

fn iterations(list: &[Iteration]) -> Value {
    let shape = |one: &Iteration| {
        Value::record(
            "ProjectV2IterationFieldIteration",
            vec![
                ("id", Value::leaf(one.id.clone())),
                ("title", Value::leaf(one.title.clone())),
                ("startDate", Value::leaf(one.start_date.to_string())),
                ("duration", Value::leaf(one.duration)),
            ],
        )
    };
    Value::List(list.iter().map(shape).collect())
}

pub(super) fn field(context: &Context<'_>, project: u64, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let found = state.project(project)?;
        let field = found.field(id).ok_or_else(Refusal::not_found)?;
        Ok(match (args.field, &field.kind) {
            ("id", _) => Value::leaf(field.node_id(project)),
            ("databaseId", _) => Value::int(id),
            ("name", _) => Value::leaf(field.name.clone()),
            ("dataType", _) => Value::leaf(field.data_type()),
            ("project", _) => Object::Project(project).into(),
            ("createdAt" | "updatedAt", _) => Value::time(found.created_at),
            ("options", FieldKind::SingleSelect(options)) => {
                let names: Option<Vec<String>> = args.get("names")?;
                let wanted =
                    |name: &str| names.as_ref().is_none_or(|names| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
                let shape = |option: &super::super::state::projects::SelectOption| {
                    Value::record(
                        "ProjectV2SingleSelectFieldOption",
                        vec![
                            ("id", Value::leaf(option.id.clone())),
                            ("name", Value::leaf(option.name.clone())),
                            ("color", Value::leaf("GRAY")),
                            ("description", Value::leaf("")),
                        ],
                    )
                };
                Value::List(options.iter().filter(|option| wanted(&option.name)).map(shape).collect())
            }
            ("configuration", FieldKind::Iteration { iterations: ahead, completed }) => Value::record(
                "ProjectV2IterationFieldConfiguration",
                vec![
                    ("iterations", iterations(ahead)),
                    ("completedIterations", iterations(completed)),
                    ("duration", Value::leaf(14)),
                    ("startDay", Value::leaf(1)),
                ],
            ),
            _ => return Err(args.unknown()),
        })
    })
}

/// The fields of an item that hold something, with the type of what they hold.
fn held(state: &State, project: &Project, item: &Item) -> Vec<(u64, &'static str)> {
    let Ok(thread) = state.thread(item.content) else { return Vec::new() };
    let held = |field: &Field| match &field.kind {
        FieldKind::Builtin("TITLE") => Some("ProjectV2ItemFieldTextValue"),
        FieldKind::Builtin("REPOSITORY") => Some("ProjectV2ItemFieldRepositoryValue"),
        FieldKind::Builtin("ASSIGNEES") if !thread.assignees.is_empty() => Some("ProjectV2ItemFieldUserValue"),
        FieldKind::Builtin("LABELS") if !thread.labels.is_empty() => Some("ProjectV2ItemFieldLabelValue"),
        _ => item.values.get(&field.id).map(|(value, _)| match value {
            FieldValue::Text(_) => "ProjectV2ItemFieldTextValue",
            FieldValue::Number(_) => "ProjectV2ItemFieldNumberValue",
            FieldValue::Date(_) => "ProjectV2ItemFieldDateValue",
            FieldValue::Select(_) => "ProjectV2ItemFieldSingleSelectValue",
            FieldValue::Iteration(_) => "ProjectV2ItemFieldIterationValue",
        }),
    };
    project.fields.iter().filter_map(|field| Some((field.id, held(field)?))).collect()
}

pub(super) fn item(context: &Context<'_>, project: u64, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let (board, item) = (state.project(project)?, state.item(project, id)?);
        let is_pull = state.thread(item.content)?.pull.is_some();
        Ok(match args.field {
            "id" => Value::leaf(node_id::item(project, id)),
            "databaseId" => Value::int(id),
            "fullDatabaseId" => Value::leaf(id.to_string()),
            "type" => Value::leaf(if is_pull { "PULL_REQUEST" } else { "ISSUE" }),
            "isArchived" => Value::leaf(item.archived),
            "createdAt" => Value::time(item.created_at),
            "updatedAt" => Value::time(item.updated_at),
            "creator" => actor(state, item.creator),
            "project" => Object::Project(project).into(),
            "content" => {
                let visible = state.repository(item.content.repository).is_ok_and(|found| context.caller.sees(state, found));
                let content = if is_pull { Object::PullRequest(item.content) } else { Object::Issue(item.content) };
                Value::optional(visible.then_some(content))
            }
            "fieldValueByName" => {
                let field = board.field_named(args.text("name").unwrap_or_default());
                let held = held(state, board, item).into_iter().find(|(id, _)| field.is_some_and(|field| field.id == *id));
                Value::optional(held.map(|(field, type_name)| Object::FieldValue(project, id, field, type_name)))
            }
            "fieldValues" => {
                let values = held(state, board, item).into_iter();
                let values = values
                    .map(|(field, type_name)| (field.to_string(), Object::FieldValue(project, id, field, type_name).into()));
                return args.page("ProjectV2ItemFieldValueConnection", values.collect());
            }
            _ => return Err(args.unknown()),
        })
    })
}

pub(super) fn value(context: &Context<'_>, project: u64, item: u64, field: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let (board, item) = (state.project(project)?, state.item(project, item)?);
        let known = board.field(field).ok_or_else(Refusal::not_found)?;
        let thread = state.thread(item.content)?;
        let (value, at) = item.values.get(&field).map_or((None, item.created_at), |(value, at)| (Some(value), *at));
        let iteration = match (value, &known.kind) {
            (Some(FieldValue::Iteration(id)), FieldKind::Iteration { iterations, completed }) => {
                iterations.iter().chain(completed).find(|one| one.id == *id)
            }
            _ => None,
        };
        Ok(match (args.field, value) {
            ("id", _) => Value::leaf(node_id::field_value(item.id, field)),
            ("databaseId", _) => Value::NULL,
            ("field", _) => Value::optional(field_object(board, field)),
            ("item", _) => Object::Item(project, item.id).into(),
            ("createdAt" | "updatedAt", _) => Value::time(at),
            ("creator", _) => actor(state, item.updated_by),
            ("text", None) => Value::leaf(thread.title.clone()),
            ("text", Some(FieldValue::Text(text))) => Value::leaf(text.clone()),
            ("number", Some(FieldValue::Number(number))) => Value::leaf(*number),
            ("date", Some(FieldValue::Date(date))) => Value::leaf(date.to_string()),
            ("optionId", Some(FieldValue::Select(id))) => Value::leaf(id.clone()),
            ("name", Some(value @ FieldValue::Select(_))) => Value::leaf(value.display(known)),
            ("color", _) => Value::leaf("GRAY"),
            ("description", _) => Value::leaf(""),
            ("iterationId", Some(FieldValue::Iteration(id))) => Value::leaf(id.clone()),
            ("title", _) => Value::leaf(iteration.map(|one| one.title.clone())),
            ("startDate", _) => Value::leaf(iteration.map(|one| one.start_date.to_string())),
            ("duration", _) => Value::leaf(iteration.map(|one| one.duration)),
            ("repository", _) => Object::Repository(item.content.repository).into(),
            ("users", _) => {
                let users = thread.assignees.iter().map(|account| (account.to_string(), actor(state, *account)));
                return args.page("UserConnection", users.collect());
            }
            ("labels", _) => {
                let labels = thread.labels.iter().map(|id| (id.to_string(), Object::Label(item.content.repository, *id).into()));
                return args.page("LabelConnection", labels.collect());
            }
            _ => return Err(args.unknown()),
        })
    })
}
