//! Follows one pull request: shows what merging will do while it is open, does it once it is merged.
//!
//! Reads what is true now, whatever the delivery said. A pull request decides nothing: settings come from the default
//! branch, and nothing is filed before the document is on it.

mod configuration;
mod observe;
mod review;
mod show;

use std::time::Duration;

use tokio::sync::OnceCell;

use self::review::Reviewed;
use super::{Stop, Worker};
use crate::{
    apply,
    github::{
        Installation,
        graphql::{LoadedDocument, LoadedPullRequest, LoadedTarget, PullRequestState, Revision},
        rest::{FileStatus, PullRequestFile},
    },
    ids::{CommitSha, IssueNumber},
    plan::{self, Action, ActionKind, Document, IssueState, Plan, Problem, Settled, TrackedIssue, Why, identity},
    postmortem::{
        Postmortem,
        parse::{self, NotText, ReadOptions},
    },
    render::{
        check,
        comment::{self, DocumentReport, Reading, Report, Stage},
        links,
        review::DocumentReview,
    },
    review::Policy,
    settings::{self, Settings},
    store::{self, ItemReading, Lease, WorkKey, WorkKind},
};

pub const KIND: &str = "follow_pull_request";

/// How long a lease outlives its process: with the queue's own claim, less than the ten seconds in which unfinished work
/// goes on after a crash. Renewed every [`RENEW`] while the work lasts, also while GitHub takes its time to answer.
pub(crate) const LEASE: Duration = Duration::from_secs(6);
const RENEW: Duration = Duration::from_secs(2);

/// Follows the pull request that `key` names.
pub async fn run(worker: &Worker, key: &WorkKey) -> Result<(), Stop> {
    let WorkKind::PullRequest(number) = key.kind else { return Ok(()) };
    leased(worker, format!("pull-request {}#{number}", key.repository), async |_| follow(worker, key, number).await).await
}

/// Does `work` while nobody else may do what is called `name`. Should the lease be lost, `work` is dropped where it stands:
/// that is no worse than a crash there.
async fn leased(worker: &Worker, name: String, work: impl AsyncFnOnce(&Lease) -> Result<(), Stop>) -> Result<(), Stop> {
    let holder = format!("{} {}", worker.holder, uuid::Uuid::now_v7());
    let lease = worker.store.acquire_lease(&name, &holder, LEASE, worker.now()).await?.ok_or(Stop::Busy(name))?;
    let done = tokio::select! {
        done = work(&lease) => done,
        lost = keep(worker, &lease) => Err(lost.into()),
    };
    worker.store.release_lease(lease).await?;
    done
}

