//! The service was down: it catches up at start, and while it runs.

use std::time::Instant;

use crate::{
    databases::Database,
    over_both::over_both,
    program::{PATIENCE, Program, pause, serve},
    world::World,
};

async fn until(program: &Program, what: &str, condition: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < PATIENCE, "{what}:\n{}", program.log());
        pause().await;
    }
}

/// Whether the walk since the last call of `forget_requests` has ended: it asks for deliveries one after the other.
async fn replayed(world: &World, program: &Program) -> bool {
    let (_, numbers) = program.get("/metrics").await;
    let expected = world.github.deliveries().iter().filter(|delivery| delivery.status_code == 0).count();
    numbers.contains(&format!("followthrough_recovery_deliveries_replayed_total {expected}\n"))
}

over_both! {
    async fn a_merge_while_it_was_down_is_caught_up_on_at_start(database: Database) {
        let world = World::build(&database).await;
        let mut program = world.start().await;
        let pull = world.propose();
        world.deliver().await;
        program.idle().await;
        program.kill();
        world.app.merge(pull);
        world.github.rearrange_pending(|pending| pending.retain(|delivery| delivery.event == "pull_request"));
        world.github.fail_pending();
        let again = world.start().await;
        until(&again, "the merge is not replayed", async || replayed(&world, &again).await).await;
        again.idle().await;
        world.ending(pull).assert_complete(world.old);
        assert!(again.log().contains("caught up"), "{}", again.log());
    }

    async fn while_it_runs_it_looks_for_what_did_not_arrive(database: Database) {
        let world = World::build(&database).await;
        let mut command = serve(world.github.url(), &database.url);
        command.env("FOLLOWTHROUGH_RECOVERY_INTERVAL", "200ms");
        let program = Program::start(command).await;
        // A proxy in front of it is broken.
        world.github.set_webhook_url("http://127.0.0.1:9/nowhere");
        let pull = world.propose();
        world.github.rearrange_pending(|pending| pending.retain(|delivery| delivery.event == "pull_request"));
        world.github.deliver_all().await;
        until(&program, "the pull request is not heard of", async || replayed(&world, &program).await).await;
        program.idle().await;
        world.app.merge(pull);
        world.github.rearrange_pending(|pending| pending.retain(|delivery| delivery.event == "pull_request"));
        world.github.deliver_all().await;
        until(&program, "the merge is not heard of", async || replayed(&world, &program).await).await;
        program.idle().await;
        world.ending(pull).assert_complete(world.old);
    }
}
