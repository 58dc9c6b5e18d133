//! What rules see of a document: its parts, its passages of prose, and the words in them, made once in one pass over what
//! the reader parsed.
//!
//! A word keeps its bytes in the file and how it stands there: in code, in a link, in quotation marks. The patterns of the
//! language's lists ([`words`](super::words)) are found on the way, so a rule that looks for phrases costs nothing where
//! none stands.

use std::ops::Range;

use super::{
    Policy,
    words::{self, Lexicon, List, Lists, Step},
};
use crate::{
    postmortem::{
        Postmortem,
        markdown::{Block, BlockKind, Blocks, InlineKind},
        model::{ActionItem, Role},
        outline::{self, Outline},
        parse::{NotAnItem, Reading},
        words::plain,
    },
    settings::Profile,
    text::Span,
};

/// A document under review.
pub struct Subject<'d> {
    pub postmortem: &'d Postmortem,
    /// The file as given.
    pub text: &'d str,
    pub profile: Profile,
    /// The configuration gives a due date to items that say none.
    pub has_due: bool,
    /// What looks like an action item and was not read as one, with the reason: placeholders, for example.
    pub passed_over: &'d [NotAnItem],
    /// In document order; the first is what stands above the first heading.
    pub parts: Vec<Part<'d>>,
    /// Everything that reads as prose (headings, paragraphs, entries, cells), in document order.
    pub passages: Vec<Passage>,
    /// The HTML comments, in document order, with what stands inside. They are no passages: no reader sees them.
    pub comments: Vec<(Span, &'d str)>,
    /// The bytes of the front matter, its fences included; empty where there is none.
    pub front: Span,
    tokens: Vec<Token>,
    matches: Vec<Match>,
    /// The lists that `matches` are of.
    found: Lists,
    lexicon: &'static Lexicon,
}

/// A heading, or a label that serves as one, with what stands under it.
#[derive(Debug)]
pub struct Part<'d> {
    /// As plain text.
    pub heading: &'d str,
    /// What the heading itself says, or what it inherits from the heading above: `### Day 1` under `## Timeline`.
    pub role: Role,
    /// What the heading alone says.
    pub own_role: Role,
    /// 1 to 6, labels 7, above the first heading 0.
    pub level: u8,
    pub is_label: bool,
    /// The heading's bytes; empty above the first heading.
    pub span: Span,
    pub parent: Option<usize>,
    /// Whether anything stands under it: prose, code, a list, a further heading.
    pub is_filled: bool,
}

/// A stretch of prose: one heading, paragraph, list entry's paragraph or table cell.
#[derive(Debug)]
pub struct Passage {
    pub kind: PassageKind,
    /// The bytes of the prose.
    pub span: Span,
    /// The bytes of the list entry or table row it stands in, else the same.
    pub whole: Span,
    /// The part it stands in, by its place in [`Subject::parts`].
    pub part: usize,
    /// It stands in a block quote: somebody else's words.
    pub is_quoted: bool,
    tokens: Range<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassageKind {
    Heading,
    Paragraph,
    /// `depth` is 1 for entries of a list that stands in no other; `first`: no paragraph of the entry stands before it.
    Entry {
        depth: u8,
        first: bool,
    },
    /// `column` counts from 0.
    Cell {
        column: u16,
        head: bool,
    },
}

/// A word of a passage; a span of code is one word.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    start: u32,
    end: u32,
    word: u16,
    style: u8,
    /// What stands between it and the word before.
    pub gap: Gap,
}

/// What stands between two words. The strongest sign decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// White space, a hyphen, emphasis: a phrase goes on.
    Space,
    /// Anything without white space: `a/b`, `a.b`.
    Tight,
    Comma,
    Bracket,
    /// A dash, colon or semicolon: a new clause.
    Clause,
    /// The end of a sentence.
    Sentence,
    /// The first word of a passage.
    Start,
}

const CODE: u8 = 1;
const LINK: u8 = 2;
const QUOTED: u8 = 4;
const STRUCK: u8 = 8;
const MENTION: u8 = 16;
const CAPITAL: u8 = 32;
const BOLD: u8 = 64;

