//! How a database is, found out without making, migrating or changing anything: `doctor` asks.

use std::path::{Path, PathBuf};

use sqlx::{
    Connection, PgConnection,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use super::{
    Error,
    backend::{Address, POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS},
};

/// What was found at a `DATABASE_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// There is no SQLite file yet; `serve` makes it.
    Absent(PathBuf),
    /// It opens, and this many migrations of this program are not done; `serve` does them.
    Behind(usize),
    /// It opens and has every migration, and cannot be written.
    ReadOnly(String),
    /// It opens, has every migration, and can be written.
    Ready,
}

const TABLES: &str = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";
/// Rolled back at once.
const WRITE: &str = "INSERT INTO cursors (name, position, updated_at) VALUES ('doctor', '', 0) ON CONFLICT (name) DO NOTHING";

/// Looks at the database of this address.
pub async fn examine(database_url: &str) -> Result<Condition, Error> {
    match Address::parse(database_url)? {
        Address::Sqlite(path) => examine_sqlite(&path).await,
        Address::Postgres(options) => {
            let mut connection = PgConnection::connect_with(&options).await.map_err(Error::Open)?;
            let migrated: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
                .fetch_one(&mut connection)
                .await
                .map_err(Error::Open)?;
            let applied: Vec<i64> =
                if migrated { sqlx::query_scalar(APPLIED).fetch_all(&mut connection).await? } else { Vec::new() };
            if let Some(behind) = behind(&POSTGRES_MIGRATIONS, &applied) {
                return Ok(behind);
            }
            let mut transaction = connection.begin().await?;
            let written = sqlx::query(WRITE).execute(&mut *transaction).await;
            transaction.rollback().await.ok();
            Ok(condition(written.err()))
        }
    }
}

async fn examine_sqlite(path: &Path) -> Result<Condition, Error> {
    if !path.exists() {
        return Ok(Condition::Absent(path.to_owned()));
    }
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(Error::Open)?;
    let migrated: i64 = sqlx::query_scalar(TABLES).fetch_one(&mut connection).await.map_err(Error::Open)?;
    let applied: Vec<i64> = if migrated > 0 { sqlx::query_scalar(APPLIED).fetch_all(&mut connection).await? } else { Vec::new() };
    if let Some(behind) = behind(&SQLITE_MIGRATIONS, &applied) {
        return Ok(behind);
    }
    let mut transaction = connection.begin().await?;
    let written = sqlx::query(WRITE).execute(&mut *transaction).await;
    transaction.rollback().await.ok();
    connection.close().await.ok();
    Ok(condition(written.err()))
}

fn behind(wanted: &Migrator, applied: &[i64]) -> Option<Condition> {
    let missing = wanted.iter().filter(|migration| !applied.contains(&migration.version)).count();
    (missing > 0).then_some(Condition::Behind(missing))
}

fn condition(failure: Option<sqlx::Error>) -> Condition {
    failure.map_or(Condition::Ready, |error| Condition::ReadOnly(error.to_string()))
}
