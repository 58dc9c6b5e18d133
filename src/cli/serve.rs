//! `followthrough serve`: the service itself.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::{CLEAN, FAILURE, fail};
use crate::{
    server::settings::{LogFormat, LogSettings, ServerSettings},
    service::{GRACE, Service, system_clock},
};

/// Run the GitHub App: receive webhooks, review postmortems, file their action items.
///
/// Settings come from the defaults, then the file given with --config, then the environment; the environment wins.
/// Required are APP_ID, PRIVATE_KEY or PRIVATE_KEY_PATH, and WEBHOOK_SECRET. See docs/configuration.md for all of them.
///
/// The App's webhook URL is http(s)://HOST:PORT/api/github/webhooks. Also answered: /healthz, /readyz, /metrics.
///
/// Stops gracefully on SIGTERM or Ctrl-C: what is running is finished, what is not begun waits for the next start.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Server settings as TOML.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> u8 {
    let settings = match ServerSettings::load(arguments.config.as_deref(), &|name| std::env::var(name).ok()) {
        Ok(settings) => settings,
        Err(error) => return fail(error),
    };
    if let Err(why) = log_to_stderr(&settings.log) {
        return fail(why);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(format_args!("the runtime cannot start: {error}")),
    };
    match runtime.block_on(serve(&settings)) {
        Ok(()) => CLEAN,
        Err(why) => {
            // However little is to be logged: a server that does not start says why.
            if tracing::enabled!(tracing::Level::ERROR) {
                tracing::error!("{why}");
                FAILURE
            } else {
                fail(why)
            }
        }
    }
}

async fn serve(settings: &ServerSettings) -> Result<(), String> {
    let service = Service::prepare(settings, system_clock()).await.map_err(chain)?;
    let address = (settings.listen.host.as_str(), settings.listen.port);
    let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {}:{}: {error}; set HOST or PORT", settings.listen.host, settings.listen.port)
    })?;
    let bound = listener.local_addr().map_err(|error| error.to_string())?;
    tracing::info!(address = %bound, version = env!("CARGO_PKG_VERSION"), "listening; webhooks at /api/github/webhooks");
    let shutdown = CancellationToken::new();
    tokio::spawn(stop_on_signal(shutdown.clone()));
    service.run(listener, shutdown).await.map_err(chain)?;
    tracing::info!("stopped; nothing was cut off");
    Ok(())
}

/// The first signal asks; a second one, or too long a wait, ends the process: everything is on disk.
async fn stop_on_signal(shutdown: CancellationToken) {
    signal().await;
    tracing::info!("stopping: finishing what is running");
    shutdown.cancel();
    tokio::select! {
        () = signal() => {}
        () = tokio::time::sleep(GRACE) => {}
    }
    tracing::warn!("not finished in time; what was cut off goes on at the next start");
    std::process::exit(i32::from(FAILURE));
}

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

fn log_to_stderr(settings: &LogSettings) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.level)
        .map_err(|error| format!("LOG_LEVEL `{}` is not a filter: {error}", settings.level))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = match settings.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.with_ansi(super::coloured(&std::io::stderr())).try_init(),
    };
    set.map_err(|error| error.to_string())
}

/// An error with its causes on one line.
pub(super) fn chain(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text
}
