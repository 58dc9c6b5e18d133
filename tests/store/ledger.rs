use std::time::Duration;

use followthrough::{
    ids::{CommitSha, DocumentKey, IssueNumber, ItemKey, NodeId, RepositoryId, RepositoryName},
    plan::Followed,
    postmortem::model::State,
    review::OfferKey,
    store::*,
};

use crate::{Open, at, databases::Database, over_both::over_both};

const REPOSITORY: RepositoryId = RepositoryId(900);
const PATH: &str = "postmortems/2026-11-20-checkout.md";

fn key(text: &str) -> ItemKey {
    ItemKey::new(text)
}

fn document() -> Document {
    Document {
        key: DocumentKey::new("d1"),
        repository: REPOSITORY,
        name: RepositoryName::new("acme", "app"),
        path: PATH.into(),
        content_digest: "digest-1".into(),
        commit: CommitSha::new("c".repeat(40)),
        postmortem_url: None,
        title: Some("Checkout failed".into()),
        merged_on: None,
        updated_at: at(0),
    }
}

fn reading(name: &str, ordinal: u32) -> ItemReading {
    ItemReading { key: key(name), ordinal, text: format!("Do {name}"), group: Some("Short term".into()), state: State::Open }
}

fn issue(number: u64) -> TrackedIssue {
    TrackedIssue {
        repository: REPOSITORY,
        name: RepositoryName::new("acme", "app"),
        number: IssueNumber(number),
        node: NodeId::new(format!("I_{number}")),
        url: format!("https://github.example/acme/app/issues/{number}"),
        title: "Do it".into(),
        body_digest: "body-1".into(),
        state: IssueState::Open,
    }
}

async fn lease(store: &Store) -> Lease {
    store.acquire_lease("document d1", "test", Duration::from_secs(60), at(0)).await.unwrap().unwrap()
}

/// A store with a document of three items, and the lease on it.
async fn with_items(database: &Database) -> (Store, Lease) {
    let store = database.open().await;
    let lease = lease(&store).await;
    store.save_reading(&lease, &document(), &[reading("a", 0), reading("b", 1), reading("c", 2)]).await.unwrap();
    (store, lease)
}

async fn item(store: &Store, name: &str) -> Item {
    let (_, items) = store.load_document(&document().key).await.unwrap().unwrap();
    items.into_iter().find(|item| item.reading.key == key(name)).unwrap()
}

