//! A history as it is played, with what has to hold after every settling.

use std::collections::BTreeMap;

use followthrough::{
    demo::github::{Change, Delivery, FieldSeed, IssueEdit, IssueState, IssueView, PendingDelivery, Project, StateReason},
    plan::marker,
};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{
    Act, Arrival, Step, Way,
    document::{self, LINEAGES, PATHS, Says},
};
use crate::{databases::Database, review::pending, story::OURS, world::World};

const GRACE: &str = "grace-example";
const MOVED: &str = "Waiting for the vendor";

/// An item's issue, and what people made of it.
#[derive(Debug, Default)]
struct Issue {
    number: u64,
    title: Option<String>,
    /// Texts that people wrote into its body.
    words: Vec<String>,
    /// One of them stands inside the marked region.
    inside: bool,
    assignees: Option<Vec<String>>,
    labels: Vec<String>,
    unlabelled: bool,
    comments: Vec<u64>,
    card: Option<&'static str>,
    /// Somebody did what makes an issue people's own.
    touched: bool,
    /// When somebody last closed or reopened it.
    moved_at: Option<Timestamp>,
    /// How that left it, if it was after the last settling.
    moved_to: Option<IssueState>,
    /// When it was settled last.
    state: Option<(IssueState, Option<StateReason>)>,
    said: usize,
}

/// An item of the document through the whole history.
#[derive(Debug)]
struct Lineage {
    /// Its line when it was settled last, or when it was taken out.
    line: Option<String>,
    settled: Says,
    says: Says,
    changed_at: Option<Timestamp>,
    issue: Option<Issue>,
}

pub struct Play<'w> {
    world: &'w mut World,
    database: Database,
    /// Databases that came after the first.
    others: Vec<TempDir>,
    board: Project,
    path: usize,
    notes: usize,
    number: usize,
    lineages: Vec<Lineage>,
    /// When the document was changed last.
    edited_at: Timestamp,
    /// Deliveries wait.
    held: bool,
    /// The database was lost, and the document not read since.
    forgot: bool,
}

impl<'w> Play<'w> {
    pub async fn begin(world: &'w mut World, database: Database, items: usize, links: bool) -> Self {
        let board = world.github.quietly(|| {
            let fields = [FieldSeed::single_select("Status", &["Triage", MOVED]), FieldSeed::date("Due")];
            world.github.add_project("acme", 7, "Postmortem actions", &fields)
        });
        let links = if links { "pull_request" } else { "\"off\"" };
        world.configure(&format!("board:\n  project: {}\n  status: Triage\nlink_back:\n  document: {links}\n", board.url()));
        let fresh = || Lineage { line: None, settled: Says::Nothing, says: Says::Nothing, changed_at: None, issue: None };
        let lineages = (0..LINEAGES).map(|_| fresh()).collect();
        let edited_at = world.github.clock().now();
        let (path, notes, number, others) = (0, 0, 0, Vec::new());
        let mut play =
            Self { world, database, others, board, path, notes, number, lineages, edited_at, held: false, forgot: false };
        let first: Vec<String> = (0..items).map(|lineage| document::line(lineage, 0)).collect();
        play.write(&first, Way::PullRequest).await;
        play.settle().await;
        assert_eq!(play.world.filed().len(), items, "an issue for each item");
        play
    }

    pub async fn step(&mut self, step: Step) {
        self.pass(60);
        self.number += 1;
        match step.act {
            Act::Restart => {
                let database = self.database.clone();
                self.world.restart(&database).await;
            }
            // Under another name a document is not known again without the database, unless its issues are linked.
            Act::Forget if self.path == 0 => self.forget().await,
            Act::Rename => self.rename(),
            Act::MergeLinks | Act::CloseLinks => self.answer_links(step.act),
            act => {
                if let Some(items) = self.edited(act) {
                    self.write(&items, step.way).await;
                } else if let Some(lineage) = concerned(act).map(|of| of % LINEAGES) {
                    self.person(act, lineage);
                }
            }
        }
        self.note_document();
        match step.arrival {
            Arrival::Held => {
                self.held = true;
                return;
            }
            Arrival::InOrder => {}
            Arrival::Reversed => self.world.github.rearrange_pending(|pending| pending.reverse()),
            Arrival::Rotated => self.one_by_one().await,
            Arrival::Doubled => self.doubled(),
            Arrival::Tripled => {
                for delivery in self.take_pending() {
                    self.world.github.send_copies(&delivery, 3).await;
                }
            }
        }
        self.settle().await;
    }

