//! The JSON of GitHub's objects as REST answers and webhooks show them. Reading only.

use serde_json::{Value, json};

use super::{
    git::FileChange,
    node_id,
    state::{
        AccountKind, Installation, Outcome, State, ThreadRef,
        checks::Annotation,
        issues::{IssueState, REACTIONS, Reaction, StateReason},
        projects::Project,
        repositories::{Label, Milestone, Repository},
    },
};

pub(crate) fn user(state: &State, account: u64) -> Value {
    let Some(account) = state.accounts.get(&account) else { return Value::Null };
    let (login, base) = (&account.login, &state.base_url);
    let api = format!("{base}/users/{login}");
    let kind = match account.kind {
        AccountKind::User => "User",
        AccountKind::Organization => "Organization",
        AccountKind::Bot => "Bot",
    };
    json!({
        "login": login, "id": account.id, "node_id": account.node_id(), "type": kind, "site_admin": false, "user_view_type": "public",
        "avatar_url": format!("{base}/avatars/{}", account.id), "gravatar_id": "",
        "url": api, "html_url": format!("{base}/{login}"),
        "followers_url": format!("{api}/followers"), "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"), "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{api}/subscriptions"), "organizations_url": format!("{api}/orgs"),
        "repos_url": format!("{api}/repos"), "events_url": format!("{api}/events{{/privacy}}"),
        "received_events_url": format!("{api}/received_events"),
    })
}

/// The API's address of a repository.
pub(crate) fn api_url(state: &State, repository: &Repository) -> String {
    format!("{}/repos/{}", state.base_url, state.full_name(repository))
}

pub(crate) fn repository(state: &State, repository: &Repository) -> Value {
    let api = api_url(state, repository);
    json!({
        "id": repository.id, "node_id": node_id::repository(repository.id),
        "name": repository.name, "full_name": state.full_name(repository), "owner": user(state, repository.owner),
        "private": repository.private, "visibility": if repository.private { "private" } else { "public" },
        "html_url": state.html_url(repository), "url": api, "description": null, "fork": repository.fork_of.is_some(),
        "default_branch": repository.default_branch, "archived": repository.archived_at.is_some(), "disabled": false,
        "has_issues": repository.issues_enabled, "has_projects": true, "has_wiki": false, "has_discussions": false,
        "created_at": repository.created_at.to_string(), "updated_at": repository.created_at.to_string(),
        "pushed_at": repository.created_at.to_string(), "is_template": false, "topics": [], "language": null, "license": null,
        "forks_count": 0, "stargazers_count": 0, "watchers_count": 0, "size": 0,
        "open_issues_count": repository.threads.values().filter(|thread| thread.state == IssueState::Open).count(),
        "issues_url": format!("{api}/issues{{/number}}"), "pulls_url": format!("{api}/pulls{{/number}}"),
        "contents_url": format!("{api}/contents/{{+path}}"), "labels_url": format!("{api}/labels{{/name}}"),
        "clone_url": format!("{}.git", state.html_url(repository)),
    })
}

pub(crate) fn label(state: &State, repository: &Repository, label: &Label) -> Value {
    json!({
        "id": label.id, "node_id": node_id::label(repository.id, label.id), "name": label.name, "color": label.color,
        "description": label.description, "default": label.name == "bug",
        "url": format!("{}/labels/{}", api_url(state, repository), label.name),
    })
}

fn milestone(repository: &Repository, milestone: &Milestone) -> Value {
    json!({"id": milestone.id, "node_id": node_id::milestone(repository.id, milestone.id), "number": milestone.number,
        "title": milestone.title, "state": "open"})
}

pub(crate) fn reactions(list: &[Reaction]) -> Value {
    let count = |content: &str| list.iter().filter(|reaction| reaction.content == content).count();
    let mut shape = json!({"total_count": list.len()});
    if let Some(shape) = shape.as_object_mut() {
        shape.extend(REACTIONS.map(|(rest, _)| (rest.to_owned(), json!(count(rest)))));
    }
    shape
}

