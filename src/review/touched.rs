//! Which lines of a file a change touches, from the patch that GitHub shows: older prose is nobody's business in a review.

use crate::text::Lines;

/// The lines of the new file that a pull request adds or changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    which: Which,
    /// The lines of each hunk, in order. Only on these GitHub takes comments.
    shown: Vec<Lines>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    /// The file is new.
    Every,
    /// Stretches, in order.
    Some(Vec<Lines>),
    /// The file changes in more places than GitHub tells.
    Unknown,
}

impl Touched {
    /// Of a file that was not there before. Large files come without a patch.
    pub fn by_adding(patch: Option<&str>) -> Self {
        Self { which: Which::Every, shown: patch.map(|patch| read(patch).1).unwrap_or_default() }
    }

    /// Of a file that was there. `changes` is how many lines change: none when it was only renamed, and then there is no
    /// patch either.
    pub fn by_changing(patch: Option<&str>, changes: u64) -> Self {
        match patch {
            Some(patch) => {
                let (added, shown) = read(patch);
                Self { which: Which::Some(added), shown }
            }
            None if changes == 0 => Self { which: Which::Some(Vec::new()), shown: Vec::new() },
            None => Self { which: Which::Unknown, shown: Vec::new() },
        }
    }

    /// Whether the file was not there before.
    pub fn is_new(&self) -> bool {
        self.which == Which::Every
    }

    /// Whether no line is added or changed.
    pub fn is_nothing(&self) -> bool {
        self.which == Which::Some(Vec::new())
    }

    /// Whether GitHub does not tell which lines change.
    pub fn is_unknown(&self) -> bool {
        self.which == Which::Unknown
    }

    /// Whether one of `lines` is added or changed.
    pub fn touches(&self, lines: Lines) -> bool {
        match &self.which {
            Which::Every => true,
            Which::Some(added) => {
                let next = added.partition_point(|stretch| stretch.last < lines.first);
                added.get(next).is_some_and(|stretch| stretch.first <= lines.last)
            }
            Which::Unknown => false,
        }
    }

    /// Whether GitHub shows all of `lines` together, so that it takes a comment on them.
    pub fn shows(&self, lines: Lines) -> bool {
        let next = self.shown.partition_point(|hunk| hunk.last < lines.first);
        self.shown.get(next).is_some_and(|hunk| hunk.first <= lines.first && lines.last <= hunk.last)
    }
}

/// Stretches of added lines, and the lines of each hunk.
fn read(patch: &str) -> (Vec<Lines>, Vec<Lines>) {
    let (mut added, mut shown): (Vec<Lines>, Vec<Lines>) = (Vec::new(), Vec::new());
    let mut line = None;
    for row in patch.split('\n') {
        if let Some(header) = row.strip_prefix("@@ ") {
            line = start(header);
            continue;
        }
        let Some(at) = line else { continue };
        let is_added = row.starts_with('+');
        if !is_added && !row.starts_with(' ') {
            continue;
        }
        match added.last_mut() {
            Some(stretch) if is_added && stretch.last + 1 == at => stretch.last = at,
            _ if is_added => added.push(Lines { first: at, last: at }),
            _ => {}
        }
        match shown.last_mut() {
            Some(hunk) if hunk.last + 1 == at => hunk.last = at,
            _ => shown.push(Lines { first: at, last: at }),
        }
        line = at.checked_add(1);
    }
    (added, shown)
}

/// The first line of the new file in a hunk: of `-1,4 +7,5 @@ heading`, 7.
fn start(header: &str) -> Option<usize> {
    let (_, new) = header.split_once(" +")?;
    let digits = new.split([',', ' ']).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "@@ -1,4 +1,5 @@\n one\n-two\n+Two\n+and a half\n three\n four\n@@ -20,2 +21,2 @@ Heading\n-x\n+X\n y\n\\ No newline at end of file";

    fn lines(first: usize, last: usize) -> Lines {
        Lines { first, last }
    }

    #[test]
    fn added_lines_are_touched_and_their_neighbours_only_shown() {
        let touched = Touched::by_changing(Some(PATCH), 5);
        let seen: Vec<usize> = (0..30).filter(|&line| touched.touches(lines(line, line))).collect();
        assert_eq!(seen, [2, 3, 21]);
        let shown: Vec<usize> = (0..30).filter(|&line| touched.shows(lines(line, line))).collect();
        assert_eq!(shown, [1, 2, 3, 4, 5, 21, 22]);
        assert!(touched.touches(lines(1, 2)) && touched.touches(lines(3, 20)) && !touched.touches(lines(4, 20)));
        assert!(touched.shows(lines(1, 5)) && !touched.shows(lines(5, 21)), "a comment stays in one hunk");
    }

    #[test]
    fn a_renamed_file_is_untouched_a_new_one_is_new_throughout_and_a_large_one_unknown() {
        let renamed = Touched::by_changing(None, 0);
        assert!(renamed.is_nothing() && !renamed.touches(lines(1, 99)) && !renamed.is_unknown());
        let new = Touched::by_adding(Some("@@ -0,0 +1,2 @@\n+a\n+b"));
        assert!(new.is_new() && new.touches(lines(1, 1)) && new.shows(lines(1, 2)));
        assert!(Touched::by_adding(None).touches(lines(7, 7)) && !Touched::by_adding(None).shows(lines(7, 7)));
        let large = Touched::by_changing(None, 30_000);
        assert!(large.is_unknown() && !large.touches(lines(1, 99)) && !large.shows(lines(1, 1)));
    }

    #[test]
    fn a_patch_that_is_none_touches_nothing() {
        for patch in ["", "@@", "@@ -1 +x @@\n+a", "+a\n+b", "@@ -1 @@\n+a"] {
            assert!(!Touched::by_changing(Some(patch), 1).touches(lines(0, usize::MAX)), "{patch}");
        }
        let end = format!("@@ -1 +{} @@\n+a\n+b", usize::MAX);
        assert!(!Touched::by_changing(Some(&end), 1).touches(lines(1, 1)));
    }
}
