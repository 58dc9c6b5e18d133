//! What it looks for, and why: `template-left-over.md` beside this file, which is also its test.

use crate::{
    postmortem::{
        model::{Kind, Role},
        parse::PLACEHOLDER,
    },
    review::{Class, Family, Findings, Gap, Levels, Names, Passage, PassageKind, Rule, Subject, Token, span_of},
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "template-left-over",
    family: Family::Structure,
    summary: "Something of the template is still there",
    practices: &["S-001", "S-002"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("template-left-over.md"),
    check,
};

/// The longest placeholder in brackets, in bytes.
const LONGEST: usize = 120;

/// How many placeholders among the action items of one document are looked for.
const MOST: usize = 50;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.postmortem.kind == Kind::Other {
        return;
    }
    let (unfilled, pattern) = (subject.class("unfilled"), subject.class("date-pattern"));
    let mut above: Option<&Passage> = None;
    let mut reported: Vec<Span> = Vec::new();
    for passage in subject.passages.iter().filter(|passage| !passage.is_quoted) {
        let source = subject.source(passage.span);
        let words = subject.words(passage);
        let right_under = above.is_none_or(|above| above.kind == PassageKind::Heading || above.part != passage.part);
        above = Some(passage);
        if let Some(span) = bracketed(subject, passage, source) {
            reported.push(passage.whole);
            findings
                .report(span, format!("“{}” stands in the brackets of a template.", subject.one_line(span)))
                .help("Write what belongs here; where it is written already, the brackets can go.");
        } else if let Some(span) = to_fill_in(subject, passage, unfilled, pattern) {
            findings
                .report(span, format!("“{}” is still to be filled in.", subject.one_line(span)))
                .help("Write what belongs here, or take it out if there is nothing to say.");
        } else if right_under && passage.kind == PassageKind::Paragraph && is_instruction(subject, source, words) {
            findings
                .report(passage.span, format!("“{}” is the template speaking.", subject.one_line(passage.span)))
                .help("It has done its work once the section is written, and can go.");
        }
    }
    items(subject, &reported, findings);
    comments(subject, findings);
}

/// What the reader did not take for an action item because only a template would write it.
fn items(subject: &Subject<'_>, reported: &[Span], findings: &mut Findings) {
    let mut from = 0;
    let left = subject.passed_over.iter().filter(|passed| passed.reason == PLACEHOLDER && !passed.text.is_empty());
    for passed in left.take(MOST) {
        let rest = subject.passages.get(from..).unwrap_or_default();
        let stands =
            |passage: &Passage| subject.role(passage) == Role::ActionItems && subject.source(passage.span).contains(&passed.text);
        let Some(at) = rest.iter().position(stands) else { continue };
        from += at + 1;
        let Some(passage) = rest.get(at).filter(|passage| !reported.contains(&passage.whole)) else { continue };
        findings
            .report(passage.span, format!("“{}” is still to be filled in.", subject.one_line(passage.span)))
            .help("Write what is to be done, or take the line out; a template's words open no issue.");
    }
}

/// Comments are counted, not listed: readers do not see them, and one look finds them all.
fn comments(subject: &Subject<'_>, findings: &mut Findings) {
    let tells = |(span, inside): &&(Span, &str)| {
        let inner = Span::new(span.start + 4, span.start + 4 + inside.len());
        let words = subject.words_at(inner);
        words.len() > 2 && !inside.trim_start().starts_with("followthrough-ignore") && speaks_to_writers(subject, inside, &words)
    };
    let mut left = subject.comments.iter().filter(tells);
    let Some((first, _)) = left.next() else { return };
    let message = match left.count() {
        0 => "A comment of the template is still there.".to_owned(),
        more => format!("This comment of the template and {more} more are still there."),
    };
    findings.report(*first, message).help("They have done their work once their sections are written, and can go.");
}

