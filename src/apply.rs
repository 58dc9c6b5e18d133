//! Does what a plan says, action by action, and nothing else.
//!
//! Every step can be repeated after being cut off at any point: a request that opens issues is announced in the ledger
//! before it is sent and recorded after it was answered, so that what was announced and not recorded is looked up on
//! GitHub (by its marker) before anything is sent again. All other steps look first.
//!
//! Accepted race: a person who moves a new issue on the board in the seconds between its adding and the setting of its
//! fields may see the fields set once over the move. After a crash, only fields that are still empty are set.

mod existing;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{
    board::{self, FieldValueToSet},
    github::{
        Error, GitHub, Installation,
        graphql::{
            BoardAdd, BoardItem, BoardValue, FieldValue, FieldWrite, ISSUES_PER_REQUEST, IssueSnapshot, LoadedTarget, NewIssue,
            NewLabel,
        },
    },
    ids::{ItemKey, NodeId, RepositoryName},
    jobs::{Clock, Stop, Worker, documents::LEASE},
    plan::{ActionKind, AdoptIssue, OpenIssue, Placement, Plan, Problem, identity, marker},
    store::{self, Lease, Store},
};

/// The colour of labels that are made here; people change it as they like.
const LABEL_COLOUR: &str = "5319e7";

/// What applying needs.
pub struct Tools<'a> {
    github: &'a GitHub,
    installation: &'a Installation,
    store: &'a Store,
    clock: &'a Clock,
}

impl<'a> Tools<'a> {
    pub fn of(worker: &'a Worker, installation: &'a Installation) -> Self {
        Self { github: &worker.github, installation, store: &worker.store, clock: &worker.clock }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// An issue that is read back and, where it wants one, given its place on the board.
struct Placing<'a> {
    item: &'a ItemKey,
    issue: NodeId,
    placement: Option<&'a Placement>,
    /// What was asked for, when this very run opened it; nobody has touched it since.
    opened: Option<&'a OpenIssue>,
}

/// What came of applying a plan.
#[derive(Debug, Default)]
pub struct Applied {
    /// What GitHub refused for good, for people to see.
    pub problems: Vec<Problem>,
    /// The actions that were done, by their place in the plan.
    pub done: HashSet<usize>,
    /// Issues that were read back, with their places on the board.
    pub placed: Vec<IssueSnapshot>,
}

/// Executes `plan`. What is refused for good is told; the rest of the plan is done all the same. `targets`: the repositories
/// that it opens issues in.
///
/// # Errors
///
/// [`Stop`] when the rest has to wait: GitHub asks for patience or cannot be reached, an answer was lost, the lease is
/// gone. What was done is recorded; planning and applying again goes on from there.
pub async fn apply(
    tools: &Tools<'_>,
    plan: &Plan,
    targets: &HashMap<RepositoryName, LoadedTarget>,
    lease: &Lease,
) -> Result<Applied, Stop> {
    let mut applying =
        Applying { tools, plan, targets, lease, applied: Applied::default(), placings: Vec::new(), labels: HashMap::new() };
    applying.open().await?;
    for (action, adopt) in plan.adoptions() {
        applying.adopt(&action.item, adopt).await?;
    }
    for action in &plan.actions {
        if let ActionKind::AddToBoard(add) = &action.kind {
            applying.placings.push(Placing {
                item: &action.item,
                issue: add.issue.id.clone(),
                placement: Some(&add.board),
                opened: None,
            });
        }
    }
    applying.place().await?;
    applying.add_sub_issues().await?;
    applying.update().await?;
    applying.comment_and_move().await?;
    Ok(applying.applied)
}

struct Applying<'a> {
    tools: &'a Tools<'a>,
    plan: &'a Plan,
    targets: &'a HashMap<RepositoryName, LoadedTarget>,
    lease: &'a Lease,
    applied: Applied,
    placings: Vec<Placing<'a>>,
    /// The ids of labels, by repository and lower-case name.
    labels: HashMap<(RepositoryName, String), NodeId>,
}

