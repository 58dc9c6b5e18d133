//! `followthrough check --diff`: what `--fix` would write, as a patch.

use similar::TextDiff;

use super::style::Style;

/// A unified diff of the document at `path`; nothing where both texts are the same. Without colour `patch -p0` takes it.
pub fn render(path: &str, before: &str, after: &str, style: Style) -> String {
    if before == after {
        return String::new();
    }
    let diff = TextDiff::from_lines(before, after).unified_diff().header(path, path).to_string();
    if !style.colour {
        return diff;
    }
    let paint = |line: &str| match line.as_bytes().first() {
        Some(b'+') => style.green(line),
        Some(b'-') => style.red(line),
        Some(b'@') => style.cyan(line),
        _ => line.to_owned(),
    };
    diff.split_inclusive('\n').map(|line| paint(line.trim_end_matches('\n')) + "\n").collect()
}
