use followthrough::{ids::InstallationId, store::*};

use crate::{Open, at, databases::Database, over_both::over_both};

over_both! {
    async fn several_openers_at_once_migrate_once(database: Database) {
        let openers: Vec<_> = (0..6).map(|_| tokio::spawn({ let database = database.clone(); async move { database.open().await } })).collect();
        for opener in openers {
            opener.await.unwrap().check().await.unwrap();
        }
    }

    async fn what_was_stored_is_there_after_reopening(database: Database) {
        let installation =
            Installation { id: InstallationId(7), account: "acme".into(), state: InstallationState::Active, updated_at: at(0) };
        let store = database.open().await;
        store.record_installation(&installation).await.unwrap();
        store.set_cursor("deliveries", "12345", at(0)).await.unwrap();
        drop(store);
        let store = database.open().await;
        assert_eq!(store.installations().await.unwrap(), [installation]);
        assert_eq!(store.cursor("deliveries").await.unwrap().as_deref(), Some("12345"));
        assert_eq!(store.cursor("other").await.unwrap(), None);
    }

    async fn a_look_at_a_database_changes_nothing(database: Database) {
        let before = examine(&database.url).await.unwrap();
        match database.url.starts_with("sqlite") {
            true => assert!(matches!(before, Condition::Absent(_)), "{before:?}"),
            false => assert!(matches!(before, Condition::Behind(missing) if missing > 0), "{before:?}"),
        }
        assert_eq!(examine(&database.url).await.unwrap(), before);
        let store = database.open().await;
        assert_eq!(examine(&database.url).await.unwrap(), Condition::Ready);
        assert_eq!(store.cursor("doctor").await.unwrap(), None);
    }

    async fn a_closed_store_refuses(database: Database) {
        let store = database.open().await;
        store.close().await;
        assert!(store.check().await.is_err());
        assert!(store.receive(crate::inbox::delivery("a")).await.is_err());
    }

    async fn older_news_of_an_installation_change_nothing(database: Database) {
        let store = database.open().await;
        let removed =
            Installation { id: InstallationId(7), account: "acme".into(), state: InstallationState::Removed, updated_at: at(10) };
        store.record_installation(&removed).await.unwrap();
        let late = Installation { state: InstallationState::Active, updated_at: at(5), ..removed.clone() };
        store.record_installation(&late).await.unwrap();
        assert_eq!(store.installation(InstallationId(7)).await.unwrap(), Some(removed));
        assert_eq!(store.installation(InstallationId(8)).await.unwrap(), None);
    }

    async fn a_failure_is_counted_and_cleared(database: Database) {
        let store = database.open().await;
        store.record_failure("board acme/7", "cannot see the project", false, at(0)).await.unwrap();
        store.record_failure("board acme/7", "no such project", true, at(60)).await.unwrap();
        let expected = Failure {
            key: "board acme/7".into(),
            what: "no such project".into(),
            since: at(0),
            last: at(60),
            times: 2,
            permanent: true,
        };
        assert_eq!(store.list_failures(10).await.unwrap(), [expected]);
        store.clear_failure("board acme/7").await.unwrap();
        assert_eq!(store.list_failures(10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn an_unknown_kind_of_database_is_named_without_its_password() {
    let error = Store::open("mysql://root:hunter2@db/followthrough").await.unwrap_err();
    assert_eq!(error.to_string(), "`mysql:` is not a database this program knows: use `sqlite://path` or `postgres://host/name`");
    let error = Store::open("postgres://root:hunter2@127.0.0.1:1/followthrough").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}
