//! What a document shall say about its items' issues, and how each of these wishes is remembered.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::{ActionKind, IssueState, Plan, TrackedIssue, Why};
use crate::{
    ids::{DocumentKey, IssueRef, ItemKey},
    postmortem::{
        edit::{Link, Place, Wish, refers},
        model::Postmortem,
    },
};

/// What the names of this program's own branches begin with.
pub const BRANCHES: &str = "followthrough/";

/// Characters of a branch's name that come from the file's.
const MOST_STEM: usize = 40;

/// The branch of the pull request that writes into the document `key` at `path`: `followthrough/2026-11-20-checkout-0a1b2c3d`.
pub fn branch(path: &str, key: &DocumentKey) -> String {
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let mut name = BRANCHES.to_owned();
    for word in stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if name.len() + word.len() > BRANCHES.len() + MOST_STEM {
            break;
        }
        name.push_str(&word.to_ascii_lowercase());
        name.push('-');
    }
    name.extend(key.as_str().chars().take(8));
    name
}

/// A link for each item that has its issue, and a tick where the issue is done. An issue that was closed as not planned says
/// nothing about a box. In document order; all of them have a link.
pub fn wishes(plan: &Plan) -> Vec<Wish> {
    let wish = |(item, of): (usize, &ItemKey)| {
        let issue = issue(plan, of)?;
        let ticked = match issue.state {
            IssueState::Open => Some(false),
            IssueState::Completed => Some(true),
            IssueState::NotPlanned => None,
        };
        let link = Link { issue: issue.issue.clone(), url: issue.url.clone() };
        Some(Wish { item, link: Some(link), ticked })
    };
    plan.items.iter().map(|item| &item.key).enumerate().filter_map(wish).collect()
}

fn issue<'a>(plan: &'a Plan, item: &ItemKey) -> Option<&'a TrackedIssue> {
    let settled = plan.settled.iter().find(|settled| settled.item == *item).and_then(|settled| match &settled.why {
        Why::Tracked(issue) => Some(issue),
        _ => None,
    });
    settled.or_else(|| {
        plan.actions.iter().filter(|action| action.item == *item).find_map(|action| match &action.kind {
            ActionKind::AddToBoard(add) => Some(&add.issue),
            _ => None,
        })
    })
}

/// What an edit writes about `issue`, as a word that is kept: the same for the same link or tick, for ever.
pub fn name(issue: &IssueRef, ticked: Option<bool>) -> String {
    let what = match ticked {
        None => "link",
        Some(true) => "tick",
        Some(false) => "untick",
    };
    let digest = Sha256::digest(format!("{what} {}", issue.to_string().to_lowercase()));
    hex::encode(&digest[..5])
}

