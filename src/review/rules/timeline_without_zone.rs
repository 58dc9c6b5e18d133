//! What it looks for, and why: `timeline-without-zone.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Kind,
    review::{
        Family, Findings, Levels, Names, Rule, Subject,
        timeline::{Moment, headed, moments},
    },
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "timeline-without-zone",
    family: Family::Structure,
    summary: "The times of the timeline have no time zone",
    practices: &["S-061", "S-063"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["time-zone"],
    page: include_str!("timeline-without-zone.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss) {
        return;
    }
    let mut times: Vec<Moment> = headed(subject).chain(moments(subject)).collect();
    times.sort_by_key(|time| time.span.start);
    let ([first, _, ..], false) = (times.as_slice(), times.iter().any(|time| has_zone(subject, time))) else { return };
    if subject.hits("time-zone").any(|hit| is_zone(&hit.text())) || is_linked(subject) || front_says(subject) {
        return;
    }
    findings
        .report(
            first.span,
            format!("{} stands in no time zone, and neither do the times below it.", subject.one_line(first.span)),
        )
        .help("Name it once, as in “all times in UTC”, so that readers elsewhere can lay it beside their dashboards and logs.");
}

fn has_zone(subject: &Subject<'_>, time: &Moment) -> bool {
    let after = subject.text.get(time.span.end..).unwrap_or_default();
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let offset = after.trim_start_matches(' ').strip_prefix(['+', '-', '−']).and_then(|rest| rest.as_bytes().get(..2));
    !time.zone.is_empty() || after.starts_with(['Z', 'z']) || offset.is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
}

/// Abbreviations of zones are words of other meanings when they are not in capitals.
fn is_zone(text: &str) -> bool {
    text.len() > 5 || text.chars().all(|c| !c.is_lowercase())
}

/// `All times in [UTC](…)`
fn is_linked(subject: &Subject<'_>) -> bool {
    let zones = subject.class("time-zone");
    let mut words = subject.passages.iter().flat_map(|passage| subject.words(passage));
    words.any(|word| !word.is_own() && zones.has(word) && is_zone(subject.source(word.span())))
}

fn front_says(subject: &Subject<'_>) -> bool {
    let words = subject.words_at(subject.front);
    subject.class("time-zone").find(&words).is_some()
}
