//! Boards over REST: finding them. Cards and fields go through GraphQL.

use super::{
    super::{access::Level, refusal::Refusal, server::Reply, shapes, state::Outcome},
    Rest, number,
};

/// Without the permission the list is empty, not refused: GitHub's own trap.
pub(super) fn list(rest: &mut Rest<'_>, org: &str) -> Outcome<Reply> {
    let owner = rest.state.account_named(org).ok_or_else(Refusal::not_found)?.id;
    let visible =
        rest.state.projects.values().filter(|project| project.owner == owner && rest.caller.sees_project(rest.state, project.id));
    let ids: Vec<u64> = visible.map(|project| project.id).collect();
    Ok(rest.page(ids, |state, id| state.project(id).map(|project| shapes::project(state, project)).unwrap_or_default()))
}

pub(super) fn show(rest: &mut Rest<'_>, org: &str, text: &str) -> Outcome<Reply> {
    let owner = rest.state.account_named(org).ok_or_else(Refusal::not_found)?.id;
    let project = rest.state.project_numbered(owner, number(text)?).ok_or_else(Refusal::not_found)?;
    let granted = rest.caller.has_on_account(rest.state, owner, "organization_projects", Level::Read);
    match granted || project.public {
        true => Ok(Reply::ok(shapes::project(rest.state, project))),
        false => Err(Refusal::forbidden_integration()),
    }
}
