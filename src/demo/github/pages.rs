//! What a person sees in a browser: pages in the manner of GitHub's, rendered here, without JavaScript. Reading only; whatever
//! comes from documents and comments is escaped or sanitised.

mod diff;
mod markdown;

use std::{collections::BTreeMap, sync::OnceLock};

use jiff::Timestamp;
use minijinja::Environment;
use serde_json::{Value, json};

use self::markdown::Place;
use super::{
    git::Object,
    server::{Content, Incoming, Reply},
    state::{
        AccountKind, Outcome, State, ThreadRef,
        checks::CheckRun,
        issues::{IssueState, Moment, StateReason, Thread},
        projects::{FieldKind, Item, Project},
        repositories::Repository,
    },
};
use crate::demo::github::refusal::Refusal;

/// First segments of the API's paths; everything else that a browser gets is a page.
const API: [&str; 10] =
    ["repos", "repositories", "app", "orgs", "users", "installation", "rate_limit", "search", "graphql", "app-manifests"];

/// Lines that an anchor such as `#L3-L9` may span.
const LONGEST_ANCHOR: usize = 16;

pub(super) fn is_page(incoming: &Incoming) -> bool {
    if incoming.method != "GET" || incoming.authorization.is_some() {
        return false;
    }
    let segments = incoming.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["orgs" | "users", _, "projects", _] => true,
        [first, ..] => !API.contains(first),
        [] => true,
    }
}

pub(super) fn answer(state: &mut State, incoming: &Incoming) -> Reply {
    let segments = incoming.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    route(state, &path).unwrap_or_else(|refusal| {
        let message = format!("There is nothing here: {refusal}");
        page(state, 404, "Not found", "message.html", json!({"message": message})).unwrap_or_else(|_| Reply::html(404, message))
    })
}

fn route(state: &mut State, path: &[&str]) -> Outcome<Reply> {
    match path {
        [] => overview(state, None),
        ["avatars", id] => avatar(state, id),
        ["orgs" | "users", login, "projects", number] => board(state, login, number),
        [login] => overview(state, Some(login)),
        [owner, name, rest @ ..] => {
            let repository = state.repository_named(owner, name).ok_or_else(Refusal::not_found)?.id;
            match rest {
                [] => home(state, repository),
                ["issues"] => list(state, repository, false),
                ["pulls"] => list(state, repository, true),
                ["issues" | "pull", number] | ["pull", number, "checks"] => conversation(state, repository, number),
                ["blob", rest @ ..] => blob(state, repository, rest),
                ["raw", rest @ ..] => raw(state, repository, rest),
                ["commit", sha] => commit(state, repository, sha),
                ["runs", id] => check(state, repository, id),
                _ => Err(Refusal::not_found()),
            }
        }
    }
}

fn templates() -> Result<&'static Environment<'static>, Refusal> {
    static ALL: OnceLock<Result<Environment<'static>, String>> = OnceLock::new();
    let loaded = ALL.get_or_init(|| {
        let mut all = Environment::new();
        for (name, source) in [
            ("layout.html", include_str!("pages/layout.html")),
            ("message.html", include_str!("pages/message.html")),
            ("overview.html", include_str!("pages/overview.html")),
            ("repository.html", include_str!("pages/repository.html")),
            ("list.html", include_str!("pages/list.html")),
            ("conversation.html", include_str!("pages/conversation.html")),
            ("board.html", include_str!("pages/board.html")),
            ("blob.html", include_str!("pages/blob.html")),
            ("check.html", include_str!("pages/check.html")),
        ] {
            all.add_template(name, source).map_err(|error| error.to_string())?;
        }
        Ok(all)
    });
    loaded.as_ref().map_err(|error| Refusal::NotFound(error.clone()))
}

/// A page in its frame. Values whose names end in `_html` are trusted by the templates; they come from [`markdown`] alone.
fn page(state: &State, status: u16, title: &str, template: &str, content: Value) -> Outcome<Reply> {
    let all = templates()?;
    let render = |name: &str, values: &Value| {
        let template = all.get_template(name).map_err(|error| Refusal::NotFound(error.to_string()))?;
        template.render(minijinja::value::Serde(values)).map_err(|error| Refusal::NotFound(format!("{error:#}")))
    };
    let body = render(template, &content)?;
    let frame = json!({
        "title": title, "body_html": body, "crumbs": content.get("crumbs"), "wide": template == "board.html",
        "style_html": include_str!("pages/style.css"), "now": when(state.now()),
    });
    Ok(Reply::html(status, render("layout.html", &frame)?))
}

