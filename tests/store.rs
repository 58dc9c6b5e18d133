//! The store's contract, the same over both databases. SQLite always runs; PostgreSQL runs against
//! `FOLLOWTHROUGH_TEST_POSTGRES` (a URL whose user may create databases) or a server on 127.0.0.1:5432. A line on standard
//! error says which ran. Every test has a database of its own, dropped afterwards.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "store/commands.rs"]
mod commands;
#[path = "store/databases.rs"]
mod databases;
#[path = "store/inbox.rs"]
mod inbox;
#[path = "store/ledger.rs"]
mod ledger;
#[path = "store/opening.rs"]
mod opening;
#[path = "store/over_both.rs"]
mod over_both;
#[path = "store/queue.rs"]
mod queue;
#[path = "store/similar.rs"]
mod similar;
#[path = "store/work.rs"]
mod work;

use followthrough::store::Store;
use jiff::Timestamp;

trait Open {
    /// Opens the test's database; as often as the test likes.
    async fn open(&self) -> Store;
}

impl Open for databases::Database {
    async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }
}

/// A moment, in seconds from some other.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}
