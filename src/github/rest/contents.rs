//! The bytes of one file, for what GraphQL does not give whole.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::CONTENT_TYPE;
use serde::Deserialize;

use crate::github::app::Sender;
use crate::github::pace::Scope;
use crate::github::transport::{Answer, Request, decode_json};
use crate::github::{Error, Installation, Repeat};
use crate::ids::{CommitSha, RepositoryName};

impl Installation {
    /// The file at `path` exactly as it lies in Git, at `commit` or on the default branch.
    ///
    /// [`Error::TooLarge`] above the client's `document_limit`; [`Error::NotFound`] when there is none.
    pub async fn load_contents(
        &self,
        repository: &RepositoryName,
        path: &str,
        commit: Option<&CommitSha>,
    ) -> Result<Vec<u8>, Error> {
        let parts: Vec<&str> = std::iter::once("contents").chain(path.split('/')).collect();
        let mut url = self.repository_url(repository, &parts);
        if let Some(commit) = commit {
            url.query_pairs_mut().append_pair("ref", commit.as_str());
        }
        let transport = &self.inner.transport;
        let request = Request::get(url).raw(transport.settings.document_limit);
        transport.perform(Sender::Installation(self), Scope::Rest, &request, |answer, _| decode(&answer)).await
    }
}

/// The file's bytes. A server that does not know the raw media type answers as it answers everyone, in JSON with Base64;
/// a file that is itself JSON comes under the raw type.
fn decode(answer: &Answer) -> Result<Vec<u8>, Error> {
    #[derive(Deserialize)]
    struct Wrapped {
        encoding: String,
        content: String,
    }
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Ok(answer.body.to_vec());
    }
    let wrapped: Wrapped = decode_json(answer, Repeat::Read)?;
    let packed: String = wrapped.content.split_ascii_whitespace().collect();
    match (wrapped.encoding.as_str(), BASE64_STANDARD.decode(packed)) {
        ("base64", Ok(bytes)) => Ok(bytes),
        _ => Err(Error::malformed("a file that is neither raw nor Base64")),
    }
}
