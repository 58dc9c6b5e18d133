//! One line that says what plans come to: the comment's first sentence, the check's title, the terminal's last line.

use crate::{
    ids::RepositoryName,
    plan::{ActionKind, IssueState, Plan, TrackedIssue, Why},
};

/// How the items of some plans are spread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub open: usize,
    pub adopt: Vec<String>,
    /// Items that have an issue which was opened for them.
    pub opened: usize,
    /// Issues that were there before and that items were linked to.
    pub linked: Vec<String>,
    /// Of both, how many are closed.
    pub closed: usize,
    pub done: usize,
    pub declined: usize,
    pub skipped: usize,
    /// Those that were in the document before anybody asked for their issues.
    pub left_alone: usize,
    pub filing: usize,
    /// Issues that are to be closed, to be opened again, and to be written anew.
    pub closing: usize,
    pub reopening: usize,
    pub updating: usize,
    pub items: usize,
}

impl Counts {
    pub fn of<'a>(plans: impl IntoIterator<Item = &'a Plan>, home: &RepositoryName) -> Self {
        let mut counts = Counts::default();
        for plan in plans {
            counts.items += plan.items.len();
            counts.open += plan.opens().filter(|(action, _)| plan.item(&action.item).is_some()).count();
            counts.adopt.extend(plan.adoptions().map(|(_, adopt)| adopt.issue.short(home)));
            for action in &plan.actions {
                match &action.kind {
                    ActionKind::CloseIssue(_) => counts.closing += 1,
                    ActionKind::ReopenIssue(_) => counts.reopening += 1,
                    ActionKind::UpdateIssue(_) => counts.updating += 1,
                    _ => {}
                }
            }
            for settled in &plan.settled {
                match &settled.why {
                    Why::Tracked(issue) => counts.count(issue, home),
                    Why::Filing => counts.filing += 1,
                    Why::AlreadyDone => counts.done += 1,
                    Why::Declined => counts.declined += 1,
                    Why::Skipped(_) => counts.skipped += 1,
                    Why::LeftAlone => counts.left_alone += 1,
                }
            }
        }
        counts
    }

    fn count(&mut self, issue: &TrackedIssue, home: &RepositoryName) {
        if issue.adopted {
            self.linked.push(issue.issue.short(home));
        } else {
            self.opened += 1;
        }
        self.closed += usize::from(issue.state != IssueState::Open);
    }

    /// What merging will do: `5 issues will open, 1 already done, 1 linked to #88`.
    pub fn before_merge(&self) -> String {
        if self.items == 0 {
            return "no action items".to_owned();
        }
        let mut parts = vec![format!("{} will open", issues(self.open))];
        if self.open == 0 {
            parts[0] = "no issues will open".to_owned();
        }
        for (count, what) in [(self.closing, "closed"), (self.reopening, "reopened"), (self.updating, "updated")] {
            if count > 0 {
                parts.push(format!("{count} will be {what}"));
            }
        }
        parts.extend(self.standing());
        if !self.adopt.is_empty() {
            parts.push(linked(&self.adopt));
        }
        parts.join(", ")
    }

    /// What stands after the merge: `5 issues opened, 1 linked to #88, 2 closed, 1 already done`.
    pub fn after_merge(&self) -> String {
        if self.items == 0 {
            return "no action items".to_owned();
        }
        let mut parts = Vec::new();
        if self.opened > 0 {
            parts.push(format!("{} opened", issues(self.opened)));
        }
        if !self.linked.is_empty() {
            parts.push(linked(&self.linked));
        }
        if self.closed > 0 {
            let all = self.closed == self.opened + self.linked.len();
            parts.push(if all { "all closed".to_owned() } else { format!("{} closed", self.closed) });
        }
        let waiting = self.open + self.adopt.len() + self.filing;
        if waiting > 0 {
            parts.push(format!("{waiting} not filed yet"));
        }
        let behind = self.closing + self.reopening + self.updating;
        if behind > 0 {
            parts.push(format!("{behind} not brought up to date yet"));
        }
        if self.done > 0 {
            parts.push(format!("{} already done", self.done));
        }
        if self.declined > 0 {
            parts.push(format!("{} declined", self.declined));
        }
        if self.skipped > 0 {
            parts.push(format!("{} skipped", self.skipped));
        }
        if self.left_alone > 0 {
            parts.push(format!("{} left alone", self.left_alone));
        }
        parts.join(", ")
    }

    fn standing(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let tracked = self.opened + self.linked.len();
        if tracked > 0 {
            parts.push(format!("{tracked} already tracked"));
        }
        if self.filing > 0 {
            parts.push(format!("{} being filed", self.filing));
        }
        if self.done > 0 {
            parts.push(format!("{} already done", self.done));
        }
        if self.declined > 0 {
            parts.push(format!("{} declined", self.declined));
        }
        if self.skipped > 0 {
            parts.push(format!("{} skipped", self.skipped));
        }
        if self.left_alone > 0 {
            parts.push(format!("{} left alone", self.left_alone));
        }
        parts
    }
}

/// `2 linked to #88, #90`; of many, the first five.
fn linked(to: &[String]) -> String {
    let listed = to.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let more = if to.len() > 5 { ", …" } else { "" };
    format!("{} linked to {listed}{more}", to.len())
}

pub fn issues(count: usize) -> String {
    if count == 1 { "1 issue".to_owned() } else { format!("{count} issues") }
}
