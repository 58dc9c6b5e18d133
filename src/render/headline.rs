//! One line that says what plans come to: the comment's first sentence, the check's title, the terminal's last line.

use crate::{
    ids::RepositoryName,
    plan::{ActionKind, IssueState, Plan, Why},
};

/// How the items of some plans are spread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub open: usize,
    pub adopt: Vec<String>,
    pub tracked: usize,
    /// Of those tracked, how many issues are closed.
    pub closed: usize,
    pub done: usize,
    pub declined: usize,
    pub filing: usize,
    pub items: usize,
}

impl Counts {
    pub fn of<'a>(plans: impl IntoIterator<Item = &'a Plan>, home: &RepositoryName) -> Self {
        let mut counts = Counts::default();
        for plan in plans {
            counts.items += plan.items.len();
            counts.open += plan.opens().count();
            counts.adopt.extend(plan.adoptions().map(|(_, adopt)| adopt.issue.short(home)));
            for action in &plan.actions {
                if let ActionKind::AddToBoard(add) = &action.kind {
                    counts.tracked += 1;
                    counts.closed += usize::from(add.issue.state != IssueState::Open);
                }
            }
            for settled in &plan.settled {
                match &settled.why {
                    Why::Tracked(issue) => {
                        counts.tracked += 1;
                        counts.closed += usize::from(issue.state != IssueState::Open);
                    }
                    Why::Filing => counts.filing += 1,
                    Why::AlreadyDone => counts.done += 1,
                    Why::Declined => counts.declined += 1,
                }
            }
        }
        counts
    }

    /// What merging will do: `5 issues will open, 1 already done, 1 linked to #88`.
    pub fn before_merge(&self) -> String {
        if self.items == 0 {
            return "no action items".to_owned();
        }
        let mut parts = vec![format!("{} will open", issues(self.open))];
        if self.open == 0 {
            parts[0] = "no issue will open".to_owned();
        }
        parts.extend(self.standing());
        if !self.adopt.is_empty() {
            let listed = self.adopt.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            let more = if self.adopt.len() > 5 { ", …" } else { "" };
            parts.push(format!("{} linked to {listed}{more}", self.adopt.len()));
        }
        parts.join(", ")
    }

    /// What stands after the merge: `6 issues follow it up, 2 of them closed, 1 already done`.
    pub fn after_merge(&self) -> String {
        if self.items == 0 {
            return "no action items".to_owned();
        }
        let mut parts = Vec::new();
        if self.tracked > 0 {
            parts.push(match self.closed {
                0 => format!("{} opened or linked", issues(self.tracked)),
                closed if closed == self.tracked => format!("{} opened or linked, all closed", issues(self.tracked)),
                closed => format!("{} opened or linked, {closed} closed", issues(self.tracked)),
            });
        }
        let waiting = self.open + self.adopt.len() + self.filing;
        if waiting > 0 {
            parts.push(format!("{waiting} not filed yet"));
        }
        if self.done > 0 {
            parts.push(format!("{} already done", self.done));
        }
        if self.declined > 0 {
            parts.push(format!("{} declined", self.declined));
        }
        parts.join(", ")
    }

    fn standing(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if self.tracked > 0 {
            parts.push(format!("{} already tracked", self.tracked));
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
        parts
    }
}

pub fn issues(count: usize) -> String {
    if count == 1 { "1 issue".to_owned() } else { format!("{count} issues") }
}
