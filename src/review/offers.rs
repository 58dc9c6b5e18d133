//! Rewrites to be offered on a pull request, whole lines each, and which of them were offered before.
//!
//! An offer is made once. It is recognised by its rule and words, so that a line that changes elsewhere, or moves, does not
//! bring it back after somebody said no.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use sha2::{Digest, Sha256};

use super::{Finding, Suggestion, Touched};
use crate::{
    settings::Level,
    text::{LineIndex, Lines},
};

/// Offers that stand on one pull request at a time, refused ones included: more would be noise.
pub const MOST: usize = 10;

/// Findings that one offer settles, and bytes of its new text, at most: one comment has to hold them, and a person to read them.
const MOST_REASONS: usize = 10;
const MOST_BYTES: usize = 10_000;

/// New text for lines of a document, which settles one or more findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub path: String,
    /// The lines that it takes the place of.
    pub lines: Lines,
    /// Without the last line's line break.
    pub replacement: String,
    /// Never empty; in the order of the text.
    pub reasons: Vec<Reason>,
}

/// A finding that an offer settles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub level: Level,
    pub message: String,
    pub help: Option<String>,
    pub key: OfferKey,
}

/// By what an offered rewrite is known again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OfferKey {
    /// The rule's name, which may be one that this version does not have.
    pub rule: String,
    /// Digest of the words to be rewritten.
    pub words: String,
    /// Digest of the document's path and the lines they stand in.
    pub lines: String,
}

impl Offer {
    fn level(&self) -> Option<Level> {
        self.reasons.iter().map(|reason| reason.level).max()
    }
}

/// The rewrites of `findings` in the document `text` at `path`, on lines that the pull request touches: most useful first.
/// Rewrites that share a line are one offer, as GitHub replaces whole lines.
pub fn offers(path: &str, text: &str, findings: &[Finding], touched: &Touched) -> Vec<Offer> {
    let index = LineIndex::new(text);
    let wanted = findings.iter().filter(|finding| touched.touches(finding.place.lines()));
    let mut rewrites: Vec<(&Finding, &Suggestion)> =
        wanted.filter_map(|finding| Some((finding, finding.suggestion.as_ref()?))).collect();
    rewrites.sort_by_key(|(_, suggestion)| suggestion.span);
    let mut offers: Vec<Offer> = Vec::new();
    let mut rewrites = rewrites.into_iter().peekable();
    while let Some(first) = rewrites.next() {
        let mut lines = index.lines(first.1.span);
        let mut together = vec![first];
        while let Some(next) = rewrites.next_if(|(_, next)| index.lines(next.span).first <= lines.last) {
            // Of two that rewrite the same words the first is offered; the other comes up again if it still holds.
            if together.last().is_some_and(|(_, last)| last.span.end <= next.1.span.start) {
                lines.last = lines.last.max(index.lines(next.1.span).last);
                together.push(next);
            }
        }
        offers.extend(offer(path, text, &index, lines, &together));
    }
    // The sort is stable: among equals the order of the text.
    offers.sort_by_key(|offer| std::cmp::Reverse(offer.level()));
    offers
}

fn offer(path: &str, text: &str, index: &LineIndex, lines: Lines, rewrites: &[(&Finding, &Suggestion)]) -> Option<Offer> {
    let span = index.span(lines);
    let old = text.get(span.range())?;
    let old = old.strip_suffix('\n').unwrap_or(old);
    // GitHub does not say which line breaks an accepted suggestion gets, so files with others than its own get none.
    if old.contains('\r') || rewrites.len() > MOST_REASONS {
        return None;
    }
    let digest_of_lines = digest(&[path, old]);
    let (mut replacement, mut at, mut reasons) = (String::new(), span.start, Vec::new());
    for (finding, suggestion) in rewrites {
        replacement.push_str(text.get(at..suggestion.span.start)?);
        replacement.push_str(&suggestion.replacement);
        at = suggestion.span.end;
        let words = digest(&[finding.rule, text.get(suggestion.span.range())?]);
        reasons.push(Reason {
            level: finding.level,
            message: finding.message.clone(),
            help: finding.help.clone(),
            key: OfferKey { rule: finding.rule.to_owned(), words, lines: digest_of_lines.clone() },
        });
    }
    replacement.push_str(text.get(at..span.start + old.len())?);
    (replacement.len() <= MOST_BYTES).then(|| Offer { path: path.to_owned(), lines, replacement, reasons })
}