/// An issue, or the issue half of a pull request with its `pull_request` key.
pub(crate) fn issue(state: &State, thread: ThreadRef) -> Outcome<Value> {
    let (repository, found) = (state.repository(thread.repository)?, state.thread(thread)?);
    let api = format!("{}/issues/{}", api_url(state, repository), found.number);
    let html_url = state.thread_url(repository, found);
    let owner = state.account_by_id(repository.owner)?;
    let issue_type = found.issue_type.and_then(|id| owner.issue_types.iter().find(|known| known.id == id));
    let completed = found
        .sub_issues
        .iter()
        .filter_map(|child| state.thread(*child).ok())
        .filter(|child| child.state == IssueState::Closed)
        .count();
    let percent = (completed * 100).checked_div(found.sub_issues.len()).unwrap_or(0);
    let mut shape = json!({
        "id": found.id,
        "node_id": if found.pull.is_some() { node_id::pull_request(thread.repository, found.number) } else { node_id::issue(thread.repository, found.number) },
        "number": found.number, "title": found.title, "body": found.body,
        "state": if found.state == IssueState::Open { "open" } else { "closed" },
        "state_reason": found.state_reason.map(StateReason::rest),
        "user": user(state, found.author), "author_association": association(state, thread.repository, found.author),
        "labels": found.labels.iter().filter_map(|id| repository.label(*id)).map(|known| label(state, repository, known)).collect::<Vec<_>>(),
        "assignees": found.assignees.iter().map(|account| user(state, *account)).collect::<Vec<_>>(),
        "assignee": found.assignees.first().map(|account| user(state, *account)),
        "milestone": found.milestone.and_then(|id| repository.milestones.iter().find(|known| known.id == id)).map(|known| milestone(repository, known)),
        "type": issue_type.map(|known| json!({"id": known.id, "node_id": node_id::issue_type(owner.id, known.id), "name": known.name, "is_enabled": known.enabled})),
        "locked": false, "active_lock_reason": null, "comments": found.comments.len(), "reactions": reactions(&found.reactions),
        "created_at": found.created_at.to_string(), "updated_at": found.updated_at.to_string(),
        "closed_at": found.closed.map(|(_, at)| at.to_string()),
        "closed_by": found.closed.map(|(by, _)| user(state, by)),
        "performed_via_github_app": via_app(state, found.author),
        "sub_issues_summary": {"total": found.sub_issues.len(), "completed": completed, "percent_completed": percent},
        "url": api, "html_url": html_url, "repository_url": api_url(state, repository),
        "comments_url": format!("{api}/comments"), "events_url": format!("{api}/events"),
        "labels_url": format!("{api}/labels{{/name}}"), "timeline_url": format!("{api}/timeline"),
    });
    if let Some(pull) = &found.pull {
        let url = format!("{}/pulls/{}", api_url(state, repository), found.number);
        shape["draft"] = json!(pull.draft);
        shape["pull_request"] = json!({
            "url": url, "html_url": html_url, "diff_url": format!("{html_url}.diff"), "patch_url": format!("{html_url}.patch"),
            "merged_at": pull.merged.as_ref().map(|merged| merged.at.to_string()),
        });
    }
    if let Some(parent) = found.parent {
        let above = state.repository(parent.repository)?;
        shape["parent_issue_url"] = json!(format!("{}/issues/{}", api_url(state, above), parent.number));
    }
    Ok(shape)
}

fn via_app(state: &State, author: u64) -> Value {
    if author == state.app_bot { app(state) } else { Value::Null }
}

pub(crate) fn association(state: &State, repository: u64, account: u64) -> &'static str {
    let Ok(repository) = state.repository(repository) else { return "NONE" };
    let member = state.accounts.get(&repository.owner).is_some_and(|owner| owner.members.contains(state.login(account)));
    match () {
        () if repository.owner == account => "OWNER",
        () if member => "MEMBER",
        () if repository.roles.contains_key(&account) => "COLLABORATOR",
        () => "NONE",
    }
}

