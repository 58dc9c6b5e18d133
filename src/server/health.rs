//! Whether the process is alive, whether it can do its work, and its numbers.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use jiff::Timestamp;

use super::AppState;

/// `GET /healthz`: the process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the store is reachable and migrated; credentials were loaded before the server began to listen.
pub async fn ready(State(state): State<AppState>) -> impl IntoResponse {
    match state.store.check().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store is not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store is not ready\n")
        }
    }
}

/// `GET /metrics`: Prometheus text exposition format 0.0.4.
pub async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    let now = (state.clock)();
    if let Ok(counts) = state.store.delivery_counts().await {
        gauge("followthrough_deliveries_pending", counts.pending);
        gauge("followthrough_deliveries_failed", counts.failed);
        age("followthrough_deliveries_oldest_pending_seconds", counts.oldest_pending, now);
    }
    if let Ok(counts) = state.queue.counts(now).await {
        gauge("followthrough_jobs_due", counts.due);
        gauge("followthrough_jobs_scheduled", counts.scheduled);
        gauge("followthrough_jobs_running", counts.running);
        age("followthrough_jobs_oldest_due_seconds", counts.oldest_due, now);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.metrics.render())
}

/// How long the oldest has been waiting; 0 when nothing waits.
fn age(name: &'static str, since: Option<Timestamp>, now: Timestamp) {
    metrics::gauge!(name).set(since.map_or(0.0, |since| now.duration_since(since).as_secs_f64().max(0.0)));
}

fn gauge(name: &'static str, value: u64) {
    metrics::gauge!(name).set(value as f64);
}
