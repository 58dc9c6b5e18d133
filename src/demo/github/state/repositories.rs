//! Repositories: branches, commits, labels, who may do what. Every push goes through [`State::move_branch`], which also tells
//! the pull requests whose head moved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{
        git::{Files, Object, Oid},
        refusal::Refusal,
        shapes,
    },
    AccountKind, Outcome, State, ThreadRef,
    issues::Thread,
};

#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub id: u64,
    pub name: String,
    pub color: String,
    pub description: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Milestone {
    pub id: u64,
    pub number: u64,
    pub title: String,
}

/// A person's role in a repository, in GitHub's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

impl Role {
    /// The exact role, as `role_name` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// The coarse `permission`: maintain counts as write, triage as read.
    pub(crate) fn permission(self) -> &'static str {
        match self {
            Self::Read | Self::Triage => "read",
            Self::Write | Self::Maintain => "write",
            Self::Admin => "admin",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Repository {
    pub id: u64,
    pub owner: u64,
    pub name: String,
    pub network: u64,
    pub fork_of: Option<u64>,
    pub default_branch: String,
    pub branches: BTreeMap<String, Oid>,
    pub private: bool,
    pub archived_at: Option<Timestamp>,
    pub issues_enabled: bool,
    pub created_at: Timestamp,
    pub last_number: u64,
    pub threads: BTreeMap<u64, Thread>,
    /// Numbers of deleted issues.
    pub deleted: BTreeSet<u64>,
    pub labels: Vec<Label>,
    pub milestones: Vec<Milestone>,
    pub roles: BTreeMap<u64, Role>,
    /// Who may be assigned, besides everyone with a role of write or more.
    pub assignable: BTreeSet<u64>,
    /// Numbers of issues that were transferred, and where they are now.
    pub transferred: BTreeMap<u64, ThreadRef>,
    /// Branches that change through pull requests only.
    pub protected_branches: BTreeMap<String, Protection>,
    /// Whether the App is on the list of those for whom no rule of a branch holds.
    pub app_bypasses_rules: bool,
    /// Whether the branch of a merged pull request is deleted.
    pub deletes_merged_branches: bool,
    /// Commit → check runs on it, oldest first.
    pub checks: HashMap<Oid, Vec<u64>>,
}

impl Repository {
    pub(crate) fn label_named(&self, name: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn label(&self, id: u64) -> Option<&Label> {
        self.labels.iter().find(|label| label.id == id)
    }
}

/// What keeps a branch from direct changes. GitHub tells of the two in different places and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// A ruleset, listed under `rules/branches`.
    Ruleset,
    /// A branch protection rule of the older kind, which that list does not have.
    Classic,
}

impl Protection {
    fn refusal(self, branch: &str) -> Refusal {
        match self {
            Self::Ruleset => Refusal::Typed {
                kind: "REPOSITORY_RULE_VIOLATION",
                message: format!(
                    "Repository rule violations found\n\nChanges must be made through a pull request. (refs/heads/{branch})"
                ),
            },
            Self::Classic => Refusal::Typed {
                kind: "BRANCH_PROTECTION_RULE_VIOLATION",
                message: format!(
                    "protected branch '{branch}' check failed:\nAt least 1 approving review is required by reviewers with write access."
                ),
            },
        }
    }
}

/// One change of one file within a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Write { path: String, content: Vec<u8> },
    Delete { path: String },
    Rename { from: String, to: String },
}

impl Change {
    pub fn write(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self::Write { path: path.into(), content: content.into() }
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::Delete { path: path.into() }
    }

    pub fn rename(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self::Rename { from: from.into(), to: to.into() }
    }
}

/// Why a branch moves: decides what GitHub refuses on a protected branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Push {
    Direct,
    Merge,
}

impl State {
    pub(crate) fn add_repository(&mut self, owner: u64, name: &str, fork_of: Option<u64>) -> u64 {
        if let Some(id) = self.names.get(&(owner, name.to_ascii_lowercase())) {
            return *id;
        }
        let id = self.small_id();
        let parent = fork_of.and_then(|parent| self.repositories.get(&parent));
        let repository = Repository {
            id,
            owner,
            name: name.to_owned(),
            network: parent.map_or(id, |parent| parent.network),
            fork_of,
            default_branch: parent.map_or_else(|| "main".to_owned(), |parent| parent.default_branch.clone()),
            branches: parent.map(|parent| parent.branches.clone()).unwrap_or_default(),
            private: parent.is_some_and(|parent| parent.private),
            archived_at: None,
            issues_enabled: fork_of.is_none(),
            created_at: self.now(),
            last_number: 0,
            threads: BTreeMap::new(),
            deleted: BTreeSet::new(),
            transferred: BTreeMap::new(),
            labels: Vec::new(),
            milestones: Vec::new(),
            roles: BTreeMap::new(),
            assignable: BTreeSet::new(),
            protected_branches: BTreeMap::new(),
            app_bypasses_rules: false,
            deletes_merged_branches: false,
            checks: HashMap::new(),
        };
        self.networks.entry(repository.network).or_default();
        self.repositories.insert(id, repository);
        self.names.insert((owner, name.to_ascii_lowercase()), id);
        if fork_of.is_none() {
            for (name, color) in [("bug", "d73a4a"), ("documentation", "0075ca"), ("enhancement", "a2eeef")] {
                let _ = self.create_label(id, name, color, None);
            }
        }
        id
    }

