//! The two databases behind the store: opening, migrating, closing, and the three ways a statement reaches one.
//!
//! SQLite has one writing connection, so that writers of this process queue fairly instead of waiting in SQLite's busy handler,
//! and a few that only read. PostgreSQL has one pool.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    Connection, PgPool, SqlitePool,
    migrate::{Migrate, MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use tokio::{sync::Mutex, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Error;

pub(super) static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/sqlite");
pub(super) static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/postgres");

/// Another process may hold SQLite's write lock, or be migrating, for this long before we give up.
const BUSY: Duration = Duration::from_secs(15);
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 12;
/// Rows of one `INSERT`, well below both databases' limits on parameters.
pub(super) const ROWS_AT_ONCE: usize = 500;
/// How often SQLite's log is moved into the database file, beside the writers and never within a commit.
const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite(Sqlite),
    Postgres(PgPool),
}

#[derive(Debug)]
pub(crate) struct Sqlite {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    /// Ends the checkpoints when the last store is dropped.
    checkpoints: DropGuard,
    closed: Mutex<Option<JoinHandle<()>>>,
}

/// Runs `$body` with `$db` bound to something that executes a statement that only reads.
macro_rules! reading {
    ($store:expr, |$db:ident| $body:expr) => {
        match $store.backend() {
            crate::store::backend::Backend::Sqlite(sqlite) => {
                let $db = &sqlite.readers;
                $body
            }
            crate::store::backend::Backend::Postgres($db) => $body,
        }
    };
}

/// Runs `$body` with `$db` bound to something that executes one statement that writes, its own transaction.
macro_rules! writing {
    ($store:expr, |$db:ident| $body:expr) => {
        match $store.backend() {
            crate::store::backend::Backend::Sqlite(sqlite) => {
                let $db = &sqlite.writer;
                $body
            }
            crate::store::backend::Backend::Postgres($db) => $body,
        }
    };
}

/// Runs `$body` with `$db` bound to a connection in a transaction, and commits; leaving by `?` rolls back.
macro_rules! transaction {
    ($store:expr, |$db:ident| $body:expr) => {
        match $store.backend() {
            crate::store::backend::Backend::Sqlite(sqlite) => {
                let mut transaction = sqlite.writer.begin_with("BEGIN IMMEDIATE").await?;
                let $db = &mut *transaction;
                let out = $body;
                transaction.commit().await?;
                out
            }
            crate::store::backend::Backend::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                let $db = &mut *transaction;
                let out = $body;
                transaction.commit().await?;
                out
            }
        }
    };
}

/// First in a transaction that demands a lease: fails when it is lost, and keeps everybody from taking it until the end.
macro_rules! fence {
    ($db:expr, $lease:expr) => {
        let held = sqlx::query(crate::store::leases::FENCE)
            .bind(&$lease.name)
            .bind(crate::store::columns::int($lease.token))
            .execute(&mut *$db)
            .await?
            .rows_affected();
        if held == 0 {
            return Err(crate::store::leases::lost($lease));
        }
    };
}

pub(super) use {fence, reading, transaction, writing};

impl Backend {
    pub(super) async fn open(database_url: &str) -> Result<Self, Error> {
        match Address::parse(database_url)? {
            Address::Sqlite(path) => Sqlite::open(&path).await.map(Self::Sqlite),
            Address::Postgres(options) => open_postgres(*options).await.map(Self::Postgres),
        }
    }

