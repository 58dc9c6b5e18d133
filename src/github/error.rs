//! What can go wrong between Followthrough and GitHub, as the things a caller decides on.
//!
//! The question after every failure is "may the same request be sent again, and when?", so each variant answers it.
//! [`Error::Unknown`] is the one that keeps issues single: a creation whose answer was lost must be looked up, never
//! repeated. Nothing here ever carries a token, a request body or more than a short excerpt of GitHub's own message.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// How long to leave GitHub alone when it says "too fast" without saying for how long.
///
/// [Rate limits for the REST API](https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api): "wait
/// for at least one minute before retrying".
pub const UNTOLD_PAUSE: Duration = Duration::from_secs(60);

/// Longest excerpt of GitHub's words that an error keeps, in characters.
const EXCERPT: usize = 300;

/// Why a request to GitHub did not do what it was for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// GitHub understood and said no; the same request will be refused again.
    #[error("GitHub refused ({refusal}): {message}")]
    Refused { refusal: Refusal, message: String },
    /// It does not exist, or the App may not see it: GitHub does not say which.
    #[error("not found on GitHub: {message}")]
    NotFound { message: String },
    /// The feature is switched off where the request went, such as issues of a repository.
    #[error("switched off in the repository: {message}")]
    Gone { message: String },
    /// The repository is archived and read-only.
    #[error("the repository is archived")]
    Archived,
    /// The installation does not exist any more.
    #[error("the App is not installed there")]
    NotInstalled,
    /// The owner suspended the installation.
    #[error("the installation is suspended")]
    Suspended,
    /// GitHub does not accept the App's credentials.
    #[error("GitHub does not accept the App's credentials: {message}")]
    Unauthorized { message: String },
    /// Too fast or too much: nothing was done, and nothing is to be sent before `retry_at`.
    #[error("GitHub asks to wait until {retry_at}")]
    RateLimited { retry_at: Timestamp },
    /// It failed without having taken effect, or what it does may be done twice: try again later.
    #[error("GitHub is not reachable or not well: {message}")]
    Transient { message: String },
    /// The answer to a creation was lost: it may or may not have happened. Look it up before repeating it.
    #[error("the answer to a write was lost, so it may have happened: {message}")]
    Unknown { message: String },
    /// GitHub answered something that is not what its description says.
    #[error("GitHub's answer was not understood: {message}")]
    Malformed { message: String },
    /// The answer is larger than what Followthrough is willing to hold.
    #[error("GitHub's answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
}

/// The kinds of refusal that a caller tells apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A permission is missing (REST 403, GraphQL `FORBIDDEN`).
    Forbidden,
    /// The input is not acceptable, or what was to be made is there already (REST 422, GraphQL `UNPROCESSABLE`).
    Invalid,
    /// It collides with another change (REST 409).
    Conflict,
    /// The branch moved on (GraphQL `STALE_DATA`).
    Stale,
    /// A rule of the branch asks for a pull request, or forbids the change in another way.
    Protected,
    /// Anything else, under GitHub's name for it.
    Other(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Forbidden => "forbidden",
            Self::Invalid => "invalid",
            Self::Conflict => "conflict",
            Self::Stale => "stale",
            Self::Protected => "protected branch",
            Self::Other(kind) => kind,
        })
    }
}

/// What a request may do when it is sent twice, said by everyone who sends one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It only reads: retried inside the client.
    Read,
    /// It sets something to a value: twice is the same as once. Not retried inside the client.
    Safe,
    /// It creates something: after a lost answer it must be looked up first.
    LookUpFirst,
}

impl Repeat {
    pub fn is_write(self) -> bool {
        self != Self::Read
    }

    /// The failure of a request of this kind after it may have reached GitHub.
    pub(crate) fn lost(self, message: impl Into<String>) -> Error {
        let message = excerpt(&message.into());
        match self {
            Self::Read | Self::Safe => Error::Transient { message },
            Self::LookUpFirst => Error::Unknown { message },
        }
    }

