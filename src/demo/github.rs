//! A GitHub of our own: stateful, in-process, over real HTTP on 127.0.0.1.
//!
//! It exists because exactly-once, catching up and "people win" cannot be tested against per-call expectations: only a GitHub
//! that remembers can say whether two issues were opened. It speaks the part of REST and GraphQL that Followthrough uses,
//! refuses what GitHub refuses, and answers 501 and remembers an [unexpected request](FakeGitHub::unexpected_requests) for
//! anything it does not know, so that no test passes by accident. It never talks to the network beyond loopback.
//!
//! | to find | look in |
//! |---|---|
//! | what people do in a story or a test | [`people`], and the readers in [`views`] |
//! | ways of failing | [`faults`] |
//! | the rules that hold whoever asks | `state` |
//! | one REST resource | `rest/` |
//! | one GraphQL type or mutation | `graphql/` |
//! | what a person sees in a browser | `pages` |
//!
//! Where GitHub's behaviour is not documented, what was chosen stands in `docs/decisions.md`.

mod access;
pub mod clock;
pub mod config;
pub mod faults;
mod git;
mod graphql;
mod node_id;
mod pages;
pub mod people;
mod refusal;
pub mod requests;
mod rest;
mod server;
mod shapes;
mod state;
#[cfg(test)]
mod tests;
pub mod views;
pub mod webhooks;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::{
    clock::Clock,
    config::{Config, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY},
    faults::{Fault, Matching},
    git::ChangeKind,
    people::{IssueEdit, Organization, Project, Repository},
    requests::{LoggedRequest, RequestCounts},
    state::{
        checks::{Annotation, CheckAction},
        issues::{HistoryEntry, IssueState, StateReason},
        projects::{FieldKind, FieldSeed, Iteration, SelectOption},
        references::Ping,
        repositories::{Change, Role},
        reviews::ReviewState,
    },
    views::{BoardItemView, BoardView, CheckRunView, CommentView, IssueView, PullRequestView, ReviewThreadView},
    webhooks::{Delivery, PendingDelivery},
};
use self::{
    state::State,
    webhooks::{Answer, send},
};

/// What the handles and the server share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
}

impl Shared {
    /// Works on the state; never across an `await`.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A running fake GitHub. Clones are handles to the same one; it stops when the last is dropped.
#[derive(Debug, Clone)]
pub struct FakeGitHub {
    shared: Arc<Shared>,
    url: String,
    _running: Arc<DropGuard>,
}

impl FakeGitHub {
    /// Listens on 127.0.0.1 and answers from now on. Fails when the port cannot be had.
    pub async fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", config.port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared { state: Mutex::new(State::new(config, url.clone())) });
        let stop = CancellationToken::new();
        let service: IntoMakeServiceWithConnectInfo<_, server::Line> =
            server::router(shared.clone()).into_make_service_with_connect_info();
        let serving = axum::serve(server::CuttableListener(listener), service);
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = serving.into_future() => {}
                () = stopped.cancelled() => {}
            }
        });
        Ok(Self { shared, url, _running: Arc::new(stop.drop_guard()) })
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        self.shared.with(work)
    }

    /// `http://127.0.0.1:port`: the pages for people, and the value for `GITHUB_API_URL`. The API is also served below
    /// `/api/v3` and `/api/graphql`, as on an Enterprise Server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The value for `GITHUB_GRAPHQL_URL`.
    pub fn graphql_url(&self) -> String {
        format!("{}/graphql", self.url)
    }

    /// The clock that issues and comments are dated by.
    pub fn clock(&self) -> Clock {
        self.with(|state| state.config.clock.clone())
    }

    /// Where deliveries go from now on.
    pub fn set_webhook_url(&self, url: &str) {
        self.with(|state| state.config.webhook_url = Some(url.to_owned()));
    }

    /// Makes every installation token worthless, as if an hour had passed.
    pub fn expire_tokens(&self) {
        self.with(|state| state.tokens.values_mut().for_each(|token| token.expires_at = jiff::Timestamp::UNIX_EPOCH));
    }

    /// Every request so far, oldest first, pages of people left out.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.with(|state| state.log.requests.clone())
    }

    pub fn request_counts(&self) -> RequestCounts {
        self.with(|state| state.log.counts())
    }

    /// Starts counting anew. Unexpected requests stay.
    pub fn forget_requests(&self) {
        self.with(|state| state.log.requests.clear());
    }

    /// Requests the fake did not understand: a test that finds any has found a hole in the fake or a mistake in the client.
    pub fn unexpected_requests(&self) -> Vec<String> {
        self.with(|state| state.log.unexpected.clone())
    }

    /// Who was notified by a mention (outside code, links and HTML comments), oldest first: what copied text must not do.
    pub fn pings(&self) -> Vec<Ping> {
        self.with(|state| state.pings.clone())
    }

    /// Arms faults.
    pub fn faults(&self) -> FaultControl<'_> {
        FaultControl { github: self }
    }

    /// Deliveries that wait to be sent, oldest first.
    pub fn pending_deliveries(&self) -> Vec<PendingDelivery> {
        self.with(|state| state.webhooks.pending.clone())
    }

    /// Every attempt so far, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.with(|state| state.webhooks.log.clone())
    }

    /// Sends what is pending, one after the other, and what comes to be pending meanwhile; the attempts, in order.
    pub async fn deliver_all(&self) -> Vec<Delivery> {
        let mut attempts = Vec::new();
        while let Some(delivery) =
            self.with(|state| (!state.webhooks.pending.is_empty()).then(|| state.webhooks.pending.remove(0)))
        {
            attempts.push(self.send(&delivery).await);
        }
        attempts
    }

    /// Sends everything that is pending at the same moment.
    pub async fn deliver_all_at_once(&self) -> Vec<Delivery> {
        let pending = self.with(|state| std::mem::take(&mut state.webhooks.pending));
        join_all(pending.iter().map(|delivery| self.send(delivery))).await
    }

    /// Sends one delivery now. It need not be a pending one.
    pub async fn send(&self, delivery: &PendingDelivery) -> Delivery {
        let request = self.with(|state| {
            let config = &state.config;
            let url = config.webhook_url.clone()?;
            webhooks::request(delivery, &url, config.app_id, &config.webhook_secret).ok()
        });
        let answer = match request {
            Some(request) => send(request).await,
            None => Answer::none("there is no webhook URL", std::time::Duration::ZERO),
        };
        self.with(|state| state.log_attempt(delivery, &answer))
    }

    /// Sends the same delivery several times at the same moment, under its one GUID.
    pub async fn send_copies(&self, delivery: &PendingDelivery, copies: usize) -> Vec<Delivery> {
        join_all((0..copies).map(|_| self.send(delivery))).await
    }

    /// The same event once more, under a GUID of its own.
    pub fn copy_under_new_guid(&self, delivery: &PendingDelivery) -> PendingDelivery {
        self.with(|state| state.copy_under_new_guid(delivery))
    }

    /// Attempts every pending delivery in vain, as if the receiver were down: the log remembers (`status_code` 0: no answer).
    pub fn fail_pending(&self) {
        self.with(|state| {
            for delivery in std::mem::take(&mut state.webhooks.pending) {
                state.log_attempt(&delivery, &Answer::none("failed to connect to host", std::time::Duration::ZERO));
            }
        });
    }

    /// As [`fail_pending`](Self::fail_pending), with an answer of this status.
    pub fn fail_pending_with(&self, status_code: u16) {
        self.with(|state| {
            for delivery in std::mem::take(&mut state.webhooks.pending) {
                state.log_attempt(&delivery, &Answer::failed(status_code));
            }
        });
    }

    /// Begins to deliver everything that is pending, and has no answer yet: so the log shows it from now on.
    pub fn leave_under_way(&self) {
        self.with(|state| {
            for delivery in std::mem::take(&mut state.webhooks.pending) {
                state.log_attempt(&delivery, &Answer::none("pending", std::time::Duration::ZERO));
            }
        });
    }

    /// Loses every pending delivery: never attempted, never logged. Returns how many.
    pub fn lose_pending(&self) -> usize {
        self.with(|state| std::mem::take(&mut state.webhooks.pending).len())
    }

    /// Lets a test take out, repeat or reorder what is pending.
    pub fn rearrange_pending(&self, rearrange: impl FnOnce(&mut Vec<PendingDelivery>)) {
        self.with(|state| rearrange(&mut state.webhooks.pending));
    }

    /// Does something without webhooks, to build up a world before the story begins.
    pub fn quietly<T>(&self, seed: impl FnOnce() -> T) -> T {
        self.with(|state| state.webhooks.muted = true);
        let made = seed();
        self.with(|state| state.webhooks.muted = false);
        made
    }
}

