//! What it looks for, and why: `cause-without-action.md` beside this file, which is also its test.

use std::{cell::LazyCell, collections::HashSet};

use crate::{
    postmortem::model::{Kind, Role},
    review::{Family, Findings, Levels, Names, Passage, PassageKind, Rule, Subject, Token, span_of},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "cause-without-action",
    family: Family::Causes,
    summary: "No action item seems to answer a cause",
    practices: &["S-053", "S-093"],
    levels: Levels::new(Level::Off, Level::Note, Level::Note),
    names: Names::Whatever,
    words: &["<why>", "<whys>"],
    page: include_str!("cause-without-action.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let items = &subject.postmortem.action_items;
    if !matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss) || items.is_empty() {
        return;
    }
    let answers: LazyCell<HashSet<Stem>, _> = LazyCell::new(|| {
        items.iter().flat_map(|item| subject.passages_in(item.span)).flat_map(|passage| stems(subject, passage)).collect()
    });
    let (why, whys) = (subject.class("<why>"), subject.class("<whys>"));
    for passages in subject.passages.chunk_by(|one, next| one.part == next.part) {
        let are_causes = passages.first().is_some_and(|first| subject.part(first).own_role == Role::Causes);
        if !are_causes || !passages.iter().any(is_cause) {
            continue;
        }
        // In a chain of whys each entry is answered by the next.
        if passages.iter().any(|passage| why.longest(subject.words(passage)).is_some() || whys.any(subject.words(passage))) {
            continue;
        }
        for cause in passages.iter().filter(|passage| is_cause(passage)) {
            look(subject, cause, &answers, findings);
        }
    }
}

fn look(subject: &Subject<'_>, cause: &Passage, answers: &HashSet<Stem>, findings: &mut Findings) {
    let mut said = subject.passages_in(cause.whole).iter().flat_map(|passage| stems(subject, passage)).peekable();
    if said.peek().is_none() || said.any(|stem| answers.contains(&stem)) {
        return;
    }
    findings
        .report(span_of(subject.first_sentence(subject.words(cause))), "No action item seems to answer this cause.")
        .help("If one does, use a word of the cause in it. If none should, a few words why help the next reader.");
}

/// An entry of a list of causes. What stands under a heading for each cause is its detail.
fn is_cause(passage: &Passage) -> bool {
    matches!(passage.kind, PassageKind::Entry { depth: 1, first: true }) && !passage.is_quoted
}

/// How many letters of a word tell what it is about, whatever its ending.
const LETTERS: usize = 5;

type Stem = [char; LETTERS];

/// The beginnings of the words that carry meaning: long ones and code.
fn stems<'s>(subject: &'s Subject<'_>, passage: &Passage) -> impl Iterator<Item = Stem> + 's {
    let stem = |word: &Token| {
        let source = subject.source(word.span()).trim_matches('`');
        let mut letters = source.chars().flat_map(char::to_lowercase);
        let stem = std::array::from_fn(|_| letters.next().unwrap_or('\0'));
        let is_long = stem.iter().all(|&letter| letter != '\0');
        (word.is_code() || is_long || source.contains(|c: char| c.is_ascii_digit())).then_some(stem)
    };
    subject.words(passage).iter().filter_map(stem)
}
