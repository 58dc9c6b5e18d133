//! Follows one document on the default branch after something happened to its issues or cards, where no pull request shows
//! it: those that do follow it themselves.

use super::{
    Stop, Worker,
    documents::{Home, Source},
};
use crate::{
    github::graphql::{LoadedDocument, Revision},
    ids::DocumentKey,
    plan::Authority,
    store::{WorkKey, WorkKind},
};

pub const KIND: &str = "follow_document";

pub async fn run(worker: &Worker, key: &WorkKey) -> Result<(), Stop> {
    let WorkKind::Document(document) = &key.kind else { return Ok(()) };
    follow(worker, key, document).await
}

async fn follow(worker: &Worker, key: &WorkKey, document: &DocumentKey) -> Result<(), Stop> {
    let Some((known, _)) = worker.store.load_document(document).await? else { return Ok(()) };
    let Some(place) = Home::load(worker, key).await? else { return Ok(()) };
    let home = place.documents(worker);
    let at = [Revision { commit: place.head.clone(), path: known.path.clone() }];
    let Some(blob) = place.installation.load_documents(&place.repository.name, &at).await?.into_iter().next().transpose()? else {
        return Ok(());
    };
    // That it is gone is for the push to say, which knows where it went.
    if !matches!(blob, LoadedDocument::Found { .. }) {
        return Ok(());
    }
    let changed = home.changes(&place.head, &[(&known.path, &blob)]).await?.remove(&known.path);
    let source = Source {
        commit: home.lasting_commit(&known.path, &blob, &place.head).await?,
        path: known.path,
        previous_path: None,
        pull_request: None,
        authority: Authority::Merged,
        changed,
        merged_at: None,
        blob,
    };
    match home.read(&source).await? {
        Ok(mut document) => {
            document.files = home.is_asked_for(&document.document).await?;
            home.follow(&mut [document], &[]).await
        }
        Err(_) => Ok(()),
    }
}
