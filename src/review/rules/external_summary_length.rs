//! What it looks for, and why: `external-summary-length.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Levels, Names, Passage, PassageKind, Rule, Subject, Token},
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "external-summary-length",
    family: Family::Structure,
    summary: "The summary for people outside has not two or three sentences",
    practices: &["S-020"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["external-message"],
    page: include_str!("external-summary-length.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let mut last = None;
    for hit in subject.hits("external-message") {
        let (at, passage) = (hit.passage().part, hit.passage());
        let is_heading =
            passage.kind == PassageKind::Heading || hit.part().is_label && hit.part().span.start == passage.span.start;
        if !is_heading || last.replace(at) == Some(at) {
            continue;
        }
        let inner = subject.parts.iter().position(|part| part.parent == Some(at) && part.own_role == Role::Summary);
        let is_summary = hit.part().own_role == Role::Summary;
        let prose = subject.passages.iter().filter(|other| other.part == inner.unwrap_or(at) && is_prose(other));
        // A message in one piece starts with its summary.
        let most = if inner.is_some() || is_summary { usize::MAX } else { 1 };
        let passages: Vec<&Passage> = prose.take(most).collect();
        let (Some(first), Some(end)) = (passages.first(), passages.last()) else { continue };
        let count: usize = passages.iter().map(|passage| sentences(subject, passage)).sum();
        if !(2..=3).contains(&count) {
            let (span, noun) = (Span::new(first.span.start, end.span.end), if count == 1 { "sentence" } else { "sentences" });
            findings
                .report(span, format!("This summary for people outside has {count} {noun}."))
                .help("Two or three are read by everyone: what they saw, that it is over, and what happens next.");
        }
    }
}

fn is_prose(passage: &Passage) -> bool {
    matches!(passage.kind, PassageKind::Paragraph | PassageKind::Entry { .. })
}

fn sentences(subject: &Subject<'_>, passage: &Passage) -> usize {
    subject.words(passage).iter().filter(|word| Token::starts_sentence(word)).count()
}