impl Token {
    /// Its bytes in the file.
    pub fn span(&self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }

    pub fn is_code(&self) -> bool {
        self.style & CODE != 0
    }

    pub fn is_link(&self) -> bool {
        self.style & LINK != 0
    }

    pub fn is_quoted(&self) -> bool {
        self.style & QUOTED != 0
    }

    /// It is struck through.
    pub fn is_struck(&self) -> bool {
        self.style & STRUCK != 0
    }

    /// An `@` stands right before it, as in `@login` and `@org/team` (then on `org`); its span leaves the `@` out.
    pub fn is_mention(&self) -> bool {
        self.style & MENTION != 0
    }

    /// It starts with a capital letter.
    pub fn is_capital(&self) -> bool {
        self.style & CAPITAL != 0
    }

    pub fn is_bold(&self) -> bool {
        self.style & BOLD != 0
    }

    /// The author's own words: neither code nor link nor quotation nor struck through.
    pub fn is_own(&self) -> bool {
        self.style & (CODE | LINK | QUOTED | STRUCK) == 0
    }

    /// It starts a sentence.
    pub fn starts_sentence(&self) -> bool {
        self.gap >= Gap::Sentence
    }
}

impl Step for Token {
    fn word(&self) -> u16 {
        self.word
    }

    fn continues(&self) -> bool {
        self.gap == Gap::Space && self.is_own()
    }
}

#[derive(Debug)]
struct Match {
    list: List,
    passage: u32,
    tokens: Range<u32>,
}

/// A place where a pattern of a list stands in the author's own words.
#[derive(Clone, Copy)]
pub struct Hit<'s, 'd> {
    subject: &'s Subject<'d>,
    found: &'s Match,
}

impl<'s, 'd> Hit<'s, 'd> {
    pub fn passage(&self) -> &'s Passage {
        &self.subject.passages[self.found.passage as usize]
    }

    pub fn part(&self) -> &'s Part<'d> {
        self.subject.part(self.passage())
    }

    pub fn role(&self) -> Role {
        self.part().role
    }

    /// Whether it stands in a heading, or in a label that serves as one.
    pub fn is_in_heading(&self) -> bool {
        let (passage, part) = (self.passage(), self.part());
        let label = part.span.start + part.heading.len() + 8;
        passage.kind == PassageKind::Heading
            || part.is_label && part.span.start == passage.span.start && self.span().start < label
    }

    /// The bytes of its words.
    pub fn span(&self) -> Span {
        span_of(self.words())
    }

    /// As written, on one line.
    pub fn text(&self) -> String {
        self.subject.one_line(self.span())
    }

    pub fn words(&self) -> &'s [Token] {
        &self.subject.tokens[self.found.tokens.start as usize..self.found.tokens.end as usize]
    }

    /// At most `count` words before it in the same sentence.
    pub fn before(&self, count: usize) -> &'s [Token] {
        let start = self.found.tokens.start as usize;
        let low = (self.passage().tokens.start as usize).max(start.saturating_sub(count));
        let words = &self.subject.tokens[low..start];
        // The word itself, or one before it, may start the sentence.
        if self.words().first().is_some_and(Token::starts_sentence) {
            return &[];
        }
        let from = words.iter().rposition(Token::starts_sentence).unwrap_or(0);
        &words[from..]
    }

    /// The bytes of its sentence; of a very long one, what stands around it.
    pub fn sentence(&self) -> Span {
        const FAR: usize = 60;
        let start = span_of(if self.before(FAR).is_empty() { self.words() } else { self.before(FAR) }).start;
        let end = span_of(if self.after(FAR).is_empty() { self.words() } else { self.after(FAR) }).end;
        Span::new(start, end.max(self.span().end))
    }

    /// At most `count` words after it in the same sentence.
    pub fn after(&self, count: usize) -> &'s [Token] {
        let end = self.found.tokens.end as usize;
        let high = (self.passage().tokens.end as usize).min(end + count);
        let words = &self.subject.tokens[end..high];
        let to = words.iter().position(Token::starts_sentence).unwrap_or(words.len());
        &words[..to]
    }
}

