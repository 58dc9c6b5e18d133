use std::time::Duration;

use followthrough::{
    ids::{InstallationId, IssueNumber, RepositoryId, RepositoryName},
    store::*,
};

use crate::{Open, at, databases::Database, over_both::over_both};

fn pull(number: u64) -> WorkKey {
    WorkKey {
        installation: InstallationId(41),
        repository: RepositoryId(900),
        name: RepositoryName::new("acme", "app"),
        kind: WorkKind::PullRequest(IssueNumber(number)),
    }
}

const TTL: Duration = Duration::from_secs(30);

over_both! {
    async fn marks_set_before_the_work_begins_are_one_piece_of_work(database: Database) {
        let store = database.open().await;
        assert_eq!(store.mark(&pull(5), at(0)).await.unwrap(), Mark { generation: 1, coalesced: false });
        for second in 1..10 {
            assert_eq!(store.mark(&pull(5), at(second)).await.unwrap(), Mark { generation: 1, coalesced: true });
        }
        assert_eq!(store.begin(&pull(5)).await.unwrap(), Some(1));
        assert!(!store.complete(&pull(5), 1).await.unwrap());
        assert_eq!(store.begin(&pull(5)).await.unwrap(), None);
        assert_eq!(store.begin(&pull(6)).await.unwrap(), None);
    }

    async fn a_mark_during_the_work_asks_for_more(database: Database) {
        let store = database.open().await;
        store.mark(&pull(5), at(0)).await.unwrap();
        assert_eq!(store.begin(&pull(5)).await.unwrap(), Some(1));
        assert_eq!(store.mark(&pull(5), at(1)).await.unwrap(), Mark { generation: 2, coalesced: false });
        assert_eq!(store.mark(&pull(5), at(2)).await.unwrap(), Mark { generation: 2, coalesced: true });
        assert!(store.complete(&pull(5), 1).await.unwrap());
        assert_eq!(store.begin(&pull(5)).await.unwrap(), Some(2));
        assert!(!store.complete(&pull(5), 2).await.unwrap());
        assert!(!store.complete(&pull(5), 1).await.unwrap(), "completing an older generation undoes nothing");
        assert_eq!(store.mark(&pull(5), at(3)).await.unwrap(), Mark { generation: 3, coalesced: false });
    }

    async fn work_that_was_begun_and_abandoned_is_still_wanted(database: Database) {
        let store = database.open().await;
        store.mark(&pull(5), at(0)).await.unwrap();
        assert_eq!(store.begin(&pull(5)).await.unwrap(), Some(1));
        drop(store);
        let store = database.open().await;
        assert_eq!(store.wanted_work(at(1), 10).await.unwrap(), [(pull(5), 1)]);
        assert_eq!(store.wanted_work(at(0), 10).await.unwrap(), []);
        assert_eq!(store.begin(&pull(5)).await.unwrap(), Some(1));
    }

    async fn a_renamed_repository_is_the_same_work(database: Database) {
        let store = database.open().await;
        store.mark(&pull(5), at(0)).await.unwrap();
        let renamed = WorkKey { name: RepositoryName::new("acme", "shop"), ..pull(5) };
        assert!(store.mark(&renamed, at(1)).await.unwrap().coalesced);
        let wanted = store.wanted_work(at(9), 10).await.unwrap();
        assert_eq!(wanted.iter().map(|(key, _)| key.name.name.as_str()).collect::<Vec<_>>(), ["shop"]);
    }

    async fn concurrent_marks_lose_nothing(database: Database) {
        let store = database.open().await;
        let marks: Vec<_> = (0..40).map(|_| tokio::spawn({ let store = store.clone(); async move { store.mark(&pull(5), at(0)).await.unwrap() } })).collect();
        let mut first = 0;
        for mark in marks {
            let mark = mark.await.unwrap();
            assert_eq!(mark.generation, 1);
            first += usize::from(!mark.coalesced);
        }
        assert_eq!(first, 1);
    }

    async fn one_holds_a_lease_until_its_time_is_over(database: Database) {
        let store = database.open().await;
        let first = store.acquire_lease("document 1", "a", TTL, at(0)).await.unwrap().unwrap();
        assert_eq!((first.token, first.expires_at), (1, at(30)));
        assert_eq!(store.acquire_lease("document 1", "b", TTL, at(29)).await.unwrap(), None);
        assert_eq!(store.acquire_lease("document 1", "a", TTL, at(29)).await.unwrap(), None, "not twice by one holder either");
        assert!(store.holds(&first, at(29)).await.unwrap());
        assert!(!store.holds(&first, at(30)).await.unwrap());
        let second = store.acquire_lease("document 1", "b", TTL, at(30)).await.unwrap().unwrap();
        assert!(second.token > first.token);
        assert!(!store.holds(&first, at(30)).await.unwrap());
        assert!(matches!(store.renew_lease(&first, TTL, at(31)).await, Err(Error::LeaseLost(name)) if name == "document 1"));
        store.release_lease(first).await.unwrap();
        assert!(store.holds(&second, at(31)).await.unwrap(), "a lost lease releases nothing");
    }

    async fn a_lease_can_be_renewed_and_given_back(database: Database) {
        let store = database.open().await;
        let lease = store.acquire_lease("document 1", "a", TTL, at(0)).await.unwrap().unwrap();
        let lease = store.renew_lease(&lease, TTL, at(40)).await.unwrap();
        assert_eq!(store.acquire_lease("document 1", "b", TTL, at(69)).await.unwrap(), None);
        store.release_lease(lease.clone()).await.unwrap();
        assert!(!store.holds(&lease, at(41)).await.unwrap());
        let next = store.acquire_lease("document 1", "b", TTL, at(41)).await.unwrap().unwrap();
        assert!(next.token > lease.token);
        assert!(store.acquire_lease("document 2", "b", TTL, at(41)).await.unwrap().is_some());
    }

    async fn of_many_who_want_a_lease_at_once_one_gets_it(database: Database) {
        let store = database.open().await;
        let tries: Vec<_> = (0..30)
            .map(|n| tokio::spawn({ let store = store.clone(); async move { store.acquire_lease("document 1", &n.to_string(), TTL, at(0)).await.unwrap() } }))
            .collect();
        let mut got = 0;
        for taken in tries {
            got += usize::from(taken.await.unwrap().is_some());
        }
        assert_eq!(got, 1);
    }
}