    /// Everything comes to rest, and what was the last news comes once more.
    pub async fn end(&mut self) {
        self.settle().await;
        self.world.settle_for_good().await;
        self.check();
        self.world.github.forget_requests();
        let deliveries = self.world.github.deliveries();
        for event in ["push", "pull_request", "issues", "projects_v2_item"] {
            if let Some(last) = deliveries.iter().rfind(|delivery| delivery.event == event) {
                self.world.github.send(&self.world.github.copy_under_new_guid(&pending(last))).await;
            }
        }
        self.world.settle().await;
        self.world.settle_for_good().await;
        self.check();
        assert_eq!(self.world.writes(), Vec::<String>::new(), "what is settled stays so");
    }

    fn pass(&self, seconds: i64) {
        self.world.github.clock().advance(SignedDuration::from_secs(seconds));
    }

    fn text(&self) -> String {
        self.world.app.file("main", PATHS[self.path]).unwrap_or_default()
    }

    fn items(&self) -> Vec<String> {
        document::items(&self.text())
    }

    /// The items after an edit; `None`: it is no edit, or has nothing to change.
    fn edited(&self, act: Act) -> Option<Vec<String>> {
        let mut items = self.items();
        let pick = |wanted: usize, fits: &dyn Fn(&str) -> bool| {
            let fitting: Vec<usize> = (0..items.len()).filter(|&at| fits(&items[at])).collect();
            fitting.get(wanted.checked_rem(fitting.len())?).copied()
        };
        let read = |line: &str| document::lineage(line).is_some_and(|at| self.lineages[at].settled != Says::Nothing);
        let is_open = |line: &str| document::says(line) == Says::Open;
        match act {
            // What was never read under one wording cannot be known under the next.
            Act::Reword(which) => pick(which, &read).map(|at| items[at] = document::reworded(&items[at]))?,
            Act::Add => {
                let is_new = |&at: &usize| self.lineages[at].line.is_none() && self.lineages[at].says == Says::Nothing;
                items.insert(items.len() / 2, document::line((0..LINEAGES).find(is_new)?, 0));
            }
            Act::Tick(which) => pick(which, &is_open).map(|at| items[at] = document::ticked(&items[at]))?,
            Act::Decline(which) => pick(which, &is_open).map(|at| items[at] = document::declined(&items[at]))?,
            Act::TakeUp(which) => pick(which, &|line| !is_open(line)).map(|at| items[at] = document::taken_up(&items[at]))?,
            Act::Remove(which) => pick(which, &|_| true).map(|at| drop(items.remove(at)))?,
            Act::BringBack(which) => {
                let gone: Vec<&String> = self
                    .lineages
                    .iter()
                    .filter(|known| known.says == Says::Nothing)
                    .filter_map(|known| known.line.as_ref())
                    .collect();
                items.push((*gone.get(which.checked_rem(gone.len())?)?).clone());
            }
            Act::Reorder(by) => {
                let by = by.checked_rem(items.len())?;
                items.rotate_left(by);
            }
            _ => return None,
        }
        Some(items)
    }

    async fn write(&mut self, items: &[String], way: Way) {
        let text = document::text(items, self.notes);
        match way {
            Way::Push => drop(self.world.app.push("main", PATHS[self.path], &text)),
            Way::PullRequest if text == self.text() => {}
            Way::PullRequest => {
                let branch = format!("postmortem-{}", self.number);
                let change = Change::write(PATHS[self.path], text);
                let number = self.world.app.propose("ada-example", &branch, "About the checkout", &[change]);
                if !self.held {
                    self.world.settle().await;
                    self.pass(30);
                }
                self.world.app.merge(number);
            }
        }
        self.edited_at = self.world.github.clock().now();
        self.note_document();
    }

