//! Rewrites offered with one click: once each, in one review, and resolved when there is nothing left to rewrite.

use followthrough::demo::github::{Change, Fault, LoggedRequest, Matching, ReviewThreadView};

use crate::{
    databases::Database,
    over_both::over_both,
    world::{PATH, World},
};

const TEXT: &str = "# Checkout failed

## Contributing factors

The root cause was a full disk.

Nothing watched it.
";

const OFFERED: &str = "A contributing factor was a full disk.";

impl World {
    fn threads(&self, number: u64) -> Vec<ReviewThreadView> {
        self.app.review_threads(number)
    }

    async fn pushed(&self, text: &str) {
        self.app.commit_as("ada-example", "postmortem-0", "Again", &[Change::write(PATH, text)]);
        self.settle().await;
    }

    fn reviews(&self) -> usize {
        self.writes().iter().filter(|write| write.ends_with("/reviews ")).count()
    }
}

over_both! {
    async fn certain_rewrites_are_offered_in_one_review(database: Database) {
        let world = World::start(&database).await;
        let text = format!("{TEXT}\nLater, as we saw,\nthe root cause was a leak.\n");
        let number = world.propose(&[(PATH, &text)]);
        world.settle().await;
        assert_eq!(world.reviews(), 1, "{:?}", world.writes());
        let threads = world.threads(number);
        let places: Vec<_> = threads.iter().map(|thread| (thread.path.as_str(), thread.first_line, thread.last_line)).collect();
        assert_eq!(places, [(PATH, 5, 5), (PATH, 10, 10)]);
        let body = &threads[0].comments[0].body;
        assert!(body.contains(&format!("```suggestion\n{OFFERED}\n```")), "{body}");
        world.app.accept_suggestion_as("ada-example", threads[0].comments[0].id);
        assert_eq!(world.app.file("postmortem-0", PATH).unwrap(), text.replace("The root cause was a", "A contributing factor was a"));
        world.settle().await;
        assert_eq!((world.reviews(), world.threads(number).len()), (1, 2));
    }

    async fn the_review_costs_what_is_written_down(database: Database) {
        let world = World::start(&database).await;
        world.configure("review: { rules: { missing-section: off } }\n");
        // Asked once per process, when the service starts: by it the App knows what it did itself.
        world.worker.github.app().await.unwrap();
        let clean = TEXT.replace("The root cause was", "What surprised was");
        world.propose(&[(PATH, &clean)]);
        world.settle().await;
        let cost = async |text: &str| {
            world.github.forget_requests();
            world.pushed(text).await;
            let requests = world.github.requests().into_iter().filter(LoggedRequest::is_api);
            requests.map(|request| request.operation.unwrap_or(request.path)).collect::<Vec<_>>()
        };
        let usual = cost(&format!("{clean}\nMore.\n")).await;
        let offering = cost(TEXT).await;
        assert_eq!(offering.len(), usual.len() + 3, "files, threads, review: {offering:#?}");
        assert_eq!(cost(&format!("{TEXT}\nMore.\n")).await.len(), usual.len(), "what stands costs nothing");
        let settling = cost(&clean).await;
        assert_eq!(settling.len(), usual.len() + 2, "threads, resolving: {settling:#?}");
    }

    async fn nothing_is_offered_twice(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[(PATH, TEXT)]);
        world.settle().await;
        for text in [format!("{TEXT}\nMore.\n"), format!("{TEXT}\nMore.\n\nStill more.\n"), TEXT.replace("# Check", "Before.\n\n# Check"), TEXT.replace("full disk", "disk that was full")] {
            world.github.forget_requests();
            world.pushed(&text).await;
            assert_eq!(world.reviews(), 0);
        }
        assert_eq!(world.threads(number).len(), 1);
    }

    async fn what_stands_costs_no_requests(database: Database) {
        let world = World::start(&database).await;
        world.propose(&[(PATH, TEXT)]);
        world.settle().await;
        world.github.forget_requests();
        world.pushed(&format!("{TEXT}\nMore.\n")).await;
        let asked: Vec<_> = world.github.requests().into_iter().filter(|request| request.path.contains("/files") || request.path.contains("/reviews") || request.operation.as_deref() == Some("ReviewThreads")).collect();
        assert!(asked.is_empty(), "{asked:?}");
    }

    async fn nothing_is_offered_twice_after_the_loss_of_the_database(database: Database) {
        let mut world = World::start(&database).await;
        let number = world.propose(&[(PATH, TEXT)]);
        world.settle().await;
        let folder = tempfile::tempdir().unwrap();
        world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
        world.github.forget_requests();
        world.pushed(&format!("{TEXT}\nMore.\n")).await;
        assert_eq!((world.reviews(), world.threads(number).len()), (0, 1));
        world.pushed(&TEXT.replace("The root cause", "A contributing factor")).await;
        assert!(world.threads(number)[0].resolved, "and what was offered before the loss is resolved after it");
    }

    async fn what_was_mended_while_the_database_was_lost_is_resolved(database: Database) {
        let mut world = World::start(&database).await;
        let number = world.propose(&[(PATH, TEXT)]);
        world.settle().await;
        let folder = tempfile::tempdir().unwrap();
        world.restart(&Database { url: format!("sqlite://{}/empty.db", folder.path().display()) }).await;
        world.pushed(&TEXT.replace("The root cause", "One of the causes")).await;
        assert!(world.threads(number)[0].resolved);
    }

    async fn what_is_mended_is_resolved_unless_somebody_answered(database: Database) {
        let world = World::start(&database).await;
        let text = TEXT.replace("Nothing watched it.", "The root causes were many.");
        let number = world.propose(&[(PATH, &text)]);
        world.settle().await;
        let answered = world.threads(number)[1].comments[0].id;
        world.app.reply_as("grace-example", answered, "Let us talk about this");
        world.pushed(&TEXT.replace("The root cause was", "What surprised was")).await;
        let resolved: Vec<bool> = world.threads(number).iter().map(|thread| thread.resolved).collect();
        assert_eq!(resolved, [true, false]);
        world.github.forget_requests();
        world.pushed(&TEXT.replace("The root cause was", "Surprising was")).await;
        assert!(world.github.requests().iter().all(|request| request.operation.as_deref() != Some("ReviewThreads")), "{:?}", world.github.requests());
    }

    async fn what_a_person_resolved_or_deleted_stays_so(database: Database) {
        let world = World::start(&database).await;
        let text = TEXT.replace("Nothing watched it.", "The root causes were many.");
        let number = world.propose(&[(PATH, &text)]);
        world.settle().await;
        let ours = world.threads(number)[0].comments[0].id;
        world.app.resolve_as("ada-example", ours);
        world.later(60).await;
        world.pushed(&format!("{}\nThe root cause was another one.\n", text.replace("full disk", "disk without room"))).await;
        let bodies: Vec<_> = world.threads(number).iter().map(|thread| (thread.resolved, thread.first_line)).collect();
        assert_eq!(bodies, [(true, 5), (false, 7), (false, 9)], "only what is new is offered");
    }

    async fn what_was_mended_once_may_be_offered_elsewhere(database: Database) {
        let world = World::start(&database).await;
        let number = world.propose(&[(PATH, TEXT)]);
        world.settle().await;
        world.app.accept_suggestion_as("ada-example", world.threads(number)[0].comments[0].id);
        world.settle().await;
        let mended = TEXT.replace("The root cause was", "A contributing factor was");
        world.pushed(&format!("{mended}\nThe root cause was that nobody looked.\n")).await;
        let places: Vec<_> = world.threads(number).iter().map(|thread| (thread.resolved, thread.first_line)).collect();
        assert_eq!(places, [(true, 5), (false, 9)]);
    }

    async fn only_lines_of_the_pull_request_are_rewritten(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| world.app.push("main", PATH, TEXT));
        let number = world.propose(&[(PATH, &TEXT.replace("Nothing watched it.", "The root causes were many."))]);
        world.settle().await;
        let lines: Vec<_> = world.threads(number).iter().map(|thread| thread.first_line).collect();
        assert_eq!(lines, [7]);
    }

    async fn ten_stand_at_a_time(database: Database) {
        let world = World::start(&database).await;
        let paragraphs: String = (0..25).map(|n| format!("\nThe root cause was part {n}.\n")).collect();
        let number = world.propose(&[(PATH, &format!("# Long\n\n## Contributing factors\n{paragraphs}"))]);
        world.settle().await;
        assert_eq!(world.threads(number).len(), 10);
        world.pushed(&format!("# Long\n\n## Contributing factors\n{paragraphs}\nMore.\n")).await;
        assert_eq!(world.threads(number).len(), 10);
        world.pushed(&format!("# Long\n\n## Contributing factors\n{}", paragraphs.replacen("The root cause was", "Surprising was", 3))).await;
        assert_eq!(world.threads(number).iter().filter(|thread| !thread.resolved).count(), 7);
    }

    async fn a_lost_answer_is_looked_up_before_anything_is_offered_again(database: Database) {
        let world = World::start(&database).await;
        for (at, fault) in [Fault::LoseAnswer, Fault::BadGatewayAfterEffect, Fault::ErrorBeforeEffect].into_iter().enumerate() {
            world.github.faults().next(Matching::rest("POST", "/reviews"), fault);
            let number = world.propose(&[(&format!("postmortems/{at}.md"), TEXT)]);
            world.settle().await;
            world.settle_for_good().await;
            assert_eq!((world.threads(number).len(), world.github.faults().pending()), (1, 0));
        }
    }

    async fn without_the_permission_annotations_have_to_do(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| {
            world.github.organization("acme").change_permissions(&[("metadata", "read"), ("contents", "read"), ("pull_requests", "read"), ("issues", "write"), ("checks", "write"), ("organization_projects", "write")]);
        });
        let number = world.propose(&[(PATH, TEXT)]);
        world.settle().await;
        assert_eq!(world.threads(number).len(), 0);
        assert!(world.check(number).annotations.iter().any(|annotation| annotation.start_line == 5));
        assert_eq!(world.worker.store.list_failures(10).await.unwrap(), []);
        world.github.forget_requests();
        world.pushed(&format!("{TEXT}\nMore.\n")).await;
        assert_eq!(world.github.requests().iter().filter(|request| request.path.contains("access_tokens")).count(), 0, "it is not tried again");
    }

    async fn without_the_permission_to_resolve_comments_stay(database: Database) {
        let world = World::start(&database).await;
        world.github.quietly(|| {
            world.github.organization("acme").change_permissions(&[("metadata", "read"), ("contents", "read"), ("pull_requests", "write"), ("issues", "write"), ("checks", "write"), ("organization_projects", "write")]);
        });
        let number = world.propose(&[(PATH, TEXT)]);
        world.settle().await;
        world.pushed(&TEXT.replace("The root cause", "A contributing factor")).await;
        let threads = world.threads(number);
        assert_eq!((threads.len(), threads[0].resolved), (1, false));
        assert_eq!(world.worker.store.list_failures(10).await.unwrap(), []);
    }

    async fn forks_get_suggestions_and_merged_pull_requests_none(database: Database) {
        let world = World::start(&database).await;
        let fork = world.github.quietly(|| world.app.fork("stranger-example"));
        fork.commit_as("stranger-example", "pm", "Write it", &[Change::write(PATH, TEXT)]);
        let number = world.app.open_pull_request_from(&fork, "stranger-example", "pm", "From outside", "", false);
        world.settle().await;
        assert_eq!(world.threads(number).len(), 1);
        let other = world.propose(&[("postmortems/other.md", TEXT)]);
        world.app.merge(other);
        world.settle().await;
        assert_eq!(world.threads(other).len(), 0);
    }

    async fn words_of_the_document_do_not_get_out_of_a_suggestion(database: Database) {
        let world = World::start(&database).await;
        let hostile = TEXT.replace("a full disk.", "a ```` full disk by @stranger-example and #1 <!-- followthrough:suggestion v1 rule=x words=0123456789abcdef lines=0123456789abcdef -->");
        let number = world.propose(&[(PATH, &hostile)]);
        world.settle().await;
        let body = world.threads(number)[0].comments[0].body.clone();
        assert!(body.contains("`````suggestion\n"), "{body}");
        assert!(world.github.pings().iter().all(|ping| !format!("{ping:?}").contains("stranger")), "{:?}", world.github.pings());
        world.pushed(&format!("{hostile}\nMore.\n")).await;
        assert_eq!(world.threads(number).len(), 1);
    }
}
