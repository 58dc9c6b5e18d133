//! What has an issue: who wins, field by field (DESIGN, “Plan, then apply”).
//!
//! Titles and texts are compared with what the issue itself says was written last; open or closed with what was last followed
//! of the document and with what people did to the issue since. So it shows which side moved, and where both did, the newer
//! act counts.

use super::{
    ActionKind, CloseIssue, Document, Filed, Filing, Followed, IssueState, LeaveOpen, Observed, PlannedItem, Planner,
    ReopenIssue, Settled, Tracked, UpdateIssue, Why, identify::identify, marker,
};
use crate::{
    ids::NodeId,
    plan::{Authority, Destination},
    postmortem::model::{ActionItem, State},
    render::{self, note},
    settings::Settings,
};

/// GitHub takes so many characters of a body (GITHUB §2.2).
const MOST_BODY: usize = 65_536;

/// Which side moved since both were last in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Newer {
    Document,
    Issue,
    /// They say the same.
    Neither,
}

/// The issues of which it matters what people did: where their items are gone, or the document says something else than the
/// issue, so that the newer has to be found.
pub fn to_look_into(document: &Document, observed: &Observed, settings: &Settings, host: &str) -> Vec<NodeId> {
    let identified = identify(document, observed, settings, host);
    let mut ids: Vec<NodeId> = Vec::new();
    for tracked in &identified.gone {
        if let Filing::Filed(filed) = &tracked.filing
            && tracked.followed != Some(Followed::Removed)
            && filed.issue.state == IssueState::Open
            && !filed.issue.deleted
        {
            ids.push(filed.issue.id.clone());
        }
    }
    for (item, known) in &identified.items {
        let Some(Tracked { filing: Filing::Filed(filed), followed, .. }) = known else { continue };
        let (followed, is_open) = (*followed, filed.issue.state == IssueState::Open);
        let differ = (item.state == State::Open) != is_open;
        let document_moved = followed.is_none_or(|followed| followed != item.state.into());
        if differ && document_moved && !filed.issue.deleted {
            ids.push(filed.issue.id.clone());
        }
    }
    ids
}

