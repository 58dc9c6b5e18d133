//! What happened to issues and who did it, many per query: how a person's act is told from our own.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::read_issues::reason;
use super::{Connection, variables};
use crate::github::{Error, Installation};
use crate::ids::{NodeId, RepositoryName};

/// Issues per query: each brings up to 100 acts, 50 edits and 50 comments, 4 000 nodes of the 500 000 that GitHub allows.
const PER_REQUEST: usize = 20;

/// `boards`: with the moves of cards, which the App sees where it may read boards.
pub(super) fn document(boards: bool) -> String {
    let (kind, moved) = match boards {
        true => (
            ", PROJECT_V2_ITEM_STATUS_CHANGED_EVENT",
            "\n        ... on ProjectV2ItemStatusChangedEvent { createdAt actor { ...Who } previousStatus status wasAutomated }",
        ),
        false => ("", ""),
    };
    format!(
        r#"query IssueHistories($ids: [ID!]!) {{
  nodes(ids: $ids) {{ ... on Issue {{
    id
    author {{ ...Who }}
    userContentEdits(first: 50) {{ nodes {{ editedAt editor {{ ...Who }} }} }}
    comments(last: 50) {{ nodes {{ createdAt author {{ ...Who }} }} }}
    timelineItems(last: 100, itemTypes: [ASSIGNED_EVENT, CLOSED_EVENT, RENAMED_TITLE_EVENT, REOPENED_EVENT, TRANSFERRED_EVENT, UNASSIGNED_EVENT{kind}]) {{
      nodes {{
        __typename
        ... on AssignedEvent {{ createdAt actor {{ ...Who }} assignee {{ ...Who }} }}
        ... on ClosedEvent {{ createdAt actor {{ ...Who }} stateReason }}
        ... on RenamedTitleEvent {{ createdAt actor {{ ...Who }} previousTitle currentTitle }}
        ... on ReopenedEvent {{ createdAt actor {{ ...Who }} }}
        ... on TransferredEvent {{ createdAt actor {{ ...Who }} fromRepository {{ nameWithOwner }} }}
        ... on UnassignedEvent {{ createdAt actor {{ ...Who }} assignee {{ ...Who }} }}{moved}
      }}
    }}
  }} }}
}}
fragment Who on Actor {{ __typename login }}"#
    )
}

/// An account that did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// As REST spells it: `slug[bot]` for an App.
    pub login: String,
    pub bot: bool,
}

#[derive(Deserialize)]
pub(super) struct ActorWire {
    #[serde(rename = "__typename")]
    kind: String,
    login: String,
}

impl ActorWire {
    /// GraphQL leaves out the `[bot]` that REST and webhooks write.
    pub(super) fn into_actor(self) -> Actor {
        let bot = self.kind == "Bot";
        let login = if bot && !self.login.ends_with("[bot]") { format!("{}[bot]", self.login) } else { self.login };
        Actor { login, bot }
    }
}

/// What happened to an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueHistory {
    pub id: NodeId,
    /// `None` when the account was deleted.
    pub author: Option<Actor>,
    /// Who wrote the body, newest first; once it was edited the first writing is among them. Empty for a body that was
    /// never edited.
    pub body_edits: Vec<BodyEdit>,
    /// The last hundred acts, oldest first.
    pub acts: Vec<IssueAct>,
    /// The last fifty comments, oldest first.
    pub comments: Vec<IssueCommentBy>,
}

/// Who commented on an issue, without what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueCommentBy {
    pub at: Timestamp,
    /// `None` when the account was deleted.
    pub actor: Option<Actor>,
}

