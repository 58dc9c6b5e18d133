//! Issues: lists, opening, changing, sub-issues.

use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{
    super::{
        access::Level,
        refusal::Refusal,
        server::Reply,
        shapes,
        state::{
            AccountKind, Outcome, ThreadRef,
            issues::{IssueState, NewThread, ReactionSubject, StateReason, ThreadEdit},
        },
    },
    Rest,
    comments::{NewReaction, reaction_shape},
    thread,
};

/// A label in a body: its name, alone or in an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum LabelName {
    Name(String),
    Object { name: String },
}

impl LabelName {
    fn name(self) -> String {
        match self {
            Self::Name(name) | Self::Object { name } => name,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewIssue {
    title: String,
    body: Option<String>,
    #[serde(default)]
    labels: Vec<LabelName>,
    #[serde(default)]
    assignees: Vec<String>,
    assignee: Option<String>,
    milestone: Option<u64>,
    r#type: Option<String>,
}

/// Tells a `null` from a field that is not there.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssueChanges {
    title: Option<String>,
    body: Option<String>,
    state: Option<String>,
    state_reason: Option<String>,
    labels: Option<Vec<LabelName>>,
    assignees: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    milestone: Option<Option<u64>>,
    #[serde(default, deserialize_with = "present")]
    r#type: Option<Option<String>>,
}

const FILTERS: [&str; 10] =
    ["labels", "state", "creator", "since", "sort", "direction", "assignee", "type", "milestone", "mentioned"];

/// Issues and pull requests, newest first; `labels` must all be there.
pub(super) fn list(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.read(repository, "issues")?;
    rest.only_params(&FILTERS)?;
    let mut threads = rest.state.listed_threads(repository)?;
    let state = match rest.param("state").unwrap_or("open") {
        "open" => Some(IssueState::Open),
        "closed" => Some(IssueState::Closed),
        "all" => None,
        _ => return Err(Refusal::unprocessable("state must be open, closed or all")),
    };
    let since: Option<jiff::Timestamp> = match rest.param("since") {
        Some(text) => Some(text.parse().map_err(|_| Refusal::unprocessable("since is not a time"))?),
        None => None,
    };
    let labels: Vec<String> =
        rest.param("labels").unwrap_or_default().split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let account = |name: &str| rest.param(name).map(|login| rest.state.account_named(login).map(|found| found.id));
    let (creator, assignee) = (account("creator"), account("assignee"));
    if creator == Some(None) {
        return Err(Refusal::unprocessable("The listed users cannot be searched either because the users do not exist"));
    }
    let found = rest.state.repository(repository)?;
    threads.retain(|at| {
        let Ok(thread) = rest.state.thread(*at) else { return false };
        let has = |name: &String| found.label_named(name).is_some_and(|label| thread.labels.contains(&label.id));
        state.is_none_or(|state| thread.state == state)
            && since.is_none_or(|since| thread.updated_at >= since)
            && labels.iter().all(has)
            && creator.is_none_or(|creator| Some(thread.author) == creator)
            && assignee.is_none_or(|assignee| assignee.is_some_and(|assignee| thread.assignees.contains(&assignee)))
    });
    let key = |at: &ThreadRef| {
        let thread = rest.state.thread(*at).ok();
        let time = thread.map(|thread| if rest.param("sort") == Some("updated") { thread.updated_at } else { thread.created_at });
        (time, at.number)
    };
    threads.sort_by_key(key);
    if rest.param("direction") != Some("asc") {
        threads.reverse();
    }
    Ok(rest.page(threads, |state, at| shapes::issue(state, at).unwrap_or_default()))
}

pub(super) fn show(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.read(repository, "issues")?;
    let at = thread(repository, number)?;
    Ok(Reply::ok(shapes::issue(rest.state, at)?))
}

impl Rest<'_> {
    /// Names of labels → ids, missing ones made: REST creates labels as it goes.
    fn label_ids(&mut self, repository: u64, names: Vec<String>) -> Outcome<Vec<u64>> {
        let known = |rest: &Self, name: &str| {
            Ok::<_, Refusal>(rest.state.repository(repository)?.label_named(name).map(|label| label.id))
        };
        names
            .into_iter()
            .map(|name| match known(self, &name)? {
                Some(id) => Ok(id),
                None => self.state.create_label(repository, &name, "ededed", None),
            })
            .collect()
    }

    /// Logins → accounts; who cannot be assigned is refused (422), as GitHub does on create.
    fn assignee_ids(&self, repository: u64, logins: &[String]) -> Outcome<Vec<u64>> {
        logins
            .iter()
            .map(|login| {
                let account =
                    self.state.account_named(login).filter(|account| account.kind == AccountKind::User).map(|account| account.id);
                let account = account.filter(|account| self.state.is_assignable(repository, *account));
                account.ok_or_else(|| Refusal::unprocessable(format!("assignees is invalid: {login}")))
            })
            .collect()
    }

    fn type_id(&self, repository: u64, name: &str) -> Outcome<u64> {
        let owner = self.state.account_by_id(self.state.repository(repository)?.owner)?;
        let found = owner.issue_types.iter().find(|kind| kind.name.eq_ignore_ascii_case(name));
        found.map(|kind| kind.id).ok_or_else(|| Refusal::unprocessable(format!("type is invalid: {name}")))
    }

    fn milestone_id(&self, repository: u64, number: u64) -> Outcome<u64> {
        let found = self.state.repository(repository)?.milestones.iter().find(|milestone| milestone.number == number);
        found.map(|milestone| milestone.id).ok_or_else(|| Refusal::unprocessable("milestone is invalid"))
    }
}

pub(super) fn create(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.write(repository, "issues")?;
    let new: NewIssue = rest.body()?;
    rest.state.writable(repository)?;
    rest.state.issues_enabled(repository)?;
    let assignees: Vec<String> = new.assignees.into_iter().chain(new.assignee).collect();
    let issue = NewThread {
        title: new.title,
        body: new.body.unwrap_or_default(),
        labels: rest.label_ids(repository, new.labels.into_iter().map(LabelName::name).collect())?,
        assignees: rest.assignee_ids(repository, &assignees)?,
        milestone: new.milestone.map(|number| rest.milestone_id(repository, number)).transpose()?,
        issue_type: new.r#type.map(|name| rest.type_id(repository, &name)).transpose()?,
        pull: None,
    };
    let actor = rest.actor();
    let made = rest.state.create_thread(repository, issue, actor)?;
    Ok(Reply::json(201, shapes::issue(rest.state, made)?))
}

pub(super) fn update(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.conversation(repository, Level::Write)?;
    let at = thread(repository, number)?;
    rest.state.thread(at)?;
    let new: IssueChanges = rest.body()?;
    rest.state.writable(repository)?;
    let reason = match &new.state_reason {
        Some(text) => Some(StateReason::parse(text).ok_or_else(|| Refusal::unprocessable("state_reason is invalid"))?),
        None => None,
    };
    let state = match new.state.as_deref() {
        Some("open") => Some(IssueState::Open),
        Some("closed") => Some(IssueState::Closed),
        Some(_) => return Err(Refusal::unprocessable("state must be open or closed")),
        None => None,
    };
    let edit = ThreadEdit {
        title: new.title,
        body: new.body,
        labels: new
            .labels
            .map(|labels| rest.label_ids(repository, labels.into_iter().map(LabelName::name).collect()))
            .transpose()?,
        assignees: new.assignees.map(|logins| rest.assignee_ids(repository, &logins)).transpose()?,
        milestone: new
            .milestone
            .map(|number| number.map(|number| rest.milestone_id(repository, number)).transpose())
            .transpose()?,
        issue_type: new.r#type.map(|name| name.map(|name| rest.type_id(repository, &name)).transpose()).transpose()?,
        state: state.map(|state| (state, reason)),
    };
    let actor = rest.actor();
    rest.state.edit_thread(at, edit, actor)?;
    Ok(Reply::ok(shapes::issue(rest.state, at)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    labels: Vec<LabelName>,
}

fn label_shapes(rest: &Rest<'_>, at: ThreadRef) -> Outcome<Reply> {
    let issue = shapes::issue(rest.state, at)?;
    Ok(Reply::ok(issue.get("labels").cloned().unwrap_or_default()))
}

pub(super) fn add_labels(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.conversation(repository, Level::Write)?;
    let at = thread(repository, number)?;
    rest.state.thread(at)?;
    rest.state.writable(repository)?;
    let new: Labels = rest.body()?;
    let ids = rest.label_ids(repository, new.labels.into_iter().map(LabelName::name).collect())?;
    let actor = rest.actor();
    rest.state.add_labels(at, &ids, actor)?;
    label_shapes(rest, at)
}

pub(super) fn remove_label(rest: &mut Rest<'_>, repository: u64, number: &str, name: &str) -> Outcome<Reply> {
    rest.conversation(repository, Level::Write)?;
    let at = thread(repository, number)?;
    let id = rest.state.repository(repository)?.label_named(name).map(|label| label.id);
    let id = id.filter(|id| rest.state.thread(at).is_ok_and(|thread| thread.labels.contains(id)));
    let actor = rest.actor();
    rest.state.remove_labels(at, &[id.ok_or_else(|| Refusal::NotFound("Label does not exist".to_owned()))?], actor)?;
    label_shapes(rest, at)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assignees {
    assignees: Vec<String>,
}

/// Here GitHub drops who cannot be assigned, without a word.
pub(super) fn add_assignees(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.conversation(repository, Level::Write)?;
    let at = thread(repository, number)?;
    let new: Assignees = rest.body()?;
    let known = new.assignees.iter().filter_map(|login| rest.state.account_named(login)).map(|account| account.id);
    let accounts: Vec<u64> = known.filter(|account| rest.state.is_assignable(repository, *account)).collect();
    let actor = rest.actor();
    rest.state.add_assignees(at, &accounts, actor)?;
    Ok(Reply::json(201, shapes::issue(rest.state, at)?))
}

pub(super) fn react(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.conversation(repository, Level::Write)?;
    let at = thread(repository, number)?;
    let new: NewReaction = rest.body()?;
    let actor = rest.actor();
    let before = rest.state.thread(at)?.reactions.len();
    let reaction = rest.state.react(ReactionSubject::Thread(at), &new.content, actor)?;
    let status = if rest.state.thread(at)?.reactions.len() > before { 201 } else { 200 };
    Ok(Reply::json(status, reaction_shape(rest.state, &reaction)))
}

pub(super) fn sub_issues(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.read(repository, "issues")?;
    let children = rest.state.thread(thread(repository, number)?)?.sub_issues.clone();
    Ok(rest.page(children, |state, at| shapes::issue(state, at).unwrap_or_default()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubIssue {
    /// The issue's database id, not its number.
    sub_issue_id: u64,
    #[serde(default)]
    replace_parent: bool,
}

fn by_database_id(rest: &Rest<'_>, id: u64) -> Outcome<ThreadRef> {
    let all =
        rest.state.repositories.values().flat_map(|repository| repository.threads.values().map(|thread| (repository.id, thread)));
    let found = all.into_iter().find(|(_, thread)| thread.id == id);
    found
        .map(|(repository, thread)| ThreadRef { repository, number: thread.number })
        .ok_or_else(|| Refusal::NotFound("The provided sub-issue does not exist".to_owned()))
}

pub(super) fn add_sub_issue(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.write(repository, "issues")?;
    let at = thread(repository, number)?;
    let new: SubIssue = rest.body()?;
    let child = by_database_id(rest, new.sub_issue_id)?;
    let actor = rest.actor();
    rest.state.add_sub_issue(at, child, new.replace_parent, actor)?;
    Ok(Reply::json(201, shapes::issue(rest.state, at)?))
}

pub(super) fn remove_sub_issue(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.write(repository, "issues")?;
    let at = thread(repository, number)?;
    let old: SubIssue = rest.body()?;
    let child = by_database_id(rest, old.sub_issue_id)?;
    let actor = rest.actor();
    rest.state.remove_sub_issue(at, child, actor)?;
    Ok(Reply::ok(shapes::issue(rest.state, at)?))
}

pub(super) fn parent(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.read(repository, "issues")?;
    let parent = rest.state.thread(thread(repository, number)?)?.parent.ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(shapes::issue(rest.state, parent).unwrap_or_else(|_| json!(null))))
}
