//! Mutations of issues, comments, labels, assignees, reactions.

use serde::Deserialize;

use super::{
    super::{
        super::{
            access::Level,
            node_id::{self, NodeRef},
            refusal::Refusal,
            state::{
                Outcome, ThreadRef,
                issues::{IssueState, NewThread, ReactionSubject, StateReason, ThreadEdit},
            },
        },
        conversation,
        execution::{Args, Context, Object, Value},
        query,
    },
    Payload, comment, issue, labels, people, project, repository, thread,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    repository_id: String,
    title: String,
    body: Option<String>,
    label_ids: Option<Vec<String>>,
    assignee_ids: Option<Vec<String>>,
    issue_type_id: Option<String>,
    parent_issue_id: Option<String>,
    #[serde(rename = "projectV2Ids")]
    project_v2_ids: Option<Vec<String>>,
    milestone_id: Option<String>,
}

fn issue_type(context: &Context<'_>, repository: u64, id: &str) -> Outcome<u64> {
    let owner = context.with(|state| state.repository(repository).map(|found| found.owner))?;
    match query::node(context, id)? {
        Object::IssueType(organization, kind) if organization == owner => Ok(kind),
        _ => Err(Refusal::no_node(id)),
    }
}

fn milestone(context: &Context<'_>, repository: u64, id: &str) -> Outcome<u64> {
    match query::node(context, id)? {
        Object::Milestone(owner, milestone) if owner == repository => Ok(milestone),
        _ => Err(Refusal::no_node(id)),
    }
}

pub(super) fn create(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Create = args.input()?;
    let at = repository(context, &input.repository_id)?;
    context.require(at, "issues", Level::Write)?;
    context.with(|state| state.writable(at))?;
    let parent = input.parent_issue_id.as_deref().map(|id| issue(context, id)).transpose()?;
    let boards: Vec<u64> =
        input.project_v2_ids.unwrap_or_default().iter().map(|id| project(context, id)).collect::<Outcome<_>>()?;
    let new = NewThread {
        title: input.title,
        body: input.body.unwrap_or_default(),
        labels: labels(context, at, &input.label_ids.unwrap_or_default())?,
        assignees: people(context, &input.assignee_ids.unwrap_or_default())?,
        milestone: input.milestone_id.as_deref().map(|id| milestone(context, at, id)).transpose()?,
        issue_type: input.issue_type_id.as_deref().map(|id| issue_type(context, at, id)).transpose()?,
        pull: None,
    };
    let actor = context.actor();
    let made = context.with(|state| {
        if let Some(parent) = parent {
            state.takes_sub_issue(parent)?;
        }
        let made = state.create_thread(at, new, actor)?;
        if let Some(parent) = parent {
            state.add_sub_issue(parent, made, false, actor)?;
        }
        for board in boards {
            if !state.faults.hidden_from_projects(made) {
                state.add_item(board, made, actor)?;
            }
        }
        Ok::<_, Refusal>(made)
    })?;
    Ok(vec![("issue", Object::Issue(made).into())])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    id: String,
    title: Option<String>,
    body: Option<String>,
    state: Option<String>,
    label_ids: Option<Vec<String>>,
    assignee_ids: Option<Vec<String>>,
    issue_type_id: Option<String>,
    milestone_id: Option<String>,
}

