//! `Repository` and what belongs to it alone: refs, labels, milestones, issue types.

use serde::Deserialize;

use super::{
    super::{
        access::Level,
        git::Object as GitObject,
        node_id,
        refusal::Refusal,
        state::{
            Outcome, State, ThreadRef,
            issues::{IssueState, Thread},
        },
    },
    accounts::actor,
    execution::{Args, Context, Object, Value},
};

pub(super) fn resolve(context: &Context<'_>, id: u64, args: &Args<'_>) -> Outcome<Value> {
    let number = || args.number("number").unwrap_or_default();
    let not_a = |kind: &str| Refusal::NotFound(format!("Could not resolve to {kind} with the number of {}.", number()));
    match args.field {
        "issue" | "pullRequest" | "issueOrPullRequest" => {
            match args.field {
                "issue" => context.require(id, "issues", Level::Read)?,
                "pullRequest" => context.require(id, "pull_requests", Level::Read)?,
                _ => context.require_conversation(id, Level::Read)?,
            }
            let at = ThreadRef { repository: id, number: number() };
            let is_pull = context.with(|state| state.thread(at).map(|thread| thread.pull.is_some()));
            match (args.field, is_pull) {
                ("issue" | "issueOrPullRequest", Ok(false)) => Ok(Object::Issue(at).into()),
                ("pullRequest" | "issueOrPullRequest", Ok(true)) => Ok(Object::PullRequest(at).into()),
                ("issue", _) => Err(not_a("an Issue")),
                ("pullRequest", _) => Err(not_a("a PullRequest")),
                _ => Err(not_a("an issue or pull request")),
            }
        }
        "issues" => {
            context.require(id, "issues", Level::Read)?;
            issues(context, id, args)
        }
        "pullRequests" => {
            context.require(id, "pull_requests", Level::Read)?;
            pull_requests(context, id, args)
        }
        "object" => {
            context.require(id, "contents", Level::Read)?;
            let expression = args.text("expression").or_else(|| args.text("oid"));
            let expression = expression.ok_or_else(|| Refusal::Unprocessable("expression or oid is needed".to_owned()))?;
            let found = context.with(|state| state.object(id, expression));
            Ok(Value::optional(found.map(|found| match found {
                GitObject::Blob(blob) => Object::Blob(id, blob.oid),
                GitObject::Tree(oid, _) => Object::Tree(id, oid),
                GitObject::Commit(oid) => Object::Commit(id, oid),
            })))
        }
        "defaultBranchRef" => context.with(|state| {
            let found = state.repository(id)?;
            let there = found.branches.contains_key(&found.default_branch);
            Ok(Value::optional(there.then(|| Object::Ref(id, found.default_branch.clone()))))
        }),
        "ref" => {
            context.require(id, "contents", Level::Read)?;
            let name = args.text("qualifiedName").unwrap_or_default();
            let branch = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("heads/")).unwrap_or(name);
            let there = context.with(|state| state.repository(id).map(|found| found.branches.contains_key(branch)))?;
            Ok(Value::optional(there.then(|| Object::Ref(id, branch.to_owned()))))
        }
        "assignableUsers" => {
            let wanted = args.text("query").unwrap_or_default().to_lowercase();
            let users = context.with(|state| {
                let all = state
                    .assignable_accounts(id)
                    .into_iter()
                    .filter(|account| state.login(*account).to_lowercase().contains(&wanted));
                all.map(|account| (account.to_string(), actor(state, account))).collect()
            });
            args.page("UserConnection", users)
        }
        "labels" => {
            let wanted = args.text("query").unwrap_or_default().to_lowercase();
            let labels = context.with(|state| {
                let all = state.repository(id)?.labels.iter().filter(|label| label.name.to_lowercase().contains(&wanted));
                Ok::<_, Refusal>(all.map(|label| (label.id.to_string(), Object::Label(id, label.id).into())).collect())
            })?;
            args.page("LabelConnection", labels)
        }
        "label" => context.with(|state| {
            let found = state.repository(id)?.label_named(args.text("name").unwrap_or_default());
            Ok(Value::optional(found.map(|label| Object::Label(id, label.id))))
        }),
        "issueTypes" => {
            let types = context.with(|state| Ok::<_, Refusal>(issue_types(state, state.repository(id)?.owner)))?;
            args.page("IssueTypeConnection", types)
        }
        "issueType" => context.with(|state| {
            let owner = state.account_by_id(state.repository(id)?.owner)?;
            let name = args.text("name").unwrap_or_default();
            let found = owner.issue_types.iter().find(|kind| kind.name.eq_ignore_ascii_case(name));
            Ok(Value::optional(found.map(|kind| Object::IssueType(owner.id, kind.id))))
        }),
        "milestones" => {
            let wanted = args.text("query").unwrap_or_default().to_lowercase();
            let states: Option<Vec<String>> = args.get("states")?;
            let open = states.is_none_or(|states| states.iter().any(|state| state == "OPEN"));
            let all = context.with(|state| {
                let all = state.repository(id)?.milestones.iter();
                let all = all.filter(|found| open && found.title.to_lowercase().contains(&wanted));
                Ok::<_, Refusal>(all.map(|found| (found.number.to_string(), Object::Milestone(id, found.id).into())).collect())
            })?;
            args.page("MilestoneConnection", all)
        }
        "milestone" => context.with(|state| {
            let found = state.repository(id)?.milestones.iter().find(|milestone| milestone.number == number());
            Ok(Value::optional(found.map(|milestone| Object::Milestone(id, milestone.id))))
        }),
        _ => context.with(|state| scalar(context, state, id, args)),
    }
}

