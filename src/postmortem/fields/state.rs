//! Whether an item is done: marks, words, strike-through, and verbs that say it happened.

use std::ops::Range;

use super::super::headings::shortcode;
use super::super::model::State;
use super::super::prose::{Bytes, Prose, Style};
use super::super::words::{Folded, List, Lists, Word, list, words};
use super::{ends_at, groups, starts_at};

/// A status is a few words; longer brackets and clauses are part of the sentence.
const MAX_STATUS_WORDS: usize = 8;

/// The words that say it.
const STATES: Lists = Lists::of(&[List::Done, List::Declined, List::Open]);
const PAST: Lists = Lists::of(&[List::DoneVerbs, List::DoneEnds, List::PassiveAuxiliaries]);

const MARKS: &[(&str, State)] = &[
    ("✅", State::Done),
    ("☑️", State::Done),
    ("☑", State::Done),
    ("✔️", State::Done),
    ("✔", State::Done),
    ("✓", State::Done),
    ("🎉", State::Done),
    (":white_check_mark:", State::Done),
    (":heavy_check_mark:", State::Done),
    (":ballot_box_with_check:", State::Done),
    (":check_mark:", State::Done),
    (":check:", State::Done),
    (":done:", State::Done),
    ("[x]", State::Done),
    ("[X]", State::Done),
    ("[✓]", State::Done),
    ("[✔]", State::Done),
    ("[✅]", State::Done),
    ("🚫", State::Declined),
    (":no_entry_sign:", State::Declined),
    ("[-]", State::Declined),
    ("❌", State::Open),
    ("⬜", State::Open),
    ("☐", State::Open),
    ("🔲", State::Open),
    ("⏳", State::Open),
    ("🚧", State::Open),
    ("🔄", State::Open),
    ("🟡", State::Open),
    ("🔴", State::Open),
    ("🟠", State::Open),
    ("🟢", State::Open),
    ("⏸️", State::Open),
    ("📋", State::Open),
    (":x:", State::Open),
    (":construction:", State::Open),
    (":hourglass:", State::Open),
    (":hourglass_flowing_sand:", State::Open),
    ("[ ]", State::Open),
    ("[]", State::Open),
    ("[~]", State::Open),
    ("[/]", State::Open),
    ("[>]", State::Open),
];

/// The marks that may stand in `text`: most texts hold none of their bytes.
fn marks_in(text: &str) -> &'static [(&'static str, State)] {
    if text.bytes().any(|byte| matches!(byte, b'[' | b':') || !byte.is_ascii()) { MARKS } else { &[] }
}

/// What the text of an item says about its state apart from brackets, if anything.
pub fn read(prose: &Prose, claims: &mut Vec<Range<usize>>) -> Option<State> {
    let words = word(prose, claims).or_else(|| after_struck(prose, claims));
    let mark = mark(prose, claims);
    let struck = prose.marks.iter().any(|mark| mark.style == Style::Strike);
    if struck && (prose.is_all_struck() || struck_but_status(prose, claims)) {
        return words.filter(|&state| state == State::Declined).or(Some(State::Done));
    }
    words.or(mark)
}

/// What the value of a status column or label says: the first status word or mark in it.
pub fn of_value(value: &str) -> Option<State> {
    let marked = marks_in(value).iter().find(|(mark, _)| value.contains(mark)).map(|&(_, state)| state);
    of_words(&words(value)).or(marked)
}

/// What a status of a few words says.
pub fn of_words(words: &[Word]) -> Option<State> {
    if list(List::Declined).find(words).is_some() {
        return Some(State::Declined);
    }
    let done = list(List::Done).find(words);
    let open = list(List::Open).find(words);
    if list(List::Yes).is(words) {
        return Some(State::Done);
    }
    if list(List::OpenValues).is(words) {
        return Some(State::Open);
    }
    match (done, open) {
        // `not done`, `to be deployed`; but `done, follow-up open` starts with what counts.
        (Some(done), _) if unsettled(&words[..done.start]) => Some(State::Open),
        (Some(done), Some(open)) => Some(if done.start < open.start { State::Done } else { State::Open }),
        (Some(_), None) => Some(State::Done),
        (None, Some(_)) => Some(State::Open),
        (None, None) => None,
    }
}

