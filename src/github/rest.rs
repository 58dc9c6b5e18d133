//! GitHub's REST API: one file per resource, and how an installation sends.

mod branches;
mod check_runs;
mod collaborators;
mod comments;
mod commits;
mod contents;
mod issues;
mod pull_requests;
mod reactions;
mod reviews;
mod trees;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

pub use check_runs::{
    ANNOTATIONS_PER_REQUEST, Annotation, AnnotationLevel, CheckRun, CheckRunChange, CheckRunOutput, CheckRunStatus, Conclusion,
    NewCheckRun,
};
pub use collaborators::Permission;
pub use comments::Comment;
pub use commits::{COMPARED_FILES, Commit, Comparison};
pub use issues::{ClosedAs, FoundIssue, IssueChange, ListedIssue};
pub use pull_requests::{FileStatus, ListedPullRequest, NewPullRequest, PullRequestChange, PullRequestFile};
pub use reactions::Reaction;
pub use reviews::{LineComment, Review, Verdict};

use super::app::Sender;
use super::pace::Scope;
use super::transport::{Request, decode_json};
use super::{Error, Installation, Repeat};
use crate::ids::RepositoryName;

impl Installation {
    /// The URL of `path` under a repository.
    fn repository_url(&self, repository: &RepositoryName, path: &[&str]) -> Url {
        let whole: Vec<&str> = ["repos", &repository.owner, &repository.name].into_iter().chain(path.iter().copied()).collect();
        self.inner.transport.rest_url(&whole)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: &impl Serialize,
        repeat: Repeat,
    ) -> Result<T, Error> {
        let request = Request::new(method, url, repeat).json(body)?;
        let decode = |answer, _| decode_json(&answer, request.repeat());
        self.inner.transport.perform(Sender::Installation(self), Scope::Rest, &request, decode).await
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, Error> {
        let request = Request::get(url);
        let decode = |answer, _| decode_json(&answer, Repeat::Read);
        self.inner.transport.perform(Sender::Installation(self), Scope::Rest, &request, decode).await
    }

    /// Sends a request without a body whose answer has none either.
    async fn send_empty(&self, method: Method, url: Url, repeat: Repeat) -> Result<(), Error> {
        let request = Request::new(method, url, repeat);
        self.inner.transport.perform(Sender::Installation(self), Scope::Rest, &request, |_, _| Ok(())).await
    }

    /// Every item of a list that is a JSON array, over all pages.
    async fn list<T: DeserializeOwned>(&self, url: Url) -> Result<Vec<T>, Error> {
        self.inner.transport.pages(Sender::Installation(self), url, |page: Vec<T>| page).await
    }
}
