//! Reading a postmortem: Markdown in, [`Postmortem`] out, never an error about what the document says.

pub mod edit;
mod facts;
mod fields;
mod front_matter;
mod headings;
mod items;
mod language;
pub(crate) mod markdown;
pub mod model;
pub(crate) mod outline;
pub mod parse;
mod prose;
pub mod template;
#[cfg(test)]
mod tests;
pub(crate) mod words;

pub(crate) use fields::references::whole as reference;
pub use model::Postmortem;
pub use parse::{NotText, ReadOptions, parse};
