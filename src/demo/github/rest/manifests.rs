//! Registering an App through a manifest: the page that a browser posts it to, and what the code is worth.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{config::DEMO_PRIVATE_KEY, refusal::Refusal, server::Reply, state::Outcome},
    Rest,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    url: String,
    hook_attributes: HookAttributes,
    redirect_url: String,
    #[serde(default)]
    description: Option<String>,
    public: bool,
    default_permissions: std::collections::BTreeMap<String, String>,
    default_events: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HookAttributes {
    url: String,
    active: bool,
}

/// `POST /settings/apps/new?state=`: GitHub asks the person, who says yes, and is sent back with a code.
pub(super) fn register(rest: &mut Rest<'_>) -> Outcome<Reply> {
    let form = url::form_urlencoded::parse(&rest.incoming.body).into_owned();
    let manifests: Vec<String> = form.filter(|(name, _)| name == "manifest").map(|(_, value)| value).collect();
    let [text] = manifests.as_slice() else { return Err(Refusal::unprocessable("There is no manifest")) };
    let manifest: Manifest =
        serde_json::from_str(text).map_err(|error| Refusal::Unprocessable(format!("Error in the manifest: {error}")))?;
    let state = rest.param("state").map(str::to_owned);
    let described = manifest.description.as_deref().unwrap_or_default().len();
    let unasked = manifest.default_events.iter().any(|event| event.starts_with("installation"));
    let levels = manifest.default_permissions.values().all(|level| matches!(level.as_str(), "read" | "write"));
    if manifest.name.is_empty() || manifest.name.chars().count() > 34 || !manifest.url.starts_with("http") || described > 10_000 {
        return Err(Refusal::unprocessable("Error in the manifest: name and url are required"));
    }
    if unasked || !levels || !manifest.hook_attributes.active {
        return Err(Refusal::unprocessable("Error in the manifest: default_events or default_permissions"));
    }
    let mut back = url::Url::parse(&manifest.redirect_url).map_err(|_| Refusal::unprocessable("redirect_url is not a URL"))?;
    let config = &mut rest.state.config;
    config.app_name = manifest.name;
    config.permissions = manifest.default_permissions;
    config.events = manifest.default_events;
    config.webhook_url = Some(manifest.hook_attributes.url);
    // Private Apps belong to one account; nothing here depends on it.
    let _ = manifest.public;
    let code = format!("{:040x}", rest.state.serial());
    rest.state.manifest_codes.insert(code.clone());
    back.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = state {
        back.query_pairs_mut().append_pair("state", &state);
    }
    let mut reply = Reply::empty(302);
    reply.headers.push(("location", back.into()));
    Ok(reply)
}

/// `POST /app-manifests/{code}/conversions`: once.
pub(super) fn convert(rest: &mut Rest<'_>, code: &str) -> Outcome<Reply> {
    if !rest.state.manifest_codes.remove(code) {
        return Err(Refusal::not_found());
    }
    let config = &rest.state.config;
    let secret = secrecy::ExposeSecret::expose_secret(&config.webhook_secret);
    let body: Value = json!({
        "id": config.app_id, "slug": config.app_slug, "node_id": format!("A_kwDO{}", config.app_id), "name": config.app_name,
        "client_id": format!("Iv23li{}", config.app_id), "client_secret": "a client secret of no worth",
        "webhook_secret": secret, "pem": DEMO_PRIVATE_KEY,
        "html_url": format!("{}/apps/{}", rest.state.base_url, config.app_slug), "external_url": "", "description": "",
        "permissions": config.permissions, "events": config.events,
    });
    Ok(Reply::json(201, body))
}
