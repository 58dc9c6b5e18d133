//! What it looks for, and why: `person-as-cause.md` beside this file, which is also its test.

use crate::{
    postmortem::model::Role,
    review::{Class, Family, Findings, Hit, Levels, Names, Passage, PassageKind, Rule, Subject},
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "person-as-cause",
    family: Family::Blameless,
    summary: "What a person did stands as a cause",
    practices: &["S-033", "S-045"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &["person-cause", "person-lapse", "human-error", "<causal>", "<whys>", "<why>"],
    page: include_str!("person-as-cause.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let causal = subject.class("<causal>");
    let ends = ends_of_chains(subject);
    let is_end = |hit: &Hit<'_, '_>| ends.binary_search_by_key(&hit.passage().whole.start, |end| end.start).is_ok();
    let mut hits: Vec<Hit<'_, '_>> =
        subject.hits("person-cause").filter(|hit| is_end(hit) || states_cause(hit, causal)).collect();
    hits.extend(subject.hits("person-lapse").filter(is_end));
    hits.sort_by_key(|hit| hit.span());
    // “Operator error” has a rule of its own.
    let mut told: Vec<Span> = subject.hits("human-error").map(|hit| hit.span()).collect();
    for hit in hits {
        let (span, near) = (hit.span(), hit.before(NEAR).first().map_or(hit.span().start, |word| word.span().start));
        let at = told.partition_point(|other| other.start < span.end);
        if at.checked_sub(1).and_then(|before| told.get(before)).is_some_and(|other| other.end > near) {
            continue;
        }
        told.insert(at, span);
        let text = hit.text();
        let message = match is_end(&hit) {
            true => format!("The chain of whys ends at a person: “{text}”."),
            false => format!("“{text}” makes a person the cause."),
        };
        findings
            .report(span, message)
            .help("Go one step further: what made this easy to do, or hard to notice? That is what can be changed.");
    }
}

/// A second finding so few words after another, in the same sentence, says nothing new.
const NEAR: usize = 12;

/// Whether the sentence is about causes: by its section, or by its own words.
fn states_cause(hit: &Hit<'_, '_>, causal: Class) -> bool {
    let is_prose = hit.passage().kind != PassageKind::Heading && hit.role() != Role::ActionItems;
    is_prose && (hit.role() == Role::Causes || causal.any(hit.before(6)) || causal.any(hit.words()))
}

/// The last entries (paragraphs, rows) of chains of whys.
fn ends_of_chains(subject: &Subject<'_>) -> Vec<Span> {
    let (whys, why) = (subject.class("<whys>"), subject.class("<why>"));
    let parts = subject.passages.chunk_by(|one, next| one.part == next.part);
    let is_chain = |passages: &&[Passage]| {
        let heading = passages.first().filter(|passage| passage.span.start <= subject.part(passage).span.start);
        let asks = |passage: &&Passage| {
            (0..3).any(|at| subject.words(passage).get(at..).is_some_and(|words| why.longest(words).is_some()))
        };
        heading.is_some_and(|heading| whys.any(subject.words(heading))) || passages.iter().filter(asks).take(2).count() == 2
    };
    parts.filter(is_chain).filter_map(|passages| passages.last()).map(|last| last.whole).collect()
}
