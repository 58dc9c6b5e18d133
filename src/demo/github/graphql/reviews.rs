//! `PullRequestReview`, `PullRequestReviewThread` and `PullRequestReviewComment`.

use super::{
    super::{
        access::Level,
        node_id, shapes,
        state::{AccountKind, Outcome, State},
    },
    accounts::actor,
    execution::{Args, Context, Object, Value},
};

pub(super) fn review(context: &Context<'_>, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let review = state.review(id)?;
        let (repository, pull) = (state.repository(review.pull.repository)?, state.thread(review.pull)?);
        Ok(match args.field {
            "id" => Value::leaf(node_id::review(id)),
            "databaseId" => Value::int(id),
            "fullDatabaseId" => Value::leaf(id.to_string()),
            "author" => actor(state, review.author),
            "authorAssociation" => Value::leaf(shapes::association(state, repository.id, review.author)),
            "viewerDidAuthor" => Value::leaf(review.author == context.caller.actor(state)),
            "body" => Value::leaf(review.body.clone()),
            "state" => Value::leaf(review.state.name()),
            "commit" => Object::Commit(repository.id, review.commit.clone()).into(),
            "submittedAt" | "createdAt" | "updatedAt" | "publishedAt" => Value::time(review.submitted_at),
            "lastEditedAt" => Value::NULL,
            "url" => Value::leaf(format!("{}#pullrequestreview-{id}", state.thread_url(repository, pull))),
            "pullRequest" => Object::PullRequest(review.pull).into(),
            "comments" => return comments(&review.comments, args),
            _ => return Err(args.unknown()),
        })
    })
}

fn comments(ids: &[u64], args: &Args<'_>) -> Outcome<Value> {
    let comments = ids.iter().map(|id| (id.to_string(), Object::ReviewComment(*id).into()));
    args.page("PullRequestReviewCommentConnection", comments.collect())
}

fn person(state: &State, account: Option<u64>) -> Value {
    let user = account.filter(|id| state.accounts.get(id).is_some_and(|account| account.kind == AccountKind::User));
    user.map_or(Value::NULL, |user| actor(state, user))
}

pub(super) fn thread(context: &Context<'_>, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let thread = state.review_thread(id)?;
        let (pull, lines) = (thread.pull, &thread.lines);
        // Asked for by few fields, and the work of a diff.
        let now = || state.placed(thread);
        let resolved = thread.resolved_by.is_some();
        // Resolving is gated by contents, not by pull requests (community discussion 44650).
        let may = |permission| context.caller.require(state, pull.repository, permission, Level::Write).is_ok();
        Ok(match args.field {
            "id" => Value::leaf(node_id::review_thread(id)),
            "path" => Value::leaf(lines.path.clone()),
            "diffSide" => Value::leaf(lines.side.name()),
            "startDiffSide" => Value::leaf(lines.start.map(|_| lines.side.name())),
            "subjectType" => Value::leaf("LINE"),
            "line" => Value::leaf(now().map(|now| now.line)),
            "startLine" => Value::leaf(now().and_then(|now| now.start)),
            "originalLine" => Value::leaf(lines.line),
            "originalStartLine" => Value::leaf(lines.start),
            "isOutdated" => Value::leaf(now().is_none()),
            "isResolved" => Value::leaf(resolved),
            "isCollapsed" => Value::leaf(resolved || now().is_none()),
            "resolvedBy" => person(state, thread.resolved_by),
            "viewerCanReply" => Value::leaf(may("pull_requests")),
            "viewerCanResolve" => Value::leaf(may("contents") && !resolved),
            "viewerCanUnresolve" => Value::leaf(may("contents") && resolved),
            "pullRequest" => Object::PullRequest(pull).into(),
            "repository" => Object::Repository(pull.repository).into(),
            "comments" => return comments(&thread.comments, args),
            _ => return Err(args.unknown()),
        })
    })
}

pub(super) fn comment(context: &Context<'_>, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let comment = state.review_comment(id)?;
        let thread = state.review_thread(comment.thread)?;
        let (pull, lines) = (thread.pull, &thread.lines);
        // Asked for by few fields, and the work of a diff.
        let now = || state.placed(thread);
        let url = || shapes::review_comment_url(state, id);
        Ok(match args.field {
            "id" => Value::leaf(node_id::review_comment(id)),
            "databaseId" => Value::int(id),
            "fullDatabaseId" => Value::leaf(id.to_string()),
            "body" => Value::leaf(comment.body.clone()),
            "author" => actor(state, comment.author),
            "authorAssociation" => Value::leaf(shapes::association(state, pull.repository, comment.author)),
            "editor" => comment.edited.map_or(Value::NULL, |(by, _)| actor(state, by)),
            "lastEditedAt" => comment.edited.map_or(Value::NULL, |(_, at)| Value::time(at)),
            "viewerDidAuthor" => Value::leaf(comment.author == context.caller.actor(state)),
            "createdAt" => Value::time(comment.created_at),
            "updatedAt" => Value::time(comment.updated_at),
            "path" => Value::leaf(lines.path.clone()),
            "diffHunk" => Value::leaf(thread.hunk.clone()),
            "line" => Value::leaf(now().map(|now| now.line)),
            "startLine" => Value::leaf(now().and_then(|now| now.start)),
            "originalLine" => Value::leaf(lines.line),
            "originalStartLine" => Value::leaf(lines.start),
            "outdated" => Value::leaf(now().is_none()),
            "originalCommit" => Object::Commit(pull.repository, thread.commit.clone()).into(),
            "replyTo" => {
                let first = thread.comments.first().copied().filter(|first| *first != id);
                Value::optional(first.map(Object::ReviewComment))
            }
            "pullRequest" => Object::PullRequest(pull).into(),
            "pullRequestReview" => Object::Review(comment.review).into(),
            "repository" => Object::Repository(pull.repository).into(),
            "url" => Value::leaf(url()),
            "resourcePath" => Value::leaf(url().strip_prefix(&state.base_url).unwrap_or_default()),
            "reactions" => return super::conversation::reactions(state, &comment.reactions, args),
            _ => return Err(args.unknown()),
        })
    })
}
