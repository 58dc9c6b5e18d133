//! Plans, and if told to files, what stands in the documents that a repository has already: those from before the App came,
//! those that came in by the dozen, and items that were left alone because nobody had asked for them.
//!
//! One document after the other, each read, planned and followed as after a push to it. Nothing opens without a go-ahead: a
//! configuration on the default branch that lets issues open with a merge.
//!
//! Races, and how each ends:
//! - Killed at any point: the ledger knows what was done; the next run passes by what was followed and goes on there.
//! - The service follows the same repository: the lease lets one in at a time.
//! - Somebody pushes during the run: the branch is asked for before each document is followed, and what was read of an older
//!   commit is read again, so that an older text never undoes what came of a newer one.
//! - A document was renamed while nobody listened: it is known by Git's own comparison with where it was read last.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    slice,
};

use jiff::{civil::Date, tz::TimeZone};

use super::{
    Stop, Worker, configuration,
    documents::{Documents, Ready, Source, oid},
    follow_branch::import_failure,
};
use crate::{
    github::{
        Error, Installation,
        graphql::{LoadedDocument, LoadedRepository, Repository, Revision},
        rest::FileStatus,
    },
    ids::{CommitSha, ItemKey, RepositoryName},
    plan::{Plan, Problem},
    postmortem::model::State,
    settings::{self, DocumentLinks, Settings, When},
    store,
};

/// Documents that are read at once: what one request to GitHub holds.
const AT_ONCE: usize = 20;

/// What is to be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Only documents that give this day or a later one as theirs or, where they give none, were changed since.
    pub since: Option<Date>,
    /// Do what is planned.
    pub apply: bool,
    /// Only bring back what the ledger knew of documents with issues; nothing opens, whatever the settings say.
    pub rebuild: bool,
    /// Write the links to the issues back into the documents, as the repository's settings say.
    pub link_back: bool,
}

/// A run over the documents of a repository: [`next`](Self::next) until there is none.
pub struct Backfill<'a> {
    worker: &'a Worker,
    options: Options,
    installation: Installation,
    repository: Repository,
    settings: Settings,
    head: CommitSha,
    problems: Vec<Problem>,
    refusal: Option<String>,
    /// What is still to be looked at, in order of the paths.
    files: VecDeque<String>,
    /// By the path that a document has now, the one that it had when it was followed last.
    renamed: HashMap<String, String>,
    /// Of the first files, what was read at `head`, or in words why not.
    loaded: VecDeque<Result<Read, String>>,
    /// The first file, when following it was begun.
    begun: Option<Ready>,
}

/// A file of the default branch.
struct Read {
    source: Source,
    /// The day (UTC) of the last commit to it.
    committed_on: Option<Date>,
}

/// A document that was looked at.
#[derive(Debug)]
pub struct Looked {
    pub path: String,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub enum Outcome {
    /// What will be done about it.
    Planned(Box<Plan>),
    /// It was followed: how it stands now, and the items that had no issue before.
    Followed { plan: Box<Plan>, to_file: HashSet<ItemKey> },
    /// It was followed before as it is now, and nothing waits in it. The number of its items, and of those with an issue.
    AsBefore { items: usize, tracked: usize },
    /// It is older than what was asked for, or gone meanwhile.
    LeftOut,
    /// It could not be read, or GitHub refuses; in words.
    Failed(String),
}

impl<'a> Backfill<'a> {
    /// Finds the documents; changes nothing. `Err` says in words why there is nothing to look at.
    pub async fn begin(worker: &'a Worker, name: &RepositoryName, options: Options) -> Result<Result<Self, String>, Stop> {
        let unknown = || format!("the App is not installed on {name}, or there is no such repository; install it there first");
        let id = match worker.github.repository_installation(name).await {
            Ok(id) => id,
            Err(Error::NotInstalled) => return Ok(Err(unknown())),
            Err(error) => return Err(error.into()),
        };
        let installation = worker.github.installation(id);
        let loaded = match installation.load_repository(name).await {
            Ok(loaded) => loaded,
            Err(Error::NotFound { .. }) => return Ok(Err(unknown())),
            Err(error) => return Err(error.into()),
        };
        let repository = &loaded.repository;
        if repository.archived {
            return Ok(Err(format!("{} is archived, so nothing can open or change there; unarchive it first", repository.name)));
        }
        let Some(head) = repository.default_branch.as_ref().map(|branch| branch.head.clone()) else {
            return Ok(Err(format!("{} is empty", repository.name)));
        };
        let file = loaded.configuration.as_ref().or(loaded.owner_configuration.as_ref());
        let (mut settings, problems) = configuration::settings(worker, repository.id, file).await?;
        let refusal = no_go_ahead(&loaded, &settings).filter(|_| !options.rebuild);
        if !options.link_back {
            // One pull request per document, by the dozen, would be noise.
            settings.link_back.document = DocumentLinks::Off;
        }
        let files = installation.list_files(&repository.name, &head).await?;
        let files = files.into_iter().filter(|path| settings.reads(path)).collect();
        let mut backfill = Self {
            worker,
            options,
            installation,
            repository: loaded.repository,
            settings,
            head,
            problems,
            refusal,
            files,
            renamed: HashMap::new(),
            loaded: VecDeque::new(),
            begun: None,
        };
        backfill.renamed = backfill.find_renamed().await?;
        Ok(Ok(backfill))
    }

