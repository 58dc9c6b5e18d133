//! The rows of the durable queue. What runs them is [`crate::jobs::queue`].
//!
//! One row per kind and key, so that one thing is never worked on twice at once and the table stays as small as the number
//! of things there are. A claim is a lease with a counter: nobody needs to notice that a process died, its claims just run out,
//! and one that was only paused finds its counter outdated.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::QueryBuilder;

use super::{
    Backend, Error, Store,
    backend::{reading, writing},
    columns::{CLOCK_SLACK, int, later, micros, text, time, uint},
};
use crate::jobs::queue::{Counts, Job};

/// However long a handler asks to wait, somebody looks again after a day.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A job that this process may run until its claim runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimedJob {
    pub(crate) job: Job,
    pub(crate) id: String,
    /// Outdated when somebody else has claimed it since.
    pub(crate) claim: u64,
    /// How often it was begun since it was last done, this time included.
    pub(crate) runs: u64,
}

#[derive(sqlx::FromRow)]
struct ClaimedRow {
    id: String,
    kind: String,
    job_key: String,
    generation: i64,
    turn: i64,
    claim: i64,
    runs: i64,
}

impl Store {
    /// Stores a job, or raises the generation of the one that is there. A newer generation is due at its own `run_at`, or after
    /// the run that is going on; an equal or older one changes nothing, in particular no back-off.
    pub(crate) async fn push_job(&self, job: &Job, run_at: Timestamp) -> Result<(), Error> {
        // A lane's next turn is after its last one, but not before the turn that the others have reached: whoever was idle
        // has saved nothing up, and whoever has a thousand jobs waits behind himself alone (start-time fair queueing).
        const PUSH: &str = "INSERT INTO jobs (id, kind, job_key, lane, turn, generation, run_at, due_at, claimed, claim, runs) \
             VALUES ($1, $2, $3, $4, (SELECT max(t) FROM (SELECT min(turn) AS t FROM jobs WHERE due_at <= $6 \
             UNION ALL SELECT max(turn) + 1 FROM jobs WHERE lane = $4 UNION ALL SELECT 0) AS turns), $5, $6, $6, 0, 0, 0) \
             ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, \
             run_at = CASE WHEN jobs.claimed = 0 AND jobs.run_at < excluded.run_at THEN jobs.run_at ELSE excluded.run_at END, \
             due_at = CASE WHEN jobs.claimed = 1 OR jobs.due_at < excluded.run_at THEN jobs.due_at ELSE excluded.run_at END \
             WHERE jobs.generation < excluded.generation";
        let (kind, key) = (text(&job.kind), text(&job.key));
        let lane = key.split_once('/').map_or(&*key, |(lane, _)| lane);
        writing!(self, |db| sqlx::query(PUSH)
            .bind(format!("{kind} {key}"))
            .bind(&*kind)
            .bind(&*key)
            .bind(lane)
            .bind(int(job.generation))
            .bind(micros(run_at))
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    /// Takes up to `limit` jobs of these kinds that are due at `now`, and keeps them from everybody else until `until`. What is
    /// claimed or put off for longer than anybody claims or puts off, or was pushed long after `now`, shows that the clock was
    /// set back: it is due.
    pub(crate) async fn claim_jobs(
        &self,
        kinds: &[String],
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedJob>, Error> {
        let beyond = micros(later(until, CLOCK_SLACK));
        let far = micros(later(until, LONGEST_WAIT + CLOCK_SLACK));
        // The rows are chosen once: as a plain subquery PostgreSQL may evaluate it again and exceed the limit.
        macro_rules! claim {
            ($lock:literal) => {{
                let mut claim = QueryBuilder::new("WITH next AS MATERIALIZED (SELECT id FROM jobs WHERE (due_at <= ");
                claim.push_bind(micros(now)).push(" OR due_at > ").push_bind(far);
                claim.push(" OR ((claimed = 1 OR runs = 0) AND due_at > ").push_bind(beyond);
                claim.push(")) AND kind IN (");
                let mut list = claim.separated(", ");
                for kind in kinds {
                    list.push_bind(kind.as_str());
                }
                claim.push(") ORDER BY turn, due_at LIMIT ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX)).push($lock);
                claim
                    .push(") UPDATE jobs SET claimed = 1, claim = claim + 1, runs = runs + 1, due_at = ")
                    .push_bind(micros(until));
                claim.push(" WHERE id IN (SELECT id FROM next) RETURNING id, kind, job_key, generation, turn, claim, runs");
                claim
            }};
        }
        let mut rows: Vec<ClaimedRow> = match self.backend() {
            Backend::Sqlite(sqlite) => {
                // Asking first spares an idle server the write lock.
                const DUE: &str = "SELECT id FROM jobs WHERE due_at <= $1 OR due_at > $2 \
                     OR ((claimed = 1 OR runs = 0) AND due_at > $3) LIMIT 1";
                let due = sqlx::query(DUE).bind(micros(now)).bind(far).bind(beyond);
                if due.fetch_optional(&sqlite.readers).await?.is_none() {
                    return Ok(Vec::new());
                }
                claim!("").build_query_as().fetch_all(&sqlite.writer).await?
            }
            Backend::Postgres(pool) => claim!(" FOR UPDATE SKIP LOCKED").build_query_as().fetch_all(pool).await?,
        };
        rows.sort_by_key(|row| row.turn);
        let claimed = rows.into_iter().map(|row| ClaimedJob {
            job: Job { kind: row.kind, key: row.job_key, generation: uint(row.generation) },
            id: row.id,
            claim: uint(row.claim),
            runs: uint(row.runs),
        });
        Ok(claimed.collect())
    }

    /// Keeps the claim until `until`; `false` when it is lost.
    pub(crate) async fn renew_claim(&self, id: &str, claim: u64, until: Timestamp) -> Result<bool, Error> {
        const RENEW: &str = "UPDATE jobs SET due_at = $3 WHERE id = $1 AND claim = $2 AND claimed = 1";
        let renewed = writing!(self, |db| sqlx::query(RENEW)
            .bind(id)
            .bind(int(claim))
            .bind(micros(until))
            .execute(db)
            .await?
            .rows_affected());
        Ok(renewed > 0)
    }

    /// The run is over and nothing is left to do, unless a newer generation was pushed meanwhile. A lost claim changes nothing.
    pub(crate) async fn complete_job(&self, claimed: &ClaimedJob) -> Result<(), Error> {
        const REMOVE: &str = "DELETE FROM jobs WHERE id = $1 AND claim = $2 AND claimed = 1 AND generation = $3";
        const RELEASE: &str = "UPDATE jobs SET claimed = 0, due_at = run_at WHERE id = $1 AND claim = $2 AND claimed = 1";
        let removed = writing!(self, |db| sqlx::query(REMOVE)
            .bind(&claimed.id)
            .bind(int(claimed.claim))
            .bind(int(claimed.job.generation))
            .execute(db)
            .await?
            .rows_affected());
        if removed == 0 {
            writing!(self, |db| sqlx::query(RELEASE).bind(&claimed.id).bind(int(claimed.claim)).execute(db).await.map(drop)?);
        }
        Ok(())
    }

    /// The run is over and wants another at `at`, or when a newer generation asked for one. A lost claim changes nothing.
    pub(crate) async fn postpone_job(&self, claimed: &ClaimedJob, at: Timestamp) -> Result<(), Error> {
        const POSTPONE: &str = "UPDATE jobs SET claimed = 0, run_at = CASE WHEN generation > $3 THEN run_at ELSE $4 END, \
             due_at = CASE WHEN generation > $3 THEN run_at ELSE $4 END WHERE id = $1 AND claim = $2 AND claimed = 1";
        writing!(self, |db| sqlx::query(POSTPONE)
            .bind(&claimed.id)
            .bind(int(claimed.claim))
            .bind(int(claimed.job.generation))
            .bind(micros(at))
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    /// When the next job of any kind is due, or the next claim runs out.
    pub(crate) async fn next_job_due(&self) -> Result<Option<Timestamp>, Error> {
        let due: Option<i64> = reading!(self, |db| sqlx::query_scalar("SELECT min(due_at) FROM jobs").fetch_one(db).await?);
        due.map(time).transpose()
    }

    pub(crate) async fn job_counts(&self, now: Timestamp) -> Result<Counts, Error> {
        const COUNT: &str = "SELECT CASE WHEN due_at <= $1 THEN 'due' WHEN claimed = 1 THEN 'running' ELSE 'scheduled' END, count(*), min(due_at) \
             FROM jobs GROUP BY 1";
        let rows: Vec<(String, i64, i64)> = reading!(self, |db| sqlx::query_as(COUNT).bind(micros(now)).fetch_all(db).await?);
        let mut counts = Counts::default();
        for (state, count, earliest) in rows {
            match state.as_str() {
                "due" => {
                    counts.due = uint(count);
                    counts.oldest_due = Some(time(earliest)?);
                }
                "running" => counts.running = uint(count),
                _ => counts.scheduled = uint(count),
            }
        }
        Ok(counts)
    }
}
