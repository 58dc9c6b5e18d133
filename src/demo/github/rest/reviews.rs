//! Reviews of pull requests and their comments on lines.

use serde::Deserialize;
use serde_json::json;

use super::{
    super::{
        access::Level,
        refusal::Refusal,
        server::Reply,
        shapes,
        state::{
            Outcome, ThreadRef,
            issues::ReactionSubject,
            reviews::{DiffLines, NewReview, NewReviewComment, ReviewState, Side},
        },
    },
    Rest,
    comments::{NewReaction, reaction_shape},
    number, thread, validation,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewComment {
    path: String,
    body: String,
    line: Option<u64>,
    side: Option<String>,
    start_line: Option<u64>,
    start_side: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSingle {
    body: String,
    commit_id: String,
    path: String,
    line: Option<u64>,
    side: Option<String>,
    start_line: Option<u64>,
    start_side: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWhole {
    commit_id: Option<String>,
    #[serde(default)]
    body: String,
    event: Option<String>,
    #[serde(default)]
    comments: Vec<NewComment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    body: String,
}

fn side(text: Option<&str>) -> Outcome<Side> {
    match text {
        Some("RIGHT") | None => Ok(Side::Right),
        Some("LEFT") => Ok(Side::Left),
        Some(_) => Err(Refusal::unprocessable("side must be LEFT or RIGHT")),
    }
}

impl NewComment {
    fn read(self) -> Outcome<NewReviewComment> {
        let on = side(self.side.as_deref())?;
        if self.start_line.is_some() && side(self.start_side.as_deref())? != on {
            return Err(Refusal::Unexpected("comments from one side of the diff to the other".to_owned()));
        }
        let line = self.line.ok_or_else(|| Refusal::unprocessable("Line could not be resolved"))?;
        Ok(NewReviewComment { lines: DiffLines { path: self.path, side: on, start: self.start_line, line }, body: self.body })
    }
}

/// The pull request of a number, once the caller may do this to it.
fn pull(rest: &Rest<'_>, repository: u64, number: &str, level: Level) -> Outcome<ThreadRef> {
    rest.caller.require(rest.state, repository, "pull_requests", level)?;
    let at = thread(repository, number)?;
    rest.state.pull(at).map(|_| at)
}

/// The comment of that id, when it belongs to this repository.
fn own(rest: &Rest<'_>, repository: u64, id: &str, level: Level) -> Outcome<u64> {
    rest.caller.require(rest.state, repository, "pull_requests", level)?;
    let id = number(id)?;
    match rest.state.pull_of_comment(id)?.repository == repository {
        true => Ok(id),
        false => Err(Refusal::not_found()),
    }
}

/// A review, with everything it says: GitHub refuses all of it for one wrong line.
pub(super) fn submit(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    let at = pull(rest, repository, number, Level::Write)?;
    let new: NewWhole = rest.body()?;
    let state = match new.event.as_deref() {
        Some("COMMENT") => ReviewState::Commented,
        Some("APPROVE") => ReviewState::Approved,
        Some("REQUEST_CHANGES") => ReviewState::ChangesRequested,
        None => return Err(Refusal::Unexpected("reviews that are not submitted".to_owned())),
        Some(_) => return Err(Refusal::unprocessable("event is not one of APPROVE, REQUEST_CHANGES, COMMENT")),
    };
    if state != ReviewState::Approved && new.body.trim().is_empty() {
        return Ok(unprocessable("Review body is missing"));
    }
    let actor = rest.actor();
    let comments: Outcome<Vec<NewReviewComment>> = new.comments.into_iter().map(NewComment::read).collect();
    let review = comments.map(|comments| NewReview { state, body: new.body, commit: new.commit_id, comments });
    match review.and_then(|review| rest.state.submit_review(at, review, actor)) {
        Ok(id) => Ok(Reply::ok(shapes::review(rest.state, id)?)),
        Err(Refusal::Unprocessable(message)) => Ok(unprocessable(&message)),
        Err(other) => Err(other),
    }
}

/// The plain shape that reviews are refused in.
fn unprocessable(message: &str) -> Reply {
    let documentation_url = "https://docs.github.com/rest/pulls/reviews#create-a-review-for-a-pull-request";
    let body =
        json!({"message": "Unprocessable Entity", "errors": [message], "documentation_url": documentation_url, "status": "422"});
    Reply::json(422, body)
}

pub(super) fn list(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    let at = pull(rest, repository, number, Level::Read)?;
    rest.only_params(&[])?;
    let ids: Vec<u64> = rest.state.reviews_of(at).iter().map(|review| review.id).collect();
    Ok(rest.page(ids, |state, id| shapes::review(state, id).unwrap_or_default()))
}

/// One comment on lines; GitHub wraps it into a review of its own.
pub(super) fn create_comment(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    let at = pull(rest, repository, number, Level::Write)?;
    let new: NewSingle = rest.body()?;
    let NewSingle { body, commit_id, path, line, side, start_line, start_side } = new;
    let comment = NewComment { path, body, line, side, start_line, start_side };
    let actor = rest.actor();
    let made = comment.read().and_then(|comment| {
        let review =
            NewReview { state: ReviewState::Commented, body: String::new(), commit: Some(commit_id), comments: vec![comment] };
        let review = rest.state.submit_review(at, review, actor)?;
        rest.state.review(review)?.comments.first().copied().ok_or_else(Refusal::not_found)
    });
    match made {
        Ok(id) => Ok(Reply::json(201, shapes::review_comment(rest.state, id)?)),
        Err(Refusal::Unprocessable(message)) => {
            Ok(validation("PullRequestReviewComment", "pull_request_review_thread.line", "custom", &message))
        }
        Err(other) => Err(other),
    }
}

pub(super) fn list_comments(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    let at = pull(rest, repository, number, Level::Read)?;
    rest.only_params(&[])?;
    let mut ids: Vec<u64> = rest.state.threads_of(at).iter().flat_map(|thread| thread.comments.clone()).collect();
    ids.sort_unstable();
    Ok(rest.page(ids, |state, id| shapes::review_comment(state, id).unwrap_or_default()))
}

pub(super) fn reply(rest: &mut Rest<'_>, repository: u64, number: &str, comment: &str) -> Outcome<Reply> {
    pull(rest, repository, number, Level::Write)?;
    let comment = own(rest, repository, comment, Level::Write)?;
    let new: Body = rest.body()?;
    let thread = rest.state.review_comment(comment)?.thread;
    let actor = rest.actor();
    let id = rest.state.reply(thread, &new.body, actor)?;
    Ok(Reply::json(201, shapes::review_comment(rest.state, id)?))
}

pub(super) fn show_comment(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    let id = own(rest, repository, id, Level::Read)?;
    Ok(Reply::ok(shapes::review_comment(rest.state, id)?))
}

pub(super) fn update_comment(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    let id = own(rest, repository, id, Level::Write)?;
    let new: Body = rest.body()?;
    let actor = rest.actor();
    rest.state.edit_review_comment(id, &new.body, actor)?;
    Ok(Reply::ok(shapes::review_comment(rest.state, id)?))
}

pub(super) fn delete_comment(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    let id = own(rest, repository, id, Level::Write)?;
    let actor = rest.actor();
    rest.state.delete_review_comment(id, actor)?;
    Ok(Reply::empty(204))
}

pub(super) fn react(rest: &mut Rest<'_>, repository: u64, id: &str) -> Outcome<Reply> {
    let id = own(rest, repository, id, Level::Write)?;
    let new: NewReaction = rest.body()?;
    let actor = rest.actor();
    let before = rest.state.review_comment(id)?.reactions.len();
    let reaction = rest.state.react(ReactionSubject::ReviewComment(id), &new.content, actor)?;
    let status = if rest.state.review_comment(id)?.reactions.len() > before { 201 } else { 200 };
    Ok(Reply::json(status, reaction_shape(rest.state, &reaction)))
}
