//! From the tree to typed settings: every problem is collected, none stops the reading.
//!
//! [`section!`] and [`words!`] declare a part of the configuration once. What people may write, what they get when they
//! write nothing, and what the JSON Schema and its descriptions say all come from that declaration.

use serde_json::Value as Json;

use super::{
    Settings,
    problem::{Place, Problem, Problems},
    tree::{self, Content, Key, Node},
};
use crate::text::{LineIndex, Span};

/// A file this wrong is the wrong file: more would not help anyone.
const MAX_PROBLEMS: usize = 100;
/// Entries in one list or map.
const MAX_ENTRIES: usize = 200;

/// Something that can stand in the configuration.
pub(super) trait Value: Sized {
    /// The value, or `None` once the problems are told.
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self>;
    /// What may be written here, as JSON Schema.
    fn schema() -> Json;
    /// The value as it would be written.
    fn json(&self) -> Json;
}

pub(super) fn parse(text: &str) -> Result<Settings, Problems> {
    match draft(text) {
        (settings, problems) if problems.is_empty() => Ok(settings),
        (_, problems) => Err(Problems(problems)),
    }
}

/// What can be read in spite of the problems, and the problems in the order of the text.
pub(super) fn draft(text: &str) -> (Settings, Vec<Problem>) {
    // A byte order mark is no column.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut decoder = Decoder { text, index: LineIndex::new(text), key: Span::new(0, 0), path: Vec::new(), problems: Vec::new() };
    let settings = match tree::read(text) {
        Ok(node) => Settings::decode(&node, &mut decoder),
        Err(error) => {
            let place = decoder.place(error.at);
            decoder.problems.push(Problem::new(place, error.message, error.help));
            None
        }
    };
    let mut problems = decoder.problems;
    problems.sort_by_key(|problem| (problem.line, problem.column));
    (settings.unwrap_or_default(), problems)
}

/// Where the reading stands, and what it found wrong so far.
pub(super) struct Decoder<'t> {
    text: &'t str,
    index: LineIndex,
    /// The key whose value is being read.
    key: Span,
    path: Vec<String>,
    problems: Vec<Problem>,
}

