//! Issues and everything that issues and pull requests have in common: numbers, labels, assignees, comments, reactions,
//! sub-issues. Who did what is kept as history.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    super::{node_id, refusal::Refusal, shapes},
    Outcome, State, ThreadRef,
    pulls::Pull,
};

/// Longest title GitHub takes, in characters.
pub(crate) const LONGEST_TITLE: usize = 256;
/// Longest body of an issue, pull request or comment, in characters.
pub(crate) const LONGEST_BODY: usize = 65_536;
/// Sub-issues of one parent; closed ones count.
const MOST_SUB_ISSUES: usize = 100;
/// Levels of sub-issues.
const DEEPEST_SUB_ISSUE: usize = 8;
/// Assignees of one issue.
const MOST_ASSIGNEES: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueState {
    Open,
    Closed,
}

/// Why an issue is in its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateReason {
    Completed,
    NotPlanned,
    Duplicate,
    Reopened,
}

impl StateReason {
    pub(crate) fn rest(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NotPlanned => "not_planned",
            Self::Duplicate => "duplicate",
            Self::Reopened => "reopened",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "completed" => Self::Completed,
            "not_planned" => Self::NotPlanned,
            "duplicate" => Self::Duplicate,
            "reopened" => Self::Reopened,
            _ => return None,
        })
    }
}

/// Something that happened to an issue or pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    pub at: Timestamp,
    /// Login, `slug[bot]` for the App.
    pub actor: String,
    /// Such as `closed as completed` or `added the label postmortem`.
    pub what: String,
}

/// An issue, or the issue half of a pull request.
#[derive(Debug, Clone)]
pub(crate) struct Thread {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub edited: Option<(u64, Timestamp)>,
    pub state: IssueState,
    pub state_reason: Option<StateReason>,
    pub closed: Option<(u64, Timestamp)>,
    /// Label ids of the repository.
    pub labels: Vec<u64>,
    pub assignees: Vec<u64>,
    pub milestone: Option<u64>,
    pub issue_type: Option<u64>,
    pub parent: Option<ThreadRef>,
    pub sub_issues: Vec<ThreadRef>,
    pub comments: Vec<u64>,
    pub reactions: Vec<Reaction>,
    pub history: Vec<HistoryEntry>,
    /// Comments and history as they came.
    pub timeline: Vec<Moment>,
    /// What GraphQL's `timelineItems` tells of, oldest first.
    pub events: Vec<ThreadEvent>,
    /// Who wrote the body when, oldest first; empty until it is edited for the first time.
    pub body_edits: Vec<(u64, Timestamp)>,
    pub pull: Option<Pull>,
}

/// An act that GitHub keeps apart from the conversation.
#[derive(Debug, Clone)]
pub(crate) struct ThreadEvent {
    pub id: u64,
    pub at: Timestamp,
    pub actor: u64,
    pub act: Act,
}

#[derive(Debug, Clone)]
pub(crate) enum Act {
    Closed(Option<StateReason>),
    Reopened,
    Renamed {
        from: String,
        to: String,
    },
    Assigned(u64),
    Unassigned(u64),
    /// From the repository of that id.
    Transferred(u64),
    /// From one status to another, on the board of that id.
    CardMoved {
        project: u64,
        from: String,
        to: String,
    },
}

/// One entry of a conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    Comment(u64),
    /// An index into the history.
    Event(usize),
    /// A thread on lines of the diff.
    Review(u64),
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub id: u64,
    pub thread: ThreadRef,
    pub body: String,
    pub author: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub edited: Option<(u64, Timestamp)>,
    /// The classifier it was minimised with, in lower case.
    pub minimized: Option<String>,
    pub reactions: Vec<Reaction>,
}

#[derive(Debug, Clone)]
pub(crate) struct Reaction {
    pub id: u64,
    pub user: u64,
    /// REST's spelling: `+1`, `rocket` …
    pub content: &'static str,
    pub created_at: Timestamp,
}

