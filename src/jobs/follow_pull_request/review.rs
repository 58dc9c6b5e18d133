//! The review on an open pull request: what was found on lines that it touches, and rewrites offered on those lines.
//!
//! A rewrite is offered once. What was offered is in the store; where the store is new, or something is to be said or
//! resolved, the comments are read back first. Races, and how each ends:
//! - Killed or cut off while offers are sent: they are marked before, and looked up before they are sent again, when GitHub
//!   had time to show them.
//! - A push while a review is sent: it is about the older head, where GitHub keeps it; the next run compares again.

use std::collections::HashMap;

use super::{Changed, Following, Read};
use crate::{
    github::{
        Access, Error, Installation, Refusal,
        graphql::ReviewThread,
        rest::{FileStatus, LineComment, PullRequestFile},
    },
    ids::NodeId,
    jobs::{SETTLE, Stop},
    postmortem::parse::{NotText, ReadOptions},
    render::{
        review::{Celebration, DocumentReview},
        suggestion,
    },
    review::{self, Comparison, Known, Offer, OfferKey, Policy, Resilience, Review, Touched},
    store::{OfferedSuggestion, SuggestionState},
};

/// A document with what the rules say about it.
pub(super) struct Reviewed {
    text: String,
    review: Review,
}

impl Reviewed {
    pub(super) fn new(bytes: &[u8], options: &ReadOptions, policy: &Policy) -> Result<Self, NotText> {
        let review = review::review(bytes, options, policy)?;
        Ok(Self { text: String::from_utf8_lossy(bytes).into_owned(), review })
    }

    /// What of it is the pull request's business.
    fn on(&self, touched: &Touched) -> DocumentReview {
        let mut findings = self.review.findings.clone();
        findings.retain(|finding| match finding.whole_document {
            true => !touched.is_nothing(),
            false => touched.touches(finding.place.lines()),
        });
        let moments = self.review.resilience.iter().filter(|moment| touched.touches(moment.place.lines()));
        DocumentReview {
            findings,
            is_new: touched.is_new(),
            ignored: self.review.ignored,
            lines_unknown: touched.is_unknown(),
            celebrations: moments.map(celebration).collect(),
        }
    }
}

fn celebration(moment: &Resilience) -> Celebration {
    Celebration { lines: moment.place.lines(), message: format!("“{}” is worth celebrating.", moment.text) }
}