    fn rename(&mut self) {
        let to = 1 - self.path;
        self.world.app.commit("main", "Rename it", &[Change::rename(PATHS[self.path], PATHS[to])]);
        self.path = to;
        self.edited_at = self.world.github.clock().now();
    }

    /// Our pull request with the links is merged, if it is up to date, or closed.
    fn answer_links(&mut self, act: Act) {
        let mut pulls = self.world.app.pull_requests().into_iter();
        let Some(ours) = pulls.rfind(|pull| pull.author == OURS && pull.state == IssueState::Open) else { return };
        if act == Act::CloseLinks {
            return self.world.app.close_pull_request(GRACE, ours.number);
        }
        let said = |text: &str| document::items(text).iter().map(|line| document::wording(line)).collect::<Vec<_>>();
        let before = self.text();
        let proposed = self.world.app.file(&ours.head_branch, PATHS[self.path]).unwrap_or_default();
        if self.held || said(&proposed) != said(&before) {
            return;
        }
        self.world.app.merge(ours.number);
        assert_eq!(said(&self.text()), said(&before), "links change no words");
        self.edited_at = self.world.github.clock().now();
    }

    async fn forget(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        self.database = Database { url: format!("sqlite://{}/empty.db", folder.path().display()) };
        self.others.push(folder);
        let database = self.database.clone();
        self.world.restart(&database).await;
        // What nobody touches is not read again, be it a document or a pull request that showed it.
        let deliveries = self.world.github.deliveries();
        for pull in self.world.app.pull_requests() {
            let about = |one: &&Delivery| one.event == "pull_request" && one.payload["number"] == pull.number;
            if let Some(last) = deliveries.iter().rfind(about) {
                let again = self.world.github.copy_under_new_guid(&pending(last));
                self.world.github.rearrange_pending(|pending| pending.push(again));
            }
        }
        self.notes += 1;
        self.forgot = true;
        let items = self.items();
        self.write(&items, Way::Push).await;
    }

    /// What somebody does to an item's issue.
    fn person(&mut self, act: Act, lineage: usize) {
        let (number, app, now) = (self.number, &self.world.app, self.world.github.clock().now());
        let Some(issue) = self.lineages[lineage].issue.as_mut() else { return };
        let there = app.issue(issue.number);
        let at = (app, issue.number);
        let is_open = there.state == IssueState::Open;
        match act {
            Act::Close(_) if is_open => app.close_issue_because(GRACE, issue.number, StateReason::Completed),
            Act::CloseAsNotPlanned(_) if is_open => app.close_issue_because(GRACE, issue.number, StateReason::NotPlanned),
            Act::Reopen(_) if !is_open => app.reopen_issue_as(GRACE, issue.number),
            Act::Retitle(_) => {
                let title = format!("Grace's title {number}");
                app.edit_issue_as(GRACE, issue.number, IssueEdit { title: Some(title.clone()), body: None });
                issue.title = Some(title);
            }
            Act::WriteBelow(_) => {
                let words = format!("Seen by Grace at {number}.");
                let body = Some(format!("{}\n\n{words}", there.body));
                app.edit_issue_as(GRACE, issue.number, IssueEdit { title: None, body });
                issue.words.push(words);
            }
            Act::WriteInside(_) => {
                let words = format!("Known to Grace since {number}.");
                let body =
                    Some(there.body.replacen("\n<!-- followthrough:end", &format!("\n{words}\n<!-- followthrough:end"), 1));
                app.edit_issue_as(GRACE, issue.number, IssueEdit { title: None, body });
                issue.words.push(words);
                issue.inside = true;
            }
            Act::Assign(_) => {
                let login = if number.is_multiple_of(2) { GRACE } else { "ada-example" };
                app.assign_issue_as(GRACE, issue.number, &[login]);
                issue.touched |= there.assignees != [login];
                issue.assignees = Some(vec![login.to_owned()]);
                return;
            }
            Act::Label(_) => {
                app.label_issue_as(GRACE, issue.number, "mine");
                issue.labels.push("mine".to_owned());
                return;
            }
            Act::Unlabel(_) if there.labels.iter().any(|label| label == "postmortem") => {
                app.unlabel_issue_as(GRACE, issue.number, "postmortem");
                issue.unlabelled = true;
                return;
            }
            Act::Comment(_) => issue.comments.push(app.comment_as(GRACE, issue.number, "I have a branch for this.")),
            Act::MoveCard(_) if issue.card.is_none() => {
                self.board.move_as(GRACE, at, MOVED);
                issue.card = Some(MOVED);
            }
            Act::ArchiveCard(_) if issue.card != Some("archived") => {
                self.board.archive_as(GRACE, at);
                issue.card = Some("archived");
            }
            _ => return,
        }
        issue.touched = true;
        if matches!(act, Act::Close(_) | Act::CloseAsNotPlanned(_) | Act::Reopen(_)) {
            (issue.moved_at, issue.moved_to) = (Some(now), Some(app.issue(issue.number).state));
        }
    }

