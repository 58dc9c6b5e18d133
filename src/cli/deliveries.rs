//! `followthrough deliveries`: GitHub's log of the webhooks that it sent, or tried to send.

use std::{collections::HashSet, path::PathBuf};

use super::{CLEAN, Format, as_app::with_settings, print, say, serve::chain, stdout_style};
use crate::{
    github::{Error, GitHub, app::deliveries::Attempt},
    render::deliveries as render,
    service::{self, system_clock},
};

/// Show the webhooks that GitHub sent to the App, or tried to send, and have them sent again
///
/// GitHub keeps its log for 3 days (7 on Enterprise Server). While `serve` runs, it replays
/// by itself what did not arrive; here you see what that was and why. The credentials are
/// those of `serve`: the same environment, the same --config. No database is opened.
///
/// Examples:
///   followthrough deliveries
///   followthrough deliveries --failed --format json
///   followthrough deliveries show 7000000012
///   followthrough deliveries redeliver 7000000012
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: ListArguments,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List what was sent, newest first (the default).
    List(ListArguments),
    /// Show one delivery: its payload, and what was answered.
    Show(ShowArguments),
    /// Have GitHub send a delivery once more, under the GUID that it had.
    Redeliver(RedeliverArguments),
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    /// Only deliveries of which no attempt was answered with success.
    #[arg(long)]
    failed: bool,
    /// How many to show at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    settings: SettingsArguments,
}

#[derive(Debug, clap::Args)]
struct ShowArguments {
    /// The number in the first column of the list.
    #[arg(value_name = "ID", value_parser = parse_id)]
    id: u64,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    settings: SettingsArguments,
}

#[derive(Debug, clap::Args)]
struct RedeliverArguments {
    /// The number in the first column of the list.
    #[arg(value_name = "ID", value_parser = parse_id)]
    id: u64,
    #[command(flatten)]
    settings: SettingsArguments,
}

#[derive(Debug, clap::Args)]
struct SettingsArguments {
    /// Server settings as TOML, as for `serve`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn parse_id(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write the number in the first column of `followthrough deliveries`, not the GUID".to_owned())
}

pub fn run(arguments: &Arguments) -> u8 {
    let config = match &arguments.action {
        Some(Action::List(list)) => &list.settings.config,
        Some(Action::Show(show)) => &show.settings.config,
        Some(Action::Redeliver(redeliver)) => &redeliver.settings.config,
        None => &arguments.list.settings.config,
    };
    with_settings(config.as_deref(), async |settings| {
        let github = service::github(&settings, system_clock()).map_err(chain)?;
        match &arguments.action {
            Some(Action::List(arguments)) => list(&github, arguments).await,
            Some(Action::Show(arguments)) => show(&github, arguments).await,
            Some(Action::Redeliver(arguments)) => redeliver(&github, arguments.id).await,
            None => list(&github, &arguments.list).await,
        }
    })
}

async fn list(github: &GitHub, arguments: &ListArguments) -> Result<u8, String> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut next = None;
    loop {
        let page = github.list_deliveries(next.take()).await.map_err(explain)?;
        attempts.extend(page.attempts);
        next = page.next;
        // Whether a delivery arrived another time is told by the whole log.
        if next.is_none() || (!arguments.failed && attempts.len() >= arguments.limit) {
            break;
        }
    }
    if arguments.failed {
        let arrived: HashSet<_> =
            attempts.iter().filter(|attempt| attempt.is_delivered()).map(|attempt| attempt.guid.clone()).collect();
        attempts.retain(|attempt| !arrived.contains(&attempt.guid) && !attempt.is_under_way());
    }
    let left_out = attempts.len().saturating_sub(arguments.limit);
    attempts.truncate(arguments.limit);
    let shown: Vec<render::Attempt> = attempts.iter().map(shown).collect();
    if arguments.format == Format::Json {
        return render::json(&shown).map(|json| print(&json)).map_err(|error| error.to_string());
    }
    if shown.is_empty() {
        say(match arguments.failed {
            true => "Everything that GitHub's log has arrived.\n",
            false => "GitHub's log is empty: nothing was sent in the last days.\n",
        });
    } else if left_out > 0 || (next.is_some() && !arguments.failed) {
        say("There are more; --limit shows them.\n");
    }
    Ok(print(&render::text(&shown, stdout_style())))
}

async fn show(github: &GitHub, arguments: &ShowArguments) -> Result<u8, String> {
    let loaded = github.load_delivery(arguments.id).await.map_err(|error| explain_one(error, arguments.id))?;
    let attempt = shown(&loaded.attempt);
    let text = match arguments.format {
        Format::Text => render::one_text(&attempt, &loaded.payload, &loaded.answer, stdout_style()),
        Format::Json => render::one_json(&attempt, &loaded.payload, &loaded.answer).map_err(|error| error.to_string())?,
    };
    Ok(print(&text))
}

async fn redeliver(github: &GitHub, id: u64) -> Result<u8, String> {
    github.redeliver(id).await.map_err(|error| explain_one(error, id))?;
    say("GitHub sends it once more. Whether it arrives shows in `followthrough deliveries` in a few seconds.\n");
    Ok(CLEAN)
}

fn shown(attempt: &Attempt) -> render::Attempt {
    render::Attempt {
        id: attempt.id,
        guid: attempt.guid.as_str().to_owned(),
        delivered_at: attempt.delivered_at,
        redelivery: attempt.redelivery,
        duration: attempt.duration,
        event: attempt.event.clone(),
        action: attempt.action.clone(),
        status: attempt.status.clone(),
        status_code: attempt.status_code,
        installation_id: attempt.installation_id.map(|id| id.0),
        repository_id: attempt.repository_id,
        delivered: attempt.is_delivered(),
    }
}

fn explain_one(error: Error, id: u64) -> String {
    match error {
        Error::NotFound { .. } => format!(
            "GitHub's log has no delivery {id}. It is kept for 3 days (7 on Enterprise Server); `followthrough deliveries` lists what is there"
        ),
        other => explain(other),
    }
}

fn explain(error: Error) -> String {
    let help = match &error {
        Error::Unauthorized { .. } => "Check APP_ID, that the private key is this App's, and the machine's clock",
        Error::NotFound { .. } => "Check GITHUB_API_URL; on Enterprise Server it is https://HOST/api/v3",
        Error::Transient { .. } => "Check GITHUB_API_URL and the network",
        Error::RateLimited { .. } => "Run it again then",
        _ => return chain(error),
    };
    format!("{}. {help}", chain(error))
}