fn when(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

fn crumbs(parts: &[(&str, String)]) -> Value {
    parts.iter().map(|(text, url)| json!({"text": text, "url": url})).collect()
}

fn repository_crumbs(state: &State, repository: &Repository, more: &[(&str, String)]) -> Value {
    let (owner, url) = (state.login(repository.owner), state.html_url(repository));
    let mut parts = vec![(owner, format!("{}/{owner}", state.base_url)), (repository.name.as_str(), url)];
    parts.extend(more.iter().map(|(text, url)| (*text, url.clone())));
    crumbs(&parts)
}

fn account(state: &State, id: u64) -> Value {
    let login = state.login(id);
    let bot = state.accounts.get(&id).is_some_and(|account| account.kind == AccountKind::Bot);
    json!({"login": login.trim_end_matches("[bot]"), "avatar": format!("/avatars/{id}"), "bot": bot})
}

fn rendered(state: &State, repository: &Repository, text: &str) -> String {
    markdown::render(text, &Place { base_url: &state.base_url, repository: &state.full_name(repository) })
}

fn label_chips(repository: &Repository, thread: &Thread) -> Value {
    let labels = thread.labels.iter().filter_map(|id| repository.label(*id));
    labels.map(|label| json!({"name": label.name, "color": label.color, "dark_text": is_light(&label.color)})).collect()
}

/// Whether black reads better than white on this colour.
fn is_light(color: &str) -> bool {
    let part =
        |range: std::ops::Range<usize>| color.get(range).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(128);
    part(0..2) * 299 + part(2..4) * 587 + part(4..6) * 114 > 140_000
}

/// State as a badge: its word and its colour's name.
fn badge(thread: &Thread) -> Value {
    let (word, kind) = match (&thread.pull, thread.state) {
        (Some(pull), _) if pull.merged.is_some() => ("Merged", "merged"),
        (Some(pull), IssueState::Open) if pull.draft => ("Draft", "draft"),
        (_, IssueState::Open) => ("Open", "open"),
        (Some(_), IssueState::Closed) => ("Closed", "closed"),
        (None, IssueState::Closed) => match thread.state_reason {
            Some(StateReason::NotPlanned) => ("Not planned", "draft"),
            Some(StateReason::Duplicate) => ("Duplicate", "draft"),
            _ => ("Closed", "merged"),
        },
    };
    json!({"word": word, "kind": kind})
}

fn row(state: &State, repository: &Repository, thread: &Thread) -> Value {
    json!({
        "number": thread.number, "title": thread.title, "url": state.thread_url(repository, thread), "badge": badge(thread),
        "labels": label_chips(repository, thread), "author": account(state, thread.author), "at": when(thread.created_at),
        "assignees": thread.assignees.iter().map(|id| account(state, *id)).collect::<Vec<_>>(), "comments": thread.comments.len(),
        "pull": thread.pull.is_some(),
    })
}

fn overview(state: &State, login: Option<&str>) -> Outcome<Reply> {
    let only =
        login.map(|login| state.account_named(login).ok_or_else(Refusal::not_found)).transpose()?.map(|account| account.id);
    let shown = |owner: u64| only.is_none_or(|only| only == owner);
    let repositories: Vec<Value> = state
        .repositories
        .values()
        .filter(|repository| shown(repository.owner))
        .map(|repository| {
            let open = |pull: bool| repository.threads.values().filter(|thread| thread.pull.is_some() == pull && thread.state == IssueState::Open).count();
            let recent: Vec<Value> = repository.threads.values().rev().take(8).map(|thread| row(state, repository, thread)).collect();
            json!({"name": state.full_name(repository), "url": state.html_url(repository), "issues": open(false), "pulls": open(true),
                "archived": repository.archived_at.is_some(), "fork": repository.fork_of.is_some(), "recent": recent})
        })
        .collect();
    let boards: Vec<Value> = state
        .projects
        .values()
        .filter(|project| shown(project.owner))
        .map(|project| json!({"title": project.title, "url": state.project_url(project), "items": project.items.len(), "owner": state.login(project.owner)}))
        .collect();
    let title = login.unwrap_or("Overview");
    let trail = login.map(|login| crumbs(&[(login, format!("{}/{login}", state.base_url))]));
    page(
        state,
        200,
        title,
        "overview.html",
        json!({"title": title, "repositories": repositories, "boards": boards, "crumbs": trail}),
    )
}

fn home(state: &mut State, id: u64) -> Outcome<Reply> {
    let head = state.resolve(id, "HEAD");
    let files = head.as_ref().map(|head| state.files_at(id, head)).unwrap_or_default();
    let repository = state.repository(id)?;
    let url = state.html_url(repository);
    let listed: Vec<Value> = files
        .keys()
        .take(500)
        .map(|path| json!({"path": path, "url": format!("{url}/blob/{}/{path}", repository.default_branch)}))
        .collect();
    let readme = files.get("README.md").map(|blob| rendered(state, repository, &String::from_utf8_lossy(&blob.bytes)));
    let pulls: Vec<Value> = repository
        .threads
        .values()
        .rev()
        .filter(|thread| thread.pull.is_some())
        .map(|thread| row(state, repository, thread))
        .collect();
    let issues = repository.threads.values().filter(|thread| thread.pull.is_none() && thread.state == IssueState::Open).count();
    let content = json!({"name": state.full_name(repository), "url": url, "files": listed, "readme_html": readme, "pulls": pulls,
        "issues": issues, "branch": repository.default_branch, "archived": repository.archived_at.is_some(),
        "crumbs": repository_crumbs(state, repository, &[])});
    page(state, 200, &state.full_name(repository), "repository.html", content)
}

fn list(state: &State, id: u64, pulls: bool) -> Outcome<Reply> {
    let repository = state.repository(id)?;
    let wanted = repository.threads.values().rev().filter(|thread| thread.pull.is_some() == pulls);
    let (open, closed): (Vec<&Thread>, Vec<&Thread>) = wanted.partition(|thread| thread.state == IssueState::Open);
    let rows = |threads: &[&Thread]| threads.iter().map(|thread| row(state, repository, thread)).collect::<Vec<_>>();
    let title = if pulls { "Pull requests" } else { "Issues" };
    let place = if pulls { "pulls" } else { "issues" };
    let content = json!({"title": title, "open": rows(&open), "closed": rows(&closed),
        "crumbs": repository_crumbs(state, repository, &[(title, format!("{}/{place}", state.html_url(repository)))])});
    page(state, 200, &format!("{title} · {}", state.full_name(repository)), "list.html", content)
}

fn run(state: &State, repository: &Repository, run: &CheckRun) -> Value {
    let url = |annotation: &super::state::checks::Annotation| {
        format!(
            "{}/blob/{}/{}{}",
            state.html_url(repository),
            run.head,
            annotation.path,
            anchor(annotation.start_line, annotation.end_line)
        )
    };
    let notes: Vec<Value> = run
        .annotations
        .iter()
        .map(|annotation| {
            let mut note = diff::note(annotation);
            note["url"] = json!(url(annotation));
            note
        })
        .collect();
    json!({
        "id": run.id, "name": run.name, "status": run.status, "conclusion": run.conclusion, "title": run.title,
        "summary_html": run.summary.as_deref().map(|text| rendered(state, repository, text)),
        "text_html": run.text.as_deref().map(|text| rendered(state, repository, text)), "notes": notes, "head": run.head.get(..7),
        "actions": run.actions.iter().map(|action| json!({"label": action.label, "description": action.description})).collect::<Vec<_>>(),
    })
}

fn anchor(start: u64, end: u64) -> String {
    if start == end { format!("#L{start}") } else { format!("#L{start}-L{end}") }
}

/// The conversation as comments and, between them, what one actor did in a row.
fn timeline(state: &State, repository: &Repository, thread: &Thread) -> Vec<Value> {
    let mut entries: Vec<Value> = Vec::new();
    let mut acts: Option<(String, String, Vec<String>)> = None;
    let close = |acts: &mut Option<(String, String, Vec<String>)>, entries: &mut Vec<Value>| {
        if let Some((actor, at, done)) = acts.take() {
            entries.push(json!({"event": true, "actor": actor, "at": at, "text": done.join(", ")}));
        }
    };
    // The first event is the opening itself, which the page shows as the first comment.
    for moment in thread.timeline.iter().skip(1) {
        match moment {
            Moment::Event(index) => {
                let Some(entry) = thread.history.get(*index) else { continue };
                match acts.as_mut().filter(|(actor, ..)| *actor == entry.actor) {
                    Some((.., done)) => done.push(entry.what.clone()),
                    None => {
                        close(&mut acts, &mut entries);
                        acts = Some((entry.actor.clone(), when(entry.at), vec![entry.what.clone()]));
                    }
                }
            }
            Moment::Review(id) => {
                let Ok(thread) = state.review_thread(*id) else { continue };
                close(&mut acts, &mut entries);
                let place = format!("{}, line {}", thread.lines.path, thread.lines.line);
                let folded = if thread.resolved_by.is_some() { Some("resolved") } else { None };
                let folded = folded.or_else(|| state.placed(thread).is_none().then_some("outdated"));
                for comment in thread.comments.iter().filter_map(|id| state.review_comments.get(id)) {
                    entries.push(json!({
                        "event": false, "id": comment.id, "author": account(state, comment.author), "at": when(comment.created_at),
                        "edited": comment.edited.is_some(), "minimized": folded, "place": place,
                        "body_html": rendered(state, repository, &comment.body), "reactions": {},
                    }));
                }
            }
            Moment::Comment(id) => {
                let Some(comment) = state.comments.get(id) else { continue };
                close(&mut acts, &mut entries);
                let mut reactions: BTreeMap<&str, usize> = BTreeMap::new();
                for reaction in &comment.reactions {
                    *reactions.entry(emoji(reaction.content)).or_default() += 1;
                }
                entries.push(json!({
                    "event": false, "id": id, "author": account(state, comment.author), "at": when(comment.created_at),
                    "edited": comment.edited.is_some(), "minimized": comment.minimized, "body_html": rendered(state, repository, &comment.body),
                    "reactions": reactions,
                }));
            }
        }
    }
    close(&mut acts, &mut entries);
    entries
}

fn emoji(content: &str) -> &'static str {
    match content {
        "+1" => "👍",
        "-1" => "👎",
        "laugh" => "😄",
        "hooray" => "🎉",
        "confused" => "😕",
        "heart" => "❤️",
        "rocket" => "🚀",
        _ => "👀",
    }
}

