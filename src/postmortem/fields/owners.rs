//! Who does it. A login is only ever read from `@login` or a link to a profile, never guessed from a name.

use std::ops::Range;

use super::super::model::Owner;
use super::super::prose::{Bytes, Prose, Style};
use super::super::words::{Folded, List, Word, list, words};
use super::{Context, ends_at, groups, starts_at, tags};

/// The owners that the text of an item names without a label.
pub fn read(prose: &Prose, context: &Context, claims: &mut Vec<Range<usize>>) -> Vec<Owner> {
    let mentioned = if prose.may_hold(Bytes::of(b"@")) { mentioned(prose, claims) } else { Vec::new() };
    if !mentioned.is_empty() {
        return mentioned;
    }
    let bracketed = bracketed(prose, context, claims);
    if !bracketed.is_empty() {
        return bracketed;
    }
    let apart = known_apart(prose, context, claims);
    if !apart.is_empty() {
        return apart;
    }
    subject(prose, context)
}

/// `Ada: write …`, `… — Ada`: people whom the document lists, divided from the sentence.
fn known_apart(prose: &Prose, context: &Context, claims: &mut Vec<Range<usize>>) -> Vec<Owner> {
    if context.people.is_empty() {
        return Vec::new();
    }
    let all_known = |text: &str| {
        let parts: Vec<&str> = parts(text).into_iter().map(str::trim).filter(|part| !part.is_empty()).collect();
        !parts.is_empty() && parts.iter().all(|part| words(part).len() <= 3 && words(part).iter().any(|word| context.knows(word)))
    };
    let kept = prose.text.trim_end_matches(|c: char| c.is_whitespace() || c == '.');
    let colon = prose.text.find([':', '：']).filter(|&at| at < 60 && starts_at(prose, 0, claims));
    if let Some(at) = colon.filter(|&at| all_known(&prose.text[..at])) {
        claims.push(0..at);
        return names(prose, 0..at);
    }
    if !prose.may_hold(Bytes::of(b"-/")) {
        return Vec::new();
    }
    for divider in [" - ", " – ", " — ", " -- ", " → ", " / "] {
        for (at, _) in prose.text.match_indices(divider).take(8) {
            let start = at + divider.len();
            let end = [" - ", " – ", " — ", " -- "]
                .iter()
                .filter_map(|next| prose.text[start..].find(next))
                .min()
                .map_or(kept.len(), |length| start + length);
            if start < end && ends_at(prose, end, claims) && all_known(prose.slice(start..end)) {
                claims.push(at..end);
                return names(prose, start..end);
            }
        }
    }
    Vec::new()
}

/// The owners among the mentions of a paragraph that is not the item's own text.
pub fn mentioned_in(prose: &Prose) -> Vec<Owner> {
    mentioned(prose, &mut Vec::new())
}

struct Mention {
    range: Range<usize>,
    owner: Owner,
    /// It stands before or after everything else, or alone in brackets: it is no part of the sentence.
    apart: bool,
    /// The sentence names it without giving it the work: `cc @ada`.
    aside: bool,
}

fn mentioned(prose: &Prose, claims: &mut Vec<Range<usize>>) -> Vec<Owner> {
    let mut all = mentions(prose, claims);
    // Several at one end are one group: claim them from the outside in.
    for _ in 0..2 {
        let apart: Vec<Range<usize>> = all.iter().filter(|mention| mention.apart).map(|mention| mention.range.clone()).collect();
        let claimed: Vec<Range<usize>> = claims.iter().cloned().chain(apart).collect();
        for mention in all.iter_mut().filter(|mention| !mention.apart) {
            let (before, after) = around(prose, &mention.range);
            mention.apart = ends_at(prose, after, &claimed) && !mention.aside || only_names(prose, before, &claimed);
        }
    }
    let any_apart = all.iter().any(|mention| mention.apart && !mention.aside);
    let mut owners = Vec::new();
    for mention in all {
        // `@ada to write …` and `@ada will …` keep the name: it is the subject of the sentence.
        if mention.apart && !is_subject(prose, &mention.range) {
            claims.push(with_preposition(prose, with_join(prose, mention.range.clone())));
        }
        if !mention.aside && (mention.apart || !any_apart) && !owners.contains(&mention.owner) {
            owners.push(mention.owner);
        }
    }
    owners
}

