//! What it looks for, and why: `too-many-actions.md` beside this file, which is also its test.

use crate::{
    review::{Family, Findings, Levels, Names, Rule, Subject, actions},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "too-many-actions",
    family: Family::ActionItems,
    summary: "There are more open action items than will be done",
    practices: &["S-091"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("too-many-actions.md"),
    check,
};

/// Of the public postmortems with open action items, half have at most four and nine of ten at most this many.
const MOST: usize = 10;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let open = actions::open(subject).count();
    if open <= MOST || !actions::is_decided(subject.postmortem) {
        return;
    }
    findings
        .report(actions::list_span(subject), format!("{open} action items are open here; beyond {MOST}, few get done."))
        .help("Keep those that matter most for the next incident, and decline the others with a reason, as in “won't do: …”.")
        .whole_document();
}
