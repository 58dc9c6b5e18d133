//! Does what a plan says, action by action, and nothing else.
//!
//! Every step can be repeated after being cut off at any point: a request that opens issues is announced in the ledger
//! before it is sent and recorded after it was answered, so that what was announced and not recorded is looked up on
//! GitHub (by its marker) before anything is sent again. All other steps are made idempotent by looking first.
//!
//! Accepted races: a person who moves a new issue on the board in the seconds between its adding and the setting of its
//! fields may see the fields set once over the move. After a crash, only fields that are still empty are set.

use std::collections::HashMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{
    github::{self, BoardItem, FieldWrite, Installation, NewIssue, TargetView},
    ids::{ItemKey, NodeId},
    jobs::{Clock, Stop, Worker, follow_pull_request::LEASE},
    plan::{ActionKind, AddToBoard, AdoptIssue, OpenIssue, Placement, Plan, Problem, marker},
    store::{self, Lease, Store},
};

/// Issues opened by one request (GITHUB §7, column D): few enough to stay under GitHub's ten seconds.
const OPEN_AT_ONCE: usize = 5;

/// What applying needs.
pub struct Tools<'a> {
    installation: &'a Installation,
    store: &'a Store,
    clock: &'a Clock,
}

impl<'a> Tools<'a> {
    pub fn of(worker: &'a Worker, installation: &'a Installation) -> Self {
        Self { installation, store: &worker.store, clock: &worker.clock }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// An issue that wants its place on the board.
struct Placing<'a> {
    item: &'a ItemKey,
    issue: NodeId,
    placement: &'a Placement,
    /// Opened by this very run: nobody has touched its fields.
    fresh: bool,
}

/// Executes `plan`. Gives what GitHub refused for good, for people to see; the rest of the plan was done all the same.
///
/// # Errors
///
/// [`Stop`] when the rest has to wait: GitHub asks for patience or cannot be reached, an answer was lost, the lease is
/// gone. What was done is recorded; planning and applying again goes on from there.
pub async fn apply(tools: &Tools<'_>, plan: &Plan, target: &TargetView, lease: &Lease) -> Result<Vec<Problem>, Stop> {
    let mut problems = Vec::new();
    let mut placings = Vec::new();
    if !plan.is_empty() {
        let labels = ensure_labels(tools, plan, target, &mut problems).await?;
        open(tools, plan, target, &labels, lease, &mut problems, &mut placings).await?;
        for (action, adopt) in plan.adoptions() {
            adopt_issue(tools, plan, &action.item, adopt, &mut problems).await?;
            if let Some(placement) = &adopt.board {
                placings.push(Placing { item: &action.item, issue: adopt.id.clone(), placement, fresh: false });
            }
        }
        for action in &plan.actions {
            if let ActionKind::AddToBoard(add) = &action.kind {
                let AddToBoard { issue, board } = add.as_ref();
                placings.push(Placing { item: &action.item, issue: issue.id.clone(), placement: board, fresh: false });
            }
        }
    }
    place(tools, plan, &placings, lease, &mut problems).await?;
    Ok(problems)
}

/// The ids of the labels that the plan's new issues get; those that are missing are created.
async fn ensure_labels(
    tools: &Tools<'_>,
    plan: &Plan,
    target: &TargetView,
    problems: &mut Vec<Problem>,
) -> Result<HashMap<String, NodeId>, Stop> {
    let mut ids = target.labels.clone();
    let mut missing: Vec<String> = Vec::new();
    for (_, open) in plan.opens() {
        for label in &open.labels {
            if !ids.contains_key(&label.to_lowercase()) && !missing.iter().any(|known| known.eq_ignore_ascii_case(label)) {
                missing.push(label.clone());
            }
        }
    }
    let Some(repository) = target.repository_node.as_ref().filter(|_| !missing.is_empty()) else { return Ok(ids) };
    for (label, created) in missing.iter().zip(tools.installation.create_labels(repository, &missing).await?) {
        match created {
            Ok(id) => {
                ids.insert(label.to_lowercase(), id);
            }
            Err(error) if error.is_permanent() => problems.push(Problem {
                lines: None,
                message: format!("The label `{label}` could not be created: {error}."),
                help: "Create it by hand, or change `file.labels`.".to_owned(),
            }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ids)
}

async fn open<'a>(
    tools: &Tools<'_>,
    plan: &'a Plan,
    target: &TargetView,
    labels: &HashMap<String, NodeId>,
    lease: &Lease,
    problems: &mut Vec<Problem>,
    placings: &mut Vec<Placing<'a>>,
) -> Result<(), Stop> {
    let Some(repository) = target.repository_node.as_ref() else { return Ok(()) };
    let opens: Vec<(&ItemKey, &OpenIssue)> = plan.opens().map(|(action, open)| (&action.item, open)).collect();
    for chunk in opens.chunks(OPEN_AT_ONCE) {
        tools.store.renew_lease(lease, LEASE, tools.now()).await?;
        let keys: Vec<ItemKey> = chunk.iter().map(|(key, _)| (*key).clone()).collect();
        let attempt = uuid::Uuid::now_v7().to_string();
        let allowed = tools.store.begin_filing(lease, &plan.document, &keys, &attempt, tools.now()).await?;
        let chunk: Vec<&(&ItemKey, &OpenIssue)> = chunk.iter().filter(|(key, _)| allowed.contains(key)).collect();
        if chunk.is_empty() {
            continue;
        }
        let wanted: Vec<NewIssue> = chunk.iter().map(|(_, open)| new_issue(open, repository, target, labels)).collect();
        let answers = match tools.installation.create_issues(&wanted).await {
            Ok(answers) => answers,
            Err(error) => {
                if !error.is_unknown() {
                    for key in &allowed {
                        tools.store.reset_filing(lease, &plan.document, key).await?;
                    }
                }
                return Err(error.into());
            }
        };
        let mut stop = None;
        for ((key, open), answer) in chunk.into_iter().zip(answers) {
            match answer {
                Ok(created) => {
                    let issue = store::TrackedIssue {
                        repository: target.repository_id.unwrap_or(crate::ids::RepositoryId(0)),
                        name: open.repository.clone(),
                        number: created.number,
                        node: created.id.clone(),
                        url: created.url,
                        title: open.title.clone(),
                        body_digest: digest(&open.body),
                        state: store::IssueState::Open,
                    };
                    tools.store.record_issue(&plan.document, key, &issue, false).await?;
                    metrics::counter!("followthrough_issues_opened_total").increment(1);
                    if let Some(placement) = &open.board {
                        placings.push(Placing { item: key, issue: created.id, placement, fresh: true });
                    }
                }
                // Its answer is lost: it stays announced, and is looked up before anything is sent again.
                Err(error) if error.is_unknown() => stop = Some(error),
                Err(error) => {
                    tools.store.reset_filing(lease, &plan.document, key).await?;
                    if error.is_permanent() {
                        let reason = error.to_string();
                        tools.store.record_filing_failure(&plan.document, key, &reason).await?;
                        problems.push(Problem {
                            lines: plan.item(key).map(|item| item.lines),
                            message: format!("GitHub refused to open this issue: {reason}."),
                            help: "Mend the cause; the next push or a re-run of the check tries again.".to_owned(),
                        });
                    } else if stop.is_none() {
                        stop = Some(error);
                    }
                }
            }
        }
        if let Some(error) = stop {
            return Err(error.into());
        }
    }
    Ok(())
}

fn new_issue(open: &OpenIssue, repository: &NodeId, target: &TargetView, labels: &HashMap<String, NodeId>) -> NewIssue {
    NewIssue {
        repository: repository.clone(),
        title: open.title.clone(),
        body: open.body.clone(),
        labels: open.labels.iter().filter_map(|label| labels.get(&label.to_lowercase()).cloned()).collect(),
        assignees: open.assignees.iter().filter_map(|login| target.user_ids.get(&login.to_lowercase()).cloned()).collect(),
        issue_type: open.issue_type.as_ref().and(target.issue_type.clone()),
        parent: None,
        projects: open.board.iter().map(|placement| placement.project.clone()).collect(),
    }
}

/// The comment with the link back, once; the labels that are missing; the ledger's note.
async fn adopt_issue(
    tools: &Tools<'_>,
    plan: &Plan,
    item: &ItemKey,
    adopt: &AdoptIssue,
    problems: &mut Vec<Problem>,
) -> Result<(), Stop> {
    let (repository, number) = (&adopt.issue.repository, adopt.issue.number);
    let comments = tools.installation.list_comments(repository, number).await;
    let adopted = match comments {
        Ok(comments) => {
            let wanted = marker::parse(&adopt.comment);
            let linked = comments.iter().any(|comment| comment.by_this_app && marker::parse(&comment.body) == wanted);
            if linked { Ok(()) } else { tools.installation.create_comment(repository, number, &adopt.comment).await.map(|_| ()) }
        }
        Err(error) => Err(error),
    };
    let labelled = match adopted {
        Ok(()) if !adopt.labels.is_empty() => tools.installation.add_labels(repository, number, &adopt.labels).await,
        other => other,
    };
    match labelled {
        Ok(()) => {}
        Err(error) if error.is_permanent() => {
            problems.push(Problem {
                lines: plan.item(item).map(|item| item.lines),
                message: format!("{} could not be linked back: {error}.", adopt.issue),
                help: "Check that the App may write there and that the issue is not locked.".to_owned(),
            });
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    let Some(repository_id) = tools.installation.repository_id(repository).await? else { return Ok(()) };
    let issue = store::TrackedIssue {
        repository: repository_id,
        name: repository.clone(),
        number,
        node: adopt.id.clone(),
        url: adopt.url.clone(),
        title: adopt.title.clone(),
        body_digest: String::new(),
        state: if adopt.closed { store::IssueState::Completed } else { store::IssueState::Open },
    };
    match tools.store.record_issue(&plan.document, item, &issue, true).await {
        // Another postmortem's item has it as well: both are linked, one is remembered.
        Ok(()) | Err(store::Error::IssueTaken { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Puts issues on the board and sets their fields, then reads everything back.
async fn place(
    tools: &Tools<'_>,
    plan: &Plan,
    placings: &[Placing<'_>],
    lease: &Lease,
    problems: &mut Vec<Problem>,
) -> Result<(), Stop> {
    if placings.is_empty() {
        return Ok(());
    }
    tools.store.renew_lease(lease, LEASE, tools.now()).await?;
    let ids: Vec<NodeId> = placings.iter().map(|placing| placing.issue.clone()).collect();
    let read = tools.installation.read_issues(&ids).await?;
    let mut items: HashMap<&NodeId, BoardItem> = HashMap::new();
    let mut missing: Vec<&Placing<'_>> = Vec::new();
    for (placing, issue) in placings.iter().zip(&read) {
        let there = issue.as_ref().and_then(|issue| issue.board_items.iter().find(|item| item.project == placing.placement.project));
        match there {
            Some(item) => {
                items.insert(&placing.issue, item.clone());
            }
            None => missing.push(placing),
        }
    }
    let added = if missing.is_empty() {
        Vec::new()
    } else {
        let wanted: Vec<(NodeId, NodeId)> =
            missing.iter().map(|placing| (placing.placement.project.clone(), placing.issue.clone())).collect();
        tools.installation.add_board_items(&wanted).await?
    };
    for (placing, added) in missing.iter().zip(added) {
        match added {
            Ok(id) => {
                let project = placing.placement.project.clone();
                items.insert(&placing.issue, BoardItem { id, project, values: Vec::new() });
            }
            Err(error) if error.is_permanent() => say_once(
                problems,
                Problem {
                    lines: None,
                    message: format!("Issues could not be added to the board: {error}."),
                    help: "Check that the App has write access to the organization's projects.".to_owned(),
                },
            ),
            Err(error) => return Err(error.into()),
        }
    }
    let mut writes = Vec::new();
    for placing in placings {
        let Some(item) = items.get(&placing.issue) else { continue };
        for field in &placing.placement.fields {
            let empty = !item.values.iter().any(|(id, value)| *id == field.field_id && !value.is_empty());
            let added_now = placing.fresh || item.values.is_empty();
            if added_now || empty {
                writes.push((placing.item, FieldWrite {
                    project: item.project.clone(),
                    item: item.id.clone(),
                    field: NodeId::new(field.field_id.clone()),
                    name: field.field_name.clone(),
                    value: field.value.clone(),
                }));
            }
        }
    }
    let requests: Vec<FieldWrite> = writes.iter().map(|(_, write)| write.clone()).collect();
    let mut stop: Option<github::Error> = None;
    for ((_, write), written) in writes.iter().zip(tools.installation.set_board_fields(&requests).await?) {
        match written {
            Ok(()) => {}
            Err(error) if error.is_permanent() => say_once(
                problems,
                Problem {
                    lines: None,
                    message: format!("The board's field `{}` could not be set: {error}.", write.name),
                    help: "Check the field and its options against `board` in `.github/followthrough.yml`.".to_owned(),
                },
            ),
            Err(error) => stop = Some(error),
        }
    }
    if let Some(error) = stop {
        return Err(error.into());
    }
    for placing in placings {
        if let Some(item) = items.get(&placing.issue) {
            tools.store.record_board_item(&plan.document, placing.item, &item.id).await?;
        }
    }
    Ok(())
}

fn say_once(problems: &mut Vec<Problem>, problem: Problem) {
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}

fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}