/// REST's and GraphQL's spellings of the same reactions.
pub(crate) const REACTIONS: [(&str, &str); 8] = [
    ("+1", "THUMBS_UP"),
    ("-1", "THUMBS_DOWN"),
    ("laugh", "LAUGH"),
    ("hooray", "HOORAY"),
    ("confused", "CONFUSED"),
    ("heart", "HEART"),
    ("rocket", "ROCKET"),
    ("eyes", "EYES"),
];

/// What a new issue or pull request is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewThread {
    pub title: String,
    pub body: String,
    pub labels: Vec<u64>,
    pub assignees: Vec<u64>,
    pub milestone: Option<u64>,
    pub issue_type: Option<u64>,
    pub pull: Option<Pull>,
}

/// Changes to an issue or pull request; `None` leaves a field alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct ThreadEdit {
    pub title: Option<String>,
    pub body: Option<String>,
    pub labels: Option<Vec<u64>>,
    pub assignees: Option<Vec<u64>>,
    pub milestone: Option<Option<u64>>,
    pub issue_type: Option<Option<u64>>,
    pub state: Option<(IssueState, Option<StateReason>)>,
}

fn check_body(body: &str) -> Outcome<()> {
    match body.chars().count() {
        0..=LONGEST_BODY => Ok(()),
        _ => Err(Refusal::unprocessable("body is too long (maximum is 65536 characters)")),
    }
}

fn check_title(title: &str) -> Outcome<()> {
    match title.chars().count() {
        _ if title.trim().is_empty() => Err(Refusal::unprocessable("title can't be blank")),
        1..=LONGEST_TITLE => Ok(()),
        _ => Err(Refusal::unprocessable("title is too long (maximum is 256 characters)")),
    }
}

impl State {
    fn check_labels(&self, repository: u64, labels: &[u64]) -> Outcome<()> {
        let found = self.repository(repository)?;
        match labels.iter().find(|label| found.label(**label).is_none()) {
            Some(label) => Err(Refusal::no_node(&node_id::label(repository, *label))),
            None => Ok(()),
        }
    }

    fn check_assignees(&self, repository: u64, assignees: &[u64]) -> Outcome<()> {
        if assignees.len() > MOST_ASSIGNEES {
            return Err(Refusal::unprocessable("You may only assign up to 10 people"));
        }
        match assignees.iter().find(|account| !self.is_assignable(repository, **account)) {
            Some(account) => Err(Refusal::unprocessable(format!(
                "Assignees could not be assigned: {} is not assignable here",
                self.login(*account)
            ))),
            None => Ok(()),
        }
    }

    /// Refuses what GitHub refuses where issues are switched off. Pull requests go on working.
    pub(crate) fn issues_enabled(&self, repository: u64) -> Outcome<()> {
        match self.repository(repository)?.issues_enabled {
            true => Ok(()),
            false => Err(Refusal::Gone("Issues has been disabled in this repository.".to_owned())),
        }
    }

