//! What is known about a document: from the ledger, from markers, from its issues as they are now, and from the places its
//! issues go to.
//!
//! The one place that turns what the adapters know into what [`plan`](crate::plan) understands.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::SignedDuration;

use super::{Documents, Looked, sight::Sight};
use crate::{
    board,
    commands::Order,
    github::{
        self,
        graphql::{
            self, ActKind, BoardFieldKind, BoardProblem, BoardRef, IssueHistory, IssueSnapshot, LoadedTarget, TargetQuery,
        },
        rest::FoundIssue,
    },
    ids::{DocumentKey, IssueNumber, IssueRef, ItemKey, NodeId, RepositoryId, RepositoryName},
    jobs::{Stop, settled_at},
    plan::{
        self, ActionKind, Authority, BoardState, Destination, Document, Filed, Filing, Followed, History, IssueState, Observed,
        Plan, Problem, Referent, Target, TargetState, Tracked, TrackedIssue, identity, marker, places, similar::MOST_ELSEWHERE,
    },
    postmortem::model::Owner,
    render,
    settings::{BoardOwner, BoardUrl},
    store::{self, IssueMarker, Lease},
};

/// How far back the list of issues is read again: GitHub's lists lag (GITHUB §2.3).
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// Stands in the ledger for the card of an issue that was found after the loss of the database: whether people took it off
/// the board is not known, so it is never put there again.
const LEFT_ALONE: &str = "left alone";

/// Issues as they are now.
#[derive(Default)]
pub(super) struct Live {
    /// By the node id that the ledger has; `None`: it is gone.
    issues: HashMap<NodeId, Option<IssueSnapshot>>,
    histories: HashMap<NodeId, History>,
}

impl Live {
    /// The pull requests that the issues name as those on which the document was reviewed.
    pub(super) fn reviewed_in(&self, pulls: &str) -> BTreeSet<IssueNumber> {
        let bodies = self.issues.values().flatten().map(|issue| &issue.body);
        bodies.filter_map(|body| render::issue::reviewed_in(body, pulls)).collect()
    }

    /// Issues that were read while the plan was carried out.
    pub(super) fn take(&mut self, read: Vec<IssueSnapshot>) {
        for snapshot in read {
            self.issues.insert(snapshot.id.clone(), Some(snapshot));
        }
    }

    /// What was done since they were read, so that they need not be read again.
    pub(super) fn apply(&mut self, plan: &Plan, done: &HashSet<usize>) {
        let acts = plan.actions.iter().enumerate().filter(|(index, _)| done.contains(index));
        for (_, action) in acts {
            for snapshot in self.issues.values_mut().flatten() {
                change(snapshot, &action.kind);
            }
        }
    }
}

/// What an act made of the issue that it is about.
fn change(snapshot: &mut IssueSnapshot, act: &ActionKind) {
    match act {
        ActionKind::CloseIssue(close) if close.issue.id == snapshot.id => {
            let reason = if close.as_state == IssueState::Completed { "completed" } else { "not_planned" };
            (snapshot.state, snapshot.state_reason) = (graphql::IssueState::Closed, Some(reason.to_owned()));
        }
        ActionKind::ReopenIssue(reopen) if reopen.issue.id == snapshot.id => snapshot.state = graphql::IssueState::Open,
        ActionKind::UpdateIssue(update) if update.issue.id == snapshot.id => {
            snapshot.title = update.title.clone().unwrap_or_else(|| snapshot.title.clone());
            snapshot.body.clone_from(&update.body);
        }
        _ => {}
    }
}

/// The places that issues go to, as far as they were looked at.
#[derive(Default)]
pub(super) struct Places {
    pub targets: HashMap<RepositoryName, LoadedTarget>,
    out_of_reach: Vec<RepositoryName>,
    boards: HashMap<String, BoardState>,
    /// Of each target, the milestone that the settings name.
    milestones: HashMap<RepositoryName, bool>,
}

