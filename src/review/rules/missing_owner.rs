//! What it looks for, and why: `missing-owner.md` beside this file, which is also its test.

use crate::{
    postmortem::model::State,
    review::{Family, Findings, Levels, Names, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "missing-owner",
    family: Family::ActionItems,
    summary: "An open action item has no owner",
    practices: &["S-074"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("missing-owner.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for item in &subject.postmortem.action_items {
        if item.state == State::Open && item.owners.is_empty() {
            findings
                .report(subject.item_span(item), "This action item has no owner.")
                .help("Name the one person or team who will see it through, for example `(@login)` at its end.");
        }
    }
}
