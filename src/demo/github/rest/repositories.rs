//! Repositories, their people and their rules.

use serde_json::{Value, json};

use super::{
    super::{
        access::{Caller, Level},
        node_id,
        refusal::Refusal,
        server::Reply,
        shapes,
        state::{
            Outcome,
            repositories::{Protection, Role},
        },
    },
    Rest,
};

pub(super) fn show(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.read(repository, "metadata")?;
    Ok(Reply::ok(shapes::repository(rest.state, rest.state.repository(repository)?)))
}

pub(super) fn user(rest: &mut Rest<'_>, login: &str) -> Outcome<Reply> {
    let found = rest.state.account_named(login).ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(shapes::user(rest.state, found.id)))
}

pub(super) fn membership(rest: &mut Rest<'_>, org: &str, user: &str) -> Outcome<Reply> {
    let found = rest.state.account_named(org).ok_or_else(Refusal::not_found)?;
    if !rest.caller.has_on_account(rest.state, found.id, "members", Level::Read) {
        return Err(Refusal::forbidden_integration());
    }
    match found.members.iter().any(|member| member.eq_ignore_ascii_case(user)) {
        true => Ok(Reply::empty(204)),
        false => Err(Refusal::not_found()),
    }
}

pub(super) fn permission(rest: &mut Rest<'_>, repository: u64, login: &str) -> Outcome<Reply> {
    rest.read(repository, "metadata")?;
    if matches!(rest.caller, Caller::Anonymous) {
        return Err(Refusal::Unauthorized("Requires authentication".to_owned()));
    }
    let account = rest.state.account_named(login).ok_or_else(|| Refusal::NotFound(format!("{login} is not a user")))?;
    let role = rest.state.role(repository, account.id);
    let mut user = shapes::user(rest.state, account.id);
    let at_least = |least: Role| role >= Some(least);
    user["permissions"] = json!({"pull": at_least(Role::Read), "triage": at_least(Role::Triage), "push": at_least(Role::Write),
        "maintain": at_least(Role::Maintain), "admin": at_least(Role::Admin)});
    user["role_name"] = json!(role.map_or("none", Role::name));
    Ok(Reply::ok(
        json!({"permission": role.map_or("none", Role::permission), "role_name": role.map_or("none", Role::name), "user": user}),
    ))
}

pub(super) fn is_collaborator(rest: &mut Rest<'_>, repository: u64, login: &str) -> Outcome<Reply> {
    rest.read(repository, "metadata")?;
    let account = rest.state.account_named(login).ok_or_else(Refusal::not_found)?.id;
    match rest.state.repository(repository)?.roles.contains_key(&account) {
        true => Ok(Reply::empty(204)),
        false => Err(Refusal::not_found()),
    }
}

/// The active rules of a branch; an empty list where there are none.
pub(super) fn rules(rest: &mut Rest<'_>, repository: u64, branch: &str) -> Outcome<Reply> {
    rest.read(repository, "metadata")?;
    let protected = rest.state.repository(repository)?.protected_branches.get(branch) == Some(&Protection::Ruleset);
    let rules: Vec<Value> = protected
        .then(|| {
            json!({"type": "pull_request", "ruleset_source_type": "Repository", "ruleset_source": "rules", "ruleset_id": 1,
                "parameters": {"required_approving_review_count": 1, "dismiss_stale_reviews_on_push": false, "require_code_owner_review": false,
                    "require_last_push_approval": false, "required_review_thread_resolution": false}})
        })
        .into_iter()
        .collect();
    Ok(Reply::ok(json!(rules)))
}

pub(super) fn issue_types(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.read(repository, "metadata")?;
    let owner = rest.state.account_by_id(rest.state.repository(repository)?.owner)?;
    let types = owner.issue_types.iter().map(|kind| {
        json!({"id": kind.id, "node_id": node_id::issue_type(owner.id, kind.id), "name": kind.name, "description": null, "color": "blue",
            "is_enabled": kind.enabled, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"})
    });
    Ok(Reply::ok(types.collect()))
}

pub(super) fn assignees(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.conversation(repository, Level::Read)?;
    Ok(rest.page(rest.state.assignable_accounts(repository), shapes::user))
}

pub(super) fn is_assignable(rest: &mut Rest<'_>, repository: u64, login: &str) -> Outcome<Reply> {
    rest.conversation(repository, Level::Read)?;
    let account = rest.state.account_named(login).ok_or_else(Refusal::not_found)?.id;
    match rest.state.is_assignable(repository, account) {
        true => Ok(Reply::empty(204)),
        false => Err(Refusal::not_found()),
    }
}
