//! The per-repository configuration, `.github/followthrough.yml`, as data.
//!
//! The file is written by people who are not watching a server's log, so everything that is wrong with it is found in
//! one reading and pointed at where it stands. Each section is declared once, below: its keys, their documentation,
//! types and defaults; the decoder, the list of known keys and the JSON Schema all come from that declaration.
//! The reference for people is `docs/configuration.md`.
//!
//! Never here: reading files, GitHub, or the names of review rules, which [`Review::rules`] keeps with their positions
//! for the review to check.

mod decode;
mod problem;
mod schema;
pub mod severity;
mod tree;
mod value;

use decode::{section, words};

pub use decode::did_you_mean;
pub use problem::{Place, Problem, Problems};
pub use schema::schema;
pub use severity::{BySeverity, Period};
pub use value::{BoardOwner, BoardUrl, FieldTemplate, Fields, Globs, Label, Login, Rule, Rules, Version, is_markdown};

use crate::{ids::RepositoryName, render::template::Template};

/// Where the file lies, in the repository itself or in the owner's `.github` repository.
pub const PATH: &str = ".github/followthrough.yml";

section! {
    /// Everything a repository can say about how Followthrough works there.
    pub struct Settings {
        /// The version of this file's format.
        pub version: Version = Version,
        /// Which files are postmortems and how they are read.
        pub documents: Documents = Documents::default(),
        /// When, where and how action items become issues.
        pub file: Filing = Filing::default(),
        /// Where the issues of one area go instead. The first route that matches an item decides.
        pub routes: Vec<Route> = Vec::new(),
        /// The Projects board that every issue is put on.
        pub board: Board = Board::default(),
        /// Where the links to the issues are written.
        pub link_back: LinkBack = LinkBack::default(),
        /// How the text of a postmortem is reviewed.
        pub review: Review = Review::default(),
    }
}

section! {
    /// Which files are postmortems and how they are read.
    pub struct Documents {
        /// Globs of the files to read; only Markdown files count. Replaces the default list.
        pub include: Globs = Globs::default_include(),
        /// Globs of files to leave alone although `include` names them. Replaces the default list.
        pub exclude: Globs = Globs::default_exclude(),
        /// Further headings that hold action items.
        pub headings: Vec<String> = Vec::new(),
    }
}

section! {
    /// When, where and how action items become issues.
    pub struct Filing {
        /// What opens the issues of a pull request.
        pub when: When = When::Merged,
        /// Where issues are opened, as `owner/name`; where the document lives when not given.
        pub repository: Option<RepositoryName> = None,
        /// Labels every issue gets; created where they are missing.
        pub labels: Vec<Label> = vec![Label::new("postmortem"), Label::new("action-item")],
        /// Template of an issue's title.
        pub title: Template = Template::default_title(),
        /// Template of the text at the top of an issue; the built-in text when not given.
        pub body: Option<Template> = None,
        /// Whether an owner with a GitHub login is assigned to the issue.
        pub assign_owners: bool = true,
        /// The issue type every issue gets, by name.
        pub issue_type: Option<String> = None,
        /// The milestone every issue gets, by title.
        pub milestone: Option<String> = None,
        /// Whether each postmortem gets a parent issue with its action items as sub-issues.
        pub tracking_issue: bool = false,
        /// How long items without a due date have, by the severity of the incident: days (`7d`) or weeks (`2w`).
        pub due: BySeverity<Period> = BySeverity::default(),
        /// What `due` is counted from.
        pub due_from: DueFrom = DueFrom::Incident,
        /// Labels that issues get besides those of `labels`, by the severity of the incident.
        pub severity_labels: BySeverity<Vec<Label>> = BySeverity::default(),
    }
}

section! {
    /// Where the issues of one area go instead.
    pub struct Route {
        /// The area that the route is for, without regard to case; without it, the route is for every item.
        pub area: Option<String> = None,
        /// Where the issues are opened, as `owner/name`.
        pub repository: Option<RepositoryName> = None,
        /// Labels that the issues get besides those of `file.labels`.
        pub labels: Vec<Label> = Vec::new(),
        /// The board that the issues are put on instead of `board.project`.
        pub project: Option<BoardUrl> = None,
        /// Logins that are assigned to items that name no owner with a login.
        pub assign: Vec<Login> = Vec::new(),
    }
}

