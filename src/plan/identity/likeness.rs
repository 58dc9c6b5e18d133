//! How alike two wordings are, and which pairs are worth comparing.
//!
//! Words tell as much as they are rare among the items at hand; common words of a language and the verbs that any item
//! may start with tell little. Every character of scripts without spaces counts as a word.

use std::collections::{HashMap, HashSet};

use super::{Matching, Trait};
use crate::postmortem::words::{Folded, List, Word, words};

/// Up to this many pairs are all compared; beyond, only those that share a word which few others have, or a place.
const ALL_PAIRS: usize = 4096;
/// A word that more items have than this leads to no candidates.
const RARE: usize = 32;
/// How many candidates are compared with an item.
const CANDIDATES: usize = 16;
/// The words of an item that are looked at: the first ones.
const WORDS: usize = 64;
/// What a common word tells, as a share of another one that is as rare.
const COMMON: f64 = 0.5;

/// An item is known in another document by as many words that tell, and no fewer: two may both ask to `add tests`.
pub(super) const MUST_TELL: usize = 3;

/// The wordings of both sides, with what each of their words tells.
pub(super) struct Lexicon {
    /// Each item's words, sorted, so that two items are compared in one pass.
    new: Vec<Vec<u32>>,
    old: Vec<Vec<u32>>,
    /// By word.
    weights: Vec<f64>,
    common: Vec<bool>,
}

impl Lexicon {
    pub fn new(new: &[Trait<'_>], old: &[Trait<'_>]) -> Self {
        let mut ids: HashMap<Folded, u32> = HashMap::new();
        let (mut items, mut common) = (Vec::new(), Vec::new());
        let mut wording = |item: &Trait<'_>, side: usize| {
            let mut own = Vec::new();
            for word in words(item.text).iter().take(WORDS) {
                let next = ids.len() as u32;
                let id = *ids.entry(word.folded).or_insert(next);
                if id == next {
                    items.push([0_u32; 2]);
                    common.push(is_common(word));
                }
                own.push(id);
            }
            own.sort_unstable();
            own.chunk_by(|a, b| a == b).filter_map(|same| same.first()).for_each(|&id| items[id as usize][side] += 1);
            own
        };
        let (sides, all) = ([new, old], new.len().max(old.len()) as f64);
        let [new, old] = [0, 1].map(|side| sides[side].iter().map(|item| wording(item, side)).collect());
        // On the side where it is less rare: a word that was kept counts as much as the one that replaced another.
        let weight = |(items, &common): (&[u32; 2], &bool)| {
            let most = f64::from(items[0].max(items[1]));
            (1.0 + all / most).ln() * if common { COMMON } else { 1.0 }
        };
        let weights = items.iter().zip(&common).map(weight).collect();
        Self { new, old, weights, common }
    }

    /// 0 to 1: twice the weight of the words that both share, over the weight of all their words (Dice).
    pub fn likeness(&self, new: usize, old: usize) -> f64 {
        let (a, b) = (&self.new[new], &self.old[old]);
        let weight = |word: &u32| self.weights[*word as usize];
        let all: f64 = a.iter().chain(b).map(weight).sum();
        let (mut shared, mut i, mut j) = (0.0, 0, 0);
        while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
            if x == y {
                shared += weight(x);
            }
            (i, j) = (i + usize::from(x <= y), j + usize::from(y <= x));
        }
        if all > 0.0 { 2.0 * shared / all } else { 0.0 }
    }

    /// Whether a new item's words are enough to know it by in another document.
    pub fn tells(&self, new: usize) -> bool {
        self.new[new].iter().filter(|&&word| !self.common[word as usize]).count() >= MUST_TELL
    }
}

/// The words of an item that tell what it is about: neither common ones nor the verb that it starts with.
pub(super) fn telling(text: &str) -> HashSet<Folded> {
    let words = words(text);
    let telling = words.iter().take(WORDS).enumerate();
    let telling = telling.filter(|&(at, word)| word.languages().next().is_none() && (at > 0 || !word.is(List::WorkVerbs)));
    telling.map(|(_, word)| word.folded).collect()
}

fn is_common(word: &Word) -> bool {
    word.languages().next().is_some() || word.is(List::WorkVerbs)
}

/// The pairs of items without a match that are worth comparing: `near` ones, and those that share words which few have.
pub(super) fn candidates(lexicon: &Lexicon, found: &Matching, near: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let (new, old): (Vec<usize>, Vec<usize>) = (found.open_new().collect(), found.open_old().collect());
    if new.len().saturating_mul(old.len()) <= ALL_PAIRS {
        return new.iter().flat_map(|&n| old.iter().map(move |&o| (n, o))).collect();
    }
    let mut having: HashMap<u32, Vec<usize>> = HashMap::new();
    for &o in &old {
        for same in lexicon.old[o].chunk_by(|a, b| a == b) {
            if let Some(&word) = same.first() {
                having.entry(word).or_default().push(o);
            }
        }
    }
    let mut pairs = near.to_vec();
    let mut shared: HashMap<usize, f64> = HashMap::new();
    for &n in &new {
        for word in &lexicon.new[n] {
            let Some(having) = having.get(word).filter(|having| having.len() <= RARE) else { continue };
            for &o in having {
                *shared.entry(o).or_default() += lexicon.weights[*word as usize];
            }
        }
        let mut best: Vec<(usize, f64)> = shared.drain().collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        pairs.extend(best.into_iter().take(CANDIDATES).map(|(o, _)| (n, o)));
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}