    /// Whether every migration of this program is in the database. It may have more: a newer version's.
    pub(super) async fn check(&self) -> Result<(), Error> {
        const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";
        let (wanted, applied): (&Migrator, Vec<i64>) = match self {
            Self::Sqlite(sqlite) => (&SQLITE_MIGRATIONS, sqlx::query_scalar(APPLIED).fetch_all(&sqlite.readers).await?),
            Self::Postgres(pool) => (&POSTGRES_MIGRATIONS, sqlx::query_scalar(APPLIED).fetch_all(pool).await?),
        };
        match wanted.iter().find(|migration| !applied.contains(&migration.version)) {
            None => Ok(()),
            Some(missing) => Err(Error::Migrate(MigrateError::VersionMissing(missing.version))),
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.checkpoints.token().cancel();
                if let Some(checkpoints) = sqlite.closed.lock().await.take() {
                    checkpoints.await.ok();
                }
                sqlite.readers.close().await;
                sqlite.writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

async fn migrate<C: Migrate>(migrator: &Migrator, connection: &mut C) -> Result<(), Error> {
    let mut migrator = Migrator::with_migrations(migrator.iter().cloned().collect());
    // A newer version of the program may have taken the database further than this one knows: that is no error.
    migrator.set_ignore_missing(true);
    // `run` does the same, but asks for a connection in a way that keeps the future from being `Send`.
    migrator.run_direct(None, connection, false).await.map_err(Error::Migrate)
}

async fn open_postgres(options: PgConnectOptions) -> Result<PgPool, Error> {
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options)
        .await
        .map_err(Error::Open)?;
    // The migrator holds an advisory lock meanwhile, so that of several processes one migrates and the rest wait.
    let mut connection = pool.acquire().await.map_err(Error::Open)?;
    migrate(&POSTGRES_MIGRATIONS, &mut *connection).await?;
    drop(connection);
    Ok(pool)
}

impl Sqlite {
    async fn open(path: &Path) -> Result<Self, Error> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            tokio::fs::create_dir_all(folder).await.map_err(|error| Error::Open(sqlx::Error::Io(error)))?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .page_size(PAGE_SIZE)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            // Only if the checkpoints beside the writers fall far behind does a commit do one itself.
            .pragma("wal_autocheckpoint", "16000")
            .pragma("journal_size_limit", "67108864");
        migrate_sqlite(&options).await?;
        let pool = |max| SqlitePoolOptions::new().max_connections(max).idle_timeout(None).max_lifetime(None);
        let writer = pool(1).connect_with(options.clone()).await.map_err(Error::Open)?;
        let readers = pool(SQLITE_READERS).connect_with(options.clone().pragma("query_only", "1")).await.map_err(Error::Open)?;
        let stop = CancellationToken::new();
        let closed = tokio::spawn(checkpoint(options, stop.clone()));
        Ok(Self { writer, readers, checkpoints: stop.drop_guard(), closed: Mutex::new(Some(closed)) })
    }
}

/// Measured: docs/decisions.md.
const PAGE_SIZE: u32 = 8192;

/// All migrations in one transaction that holds the write lock from its start: a second process waits, then finds them done.
async fn migrate_sqlite(options: &SqliteConnectOptions) -> Result<(), Error> {
    let started = std::time::Instant::now();
    loop {
        match try_migrate_sqlite(options).await {
            // Switching a new file to WAL does not wait for another process that is doing so.
            Err(error) if error.is_transient() && started.elapsed() < BUSY => tokio::time::sleep(Duration::from_millis(20)).await,
            result => return result,
        }
    }
}

async fn try_migrate_sqlite(options: &SqliteConnectOptions) -> Result<(), Error> {
    let mut connection = SqliteConnection::connect_with(options).await.map_err(Error::Open)?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(Error::Open)?;
    migrate(&SQLITE_MIGRATIONS, &mut *transaction).await?;
    transaction.commit().await.map_err(Error::Open)?;
    connection.close().await.map_err(Error::Open)
}

async fn checkpoint(options: SqliteConnectOptions, stop: CancellationToken) {
    let Ok(mut connection) = SqliteConnection::connect_with(&options).await else { return };
    let mut interval = tokio::time::interval(CHECKPOINT_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = interval.tick() => {
                if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut connection).await {
                    tracing::debug!(%error, "checkpoint postponed");
                }
            }
        }
    }
    connection.close().await.ok();
}

/// A parsed `DATABASE_URL`.
pub(super) enum Address {
    Sqlite(std::path::PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let (scheme, rest) = match url.split_once(':') {
            // One letter is a drive, not a scheme.
            Some((scheme, rest)) if scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+') => {
                (scheme, rest)
            }
            _ => ("sqlite", url),
        };
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" | "file" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                let path = path.split_once('?').map_or(path, |(path, _)| path);
                match path {
                    "" | ":memory:" => Err(Error::BadAddress("an SQLite database needs the path of a file".into())),
                    path => Ok(Self::Sqlite(path.into())),
                }
            }
            "postgres" | "postgresql" => {
                // The parser's own error may quote the address, and with it the password.
                let options = PgConnectOptions::from_str(url)
                    .map_err(|_| Error::BadAddress("write it as postgres://user:password@host:5432/name".into()))?;
                Ok(Self::Postgres(Box::new(options.application_name("followthrough"))))
            }
            other => Err(Error::UnknownScheme(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(url: &str) -> String {
        match Address::parse(url).unwrap() {
            Address::Sqlite(path) => path.to_str().unwrap().to_owned(),
            Address::Postgres(_) => panic!("{url} is not SQLite"),
        }
    }

    #[test]
    fn sqlite_is_written_in_three_ways() {
        assert_eq!(sqlite("sqlite:///var/lib/a.db"), "/var/lib/a.db");
        assert_eq!(sqlite("sqlite://data/a.db?mode=rwc"), "data/a.db");
        assert_eq!(sqlite("sqlite:a.db"), "a.db");
        assert_eq!(sqlite("./a.db"), "./a.db");
        assert_eq!(sqlite("/a/b c.db"), "/a/b c.db");
    }

    #[test]
    fn a_database_in_memory_would_lose_deliveries() {
        assert!(matches!(Address::parse("sqlite::memory:"), Err(Error::BadAddress(_))));
    }

    #[test]
    fn errors_about_addresses_hold_no_password() {
        for url in ["mysql://root:hunter2@db/x", "postgres://root:hunter2@db:notaport/x"] {
            let Err(error) = Address::parse(url) else { panic!("{url} was understood") };
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
