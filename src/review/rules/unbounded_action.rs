//! What it looks for, and why: `unbounded-action.md` beside this file, which is also its test.

use crate::{
    review::{
        Family, Findings, Levels, Names, Rule, Subject, Token,
        actions::{self, Said},
        span_of,
    },
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "unbounded-action",
    family: Family::ActionItems,
    summary: "An action item goes on for ever",
    practices: &["S-078", "S-086"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &["unbounded", "<recurrent>", "<schedule>", "<tending>", "<bidding>"],
    page: include_str!("unbounded-action.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let schedule = subject.class("<schedule>");
    let starts: Vec<Said<'_, '_>> = actions::said(subject, "unbounded").filter(|said| said.is_told(subject)).collect();
    let mut starts = starts.into_iter().peekable();
    for item in actions::open(subject) {
        let sentence = actions::sentence(subject, item);
        let start = starts.next_if(|said| std::ptr::eq(said.item, item)).map(|said| said.hit.span());
        while starts.next_if(|said| std::ptr::eq(said.item, item)).is_some() {}
        let Some(said) = start.or_else(|| without_end(subject, sentence)) else { continue };
        // “Every 3 months” makes a chore that a calendar or a machine can keep.
        if schedule.any(sentence) {
            continue;
        }
        findings
            .report(said, format!("“{}” has no end.", subject.one_line(said)))
            .help("Say what will be in place when it is done, or how often and by whom, as in “every 3 months”.");
    }
}

/// The adverb of `Review the dashboards regularly`.
fn without_end(subject: &Subject<'_>, sentence: &[Token]) -> Option<Span> {
    let is_tending = sentence.first().is_some_and(|first| first.is_own() && subject.class("<tending>").has(first));
    let adverb = subject.class("<recurrent>").find(sentence).filter(|_| is_tending)?;
    sentence.get(adverb).filter(|words| words.iter().all(Token::is_own)).map(span_of)
}