    /// As GitHub spells it.
    pub fn repository(&self) -> &RepositoryName {
        &self.repository.name
    }

    /// Documents that are still to be looked at.
    pub fn remaining(&self) -> usize {
        self.files.len()
    }

    /// What is wrong with the repository's configuration.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Why nothing may open, in words; then [`next`](Self::next) must not be called with `apply`.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Looks at the next document; `None` when all were looked at.
    ///
    /// # Errors
    ///
    /// [`Stop`] when it has to wait: called again, it goes on with the same document.
    pub async fn next(&mut self) -> Result<Option<Looked>, Stop> {
        if self.options.apply && self.refusal.is_some() {
            return Ok(None);
        }
        if self.files.is_empty() {
            if self.options.apply {
                self.worker.store.clear_failure(&import_failure(self.repository.id)).await?;
            }
            return Ok(None);
        }
        let outcome = match self.look().await {
            Err(Stop::GitHub(error)) if is_of_one_document(&error) => Outcome::Failed(error.to_string()),
            outcome => outcome?,
        };
        self.begun = None;
        self.loaded.pop_front();
        let path = self.files.pop_front().unwrap_or_default();
        Ok(Some(Looked { path, outcome }))
    }

    /// Looks at the first of the files.
    async fn look(&mut self) -> Result<Outcome, Stop> {
        if self.options.apply {
            self.stay_with_the_branch().await?;
        }
        if self.loaded.is_empty() {
            self.loaded = self.load().await?;
        }
        let begun = self.begun.take();
        let read = match self.loaded.front() {
            Some(Ok(read)) => read,
            Some(Err(why)) => return Ok(Outcome::Failed(why.clone())),
            None => return Ok(Outcome::LeftOut),
        };
        if matches!(read.source.blob, LoadedDocument::Missing) {
            return Ok(Outcome::LeftOut);
        }
        let home = self.documents();
        let mut ready = match begun {
            Some(ready) => ready,
            None => match home.read(&read.source).await? {
                Ok(ready) => ready,
                Err(why) => return Ok(Outcome::Failed(why)),
            },
        };
        if self.options.since.is_some_and(|since| day(&ready, read).is_none_or(|day| day < since)) {
            return Ok(Outcome::LeftOut);
        }
        if self.options.rebuild {
            return self.rebuild(&home, ready).await;
        }
        if !self.options.apply {
            return Ok(Outcome::Planned(Box::new(home.plan_recalled(&mut ready).await?)));
        }
        if let Some(as_before) = self.as_before(&ready).await? {
            return Ok(as_before);
        }
        self.worker.store.ask_for_all(&ready.document.key).await?;
        match home.follow(slice::from_mut(&mut ready), &[]).await {
            Ok(()) => Ok(Outcome::Followed { plan: Box::new(ready.plan), to_file: ready.to_file }),
            Err(stop) => {
                self.begun = Some(ready);
                Err(stop)
            }
        }
    }

    /// Brings back what was known of a document with issues. No issue opens: for its other items nobody asks here.
    async fn rebuild(&self, home: &Documents<'_>, mut ready: Ready) -> Result<Outcome, Stop> {
        let plan = home.plan_rebuilt(&mut ready).await?;
        if plan.items.iter().all(|item| plan.tracked(&item.key).is_none()) {
            return Ok(Outcome::LeftOut);
        }
        if !self.options.apply {
            return Ok(Outcome::Planned(Box::new(plan)));
        }
        home.rebuild(&mut ready).await?;
        Ok(Outcome::Followed { plan: Box::new(ready.plan), to_file: HashSet::new() })
    }

    fn documents(&self) -> Documents<'_> {
        Documents {
            worker: self.worker,
            installation: &self.installation,
            repository: &self.repository,
            settings: &self.settings,
            showing: None,
            asked_for_all: !self.options.rebuild,
        }
    }

    /// When somebody pushed, what was read before counts no more.
    async fn stay_with_the_branch(&mut self) -> Result<(), Stop> {
        let Some(branch) = &mut self.repository.default_branch else { return Ok(()) };
        let now = self.installation.load_branch(&self.repository.name, &branch.name).await?;
        if let Some(now) = now.filter(|now| *now != self.head) {
            branch.head = now.clone();
            self.head = now;
            self.loaded.clear();
            self.begun = None;
        }
        Ok(())
    }

