//! What people do on the fake GitHub, for stories and tests: open, push, merge, close, comment, move cards, archive, uninstall.
//! Every act goes through the same rules as the API and makes the same webhooks.
//!
//! # Panics
//! These methods are stage directions: an act that GitHub would refuse (merging what conflicts, closing an issue that is not
//! there) is a mistake in the script and panics with GitHub's reason. Nothing that comes over HTTP can get here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{
    FakeGitHub,
    refusal::Refusal,
    shapes,
    state::{
        AccountKind, Installation, IssueType, Outcome, State, ThreadRef,
        issues::{IssueState, NewThread, StateReason, ThreadEdit},
        projects::{FieldKind, FieldSeed, FieldValue},
        pulls::NewPull,
        repositories::{Change, Milestone, Protection, Push, Role},
        reviews::{DiffLines, NewReview, NewReviewComment, ReviewState, Side},
    },
    views::{self, BoardView, CheckRunView, CommentView, IssueView, PullRequestView, ReviewThreadView},
};

/// Changes of a person to an issue or pull request; `None` leaves a field alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssueEdit {
    pub title: Option<String>,
    pub body: Option<String>,
}

#[track_caller]
fn acted<T>(outcome: Outcome<T>) -> T {
    match outcome {
        Ok(made) => made,
        Err(refusal) => panic!("the fake GitHub refuses this act: {refusal}"),
    }
}

/// An organisation or a person that owns things. A cheap handle.
#[derive(Debug, Clone)]
pub struct Organization {
    github: FakeGitHub,
    id: u64,
}

/// A repository. A cheap handle.
#[derive(Debug, Clone)]
pub struct Repository {
    github: FakeGitHub,
    id: u64,
}

/// A board. A cheap handle.
#[derive(Debug, Clone)]
pub struct Project {
    github: FakeGitHub,
    id: u64,
}

impl FakeGitHub {
    /// The organisation of that login, founded when there is none.
    pub fn organization(&self, login: &str) -> Organization {
        Organization { github: self.clone(), id: self.with(|state| state.account(login, AccountKind::Organization)) }
    }

    /// The person of that login as an owner of repositories and boards, signed up when there is none.
    pub fn user(&self, login: &str) -> Organization {
        Organization { github: self.clone(), id: self.with(|state| state.account(login, AccountKind::User)) }
    }

    /// The repository, made when there is none: in an organisation, unless the owner is known as a person.
    pub fn repository(&self, owner: &str, name: &str) -> Repository {
        self.organization(owner).repository(name)
    }

    /// Short for [`Organization::add_project`].
    pub fn add_project(&self, organization: &str, number: u64, title: &str, fields: &[FieldSeed]) -> Project {
        self.organization(organization).add_project(number, title, fields)
    }

    /// What stands on an organisation's board.
    #[track_caller]
    pub fn board(&self, organization: &str, number: u64) -> BoardView {
        self.organization(organization).project(number).board()
    }

    /// Short for [`Repository::issues`].
    pub fn issues(&self, owner: &str, name: &str) -> Vec<IssueView> {
        self.repository(owner, name).issues()
    }
}

impl Organization {
    /// The repository, made with its `main` branch still empty when there is none.
    pub fn repository(&self, name: &str) -> Repository {
        Repository { github: self.github.clone(), id: self.github.with(|state| state.add_repository(self.id, name, None)) }
    }

    /// Makes people members.
    pub fn add_members(&self, logins: &[&str]) {
        self.github.with(|state| {
            for login in logins {
                state.account(login, AccountKind::User);
                if let Some(account) = state.accounts.get_mut(&self.id) {
                    account.members.insert((*login).to_owned());
                }
            }
        });
    }

    pub fn add_issue_type(&self, name: &str) {
        self.github.with(|state| {
            let id = state.small_id();
            if let Some(account) = state.accounts.get_mut(&self.id) {
                account.issue_types.push(IssueType { id, name: name.to_owned(), enabled: true });
            }
        });
    }

