//! Many installations and many deliveries: nobody waits for somebody else's burst, and nothing is lost.
//!
//! Fairness is counted in deliveries and jobs, not in seconds: what the machine does meanwhile changes nothing.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use followthrough::jobs::queue::{Job, Outcome};
use serde_json::json;

use crate::{
    databases::Database,
    intake::{SECRET, signature},
    over_both::over_both,
    world::World,
};

/// A push of pull request `number` in the repository of `installation`.
fn synchronized(installation: u64, number: u64) -> String {
    json!({
        "action": "synchronize", "number": number, "installation": {"id": installation},
        "repository": {"id": installation, "full_name": format!("org-{installation}/app"), "default_branch": "main"},
        "pull_request": {"number": number, "merged": false, "draft": false, "head": {"sha": "0", "ref": "b", "repo": null}, "base": {"ref": "main"}},
        "sender": {"login": "ada-example", "type": "User"},
    })
    .to_string()
}

/// Sends the bodies over 32 connections at once; gives how many got a 202.
async fn flood(world: &World, bodies: Vec<String>) -> usize {
    use futures_util::StreamExt;
    use http_body_util::{BodyExt, Full};
    use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    let client = Client::builder(TokioExecutor::new()).build_http();
    let sends = futures_util::stream::iter(bodies).map(|body| {
        let request = http::Request::post(&world.url)
            .header("x-github-event", "pull_request")
            .header("x-github-delivery", uuid::Uuid::new_v4().to_string())
            .header("x-hub-signature-256", signature(SECRET, body.as_bytes()))
            .body(Full::new(bytes::Bytes::from(body)))
            .unwrap();
        let client = client.clone();
        async move {
            let answer = client.request(request).await.unwrap();
            let stored = answer.status().as_u16() == 202;
            let _ = answer.into_body().collect().await;
            usize::from(stored)
        }
    });
    sends.buffer_unordered(32).fold(0, async |stored, one| stored + one).await
}

/// The installation of each job that runs, in order, until all of `awaited` have had theirs. Between any two jobs a batch of
/// deliveries is taken in, as in the running service.
async fn runs_until(world: &World, awaited: &BTreeSet<u64>) -> Vec<u64> {
    let runs = RefCell::new(Vec::new());
    let done = RefCell::new(BTreeSet::new());
    while done.borrow().len() < awaited.len() {
        let taken = world.worker.dispatch_pending().await.unwrap();
        let handler = |job: Job| {
            let (runs, done) = (&runs, &done);
            async move {
                world.worker.dispatch_pending().await.unwrap();
                let installation: u64 = job.key.split('/').next().unwrap().parse().unwrap();
                if !done.borrow().is_superset(awaited) {
                    runs.borrow_mut().push(installation);
                }
                if awaited.contains(&installation) {
                    done.borrow_mut().insert(installation);
                }
                Outcome::Done
            }
        };
        let ran = world.worker.queue.drain(handler, world.worker.now()).await.unwrap();
        assert!(taken + ran > 0, "somebody's work was lost");
    }
    runs.into_inner()
}

over_both! {
    async fn one_with_a_thousand_documents_delays_nobody(database: Database) {
        let world = World::start(&database).await;
        let others: BTreeSet<u64> = (2..=200).collect();
        // Idle, each of the others is done after as many runs as there are others.
        let idle = others.len();
        let large = (1..=1_000).map(|number| synchronized(1, number)).collect();
        assert_eq!(flood(&world, large).await, 1_000);
        assert_eq!(flood(&world, others.iter().map(|other| synchronized(*other, 1)).collect()).await, idle);
        // The others are told of within a batch or two for each that the large one has.
        let mut taken = 0;
        let mut known = BTreeSet::new();
        while !known.is_superset(&others) {
            taken += world.worker.dispatch_pending().await.unwrap();
            let work = world.worker.store.wanted_work(jiff::Timestamp::MAX, 10_000).await.unwrap();
            known = work.into_iter().map(|(key, _)| key.installation.0).collect();
        }
        assert!(taken <= 2 * idle, "{taken} deliveries were taken in before all others");
        let runs = runs_until(&world, &others).await;
        assert!(runs.len() <= 2 * idle, "{} runs until the others were done", runs.len());
        let by_installation = runs.iter().fold(BTreeMap::<u64, usize>::new(), |mut counts, run| {
            *counts.entry(*run).or_default() += 1;
            counts
        });
        assert!(by_installation.get(&1).is_none_or(|runs| *runs <= 3), "the large one had its turns and no more: {by_installation:?}");
        println!("{idle} others were done after {} runs, {taken} deliveries taken in", runs.len());
    }

    async fn whoever_comes_late_is_served_before_the_rest_of_a_burst(database: Database) {
        let world = World::start(&database).await;
        flood(&world, (1..=300).map(|number| synchronized(1, number)).collect()).await;
        while world.worker.dispatch_pending().await.unwrap() > 0 {}
        let ran = RefCell::new(Vec::new());
        let handler = |job: Job| {
            let (world, ran) = (&world, &ran);
            async move {
                let installation: u64 = job.key.split('/').next().unwrap().parse().unwrap();
                let count = { ran.borrow_mut().push(installation); ran.borrow().len() };
                if count == 10 {
                    assert_eq!(flood(world, vec![synchronized(2, 1)]).await, 1);
                    assert_eq!(world.worker.dispatch_pending().await.unwrap(), 1);
                }
                Outcome::Done
            }
        };
        world.worker.queue.drain(handler, world.worker.now()).await.unwrap();
        let ran = ran.into_inner();
        assert_eq!(ran.len(), 301, "none is lost");
        let at = ran.iter().position(|installation| *installation == 2).unwrap();
        assert!(at <= 12, "its turn came at run {at}");
    }

    async fn ten_thousand_deliveries_are_stored_and_worked_off(database: Database) {
        let world = World::start(&database).await;
        // A hundred pull requests in each of a hundred repositories, in a mixed order.
        let bodies: Vec<String> = (0..10_000_u64).map(|n| n * 7_919 % 10_000).map(|n| synchronized(1 + n % 100, 1 + n / 100)).collect();
        assert_eq!(flood(&world, bodies).await, 10_000, "every one is answered with 202");
        assert_eq!(world.worker.store.delivery_counts().await.unwrap().pending, 10_000);
        while world.worker.dispatch_pending().await.unwrap() > 0 {}
        let counts = world.worker.store.delivery_counts().await.unwrap();
        assert_eq!((counts.pending, counts.done, counts.failed), (0, 10_000, 0));
        let wanted = world.worker.store.wanted_work(jiff::Timestamp::MAX, 20_000).await.unwrap();
        let keys: BTreeSet<String> = wanted.iter().map(|(key, _)| key.to_string()).collect();
        assert_eq!(keys.len(), 10_000, "each is remembered as work");
        assert_eq!(world.worker.queue.counts(world.worker.now()).await.unwrap().due, 10_000);
    }
}
