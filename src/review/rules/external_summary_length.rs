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
        if !hit.is_in_heading() || last.replace(at) == Some(at) {
            continue;
        }
        let part = hit.part();
        let inner = subject.parts.get(at + 1..).unwrap_or_default().iter().take_while(|inner| inner.level > part.level);
        let inner = inner.zip(at + 1..).find(|(inner, _)| inner.parent == Some(at) && inner.own_role == Role::Summary);
        let summary = inner.map_or(at, |(_, inner)| inner);
        let under = subject.below(passage).iter().skip_while(|other| other.part < summary);
        let prose = under.take_while(|other| other.part == summary).filter(|other| is_prose(other));
        // A message in one piece starts with its summary.
        let most = if summary != at || part.own_role == Role::Summary { usize::MAX } else { 1 };
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
