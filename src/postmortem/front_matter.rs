//! The block of `key: value` lines above a document: YAML between `---`, TOML between `+++`.
//!
//! Only plain values are read, line by line: a document is written by people, and its front matter is whatever their site
//! generator accepts. Nothing here fails.

use std::ops::Range;

#[derive(Debug, Default)]
pub struct FrontMatter<'a> {
    /// Keys as written with their plain values; the entries of a list have its key.
    pub entries: Vec<(&'a str, &'a str)>,
    /// Where the document itself starts.
    pub end: usize,
}

/// The front matter of `text`, which must start with it.
pub fn parse(text: &str) -> FrontMatter<'_> {
    let Some((inside, end)) = fenced(text, "---").or_else(|| fenced(text, "+++")) else { return FrontMatter::default() };
    let mut entries = Vec::new();
    let mut key = "";
    for line in text.get(inside).unwrap_or_default().lines() {
        let trimmed = line.trim();
        if trimmed.starts_with('#') || trimmed.is_empty() {
            continue;
        }
        if let Some(value) = trimmed.strip_prefix("- ") {
            entries.push((key, unquoted(value)));
        } else if let Some(at) = trimmed.find([':', '=']).filter(|_| !line.starts_with([' ', '\t'])) {
            key = trimmed[..at].trim();
            let value = trimmed[at + 1..].trim();
            match value.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
                Some(list) => entries.extend(list.split(',').map(|value| (key, unquoted(value)))),
                None if !value.is_empty() => entries.push((key, unquoted(value))),
                None => {}
            }
        }
    }
    FrontMatter { entries, end }
}

fn fenced(text: &str, fence: &str) -> Option<(Range<usize>, usize)> {
    let first = text.split_inclusive('\n').next()?;
    if first.trim_end() != fence {
        return None;
    }
    let mut at = first.len();
    for line in text[first.len()..].split_inclusive('\n') {
        let end = at + line.len();
        if line.trim_end() == fence || (fence == "---" && line.trim_end() == "...") {
            return Some((first.len()..at, end));
        }
        at = end;
    }
    None
}

fn unquoted(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(inside) = value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote)) {
            return inside;
        }
    }
    value
}