/// `{{ summary }}`, `[describe the impact here]`, `<your name>`: what stands in brackets for what should.
fn bracketed(subject: &Subject<'_>, passage: &Passage, source: &str) -> Option<Span> {
    let words = subject.words(passage);
    let taken = |span: Span| {
        let first = words.partition_point(|word| word.span().end <= span.start);
        let inside = words.iter().skip(first).take_while(|word| word.span().start < span.end);
        inside.into_iter().any(|word| word.is_code() || word.is_link())
    };
    let mut at = 0;
    while let Some(start) = source.get(at..).and_then(opening).map(|next| at + next) {
        let rest = source.get(start..).unwrap_or_default();
        at = start + 1;
        let (open, close) = match rest.as_bytes() {
            [b'{', b'{', ..] => ("{{", "}}"),
            [b'[', ..] => ("[", "]"),
            [b'<', ..] => ("<", ">"),
            _ => continue,
        };
        let near = rest.get(..rest.floor_char_boundary(LONGEST)).unwrap_or_default();
        let Some(length) = near.find(close).filter(|length| *length > open.len()) else { continue };
        let whole = Span::new(passage.span.start + start, passage.span.start + start + length + close.len());
        // `[here][label]`
        let label = open == "[" && source.get(..start).is_some_and(|before| before.ends_with(']'));
        let goes_on = label || rest.get(length + close.len()..).unwrap_or_default().starts_with(['(', '[']);
        let inner = subject.words_at(Span::new(whole.start + open.len(), whole.end - close.len()));
        if !taken(whole) && (open == "{{" || is_placeholder(subject, &inner, goes_on)) && !inner.is_empty() {
            return Some(whole);
        }
        at = start + length;
    }
    None
}

/// Where the first bracket opens.
fn opening(text: &str) -> Option<usize> {
    text.bytes().position(|byte| matches!(byte, b'[' | b'<' | b'{'))
}

fn is_placeholder(subject: &Subject<'_>, words: &[Token], goes_on: bool) -> bool {
    let (starts, whole) = (subject.class("placeholder-start"), subject.class("placeholder-whole"));
    let here = words.last().is_some_and(|last| subject.class("<here>").has(last)) && words.len() > 1;
    !goes_on && (here || starts.longest(words).is_some() || whole.longest(words) == Some(words.len()))
}

/// `TBD` as all that a line, a cell or a label says, and `YYYY-MM-DD`.
fn to_fill_in(subject: &Subject<'_>, passage: &Passage, unfilled: Class, pattern: Class) -> Option<Span> {
    let words = subject.words(passage);
    // Owners and states of action items have rules of their own.
    if subject.role(passage) == Role::ActionItems || words.len() > 12 {
        return None;
    }
    let value = words.iter().rposition(|word| word.gap == Gap::Clause).and_then(|at| words.get(at..)).unwrap_or(words);
    let date = pattern.find(words).and_then(|range| words.get(range));
    (unfilled.longest(value) == Some(value.len()) && value.iter().all(Token::is_own))
        .then(|| span_of(value))
        .or_else(|| date.map(span_of))
}

/// Whether a paragraph tells its writer what to write: in italics as a whole, or as templates put it.
fn is_instruction(subject: &Subject<'_>, source: &str, words: &[Token]) -> bool {
    let italic = ['*', '_'].iter().any(|mark| {
        let inside = source.strip_prefix(*mark).and_then(|rest| rest.strip_suffix(*mark));
        inside.is_some_and(|inside| !inside.starts_with(*mark) && !inside.contains(*mark))
    });
    let tells = subject.class("template-instruction").longest(words).is_some();
    tells || italic && speaks_to_writers(subject, source.trim_end_matches(['*', '_']), words)
}

fn speaks_to_writers(subject: &Subject<'_>, source: &str, words: &[Token]) -> bool {
    let asks = source.trim_end().ends_with(['?', '？']);
    let (instruction, verb) = (subject.class("template-instruction"), subject.class("<instruction>"));
    asks || instruction.find(words).is_some() || verb.longest(words).is_some()
}
