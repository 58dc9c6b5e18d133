//! From stored deliveries to marks and jobs. Reads payloads; asks GitHub nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{Worker, follow_branch, follow_document, follow_pull_request, queue::Job};
use crate::{
    github::webhook::{self, Event, EventRepository, EventSender, IssuesEvent, PushEvent},
    ids::{InstallationId, IssueNumber},
    plan::marker,
    settings,
    store::{
        DeliveryOutcome, Error, Found, Installation, InstallationState, IssueMarker, IssueState, PendingDelivery, WorkKey,
        WorkKind,
    },
};

/// Stands for all files, where a push does not list what it touched.
pub(super) const EVERYTHING: &str = "*";
/// A payload lists so many commits (GITHUB §3).
const MOST_COMMITS: usize = 2_048;

/// Deliveries taken at once.
const BATCH: u32 = 50;
/// A delivery that a killed process had taken comes up again after this; handling one takes milliseconds.
const CLAIM: SignedDuration = SignedDuration::from_secs(5);
/// How often marks without a job are looked for, and how old they are by then.
const UPKEEP: SignedDuration = SignedDuration::from_mins(1);
/// Bodies are for looking into what went wrong.
const BODIES_KEPT: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Longer than GitHub can redeliver: 3 days, 7 on Enterprise Server (GITHUB §3).
const IDS_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How often deliveries of other processes, and those whose claim ran out, are looked for.
const LOOK: Duration = Duration::from_secs(2);

