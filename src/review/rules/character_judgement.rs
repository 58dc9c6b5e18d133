//! What it looks for, and why: `character-judgement.md` beside this file, which is also its test.

use std::collections::HashSet;

use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Levels, Names, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "character-judgement",
    family: Family::Blameless,
    summary: "A person or a decision is judged",
    practices: &["S-035", "S-044"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &["judgement", "self-blame"],
    page: include_str!("character-judgement.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    // What judges its writer is told for that, and more kindly.
    let blaming: HashSet<usize> = subject.hits("self-blame").map(|hit| hit.span().start).collect();
    let mut end = 0;
    for hit in subject.hits("judgement") {
        let span = hit.span();
        if hit.role() == Role::ActionItems || span.start < end || blaming.contains(&span.start) {
            continue;
        }
        end = span.end;
        findings
            .report(span, format!("“{}” judges instead of telling.", hit.text()))
            .help("Say what was known, and what pressed, when it was done; whoever reads that can change it.");
    }
}
