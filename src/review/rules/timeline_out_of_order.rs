//! What it looks for, and why: `timeline-out-of-order.md` beside this file, which is also its test.

use crate::{
    review::{
        Family, Findings, Levels, Names, Rule, Subject,
        timeline::{Moment, moments},
    },
    settings::Level,
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

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let mut last: Option<Moment> = None;
    for moment in moments(subject) {
        let above = last.as_ref().filter(|above| above.part == moment.part && is_before(&moment, above));
        let Some(above) = above else {
            last = Some(moment);
            continue;
        };
        let (this, other) = (subject.one_line(moment.span), subject.one_line(above.span));
        findings
            .report(moment.span, format!("{this} stands below {other}."))
            .help("Put the line where it belongs in time; if it was the next day, say so with a date.");
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
