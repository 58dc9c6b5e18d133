//! Positions in a document, and edits to it.
//!
//! Everything Followthrough says about a document points back into the bytes the author wrote, so spans are byte
//! ranges of the file exactly as given (BOM and CRLF included) and are turned into lines and columns only at the
//! edge. The user's document is never re-serialised: edits touch single places of it.

/// A half-open byte range `start..end` of a document, on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end);
        Self { start, end }
    }

    pub fn range(self) -> std::ops::Range<usize> {
        self.start..self.end
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// Lines `first..=last`, 1-based and inclusive, as editors and GitHub count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lines {
    pub first: usize,
    pub last: usize,
}

/// Where the lines of a document start; turns byte offsets into 1-based lines and columns.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
    len: usize,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let starts =
            std::iter::once(0).chain(text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1)).collect();
        Self { starts, len: text.len() }
    }

    /// The 1-based line that holds the byte at `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset.min(self.len))
    }

    /// 1-based line and 1-based column in characters of the byte at `offset` of `text`.
    pub fn position(&self, text: &str, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.starts[line - 1];
        let end = offset.min(text.len());
        let column = text.get(start..end).map_or(end - start, |before| before.chars().count()) + 1;
        (line, column)
    }

    /// The lines that `span` touches; an empty span touches the line it stands on.
    pub fn lines(&self, span: Span) -> Lines {
        let first = self.line(span.start);
        let last = if span.is_empty() { first } else { self.line(span.end - 1) };
        Lines { first, last }
    }

    /// The bytes of `lines`, with the line break at their end.
    pub fn span(&self, lines: Lines) -> Span {
        let start = self.starts.get(lines.first.saturating_sub(1)).copied().unwrap_or(self.len);
        let end = self.starts.get(lines.last).copied().unwrap_or(self.len);
        Span::new(start, end.max(start))
    }
}
