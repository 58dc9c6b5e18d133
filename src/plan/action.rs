//! What a plan is made of: things to do, things already settled, and things a person has to decide.

use super::similar::Resemblance;
use crate::{
    board::FieldValueToSet,
    ids::{DocumentKey, IssueRef, ItemKey, NodeId, RepositoryId, RepositoryName},
    postmortem::model::{Owner, State},
    text::Lines,
};

/// What is to be done about one document, and why. Made by [`plan`](super::plan), executed by `apply` alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub document: DocumentKey,
    /// Every item as the document has it, in document order.
    pub items: Vec<PlannedItem>,
    /// In document order, then for what left the document.
    pub actions: Vec<Action>,
    /// Items that have their issue, whatever is still to be done about it, and those that get none; in document order.
    pub settled: Vec<Settled>,
    /// Items that the document does not have any more and their issues.
    pub removed: Vec<Settled>,
    /// What is good to know and asks nobody for anything.
    pub remarks: Vec<Problem>,
    /// What stands in the way of a part of the plan. The rest of it happens all the same.
    pub problems: Vec<Problem>,
    /// Items to be filed that read like open ones of other postmortems, in document order. For people to judge.
    pub resemblances: Vec<Resemblance>,
}

impl Plan {
    /// Applied already, or nothing to do from the start.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    pub fn item(&self, key: &ItemKey) -> Option<&PlannedItem> {
        self.items.iter().find(|item| item.key == *key)
    }

    pub fn opens(&self) -> impl Iterator<Item = (&Action, &OpenIssue)> {
        self.actions.iter().filter_map(|action| match &action.kind {
            ActionKind::OpenIssue(open) => Some((action, open.as_ref())),
            _ => None,
        })
    }

    pub fn adoptions(&self) -> impl Iterator<Item = (&Action, &AdoptIssue)> {
        self.actions.iter().filter_map(|action| match &action.kind {
            ActionKind::AdoptIssue(adopt) => Some((action, adopt.as_ref())),
            _ => None,
        })
    }

    /// Leaves out what gives items their issues: nobody asked for that yet.
    pub fn wait(&mut self) {
        let tracked: Vec<ItemKey> = self.settled.iter().map(|settled| settled.item.clone()).collect();
        self.actions.retain(|action| match action.kind {
            ActionKind::OpenIssue(_) | ActionKind::AdoptIssue(_) => false,
            ActionKind::AddSubIssue(_) => tracked.contains(&action.item),
            _ => true,
        });
    }

    /// The issue that an item has.
    pub fn tracked(&self, key: &ItemKey) -> Option<&TrackedIssue> {
        self.settled.iter().chain(&self.removed).find(|settled| settled.item == *key).and_then(|settled| match &settled.why {
            Why::Tracked(issue) => Some(issue),
            _ => None,
        })
    }
}

/// An item under the identity it has for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedItem {
    pub key: ItemKey,
    pub text: String,
    pub group: Option<String>,
    pub lines: Lines,
    pub state: State,
    pub owners: Vec<Owner>,
    /// As the document says it, else as the settings do.
    pub due: Option<jiff::civil::Date>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    pub item: ItemKey,
    /// In words for the author and the reviewer.
    pub reason: String,
    pub kind: ActionKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ActionKind {
    OpenIssue(Box<OpenIssue>),
    AdoptIssue(Box<AdoptIssue>),
    AddToBoard(Box<AddToBoard>),
    AddSubIssue(NodeId),
    UpdateIssue(Box<UpdateIssue>),
    CloseIssue(Box<CloseIssue>),
    ReopenIssue(Box<ReopenIssue>),
    LeaveOpen(Box<LeaveOpen>),
}

impl ActionKind {
    /// The action's name in `plan --format json`.
    pub fn name(&self) -> &'static str {
        match self {
            ActionKind::OpenIssue(_) => "open_issue",
            ActionKind::AdoptIssue(_) => "adopt_issue",
            ActionKind::AddToBoard(_) => "add_to_board",
            ActionKind::AddSubIssue(_) => "add_sub_issue",
            ActionKind::UpdateIssue(_) => "update_issue",
            ActionKind::CloseIssue(_) => "close_issue",
            ActionKind::ReopenIssue(_) => "reopen_issue",
            ActionKind::LeaveOpen(_) => "leave_open",
        }
    }
}

