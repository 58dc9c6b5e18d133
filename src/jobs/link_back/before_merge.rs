//! Links on a pull request that is still open, so that the merged document has them already: committed to its branch, or
//! offered as suggestions where the branch is a fork's.
//!
//! A link is written or offered once: who takes it out again has decided. Races, and how each ends:
//! - A push while the commit is made: GitHub refuses it, and the push's own delivery brings us back.
//! - Killed or cut off while a review is sent: it is announced before, and looked up when GitHub had time to show it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edited, refused};
use crate::{
    github::{
        Access, Error, Installation, Refusal,
        graphql::{FileWrite, LoadedPullRequest, NewCommit, PullRequestState},
        rest::{FileStatus, LineComment, PullRequestFile},
    },
    jobs::{SETTLE, Stop, Worker},
    plan::{Document, Plan, Problem, link_back},
    postmortem::edit::Wish,
    render::link_back as words,
    review::Touched,
    settings::{DocumentLinks, Settings},
    store::LinkOfferState,
    text::{Edit, LineIndex, Lines, edited},
};

/// A document as the head of the pull request has it.
pub struct Proposed<'a> {
    /// With the reading of `source`.
    pub document: &'a Document,
    pub source: &'a str,
    pub plan: &'a Plan,
}

struct Linking<'a> {
    worker: &'a Worker,
    installation: &'a Installation,
    loaded: &'a LoadedPullRequest,
}