    /// Reads the next files.
    async fn load(&self) -> Result<VecDeque<Result<Read, String>>, Stop> {
        let (name, head) = (&self.repository.name, &self.head);
        let paths: Vec<String> = self.files.iter().take(AT_ONCE).cloned().collect();
        let revisions: Vec<Revision> = paths.iter().map(|path| Revision { commit: head.clone(), path: path.clone() }).collect();
        let blobs = self.installation.load_documents(name, &revisions).await?;
        let there = |blob: &Result<LoadedDocument, Error>| blob.as_ref().is_ok_and(|blob| oid(blob).is_some());
        let texts: Vec<String> = paths.iter().zip(&blobs).filter(|(_, blob)| there(blob)).map(|(path, _)| path.clone()).collect();
        let mut origins = HashMap::new();
        for (path, origin) in texts.iter().zip(self.installation.load_origins(name, head, &texts).await?) {
            match origin {
                Ok(origin) => drop(origins.insert(path.clone(), origin)),
                Err(error) if is_of_one_document(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut loaded = VecDeque::new();
        for (path, blob) in paths.into_iter().zip(blobs) {
            loaded.push_back(match blob {
                Ok(blob) => {
                    let origin = origins.remove(&path).flatten();
                    let committed_on = origin.as_ref().map(|origin| origin.committed_at.to_zoned(TimeZone::UTC).date());
                    let previous_path = self.renamed.get(&path).cloned();
                    let source = self.documents().on_branch(path, previous_path, blob, origin, head);
                    Ok(Read { source, committed_on })
                }
                Err(error) if is_of_one_document(&error) => Err(error.to_string()),
                Err(error) => return Err(error.into()),
            });
        }
        Ok(loaded)
    }

    /// Whether nothing can come of a document: it was followed to the end as it is now, and no item of it waits for its issue.
    async fn as_before(&self, ready: &Ready) -> Result<Option<Outcome>, Stop> {
        let Some((known, items)) = self.worker.store.load_document(&ready.document.key).await? else { return Ok(None) };
        let present = || items.iter().filter(|item| item.present);
        let waits = |item: &store::Item| item.reading.state == State::Open && item.issue.is_none();
        let is_same = known.path == ready.document.path && known.content_digest == ready.content;
        if !is_same || present().any(waits) || self.options.link_back {
            return Ok(None);
        }
        let tracked = present().filter(|item| item.issue.is_some()).count();
        Ok(Some(Outcome::AsBefore { items: ready.document.reading.action_items.len(), tracked }))
    }

    /// Documents with issues that are not where they were read last, by where they are now. That they are gone for good is for
    /// the push to say.
    async fn find_renamed(&self) -> Result<HashMap<String, String>, Stop> {
        let store = &self.worker.store;
        let files: HashSet<&String> = self.files.iter().collect();
        let mut gone: HashMap<CommitSha, HashSet<String>> = HashMap::new();
        for found in store.documents_of_repository(self.repository.id).await? {
            if files.contains(&found.path) {
                continue;
            }
            let Some((document, items)) = store.load_document(&found.document).await? else { continue };
            if items.iter().any(|item| item.present && item.issue.is_some()) {
                gone.entry(document.commit).or_default().insert(document.path);
            }
        }
        let mut renamed = HashMap::new();
        for (commit, paths) in gone {
            let compared = match self.installation.compare(&self.repository.name, &commit, &self.head).await {
                Ok(compared) => compared,
                // History was rewritten, or the commit was a pull request's.
                Err(error) if is_of_one_document(&error) => continue,
                Err(error) => return Err(error.into()),
            };
            for file in compared.files.into_iter().filter(|file| file.status == FileStatus::Renamed) {
                if let Some(previous) = file.previous_path.filter(|previous| paths.contains(previous)) {
                    renamed.insert(file.path, previous);
                }
            }
        }
        Ok(renamed)
    }
}

/// The day that a document is of: its own, else that of its last commit.
fn day(ready: &Ready, read: &Read) -> Option<Date> {
    let own = ready.document.reading.metadata.date.as_deref().and_then(|date| date.parse().ok());
    own.or(read.committed_on)
}

/// Why nothing may open: nobody said that it should, or somebody said that it should only on command.
fn no_go_ahead(loaded: &LoadedRepository, settings: &Settings) -> Option<String> {
    let (name, path) = (&loaded.repository.name, settings::PATH);
    let Some(file) = loaded.configuration.as_ref().or(loaded.owner_configuration.as_ref()) else {
        return Some(format!(
            "nobody has given a go-ahead: there is no `{path}` on the default branch of {name}, nor in {}/.github. \
             Commit one with `file: {{ when: merged }}`, then run this again",
            name.owner
        ));
    };
    let home = &file.repository;
    if settings::parse(&String::from_utf8_lossy(&file.bytes)).is_err() {
        return Some(format!("`{path}` in {home} has problems, so it gives no go-ahead. Mend it, then run this again"));
    }
    (settings.file.when == When::Command).then(|| {
        format!(
            "`{path}` in {home} says `file.when: command`, so issues open only when somebody writes `/followthrough file` on a \
             pull request. Change it to `merged` for as long as the backfill runs, then run this again"
        )
    })
}

/// Whether the others can be looked at all the same.
fn is_of_one_document(error: &Error) -> bool {
    let all = matches!(error, Error::NotInstalled | Error::Suspended | Error::Unauthorized { .. } | Error::Archived);
    error.is_permanent() && !all
}