/// The boards an issue stands on, with what its fields say there.
fn boards_of(state: &State, at: ThreadRef) -> Vec<Value> {
    let boards = state.projects.values().filter_map(|project| Some((project, project.items.get(project.by_content.get(&at)?)?)));
    boards
        .map(|(project, item)| json!({"title": project.title, "url": state.project_url(project), "archived": item.archived, "fields": fields_of(project, item, "")}))
        .collect()
}

fn fields_of(project: &Project, item: &Item, except: &str) -> Vec<Value> {
    let shown = project.fields.iter().filter(|field| field.name != except);
    shown.filter_map(|field| Some(json!({"name": field.name, "value": item.values.get(&field.id)?.0.display(field)}))).collect()
}

fn related(state: &State, at: ThreadRef) -> Option<Value> {
    let (repository, thread) = (state.repository(at.repository).ok()?, state.thread(at).ok()?);
    Some(row(state, repository, thread))
}

fn conversation(state: &State, id: u64, number: &str) -> Outcome<Reply> {
    let repository = state.repository(id)?;
    let at = ThreadRef { repository: id, number: number.parse().map_err(|_| Refusal::not_found())? };
    let thread = state.thread(at)?;
    let owner = state.account_by_id(repository.owner)?;
    let issue_type =
        thread.issue_type.and_then(|id| owner.issue_types.iter().find(|kind| kind.id == id)).map(|kind| kind.name.clone());
    let (kind, place) = if thread.pull.is_some() { ("Pull requests", "pulls") } else { ("Issues", "issues") };
    let mut content = json!({
        "number": thread.number, "title": thread.title, "badge": badge(thread), "author": account(state, thread.author),
        "at": when(thread.created_at), "body_html": rendered(state, repository, &thread.body), "empty": thread.body.trim().is_empty(),
        "timeline": timeline(state, repository, thread), "labels": label_chips(repository, thread),
        "assignees": thread.assignees.iter().map(|id| account(state, *id)).collect::<Vec<_>>(), "type": issue_type,
        "boards": boards_of(state, at), "parent": thread.parent.and_then(|parent| related(state, parent)),
        "children": thread.sub_issues.iter().filter_map(|child| related(state, *child)).collect::<Vec<_>>(),
        "crumbs": repository_crumbs(state, repository, &[(kind, format!("{}/{place}", state.html_url(repository)))]),
    });
    if let Some(pull) = &thread.pull {
        let runs: Vec<&CheckRun> =
            repository.checks.get(&pull.head).into_iter().flatten().filter_map(|id| state.check_runs.get(id)).collect();
        // The newest run of a name stands for it.
        let latest: BTreeMap<&str, &CheckRun> = runs.iter().map(|run| (run.name.as_str(), *run)).collect();
        let annotations: Vec<_> = latest.values().flat_map(|run| &run.annotations).collect();
        let head = state.repository(pull.head_repository)?;
        let changes = state.pull_changes(at)?;
        let blob = |path: &str| format!("{}/blob/{}/{path}", state.html_url(repository), pull.head);
        content["pull"] = json!({
            "head": if head.id == id { pull.head_branch.clone() } else { format!("{}:{}", state.login(head.owner), pull.head_branch) },
            "base": pull.base_branch, "sha": pull.head.get(..7), "merged_by": pull.merged.as_ref().map(|merged| account(state, merged.by)),
            "merge_commit": pull.merged.as_ref().map(|merged| json!({"sha": merged.commit.get(..7), "url": format!("{}/commit/{}", state.html_url(repository), merged.commit)})),
            "checks": latest.values().map(|found| run(state, repository, found)).collect::<Vec<_>>(),
            "files": changes.iter().map(|change| diff::file(change, &annotations, &blob(&change.path))).collect::<Vec<_>>(),
            "additions": changes.iter().map(|change| change.additions).sum::<usize>(),
            "deletions": changes.iter().map(|change| change.deletions).sum::<usize>(),
        });
    }
    let title = format!("{} · {}#{}", thread.title, state.full_name(repository), thread.number);
    page(state, 200, &title, "conversation.html", content)
}

