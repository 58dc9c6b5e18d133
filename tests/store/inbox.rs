use std::collections::HashMap;

use bytes::Bytes;
use followthrough::{
    ids::{DeliveryId, InstallationId},
    store::*,
};

use crate::{Open, at, databases::Database, over_both::over_both};

pub fn delivery(id: &str) -> Delivery {
    Delivery {
        id: DeliveryId::new(id),
        event: "pull_request".into(),
        action: Some("opened".into()),
        installation: Some(InstallationId(41)),
        received_at: at(0),
        body: Bytes::from(format!(r#"{{"id":"{id}","title":"{}"}}"#, "checkout was slow ".repeat(100))),
    }
}

fn id(text: &str) -> DeliveryId {
    DeliveryId::new(text)
}

over_both! {
    async fn of_fifty_equal_deliveries_at_once_one_is_new(database: Database) {
        let store = database.open().await;
        let received: Vec<_> = (0..50).map(|_| tokio::spawn({ let store = store.clone(); async move { store.receive(delivery("a")).await.unwrap() } })).collect();
        let mut counts = HashMap::new();
        for received in received {
            *counts.entry(format!("{:?}", received.await.unwrap())).or_insert(0) += 1;
        }
        assert_eq!(counts, HashMap::from([("New".into(), 1), ("Known".into(), 49)]));
        assert_eq!(store.claim_deliveries(at(0), at(5), 10).await.unwrap().len(), 1);
    }

    async fn deliveries_that_share_a_transaction_are_all_there_after_reopening(database: Database) {
        let store = database.open().await;
        let received: Vec<_> = (0..200)
            .map(|n| tokio::spawn({ let store = store.clone(); async move { store.receive(delivery(&n.to_string())).await.unwrap() } }))
            .collect();
        for received in received {
            assert_eq!(received.await.unwrap(), Received::New);
        }
        // No closing: what was answered is stored already.
        drop(store);
        let store = database.open().await;
        assert_eq!(store.delivery_counts().await.unwrap().pending, 200);
        let claimed = store.claim_deliveries(at(1), at(5), 500).await.unwrap();
        assert_eq!(claimed.len(), 200);
        for PendingDelivery { delivery: stored, attempts } in claimed {
            assert_eq!(stored, delivery(stored.id.as_str()));
            assert_eq!(attempts, 0);
        }
    }

    async fn one_that_cannot_be_stored_harms_no_other(database: Database) {
        let store = database.open().await;
        let hostile = Delivery { action: Some("a\0b".into()), ..delivery("hostile") };
        let (hostile, good) = tokio::join!(store.receive(hostile), store.receive(delivery("good")));
        assert_eq!((hostile.unwrap(), good.unwrap()), (Received::New, Received::New));
    }

    async fn a_claimed_delivery_comes_up_again_when_nobody_finished_it(database: Database) {
        let store = database.open().await;
        store.receive(delivery("a")).await.unwrap();
        assert_eq!(store.claim_deliveries(at(0), at(5), 10).await.unwrap().len(), 1);
        assert_eq!(store.claim_deliveries(at(4), at(9), 10).await.unwrap(), []);
        let again = store.claim_deliveries(at(5), at(10), 10).await.unwrap();
        assert_eq!(again.iter().map(|claimed| claimed.attempts).collect::<Vec<_>>(), [1]);
        store.finish_delivery(&id("a"), DeliveryOutcome::Handled, at(6)).await.unwrap();
        assert_eq!(store.claim_deliveries(at(99), at(100), 10).await.unwrap(), []);
    }

    async fn a_delivery_that_failed_is_tried_again_when_asked(database: Database) {
        let store = database.open().await;
        store.receive(delivery("a")).await.unwrap();
        store.claim_deliveries(at(0), at(5), 10).await.unwrap();
        store.fail_delivery(&id("a"), "GitHub is away", Some(at(60)), at(1)).await.unwrap();
        assert_eq!(store.receive(delivery("a")).await.unwrap(), Received::Known);
        assert_eq!(store.claim_deliveries(at(59), at(70), 10).await.unwrap(), []);
        assert_eq!(store.claim_deliveries(at(60), at(70), 10).await.unwrap().len(), 1);
    }

    async fn a_redelivery_is_known_unless_the_first_failed_for_good(database: Database) {
        let store = database.open().await;
        for name in ["pending", "handled", "ignored", "failed"] {
            assert_eq!(store.receive(delivery(name)).await.unwrap(), Received::New);
        }
        store.finish_delivery(&id("handled"), DeliveryOutcome::Handled, at(1)).await.unwrap();
        store.finish_delivery(&id("ignored"), DeliveryOutcome::Ignored, at(1)).await.unwrap();
        store.fail_delivery(&id("failed"), "not to be understood", None, at(1)).await.unwrap();
        let counts = store.delivery_counts().await.unwrap();
        assert_eq!(counts, DeliveryCounts { pending: 1, done: 2, failed: 1, oldest_pending: Some(at(0)) });
        for name in ["pending", "handled", "ignored"] {
            assert_eq!(store.receive(delivery(name)).await.unwrap(), Received::Known);
        }
        assert_eq!(store.receive(delivery("failed")).await.unwrap(), Received::New);
        assert_eq!(store.delivery_counts().await.unwrap().failed, 0);
        assert_eq!(store.claim_deliveries(at(1), at(2), 10).await.unwrap().len(), 2);
    }

    async fn ids_are_remembered_longer_than_bodies(database: Database) {
        let store = database.open().await;
        for (name, finished) in [("old", 10), ("middle", 20), ("young", 30)] {
            store.receive(delivery(name)).await.unwrap();
            store.finish_delivery(&id(name), DeliveryOutcome::Handled, at(finished)).await.unwrap();
        }
        store.receive(delivery("pending")).await.unwrap();
        assert_eq!(store.prune_deliveries(at(25), at(15)).await.unwrap(), Pruned { bodies: 1, ids: 1 });
        assert_eq!(store.receive(delivery("middle")).await.unwrap(), Received::Known);
        assert_eq!(store.receive(delivery("old")).await.unwrap(), Received::New);
        assert_eq!(store.claim_deliveries(at(50), at(60), 10).await.unwrap().len(), 2);
    }

    async fn an_arrival_wakes_whoever_handles_deliveries(database: Database) {
        let store = database.open().await;
        store.receive(delivery("a")).await.unwrap();
        store.delivery_arrived().await;
        let waiting = tokio::spawn({ let store = store.clone(); async move { store.delivery_arrived().await } });
        store.receive(delivery("a")).await.unwrap();
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "a known delivery is no arrival");
        store.receive(delivery("b")).await.unwrap();
        waiting.await.unwrap();
    }

    async fn large_and_empty_bodies_come_back_whole(database: Database) {
        let store = database.open().await;
        let large = Delivery { body: (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>().into(), ..delivery("a-large") };
        let empty = Delivery { body: Bytes::new(), ..delivery("b-empty") };
        store.receive(large.clone()).await.unwrap();
        store.receive(empty.clone()).await.unwrap();
        let claimed = store.claim_deliveries(at(0), at(1), 10).await.unwrap();
        assert!(claimed.into_iter().map(|claimed| claimed.delivery).eq([large, empty]));
    }
}