pub(super) fn update(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Update = args.input()?;
    let at = issue(context, &input.id)?;
    context.require(at.repository, "issues", Level::Write)?;
    let state = match input.state.as_deref() {
        Some("OPEN") => Some((IssueState::Open, None)),
        Some(_) => Some((IssueState::Closed, None)),
        None => None,
    };
    let edit = ThreadEdit {
        title: input.title,
        body: input.body,
        labels: input.label_ids.map(|ids| labels(context, at.repository, &ids)).transpose()?,
        assignees: input.assignee_ids.map(|ids| people(context, &ids)).transpose()?,
        milestone: input.milestone_id.map(|id| milestone(context, at.repository, &id).map(Some)).transpose()?,
        issue_type: input.issue_type_id.map(|id| issue_type(context, at.repository, &id).map(Some)).transpose()?,
        state,
    };
    let actor = context.actor();
    context.with(|state| state.edit_thread(at, edit, actor))?;
    Ok(vec![("issue", Object::Issue(at).into())])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Close {
    issue_id: String,
    state_reason: Option<String>,
}

fn set_state(context: &Context<'_>, args: &Args<'_>, state: IssueState) -> Outcome<Payload> {
    let input: Close = args.input()?;
    let at = issue(context, &input.issue_id)?;
    context.require(at.repository, "issues", Level::Write)?;
    let (reason, actor) = (input.state_reason.as_deref().and_then(StateReason::parse), context.actor());
    context.with(|found| found.set_state(at, state, reason, actor))?;
    Ok(vec![("issue", Object::Issue(at).into())])
}

pub(super) fn close(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    set_state(context, args, IssueState::Closed)
}

pub(super) fn reopen(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    set_state(context, args, IssueState::Open)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetType {
    issue_id: String,
    issue_type_id: Option<String>,
}

pub(super) fn set_type(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: SetType = args.input()?;
    let at = issue(context, &input.issue_id)?;
    context.require(at.repository, "issues", Level::Write)?;
    let kind = input.issue_type_id.map(|id| issue_type(context, at.repository, &id)).transpose()?;
    let actor = context.actor();
    context.with(|state| state.edit_thread(at, ThreadEdit { issue_type: Some(kind), ..ThreadEdit::default() }, actor))?;
    Ok(vec![("issue", Object::Issue(at).into())])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubIssue {
    issue_id: String,
    sub_issue_id: Option<String>,
    sub_issue_url: Option<String>,
    replace_parent: Option<bool>,
}

pub(super) fn add_sub_issue(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: SubIssue = args.input()?;
    let parent = issue(context, &input.issue_id)?;
    let child = match (input.sub_issue_id, input.sub_issue_url) {
        (Some(id), _) => issue(context, &id)?,
        (None, Some(url)) => by_url(context, &url)?,
        (None, None) => return Err(Refusal::unprocessable("One of subIssueId and subIssueUrl is needed")),
    };
    context.require(parent.repository, "issues", Level::Write)?;
    let actor = context.actor();
    context.with(|state| state.add_sub_issue(parent, child, input.replace_parent.unwrap_or(false), actor))?;
    Ok(vec![("issue", Object::Issue(parent).into()), ("subIssue", Object::Issue(child).into())])
}

fn by_url(context: &Context<'_>, url: &str) -> Outcome<ThreadRef> {
    let missing = || Refusal::NotFound(format!("Could not resolve to an Issue with the URL of '{url}'."));
    context.with(|state| {
        let path: Vec<&str> = url.strip_prefix(&state.base_url).unwrap_or_default().split('/').collect();
        let [_, owner, name, "issues", number] = path.as_slice() else { return Err(missing()) };
        let found = state.repository_named(owner, name).ok_or_else(missing)?;
        let number = number.parse().map_err(|_| missing())?;
        found.threads.get(&number).map(|_| ThreadRef { repository: found.id, number }).ok_or_else(missing)
    })
}

pub(super) fn remove_sub_issue(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: SubIssue = args.input()?;
    let (parent, child) = (issue(context, &input.issue_id)?, issue(context, &input.sub_issue_id.unwrap_or_default())?);
    context.require(parent.repository, "issues", Level::Write)?;
    let actor = context.actor();
    context.with(|state| state.remove_sub_issue(parent, child, actor))?;
    Ok(vec![("issue", Object::Issue(parent).into()), ("subIssue", Object::Issue(child).into())])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    subject_id: String,
    body: Option<String>,
    classifier: Option<String>,
    content: Option<String>,
}

pub(super) fn add_comment(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Subject = args.input()?;
    let (at, object) = thread(context, &input.subject_id)?;
    context.require_conversation(at.repository, Level::Write)?;
    let actor = context.actor();
    let id = context.with(|state| state.add_comment(at, &input.body.unwrap_or_default(), actor))?;
    let edge =
        Value::record("IssueCommentEdge", vec![("cursor", Value::leaf(id.to_string())), ("node", Object::Comment(id).into())]);
    Ok(vec![("commentEdge", edge), ("subject", object.into())])
}

/// The comment of an id, writable.
fn own_comment(context: &Context<'_>, id: &str) -> Outcome<u64> {
    let id = comment(context, id)?;
    let repository = context.with(|state| state.comment(id).map(|comment| comment.thread.repository))?;
    context.require_conversation(repository, Level::Write)?;
    Ok(id)
}

#[derive(Deserialize)]
struct ById {
    id: String,
    body: Option<String>,
}

pub(super) fn update_comment(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: ById = args.input()?;
    let (id, actor) = (own_comment(context, &input.id)?, context.actor());
    context.with(|state| state.edit_comment(id, &input.body.unwrap_or_default(), actor))?;
    Ok(vec![("issueComment", Object::Comment(id).into())])
}

pub(super) fn delete_comment(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: ById = args.input()?;
    let (id, actor) = (own_comment(context, &input.id)?, context.actor());
    context.with(|state| state.delete_comment(id, actor))?;
    Ok(Vec::new())
}

pub(super) fn minimize_comment(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Subject = args.input()?;
    let id = own_comment(context, &input.subject_id)?;
    context.with(|state| state.minimize_comment(id, Some(input.classifier.as_deref().unwrap_or("OUTDATED"))))?;
    Ok(vec![("minimizedComment", Object::Comment(id).into())])
}

pub(super) fn unminimize_comment(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Subject = args.input()?;
    let id = own_comment(context, &input.subject_id)?;
    context.with(|state| state.minimize_comment(id, None))?;
    Ok(vec![("unminimizedComment", Object::Comment(id).into())])
}

fn reactable(context: &Context<'_>, id: &str) -> Outcome<(ReactionSubject, Object)> {
    let object = query::node(context, id)?;
    let (subject, repository) = match &object {
        Object::Issue(at) | Object::PullRequest(at) => (ReactionSubject::Thread(*at), at.repository),
        Object::Comment(id) => {
            (ReactionSubject::Comment(*id), context.with(|state| state.comment(*id).map(|comment| comment.thread.repository))?)
        }
        Object::ReviewComment(id) => {
            (ReactionSubject::ReviewComment(*id), context.with(|state| state.pull_of_comment(*id).map(|pull| pull.repository))?)
        }
        _ => return Err(Refusal::no_node(id)),
    };
    context.require_conversation(repository, Level::Write)?;
    Ok((subject, object))
}

pub(super) fn add_reaction(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Subject = args.input()?;
    let (subject, object) = reactable(context, &input.subject_id)?;
    let actor = context.actor();
    let reaction = context.with(|state| {
        let made = state.react(subject, &input.content.unwrap_or_default(), actor)?;
        Ok::<_, Refusal>(conversation::reaction(state, &made))
    })?;
    Ok(vec![("reaction", reaction), ("subject", object.into())])
}

pub(super) fn remove_reaction(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Subject = args.input()?;
    let (subject, object) = reactable(context, &input.subject_id)?;
    let actor = context.actor();
    let reaction = context.with(|state| {
        let gone = state.react(subject, &input.content.unwrap_or_default(), actor)?;
        state.reactions_mut(subject)?.retain(|known| known.id != gone.id);
        Ok::<_, Refusal>(conversation::reaction(state, &gone))
    })?;
    Ok(vec![("reaction", reaction), ("subject", object.into())])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LabelChange {
    labelable_id: String,
    label_ids: Vec<String>,
}

pub(super) fn change_labels(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: LabelChange = args.input()?;
    let (at, object) = thread(context, &input.labelable_id)?;
    context.require_conversation(at.repository, Level::Write)?;
    let (ids, actor) = (labels(context, at.repository, &input.label_ids)?, context.actor());
    context.with(|state| match args.field {
        "addLabelsToLabelable" => state.add_labels(at, &ids, actor),
        _ => state.remove_labels(at, &ids, actor),
    })?;
    Ok(vec![("labelable", object.into())])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssigneeChange {
    assignable_id: String,
    assignee_ids: Vec<String>,
}

pub(super) fn change_assignees(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: AssigneeChange = args.input()?;
    let (at, object) = thread(context, &input.assignable_id)?;
    context.require_conversation(at.repository, Level::Write)?;
    let (accounts, actor) = (people(context, &input.assignee_ids)?, context.actor());
    context.with(|state| match args.field {
        "addAssigneesToAssignable" => state.add_assignees(at, &accounts, actor),
        _ => state.remove_assignees(at, &accounts, actor),
    })?;
    Ok(vec![("assignable", object.into())])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewLabel {
    repository_id: String,
    name: String,
    color: String,
    description: Option<String>,
}

pub(super) fn create_label(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: NewLabel = args.input()?;
    let at = match node_id::parse(&input.repository_id) {
        Some(NodeRef::Repository(_)) => repository(context, &input.repository_id)?,
        _ => return Err(Refusal::no_node(&input.repository_id)),
    };
    context.require_conversation(at, Level::Write)?;
    let id = context.with(|state| state.create_label(at, &input.name, &input.color, input.description))?;
    Ok(vec![("label", Object::Label(at, id).into())])
}