fn board(state: &State, login: &str, number: &str) -> Outcome<Reply> {
    let owner = state.account_named(login).ok_or_else(Refusal::not_found)?.id;
    let number = number.parse().map_err(|_| Refusal::not_found())?;
    let project = state.project_numbered(owner, number).ok_or_else(Refusal::not_found)?;
    let status = project.field_named("Status");
    let options = match status.map(|field| &field.kind) {
        Some(FieldKind::SingleSelect(options)) => options.as_slice(),
        _ => &[],
    };
    let card = |item: &Item| {
        let (repository, thread) = (state.repository(item.content.repository).ok()?, state.thread(item.content).ok()?);
        let mut card = row(state, repository, thread);
        card["reference"] = json!(format!("{} #{}", repository.name, thread.number));
        card["fields"] = json!(fields_of(project, item, "Status"));
        Some(card)
    };
    let in_column = |option: Option<&str>| -> Vec<Value> {
        let value = |item: &Item| status.and_then(|field| Some(item.values.get(&field.id)?.0.display(field)));
        let items = project.items.values().filter(|item| !item.archived && value(item).as_deref() == option);
        items.filter_map(card).collect()
    };
    let mut columns: Vec<Value> = Vec::new();
    let without = in_column(None);
    if !without.is_empty() || options.is_empty() {
        columns.push(json!({"name": "No Status", "cards": without}));
    }
    columns.extend(options.iter().map(|option| json!({"name": option.name, "cards": in_column(Some(&option.name))})));
    let content = json!({"title": project.title, "columns": columns, "items": project.items.len(),
        "archived": project.items.values().filter(|item| item.archived).count(), "closed": project.closed_at.is_some(),
        "crumbs": crumbs(&[(login, format!("{}/{login}", state.base_url)), (project.title.as_str(), state.project_url(project))])});
    page(state, 200, &project.title, "board.html", content)
}

