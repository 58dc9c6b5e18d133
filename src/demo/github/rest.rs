//! REST: the table of routes. Each resource has its file; shapes are in [`shapes`](super::shapes).

mod app;
mod checks;
mod comments;
mod contents;
mod git;
mod issues;
mod labels;
mod manifests;
mod projects;
mod pulls;
mod repositories;
mod reviews;

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    access::{Caller, Level},
    refusal::Refusal,
    server::{Incoming, Reply},
    state::{Outcome, State, ThreadRef},
};

/// One REST request on its way through a route.
pub(super) struct Rest<'a> {
    state: &'a mut State,
    caller: Caller,
    incoming: &'a Incoming,
    query: BTreeMap<String, String>,
}

pub(super) fn answer(state: &mut State, caller: Caller, incoming: &Incoming) -> Reply {
    let query = incoming.query();
    let mut rest = Rest { state, caller, incoming, query };
    match route(&mut rest) {
        Ok(reply) => reply,
        Err(refusal) => {
            if let Refusal::Unexpected(what) = &refusal {
                rest.state.log.unexpected.push(format!("{} {}: {what}", incoming.method, incoming.path));
            }
            let mut reply = Reply::json(refusal.status(), refusal.body());
            if matches!(refusal, Refusal::Forbidden(_)) {
                reply.headers.push(("x-accepted-github-permissions", "metadata=read".to_owned()));
            }
            reply
        }
    }
}

fn route(rest: &mut Rest<'_>) -> Outcome<Reply> {
    let segments = rest.incoming.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (rest.incoming.method.as_str(), path.as_slice()) {
        ("GET", ["app"]) => app::show(rest),
        ("GET", ["app", "installations"]) => app::installations(rest),
        ("GET", ["app", "installations", id]) => app::installation(rest, id),
        ("POST", ["app", "installations", id, "access_tokens"]) => app::create_token(rest, id),
        ("GET", ["app", "hook", "config"]) => app::hook_config(rest),
        ("GET", ["app", "hook", "deliveries"]) => app::deliveries(rest),
        ("GET", ["app", "hook", "deliveries", id]) => app::delivery(rest, id),
        ("POST", ["app", "hook", "deliveries", id, "attempts"]) => app::redeliver(rest, id),
        ("GET", ["repos", owner, name, "installation"]) => app::of_repository(rest, owner, name),
        ("GET", ["orgs" | "users", login, "installation"]) => app::of_account(rest, login),
        ("GET", ["installation", "repositories"]) => app::repositories(rest),
        ("GET", ["rate_limit"]) => app::rate_limit(rest),
        ("POST", ["settings", "apps", "new"] | ["organizations", _, "settings", "apps", "new"]) => manifests::register(rest),
        ("POST", ["app-manifests", code, "conversions"]) => manifests::convert(rest, code),

        ("GET", ["orgs", org, "members", user]) => repositories::membership(rest, org, user),
        ("GET", ["users", login]) => repositories::user(rest, login),
        ("GET", ["orgs", org, "projectsV2"]) => projects::list(rest, org),
        ("GET", ["orgs", org, "projectsV2", number]) => projects::show(rest, org, number),
        ("GET", ["users", _, "projectsV2", ..]) => Err(Refusal::not_found()),

        (method, ["repos", owner, name, inner @ ..]) => {
            let repository = rest.repository(owner, name)?;
            let found = rest.state.repository(repository)?;
            let same_owner = rest.state.login(found.owner).eq_ignore_ascii_case(owner);
            match same_owner && found.name.eq_ignore_ascii_case(name) {
                true => repository_route(rest, repository, method, inner),
                // Readers are sent on for good, writers are asked to repeat their request there.
                false => Ok(rest.moved(if method == "GET" { 301 } else { 307 }, repository, inner)),
            }
        }
        (method, ["repositories", id, inner @ ..]) => {
            let repository = number(id)?;
            rest.read(repository, "metadata")?;
            repository_route(rest, repository, method, inner)
        }
        _ => Err(Refusal::Unexpected("this route".to_owned())),
    }
}

