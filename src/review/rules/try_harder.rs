//! What it looks for, and why: `try-harder.md` beside this file, which is also its test.

use crate::{
    review::{Family, Findings, Levels, Names, Rule, Subject, actions, span_of},
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "try-harder",
    family: Family::ActionItems,
    summary: "An action item asks people to try harder",
    practices: &["S-079"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &["try-harder", "more-care", "<control>", "<bidding>"],
    page: include_str!("try-harder.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let control = subject.class("<control>");
    let told = actions::said(subject, "try-harder").filter(|said| said.is_told(subject));
    let mut found: Vec<(Span, Span)> = told
        .chain(actions::said(subject, "more-care"))
        .filter(|said| !said.sentence.iter().enumerate().any(|(at, word)| is_outside(at, said.before, said.hit.words().len()) && control.has(word)))
        .map(|said| (span_of(said.sentence), said.hit.span()))
        .collect();
    found.sort();
    found.dedup_by_key(|&mut (item, _)| item);
    for (_, said) in found {
        findings
            .report(said, format!("“{}” asks people to try harder.", subject.one_line(said)))
            .help("Add what helps on a bad day, too: a test, a lint rule, a check in the tool, a safe default, a drill.");
    }
}

/// “Always test” is no test.
fn is_outside(at: usize, start: usize, length: usize) -> bool {
    at < start || at >= start + length
}
