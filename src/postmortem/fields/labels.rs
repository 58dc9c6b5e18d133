//! Fields that say their name: `Owner: @ada`, `(due: 2026-12-01)`, `**Status**: done`.

use std::ops::Range;

use super::super::prose::{Bytes, Prose, Style};
use super::super::words::{List, Lists, list};
use super::{Context, Fields, dates, owners, references, starts_at, state, tags};

/// What a label may be called, and what its value is then.
const LABELS: [List; 9] = [
    List::Owner,
    List::Due,
    List::Status,
    List::Priority,
    List::Category,
    List::Area,
    List::Reference,
    List::Action,
    List::Notes,
];

const LABEL_LISTS: Lists = Lists::of(&LABELS);

/// A label with its value.
#[derive(Debug, Clone)]
pub struct Labelled {
    pub list: List,
    /// From the label, or the bracket around it, to the end of the value.
    pub claim: Range<usize>,
    pub value: Range<usize>,
}

/// What must follow a label.
const COLONS: Bytes = Bytes::of(b":=");

/// Reads the labelled fields; those that have a value of their kind are claimed.
pub fn read(prose: &Prose, context: &Context, claims: &mut Vec<Range<usize>>) -> Fields {
    let mut fields = Fields::default();
    for labelled in find(prose, context) {
        if take(prose, &labelled, context, &mut fields) {
            claims.push(labelled.claim);
        } else if labelled.list == List::Action && starts_at(prose, labelled.claim.start, &[]) && labelled.value.len() > 2 {
            // `Action: add …`
            claims.push(labelled.claim.start..labelled.value.start);
        }
    }
    fields
}

/// Reads one labelled value into `fields`. False when the value is not of the label's kind.
pub fn take(prose: &Prose, labelled: &Labelled, context: &Context, fields: &mut Fields) -> bool {
    let range = labelled.value.clone();
    let value = prose.slice(range.clone());
    if tags::is_nobody(value) && !matches!(labelled.list, List::Action | List::Notes) {
        return true;
    }
    match labelled.list {
        List::Owner => match owners::names(prose, range) {
            names if names.is_empty() => false,
            names => {
                fields.owners.extend(names.into_iter().take(16));
                true
            }
        },
        List::Due => match dates::deadline(value, context) {
            Some(due) => {
                fields.due = fields.due.or(Some(due));
                true
            }
            None => value.chars().count() <= 24,
        },
        List::Status => match state::of_value(value) {
            Some(state) => {
                fields.state = Some(state);
                true
            }
            None => false,
        },
        List::Priority => match tags::priority_of(value) {
            Some(priority) => {
                fields.priority = fields.priority.take().or(Some(priority));
                true
            }
            None => false,
        },
        List::Category => match tags::category_of(value) {
            Some(category) => {
                fields.category = fields.category.or(Some(category));
                true
            }
            None => false,
        },
        List::Area if value.split_whitespace().count() <= 4 => {
            fields.area = fields.area.take().or_else(|| Some(value.trim().to_owned()));
            true
        }
        List::Reference => {
            let found = references::within(prose, range);
            let any = !found.is_empty();
            fields.refer(found);
            any
        }
        _ => false,
    }
}

/// The labels of the text with their values, in order.
pub fn find(prose: &Prose, context: &Context) -> Vec<Labelled> {
    let mut starts: Vec<(List, usize, usize)> = Vec::new();
    if !prose.may_hold(COLONS) || !prose.mentions(LABEL_LISTS) {
        return Vec::new();
    }
    let mut at = 0;
    while at < prose.words().len() && starts.len() < 32 {
        let words = &prose.words()[at..];
        let start = words[0].range().start;
        let named = if words[0].starts_any(LABEL_LISTS) && may_start(prose, start) {
            LABELS
                .iter()
                .filter_map(|&name| list(name).prefix(words).map(|length| (name, length)))
                .max_by_key(|&(_, length)| length)
        } else {
            None
        };
        let value =
            named.and_then(|(name, length)| Some((name, value_start(prose, words.get(length - 1)?.range().end)?, length)));
        match value {
            Some((name, value, length)) => {
                // The longest name wins; of equal ones the first of `LABELS`.
                let name = LABELS.iter().copied().find(|&first| list(first).prefix(words) == Some(length)).unwrap_or(name);
                starts.push((name, start, value));
                at += length;
            }
            None => at += 1,
        }
    }
    let nexts: Vec<usize> = starts.iter().skip(1).map(|&(_, start, _)| start).chain([prose.text.len()]).collect();
    starts
        .into_iter()
        .zip(nexts)
        .map(|((list, start, value), next)| {
            let opened = prose.text[..start].trim_end_matches(['*', '_', ' ']).ends_with(['(', '[', '（', '{']);
            let end = value_end(prose, value, next, opened);
            let end = if list == List::Owner { before_date(prose, value.min(end)..end, context) } else { end };
            let value = value.min(end)..end;
            let claim = if opened { around(prose, start, end) } else { start..end };
            Labelled { list, claim, value: trimmed(prose, value) }
        })
        .collect()
}

