//! What a plan is made of: things to do, things already settled, and things a person has to decide.

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
    /// In document order.
    pub actions: Vec<Action>,
    /// Items about which there is nothing to do, in document order.
    pub settled: Vec<Settled>,
    /// What stands in the way of a part of the plan. The rest of it happens all the same.
    pub problems: Vec<Problem>,
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
            ActionKind::AdoptIssue(_) | ActionKind::AddToBoard(_) => None,
        })
    }

    pub fn adoptions(&self) -> impl Iterator<Item = (&Action, &AdoptIssue)> {
        self.actions.iter().filter_map(|action| match &action.kind {
            ActionKind::AdoptIssue(adopt) => Some((action, adopt.as_ref())),
            ActionKind::OpenIssue(_) | ActionKind::AddToBoard(_) => None,
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
}

impl ActionKind {
    /// The action's name in `plan --format json`.
    pub fn name(&self) -> &'static str {
        match self {
            ActionKind::OpenIssue(_) => "open_issue",
            ActionKind::AdoptIssue(_) => "adopt_issue",
            ActionKind::AddToBoard(_) => "add_to_board",
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

/// An item's place on the board: set when the item is added, and never again.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    pub project: NodeId,
    pub fields: Vec<FieldValueToSet>,
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
