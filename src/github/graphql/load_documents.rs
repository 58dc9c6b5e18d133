//! The text of several files at given commits, many per query.

use std::fmt::Write as _;

use serde_json::{Map, json};

use super::load_repository::Blob;
use crate::github::{Error, Installation};
use crate::ids::{CommitSha, RepositoryName};

/// Files per query: 20 of the largest that GraphQL gives out (512 kB each) stay far below the answer's limit.
const PER_REQUEST: usize = 20;

/// One file at one commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Revision {
    pub commit: CommitSha,
    pub path: String,
}

/// What lies at a [`Revision`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadedDocument {
    /// A file that may be text; `bytes` are exactly those in Git, `oid` names its content.
    Found {
        oid: String,
        bytes: Vec<u8>,
    },
    /// There is no file of that name at that commit.
    Missing,
    Binary,
    /// Larger than the client's `document_limit`.
    TooLarge {
        bytes: u64,
    },
}

pub(super) fn document(count: usize) -> String {
    let mut declared = String::new();
    let mut aliases = String::new();
    for index in 0..count {
        // Writing to a String cannot fail.
        let _ = write!(declared, ", $d{index}: String!");
        let _ = writeln!(aliases, "    d{index}: object(expression: $d{index}) {{ ...File }}");
    }
    format!(
        "query LoadDocuments($owner: String!, $name: String!{declared}) {{\n  repository(owner: $owner, name: $name) {{\n{aliases}  }}\n}}\n\
         fragment File on Blob {{ oid text isTruncated isBinary byteSize }}"
    )
}

impl Installation {
    /// Loads `wanted` from `repository`, each with its own result, in the same order. Commits of forks are found through
    /// the base repository, which shares their objects.
    pub async fn load_documents(
        &self,
        repository: &RepositoryName,
        wanted: &[Revision],
    ) -> Result<Vec<Result<LoadedDocument, Error>>, Error> {
        let mut loaded = Vec::with_capacity(wanted.len());
        for chunk in wanted.chunks(PER_REQUEST) {
            let mut variables = Map::new();
            variables.insert("owner".to_owned(), json!(repository.owner));
            variables.insert("name".to_owned(), json!(repository.name));
            for (index, revision) in chunk.iter().enumerate() {
                variables.insert(format!("d{index}"), json!(format!("{}:{}", revision.commit, revision.path)));
            }
            let mut answer = self.query(&document(chunk.len()), variables).await?;
            // A repository that is gone is one failure, not one for each document.
            if answer.data.get("repository").is_none_or(serde_json::Value::is_null) {
                answer.take::<serde_json::Value>(&["repository"]).and_then(|_| Err(Error::not_found(repository.to_string())))?;
            }
            for (index, revision) in chunk.iter().enumerate() {
                let blob = answer.take::<Option<Blob>>(&["repository", &format!("d{index}")]);
                loaded.push(match blob {
                    Ok(blob) => self.document(repository, revision, blob).await,
                    Err(Error::NotFound { .. }) => Ok(LoadedDocument::Missing),
                    Err(error) => Err(error),
                });
            }
        }
        Ok(loaded)
    }

    async fn document(
        &self,
        repository: &RepositoryName,
        revision: &Revision,
        blob: Option<Blob>,
    ) -> Result<LoadedDocument, Error> {
        let Some(Blob { oid: Some(oid), text, is_truncated, is_binary, byte_size }) = blob else {
            return Ok(LoadedDocument::Missing);
        };
        let limit = self.inner.transport.settings.document_limit;
        if byte_size > limit as u64 {
            return Ok(LoadedDocument::TooLarge { bytes: byte_size });
        }
        if is_binary == Some(true) {
            return Ok(LoadedDocument::Binary);
        }
        match text {
            // Text whose length is not that of the file was cut, or is not UTF-8 and was mended.
            Some(text) if !is_truncated && text.len() as u64 == byte_size => {
                Ok(LoadedDocument::Found { oid, bytes: text.into_bytes() })
            }
            _ => match self.load_contents(repository, &revision.path, Some(&revision.commit)).await {
                Ok(bytes) => Ok(LoadedDocument::Found { oid, bytes }),
                Err(Error::TooLarge { .. }) => Ok(LoadedDocument::TooLarge { bytes: byte_size }),
                Err(error) => Err(error),
            },
        }
    }
}