/// The bytes from the first to the last of `words`.
pub fn span_of(words: &[Token]) -> Span {
    let (first, last) = (words.first().map_or(0, |word| word.start), words.last().map_or(0, |word| word.end));
    Span::new(first as usize, last.max(first) as usize)
}

impl<'d> Subject<'d> {
    pub(super) fn new(reading: &'d Reading<'_>, policy: &Policy) -> Self {
        let lexicon = words::of(reading.postmortem.language);
        let mut subject = Self {
            postmortem: &reading.postmortem,
            text: reading.text,
            profile: policy.profile,
            has_due: reading.postmortem.metadata.severity.as_deref().is_some_and(|severity| policy.due.of(severity).is_some()),
            passed_over: &reading.passed_over,
            parts: parts(&reading.blocks, &reading.outline),
            passages: Vec::new(),
            comments: Vec::new(),
            front: reading.front,
            tokens: Vec::with_capacity(reading.text.len() / 6),
            matches: Vec::new(),
            found: Lists::default(),
            lexicon,
        };
        subject.take(&reading.blocks, &reading.outline);
        subject.find_patterns();
        subject
    }

    /// The words of a passage.
    pub fn words(&self, passage: &Passage) -> &[Token] {
        self.tokens.get(passage.tokens.start as usize..passage.tokens.end as usize).unwrap_or_default()
    }

    /// The words of text outside passages: of a comment, of front matter.
    pub fn words_at(&self, span: Span) -> Vec<Token> {
        let mut tokens = Vec::new();
        scan(self.source(span), span.start, 0, self.lexicon, &mut tokens, &mut Gap::Start, &mut None, 0);
        tokens
    }

