//! Output: one format per file, pure text from data.

pub mod inspect_text;
pub mod inspect_v1;
