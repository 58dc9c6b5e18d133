//! The files of a pull request, with what GraphQL does not tell: former names and patches.

use serde::Deserialize;

use crate::github::{Error, Installation};
use crate::ids::{IssueNumber, RepositoryName};

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PullRequestFile {
    #[serde(rename = "filename")]
    pub path: String,
    pub status: FileStatus,
    #[serde(default, rename = "previous_filename")]
    pub previous_path: Option<String>,
    /// The hunks; missing for binary and very large files.
    #[serde(default)]
    pub patch: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    Added,
    Modified,
    Removed,
    Renamed,
    Copied,
    Changed,
    Unchanged,
    #[serde(untagged)]
    Other(String),
}

impl Installation {
    /// All files of a pull request, 100 per request. GitHub lists at most
    /// [3000](https://docs.github.com/rest/pulls/pulls#list-pull-requests-files).
    pub async fn list_pull_request_files(
        &self,
        repository: &RepositoryName,
        number: IssueNumber,
    ) -> Result<Vec<PullRequestFile>, Error> {
        let mut url = self.repository_url(repository, &["pulls", &number.to_string(), "files"]);
        url.query_pairs_mut().append_pair("per_page", "100");
        self.list(url).await
    }
}
