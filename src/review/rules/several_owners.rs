//! What it looks for, and why: `several-owners.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Owner,
    review::{Family, Findings, Levels, Names, Rule, Subject, actions},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "several-owners",
    family: Family::ActionItems,
    summary: "An open action item has more than one owner",
    practices: &["S-074"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("several-owners.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for item in actions::open(subject).filter(|item| item.owners.len() > 1) {
        let owners: Vec<String> = item.owners.iter().map(Owner::to_string).collect();
        let said = subject.one_line_of(&owners.join(", "));
        findings
            .report(subject.item_span(item), format!("This action item has {} owners: {said}.", owners.len()))
            .help("Name the one who will see it through; the others can help all the same, or take an item of their own.");
    }
}
