//! What it looks for, and why: `who-or-why-question.md` beside this file, which is also its test.

use crate::{
    review::{Family, Findings, Levels, Names, Passage, PassageKind, Rule, Subject, Token, span_of},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "who-or-why-question",
    family: Family::Blameless,
    summary: "A question asks who or why",
    practices: &["S-040"],
    levels: Levels::new(Level::Off, Level::Note, Level::Note),
    names: Names::Whatever,
    words: &["blame-question", "<why>", "<whys>"],
    page: include_str!("who-or-why-question.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (asking, why) = (subject.class("blame-question"), subject.class("<why>"));
    let (whys, person) = (subject.class("<whys>"), subject.class("<individual>"));
    for passages in subject.passages.chunk_by(|one, next| one.part == next.part) {
        let asked: Vec<&[Token]> = passages
            .iter()
            .filter_map(|passage| question(subject, passage))
            .filter(|words| asking.longest(words).is_some())
            .collect();
        let whys_asked = asked.iter().filter(|words| why.longest(words).is_some()).count();
        let is_chain = whys_asked > 1 || passages.first().is_some_and(|first| whys.any(subject.words(first)));
        for words in asked {
            // Five whys are a method (S-054), as long as they ask about things.
            if is_chain && why.longest(words).is_some() && !person.any(words.get(..NEAR).unwrap_or(words)) {
                continue;
            }
            let span = span_of(words);
            findings
                .report(span, format!("“{}?” asks for a person or a justification.", subject.one_line(span)))
                .help("“What” and “how” bring more to light: “What made this look right?”, “How did it come to this?”");
        }
    }
}

/// Whom a question is about, its first words tell.
const NEAR: usize = 6;

/// The words of a line that is a question and nothing else.
fn question<'s>(subject: &'s Subject<'_>, passage: &Passage) -> Option<&'s [Token]> {
    let words = subject.words(passage);
    let after = subject.text.get(span_of(words).end..)?.trim_start_matches(['*', '_', ' ', '\u{a0}', '\u{202f}']);
    let is_line = passage.kind != PassageKind::Heading && !passage.is_quoted && after.starts_with('?');
    // A line all in italics is the template's.
    let is_template = subject.source(passage.span).starts_with(['*', '_']) && !words.first()?.is_bold();
    let is_own =
        !is_template && words.iter().take(1).all(Token::is_own) && words.iter().skip(1).all(|word| !word.starts_sentence());
    (is_line && is_own && words.len() > 2).then_some(words)
}
