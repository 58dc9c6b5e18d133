//! `Query`: where every reading begins.

use serde_json::json;

use super::{
    super::{
        access::Level,
        node_id::{self, NodeRef},
        refusal::Refusal,
        state::{AccountKind, Outcome, State, ThreadRef},
    },
    execution::{Args, Context, Object, Value},
};

pub(super) fn resolve(context: &Context<'_>, args: &Args<'_>) -> Outcome<Value> {
    match args.field {
        "viewer" => Ok(Value::Object(Object::Viewer)),
        "repository" => {
            let (owner, name) = (args.text("owner").unwrap_or_default(), args.text("name").unwrap_or_default());
            repository_named(context, owner, name)
        }
        "repositoryOwner" | "organization" | "user" => {
            let login = args.text("login").unwrap_or_default();
            let found = context.with(|state| state.account_named(login).map(|account| (account.id, account.kind)));
            let (kind_name, fits) = match args.field {
                "organization" => ("an Organization", found.filter(|(_, kind)| *kind == AccountKind::Organization)),
                "user" => ("a User", found.filter(|(_, kind)| *kind == AccountKind::User)),
                // Unlike its siblings this one answers null without an error.
                _ => {
                    return Ok(Value::optional(
                        found.filter(|(_, kind)| *kind != AccountKind::Bot).map(|(id, kind)| Object::Account(id, kind)),
                    ));
                }
            };
            let (id, kind) =
                fits.ok_or_else(|| Refusal::NotFound(format!("Could not resolve to {kind_name} with the login of '{login}'.")))?;
            Ok(Object::Account(id, kind).into())
        }
        "node" => node(context, args.text("id").unwrap_or_default()).map(Value::Object),
        "nodes" => {
            let ids: Vec<String> = args.get("ids")?.unwrap_or_default();
            if ids.len() > 100 {
                return Err(Refusal::Typed {
                    kind: "ARGUMENT_LIMIT",
                    message: format!("You may not provide more than 100 node ids; you provided {}.", ids.len()),
                });
            }
            let found = ids.iter().enumerate().map(|(index, id)| {
                node(context, id).map(Value::Object).unwrap_or_else(|refusal| {
                    context.list_error(&refusal, json!([args.key, index]));
                    Value::NULL
                })
            });
            Ok(Value::List(found.collect()))
        }
        "rateLimit" => {
            let used = context.with(|state| state.log.requests.len());
            let reset = context.with(|state| state.now()).saturating_add(jiff::SignedDuration::from_hours(1)).unwrap_or_default();
            let reset = jiff::Timestamp::from_second(reset.as_second()).unwrap_or_default();
            Ok(Value::record(
                "RateLimit",
                vec![
                    ("cost", Value::leaf(1)),
                    ("limit", Value::leaf(5000)),
                    ("remaining", Value::leaf(5000usize.saturating_sub(used))),
                    ("used", Value::leaf(used)),
                    ("resetAt", Value::time(reset)),
                    ("nodeCount", Value::leaf(context.nodes)),
                ],
            ))
        }
        _ => Err(args.unknown()),
    }
}

pub(super) fn repository_named(context: &Context<'_>, owner: &str, name: &str) -> Outcome<Value> {
    let found = context.with(|state| {
        let found = state.repository_named(owner, name)?;
        context.caller.sees(state, found).then_some(found.id)
    });
    let id =
        found.ok_or_else(|| Refusal::NotFound(format!("Could not resolve to a Repository with the name '{owner}/{name}'.")))?;
    Ok(Object::Repository(id).into())
}

