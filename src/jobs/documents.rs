//! The documents of one repository: read, planned, followed through.
//!
//! Whoever comes here (a pull request, a push, an issue that changed) says which files, at which commit, and with what
//! authority. What is known comes from the ledger and from the issues as they are now; places that issues go to are only
//! asked for when something is to go there. One run at a time per repository, so that an item may go from one document
//! into another.
//!
//! Races, and how each ends:
//! - Killed between an act and its record: the record is made from what is true at the next run.
//! - Killed between a comment and the act it explains: the comment was announced before, and is looked up.
//! - A person acts between our reading and our writing: closing and reopening may cross; the next run sees both and the
//!   newer counts.

mod observe;
mod recall;
mod record;
pub(super) mod sight;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use self::observe::{Live, Places};
use super::{Stop, Worker, configuration, link_back::LinkBack};
use crate::{
    apply,
    github::{
        Installation,
        graphql::{self, LoadedDocument, Origin},
    },
    ids::{CommitSha, IssueNumber, ItemKey, RepositoryId},
    plan::{self, ActionKind, Authority, Changed, Document, Filing, Followed, Observed, Plan, Problem, PullRequest, identity},
    postmortem::{
        Postmortem,
        parse::{self, NotText, ReadOptions},
    },
    render::links,
    review::Policy,
    settings::{Settings, When},
    store::{self, Lease, WorkKey, WorkKind},
};

/// How long a lease outlives its process: with the queue's own claim, less than the ten seconds in which unfinished work
/// goes on after a crash. Renewed every [`RENEW`] while the work lasts, also while GitHub takes its time to answer.
pub(crate) const LEASE: Duration = Duration::from_secs(6);
const RENEW: Duration = Duration::from_secs(2);

/// Does `work` while nobody else may do what is called `name`. Should the lease be lost, `work` is dropped where it stands:
/// that is no worse than a crash there.
pub(super) async fn leased<T>(
    worker: &Worker,
    name: String,
    work: impl AsyncFnOnce(&Lease) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let holder = format!("{} {}", worker.holder, uuid::Uuid::now_v7());
    let lease = worker.store.acquire_lease(&name, &holder, LEASE, worker.now()).await?.ok_or(Stop::Busy(name))?;
    let done = tokio::select! {
        done = work(&lease) => done,
        lost = keep(worker, &lease) => Err(lost.into()),
    };
    worker.store.release_lease(lease).await?;
    done
}

/// One run at a time per repository.
fn lease_name(repository: RepositoryId) -> String {
    format!("documents of {repository}")
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

/// A repository whose documents are looked at.
pub(super) struct Documents<'a> {
    pub worker: &'a Worker,
    pub installation: &'a Installation,
    pub repository: &'a graphql::Repository,
    pub settings: &'a Settings,
    /// The pull request whose run this is: it shows by itself what comes of it.
    pub showing: Option<IssueNumber>,
    /// Somebody asked for the issues of all items, also of those that were left alone.
    pub asked_for_all: bool,
}

/// A repository as it was when a run began, with the settings in force.
pub(super) struct Home {
    pub installation: Installation,
    pub repository: graphql::Repository,
    pub settings: Settings,
    /// Of the default branch.
    pub head: CommitSha,
}

impl Home {
    /// `None` where nothing can be done: the repository is empty, or archived.
    pub async fn load(worker: &Worker, key: &WorkKey) -> Result<Option<Self>, Stop> {
        let installation = worker.github.installation(key.installation);
        let loaded = installation.load_repository(&key.name).await?;
        let branch = loaded.repository.default_branch.as_ref().filter(|_| !loaded.repository.archived);
        let Some(head) = branch.map(|branch| branch.head.clone()) else { return Ok(None) };
        let file = loaded.configuration.as_ref().or(loaded.owner_configuration.as_ref());
        let (settings, _) = configuration::settings(worker, loaded.repository.id, file).await?;
        Ok(Some(Self { installation, repository: loaded.repository, settings, head }))
    }

