//! What it looks for, and why: `self-blame.md` beside this file, which is also its test.

use crate::{
    review::{Family, Findings, Levels, Names, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "self-blame",
    family: Family::Blameless,
    summary: "The writer blames themselves",
    practices: &["S-029", "S-031"],
    levels: Levels::always(Level::Note),
    names: Names::Whatever,
    words: &["self-blame"],
    page: include_str!("self-blame.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for hit in subject.hits("self-blame") {
        findings.report(hit.span(), format!("“{}” is harder than the facts are.", hit.text())).help(
            "Thank you for telling it openly. Most people in that place would have done the same: say what made it look right.",
        );
    }
}