section! {
    /// The Projects board that every issue is put on.
    pub struct Board {
        /// The board's address, such as `https://github.com/orgs/acme/projects/7`.
        pub project: Option<BoardUrl> = None,
        /// The option of the board's `Status` field that new issues get; left to the board when not given.
        pub status: Option<String> = None,
        /// Templates of the values of further fields, by the field's name. An empty value sets nothing.
        pub fields: Fields = Fields::default(),
    }
}

section! {
    /// Where the links to the issues are written.
    pub struct LinkBack {
        /// Whether the pull request gets a comment with the plan and, later, the issues.
        pub comment: bool = true,
        /// How the links get into the document.
        pub document: DocumentLinks = DocumentLinks::PullRequest,
    }
}

section! {
    /// How the text of a postmortem is reviewed.
    pub struct Review {
        /// Whether a check run with annotations is made, and suggestions for the wording.
        pub check: bool = true,
        /// Whether findings of level `error` make the check fail.
        pub blocking: bool = false,
        /// How much is expected of a postmortem.
        pub profile: Profile = Profile::Standard,
        /// Whether people may be named in the text.
        pub naming: Naming = Naming::Anonymous,
        /// The level of single rules, by the rule's name.
        pub rules: Rules = Rules::default(),
    }
}

words! {
    /// What opens the issues of a pull request.
    pub enum When {
        /// The pull request is merged.
        Merged = "merged",
        /// A reviewer approved it.
        Approved = "approved",
        /// It is no draft any more.
        Ready = "ready",
        /// It is opened.
        Opened = "opened",
        /// Someone with write access asks for it in a comment.
        Command = "command",
    }
}

words! {
    /// What due dates are counted from.
    pub enum DueFrom {
        /// The day of the incident; where the document does not give it, the day of the merge.
        Incident = "incident",
        /// The day of the merge.
        Merge = "merge",
    }
}

words! {
    /// How the links to the issues get into the document.
    pub enum DocumentLinks {
        /// Not at all.
        Off = "off",
        /// By a commit on the default branch.
        Commit = "commit",
        /// By a small pull request.
        PullRequest = "pull_request",
    }
}

words! {
    /// How much is expected of a postmortem.
    pub enum Profile {
        Light = "light",
        Standard = "standard",
        Major = "major",
    }
}

words! {
    /// Whether people may be named in a postmortem's text.
    pub enum Naming {
        Anonymous = "anonymous",
        Allowed = "allowed",
    }
}

words! {
    /// How loudly a review rule speaks.
    pub enum Level {
        Off = "off",
        Note = "note",
        Warning = "warning",
        Error = "error",
    }
}

impl Settings {
    /// Whether the file at `path`, relative to the repository's root, is a postmortem to read.
    pub fn reads(&self, path: &str) -> bool {
        value::is_markdown(path) && self.documents.include.matches(path) && !self.documents.exclude.matches(path)
    }

    /// The route of an item of this area, if any: the first that matches.
    pub fn route(&self, area: Option<&str>) -> Option<&Route> {
        self.routes.iter().find(|route| route.matches(area))
    }
}

impl Route {
    fn matches(&self, area: Option<&str>) -> bool {
        self.area
            .as_deref()
            .is_none_or(|wanted| area.is_some_and(|area| area.trim().to_lowercase() == wanted.trim().to_lowercase()))
    }
}

/// Reads the repository configuration. An empty file gives the defaults.
///
/// # Errors
///
/// Every problem that could be found, in the order of the text. What is not YAML at all stops the reading, so a file
/// that is broken there shows that problem alone.
pub fn parse(text: &str) -> Result<Settings, Problems> {
    decode::parse(text)
}

