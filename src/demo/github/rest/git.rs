//! Git data: trees, blobs, commits, refs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        git::{EntryKind, Files},
        node_id,
        refusal::Refusal,
        server::Reply,
        shapes,
        state::{Outcome, repositories::Push},
    },
    Rest,
};

/// Entries of a recursive tree before it is cut off.
const MOST_ENTRIES: usize = 100_000;
/// Files of a comparison that GitHub lists, and commits without paging.
const MOST_COMPARED_FILES: usize = 300;
const MOST_COMPARED_COMMITS: usize = 250;

pub(super) fn tree(rest: &mut Rest<'_>, repository: u64, sha: &str) -> Outcome<Reply> {
    rest.read(repository, "contents")?;
    rest.only_params(&["recursive"])?;
    let commit = rest.state.resolve(repository, sha);
    let objects = rest.state.objects_mut(repository)?;
    let (oid, files) = match commit.and_then(|commit| objects.commit(&commit)) {
        Some(commit) => (commit.tree.clone(), commit.files.clone()),
        None => (sha.to_owned(), objects.tree(sha).cloned().ok_or_else(Refusal::not_found)?),
    };
    let recursive = rest.query.contains_key("recursive");
    let mut entries = Vec::new();
    collect(rest, repository, "", &files, recursive, &mut entries)?;
    let truncated = entries.len() > MOST_ENTRIES;
    entries.truncate(MOST_ENTRIES);
    let url = format!("{}/git/trees/{oid}", shapes::api_url(rest.state, rest.state.repository(repository)?));
    Ok(Reply::ok(json!({"sha": oid, "url": url, "tree": entries, "truncated": truncated})))
}

fn collect(
    rest: &mut Rest<'_>,
    repository: u64,
    prefix: &str,
    files: &Files,
    recursive: bool,
    into: &mut Vec<Value>,
) -> Outcome<()> {
    let api = shapes::api_url(rest.state, rest.state.repository(repository)?);
    for entry in rest.state.objects_mut(repository)?.list(files) {
        let path = format!("{prefix}{}", entry.name);
        let mut shape = json!({"path": path, "mode": entry.kind.mode(), "type": entry.kind.name(), "sha": entry.oid,
            "url": format!("{api}/git/{}s/{}", entry.kind.name(), entry.oid)});
        if entry.kind == EntryKind::Blob {
            shape["size"] = json!(entry.size);
        }
        into.push(shape);
        if recursive
            && entry.kind == EntryKind::Tree
            && let Some(inner) = super::super::git::below(files, &entry.name)
        {
            collect(rest, repository, &format!("{path}/"), &inner, recursive, into)?;
        }
    }
    Ok(())
}

pub(super) fn blob(rest: &mut Rest<'_>, repository: u64, sha: &str) -> Outcome<Reply> {
    rest.read(repository, "contents")?;
    let found = rest.state.repository(repository)?;
    let blob = rest.state.objects(found)?.blob(sha).ok_or_else(Refusal::not_found)?;
    if rest.incoming.wants_raw() {
        return Ok(Reply::raw(&blob.bytes));
    }
    Ok(Reply::ok(json!({
        "sha": sha, "node_id": node_id::blob(repository, sha), "size": blob.bytes.len(), "encoding": "base64",
        "content": STANDARD.encode(&blob.bytes), "url": format!("{}/git/blobs/{sha}", shapes::api_url(rest.state, found)),
    })))
}

/// Git's view of a commit.
pub(super) fn commit(rest: &mut Rest<'_>, repository: u64, sha: &str) -> Outcome<Reply> {
    rest.read(repository, "contents")?;
    let found = rest.state.repository(repository)?;
    let commit = rest.state.objects(found)?.commit(sha).ok_or_else(Refusal::not_found)?;
    let who = json!({"name": commit.author, "email": format!("{}@users.noreply.github.com", commit.author), "date": commit.at.to_string()});
    let api = shapes::api_url(rest.state, found);
    Ok(Reply::ok(json!({
        "sha": commit.oid, "node_id": node_id::commit(repository, sha), "message": commit.message, "author": who, "committer": who,
        "tree": {"sha": commit.tree, "url": format!("{api}/git/trees/{}", commit.tree)},
        "parents": commit.parents.iter().map(|parent| json!({"sha": parent, "url": format!("{api}/git/commits/{parent}")})).collect::<Vec<_>>(),
        "html_url": format!("{}/commit/{sha}", rest.state.html_url(found)), "url": format!("{api}/git/commits/{sha}"),
    })))
}

/// GitHub's view of the commit a ref points at.
pub(super) fn commit_at(rest: &mut Rest<'_>, repository: u64, reference: &str) -> Outcome<Reply> {
    rest.read(repository, "contents")?;
    let sha = rest.state.resolve(repository, reference);
    let sha = sha.ok_or_else(|| Refusal::unprocessable(format!("No commit found for SHA: {reference}")))?;
    Ok(Reply::ok(commit_shape(rest, repository, &sha)?))
}