/// Writes the issues that items have got before the merge into the pull request's own documents. Gives what a person has to
/// do.
///
/// # Errors
///
/// [`Stop`] when the rest has to wait; doing it all again goes on from there.
pub async fn link_pull_request(
    worker: &Worker,
    installation: &Installation,
    loaded: &LoadedPullRequest,
    settings: &Settings,
    documents: &[Proposed<'_>],
) -> Result<Vec<Problem>, Stop> {
    let is_open = loaded.pull_request.state == PullRequestState::Open;
    let has_issues = documents.iter().any(|proposed| !link_back::wishes(proposed.plan).is_empty());
    if settings.link_back.document == DocumentLinks::Off || !is_open || !has_issues {
        return Ok(Vec::new());
    }
    Linking { worker, installation, loaded }.run(settings, documents).await
}

impl Linking<'_> {
    async fn run(&self, settings: &Settings, documents: &[Proposed<'_>]) -> Result<Vec<Problem>, Stop> {
        let from_fork = self.loaded.pull_request.cross_repository;
        let (written, sending) = if from_fork { (self.offered().await?, BTreeSet::new()) } else { self.committed().await? };
        let (mut all, mut problems) = (Vec::new(), Vec::new());
        for proposed in documents {
            let Proposed { document, source, plan } = proposed;
            let mut edited = Edited::of(self.worker, settings, document, source, plan, &written).await;
            problems.extend(edited.problem.take());
            all.push((proposed, edited));
        }
        // What was being sent and is not missing any more has arrived.
        let missing: BTreeSet<String> = all.iter().flat_map(|(_, edited)| edited.names.iter().cloned()).collect();
        self.record(&sending.difference(&missing).cloned().collect(), LinkOfferState::Offered).await?;
        all.retain(|(_, edited)| edited.text.is_some());
        if all.is_empty() {
            return Ok(problems);
        }
        if from_fork {
            self.offer(&all).await?;
        } else {
            problems.extend(self.commit(&all, &missing).await?);
        }
        Ok(problems)
    }

    /// What was committed before, and what may have been.
    async fn committed(&self) -> Result<(BTreeSet<String>, BTreeSet<String>), Stop> {
        let (mut written, mut sending) = (BTreeSet::new(), BTreeSet::new());
        for known in self.worker.store.link_offers(self.loaded.repository.id, self.loaded.pull_request.number).await? {
            match known.state {
                LinkOfferState::Offered => written.insert(known.edit),
                LinkOfferState::Sending => sending.insert(known.edit),
            };
        }
        Ok((written, sending))
    }

    async fn commit(&self, all: &[(&Proposed<'_>, Edited)], names: &BTreeSet<String>) -> Result<Option<Problem>, Stop> {
        let pull = &self.loaded.pull_request;
        let made: Vec<Wish> = all.iter().flat_map(|(_, edited)| edited.made.iter().cloned()).collect();
        let path = if let [(one, _)] = all { one.document.path.clone() } else { format!("{} documents", all.len()) };
        let file = |(proposed, edited): &(&Proposed<'_>, Edited)| {
            let contents = edited.text.as_ref()?.as_bytes().to_vec();
            Some(FileWrite { path: proposed.document.path.clone(), contents })
        };
        let commit = NewCommit {
            branch: pull.head_branch.clone(),
            expected_head: pull.head.clone(),
            headline: words::title(&path, &made),
            body: String::new(),
            files: all.iter().filter_map(file).collect(),
        };
        let writer = self.installation.clone().with_access(Access::NONE.writing_contents());
        self.record(names, LinkOfferState::Sending).await?;
        match writer.create_commit(&self.loaded.repository.name, &commit).await {
            Ok(_) => self.record(names, LinkOfferState::Offered).await.map(|()| None),
            Err(Error::Refused { refusal: Refusal::Stale, .. }) => Ok(None),
            Err(error) => match refused(&error) {
                Some(problem) => self.forget_sending().await.map(|()| Some(problem)),
                None => Err(error.into()),
            },
        }
    }

    /// What was offered before. Waits where GitHub may not show yet what was sent.
    async fn offered(&self) -> Result<BTreeSet<String>, Stop> {
        let (repository, pull) = (&self.loaded.repository, self.loaded.pull_request.number);
        let known = self.worker.store.link_offers(repository.id, pull).await?;
        let sending = known.iter().filter(|known| known.state == LinkOfferState::Sending);
        if let Some(since) = sending.map(|known| known.since).max() {
            let now = self.worker.now();
            let shown_by = since.checked_add(SETTLE).unwrap_or(now);
            if now < shown_by {
                return Err(Stop::Later(shown_by));
            }
            let threads = self.writer().list_review_threads(&repository.name, pull).await?;
            let shown = threads.iter().filter(|thread| thread.ours).flat_map(|thread| words::offered(&thread.body));
            self.record(&shown.collect(), LinkOfferState::Offered).await?;
            self.forget_sending().await?;
        }
        Ok(self.committed().await?.0)
    }

    /// Offers whole lines, as one review, where GitHub takes comments.
    async fn offer(&self, all: &[(&Proposed<'_>, Edited)]) -> Result<(), Stop> {
        let (repository, pull) = (&self.loaded.repository, &self.loaded.pull_request);
        let files = self.installation.list_pull_request_files(&repository.name, pull.number).await?;
        let offers: Vec<words::Offer> = all.iter().flat_map(|(proposed, edited)| offers(proposed, edited, &files)).collect();
        let names: BTreeSet<String> = offers.iter().flat_map(|offer| offer.names.iter().cloned()).collect();
        if offers.is_empty() {
            return Ok(());
        }
        self.record(&names, LinkOfferState::Sending).await?;
        let comments: Vec<LineComment> = offers
            .iter()
            .map(|offer| LineComment {
                path: offer.path.clone(),
                first_line: offer.lines.first,
                last_line: offer.lines.last,
                body: words::offer(offer),
            })
            .collect();
        let introduction = words::introduction(offers.len());
        match self.writer().create_review(&repository.name, pull.number, &pull.head, &introduction, &comments).await {
            Ok(_) => self.record(&names, LinkOfferState::Offered).await,
            // It may be there: looked up when GitHub had time to show it.
            Err(error) if error.is_unknown() => Err(error.into()),
            Err(error) => {
                self.forget_sending().await?;
                match error {
                    // The pull request moved on, or the App may not comment on lines: the comment has the links, too.
                    Error::Refused { .. } => {
                        tracing::warn!(repository = %repository.name, error = &error as &dyn std::error::Error, "links were not offered");
                        Ok(())
                    }
                    error => Err(error.into()),
                }
            }
        }
    }

    fn writer(&self) -> Installation {
        self.installation.clone().with_access(Access::NONE.writing_pull_requests())
    }

    async fn record(&self, names: &BTreeSet<String>, state: LinkOfferState) -> Result<(), Stop> {
        if names.is_empty() {
            return Ok(());
        }
        let (repository, pull) = (self.loaded.repository.id, self.loaded.pull_request.number);
        Ok(self.worker.store.record_link_offers(repository, pull, names, state, self.worker.now()).await?)
    }

    async fn forget_sending(&self) -> Result<(), Stop> {
        let (repository, pull) = (self.loaded.repository.id, self.loaded.pull_request.number);
        Ok(self.worker.store.forget_sending_link_offers(repository, pull).await?)
    }
}

/// The edits of one document, by the lines they stand on, where GitHub shows these.
fn offers(proposed: &Proposed<'_>, edited: &Edited, files: &[PullRequestFile]) -> Vec<words::Offer> {
    let path = &proposed.document.path;
    let Some(file) = files.iter().find(|file| file.path == *path) else { return Vec::new() };
    let touched = match file.status {
        FileStatus::Added => Touched::by_adding(file.patch.as_deref()),
        _ => Touched::by_changing(file.patch.as_deref(), file.changes),
    };
    let index = LineIndex::new(proposed.source);
    let mut by_lines: BTreeMap<Lines, (Vec<Edit>, Vec<Wish>)> = BTreeMap::new();
    for (edit, made) in edited.edits.iter().zip(&edited.made) {
        let (edits, wishes) = by_lines.entry(index.lines(edit.span)).or_default();
        edits.push(edit.clone());
        wishes.push(made.clone());
    }
    let wishes = link_back::wishes(proposed.plan);
    let offer = |(lines, (edits, made)): (Lines, (Vec<Edit>, Vec<Wish>))| {
        let replacement = replacement(proposed.source, &index, lines, &edits)?;
        Some(words::Offer { path: path.clone(), lines, replacement, names: link_back::names(&made, &wishes) })
    };
    by_lines.into_iter().filter(|(lines, _)| touched.shows(*lines)).filter_map(offer).collect()
}

/// The new text of `lines`, without the last line's line break.
fn replacement(source: &str, index: &LineIndex, lines: Lines, edits: &[Edit]) -> Option<String> {
    let span = index.span(lines);
    let old = source.get(span.range())?;
    let old = old.strip_suffix('\n').unwrap_or(old);
    // GitHub does not say which line breaks an accepted suggestion gets, so files with others than its own get none.
    if old.contains('\r') {
        return None;
    }
    let moved: Vec<Edit> = edits
        .iter()
        .map(|edit| Edit {
            span: crate::text::Span::new(edit.span.start - span.start, edit.span.end - span.start),
            text: edit.text.clone(),
        })
        .collect();
    edited(old, &moved)
}
