//! `Issue`, `PullRequest`, `IssueComment` and `Reaction`.

use super::{
    super::{
        node_id,
        refusal::Refusal,
        shapes,
        state::{
            Outcome, State, ThreadRef,
            issues::{IssueState, REACTIONS, Reaction, StateReason},
        },
    },
    accounts::{self, actor},
    execution::{Args, Context, Object, Value},
    timeline,
};

fn connection_of_users(state: &State, accounts: &[u64], args: &Args<'_>) -> Outcome<Value> {
    args.page("UserConnection", accounts.iter().map(|account| (account.to_string(), actor(state, *account))).collect())
}

pub(super) fn reaction(state: &State, reaction: &Reaction) -> Value {
    let content = REACTIONS.iter().find(|(rest, _)| *rest == reaction.content).map(|(_, graphql)| *graphql);
    let user = state.accounts.get(&reaction.user).filter(|account| account.kind == super::super::state::AccountKind::User);
    Value::record(
        "Reaction",
        vec![
            ("id", Value::leaf(node_id::reaction(reaction.id))),
            ("databaseId", Value::int(reaction.id)),
            ("content", Value::leaf(content)),
            ("createdAt", Value::time(reaction.created_at)),
            // Apps are no users: a reaction of theirs has nobody here.
            ("user", user.map_or(Value::NULL, |user| actor(state, user.id))),
        ],
    )
}

pub(super) fn reactions(state: &State, list: &[Reaction], args: &Args<'_>) -> Outcome<Value> {
    let wanted = args.text("content");
    let matching = list.iter().filter(|known| wanted.is_none_or(|wanted| REACTIONS.contains(&(known.content, wanted))));
    args.page("ReactionConnection", matching.map(|known| (known.id.to_string(), reaction(state, known))).collect())
}

/// What issues and pull requests have in common.
fn thread(context: &Context<'_>, at: ThreadRef, args: &Args<'_>) -> Outcome<Value> {
    match args.field {
        "projectItems" => return project_items(context, at, args),
        // These boards belong to the owner of the repository.
        "projectV2" | "projectsV2" => {
            let owner = context.with(|state| state.repository(at.repository).map(|found| found.owner))?;
            return accounts::resolve(context, owner, args);
        }
        _ => {}
    }
    context.with(|state| {
        let (repository, found) = (state.repository(at.repository)?, state.thread(at)?);
        Ok(match args.field {
            "databaseId" => Value::int(found.id),
            "fullDatabaseId" => Value::leaf(found.id.to_string()),
            "number" => Value::leaf(found.number),
            "title" => Value::leaf(found.title.clone()),
            "body" => Value::leaf(found.body.clone()),
            "url" | "permalink" => Value::leaf(state.thread_url(repository, found)),
            "resourcePath" => {
                let url = state.thread_url(repository, found);
                Value::leaf(url.strip_prefix(&state.base_url).unwrap_or(&url))
            }
            "closed" => Value::leaf(found.state == IssueState::Closed),
            "closedAt" => found.closed.map_or(Value::NULL, |(_, at)| Value::time(at)),
            "createdAt" => Value::time(found.created_at),
            "updatedAt" => Value::time(found.updated_at),
            "lastEditedAt" => found.edited.map_or(Value::NULL, |(_, at)| Value::time(at)),
            "editor" => found.edited.map_or(Value::NULL, |(by, _)| actor(state, by)),
            "author" => actor(state, found.author),
            "authorAssociation" => Value::leaf(shapes::association(state, at.repository, found.author)),
            "viewerDidAuthor" => Value::leaf(found.author == context.caller.actor(state)),
            "viewerCanUpdate" => {
                let needed = super::super::access::Level::Write;
                Value::leaf(context.caller.require_any(state, at.repository, &["issues", "pull_requests"], needed).is_ok())
            }
            "userContentEdits" => return timeline::body_edits(state, at, args),
            "locked" => Value::leaf(false),
            "repository" => Object::Repository(at.repository).into(),
            "milestone" => Value::optional(found.milestone.map(|id| Object::Milestone(at.repository, id))),
            "assignees" => return connection_of_users(state, &found.assignees, args),
            "reactions" => return reactions(state, &found.reactions, args),
            "labels" => {
                let labels = found.labels.iter().map(|id| (id.to_string(), Object::Label(at.repository, *id).into()));
                return args.page("LabelConnection", labels.collect());
            }
            "comments" => {
                let listed = |created_at| state.faults.is_listed(created_at, state.now());
                let comments = found.comments.iter().filter_map(|id| state.comments.get(id));
                let mut comments: Vec<_> = comments.filter(|comment| listed(comment.created_at)).collect();
                let order: Option<serde_json::Value> = args.get("orderBy")?;
                if let Some(order) = order {
                    comments.sort_by_key(|comment| (comment.updated_at, comment.id));
                    if order["direction"] == "DESC" {
                        comments.reverse();
                    }
                }
                let comments = comments.into_iter().map(|comment| (comment.id.to_string(), Object::Comment(comment.id).into()));
                return args.page("IssueCommentConnection", comments.collect());
            }
            _ => return Err(args.unknown()),
        })
    })
}