    /// Makes a board, owned by this account.
    pub fn add_project(&self, number: u64, title: &str, fields: &[FieldSeed]) -> Project {
        Project { github: self.github.clone(), id: self.github.with(|state| state.add_project(self.id, number, title, fields)) }
    }

    /// The board of that number.
    #[track_caller]
    pub fn project(&self, number: u64) -> Project {
        let id = self.github.with(|state| state.project_numbered(self.id, number).map(|project| project.id));
        Project { github: self.github.clone(), id: acted(id.ok_or_else(Refusal::not_found)) }
    }

    /// Installs the App on all repositories with everything it asks for. Returns the installation's id.
    pub fn install(&self) -> u64 {
        self.install_with(None, None)
    }

    /// Installs the App with chosen permissions (`None`: all it asks for) on chosen repositories (`None`: all). An account has
    /// one installation: where there is one already, it gets the new grants and keeps its id.
    pub fn install_with(&self, permissions: Option<&[(&str, &str)]>, repositories: Option<&[&Repository]>) -> u64 {
        self.github.with(|state| {
            let known = state.installation_on(self.id).map(|installation| installation.id);
            let id = known.unwrap_or_else(|| state.small_id());
            let permissions: BTreeMap<String, String> = match permissions {
                Some(chosen) => chosen.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect(),
                None => state.config.permissions.clone(),
            };
            let repositories: Option<BTreeSet<u64>> =
                repositories.map(|chosen| chosen.iter().map(|repository| repository.id).collect());
            let created_at = state.now();
            state
                .installations
                .insert(id, Installation { id, account: self.id, suspended_at: None, permissions, repositories, created_at });
            self.emit_installation(state, id, if known.is_some() { "new_permissions_accepted" } else { "created" });
            id
        })
    }

    fn emit_installation(&self, state: &mut State, installation: u64, action: &'static str) {
        let Some(found) = state.installations.get(&installation) else { return };
        let covered = state.repositories.values().filter(|repository| repository.owner == self.id);
        let repositories: Vec<_> = covered
            .map(|repository| {
                json!({"id": repository.id, "node_id": super::node_id::repository(repository.id), "name": repository.name,
                    "full_name": state.full_name(repository), "private": repository.private})
            })
            .collect();
        let payload =
            json!({"installation": shapes::installation(state, found), "repositories": repositories, "requester": null});
        state.emit_for_account("installation", Some(action), self.id, self.id, payload);
    }

    /// Takes the App away, its tokens with it.
    pub fn uninstall(&self) {
        self.github.with(|state| {
            let Some(id) = state.installation_on(self.id).map(|installation| installation.id) else { return };
            self.emit_installation(state, id, "deleted");
            state.installations.remove(&id);
        });
    }

    pub fn suspend(&self) {
        self.set_suspended(true);
    }

    pub fn unsuspend(&self) {
        self.set_suspended(false);
    }

    fn set_suspended(&self, suspended: bool) {
        self.github.with(|state| {
            let at = suspended.then(|| state.now());
            let Some(id) = state.installation_on(self.id).map(|installation| installation.id) else { return };
            if let Some(installation) = state.installations.get_mut(&id) {
                installation.suspended_at = at;
            }
            self.emit_installation(state, id, if suspended { "suspend" } else { "unsuspend" });
        });
    }

    /// Grants the App other permissions than it has; known tokens keep theirs.
    pub fn change_permissions(&self, permissions: &[(&str, &str)]) {
        self.github.with(|state| {
            let Some(id) = state.installation_on(self.id).map(|installation| installation.id) else { return };
            if let Some(installation) = state.installations.get_mut(&id) {
                installation.permissions =
                    permissions.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect();
            }
            self.emit_installation(state, id, "new_permissions_accepted");
        });
    }
}

impl Repository {
    /// The id that webhooks and `X-…-ID` headers carry.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// `owner/name`.
    pub fn full_name(&self) -> String {
        self.github.with(|state| state.repository(self.id).map(|repository| state.full_name(repository)).unwrap_or_default())
    }

