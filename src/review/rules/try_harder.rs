//! What it looks for, and why: `try-harder.md` beside this file, which is also its test.

use crate::{
    review::{
        Family, Findings, Levels, Names, Rule, Subject,
        actions::{self, Said},
    },
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "try-harder",
    family: Family::ActionItems,
    summary: "An action item asks people to try harder",
    practices: &["S-079"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &["try-harder", "more-care", "<control>", "<bidding>"],
    page: include_str!("try-harder.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let control = subject.class("<control>");
    let told = actions::said(subject, "try-harder").filter(|said| said.is_told(subject));
    let mut found: Vec<Said<'_, '_>> = told.chain(actions::said(subject, "more-care")).collect();
    found.sort_by_key(|said| (said.item.span, said.before));
    found.dedup_by_key(|said| said.item.span);
    for said in found {
        // “Always test” is no test.
        let (before, rest) = said.sentence.split_at(said.before);
        let after = rest.get(said.hit.words().len()..).unwrap_or_default();
        if control.any(before) || control.any(after) {
            continue;
        }
        findings
            .report(said.hit.span(), format!("“{}” asks people to try harder.", said.hit.text()))
            .help("Add what helps on a bad day, too: a test, a lint rule, a check in the tool, a safe default, a drill.");
    }
}
