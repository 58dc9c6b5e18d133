//! Which item of a new reading is which item of the last one.
//!
//! In the order of DESIGN: the issue that the item links, then its own words and the key made of them (which its issue
//! carries as a marker), then one-to-one best match by wording, helped by group and neighbours. Position alone never
//! identifies anything: it lets a likeness count that would be too small elsewhere. What cannot be told apart is left
//! unmatched, for a wrong match rewrites somebody's issue, while a missed one closes it and opens another.
//! `benches/identity.rs` measures this; docs/decisions.md has the figures.

use std::collections::{HashMap, HashSet, VecDeque};

use likeness::{Lexicon, MUST_TELL, candidates, telling};
use sha2::{Digest, Sha256};

use crate::{
    ids::{DocumentKey, ItemKey, RepositoryId},
    postmortem::model::State,
};

mod likeness;

/// The key of the document first read at `path` of a repository: the same on every machine, with or without a database.
pub fn document_key(repository: RepositoryId, path: &str) -> DocumentKey {
    DocumentKey(digest(&[&repository.to_string(), path]))
}

/// The key of the `occurrence`th item (from 0) with this wording in a document.
pub fn item_key(document: &DocumentKey, text: &str, occurrence: usize) -> ItemKey {
    ItemKey(digest(&[document.as_str(), &words(text).join(" "), &occurrence.to_string()]))
}

/// The key under which a document's tracking issue is kept: no wording makes it.
pub fn tracking_key(document: &DocumentKey) -> ItemKey {
    ItemKey(digest(&[document.as_str(), "tracking issue"]))
}

/// 80 bits, in hexadecimal: short enough for a marker that people see in the raw text, and no two items will meet.
pub(super) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..10])
}

/// The words of a text, lower case, without punctuation: what stays when somebody polishes the formatting.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// What identity looks at in an item, of either side.
#[derive(Debug, Clone, Default)]
pub struct Trait<'a> {
    pub text: &'a str,
    pub group: Option<&'a str>,
    /// Issues the item links (new side) or is (old side), as comparable text.
    pub issues: Vec<String>,
    /// The old side's key.
    pub key: Option<&'a ItemKey>,
    /// On the new side: it is open and wants an issue. On the old side: it has one.
    pub issue: bool,
    /// The digest of all that its issue would say (new side) or says (old side); it tells only equal wordings apart.
    pub said: Option<String>,
    /// As the document has it (new side) or had it when its issue followed (old side); it, too, tells only equal wordings apart.
    pub state: Option<State>,
}

/// From this likeness on, two wordings are one item, wherever they stand.
pub const ALIKE: f64 = 0.65;

/// From this likeness on, they are one item when they also stand in the same group and beside the same neighbour.
pub const ALIKE_IN_PLACE: f64 = 0.4;

/// From this likeness on, an item that left one document is the one that came into another.
pub const ALIKE_ELSEWHERE: f64 = 0.85;

/// A match is left out where another was nearly as good: a wrong one costs a person more than a missed one.
pub const CLEAR_BY: f64 = 0.03;

/// Up to this many pairs are all compared where the nearest is looked for: the items of a long document, each with 2,000.
const ALL_NEAREST: usize = 200_000;
/// How often neighbours are looked for again.
const PASSES: usize = 4;
/// What standing in the same group is worth, as likeness, when several could be meant.
const IN_GROUP: f64 = 0.05;
/// What standing beside the same neighbour as well is worth.
const IN_PLACE: f64 = 0.15;
/// How many rivals of a pair are looked at.
const RIVALS: usize = 16;

/// For each new item, the index of the old item that it is, one to one.
///
/// `candidate_keys` are the keys that the new items would get were they new. Cost: linear in the words of both sides for
/// any number of items, but for the sorting of candidates.
pub fn recognise(new: &[Trait<'_>], old: &[Trait<'_>], candidate_keys: &[ItemKey]) -> Vec<Option<usize>> {
    let mut found = Matching::new(new.len(), old.len());
    as_they_stood(new, old, &mut found);
    by_issue(new, old, &mut found);
    by_wording(new, old, &mut found);
    by_key(old, candidate_keys, &mut found);
    by_likeness(new, old, &mut found);
    found.of_new
}

/// For each new item that none of the last reading is, the index of the item that it is come back: one that had left the
/// document. Stricter than [`recognise`], for what was taken out has no neighbours, and is nobody's own again unless it
/// says the same.
pub fn returned(new: &[Trait<'_>], gone: &[Trait<'_>], candidate_keys: &[ItemKey]) -> Vec<Option<usize>> {
    let mut found = Matching::new(new.len(), gone.len());
    by_issue(new, gone, &mut found);
    by_wording(new, gone, &mut found);
    by_key(gone, candidate_keys, &mut found);
    by_wording_alone(new, gone, &mut found);
    found.of_new
}

