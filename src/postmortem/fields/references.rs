//! Pointers to issues, pull requests and tickets: links, bare URLs, `#1`, `owner/repo#1`, tracker keys.

use std::ops::Range;

use super::super::model::{Reference, Target};
use super::super::prose::{Bytes, Prose};
use super::super::words::{List, Lists, list, may_start, words};
use super::{ends_at, groups, starts_at};

/// Words that look like a tracker's key and are a standard, a unit or a severity.
const NOT_TRACKERS: &[&str] = &[
    "UTF", "SHA", "ISO", "RFC", "CVE", "TLS", "SSL", "HTTP", "AES", "RSA", "MD", "SEV", "GPT", "COVID", "IPV", "ASCII", "BASE",
    "UTC", "GMT", "EC", "TOP", "PHASE", "STEP", "PART", "DAY", "WEEK", "ERR", "ERROR", "AI", "CWE", "PEP", "EIP", "ERC", "BIP",
    "RC", "V", "US", "EU", "AZ", "ADR", "HTTP", "PM", "INC", "Q", "P", "S", "L", "T", "A", "B", "C", "M", "K", "GHSA", "MS",
    "KB", "ARM", "X", "H", "PCI", "SOC",
];

/// A pointer and where it stands.
struct Found {
    range: Range<usize>,
    reference: Reference,
}

/// The references of an item. Claimed are those that only point: `[Issue](…)`, `(#12)`, `OPS-1: …`, a URL at the end.
pub fn read(prose: &Prose, claims: &mut Vec<Range<usize>>) -> Vec<Reference> {
    let found = find(prose, 0..prose.text.len());
    if found.is_empty() && !prose.may_hold(Bytes::of(b"[")) {
        return Vec::new();
    }
    claim(prose, &found, claims);
    let mut references: Vec<Reference> = Vec::new();
    for found in found {
        if !references.contains(&found.reference) {
            references.push(found.reference);
        }
    }
    references
}

/// The reference in round brackets that the text ends with, as link-back writes it (`… (#12)`, `… (acme/app#12)`, linked or
/// not): how much text stands before it, and where its bracket opens.
pub fn at_end(prose: &Prose) -> Option<(usize, usize, Reference)> {
    let inside = prose.text.trim_end().strip_suffix(')')?;
    let open = inside.rfind('(')?;
    let (before, pointer) = (inside[..open].trim_end(), &inside[open + 1..]);
    let (_, reference) = short(pointer).or_else(|| numbered(pointer)).filter(|(length, _)| *length == pointer.len())?;
    let apart = before.len() < open && before.contains(char::is_alphanumeric) && !prose.in_code(open) && !prose.in_code(open + 1);
    let linked = prose.links().find(|(range, _)| open <= range.end && before.len() < range.end);
    let reference = match linked {
        Some((range, url)) if *range == (open + 1..inside.len()) => of_url(url),
        Some(_) => return None,
        None => reference,
    };
    apart.then_some((before.len(), open, reference))
}

/// The issue or pull request on GitHub that `text` as a whole points at.
pub fn whole(text: &str) -> Option<Reference> {
    let found = url(text).or_else(|| short(text)).or_else(|| numbered(text));
    let (_, reference) = found.filter(|(length, _)| *length == text.len())?;
    matches!(reference.target, Target::GitHub { .. }).then_some(reference)
}

/// The references in a stretch of the text.
pub fn within(prose: &Prose, range: Range<usize>) -> Vec<Reference> {
    find(prose, range).into_iter().map(|found| found.reference).collect()
}

fn find(prose: &Prose, within: Range<usize>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (range, url) in prose.links().filter(|(range, _)| range.start < within.end && within.start < range.end) {
        if is_web(url) {
            found.push(Found { range: range.clone(), reference: of_url(url) });
        }
    }
    let text = &prose.text;
    // `#1`, a URL or `OPS-1`.
    let may_point = prose.may_hold(Bytes::of(b"#"))
        || text.contains("://")
        || text.as_bytes().windows(2).any(|pair| pair[0] == b'-' && pair[1].is_ascii_digit());
    if !may_point {
        return found;
    }
    let mut at = within.start;
    while at < within.end && found.len() < 200 {
        let rest = &text[at..within.end];
        let Some(c) = rest.chars().next() else { break };
        let boundary =
            !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '#' | '_' | '-' | '&' | '.' | '@'));
        let pointer =
            if boundary { url(rest).or_else(|| short(rest)).or_else(|| numbered(rest)).or_else(|| key(rest)) } else { None };
        match pointer {
            Some((length, reference)) => {
                let range = at..at + length;
                let hidden =
                    prose.in_code(at) || found.iter().any(|link| link.range.start < range.end && range.start < link.range.end);
                if !hidden {
                    found.push(Found { range, reference });
                }
                at += length;
            }
            None => at += c.len_utf8(),
        }
    }
    found.sort_by_key(|found| found.range.start);
    found
}

