//! `followthrough rebuild`: the database made anew from GitHub.

use std::path::PathBuf;

use indicatif::ProgressBar;

use super::{
    CLEAN, FAILURE, FINDINGS, Format,
    as_app::with_worker,
    backfill::{bar, patiently},
    complain, fail, print, say, stdout_style,
};
use crate::{
    ids::RepositoryName,
    jobs::{
        Worker,
        backfill::{Backfill, Looked, Options, Outcome},
    },
    plan::Plan,
    render::{backfill::Totals, plan_text, plan_v1},
};

/// Make the database anew from what GitHub knows: markers in issues, links in documents
///
/// Shows what is found, and writes nothing, until --apply is given. The credentials and
/// the database are those of `serve`: the same environment, the same --config.
///
/// The service does this by itself, document by document, as it hears of them. Here it is
/// done at once, for all repositories of all installations or for those named: after the
/// database was lost, or an old copy was restored. Documents and issues are brought into
/// step as after a push: an item that was ticked closes its issue. No issue opens. Items
/// without an issue, in documents that the database does not know, are left alone;
/// `backfill` files them.
///
/// Stop it at any time and run it again. It may run beside `serve`.
///
/// Examples:
///   followthrough rebuild
///   followthrough rebuild --repo acme/app --repo acme/shop --apply
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Only this repository, as `owner/name`; may be given several times.
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Vec<RepositoryName>,
    /// Write what is found into the database, and bring documents and issues into step.
    #[arg(long)]
    apply: bool,
    /// Server settings as TOML, as for `serve`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub fn run(arguments: &Arguments) -> u8 {
    with_worker(arguments.config.as_deref(), async |worker| rebuild(arguments, worker).await)
}

async fn rebuild(arguments: &Arguments, worker: &Worker) -> Result<u8, String> {
    let all = arguments.repo.is_empty();
    let repositories = if all { everywhere(worker).await? } else { arguments.repo.clone() };
    let mut report = Report { text: arguments.format == Format::Text, totals: Totals::default(), plans: Vec::new(), code: CLEAN };
    for name in &repositories {
        // One that fails does not keep the others.
        if let Err(why) = one(arguments, worker, name, all, &mut report).await {
            complain(format_args!("{name}: {why}"));
            report.code = FAILURE;
        }
    }
    let code = report.finish(arguments.apply);
    if !arguments.apply {
        say("This was a dry run: nothing was written or changed. To do it, add --apply.\n");
    }
    Ok(code)
}

/// The repositories of all installations.
async fn everywhere(worker: &Worker) -> Result<Vec<RepositoryName>, String> {
    let hidden = ProgressBar::hidden();
    let listed = patiently(worker, &hidden, async || Ok(worker.github.list_installations().await?)).await?;
    let mut repositories = Vec::new();
    for installation in listed.into_iter().filter(|installation| !installation.suspended) {
        let view = worker.github.installation(installation.id);
        let covered = patiently(worker, &hidden, async || Ok(view.list_repositories().await?)).await?;
        repositories.extend(covered.into_iter().filter(|covered| !covered.archived).map(|covered| covered.name));
    }
    Ok(repositories)
}

async fn one(
    arguments: &Arguments,
    worker: &Worker,
    name: &RepositoryName,
    all: bool,
    report: &mut Report,
) -> Result<(), String> {
    let options = Options { since: None, apply: arguments.apply, rebuild: true, link_back: false };
    let begin = async || Backfill::begin(worker, name, options).await;
    let mut documents = match patiently(worker, &ProgressBar::hidden(), begin).await? {
        Ok(documents) => documents,
        // It was listed, so it is empty: nobody named it.
        Err(_) if all => return Ok(()),
        Err(why) => return Err(why),
    };
    for problem in documents.problems() {
        complain(format_args!("{name}: {} {}", problem.message, problem.help));
    }
    report.totals.problems += documents.problems().len();
    let bar = bar(documents.remaining());
    let stopped = loop {
        match patiently(worker, &bar, async || documents.next().await).await {
            Ok(Some(looked)) => bar.suspend(|| report.add(looked, name)),
            Ok(None) => break Ok(()),
            Err(why) => break Err(format!("{why}; {} documents are left, run it again to go on", documents.remaining())),
        }
        bar.inc(1);
    };
    bar.finish_and_clear();
    stopped
}

/// What is told, and what it comes to.
struct Report {
    text: bool,
    totals: Totals,
    plans: Vec<(String, Plan)>,
    code: u8,
}

impl Report {
    fn add(&mut self, Looked { path, outcome }: Looked, home: &RepositoryName) {
        let plan = match outcome {
            Outcome::Planned(plan) => {
                self.totals.add_planned(&plan, home);
                plan
            }
            Outcome::Followed { plan, to_file } => {
                self.totals.add_followed(&plan, &to_file);
                plan
            }
            Outcome::AsBefore { .. } | Outcome::LeftOut => return,
            Outcome::Failed(why) => {
                complain(format_args!("{home}: {path}: {why}"));
                self.code = FAILURE;
                return;
            }
        };
        let path = format!("{home}: {path}");
        if self.text {
            self.code = self.code.max(print(&plan_text::document(&path, &plan, home, stdout_style())));
        } else {
            self.plans.push((path, *plan));
        }
    }

    fn finish(self, done: bool) -> u8 {
        let summary = format!("{}.\n", self.totals.rebuilt(done));
        let printed = match (self.text, plan_v1::render(&self.plans)) {
            (true, _) => print(&summary),
            (false, Ok(json)) => {
                say(&summary);
                print(&json)
            }
            (false, Err(error)) => fail(error),
        };
        let found = if self.totals.problems > 0 { FINDINGS } else { CLEAN };
        self.code.max(found).max(printed)
    }
}