    /// Renames a repository; the old name goes on leading to it.
    pub(crate) fn rename_repository(&mut self, id: u64, name: &str, actor: u64) -> Outcome<()> {
        let owner = self.repository(id)?.owner;
        if self.names.get(&(owner, name.to_ascii_lowercase())).is_some_and(|known| *known != id) {
            return Err(Refusal::unprocessable("name already exists on this account"));
        }
        let before = std::mem::replace(&mut self.repository_mut(id)?.name, name.to_owned());
        self.names.insert((owner, name.to_ascii_lowercase()), id);
        self.emit("repository", Some("renamed"), id, actor, json!({"changes": {"repository": {"name": {"from": before}}}}));
        Ok(())
    }

    /// Gives a repository to another owner; the old name goes on leading to it.
    pub(crate) fn transfer_repository(&mut self, id: u64, owner: u64, actor: u64) -> Outcome<()> {
        let name = self.repository(id)?.name.to_ascii_lowercase();
        if self.names.get(&(owner, name.clone())).is_some_and(|known| *known != id) {
            return Err(Refusal::unprocessable("name already exists on this account"));
        }
        let before = std::mem::replace(&mut self.repository_mut(id)?.owner, owner);
        self.names.insert((owner, name), id);
        let organization = self.account_by_id(before)?.kind == AccountKind::Organization;
        let kind = if organization { "organization" } else { "user" };
        let from = json!({kind: shapes::user(self, before)});
        self.emit("repository", Some("transferred"), id, actor, json!({"changes": {"owner": {"from": from}}}));
        Ok(())
    }

    /// A person's role: the owner is admin, members of the owning organisation read, everyone reads what is public.
    pub(crate) fn role(&self, repository: u64, account: u64) -> Option<Role> {
        let repository = self.repositories.get(&repository)?;
        if let Some(role) = repository.roles.get(&account) {
            return Some(*role);
        }
        if repository.owner == account {
            return Some(Role::Admin);
        }
        let member = self.accounts.get(&repository.owner).is_some_and(|owner| owner.members.contains(self.login(account)));
        (member || !repository.private).then_some(Role::Read)
    }

    pub(crate) fn is_assignable(&self, repository: u64, account: u64) -> bool {
        let is_user = self.accounts.get(&account).is_some_and(|account| account.kind == AccountKind::User);
        let listed = self.repositories.get(&repository).is_some_and(|repository| repository.assignable.contains(&account));
        is_user && (listed || self.role(repository, account).is_some_and(|role| role >= Role::Write))
    }

    pub(crate) fn assignable_accounts(&self, repository: u64) -> Vec<u64> {
        self.accounts.keys().copied().filter(|account| self.is_assignable(repository, *account)).collect()
    }

