use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use followthrough::jobs::queue::{Counts, Job, Outcome, Queue};
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{Open, at, databases::Database, over_both::over_both};

const KIND: &str = "review_pull_request";

fn job(key: &str, generation: u64) -> Job {
    Job { kind: KIND.into(), key: key.into(), generation }
}

async fn queue(database: &Database) -> Queue {
    Queue::open(&database.open().await, &[KIND])
}

/// Due, scheduled, running.
fn numbers(counts: Counts) -> (u64, u64, u64) {
    (counts.due, counts.scheduled, counts.running)
}

/// Runs what is due and says what was run, in order.
async fn drained(queue: &Queue, now: Timestamp) -> Vec<String> {
    let ran = RefCell::new(Vec::new());
    let handler = |job: Job| {
        ran.borrow_mut().push(job.key);
        async { Outcome::Done }
    };
    queue.drain(handler, now).await.unwrap();
    ran.into_inner()
}

over_both! {
    async fn a_job_runs_when_it_is_due_and_then_is_gone(database: Database) {
        let queue = queue(&database).await;
        queue.push(job("1/a", 1), at(0)).await.unwrap();
        queue.push(job("1/b", 1), at(10)).await.unwrap();
        let counts = queue.counts(at(5)).await.unwrap();
        assert_eq!((numbers(counts), counts.oldest_due), ((1, 1, 0), Some(at(0))));
        assert_eq!(drained(&queue, at(9)).await, ["1/a"]);
        assert_eq!(queue.next_due().await.unwrap(), Some(at(10)));
        assert_eq!(drained(&queue, at(10)).await, ["1/b"]);
        assert_eq!(queue.counts(at(10)).await.unwrap(), Counts::default());
        assert_eq!(queue.next_due().await.unwrap(), None);
    }

    async fn ten_equal_notes_are_one_job(database: Database) {
        let queue = queue(&database).await;
        let pushes: Vec<_> = (0..10).map(|n| tokio::spawn({ let queue = queue.clone(); async move { queue.push(job("1/a", 1), at(n)).await } })).collect();
        for push in pushes {
            push.await.unwrap().unwrap();
        }
        assert_eq!(drained(&queue, at(9)).await, ["1/a"]);
    }

    async fn a_newer_generation_pushed_during_the_run_runs_afterwards(database: Database) {
        let queue = queue(&database).await;
        queue.push(job("1/a", 1), at(0)).await.unwrap();
        let generations = RefCell::new(Vec::new());
        let handler = |running: Job| {
            generations.borrow_mut().push(running.generation);
            let queue = &queue;
            async move {
                for generation in [1, 2, 2] {
                    queue.push(job("1/a", generation), at(1)).await.unwrap();
                }
                Outcome::Done
            }
        };
        assert_eq!(queue.drain(handler, at(1)).await.unwrap(), 2);
        assert_eq!(generations.into_inner(), [1, 2]);
    }

    async fn again_at_t_survives_the_process(database: Database) {
        let first = queue(&database).await;
        first.push(job("1/a", 1), at(0)).await.unwrap();
        assert_eq!(first.drain(|_| async { Outcome::Again { at: at(60) } }, at(0)).await.unwrap(), 1);
        drop(first);
        let second = queue(&database).await;
        assert_eq!(drained(&second, at(59)).await, [""; 0]);
        assert_eq!(drained(&second, at(60)).await, ["1/a"]);
    }

    async fn news_shorten_a_pause_but_old_news_do_not(database: Database) {
        let queue = queue(&database).await;
        queue.push(job("1/a", 1), at(0)).await.unwrap();
        queue.drain(|_| async { Outcome::Again { at: at(60) } }, at(0)).await.unwrap();
        queue.push(job("1/a", 1), at(1)).await.unwrap();
        assert_eq!(drained(&queue, at(1)).await, [""; 0]);
        queue.push(job("1/a", 2), at(2)).await.unwrap();
        assert_eq!(drained(&queue, at(2)).await, ["1/a"]);
    }

    async fn a_job_never_runs_twice_at_once_until_its_claim_runs_out(database: Database) {
        let queue = queue(&database).await;
        queue.push(job("1/a", 1), at(0)).await.unwrap();
        let handler = |_| async {
            assert_eq!(drained(&queue, at(1)).await, [""; 0], "it is running");
            // Now as another process that sees the clock beyond the claim of this one, which was paused.
            assert_eq!(queue.drain(|_| async { Outcome::Again { at: at(100) } }, at(10)).await.unwrap(), 1);
            Outcome::Done
        };
        assert_eq!(queue.drain(handler, at(0)).await.unwrap(), 1);
        let expected = (0, 1, 0);
        assert_eq!(numbers(queue.counts(at(11)).await.unwrap()), expected, "whoever lost the claim decides nothing");
    }

    async fn unknown_kinds_are_left_alone(database: Database) {
        let old = queue(&database).await;
        let new = Queue::open(&database.open().await, &[KIND, "write_links_back"]);
        new.push(Job { kind: "write_links_back".into(), ..job("1/a", 1) }, at(0)).await.unwrap();
        new.push(job("1/a", 1), at(0)).await.unwrap();
        assert_eq!(drained(&old, at(5)).await, ["1/a"]);
        assert_eq!(new.counts(at(5)).await.unwrap().due, 1);
        assert_eq!(drained(&new, at(5)).await, ["1/a"]);
    }

    async fn lanes_take_turns(database: Database) {
        let queue = queue(&database).await;
        for n in 0..6 {
            queue.push(job(&format!("1/{n}"), 1), at(0)).await.unwrap();
        }
        queue.push(job("2/a", 1), at(1)).await.unwrap();
        queue.push(job("2/b", 1), at(2)).await.unwrap();
        let ran = Cell::new(0);
        let order = RefCell::new(Vec::new());
        let handler = |job: Job| {
            order.borrow_mut().push(job.key);
            ran.set(ran.get() + 1);
            let (queue, ran) = (&queue, ran.get());
            async move {
                // Whoever comes late waits for no more than one of the lane that came first.
                if ran == 6 {
                    queue.push(crate::queue::job("3/late", 1), at(3)).await.unwrap();
                }
                Outcome::Done
            }
        };
        queue.drain(handler, at(3)).await.unwrap();
        assert_eq!(order.into_inner(), ["1/0", "2/a", "1/1", "2/b", "1/2", "1/3", "1/4", "3/late", "1/5"]);
    }

    async fn several_processes_share_the_work_and_none_is_done_twice(database: Database) {
        let ran = Arc::new(Mutex::new(Vec::new()));
        let stop = CancellationToken::new();
        let mut workers = Vec::new();
        for _ in 0..3 {
            let (queue, ran, stop) = (queue(&database).await, ran.clone(), stop.clone());
            workers.push(tokio::spawn(async move {
                let handler = move |job: Job| {
                    ran.lock().unwrap().push(job.key);
                    async { Outcome::Done }
                };
                queue.run(handler, 4, stop).await;
            }));
        }
        let pusher = queue(&database).await;
        for n in 0..60 {
            pusher.push(job(&format!("{}/{n}", n % 7), 1), Timestamp::now()).await.unwrap();
        }
        let all_done = async {
            while pusher.counts(Timestamp::now()).await.unwrap() != Counts::default() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), all_done).await.unwrap();
        stop.cancel();
        for worker in workers {
            worker.await.unwrap();
        }
        let ran = ran.lock().unwrap();
        assert_eq!((ran.len(), ran.iter().collect::<HashSet<_>>().len()), (60, 60));
    }

    async fn stopping_finishes_what_runs_and_leaves_the_rest(database: Database) {
        let store = database.open().await;
        let queue = Queue::open(&store, &[KIND]);
        for n in 0..10 {
            queue.push(job(&format!("1/{n}"), 1), Timestamp::now()).await.unwrap();
        }
        let (stop, release, started, ended) =
            (CancellationToken::new(), Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let worker = tokio::spawn({
            let (queue, stop, release, started, ended) = (queue.clone(), stop.clone(), release.clone(), started.clone(), ended.clone());
            async move {
                let handler = move |_| {
                    let (store, release, started, ended) = (store.clone(), release.clone(), started.clone(), ended.clone());
                    async move {
                        let released = release.notified();
                        started.fetch_add(1, Ordering::SeqCst);
                        released.await;
                        // What runs may use the database to its end.
                        store.set_cursor("stopping", "written", at(0)).await.unwrap();
                        ended.fetch_add(1, Ordering::SeqCst);
                        Outcome::Done
                    }
                };
                queue.run(handler, 3, stop).await;
            }
        });
        while started.load(Ordering::SeqCst) < 3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(numbers(queue.counts(Timestamp::now()).await.unwrap()), (7, 0, 3));
        stop.cancel();
        release.notify_waiters();
        worker.await.unwrap();
        assert_eq!((started.load(Ordering::SeqCst), ended.load(Ordering::SeqCst)), (3, 3));
        assert_eq!(numbers(queue.counts(Timestamp::now()).await.unwrap()), (7, 0, 0));
    }

    async fn a_handler_that_panics_is_shown_and_run_again_later(database: Database) {
        let store = database.open().await;
        let queue = Queue::open(&store, &[KIND]);
        queue.push(job("1/a", 1), Timestamp::now()).await.unwrap();
        queue.push(job("1/b", 1), Timestamp::now()).await.unwrap();
        let (stop, ran) = (CancellationToken::new(), Arc::new(Notify::new()));
        let worker = tokio::spawn({
            let (queue, stop, ran) = (queue.clone(), stop.clone(), ran.clone());
            async move {
                let handler = move |job: Job| {
                    let ran = ran.clone();
                    async move {
                        assert_ne!(job.key, "1/a", "on purpose");
                        ran.notify_one();
                        Outcome::Done
                    }
                };
                queue.run(handler, 1, stop).await;
            }
        });
        ran.notified().await;
        stop.cancel();
        worker.await.unwrap();
        assert_eq!(numbers(queue.counts(Timestamp::now()).await.unwrap()), (0, 1, 0));
        let failures = store.list_failures(9).await.unwrap();
        assert_eq!(failures.iter().map(|failure| failure.key.as_str()).collect::<Vec<_>>(), ["job review_pull_request 1/a"]);
    }

    async fn the_work_of_a_process_that_died_is_taken_up_within_ten_seconds(database: Database) {
        let abandoned = queue(&database).await;
        abandoned.push(job("1/a", 1), Timestamp::now()).await.unwrap();
        let started = Arc::new(Notify::new());
        // A runtime of its own, stopped without notice: nothing of it runs on, like a process that was killed.
        let process = tokio::runtime::Runtime::new().unwrap();
        process.spawn({
            let (url, started) = (database.url.clone(), started.clone());
            async move {
                let handler = move |_| {
                    started.notify_one();
                    std::future::pending::<Outcome>()
                };
                queue(&Database { url }).await.run(handler, 1, CancellationToken::new()).await;
            }
        });
        started.notified().await;
        process.shutdown_background();
        let died = Instant::now();

        let survivor = queue(&database).await;
        let (stop, taken) = (CancellationToken::new(), Arc::new(Notify::new()));
        let worker = tokio::spawn({
            let (stop, taken) = (stop.clone(), taken.clone());
            async move {
                let handler = move |_| {
                    taken.notify_one();
                    async { Outcome::Done }
                };
                survivor.run(handler, 1, stop).await;
            }
        });
        taken.notified().await;
        assert!(died.elapsed() < Duration::from_secs(10), "{:?}", died.elapsed());
        stop.cancel();
        worker.await.unwrap();
    }
}
