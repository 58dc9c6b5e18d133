//! `followthrough inspect` for people: what was read from a document, on a terminal.

use crate::postmortem::{model::Postmortem, parse::NotAnItem};

/// One document's summary. `not_items` is what `--explain` shows; empty otherwise. `colour` allows ANSI escapes.
pub fn render(_path: &str, _read: &Postmortem, _not_items: &[NotAnItem], _colour: bool) -> String {
    String::new()
}