    fn at(&self, number: u64) -> ThreadRef {
        ThreadRef { repository: self.id, number }
    }

    #[track_caller]
    fn act<T>(&self, user: &str, act: impl FnOnce(&mut State, u64) -> Outcome<T>) -> T {
        acted(self.github.with(|state| {
            // Another App acts under a login such as `triage-example[bot]`.
            let kind = if user.ends_with("[bot]") { AccountKind::Bot } else { AccountKind::User };
            let actor = state.account(user, kind);
            act(state, actor)
        }))
    }

    /// Makes the repository private: only an installed App sees it.
    pub fn make_private(&self) -> &Self {
        self.github.with(|state| {
            if let Ok(repository) = state.repository_mut(self.id) {
                repository.private = true;
            }
        });
        self
    }

    /// Archives it: from now on read-only, for everyone.
    pub fn archive(&self) {
        self.github.with(|state| {
            let now = state.now();
            if let Ok(repository) = state.repository_mut(self.id) {
                repository.archived_at = Some(now);
                let owner = repository.owner;
                state.emit("repository", Some("archived"), self.id, owner, json!({}));
            }
        });
    }

    /// Renames it. The old name goes on working: by a redirect in REST, without a word in GraphQL.
    #[track_caller]
    pub fn rename(&self, user: &str, name: &str) {
        self.act(user, |state, actor| state.rename_repository(self.id, name, actor));
    }

    pub fn unarchive(&self) {
        self.github.with(|state| {
            if let Ok(repository) = state.repository_mut(self.id) {
                repository.archived_at = None;
            }
        });
    }

    pub fn disable_issues(&self) {
        self.github.with(|state| {
            if let Ok(repository) = state.repository_mut(self.id) {
                repository.issues_enabled = false;
            }
        });
    }

    /// From now on the branch changes through pull requests only.
    pub fn protect_branch(&self, branch: &str) {
        self.github.with(|state| {
            if let Ok(repository) = state.repository_mut(self.id) {
                repository.protected_branches.insert(branch.to_owned(), Protection::Ruleset);
            }
        });
    }

    /// As [`protect_branch`](Self::protect_branch), by a rule of the older kind.
    pub fn protect_branch_classically(&self, branch: &str) {
        self.github.with(|state| {
            if let Ok(repository) = state.repository_mut(self.id) {
                repository.protected_branches.insert(branch.to_owned(), Protection::Classic);
            }
        });
    }

    /// Puts the App on the list of those for whom the rules of branches do not hold.
    pub fn let_app_bypass_rules(&self) {
        self.github.with(|state| {
            if let Ok(repository) = state.repository_mut(self.id) {
                repository.app_bypasses_rules = true;
            }
        });
    }

    /// From now on the branch of a merged pull request is deleted.
    pub fn delete_merged_branches(&self) {
        self.github.with(|state| {
            if let Ok(repository) = state.repository_mut(self.id) {
                repository.deletes_merged_branches = true;
            }
        });
    }

    /// Gives it to another owner. The old name goes on working.
    #[track_caller]
    pub fn transfer_to(&self, user: &str, owner: &Organization) {
        self.act(user, |state, actor| state.transfer_repository(self.id, owner.id, actor));
    }

    /// Gives a person a role.
    pub fn set_role(&self, login: &str, role: Role) {
        self.act(login, |state, account| {
            state.repository_mut(self.id)?.roles.insert(account, role);
            Ok(())
        });
    }

    /// Makes exactly these people assignable, besides those who may write.
    pub fn set_assignable(&self, logins: &[&str]) {
        self.github.with(|state| {
            let accounts: BTreeSet<u64> = logins.iter().map(|login| state.account(login, AccountKind::User)).collect();
            if let Ok(repository) = state.repository_mut(self.id) {
                repository.assignable = accounts;
            }
        });
    }

