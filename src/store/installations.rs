//! Where the App is installed, and each repository's last good configuration.

use jiff::Timestamp;

use super::{
    Error, Store,
    backend::{reading, writing},
    columns::{corrupt, int, micros, text, time, uint},
};
use crate::ids::{InstallationId, RepositoryId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub id: InstallationId,
    /// Login of the user or organization.
    pub account: String,
    pub state: InstallationState,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstallationState {
    Active,
    Suspended,
    Removed,
}

/// The newest configuration of a repository that had no errors: it stays in force while a newer one has some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastGoodConfiguration {
    /// Object id of the file's blob.
    pub blob: String,
    pub text: String,
}

fn state_text(state: InstallationState) -> &'static str {
    match state {
        InstallationState::Active => "active",
        InstallationState::Suspended => "suspended",
        InstallationState::Removed => "removed",
    }
}

fn installation((id, account, state, updated_at): (i64, String, String, i64)) -> Result<Installation, Error> {
    let state = match state.as_str() {
        "active" => InstallationState::Active,
        "suspended" => InstallationState::Suspended,
        "removed" => InstallationState::Removed,
        _ => return Err(corrupt("an installation's state", state)),
    };
    Ok(Installation { id: InstallationId(uint(id)), account, state, updated_at: time(updated_at)? })
}

impl Store {
    /// Remembers the installation, unless something newer is known: GitHub promises no order (GITHUB §3).
    pub async fn record_installation(&self, installation: &Installation) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO installations (installation, account, state, updated_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (installation) DO UPDATE SET account = excluded.account, state = excluded.state, \
             updated_at = excluded.updated_at WHERE installations.updated_at <= excluded.updated_at";
        writing!(self, |db| sqlx::query(SAVE)
            .bind(int(installation.id.0))
            .bind(&installation.account)
            .bind(state_text(installation.state))
            .bind(micros(installation.updated_at))
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    pub async fn installation(&self, id: InstallationId) -> Result<Option<Installation>, Error> {
        const LOAD: &str = "SELECT installation, account, state, updated_at FROM installations WHERE installation = $1";
        let row = reading!(self, |db| sqlx::query_as(LOAD).bind(int(id.0)).fetch_optional(db).await?);
        row.map(installation).transpose()
    }

    pub async fn installations(&self) -> Result<Vec<Installation>, Error> {
        const LOAD: &str = "SELECT installation, account, state, updated_at FROM installations ORDER BY installation";
        let rows: Vec<_> = reading!(self, |db| sqlx::query_as(LOAD).fetch_all(db).await?);
        rows.into_iter().map(installation).collect()
    }

    pub async fn save_configuration(
        &self,
        repository: RepositoryId,
        configuration: &LastGoodConfiguration,
        now: Timestamp,
    ) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO configurations (repository, blob_oid, content, updated_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (repository) DO UPDATE SET blob_oid = excluded.blob_oid, content = excluded.content, \
             updated_at = excluded.updated_at";
        let content = text(&configuration.text);
        writing!(self, |db| sqlx::query(SAVE)
            .bind(int(repository.0))
            .bind(&configuration.blob)
            .bind(&*content)
            .bind(micros(now))
            .execute(db)
            .await
            .map(drop)?);
        Ok(())
    }

    pub async fn last_good_configuration(&self, repository: RepositoryId) -> Result<Option<LastGoodConfiguration>, Error> {
        const LOAD: &str = "SELECT blob_oid, content FROM configurations WHERE repository = $1";
        let row: Option<(String, String)> =
            reading!(self, |db| sqlx::query_as(LOAD).bind(int(repository.0)).fetch_optional(db).await?);
        Ok(row.map(|(blob, text)| LastGoodConfiguration { blob, text }))
    }

    /// A named position in something that is read in order, such as the App's delivery log.
    pub async fn cursor(&self, name: &str) -> Result<Option<String>, Error> {
        const LOAD: &str = "SELECT position FROM cursors WHERE name = $1";
        Ok(reading!(self, |db| sqlx::query_scalar(LOAD).bind(name).fetch_optional(db).await?))
    }

    pub async fn set_cursor(&self, name: &str, position: &str, now: Timestamp) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO cursors (name, position, updated_at) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at";
        writing!(self, |db| sqlx::query(SAVE).bind(name).bind(position).bind(micros(now)).execute(db).await.map(drop)?);
        Ok(())
    }
}