fn unsettled(words: &[Word]) -> bool {
    list(List::Unsettled).find(words).is_some()
}

/// Status words that start a few words: `Done in #12`, `completed: 2026-01-02`, `Won't do because …`.
fn leading_status(words: &[Word]) -> Option<State> {
    let starts = |name: List| list(name).prefix(words);
    let longest =
        [(State::Declined, starts(List::Declined)), (State::Done, starts(List::Done)), (State::Open, starts(List::Open))];
    longest
        .into_iter()
        .filter_map(|(state, length)| length.map(|length| (length, state)))
        .max_by_key(|&(length, _)| length)
        .map(|(_, state)| state)
}

/// The status that a few words are: nothing but a status word, or one that says that it is over with a little more.
pub fn whole(words: &[Word]) -> Option<State> {
    let exact = [List::Done, List::Declined, List::Open].iter().any(|&name| list(name).is(words));
    leading_status(words).filter(|&state| exact || state != State::Open && words.len() <= 4)
}

/// Marks at the start or the end.
fn mark(prose: &Prose, claims: &mut Vec<Range<usize>>) -> Option<State> {
    if !prose.may_hold(Bytes::of(b"[:")) {
        return None;
    }
    let mut state = None;
    let mut at = prose.text.len() - prose.text.trim_start().len();
    'lead: loop {
        for &(mark, says) in marks_in(&prose.text[at..]) {
            if prose.text[at..].starts_with(mark) && !prose.in_code(at) {
                let end = at + mark.len();
                // `[x](url)` is a link's text, `[]{…}` is code.
                if !mark.starts_with('[') || prose.text[end..].starts_with([' ', '\u{a0}']) {
                    claims.push(at..end);
                    state = state.or(Some(says));
                    at = end + (prose.text[end..].len() - prose.text[end..].trim_start_matches([' ', '\u{fe0f}']).len());
                    continue 'lead;
                }
            }
        }
        break;
    }
    let trimmed = prose.text.trim_end_matches(|c: char| c.is_whitespace() || c == '.' || c == '\u{fe0f}');
    for &(mark, says) in marks_in(trimmed).iter().filter(|(mark, _)| !mark.starts_with('[')) {
        if trimmed.ends_with(mark) && trimmed.len() - mark.len() >= at {
            claims.push(trimmed.len() - mark.len()..prose.text.len());
            return state.or(Some(says));
        }
    }
    state
}

/// What a bracket says about the state: `(done)`, `[WIP]`, `(completed: 72f0f55)`.
pub fn bracketed(prose: &Prose, claims: &mut Vec<Range<usize>>) -> Option<State> {
    let mut state = None;
    for group in groups(prose) {
        let inside = prose.words_in(group.inner.clone());
        if inside.is_empty() || inside.len() > MAX_STATUS_WORDS {
            continue;
        }
        let exact = [List::Done, List::Declined, List::Open].iter().any(|&name| list(name).is(inside));
        let settled = leading_status(inside).filter(|&state| exact || state != State::Open);
        let placed =
            exact || group.square || ends_at(prose, group.outer.end, claims) || starts_at(prose, group.outer.start, claims);
        if let Some(says) = settled.filter(|_| placed && group.inner.start < group.inner.end) {
            claims.push(group.outer.clone());
            state = state.or(Some(says));
        }
    }
    state
}

/// `~~the work~~ Won't do: too dear`: what follows the struck text says what became of it.
fn after_struck(prose: &Prose, claims: &mut Vec<Range<usize>>) -> Option<State> {
    let struck = prose.marks.iter().find(|mark| mark.style == Style::Strike && starts_at(prose, mark.range.start, claims))?;
    let rest: Vec<Word> = prose.words().iter().filter(|word| word.range().start >= struck.range.end).copied().collect();
    let state = leading_status(&rest)?;
    claims.push(struck.range.end..prose.text.len());
    Some(state)
}

