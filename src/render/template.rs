//! The sandbox in which a team's own templates run: issue titles, bodies and the values of board fields.
//!
//! A template comes from a repository's configuration, so it is hostile until compiled and may be hostile afterwards:
//! time (fuel), output and the memory of every intermediate value are bounded. The engine bounds the first; for the
//! last, values are cut before they go in, and whatever could make one grow without end (assignment, multiplication,
//! `replace`, `range`) is not there. No includes, no loaders, no files, no environment.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    sync::LazyLock,
};

use minijinja::{Environment, ErrorKind, UndefinedBehavior, filters, value::Serde};
use serde::Serialize;
use serde_json::Value as Json;

/// The variables a template may use. What a document does not say is empty text (`None`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Context {
    pub item: ItemContext,
    pub postmortem: PostmortemContext,
    /// `owner/name` of the repository the document lives in.
    pub repository: String,
    pub pull_request: PullRequestContext,
}

/// `item.…`: the action item.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ItemContext {
    pub text: String,
    /// What stands under the item, as Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// 1-based line of the document.
    pub line: usize,
    /// Address of the item's lines at the commit that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// As the document names them: `@login`, `@org/team` or a name.
    pub owners: Vec<String>,
    /// The first of `owners`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// `prevent`, `detect`, `mitigate` or `process`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// `open`, `done` or `declined`.
    pub state: String,
    /// How many postmortems ask for it, this one included.
    pub postmortems: usize,
}

/// `postmortem.…`: the document.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PostmortemContext {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Day of the incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// `postmortem`, `retrospective`, `near-miss` or `other`.
    pub kind: String,
}

/// `pull_request.…`: where the document was reviewed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PullRequestContext {
    pub number: u64,
    pub url: String,
    pub title: String,
    /// A login, without `@`.
    pub author: String,
}

/// How long one value may be inside a template, in bytes.
const MAX_VALUE_BYTES: usize = 8_000;
/// How many entries of one list a template sees.
const MAX_VALUE_ENTRIES: usize = 50;
/// Steps of the engine: some 600 inserted values.
const FUEL: u64 = 2_000;
/// GitHub takes bodies of 65,536 characters; the rest is for what Followthrough itself writes.
const MAX_OUTPUT_BYTES: usize = 60_000;
/// GitHub's limit for an issue's title.
const MAX_TITLE_CHARS: usize = 256;
/// GitHub's limit for a text field of a board.
const MAX_FIELD_CHARS: usize = 1024;

/// The engine walks an expression, and a chain of `elif`, by recursion, and a thread's stack is all it has: these keep it
/// below a quarter of the 2 MiB of a worker thread even unoptimised.
const MAX_EXPRESSION_BYTES: usize = 500;
const MAX_STATEMENTS: usize = 100;

/// The statements there are; every other one either loads something or lets a value grow.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
const FILTERS: [&str; 10] = ["capitalize", "default", "first", "join", "last", "length", "lower", "title", "trim", "upper"];

/// A template that compiles and names only variables there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
}

/// Why a template cannot be used, or could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// A sentence.
    pub message: String,
    /// What to do, as a sentence.
    pub help: Option<String>,
}

impl Template {
    /// The longest template, in bytes.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Compiles a template and checks its variables, filters and statements.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        if source.len() > Self::MAX_BYTES {
            return Err(error(format!("it is longer than {} KiB.", Self::MAX_BYTES / 1024), None));
        }
        refuse_growth(source)?;
        let template = ENGINE.template_from_str(source).map_err(|error| engine_error(&error))?;
        let mut used: Vec<_> = template.undeclared_variables(true).into_iter().collect();
        used.sort();
        if let Some(unknown) = used.iter().find(|name| !VARIABLES.contains(name.as_str())) {
            return Err(unknown_variable(unknown));
        }
        // Unknown filters and wrong arguments only show when they run.
        let template = Self { source: source.to_owned() };
        template.render(&Context::example())?;
        Ok(template)
    }

    /// `{{ item.text }}`
    pub fn default_title() -> Self {
        Self { source: "{{ item.text }}".to_owned() }
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// The title of an item's issue: one line of 1 to 256 characters. Where the template gives nothing, the item's text.
    pub fn render_title(&self, context: &Context) -> String {
        let rendered = self.render(context).map(|title| one_line(&title, MAX_TITLE_CHARS)).unwrap_or_default();
        [rendered, one_line(&context.item.text, MAX_TITLE_CHARS)]
            .into_iter()
            .find(|title| !title.is_empty())
            .unwrap_or_else(|| "Action item".to_owned())
    }

    /// The value of a board's field: one line of at most 1,024 characters, empty where there is nothing to set.
    ///
    /// # Errors
    ///
    /// The template went beyond its bounds, or did something to a value that the value does not allow.
    pub fn render_value(&self, context: &Context) -> Result<String, TemplateError> {
        self.render(context).map(|value| one_line(&value, MAX_FIELD_CHARS))
    }

    /// The text as it comes out, line breaks kept, at most 60,000 bytes.
    ///
    /// # Errors
    ///
    /// As [`render_value`](Self::render_value).
    pub fn render(&self, context: &Context) -> Result<String, TemplateError> {
        let values =
            serde_json::to_value(context).map(bounded).map_err(|_| error("its values cannot be read.".to_owned(), None))?;
        let template = ENGINE.template_from_str(&self.source).map_err(|error| engine_error(&error))?;
        let mut output = Bounded(Vec::new());
        template.render_captured_to(Serde(values), &mut output).map_err(|error| engine_error(&error))?;
        String::from_utf8(output.0).map_err(|_| error("its output is not text.".to_owned(), None))
    }
}

