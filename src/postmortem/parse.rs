//! The reader's front door: bytes of a file in, a [`Postmortem`] or one clear error out.
//!
//! The way of a document: bytes are checked to be text, front matter is cut off, the rest becomes blocks
//! (`markdown`), headings make parts of them (`outline`), the parts that announce
//! action items give items (`items`), and each item's text gives its fields
//! (`fields`). What words mean is data (`words`).

use super::fields::{Context, dates};
use super::items::{self, Source};
use super::markdown::Blocks;
use super::model::{Kind, Postmortem};
use super::outline::Outline;
use super::words::{Folded, List, Word, folded, words};
use super::{facts, front_matter, language};
use crate::text::{LineIndex, Lines, Span};

/// The largest document that is read, in bytes: forty times the largest real postmortem seen, as much as GitHub gives of a file in one answer, and little
/// enough that no document can take a server's memory or minutes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// How deep lists and quotes may nest, as far as a line's own markers and indentation tell. People stop at ten; Markdown
/// libraries take time quadratic in the depth.
pub const MAX_NESTING: usize = 200;

/// How much of a document tells its language and what it speaks of, in bytes.
const SAMPLE: usize = 1500;

/// What a repository's configuration adds to the reader's own knowledge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// More headings that hold action items (`documents.headings`), compared without regard to case and decoration.
    pub headings: Vec<String>,
}

/// The file is not a text that could hold a document. The only way that reading fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    #[error("the file has {bytes} bytes; documents are read up to {MAX_BYTES} bytes")]
    TooLarge { bytes: usize },
    #[error("the file is UTF-16; save it as UTF-8 to have it read")]
    Utf16,
    #[error("the file is not UTF-8 text: line {line} holds an invalid byte (offset {offset})")]
    NotUtf8 { offset: usize, line: usize },
    #[error("line {line} nests lists or quotes more than {MAX_NESTING} deep")]
    TooDeep { line: usize },
    #[error("the file is binary: line {line} holds a NUL byte (offset {offset})")]
    Binary { offset: usize, line: usize },
}

/// Why an entry that only a template would write is no item.
pub const PLACEHOLDER: &str = "a placeholder of the template";

/// Something that looks like an action item and was deliberately not read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnItem {
    pub lines: Lines,
    /// The entry as plain text.
    pub text: String,
    /// Why, as half a sentence: `a placeholder of the template`.
    pub reason: &'static str,
}

/// Reads the document in `bytes`.
pub fn parse(bytes: &[u8], options: &ReadOptions) -> Result<Postmortem, NotText> {
    explain(bytes, options).map(|(postmortem, _)| postmortem)
}

/// As [`parse`], and what was deliberately not read as an item, in document order.
pub fn explain(bytes: &[u8], options: &ReadOptions) -> Result<(Postmortem, Vec<NotAnItem>), NotText> {
    read(bytes, options).map(|reading| (reading.postmortem, reading.passed_over))
}

/// A document read, with the parsed text that the reading was made from, for whoever looks at the words again.
pub(crate) struct Reading<'a> {
    pub postmortem: Postmortem,
    pub passed_over: Vec<NotAnItem>,
    pub text: &'a str,
    /// The bytes of the front matter, its fences included.
    pub front: Span,
    pub lines: LineIndex,
    pub blocks: Blocks<'a>,
    pub outline: Outline,
}

