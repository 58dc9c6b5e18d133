//! Gives each item of a reading its key: the one it has had, or a new one that nothing else in the document has.

use std::collections::{BTreeSet, HashMap};

use super::{
    Authority, Document, Filing, Followed, IssueState, Observed, PlannedItem, Tracked, due, identity, issue_links, marker,
};
use crate::{
    ids::{DocumentKey, ItemKey},
    postmortem::model::State,
    render,
    settings::Settings,
};

/// A reading compared with what is known.
pub(super) struct Identified<'a> {
    /// The items of the reading, in its order, with what is known of each.
    pub items: Vec<(PlannedItem, Option<&'a Tracked>)>,
    /// Items with an issue that the reading does not have any more.
    pub gone: Vec<&'a Tracked>,
    /// The document's tracking issue.
    pub tracking: Option<&'a Tracked>,
}

pub(super) fn identify<'a>(document: &Document, observed: &'a Observed, settings: &Settings, host: &str) -> Identified<'a> {
    let tracking_key = identity::tracking_key(&document.key);
    let tracking = observed.tracked.iter().find(|tracked| tracked.key == tracking_key);
    let known: Vec<&Tracked> = observed.tracked.iter().filter(|tracked| tracked.key != tracking_key).collect();
    let candidates = candidates(document);
    let mut new = traits(document, host);
    tell_apart(&mut new, document, settings);
    // First those that the document had; what left it long ago takes no part in telling who is who.
    let (present, absent): (Vec<&Tracked>, Vec<&Tracked>) = known.iter().partition(|tracked| tracked.present);
    let old: Vec<identity::Trait<'_>> = present.iter().map(|tracked| of_tracked(tracked)).collect();
    let mut found: Vec<Option<&Tracked>> =
        identity::recognise(&new, &old, &candidates).into_iter().map(|at| at.map(|at| present[at])).collect();
    let rest: Vec<usize> = (0..new.len()).filter(|&index| found[index].is_none()).collect();
    let rest_new: Vec<identity::Trait<'_>> = rest.iter().map(|&index| new[index].clone()).collect();
    let rest_keys: Vec<ItemKey> = rest.iter().map(|&index| candidates[index].clone()).collect();
    let gone: Vec<identity::Trait<'_>> = absent.iter().map(|tracked| of_tracked(tracked)).collect();
    for (index, back) in rest.iter().zip(identity::returned(&rest_new, &gone, &rest_keys)) {
        found[*index] = back.map(|at| absent[at]);
    }

    let taken: BTreeSet<&ItemKey> = found.iter().flatten().map(|tracked| &tracked.key).collect();
    let gone = known
        .iter()
        .copied()
        .filter(|tracked| {
            !taken.contains(&tracked.key) && tracked.filing != Filing::NotFiled && is_ours_to_miss(document, tracked)
        })
        .collect();
    let mut used: BTreeSet<ItemKey> = observed.tracked.iter().map(|tracked| tracked.key.clone()).collect();
    let items = document.reading.action_items.iter().zip(found).zip(candidates).map(|((item, known), candidate)| {
        let key = match known {
            Some(tracked) => tracked.key.clone(),
            None => unused(&document.key, &item.text, candidate, &used),
        };
        used.insert(key.clone());
        let item = PlannedItem {
            key,
            text: item.text.clone(),
            group: item.group.clone(),
            lines: item.lines,
            state: item.state,
            owners: item.owners.clone(),
            due: due::due(item, document, settings).map(|due| due.date),
        };
        (item, known)
    });
    Identified { items: items.collect(), gone, tracking }
}

/// Whether this reading can miss an item: what a pull request filed before its merge is no business of the default branch,
/// nor the other way round.
fn is_ours_to_miss(document: &Document, tracked: &Tracked) -> bool {
    let merged_by = document.pull_request.as_ref().map(|pull_request| pull_request.number);
    match (document.authority, tracked.proposed_in) {
        (Authority::Proposed(pull), proposed) => proposed == Some(pull),
        (Authority::Merged, None) => true,
        (Authority::Merged, Some(pull)) => merged_by == Some(pull),
        (Authority::Withdrawn(closed), proposed) => proposed.is_none_or(|pull| pull == closed),
    }
}

/// The keys that the items would get were all of them new.
fn candidates(document: &Document) -> Vec<ItemKey> {
    let mut occurrences: HashMap<Vec<String>, usize> = HashMap::new();
    let key = |item: &crate::postmortem::model::ActionItem| {
        let seen = occurrences.entry(identity::words(&item.text)).or_default();
        *seen += 1;
        identity::item_key(&document.key, &item.text, *seen - 1)
    };
    document.reading.action_items.iter().map(key).collect()
}

