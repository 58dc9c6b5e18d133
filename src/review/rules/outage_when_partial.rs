//! What it looks for, and why: `outage-when-partial.md` beside this file, which is also its test.

use crate::{
    postmortem::model::{Kind, Role},
    review::{Family, Findings, Hit, Levels, Names, Rule, Subject},
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "outage-when-partial",
    family: Family::Structure,
    summary: "“Outage” stands where only a part was affected",
    practices: &["S-018"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["outage", "partial-impact", "full-impact"],
    page: include_str!("outage-when-partial.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss) {
        return;
    }
    let mark = subject.hits("partial-impact").find(|hit| marks_impact(subject, hit)).map(|hit| hit.span());
    let Some(mark) = mark.or_else(|| share(subject)) else { return };
    if subject.hits("full-impact").any(|full| marks_impact(subject, &full)) {
        return;
    }
    // “A partial outage” says it already; a provider's outage is theirs to name.
    let partial = subject.class("partial-impact");
    let own = |hit: &Hit<'_, '_>| hit.role() != Role::ActionItems && !partial.any(hit.before(2)) && !follows_a_name(hit);
    if let Some(outage) = subject.hits("outage").find(own) {
        findings
            .report(
                outage.span(),
                format!("“{}” promises more than “{}” under the impact.", outage.text(), subject.one_line(mark)),
            )
            .help("Keep “outage” for when nothing worked; “degradation”, or what users saw, says how much still did.");
    }
}

/// Whether a phrase says how much was affected: it stands in the section of the impact, or behind a label of it.
fn marks_impact(subject: &Subject<'_>, hit: &Hit<'_, '_>) -> bool {
    let value = subject.postmortem.metadata.impact.as_deref();
    hit.role() == Role::Impact || value.is_some_and(|value| value.contains(subject.source(hit.span())))
}

fn follows_a_name(hit: &Hit<'_, '_>) -> bool {
    hit.before(1).first().is_some_and(|word| word.is_capital() && !word.starts_sentence())
}

/// `78 % of …` where the impact is told.
fn share(subject: &Subject<'_>) -> Option<Span> {
    subject.passages_of(Role::Impact).find_map(|passage| {
        let source = subject.source(passage.span);
        let (before, after) = source.split_once('%').filter(|(_, after)| after.trim_start().starts_with("of "))?;
        let before = before.trim_end();
        let start = before
            .rfind(|c: char| !c.is_ascii_digit() && c != '.')
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let percent: f64 = before.get(start..)?.parse().ok()?;
        let end = source.len() - after.len();
        (percent > 0.0 && percent < 100.0).then(|| Span::new(passage.span.start + start, passage.span.start + end))
    })
}
