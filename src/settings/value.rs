//! The values that can stand in the configuration: what each accepts, and what it says when it does not.

use std::{fmt, sync::Arc};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::{Value as Json, json};
use url::Url;

use super::{
    Level,
    decode::{Decoder, Value, shown},
    problem::Place,
    tree::{Content, Node},
};
use crate::{ids::RepositoryName, render::template::Template};

/// GitHub allows no longer name for a label.
const MAX_LABEL_CHARS: usize = 50;
const MAX_TEXT_CHARS: usize = 256;
const MAX_GLOB_BYTES: usize = 256;

/// The configuration's format: there is only version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version;

impl Value for Version {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        match &node.content {
            Content::Number(written) if written == "1" => Some(Self),
            Content::Number(written) => {
                let message = format!("There is no version `{}` of this file's format.", shown(written));
                decoder.problem(node, message, "Write `version: 1`.".to_owned());
                None
            }
            _ => decoder.wrong_kind(node, "the number 1", "Write `version: 1`.".to_owned()),
        }
    }

    fn schema() -> Json {
        json!({ "const": 1 })
    }

    fn json(&self) -> Json {
        1.into()
    }
}

impl Value for bool {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        match &node.content {
            Content::Bool(value) => Some(*value),
            Content::Text(text) => {
                let meant = match text.to_lowercase().as_str() {
                    "yes" | "on" | "true" | "y" => Some("Write `true`."),
                    "no" | "off" | "false" | "n" => Some("Write `false`."),
                    _ => None,
                };
                decoder.wrong_kind(node, "`true` or `false`", meant.map(str::to_owned))
            }
            _ => decoder.wrong_kind(node, "`true` or `false`", None),
        }
    }

    fn schema() -> Json {
        json!({ "type": "boolean" })
    }

    fn json(&self) -> Json {
        (*self).into()
    }
}

/// One line of text that says something.
impl Value for String {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        line(node, MAX_TEXT_CHARS, decoder)
    }

    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARS })
    }

    fn json(&self) -> Json {
        self.as_str().into()
    }
}

fn line(node: &Node, max_chars: usize, decoder: &mut Decoder<'_>) -> Option<String> {
    let text = match &node.content {
        Content::Text(text) => text.trim(),
        Content::Number(written) => {
            let help = format!("Put it in quotes: `\"{}\"`.", shown(written));
            return decoder.wrong_kind(node, "a text", help);
        }
        Content::Bool(value) => {
            let help = format!("Put it in quotes: `\"{value}\"`.");
            return decoder.wrong_kind(node, "a text", help);
        }
        _ => return decoder.wrong_kind(node, "a text", None),
    };
    let path = decoder.path();
    if text.is_empty() {
        decoder.problem(node, format!("`{path}` is an empty text."), "Give it a value or remove it.".to_owned());
    } else if text.contains(char::is_control) {
        decoder.problem(node, format!("`{path}` must be one line of text."), None);
    } else if text.chars().nth(max_chars).is_some() {
        decoder.problem(node, format!("`{path}` is longer than {max_chars} characters."), None);
    } else {
        return Some(text.to_owned());
    }
    None
}

/// Nothing, or a value.
impl<T: Value> Value for Option<T> {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        match node.content {
            Content::Null => Some(None),
            _ => T::decode(node, decoder).map(Some),
        }
    }

    fn schema() -> Json {
        let mut schema = T::schema();
        if let Some(kind) = schema.get_mut("type") {
            let single = kind.take();
            *kind = json!([single, "null"]);
        }
        schema
    }

    fn json(&self) -> Json {
        self.as_ref().map_or(Json::Null, T::json)
    }
}

impl<T: Value> Value for Vec<T> {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        decoder.list(node, T::decode)
    }

    fn schema() -> Json {
        json!({ "type": ["array", "null"], "items": T::schema() })
    }

    fn json(&self) -> Json {
        self.iter().map(T::json).collect()
    }
}

