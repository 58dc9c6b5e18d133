//! Reviews of pull requests, and their threads of comments on lines of the diff. A thread keeps where it was begun; where it
//! stands now is computed from the two commits, and nowhere means that it is outdated.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{
        git::{self, Oid},
        refusal::Refusal,
        shapes,
    },
    Outcome, State, ThreadRef,
    issues::{LONGEST_BODY, Moment, Reaction},
};

/// What a reviewer says of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    Approved,
    ChangesRequested,
    Commented,
}

impl ReviewState {
    /// The spelling of REST's lists and of GraphQL. Webhooks write it in lower case.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::ChangesRequested => "CHANGES_REQUESTED",
            Self::Commented => "COMMENTED",
        }
    }
}

/// The old file is on the left, the new one on the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Left => "LEFT",
            Self::Right => "RIGHT",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub id: u64,
    pub pull: ThreadRef,
    pub author: u64,
    pub state: ReviewState,
    pub body: String,
    pub commit: Oid,
    pub submitted_at: Timestamp,
    pub comments: Vec<u64>,
}

/// Lines of one file of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiffLines {
    pub path: String,
    pub side: Side,
    /// First line where there are several.
    pub start: Option<u64>,
    pub line: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct ReviewThread {
    pub id: u64,
    pub pull: ThreadRef,
    /// Where it was begun.
    pub lines: DiffLines,
    /// The commit it was begun on.
    pub commit: Oid,
    pub hunk: String,
    pub resolved_by: Option<u64>,
    pub comments: Vec<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct ReviewComment {
    pub id: u64,
    pub thread: u64,
    pub review: u64,
    pub body: String,
    pub author: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub edited: Option<(u64, Timestamp)>,
    pub reactions: Vec<Reaction>,
}

/// A comment on lines to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewReviewComment {
    pub lines: DiffLines,
    pub body: String,
}

/// A review to be submitted.
#[derive(Debug, Clone)]
pub(crate) struct NewReview {
    pub state: ReviewState,
    pub body: String,
    /// The head where it is `None`.
    pub commit: Option<Oid>,
    pub comments: Vec<NewReviewComment>,
}

fn check_comment(body: &str) -> Outcome<()> {
    match body.chars().count() {
        _ if body.trim().is_empty() => Err(Refusal::unprocessable("Body can't be blank")),
        1..=LONGEST_BODY => Ok(()),
        _ => Err(Refusal::unprocessable("Body is too long (maximum is 65536 characters)")),
    }
}

impl State {
    /// The hunk that shows the lines, in the pull request as it is at `commit`.
    fn hunk_of(&self, pull: ThreadRef, commit: &str, lines: &DiffLines) -> Outcome<String> {
        let changes = self.pull_changes_at(pull, commit)?;
        let Some(change) = changes.into_iter().find(|change| change.path == lines.path) else {
            return Err(Refusal::unprocessable("Path could not be resolved"));
        };
        if lines.start.is_some_and(|start| start >= lines.line) {
            return Err(Refusal::unprocessable("Pull request review thread start line must precede the end line."));
        }
        // A file too large for a patch has no lines to comment on.
        let hunks = git::hunks(&change.patch.unwrap_or_default());
        let shown = |hunk: &git::Hunk, line: u64| match lines.side {
            Side::Left => hunk.left.contains(&line),
            Side::Right => hunk.right.contains(&line),
        };
        let Some(hunk) = hunks.iter().find(|hunk| shown(hunk, lines.line)) else {
            return Err(Refusal::unprocessable(
                "Pull request review thread line must be part of the diff and Pull request review thread diff hunk can't be blank",
            ));
        };
        match lines.start.is_none_or(|start| shown(hunk, start)) {
            true => Ok(hunk.text.clone()),
            false => {
                Err(Refusal::unprocessable("Pull request review thread start line must be part of the same hunk as the line."))
            }
        }
    }

