//! `plan` for people: what merging would do, one line an item, the sum last.

use std::{collections::HashMap, fmt::Write};

use super::{headline::Counts, style::Style};
use crate::{
    ids::{ItemKey, RepositoryName},
    plan::{ActionKind, Plan, Why},
};

/// `documents` under the paths they were given by; `home` is where they live, for short issue numbers.
pub fn render(documents: &[(String, Plan)], home: &RepositoryName, style: Style) -> String {
    let mut out: String = documents.iter().map(|(path, plan)| document(path, plan, home, style)).collect();
    let counts = Counts::of(documents.iter().map(|(_, plan)| plan), home);
    let _ = writeln!(out, "On merge: {}.", counts.before_merge());
    out
}

/// One document, with a blank line after it.
pub fn document(path: &str, plan: &Plan, home: &RepositoryName, style: Style) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", style.bold(path));
    if plan.items.is_empty() {
        let _ = writeln!(out, "  no action items found");
    }
    let actions: HashMap<&ItemKey, &ActionKind> = plan.actions.iter().map(|action| (&action.item, &action.kind)).collect();
    let settled: HashMap<&ItemKey, &Why> = plan.settled.iter().map(|settled| (&settled.item, &settled.why)).collect();
    let width = plan.items.iter().map(|item| item.lines.first.to_string().len()).max().unwrap_or(1);
    for item in &plan.items {
        let (sign, fate) = fate(actions.get(&item.key).copied(), settled.get(&item.key).copied(), home);
        let sign = match sign {
            '+' => style.green("+"),
            '~' => style.yellow("~"),
            _ => style.dim("·"),
        };
        let _ =
            writeln!(out, "  {sign} {:>width$}  {}  {}", item.lines.first, super::neutral::title(&item.text), style.dim(&fate));
    }
    for problem in &plan.problems {
        let line = problem.lines.map(|lines| format!("line {}: ", lines.first)).unwrap_or_default();
        let _ = writeln!(out, "  {} {line}{}", style.yellow("!"), problem.message);
        if !problem.help.is_empty() {
            let _ = writeln!(out, "    {}", problem.help);
        }
    }
    out.push('\n');
    out
}

fn fate(action: Option<&ActionKind>, settled: Option<&Why>, home: &RepositoryName) -> (char, String) {
    if let Some(action) = action {
        return match action {
            ActionKind::OpenIssue(open) => {
                let assigned = if open.assignees.is_empty() {
                    String::new()
                } else {
                    format!(", assigned to {}", open.assignees.join(", "))
                };
                let place = if open.repository == *home { String::new() } else { format!(" in {}", open.repository) };
                ('+', format!("opens an issue{place}{assigned}"))
            }
            ActionKind::AdoptIssue(adopt) => ('~', format!("is linked to {}", adopt.issue.short(home))),
            ActionKind::AddToBoard(add) => ('~', format!("{} is added to the board", add.issue.issue.short(home))),
            ActionKind::AddSubIssue(_) => ('~', "goes under the tracking issue".to_owned()),
            ActionKind::UpdateIssue(update) => ('~', format!("{} is updated", update.issue.issue.short(home))),
            ActionKind::CloseIssue(close) => ('~', format!("{} is closed", close.issue.issue.short(home))),
            ActionKind::ReopenIssue(reopen) => ('~', format!("{} is reopened", reopen.issue.issue.short(home))),
            ActionKind::LeaveOpen(leave) => ('~', format!("{} stays open", leave.issue.issue.short(home))),
        };
    }
    let fate = match settled {
        Some(Why::Tracked(issue)) => format!("is {}", issue.issue.short(home)),
        Some(Why::Filing) => "is being filed".to_owned(),
        Some(Why::AlreadyDone) => "already done, no issue".to_owned(),
        Some(Why::Declined) => "declined, no issue".to_owned(),
        Some(Why::Skipped(reason)) => format!("skipped: {}", super::neutral::title(reason)),
        Some(Why::LeftAlone) => "was here before, no issue unless asked for".to_owned(),
        None => "cannot be filed".to_owned(),
    };
    (' ', fate)
}
