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

/// Puts `text` in the place of the bytes of `span`; an empty span only inserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// `source` with all edits made. Every span counts in `source` as it is (which is what applying edits from right to left
/// means), so their order matters only where two insert at the same place. `None` when one lies outside or two overlap.
pub fn edited(source: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.span);
    let mut out = String::with_capacity(source.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in sorted {
        out.push_str(source.get(at..edit.span.start)?);
        out.push_str(&edit.text);
        source.get(edit.span.range())?;
        at = edit.span.end;
    }
    out.push_str(source.get(at..)?);
    Some(out)
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
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
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
