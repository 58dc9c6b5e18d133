//! `Commit`, `Tree`, `Blob`.

use super::{
    super::{
        access::Level,
        git::{EntryKind, Oid, is_binary},
        node_id,
        refusal::Refusal,
        state::{Outcome, State, repositories::Repository},
    },
    accounts::actor,
    execution::{Args, Context, Object, Value},
};

/// GraphQL cuts a blob's text off here, in bytes.
const LONGEST_TEXT: usize = 512_000;

/// What the three have in common.
fn common(state: &State, repository: u64, oid: &str, args: &Args<'_>) -> Outcome<Value> {
    let found = state.repository(repository)?;
    Ok(match args.field {
        "oid" => Value::leaf(oid),
        "abbreviatedOid" => Value::leaf(oid.get(..7).unwrap_or(oid)),
        "repository" => Object::Repository(repository).into(),
        "commitUrl" => Value::leaf(format!("{}/commit/{oid}", state.html_url(found))),
        _ => return Err(args.unknown()),
    })
}

pub(super) fn commit(context: &Context<'_>, repository: u64, oid: &str, args: &Args<'_>) -> Outcome<Value> {
    match args.field {
        "checkSuites" => return super::checks::suites(context, repository, oid, args),
        "history" => return history(context, repository, oid, args),
        "associatedPullRequests" => {
            context.require(repository, "pull_requests", Level::Read)?;
            let found = context.with(|state| state.pulls_with_commit(repository, oid))?;
            let pulls = found.into_iter().map(|at| (at.number.to_string(), Object::PullRequest(at).into()));
            return args.page("PullRequestConnection", pulls.collect());
        }
        _ => {}
    }
    context.with(|state| {
        let found = state.repository(repository)?;
        let commit = state.objects(found)?.commit(oid).ok_or_else(Refusal::not_found)?;
        let (headline, body) = commit.message.split_once('\n').unwrap_or((&commit.message, ""));
        Ok(match args.field {
            "id" => Value::leaf(node_id::commit(repository, oid)),
            "url" => Value::leaf(format!("{}/commit/{oid}", state.html_url(found))),
            "resourcePath" => Value::leaf(format!("/{}/commit/{oid}", state.full_name(found))),
            "message" => Value::leaf(commit.message.clone()),
            "messageHeadline" => Value::leaf(headline),
            "messageBody" => Value::leaf(body.trim_start()),
            "committedDate" | "authoredDate" => Value::time(commit.at),
            "author" => who(state, &commit.author, commit.at),
            "committer" => who(state, commit.committer(), commit.at),
            "signature" => match commit.signed {
                true => Value::record(
                    "GpgSignature",
                    vec![
                        ("email", Value::leaf("noreply@github.com")),
                        ("isValid", Value::leaf(true)),
                        ("state", Value::leaf("VALID")),
                        ("wasSignedByGitHub", Value::leaf(true)),
                        ("signer", Value::NULL),
                    ],
                ),
                false => Value::NULL,
            },
            "tree" => Object::Tree(repository, commit.tree.clone()).into(),
            "parents" => {
                let parents =
                    commit.parents.iter().map(|parent| (parent.clone(), Object::Commit(repository, parent.clone()).into()));
                return args.page("CommitConnection", parents.collect());
            }
            "file" => {
                let path = args.text("path").unwrap_or_default();
                commit.files.get(path).map_or(Value::NULL, |blob| {
                    let name = path.rsplit('/').next().unwrap_or(path);
                    entry(found, path, name, EntryKind::Blob, &blob.oid, blob.bytes.len())
                })
            }
            _ => return common(state, repository, oid, args),
        })
    })
}

fn who(state: &State, login: &str, at: jiff::Timestamp) -> Value {
    let user = state.account_named(login).filter(|account| account.kind == super::super::state::AccountKind::User);
    Value::record(
        "GitActor",
        vec![
            ("name", Value::leaf(login)),
            ("email", Value::leaf(format!("{login}@users.noreply.github.com"))),
            ("date", Value::time(at)),
            ("user", user.map_or(Value::NULL, |user| actor(state, user.id))),
        ],
    )
}

/// First the commit itself, then what came before it; with `path` only commits that changed it.
fn history(context: &Context<'_>, repository: u64, oid: &str, args: &Args<'_>) -> Outcome<Value> {
    let found: Vec<Oid> = context.with(|state| {
        let objects = state.objects(state.repository(repository)?)?;
        Ok::<_, Refusal>(match args.text("path") {
            Some(path) => objects.history_of(oid, path.trim_matches('/')),
            None => objects.ancestors(oid).collect(),
        })
    })?;
    let commits = found.into_iter().map(|oid| (oid.clone(), Object::Commit(repository, oid).into()));
    args.page("CommitHistoryConnection", commits.collect())
}

fn entry(repository: &Repository, path: &str, name: &str, kind: EntryKind, oid: &str, size: usize) -> Value {
    let object = match kind {
        EntryKind::Blob => Object::Blob(repository.id, oid.to_owned()),
        EntryKind::Tree => Object::Tree(repository.id, oid.to_owned()),
    };
    let extension = name.rsplit_once('.').map(|(_, extension)| format!(".{extension}")).unwrap_or_default();
    Value::record(
        "TreeEntry",
        vec![
            ("name", Value::leaf(name)),
            ("path", Value::leaf(path)),
            ("type", Value::leaf(kind.name())),
            ("mode", Value::leaf(if kind == EntryKind::Blob { 0o100_644 } else { 0o040_000 })),
            ("oid", Value::leaf(oid)),
            ("size", Value::leaf(size)),
            ("extension", Value::leaf(extension)),
            ("object", object.into()),
            ("repository", Object::Repository(repository.id).into()),
        ],
    )
}

pub(super) fn tree(context: &Context<'_>, repository: u64, oid: &str, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| match args.field {
        "id" => Ok(Value::leaf(node_id::tree(repository, oid))),
        "entries" => {
            let objects = state.objects_mut(repository)?;
            let files = objects.tree(oid).cloned().ok_or_else(Refusal::not_found)?;
            let entries = objects.list(&files);
            let found = state.repository(repository)?;
            let shown = entries.iter().map(|known| entry(found, &known.name, &known.name, known.kind, &known.oid, known.size));
            Ok(Value::List(shown.collect()))
        }
        _ => common(state, repository, oid, args),
    })
}

pub(super) fn blob(context: &Context<'_>, repository: u64, oid: &str, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let blob = state.objects(state.repository(repository)?)?.blob(oid).ok_or_else(Refusal::not_found)?;
        let binary = is_binary(&blob.bytes) || std::str::from_utf8(&blob.bytes).is_err();
        Ok(match args.field {
            "id" => Value::leaf(node_id::blob(repository, oid)),
            "byteSize" => Value::leaf(blob.bytes.len()),
            "isBinary" => Value::leaf(binary),
            "isTruncated" => Value::leaf(blob.bytes.len() > LONGEST_TEXT),
            "text" if binary => Value::NULL,
            "text" => {
                let shown = blob.bytes.get(..LONGEST_TEXT).unwrap_or(&blob.bytes);
                let text = String::from_utf8_lossy(shown);
                Value::leaf(text.trim_end_matches('\u{fffd}'))
            }
            _ => return common(state, repository, oid, args),
        })
    })
}
