//! Changes to issues that exist, many per request, one kind per request.
//!
//! All of them set something to a value, so that twice is the same as once; only comments are made anew each time.

use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Connection, IdOnly, IssueState, variables};
use crate::github::rest::ClosedAs;
use crate::github::{Error, Installation, Refusal, Repeat};
use crate::ids::{IssueNumber, IssueRef, NodeId, RepositoryName};

/// Small changes per request, as in GitHub's own tool (GITHUB §1.4).
const PER_REQUEST: usize = 20;
/// Changes per request that carry whole bodies: as many as issues are opened in one.
const BODIES_PER_REQUEST: usize = 5;
/// Comments that one request makes at most, for the same reason.
pub const COMMENTS_PER_REQUEST: usize = 5;
/// Sub-issues that a parent has at most, closed ones counted (GITHUB §2.2).
pub const SUB_ISSUES_PER_PARENT: usize = 100;

/// What to change about one issue; `None` leaves it as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueUpdate {
    pub id: NodeId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// At most 65 536 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_type_id: Option<NodeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone_id: Option<NodeId>,
}

impl IssueUpdate {
    /// A change of nothing yet.
    pub fn new(id: NodeId) -> Self {
        Self { id, title: None, body: None, issue_type_id: None, milestone_id: None }
    }
}

/// A comment to be made on an issue or pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComment {
    /// The issue or pull request.
    pub subject: NodeId,
    pub body: String,
}

/// A comment that was made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PostedComment {
    pub id: NodeId,
    pub url: String,
}

/// A sub-issue of a tracking issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubIssue {
    pub id: NodeId,
    pub issue: IssueRef,
    pub state: IssueState,
}

/// One kind of change: GitHub's mutation, its input, what is asked back.
#[derive(Clone, Copy)]
pub(super) struct Mutation {
    name: &'static str,
    input: &'static str,
    answer: &'static str,
}

pub(super) const UPDATE: Mutation = Mutation { name: "updateIssue", input: "UpdateIssueInput", answer: "issue { id }" };
pub(super) const CLOSE: Mutation = Mutation { name: "closeIssue", input: "CloseIssueInput", answer: "issue { id }" };
pub(super) const REOPEN: Mutation = Mutation { name: "reopenIssue", input: "ReopenIssueInput", answer: "issue { id }" };
pub(super) const ADD_SUB_ISSUE: Mutation = Mutation { name: "addSubIssue", input: "AddSubIssueInput", answer: "subIssue { id }" };
pub(super) const ADD_COMMENT: Mutation =
    Mutation { name: "addComment", input: "AddCommentInput", answer: "commentEdge { node { id url } }" };

pub(super) const SUB_ISSUES: &str = "query SubIssues($id: ID!) {
  node(id: $id) { ... on Issue { subIssues(first: 100) { nodes { id number state repository { nameWithOwner } } } } }
}";

pub(super) const MILESTONES: &str = "query Milestones($owner: String!, $name: String!, $title: String!) {
  repository(owner: $owner, name: $name) { milestones(first: 100, query: $title, states: [OPEN]) { nodes { id title } } }
}";

pub(super) fn document(mutation: Mutation, count: usize) -> String {
    let Mutation { name, input, answer } = mutation;
    let mut declared = Vec::new();
    let mut aliases = String::new();
    for index in 0..count {
        declared.push(format!("$c{index}: {input}!"));
        let _ = writeln!(aliases, "  c{index}: {name}(input: $c{index}) {{ {answer} }}");
    }
    format!("mutation ChangeIssues({}) {{\n{aliases}}}", declared.join(", "))
}

impl Installation {
    /// Sends `inputs` in requests of `size` and takes what each answer has at `path`.
    async fn change<T: DeserializeOwned>(
        &self,
        mutation: Mutation,
        inputs: &[Value],
        size: usize,
        repeat: Repeat,
        path: &[&str],
    ) -> Vec<Result<T, Error>> {
        let mut results = Vec::with_capacity(inputs.len());
        for chunk in inputs.chunks(size) {
            let input: Map<_, _> = chunk.iter().enumerate().map(|(index, input)| (format!("c{index}"), input.clone())).collect();
            match self.mutate(&document(mutation, chunk.len()), input, repeat).await {
                Ok(mut answer) => results.extend((0..chunk.len()).map(|index| {
                    let alias = format!("c{index}");
                    let whole: Vec<&str> = std::iter::once(alias.as_str()).chain(path.iter().copied()).collect();
                    answer.take(&whole)
                })),
                Err(error) => results.extend(chunk.iter().map(|_| Err(error.clone()))),
            }
        }
        results
    }

    async fn set(&self, mutation: Mutation, inputs: &[Value], size: usize, field: &str) -> Vec<Result<(), Error>> {
        let answers = self.change::<IdOnly>(mutation, inputs, size, Repeat::Safe, &[field]).await;
        answers.into_iter().map(|answer| answer.map(drop)).collect()
    }

