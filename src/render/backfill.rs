//! What a backfill or a rebuild comes to: the terminal's last line.

use std::collections::HashSet;

use super::headline::Counts;
use crate::{
    ids::{ItemKey, RepositoryName},
    plan::{Plan, Why},
};

/// The sum over all documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    pub documents: usize,
    pub items: usize,
    /// Issues that will open, or were opened.
    pub opened: usize,
    /// Items that will be linked, or were linked, to issues that were there before.
    pub linked: usize,
    /// Items that had their issue before.
    pub tracked: usize,
    pub problems: usize,
}

impl Totals {
    /// A document whose plan was not carried out.
    pub fn add_planned(&mut self, plan: &Plan, home: &RepositoryName) {
        let counts = Counts::of([plan], home);
        self.documents += 1;
        self.items += counts.items;
        self.opened += counts.open;
        self.linked += counts.adopt.len();
        self.tracked += counts.opened + counts.linked.len();
        self.problems += plan.problems.len();
    }

    /// A document that was followed: `plan` is how it stands now, `to_file` are the items that had no issue.
    pub fn add_followed(&mut self, plan: &Plan, to_file: &HashSet<ItemKey>) {
        self.documents += 1;
        self.items += plan.items.len();
        self.problems += plan.problems.len();
        for settled in &plan.settled {
            let Why::Tracked(issue) = &settled.why else { continue };
            match to_file.contains(&settled.item) {
                true if issue.adopted => self.linked += 1,
                true => self.opened += 1,
                false => self.tracked += 1,
            }
        }
    }

    /// `212 documents, 1 031 items: 64 issues opened, 12 linked, 3 problems`. `done`: it was carried out.
    pub fn summary(&self, done: bool) -> String {
        let mut parts = Vec::new();
        let (opened, linked) = if done { ("opened", "linked") } else { ("will open", "will be linked") };
        let issues = if self.opened == 0 { "no issues".to_owned() } else { counted(self.opened, "issue") };
        parts.push(format!("{issues} {opened}"));
        if self.linked > 0 {
            parts.push(format!("{} {linked}", grouped(self.linked)));
        }
        if self.tracked > 0 {
            parts.push(format!("{} tracked already", grouped(self.tracked)));
        }
        if self.problems > 0 {
            parts.push(counted(self.problems, "problem"));
        }
        format!("{}, {}: {}", counted(self.documents, "document"), counted(self.items, "item"), parts.join(", "))
    }

    /// `12 documents, 64 items: 60 issues known again, 4 items without one`. `done`: it was carried out.
    pub fn rebuilt(&self, done: bool) -> String {
        let verb = if done { "known again" } else { "will be known again" };
        let known = self.tracked + self.linked;
        let mut parts = vec![format!("{} {verb}", counted(known, "issue"))];
        let without = self.items.saturating_sub(known);
        if without > 0 {
            parts.push(format!("{} without one", counted(without, "item")));
        }
        if self.problems > 0 {
            parts.push(counted(self.problems, "problem"));
        }
        format!("{}, {}: {}", counted(self.documents, "document"), counted(self.items, "item"), parts.join(", "))
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// `1 031`
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_says_what_will_happen_or_what_did() {
        let totals = Totals { documents: 212, items: 1031, opened: 64, linked: 12, tracked: 0, problems: 3 };
        assert_eq!(totals.summary(true), "212 documents, 1 031 items: 64 issues opened, 12 linked, 3 problems");
        assert_eq!(totals.summary(false), "212 documents, 1 031 items: 64 issues will open, 12 will be linked, 3 problems");
        let few = Totals { documents: 1, items: 1, opened: 0, linked: 0, tracked: 1, problems: 0 };
        assert_eq!(few.summary(true), "1 document, 1 item: no issues opened, 1 tracked already");
        assert_eq!(Totals { opened: 1, ..few }.summary(false), "1 document, 1 item: 1 issue will open, 1 tracked already");
        let known = Totals { documents: 1, items: 3, tracked: 2, ..Totals::default() };
        assert_eq!(known.rebuilt(true), "1 document, 3 items: 2 issues known again, 1 item without one");
        assert_eq!([7, 100, 12_345, 1_000_000].map(grouped), ["7", "100", "12 345", "1 000 000"]);
    }
}
