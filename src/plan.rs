//! Deciding what to do: a document, what GitHub knows of it, and the repository's settings give a [`Plan`].
//!
//! Everything Followthrough does to issues and boards is decided here and nowhere else. The plan is shown on the pull
//! request, printed by `followthrough plan`, and executed by `apply`; a dry run is a plan that is not applied. Nothing
//! here asks GitHub, reads a clock or remembers anything: what is known comes in, and planning again after applying
//! gives an empty plan.
//!
//! | | |
//! |---|---|
//! | [`identity`], `identify` | which item of the reading is which that is known |
//! | `file` | what has no issue yet |
//! | `follow` | what has one: who wins, field by field |
//! | [`places`] | where issues go: repository, board, labels |
//! | [`marker`] | what an issue says about itself |

pub mod action;
pub mod due;
mod file;
mod follow;
mod identify;
pub mod identity;
mod labels;
pub mod link_back;
pub mod marker;
pub mod places;
pub mod similar;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

pub use action::{
    Action, ActionKind, AddToBoard, AdoptIssue, CloseIssue, Followed, IssueState, LeaveOpen, OpenIssue, Placement, Plan,
    PlannedItem, Problem, ReopenIssue, Settled, TrackedIssue, UpdateIssue, Why,
};
pub use follow::to_look_into;
pub use identify::{Move, moves};
use jiff::{Timestamp, civil::Date};
pub use labels::labels_of;
pub use places::{BoardState, Destination, Target, TargetState};
pub use similar::{AlsoAskedBy, Elsewhere, Resemblance};

use crate::{
    ids::{CommitSha, DocumentKey, IssueNumber, IssueRef, ItemKey, NodeId, RepositoryId, RepositoryName},
    postmortem::model::{ActionItem, Postmortem, State},
    settings::Settings,
};

/// One document, read at one commit.
#[derive(Debug, Clone)]
pub struct Document {
    pub key: DocumentKey,
    pub repository: RepositoryName,
    pub path: String,
    /// `None` offline, where there is nothing to link to.
    pub commit: Option<CommitSha>,
    /// The file on GitHub at `commit`, without a line anchor.
    pub url: Option<String>,
    /// The pull request that brought it.
    pub pull_request: Option<PullRequest>,
    pub authority: Authority,
    /// The commit that changed it last; `None`: not looked up.
    pub changed: Option<Changed>,
    /// The day (UTC) that it first came into the default branch; `None`: not yet, or nobody knows.
    pub merged_on: Option<Date>,
    /// The text that was read, to quote from; may be empty.
    pub source: Arc<str>,
    pub reading: Postmortem,
}

impl Document {
    /// An item as the author wrote it.
    pub fn quote<'a>(&'a self, item: &'a ActionItem) -> &'a str {
        self.source.get(item.span.range()).unwrap_or(&item.text)
    }
}

/// What a reading may decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Authority {
    /// It is on the default branch: it decides everything.
    #[default]
    Merged,
    /// It is the head of this pull request, and the settings let it file before the merge: what it adds it decides about,
    /// and nothing else.
    Proposed(IssueNumber),
    /// The default branch's, after this pull request was closed: what that one had filed goes.
    Withdrawn(IssueNumber),
}

/// A commit that changed a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub commit: CommitSha,
    /// Its page.
    pub url: String,
    pub at: Timestamp,
}

/// The pull request that brought the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    pub number: IssueNumber,
    pub url: String,
    pub title: String,
    pub author: String,
}

