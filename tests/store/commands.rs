use followthrough::{
    ids::{IssueNumber, RepositoryId},
    store::*,
};

use crate::{Open, at, databases::Database, over_both::over_both};

const HERE: (RepositoryId, IssueNumber) = (RepositoryId(900), IssueNumber(5));

fn received(comment: u64, second: i64) -> ReceivedCommand {
    ReceivedCommand {
        comment,
        repository: HERE.0,
        pull: HERE.1,
        author: "ada-example".to_owned(),
        body: "/followthrough plan \0".to_owned(),
        received_at: at(second),
        answering_since: None,
    }
}

over_both! {
    async fn a_comment_waits_once_and_in_its_turn(database: Database) {
        let store = database.open().await;
        assert!(store.receive_command(&received(12, 0)).await.unwrap());
        assert!(store.receive_command(&received(11, 1)).await.unwrap());
        assert!(store.receive_command(&ReceivedCommand { body: "another".to_owned(), ..received(12, 2) }).await.unwrap());
        store.begin_answer(12, at(3)).await.unwrap();
        let pending = store.pending_commands(HERE.0, HERE.1).await.unwrap();
        assert_eq!(pending.iter().map(|command| command.comment).collect::<Vec<_>>(), [11, 12]);
        assert_eq!((pending[1].body.as_str(), pending[1].answering_since), ("/followthrough plan \u{fffd}", Some(at(3))));
        assert!(store.pending_commands(HERE.0, IssueNumber(6)).await.unwrap().is_empty());
        store.finish_command(12).await.unwrap();
        assert!(!store.receive_command(&received(12, 4)).await.unwrap(), "it is done with");
        assert_eq!(store.pending_commands(HERE.0, HERE.1).await.unwrap().len(), 1);
    }

    async fn only_what_is_done_and_old_is_forgotten(database: Database) {
        let store = database.open().await;
        for (comment, second) in [(1, 0), (2, 0), (3, 100)] {
            store.receive_command(&received(comment, second)).await.unwrap();
        }
        store.finish_command(1).await.unwrap();
        store.finish_command(3).await.unwrap();
        store.prune_commands(at(50)).await.unwrap();
        assert!(store.receive_command(&received(1, 200)).await.unwrap(), "forgotten, and so new");
        assert!(!store.receive_command(&received(3, 200)).await.unwrap(), "too young");
        assert_eq!(store.pending_commands(HERE.0, HERE.1).await.unwrap().len(), 2);
    }
}