    /// The failure of a request of this kind whose answer says success but cannot be read.
    pub(crate) fn unreadable(self, message: impl Into<String>) -> Error {
        let message = excerpt(&message.into());
        match self {
            Self::Read | Self::Safe => Error::Malformed { message },
            Self::LookUpFirst => Error::Unknown { message },
        }
    }
}

impl Error {
    /// When to try again, where GitHub said so.
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Self::RateLimited { retry_at } => Some(*retry_at),
            _ => None,
        }
    }

    /// How long to wait from `now`, where GitHub said so; zero when the time has come.
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        self.retry_at().map(|at| Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
    }

    /// Whether trying again cannot help until a person changes something.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::NotFound { .. }
            | Self::Gone { .. }
            | Self::Archived
            | Self::NotInstalled
            | Self::Suspended
            | Self::TooLarge { .. } => true,
            // Somebody will put right the key, or the machine's clock, by which GitHub judges what was signed with it.
            Self::Unauthorized { .. } => false,
            Self::RateLimited { .. } | Self::Transient { .. } | Self::Unknown { .. } | Self::Malformed { .. } => false,
        }
    }

    /// Whether it may have taken effect, so that it has to be looked up before it is repeated.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::Malformed { message: excerpt(&message.into()) }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound { message: excerpt(&message.into()) }
    }

    pub(crate) fn refused(refusal: Refusal, message: &str) -> Self {
        Self::Refused { refusal, message: excerpt(message) }
    }
}

/// One entry of a GraphQL answer's `errors`, with the top-level `type` and `code` that GitHub adds to the standard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GraphqlError {
    #[serde(default, rename = "type")]
    pub type_: Option<String>,
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub message: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub path: Vec<PathStep>,
    /// Where the document itself was wrong, GitHub says what here and nothing was executed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

/// A step of the path to the field that failed: an alias, or an index of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum PathStep {
    Field(String),
    Index(u64),
}

fn null_as_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl GraphqlError {
    /// Whether this entry is about the field at `path` or something under it.
    pub fn is_under(&self, path: &[&str]) -> bool {
        self.path.len() >= path.len()
            && path.iter().zip(&self.path).all(|(name, step)| matches!(step, PathStep::Field(field) if field == name))
    }

    pub(crate) fn is_rate_limit(&self) -> bool {
        [&self.type_, &self.code]
            .into_iter()
            .flatten()
            .any(|kind| ["RATE_LIMITED", "RATE_LIMIT", "graphql_rate_limit"].iter().any(|known| kind.eq_ignore_ascii_case(known)))
            || says_too_fast(&self.message)
    }

    /// What this entry means for a request that may be repeated as `repeat` says.
    pub(crate) fn meaning(&self, repeat: Repeat, now: Timestamp) -> Error {
        if self.is_rate_limit() {
            return Error::RateLimited { retry_at: after(now, UNTOLD_PAUSE) };
        }
        let kind = self.type_.as_deref().or(self.code.as_deref()).unwrap_or_default();
        match kind {
            "" if ["code", "problems", "value"].iter().any(|key| self.extensions.contains_key(*key)) => {
                Error::refused(Refusal::Other("bad request".to_owned()), &self.message)
            }
            // Branch protection has a type of its own; that of rulesets is not documented, so the words count as well.
            kind if kind.ends_with("RULE_VIOLATION") => Error::refused(Refusal::Protected, &self.message),
            "FORBIDDEN" | "UNPROCESSABLE" if says_protected(&self.message) => Error::refused(Refusal::Protected, &self.message),
            "NOT_FOUND" => Error::not_found(&self.message),
            "STALE_DATA" => Error::refused(Refusal::Stale, &self.message),
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" | "UNPROCESSABLE" if says_archived(&self.message) => Error::Archived,
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" | "UNPROCESSABLE" | "NOT_IMPLEMENTED" if says_issues_disabled(&self.message) => {
                Error::Gone { message: excerpt(&self.message) }
            }
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" => Error::refused(Refusal::Forbidden, &self.message),
            // Two writes to one parent collided, and this one was not done.
            "UNPROCESSABLE" if self.message.contains("Priority has already been taken") => {
                Error::Transient { message: excerpt(&self.message) }
            }
            "UNPROCESSABLE" => Error::refused(Refusal::Invalid, &self.message),
            // A failure of GitHub's own, a timeout, or running out of resources in the middle of a batch: whether the
            // field took effect is not said.
            "" | "INTERNAL" | "SERVICE_UNAVAILABLE" | "TIMEOUT" | "LOADING" => repeat.lost(self.message.clone()),
            kind if kind.contains("RESOURCE_LIMIT") => repeat.lost(self.message.clone()),
            other => Error::refused(Refusal::Other(excerpt(other)), &self.message),
        }
    }
}

