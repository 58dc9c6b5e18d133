//! `followthrough replay`: a delivery that was kept, once more.

use std::path::PathBuf;

use http::HeaderValue;
use url::Url;

use super::{FAILURE, complain, fail, print, serve::chain};
use crate::{
    github::{
        relay::{self, Relayed},
        signature,
    },
    server::settings::Draft,
};

/// Send a stored webhook to the running service, signed as GitHub signs
///
/// FILE is the payload (JSON; say its event with --event), a message of smee, GitHub's
/// record of a delivery (`gh api /app/hook/deliveries/ID`), or headers and payload as they
/// came over the wire. It is signed anew with WEBHOOK_SECRET, so the settings are those
/// of `serve`.
///
/// Each time it is a new delivery, which is handled again; --same-id keeps the id that the
/// file has, which a service that knows it answers with 200 and leaves alone.
///
/// Examples:
///   followthrough replay --event pull_request payload.json
///   followthrough replay --config followthrough.toml delivery.json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The event of the payload, such as `pull_request`; wins over what the file says.
    #[arg(long)]
    event: Option<String>,
    /// Keep the id of the delivery.
    #[arg(long)]
    same_id: bool,
    /// Where to send it [default: the service on this machine].
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// Server settings as TOML, as for `serve`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> u8 {
    let draft = Draft::load(arguments.config.as_deref(), &|name| std::env::var(name).ok());
    let Some(secret) = draft.webhook_secrets.as_ref().and_then(|secrets| secrets.first()) else {
        return fail("`WEBHOOK_SECRET` is missing; set it, or name the settings of `serve` with --config");
    };
    let shown = arguments.file.display();
    let mut delivery = match std::fs::read(&arguments.file) {
        Ok(bytes) => match relay::stored(&bytes) {
            Ok(delivery) => delivery,
            Err(why) => return fail(format_args!("{shown} cannot be replayed: {why}")),
        },
        Err(error) => return fail(format_args!("{shown} cannot be read: {error}")),
    };
    if let Err(why) = complete(&mut delivery, arguments) {
        return fail(why);
    }
    let Ok(signed) = HeaderValue::try_from(signature::sign(secret, &delivery.body)) else { return FAILURE };
    delivery.headers.insert("x-hub-signature-256", signed);
    delivery.headers.remove("x-hub-signature");
    let url = match arguments.url.clone().map_or_else(|| here(&draft), Ok) {
        Ok(url) => url,
        Err(why) => return fail(why),
    };
    let id = delivery.headers.get("x-github-delivery").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(format_args!("the runtime cannot start: {error}")),
    };
    match runtime.block_on(relay::send(&url, delivery)) {
        Ok((status, answer)) => {
            let first = answer.lines().next().unwrap_or_default();
            let code = print(&format!("{status} {first}: delivery {id}\n"));
            if (200..300).contains(&status) {
                return code;
            }
            if status == 401 {
                complain("the service has another WEBHOOK_SECRET than the one that this was signed with");
            }
            FAILURE
        }
        Err(error) => fail(format_args!("{}; is `followthrough serve` running there?", chain(error))),
    }
}

/// Sees to the event and the id.
fn complete(delivery: &mut Relayed, arguments: &Arguments) -> Result<(), String> {
    if let Some(event) = &arguments.event {
        let event = HeaderValue::try_from(event.as_str()).map_err(|_| "--event is no name of an event".to_owned())?;
        delivery.headers.insert("x-github-event", event);
    }
    if !delivery.headers.contains_key("x-github-event") {
        return Err(format!(
            "{} does not say its event; say it with --event, such as `--event pull_request`",
            arguments.file.display()
        ));
    }
    if !arguments.same_id || !delivery.headers.contains_key("x-github-delivery") {
        let id = HeaderValue::try_from(uuid::Uuid::new_v4().to_string()).map_err(|error| error.to_string())?;
        delivery.headers.insert("x-github-delivery", id);
    }
    Ok(())
}

/// The service that these settings start.
fn here(draft: &Draft) -> Result<Url, String> {
    let host = match draft.host.as_deref() {
        None | Some("0.0.0.0" | "::" | "[::]") => "127.0.0.1".to_owned(),
        Some(host) if host.contains(':') && !host.starts_with('[') => format!("[{host}]"),
        Some(host) => host.to_owned(),
    };
    let port = draft.port.unwrap_or(3000);
    Url::parse(&format!("http://{host}:{port}/api/github/webhooks")).map_err(|_| "say where it goes with --url".to_owned())
}
