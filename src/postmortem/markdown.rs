//! The one file that knows the Markdown library.
//!
//! It turns a document into a flat list of blocks in document order, each with the bytes it covers and the number of
//! blocks inside it, so that everything after it walks slices: no tree to recurse through and none to drop, however
//! deep a hostile document nests. Nothing here knows what a postmortem is.

use std::{borrow::Cow, ops::Range, rc::Rc};

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::text::Span;

/// A document's blocks in document order; a block's descendants follow it directly.
#[derive(Debug)]
pub struct Blocks<'a> {
    blocks: Vec<Block<'a>>,
}

#[derive(Debug)]
pub struct Block<'a> {
    pub kind: BlockKind,
    /// The block's bytes in the document, without trailing white space.
    pub span: Span,
    /// Index of the first block after this one's descendants.
    end: usize,
    /// The text of a heading, paragraph or cell; empty for containers.
    pub inlines: Vec<Inline<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    Heading {
        level: u8,
    },
    /// Also the text of a tight list entry, which has no paragraph of its own in HTML.
    Paragraph,
    /// The first number, when the list is ordered.
    List {
        start: Option<u64>,
    },
    Entry {
        /// The byte between the brackets of `[ ]`, and whether it is ticked.
        checkbox: Option<(Span, bool)>,
    },
    Table,
    /// A table's row; the first one is its head.
    Row {
        head: bool,
    },
    Cell,
    Quote,
    Code,
    Html,
    Footnote,
}

/// A run of text in one style.
#[derive(Debug, Clone)]
pub struct Inline<'a> {
    pub kind: InlineKind,
    pub text: Cow<'a, str>,
    pub span: Span,
    /// Where the markup around the run ends, if it ends with the run: behind the `**` of `**done**`.
    pub outer_end: usize,
    pub strong: bool,
    pub strike: bool,
    /// Where the link goes that this run stands in.
    pub link: Option<Rc<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InlineKind {
    Text,
    Code,
    SoftBreak,
    HardBreak,
    /// A tag or a comment; its text is the source.
    Html,
}

impl<'a> Blocks<'a> {
    /// Reads `text` as GitHub does. Spans count from `offset`, for a document whose front matter was cut off.
    pub fn parse(text: &'a str, offset: usize) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_GFM;
        let blocks = Vec::with_capacity(text.len() / 64 + 8);
        let mut builder = Builder { text, offset, blocks, inlines: Vec::new(), open: Vec::new(), style: Style::default() };
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            builder.event(event, range);
        }
        builder.give_text();
        Self { blocks: builder.blocks }
    }

    pub fn get(&self, index: usize) -> Option<&Block<'a>> {
        self.blocks.get(index)
    }

    /// The blocks that stand directly in the document.
    pub fn top(&self) -> Siblings<'_, 'a> {
        Siblings { blocks: self, next: 0, end: self.blocks.len() }
    }

    /// The blocks that stand directly in the block at `index`.
    pub fn children(&self, index: usize) -> Siblings<'_, 'a> {
        Siblings { blocks: self, next: index + 1, end: self.end(index) }
    }

    /// The blocks inside the block at `index`, at any depth.
    pub fn descendants(&self, index: usize) -> &[Block<'a>] {
        self.blocks.get(index + 1..self.end(index)).unwrap_or_default()
    }

    /// Index of the first block after the descendants of the block at `index`.
    pub fn end(&self, index: usize) -> usize {
        self.blocks.get(index).map_or(index + 1, |block| block.end)
    }
}

/// Blocks side by side, with their indexes.
#[derive(Clone)]
pub struct Siblings<'b, 'a> {
    blocks: &'b Blocks<'a>,
    next: usize,
    end: usize,
}

impl<'b, 'a> Iterator for Siblings<'b, 'a> {
    type Item = (usize, &'b Block<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let index = self.next;
        let block = self.blocks.blocks.get(index)?;
        self.next = block.end;
        Some((index, block))
    }
}

struct Builder<'a> {
    text: &'a str,
    offset: usize,
    blocks: Vec<Block<'a>>,
    /// The text of the innermost open block so far.
    inlines: Vec<Inline<'a>>,
    /// The blocks that are not closed yet, outermost first.
    open: Vec<usize>,
    style: Style,
}

#[derive(Default)]
struct Style {
    strong: usize,
    strike: usize,
    /// Inside an image its alternative text is not text of the document.
    image: usize,
    link: Option<Rc<str>>,
}