    /// Changes titles, bodies, types and milestones, each issue with its own result, in the same order.
    pub async fn update_issues(&self, updates: &[IssueUpdate]) -> Vec<Result<(), Error>> {
        let inputs: Vec<Value> = updates.iter().map(|update| json!(update)).collect();
        self.set(UPDATE, &inputs, BODIES_PER_REQUEST, "issue").await
    }

    /// Closes issues, each with its reason and its own result, in the same order.
    pub async fn close_issues(&self, issues: &[(NodeId, ClosedAs)]) -> Vec<Result<(), Error>> {
        let reason = |reason: ClosedAs| match reason {
            ClosedAs::Completed => "COMPLETED",
            ClosedAs::NotPlanned => "NOT_PLANNED",
        };
        let inputs: Vec<Value> =
            issues.iter().map(|(id, closed)| json!({ "issueId": id, "stateReason": reason(*closed) })).collect();
        self.set(CLOSE, &inputs, PER_REQUEST, "issue").await
    }

    /// Reopens issues, each with its own result, in the same order.
    pub async fn reopen_issues(&self, issues: &[NodeId]) -> Vec<Result<(), Error>> {
        let inputs: Vec<Value> = issues.iter().map(|id| json!({ "issueId": id })).collect();
        self.set(REOPEN, &inputs, PER_REQUEST, "issue").await
    }

    /// Comments, at most [`COMMENTS_PER_REQUEST`] in one request, each with its own result, in the same order.
    ///
    /// [`Error::Unknown`] is "it may be there": list the comments before trying again.
    pub async fn post_comments(&self, comments: &[NewComment]) -> Vec<Result<PostedComment, Error>> {
        let inputs: Vec<Value> =
            comments.iter().map(|comment| json!({ "subjectId": comment.subject, "body": comment.body })).collect();
        // One request: what follows an answer that was lost is for the caller to decide.
        self.change(ADD_COMMENT, &inputs, inputs.len().max(1), Repeat::LookUpFirst, &["commentEdge", "node"]).await
    }

    /// Makes issues sub-issues of `parent`, each with its own result, in the same order; one that is there already is no
    /// failure. Callers do this for one parent at a time: GitHub fails on two at once (GITHUB §1.4), and refuses more than
    /// [`SUB_ISSUES_PER_PARENT`].
    pub async fn add_sub_issues(&self, parent: &NodeId, children: &[NodeId]) -> Vec<Result<(), Error>> {
        let inputs: Vec<Value> = children.iter().map(|child| json!({ "issueId": parent, "subIssueId": child })).collect();
        let mut results = self.set(ADD_SUB_ISSUE, &inputs, PER_REQUEST, "subIssue").await;
        let refused = |result: &Result<(), Error>| matches!(result, Err(Error::Refused { refusal: Refusal::Invalid, .. }));
        if !results.iter().any(refused) {
            return results;
        }
        let Ok(there) = self.list_sub_issues(parent).await else { return results };
        for (result, child) in results.iter_mut().zip(children) {
            if refused(result) && there.iter().any(|known| known.id == *child) {
                *result = Ok(());
            }
        }
        results
    }

    /// The sub-issues of an issue, in its order.
    pub async fn list_sub_issues(&self, parent: &NodeId) -> Result<Vec<SubIssue>, Error> {
        #[derive(Deserialize)]
        struct Wire {
            id: NodeId,
            number: IssueNumber,
            state: IssueState,
            repository: NameWire,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct NameWire {
            name_with_owner: RepositoryName,
        }
        let mut answer = self.query(SUB_ISSUES, variables([("id", json!(parent))])).await?;
        let found: Connection<Wire> = answer.take(&["node", "subIssues"])?;
        let sub_issue = |wire: Wire| SubIssue {
            id: wire.id,
            issue: IssueRef::new(wire.repository.name_with_owner, wire.number),
            state: wire.state,
        };
        Ok(found.into_nodes().map(sub_issue).collect())
    }

    /// The open milestone of that title, without regard to case.
    pub async fn find_milestone(&self, repository: &RepositoryName, title: &str) -> Result<Option<NodeId>, Error> {
        #[derive(Deserialize)]
        struct Wire {
            id: NodeId,
            title: String,
        }
        let input = variables([("owner", json!(repository.owner)), ("name", json!(repository.name)), ("title", json!(title))]);
        let mut answer = self.query(MILESTONES, input).await?;
        let found: Option<Connection<Wire>> = answer.take(&["repository", "milestones"])?;
        let wanted = title.trim().to_lowercase();
        Ok(found.unwrap_or_default().into_nodes().find(|known| known.title.trim().to_lowercase() == wanted).map(|known| known.id))
    }
}
