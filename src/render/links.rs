//! Addresses of GitHub's pages. `root` is their scheme and host: `https://github.com`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::ids::{CommitSha, IssueNumber, RepositoryName};

/// What may not stand as it is in a path inside a Markdown link.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A file at a commit; `#L12` may be appended.
pub fn file(root: &str, repository: &RepositoryName, commit: &CommitSha, path: &str) -> String {
    let path = path.split('/').map(|part| utf8_percent_encode(part, PATH).to_string()).collect::<Vec<_>>().join("/");
    format!("{root}/{repository}/blob/{commit}/{path}")
}

pub fn issue(root: &str, repository: &RepositoryName, number: IssueNumber) -> String {
    format!("{root}/{repository}/issues/{number}")
}