pub(crate) fn pull_request(state: &State, thread: ThreadRef) -> Outcome<Value> {
    let (repository, found) = (state.repository(thread.repository)?, state.thread(thread)?);
    let pull = state.pull(thread)?;
    let mut shape = issue(state, thread)?;
    let api = format!("{}/pulls/{}", api_url(state, repository), found.number);
    let changes = state.pull_changes(thread)?;
    let head_repository = state.repository(pull.head_repository).ok();
    let end = |repository: Option<&Repository>, branch: &str, sha: &str| {
        json!({
            "label": format!("{}:{branch}", repository.map(|found| state.login(found.owner)).unwrap_or_default()),
            "ref": branch, "sha": sha, "user": repository.map(|found| user(state, found.owner)),
            "repo": repository.map(|found| self::repository(state, found)),
        })
    };
    let merged = pull.merged.as_ref();
    let extra = json!({
        "id": pull.id, "url": api, "issue_url": format!("{}/issues/{}", api_url(state, repository), found.number),
        "diff_url": format!("{}.diff", state.thread_url(repository, found)), "patch_url": format!("{}.patch", state.thread_url(repository, found)),
        "commits_url": format!("{api}/commits"), "review_comments_url": format!("{api}/comments"),
        "statuses_url": format!("{}/statuses/{}", api_url(state, repository), pull.head),
        "head": end(head_repository, &pull.head_branch, &pull.head), "base": end(Some(repository), &pull.base_branch, &pull.base),
        "draft": pull.draft, "merged": merged.is_some(), "merged_at": merged.map(|merged| merged.at.to_string()),
        "merged_by": merged.map(|merged| user(state, merged.by)), "merge_commit_sha": merged.map(|merged| merged.commit.clone()),
        "mergeable": if merged.is_some() || found.state == IssueState::Closed { Value::Null } else { json!(state.is_mergeable(thread)) },
        "mergeable_state": "unknown", "rebaseable": null, "maintainer_can_modify": false, "auto_merge": null,
        "requested_reviewers": [], "requested_teams": [], "review_comments": 0, "commits": 1,
        "additions": changes.iter().map(|change| change.additions).sum::<usize>(),
        "deletions": changes.iter().map(|change| change.deletions).sum::<usize>(), "changed_files": changes.len(),
    });
    if let (Some(shape), Value::Object(extra)) = (shape.as_object_mut(), extra) {
        for key in [
            "pull_request",
            "state_reason",
            "closed_by",
            "type",
            "sub_issues_summary",
            "reactions",
            "repository_url",
            "performed_via_github_app",
        ] {
            shape.remove(key);
        }
        shape.extend(extra);
    }
    Ok(shape)
}

/// One changed file of a pull request.
pub(crate) fn file(state: &State, repository: &Repository, head: &str, change: &FileChange) -> Value {
    let api = api_url(state, repository);
    let mut shape = json!({
        "sha": change.oid, "filename": change.path, "status": change.kind.rest(),
        "additions": change.additions, "deletions": change.deletions, "changes": change.additions + change.deletions,
        "blob_url": format!("{}/blob/{head}/{}", state.html_url(repository), change.path),
        "raw_url": format!("{}/raw/{head}/{}", state.html_url(repository), change.path),
        "contents_url": format!("{api}/contents/{}?ref={head}", change.path),
    });
    if let Some(previous) = &change.previous_path {
        shape["previous_filename"] = json!(previous);
    }
    if let Some(patch) = &change.patch {
        shape["patch"] = json!(patch);
    }
    shape
}

pub(crate) fn comment(state: &State, id: u64) -> Outcome<Value> {
    let comment = state.comment(id)?;
    let (repository, thread) = (state.repository(comment.thread.repository)?, state.thread(comment.thread)?);
    let api = api_url(state, repository);
    Ok(json!({
        "id": comment.id, "node_id": node_id::comment(comment.id), "body": comment.body, "user": user(state, comment.author),
        "author_association": association(state, repository.id, comment.author),
        "created_at": comment.created_at.to_string(), "updated_at": comment.updated_at.to_string(),
        "url": format!("{api}/issues/comments/{}", comment.id), "issue_url": format!("{api}/issues/{}", thread.number),
        "html_url": comment_url(state, id), "reactions": reactions(&comment.reactions),
        "performed_via_github_app": via_app(state, comment.author),
    }))
}

/// A review in the spelling of REST.
pub(crate) fn review(state: &State, id: u64) -> Outcome<Value> {
    let review = state.review(id)?;
    let (repository, thread) = (state.repository(review.pull.repository)?, state.thread(review.pull)?);
    Ok(json!({
        "id": id, "node_id": node_id::review(id), "user": user(state, review.author), "body": review.body,
        "state": review.state.name(), "commit_id": review.commit, "submitted_at": review.submitted_at.to_string(),
        "author_association": association(state, repository.id, review.author),
        "html_url": format!("{}#pullrequestreview-{id}", state.thread_url(repository, thread)),
        "pull_request_url": format!("{}/pulls/{}", api_url(state, repository), thread.number), "_links": {},
    }))
}