/// Whether `text` could be a [`name`].
pub fn is_name(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// The names of the edits that were `made` for `wishes`.
pub fn names(made: &[Wish], wishes: &[Wish]) -> BTreeSet<String> {
    let issue = |made: &Wish| wishes.iter().find(|wish| wish.item == made.item)?.link.as_ref().map(|link| link.issue.clone());
    made.iter().filter_map(|made| Some(name(&issue(made)?, made.ticked))).collect()
}

/// `wishes` without those that people turned down, by their names. An item whose link was turned down is left alone, unless
/// somebody has written the link since.
pub fn without(wishes: Vec<Wish>, declined: &BTreeSet<String>, reading: &Postmortem, place: Place<'_>) -> Vec<Wish> {
    if declined.is_empty() {
        return wishes;
    }
    let left = |mut wish: Wish| {
        let issue = wish.link.as_ref()?.issue.clone();
        let is_linked = reading.action_items.get(wish.item).is_some_and(|item| refers(item, &issue, place));
        if declined.contains(&name(&issue, None)) && !is_linked {
            return None;
        }
        wish.ticked = wish.ticked.filter(|ticked| !declined.contains(&name(&issue, Some(*ticked))));
        Some(wish)
    };
    wishes.into_iter().filter_map(left).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{IssueNumber, NodeId, RepositoryId, RepositoryName},
        plan::{Document, Observed, Settled, identity},
        postmortem::parse::{ReadOptions, parse},
        settings::Settings,
    };

    const TEXT: &str = "# A\n\n## Action items\n\n- [ ] Add a test\n- [ ] Write it down\n- [ ] Tell everyone\n- [x] Done\n";

    fn home() -> RepositoryName {
        RepositoryName::new("acme", "app")
    }

    fn tracked(number: u64, state: IssueState) -> TrackedIssue {
        TrackedIssue {
            issue: IssueRef::new(home(), IssueNumber(number)),
            id: NodeId::new(format!("I_{number}")),
            url: format!("https://github.example/acme/app/issues/{number}"),
            title: "Add a test".to_owned(),
            state,
            adopted: false,
            deleted: false,
            status: None,
            assignees: Vec::new(),
        }
    }

    /// The first items of [`TEXT`] with an issue each, in these states.
    fn plan(states: &[IssueState]) -> (Plan, Postmortem) {
        let document = Document {
            key: identity::document_key(RepositoryId(1), "postmortems/a.md"),
            repository: home(),
            path: "postmortems/a.md".to_owned(),
            commit: None,
            url: None,
            pull_request: None,
            authority: crate::plan::Authority::Merged,
            changed: None,
            merged_on: None,
            source: "".into(),
            reading: parse(TEXT.as_bytes(), &ReadOptions::default()).unwrap(),
        };
        let today = jiff::civil::date(2026, 11, 21);
        let mut plan = crate::plan::plan(&document, &Observed::default(), &Settings::default(), "github.example", today);
        for (state, number) in states.iter().zip(1..) {
            let action = plan.actions.remove(0);
            plan.settled.push(Settled { item: action.item, why: Why::Tracked(tracked(number, *state)) });
        }
        (plan, document.reading)
    }

    #[test]
    fn every_issue_is_linked_and_only_what_is_done_is_ticked() {
        let (plan, _) = plan(&[IssueState::Open, IssueState::Completed, IssueState::NotPlanned]);
        let said: Vec<_> =
            wishes(&plan).iter().map(|wish| (wish.item, wish.link.as_ref().unwrap().issue.number.0, wish.ticked)).collect();
        assert_eq!(said, [(0, 1, Some(false)), (1, 2, Some(true)), (2, 3, None)], "the item without an issue is left alone");
    }

    #[test]
    fn what_was_turned_down_is_not_wished_again() {
        let (plan, reading) = plan(&[IssueState::Completed, IssueState::Completed]);
        let (home, options) = (home(), ReadOptions::default());
        let place = Place { repository: &home, host: "github.example", options: &options };
        let declined = |names: &[String]| without(wishes(&plan), &names.iter().cloned().collect(), &reading, place);
        let [first, second] = [1, 2].map(|number| tracked(number, IssueState::Open).issue);
        assert_eq!(declined(&[]).len(), 2);
        assert_eq!(declined(&[name(&first, None)]).iter().map(|wish| wish.item).collect::<Vec<_>>(), [1]);
        let unticked = declined(&[name(&second, Some(true))]);
        assert_eq!(unticked.iter().map(|wish| wish.ticked).collect::<Vec<_>>(), [Some(true), None]);
        assert_eq!(declined(&[name(&first, Some(false))]), wishes(&plan), "another answer to another question");
    }

    #[test]
    fn a_branch_tells_the_file_and_belongs_to_one_document() {
        let key = identity::document_key(RepositoryId(1), "postmortems/a.md");
        let short = &key.as_str()[..8];
        for (path, stem) in [
            ("postmortems/2026-11-20 Checkout_failed.md", "2026-11-20-checkout-failed-"),
            ("事故.md", ""),
            ("a/very-long-name-of-a-file-that-goes-on-and-on-and-on.md", "very-long-name-of-a-file-that-goes-on-"),
        ] {
            assert_eq!(branch(path, &key), format!("followthrough/{stem}{short}"));
        }
    }

    #[test]
    fn names_do_not_depend_on_spelling_and_differ_by_what_they_say() {
        let issue = tracked(1, IssueState::Open).issue;
        let loud = IssueRef::new(RepositoryName::new("ACME", "App"), IssueNumber(1));
        assert_eq!(name(&issue, None), name(&loud, None));
        let all: BTreeSet<String> = [None, Some(true), Some(false)].iter().map(|ticked| name(&issue, *ticked)).collect();
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|name| is_name(name)) && !is_name("") && !is_name("0123456789abc") && !is_name("012345678g"));
    }
}