fn mentions(prose: &Prose, claims: &[Range<usize>]) -> Vec<Mention> {
    let mut found = Vec::new();
    for (at, _) in prose.text.match_indices('@').take(32) {
        let Some((range, owner)) = mention_at(&prose.text, at) else { continue };
        if claims.iter().any(|claim| claim.contains(&at)) {
            continue;
        }
        let code = prose.marks.iter().find(|mark| mark.style == Style::Code && mark.range.contains(&at));
        // `@types/node` in code is a package.
        if code.is_some_and(|code| code.range != range || matches!(owner, Owner::Team { .. })) {
            continue;
        }
        let before = words(last_line(&prose.text[..at]));
        let aside = before.last().is_some_and(|word| word.is(List::NotOwners));
        let (start, end) = around(prose, &range);
        let apart = !aside && (ends_at(prose, end, claims) || starts_at(prose, start, claims)) || in_brackets(prose, &range);
        found.push(Mention { range, owner, apart, aside });
    }
    found
}

fn last_line(text: &str) -> &str {
    text.rsplit('\n').next().unwrap_or(text)
}

/// The mention whose `@` stands at `at`.
fn mention_at(text: &str, at: usize) -> Option<(Range<usize>, Owner)> {
    let (before, rest) = (text.get(..at)?, text.get(at..)?.strip_prefix('@')?);
    // `@ada/@grace` are two; `ada/@grace` and `a@b` are none.
    let second =
        before.ends_with('/') && before.rsplit(char::is_whitespace).next().is_some_and(|word| word.starts_with(['@', '(', '[']));
    if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '@' | '/' | '_' | '.' | '-')) && !second {
        return None;
    }
    let name = |text: &str| text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(text.len());
    let first = rest[..name(rest)].trim_end_matches(['-', '_']).len();
    if first == 0 || rest[first..].starts_with('@') {
        return None;
    }
    let login = &rest[..first];
    if let Some(after) = rest[first..].strip_prefix('/') {
        let slug = after[..name(after)].trim_end_matches('-').len();
        if slug > 0 {
            let end = at + 1 + first + 1 + slug;
            return Some((at..end, Owner::Team { org: login.to_owned(), slug: after[..slug].to_owned() }));
        }
    }
    let range = at..at + 1 + first;
    // What GitHub cannot know is a name of another place.
    let valid = first <= 39 && !login.contains('_') && !login.starts_with('-') && !login.contains("--");
    let owner = if valid { Owner::Login(login.to_owned()) } else { Owner::Name(format!("@{login}")) };
    Some((range, owner))
}

/// Where a mention starts and ends with the preposition before it, for judging what else is there.
fn around(prose: &Prose, range: &Range<usize>) -> (usize, usize) {
    (with_preposition(prose, range.clone()).start, range.end)
}

/// `by @ada`, `assigned to @ada`, `owner @ada`: the words go with the mention.
fn with_preposition(prose: &Prose, range: Range<usize>) -> Range<usize> {
    let before: Vec<&Word> = prose.words().iter().take_while(|word| word.range().end <= range.start).collect();
    let gives = |word: &Word| word.is(List::Owner) || word.is(List::And) || word.is(List::Gives);
    let mut start = range.start;
    for word in before.iter().rev().take(2) {
        let between = prose.slice(word.range().end..start);
        if !gives(word) || between.trim_matches([' ', '*', ':', '(']).contains(|c: char| !c.is_whitespace()) {
            break;
        }
        if word.folded == Folded::of("to") && !before.iter().rev().nth(1).is_some_and(|word| word.is(List::Owner)) {
            break;
        }
        start = word.range().start;
    }
    start..range.end
}

/// Whether the sentence goes on with what the mentioned will do: `@ada and @grace to write …`.
fn is_subject(prose: &Prose, range: &Range<usize>) -> bool {
    let mut at = range.end;
    for word in prose.words().iter().skip_while(|word| word.range().start < range.end).take(12) {
        let between = prose.slice(at..word.range().start);
        if between.contains(|c: char| !(c.is_whitespace() || matches!(c, '@' | ',' | '/' | '-' | '_'))) {
            return false;
        }
        if word.is(List::To) {
            return true;
        }
        let mention = prose.text[..word.range().start].ends_with(['@', '-', '/', '_']);
        if !mention && !word.is(List::And) {
            return false;
        }
        at = word.range().end;
    }
    false
}

/// The mention and the `and` or comma that joins it to the next one.
fn with_join(prose: &Prose, range: Range<usize>) -> Range<usize> {
    let rest = &prose.text[range.end..];
    let Some(next) = rest.find('@') else { return range };
    let joined = words(&rest[..next]);
    let between = rest[..next].chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || matches!(c, ',' | '&' | '+' | '/'));
    if between && joined.len() <= 1 && joined.iter().all(|word| word.is(List::And)) {
        range.start..range.end + next
    } else {
        range
    }
}

