//! What it looks for, and why: `human-error.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Levels, Names, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "human-error",
    family: Family::Blameless,
    summary: "“Human error” stands where a cause should",
    practices: &["S-032"],
    levels: Levels::always(Level::Warning),
    names: Names::Whatever,
    words: &["human-error", "<averting>"],
    page: include_str!("human-error.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let averting = subject.class("<averting>");
    for hit in subject.hits("human-error") {
        // “Less room for human error” is what a good action aims at, and “not human error” says it already.
        if hit.role() == Role::ActionItems || averting.any(hit.before(5)) {
            continue;
        }
        findings
            .report(hit.span(), format!("“{}” ends the search where it gets interesting.", hit.text()))
            .help("People err everywhere; say what made this slip easy to make, or hard to notice before it did harm.");
    }
}
