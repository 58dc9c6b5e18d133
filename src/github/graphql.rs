//! GitHub's GraphQL API: one file per operation, and what they share.
//!
//! GitHub answers a batch with data for the parts that worked and errors for those that did not, in one response with
//! status 200. So an [`Answer`] keeps both, and every alias is taken from it by itself. Values always travel as variables;
//! nothing that a document or a person wrote becomes part of the text of a query.

mod board_fields;
mod board_items;
mod change_issues;
mod create_commit;
mod create_issues;
mod create_labels;
mod issue_histories;
mod load_documents;
mod load_origins;
mod load_pull_request;
mod load_repository;
mod load_target;
mod read_issues;
mod recent_activity;
mod review_threads;
#[cfg(test)]
mod schema_tests;

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use board_fields::{FIELDS_PER_REQUEST, FieldValue, FieldWrite, WrittenField};
pub use board_items::BoardAdd;
pub use change_issues::{COMMENTS_PER_REQUEST, IssueUpdate, NewComment, PostedComment, SUB_ISSUES_PER_PARENT, SubIssue};
pub use create_commit::{FileWrite, NewCommit};
pub use create_issues::{CreatedIssue, ISSUES_PER_REQUEST, NewIssue};
pub use create_labels::NewLabel;
pub use issue_histories::{ActKind, Actor, BodyEdit, IssueAct, IssueCommentBy, IssueHistory};
pub use load_documents::{LoadedDocument, Revision};
pub use load_origins::{Origin, OriginPullRequest};
pub use load_pull_request::{ChangedFile, LoadedPullRequest, PullRequest, PullRequestComment, PullRequestState};
pub use load_repository::{Branch, ConfigurationFile, LoadedRepository, Repository};
pub use load_target::{
    Board, BoardField, BoardFieldKind, BoardFieldOption, BoardIteration, BoardProblem, BoardRef, LoadedTarget, Person, Referent,
    ReferredIssue, TargetQuery, TargetRepository,
};
pub use read_issues::{BoardItem, BoardValue, IssueSnapshot, IssueState};
pub use recent_activity::{Activity, ActivityQuery, REPOSITORIES_PER_REQUEST, RecentPullRequest};
pub use review_threads::ReviewThread;

use super::app::Sender;
use super::error::{Refusal, end_of_pause};
use super::pace::Scope;
use super::transport::{self, Request};
use super::{Error, GraphqlError, Installation, Repeat};

/// A GraphQL response: what worked, and what did not.
#[derive(Debug, Clone)]
pub struct Answer {
    pub data: Map<String, Value>,
    pub errors: Vec<GraphqlError>,
    repeat: Repeat,
    now: Timestamp,
}

impl Answer {
    /// The part of the answer under `path`, read as `T`.
    ///
    /// Where there is no value, the error under that path says why; without one, a write counts as lost and a read as
    /// not found. A `T` that is an `Option` takes null for an answer, unless an error explains the null.
    pub fn take<T: DeserializeOwned>(&mut self, path: &[&str]) -> Result<T, Error> {
        let value = self.at_mut(path).map(Value::take).unwrap_or_default();
        if value.is_null()
            && let Some(error) = self.error_under(path)
        {
            return Err(error);
        }
        let missing = value.is_null();
        serde_json::from_value(value).map_err(|error| match (missing, self.repeat) {
            (true, Repeat::Read) => Error::not_found(path.join(".")),
            (true, _) => self.repeat.lost(format!("nothing was said about {}", path.join("."))),
            // A value is there but not whole: part of it may have become null by an error of its own.
            (false, _) => {
                self.error_within(path).unwrap_or_else(|| self.repeat.unreadable(format!("{}: {}", path.join("."), kind(&error))))
            }
        })
    }

    fn at_mut(&mut self, path: &[&str]) -> Option<&mut Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.data.get_mut(*first)?, |value, name| value.get_mut(*name))
    }

    /// What the error about the null at `path` means.
    fn error_under(&self, path: &[&str]) -> Option<Error> {
        let error = self.errors.iter().find(|error| error.is_under(path)).or_else(|| {
            // An error further up took this part with it.
            self.errors.iter().find(|error| {
                !error.path.is_empty()
                    && error.path.len() < path.len()
                    && error.is_under(path.get(..error.path.len()).unwrap_or_default())
            })
        })?;
        // A payload that became null because something in it could not be read belongs to a write that happened.
        if self.repeat == Repeat::LookUpFirst && error.path.len() > path.len() {
            return Some(self.repeat.lost(error.message.clone()));
        }
        Some(error.meaning(self.repeat, self.now))
    }

    /// What an error below `path` means when the value there is incomplete.
    fn error_within(&self, path: &[&str]) -> Option<Error> {
        let error = self.errors.iter().find(|error| error.is_under(path) && error.path.len() > path.len())?;
        Some(match self.repeat {
            Repeat::LookUpFirst => self.repeat.lost(error.message.clone()),
            Repeat::Read | Repeat::Safe => error.meaning(self.repeat, self.now),
        })
    }
}

