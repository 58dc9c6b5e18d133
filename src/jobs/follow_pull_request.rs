//! Follows one pull request: shows what merging will do while it is open, does it once it is merged.
//!
//! Reads what is true now, whatever the delivery said. A pull request decides nothing: settings come from the default
//! branch, and nothing is filed before the document is on it, unless those settings ask for that.

mod commands;
mod proposed_configuration;
mod review;
mod show;
mod when;

use tokio::sync::OnceCell;

use self::{review::Reviewed, when::Filing};
use super::{
    Stop, Worker, configuration,
    documents::{Documents, Ready, Source, leased, oid},
    link_back::{self, Proposed},
};
use crate::{
    github::{
        Error, Installation,
        graphql::{LoadedDocument, LoadedPullRequest, PullRequestState, Revision},
        rest::{FileStatus, PullRequestFile},
    },
    ids::{CommitSha, DocumentKey, IssueNumber},
    plan::{self, Authority},
    render::{
        check,
        comment::{self, DocumentReport, Moment, Reading, Report, Stage},
        links,
        review::DocumentReview,
    },
    settings::{self, Settings, When},
    store::{WorkKey, WorkKind},
};

pub const KIND: &str = "follow_pull_request";

/// Follows the pull request that `key` names.
pub async fn run(worker: &Worker, key: &WorkKey) -> Result<(), Stop> {
    let WorkKind::PullRequest(number) = key.kind else { return Ok(()) };
    leased(worker, format!("pull-request {}#{number}", key.repository), async |_| follow(worker, key, number).await).await
}

async fn follow(worker: &Worker, key: &WorkKey, number: IssueNumber) -> Result<(), Stop> {
    let installation = worker.github.installation(key.installation);
    let loaded = installation.load_pull_request(&key.name, number).await?;
    let archived = format!("archived {}", loaded.repository.id);
    if loaded.repository.archived {
        // Nothing can be written there, not even a comment: `doctor` is the place to say so.
        let what = format!("{} is archived: pull request #{number} cannot be followed", loaded.repository.name);
        worker.store.record_failure(&archived, &what, true, worker.now()).await?;
        return Ok(());
    }
    worker.store.clear_failure(&archived).await?;
    let files = OnceCell::new();
    Following { worker, installation: &installation, loaded: &loaded, number, files }.run().await
}

/// One run: the worker, and the pull request as it was when the run began.
struct Following<'a> {
    worker: &'a Worker,
    installation: &'a Installation,
    loaded: &'a LoadedPullRequest,
    number: IssueNumber,
    /// The changed files with their patches, once they were asked for.
    files: OnceCell<Vec<PullRequestFile>>,
}

/// A file that the pull request changes.
struct Changed {
    path: String,
    previous_path: Option<String>,
    /// It was not there before.
    added: bool,
}

/// One document of the pull request, as far as it could be read.
struct Read {
    path: String,
    url: String,
    title: Option<String>,
    outcome: Result<Ready, String>,
    /// `None` where nothing is reviewed.
    reviewed: Option<Reviewed>,
}