    /// The sentences of a passage.
    pub fn sentences<'s>(&'s self, passage: &Passage) -> impl Iterator<Item = &'s [Token]> {
        let mut rest = self.words(passage);
        std::iter::from_fn(move || {
            let (_, others) = rest.split_first()?;
            let length = 1 + others.iter().position(Token::starts_sentence).unwrap_or(others.len());
            let (sentence, after) = rest.split_at(length);
            rest = after;
            Some(sentence)
        })
    }

    /// The passages of all parts with this role, headings included.
    pub fn passages_of(&self, role: Role) -> impl Iterator<Item = &Passage> {
        self.passages.iter().filter(move |passage| self.role(passage) == role)
    }

    pub fn part(&self, passage: &Passage) -> &Part<'d> {
        &self.parts[passage.part]
    }

    pub fn role(&self, passage: &Passage) -> Role {
        self.part(passage).role
    }

    /// Where a pattern of `list` stands in the author's own words, in document order. Classes have no hits: ask
    /// [`Subject::class`] about words.
    pub fn hits<'s>(&'s self, list: &str) -> impl Iterator<Item = Hit<'s, 'd>> {
        let list = self.list(list).filter(|&list| self.found.contains(list));
        let found = if list.is_some() { self.matches.as_slice() } else { &[] };
        found.iter().filter(move |found| Some(found.list) == list).map(|found| Hit { subject: self, found })
    }

    /// A question about words: whether phrases of `class` (such as `<person>`), or whole patterns of a list, stand there.
    pub fn class(&self, class: &str) -> Class {
        Class { lexicon: self.lexicon, list: self.list(class) }
    }

    /// Whether the document's language has the list or class.
    pub fn knows(&self, list: &str) -> bool {
        self.lexicon.list(list).is_some()
    }

    fn list(&self, name: &str) -> Option<List> {
        debug_assert!(words::of(Some("en")).list(name).is_some(), "words/en.txt has no {name}");
        self.lexicon.list(name)
    }

    /// The text of `span` as written.
    pub fn source(&self, span: Span) -> &'d str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Whether a passage is all in italics, as templates tell their writers what to write.
    pub fn is_prompt(&self, passage: &Passage) -> bool {
        let source = self.source(passage.span).trim();
        let marked =
            ['*', '_'].iter().any(|&mark| source.starts_with(mark) && source.trim_end_matches(['.', '?']).ends_with(mark));
        marked && !self.words(passage).first().is_some_and(Token::is_bold)
    }

    /// The text of `span` on one line, shortened to fit a message.
    pub fn one_line(&self, span: Span) -> String {
        self.one_line_of(self.source(span))
    }

    /// `text` on one line, shortened to fit a message.
    pub fn one_line_of(&self, text: &str) -> String {
        const LONGEST: usize = 80;
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", &line[..at]),
            None => line,
        }
    }

    /// Whether `word` is `text`, without regard to case.
    pub fn is(&self, word: &Token, text: &str) -> bool {
        self.source(word.span()).eq_ignore_ascii_case(text)
    }

    /// The passages that stand in `span`, such as those of an action item's list entry or row.
    pub fn passages_in(&self, span: Span) -> &[Passage] {
        let first = self.passages.partition_point(|passage| passage.span.start < span.start);
        let length = self.passages[first..].partition_point(|passage| passage.span.start < span.end);
        &self.passages[first..first + length]
    }

    /// The passages below `passage`.
    pub fn below(&self, passage: &Passage) -> &[Passage] {
        let first = self.passages.partition_point(|other| other.span.start <= passage.span.start);
        &self.passages[first..]
    }

    /// The words of an action item, from the first word of its text to the end of the passage that holds it. Empty where
    /// the text was put together from several places.
    pub fn item_words(&self, item: &ActionItem) -> &[Token] {
        let text = item.text.trim_start_matches(|c: char| !c.is_alphanumeric());
        // An item may be one line of a paragraph that starts above it.
        let before = self.passages.partition_point(|passage| passage.span.start < item.span.start);
        let around = before.checked_sub(1).and_then(|at| self.passages.get(at)).filter(|above| above.span.end > item.span.start);
        for passage in around.into_iter().chain(self.passages_in(item.span)) {
            let words = self.words(passage);
            let within = |offset: usize| words.partition_point(|word| (word.start as usize) < offset);
            let words = words.get(within(item.span.start)..within(item.span.end)).unwrap_or_default();
            let starts = |word: &Token| {
                let source = self.source(word.span());
                let source = if word.is_code() { source.trim_matches('`') } else { source };
                text.strip_prefix(source).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
            };
            if let Some(first) = words.iter().position(starts) {
                return &words[first..];
            }
        }
        &[]
    }

    /// Where to show what is about an action item as a whole: its own words, else its first line.
    pub fn item_span(&self, item: &ActionItem) -> Span {
        let words = self.first_sentence(self.item_words(item));
        if !words.is_empty() {
            return span_of(words);
        }
        let source = self.source(item.span);
        Span::new(item.span.start, item.span.start + source.lines().next().unwrap_or_default().trim_end().len())
    }

    /// `words` up to the end of their first sentence.
    pub fn first_sentence<'s>(&self, words: &'s [Token]) -> &'s [Token] {
        let end = words.iter().skip(1).position(Token::starts_sentence).map_or(words.len(), |at| at + 1);
        &words[..end]
    }

    /// Where to show what is about the whole document: its title, else its first words, else its start.
    pub fn title_span(&self) -> Span {
        let title = self.parts.iter().skip(1).find(|part| !part.is_label && part.level == 1).map(|part| part.span);
        let span = title.or_else(|| self.passages.first().map(|passage| passage.span)).unwrap_or(Span::new(0, 0));
        let line = self.source(span).lines().next().unwrap_or_default().trim_end();
        Span::new(span.start, span.start + line.len())
    }

    /// Walks the blocks, keeping what stands around each of them.
    fn take(&mut self, blocks: &Blocks<'_>, outline: &Outline) {
        let mut around: Vec<Around> = Vec::new();
        let (mut at, mut part, mut position) = (0, 0, 0);
        while let Some(block) = blocks.get(at) {
            while around.pop_if(|outer| outer.end <= at).is_some() {}
            if around.is_empty() {
                while outline.parts.get(part + 1).is_some_and(|next| starts_at(next, blocks, outline) <= position) {
                    part += 1;
                }
                position += 1;
            }
            match block.kind {
                BlockKind::Heading { .. } | BlockKind::Paragraph | BlockKind::Cell => self.passage(block, &mut around, part),
                BlockKind::Html => self.comments.extend(comments(self.text, block.span)),
                _ => around.push(Around { kind: block.kind, span: block.span, end: blocks.end(at), seen: 0 }),
            }
            at += 1;
        }
    }

    fn passage(&mut self, block: &Block<'_>, around: &mut [Around], part: usize) {
        let is_quoted = around.iter().any(|outer| outer.kind == BlockKind::Quote);
        let depth = around.iter().filter(|outer| matches!(outer.kind, BlockKind::Entry { .. })).count();
        let (mut whole, mut kind) = (block.span, PassageKind::Paragraph);
        match (block.kind, around.last_mut()) {
            (BlockKind::Heading { .. }, _) => kind = PassageKind::Heading,
            (_, Some(outer @ Around { kind: BlockKind::Entry { .. }, .. })) => {
                whole = outer.span;
                kind = PassageKind::Entry { depth: depth.min(255) as u8, first: outer.seen == 0 };
                outer.seen += 1;
            }
            (BlockKind::Cell, Some(outer)) => {
                whole = outer.span;
                kind = PassageKind::Cell { column: outer.seen, head: outer.kind == BlockKind::Row { head: true } };
                outer.seen = outer.seen.saturating_add(1);
            }
            _ => {}
        }
        for html in block.inlines.iter().filter(|inline| inline.kind == InlineKind::Html) {
            self.comments.extend(comments(self.text, html.span));
        }
        let first = self.tokens.len();
        tokenize(block, self.text, self.lexicon, &mut self.tokens);
        let tokens = first as u32..self.tokens.len() as u32;
        self.passages.push(Passage { kind, span: block.span, whole, part, is_quoted, tokens });
    }

    fn find_patterns(&mut self) {
        if self.lexicon.is_empty() {
            return;
        }
        for (index, passage) in self.passages.iter().enumerate().filter(|(_, passage)| !passage.is_quoted) {
            let words = &self.tokens[passage.tokens.start as usize..passage.tokens.end as usize];
            for (at, _) in words.iter().enumerate().filter(|(_, word)| word.word != 0 && word.is_own()) {
                let (first, start) = (self.matches.len(), passage.tokens.start + at as u32);
                self.lexicon.patterns_at(&words[at..], |list, length| {
                    let tokens = start..start + length as u32;
                    match self.matches[first..].iter_mut().find(|found| found.list == list) {
                        Some(found) => found.tokens.end = tokens.end.max(found.tokens.end),
                        None => {
                            self.found.insert(list);
                            self.matches.push(Match { list, passage: index as u32, tokens });
                        }
                    }
                });
            }
        }
    }
}

