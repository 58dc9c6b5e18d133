//! Mutations of branches and pull requests.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::{
    super::{
        super::{
            access::Level,
            refusal::Refusal,
            state::{
                Outcome,
                issues::{IssueState, ThreadEdit},
                pulls::NewPull,
                repositories::{Change, Push},
            },
        },
        execution::{Args, Context, Object},
        query,
    },
    Payload, labels, people, pull_request, repository,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commit {
    branch: Branch,
    expected_head_oid: String,
    file_changes: Option<FileChanges>,
    message: Message,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Branch {
    id: Option<String>,
    repository_name_with_owner: Option<String>,
    branch_name: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    headline: String,
    body: Option<String>,
}

#[derive(Default, Deserialize)]
struct FileChanges {
    additions: Option<Vec<Addition>>,
    deletions: Option<Vec<Deletion>>,
}

#[derive(Deserialize)]
struct Addition {
    path: String,
    contents: String,
}

#[derive(Deserialize)]
struct Deletion {
    path: String,
}

fn branch(context: &Context<'_>, wanted: &Branch) -> Outcome<(u64, String)> {
    if let Some(id) = &wanted.id {
        return match query::node(context, id)? {
            Object::Ref(repository, name) => Ok((repository, name)),
            _ => Err(Refusal::no_node(id)),
        };
    }
    let full_name = wanted.repository_name_with_owner.as_deref().unwrap_or_default();
    let name = wanted.branch_name.as_deref().unwrap_or_default();
    let name = name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
    let (owner, repository) = full_name.split_once('/').unwrap_or_default();
    let found = context.with(|state| state.repository_named(owner, repository).map(|found| found.id));
    let found =
        found.ok_or_else(|| Refusal::NotFound(format!("Could not resolve to a Repository with the name '{full_name}'.")))?;
    Ok((found, name))
}

/// A commit on top of exactly the expected one, or none at all.
pub(super) fn commit(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Commit = args.input()?;
    let (at, name) = branch(context, &input.branch)?;
    context.require(at, "contents", Level::Write)?;
    let changes = input.file_changes.unwrap_or_default();
    let mut wanted: Vec<Change> =
        changes.deletions.unwrap_or_default().into_iter().map(|gone| Change::delete(gone.path)).collect();
    for addition in changes.additions.unwrap_or_default() {
        let contents: String = addition.contents.split_whitespace().collect();
        let content =
            STANDARD.decode(contents).map_err(|_| Refusal::unprocessable(format!("{} is not valid Base64", addition.path)))?;
        wanted.push(Change::write(addition.path, content));
    }
    if input.message.headline.trim().is_empty() {
        return Err(Refusal::unprocessable("A commit message headline is needed"));
    }
    check_paths(&wanted)?;
    let message = match input.message.body.as_deref().filter(|body| !body.is_empty()) {
        Some(body) => format!("{}\n\n{body}", input.message.headline),
        None => input.message.headline,
    };
    let (actor, expected) = (context.actor(), input.expected_head_oid);
    let oid = context.with(|state| {
        state.writable(at)?;
        let head = state.repository(at)?.branches.get(&name).cloned();
        let head = head.ok_or_else(|| Refusal::NotFound(format!("The branch {name} was not found")))?;
        if head != expected {
            return Err(Refusal::Stale(format!(
                "Expected branch to point to \"{expected}\" but it did not.  Pull and try again."
            )));
        }
        state.commit(at, &name, &message, &wanted, actor)
    })?;
    Ok(vec![("commit", Object::Commit(at, oid).into()), ("ref", Object::Ref(at, name).into())])
}

/// Paths that Git cannot hold, and workflows, which take a permission of their own.
fn check_paths(changes: &[Change]) -> Outcome<()> {
    for change in changes {
        let (Change::Write { path, .. } | Change::Delete { path } | Change::Rename { to: path, .. }) = change;
        if path.is_empty() || path.split('/').any(|part| ["", ".", "..", ".git"].contains(&part)) {
            return Err(Refusal::unprocessable(format!("A path was requested which is malformed: {path}")));
        }
        if path.starts_with(".github/workflows/") {
            return Err(Refusal::Forbidden(format!(
                "refusing to allow a GitHub App to create or update workflow `{path}` without `workflows` permission"
            )));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefInput {
    repository_id: Option<String>,
    ref_id: Option<String>,
    name: Option<String>,
    oid: Option<String>,
    force: Option<bool>,
}

pub(super) fn create_ref(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: RefInput = args.input()?;
    let at = repository(context, &input.repository_id.unwrap_or_default())?;
    context.require(at, "contents", Level::Write)?;
    let actor = context.actor();
    let name =
        context.with(|state| state.create_branch(at, &input.name.unwrap_or_default(), &input.oid.unwrap_or_default(), actor))?;
    Ok(vec![("ref", Object::Ref(at, name).into())])
}

fn reference(context: &Context<'_>, id: Option<String>) -> Outcome<(u64, String)> {
    let id = id.unwrap_or_default();
    match query::node(context, &id)? {
        Object::Ref(repository, name) => {
            context.require(repository, "contents", Level::Write)?;
            Ok((repository, name))
        }
        _ => Err(Refusal::no_node(&id)),
    }
}

pub(super) fn update_ref(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: RefInput = args.input()?;
    let (at, name) = reference(context, input.ref_id)?;
    let actor = context.actor();
    let (oid, force) = (input.oid.unwrap_or_default(), input.force.unwrap_or(false));
    context.with(|state| state.update_branch(at, &name, &oid, force, actor))?;
    Ok(vec![("ref", Object::Ref(at, name).into())])
}

pub(super) fn delete_ref(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: RefInput = args.input()?;
    let (at, name) = reference(context, input.ref_id)?;
    let actor = context.actor();
    context.with(|state| state.move_branch(at, &name, None, actor, Push::Direct))?;
    Ok(Vec::new())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewPullRequest {
    repository_id: String,
    head_repository_id: Option<String>,
    base_ref_name: String,
    head_ref_name: String,
    title: String,
    body: Option<String>,
    draft: Option<bool>,
}

pub(super) fn create_pull_request(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: NewPullRequest = args.input()?;
    let at = repository(context, &input.repository_id)?;
    context.require(at, "pull_requests", Level::Write)?;
    let head = input.head_repository_id.map(|id| repository(context, &id)).transpose()?;
    let plain = |name: String| name.strip_prefix("refs/heads/").map(str::to_owned).unwrap_or(name);
    let new = NewPull {
        head_repository: head.unwrap_or(at),
        head_branch: plain(input.head_ref_name),
        base_branch: plain(input.base_ref_name),
        title: input.title,
        body: input.body.unwrap_or_default(),
        draft: input.draft.unwrap_or(false),
    };
    let actor = context.actor();
    let made = context.with(|state| state.create_pull(at, new, actor))?;
    Ok(vec![("pullRequest", Object::PullRequest(made).into())])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullRequestChange {
    pull_request_id: String,
    title: Option<String>,
    body: Option<String>,
    state: Option<String>,
    base_ref_name: Option<String>,
    label_ids: Option<Vec<String>>,
    assignee_ids: Option<Vec<String>>,
}

pub(super) fn update_pull_request(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: PullRequestChange = args.input()?;
    let at = pull_request(context, &input.pull_request_id)?;
    context.require(at.repository, "pull_requests", Level::Write)?;
    let edit = ThreadEdit {
        title: input.title,
        body: input.body,
        labels: input.label_ids.map(|ids| labels(context, at.repository, &ids)).transpose()?,
        assignees: input.assignee_ids.map(|ids| people(context, &ids)).transpose()?,
        state: input.state.map(|state| (if state == "OPEN" { IssueState::Open } else { IssueState::Closed }, None)),
        ..ThreadEdit::default()
    };
    let actor = context.actor();
    context.with(|state| {
        state.edit_thread(at, edit, actor)?;
        input.base_ref_name.map_or(Ok(()), |base| state.retarget(at, &base, actor))
    })?;
    Ok(vec![("pullRequest", Object::PullRequest(at).into())])
}

pub(super) fn set_pull_request_state(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: PullRequestChange = args.input()?;
    let at = pull_request(context, &input.pull_request_id)?;
    context.require(at.repository, "pull_requests", Level::Write)?;
    let wanted = if args.field == "closePullRequest" { IssueState::Closed } else { IssueState::Open };
    let actor = context.actor();
    context.with(|state| state.set_state(at, wanted, None, actor))?;
    Ok(vec![("pullRequest", Object::PullRequest(at).into())])
}