    pub fn documents<'a>(&'a self, worker: &'a Worker) -> Documents<'a> {
        let Self { installation, repository, settings, .. } = self;
        Documents { worker, installation, repository, settings, asked_for_all: false, showing: None }
    }
}

/// A file as it is somewhere.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub path: String,
    pub previous_path: Option<String>,
    /// Where it was read, for links.
    pub commit: CommitSha,
    pub pull_request: Option<PullRequest>,
    pub authority: Authority,
    pub changed: Option<Changed>,
    /// When the pull request that brings it was merged; `None`: not yet, or it is not read for one.
    pub merged_at: Option<Timestamp>,
    pub blob: LoadedDocument,
}

/// A document, planned and as far as it may be followed through.
pub(super) struct Ready {
    pub document: Document,
    /// Whether items without an issue get theirs; what has its issue is followed in any case.
    pub files: bool,
    /// The blob's object id.
    pub content: String,
    pub plan: Plan,
    /// The items that had no issue yet when they were followed, and were to get one.
    pub to_file: HashSet<ItemKey>,
}

impl Documents<'_> {
    /// Reads a file. `Err` says in words why there is no document in it.
    pub async fn read(&self, source: &Source) -> Result<Result<Ready, String>, Stop> {
        let reading = match &source.blob {
            LoadedDocument::Found { bytes, .. } => {
                let options = self.options();
                let bytes = bytes.clone();
                away(move || parse::parse(&bytes, &options)).await
            }
            LoadedDocument::Missing => Err("It is not there any more, so there is nothing to file.".to_owned()),
            LoadedDocument::Binary => Err("Not read: the file is not text.".to_owned()),
            LoadedDocument::TooLarge { bytes } => Err(format!("Not read: {bytes} bytes are too many.")),
        };
        match reading {
            Ok(reading) => Ok(Ok(self.ready(source, reading).await?)),
            Err(why) => Ok(Err(why)),
        }
    }

    /// A document that is not there any more, if it was known: it has no items.
    pub async fn read_as_empty(&self, source: &Source) -> Result<Option<Ready>, Stop> {
        match self.known(source).await? {
            Some(_) => Ok(Some(self.ready(source, Postmortem::default()).await?)),
            None => Ok(None),
        }
    }

    async fn ready(&self, source: &Source, reading: Postmortem) -> Result<Ready, Stop> {
        let known = self.known(source).await?;
        let key = known.unwrap_or_else(|| identity::document_key(self.repository.id, &source.path));
        let (content, text): (_, Arc<str>) = match &source.blob {
            LoadedDocument::Found { oid, bytes } => (oid.clone(), String::from_utf8_lossy(bytes).into()),
            _ => (String::new(), "".into()),
        };
        let pull_request = match &source.pull_request {
            Some(pull) => Some(pull.clone()),
            None => self.first_pull(&key).await?,
        };
        let document = Document {
            key,
            repository: self.repository.name.clone(),
            path: source.path.clone(),
            url: Some(links::file(&self.web_root(), &self.repository.name, &source.commit, &source.path)),
            commit: Some(source.commit.clone()),
            pull_request,
            authority: source.authority,
            changed: source.changed.clone(),
            merged_on: self.merged_on(source).await?,
            source: text,
            reading,
        };
        let plan = empty(&document);
        Ok(Ready { document, files: true, content, plan, to_file: HashSet::new() })
    }

    /// The key of a document that was followed before, under this name or an earlier one.
    pub async fn known(&self, source: &Source) -> Result<Option<crate::ids::DocumentKey>, Stop> {
        for path in std::iter::once(&source.path).chain(&source.previous_path) {
            if let Some((document, _)) = self.worker.store.load_document_at(self.repository.id, path).await? {
                return Ok(Some(document.key));
            }
        }
        Ok(None)
    }

    /// Whether a document of the default branch may have issues opened: not before somebody commanded it on its pull request,
    /// where the settings leave that to people.
    pub async fn is_asked_for(&self, document: &Document) -> Result<bool, Stop> {
        let Some(pull) = document.pull_request.as_ref().filter(|_| self.settings.file.when == When::Command) else {
            return Ok(self.settings.file.when != When::Command);
        };
        Ok(self.worker.store.go_ahead(self.repository.id, pull.number).await?.is_some())
    }

    /// The pull request that showed a document first.
    async fn first_pull(&self, document: &crate::ids::DocumentKey) -> Result<Option<PullRequest>, Stop> {
        let first = self.worker.store.pulls_of_document(document).await?.into_iter().next();
        Ok(first.map(|number| PullRequest {
            number,
            url: format!("{}/pull/{number}", self.repository.url),
            title: String::new(),
            author: String::new(),
        }))
    }

    /// The day that a document came into the default branch: remembered, because due dates count from it.
    async fn merged_on(&self, source: &Source) -> Result<Option<jiff::civil::Date>, Stop> {
        for path in std::iter::once(&source.path).chain(&source.previous_path) {
            if let Some((document, _)) = self.worker.store.load_document_at(self.repository.id, path).await?
                && document.merged_on.is_some()
            {
                return Ok(document.merged_on);
            }
        }
        let changed = || source.changed.as_ref().map(|changed| changed.at);
        let at = source.merged_at.or_else(changed).filter(|_| source.authority == Authority::Merged);
        Ok(at.map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date()))
    }

    /// The commit that links to a file go to: while its content stays, the one that they went to before, so that nothing that
    /// was written changes with every push to somewhere else.
    pub async fn lasting_commit(&self, path: &str, blob: &LoadedDocument, commit: &CommitSha) -> Result<CommitSha, Stop> {
        let known = self.worker.store.load_document_at(self.repository.id, path).await?;
        let same = known.filter(|(document, _)| oid(blob) == Some(document.content_digest.as_str()));
        Ok(same.map_or_else(|| commit.clone(), |(document, _)| document.commit))
    }

    /// What following `document` would do. `may_have_issues`: look for issues that only GitHub knows of.
    pub async fn plan(&self, document: &Document, may_have_issues: bool) -> Result<Plan, Stop> {
        let mut live = Live::default();
        Ok(self.look(document, may_have_issues, &mut live).await?.plan)
    }

    /// Follows documents through: what is planned is done, then planned again to show what came of it. `before`: of each, the
    /// text that was there before, where nobody was shown a plan; what that had already is left alone.
    pub async fn follow(&self, documents: &mut [Ready], before: &[Option<LoadedDocument>]) -> Result<(), Stop> {
        leased(self.worker, lease_name(self.repository.id), async |lease| {
            self.move_items(documents, lease).await?;
            for (ready, before) in documents.iter_mut().zip(before.iter().chain(std::iter::repeat(&None))) {
                self.follow_one(ready, before.as_ref(), lease).await?;
            }
            Ok(())
        })
        .await
    }

    /// Items that went from one of the documents into another one keep their issues.
    async fn move_items(&self, documents: &[Ready], lease: &Lease) -> Result<(), Stop> {
        if documents.len() < 2 {
            return Ok(());
        }
        let mut observed = Vec::new();
        for ready in documents {
            observed.push(self.remembered(&ready.document, &Live::default()).await?);
        }
        let pairs: Vec<(&Document, &Observed)> = documents.iter().map(|ready| &ready.document).zip(&observed).collect();
        for moved in plan::moves(&pairs, self.settings, &self.worker.web_host) {
            if let Some(to) = documents.iter().find(|ready| ready.document.key == moved.to) {
                self.ensure_document(to, lease).await?;
                self.worker.store.move_item(lease, &moved.from, &moved.item, &moved.to).await?;
            }
        }
        Ok(())
    }

    async fn follow_one(&self, ready: &mut Ready, before: Option<&LoadedDocument>, lease: &Lease) -> Result<(), Stop> {
        let known = self.worker.store.load_document(&ready.document.key).await?.map(|(known, _)| known);
        let mut live = Live::default();
        let mut looked = self.look(&ready.document, true, &mut live).await?;
        if self.recall_name(ready, &looked.places).await? {
            looked = self.look(&ready.document, true, &mut live).await?;
        }
        if self.recall_pulls(ready, &live).await? {
            looked = self.look(&ready.document, true, &mut live).await?;
        }
        if let Some(before) = before
            && self.leave_alone(ready, before, &looked.plan, lease).await?
        {
            looked = self.look(&ready.document, true, &mut live).await?;
        }
        if !ready.files {
            looked.plan.wait();
        }
        let document = &ready.document;
        self.save_reading(ready, &looked.plan, lease).await?;
        self.remember_marked(document, &looked.places, lease).await?;
        let to_file = looked.plan.opens().map(|(action, _)| action).chain(looked.plan.adoptions().map(|(action, _)| action));
        ready.to_file.extend(to_file.map(|action| action.item.clone()));
        let tools = apply::Tools::of(self.worker, self.installation);
        let applied = apply::apply(&tools, &looked.plan, &looked.places.targets, lease).await?;
        live.take(applied.placed);
        live.apply(&looked.plan, &applied.done);
        let observed = self.observe(document, &looked.places, &live).await?;
        let observed = Observed { referents: looked.referents, ..observed };
        ready.plan = plan::plan(document, &observed, self.settings, &self.worker.web_host, self.today());
        self.record_followed(document, &ready.plan, &observed).await?;
        self.tell_other_askers(&looked.plan, &observed).await?;
        let unlinked = self.link_back(ready, lease).await?;
        self.tell_other_pulls(ready, known.as_ref()).await?;
        self.record_content(ready).await?;
        // What was said while planning holds for what was done: say it again, with what went wrong in doing it.
        for problem in looked.plan.problems.into_iter().chain(applied.problems).chain(unlinked) {
            if !ready.plan.problems.contains(&problem) {
                ready.plan.problems.push(problem);
            }
        }
        Ok(())
    }

    /// Writes the links to issues, and what became of them, back into a document of the default branch.
    async fn link_back(&self, ready: &Ready, lease: &Lease) -> Result<Vec<Problem>, Stop> {
        let Documents { worker, installation, repository, settings, .. } = *self;
        let (document, plan) = (&ready.document, &ready.plan);
        let Some(head) = repository.default_branch.as_ref().map(|branch| &branch.head) else { return Ok(Vec::new()) };
        if ready.content.is_empty() || matches!(document.authority, Authority::Proposed(_)) {
            return Ok(Vec::new());
        }
        let source = &*document.source;
        LinkBack { worker, installation, repository, settings, document, source, head, plan }.run(lease).await
    }

    /// Other pull requests whose comments show a document that changed, or has another name, show it anew.
    async fn tell_other_pulls(&self, ready: &Ready, known: Option<&store::Document>) -> Result<(), Stop> {
        let is_same = known.is_some_and(|known| known.content_digest == ready.content && known.path == ready.document.path);
        if is_same || matches!(ready.document.authority, Authority::Proposed(_)) {
            return Ok(());
        }
        let (repository, name) = (self.repository.id, self.repository.name.clone());
        let key = |pull| WorkKey {
            installation: self.installation.id(),
            repository,
            name: name.clone(),
            kind: WorkKind::PullRequest(pull),
        };
        for pull in self.worker.store.pulls_of_document(&ready.document.key).await? {
            if Some(pull) != self.showing {
                self.worker.look_again(key(pull)).await?;
            }
        }
        Ok(())
    }

    /// Documents that share an issue with this one are looked at when this one begins or ceases to ask for it, or closes or
    /// reopens it: what the App does itself comes back to nobody.
    async fn tell_other_askers(&self, plan: &Plan, before: &Observed) -> Result<(), Stop> {
        let acted = plan.actions.iter().filter_map(|action| match &action.kind {
            ActionKind::AdoptIssue(adopt) => Some(&adopt.id),
            ActionKind::CloseIssue(close) => Some(&close.issue.id),
            ActionKind::ReopenIssue(reopen) => Some(&reopen.issue.id),
            _ => None,
        });
        let gone = before.tracked.iter().filter(|tracked| tracked.followed != Some(Followed::Removed)).filter_map(|tracked| {
            let is_gone = plan.removed.iter().any(|settled| settled.item == tracked.key);
            match &tracked.filing {
                Filing::Filed(filed) if is_gone && filed.shared => Some(&filed.issue.id),
                _ => None,
            }
        });
        for issue in acted.chain(gone) {
            let found = self.worker.store.documents_of_node(issue).await?;
            for other in found.into_iter().filter(|other| other.document != plan.document) {
                self.worker.look_at_document(self.installation.id(), other).await?;
            }
        }
        Ok(())
    }

    /// What changed files last, as of `head`, where the ledger does not say that they were followed as they are. A file that was
    /// followed to the end brings nothing new, so nobody asks.
    pub async fn changes(&self, head: &CommitSha, files: &[(&str, &LoadedDocument)]) -> Result<HashMap<String, Changed>, Stop> {
        let mut paths = Vec::new();
        for (path, blob) in files {
            let known = self.worker.store.load_document_at(self.repository.id, path).await?;
            let followed = known.is_some_and(|(document, _)| Some(document.content_digest.as_str()) == oid(blob));
            if oid(blob).is_some() && !followed {
                paths.push((*path).to_owned());
            }
        }
        let mut changes = HashMap::new();
        for (path, origin) in paths.iter().zip(self.installation.load_origins(&self.repository.name, head, &paths).await?) {
            if let Some(origin) = origin? {
                changes.insert(path.clone(), self.changed(&origin));
            }
        }
        Ok(changes)
    }

    /// The change that brought a file. What a merge brings was decided by merging it, however long ago it was written.
    pub fn changed(&self, origin: &Origin) -> Changed {
        let merged_at = origin.pull_request.as_ref().and_then(|pull| pull.merged_at);
        Changed {
            url: self.commit_url(&origin.commit),
            commit: origin.commit.clone(),
            at: merged_at.unwrap_or_default().max(origin.committed_at),
        }
    }

    pub fn options(&self) -> ReadOptions {
        ReadOptions { headings: self.settings.documents.headings.clone() }
    }

    pub fn today(&self) -> jiff::civil::Date {
        self.worker.now().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// Where GitHub's pages live: scheme and host.
    pub fn web_root(&self) -> String {
        web_root(&self.repository.url)
    }

    /// The page of a commit.
    pub fn commit_url(&self, commit: &CommitSha) -> String {
        format!("{}/commit/{commit}", self.repository.url)
    }

    pub fn policy(&self) -> Policy {
        Policy::new(self.settings).0
    }
}