/// What GitHub (and the ledger of what was done before) says about one document and the places its items go to.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// The document's items as last read, with their issues; those that left it, too.
    pub tracked: Vec<Tracked>,
    /// Issues and pull requests that items refer to; one that is not here was not looked up.
    pub referents: HashMap<IssueRef, Referent>,
    /// The repositories that issues are opened in; one that is not here was not looked at.
    pub targets: HashMap<RepositoryName, Target>,
    /// The boards that issues are put on, by address; one that is not here was not looked at.
    pub boards: HashMap<String, BoardState>,
    /// Open items of other postmortems, for [`Plan::resemblances`].
    pub elsewhere: Vec<Elsewhere>,
    /// Other postmortems that share an item's issue.
    pub also_asked_by: HashMap<ItemKey, Vec<AlsoAskedBy>>,
    /// Items that somebody ordered to get no issue, and why.
    pub skipped: HashMap<ItemKey, String>,
    /// Issues that somebody ordered items to be linked to.
    pub adopted: HashMap<ItemKey, IssueRef>,
}

/// An item that was read before, or that an issue's marker tells of.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracked {
    pub key: ItemKey,
    pub text: String,
    pub group: Option<String>,
    /// The document had it when it was last read.
    pub present: bool,
    /// What the document said when that was last brought to the issue; `None`: not known.
    pub followed: Option<Followed>,
    /// The pull request that filed it before its merge, while that is not merged.
    pub proposed_in: Option<IssueNumber>,
    /// It was there before anybody asked for its issue: none is opened by itself.
    pub left_alone: bool,
    pub filing: Filing,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Filing {
    /// Known from a reading, nothing done yet.
    NotFiled,
    /// A request was sent and its fate is not known.
    Sending,
    Filed(Box<Filed>),
}

/// An issue of an item, with what is known of both.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// As it is now.
    pub issue: TrackedIssue,
    /// It was put on the board once. Whether it still is there is people's business.
    pub on_board: bool,
    /// It was made a sub-issue of the tracking issue once.
    pub in_parent: bool,
    /// Its state when it was last looked at; `None`: not known.
    pub seen: Option<IssueState>,
    /// The title that was written last, where the issue itself does not tell.
    pub wrote_title: Option<String>,
    /// Its body as it is now; `None`: not read, or not ours.
    pub body: Option<String>,
    /// Where it is now; `None`: not read.
    pub repository_id: Option<RepositoryId>,
    /// Another postmortem asks for it as well.
    pub shared: bool,
    /// What happened to it; `None`: not looked up.
    pub history: Option<History>,
}

impl Filed {
    /// An issue of which nothing else is known.
    pub fn new(issue: TrackedIssue) -> Self {
        Self {
            issue,
            on_board: true,
            in_parent: true,
            seen: None,
            wrote_title: None,
            body: None,
            repository_id: None,
            shared: false,
            history: None,
        }
    }
}

/// What happened to an issue at other hands than ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// Somebody assigned it, commented on it, renamed it, edited it, closed or reopened it, or moved its card.
    pub touched: bool,
    /// When somebody else last closed or reopened it.
    pub state_changed_at: Option<Timestamp>,
}

/// What a reference turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Referent {
    Issue {
        /// Where it is now: it may have been transferred.
        issue: IssueRef,
        id: NodeId,
        url: String,
        title: String,
        state: IssueState,
        labels: Vec<String>,
        repository_id: RepositoryId,
    },
    PullRequest {
        merged: bool,
    },
    /// There is no such issue, or the App may not see or write it.
    OutOfReach,
}

/// The issues and pull requests on `host` that an item refers to, resolved against the repository that the document lives
/// in.
pub fn issue_links<'a>(home: &'a RepositoryName, host: &'a str, item: &'a ActionItem) -> impl Iterator<Item = IssueRef> + 'a {
    item.references.iter().filter_map(move |reference| reference.issue(home, host))
}

