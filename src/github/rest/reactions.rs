//! Reactions: the quietest way to say that something was heard.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::github::{Error, Installation, Repeat};
use crate::ids::RepositoryName;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Reaction {
    #[serde(rename = "+1")]
    ThumbsUp,
    #[serde(rename = "-1")]
    ThumbsDown,
    #[serde(rename = "confused")]
    Confused,
    #[serde(rename = "eyes")]
    Eyes,
    #[serde(rename = "rocket")]
    Rocket,
}

impl Installation {
    /// The logins of those who reacted to a comment on an issue or pull request, each as often as they did.
    /// [`Error::NotFound`] when somebody deleted the comment.
    pub async fn list_reacting_logins(&self, repository: &RepositoryName, comment: u64) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Wire {
            user: Option<User>,
        }
        #[derive(Deserialize)]
        struct User {
            login: String,
        }
        let mut url = self.repository_url(repository, &["issues", "comments", &comment.to_string(), "reactions"]);
        url.query_pairs_mut().append_pair("per_page", "100");
        let reactions = self.list::<Wire>(url).await?;
        Ok(reactions.into_iter().filter_map(|reaction| reaction.user).map(|user| user.login).collect())
    }

    /// Reacts to a comment on an issue or pull request. The same reaction twice is one.
    pub async fn react_to_comment(&self, repository: &RepositoryName, comment: u64, reaction: Reaction) -> Result<(), Error> {
        let url = self.repository_url(repository, &["issues", "comments", &comment.to_string(), "reactions"]);
        let body = json!({ "content": reaction });
        self.send::<serde::de::IgnoredAny>(Method::POST, url, &body, Repeat::Safe).await?;
        Ok(())
    }
}
