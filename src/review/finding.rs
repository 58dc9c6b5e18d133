//! What a rule found, where, and what to do about it.

use crate::{
    settings::{Level, Place},
    text::{LineIndex, Span},
};

/// One thing that the document's words could do better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// Never [`Level::Off`].
    pub level: Level,
    /// The bytes of the file that the finding is about.
    pub span: Span,
    /// The same in lines and columns.
    pub place: Place,
    /// What is wrong, as a sentence about the words.
    pub message: String,
    /// What to do, as a sentence.
    pub help: Option<String>,
    /// A rewrite that is certain to keep the meaning.
    pub suggestion: Option<Suggestion>,
    /// It is about the whole document; `span` only says where to show it.
    pub whole_document: bool,
}

/// Text that takes the place of a stretch of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub span: Span,
    pub place: Place,
    pub replacement: String,
}

const NOWHERE: Place = Place { line: 1, column: 1, end_line: 1, end_column: 1 };

impl Finding {
    /// Says what to do, as a sentence.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Offers a rewrite. Only where it is certain: grammatical, same meaning, and without the finding afterwards.
    pub fn suggest(&mut self, span: Span, replacement: impl Into<String>) -> &mut Self {
        self.suggestion = Some(Suggestion { span, place: NOWHERE, replacement: replacement.into() });
        self
    }

    /// The finding is about the document as a whole, so an ignore anywhere in it counts.
    pub fn whole_document(&mut self) -> &mut Self {
        self.whole_document = true;
        self
    }

    pub(super) fn locate(&mut self, text: &str, lines: &LineIndex) {
        self.place = place(self.span, text, lines);
        if let Some(suggestion) = &mut self.suggestion {
            suggestion.place = place(suggestion.span, text, lines);
        }
    }
}

/// Where `span` is; an empty span is the one character that stands there.
fn place(span: Span, text: &str, lines: &LineIndex) -> Place {
    let last =
        text.get(span.range()).and_then(|part| part.char_indices().next_back()).map_or(span.start, |(at, _)| span.start + at);
    let ((line, column), (end_line, end_column)) = (lines.position(text, span.start), lines.position(text, last));
    Place { line, column, end_line, end_column }
}

/// Takes down what one rule finds.
#[derive(Debug)]
pub struct Findings {
    rule: &'static str,
    level: Level,
    pub(super) found: Vec<Finding>,
}

impl Findings {
    pub(super) fn new(rule: &'static str, level: Level) -> Self {
        Self { rule, level, found: Vec::new() }
    }

    /// Reports a finding at `span` of the file.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> &mut Finding {
        let at = self.found.len();
        self.found.push(Finding {
            rule: self.rule,
            level: self.level,
            span,
            place: NOWHERE,
            message: message.into(),
            help: None,
            suggestion: None,
            whole_document: false,
        });
        &mut self.found[at]
    }
}