    pub(crate) fn create_thread(&mut self, repository: u64, new: NewThread, actor: u64) -> Outcome<ThreadRef> {
        self.writable(repository)?;
        if new.pull.is_none() {
            self.issues_enabled(repository)?;
        }
        check_title(&new.title)?;
        check_body(&new.body)?;
        self.check_labels(repository, &new.labels)?;
        self.check_assignees(repository, &new.assignees)?;
        let (id, now) = (self.large_id(), self.now());
        let is_issue = new.pull.is_none();
        let found = self.repository_mut(repository)?;
        found.last_number += 1;
        let number = found.last_number;
        let thread = Thread {
            id,
            number,
            title: new.title,
            body: new.body,
            author: actor,
            created_at: now,
            updated_at: now,
            edited: None,
            state: IssueState::Open,
            state_reason: None,
            closed: None,
            labels: Vec::new(),
            assignees: Vec::new(),
            milestone: new.milestone,
            issue_type: new.issue_type,
            parent: None,
            sub_issues: Vec::new(),
            comments: Vec::new(),
            reactions: Vec::new(),
            history: Vec::new(),
            timeline: Vec::new(),
            events: Vec::new(),
            body_edits: Vec::new(),
            pull: new.pull,
        };
        found.threads.insert(number, thread);
        let made = ThreadRef { repository, number };
        self.note(made, actor, "opened this");
        let body = self.thread(made)?.body.clone();
        self.ping(made, "", &body, actor);
        if is_issue {
            self.faults.issue_created(made);
        }
        self.thread_mut(made)?.labels = dedup(&new.labels);
        self.thread_mut(made)?.assignees = dedup(&new.assignees);
        self.emit_thread(made, "opened", actor, json!({}));
        for label in dedup(&new.labels) {
            self.emit_label(made, "labeled", label, actor);
        }
        for account in dedup(&new.assignees) {
            self.emit_assignee(made, "assigned", account, actor);
        }
        Ok(made)
    }

    /// Writes an act into what `timelineItems` tells.
    pub(crate) fn record(&mut self, thread: ThreadRef, actor: u64, act: Act) {
        let (id, at) = (self.large_id(), self.now());
        if let Ok(thread) = self.thread_mut(thread) {
            thread.events.push(ThreadEvent { id, at, actor, act });
        }
    }

    /// Writes an act into the history and touches `updated_at`.
    pub(crate) fn note(&mut self, thread: ThreadRef, actor: u64, what: impl Into<String>) {
        let (at, actor) = (self.now(), self.login(actor).to_owned());
        if let Ok(thread) = self.thread_mut(thread) {
            thread.updated_at = at;
            thread.timeline.push(Moment::Event(thread.history.len()));
            thread.history.push(HistoryEntry { at, actor, what: what.into() });
        }
    }

    pub(crate) fn edit_thread(&mut self, thread: ThreadRef, edit: ThreadEdit, actor: u64) -> Outcome<()> {
        self.writable(thread.repository)?;
        edit.title.as_deref().map_or(Ok(()), check_title)?;
        edit.body.as_deref().map_or(Ok(()), check_body)?;
        edit.labels.as_deref().map_or(Ok(()), |labels| self.check_labels(thread.repository, labels))?;
        edit.assignees.as_deref().map_or(Ok(()), |accounts| self.check_assignees(thread.repository, accounts))?;
        let now = self.now();
        let found = self.thread_mut(thread)?;
        let (mut changes, mut new_body, mut renamed) = (Map::new(), None, None);
        if let Some(title) = edit.title.filter(|title| *title != found.title) {
            let from = std::mem::replace(&mut found.title, title.clone());
            changes.insert("title".to_owned(), json!({"from": from}));
            renamed = Some(Act::Renamed { from, to: title });
        }
        if let Some(body) = edit.body.filter(|body| *body != found.body) {
            new_body = Some((found.body.clone(), body.clone()));
            changes.insert("body".to_owned(), json!({"from": std::mem::replace(&mut found.body, body)}));
            found.edited = Some((actor, now));
            if found.body_edits.is_empty() {
                // The first edit brings the writing itself into the list.
                found.body_edits.push((found.author, found.created_at));
            }
            found.body_edits.push((actor, now));
        }
        if let Some(milestone) = edit.milestone {
            found.milestone = milestone;
        }
        let before = (found.labels.clone(), found.assignees.clone(), found.issue_type);
        if let Some((old, new)) = new_body {
            self.ping(thread, &old, &new, actor);
        }
        if let Some(act) = renamed {
            self.record(thread, actor, act);
        }
        if !changes.is_empty() {
            let fields: Vec<_> = changes.keys().cloned().collect();
            self.note(thread, actor, format!("edited the {}", fields.join(" and ")));
            self.emit_thread(thread, "edited", actor, json!({"changes": changes}));
        }
        if let Some(labels) = edit.labels {
            let labels = dedup(&labels);
            let gone: Vec<u64> = before.0.iter().copied().filter(|label| !labels.contains(label)).collect();
            let new: Vec<u64> = labels.iter().copied().filter(|label| !before.0.contains(label)).collect();
            self.remove_labels(thread, &gone, actor)?;
            self.add_labels(thread, &new, actor)?;
        }
        if let Some(accounts) = edit.assignees {
            let accounts = dedup(&accounts);
            let gone: Vec<u64> = before.1.iter().copied().filter(|account| !accounts.contains(account)).collect();
            let new: Vec<u64> = accounts.iter().copied().filter(|account| !before.1.contains(account)).collect();
            self.remove_assignees(thread, &gone, actor)?;
            self.add_assignees(thread, &new, actor)?;
        }
        if let Some(issue_type) = edit.issue_type.filter(|new| *new != before.2) {
            self.thread_mut(thread)?.issue_type = issue_type;
            self.note(thread, actor, "changed the type");
            self.emit_thread(thread, if issue_type.is_some() { "typed" } else { "untyped" }, actor, json!({}));
        }
        if let Some((state, reason)) = edit.state {
            self.set_state(thread, state, reason, actor)?;
        }
        Ok(())
    }

