//! A GitHub App of one's own, registered through a manifest: what is asked for, and what GitHub gives for it.
//!
//! [Registering a GitHub App from a
//! manifest](https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest): a browser posts the
//! manifest, GitHub sends it back with a code, and the code is worth the App's credentials, once, within an hour. Nothing
//! of the credentials is ever logged.

use std::fmt;

use http::{Method, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::permissions::{EVENTS, PERMISSIONS};
use super::transport::{Request, Transport, decode_json};
use super::{BuildError, Endpoints, Error, Refusal, Repeat, Settings};

/// What the App is to be called, and where it is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAppWishes {
    /// Unique on GitHub, 34 characters at most.
    pub name: String,
    pub homepage: Url,
    pub webhook: Url,
    /// Where GitHub sends the browser with the code.
    pub redirect: Url,
}

/// The manifest: the least permissions and events, each for the reason in [`super::permissions`]; private to its owner.
pub fn manifest(wishes: &NewAppWishes) -> Value {
    let permissions: Map<String, Value> =
        PERMISSIONS.iter().map(|permission| (permission.name.to_owned(), json!(permission.access.as_str()))).collect();
    let events: Vec<&str> = EVENTS.iter().map(|event| event.name).collect();
    json!({
        "name": wishes.name,
        "url": wishes.homepage.as_str(),
        "hook_attributes": { "url": wishes.webhook.as_str(), "active": true },
        "redirect_url": wishes.redirect.as_str(),
        "description": "Turns the action items of postmortems into issues, and follows them to the end.",
        "public": false,
        "default_permissions": permissions,
        "default_events": events,
    })
}

/// Where the manifest is posted to: the settings of an organization, or of whoever is signed in.
pub fn registration(endpoints: &Endpoints, organization: Option<&str>, state: &str) -> Url {
    let mut url = settings_page(endpoints, organization);
    if let Ok(mut path) = url.path_segments_mut() {
        path.push("new");
    }
    url.query_pairs_mut().append_pair("state", state);
    url
}

/// Where the owner's Apps are listed.
pub fn settings_page(endpoints: &Endpoints, organization: Option<&str>) -> Url {
    let mut url = endpoints.rest.clone();
    let web_host = endpoints.web_host();
    // The port is part of the host where there is one.
    let host = web_host.rsplit_once(':').map_or(web_host.as_str(), |(host, _)| host);
    let _ = url.set_host(Some(host));
    url.set_path("");
    if let Ok(mut path) = url.path_segments_mut() {
        match organization {
            Some(organization) => path.pop_if_empty().extend(["organizations", organization, "settings", "apps"]),
            None => path.pop_if_empty().extend(["settings", "apps"]),
        };
    }
    url
}

/// What GitHub gives for the code of a manifest: everything that a new App needs to run. Shown once, and never again.
pub struct NewApp {
    pub id: u64,
    pub slug: String,
    pub name: String,
    pub html_url: String,
    /// PEM.
    pub private_key: SecretString,
    pub webhook_secret: Option<SecretString>,
}

impl fmt::Debug for NewApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApp").field("id", &self.id).field("slug", &self.slug).finish_non_exhaustive()
    }
}

/// The code was not turned into an App's credentials.
#[derive(Debug, thiserror::Error)]
pub enum ConversionError {
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The code was used, is older than an hour, or never was one (404, 422).
    #[error("GitHub does not know the code: it was used already, is older than an hour, or is not whole")]
    BadCode,
    /// Whether GitHub took the code is not known; if it did, it does not give the credentials again.
    #[error("the answer was lost: {0}")]
    Lost(Error),
    #[error(transparent)]
    Github(Error),
}

/// Turns the code of a manifest into the credentials of the App that GitHub registered. Sent once: a code works once.
pub async fn convert_manifest(endpoints: Endpoints, settings: Settings, code: &str) -> Result<NewApp, ConversionError> {
    #[derive(Deserialize)]
    struct Wire {
        id: u64,
        slug: String,
        name: String,
        html_url: String,
        pem: String,
        webhook_secret: Option<String>,
    }
    let transport = Transport::new(endpoints, settings)?;
    let url = transport.rest_url(&["app-manifests", code, "conversions"]);
    let request = Request::new(Method::POST, url, Repeat::LookUpFirst);
    let answer = transport.anonymously(&request).await.map_err(|error| match error {
        Error::Unknown { .. } => ConversionError::Lost(error),
        other => ConversionError::Github(other),
    })?;
    match answer.status {
        status if status.is_success() => {
            let wire: Wire = decode_json(&answer, Repeat::LookUpFirst).map_err(ConversionError::Lost)?;
            Ok(NewApp {
                id: wire.id,
                slug: wire.slug,
                name: wire.name,
                html_url: wire.html_url,
                private_key: wire.pem.into(),
                webhook_secret: wire.webhook_secret.map(SecretString::from),
            })
        }
        StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::GONE => Err(ConversionError::BadCode),
        status if status.is_server_error() => {
            Err(ConversionError::Lost(Error::Unknown { message: format!("GitHub answered with status {}", status.as_u16()) }))
        }
        status => {
            let refusal = Refusal::Other(status.as_u16().to_string());
            Err(ConversionError::Github(Error::refused(refusal, "the code could not be exchanged")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_goes_to_the_pages_of_its_owner_on_every_kind_of_host() {
        for (rest, organization, url) in [
            ("https://api.github.com", None, "https://github.com/settings/apps/new?state=s"),
            ("https://api.github.com", Some("acme"), "https://github.com/organizations/acme/settings/apps/new?state=s"),
            ("https://ghe.example/api/v3", Some("acme"), "https://ghe.example/organizations/acme/settings/apps/new?state=s"),
            ("http://127.0.0.1:4000", None, "http://127.0.0.1:4000/settings/apps/new?state=s"),
            ("https://api.github.com", Some("a/b?c"), "https://github.com/organizations/a%2Fb%3Fc/settings/apps/new?state=s"),
        ] {
            let endpoints = Endpoints::from_rest(rest).expect("an address");
            assert_eq!(registration(&endpoints, organization, "s").as_str(), url);
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let app = NewApp {
            id: 1,
            slug: "x".to_owned(),
            name: "X".to_owned(),
            html_url: "https://github.example/apps/x".to_owned(),
            private_key: "hush".into(),
            webhook_secret: Some("whisper".into()),
        };
        let shown = format!("{app:?}");
        assert!(!shown.contains("hush") && !shown.contains("whisper"), "{shown}");
    }
}
