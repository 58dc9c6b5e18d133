//! Labels that a repository lacks.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Map, json};

use super::IdOnly;
use crate::github::{Error, Installation, Refusal, Repeat};
use crate::ids::NodeId;

/// Labels per request, as many as GitHub's own tools batch (GITHUB §1.4).
const PER_REQUEST: usize = 20;

/// A label to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLabel {
    pub name: String,
    /// Six hexadecimal digits, with or without `#`.
    pub color: String,
    pub description: String,
}

pub(super) fn document(count: usize) -> String {
    let mut declared = Vec::new();
    let mut aliases = String::new();
    for index in 0..count {
        declared.push(format!("$l{index}: CreateLabelInput!"));
        let _ = writeln!(aliases, "  l{index}: createLabel(input: $l{index}) {{ label {{ id }} }}");
    }
    format!("mutation CreateLabels({}) {{\n{aliases}}}", declared.join(", "))
}

pub(super) fn lookup(count: usize) -> String {
    let mut declared = String::new();
    let mut aliases = String::new();
    for index in 0..count {
        let _ = write!(declared, ", $l{index}: String!");
        let _ = writeln!(aliases, "    l{index}: label(name: $l{index}) {{ id }}");
    }
    format!("query LookUpLabels($id: ID!{declared}) {{\n  node(id: $id) {{ ... on Repository {{\n{aliases}  }} }}\n}}")
}

impl Installation {
    /// Makes `labels` in a repository and gives their ids, in the same order. One that is there already is looked up.
    pub async fn create_labels(&self, repository: &NodeId, labels: &[NewLabel]) -> Vec<Result<NodeId, Error>> {
        #[derive(Deserialize)]
        struct Payload {
            label: IdOnly,
        }
        let mut results = Vec::with_capacity(labels.len());
        for chunk in labels.chunks(PER_REQUEST) {
            let mut variables = Map::new();
            for (index, label) in chunk.iter().enumerate() {
                let input = json!({
                    "repositoryId": repository, "name": label.name, "color": label.color.trim_start_matches('#'),
                    "description": label.description,
                });
                variables.insert(format!("l{index}"), input);
            }
            // A name is there once or not at all, so repeating does no harm.
            match self.mutate(&document(chunk.len()), variables, Repeat::Safe).await {
                Ok(mut answer) => {
                    let take = |index: usize| Ok(answer.take::<Payload>(&[&format!("l{index}")])?.label.id);
                    let made: Vec<Result<NodeId, Error>> = (0..chunk.len()).map(take).collect();
                    results.extend(self.look_up_refused(repository, chunk, made).await);
                }
                Err(error) => results.extend(vec![Err(error); chunk.len()]),
            }
        }
        results
    }

    /// Replaces refusals of labels that exist by the labels.
    async fn look_up_refused(
        &self,
        repository: &NodeId,
        labels: &[NewLabel],
        made: Vec<Result<NodeId, Error>>,
    ) -> Vec<Result<NodeId, Error>> {
        let refused = |result: &Result<NodeId, Error>| matches!(result, Err(Error::Refused { refusal: Refusal::Invalid, .. }));
        if !made.iter().any(refused) {
            return made;
        }
        let mut variables = Map::new();
        variables.insert("id".to_owned(), json!(repository));
        for (index, label) in labels.iter().enumerate() {
            variables.insert(format!("l{index}"), json!(label.name));
        }
        let Ok(mut answer) = self.query(&lookup(labels.len()), variables).await else { return made };
        let look_up =
            |(index, result): (usize, Result<NodeId, Error>)| match answer.take::<IdOnly>(&["node", &format!("l{index}")]) {
                Ok(found) if refused(&result) => Ok(found.id),
                Ok(_) | Err(_) => result,
            };
        made.into_iter().enumerate().map(look_up).collect()
    }
}
