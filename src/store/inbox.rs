//! Webhook deliveries: stored before GitHub gets its 202, remembered so that each is handled once.

use bytes::Bytes;
use jiff::Timestamp;

use super::{Error, Store};
use crate::ids::{DeliveryId, InstallationId};

/// One webhook as it came in, its signature checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    /// `X-GitHub-Event`.
    pub event: String,
    pub action: Option<String>,
    pub installation: Option<InstallationId>,
    pub received_at: Timestamp,
    /// The raw payload, JSON.
    pub body: Bytes,
}

/// What [`Store::receive`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Stored, to be handled: never seen, or an earlier attempt had failed for good (GITHUB §3: a redelivery keeps its id).
    New,
    /// Pending or handled already; nothing was stored.
    Known,
}

/// A delivery somebody has claimed to handle it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDelivery {
    pub delivery: Delivery,
    /// How often it was claimed before.
    pub attempts: u32,
}

/// How the handling of a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It led to work.
    Handled,
    /// There was nothing to do.
    Ignored,
}

/// What [`Store::prune_deliveries`] removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    pub bodies: u64,
    pub ids: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryCounts {
    pub pending: u64,
    pub done: u64,
    /// Failed for good.
    pub failed: u64,
    pub oldest_pending: Option<Timestamp>,
}

impl Store {
    /// Stores a delivery. On return it is on disk: concurrent calls share one transaction. The body is compressed.
    pub async fn receive(&self, delivery: Delivery) -> Result<Received, Error> {
        todo!()
    }

    /// Resolves when a delivery was received by this process since the last call.
    pub async fn delivery_arrived(&self) {
        todo!()
    }

    /// Takes up to `limit` deliveries that are due at `now`, oldest first, and hides them from other claims until `until`:
    /// if this process dies, they come up again then.
    pub async fn claim_deliveries(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<PendingDelivery>, Error> {
        todo!()
    }

    pub async fn finish_delivery(&self, id: &DeliveryId, outcome: DeliveryOutcome, now: Timestamp) -> Result<(), Error> {
        todo!()
    }

    /// To be tried again at `retry_at`; without one it has failed for good and stays visible in [`Store::delivery_counts`].
    pub async fn fail_delivery(&self, id: &DeliveryId, reason: &str, retry_at: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
        todo!()
    }

    /// Forgets bodies of deliveries finished before `bodies_before` and whole deliveries finished before `ids_before` (which
    /// must lie beyond GitHub's time for redelivery: 3 days, 7 on Enterprise Server; GITHUB §3).
    pub async fn prune_deliveries(&self, bodies_before: Timestamp, ids_before: Timestamp) -> Result<Pruned, Error> {
        todo!()
    }

    pub async fn delivery_counts(&self) -> Result<DeliveryCounts, Error> {
        todo!()
    }
}
