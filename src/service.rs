//! The running service: store, queue, client, worker and HTTP put together.
//!
//! `serve`, the demo and the behaviour tests start the same thing here; only where it listens and what its clock says
//! differ.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    github::{self, Credentials, Endpoints, GitHub},
    jobs::{self, Clock, Worker, queue::Queue},
    server::{self, AppState, Limits, settings::ServerSettings},
    store::{self, Store},
};

/// Jobs that run at once. Writes of one installation are serial anyway; this is for many installations.
const CONCURRENCY: usize = 16;

/// Everything `serve` runs, ready to be started.
pub struct Service {
    pub worker: Worker,
    pub state: AppState,
    /// Jobs that run at once.
    pub concurrency: usize,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Endpoint(#[from] github::BadEndpoint),
    #[error("the App's private key cannot be used: {0}")]
    Credentials(#[from] github::CredentialsError),
    #[error(transparent)]
    Client(#[from] github::BuildError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the server stopped: {0}")]
    Server(#[from] std::io::Error),
}

/// Opens the store and prepares what works; nothing is sent yet.
pub async fn worker(settings: &ServerSettings, clock: Clock) -> Result<Worker, StartError> {
    let store = Store::open(settings.database_url.expose_secret()).await?;
    let endpoints = Endpoints::new(&settings.github.api_url, &settings.github.graphql_url)?;
    let credentials = Credentials::new(&settings.github.app_id.to_string(), &settings.github.private_key)?;
    let web_host = endpoints.web_host();
    let client =
        github::Settings { write_interval: settings.write_interval, clock: clock.clone(), ..github::Settings::default() };
    Ok(Worker {
        github: GitHub::new(credentials, endpoints, client)?,
        queue: Queue::open(&store, jobs::KINDS),
        store,
        clock,
        web_host: web_host.into(),
        holder: uuid::Uuid::now_v7().to_string().into(),
    })
}

impl Service {
    /// Opens the store and prepares everything; nothing is sent and nobody is listened to yet.
    pub async fn prepare(settings: &ServerSettings, clock: Clock) -> Result<Self, StartError> {
        let worker = worker(settings, clock).await?;
        let limits = Limits::default();
        let state = AppState {
            store: worker.store.clone(),
            queue: worker.queue.clone(),
            webhook_secrets: settings.github.webhook_secrets.clone().into(),
            metrics: recorder(),
            clock: worker.clock.clone(),
            limits,
            room: server::intake::Room::new(limits.bodies),
        };
        Ok(Self { worker, state, concurrency: CONCURRENCY })
    }

    /// Serves and works until `shutdown`; then answers what was asked, finishes what is running, and closes the store.
    pub async fn run(self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), StartError> {
        let store = self.worker.store.clone();
        tokio::spawn(introduce(self.worker.github.clone()));
        let serving = tokio::spawn(server::run(listener, self.state, shutdown.clone()));
        self.worker.run(self.concurrency, shutdown.clone()).await;
        shutdown.cancel();
        let served = serving.await.map_err(std::io::Error::other).and_then(|served| served);
        store.close().await;
        served?;
        Ok(())
    }
}

/// Says early and clearly whether GitHub accepts the credentials; what is asked here is needed later anyway.
async fn introduce(github: GitHub) {
    match github.app().await {
        Ok(app) => tracing::info!(app = app.slug, "GitHub knows the App"),
        Err(error) => tracing::error!(
            error = &error as &dyn std::error::Error,
            "GitHub does not answer the App; check APP_ID, the private key and GITHUB_API_URL"
        ),
    }
}

/// The process's one recorder of metrics; tests start several services in one process.
fn recorder() -> PrometheusHandle {
    static RECORDER: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    RECORDER
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // Somebody who embeds the library has set a recorder of their own: theirs then holds the numbers.
            let _ = metrics::set_global_recorder(recorder);
            handle
        })
        .clone()
}

/// The machine's time.
pub fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// How long a graceful stop may take before the process ends all the same.
pub const GRACE: Duration = Duration::from_secs(25);