/// Decides what to do about `document`. `host` is where GitHub's pages live (`github.com`); `today` resolves relative
/// iterations of the board.
pub fn plan(document: &Document, observed: &Observed, settings: &Settings, host: &str, today: Date) -> Plan {
    let identified = identify::identify(document, observed, settings, host);
    let claimed = identified
        .items
        .iter()
        .filter_map(|(item, known)| match known.map(|tracked| &tracked.filing) {
            Some(Filing::Filed(filed)) => Some((filed.issue.issue.clone(), item.key.clone())),
            _ => None,
        })
        .collect();
    let mut planner = Planner {
        document,
        observed,
        settings,
        host,
        today,
        claimed,
        cardless: false,
        asked: HashSet::new(),
        actions: Vec::new(),
        settled: Vec::new(),
        removed: Vec::new(),
        remarks: Vec::new(),
        problems: Vec::new(),
        said: HashSet::new(),
    };
    for ((item, known), read) in identified.items.iter().zip(&document.reading.action_items) {
        planner.item(item, *known, read);
    }
    for tracked in &identified.gone {
        planner.gone(tracked);
    }
    planner.tracking_issue(&identified);
    planner.about_the_places();
    let Planner { actions, settled, removed, remarks, problems, .. } = planner;
    let items: Vec<PlannedItem> = identified.items.into_iter().map(|(item, _)| item).collect();
    let document = document.key.clone();
    let mut plan = Plan { document, items, actions, settled, removed, remarks, problems, resemblances: Vec::new() };
    let unfiled = plan.opens().filter_map(|(action, _)| Some((&action.item, plan.item(&action.item)?.text.as_str())));
    plan.resemblances = similar::resemblances(unfiled, &observed.elsewhere, today);
    plan
}

struct Planner<'a> {
    document: &'a Document,
    observed: &'a Observed,
    settings: &'a Settings,
    host: &'a str,
    today: Date,
    /// Issues that are an item's own already: one issue is never two items, however many link it.
    claimed: HashMap<IssueRef, ItemKey>,
    /// An issue still waits for its place on a board.
    cardless: bool,
    /// The repositories and boards that something is, or would be, asked of.
    asked: HashSet<Destination>,
    actions: Vec<Action>,
    settled: Vec<Settled>,
    removed: Vec<Settled>,
    remarks: Vec<Problem>,
    problems: Vec<Problem>,
    said: HashSet<String>,
}

impl Planner<'_> {
    fn item(&mut self, item: &PlannedItem, known: Option<&Tracked>, read: &ActionItem) {
        match known.map(|tracked| (tracked, &tracked.filing)) {
            Some((tracked, Filing::Filed(filed))) => self.follow(item, tracked, filed, read),
            Some((_, Filing::Sending)) => self.settle(&item.key, Why::Filing),
            Some((tracked, Filing::NotFiled))
                if tracked.left_alone && item.state == State::Open && !self.is_ordered(&item.key) =>
            {
                self.settle(&item.key, Why::LeftAlone);
            }
            Some((_, Filing::NotFiled)) | None => self.file(item, read),
        }
    }

    /// The other postmortems that ask for what `item` asks for.
    fn also(&self, item: &ItemKey) -> &[AlsoAskedBy] {
        self.observed.also_asked_by.get(item).map_or(&[], Vec::as_slice)
    }

    fn act(&mut self, item: &ItemKey, reason: impl Into<String>, kind: ActionKind) {
        self.actions.push(Action { item: item.clone(), reason: reason.into(), kind });
    }

    fn settle(&mut self, item: &ItemKey, why: Why) {
        self.settled.push(Settled { item: item.clone(), why });
    }

    /// Says what stands in the way of a part of the plan, once.
    fn say(&mut self, lines: Option<crate::text::Lines>, message: String, help: String) {
        if self.said.insert(format!("{lines:?} {message}")) {
            self.problems.push(Problem { lines, message, help });
        }
    }

    /// Says what is good to know and asks for nothing.
    fn remark(&mut self, lines: Option<crate::text::Lines>, message: String) {
        if self.said.insert(format!("{lines:?} {message}")) {
            self.remarks.push(Problem { lines, message, help: String::new() });
        }
    }
}

#[cfg(test)]
mod tests;
