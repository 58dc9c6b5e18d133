//! The per-repository configuration, `.github/followthrough.yml`, as data.
//!
//! The file is written by people who are not watching a server's log, so everything that is wrong with it is found in
//! one reading and pointed at where it stands. Each section is declared once, below: its keys, their documentation,
//! types and defaults; the decoder, the list of known keys and the JSON Schema all come from that declaration.
//! [`docs/configuration.md`](https://github.com/followthrough/followthrough/blob/main/docs/configuration.md) is the reference.
//!
//! Never here: reading files, GitHub, or the names of review rules, which [`Review::rules`] keeps with their positions
//! for the review to check.

mod decode;
mod problem;
mod schema;
mod tree;
mod value;

use decode::{section, words};

pub use decode::did_you_mean;
pub use problem::{Place, Problem, Problems};
pub use schema::schema;
pub use value::{BoardOwner, BoardUrl, FieldTemplate, Fields, Globs, Label, Login, Rule, Rules, Version};

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
        /// Whether a check run with annotations is made.
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
        self.area.as_deref().is_none_or(|wanted| area.is_some_and(|area| area.trim().to_lowercase() == wanted.trim().to_lowercase()))
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