impl<'a> Builder<'a> {
    fn event(&mut self, event: Event<'a>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) => self.inline(InlineKind::Text, text, range),
            Event::Code(code) => self.inline(InlineKind::Code, code, range),
            Event::SoftBreak => self.inline(InlineKind::SoftBreak, CowStr::Borrowed("\n"), range),
            Event::HardBreak => self.inline(InlineKind::HardBreak, CowStr::Borrowed("\n"), range),
            Event::InlineHtml(html) => self.inline(InlineKind::Html, html, range),
            Event::TaskListMarker(done) => self.checkbox(range, done),
            Event::Html(_) | Event::FootnoteReference(_) | Event::Rule | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'a>, range: Range<usize>) {
        let kind = match tag {
            Tag::Heading { level, .. } => BlockKind::Heading { level: level as u8 },
            Tag::Paragraph => BlockKind::Paragraph,
            Tag::List(start) => BlockKind::List { start },
            Tag::Item => BlockKind::Entry { checkbox: None },
            Tag::Table(_) => BlockKind::Table,
            Tag::TableHead => BlockKind::Row { head: true },
            Tag::TableRow => BlockKind::Row { head: false },
            Tag::TableCell => BlockKind::Cell,
            Tag::BlockQuote(_) => BlockKind::Quote,
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => BlockKind::Code,
            Tag::HtmlBlock => BlockKind::Html,
            Tag::FootnoteDefinition(_) => BlockKind::Footnote,
            Tag::Strong => return self.style.strong += 1,
            Tag::Strikethrough => return self.style.strike += 1,
            Tag::Image { .. } => return self.style.image += 1,
            Tag::Link { dest_url, .. } => return self.style.link = Some(Rc::from(&*dest_url)),
            // Emphasis alone means nothing to the reader; the rest is not switched on.
            _ => return,
        };
        self.close_tight_text();
        self.open(kind, range);
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        if let TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Emphasis | TagEnd::Link = tag {
            self.enclose(range);
        }
        match tag {
            TagEnd::Strong => self.style.strong = self.style.strong.saturating_sub(1),
            TagEnd::Strikethrough => self.style.strike = self.style.strike.saturating_sub(1),
            TagEnd::Image => self.style.image = self.style.image.saturating_sub(1),
            TagEnd::Link => self.style.link = None,
            TagEnd::Item => {
                self.close_tight_text();
                self.close();
            }
            TagEnd::Heading(_)
            | TagEnd::Paragraph
            | TagEnd::List(_)
            | TagEnd::Table
            | TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::TableCell
            | TagEnd::BlockQuote(_)
            | TagEnd::CodeBlock
            | TagEnd::HtmlBlock
            | TagEnd::FootnoteDefinition => self.close(),
            _ => {}
        }
    }

    fn inline(&mut self, kind: InlineKind, text: CowStr<'a>, range: Range<usize>) {
        if self.style.image > 0 {
            return;
        }
        match self.innermost() {
            Some(BlockKind::Code | BlockKind::Html) => return,
            Some(BlockKind::Heading { .. } | BlockKind::Paragraph | BlockKind::Cell) => {}
            // The text of a tight entry comes without a paragraph around it.
            _ => self.open(BlockKind::Paragraph, range.clone()),
        }
        let span = self.span(range);
        let (strong, strike, link) = (self.style.strong > 0, self.style.strike > 0, self.style.link.clone());
        let Some(block) = self.open.last().and_then(|&index| self.blocks.get_mut(index)) else { return };
        block.span.end = block.span.end.max(span.end);
        self.inlines.push(Inline { kind, text: cow(text), span, outer_end: span.end, strong, strike, link });
    }

    /// Notes that the markup at `range` ends with the last run.
    fn enclose(&mut self, range: Range<usize>) {
        let (start, end) = (self.offset + range.start, self.offset + range.end);
        let Some(block) = self.open.last().and_then(|&index| self.blocks.get_mut(index)) else { return };
        if let Some(last) = self.inlines.last_mut().filter(|last| start <= last.span.start && last.span.end <= end) {
            last.outer_end = last.outer_end.max(end);
            block.span.end = block.span.end.max(end);
        }
    }

    fn checkbox(&mut self, range: Range<usize>, done: bool) {
        // The range covers `[ ]`, perhaps with white space: the box is the byte after the bracket.
        let Some(bracket) = self.text.get(range.clone()).and_then(|source| source.find('[')) else { return };
        let inside = self.offset + range.start + bracket + 1;
        let mark = Span::new(inside, inside + 1);
        // In a loose list the marker stands in the entry's first paragraph.
        for &index in self.open.iter().rev().take(2) {
            if let Some(Block { kind: BlockKind::Entry { checkbox }, .. }) = self.blocks.get_mut(index) {
                *checkbox = Some((mark, done));
                return;
            }
        }
    }

    fn innermost(&self) -> Option<BlockKind> {
        self.open.last().and_then(|&index| self.blocks.get(index)).map(|block| block.kind)
    }

    /// Ends the paragraph that a tight entry's text opened.
    fn close_tight_text(&mut self) {
        if self.innermost() == Some(BlockKind::Paragraph) {
            self.close();
        }
    }

    fn open(&mut self, kind: BlockKind, range: Range<usize>) {
        self.open.push(self.blocks.len());
        let span = self.span(range);
        self.blocks.push(Block { kind, span, end: usize::MAX, inlines: Vec::new() });
    }

    fn close(&mut self) {
        self.give_text();
        let end = self.blocks.len();
        if let Some(block) = self.open.pop().and_then(|index| self.blocks.get_mut(index)) {
            block.end = end;
        }
    }

    /// Gives the innermost open block its text.
    fn give_text(&mut self) {
        if self.inlines.is_empty() {
            return;
        }
        if let Some(block) = self.open.last().and_then(|&index| self.blocks.get_mut(index)) {
            block.inlines = self.inlines.drain(..).collect();
        }
    }

    /// `range` in the whole document, without trailing white space.
    fn span(&self, range: Range<usize>) -> Span {
        let kept = self.text.get(range.clone()).map_or(range.end, |source| range.start + source.trim_end().len());
        Span::new(self.offset + range.start, self.offset + kept.max(range.start))
    }
}

fn cow(text: CowStr<'_>) -> Cow<'_, str> {
    match text {
        CowStr::Borrowed(text) => Cow::Borrowed(text),
        owned => Cow::Owned(owned.into_string()),
    }
}