/// The routes below a repository.
fn repository_route(rest: &mut Rest<'_>, repository: u64, method: &str, path: &[&str]) -> Outcome<Reply> {
    if let ["issues", number, inner @ ..] = path
        && let Some(reply) = rest.issue_elsewhere(repository, number, inner)?
    {
        return Ok(reply);
    }
    match (method, path) {
        ("GET", []) => repositories::show(rest, repository),
        ("GET", ["collaborators", user, "permission"]) => repositories::permission(rest, repository, user),
        ("GET", ["collaborators", user]) => repositories::is_collaborator(rest, repository, user),
        ("GET", ["rules", "branches", branch @ ..]) => repositories::rules(rest, repository, &branch.join("/")),
        ("GET", ["issue-types"]) => repositories::issue_types(rest, repository),
        ("GET", ["assignees"]) => repositories::assignees(rest, repository),
        ("GET", ["assignees", user]) => repositories::is_assignable(rest, repository, user),

        ("GET", ["labels"]) => labels::list(rest, repository),
        ("POST", ["labels"]) => labels::create(rest, repository),
        ("GET", ["labels", label]) => labels::show(rest, repository, label),

        ("GET", ["issues"]) => issues::list(rest, repository),
        ("POST", ["issues"]) => issues::create(rest, repository),
        ("GET", ["issues", "comments", id]) => comments::show(rest, repository, id),
        ("PATCH", ["issues", "comments", id]) => comments::update(rest, repository, id),
        ("DELETE", ["issues", "comments", id]) => comments::delete(rest, repository, id),
        ("GET", ["issues", "comments", id, "reactions"]) => comments::reactions(rest, repository, id),
        ("POST", ["issues", "comments", id, "reactions"]) => comments::react(rest, repository, id),
        ("DELETE", ["issues", "comments", id, "reactions", reaction]) => comments::unreact(rest, repository, id, reaction),
        ("GET", ["issues", number]) => issues::show(rest, repository, number),
        ("PATCH", ["issues", number]) => issues::update(rest, repository, number),
        ("GET", ["issues", number, "comments"]) => comments::list(rest, repository, number),
        ("POST", ["issues", number, "comments"]) => comments::create(rest, repository, number),
        ("POST", ["issues", number, "labels"]) => issues::add_labels(rest, repository, number),
        ("DELETE", ["issues", number, "labels", label]) => issues::remove_label(rest, repository, number, label),
        ("POST", ["issues", number, "assignees"]) => issues::add_assignees(rest, repository, number),
        ("POST", ["issues", number, "reactions"]) => issues::react(rest, repository, number),
        ("GET", ["issues", number, "sub_issues"]) => issues::sub_issues(rest, repository, number),
        ("POST", ["issues", number, "sub_issues"]) => issues::add_sub_issue(rest, repository, number),
        ("DELETE", ["issues", number, "sub_issue"]) => issues::remove_sub_issue(rest, repository, number),
        ("GET", ["issues", number, "parent"]) => issues::parent(rest, repository, number),

        ("GET", ["pulls"]) => pulls::list(rest, repository),
        ("POST", ["pulls"]) => pulls::create(rest, repository),
        ("GET", ["pulls", "comments", id]) => reviews::show_comment(rest, repository, id),
        ("PATCH", ["pulls", "comments", id]) => reviews::update_comment(rest, repository, id),
        ("DELETE", ["pulls", "comments", id]) => reviews::delete_comment(rest, repository, id),
        ("POST", ["pulls", "comments", id, "reactions"]) => reviews::react(rest, repository, id),
        ("GET", ["pulls", number]) => pulls::show(rest, repository, number),
        ("PATCH", ["pulls", number]) => pulls::update(rest, repository, number),
        ("GET", ["pulls", number, "files"]) => pulls::files(rest, repository, number),
        ("GET", ["pulls", number, "reviews"]) => reviews::list(rest, repository, number),
        ("POST", ["pulls", number, "reviews"]) => reviews::submit(rest, repository, number),
        ("GET", ["pulls", number, "comments"]) => reviews::list_comments(rest, repository, number),
        ("POST", ["pulls", number, "comments"]) => reviews::create_comment(rest, repository, number),
        ("POST", ["pulls", number, "comments", comment, "replies"]) => reviews::reply(rest, repository, number, comment),
        ("GET", ["pulls", number, "merge"]) => pulls::is_merged(rest, repository, number),

        ("POST", ["check-runs"]) => checks::create(rest, repository),
        ("GET", ["check-runs", id]) => checks::show(rest, repository, id),
        ("PATCH", ["check-runs", id]) => checks::update(rest, repository, id),
        ("GET", ["check-runs", id, "annotations"]) => checks::annotations(rest, repository, id),
        ("GET", ["commits", reference @ .., "check-runs"]) => checks::list(rest, repository, &reference.join("/")),
        ("GET", ["commits", sha, "pulls"]) => pulls::of_commit(rest, repository, sha),
        ("GET", ["commits", reference @ ..]) => git::commit_at(rest, repository, &reference.join("/")),

        ("GET", ["compare", ends @ ..]) => git::compare(rest, repository, &ends.join("/")),
        ("GET", ["contents", path @ ..]) => contents::show(rest, repository, &path.join("/")),
        ("PUT", ["contents", path @ ..]) => contents::write(rest, repository, &path.join("/")),
        ("GET", ["branches", branch @ ..]) => git::branch(rest, repository, &branch.join("/")),
        ("GET", ["git", "trees", sha @ ..]) => git::tree(rest, repository, &sha.join("/")),
        ("GET", ["git", "blobs", sha]) => git::blob(rest, repository, sha),
        ("GET", ["git", "commits", sha]) => git::commit(rest, repository, sha),
        ("GET", ["git", "ref", name @ ..]) => git::reference(rest, repository, &name.join("/")),
        ("POST", ["git", "refs"]) => git::create_reference(rest, repository),
        ("PATCH", ["git", "refs", name @ ..]) => git::update_reference(rest, repository, &name.join("/")),
        ("DELETE", ["git", "refs", name @ ..]) => git::delete_reference(rest, repository, &name.join("/")),
        _ => Err(Refusal::Unexpected("this route".to_owned())),
    }
}

