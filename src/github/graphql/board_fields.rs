//! Setting the fields of items on a board, many per request.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::Connection;
use super::read_issues::{VALUES, ValueWire};
use crate::github::{Error, Installation, Refusal, Repeat};
use crate::ids::NodeId;

/// Fields that one request sets, as in GitHub's own tool (GITHUB §1.4).
pub const FIELDS_PER_REQUEST: usize = 20;

/// A value of a field, as GitHub takes it and gives it back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum FieldValue {
    #[serde(rename = "text")]
    Text(String),
    /// Finite.
    #[serde(rename = "number")]
    Number(f64),
    #[serde(rename = "date")]
    Date(Date),
    /// An option's id.
    #[serde(rename = "singleSelectOptionId")]
    SingleSelect(String),
    /// An iteration's id.
    #[serde(rename = "iterationId")]
    Iteration(String),
}

/// One field of one item to be set.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldWrite {
    pub project: NodeId,
    pub item: NodeId,
    pub field: NodeId,
    pub value: FieldValue,
}

/// A field that was set, as GitHub reads it back.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenField {
    pub item: NodeId,
    /// `None` when GitHub does not show a value yet.
    pub value: Option<FieldValue>,
}

pub(super) fn document(count: usize) -> String {
    let mut declared = Vec::new();
    let mut aliases = String::new();
    for index in 0..count {
        declared.push(format!("$f{index}: UpdateProjectV2ItemFieldValueInput!"));
        let _ = writeln!(
            aliases,
            "  f{index}: updateProjectV2ItemFieldValue(input: $f{index}) {{ projectV2Item {{ id {VALUES} }} }}"
        );
    }
    format!("mutation SetBoardFields({}) {{\n{aliases}}}", declared.join(", "))
}

impl Installation {
    /// Sets fields and gives what GitHub has afterwards, in the same order.
    pub async fn set_board_fields(&self, writes: &[FieldWrite]) -> Vec<Result<WrittenField, Error>> {
        let mut results = Vec::with_capacity(writes.len());
        for chunk in writes.chunks(FIELDS_PER_REQUEST) {
            results.extend(self.set_chunk(chunk).await);
        }
        results
    }

    async fn set_chunk(&self, chunk: &[FieldWrite]) -> Vec<Result<WrittenField, Error>> {
        let mut variables = Map::new();
        for (index, write) in chunk.iter().enumerate() {
            if matches!(write.value, FieldValue::Number(number) if !number.is_finite()) {
                return vec![Err(Error::refused(Refusal::Invalid, "a number that is not finite cannot be set")); chunk.len()];
            }
            let input = json!({ "projectId": write.project, "itemId": write.item, "fieldId": write.field, "value": write.value });
            variables.insert(format!("f{index}"), input);
        }
        let mut answer = match self.mutate(&document(chunk.len()), variables, Repeat::Safe).await {
            Ok(answer) => answer,
            Err(error) => return vec![Err(error); chunk.len()],
        };
        let take = |(index, write): (usize, &FieldWrite)| {
            Ok(answer.take::<Payload>(&[&format!("f{index}")])?.into_written(&write.field))
        };
        chunk.iter().enumerate().map(take).collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    project_v2_item: ItemWire,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemWire {
    id: NodeId,
    #[serde(default)]
    field_values: Option<Connection<ValueWire>>,
}

impl Payload {
    fn into_written(self, field: &NodeId) -> WrittenField {
        let item = self.project_v2_item;
        let values = item.field_values.unwrap_or_default().into_nodes().filter_map(ValueWire::into_value);
        let value = values.into_iter().find(|value| value.field == *field).map(|value| value.value);
        WrittenField { item: item.id, value }
    }
}
