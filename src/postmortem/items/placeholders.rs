//! What templates leave behind, and entries that are about the document rather than the incident.

use std::ops::Range;

use super::super::fields::{groups, state, tags};
use super::super::parse::PLACEHOLDER;
use super::super::prose::{Bytes, Prose};
use super::super::words::{List, Lists, Word, list};

/// The fields whose names stand in templates.
const LABELS: [List; 8] =
    [List::Owner, List::Due, List::Status, List::Priority, List::Action, List::Placeholders, List::Reference, List::Category];
/// What a placeholder without brackets must hold.
const PLACEHOLDERS: Lists = Lists::of(&[
    List::Placeholders,
    List::PlaceholderStarts,
    List::Dummies,
    List::Owner,
    List::Due,
    List::Status,
    List::Priority,
    List::Action,
    List::Reference,
    List::Category,
]);

/// Why the text of an entry is no item, if it is none.
pub fn reason(prose: &Prose) -> Option<&'static str> {
    let text = prose.text.trim();
    if prose.words().is_empty() {
        return Some("nothing in it");
    }
    if is_nothing(prose) {
        return Some("says that there is nothing");
    }
    if is_placeholder(prose) {
        return Some(PLACEHOLDER);
    }
    let url = !text.contains(char::is_whitespace) && (text.starts_with("http://") || text.starts_with("https://"));
    url.then_some("only a link")
}

/// `None`, `N/A`, `No action items`.
pub fn is_nothing(prose: &Prose) -> bool {
    prose.text.len() <= tags::LONGEST_NOBODY && tags::are_nobody(prose.words())
}

/// `Action item 1`, `{{ summary }}`, `[Describe the action]`, `…`
fn is_placeholder(prose: &Prose) -> bool {
    if !prose.may_hold(Bytes::of(b"([{<")) && !prose.mentions(PLACEHOLDERS) && !prose.words().iter().all(Word::is_number) {
        return false;
    }
    let text = prose.text.trim().trim_end_matches(['.', ':']);
    // Marks and links to nowhere stand around the placeholder itself.
    let mut kept = text;
    while let Some(length) = state::mark_length(kept) {
        kept = kept[length..].trim_start();
    }
    let brackets = groups(prose);
    let linked = prose.links().next().is_some();
    let whole = brackets.iter().any(|group| group.square && prose.slice(group.outer.clone()) == kept);
    if whole && !linked && prose.words().len() > 1 {
        return true;
    }
    let outside = |word: &&Word| {
        let counted = word.is_number();
        let aside = brackets.iter().any(|group| group.outer.start <= word.range().start && word.range().end <= group.outer.end);
        !counted && (!aside || whole)
    };
    let said: Vec<Word> = prose.words().iter().filter(outside).cloned().collect();
    said.is_empty() && !linked && brackets.is_empty()
        || list(List::Placeholders).is(&said)
        || is_example(prose)
        || said.len() <= 3 && said.iter().any(|word| word.is(List::Dummies))
        || !linked && only_labels(&said)
        || (kept.starts_with("{{") || kept.starts_with('<'))
            && list(List::Placeholders).prefix(&said).is_some_and(|length| length == said.len())
}

/// `e.g. add an alert`, `Example: add an alert`
fn is_example(prose: &Prose) -> bool {
    let words = prose.words();
    let Some(last) = list(List::PlaceholderStarts)
        .prefix(words)
        .and_then(|length| words.get(length - 1).map(|word| (length, word.range().end)))
    else {
        return false;
    };
    last.0 > 1 || prose.text[last.1..].trim_start_matches(['*', '_', ' ']).starts_with([':', '：'])
}

/// `@owner - due date`: the names of fields where their values will stand.
fn only_labels(words: &[Word]) -> bool {
    let mut rest = words;
    while let Some(length) = LABELS.iter().filter_map(|&name| list(name).prefix(rest)).max() {
        rest = &rest[length..];
    }
    rest.is_empty() && words.len() > 1
}

/// The `{{` and `}}` that a template's author wrote around a line that was filled in.
pub fn braces(prose: &Prose) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if prose.text.trim_start().starts_with("{{") {
        for brace in ["{{", "}}"] {
            found.extend(prose.text.match_indices(brace).take(4).map(|(at, brace)| at..at + brace.len()));
        }
        // `… ]` of a half-deleted placeholder.
        let kept = prose.text.trim_end();
        if kept.ends_with(']') && kept.matches(']').count() > kept.matches('[').count() {
            found.push(kept.len() - 1..kept.len());
        }
    }
    found
}

/// Whether most entries of a list are about writing the document: `Sections above are filled out`.
pub fn is_checklist_about_the_document<'p>(entries: impl Iterator<Item = &'p Prose>) -> bool {
    let (mut all, mut about) = (0, 0);
    for prose in entries {
        all += 1;
        about += usize::from(list(List::Meta).find(prose.words()).is_some());
    }
    about > 0 && about * 2 >= all
}
