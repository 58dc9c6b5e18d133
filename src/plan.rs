//! Deciding what to do: a document, what GitHub knows of it, and the repository's settings give a [`Plan`].
//!
//! Everything Followthrough does to issues and boards is decided here and nowhere else. The plan is shown on the pull
//! request, printed by `followthrough plan`, and executed by `apply`; a dry run is a plan that is not applied. Nothing
//! here asks GitHub, reads a clock or remembers anything: what is known comes in, and planning again after applying
//! gives an empty plan.

pub mod action;
pub mod identity;
pub mod marker;

use std::collections::{BTreeSet, HashMap, HashSet};

pub use action::{
    Action, ActionKind, AddToBoard, AdoptIssue, IssueState, OpenIssue, Placement, Plan, PlannedItem, Problem, Settled,
    TrackedIssue, Why,
};
use jiff::civil::Date;

use crate::{
    board::{self, Board},
    ids::{CommitSha, DocumentKey, IssueNumber, IssueRef, ItemKey, NodeId, RepositoryId, RepositoryName},
    postmortem::model::{ActionItem, Owner, Postmortem, State},
    render,
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
    pub pull_request: Option<PullRequest>,
    pub reading: Postmortem,
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
    /// The document's items as last read, with their issues.
    pub tracked: Vec<Tracked>,
    /// Issues and pull requests that items refer to; one that is not here was not looked up.
    pub referents: HashMap<IssueRef, Referent>,
    /// Whether a login can be assigned in the target repository, in lower case; one that is not here was not looked up.
    pub assignable: HashMap<String, bool>,
    pub target: TargetState,
    pub board: BoardState,
    /// Whether the repository knows the issue type that the settings name.
    pub issue_type_known: Option<bool>,
}

/// An item that was read before, or that an issue's marker tells of.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracked {
    pub key: ItemKey,
    pub text: String,
    pub group: Option<String>,
    pub filing: Filing,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Filing {
    /// Known from a reading, nothing done yet.
    NotFiled,
    /// A request was sent and its fate is not known.
    Sending,
    Filed {
        issue: TrackedIssue,
        /// It was put on the board once. Whether it still is there is people's business.
        on_board: bool,
    },
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

/// The repository that issues are opened in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetState {
    #[default]
    Ready,
    /// It was not looked at: offline.
    Unknown,
    Archived,
    IssuesDisabled,
    /// It does not exist or the App is not installed on it.
    OutOfReach,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub enum BoardState {
    /// None is configured, or it was not looked at.
    #[default]
    None,
    Ready(Board),
    /// It cannot be used; what a person can do about it.
    OutOfReach(Problem),
}

/// The repository that a document's issues are opened in.
pub fn target(home: &RepositoryName, settings: &Settings) -> RepositoryName {
    settings.file.repository.clone().unwrap_or_else(|| home.clone())
}

/// The labels that every issue gets.
pub fn labels(settings: &Settings) -> Vec<String> {
    settings.file.labels.iter().map(|label| label.as_str().to_owned()).collect()
}

/// The issues and pull requests on `host` that an item refers to, resolved against the repository that the document lives
/// in.
pub fn issue_links<'a>(home: &'a RepositoryName, host: &'a str, item: &'a ActionItem) -> impl Iterator<Item = IssueRef> + 'a {
    item.references.iter().filter_map(move |reference| reference.issue(home, host))
}

/// Decides what to do about `document`. `host` is where GitHub's pages live (`github.com`); `today` resolves relative
/// iterations of the board.
pub fn plan(document: &Document, observed: &Observed, settings: &Settings, host: &str, today: Date) -> Plan {
    let items = identify(document, observed, host);
    let target = target(&document.repository, settings);
    let claimed = items
        .iter()
        .filter_map(|(item, known)| match known.map(|tracked| &tracked.filing) {
            Some(Filing::Filed { issue, .. }) => Some((issue.issue.clone(), item.key.clone())),
            _ => None,
        })
        .collect();
    let mut planner = Planner {
        document,
        observed,
        settings,
        target,
        today,
        claimed,
        cardless: false,
        problems: Vec::new(),
        said: HashSet::new(),
    };
    let (mut actions, mut settled) = (Vec::new(), Vec::new());
    for ((item, known), read) in items.iter().zip(&document.reading.action_items) {
        match planner.decide(item, *known, read, host) {
            Decision::Act(reason, kind) => actions.push(Action { item: item.key.clone(), reason, kind }),
            Decision::Settled(why) => settled.push(Settled { item: item.key.clone(), why }),
            Decision::Nothing => {}
        }
    }
    planner.about_the_places(&actions);
    let problems = planner.problems;
    Plan { document: document.key.clone(), items: items.into_iter().map(|(item, _)| item).collect(), actions, settled, problems }
}