    #[track_caller]
    pub fn add_label(&self, name: &str) {
        acted(self.github.with(|state| state.create_label(self.id, name, "ededed", None)));
    }

    /// The title of an issue's milestone.
    pub fn milestone(&self, number: u64) -> Option<String> {
        self.github.with(|state| {
            let id = state.thread(self.at(number)).ok()?.milestone?;
            let milestones = &state.repository(self.id).ok()?.milestones;
            milestones.iter().find(|known| known.id == id).map(|known| known.title.clone())
        })
    }

    pub fn add_milestone(&self, title: &str) {
        self.github.with(|state| {
            let id = state.large_id();
            if let Ok(repository) = state.repository_mut(self.id) {
                let number = repository.milestones.len() as u64 + 1;
                repository.milestones.push(Milestone { id, number, title: title.to_owned() });
            }
        });
    }

    /// A fork of this repository, owned by a person.
    pub fn fork(&self, owner: &str) -> Repository {
        let id = self.github.with(|state| {
            let name = state.repository(self.id).map(|repository| repository.name.clone()).unwrap_or_default();
            let owner = state.account(owner, AccountKind::User);
            state.add_repository(owner, &name, Some(self.id))
        });
        Repository { github: self.github.clone(), id }
    }

    /// Commits to a branch and pushes, as `ada-example`; a new branch begins at the default branch. Returns the commit.
    #[track_caller]
    pub fn commit(&self, branch: &str, message: &str, changes: &[Change]) -> String {
        self.commit_as("ada-example", branch, message, changes)
    }

    #[track_caller]
    pub fn commit_as(&self, user: &str, branch: &str, message: &str, changes: &[Change]) -> String {
        self.act(user, |state, actor| state.commit(self.id, branch, message, changes, actor))
    }

    /// One file, written and pushed: what a further push to a pull request mostly is.
    #[track_caller]
    pub fn push(&self, branch: &str, path: &str, content: &str) -> String {
        self.commit(branch, &format!("Update {path}"), &[Change::write(path, content)])
    }

    /// Points a branch at another commit, as a force-push does.
    #[track_caller]
    pub fn reset_branch(&self, branch: &str, commit: &str) {
        self.act("ada-example", |state, actor| state.move_branch(self.id, branch, Some(commit), actor, Push::Merge));
    }

    #[track_caller]
    pub fn delete_branch(&self, branch: &str) {
        self.act("ada-example", |state, actor| state.move_branch(self.id, branch, None, actor, Push::Merge));
    }

    /// The commit a branch points at.
    pub fn head(&self, branch: &str) -> Option<String> {
        self.github.with(|state| state.repository(self.id).ok()?.branches.get(branch).cloned())
    }

    /// Names of all branches, in order.
    pub fn branches(&self) -> Vec<String> {
        self.github.with(|state| {
            let mut names: Vec<String> =
                state.repository(self.id).map(|found| found.branches.keys().cloned().collect()).unwrap_or_default();
            names.sort();
            names
        })
    }

    /// A file's text at a branch or commit.
    pub fn file(&self, reference: &str, path: &str) -> Option<String> {
        self.github.with(|state| {
            let commit = state.resolve(self.id, reference)?;
            let repository = state.repository(self.id).ok()?;
            let files = state.objects(repository).ok()?.commit(&commit)?.files.clone();
            files.get(path).map(|blob| String::from_utf8_lossy(&blob.bytes).into_owned())
        })
    }

    /// Paths at a branch or commit.
    pub fn files(&self, reference: &str) -> Vec<String> {
        self.github.with(|state| {
            let commit = state.resolve(self.id, reference).unwrap_or_default();
            state.files_at(self.id, &commit).into_keys().collect()
        })
    }

    /// Opens a pull request from a branch of this repository onto its default branch. Returns its number.
    #[track_caller]
    pub fn open_pull_request(&self, user: &str, branch: &str, title: &str, body: &str) -> u64 {
        self.open_pull_request_from(self, user, branch, title, body, false)
    }

