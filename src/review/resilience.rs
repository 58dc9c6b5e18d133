//! Moments in which people or luck saved the day: “just happened to be on call” (S-066, S-134). They are told to be celebrated.
//!
//! Never here: findings. Nothing about these moments is wrong.

use std::collections::HashSet;

use super::{Hit, Passage, PassageKind, Subject, finding::Places};
use crate::{postmortem::model::Role, settings::Place, text::Span};

/// A moment worth celebrating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resilience {
    /// The bytes of the sentence that tells it.
    pub span: Span,
    /// The same in lines and columns.
    pub place: Place,
    /// The sentence, on one line and shortened to fit a message.
    pub text: String,
}

/// The moments of a document, in the order of its text, each once.
pub fn find(subject: &Subject<'_>, places: &mut Places<'_>) -> Vec<Resilience> {
    let mut spans: Vec<Span> = subject.hits("resilience").filter(tells).map(|hit| hit.sentence()).collect();
    spans.extend(entries_about_luck(subject).map(|passage| passage.span));
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut end = 0;
    spans.retain(|span| {
        let is_new = span.start >= end;
        end = end.max(span.end);
        is_new
    });
    spans.into_iter().map(|span| Resilience { span, place: places.of(span), text: subject.one_line(span) }).collect()
}

fn tells(hit: &Hit<'_, '_>) -> bool {
    hit.role() != Role::ActionItems && hit.passage().kind != PassageKind::Heading && !in_heading(hit)
}

/// The entries under headings such as “Where we got lucky”.
fn entries_about_luck<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = &'s Passage> {
    let parts: HashSet<usize> = subject.hits("luck-heading").filter(in_heading).map(|hit| hit.passage().part).collect();
    let entries = subject.passages.iter().filter(move |passage| parts.contains(&passage.part) && !passage.is_quoted);
    // “None” and “n/a” are short.
    entries.filter(|passage| {
        matches!(passage.kind, PassageKind::Entry { depth: 1, first: true }) && subject.words(passage).len() > 2
    })
}

fn in_heading(hit: &Hit<'_, '_>) -> bool {
    hit.span().end <= hit.part().span.end
}
