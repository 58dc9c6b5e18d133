//! `followthrough check --fix` for people: what was rewritten.

use super::style::Style;
use crate::review::Change;

/// Longer texts, in characters, are cut.
const LONGEST: usize = 80;

/// One line for each rewrite of the document at `path`.
pub fn render(path: &str, changes: &[Change], style: Style) -> String {
    let told = |change: &Change| {
        let place = format!("{path}:{}:{}", change.place.line, change.place.column);
        let (before, after) = (one_line(&change.before), one_line(&change.after));
        format!("{} {place} “{before}” is now “{after}” ({})\n", style.green("rewritten:"), change.rule)
    };
    changes.iter().map(told).collect()
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
