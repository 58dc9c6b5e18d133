//! `followthrough backfill`: the postmortems that a repository has already.

use std::{path::PathBuf, time::Duration};

use indicatif::ProgressBar;
use jiff::civil::Date;

use super::{
    CLEAN, FAILURE, FINDINGS, Format, as_app::with_worker, coloured, complain, fail, files, print, say, serve::chain,
    stdout_style,
};
use crate::{
    ids::RepositoryName,
    jobs::{
        Stop, Worker,
        backfill::{Backfill, Looked, Options, Outcome},
    },
    plan::Plan,
    render::{backfill::Totals, plan_text, plan_v1},
};

/// File the action items of the postmortems that a repository has already
///
/// Shows what would open, and opens nothing, until --apply is given. The credentials and
/// the database are those of `serve`: the same environment, the same --config. With the
/// same database it knows what is filed; without, it finds out from the issues' markers.
///
/// Issues open only where a go-ahead is configured: `.github/followthrough.yml` on the
/// default branch, or in the owner's `.github` repository, whose `file.when` is not
/// `command`. Items that were left alone so far are filed, too.
///
/// Stop it at any time and run it again: it goes on where it was, and opens nothing twice.
/// It may run beside `serve`. FOLLOWTHROUGH_WRITE_INTERVAL (1s) is the pause between writes.
///
/// Examples:
///   followthrough backfill --repo acme/app
///   followthrough backfill --repo acme/app --format json > plan.json
///   followthrough backfill --repo acme/app --since 2026-01-01 --apply
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// The repository whose documents are looked at, as `owner/name`.
    #[arg(long, value_name = "OWNER/NAME")]
    repo: RepositoryName,
    /// Only documents of this day (YYYY-MM-DD) or later: the day they give, else that of their last commit.
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    since: Option<Date>,
    /// Open the issues. Documents that were followed before and are unchanged are passed by.
    #[arg(long)]
    apply: bool,
    /// Also write the links to the issues back into the documents, as `link_back.document` says: by default, one pull
    /// request per document.
    #[arg(long, requires = "apply")]
    link_back: bool,
    /// Server settings as TOML, as for `serve`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// So often in a row something may fail before the run ends; waiting for others, or as long as GitHub asks, is no failure.
const PATIENCE: u64 = 8;

fn parse_day(text: &str) -> Result<Date, String> {
    Date::strptime("%Y-%m-%d", text).map_err(|_| "write a day as YYYY-MM-DD, such as 2026-01-31".to_owned())
}

pub fn run(arguments: &Arguments) -> u8 {
    with_worker(arguments.config.as_deref(), async |worker| backfill(arguments, worker).await)
}

async fn backfill(arguments: &Arguments, worker: &Worker) -> Result<u8, String> {
    let options = Options { since: arguments.since, apply: arguments.apply, rebuild: false, link_back: arguments.link_back };
    let begin = async || Backfill::begin(worker, &arguments.repo, options).await;
    let mut backfill = patiently(worker, &ProgressBar::hidden(), begin).await??;
    for problem in backfill.problems() {
        complain(format_args!("{} {}", problem.message, problem.help));
    }
    if let Some(why) = backfill.refusal().filter(|_| options.apply) {
        return Err(why.to_owned());
    }
    let mut report = Report {
        home: backfill.repository().clone(),
        text: arguments.format == Format::Text,
        totals: Totals { problems: backfill.problems().len(), ..Totals::default() },
        plans: Vec::new(),
        code: CLEAN,
        bar: bar(backfill.remaining()),
    };
    let bar = report.bar.clone();
    let stopped = loop {
        match patiently(worker, &bar, async || backfill.next().await).await {
            Ok(Some(looked)) => report.add(looked),
            Ok(None) => break None,
            Err(why) => break Some(why),
        }
    };
    bar.finish_and_clear();
    let code = report.finish(options.apply);
    if let Some(why) = stopped {
        return Err(format!("{why}; {} documents are left, run it again to go on", backfill.remaining()));
    }
    if !options.apply {
        match backfill.refusal() {
            Some(why) => say(&format!("This was a dry run. --apply would be refused: {why}.\n")),
            None => say("This was a dry run: nothing was opened or changed. To do it, add --apply.\n"),
        }
    }
    Ok(code)
}

/// What is told, and what it comes to.
struct Report {
    home: RepositoryName,
    text: bool,
    totals: Totals,
    plans: Vec<(String, Plan)>,
    code: u8,
    bar: ProgressBar,
}

impl Report {
    fn add(&mut self, Looked { path, outcome }: Looked) {
        match outcome {
            Outcome::Planned(plan) => {
                self.totals.add_planned(&plan, &self.home);
                self.show(path, *plan);
            }
            Outcome::Followed { plan, to_file } => {
                self.totals.add_followed(&plan, &to_file);
                self.show(path, *plan);
            }
            Outcome::AsBefore { items, tracked } => {
                self.totals.documents += 1;
                self.totals.items += items;
                self.totals.tracked += tracked;
            }
            Outcome::LeftOut => {}
            Outcome::Failed(why) => {
                self.bar.suspend(|| complain(format_args!("{path}: {why}")));
                self.code = FAILURE;
            }
        }
        self.bar.inc(1);
    }

    fn show(&mut self, path: String, plan: Plan) {
        if self.text {
            let text = plan_text::document(&path, &plan, &self.home, stdout_style());
            self.code = self.code.max(self.bar.suspend(|| print(&text)));
        } else {
            self.plans.push((path, plan));
        }
    }

    fn finish(self, done: bool) -> u8 {
        let summary = format!("{}.\n", self.totals.summary(done));
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

/// Tries until it works or waiting cannot help, as long as GitHub asks to wait.
pub(super) async fn patiently<T>(
    worker: &Worker,
    bar: &ProgressBar,
    mut attempt: impl AsyncFnMut() -> Result<T, Stop>,
) -> Result<T, String> {
    let mut failures = 0;
    loop {
        let stop = match attempt().await {
            Ok(done) => return Ok(done),
            Err(stop) => stop,
        };
        let asked = match &stop {
            Stop::Busy(_) | Stop::Later(_) => true,
            Stop::GitHub(error) => error.retry_at().is_some(),
            Stop::Store(_) => false,
        };
        failures += u64::from(!asked);
        let pause = stop.pause(worker.now(), failures).filter(|_| failures < PATIENCE);
        let Some(pause) = pause.map(|pause| pause.max(LEAST)) else { return Err(chain(stop)) };
        if !matches!(stop, Stop::Busy(_)) {
            bar.suspend(|| say(&format!("{stop}; going on in {} s\n", pause.as_secs().max(1))));
        }
        tokio::time::sleep(pause).await;
    }
}

/// However soon it may go on, not at once.
const LEAST: Duration = Duration::from_millis(100);

pub(super) fn bar(documents: usize) -> ProgressBar {
    if coloured(&std::io::stderr()) { files::bar(documents) } else { ProgressBar::hidden() }
}