    /// Closes or reopens; doing what is done already only changes the reason.
    pub(crate) fn set_state(
        &mut self,
        thread: ThreadRef,
        state: IssueState,
        reason: Option<StateReason>,
        actor: u64,
    ) -> Outcome<()> {
        self.writable(thread.repository)?;
        if state == IssueState::Open
            && let Some(pull) = &self.thread(thread)?.pull
            && !self.repository(pull.head_repository)?.branches.contains_key(&pull.head_branch)
        {
            let branch = &pull.head_branch;
            return Err(Refusal::unprocessable(format!("state cannot be changed. The {branch} branch has been deleted.")));
        }
        let now = self.now();
        let found = self.thread_mut(thread)?;
        let is_pull = found.pull.is_some();
        if found.pull.as_ref().is_some_and(|pull| pull.merged.is_some()) {
            return match state {
                IssueState::Open => Err(Refusal::unprocessable("state cannot be changed. The pull request cannot be reopened.")),
                IssueState::Closed => Ok(()),
            };
        }
        let changed = found.state != state;
        found.state = state;
        let (what, action) = match state {
            IssueState::Closed => {
                let reason = reason.unwrap_or(StateReason::Completed);
                if changed || found.state_reason != Some(reason) {
                    found.state_reason = (!is_pull).then_some(reason);
                }
                if changed {
                    found.closed = Some((actor, now));
                }
                (format!("closed this as {}", reason.rest().replace('_', " ")), "closed")
            }
            IssueState::Open => {
                found.closed = None;
                if changed {
                    found.state_reason = (!is_pull).then_some(StateReason::Reopened);
                }
                ("reopened this".to_owned(), "reopened")
            }
        };
        if changed {
            let reason = found.state_reason;
            self.record(thread, actor, if state == IssueState::Closed { Act::Closed(reason) } else { Act::Reopened });
            self.note(thread, actor, if is_pull { action.to_owned() } else { what });
            self.emit_thread(thread, action, actor, json!({}));
        }
        Ok(())
    }

