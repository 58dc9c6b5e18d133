//! The reader's front door: bytes of a file in, a [`Postmortem`] or one clear error out.

use crate::postmortem::model::Postmortem;
use crate::text::Lines;

/// The largest document that is read, in bytes. GitHub itself stops rendering Markdown far below this.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

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
    #[error("the file is binary: line {line} holds a NUL byte (offset {offset})")]
    Binary { offset: usize, line: usize },
}

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
pub fn explain(bytes: &[u8], _options: &ReadOptions) -> Result<(Postmortem, Vec<NotAnItem>), NotText> {
    let _text = text_of(bytes)?;
    Ok((Postmortem::default(), Vec::new()))
}

fn text_of(bytes: &[u8]) -> Result<&str, NotText> {
    let line = |offset: usize| 1 + bytes.iter().take(offset).filter(|&&byte| byte == b'\n').count();
    if bytes.len() > MAX_BYTES {
        return Err(NotText::TooLarge { bytes: bytes.len() });
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(NotText::Utf16);
    }
    if let Some(offset) = bytes.iter().position(|&byte| byte == 0) {
        return Err(NotText::Binary { offset, line: line(offset) });
    }
    std::str::from_utf8(bytes).map_err(|error| NotText::NotUtf8 { offset: error.valid_up_to(), line: line(error.valid_up_to()) })
}
