//! YAML as a tree that remembers where everything stands.
//!
//! The library reads the text within a budget; what it hands over is decoded by hand, because only that finds every
//! problem at once. Nothing here knows what the keys mean.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{DuplicateKeyPolicy, Location, MergeKeyPolicy, Options, Spanned};

use crate::text::Span;

/// Larger than any configuration a person would write by a factor of twenty.
pub(super) const MAX_BYTES: usize = 64 * 1024;
/// The deepest configuration that means anything has four levels.
const MAX_DEPTH: usize = 16;
const MAX_NODES: usize = 10_000;
/// Aliases are allowed, for lists of labels; what they expand to counts.
const MAX_ALIASES: usize = 100;

#[derive(Debug)]
pub(super) struct Node {
    pub content: Content,
    pub at: Span,
}

#[derive(Debug)]
pub(super) enum Content {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Debug)]
pub(super) struct Key {
    pub name: String,
    pub at: Span,
}

/// The text is no YAML document, or one beyond all bounds.
#[derive(Debug)]
pub(super) struct NotYaml {
    pub at: Span,
    pub message: String,
    pub help: Option<String>,
}

/// Reads `text`; an empty text is `Null`.
pub(super) fn read(text: &str) -> Result<Node, NotYaml> {
    if text.len() > MAX_BYTES {
        return Err(NotYaml {
            at: Span::new(0, 0),
            message: format!("The file is larger than {} KiB.", MAX_BYTES / 1024),
            help: Some("A configuration has a few dozen lines; check that this is the right file.".to_owned()),
        });
    }
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options()) {
        Ok(raw) => Ok(node(raw, text)),
        Err(error) => Err(not_yaml(&error, text)),
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_documents: 2,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: MAX_DEPTH,
        },
        // Told apart later, with both places.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        // `off` is a level and a mode, not a truth value.
        strict_booleans: true,
        with_snippet: false,
    }
}

fn not_yaml(error: &serde_saphyr::Error, text: &str) -> NotYaml {
    use serde_saphyr::Error;
    let at = error.location().map_or(Span::new(0, 0), |location| Span::new(offset(location, text), offset(location, text)));
    let error = match error.without_snippet() {
        Error::AliasError { error, .. } => error,
        other => other,
    };
    let (message, help) = match error {
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => (
            "The file is nested too deeply, too long, or repeats itself too often.".to_owned(),
            "A configuration has a few dozen lines and four levels.",
        ),
        Error::MultipleDocuments { .. } => {
            ("The file holds several YAML documents.".to_owned(), "Keep one, and remove the `---` line between them.")
        }
        Error::MergeKeyNotAllowed { .. } => ("Merge keys (`<<`) are not supported.".to_owned(), "Write the keys out."),
        _ if line_at(at.start, text).contains("{{") => {
            (format!("This is not YAML: {}.", plain(error)), "A template stands in quotes: `\"{{ item.text }}\"`.")
        }
        _ => (
            format!("This is not YAML: {}.", plain(error)),
            "Check indentation (blanks, not tabs), colons and quotes around here.",
        ),
    };
    NotYaml { at, message, help: Some(help.to_owned()) }
}

fn line_at(at: usize, text: &str) -> &str {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |line_break| line_break + 1);
    text.get(start..).and_then(|from| from.lines().next()).unwrap_or_default()
}

/// The library's words without the position that it puts behind them.
fn plain(error: &serde_saphyr::Error) -> String {
    let rendered = error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
    let first = rendered.lines().next().unwrap_or_default();
    first.rsplit_once(" at line ").map_or(first, |(words, _)| words).replace('`', "'")
}

fn span(location: Location, text: &str) -> Span {
    let inner = location.span();
    let start = inner.byte_offset().map_or(0, |at| at as usize).min(text.len());
    let end = start.saturating_add(inner.byte_len().map_or(0, |len| len as usize)).min(text.len());
    if text.is_char_boundary(start) && text.is_char_boundary(end) { Span::new(start, end) } else { Span::new(0, 0) }
}

/// The byte at which `location` starts. Locations of syntax errors carry only line and column.
fn offset(location: Location, text: &str) -> usize {
    let (line, column) = (location.line() as usize, location.column() as usize);
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let line = text.get(before..).unwrap_or_default().lines().next().unwrap_or_default();
    let within = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    before + within
}

fn node(raw: Spanned<Raw>, text: &str) -> Node {
    let at = span(raw.referenced, text);
    let content = match raw.value {
        Raw::Null => Content::Null,
        Raw::Bool(value) => Content::Bool(value),
        Raw::Number(value) => {
            Content::Number(text.get(at.range()).filter(|written| !written.is_empty()).map_or(value, str::to_owned))
        }
        Raw::Text(value) => Content::Text(value),
        Raw::List(entries) => Content::List(entries.into_iter().map(|entry| node(entry, text)).collect()),
        Raw::Map(entries) => Content::Map(
            entries
                .into_iter()
                .map(|(key, value)| (Key { at: span(key.referenced, text), name: key.value }, node(value, text)))
                .collect(),
        ),
    };
    Node { content, at }
}

/// What the library hands over; turned into [`Node`]s once the text is at hand again.
enum Raw {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNode;

        impl<'de> Visitor<'de> for AnyNode {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a YAML value")
            }

            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
                Raw::deserialize(deserializer)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
                Ok(Raw::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
                Ok(Raw::Number(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
                Ok(Raw::Number(value.to_string()))
            }

            fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
                Ok(Raw::Number(value.to_string()))
            }

            fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
                Ok(Raw::Number(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
                Ok(Raw::Number(value.to_string()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
                Ok(Raw::Text(value.to_owned()))
            }

            fn visit_string<E>(self, value: String) -> Result<Raw, E> {
                Ok(Raw::Text(value))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
                let mut list = Vec::new();
                while let Some(entry) = entries.next_element()? {
                    list.push(entry);
                }
                Ok(Raw::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
                let mut map = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    map.push(entry);
                }
                Ok(Raw::Map(map))
            }
        }

        deserializer.deserialize_any(AnyNode)
    }
}