fn claim(prose: &Prose, found: &[Found], claims: &mut Vec<Range<usize>>) {
    // `[Issue]`, `[PR 12]`: a link whose text says nothing but that it is one, or repeats the pointer.
    for pointer in found {
        let text = prose.slice(pointer.range.clone());
        let linked = prose.links().any(|(range, _)| *range == pointer.range);
        if linked && !is_web(text) && says_nothing(text) {
            let range = bracketed(prose, pointer.range.clone());
            claims.push(if ends_at(prose, range.end, claims) { with_label(prose, range) } else { range });
        }
    }
    // `(#12)`, `[OPS-1, OPS-2]`, `(Jira OPS-1)`, `[link to github issue]`.
    for group in groups(prose) {
        let pointers: Vec<Range<usize>> = found.iter().map(|found| found.range.clone()).collect();
        let kept = prose.cut(group.inner.clone(), &pointers).replace(',', "");
        let all = words(&kept);
        let any = found.iter().any(|found| group.inner.start <= found.range.start && found.range.end <= group.inner.end);
        let pointer = any && (all.is_empty() || list(List::Reference).covers(&all));
        let placeholder = group.square && !all.is_empty() && list(List::Placeholders).is(&all);
        if pointer || placeholder {
            claims.push(group.outer.clone());
        }
    }
    // `#12: …`, `OPS-1 - …` in front; a bare pointer behind.
    for pointer in found {
        let text = prose.slice(pointer.range.clone());
        let bare = !text.contains(' ');
        let rest = prose.text[pointer.range.end..].trim_start_matches(']');
        let divided = rest.trim_start().starts_with([':', '-', '–', '—', '|'])
            || text.contains("://")
            || rest.starts_with(' ') && prose.text[..pointer.range.start].ends_with('[');
        if bare && divided && says_nothing(text) && starts_at(prose, pointer.range.start, claims) {
            claims.push(bracketed(prose, pointer.range.clone()));
        }
    }
    for pointer in found.iter().rev() {
        let text = prose.slice(pointer.range.clone());
        let before = prose.text[..pointer.range.start].trim_end();
        let (opened, closed) = (before.matches('(').count(), before.matches(')').count());
        let apart = before.ends_with(['-', '–', '—', '|', ':', '→', ',', ';', '.', '>', '\n']);
        let divided = opened <= closed && (apart || text.contains("://"));
        // `Add an alert #12`, but not `Follow up on #12` or `Merge #12`.
        let words: Vec<_> = prose.words().iter().take_while(|word| word.range().end <= pointer.range.start).collect();
        let appended = opened <= closed
            && words.len() >= 2
            && words.last().is_some_and(|last| last.languages().next().is_none() && !last.is(List::Reference));
        if appended && says_nothing(text) && ends_at(prose, pointer.range.end, claims) {
            claims.push(pointer.range.clone());
        } else if divided && says_nothing(text) && ends_at(prose, pointer.range.end, claims) && !before.is_empty() {
            claims.push(with_label(prose, pointer.range.clone()));
        }
    }
}

/// `Ticket: OPS-1`, `see https://…`: the word that announces the pointer goes with it.
fn with_label(prose: &Prose, range: Range<usize>) -> Range<usize> {
    let before: Vec<_> = prose.words().iter().take_while(|word| word.range().end <= range.start).collect();
    let start = match before.last() {
        Some(word)
            if word.is(List::Reference)
                && !prose.slice(word.range().end..range.start).contains('.')
                && !starts_at(prose, word.range().start, &[]) =>
        {
            word.range().start
        }
        _ => range.start,
    };
    start..range.end
}

/// The range with the square brackets directly around it.
fn bracketed(prose: &Prose, mut range: Range<usize>) -> Range<usize> {
    while prose.text[..range.start].ends_with(['[', '(']) && prose.text[range.end..].starts_with([']', ')']) {
        range = range.start - 1..range.end + 1;
    }
    range
}

