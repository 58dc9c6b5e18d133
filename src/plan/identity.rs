//! Which item of a new reading is which item of the last one.
//!
//! In the order of DESIGN: the issue that the item links, then the item's key (which its issue carries as a marker),
//! then one-to-one best match by wording, helped by order and group. Position alone never identifies anything: it only
//! decides between candidates whose wording is equally close.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::ids::{DocumentKey, ItemKey, RepositoryId};

/// The key of the document first read at `path` of a repository: the same on every machine, with or without a database.
pub fn document_key(repository: RepositoryId, path: &str) -> DocumentKey {
    DocumentKey(digest(&[&repository.to_string(), path]))
}

/// The key of the `occurrence`th item (from 0) with this wording in a document.
pub fn item_key(document: &DocumentKey, text: &str, occurrence: usize) -> ItemKey {
    ItemKey(digest(&[document.as_str(), &words(text).join(" "), &occurrence.to_string()]))
}

/// 80 bits, in hexadecimal: short enough for a marker that people see in the raw text, and no two items will meet.
fn digest(parts: &[&str]) -> String {
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
}

/// Below this likeness two wordings are two items. A likeness of 0.5 is half of the words kept, in order.
pub const ALIKE: f64 = 0.5;

/// For each new item, the index of the old item that it is, one to one.
///
/// `candidate_keys` are the keys that the new items would get were they new. Cost: `O(new × old)` word comparisons after
/// the exact matches are taken out, so a document of hundreds of rewritten items is still milliseconds.
pub fn recognise(new: &[Trait<'_>], old: &[Trait<'_>], candidate_keys: &[ItemKey]) -> Vec<Option<usize>> {
    let mut found: Vec<Option<usize>> = vec![None; new.len()];
    let mut taken: HashSet<usize> = HashSet::new();

    let mut by_issue: HashMap<&str, usize> = HashMap::new();
    for (index, item) in old.iter().enumerate() {
        for issue in &item.issues {
            by_issue.entry(issue).or_insert(index);
        }
    }
    for (index, item) in new.iter().enumerate() {
        if let Some(&known) = item.issues.iter().find_map(|issue| by_issue.get(issue.as_str()))
            && taken.insert(known)
        {
            found[index] = Some(known);
        }
    }

    let new_words: Vec<Vec<String>> = new.iter().map(|item| words(item.text)).collect();
    let old_words: Vec<Vec<String>> = old.iter().map(|item| words(item.text)).collect();
    // Where several have the same wording, the open one is the one with the issue, whatever their order.
    let mut by_words: HashMap<&[String], Vec<usize>> = HashMap::new();
    for (index, words) in old_words.iter().enumerate().filter(|(index, _)| !taken.contains(index)) {
        by_words.entry(words).or_default().push(index);
    }
    // Who links an issue that is another item's shares it, and wants none.
    let wants = |item: &Trait<'_>| item.issue && !item.issues.iter().any(|issue| by_issue.contains_key(issue.as_str()));
    for wants_issue in [true, false] {
        for index in (0..new.len()).filter(|&index| wants(&new[index]) == wants_issue) {
            let Some(same) = by_words.get_mut(new_words[index].as_slice()).filter(|_| found[index].is_none()) else { continue };
            let best = same.iter().position(|&known| old[known].issue == wants_issue).unwrap_or(0);
            if !same.is_empty() {
                let known = same.remove(best);
                taken.insert(known);
                found[index] = Some(known);
            }
        }
    }

    let by_key: HashMap<&ItemKey, usize> = old.iter().enumerate().filter_map(|(index, item)| Some((item.key?, index))).collect();
    for (index, key) in candidate_keys.iter().enumerate().take(new.len()) {
        if found[index].is_none()
            && let Some(&known) = by_key.get(key)
            && taken.insert(known)
        {
            found[index] = Some(known);
        }
    }

    let mut pairs = Vec::new();
    for (n, item) in new.iter().enumerate().filter(|(n, _)| found[*n].is_none()) {
        for (o, known) in old.iter().enumerate().filter(|(o, _)| !taken.contains(o)) {
            let likeness = likeness(&new_words[n], &old_words[o]);
            if likeness >= ALIKE {
                let group = if item.group == known.group { 0.05 } else { 0.0 };
                let order = 0.01 * (1.0 - n.abs_diff(o) as f64 / new.len().max(old.len()) as f64);
                pairs.push((likeness + group + order, n, o));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    for (_, n, o) in pairs {
        if found[n].is_none() && taken.insert(o) {
            found[n] = Some(o);
        }
    }
    found
}

/// How alike two wordings are, 0 to 1: twice the words both share over all their words (Dice), on words and on pairs of
/// neighbouring words, so that order counts for half.
pub fn likeness(a: &[String], b: &[String]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return if a.is_empty() && b.is_empty() { 1.0 } else { 0.0 };
    }
    let single = dice(a.iter().map(|w| (w.as_str(), "")), b.iter().map(|w| (w.as_str(), "")));
    let pairs = |words: &'_ [String]| words.windows(2).map(|w| (w[0].clone(), w[1].clone())).collect::<Vec<_>>();
    let (pa, pb) = (pairs(a), pairs(b));
    if pa.is_empty() || pb.is_empty() {
        return single;
    }
    let double = dice(pa.iter().map(|(x, y)| (x.as_str(), y.as_str())), pb.iter().map(|(x, y)| (x.as_str(), y.as_str())));
    (single + double) / 2.0
}

fn dice<'a>(a: impl Iterator<Item = (&'a str, &'a str)>, b: impl Iterator<Item = (&'a str, &'a str)>) -> f64 {
    let mut counts: HashMap<(&str, &str), isize> = HashMap::new();
    let (mut total, mut shared) = (0usize, 0usize);
    for gram in a {
        *counts.entry(gram).or_default() += 1;
        total += 1;
    }
    for gram in b {
        total += 1;
        let left = counts.entry(gram).or_default();
        if *left > 0 {
            shared += 1;
        }
        *left -= 1;
    }
    2.0 * shared as f64 / total as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str) -> Trait<'_> {
        Trait { text, ..Trait::default() }
    }

    fn keys(document: &DocumentKey, new: &[Trait<'_>]) -> Vec<ItemKey> {
        new.iter().map(|item| item_key(document, item.text, 0)).collect()
    }

    #[test]
    fn reordered_items_stay_themselves() {
        let document = document_key(RepositoryId(1), "a.md");
        let old = [item("Add an alert on failed payments"), item("Write a runbook for the payment queue")];
        let new = [item("Write a runbook for the payment queue"), item("Add an alert on failed payments")];
        assert_eq!(recognise(&new, &old, &keys(&document, &new)), [Some(1), Some(0)]);
    }

    #[test]
    fn a_reworded_item_is_recognised_and_a_new_one_is_not() {
        let document = document_key(RepositoryId(1), "a.md");
        let old = [item("Add an alert on failed payments"), item("Rotate the signing keys every quarter")];
        let new = [item("Add an alert when payments failed for ten minutes"), item("Buy more disks")];
        assert_eq!(
            recognise(&new, &old, &keys(&document, &new)),
            [None, None],
            "four shared words of nine in another order are not enough"
        );
        let new = [item("Add a paging alert on failed payments"), item("Buy more disks")];
        assert_eq!(recognise(&new, &old, &keys(&document, &new)), [Some(0), None]);
    }

    #[test]
    fn the_linked_issue_outweighs_the_wording() {
        let document = document_key(RepositoryId(1), "a.md");
        let old = [Trait { issues: vec!["acme/app#7".into()], ..item("Add an alert") }];
        let new = [item("Add an alert"), Trait { issues: vec!["acme/app#7".into()], ..item("Something else entirely") }];
        assert_eq!(recognise(&new, &old, &keys(&document, &new)), [None, Some(0)]);
    }

    #[test]
    fn the_same_wording_twice_is_two_items() {
        let document = document_key(RepositoryId(1), "a.md");
        assert_ne!(item_key(&document, "Add a test", 0), item_key(&document, "Add a test", 1));
        let old = [item("Add a test"), item("Add a test")];
        let new = [item("Add a test"), item("Add a test"), item("Add a test")];
        let found = recognise(&new, &old, &keys(&document, &new));
        assert_eq!(found.iter().flatten().collect::<HashSet<_>>().len(), 2);
        assert_eq!(found.iter().filter(|f| f.is_none()).count(), 1);
    }
}
