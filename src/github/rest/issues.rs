//! Issues one at a time: what was opened by the App, and changes to one that exists.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::github::app::Sender;
use crate::github::error::says_issues_disabled;
use crate::github::graphql::IssueState;
use crate::github::pace::Scope;
use crate::github::transport::Request;
use crate::github::{Error, Installation, Repeat};
use crate::ids::{IssueNumber, IssueRef, NodeId, RepositoryName};

/// An issue in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedIssue {
    pub number: IssueNumber,
    pub node_id: NodeId,
    pub title: String,
    pub body: String,
    pub state: IssueState,
    /// `completed`, `not_planned`, `reopened`, `duplicate`.
    pub state_reason: Option<String>,
    pub url: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Deserialize)]
struct Wire {
    number: IssueNumber,
    node_id: NodeId,
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: Option<String>,
    state: IssueState,
    #[serde(default)]
    state_reason: Option<String>,
    html_url: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(default)]
    pull_request: Option<Value>,
}

impl Wire {
    /// REST lists pull requests among the issues.
    fn into_issue(self) -> Option<ListedIssue> {
        if self.pull_request.is_some() {
            return None;
        }
        Some(ListedIssue {
            number: self.number,
            node_id: self.node_id,
            title: self.title,
            body: self.body.unwrap_or_default(),
            state: self.state,
            state_reason: self.state_reason,
            url: self.html_url,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// What became of an issue, by the number it once had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundIssue {
    /// It is there, perhaps in another repository: issues are transferred, and repositories are renamed.
    At { issue: IssueRef, found: Box<ListedIssue> },
    /// Someone deleted it.
    Deleted,
    /// There is none, or the App may not see where it went: GitHub does not say which.
    OutOfSight,
}

/// Why an issue is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedAs {
    Completed,
    NotPlanned,
}

/// What to change about an issue; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssueChange {
    pub title: Option<String>,
    pub body: Option<String>,
}

impl Installation {
    /// The issues that `creator` opened in a repository, open or closed, changed at or after `since`; 100 per request.
    ///
    /// This list reads the database: search lags behind by up to minutes and is never asked (GITHUB §2.3).
    pub async fn list_issues_by_app(
        &self,
        repository: &RepositoryName,
        creator: &str,
        since: Option<Timestamp>,
    ) -> Result<Vec<ListedIssue>, Error> {
        let mut url = self.repository_url(repository, &["issues"]);
        url.query_pairs_mut()
            .append_pair("state", "all")
            .append_pair("creator", creator)
            .append_pair("sort", "created")
            .append_pair("direction", "asc")
            .append_pair("per_page", "100")
            .extend_pairs(since.map(|since| ("since", since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())));
        Ok(self.list::<Wire>(url).await?.into_iter().filter_map(Wire::into_issue).collect())
    }

    /// Finds an issue by a number that it has or had. A transfer is followed; GraphQL does not follow it.
    ///
    /// [`Error::Gone`] where issues are switched off.
    pub async fn find_issue(&self, repository: &RepositoryName, number: IssueNumber) -> Result<FoundIssue, Error> {
        #[derive(Deserialize)]
        struct Located {
            repository_url: String,
            #[serde(flatten)]
            issue: Wire,
        }
        let located: Located = match self.get(self.repository_url(repository, &["issues", &number.to_string()])).await {
            Ok(located) => located,
            Err(Error::NotFound { .. }) => return Ok(FoundIssue::OutOfSight),
            Err(Error::Gone { message }) if !says_issues_disabled(&message) => return Ok(FoundIssue::Deleted),
            Err(error) => return Err(error),
        };
        let mut parts = located.repository_url.rsplit('/');
        let (name, owner) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let home = RepositoryName::new(owner, name);
        Ok(match located.issue.into_issue() {
            Some(found) => FoundIssue::At { issue: IssueRef::new(home, found.number), found: Box::new(found) },
            None => FoundIssue::OutOfSight,
        })
    }

    /// Changes title or text of an issue.
    pub async fn update_issue(
        &self,
        repository: &RepositoryName,
        number: IssueNumber,
        change: &IssueChange,
    ) -> Result<(), Error> {
        let mut body = serde_json::Map::new();
        body.extend(change.title.as_ref().map(|title| ("title".to_owned(), json!(title))));
        body.extend(change.body.as_ref().map(|text| ("body".to_owned(), json!(text))));
        if body.is_empty() { Ok(()) } else { self.patch_issue(repository, number, Value::Object(body)).await }
    }

    pub async fn close_issue(&self, repository: &RepositoryName, number: IssueNumber, reason: ClosedAs) -> Result<(), Error> {
        self.patch_issue(repository, number, json!({ "state": "closed", "state_reason": reason })).await
    }

    pub async fn reopen_issue(&self, repository: &RepositoryName, number: IssueNumber) -> Result<(), Error> {
        self.patch_issue(repository, number, json!({ "state": "open", "state_reason": "reopened" })).await
    }

    async fn patch_issue(&self, repository: &RepositoryName, number: IssueNumber, body: Value) -> Result<(), Error> {
        let url = self.repository_url(repository, &["issues", &number.to_string()]);
        self.send::<serde::de::IgnoredAny>(Method::PATCH, url, &body, Repeat::Safe).await?;
        Ok(())
    }

    /// Adds labels by name, beside those that are there; GitHub makes the ones it does not know.
    pub async fn add_labels(&self, repository: &RepositoryName, number: IssueNumber, names: &[String]) -> Result<(), Error> {
        let url = self.repository_url(repository, &["issues", &number.to_string(), "labels"]);
        self.send::<serde::de::IgnoredAny>(Method::POST, url, &json!({ "labels": names }), Repeat::Safe).await?;
        Ok(())
    }

    /// Adds assignees, at most ten. GitHub passes over those it cannot assign; what it answers says who is assigned now.
    pub async fn add_assignees(
        &self,
        repository: &RepositoryName,
        number: IssueNumber,
        logins: &[String],
    ) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Assigned {
            #[serde(default)]
            assignees: Vec<User>,
        }
        #[derive(Deserialize)]
        struct User {
            login: String,
        }
        let url = self.repository_url(repository, &["issues", &number.to_string(), "assignees"]);
        let assigned: Assigned = self.send(Method::POST, url, &json!({ "assignees": logins }), Repeat::Safe).await?;
        Ok(assigned.assignees.into_iter().map(|user| user.login).collect())
    }

    /// Whether issues of `repository` can be assigned to `login`.
    pub async fn is_assignable(&self, repository: &RepositoryName, login: &str) -> Result<bool, Error> {
        let request = Request::get(self.repository_url(repository, &["assignees", login]));
        let transport = &self.inner.transport;
        let decode = |answer: crate::github::transport::Answer, _| Ok(answer.status == StatusCode::NO_CONTENT);
        match transport.perform(Sender::Installation(self), Scope::Rest, &request, decode).await {
            Err(Error::NotFound { .. }) => Ok(false),
            result => result,
        }
    }
}