/// Splits `ref/path/to/file`, where the ref may itself contain slashes.
fn reference_and_path(state: &State, repository: u64, rest: &[&str]) -> Option<(String, String)> {
    (1..=rest.len()).find_map(|at| {
        let (reference, path) = rest.split_at_checked(at)?;
        Some((state.resolve(repository, &reference.join("/"))?, path.join("/")))
    })
}

fn blob(state: &mut State, id: u64, rest: &[&str]) -> Outcome<Reply> {
    let (commit, path) = reference_and_path(state, id, rest).ok_or_else(Refusal::not_found)?;
    let found = state.objects_mut(id)?.object_at(&commit, &path);
    let Some(Object::Blob(blob)) = found else { return Err(Refusal::not_found()) };
    let text = String::from_utf8_lossy(&blob.bytes).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let spans = |line: usize| {
        (1..LONGEST_ANCHOR.min(lines.len() + 1 - line)).map(|more| json!({"end": line + more, "rows": more})).collect::<Vec<_>>()
    };
    let rows: Vec<Value> =
        lines.iter().zip(1..).map(|(text, line)| json!({"number": line, "text": text, "spans": spans(line)})).collect();
    let repository = state.repository(id)?;
    let is_markdown = path.ends_with(".md") || path.ends_with(".markdown");
    let content = json!({
        "path": path, "commit": commit.get(..7), "commit_url": format!("{}/commit/{commit}", state.html_url(repository)),
        "raw_url": format!("{}/raw/{commit}/{path}", state.html_url(repository)), "lines": rows, "bytes": blob.bytes.len(),
        "rendered_html": is_markdown.then(|| rendered(state, repository, &text)), "longest": LONGEST_ANCHOR,
        "crumbs": repository_crumbs(state, repository, &[(path.as_str(), String::new())]),
    });
    page(state, 200, &path, "blob.html", content)
}

