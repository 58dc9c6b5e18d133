//! Comments on issues and pull requests, and reactions to them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        access::Level,
        node_id,
        refusal::Refusal,
        server::Reply,
        shapes,
        state::{
            Outcome, State,
            issues::{Reaction, ReactionSubject},
        },
    },
    Rest, number, thread,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReaction {
    pub content: String,
}

/// Ascending by id, as GitHub documents.
pub(super) fn list(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.conversation(repository, Level::Read)?;
    rest.only_params(&["since"])?;
    let mut ids = rest.state.thread(thread(repository, number)?)?.comments.clone();
    let listed = |created_at| rest.state.faults.is_listed(created_at, rest.state.now());
    ids.retain(|id| rest.state.comment(*id).is_ok_and(|comment| listed(comment.created_at)));
    if let Some(since) = rest.param("since") {
        let since: jiff::Timestamp = since.parse().map_err(|_| Refusal::unprocessable("since is not a time"))?;
        ids.retain(|id| rest.state.comment(*id).is_ok_and(|comment| comment.updated_at >= since));
    }
    Ok(rest.page(ids, |state, id| shapes::comment(state, id).unwrap_or_default()))
}

pub(super) fn create(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    let new: Body = rest.body()?;
    rest.conversation(repository, Level::Write)?;
    let actor = rest.actor();
    let id = rest.state.add_comment(thread(repository, number)?, &new.body, actor)?;
    Ok(Reply::json(201, shapes::comment(rest.state, id)?))
}

/// The comment of that id, when it belongs to this repository.
fn own(rest: &Rest<'_>, repository: u64, id: &str, level: Level) -> Outcome<u64> {
    rest.conversation(repository, level)?;
    let id = number(id)?;
    match rest.state.comment(id)?.thread.repository == repository {
        true => Ok(id),
        false => Err(Refusal::not_found()),
    }
}

pub(super) fn show(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    let id = own(rest, repository, id, Level::Read)?;
    Ok(Reply::ok(shapes::comment(rest.state, id)?))
}

pub(super) fn update(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    let id = own(rest, repository, id, Level::Write)?;
    let new: Body = rest.body()?;
    let actor = rest.actor();
    rest.state.edit_comment(id, &new.body, actor)?;
    Ok(Reply::ok(shapes::comment(rest.state, id)?))
}

pub(super) fn delete(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    let id = own(rest, repository, id, Level::Write)?;
    let actor = rest.actor();
    rest.state.delete_comment(id, actor)?;
    Ok(Reply::empty(204))
}

pub(super) fn reaction_shape(state: &State, reaction: &Reaction) -> Value {
    json!({"id": reaction.id, "node_id": node_id::reaction(reaction.id), "content": reaction.content,
        "user": shapes::user(state, reaction.user), "created_at": reaction.created_at.to_string()})
}

pub(super) fn reactions(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    let id = own(rest, repository, id, Level::Read)?;
    let all = rest.state.comment(id)?.reactions.clone();
    Ok(rest.page(all, |state, reaction| reaction_shape(state, &reaction)))
}

pub(super) fn react(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    let id = own(rest, repository, id, Level::Write)?;
    let new: NewReaction = rest.body()?;
    let actor = rest.actor();
    let before = rest.state.comment(id)?.reactions.len();
    let reaction = rest.state.react(ReactionSubject::Comment(id), &new.content, actor)?;
    let status = if rest.state.comment(id)?.reactions.len() > before { 201 } else { 200 };
    Ok(Reply::json(status, reaction_shape(rest.state, &reaction)))
}

pub(super) fn unreact(rest: &mut Rest<'_>, repository: u64, id: &str, reaction: &str) -> Outcome<Reply> {
    let (id, reaction) = (own(rest, repository, id, Level::Write)?, number(reaction)?);
    rest.state.reactions_mut(ReactionSubject::Comment(id))?.retain(|known| known.id != reaction);
    Ok(Reply::empty(204))
}
