//! Pull requests and their files.

use serde::Deserialize;

use super::{
    super::{
        refusal::Refusal,
        server::Reply,
        shapes,
        state::{
            Outcome, ThreadRef,
            issues::{IssueState, ThreadEdit},
            pulls::NewPull,
        },
    },
    Rest, thread, validation,
};

/// GitHub lists no more files than this.
const MOST_FILES: usize = 3000;

pub(super) fn list(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.read(repository, "pull_requests")?;
    rest.only_params(&["state", "head", "base", "sort", "direction"])?;
    let wanted = |at: &ThreadRef| {
        let (Ok(thread), Ok(pull)) = (rest.state.thread(*at), rest.state.pull(*at)) else { return false };
        let state = match rest.param("state").unwrap_or("open") {
            "all" => true,
            "closed" => thread.state == IssueState::Closed,
            _ => thread.state == IssueState::Open,
        };
        let owner = rest.state.repository(pull.head_repository).map(|head| rest.state.login(head.owner)).unwrap_or_default();
        let label = format!("{owner}:{}", pull.head_branch);
        // A head without its owner matches nothing and is ignored, on GitHub too.
        let head = rest.param("head").filter(|head| head.contains(':')).is_none_or(|head| head.eq_ignore_ascii_case(&label));
        let listed = rest.state.faults.is_listed(thread.created_at, rest.state.now());
        listed && state && head && rest.param("base").is_none_or(|base| pull.base_branch == base)
    };
    let all = rest.state.repository(repository)?.threads.keys().rev().map(|number| ThreadRef { repository, number: *number });
    let found: Vec<ThreadRef> = all.filter(wanted).collect();
    Ok(rest.page(found, |state, at| shapes::pull_request(state, at).unwrap_or_default()))
}

pub(super) fn show(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.read(repository, "pull_requests")?;
    Ok(Reply::ok(shapes::pull_request(rest.state, thread(repository, number)?)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPullRequest {
    title: String,
    head: String,
    base: String,
    body: Option<String>,
    #[serde(default)]
    draft: bool,
    #[allow(dead_code, reason = "accepted, and of no effect within one repository")]
    maintainer_can_modify: Option<bool>,
}

pub(super) fn create(rest: &mut Rest<'_>, repository: u64) -> Outcome<Reply> {
    rest.write(repository, "pull_requests")?;
    let new: NewPullRequest = rest.body()?;
    let (head_repository, head_branch) = match new.head.split_once(':') {
        Some((owner, branch)) => {
            let network = rest.state.repository(repository)?.network;
            let owner = rest.state.account_named(owner).map(|account| account.id);
            let found = rest.state.repositories.values().find(|found| found.network == network && Some(found.owner) == owner);
            (found.map_or(repository, |found| found.id), branch.to_owned())
        }
        None => (repository, new.head.clone()),
    };
    let pull = NewPull {
        head_repository,
        head_branch,
        base_branch: new.base,
        title: new.title,
        body: new.body.unwrap_or_default(),
        draft: new.draft,
    };
    let actor = rest.actor();
    match rest.state.create_pull(repository, pull, actor) {
        Ok(made) => Ok(Reply::json(201, shapes::pull_request(rest.state, made)?)),
        Err(Refusal::Unprocessable(message)) => Ok(validation("PullRequest", "base", "custom", &message)),
        Err(other) => Err(other),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PullChanges {
    title: Option<String>,
    body: Option<String>,
    state: Option<String>,
    base: Option<String>,
}

pub(super) fn update(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.write(repository, "pull_requests")?;
    let at = thread(repository, number)?;
    rest.state.pull(at)?;
    let new: PullChanges = rest.body()?;
    let state = match new.state.as_deref() {
        Some("open") => Some((IssueState::Open, None)),
        Some("closed") => Some((IssueState::Closed, None)),
        _ => None,
    };
    let actor = rest.actor();
    rest.state.edit_thread(at, ThreadEdit { title: new.title, body: new.body, state, ..ThreadEdit::default() }, actor)?;
    if let Some(base) = new.base {
        rest.state.retarget(at, &base, actor)?;
    }
    Ok(Reply::ok(shapes::pull_request(rest.state, at)?))
}

pub(super) fn files(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.read(repository, "pull_requests")?;
    let at = thread(repository, number)?;
    let mut changes = rest.state.pull_changes(at)?;
    changes.truncate(MOST_FILES);
    let (found, head) = (rest.state.repository(repository)?, rest.state.pull(at)?.head.clone());
    Ok(rest.page(changes, |state, change| shapes::file(state, found, &head, &change)))
}

pub(super) fn is_merged(rest: &mut Rest<'_>, repository: u64, number: &str) -> Outcome<Reply> {
    rest.read(repository, "pull_requests")?;
    match rest.state.pull(thread(repository, number)?)?.merged {
        Some(_) => Ok(Reply::empty(204)),
        None => Err(Refusal::not_found()),
    }
}

/// The pull requests that brought a commit: the merged one, or open ones that have it as head.
pub(super) fn of_commit(rest: &mut Rest<'_>, repository: u64, sha: &str) -> Outcome<Reply> {
    rest.read(repository, "pull_requests")?;
    let all =
        rest.state.repository(repository)?.threads.values().filter_map(|thread| Some((thread.number, thread.pull.as_ref()?)));
    let brought = all.filter(|(_, pull)| pull.head == sha || pull.merged.as_ref().is_some_and(|merged| merged.commit == sha));
    let found: Vec<ThreadRef> = brought.map(|(number, _)| ThreadRef { repository, number }).collect();
    Ok(rest.page(found, |state, at| shapes::pull_request(state, at).unwrap_or_default()))
}