/// The object of a global id, when the caller may see it.
pub(super) fn node(context: &Context<'_>, id: &str) -> Outcome<Object> {
    let missing = || Refusal::no_node(id);
    let parsed = node_id::parse(id).ok_or_else(missing)?;
    let object = context.with(|state| object_of(state, &parsed)).ok_or_else(missing)?;
    let repository = match &object {
        Object::Issue(thread) | Object::PullRequest(thread) => Some(thread.repository),
        Object::Comment(id) => context.with(|state| state.comment(*id).map(|comment| comment.thread.repository)).ok(),
        Object::Review(id) => context.with(|state| state.review(*id).map(|review| review.pull.repository)).ok(),
        Object::ReviewThread(id) => context.with(|state| state.review_thread(*id).map(|thread| thread.pull.repository)).ok(),
        Object::ReviewComment(id) => context.with(|state| state.pull_of_comment(*id).map(|pull| pull.repository)).ok(),
        Object::CheckRun(id) => context.with(|state| state.check_runs.get(id).map(|run| run.repository)),
        Object::Repository(id)
        | Object::Label(id, _)
        | Object::Ref(id, _)
        | Object::Commit(id, _)
        | Object::Tree(id, _)
        | Object::Blob(id, _)
        | Object::CheckSuite(id, _)
        | Object::Milestone(id, _) => Some(*id),
        Object::Project(id) | Object::Item(id, _) | Object::Field(id, ..) => {
            return match context.with(|state| context.caller.sees_project(state, *id)) {
                true => Ok(object),
                false => Err(missing()),
            };
        }
        _ => None,
    };
    let Some(repository) = repository else { return Ok(object) };
    let sees = context.with(|state| state.repository(repository).is_ok_and(|found| context.caller.sees(state, found)));
    if !sees {
        return Err(missing());
    }
    match &object {
        Object::Issue(_) => context.require(repository, "issues", Level::Read)?,
        Object::PullRequest(_) => context.require_conversation(repository, Level::Read)?,
        Object::Review(_) | Object::ReviewThread(_) | Object::ReviewComment(_) => {
            context.require(repository, "pull_requests", Level::Read)?;
        }
        _ => {}
    }
    Ok(object)
}

fn object_of(state: &State, node: &NodeRef) -> Option<Object> {
    Some(match node {
        NodeRef::Account(id) => Object::Account(*id, state.accounts.get(id)?.kind),
        NodeRef::Repository(id) => Object::Repository(state.repositories.get(id)?.id),
        NodeRef::Thread { repository, number, pull_request } => {
            let at = ThreadRef { repository: *repository, number: *number };
            let is_pull = state.thread(at).ok()?.pull.is_some();
            match (is_pull, pull_request) {
                (true, true) => Object::PullRequest(at),
                (false, false) => Object::Issue(at),
                _ => return None,
            }
        }
        NodeRef::Comment(id) => Object::Comment(state.comments.get(id)?.id),
        NodeRef::Label { repository, id } => Object::Label(*repository, state.repositories.get(repository)?.label(*id)?.id),
        NodeRef::Milestone { repository, id } => {
            let milestones = &state.repositories.get(repository)?.milestones;
            Object::Milestone(*repository, milestones.iter().find(|milestone| milestone.id == *id)?.id)
        }
        NodeRef::IssueType { organization, id } => {
            let types = &state.accounts.get(organization)?.issue_types;
            Object::IssueType(*organization, types.iter().find(|kind| kind.id == *id)?.id)
        }
        NodeRef::Reaction(_) => return None,
        NodeRef::Review(id) => Object::Review(state.reviews.get(id)?.id),
        NodeRef::ReviewThread(id) => Object::ReviewThread(state.review_threads.get(id)?.id),
        NodeRef::ReviewComment(id) => Object::ReviewComment(state.review_comments.get(id)?.id),
        NodeRef::Project(id) => Object::Project(state.projects.get(id)?.id),
        NodeRef::Item { project, id } => Object::Item(*project, state.item(*project, *id).ok()?.id),
        NodeRef::Field { project, id } => super::projects::field_object(state.project(*project).ok()?, *id)?,
        NodeRef::CheckRun(id) => Object::CheckRun(state.check_runs.get(id)?.id),
        NodeRef::CheckSuite { repository, sha } => Object::CheckSuite(state.repositories.get(repository)?.id, sha.clone()),
        NodeRef::Commit { repository, sha } => {
            let found = state.repositories.get(repository)?;
            Object::Commit(found.id, state.objects(found).ok()?.commit(sha)?.oid.clone())
        }
        NodeRef::Tree { repository, sha } => {
            state.objects(state.repositories.get(repository)?).ok()?.tree(sha)?;
            Object::Tree(*repository, sha.clone())
        }
        NodeRef::Blob { repository, sha } => {
            Object::Blob(*repository, state.objects(state.repositories.get(repository)?).ok()?.blob(sha)?.oid.clone())
        }
        NodeRef::Ref { repository, name } => {
            let branch = name.strip_prefix("refs/heads/")?;
            state.repositories.get(repository)?.branches.get(branch)?;
            Object::Ref(*repository, branch.to_owned())
        }
    })
}