impl Following<'_> {
    async fn run(&self) -> Result<(), Stop> {
        let is_own = link_back::is_own(self.worker, self.loaded).await?;
        if is_own {
            link_back::follow_own(self.worker, self.installation, self.loaded).await?;
        }
        let stage = self.stage();
        if is_own && stage != Stage::Open {
            return Ok(());
        }
        let file = self.loaded.configuration.as_ref().or(self.loaded.owner_configuration.as_ref());
        let (settings, mut notes) = configuration::settings(self.worker, self.loaded.repository.id, file).await?;
        let repository = &self.loaded.repository;
        let home = Documents {
            worker: self.worker,
            installation: self.installation,
            repository,
            settings: &settings,
            asked_for_all: false,
            showing: Some(self.number),
        };
        let changed = self.changed_files(&settings).await?;
        let proposed = self.proposed_configuration(&changed).await?;
        let brings_problems = !proposed.is_empty();
        notes.extend(proposed);
        let documents: Vec<Changed> = changed.into_iter().filter(|file| settings.reads(&file.path)).collect();
        let documents = self.where_they_are(documents, stage).await?;
        let posted = self.sticky_comment().await?;
        let is_forgotten =
            posted.is_some() && self.worker.store.posted_comment(self.loaded.repository.id, self.number).await?.is_none();
        if let Some(comment) = posted.as_ref().filter(|_| is_forgotten) {
            self.recall_orders(comment).await?;
        }
        let mut reads = self.read(&home, &documents, stage).await?;
        self.obey(&home, &mut reads, stage).await?;
        if documents.is_empty() && !brings_problems {
            if posted.is_none() {
                return Ok(());
            }
            notes.clear();
        }
        let filing = if is_own { Filing::NotYet(Moment::Merge) } else { self.filing(&settings, stage).await? };
        let carried = self.carry_through(&home, &documents, &mut reads, stage, filing).await;
        if let (Err(Stop::GitHub(Error::RateLimited { retry_at })), Some(comment)) = (&carried, &posted)
            && settings.link_back.comment
            && !is_own
        {
            self.tell_to_wait(comment, &reads, *retry_at).await?;
        }
        carried?;
        let reviews = self.reviews(&reads, &documents).await?;
        let checks_url = &format!("{}/checks", self.loaded.pull_request.url);
        let reports = reads.iter().zip(&reviews).map(|(read, review)| read.report(review.as_ref()));
        let orders = self.orders(&reads).await?;
        let home = &self.loaded.repository.name;
        let shown = reports.collect();
        let go_ahead = self.go_ahead().await?;
        let report = Report { stage, moment: filing.moment(), home, checks_url, documents: shown, orders, go_ahead, notes };
        // Our own proposal is no news to anybody; a check that branch rules ask for is there all the same.
        if settings.link_back.comment && !is_own {
            self.ensure_comment(posted, &comment::render(&report)).await?;
        }
        if settings.review.check && stage == Stage::Open {
            let check = match is_own {
                true => check::of_own(),
                false => check::render(&report, settings::PATH, settings.review.blocking),
            };
            self.ensure_check(&check, is_forgotten).await?;
            if !is_own {
                self.ensure_suggestions(&reads, &documents, is_forgotten).await?;
            }
        }
        Ok(())
    }

    fn default_branch(&self) -> &str {
        self.loaded.repository.default_branch.as_ref().map_or("", |branch| branch.name.as_str())
    }

    fn is_into_default(&self) -> bool {
        self.loaded.pull_request.base_branch == self.default_branch()
    }

    fn stage(&self) -> Stage<'_> {
        let pull = &self.loaded.pull_request;
        let default = self.default_branch();
        match pull.state {
            PullRequestState::Merged if self.is_into_default() => Stage::Merged,
            PullRequestState::Merged => Stage::MergedElsewhere { base: &pull.base_branch, default },
            PullRequestState::Closed => Stage::ClosedUnmerged,
            PullRequestState::Open => Stage::Open,
        }
    }

    /// The files that the pull request adds or changes; those it deletes are no business of its plan.
    async fn changed_files(&self, settings: &Settings) -> Result<Vec<Changed>, Stop> {
        let pull = &self.loaded.pull_request;
        // GraphQL gives the first hundred files and no earlier names; only for more is the list worth a request.
        let renamed = pull.files.iter().any(|file| file.change == "RENAMED" && settings.reads(&file.path));
        if !pull.has_more_files() && !renamed {
            let files = pull.files.iter().filter(|file| file.change != "DELETED");
            return Ok(files
                .map(|file| Changed { path: file.path.clone(), previous_path: None, added: file.change == "ADDED" })
                .collect());
        }
        let files = self.listed_files().await?.iter().filter(|file| file.status != FileStatus::Removed);
        Ok(files
            .map(|file| Changed {
                path: file.path.clone(),
                previous_path: file.previous_path.clone(),
                added: file.status == FileStatus::Added,
            })
            .collect())
    }

    /// Merged documents under the names that they have now.
    async fn where_they_are(&self, files: Vec<Changed>, stage: Stage<'_>) -> Result<Vec<Changed>, Stop> {
        if stage != Stage::Merged {
            return Ok(files);
        }
        let (store, repository) = (&self.worker.store, self.loaded.repository.id);
        let mut renamed = store.documents_of_pull(repository, self.number).await?;
        renamed.retain(|found| files.iter().all(|file| file.path != found.path));
        let mut here = Vec::new();
        for file in files {
            if renamed.is_empty() || store.load_document_at(repository, &file.path).await?.is_some() {
                here.push(file);
                continue;
            }
            // A document keeps the key of its first name; one that had several is the only one left.
            let first_names = std::iter::once(&file.path).chain(&file.previous_path);
            let keys: Vec<DocumentKey> = first_names.map(|path| plan::identity::document_key(repository, path)).collect();
            let of_key = renamed.iter().position(|found| keys.contains(&found.document));
            match of_key.or((renamed.len() == 1).then_some(0)) {
                Some(at) => here.push(Changed { path: renamed.remove(at).path, previous_path: None, added: file.added }),
                None => here.push(file),
            }
        }
        Ok(here)
    }

    /// Reads the documents where they count: at the head while the pull request is open, on the default branch once it is
    /// merged, so that looking at an old pull request again never brings back what a later one took out. Their links go to
    /// the merge commit as long as that holds the same text.
    async fn read(&self, home: &Documents<'_>, files: &[Changed], stage: Stage<'_>) -> Result<Vec<Read>, Stop> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let pull = &self.loaded.pull_request;
        let default_head = self.loaded.repository.default_branch.as_ref().map(|branch| &branch.head);
        let merge = pull.merge_commit.as_ref().filter(|_| pull.state == PullRequestState::Merged);
        let current = match stage {
            Stage::Merged => default_head.or(merge).unwrap_or(&pull.head),
            _ => merge.unwrap_or(&pull.head),
        };
        let at = |commit: &CommitSha| {
            files.iter().map(|file| Revision { commit: commit.clone(), path: file.path.clone() }).collect::<Vec<_>>()
        };
        let mut revisions = at(current);
        if let Some(merge) = merge.filter(|merge| *merge != current) {
            revisions.extend(at(merge));
        }
        let mut blobs = self.installation.load_documents(&self.loaded.repository.name, &revisions).await?;
        let at_merge = blobs.split_off(files.len());
        let blobs = blobs.into_iter().collect::<Result<Vec<LoadedDocument>, _>>()?;
        let commit = |index: usize| match (merge, at_merge.get(index)) {
            (Some(merge), Some(Ok(then))) if oid(then).is_some() && oid(then) == oid(&blobs[index]) => merge,
            _ => current,
        };
        // What somebody changed after the merge is as old as that change.
        let later: Vec<(&str, &LoadedDocument)> = (0..files.len())
            .filter(|&index| merge.is_some_and(|merge| commit(index) != merge))
            .map(|index| (files[index].path.as_str(), &blobs[index]))
            .collect();
        let mut changes = home.changes(current, &later).await?;
        let commits: Vec<CommitSha> = (0..files.len()).map(|index| commit(index).clone()).collect();
        let mut reads = Vec::new();
        for ((file, blob), commit) in files.iter().zip(blobs).zip(commits) {
            let commit = match stage {
                Stage::Merged => home.lasting_commit(&file.path, &blob, &commit).await?,
                _ => commit,
            };
            let changed = changes.remove(&file.path);
            reads.push(self.read_one(home, file, blob, &commit, changed).await?);
        }
        Ok(reads)
    }

    async fn read_one(
        &self,
        home: &Documents<'_>,
        file: &Changed,
        blob: LoadedDocument,
        commit: &CommitSha,
        changed: Option<plan::Changed>,
    ) -> Result<Read, Stop> {
        let pull = &self.loaded.pull_request;
        let url = links::file(&home.web_root(), &self.loaded.repository.name, commit, &file.path);
        let reviewed = match &blob {
            LoadedDocument::Found { bytes, .. } if home.settings.review.check && pull.state == PullRequestState::Open => {
                let (bytes, options, policy) = (bytes.clone(), home.options(), home.policy());
                super::documents::away(move || Reviewed::new(&bytes, &options, &policy)).await.ok()
            }
            _ => None,
        };
        let source = Source {
            path: file.path.clone(),
            previous_path: file.previous_path.clone(),
            commit: commit.clone(),
            pull_request: Some(self.origin()),
            authority: Authority::Merged,
            changed: changed
                .or_else(|| pull.merged_at.map(|at| plan::Changed { commit: commit.clone(), url: home.commit_url(commit), at })),
            merged_at: pull.merged_at,
            blob,
        };
        let outcome = home.read(&source).await?;
        let title = outcome.as_ref().ok().and_then(|ready| ready.document.reading.title.clone());
        Ok(Read { path: file.path.clone(), url, title, outcome, reviewed })
    }

    /// Does what may be done, and plans what may not be done yet.
    async fn carry_through(
        &self,
        home: &Documents<'_>,
        files: &[Changed],
        reads: &mut [Read],
        stage: Stage<'_>,
        filing: Filing,
    ) -> Result<(), Stop> {
        if stage == Stage::ClosedUnmerged {
            self.withdraw(home).await?;
        }
        let mut ready: Vec<Ready> = Vec::new();
        let mut places = Vec::new();
        for (at, read) in reads.iter_mut().enumerate() {
            let Ok(document) = &mut read.outcome else { continue };
            if filing == Filing::Now && stage == Stage::Open {
                let (commit, at) = (self.loaded.pull_request.head.clone(), self.worker.now());
                document.document.authority = Authority::Proposed(self.number);
                document.document.changed = Some(plan::Changed { url: home.commit_url(&commit), commit, at });
            }
            // On the default branch, what has its issue is followed whatever the rest waits for.
            if filing == Filing::Now || stage == Stage::Merged {
                document.files = filing == Filing::Now;
                places.push(at);
                if let Ok(document) = std::mem::replace(&mut read.outcome, Err(String::new())) {
                    ready.push(document);
                }
            } else {
                // A document that is only being added cannot have issues yet, unless issues open before the merge.
                let may_have_issues = !files[at].added || home.settings.file.when != When::Merged;
                document.plan = match may_have_issues {
                    true => home.plan_recalled(document).await?,
                    false => home.plan(&document.document, false).await?,
                };
            }
        }
        let followed = if ready.is_empty() { Ok(()) } else { home.follow(&mut ready, &[]).await };
        for (at, document) in places.into_iter().zip(ready) {
            reads[at].outcome = Ok(document);
        }
        followed?;
        if filing == Filing::Now && stage == Stage::Open {
            self.link_before_merge(home, reads).await?;
        }
        Ok(())
    }

    /// The links go to the pull request's own branch, so that the merged document has them.
    async fn link_before_merge(&self, home: &Documents<'_>, reads: &mut [Read]) -> Result<(), Stop> {
        let ready = reads.iter().filter_map(|read| read.outcome.as_ref().ok());
        let proposed: Vec<Proposed<'_>> = ready
            .map(|ready| Proposed { document: &ready.document, source: &ready.document.source, plan: &ready.plan })
            .collect();
        let problems =
            link_back::link_pull_request(self.worker, self.installation, self.loaded, home.settings, &proposed).await?;
        if let Some(first) = reads.iter_mut().find_map(|read| read.outcome.as_mut().ok()) {
            first.plan.problems.extend(problems);
        }
        Ok(())
    }

    /// This pull request, as documents and issues name it.
    fn origin(&self) -> plan::PullRequest {
        let pull = &self.loaded.pull_request;
        plan::PullRequest {
            number: self.number,
            url: pull.url.clone(),
            title: pull.title.clone(),
            author: pull.author.clone().unwrap_or_default(),
        }
    }
}

impl Read {
    fn report<'a>(&'a self, review: Option<&'a DocumentReview>) -> DocumentReport<'a> {
        let reading = match &self.outcome {
            Ok(ready) => Reading::Plan(&ready.plan),
            Err(why) => Reading::Unreadable(why.clone()),
        };
        DocumentReport { path: &self.path, url: &self.url, title: self.title.as_deref(), reading, review }
    }
}