impl Context {
    /// A context in which everything has a value: for documentation, and to try templates with.
    pub fn example() -> Self {
        let some = |text: &str| Some(text.to_owned());
        Self {
            item: ItemContext {
                text: "Add an alert for a full disk".to_owned(),
                detail: some("At 80 %, to the database channel."),
                line: 40,
                url: some("https://github.com/acme/app/blob/0000000/postmortems/2026-11-20-checkout.md#L40-L42"),
                owners: vec!["@ada-example".to_owned(), "Infra team".to_owned()],
                owner: some("@ada-example"),
                due: some("2026-12-01"),
                priority: some("P1"),
                category: some("detect"),
                area: some("database"),
                group: some("Short term"),
                state: "open".to_owned(),
                postmortems: 1,
            },
            postmortem: PostmortemContext {
                title: some("Checkout was down"),
                path: "postmortems/2026-11-20-checkout.md".to_owned(),
                url: some("https://github.com/acme/app/blob/0000000/postmortems/2026-11-20-checkout.md"),
                severity: some("SEV-2"),
                date: some("2026-11-20"),
                owner: some("@ada-example"),
                status: some("Final"),
                impact: some("One in three orders failed."),
                duration: some("47 minutes"),
                summary: some("A full disk stopped the order database."),
                kind: "postmortem".to_owned(),
            },
            repository: "acme/app".to_owned(),
            pull_request: PullRequestContext {
                number: 7,
                url: "https://github.com/acme/app/pull/7".to_owned(),
                title: "Postmortem: checkout was down".to_owned(),
                author: "ada-example".to_owned(),
            },
        }
    }
}

/// The variables there are, as templates name them: `item.text`.
pub fn variables() -> impl Iterator<Item = &'static str> {
    VARIABLES.iter().map(String::as_str)
}

static VARIABLES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let example = serde_json::to_value(Context::example()).unwrap_or_default();
    let groups = example.as_object().into_iter().flatten();
    groups
        .flat_map(|(group, value)| match value {
            Json::Object(values) => values.keys().map(|name| format!("{group}.{name}")).collect(),
            _ => vec![group.clone()],
        })
        .collect()
});

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Chainable);
    engine.set_fuel(Some(FUEL));
    engine.set_recursion_limit(50);
    engine.set_debug(false);
    engine.add_filter("capitalize", filters::capitalize);
    engine.add_filter("default", filters::default);
    engine.add_filter("first", filters::first);
    engine.add_filter("join", join);
    engine.add_filter("last", filters::last);
    engine.add_filter("length", filters::length);
    engine.add_filter("lower", filters::lower);
    engine.add_filter("title", filters::title);
    engine.add_filter("trim", filters::trim);
    engine.add_filter("upper", filters::upper);
    engine.add_test("defined", minijinja::tests::is_defined);
    engine.add_test("undefined", minijinja::tests::is_undefined);
    engine
});

/// The entries of a list in one text. Unlike the engine's own, it does not take a text apart, so it cannot be repeated
/// to make ever longer texts.
fn join(list: &minijinja::Value, separator: Option<&str>) -> Result<String, minijinja::Error> {
    if list.as_str().is_some() {
        return Err(minijinja::Error::new(ErrorKind::InvalidOperation, "`join` is for lists, such as `item.owners`"));
    }
    let entries: Vec<_> = list.try_iter()?.map(|entry| entry.to_string()).collect();
    Ok(entries.join(separator.unwrap_or_default()))
}