/// A list or class of the document's language, for asking about words.
#[derive(Clone, Copy)]
pub struct Class {
    lexicon: &'static Lexicon,
    list: Option<List>,
}

impl Class {
    /// Whether the word alone belongs to it.
    pub fn has(self, word: &Token) -> bool {
        self.list.is_some_and(|list| self.lexicon.has(word.word, list))
    }

    /// As [`has`](Self::has), for a part of a word.
    pub fn has_text(self, text: &str) -> bool {
        self.list.is_some_and(|list| self.lexicon.has(self.lexicon.id(text), list))
    }

    /// How many words the longest phrase of it takes that `words` start with.
    pub fn longest(self, words: &[Token]) -> Option<usize> {
        self.lexicon.longest(self.list?, words)
    }

    /// The first place in `words` where a phrase of it stands.
    pub fn find(self, words: &[Token]) -> Option<Range<usize>> {
        (0..words.len()).find_map(|at| self.longest(words.get(at..)?).map(|length| at..at + length))
    }

    /// Whether a phrase of it stands in `text`, which is no passage: the name of a group, for example.
    pub fn stands_in(self, text: &str) -> bool {
        let words: Vec<Plain> = text
            .split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'))
            .filter(|word| !word.is_empty())
            .map(|word| Plain(self.lexicon.id(word)))
            .collect();
        self.list.is_some_and(|list| (0..words.len()).any(|at| self.lexicon.longest(list, &words[at..]).is_some()))
    }

    /// Whether one of `words` belongs to it.
    pub fn any(self, words: &[Token]) -> bool {
        words.iter().any(|word| self.has(word))
    }
}