/// Arms the faults of a [`FakeGitHub`].
#[derive(Debug)]
pub struct FaultControl<'a> {
    github: &'a FakeGitHub,
}

impl FaultControl<'_> {
    /// The next matching request fails.
    pub fn next(&self, matching: Matching, fault: Fault) -> &Self {
        self.nth(1, matching, fault)
    }

    /// The n-th matching request from now (1 is the next) fails.
    pub fn nth(&self, n: usize, matching: Matching, fault: Fault) -> &Self {
        self.github.with(|state| state.faults.arm(matching, n.saturating_sub(1), 1, fault));
        self
    }

    /// This many matching requests fail, one after the other.
    pub fn times(&self, times: usize, matching: Matching, fault: Fault) -> &Self {
        self.github.with(|state| state.faults.arm(matching, 0, times, fault));
        self
    }

    /// Issues made from now on stay out of lists for that many reads of a list.
    pub fn lag_lists(&self, reads: usize) -> &Self {
        self.github.with(|state| state.faults.list_lag = reads);
        self
    }

    /// Lists (of issues, comments, check runs, pull requests) show nothing before it is that old, by the fake's clock.
    pub fn delay_lists(&self, by: jiff::SignedDuration) -> &Self {
        self.github.with(|state| state.faults.list_delay = by);
        self
    }

    /// The cards of issues made from now on are missed by that many reads of `projectItems`, although they are there.
    pub fn lag_cards(&self, reads: usize) -> &Self {
        self.github.with(|state| state.faults.card_lag = reads);
        self
    }

    /// Issues made from now on are unknown to boards for that many questions: `addProjectV2ItemById` says NOT_FOUND,
    /// `projectItems` is empty, `createIssue` puts nothing on a board.
    pub fn lag_projects(&self, reads: usize) -> &Self {
        self.github.with(|state| state.faults.project_lag = reads);
        self
    }

    /// The next `times` additions of what is on the board already fail with "Content already exists in this project".
    pub fn content_already_exists(&self, times: usize) -> &Self {
        self.github.with(|state| state.faults.content_exists = times);
        self
    }

    /// The next `times` additions of a sub-issue fail with "Priority has already been taken".
    pub fn priority_taken(&self, times: usize) -> &Self {
        self.github.with(|state| state.faults.priority_taken = times);
        self
    }

    /// Armed faults that did not strike yet.
    pub fn pending(&self) -> usize {
        self.github.with(|state| state.faults.pending())
    }

    /// Disarms everything.
    pub fn clear(&self) {
        self.github.with(|state| state.faults.clear());
    }
}