fn kind(error: &serde_json::Error) -> &'static str {
    if error.is_data() { "not of the expected shape" } else { "not JSON" }
}

impl Installation {
    /// Sends a query. Its failures as a whole are errors; failures of parts are in the [`Answer`].
    pub(super) async fn query(&self, document: &str, variables: Map<String, Value>) -> Result<Answer, Error> {
        self.send_graphql(document, variables, Repeat::Read).await
    }

    /// Sends a mutation once.
    pub(super) async fn mutate(&self, document: &str, variables: Map<String, Value>, repeat: Repeat) -> Result<Answer, Error> {
        self.send_graphql(document, variables, repeat).await
    }

    async fn send_graphql(&self, document: &str, variables: Map<String, Value>, repeat: Repeat) -> Result<Answer, Error> {
        let transport = &self.inner.transport;
        let body = serde_json::json!({ "query": document, "variables": variables });
        let request = Request::new(Method::POST, transport.endpoints.graphql.clone(), repeat).json(&body)?;
        let request = request.creating(if repeat.is_write() { creations(document) } else { 0 });
        let decode = |answer: transport::Answer, now| {
            let decoded = decode(&answer, repeat, now);
            let limit = match &decoded {
                Ok(answer) if answer.errors.iter().any(GraphqlError::is_rate_limit) => true,
                Err(Error::RateLimited { .. }) => true,
                Ok(_) | Err(_) => false,
            };
            if limit {
                let pause = end_of_pause(&answer.headers, now);
                self.state.pace.pause(Scope::Everything, pause);
            }
            decoded
        };
        transport.perform(Sender::Installation(self), Scope::Graphql, &request, decode).await
    }
}

/// Aliases of a mutation that make something new: GitHub counts each of them.
fn creations(document: &str) -> u32 {
    let before = document.match_indices("(input:").filter_map(|(at, _)| document.get(..at));
    let fields = before.filter_map(|before| before.split_whitespace().next_back());
    let makes = |field: &&str| field.starts_with("create") || matches!(*field, "addComment" | "addProjectV2ItemById");
    let made = fields.filter(makes);
    u32::try_from(made.count()).unwrap_or(u32::MAX)
}

impl Installation {
    /// When `issues` more will have been opened at the pace that GitHub allows, if nothing else is written.
    pub fn issues_opened_by(&self, issues: usize) -> Timestamp {
        let content = |left: usize| u32::try_from(left.min(ISSUES_PER_REQUEST)).unwrap_or(u32::MAX);
        let requests = (0..issues).step_by(ISSUES_PER_REQUEST).map(|sent| content(issues - sent));
        self.state.pace.done_at(requests, self.inner.transport.now())
    }
}

fn decode(answer: &transport::Answer, repeat: Repeat, now: Timestamp) -> Result<Answer, Error> {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(default)]
        data: Option<Map<String, Value>>,
        #[serde(default)]
        errors: Vec<GraphqlError>,
        /// REST's form of refusal, which GraphQL uses for some failures of the whole.
        #[serde(default)]
        message: Option<String>,
    }
    let envelope: Envelope = transport::decode_json(answer, repeat)?;
    let some = envelope.data.as_ref().is_some_and(|data| data.values().any(|value| !value.is_null()));
    if !some && envelope.errors.iter().any(GraphqlError::is_rate_limit) {
        return Err(Error::RateLimited { retry_at: end_of_pause(&answer.headers, now) });
    }
    match (envelope.data, envelope.errors.first()) {
        (Some(data), _) if some || envelope.errors.iter().all(|error| !error.path.is_empty()) => {
            Ok(Answer { data, errors: envelope.errors, repeat, now })
        }
        (_, Some(error)) => Err(error.meaning(repeat, now)),
        (_, None) => match envelope.message {
            Some(message) => Err(Error::refused(Refusal::Other("bad request".to_owned()), &message)),
            None => Err(repeat.unreadable("a GraphQL answer without data or errors")),
        },
    }
}

/// A list as GraphQL gives it, null-safe: a node the App may not see is null.
#[derive(Debug, Deserialize)]
pub(super) struct Connection<T> {
    #[serde(default, rename = "totalCount")]
    total_count: Option<u64>,
    #[serde(default = "Vec::new")]
    nodes: Vec<Option<T>>,
    #[serde(default, rename = "pageInfo")]
    page_info: PageInfo,
}

impl<T> Default for Connection<T> {
    fn default() -> Self {
        Self { total_count: None, nodes: Vec::new(), page_info: PageInfo::default() }
    }
}