/// Refuses statements beyond [`STATEMENTS`], multiplication, maps (whose braces would blur where an expression ends), and
/// what is too deep for the engine.
fn refuse_growth(source: &str) -> Result<(), TemplateError> {
    let mut rest = source;
    let mut statements = 0;
    while let Some(opening) = rest.find('{').map(|at| &rest[at..]) {
        rest = if let Some(comment) = opening.strip_prefix("{#") {
            comment.split_once("#}").map_or("", |(_, after)| after)
        } else if let Some(expression) = opening.strip_prefix("{{") {
            after_expression(expression, "}}")?
        } else if let Some(inside) = opening.strip_prefix("{%") {
            let statement = inside.trim_start_matches(['-', '+']).trim_start();
            let statement: String = statement.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !STATEMENTS.contains(&statement.as_str()) {
                let help = "There are `if`, `elif`, `else`, `endif`, `for` and `endfor`.".to_owned();
                return Err(error(format!("there is no statement `{statement}`."), Some(help)));
            }
            statements += 1;
            if statements > MAX_STATEMENTS {
                return Err(error(format!("it has more than {MAX_STATEMENTS} statements."), None));
            }
            after_expression(inside, "%}")?
        } else {
            &opening[1..]
        };
    }
    Ok(())
}

/// What follows the expression that `text` starts in.
fn after_expression<'t>(text: &'t str, end: &str) -> Result<&'t str, TemplateError> {
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        if at > MAX_EXPRESSION_BYTES {
            return Err(error(format!("an expression is longer than {MAX_EXPRESSION_BYTES} bytes."), None));
        }
        match (quote, c) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '*') => return Err(error("multiplication is not supported.".to_owned(), None)),
            (None, _) if text[at..].starts_with(end) => return Ok(&text[at + end.len()..]),
            (None, '{' | '}') => {
                return Err(error(format!("`{c}` stands where it means nothing."), Some(WRITE_VARIABLE.to_owned())));
            }
            (None, _) => {}
        }
    }
    // Never closed: the engine says so in its own words.
    Ok("")
}

const WRITE_VARIABLE: &str = "A variable is written `{{ item.text }}`.";

/// Long texts and lists cut.
fn bounded(value: Json) -> Json {
    match value {
        Json::String(mut text) => {
            if text.len() > MAX_VALUE_BYTES {
                text.truncate(text.floor_char_boundary(MAX_VALUE_BYTES));
            }
            Json::String(text)
        }
        Json::Array(values) => values.into_iter().take(MAX_VALUE_ENTRIES).map(bounded).collect(),
        Json::Object(values) => {
            values.into_iter().map(|(name, value)| (name, bounded(value))).collect::<serde_json::Map<_, _>>().into()
        }
        other => other,
    }
}

