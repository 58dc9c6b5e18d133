//! How values of ours stand in columns, and how they are read back.

use std::{borrow::Cow, time::Duration};

use jiff::Timestamp;

use super::{Error, IssueState};
use crate::{ids::RepositoryName, plan::Followed, postmortem::model::State};

/// GitHub's ids and our counters; none comes near 2^63.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn uint(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

pub(super) fn time(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros).map_err(|_| corrupt("a time", micros.to_string()))
}

/// Clocks of processes that share a database differ by seconds at most. A claim or lease that ends later than it could by
/// more than this was written before the clock was set back.
pub(super) const CLOCK_SLACK: Duration = Duration::from_secs(60);

pub(super) fn later(now: Timestamp, by: std::time::Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Text from outside: PostgreSQL keeps no NUL.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

pub(super) fn repository_name(owner: String, name: String) -> RepositoryName {
    RepositoryName { owner, name }
}

pub(super) fn corrupt(what: &'static str, value: impl Into<String>) -> Error {
    Error::Corrupt { what, value: value.into() }
}

pub(super) fn state_text(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Done => "done",
        State::Declined => "declined",
    }
}

pub(super) fn state(text: &str) -> Result<State, Error> {
    match text {
        "open" => Ok(State::Open),
        "done" => Ok(State::Done),
        "declined" => Ok(State::Declined),
        other => Err(corrupt("an item's state", other)),
    }
}

pub(super) fn followed_text(followed: Followed) -> &'static str {
    match followed {
        Followed::Open => "open",
        Followed::Done => "done",
        Followed::Declined => "declined",
        Followed::Removed => "removed",
    }
}

pub(super) fn followed(text: &str) -> Result<Followed, Error> {
    match text {
        "open" => Ok(Followed::Open),
        "done" => Ok(Followed::Done),
        "declined" => Ok(Followed::Declined),
        "removed" => Ok(Followed::Removed),
        other => Err(corrupt("what was followed", other)),
    }
}

pub(super) fn issue_state_text(state: IssueState) -> &'static str {
    match state {
        IssueState::Open => "open",
        IssueState::Completed => "completed",
        IssueState::NotPlanned => "not_planned",
    }
}

pub(super) fn issue_state(text: &str) -> Result<IssueState, Error> {
    match text {
        "open" => Ok(IssueState::Open),
        "completed" => Ok(IssueState::Completed),
        "not_planned" => Ok(IssueState::NotPlanned),
        other => Err(corrupt("an issue's state", other)),
    }
}
