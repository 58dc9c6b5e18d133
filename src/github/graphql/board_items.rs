//! Putting issues on a board.
//!
//! A pair of board and issue is there once at most, so adding is safe to repeat. GitHub documents that an item that is
//! there already is given back, yet also answers "Content already exists in this project" (GITHUB §1.2); and an issue that
//! was opened a moment ago may not be found yet (GITHUB §1.4). Both are settled here.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Map, json};

use super::IdOnly;
use crate::github::{Error, Installation, Refusal, Repeat};
use crate::ids::NodeId;

/// Items per request, as in GitHub's own tool (GITHUB §1.4).
const PER_REQUEST: usize = 20;
/// How often items that are not found yet are asked for.
const ATTEMPTS: u32 = 4;

/// An issue to be put on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardAdd {
    pub project: NodeId,
    /// The issue.
    pub content: NodeId,
}

pub(super) fn document(count: usize) -> String {
    let mut declared = Vec::new();
    let mut aliases = String::new();
    for index in 0..count {
        declared.push(format!("$a{index}: AddProjectV2ItemByIdInput!"));
        let _ = writeln!(aliases, "  a{index}: addProjectV2ItemById(input: $a{index}) {{ item {{ id }} }}");
    }
    format!("mutation AddBoardItems({}) {{\n{aliases}}}", declared.join(", "))
}

impl Installation {
    /// Puts issues on boards and gives the items' ids, in the same order.
    pub async fn add_board_items(&self, adds: &[BoardAdd]) -> Vec<Result<NodeId, Error>> {
        let mut results = Vec::with_capacity(adds.len());
        for chunk in adds.chunks(PER_REQUEST) {
            results.extend(self.add_chunk(chunk).await);
        }
        results
    }

    async fn add_chunk(&self, chunk: &[BoardAdd]) -> Vec<Result<NodeId, Error>> {
        let mut results = self.add_once(chunk).await;
        for attempt in 0..ATTEMPTS {
            let missing = |result: &Result<NodeId, Error>| matches!(result, Err(Error::NotFound { .. }));
            if attempt + 1 == ATTEMPTS || !results.iter().any(missing) {
                break;
            }
            // Four times the pause of a read: seconds, as fresh issues need.
            tokio::time::sleep(self.inner.transport.settings.read_backoff * 4 * 2_u32.pow(attempt)).await;
            let again: Vec<(usize, BoardAdd)> = results
                .iter()
                .zip(chunk)
                .enumerate()
                .filter(|(_, (result, _))| missing(result))
                .map(|(at, (_, add))| (at, add.clone()))
                .collect();
            let adds: Vec<BoardAdd> = again.iter().map(|(_, add)| add.clone()).collect();
            for ((at, _), result) in again.iter().zip(self.add_once(&adds).await) {
                if let Some(slot) = results.get_mut(*at) {
                    *slot = result;
                }
            }
        }
        self.find_refused(chunk, results).await
    }

    async fn add_once(&self, chunk: &[BoardAdd]) -> Vec<Result<NodeId, Error>> {
        #[derive(Deserialize)]
        struct Payload {
            item: IdOnly,
        }
        let mut variables = Map::new();
        for (index, add) in chunk.iter().enumerate() {
            variables.insert(format!("a{index}"), json!({ "projectId": add.project, "contentId": add.content }));
        }
        match self.mutate(&document(chunk.len()), variables, Repeat::Safe).await {
            Ok(mut answer) => {
                let take = |index: usize| Ok(answer.take::<Payload>(&[&format!("a{index}")])?.item.id);
                (0..chunk.len()).map(take).collect()
            }
            Err(error) => vec![Err(error); chunk.len()],
        }
    }

    /// Replaces refusals of issues that are on their board by the items they have there.
    async fn find_refused(&self, chunk: &[BoardAdd], mut results: Vec<Result<NodeId, Error>>) -> Vec<Result<NodeId, Error>> {
        let refused: Vec<(usize, &BoardAdd)> = results
            .iter()
            .zip(chunk)
            .enumerate()
            .filter(|(_, (result, _))| matches!(result, Err(Error::Refused { .. })))
            .map(|(at, (_, add))| (at, add))
            .collect();
        if refused.is_empty() {
            return results;
        }
        let ids: Vec<NodeId> = refused.iter().map(|(_, add)| add.content.clone()).collect();
        let Ok(issues) = self.read_issues(&ids).await else { return results };
        let found: Vec<(usize, NodeId)> = refused
            .iter()
            .zip(issues)
            .filter_map(|((at, add), issue)| {
                Some((*at, issue.ok()?.board_items.into_iter().find(|item| item.project == add.project)?.item))
            })
            .collect();
        for (at, item) in found {
            if let Some(slot) = results.get_mut(at) {
                *slot = Ok(item);
            }
        }
        for result in &mut results {
            // It is there, and not shown yet: asking again later tells where.
            if let Err(Error::Refused { refusal: Refusal::Invalid, message }) = result
                && message.contains("already exists")
            {
                *result = Err(Error::Transient { message: std::mem::take(message) });
            }
        }
        results
    }
}
