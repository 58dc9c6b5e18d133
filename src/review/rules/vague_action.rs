//! What it looks for, and why: `vague-action.md` beside this file, which is also its test.

use crate::{
    postmortem::model::State,
    review::{Family, Findings, Levels, Names, Rule, Subject, Token, span_of},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "vague-action",
    family: Family::ActionItems,
    summary: "An action item starts with a verb that has no end",
    practices: &["S-077"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &["vague-action", "<bounds>"],
    page: include_str!("vague-action.md"),
    check,
};

/// An item of more words than this, its verb apart, says enough about its scope.
const ENOUGH: usize = 7;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (vague, bounds) = (subject.class("vague-action"), subject.class("<bounds>"));
    for item in subject.postmortem.action_items.iter().filter(|item| item.state == State::Open) {
        let words = subject.first_sentence(subject.item_words(item));
        let Some((head, rest)) = vague.longest(words).and_then(|length| words.split_at_checked(length)) else { continue };
        let own = item.text.split_whitespace().count().saturating_sub(head.len());
        let scoped = |word: &Token| {
            word.is_code() || bounds.has(word) || subject.source(word.span()).starts_with(|c: char| c.is_ascii_digit())
        };
        if own > ENOUGH || rest.iter().take(own).any(scoped) {
            continue;
        }
        findings
            .report(span_of(head), format!("“{}” does not say when this is done.", subject.one_line(span_of(head))))
            .help("Say what will be different afterwards, and what is out of scope: which alert, which limit, which page.");
    }
}
