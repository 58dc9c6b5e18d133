use client::graphql::{Branch, Origin};

use super::*;

impl World {
    async fn origins(&self, paths: &[&str]) -> Vec<Option<Origin>> {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let read = self.client().load_origins(&app_name(), &self.head("main"), &paths).await.unwrap();
        read.into_iter().map(Result::unwrap).collect()
    }
}

fn refers(origin: Option<&Origin>) -> Option<u64> {
    Some(origin?.pull_request.as_ref()?.number.0)
}

#[tokio::test]
async fn a_repository_is_loaded_with_its_configuration_in_one_request() {
    let world = World::new().await;
    let app = world.app();
    let loaded = world.client().load_repository(&app_name()).await.unwrap();
    assert_eq!((&loaded.repository.name, loaded.repository.id.0), (&app_name(), app.id()));
    assert_eq!(loaded.repository.default_branch, Some(Branch { name: "main".to_owned(), head: world.head("main") }));
    assert_eq!((loaded.configuration, loaded.owner_configuration), (None, None));

    let path = ".github/followthrough.yml";
    app.push("main", path, "version: 1\n");
    world.github.repository("acme", ".github").push("main", path, "version: 1 # acme's\n");
    app.disable_issues();
    app.make_private();
    world.github.forget_requests();
    let client = world.client();
    let loaded = client.load_repository(&app_name()).await.unwrap();
    assert_eq!((loaded.repository.private, loaded.repository.issues_enabled, loaded.repository.archived), (true, false, false));
    assert_eq!(loaded.configuration.unwrap().bytes, b"version: 1\n");
    let owners = loaded.owner_configuration.unwrap();
    assert_eq!(
        (owners.repository, owners.bytes.as_slice()),
        (RepositoryName::new("acme", ".github"), &b"version: 1 # acme's\n"[..])
    );
    let counts = world.github.request_counts();
    assert_eq!(counts.total, 1);
    let missing = client.load_repository(&RepositoryName::new("acme", "missing")).await;
    assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
    let empty = world.github.repository("acme", "empty");
    assert_eq!(empty.full_name(), "acme/empty");
    let empty = client.load_repository(&RepositoryName::new("acme", "empty")).await.unwrap();
    assert_eq!(empty.repository.default_branch, None);
    world.understood();
}

#[tokio::test]
async fn a_file_comes_from_the_pull_request_that_last_changed_it() {
    let world = World::new().await;
    let app = world.app();
    let pushed = world.head("main");
    let first =
        app.propose("ada-example", "first", "First", &[Change::write("postmortems/a.md", "# A\n"), Change::write("b.md", "b")]);
    app.merge(first);
    let second = app.propose("grace-example", "second", "Second", &[Change::write("postmortems/a.md", "# A, again\n")]);
    app.merge(second);
    // Open, and closed without a merge: neither brought anything.
    app.propose("ada-example", "third", "Third", &[Change::write("b.md", "c")]);
    let fourth = app.propose("ada-example", "fourth", "Fourth", &[Change::write("b.md", "d")]);
    app.close_pull_request("ada-example", fourth);

    world.github.forget_requests();
    let origins = world.origins(&["postmortems/a.md", "b.md", PATH, "nowhere.md"]).await;
    let counts = world.github.request_counts();
    assert_eq!(counts.total, 1);
    let [a, b, start, nowhere] = &origins[..] else { panic!("four, not {origins:?}") };
    assert_eq!((refers(a.as_ref()), refers(b.as_ref())), (Some(second), Some(first)));
    let a = a.as_ref().unwrap();
    assert_eq!(a.author.as_deref(), Some("grace-example"));
    let brought = a.pull_request.as_ref().unwrap();
    assert_eq!(
        (brought.title.as_str(), brought.base_branch.as_str(), brought.author.as_deref()),
        ("Second", "main", Some("grace-example"))
    );
    assert!(brought.merged_at.is_some() && brought.url.ends_with(&format!("/acme/app/pull/{second}")));
    let start = start.as_ref().unwrap();
    assert_eq!((&start.commit, &start.pull_request), (&pushed, &None), "it was pushed");
    assert_eq!(nowhere, &None);

    let later = app.push("main", "b.md", "pushed over it");
    let origins = world.origins(&["b.md"]).await;
    assert_eq!(origins[0].as_ref().map(|origin| (origin.commit.as_str(), &origin.pull_request)), Some((later.as_str(), &None)));
    world.understood();
}

#[tokio::test]
async fn many_files_take_one_request_for_every_twenty() {
    let world = World::new().await;
    let paths: Vec<String> = (0..45).map(|n| format!("docs/{n}.md")).collect();
    let changes: Vec<Change> = paths.iter().map(|path| Change::write(path, path.as_str())).collect();
    let number = world.app().propose("ada-example", "many", "Many", &changes);
    world.app().merge(number);
    world.github.forget_requests();
    let read = world.client().load_origins(&app_name(), &world.head("main"), &paths).await.unwrap();
    assert_eq!(read.iter().filter(|one| refers(one.as_ref().unwrap().as_ref()) == Some(number)).count(), 45);
    let counts = world.github.request_counts();
    assert_eq!(counts.total, 3);
    assert!(world.client().load_origins(&app_name(), &world.head("main"), &[]).await.unwrap().is_empty());
    world.understood();
}

#[tokio::test]
async fn the_origins_of_an_unknown_commit_are_not_found() {
    let world = World::new().await;
    let unknown = CommitSha::new("0".repeat(40));
    let read = world.client().load_origins(&app_name(), &unknown, &[PATH.to_owned()]).await;
    assert!(matches!(read, Err(Error::NotFound { .. })), "{read:?}");
    let elsewhere = RepositoryName::new("acme", "missing");
    let read = world.client().load_origins(&elsewhere, &world.head("main"), &[PATH.to_owned()]).await;
    assert!(matches!(read, Err(Error::NotFound { .. })), "{read:?}");
    world.understood();
}

#[tokio::test]
async fn all_files_of_a_commit_are_listed() {
    let world = World::new().await;
    let app = world.app();
    app.commit(
        "main",
        "More",
        &[Change::write("README.md", "r"), Change::write("docs/deep/er.md", "d"), Change::write("docs/a b.md", "s")],
    );
    let client = world.client();
    world.github.forget_requests();
    let listed = client.list_files(&app_name(), &world.head("main")).await.unwrap();
    assert_eq!(listed, ["README.md", "docs/a b.md", "docs/deep/er.md", PATH]);
    let counts = world.github.request_counts();
    assert_eq!(counts.total, 1);
    let unknown = client.list_files(&app_name(), &CommitSha::new("0".repeat(40))).await;
    assert!(matches!(unknown, Err(Error::NotFound { .. })), "{unknown:?}");
    world.understood();
}
