//! The App itself: installations, tokens, the log of deliveries.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        access::Caller,
        refusal::Refusal,
        server::Reply,
        shapes,
        state::{Outcome, State},
        webhooks::{Delivery, PendingDelivery},
    },
    Rest, number,
};

pub(super) fn show(rest: &mut Rest<'_>) -> Outcome<Reply> {
    rest.caller.require_app()?;
    let mut app = shapes::app(rest.state);
    app["installations_count"] = json!(rest.state.installations.len());
    Ok(Reply::ok(app))
}

pub(super) fn installations(rest: &mut Rest<'_>) -> Outcome<Reply> {
    rest.caller.require_app()?;
    let all = rest.state.installations.values().cloned().collect();
    Ok(rest.page(all, |state, installation| shapes::installation(state, &installation)))
}

pub(super) fn installation(rest: &mut Rest<'_>, id: &str) -> Outcome<Reply> {
    rest.caller.require_app()?;
    let found = rest.state.installations.get(&number(id)?).ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(shapes::installation(rest.state, found)))
}

pub(super) fn of_repository(rest: &mut Rest<'_>, owner: &str, name: &str) -> Outcome<Reply> {
    rest.caller.require_app()?;
    let repository = rest.state.repository_named(owner, name).ok_or_else(Refusal::not_found)?;
    let found = rest.state.installation_of(repository).ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(shapes::installation(rest.state, found)))
}

pub(super) fn of_account(rest: &mut Rest<'_>, login: &str) -> Outcome<Reply> {
    rest.caller.require_app()?;
    let account = rest.state.account_named(login).ok_or_else(Refusal::not_found)?;
    let found = rest.state.installation_on(account.id).ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(shapes::installation(rest.state, found)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRequest {
    repositories: Option<Vec<String>>,
    repository_ids: Option<BTreeSet<u64>>,
    permissions: Option<BTreeMap<String, String>>,
}

pub(super) fn create_token(rest: &mut Rest<'_>, id: &str) -> Outcome<Reply> {
    rest.caller.require_app()?;
    let wanted: TokenRequest = rest.body()?;
    let id = number(id)?;
    let account = rest.state.installations.get(&id).ok_or_else(Refusal::not_found)?.account;
    let mut repositories = wanted.repository_ids;
    if let Some(names) = wanted.repositories {
        let owner = rest.state.login(account).to_owned();
        // A name that is not there becomes an id that is not there, and is refused with the others.
        let ids = names.iter().map(|name| rest.state.repository_named(&owner, name).map_or(0, |repository| repository.id));
        repositories.get_or_insert_default().extend(ids);
    }
    let (text, token) = rest.state.mint_token(id, wanted.permissions, repositories)?;
    let mut body = json!({
        "token": text, "expires_at": token.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "permissions": token.permissions,
        "repository_selection": if token.repositories.is_some() { "selected" } else { "all" },
    });
    if let Some(chosen) = &token.repositories {
        let shapes: Vec<Value> = chosen
            .iter()
            .filter_map(|id| rest.state.repository(*id).ok())
            .map(|found| shapes::repository(rest.state, found))
            .collect();
        body["repositories"] = json!(shapes);
    }
    Ok(Reply::json(201, body))
}

pub(super) fn repositories(rest: &mut Rest<'_>) -> Outcome<Reply> {
    let Caller::Installation(_) = &rest.caller else {
        return Err(Refusal::Forbidden(
            "You must authenticate with an installation access token in order to list repositories for an installation."
                .to_owned(),
        ));
    };
    let covered: Vec<u64> = rest
        .state
        .repositories
        .values()
        .filter(|repository| rest.caller.covers(rest.state, repository))
        .map(|found| found.id)
        .collect();
    let total = covered.len();
    let (page, headers) = rest.paginate(covered);
    let shapes: Vec<Value> = page
        .into_iter()
        .filter_map(|id| rest.state.repository(id).ok())
        .map(|found| shapes::repository(rest.state, found))
        .collect();
    let mut reply = Reply::ok(json!({"total_count": total, "repository_selection": "all", "repositories": shapes}));
    reply.headers = headers;
    Ok(reply)
}

pub(super) fn rate_limit(rest: &mut Rest<'_>) -> Outcome<Reply> {
    if matches!(rest.caller, Caller::Anonymous) {
        return Err(Refusal::Unauthorized("Requires authentication".to_owned()));
    }
    let used = rest.state.log.requests.len();
    let bucket = json!({"limit": 5000, "used": used, "remaining": 5000usize.saturating_sub(used), "reset": rest.state.now().as_second() + 3600});
    Ok(Reply::ok(
        json!({"resources": {"core": bucket, "graphql": bucket, "search": {"limit": 30, "used": 0, "remaining": 30, "reset": 0}}, "rate": bucket}),
    ))
}

pub(super) fn hook_config(rest: &mut Rest<'_>) -> Outcome<Reply> {
    rest.caller.require_app()?;
    Ok(Reply::ok(
        json!({"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": rest.state.config.webhook_url}),
    ))
}

fn short(state: &State, delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id, "guid": delivery.guid, "delivered_at": delivery.delivered_at.to_string(), "redelivery": delivery.redelivery,
        "duration": delivery.duration, "status": delivery.status, "status_code": delivery.status_code, "event": delivery.event,
        "action": delivery.action, "installation_id": delivery.installation, "repository_id": delivery.repository, "throttled_at": null,
        "url": state.config.webhook_url,
    })
}

