//! What it looks for, and why: `counterfactual.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Levels, Names, Rule, Subject, Token},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "counterfactual",
    family: Family::Blameless,
    summary: "The text tells what people should have done",
    practices: &["S-030"],
    levels: Levels::always(Level::Warning),
    names: Names::Whatever,
    words: &["counterfactual", "regret", "<participle>", "<passive>"],
    page: include_str!("counterfactual.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (participle, passive, end) = (subject.class("<participle>"), subject.class("<passive>"), subject.class("<should-end>"));
    let regrets = subject.hits("regret").map(|hit| (hit, true));
    for (hit, tells_all) in subject.hits("counterfactual").map(|hit| (hit, false)).chain(regrets) {
        let after = hit.after(3);
        // “They should have.” says it all; “we should have a limit by Friday” speaks of days to come.
        // In German the sentence's last words tell.
        let tells = tells_all
            || end.any(hit.after(30))
            || after.first().is_none_or(|next| participle.has(next) || ends_like_one(subject, next));
        // “We should have been paged” is about the pager.
        let about_systems = after.split_first().is_some_and(|(next, rest)| subject.is(next, "been") && passive.any(rest));
        // “We could have noticed it way later” is relief.
        let is_relief = subject.class("<unregretted>").any(hit.after(6));
        if !tells || about_systems || is_relief || hit.role() == Role::ActionItems {
            continue;
        }
        findings
            .report(hit.span(), format!("“{}” tells of a day that did not happen.", hit.text()))
            .help("Say what was known and seen at that moment, and what made the choice reasonable then.");
    }
}

fn ends_like_one(subject: &Subject<'_>, word: &Token) -> bool {
    subject.source(word.span()).to_ascii_lowercase().ends_with("ed")
}
