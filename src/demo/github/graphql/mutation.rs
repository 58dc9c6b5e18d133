//! `Mutation`: each field on its own, one after the other; one that is refused leaves the others their effect.

mod checks;
mod git;
mod issues;
mod projects;
mod reviews;

use serde_json::Value as Json;

use super::{
    super::{
        refusal::Refusal,
        state::{Outcome, ThreadRef},
    },
    execution::{Args, Context, Object, Value},
    query,
};

pub(super) fn resolve(context: &Context<'_>, args: &Args<'_>) -> Outcome<Value> {
    context.next_mutation()?;
    let mut fields = match args.field {
        "createIssue" => issues::create(context, args),
        "updateIssue" => issues::update(context, args),
        "closeIssue" => issues::close(context, args),
        "reopenIssue" => issues::reopen(context, args),
        "updateIssueIssueType" => issues::set_type(context, args),
        "addSubIssue" => issues::add_sub_issue(context, args),
        "removeSubIssue" => issues::remove_sub_issue(context, args),
        "addComment" => issues::add_comment(context, args),
        "updateIssueComment" => issues::update_comment(context, args),
        "deleteIssueComment" => issues::delete_comment(context, args),
        "minimizeComment" => issues::minimize_comment(context, args),
        "unminimizeComment" => issues::unminimize_comment(context, args),
        "addReaction" => issues::add_reaction(context, args),
        "removeReaction" => issues::remove_reaction(context, args),
        "addLabelsToLabelable" | "removeLabelsFromLabelable" => issues::change_labels(context, args),
        "addAssigneesToAssignable" | "removeAssigneesFromAssignable" => issues::change_assignees(context, args),
        "createLabel" => issues::create_label(context, args),
        "addProjectV2ItemById" => projects::add(context, args),
        "updateProjectV2ItemFieldValue" | "clearProjectV2ItemFieldValue" => projects::set_field(context, args),
        "archiveProjectV2Item" | "unarchiveProjectV2Item" => projects::archive(context, args),
        "deleteProjectV2Item" => projects::delete(context, args),
        "createCheckRun" => checks::create(context, args),
        "updateCheckRun" => checks::update(context, args),
        "createCommitOnBranch" => git::commit(context, args),
        "createRef" => git::create_ref(context, args),
        "updateRef" => git::update_ref(context, args),
        "deleteRef" => git::delete_ref(context, args),
        "resolveReviewThread" | "unresolveReviewThread" => reviews::resolve(context, args),
        "createPullRequest" => git::create_pull_request(context, args),
        "updatePullRequest" => git::update_pull_request(context, args),
        "closePullRequest" | "reopenPullRequest" => git::set_pull_request_state(context, args),
        _ => Err(args.unknown()),
    }?;
    context.note_effect(args);
    let input: Option<Json> = args.get("input")?;
    let client_id = input.and_then(|input| input.get("clientMutationId").cloned()).unwrap_or_default();
    fields.push(("clientMutationId", Value::Leaf(client_id)));
    Ok(Value::record(payload_type(args.field)?, fields))
}

/// What a mutation answers, by the names of its payload's fields.
type Payload = Vec<(&'static str, Value)>;

/// The trimmed schema names every payload after its mutation.
fn payload_type(field: &str) -> Outcome<&'static str> {
    let mut name = field.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name.push_str("Payload");
    let schema = super::schema().map_err(Refusal::Unexpected)?;
    let known = schema.types.keys().find(|known| known.as_str() == name);
    known.map(|known| known.as_str()).ok_or_else(|| Refusal::Unexpected(format!("the payload {name}")))
}

/// The issue of an id.
fn issue(context: &Context<'_>, id: &str) -> Outcome<ThreadRef> {
    match query::node(context, id)? {
        Object::Issue(at) => Ok(at),
        _ => Err(Refusal::no_node(id)),
    }
}

/// The issue or pull request of an id.
fn thread(context: &Context<'_>, id: &str) -> Outcome<(ThreadRef, Object)> {
    match query::node(context, id)? {
        object @ (Object::Issue(at) | Object::PullRequest(at)) => Ok((at, object)),
        _ => Err(Refusal::no_node(id)),
    }
}

fn pull_request(context: &Context<'_>, id: &str) -> Outcome<ThreadRef> {
    match query::node(context, id)? {
        Object::PullRequest(at) => Ok(at),
        _ => Err(Refusal::no_node(id)),
    }
}

fn repository(context: &Context<'_>, id: &str) -> Outcome<u64> {
    match query::node(context, id)? {
        Object::Repository(id) => Ok(id),
        _ => Err(Refusal::no_node(id)),
    }
}

fn comment(context: &Context<'_>, id: &str) -> Outcome<u64> {
    match query::node(context, id)? {
        Object::Comment(id) => Ok(id),
        _ => Err(Refusal::no_node(id)),
    }
}

/// Labels of one repository, by node ids.
fn labels(context: &Context<'_>, repository: u64, ids: &[String]) -> Outcome<Vec<u64>> {
    let label = |id: &String| match query::node(context, id)? {
        Object::Label(owner, label) if owner == repository => Ok(label),
        _ => Err(Refusal::no_node(id)),
    };
    ids.iter().map(label).collect()
}

/// People, by node ids.
fn people(context: &Context<'_>, ids: &[String]) -> Outcome<Vec<u64>> {
    let person = |id: &String| match query::node(context, id)? {
        Object::Account(account, _) => Ok(account),
        _ => Err(Refusal::no_node(id)),
    };
    ids.iter().map(person).collect()
}

/// The board of an id, which the caller must be allowed to change.
fn project(context: &Context<'_>, id: &str) -> Outcome<u64> {
    let Object::Project(project) = query::node(context, id)? else { return Err(Refusal::no_node(id)) };
    match context.with(|state| context.caller.updates_project(state, project)) {
        true => Ok(project),
        false => Err(Refusal::forbidden_integration()),
    }
}