impl Value for RepositoryName {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let text = line(node, MAX_TEXT_CHARS, decoder)?;
        let name = text.parse().ok();
        if name.is_none() {
            let help = repository_in_url(&text).map(|name| format!("Write `{name}`."));
            let message =
                format!("`{}` is `{}`, which is not a repository; write it as `owner/name`.", decoder.path(), shown(&text));
            decoder.problem(node, message, help);
        }
        name
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,39}/[A-Za-z0-9_.-]{1,100}$" })
    }

    fn json(&self) -> Json {
        self.to_string().into()
    }
}

fn repository_in_url(text: &str) -> Option<RepositoryName> {
    let url = Url::parse(text).ok()?;
    let mut path = url.path_segments()?;
    let (owner, name) = (path.next()?, path.next()?);
    format!("{owner}/{}", name.trim_end_matches(".git")).parse().ok()
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            pub(super) fn new(text: &str) -> Self {
                Self(text.to_owned())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(/** A label's name: one line of at most 50 characters. */ Label);
name!(/** A login, without the `@`. */ Login);

impl Value for Label {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        line(node, MAX_LABEL_CHARS, decoder).map(Self)
    }

    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1, "maxLength": MAX_LABEL_CHARS })
    }

    fn json(&self) -> Json {
        self.as_str().into()
    }
}

impl Value for Login {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let text = line(node, MAX_TEXT_CHARS, decoder)?;
        let login = text.strip_prefix('@').unwrap_or(&text);
        let plain = login.strip_suffix("[bot]").unwrap_or(login);
        let valid =
            !plain.is_empty() && plain.len() <= 39 && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !valid {
            let message = format!("`{}` is `{}`, which is not a login.", decoder.path(), shown(&text));
            let help = "Write one person's login; teams cannot be assigned to issues.".to_owned();
            decoder.problem(node, message, help);
        }
        valid.then(|| Self::new(login))
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": r"^@?[A-Za-z0-9_-]{1,39}(\[bot\])?$" })
    }

    fn json(&self) -> Json {
        self.as_str().into()
    }
}

impl Value for Template {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let source = match &node.content {
            Content::Text(text) => text.as_str(),
            Content::Number(written) => written.as_str(),
            // `{{ item.text }}` without quotes is a map within a map to YAML.
            Content::Map(_) => return decoder.wrong_kind(node, "a text", "Put the template in quotes.".to_owned()),
            _ => return decoder.wrong_kind(node, "a text", None),
        };
        match Template::parse(source) {
            Ok(template) => Some(template),
            Err(error) => {
                let message = format!("The template `{}` cannot be used: {}", decoder.path(), error.message);
                decoder.problem(node, message, error.help);
                None
            }
        }
    }

    fn schema() -> Json {
        json!({ "type": "string", "maxLength": Template::MAX_BYTES })
    }

    fn json(&self) -> Json {
        self.source().into()
    }
}