impl Decoder<'_> {
    /// The key that is being read as people would say it: `file.labels[2]`.
    pub fn path(&self) -> String {
        self.path.iter().fold(String::new(), |path, part| match part.as_str() {
            part if path.is_empty() || part.starts_with('[') => path + part,
            part => path + "." + part,
        })
    }

    pub fn place(&self, span: Span) -> Place {
        Place::of(span, self.text, &self.index)
    }

    /// Tells a problem at `span`.
    pub fn problem_at(&mut self, span: Span, message: impl Into<String>, help: impl Into<Option<String>>) {
        if self.problems.len() < MAX_PROBLEMS {
            let place = self.place(span);
            self.problems.push(Problem::new(place, message, help.into()));
        }
    }

    /// Tells a problem of `node`: at its own place when it is a few words on one line, else at its key.
    pub fn problem(&mut self, node: &Node, message: impl Into<String>, help: impl Into<Option<String>>) {
        let compact = !matches!(node.content, Content::List(_) | Content::Map(_) | Content::Null)
            && !node.at.is_empty()
            && self.text.get(node.at.range()).is_some_and(|written| !written.contains('\n'));
        let span = if compact { node.at } else { self.key };
        self.problem_at(span, message, help);
    }

    /// Tells that `node` is not of the kind that belongs here.
    pub fn wrong_kind<T>(&mut self, node: &Node, wanted: &str, help: impl Into<Option<String>>) -> Option<T> {
        let got = match &node.content {
            Content::Null => "is empty".to_owned(),
            Content::Bool(value) => format!("is the truth value `{value}`"),
            Content::Number(written) => format!("is the number `{}`", shown(written)),
            Content::Text(text) => format!("is the text `{}`", shown(text)),
            Content::List(_) => "is a list".to_owned(),
            Content::Map(_) => "is a group of keys".to_owned(),
        };
        let subject = match self.path() {
            path if path.is_empty() => "The file".to_owned(),
            path => format!("`{path}`"),
        };
        self.problem(node, format!("{subject} {got}; it must be {wanted}."), help);
        None
    }

    /// Reads the value of `key`.
    pub fn under<T>(&mut self, key: &Key, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.key, key.at);
        self.path.push(shown(&key.name));
        let result = read(self);
        self.path.pop();
        self.key = outer;
        result
    }

    /// Reads each entry of a list. Empty stands for an empty list.
    pub fn list<T>(&mut self, node: &Node, mut read: impl FnMut(&Node, &mut Self) -> Option<T>) -> Option<Vec<T>> {
        let entries = match &node.content {
            Content::Null => return Some(Vec::new()),
            Content::List(entries) => entries,
            Content::Text(text) => {
                let help = format!("Write `[{}]`.", shown(text));
                return self.wrong_kind(node, "a list", help);
            }
            _ => return self.wrong_kind(node, "a list", None),
        };
        if entries.len() > MAX_ENTRIES {
            let message = format!("`{}` has {} entries; at most {MAX_ENTRIES} are allowed.", self.path(), entries.len());
            self.problem(node, message, None);
            return None;
        }
        let mut list = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            self.path.push(format!("[{at}]"));
            list.extend(read(entry, self));
            self.path.pop();
        }
        Some(list)
    }

    /// The entries of a map with keys of people's own choice, each name once. Empty stands for an empty map.
    pub fn map<T>(
        &mut self,
        node: &Node,
        wanted: &str,
        mut read: impl FnMut(&Key, &Node, &mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let entries = match &node.content {
            Content::Null => return Some(Vec::new()),
            Content::Map(entries) => entries,
            _ => return self.wrong_kind(node, wanted, None),
        };
        if entries.len() > MAX_ENTRIES {
            let message = format!("`{}` has {} keys; at most {MAX_ENTRIES} are allowed.", self.path(), entries.len());
            self.problem(node, message, None);
            return None;
        }
        let mut seen = Seen::default();
        let mut map = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if self.first_time(&mut seen, key) {
                map.extend(self.under(key, |decoder| read(key, value, decoder)));
            }
        }
        Some(map)
    }

    /// Reads a section with the keys `known`; `read` is called for each of them that is given and not empty.
    pub fn section(&mut self, node: &Node, known: &[&str], mut read: impl FnMut(&str, &Node, &mut Self)) {
        let entries = match &node.content {
            Content::Null => return,
            Content::Map(entries) => entries,
            _ => {
                let keys = format!("Its keys are {}.", listed(known));
                self.wrong_kind::<()>(node, "a group of keys", keys);
                return;
            }
        };
        let mut seen = Seen::default();
        for (key, value) in entries {
            if !self.first_time(&mut seen, key) {
                continue;
            }
            if known.contains(&key.name.as_str()) {
                if !matches!(value.content, Content::Null) {
                    self.under(key, |decoder| read(&key.name, value, decoder));
                }
            } else {
                self.unknown_key(key, known);
            }
        }
    }

    fn first_time<'n>(&mut self, seen: &mut Seen<'n>, key: &'n Key) -> bool {
        if let Some(first) = seen.0.insert(&key.name, key.at) {
            let message = format!("`{}` is given twice; the first time on line {}.", shown(&key.name), self.place(first).line);
            self.problem_at(key.at, message, "Keep one of them.".to_owned());
            seen.0.insert(&key.name, first);
            return false;
        }
        true
    }

    fn unknown_key(&mut self, key: &Key, known: &[&str]) {
        let name = shown(&key.name);
        let message = match self.path() {
            path if path.is_empty() => format!("There is no key `{name}`."),
            path => format!("There is no key `{name}` in `{path}`."),
        };
        let elsewhere = super::schema::sections_with(&key.name);
        let help = match did_you_mean(&key.name, known.iter().copied()) {
            Some(known) => format!("Did you mean `{known}`?"),
            None if !elsewhere.is_empty() => format!("It belongs in {}.", listed(&elsewhere)),
            None => format!("The keys here are {}.", listed(known)),
        };
        self.problem_at(key.at, message, help);
    }
}

/// The names already read in one map, and where.
#[derive(Default)]
struct Seen<'n>(std::collections::HashMap<&'n str, Span>);

/// The candidate that was probably meant by `word`, if one is near enough: a slip or two, or a beginning of it.
pub fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let folded = |text: &str| text.trim().to_lowercase().replace(['-', ' '], "_");
    if word.len() > 64 {
        return None;
    }
    let word = folded(word);
    let distance = |candidate: &str| {
        let candidate = folded(candidate);
        let beginning = word.len() >= 3 && (candidate.starts_with(&word) || word.starts_with(&candidate));
        let distance = if beginning { 1 } else { strsim::damerau_levenshtein(&word, &candidate) };
        // One slip in three letters is still a slip, not another word.
        (distance * 3 <= candidate.len().max(word.len()).max(3)).then_some(distance)
    };
    let near = candidates.into_iter().filter_map(|candidate| distance(candidate).map(|distance| (distance, candidate)));
    near.min_by_key(|&(distance, _)| distance).map(|(_, candidate)| candidate)
}

