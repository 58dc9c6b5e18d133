//! Webhook deliveries: stored before GitHub gets its 202, remembered so that each is handled once.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

use bytes::Bytes;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, QueryBuilder};
use tokio::{
    sync::{Mutex, Notify, Semaphore, mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Backend, Error, Store,
    backend::{ROWS_AT_ONCE, reading, transaction, writing},
    columns::{CLOCK_SLACK, corrupt, int, later, micros, text, time, uint},
};
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

/// How many deliveries may wait for the transaction that is being written; beyond it, [`Store::receive`] waits.
const WAITING: usize = 256;
/// Compressing this much takes about a millisecond; more is done where it keeps nobody waiting.
const COMPRESS_INLINE: usize = 512 * 1024;

/// The task that stores deliveries: whatever waits while a transaction is written becomes the next transaction, so that
/// many deliveries share one flush to disk and none waits for a timer.
#[derive(Debug)]
pub(super) struct Intake {
    waiting: mpsc::Sender<Waiting>,
    arrived: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
    closing: CancellationToken,
}

struct Waiting {
    row: Row,
    answer: oneshot::Sender<Result<Received, Error>>,
}

#[derive(Clone)]
struct Row {
    id: String,
    event: String,
    action: Option<String>,
    installation: Option<i64>,
    received_at: i64,
    body: Vec<u8>,
}

impl Intake {
    pub(super) fn start(backend: &Backend) -> Self {
        let (waiting, queue) = mpsc::channel(WAITING);
        let closing = CancellationToken::new();
        let arrived = Arc::new(Notify::new());
        let pool = match backend {
            Backend::Sqlite(sqlite) => Pool::Sqlite(sqlite.writer.clone()),
            Backend::Postgres(pool) => Pool::Postgres(pool.clone()),
        };
        let task = tokio::spawn(store_waiting(pool, queue, arrived.clone(), closing.clone()));
        Self { waiting, arrived, task: Mutex::new(Some(task)), closing }
    }

    /// Stores what waits and takes no more.
    pub(super) async fn close(&self) {
        self.closing.cancel();
        if let Some(task) = self.task.lock().await.take() {
            task.await.ok();
        }
    }
}

enum Pool {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

impl Pool {
    /// How many transactions are written at once. PostgreSQL spends a processor on large values, so several help there.
    fn writers(&self) -> usize {
        match self {
            Self::Sqlite(_) => 1,
            Self::Postgres(_) => 4,
        }
    }
}

async fn store_waiting(pool: Pool, mut queue: mpsc::Receiver<Waiting>, arrived: Arc<Notify>, closing: CancellationToken) {
    let pool = Arc::new(pool);
    let places = Arc::new(Semaphore::new(pool.writers()));
    let storing = TaskTracker::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let mut batch = Vec::new();
        let received = tokio::select! {
            biased;
            received = queue.recv_many(&mut batch, WAITING) => received,
            () = closing.cancelled(), if !queue.is_closed() => {
                queue.close();
                continue;
            }
        };
        if received == 0 {
            break;
        }
        let (pool, arrived) = (pool.clone(), arrived.clone());
        storing.spawn(async move {
            store_batch(&pool, batch, &arrived).await;
            drop(place);
        });
    }
    storing.close();
    storing.wait().await;
}

/// Stores a batch in one transaction, and answers.
async fn store_batch(pool: &Pool, mut batch: Vec<Waiting>, arrived: &Notify) {
    // Equal ids in one transaction: the first decides, the rest are known. In order, so that two transactions never wait for
    // each other.
    batch.sort_by(|a, b| a.row.id.cmp(&b.row.id));
    let mut ids = HashSet::with_capacity(batch.len());
    let (first, repeated): (Vec<_>, Vec<_>) = batch.into_iter().partition(|waiting| ids.insert(waiting.row.id.clone()));
    let (rows, answers): (Vec<_>, Vec<_>) = first.into_iter().map(|waiting| (waiting.row, waiting.answer)).unzip();
    match store_rows(pool, &rows).await {
        Ok(new) => {
            if !new.is_empty() {
                arrived.notify_one();
            }
            for (row, answer) in rows.iter().zip(answers) {
                answer.send(Ok(if new.contains(&row.id) { Received::New } else { Received::Known })).ok();
            }
            for waiting in repeated {
                waiting.answer.send(Ok(Received::Known)).ok();
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for answer in answers.into_iter().chain(repeated.into_iter().map(|waiting| waiting.answer)) {
                answer.send(Err(Error::Intake(error.clone()))).ok();
            }
        }
    }
}

/// Stores the rows in one transaction and gives the ids that were new.
async fn store_rows(pool: &Pool, rows: &[Row]) -> Result<HashSet<String>, Error> {
    // A redelivery of one that failed for good takes its place.
    const OTHERWISE: &str = " ON CONFLICT (id) DO UPDATE SET state = 'pending', body = excluded.body, due_at = excluded.due_at, \
         received_at = excluded.received_at, reason = NULL, finished_at = NULL WHERE deliveries.state = 'failed' RETURNING id";
    match pool {
        Pool::Sqlite(pool) => {
            const ONE: &str = "INSERT INTO deliveries (id, event, action, installation, received_at, body, state, due_at, attempts) \
                 VALUES ($1, $2, $3, $4, $5, $6, 'pending', $5, 0)";
            static STATEMENT: LazyLock<String> = LazyLock::new(|| [ONE, OTHERWISE].concat());
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            let mut new = HashSet::with_capacity(rows.len());
            for row in rows {
                let id: Option<String> = sqlx::query_scalar(AssertSqlSafe(STATEMENT.as_str()))
                    .bind(&row.id)
                    .bind(&row.event)
                    .bind(&row.action)
                    .bind(row.installation)
                    .bind(row.received_at)
                    .bind(&row.body)
                    .fetch_optional(&mut *transaction)
                    .await?;
                new.extend(id);
            }
            transaction.commit().await?;
            Ok(new)
        }
        Pool::Postgres(pool) => {
            const MANY: &str = "INSERT INTO deliveries (id, event, action, installation, received_at, body, state, due_at, attempts) \
                 SELECT id, event, action, installation, received_at, body, 'pending', received_at, 0 \
                 FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bytea[]) \
                 AS t (id, event, action, installation, received_at, body)";
            static STATEMENT: LazyLock<String> = LazyLock::new(|| [MANY, OTHERWISE].concat());
            let new: Vec<String> = sqlx::query_scalar(AssertSqlSafe(STATEMENT.as_str()))
                .bind(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.event.as_str()).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.action.as_deref()).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.installation).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.received_at).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.body.as_slice()).collect::<Vec<_>>())
                .fetch_all(pool)
                .await?;
            Ok(new.into_iter().collect())
        }
    }
}

