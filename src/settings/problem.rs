//! What is wrong with a configuration file, said to the people who wrote it, and where.

use std::fmt;

use crate::text::{LineIndex, Lines, Span};

/// A stretch of a text file: lines and columns are 1-based and inclusive, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

impl Place {
    pub fn lines(self) -> Lines {
        Lines { first: self.line, last: self.end_line }
    }

    /// Where `span` of `text` is. An empty span is the one character that stands there.
    pub(super) fn of(span: Span, text: &str, index: &LineIndex) -> Self {
        let (line, column) = index.position(text, span.start);
        let last =
            text.get(span.range()).and_then(|part| part.char_indices().next_back()).map_or(span.start, |(at, _)| span.start + at);
        let (end_line, end_column) = index.position(text, last);
        Self { line, column, end_line, end_column }
    }
}

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// 1-based, inclusive.
    pub end_line: usize,
    /// 1-based, inclusive, in characters.
    pub end_column: usize,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to do, as a sentence.
    pub help: Option<String>,
}

impl Problem {
    pub fn new(place: Place, message: impl Into<String>, help: Option<String>) -> Self {
        let Place { line, column, end_line, end_column } = place;
        Self { line, column, end_line, end_column, message: message.into(), help }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " {help}"))
    }
}

/// Everything that is wrong with one file, in the order of its text. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}
