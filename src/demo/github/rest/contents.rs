//! Files: reading at any ref, writing with the old blob's id as compare-and-swap.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        git::{EntryKind, Object},
        refusal::Refusal,
        server::Reply,
        shapes,
        state::{Outcome, repositories::Change},
    },
    Rest,
};

/// Larger files come without content.
const LARGEST_FILE: usize = 1024 * 1024;

pub(super) fn show(rest: &mut Rest<'_>, repository: u64, path: &str) -> Outcome<Reply> {
    rest.read(repository, "contents")?;
    rest.only_params(&["ref"])?;
    let reference = rest.param("ref").unwrap_or("HEAD").to_owned();
    let commit = rest.state.resolve(repository, &reference);
    let commit = commit.ok_or_else(|| Refusal::NotFound(format!("No commit found for the ref {reference}")))?;
    let object = rest.state.objects_mut(repository)?.object_at(&commit, path).ok_or_else(Refusal::not_found)?;
    match object {
        Object::Blob(blob) if rest.incoming.wants_raw() => Ok(Reply::raw(&blob.bytes)),
        Object::Blob(blob) => {
            let mut shape = entry(rest, repository, &commit, path, "file", &blob.oid, blob.bytes.len())?;
            let small = blob.bytes.len() <= LARGEST_FILE;
            shape["encoding"] = json!(if small { "base64" } else { "none" });
            shape["content"] = json!(if small { wrapped(&blob.bytes) } else { String::new() });
            Ok(Reply::ok(shape))
        }
        Object::Tree(_, files) => {
            let entries = rest.state.objects_mut(repository)?.list(&files);
            let shapes: Outcome<Vec<Value>> = entries
                .into_iter()
                .map(|found| {
                    let inner = if path.is_empty() { found.name.clone() } else { format!("{path}/{}", found.name) };
                    let kind = if found.kind == EntryKind::Tree { "dir" } else { "file" };
                    entry(rest, repository, &commit, &inner, kind, &found.oid, found.size)
                })
                .collect();
            Ok(Reply::ok(json!(shapes?)))
        }
        Object::Commit(_) => Err(Refusal::not_found()),
    }
}

/// Base64 in lines of 60, as GitHub sends it.
fn wrapped(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines = text.as_bytes().chunks(60).map(|line| format!("{}\n", String::from_utf8_lossy(line)));
    lines.collect()
}

fn entry(rest: &Rest<'_>, repository: u64, commit: &str, path: &str, kind: &str, oid: &str, size: usize) -> Outcome<Value> {
    let found = rest.state.repository(repository)?;
    let (api, html) = (shapes::api_url(rest.state, found), rest.state.html_url(found));
    let git = if kind == "dir" { "trees" } else { "blobs" };
    let url = format!("{api}/contents/{path}?ref={commit}");
    Ok(json!({
        "type": kind, "name": path.rsplit('/').next().unwrap_or(path), "path": path, "sha": oid, "size": size, "url": url,
        "html_url": format!("{html}/blob/{commit}/{path}"), "git_url": format!("{api}/git/{git}/{oid}"),
        "download_url": format!("{html}/raw/{commit}/{path}"),
        "_links": {"self": url, "git": format!("{api}/git/{git}/{oid}"), "html": format!("{html}/blob/{commit}/{path}")},
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    message: String,
    content: String,
    sha: Option<String>,
    branch: Option<String>,
}

pub(super) fn write(rest: &mut Rest<'_>, repository: u64, path: &str) -> Outcome<Reply> {
    rest.write(repository, "contents")?;
    let new: Write = rest.body()?;
    rest.state.writable(repository)?;
    let found = rest.state.repository(repository)?;
    let branch = new.branch.unwrap_or_else(|| found.default_branch.clone());
    if !found.branches.is_empty() && !found.branches.contains_key(&branch) {
        return Err(Refusal::NotFound(format!("Branch {branch} not found")));
    }
    let content: String = new.content.split_whitespace().collect();
    let content = STANDARD.decode(content).map_err(|_| Refusal::unprocessable("content is not valid Base64"))?;
    let head = rest.state.resolve(repository, &branch).unwrap_or_default();
    let known = rest.state.files_at(repository, &head).get(path).map(|blob| blob.oid.clone());
    match (&known, &new.sha) {
        (Some(_), None) => return Err(Refusal::unprocessable("Invalid request. \"sha\" wasn't supplied.")),
        (Some(known), Some(given)) if known != given => return Err(Refusal::Stale(format!("{path} does not match {given}"))),
        (None, Some(given)) => return Err(Refusal::Stale(format!("{path} does not match {given}"))),
        _ => {}
    }
    let actor = rest.actor();
    let commit = rest.state.commit(repository, &branch, &new.message, &[Change::write(path, content.clone())], actor)?;
    let oid = super::super::git::blob_oid(&content);
    let shape = entry(rest, repository, &commit, path, "file", &oid, content.len())?;
    let html = rest.state.html_url(rest.state.repository(repository)?);
    let body = json!({"content": shape, "commit": {"sha": commit, "message": new.message, "html_url": format!("{html}/commit/{commit}")}});
    Ok(Reply::json(if known.is_some() { 200 } else { 201 }, body))
}
