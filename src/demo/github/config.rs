//! What a fake GitHub is started with: the one App it knows and what is granted to it.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::clock::Clock;
use crate::github::permissions::{EVENTS, PERMISSIONS};

/// The private key of the fake GitHub's own App, for the demo and the tests. It opens nothing: only a fake GitHub knows its
/// public half.
pub const DEMO_PRIVATE_KEY: &str = include_str!("demo-app.pem");

/// The public half of [`DEMO_PRIVATE_KEY`].
pub const DEMO_PUBLIC_KEY: &str = include_str!("demo-app.public.pem");

/// The App and the world it lives in.
#[derive(Debug, Clone)]
pub struct Config {
    pub app_id: u64,
    /// The bot's login is `slug[bot]`.
    pub app_slug: String,
    pub app_name: String,
    /// PEM; App JWTs must be signed (RS256) with its private half.
    pub public_key: String,
    pub webhook_secret: SecretString,
    /// Where deliveries go; `None` keeps them pending.
    pub webhook_url: Option<String>,
    /// Granted to installations: permission → `read` or `write`.
    pub permissions: BTreeMap<String, String>,
    /// Subscribed events; `installation` and `installation_repositories` come in any case.
    pub events: Vec<String>,
    /// What issues, comments and the like are dated by.
    pub clock: Clock,
    /// Port on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
}

impl Default for Config {
    fn default() -> Self {
        // What the App asks for and nothing more, so that every test shows that it is enough.
        let permissions =
            PERMISSIONS.iter().map(|permission| (permission.name.to_owned(), permission.access.as_str().to_owned()));
        let events = EVENTS.iter().map(|event| event.name.to_owned());
        Self {
            app_id: 424_242,
            app_slug: "followthrough".to_owned(),
            app_name: "Followthrough".to_owned(),
            public_key: DEMO_PUBLIC_KEY.to_owned(),
            webhook_secret: SecretString::from("a webhook secret of no worth"),
            webhook_url: None,
            permissions: permissions.collect(),
            events: events.collect(),
            clock: Clock::system(),
            port: 0,
        }
    }
}