    /// Submits a review with all its comments, or refuses it as a whole.
    pub(crate) fn submit_review(&mut self, pull: ThreadRef, new: NewReview, actor: u64) -> Outcome<u64> {
        self.writable(pull.repository)?;
        let head = self.pull(pull)?.head.clone();
        let commit = new.commit.unwrap_or(head);
        if self.objects(self.repository(pull.repository)?)?.commit(&commit).is_none() {
            return Err(Refusal::unprocessable("commit_id is not part of the pull request"));
        }
        if new.state != ReviewState::Commented && self.thread(pull)?.author == actor {
            let verb = if new.state == ReviewState::Approved { "approve" } else { "request changes on" };
            return Err(Refusal::unprocessable(format!("Can not {verb} your own pull request")));
        }
        if new.state != ReviewState::Approved && new.body.trim().is_empty() && new.comments.is_empty() {
            return Err(Refusal::unprocessable("Review body is missing"));
        }
        let mut hunks = Vec::new();
        for comment in &new.comments {
            check_comment(&comment.body)?;
            hunks.push(self.hunk_of(pull, &commit, &comment.lines)?);
        }
        let (id, submitted_at) = (self.large_id(), self.now());
        let review =
            Review { id, pull, author: actor, state: new.state, body: new.body, commit, submitted_at, comments: Vec::new() };
        let (commit, body) = (review.commit.clone(), review.body.clone());
        self.reviews.insert(id, review);
        let mut made = Vec::new();
        for (comment, hunk) in new.comments.into_iter().zip(hunks) {
            let thread = self.large_id();
            let (lines, commit) = (comment.lines, commit.clone());
            self.review_threads
                .insert(thread, ReviewThread { id: thread, pull, lines, commit, hunk, resolved_by: None, comments: Vec::new() });
            self.thread_mut(pull)?.timeline.push(Moment::Review(thread));
            made.push(self.insert_review_comment(thread, id, &comment.body, actor));
        }
        match new.state {
            ReviewState::Commented => {}
            decided => self.pull_mut(pull)?.review_decision = Some(decided.name()),
        }
        self.note(
            pull,
            actor,
            match new.state {
                ReviewState::Approved => "approved these changes",
                ReviewState::ChangesRequested => "requested changes",
                ReviewState::Commented => "reviewed",
            },
        );
        self.ping(pull, "", &body, actor);
        self.emit_review(id, "submitted", actor);
        for comment in made {
            self.emit_review_comment(comment, "created", actor, json!({}));
        }
        Ok(id)
    }

    fn insert_review_comment(&mut self, thread: u64, review: u64, body: &str, author: u64) -> u64 {
        let (id, now) = (self.large_id(), self.now());
        let comment = ReviewComment {
            id,
            thread,
            review,
            body: body.to_owned(),
            author,
            created_at: now,
            updated_at: now,
            edited: None,
            reactions: Vec::new(),
        };
        self.review_comments.insert(id, comment);
        if let Some(thread) = self.review_threads.get_mut(&thread) {
            thread.comments.push(id);
        }
        if let Some(review) = self.reviews.get_mut(&review) {
            review.comments.push(id);
        }
        if let Some(pull) = self.review_threads.get(&thread).map(|thread| thread.pull) {
            self.ping(pull, "", body, author);
        }
        id
    }

    /// Answers in a thread; GitHub wraps the answer into a review of its own.
    pub(crate) fn reply(&mut self, thread: u64, body: &str, actor: u64) -> Outcome<u64> {
        let found = self.review_thread(thread)?;
        let (pull, commit) = (found.pull, found.commit.clone());
        self.writable(pull.repository)?;
        check_comment(body)?;
        let (review, submitted_at) = (self.large_id(), self.now());
        self.reviews.insert(
            review,
            Review {
                id: review,
                pull,
                author: actor,
                state: ReviewState::Commented,
                body: String::new(),
                commit,
                submitted_at,
                comments: Vec::new(),
            },
        );
        let id = self.insert_review_comment(thread, review, body, actor);
        self.emit_review(review, "submitted", actor);
        self.emit_review_comment(id, "created", actor, json!({}));
        Ok(id)
    }