/// A comment on lines; `line` is null once it is outdated.
pub(crate) fn review_comment(state: &State, id: u64) -> Outcome<Value> {
    let comment = state.review_comment(id)?;
    let thread = state.review_thread(comment.thread)?;
    let (repository, pull) = (state.repository(thread.pull.repository)?, state.thread(thread.pull)?);
    let (api, lines, now) = (api_url(state, repository), &thread.lines, state.placed(thread));
    let first = thread.comments.first().copied().filter(|first| *first != id);
    let several = |line: Option<u64>| line.map(|_| lines.side.name());
    let mut shape = json!({
        "id": id, "node_id": node_id::review_comment(id), "pull_request_review_id": comment.review, "body": comment.body,
        "user": user(state, comment.author), "author_association": association(state, repository.id, comment.author),
        "path": lines.path, "diff_hunk": thread.hunk, "subject_type": "line", "side": lines.side.name(),
        "start_side": several(lines.start), "original_line": lines.line, "original_start_line": lines.start,
        "line": now.as_ref().map(|now| now.line), "start_line": now.as_ref().and_then(|now| now.start),
        "commit_id": state.pull(thread.pull)?.head, "original_commit_id": thread.commit,
        "position": now.map(|_| 1), "original_position": 1, "reactions": reactions(&comment.reactions),
        "created_at": comment.created_at.to_string(), "updated_at": comment.updated_at.to_string(),
        "url": format!("{api}/pulls/comments/{id}"), "html_url": review_comment_url(state, id),
        "pull_request_url": format!("{api}/pulls/{}", pull.number), "_links": {},
    });
    if let Some(first) = first {
        shape["in_reply_to_id"] = json!(first);
    }
    Ok(shape)
}

/// A thread as webhooks have it.
pub(crate) fn review_thread(state: &State, id: u64) -> Outcome<Value> {
    let comments: Outcome<Vec<Value>> =
        state.review_thread(id)?.comments.iter().map(|comment| review_comment(state, *comment)).collect();
    Ok(json!({"node_id": node_id::review_thread(id), "comments": comments?}))
}

/// The place of a comment on lines.
pub(crate) fn review_comment_url(state: &State, id: u64) -> String {
    let url = state.pull_of_comment(id).and_then(|pull| {
        let (repository, thread) = (state.repository(pull.repository)?, state.thread(pull)?);
        Ok(format!("{}#discussion_r{id}", state.thread_url(repository, thread)))
    });
    url.unwrap_or_default()
}

/// The page of a comment.
pub(crate) fn comment_url(state: &State, id: u64) -> String {
    let found = state.comment(id).and_then(|comment| {
        let repository = state.repository(comment.thread.repository)?;
        Ok(format!("{}#issuecomment-{id}", state.thread_url(repository, state.thread(comment.thread)?)))
    });
    found.unwrap_or_default()
}

pub(crate) fn app(state: &State) -> Value {
    let config = &state.config;
    json!({
        "id": config.app_id, "slug": config.app_slug, "node_id": format!("A_kwDO{}", config.app_id), "name": config.app_name,
        "client_id": format!("Iv23li{}", config.app_id), "owner": user(state, state.app_bot), "description": "", "external_url": "",
        "html_url": format!("{}/apps/{}", state.base_url, config.app_slug),
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        "permissions": config.permissions, "events": config.events,
    })
}

pub(crate) fn installation(state: &State, installation: &Installation) -> Value {
    let api = format!("{}/app/installations/{}", state.base_url, installation.id);
    let organization = state.accounts.get(&installation.account).is_some_and(|account| account.kind == AccountKind::Organization);
    json!({
        "id": installation.id, "account": user(state, installation.account), "app_id": state.config.app_id,
        "app_slug": state.config.app_slug, "target_id": installation.account,
        "target_type": if organization { "Organization" } else { "User" },
        "repository_selection": if installation.repositories.is_some() { "selected" } else { "all" },
        "access_tokens_url": format!("{api}/access_tokens"), "repositories_url": format!("{}/installation/repositories", state.base_url),
        "html_url": format!("{}/settings/installations/{}", state.base_url, installation.id),
        "permissions": installation.permissions, "events": state.config.events,
        "created_at": installation.created_at.to_string(), "updated_at": installation.created_at.to_string(),
        "single_file_name": null, "suspended_at": installation.suspended_at.map(|at| at.to_string()), "suspended_by": null,
    })
}