/// A piece of the user's text, short and on one line, fit to stand between backticks.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text.chars().take(LONGEST).map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// "`a`, `b` and `c`"
pub(super) fn listed(names: &[impl AsRef<str>]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The words of a documentation comment as one line.
pub(super) fn doc(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// Declares a section of the configuration: each field is a key, with its documentation, type and default.
macro_rules! section {
    ($(#[doc = $doc:literal])* pub struct $name:ident {
        $($(#[doc = $field_doc:literal])* pub $field:ident: $type:ty = $default:expr,)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[doc = $field_doc])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::settings::decode::Value for $name {
            fn decode(node: &$crate::settings::tree::Node, decoder: &mut $crate::settings::decode::Decoder<'_>) -> Option<Self> {
                let mut section = Self::default();
                decoder.section(node, &[$(stringify!($field)),*], |key, value, decoder| match key {
                    $(stringify!($field) => {
                        if let Some(value) = $crate::settings::decode::Value::decode(value, decoder) {
                            section.$field = value;
                        }
                    })*
                    _ => {}
                });
                Some(section)
            }

            fn schema() -> serde_json::Value {
                let default = Self::default();
                let mut properties = serde_json::Map::new();
                $({
                    let mut schema = <$type as $crate::settings::decode::Value>::schema();
                    if let Some(schema) = schema.as_object_mut() {
                        schema.insert("description".into(), $crate::settings::decode::doc(&[$($field_doc),*]).into());
                        let default = $crate::settings::decode::Value::json(&default.$field);
                        if !default.is_object() {
                            schema.insert("default".into(), default);
                        }
                    }
                    properties.insert(stringify!($field).into(), schema);
                })*
                serde_json::json!({
                    "type": ["object", "null"],
                    "description": $crate::settings::decode::doc(&[$($doc),*]),
                    "additionalProperties": false,
                    "properties": properties,
                })
            }

            fn json(&self) -> serde_json::Value {
                let mut object = serde_json::Map::new();
                $(object.insert(stringify!($field).into(), $crate::settings::decode::Value::json(&self.$field));)*
                object.into()
            }
        }
    };
}
pub(super) use section;

/// Declares a choice between words.
macro_rules! words {
    ($(#[doc = $doc:literal])* pub enum $name:ident {
        $($(#[doc = $variant_doc:literal])* $variant:ident = $word:literal,)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $variant_doc])* $variant,)*
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word as it is written in the configuration.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::settings::decode::Value for $name {
            fn decode(node: &$crate::settings::tree::Node, decoder: &mut $crate::settings::decode::Decoder<'_>) -> Option<Self> {
                $crate::settings::decode::word(node, Self::ALL, Self::as_str, decoder)
            }

            fn schema() -> serde_json::Value {
                serde_json::json!({ "enum": [$($word),*] })
            }

            fn json(&self) -> serde_json::Value {
                self.as_str().into()
            }
        }
    };
}
pub(super) use words;

/// One of `all` by its word.
pub(super) fn word<T: Copy>(node: &Node, all: &[T], as_str: fn(T) -> &'static str, decoder: &mut Decoder<'_>) -> Option<T> {
    let words: Vec<_> = all.iter().map(|&value| as_str(value)).collect();
    let wanted = format!("one of {}", listed(&words));
    let Content::Text(text) = &node.content else {
        // YAML 1.1 readers take `off` for `false`, so people write it.
        let help = match &node.content {
            Content::Bool(false) if words.contains(&"off") => Some("Write `off`.".to_owned()),
            _ => None,
        };
        return decoder.wrong_kind(node, &wanted, help);
    };
    let found = all.iter().copied().find(|&value| as_str(value) == text.trim());
    if found.is_none() {
        let message = format!("`{}` cannot be `{}`; it must be {wanted}.", decoder.path(), shown(text));
        let help = did_you_mean(text, words).map(|word| format!("Did you mean `{word}`?"));
        decoder.problem(node, message, help);
    }
    found
}