    pub(crate) fn review(&self, id: u64) -> Outcome<&Review> {
        self.reviews.get(&id).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn review_thread(&self, id: u64) -> Outcome<&ReviewThread> {
        self.review_threads.get(&id).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn review_comment(&self, id: u64) -> Outcome<&ReviewComment> {
        self.review_comments.get(&id).ok_or_else(Refusal::not_found)
    }

    /// The pull request that a review comment belongs to.
    pub(crate) fn pull_of_comment(&self, id: u64) -> Outcome<ThreadRef> {
        Ok(self.review_thread(self.review_comment(id)?.thread)?.pull)
    }

    /// Reviews of a pull request, oldest first.
    pub(crate) fn reviews_of(&self, pull: ThreadRef) -> Vec<&Review> {
        self.reviews.values().filter(|review| review.pull == pull).collect()
    }

    /// Threads of a pull request, oldest first.
    pub(crate) fn threads_of(&self, pull: ThreadRef) -> Vec<&ReviewThread> {
        self.review_threads.values().filter(|thread| thread.pull == pull).collect()
    }

    /// Where the lines of a thread are in the diff of today; `None` when it is outdated.
    pub(crate) fn placed(&self, thread: &ReviewThread) -> Option<DiffLines> {
        let pull = self.pull(thread.pull).ok()?;
        let lines = &thread.lines;
        let (start, line) = match lines.side {
            _ if pull.head == thread.commit => (lines.start.unwrap_or(lines.line), lines.line),
            Side::Left => (lines.start.unwrap_or(lines.line), lines.line),
            Side::Right => {
                let file = |commit: &str| self.files_at(thread.pull.repository, commit).get(&lines.path).cloned();
                let (before, after) = (file(&thread.commit)?, file(&pull.head)?);
                git::moved_lines(&before.bytes, &after.bytes, lines.start.unwrap_or(lines.line), lines.line)?
            }
        };
        let now = DiffLines { start: lines.start.map(|_| start), line, ..lines.clone() };
        self.hunk_of(thread.pull, &pull.head, &now).is_ok().then_some(now)
    }

    pub(crate) fn set_resolved(&mut self, thread: u64, resolved: bool, actor: u64) -> Outcome<()> {
        let pull = self.review_thread(thread)?.pull;
        self.writable(pull.repository)?;
        let Some(found) = self.review_threads.get_mut(&thread) else { return Err(Refusal::not_found()) };
        if found.resolved_by.is_some() == resolved {
            return Ok(());
        }
        found.resolved_by = resolved.then_some(actor);
        let shape = shapes::review_thread(self, thread)?;
        let payload = json!({"thread": shape, "pull_request": shapes::pull_request(self, pull)?});
        let action = if resolved { "resolved" } else { "unresolved" };
        self.emit("pull_request_review_thread", Some(action), pull.repository, actor, payload);
        Ok(())
    }

    pub(crate) fn edit_review_comment(&mut self, id: u64, body: &str, actor: u64) -> Outcome<()> {
        let pull = self.pull_of_comment(id)?;
        self.writable(pull.repository)?;
        check_comment(body)?;
        let now = self.now();
        let Some(comment) = self.review_comments.get_mut(&id) else { return Err(Refusal::not_found()) };
        if comment.body == body {
            return Ok(());
        }
        let before = std::mem::replace(&mut comment.body, body.to_owned());
        comment.updated_at = now;
        comment.edited = Some((actor, now));
        self.ping(pull, &before, body, actor);
        self.emit_review_comment(id, "edited", actor, json!({"changes": {"body": {"from": before}}}));
        Ok(())
    }

    /// Deletes a comment, and its thread with the last one.
    pub(crate) fn delete_review_comment(&mut self, id: u64, actor: u64) -> Outcome<()> {
        let (thread, review) = self.review_comment(id).map(|comment| (comment.thread, comment.review))?;
        self.writable(self.pull_of_comment(id)?.repository)?;
        self.emit_review_comment(id, "deleted", actor, json!({}));
        self.review_comments.remove(&id);
        if let Some(review) = self.reviews.get_mut(&review) {
            review.comments.retain(|kept| *kept != id);
        }
        let Some(found) = self.review_threads.get_mut(&thread) else { return Ok(()) };
        found.comments.retain(|kept| *kept != id);
        if found.comments.is_empty() {
            self.review_threads.remove(&thread);
        }
        Ok(())
    }

    fn emit_review(&mut self, id: u64, action: &'static str, actor: u64) {
        let Ok(pull) = self.review(id).map(|review| review.pull) else { return };
        let mut review = shapes::review(self, id).unwrap_or_default();
        review["state"] = json!(review["state"].as_str().unwrap_or_default().to_lowercase());
        let payload = json!({"review": review, "pull_request": shapes::pull_request(self, pull).unwrap_or_default()});
        self.emit("pull_request_review", Some(action), pull.repository, actor, payload);
    }

    fn emit_review_comment(&mut self, id: u64, action: &'static str, actor: u64, mut extra: Value) {
        let Ok(pull) = self.pull_of_comment(id) else { return };
        if let Some(extra) = extra.as_object_mut() {
            extra.insert("comment".to_owned(), shapes::review_comment(self, id).unwrap_or_default());
            extra.insert("pull_request".to_owned(), shapes::pull_request(self, pull).unwrap_or_default());
        }
        self.emit("pull_request_review_comment", Some(action), pull.repository, actor, extra);
    }

    /// Commits the suggestion of a comment to the branch of its pull request, as its author would; GitHub resolves the thread.
    pub(crate) fn accept_suggestion(&mut self, comment: u64, actor: u64) -> Outcome<Oid> {
        let found = self.review_comment(comment)?;
        let (thread, body) = (found.thread, found.body.clone());
        let outdated = || Refusal::unprocessable("This suggestion is outdated");
        let lines = self.placed(self.review_thread(thread)?).ok_or_else(outdated)?;
        let text = suggestion(&body).ok_or_else(|| Refusal::unprocessable("This comment suggests nothing"))?;
        let pull = self.pull(self.review_thread(thread)?.pull)?;
        let (repository, branch, head) = (pull.head_repository, pull.head_branch.clone(), pull.head.clone());
        let file = self.files_at(repository, &head).get(&lines.path).cloned().ok_or_else(Refusal::not_found)?;
        let old = String::from_utf8_lossy(&file.bytes).into_owned();
        let (first, mut new) = (lines.start.unwrap_or(lines.line), String::new());
        for (number, line) in (1u64..).zip(old.split_inclusive('\n')) {
            if number == first {
                new.push_str(&text);
            }
            if !(first..=lines.line).contains(&number) {
                new.push_str(line);
            }
        }
        let change = super::repositories::Change::write(lines.path, new);
        let oid = self.commit(repository, &branch, "Apply suggestion from code review", &[change], actor)?;
        self.set_resolved(thread, true, actor)?;
        Ok(oid)
    }
}

/// The lines of the first `suggestion` block of a comment, each with its line break.
fn suggestion(body: &str) -> Option<String> {
    let mut lines = body.lines();
    let fence = lines.find_map(|line| {
        let fence = line.strip_suffix("suggestion")?.trim_end();
        (fence.len() >= 3 && fence.chars().all(|c| c == '`')).then_some(fence)
    })?;
    let inner: Vec<&str> = lines.by_ref().take_while(|line| line.trim_end() != fence).collect();
    Some(inner.into_iter().flat_map(|line| [line, "\n"]).collect())
}
