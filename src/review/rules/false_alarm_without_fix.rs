//! What it looks for, and why: `false-alarm-without-fix.md` beside this file, which is also its test.

use crate::{
    postmortem::{
        model::{Kind, Role, State},
        words::{List, list, words},
    },
    review::{Class, Family, Findings, Hit, Levels, Names, PassageKind, Rule, Subject, actions},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "false-alarm-without-fix",
    family: Family::ActionItems,
    summary: "A false alarm leads to no action item about the alert",
    practices: &["S-095"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["false-alarm", "<doubted>", "<alarm-fix>", "<linking>"],
    page: include_str!("false-alarm-without-fix.md"),
    check,
};

/// A passage of so few words is a title, or a line such as `Trigger: false alarm`.
const LABEL: usize = 8;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss) {
        return;
    }
    let Some(hit) = subject.hits("false-alarm").find(|hit| is_told(subject, *hit)) else { return };
    let fix = subject.class("<alarm-fix>");
    if is_handled(subject, fix) {
        return;
    }
    findings
        .report(hit.span(), format!("“{}” leads to no action item about the alert.", hit.text()))
        .help("Fix what set it off, adjust the alert, or write among the action items why it stays as it is.");
}

/// Whether the text says that this incident was one, rather than that somebody took it for one.
fn is_told(subject: &Subject<'_>, hit: Hit<'_, '_>) -> bool {
    let (doubted, linking) = (subject.class("<doubted>"), subject.class("<linking>"));
    let before = hit.before(8);
    if hit.role() == Role::ActionItems || doubted.any(before) {
        return false;
    }
    let passage = hit.passage();
    let is_title = passage.kind == PassageKind::Heading && subject.part(passage).level <= 1;
    let is_label = subject.words(passage).len() <= LABEL && passage.kind != PassageKind::Heading;
    let is_said = before.iter().rev().take(2).any(|word| linking.has(word));
    is_title || is_said || is_label && hit.role() != Role::Timeline
}

/// Whether an action item is about the alert, or prose among the action items says why none is.
fn is_handled(subject: &Subject<'_>, fix: Class) -> bool {
    let items = &subject.postmortem.action_items;
    let verbs = list(List::WorkVerbs);
    items.iter().filter(|item| item.state != State::Declined).any(|item| {
        let sentence = actions::sentence(subject, item);
        // An item whose words stand in several places is given the benefit of the doubt.
        sentence.is_empty() && verbs.prefix(&words(&item.text)).is_some() || fix.any(sentence)
    }) || items.is_empty() && subject.passages_of(Role::ActionItems).any(|passage| passage.kind != PassageKind::Heading)
}