/// A rewrite that was offered before.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub key: &'a OfferKey,
    /// It was mended since: only the very same line brings it to mind, not the same words elsewhere.
    pub is_gone: bool,
}

/// What to do about rewrites, given those that were offered before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// To be offered now: at most ten together with those that stand or were refused.
    pub fresh: Vec<Offer>,
    /// Positions of the known ones whose line is no more.
    pub outdated: Vec<usize>,
    /// Of these, those whose words are wanted nowhere else either: mended.
    pub gone: Vec<usize>,
}

/// Compares `offers`, most useful first, with what is known.
pub fn compare(offers: &[Offer], known: &[Known<'_>]) -> Comparison {
    let mut seen = HashSet::new();
    // The same line twice in a document is offered once.
    let offers: Vec<&Offer> =
        offers.iter().filter(|offer| offer.reasons.iter().filter(|reason| seen.insert(&reason.key)).count() > 0).collect();
    let wanted: Vec<(usize, &OfferKey)> = offers
        .iter()
        .enumerate()
        .flat_map(|(at, offer)| {
            let keys: BTreeSet<&OfferKey> = offer.reasons.iter().map(|reason| &reason.key).collect();
            keys.into_iter().map(move |key| (at, key))
        })
        .collect();
    let (is_known, matches) = recognise(&wanted.iter().map(|(_, key)| *key).collect::<Vec<_>>(), known);
    let standing: HashSet<usize> = wanted.iter().zip(is_known).filter(|(_, known)| *known).map(|((at, _), _)| *at).collect();
    let fresh = offers.iter().enumerate().filter(|(at, _)| !standing.contains(at)).map(|(_, offer)| (*offer).clone());
    let are = |is: fn(Match) -> bool| matches.iter().enumerate().filter(|(_, found)| is(**found)).map(|(at, _)| at).collect();
    Comparison {
        fresh: fresh.take(MOST.saturating_sub(standing.len())).collect(),
        outdated: are(|found| found != Match::Line),
        gone: are(|found| found == Match::None),
    }
}

/// By what a known offer was found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Line,
    Words,
    None,
}