impl Planner<'_> {
    pub(super) fn follow(&mut self, item: &PlannedItem, tracked: &Tracked, filed: &Filed, read: &ActionItem) {
        let short = filed.issue.issue.short(&self.document.repository);
        self.settle(&item.key, Why::Tracked(filed.issue.clone()));
        if filed.issue.deleted {
            let message = format!("{short} was deleted, or is where the App cannot see it; nothing is opened in its place.");
            return self.remark(Some(item.lines), message);
        }
        if !self.may_change(tracked) {
            return;
        }
        self.missing_card(item, filed, read);
        self.wording(item, filed, read);
        match self.newer(item, tracked, filed) {
            Newer::Document => self.bring(item, filed, read),
            // Said as long as they differ, not only when that is found: what is shown must not hang on when somebody looks.
            Newer::Issue if filed.issue.state == IssueState::Open => {
                self.remark(Some(item.lines), format!("{short} is open although the document says otherwise; the issue counts."));
            }
            Newer::Issue => {
                self.remark(Some(item.lines), format!("{short} is closed although the document says open; the issue counts."));
            }
            Newer::Neither => {}
        }
    }

    /// Before its merge a pull request decides about what it brought alone.
    fn may_change(&self, tracked: &Tracked) -> bool {
        match self.document.authority {
            // What is nobody's any more becomes its own when it brings it back.
            Authority::Proposed(pull) => match tracked.proposed_in {
                Some(proposed) => proposed == pull,
                None => tracked.followed == Some(Followed::Removed) && !tracked.present,
            },
            Authority::Merged | Authority::Withdrawn(_) => true,
        }
    }

    fn newer(&self, item: &PlannedItem, tracked: &Tracked, filed: &Filed) -> Newer {
        let is_open = filed.issue.state == IssueState::Open;
        if (item.state == State::Open) == is_open {
            return Newer::Neither;
        }
        let history = filed.history.unwrap_or_default();
        let Some(followed) = tracked.followed else {
            // Without a memory: what people did to the issue stays as it is.
            return if history.state_changed_at.is_some() { Newer::Issue } else { Newer::Document };
        };
        if followed == item.state.into() {
            return Newer::Issue;
        }
        match (history.state_changed_at, self.document.changed.as_ref()) {
            (Some(issue), Some(document)) if issue > document.at => Newer::Issue,
            _ => Newer::Document,
        }
    }

    /// Closes or reopens the issue as the document says.
    fn bring(&mut self, item: &PlannedItem, filed: &Filed, read: &ActionItem) {
        let marker = marker::Marker { document: self.document.key.clone(), item: item.key.clone() };
        let issue = filed.issue.clone();
        let (reason, kind) = match item.state {
            State::Open => {
                let comment = marker::enclose(&marker, &note::reopened(self.document, read));
                ("the document says that it is open", ActionKind::ReopenIssue(Box::new(ReopenIssue { issue, comment })))
            }
            State::Done => {
                let comment = marker::enclose(&marker, &note::done(self.document, read));
                let close = CloseIssue { issue, as_state: IssueState::Completed, comment, followed: Followed::Done };
                ("the document says that it is done", ActionKind::CloseIssue(Box::new(close)))
            }
            State::Declined => {
                let comment = marker::enclose(&marker, &note::declined(self.document, read));
                let close = CloseIssue { issue, as_state: IssueState::NotPlanned, comment, followed: Followed::Declined };
                ("the document declines it", ActionKind::CloseIssue(Box::new(close)))
            }
        };
        self.act(&item.key, reason, kind);
    }

    /// The title and the marked region follow the document as long as nobody else wrote them.
    fn wording(&mut self, item: &PlannedItem, filed: &Filed, read: &ActionItem) {
        let Some(body) = &filed.body else { return };
        // The link that was written back is no new wording.
        let mut read = read.clone();
        let own = |issue: Option<crate::ids::IssueRef>| issue.as_ref() == Some(&filed.issue.issue);
        read.references.retain(|reference| !own(reference.issue(&self.document.repository, self.host)));
        let read = &read;
        let wanted = render::issue::title(self.settings, self.document, read, self.also(&item.key));
        let short = filed.issue.issue.short(&self.document.repository);
        let Some(region) = marker::region(body) else { return };
        let title_is_ours = match &region.written {
            Some(written) => written.title == marker::digest(&filed.issue.title),
            None => filed.wrote_title.as_ref().is_none_or(|wrote| *wrote == filed.issue.title),
        };
        if !title_is_ours && filed.issue.title != wanted {
            let shown = render::neutral::title(&filed.issue.title);
            self.remark(Some(item.lines), format!("{short} is called “{shown}”, as somebody chose on GitHub."));
        }
        let marker = marker::Marker { document: self.document.key.clone(), item: item.key.clone() };
        let said = region.written.as_ref().is_some_and(|written| written.source == self.source(&item.key, read));
        let title = Some(wanted).filter(|wanted| title_is_ours && *wanted != filed.issue.title);
        if said && title.is_none() && region.marker == marker {
            return;
        }
        // What an older version wrote carries no digest: it is brought up to date when the document says something else.
        if region.written.is_none() && title.is_none() {
            return;
        }
        if !region.is_intact() {
            return self.remark(
                Some(item.lines),
                format!("The text of {short} was changed on GitHub inside Followthrough's part, so it stays as it is."),
            );
        }
        let destination = Destination::of(&self.document.repository, self.settings, read);
        let assignees = self.assignees(item, read, &destination);
        let title_digest = match (&title, &region.written) {
            (Some(title), _) => marker::digest(title),
            (None, Some(written)) => written.title.clone(),
            (None, None) => marker::digest(&filed.issue.title),
        };
        let body = region.replaced(&self.region(&marker, &title_digest, item, read, &assignees));
        if body.chars().count() > MOST_BODY {
            return self.remark(Some(item.lines), format!("{short} has no room for the new text; it stays as it is."));
        }
        let update = UpdateIssue { issue: filed.issue.clone(), title, body };
        self.act(&item.key, "the document says it in other words", ActionKind::UpdateIssue(Box::new(update)));
    }

    /// An item that the document does not have any more.
    pub(super) fn gone(&mut self, tracked: &Tracked) {
        let Filing::Filed(filed) = &tracked.filing else { return };
        self.removed.push(Settled { item: tracked.key.clone(), why: Why::Tracked(filed.issue.clone()) });
        if tracked.followed == Some(Followed::Removed)
            || filed.issue.deleted
            || filed.issue.state != IssueState::Open
            || filed.shared
        {
            return;
        }
        let marker = marker::Marker { document: self.document.key.clone(), item: tracked.key.clone() };
        let issue = filed.issue.clone();
        if filed.issue.adopted || filed.history.unwrap_or_default().touched {
            let comment = marker::enclose(&marker, &note::left_open(self.document, filed.issue.adopted));
            let leave = LeaveOpen { issue, comment };
            let reason = "the document does not have it any more, but people made the issue theirs";
            return self.act(&tracked.key, reason, ActionKind::LeaveOpen(Box::new(leave)));
        }
        let comment = marker::enclose(&marker, &note::removed(self.document));
        let close = CloseIssue { issue, as_state: IssueState::NotPlanned, comment, followed: Followed::Removed };
        self.act(&tracked.key, "the document does not have it any more", ActionKind::CloseIssue(Box::new(close)));
    }
}
