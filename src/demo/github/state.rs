//! Everything the fake GitHub knows, and the rules of changing it that hold whoever asks and in whichever language: REST,
//! GraphQL and the people of a story all go through the methods here. No HTTP, no JSON of answers, no permissions of tokens.

pub(super) mod checks;
pub(super) mod issues;
pub(super) mod projects;
pub(super) mod pulls;
pub(super) mod references;
pub(super) mod repositories;
pub(super) mod reviews;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use self::{
    checks::CheckRun,
    issues::{Comment, Thread},
    projects::Project,
    references::Ping,
    repositories::Repository,
    reviews::{Review, ReviewComment, ReviewThread},
};
use super::{
    access::Token, config::Config, faults::Faults, git::Objects, refusal::Refusal, requests::RequestLog, webhooks::Webhooks,
};

/// The result of an act that GitHub may refuse.
pub(crate) type Outcome<T> = Result<T, Refusal>;

/// An issue or pull request, wherever it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ThreadRef {
    pub repository: u64,
    pub number: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountKind {
    User,
    Organization,
    Bot,
}

#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub id: u64,
    /// For a bot `slug[bot]`.
    pub login: String,
    pub kind: AccountKind,
    pub issue_types: Vec<IssueType>,
    /// Members of an organisation.
    pub members: BTreeSet<String>,
}

impl Account {
    /// What GraphQL calls the account: a bot goes without its `[bot]` there.
    pub(crate) fn graphql_login(&self) -> &str {
        self.login.strip_suffix("[bot]").unwrap_or(&self.login)
    }

