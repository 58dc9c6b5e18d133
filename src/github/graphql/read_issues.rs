//! Issues as they are now, many per query: how every write is checked.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::board_fields::FieldValue;
use super::{Connection, IdOnly, variables};
use crate::github::{Error, Installation};
use crate::ids::{IssueNumber, IssueRef, NodeId, RepositoryId, RepositoryName};

/// Issues per query. Each brings up to 100 labels, 20 assignees and 10 boards of 50 values: at 50 issues some 31 000 of
/// the 500 000 nodes that GitHub allows a query.
const PER_REQUEST: usize = 50;

/// An issue's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum IssueState {
    #[serde(alias = "OPEN", alias = "open")]
    Open,
    #[serde(alias = "CLOSED", alias = "closed")]
    Closed,
}

/// An issue as GitHub has it.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueSnapshot {
    pub id: NodeId,
    pub issue: IssueRef,
    /// Of the repository that it is in.
    pub repository_id: RepositoryId,
    pub title: String,
    pub body: String,
    pub url: String,
    pub state: IssueState,
    /// `completed`, `not_planned`, `reopened`, `duplicate`.
    pub state_reason: Option<String>,
    pub closed_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    /// Whether only people with write access may comment.
    pub locked: bool,
    pub labels: Vec<String>,
    /// Logins.
    pub assignees: Vec<String>,
    /// Where it stands on boards; empty also when the App may not see boards.
    pub board_items: Vec<BoardItem>,
}

/// An issue's place on one board.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardItem {
    pub project: NodeId,
    pub item: NodeId,
    pub archived: bool,
    pub values: Vec<BoardValue>,
}

/// The value of one settable field of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardValue {
    pub field: NodeId,
    pub field_name: String,
    pub value: FieldValue,
    /// What people see of a value that is known by an id: the option's name, the iteration's title.
    pub shown: Option<String>,
}

pub(super) const VALUES: &str = "fieldValues(first: 50) { nodes { \
    ... on ProjectV2ItemFieldValueCommon { field { ... on ProjectV2FieldCommon { id name } } } \
    ... on ProjectV2ItemFieldTextValue { text } \
    ... on ProjectV2ItemFieldNumberValue { number } \
    ... on ProjectV2ItemFieldDateValue { date } \
    ... on ProjectV2ItemFieldSingleSelectValue { optionId name } \
    ... on ProjectV2ItemFieldIterationValue { iterationId title } } }";

pub(super) fn document(boards: bool) -> String {
    let items = if boards {
        format!("\n    projectItems(first: 10) {{ nodes {{ id isArchived project {{ id }} {VALUES} }} }}")
    } else {
        String::new()
    };
    format!(
        "query ReadIssues($ids: [ID!]!) {{\n  nodes(ids: $ids) {{ ... on Issue {{\n    id number title body url state stateReason closedAt updatedAt locked\n    \
         repository {{ nameWithOwner databaseId }}\n    labels(first: 100) {{ nodes {{ name }} }}\n    assignees(first: 20) {{ nodes {{ login }} }}{items}\n  }} }}\n}}"
    )
}

