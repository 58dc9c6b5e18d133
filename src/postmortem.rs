//! Reading a postmortem: Markdown in, [`Postmortem`] out, never an error about what the document says.

pub mod model;
pub mod parse;

pub use model::Postmortem;
pub use parse::{NotText, ReadOptions, parse};