impl Following<'_> {
    /// The changed files with their patches. Asked for once in a run, and only when somebody wants to know.
    pub(super) async fn listed_files(&self) -> Result<&[PullRequestFile], Stop> {
        let list = || self.installation.list_pull_request_files(&self.loaded.repository.name, self.number);
        Ok(self.files.get_or_try_init(list).await?)
    }

    /// The review of each document, as far as it is the pull request's business.
    pub(super) async fn reviews(&self, reads: &[Read], files: &[Changed]) -> Result<Vec<Option<DocumentReview>>, Stop> {
        let mut reviews = Vec::new();
        for (read, file) in reads.iter().zip(files) {
            reviews.push(match &read.reviewed {
                // Of a document in which nothing was found, no lines are wanted: they might cost a request.
                Some(reviewed) if reviewed.review.findings.is_empty() && !file.added => {
                    Some(DocumentReview { is_new: file.added, ignored: reviewed.review.ignored, ..DocumentReview::default() })
                }
                Some(reviewed) => Some(reviewed.on(&self.touched(file).await?)),
                None => None,
            });
        }
        Ok(reviews)
    }

    /// Which lines of a file the pull request touches; of an added one all, which takes no request.
    async fn touched(&self, file: &Changed) -> Result<Touched, Stop> {
        if file.added && !self.files.initialized() {
            return Ok(Touched::by_adding(None));
        }
        let listed = self.listed_files().await?.iter().find(|listed| listed.path == file.path);
        Ok(match listed {
            Some(listed) if listed.status == FileStatus::Added => Touched::by_adding(listed.patch.as_deref()),
            Some(listed) => Touched::by_changing(listed.patch.as_deref(), listed.changes),
            // GitHub lists 3,000 files.
            None => Touched::by_changing(None, 1),
        })
    }

    /// Offers what is not offered yet, and resolves what needs no answer any more. `is_forgotten`: the comment was written by
    /// a program with another memory, so rewrites may have been, too.
    pub(super) async fn ensure_suggestions(&self, reads: &[Read], files: &[Changed], is_forgotten: bool) -> Result<(), Stop> {
        let store = &self.worker.store;
        let known = store.suggestions(self.loaded.repository.id, self.number).await?;
        let mut offers = self.offers(reads, files).await?;
        let compared = review::compare(&offers, &knowns(&known));
        let is_open = |at: &usize| known.get(*at).is_some_and(|known| known.state == SuggestionState::Offered);
        let is_unsure = is_forgotten || known.iter().any(|known| known.state == SuggestionState::Sending);
        if compared.fresh.is_empty() && !compared.outdated.iter().any(is_open) && !is_unsure {
            return self.forget_gone(&compared, &known).await;
        }
        if !compared.fresh.is_empty() {
            // With the patches at hand, it is known where GitHub takes comments.
            self.listed_files().await?;
            offers = self.offers(reads, files).await?;
            if review::compare(&offers, &knowns(&known)).fresh.is_empty() && !compared.outdated.iter().any(is_open) && !is_unsure
            {
                return Ok(());
            }
        }
        let writer = self.installation.clone().with_access(Access::NONE.writing_pull_requests());
        let threads = match writer.list_review_threads(&self.loaded.repository.name, self.number).await {
            Ok(threads) => threads,
            Err(error) if is_not_permitted(&error) => return self.give_up_suggestions(&offers).await,
            Err(error) => return Err(error.into()),
        };
        let threads: Vec<Thread> = threads.into_iter().filter_map(Thread::read).collect();
        let known = self.remember(known, &threads).await?;
        let compared = review::compare(&offers, &knowns(&known));
        self.settle(&compared, &known, &threads).await?;
        self.forget_gone(&compared, &known).await?;
        self.offer(&writer, &compared.fresh).await
    }

    /// Rewrites on lines that the pull request touches and, once its patches were listed, GitHub shows.
    async fn offers(&self, reads: &[Read], files: &[Changed]) -> Result<Vec<Offer>, Stop> {
        let mut offers = Vec::new();
        for (read, file) in reads.iter().zip(files) {
            let Some(reviewed) = &read.reviewed else { continue };
            if reviewed.review.findings.iter().all(|finding| finding.suggestion.is_none()) {
                continue;
            }
            let touched = self.touched(file).await?;
            let made = review::offers(&file.path, &reviewed.text, &reviewed.review.findings, &touched);
            offers.extend(made.into_iter().filter(|offer| !self.files.initialized() || touched.shows(offer.lines)));
        }
        Ok(offers)
    }

    /// The App may not comment on lines: annotations have to do, and it is not tried again for the same words.
    async fn give_up_suggestions(&self, offers: &[Offer]) -> Result<(), Stop> {
        let keys: Vec<OfferKey> = offers.iter().flat_map(keys_of).collect();
        tracing::info!(repository = %self.loaded.repository.name, "no suggestions: the App may not write to pull requests");
        self.record(&keys, SuggestionState::Settled).await
    }

    /// What is known, with what the comments say. Waits where GitHub may not show yet what was sent.
    async fn remember(&self, known: Vec<OfferedSuggestion>, threads: &[Thread]) -> Result<Vec<OfferedSuggestion>, Stop> {
        let now = self.worker.now();
        let mut shown: HashMap<&OfferKey, SuggestionState> =
            threads.iter().flat_map(|thread| thread.keys.iter().map(|key| (key, thread.state()))).collect();
        let (mut all, mut offered, mut settled) = (Vec::new(), Vec::new(), Vec::new());
        let mut is_unsent = false;
        for mut known in known {
            let shows_by = known.since.checked_add(SETTLE).unwrap_or(now);
            let state = match (shown.remove(&known.key), known.state) {
                (_, state @ (SuggestionState::Settled | SuggestionState::Gone)) => state,
                (Some(state), _) => state,
                (None, SuggestionState::Sending) if now < shows_by => return Err(Stop::Later(shows_by)),
                (None, SuggestionState::Sending) => {
                    is_unsent = true;
                    continue;
                }
                (None, SuggestionState::Offered) if now < shows_by => SuggestionState::Offered,
                // Somebody deleted it.
                (None, SuggestionState::Offered) => SuggestionState::Settled,
            };
            if state != known.state {
                let changed = if state == SuggestionState::Offered { &mut offered } else { &mut settled };
                changed.push(known.key.clone());
                known.state = state;
            }
            all.push(known);
        }
        for (key, state) in shown {
            let changed = if state == SuggestionState::Offered { &mut offered } else { &mut settled };
            changed.push(key.clone());
            all.push(OfferedSuggestion { key: key.clone(), state, since: now });
        }
        self.record(&offered, SuggestionState::Offered).await?;
        self.record(&settled, SuggestionState::Settled).await?;
        if is_unsent {
            self.worker.store.forget_sending_suggestions(self.loaded.repository.id, self.number).await?;
        }
        // In an order that does not change from run to run.
        all.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(all)
    }

    /// What was mended is no refusal of the same words elsewhere.
    async fn forget_gone(&self, compared: &Comparison, known: &[OfferedSuggestion]) -> Result<(), Stop> {
        let gone = compared.gone.iter().filter_map(|&at| known.get(at)).filter(|known| known.state != SuggestionState::Gone);
        let keys: Vec<OfferKey> = gone.map(|known| known.key.clone()).collect();
        self.record(&keys, SuggestionState::Gone).await
    }

    /// Resolves comments whose lines are no more, where the App may and nobody answered.
    async fn settle(&self, compared: &Comparison, known: &[OfferedSuggestion], threads: &[Thread]) -> Result<(), Stop> {
        let gone: Vec<&OfferedSuggestion> = compared.outdated.iter().filter_map(|&at| known.get(at)).collect();
        let over: Vec<OfferKey> =
            gone.iter().filter(|one| one.state == SuggestionState::Offered).map(|one| one.key.clone()).collect();
        let is_over = |thread: &&Thread| {
            !thread.resolved && thread.replies == 0 && thread.keys.iter().all(|key| gone.iter().any(|gone| gone.key == *key))
        };
        let finished = threads.iter().filter(is_over).filter(|thread| thread.keys.iter().any(|key| over.contains(key)));
        let ids: Vec<NodeId> = finished.map(|thread| thread.id.clone()).collect();
        if !ids.is_empty() {
            // GitHub counts resolving under contents. Without that permission they stay, outdated.
            let access = Access::NONE.writing_pull_requests().writing_contents();
            let resolver = self.installation.clone().with_access(access);
            for result in resolver.resolve_review_threads(&ids).await {
                match result {
                    Err(error) if !is_not_permitted(&error) && !matches!(error, Error::NotFound { .. }) => {
                        return Err(error.into());
                    }
                    _ => {}
                }
            }
        }
        self.record(&over, SuggestionState::Settled).await
    }

    /// Sends what is to be offered, as one review.
    async fn offer(&self, writer: &Installation, offers: &[Offer]) -> Result<(), Stop> {
        if offers.is_empty() {
            return Ok(());
        }
        let keys: Vec<OfferKey> = offers.iter().flat_map(keys_of).collect();
        self.record(&keys, SuggestionState::Sending).await?;
        let comments: Vec<LineComment> = offers
            .iter()
            .map(|offer| LineComment {
                path: offer.path.clone(),
                first_line: offer.lines.first,
                last_line: offer.lines.last,
                body: suggestion::render(offer),
            })
            .collect();
        let (name, head) = (&self.loaded.repository.name, &self.loaded.pull_request.head);
        let introduction = suggestion::introduction(offers.len());
        match writer.create_review(name, self.number, head, &introduction, &comments).await {
            Ok(_) => self.record(&keys, SuggestionState::Offered).await,
            // It may be there: looked up when GitHub had time to show it.
            Err(error) if error.is_unknown() => Err(error.into()),
            Err(error) => {
                self.worker.store.forget_sending_suggestions(self.loaded.repository.id, self.number).await?;
                match error {
                    // Lines that are not in the diff: the pull request moved on while it was read, and is read again.
                    Error::Refused { .. } => {
                        tracing::warn!(repository = %name, error = &error as &dyn std::error::Error, "suggestions were not taken");
                        Ok(())
                    }
                    error => Err(error.into()),
                }
            }
        }
    }

    async fn record(&self, keys: &[OfferKey], state: SuggestionState) -> Result<(), Stop> {
        let (store, now) = (&self.worker.store, self.worker.now());
        Ok(store.record_suggestions(self.loaded.repository.id, self.number, keys, state, now).await?)
    }
}

/// A thread that one of our offers began.
struct Thread {
    id: NodeId,
    resolved: bool,
    replies: u64,
    keys: Vec<OfferKey>,
}

impl Thread {
    fn read(thread: ReviewThread) -> Option<Self> {
        let keys = suggestion::parse(&thread.body);
        (thread.ours && !keys.is_empty()).then_some(Self {
            id: thread.id,
            resolved: thread.resolved,
            replies: thread.replies,
            keys,
        })
    }

    fn state(&self) -> SuggestionState {
        if self.resolved { SuggestionState::Settled } else { SuggestionState::Offered }
    }
}

fn knowns(known: &[OfferedSuggestion]) -> Vec<Known<'_>> {
    known.iter().map(|known| Known { key: &known.key, is_gone: known.state == SuggestionState::Gone }).collect()
}

fn keys_of(offer: &Offer) -> impl Iterator<Item = OfferKey> + '_ {
    offer.reasons.iter().map(|reason| reason.key.clone())
}

/// A permission is missing: GitHub refuses the token when it was not granted, and the request when it was taken back since.
fn is_not_permitted(error: &Error) -> bool {
    matches!(error, Error::Refused { refusal: Refusal::Forbidden | Refusal::Invalid, .. })
}
