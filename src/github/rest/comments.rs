//! Comments on issues and pull requests.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::github::{Error, Installation, Repeat};
use crate::ids::{IssueNumber, NodeId, RepositoryName};

/// A comment on an issue or a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub id: u64,
    pub node_id: NodeId,
    pub body: String,
    pub url: String,
    /// The writer's login; `None` when the account was deleted.
    pub author: Option<String>,
    /// The App through which it was written.
    pub app: Option<u64>,
}

#[derive(Deserialize)]
struct Wire {
    id: u64,
    node_id: NodeId,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    performed_via_github_app: Option<App>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct App {
    id: u64,
}

impl From<Wire> for Comment {
    fn from(wire: Wire) -> Self {
        Self {
            id: wire.id,
            node_id: wire.node_id,
            body: wire.body.unwrap_or_default(),
            url: wire.html_url,
            author: wire.user.map(|user| user.login),
            app: wire.performed_via_github_app.map(|app| app.id),
        }
    }
}

impl Installation {
    /// Comments on an issue or pull request. After [`Error::Unknown`], list the comments before trying again.
    pub async fn create_comment(&self, repository: &RepositoryName, number: IssueNumber, body: &str) -> Result<Comment, Error> {
        let url = self.repository_url(repository, &["issues", &number.to_string(), "comments"]);
        Ok(self.send::<Wire>(Method::POST, url, &json!({ "body": body }), Repeat::LookUpFirst).await?.into())
    }

    /// A comment by its id, which also tells of one that lists do not show yet; `None` when someone deleted it.
    pub async fn load_comment(&self, repository: &RepositoryName, comment: u64) -> Result<Option<Comment>, Error> {
        let url = self.repository_url(repository, &["issues", "comments", &comment.to_string()]);
        match self.get::<Wire>(url).await {
            Ok(found) => Ok(Some(found.into())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the text of a comment. [`Error::NotFound`] when someone deleted it.
    pub async fn update_comment(&self, repository: &RepositoryName, comment: u64, body: &str) -> Result<Comment, Error> {
        let url = self.repository_url(repository, &["issues", "comments", &comment.to_string()]);
        Ok(self.send::<Wire>(Method::PATCH, url, &json!({ "body": body }), Repeat::Safe).await?.into())
    }

    /// All comments of an issue or pull request, oldest first, 100 per request.
    pub async fn list_comments(&self, repository: &RepositoryName, number: IssueNumber) -> Result<Vec<Comment>, Error> {
        let mut url = self.repository_url(repository, &["issues", &number.to_string(), "comments"]);
        url.query_pairs_mut().append_pair("per_page", "100");
        Ok(self.list::<Wire>(url).await?.into_iter().map(Comment::from).collect())
    }
}
