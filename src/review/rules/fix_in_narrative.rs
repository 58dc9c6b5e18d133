//! What it looks for, and why: `fix-in-narrative.md` beside this file, which is also its test.

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
    let mut last = None;
    for hit in subject.hits("fix-wish").filter(|hit| is_narrative(subject, hit)) {
        // One finding for each passage: its second wish goes where the first one goes.
        if last.replace(hit.passage().span) == Some(hit.passage().span) {
            continue;
        }
        findings
            .report(hit.span(), format!("“{}” looks ahead in the middle of the story.", hit.text()))
            .help("Keep what happened apart from what to do about it: this reads best as an action item.");
    }
}

fn is_narrative(subject: &Subject<'_>, hit: &Hit<'_, '_>) -> bool {
    match hit.role() {
        Role::Timeline => true,
        Role::Summary => {
            let words = subject.words_at(hit.part().span);
            subject.class("narrative").find(&words).is_some()
        }
        _ => false,
    }
}
