//! Branches: where they point, making, moving and deleting them, and the rules that keep them from direct changes.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::github::{Error, Installation, Refusal, Repeat};
use crate::ids::{CommitSha, RepositoryName};

#[derive(Deserialize)]
struct Reference {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: CommitSha,
}

impl Installation {
    /// The commit that a branch points at; `None` when there is no such branch.
    pub async fn load_branch(&self, repository: &RepositoryName, branch: &str) -> Result<Option<CommitSha>, Error> {
        let url = self.branch_url(repository, "ref", branch);
        match self.get::<Reference>(url).await {
            Ok(found) => Ok(Some(found.object.sha)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes `branch` at `commit`, unless it is there already. Gives the commit that it points at.
    pub async fn ensure_branch(&self, repository: &RepositoryName, branch: &str, commit: &CommitSha) -> Result<CommitSha, Error> {
        let url = self.repository_url(repository, &["git", "refs"]);
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": commit });
        match self.send::<Reference>(Method::POST, url, &body, Repeat::Safe).await {
            Ok(made) => Ok(made.object.sha),
            // GitHub says "Reference already exists" with the status of every refusal.
            Err(Error::Refused { refusal: Refusal::Invalid, message }) => {
                let there = self.load_branch(repository, branch).await?;
                there.ok_or(Error::Refused { refusal: Refusal::Invalid, message })
            }
            Err(error) => Err(error),
        }
    }

    /// Points `branch` at `commit`, whatever it pointed at: only for branches that are the App's own.
    pub async fn reset_branch(&self, repository: &RepositoryName, branch: &str, commit: &CommitSha) -> Result<(), Error> {
        let url = self.branch_url(repository, "refs", branch);
        let body = json!({ "sha": commit, "force": true });
        self.send::<Reference>(Method::PATCH, url, &body, Repeat::Safe).await?;
        Ok(())
    }

    /// Deletes `branch`; that it is gone already is no failure. GitHub closes open pull requests from it.
    pub async fn delete_branch(&self, repository: &RepositoryName, branch: &str) -> Result<(), Error> {
        let url = self.branch_url(repository, "refs", branch);
        match self.send_empty(Method::DELETE, url, Repeat::Safe).await {
            Err(Error::NotFound { .. }) => Ok(()),
            Err(Error::Refused { refusal: Refusal::Invalid, message }) => match self.load_branch(repository, branch).await? {
                None => Ok(()),
                Some(_) => Err(Error::Refused { refusal: Refusal::Invalid, message }),
            },
            result => result,
        }
    }

    /// Whether a ruleset asks for a pull request before `branch` changes. Rules of the older kind are not told here, nor
    /// whether the App may pass by them: a commit that is refused with [`Refusal::Protected`] says so for certain.
    pub async fn requires_pull_request(&self, repository: &RepositoryName, branch: &str) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Rule {
            #[serde(rename = "type")]
            kind: String,
        }
        let parts: Vec<&str> = ["rules", "branches"].into_iter().chain(branch.split('/')).collect();
        let mut url = self.repository_url(repository, &parts);
        url.query_pairs_mut().append_pair("per_page", "100");
        Ok(self.list::<Rule>(url).await?.iter().any(|rule| rule.kind == "pull_request"))
    }

    fn branch_url(&self, repository: &RepositoryName, kind: &str, branch: &str) -> url::Url {
        let parts: Vec<&str> = ["git", kind, "heads"].into_iter().chain(branch.split('/')).collect();
        self.repository_url(repository, &parts)
    }
}
