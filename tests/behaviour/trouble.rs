//! Repositories that cannot be written to, and an App that is gone: small failures, with words where people see them.

use crate::{
    databases::Database,
    over_both::over_both,
    world::{PATH, World, filed},
};

over_both! {
    async fn an_archived_repository_is_left_alone_and_noted(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[("postmortems/a.md", "# A\n\n## Action items\n\n- Do it\n")]);
        world.github.quietly(|| world.app.archive());
        world.settle().await;
        assert_eq!(world.app.comments(number).len(), 0);
        let failures = world.worker.store.list_failures(10).await.unwrap();
        assert!(failures.iter().any(|failure| failure.what.contains("archived")), "{failures:?}");
    }

    async fn disabled_issues_are_said_before_and_after_the_merge(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| world.app.disable_issues());
        let number = world.opened().await;
        assert!(world.comment(number).body.contains("Issues are disabled in acme/app"), "{}", world.comment(number).body);
        world.merged(number).await;
        assert!(world.comment(number).body.contains("Issues are disabled in acme/app"));
        assert_eq!(filed(&world.app).len(), 0);
    }

    async fn an_archived_target_is_said(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| {
            let tracker = world.github.organization("acme").repository("tracker");
            tracker.push("main", "README.md", "# Tracker\n");
            tracker.archive();
        });
        world.configure("file: { repository: acme/tracker }\n");
        let number = world.opened().await;
        assert!(world.comment(number).body.contains("acme/tracker is archived"), "{}", world.comment(number).body);
        world.merged(number).await;
        assert_eq!(world.app.comments(number).len(), 1);
    }

    async fn a_target_out_of_reach_is_said(database: Database) {
        let world = World::start(&database).await;
        world.configure("file: { repository: acme/nowhere }\n");
        let number = world.opened().await;
        assert!(world.comment(number).body.contains("acme/nowhere cannot be reached"), "{}", world.comment(number).body);
    }

    async fn an_uninstalled_app_stops_quietly(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        world.app.merge(number);
        world.github.organization("acme").uninstall();
        world.settle().await;
        world.settle_for_good().await;
        assert_eq!(filed(&world.app).len(), 0);
        let counts = world.worker.queue.counts(world.worker.now()).await.unwrap();
        assert_eq!(counts.due + counts.scheduled + counts.running, 0, "nothing is tried for ever");
        world.worker.upkeep().await.unwrap();
        assert_eq!(world.work().await, 0, "not even by the sweep");
    }

    async fn a_suspended_app_that_comes_back_catches_up_with_the_next_event(database: Database) {
        let world = World::start(&database).await;
        let number = world.opened().await;
        let acme = world.github.organization("acme");
        acme.suspend();
        world.app.merge(number);
        world.settle().await;
        assert_eq!(filed(&world.app).len(), 0);
        acme.unsuspend();
        world.settle().await;
        let opened = world.github.deliveries().into_iter().find(|delivery| delivery.event == "pull_request").unwrap();
        world.github.send(&world.github.copy_under_new_guid(&crate::review::pending(&opened))).await;
        world.settle().await;
        assert_eq!(filed(&world.app).len(), 2);
    }

    async fn whoever_waits_for_githubs_pace_is_told_until_when(database: Database) {
        let world = World::start(&database).await;
        let mut text = "# Long\n\n## Action items\n\n".to_owned();
        for item in 0..180 {
            text.push_str(&format!("- [ ] Replace the relay number {item} of the {} row\n", item * 7));
        }
        let number = world.propose(&[(PATH, &text)]);
        world.settle().await;
        world.merged(number).await;
        let opened = world.filed().len();
        assert!((60..=80).contains(&opened), "no more in a minute than GitHub allows: {opened}");
        let told = |world: &World| {
            let body = world.comment(number).body;
            let lines: Vec<String> = body.lines().filter(|line| line.starts_with("GitHub limits")).map(str::to_owned).collect();
            lines
        };
        assert_eq!(told(&world), ["GitHub limits how much may be opened at once: the rest will be done by 10:02 UTC on 20 November."]);
        world.later(61).await;
        assert!((120..=160).contains(&world.filed().len()), "{}", world.filed().len());
        assert_eq!(told(&world).len(), 1, "{}", world.comment(number).body);
        world.settle_for_good().await;
        assert_eq!(world.filed().len(), 180);
        assert_eq!(told(&world), Vec::<String>::new());
    }
}
