//! The one comment that Followthrough keeps on a pull request. Edited in place, never a second one.
//!
//! Words copied from the document pass through [`neutral`], so the comment pings nobody. It carries no task boxes of
//! its own: other apps count those (DEMANDS 48).

use std::fmt::Write;

use super::{
    headline::Counts,
    links, neutral,
    review::{self, DocumentReview},
};
use crate::{
    ids::RepositoryName,
    plan::{ActionKind, IssueState, Plan, PlannedItem, Problem, Why, marker},
};

/// GitHub refuses bodies over 65,536 characters (GITHUB §2.2); what is over this is cut, and said to be.
const ROOM: usize = 60_000;

/// Characters of a title or of an item's owners that are shown: a heading can be as long as a file.
pub(super) const MOST_TITLE: usize = 200;

/// Everything the comment tells.
#[derive(Debug)]
pub struct Report<'a> {
    pub stage: Stage<'a>,
    /// The repository of the pull request.
    pub home: &'a RepositoryName,
    /// The page with the checks of the pull request.
    pub checks_url: &'a str,
    pub documents: Vec<DocumentReport<'a>>,
    /// About the configuration and the pull request as a whole.
    pub notes: Vec<Problem>,
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

pub fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", marker::comment());
    let _ = writeln!(out, "### Followthrough\n");
    let _ = writeln!(out, "{}\n", summary(report));
    review::render_line(&mut out, report);
    render_plan(&mut out, report);
    out
}

/// The documents with their items, and what is wrong with the configuration: what the comment and the check share.
pub(super) fn render_plan(out: &mut String, report: &Report<'_>) {
    let several = report.documents.len() > 1;
    for (index, document) in report.documents.iter().enumerate() {
        if out.len() > ROOM {
            let _ = writeln!(out, "And {} more documents, which this comment has no room for.\n", report.documents.len() - index);
            break;
        }
        render_document(out, report, document, several);
    }
    render_problems(out, "For whoever looks after the configuration", &report.notes, None);
    out.push_str(footer(report.stage));
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
        Stage::Open if unread => "**On merge: no issues will open,** because nothing could be read.".to_owned(),
        Stage::Merged if unread => "**Merged: no issues opened,** because nothing could be read.".to_owned(),
        Stage::Open if counts.items == 0 => {
            "**On merge: no issues will open.** There are no action items here, and that is fine: what was learned counts."
                .to_owned()
        }
        Stage::Open => format!("**On merge: {}.**", counts.before_merge()),
        Stage::Merged if counts.items == 0 => {
            "**Merged.** There are no action items here, and that is fine: what was learned counts.".to_owned()
        }
        Stage::Merged => format!("**Merged: {}.**", counts.after_merge()),
        Stage::MergedElsewhere { base, default } => format!(
            "**Merged into `{}`.** Issues open when the document reaches `{}`.",
            neutral::plain(base).replace('`', "'"),
            neutral::plain(default).replace('`', "'")
        ),
        Stage::ClosedUnmerged => "**Closed without merging: nothing was opened.**".to_owned(),
    }
}

fn render_document(out: &mut String, report: &Report<'_>, document: &DocumentReport<'_>, several: bool) {
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
                let line = if report.stage == Stage::Merged { counts.after_merge() } else { counts.before_merge() };
                let _ = write!(out, " · {line}");
            }
            out.push_str("\n\n");
            render_items(out, report, document, plan);
            render_problems(out, "Worth a look", &plan.problems, Some(document.url));
        }
    }
}

fn render_items(out: &mut String, report: &Report<'_>, document: &DocumentReport<'_>, plan: &Plan) {
    if plan.items.is_empty() {
        return;
    }
    let last = if report.stage == Stage::Merged { "Issue" } else { "On merge" };
    let _ = writeln!(out, "| Action item | Owner | Due | {last} |\n|---|---|---|---|");
    for (index, item) in plan.items.iter().enumerate() {
        if out.len() > ROOM {
            let _ = writeln!(out, "\nAnd {} more; the document has them all.", plan.items.len() - index);
            break;
        }
        let owners = item.owners.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let owners = neutral::markdown(&shorten(&owners, MOST_TITLE));
        let due = item.due.map(|due| due.to_string()).unwrap_or_default();
        let _ = writeln!(
            out,
            "| [{}]({}) | {owners} | {due} | {} |",
            neutral::markdown(&shorten(&item.text, 200)),
            links::lines(document.url, item.lines),
            fate(report, plan, item)
        );
    }
    out.push('\n');
}

/// What becomes, or became, of an item.
fn fate(report: &Report<'_>, plan: &Plan, item: &PlannedItem) -> String {
    if let Some(action) = plan.actions.iter().find(|action| action.item == item.key) {
        let waiting = report.stage == Stage::Merged;
        return match &action.kind {
            ActionKind::OpenIssue(_) if waiting => "not opened yet".to_owned(),
            ActionKind::OpenIssue(open) if open.repository == *report.home => "opens an issue".to_owned(),
            ActionKind::OpenIssue(open) => format!("opens an issue in {}", open.repository),
            ActionKind::AdoptIssue(adopt) if waiting => {
                format!("[{}]({}), not linked yet", adopt.issue.short(report.home), adopt.url)
            }
            ActionKind::AdoptIssue(adopt) => format!("is linked to [{}]({})", adopt.issue.short(report.home), adopt.url),
            ActionKind::AddToBoard(add) => {
                format!("[{}]({}), not on the board yet", add.issue.issue.short(report.home), add.issue.url)
            }
        };
    }
    match plan.settled.iter().find(|settled| settled.item == item.key).map(|settled| &settled.why) {
        Some(Why::Tracked(issue)) => {
            let state = match issue.state {
                IssueState::Open => "",
                IssueState::Completed => " · done",
                IssueState::NotPlanned => " · not planned",
            };
            format!("[{}]({}){state}", issue.issue.short(report.home), issue.url)
        }
        Some(Why::Filing) => "being opened".to_owned(),
        Some(Why::AlreadyDone) => "already done, no issue".to_owned(),
        Some(Why::Declined) => "declined, no issue".to_owned(),
        None => "cannot be filed".to_owned(),
    }
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

fn footer(stage: Stage<'_>) -> &'static str {
    match stage {
        Stage::Open => "<sub>Nothing is opened before the merge. This comment is kept up to date with every push.</sub>\n",
        Stage::Merged | Stage::MergedElsewhere { .. } | Stage::ClosedUnmerged => "<sub>This comment is kept up to date.</sub>\n",
    }
}

/// At most `most` characters, cut at a character boundary with an ellipsis.
pub fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}
