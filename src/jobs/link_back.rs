//! Writes links to issues, and ticks, into the documents they come from: by a commit on the default branch, or by one small
//! pull request per document that is kept up to date and goes away when there is nothing left to write.
//!
//! What is written is decided in the core ([`plan::link_back`](crate::plan::link_back), [`write_back`]); here it is sent.
//! Without a memory, GitHub tells how things stand: the branch's name is the document's for ever, and the text of the pull
//! request holds what it proposes. With one, nothing is asked as long as nothing is to be done.
//!
//! Races, and how each ends:
//! - Somebody pushes between reading and writing: a commit on the default branch is refused, and made again if the document is
//!   still what was read; else everything is read again. A pull request is a change of the document as it was read, whatever
//!   came since.
//! - Killed at any point: the row in the store is unsettled before the first write, and whoever finds it so looks first.
//! - The branch of an open pull request never points at the default branch's own commits, at which GitHub would close the pull
//!   request: the new commit is made on a branch beside it.
//! - A person closes our pull request: what it proposed is not proposed again, unless it is reopened. A person pushes to its
//!   branch: it is theirs from then on.

mod before_merge;

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

pub use self::before_merge::{Proposed, link_pull_request};
use super::{Stop, Worker};
use crate::{
    github::{
        Access, Error, Installation, Refusal,
        graphql::{self, Branch, FileWrite, LoadedDocument, LoadedPullRequest, NewCommit, PullRequestState, Revision},
        rest::{ListedPullRequest, NewPullRequest, PullRequestChange},
    },
    ids::{CommitSha, RepositoryName},
    plan::{Authority, Document, Plan, Problem, link_back},
    postmortem::{
        edit::{self, Place, Wish, write_back},
        parse::ReadOptions,
    },
    render::link_back as words,
    settings::{DocumentLinks, Settings},
    store::{self, Lease},
    text::{Edit, edited},
};

/// Stands in the store for a document into which there is nothing to write.
const NOTHING: &str = "nothing";

/// How often a commit is tried again when others push at the same time.
const ATTEMPTS: usize = 3;

/// A document on the default branch, with the plan that was made for it and applied.
pub struct LinkBack<'a> {
    pub worker: &'a Worker,
    pub installation: &'a Installation,
    pub repository: &'a graphql::Repository,
    pub settings: &'a Settings,
    /// With the reading of `source`.
    pub document: &'a Document,
    /// The document's text at `head`.
    pub source: &'a str,
    /// The default branch's commit at which it was read.
    pub head: &'a CommitSha,
    pub plan: &'a Plan,
}

/// A document with what is to be written into it.
#[derive(Debug, Default)]
struct Edited {
    edits: Vec<Edit>,
    /// What each of the edits is for.
    made: Vec<Wish>,
    names: BTreeSet<String>,
    /// The whole new text; `None` when there is nothing to write.
    text: Option<String>,
    /// Lines that cannot be written.
    problem: Option<Problem>,
}

/// The branch and pull requests of one document, as GitHub has them.
struct Ours<'a> {
    name: &'a RepositoryName,
    base: &'a Branch,
    branch: &'a str,
    writer: &'a Installation,
    bot: String,
    /// Newest first.
    pulls: Vec<(ListedPullRequest, Option<words::Seal>)>,
}

