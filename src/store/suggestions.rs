//! Which rewrites were offered on a pull request, so that none is offered twice. A cache: the comments say it, too.

use jiff::Timestamp;

use super::{
    Error, Store,
    backend::{reading, transaction},
    columns::{corrupt, int, micros, text, time},
};
use crate::{
    ids::{IssueNumber, RepositoryId},
    review::OfferKey,
};

/// How far an offer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuggestionState {
    /// About to be sent, or sent without an answer: looked up before it is sent again.
    Sending,
    /// It stands on the pull request.
    Offered,
    /// Refused, or its line is another: nothing is to be done about it any more, and it is not offered again.
    Settled,
    /// Mended: the same words elsewhere are another matter.
    Gone,
}

/// A rewrite that was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedSuggestion {
    pub key: OfferKey,
    pub state: SuggestionState,
    /// Since when it is in that state.
    pub since: Timestamp,
}

impl Store {
    pub async fn suggestions(&self, repository: RepositoryId, pull: IssueNumber) -> Result<Vec<OfferedSuggestion>, Error> {
        const LOAD: &str = "SELECT rule, words, lines, state, updated_at FROM suggestions \
             WHERE repository = $1 AND pull = $2 ORDER BY rule, words, lines";
        let rows: Vec<(String, String, String, String, i64)> =
            reading!(self, |db| sqlx::query_as(LOAD).bind(int(repository.0)).bind(int(pull.0)).fetch_all(db).await?);
        rows.into_iter()
            .map(|(rule, words, lines, state, since)| {
                let state = match state.as_str() {
                    "sending" => SuggestionState::Sending,
                    "offered" => SuggestionState::Offered,
                    "settled" => SuggestionState::Settled,
                    "gone" => SuggestionState::Gone,
                    other => return Err(corrupt("a suggestion's state", other)),
                };
                Ok(OfferedSuggestion { key: OfferKey { rule, words, lines }, state, since: time(since)? })
            })
            .collect()
    }

    /// Brings all of `keys` into `state`, or none.
    pub async fn record_suggestions(
        &self,
        repository: RepositoryId,
        pull: IssueNumber,
        keys: &[OfferKey],
        state: SuggestionState,
        now: Timestamp,
    ) -> Result<(), Error> {
        const SAVE: &str = "INSERT INTO suggestions (repository, pull, rule, words, lines, state, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (repository, pull, rule, words, lines) \
             DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at";
        if keys.is_empty() {
            return Ok(());
        }
        let state = match state {
            SuggestionState::Sending => "sending",
            SuggestionState::Offered => "offered",
            SuggestionState::Settled => "settled",
            SuggestionState::Gone => "gone",
        };
        transaction!(self, |db| {
            for key in keys {
                sqlx::query(SAVE)
                    .bind(int(repository.0))
                    .bind(int(pull.0))
                    .bind(&*text(&key.rule))
                    .bind(&*text(&key.words))
                    .bind(&*text(&key.lines))
                    .bind(state)
                    .bind(micros(now))
                    .execute(&mut *db)
                    .await?;
            }
        });
        Ok(())
    }

    /// What was about to be sent was refused, or never arrived.
    pub async fn forget_sending_suggestions(&self, repository: RepositoryId, pull: IssueNumber) -> Result<(), Error> {
        const FORGET: &str = "DELETE FROM suggestions WHERE repository = $1 AND pull = $2 AND state = 'sending'";
        transaction!(self, |db| {
            sqlx::query(FORGET).bind(int(repository.0)).bind(int(pull.0)).execute(&mut *db).await?;
        });
        Ok(())
    }
}
