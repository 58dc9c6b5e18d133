//! Where the App is installed, and what each installation covers.

use serde::Deserialize;

use super::Sender;
use crate::github::{Error, GitHub, Installation};
use crate::ids::{InstallationId, RepositoryId, RepositoryName};

/// An installation, as the App's list of them has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedInstallation {
    pub id: InstallationId,
    /// Login of the user or organization.
    pub account: String,
    pub suspended: bool,
}

/// A repository that an installation covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredRepository {
    pub id: RepositoryId,
    pub name: RepositoryName,
    pub archived: bool,
}

impl GitHub {
    /// Every installation of the App, 100 per request
    /// ([List installations for the authenticated app](https://docs.github.com/rest/apps/apps#list-installations-for-the-authenticated-app)).
    pub async fn list_installations(&self) -> Result<Vec<ListedInstallation>, Error> {
        #[derive(Deserialize)]
        struct Wire {
            id: InstallationId,
            #[serde(default)]
            account: Option<AccountWire>,
            #[serde(default)]
            suspended_at: Option<String>,
        }
        /// An enterprise has a slug instead.
        #[derive(Deserialize)]
        struct AccountWire {
            #[serde(default)]
            login: Option<String>,
            #[serde(default)]
            slug: Option<String>,
        }
        let mut url = self.inner.transport.rest_url(&["app", "installations"]);
        url.query_pairs_mut().append_pair("per_page", "100");
        let listed = self.inner.transport.pages(Sender::App(&self.inner), url, |page: Vec<Wire>| page).await?;
        let installation = |wire: Wire| ListedInstallation {
            id: wire.id,
            account: wire.account.and_then(|account| account.login.or(account.slug)).unwrap_or_default(),
            suspended: wire.suspended_at.is_some(),
        };
        Ok(listed.into_iter().map(installation).collect())
    }
}

impl Installation {
    /// Every repository that the installation covers, 100 per request
    /// ([List repositories accessible to the app installation](https://docs.github.com/rest/apps/installations#list-repositories-accessible-to-the-app-installation)).
    pub async fn list_repositories(&self) -> Result<Vec<CoveredRepository>, Error> {
        #[derive(Deserialize)]
        struct Page {
            repositories: Vec<Wire>,
        }
        #[derive(Deserialize)]
        struct Wire {
            id: RepositoryId,
            full_name: RepositoryName,
            #[serde(default)]
            archived: bool,
        }
        let mut url = self.inner.transport.rest_url(&["installation", "repositories"]);
        url.query_pairs_mut().append_pair("per_page", "100");
        let listed = self.inner.transport.pages(Sender::Installation(self), url, |page: Page| page.repositories).await?;
        let repository = |wire: Wire| CoveredRepository { id: wire.id, name: wire.full_name, archived: wire.archived };
        Ok(listed.into_iter().map(repository).collect())
    }
}