impl LinkBack<'_> {
    /// Brings the document, or the pull request about it, into step with its issues. Gives what a person has to do.
    ///
    /// # Errors
    ///
    /// [`Stop`] when the rest has to wait; doing it all again goes on from there.
    pub async fn run(&self, lease: &Lease) -> Result<Vec<Problem>, Stop> {
        let Some(base) = &self.repository.default_branch else { return Ok(Vec::new()) };
        if self.settings.link_back.document == DocumentLinks::Off {
            return Ok(Vec::new());
        }
        let known = self.worker.store.link_back(&self.document.key).await?;
        if known.is_none() && link_back::wishes(self.plan).is_empty() {
            return Ok(Vec::new());
        }
        let declined = known.as_ref().map(|known| known.declined.clone()).unwrap_or_default();
        let edited = self.edited(&declined).await;
        if known.as_ref().and_then(|known| known.settled.as_ref()).is_some_and(|settled| *settled == self.digest(&edited)) {
            return Ok(edited.problem.into_iter().collect());
        }
        match self.write(lease, base, known, edited).await {
            Err(Stop::GitHub(error)) => match refused(&error) {
                Some(problem) => {
                    let name = &self.repository.name;
                    tracing::warn!(repository = %name, error = &error as &dyn std::error::Error, "links are not written");
                    Ok(vec![problem])
                }
                None => Err(error.into()),
            },
            written => written,
        }
    }

    async fn edited(&self, declined: &BTreeSet<String>) -> Edited {
        Edited::of(self.worker, self.settings, self.document, self.source, self.plan, declined).await
    }

    /// By what it is known that all of this was done.
    fn digest(&self, edited: &Edited) -> String {
        let Some(text) = &edited.text else { return NOTHING.to_owned() };
        let mut hash = Sha256::new();
        for part in [self.settings.link_back.document.as_str(), &self.document.path, text] {
            hash.update(part);
            hash.update([0]);
        }
        hex::encode(&hash.finalize()[..16])
    }

    async fn write(
        &self,
        lease: &Lease,
        base: &Branch,
        known: Option<store::LinkBack>,
        mut edited: Edited,
    ) -> Result<Vec<Problem>, Stop> {
        let writer = self.installation.clone().with_access(Access::NONE.writing_pull_requests().writing_contents());
        let is_known = known.is_some();
        let mut row = known.unwrap_or_else(|| store::LinkBack {
            repository: self.repository.id,
            branch: link_back::branch(&self.document.path, &self.document.key),
            settled: None,
            declined: BTreeSet::new(),
        });
        let branch = row.branch.clone();
        let ours = self.look(base, &branch, &writer).await?;
        let declined = ours.declined(self.document);
        if declined != row.declined {
            edited = self.edited(&declined).await;
            row.declined = declined;
        }
        row.settled = None;
        self.worker.store.record_link_back(lease, &self.document.key, &row).await?;
        let mut settled = self.digest(&edited);
        match &edited.text {
            None => ours.withdraw(is_known).await?,
            Some(text)
                if self.settings.link_back.document == DocumentLinks::Commit && self.commit(&ours, &edited, text).await? =>
            {
                ours.withdraw(is_known).await?;
                NOTHING.clone_into(&mut settled);
            }
            Some(text) => self.propose(&ours, &edited, text).await?,
        }
        row.settled = Some(settled);
        self.worker.store.record_link_back(lease, &self.document.key, &row).await?;
        Ok(edited.problem.into_iter().collect())
    }

    async fn look<'b>(&'b self, base: &'b Branch, branch: &'b str, writer: &'b Installation) -> Result<Ours<'b>, Stop> {
        let name = &self.repository.name;
        let bot = self.worker.github.app().await?.bot_login;
        let pulls = writer.list_pull_requests_from(name, branch).await?.into_iter();
        let pulls = pulls.filter(|pull| pull.author.as_deref() == Some(&bot)).map(|pull| {
            let seal = words::parse(&pull.body);
            (pull, seal)
        });
        Ok(Ours { name, base, branch, writer, pulls: pulls.collect(), bot })
    }

    /// Commits to the default branch; `false` where its rules ask for a pull request.
    async fn commit(&self, ours: &Ours<'_>, edited: &Edited, text: &str) -> Result<bool, Stop> {
        let mut head = self.head.clone();
        for _ in 0..ATTEMPTS {
            match ours.writer.create_commit(ours.name, &self.new_commit(&ours.base.name, &head, edited, text)).await {
                Ok(_) => return Ok(true),
                Err(Error::Refused { refusal: Refusal::Protected, .. }) => return Ok(false),
                Err(Error::Refused { refusal: Refusal::Stale, .. }) => {
                    let now = ours.writer.load_branch(ours.name, &ours.base.name).await?;
                    match now {
                        Some(now) if now != head && self.holds(&now, self.source).await? => head = now,
                        _ => break,
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(ours.moved_on(&ours.base.name))
    }

    /// Brings the document's pull request up to date, or opens it.
    async fn propose(&self, ours: &Ours<'_>, edited: &Edited, text: &str) -> Result<(), Stop> {
        let (writer, name, branch) = (ours.writer, ours.name, ours.branch);
        let at = writer.load_branch(name, branch).await?;
        let title = words::title(&self.document.path, &edited.made);
        let body = words::body(self.document, &edited.made, &edited.names);
        let (Some(open), Some(at)) = (ours.open(), &at) else {
            // Cut off between the commit and the pull request, or the pull request is not listed yet.
            let is_made = match &at {
                Some(at) => *at != *self.head && self.is_proposal(ours, at, text).await?,
                None => false,
            };
            if !is_made {
                match at {
                    Some(at) if at == *self.head => {}
                    // Left over from a pull request that is closed, or from another text.
                    Some(_) => writer.reset_branch(name, branch, self.head).await?,
                    None => {
                        writer.ensure_branch(name, branch, self.head).await?;
                    }
                }
                self.commit_to(ours, branch, edited, text).await?;
            }
            let new = NewPullRequest { head: branch.to_owned(), base: ours.base.name.clone(), title, body };
            writer.ensure_pull_request(name, &new).await?;
            return Ok(());
        };
        if !self.holds(at, text).await? {
            if self.installation.load_commit(name, at).await?.author.as_ref() != Some(&ours.bot) {
                // Somebody works on it: it is theirs.
                return Ok(());
            }
            let beside = ours.beside();
            if writer.ensure_branch(name, &beside, self.head).await? != *self.head {
                writer.reset_branch(name, &beside, self.head).await?;
            }
            let made = self.commit_to(ours, &beside, edited, text).await?;
            writer.reset_branch(name, branch, &made).await?;
        }
        ours.remove(&ours.beside()).await?;
        let body = words::updated(&open.body, &body);
        let change = PullRequestChange {
            title: Some(title).filter(|title| open.title != *title && words::is_title(&open.title, &self.document.path)),
            body: Some(body).filter(|body| open.body.replace("\r\n", "\n").trim_end() != body.trim_end()),
            open: None,
        };
        if change != PullRequestChange::default() {
            writer.update_pull_request(name, open.number, &change).await?;
        }
        Ok(())
    }

    /// Commits to a branch of our own, which is at the commit that was read.
    async fn commit_to(&self, ours: &Ours<'_>, branch: &str, edited: &Edited, text: &str) -> Result<CommitSha, Stop> {
        match ours.writer.create_commit(ours.name, &self.new_commit(branch, self.head, edited, text)).await {
            Err(Error::Refused { refusal: Refusal::Stale, .. }) => Err(ours.moved_on(branch)),
            made => Ok(made?),
        }
    }

    fn new_commit(&self, branch: &str, head: &CommitSha, edited: &Edited, text: &str) -> NewCommit {
        NewCommit {
            branch: branch.to_owned(),
            expected_head: head.clone(),
            headline: words::title(&self.document.path, &edited.made),
            body: String::new(),
            files: vec![FileWrite { path: self.document.path.clone(), contents: text.as_bytes().to_vec() }],
        }
    }

    /// Whether `commit` is what would be committed now: by us, with this text, on top of what was read.
    async fn is_proposal(&self, ours: &Ours<'_>, commit: &CommitSha, text: &str) -> Result<bool, Stop> {
        let found = self.installation.load_commit(ours.name, commit).await?;
        let is_ours = found.author.as_ref() == Some(&ours.bot) && found.parents == [self.head.clone()];
        Ok(is_ours && self.holds(commit, text).await?)
    }

    /// Whether the document is exactly `text` at `commit`.
    async fn holds(&self, commit: &CommitSha, text: &str) -> Result<bool, Stop> {
        let at = [Revision { commit: commit.clone(), path: self.document.path.clone() }];
        let loaded = self.installation.load_documents(&self.repository.name, &at).await?;
        let found = loaded.into_iter().next().transpose()?;
        Ok(matches!(found, Some(LoadedDocument::Found { bytes, .. }) if bytes == text.as_bytes()))
    }
}

impl Edited {
    /// Away from the threads that wait for answers: proving the edits takes as many readings as there are surprises.
    async fn of(
        worker: &Worker,
        settings: &Settings,
        document: &Document,
        source: &str,
        plan: &Plan,
        declined: &BTreeSet<String>,
    ) -> Self {
        let mut all = link_back::wishes(plan);
        // Before the merge a box is the author's to tick or not.
        if matches!(document.authority, Authority::Proposed(_)) {
            all.iter_mut().for_each(|wish| wish.ticked = None);
        }
        if all.is_empty() {
            return Self::default();
        }
        let (home, host) = (document.repository.clone(), worker.web_host.clone());
        let (reading, source, declined) = (document.reading.clone(), source.to_owned(), declined.clone());
        let options = ReadOptions { headings: settings.documents.headings.clone() };
        let work = move || {
            let place = Place { repository: &home, host: &host, options: &options };
            let wishes = link_back::without(all, &declined, &reading, place);
            let edit::WriteBack { edits, made, refused } = write_back(&source, &reading, place, &wishes);
            let text = edited(&source, &edits).filter(|text| *text != source);
            let refused: Vec<_> = refused.iter().filter_map(|item| reading.action_items.get(*item)).collect();
            Self { names: link_back::names(&made, &wishes), text, problem: words::refused(&refused), edits, made }
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Self {
            problem: Some(Problem {
                lines: None,
                message: "Writing the links into the document failed, which is a bug in Followthrough.".to_owned(),
                help: String::new(),
            }),
            ..Self::default()
        })
    }
}

impl Ours<'_> {
    fn open(&self) -> Option<&ListedPullRequest> {
        self.pulls.iter().map(|(pull, _)| pull).find(|pull| pull.open)
    }

    /// What people turned down by closing a pull request.
    fn declined(&self, document: &Document) -> BTreeSet<String> {
        let closed = self.pulls.iter().filter(|(pull, _)| !pull.open && !pull.merged);
        let seals = closed.filter_map(|(_, seal)| seal.as_ref()).filter(|seal| seal.document == document.key);
        seals.flat_map(|seal| seal.names.iter().cloned()).collect()
    }

    /// There is nothing to propose: the pull request is closed, and its branch goes. A branch whose pull request a person
    /// closed stays, so that they can reopen it. `is_known`: something was begun here before.
    async fn withdraw(&self, is_known: bool) -> Result<(), Stop> {
        if let Some(open) = self.open() {
            let change = PullRequestChange { title: None, body: Some(words::closed(&open.body)), open: Some(false) };
            self.writer.update_pull_request(self.name, open.number, &change).await?;
        } else {
            let is_turned_down = |(pull, seal): &(ListedPullRequest, Option<words::Seal>)| !pull.merged && seal.is_some();
            if self.pulls.first().map_or(!is_known, is_turned_down) {
                return Ok(());
            }
        }
        self.remove(self.branch).await?;
        self.remove(&self.beside()).await
    }

    /// Where a new commit is made before the pull request's branch moves to it.
    fn beside(&self) -> String {
        format!("{}-next", self.branch)
    }

    /// Deletes a branch of our own, if it is there.
    async fn remove(&self, branch: &str) -> Result<(), Stop> {
        if self.writer.load_branch(self.name, branch).await?.is_some() {
            self.writer.delete_branch(self.name, branch).await?;
        }
        Ok(())
    }

    fn moved_on(&self, branch: &str) -> Stop {
        Stop::Busy(format!("branch {branch} of {}", self.name))
    }
}

/// Whether a pull request is one that this module opened.
pub(super) async fn is_own(worker: &Worker, loaded: &LoadedPullRequest) -> Result<bool, Stop> {
    let pull = &loaded.pull_request;
    if !pull.head_branch.starts_with(link_back::BRANCHES) || pull.cross_repository {
        return Ok(false);
    }
    // GraphQL gives an App's login without the suffix that REST adds.
    let app = worker.github.app().await?;
    Ok(pull.author.as_deref().is_some_and(|author| author == app.slug || author == app.bot_login))
}

/// Something happened to a pull request of our own: what people decided is noted, and a merged branch goes.
pub(super) async fn follow_own(worker: &Worker, installation: &Installation, loaded: &LoadedPullRequest) -> Result<(), Stop> {
    let (store, pull) = (&worker.store, &loaded.pull_request);
    let (repository, name, branch) = (loaded.repository.id, &loaded.repository.name, &pull.head_branch);
    match pull.state {
        PullRequestState::Open => store.reconsider_link_back(repository, branch).await?,
        PullRequestState::Closed => store.unsettle_link_back(repository, branch, NOTHING).await?,
        PullRequestState::Merged => {
            let writer = installation.clone().with_access(Access::NONE.writing_contents());
            match writer.load_branch(name, branch).await? {
                // The next pull request's.
                Some(at) if at != pull.head => return Ok(()),
                Some(_) => match writer.delete_branch(name, branch).await {
                    // It may stay: only tidiness asks for it.
                    Err(Error::Refused { .. }) | Ok(()) => {}
                    Err(error) => return Err(error.into()),
                },
                None => {}
            }
            store.finish_link_back(repository, branch, NOTHING).await?;
        }
    }
    Ok(())
}

/// What GitHub refuses for good, in words for the people who can change it.
fn refused(error: &Error) -> Option<Problem> {
    let help = match error {
        Error::Refused { refusal: Refusal::Protected, .. } => {
            "Let the App pass by the rules for branches named `followthrough/…`, or set `link_back.document: off`."
        }
        Error::Refused { .. } | Error::NotFound { .. } | Error::Gone { .. } => {
            "Check that the App has write access to contents and pull requests, or set `link_back.document: off`."
        }
        _ => return None,
    };
    let message = format!("The links to the issues could not be written into the document: {error}.");
    Some(Problem { lines: None, message, help: help.to_owned() })
}
