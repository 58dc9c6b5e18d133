//! Reactions: the quietest way to say that something was heard.

use http::Method;
use serde::Serialize;
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
    /// Reacts to a comment on an issue or pull request. The same reaction twice is one.
    pub async fn react_to_comment(&self, repository: &RepositoryName, comment: u64, reaction: Reaction) -> Result<(), Error> {
        let url = self.repository_url(repository, &["issues", "comments", &comment.to_string(), "reactions"]);
        let body = json!({ "content": reaction });
        self.send::<serde::de::IgnoredAny>(Method::POST, url, &body, Repeat::Safe).await?;
        Ok(())
    }
}