/// A label stands at the start, after punctuation that divides, or where bold text starts.
fn may_start(prose: &Prose, start: usize) -> bool {
    let before = prose.text[..start].trim_end_matches([' ', '\t', '*', '_']);
    let divided = before.is_empty()
        || before.ends_with([
            '\n', '(', '[', '{', ';', ',', '|', '.', '!', '?', '-', '—', '–', ':', '·', '•', '→', '/', '（', '，', '。', '；',
            '、',
        ]);
    let bold = || prose.marks.iter().any(|mark| mark.style == Style::Strong && mark.range.start == start);
    (divided || bold()) && !prose.in_code(start)
}

/// Where the value starts, if a colon follows the label that ends at `end`.
fn value_start(prose: &Prose, end: usize) -> Option<usize> {
    let rest = &prose.text[end..];
    let after = rest.trim_start_matches([' ', '*', '_', ')']);
    let value = after.strip_prefix([':', '：', '='])?;
    // `https://` and `12:30` are no labels.
    if value.starts_with('/') || value.starts_with(':') {
        return None;
    }
    let value = value.trim_start_matches([' ', '*', '_']);
    Some(prose.text.len() - value.len())
}

fn value_end(prose: &Prose, start: usize, next: usize, opened: bool) -> usize {
    let (mut depth, text) = (0_usize, &prose.text[..next]);
    let mut previous = ' ';
    for (at, c) in text.char_indices().skip_while(|&(at, _)| at < start) {
        let rest = &text[at..];
        let ends = match c {
            '\n' | ';' | '|' | '；' | '。' => true,
            '(' | '[' | '（' => {
                depth += 1;
                false
            }
            ')' | ']' | '）' | '}' if depth == 0 => opened || at > start,
            ')' | ']' | '）' => {
                depth -= 1;
                false
            }
            '-' | '–' | '—' => previous == ' ' && rest[c.len_utf8()..].trim_start_matches('-').starts_with(' '),
            // `St. Example` goes on, `@ada. This` does not.
            '.' => rest.len() == 1 || (rest[1..].starts_with(char::is_whitespace) && at - start > 3),
            _ => false,
        };
        if ends {
            return at;
        }
        previous = c;
    }
    let end = text.trim_end_matches(|c: char| c.is_whitespace() || "*_([{,—–-".contains(c)).len();
    end.max(start)
}

/// Where the names in a value end: `Max, bis 15.03.2027` holds a date of its own.
fn before_date(prose: &Prose, value: Range<usize>, context: &Context) -> usize {
    let inside: Vec<_> =
        prose.words().iter().filter(|word| value.start <= word.range().start && word.range().end <= value.end).copied().collect();
    let date = (1..inside.len()).find(|&at| {
        let by = list(List::By).prefix(&inside[at..]).unwrap_or(0);
        dates::starts(&prose.text, &inside[at + by..], context)
    });
    date.and_then(|at| inside.get(at)).map_or(value.end, |word| {
        prose.text[..word.range().start].trim_end_matches([' ', ',', '-', '–', '—', '(']).len().max(value.start)
    })
}

/// `start..end` with the bracket before it and, if nothing else stands inside, the bracket after it.
fn around(prose: &Prose, start: usize, end: usize) -> Range<usize> {
    let before = prose.text[..start].trim_end_matches(['*', '_', ' ']);
    let after = prose.text[end..].trim_start();
    match (before.char_indices().next_back(), after.chars().next()) {
        (Some((open, _)), Some(close)) if matches!(close, ')' | ']' | '）' | '}') => {
            open..prose.text.len() - after.len() + close.len_utf8()
        }
        _ => start..end,
    }
}

fn trimmed(prose: &Prose, range: Range<usize>) -> Range<usize> {
    let text = prose.slice(range.clone());
    let start = range.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}