    /// Moves an issue to another repository of the same owner, where it gets a new number and new ids. Comments, people and
    /// labels of the same name go with it, its milestone does not; boards and sub-issues follow.
    pub(crate) fn transfer_issue(&mut self, at: ThreadRef, to: u64, actor: u64) -> Outcome<ThreadRef> {
        self.writable(at.repository)?;
        self.writable(to)?;
        self.issues_enabled(to)?;
        let (source, target) = (self.repository(at.repository)?, self.repository(to)?);
        if source.owner != target.owner || source.id == target.id {
            return Err(Refusal::unprocessable("Issues can only be transferred to another repository of the same owner"));
        }
        let mut thread = self.thread(at)?.clone();
        if thread.pull.is_some() {
            return Err(Refusal::unprocessable("Pull requests cannot be transferred"));
        }
        let same = |id: &u64| target.label_named(&source.label(*id)?.name).map(|label| label.id);
        thread.labels = thread.labels.iter().filter_map(same).collect();
        (thread.id, thread.milestone) = (self.large_id(), None);
        let (old_issue, old_repository) = (shapes::issue(self, at)?, shapes::repository(self, self.repository(at.repository)?));
        let target = self.repository_mut(to)?;
        target.last_number += 1;
        thread.number = target.last_number;
        let new = ThreadRef { repository: to, number: thread.number };
        let (parent, children, comments) = (thread.parent, thread.sub_issues.clone(), thread.comments.clone());
        target.threads.insert(new.number, thread);
        let rename = |known: &mut ThreadRef| {
            if *known == at {
                *known = new;
            }
        };
        if let Some(parent) = parent {
            self.thread_mut(parent)?.sub_issues.iter_mut().for_each(rename);
        }
        for child in children {
            self.thread_mut(child)?.parent = Some(new);
        }
        for comment in comments {
            if let Some(comment) = self.comments.get_mut(&comment) {
                comment.thread = new;
            }
        }
        for project in self.projects.values_mut() {
            if let Some(item) = project.by_content.remove(&at) {
                project.by_content.insert(new, item);
                project.items.values_mut().for_each(|item| rename(&mut item.content));
            }
        }
        let changes = json!({"changes": {"new_issue": shapes::issue(self, new)?, "new_repository": shapes::repository(self, self.repository(to)?)}});
        self.emit_thread(at, "transferred", actor, changes);
        let source = self.repository_mut(at.repository)?;
        source.threads.remove(&at.number);
        source.transferred.insert(at.number, new);
        self.record(new, actor, Act::Transferred(at.repository));
        self.note(new, actor, "transferred this here");
        self.emit_thread(new, "opened", actor, json!({"changes": {"old_issue": old_issue, "old_repository": old_repository}}));
        Ok(new)
    }

    /// Deletes an issue for good, with its comments, its place among sub-issues and its cards.
    pub(crate) fn delete_issue(&mut self, at: ThreadRef, actor: u64) -> Outcome<()> {
        self.writable(at.repository)?;
        let thread = self.thread(at)?.clone();
        if thread.pull.is_some() {
            return Err(Refusal::unprocessable("Pull requests cannot be deleted"));
        }
        self.emit_thread(at, "deleted", actor, json!({}));
        if let Some(parent) = thread.parent {
            self.thread_mut(parent)?.sub_issues.retain(|kept| *kept != at);
        }
        for child in thread.sub_issues {
            self.thread_mut(child)?.parent = None;
        }
        for project in self.projects.values_mut() {
            if let Some(item) = project.by_content.remove(&at) {
                project.items.remove(&item);
            }
        }
        for comment in thread.comments {
            self.comments.remove(&comment);
        }
        let repository = self.repository_mut(at.repository)?;
        repository.threads.remove(&at.number);
        repository.deleted.insert(at.number);
        Ok(())
    }

    pub(crate) fn add_labels(&mut self, thread: ThreadRef, labels: &[u64], actor: u64) -> Outcome<()> {
        self.writable(thread.repository)?;
        self.check_labels(thread.repository, labels)?;
        for label in labels {
            let found = self.thread_mut(thread)?;
            if !found.labels.contains(label) {
                found.labels.push(*label);
                self.emit_label(thread, "labeled", *label, actor);
            }
        }
        Ok(())
    }

