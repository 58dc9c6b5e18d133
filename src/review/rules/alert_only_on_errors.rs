//! What it looks for, and why: `alert-only-on-errors.md` beside this file, which is also its test.

use crate::{
    postmortem::model::State,
    review::{Family, Findings, Levels, Names, Rule, Subject, actions, span_of},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "alert-only-on-errors",
    family: Family::ActionItems,
    summary: "New alerts watch for errors, and none for success that stays away",
    practices: &["S-085"],
    levels: Levels::new(Level::Off, Level::Note, Level::Note),
    names: Names::Whatever,
    words: &["alert-words", "<alert>", "<error>", "<lack>", "<unmaking>"],
    page: include_str!("alert-only-on-errors.md"),
    check,
};

/// A hint, given once.
fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (alert, error) = (subject.class("<alert>"), subject.class("<error>"));
    let (lack, unmaking) = (subject.class("<lack>"), subject.class("<unmaking>"));
    if subject.hits("alert-words").next().is_none() {
        return;
    }
    let mut first = None;
    for item in subject.postmortem.action_items.iter().filter(|item| item.state != State::Declined) {
        let sentence = actions::sentence(subject, item);
        let Some(alerts) = alert.find(sentence).filter(|_| !sentence.first().is_some_and(|verb| unmaking.has(verb))) else {
            continue;
        };
        // One alert that watches for success shows that the thought is there.
        if lack.any(sentence) {
            return;
        }
        if item.state == State::Open && first.is_none() && error.any(sentence) {
            first = sentence.get(alerts).map(span_of);
        }
    }
    if let Some(said) = first {
        findings.report(said, "The alerts planned here watch for errors.").help(
            "Errors can fail to arrive, too: also alert when success stays away, as in “fewer than 98 % of checkouts succeed”.",
        );
    }
}
