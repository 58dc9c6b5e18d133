//! Serving, stopping, being killed, and not being alone.

use std::time::{Duration, Instant};

use followthrough::demo::github::{Config, Fault, Matching, PendingDelivery};
use hmac::{Hmac, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;

use crate::{
    databases::Database,
    over_both::over_both,
    program::{PATIENCE, Program, pause, serve},
    world::World,
};

/// Waits until the fake has seen what is waited for.
async fn until(world: &World, program: &Program, condition: impl Fn(&World) -> bool) {
    let began = Instant::now();
    while !condition(world) {
        assert!(began.elapsed() < PATIENCE, "{}", program.log());
        pause().await;
    }
}

fn opens(world: &World) -> usize {
    world.github.requests().iter().filter(|request| request.root_fields.iter().any(|field| field == "createIssue")).count()
}

/// The merge's own delivery, taken out of what waits to be sent.
fn merge(world: &World, pull: u64) -> PendingDelivery {
    world.app.merge(pull);
    let mut merge = None;
    world.github.rearrange_pending(|pending| {
        merge = pending.iter().rfind(|delivery| delivery.event == "pull_request").cloned();
        pending.clear();
    });
    merge.unwrap()
}

/// Sends a delivery to one of several programs, as GitHub would; gives the answer's status.
async fn send_to(program: &Program, delivery: &PendingDelivery, guid: &str) -> u16 {
    let body = delivery.payload.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(Config::default().webhook_secret.expose_secret().as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let head = format!(
        "POST /api/github/webhooks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nX-GitHub-Event: {}\r\nX-GitHub-Delivery: {guid}\r\nX-Hub-Signature-256: sha256={signature}\r\nContent-Length: {}\r\n\r\n",
        delivery.event,
        body.len()
    );
    program.exchange(&format!("{head}{body}")).await.unwrap().0
}

/// What the dashboard and the alerts ask for, but for what only comes with trouble.
fn names_in_the_dashboard() -> Vec<String> {
    let texts = [include_str!("../../config/grafana-dashboard.json"), include_str!("../../config/prometheus-alerts.yml")];
    let words = texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let names = words.filter(|word| word.starts_with("followthrough_") && *word != "followthrough_errors_total");
    let names: std::collections::BTreeSet<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 5);
    names.into_iter().collect()
}

over_both! {
    async fn it_serves_and_tells_how_it_is(database: Database) {
        let world = World::build(&database).await;
        let program = world.start().await;
        assert_eq!(program.get("/healthz").await, (200, "ok\n".to_owned()));
        assert_eq!(program.get("/readyz").await, (200, "ready\n".to_owned()));
        let (status, numbers) = program.get("/metrics").await;
        assert!(status == 200 && numbers.contains("followthrough_jobs_due 0"), "{numbers}");
        assert_eq!(program.get("/nothing").await.0, 404);
        let pull = world.propose();
        world.deliver().await;
        program.idle().await;
        world.app.merge(pull);
        world.github.deliver_all().await;
        program.idle().await;
        world.ending(pull).assert_complete(world.old);
        let (_, numbers) = program.get("/metrics").await;
        for name in names_in_the_dashboard() {
            assert!(numbers.contains(&name), "the dashboard shows {name}, which is not among\n{numbers}");
        }
        assert!(numbers.contains("followthrough_github_requests_total{api=\"graphql\",status=\"2xx\"}"), "{numbers}");
        assert!(numbers.contains("followthrough_github_budget_remaining{api=\"rest\",installation=\""), "{numbers}");
    }

    async fn asked_to_stop_it_finishes_what_is_running(database: Database) {
        let world = World::build(&database).await;
        let mut command = serve(world.github.url(), &database.url);
        command.env("FOLLOWTHROUGH_WRITE_INTERVAL", "300ms");
        let mut program = Program::start(command).await;
        world.github.set_webhook_url(&program.webhook_url());
        let pull = world.propose();
        world.app.merge(pull);
        world.deliver().await;
        until(&world, &program, |world| opens(world) > 0).await;
        program.terminate();
        let status = program.ended().await;
        assert_eq!(status.code(), Some(0), "{}", program.log());
        // Not opened before the merge, so there is no check.
        let ending = world.ending(pull);
        assert_eq!((ending.cards, ending.comments.len(), opens(&world)), (21, 1, 4), "{}", program.log());
        let again = world.start().await;
        again.idle().await;
        assert_eq!(world.ending(pull), ending, "nothing was left to do");
    }

    async fn asked_twice_it_stops_at_once_and_goes_on_later(database: Database) {
        let world = World::build(&database).await;
        let mut program = world.start().await;
        let pull = world.propose();
        world.deliver().await;
        program.idle().await;
        world.github.faults().nth(2, Matching::graphql("createIssue"), Fault::HangAfterEffect);
        world.app.merge(pull);
        world.deliver().await;
        until(&world, &program, |world| opens(world) == 2).await;
        program.terminate();
        let began = Instant::now();
        while !program.log().contains("stopping") {
            assert!(began.elapsed() < PATIENCE);
            pause().await;
        }
        program.terminate();
        assert_eq!(program.ended().await.code(), Some(2));
        assert!(began.elapsed() < Duration::from_secs(10));
        let again = world.start().await;
        again.idle().await;
        world.ending(pull).assert_complete(world.old);
    }

    async fn killed_after_its_202_it_goes_on_within_ten_seconds(database: Database) {
        let world = World::build(&database).await;
        let mut program = world.start().await;
        let pull = world.propose();
        world.deliver().await;
        program.idle().await;
        world.app.merge(pull);
        world.deliver().await;
        program.kill();
        world.github.forget_requests();
        let began = Instant::now();
        let again = world.start().await;
        until(&world, &again, |world| world.github.requests().iter().any(|request| request.path == "/graphql")).await;
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        again.idle().await;
        world.ending(pull).assert_complete(world.old);
    }

    async fn two_programs_on_one_database_do_everything_once(database: Database) {
        let world = World::build(&database).await;
        let (one, other) = tokio::join!(world.start(), world.start());
        let pull = world.propose();
        world.deliver().await;
        one.idle().await;
        let merge = merge(&world, pull);
        // Five equal deliveries to each, and the same event to each under five ids of its own.
        let sends = (0..20).map(|n| {
            let guid = if n < 10 { merge.guid.clone() } else { format!("{}-{n}", merge.guid) };
            let (program, merge) = (if n % 2 == 0 { &one } else { &other }, &merge);
            async move { (n < 10, send_to(program, merge, &guid).await) }
        });
        let answers = futures_util::future::join_all(sends).await;
        let equal: Vec<u16> = answers.iter().filter(|(equal, _)| *equal).map(|(_, status)| *status).collect();
        assert_eq!(equal.iter().filter(|status| **status == 202).count(), 1, "stored once: {equal:?}");
        assert!(answers.iter().all(|(_, status)| matches!(status, 200 | 202)), "{answers:?}");
        one.idle().await;
        other.idle().await;
        world.ending(pull).assert_complete(world.old);
    }

    async fn the_other_program_takes_over_from_one_that_was_killed(database: Database) {
        let world = World::build(&database).await;
        let mut one = world.start().await;
        let pull = world.propose();
        world.deliver().await;
        one.idle().await;
        world.github.faults().nth(3, Matching::graphql("createIssue"), Fault::HangAfterEffect);
        world.app.merge(pull);
        world.deliver().await;
        until(&world, &one, |world| opens(world) == 3).await;
        let other = world.start().await;
        one.kill();
        other.idle().await;
        world.ending(pull).assert_complete(world.old);
    }
}
