//! The text of one heading, paragraph or cell: inline formatting flattened, but remembered beside it.
//!
//! The readers of fields *claim* the ranges that are metadata (a mark, an owner, a link to a ticket); what nobody claimed
//! is what the author said.

use std::{borrow::Cow, cell::OnceCell, ops::Range, rc::Rc};

use super::fields::{Group, references};
use super::markdown::{Inline, InlineKind};
use super::model::Reference;
use super::words::{self, Lists, Word, words};

/// Longest text that fields are read from, in bytes. The rest of a longer paragraph is detail.
const MAX_TEXT: usize = 8 * 1024;

/// How many links at the end of a text are set aside.
const MAX_ASIDE: usize = 16;

#[derive(Debug, Clone, Default)]
pub struct Prose {
    /// Plain text; line breaks of the source (and `<br>`) are `\n`.
    pub text: String,
    pub marks: Vec<Mark>,
    /// The stretches of code, in order.
    code: Vec<Range<usize>>,
    words: OnceCell<Vec<Word>>,
    lists: OnceCell<Lists>,
    bytes: OnceCell<Bytes>,
    groups: OnceCell<Vec<Group>>,
    /// Where pieces of the text come from: offset in `text`, offset in the document, whether both run in step.
    origins: Vec<(usize, usize, bool)>,
    /// Where the text ends in the document, with the markup around its last words and with what is set aside.
    pub end: Option<usize>,
    /// What the link-back form at the end points at; it is no part of the text.
    pub aside: Vec<Reference>,
    /// Where the text ends in the document when something is set aside.
    pub aside_start: Option<usize>,
}

/// A set of ASCII bytes, perhaps with all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bytes {
    ascii: u128,
    others: bool,
}

impl Bytes {
    pub const fn of(ascii: &[u8]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < ascii.len() {
            bits |= 1 << (ascii[at] & 127);
            at += 1;
        }
        Self { ascii: bits, others: false }
    }

    fn in_text(text: &str) -> Self {
        // Two halves: shifting one word is a single instruction.
        let (mut low, mut high, mut all) = (0_u64, 0_u64, 0_u8);
        for byte in text.bytes() {
            let bit = 1_u64 << (byte & 63);
            if byte & 64 == 0 {
                low |= bit
            } else {
                high |= bit
            }
            all |= byte;
        }
        Self { ascii: u128::from(high) << 64 | u128::from(low), others: all >= 128 }
    }
}

/// A stretch of the text in one style.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub range: Range<usize>,
    pub style: Style,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Style {
    Strong,
    Strike,
    Code,
    Link(Rc<str>),
}