/// What can be read of a configuration file in spite of what is wrong with it, and what that is, in the order of the text:
/// for whoever has more to say about it than this module, such as which rules there are.
pub fn draft(text: &str) -> (Settings, Vec<Problem>) {
    decode::draft(text)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = include_str!("../config/followthrough.example.yml");
    const SCHEMA: &str = include_str!("../config/followthrough.schema.json");
    const REFERENCE: &str = include_str!("../docs/configuration.md");

    /// The problems of `text`, one line each: place, message, help.
    fn problems(text: &str) -> Vec<String> {
        let problems = parse(text).expect_err("there is a problem").0;
        let said = |p: &Problem| {
            format!("{}:{}-{}:{} {} {}", p.line, p.column, p.end_line, p.end_column, p.message, p.help.as_deref().unwrap_or("-"))
        };
        problems.iter().map(said).collect()
    }

    fn problem(text: &str) -> String {
        let mut problems = problems(text);
        assert_eq!(problems.len(), 1, "{problems:#?}");
        problems.remove(0)
    }

    #[test]
    fn no_file_an_empty_file_and_empty_keys_mean_the_defaults() {
        for text in [
            "",
            "\n",
            "# nothing\n",
            "---\n",
            "version: 1\n",
            "\u{feff}version: 1\r\n",
            "file:\nboard:\n  fields:\n",
            "routes:\nreview: {rules: }\n",
        ] {
            assert_eq!(parse(text).as_ref(), Ok(&Settings::default()), "{text:?}");
        }
    }

    #[test]
    fn the_configuration_of_the_design_is_read_in_full() {
        let settings = parse(
            r#"
version: 1
documents:
  include: ["postmortems/**/*.md"]
  exclude: ["**/README.md", "**/*template*.md"]
  headings: ["Homework"]
file:
  when: approved
  repository: acme/app
  labels: [postmortem, action-item]
  title: "{{ item.text }}"
  assign_owners: false
  issue_type: null
  milestone: Reliability
  tracking_issue: true
  due: { S1: 7d, critical: 2w }
  due_from: merge
  severity_labels: { S1: [sev/1] }
routes:
  - { area: database, repository: acme/database, labels: [team/db] }
  - { project: https://github.com/orgs/acme/projects/8, assign: ["@ada-example"] }
board:
  project: https://git.example:8443/orgs/acme/projects/7/views/2?pane=info
  status: Triage
  fields: { Severity: "{{ postmortem.severity }}", Points: 3 }
link_back:
  comment: false
  document: off
review:
  check: false
  blocking: true
  profile: major
  naming: allowed
  rules: { missing-owner: off }
"#,
        )
        .expect("a good file");
        assert_eq!(settings.file.when, When::Approved);
        assert_eq!(settings.file.milestone.as_deref(), Some("Reliability"));
        assert!(settings.file.tracking_issue && !settings.file.assign_owners && settings.file.issue_type.is_none());
        assert_eq!(settings.documents.headings, ["Homework"]);
        let due = |severity| settings.file.due.of(severity).map(|(key, period)| (key, period.days()));
        assert_eq!((due("SEV-1"), due("Critical"), due("S2")), (Some(("S1", 7)), Some(("critical", 14)), None));
        assert_eq!(settings.file.due_from, DueFrom::Merge);
        assert_eq!(settings.file.severity_labels.of("sev 1").map(|(_, labels)| labels[0].as_str()), Some("sev/1"));
        let board = settings.board.project.as_ref().expect("a board");
        assert_eq!(
            (board.host.as_str(), board.owner.as_str(), board.owner_kind, board.number),
            ("git.example:8443", "acme", BoardOwner::Organization, 7)
        );
        assert_eq!(board.as_str(), "https://git.example:8443/orgs/acme/projects/7");
        assert_eq!(settings.board.status.as_deref(), Some("Triage"));
        let fields: Vec<_> = settings.board.fields.0.iter().map(|field| (field.name.as_str(), field.value.source())).collect();
        assert_eq!(fields, [("Severity", "{{ postmortem.severity }}"), ("Points", "3")]);
        assert_eq!((settings.link_back.comment, settings.link_back.document), (false, DocumentLinks::Off));
        assert_eq!((settings.review.profile, settings.review.naming), (Profile::Major, Naming::Allowed));
        assert!(settings.review.blocking && !settings.review.check);
        assert_eq!(settings.review.rules.level("missing-owner"), Some(Level::Off));
        assert_eq!(settings.review.rules.0[0].place, Place { line: 34, column: 12, end_line: 34, end_column: 24 });
        let database = settings.route(Some(" Database")).expect("the first route");
        assert_eq!(
            (database.repository.as_ref().map(ToString::to_string).as_deref(), database.labels[0].as_str()),
            (Some("acme/database"), "team/db")
        );
        let rest = settings.route(None).expect("the last route");
        assert_eq!((rest.project.as_ref().map(|board| board.number), rest.assign[0].as_str()), (Some(8), "ada-example"));
    }

    #[test]
    fn every_problem_is_told_in_the_order_of_the_text_with_its_place() {
        let text = "file:\n  wen: merged\n  labels: postmortem\n  when: mergd\n  repository: https://git.example/acme/app.git\nlabels: [a]\nboard:\n  status: 3\n  fields: {Size: \"{{ item.tekst }}\"}\nreview: {check: yes, rules: {x: false}}\n";
        assert_eq!(
            problems(text),
            [
                "2:3-2:5 There is no key `wen` in `file`. Did you mean `when`?",
                "3:11-3:20 `file.labels` is the text `postmortem`; it must be a list. Write `[postmortem]`.",
                "4:9-4:13 `file.when` cannot be `mergd`; it must be one of `merged`, `approved`, `ready`, `opened` and `command`. Did you mean `merged`?",
                "5:15-5:46 `file.repository` is `https://git.example/acme/app.git`, which is not a repository; write it as `owner/name`. Write `acme/app`.",
                "6:1-6:6 There is no key `labels`. It belongs in `file` and `routes`.",
                "8:11-8:11 `board.status` is the number `3`; it must be a text. Put it in quotes: `\"3\"`.",
                "9:18-9:35 The template `board.fields.Size` cannot be used: there is no variable `item.tekst`. Did you mean `item.text`?",
                "10:17-10:19 `review.check` is the text `yes`; it must be `true` or `false`. Write `true`.",
                "10:33-10:37 `review.rules.x` is the truth value `false`; it must be one of `off`, `note`, `warning` and `error`. Write `off`.",
            ]
        );
    }

    #[test]
    fn what_depends_on_the_severity_is_told_with_its_place() {
        let text = "file:\n  due: {S1: 7, Sev-1: 14d, S2: 30 days, S3: 0d, '-': 7d, S4: 3 months, S5: soon, S6: [7d], S7: -7d}\n  due_from: incidnt\n  severity_labels: {S1: sev/1, S2: ['']}\n";
        assert_eq!(
            problems(text),
            [
                "2:13-2:13 `file.due.S1` is the number `7`; it must be a number of days or weeks, such as `7d` or `2w`. Write `7d` for days.",
                "2:16-2:20 `Sev-1` is the same severity as `S1`. Keep one of them.",
                "2:32-2:38 `file.due.S2` cannot be `30 days`; it must be a number of days or weeks, such as `7d` or `2w`. Write `30d`.",
                "2:45-2:46 `file.due.S3` cannot be `0d`; it must be a number of days or weeks, such as `7d` or `2w`. It must be at least one day.",
                "2:49-2:51 `-` is not a severity. Write it as your postmortems do, such as `S1` or `critical`.",
                "2:62-2:69 `file.due.S4` cannot be `3 months`; it must be a number of days or weeks, such as `7d` or `2w`. Write `90d`.",
                "2:76-2:79 `file.due.S5` cannot be `soon`; it must be a number of days or weeks, such as `7d` or `2w`. -",
                "2:82-2:83 `file.due.S6` is a list; it must be a number of days or weeks, such as `7d` or `2w`. -",
                "2:96-2:98 `file.due.S7` cannot be `-7d`; it must be a number of days or weeks, such as `7d` or `2w`. -",
                "3:13-3:19 `file.due_from` cannot be `incidnt`; it must be one of `incident` and `merge`. Did you mean `incident`?",
                "4:25-4:29 `file.severity_labels.S1` is the text `sev/1`; it must be a list. Write `[sev/1]`.",
                "4:37-4:38 `file.severity_labels.S2[0]` is an empty text. Give it a value or remove it.",
            ]
        );
        assert!(problem("file: {due: 7d}").contains("must be severities, each with a value"));
    }

    #[test]
    fn columns_count_characters_and_lines_may_end_in_crlf() {
        assert_eq!(problem("# ä\r\nreview: {rules: {ärger: loud}}\r\n").split(' ').next(), Some("2:25-2:28"));
        assert!(problem("\u{feff}versoin: 1\n").starts_with("1:1-1:7 There is no key `versoin`. Did you mean `version`?"));
    }

    #[test]
    fn another_version_is_refused() {
        assert_eq!(problem("version: 2\n"), "1:10-1:10 There is no version `2` of this file's format. Write `version: 1`.");
        assert!(problem("version: one\n").contains("must be the number 1"));
    }

    #[test]
    fn a_key_given_twice_is_told_with_both_places() {
        assert_eq!(
            problem("file: {}\nboard: {}\nfile: {}\n"),
            "3:1-3:4 `file` is given twice; the first time on line 1. Keep one of them."
        );
        assert!(problem("board: {fields: {Due: a, due: b}}").contains("`due` is given twice"));
    }

    #[test]
    fn values_that_cannot_work_are_refused_where_they_stand() {
        for (text, said) in [
            ("documents: {include: ['a[']}", "`documents.include[0]` is not a glob"),
            ("documents: {include: ['!x/**']}", "Put `x/**` into `documents.exclude`."),
            ("documents: {include: [docs]}", "For a folder write `docs/**`."),
            ("file: {labels: ['']}", "`file.labels[0]` is an empty text."),
            ("file: {labels: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]}", "longer than 50 characters"),
            ("file: {title: '{{ item.text'}", "The template `file.title` cannot be used"),
            ("file:\n  title: {{ item.text }}\n", "A template stands in quotes"),
            ("file: {repository: app}", "which is not a repository"),
            ("board: {project: 'https://github.com/acme/app/projects/3'}", "Copy it from the browser"),
            ("board: {project: 7}", "it must be the address of a board"),
            ("board: {fields: {Status: Triage}}", "Set it with `board.status`."),
            ("routes: [{assign: [acme/team]}]", "teams cannot be assigned"),
            ("routes: {area: x}", "`routes` is a group of keys; it must be a list."),
            ("routes: [{repo: acme/app}]", "There is no key `repo` in `routes[0]`. Did you mean `repository`?"),
            ("- a", "The file is a list; it must be a group of keys."),
        ] {
            let problem = problem(text);
            assert!(problem.contains(said), "{text}: {problem}");
        }
    }

    #[test]
    fn what_is_not_yaml_says_where_it_breaks() {
        for (text, place) in [
            ("a: b: c\n", "1:5"),
            ("file:\n\twhen: merged\n", "2:2"),
            ("x: [1, 2\n", "1:4"),
            ("a: 1\n---\nb: 2\n", "3:1"),
            ("a: *b\n", "1:4"),
            ("a: '", "1:4"),
            ("\0", "1:1"),
        ] {
            let problem = problem(text);
            assert!(problem.starts_with(place), "{text:?}: {problem}");
        }
    }

    #[test]
    fn hostile_text_is_refused_at_once() {
        let bomb: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
            .chain((1..20).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "))))
            .collect();
        let texts = [
            bomb,
            "[".repeat(60_000),
            "{a: ".repeat(15_000),
            "- ".repeat(30_000),
            (0..300).map(|depth| " ".repeat(depth) + "a:\n").collect(),
            "x".repeat(1_000_000),
            "a: 1\n".repeat(12_000),
            (0..8_000).map(|n| format!("k{n}: 1\n")).collect(),
            format!("file: {{labels: [{}]}}", "a,".repeat(5_000)),
            "---\n".repeat(10_000),
            "&a ".repeat(20_000),
            "? ".repeat(30_000),
            format!("documents: {{include: [{}]}}", "'**/{a,b,c,d}*{a,b,c,d}*{a,b,c,d}*{a,b,c,d}*{a,b,c,d}/**',".repeat(190)),
            format!("documents: {{include: ['{}']}}", "{".repeat(250)),
            format!("\"{}\": 1", "\\u0041".repeat(10_000)),
            format!("a: {}\n", "!".repeat(60_000)),
            "\t".repeat(60_000),
        ];
        for text in texts {
            let start = Instant::now();
            let said = parse(&text).err().map_or(0, |problems| problems.0.len());
            let shown: String = text.chars().take(40).collect();
            assert!(said <= 100, "{shown}");
            // Unoptimised and on a busy machine; optimised it is a few milliseconds.
            assert!(start.elapsed() < Duration::from_secs(5), "{shown}: {:?}", start.elapsed());
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_settings_or_problems_within_the_text(text in "[a-z:{}\\[\\] \n#&*!|>'\"%-]{0,80}|\\PC{0,80}", at in 0..EXAMPLE.len()) {
            let at = EXAMPLE.floor_char_boundary(at);
            for text in [text.clone(), format!("{}{text}{}", &EXAMPLE[..at], &EXAMPLE[at..])] {
                if let Err(problems) = parse(&text) {
                    prop_assert!(!problems.0.is_empty());
                    let lines = text.lines().count().max(1) + 1;
                    for problem in problems.0 {
                        prop_assert!((1..=lines).contains(&problem.line) && (problem.line, problem.column) <= (problem.end_line, problem.end_column), "{problem:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_usual_places_of_postmortems_are_read_without_a_configuration() {
        let settings = Settings::default();
        for path in [
            "postmortems/2026-11-20-checkout.md",
            "Postmortems/2026/q4/Checkout.MD",
            "docs/post-mortems/a.markdown",
            "teams/db/postmortem/a.md",
            "docs/incidents/2026/a.md",
            "incident-reports/a.md",
            "docs/retrospectives/sprint-9.md",
            "content/incidents/2026-11-20-checkout/index.md",
            "docs/incidentes/a.md",
            "rca/a.mdx",
            "docs/2026-11-20-checkout-postmortem.md",
        ] {
            assert!(settings.reads(path), "{path}");
        }
        for path in [
            "README.md",
            "postmortems/README.md",
            "postmortems/readme.md",
            "postmortems/template.md",
            "postmortems/_template-long.md",
            "postmortems/templates/a.md",
            "postmortems/index.md",
            "content/incidents/_index.md",
            "postmortems/graph.png",
            "postmortems/data.yml",
            "src/postmortem/model.rs",
            "docs/guide.md",
            ".github/ISSUE_TEMPLATE/postmortem.md",
            "node_modules/x/postmortems/a.md",
            "postmortems",
            "",
        ] {
            assert!(!settings.reads(path), "{path}");
        }
    }

    #[test]
    fn globs_stay_within_folders_and_start_at_the_root() {
        let settings = parse("documents: {include: [/a/, './b/*.md', 'c/**/d.md'], exclude: [b/x.md]}").expect("a good file");
        for (path, read) in [
            ("a/b/c.md", true),
            ("x/a/b.md", false),
            ("b/y.md", true),
            ("b/x.md", false),
            ("b/c/y.md", false),
            ("c/d.md", true),
            ("c/x/y/d.md", true),
        ] {
            assert_eq!(settings.reads(path), read, "{path}");
        }
    }

    #[test]
    fn the_example_shows_the_defaults_and_its_examples_are_good() {
        assert_eq!(parse(EXAMPLE).as_ref(), Ok(&Settings::default()));
        let with_examples: String = EXAMPLE
            .lines()
            .map(|line| match line.trim_start().strip_prefix('#') {
                Some(example) if !example.is_empty() && (!example.starts_with(' ') || example.starts_with("  ")) => {
                    format!("{}{example}\n", &line[..line.len() - line.trim_start().len()])
                }
                _ => format!("{line}\n"),
            })
            .collect();
        let settings = parse(&with_examples).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!((settings.routes.len(), settings.board.fields.0.len(), settings.review.rules.0.len()), (2, 3, 1));
        assert!(!settings.file.due.is_empty() && !settings.file.severity_labels.is_empty());
        assert!(settings.board.status.is_some() && settings.file.body.is_some() && settings.file.milestone.is_some());
    }

    #[test]
    fn the_schema_in_config_is_current() {
        assert!(
            SCHEMA == schema(crate::review::RULES.iter().map(|rule| (rule.name, rule.summary))),
            "config/followthrough.schema.json is stale: run `cargo run -- schema > config/followthrough.schema.json`"
        );
    }

    #[test]
    fn the_reference_names_every_key_and_its_examples_are_good() {
        for (section, value) in Settings::default_json() {
            let keys = value.as_object().map(|keys| keys.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
            assert!(REFERENCE.contains(&format!("`{section}")) || REFERENCE.contains(&format!("### {section}")), "{section}");
            for key in keys {
                assert!(REFERENCE.contains(&format!("| `{section}.{key}` |")), "{section}.{key}");
            }
        }
        for key in ["area", "repository", "labels", "project", "assign"] {
            assert!(REFERENCE.contains(&format!("| `{key}` |")), "routes: {key}");
        }
        let mut examples = 0;
        for example in REFERENCE.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            examples += 1;
            parse(example).unwrap_or_else(|problems| panic!("{problems}\n{example}"));
        }
        assert!(examples >= 8);
        let wrong = "file:\n  wen: merged\n  labels: postmortem\n";
        assert!(REFERENCE.contains(&parse(wrong).expect_err("two problems").to_string()), "the problems shown are the real ones");
    }

    impl Settings {
        fn default_json() -> serde_json::Map<String, serde_json::Value> {
            match decode::Value::json(&Self::default()) {
                serde_json::Value::Object(sections) => sections,
                other => panic!("{other}"),
            }
        }
    }
}
