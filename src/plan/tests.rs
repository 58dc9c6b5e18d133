//! Planning as promises: one issue per item whatever happens, and nothing left to do after doing it.

mod histories;

use std::collections::{HashMap, HashSet};

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::{
    ids::RepositoryId,
    postmortem::model::{Anchor, Owner, Reference, Target},
    text::{Lines, Span},
};

pub(super) fn item(text: &str, state: State, link: Option<u64>) -> ActionItem {
    let target = |number| Target::GitHub { repository: None, number, host: None };
    ActionItem {
        text: text.to_owned(),
        detail: None,
        lines: Lines { first: 1, last: 1 },
        span: Span::new(0, 0),
        anchor: Anchor { checkbox: None, link: 0, ticket: None },
        state,
        owners: Vec::new(),
        due: None,
        priority: None,
        category: None,
        area: None,
        group: None,
        references: link.into_iter().map(|number| Reference { written: format!("#{number}"), target: target(number) }).collect(),
    }
}

fn home() -> RepositoryName {
    RepositoryName::new("acme", "app")
}

pub(super) fn document(items: Vec<ActionItem>) -> Document {
    Document {
        key: identity::document_key(RepositoryId(1), "postmortems/a.md"),
        repository: home(),
        path: "postmortems/a.md".to_owned(),
        commit: None,
        url: None,
        pull_request: None,
        authority: Authority::Merged,
        changed: None,
        source: "".into(),
        merged_on: None,
        reading: Postmortem { action_items: items, ..Postmortem::default() },
    }
}

fn tracked(issue: IssueRef, id: &str, title: &str) -> TrackedIssue {
    TrackedIssue {
        issue,
        id: NodeId::new(id),
        url: String::new(),
        title: title.to_owned(),
        state: IssueState::Open,
        adopted: false,
        deleted: false,
        status: None,
        assignees: Vec::new(),
    }
}

/// A GitHub in miniature: what applying a plan leaves behind.
#[derive(Default)]
struct Memory {
    tracked: Vec<Tracked>,
    next: u64,
    referents: HashMap<IssueRef, Referent>,
}

impl Memory {
    /// One in which issues with these numbers exist already.
    fn knowing(numbers: std::ops::Range<u64>) -> Self {
        let referent = |number| {
            let issue = IssueRef::new(home(), IssueNumber(number));
            let referent = Referent::Issue {
                issue: issue.clone(),
                repository_id: RepositoryId(1),
                id: NodeId::new(format!("i{number}")),
                url: String::new(),
                title: format!("Issue {number}"),
                state: IssueState::Open,
                labels: Vec::new(),
            };
            (issue, referent)
        };
        Self { referents: numbers.map(referent).collect(), ..Self::default() }
    }

    fn observed(&self) -> Observed {
        Observed { tracked: self.tracked.clone(), referents: self.referents.clone(), ..Observed::default() }
    }

    fn plan(&self, document: &Document) -> Plan {
        super::plan(document, &self.observed(), &Settings::default(), "github.com", date(2026, 11, 20))
    }

    fn apply(&mut self, plan: &Plan) {
        for tracked in &mut self.tracked {
            tracked.present = false;
        }
        for item in &plan.items {
            match self.tracked.iter_mut().find(|tracked| tracked.key == item.key) {
                Some(tracked) => {
                    (tracked.text, tracked.group) = (item.text.clone(), item.group.clone());
                    tracked.present = true;
                }
                None => self.tracked.push(Tracked {
                    key: item.key.clone(),
                    text: item.text.clone(),
                    group: item.group.clone(),
                    present: true,
                    followed: None,
                    proposed_in: None,
                    left_alone: false,
                    filing: Filing::NotFiled,
                }),
            }
        }
        for action in &plan.actions {
            let known = self.tracked.iter_mut().find(|tracked| tracked.key == action.item).unwrap();
            match (&action.kind, &mut known.filing) {
                (ActionKind::OpenIssue(open), filing) => {
                    self.next += 1;
                    let issue = IssueRef::new(open.repository.clone(), IssueNumber(10_000 + self.next));
                    let filed = Filed::new(tracked(issue, "new", &open.title));
                    *filing = Filing::Filed(Box::new(Filed { body: Some(open.body.clone()), ..filed }));
                }
                (ActionKind::AdoptIssue(adopt), filing) => {
                    let issue = tracked(adopt.issue.clone(), adopt.id.as_str(), &adopt.title);
                    *filing = Filing::Filed(Box::new(Filed::new(TrackedIssue { adopted: true, ..issue })));
                }
                (ActionKind::CloseIssue(close), Filing::Filed(filed)) => filed.issue.state = close.as_state,
                (ActionKind::ReopenIssue(_), Filing::Filed(filed)) => filed.issue.state = IssueState::Open,
                (ActionKind::UpdateIssue(update), Filing::Filed(filed)) => {
                    filed.body = Some(update.body.clone());
                    filed.issue.title = update.title.clone().unwrap_or_else(|| filed.issue.title.clone());
                }
                (ActionKind::LeaveOpen(_) | ActionKind::AddToBoard(_) | ActionKind::AddSubIssue(_), _) => {}
                (_, Filing::NotFiled | Filing::Sending) => panic!("there is no issue to act on"),
            }
        }
        // As the ledger gives them back.
        let place = |key: &ItemKey| plan.items.iter().position(|item| item.key == *key).unwrap_or(usize::MAX);
        self.tracked.sort_by_key(|tracked| place(&tracked.key));
        // What the ledger keeps of a run: both sides are in step.
        for known in &mut self.tracked {
            if let Filing::Filed(filed) = &mut known.filing {
                filed.seen = Some(filed.issue.state);
                let item = plan.items.iter().find(|item| item.key == known.key);
                known.followed = Some(item.map_or(Followed::Removed, |item| item.state.into()));
            }
        }
    }