/// The items of boards the caller sees; archived ones are included unless refused.
fn project_items(context: &Context<'_>, at: ThreadRef, args: &Args<'_>) -> Outcome<Value> {
    let archived = args.flag("includeArchived");
    let owner = context.with(|state| state.account_by_id(state.repository(at.repository)?.owner).cloned())?;
    let organization = owner.kind == super::super::state::AccountKind::Organization;
    let granted = context
        .with(|state| context.caller.has_on_account(state, owner.id, "organization_projects", super::super::access::Level::Read));
    if organization && !granted {
        return Err(Refusal::forbidden_integration());
    }
    let items = context.with(|state| {
        if state.faults.hidden_from_projects(at) || state.faults.hides_cards(at) {
            return Vec::new();
        }
        let boards = state.projects.values().filter(|project| context.caller.sees_project(state, project.id));
        let items = boards.filter_map(|project| Some((project.id, project.items.get(project.by_content.get(&at)?)?)));
        let shown = items.filter(|(_, item)| archived || !item.archived);
        shown.map(|(project, item)| (item.id.to_string(), Object::Item(project, item.id).into())).collect()
    });
    args.page("ProjectV2ItemConnection", items)
}

pub(super) fn issue(context: &Context<'_>, at: ThreadRef, args: &Args<'_>) -> Outcome<Value> {
    let own = context.with(|state| {
        let (repository, found) = (state.repository(at.repository)?, state.thread(at)?);
        Ok(Some(match args.field {
            "id" => Value::leaf(node_id::issue(at.repository, at.number)),
            "state" => Value::leaf(if found.state == IssueState::Open { "OPEN" } else { "CLOSED" }),
            "stateReason" => {
                // Without `enableDuplicate` a duplicate shows as not planned.
                let reason = found.state_reason.map(|reason| match reason {
                    StateReason::Duplicate if !args.flag("enableDuplicate") => StateReason::NotPlanned,
                    other => other,
                });
                Value::leaf(reason.map(|reason| reason.rest().to_uppercase()))
            }
            "duplicateOf" => Value::NULL,
            "timelineItems" => return timeline::items(state, at, args).map(Some),
            "issueType" => Value::optional(found.issue_type.map(|id| Object::IssueType(repository.owner, id))),
            "parent" => Value::optional(found.parent.map(Object::Issue)),
            "subIssues" => {
                let children = found
                    .sub_issues
                    .iter()
                    .map(|child| (format!("{}:{}", child.repository, child.number), Object::Issue(*child).into()));
                return args.page("IssueConnection", children.collect()).map(Some);
            }
            "subIssuesSummary" => {
                let closed = |child: &&ThreadRef| state.thread(**child).is_ok_and(|child| child.state == IssueState::Closed);
                let (total, completed) = (found.sub_issues.len(), found.sub_issues.iter().filter(closed).count());
                Value::record(
                    "SubIssuesSummary",
                    vec![
                        ("total", Value::leaf(total)),
                        ("completed", Value::leaf(completed)),
                        ("percentCompleted", Value::leaf((completed * 100).checked_div(total).unwrap_or(0))),
                    ],
                )
            }
            _ => return Ok::<_, Refusal>(None),
        }))
    })?;
    own.map_or_else(|| thread(context, at, args), Ok)
}