    pub(crate) fn create_label(&mut self, repository: u64, name: &str, color: &str, description: Option<String>) -> Outcome<u64> {
        self.writable(repository)?;
        if name.is_empty() || name.chars().count() > 50 {
            return Err(Refusal::unprocessable("name is too long (maximum is 50 characters)"));
        }
        if color.len() != 6 || !color.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Refusal::unprocessable("Color is invalid"));
        }
        if description.as_ref().is_some_and(|text| text.chars().count() > 100) {
            return Err(Refusal::unprocessable("description is too long (maximum is 100 characters)"));
        }
        if self.repository(repository)?.label_named(name).is_some() {
            return Err(Refusal::unprocessable("Name has already been taken"));
        }
        let id = self.large_id();
        let label = Label { id, name: name.to_owned(), color: color.to_ascii_lowercase(), description };
        self.repository_mut(repository)?.labels.push(label);
        Ok(id)
    }

    /// A branch, `refs/heads/…`, `HEAD`, or commit id → the commit.
    pub(crate) fn resolve(&self, repository: u64, reference: &str) -> Option<Oid> {
        let repository = self.repositories.get(&repository)?;
        let name = reference.strip_prefix("refs/heads/").or_else(|| reference.strip_prefix("heads/")).unwrap_or(reference);
        let name = if name == "HEAD" || name.is_empty() { repository.default_branch.as_str() } else { name };
        if let Some(oid) = repository.branches.get(name) {
            return Some(oid.clone());
        }
        self.networks.get(&repository.network)?.find_commit(reference).map(|commit| commit.oid.clone())
    }

    /// `main:docs/a.md`, `HEAD:`, a branch or an object id.
    pub(crate) fn object(&mut self, repository: u64, expression: &str) -> Option<Object> {
        match expression.split_once(':') {
            Some((reference, path)) => {
                let commit = self.resolve(repository, reference)?;
                self.objects_mut(repository).ok()?.object_at(&commit, path)
            }
            None => {
                if let Some(commit) = self.resolve(repository, expression) {
                    return Some(Object::Commit(commit));
                }
                let objects = self.objects_mut(repository).ok()?;
                let blob = objects.blob(expression).cloned().map(Object::Blob);
                blob.or_else(|| objects.tree(expression).cloned().map(|files| Object::Tree(expression.to_owned(), files)))
            }
        }
    }

    pub(crate) fn files_at(&self, repository: u64, commit: &str) -> Files {
        let network = self.repositories.get(&repository).and_then(|repository| self.networks.get(&repository.network));
        network.and_then(|objects| objects.commit(commit)).map(|commit| (*commit.files).clone()).unwrap_or_default()
    }

    /// Commits `changes` on top of `branch` (made from the default branch when it does not exist) and pushes.
    pub(crate) fn commit(
        &mut self,
        repository: u64,
        branch: &str,
        message: &str,
        changes: &[Change],
        actor: u64,
    ) -> Outcome<Oid> {
        let parent = {
            let found = self.repository(repository)?;
            found.branches.get(branch).or_else(|| found.branches.get(&found.default_branch)).cloned()
        };
        let mut files = parent.as_deref().map(|parent| self.files_at(repository, parent)).unwrap_or_default();
        for change in changes {
            match change {
                Change::Write { path, content } => {
                    let oid = super::super::git::blob_oid(content);
                    files.insert(path.clone(), super::super::git::Blob { oid, bytes: content.as_slice().into() });
                }
                Change::Delete { path } => {
                    if files.remove(path).is_none() {
                        return Err(Refusal::unprocessable(format!(
                            "A path was requested for deletion which does not exist as of commit oid: {path}"
                        )));
                    }
                }
                Change::Rename { from, to } => match files.remove(from) {
                    Some(blob) => {
                        files.insert(to.clone(), blob);
                    }
                    None => return Err(Refusal::unprocessable(format!("there is no file {from}"))),
                },
            }
        }
        let (author, now) = (self.login(actor).to_owned(), self.now());
        let oid = self.objects_mut(repository)?.add_commit(files, parent.into_iter().collect(), message, &author, now);
        self.move_branch(repository, branch, Some(&oid), actor, Push::Direct)?;
        Ok(oid)
    }

    /// Points a branch at a commit (`None` deletes it), and says so: a `push`, and `synchronize` on the pull requests from it.
    pub(crate) fn move_branch(&mut self, repository: u64, branch: &str, to: Option<&str>, actor: u64, push: Push) -> Outcome<()> {
        self.writable(repository)?;
        let found = self.repository(repository)?;
        let bypasses = found.app_bypasses_rules && actor == self.app_bot;
        if let Some(protection) = found.protected_branches.get(branch).filter(|_| push == Push::Direct && !bypasses) {
            return Err(protection.refusal(branch));
        }
        let before = found.branches.get(branch).cloned();
        if before.as_deref() == to {
            return Ok(());
        }
        let found = self.repository_mut(repository)?;
        match to {
            Some(oid) => found.branches.insert(branch.to_owned(), oid.to_owned()),
            None => found.branches.remove(branch),
        };
        self.emit_push(repository, branch, before.as_deref(), to, actor);
        match to {
            Some(oid) => self.follow_head(repository, branch, oid, actor),
            None => self.close_without_head(repository, branch, actor),
        }
    }

    fn emit_push(&mut self, repository: u64, branch: &str, before: Option<&str>, after: Option<&str>, actor: u64) {
        const NOTHING: &str = "0000000000000000000000000000000000000000";
        let commits = self.pushed_commits(repository, before, after);
        let forced = match (before, after, self.repository(repository).and_then(|found| self.objects(found))) {
            (Some(before), Some(after), Ok(objects)) => !objects.is_ancestor(before, after),
            _ => false,
        };
        let payload = json!({
            "ref": format!("refs/heads/{branch}"),
            "before": before.unwrap_or(NOTHING),
            "after": after.unwrap_or(NOTHING),
            "created": before.is_none(),
            "deleted": after.is_none(),
            "forced": forced,
            "base_ref": null,
            "compare": format!("{}/compare/{}...{}", self.base_url, before.unwrap_or(NOTHING), after.unwrap_or(NOTHING)),
            "head_commit": commits.last(),
            "commits": commits,
            "pusher": {"name": self.login(actor), "email": format!("{}@users.noreply.github.com", self.login(actor))},
        });
        self.emit("push", None, repository, actor, payload);
    }

    /// GitHub lists at most 2048 commits; the fake lists 20.
    fn pushed_commits(&self, repository: u64, before: Option<&str>, after: Option<&str>) -> Vec<Value> {
        let Some((repository, objects)) =
            self.repositories.get(&repository).and_then(|found| Some((found, self.networks.get(&found.network)?)))
        else {
            return Vec::new();
        };
        let known: BTreeSet<Oid> = before.map(|before| objects.ancestors(before).collect()).unwrap_or_default();
        let new = after.into_iter().flat_map(|after| objects.ancestors(after)).take_while(|oid| !known.contains(oid)).take(20);
        let mut listed: Vec<Value> = new
            .filter_map(|oid| objects.commit(&oid))
            .map(|commit| {
                let parent = commit.parents.first().and_then(|parent| objects.commit(parent));
                let base = parent.map(|parent| parent.files.clone()).unwrap_or_default();
                let paths = |wanted: &dyn Fn(&String) -> bool, of: &Files| -> Vec<String> {
                    of.keys().filter(|path| wanted(path)).cloned().collect()
                };
                let added = paths(&|path| !base.contains_key(path), &commit.files);
                let removed = paths(&|path| !commit.files.contains_key(path), &base);
                let modified = paths(
                    &|path| {
                        base.get(path).is_some_and(|before| commit.files.get(path).is_some_and(|after| after.oid != before.oid))
                    },
                    &commit.files,
                );
                json!({
                    "id": commit.oid, "tree_id": commit.tree, "distinct": true, "message": commit.message,
                    "timestamp": commit.at.to_string(), "url": format!("{}/commit/{}", self.html_url(repository), commit.oid),
                    "author": {"name": commit.author, "username": commit.author, "email": null},
                    "committer": {"name": commit.committer(), "username": if commit.signed { "web-flow" } else { &commit.author }, "email": null},
                    "added": added, "removed": removed, "modified": modified,
                })
            })
            .collect();
        listed.reverse();
        listed
    }

    /// Threads a list read may see; those that lag behind are left out, one read less each time.
    pub(crate) fn listed_threads(&mut self, repository: u64) -> Outcome<Vec<ThreadRef>> {
        let (found, now) = (self.repository(repository)?, self.now());
        let listed = found.threads.iter().filter(|(_, thread)| self.faults.is_listed(thread.created_at, now));
        let all: Vec<u64> = listed.map(|(number, _)| *number).collect();
        let threads = all.into_iter().map(|number| ThreadRef { repository, number });
        Ok(self.faults.seen_by_list(threads.collect()))
    }
}

