//! Opening issues, several per request.
//!
//! Nothing at GitHub keeps the same issue from being opened twice (its `clientMutationId` does not), so each request is
//! sent once, and an issue whose answer was lost is [`Error::Unknown`]: it is looked for by its marker before it is
//! asked for again.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Connection;
use super::load_target::ItemWire;
use crate::github::{Error, Installation, Repeat};
use crate::ids::{IssueNumber, NodeId};

/// Issues that one request opens at most. GitHub gives a request ten seconds; projects that opened many items in one
/// ran into that limit and settled on five with bodies of this size (GITHUB §1.4).
pub const ISSUES_PER_REQUEST: usize = 5;

/// An issue to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewIssue {
    pub repository_id: NodeId,
    pub title: String,
    /// At most 65 536 characters.
    pub body: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub label_ids: Vec<NodeId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignee_ids: Vec<NodeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_type_id: Option<NodeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone_id: Option<NodeId>,
    #[serde(rename = "parentIssueId", skip_serializing_if = "Option::is_none")]
    pub parent: Option<NodeId>,
    /// Boards to put it on at once.
    #[serde(rename = "projectV2Ids", skip_serializing_if = "Vec::is_empty")]
    pub project_ids: Vec<NodeId>,
}

/// An issue that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedIssue {
    pub id: NodeId,
    pub number: IssueNumber,
    pub url: String,
    /// Project and item for each board it is on already; GitHub does not promise that all are (GITHUB §1.1).
    pub board_items: Vec<(NodeId, NodeId)>,
}

pub(super) fn document(count: usize, boards: bool) -> String {
    let items = if boards { " projectItems(first: 10) { nodes { id project { id } } }" } else { "" };
    let mut declared = Vec::new();
    let mut aliases = String::new();
    for index in 0..count {
        declared.push(format!("$i{index}: CreateIssueInput!"));
        let _ = writeln!(aliases, "  i{index}: createIssue(input: $i{index}) {{ issue {{ id number url{items} }} }}");
    }
    format!("mutation CreateIssues({}) {{\n{aliases}}}", declared.join(", "))
}

impl Installation {
    /// Opens `issues` in one request, at most [`ISSUES_PER_REQUEST`] of them, and says for each what became of it.
    ///
    /// [`Error::Unknown`] is "it may be open": look for it before opening it again.
    pub async fn create_issues(&self, issues: &[NewIssue]) -> Vec<Result<CreatedIssue, Error>> {
        if issues.is_empty() {
            return Vec::new();
        }
        let mut variables = Map::new();
        for (index, issue) in issues.iter().enumerate() {
            variables.insert(format!("i{index}"), serde_json::to_value(issue).unwrap_or(Value::Null));
        }
        // Without boards nothing is asked about them, so that a missing permission cannot spoil the answer.
        let boards = issues.iter().any(|issue| !issue.project_ids.is_empty());
        let answer = self.mutate(&document(issues.len(), boards), variables, Repeat::LookUpFirst).await;
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => return vec![Err(error); issues.len()],
        };
        let take = |index: usize| Ok(answer.take::<Payload>(&[&format!("i{index}")])?.issue.into_created());
        (0..issues.len()).map(take).collect()
    }
}

#[derive(Deserialize)]
struct Payload {
    issue: IssueWire,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssueWire {
    id: NodeId,
    number: IssueNumber,
    url: String,
    #[serde(default)]
    project_items: Option<Connection<ItemWire>>,
}

impl IssueWire {
    fn into_created(self) -> CreatedIssue {
        CreatedIssue {
            id: self.id,
            number: self.number,
            url: self.url,
            board_items: self.project_items.unwrap_or_default().into_nodes().filter_map(ItemWire::into_pair).collect(),
        }
    }
}
