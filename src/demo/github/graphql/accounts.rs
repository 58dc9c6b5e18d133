//! `User`, `Organization`, `Bot` and the interfaces they share.

use serde_json::json;

use super::{
    super::{
        refusal::Refusal,
        state::{Outcome, State},
    },
    execution::{Args, Context, Object, Value},
    query, repository,
};

/// Who did something, as an `Actor`.
pub(super) fn actor(state: &State, id: u64) -> Value {
    Value::optional(state.accounts.get(&id).map(|account| Object::Account(id, account.kind)))
}

/// `viewer` for an App: its bot, in the shape of a user and with `[bot]` in its login.
pub(super) fn viewer(context: &Context<'_>, args: &Args<'_>) -> Outcome<Value> {
    let id = context.actor();
    match args.field {
        "login" => Ok(Value::leaf(context.with(|state| state.login(id).to_owned()))),
        _ => resolve(context, id, args),
    }
}

pub(super) fn resolve(context: &Context<'_>, id: u64, args: &Args<'_>) -> Outcome<Value> {
    match args.field {
        "projectV2" => {
            let number = args.number("number").unwrap_or_default();
            let found = context.with(|state| {
                let project = state.project_numbered(id, number)?.id;
                context.caller.sees_project(state, project).then_some(project)
            });
            let missing = || Refusal::NotFound(format!("Could not resolve to a ProjectV2 with the number {number}."));
            Ok(Object::Project(found.ok_or_else(missing)?).into())
        }
        "projectsV2" => {
            // Without the permission the list is empty, not refused.
            let wanted = args.text("query").unwrap_or_default().to_lowercase();
            let found = context.with(|state| {
                let all = state
                    .projects
                    .values()
                    .filter(|project| project.owner == id && context.caller.sees_project(state, project.id));
                let named = all.filter(|project| project.title.to_lowercase().contains(&wanted));
                named.map(|project| (project.id.to_string(), Object::Project(project.id).into())).collect()
            });
            args.page("ProjectV2Connection", found)
        }
        "repository" => {
            let login = context.with(|state| state.login(id).to_owned());
            query::repository_named(context, &login, args.text("name").unwrap_or_default())
        }
        "issueTypes" => args.page("IssueTypeConnection", context.with(|state| repository::issue_types(state, id))),
        _ => context.with(|state| {
            let account = state.account_by_id(id)?;
            let login = account.graphql_login();
            Ok(match args.field {
                "id" => Value::leaf(account.node_id()),
                "databaseId" => Value::int(id),
                "login" => Value::leaf(login),
                "name" => Value::leaf(json!(null)),
                "url" => Value::leaf(format!("{}/{login}", state.base_url)),
                "resourcePath" => Value::leaf(format!("/{login}")),
                "avatarUrl" => Value::leaf(format!("{}/avatars/{id}", state.base_url)),
                _ => return Err(args.unknown()),
            })
        }),
    }
}