/// Gives each item of the reading its key: the one it has had, or a new one that nothing else in the document has.
fn identify<'a>(document: &Document, observed: &'a Observed, host: &str) -> Vec<(PlannedItem, Option<&'a Tracked>)> {
    let read = &document.reading.action_items;
    let mut occurrences: HashMap<Vec<String>, usize> = HashMap::new();
    let candidates: Vec<ItemKey> = read
        .iter()
        .map(|item| {
            let seen = occurrences.entry(identity::words(&item.text)).or_default();
            *seen += 1;
            identity::item_key(&document.key, &item.text, *seen - 1)
        })
        .collect();
    let new: Vec<identity::Trait<'_>> = read
        .iter()
        .map(|item| identity::Trait {
            text: &item.text,
            group: item.group.as_deref(),
            issues: issue_links(&document.repository, host, item).map(|issue| issue.to_string().to_lowercase()).collect(),
            key: None,
            issue: item.state == State::Open,
        })
        .collect();
    let old: Vec<identity::Trait<'_>> = observed
        .tracked
        .iter()
        .map(|tracked| identity::Trait {
            text: &tracked.text,
            group: tracked.group.as_deref(),
            issues: match &tracked.filing {
                Filing::Filed { issue, .. } => vec![issue.issue.to_string().to_lowercase()],
                Filing::NotFiled | Filing::Sending => Vec::new(),
            },
            key: Some(&tracked.key),
            issue: tracked.filing != Filing::NotFiled,
        })
        .collect();
    let found = identity::recognise(&new, &old, &candidates);

    let mut used: BTreeSet<ItemKey> = observed.tracked.iter().map(|tracked| tracked.key.clone()).collect();
    read.iter()
        .zip(found)
        .zip(candidates)
        .map(|((item, known), candidate)| {
            let known = known.map(|index| &observed.tracked[index]);
            let key = match known {
                Some(tracked) => tracked.key.clone(),
                None => unused(&document.key, &item.text, candidate, &used),
            };
            used.insert(key.clone());
            let item = PlannedItem {
                key,
                text: item.text.clone(),
                group: item.group.clone(),
                lines: item.lines,
                state: item.state,
                owners: item.owners.clone(),
                due: item.due,
            };
            (item, known)
        })
        .collect()
}

/// `candidate`, or where an item that left the document still has it, the next one for the same wording.
fn unused(document: &DocumentKey, text: &str, candidate: ItemKey, used: &BTreeSet<ItemKey>) -> ItemKey {
    if !used.contains(&candidate) {
        return candidate;
    }
    (0..).map(|occurrence| identity::item_key(document, text, occurrence)).find(|key| !used.contains(key)).unwrap_or(candidate)
}

enum Decision {
    Act(String, ActionKind),
    Settled(Why),
    /// The item cannot be filed; a problem says why.
    Nothing,
}

struct Planner<'a> {
    document: &'a Document,
    observed: &'a Observed,
    settings: &'a Settings,
    target: RepositoryName,
    today: Date,
    /// Issues that are an item's own already: one issue is never two items, however many link it.
    claimed: HashMap<IssueRef, ItemKey>,
    /// An issue still waits for its place on the board.
    cardless: bool,
    problems: Vec<Problem>,
    said: HashSet<String>,
}

