//! Follows the default branch: documents that were pushed to it, with or without a pull request.
//!
//! The deliveries say which files to look at; what is in them is read at the branch's head. A document that was followed
//! with the same content already costs nothing more. What nobody was shown beforehand is done carefully: items that stood
//! in a document before a direct push are left alone, and so are documents that come in by the dozen.

use std::collections::{BTreeSet, HashMap};

use jiff::SignedDuration;

use super::{
    Stop, Worker,
    dispatch::EVERYTHING,
    documents::{Documents, Home, Ready, Source, oid},
};
use crate::{
    github::{
        Error,
        graphql::{LoadedDocument, Origin, OriginPullRequest, Revision},
        rest::FileStatus,
    },
    ids::{CommitSha, IssueNumber, RepositoryId},
    plan::{self, Authority},
    store::{Found, PushedFile, WorkKey, WorkKind},
};

pub const KIND: &str = "follow_branch";

/// For so long pull requests go first.
const FIRST: SignedDuration = SignedDuration::from_secs(10);

/// So many new documents of one push without a pull request are followed by themselves; more are an import.
const MOST_AT_ONCE: usize = 10;

/// The name of the failure that says that a repository's documents came in by the dozen and were left alone.
pub(super) fn import_failure(repository: RepositoryId) -> String {
    format!("import {repository}")
}

pub async fn run(worker: &Worker, key: &WorkKey) -> Result<(), Stop> {
    if key.kind != WorkKind::DefaultBranch {
        return Ok(());
    }
    let pushed = worker.store.pushed_files(key.repository).await?;
    if pushed.is_empty() {
        return Ok(());
    }
    // A merge is both a push and the end of a pull request, and the latter knows more about it.
    if worker.store.is_pull_request_wanted(key.repository, worker.now() - FIRST).await? {
        return Err(Stop::Busy(format!("a pull request of {}", key.name)));
    }
    follow(worker, key, &pushed).await?;
    Ok(worker.store.forget_pushed(key.repository, &pushed).await?)
}

/// A document that is not as it was followed last.
struct Pushed {
    ready: Ready,
    /// The text before, where nobody was shown a plan.
    before: Option<LoadedDocument>,
    /// The merged pull request that its last change came by, unless that is one of our own.
    brought_by: Option<IssueNumber>,
}

/// A file to look at, and what is known of it.
struct Touched {
    path: String,
    previous_path: Option<String>,
    base: CommitSha,
    /// The document that it is, or was.
    known: Option<Found>,
}

async fn follow(worker: &Worker, key: &WorkKey, pushed: &[PushedFile]) -> Result<(), Stop> {
    let Some(place) = Home::load(worker, key).await? else { return Ok(()) };
    let home = place.documents(worker);
    let touched = home.touched(pushed).await?;
    if touched.is_empty() {
        return Ok(());
    }
    let mut found = home.to_follow(touched, &place.head).await?;
    if found.is_empty() {
        return Ok(());
    }
    let brought_by: Vec<Option<IssueNumber>> = found.iter().map(|found| found.brought_by).collect();
    let before: Vec<Option<LoadedDocument>> = found.iter_mut().map(|found| found.before.take()).collect();
    let mut documents: Vec<Ready> = found.into_iter().map(|found| found.ready).collect();
    // What a pull request brought is followed by looking at that one, which has the comment to say in what came of it.
    if brought_by.iter().all(Option::is_some) {
        let pulls: BTreeSet<IssueNumber> = brought_by.into_iter().flatten().collect();
        for pull in pulls {
            worker.look_again(WorkKey { kind: WorkKind::PullRequest(pull), ..key.clone() }).await?;
        }
        return Ok(());
    }
    for document in &mut documents {
        document.files = home.is_asked_for(&document.document).await?;
    }
    home.follow(&mut documents, &before).await
}

