//! The text of an item: what is left when the metadata is gone, up to the end of what a person would say.

use std::ops::Range;

use super::super::headings::numbering;
use super::super::prose::{Prose, tidy};

/// Shorter than this a first sentence is a label of what follows rather than the item.
const SHORTEST_SENTENCE: usize = 12;

/// The item as a person would say it, and where in the prose the rest of the paragraph starts, if there is one.
pub fn read(prose: &Prose, claims: &[Range<usize>]) -> (String, Option<usize>) {
    let end = headline(prose, claims);
    let said = tidy(&prose.cut(0..end, claims));
    let (number, numbered) = numbering(&said);
    let said = if numbered { said[number..].to_owned() } else { said };
    let rest = prose.cut(end..prose.text.len(), claims);
    (said, rest.contains(char::is_alphanumeric).then_some(end))
}

/// Where the item's own words end: with the bold line it starts with, its first sentence, or ` -- `.
fn headline(prose: &Prose, claims: &[Range<usize>]) -> usize {
    if let Some(lead) = prose.bold_lead() {
        let rest = prose.text[lead.end..].trim_start_matches([' ', ':', '.', '*']);
        if rest.starts_with('\n') {
            return lead.end;
        }
    }
    let text = prose.text.as_str();
    let claimed = |at: usize| claims.iter().any(|claim| claim.contains(&at));
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '（' | '「' | '“' | '«' => depth += 1,
            ')' | ']' | '）' | '」' | '”' | '»' => depth = depth.saturating_sub(1),
            '.' | '!' | '?' | '。' | '！' | '？' | '-' => {}
            _ => continue,
        }
        if depth > 0 || claimed(at) || prose.in_code(at) {
            continue;
        }
        let after = &text[at + c.len_utf8()..];
        let ends = match c {
            '.' | '!' | '?' => ends_sentence(&text[..at], after, c),
            '。' | '！' | '？' => !after.trim().is_empty(),
            '-' => text[..at].ends_with(' ') && after.starts_with("- "),
            _ => false,
        };
        let said = || prose.cut(0..at, claims);
        if ends && tidy(&said()).chars().count() >= SHORTEST_SENTENCE {
            return if c == '-' { at } else { at + c.len_utf8() };
        }
    }
    text.len()
}

fn ends_sentence(before: &str, after: &str, c: char) -> bool {
    let next = after.trim_start_matches(['"', '\'', ')', '*', '_', '”', '’']);
    if !next.starts_with(char::is_whitespace) {
        return false;
    }
    let Some(first) = next.trim_start().chars().find(|c| !matches!(c, '"' | '\'' | '(' | '[' | '“' | '‘' | '`' | '_' | '*'))
    else {
        return false;
    };
    if c == '.' {
        const ABBREVIATIONS: [&str; 20] = [
            "e.g", "i.e", "eg", "ie", "etc", "vs", "approx", "no", "resp", "incl", "cf", "al", "max", "min", "z.b", "bzw", "ca",
            "p.ej", "ej", "d.h",
        ];
        let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default().to_lowercase();
        if ABBREVIATIONS.contains(&word.as_str()) || word.chars().count() == 1 && word.chars().all(char::is_alphabetic) {
            return false;
        }
    }
    first.is_uppercase() || first.is_numeric() || !first.is_ascii() || first == '@' || first == '#'
}