    #[track_caller]
    pub fn open_draft(&self, user: &str, branch: &str, title: &str, body: &str) -> u64 {
        self.open_pull_request_from(self, user, branch, title, body, true)
    }

    /// Opens a pull request from a branch of `head`, which may be a fork.
    #[track_caller]
    pub fn open_pull_request_from(
        &self,
        head: &Repository,
        user: &str,
        branch: &str,
        title: &str,
        body: &str,
        draft: bool,
    ) -> u64 {
        self.act(user, |state, actor| {
            let new = NewPull {
                head_repository: head.id,
                head_branch: branch.to_owned(),
                base_branch: state.repository(self.id)?.default_branch.clone(),
                title: title.to_owned(),
                body: body.to_owned(),
                draft,
            };
            state.create_pull(self.id, new, actor)
        })
        .number
    }

    /// Opens a pull request into a branch that need not be the default one.
    #[track_caller]
    pub fn open_pull_request_into(&self, base: &str, user: &str, branch: &str, title: &str) -> u64 {
        let new = NewPull {
            head_repository: self.id,
            head_branch: branch.to_owned(),
            base_branch: base.to_owned(),
            title: title.to_owned(),
            body: String::new(),
            draft: false,
        };
        self.act(user, |state, actor| state.create_pull(self.id, new, actor)).number
    }

    /// Commits `changes` to a new branch and opens a pull request from it: what most stories begin with.
    #[track_caller]
    pub fn propose(&self, user: &str, branch: &str, title: &str, changes: &[Change]) -> u64 {
        self.commit_as(user, branch, title, changes);
        self.open_pull_request(user, branch, title, "")
    }

    /// Merges; returns the merge commit.
    #[track_caller]
    pub fn merge(&self, number: u64) -> String {
        self.merge_as("grace-example", number)
    }

    #[track_caller]
    pub fn merge_as(&self, user: &str, number: u64) -> String {
        self.act(user, |state, actor| state.merge_pull(self.at(number), actor))
    }

    /// Closes a pull request without merging it.
    #[track_caller]
    pub fn close_pull_request(&self, user: &str, number: u64) {
        self.act(user, |state, actor| state.set_state(self.at(number), IssueState::Closed, None, actor));
    }

    #[track_caller]
    pub fn reopen_pull_request(&self, user: &str, number: u64) {
        self.act(user, |state, actor| state.set_state(self.at(number), IssueState::Open, None, actor));
    }

    #[track_caller]
    pub fn mark_ready(&self, user: &str, number: u64) {
        self.act(user, |state, actor| state.set_draft(self.at(number), false, actor));
    }

    #[track_caller]
    pub fn convert_to_draft(&self, user: &str, number: u64) {
        self.act(user, |state, actor| state.set_draft(self.at(number), true, actor));
    }

    /// Approves a pull request.
    #[track_caller]
    pub fn approve(&self, user: &str, number: u64) {
        self.review_as(user, number, ReviewState::Approved, "");
    }

    /// Submits a review without comments on lines. Returns its id.
    #[track_caller]
    pub fn review_as(&self, user: &str, number: u64, state: ReviewState, body: &str) -> u64 {
        let review = NewReview { state, body: body.to_owned(), commit: None, comments: Vec::new() };
        self.act(user, |state, actor| state.submit_review(self.at(number), review, actor))
    }

    /// Comments on a line of the new file. Returns the comment's id.
    #[track_caller]
    pub fn comment_on_line_as(&self, user: &str, number: u64, path: &str, line: u64, body: &str) -> u64 {
        let lines = DiffLines { path: path.to_owned(), side: Side::Right, start: None, line };
        let comments = vec![NewReviewComment { lines, body: body.to_owned() }];
        let review = NewReview { state: ReviewState::Commented, body: String::new(), commit: None, comments };
        self.act(user, |state, actor| {
            let review = state.submit_review(self.at(number), review, actor)?;
            state.review(review)?.comments.first().copied().ok_or_else(Refusal::not_found)
        })
    }

