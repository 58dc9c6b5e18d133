use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Levels, Names, Passage, PassageKind, Rule, Subject},
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "timeline-out-of-order",
    family: Family::Structure,
    summary: "A line of the timeline is earlier than the one above it",
    practices: &["S-019", "S-063"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("timeline-out-of-order.md"),
    check,
};

/// A step back by more than this many minutes is taken for the next day, where no date says otherwise.
const NEXT_DAY: u32 = 6 * 60;

/// How far into a line its time stands, in bytes.
const LEAD: usize = 40;

/// The time at the start of a line of a timeline.
struct Moment {
    span: Span,
    /// Minutes of the day.
    minutes: u32,
    /// Seconds of the minute, when given.
    seconds: u32,
    /// What stands before the time: a date, or nothing.
    day: String,
    /// The word after the time, when it is written in capitals: a zone.
    zone: String,
}

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let mut last: Option<(usize, Moment)> = None;
    for passage in subject.passages.iter().filter(|passage| subject.role(passage) == Role::Timeline && !passage.is_quoted) {
        if passage.kind == PassageKind::Heading {
            last = None;
            continue;
        }
        let Some(moment) = starts_line(passage.kind).then(|| moment(subject, passage)).flatten() else { continue };
        if let Some((part, above)) = &last
            && *part == passage.part
            && is_before(&moment, above)
        {
            let (this, other) = (subject.one_line(moment.span), subject.one_line(above.span));
            findings
                .report(moment.span, format!("{this} stands below {other}."))
                .help("Put the line where it belongs in time; if it was the next day, say so with a date.");
            // What follows is compared with the later of the two.
            continue;
        }
        last = Some((passage.part, moment));
    }
}

fn starts_line(kind: PassageKind) -> bool {
    match kind {
        PassageKind::Paragraph => true,
        PassageKind::Entry { depth, first } => depth == 1 && first,
        PassageKind::Cell { column, head } => column == 0 && !head,
        PassageKind::Heading => false,
    }
}

fn is_before(moment: &Moment, above: &Moment) -> bool {
    let same_day = moment.day == above.day;
    if !same_day || moment.zone != above.zone {
        return false;
    }
    let (this, other) = ((moment.minutes, moment.seconds), (above.minutes, above.seconds));
    let back = above.minutes.saturating_sub(moment.minutes);
    this < other && (back <= NEXT_DAY || !moment.day.is_empty())
}

/// The time that a passage starts with: `10:02`, `2026-11-20 10:02 UTC`, `[10:02:33]`, `9.15 pm`.
fn moment(subject: &Subject<'_>, passage: &Passage) -> Option<Moment> {
    let source = subject.source(passage.span);
    let lead = source.get(..source.floor_char_boundary(LEAD))?;
    let colon = lead.match_indices(':').map(|(at, _)| at).find(|&at| digits_before(lead, at) > 0 && two_digits(lead, at + 1).is_some())?;
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
        span: Span::new(passage.span.start + start, passage.span.start + end),
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
