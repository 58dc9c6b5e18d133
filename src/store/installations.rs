//! Where the App is installed, and each repository's last good configuration.

use jiff::Timestamp;

use super::{Error, Store};
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

impl Store {
    /// Remembers the installation, unless something newer is known.
    pub async fn record_installation(&self, installation: &Installation) -> Result<(), Error> {
        todo!()
    }

    pub async fn installation(&self, id: InstallationId) -> Result<Option<Installation>, Error> {
        todo!()
    }

    pub async fn installations(&self) -> Result<Vec<Installation>, Error> {
        todo!()
    }

    pub async fn save_configuration(
        &self,
        repository: RepositoryId,
        configuration: &LastGoodConfiguration,
        now: Timestamp,
    ) -> Result<(), Error> {
        todo!()
    }

    pub async fn last_good_configuration(&self, repository: RepositoryId) -> Result<Option<LastGoodConfiguration>, Error> {
        todo!()
    }

    /// A named position in something that is read in order, such as the App's delivery log.
    pub async fn cursor(&self, name: &str) -> Result<Option<String>, Error> {
        todo!()
    }

    pub async fn set_cursor(&self, name: &str, position: &str, now: Timestamp) -> Result<(), Error> {
        todo!()
    }
}