/// The files GitHub renders as Markdown, by the extensions of its renderer (github/markup).
pub fn is_markdown(path: &str) -> bool {
    const EXTENSIONS: [&str; 7] = ["md", "markdown", "mdown", "mdwn", "mkd", "mkdn", "mdx"];
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// A list of path globs, compiled once.
///
/// `*` stays within a folder, `**` crosses folders, `{a,b}` and `[…]` are choices. Case does not matter, because the
/// same folder is `Postmortems` in one repository and `postmortems` in the next.
#[derive(Clone)]
pub struct Globs {
    patterns: Vec<String>,
    set: Arc<GlobSet>,
}

/// Folders, at any depth, whose Markdown files are postmortems or their kin, and the names of files that are.
const DEFAULT_INCLUDE: &[&str] = &[
    "**/{postmortem,postmortems,post-mortem,post-mortems,post_mortem,post_mortems}/**",
    "**/{incidents,incidentes,incident-report,incident-reports,incident_reports,incident-review,incident-reviews,incident_reviews}/**",
    "**/{retrospective,retrospectives,retros,near-miss,near-misses,outages,rca,rcas,after-action-reviews,after-action-reports}/**",
    "**/*{postmortem,post-mortem,post_mortem,incident-report,incident_report}*",
];

/// What stands in those folders and is no postmortem. A postmortem may be called `index`, in a folder of its own.
const DEFAULT_EXCLUDE: &[&str] = &[
    "**/{README,_index,SUMMARY,CONTRIBUTING,CHANGELOG}.*",
    "**/{postmortems,post-mortems,post_mortems,incidents,incident-reports,retrospectives}/index.*",
    "**/*template*",
    "**/{*template*,node_modules,vendor,third_party}/**",
    ".github/**",
];

impl Globs {
    pub(super) fn default_include() -> Self {
        Self::of(DEFAULT_INCLUDE)
    }

    pub(super) fn default_exclude() -> Self {
        Self::of(DEFAULT_EXCLUDE)
    }

    /// Of globs that are part of the program; a test sees to it that they compile.
    fn of(patterns: &[&str]) -> Self {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let set = compile(&patterns).unwrap_or_default();
        Self { patterns, set: Arc::new(set) }
    }

    /// The globs as written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether any glob matches `path`, relative to the repository's root, with `/` between its parts.
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

fn glob(pattern: &str) -> Result<globset::Glob, globset::Error> {
    let from_root = pattern.trim_start_matches("./").trim_start_matches('/');
    let whole = if from_root.ends_with('/') { format!("{from_root}**") } else { from_root.to_owned() };
    GlobBuilder::new(&whole).literal_separator(true).case_insensitive(true).backslash_escape(true).build()
}

fn compile(patterns: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(glob(pattern)?);
    }
    set.build()
}

impl Value for Globs {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let patterns = decoder.list(node, |entry, decoder| {
            let pattern = line(entry, MAX_GLOB_BYTES, decoder)?;
            let path = decoder.path();
            if let Some(rest) = pattern.strip_prefix('!') {
                let help = format!("Put `{}` into `documents.exclude`.", shown(rest));
                decoder.problem(entry, format!("`{path}` starts with `!`, which means nothing here."), help);
                return None;
            }
            if let Err(error) = glob(&pattern) {
                decoder.problem(entry, format!("`{path}` is not a glob: {}.", error.kind()), None);
                return None;
            }
            if !pattern.contains(['*', '?', '[', '{']) && !pattern.ends_with('/') && !is_markdown(&pattern) {
                let help = format!("For a folder write `{}/**`.", shown(pattern.trim_end_matches('/')));
                decoder.problem(entry, format!("`{path}` is `{}`, which matches no Markdown file.", shown(&pattern)), help);
                return None;
            }
            Some(pattern)
        })?;
        match compile(&patterns) {
            Ok(set) => Some(Self { patterns, set: Arc::new(set) }),
            Err(error) => {
                let message = format!("The globs of `{}` are too much together: {}.", decoder.path(), error.kind());
                decoder.problem(node, message, None);
                None
            }
        }
    }

    fn schema() -> Json {
        json!({ "type": ["array", "null"], "items": { "type": "string", "minLength": 1, "maxLength": MAX_GLOB_BYTES } })
    }

    fn json(&self) -> Json {
        self.patterns.clone().into()
    }
}

impl fmt::Debug for Globs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.patterns).finish()
    }
}

impl PartialEq for Globs {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

/// The address of a Projects board, on any host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BoardUrl {
    /// Host, with the port if one was given.
    pub host: String,
    pub owner: String,
    pub owner_kind: BoardOwner,
    /// The number in the address.
    pub number: u64,
    url: String,
}

/// Whose board it is. An App cannot be given access to a person's board (GitHub has no such permission).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BoardOwner {
    Organization,
    User,
}

