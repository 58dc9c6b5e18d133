//! What the issues still tell of a document after the loss of the database: what it was called, and who showed it.

use super::{
    Documents, Ready, lease_name, leased,
    observe::{Live, Places},
};
use crate::{
    ids::{DocumentKey, ItemKey},
    jobs::Stop,
    plan::{
        ActionKind, Plan,
        identity::{self, Trait},
    },
    store::IssueMarker,
};

impl Documents<'_> {
    /// After the loss of the database: a document that was renamed meanwhile gets back the key that it had, which its issues
    /// carry. Gives whether it did.
    ///
    /// Its items tell which issues are meant. They must be of this repository and of a file that is not there any more, so that
    /// a copy never takes away what is the original's.
    pub(super) async fn recall_name(&self, ready: &mut Ready, places: &Places) -> Result<bool, Stop> {
        let (store, document) = (&self.worker.store, &ready.document);
        let items = &document.reading.action_items;
        let is_home = |target: &crate::github::graphql::LoadedTarget| target.repository.id == self.repository.id;
        let is_scanned = places.targets.values().any(is_home);
        if items.is_empty()
            || !is_scanned
            || store.load_document(&document.key).await?.is_some()
            || !store.markers_of_document(&document.key).await?.is_empty()
        {
            return Ok(false);
        }
        let markers = store.orphaned_markers(self.repository.id).await?;
        let orphans: Vec<&[IssueMarker]> = markers.chunk_by(|a, b| a.document == b.document).collect();
        let new: Vec<Trait<'_>> = items.iter().map(|item| of(&item.text)).collect();
        let old: Vec<Vec<Trait<'_>>> =
            orphans.iter().map(|orphan| orphan.iter().map(|marker| of(&marker.title)).collect()).collect();
        let Some(orphan) = identity::renamed(&new, &old).and_then(|at| orphans.get(at)?.first()) else { return Ok(false) };
        if self.is_somewhere(&orphan.document).await? || !self.is_from_here(orphan).await? {
            return Ok(false);
        }
        tracing::info!(repository = %self.repository.name, path = ready.document.path, "a document is known by its issues under another name");
        ready.document.key = orphan.document.clone();
        ready.plan.document = orphan.document.clone();
        Ok(true)
    }

    /// What following a document would do, under the name by which its issues know it.
    pub(in crate::jobs) async fn plan_recalled(&self, ready: &mut Ready) -> Result<Plan, Stop> {
        let mut live = Live::default();
        let mut looked = self.look(&ready.document, true, &mut live).await?;
        if self.recall_name(ready, &looked.places).await? {
            looked = self.look(&ready.document, true, &mut live).await?;
        }
        Ok(looked.plan)
    }

    /// What [`rebuild`](Self::rebuild) would do.
    pub(in crate::jobs) async fn plan_rebuilt(&self, ready: &mut Ready) -> Result<Plan, Stop> {
        let mut plan = self.plan_recalled(ready).await?;
        match self.worker.store.load_document(&ready.document.key).await? {
            Some(_) => plan.wait(),
            None => plan.actions.retain(|action| !matches!(action.kind, ActionKind::OpenIssue(_))),
        }
        Ok(plan)
    }

    /// Brings a document back into the ledger, and follows it; no issue opens. Items of a document that was not known, without
    /// an issue and without a link to one, are left alone: whether anybody had asked for theirs is not known any more.
    pub(in crate::jobs) async fn rebuild(&self, ready: &mut Ready) -> Result<(), Stop> {
        let store = &self.worker.store;
        leased(self.worker, lease_name(self.repository.id), async |lease| {
            let mut live = Live::default();
            let looked = self.look(&ready.document, true, &mut live).await?;
            self.recall_name(ready, &looked.places).await?;
            ready.files = store.load_document(&ready.document.key).await?.is_none();
            if ready.files {
                self.look(&ready.document, true, &mut live).await?;
                self.recall_pulls(ready, &live).await?;
                let plan = self.look(&ready.document, true, &mut live).await?.plan;
                self.save_reading(ready, &plan, lease).await?;
                let unasked: Vec<ItemKey> = plan.opens().map(|(action, _)| action.item.clone()).collect();
                store.leave_alone(lease, &ready.document.key, &unasked).await?;
            }
            self.follow_one(ready, None, lease).await
        })
        .await
    }

    /// Whether a file of the default branch has this key by its name.
    async fn is_somewhere(&self, key: &DocumentKey) -> Result<bool, Stop> {
        let Some(branch) = &self.repository.default_branch else { return Ok(true) };
        let files = self.installation.list_files(&self.repository.name, &branch.head).await?;
        Ok(files.iter().any(|path| identity::document_key(self.repository.id, path) == *key))
    }

    /// Whether the issue says that it is from a document of this repository.
    async fn is_from_here(&self, marker: &IssueMarker) -> Result<bool, Stop> {
        let read = self.installation.read_issues(std::slice::from_ref(&marker.node)).await?;
        let files = format!("{}/blob/", self.repository.url);
        Ok(matches!(read.first(), Some(Ok(issue)) if issue.body.contains(&files)))
    }

    /// After the loss of the database: the issues name the pull requests that showed a document. Gives whether that tells who
    /// brought it.
    pub(super) async fn recall_pulls(&self, ready: &mut Ready, live: &Live) -> Result<bool, Stop> {
        let document = &mut ready.document;
        let store = &self.worker.store;
        if store.load_document(&document.key).await?.is_some() {
            return Ok(false);
        }
        for pull in live.reviewed_in(&format!("{}/pull", self.repository.url)) {
            store.record_document_pull(&document.key, pull).await?;
        }
        if document.pull_request.is_none() {
            document.pull_request = self.first_pull(&document.key).await?;
            return Ok(document.pull_request.is_some());
        }
        Ok(false)
    }
}

fn of(text: &str) -> Trait<'_> {
    Trait { text, ..Trait::default() }
}
