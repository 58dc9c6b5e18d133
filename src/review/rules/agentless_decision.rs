//! What it looks for, and why: `agentless-decision.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Levels, Names, PassageKind, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "agentless-decision",
    family: Family::Blameless,
    summary: "A decision comes without anyone who made it",
    practices: &["S-043"],
    levels: Levels::new(Level::Off, Level::Note, Level::Note),
    names: Names::WhenAllowed,
    words: &["agentless", "<by>"],
    page: include_str!("agentless-decision.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let by = subject.class("<by>");
    let mut end = 0;
    for hit in subject.hits("agentless") {
        let is_elsewhere = hit.role() == Role::ActionItems || hit.passage().kind == PassageKind::Heading;
        if is_elsewhere || hit.span().start < end || by.any(hit.after(8)) {
            continue;
        }
        end = hit.span().end;
        findings
            .report(hit.span(), format!("“{}” hides who decided.", hit.text()))
            .help("Say who decided and what pressed them: what they knew, what they had to weigh, how much time there was.");
    }
}