impl IssueHistory {
    /// Whether somebody besides the App (`our_login`, `slug[bot]`) has had the issue in hand: opened, assigned, renamed,
    /// closed, reopened or transferred it, moved its card, edited its text or commented on it.
    ///
    /// What other bots write (text, comments) does not count: they write on everything. What they do to its state does, but not
    /// what a board does by itself. Of a deleted account nothing is known but that it was not ours.
    pub fn people_touched(&self, our_login: &str) -> bool {
        let other = |actor: &Option<Actor>| actor.as_ref().is_none_or(|actor| !actor.login.eq_ignore_ascii_case(our_login));
        let person = |actor: &Option<Actor>| other(actor) && actor.as_ref().is_none_or(|actor| !actor.bot);
        person(&self.author)
            || self.acts.iter().any(|act| other(&act.actor) && !act.kind.is_automatic())
            || self.body_edits.iter().any(|edit| person(&edit.editor))
            || self.comments.iter().any(|comment| person(&comment.actor))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyEdit {
    pub at: Timestamp,
    /// `None` when the account was deleted.
    pub editor: Option<Actor>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueAct {
    pub at: Timestamp,
    /// `None` when the account was deleted.
    pub actor: Option<Actor>,
    pub kind: ActKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActKind {
    Assigned {
        login: Option<String>,
    },
    Unassigned {
        login: Option<String>,
    },
    /// `completed`, `not_planned`, `duplicate`.
    Closed {
        reason: Option<String>,
    },
    Reopened,
    /// Its card went to another column of a board.
    CardMoved {
        from: String,
        to: String,
        /// By a workflow of the board, in somebody's name.
        automated: bool,
    },
    Renamed {
        from: String,
        to: String,
    },
    /// It came from another repository, which the App may not see.
    Transferred {
        from: Option<RepositoryName>,
    },
}

impl ActKind {
    fn is_automatic(&self) -> bool {
        matches!(self, Self::CardMoved { automated: true, .. })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HistoryWire {
    id: NodeId,
    author: Option<ActorWire>,
    #[serde(default)]
    user_content_edits: Option<Connection<EditWire>>,
    timeline_items: Connection<ActWire>,
    #[serde(default)]
    comments: Option<Connection<CommentWire>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommentWire {
    created_at: Timestamp,
    author: Option<ActorWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EditWire {
    edited_at: Timestamp,
    editor: Option<ActorWire>,
}

#[derive(Deserialize)]
#[serde(tag = "__typename")]
enum ActWire {
    AssignedEvent(AssigneeWire),
    UnassignedEvent(AssigneeWire),
    #[serde(rename_all = "camelCase")]
    ClosedEvent {
        created_at: Timestamp,
        actor: Option<ActorWire>,
        state_reason: Option<String>,
    },
    #[serde(rename_all = "camelCase")]
    ReopenedEvent {
        created_at: Timestamp,
        actor: Option<ActorWire>,
    },
    #[serde(rename_all = "camelCase")]
    RenamedTitleEvent {
        created_at: Timestamp,
        actor: Option<ActorWire>,
        previous_title: String,
        current_title: String,
    },
    #[serde(rename_all = "camelCase")]
    ProjectV2ItemStatusChangedEvent {
        created_at: Timestamp,
        actor: Option<ActorWire>,
        #[serde(default)]
        previous_status: Option<String>,
        #[serde(default)]
        status: Option<String>,
        #[serde(default)]
        was_automated: bool,
    },
    #[serde(rename_all = "camelCase")]
    TransferredEvent {
        created_at: Timestamp,
        actor: Option<ActorWire>,
        from_repository: Option<NameWire>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssigneeWire {
    created_at: Timestamp,
    actor: Option<ActorWire>,
    /// An empty object for an assignee that is no account.
    assignee: Option<AssigneeLoginWire>,
}

#[derive(Deserialize)]
struct AssigneeLoginWire {
    #[serde(default)]
    login: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NameWire {
    name_with_owner: RepositoryName,
}

impl ActWire {
    fn into_act(self) -> Option<IssueAct> {
        let (at, actor, kind) = match self {
            Self::AssignedEvent(wire) => {
                (wire.created_at, wire.actor, ActKind::Assigned { login: wire.assignee.and_then(|who| who.login) })
            }
            Self::UnassignedEvent(wire) => {
                (wire.created_at, wire.actor, ActKind::Unassigned { login: wire.assignee.and_then(|who| who.login) })
            }
            Self::ClosedEvent { created_at, actor, state_reason } => {
                (created_at, actor, ActKind::Closed { reason: reason(state_reason) })
            }
            Self::ReopenedEvent { created_at, actor } => (created_at, actor, ActKind::Reopened),
            Self::RenamedTitleEvent { created_at, actor, previous_title, current_title } => {
                (created_at, actor, ActKind::Renamed { from: previous_title, to: current_title })
            }
            Self::ProjectV2ItemStatusChangedEvent { created_at, actor, previous_status, status, was_automated } => {
                let (from, to) = (previous_status.unwrap_or_default(), status.unwrap_or_default());
                (created_at, actor, ActKind::CardMoved { from, to, automated: was_automated })
            }
            Self::TransferredEvent { created_at, actor, from_repository } => {
                (created_at, actor, ActKind::Transferred { from: from_repository.map(|from| from.name_with_owner) })
            }
            Self::Other => return None,
        };
        Some(IssueAct { at, actor: actor.map(ActorWire::into_actor), kind })
    }
}

impl HistoryWire {
    fn into_history(self) -> IssueHistory {
        let comment = |wire: CommentWire| IssueCommentBy { at: wire.created_at, actor: wire.author.map(ActorWire::into_actor) };
        let edit = |wire: EditWire| BodyEdit { at: wire.edited_at, editor: wire.editor.map(ActorWire::into_actor) };
        IssueHistory {
            id: self.id,
            author: self.author.map(ActorWire::into_actor),
            body_edits: self.user_content_edits.unwrap_or_default().into_nodes().map(edit).collect(),
            acts: self.timeline_items.into_nodes().filter_map(ActWire::into_act).collect(),
            comments: self.comments.unwrap_or_default().into_nodes().map(comment).collect(),
        }
    }
}

impl Installation {
    /// Reads what happened to issues, by their node ids, in the order given; [`Error::NotFound`] for those that are gone.
    pub async fn read_issue_histories(&self, ids: &[NodeId]) -> Result<Vec<Result<IssueHistory, Error>>, Error> {
        let mut histories = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(PER_REQUEST) {
            let text = document(!self.boards_refused());
            let mut answer = self.query(&text, variables([("ids", json!(chunk))])).await?;
            let mut nodes: Vec<Value> = answer.take(&["nodes"])?;
            nodes.resize(chunk.len(), Value::Null);
            for (id, node) in chunk.iter().zip(nodes) {
                let is_issue = node.as_object().is_some_and(|fields| !fields.is_empty());
                histories.push(match is_issue {
                    false => Err(Error::not_found(format!("issue {id}"))),
                    true => serde_json::from_value::<HistoryWire>(node)
                        .map(HistoryWire::into_history)
                        .map_err(|_| Error::malformed(format!("issue {id} without its history"))),
                });
            }
        }
        Ok(histories)
    }
}
