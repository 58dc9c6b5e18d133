//! What a heading says: which part of the document it opens, whether action items stand under it, and what it says about
//! all of them. The words are data ([`words`](super::words)); this file only weighs them.

use super::fields::owners;
use super::model::{Category, Owner, Role, State};
use super::prose::{Bytes, Prose};
use super::words::{Folded, List, Lists, Word, list, words};

/// A heading, a bold line or a list label, understood.
#[derive(Debug, Clone, Default)]
pub struct Heading {
    /// As plain text, numbering and emoji kept.
    pub text: String,
    pub role: Role,
    pub announces: Announces,
    /// It looks like action items and holds something else: what was done during the incident, links, questions.
    pub refuses: bool,
    /// It starts with `1)`, `A2.`, `Action 3:` and the like.
    pub numbered: bool,
    /// Its words only group items: horizons, teams, kinds of work.
    pub groups: bool,
    /// It starts with the verb of a piece of work.
    pub verb: bool,
    /// What it says about all items under it.
    pub state: Option<State>,
    /// The people it names, when it says nothing else: `@ada and @grace:`.
    pub mentions: Vec<Owner>,
    /// What it says that all items under it do.
    pub category: Option<Category>,
    /// The recognised words are most of its words.
    pub plain: bool,
    /// How many words it has, numbering and brackets apart.
    pub length: usize,
}

/// Whether action items stand under a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Announces {
    #[default]
    Nothing,
    /// Perhaps: `Prevention` also heads explanations.
    Perhaps,
    ActionItems,
}

/// Understands `prose` as a heading. `more` are the headings that the configuration adds.
pub fn understand(prose: &Prose, more: &[Vec<Folded>]) -> Heading {
    let text = prose.without(&[]);
    let start = decoration(&prose.text);
    let (number, numbered) = numbering(&prose.text[start..]);
    let start = start + number;
    let (main, aside) = by_brackets(prose, start);
    let groups = group_like(&main);
    let lists = Lists::in_words(&main);
    let (announces, refuses) = announcement(&main, lists, more);
    let (role, plain) = role(&main, lists, announces, refuses);
    // `Corrective and preventive measures` does both.
    let prevents = announces == Announces::Perhaps || list(List::Prevent).find_among(&main, lists).is_some();
    let also = [List::Mitigate, List::Detect].iter().any(|&name| list(name).find_among(&main, lists).is_some())
        || main.iter().any(|word| word.is(List::Corrective));
    let category = (announces != Announces::Nothing && prevents && !also).then_some(Category::Prevent);
    let state = if groups || announces != Announces::Nothing { state(&main).or_else(|| state(&aside)) } else { None };
    Heading {
        text,
        role,
        announces,
        refuses,
        numbered,
        groups,
        verb: list(List::WorkVerbs).prefix(&main).is_some(),
        state,
        category,
        mentions: only_mentions(prose),
        plain,
        length: main.len(),
    }
}

fn announcement(main: &[Word], lists: Lists, more: &[Vec<Folded>]) -> (Announces, bool) {
    if is_one_of(main, more) {
        return (Announces::ActionItems, false);
    }
    let strong = list(List::ActionItems).find_among(main, lists);
    if let Some(refusal) = list(List::NotActionItems).find_among(main, lists) {
        // `Action items and open questions` announces; `Actions taken` does not.
        let stronger = strong.as_ref().is_some_and(|strong| strong.start < refusal.start && strong.end <= refusal.start);
        if !stronger && (refusal.len() > 1 || most(&refusal, main)) {
            return (Announces::Nothing, true);
        }
    }
    if strong.is_some() || nouns_and_qualifiers(main) {
        return (Announces::ActionItems, false);
    }
    match list(List::Prevention).find_among(main, lists) {
        Some(found) if found.len() > 2 || most(&found, main) => (Announces::Perhaps, false),
        _ => (Announces::Nothing, false),
    }
}

/// Whether a heading holds one of the configured ones, which are folded.
fn is_one_of(main: &[Word], more: &[Vec<Folded>]) -> bool {
    if more.is_empty() {
        return false;
    }
    more.iter()
        .any(|heading| main.windows(heading.len()).any(|part| part.iter().map(|word| word.folded).eq(heading.iter().copied())))
}

fn nouns_and_qualifiers(main: &[Word]) -> bool {
    let mut nouns = 0;
    let mut at = 0;
    while at < main.len() {
        if let Some(length) = list(List::ActionNouns).prefix(&main[at..]) {
            nouns += 1;
            at += length;
        } else if let Some(length) = list(List::ActionQualifiers).prefix(&main[at..]) {
            at += length;
        } else {
            return false;
        }
    }
    nouns > 0
}

