//! What is done to issues that are there: written anew, closed, reopened, commented on, put under their parent.
//!
//! All but comments set something to a value, so that twice is once. A comment is announced in the ledger before it is sent
//! and comes before the act that it explains: as long as the act is not done, the next run comes by here again and looks
//! the comment up.

use super::Applying;
use crate::{
    github::{
        Error,
        graphql::{IssueUpdate, NewComment},
        rest::{ClosedAs, Comment},
    },
    ids::{ItemKey, NodeId},
    jobs::{Stop, settled_at},
    plan::{ActionKind, Followed, IssueState, TrackedIssue, marker},
    store,
};

/// An act with the comment that explains it.
struct Act<'a> {
    index: usize,
    item: &'a ItemKey,
    issue: &'a TrackedIssue,
    comment: &'a str,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Close(IssueState, Followed),
    Reopen,
    Leave,
}

impl<'a> Applying<'a> {
    pub(super) async fn add_sub_issues(&mut self) -> Result<(), Stop> {
        let wanted: Vec<(usize, &ItemKey, NodeId)> = self
            .plan
            .actions
            .iter()
            .enumerate()
            .filter_map(|(index, action)| match &action.kind {
                ActionKind::AddSubIssue(child) => Some((index, &action.item, child.clone())),
                _ => None,
            })
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let Some(parent) = self.tracking_issue().await? else { return Ok(()) };
        let children: Vec<NodeId> = wanted.iter().map(|(_, _, child)| child.clone()).collect();
        let mut stop = None;
        for ((index, item, _), added) in wanted.into_iter().zip(self.tools.installation.add_sub_issues(&parent, &children).await)
        {
            match added {
                Ok(()) => {
                    self.tools.store.record_sub_issue(&self.plan.document, item).await?;
                    self.applied.done.insert(index);
                }
                Err(error) if error.is_permanent() => {
                    // Refused for good: it is not asked for again.
                    self.tools.store.record_sub_issue(&self.plan.document, item).await?;
                    self.say(
                        format!("An issue could not be put under the tracking issue: {error}."),
                        "Add it there by hand, or switch `file.tracking_issue` off.",
                    );
                }
                Err(error) => stop = Some(error),
            }
        }
        stop.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Writes titles and marked regions anew.
    pub(super) async fn update(&mut self) -> Result<(), Stop> {
        let (mut updates, mut of) = (Vec::new(), Vec::new());
        for (index, action) in self.plan.actions.iter().enumerate() {
            if let ActionKind::UpdateIssue(update) = &action.kind {
                let (title, body) = (update.title.clone(), Some(update.body.clone()));
                updates.push(IssueUpdate { title, body, ..IssueUpdate::new(update.issue.id.clone()) });
                of.push((index, &action.item, update));
            }
        }
        let mut stop = None;
        for ((index, item, update), updated) in of.into_iter().zip(self.tools.installation.update_issues(&updates).await) {
            match updated {
                Ok(()) => {
                    if let Some(title) = &update.title {
                        self.tools.store.record_title(&self.plan.document, item, title).await?;
                    }
                    self.applied.done.insert(index);
                }
                Err(error) if error.is_permanent() => self.refused(&update.issue, "updated", &error),
                Err(error) => stop = Some(error),
            }
        }
        stop.map_or(Ok(()), |error| Err(error.into()))
    }

    pub(super) async fn comment_and_move(&mut self) -> Result<(), Stop> {
        let plan = self.plan;
        let acts = plan.actions.iter().enumerate().filter_map(|(index, action)| {
            let (issue, comment, what) = match &action.kind {
                ActionKind::CloseIssue(close) => (&close.issue, &close.comment, What::Close(close.as_state, close.followed)),
                ActionKind::ReopenIssue(reopen) => (&reopen.issue, &reopen.comment, What::Reopen),
                ActionKind::LeaveOpen(leave) => (&leave.issue, &leave.comment, What::Leave),
                _ => return None,
            };
            Some(Act { index, item: &action.item, issue, comment, what })
        });
        let acts: Vec<Act<'a>> = acts.collect();
        // A few at a time, so that a run that is cut off has few comments to look up.
        for chunk in acts.chunks(crate::github::graphql::COMMENTS_PER_REQUEST) {
            let commented = self.comment(chunk).await?;
            self.act(&commented).await?;
        }
        Ok(())
    }

    /// Comments, each once; gives the acts whose comment is there.
    async fn comment<'b>(&mut self, acts: &'b [Act<'a>]) -> Result<Vec<&'b Act<'a>>, Stop> {
        let (mut missing, mut there) = (Vec::new(), Vec::new());
        for act in acts {
            let gist = gist(act.comment).unwrap_or_default();
            let (store, document, now) = (self.tools.store, &self.plan.document, self.tools.now());
            let announced = store.announce_note(self.lease, document, act.item, &gist, now).await?;
            // An issue that is left as it is does not show whether that was said before the database was lost.
            if (announced.is_some() || act.what == What::Leave) && self.is_commented(act).await? {
                there.push(act);
                continue;
            }
            if let Some(at) = announced {
                // GitHub's lists may not show it yet.
                let sure = settled_at(at);
                if now < sure {
                    return Err(Stop::Later(sure));
                }
                store.announce_note_again(document, act.item, now).await?;
            }
            missing.push(act);
        }
        let new: Vec<NewComment> =
            missing.iter().map(|act| NewComment { subject: act.issue.id.clone(), body: act.comment.to_owned() }).collect();
        let mut stop = None;
        for (act, posted) in missing.into_iter().zip(self.tools.installation.post_comments(&new).await) {
            match posted {
                Ok(_) => there.push(act),
                // Locked, perhaps: what is to be done is done all the same.
                Err(error) if error.is_permanent() => there.push(act),
                Err(error) => stop = Some(error),
            }
        }
        if let Some(error) = stop {
            self.act(&there).await?;
            return Err(error.into());
        }
        Ok(there)
    }

    /// Whether the comment that was announced arrived: it is the last of ours about the item.
    async fn is_commented(&self, act: &Act<'_>) -> Result<bool, Stop> {
        let login = self.tools.github.app().await?.bot_login;
        let issue = &act.issue.issue;
        let comments = self.tools.installation.list_comments(&issue.repository, issue.number).await?;
        let about = marker::parse(act.comment);
        let ours = |comment: &&Comment| comment.author.as_deref() == Some(&login) && marker::parse(&comment.body) == about;
        let last = comments.iter().rfind(ours);
        Ok(last.is_some_and(|comment| gist(&comment.body) == gist(act.comment)))
    }

    async fn act(&mut self, acts: &[&Act<'a>]) -> Result<(), Stop> {
        let mut results: Vec<(&Act<'a>, Result<(), Error>)> = Vec::new();
        let closing: Vec<&&Act<'a>> = acts.iter().filter(|act| matches!(act.what, What::Close(..))).collect();
        let closes: Vec<(NodeId, ClosedAs)> = closing.iter().map(|act| (act.issue.id.clone(), closed_as(act.what))).collect();
        results.extend(closing.into_iter().copied().zip(self.tools.installation.close_issues(&closes).await));
        let reopening: Vec<&&Act<'a>> = acts.iter().filter(|act| act.what == What::Reopen).collect();
        let ids: Vec<NodeId> = reopening.iter().map(|act| act.issue.id.clone()).collect();
        results.extend(reopening.into_iter().copied().zip(self.tools.installation.reopen_issues(&ids).await));
        results.extend(acts.iter().copied().filter(|act| act.what == What::Leave).map(|act| (act, Ok(()))));
        let mut stop = None;
        for (act, result) in results {
            let (followed, state) = match act.what {
                What::Close(state, followed) => (followed, stored(state)),
                What::Reopen => (Followed::Open, store::IssueState::Open),
                What::Leave => (Followed::Removed, store::IssueState::Open),
            };
            match result {
                Ok(()) => {
                    self.tools.store.record_followed(&self.plan.document, act.item, followed, state).await?;
                    self.applied.done.insert(act.index);
                }
                Err(error) if error.is_permanent() => {
                    let what = if act.what == What::Reopen { "reopened" } else { "closed" };
                    self.refused(act.issue, what, &error);
                }
                Err(error) => stop = Some(error),
            }
        }
        stop.map_or(Ok(()), |error| Err(error.into()))
    }

    fn refused(&mut self, issue: &TrackedIssue, what: &str, error: &Error) {
        self.say(
            format!("{} could not be {what}: {error}.", issue.issue),
            "Check that the App may write there; re-run the check to try again.",
        );
    }
}

/// What a comment says, whatever commit it names.
fn gist(comment: &str) -> Option<String> {
    let region = marker::region(comment)?;
    Some(region.text.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}

fn closed_as(what: What) -> ClosedAs {
    match what {
        What::Close(IssueState::NotPlanned, _) => ClosedAs::NotPlanned,
        _ => ClosedAs::Completed,
    }
}

fn stored(state: IssueState) -> store::IssueState {
    match state {
        IssueState::Open => store::IssueState::Open,
        IssueState::Completed => store::IssueState::Completed,
        IssueState::NotPlanned => store::IssueState::NotPlanned,
    }
}
