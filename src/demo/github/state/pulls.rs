//! Pull requests: heads and bases as commits, the changed files computed from their trees, merging as a real commit. The
//! conversation half of a pull request is its [`Thread`](super::issues::Thread).

use jiff::Timestamp;
use serde_json::json;

use super::{
    super::{
        git::{self, FileChange, Oid},
        refusal::Refusal,
    },
    Outcome, State, ThreadRef,
    issues::{IssueState, NewThread},
    repositories::Push,
};

#[derive(Debug, Clone)]
pub(crate) struct Pull {
    /// REST's id of the pull request, another one than that of its issue half.
    pub id: u64,
    pub head_repository: u64,
    pub head_branch: String,
    pub head: Oid,
    pub base_branch: String,
    /// The base branch's commit, frozen when the pull request is merged.
    pub base: Oid,
    pub draft: bool,
    pub merged: Option<Merged>,
    /// `APPROVED`, `CHANGES_REQUESTED`, or nothing.
    pub review_decision: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub(crate) struct Merged {
    pub by: u64,
    pub at: Timestamp,
    pub commit: Oid,
}

/// What a pull request proposes.
#[derive(Debug, Clone)]
pub(crate) struct NewPull {
    pub head_repository: u64,
    pub head_branch: String,
    pub base_branch: String,
    pub title: String,
    pub body: String,
    pub draft: bool,
}

impl State {
    pub(crate) fn create_pull(&mut self, repository: u64, new: NewPull, actor: u64) -> Outcome<ThreadRef> {
        self.writable(repository)?;
        let branch = |state: &Self, repository: u64, name: &str, field: &str| {
            let found = state.repository(repository)?.branches.get(name).cloned();
            found.ok_or_else(|| Refusal::unprocessable(format!("{field} is invalid: there is no branch {name}")))
        };
        let head = branch(self, new.head_repository, &new.head_branch, "head")?;
        let base = branch(self, repository, &new.base_branch, "base")?;
        let open = self.open_pulls_from(new.head_repository, &new.head_branch);
        if open.iter().any(|thread| {
            thread.repository == repository && self.pull(*thread).is_ok_and(|pull| pull.base_branch == new.base_branch)
        }) {
            let owner = self.login(self.repository(new.head_repository)?.owner);
            return Err(Refusal::unprocessable(format!("A pull request already exists for {owner}:{}.", new.head_branch)));
        }
        if head == base || self.objects(self.repository(repository)?)?.is_ancestor(&head, &base) {
            return Err(Refusal::unprocessable(format!("No commits between {} and {}", new.base_branch, new.head_branch)));
        }
        let pull = Pull {
            id: self.large_id(),
            head_repository: new.head_repository,
            head_branch: new.head_branch,
            head,
            base_branch: new.base_branch,
            base,
            draft: new.draft,
            merged: None,
            review_decision: None,
        };
        self.create_thread(
            repository,
            NewThread { title: new.title, body: new.body, pull: Some(pull), ..NewThread::default() },
            actor,
        )
    }

    pub(crate) fn pull(&self, thread: ThreadRef) -> Outcome<&Pull> {
        self.thread(thread)?.pull.as_ref().ok_or_else(Refusal::not_found)
    }

    pub(crate) fn pull_mut(&mut self, thread: ThreadRef) -> Outcome<&mut Pull> {
        self.thread_mut(thread)?.pull.as_mut().ok_or_else(Refusal::not_found)
    }

    /// Open pull requests, anywhere in the fork network, from that branch.
    pub(crate) fn open_pulls_from(&self, head_repository: u64, branch: &str) -> Vec<ThreadRef> {
        let network = self.repositories.get(&head_repository).map(|repository| repository.network);
        self.repositories
            .values()
            .filter(|repository| Some(repository.network) == network)
            .flat_map(|repository| repository.threads.values().map(|thread| (repository.id, thread)))
            .filter(|(_, thread)| {
                thread.state == IssueState::Open
                    && thread
                        .pull
                        .as_ref()
                        .is_some_and(|pull| pull.head_repository == head_repository && pull.head_branch == branch)
            })
            .map(|(repository, thread)| ThreadRef { repository, number: thread.number })
            .collect()
    }

    /// The merged pull requests that brought a commit; for one that the default branch lacks, also the open ones that have it.
    pub(crate) fn pulls_with_commit(&self, repository: u64, commit: &str) -> Outcome<Vec<ThreadRef>> {
        let found = self.repository(repository)?;
        let objects = self.objects(found)?;
        let landed = found.branches.get(&found.default_branch).is_some_and(|head| objects.is_ancestor(commit, head));
        let brings = |pull: &Pull| {
            let merged = pull.merged.as_ref().is_some_and(|merged| merged.commit == commit);
            merged || (objects.is_ancestor(commit, &pull.head) && !objects.is_ancestor(commit, &pull.base))
        };
        let pulls = found.threads.values().filter(|thread| {
            let shown = |pull: &&Pull| pull.merged.is_some() || (thread.state == IssueState::Open && !landed);
            thread.pull.as_ref().filter(shown).is_some_and(brings)
        });
        Ok(pulls.map(|thread| ThreadRef { repository, number: thread.number }).collect())
    }

