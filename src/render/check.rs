//! The check run on a pull request's head: what the review found, and the plan again, with annotations on the lines they are
//! about.

use super::{
    comment::{self, DocumentReport, Moment, Reading, Report, Stage, shorten},
    headline::Counts,
    neutral, review,
};
use crate::plan::{ActionKind, Plan, Problem};

/// A check run's outcome and output, in GitHub's terms (REST "checks").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub conclusion: Conclusion,
    pub title: String,
    /// Markdown.
    pub summary: String,
    /// Markdown: what the summary has no room for.
    pub text: Option<String>,
    /// Any number: the adapter sends them 50 at a time.
    pub annotations: Vec<Annotation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    Success,
    /// There is something to look at.
    Neutral,
    /// The team asked for errors to be settled before the merge.
    Failure,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    pub path: String,
    /// 1-based, inclusive.
    pub start_line: usize,
    pub end_line: usize,
    /// First and last column, 1-based and inclusive, on a single line.
    pub columns: Option<(usize, usize)>,
    pub level: Level,
    /// Plain text.
    pub title: String,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Notice,
    Warning,
    Failure,
}

/// GitHub refuses a summary over 65,535 characters.
const ROOM: usize = 60_000;

/// `configuration` is the path of the configuration file, which notes with lines are about. `blocking`: errors of the review
/// fail the check.
pub fn render(report: &Report<'_>, configuration: &str, blocking: bool) -> Check {
    let plans: Vec<&Plan> = report.documents.iter().filter_map(plan_of).collect();
    let unreadable = plans.len() < report.documents.len();
    let problems = plans.iter().any(|plan| !plan.problems.is_empty()) || unreadable || !report.notes.is_empty();
    let found = review::Counts::of(report);
    let conclusion = match found.settling {
        1.. if blocking => Conclusion::Failure,
        _ if problems || found.all() > 0 => Conclusion::Neutral,
        _ => Conclusion::Success,
    };
    let mut annotations = Vec::new();
    for document in &report.documents {
        annotate(&mut annotations, document);
    }
    annotations.extend(report.notes.iter().filter_map(|note| about(configuration, note)));
    annotations.extend(review::annotations(report));
    let mut summary = format!("### Followthrough\n\n{}\n\n", comment::summary(report));
    review::render_summary(&mut summary, report, blocking);
    let mut plan = String::new();
    comment::render_plan(&mut plan, report);
    let text = match summary.len() + plan.len() <= ROOM {
        true => {
            summary.push_str(&plan);
            None
        }
        false => Some(plan),
    };
    Check { conclusion, title: shorten(&title(report, &plans, &found), 250), summary, text, annotations }
}

/// What a check says of our own pull request with links: always the same, so that it never waits for another look.
pub fn of_own() -> Check {
    Check {
        conclusion: Conclusion::Success,
        title: "Only links and boxes".to_owned(),
        summary: "### Followthrough\n\nThis pull request writes the links to the issues, and what became of them, into the postmortem. \
                  It changes nothing else.\n"
            .to_owned(),
        text: None,
        annotations: Vec::new(),
    }
}

fn title(report: &Report<'_>, plans: &[&Plan], found: &review::Counts) -> String {
    let counts = Counts::of(plans.iter().copied(), report.home);
    let plan = match (report.documents.is_empty(), report.stage) {
        (true, _) if report.notes.is_empty() => "No postmortem in this pull request".to_owned(),
        (true, _) => "The configuration has problems".to_owned(),
        (_, Stage::Merged) => format!("Merged: {}", counts.after_merge()),
        (_, Stage::Open) if report.moment == Moment::Now => format!("Filed: {}", counts.after_merge()),
        _ => format!("{}: {}", report.moment.told().replace('`', ""), counts.before_merge()),
    };
    match found.all() {
        0 => plan,
        _ => format!("{plan}. In the text: {}", found.told()),
    }
}

fn plan_of<'a>(document: &DocumentReport<'a>) -> Option<&'a Plan> {
    match document.reading {
        Reading::Plan(plan) => Some(plan),
        Reading::Unreadable(_) => None,
    }
}

fn annotate(annotations: &mut Vec<Annotation>, document: &DocumentReport<'_>) {
    let Some(plan) = plan_of(document) else { return };
    for action in &plan.actions {
        let Some(item) = plan.item(&action.item) else { continue };
        let (title, message) = match &action.kind {
            ActionKind::OpenIssue(open) => {
                let who = match open.assignees.as_slice() {
                    [] => "nobody assigned".to_owned(),
                    logins => format!("assigned to {}", logins.join(", ")),
                };
                ("Merging opens an issue", format!("“{}” in {}, {who}.", open.title, open.repository))
            }
            ActionKind::AdoptIssue(adopt) => (
                "Merging links an issue",
                format!("{} “{}” gets a link back to this line; no second issue is opened.", adopt.issue, adopt.title),
            ),
            ActionKind::CloseIssue(close) => {
                ("Merging closes an issue", format!("{} “{}”.", close.issue.issue, close.issue.title))
            }
            ActionKind::ReopenIssue(open) => {
                ("Merging reopens an issue", format!("{} “{}”.", open.issue.issue, open.issue.title))
            }
            ActionKind::UpdateIssue(update) => {
                let title = update.title.as_deref().unwrap_or(&update.issue.title);
                ("Merging updates an issue", format!("{} “{title}”.", update.issue.issue))
            }
            ActionKind::AddToBoard(_) | ActionKind::AddSubIssue(_) | ActionKind::LeaveOpen(_) => continue,
        };
        annotations.push(Annotation {
            path: document.path.to_owned(),
            start_line: item.lines.first,
            end_line: item.lines.first,
            columns: None,
            level: Level::Notice,
            title: title.to_owned(),
            message: neutral::plain(&message),
        });
    }
    annotations.extend(plan.problems.iter().filter_map(|problem| about(document.path, problem)));
}

fn about(path: &str, problem: &Problem) -> Option<Annotation> {
    let lines = problem.lines?;
    Some(Annotation {
        path: path.to_owned(),
        start_line: lines.first,
        end_line: lines.last,
        columns: None,
        level: Level::Warning,
        title: "Worth a look".to_owned(),
        message: neutral::plain(&format!("{} {}", problem.message, problem.help)),
    })
}
