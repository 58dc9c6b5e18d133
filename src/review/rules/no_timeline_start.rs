//! What it looks for, and why: `no-timeline-start.md` beside this file, which is also its test.

use crate::{
    postmortem::model::{Kind, Role},
    review::{
        Family, Findings, Gap, Levels, Names, PassageKind, Rule, Subject, Token,
        timeline::{Moment, moments, time_in},
    },
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "no-timeline-start",
    family: Family::Structure,
    summary: "The timeline starts after the incident did",
    practices: &["S-036", "S-063"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["incident-start", "incident-window", "<span-start>", "first-sign"],
    page: include_str!("no-timeline-start.md"),
    check,
};

/// A start that lies further back than this many minutes is taken for another day's, where no date says otherwise.
const SAME_DAY: u32 = 12 * 60;

/// How much of a line is read for a time, in bytes.
const LONGEST: usize = 80;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss) {
        return;
    }
    let Some(first) = moments(subject).next().filter(|first| !is_dated_above(subject, first)) else { return };
    let known: Vec<Moment> = labelled(subject).into_iter().chain(spanned(subject)).collect();
    let this = subject.one_line(first.span);
    let help = "Begin before the first sign: with the last change, or with how things looked on a good day.";
    if let Some(start) = known.iter().find(|start| is_later(&first, start)) {
        let said = subject.one_line(start.span);
        findings.report(first.span, format!("The timeline starts at {this}, the incident at {said}.")).help(help);
    } else if known.is_empty() && moments(subject).nth(1).is_some() && is_first_sign(subject, &first) {
        findings
            .report(first.span, format!("The timeline starts at {this}, when it was noticed."))
            .help(help)
            .at_most(Level::Note);
    }
}

/// Whether the line of a time says that somebody noticed, was told or was woken.
fn is_first_sign(subject: &Subject<'_>, first: &Moment) -> bool {
    subject.hits("first-sign").filter(|hit| hit.span().start > first.span.start).take(1).any(|hit| {
        let between = subject.source(Span::new(first.span.end, hit.span().start.max(first.span.end)));
        hit.role() == Role::Timeline && !between.contains('\n')
    })
}

/// Whether a heading inside the timeline, such as `### Monday` or `### 2026-11-19`, says which day the time is of.
fn is_dated_above(subject: &Subject<'_>, first: &Moment) -> bool {
    subject.parts.get(first.part).is_some_and(|part| part.own_role != Role::Timeline)
}

fn is_later(first: &Moment, start: &Moment) -> bool {
    let zones = first.zone == start.zone || first.zone.is_empty() || start.zone.is_empty();
    let days = first.day == start.day || first.day.is_empty() || start.day.is_empty();
    let later = first.minutes.saturating_sub(start.minutes);
    zones && days && later > 0 && later < SAME_DAY
}

/// The time behind `Start:` in the front matter, a line or a row.
fn labelled(subject: &Subject<'_>) -> Option<Moment> {
    let label = subject.class("incident-start");
    let front = subject.words_at(subject.front);
    let in_front = (0..front.len()).find_map(|at| {
        let words = front.get(at..)?;
        let value = words.get(label.longest(words)?)?;
        (value.gap == Gap::Clause).then(|| time_on_line(subject, value, subject.front.end)).flatten()
    });
    // A site's own date is no start, so these labels count only in the document itself.
    let hits = subject
        .hits("incident-start")
        .chain(subject.hits("incident-window"))
        .filter(|hit| !matches!(hit.role(), Role::Timeline | Role::ActionItems));
    let mut hits = hits.filter_map(|hit| match hit.passage().kind {
        PassageKind::Cell { .. } => {
            let end = hit.passage().whole.end;
            let next = subject.below(hit.passage()).first()?;
            (next.span.start < end).then(|| time_on_line(subject, subject.words(next).first()?, end)).flatten()
        }
        _ => hit
            .after(1)
            .first()
            .filter(|value| value.gap == Gap::Clause)
            .and_then(|value| time_on_line(subject, value, hit.passage().span.end)),
    });
    in_front.or_else(|| hits.next())
}

/// `From 10:02 to 10:40`, `began at 10:02` where the document sums up.
fn spanned<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = Moment> + 's {
    let start = subject.class("<span-start>");
    let sums_up = |role: Role| matches!(role, Role::Summary | Role::Impact);
    let passages = subject.passages.iter().filter(move |passage| !passage.is_quoted && sums_up(subject.role(passage)));
    passages.flat_map(move |passage| {
        let words = subject.words(passage);
        (0..words.len()).filter_map(move |at| {
            let rest = words.get(at..)?;
            let value = rest.get(start.longest(rest)?).filter(|value| value.gap == Gap::Space)?;
            time_on_line(subject, value, passage.span.end)
        })
    })
}

/// The time that the line from `word` on starts with.
fn time_on_line(subject: &Subject<'_>, word: &Token, end: usize) -> Option<Moment> {
    let start = word.span().start;
    let rest = subject.source(Span::new(start, end.max(start)));
    let rest = rest.get(..rest.floor_char_boundary(LONGEST)).unwrap_or_default();
    let lead = rest.lines().next().unwrap_or_default();
    time_in(lead, start).filter(|time| time.span.start < start + lead.len())
}
