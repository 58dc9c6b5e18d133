//! Follows one pull request: shows what merging will do while it is open, does it once it is merged.
//!
//! Reads what is true now, whatever the delivery said. A pull request decides nothing: settings come from the default
//! branch, and nothing is filed before the document is on it.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::{Stop, Worker};
use crate::{
    apply,
    github::{self, Blob, ChangedFile, FileStatus, Installation, PullRequestView, TargetQuery, TargetView},
    ids::{CommitSha, IssueNumber, IssueRef, ItemKey, RepositoryId, RepositoryName},
    plan::{self, BoardState, Document, Filing, IssueState, Observed, Plan, Problem, Referent, TargetState, Tracked, TrackedIssue, identity, marker},
    postmortem::parse::{self, ReadOptions},
    render::{
        check,
        comment::{self, DocumentReport, Reading, Report, Stage},
    },
    settings::{self, Settings},
    store::{self, IssueMarker, ItemReading, LastGoodConfiguration, Lease, PostedCheck, PostedComment, WorkKey, WorkKind},
    text::Lines,
};

pub const KIND: &str = "follow_pull_request";

/// Longer than any single request to GitHub; renewed between them.
pub(crate) const LEASE: Duration = Duration::from_secs(90);

/// How far back the list of issues is read again: GitHub's lists lag (GITHUB §2.3).
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

pub async fn run(worker: &Worker, key: &WorkKey) -> Result<(), Stop> {
    let WorkKind::PullRequest(number) = key.kind else { return Ok(()) };
    let lease = lease(worker, format!("pull-request {}#{number}", key.repository)).await?;
    let followed = follow(worker, key, number).await;
    worker.store.release_lease(lease).await?;
    followed
}

async fn lease(worker: &Worker, name: String) -> Result<Lease, Stop> {
    worker.store.acquire_lease(&name, &worker.holder, LEASE, worker.now()).await?.ok_or(Stop::Busy(name))
}

async fn follow(worker: &Worker, key: &WorkKey, number: IssueNumber) -> Result<(), Stop> {
    let installation = worker.github.installation(key.installation);
    let view = installation.load_pull_request(&key.name, number).await?;
    if view.repository.archived {
        // Nothing can be written there, not even a comment: `doctor` is the place to say so.
        let what = format!("{} is archived: pull request #{number} cannot be followed", view.repository.name);
        worker.store.record_failure(&format!("archived {}", view.repository.id), &what, true, worker.now()).await?;
        return Ok(());
    }
    let following = Following { worker, installation: &installation, view: &view, number };
    following.run().await
}

struct Following<'a> {
    worker: &'a Worker,
    installation: &'a Installation,
    view: &'a PullRequestView,
    number: IssueNumber,
}

/// One document of the pull request, as far as it could be read.
struct Read {
    path: String,
    url: String,
    title: Option<String>,
    outcome: Result<Ready, String>,
}

struct Ready {
    document: Document,
    content_digest: String,
    commit: CommitSha,
    plan: Plan,
}

