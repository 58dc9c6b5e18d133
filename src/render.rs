//! Text made for people: one output per file, pure.

pub mod template;