fn role(main: &[Word], lists: Lists, announces: Announces, refuses: bool) -> (Role, bool) {
    const ROLES: [(Role, List); 8] = [
        (Role::Lessons, List::Lessons),
        (Role::Timeline, List::Timeline),
        (Role::Causes, List::Causes),
        (Role::Detection, List::Detection),
        (Role::Resolution, List::Resolution),
        (Role::Participants, List::Participants),
        (Role::Impact, List::Impact),
        (Role::Summary, List::Summary),
    ];
    if announces == Announces::ActionItems {
        let plain = list(List::ActionItems).find_among(main, lists).is_none_or(|found| most(&found, main));
        return (Role::ActionItems, plain);
    }
    let found = ROLES.iter().filter_map(|&(role, phrases)| list(phrases).find_among(main, lists).map(|found| (role, found)));
    // The phrase that takes most of the heading names it; of two alike the first in the list above.
    let best = found.reduce(|best, next| if next.1.len() > best.1.len() { next } else { best });
    match best {
        Some((role, found)) => (role, most(&found, main)),
        None if announces == Announces::Perhaps && !refuses => (Role::ActionItems, true),
        None => (Role::Other, false),
    }
}

/// Whether `found` are at least half of `words`.
fn most(found: &std::ops::Range<usize>, words: &[Word]) -> bool {
    found.len() * 2 >= words.len()
}

fn group_like(main: &[Word]) -> bool {
    !main.is_empty()
        && main.iter().enumerate().all(|(at, word)| {
            word.is_number()
                || list(List::GroupWords).prefix(&main[at..]).is_some()
                || at > 0 && list(List::GroupWords).prefix(&main[at - 1..]).is_some_and(|length| length > 1)
                || at > 1 && list(List::GroupWords).prefix(&main[at - 2..]).is_some_and(|length| length > 2)
        })
}

fn state(words: &[Word]) -> Option<State> {
    if list(List::Declined).find(words).is_some() {
        return Some(State::Declined);
    }
    if list(List::Open).find(words).is_some() {
        return Some(State::Open);
    }
    let done = list(List::Done).find(words)?;
    let taken_back = words[..done.start].iter().any(|word| word.is(List::Unsettled));
    Some(if taken_back { State::Open } else { State::Done })
}

/// The length of emoji, emoji shortcodes and punctuation before the words.
fn decoration(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if let Some(length) = shortcode(rest) {
            at += length;
        } else if let Some(c) = rest.chars().next().filter(|c| !c.is_alphanumeric() && !matches!(c, '(' | '[' | '#')) {
            at += c.len_utf8();
        } else {
            return at;
        }
    }
}

/// The length of an emoji shortcode such as `:warning:` at the start of `text`.
pub fn shortcode(text: &str) -> Option<usize> {
    let inside = text.strip_prefix(':')?;
    let length = inside.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '+' | '-')))?;
    (length > 0 && inside[length..].starts_with(':')).then_some(length + 2)
}

/// The length of `1.`, `2)`, `A3:`, `AI-4`, `Action 5:` and the like at the start of `text`, and whether there is one.
pub fn numbering(text: &str) -> (usize, bool) {
    let mut rest = text.trim_start_matches(['(', '[', '#']);
    // Most headings and items start with no number, and looking for the words before one costs time.
    if !rest.bytes().take(48).any(|byte| byte.is_ascii_digit()) {
        return (0, false);
    }
    let opened = rest.len() < text.len();
    if let Some(length) = list(List::InlineLabels).prefix(&words(&rest[..rest.floor_char_boundary(40)])) {
        let end = words(rest).get(length - 1).map_or(0, |word| word.range().end);
        let after = rest[end..].trim_start_matches([' ', '#']);
        if after.starts_with(|c: char| c.is_ascii_digit()) {
            rest = after;
        }
    }
    let letters = rest.bytes().take_while(u8::is_ascii_uppercase).count();
    if letters <= 3 {
        rest = rest[letters..].trim_start_matches(['-', '#']);
    }
    let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    if digits == 0 || rest.starts_with('.') || digits > 5 {
        return (0, false);
    }
    let (number, after) = rest.split_at(digits);
    let closed = number.ends_with('.')
        || after.starts_with([')', ']', ':', '.', '、', '．'])
        || after.starts_with(" -")
        || after.starts_with(" –")
        || after.starts_with(" —");
    if !(closed || (opened && after.starts_with(' ')) || (letters > 0 && after.starts_with(' '))) {
        return (0, false);
    }
    let after = after.trim_start_matches(|c: char| c.is_whitespace() || ")]:.、．-–—".contains(c));
    (text.len() - after.len(), true)
}

fn only_mentions(prose: &Prose) -> Vec<Owner> {
    let only = prose.text.contains('@')
        && prose.text.split_whitespace().all(|word| word.starts_with('@') || list(List::And).is(&words(word)));
    if only { owners::mentioned_in(prose) } else { Vec::new() }
}

/// The words from `start` on that stand outside and inside of round brackets.
fn by_brackets(prose: &Prose, start: usize) -> (Vec<Word>, Vec<Word>) {
    let (mut depth, mut at) = (0_usize, start);
    let from_start = prose.words_in(start..prose.text.len());
    if !prose.may_hold(Bytes::of(b"(")) {
        return (from_start.to_vec(), Vec::new());
    }
    from_start.iter().copied().partition(|word| {
        for c in prose.slice(at..word.range().start).chars() {
            match c {
                '(' | '（' => depth += 1,
                ')' | '）' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        at = word.range().end;
        depth == 0
    })
}