    pub(crate) fn remove_labels(&mut self, thread: ThreadRef, labels: &[u64], actor: u64) -> Outcome<()> {
        self.writable(thread.repository)?;
        for label in labels {
            let found = self.thread_mut(thread)?;
            if found.labels.contains(label) {
                found.labels.retain(|kept| kept != label);
                self.emit_label(thread, "unlabeled", *label, actor);
            }
        }
        Ok(())
    }

    pub(crate) fn add_assignees(&mut self, thread: ThreadRef, accounts: &[u64], actor: u64) -> Outcome<()> {
        self.writable(thread.repository)?;
        self.check_assignees(thread.repository, accounts)?;
        for account in accounts {
            let found = self.thread_mut(thread)?;
            if !found.assignees.contains(account) {
                found.assignees.push(*account);
                self.emit_assignee(thread, "assigned", *account, actor);
            }
        }
        Ok(())
    }

    pub(crate) fn remove_assignees(&mut self, thread: ThreadRef, accounts: &[u64], actor: u64) -> Outcome<()> {
        self.writable(thread.repository)?;
        for account in accounts {
            let found = self.thread_mut(thread)?;
            if found.assignees.contains(account) {
                found.assignees.retain(|kept| kept != account);
                self.emit_assignee(thread, "unassigned", *account, actor);
            }
        }
        Ok(())
    }

    fn emit_label(&mut self, thread: ThreadRef, action: &'static str, label: u64, actor: u64) {
        let Ok(repository) = self.repository(thread.repository) else { return };
        let Some(label) = repository.label(label) else { return };
        let (name, shape) = (label.name.clone(), shapes::label(self, repository, label));
        let verb = if action == "labeled" { "added" } else { "removed" };
        self.note(thread, actor, format!("{verb} the label {name}"));
        self.emit_thread(thread, action, actor, json!({"label": shape}));
    }

    fn emit_assignee(&mut self, thread: ThreadRef, action: &'static str, account: u64, actor: u64) {
        let login = self.login(account).to_owned();
        self.record(thread, actor, if action == "assigned" { Act::Assigned(account) } else { Act::Unassigned(account) });
        self.note(thread, actor, format!("{action} {login}"));
        let shape = shapes::user(self, account);
        self.emit_thread(thread, action, actor, json!({"assignee": shape}));
    }

    /// The webhook of an act on an issue or pull request.
    pub(crate) fn emit_thread(&mut self, thread: ThreadRef, action: &'static str, actor: u64, mut extra: Value) {
        let Ok(found) = self.thread(thread) else { return };
        let is_pull = found.pull.is_some();
        let shape = if is_pull { shapes::pull_request(self, thread) } else { shapes::issue(self, thread) };
        if let Some(extra) = extra.as_object_mut() {
            extra.insert(if is_pull { "pull_request" } else { "issue" }.to_owned(), shape.unwrap_or_default());
            if is_pull {
                extra.insert("number".to_owned(), json!(thread.number));
            }
        }
        self.emit(if is_pull { "pull_request" } else { "issues" }, Some(action), thread.repository, actor, extra);
    }

    pub(crate) fn add_comment(&mut self, thread: ThreadRef, body: &str, actor: u64) -> Outcome<u64> {
        self.writable(thread.repository)?;
        if body.trim().is_empty() {
            return Err(Refusal::unprocessable("Body cannot be blank"));
        }
        check_body(body)?;
        if self.thread(thread)?.pull.is_none() {
            self.issues_enabled(thread.repository)?;
        }
        let (id, now) = (self.large_id(), self.now());
        self.comments.insert(
            id,
            Comment {
                id,
                thread,
                body: body.to_owned(),
                author: actor,
                created_at: now,
                updated_at: now,
                edited: None,
                minimized: None,
                reactions: Vec::new(),
            },
        );
        let found = self.thread_mut(thread)?;
        found.comments.push(id);
        found.timeline.push(Moment::Comment(id));
        found.updated_at = now;
        self.ping(thread, "", body, actor);
        self.emit_comment(id, "created", actor, json!({}));
        Ok(id)
    }

