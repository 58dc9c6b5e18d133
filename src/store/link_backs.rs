//! What was written into documents about their issues, so that nothing is asked or sent twice. A cache: branches, pull
//! requests and their texts say it, too.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    Error, Lease, Store,
    backend::{fence, reading, transaction, writing},
    columns::{corrupt, int, micros, text, time, uint},
};
use crate::ids::{DocumentKey, IssueNumber, RepositoryId};

/// How the link-back of one document stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkBack {
    pub repository: RepositoryId,
    /// The branch of its pull request, whether there is one or not. Stays the same when the file is renamed.
    pub branch: String,
    /// Digest of what was wanted and is done; `None`: GitHub has to be asked how it stands.
    pub settled: Option<String>,
    /// Names of the edits that people turned down.
    pub declined: BTreeSet<String>,
}

/// How far a link on a pull request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkOfferState {
    /// About to be sent, or sent without an answer.
    Sending,
    /// It was written or offered: what became of it is people's business.
    Offered,
}

/// A link or tick that was written or offered on a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkOffer {
    pub edit: String,
    pub state: LinkOfferState,
    pub since: Timestamp,
}

impl Store {
    pub async fn link_back(&self, document: &DocumentKey) -> Result<Option<LinkBack>, Error> {
        const LOAD: &str = "SELECT repository, branch, settled, declined FROM link_backs WHERE document = $1";
        let row: Option<(i64, String, Option<String>, String)> =
            reading!(self, |db| sqlx::query_as(LOAD).bind(document.as_str()).fetch_optional(db).await?);
        Ok(row.map(|(repository, branch, settled, declined)| LinkBack {
            repository: RepositoryId(uint(repository)),
            branch,
            settled,
            declined: declined.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        }))
    }

    pub async fn record_link_back(&self, lease: &Lease, document: &DocumentKey, link_back: &LinkBack) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO link_backs (document, repository, branch, settled, declined) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (document) DO UPDATE SET repository = excluded.repository, branch = excluded.branch, \
             settled = excluded.settled, declined = excluded.declined";
        let declined: Vec<&str> = link_back.declined.iter().map(String::as_str).collect();
        let declined = declined.join(",");
        transaction!(self, |db| {
            fence!(db, lease);
            sqlx::query(SAVE)
                .bind(document.as_str())
                .bind(int(link_back.repository.0))
                .bind(&*text(&link_back.branch))
                .bind(&link_back.settled)
                .bind(&declined)
                .execute(&mut *db)
                .await?;
        });
        Ok(())
    }

    /// Something happened to the pull request from `branch`: GitHub has to be asked how it stands, unless it is `done`, the
    /// digest of having nothing to write.
    pub async fn unsettle_link_back(&self, repository: RepositoryId, branch: &str, done: &str) -> Result<(), Error> {
        const UNSETTLE: &str = "UPDATE link_backs SET settled = NULL WHERE repository = $1 AND branch = $2 AND settled <> $3";
        writing!(self, |db| sqlx::query(UNSETTLE).bind(int(repository.0)).bind(branch).bind(done).execute(db).await.map(drop)?);
        Ok(())
    }

    /// The pull request from `branch` was reopened, perhaps: what people had turned down is looked at again.
    pub async fn reconsider_link_back(&self, repository: RepositoryId, branch: &str) -> Result<(), Error> {
        const RECONSIDER: &str = "UPDATE link_backs SET settled = NULL WHERE repository = $1 AND branch = $2 AND declined <> ''";
        writing!(self, |db| sqlx::query(RECONSIDER).bind(int(repository.0)).bind(branch).execute(db).await.map(drop)?);
        Ok(())
    }

    /// The pull request from `branch` was merged: the document says all that it proposed.
    pub async fn finish_link_back(&self, repository: RepositoryId, branch: &str, done: &str) -> Result<(), Error> {
        const FINISH: &str = "UPDATE link_backs SET settled = $3 WHERE repository = $1 AND branch = $2";
        writing!(self, |db| sqlx::query(FINISH).bind(int(repository.0)).bind(branch).bind(done).execute(db).await.map(drop)?);
        Ok(())
    }

    pub async fn link_offers(&self, repository: RepositoryId, pull: IssueNumber) -> Result<Vec<LinkOffer>, Error> {
        const LOAD: &str = "SELECT edit, state, updated_at FROM link_offers WHERE repository = $1 AND pull = $2 ORDER BY edit";
        let rows: Vec<(String, String, i64)> =
            reading!(self, |db| sqlx::query_as(LOAD).bind(int(repository.0)).bind(int(pull.0)).fetch_all(db).await?);
        rows.into_iter()
            .map(|(edit, state, since)| {
                let state = match state.as_str() {
                    "sending" => LinkOfferState::Sending,
                    "offered" => LinkOfferState::Offered,
                    other => return Err(corrupt("how far a link on a pull request is", other)),
                };
                Ok(LinkOffer { edit, state, since: time(since)? })
            })
            .collect()
    }

    /// Brings all of `edits` into `state`, or none.
    pub async fn record_link_offers(
        &self,
        repository: RepositoryId,
        pull: IssueNumber,
        edits: &BTreeSet<String>,
        state: LinkOfferState,
        now: Timestamp,
    ) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO link_offers (repository, pull, edit, state, updated_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (repository, pull, edit) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at";
        let state = match state {
            LinkOfferState::Sending => "sending",
            LinkOfferState::Offered => "offered",
        };
        transaction!(self, |db| {
            for edit in edits {
                sqlx::query(SAVE)
                    .bind(int(repository.0))
                    .bind(int(pull.0))
                    .bind(edit)
                    .bind(state)
                    .bind(micros(now))
                    .execute(&mut *db)
                    .await?;
            }
        });
        Ok(())
    }

    /// What was about to be sent was refused, or never arrived.
    pub async fn forget_sending_link_offers(&self, repository: RepositoryId, pull: IssueNumber) -> Result<(), Error> {
        const FORGET: &str = "DELETE FROM link_offers WHERE repository = $1 AND pull = $2 AND state = 'sending'";
        writing!(self, |db| sqlx::query(FORGET).bind(int(repository.0)).bind(int(pull.0)).execute(db).await.map(drop)?);
        Ok(())
    }
}
