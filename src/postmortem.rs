//! Reading a postmortem: Markdown in, [`Postmortem`] out, never an error.

pub mod model;

pub use model::Postmortem;
