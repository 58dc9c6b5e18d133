//! Labels of a repository.

use serde::Deserialize;

use super::{
    super::{access::Level, refusal::Refusal, server::Reply, shapes, state::Outcome},
    Rest, validation,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLabel {
    name: String,
    color: Option<String>,
    description: Option<String>,
}

pub(super) fn list(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.conversation(repository, Level::Read)?;
    let labels = rest.state.repository(repository)?.labels.clone();
    let found = rest.state.repository(repository)?;
    Ok(rest.page(labels, |state, label| shapes::label(state, found, &label)))
}

pub(super) fn show(rest: &mut Rest<'_>, repository: u64, name: &str) -> Outcome<Reply> {
    rest.conversation(repository, Level::Read)?;
    let found = rest.state.repository(repository)?;
    let label = found.label_named(name).ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(shapes::label(rest.state, found, label)))
}

pub(super) fn create(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.conversation(repository, Level::Write)?;
    let new: NewLabel = rest.body()?;
    rest.state.writable(repository)?;
    if rest.state.repository(repository)?.label_named(&new.name).is_some() {
        return Ok(validation("Label", "name", "already_exists", "Name has already been taken"));
    }
    let color = new.color.as_deref().unwrap_or("ededed");
    let id = rest.state.create_label(repository, &new.name, color, new.description)?;
    let found = rest.state.repository(repository)?;
    let label = found.label(id).ok_or_else(Refusal::not_found)?;
    Ok(Reply::json(201, shapes::label(rest.state, found, label)))
}
