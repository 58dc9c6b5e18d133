//! `followthrough rebuild` as people run it, after the database was lost.

use std::process::{Command, Output};

use crate::{
    databases::{Database, on_sqlite},
    program::{followthrough, serve},
    world::World,
};

fn rebuild(world: &World, database: &Database, arguments: &[&str]) -> Command {
    let mut command = followthrough();
    let environment = serve(world.github.url(), &database.url);
    command.arg("rebuild").args(arguments);
    command.envs(environment.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Exit code, standard output, standard error.
async fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_lost_database_is_made_anew_and_nothing_is_doubled() {
    on_sqlite(async |database: Database| {
        let world = World::build(&database).await;
        let mut program = world.start().await;
        let pull = world.propose();
        world.deliver().await;
        program.idle().await;
        world.app.merge(pull);
        world.deliver().await;
        program.idle().await;
        program.kill();
        let issues = world.app.issues().len();
        let empty = Database { url: format!("{}-anew", database.url) };

        let (code, said, complained) = run(rebuild(&world, &empty, &[])).await;
        assert_eq!(code, Some(0), "{complained}");
        assert!(said.ends_with("1 document, 21 items: 21 issues will be known again.\n"), "{said}");
        assert!(complained.contains("dry run"), "{complained}");
        for _ in 0..2 {
            let (code, said, complained) = run(rebuild(&world, &empty, &["--apply"])).await;
            assert_eq!((code, complained.as_str()), (Some(0), ""));
            assert!(said.ends_with("1 document, 21 items: 21 issues known again.\n"), "{said}");
            assert_eq!(world.app.issues().len(), issues);
        }
        let (code, said, complained) = run(rebuild(&world, &empty, &["--repo", "acme/app", "--format", "json"])).await;
        assert_eq!(code, Some(0), "{complained}");
        let plan: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(
            (&plan["schema"], plan["documents"][0]["actions"].as_array().map(Vec::len)),
            (&"followthrough/plan/v1".into(), Some(0))
        );
        let (code, _, complained) = run(rebuild(&world, &empty, &["--repo", "acme/nowhere"])).await;
        assert_eq!(code, Some(2));
        assert!(complained.contains("acme/nowhere"), "{complained}");
        assert_eq!(world.github.unexpected_requests(), Vec::<String>::new());
    });
}
