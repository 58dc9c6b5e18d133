//! GitHub's REST API: one file per resource, and how an installation sends.

mod check_runs;
mod comments;
mod contents;
mod issues;
mod pull_requests;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

pub use check_runs::{
    ANNOTATIONS_PER_REQUEST, Annotation, AnnotationLevel, CheckRun, CheckRunChange, CheckRunOutput, CheckRunStatus, Conclusion,
    NewCheckRun,
};
pub use comments::Comment;
pub use issues::{ClosedAs, IssueChange, ListedIssue};
pub use pull_requests::{FileStatus, PullRequestFile};

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

    /// Every item of a list that is a JSON array, over all pages.
    async fn list<T: DeserializeOwned>(&self, url: Url) -> Result<Vec<T>, Error> {
        self.inner.transport.pages(Sender::Installation(self), url, |page: Vec<T>| page).await
    }
}
