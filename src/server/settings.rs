//! The server's settings: the commented defaults that are compiled in, then a TOML file, then the environment.
//!
//! Reading is the only thing done here. Secrets are never shown, not even by `Debug`.

use std::{net::SocketAddr, path::Path, time::Duration};

use secrecy::SecretString;
use url::Url;

/// Everything `serve` needs to know.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    pub github: GitHubSettings,
    /// `sqlite:PATH` or `postgres://…`. May hold a password.
    pub database_url: SecretString,
    /// Where to listen.
    pub listen: Listen,
    pub log: LogSettings,
    /// Pause between two writes to GitHub for one installation.
    pub write_interval: Duration,
    /// How often the App's delivery log is walked for missed deliveries.
    pub recovery_interval: Duration,
}

#[derive(Debug, Clone)]
pub struct GitHubSettings {
    pub app_id: u64,
    /// PEM.
    pub private_key: SecretString,
    /// At least one; any of them makes a signature good, so that a secret can be replaced without an outage.
    pub webhook_secrets: Vec<SecretString>,
    /// Without a trailing slash.
    pub api_url: Url,
    pub graphql_url: Url,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    pub host: String,
    pub port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// A filter such as `info` or `followthrough=debug,warn`.
    pub level: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Everything that is wrong with the settings, at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct SettingsError(pub Vec<String>);

impl ServerSettings {
    /// Reads the settings: compiled-in defaults, then `config_file`, then the environment as given by `env`.
    ///
    /// # Errors
    ///
    /// Every missing or invalid setting, each with what to do about it.
    pub fn load(config_file: Option<&Path>, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let _ = (config_file, env, None::<SocketAddr>);
        todo!()
    }
}
