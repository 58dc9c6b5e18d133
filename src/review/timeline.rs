//! The times in a document's timeline, as the rules about it need them.

use super::{Passage, PassageKind, Subject};
use crate::{postmortem::model::Role, text::Span};

/// How far into a line its time stands, in bytes.
const LEAD: usize = 40;

/// The time at the start of a line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The bytes of the time.
    pub span: Span,
    /// The part it stands in, by its place in [`Subject::parts`]. A date that heads a part holds for all in it.
    pub part: usize,
    /// Minutes of the day.
    pub minutes: u32,
    /// Seconds of the minute, when given.
    pub seconds: u32,
    /// What stands before the time, letters and digits only: a date, or nothing.
    pub day: String,
    /// The word after the time, when it is written in capitals: a zone.
    pub zone: String,
}

/// The times of the timeline's lines, in document order.
pub fn moments<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = Moment> + 's {
    let lines = subject.passages_of(Role::Timeline).filter(|passage| !passage.is_quoted && starts_line(passage.kind));
    lines.filter_map(|passage| moment(subject, passage))
}

/// The times of headings inside the timeline: `### 2026-11-20 10:02`.
pub fn headed<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = Moment> + 's {
    let headings = subject.passages_of(Role::Timeline).filter(|passage| passage.kind == PassageKind::Heading);
    headings.filter_map(|passage| moment(subject, passage))
}

fn starts_line(kind: PassageKind) -> bool {
    match kind {
        PassageKind::Paragraph => true,
        PassageKind::Entry { depth, first } => depth == 1 && first,
        PassageKind::Cell { column, head } => column == 0 && !head,
        PassageKind::Heading => false,
    }
}

fn moment(subject: &Subject<'_>, passage: &Passage) -> Option<Moment> {
    let time = time_in(subject.source(passage.span), passage.span.start)?;
    Some(Moment { part: passage.part, ..time })
}

/// The time that `text`, which stands at `offset` of the file, starts with: `10:02`, `2026-11-20 10:02 UTC`, `[10:02:33]`, `9:15 pm`.
pub fn time_in(text: &str, offset: usize) -> Option<Moment> {
    let lead = text.get(..text.floor_char_boundary(LEAD))?;
    let colon = lead
        .match_indices(':')
        .map(|(at, _)| at)
        .find(|&at| digits_before(lead, at) > 0 && two_digits(lead, at + 1).is_some())?;
    let start = colon - digits_before(lead, colon);
    let (hours, minutes): (u32, u32) = (lead.get(start..colon)?.parse().ok()?, two_digits(lead, colon + 1)?);
    let mut end = colon + 3;
    let seconds = if lead[end..].starts_with(':') { two_digits(lead, end + 1) } else { None };
    if seconds.is_some() {
        end += 3;
    }
    let after = lead[end..].trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' '));
    let suffix: String = after.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '+' | '-')).collect();
    let half = suffix.to_ascii_lowercase();
    let hours = match half.as_str() {
        "pm" if hours < 12 => hours + 12,
        "am" if hours == 12 => 0,
        _ => hours,
    };
    // `T+01:30` counts from somewhere else, `10 people: 12` is no time.
    let day: String = lead[..start].chars().filter(|c| c.is_alphanumeric() || *c == '+').collect();
    let dated = day.is_empty() || day.contains(|c: char| c.is_ascii_digit());
    let is_zone = suffix.len() >= 2 && !matches!(half.as_str(), "am" | "pm") && suffix.chars().all(|c| !c.is_lowercase());
    (hours < 24 && minutes < 60 && dated && !day.contains('+')).then(|| Moment {
        span: Span::new(offset + start, offset + end),
        part: 0,
        minutes: hours * 60 + minutes,
        seconds: seconds.unwrap_or(0),
        day,
        zone: if is_zone { suffix } else { String::new() },
    })
}

fn digits_before(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().bytes().rev().take(3).take_while(u8::is_ascii_digit).count() % 3
}

fn two_digits(text: &str, at: usize) -> Option<u32> {
    text.get(at..at + 2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}
