//! What it looks for, and why: `first-person-singular.md` beside this file, which is also its test.

use std::collections::HashSet;

use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Hit, Levels, Names, PassageKind, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "first-person-singular",
    family: Family::Blameless,
    summary: "“I” tells the story of one person",
    practices: &["S-028", "S-041"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["first-person", "self-blame"],
    page: include_str!("first-person-singular.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    // What blames its writer is told for that, and more kindly.
    let blaming: HashSet<usize> = subject.hits("self-blame").map(|hit| hit.span().start).collect();
    let mut last = None;
    for hit in subject.hits("first-person") {
        let span = hit.span();
        let is_elsewhere =
            matches!(hit.role(), Role::ActionItems | Role::Participants) || hit.passage().kind == PassageKind::Heading;
        // Once for each paragraph: the story has one teller.
        let is_told = last == Some(hit.passage().span.start);
        if is_elsewhere || is_told || is_numeral(subject, &hit) || blaming.contains(&span.start) {
            continue;
        }
        last = Some(hit.passage().span.start);
        findings
            .report(span, format!("“{}” ties the story to one person.", hit.text()))
            .help("Tell it by role, as in “the on-call engineer restarted the queue”: the next reader stands in that place, not in yours.");
    }
}

/// “Phase I was” counts, and so does `i`.
fn is_numeral(subject: &Subject<'_>, hit: &Hit<'_, '_>) -> bool {
    let Some(first) = hit.words().first().filter(|word| subject.is(word, "i")) else { return false };
    !first.is_capital() || subject.class("<numbered>").any(hit.before(1))
}
