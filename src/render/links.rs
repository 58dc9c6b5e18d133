//! Addresses of GitHub's pages. `root` is their scheme and host: `https://github.com`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    ids::{CommitSha, IssueNumber, RepositoryName},
    text::Lines,
};

/// What may not stand as it is in a path inside a Markdown link.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Lines of a file whose page is `file`. Rendered Markdown has no line anchors; GitHub shows them with `plain=1`
/// ([Getting permanent links to files](https://docs.github.com/repositories/working-with-files/using-files/getting-permanent-links-to-files)).
pub fn lines(file: &str, lines: Lines) -> String {
    if lines.first == lines.last {
        format!("{file}?plain=1#L{}", lines.first)
    } else {
        format!("{file}?plain=1#L{}-L{}", lines.first, lines.last)
    }
}

/// A file at a commit.
pub fn file(root: &str, repository: &RepositoryName, commit: &CommitSha, path: &str) -> String {
    let path = path.split('/').map(|part| utf8_percent_encode(part, PATH).to_string()).collect::<Vec<_>>().join("/");
    format!("{root}/{repository}/blob/{commit}/{path}")
}

pub fn issue(root: &str, repository: &RepositoryName, number: IssueNumber) -> String {
    format!("{root}/{repository}/issues/{number}")
}
