//! The sandbox in which a team's own templates run: issue titles, bodies and the values of board fields.
//!
//! A template comes from a repository's configuration, so it is hostile until compiled and may be hostile afterwards:
//! time, output and the memory of every intermediate value are bounded. No includes, no loaders, no environment.

use serde::Serialize;

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
    pub detail: Option<String>,
    /// 1-based line of the document.
    pub line: usize,
    /// Address of the item's lines at the commit that was read.
    pub url: Option<String>,
    /// As the document names them: `@login`, `@org/team` or a name.
    pub owners: Vec<String>,
    /// The first of `owners`.
    pub owner: Option<String>,
    /// `YYYY-MM-DD`.
    pub due: Option<String>,
    pub priority: Option<String>,
    /// `prevent`, `detect`, `mitigate` or `process`.
    pub category: Option<String>,
    pub area: Option<String>,
    pub group: Option<String>,
    /// `open`, `done` or `declined`.
    pub state: String,
}

/// `postmortem.…`: the document.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PostmortemContext {
    pub title: Option<String>,
    pub path: String,
    pub url: Option<String>,
    pub severity: Option<String>,
    /// Day of the incident.
    pub date: Option<String>,
    pub owner: Option<String>,
    pub status: Option<String>,
    pub impact: Option<String>,
    pub duration: Option<String>,
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

/// A template that compiles and names only variables there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    pub message: String,
    pub help: Option<String>,
}

impl Template {
    /// Compiles a template and checks its variables.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let _ = source;
        todo!()
    }

    /// `{{ item.text }}`
    pub const MAX_BYTES: usize = 16 * 1024;

    pub fn default_title() -> Self {
        Self { source: "{{ item.text }}".to_owned() }
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text as it comes out, line breaks kept, at most 60,000 bytes.
    pub fn render(&self, context: &Context) -> Result<String, TemplateError> {
        let _ = context;
        todo!()
    }

    /// One line: white space runs become one blank, at most 256 characters (GitHub's limit for an issue's title), an
    /// ellipsis where something was cut.
    pub fn render_line(&self, context: &Context) -> Result<String, TemplateError> {
        let _ = context;
        todo!()
    }
}