impl State {
    /// Makes `refs/heads/…` at a commit. Returns the branch's name.
    pub(crate) fn create_branch(&mut self, repository: u64, reference: &str, sha: &str, actor: u64) -> Outcome<String> {
        let Some(branch) = reference.strip_prefix("refs/heads/").filter(|name| !name.is_empty()) else {
            return Err(Refusal::unprocessable("Reference name must start with 'refs/heads/'"));
        };
        let found = self.repository(repository)?;
        if found.branches.contains_key(branch) {
            return Err(Refusal::unprocessable("Reference already exists"));
        }
        if self.objects(found)?.commit(sha).is_none() {
            return Err(Refusal::unprocessable("Object does not exist"));
        }
        let branch = branch.to_owned();
        self.move_branch(repository, &branch, Some(sha), actor, Push::Direct)?;
        Ok(branch)
    }

    /// Moves a branch forward, or anywhere with `force`.
    pub(crate) fn update_branch(&mut self, repository: u64, branch: &str, sha: &str, force: bool, actor: u64) -> Outcome<()> {
        let found = self.repository(repository)?;
        let objects = self.objects(found)?;
        let Some(before) = found.branches.get(branch) else {
            return Err(Refusal::unprocessable("Reference does not exist"));
        };
        if objects.commit(sha).is_none() {
            return Err(Refusal::unprocessable("Object does not exist"));
        }
        if !force && !objects.is_ancestor(before, sha) {
            return Err(Refusal::unprocessable("Update is not a fast forward"));
        }
        self.move_branch(repository, branch, Some(sha), actor, Push::Direct)
    }
}
