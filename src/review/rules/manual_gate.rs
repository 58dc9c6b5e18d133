//! What it looks for, and why: `manual-gate.md` beside this file, which is also its test.

use crate::{
    review::{Family, Findings, Levels, Names, Rule, Subject, Token, actions},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "manual-gate",
    family: Family::ActionItems,
    summary: "An action item adds a step that people have to keep up",
    practices: &["S-083"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["manual-gate", "<lifting>", "<obtaining>"],
    page: include_str!("manual-gate.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (lifting, obtaining) = (subject.class("<lifting>"), subject.class("<obtaining>"));
    let mut last = None;
    for said in actions::said(subject, "manual-gate") {
        // The end of the gate, or what makes it unnecessary, may stand in the item's detail.
        let lifts = |words: &[Token]| lifting.any(words);
        let is_told_twice = last.replace(said.item.span) == Some(said.item.span);
        // “Get sign-off by the lawyers” is done once.
        let is_once = said.sentence.first().is_some_and(|verb| obtaining.has(verb));
        if is_told_twice || is_once || subject.passages_in(said.item.span).iter().any(|passage| lifts(subject.words(passage))) {
            continue;
        }
        findings
            .report(said.hit.span(), format!("“{}” is a gate that people have to keep.", said.hit.text()))
            .help("Say until when it stays, as in “until 2026-12-01”, or add an item that makes it unnecessary.");
    }
}
