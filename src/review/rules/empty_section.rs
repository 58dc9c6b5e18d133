//! What it looks for, and why: `empty-section.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Levels, Names, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "empty-section",
    family: Family::Structure,
    summary: "Nothing stands under a heading",
    practices: &["S-002", "S-093"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("empty-section.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for part in subject.parts.iter().skip(1) {
        // Headings that are no section of a postmortem may be titles or dividers.
        if part.own_role == Role::Other || part.is_label || part.is_filled {
            continue;
        }
        let help = match part.own_role {
            Role::ActionItems => "If nothing is to be done, a sentence that says so is a fine answer.",
            _ => "Write a sentence, or take the heading out if there is nothing to say.",
        };
        findings.report(part.span, format!("Nothing stands under “{}”.", subject.one_line_of(part.heading))).help(help);
    }
}