/// Whether a text only says that it is a pointer: a URL, a number, a key, `Issue`, `PR #12`, `link to github issue`.
pub fn says_nothing(text: &str) -> bool {
    let text = text.trim();
    if is_web(text) || [short(text), numbered(text), key(text)].into_iter().flatten().any(|(length, _)| length == text.len()) {
        return true;
    }
    const SAYING: Lists = Lists::of(&[List::Reference, List::Placeholders]);
    let counts = || text.contains(|c: char| c.is_ascii_digit());
    if text.len() > 80 || !may_start(text, SAYING) && !counts() {
        return false;
    }
    let all = words(text);
    let named: Vec<_> = all.into_iter().filter(|word| !word.is_number()).collect();
    !named.is_empty() && (list(List::Reference).covers(&named) || list(List::Placeholders).is(&named))
}

fn is_web(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.contains(|c: char| c.is_alphanumeric()) && !url.contains(char::is_whitespace))
}

/// A bare URL at the start of `text`, as GitHub links it: without the punctuation behind it.
fn url(text: &str) -> Option<(usize, Reference)> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return None;
    }
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '|' | '，' | '。' | '）' | '、'))
        .unwrap_or(text.len());
    let mut url = text[..end].trim_end_matches(['.', ',', ':', ';', '!', '?', '*', '_', '~', '\'']);
    while url.ends_with(')') && url.matches(')').count() > url.matches('(').count() || url.ends_with(']') && !url.contains('[') {
        url = url[..url.len() - 1].trim_end_matches(['.', ',', ':', ';', '!', '?']);
    }
    is_web(url).then(|| (url.len(), of_url(url)))
}

fn of_url(url: &str) -> Reference {
    let target = github_url(url).unwrap_or(Target::Elsewhere);
    Reference { written: url.to_owned(), target }
}

/// `https://HOST/owner/repo/issues/7` or `/pull/7`, on whichever host: GitHub Enterprise Server has its own.
fn github_url(url: &str) -> Option<Target> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let path = rest.split(['?', '#']).next()?;
    let mut parts = path.split('/');
    let (host, owner, name, kind, number) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let known = matches!(kind, "issues" | "pull") && !owner.is_empty() && !name.is_empty() && !host.is_empty();
    // GitLab has `/-/issues/`, Gitea says `pulls`, Bitbucket `pull-requests`: none of them fits.
    let number = number.parse().ok().filter(|&number: &u64| known && number > 0)?;
    Some(Target::GitHub { repository: Some((owner.to_owned(), name.to_owned())), number, host: Some(host.to_ascii_lowercase()) })
}

/// `owner/repo#12`
fn short(text: &str) -> Option<(usize, Reference)> {
    let name =
        |text: &str| text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(text.len());
    let owner = name(text);
    let rest = text[owner..].strip_prefix('/').filter(|_| owner > 0 && owner <= 39)?;
    let repo = name(rest);
    let (length, number) = hash_number(&rest[repo..]).filter(|_| repo > 0)?;
    let end = owner + 1 + repo + length;
    let repository = Some((text[..owner].to_owned(), rest[..repo].to_owned()));
    Some((end, Reference { written: text[..end].to_owned(), target: Target::GitHub { repository, number, host: None } }))
}

/// `#12`, `GH-12`
fn numbered(text: &str) -> Option<(usize, Reference)> {
    let (length, number) = match text.strip_prefix("GH-") {
        Some(rest) => digits(rest).map(|(length, number)| (length + 3, number))?,
        None => hash_number(text)?,
    };
    Some((
        length,
        Reference { written: text[..length].to_owned(), target: Target::GitHub { repository: None, number, host: None } },
    ))
}

fn hash_number(text: &str) -> Option<(usize, u64)> {
    digits(text.strip_prefix('#')?).map(|(length, number)| (length + 1, number))
}

fn digits(text: &str) -> Option<(usize, u64)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let ends = !text[length..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let number = text[..length].parse().ok().filter(|&number: &u64| number > 0)?;
    (length <= 9 && ends && !text.starts_with('0')).then_some((length, number))
}

/// `OPS-123`: two or more capitals, a dash, a number.
fn key(text: &str) -> Option<(usize, Reference)> {
    let project = text.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_').count();
    let name = &text[..project];
    let (length, _) = digits(text[project..].strip_prefix('-')?)?;
    let end = project + 1 + length;
    let plausible = (2..=12).contains(&project)
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().filter(u8::is_ascii_uppercase).count() >= 2;
    let standard = NOT_TRACKERS.contains(&name)
        || text[end..].starts_with('-')
        || text[end..].starts_with(".") && text[end + 1..].starts_with(|c: char| c.is_ascii_digit());
    (plausible && !standard).then(|| (end, Reference { written: text[..end].to_owned(), target: Target::Elsewhere }))
}