impl Rest<'_> {
    /// The repository a route is about, when the caller may know of it.
    fn repository(&self, owner: &str, name: &str) -> Outcome<u64> {
        let found = self.state.repository_named(owner, name).ok_or_else(Refusal::not_found)?;
        match self.caller.sees(self.state, found) || matches!(self.caller, Caller::App) {
            true => Ok(found.id),
            false => Err(Refusal::not_found()),
        }
    }

    /// What is answered in the place of an issue that is not here any more: 301 to where it was transferred, 404 where the
    /// caller does not see that, 410 when it was deleted.
    fn issue_elsewhere(&self, repository: u64, number: &str, inner: &[&str]) -> Outcome<Option<Reply>> {
        let Ok(number) = number.parse::<u64>() else { return Ok(None) };
        let here = self.state.repository(repository)?;
        if let Some(to) = here.transferred.get(&number) {
            let there = self.state.repository(to.repository)?;
            let reads = self.caller.require(self.state, to.repository, "issues", Level::Read).is_ok();
            return match self.caller.sees(self.state, there) && reads {
                true => {
                    let number = to.number.to_string();
                    let path: Vec<&str> = ["issues", &number].into_iter().chain(inner.iter().copied()).collect();
                    // Also for writers, as the descriptions of changing issues and adding labels say.
                    Ok(Some(self.moved(301, to.repository, &path)))
                }
                false => Err(Refusal::not_found()),
            };
        }
        match here.deleted.contains(&number) {
            true => {
                self.read(repository, "issues")?;
                Err(Refusal::Gone("This issue was deleted".to_owned()))
            }
            false => Ok(None),
        }
    }

    /// What was here answers by an id from now on.
    fn moved(&self, status: u16, repository: u64, path: &[&str]) -> Reply {
        let mut url = format!("{}{}/repositories/{repository}", self.state.base_url, self.incoming.prefix);
        for segment in path {
            url.push('/');
            url.extend(utf8_percent_encode(segment, NON_ALPHANUMERIC));
        }
        if !self.incoming.query.is_empty() {
            url.push_str(&format!("?{}", self.incoming.query));
        }
        let message = if status == 301 { "Moved Permanently" } else { "Temporary Redirect" };
        let mut reply = Reply::json(status, json!({"message": message, "url": url}));
        reply.headers.push(("location", url));
        reply
    }

    fn read(&self, repository: u64, permission: &str) -> Outcome<()> {
        self.caller.require(self.state, repository, permission, Level::Read)
    }

    fn write(&self, repository: u64, permission: &str) -> Outcome<()> {
        self.caller.require(self.state, repository, permission, Level::Write)
    }

    /// Issues or pull requests: the conversation of both is granted by either.
    fn conversation(&self, repository: u64, level: Level) -> Outcome<()> {
        self.caller.require_any(self.state, repository, &["issues", "pull_requests"], level)
    }

    fn actor(&self) -> u64 {
        self.caller.actor(self.state)
    }

    /// The JSON body, typed; unknown keys are what GitHub ignores and the fake does not.
    fn body<T: DeserializeOwned>(&self) -> Outcome<T> {
        let body: &[u8] = if self.incoming.body.is_empty() { b"{}" } else { &self.incoming.body };
        serde_json::from_slice(body).map_err(|error| {
            let text = error.to_string();
            match text.starts_with("unknown field") {
                true => Refusal::Unexpected(text),
                false => Refusal::Unprocessable(format!("Problems parsing JSON or a wrong field: {text}")),
            }
        })
    }

    fn param(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Refuses query parameters that the route does not understand.
    fn only_params(&self, known: &[&str]) -> Outcome<()> {
        let stranger = self.query.keys().find(|name| !known.contains(&name.as_str()) && *name != "per_page" && *name != "page");
        stranger.map_or(Ok(()), |name| Err(Refusal::Unexpected(format!("the parameter {name}"))))
    }

    /// One page of a list, with its `Link` header.
    fn page<T>(&self, items: Vec<T>, shape: impl Fn(&State, T) -> Value) -> Reply {
        let (page, headers) = self.paginate(items);
        let mut reply = Reply::ok(page.into_iter().map(|item| shape(self.state, item)).collect());
        reply.headers = headers;
        reply
    }

    fn paginate<T>(&self, items: Vec<T>) -> (Vec<T>, Vec<(&'static str, String)>) {
        let number = |name: &str, default: usize| self.param(name).and_then(|text| text.parse().ok()).unwrap_or(default);
        let per_page = number("per_page", 30).clamp(1, 100);
        let page = number("page", 1).max(1);
        let pages = items.len().div_ceil(per_page).max(1);
        let link = |page: usize, rel: &str| {
            let mut query: Vec<(&str, String)> = self
                .query
                .iter()
                .filter(|(name, _)| *name != "page")
                .map(|(name, value)| (name.as_str(), value.clone()))
                .collect();
            query.push(("page", page.to_string()));
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
            format!("<{}{}{}?{query}>; rel=\"{rel}\"", self.state.base_url, self.incoming.prefix, self.incoming.path)
        };
        let mut links = Vec::new();
        if page > 1 {
            links.extend([link(page - 1, "prev"), link(1, "first")]);
        }
        if page < pages {
            links.extend([link(page + 1, "next"), link(pages, "last")]);
        }
        let headers = if links.is_empty() { Vec::new() } else { vec![("link", links.join(", "))] };
        (items.into_iter().skip((page - 1) * per_page).take(per_page).collect(), headers)
    }
}

/// A number in a path; anything else is a 404, as on GitHub.
fn number(text: &str) -> Outcome<u64> {
    text.parse().map_err(|_| Refusal::not_found())
}

fn thread(repository: u64, text: &str) -> Outcome<ThreadRef> {
    Ok(ThreadRef { repository, number: number(text)? })
}

fn validation(resource: &str, field: &str, code: &str, message: &str) -> Reply {
    Reply::json(
        422,
        json!({"message": "Validation Failed", "errors": [{"resource": resource, "field": field, "code": code, "message": message}],
            "documentation_url": "https://docs.github.com/rest", "status": "422"}),
    )
}
