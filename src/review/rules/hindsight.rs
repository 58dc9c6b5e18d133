//! What it looks for, and why: `hindsight.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Levels, Names, PassageKind, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "hindsight",
    family: Family::Blameless,
    summary: "The text knows how it ended",
    practices: &["S-036"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["hindsight", "<emphatic>"],
    page: include_str!("hindsight.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let emphatic = subject.class("<emphatic>");
    let mut end = 0;
    for hit in subject.hits("hindsight") {
        let span = hit.span();
        let is_elsewhere = hit.role() == Role::ActionItems || hit.passage().kind == PassageKind::Heading;
        // “Very obviously” and “not inevitable” weigh what was seen.
        if is_elsewhere || span.start < end || emphatic.any(hit.before(1)) {
            continue;
        }
        end = span.end;
        findings
            .report(span, format!("“{}” is how it looks from the end.", hit.text()))
            .help("Tell what could be seen at the time, and what it looked like then.");
    }
}