    /// Answers in the thread of a comment on lines.
    #[track_caller]
    pub fn reply_as(&self, user: &str, review_comment: u64, body: &str) -> u64 {
        self.act(user, |state, actor| {
            let thread = state.review_comment(review_comment)?.thread;
            state.reply(thread, body, actor)
        })
    }

    /// Resolves the thread of a comment on lines.
    #[track_caller]
    pub fn resolve_as(&self, user: &str, review_comment: u64) {
        self.act(user, |state, actor| {
            let thread = state.review_comment(review_comment)?.thread;
            state.set_resolved(thread, true, actor)
        });
    }

    /// Presses “Commit suggestion”. Returns the commit.
    #[track_caller]
    pub fn accept_suggestion_as(&self, user: &str, review_comment: u64) -> String {
        self.act(user, |state, actor| state.accept_suggestion(review_comment, actor))
    }

    /// Threads on lines of a pull request, oldest first.
    pub fn review_threads(&self, number: u64) -> Vec<ReviewThreadView> {
        self.github.with(|state| {
            let threads = state.threads_of(self.at(number));
            threads.into_iter().filter_map(|thread| views::review_thread(state, thread).ok()).collect()
        })
    }

    /// Changes the branch that a pull request is to be merged into.
    #[track_caller]
    pub fn retarget(&self, user: &str, number: u64, base: &str) {
        self.act(user, |state, actor| state.retarget(self.at(number), base, actor));
    }

    #[track_caller]
    pub fn create_issue_as(&self, user: &str, title: &str, body: &str) -> u64 {
        let new = NewThread { title: title.to_owned(), body: body.to_owned(), ..NewThread::default() };
        self.act(user, |state, actor| state.create_thread(self.id, new, actor)).number
    }

    #[track_caller]
    pub fn close_issue_as(&self, user: &str, number: u64) {
        self.close_issue_because(user, number, StateReason::Completed);
    }

    #[track_caller]
    pub fn close_issue_because(&self, user: &str, number: u64, reason: StateReason) {
        self.act(user, |state, actor| state.set_state(self.at(number), IssueState::Closed, Some(reason), actor));
    }

    #[track_caller]
    pub fn reopen_issue_as(&self, user: &str, number: u64) {
        self.act(user, |state, actor| state.set_state(self.at(number), IssueState::Open, None, actor));
    }

    /// Edits title and body of an issue or pull request.
    #[track_caller]
    pub fn edit_issue_as(&self, user: &str, number: u64, edit: IssueEdit) {
        let edit = ThreadEdit { title: edit.title, body: edit.body, ..ThreadEdit::default() };
        self.act(user, |state, actor| state.edit_thread(self.at(number), edit, actor));
    }

    /// Moves an issue to another repository of the same owner. Returns its number there.
    #[track_caller]
    pub fn transfer_issue_as(&self, user: &str, number: u64, to: &Repository) -> u64 {
        self.act(user, |state, actor| state.transfer_issue(self.at(number), to.id, actor)).number
    }

    /// Deletes an issue for good.
    #[track_caller]
    pub fn delete_issue_as(&self, user: &str, number: u64) {
        self.act(user, |state, actor| state.delete_issue(self.at(number), actor));
    }

    /// Takes an issue out from under its parent in the same repository.
    #[track_caller]
    pub fn remove_sub_issue_as(&self, user: &str, parent: u64, child: u64) {
        self.act(user, |state, actor| state.remove_sub_issue(self.at(parent), self.at(child), actor));
    }

    #[track_caller]
    pub fn label_issue_as(&self, user: &str, number: u64, label: &str) {
        self.act(user, |state, actor| {
            let known = state.repository(self.id)?.label_named(label).map(|label| label.id);
            let id = known.map_or_else(|| state.create_label(self.id, label, "ededed", None), Ok)?;
            state.add_labels(self.at(number), &[id], actor)
        });
    }