impl Installation {
    /// Reads issues by their node ids, in the order given; [`Error::NotFound`] for those that are gone.
    pub async fn read_issues(&self, ids: &[NodeId]) -> Result<Vec<Result<IssueSnapshot, Error>>, Error> {
        let mut issues = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(PER_REQUEST) {
            let text = document(!self.boards_refused());
            let mut answer = self.query(&text, variables([("ids", json!(chunk))])).await?;
            let mut nodes: Vec<Value> = answer.take(&["nodes"])?;
            nodes.resize(chunk.len(), Value::Null);
            for (id, node) in chunk.iter().zip(nodes) {
                issues.push(match node {
                    Value::Null => Err(Error::not_found(format!("issue {id}"))),
                    // A node that is not an issue answers with an empty object.
                    Value::Object(fields) if fields.is_empty() => Err(Error::not_found(format!("issue {id}"))),
                    node => serde_json::from_value::<IssueWire>(node)
                        .map(IssueWire::into_snapshot)
                        .map_err(|_| Error::malformed(format!("issue {id} without its fields"))),
                });
            }
        }
        Ok(issues)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssueWire {
    id: NodeId,
    number: IssueNumber,
    title: String,
    #[serde(default)]
    body: String,
    url: String,
    state: IssueState,
    #[serde(default)]
    state_reason: Option<String>,
    #[serde(default)]
    closed_at: Option<Timestamp>,
    updated_at: Timestamp,
    #[serde(default)]
    locked: bool,
    repository: NameWire,
    #[serde(default)]
    labels: Option<Connection<LabelWire>>,
    #[serde(default)]
    assignees: Option<Connection<LoginWire>>,
    #[serde(default)]
    project_items: Option<Connection<ItemWire>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NameWire {
    name_with_owner: RepositoryName,
    database_id: Option<RepositoryId>,
}

#[derive(Deserialize)]
struct LabelWire {
    name: String,
}

#[derive(Deserialize)]
struct LoginWire {
    login: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemWire {
    id: NodeId,
    #[serde(default)]
    is_archived: bool,
    project: Option<IdOnly>,
    #[serde(default)]
    field_values: Option<Connection<ValueWire>>,
}

/// A value of any field; those that Followthrough cannot set have none of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ValueWire {
    #[serde(default)]
    field: Option<FieldWire>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    number: Option<f64>,
    #[serde(default)]
    date: Option<jiff::civil::Date>,
    #[serde(default)]
    option_id: Option<String>,
    /// Of the option.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    iteration_id: Option<String>,
    /// Of the iteration.
    #[serde(default)]
    title: Option<String>,
}

#[derive(Deserialize)]
struct FieldWire {
    #[serde(default)]
    id: Option<NodeId>,
    #[serde(default)]
    name: Option<String>,
}

impl ValueWire {
    pub(super) fn into_value(self) -> Option<BoardValue> {
        let field = self.field?;
        let value = self
            .text
            .map(FieldValue::Text)
            .or(self.number.map(FieldValue::Number))
            .or(self.date.map(FieldValue::Date))
            .or(self.option_id.map(FieldValue::SingleSelect))
            .or(self.iteration_id.map(FieldValue::Iteration))?;
        Some(BoardValue { field: field.id?, field_name: field.name.unwrap_or_default(), value, shown: self.name.or(self.title) })
    }
}

impl IssueWire {
    fn into_snapshot(self) -> IssueSnapshot {
        IssueSnapshot {
            id: self.id,
            repository_id: self.repository.database_id.unwrap_or(RepositoryId(0)),
            issue: IssueRef::new(self.repository.name_with_owner, self.number),
            title: self.title,
            body: self.body,
            url: self.url,
            state: self.state,
            state_reason: reason(self.state_reason),
            closed_at: self.closed_at,
            updated_at: self.updated_at,
            locked: self.locked,
            labels: self.labels.unwrap_or_default().into_nodes().map(|label| label.name).collect(),
            assignees: self.assignees.unwrap_or_default().into_nodes().map(|user| user.login).collect(),
            board_items: self.project_items.unwrap_or_default().into_nodes().filter_map(ItemWire::into_item).collect(),
        }
    }
}

impl ItemWire {
    fn into_item(self) -> Option<BoardItem> {
        Some(BoardItem {
            project: self.project?.id,
            item: self.id,
            archived: self.is_archived,
            values: self.field_values.unwrap_or_default().into_nodes().filter_map(ValueWire::into_value).collect(),
        })
    }
}

/// REST writes reasons small, GraphQL large.
pub(super) fn reason(reason: Option<String>) -> Option<String> {
    reason.map(|reason| reason.to_ascii_lowercase())
}