/// A word of a text without marks.
struct Plain(u16);

impl Step for Plain {
    fn word(&self) -> u16 {
        self.0
    }

    fn continues(&self) -> bool {
        true
    }
}

struct Around {
    kind: BlockKind,
    span: Span,
    end: usize,
    /// How many passages of it were seen.
    seen: u16,
}

/// The position, among the blocks directly in the document, of what opens the part: a heading stands right before the
/// part's body, a label whose paragraph goes on is the body's first block.
fn starts_at(part: &outline::Part, blocks: &Blocks<'_>, outline: &Outline) -> usize {
    let first = outline.top.get(part.body.start).and_then(|&index| blocks.get(index));
    let inline = first.is_some_and(|block| block.span.start == part.span.start);
    if inline { part.body.start } else { part.body.start.saturating_sub(1) }
}

fn parts<'d>(blocks: &Blocks<'_>, outline: &'d Outline) -> Vec<Part<'d>> {
    let mut parts: Vec<Part<'d>> = Vec::with_capacity(outline.parts.len());
    let mut parents = vec![None; outline.parts.len()];
    for (at, part) in outline.parts.iter().enumerate() {
        for &child in &part.children {
            if let Some(parent) = parents.get_mut(child) {
                *parent = Some(at);
            }
        }
    }
    for (part, parent) in outline.parts.iter().zip(parents) {
        let own_role = part.heading.role;
        let inherited = parent.and_then(|parent: usize| parts.get(parent)).map_or(Role::Other, |parent| parent.role);
        let under = outline.top.get(part.body.clone()).unwrap_or_default();
        let says = |&index: &usize| blocks.get(index).is_some_and(|block| block.kind != BlockKind::Html);
        parts.push(Part {
            heading: &part.heading.text,
            role: if own_role == Role::Other { inherited } else { own_role },
            own_role,
            level: part.level,
            is_label: part.is_label,
            span: part.span,
            parent,
            is_filled: !part.children.is_empty() || under.iter().any(says),
        });
    }
    parts
}

/// The HTML comments in `span`, each with its own bytes and what stands inside.
pub(super) fn comments(text: &str, span: Span) -> Vec<(Span, &str)> {
    let source = text.get(span.range()).unwrap_or_default();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = source.get(at..).and_then(|rest| rest.find("<!--")).map(|next| at + next) {
        let Some((inside, _)) = source.get(start + 4..).and_then(|rest| rest.split_once("-->")) else { break };
        at = start + 4 + inside.len() + 3;
        found.push((Span::new(span.start + start, span.start + at), inside));
    }
    found
}

/// Adds the words of a heading, paragraph or cell.
fn tokenize(block: &Block<'_>, text: &str, lexicon: &Lexicon, tokens: &mut Vec<Token>) {
    let first = tokens.len();
    let mut gap = Gap::Start;
    let mut quote: Option<(char, usize)> = None;
    for inline in &block.inlines {
        let style = (if inline.link.is_some() { LINK } else { 0 })
            | (if inline.strike { STRUCK } else { 0 })
            | (if inline.strong { BOLD } else { 0 });
        match inline.kind {
            InlineKind::Text => {
                let source = text.get(inline.span.range()).unwrap_or_default();
                scan(source, inline.span.start, style, lexicon, tokens, &mut gap, &mut quote, first);
            }
            InlineKind::Code => {
                let (start, end) = (inline.span.start as u32, inline.span.end as u32);
                tokens.push(Token { start, end, word: 0, style: style | CODE, gap: gap.max(Gap::Space) });
                gap = Gap::Space;
            }
            InlineKind::SoftBreak => gap = gap.max(Gap::Space),
            InlineKind::HardBreak => gap = gap.max(Gap::Sentence),
            InlineKind::Html if inline.text.get(..3).is_some_and(|tag| tag.eq_ignore_ascii_case("<br")) => {
                gap = gap.max(Gap::Sentence)
            }
            InlineKind::Html => {}
        }
    }
}