/// `text` on one line: runs of white space and control characters become one blank, and what is beyond `max_chars` becomes an ellipsis.
fn one_line(text: &str, max_chars: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(max_chars) {
        None => line,
        Some(_) => {
            let kept: String = line.chars().take(max_chars.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

/// Takes no more than [`MAX_OUTPUT_BYTES`].
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT_BYTES {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn error(message: String, help: Option<String>) -> TemplateError {
    TemplateError { message, help }
}

fn unknown_variable(name: &str) -> TemplateError {
    let in_group: Vec<_> = variables().filter(|known| known.split_once('.').is_some_and(|(group, _)| group == name)).collect();
    if let Some(first) = in_group.first() {
        return error(format!("`{name}` is a group of variables."), Some(format!("Write one of them, such as `{first}`.")));
    }
    if let Some(known) = variables().find(|known| name.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'))) {
        let help = format!("To change a value, use a filter: `{{{{ {known} | upper }}}}`.");
        return error(format!("`{known}` has no parts, so there is no `{name}`."), Some(help));
    }
    let nearest = variables().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    let help = nearest
        .filter(|known| strsim::damerau_levenshtein(name, known) * 3 <= known.len())
        .map(|known| format!("Did you mean `{known}`?"));
    let all = || format!("There are {}.", variables().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", "));
    error(format!("there is no variable `{name}`."), Some(help.unwrap_or_else(all)))
}

fn engine_error(error: &minijinja::Error) -> TemplateError {
    let line = error.line().filter(|&line| line > 1).map(|line| format!(" on its line {line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let (message, help) = match error.kind() {
        ErrorKind::OutOfFuel => ("it does too much".to_owned(), None),
        ErrorKind::WriteFailure => (format!("its text is longer than {MAX_OUTPUT_BYTES} bytes"), None),
        ErrorKind::UnknownFilter => (
            format!("there is no such filter{detail}"),
            Some(format!("There are {}.", FILTERS.map(|name| format!("`{name}`")).join(", "))),
        ),
        ErrorKind::UnknownFunction | ErrorKind::UnknownMethod => {
            (format!("there are no functions{detail}"), Some(WRITE_VARIABLE.to_owned()))
        }
        ErrorKind::UnknownTest => {
            (format!("there is no such test{detail}"), Some("There are `defined` and `undefined`.".to_owned()))
        }
        ErrorKind::SyntaxError => (format!("it is not written correctly{line}{detail}"), Some(WRITE_VARIABLE.to_owned())),
        kind => (format!("{kind}{line}{detail}"), None),
    };
    TemplateError { message: message + ".", help }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn render(source: &str) -> Result<String, TemplateError> {
        Template::parse(source)?.render(&Context::example())
    }

    fn refused(source: &str) -> String {
        let error = render(source).expect_err(source);
        format!("{} {}", error.message, error.help.unwrap_or_default())
    }

    fn with_text(text: &str) -> Context {
        Context { item: ItemContext { text: text.to_owned(), ..ItemContext::default() }, ..Context::default() }
    }

    #[test]
    fn variables_filters_and_statements_work() {
        for (source, text) in [
            ("{{ item.text }}", "Add an alert for a full disk"),
            ("no variable at all { } %}", "no variable at all { } %}"),
            ("**{{ item.due }}** * {a} {{ pull_request.number }}", "**2026-12-01** * {a} 7"),
            ("{{ item.owners | join(', ') }}", "@ada-example, Infra team"),
            (
                "{% for owner in item.owners %}{{ loop.index }}{{ owner }}{% if not loop.last %}; {% endif %}{% endfor %}",
                "1@ada-example; 2Infra team",
            ),
            ("{%- if item.area == 'database' -%} db {%- else -%} other {%- endif -%}", "db"),
            ("{# a { comment * #}{{ '}} * {{' }}", "}} * {{"),
            ("{{ item.owners[0] | upper ~ '!' }}{{ repository }}", "@ADA-EXAMPLE!acme/app"),
            ("", ""),
        ] {
            assert_eq!(render(source).as_deref(), Ok(text), "{source}");
        }
    }

    #[test]
    fn what_a_document_does_not_say_is_empty() {
        let source = "[{{ item.due }}{{ item.owner | upper }}{{ 'x' ~ item.area }}{{ postmortem.severity | default('SEV-3') }}{% if item.group is defined %}!{% endif %}]";
        let template = Template::parse(source).expect("a good template");
        assert_eq!(template.render(&Context::default()).as_deref(), Ok("[xSEV-3]"));
    }

    #[test]
    fn what_is_not_there_is_refused_in_words() {
        for (source, said) in [
            ("{{ item.tekst }}", "there is no variable `item.tekst`. Did you mean `item.text`?"),
            ("{{ title }}", "there is no variable `title`. There are `item.area`,"),
            ("{{ item }}", "`item` is a group of variables. Write one of them, such as `item.area`."),
            ("{{ item['text'] }}", "`item` is a group"),
            ("{{ item.text.x }}", "`item.text` has no parts, so there is no `item.text.x`"),
            ("{{ item.text | shout }}", "there is no such filter"),
            ("{{ range(9) }}", "there is no variable `range`"),
            ("{{ item.text.upper() }}", "use a filter: `{{ item.text | upper }}`"),
            ("{{ item.owners[0].upper() }}", "there are no functions"),
            ("{{ item.text", "it is not written correctly"),
            ("{% if item.due %}", "it is not written correctly"),
            ("a\nb\n{{ 1 + }}", "it is not written correctly on its line 3"),
            ("{% include 'x' %}", "there is no statement `include`. There are `if`"),
            ("{% set x = 1 %}", "there is no statement `set`"),
            ("{{{% set x = 1 %}}}", "stands where it means nothing"),
            ("{{% set x = 1 %}}", ""),
            ("{ä {% set x = 1 %}", "there is no statement `set`"),
            ("{%+ raw %}{% endraw %}", "there is no statement `raw`"),
            ("{{ {'a': {}} * 3 }}", "`{` stands where it means nothing"),
            ("{{ 'a' * 100000000 }}", "multiplication is not supported"),
            ("{{ '\\'' * 3 }}", "multiplication is not supported"),
        ] {
            let error = refused(source);
            assert!(error.contains(said), "{source}: {error}");
        }
    }

    #[test]
    fn a_hostile_template_ends_soon() {
        let long = with_text(&"x".repeat(1_000_000));
        let sources = [
            format!("{{{{ {} }}}}", vec!["item.text"; 1_000].join("~")),
            format!("{{{{ {} }}}}", "(".repeat(8_000)),
            format!("{{{{ {}1 }}}}", "-".repeat(8_000)),
            format!("{{{{ {}1 }}}}", "-".repeat(490)),
            format!("{{{{ {}item.text }}}}", "item.text~".repeat(48)).repeat(30),
            format!("{{% if 1 %}}{}{{% endif %}}", "{% elif 1 %}".repeat(1_200)),
            format!("{{% if 1 %}}{}{{% endif %}}", "{% elif 1 %}".repeat(98)),
            format!("{}{{{{ {}1 }}}}{}", "{% if 1 %}".repeat(50), "-".repeat(490), "{% endif %}".repeat(50)),
            format!("{}{{{{ {}1 }}}}{}", "{% if 1 %}".repeat(50), "- (".repeat(100), "{% endif %}".repeat(50)),
            format!("{{{{ {}1{} }}}}", "[".repeat(5_000), "]".repeat(5_000)),
            format!("{{{{ item.text{} }}}}", "|upper".repeat(2_000)),
            "{{ item.text }}".repeat(1_000),
            "{% for a in item.text %}{% for b in item.text %}{% for c in item.text %}{{ a }}{% endfor %}{% endfor %}{% endfor %}"
                .to_owned(),
            "{% if true %}".repeat(1_000),
            "{% for a in item.owners %}".repeat(600),
            "{{".repeat(8_000),
            "{".repeat(16_000),
            "{#".repeat(8_000),
            "x".repeat(20_000),
        ];
        for source in sources {
            let start = Instant::now();
            let rendered = Template::parse(&source).and_then(|template| template.render(&long));
            assert!(rendered.map_or(0, |text| text.len()) <= MAX_OUTPUT_BYTES);
            let shown: String = source.chars().take(40).collect();
            assert!(start.elapsed() < Duration::from_secs(5), "{shown}: {:?}", start.elapsed());
        }
    }

    #[test]
    fn a_title_is_one_line_that_github_takes() {
        let title = Template::parse("  {{ item.text }}\n\t!\u{0} ").expect("a good template");
        assert_eq!(title.render_title(&with_text("Add\r\n an   alert")), "Add an alert !");
        let long = Template::default_title().render_title(&with_text(&"ä".repeat(300)));
        assert_eq!((long.chars().count(), long.chars().last()), (256, Some('…')));
        assert_eq!(Template::default_title().render_title(&with_text(&"ä".repeat(256))).chars().count(), 256);
        let at_a_blank = Template::default_title().render_title(&with_text(&format!("{} {}", "a".repeat(254), "b".repeat(9))));
        assert_eq!(at_a_blank, format!("{}…", "a".repeat(254)));
    }

    #[test]
    fn a_title_that_comes_out_empty_is_the_items_text() {
        let title = Template::parse("{{ item.area }}").expect("a good template");
        assert_eq!(title.render_title(&with_text("Add an alert")), "Add an alert");
        assert_eq!(title.render_title(&Context::default()), "Action item");
    }

    #[test]
    fn markdown_is_not_escaped() {
        assert_eq!(Template::default_title().render_title(&with_text("Drop <b> & \"quotes\"")), "Drop <b> & \"quotes\"");
    }

    #[test]
    fn the_reference_names_every_variable_and_filter() {
        let reference = include_str!("../../docs/configuration.md");
        for name in variables() {
            assert!(reference.contains(&format!("| `{name}` |")), "{name}");
        }
        for name in FILTERS {
            assert!(reference.contains(&format!("`{name}`")), "{name}");
            assert!(ENGINE.template_from_str("").is_ok_and(|_| !refused_filter(name)), "{name}");
        }
    }

    fn refused_filter(name: &str) -> bool {
        Template::parse(&format!("{{{{ item.owners | {name} }}}}")).is_err_and(|error| error.message.contains("no such filter"))
    }
}
