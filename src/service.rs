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
use url::Url;

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
    /// Where webhooks are fetched from besides being received.
    pub webhook_proxy: Option<Url>,
    /// How often what was missed is looked for; also at start.
    pub recovery_interval: Duration,
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

/// The App on GitHub, by its credentials; nothing is sent yet.
pub fn github(settings: &ServerSettings, clock: Clock) -> Result<GitHub, StartError> {
    let endpoints = Endpoints::new(&settings.github.api_url, &settings.github.graphql_url)?;
    let credentials = Credentials::new(&settings.github.app_id.to_string(), &settings.github.private_key)?;
    let client = github::Settings { write_interval: settings.write_interval, clock, ..github::Settings::default() };
    Ok(GitHub::new(credentials, endpoints, client)?)
}

/// Opens the store and prepares what works; nothing is sent yet.
pub async fn worker(settings: &ServerSettings, clock: Clock) -> Result<Worker, StartError> {
    let github = github(settings, clock.clone())?;
    let store = Store::open(settings.database_url.expose_secret()).await?;
    Ok(Worker {
        queue: Queue::open(&store, jobs::KINDS),
        web_host: github.endpoints().web_host().into(),
        github,
        store,
        clock,
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
        Ok(Self {
            worker,
            state,
            concurrency: CONCURRENCY,
            webhook_proxy: settings.webhook_proxy.clone(),
            recovery_interval: settings.recovery_interval,
        })
    }

    /// Serves and works until `shutdown`; then answers what was asked, finishes what is running, and closes the store.
    pub async fn run(self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), StartError> {
        let store = self.worker.store.clone();
        tokio::spawn(introduce(self.worker.github.clone()));
        if let Some(url) = self.webhook_proxy {
            tokio::spawn(fetch(url, self.state.clone(), shutdown.clone()));
        }
        let serving = tokio::spawn(server::run(listener, self.state, shutdown.clone()));
        let recovering = tokio::spawn({
            let (worker, interval, shutdown) = (self.worker.clone(), self.recovery_interval, shutdown.clone());
            async move { worker.recover_until(interval, shutdown).await }
        });
        self.worker.run(self.concurrency, shutdown.clone()).await;
        shutdown.cancel();
        // A panic there was logged by the runtime.
        let _ = recovering.await;
        let served = serving.await.map_err(std::io::Error::other).and_then(|served| served);
        store.close().await;
        served?;
        Ok(())
    }
}

/// Hands what the webhook proxy passes on to the intake, which checks its signature.
async fn fetch(url: Url, state: AppState, shutdown: CancellationToken) {
    let take = |relayed: github::relay::Relayed| {
        let state = state.clone();
        async move {
            let delivery = relayed.headers.get("x-github-delivery").and_then(|id| id.to_str().ok()).unwrap_or_default();
            match server::intake::receive_relayed(&state, &relayed.headers, relayed.body).await {
                answer @ ("stored" | "known" | "ignored") => tracing::info!(delivery, answer, "the proxy passed on a delivery"),
                answer => tracing::warn!(delivery, answer, "the proxy passed on a delivery that was not taken"),
            }
        }
    };
    if let Err(error) = github::relay::follow(&url, &shutdown, take).await {
        tracing::error!(error = &error as &dyn std::error::Error, "webhooks cannot be fetched from the proxy");
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