impl Following<'_> {
    async fn run(&self) -> Result<(), Stop> {
        let (settings, mut notes) = self.settings().await?;
        let files = self.changed_files(&settings).await?;
        let configuration = self.proposed_configuration(&files).await?;
        let proposed_problems = configuration.as_ref().is_some_and(|problems| !problems.is_empty());
        notes.extend(configuration.unwrap_or_default());
        let documents: Vec<&ChangedFile> =
            files.iter().filter(|file| file.status != FileStatus::Removed && settings.reads(&file.path)).collect();
        let mine = self.sticky_comment().await?;
        if documents.is_empty() && !proposed_problems && mine.is_none() {
            return Ok(());
        }
        if documents.is_empty() && !proposed_problems {
            notes.clear();
        }
        let mut reads = self.read(&documents, &settings).await?;
        let stage = self.stage();
        if stage == Stage::Merged {
            for read in &mut reads {
                self.file(read, &settings).await?;
            }
        }
        let report = Report {
            stage,
            home: &self.view.repository.name,
            documents: reads.iter().map(report).collect(),
            notes,
        };
        if settings.link_back.comment {
            self.ensure_comment(mine, &comment::render(&report)).await?;
        }
        if settings.review.check && stage == Stage::Open {
            let configuration = proposed_problems.then_some(settings::PATH);
            self.ensure_check(&check::render(&report, configuration)).await?;
        }
        Ok(())
    }

    fn stage(&self) -> Stage<'_> {
        let pull = &self.view.pull_request;
        let default = self.view.repository.default_branch.as_ref().map_or("", |branch| branch.name.as_str());
        if pull.merged && pull.base_branch == default {
            Stage::Merged
        } else if pull.merged {
            Stage::MergedElsewhere { base: &pull.base_branch, default }
        } else if pull.closed {
            Stage::ClosedUnmerged
        } else {
            Stage::Open
        }
    }

    /// The configuration in force, and what is wrong with the one on the default branch.
    async fn settings(&self) -> Result<(Settings, Vec<Problem>), Stop> {
        let store = &self.worker.store;
        let repository = self.view.repository.id;
        let Some(file) = self.view.configuration.as_ref() else { return Ok((Settings::default(), Vec::new())) };
        let last_good = store.last_good_configuration(repository).await?;
        if let Some(good) = &last_good
            && good.blob == file.blob
            && let Ok(settings) = settings::parse(&good.text)
        {
            return Ok((settings, Vec::new()));
        }
        match settings::parse(&file.text) {
            Ok(settings) => {
                let good = LastGoodConfiguration { blob: file.blob.clone(), text: file.text.clone() };
                store.save_configuration(repository, &good, self.worker.now()).await?;
                Ok((settings, Vec::new()))
            }
            Err(problems) => {
                let settings = last_good.and_then(|good| settings::parse(&good.text).ok()).unwrap_or_default();
                let notes = problems.0.iter().map(|problem| Problem {
                    lines: None,
                    message: format!("`{}` on the default branch, {problem}", settings::PATH),
                    help: "The last configuration without problems stays in force.".to_owned(),
                });
                Ok((settings, notes.collect()))
            }
        }
    }

    /// What is wrong with the configuration that this pull request brings; `None` when it brings none.
    async fn proposed_configuration(&self, files: &[ChangedFile]) -> Result<Option<Vec<Problem>>, Stop> {
        let brought = files.iter().any(|file| file.path == settings::PATH && file.status != FileStatus::Removed);
        if !brought || self.view.pull_request.merged || self.view.pull_request.closed {
            return Ok(None);
        }
        let at = [(self.view.pull_request.head.clone(), settings::PATH.to_owned())];
        let loaded = self.installation.load_documents(&self.view.repository.name, &at).await?;
        let Some(Blob::Found { bytes, .. }) = loaded.into_iter().next() else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let problems = settings::parse(&text).err().map(|problems| problems.0).unwrap_or_default();
        let problems = problems.into_iter().map(|problem| Problem {
            lines: Some(Lines { first: problem.line, last: problem.end_line }),
            message: format!("`{}`, column {}: {}", settings::PATH, problem.column, problem.message),
            help: problem.help.unwrap_or_default(),
        });
        Ok(Some(problems.collect()))
    }

    async fn changed_files(&self, settings: &Settings) -> Result<Vec<ChangedFile>, Stop> {
        let known = &self.view.files;
        // GraphQL gives the first hundred and no earlier names; only then is the list worth a request of its own.
        let renamed = known.files.iter().any(|file| file.status == FileStatus::Renamed && settings.reads(&file.path));
        if known.complete && !renamed {
            return Ok(known.files.clone());
        }
        Ok(self.installation.list_pull_request_files(&self.view.repository.name, self.number).await?)
    }

    /// Reads the documents where they count: at the head while the pull request is open, on the default branch once it
    /// is merged, so that filing an old pull request again never brings back what a later one took out.
    async fn read(&self, files: &[&ChangedFile], settings: &Settings) -> Result<Vec<Read>, Stop> {
        let pull = &self.view.pull_request;
        let repository = &self.view.repository;
        let merge = pull.merge_commit.clone().filter(|_| pull.merged);
        let now_at = match (&merge, &repository.default_branch) {
            (Some(_), Some(branch)) if self.stage() == Stage::Merged => branch.head.clone(),
            (Some(merge), _) => merge.clone(),
            (None, _) => pull.head.clone(),
        };
        let mut wanted: Vec<(CommitSha, String)> = files.iter().map(|file| (now_at.clone(), file.path.clone())).collect();
        if let Some(merge) = merge.as_ref().filter(|merge| **merge != now_at) {
            wanted.extend(files.iter().map(|file| (merge.clone(), file.path.clone())));
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let blobs = self.installation.load_documents(&repository.name, &wanted).await?;
        let options = ReadOptions { headings: settings.documents.headings.clone() };
        let mut reads = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let now = &blobs[index];
            // The permalink goes to the merge commit, as long as that is what is read.
            let at_merge = blobs.get(index + files.len());
            let commit = match (&merge, at_merge) {
                (Some(merge), Some(at_merge)) if at_merge.oid() == now.oid() && now.oid().is_some() => merge.clone(),
                _ => now_at.clone(),
            };
            let url = file_url(&repository.url, &commit, &file.path);
            let (content_digest, reading) = match now {
                Blob::Found { oid, bytes } => (oid.clone(), parse::parse(bytes, &options).map_err(|error| format!("Not read: {error}."))),
                Blob::Missing => (String::new(), Err("The document is not there any more, so there is nothing to file.".to_owned())),
                Blob::Binary => (String::new(), Err("Not read: the file is not text.".to_owned())),
                Blob::TooLarge => (String::new(), Err("Not read: the file is too large.".to_owned())),
            };
            let title = reading.as_ref().ok().and_then(|reading| reading.title.clone());
            let outcome = match reading {
                Err(why) => Err(why),
                Ok(reading) => {
                    let known = self.ledger(&file.path, file.previous_path.as_deref()).await?;
                    let key = known.as_ref().map_or_else(|| identity::document_key(repository.id, &file.path), |(document, _)| document.key.clone());
                    let document = Document {
                        key,
                        repository: repository.name.clone(),
                        path: file.path.clone(),
                        commit: Some(commit.clone()),
                        url: Some(url.clone()),
                        pull_request: Some(plan::PullRequest {
                            number: self.number,
                            url: pull.url.clone(),
                            title: pull.title.clone(),
                            author: pull.author.clone(),
                        }),
                        reading,
                    };
                    let is_new = file.status == FileStatus::Added && !pull.merged;
                    let plan = self.plan(&document, settings, is_new).await?.0;
                    Ok(Ready { document, content_digest, commit, plan })
                }
            };
            reads.push(Read { path: file.path.clone(), url, title, outcome });
        }
        Ok(reads)
    }

    async fn ledger(&self, path: &str, previous: Option<&str>) -> Result<Option<(store::Document, Vec<store::Item>)>, Stop> {
        let store = &self.worker.store;
        let repository = self.view.repository.id;
        if let Some(known) = store.load_document_at(repository, path).await? {
            return Ok(Some(known));
        }
        match previous {
            Some(previous) => Ok(store.load_document_at(repository, previous).await?),
            None => Ok(None),
        }
    }

    /// Plans one document from what is known now. `is_new`: no issue of it can exist yet.
    async fn plan(&self, document: &Document, settings: &Settings, is_new: bool) -> Result<(Plan, TargetView), Stop> {
        let target = plan::target(&document.repository, settings);
        let view = self.target(document, settings, &target).await?;
        if !is_new && let Some(repository) = view.repository_id {
            self.scan(&target, repository).await?;
        }
        let observed = self.observe(document, settings, &view).await?;
        let today = self.worker.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        Ok((plan::plan(document, &observed, settings, &self.worker.web_host, today), view))
    }

    async fn target(&self, document: &Document, settings: &Settings, target: &RepositoryName) -> Result<TargetView, Stop> {
        let items = &document.reading.action_items;
        let logins: HashSet<String> = items
            .iter()
            .flat_map(|item| &item.owners)
            .filter_map(|owner| match owner {
                crate::postmortem::model::Owner::Login(login) if settings.file.assign_owners => Some(login.to_lowercase()),
                _ => None,
            })
            .collect();
        let references: HashSet<IssueRef> =
            items.iter().flat_map(|item| plan::issue_links(&document.repository, &self.worker.web_host, item)).collect();
        let query = TargetQuery {
            repository: target.clone(),
            labels: plan::labels(settings),
            logins: logins.into_iter().collect(),
            references: references.into_iter().filter(|issue| issue.repository.same_owner(&document.repository)).collect(),
            issue_type: settings.file.issue_type.clone(),
            board: settings.board.project.as_ref().map(|project| (project.owner_login().to_owned(), project.number())),
        };
        Ok(self.installation.load_target(&query).await?)
    }

    /// Brings the cache of markers up to date with the issues that this App opened in `target`.
    async fn scan(&self, target: &RepositoryName, repository: RepositoryId) -> Result<(), Stop> {
        let store = &self.worker.store;
        let since = store.scanned_until(repository).await?.map(|until| until - OVERLAP);
        let login = self.worker.github.app().await?.bot_login;
        let issues = self.installation.list_issues_by_app(target, &login, since).await?;
        let newest = issues.iter().map(|issue| issue.updated_at).max();
        let markers: Vec<IssueMarker> = issues
            .into_iter()
            .filter_map(|issue| {
                let found = marker::parse(issue.body.as_deref().unwrap_or_default())?;
                Some(IssueMarker {
                    repository,
                    number: issue.number,
                    node: issue.node_id,
                    document: found.document,
                    item: found.item,
                    title: issue.title,
                    state: issue.state,
                    updated_at: issue.updated_at,
                })
            })
            .collect();
        store.save_markers(repository, &markers, newest).await?;
        Ok(())
    }

    async fn observe(&self, document: &Document, settings: &Settings, view: &TargetView) -> Result<Observed, Stop> {
        let store = &self.worker.store;
        let mut tracked: Vec<Tracked> = Vec::new();
        let mut seen: HashSet<ItemKey> = HashSet::new();
        let markers = store.markers_of_document(&document.key).await?;
        let marked: HashMap<&ItemKey, &IssueMarker> = markers.iter().rev().map(|marker| (&marker.item, marker)).collect();
        let target = plan::target(&document.repository, settings);
        if let Some((_, items)) = store.load_document(&document.key).await? {
            for item in items {
                seen.insert(item.reading.key.clone());
                let filing = match (&item.issue, &item.filing, marked.get(&item.reading.key)) {
                    (Some(issue), _, _) => Filing::Filed { issue: tracked_issue(issue, item.filing == store::Filing::Adopted), on_board: item.board_item.is_some() },
                    (None, _, Some(marker)) => Filing::Filed { issue: self.marked_issue(&target, marker), on_board: false },
                    (None, store::Filing::Sending { .. }, None) => Filing::Sending,
                    (None, _, None) => Filing::NotFiled,
                };
                tracked.push(Tracked { key: item.reading.key, text: item.reading.text, group: item.reading.group, filing });
            }
        }
        for marker in &markers {
            if seen.insert(marker.item.clone()) {
                let filing = Filing::Filed { issue: self.marked_issue(&target, marker), on_board: false };
                tracked.push(Tracked { key: marker.item.clone(), text: marker.title.clone(), group: None, filing });
            }
        }
        Ok(Observed {
            tracked,
            referents: view.referents(),
            assignable: view.assignable.clone(),
            target: view.state(),
            board: view.board_state(settings),
            issue_type_known: view.issue_type_known(),
        })
    }

    fn marked_issue(&self, repository: &RepositoryName, marker: &IssueMarker) -> TrackedIssue {
        TrackedIssue {
            url: format!("{}/{}/issues/{}", self.view.repository.web_root(), repository, marker.number),
            issue: IssueRef::new(repository.clone(), marker.number),
            id: marker.node.clone(),
            title: marker.title.clone(),
            state: state(marker.state),
            adopted: false,
        }
    }

    /// Files one merged document: what is planned is done, then planned again to show what came of it.
    async fn file(&self, read: &mut Read, settings: &Settings) -> Result<(), Stop> {
        let Ok(ready) = &mut read.outcome else { return Ok(()) };
        let store = &self.worker.store;
        let name = format!("document {}", ready.document.key);
        let lease = lease(self.worker, name).await?;
        let filed = self.file_leased(ready, settings, &lease).await;
        store.release_lease(lease).await?;
        filed
    }

    async fn file_leased(&self, ready: &mut Ready, settings: &Settings, lease: &Lease) -> Result<(), Stop> {
        let store = &self.worker.store;
        let document = &ready.document;
        // Under the lease, with what is true now: the plan that was shown may be minutes old.
        self.settle_sending(document, settings).await?;
        let (plan, target) = self.plan(document, settings, false).await?;
        let reading = store::Document {
            key: document.key.clone(),
            repository: self.view.repository.id,
            name: document.repository.clone(),
            path: document.path.clone(),
            content_digest: ready.content_digest.clone(),
            commit: ready.commit.clone(),
            postmortem_url: document.url.clone(),
            updated_at: self.worker.now(),
        };
        store.save_reading(lease, &reading, &readings(&plan)).await?;
        self.remember_marked(document, settings, &target).await?;
        let problems = apply::apply(&apply::Tools::of(self.worker, self.installation), &plan, &target, lease).await?;
        let observed = self.observe(document, settings, &target).await?;
        let today = self.worker.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        ready.plan = plan::plan(document, &observed, settings, &self.worker.web_host, today);
        // What was said while planning holds for what was done: say it again, with what went wrong in doing it.
        for problem in plan.problems.into_iter().chain(problems) {
            if !ready.plan.problems.contains(&problem) {
                ready.plan.problems.push(problem);
            }
        }
        Ok(())
    }

    /// Requests that were begun and never answered: their issues are there by now, or were never made.
    async fn settle_sending(&self, document: &Document, settings: &Settings) -> Result<(), Stop> {
        let store = &self.worker.store;
        let Some((_, items)) = store.load_document(&document.key).await? else { return Ok(()) };
        let _ = settings;
        for item in items {
            let store::Filing::Sending { since, .. } = item.filing else { continue };
            if item.issue.is_some() || !store.markers_of_item(&document.key, &item.reading.key).await?.is_empty() {
                continue;
            }
            let sure = since + SignedDuration::try_from(self.worker.settle).unwrap_or(SignedDuration::from_secs(60));
            if self.worker.now() < sure {
                return Err(Stop::Later(sure));
            }
            store.reset_filing_of(&document.key, &item.reading.key).await?;
        }
        Ok(())
    }

    /// Issues that only their markers tell of become the ledger's: the database was lost, or an answer was.
    async fn remember_marked(&self, document: &Document, settings: &Settings, view: &TargetView) -> Result<(), Stop> {
        let store = &self.worker.store;
        let Some(repository) = view.repository_id else { return Ok(()) };
        let Some((_, items)) = store.load_document(&document.key).await? else { return Ok(()) };
        let name = plan::target(&document.repository, settings);
        for item in items.iter().filter(|item| item.issue.is_none()) {
            let markers = store.markers_of_item(&document.key, &item.reading.key).await?;
            // Bodies are copied by people: the oldest issue is the item's.
            let Some(marker) = markers.iter().find(|marker| marker.repository == repository) else { continue };
            let marked = self.marked_issue(&name, marker);
            let issue = store::TrackedIssue {
                repository,
                name: name.clone(),
                number: marker.number,
                node: marker.node.clone(),
                url: marked.url,
                title: marker.title.clone(),
                body_digest: String::new(),
                state: marker.state,
            };
            store.record_issue(&document.key, &item.reading.key, &issue, false).await?;
        }
        Ok(())
    }

    async fn sticky_comment(&self) -> Result<Option<github::Comment>, Stop> {
        let known = &self.view.comments;
        let ours = |comment: &&github::Comment| comment.by_this_app && marker::is_comment(&comment.body);
        if let Some(comment) = known.comments.iter().filter(ours).min_by_key(|comment| comment.id) {
            return Ok(Some(comment.clone()));
        }
        if known.complete {
            return Ok(None);
        }
        let all = self.installation.list_comments(&self.view.repository.name, self.number).await?;
        Ok(all.iter().filter(ours).min_by_key(|comment| comment.id).cloned())
    }

    async fn ensure_comment(&self, mine: Option<github::Comment>, body: &str) -> Result<(), Stop> {
        let store = &self.worker.store;
        let (repository, name) = (self.view.repository.id, &self.view.repository.name);
        let digest = digest(body.as_bytes());
        let posted = store.posted_comment(repository, self.number).await?;
        let known = mine.as_ref().map(|comment| comment.id).or(posted.as_ref().map(|posted| posted.id));
        if let Some(comment) = &mine
            && (comment.body.replace("\r\n", "\n").trim_end() == body.trim_end())
        {
            store.record_comment(repository, self.number, &PostedComment { id: comment.id, body_digest: digest }).await?;
            return Ok(());
        }
        if let Some(id) = known {
            match self.installation.update_comment(name, id, body).await {
                Ok(()) => {
                    store.record_comment(repository, self.number, &PostedComment { id, body_digest: digest }).await?;
                    return Ok(());
                }
                // Somebody deleted it.
                Err(error) if error.is_not_found() => store.forget_comment(repository, self.number).await?,
                Err(error) => return Err(error.into()),
            }
        }
        let id = self.installation.create_comment(name, self.number, body).await?.id;
        store.record_comment(repository, self.number, &PostedComment { id, body_digest: digest }).await?;
        Ok(())
    }

    async fn ensure_check(&self, check: &check::Check) -> Result<(), Stop> {
        let store = &self.worker.store;
        let (repository, name) = (self.view.repository.id, &self.view.repository.name);
        let head = &self.view.pull_request.head;
        let digest = digest(format!("{check:?}").as_bytes());
        let external_id = format!("followthrough v1 pull={} digest={digest}", self.number);
        let posted = store.posted_check(repository, head).await?;
        if posted.as_ref().is_some_and(|posted| posted.digest == digest && posted.id != 0) {
            return Ok(());
        }
        // Without a memory of this pull request, or cut off while sending: it may be there already.
        let unsure = posted.as_ref().is_some_and(|posted| posted.id == 0);
        if unsure {
            let app = self.worker.github.app().await?.id;
            let runs = self.installation.list_check_runs(name, head, "Followthrough", app).await?;
            if let Some(run) = runs.iter().find(|run| run.external_id.as_deref() == Some(&external_id)) {
                store.record_check(repository, head, &PostedCheck { id: run.id, digest }).await?;
                return Ok(());
            }
        }
        store.record_check(repository, head, &PostedCheck { id: 0, digest: digest.clone() }).await?;
        let id = self.installation.create_check_run(name, head, &external_id, check).await?;
        store.record_check(repository, head, &PostedCheck { id, digest }).await?;
        Ok(())
    }
}