impl Documents<'_> {
    /// Of the pushed files those that are, or were, documents.
    async fn touched(&self, pushed: &[PushedFile]) -> Result<Vec<Touched>, Stop> {
        let known = self.worker.store.documents_of_repository(self.repository.id).await?;
        let by_path: HashMap<&str, &Found> = known.iter().map(|found| (found.path.as_str(), found)).collect();
        let Some(first) = pushed.first() else { return Ok(Vec::new()) };
        let mut touched: Vec<Touched> = Vec::new();
        // A push that rewrote history, or was too large to list: whatever is known is looked at again.
        if pushed.iter().any(|file| file.path == EVERYTHING) {
            touched.extend(known.iter().map(|found| Touched {
                path: found.path.clone(),
                previous_path: None,
                base: first.base.clone(),
                known: Some(found.clone()),
            }));
        }
        for file in pushed {
            let found = by_path.get(file.path.as_str()).copied().cloned();
            let is_new = touched.iter().all(|known| known.path != file.path);
            if is_new && (found.is_some() || self.settings.reads(&file.path)) {
                let (path, base) = (file.path.clone(), file.base.clone());
                touched.push(Touched { path, previous_path: None, base, known: found });
            }
        }
        Ok(touched)
    }

    /// The documents that are not as they were followed last.
    async fn to_follow(&self, mut touched: Vec<Touched>, head: &CommitSha) -> Result<Vec<Pushed>, Stop> {
        let name = &self.repository.name;
        let at = |file: &Touched| Revision { commit: head.clone(), path: file.path.clone() };
        let revisions: Vec<Revision> = touched.iter().map(at).collect();
        let mut blobs = Vec::new();
        for blob in self.installation.load_documents(name, &revisions).await? {
            blobs.push(blob?);
        }
        let renamed = self.find_renamed(&mut touched, &blobs, head).await?;
        let files = touched.into_iter().zip(blobs).filter(|(file, _)| !renamed.contains(&file.path));
        let (touched, blobs): (Vec<Touched>, Vec<LoadedDocument>) = files.unzip();
        let mut same = Vec::new();
        for (file, blob) in touched.iter().zip(&blobs) {
            let known = match &file.known {
                Some(found) => self.worker.store.load_document(&found.document).await?,
                None => None,
            };
            let followed = known.is_some_and(|(document, _)| Some(document.content_digest.as_str()) == oid(blob));
            let moved = file.known.as_ref().is_some_and(|found| found.path != file.path);
            same.push(followed && !moved);
        }
        let mut changed: Vec<(Touched, LoadedDocument)> =
            touched.into_iter().zip(blobs).zip(same).filter(|(_, same)| !same).map(|(file, _)| file).collect();
        let there: Vec<String> =
            changed.iter().filter(|(_, blob)| oid(blob).is_some()).map(|(file, _)| file.path.clone()).collect();
        let mut origins: HashMap<String, Origin> = HashMap::new();
        for (path, origin) in there.iter().zip(self.installation.load_origins(name, head, &there).await?) {
            if let Some(origin) = origin? {
                origins.insert(path.clone(), origin);
            }
        }
        let unseen =
            |file: &Touched| file.known.is_none() && origins.get(&file.path).is_none_or(|origin| origin.pull_request.is_none());
        if changed.iter().filter(|(file, blob)| unseen(file) && oid(blob).is_some()).count() > MOST_AT_ONCE {
            let what = format!(
                "{name}: a push without a pull request brought more than {MOST_AT_ONCE} documents, so their items were left alone. `followthrough backfill` files them."
            );
            self.worker.store.record_failure(&import_failure(self.repository.id), &what, true, self.worker.now()).await?;
            changed.retain(|(file, _)| !unseen(file));
        }
        let unseen: Vec<bool> = changed.iter().map(|(file, _)| unseen(file)).collect();
        let mut ready = Vec::new();
        for ((file, blob), unseen) in changed.into_iter().zip(unseen) {
            let before = match unseen {
                true => self.text_before(&file).await?,
                false => None,
            };
            let origin = origins.remove(&file.path);
            let brought_by = match origin.as_ref().and_then(|origin| origin.pull_request.as_ref()) {
                Some(pull) if self.settings.reads(&file.path) => self.brought_by(pull).await?,
                _ => None,
            };
            if let Some(document) = self.pushed(file, blob, origin, head).await? {
                ready.push(Pushed { ready: document, before, brought_by });
            }
        }
        Ok(ready)
    }

    /// A file as the default branch has it at `head`.
    pub(super) fn on_branch(
        &self,
        path: String,
        previous_path: Option<String>,
        blob: LoadedDocument,
        origin: Option<Origin>,
        head: &CommitSha,
    ) -> Source {
        let changed = match &origin {
            Some(origin) => self.changed(origin),
            None => plan::Changed { url: self.commit_url(head), commit: head.clone(), at: self.worker.now() },
        };
        let pull_request = origin.and_then(|origin| origin.pull_request).map(|pull| plan::PullRequest {
            number: pull.number,
            url: pull.url,
            title: pull.title,
            author: pull.author.unwrap_or_default(),
        });
        Source {
            path,
            previous_path,
            commit: head.clone(),
            pull_request,
            authority: Authority::Merged,
            changed: Some(changed),
            merged_at: None,
            blob,
        }
    }

    /// A pull request into the default branch that is somebody else's.
    async fn brought_by(&self, pull: &OriginPullRequest) -> Result<Option<IssueNumber>, Stop> {
        // GraphQL gives an App's login without the suffix that REST adds.
        let app = self.worker.github.app().await?;
        let is_own = pull.author.as_deref().is_some_and(|author| author == app.slug || author == app.bot_login);
        let is_into_default = self.repository.default_branch.as_ref().is_some_and(|branch| branch.name == pull.base_branch);
        Ok(Some(pull.number).filter(|_| is_into_default && !is_own))
    }

    /// A document of a push; `None` where there is none and was none.
    async fn pushed(
        &self,
        file: Touched,
        blob: LoadedDocument,
        origin: Option<Origin>,
        head: &CommitSha,
    ) -> Result<Option<Ready>, Stop> {
        // What is known came with the pull request that showed it first; a later one may be our own.
        let is_known = file.known.is_some();
        let mut source = self.on_branch(file.path, file.previous_path, blob, origin, head);
        source.pull_request = source.pull_request.filter(|_| !is_known);
        match self.read(&source).await? {
            Ok(document) => Ok(Some(document)),
            // Not read for another reason: nothing is known of its items.
            Err(_) if !matches!(source.blob, LoadedDocument::Missing) => Ok(None),
            Err(_) => self.read_as_empty(&source).await,
        }
    }

    /// Finds known documents that are gone under the names that they have now; gives the names that they had.
    async fn find_renamed(
        &self,
        touched: &mut [Touched],
        blobs: &[LoadedDocument],
        head: &CommitSha,
    ) -> Result<Vec<String>, Stop> {
        let mut names = Vec::new();
        let gone = |(file, blob): (&Touched, &LoadedDocument)| file.known.is_some() && matches!(blob, LoadedDocument::Missing);
        let came = |(file, blob): (&Touched, &LoadedDocument)| file.known.is_none() && oid(blob).is_some();
        let pairs = || touched.iter().zip(blobs);
        if !pairs().any(gone) || !pairs().any(came) {
            return Ok(names);
        }
        let base = pairs().find(|&pair| gone(pair)).map(|(file, _)| file.base.clone());
        let Some(base) = base else { return Ok(names) };
        let compared = match self.installation.compare(&self.repository.name, &base, head).await {
            Ok(compared) => compared,
            // History was rewritten: who is who is told from the items alone.
            Err(Error::NotFound { .. }) => return Ok(names),
            Err(error) => return Err(error.into()),
        };
        for renamed in compared.files.into_iter().filter(|file| file.status == FileStatus::Renamed) {
            let Some(previous) = renamed.previous_path else { continue };
            let known = touched.iter().find(|file| file.path == previous).and_then(|file| file.known.clone());
            let new = touched.iter_mut().find(|file| file.path == renamed.path && file.known.is_none());
            if let (Some(known), Some(new)) = (known, new) {
                (new.previous_path, new.known) = (Some(previous.clone()), Some(known));
                names.push(previous);
            }
        }
        Ok(names)
    }

    /// What stood in a file before the push.
    async fn text_before(&self, file: &Touched) -> Result<Option<LoadedDocument>, Stop> {
        let at = [Revision { commit: file.base.clone(), path: file.path.clone() }];
        let before = self.installation.load_documents(&self.repository.name, &at).await?.into_iter().next();
        match before {
            Some(Ok(before)) => Ok(Some(before)),
            // The commit is gone.
            Some(Err(Error::NotFound { .. })) | None => Ok(None),
            Some(Err(error)) => Err(error.into()),
        }
    }
}