    pub(crate) fn node_id(&self) -> String {
        match self.kind {
            AccountKind::User => super::node_id::user(self.id),
            AccountKind::Organization => super::node_id::organization(self.id),
            AccountKind::Bot => super::node_id::bot(self.id),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct IssueType {
    pub id: u64,
    pub name: String,
    pub enabled: bool,
}

/// The App on one account.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    pub id: u64,
    pub account: u64,
    pub suspended_at: Option<Timestamp>,
    /// Permission → `read` or `write`.
    pub permissions: BTreeMap<String, String>,
    /// `None`: all repositories of the account.
    pub repositories: Option<BTreeSet<u64>>,
    pub created_at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct State {
    pub config: Config,
    /// `http://127.0.0.1:port`, what every `html_url` starts with.
    pub base_url: String,
    pub accounts: BTreeMap<u64, Account>,
    pub app_bot: u64,
    pub installations: BTreeMap<u64, Installation>,
    pub tokens: HashMap<String, Token>,
    pub repositories: BTreeMap<u64, Repository>,
    /// By the id of the root repository of the fork network.
    pub networks: HashMap<u64, Objects>,
    pub comments: BTreeMap<u64, Comment>,
    pub reviews: BTreeMap<u64, Review>,
    pub review_threads: BTreeMap<u64, ReviewThread>,
    pub review_comments: BTreeMap<u64, ReviewComment>,
    pub check_runs: BTreeMap<u64, CheckRun>,
    pub projects: BTreeMap<u64, Project>,
    /// Who was notified by a mention, oldest first.
    pub pings: Vec<Ping>,
    pub webhooks: Webhooks,
    pub faults: Faults,
    pub log: RequestLog,
    /// Of manifests whose credentials were not fetched yet.
    pub manifest_codes: std::collections::BTreeSet<String>,
    logins: HashMap<String, u64>,
    /// Owner and name → repository, former names included.
    pub(super) names: HashMap<(u64, String), u64>,
    last_small_id: u64,
    last_large_id: u64,
    last_serial: u64,
}

impl State {
    pub(crate) fn new(config: Config, base_url: String) -> Self {
        let mut state = Self {
            config,
            base_url,
            accounts: BTreeMap::new(),
            app_bot: 0,
            installations: BTreeMap::new(),
            tokens: HashMap::new(),
            repositories: BTreeMap::new(),
            networks: HashMap::new(),
            comments: BTreeMap::new(),
            reviews: BTreeMap::new(),
            review_threads: BTreeMap::new(),
            review_comments: BTreeMap::new(),
            check_runs: BTreeMap::new(),
            projects: BTreeMap::new(),
            pings: Vec::new(),
            webhooks: Webhooks::default(),
            faults: Faults::default(),
            log: RequestLog::default(),
            manifest_codes: std::collections::BTreeSet::new(),
            logins: HashMap::new(),
            names: HashMap::new(),
            last_small_id: 1000,
            // Beyond 32 bits, as on github.com: whoever reads GraphQL's `databaseId` instead of `fullDatabaseId` finds out.
            last_large_id: 3_000_000_000,
            last_serial: 7_000_000_000,
        };
        let bot = format!("{}[bot]", state.config.app_slug);
        state.app_bot = state.account(&bot, AccountKind::Bot);
        state
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    /// An id for accounts, repositories, projects: fits 32 bits.
    pub(crate) fn small_id(&mut self) -> u64 {
        self.last_small_id += 1;
        self.last_small_id
    }

    /// An id for issues, comments, check runs and all that GitHub has billions of.
    pub(crate) fn large_id(&mut self) -> u64 {
        self.last_large_id += 1;
        self.last_large_id
    }

    /// A number for tokens, deliveries and attempts, apart from the ids of things: how often a client mints or is told does not
    /// change what an issue is called.
    pub(crate) fn serial(&mut self) -> u64 {
        self.last_serial += 1;
        self.last_serial
    }

    /// The account of that login, made when there is none.
    pub(crate) fn account(&mut self, login: &str, kind: AccountKind) -> u64 {
        if let Some(id) = self.logins.get(&login.to_ascii_lowercase()) {
            return *id;
        }
        let id = self.small_id();
        self.accounts
            .insert(id, Account { id, login: login.to_owned(), kind, issue_types: Vec::new(), members: BTreeSet::new() });
        self.logins.insert(login.to_ascii_lowercase(), id);
        id
    }

    pub(crate) fn account_named(&self, login: &str) -> Option<&Account> {
        self.logins.get(&login.to_ascii_lowercase()).and_then(|id| self.accounts.get(id))
    }

    pub(crate) fn account_by_id(&self, id: u64) -> Outcome<&Account> {
        self.accounts.get(&id).ok_or_else(Refusal::not_found)
    }

    /// The login of an account, empty for none.
    pub(crate) fn login(&self, id: u64) -> &str {
        self.accounts.get(&id).map(|account| account.login.as_str()).unwrap_or_default()
    }

    pub(crate) fn repository_named(&self, owner: &str, name: &str) -> Option<&Repository> {
        let owner = self.account_named(owner)?.id;
        self.names.get(&(owner, name.to_ascii_lowercase())).and_then(|id| self.repositories.get(id))
    }

    pub(crate) fn repository(&self, id: u64) -> Outcome<&Repository> {
        self.repositories.get(&id).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn repository_mut(&mut self, id: u64) -> Outcome<&mut Repository> {
        self.repositories.get_mut(&id).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn thread(&self, thread: ThreadRef) -> Outcome<&Thread> {
        self.repository(thread.repository)?.threads.get(&thread.number).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn thread_mut(&mut self, thread: ThreadRef) -> Outcome<&mut Thread> {
        self.repository_mut(thread.repository)?.threads.get_mut(&thread.number).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn objects(&self, repository: &Repository) -> Outcome<&Objects> {
        self.networks.get(&repository.network).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn objects_mut(&mut self, repository: u64) -> Outcome<&mut Objects> {
        let network = self.repository(repository)?.network;
        Ok(self.networks.entry(network).or_default())
    }

    /// Refuses what GitHub refuses in an archived repository.
    pub(crate) fn writable(&self, repository: u64) -> Outcome<()> {
        match self.repository(repository)?.archived_at {
            Some(_) => Err(Refusal::archived()),
            None => Ok(()),
        }
    }

    /// The installation that covers a repository, suspended or not.
    pub(crate) fn installation_of(&self, repository: &Repository) -> Option<&Installation> {
        self.installations.values().find(|installation| {
            installation.account == repository.owner
                && installation.repositories.as_ref().is_none_or(|chosen| chosen.contains(&repository.id))
        })
    }

    pub(crate) fn installation_on(&self, account: u64) -> Option<&Installation> {
        self.installations.values().find(|installation| installation.account == account)
    }

    /// `owner/name`.
    pub(crate) fn full_name(&self, repository: &Repository) -> String {
        format!("{}/{}", self.login(repository.owner), repository.name)
    }

    pub(crate) fn html_url(&self, repository: &Repository) -> String {
        format!("{}/{}", self.base_url, self.full_name(repository))
    }

    /// The page of an issue or pull request.
    pub(crate) fn thread_url(&self, repository: &Repository, thread: &Thread) -> String {
        let kind = if thread.pull.is_some() { "pull" } else { "issues" };
        format!("{}/{kind}/{}", self.html_url(repository), thread.number)
    }
}