pub(super) fn pull_request(context: &Context<'_>, at: ThreadRef, args: &Args<'_>) -> Outcome<Value> {
    let own = context.with(|state| {
        let (found, pull) = (state.thread(at)?, state.pull(at)?);
        let head = state.repository(pull.head_repository).ok();
        let branch = |repository: u64, name: &str| {
            let there = state.repository(repository).is_ok_and(|found| found.branches.contains_key(name));
            Value::optional(there.then(|| Object::Ref(repository, name.to_owned())))
        };
        Ok(Some(match args.field {
            "id" => Value::leaf(node_id::pull_request(at.repository, at.number)),
            "databaseId" => Value::int(pull.id),
            "fullDatabaseId" => Value::leaf(pull.id.to_string()),
            "state" => Value::leaf(match (&pull.merged, found.state) {
                (Some(_), _) => "MERGED",
                (None, IssueState::Open) => "OPEN",
                (None, IssueState::Closed) => "CLOSED",
            }),
            "isDraft" => Value::leaf(pull.draft),
            "merged" => Value::leaf(pull.merged.is_some()),
            "mergedAt" => pull.merged.as_ref().map_or(Value::NULL, |merged| Value::time(merged.at)),
            "mergedBy" => pull.merged.as_ref().map_or(Value::NULL, |merged| actor(state, merged.by)),
            "mergeCommit" => {
                Value::optional(pull.merged.as_ref().map(|merged| Object::Commit(at.repository, merged.commit.clone())))
            }
            "mergeable" => Value::leaf(if state.is_mergeable(at) { "MERGEABLE" } else { "CONFLICTING" }),
            "headRefName" => Value::leaf(pull.head_branch.clone()),
            "headRefOid" => Value::leaf(pull.head.clone()),
            "headRef" => branch(pull.head_repository, &pull.head_branch),
            "headRepository" => Value::optional(head.map(|head| Object::Repository(head.id))),
            "headRepositoryOwner" => head.map_or(Value::NULL, |head| actor(state, head.owner)),
            "baseRefName" => Value::leaf(pull.base_branch.clone()),
            "baseRefOid" => Value::leaf(pull.base.clone()),
            "baseRef" => branch(at.repository, &pull.base_branch),
            "baseRepository" => Object::Repository(at.repository).into(),
            "isCrossRepository" => Value::leaf(pull.head_repository != at.repository),
            "maintainerCanModify" => Value::leaf(false),
            "reviewDecision" => Value::leaf(pull.review_decision),
            "files" | "changedFiles" | "additions" | "deletions" => {
                let changes = state.pull_changes(at)?;
                match args.field {
                    "changedFiles" => Value::leaf(changes.len()),
                    "additions" => Value::leaf(changes.iter().map(|change| change.additions).sum::<usize>()),
                    "deletions" => Value::leaf(changes.iter().map(|change| change.deletions).sum::<usize>()),
                    _ => {
                        let files = changes.into_iter().map(|change| {
                            let fields = vec![
                                ("path", Value::leaf(change.path.clone())),
                                ("changeType", Value::leaf(change.kind.graphql())),
                                ("additions", Value::leaf(change.additions)),
                                ("deletions", Value::leaf(change.deletions)),
                            ];
                            (change.path, Value::record("PullRequestChangedFile", fields))
                        });
                        return args.page("PullRequestChangedFileConnection", files.collect()).map(Some);
                    }
                }
            }
            "reviewThreads" => {
                context.caller.require(state, at.repository, "pull_requests", super::super::access::Level::Read)?;
                let threads = state
                    .threads_of(at)
                    .into_iter()
                    .map(|thread| (thread.id.to_string(), Object::ReviewThread(thread.id).into()));
                return args.page("PullRequestReviewThreadConnection", threads.collect()).map(Some);
            }
            "reviews" => {
                let states: Option<Vec<String>> = args.get("states")?;
                let author = args.text("author");
                let wanted = state.reviews_of(at).into_iter().filter(|review| {
                    states.as_ref().is_none_or(|states| states.iter().any(|known| known == review.state.name()))
                        && author.is_none_or(|author| state.login(review.author).eq_ignore_ascii_case(author))
                });
                let reviews = wanted.map(|review| (review.id.to_string(), Object::Review(review.id).into()));
                return args.page("PullRequestReviewConnection", reviews.collect()).map(Some);
            }
            "commits" => {
                let objects = state.objects(state.repository(at.repository)?)?;
                let known: std::collections::BTreeSet<String> = objects.ancestors(&pull.base).collect();
                let mut new: Vec<String> = objects.ancestors(&pull.head).filter(|oid| !known.contains(oid)).collect();
                new.reverse();
                let url = state.thread_url(state.repository(at.repository)?, found);
                let commits = new.into_iter().map(|oid| {
                    let fields = vec![
                        ("id", Value::leaf(node_id::commit(at.repository, &oid))),
                        ("commit", Object::Commit(at.repository, oid.clone()).into()),
                        ("pullRequest", Object::PullRequest(at).into()),
                        ("url", Value::leaf(format!("{url}/commits/{oid}"))),
                        ("resourcePath", Value::leaf(format!("/commits/{oid}"))),
                    ];
                    (oid, Value::record("PullRequestCommit", fields))
                });
                return args.page("PullRequestCommitConnection", commits.collect()).map(Some);
            }
            _ => return Ok::<_, Refusal>(None),
        }))
    })?;
    own.map_or_else(|| thread(context, at, args), Ok)
}