/// Which of `wanted` were made before, one to one, and how each of `known` was found. The same line counts first, then the same
/// words anywhere.
fn recognise(wanted: &[&OfferKey], known: &[Known<'_>]) -> (Vec<bool>, Vec<Match>) {
    let (mut is_known, mut matches) = (vec![false; wanted.len()], vec![Match::None; known.len()]);
    for by in [Match::Line, Match::Words] {
        let name = |key: &OfferKey| (key.rule.clone(), key.words.clone(), (by == Match::Line).then(|| key.lines.clone()));
        let mut free: HashMap<_, VecDeque<usize>> = HashMap::new();
        for (at, known) in known.iter().enumerate() {
            if matches[at] == Match::None && (by == Match::Line || !known.is_gone) {
                free.entry(name(known.key)).or_default().push_back(at);
            }
        }
        for (at, key) in wanted.iter().enumerate() {
            if !is_known[at]
                && let Some(found) = free.get_mut(&name(key)).and_then(VecDeque::pop_front)
            {
                (is_known[at], matches[found]) = (true, by);
            }
        }
    }
    (is_known, matches)
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{postmortem::parse::ReadOptions, review, settings};

    const TEXT: &str = "# Postmortem: checkout was down\n\n## Contributing factors\n\nThe root cause was a full disk. The root cause was a leak.\n\nLater, the\nroot cause was a leak.\n";

    fn offered(text: &str, touched: &Touched) -> Vec<Offer> {
        let settings = settings::parse("review: {profile: light, rules: {root-cause-wording: note}}").expect("a good file");
        let findings = review::review(text.as_bytes(), &ReadOptions::default(), &review::Policy::new(&settings).0);
        offers("a.md", text, &findings.expect("a document").findings, touched)
    }

    fn key(rule: &str, words: &str, lines: &str) -> OfferKey {
        OfferKey { rule: rule.to_owned(), words: words.to_owned(), lines: lines.to_owned() }
    }

    #[test]
    fn rewrites_that_share_a_line_are_one_offer_of_whole_lines() {
        let offers = offered(TEXT, &Touched::by_adding(None));
        let seen: Vec<_> =
            offers.iter().map(|offer| (offer.lines.first, offer.lines.last, offer.reasons.len(), &*offer.replacement)).collect();
        assert_eq!(
            seen,
            [
                (5, 5, 2, "A contributing factor was a full disk. A contributing factor was a leak."),
                (7, 8, 1, "Later, a contributing factor was a leak."),
            ]
        );
    }

    #[test]
    fn nothing_is_offered_on_older_lines_or_for_other_line_breaks() {
        let touched = Touched::by_changing(Some("@@ -7,1 +7,2 @@\n+Later, the\n root cause was a leak."), 1);
        assert_eq!(offered(TEXT, &touched).iter().map(|offer| offer.lines.first).collect::<Vec<_>>(), [7]);
        assert_eq!(offered(&TEXT.replace('\n', "\r\n"), &Touched::by_adding(None)), []);
    }

    #[test]
    fn what_no_comment_can_hold_is_not_offered() {
        let head = "# Postmortem: checkout was down\n\n## Contributing factors\n\n";
        for line in ["The root cause was a leak. ".repeat(11), format!("The root cause was {}.", "long ".repeat(2_000))] {
            let offers = offered(&format!("{head}{line}\n\nThe root cause was short.\n"), &Touched::by_adding(None));
            assert_eq!(offers.iter().map(|offer| offer.lines.first).collect::<Vec<_>>(), [7]);
        }
    }

    fn known(key: &OfferKey) -> Known<'_> {
        Known { key, is_gone: false }
    }

    #[test]
    fn an_offer_is_known_by_its_line_and_else_by_its_words() {
        let (a, b, c) = (key("r", "w", "1"), key("r", "w", "2"), key("r", "w", "3"));
        let found = recognise(&[&b], &[known(&a), known(&b)]);
        assert_eq!(found, (vec![true], vec![Match::None, Match::Line]), "the line counts first");
        assert_eq!(recognise(&[&c], &[known(&a)]), (vec![true], vec![Match::Words]), "the line changed elsewhere");
        assert_eq!(recognise(&[&a, &c], &[known(&a)]), (vec![true, false], vec![Match::Line]), "a second place is new");
        let other = key("q", "w", "1");
        assert_eq!(recognise(&[&other], &[known(&a)]), (vec![false], vec![Match::None]), "another rule is another matter");
        let mended = Known { key: &a, is_gone: true };
        assert_eq!(recognise(&[&c], &[mended]), (vec![false], vec![Match::None]), "what was mended is no refusal");
        assert_eq!(recognise(&[&a], &[mended]), (vec![true], vec![Match::Line]), "nor is its own line offered again");
    }

    #[test]
    fn what_stands_or_was_refused_counts_against_the_most() {
        let text: String = (0..30).map(|n| format!("The root cause was number {n}.\n\n")).collect();
        let offers = offered(&format!("# Postmortem\n\n## Contributing factors\n\n{text}"), &Touched::by_adding(None));
        let first = compare(&offers, &[]);
        assert_eq!((offers.len(), first.fresh.len(), first.gone.len()), (30, MOST, 0));
        let keys = first.fresh.iter().flat_map(|offer| &offer.reasons).map(|reason| known(&reason.key));
        let keys: Vec<Known<'_>> = keys.collect();
        assert_eq!(compare(&offers, &keys), Comparison::default(), "again there is nothing to do");
        let mended = compare(&offers[2..], &keys);
        assert_eq!((mended.fresh.len(), mended.outdated), (0, vec![0, 1]), "the comments on mended lines are settled");
        assert_eq!(compare(&[], &keys).gone.len(), MOST);
        let twice = [offers[0].clone(), offers[0].clone()];
        assert_eq!(compare(&twice, &[]).fresh.len(), 1);
    }

    #[test]
    fn the_same_words_have_the_same_key_wherever_they_stand() {
        let one = offered(TEXT, &Touched::by_adding(None));
        let moved = offered(
            &TEXT.replace("\n\nThe root cause was a full", "\n\nBefore.\n\nThe root cause was a full"),
            &Touched::by_adding(None),
        );
        let keys = |offers: &[Offer]| {
            offers.iter().flat_map(|offer| &offer.reasons).map(|reason| reason.key.clone()).collect::<Vec<_>>()
        };
        assert_eq!(keys(&one), keys(&moved));
    }
}
