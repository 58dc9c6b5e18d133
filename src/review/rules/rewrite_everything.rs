//! What it looks for, and why: `rewrite-everything.md` beside this file, which is also its test.

use crate::{
    review::{Family, Findings, Gap, Levels, Names, Rule, Subject, Token, actions, span_of},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "rewrite-everything",
    family: Family::ActionItems,
    summary: "An action item wants a whole system to be made anew",
    practices: &["S-080"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["<rewriting>", "<replacing>", "<whole>", "<system>", "<heads-on>"],
    page: include_str!("rewrite-everything.md"),
    check,
};

/// How many words the name of a system may take.
const NAME: usize = 6;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for item in actions::open(subject) {
        let sentence = actions::sentence(subject, item);
        let Some(length) = anew(subject, sentence) else { continue };
        let said = span_of(&sentence[..length]);
        findings
            .report(said, format!("“{}” is more than one action item.", subject.one_line(said)))
            .help("Ask the system's owner what they plan, as an item of its own, and add at least one that helps this month.");
    }
}

/// How many words of `sentence` say that a system is to be made anew.
fn anew(subject: &Subject<'_>, sentence: &[Token]) -> Option<usize> {
    let (system, whole, goes_on) = (subject.class("<system>"), subject.class("<whole>"), subject.class("<heads-on>"));
    let rewriting = subject.class("<rewriting>").longest(sentence);
    let verb = rewriting.or_else(|| subject.class("<replacing>").longest(sentence))?;
    let rest = sentence.get(verb..)?;
    let end = rest.iter().position(|word| word.gap > Gap::Space).unwrap_or(rest.len()).min(NAME);
    // “The app's login page” is about the page.
    let is_head = |at: usize| rest.get(at).is_none_or(|next| next.gap > Gap::Space || goes_on.has(next));
    let is_one = |word: &Token| system.has(word) && !subject.source(word.span()).contains(['\'', '’']);
    let at = (0..end).find(|&at| rest.get(at).is_some_and(is_one) && is_head(at + 1))?;
    let named = &rest[..=at];
    // Other verbs speak of parts as often as of the whole.
    (rewriting.is_some() || whole.any(named)).then_some(verb + at + 1)
}