over_both! {
    async fn a_document_is_found_by_key_and_by_path(database: Database) {
        let (store, _) = with_items(&database).await;
        let (stored, items) = store.load_document_at(REPOSITORY, PATH).await.unwrap().unwrap();
        assert_eq!(stored, document());
        assert_eq!(items.iter().map(|item| item.reading.clone()).collect::<Vec<_>>(), [reading("a", 0), reading("b", 1), reading("c", 2)]);
        assert!(items.iter().all(|item| item.present && item.issue.is_none() && item.filing == Filing::Planned));
        assert_eq!(store.load_document(&document().key).await.unwrap(), Some((stored, items)));
        assert_eq!(store.load_document_at(REPOSITORY, "other.md").await.unwrap(), None);
        assert_eq!(store.load_document_at(RepositoryId(1), PATH).await.unwrap(), None);
    }

    async fn a_renamed_document_keeps_its_key_and_its_items(database: Database) {
        let (store, lease) = with_items(&database).await;
        let renamed = Document { path: "postmortems/renamed.md".into(), updated_at: at(9), ..document() };
        store.save_reading(&lease, &renamed, &[reading("a", 0)]).await.unwrap();
        assert_eq!(store.load_document_at(REPOSITORY, PATH).await.unwrap(), None);
        assert_eq!(store.load_document_at(REPOSITORY, "postmortems/renamed.md").await.unwrap().unwrap().0, renamed);
    }

    async fn a_new_reading_keeps_issues_and_remembers_what_is_gone(database: Database) {
        let (store, lease) = with_items(&database).await;
        store.record_issue(&document().key, &key("a"), &issue(1), Origin::Filed).await.unwrap();
        store.record_issue(&document().key, &key("b"), &issue(2), Origin::Adopted).await.unwrap();
        store.record_board_item(&document().key, &key("a"), &NodeId::new("PVTI_1")).await.unwrap();
        let done = ItemReading { text: "Do a, well".into(), state: State::Done, group: None, ..reading("a", 1) };
        store.save_reading(&lease, &document(), &[reading("d", 0), done.clone()]).await.unwrap();
        let a = item(&store, "a").await;
        assert_eq!(a, Item { reading: done, present: true, issue: Some(issue(1)), board_item: Some(NodeId::new("PVTI_1")), filing: Filing::Filed, followed: Some(Followed::Open), proposed_in: None, in_parent: false, note: None, left_alone: false });
        let b = item(&store, "b").await;
        assert_eq!((b.present, b.filing, b.issue), (false, Filing::Adopted, Some(issue(2))));
        assert_eq!(item(&store, "d").await.filing, Filing::Planned);
        let (_, items) = store.load_document(&document().key).await.unwrap().unwrap();
        assert_eq!(items.iter().map(|item| item.reading.key.as_str()).collect::<Vec<_>>(), ["d", "a", "b", "c"]);
    }

    async fn an_item_is_sent_by_one_attempt_at_a_time(database: Database) {
        let (store, lease) = with_items(&database).await;
        let document = document().key;
        let all = [key("c"), key("a"), key("b"), key("unknown")];
        assert_eq!(store.begin_filing(&lease, &document, &all[..2], "first", at(1)).await.unwrap(), [key("c"), key("a")]);
        assert_eq!(store.begin_filing(&lease, &document, &all, "second", at(2)).await.unwrap(), [key("b")]);
        assert_eq!(item(&store, "a").await.filing, Filing::Sending { since: at(1), attempt: "first".into() });
        store.record_issue(&document, &key("a"), &issue(1), Origin::Filed).await.unwrap();
        store.record_filing_failure(&document, &key("b"), "issues are disabled").await.unwrap();
        assert_eq!(item(&store, "b").await.filing, Filing::Failed { reason: "issues are disabled".into() });
        assert_eq!(store.begin_filing(&lease, &document, &all, "third", at(3)).await.unwrap(), [key("b")], "what failed may be tried again");
        store.reset_filing(&lease, &document, &key("c")).await.unwrap();
        store.reset_filing(&lease, &document, &key("a")).await.unwrap();
        assert_eq!(item(&store, "c").await.filing, Filing::Planned);
        assert_eq!(item(&store, "a").await.filing, Filing::Filed, "what has an issue is not reset");
    }

    async fn a_crash_between_sent_and_recorded_is_visible(database: Database) {
        let (store, lease) = with_items(&database).await;
        store.begin_filing(&lease, &document().key, &[key("a"), key("b")], "first", at(1)).await.unwrap();
        store.record_issue(&document().key, &key("b"), &issue(2), Origin::Filed).await.unwrap();
        drop(store);
        let store = database.open().await;
        let unconfirmed = UnconfirmedItem { document: document().key, item: key("a"), since: at(1), attempt: "first".into() };
        assert_eq!(store.list_sending(at(2)).await.unwrap(), [unconfirmed]);
        assert_eq!(store.list_sending(at(1)).await.unwrap(), []);
    }

    async fn an_issue_may_be_asked_for_by_several_items(database: Database) {
        let (store, _) = with_items(&database).await;
        let document = document().key;
        store.record_issue(&document, &key("a"), &issue(1), Origin::Filed).await.unwrap();
        store.record_issue(&document, &key("b"), &issue(1), Origin::Adopted).await.unwrap();
        let found = store.documents_of_issue(REPOSITORY, IssueNumber(1), &NodeId::new("none")).await.unwrap();
        assert_eq!(found.iter().map(|found| &found.document).collect::<Vec<_>>(), [&document]);
        let by_node = store.documents_of_node(&issue(1).node).await.unwrap();
        assert_eq!(by_node, found);
        assert_eq!(store.documents_of_issue(REPOSITORY, IssueNumber(3), &NodeId::new("none")).await.unwrap(), []);
        assert!(matches!(store.record_issue(&document, &key("x"), &issue(9), Origin::Filed).await, Err(Error::NoSuchItem(_))));
    }

    async fn recording_an_issue_again_updates_it(database: Database) {
        let (store, _) = with_items(&database).await;
        let document = document().key;
        store.record_issue(&document, &key("a"), &issue(1), Origin::Filed).await.unwrap();
        let closed = TrackedIssue { state: IssueState::NotPlanned, title: "Do it\0 now".into(), ..issue(1) };
        store.record_issue(&document, &key("a"), &closed, Origin::Adopted).await.unwrap();
        let a = item(&store, "a").await;
        assert_eq!((a.filing, a.issue.as_ref().map(|issue| issue.state)), (Filing::Filed, Some(IssueState::NotPlanned)));
        assert_eq!(a.issue.unwrap().title, "Do it\u{fffd} now");
    }

    async fn whoever_lost_the_lease_writes_nothing_more(database: Database) {
        let (store, paused) = with_items(&database).await;
        let next = store.acquire_lease("document d1", "other", Duration::from_secs(60), at(60)).await.unwrap().unwrap();
        let document_key = document().key;
        let changed = Document { content_digest: "digest-2".into(), ..document() };
        assert!(matches!(store.save_reading(&paused, &changed, &[]).await, Err(Error::LeaseLost(_))));
        assert!(matches!(store.begin_filing(&paused, &document_key, &[key("a")], "late", at(61)).await, Err(Error::LeaseLost(_))));
        assert_eq!(store.load_document(&document_key).await.unwrap().unwrap().0, document());
        assert_eq!(item(&store, "a").await.filing, Filing::Planned);
        store.begin_filing(&next, &document_key, &[key("a")], "next", at(61)).await.unwrap();
        // That an issue is there is a fact, whoever says so.
        store.record_issue(&document_key, &key("a"), &issue(1), Origin::Filed).await.unwrap();
    }

    async fn a_document_of_a_thousand_items_is_kept_whole(database: Database) {
        let store = database.open().await;
        let lease = lease(&store).await;
        let items: Vec<_> = (0..1001).map(|n| reading(&format!("item-{n}"), n)).collect();
        store.save_reading(&lease, &document(), &items).await.unwrap();
        store.save_reading(&lease, &document(), &items).await.unwrap();
        let keys: Vec<_> = items.iter().map(|item| item.key.clone()).collect();
        assert_eq!(store.begin_filing(&lease, &document().key, &keys, "all", at(1)).await.unwrap(), keys);
        let (_, stored) = store.load_document(&document().key).await.unwrap().unwrap();
        assert!(stored.into_iter().map(|item| item.reading).eq(items));
    }

    async fn markers_are_found_by_document_and_by_item(database: Database) {
        let store = database.open().await;
        let marker = |number, item: &str| IssueMarker {
            repository: REPOSITORY,
            number: IssueNumber(number),
            node: NodeId::new(format!("I_{number}")),
            document: DocumentKey::new("d1"),
            item: key(item),
            title: "Do it".into(),
            state: IssueState::Open,
            updated_at: at(10),
        };
        assert_eq!(store.scanned_until(REPOSITORY).await.unwrap(), None);
        let markers = [marker(2, "a"), marker(1, "b"), marker(3, "a")];
        store.save_markers(REPOSITORY, &markers, Some(at(10))).await.unwrap();
        store.save_markers(REPOSITORY, &[], Some(at(5))).await.unwrap();
        assert_eq!(store.scanned_until(REPOSITORY).await.unwrap(), Some(at(10)), "the cursor never goes back");
        assert_eq!(store.markers_of_document(&DocumentKey::new("d1")).await.unwrap(), [marker(1, "b"), marker(2, "a"), marker(3, "a")]);
        assert_eq!(store.markers_of_item(&DocumentKey::new("d1"), &key("a")).await.unwrap(), [marker(2, "a"), marker(3, "a")]);
        let older = IssueMarker { title: "Before".into(), updated_at: at(9), ..marker(2, "a") };
        let newer = IssueMarker { state: IssueState::Completed, updated_at: at(11), ..marker(3, "a") };
        store.save_markers(REPOSITORY, &[older, newer.clone()], None).await.unwrap();
        store.forget_marker(REPOSITORY, IssueNumber(1)).await.unwrap();
        assert_eq!(store.markers_of_document(&DocumentKey::new("d1")).await.unwrap(), [marker(2, "a"), newer]);
    }

    async fn what_was_posted_is_remembered(database: Database) {
        let store = database.open().await;
        let (pull, head) = (IssueNumber(5), CommitSha::new("h".repeat(40)));
        assert_eq!(store.posted_comment(REPOSITORY, pull).await.unwrap(), None);
        for digest in ["one", "two"] {
            store.record_comment(REPOSITORY, pull, &PostedComment { id: 77, body_digest: digest.into() }).await.unwrap();
            store.record_check(REPOSITORY, &head, &PostedCheck { id: 88, digest: digest.into() }).await.unwrap();
        }
        assert_eq!(store.posted_comment(REPOSITORY, pull).await.unwrap(), Some(PostedComment { id: 77, body_digest: "two".into() }));
        assert_eq!(store.posted_check(REPOSITORY, &head).await.unwrap(), Some(PostedCheck { id: 88, digest: "two".into() }));
        store.forget_comment(REPOSITORY, pull).await.unwrap();
        assert_eq!(store.posted_comment(REPOSITORY, pull).await.unwrap(), None);
    }

    async fn what_was_suggested_is_remembered(database: Database) {
        let store = database.open().await;
        let pull = IssueNumber(5);
        let key = |words: &str| OfferKey { rule: "human-error".into(), words: words.into(), lines: "l".into() };
        let states = async || {
            let all = store.suggestions(REPOSITORY, pull).await.unwrap();
            all.into_iter().map(|one| (one.key.words, one.state, one.since)).collect::<Vec<_>>()
        };
        store.record_suggestions(REPOSITORY, pull, &[key("a"), key("b")], SuggestionState::Sending, at(0)).await.unwrap();
        store.record_suggestions(REPOSITORY, pull, &[key("a")], SuggestionState::Offered, at(9)).await.unwrap();
        store.record_suggestions(REPOSITORY, IssueNumber(6), &[key("c")], SuggestionState::Settled, at(9)).await.unwrap();
        let (a, b) = (("a".to_owned(), SuggestionState::Offered, at(9)), ("b".to_owned(), SuggestionState::Sending, at(0)));
        assert_eq!(states().await, [a.clone(), b]);
        store.forget_sending_suggestions(REPOSITORY, pull).await.unwrap();
        assert_eq!(states().await, [a]);
        assert_eq!(store.suggestions(REPOSITORY, IssueNumber(6)).await.unwrap().len(), 1);
    }

    async fn the_last_good_configuration_stays(database: Database) {
        let store = database.open().await;
        assert_eq!(store.last_good_configuration(REPOSITORY).await.unwrap(), None);
        for text in ["version: 1\n", "version: 1\nfile: { when: merged }\n"] {
            let configuration = LastGoodConfiguration { blob: "b1".into(), text: text.into() };
            store.save_configuration(REPOSITORY, &configuration, at(0)).await.unwrap();
            assert_eq!(store.last_good_configuration(REPOSITORY).await.unwrap(), Some(configuration));
        }
    }
}