impl<T> Connection<T> {
    fn into_nodes(self) -> impl Iterator<Item = T> {
        self.nodes.into_iter().flatten()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl PageInfo {
    /// Where the next page starts, if there is one.
    fn next(&self) -> Option<&str> {
        self.end_cursor.as_deref().filter(|_| self.has_next_page)
    }
}

/// Something that is only known by its node id.
#[derive(Debug, Deserialize)]
struct IdOnly {
    id: crate::ids::NodeId,
}

/// Variables of a request, from pairs.
fn variables<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(json: Value, repeat: Repeat) -> Result<Answer, Error> {
        let answer =
            transport::Answer { status: http::StatusCode::OK, headers: http::HeaderMap::new(), body: json.to_string().into() };
        decode(&answer, repeat, Timestamp::UNIX_EPOCH)
    }

    #[derive(Debug, Deserialize)]
    struct Payload {
        issue: IdOnly,
    }

    #[test]
    fn every_alias_that_makes_something_counts() {
        assert_eq!(creations(&create_issues::document(5, true)), 5);
        assert_eq!(creations(&board_items::document(20)), 20);
        assert_eq!(creations(&board_fields::document(20)), 0);
    }

    #[test]
    fn every_alias_of_a_half_failed_batch_has_its_own_result() {
        let json = serde_json::json!({
            "data": {"i0": {"issue": {"id": "I_0"}}, "i1": null, "i2": null},
            "errors": [{"type": "UNPROCESSABLE", "path": ["i1"], "message": "Title can't be blank"}],
        });
        let mut answer = answer(json, Repeat::LookUpFirst).expect("data");
        assert_eq!(answer.take::<Payload>(&["i0"]).expect("made").issue.id.as_str(), "I_0");
        assert!(matches!(answer.take::<Payload>(&["i1"]), Err(Error::Refused { refusal: Refusal::Invalid, .. })));
        assert!(answer.take::<Payload>(&["i2"]).expect_err("silence").is_unknown(), "null without a reason may have happened");
        assert!(answer.take::<Payload>(&["i3"]).expect_err("silence").is_unknown());
    }

    #[test]
    fn a_created_thing_that_cannot_be_read_back_is_unknown_not_refused() {
        let json = serde_json::json!({
            "data": {"i0": {"issue": null}},
            "errors": [{"type": "FORBIDDEN", "path": ["i0", "issue", "projectItems"], "message": "Resource not accessible by integration"}],
        });
        let mut whole = answer(json, Repeat::LookUpFirst).expect("data");
        assert!(whole.take::<Payload>(&["i0"]).expect_err("unread").is_unknown());
        let json = serde_json::json!({
            "data": {"i0": null},
            "errors": [{"type": "FORBIDDEN", "path": ["i0", "issue", "projectItems"], "message": "Resource not accessible by integration"}],
        });
        let mut whole = answer(json, Repeat::LookUpFirst).expect("data");
        assert!(whole.take::<Payload>(&["i0"]).expect_err("unread").is_unknown());
    }

    #[test]
    fn a_batch_in_which_everything_was_refused_still_says_what_was() {
        let json = serde_json::json!({
            "data": {"i0": null},
            "errors": [{"type": "FORBIDDEN", "path": ["i0"], "message": "Resource not accessible by integration"}],
        });
        let mut answer = answer(json, Repeat::LookUpFirst).expect("an answer");
        assert!(matches!(answer.take::<Payload>(&["i0"]), Err(Error::Refused { refusal: Refusal::Forbidden, .. })));
    }

    #[test]
    fn a_limit_told_with_status_200_is_a_limit() {
        let json = serde_json::json!({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit already exceeded"}]});
        assert!(matches!(answer(json, Repeat::LookUpFirst), Err(Error::RateLimited { .. })));
    }

    #[test]
    fn a_bad_document_is_refused_and_was_not_executed() {
        let json = serde_json::json!({"errors": [
            {"path": ["query", "nope"], "extensions": {"code": "undefinedField"}, "message": "Field 'nope' doesn't exist"},
        ]});
        assert!(matches!(answer(json, Repeat::LookUpFirst), Err(Error::Refused { .. })));
    }

    #[test]
    fn a_server_failure_of_a_creation_is_unknown_and_of_a_query_transient() {
        let json = serde_json::json!({"data": null, "errors": [{"message": "Something went wrong while executing your query."}]});
        assert!(answer(json.clone(), Repeat::LookUpFirst).expect_err("failed").is_unknown());
        assert!(matches!(answer(json, Repeat::Read), Err(Error::Transient { .. })));
    }

    #[test]
    fn an_error_further_up_explains_what_is_missing_below() {
        let json = serde_json::json!({
            "data": {"repository": null, "rateLimit": {"cost": 1}},
            "errors": [{"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository"}],
        });
        let mut answer = answer(json, Repeat::Read).expect("data");
        assert!(matches!(answer.take::<IdOnly>(&["repository", "l0"]), Err(Error::NotFound { .. })));
    }
}
