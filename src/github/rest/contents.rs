//! The bytes of one file, for what GraphQL does not give whole.

use crate::github::app::Sender;
use crate::github::pace::Scope;
use crate::github::transport::Request;
use crate::github::{Error, Installation};
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
        transport.perform(Sender::Installation(self), Scope::Rest, &request, |answer, _| Ok(answer.body.to_vec())).await
    }
}