fn scalar(context: &Context<'_>, state: &State, id: u64, args: &Args<'_>) -> Outcome<Value> {
    let found = state.repository(id)?;
    Ok(match args.field {
        "id" => Value::leaf(node_id::repository(id)),
        "databaseId" => Value::int(id),
        "name" => Value::leaf(found.name.clone()),
        "nameWithOwner" => Value::leaf(state.full_name(found)),
        "url" => Value::leaf(state.html_url(found)),
        "resourcePath" => Value::leaf(format!("/{}", state.full_name(found))),
        "description" => Value::NULL,
        "createdAt" => Value::time(found.created_at),
        "archivedAt" => found.archived_at.map_or(Value::NULL, Value::time),
        "isArchived" => Value::leaf(found.archived_at.is_some()),
        "isPrivate" => Value::leaf(found.private),
        "isFork" => Value::leaf(found.fork_of.is_some()),
        "isEmpty" => Value::leaf(found.branches.is_empty()),
        "isDisabled" | "isLocked" | "isTemplate" => Value::leaf(false),
        "isInOrganization" => Value::leaf(
            state.accounts.get(&found.owner).is_some_and(|owner| owner.kind == super::super::state::AccountKind::Organization),
        ),
        "visibility" => Value::leaf(if found.private { "PRIVATE" } else { "PUBLIC" }),
        "hasIssuesEnabled" => Value::leaf(found.issues_enabled),
        // Undocumented for Apps: an App that may write anything here counts as a writer.
        "viewerPermission" => {
            let may_write = |permission| context.caller.require(state, id, permission, Level::Write).is_ok();
            let writes = ["contents", "issues", "pull_requests"].into_iter().any(may_write);
            Value::leaf(if writes { "WRITE" } else { "READ" })
        }
        "viewerCanAdminister" => Value::leaf(false),
        "owner" => actor(state, found.owner),
        "parent" => Value::optional(found.fork_of.map(Object::Repository)),
        _ => return Err(args.unknown()),
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IssueFilters {
    assignee: Option<String>,
    created_by: Option<String>,
    labels: Option<Vec<String>>,
    since: Option<jiff::Timestamp>,
    states: Option<Vec<String>>,
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct Order {
    field: String,
    direction: String,
}

fn in_state(thread: &Thread, states: Option<&[String]>) -> bool {
    states.is_none_or(|states| {
        states.iter().any(|state| match state.as_str() {
            "OPEN" => thread.state == IssueState::Open,
            "CLOSED" => thread.state == IssueState::Closed && thread.pull.as_ref().is_none_or(|pull| pull.merged.is_none()),
            "MERGED" => thread.pull.as_ref().is_some_and(|pull| pull.merged.is_some()),
            _ => false,
        })
    })
}

fn sort(state: &State, threads: &mut [ThreadRef], order: Option<&Order>) -> Outcome<()> {
    let field = order.map_or("CREATED_AT", |order| order.field.as_str());
    if !["CREATED_AT", "UPDATED_AT", "COMMENTS"].contains(&field) {
        return Err(Refusal::Unexpected(format!("the order {field}")));
    }
    threads.sort_by_key(|at| {
        let Ok(thread) = state.thread(*at) else { return (0, at.number) };
        let key = match field {
            "UPDATED_AT" => thread.updated_at.as_second(),
            "COMMENTS" => i64::try_from(thread.comments.len()).unwrap_or(0),
            _ => thread.created_at.as_second(),
        };
        (key, at.number)
    });
    if order.is_some_and(|order| order.direction == "DESC") {
        threads.reverse();
    }
    Ok(())
}

/// `labels` finds what has any of them, `filterBy.labels` what has all.
fn issues(context: &Context<'_>, id: u64, args: &Args<'_>) -> Outcome<Value> {
    let filter: IssueFilters = args.get("filterBy")?.unwrap_or_default();
    let (any, states): (Option<Vec<String>>, Option<Vec<String>>) = (args.get("labels")?, args.get("states")?);
    let order: Option<Order> = args.get("orderBy")?;
    let found = context.with(|state| {
        let mut threads = state.listed_threads(id)?;
        let repository = state.repository(id)?;
        let types = &state.account_by_id(repository.owner)?.issue_types;
        // An App is named with or without its `[bot]`, or as `app/slug`.
        let account = |name: &str| {
            let name = name.strip_prefix("app/").unwrap_or(name);
            state.account_named(name).or_else(|| state.account_named(&format!("{name}[bot]"))).map(|account| account.id)
        };
        let (creator, assignee) = (filter.created_by.as_deref().map(account), filter.assignee.as_deref().map(account));
        threads.retain(|at| {
            let Ok(thread) = state.thread(*at) else { return false };
            let has = |name: &String| repository.label_named(name).is_some_and(|label| thread.labels.contains(&label.id));
            let kind = thread.issue_type.and_then(|id| types.iter().find(|kind| kind.id == id)).map(|kind| kind.name.as_str());
            thread.pull.is_none()
                && in_state(thread, states.as_deref())
                && in_state(thread, filter.states.as_deref())
                && any.as_ref().is_none_or(|names| names.iter().any(has))
                && filter.labels.as_ref().is_none_or(|names| names.iter().all(has))
                && filter.since.is_none_or(|since| thread.updated_at >= since)
                && filter.r#type.as_deref().is_none_or(|wanted| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(wanted)))
                && creator.is_none_or(|creator| creator == Some(thread.author))
                && assignee.is_none_or(|assignee| assignee.is_some_and(|assignee| thread.assignees.contains(&assignee)))
        });
        sort(state, &mut threads, order.as_ref())?;
        Ok::<_, Refusal>(threads)
    })?;
    args.page("IssueConnection", found.into_iter().map(|at| (at.number.to_string(), Object::Issue(at).into())).collect())
}

fn pull_requests(context: &Context<'_>, id: u64, args: &Args<'_>) -> Outcome<Value> {
    let (labels, states): (Option<Vec<String>>, Option<Vec<String>>) = (args.get("labels")?, args.get("states")?);
    let order: Option<Order> = args.get("orderBy")?;
    let found = context.with(|state| {
        let repository = state.repository(id)?;
        let wanted = |thread: &&Thread| {
            let Some(pull) = &thread.pull else { return false };
            let has = |name: &String| repository.label_named(name).is_some_and(|label| thread.labels.contains(&label.id));
            in_state(thread, states.as_deref())
                && labels.as_ref().is_none_or(|names| names.iter().any(has))
                && args.text("headRefName").is_none_or(|name| pull.head_branch == name)
                && args.text("baseRefName").is_none_or(|name| pull.base_branch == name)
        };
        let all = repository.threads.values().filter(wanted);
        let mut threads: Vec<ThreadRef> = all.map(|thread| ThreadRef { repository: id, number: thread.number }).collect();
        sort(state, &mut threads, order.as_ref())?;
        Ok::<_, Refusal>(threads)
    })?;
    args.page(
        "PullRequestConnection",
        found.into_iter().map(|at| (at.number.to_string(), Object::PullRequest(at).into())).collect(),
    )
}

pub(super) fn issue_types(state: &State, owner: u64) -> Vec<(String, Value)> {
    let types = state.accounts.get(&owner).map(|owner| owner.issue_types.as_slice()).unwrap_or_default();
    types.iter().map(|kind| (kind.id.to_string(), Object::IssueType(owner, kind.id).into())).collect()
}

pub(super) fn reference(context: &Context<'_>, repository: u64, name: &str, args: &Args<'_>) -> Outcome<Value> {
    Ok(match args.field {
        "id" => Value::leaf(node_id::reference(repository, &format!("refs/heads/{name}"))),
        "name" => Value::leaf(name),
        "prefix" => Value::leaf("refs/heads/"),
        "repository" => Object::Repository(repository).into(),
        "target" => {
            let target = context.with(|state| state.repository(repository).map(|found| found.branches.get(name).cloned()))?;
            Value::optional(target.map(|oid| Object::Commit(repository, oid)))
        }
        _ => return Err(args.unknown()),
    })
}

pub(super) fn label(context: &Context<'_>, repository: u64, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let found = state.repository(repository)?;
        let label = found.label(id).ok_or_else(Refusal::not_found)?;
        let path = format!("{}/labels/{}", state.full_name(found), label.name);
        Ok(match args.field {
            "id" => Value::leaf(node_id::label(repository, id)),
            "name" => Value::leaf(label.name.clone()),
            "color" => Value::leaf(label.color.clone()),
            "description" => Value::leaf(label.description.clone()),
            "isDefault" => Value::leaf(label.name == "bug"),
            "url" => Value::leaf(format!("{}/{path}", state.base_url)),
            "resourcePath" => Value::leaf(format!("/{path}")),
            "createdAt" => Value::NULL,
            "repository" => Object::Repository(repository).into(),
            _ => return Err(args.unknown()),
        })
    })
}

pub(super) fn milestone(context: &Context<'_>, repository: u64, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let found = state.repository(repository)?;
        let milestone = found.milestones.iter().find(|milestone| milestone.id == id).ok_or_else(Refusal::not_found)?;
        let path = format!("{}/milestone/{}", state.full_name(found), milestone.number);
        Ok(match args.field {
            "id" => Value::leaf(node_id::milestone(repository, id)),
            "number" => Value::leaf(milestone.number),
            "title" => Value::leaf(milestone.title.clone()),
            "state" => Value::leaf("OPEN"),
            "closed" => Value::leaf(false),
            "url" => Value::leaf(format!("{}/{path}", state.base_url)),
            "resourcePath" => Value::leaf(format!("/{path}")),
            "dueOn" | "closedAt" => Value::NULL,
            _ => return Err(args.unknown()),
        })
    })
}

pub(super) fn issue_type(context: &Context<'_>, owner: u64, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let kind = state.account_by_id(owner)?.issue_types.iter().find(|kind| kind.id == id).ok_or_else(Refusal::not_found)?;
        Ok(match args.field {
            "id" => Value::leaf(node_id::issue_type(owner, id)),
            "name" => Value::leaf(kind.name.clone()),
            "description" => Value::NULL,
            "color" => Value::leaf("BLUE"),
            "isEnabled" => Value::leaf(kind.enabled),
            "isPrivate" => Value::leaf(false),
            _ => return Err(args.unknown()),
        })
    })
}
