//! What a postmortem is to Followthrough: the reading of one document, as data.
//!
//! Made by [`parse`](super::parse::parse) and never changed afterwards. Spans and lines point into the file exactly as
//! it was given. Everything here is what the document *says*; what GitHub knows about it is the business of
//! [`plan`](crate::plan).

use jiff::civil::Date;

use crate::{
    ids::{IssueNumber, IssueRef, RepositoryName},
    text::{Lines, Span},
};

/// The reading of one document. Reading never fails, so a document that says nothing gives an empty one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Postmortem {
    pub kind: Kind,
    /// The document's title as plain text: front matter, else the first heading.
    pub title: Option<String>,
    /// ISO 639-1 code of the language the document is written in, when it can be told.
    pub language: Option<&'static str>,
    pub metadata: Metadata,
    /// People named where participants are listed (S-006), as written there.
    pub participants: Vec<String>,
    /// The first paragraph of the summary section as plain text, for the issues' context.
    pub summary: Option<String>,
    /// In document order; a section ends where the next heading of its level or a higher one starts.
    pub sections: Vec<Section>,
    /// In document order.
    pub action_items: Vec<ActionItem>,
}

/// What sort of document this is (S-007, S-009, S-010).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    Postmortem,
    Retrospective,
    NearMiss,
    #[default]
    Other,
}

/// Facts about the incident from front matter, tables or `Key: value` lines, as written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    pub severity: Option<String>,
    /// The day of the incident (not of the writing) as `YYYY-MM-DD` where it could be read, else as written.
    pub date: Option<String>,
    /// Who is responsible for the document.
    pub owner: Option<String>,
    pub status: Option<String>,
    pub impact: Option<String>,
    pub duration: Option<String>,
}

/// A heading (or a bold or list label that serves as one) and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading as plain text, numbering and emoji kept.
    pub heading: String,
    pub role: Role,
    /// 1 to 6 for headings; labels count as one deeper than the heading they stand under.
    pub level: u8,
    /// The heading's own bytes.
    pub span: Span,
    /// From the heading to the section's last line.
    pub lines: Lines,
}

/// What a section is for, told from its heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Role {
    Summary,
    Impact,
    Timeline,
    Causes,
    ActionItems,
    Participants,
    Lessons,
    Detection,
    Resolution,
    #[default]
    Other,
}

/// One discrete unit of follow-up work.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionItem {
    /// The item as a person would say it: markers and metadata gone, inline formatting flattened, one line.
    pub text: String,
    /// What stands under the item (nested entries, following paragraphs, further cells) as its Markdown source.
    pub detail: Option<String>,
    /// From the item's first line to the last line of its detail.
    pub lines: Lines,
    /// The bytes of the item itself: list entry, table row, heading or paragraph.
    pub span: Span,
    /// Where the item lets itself be edited.
    pub anchor: Anchor,
    pub state: State,
    /// In document order, as the document names them.
    pub owners: Vec<Owner>,
    pub due: Option<Date>,
    /// Normalised where a scale is known (`P0`…`P4`, `high`, `medium`, `low`), else as written.
    pub priority: Option<String>,
    pub category: Option<Category>,
    /// The product area or component: an `[area: x]` tag, a column, or a group heading that names one.
    pub area: Option<String>,
    /// The heading or label inside the action items section under which the item stands.
    pub group: Option<String>,
    /// In document order.
    pub references: Vec<Reference>,
}

/// The places of an item that a link-back edit may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// The single byte between the brackets of `[ ]`, when the item is a task.
    pub checkbox: Option<Span>,
    /// Where a link to the issue is inserted: the end of the item's own text, before its line ending, or inside the cell.
    pub link: usize,
    /// The cell of a table's ticket column that still waits for a link: empty, or the bytes of a placeholder.
    pub ticket: Option<Span>,
}

/// Whether the document says that an item still wants doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum State {
    #[default]
    Open,
    Done,
    /// Will not be done: won't do, accepted risk, not planned.
    Declined,
}

/// Who the document says does it. A login is never guessed from a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// `@login`, without the `@`.
    Login(String),
    /// `@org/team`, without the `@`.
    Team { org: String, slug: String },
    /// Anything else, as written.
    Name(String),
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Owner::Login(login) => write!(f, "@{login}"),
            Owner::Team { org, slug } => write!(f, "@{org}/{slug}"),
            Owner::Name(name) => f.write_str(name),
        }
    }
}

/// What an item does about the incident (S-050, S-084).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    Prevent,
    Detect,
    Mitigate,
    Process,
}

/// A pointer from an item to an issue, pull request or ticket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// As the document gives it: `#88`, `acme/app#12`, a URL, `OPS-123`.
    pub written: String,
    pub target: Target,
}

impl Reference {
    /// The issue or pull request on `host` that this points at, read in the repository `home`.
    pub fn issue(&self, home: &RepositoryName, host: &str) -> Option<IssueRef> {
        let Target::GitHub { repository, number, host: on } = &self.target else { return None };
        if on.as_ref().is_some_and(|on| !on.eq_ignore_ascii_case(host)) {
            return None;
        }
        let repository = match repository {
            Some((owner, name)) => format!("{owner}/{name}").parse().ok()?,
            None => home.clone(),
        };
        Some(IssueRef::new(repository, IssueNumber(*number)))
    }
}

/// What a [`Reference`] points at, as far as its own text tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// An issue or pull request on GitHub: `#88`, `owner/repo#12`, `https://HOST/owner/repo/issues/7` or `/pull/7`.
    GitHub {
        /// `None` in `#88`: the repository the document lives in.
        repository: Option<(String, String)>,
        number: u64,
        /// The host of a URL; `None` for the short forms.
        host: Option<String>,
    },
    /// A tracker's key such as `OPS-123`, or another tracker's URL.
    Elsewhere,
}
