//! What has no issue yet: it is opened, adopted, or needs none.

use super::{
    ActionKind, AdoptIssue, Destination, IssueState, OpenIssue, PlannedItem, Planner, Referent, TrackedIssue, Why,
    identify::Identified, identity, issue_links, marker, places,
};
use crate::{
    ids::{IssueRef, ItemKey},
    plan::{AddToBoard, Filed, Filing, TargetState},
    postmortem::model::{ActionItem, Owner, State},
    render,
};

/// Sub-issues that an issue can have, closed ones counted (GITHUB §2.2).
const SUB_ISSUES: usize = 100;

impl Planner<'_> {
    pub(super) fn file(&mut self, item: &PlannedItem, read: &ActionItem) {
        match item.state {
            State::Done => return self.settle(&item.key, Why::AlreadyDone),
            State::Declined => return self.settle(&item.key, Why::Declined),
            State::Open => {}
        }
        if let Some(reason) = self.observed.skipped.get(&item.key) {
            return self.settle(&item.key, Why::Skipped(reason.clone()));
        }
        let destination = Destination::of(&self.document.repository, self.settings, read);
        let adopted = self.observed.adopted.get(&item.key).cloned();
        for linked in adopted.into_iter().chain(issue_links(&self.document.repository, self.host, read)) {
            match self.observed.referents.get(&linked) {
                Some(referent @ Referent::Issue { .. }) => return self.adopt(item, read, referent, destination),
                Some(Referent::OutOfReach) => self.say(
                    Some(item.lines),
                    format!(
                        "{} cannot be reached, so the item gets an issue of its own.",
                        linked.short(&self.document.repository)
                    ),
                    "Check the number, or install the App on that repository.".to_owned(),
                ),
                Some(Referent::PullRequest { .. }) | None => {}
            }
        }
        if self.target(&destination.repository).state == TargetState::Ready {
            self.open(item, read, &destination);
            self.asked.insert(destination);
        }
    }

    /// Somebody ordered what becomes of it.
    pub(super) fn is_ordered(&self, item: &ItemKey) -> bool {
        self.observed.skipped.contains_key(item) || self.observed.adopted.contains_key(item)
    }

    /// The issue that an item links becomes its own, unless it is another item's of this document already.
    fn adopt(&mut self, item: &PlannedItem, read: &ActionItem, referent: &Referent, destination: Destination) {
        let Referent::Issue { issue, repository_id, id, url, title, state, labels: has_labels } = referent else { return };
        if self.claimed.get(issue).is_some_and(|owner| *owner != item.key) {
            let tracked = TrackedIssue { adopted: true, ..tracked(issue, id, url, title, *state) };
            return self.settle(&item.key, Why::Tracked(tracked));
        }
        self.claimed.insert(issue.clone(), item.key.clone());
        let reason = format!("it links {}", issue.short(&self.document.repository));
        let missing = |label: &String| !has_labels.iter().any(|has| has.eq_ignore_ascii_case(label));
        let adopt = AdoptIssue {
            repository_id: *repository_id,
            id: id.clone(),
            url: url.clone(),
            title: title.clone(),
            closed: *state != IssueState::Open,
            comment: render::issue::adoption_comment(self.document, item, read),
            labels: places::labels(self.settings, self.document, read).into_iter().filter(missing).collect(),
            board: self.placement(&item.key, read, &destination),
            issue: issue.clone(),
        };
        self.act(&item.key, reason, ActionKind::AdoptIssue(Box::new(adopt)));
        self.asked.insert(destination);
    }

    fn open(&mut self, item: &PlannedItem, read: &ActionItem, destination: &Destination) {
        let assignees = self.assignees(item, read, destination);
        let title = render::issue::title(self.settings, self.document, read, self.also(&item.key));
        let marker = marker::Marker { document: self.document.key.clone(), item: item.key.clone() };
        let target = self.target(&destination.repository);
        let open = OpenIssue {
            repository: destination.repository.clone(),
            body: self.region(&marker, &marker::digest(&title), item, read, &assignees),
            labels: places::labels(self.settings, self.document, read),
            issue_type: self.settings.file.issue_type.clone().filter(|_| target.issue_type_known != Some(false)),
            milestone: self.settings.file.milestone.clone().filter(|_| target.milestone_known != Some(false)),
            in_parent: self.settings.file.tracking_issue,
            board: self.placement(&item.key, read, destination),
            title,
            assignees,
        };
        self.act(&item.key, "it is open and has no issue yet", ActionKind::OpenIssue(Box::new(open)));
    }

    /// The marked region of an item's issue. `title`: the digest of the title that was written last.
    pub(super) fn region(
        &self,
        marker: &marker::Marker,
        title: &str,
        item: &PlannedItem,
        read: &ActionItem,
        assignees: &[String],
    ) -> String {
        let unassigned =
            |owner: &&Owner| !matches!(owner, Owner::Login(login) if assignees.iter().any(|a| a.eq_ignore_ascii_case(login)));
        let unassigned: Vec<&Owner> = item.owners.iter().filter(unassigned).collect();
        let text = render::issue::body(self.settings, self.document, read, &unassigned, self.also(&item.key));
        marker::enclose_written(marker, title, &self.source(&item.key, read), &text)
    }

    /// The digest of everything that an issue's text is made of, but for where it stands.
    pub(super) fn source(&self, item: &ItemKey, read: &ActionItem) -> String {
        marker::digest(&render::issue::source(self.settings, self.document, read, self.also(item)))
    }

    /// The parent of the document's issues, where one is asked for.
    pub(super) fn tracking_issue(&mut self, identified: &Identified<'_>) {
        if !self.settings.file.tracking_issue {
            return;
        }
        let filed = |known: &Option<&super::Tracked>| matches!(known.map(|tracked| &tracked.filing), Some(Filing::Filed(_)));
        let opens = self.actions.iter().filter(|action| matches!(action.kind, ActionKind::OpenIssue(_))).count();
        let adopts = self.actions.iter().filter(|action| matches!(action.kind, ActionKind::AdoptIssue(_))).count();
        if opens + adopts == 0 && !identified.items.iter().any(|(_, known)| filed(known)) {
            return;
        }
        let destination = Destination::of_document(&self.document.repository, self.settings);
        match identified.tracking.map(|tracked| &tracked.filing) {
            Some(Filing::Filed(_) | Filing::Sending) => {}
            Some(Filing::NotFiled) | None if self.target(&destination.repository).state == TargetState::Ready => {
                self.actions.insert(0, self.opening_of_the_tracking_issue(&destination));
            }
            Some(Filing::NotFiled) | None => return,
        }
        self.sub_issues(identified);
    }

    fn opening_of_the_tracking_issue(&self, destination: &Destination) -> super::Action {
        let key = identity::tracking_key(&self.document.key);
        let title = render::issue::tracking_title(self.document);
        let marker = marker::Marker { document: self.document.key.clone(), item: key.clone() };
        let text = render::issue::tracking_body(self.document);
        let open = OpenIssue {
            repository: destination.repository.clone(),
            body: marker::enclose_written(&marker, &marker::digest(&title), &marker::digest(&text), &text),
            title,
            labels: super::labels_of(self.settings, self.document, None),
            assignees: Vec::new(),
            issue_type: None,
            milestone: None,
            in_parent: false,
            board: None,
        };
        super::Action {
            item: key,
            reason: "`file.tracking_issue` asks for it".to_owned(),
            kind: ActionKind::OpenIssue(Box::new(open)),
        }
    }

    /// Issues that are no sub-issues yet become some, as long as there is room.
    fn sub_issues(&mut self, identified: &Identified<'_>) {
        let filed = |known: &super::Tracked| match &known.filing {
            Filing::Filed(filed) => Some(filed.clone()),
            Filing::NotFiled | Filing::Sending => None,
        };
        let tracked: Vec<(crate::ids::ItemKey, Box<Filed>)> =
            identified.items.iter().filter_map(|(item, known)| Some((item.key.clone(), filed((*known)?)?))).collect();
        let inside = self.observed.tracked.iter().filter_map(filed).filter(|filed| filed.in_parent).count();
        let mut room = SUB_ISSUES.saturating_sub(inside);
        let mut left = 0;
        for (item, filed) in tracked {
            if filed.in_parent || filed.issue.deleted {
                continue;
            }
            match room.checked_sub(1) {
                Some(less) => {
                    room = less;
                    self.act(&item, "it belongs under the tracking issue", ActionKind::AddSubIssue(filed.issue.id.clone()));
                }
                None => left += 1,
            }
        }
        let adopted = self.actions.iter().filter_map(|action| match &action.kind {
            ActionKind::AdoptIssue(adopt) => Some((action.item.clone(), adopt.id.clone())),
            _ => None,
        });
        for (item, issue) in adopted.collect::<Vec<_>>() {
            match room.checked_sub(1) {
                Some(less) => {
                    room = less;
                    self.act(&item, "it belongs under the tracking issue", ActionKind::AddSubIssue(issue));
                }
                None => left += 1,
            }
        }
        for action in &mut self.actions {
            if let ActionKind::OpenIssue(open) = &mut action.kind
                && open.in_parent
            {
                open.in_parent = room > 0;
                left += usize::from(room == 0);
                room = room.saturating_sub(1);
            }
        }
        if left > 0 {
            let issues = if left == 1 { "1 issue has".to_owned() } else { format!("{left} issues have") };
            self.say(
                None,
                format!(
                    "{issues} no place under the tracking issue, because GitHub takes {SUB_ISSUES}; nothing else is different."
                ),
                "Split the postmortem where it is about several incidents.".to_owned(),
            );
        }
    }

    /// A card that is missing because the work was cut off.
    pub(super) fn missing_card(&mut self, item: &PlannedItem, filed: &Filed, read: &ActionItem) {
        if filed.on_board || filed.issue.deleted || item.state != State::Open {
            return;
        }
        self.cardless = true;
        let destination = Destination::of(&self.document.repository, self.settings, read);
        if let Some(board) = self.placement(&item.key, read, &destination) {
            let reason = format!("{} is not on the board yet", filed.issue.issue.short(&self.document.repository));
            let add = AddToBoard { issue: filed.issue.clone(), board };
            self.act(&item.key, reason, ActionKind::AddToBoard(Box::new(add)));
        }
    }
}

fn tracked(issue: &IssueRef, id: &crate::ids::NodeId, url: &str, title: &str, state: IssueState) -> TrackedIssue {
    TrackedIssue {
        issue: issue.clone(),
        id: id.clone(),
        url: url.to_owned(),
        title: title.to_owned(),
        state,
        adopted: false,
        deleted: false,
        status: None,
        assignees: Vec::new(),
    }
}
