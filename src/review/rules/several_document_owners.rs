//! What it looks for, and why: `several-document-owners.md` beside this file, which is also its test.

use crate::{
    postmortem::model::{Kind, Role},
    review::{Family, Findings, Gap, Levels, Names, PassageKind, Rule, Subject, Token, span_of},
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "several-document-owners",
    family: Family::Structure,
    summary: "The document has more than one owner",
    practices: &["S-099"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["document-owner", "<and>"],
    page: include_str!("several-document-owners.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss) {
        return;
    }
    let front = subject.words_at(subject.front);
    if let Some(span) = in_lines(subject, &front).or_else(|| in_passages(subject)) {
        findings
            .report(span, format!("“{}” are several owners of one document.", subject.one_line(span)))
            .help("Choose one who sees it through and name the others as authors or participants; shared ownership waits for the other.");
    }
}

/// The several owners that passages name: `Owner: …` in a line, a row or under a heading of its own.
fn in_passages(subject: &Subject<'_>) -> Option<Span> {
    let label = subject.class("document-owner");
    let mut hits = subject.hits("document-owner").filter(|hit| hit.role() != Role::ActionItems);
    let mut last = None;
    // Owners in a table with more than two columns are those of its rows.
    hits.find_map(|hit| {
        let (passage, words) = (hit.passage(), subject.words(hit.passage()));
        let is_whole = label.longest(words) == Some(words.len());
        let below = subject.below(passage);
        if last.replace(passage.span) == Some(passage.span) {
            return None;
        }
        match passage.kind {
            PassageKind::Heading if is_whole => {
                let first = below.first().filter(|first| first.part == passage.part)?;
                let entries = below.iter().take_while(|other| other.part == passage.part && is_entry(other.kind));
                let all: Vec<_> = entries.collect();
                match all.as_slice() {
                    [first, .., last] => Some(Span::new(first.span.start, last.span.end)),
                    _ => several(subject, subject.words(first)),
                }
            }
            PassageKind::Cell { column: 0, .. } if is_whole => {
                let row: Vec<_> = below.iter().take_while(|other| other.whole == passage.whole).collect();
                let [value] = row.as_slice() else { return None };
                several(subject, subject.words(value))
            }
            PassageKind::Heading | PassageKind::Cell { .. } => None,
            _ => in_lines(subject, words),
        }
    })
}

fn is_entry(kind: PassageKind) -> bool {
    matches!(kind, PassageKind::Entry { depth: 1, first: true })
}

/// The several owners that a line of `words` names behind `Owner:`. What continues a list stays with the line above.
fn in_lines(subject: &Subject<'_>, words: &[Token]) -> Option<Span> {
    let label = subject.class("document-owner");
    let between = |last: &Token, next: &Token| subject.source(Span::new(last.span().end, next.span().start));
    let breaks = |pair: &[Token]| match pair {
        [last, next] => between(last, next).rsplit_once('\n').is_some_and(|(_, lead)| !lead.trim_start().starts_with('-')),
        _ => false,
    };
    let mut rest = words;
    while !rest.is_empty() {
        let length = rest.windows(2).position(breaks).map_or(rest.len(), |at| at + 1);
        let (line, below) = rest.split_at(length);
        if let Some((_, value)) = label.longest(line).and_then(|length| line.split_at_checked(length))
            && value.first().is_some_and(|first| first.gap == Gap::Clause)
            && let Some(span) = several(subject, value)
        {
            return Some(span);
        }
        rest = below;
    }
    None
}

/// The bytes of `value`, when it names more than one owner.
fn several(subject: &Subject<'_>, value: &[Token]) -> Option<Span> {
    let and = subject.class("<and>");
    let (mut groups, mut aside) = (Vec::new(), false);
    let mut end = value.first()?.span().start;
    for word in value {
        let gap = subject.source(Span::new(end, word.span().start));
        end = word.span().end;
        for c in gap.chars().filter(|c| matches!(c, '(' | ')')) {
            aside = c == '(';
        }
        if aside {
            continue;
        }
        if groups.is_empty() || and.has(word) || gap.contains([',', '&', ';', '/', '+', '\n']) {
            groups.push(Vec::new());
        }
        if let Some(group) = groups.last_mut().filter(|_| !and.has(word)) {
            group.push(word);
        }
    }
    let others = groups.iter().skip(1).filter(|group| names_somebody(subject, group));
    (others.count() > 0).then(|| span_of(value))
}

/// A login, or a name's capital; a role or a remark behind a comma is none.
fn names_somebody(subject: &Subject<'_>, words: &[&Token]) -> bool {
    let person = subject.class("<person>");
    let named = words.first().is_some_and(|first| first.is_mention() || first.is_capital());
    named && !words.iter().any(|word| person.has(word))
}