/// Adds the words of `source`, which stands at `offset` of the file.
#[allow(clippy::too_many_arguments, reason = "one loop over bytes, split from its caller to be read")]
fn scan(
    source: &str,
    offset: usize,
    style: u8,
    lexicon: &Lexicon,
    tokens: &mut Vec<Token>,
    gap: &mut Gap,
    quote: &mut Option<(char, usize)>,
    first: usize,
) {
    let bytes = source.as_bytes();
    let mut at = 0;
    let mut mention = false;
    while let Some(&byte) = bytes.get(at) {
        if byte == b' ' {
            // The most common of all that divides words.
            *gap = (*gap).max(Gap::Space);
            mention = false;
            at += 1;
            continue;
        }
        if byte.is_ascii_alphanumeric() || byte >= 0x80 {
            let plain = plain(bytes, at);
            let length = plain.map_or_else(|| word_length(source, at), |(_, end)| end - at);
            if length > 0 {
                let word = source.get(at..at + length).unwrap_or_default();
                let id = plain.map_or_else(|| lexicon.id(word), |(folded, _)| lexicon.id_of(folded));
                // Where a sentence goes on in lower case, the stop before it was an abbreviation's.
                if *gap == Gap::Sentence && byte.is_ascii_lowercase() && tokens.len() > first && ended_short(source, at) {
                    *gap = Gap::Tight;
                }
                let capital = byte.is_ascii_uppercase() || byte >= 0x80 && word.starts_with(char::is_uppercase);
                let capital = if capital { CAPITAL } else { 0 };
                let (start, end) = ((offset + at) as u32, (offset + at + length) as u32);
                let style = style | capital | if mention { MENTION } else { 0 };
                tokens.push(Token { start, end, word: id, style, gap: *gap });
                *gap = Gap::Space;
                mention = false;
                at += length;
                // What follows a word without white space is a gap of its own, until white space says otherwise.
                if bytes
                    .get(at)
                    .is_some_and(|next| matches!(next, b'/' | b'_' | b'\\' | b'=' | b'@' | b'.') && !ends_here(bytes, at))
                {
                    *gap = Gap::Tight;
                }
                if bytes.get(at..at + 3) == Some(b"://") {
                    at += url(bytes, at, tokens);
                }
                continue;
            }
        }
        let c = source.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        mention = c == '@'
            && at.checked_sub(1).and_then(|before| bytes.get(before)).is_none_or(|before| !before.is_ascii_alphanumeric());
        quoted(c, quote, tokens);
        let sign = match c {
            '.' | '!' | '?' if ends_here(bytes, at) => Gap::Sentence,
            '。' | '！' | '？' => Gap::Sentence,
            ',' | '，' | '、' => Gap::Comma,
            '(' | ')' | '[' | ']' | '（' | '）' => Gap::Bracket,
            ':' | ';' | '–' | '—' | '：' | '；' | '|' | '→' => Gap::Clause,
            '-' if at > 0 && bytes.get(at - 1) == Some(&b' ') => Gap::Clause,
            _ => Gap::Space,
        };
        *gap = (*gap).max(sign);
        at += c.len_utf8();
    }
}

/// The length of the word at `at`: letters, digits and combining marks, with apostrophes between them.
fn word_length(source: &str, at: usize) -> usize {
    let mut length = 0;
    for (offset, c) in source.get(at..).unwrap_or_default().char_indices() {
        if c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36F}') {
            length = offset + c.len_utf8();
        } else if length == 0 || !matches!(c, '\'' | '’' | 'ʼ') {
            break;
        }
    }
    length
}

/// Whether the punctuation at `at` stands at the end of a word or sentence: white space, a bracket, a quotation mark or nothing follows.
fn ends_here(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 1).is_none_or(|next| {
        next.is_ascii_whitespace() || matches!(next, b'"' | b'\'' | b')' | b'*' | b'_' | b'.' | b'!' | b'?') || *next >= 0x80
    })
}

/// Whether the word before `at` is one of few letters with a stop, such as `e.g.` or `approx.`.
fn ended_short(source: &str, at: usize) -> bool {
    let before = source.get(..at).unwrap_or_default().trim_end();
    let Some(before) = before.strip_suffix('.') else { return false };
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    word.contains('.') || word.len() <= 6
}

