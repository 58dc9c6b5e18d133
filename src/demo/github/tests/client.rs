//! The client against the fake: every call is understood, does what it says, and is refused where GitHub refuses it.

mod branches;
mod events;
mod issues;
mod repositories;
mod reviews;

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;

use super::*;
use crate::{
    github::{self as client, Access, Credentials, Endpoints, Error, GitHub, Installation, Refusal, Settings, webhook::Event},
    ids::{CommitSha, InstallationId, IssueNumber, IssueRef, NodeId, RepositoryName},
};

const BOT: &str = "followthrough[bot]";

/// A world with `acme/app`, its `main` holding one postmortem, and our client of it.
struct World {
    github: FakeGitHub,
    installed: u64,
}

const TEXT: &str = "# Checkout\n\nOne\nTwo\nThree\nFour\nFive\nSix\nSeven\nEight\nNine\nTen\n";
const PATH: &str = "postmortems/checkout.md";

impl World {
    async fn new() -> Self {
        let mut config = Config::default();
        // The service has no use for it, the fake tells it all the same to whoever subscribes.
        config.events.push("repository".to_owned());
        let github = FakeGitHub::start(config).await.expect("a free port");
        let installed = github.organization("acme").install();
        github.repository("acme", "app").commit("main", "Begin", &[Change::write(PATH, TEXT)]);
        github.lose_pending();
        Self { github, installed }
    }

    fn app(&self) -> Repository {
        self.github.repository("acme", "app")
    }

    /// With everything that writing links and suggestions takes.
    fn client(&self) -> Installation {
        self.client_with(Access::default().writing_pull_requests().writing_contents())
    }

    fn client_with(&self, access: Access) -> Installation {
        let credentials = Credentials::new(&Config::default().app_id.to_string(), &SecretString::from(DEMO_PRIVATE_KEY));
        let settings = Settings {
            write_interval: Duration::ZERO,
            read_backoff: Duration::from_millis(1),
            access,
            clock: Arc::new(jiff::Timestamp::now),
            ..Settings::default()
        };
        let endpoints = Endpoints::from_rest(self.github.url()).expect("an address");
        let github = GitHub::new(credentials.expect("a key"), endpoints, settings).expect("a client");
        github.installation(InstallationId(self.installed))
    }

    fn head(&self, branch: &str) -> CommitSha {
        CommitSha::new(self.app().head(branch).expect("a branch"))
    }

    fn node(&self, number: u64) -> NodeId {
        NodeId::new(self.app().issue(number).node_id)
    }

    /// Nothing was asked that the fake does not know.
    fn understood(&self) {
        assert_eq!(self.github.unexpected_requests(), Vec::<String>::new());
    }
}

fn app_name() -> RepositoryName {
    RepositoryName::new("acme", "app")
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused { refusal, .. }) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
