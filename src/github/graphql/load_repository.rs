//! What is known of a repository and its configuration, in one query; shared with the loading of a pull request.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, variables};
use crate::github::{Error, Installation};
use crate::ids::{CommitSha, NodeId, RepositoryId, RepositoryName};

const CONFIGURATION_PATH: &str = ".github/followthrough.yml";

const QUERY: &str = r#"query LoadRepository($owner: String!, $name: String!, $file: String!) {
  repository(owner: $owner, name: $name) { ...Repository }
  ownerRepository: repository(owner: $owner, name: ".github") { ...OwnerRepository }
}"#;

/// For queries that have `$file`.
pub(super) const FRAGMENTS: &str = r#"fragment Repository on Repository {
  id databaseId nameWithOwner url isArchived hasIssuesEnabled isPrivate
  defaultBranchRef { name target { oid } }
  configuration: object(expression: $file) { ...File }
}
fragment OwnerRepository on Repository {
  nameWithOwner
  configuration: object(expression: $file) { ...File }
}
fragment File on Blob { oid text isTruncated isBinary byteSize }"#;

pub(super) fn document() -> String {
    format!("{QUERY}\n{FRAGMENTS}")
}

/// The value of `$file`: the configuration on the default branch.
pub(super) fn configuration_expression() -> Value {
    json!(format!("HEAD:{CONFIGURATION_PATH}"))
}

/// A repository and the configuration files that decide about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedRepository {
    pub repository: Repository,
    /// `.github/followthrough.yml` on the default branch.
    pub configuration: Option<ConfigurationFile>,
    /// The same path in the owner's `.github` repository, where the App may read it.
    pub owner_configuration: Option<ConfigurationFile>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    pub node_id: NodeId,
    pub id: RepositoryId,
    /// As GitHub spells it now, after renames.
    pub name: RepositoryName,
    /// Its page.
    pub url: String,
    pub archived: bool,
    pub issues_enabled: bool,
    pub private: bool,
    /// `None` for an empty repository.
    pub default_branch: Option<Branch>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub name: String,
    pub head: CommitSha,
}

/// A configuration file as it lies in Git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationFile {
    pub repository: RepositoryName,
    pub path: &'static str,
    /// The blob's object id: the same id is the same content.
    pub oid: String,
    pub bytes: Vec<u8>,
}

impl Installation {
    /// Loads a repository and the configuration files that decide about it.
    ///
    /// [`Error::NotFound`] when there is none, or the App may not see it.
    pub async fn load_repository(&self, repository: &RepositoryName) -> Result<LoadedRepository, Error> {
        let variables = variables([
            ("owner", json!(repository.owner)),
            ("name", json!(repository.name)),
            ("file", configuration_expression()),
        ]);
        let mut answer = self.query(&document(), variables).await?;
        self.take_repository(&mut answer).await
    }

    /// What [`FRAGMENTS`] ask for, taken from an answer.
    pub(super) async fn take_repository(&self, answer: &mut Answer) -> Result<LoadedRepository, Error> {
        let blob: Option<Blob> = answer.take(&["repository", "configuration"])?;
        let wire: RepositoryWire = answer.take(&["repository"])?;
        let (owner_name, owner_blob) = owner_file(answer)?;

        let repository = wire.into_repository()?;
        let configuration = self.configuration(&repository.name, blob).await?;
        let owner_configuration = match owner_name {
            Some(name) => self.configuration(&name, owner_blob).await?,
            None => None,
        };
        Ok(LoadedRepository { repository, configuration, owner_configuration })
    }

    async fn configuration(&self, repository: &RepositoryName, blob: Option<Blob>) -> Result<Option<ConfigurationFile>, Error> {
        let Some(Blob { oid: Some(oid), text, byte_size, .. }) = blob else { return Ok(None) };
        let bytes = match text.filter(|text| text.len() as u64 == byte_size) {
            Some(text) => text.into_bytes(),
            None => match self.load_contents(repository, CONFIGURATION_PATH, None).await {
                // Of what is too large to be read at all, its size tells whoever reads settings enough.
                Err(Error::TooLarge { limit }) => vec![b' '; limit.saturating_add(1)],
                read => read?,
            },
        };
        Ok(Some(ConfigurationFile { repository: repository.clone(), path: CONFIGURATION_PATH, oid, bytes }))
    }
}

/// The file of the owner's `.github` repository; that there is none, or none the App may see, is the usual case.
fn owner_file(answer: &mut Answer) -> Result<(Option<RepositoryName>, Option<Blob>), Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        name_with_owner: RepositoryName,
        configuration: Option<Blob>,
    }
    match answer.take::<Wire>(&["ownerRepository"]) {
        Ok(wire) => Ok((Some(wire.name_with_owner), wire.configuration)),
        Err(error) if error.is_permanent() => Ok((None, None)),
        Err(error) => Err(error),
    }
}

/// A file as GraphQL gives it; without an `oid` where the object is not a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct Blob {
    pub(super) oid: Option<String>,
    /// Null for binary files, cut where `is_truncated`.
    pub(super) text: Option<String>,
    pub(super) is_truncated: bool,
    pub(super) is_binary: Option<bool>,
    pub(super) byte_size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryWire {
    id: NodeId,
    database_id: Option<RepositoryId>,
    name_with_owner: RepositoryName,
    url: String,
    is_archived: bool,
    has_issues_enabled: bool,
    is_private: bool,
    default_branch_ref: Option<BranchWire>,
}

#[derive(Deserialize)]
struct BranchWire {
    name: String,
    target: Option<CommitWire>,
}

#[derive(Deserialize)]
pub(super) struct CommitWire {
    pub(super) oid: CommitSha,
}

impl RepositoryWire {
    fn into_repository(self) -> Result<Repository, Error> {
        Ok(Repository {
            node_id: self.id,
            id: self.database_id.ok_or_else(|| Error::malformed("a repository without databaseId"))?,
            name: self.name_with_owner,
            url: self.url,
            archived: self.is_archived,
            issues_enabled: self.has_issues_enabled,
            private: self.is_private,
            default_branch: self
                .default_branch_ref
                .and_then(|branch| Some(Branch { name: branch.name, head: branch.target?.oid })),
        })
    }
}
