use std::time::Duration;

use followthrough::{
    ids::{CommitSha, DocumentKey, IssueNumber, IssueRef, ItemKey, NodeId, RepositoryId, RepositoryName},
    plan::Elsewhere,
    postmortem::model::State,
    store::*,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{Open, at, databases::Database, over_both::over_both};

const HOME: RepositoryId = RepositoryId(1);
const OTHER: RepositoryId = RepositoryId(2);

/// Saves a document of these items, and opens an issue for each that has a number.
async fn save(store: &Store, name: &str, repository: RepositoryId, items: &[(&str, u64)]) {
    let key = DocumentKey::new(name);
    let lease = store.acquire_lease(&format!("document {name}"), "test", Duration::from_secs(60), at(0)).await.unwrap().unwrap();
    let document = Document {
        key: key.clone(),
        repository,
        name: RepositoryName::new("acme", "app"),
        path: format!("postmortems/{name}.md"),
        content_digest: "digest".into(),
        commit: CommitSha::new("c".repeat(40)),
        postmortem_url: Some(format!("https://github.example/acme/app/blob/c/{name}.md")),
        title: Some(format!("The {name} incident")),
        merged_on: None,
        updated_at: at(0),
    };
    let read = |&(text, _): &(&str, u64)| ItemReading {
        key: ItemKey::new(text),
        ordinal: 0,
        text: text.into(),
        group: None,
        state: State::Open,
    };
    let readings: Vec<ItemReading> = items.iter().map(read).collect();
    store.save_reading(&lease, &document, &readings).await.unwrap();
    for &(text, number) in items.iter().filter(|(_, number)| *number > 0) {
        let item = ItemKey::new(text);
        store.begin_filing(&lease, &key, std::slice::from_ref(&item), "attempt", moment(number)).await.unwrap();
        store.record_issue(&key, &item, &issue(number), Origin::Filed).await.unwrap();
    }
    store.release_lease(lease).await.unwrap();
}

/// When issue `number` is opened: as many days from some day.
fn moment(number: u64) -> Timestamp {
    at(86_400 * i64::try_from(number).unwrap())
}

fn day(number: u64) -> Date {
    moment(number).to_zoned(TimeZone::UTC).date()
}

fn issue(number: u64) -> TrackedIssue {
    TrackedIssue {
        repository: HOME,
        name: RepositoryName::new("acme", "app"),
        number: IssueNumber(number),
        node: NodeId::new(format!("I_{number}")),
        url: format!("https://github.example/acme/app/issues/{number}"),
        title: "Do it".into(),
        body_digest: "body".into(),
        state: IssueState::Open,
    }
}

async fn elsewhere(store: &Store, repositories: &[RepositoryId], document: &str) -> Vec<u64> {
    let items = store.open_items_elsewhere(repositories, &DocumentKey::new(document), 100).await.unwrap();
    items.into_iter().map(|item| item.issue.number.0).collect()
}

over_both! {
    async fn open_items_of_other_documents_are_found_newest_first(database: Database) {
        let store = database.open().await;
        save(&store, "mail", HOME, &[("Add an alert", 3), ("Write a runbook", 7), ("Not filed", 0)]).await;
        save(&store, "disk", HOME, &[("Add a quota", 5)]).await;
        save(&store, "far", OTHER, &[("Add a far alert", 6)]).await;
        assert_eq!(elsewhere(&store, &[HOME], "new").await, [7, 5, 3]);
        assert_eq!(elsewhere(&store, &[HOME, OTHER], "mail").await, [6, 5]);
        assert!(elsewhere(&store, &[], "new").await.is_empty());
        let found = store.open_items_elsewhere(&[HOME], &DocumentKey::new("mail"), 100).await.unwrap();
        assert_eq!(found, [Elsewhere {
            document_title: "The disk incident".into(),
            document_url: Some("https://github.example/acme/app/blob/c/disk.md".into()),
            issue: IssueRef::new(RepositoryName::new("acme", "app"), IssueNumber(5)),
            url: "https://github.example/acme/app/issues/5".into(),
            text: "Add a quota".into(),
            opened_on: Some(day(5)),
        }]);
    }

    async fn what_is_done_closed_or_gone_is_not_open(database: Database) {
        let store = database.open().await;
        save(&store, "mail", HOME, &[("Closed", 1), ("Done", 2), ("Gone", 3), ("Adopted", 0)]).await;
        let key = DocumentKey::new("mail");
        store.record_issue(&key, &ItemKey::new("Closed"), &TrackedIssue { state: IssueState::Completed, ..issue(1) }, Origin::Filed).await.unwrap();
        store.record_issue(&key, &ItemKey::new("Adopted"), &issue(4), Origin::Adopted).await.unwrap();
        let lease = store.acquire_lease("document mail", "test", Duration::from_secs(60), at(9)).await.unwrap().unwrap();
        let (document, items) = store.load_document(&key).await.unwrap().unwrap();
        let left = items.into_iter().map(|item| item.reading).filter(|item| item.text != "Gone");
        let left: Vec<ItemReading> =
            left.map(|item| ItemReading { state: if item.text == "Done" { State::Done } else { State::Open }, ..item }).collect();
        store.save_reading(&lease, &document, &left).await.unwrap();
        let found = store.open_items_elsewhere(&[HOME], &DocumentKey::new("new"), 100).await.unwrap();
        let found: Vec<_> = found.iter().map(|item| (item.text.as_str(), item.opened_on)).collect();
        assert_eq!(found, [("Adopted", None)], "nobody knows when people opened it");
    }

    async fn recording_an_issue_again_keeps_the_day_it_was_opened(database: Database) {
        let store = database.open().await;
        save(&store, "mail", HOME, &[("Add an alert", 3)]).await;
        store.record_issue(&DocumentKey::new("mail"), &ItemKey::new("Add an alert"), &issue(3), Origin::Adopted).await.unwrap();
        let found = store.open_items_elsewhere(&[HOME], &DocumentKey::new("new"), 100).await.unwrap();
        assert_eq!(found[0].opened_on, Some(day(3)));
    }

    async fn no_more_than_asked_for_are_given(database: Database) {
        let store = database.open().await;
        save(&store, "mail", HOME, &[("Add an alert", 3), ("Write a runbook", 7), ("Add a quota", 5)]).await;
        let found = store.open_items_elsewhere(&[HOME], &DocumentKey::new("new"), 2).await.unwrap();
        assert_eq!(found.iter().map(|item| item.issue.number.0).collect::<Vec<_>>(), [7, 5]);
    }
}
