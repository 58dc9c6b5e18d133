//! The comment and the check: one of each, edited in place, not sent when unchanged.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Following, Read};
use crate::{
    github::{
        Error,
        graphql::PullRequestComment,
        rest::{Annotation, AnnotationLevel, CheckRunOutput, CheckRunStatus, Conclusion, NewCheckRun},
    },
    ids::ItemKey,
    jobs::Stop,
    plan::marker,
    render::{check, comment},
    store::{PostedCheck, PostedComment},
};

/// The check's name, as branch protection rules refer to it.
const NAME: &str = "Followthrough";

impl Following<'_> {
    /// Our comment on the pull request: found by its marker and by who wrote it, never by a login.
    pub(super) async fn sticky_comment(&self) -> Result<Option<PullRequestComment>, Stop> {
        let pull = &self.loaded.pull_request;
        let ours = |comment: &&PullRequestComment| comment.by_us && marker::is_comment(&comment.body);
        if let Some(comment) = pull.comments.iter().filter(ours).min_by_key(|comment| comment.id) {
            return Ok(Some(comment.clone()));
        }
        let Some(after) = &pull.comments_after else { return Ok(None) };
        let rest = self.installation.list_remaining_comments(&pull.node_id, after).await?;
        Ok(rest.iter().filter(ours).min_by_key(|comment| comment.id).cloned())
    }

    pub(super) async fn ensure_comment(&self, shown: Option<PullRequestComment>, body: &str) -> Result<(), Stop> {
        let store = &self.worker.store;
        let (repository, name) = (self.loaded.repository.id, &self.loaded.repository.name);
        let body_digest = digest(body);
        let posted = store.posted_comment(repository, self.number).await?;
        let shown = match (shown, &posted) {
            (Some(comment), _) => Some((comment.id, comment.body)),
            // Deleted, or not in the list yet.
            (None, Some(posted)) => {
                self.installation.load_comment(name, posted.id).await?.map(|comment| (comment.id, comment.body))
            }
            (None, None) => None,
        };
        if let Some((id, shown)) = shown {
            if shown.replace("\r\n", "\n").trim_end() == body.trim_end() {
                if posted.is_none_or(|posted| posted.id != id || posted.body_digest != body_digest) {
                    store.record_comment(repository, self.number, &PostedComment { id, body_digest }).await?;
                }
                return Ok(());
            }
            match self.installation.update_comment(name, id, body).await {
                Ok(_) => return Ok(store.record_comment(repository, self.number, &PostedComment { id, body_digest }).await?),
                // Somebody deleted it.
                Err(Error::NotFound { .. }) => store.forget_comment(repository, self.number).await?,
                Err(error) => return Err(error.into()),
            }
        }
        let id = self.installation.create_comment(name, self.number, body).await?.id;
        Ok(store.record_comment(repository, self.number, &PostedComment { id, body_digest }).await?)
    }

    /// Says in the comment when the rest will be done, where GitHub's pace makes people wait for their issues. During a pause
    /// that GitHub itself asked for, not even that is sent.
    pub(super) async fn tell_to_wait(&self, shown: &PullRequestComment, reads: &[Read], from: Timestamp) -> Result<(), Stop> {
        let mut waiting = 0;
        for ready in reads.iter().filter_map(|read| read.outcome.as_ref().ok()) {
            let known = self.worker.store.load_document(&ready.document.key).await?;
            let items = known.map(|(_, items)| items).unwrap_or_default();
            let is_filed = |key: &ItemKey| items.iter().any(|item| item.reading.key == *key && item.issue.is_some());
            waiting += ready.to_file.iter().filter(|key| !is_filed(key)).count();
        }
        if waiting == 0 {
            return Ok(());
        }
        let until = self.installation.issues_opened_by(waiting).max(from);
        let told = self.ensure_comment(Some(shown.clone()), &comment::waiting(&shown.body, until)).await;
        match told {
            Err(Stop::GitHub(Error::RateLimited { .. })) => Ok(()),
            told => told,
        }
    }

    /// One run per head and content. GitHub appends annotations at every update (GITHUB §2.1), so other content is a new
    /// run, which takes the place of the old one of the same name. `is_forgotten`: the database was lost since the last run.
    pub(super) async fn ensure_check(&self, check: &check::Check, is_forgotten: bool) -> Result<(), Stop> {
        /// Stands for a run that was about to be sent: looked up before it is sent again.
        const SENDING: u64 = 0;
        let store = &self.worker.store;
        let (repository, name) = (self.loaded.repository.id, &self.loaded.repository.name);
        let head = &self.loaded.pull_request.head;
        let digest = digest(&format!("{check:?}"));
        let external_id = format!("followthrough v1 pull={} digest={digest}", self.number);
        let posted = store.posted_check(repository, head).await?;
        let is_known = posted.is_some();
        let same = posted.filter(|posted| posted.digest == digest);
        if same.as_ref().is_some_and(|posted| posted.id != SENDING) {
            return Ok(());
        }
        // Cut off while sending, or without a memory although the comment says that there was one.
        let remembered = is_known || !is_forgotten && store.posted_comment(repository, self.number).await?.is_some();
        if same.is_some() || !remembered {
            let app = self.worker.github.app().await?.id;
            let runs = self.installation.list_check_runs(name, head, NAME, app).await?;
            if let Some(run) = runs.iter().find(|run| run.external_id.as_deref() == Some(&external_id)) {
                return Ok(store.record_check(repository, head, &PostedCheck { id: run.id, digest }).await?);
            }
        }
        store.record_check(repository, head, &PostedCheck { id: SENDING, digest: digest.clone() }).await?;
        let run = NewCheckRun {
            name: NAME.to_owned(),
            head: head.clone(),
            status: CheckRunStatus::Completed,
            conclusion: Some(match check.conclusion {
                check::Conclusion::Success => Conclusion::Success,
                check::Conclusion::Neutral => Conclusion::Neutral,
                check::Conclusion::Failure => Conclusion::Failure,
            }),
            external_id,
            details_url: None,
            output: CheckRunOutput {
                title: check.title.clone(),
                summary: check.summary.clone(),
                text: check.text.clone(),
                annotations: check.annotations.iter().map(annotation).collect(),
            },
        };
        let (made, annotated) = self.installation.create_check_run(name, &run).await?;
        store.record_check(repository, head, &PostedCheck { id: made.id, digest }).await?;
        if let Err(error) = annotated {
            // The run is there with its first annotations; sending the rest again would double them.
            tracing::warn!(repository = %name, error = &error as &dyn std::error::Error, "some annotations were not taken");
        }
        Ok(())
    }
}

fn annotation(annotation: &check::Annotation) -> Annotation {
    Annotation {
        path: annotation.path.clone(),
        start_line: annotation.start_line,
        end_line: annotation.end_line,
        start_column: annotation.columns.map(|(first, _)| first),
        end_column: annotation.columns.map(|(_, last)| last),
        level: match annotation.level {
            check::Level::Notice => AnnotationLevel::Notice,
            check::Level::Warning => AnnotationLevel::Warning,
            check::Level::Failure => AnnotationLevel::Failure,
        },
        title: annotation.title.clone(),
        message: annotation.message.clone(),
    }
}

fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}