impl Worker {
    pub(super) async fn dispatch_until(&self, shutdown: CancellationToken) {
        let mut next_upkeep = self.now();
        while !shutdown.is_cancelled() {
            // Also when the clock was set back since.
            if self.now() >= next_upkeep || next_upkeep > self.now() + UPKEEP {
                next_upkeep = self.now() + UPKEEP;
                if let Err(error) = self.upkeep().await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "upkeep was cut short");
                }
            }
            match self.dispatch_pending().await {
                Ok(0) => {
                    tokio::select! {
                        () = self.store.delivery_arrived() => {}
                        () = tokio::time::sleep(LOOK) => {}
                        () = shutdown.cancelled() => {}
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "deliveries cannot be read; trying again");
                    tokio::select! {
                        () = tokio::time::sleep(LOOK) => {}
                        () = shutdown.cancelled() => {}
                    }
                }
            }
        }
    }

    /// Pushes jobs for marks that have none (a process was killed between the two), and forgets old deliveries.
    pub async fn upkeep(&self) -> Result<(), Error> {
        let now = self.now();
        for (key, generation) in self.store.wanted_work(now - UPKEEP, 1_000).await? {
            let job = Job { kind: kind(&key).to_owned(), key: key.to_string(), generation };
            self.queue.push(job, now).await?;
        }
        self.store.prune_deliveries(now - BODIES_KEPT, now - IDS_KEPT).await?;
        self.store.prune_commands(now - IDS_KEPT).await?;
        Ok(())
    }

    /// Handles the deliveries that wait now, at most a batch of them; gives how many.
    pub async fn dispatch_pending(&self) -> Result<usize, Error> {
        let now = self.now();
        let deliveries = self.store.claim_deliveries(now, now + CLAIM, BATCH).await?;
        for pending in &deliveries {
            let delivery = &pending.delivery;
            match self.dispatch(pending).await {
                Ok(outcome) => self.store.finish_delivery(&delivery.id, outcome, self.now()).await?,
                Err(Undispatched::Store(error)) if error.is_transient() => return Err(error),
                // Something in it that the database does not take: the others behind it are none the worse.
                Err(Undispatched::Store(error)) => {
                    tracing::error!(delivery = %delivery.id, event = delivery.event, error = &error as &dyn std::error::Error, "what a delivery says cannot be stored");
                    self.store.fail_delivery(&delivery.id, &error.to_string(), None, self.now()).await?;
                }
                Err(Undispatched::Payload(error)) => {
                    tracing::warn!(delivery = %delivery.id, event = delivery.event, %error, "a payload is not what GitHub documents");
                    self.store.fail_delivery(&delivery.id, &error.to_string(), None, self.now()).await?;
                }
            }
        }
        Ok(deliveries.len())
    }

    async fn dispatch(&self, pending: &PendingDelivery) -> Result<DeliveryOutcome, Undispatched> {
        let delivery = &pending.delivery;
        let event = webhook::parse(&delivery.event, &delivery.body)?;
        tracing::info!(delivery = %delivery.id, event = delivery.event, action = delivery.action, "delivery");
        match event {
            Event::PullRequest(event) => {
                self.look_again(work(event.installation, event.repository, WorkKind::PullRequest(event.number))).await?;
            }
            Event::PullRequestReview(event) if self.is_ours(event.sender.as_ref()) => return Ok(DeliveryOutcome::Ignored),
            Event::PullRequestReview(event) => {
                self.look_again(work(event.installation, event.repository, WorkKind::PullRequest(event.number))).await?;
            }
            Event::Push(event) => return self.pushed(event).await,
            Event::ProjectsV2Item(event) => {
                if self.is_ours(event.sender.as_ref()) {
                    return Ok(DeliveryOutcome::Ignored);
                }
                let Some(content) = &event.content else { return Ok(DeliveryOutcome::Ignored) };
                return self.look_at(event.installation, self.store.documents_of_node(content).await?).await;
            }
            Event::CheckRerequested(event) => {
                // Forks' runs name no pull request; ours carry its number.
                let ours = event.external_id.as_deref().and_then(number_in).filter(|_| event.pull_requests.is_empty());
                for number in event.pull_requests.into_iter().chain(ours) {
                    self.look_again(WorkKey {
                        installation: event.installation,
                        repository: event.repository.id,
                        name: event.repository.name.clone(),
                        kind: WorkKind::PullRequest(number),
                    })
                    .await?;
                }
            }
            Event::Issues(event) => return self.issue_changed(event, delivery.received_at).await,
            Event::Installation(event) => {
                let state = match event.action.as_str() {
                    "deleted" => InstallationState::Removed,
                    "suspend" => InstallationState::Suspended,
                    _ => InstallationState::Active,
                };
                self.github.forget_installation(event.installation);
                let installation = Installation {
                    id: event.installation,
                    account: event.account.unwrap_or_default(),
                    state,
                    updated_at: delivery.received_at,
                };
                self.store.record_installation(&installation).await?;
            }
            Event::InstallationRepositories(event) => self.github.forget_installation(event.installation),
            Event::IssueComment(event) => {
                if !self.receive_command(event, delivery.received_at).await? {
                    return Ok(DeliveryOutcome::Ignored);
                }
            }
            Event::Repository(_) | Event::Ping | Event::Ignored { .. } => {
                return Ok(DeliveryOutcome::Ignored);
            }
        }
        Ok(DeliveryOutcome::Handled)
    }

    /// The App's own acts come back as deliveries; what it does about documents and issues it knows already.
    fn is_ours(&self, sender: Option<&EventSender>) -> bool {
        let ours = self.github.known_app().map(|app| app.bot_login.as_str());
        sender.is_some_and(|sender| Some(sender.login.as_str()) == ours)
    }

    /// Files that a push to the default branch touched wait to be looked at.
    async fn pushed(&self, event: PushEvent) -> Result<DeliveryOutcome, Undispatched> {
        if !event.on_default_branch() || event.deleted {
            return Ok(DeliveryOutcome::Ignored);
        }
        self.remember_head(event.repository.id, &event.after).await?;
        if event.created {
            return Ok(DeliveryOutcome::Ignored);
        }
        let mut paths: Vec<String> = event.touched.iter().filter(|path| settings::is_markdown(path)).cloned().collect();
        if event.forced || event.commits.len() >= MOST_COMMITS {
            paths.push(EVERYTHING.to_owned());
        }
        if paths.is_empty() {
            return Ok(DeliveryOutcome::Ignored);
        }
        self.store.record_pushed(event.repository.id, &event.before, &paths).await?;
        self.look_again(work(event.installation, event.repository, WorkKind::DefaultBranch)).await?;
        Ok(DeliveryOutcome::Handled)
    }

    async fn issue_changed(&self, event: IssuesEvent, received_at: Timestamp) -> Result<DeliveryOutcome, Undispatched> {
        if self.is_ours(event.sender.as_ref()) {
            // A second witness of what was opened, for when the answer to the request was lost (GITHUB §7).
            // Only of what this App opened: others copy issues with all that is hidden in them.
            if event.action == "opened"
                && let Some(found) = marker::parse(&event.body)
            {
                let marker = IssueMarker {
                    repository: event.repository.id,
                    number: event.number,
                    node: event.node_id,
                    document: found.document,
                    item: found.item,
                    title: event.title,
                    state: IssueState::Open,
                    updated_at: received_at,
                };
                self.store.save_markers(event.repository.id, &[marker], None).await?;
                return Ok(DeliveryOutcome::Handled);
            }
            return Ok(DeliveryOutcome::Ignored);
        }
        let found = self.store.documents_of_issue(event.repository.id, event.number, &event.node_id).await?;
        self.look_at(event.installation, found).await
    }

    /// Somebody looks at these documents again: those pull requests that show them, or the documents by themselves.
    async fn look_at(&self, installation: InstallationId, documents: Vec<Found>) -> Result<DeliveryOutcome, Undispatched> {
        if documents.is_empty() {
            return Ok(DeliveryOutcome::Ignored);
        }
        for found in documents {
            self.look_at_document(installation, found).await?;
        }
        Ok(DeliveryOutcome::Handled)
    }

    pub(super) async fn look_at_document(&self, installation: InstallationId, found: Found) -> Result<(), Error> {
        let pulls = self.store.pulls_of_document(&found.document).await?;
        let kind = WorkKind::Document(found.document);
        let key = WorkKey { installation, repository: found.repository, name: found.name, kind };
        if pulls.is_empty() {
            return self.look_again(key).await;
        }
        for pull in pulls {
            self.look_again(WorkKey { kind: WorkKind::PullRequest(pull), ..key.clone() }).await?;
        }
        Ok(())
    }

    /// Marks the work and makes sure that somebody will do it.
    pub async fn look_again(&self, key: WorkKey) -> Result<(), Error> {
        let now = self.now();
        let mark = self.store.mark(&key, now).await?;
        let job = Job { kind: kind(&key).to_owned(), key: key.to_string(), generation: mark.generation };
        self.queue.push(job, now).await
    }
}

/// The kind of job that does this work.
fn kind(key: &WorkKey) -> &'static str {
    match key.kind {
        WorkKind::PullRequest(_) => follow_pull_request::KIND,
        WorkKind::Document(_) => follow_document::KIND,
        WorkKind::DefaultBranch => follow_branch::KIND,
    }
}

fn work(installation: InstallationId, repository: EventRepository, kind: WorkKind) -> WorkKey {
    WorkKey { installation, repository: repository.id, name: repository.name, kind }
}

/// The pull request in a check run's `external_id`.
fn number_in(external_id: &str) -> Option<IssueNumber> {
    let rest = external_id.strip_prefix("followthrough v1 pull=")?;
    rest.split(' ').next()?.parse().ok().map(IssueNumber)
}

enum Undispatched {
    Store(Error),
    Payload(webhook::PayloadError),
}

impl From<Error> for Undispatched {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<webhook::PayloadError> for Undispatched {
    fn from(error: webhook::PayloadError) -> Self {
        Self::Payload(error)
    }
}
