//! What it looks for, and why: `not-verb-first.md` beside this file, which is also its test.

use crate::{
    postmortem::{
        model::State,
        words::{List, list, words},
    },
    review::{Family, Findings, Gap, Levels, Names, Rule, Subject, Token, span_of},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "not-verb-first",
    family: Family::ActionItems,
    summary: "An action item does not start with what to do",
    practices: &["S-076"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["<item-lead>", "wish", "vague-action", "<verb>", "<determiner>"],
    page: include_str!("not-verb-first.md"),
    check,
};

/// Noun phrases are short; in what is longer a verb that the data does not know may stand.
const SHORT: usize = 8;

/// How soon `Infra team to add …` comes to its verb.
const SOON: usize = 6;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (lead, wish, vague) = (subject.class("<item-lead>"), subject.class("wish"), subject.class("vague-action"));
    for item in subject.postmortem.action_items.iter().filter(|item| item.state == State::Open) {
        let tokens = subject.first_sentence(subject.item_words(item));
        let Some(first) = tokens.first().filter(|first| first.is_own() && !first.is_mention()) else { continue };
        let text = words(&item.text);
        let verb = |at: usize| text.get(at..).is_some_and(|rest| list(List::WorkVerbs).prefix(rest).is_some());
        if let Some(length) = wish.longest(tokens)
            && let Some(next) = tokens.get(length)
            && verb(length)
        {
            let said = span_of(&tokens[..length]);
            findings
                .report(said, format!("This action item starts with “{}”.", subject.one_line(said)))
                .help("Start with the verb: it reads as something to do, and fits an issue's title.")
                .suggest(span_of(&tokens[..=length]), capitalised(subject.source(next.span())));
            continue;
        }
        let announced = (1..SOON.min(text.len())).any(|at| list(List::To).prefix(&text[at..]).is_some() && verb(at + 1));
        let after_label = item.text.contains(':') && (1..SOON).any(verb);
        // “Better alerts” is told for its vagueness.
        if verb(0) || announced || after_label || vague.longest(tokens).is_some() {
            continue;
        }
        let is_lead = lead.has(first);
        let is_phrase = text.len() <= SHORT && !(1..text.len()).any(verb) && !might_be_verb(subject, tokens);
        if is_lead || is_phrase {
            let said = span_of(tokens.get(..text.len().min(tokens.len()).min(4)).unwrap_or_default());
            findings
                .report(said, "This action item does not start with what to do.")
                .help("Start with a verb that has an end: “Add …”, “Remove …”, “Alert when …”.");
        }
    }
}

/// Verbs that the reader does not know, words with the ends of verbs, and whatever an article follows. “Exploring other
/// databases” says what to do; “Testing of …” is a topic.
fn might_be_verb(subject: &Subject<'_>, words: &[Token]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    let word = subject.source(first.span()).to_ascii_lowercase();
    let has_end = ["ify", "ize", "ise", "ate", "en"].iter().any(|end| word.ends_with(end));
    let next = rest.first().filter(|next| next.gap == Gap::Space);
    let has_object = next.is_some_and(|next| subject.class("<determiner>").has(next));
    let is_topic = next.is_none_or(|next| ["of", "for", "and"].iter().any(|noun| subject.is(next, noun)));
    subject.class("<verb>").has(first) || has_end || has_object || word.ends_with("ing") && !is_topic
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