fn word(prose: &Prose, claims: &mut Vec<Range<usize>>) -> Option<State> {
    if !prose.mentions(STATES) {
        return None;
    }
    let mut state = None;
    // In front: `DONE: …`, `TODO …`, `**Done** …`.
    let front = prose.words().first().map_or(0, |word| word.range().start);
    for (name, says) in [(List::Done, State::Done), (List::Declined, State::Declined), (List::Open, State::Open)] {
        let Some(length) = list(name).prefix(prose.words()) else { continue };
        let Some(last) = prose.words().get(length - 1) else { continue };
        let (label, rest) = (prose.slice(front..last.range().end), &prose.text[last.range().end..]);
        let separated = rest.trim_start_matches(['*', ' ']).starts_with([':', '：'])
            || rest.starts_with(" - ")
            || rest.starts_with(" – ")
            || rest.starts_with(" — ");
        let shouted = label.len() > 2 && label.chars().all(|c| !c.is_lowercase()) && label.contains(char::is_uppercase);
        let bold = prose.bold_lead().is_some_and(|lead| lead.end == last.range().end && rest.contains(char::is_alphanumeric));
        if (separated || shouted || bold) && rest.contains(char::is_alphanumeric) {
            claims.push(front..last.range().end);
            state = state.or(Some(says));
            break;
        }
    }
    if state.is_some() {
        return state;
    }
    // Behind: `… - done`, `…; Completed as of 2026-01-02`, `…. Done!`
    let kept = prose.cut(0..prose.text.len(), claims);
    let kept = kept.trim_end();
    let start = tail(kept)?;
    let last = words(&kept[start..]);
    if last.is_empty() || last.len() > MAX_STATUS_WORDS {
        return None;
    }
    let exact = [List::Done, List::Declined, List::Open].iter().any(|&name| list(name).is(&last));
    let says = leading_status(&last).filter(|&state| exact || state != State::Open)?;
    // Claims replace what they cover by one space, so the place is found from the words.
    let first = prose.words().len().checked_sub(last.len()).and_then(|at| prose.words().get(at..))?;
    if first.iter().zip(&last).all(|(a, b)| a.folded == b.folded) {
        // `- ✅ done @ada`: the mark before it goes too, the mention after it is read by others.
        let start = first.first()?.range().start;
        let marked = prose.text[..start].trim_end_matches([' ', '\u{fe0f}']);
        let mark = MARKS.iter().find(|(mark, _)| marked.ends_with(mark)).map_or(start, |(mark, _)| marked.len() - mark.len());
        let end = prose.text[start..].find('@').map_or(prose.text.len(), |at| start + at);
        claims.push(mark..end);
    }
    Some(says)
}

/// Where the last clause starts: after a dash, an arrow, a semicolon, or the last full stop.
fn tail(text: &str) -> Option<usize> {
    let body = text.trim_end_matches(['.', '!', '。', ')', ']']);
    let start = (0..body.len()).rev().find_map(|at| divider(body.get(at..)?).map(|length| at + length))?;
    // A clause inside brackets belongs to the sentence.
    let inside = text[start..].matches([')', ']']).count() > text[start..].matches(['(', '[']).count();
    (!inside).then_some(start)
}

/// The length of what divides clauses at the start of `text`.
fn divider(text: &str) -> Option<usize> {
    const DIVIDERS: [&str; 14] = [" - ", " -- ", " – ", " — ", "--", "—", " → ", " -> ", " => ", "; ", ". ", "! ", ": ", "。"];
    let may_divide = matches!(text.as_bytes().first(), Some(b' ' | b'-' | b';' | b'.' | b'!' | b':' | 0x80..));
    let longest = || DIVIDERS.iter().filter(|divider| text.starts_with(**divider)).map(|divider| divider.len()).max();
    if may_divide { longest().or_else(|| text.starts_with('；').then_some('；'.len_utf8())) } else { None }
}

