//! What it looks for, and why: `acronym-undefined.md` beside this file, which is also its test.

use std::collections::HashSet;

use crate::{
    postmortem::model::{Kind, Role},
    review::{Family, Findings, Gap, Levels, Names, Passage, PassageKind, Rule, Subject, Token},
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "acronym-undefined",
    family: Family::Structure,
    summary: "An acronym stands without its meaning",
    practices: &["S-016"],
    levels: Levels::new(Level::Off, Level::Note, Level::Note),
    names: Names::Whatever,
    words: &["<known-acronym>", "acronym-definition"],
    page: include_str!("acronym-undefined.md"),
    check,
};

/// Letters of an acronym; longer words in capitals are emphasis or names.
const LETTERS: std::ops::RangeInclusive<usize> = 2..=5;

/// How many acronyms of one document are looked after.
const MOST: usize = 50;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss) {
        return;
    }
    let mut acronyms: Vec<(&str, Span)> = Vec::new();
    let mut explained: HashSet<&str> = HashSet::new();
    let known = subject.class("<known-acronym>");
    for passage in &subject.passages {
        let words = subject.words(passage);
        for (at, word) in words.iter().enumerate().filter(|(_, word)| word.is_capital()) {
            let Some(acronym) = acronym(subject, word).filter(|acronym| !known.has_text(acronym)) else { continue };
            if word.is_link() || is_identifier(subject, word) || is_explained(subject, passage, words, at) {
                explained.insert(acronym);
            } else if is_told(subject, passage, words, at)
                && !acronyms.iter().any(|(seen, _)| *seen == acronym)
                && acronyms.len() < MOST
            {
                acronyms.push((acronym, word.span()));
            }
        }
    }
    acronyms.retain(|(acronym, _)| !explained.contains(acronym));
    if acronyms.is_empty() {
        return;
    }
    let plain = in_other_words(subject, &acronyms);
    let initials = initials(subject);
    for (acronym, span) in &acronyms {
        if !plain.contains(acronym) && !initials.contains(acronym) {
            findings
                .report(*span, format!("“{acronym}” is not explained."))
                .help("Spell it out once, here at its first use, for readers who are new to the team.");
        }
    }
}

/// The acronym that `word` is, its plural's `s` apart.
fn acronym<'d>(subject: &Subject<'d>, word: &Token) -> Option<&'d str> {
    let text = subject.source(word.span());
    if !text.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase) {
        return None;
    }
    let letters = text.strip_suffix("'s").or_else(|| text.strip_suffix("’s")).or_else(|| text.strip_suffix('s')).unwrap_or(text);
    let fits = LETTERS.contains(&letters.len()) && letters.bytes().all(|byte| byte.is_ascii_uppercase());
    let vowels = letters.bytes().filter(|byte| b"AEIOU".contains(byte)).count();
    // What can be spoken is more often a name or a cry; `XX` stands for digits.
    let spoken = letters.len() >= 4 && vowels >= 2;
    (fits && !spoken && letters.bytes().any(|byte| byte != b'X')).then_some(letters)
}

/// A part of `SOME_NAME` or `$NAME`.
fn is_identifier(subject: &Subject<'_>, word: &Token) -> bool {
    let (start, end) = (word.span().start, word.span().end);
    let around = |text: Option<&str>, at_end: bool| {
        text.is_some_and(|text| if at_end { text.ends_with(['_', '$']) } else { text.starts_with(['_', '=']) })
    };
    around(subject.text.get(..start), true) || around(subject.text.get(end..), false)
}

/// Whether the word at `at` is used in a sentence, rather than being part of a name, a path or a cry.
fn is_told(subject: &Subject<'_>, passage: &Passage, words: &[Token], at: usize) -> bool {
    let Some(word) = words.get(at) else { return false };
    let prose = !matches!(passage.kind, PassageKind::Heading | PassageKind::Cell { head: true, .. }) && !passage.is_quoted;
    let (start, end) = (word.span().start, word.span().end);
    let before = subject.text.get(..start).and_then(|text| text.chars().next_back());
    let after = subject.text.get(end..).unwrap_or_default();
    let joined = |c: char| matches!(c, '-' | '_' | '.' | '@' | '#' | '/' | '=' | '$' | '[' | '<' | '{' | '\\');
    let named = before.is_some_and(|c| joined(c) || c.is_alphanumeric())
        || after.starts_with(['-', '_', '@', '#', '/', '=', ']', '>', '}', '\\'])
        || after.starts_with('.') && after[1..].starts_with(char::is_alphanumeric);
    let shouts = |other: Option<&Token>| {
        other.is_some_and(|other| {
            let text = subject.source(other.span());
            text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_uppercase())
        })
    };
    let neighbours = shouts(at.checked_sub(1).and_then(|before| words.get(before))) || shouts(words.get(at + 1));
    prose && word.is_own() && !named && !neighbours && !word.is_mention() && subject.role(passage) != Role::Participants
}

/// `Point of sale (POS)`, `POS (point of sale)`, `POS: the till`, `POS stands for …`
fn is_explained(subject: &Subject<'_>, passage: &Passage, words: &[Token], at: usize) -> bool {
    let Some((word, rest)) = words.get(at..).and_then(<[Token]>::split_first) else { return false };
    let before = subject.text.get(..word.span().start).unwrap_or_default();
    let next = subject.text.get(word.span().end..).unwrap_or_default();
    let bracketed = before.ends_with(['(', '“', '"']) && next.starts_with([')', '”', '"']);
    let opens = next.trim_start_matches([' ', '*', '_']).starts_with('(') && !next.starts_with(')');
    let entry =
        at == 0 && rest.first().is_some_and(|next| next.gap == Gap::Clause) && matches!(passage.kind, PassageKind::Entry { .. });
    let says = subject.class("acronym-definition").longest(rest).is_some();
    bracketed || opens || entry || says
}

/// The acronyms that the document also writes in other letters: `NOT` is `not`.
fn in_other_words<'d>(subject: &Subject<'_>, acronyms: &[(&'d str, Span)]) -> HashSet<&'d str> {
    let all = subject.passages.iter().flat_map(|passage| subject.words(passage));
    let short = all.filter(|word| LETTERS.contains(&(word.span().end - word.span().start)));
    let texts = short.map(|word| subject.source(word.span()));
    let lower = texts.filter(|text| text.bytes().skip(1).any(|byte| byte.is_ascii_lowercase()));
    lower
        .flat_map(|text| acronyms.iter().map(|(acronym, _)| *acronym).find(|acronym| acronym.eq_ignore_ascii_case(text)))
        .collect()
}

/// The first letters of all words, in capitals, in which an acronym stands where it is spelled out. What cannot stand for
/// one of its letters is a space.
fn initials(subject: &Subject<'_>) -> String {
    let first = |word: &Token| {
        let long = word.span().end > word.span().start + 1;
        let first = subject.text.as_bytes().get(word.span().start).filter(|first| long && first.is_ascii_alphabetic());
        first.map_or(' ', |first| first.to_ascii_uppercase().into())
    };
    subject.passages.iter().flat_map(|passage| subject.words(passage).iter().map(first).chain([' '])).collect()
}
