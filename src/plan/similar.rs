//! Shared fixes: items that ask for what another postmortem has asked for already.
//!
//! Only wording can tell, so nothing follows from it by itself: the review shows the likeness, and the author links the issue
//! where it is the same. Whoever is shown too much that is not soon looks at none, so little is shown.

use jiff::civil::Date;

use super::identity::{self, Trait};
use crate::ids::{IssueRef, ItemKey};

/// From this likeness on, an item is shown as resembling one of another postmortem. Measured by `benches/identity.rs`;
/// docs/decisions.md has the figures.
pub const RESEMBLES: f64 = 0.6;

/// As many open items of other postmortems are looked at, the newest.
pub const MOST_ELSEWHERE: u32 = 2_000;

/// An open item of another postmortem, and its issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// Of the postmortem; its path where it has no title.
    pub document_title: String,
    /// The postmortem on GitHub.
    pub document_url: Option<String>,
    pub issue: IssueRef,
    pub url: String,
    pub text: String,
    /// When the issue was opened, where that is known.
    pub opened_on: Option<Date>,
}

/// An item of this document that reads like one of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resemblance {
    pub item: ItemKey,
    pub like: Elsewhere,
    /// How many days the other one has been open.
    pub days: Option<u32>,
}

/// Another postmortem that asks for the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlsoAskedBy {
    /// Its path where it has no title.
    pub title: String,
    pub url: Option<String>,
}

/// For each of `items` (key and wording) the one of `elsewhere` that it resembles most, if any does. Several may resemble the
/// same one. In the order of `items`.
pub fn resemblances<'a>(
    items: impl IntoIterator<Item = (&'a ItemKey, &'a str)>,
    elsewhere: &[Elsewhere],
    today: Date,
) -> Vec<Resemblance> {
    let (keys, items): (Vec<&ItemKey>, Vec<Trait<'_>>) =
        items.into_iter().map(|(key, text)| (key, Trait { text, ..Trait::default() })).unzip();
    let known: Vec<Trait<'_>> = elsewhere.iter().map(|known| Trait { text: &known.text, ..Trait::default() }).collect();
    let nearest = identity::nearest(&items, &known);
    let found = keys.into_iter().zip(nearest).filter_map(|(key, nearest)| {
        let (at, _) = nearest.filter(|&(_, likeness)| likeness >= RESEMBLES)?;
        let like = elsewhere.get(at)?.clone();
        let days = like.opened_on.and_then(|opened| u32::try_from((today - opened).get_days()).ok());
        Some(Resemblance { item: key.clone(), like, days })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{
        ids::{IssueNumber, RepositoryName},
        plan::{
            Observed, Plan,
            tests::{document, item},
        },
        postmortem::model::State,
        settings::Settings,
    };

    fn elsewhere(number: u64, text: &str) -> Elsewhere {
        Elsewhere {
            document_title: "Mail was late".to_owned(),
            document_url: None,
            issue: IssueRef::new(RepositoryName::new("acme", "app"), IssueNumber(number)),
            url: format!("https://github.com/acme/app/issues/{number}"),
            text: text.to_owned(),
            opened_on: Some(date(2026, 7, 3)),
        }
    }

    /// What other postmortems of a team ask for.
    fn others() -> Vec<Elsewhere> {
        vec![
            elsewhere(88, "Alert when the mail queue holds more than 10,000 messages"),
            elsewhere(89, "Add a runbook for failing over the order database"),
            elsewhere(90, "Rotate the certificates of the public gateway automatically"),
            elsewhere(91, "Load test the checkout before every sale"),
            elsewhere(92, "Add tests"),
            elsewhere(93, "Page the on-call engineer when replication lags behind by a minute"),
        ]
    }

    fn plan(items: Vec<(&str, State)>, elsewhere: Vec<Elsewhere>) -> Plan {
        let document = document(items.into_iter().map(|(text, state)| item(text, state, None)).collect());
        let observed = Observed { elsewhere, ..Observed::default() };
        crate::plan::plan(&document, &observed, &Settings::default(), "github.com", date(2026, 11, 20))
    }

    fn found(text: &str) -> Option<u64> {
        let plan = plan(vec![(text, State::Open)], others());
        assert!(plan.resemblances.iter().all(|found| found.days == Some(140) && found.item == plan.items[0].key));
        plan.resemblances.first().map(|found| found.like.issue.number.0)
    }

    #[test]
    fn an_item_resembles_what_asks_for_the_same_in_nearly_the_same_words() {
        for (text, like) in [
            ("Alert when the mail queue holds more than 10,000 messages for five minutes", Some(88)),
            ("Alert when the mail queue holds more than 5,000 messages", None),
            ("Alert when the payment queue holds more than 10,000 messages", None),
            ("Write a runbook for failing over the order database", Some(89)),
            ("Automatically rotate certificates of the public gateway", Some(90)),
            ("Load test the whole checkout before every sale", Some(91)),
            ("Page the on-call engineer when the replication lags behind", Some(93)),
            ("Add tests", None),
            ("Add a runbook for the mail queue", None),
            ("Alert when the certificates of the public gateway run out", None),
            ("Load test the search before the next release", None),
            ("Give the order database a bigger disk", None),
            ("", None),
        ] {
            assert_eq!(found(text), like, "{text}");
        }
    }

    #[test]
    fn only_items_that_are_to_be_filed_are_compared_and_nothing_else_changes() {
        let text = "Load test the checkout before every sale";
        let items = || vec![(text, State::Done), (text, State::Open), (text, State::Declined)];
        let (with, without) = (plan(items(), others()), plan(items(), Vec::new()));
        assert_eq!(with.resemblances.iter().map(|found| &found.item).collect::<Vec<_>>(), [&with.items[1].key]);
        assert_eq!(Plan { resemblances: Vec::new(), ..with }, without);
    }

    #[test]
    fn a_day_that_nobody_knows_or_that_is_to_come_is_not_counted() {
        for opened_on in [None, Some(date(2026, 11, 21))] {
            let like = Elsewhere { opened_on, ..elsewhere(91, "Load test the checkout before every sale") };
            let plan = plan(vec![("Load test the checkout before every sale", State::Open)], vec![like]);
            assert_eq!(plan.resemblances[0].days, None);
        }
    }
}
