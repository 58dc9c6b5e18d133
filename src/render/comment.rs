//! The one comment that Followthrough keeps on a pull request. Edited in place, never a second one.
//!
//! Words copied from the document pass through [`neutral`], so the comment pings nobody. It carries no task boxes of
//! its own: other apps count those (DEMANDS 48).

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use super::{
    headline::Counts,
    issue::link,
    links, neutral,
    review::{self, DocumentReview},
};
use crate::{
    commands::{GoAhead, ItemOrder},
    ids::RepositoryName,
    plan::{ActionKind, IssueState, Plan, PlannedItem, Problem, Resemblance, Settled, TrackedIssue, Why, marker},
};

/// GitHub refuses bodies over 65,536 characters (GITHUB §2.2); what is over this is cut, and said to be.
const ROOM: usize = 60_000;

/// Characters of a title or of an item's owners that are shown: a heading can be as long as a file.
pub(super) const MOST_TITLE: usize = 200;

/// Everything the comment tells.
#[derive(Debug)]
pub struct Report<'a> {
    pub stage: Stage<'a>,
    /// What issues wait for.
    pub moment: Moment,
    /// The repository of the pull request.
    pub home: &'a RepositoryName,
    /// The page with the checks of the pull request.
    pub checks_url: &'a str,
    pub documents: Vec<DocumentReport<'a>>,
    /// What was ordered about items, for the comment to remember.
    pub orders: Vec<ItemOrder>,
    /// Kept for the same reason.
    pub go_ahead: Option<GoAhead>,
    /// About the configuration and the pull request as a whole.
    pub notes: Vec<Problem>,
}

/// What has to happen before issues open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing: they are opened.
    Now,
    Merge,
    Approval,
    /// The pull request is a draft.
    Ready,
    /// `/followthrough file`
    Command,
}

impl Moment {
    /// The beginning of a sentence about it.
    pub fn told(self) -> &'static str {
        match self {
            Self::Now => "Filed",
            Self::Merge => "On merge",
            Self::Approval => "On approval",
            Self::Ready => "When this is ready for review",
            Self::Command => "On `/followthrough file`",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage<'a> {
    Open,
    /// Merged into the default branch.
    Merged,
    /// Merged into another branch: nothing happens before it reaches the default one.
    MergedElsewhere {
        base: &'a str,
        default: &'a str,
    },
    ClosedUnmerged,
}

#[derive(Debug)]
pub struct DocumentReport<'a> {
    pub path: &'a str,
    /// The file at the commit that was read.
    pub url: &'a str,
    pub title: Option<&'a str>,
    pub reading: Reading<'a>,
    /// `None` where nothing is reviewed.
    pub review: Option<&'a DocumentReview>,
}

#[derive(Debug)]
pub enum Reading<'a> {
    Plan(&'a Plan),
    /// The file cannot be read, and why; the other documents are not affected.
    Unreadable(String),
}

impl Report<'_> {
    /// Issues are opened, as far as there was nothing in the way.
    fn is_filed(&self) -> bool {
        self.moment == Moment::Now
    }
}

/// How the sentence about waiting begins, by which it is found again.
const WAITING: &str = "GitHub limits how much may be opened at once";

/// The comment as it is shown, with one sentence that says when the rest will be done; a former one gives way.
pub fn waiting(shown: &str, until: Timestamp) -> String {
    let until = (until + SignedDuration::from_secs(59)).strftime("%H:%M UTC on %-d %B");
    let sentence = format!("{WAITING}: the rest will be done by {until}.");
    let mut lines: Vec<&str> = shown.lines().filter(|line| !line.starts_with(WAITING)).collect();
    let heading = lines.iter().position(|line| line.starts_with("### ")).map_or(lines.len(), |at| at + 1);
    if lines.get(heading).is_some_and(|line| line.is_empty()) && lines.get(heading + 1).is_some_and(|line| line.is_empty()) {
        lines.remove(heading);
    }
    lines.splice(heading..heading, ["", &sentence]);
    format!("{}\n", lines.join("\n"))
}

