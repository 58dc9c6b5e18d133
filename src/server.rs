//! The HTTP edge: webhook intake, health, metrics. It verifies, stores and answers; it never calls GitHub.

pub mod health;
pub mod intake;
pub mod settings;

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    jobs::{Clock, queue::Queue},
    store::Store,
};

/// Bytes that the head of a request may take, which a connection may hold before anything about it is known.
const MOST_HEAD: usize = 64 * 1024;

/// What strangers may take of us before a signature is checked.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the end of a request's head to its answer. GitHub gives up after ten seconds (GITHUB §3); a body that drips in
    /// more slowly is dropped.
    pub patience: Duration,
    /// For the head of a request, and for the next one on the same connection: longer than proxies keep idle ones.
    pub head: Duration,
    /// Open at once; whoever comes then waits to be let in.
    pub connections: usize,
    /// Bytes that large bodies may hold together; beyond it, the rest of a body waits.
    pub bodies: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { patience: Duration::from_secs(10), head: Duration::from_secs(75), connections: 512, bodies: 128 * 1024 * 1024 }
    }
}

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub store: Store,
    pub queue: Queue,
    /// Any of them may have signed a delivery: secrets are rotated.
    pub webhook_secrets: Arc<[SecretString]>,
    pub metrics: PrometheusHandle,
    pub clock: Clock,
    pub limits: Limits,
    pub room: intake::Room,
}

pub fn router(state: AppState) -> Router {
    let patience = state.limits.patience;
    Router::new()
        .route("/api/github/webhooks", post(intake::receive))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, patience))
        .layer(CatchPanicLayer::new())
        .with_state(state)
}

/// Serves until `shutdown`, then answers the requests that have begun and returns.
///
/// Not `axum::serve`, which sets no time limit for the head of a request and no limit on connections.
pub async fn run(listener: TcpListener, state: AppState, shutdown: CancellationToken) -> io::Result<()> {
    let limits = state.limits;
    let app = router(state);
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    let accepting = async {
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let stream = accept(&listener).await;
            let (app, shutdown) = (app.clone(), shutdown.clone());
            connections.spawn(async move {
                converse(stream, app, limits, shutdown).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shutdown.cancelled() => {}
    }
    drop(listener);
    connections.close();
    connections.wait().await;
    Ok(())
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // The other side left before it was let in.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
                ) => {}
            Err(error) => {
                // Most likely too many files are open: some will be closed.
                tracing::warn!(error = &error as &dyn std::error::Error, "no connection can be accepted; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, app: Router, limits: Limits, shutdown: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MOST_HEAD);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)));
    tokio::select! {
        biased;
        // Broken off, or not HTTP: nothing that anybody here could mend.
        _ = connection.as_mut() => return,
        () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
