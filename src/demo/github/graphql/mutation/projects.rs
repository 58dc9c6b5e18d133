//! Mutations of boards.

use serde::Deserialize;

use super::{
    super::{
        super::{
            node_id,
            refusal::Refusal,
            state::{Outcome, projects::FieldValue},
        },
        execution::{Args, Context, Object, Value},
        query,
    },
    Payload, project, thread,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    project_id: String,
    content_id: Option<String>,
    item_id: Option<String>,
    field_id: Option<String>,
    value: Option<NewValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewValue {
    text: Option<String>,
    number: Option<f64>,
    date: Option<String>,
    single_select_option_id: Option<String>,
    iteration_id: Option<String>,
}

impl NewValue {
    /// Exactly one of the five must be given.
    fn one(self) -> Outcome<FieldValue> {
        let date = match self.date {
            Some(text) => {
                // A date-time is cut to its date.
                let day = text.get(..10).unwrap_or(&text);
                Some(day.parse().map_err(|_| Refusal::unprocessable(format!("{text} is not a date")))?)
            }
            None => None,
        };
        let given = [
            self.text.map(FieldValue::Text),
            self.number.map(FieldValue::Number),
            date.map(FieldValue::Date),
            self.single_select_option_id.map(FieldValue::Select),
            self.iteration_id.map(FieldValue::Iteration),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(Refusal::unprocessable("Exactly one value must be given for a field")),
        }
    }
}

pub(super) fn add(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Input = args.input()?;
    let board = project(context, &input.project_id)?;
    let content_id = input.content_id.unwrap_or_default();
    let (content, _) = thread(context, &content_id)?;
    let actor = context.actor();
    let id = context.with(|state| {
        if state.faults.hidden_from_projects(content) {
            return Err(Refusal::no_node(&content_id));
        }
        let known = state.project(board)?.by_content.contains_key(&content);
        if known && state.faults.content_exists() {
            return Err(Refusal::unprocessable("Content already exists in this project"));
        }
        state.add_item(board, content, actor)
    })?;
    Ok(vec![("item", Object::Item(board, id).into())])
}

/// The item of an id, on that board.
fn item(context: &Context<'_>, board: u64, id: Option<&str>) -> Outcome<u64> {
    let id = id.unwrap_or_default();
    match query::node(context, id)? {
        Object::Item(owner, item) if owner == board => Ok(item),
        _ => Err(Refusal::NotFound(format!("Could not resolve to ProjectV2Item with the global id of '{id}'"))),
    }
}

pub(super) fn set_field(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Input = args.input()?;
    let board = project(context, &input.project_id)?;
    let id = item(context, board, input.item_id.as_deref())?;
    let field_id = input.field_id.unwrap_or_default();
    let field = match query::node(context, &field_id)? {
        Object::Field(owner, field, _) if owner == board => field,
        _ => return Err(Refusal::no_node(&field_id)),
    };
    let value = input.value.map(NewValue::one).transpose()?;
    let actor = context.actor();
    context.with(|state| state.set_field(board, id, field, value, actor))?;
    Ok(vec![("projectV2Item", Object::Item(board, id).into())])
}

pub(super) fn archive(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Input = args.input()?;
    let board = project(context, &input.project_id)?;
    let (id, actor) = (item(context, board, input.item_id.as_deref())?, context.actor());
    context.with(|state| state.archive_item(board, id, args.field == "archiveProjectV2Item", actor))?;
    Ok(vec![("item", Object::Item(board, id).into())])
}

pub(super) fn delete(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Input = args.input()?;
    let board = project(context, &input.project_id)?;
    let (id, actor) = (item(context, board, input.item_id.as_deref())?, context.actor());
    context.with(|state| state.delete_item(board, id, actor))?;
    Ok(vec![("deletedItemId", Value::leaf(node_id::item(board, id)))])
}