    /// A branch moved: pull requests from it get its commit and a `synchronize`; those onto it get the new base. A pull request
    /// that has nothing left which its base lacks is closed.
    pub(crate) fn follow_head(&mut self, repository: u64, branch: &str, to: &str, actor: u64) -> Outcome<()> {
        for thread in self.open_pulls_from(repository, branch) {
            let pull = self.pull_mut(thread)?;
            let before = std::mem::replace(&mut pull.head, to.to_owned());
            self.note(thread, actor, format!("pushed {}", to.get(..7).unwrap_or(to)));
            self.emit_thread(thread, "synchronize", actor, json!({"before": before, "after": to}));
            let base = self.pull(thread)?.base.clone();
            if base == to || self.objects(self.repository(repository)?)?.is_ancestor(to, &base) {
                self.set_state(thread, IssueState::Closed, None, actor)?;
            }
        }
        for thread in self.repository_mut(repository)?.threads.values_mut().filter(|thread| thread.state == IssueState::Open) {
            if let Some(pull) = thread.pull.as_mut().filter(|pull| pull.base_branch == branch) {
                pull.base = to.to_owned();
            }
        }
        Ok(())
    }

    /// What the pull request changes, against the commit where its branch began.
    pub(crate) fn pull_changes(&self, thread: ThreadRef) -> Outcome<Vec<FileChange>> {
        self.pull_changes_at(thread, &self.pull(thread)?.head)
    }

    /// What the pull request changed when `head` was its head.
    pub(crate) fn pull_changes_at(&self, thread: ThreadRef, head: &str) -> Outcome<Vec<FileChange>> {
        let pull = self.pull(thread)?;
        let objects = self.objects(self.repository(thread.repository)?)?;
        let base = objects.merge_base(&pull.base, head).and_then(|oid| objects.commit(&oid));
        let head = objects.commit(head).ok_or_else(Refusal::not_found)?;
        Ok(git::changes(base.map(|commit| &*commit.files).unwrap_or(&git::Files::new()), &head.files))
    }

    pub(crate) fn is_mergeable(&self, thread: ThreadRef) -> bool {
        let Ok(pull) = self.pull(thread) else { return false };
        let objects = self.repository(thread.repository).and_then(|repository| self.objects(repository));
        objects.is_ok_and(|objects| objects.merge(&pull.base, &pull.head).is_ok())
    }

    /// Merges with a merge commit on the base branch and returns that commit.
    pub(crate) fn merge_pull(&mut self, thread: ThreadRef, actor: u64) -> Outcome<Oid> {
        self.writable(thread.repository)?;
        let found = self.thread(thread)?;
        let pull = found.pull.clone().ok_or_else(Refusal::not_found)?;
        if found.state == IssueState::Closed || pull.draft {
            return Err(Refusal::unprocessable("Pull Request is not mergeable"));
        }
        let title = found.title.clone();
        let head_owner = self.repository(pull.head_repository).map(|repository| self.login(repository.owner).to_owned())?;
        let message = format!("Merge pull request #{} from {head_owner}/{}\n\n{title}", thread.number, pull.head_branch);
        let (author, now) = (self.login(actor).to_owned(), self.now());
        let objects = self.objects_mut(thread.repository)?;
        let files = objects
            .merge(&pull.base, &pull.head)
            .map_err(|path| Refusal::unprocessable(format!("Pull Request is not mergeable: conflict in {path}")))?;
        let commit = objects.add_commit(files, vec![pull.base.clone(), pull.head.clone()], &message, &author, now);
        let found = self.thread_mut(thread)?;
        found.state = IssueState::Closed;
        found.closed = Some((actor, now));
        if let Some(pull) = found.pull.as_mut() {
            pull.merged = Some(Merged { by: actor, at: now, commit: commit.clone() });
        }
        self.move_branch(thread.repository, &pull.base_branch, Some(&commit), actor, Push::Merge)?;
        self.note(thread, actor, format!("merged this as {}", commit.get(..7).unwrap_or(&commit)));
        self.emit_thread(thread, "closed", actor, json!({}));
        if self.repository(thread.repository)?.default_branch == pull.base_branch {
            self.close_referenced(thread, actor);
        }
        let head = self.repository(pull.head_repository)?;
        let same_branch = head.branches.get(&pull.head_branch) == Some(&pull.head);
        if same_branch && pull.head_repository == thread.repository && head.deletes_merged_branches {
            self.move_branch(pull.head_repository, &pull.head_branch, None, actor, Push::Merge)?;
        }
        Ok(commit)
    }

    /// A branch is gone: open pull requests from it are closed.
    pub(crate) fn close_without_head(&mut self, repository: u64, branch: &str, actor: u64) -> Outcome<()> {
        for thread in self.open_pulls_from(repository, branch) {
            self.set_state(thread, IssueState::Closed, None, actor)?;
        }
        Ok(())
    }

    pub(crate) fn set_draft(&mut self, thread: ThreadRef, draft: bool, actor: u64) -> Outcome<()> {
        let pull = self.pull_mut(thread)?;
        if pull.draft != draft {
            pull.draft = draft;
            let (what, action) = if draft {
                ("converted this to a draft", "converted_to_draft")
            } else {
                ("marked this as ready", "ready_for_review")
            };
            self.note(thread, actor, what);
            self.emit_thread(thread, action, actor, json!({}));
        }
        Ok(())
    }

    pub(crate) fn retarget(&mut self, thread: ThreadRef, base: &str, actor: u64) -> Outcome<()> {
        let Some(oid) = self.repository(thread.repository)?.branches.get(base).cloned() else {
            return Err(Refusal::unprocessable("Proposed base branch was not found"));
        };
        let pull = self.pull_mut(thread)?;
        let (before, sha) = (std::mem::replace(&mut pull.base_branch, base.to_owned()), std::mem::replace(&mut pull.base, oid));
        self.note(thread, actor, format!("changed the base branch from {before} to {base}"));
        self.emit_thread(thread, "edited", actor, json!({"changes": {"base": {"ref": {"from": before}, "sha": {"from": sha}}}}));
        Ok(())
    }
}