impl Prose {
    pub fn new(inlines: &[Inline<'_>]) -> Self {
        let length: usize = inlines.iter().map(|inline| inline.text.len()).sum();
        let mut prose = Self {
            text: String::with_capacity(length.min(MAX_TEXT)),
            origins: Vec::with_capacity(inlines.len().min(64)),
            ..Self::default()
        };
        for inline in inlines {
            if prose.text.len() >= MAX_TEXT {
                break;
            }
            prose.push(inline);
        }
        prose.end = inlines.iter().rev().find_map(end_of);
        prose
    }

    /// The text of what may be an item: links in the form that link-back writes, ` (#12)` at the end, are set aside, so that
    /// everything else is read as if they were not there.
    pub fn of_item(inlines: &[Inline<'_>]) -> Self {
        let mut prose = Self::new(inlines);
        for _ in 0..MAX_ASIDE {
            let Some((kept, bracket, reference)) = references::at_end(&prose) else { break };
            prose.aside_start = prose.origin(bracket);
            prose.truncate(kept);
            if !prose.aside.contains(&reference) {
                prose.aside.insert(0, reference);
            }
        }
        prose
    }

    fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
        self.code.retain(|code| code.start < length);
        self.marks.retain(|mark| mark.range.start < length);
        for mark in &mut self.marks {
            mark.range.end = mark.range.end.min(length);
        }
        self.words = OnceCell::new();
        self.groups = OnceCell::new();
    }

    /// Text without any formatting, for what is not Markdown.
    pub fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    fn push(&mut self, inline: &Inline<'_>) {
        let start = self.text.len();
        match inline.kind {
            InlineKind::Html if is_line_break(&inline.text) => self.text.push('\n'),
            InlineKind::Html => return,
            _ => {
                let room = MAX_TEXT.saturating_sub(start).max(1);
                self.text.push_str(&inline.text[..inline.text.floor_char_boundary(room)]);
            }
        }
        self.origins.push((start, inline.span.start, inline.text.len() == inline.span.end - inline.span.start));
        let range = start..self.text.len();
        if inline.kind == InlineKind::Code {
            self.code.push(range.clone());
            self.mark(range.clone(), Style::Code);
        }
        if inline.strong {
            self.mark(range.clone(), Style::Strong);
        }
        if inline.strike {
            self.mark(range.clone(), Style::Strike);
        }
        if let Some(link) = &inline.link {
            self.mark(range, Style::Link(Rc::clone(link)));
        }
    }

    /// Notes a style, lengthening the mark it continues.
    fn mark(&mut self, range: Range<usize>, style: Style) {
        match self.marks.iter_mut().rev().take(4).find(|mark| mark.range.end == range.start && mark.style == style) {
            Some(mark) if style != Style::Code => mark.range.end = range.end,
            _ => self.marks.push(Mark { range, style }),
        }
    }

    /// The words of the text, found when first asked for.
    pub fn words(&self) -> &[Word] {
        self.words.get_or_init(|| words(&self.text))
    }

    /// Whether one of `bytes` may stand in the text, or a character like it that is not ASCII: for passing over what a
    /// text cannot say at little cost.
    pub fn may_hold(&self, bytes: Bytes) -> bool {
        let held = self.bytes.get_or_init(|| Bytes::in_text(&self.text));
        held.others || held.ascii & bytes.ascii != 0
    }

    /// Whether a phrase of one of `lists` may stand in the text.
    pub fn mentions(&self, lists: Lists) -> bool {
        self.lists.get_or_init(|| Lists::in_words(self.words())).has_any(lists)
    }

    /// The words that lie within `range`.
    pub fn words_in(&self, range: Range<usize>) -> &[Word] {
        let words = self.words();
        let first = words.partition_point(|word| word.range().start < range.start);
        let last = words.partition_point(|word| word.range().end <= range.end);
        words.get(first..last).unwrap_or_default()
    }

    /// The same without the words found in it, for keeping.
    pub fn at_rest(mut self) -> Self {
        self.words = OnceCell::new();
        self.lists = OnceCell::new();
        self.groups = OnceCell::new();
        self
    }

    /// The bracketed groups of the text, which `find` finds when they are first asked for.
    pub fn groups(&self, find: impl FnOnce(&Self) -> Vec<Group>) -> &[Group] {
        self.groups.get_or_init(|| find(self))
    }

    /// The same text with everything before `end` blanked, so that offsets stay what they are.
    pub fn blanked_to(&self, end: usize) -> Self {
        let mut kept = self.clone();
        kept.text.replace_range(..end, &" ".repeat(end));
        kept.words = OnceCell::new();
        kept.lists = OnceCell::new();
        kept.bytes = OnceCell::new();
        kept.groups = OnceCell::new();
        kept.marks.retain(|mark| mark.range.end > end);
        for mark in &mut kept.marks {
            mark.range.start = mark.range.start.max(end);
        }
        kept
    }

    pub fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub fn in_code(&self, at: usize) -> bool {
        let before = self.code.partition_point(|code| code.start <= at);
        before.checked_sub(1).and_then(|last| self.code.get(last)).is_some_and(|code| code.contains(&at))
    }

    /// The range of the bold (or linked bold) text that the text starts with.
    pub fn bold_lead(&self) -> Option<Range<usize>> {
        let start = self.text.len() - self.text.trim_start().len();
        let lead = self.marks.iter().find(|mark| mark.style == Style::Strong && mark.range.start <= start)?;
        (lead.range.end > start).then_some(start..lead.range.end)
    }

    /// Whether everything but punctuation and white space is bold.
    pub fn is_all_bold(&self) -> bool {
        self.is_all(Style::Strong)
    }

    /// Whether everything but punctuation and white space is struck through.
    pub fn is_all_struck(&self) -> bool {
        self.is_all(Style::Strike)
    }

    fn is_all(&self, style: Style) -> bool {
        self.marks.iter().any(|mark| mark.style == style)
            && !self.words().is_empty()
            && self.words().iter().all(|word| self.has(&word.range(), &style))
    }

    fn has(&self, range: &Range<usize>, style: &Style) -> bool {
        self.marks.iter().any(|mark| mark.style == *style && mark.range.start <= range.start && range.end <= mark.range.end)
    }

    pub fn links(&self) -> impl Iterator<Item = (&Range<usize>, &Rc<str>)> {
        self.marks.iter().filter_map(|mark| match &mark.style {
            Style::Link(url) => Some((&mark.range, url)),
            _ => None,
        })
    }

    /// Where in the document the text at `offset` stands.
    pub fn origin(&self, offset: usize) -> Option<usize> {
        let at = self.origins.partition_point(|&(start, _, _)| start <= offset).checked_sub(1)?;
        let &(start, source, in_step) = self.origins.get(at)?;
        Some(if in_step { source + (offset - start) } else { source })
    }

    /// The text as one line without the claimed ranges.
    pub fn without(&self, claims: &[Range<usize>]) -> String {
        tidy(&self.cut(0..self.text.len(), claims))
    }

    /// The text of `range` without the claimed ranges, otherwise untouched.
    pub fn cut(&self, range: Range<usize>, claims: &[Range<usize>]) -> Cow<'_, str> {
        let mut sorted: Vec<_> = claims.iter().filter(|claim| claim.start < range.end && claim.end > range.start).collect();
        if sorted.is_empty() {
            return Cow::Borrowed(self.slice(range));
        }
        sorted.sort_by_key(|claim| claim.start);
        let (mut kept, mut at) = (String::with_capacity(range.len()), range.start);
        for claim in sorted {
            if claim.start > at {
                kept.push_str(self.slice(at..claim.start));
            }
            if claim.end > at {
                // What stood apart stays apart.
                kept.push(' ');
                at = claim.end;
            }
        }
        kept.push_str(self.slice(at.min(range.end)..range.end));
        Cow::Owned(kept)
    }
}

