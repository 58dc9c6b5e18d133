//! `followthrough doctor`: everything that is wrong, at once.

mod app;
mod local;
mod repositories;

use std::{path::PathBuf, time::Duration};

use super::{CLEAN, FINDINGS, Format, fail, print, stdout_style};
use crate::{
    github,
    ids::RepositoryName,
    render::{
        doctor::{self, Area, Finding, Level},
        doctor_v1,
    },
    server::settings::Draft,
};

/// Look at everything that Followthrough needs, and say all that is wrong at once
///
/// Looks at the settings, the database and its queue, the clock, what GitHub says about
/// the App (credentials, permissions, events, webhooks), where it is installed, the
/// configuration of each repository, the boards, and what is left of the hour's requests.
/// Nothing is changed, and it may run beside `serve`. The settings are those of `serve`:
/// the same environment, the same --config.
///
/// Exit code: 0 when there is nothing above the level of a note, 1 when there is,
/// 2 on wrong usage.
///
/// Examples:
///   followthrough doctor
///   followthrough doctor --repo acme/app
///   followthrough doctor --format json | jq '.findings[] | select(.level == "error")'
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Look at this repository alone, as `owner/name`, and not at every one that the App is installed on.
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<RepositoryName>,
    /// Server settings as TOML, as for `serve`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Longest wait for one answer of GitHub's: people are watching.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    fn ok(&mut self, area: Area, check: &'static str, message: impl Into<String>) {
        self.push(Finding::new(area, check, Level::Ok, message));
    }

    /// Something could not be asked of GitHub.
    fn unanswered(&mut self, area: Area, check: &'static str, what: &str, error: &github::Error) {
        let help = match error {
            github::Error::Unauthorized { .. } => "Check APP_ID and the private key: see the findings about the App.",
            github::Error::RateLimited { .. } => "Wait until then and run `followthrough doctor` again.",
            github::Error::Refused { .. } => "Check the permissions of the App: see the findings about it.",
            _ => "Run `followthrough doctor` again; if it stays, check the network and https://www.githubstatus.com.",
        };
        let message = format!("{what} could not be looked at: {error}.");
        self.push(Finding::new(area, check, Level::Error, message).help(help));
    }
}

pub fn run(arguments: &Arguments) -> u8 {
    let draft = Draft::load(arguments.config.as_deref(), &|name| std::env::var(name).ok());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(format_args!("the runtime cannot start: {error}")),
    };
    let Findings(findings) = runtime.block_on(examine(arguments, &draft));
    let printed = match arguments.format {
        Format::Text => print(&doctor::render(&findings, stdout_style())),
        Format::Json => print(&doctor_v1::render(&findings)),
    };
    let bad = findings.iter().any(|finding| finding.level >= Level::Warning);
    printed.max(if bad { FINDINGS } else { CLEAN })
}

async fn examine(arguments: &Arguments, draft: &Draft) -> Findings {
    let mut findings = Findings::default();
    local::settings(draft, &mut findings);
    local::store(draft, &mut findings).await;
    if let Some(github) = app::reach(draft, &mut findings).await {
        let installed = app::examine(&github, &mut findings).await;
        repositories::examine(&github, installed, arguments.repo.as_ref(), &mut findings).await;
    }
    findings
}