impl Planner<'_> {
    fn decide(&mut self, item: &PlannedItem, known: Option<&Tracked>, read: &ActionItem, host: &str) -> Decision {
        match known.map(|tracked| &tracked.filing) {
            Some(Filing::Filed { issue, on_board }) => {
                self.cardless |= !on_board && item.state == State::Open;
                return match self.placement(read) {
                    Some(board) if !on_board && item.state == State::Open => Decision::Act(
                        format!("{} is not on the board yet", issue.issue.short(&self.document.repository)),
                        ActionKind::AddToBoard(Box::new(AddToBoard { issue: issue.clone(), board })),
                    ),
                    _ => Decision::Settled(Why::Tracked(issue.clone())),
                };
            }
            Some(Filing::Sending) => return Decision::Settled(Why::Filing),
            Some(Filing::NotFiled) | None => {}
        }
        match item.state {
            State::Done => return Decision::Settled(Why::AlreadyDone),
            State::Declined => return Decision::Settled(Why::Declined),
            State::Open => {}
        }
        for linked in issue_links(&self.document.repository, host, read) {
            match self.observed.referents.get(&linked) {
                Some(Referent::Issue { issue, repository_id, id, url, title, state, labels: has_labels }) => {
                    let issue = issue.clone();
                    if self.claimed.get(&issue).is_some_and(|owner| *owner != item.key) {
                        let tracked = TrackedIssue {
                            issue,
                            id: id.clone(),
                            url: url.clone(),
                            title: title.clone(),
                            state: *state,
                            adopted: true,
                        };
                        return Decision::Settled(Why::Tracked(tracked));
                    }
                    self.claimed.insert(issue.clone(), item.key.clone());
                    let reason = format!("it links {}", issue.short(&self.document.repository));
                    let missing = |label: &&String| !has_labels.iter().any(|has| has.eq_ignore_ascii_case(label));
                    let adopt = AdoptIssue {
                        repository_id: *repository_id,
                        id: id.clone(),
                        url: url.clone(),
                        title: title.clone(),
                        closed: *state != IssueState::Open,
                        comment: render::issue::adoption_comment(self.document, item, read),
                        labels: labels(self.settings).into_iter().filter(|label| missing(&label)).collect(),
                        board: self.placement(read),
                        issue,
                    };
                    return Decision::Act(reason, ActionKind::AdoptIssue(Box::new(adopt)));
                }
                Some(Referent::OutOfReach) => self.say(
                    Some(item.lines),
                    format!(
                        "{} cannot be reached, so the item gets an issue of its own.",
                        linked.short(&self.document.repository)
                    ),
                    "Check the number, or install the App on that repository.".to_owned(),
                ),
                Some(Referent::PullRequest { .. }) | None => {}
            }
        }
        match self.observed.target {
            TargetState::Ready | TargetState::Unknown => {}
            TargetState::Archived | TargetState::IssuesDisabled | TargetState::OutOfReach => return Decision::Nothing,
        }
        let assignees = self.assignees(item);
        let unassigned = item
            .owners
            .iter()
            .filter(|owner| !matches!(owner, Owner::Login(login) if assignees.iter().any(|a| a.eq_ignore_ascii_case(login))))
            .collect::<Vec<_>>();
        let marker = marker::Marker { document: self.document.key.clone(), item: item.key.clone() };
        let open = OpenIssue {
            repository: self.target.clone(),
            title: render::issue::title(self.settings, self.document, read),
            body: marker::enclose(&marker, &render::issue::body(self.settings, self.document, read, &unassigned)),
            labels: labels(self.settings),
            issue_type: self.settings.file.issue_type.clone().filter(|_| self.observed.issue_type_known != Some(false)),
            board: self.placement(read),
            assignees,
        };
        Decision::Act("it is open and has no issue yet".to_owned(), ActionKind::OpenIssue(Box::new(open)))
    }

    fn assignees(&mut self, item: &PlannedItem) -> Vec<String> {
        if !self.settings.file.assign_owners {
            return Vec::new();
        }
        let mut assignees = Vec::new();
        for owner in &item.owners {
            let Owner::Login(login) = owner else { continue };
            match self.observed.assignable.get(&login.to_lowercase()) {
                Some(true) | None if !assignees.contains(login) => assignees.push(login.clone()),
                Some(true) | None => {}
                Some(false) => self.say(
                    Some(item.lines),
                    format!("`{login}` cannot be assigned in {}; the issue will name the owner in its text.", self.target),
                    "GitHub assigns people with access to the repository. Check the spelling, or give them access.".to_owned(),
                ),
            }
        }
        assignees
    }

    fn placement(&mut self, read: &ActionItem) -> Option<Placement> {
        let BoardState::Ready(board) = &self.observed.board else { return None };
        let wanted = render::issue::board_values(self.settings, self.document, read);
        let values = board::field_values(board, wanted.iter().map(|(name, value)| (name.as_str(), value.as_str())), self.today);
        for mismatch in values.mismatches {
            self.say(None, mismatch.message, String::new());
        }
        Some(Placement { project: NodeId::new(board.id.clone()), fields: values.to_set })
    }

    /// Problems with the places that issues go to, said once and only where something was to go there.
    fn about_the_places(&mut self, actions: &[Action]) {
        let open = self.document.reading.action_items.iter().any(|item| item.state == State::Open);
        let target = self.target.clone();
        match self.observed.target {
            TargetState::Archived if open => self.say(
                None,
                format!("{target} is archived, so no issue can be opened there."),
                "Unarchive it, or set `file.repository` in `.github/followthrough.yml` to another repository.".to_owned(),
            ),
            TargetState::IssuesDisabled if open => self.say(
                None,
                format!("Issues are disabled in {target}."),
                "Enable Issues in its settings, or set `file.repository` in `.github/followthrough.yml` to another repository."
                    .to_owned(),
            ),
            TargetState::OutOfReach if open => self.say(
                None,
                format!("{target} cannot be reached, so no issue can be opened there."),
                "Check `file.repository` in `.github/followthrough.yml`, and install the App on that repository.".to_owned(),
            ),
            _ => {}
        }
        if let BoardState::OutOfReach(problem) = &self.observed.board
            && (self.cardless || !actions.is_empty())
        {
            self.say(problem.lines, problem.message.clone(), problem.help.clone());
        }
        if actions.is_empty() {
            return;
        }
        if self.observed.issue_type_known == Some(false)
            && let Some(kind) = &self.settings.file.issue_type
        {
            self.say(
                None,
                format!("{target} has no issue type `{kind}`; issues are opened without one."),
                "Add the type in the organization's settings, or change `file.issue_type` in `.github/followthrough.yml`."
                    .to_owned(),
            );
        }
    }

    fn say(&mut self, lines: Option<crate::text::Lines>, message: String, help: String) {
        if self.said.insert(format!("{lines:?} {message}")) {
            self.problems.push(Problem { lines, message, help });
        }
    }
}

#[cfg(test)]
mod tests;
