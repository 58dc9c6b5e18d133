//! The names of all files of a commit.

use serde::Deserialize;

use crate::github::{Error, Installation, Refusal};
use crate::ids::{CommitSha, RepositoryName};

/// Requests for one listing. GitHub cuts a tree off at
/// [100 000 entries](https://docs.github.com/rest/git/trees#get-a-tree); what takes more than this is no place for documents.
const MOST_REQUESTS: usize = 500;

#[derive(Deserialize)]
struct Tree {
    tree: Vec<Entry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    sha: String,
}

impl Entry {
    /// Links have the place they lead to for content, submodules have none.
    fn is_file(&self) -> bool {
        self.kind == "blob" && self.mode != "120000"
    }
}

impl Installation {
    /// The paths of all files at `commit`, in order. Mostly one request; where GitHub cuts the answer off, the folders are
    /// listed one by one, and [`Error::Refused`] says that there are too many.
    pub async fn list_files(&self, repository: &RepositoryName, commit: &CommitSha) -> Result<Vec<String>, Error> {
        let mut files = Vec::new();
        let mut folders = vec![(String::new(), commit.to_string())];
        let mut requests = 0;
        while let Some((folder, tree)) = folders.pop() {
            let mut listed = self.load_tree(repository, &tree, true).await?;
            requests += 1;
            if listed.truncated {
                listed = self.load_tree(repository, &tree, false).await?;
                requests += 1;
                let inner = listed.tree.iter().filter(|entry| entry.kind == "tree");
                folders.extend(inner.map(|entry| (format!("{folder}{}/", entry.path), entry.sha.clone())));
            }
            // A folder whose own entries are cut off cannot be listed whole.
            if listed.truncated || (requests >= MOST_REQUESTS && !folders.is_empty()) {
                return Err(Error::refused(
                    Refusal::Other("too many files".to_owned()),
                    "the repository has too many files to list",
                ));
            }
            let found = listed.tree.into_iter().filter(Entry::is_file);
            files.extend(found.map(|entry| format!("{folder}{}", entry.path)));
        }
        files.sort_unstable();
        Ok(files)
    }

    async fn load_tree(&self, repository: &RepositoryName, tree: &str, recursive: bool) -> Result<Tree, Error> {
        let mut url = self.repository_url(repository, &["git", "trees", tree]);
        if recursive {
            url.query_pairs_mut().append_pair("recursive", "1");
        }
        self.get(url).await
    }
}