    #[track_caller]
    pub fn unlabel_issue_as(&self, user: &str, number: u64, label: &str) {
        self.act(user, |state, actor| {
            let id = state.repository(self.id)?.label_named(label).map(|label| label.id).ok_or_else(Refusal::not_found)?;
            state.remove_labels(self.at(number), &[id], actor)
        });
    }

    /// Replaces the assignees.
    #[track_caller]
    pub fn assign_issue_as(&self, user: &str, number: u64, assignees: &[&str]) {
        self.act(user, |state, actor| {
            let accounts = assignees.iter().map(|login| state.account(login, AccountKind::User)).collect();
            state.edit_thread(self.at(number), ThreadEdit { assignees: Some(accounts), ..ThreadEdit::default() }, actor)
        });
    }

    /// Comments on an issue or pull request. Returns the comment's id.
    #[track_caller]
    pub fn comment_as(&self, user: &str, number: u64, body: &str) -> u64 {
        self.act(user, |state, actor| state.add_comment(self.at(number), body, actor))
    }

    #[track_caller]
    pub fn edit_comment_as(&self, user: &str, comment: u64, body: &str) {
        self.act(user, |state, actor| state.edit_comment(comment, body, actor));
    }

    #[track_caller]
    pub fn delete_comment_as(&self, user: &str, comment: u64) {
        self.act(user, |state, actor| state.delete_comment(comment, actor));
    }

    /// Presses a button of a check run.
    #[track_caller]
    pub fn press_button_as(&self, user: &str, check_run: u64, identifier: &str) {
        self.act(user, |state, actor| {
            state.emit_check_run(check_run, "requested_action", actor, json!({"requested_action": {"identifier": identifier}}));
            Ok(())
        });
    }

    /// Asks for a check run to be run again.
    #[track_caller]
    pub fn rerequest_check_as(&self, user: &str, check_run: u64) {
        self.act(user, |state, actor| {
            state.emit_check_run(check_run, "rerequested", actor, json!({}));
            Ok(())
        });
    }

    /// Its issues (no pull requests), by number.
    pub fn issues(&self) -> Vec<IssueView> {
        self.github.with(|state| {
            let Ok(repository) = state.repository(self.id) else { return Vec::new() };
            let issues = repository.threads.values().filter(|thread| thread.pull.is_none());
            issues.filter_map(|thread| views::issue(state, self.at(thread.number)).ok()).collect()
        })
    }

    #[track_caller]
    pub fn issue(&self, number: u64) -> IssueView {
        acted(self.github.with(|state| views::issue(state, self.at(number))))
    }

    /// Its pull requests, by number.
    pub fn pull_requests(&self) -> Vec<PullRequestView> {
        self.github.with(|state| {
            let Ok(repository) = state.repository(self.id) else { return Vec::new() };
            let numbers = repository.threads.keys();
            numbers.filter_map(|number| views::pull_request(state, self.at(*number)).ok()).collect()
        })
    }

    #[track_caller]
    pub fn pull_request(&self, number: u64) -> PullRequestView {
        acted(self.github.with(|state| views::pull_request(state, self.at(number))))
    }

    /// Comments on an issue or pull request, oldest first.
    pub fn comments(&self, number: u64) -> Vec<CommentView> {
        self.github.with(|state| {
            let Ok(thread) = state.thread(self.at(number)) else { return Vec::new() };
            thread.comments.iter().filter_map(|id| views::comment(state, *id).ok()).collect()
        })
    }

    /// Check runs of the repository on any commit, oldest first.
    pub fn check_runs(&self) -> Vec<CheckRunView> {
        self.github.with(|state| {
            let runs = state.check_runs.values().filter(|run| run.repository == self.id);
            runs.filter_map(|run| views::check_run(state, run.id)).collect()
        })
    }

    /// Check runs on one commit, oldest first.
    pub fn check_runs_on(&self, commit: &str) -> Vec<CheckRunView> {
        self.check_runs().into_iter().filter(|run| run.head == commit).collect()
    }

