//! What a person may do in a repository: whose commands are obeyed.

use serde::Deserialize;

use crate::github::{Error, Installation};
use crate::ids::RepositoryName;

/// GitHub's coarse levels: maintain counts as write, triage as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    None,
    Read,
    Write,
    Admin,
    /// A level that GitHub did not have when this was written: counts for nothing.
    #[serde(other)]
    Other,
}

impl Permission {
    pub fn can_read(self) -> bool {
        matches!(self, Self::Read | Self::Write | Self::Admin)
    }

    pub fn can_write(self) -> bool {
        matches!(self, Self::Write | Self::Admin)
    }
}

impl Installation {
    /// What `login` may do, teams and organization counted in; [`Permission::None`] for someone GitHub does not know.
    pub async fn load_permission(&self, repository: &RepositoryName, login: &str) -> Result<Permission, Error> {
        #[derive(Deserialize)]
        struct Answer {
            permission: Permission,
        }
        let url = self.repository_url(repository, &["collaborators", login, "permission"]);
        match self.get::<Answer>(url).await {
            Ok(answer) => Ok(answer.permission),
            Err(Error::NotFound { .. }) => Ok(Permission::None),
            Err(error) => Err(error),
        }
    }
}