/// A look at a document: what is to be done about it, and what that was decided from.
struct Looked {
    plan: Plan,
    places: Places,
    referents: HashMap<crate::ids::IssueRef, plan::Referent>,
}

/// Scheme and host of a page.
pub(super) fn web_root(url: &str) -> String {
    url.match_indices('/').nth(2).map_or(url, |(at, _)| &url[..at]).to_owned()
}

/// Reads away from the threads that wait for answers: a document made to be slow takes a second, and leases want renewing.
pub(super) async fn away<T: Send + 'static>(work: impl FnOnce() -> Result<T, NotText> + Send + 'static) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error: NotText| error.to_string()),
        Err(_) => Err("reading it failed, which is a bug in Followthrough".to_owned()),
    }
}

pub(super) fn oid(blob: &LoadedDocument) -> Option<&str> {
    match blob {
        LoadedDocument::Found { oid, .. } => Some(oid),
        LoadedDocument::Missing | LoadedDocument::Binary | LoadedDocument::TooLarge { .. } => None,
    }
}

fn empty(document: &Document) -> Plan {
    let problems: Vec<Problem> = Vec::new();
    Plan {
        document: document.key.clone(),
        items: Vec::new(),
        actions: Vec::new(),
        settled: Vec::new(),
        removed: Vec::new(),
        remarks: Vec::new(),
        resemblances: Vec::new(),
        problems,
    }
}