    /// What the document says now, and when it changed.
    fn note_document(&mut self) {
        let (items, now) = (self.items(), self.world.github.clock().now());
        let mut says: BTreeMap<usize, Says> = BTreeMap::new();
        for line in &items {
            let lineage = document::lineage(line).unwrap();
            assert_eq!(says.insert(lineage, document::says(line)), None, "an item stands once in the document");
        }
        for (at, lineage) in self.lineages.iter_mut().enumerate() {
            let new = says.get(&at).copied().unwrap_or(Says::Nothing);
            if lineage.says != new {
                (lineage.says, lineage.changed_at) = (new, Some(now));
            }
        }
    }

    fn take_pending(&self) -> Vec<PendingDelivery> {
        let mut taken = Vec::new();
        self.world.github.rearrange_pending(|pending| taken = std::mem::take(pending));
        taken
    }

    async fn one_by_one(&self) {
        let mut deliveries = self.take_pending();
        let middle = deliveries.len() / 2;
        deliveries.rotate_left(middle);
        for delivery in deliveries {
            self.world.github.send(&delivery).await;
            self.world.work().await;
        }
    }

    fn doubled(&self) {
        let deliveries = self.take_pending();
        let copies: Vec<PendingDelivery> =
            deliveries.iter().map(|delivery| self.world.github.copy_under_new_guid(delivery)).collect();
        self.world.github.rearrange_pending(|pending| pending.extend(deliveries.into_iter().chain(copies)));
    }

    async fn settle(&mut self) {
        self.world.settle().await;
        self.world.later(120).await;
        self.check();
        let items = self.items();
        for lineage in &mut self.lineages {
            lineage.settled = lineage.says;
        }
        for line in items {
            let at = document::lineage(&line).unwrap();
            self.lineages[at].line = Some(line);
        }
        (self.held, self.forgot) = (false, false);
    }

    /// Everything that has to hold when nothing is under way.
    fn check(&mut self) {
        self.know_issues();
        let wordings: BTreeMap<usize, String> =
            self.items().iter().map(|line| (document::lineage(line).unwrap(), document::wording(line))).collect();
        for (at, lineage) in self.lineages.iter_mut().enumerate() {
            let wanted = lineage.issue.as_ref().and_then(|issue| wanted(lineage, issue, self.edited_at, self.forgot));
            let Some(issue) = &mut lineage.issue else {
                assert!(lineage.says != Says::Open, "an open item has its issue: {}", wordings[&at]);
                continue;
            };
            let there = self.world.app.issue(issue.number);
            check_peoples(&self.world.app, issue, &there);
            check_card(&self.board, issue);
            if issue.title.is_none()
                && !issue.inside
                && let Some(wording) = wordings.get(&at)
            {
                assert_eq!(there.title, *wording, "the title follows");
            }
            let said = ours(&self.world.app, issue.number);
            for pair in said.windows(2) {
                assert_ne!(pair[0], pair[1], "told once");
            }
            let moved = lineage.says != lineage.settled && issue.state.is_some();
            let told = said.len() - issue.said;
            assert!(told <= usize::from(moved), "#{} was told {told} times: {said:#?}", issue.number);
            if let Some(wanted) = wanted {
                assert_eq!(there.state, wanted, "#{} of {:?}: {:#?}", issue.number, lineage.line, there.history);
            }
            (issue.state, issue.moved_to, issue.said) = (Some((there.state, there.state_reason)), None, said.len());
        }
        for pull in self.world.app.pull_requests() {
            let sticky = self.world.app.comments(pull.number).into_iter().filter(|one| marker::is_comment(&one.body)).count();
            let wanted = usize::from(pull.author != OURS);
            assert_eq!(sticky, wanted, "comments of ours on #{}", pull.number);
        }
    }

