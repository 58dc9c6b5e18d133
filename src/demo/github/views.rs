//! What tests and the demo read: plain copies of the fake GitHub's state, in people's words (logins, names), with no ids to
//! look up.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::state::{
    Outcome, State, ThreadRef,
    checks::{Annotation, CheckAction},
    issues::{HistoryEntry, IssueState, StateReason},
    reviews::ReviewThread,
};

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueView {
    pub number: u64,
    pub title: String,
    pub body: String,
    /// Login of who opened it, `slug[bot]` for the App.
    pub author: String,
    pub state: IssueState,
    pub state_reason: Option<StateReason>,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
    pub issue_type: Option<String>,
    /// `owner/name#number`.
    pub parent: Option<String>,
    pub sub_issues: Vec<String>,
    pub url: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub history: Vec<HistoryEntry>,
    pub node_id: String,
}

/// A comment on an issue or pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentView {
    pub id: u64,
    pub body: String,
    pub author: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The classifier it was minimised with, in lower case.
    pub minimized: Option<String>,
    /// REST's spellings.
    pub reactions: Vec<String>,
    pub url: String,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestView {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: String,
    pub state: IssueState,
    pub draft: bool,
    /// The merge commit.
    pub merged: Option<String>,
    pub head_branch: String,
    pub head: String,
    pub base_branch: String,
    pub base: String,
    pub labels: Vec<String>,
    /// Changed files.
    pub files: Vec<String>,
    pub url: String,
    pub history: Vec<HistoryEntry>,
    pub node_id: String,
}

/// A thread of comments on lines of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewThreadView {
    pub path: String,
    /// In the new file as it was commented on.
    pub first_line: u64,
    pub last_line: u64,
    pub resolved: bool,
    pub outdated: bool,
    pub comments: Vec<CommentView>,
    pub node_id: String,
}

/// A check run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRunView {
    pub id: u64,
    pub head: String,
    pub name: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub external_id: String,
    pub details_url: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
    pub annotations: Vec<Annotation>,
    pub actions: Vec<CheckAction>,
    /// How many requests wrote to it.
    pub writes: usize,
}

/// A board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardView {
    pub title: String,
    pub url: String,
    /// Oldest first, archived ones included.
    pub items: Vec<BoardItemView>,
}

/// Something on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardItemView {
    /// `owner/name#number`.
    pub content: String,
    pub title: String,
    pub archived: bool,
    /// Field → value as shown.
    pub fields: BTreeMap<String, String>,
    /// Who wrote a field last.
    pub updated_by: String,
}

impl BoardItemView {
    /// A field's value, empty where there is none.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }
}

impl BoardView {
    /// The items of one column of the field `Status`.
    pub fn column(&self, status: &str) -> Vec<&BoardItemView> {
        self.items.iter().filter(|item| !item.archived && item.field("Status") == status).collect()
    }
}

/// `owner/name#number`.
pub(crate) fn reference(state: &State, thread: ThreadRef) -> String {
    state
        .repository(thread.repository)
        .map(|repository| format!("{}#{}", state.full_name(repository), thread.number))
        .unwrap_or_default()
}

fn label_names(state: &State, thread: ThreadRef) -> Outcome<Vec<String>> {
    let (repository, thread) = (state.repository(thread.repository)?, state.thread(thread)?);
    Ok(thread.labels.iter().filter_map(|id| repository.label(*id)).map(|label| label.name.clone()).collect())
}

pub(crate) fn issue(state: &State, at: ThreadRef) -> Outcome<IssueView> {
    let (repository, thread) = (state.repository(at.repository)?, state.thread(at)?);
    let types = &state.account_by_id(repository.owner)?.issue_types;
    Ok(IssueView {
        number: thread.number,
        title: thread.title.clone(),
        body: thread.body.clone(),
        author: state.login(thread.author).to_owned(),
        state: thread.state,
        state_reason: thread.state_reason,
        labels: label_names(state, at)?,
        assignees: thread.assignees.iter().map(|account| state.login(*account).to_owned()).collect(),
        issue_type: thread.issue_type.and_then(|id| types.iter().find(|known| known.id == id)).map(|known| known.name.clone()),
        parent: thread.parent.map(|parent| reference(state, parent)),
        sub_issues: thread.sub_issues.iter().map(|child| reference(state, *child)).collect(),
        url: state.thread_url(repository, thread),
        created_at: thread.created_at,
        updated_at: thread.updated_at,
        history: thread.history.clone(),
        node_id: super::node_id::issue(at.repository, at.number),
    })
}

