//! What was read and what was followed, into the ledger.

use super::{Documents, Ready, away};
use crate::{
    github::graphql::LoadedDocument,
    ids::ItemKey,
    jobs::Stop,
    plan::{ActionKind, Authority, Document, Filing, Followed, Observed, Plan, PlannedItem, Settled, Why, identity},
    postmortem::{model::State, parse},
    store::{self, ItemReading, Lease},
};

/// The items of a plan as the ledger keeps them.
fn reading_items(items: &[PlannedItem]) -> Vec<ItemReading> {
    let item = |(item, ordinal): (&PlannedItem, u32)| ItemReading {
        key: item.key.clone(),
        ordinal,
        text: item.text.clone(),
        group: item.group.clone(),
        state: item.state,
    };
    items.iter().zip(0..).map(item).collect()
}

impl Documents<'_> {
    fn record_of(&self, ready: &Ready) -> Option<store::Document> {
        let document = &ready.document;
        Some(store::Document {
            key: document.key.clone(),
            repository: self.repository.id,
            name: document.repository.clone(),
            path: document.path.clone(),
            // Not before all of it was followed: see `record_content`.
            content_digest: String::new(),
            commit: document.commit.clone()?,
            postmortem_url: document.url.clone(),
            title: document.reading.title.clone(),
            merged_on: document.merged_on.filter(|_| document.authority == Authority::Merged),
            updated_at: self.worker.now(),
        })
    }

    /// The document is in the ledger, with whatever items it has there.
    pub(super) async fn ensure_document(&self, ready: &Ready, lease: &Lease) -> Result<(), Stop> {
        let store = &self.worker.store;
        if store.load_document(&ready.document.key).await?.is_none()
            && let Some(record) = self.record_of(ready)
        {
            store.save_reading(lease, &record, &[]).await?;
        }
        Ok(())
    }

    pub(super) async fn save_reading(&self, ready: &Ready, plan: &Plan, lease: &Lease) -> Result<(), Stop> {
        let store = &self.worker.store;
        let Some(record) = self.record_of(ready) else { return Ok(()) };
        let mut items = reading_items(&plan.items);
        let tracking = identity::tracking_key(&record.key);
        if let Some((_, open)) = plan.opens().find(|(action, _)| action.item == tracking) {
            let (text, ordinal) = (open.title.clone(), u32::MAX);
            items.push(ItemReading { key: tracking, ordinal, text, group: None, state: State::Open });
        }
        match ready.document.authority {
            Authority::Proposed(pull) => store.save_proposed(lease, &record, &items, pull).await?,
            Authority::Merged | Authority::Withdrawn(_) => store.save_reading(lease, &record, &items).await?,
        }
        if let Some(pull) = &ready.document.pull_request {
            store.record_document_pull(&record.key, pull.number).await?;
        }
        Ok(())
    }

    /// All that the document says was followed: as long as it has this content, nothing new comes from it.
    pub(super) async fn record_content(&self, ready: &Ready) -> Result<(), Stop> {
        if matches!(ready.document.authority, Authority::Proposed(_)) {
            return Ok(());
        }
        Ok(self.worker.store.record_content(&ready.document.key, &ready.content).await?)
    }

    /// Items that the document had before nobody was shown a plan: they are left alone. Gives whether there are any.
    pub(super) async fn leave_alone(
        &self,
        ready: &Ready,
        before: &LoadedDocument,
        plan: &Plan,
        lease: &Lease,
    ) -> Result<bool, Stop> {
        let LoadedDocument::Found { bytes, .. } = before else { return Ok(false) };
        if self.worker.store.load_document(&ready.document.key).await?.is_some() {
            return Ok(false);
        }
        let (bytes, options) = (bytes.clone(), self.options());
        let Ok(before) = away(move || parse::parse(&bytes, &options)).await else { return Ok(false) };
        let old: Vec<identity::Trait<'_>> = before.action_items.iter().map(trait_of).collect();
        let new: Vec<identity::Trait<'_>> = ready.document.reading.action_items.iter().map(trait_of).collect();
        let known = identity::recognise(&new, &old, &[]);
        let kept: Vec<ItemKey> =
            plan.items.iter().zip(known).filter(|(_, known)| known.is_some()).map(|(item, _)| item.key.clone()).collect();
        if kept.is_empty() {
            return Ok(false);
        }
        self.save_reading(ready, plan, lease).await?;
        self.worker.store.leave_alone(lease, &ready.document.key, &kept).await?;
        Ok(true)
    }

    /// Issues that were transferred are known by where they are now: their deliveries come from there.
    async fn record_whereabouts(&self, document: &Document, observed: &Observed) -> Result<(), Stop> {
        let store = &self.worker.store;
        let known = store.load_document(&document.key).await?.map(|(_, items)| items).unwrap_or_default();
        for item in known {
            let Some(before) = &item.issue else { continue };
            let tracked = observed.tracked.iter().find(|tracked| tracked.key == item.reading.key);
            let Some(Filing::Filed(filed)) = tracked.map(|tracked| &tracked.filing) else { continue };
            let (now, Some(repository)) = (&filed.issue, filed.repository_id) else { continue };
            if before.issue_ref() != now.issue || before.node != now.id {
                let moved = store::TrackedIssue {
                    repository,
                    name: now.issue.repository.clone(),
                    number: now.issue.number,
                    node: now.id.clone(),
                    url: now.url.clone(),
                    ..before.clone()
                };
                store.record_whereabouts(&document.key, &item.reading.key, &moved).await?;
            }
        }
        Ok(())
    }

    /// Document and issues are in step, but for what is still planned.
    pub(super) async fn record_followed(&self, document: &Document, plan: &Plan, observed: &Observed) -> Result<(), Stop> {
        self.record_whereabouts(document, observed).await?;
        for tracked in &observed.tracked {
            let Filing::Filed(filed) = &tracked.filing else { continue };
            let pending = plan.actions.iter().any(|action| {
                let moves =
                    matches!(action.kind, ActionKind::CloseIssue(_) | ActionKind::ReopenIssue(_) | ActionKind::LeaveOpen(_));
                moves && action.item == tracked.key
            });
            if pending {
                continue;
            }
            let followed = match plan.items.iter().find(|item| item.key == tracked.key) {
                Some(item) => match document.authority {
                    Authority::Proposed(pull) if tracked.proposed_in != Some(pull) => continue,
                    _ => Followed::from(item.state),
                },
                None if plan.removed.iter().any(|settled| is(settled, &tracked.key)) => Followed::Removed,
                None => continue,
            };
            if tracked.followed != Some(followed) || filed.seen != Some(filed.issue.state) {
                let state = super::observe::stored(filed.issue.state);
                self.worker.store.record_followed(&document.key, &tracked.key, followed, state).await?;
            }
        }
        Ok(())
    }
}

fn is(settled: &Settled, item: &ItemKey) -> bool {
    settled.item == *item && matches!(settled.why, Why::Tracked(_))
}

fn trait_of(item: &crate::postmortem::model::ActionItem) -> identity::Trait<'_> {
    identity::Trait {
        text: &item.text,
        group: item.group.as_deref(),
        issues: Vec::new(),
        key: None,
        issue: item.state == State::Open,
        said: None,
        state: Some(item.state),
    }
}