/// For each item that came into a document, the index of the item that left another one at the same time and is it:
/// what [`recognise`] is inside one document, and stricter, because here only the wording speaks.
pub fn moved(new: &[Trait<'_>], left: &[Trait<'_>]) -> Vec<Option<usize>> {
    let mut found = Matching::new(new.len(), left.len());
    by_issue(new, left, &mut found);
    by_wording_alone(new, left, &mut found);
    found.of_new
}

/// Of documents whose place nobody knows any more, each given by the items that it had, the one that a document with the items
/// `new` is: at least half of the items of either are the other's by their wording, and no other document is as near.
pub fn renamed(new: &[Trait<'_>], orphans: &[Vec<Trait<'_>>]) -> Option<usize> {
    let shared = |left: &Vec<Trait<'_>>| moved(new, left).into_iter().flatten().count();
    let mut near: Vec<(usize, usize)> = orphans.iter().map(shared).enumerate().map(|(at, shared)| (shared, at)).collect();
    near.retain(|&(shared, at)| shared > 0 && shared * 2 >= new.len().min(orphans[at].len()));
    near.sort_unstable_by(|a, b| b.cmp(a));
    match near.as_slice() {
        [(_, only)] => Some(*only),
        [(most, at), (next, _), ..] if most > next => Some(*at),
        _ => None,
    }
}

fn by_wording_alone(new: &[Trait<'_>], old: &[Trait<'_>], found: &mut Matching) {
    let lexicon = Lexicon::new(new, old);
    let pairs = candidates(&lexicon, found, &[]).into_iter().filter_map(|(n, o)| {
        let alike = lexicon.likeness(n, o);
        // Two documents may both ask to `add tests`: a few common words are nobody's own.
        (lexicon.tells(n) && alike >= ALIKE_ELSEWHERE).then_some(Pair { score: alike, new: n, old: o })
    });
    settle(pairs.collect(), found);
}

/// For each new item the known one whose wording is most like its own, and how much: 0 to 1. Not one to one.
///
/// Only pairs of which one says all that tells in the other: where each says something of its own, they are about different
/// things, however much they share. An alert on the mail queue is none on the payment queue. Beyond 200,000 pairs, only
/// what shares a word that few have is compared.
pub fn nearest(new: &[Trait<'_>], known: &[Trait<'_>]) -> Vec<Option<(usize, f64)>> {
    let lexicon = Lexicon::new(new, known);
    let [tell_new, tell_known] = [new, known].map(|items| items.iter().map(|item| telling(item.text)).collect::<Vec<_>>());
    let covers = |n: usize, k: usize| {
        let (least, most) = if tell_new[n].len() <= tell_known[k].len() {
            (&tell_new[n], &tell_known[k])
        } else {
            (&tell_known[k], &tell_new[n])
        };
        least.len() >= MUST_TELL && least.is_subset(most)
    };
    let pairs: Box<dyn Iterator<Item = (usize, usize)>> = if new.len().saturating_mul(known.len()) <= ALL_NEAREST {
        Box::new((0..new.len()).flat_map(|n| (0..known.len()).map(move |k| (n, k))))
    } else {
        Box::new(candidates(&lexicon, &Matching::new(new.len(), known.len()), &[]).into_iter())
    };
    let mut nearest: Vec<Option<(usize, f64)>> = vec![None; new.len()];
    for (n, k) in pairs {
        let alike = lexicon.likeness(n, k);
        if nearest[n].is_none_or(|(_, best)| alike > best) && covers(n, k) {
            nearest[n] = Some((k, alike));
        }
    }
    nearest
}

