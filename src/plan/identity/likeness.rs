//! How alike two wordings are, and which pairs are worth comparing.
//!
//! Words tell as much as they are rare among the items at hand; common words of a language and the verbs that any item
//! may start with tell little. Every character of scripts without spaces counts as a word.

use std::collections::HashMap;

use super::{Matching, Trait};
use crate::postmortem::words::{List, Word, words};

/// Up to this many pairs are all compared; beyond, only those that share a word which few others have, or a place.
const ALL_PAIRS: usize = 4096;
/// A word that more items have than this leads to no candidates.
const RARE: usize = 32;
/// How many candidates are compared with an item.
const CANDIDATES: usize = 16;
/// The words of an item that are looked at: the first ones.
const WORDS: usize = 64;
/// What a common word tells, as a share of another one that is as rare.
const COMMON: f64 = 0.3;
/// How much the order of words counts, against the words themselves.
const ORDER: f64 = 0.25;

/// The wordings of both sides, with what each of their words tells.
pub(super) struct Lexicon {
    new: Vec<Wording>,
    old: Vec<Wording>,
    /// By word.
    weights: Vec<f64>,
    common: Vec<bool>,
}

/// Sorted, so that two are compared in one pass.
struct Wording {
    words: Vec<u32>,
    pairs: Vec<(u32, u32)>,
}

pub(super) fn env(name: &str, default: f64) -> f64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

impl Lexicon {
    pub fn new(new: &[Trait<'_>], old: &[Trait<'_>]) -> Self {
        let mut ids: HashMap<String, u32> = HashMap::new();
        let (mut items, mut common) = (Vec::new(), Vec::new());
        let mut wording = |item: &Trait<'_>| {
            let mut order = Vec::new();
            for word in words(item.text).iter().take(WORDS) {
                let next = ids.len() as u32;
                let id = *ids.entry(word.folded.to_string()).or_insert(next);
                if id == next {
                    items.push(0_u32);
                    common.push(is_common(word));
                }
                order.push(id);
            }
            let mut pairs: Vec<(u32, u32)> = order.windows(2).map(|pair| (pair[0], pair[1])).collect();
            pairs.sort_unstable();
            order.sort_unstable();
            let mut distinct = order.clone();
            distinct.dedup();
            distinct.iter().for_each(|&id| items[id as usize] += 1);
            Wording { words: order, pairs }
        };
        let new: Vec<Wording> = new.iter().map(&mut wording).collect();
        let old: Vec<Wording> = old.iter().map(&mut wording).collect();
        let all = (new.len() + old.len()) as f64;
        let c = env("COMMON", COMMON);
        let weight = |(&items, &common): (&u32, &bool)| (1.0 + all / f64::from(items)).ln() * if common { c } else { 1.0 };
        let weights = items.iter().zip(&common).map(weight).collect();
        Self { new, old, weights, common }
    }

    /// 0 to 1: twice what both share over all they have (Dice), on words and, for a smaller part, on neighbouring words.
    pub fn likeness(&self, new: usize, old: usize) -> f64 {
        let (a, b) = (&self.new[new], &self.old[old]);
        let weight = |word: &u32| self.weights[*word as usize];
        let words = dice(&a.words, &b.words, weight);
        if a.pairs.is_empty() || b.pairs.is_empty() {
            return words;
        }
        let o = env("ORDER", ORDER);
        let pairs = dice(&a.pairs, &b.pairs, |(first, second)| weight(first) + weight(second));
        (1.0 - o) * words + o * pairs
    }

    /// Whether a new item's words are enough to know it by in another document.
    pub fn tells(&self, new: usize) -> bool {
        self.new[new].words.iter().filter(|&&word| !self.common[word as usize]).count() >= 3
    }
}

fn is_common(word: &Word) -> bool {
    word.languages().next().is_some() || word.is(List::WorkVerbs)
}

/// Twice the weight of what two sorted lists share, over the weight of both.
fn dice<T: Ord>(a: &[T], b: &[T], weight: impl Fn(&T) -> f64) -> f64 {
    let all: f64 = a.iter().chain(b).map(&weight).sum();
    let (mut shared, mut i, mut j) = (0.0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += weight(x);
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    if all > 0.0 { 2.0 * shared / all } else { 0.0 }
}

/// The pairs of items without a match that are worth comparing: `near` ones, and those that share words which few have.
pub(super) fn candidates(lexicon: &Lexicon, found: &Matching, near: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let (new, old): (Vec<usize>, Vec<usize>) = (found.open_new().collect(), found.open_old().collect());
    if new.len().saturating_mul(old.len()) <= ALL_PAIRS {
        return new.iter().flat_map(|&n| old.iter().map(move |&o| (n, o))).collect();
    }
    let mut having: HashMap<u32, Vec<usize>> = HashMap::new();
    for &o in &old {
        let mut last = None;
        for &word in &lexicon.old[o].words {
            if last != Some(word) {
                having.entry(word).or_default().push(o);
            }
            last = Some(word);
        }
    }
    let mut pairs = near.to_vec();
    let mut shared: HashMap<usize, f64> = HashMap::new();
    for &n in &new {
        for word in &lexicon.new[n].words {
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