/// Whether the text of `inlines` may start with a phrase of one of `lists`: for passing over most texts unread.
pub fn may_start(inlines: &[Inline<'_>], lists: Lists) -> bool {
    let Some(first) = inlines.iter().find(|inline| inline.kind != InlineKind::Html) else { return false };
    // The last word may go on in the next run.
    first.text.rfind(' ').is_none_or(|end| words::may_start(&first.text[..end], lists))
}

/// As [`may_start`], for any line of the text and what stands behind pipes.
pub fn may_start_line(inlines: &[Inline<'_>], lists: Lists) -> bool {
    inlines.split(|inline| !matches!(inline.kind, InlineKind::Text | InlineKind::Code)).any(|line| {
        // What is no slice of the source may hold a line break that was written as an entity.
        may_start(line, lists) || line.iter().any(|inline| matches!(inline.text, Cow::Owned(_)) || inline.text.contains('|'))
    })
}

/// Where a run of text ends in the document, if it is more than white space.
fn end_of(inline: &Inline<'_>) -> Option<usize> {
    let kept = inline.text.trim_end().len();
    let in_step = inline.outer_end == inline.span.end && inline.text.len() == inline.span.end - inline.span.start;
    (kept > 0).then(|| if in_step { inline.span.start + kept } else { inline.outer_end })
}

fn is_line_break(tag: &str) -> bool {
    let tag = tag.trim_matches(['<', '>', '/', ' ']);
    tag.eq_ignore_ascii_case("br")
}

/// One line of plain text: white space folded, empty brackets and dangling separators gone.
pub fn tidy(text: &str) -> String {
    if is_tidy(text) {
        return without_separators(text).to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let closes = !word.as_bytes()[0].is_ascii_alphanumeric()
            && word.starts_with(['.', ',', ';', ':', ')', ']', '!', '?', '。', '、', '，'])
            && !word.starts_with("..");
        let closes = closes && word.chars().nth(1).is_none_or(|next| !next.is_alphanumeric());
        if !out.is_empty() && !closes && !out.ends_with(['(', '[', '（']) {
            out.push(' ');
        }
        out.push_str(word);
        if !out.ends_with([')', ']', '}', '）']) {
            continue;
        }
        for empty in ["()", "[]", "{}", "（）"] {
            // Only brackets that a claim emptied: those stood apart in the text.
            if word != empty && out.ends_with(empty) && word.len() < empty.len() {
                out.truncate(out.len() - empty.len());
                out.truncate(out.trim_end().len());
            }
        }
    }
    without_separators(&out).to_owned()
}

/// Whether nothing inside the text would be changed: most texts are plain sentences.
fn is_tidy(text: &str) -> bool {
    let mut previous = b'a';
    for byte in text.bytes() {
        let changes = match byte {
            b' ' | b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b']' => previous == b' ',
            b'(' | b'[' | b'{' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c' | 0x80.. => true,
            _ => false,
        };
        if changes {
            return false;
        }
        previous = byte;
    }
    true
}

/// `text` without separators around it.
fn without_separators(text: &str) -> &str {
    let separators = |c: char| c.is_whitespace() || "-–—:;,|·•→：，；、".contains(c);
    // A leading dash of an option such as `--verbose` belongs to it.
    let flag = text.trim_start_matches(|c: char| separators(c) && c != '-');
    if flag.starts_with("--") && flag[2..].starts_with(char::is_alphanumeric) {
        flag.trim_end_matches(separators)
    } else {
        text.trim_matches(separators)
    }
}
