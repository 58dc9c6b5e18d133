//! What Followthrough remembers, over SQLite or PostgreSQL.
//!
//! Apart from deliveries that are not yet handled, everything here is a cache of what GitHub knows and can be
//! rebuilt from there: markers in issue bodies, comments, links. The store decides nothing, and no method talks to anything
//! but the database. Time always comes in from the caller, so that tests and several processes agree on it.
//!
//! The two databases share their SQL (`$1` placeholders, `ON CONFLICT`, `RETURNING`); where they differ, the difference
//! stands beside the statement. Migrations only ever go forward and keep the previous version of the program working.
//!
//! Races and how they end:
//! - One delivery id received several times at once: one is `New`, the rest `Known`.
//! - Two workers on one document: a [`Lease`] lets one in. A worker that was paused beyond its lease finds its token
//!   refused by whatever takes a `&Lease`; facts that already happened ([`Store::record_issue`]) are recorded all the same.
//! - A mark set while its work runs raises the generation, and [`Store::complete`] of the older one leaves it wanted.

mod backend;
mod columns;
mod commands;
mod condition;
mod failures;
mod following;
mod inbox;
mod installations;
mod jobs;
mod leases;
mod ledger;
mod link_backs;
mod markers;
mod posted;
mod similar;
mod suggestions;
mod work;

use std::sync::Arc;

pub(crate) use backend::Backend;
use inbox::Intake;

pub use commands::ReceivedCommand;
pub use condition::{Condition, examine};
pub use failures::Failure;
pub use following::{Found, PushedFile};
pub use inbox::{Delivery, DeliveryCounts, DeliveryOutcome, PendingDelivery, Pruned, Received};
pub use installations::{Installation, InstallationState, LastGoodConfiguration};
pub(crate) use jobs::ClaimedJob;
pub use leases::Lease;
pub use ledger::{Document, Filing, IssueState, Item, ItemReading, Origin, TrackedIssue, UnconfirmedItem};
pub use link_backs::{LinkBack, LinkOffer, LinkOfferState};
pub use markers::IssueMarker;
pub use posted::{PostedCheck, PostedComment};
pub use suggestions::{OfferedSuggestion, SuggestionState};
pub use work::{Mark, NotAWorkKey, WorkKey, WorkKind};

/// One database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    backend: Backend,
    intake: Intake,
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is of no kind this program knows. Holds the scheme alone: the rest may hold a password.
    #[error("`{0}:` is not a database this program knows: use `sqlite://path` or `postgres://host/name`")]
    UnknownScheme(String),
    #[error("the database address cannot be read: {0}")]
    BadAddress(String),
    #[error("the database cannot be opened")]
    Open(#[source] sqlx::Error),
    #[error("the database cannot be brought to this version of the program")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("the database did not answer as it should")]
    Database(#[from] sqlx::Error),
    #[error("the database holds {what} that cannot be read: {value}")]
    Corrupt { what: &'static str, value: String },
    /// Somebody else holds the lease by now: stop, and let them.
    #[error("the lease on {0} is lost")]
    LeaseLost(String),
    #[error("there is no item {0} in that document")]
    NoSuchItem(String),
    /// A transaction that several deliveries shared failed; each of them gets this.
    #[error("the delivery could not be stored")]
    Intake(#[source] Arc<Error>),
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// Whether the same call may succeed later without anybody doing anything: the database was busy or away.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Open(error) | Self::Database(error) => is_transient(error),
            Self::Migrate(sqlx::migrate::MigrateError::Execute(error)) => is_transient(error),
            Self::Intake(error) => error.is_transient(),
            _ => false,
        }
    }
}

fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // SQLite: BUSY and LOCKED, with their extended codes in the higher bits.
            let sqlite = code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6));
            // PostgreSQL: connection, rollback for concurrency, resources, shutdown, lock not available.
            sqlite || ["08", "40", "53", "57P", "55P03"].iter().any(|class| code.len() == 5 && code.starts_with(class))
        }),
        _ => false,
    }
}

impl Store {
    /// Opens the database, makes it if it is an SQLite file that is not there yet (its folder too), and migrates it;
    /// several processes may do so at once. Addresses: `sqlite://path`, `sqlite:path`, a bare path, `postgres://…`.
    pub async fn open(database_url: &str) -> Result<Self, Error> {
        let backend = Backend::open(database_url).await?;
        let intake = Intake::start(&backend);
        Ok(Self { inner: Arc::new(Inner { backend, intake }) })
    }

    /// Whether the database answers and has every migration this program needs.
    pub async fn check(&self) -> Result<(), Error> {
        self.backend().check().await
    }

    /// Waits for what is being written and closes every connection.
    pub async fn close(&self) {
        self.inner.intake.close().await;
        self.backend().close().await;
    }

    /// `SQLite` or `PostgreSQL`, for people.
    pub fn database(&self) -> &'static str {
        match self.backend() {
            Backend::Sqlite(_) => "SQLite",
            Backend::Postgres(_) => "PostgreSQL",
        }
    }

    pub(crate) fn backend(&self) -> &Backend {
        &self.inner.backend
    }
}