/// What a REST answer that is not a success means.
///
/// `body` is read only for its `message`, and only where GitHub gives the same status to different things.
pub(crate) fn rest_failure(status: StatusCode, headers: &HeaderMap, body: &[u8], repeat: Repeat, now: Timestamp) -> Error {
    let message = rest_message(body);
    if let Some(retry_at) = rate_limit(status, headers, &message, now) {
        return Error::RateLimited { retry_at };
    }
    let or_status = || if message.is_empty() { status.to_string() } else { message.clone() };
    match status.as_u16() {
        401 => Error::Unauthorized { message: excerpt(&message) },
        403 if says_suspended(&message) => Error::Suspended,
        403 if says_archived(&message) => Error::Archived,
        403 => match header(headers, "x-accepted-github-permissions") {
            // What would have been enough, which GitHub tells on refusals of a permission.
            Some(needed) if !needed.is_empty() => {
                Error::refused(Refusal::Forbidden, &format!("{} (needs {needed})", or_status()))
            }
            _ => Error::refused(Refusal::Forbidden, &or_status()),
        },
        404 => Error::not_found(or_status()),
        409 | 422 if says_protected(&message) => Error::refused(Refusal::Protected, &or_status()),
        409 => Error::refused(Refusal::Conflict, &or_status()),
        410 => Error::Gone { message: excerpt(&or_status()) },
        422 => Error::refused(Refusal::Invalid, &or_status()),
        // Refused before it was looked at.
        408 | 425 => Error::Transient { message: excerpt(&or_status()) },
        500.. => repeat.lost(or_status()),
        _ => Error::refused(Refusal::Other(status.as_u16().to_string()), &or_status()),
    }
}

/// The end of the pause that an answer asks for, if it asks for one.
///
/// In order of trust: `retry-after` in seconds, an exhausted `x-ratelimit-remaining` with `x-ratelimit-reset` in epoch
/// seconds, else a minute. GraphQL's limits come with status 200 and are seen by [`GraphqlError::is_rate_limit`].
fn rate_limit(status: StatusCode, headers: &HeaderMap, message: &str, now: Timestamp) -> Option<Timestamp> {
    let exhausted = header(headers, "x-ratelimit-remaining") == Some("0");
    let is_limit = match status.as_u16() {
        429 => true,
        403 => retry_after(headers).is_some() || exhausted || says_too_fast(message),
        _ => false,
    };
    if !is_limit {
        return None;
    }
    Some(end_of_pause(headers, now))
}

/// When the pause of an answer that tells of a limit ends.
pub(crate) fn end_of_pause(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    if let Some(seconds) = retry_after(headers) {
        return after(now, Duration::from_secs(seconds));
    }
    budget_reset(headers).map_or(after(now, UNTOLD_PAUSE), |reset| reset.max(now))
}

/// When the hourly budget is filled again, where an answer says that it is used up.
pub(crate) fn budget_reset(headers: &HeaderMap) -> Option<Timestamp> {
    if header(headers, "x-ratelimit-remaining") != Some("0") {
        return None;
    }
    let reset = header(headers, "x-ratelimit-reset")?.trim().parse::<i64>().ok()?;
    // A second more, because the reset is given in whole seconds.
    Some(after(Timestamp::from_second(reset).ok()?, Duration::from_secs(1)))
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    header(headers, "retry-after")?.trim().parse().ok()
}