/// As [`explain`], with everything that was parsed on the way.
pub(crate) fn read<'a>(bytes: &'a [u8], options: &ReadOptions) -> Result<Reading<'a>, NotText> {
    let text = text_of(bytes)?;
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let front = front_matter::parse(&text[start..]);
    let body = start + front.end;
    let blocks = Blocks::parse(&text[body..], body);
    let lines = LineIndex::new(text);
    let more: Vec<Vec<Folded>> =
        options.headings.iter().map(|heading| folded(heading)).filter(|heading| !heading.is_empty()).collect();
    let outline = Outline::new(&blocks, &more);

    let sample = &text[body..body + text[body..].floor_char_boundary(SAMPLE)];
    let mut opening = words(sample);
    // The `com` of an address is no Portuguese, its `issues` are no incident.
    opening.retain(|word| !sample[..word.range().start].ends_with(['.', '/']));
    let language = language::detect(sample, &opening);
    let day_first = language.is_some_and(|language| !matches!(language, "en" | "ja" | "zh" | "ko"));
    let title = facts::title(&front, &outline);
    let metadata = facts::metadata(&front, &blocks, &outline, day_first);
    let participants = facts::participants(&front, &blocks, &outline);
    let anchor = metadata.date.as_deref().and_then(|date| dates::absolute(date, day_first));
    let anchor = anchor.or_else(|| dates::absolute(title.as_deref()?, day_first));
    let people = participants.iter().flat_map(|name| people_words(name)).collect();
    let context = Context { people, anchor, day_first };

    let source = Source { text, lines: &lines, blocks: &blocks, outline: &outline, context: &context, more: &more };
    let mut found = items::read(&source);
    let is_template =
        facts::is_template(&words(title.as_deref().unwrap_or_default())) || facts::is_noted_as_template(text, &blocks);
    if is_template {
        let items = found.items.drain(..);
        found.passed_over.extend(items.map(|item| NotAnItem {
            lines: item.lines,
            text: item.text,
            reason: "the document is a template",
        }));
        found.passed_over.sort_by_key(|passed| passed.lines.first);
    }
    let kind = if is_template {
        Kind::Other
    } else {
        facts::kind(title.as_deref(), &outline, &front, &opening, !found.items.is_empty())
    };
    let postmortem = Postmortem {
        kind,
        title,
        language,
        metadata,
        participants,
        summary: facts::summary(&blocks, &outline),
        sections: outline.sections(&blocks, &lines),
        action_items: found.items,
    };
    Ok(Reading { postmortem, passed_over: found.passed_over, text, front: Span::new(start, body), lines, blocks, outline })
}

/// The folded words by which a person may be called: each capitalised word of their name, unless it names a role.
fn people_words(name: &str) -> impl Iterator<Item = Folded> {
    let named = |word: &Word| {
        let capital = name[word.range().clone()].starts_with(char::is_uppercase) || !name.is_ascii();
        capital
            && name[word.range()].chars().count() > 1
            && ![List::Roles, List::GroupWords, List::WorkVerbs].iter().any(|&other| word.is(other))
    };
    let all = words(name);
    let plausible = all.len() <= 4;
    all.into_iter().filter(move |word| plausible && named(word)).map(|word| word.folded)
}

fn text_of(bytes: &[u8]) -> Result<&str, NotText> {
    let line = |offset: usize| 1 + bytes.iter().take(offset).filter(|&&byte| byte == b'\n').count();
    if bytes.len() > MAX_BYTES {
        return Err(NotText::TooLarge { bytes: bytes.len() });
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(NotText::Utf16);
    }
    if bytes.contains(&0) {
        let offset = bytes.iter().position(|&byte| byte == 0).unwrap_or_default();
        return Err(NotText::Binary { offset, line: line(offset) });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| NotText::NotUtf8 { offset: error.valid_up_to(), line: line(error.valid_up_to()) })?;
    // Every list and quote takes a byte at least, and indentation of two columns a tab at most counts for two.
    match text.lines().position(|line| line.len() * 2 > MAX_NESTING && nesting(line) > MAX_NESTING) {
        Some(above) => Err(NotText::TooDeep { line: above + 1 }),
        None => Ok(text),
    }
}

/// How many lists and quotes a line can open or continue: its markers, and half its indentation.
fn nesting(line: &str) -> usize {
    let mut rest = line.trim_start_matches([' ', '\t']);
    let indented = line.bytes().take(line.len() - rest.len()).map(|byte| if byte == b'\t' { 4 } else { 1 }).sum::<usize>() / 2;
    let mut markers = 0;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = match rest.as_bytes().get(digits) {
            Some(b'>') if digits == 0 => &rest[1..],
            Some(b'-' | b'+' | b'*') if digits == 0 && opens(&rest[1..]) => &rest[1..],
            Some(b'.' | b')') if (1..=9).contains(&digits) && opens(&rest[digits + 1..]) => &rest[digits + 1..],
            _ if digits == 0 && rest.starts_with("[^") => match rest.find("]:").filter(|&end| end < 100) {
                Some(end) => &rest[end + 2..],
                None => break,
            },
            _ => break,
        };
        markers += 1;
        rest = after.trim_start_matches([' ', '\t']);
    }
    // `- - - - -` is a line, however long.
    let rule = rest.is_empty() && !line.contains('>') && !line.contains(|c: char| c.is_alphanumeric());
    if markers == 0 || rule { 0 } else { indented + markers }
}

/// Whether white space or nothing follows a list marker, as it must.
fn opens(after: &str) -> bool {
    after.is_empty() || after.starts_with([' ', '\t'])
}