/// Renews the lease until it is lost. Trouble with the database is waited out: whoever demands the lease will notice.
async fn keep(worker: &Worker, lease: &Lease) -> store::Error {
    loop {
        tokio::time::sleep(RENEW).await;
        match worker.store.renew_lease(lease, LEASE, worker.now()).await {
            Ok(_) => {}
            Err(lost @ store::Error::LeaseLost(_)) => return lost,
            Err(error) => tracing::warn!(
                lease = lease.name,
                error = &error as &dyn std::error::Error,
                "a lease cannot be renewed; trying again"
            ),
        }
    }
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

struct Ready {
    document: Document,
    /// The blob's object id.
    content: String,
    commit: CommitSha,
    plan: Plan,
}

impl Following<'_> {
    async fn run(&self) -> Result<(), Stop> {
        let (settings, mut notes) = self.settings().await?;
        let changed = self.changed_files(&settings).await?;
        let proposed = self.proposed_configuration(&changed).await?;
        let brings_problems = !proposed.is_empty();
        notes.extend(proposed);
        let documents: Vec<Changed> = changed.into_iter().filter(|file| settings.reads(&file.path)).collect();
        let posted = self.sticky_comment().await?;
        let is_forgotten =
            posted.is_some() && self.worker.store.posted_comment(self.loaded.repository.id, self.number).await?.is_none();
        if documents.is_empty() && !brings_problems {
            if posted.is_none() {
                return Ok(());
            }
            notes.clear();
        }
        let stage = self.stage();
        let mut reads = self.read(&documents, &settings, stage).await?;
        if stage == Stage::Merged {
            for ready in reads.iter_mut().filter_map(|read| read.outcome.as_mut().ok()) {
                self.file(ready, &settings).await?;
            }
        }
        let reviews = self.reviews(&reads, &documents).await?;
        let home = &self.loaded.repository.name;
        let checks_url = &format!("{}/checks", self.loaded.pull_request.url);
        let reports = reads.iter().zip(&reviews).map(|(read, review)| read.report(review.as_ref()));
        let report = Report { stage, home, checks_url, documents: reports.collect(), notes };
        if settings.link_back.comment {
            self.ensure_comment(posted, &comment::render(&report)).await?;
        }
        if settings.review.check && stage == Stage::Open {
            self.ensure_check(&check::render(&report, settings::PATH, settings.review.blocking)).await?;
            self.ensure_suggestions(&reads, &documents, is_forgotten).await?;
        }
        Ok(())
    }

    fn stage(&self) -> Stage<'_> {
        let pull = &self.loaded.pull_request;
        let default = self.loaded.repository.default_branch.as_ref().map_or("", |branch| branch.name.as_str());
        match pull.state {
            PullRequestState::Merged if pull.base_branch == default => Stage::Merged,
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

    /// Reads and plans the documents where they count: at the head while the pull request is open, on the default
    /// branch once it is merged, so that looking at an old pull request again never brings back what a later one took
    /// out. Their links go to the merge commit as long as that holds the same text.
    async fn read(&self, files: &[Changed], settings: &Settings, stage: Stage<'_>) -> Result<Vec<Read>, Stop> {
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
        let mut reads = Vec::new();
        for (index, (file, blob)) in files.iter().zip(blobs).enumerate() {
            let blob = blob?;
            let commit = match (merge, at_merge.get(index)) {
                (Some(merge), Some(Ok(then))) if oid(then).is_some() && oid(then) == oid(&blob) => merge,
                _ => current,
            };
            reads.push(self.read_one(file, blob, commit, settings).await?);
        }
        Ok(reads)
    }

    async fn read_one(
        &self,
        file: &Changed,
        blob: LoadedDocument,
        commit: &CommitSha,
        settings: &Settings,
    ) -> Result<Read, Stop> {
        let url = links::file(&self.web_root(), &self.loaded.repository.name, commit, &file.path);
        let options = ReadOptions { headings: settings.documents.headings.clone() };
        let is_reviewed = settings.review.check && self.loaded.pull_request.state == PullRequestState::Open;
        let policy = is_reviewed.then(|| Policy::new(&settings.review).0);
        let mut reviewed = None;
        let reading = match &blob {
            LoadedDocument::Found { bytes, .. } => match parse(bytes.clone(), options, policy).await {
                Ok((reading, review)) => {
                    reviewed = review;
                    Ok(reading)
                }
                Err(error) => Err(format!("Not read: {error}.")),
            },
            LoadedDocument::Missing => Err("It is not there any more, so there is nothing to file.".to_owned()),
            LoadedDocument::Binary => Err("Not read: the file is not text.".to_owned()),
            LoadedDocument::TooLarge { bytes } => Err(format!("Not read: {bytes} bytes are too many.")),
        };
        let title = reading.as_ref().ok().and_then(|reading| reading.title.clone());
        let outcome = match reading {
            Err(why) => Err(why),
            Ok(reading) => {
                let pull = &self.loaded.pull_request;
                let known = self.ledger(file).await?;
                let key = known.unwrap_or_else(|| identity::document_key(self.loaded.repository.id, &file.path));
                let document = Document {
                    key,
                    repository: self.loaded.repository.name.clone(),
                    path: file.path.clone(),
                    commit: Some(commit.clone()),
                    url: Some(url.clone()),
                    pull_request: Some(plan::PullRequest {
                        number: self.number,
                        url: pull.url.clone(),
                        title: pull.title.clone(),
                        author: pull.author.clone().unwrap_or_default(),
                    }),
                    reading,
                };
                let merged = pull.state == PullRequestState::Merged;
                // A document that is only being added cannot have issues yet; after the merge, filing plans for itself.
                let plan = if merged { empty(&document) } else { self.plan(&document, settings, !file.added).await?.0 };
                Ok(Ready { document, content: oid(&blob).unwrap_or_default().to_owned(), commit: commit.clone(), plan })
            }
        };
        Ok(Read { path: file.path.clone(), url, title, outcome, reviewed })
    }

    /// The key of a document that was filed before, under this name or the one it had before this pull request.
    async fn ledger(&self, file: &Changed) -> Result<Option<crate::ids::DocumentKey>, Stop> {
        let repository = self.loaded.repository.id;
        for path in std::iter::once(&file.path).chain(&file.previous_path) {
            if let Some((document, _)) = self.worker.store.load_document_at(repository, path).await? {
                return Ok(Some(document.key));
            }
        }
        Ok(None)
    }

    /// Files one merged document: what is planned is done, then planned again to show what came of it.
    async fn file(&self, ready: &mut Ready, settings: &Settings) -> Result<(), Stop> {
        let name = format!("document {}", ready.document.key);
        leased(self.worker, name, async |lease| self.file_leased(ready, settings, lease).await).await
    }

    async fn file_leased(&self, ready: &mut Ready, settings: &Settings, lease: &Lease) -> Result<(), Stop> {
        let document = &ready.document;
        let (plan, target) = self.plan(document, settings, true).await?;
        self.save_reading(ready, &plan, lease).await?;
        self.remember_marked(document, target.as_ref(), lease).await?;
        let refused = match &target {
            Some(target) => apply::apply(&apply::Tools::of(self.worker, self.installation), &plan, target, lease).await?,
            None => Vec::new(),
        };
        ready.plan = self.replan(document, settings, target.as_ref()).await?;
        settle_shared(&mut ready.plan, &refused);
        // What was said while planning holds for what was done: say it again, with what went wrong in doing it.
        for problem in plan.problems.into_iter().chain(refused) {
            if !ready.plan.problems.contains(&problem) {
                ready.plan.problems.push(problem);
            }
        }
        Ok(())
    }

    async fn save_reading(&self, ready: &Ready, plan: &Plan, lease: &Lease) -> Result<(), Stop> {
        let document = &ready.document;
        let reading = store::Document {
            key: document.key.clone(),
            repository: self.loaded.repository.id,
            name: document.repository.clone(),
            path: document.path.clone(),
            content_digest: ready.content.clone(),
            commit: ready.commit.clone(),
            postmortem_url: document.url.clone(),
            updated_at: self.worker.now(),
        };
        let items: Vec<ItemReading> = plan
            .items
            .iter()
            .zip(0..)
            .map(|(item, ordinal)| ItemReading {
                key: item.key.clone(),
                ordinal,
                text: item.text.clone(),
                group: item.group.clone(),
                state: item.state,
            })
            .collect();
        Ok(self.worker.store.save_reading(lease, &reading, &items).await?)
    }

    /// Where GitHub's pages live, as its own addresses have it: scheme and host.
    fn web_root(&self) -> String {
        let url = &self.loaded.pull_request.url;
        url.match_indices('/').nth(2).map_or(url.as_str(), |(at, _)| &url[..at]).to_owned()
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

/// Reads, and reviews where there is a policy, away from the threads that wait for answers: a document made to be slow takes
/// a second, and leases want renewing.
async fn parse(bytes: Vec<u8>, options: ReadOptions, policy: Option<Policy>) -> Result<(Postmortem, Option<Reviewed>), String> {
    let work = move || {
        let reading = parse::parse(&bytes, &options)?;
        let reviewed = policy.map(|policy| Reviewed::new(&bytes, &options, &policy)).transpose()?;
        Ok((reading, reviewed))
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error: NotText| error.to_string()),
        Err(_) => Err("reading it failed, which is a bug in Followthrough".to_owned()),
    }
}

fn oid(blob: &LoadedDocument) -> Option<&str> {
    match blob {
        LoadedDocument::Found { oid, .. } => Some(oid),
        LoadedDocument::Missing | LoadedDocument::Binary | LoadedDocument::TooLarge { .. } => None,
    }
}

/// An issue that an item of another postmortem has as well is linked by now, though the ledger knows it as the other's.
fn settle_shared(plan: &mut Plan, refused: &[Problem]) {
    for action in std::mem::take(&mut plan.actions) {
        let lines = plan.item(&action.item).map(|item| item.lines);
        match action.kind {
            ActionKind::AdoptIssue(adopt) if refused.iter().all(|problem| problem.lines != lines) => {
                let issue = TrackedIssue {
                    state: if adopt.closed { IssueState::Completed } else { IssueState::Open },
                    issue: adopt.issue,
                    id: adopt.id,
                    url: adopt.url,
                    title: adopt.title,
                    adopted: true,
                };
                plan.settled.push(Settled { item: action.item, why: Why::Tracked(issue) });
            }
            kind => plan.actions.push(Action { kind, ..action }),
        }
    }
}

fn empty(document: &Document) -> Plan {
    let problems: Vec<Problem> = Vec::new();
    Plan { document: document.key.clone(), items: Vec::new(), actions: Vec::new(), settled: Vec::new(), problems }
}

/// The target, when it could be seen.
type Target = Option<LoadedTarget>;
