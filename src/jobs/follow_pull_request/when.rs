//! When a pull request's items become issues: on its merge, or before, as `file.when` says.

use super::{Documents, Following, Ready, Source, Stage};
use crate::{
    commands::GoAhead,
    github::{graphql::Revision, rest::Verdict},
    jobs::Stop,
    plan::Authority,
    render::comment::Moment,
    settings::{Settings, When},
};

/// Whether issues open now, and if not, what they wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filing {
    Now,
    NotYet(Moment),
}

impl Filing {
    pub(super) fn moment(self) -> Moment {
        match self {
            Self::Now => Moment::Now,
            Self::NotYet(moment) => moment,
        }
    }
}

impl Following<'_> {
    /// Whether issues open now. Before the merge that takes the settings' word, and of strangers' pull requests somebody who
    /// may write: a fork is read, never trusted.
    pub(super) async fn filing(&self, settings: &Settings, stage: Stage<'_>) -> Result<Filing, Stop> {
        let pull = &self.loaded.pull_request;
        let merged = match (stage, settings.file.when) {
            (Stage::Merged, When::Command) => return self.after_command().await,
            (Stage::Merged, _) => true,
            (Stage::MergedElsewhere { .. } | Stage::ClosedUnmerged, _) => return Ok(Filing::NotYet(Moment::Merge)),
            // What goes into another branch is decided about where that is merged in turn.
            (Stage::Open, _) if !self.is_into_default() => return Ok(Filing::NotYet(Moment::Merge)),
            (Stage::Open, _) => false,
        };
        if merged {
            return Ok(Filing::Now);
        }
        match settings.file.when {
            When::Merged => Ok(Filing::NotYet(Moment::Merge)),
            When::Command => self.after_command().await,
            When::Approved if self.is_approved().await? => Ok(Filing::Now),
            When::Approved => Ok(Filing::NotYet(Moment::Approval)),
            When::Ready if pull.draft => Ok(Filing::NotYet(Moment::Ready)),
            When::Ready | When::Opened if pull.cross_repository && !self.author_may_write().await? => {
                Ok(Filing::NotYet(Moment::Merge))
            }
            When::Ready | When::Opened => Ok(Filing::Now),
        }
    }

    /// Whether somebody asked for it. An order given once holds: what is added later was asked for with the rest.
    async fn after_command(&self) -> Result<Filing, Stop> {
        Ok(if self.go_ahead().await?.is_some() { Filing::Now } else { Filing::NotYet(Moment::Command) })
    }

    pub(super) async fn go_ahead(&self) -> Result<Option<GoAhead>, Stop> {
        Ok(self.worker.store.go_ahead(self.loaded.repository.id, self.number).await?)
    }

    async fn author_may_write(&self) -> Result<bool, Stop> {
        match &self.loaded.pull_request.author {
            Some(author) => self.may_write(author).await,
            None => Ok(false),
        }
    }

    async fn may_write(&self, login: &str) -> Result<bool, Stop> {
        Ok(self.installation.load_permission(&self.loaded.repository.name, login).await?.can_write())
    }

    /// Whether the last word of somebody who may write is an approval, and nobody's who may write asks for changes.
    async fn is_approved(&self) -> Result<bool, Stop> {
        let reviews = self.installation.list_reviews(&self.loaded.repository.name, self.number).await?;
        let author = self.loaded.pull_request.author.as_deref();
        let mut last: Vec<(String, Verdict)> = Vec::new();
        for review in reviews {
            let Some(login) = review.author.filter(|login| Some(login.as_str()) != author) else { continue };
            if matches!(review.verdict, Verdict::Approved | Verdict::ChangesRequested | Verdict::Dismissed) {
                last.retain(|(known, _)| *known != login);
                last.push((login, review.verdict));
            }
        }
        let mut approved = false;
        for (login, verdict) in last {
            let counts = matches!(verdict, Verdict::Approved | Verdict::ChangesRequested) && self.may_write(&login).await?;
            if counts && verdict == Verdict::ChangesRequested {
                return Ok(false);
            }
            approved |= counts;
        }
        Ok(approved)
    }

    /// What this pull request had filed goes after it was closed, but for what the default branch has as well.
    pub(super) async fn withdraw(&self, home: &Documents<'_>) -> Result<(), Stop> {
        let Some(branch) = &self.loaded.repository.default_branch else { return Ok(()) };
        let proposed = self.worker.store.proposed_documents(home.repository.id, self.number).await?;
        if proposed.is_empty() {
            return Ok(());
        }
        let at = |path: &String| Revision { commit: branch.head.clone(), path: path.clone() };
        let revisions: Vec<Revision> = proposed.iter().map(|found| at(&found.path)).collect();
        let blobs = self.installation.load_documents(&home.repository.name, &revisions).await?;
        let mut ready = Vec::new();
        for (found, blob) in proposed.into_iter().zip(blobs) {
            let source = Source {
                path: found.path,
                previous_path: None,
                commit: branch.head.clone(),
                pull_request: None,
                authority: Authority::Withdrawn(self.number),
                changed: None,
                merged_at: None,
                blob: blob?,
            };
            match home.read(&source).await? {
                Ok(document) => ready.push(document),
                Err(_) => ready.extend(home.read_as_empty(&source).await?),
            }
        }
        // To close a pull request asks for nothing.
        ready.iter_mut().for_each(|document: &mut Ready| document.files = false);
        home.follow(&mut ready, &[]).await
    }
}