/// Who is who so far.
struct Matching {
    of_new: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl Matching {
    fn new(new: usize, old: usize) -> Self {
        Self { of_new: vec![None; new], taken: vec![false; old] }
    }

    fn free(&self, new: usize, old: usize) -> bool {
        self.of_new[new].is_none() && !self.taken[old]
    }

    fn unite(&mut self, new: usize, old: usize) {
        if self.free(new, old) {
            self.of_new[new] = Some(old);
            self.taken[old] = true;
        }
    }

    fn open_new(&self) -> impl Iterator<Item = usize> {
        self.of_new.iter().enumerate().filter(|(_, found)| found.is_none()).map(|(index, _)| index)
    }

    fn open_old(&self) -> impl Iterator<Item = usize> {
        self.taken.iter().enumerate().filter(|&(_, taken)| !taken).map(|(index, _)| index)
    }
}

/// The first old item of each issue.
fn issues<'a>(old: &'a [Trait<'_>]) -> HashMap<&'a str, usize> {
    let mut by_issue = HashMap::new();
    for (index, item) in old.iter().enumerate() {
        for issue in &item.issues {
            by_issue.entry(issue.as_str()).or_insert(index);
        }
    }
    by_issue
}

/// Several items of the same words of which nothing changed are who they were, in their order: what could as well be told
/// otherwise would be told otherwise at the next look.
fn as_they_stood(new: &[Trait<'_>], old: &[Trait<'_>], found: &mut Matching) {
    let by_issue = issues(old);
    let (of_new, of_old) = (by_words(new), by_words(old));
    let mut partner: Vec<Option<usize>> = vec![None; old.len()];
    for (words, news) in &of_new {
        let Some(olds) = of_old.get(words).filter(|olds| olds.len() == news.len()) else { continue };
        for (n, o) in news.iter().zip(olds) {
            partner[*o] = Some(*n);
        }
    }
    let linked: HashSet<&str> = new.iter().flat_map(|item| &item.issues).map(String::as_str).collect();
    // Whose issue is linked still links it.
    let links_its_own = |known: usize| {
        let own = |item: &Trait<'_>| old[known].issues.iter().any(|issue| item.issues.contains(issue));
        !old[known].issues.iter().any(|issue| linked.contains(issue.as_str())) || partner[known].is_some_and(|n| own(&new[n]))
    };
    let unchanged = |n: usize, o: usize| {
        let (new, old) = (&new[n], &old[o]);
        new.group == old.group
            && old.state.map_or(!old.issue, |state| new.state == Some(state))
            && (old.said.is_none() || new.said.is_none() || old.said == new.said)
            && links_its_own(o)
            && new.issues.iter().filter_map(|issue| by_issue.get(issue.as_str())).all(|&holder| links_its_own(holder))
    };
    for (words, news) in of_new.iter().filter(|(_, news)| news.len() > 1) {
        let Some(olds) = of_old.get(words).filter(|olds| olds.len() == news.len()) else { continue };
        if news.iter().zip(olds).all(|(n, o)| unchanged(*n, *o)) {
            for (n, o) in news.iter().zip(olds) {
                found.unite(*n, *o);
            }
        }
    }
}

/// The items of each wording, in their order.
fn by_words(items: &[Trait<'_>]) -> HashMap<Vec<String>, Vec<usize>> {
    let mut of: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        of.entry(words(item.text)).or_default().push(index);
    }
    of
}

/// Where several link one issue, it is the one with the same words, then one that is open, then the first.
fn by_issue(new: &[Trait<'_>], old: &[Trait<'_>], found: &mut Matching) {
    let by_issue = issues(old);
    let known = |item: &Trait<'_>| item.issues.iter().find_map(|issue| by_issue.get(issue.as_str())).copied();
    let mut linked: Vec<(usize, usize)> = new.iter().enumerate().filter_map(|(at, item)| Some((at, known(item)?))).collect();
    linked.sort_by_key(|&(at, known)| (words(new[at].text) != words(old[known].text), !new[at].issue, at));
    for (at, known) in linked {
        found.unite(at, known);
    }
}

/// The same words are the same item. Where several have them, the open one is the one with the issue, then what else is said
/// of it and the group decide, whatever their order.
fn by_wording(new: &[Trait<'_>], old: &[Trait<'_>], found: &mut Matching) {
    let by_issue = issues(old);
    // Who links an issue that is another item's shares it, and wants none.
    let wants = |item: &Trait<'_>| item.issue && !item.issues.iter().any(|issue| by_issue.contains_key(issue.as_str()));
    let new_words: Vec<Vec<String>> = new.iter().map(|item| words(item.text)).collect();
    let old_words: Vec<Vec<String>> = old.iter().map(|item| words(item.text)).collect();
    let mut queues: HashMap<_, VecDeque<usize>> = HashMap::new();
    for index in found.open_old() {
        for what in agreeing(old[index].issue, &old[index]).into_iter().flatten() {
            queues.entry((&old_words[index], what)).or_default().push_back(index);
        }
    }
    for wants_issue in [true, false] {
        for level in 0..LEVELS {
            for index in (0..new.len()).filter(|&index| wants(&new[index]) == wants_issue) {
                let Some(what) = agreeing(wants_issue, &new[index])[level] else { continue };
                let Some(same) = queues.get_mut(&(&new_words[index], what)).filter(|_| found.of_new[index].is_none()) else {
                    continue;
                };
                while let Some(known) = same.pop_front() {
                    if found.free(index, known) {
                        found.unite(index, known);
                        break;
                    }
                }
            }
        }
    }
}

const LEVELS: usize = 8;

type Agreement<'a> = (Option<bool>, Option<Option<&'a str>>, Option<&'a str>, Option<State>);

/// What items of the same words agree in, less and less: issue, group, what is said, state. What is said goes before having
/// an issue, for an item that is done may have one or not.
fn agreeing<'a>(issue: bool, item: &'a Trait<'_>) -> [Option<Agreement<'a>>; LEVELS] {
    let (issue, group, said, state) = (Some(issue), Some(item.group), item.said.as_deref(), item.state);
    [
        said.map(|said| (issue, group, Some(said), state)),
        said.map(|said| (issue, group, Some(said), None)),
        said.map(|said| (None, None, Some(said), state)),
        said.map(|said| (None, None, Some(said), None)),
        Some((issue, group, None, state)),
        Some((issue, group, None, None)),
        Some((issue, None, None, None)),
        Some((None, None, None, None)),
    ]
}

fn by_key(old: &[Trait<'_>], candidate_keys: &[ItemKey], found: &mut Matching) {
    let by_key: HashMap<&ItemKey, usize> = old.iter().enumerate().filter_map(|(index, item)| Some((item.key?, index))).collect();
    for (index, key) in candidate_keys.iter().enumerate().take(found.of_new.len()) {
        if let Some(&known) = by_key.get(key) {
            found.unite(index, known);
        }
    }
}

fn by_likeness(new: &[Trait<'_>], old: &[Trait<'_>], found: &mut Matching) {
    if found.open_new().next().is_none() || found.open_old().next().is_none() {
        return;
    }
    let lexicon = Lexicon::new(new, old);
    // What was recognised makes neighbours for the next.
    for _ in 0..PASSES {
        let neighbours = neighbours(found);
        let place: HashSet<(usize, usize)> = neighbours.iter().copied().collect();
        let pairs = candidates(&lexicon, found, &neighbours).into_iter().filter_map(|(n, o)| {
            let alike = lexicon.likeness(n, o);
            let same_group = new[n].group == old[o].group;
            let in_place = same_group && place.contains(&(n, o));
            let enough = alike >= if in_place { ALIKE_IN_PLACE } else { ALIKE };
            let worth = if in_place { IN_PLACE } else { IN_GROUP * f64::from(u8::from(same_group)) };
            let score = alike + worth;
            enough.then_some(Pair { score, new: n, old: o })
        });
        if settle(pairs.collect(), found) == 0 {
            break;
        }
    }
}

/// A pair that may be one item.
struct Pair {
    score: f64,
    new: usize,
    old: usize,
}

/// Unites the best pairs first, one to one, and says how many. A pair stays apart where one of its items could as well
/// (but for [`CLEAR_BY`]) be another one that is still without a match.
fn settle(mut pairs: Vec<Pair>, found: &mut Matching) -> usize {
    let mut united = 0;
    pairs.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.new.cmp(&b.new)).then(a.old.cmp(&b.old)));
    let mut at_new: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut at_old: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, pair) in pairs.iter().enumerate() {
        at_new.entry(pair.new).or_default().push(index);
        at_old.entry(pair.old).or_default().push(index);
    }
    let mut doubtful = HashSet::new();
    for (index, pair) in pairs.iter().enumerate() {
        if !found.free(pair.new, pair.old) || doubtful.contains(&pair.new) {
            continue;
        }
        let rival = |others: Option<&Vec<usize>>| {
            let others = others.map_or(&[][..], |others| &others[others.partition_point(|&other| other <= index)..]);
            let close = others.iter().map(|&other| &pairs[other]).take_while(|other| pair.score - other.score < CLEAR_BY);
            close.take(RIVALS).any(|other| found.free(other.new, other.old))
        };
        if rival(at_new.get(&pair.new)) || rival(at_old.get(&pair.old)) {
            doubtful.insert(pair.new);
        } else {
            found.unite(pair.new, pair.old);
            united += 1;
        }
    }
    united
}

/// The pairs without a match that stand beside the same neighbour: directly behind or before an item that is recognised, or
/// at the same end of the document.
fn neighbours(found: &Matching) -> Vec<(usize, usize)> {
    let mut new_of: Vec<Option<usize>> = vec![None; found.taken.len()];
    for (new, old) in found.of_new.iter().enumerate() {
        if let Some(old) = old {
            new_of[*old] = Some(new);
        }
    }
    let (news, olds) = (found.of_new.len(), new_of.len());
    let mut pairs = Vec::new();
    for new in found.open_new() {
        let before = match new.checked_sub(1) {
            None => Some(0),
            Some(before) => found.of_new[before].map(|old| old + 1),
        };
        let after = if new + 1 == news { olds.checked_sub(1) } else { found.of_new[new + 1].and_then(|old| old.checked_sub(1)) };
        for old in [before, after].into_iter().flatten() {
            if old < olds && new_of[old].is_none() && !pairs.ends_with(&[(new, old)]) {
                pairs.push((new, old));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests;