impl Documents<'_> {
    /// Looks at a document: what is to be done about it, from what is true now.
    pub(super) async fn look(&self, document: &Document, may_have_issues: bool, live: &mut Live) -> Result<Looked, Stop> {
        let mut places = Places::default();
        self.read_issues_of(document, live).await?;
        let mut observed = self.observe(document, &places, live).await?;
        let is_new = observed.tracked.is_empty();
        if is_new || wants_places(&self.plan_from(document, &observed), &observed) {
            places = self.load_places(document).await?;
            if may_have_issues {
                for target in places.targets.values() {
                    self.scan(&target.repository.name, target.repository.id).await?;
                }
                self.settle_sending(document).await?;
                self.read_issues_of(document, live).await?;
            }
            observed = self.observe(document, &places, live).await?;
        }
        let unsure = plan::to_look_into(document, &observed, self.settings, &self.worker.web_host);
        if !unsure.is_empty() {
            self.read_histories(&unsure, live).await?;
            observed = self.observe(document, &places, live).await?;
        }
        let plan = self.plan_from(document, &observed);
        Ok(Looked { plan, places, referents: observed.referents })
    }

    fn plan_from(&self, document: &Document, observed: &Observed) -> Plan {
        plan::plan(document, observed, self.settings, &self.worker.web_host, self.today())
    }

    /// The repositories and boards that issues of the document may go to.
    async fn load_places(&self, document: &Document) -> Result<Places, Stop> {
        let items = &document.reading.action_items;
        let home = &document.repository;
        let mut destinations: Vec<Destination> = Vec::new();
        for item in items {
            let destination = Destination::of(home, self.settings, item);
            if !destinations.contains(&destination) {
                destinations.push(destination);
            }
        }
        let of_document = Destination::of_document(home, self.settings);
        if self.settings.file.tracking_issue && destinations.iter().all(|known| known.repository != of_document.repository) {
            destinations.push(of_document);
        }
        let mut references: BTreeSet<IssueRef> = items
            .iter()
            .flat_map(|item| plan::issue_links(home, &self.worker.web_host, item))
            .chain(self.ordered(&document.key).await?.1.into_values())
            .filter(|issue| issue.repository.same_owner(home))
            .collect();
        let labels: BTreeSet<String> = items.iter().flat_map(|item| places::labels(self.settings, document, item)).collect();
        let logins: BTreeSet<String> = self.logins(document).filter(|_| self.settings.file.assign_owners).collect();
        let mut places = Places::default();
        for destination in destinations.iter().filter(|destination| destination.repository.same_owner(home)) {
            let query = TargetQuery {
                repository: destination.repository.clone(),
                labels: labels.iter().cloned().collect(),
                logins: logins.iter().cloned().collect(),
                references: std::mem::take(&mut references).into_iter().collect(),
                issue_type: self.settings.file.issue_type.clone(),
                board: destination
                    .board
                    .as_ref()
                    .filter(|board| board.owner_kind == BoardOwner::Organization)
                    .map(|board| BoardRef { owner: board.owner.clone(), number: board.number }),
            };
            match self.installation.load_target(&query).await {
                Ok(mut target) => {
                    self.withhold(document, &mut target).await?;
                    self.take(destination, target, &mut places).await?;
                }
                Err(github::Error::NotFound { .. }) => {
                    // What it was asked besides is asked of the next one.
                    references.extend(query.references);
                    places.out_of_reach.push(destination.repository.clone());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(places)
    }

    /// Issues elsewhere that the document's people may not see are as good as none.
    async fn withhold(&self, document: &Document, target: &mut LoadedTarget) -> Result<(), Stop> {
        let app = self.worker.github.app().await?;
        let author = document.pull_request.as_ref().map(|pull| pull.author.as_str()).filter(|author| !author.is_empty());
        // The App's own pull requests bring links that counted before.
        let author = author.filter(|author| *author != app.slug && *author != app.bot_login);
        // Whoever ordered an adoption was asked about then.
        let ordered: Vec<IssueRef> = self.ordered(&document.key).await?.1.into_values().collect();
        let mut sight = Sight::new(self.installation, self.repository, author);
        for (reference, referent) in &mut target.references {
            let graphql::Referent::Issue(issue) = &*referent else { continue };
            if !ordered.contains(reference) && !sight.reaches(issue, Some(&document.key)).await? {
                *referent = graphql::Referent::NotFound;
            }
        }
        Ok(())
    }

    async fn take(&self, destination: &Destination, target: LoadedTarget, places: &mut Places) -> Result<(), Stop> {
        if let Some(board) = &destination.board {
            places.boards.insert(board.as_str().to_owned(), board_state(Some(board), &target)?);
        }
        let name = destination.repository.clone();
        let Some(known) = places.targets.get_mut(&name) else {
            if let Some(title) = &self.settings.file.milestone {
                let found = self.installation.find_milestone(&name, title).await?;
                places.milestones.insert(name.clone(), found.is_some());
            }
            places.targets.insert(name, target);
            return Ok(());
        };
        known.references.extend(target.references);
        Ok(())
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
            let sure = settled_at(since);
            if self.worker.now() < sure {
                return Err(Stop::Later(sure));
            }
        }
        Ok(())
    }

    /// Reads the document's issues as they are now, those that were not read yet.
    async fn read_issues_of(&self, document: &Document, live: &mut Live) -> Result<(), Stop> {
        let store = &self.worker.store;
        let ledger = store.load_document(&document.key).await?.map(|(_, items)| items).unwrap_or_default();
        let markers = store.markers_of_document(&document.key).await?;
        let own = ledger.iter().filter_map(|item| item.issue.as_ref()).map(|issue| (issue.node.clone(), issue.issue_ref()));
        let home = &document.repository;
        let marked = markers.iter().map(|marker| (marker.node.clone(), IssueRef::new(home.clone(), marker.number)));
        let mut wanted: Vec<(NodeId, IssueRef)> = Vec::new();
        for (node, issue) in own.chain(marked) {
            if !live.issues.contains_key(&node) && wanted.iter().all(|(known, _)| *known != node) {
                wanted.push((node, issue));
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let ids: Vec<NodeId> = wanted.iter().map(|(node, _)| node.clone()).collect();
        for ((node, issue), read) in wanted.into_iter().zip(self.installation.read_issues(&ids).await?) {
            let snapshot = match read {
                Ok(snapshot) => Some(snapshot),
                Err(github::Error::NotFound { .. }) => self.find_again(&issue).await?,
                Err(error) => return Err(error.into()),
            };
            live.issues.insert(node, snapshot);
        }
        Ok(())
    }

    /// An issue whose node is gone: it was transferred, or deleted.
    async fn find_again(&self, issue: &IssueRef) -> Result<Option<IssueSnapshot>, Stop> {
        match self.installation.find_issue(&issue.repository, issue.number).await? {
            FoundIssue::At { found, .. } => {
                let read = self.installation.read_issues(std::slice::from_ref(&found.node_id)).await?;
                match read.into_iter().next() {
                    Some(Ok(snapshot)) => Ok(Some(snapshot)),
                    Some(Err(error)) if !matches!(error, github::Error::NotFound { .. }) => Err(error.into()),
                    _ => Ok(None),
                }
            }
            FoundIssue::Deleted | FoundIssue::OutOfSight => Ok(None),
        }
    }

    async fn read_histories(&self, ids: &[NodeId], live: &mut Live) -> Result<(), Stop> {
        let login = self.worker.github.app().await?.bot_login;
        for (id, history) in ids.iter().zip(self.installation.read_issue_histories(ids).await?) {
            match history {
                Ok(history) => {
                    let moved = live.issues.values().flatten().any(|issue| issue.id == *id && self.was_moved(issue));
                    live.histories.insert(id.clone(), history_of(&history, &login, moved));
                }
                Err(github::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Its card is not where it was put, or was taken off the board.
    fn was_moved(&self, issue: &IssueSnapshot) -> bool {
        let Some(wanted) = &self.settings.board.status else { return false };
        let status = |item: &graphql::BoardItem| status_of(item).is_some_and(|status| !status.eq_ignore_ascii_case(wanted));
        issue.board_items.iter().any(|item| item.archived || status(item))
    }

    /// What is known without asking GitHub any more.
    pub(super) async fn observe(&self, document: &Document, places: &Places, live: &Live) -> Result<Observed, Stop> {
        let observed = self.remembered(document, live).await?;
        let referents = places.targets.values().flat_map(|target| &target.references);
        let mut targets: HashMap<RepositoryName, Target> = HashMap::new();
        for (name, target) in &places.targets {
            let known = Target {
                state: target_state(target),
                assignable: self.logins(document).map(|login| (login.clone(), assignable(target, &login))).collect(),
                issue_type_known: self.settings.file.issue_type.as_ref().map(|_| target.issue_type.is_some()),
                milestone_known: places.milestones.get(name).copied(),
            };
            targets.insert(name.clone(), known);
        }
        for name in &places.out_of_reach {
            targets.insert(name.clone(), Target { state: TargetState::OutOfReach, ..Target::default() });
        }
        let repositories = [self.repository.id];
        let elsewhere = match document.authority {
            Authority::Merged if places.targets.is_empty() => Vec::new(),
            _ => self.worker.store.open_items_elsewhere(&repositories, &document.key, MOST_ELSEWHERE).await?,
        };
        Ok(Observed {
            elsewhere,
            referents: referents.map(|(asked, referent)| (asked.clone(), self::referent(referent))).collect(),
            targets,
            boards: places.boards.clone(),
            ..observed
        })
    }

    /// The document's items as the ledger and the markers have them, with their issues as they were read.
    pub(super) async fn remembered(&self, document: &Document, live: &Live) -> Result<Observed, Stop> {
        let store = &self.worker.store;
        let markers = store.markers_of_document(&document.key).await?;
        // Bodies are copied by people: the oldest issue with a marker is the item's.
        let marked: HashMap<&ItemKey, &IssueMarker> = markers.iter().rev().map(|marker| (&marker.item, marker)).collect();
        let mut also_asked_by: HashMap<ItemKey, Vec<plan::AlsoAskedBy>> = HashMap::new();
        for (item, asker) in store.other_askers(&document.key).await? {
            also_asked_by.entry(item).or_default().push(asker);
        }
        let mut tracked = Vec::new();
        let mut seen: HashSet<ItemKey> = HashSet::new();
        for item in store.load_document(&document.key).await?.map(|(_, items)| items).unwrap_or_default() {
            let marker = marked.get(&item.reading.key).copied();
            seen.insert(item.reading.key.clone());
            let filing = match (&item.issue, &item.filing, marker) {
                (Some(issue), filing, _) => {
                    let tracked = TrackedIssue { adopted: *filing == store::Filing::Adopted, ..remembered_issue(issue) };
                    let mut filed = live.filed(tracked);
                    filed.on_board = item.board_item.is_some();
                    filed.in_parent = item.in_parent;
                    filed.seen = Some(state(issue.state));
                    filed.wrote_title = Some(issue.title.clone());
                    filed.shared = also_asked_by.contains_key(&item.reading.key);
                    Filing::Filed(Box::new(filed))
                }
                // Its request's answer was lost on the way: what comes after it was never begun.
                (None, filing, Some(marker)) => {
                    let mut filed = live.filed(marked_issue(document, marker));
                    filed.on_board = !matches!(filing, store::Filing::Sending { .. });
                    filed.in_parent = filed.on_board;
                    Filing::Filed(Box::new(filed))
                }
                (None, store::Filing::Sending { since, .. }, None) if self.worker.now() < settled_at(*since) => Filing::Sending,
                (None, _, None) => Filing::NotFiled,
            };
            tracked.push(Tracked {
                key: item.reading.key,
                text: item.reading.text,
                group: item.reading.group,
                present: item.present,
                followed: item.followed,
                proposed_in: item.proposed_in,
                left_alone: item.left_alone && !self.asked_for_all,
                filing,
            });
        }
        for marker in &markers {
            // An item that went to another document keeps the old marker until its issue is written anew.
            let elsewhere = store.documents_of_node(&marker.node).await?.iter().any(|found| found.document != document.key);
            if !elsewhere && seen.insert(marker.item.clone()) {
                // After the loss of the database: whether people took it off the board is not known, so it is left alone.
                tracked.push(Tracked {
                    key: marker.item.clone(),
                    text: marker.title.clone(),
                    group: None,
                    present: true,
                    followed: None,
                    proposed_in: None,
                    left_alone: false,
                    filing: Filing::Filed(Box::new(live.filed(marked_issue(document, marker)))),
                });
            }
        }
        for order in store.item_orders(&document.key).await? {
            // By which a reworded item is known to be the one that the order is about.
            if !order.text.is_empty() && seen.insert(order.item.clone()) {
                tracked.push(Tracked {
                    key: order.item,
                    text: order.text,
                    group: order.group,
                    present: true,
                    followed: None,
                    proposed_in: None,
                    left_alone: false,
                    filing: Filing::NotFiled,
                });
            }
        }
        let (skipped, adopted) = self.ordered(&document.key).await?;
        Ok(Observed { tracked, also_asked_by, skipped, adopted, ..Observed::default() })
    }

    /// Items that somebody ordered to be skipped, and why; issues that somebody ordered to be adopted.
    async fn ordered(&self, document: &DocumentKey) -> Result<(HashMap<ItemKey, String>, HashMap<ItemKey, IssueRef>), Stop> {
        let (mut skipped, mut adopted) = (HashMap::new(), HashMap::new());
        for order in self.worker.store.item_orders(document).await? {
            match order.order {
                Order::Skip { reason } => drop(skipped.insert(order.item, reason)),
                Order::Adopt { issue } => drop(adopted.insert(order.item, issue)),
            }
        }
        Ok((skipped, adopted))
    }

    /// Issues that only their markers tell of become the ledger's: the database was lost, or an answer was. Requests that
    /// were begun and had no effect may be sent again.
    pub(super) async fn remember_marked(&self, document: &Document, places: &Places, lease: &Lease) -> Result<(), Stop> {
        let store = &self.worker.store;
        let Some((_, items)) = store.load_document(&document.key).await? else { return Ok(()) };
        for item in items.iter().filter(|item| item.issue.is_none()) {
            let markers = store.markers_of_item(&document.key, &item.reading.key).await?;
            let Some(marker) = markers.first() else {
                if matches!(item.filing, store::Filing::Sending { .. }) && !places.targets.is_empty() {
                    store.reset_filing(lease, &document.key, &item.reading.key).await?;
                }
                continue;
            };
            let name = places.targets.values().find(|target| target.repository.id == marker.repository);
            let name = name.map_or(&document.repository, |target| &target.repository.name);
            let issue = store::TrackedIssue {
                repository: marker.repository,
                name: name.clone(),
                number: marker.number,
                node: marker.node.clone(),
                url: crate::render::links::issue(&self.web_root(), name, marker.number),
                title: marker.title.clone(),
                body_digest: String::new(),
                state: marker.state,
            };
            if !matches!(item.filing, store::Filing::Sending { .. }) {
                // First, so that there is no moment at which the issue seems to wait for its place.
                store.record_board_item(&document.key, &item.reading.key, &NodeId::new(LEFT_ALONE)).await?;
                store.record_sub_issue(&document.key, &item.reading.key).await?;
            }
            store.record_issue(&document.key, &item.reading.key, &issue, store::Origin::Filed).await?;
        }
        Ok(())
    }

    /// The logins that may become assignees, in lower case: the owners in the document, and those whom routes name.
    fn logins<'a>(&'a self, document: &'a Document) -> impl Iterator<Item = String> + 'a {
        let owners = document.reading.action_items.iter().flat_map(|item| &item.owners).filter_map(|owner| match owner {
            Owner::Login(login) => Some(login.to_lowercase()),
            Owner::Team { .. } | Owner::Name(_) => None,
        });
        let of_routes = self.settings.routes.iter().flat_map(|route| &route.assign).map(|login| login.as_str().to_lowercase());
        owners.chain(of_routes)
    }
}

impl Live {
    /// What is known of an issue, with what was read of it.
    fn filed(&self, remembered: TrackedIssue) -> Filed {
        let mut filed = Filed::new(remembered);
        match self.issues.get(&filed.issue.id) {
            Some(Some(snapshot)) => {
                let on_boards = || snapshot.board_items.iter();
                let archived = on_boards().next().filter(|_| on_boards().all(|item| item.archived));
                let status = archived.map(|_| "archived".to_owned()).or_else(|| on_boards().find_map(status_of));
                filed.history = self.histories.get(&snapshot.id).copied();
                filed.body = Some(snapshot.body.clone()).filter(|_| !filed.issue.adopted);
                filed.repository_id = Some(snapshot.repository_id);
                filed.issue = TrackedIssue {
                    issue: snapshot.issue.clone(),
                    id: snapshot.id.clone(),
                    url: snapshot.url.clone(),
                    title: snapshot.title.clone(),
                    state: state(stored_state(snapshot.state, snapshot.state_reason.as_deref())),
                    status,
                    assignees: snapshot.assignees.clone(),
                    ..filed.issue
                };
            }
            Some(None) => filed.issue.deleted = true,
            None => {}
        }
        filed
    }
}

/// Whether something may go somewhere, so that the places are worth asking for.
fn wants_places(draft: &Plan, observed: &Observed) -> bool {
    let acts = draft
        .actions
        .iter()
        .any(|action| matches!(action.kind, ActionKind::OpenIssue(_) | ActionKind::AdoptIssue(_) | ActionKind::UpdateIssue(_)));
    let cardless = observed.tracked.iter().any(|tracked| {
        let waits =
            matches!(&tracked.filing, Filing::Filed(filed) if !filed.on_board) && tracked.followed == Some(Followed::Open);
        let is_tracking = tracked.key == identity::tracking_key(&draft.document);
        tracked.filing == Filing::Sending || (waits && !is_tracking)
    });
    acts || cardless || draft.settled.iter().any(|settled| settled.why == plan::Why::Filing)
}

fn status_of(item: &graphql::BoardItem) -> Option<String> {
    item.values.iter().find(|value| value.field_name == "Status").and_then(|value| value.shown.clone())
}

fn history_of(history: &IssueHistory, our_login: &str, moved: bool) -> History {
    let theirs = |actor: &Option<graphql::Actor>| actor.as_ref().is_none_or(|actor| !actor.login.eq_ignore_ascii_case(our_login));
    let acts = history.acts.iter().filter(|act| theirs(&act.actor));
    let state_changed_at =
        acts.filter(|act| matches!(act.kind, ActKind::Closed { .. } | ActKind::Reopened)).map(|act| act.at).max();
    History { touched: moved || history.people_touched(our_login), state_changed_at }
}

/// The ledger's issue.
fn remembered_issue(issue: &store::TrackedIssue) -> TrackedIssue {
    TrackedIssue {
        issue: issue.issue_ref(),
        id: issue.node.clone(),
        url: issue.url.clone(),
        title: issue.title.clone(),
        state: state(issue.state),
        adopted: false,
        deleted: false,
        status: None,
        assignees: Vec::new(),
    }
}

fn marked_issue(document: &Document, marker: &IssueMarker) -> TrackedIssue {
    let name = &document.repository;
    let root = document.url.as_deref().map(super::web_root).unwrap_or_default();
    TrackedIssue {
        url: crate::render::links::issue(&root, name, marker.number),
        issue: IssueRef::new(name.clone(), marker.number),
        id: marker.node.clone(),
        title: marker.title.clone(),
        state: state(marker.state),
        adopted: false,
        deleted: false,
        status: None,
        assignees: Vec::new(),
    }
}

pub(super) fn stored(state: IssueState) -> store::IssueState {
    match state {
        IssueState::Open => store::IssueState::Open,
        IssueState::Completed => store::IssueState::Completed,
        IssueState::NotPlanned => store::IssueState::NotPlanned,
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

fn assignable(target: &LoadedTarget, login: &str) -> bool {
    target.people.get(login).is_some_and(|person| person.assignable)
}
