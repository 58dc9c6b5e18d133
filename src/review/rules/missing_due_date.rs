//! What it looks for, and why: `missing-due-date.md` beside this file, which is also its test.

use crate::{
    postmortem::model::ActionItem,
    review::{Family, Findings, Levels, Names, Rule, Subject, actions},
    settings::{Level, Profile},
};

pub static RULE: Rule = Rule {
    name: "missing-due-date",
    family: Family::ActionItems,
    summary: "An open action item has no due date, though it is urgent or others have one",
    practices: &["S-088", "S-089"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("missing-due-date.md"),
    check,
};

const URGENT: [&str; 3] = ["P0", "P1", "critical"];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.has_due {
        return;
    }
    let (all, dated) =
        actions::open(subject).fold((0, 0), |(all, dated), item| (all + 1, dated + usize::from(item.due.is_some())));
    // Where most have one, it is how the team works, and the others were forgotten.
    let usual = subject.profile == Profile::Major || 2 * dated > all;
    for item in actions::open(subject).filter(|item| item.due.is_none() && (usual || is_urgent(item))) {
        let message = match is_urgent(item) {
            true => "This action item is urgent and has no due date.",
            false => "This action item has no due date.",
        };
        findings
            .report(subject.item_span(item), message)
            .help("Add the day by which its owner expects to be done, for example `due: 2026-12-01`.");
    }
}

fn is_urgent(item: &ActionItem) -> bool {
    item.priority.as_deref().is_some_and(|priority| URGENT.iter().any(|urgent| priority.eq_ignore_ascii_case(urgent)))
}
