//! What it looks for, and why: `root-cause-wording.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Role,
    review::{Family, Findings, Gap, Levels, Names, PassageKind, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "root-cause-wording",
    family: Family::Causes,
    summary: "“The root cause” promises that there was only one",
    practices: &["S-049", "S-052"],
    levels: Levels::new(Level::Off, Level::Note, Level::Note),
    names: Names::Whatever,
    words: &["root-cause", "<linking>", "<denying>"],
    page: include_str!("root-cause-wording.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (linking, denying) = (subject.class("<linking>"), subject.class("<denying>"));
    let inconclusive = subject.class("<inconclusive>");
    for hit in subject.hits("root-cause") {
        let span = hit.span();
        // Teams that call the section so may; what it says counts.
        let is_label = hit.words().iter().all(|word| word.is_bold());
        let goes_on = hit.after(1).first().is_some_and(|next| subject.is(next, "analysis") || subject.is(next, "analyses"));
        let is_denied = denying.any(hit.before(2));
        let is_prompt = subject.is_prompt(hit.passage());
        // “Find the root cause” in an action item speaks of days to come.
        if hit.role() == Role::ActionItems
            || is_denied
            || is_prompt
            || goes_on
            || is_label
            || hit.passage().kind == PassageKind::Heading
            || heads_a_column(hit.passage().kind)
        {
            continue;
        }
        let text = hit.text();
        let finding = findings.report(span, format!("“{text}” promises that there was only one."));
        finding.help("Incidents have contributing factors: several things that had to come together.");
        // “A contributing factor was …” is certain to read well; in other places people find better words.
        // “… was not found until noon” and “we asked what the root cause was” want more than new words.
        let next = hit.after(2);
        let is_told = !next.get(1).is_none_or(|told| inconclusive.has(told));
        let starts = hit.words().first().is_some_and(|word| word.gap >= Gap::Comma);
        let is_subject = starts && is_told && next.first().is_some_and(|next| linking.has(next));
        if is_subject && let Some(rewrite) = rewrite(&text) {
            let capital = hit.words().first().is_some_and(|word| word.is_capital());
            finding.suggest(span, if capital { sentence_case(rewrite) } else { rewrite.to_owned() });
        }
    }
}

fn heads_a_column(kind: PassageKind) -> bool {
    matches!(kind, PassageKind::Cell { head: true, .. } | PassageKind::Cell { column: 0, .. })
}

/// What says the same without the promise.
fn rewrite(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "the root cause" => Some("a contributing factor"),
        "the root causes" => Some("the contributing factors"),
        // “The ultimate root cause” wants more than new words.
        _ => None,
    }
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