fn traits<'a>(document: &'a Document, host: &'a str) -> Vec<identity::Trait<'a>> {
    let of = |item: &'a crate::postmortem::model::ActionItem| identity::Trait {
        text: &item.text,
        group: item.group.as_deref(),
        issues: issue_links(&document.repository, host, item).map(|issue| issue.to_string().to_lowercase()).collect(),
        key: None,
        issue: item.state == State::Open,
        said: None,
        state: Some(item.state),
    };
    document.reading.action_items.iter().map(of).collect()
}

fn of_tracked(tracked: &Tracked) -> identity::Trait<'_> {
    identity::Trait {
        text: &tracked.text,
        group: tracked.group.as_deref(),
        issues: match &tracked.filing {
            Filing::Filed(filed) => vec![filed.issue.issue.to_string().to_lowercase()],
            Filing::NotFiled | Filing::Sending => Vec::new(),
        },
        key: Some(&tracked.key),
        issue: tracked.filing != Filing::NotFiled,
        said: match &tracked.filing {
            Filing::Filed(filed) => filed.body.as_deref().and_then(marker::region).and_then(|region| region.written),
            Filing::NotFiled | Filing::Sending => None,
        }
        .map(|written| written.source),
        state: last_state(tracked),
    }
}

/// What the document said last; where that is not known, what the issue says.
fn last_state(tracked: &Tracked) -> Option<State> {
    match (tracked.followed, &tracked.filing) {
        (Some(Followed::Open), _) => Some(State::Open),
        (Some(Followed::Done), _) => Some(State::Done),
        (Some(Followed::Declined), _) => Some(State::Declined),
        (None, Filing::Filed(filed)) => Some(match filed.issue.state {
            IssueState::Open => State::Open,
            IssueState::Completed => State::Done,
            IssueState::NotPlanned => State::Declined,
        }),
        (Some(Followed::Removed), _) | (None, Filing::NotFiled | Filing::Sending) => None,
    }
}

/// Items of the same words are told apart by what else they say.
fn tell_apart(new: &mut [identity::Trait<'_>], document: &Document, settings: &Settings) {
    let mut times: HashMap<Vec<String>, usize> = HashMap::new();
    for item in &*new {
        *times.entry(identity::words(item.text)).or_default() += 1;
    }
    for (item, read) in new.iter_mut().zip(&document.reading.action_items) {
        if times.get(&identity::words(item.text)).is_some_and(|times| *times > 1) {
            item.said = Some(marker::digest(&render::issue::source(settings, document, read, &[])));
        }
    }
}

/// `candidate`, or where an item that left the document still has it, the next one for the same wording.
fn unused(document: &DocumentKey, text: &str, candidate: ItemKey, used: &BTreeSet<ItemKey>) -> ItemKey {
    if !used.contains(&candidate) {
        return candidate;
    }
    (0..).map(|occurrence| identity::item_key(document, text, occurrence)).find(|key| !used.contains(key)).unwrap_or(candidate)
}

/// An item that went from one document into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub item: ItemKey,
    pub from: DocumentKey,
    pub to: DocumentKey,
}

/// The items that went from one of `documents` into another one between their last readings and these.
pub fn moves(documents: &[(&Document, &Observed)], settings: &Settings, host: &str) -> Vec<Move> {
    let identified: Vec<Identified<'_>> =
        documents.iter().map(|(document, observed)| identify(document, observed, settings, host)).collect();
    let traits: Vec<Vec<identity::Trait<'_>>> = documents.iter().map(|(document, _)| self::traits(document, host)).collect();
    let (mut new, mut homes) = (Vec::new(), Vec::new());
    for (at, identified) in identified.iter().enumerate() {
        for (item, of) in identified.items.iter().zip(&traits[at]) {
            if item.1.is_none() {
                new.push(of.clone());
                homes.push(at);
            }
        }
    }
    let gone: Vec<(usize, &Tracked)> = identified
        .iter()
        .enumerate()
        .flat_map(|(at, identified)| identified.gone.iter().filter(|tracked| tracked.present).map(move |tracked| (at, *tracked)))
        .collect();
    let left: Vec<identity::Trait<'_>> = gone.iter().map(|(_, tracked)| of_tracked(tracked)).collect();
    let found = identity::moved(&new, &left);
    let moved = found.into_iter().zip(homes).filter_map(|(found, to)| {
        let (from, tracked) = gone[found?];
        (from != to).then(|| Move {
            item: tracked.key.clone(),
            from: documents[from].0.key.clone(),
            to: documents[to].0.key.clone(),
        })
    });
    moved.collect()
}
