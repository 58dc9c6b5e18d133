//! What happened to an issue or pull request: `timelineItems` and `userContentEdits`.

use serde_json::Value as Json;

use super::{
    super::{
        node_id,
        state::{
            Outcome, State, ThreadRef,
            issues::{Act, StateReason, ThreadEvent},
        },
    },
    accounts::actor,
    execution::{Args, Object, Value},
};

/// The acts of the kinds asked for, oldest first. Kinds that the trimmed schema lacks are not told.
pub(super) fn items(state: &State, at: ThreadRef, args: &Args<'_>) -> Outcome<Value> {
    let kinds: Option<Vec<String>> = args.get("itemTypes")?;
    let since: Option<jiff::Timestamp> = args.get("since")?;
    let found = state.thread(at)?;
    let subject = if found.pull.is_some() { Object::PullRequest(at) } else { Object::Issue(at) };
    let wanted = |event: &&ThreadEvent| {
        kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind == kind_of(&event.act)))
            && since.is_none_or(|since| event.at >= since)
    };
    let events = found.events.iter().filter(wanted);
    args.page("IssueTimelineItemsConnection", events.map(|event| (event.id.to_string(), shape(state, event, &subject))).collect())
}

fn kind_of(act: &Act) -> &'static str {
    match act {
        Act::Closed(_) => "CLOSED_EVENT",
        Act::Reopened => "REOPENED_EVENT",
        Act::Renamed { .. } => "RENAMED_TITLE_EVENT",
        Act::Assigned(_) => "ASSIGNED_EVENT",
        Act::Unassigned(_) => "UNASSIGNED_EVENT",
        Act::Transferred(_) => "TRANSFERRED_EVENT",
        Act::CardMoved { .. } => "PROJECT_V2_ITEM_STATUS_CHANGED_EVENT",
    }
}

fn reason(reason: Option<StateReason>) -> Value {
    Value::leaf(reason.map(|reason| Json::String(reason.rest().to_uppercase())))
}

fn shape(state: &State, event: &ThreadEvent, subject: &Object) -> Value {
    let it = || Value::from(subject.clone());
    let (type_name, prefix, own) = match &event.act {
        Act::Closed(why) => ("ClosedEvent", "CE", vec![("stateReason", reason(*why)), ("closable", it())]),
        Act::Reopened => ("ReopenedEvent", "RE", vec![("stateReason", reason(Some(StateReason::Reopened))), ("closable", it())]),
        Act::Renamed { from, to } => (
            "RenamedTitleEvent",
            "RTE",
            vec![("previousTitle", Value::leaf(from.clone())), ("currentTitle", Value::leaf(to.clone()))],
        ),
        Act::CardMoved { project, from, to } => (
            "ProjectV2ItemStatusChangedEvent",
            "PVISCE",
            vec![
                ("previousStatus", Value::leaf(from.clone())),
                ("status", Value::leaf(to.clone())),
                ("project", Object::Project(*project).into()),
                ("wasAutomated", Value::leaf(false)),
            ],
        ),
        Act::Assigned(account) => ("AssignedEvent", "AE", vec![("assignee", actor(state, *account)), ("assignable", it())]),
        Act::Unassigned(account) => ("UnassignedEvent", "UE", vec![("assignee", actor(state, *account)), ("assignable", it())]),
        Act::Transferred(from) => (
            "TransferredEvent",
            "TE",
            vec![("fromRepository", Value::optional(state.repositories.get(from).map(|found| Object::Repository(found.id))))],
        ),
    };
    let mut fields = vec![
        ("id", Value::leaf(node_id::event(prefix, event.id))),
        ("createdAt", Value::time(event.at)),
        ("actor", actor(state, event.actor)),
    ];
    fields.extend(own);
    Value::record(type_name, fields)
}

/// Who wrote the body when, newest first, the writing itself last; empty while nobody edited it.
pub(super) fn body_edits(state: &State, at: ThreadRef, args: &Args<'_>) -> Outcome<Value> {
    let edits = state.thread(at)?.body_edits.iter().enumerate().rev().map(|(index, (by, when))| {
        let id = node_id::event("UCE", state.thread(at).map(|thread| thread.id).unwrap_or_default() + index as u64);
        let fields = vec![
            ("id", Value::leaf(id)),
            ("editor", actor(state, *by)),
            ("editedAt", Value::time(*when)),
            ("createdAt", Value::time(*when)),
            ("updatedAt", Value::time(*when)),
            ("deletedAt", Value::NULL),
        ];
        (index.to_string(), Value::record("UserContentEdit", fields))
    });
    args.page("UserContentEditConnection", edits.collect())
}