pub(crate) fn after(now: Timestamp, pause: Duration) -> Timestamp {
    SignedDuration::try_from(pause).ok().and_then(|pause| now.checked_add(pause).ok()).unwrap_or(Timestamp::MAX)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn rest_message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(default)]
        message: String,
        #[serde(default)]
        errors: Vec<serde_json::Value>,
    }
    let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else { return String::new() };
    let details: Vec<&str> = envelope
        .errors
        .iter()
        .filter_map(|error| error.as_str().or_else(|| error.get("message")?.as_str()).or_else(|| error.get("code")?.as_str()))
        .take(3)
        .collect();
    if details.is_empty() { envelope.message } else { format!("{}: {}", envelope.message, details.join("; ")) }
}

// GitHub gives these causes no status or type of their own, so its words decide; all such comparisons are here.

fn says_too_fast(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["secondary rate limit", "api rate limit exceeded", "abuse detection", "submitted too quickly"]
        .iter()
        .any(|words| message.contains(words))
}

fn says_archived(message: &str) -> bool {
    message.to_ascii_lowercase().contains("archived")
}

fn says_suspended(message: &str) -> bool {
    message.to_ascii_lowercase().contains("installation has been suspended")
}

/// The words of rulesets, of branch protection, and of both (GITHUB §2.7).
fn says_protected(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["rule violations found", "protected branch", "must be made through a pull request"]
        .iter()
        .any(|words| message.contains(words))
}

pub(crate) fn says_issues_disabled(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("issues") && message.contains("disabled")
}

/// `text` on one line, cut to a readable length, with anything that looks like a credential taken out.
pub(crate) fn excerpt(text: &str) -> String {
    let mut kept = String::new();
    for (index, word) in text.split_whitespace().enumerate() {
        if index > 0 {
            kept.push(' ');
        }
        kept.push_str(if looks_secret(word) { "[redacted]" } else { word });
        if kept.len() > EXCERPT * 4 {
            break;
        }
    }
    match kept.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &kept[..end]),
        None => kept,
    }
}

