//! Check runs: the result of reading a document, on the head of its pull request.
//!
//! GitHub takes 50 annotations per request and appends those of every update, so they are sent once per run: a new
//! revision is a new run ([Update a check run](https://docs.github.com/rest/checks/runs#update-a-check-run)).

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::github::app::Sender;
use crate::github::{Error, Installation, Repeat};
use crate::ids::{CommitSha, RepositoryName};

/// Annotations that GitHub takes in one request.
pub const ANNOTATIONS_PER_REQUEST: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckRunStatus {
    Queued,
    InProgress,
    Completed,
    /// `waiting`, `requested`, `pending`: only ever set by GitHub Actions.
    #[serde(other)]
    Other,
}

/// How a completed run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    Success,
    Failure,
    Neutral,
    Cancelled,
    Skipped,
    TimedOut,
    ActionRequired,
    /// `stale`: only ever set by GitHub.
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationLevel {
    Notice,
    Warning,
    Failure,
}

/// A remark on lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annotation {
    pub path: String,
    /// 1-based.
    pub start_line: usize,
    /// 1-based, inclusive.
    pub end_line: usize,
    /// 1-based, in characters; taken by GitHub only where `start_line` is `end_line`, and left out elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<usize>,
    #[serde(rename = "annotation_level")]
    pub level: AnnotationLevel,
    /// At most 255 characters.
    pub title: String,
    /// At most 64 kB.
    pub message: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckRunOutput {
    pub title: String,
    /// Markdown, at most 65 535 characters.
    pub summary: String,
    /// Markdown, at most 65 535 characters.
    pub text: Option<String>,
    /// Any number: those over [`ANNOTATIONS_PER_REQUEST`] are sent in further requests.
    pub annotations: Vec<Annotation>,
}

/// A run to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCheckRun {
    pub name: String,
    pub head: CommitSha,
    pub status: CheckRunStatus,
    /// Only for a completed run.
    pub conclusion: Option<Conclusion>,
    /// Ours, to find the run again; also carries the pull request, which GitHub does not tell for forks.
    pub external_id: String,
    pub details_url: Option<String>,
    pub output: CheckRunOutput,
}

/// What to change about a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckRunChange {
    pub status: Option<CheckRunStatus>,
    pub conclusion: Option<Conclusion>,
    pub details_url: Option<String>,
    /// Replaces title, summary and text; its annotations are added to those that are there.
    pub output: Option<CheckRunOutput>,
}

/// A run as GitHub has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckRun {
    pub id: u64,
    pub name: String,
    #[serde(rename = "head_sha")]
    pub head: CommitSha,
    pub status: CheckRunStatus,
    #[serde(default)]
    pub conclusion: Option<Conclusion>,
    #[serde(default)]
    pub external_id: Option<String>,
    #[serde(default, rename = "html_url")]
    pub url: Option<String>,
}

#[derive(Serialize)]
struct Output<'a> {
    title: &'a str,
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Annotation>,
}

impl CheckRunOutput {
    fn with(&self, annotations: &[Annotation]) -> Output<'_> {
        let fit = |annotation: &Annotation| {
            let mut annotation = annotation.clone();
            if annotation.start_line != annotation.end_line {
                (annotation.start_column, annotation.end_column) = (None, None);
            }
            annotation
        };
        Output {
            title: &self.title,
            summary: &self.summary,
            text: self.text.as_deref(),
            annotations: annotations.iter().map(fit).collect(),
        }
    }

    /// The annotations that go with the first request, and those that need their own.
    fn split(&self) -> (&[Annotation], &[Annotation]) {
        self.annotations.split_at(self.annotations.len().min(ANNOTATIONS_PER_REQUEST))
    }
}

#[derive(Serialize)]
struct Create<'a> {
    name: &'a str,
    head_sha: &'a CommitSha,
    status: CheckRunStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<Conclusion>,
    external_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details_url: Option<&'a str>,
    output: Output<'a>,
}

#[derive(Serialize)]
struct Update<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<CheckRunStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<Conclusion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Output<'a>>,
}

impl Installation {
    /// Makes a check run, with all its annotations. After [`Error::Unknown`], list the runs of the commit first.
    ///
    /// When the run was made but sending annotations over the first 50 fails, the run is given back all the same with
    /// that failure beside it: it must not be made again.
    pub async fn create_check_run(
        &self,
        repository: &RepositoryName,
        run: &NewCheckRun,
    ) -> Result<(CheckRun, Result<(), Error>), Error> {
        let (first, rest) = run.output.split();
        let body = Create {
            name: &run.name,
            head_sha: &run.head,
            status: run.status,
            conclusion: run.conclusion,
            external_id: &run.external_id,
            details_url: run.details_url.as_deref(),
            output: run.output.with(first),
        };
        let url = self.repository_url(repository, &["check-runs"]);
        let made: CheckRun = self.send(Method::POST, url, &body, Repeat::LookUpFirst).await?;
        let annotated = self.append_annotations(repository, made.id, &run.output, rest).await;
        Ok((made, annotated))
    }

    /// Changes a check run. Without annotations it may be repeated; with them, a lost answer is [`Error::Unknown`],
    /// because GitHub would show them twice.
    pub async fn update_check_run(
        &self,
        repository: &RepositoryName,
        id: u64,
        change: &CheckRunChange,
    ) -> Result<CheckRun, Error> {
        let (first, rest) = change.output.as_ref().map(CheckRunOutput::split).unwrap_or_default();
        let body = Update {
            status: change.status,
            conclusion: change.conclusion,
            details_url: change.details_url.as_deref(),
            output: change.output.as_ref().map(|output| output.with(first)),
        };
        let repeat = if first.is_empty() { Repeat::Safe } else { Repeat::LookUpFirst };
        let url = self.repository_url(repository, &["check-runs", &id.to_string()]);
        let run = self.send(Method::PATCH, url, &body, repeat).await?;
        if let Some(output) = &change.output {
            self.append_annotations(repository, id, output, rest).await?;
        }
        Ok(run)
    }

    async fn append_annotations(
        &self,
        repository: &RepositoryName,
        id: u64,
        output: &CheckRunOutput,
        rest: &[Annotation],
    ) -> Result<(), Error> {
        for chunk in rest.chunks(ANNOTATIONS_PER_REQUEST) {
            let url = self.repository_url(repository, &["check-runs", &id.to_string()]);
            let body = json!({ "output": output.with(chunk) });
            self.send::<serde::de::IgnoredAny>(Method::PATCH, url, &body, Repeat::LookUpFirst).await?;
        }
        Ok(())
    }

    /// All runs of `name` that the App `app` made on a commit.
    pub async fn list_check_runs(
        &self,
        repository: &RepositoryName,
        commit: &CommitSha,
        name: &str,
        app: u64,
    ) -> Result<Vec<CheckRun>, Error> {
        #[derive(Deserialize)]
        struct Page {
            check_runs: Vec<CheckRun>,
        }
        let mut url = self.repository_url(repository, &["commits", commit.as_str(), "check-runs"]);
        url.query_pairs_mut()
            .append_pair("check_name", name)
            .append_pair("app_id", &app.to_string())
            .append_pair("filter", "all")
            .append_pair("per_page", "100");
        self.inner.transport.pages(Sender::Installation(self), url, |page: Page| page.check_runs).await
    }
}
