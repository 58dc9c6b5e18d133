//! Mutations of review threads.

use serde::Deserialize;

use super::{
    super::{
        super::{access::Level, refusal::Refusal, state::Outcome},
        execution::{Args, Context, Object},
        query,
    },
    Payload,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resolve {
    thread_id: String,
}

/// Takes writing of contents, whatever one would expect (community discussion 44650; github/gh-aw#35726).
pub(super) fn resolve(context: &Context<'_>, args: &Args<'_>) -> Outcome<Payload> {
    let input: Resolve = args.input()?;
    let Object::ReviewThread(id) = query::node(context, &input.thread_id)? else {
        return Err(Refusal::no_node(&input.thread_id));
    };
    let repository = context.with(|state| state.review_thread(id).map(|thread| thread.pull.repository))?;
    context.require(repository, "pull_requests", Level::Write)?;
    context.require(repository, "contents", Level::Write)?;
    let actor = context.actor();
    context.with(|state| state.set_resolved(id, args.field == "resolveReviewThread", actor))?;
    Ok(vec![("thread", Object::ReviewThread(id).into())])
}
