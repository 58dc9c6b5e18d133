//! What rules about action items share: which items count, the words of an item, and where words of a list stand in them.
//!
//! Items that are done or declined are nobody's concern any more.

use super::{Gap, Hit, Subject, Token};
use crate::{
    postmortem::{
        Postmortem,
        model::{ActionItem, Kind, Role, State},
        words::{List, list, words},
    },
    text::Span,
};

/// The items that still want doing, in document order.
pub fn open<'d>(subject: &Subject<'d>) -> impl Iterator<Item = &'d ActionItem> + use<'d> {
    subject.postmortem.action_items.iter().filter(|item| item.state == State::Open)
}

/// The words of an item's first sentence. Empty where the text was put together from several places.
pub fn sentence<'s>(subject: &'s Subject<'_>, item: &ActionItem) -> &'s [Token] {
    subject.first_sentence(subject.item_words(item))
}

/// A place where a pattern of a list stands in the first sentence of an open item.
pub struct Said<'s, 'd> {
    pub item: &'d ActionItem,
    /// The sentence, and how many of its words stand before the pattern.
    pub sentence: &'s [Token],
    pub before: usize,
    pub hit: Hit<'s, 'd>,
}

/// Each open item in whose first sentence a pattern of `list` stands, with all such places.
pub fn said<'s, 'd>(subject: &'s Subject<'d>, list: &str) -> impl Iterator<Item = Said<'s, 'd>> + use<'s, 'd> {
    let hits: Vec<Hit<'s, 'd>> = subject.hits(list).collect();
    let some = if hits.is_empty() { 0 } else { usize::MAX };
    open(subject).take(some).flat_map(move |item| {
        let sentence = sentence(subject, item);
        let start = sentence.first().map_or(usize::MAX, |word| word.span().start);
        let first = hits.partition_point(|hit| hit.span().start < start);
        let within: Vec<Said<'s, 'd>> = hits[first..]
            .iter()
            .map_while(|&hit| {
                let place = hit.span().start;
                let before = sentence.binary_search_by_key(&place, |word| word.span().start).ok()?;
                Some(Said { item, sentence, before, hit })
            })
            .collect();
        within
    })
}

impl Said<'_, '_> {
    /// Whether people are told to do it: it starts the item, or stands behind a label, “we should” or “Ada to”.
    pub fn is_told(&self, subject: &Subject<'_>) -> bool {
        let (before, rest) = self.sentence.split_at(self.before);
        let Some(last) = before.last() else { return true };
        let behind_label = rest.first().is_some_and(|word| word.gap == Gap::Clause);
        if behind_label || subject.class("<bidding>").has(last) {
            return true;
        }
        // “Change the script to always check …” tells the script.
        subject.is(last, "to") && before.len() < 6 && list(List::WorkVerbs).prefix(&words(&self.item.text)).is_none()
    }
}

/// Whether the document is one in which somebody decided on a whole list of actions.
pub fn is_decided(postmortem: &Postmortem) -> bool {
    postmortem.kind != Kind::Other
}

/// Where to show what is about the list as a whole: its heading, else the first item.
pub fn list_span(subject: &Subject<'_>) -> Span {
    let first = subject.postmortem.action_items.first();
    let start = first.map_or(usize::MAX, |item| item.span.start);
    let above = subject.parts.iter().rev().filter(|part| part.span.start <= start);
    let heading = above.filter(|part| part.own_role == Role::ActionItems && !part.span.is_empty()).min_by_key(|part| part.level);
    match (heading, first) {
        (Some(part), _) => part.span,
        (None, Some(item)) => subject.item_span(item),
        (None, None) => subject.title_span(),
    }
}
