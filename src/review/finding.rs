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

    /// Lowers the level, for what one rule says with less weight than the rest.
    pub fn at_most(&mut self, level: Level) -> &mut Self {
        self.level = self.level.min(level);
        self
    }

    /// The finding is about the document as a whole, so an ignore anywhere in it counts.
    pub fn whole_document(&mut self) -> &mut Self {
        self.whole_document = true;
        self
    }

    pub(super) fn locate(&mut self, places: &mut Places<'_>) {
        self.place = places.of(self.span);
        if let Some(suggestion) = &mut self.suggestion {
            suggestion.place = places.of(suggestion.span);
        }
    }
}

/// Turns spans into places. Counts characters from the last place asked for, so that many findings in one long line cost no
/// more than the line.
pub(super) struct Places<'t> {
    text: &'t str,
    lines: &'t LineIndex,
    /// Offset, line and column.
    last: (usize, usize, usize),
}

impl<'t> Places<'t> {
    pub fn new(text: &'t str, lines: &'t LineIndex) -> Self {
        Self { text, lines, last: (0, 1, 1) }
    }

    /// Where `span` is; an empty span is the one character that stands there.
    pub fn of(&mut self, span: Span) -> Place {
        let source = self.text.get(span.range()).unwrap_or_default();
        let last = source.char_indices().next_back().map_or(span.start, |(at, _)| span.start + at);
        let ((line, column), (end_line, end_column)) = (self.position(span.start), self.position(last));
        Place { line, column, end_line, end_column }
    }

    fn position(&mut self, offset: usize) -> (usize, usize) {
        let (from, last_line, last_column) = self.last;
        let line = self.lines.line(offset);
        let count = |range: std::ops::Range<usize>| self.text.get(range).map_or(0, |between| between.chars().count());
        let column = match line == last_line {
            true if offset >= from => last_column + count(from..offset),
            true => last_column - count(offset..from),
            false => self.lines.position(self.text, offset).1,
        };
        self.last = (offset, line, column);
        (line, column)
    }
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