pub fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", marker::comment());
    let _ = writeln!(out, "### Followthrough\n");
    let _ = writeln!(out, "{}\n", summary(report));
    review::render_line(&mut out, report);
    render_plan(&mut out, report);
    for line in report.go_ahead.iter().map(GoAhead::hidden_line).chain(report.orders.iter().map(ItemOrder::hidden_line)) {
        if out.len() + line.len() < 65_000 {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

/// The documents with their items, and what is wrong with the configuration: what the comment and the check share.
pub(super) fn render_plan(out: &mut String, report: &Report<'_>) {
    let several = report.documents.len() > 1;
    // Commands name items by these numbers.
    let mut number = 1;
    for (index, document) in report.documents.iter().enumerate() {
        if out.len() > ROOM {
            let _ = writeln!(out, "And {} more documents, which this comment has no room for.\n", report.documents.len() - index);
            break;
        }
        render_document(out, report, document, several, number);
        if let Reading::Plan(plan) = document.reading {
            number += plan.items.len();
        }
    }
    render_problems(out, "For whoever looks after the configuration", &report.notes, None);
    out.push_str(footer(report));
}

/// The first sentence: bold, complete, understood alone.
pub fn summary(report: &Report<'_>) -> String {
    let plans = report.documents.iter().filter_map(|document| match document.reading {
        Reading::Plan(plan) => Some(plan),
        Reading::Unreadable(_) => None,
    });
    let counts = Counts::of(plans, report.home);
    if report.documents.is_empty() {
        return match report.notes.is_empty() {
            true => "This pull request holds no postmortem any more, so merging it opens nothing.".to_owned(),
            false => {
                "The configuration in this pull request has problems; until they are mended, the last good one stays in force."
                    .to_owned()
            }
        };
    }
    let unread = report.documents.iter().all(|document| matches!(document.reading, Reading::Unreadable(_)));
    match report.stage {
        Stage::Open if unread && report.moment == Moment::Now => {
            "**Filed: no issues opened,** because nothing could be read.".to_owned()
        }
        Stage::Open if unread => {
            format!("**{}: no issues will open,** because nothing could be read.", report.moment.told())
        }
        Stage::Merged if unread => "**Merged: no issues opened,** because nothing could be read.".to_owned(),
        Stage::Open if counts.items == 0 => format!(
            "**{}: no issues will open.** There are no action items here, and that is fine: what was learned counts.",
            if report.moment == Moment::Now { "On merge" } else { report.moment.told() }
        ),
        Stage::Open if report.moment == Moment::Now => format!("**Filed before the merge: {}.**", counts.after_merge()),
        Stage::Open => format!("**{}: {}.**", report.moment.told(), counts.before_merge()),
        Stage::Merged if counts.items == 0 => {
            "**Merged.** There are no action items here, and that is fine: what was learned counts.".to_owned()
        }
        Stage::Merged if report.moment != Moment::Now => {
            format!("**Merged. {}: {}.**", report.moment.told(), counts.before_merge())
        }
        Stage::Merged => format!("**Merged: {}.**", counts.after_merge()),
        Stage::MergedElsewhere { base, default } => format!(
            "**Merged into `{}`.** Issues open when the document reaches `{}`.",
            neutral::plain(base).replace('`', "'"),
            neutral::plain(default).replace('`', "'")
        ),
        Stage::ClosedUnmerged if counts.opened + counts.linked.len() > 0 => {
            "**Closed without merging: nothing more will open.**".to_owned()
        }
        Stage::ClosedUnmerged => "**Closed without merging: nothing was opened.**".to_owned(),
    }
}

fn render_document(out: &mut String, report: &Report<'_>, document: &DocumentReport<'_>, several: bool, number: usize) {
    let name = neutral::markdown(&shorten(document.title.unwrap_or(document.path), MOST_TITLE));
    let _ = write!(out, "#### [{name}]({})", document.url);
    match &document.reading {
        Reading::Unreadable(why) => {
            let _ = writeln!(out, "\n\n{}\n", neutral::markdown(why));
        }
        Reading::Plan(plan) => {
            // Of a document that waits for the default branch nothing is planned yet.
            if several && !matches!(report.stage, Stage::MergedElsewhere { .. }) {
                let counts = Counts::of([*plan], report.home);
                let line = if report.is_filed() { counts.after_merge() } else { counts.before_merge() };
                let _ = write!(out, " · {line}");
            }
            out.push_str("\n\n");
            render_items(out, report, document, plan, number);
            render_removed(out, report, plan);
            render_problems(out, "Worth a look", &plan.problems, Some(document.url));
            render_problems(out, "Good to know", &plan.remarks, Some(document.url));
        }
    }
}

/// `number` is the first item's.
fn render_items(out: &mut String, report: &Report<'_>, document: &DocumentReport<'_>, plan: &Plan, number: usize) {
    if plan.items.is_empty() {
        return;
    }
    let last = match (report.is_filed(), report.moment) {
        (true, _) => "Issue",
        (false, Moment::Merge) => "On merge",
        (false, Moment::Approval) => "On approval",
        (false, _) => "Then",
    };
    let _ = writeln!(out, "| # | Action item | Owner | Due | {last} |\n|--:|---|---|---|---|");
    for (index, item) in plan.items.iter().enumerate() {
        if out.len() > ROOM {
            let _ = writeln!(out, "\nAnd {} more; the document has them all.", plan.items.len() - index);
            break;
        }
        // Whom people assigned on GitHub counts for more than what the document says.
        let assigned = plan.tracked(&item.key).map_or(&[][..], |issue| &issue.assignees);
        let owners: Vec<String> = match assigned {
            [] => item.owners.iter().map(ToString::to_string).collect(),
            logins => logins.iter().map(|login| format!("@{login}")).collect(),
        };
        let owners = owners.join(", ");
        let owners = neutral::markdown(&shorten(&owners, MOST_TITLE));
        let due = item.due.map(|due| due.to_string()).unwrap_or_default();
        let _ = writeln!(
            out,
            "| {} | [{}]({}) | {owners} | {due} | {}{} |",
            number + index,
            neutral::markdown(&shorten(&item.text, 200)),
            links::lines(document.url, item.lines),
            fate(report, plan, item),
            resemblance(report, plan, item)
        );
    }
    out.push('\n');
}

/// What becomes, or became, of an item.
fn fate(report: &Report, plan: &Plan, item: &PlannedItem) -> String {
    let waiting = report.is_filed();
    if let Some(issue) = plan.tracked(&item.key) {
        let mut fate = tracked(issue, report.home);
        for action in plan.actions.iter().filter(|action| action.item == item.key) {
            fate.push_str(match (&action.kind, waiting) {
                (ActionKind::AddToBoard(_), true) => ", not on the board yet",
                (ActionKind::AddToBoard(_), false) => ", goes on the board",
                (ActionKind::CloseIssue(_), false) => ", closes",
                (ActionKind::ReopenIssue(_), false) => ", opens again",
                (ActionKind::UpdateIssue(_), false) => ", is updated",
                (ActionKind::CloseIssue(_), true) => ", not closed yet",
                (ActionKind::ReopenIssue(_), true) => ", not opened again yet",
                (ActionKind::UpdateIssue(_), true) => ", not updated yet",
                _ => "",
            });
        }
        return fate;
    }
    let action = plan.actions.iter().find(|action| action.item == item.key).map(|action| &action.kind);
    match action {
        Some(ActionKind::OpenIssue(_)) if waiting => return "not opened yet".to_owned(),
        Some(ActionKind::OpenIssue(open)) if open.repository == *report.home => return "opens an issue".to_owned(),
        Some(ActionKind::OpenIssue(open)) => return format!("opens an issue in {}", open.repository),
        Some(ActionKind::AdoptIssue(adopt)) => {
            let (short, url) = (adopt.issue.short(report.home), &adopt.url);
            return if waiting { format!("[{short}]({url}), not linked yet") } else { format!("is linked to [{short}]({url})") };
        }
        _ => {}
    }
    match plan.settled.iter().find(|settled| settled.item == item.key).map(|settled| &settled.why) {
        Some(Why::Tracked(issue)) => tracked(issue, report.home),
        Some(Why::Filing) => "being opened".to_owned(),
        Some(Why::AlreadyDone) => "already done, no issue".to_owned(),
        Some(Why::Declined) => "declined, no issue".to_owned(),
        Some(Why::Skipped(reason)) => format!("skipped: {}", neutral::markdown(reason)),
        Some(Why::LeftAlone) => "was here before, no issue unless asked for".to_owned(),
        None => "cannot be filed".to_owned(),
    }
}

/// An issue with how it stands: its state, or while it is open what the board says.
fn tracked(issue: &TrackedIssue, home: &RepositoryName) -> String {
    let short = issue.issue.short(home);
    if issue.deleted {
        return format!("{short} · deleted");
    }
    let state = match (issue.state, &issue.status) {
        (IssueState::Open, Some(status)) => format!(" · {}", neutral::markdown(&shorten(status, 50))),
        (IssueState::Open, None) => String::new(),
        (IssueState::Completed, _) => " · done".to_owned(),
        (IssueState::NotPlanned, _) => " · not planned".to_owned(),
    };
    format!("[{short}]({}){state}", issue.url)
}

/// The issues of items that are not in the document any more: before the merge those about which it decides, then all.
fn render_removed(out: &mut String, report: &Report<'_>, plan: &Plan) {
    const MOST: usize = 20;
    let pending = |settled: &&Settled| plan.actions.iter().any(|action| action.item == settled.item);
    let merged = report.is_filed();
    let removed: Vec<&Settled> = plan.removed.iter().filter(|settled| merged || pending(settled)).collect();
    let fates: Vec<String> = removed
        .iter()
        .take(MOST)
        .filter_map(|settled| {
            let Why::Tracked(issue) = &settled.why else { return None };
            let action = plan.actions.iter().find(|action| action.item == settled.item).map(|action| &action.kind);
            let what = match (action, merged) {
                (Some(ActionKind::CloseIssue(_)), false) => ", closes as not planned",
                (Some(ActionKind::LeaveOpen(_)), false) => ", stays open: people made it theirs",
                _ => "",
            };
            Some(format!("{}{what}", tracked(issue, report.home)))
        })
        .collect();
    if fates.is_empty() {
        return;
    }
    let more = if removed.len() > MOST { ", …" } else { "" };
    let _ = writeln!(out, "Not in the document any more: {}{more}\n", fates.join(", "));
}

/// What another postmortem has asked for already and this item may ask for again; said while it can still be linked.
fn resemblance(report: &Report<'_>, plan: &Plan, item: &PlannedItem) -> String {
    let found = plan.resemblances.iter().find(|found| report.stage == Stage::Open && found.item == item.key);
    let Some(Resemblance { like, days, .. }) = found else { return String::new() };
    let open = match days {
        None | Some(0) => String::new(),
        Some(1) => ", open 1 day".to_owned(),
        Some(days) => format!(", open {days} days"),
    };
    format!(
        "<br>like [{}]({}) of {}{open}; link it in the item if it is the same",
        like.issue.short(report.home),
        like.url,
        link(&like.document_title, like.document_url.as_deref())
    )
}

fn render_problems(out: &mut String, heading: &str, problems: &[Problem], url: Option<&str>) {
    if problems.is_empty() {
        return;
    }
    let _ = writeln!(out, "**{heading}**\n");
    for (index, problem) in problems.iter().enumerate() {
        if out.len() > ROOM + 2_000 || index == 25 {
            let _ = writeln!(out, "- …and {} more; the check lists them all.", problems.len() - index);
            break;
        }
        match (problem.lines, url) {
            (Some(lines), Some(url)) => {
                let link = links::lines(url, lines);
                let _ =
                    writeln!(out, "- [Line {}]({link}): {} {}", lines.first, harmless(&problem.message), harmless(&problem.help));
            }
            (Some(lines), None) => {
                let _ = writeln!(out, "- Line {}: {} {}", lines.first, harmless(&problem.message), harmless(&problem.help));
            }
            (None, _) => {
                let said = format!("{} {}", harmless(&problem.message), harmless(&problem.help));
                let _ = writeln!(out, "- {}", said.trim_end());
            }
        }
    }
    out.push('\n');
}

/// Our own sentences keep their code spans; what they quote must not ping.
fn harmless(text: &str) -> String {
    neutral::block(&shorten(&text.replace('\n', " "), 500))
}

fn footer(report: &Report<'_>) -> &'static str {
    match (report.stage, report.moment) {
        (Stage::Open, Moment::Merge) => {
            "<sub>Nothing is opened before the merge. This comment is kept up to date with every push.</sub>\n"
        }
        (Stage::Open, Moment::Now) => "<sub>Issues follow every push. This comment is kept up to date.</sub>\n",
        (Stage::Open, _) => "<sub>Nothing is opened before that. This comment is kept up to date with every push.</sub>\n",
        _ => "<sub>This comment is kept up to date.</sub>\n",
    }
}

/// At most `most` characters, cut at a character boundary with an ellipsis.
pub fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}
