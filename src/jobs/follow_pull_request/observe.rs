//! What is known about a document: from the ledger, from markers, and from the places its issues go to.
//!
//! The one place that turns what the adapters know into what [`plan`](crate::plan) understands.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::{Following, Target};
use crate::{
    board,
    github::{
        self,
        graphql::{self, BoardFieldKind, BoardProblem, BoardRef, LoadedTarget, TargetQuery},
    },
    ids::{IssueRef, ItemKey, NodeId, RepositoryId, RepositoryName},
    jobs::{SETTLE, Stop},
    plan::{
        self, BoardState, Document, Filing, IssueState, Observed, Plan, Problem, Referent, TargetState, Tracked, TrackedIssue,
        marker,
    },
    postmortem::model::Owner,
    render::links,
    settings::{BoardOwner, BoardUrl, Settings},
    store::{self, IssueMarker, Lease},
};

/// How far back the list of issues is read again: GitHub's lists lag (GITHUB §2.3).
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// Stands in the ledger for the card of an issue that was found after the loss of the database: whether people took it off
/// the board is not known, so it is never put there again.
const LEFT_ALONE: &str = "left alone";

impl Following<'_> {
    /// Plans one document from what is true now. `may_have_issues`: look for issues that only GitHub knows of.
    pub(super) async fn plan(
        &self,
        document: &Document,
        settings: &Settings,
        may_have_issues: bool,
    ) -> Result<(Plan, Target), Stop> {
        let target = self.target(document, settings).await?;
        if may_have_issues && let Some(target) = &target {
            self.scan(&target.repository.name, target.repository.id).await?;
            self.settle_sending(document).await?;
        }
        let plan = self.replan(document, settings, target.as_ref()).await?;
        Ok((plan, target))
    }

    /// Plans again from what the store knows by now, without asking GitHub.
    pub(super) async fn replan(
        &self,
        document: &Document,
        settings: &Settings,
        target: Option<&LoadedTarget>,
    ) -> Result<Plan, Stop> {
        let observed = self.observe(document, settings, target).await?;
        let today = self.worker.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        Ok(plan::plan(document, &observed, settings, &self.worker.web_host, today))
    }

    /// The places that issues go to; `None` when the repository cannot be seen.
    async fn target(&self, document: &Document, settings: &Settings) -> Result<Target, Stop> {
        let items = &document.reading.action_items;
        let logins: BTreeSet<String> = logins(document).filter(|_| settings.file.assign_owners).collect();
        let references: BTreeSet<IssueRef> = items
            .iter()
            .flat_map(|item| plan::issue_links(&document.repository, &self.worker.web_host, item))
            .filter(|issue| issue.repository.same_owner(&document.repository))
            .collect();
        let query = TargetQuery {
            repository: plan::target(&document.repository, settings),
            labels: plan::labels(settings),
            logins: logins.into_iter().collect(),
            references: references.into_iter().collect(),
            issue_type: settings.file.issue_type.clone(),
            board: settings
                .board
                .project
                .as_ref()
                .filter(|board| board.owner_kind == BoardOwner::Organization)
                .map(|board| BoardRef { owner: board.owner.clone(), number: board.number }),
        };
        match self.installation.load_target(&query).await {
            Ok(target) => Ok(Some(target)),
            Err(github::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Brings the cache of markers up to date with the issues that this App opened in the target.
    async fn scan(&self, target: &RepositoryName, repository: RepositoryId) -> Result<(), Stop> {
        let store = &self.worker.store;
        let since = store.scanned_until(repository).await?.map(|until| until - OVERLAP);
        let login = self.worker.github.app().await?.bot_login;
        let issues = match self.installation.list_issues_by_app(target, &login, since).await {
            Ok(issues) => issues,
            // Issues are switched off there; the plan says so.
            Err(github::Error::Gone { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let newest = issues.iter().map(|issue| issue.updated_at).max();
        let markers: Vec<IssueMarker> = issues
            .into_iter()
            .filter_map(|issue| {
                let found = marker::parse(&issue.body)?;
                Some(IssueMarker {
                    repository,
                    number: issue.number,
                    node: issue.node_id,
                    document: found.document,
                    item: found.item,
                    title: issue.title,
                    state: stored_state(issue.state, issue.state_reason.as_deref()),
                    updated_at: issue.updated_at,
                })
            })
            .collect();
        Ok(store.save_markers(repository, &markers, newest).await?)
    }

    /// Requests that were begun and never answered: their issues are there by now, or were never made. Until GitHub's
    /// lists can be trusted to tell, nothing is sent.
    async fn settle_sending(&self, document: &Document) -> Result<(), Stop> {
        let store = &self.worker.store;
        let Some((_, items)) = store.load_document(&document.key).await? else { return Ok(()) };
        for item in items {
            let store::Filing::Sending { since, .. } = item.filing else { continue };
            if !store.markers_of_item(&document.key, &item.reading.key).await?.is_empty() {
                continue;
            }
            let sure = self.settled_at(since);
            if self.worker.now() < sure {
                return Err(Stop::Later(sure));
            }
        }
        Ok(())
    }

    fn settled_at(&self, since: Timestamp) -> Timestamp {
        since + SignedDuration::try_from(SETTLE).unwrap_or(SignedDuration::from_mins(1))
    }

    async fn observe(&self, document: &Document, settings: &Settings, target: Option<&LoadedTarget>) -> Result<Observed, Stop> {
        let store = &self.worker.store;
        let markers = store.markers_of_document(&document.key).await?;
        // Bodies are copied by people: the oldest issue with a marker is the item's.
        let marked: HashMap<&ItemKey, &IssueMarker> = markers.iter().rev().map(|marker| (&marker.item, marker)).collect();
        let home = plan::target(&document.repository, settings);
        let mut tracked = Vec::new();
        let mut seen: HashSet<ItemKey> = HashSet::new();
        for item in store.load_document(&document.key).await?.map(|(_, items)| items).unwrap_or_default() {
            let marker = marked.get(&item.reading.key).copied();
            seen.insert(item.reading.key.clone());
            let filing = match (&item.issue, &item.filing, marker) {
                (Some(issue), filing, marker) => Filing::Filed {
                    issue: tracked_issue(issue, *filing == store::Filing::Adopted, marker),
                    on_board: item.board_item.is_some(),
                },
                // Its request's answer was lost on the way: what comes after it was never begun.
                (None, store::Filing::Sending { .. }, Some(marker)) => {
                    Filing::Filed { issue: self.marked_issue(&home, marker), on_board: false }
                }
                (None, _, Some(marker)) => Filing::Filed { issue: self.marked_issue(&home, marker), on_board: true },
                (None, store::Filing::Sending { since, .. }, None) if self.worker.now() < self.settled_at(*since) => {
                    Filing::Sending
                }
                (None, _, None) => Filing::NotFiled,
            };
            tracked.push(Tracked { key: item.reading.key, text: item.reading.text, group: item.reading.group, filing });
        }
        for marker in &markers {
            if seen.insert(marker.item.clone()) {
                // After the loss of the database: whether people took it off the board is not known, so it is left alone.
                let filing = Filing::Filed { issue: self.marked_issue(&home, marker), on_board: true };
                tracked.push(Tracked { key: marker.item.clone(), text: marker.title.clone(), group: None, filing });
            }
        }
        let Some(target) = target else {
            return Ok(Observed { tracked, target: TargetState::OutOfReach, ..Observed::default() });
        };
        Ok(Observed {
            tracked,
            referents: target.references.iter().map(|(asked, referent)| (asked.clone(), self::referent(referent))).collect(),
            assignable: logins(document).map(|login| (login.clone(), assignable(target, &login))).collect(),
            target: target_state(target),
            board: board_state(settings.board.project.as_ref(), target)?,
            issue_type_known: settings.file.issue_type.as_ref().map(|_| target.issue_type.is_some()),
        })
    }

    /// Issues that only their markers tell of become the ledger's: the database was lost, or an answer was. Requests that
    /// were begun and had no effect may be sent again.
    pub(super) async fn remember_marked(
        &self,
        document: &Document,
        target: Option<&LoadedTarget>,
        lease: &Lease,
    ) -> Result<(), Stop> {
        let store = &self.worker.store;
        let Some(target) = target else { return Ok(()) };
        let Some((_, items)) = store.load_document(&document.key).await? else { return Ok(()) };
        for item in items.iter().filter(|item| item.issue.is_none()) {
            let markers = store.markers_of_item(&document.key, &item.reading.key).await?;
            let Some(marker) = markers.iter().find(|marker| marker.repository == target.repository.id) else {
                if matches!(item.filing, store::Filing::Sending { .. }) {
                    store.reset_filing(lease, &document.key, &item.reading.key).await?;
                }
                continue;
            };
            let issue = store::TrackedIssue {
                repository: marker.repository,
                name: target.repository.name.clone(),
                number: marker.number,
                node: marker.node.clone(),
                url: links::issue(&self.web_root(), &target.repository.name, marker.number),
                title: marker.title.clone(),
                body_digest: String::new(),
                state: marker.state,
            };
            if !matches!(item.filing, store::Filing::Sending { .. }) {
                // First, so that there is no moment at which the issue seems to wait for its place.
                store.record_board_item(&document.key, &item.reading.key, &NodeId::new(LEFT_ALONE)).await?;
            }
            store.record_issue(&document.key, &item.reading.key, &issue, store::Origin::Filed).await?;
        }
        Ok(())
    }

    fn marked_issue(&self, repository: &RepositoryName, marker: &IssueMarker) -> TrackedIssue {
        TrackedIssue {
            url: links::issue(&self.web_root(), repository, marker.number),
            issue: IssueRef::new(repository.clone(), marker.number),
            id: marker.node.clone(),
            title: marker.title.clone(),
            state: state(marker.state),
            adopted: false,
        }
    }
}

/// The ledger's issue, with the state in which GitHub last listed it.
fn tracked_issue(issue: &store::TrackedIssue, adopted: bool, listed: Option<&IssueMarker>) -> TrackedIssue {
    let listed = listed.filter(|marker| marker.number == issue.number && marker.repository == issue.repository);
    TrackedIssue {
        issue: IssueRef::new(issue.name.clone(), issue.number),
        id: issue.node.clone(),
        url: issue.url.clone(),
        title: issue.title.clone(),
        state: state(listed.map_or(issue.state, |marker| marker.state)),
        adopted,
    }
}

fn state(state: store::IssueState) -> IssueState {
    match state {
        store::IssueState::Open => IssueState::Open,
        store::IssueState::Completed => IssueState::Completed,
        store::IssueState::NotPlanned => IssueState::NotPlanned,
    }
}

pub(crate) fn stored_state(state: graphql::IssueState, reason: Option<&str>) -> store::IssueState {
    match (state, reason) {
        (graphql::IssueState::Open, _) => store::IssueState::Open,
        (graphql::IssueState::Closed, Some("not_planned" | "duplicate")) => store::IssueState::NotPlanned,
        (graphql::IssueState::Closed, _) => store::IssueState::Completed,
    }
}

fn referent(referent: &graphql::Referent) -> Referent {
    match referent {
        graphql::Referent::Issue(issue) if issue.archived => Referent::OutOfReach,
        graphql::Referent::Issue(issue) => Referent::Issue {
            issue: issue.issue.clone(),
            repository_id: issue.repository_id,
            id: issue.id.clone(),
            url: issue.url.clone(),
            title: issue.title.clone(),
            state: state(stored_state(issue.state, issue.state_reason.as_deref())),
            labels: issue.labels.clone(),
        },
        graphql::Referent::PullRequest { merged, .. } => Referent::PullRequest { merged: *merged },
        graphql::Referent::NotFound => Referent::OutOfReach,
    }
}

fn target_state(target: &LoadedTarget) -> TargetState {
    match (target.repository.archived, target.repository.issues_enabled) {
        (true, _) => TargetState::Archived,
        (false, false) => TargetState::IssuesDisabled,
        (false, true) => TargetState::Ready,
    }
}

/// The board, or what a person has to do before it can be used (DEMANDS 10–13).
fn board_state(wanted: Option<&BoardUrl>, target: &LoadedTarget) -> Result<BoardState, Stop> {
    let Some(wanted) = wanted else { return Ok(BoardState::None) };
    let problem =
        |message: String, help: &str| Ok(BoardState::OutOfReach(Problem { lines: None, message, help: help.to_owned() }));
    if wanted.owner_kind == BoardOwner::User {
        return problem(
            format!("The board {wanted} belongs to a person, and GitHub lets Apps use only the boards of organizations."),
            "Copy the board into the organization and change `board.project` in `.github/followthrough.yml`.",
        );
    }
    match &target.board {
        None => Ok(BoardState::None),
        Some(Ok(board)) if board.closed => problem(
            format!("The board {wanted} is closed, so nothing is added to it."),
            "Reopen it in its settings, or change `board.project`.",
        ),
        Some(Ok(board)) => Ok(BoardState::Ready(self::board(board))),
        Some(Err(BoardProblem::NotGranted)) => problem(
            format!("The App lacks the organization permission “Projects: Read and write”, so nothing is added to {wanted}."),
            "Add it in the App's settings under Permissions; an owner of the organization then accepts it.",
        ),
        Some(Err(BoardProblem::OwnerNotFound)) => problem(
            format!("There is no organization `{}`, which {wanted} names.", wanted.owner),
            "Correct `board.project` in `.github/followthrough.yml`.",
        ),
        Some(Err(BoardProblem::UserOwned | BoardProblem::NotFound)) => problem(
            format!("The board {wanted} does not exist, or the App may not see it."),
            "Check the number, that the App is installed on that organization, and that it has the organization permission “Projects: Read and write”.",
        ),
        Some(Err(BoardProblem::Failed(error))) if error.is_permanent() => problem(
            format!("GitHub refuses the board {wanted}: {error}."),
            "Check the App's permissions and the board's settings.",
        ),
        Some(Err(BoardProblem::Failed(error))) => Err(error.clone().into()),
    }
}

fn board(board: &graphql::Board) -> board::Board {
    board::Board {
        id: board.id.0.clone(),
        title: board.title.clone(),
        url: board.url.clone(),
        fields: board.fields.iter().map(field).collect(),
    }
}

fn field(field: &graphql::BoardField) -> board::Field {
    let kind = match &field.kind {
        BoardFieldKind::Text => board::FieldKind::Text,
        BoardFieldKind::Number => board::FieldKind::Number,
        BoardFieldKind::Date => board::FieldKind::Date,
        BoardFieldKind::SingleSelect { options } => board::FieldKind::SingleSelect {
            options: options
                .iter()
                .map(|option| board::FieldOption { id: option.id.clone(), name: option.name.clone() })
                .collect(),
        },
        BoardFieldKind::Iteration { iterations, completed } => board::FieldKind::Iteration {
            iterations: iterations.iter().map(iteration).collect(),
            completed: completed.iter().map(iteration).collect(),
        },
        BoardFieldKind::Other(kind) => board::FieldKind::ReadOnly(kind.clone()),
    };
    board::Field { id: field.id.0.clone(), name: field.name.clone(), kind }
}

fn iteration(iteration: &graphql::BoardIteration) -> board::Iteration {
    board::Iteration {
        id: iteration.id.clone(),
        title: iteration.title.clone(),
        start: iteration.start,
        duration_days: iteration.duration,
    }
}

/// The logins that the document names as owners, in lower case.
fn logins(document: &Document) -> impl Iterator<Item = String> + '_ {
    document.reading.action_items.iter().flat_map(|item| &item.owners).filter_map(|owner| match owner {
        Owner::Login(login) => Some(login.to_lowercase()),
        Owner::Team { .. } | Owner::Name(_) => None,
    })
}

fn assignable(target: &LoadedTarget, login: &str) -> bool {
    target.people.get(login).is_some_and(|person| person.assignable)
}
