//! What it looks for, and why: `fix-in-narrative.md` beside this file, which is also its test.

use std::collections::HashSet;

use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Hit, Levels, Names, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "fix-in-narrative",
    family: Family::Structure,
    summary: "The story tells what is still to be fixed",
    practices: &["S-017"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["fix-wish", "narrative"],
    page: include_str!("fix-in-narrative.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let told: HashSet<usize> = subject.hits("narrative").filter(Hit::is_in_heading).map(|hit| hit.passage().part).collect();
    let above = |part: usize| std::iter::successors(Some(part), |&at| subject.parts.get(at)?.parent);
    let tells = |hit: &Hit<'_, '_>| match hit.role() {
        Role::Timeline => true,
        Role::Summary => above(hit.passage().part).any(|part| told.contains(&part)),
        _ => false,
    };
    let mut last = None;
    for hit in subject.hits("fix-wish").filter(tells) {
        // One finding for each passage: its second wish goes where the first one goes.
        if last.replace(hit.passage().span) == Some(hit.passage().span) {
            continue;
        }
        findings
            .report(hit.span(), format!("“{}” looks ahead in the middle of the story.", hit.text()))
            .help("Keep what happened apart from what to do about it: this reads best as an action item.");
    }
}
