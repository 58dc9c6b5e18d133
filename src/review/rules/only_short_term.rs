//! What it looks for, and why: `only-short-term.md` beside this file, which is also its test.

use crate::{
    postmortem::model::State,
    review::{Family, Findings, Levels, Names, Rule, Subject, actions},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "only-short-term",
    family: Family::ActionItems,
    summary: "All action items are for the short term",
    practices: &["S-082"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["<short-term>"],
    page: include_str!("only-short-term.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let short = subject.class("<short-term>");
    let mut items = subject.postmortem.action_items.iter().filter(|item| item.state != State::Declined).peekable();
    let is_open = subject.postmortem.action_items.iter().any(|item| item.state == State::Open);
    if !actions::is_decided(subject.postmortem) || items.peek().is_none() || !is_open {
        return;
    }
    let is_near = |text: &str| short.stands_in(text);
    if items.all(|item| item.group.as_deref().is_some_and(is_near) || is_near(&item.text)) {
        findings
            .report(actions::list_span(subject), "All action items here are for the short term.")
            .help("Add the one that makes the patches unnecessary, or say that they are enough and why.")
            .whole_document();
    }
}
