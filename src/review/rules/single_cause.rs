//! What it looks for, and why: `single-cause.md` beside this file, which is also its test.

use crate::{
    postmortem::model::{Kind, Role},
    review::{Family, Findings, Levels, Names, Passage, PassageKind, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "single-cause",
    family: Family::Causes,
    summary: "Only one cause is listed",
    practices: &["S-049"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("single-cause.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss) {
        return;
    }
    let mut causes = subject.passages_of(Role::Causes).filter(|passage| !is_frame(subject, passage));
    let (Some(only), None) = (causes.next(), causes.next()) else { return };
    // In prose several causes may stand behind one another.
    if matches!(only.kind, PassageKind::Entry { depth: 1, first: true }) {
        findings.report(only.span, "This is the only cause.").help(
            "Incidents take several things at once. What else had to be so: what let it through, what hid it, what made it last?",
        );
    }
}

/// Headings, labels, and sentences that lead to a list.
fn is_frame(subject: &Subject<'_>, passage: &Passage) -> bool {
    let is_lead =
        passage.kind == PassageKind::Paragraph && subject.source(passage.span).trim_end_matches(['*', '_']).ends_with(':');
    passage.kind == PassageKind::Heading || passage.span.start == subject.part(passage).span.start || is_lead
}