pub(super) fn comment(context: &Context<'_>, id: u64, args: &Args<'_>) -> Outcome<Value> {
    context.with(|state| {
        let comment = state.comment(id)?;
        let at = comment.thread;
        let is_pull = state.thread(at)?.pull.is_some();
        Ok(match args.field {
            "id" => Value::leaf(node_id::comment(id)),
            "databaseId" => Value::int(id),
            "fullDatabaseId" => Value::leaf(id.to_string()),
            "body" => Value::leaf(comment.body.clone()),
            "author" => actor(state, comment.author),
            "authorAssociation" => Value::leaf(shapes::association(state, at.repository, comment.author)),
            "editor" => comment.edited.map_or(Value::NULL, |(by, _)| actor(state, by)),
            "viewerDidAuthor" => Value::leaf(comment.author == context.caller.actor(state)),
            "viewerCanUpdate" | "viewerCanDelete" => {
                let needed = super::super::access::Level::Write;
                Value::leaf(context.caller.require_any(state, at.repository, &["issues", "pull_requests"], needed).is_ok())
            }
            "url" => Value::leaf(shapes::comment_url(state, id)),
            "resourcePath" => {
                let url = shapes::comment_url(state, id);
                Value::leaf(url.strip_prefix(&state.base_url).unwrap_or(&url))
            }
            "createdAt" => Value::time(comment.created_at),
            "updatedAt" => Value::time(comment.updated_at),
            "lastEditedAt" => comment.edited.map_or(Value::NULL, |(_, at)| Value::time(at)),
            "isMinimized" => Value::leaf(comment.minimized.is_some()),
            "minimizedReason" => Value::leaf(comment.minimized.clone()),
            // GitHub shows the issue half of a pull request here; the type system allows issues only.
            "issue" if !is_pull => Object::Issue(at).into(),
            "pullRequest" => Value::optional(is_pull.then_some(Object::PullRequest(at))),
            "repository" => Object::Repository(at.repository).into(),
            "reactions" => return reactions(state, &comment.reactions, args),
            _ => return Err(args.unknown()),
        })
    })
}