/// A commit with the accounts behind it. One that an App made through the API is committed and signed by GitHub.
fn commit_shape(rest: &Rest<'_>, repository: u64, sha: &str) -> Outcome<Value> {
    let found = rest.state.repository(repository)?;
    let commit = rest.state.objects(found)?.commit(sha).ok_or_else(Refusal::not_found)?;
    let account = |login: &str| rest.state.account_named(login).map(|account| shapes::user(rest.state, account.id));
    let who =
        |name: &str| json!({"name": name, "email": format!("{name}@users.noreply.github.com"), "date": commit.at.to_string()});
    let committer = if commit.signed { Some(json!({"login": "web-flow", "type": "User"})) } else { account(&commit.author) };
    let verification = json!({"verified": commit.signed, "reason": if commit.signed { "valid" } else { "unsigned" }, "signature": null, "payload": null});
    Ok(json!({
        "sha": sha, "node_id": node_id::commit(repository, sha), "author": account(&commit.author), "committer": committer,
        "html_url": format!("{}/commit/{sha}", rest.state.html_url(found)), "url": format!("{}/commits/{sha}", shapes::api_url(rest.state, found)),
        "commit": {"message": commit.message, "author": who(&commit.author), "committer": who(commit.committer()), "tree": {"sha": commit.tree},
            "verification": verification},
        "parents": commit.parents.iter().map(|parent| json!({"sha": parent})).collect::<Vec<_>>(),
    }))
}

/// `base...head`: what head has and base lacks, since where they parted.
pub(super) fn compare(rest: &mut Rest<'_>, repository: u64, ends: &str) -> Outcome<Reply> {
    rest.read(repository, "contents")?;
    let (base, head) = ends.split_once("...").ok_or_else(Refusal::not_found)?;
    let end = |name: &str| rest.state.resolve(repository, name).ok_or_else(Refusal::not_found);
    let (base, head) = (end(base)?, end(head)?);
    let found = rest.state.repository(repository)?;
    let objects = rest.state.objects(found)?;
    let parting = objects.merge_base(&base, &head).ok_or_else(Refusal::not_found)?;
    let count = |from: &str, without: &str| {
        let known: std::collections::BTreeSet<String> = objects.ancestors(without).collect();
        objects.ancestors(from).filter(|oid| !known.contains(oid)).count()
    };
    let (ahead, behind) = (count(&head, &base), count(&base, &head));
    let status = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let changes = super::super::git::changes(&rest.state.files_at(repository, &parting), &rest.state.files_at(repository, &head));
    let files: Vec<Value> =
        changes.iter().take(MOST_COMPARED_FILES).map(|change| shapes::file(rest.state, found, &head, change)).collect();
    let known: std::collections::BTreeSet<String> = objects.ancestors(&base).collect();
    let mut commits: Vec<Value> = objects
        .ancestors(&head)
        .filter(|oid| !known.contains(oid))
        .take(MOST_COMPARED_COMMITS)
        .filter_map(|oid| commit_shape(rest, repository, &oid).ok())
        .collect();
    commits.reverse();
    Ok(Reply::ok(json!({"status": status, "ahead_by": ahead, "behind_by": behind, "total_commits": ahead, "commits": commits,
        "merge_base_commit": {"sha": parting}, "base_commit": {"sha": base}, "files": files})))
}

pub(super) fn branch(rest: &mut Rest<'_>, repository: u64, name: &str) -> Outcome<Reply> {
    rest.read(repository, "contents")?;
    let found = rest.state.repository(repository)?;
    let sha = found.branches.get(name).ok_or_else(|| Refusal::NotFound("Branch not found".to_owned()))?;
    Ok(Reply::ok(json!({"name": name, "commit": {"sha": sha}, "protected": found.protected_branches.contains_key(name)})))
}

fn shape(rest: &Rest<'_>, repository: u64, branch: &str, sha: &str) -> Outcome<Value> {
    let api = shapes::api_url(rest.state, rest.state.repository(repository)?);
    let name = format!("refs/heads/{branch}");
    Ok(json!({"ref": name, "node_id": node_id::reference(repository, &name), "url": format!("{api}/git/{name}"),
        "object": {"sha": sha, "type": "commit", "url": format!("{api}/git/commits/{sha}")}}))
}

fn branch_name(name: &str) -> Outcome<&str> {
    name.strip_prefix("heads/").ok_or_else(Refusal::not_found)
}

pub(super) fn reference(rest: &mut Rest<'_>, repository: u64, name: &str) -> Outcome<Reply> {
    rest.read(repository, "contents")?;
    let branch = branch_name(name)?;
    let sha = rest.state.repository(repository)?.branches.get(branch).cloned().ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(shape(rest, repository, branch, &sha)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRef {
    r#ref: String,
    sha: String,
}

pub(super) fn create_reference(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.write(repository, "contents")?;
    let new: NewRef = rest.body()?;
    let actor = rest.actor();
    let branch = rest.state.create_branch(repository, &new.r#ref, &new.sha, actor)?;
    Ok(Reply::json(201, shape(rest, repository, &branch, &new.sha)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefUpdate {
    sha: String,
    #[serde(default)]
    force: bool,
}

pub(super) fn update_reference(rest: &mut Rest<'_>, repository: u64, name: &str) -> Outcome<Reply> {
    rest.write(repository, "contents")?;
    let new: RefUpdate = rest.body()?;
    let branch = branch_name(name)?.to_owned();
    let actor = rest.actor();
    rest.state.update_branch(repository, &branch, &new.sha, new.force, actor)?;
    Ok(Reply::ok(shape(rest, repository, &branch, &new.sha)?))
}

pub(super) fn delete_reference(rest: &mut Rest<'_>, repository: u64, name: &str) -> Outcome<Reply> {
    rest.write(repository, "contents")?;
    let branch = branch_name(name)?.to_owned();
    if !rest.state.repository(repository)?.branches.contains_key(&branch) {
        return Err(Refusal::unprocessable("Reference does not exist"));
    }
    let actor = rest.actor();
    rest.state.move_branch(repository, &branch, None, actor, Push::Direct)?;
    Ok(Reply::empty(204))
}