    /// Every issue that the App opened is one item's, and the only one.
    fn know_issues(&mut self) {
        for there in self.world.filed().into_iter().filter(|issue| issue.author == OURS) {
            if self.lineages.iter().any(|known| known.issue.as_ref().is_some_and(|issue| issue.number == there.number)) {
                continue;
            }
            let at = document::lineage(&there.title).unwrap();
            let lineage = &mut self.lineages[at];
            assert!(lineage.issue.is_none(), "a second issue for an item: {there:#?}");
            lineage.issue = Some(Issue { number: there.number, ..Issue::default() });
        }
    }
}

/// Open or closed, as the newest act has it; `None`: whose that was cannot be told from the document's file.
fn wanted(lineage: &Lineage, issue: &Issue, edited_at: Timestamp, forgot: bool) -> Option<IssueState> {
    let now = issue.moved_to.or(issue.state.map(|(state, _)| state))?;
    let wanted = match lineage.says {
        _ if lineage.says == lineage.settled => return Some(now),
        Says::Nothing if issue.touched => return Some(now),
        Says::Open => IssueState::Open,
        Says::Done | Says::Declined | Says::Nothing => IssueState::Closed,
    };
    match issue.moved_at.filter(|_| issue.moved_to.is_some() || forgot) {
        _ if wanted == now => Some(now),
        None => Some(wanted),
        Some(_) if forgot => None,
        Some(moved) if moved > edited_at => Some(now),
        Some(moved) => lineage.changed_at.filter(|changed| *changed > moved).map(|_| wanted),
    }
}

fn check_peoples(app: &followthrough::demo::github::Repository, issue: &Issue, there: &IssueView) {
    if let Some(title) = &issue.title {
        assert_eq!(there.title, *title, "a person's title stays");
    }
    for words in &issue.words {
        assert_eq!(there.body.matches(words.as_str()).count(), 1, "a person's words stay: {}", there.body);
    }
    if let Some(assignees) = &issue.assignees {
        assert_eq!(there.assignees, *assignees, "a person's assignees stay");
    }
    for label in &issue.labels {
        assert!(there.labels.contains(label), "a person's label stays");
    }
    assert!(!issue.unlabelled || !there.labels.iter().any(|label| label == "postmortem"), "a label that was taken off stays off");
    let comments = app.comments(issue.number);
    for id in &issue.comments {
        assert!(comments.iter().any(|comment| comment.id == *id && comment.body == "I have a branch for this."));
    }
}

fn check_card(board: &Project, issue: &Issue) {
    let cards: Vec<_> =
        board.board().items.into_iter().filter(|card| card.content == format!("acme/app#{}", issue.number)).collect();
    assert_eq!(cards.len(), 1, "#{} is on the board once", issue.number);
    match issue.card {
        Some("archived") => assert!(cards[0].archived, "an archived card stays so"),
        Some(status) => assert_eq!(cards[0].field("Status"), status, "a card that was moved stays there"),
        None => assert_eq!(cards[0].field("Status"), "Triage"),
    }
}

fn ours(app: &followthrough::demo::github::Repository, number: u64) -> Vec<String> {
    app.comments(number).into_iter().filter(|comment| comment.author == OURS).map(|comment| comment.body).collect()
}

/// The item whose issue a person's act is about.
fn concerned(act: Act) -> Option<usize> {
    match act {
        Act::Close(of)
        | Act::CloseAsNotPlanned(of)
        | Act::Reopen(of)
        | Act::Retitle(of)
        | Act::WriteBelow(of)
        | Act::WriteInside(of)
        | Act::Assign(of)
        | Act::Label(of)
        | Act::Unlabel(of)
        | Act::Comment(of)
        | Act::MoveCard(of)
        | Act::ArchiveCard(of) => Some(of),
        _ => None,
    }
}