fn report(read: &Read) -> DocumentReport<'_> {
    DocumentReport {
        path: &read.path,
        url: &read.url,
        title: read.title.as_deref(),
        reading: match &read.outcome {
            Ok(ready) => Reading::Plan(&ready.plan),
            Err(why) => Reading::Unreadable(why.clone()),
        },
    }
}

fn readings(plan: &Plan) -> Vec<ItemReading> {
    let items = plan.items.iter().zip(0u32..);
    items
        .map(|(item, ordinal)| ItemReading {
            key: item.key.clone(),
            ordinal,
            text: item.text.clone(),
            group: item.group.clone(),
            state: item.state,
        })
        .collect()
}

fn tracked_issue(issue: &store::TrackedIssue, adopted: bool) -> TrackedIssue {
    TrackedIssue {
        issue: IssueRef::new(issue.name.clone(), issue.number),
        id: issue.node.clone(),
        url: issue.url.clone(),
        title: issue.title.clone(),
        state: state(issue.state),
        adopted,
    }
}

fn state(state: store::IssueState) -> IssueState {
    match state {
        store::IssueState::Open => IssueState::Open,
        store::IssueState::Completed => IssueState::Completed,
        store::IssueState::NotPlanned => IssueState::NotPlanned,
    }
}

/// GitHub's page of a file at a commit. The path's characters are percent-encoded, its slashes are not.
fn file_url(repository: &str, commit: &CommitSha, path: &str) -> String {
    let path = path.split('/').map(|part| percent_encoding::utf8_percent_encode(part, PATH).to_string()).collect::<Vec<_>>().join("/");
    format!("{repository}/blob/{commit}/{path}")
}

/// What may not stand as it is in a path inside a Markdown link.
const PATH: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn digest(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..16])
}
