//! Fields side by side: `(@ada, 2027-03-01)`, `[Ada, P1]`, `… | @ada | 2027-03-01`, `… -> Ada, 2027-03-01`.
//!
//! Such a stretch counts only when every part of it is a field; a bracket that says anything else is part of the sentence.

use std::ops::Range;

use super::super::prose::{Bytes, Prose};
use super::super::words::{List, list};
use super::{Context, Fields, dates, ends_at, groups, labels, owners, references, starts_at, state, tags};

/// Reads the stretches that hold nothing but fields, and claims them.
pub fn read(prose: &Prose, context: &Context, claims: &mut Vec<Range<usize>>) -> Fields {
    let mut fields = Fields::default();
    if !prose.may_hold(Bytes::of(b"(|[>")) {
        return fields;
    }
    for group in groups(prose).iter().rev() {
        let placed = ends_at(prose, group.outer.end, claims) || starts_at(prose, group.outer.start, claims);
        if placed && parts(prose, group.inner.clone()).len() > 1 {
            take(prose, group.inner.clone(), group.outer.clone(), context, &mut fields, claims);
        }
    }
    let tail = [" | ", " -> ", " → ", " => "].iter().filter_map(|divider| Some((prose.text.find(divider)?, divider.len()))).min();
    if let Some((at, length)) = tail {
        take(prose, at + length..prose.text.len(), at..prose.text.len(), context, &mut fields, claims);
    }
    fields
}

fn take(
    prose: &Prose,
    inner: Range<usize>,
    outer: Range<usize>,
    context: &Context,
    fields: &mut Fields,
    claims: &mut Vec<Range<usize>>,
) {
    let labelled = labels::find(prose, context);
    let mut read = Fields::default();
    let (mut certain, mut names) = (0, Vec::new());
    for part in parts(prose, inner) {
        let text = prose.slice(part.clone());
        let all = prose.words_in(part.clone());
        let label = labelled.iter().find(|label| {
            label.value.end <= part.end
                && prose.words_in(part.start..label.value.start).first().is_some_and(|word| word.range().start >= part.start)
                && label.claim.end > part.start
                && label.value.start >= part.start
        });
        if let Some(label) = label {
            if !labels::take(prose, label, context, &mut read) && label.list != List::Notes {
                return;
            }
        } else if owners::are_mentions(text) {
            read.owners.extend(owners::names(prose, part));
        } else if let Some(date) = dates::whole(prose, &part, context) {
            read.due = read.due.or(Some(date));
        } else if let Some(says) = state::whole(all) {
            read.state = read.state.or(Some(says));
        } else if let Some(priority) = tags::exact_priority(all) {
            read.priority = read.priority.or(Some(priority));
        } else if let Some(category) = tags::exact_category(all) {
            read.category = read.category.or(Some(category));
        } else if only_points(prose, &part) {
            read.refer(references::within(prose, part));
        } else if owners::like_a_name(text, context) {
            names.push(part);
            continue;
        } else {
            return;
        }
        certain += 1;
    }
    if certain > 0 {
        for name in names {
            read.owners.extend(owners::names(prose, name));
        }
        fields.or(read);
        claims.push(outer);
    }
}

/// The parts of a stretch, trimmed, without empty ones.
fn parts(prose: &Prose, range: Range<usize>) -> Vec<Range<usize>> {
    let text = prose.slice(range.clone());
    let mut found = Vec::new();
    let mut at = range.start;
    for part in text.split([',', ';', '|', '·', '，', '；', '、']) {
        let start = at + (part.len() - part.trim_start().len());
        if !part.trim().is_empty() {
            found.push(start..start + part.trim().len());
        }
        // Every divider is one character; its length is what separates this part from the next.
        at += part.len();
        at += prose.text[at..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

/// `#12`, `PR`, `see OPS-7`.
fn only_points(prose: &Prose, part: &Range<usize>) -> bool {
    let text = prose.slice(part.clone());
    let points = !references::within(prose, part.clone()).is_empty();
    let rest = text.split_once(' ').filter(|(first, _)| {
        let first = super::super::words::words(first);
        list(List::Reference).is(&first)
    });
    points && (references::says_nothing(text) || rest.is_some_and(|(_, rest)| references::says_nothing(rest)))
}