/// Newest first; the cursor is the id to go on below.
pub(super) fn deliveries(rest: &mut Rest<'_>) -> Outcome<Reply> {
    rest.caller.require_app()?;
    rest.only_params(&["cursor", "status"])?;
    let per_page = rest.param("per_page").and_then(|text| text.parse().ok()).unwrap_or(30usize).clamp(1, 100);
    let below: u64 = match rest.param("cursor") {
        Some(cursor) => {
            cursor.strip_prefix("v1_").unwrap_or(cursor).parse().map_err(|_| Refusal::unprocessable("Invalid cursor"))?
        }
        None => u64::MAX,
    };
    // "failure" is documented as a status code of 400 to 599: a delivery that got no answer is none.
    let wanted = |delivery: &&Delivery| match rest.param("status") {
        Some("failure") => (400..600).contains(&delivery.status_code),
        Some("success") => (200..400).contains(&delivery.status_code),
        _ => true,
    };
    let mut found: Vec<&Delivery> =
        rest.state.webhooks.log.iter().rev().filter(|delivery| delivery.id < below).filter(wanted).take(per_page + 1).collect();
    let more = found.len() > per_page;
    found.truncate(per_page);
    let mut reply = Reply::ok(found.iter().map(|delivery| short(rest.state, delivery)).collect());
    if let Some(last) = found.last().filter(|_| more) {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("per_page", &per_page.to_string());
        if let Some(status) = rest.param("status") {
            query.append_pair("status", status);
        }
        query.append_pair("cursor", &format!("v1_{}", last.id));
        let next =
            format!("<{}{}{}?{}>; rel=\"next\"", rest.state.base_url, rest.incoming.prefix, rest.incoming.path, query.finish());
        reply.headers.push(("link", next));
    }
    Ok(reply)
}

pub(super) fn delivery(rest: &mut Rest<'_>, id: &str) -> Outcome<Reply> {
    rest.caller.require_app()?;
    let id = number(id)?;
    let found = rest.state.webhooks.log.iter().find(|delivery| delivery.id == id).ok_or_else(Refusal::not_found)?;
    let mut body = short(rest.state, found);
    body["request"] =
        json!({"headers": {"X-GitHub-Delivery": found.guid, "X-GitHub-Event": found.event}, "payload": found.payload});
    body["response"] = json!({"headers": {}, "payload": found.response});
    Ok(Reply::ok(body))
}

/// Makes a delivery pending again, under the same GUID.
pub(super) fn redeliver(rest: &mut Rest<'_>, id: &str) -> Outcome<Reply> {
    rest.caller.require_app()?;
    let id = number(id)?;
    let found = rest.state.webhooks.log.iter().find(|delivery| delivery.id == id).ok_or_else(Refusal::not_found)?;
    let again = PendingDelivery {
        guid: found.guid.clone(),
        event: found.event.clone(),
        action: found.action.clone(),
        payload: found.payload.clone(),
        redelivery: true,
        installation: found.installation,
        repository: found.repository,
    };
    rest.state.webhooks.pending.push(again);
    Ok(Reply::json(202, json!({})))
}