/// Marks the word before `at` as part of a URL and gives the length of what belongs to it.
fn url(bytes: &[u8], at: usize, tokens: &mut [Token]) -> usize {
    if let Some(scheme) = tokens.last_mut() {
        scheme.style |= LINK;
    }
    bytes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b')' | b'>' | b'|'))
        .count()
}

/// Notes a quotation mark; when it closes, what stands between is quoted.
fn quoted(c: char, quote: &mut Option<(char, usize)>, tokens: &mut [Token]) {
    let closing = match c {
        '"' => '"',
        '“' | '„' => '”',
        '«' => '»',
        '「' => '」',
        '”' | '»' | '」' => c,
        _ => return,
    };
    match quote {
        // German quotations end with the mark that opens English ones.
        Some((wanted, from)) if *wanted == c || *wanted == '”' && c == '“' => {
            tokens.iter_mut().skip(*from).for_each(|token| token.style |= QUOTED);
            *quote = None;
        }
        None => *quote = Some((closing, tokens.len())),
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postmortem::parse::{self, ReadOptions};

    /// What `show` makes of each word of the document's last passage.
    fn words(text: &str, show: impl Fn(&Subject<'_>, &Token) -> String) -> Vec<String> {
        let reading = parse::read(text.as_bytes(), &ReadOptions::default()).expect("a document");
        let subject = Subject::new(&reading, &Policy::default());
        let passage = subject.passages.last().expect("a passage");
        subject.words(passage).iter().map(|word| show(&subject, word)).collect()
    }

    #[test]
    fn words_know_how_they_stand() {
        let own = |text: &str| {
            words(text, |subject, word| if word.is_own() { subject.source(word.span()).to_owned() } else { "-".to_owned() })
                .join(" ")
        };
        assert_eq!(own("we didn’t **see** it"), "we didn’t see it");
        assert_eq!(own("ran `rm -rf x` [at the site](https://example.org) now"), "ran - - - - now");
        assert_eq!(own("see https://example.org/human-error, then"), "see - then");
        assert_eq!(own("they said \"we should have\" and “so on” ~~or not~~ there"), "they said - - - and - - - - there");
        assert_eq!(own("a 5\" disk"), "a 5 disk");
        assert_eq!(own("Sie sagte „wir hätten“ und ging"), "Sie sagte - - und ging");
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        let sentences = |text: &str| words(text, |_, word| if word.starts_sentence() { "|" } else { "." }.to_owned()).concat();
        assert_eq!(sentences("One two. Three, four! Five"), "|.|.|");
        assert_eq!(sentences("Some, e.g. this one, at v1.2.3 or a.md"), "|...........");
        assert_eq!(sentences("One  \ntwo<br>three"), "|||");
        assert_eq!(sentences("One\ntwo"), "|.");
    }

    #[test]
    fn passages_know_where_they_stand() {
        let text = "Intro\n\n## Timeline\n\n### Day 1\n\n- a\n\n  b\n  - c\n\n| t | e |\n|---|---|\n| x | y |\n\n> q\n\n**Impact:** all\n";
        let reading = parse::read(text.as_bytes(), &ReadOptions::default()).expect("a document");
        let subject = Subject::new(&reading, &Policy::default());
        let seen: Vec<String> = subject
            .passages
            .iter()
            .map(|passage| {
                format!(
                    "{} {:?} {:?}{}",
                    subject.one_line(passage.span),
                    passage.kind,
                    subject.role(passage),
                    if passage.is_quoted { " quoted" } else { "" }
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                "Intro Paragraph Other",
                "## Timeline Heading Timeline",
                "### Day 1 Heading Timeline",
                "a Entry { depth: 1, first: true } Timeline",
                "b Entry { depth: 1, first: false } Timeline",
                "c Entry { depth: 2, first: true } Timeline",
                "t Cell { column: 0, head: true } Timeline",
                "e Cell { column: 1, head: true } Timeline",
                "x Cell { column: 0, head: false } Timeline",
                "y Cell { column: 1, head: false } Timeline",
                "q Paragraph Timeline quoted",
                "**Impact:** all Paragraph Impact",
            ]
        );
    }
}