/// `~~the work~~ (done in #3)`: all but the claimed words is struck.
fn struck_but_status(prose: &Prose, claims: &[Range<usize>]) -> bool {
    let mut struck = 0;
    for word in prose.words() {
        if claims.iter().any(|claim| claim.start <= word.range().start && word.range().end <= claim.end) {
            continue;
        }
        if !prose.marks.iter().any(|mark| {
            mark.style == Style::Strike && mark.range.start <= word.range().start && word.range().end <= mark.range.end
        }) {
            return false;
        }
        struck += 1;
    }
    struck > 0
}

/// Whether the verbs of an item say that it happened: `Switched to …`, `We have added …`, `Alerts configured`.
pub fn happened(text: &str) -> bool {
    words_happened(text, &words(text))
}

/// As [`happened`], with the words of the text.
pub fn words_happened(text: &str, all: &[Word]) -> bool {
    if !Lists::in_words(all).has_any(PAST) && !all.iter().any(is_past) {
        return false;
    }
    // `Deployed services should …` is a wish, `Fixed-size buffers` a thing.
    let wish = all.iter().take(8).any(|word| word.is(List::Modals));
    let hyphen = all.first().is_some_and(|first| text[first.range().end..].starts_with('-'));
    let compound = hyphen && list(List::DoneVerbs).prefix(all) == Some(1);
    if wish || compound || unsettled(&all[..all.len().min(3)]) {
        return false;
    }
    if happened_at_start(all) {
        return true;
    }
    // `**Retry limits**: Implemented …` says it after its title.
    let before = |end: usize| &all[..all.partition_point(|word| word.range().end <= end)];
    if let Some(colon) = text.find([':', '：']).filter(|&colon| colon < 80)
        && happened_at_start(&all[before(colon).len()..])
    {
        return true;
    }
    // `Postmortem documented (see wiki)`: the main clause ends with what happened.
    let clause = before(clause_end(text));
    let ends = (1..=3).filter_map(|length| clause.len().checked_sub(length)).any(|at| list(List::DoneEnds).is(&clause[at..]));
    (ends && clause.len() > 1 && clause.len() <= 14 && list(List::WorkVerbs).prefix(clause).is_none()) || passive(clause)
}

/// Where the first clause ends.
fn clause_end(text: &str) -> usize {
    let ends = |&(at, c): &(usize, char)| match c {
        '(' | '（' | '：' | '，' | '。' => true,
        ':' | '.' | ',' => text[at + 1..].starts_with(' '),
        ' ' => [" -- ", " – ", " — "].iter().any(|dash| text[at..].starts_with(dash)),
        _ => false,
    };
    text.char_indices().find(ends).map_or(text.len(), |(at, _)| at)
}

fn happened_at_start(words: &[Word]) -> bool {
    let Some(first) = words.first() else { return false };
    if let Some(length) = list(List::DoneVerbs).prefix(words) {
        return words.len() > length;
    }
    // `Increased the limit` happened, `Increased limits` are wished for.
    let determined = words.get(1).is_some_and(|next| next.is(List::Determiners));
    is_past(first) && !first.folded.ends_with(Folded::of("eed")) && determined && list(List::WorkVerbs).prefix(words).is_none()
}

/// The regular English past. Other languages list their forms.
fn is_past(word: &Word) -> bool {
    word.folded.ends_with(Folded::of("ed"))
}

/// `fix was applied`, `keys have been rotated`.
fn passive(words: &[Word]) -> bool {
    words.windows(2).take(10).enumerate().any(|(at, pair)| {
        let auxiliary = pair[0].is(List::PassiveAuxiliaries);
        auxiliary && at > 0 && is_past(&pair[1]) && !words[..at].iter().any(|word| word.is(List::ClauseStarts))
    })
}

/// The length of a mark or an emoji shortcode at the start of `text`.
pub fn mark_length(text: &str) -> Option<usize> {
    MARKS.iter().find(|(mark, _)| text.starts_with(mark)).map(|(mark, _)| mark.len()).or_else(|| shortcode(text))
}
