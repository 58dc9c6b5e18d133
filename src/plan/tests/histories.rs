//! Documents and people take turns; after each turn the plan is applied, and there is nothing left to do.

use jiff::{SignedDuration, Timestamp};

use super::*;

/// What happens to a document or to an issue; a number says to which, modulo how many there are.
#[derive(Debug, Clone)]
enum Turn {
    /// The document becomes this.
    Rewrite(Vec<ActionItem>),
    /// One word of an item is another one.
    Reword(usize, &'static str),
    Say(usize, State),
    Remove(usize),
    /// The item that was taken out last comes back.
    BringBack,
    Reorder(usize),
    Retitle(usize),
    WriteBelow(usize),
    WriteInside(usize),
    Close(usize),
    Reopen(usize),
    Comment(usize),
}

fn turns() -> impl Strategy<Value = Turn> {
    let which = || 0..12_usize;
    prop_oneof![
        1 => items().prop_map(Turn::Rewrite),
        3 => (which(), prop::sample::select(vec!["quickly", "tomorrow", "pool"])).prop_map(|(at, word)| Turn::Reword(at, word)),
        3 => (which(), states()).prop_map(|(at, state)| Turn::Say(at, state)),
        2 => which().prop_map(Turn::Remove),
        2 => Just(Turn::BringBack),
        1 => which().prop_map(Turn::Reorder),
        2 => which().prop_map(Turn::Retitle),
        1 => which().prop_map(Turn::WriteBelow),
        1 => which().prop_map(Turn::WriteInside),
        2 => which().prop_map(Turn::Close),
        2 => which().prop_map(Turn::Reopen),
        1 => which().prop_map(Turn::Comment),
    ]
}

/// A document and its issues, with what people wrote into each.
#[derive(Default)]
struct Story {
    memory: Memory,
    items: Vec<ActionItem>,
    removed: Vec<ActionItem>,
    titles: HashMap<ItemKey, String>,
    words: HashMap<ItemKey, Vec<String>>,
    opened: HashSet<ItemKey>,
    now: Timestamp,
}

impl Story {
    fn document(&self) -> Document {
        let commit = CommitSha::new("0123456789012345678901234567890123456789");
        Document { changed: Some(Changed { commit, url: String::new(), at: self.now }), ..document(self.items.clone()) }
    }

    fn take(&mut self, turn: Turn, number: usize) {
        let len = self.items.len().max(1);
        match turn {
            Turn::Rewrite(items) => self.items = items,
            Turn::Reword(at, word) => {
                if let Some(item) = self.items.get_mut(at % len) {
                    item.text = format!("{} {word}", item.text);
                }
            }
            Turn::Say(at, state) => {
                if let Some(item) = self.items.get_mut(at % len) {
                    item.state = state;
                }
            }
            Turn::Remove(at) if !self.items.is_empty() => self.removed.push(self.items.remove(at % len)),
            Turn::BringBack => self.items.extend(self.removed.pop()),
            Turn::Reorder(by) if !self.items.is_empty() => self.items.rotate_left(by % len),
            Turn::Retitle(at)
            | Turn::WriteBelow(at)
            | Turn::WriteInside(at)
            | Turn::Close(at)
            | Turn::Reopen(at)
            | Turn::Comment(at) => self.person(&turn, at, number),
            Turn::Remove(_) | Turn::Reorder(_) => {}
        }
    }

    fn person(&mut self, turn: &Turn, at: usize, number: usize) {
        let mut filed: Vec<(&ItemKey, &mut Filed)> = self
            .memory
            .tracked
            .iter_mut()
            .filter_map(|tracked| match &mut tracked.filing {
                Filing::Filed(filed) => Some((&tracked.key, filed.as_mut())),
                Filing::NotFiled | Filing::Sending => None,
            })
            .collect();
        let len = filed.len().max(1);
        let Some((key, filed)) = filed.get_mut(at % len) else { return };
        let history = filed.history.get_or_insert_default();
        history.touched = true;
        match turn {
            Turn::Retitle(_) => {
                filed.issue.title = format!("Title {number}");
                self.titles.insert((*key).clone(), filed.issue.title.clone());
            }
            Turn::WriteBelow(_) => {
                let Some(body) = &mut filed.body else { return };
                let words = format!("below {number}");
                *body = format!("{body}\n\n{words}");
                self.words.entry((*key).clone()).or_default().push(words);
            }
            Turn::WriteInside(_) => {
                let Some(body) = &mut filed.body else { return };
                let words = format!("inside {number}");
                *body = body.replacen(" -->\n", &format!(" -->\n{words}\n"), 1);
                self.words.entry((*key).clone()).or_default().push(words);
            }
            Turn::Close(_) => {
                filed.issue.state = IssueState::Completed;
                history.state_changed_at = Some(self.now);
            }
            Turn::Reopen(_) => {
                filed.issue.state = IssueState::Open;
                history.state_changed_at = Some(self.now);
            }
            _ => {}
        }
    }

    /// What the plan must not do, whatever the document says.
    fn check(&mut self, plan: &Plan) -> Result<(), TestCaseError> {
        for action in &plan.actions {
            match &action.kind {
                ActionKind::OpenIssue(_) | ActionKind::AdoptIssue(_) => {
                    prop_assert!(self.opened.insert(action.item.clone()), "a second issue of one item");
                }
                ActionKind::UpdateIssue(update) => {
                    prop_assert!(update.title.is_none() || !self.titles.contains_key(&action.item), "a person's title");
                    for words in self.words.get(&action.item).into_iter().flatten() {
                        prop_assert!(update.body.contains(words.as_str()), "a person's words");
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_acts_the_plan_that_was_applied_is_done_and_people_keep_what_they_wrote(
        first in items(), turns in prop::collection::vec(turns(), 1..12),
    ) {
        let mut story = Story { items: first, now: Timestamp::UNIX_EPOCH, ..Story::default() };
        for (number, turn) in std::iter::once(Turn::Reorder(0)).chain(turns).enumerate() {
            story.now += SignedDuration::from_mins(1);
            story.take(turn, number);
            let document = story.document();
            let plan = story.memory.plan(&document);
            story.check(&plan)?;
            story.memory.apply(&plan);
            let again = story.memory.plan(&document);
            prop_assert!(again.is_empty(), "{:#?}", again.actions);
            let issues = story.memory.issues();
            prop_assert_eq!(issues.iter().collect::<HashSet<_>>().len(), issues.len(), "no issue is two items");
        }
    }
}