fn in_brackets(prose: &Prose, range: &Range<usize>) -> bool {
    groups(prose).iter().any(|group| {
        group.inner.start <= range.start && range.end <= group.inner.end && !names(prose, group.inner.clone()).is_empty()
    })
}

/// Whether only other mentions, names and words between them stand before `at`.
fn only_names(prose: &Prose, at: usize, claims: &[Range<usize>]) -> bool {
    let left = prose.cut(0..at, claims);
    words(&left).iter().all(|word| word.is(List::And))
}

/// `… [Ada]`, `… (Ada)` where the document knows an Ada, `[Ada] …`.
fn bracketed(prose: &Prose, context: &Context, claims: &mut Vec<Range<usize>>) -> Vec<Owner> {
    for group in groups(prose).iter().rev() {
        let taken = claims.iter().any(|claim| claim.start < group.outer.end && group.outer.start < claim.end);
        let linked = prose.links().any(|(range, _)| range.start < group.outer.end && group.outer.start < range.end);
        if taken || linked {
            continue;
        }
        let text = prose.slice(group.inner.clone());
        let ends = ends_at(prose, group.outer.end, claims);
        let known = || words(text).iter().any(|word| context.knows(word));
        let leads = || starts_at(prose, group.outer.start, claims);
        if !(ends && group.square || (ends || leads()) && known()) {
            continue;
        }
        let found = names(prose, group.inner.clone());
        if !found.is_empty() && text.split([',', '/', '&']).all(|part| like_a_name(part, context)) {
            claims.push(group.outer.clone());
            return found;
        }
    }
    Vec::new()
}

/// Whether a text is mentions and nothing else.
pub fn are_mentions(text: &str) -> bool {
    !text.is_empty()
        && text.split(|c: char| c.is_whitespace() || matches!(c, '&' | '+')).filter(|part| !part.is_empty()).all(|part| {
            mention_at(part, 0).is_some_and(|(range, _)| {
                part.starts_with('@') && (range.end == part.len() || part[range.end..].starts_with("/@"))
            })
        })
}

/// One to three capitalised words that are neither status, ticket, priority nor placeholder.
pub fn like_a_name(text: &str, context: &Context) -> bool {
    let all = words(text);
    if text.contains('@')
        || list(List::Roles).find(&all).is_some() && all.len() <= 3
        || all.iter().any(|word| context.knows(word))
    {
        return true;
    }
    const OTHERS: [List; 13] = [
        List::Done,
        List::Declined,
        List::Open,
        List::Reference,
        List::Placeholders,
        List::Nobody,
        List::High,
        List::Medium,
        List::Low,
        List::GroupWords,
        List::Area,
        List::Months,
        List::Notes,
    ];
    !all.is_empty()
        && all.len() <= 3
        && text.split_whitespace().all(|word| word.starts_with(char::is_uppercase))
        && !text.contains(|c: char| c.is_numeric() || "_=<>{}:/`".contains(c))
        && OTHERS.iter().all(|&name| !list(name).is(&all))
        && all[0].month().is_none()
}

/// The names in a stretch of the text: a column's cell, a label's value.
pub fn names(prose: &Prose, range: Range<usize>) -> Vec<Owner> {
    let text = prose.slice(range.clone());
    let mut found: Vec<Owner> = Vec::new();
    for part in parts(text) {
        let start = range.start + (part.as_ptr() as usize - text.as_ptr() as usize);
        let owner = match part.find('@').and_then(|at| mention_at(part, at)) {
            Some((_, owner)) => Some(owner),
            None => name(part).map(|name| profile(prose, start..start + part.len()).unwrap_or(name)),
        };
        if let Some(owner) = owner.filter(|owner| !found.contains(owner)) {
            found.push(owner);
        }
        if found.len() >= 16 {
            break;
        }
    }
    found
}

