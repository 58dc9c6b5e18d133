//! Commands that work as the App, with the settings of `serve`.

use std::path::Path;

use super::{fail, serve::chain};
use crate::{
    jobs::Worker,
    server::settings::ServerSettings,
    service::{self, system_clock},
};

/// Does `work` with the settings from `config` and the environment; an error is told, and the exit code is that of a failure.
pub(super) fn with_settings(config: Option<&Path>, work: impl AsyncFnOnce(ServerSettings) -> Result<u8, String>) -> u8 {
    let settings = match ServerSettings::load(config, &|name| std::env::var(name).ok()) {
        Ok(settings) => settings,
        Err(error) => return fail(error),
    };
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work(settings)).unwrap_or_else(fail),
        Err(error) => fail(format_args!("the runtime cannot start: {error}")),
    }
}

/// The same with a worker beside those of `serve`, whose store is closed in the end.
pub(super) fn with_worker(config: Option<&Path>, work: impl AsyncFnOnce(&Worker) -> Result<u8, String>) -> u8 {
    with_settings(config, async |settings| {
        let worker = service::worker(&settings, system_clock()).await.map_err(chain)?;
        let code = work(&worker).await;
        worker.store.close().await;
        code
    })
}