    fn issues(&self) -> Vec<IssueRef> {
        let filed = self.tracked.iter().filter_map(|tracked| match &tracked.filing {
            Filing::Filed(filed) => Some(filed.issue.issue.clone()),
            _ => None,
        });
        filed.collect()
    }
}

fn states() -> impl Strategy<Value = State> {
    prop_oneof![4 => Just(State::Open), 1 => Just(State::Done), 1 => Just(State::Declined)]
}

/// Wordings from a small vocabulary, so that equal and similar ones meet often.
fn items() -> impl Strategy<Value = Vec<ActionItem>> {
    let words = prop::collection::vec(
        prop::sample::select(vec!["add", "alert", "test", "for", "the", "pool", "deploy", "write", "runbook"]),
        0..6,
    );
    let one = (words, states(), prop::option::weighted(0.2, 1u64..5))
        .prop_map(|(words, state, link)| item(&words.join(" "), state, link));
    prop::collection::vec(one, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn planning_again_after_applying_plans_nothing(first in items(), second in items()) {
        let mut memory = Memory::knowing(1..5);
        for items in [first, second] {
            let document = document(items);
            let plan = memory.plan(&document);
            memory.apply(&plan);
            let again = memory.plan(&document);
            prop_assert!(again.is_empty(), "{:#?}", again.actions);
            let issues = memory.issues();
            prop_assert_eq!(issues.iter().collect::<HashSet<_>>().len(), issues.len(), "no issue is two items");
        }
    }

    #[test]
    fn every_item_of_a_reading_has_a_key_of_its_own(items in items()) {
        let plan = Memory::default().plan(&document(items));
        let keys: HashSet<_> = plan.items.iter().map(|item| &item.key).collect();
        prop_assert_eq!(keys.len(), plan.items.len());
    }

    #[test]
    fn the_order_of_items_decides_nothing(items in items(), seed in any::<u64>()) {
        let mut memory = Memory::default();
        let before = document(items.clone());
        memory.apply(&memory.plan(&before));
        let mut shuffled = items;
        let len = shuffled.len().max(1);
        shuffled.rotate_left(usize::try_from(seed % len as u64).unwrap_or(0));
        let plan = memory.plan(&document(shuffled));
        prop_assert!(plan.is_empty(), "{:#?}", plan.actions);
    }
}

#[test]
fn items_of_the_same_words_keep_their_issues_when_they_change_places() {
    let of = |owner: &str| ActionItem { owners: vec![Owner::Name(owner.to_owned())], ..item("Add tests", State::Open, None) };
    let mut memory = Memory::default();
    memory.apply(&memory.plan(&document(vec![of("Ada"), of("Grace")])));
    let plan = memory.plan(&document(vec![of("Grace"), of("Ada")]));
    assert!(plan.is_empty(), "{:#?}", plan.actions);
}

#[test]
fn items_of_the_same_words_are_who_they_were_as_long_as_nothing_changes() {
    let of =
        |items: &[(State, Option<u64>)]| document(items.iter().map(|(state, link)| item("Add tests", *state, *link)).collect());
    let histories = [
        (of(&[(State::Open, None)]), of(&[(State::Done, None), (State::Done, Some(1))])),
        (of(&[(State::Open, Some(1))]), of(&[(State::Open, Some(2)), (State::Open, Some(2)), (State::Done, None)])),
    ];
    for (first, second) in histories {
        let mut memory = Memory::knowing(1..5);
        memory.apply(&memory.plan(&first));
        memory.apply(&memory.plan(&second));
        let plan = memory.plan(&second);
        assert!(plan.is_empty(), "{:#?}", plan.actions);
    }
}

#[test]
fn of_items_that_say_the_same_the_one_that_is_done_stays_the_one() {
    let items = |states: [State; 3]| document(states.map(|state| item("Add tests", state, None)).to_vec());
    let mut memory = Memory::default();
    memory.apply(&memory.plan(&items([State::Open; 3])));
    let ticked = items([State::Done, State::Open, State::Open]);
    memory.apply(&memory.plan(&ticked));
    let plan = memory.plan(&ticked);
    assert!(plan.is_empty(), "{:#?}", plan.actions);
}

#[test]
fn what_is_being_filed_is_not_filed_again() {
    let document = document(vec![item("Add an alert", State::Open, None)]);
    let mut memory = Memory::default();
    let plan = memory.plan(&document);
    memory.apply(&plan);
    memory.tracked[0].filing = Filing::Sending;
    let again = memory.plan(&document);
    assert!(again.is_empty());
    assert_eq!(again.settled[0].why, Why::Filing);
}

#[test]
fn two_items_that_link_one_issue_share_it() {
    let document = document(vec![item("Add an alert", State::Open, Some(1)), item("Write the runbook", State::Open, Some(1))]);
    let mut memory = Memory::default();
    let issue = IssueRef::new(home(), IssueNumber(1));
    memory.referents.insert(
        issue.clone(),
        Referent::Issue {
            issue,
            repository_id: RepositoryId(1),
            id: NodeId::new("i1"),
            url: String::new(),
            title: "Theirs".to_owned(),
            state: IssueState::Open,
            labels: Vec::new(),
        },
    );
    let plan = memory.plan(&document);
    assert_eq!(plan.adoptions().count(), 1);
    assert_eq!(plan.opens().count(), 0);
    assert_eq!(plan.settled.len(), 1);
}