/// An issue to be opened, complete but for GitHub's ids.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenIssue {
    pub repository: RepositoryName,
    pub title: String,
    /// With its marker.
    pub body: String,
    pub labels: Vec<String>,
    /// Logins that are known to be assignable.
    pub assignees: Vec<String>,
    pub issue_type: Option<String>,
    /// By title.
    pub milestone: Option<String>,
    /// It becomes a sub-issue of the document's tracking issue.
    pub in_parent: bool,
    pub board: Option<Placement>,
}

/// An issue that people opened and that the item links: it gets a comment with the link back, labels, its place on the
/// board, and nothing of what people wrote in it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct AdoptIssue {
    pub issue: IssueRef,
    pub repository_id: RepositoryId,
    pub id: NodeId,
    pub url: String,
    pub title: String,
    pub closed: bool,
    /// The comment with the link back, with its marker.
    pub comment: String,
    /// Only those that it does not have yet.
    pub labels: Vec<String>,
    pub board: Option<Placement>,
}

/// An issue that was opened or adopted, and whose place on the board was still missing when the work was cut off.
#[derive(Debug, Clone, PartialEq)]
pub struct AddToBoard {
    pub issue: TrackedIssue,
    pub board: Placement,
}

/// An issue whose item says something else by now: what the App wrote is written anew, nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateIssue {
    pub issue: TrackedIssue,
    /// `None`: it stays, because a person chose it or because it is right.
    pub title: Option<String>,
    /// The whole body; everything outside the marked region is as it was.
    pub body: String,
}

/// An issue to be closed because the document says so, or does not have the item any more.
#[derive(Debug, Clone, PartialEq)]
pub struct CloseIssue {
    pub issue: TrackedIssue,
    /// [`IssueState::Completed`] or [`IssueState::NotPlanned`].
    pub as_state: IssueState,
    /// With its marker: the comment that says why.
    pub comment: String,
    pub followed: Followed,
}

/// An issue to be opened again because the document says that the item is open.
#[derive(Debug, Clone, PartialEq)]
pub struct ReopenIssue {
    pub issue: TrackedIssue,
    pub comment: String,
}

/// An issue whose item is gone and which stays open, because people made it theirs.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaveOpen {
    pub issue: TrackedIssue,
    pub comment: String,
}

/// What a document says about an item, as far as its issue follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Followed {
    Open,
    Done,
    Declined,
    /// The document does not have the item any more.
    Removed,
}

impl From<State> for Followed {
    fn from(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Done => Self::Done,
            State::Declined => Self::Declined,
        }
    }
}

/// An item's place on the board: set when the item is added, and never again.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    pub project: NodeId,
    pub fields: Vec<FieldValueToSet>,
    /// The column among `fields`, as the board spells it.
    pub status: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    pub item: ItemKey,
    pub why: Why,
}

/// Why there is nothing to do about an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// It has its issue.
    Tracked(TrackedIssue),
    /// A request for its issue is under way; nothing more is sent before that one's fate is known.
    Filing,
    AlreadyDone,
    Declined,
    /// Somebody ordered that it gets no issue; why.
    Skipped(String),
    /// It was in the document before anybody asked for its issue.
    LeftAlone,
}

/// An item's issue as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackedIssue {
    pub issue: IssueRef,
    pub id: NodeId,
    pub url: String,
    pub title: String,
    pub state: IssueState,
    /// People opened it; the item was linked to it.
    pub adopted: bool,
    /// It was deleted on GitHub, or is out of the App's sight.
    pub deleted: bool,
    /// What the board says about it; `None`: not on a board, or not read.
    pub status: Option<String>,
    /// Logins; empty also where it was not read.
    pub assignees: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssueState {
    Open,
    Completed,
    NotPlanned,
}

/// Something a person has to decide or mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The lines of the document it is about; `None`: the whole document, or a setting.
    pub lines: Option<Lines>,
    pub message: String,
    /// What to do about it; empty where the message says it.
    pub help: String,
}