    pub(crate) fn comment(&self, id: u64) -> Outcome<&Comment> {
        self.comments.get(&id).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn edit_comment(&mut self, id: u64, body: &str, actor: u64) -> Outcome<()> {
        let thread = self.comment(id)?.thread;
        self.writable(thread.repository)?;
        if body.trim().is_empty() {
            return Err(Refusal::unprocessable("Body cannot be blank"));
        }
        check_body(body)?;
        let now = self.now();
        let Some(comment) = self.comments.get_mut(&id) else { return Err(Refusal::not_found()) };
        if comment.body == body {
            return Ok(());
        }
        let before = std::mem::replace(&mut comment.body, body.to_owned());
        comment.updated_at = now;
        comment.edited = Some((actor, now));
        self.ping(thread, &before, body, actor);
        self.emit_comment(id, "edited", actor, json!({"changes": {"body": {"from": before}}}));
        Ok(())
    }

    pub(crate) fn delete_comment(&mut self, id: u64, actor: u64) -> Outcome<()> {
        let thread = self.comment(id)?.thread;
        self.writable(thread.repository)?;
        self.emit_comment(id, "deleted", actor, json!({}));
        self.comments.remove(&id);
        self.thread_mut(thread)?.comments.retain(|kept| *kept != id);
        Ok(())
    }

    pub(crate) fn minimize_comment(&mut self, id: u64, classifier: Option<&str>) -> Outcome<()> {
        let thread = self.comment(id)?.thread;
        self.writable(thread.repository)?;
        if let Some(comment) = self.comments.get_mut(&id) {
            comment.minimized = classifier.map(|classifier| classifier.to_ascii_lowercase());
        }
        Ok(())
    }

    fn emit_comment(&mut self, id: u64, action: &'static str, actor: u64, mut extra: Value) {
        let Some(thread) = self.comments.get(&id).map(|comment| comment.thread) else { return };
        let shape = shapes::comment(self, id).unwrap_or_default();
        // GitHub sends `issue_comment` for pull requests too, with the issue half of the pull request.
        let issue = shapes::issue(self, thread).unwrap_or_default();
        if let Some(extra) = extra.as_object_mut() {
            extra.insert("comment".to_owned(), shape);
            extra.insert("issue".to_owned(), issue);
        }
        self.emit("issue_comment", Some(action), thread.repository, actor, extra);
    }

    /// Adds a reaction, or finds the one that is there.
    pub(crate) fn react(&mut self, subject: ReactionSubject, content: &str, user: u64) -> Outcome<Reaction> {
        let Some((content, _)) = REACTIONS.iter().find(|(rest, graphql)| *rest == content || *graphql == content) else {
            return Err(Refusal::unprocessable(format!("{content} is not a reaction")));
        };
        let (id, created_at) = (self.large_id(), self.now());
        let reactions = self.reactions_mut(subject)?;
        if let Some(known) = reactions.iter().find(|known| known.user == user && known.content == *content) {
            return Ok(known.clone());
        }
        let reaction = Reaction { id, user, content, created_at };
        reactions.push(reaction.clone());
        Ok(reaction)
    }

    pub(crate) fn reactions_mut(&mut self, subject: ReactionSubject) -> Outcome<&mut Vec<Reaction>> {
        match subject {
            ReactionSubject::Thread(thread) => {
                self.writable(thread.repository)?;
                Ok(&mut self.thread_mut(thread)?.reactions)
            }
            ReactionSubject::Comment(id) => {
                let repository = self.comment(id)?.thread.repository;
                self.writable(repository)?;
                self.comments.get_mut(&id).map(|comment| &mut comment.reactions).ok_or_else(Refusal::not_found)
            }
            ReactionSubject::ReviewComment(id) => {
                self.writable(self.pull_of_comment(id)?.repository)?;
                self.review_comments.get_mut(&id).map(|comment| &mut comment.reactions).ok_or_else(Refusal::not_found)
            }
        }
    }

    /// Makes `child` a sub-issue of `parent`.
    pub(crate) fn add_sub_issue(&mut self, parent: ThreadRef, child: ThreadRef, replace: bool, actor: u64) -> Outcome<()> {
        self.writable(parent.repository)?;
        let owner = |state: &Self, thread: ThreadRef| state.repository(thread.repository).map(|repository| repository.owner);
        if owner(self, parent)? != owner(self, child)? {
            return Err(Refusal::unprocessable("Sub-issue must belong to the same repository owner as the parent issue"));
        }
        if self.thread(parent)?.pull.is_some() || self.thread(child)?.pull.is_some() {
            return Err(Refusal::unprocessable("A pull request can be neither parent nor sub-issue"));
        }
        match self.thread(child)?.parent {
            Some(known) if known == parent => {
                return Err(Refusal::unprocessable(
                    "Issue may not contain duplicate sub-issues and Sub issue may only have one parent",
                ));
            }
            Some(_) if !replace => return Err(Refusal::unprocessable("Sub issue may only have one parent")),
            _ => {}
        }
        let above: BTreeSet<ThreadRef> =
            std::iter::successors(Some(parent), |thread| self.thread(*thread).ok()?.parent).take(64).collect();
        if above.contains(&child) {
            return Err(Refusal::unprocessable("Sub-issue would form a circle"));
        }
        if above.len() + self.depth_below(child) > DEEPEST_SUB_ISSUE {
            return Err(Refusal::unprocessable("Sub-issues may be nested at most 8 levels deep"));
        }
        self.takes_sub_issue(parent)?;
        if let Some(old) = self.thread(child)?.parent {
            self.thread_mut(old)?.sub_issues.retain(|kept| *kept != child);
        }
        self.thread_mut(parent)?.sub_issues.push(child);
        self.thread_mut(child)?.parent = Some(parent);
        self.note(parent, actor, format!("added the sub-issue #{}", child.number));
        self.note(child, actor, format!("added the parent issue #{}", parent.number));
        Ok(())
    }

    /// Refuses a parent that is full (closed sub-issues count), or where an armed race is lost.
    pub(crate) fn takes_sub_issue(&mut self, parent: ThreadRef) -> Outcome<()> {
        if self.faults.priority_taken() {
            return Err(Refusal::unprocessable(
                "An error occurred while adding the sub-issue to the parent issue. Priority has already been taken",
            ));
        }
        match self.thread(parent)?.sub_issues.len() < MOST_SUB_ISSUES {
            true => Ok(()),
            false => Err(Refusal::unprocessable("Parent issue has reached the limit of 100 sub-issues")),
        }
    }

    pub(crate) fn remove_sub_issue(&mut self, parent: ThreadRef, child: ThreadRef, actor: u64) -> Outcome<()> {
        self.writable(parent.repository)?;
        if self.thread(child)?.parent != Some(parent) {
            return Err(Refusal::not_found());
        }
        self.thread_mut(parent)?.sub_issues.retain(|kept| *kept != child);
        self.thread_mut(child)?.parent = None;
        self.note(parent, actor, format!("removed the sub-issue #{}", child.number));
        Ok(())
    }

    fn depth_below(&self, thread: ThreadRef) -> usize {
        let mut level = vec![thread];
        let mut depth = 0;
        while !level.is_empty() && depth <= DEEPEST_SUB_ISSUE {
            level = level
                .iter()
                .filter_map(|thread| self.thread(*thread).ok())
                .flat_map(|thread| thread.sub_issues.clone())
                .collect();
            depth += 1;
        }
        depth
    }
}

/// What people react to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReactionSubject {
    Thread(ThreadRef),
    Comment(u64),
    ReviewComment(u64),
}

fn dedup(ids: &[u64]) -> Vec<u64> {
    let mut seen = BTreeSet::new();
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}