fn raw(state: &mut State, id: u64, rest: &[&str]) -> Outcome<Reply> {
    let (commit, path) = reference_and_path(state, id, rest).ok_or_else(Refusal::not_found)?;
    match state.objects_mut(id)?.object_at(&commit, &path) {
        Some(Object::Blob(blob)) => {
            Ok(Reply { status: 200, headers: Vec::new(), body: Content::Bytes("text/plain; charset=utf-8", blob.bytes.to_vec()) })
        }
        _ => Err(Refusal::not_found()),
    }
}

fn commit(state: &State, id: u64, sha: &str) -> Outcome<Reply> {
    let repository = state.repository(id)?;
    let objects = state.objects(repository)?;
    let commit = objects.find_commit(sha).ok_or_else(Refusal::not_found)?;
    let before =
        commit.parents.first().and_then(|parent| objects.commit(parent)).map(|parent| parent.files.clone()).unwrap_or_default();
    let changes = super::git::changes(&before, &commit.files);
    let blob = |path: &str| format!("{}/blob/{}/{path}", state.html_url(repository), commit.oid);
    let runs = repository.checks.get(&commit.oid).into_iter().flatten().filter_map(|id| state.check_runs.get(id));
    let (headline, message) = commit.message.split_once('\n').unwrap_or((&commit.message, ""));
    let content = json!({
        "title": headline, "message": message.trim(), "author": commit.author, "at": when(commit.at), "sha": commit.oid,
        "checks": runs.map(|found| run(state, repository, found)).collect::<Vec<_>>(),
        "files": changes.iter().map(|change| diff::file(change, &[], &blob(&change.path))).collect::<Vec<_>>(),
        "crumbs": repository_crumbs(state, repository, &[("Commit", String::new())]),
    });
    page(state, 200, headline, "check.html", content)
}

fn check(state: &State, id: u64, run_id: &str) -> Outcome<Reply> {
    let repository = state.repository(id)?;
    let found = run_id.parse().ok().and_then(|id: u64| state.check_runs.get(&id)).filter(|run| run.repository == id);
    let found = found.ok_or_else(Refusal::not_found)?;
    let content = json!({"title": found.name, "checks": [run(state, repository, found)], "files": [], "sha": found.head, "author": state.config.app_slug,
        "at": when(found.started_at), "message": "", "crumbs": repository_crumbs(state, repository, &[("Check run", String::new())])});
    page(state, 200, &found.name, "check.html", content)
}

/// A coloured disc with the first letter.
fn avatar(state: &State, id: &str) -> Outcome<Reply> {
    let account = id.parse().ok().and_then(|id: u64| state.accounts.get(&id)).ok_or_else(Refusal::not_found)?;
    let letter = account.login.chars().next().filter(char::is_ascii_alphanumeric).unwrap_or('x').to_ascii_uppercase();
    let hue = account.login.bytes().fold(7u32, |hue, byte| (hue * 31 + u32::from(byte)) % 360);
    let radius = if account.kind == AccountKind::User { 20 } else { 8 };
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 40'><rect width='40' height='40' rx='{radius}' fill='hsl({hue} 45% 45%)'/>\
         <text x='20' y='27' font-family='sans-serif' font-size='20' fill='#fff' text-anchor='middle'>{letter}</text></svg>"
    );
    Ok(Reply { status: 200, headers: Vec::new(), body: Content::Bytes("image/svg+xml", svg.into_bytes()) })
}
