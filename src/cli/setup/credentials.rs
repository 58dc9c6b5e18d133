//! The credentials of a new App, on their way to whoever keeps them. They pass through nothing else.

use std::{
    fs::OpenOptions,
    io::{Error, ErrorKind, Write},
    path::Path,
};

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use crate::github::manifest::NewApp;

const DEFAULT_API: &str = "https://api.github.com";

/// Whether the file can be made, before there is anything to write: it is not there, and its folder takes files.
pub(super) fn check(path: &Path) -> Result<(), String> {
    let told = |error: &Error| match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("{} is there already, and is not overwritten; name another with --file", path.display())
        }
        _ => format!("{} cannot be written: {error}; name another file with --file", path.display()),
    };
    create(path).map_err(|error| told(&error))?;
    std::fs::remove_file(path).map_err(|error| told(&error))
}

/// Makes a file that only its owner can read, and that was not there before.
fn create(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes the settings that `serve --config` takes.
pub(super) fn write(path: &Path, app: &NewApp, api_url: &str, proxy: Option<&Url>) -> std::io::Result<()> {
    // A string of JSON is one of TOML, too.
    let quoted = |text: &str| Value::from(text).to_string();
    let mut text = format!(
        "# The settings of the GitHub App {}, written by `followthrough setup`. Secret: do not commit this file.\n\
         # All settings: docs/configuration.md\n\napp_id = {}\n",
        app.html_url.replace(char::is_control, " "),
        app.id
    );
    match &app.webhook_secret {
        Some(secret) => text += &format!("webhook_secret = {}\n", quoted(secret.expose_secret())),
        None => text += "# webhook_secret = \"\"\n",
    }
    if api_url != DEFAULT_API {
        text += &format!("github_api_url = {}\n", quoted(api_url));
    }
    if let Some(proxy) = proxy {
        text += &format!("webhook_proxy_url = {}\n", quoted(proxy.as_str()));
    }
    let key = app.private_key.expose_secret().trim();
    text += &match key.contains("'''") {
        false => format!("private_key = '''\n{key}\n'''\n"),
        true => format!("private_key = {}\n", quoted(key)),
    };
    let mut file = create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The same for a secret manager: the names of the environment.
pub(super) fn json(app: &NewApp, api_url: &str, proxy: Option<&Url>) -> String {
    let mut values = json!({
        "APP_ID": app.id.to_string(),
        "PRIVATE_KEY": app.private_key.expose_secret(),
        "WEBHOOK_SECRET": app.webhook_secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
    });
    if api_url != DEFAULT_API {
        values["GITHUB_API_URL"] = json!(api_url);
    }
    if let Some(proxy) = proxy {
        values["WEBHOOK_PROXY_URL"] = json!(proxy.as_str());
    }
    serde_json::to_string_pretty(&values).unwrap_or_default() + "\n"
}