impl BoardUrl {
    /// The address without view, query or fragment.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
        let host = match (url.host_str()?, url.port()) {
            (host, Some(port)) => format!("{host}:{port}"),
            (host, None) => host.to_owned(),
        };
        let path: Vec<_> = url.path_segments()?.filter(|segment| !segment.is_empty()).collect();
        let (kind, owner, number) = match path.as_slice() {
            [kind, owner, "projects", number] | [kind, owner, "projects", number, "views", ..] => (*kind, *owner, number),
            _ => return None,
        };
        let owner_kind = match kind {
            "orgs" => BoardOwner::Organization,
            "users" => BoardOwner::User,
            _ => return None,
        };
        let valid = owner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let number = number.parse().ok().filter(|&number| valid && number > 0)?;
        let url = format!("{}://{host}/{kind}/{owner}/projects/{number}", url.scheme());
        Some(Self { host, owner: owner.to_owned(), owner_kind, number, url })
    }
}

impl fmt::Display for BoardUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl Value for BoardUrl {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        const HELP: &str = "Copy it from the browser: `https://github.com/orgs/OWNER/projects/NUMBER`.";
        if matches!(node.content, Content::Number(_)) {
            return decoder.wrong_kind(node, "the address of a board", HELP.to_owned());
        }
        let text = line(node, 2048, decoder)?;
        let board = Self::parse(&text);
        if board.is_none() {
            let message = format!("`{}` is `{}`, which is not the address of a Projects board.", decoder.path(), shown(&text));
            decoder.problem(node, message, HELP.to_owned());
        }
        board
    }

    fn schema() -> Json {
        json!({ "type": "string", "format": "uri", "pattern": "^https?://[^/]+/(orgs|users)/[^/]+/projects/[0-9]+" })
    }

    fn json(&self) -> Json {
        self.as_str().into()
    }
}

/// Wanted values of a board's fields, in the order written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(pub Vec<FieldTemplate>);

/// The wanted value of one field of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTemplate {
    /// The field's name as written.
    pub name: String,
    pub value: Template,
}

impl Value for Fields {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let mut names = std::collections::HashSet::new();
        let fields = decoder.map(node, "field names, each with a value", |key, value, decoder| {
            if !names.insert(key.name.trim().to_lowercase()) {
                let message = format!("`{}` is given twice: the names of fields differ in more than case.", shown(&key.name));
                decoder.problem_at(key.at, message, None);
                return None;
            }
            if key.name.trim().eq_ignore_ascii_case("status") {
                let help = "Set it with `board.status`.".to_owned();
                decoder.problem_at(key.at, "`Status` is not one of `board.fields`.", help);
                return None;
            }
            Template::decode(value, decoder).map(|value| FieldTemplate { name: key.name.trim().to_owned(), value })
        })?;
        Some(Self(fields))
    }

    fn schema() -> Json {
        json!({ "type": ["object", "null"], "additionalProperties": { "type": ["string", "number"] } })
    }

    fn json(&self) -> Json {
        self.0.iter().map(|field| (field.name.clone(), field.value.json())).collect::<serde_json::Map<_, _>>().into()
    }
}

/// Levels of single rules, in the order written. Which rules there are is the review's business.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules(pub Vec<Rule>);

/// The level of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub name: String,
    pub level: Level,
    /// Where the name stands in the file.
    pub place: Place,
}

impl Rules {
    pub fn level(&self, name: &str) -> Option<Level> {
        self.0.iter().find(|rule| rule.name == name).map(|rule| rule.level)
    }
}

impl Value for Rules {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let rules = decoder.map(node, "names of rules, each with a level", |key, value, decoder| {
            let place = decoder.place(key.at);
            Level::decode(value, decoder).map(|level| Rule { name: key.name.clone(), level, place })
        })?;
        Some(Self(rules))
    }

    fn schema() -> Json {
        json!({ "type": ["object", "null"], "additionalProperties": Level::schema() })
    }

    fn json(&self) -> Json {
        self.0.iter().map(|rule| (rule.name.clone(), rule.level.json())).collect::<serde_json::Map<_, _>>().into()
    }
}
