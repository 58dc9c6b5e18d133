//! What it looks for, and why: `only-long-term.md` beside this file, which is also its test.

use crate::{
    postmortem::model::State,
    review::{Family, Findings, Levels, Names, Rule, Subject, actions},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "only-long-term",
    family: Family::ActionItems,
    summary: "All action items are for the long term",
    practices: &["S-081"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["<long-term>"],
    page: include_str!("only-long-term.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let long = subject.class("<long-term>");
    let mut items = subject.postmortem.action_items.iter().filter(|item| item.state != State::Declined).peekable();
    if !actions::is_decided(subject.postmortem) || items.peek().is_none() {
        return;
    }
    // What is done already has helped soon.
    let is_far = |text: &str| long.stands_in(text);
    if items.all(|item| item.state == State::Open && (item.group.as_deref().is_some_and(is_far) || is_far(&item.text))) {
        findings
            .report(actions::list_span(subject), "All action items here are for the long term.")
            .help("Add one that helps this month: a limit, an alert, a page in the runbook. It does not stand in the way of the durable fix.")
            .whole_document();
    }
}