/// The parts of a list of names: divided by `,`, `;`, `&`, `+`, lines, `/` (but not that of `@org/team`) and `and`.
fn parts(text: &str) -> Vec<&str> {
    let mut cuts: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices() {
        let team = || {
            text[..at].rfind('@').is_some_and(|mention| !text[mention..at].contains(|c: char| c.is_whitespace() || c == ','))
                && !text[at + 1..].starts_with([' ', '@'])
        };
        if matches!(c, ',' | ';' | '&' | '+' | '\n' | '|' | '、' | '，' | '；') || c == '/' && !team() {
            cuts.push(at..at + c.len_utf8());
        }
    }
    let all = words(text);
    for word in all.iter().filter(|word| word.is(List::And)) {
        let spaced = text[..word.range().start].ends_with(' ') && text[word.range().end..].starts_with(' ');
        if spaced || !text[word.range()].is_ascii() && all.len() > 2 {
            cuts.push(word.range().clone());
        }
    }
    // `@ada @grace`
    for (at, _) in text.match_indices(" @") {
        cuts.push(at..at + 1);
    }
    cuts.sort_by_key(|cut| cut.start);
    let mut found = Vec::new();
    let mut at = 0;
    for cut in cuts.into_iter().chain(std::iter::once(text.len()..text.len())) {
        found.extend(text.get(at..cut.start));
        at = cut.end.max(at);
    }
    found
}

fn name(part: &str) -> Option<Owner> {
    let part = part.trim_matches(|c: char| c.is_whitespace() || "*_`[](){}.:?-–—".contains(c));
    let all = words(part);
    let known_otherwise = [List::Done, List::Open, List::Declined, List::Placeholders].iter().any(|&name| list(name).is(&all));
    if all.is_empty()
        || all.len() > 6
        || part.chars().count() > 60
        || known_otherwise
        || tags::is_nobody(part)
        || part.contains("://")
    {
        return None;
    }
    part.contains(char::is_alphabetic).then(|| Owner::Name(part.to_owned()))
}

/// The login in a link to a GitHub profile.
fn profile(prose: &Prose, range: Range<usize>) -> Option<Owner> {
    let (_, url) = prose.links().find(|(link, _)| link.start < range.end && range.start < link.end)?;
    is_profile(url).then(|| Owner::Login(url["https://github.com/".len()..].trim_end_matches('/').to_owned()))
}

/// Whether a URL is that of a person on GitHub.
pub fn is_profile(url: &str) -> bool {
    let login = url.strip_prefix("https://github.com/").map(|login| login.trim_end_matches('/'));
    login.is_some_and(|login| {
        !login.is_empty() && login.len() <= 39 && login.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

/// `Ada to write …`, `Ada and Grace to …`, `Developers to …`: who the sentence says does it.
fn subject(prose: &Prose, context: &Context) -> Vec<Owner> {
    let Some(to) = prose.words().iter().take(9).position(|word| word.is(List::To)) else { return Vec::new() };
    let (before, after) = (&prose.words()[..to], &prose.words()[to + 1..]);
    let (Some(first), Some(last)) = (before.first(), before.last()) else { return Vec::new() };
    let start = first.range().start;
    if !prose.text[..start].trim().is_empty() || list(List::WorkVerbs).prefix(after).is_none() {
        return Vec::new();
    }
    let plain = prose.words()[to].folded == Folded::of("to");
    let text = prose.slice(start..last.range().end);
    if text.contains(['.', ':', ';', '(', '"', '`']) {
        return Vec::new();
    }
    let people: Vec<&str> = parts(text).into_iter().map(str::trim).filter(|part| !part.is_empty()).collect();
    let several = people.len() > 1;
    let named = people.iter().all(|part| {
        let all = words(part);
        let known = all.iter().any(|word| context.knows(word));
        let role = all.last().is_some_and(|word| word.is(List::Roles)) && all.len() <= 4
            || list(List::Roles).is(&all)
            || all.first().is_some_and(|word| word.folded == Folded::of("team")) && all.len() == 2;
        known && list(List::WorkVerbs).prefix(&all).is_none() || role || plain && unknown_name(part, &all, several)
    });
    if !named {
        return Vec::new();
    }
    people.into_iter().filter_map(name).take(8).collect()
}

/// A capitalised word or two that is nothing else.
fn unknown_name(part: &str, all: &[Word], several: bool) -> bool {
    const NOUN_ENDS: [Folded; 9] = {
        let of = Folded::of;
        [of("ing"), of("tion"), of("sion"), of("ment"), of("ments"), of("ity"), of("ness"), of("tions"), of("ance")]
    };
    let capitalised = part.split_whitespace().all(|word| {
        word.starts_with(char::is_uppercase)
            && word.chars().skip(1).any(char::is_lowercase)
            && word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '.'))
    });
    capitalised
        && all.len() <= if several { 3 } else { 2 }
        && all.iter().all(|word| {
            [List::WorkVerbs, List::NotNames, List::GroupWords, List::DoneVerbs].iter().all(|&other| !word.is(other))
                && !NOUN_ENDS.iter().any(|&end| word.folded.ends_with(end) && word.folded.len() > end.len() + 3)
        })
}
