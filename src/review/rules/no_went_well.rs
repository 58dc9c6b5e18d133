//! What it looks for, and why: `no-went-well.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Kind,
    review::{Family, Findings, Levels, Names, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "no-went-well",
    family: Family::Structure,
    summary: "Nothing tells what went well",
    practices: &["S-039"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["went-well", "luck", "nothing"],
    page: include_str!("no-went-well.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss) {
        return;
    }
    let help = "Say what limited the damage: an alert that came early, a switch that was ready, someone who knew.";
    let empty = subject.class("nothing");
    // Luck is told of things that went well without anybody's doing.
    let mut told = subject.hits("luck").any(|hit| !hit.is_in_heading() || hit.part().is_filled);
    for hit in subject.hits("went-well") {
        if !hit.is_in_heading() {
            told = true;
            continue;
        }
        let (passage, part) = (hit.passage(), hit.part());
        let says_nothing = |words: &[_]| empty.longest(words) == Some(words.len());
        let first = subject.below(passage).first().filter(|first| first.part == passage.part);
        if part.is_filled && !first.is_some_and(|first| says_nothing(subject.words(first))) {
            told = true;
            continue;
        }
        findings.report(part.span, format!("“{}” tells nothing yet.", subject.one_line_of(part.heading))).help(help);
        return;
    }
    if !told {
        findings.report(subject.title_span(), "Nothing here tells what went well.").help(help).whole_document();
    }
}
