//! The HTTP edge: webhook intake, health, metrics. It verifies, stores and answers; it never calls GitHub.

pub mod health;
pub mod intake;
pub mod settings;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    routing::{get, post},
};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    jobs::{Clock, queue::Queue},
    store::Store,
};

/// GitHub gives up after ten seconds (GITHUB §3); a body that drips in more slowly is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub store: Store,
    pub queue: Queue,
    /// Any of them may have signed a delivery: secrets are rotated.
    pub webhook_secrets: Arc<[SecretString]>,
    pub metrics: PrometheusHandle,
    pub clock: Clock,
}

pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/api/github/webhooks", post(intake::receive))
        .layer(DefaultBodyLimit::max(intake::MOST_BYTES))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .layer(CatchPanicLayer::new())
        .with_state(state)
}

/// Serves until `shutdown`, then answers the requests that have begun and returns.
pub async fn run(listener: TcpListener, state: AppState, shutdown: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, router(state)).with_graceful_shutdown(shutdown.cancelled_owned()).await
}