    /// Names of the labels.
    pub fn labels(&self) -> Vec<String> {
        self.github.with(|state| {
            state
                .repository(self.id)
                .map(|repository| repository.labels.iter().map(|label| label.name.clone()).collect())
                .unwrap_or_default()
        })
    }
}

impl Project {
    /// What the project's URL is: the value for `board.project`.
    pub fn url(&self) -> String {
        self.github.with(|state| state.project(self.id).map(|project| state.project_url(project)).unwrap_or_default())
    }

    pub fn make_public(&self) {
        self.github.with(|state| {
            if let Ok(project) = state.project_mut(self.id) {
                project.public = true;
            }
        });
    }

    pub fn close(&self) {
        self.github.with(|state| {
            let now = state.now();
            if let Ok(project) = state.project_mut(self.id) {
                project.closed_at = Some(now);
            }
        });
    }

    fn item(&self, state: &State, issue: (&Repository, u64)) -> Outcome<u64> {
        let content = issue.0.at(issue.1);
        state.project(self.id)?.by_content.get(&content).copied().ok_or_else(Refusal::not_found)
    }

    /// Puts an issue on the board by hand.
    #[track_caller]
    pub fn add_as(&self, user: &str, issue: (&Repository, u64)) {
        issue.0.act(user, |state, actor| state.add_item(self.id, issue.0.at(issue.1), actor));
    }

    /// Sets a field by hand: an option or iteration by its name, a date or number by its text, an empty text to clear.
    #[track_caller]
    pub fn set_field_as(&self, user: &str, issue: (&Repository, u64), field: &str, value: &str) {
        issue.0.act(user, |state, actor| {
            let item = self.item(state, issue)?;
            let found = state.project(self.id)?.field_named(field).ok_or_else(Refusal::not_found)?.clone();
            let parsed = match &found.kind {
                _ if value.is_empty() => None,
                FieldKind::Text => Some(FieldValue::Text(value.to_owned())),
                FieldKind::Number => value.parse().ok().map(FieldValue::Number),
                FieldKind::Date => value.parse().ok().map(FieldValue::Date),
                FieldKind::SingleSelect(options) => {
                    options.iter().find(|option| option.name == value).map(|option| FieldValue::Select(option.id.clone()))
                }
                FieldKind::Iteration { iterations, completed } => iterations
                    .iter()
                    .chain(completed)
                    .find(|one| one.title == value)
                    .map(|one| FieldValue::Iteration(one.id.clone())),
                FieldKind::Builtin(_) => None,
            };
            if parsed.is_none() && !value.is_empty() {
                return Err(Refusal::unprocessable(format!("{field} cannot be {value}")));
            }
            state.set_field(self.id, item, found.id, parsed, actor)
        });
    }

    /// Moves a card to another column.
    #[track_caller]
    pub fn move_as(&self, user: &str, issue: (&Repository, u64), status: &str) {
        self.set_field_as(user, issue, "Status", status);
    }

    #[track_caller]
    pub fn archive_as(&self, user: &str, issue: (&Repository, u64)) {
        issue.0.act(user, |state, actor| {
            let item = self.item(state, issue)?;
            state.archive_item(self.id, item, true, actor)
        });
    }

    #[track_caller]
    pub fn restore_as(&self, user: &str, issue: (&Repository, u64)) {
        issue.0.act(user, |state, actor| {
            let item = self.item(state, issue)?;
            state.archive_item(self.id, item, false, actor)
        });
    }

    #[track_caller]
    pub fn remove_as(&self, user: &str, issue: (&Repository, u64)) {
        issue.0.act(user, |state, actor| {
            let item = self.item(state, issue)?;
            state.delete_item(self.id, item, actor)
        });
    }

    #[track_caller]
    pub fn board(&self) -> BoardView {
        acted(self.github.with(|state| views::board(state, self.id)))
    }
}