pub(crate) fn comment(state: &State, id: u64) -> Outcome<CommentView> {
    let comment = state.comment(id)?;
    Ok(CommentView {
        id,
        body: comment.body.clone(),
        author: state.login(comment.author).to_owned(),
        created_at: comment.created_at,
        updated_at: comment.updated_at,
        minimized: comment.minimized.clone(),
        reactions: comment.reactions.iter().map(|reaction| reaction.content.to_owned()).collect(),
        url: super::shapes::comment_url(state, id),
    })
}

pub(crate) fn review_thread(state: &State, thread: &ReviewThread) -> Outcome<ReviewThreadView> {
    let comment = |id: &u64| {
        let comment = state.review_comment(*id)?;
        Ok(CommentView {
            id: *id,
            body: comment.body.clone(),
            author: state.login(comment.author).to_owned(),
            created_at: comment.created_at,
            updated_at: comment.updated_at,
            minimized: None,
            reactions: comment.reactions.iter().map(|reaction| reaction.content.to_owned()).collect(),
            url: super::shapes::review_comment_url(state, *id),
        })
    };
    Ok(ReviewThreadView {
        path: thread.lines.path.clone(),
        first_line: thread.lines.start.unwrap_or(thread.lines.line),
        last_line: thread.lines.line,
        resolved: thread.resolved_by.is_some(),
        outdated: state.placed(thread).is_none(),
        comments: thread.comments.iter().map(comment).collect::<Outcome<_>>()?,
        node_id: super::node_id::review_thread(thread.id),
    })
}

pub(crate) fn pull_request(state: &State, at: ThreadRef) -> Outcome<PullRequestView> {
    let (repository, thread, pull) = (state.repository(at.repository)?, state.thread(at)?, state.pull(at)?);
    Ok(PullRequestView {
        number: thread.number,
        title: thread.title.clone(),
        body: thread.body.clone(),
        author: state.login(thread.author).to_owned(),
        state: thread.state,
        draft: pull.draft,
        merged: pull.merged.as_ref().map(|merged| merged.commit.clone()),
        head_branch: pull.head_branch.clone(),
        head: pull.head.clone(),
        base_branch: pull.base_branch.clone(),
        base: pull.base.clone(),
        labels: label_names(state, at)?,
        files: state.pull_changes(at)?.into_iter().map(|change| change.path).collect(),
        url: state.thread_url(repository, thread),
        history: thread.history.clone(),
        node_id: super::node_id::pull_request(at.repository, at.number),
    })
}

pub(crate) fn check_run(state: &State, id: u64) -> Option<CheckRunView> {
    let run = state.check_runs.get(&id)?;
    Some(CheckRunView {
        id,
        head: run.head.clone(),
        name: run.name.clone(),
        status: run.status.clone(),
        conclusion: run.conclusion.clone(),
        external_id: run.external_id.clone(),
        details_url: run.details_url.clone(),
        title: run.title.clone(),
        summary: run.summary.clone(),
        text: run.text.clone(),
        annotations: run.annotations.clone(),
        actions: run.actions.clone(),
        writes: run.writes,
    })
}

pub(crate) fn board(state: &State, project: u64) -> Outcome<BoardView> {
    let found = state.project(project)?;
    let items = found.items.values().map(|item| {
        let fields =
            found.fields.iter().filter_map(|field| Some((field.name.clone(), item.values.get(&field.id)?.0.display(field))));
        BoardItemView {
            content: reference(state, item.content),
            title: state.thread(item.content).map(|thread| thread.title.clone()).unwrap_or_default(),
            archived: item.archived,
            fields: fields.collect(),
            updated_by: state.login(item.updated_by).to_owned(),
        }
    });
    Ok(BoardView { title: found.title.clone(), url: state.project_url(found), items: items.collect() })
}