#[derive(sqlx::FromRow)]
struct ClaimedRow {
    id: String,
    event: String,
    action: Option<String>,
    installation: Option<i64>,
    received_at: i64,
    body: Option<Vec<u8>>,
    attempts: i64,
}

impl ClaimedRow {
    fn delivery(self) -> Result<PendingDelivery, Error> {
        let body = self.body.unwrap_or_default();
        let body = lz4_flex::decompress_size_prepended(&body).map_err(|_| corrupt("a delivery's body", &self.id))?;
        Ok(PendingDelivery {
            delivery: Delivery {
                id: DeliveryId(self.id),
                event: self.event,
                action: self.action,
                installation: self.installation.map(|id| InstallationId(uint(id))),
                received_at: time(self.received_at)?,
                body: body.into(),
            },
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX).saturating_sub(1),
        })
    }
}

impl Store {
    /// Stores a delivery. On return it is on disk: concurrent calls share one transaction. The body is compressed.
    pub async fn receive(&self, delivery: Delivery) -> Result<Received, Error> {
        let body = delivery.body;
        let body = if body.len() <= COMPRESS_INLINE {
            lz4_flex::compress_prepend_size(&body)
        } else {
            let compress = move || lz4_flex::compress_prepend_size(&body);
            tokio::task::spawn_blocking(compress).await.map_err(|_| Error::Closed)?
        };
        let row = Row {
            id: text(delivery.id.as_str()).into_owned(),
            event: text(&delivery.event).into_owned(),
            action: delivery.action.map(|action| text(&action).into_owned()),
            installation: delivery.installation.map(|id| int(id.0)),
            received_at: micros(delivery.received_at),
            body,
        };
        let (answer, answered) = oneshot::channel();
        let intake = &self.inner.intake;
        intake.waiting.send(Waiting { row, answer }).await.map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Of these ids, those that were received before, whatever came of them.
    pub async fn known_deliveries(&self, ids: &[DeliveryId]) -> Result<HashSet<DeliveryId>, Error> {
        let mut known = HashSet::new();
        for chunk in ids.chunks(ROWS_AT_ONCE) {
            let found: Vec<String> = reading!(self, |db| {
                let mut query = QueryBuilder::new("SELECT id FROM deliveries WHERE id IN (");
                let mut separated = query.separated(", ");
                for id in chunk {
                    separated.push_bind(id.as_str());
                }
                query.push(")");
                query.build_query_scalar().fetch_all(db).await?
            });
            known.extend(found.into_iter().map(DeliveryId));
        }
        Ok(known)
    }

    /// Resolves when a delivery was received by this process since the last call. Others' deliveries, and those left by a
    /// process that died, are found by [`Store::claim_deliveries`] alone: call it every few seconds too.
    pub async fn delivery_arrived(&self) {
        self.inner.intake.arrived.notified().await;
    }

    /// Takes up to `limit` deliveries that are due at `now`, and hides them from other claims until `until`: if this process
    /// dies, they come up again then. Installations take turns, each with its oldest, so that a burst of one delays no other.
    ///
    /// What nobody has claimed yet is due whatever the clock says, and so is what was claimed for longer than anybody claims:
    /// the clock may have been set back since.
    pub async fn claim_deliveries(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<PendingDelivery>, Error> {
        // The rows are chosen once: as a plain subquery PostgreSQL may evaluate it again and exceed the limit. It cannot lock
        // rows that a window function numbered, so the turns are made before, with some to spare for what others have locked.
        macro_rules! due {
            () => {
                "state = 'pending' AND (due_at <= $1 OR attempts = 0 OR due_at > $4)"
            };
        }
        macro_rules! claim {
            ($lock:literal) => {
                concat!(
                    "WITH turns AS MATERIALIZED (SELECT id, due_at, row_number() OVER (PARTITION BY installation ORDER BY due_at, id) AS turn ",
                    "FROM deliveries WHERE ",
                    due!(),
                    "), first AS MATERIALIZED (SELECT id, turn, due_at FROM turns ORDER BY turn, due_at LIMIT $3 * 4), ",
                    "next AS MATERIALIZED (SELECT deliveries.id FROM deliveries JOIN first ON first.id = deliveries.id WHERE ",
                    "deliveries.state = 'pending' ORDER BY first.turn, first.due_at LIMIT $3",
                    $lock,
                    ") UPDATE deliveries SET due_at = $2, attempts = attempts + 1 WHERE id IN (SELECT id FROM next) ",
                    "RETURNING id, event, action, installation, received_at, body, attempts"
                )
            };
        }
        let beyond = micros(later(until, CLOCK_SLACK));
        let (now, until, limit) = (micros(now), micros(until), i64::from(limit));
        let mut rows: Vec<ClaimedRow> = match self.backend() {
            // Asking first spares an idle server the write lock.
            Backend::Sqlite(sqlite) => {
                const DUE: &str = concat!("SELECT id FROM deliveries WHERE ", due!(), " LIMIT 1");
                // All four, so that the numbers of the parameters stay the same.
                let due = sqlx::query(DUE).bind(now).bind(until).bind(limit).bind(beyond);
                if due.fetch_optional(&sqlite.readers).await?.is_none() {
                    return Ok(Vec::new());
                }
                sqlx::query_as(claim!("")).bind(now).bind(until).bind(limit).bind(beyond).fetch_all(&sqlite.writer).await?
            }
            Backend::Postgres(pool) => {
                let claim = sqlx::query_as(claim!(" FOR UPDATE OF deliveries SKIP LOCKED"));
                claim.bind(now).bind(until).bind(limit).bind(beyond).fetch_all(pool).await?
            }
        };
        rows.sort_by(|a, b| (a.received_at, &a.id).cmp(&(b.received_at, &b.id)));
        rows.into_iter().map(ClaimedRow::delivery).collect()
    }

    pub async fn finish_delivery(&self, id: &DeliveryId, outcome: DeliveryOutcome, now: Timestamp) -> Result<(), Error> {
        const FINISH: &str =
            "UPDATE deliveries SET state = $2, finished_at = $3, reason = NULL WHERE id = $1 AND state = 'pending'";
        let state = match outcome {
            DeliveryOutcome::Handled => "handled",
            DeliveryOutcome::Ignored => "ignored",
        };
        writing!(self, |db| sqlx::query(FINISH).bind(id.as_str()).bind(state).bind(micros(now)).execute(db).await.map(drop)?);
        Ok(())
    }

    /// To be tried again at `retry_at`; without one it has failed for good and stays visible in [`Store::delivery_counts`].
    pub async fn fail_delivery(
        &self,
        id: &DeliveryId,
        reason: &str,
        retry_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Error> {
        const AGAIN: &str = "UPDATE deliveries SET reason = $2, due_at = $3 WHERE id = $1 AND state = 'pending'";
        const FAIL: &str =
            "UPDATE deliveries SET reason = $2, finished_at = $3, state = 'failed' WHERE id = $1 AND state = 'pending'";
        let (statement, at) = retry_at.map_or((FAIL, now), |at| (AGAIN, at));
        let reason = text(reason);
        writing!(self, |db| sqlx::query(statement)
            .bind(id.as_str())
            .bind(&*reason)
            .bind(micros(at))
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    /// Forgets bodies of deliveries finished before `bodies_before` and whole deliveries finished before `ids_before` (which
    /// must lie beyond GitHub's time for redelivery: 3 days, 7 on Enterprise Server; GITHUB §3).
    pub async fn prune_deliveries(&self, bodies_before: Timestamp, ids_before: Timestamp) -> Result<Pruned, Error> {
        const BODIES: &str = "UPDATE deliveries SET body = NULL WHERE finished_at < $1 AND body IS NOT NULL";
        const IDS: &str = "DELETE FROM deliveries WHERE finished_at < $1";
        Ok(transaction!(self, |db| {
            let ids = sqlx::query(IDS).bind(micros(ids_before)).execute(&mut *db).await?.rows_affected();
            let bodies = sqlx::query(BODIES).bind(micros(bodies_before)).execute(&mut *db).await?.rows_affected();
            Pruned { bodies, ids }
        }))
    }

    pub async fn delivery_counts(&self) -> Result<DeliveryCounts, Error> {
        const COUNT: &str = "SELECT state, count(*), min(received_at) FROM deliveries GROUP BY state";
        let rows: Vec<(String, i64, i64)> = reading!(self, |db| sqlx::query_as(COUNT).fetch_all(db).await?);
        let mut counts = DeliveryCounts::default();
        for (state, count, oldest) in rows {
            match state.as_str() {
                "pending" => {
                    counts.pending = uint(count);
                    counts.oldest_pending = Some(time(oldest)?);
                }
                "failed" => counts.failed = uint(count),
                _ => counts.done += uint(count),
            }
        }
        Ok(counts)
    }
}