impl<'a> Applying<'a> {
    async fn open(&mut self) -> Result<(), Stop> {
        let plan = self.plan;
        let opens: Vec<(&ItemKey, &OpenIssue)> = plan.opens().map(|(action, open)| (&action.item, open)).collect();
        if opens.is_empty() {
            return Ok(());
        }
        self.ensure_labels(&opens).await?;
        let tracking = identity::tracking_key(&plan.document);
        // The parent comes first, alone: its children name it.
        let (parent, children): (Vec<_>, Vec<_>) = opens.into_iter().partition(|(item, _)| **item == tracking);
        self.open_chunk(&parent).await?;
        let mut repositories: Vec<&RepositoryName> = Vec::new();
        for (_, open) in &children {
            if !repositories.contains(&&open.repository) {
                repositories.push(&open.repository);
            }
        }
        for repository in repositories {
            let there: Vec<_> = children.iter().copied().filter(|(_, open)| open.repository == *repository).collect();
            for chunk in there.chunks(ISSUES_PER_REQUEST) {
                self.open_chunk(chunk).await?;
            }
        }
        Ok(())
    }

    /// The labels that the new issues get are there; those that are missing are made.
    async fn ensure_labels(&mut self, opens: &[(&ItemKey, &OpenIssue)]) -> Result<(), Stop> {
        for (name, target) in self.targets {
            let known = target.labels.iter().map(|(label, id)| ((name.clone(), label.to_lowercase()), id.clone()));
            self.labels.extend(known);
            let mut missing: Vec<NewLabel> = Vec::new();
            for label in opens.iter().filter(|(_, open)| open.repository == *name).flat_map(|(_, open)| &open.labels) {
                let is_known = self.labels.contains_key(&(name.clone(), label.to_lowercase()));
                if !is_known && !missing.iter().any(|known| known.name.eq_ignore_ascii_case(label)) {
                    missing.push(NewLabel { name: label.clone(), color: LABEL_COLOUR.to_owned(), description: String::new() });
                }
            }
            if missing.is_empty() {
                continue;
            }
            let made = self.tools.installation.create_labels(&target.repository.node_id, &missing).await;
            for (label, made) in missing.into_iter().zip(made) {
                match made {
                    Ok(id) => {
                        self.labels.insert((name.clone(), label.name.to_lowercase()), id);
                    }
                    Err(error) if error.is_permanent() => self.say(
                        format!("The label `{}` could not be created: {error}.", label.name),
                        "Create it by hand, or change `file.labels` in `.github/followthrough.yml`.",
                    ),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    async fn open_chunk(&mut self, chunk: &[(&'a ItemKey, &'a OpenIssue)]) -> Result<(), Stop> {
        let (store, document) = (self.tools.store, &self.plan.document);
        let Some(target) = chunk.first().and_then(|(_, open)| self.targets.get(&open.repository)) else { return Ok(()) };
        store.renew_lease(self.lease, LEASE, self.tools.now()).await?;
        let parent = self.tracking_issue().await?;
        let milestone = match chunk.first().and_then(|(_, open)| open.milestone.as_ref()) {
            Some(title) => self.tools.installation.find_milestone(&target.repository.name, title).await?,
            None => None,
        };
        let keys: Vec<ItemKey> = chunk.iter().map(|(key, _)| (*key).clone()).collect();
        let attempt = uuid::Uuid::now_v7().to_string();
        let allowed = store.begin_filing(self.lease, document, &keys, &attempt, self.tools.now()).await?;
        let chunk: Vec<_> = chunk.iter().filter(|(key, _)| allowed.contains(key)).collect();
        let issues: Vec<NewIssue> =
            chunk.iter().map(|(_, open)| self.new_issue(open, target, parent.as_ref(), milestone.as_ref())).collect();
        let answers = self.tools.installation.create_issues(&issues).await;
        let mut stop = None;
        for ((key, open), answer) in chunk.into_iter().zip(answers) {
            match answer {
                Ok(created) => {
                    let issue = store::TrackedIssue {
                        repository: target.repository.id,
                        name: open.repository.clone(),
                        number: created.number,
                        node: created.id.clone(),
                        url: created.url,
                        title: open.title.clone(),
                        body_digest: digest(&open.body),
                        state: store::IssueState::Open,
                    };
                    store.record_issue(document, key, &issue, store::Origin::Filed).await?;
                    if open.in_parent && parent.is_some() {
                        store.record_sub_issue(document, key).await?;
                    }
                    metrics::counter!("followthrough_issues_opened_total").increment(1);
                    self.placings.push(Placing {
                        item: key,
                        issue: created.id,
                        placement: open.board.as_ref(),
                        opened: Some(open),
                    });
                }
                // Its answer is lost: it stays announced, and is looked up before anything is sent again.
                Err(error) if error.is_unknown() => stop = Some(error),
                Err(error) => {
                    store.reset_filing(self.lease, document, key).await?;
                    if error.is_permanent() {
                        let reason = error.to_string();
                        store.record_filing_failure(document, key, &reason).await?;
                        self.applied.problems.push(Problem {
                            lines: self.plan.item(key).map(|item| item.lines),
                            message: format!("GitHub refused to open this issue: {reason}."),
                            help: "Mend the cause, then re-run the check to try again.".to_owned(),
                        });
                    } else if stop.is_none() {
                        stop = Some(error);
                    }
                }
            }
        }
        stop.map_or(Ok(()), |error| Err(error.into()))
    }

    fn new_issue(
        &self,
        open: &OpenIssue,
        target: &LoadedTarget,
        parent: Option<&NodeId>,
        milestone: Option<&NodeId>,
    ) -> NewIssue {
        let person = |login: &String| target.people.get(&login.to_lowercase()).filter(|person| person.assignable);
        let label = |label: &String| self.labels.get(&(open.repository.clone(), label.to_lowercase())).cloned();
        NewIssue {
            repository_id: target.repository.node_id.clone(),
            title: open.title.clone(),
            body: open.body.clone(),
            label_ids: open.labels.iter().filter_map(label).collect(),
            assignee_ids: open.assignees.iter().filter_map(person).map(|person| person.id.clone()).collect(),
            issue_type_id: open.issue_type.as_ref().and(target.issue_type.clone()),
            milestone_id: open.milestone.as_ref().and(milestone.cloned()),
            parent: parent.filter(|_| open.in_parent).cloned(),
            project_ids: open.board.iter().map(|placement| placement.project.clone()).collect(),
        }
    }

    /// The document's tracking issue, where it has one.
    async fn tracking_issue(&self) -> Result<Option<NodeId>, Stop> {
        let key = identity::tracking_key(&self.plan.document);
        let items = self.tools.store.load_document(&self.plan.document).await?.map(|(_, items)| items).unwrap_or_default();
        let tracking = items.into_iter().find(|item| item.reading.key == key);
        if let Some(issue) = tracking.and_then(|item| item.issue) {
            return Ok(Some(issue.node));
        }
        // After the loss of the database only its marker tells of it.
        let markers = self.tools.store.markers_of_item(&self.plan.document, &key).await?;
        Ok(markers.into_iter().next().map(|marker| marker.node))
    }

    /// The comment with the link back, once; the labels that are missing; the ledger's note.
    async fn adopt(&mut self, item: &'a ItemKey, adopt: &'a AdoptIssue) -> Result<(), Stop> {
        match self.link_back(adopt).await {
            Ok(()) => {}
            Err(error) if error.is_permanent() => {
                self.applied.problems.push(Problem {
                    lines: self.plan.item(item).map(|item| item.lines),
                    message: format!("{} could not be linked back: {error}.", adopt.issue),
                    help: "Check that the App may write there and that the issue is not locked.".to_owned(),
                });
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
        let issue = store::TrackedIssue {
            repository: adopt.repository_id,
            name: adopt.issue.repository.clone(),
            number: adopt.issue.number,
            node: adopt.id.clone(),
            url: adopt.url.clone(),
            title: adopt.title.clone(),
            body_digest: String::new(),
            state: if adopt.closed { store::IssueState::Completed } else { store::IssueState::Open },
        };
        self.tools.store.record_issue(&self.plan.document, item, &issue, store::Origin::Adopted).await?;
        if let Some(placement) = &adopt.board {
            self.placings.push(Placing { item, issue: adopt.id.clone(), placement: Some(placement), opened: None });
        }
        Ok(())
    }

    async fn link_back(&self, adopt: &AdoptIssue) -> Result<(), Error> {
        let (repository, number) = (&adopt.issue.repository, adopt.issue.number);
        let login = self.tools.github.app().await?.bot_login;
        let wanted = marker::parse(&adopt.comment);
        let comments = self.tools.installation.list_comments(repository, number).await?;
        let linked =
            comments.iter().any(|comment| comment.author.as_deref() == Some(&login) && marker::parse(&comment.body) == wanted);
        if linked {
            return Ok(());
        }
        // Before the comment, which tells that both were done: labels that people took off since stay off.
        if !adopt.labels.is_empty() {
            self.tools.installation.add_labels(repository, number, &adopt.labels).await?;
        }
        self.tools.installation.create_comment(repository, number, &adopt.comment).await?;
        Ok(())
    }

    /// Reads the issues back, puts those on the board that are not there, sets their fields, and notes their places.
    async fn place(&mut self) -> Result<(), Stop> {
        let placings = std::mem::take(&mut self.placings);
        if placings.is_empty() {
            return Ok(());
        }
        self.tools.store.renew_lease(self.lease, LEASE, self.tools.now()).await?;
        let items = self.ensure_on_board(&placings).await?;
        let mut writes: Vec<(&FieldValueToSet, FieldWrite)> = Vec::new();
        for (placing, item) in placings.iter().zip(&items) {
            let (Some((item, added_now)), Some(placement)) = (item, placing.placement) else { continue };
            for field in &placement.fields {
                let empty = !item.values.iter().any(|value| value.field.as_str() == field.field_id);
                if placing.opened.is_some() || *added_now || empty {
                    writes.push((
                        field,
                        FieldWrite {
                            project: item.project.clone(),
                            item: item.item.clone(),
                            field: NodeId::new(field.field_id.clone()),
                            value: wire_value(&field.value),
                        },
                    ));
                }
            }
        }
        let requests: Vec<FieldWrite> = writes.iter().map(|(_, write)| write.clone()).collect();
        let written = self.tools.installation.set_board_fields(&requests).await;
        let mut stop = None;
        for ((field, write), written) in writes.iter().zip(written) {
            match written {
                Ok(written) if written.value.as_ref() == Some(&write.value) => {}
                Ok(_) => self.say(
                    format!("The board did not keep the value of its field `{}`.", field.field_name),
                    "Check the board's own workflows: one of them may set that field too.",
                ),
                Err(error) if error.is_permanent() => self.say(
                    format!("The board's field `{}` could not be set: {error}.", field.field_name),
                    "Check the field and its options against `board` in `.github/followthrough.yml`.",
                ),
                Err(error) => stop = Some(error),
            }
        }
        if let Some(error) = stop {
            return Err(error.into());
        }
        for (placing, item) in placings.iter().zip(&items) {
            if let Some((item, _)) = item {
                let is_set = |field: &FieldValueToSet| {
                    field.field_name == board::STATUS
                        && writes.iter().any(|(_, write)| write.item == item.item && write.field.as_str() == field.field_id)
                };
                let column = placing.placement.and_then(|placement| placement.fields.iter().find(|field| is_set(field)));
                if let Some(snapshot) = self.applied.placed.iter_mut().find(|snapshot| snapshot.id == placing.issue) {
                    let mut item = item.clone();
                    if let Some(column) = column {
                        item.values.retain(|value| value.field_name != column.field_name);
                        item.values.push(BoardValue {
                            field: NodeId::new(column.field_id.clone()),
                            field_name: column.field_name.clone(),
                            value: wire_value(&column.value),
                            shown: placing.placement.and_then(|placement| placement.status.clone()),
                        });
                    }
                    snapshot.board_items.retain(|known| known.item != item.item);
                    snapshot.board_items.push(item);
                }
                self.tools.store.record_board_item(&self.plan.document, placing.item, &item.item).await?;
            }
        }
        Ok(())
    }

    /// Each issue's place on its board, and whether it was added just now; `None` where it cannot be added.
    async fn ensure_on_board(&mut self, placings: &[Placing<'_>]) -> Result<Vec<Option<(BoardItem, bool)>>, Stop> {
        let ids: Vec<NodeId> = placings.iter().map(|placing| placing.issue.clone()).collect();
        let mut items = Vec::new();
        for (placing, snapshot) in placings.iter().zip(self.tools.installation.read_issues(&ids).await?) {
            let found = match snapshot {
                Ok(snapshot) => {
                    self.compare(placing, &snapshot);
                    self.applied.placed.push(snapshot.clone());
                    let project = placing.placement.map(|placement| &placement.project);
                    snapshot.board_items.into_iter().find(|item| Some(&item.project) == project)
                }
                // New issues are not visible everywhere at once (GITHUB §1.4).
                Err(Error::NotFound { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            items.push(found.map(|item| (item, false)));
        }
        let mut missing = Vec::new();
        for (place, placing) in items.iter_mut().zip(placings) {
            if let (None, Some(placement)) = (&place, placing.placement) {
                let add = BoardAdd { project: placement.project.clone(), content: placing.issue.clone() };
                missing.push((place, add));
            }
        }
        let adds: Vec<BoardAdd> = missing.iter().map(|(_, add)| add.clone()).collect();
        if adds.is_empty() {
            return Ok(items);
        }
        let added = self.tools.installation.add_board_items(&adds).await;
        for ((place, add), added) in missing.into_iter().zip(added) {
            match added {
                Ok(item) => *place = Some((BoardItem { project: add.project, item, archived: false, values: Vec::new() }, true)),
                Err(Error::NotFound { message }) => return Err(Error::Transient { message }.into()),
                Err(error) if error.is_permanent() => self.say(
                    format!("Issues could not be added to the board: {error}."),
                    "Check that the App has the organization permission “Projects: Read and write”.",
                ),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(items)
    }

    /// GitHub drops labels and assignees in silence where the App may not set them (GITHUB §2.1).
    fn compare(&mut self, placing: &Placing<'_>, snapshot: &IssueSnapshot) {
        let Some(open) = placing.opened else { return };
        let lacks = |wanted: &[String], has: &[String]| {
            wanted.iter().any(|name| !has.iter().any(|other| other.eq_ignore_ascii_case(name)))
        };
        let labels: Vec<String> = open
            .labels
            .iter()
            .filter(|label| self.labels.contains_key(&(open.repository.clone(), label.to_lowercase())))
            .cloned()
            .collect();
        if lacks(&labels, &snapshot.labels) {
            self.say(
                "GitHub did not keep all labels of the new issues.".to_owned(),
                "Check that the App has write access to issues.",
            );
        }
        if lacks(&open.assignees, &snapshot.assignees) {
            self.say(
                "GitHub did not keep all assignees of the new issues.".to_owned(),
                "Check that the owners have access to the repository.",
            );
        }
    }

    /// Says something about the whole plan, once.
    fn say(&mut self, message: String, help: &str) {
        let problem = Problem { lines: None, message, help: help.to_owned() };
        if !self.applied.problems.contains(&problem) {
            self.applied.problems.push(problem);
        }
    }
}

fn wire_value(value: &board::FieldValue) -> FieldValue {
    match value {
        board::FieldValue::Text(text) => FieldValue::Text(text.clone()),
        board::FieldValue::Number(number) => FieldValue::Number(*number),
        board::FieldValue::Date(date) => FieldValue::Date(*date),
        board::FieldValue::SingleSelect(option) => FieldValue::SingleSelect(option.clone()),
        board::FieldValue::Iteration(iteration) => FieldValue::Iteration(iteration.clone()),
    }
}

fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}