pub(crate) fn check_run(state: &State, id: u64) -> Outcome<Value> {
    let run = state.check_runs.get(&id).ok_or_else(super::refusal::Refusal::not_found)?;
    let repository = state.repository(run.repository)?;
    let api = format!("{}/check-runs/{id}", api_url(state, repository));
    // A run on a fork's head knows no pull request.
    let pulls: Vec<Value> = repository
        .threads
        .values()
        .filter_map(|thread| thread.pull.as_ref().map(|pull| (thread, pull)))
        .filter(|(thread, pull)| thread.state == IssueState::Open && pull.head == run.head && pull.head_repository == repository.id)
        .map(|(thread, pull)| json!({"id": pull.id, "number": thread.number, "url": format!("{}/pulls/{}", api_url(state, repository), thread.number),
            "head": {"ref": pull.head_branch, "sha": pull.head}, "base": {"ref": pull.base_branch, "sha": pull.base}}))
        .collect();
    Ok(json!({
        "id": id, "node_id": node_id::check_run(id), "head_sha": run.head, "name": run.name, "status": run.status,
        "conclusion": run.conclusion, "external_id": run.external_id, "details_url": run.details_url,
        "url": api, "html_url": check_url(state, id), "started_at": run.started_at.to_string(),
        "completed_at": run.completed_at.map(|at| at.to_string()),
        "output": {"title": run.title, "summary": run.summary, "text": run.text, "annotations_count": run.annotations.len(),
            "annotations_url": format!("{api}/annotations")},
        "check_suite": {"id": suite_id(&run.head)}, "app": app(state), "pull_requests": pulls,
    }))
}

/// A number for the suite of a commit.
pub(crate) fn suite_id(head: &str) -> u64 {
    head.get(..7).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

/// The page of a check run: its pull request's, at the checks, where there is one.
pub(crate) fn check_url(state: &State, id: u64) -> String {
    let Some(run) = state.check_runs.get(&id) else { return String::new() };
    let Ok(repository) = state.repository(run.repository) else { return String::new() };
    let pull = repository.threads.values().find(|thread| thread.pull.as_ref().is_some_and(|pull| pull.head == run.head));
    match pull {
        Some(thread) => format!("{}#check-{id}", state.thread_url(repository, thread)),
        None => format!("{}/runs/{id}", state.html_url(repository)),
    }
}

pub(crate) fn annotation(state: &State, repository: &Repository, head: &str, annotation: &Annotation) -> Value {
    json!({
        "path": annotation.path, "start_line": annotation.start_line, "end_line": annotation.end_line,
        "start_column": annotation.start_column, "end_column": annotation.end_column, "annotation_level": annotation.level,
        "title": annotation.title, "message": annotation.message, "raw_details": annotation.raw_details,
        "blob_href": format!("{}/contents/{}?ref={head}", api_url(state, repository), annotation.path),
    })
}

pub(crate) fn project_item(state: &State, project: u64, item: u64) -> Outcome<Value> {
    let found = state.item(project, item)?;
    let thread = state.thread(found.content)?;
    let content = found.content;
    Ok(json!({
        "id": item, "node_id": node_id::item(project, item), "project_node_id": node_id::project(project),
        "content_node_id": if thread.pull.is_some() { node_id::pull_request(content.repository, content.number) } else { node_id::issue(content.repository, content.number) },
        "content_type": if thread.pull.is_some() { "PullRequest" } else { "Issue" },
        "creator": user(state, found.creator), "created_at": found.created_at.to_string(), "updated_at": found.updated_at.to_string(),
        "archived_at": found.archived.then(|| found.updated_at.to_string()),
    }))
}

pub(crate) fn project(state: &State, project: &Project) -> Value {
    json!({
        "id": project.id, "node_id": node_id::project(project.id), "number": project.number, "title": project.title,
        "owner": user(state, project.owner), "public": project.public, "html_url": state.project_url(project),
        "state": if project.closed_at.is_some() { "closed" } else { "open" }, "created_at": project.created_at.to_string(),
    })
}