/// GitHub's token prefixes and JSON Web Tokens.
fn looks_secret(word: &str) -> bool {
    ["ghs_", "ghp_", "gho_", "ghu_", "ghr_", "github_pat_", "eyJ"].iter().any(|prefix| word.contains(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).expect("in range")
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("header"))).collect()
    }

    fn failure(status: u16, head: &[(&'static str, &str)], message: &str, repeat: Repeat) -> Error {
        let body = serde_json::json!({"message": message}).to_string();
        rest_failure(StatusCode::from_u16(status).expect("status"), &headers(head), body.as_bytes(), repeat, now())
    }

    fn in_seconds(seconds: i64) -> Error {
        Error::RateLimited { retry_at: Timestamp::from_second(1_800_000_000 + seconds).expect("in range") }
    }

    #[test]
    fn limits_are_told_from_refusals_by_status_headers_and_words() {
        let read = Repeat::Read;
        assert_eq!(failure(403, &[("retry-after", "7")], "You have exceeded a secondary rate limit", read), in_seconds(7));
        assert_eq!(failure(429, &[], "slow down", read), in_seconds(60));
        assert_eq!(failure(403, &[], "You have exceeded a secondary rate limit. Please wait", read), in_seconds(60));
        let exhausted = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800000090")];
        assert_eq!(failure(403, &exhausted, "API rate limit exceeded for installation", read), in_seconds(91));
        assert!(matches!(
            failure(403, &[("x-ratelimit-remaining", "12")], "Resource not accessible", read),
            Error::Refused { .. }
        ));
    }

    #[test]
    fn a_creation_with_a_server_error_may_have_happened_and_a_set_may_be_repeated() {
        assert!(failure(502, &[], "", Repeat::LookUpFirst).is_unknown());
        assert!(matches!(failure(502, &[], "", Repeat::Safe), Error::Transient { .. }));
        assert!(matches!(failure(422, &[], "Validation Failed", Repeat::LookUpFirst), Error::Refused { .. }));
    }

    #[test]
    fn places_that_cannot_take_issues_have_errors_of_their_own() {
        assert_eq!(failure(403, &[], "Repository was archived so is read-only.", Repeat::Safe), Error::Archived);
        assert!(matches!(
            failure(410, &[], "Issues has been disabled in this repository.", Repeat::LookUpFirst),
            Error::Gone { .. }
        ));
        assert_eq!(failure(403, &[], "This installation has been suspended", Repeat::Read), Error::Suspended);
    }

    #[test]
    fn a_missing_permission_is_named() {
        let error = failure(
            403,
            &[("x-accepted-github-permissions", "checks=write")],
            "Resource not accessible by integration",
            Repeat::Safe,
        );
        assert!(error.to_string().ends_with("Resource not accessible by integration (needs checks=write)"), "{error}");
    }

    #[test]
    fn graphql_types_and_codes_are_both_heard() {
        let error = |json: serde_json::Value| serde_json::from_value::<GraphqlError>(json).expect("an error");
        let limited = error(serde_json::json!({"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "limit"}));
        assert_eq!(limited.meaning(Repeat::Read, now()), in_seconds(60));
        let quick = error(serde_json::json!({"type": "UNPROCESSABLE", "message": "was submitted too quickly", "path": ["i0"]}));
        assert_eq!(quick.meaning(Repeat::LookUpFirst, now()), in_seconds(60));
        let broken = error(serde_json::json!({"message": "Something went wrong while executing your query.", "path": null}));
        assert!(broken.meaning(Repeat::LookUpFirst, now()).is_unknown());
        let stale = error(serde_json::json!({"type": "STALE_DATA", "message": "Expected branch to point to", "path": ["c"]}));
        assert!(matches!(stale.meaning(Repeat::Safe, now()), Error::Refused { refusal: Refusal::Stale, .. }));
    }

    #[test]
    fn rules_of_a_branch_are_one_refusal_however_they_are_told() {
        for (kind, message) in [
            ("BRANCH_PROTECTION_RULE_VIOLATION", "protected branch 'main' check failed:"),
            ("REPOSITORY_RULE_VIOLATION", "At least 1 approving review is required"),
            ("UNPROCESSABLE", "Repository rule violations found\n\nChanges must be made through a pull request."),
        ] {
            let error = serde_json::json!({"type": kind, "message": message, "path": ["commit"]});
            let error = serde_json::from_value::<GraphqlError>(error).expect("an error");
            assert!(matches!(error.meaning(Repeat::Safe, now()), Error::Refused { refusal: Refusal::Protected, .. }), "{kind}");
        }
        for (status, message) in [
            (409, "Could not update file: Changes must be made through a pull request."),
            (422, "Protected branch update failed"),
        ] {
            let error = failure(status, &[], message, Repeat::Safe);
            assert!(matches!(error, Error::Refused { refusal: Refusal::Protected, .. }), "{error:?}");
        }
        let missing = serde_json::json!({"type": "NOT_FOUND", "message": "no protected branch", "path": ["commit"]});
        let missing = serde_json::from_value::<GraphqlError>(missing).expect("an error");
        assert!(matches!(missing.meaning(Repeat::Safe, now()), Error::NotFound { .. }));
    }

    #[test]
    fn an_error_never_shows_a_token() {
        let error = failure(403, &[], "token ghs_16C7e42F292c6912E7710c838347Ae178B4a is not allowed", Repeat::Read);
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("ghs_"), "{shown}");
        }
        assert!(excerpt(&"word ".repeat(10_000)).chars().count() <= EXCERPT + 1);
    }

    #[test]
    fn the_wait_is_never_negative() {
        let error = in_seconds(-5);
        assert_eq!(error.retry_after(now()), Some(Duration::ZERO));
        assert!(!error.is_permanent());
    }
}
