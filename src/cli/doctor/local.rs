//! What is here: the settings, the database, and what waits in it.

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::{super::serve::chain, Findings};
use crate::{
    jobs::{self, queue::Queue},
    render::doctor::{Area, Finding, Level},
    server::settings::Draft,
    store::{self, Condition, Store},
};

/// Deliveries usually wait for less than a second.
const LONG_PENDING_SECONDS: i64 = 600;
/// Failures that are told one by one.
const FAILURES: u32 = 20;

pub(super) fn settings(draft: &Draft, findings: &mut Findings) {
    for problem in &draft.problems {
        findings.push(
            Finding::new(Area::Settings, "settings", Level::Error, problem).why("`followthrough serve` does not start with it."),
        );
    }
    let nothing = draft.app_id.is_none() && draft.private_key.is_none() && draft.webhook_secrets.is_none();
    if nothing {
        findings.push(
            Finding::new(Area::Settings, "no-app", Level::Error, "There is no GitHub App yet, as far as the settings say.")
                .why("Followthrough works as a GitHub App of your own: it needs the App's id, private key and webhook secret.")
                .help(
                    "Run `followthrough setup`: it registers the App with the least permissions and writes the file that `serve --config` \
                     reads. If you have that file, give it here, too: `followthrough doctor --config FILE`.",
                ),
        );
    }
    if draft.problems.is_empty() {
        findings.ok(Area::Settings, "settings", "Everything that `serve` needs is set.");
    }
}

pub(super) async fn store(draft: &Draft, findings: &mut Findings) {
    let Some(url) = &draft.database_url else { return };
    let url = url.expose_secret();
    match store::examine(url).await {
        Ok(Condition::Ready) => {}
        Ok(Condition::Absent(path)) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let message = match folder {
                Some(folder) if !folder.exists() => {
                    format!("There is no database yet; `serve` will make {} and its folder.", path.display())
                }
                _ => format!("There is no database yet; `serve` will make {}.", path.display()),
            };
            findings.push(Finding::new(Area::Store, "store", Level::Note, message));
            return;
        }
        Ok(Condition::Behind(missing)) => {
            let message = format!("The database opens; {missing} of this version's migrations are not done yet.");
            let finding = Finding::new(Area::Store, "migrations", Level::Note, message);
            findings.push(finding.help("Nothing by hand: `serve` does them when it starts."));
            return;
        }
        Ok(Condition::ReadOnly(why)) => {
            let finding = Finding::new(Area::Store, "writable", Level::Error, format!("The database cannot be written: {why}."));
            findings.push(
                finding
                    .why("A webhook is answered with 202 only once it is on disk, so every delivery fails.")
                    .help("Give the user that runs `serve` the right to write the database and, for SQLite, its folder; check for a full disk."),
            );
            return;
        }
        Err(error) => {
            let finding = Finding::new(Area::Store, "store", Level::Error, format!("{}.", sentence(&chain(error))));
            findings.push(
                finding
                    .why("`followthrough serve` does not start without its database.")
                    .help("Check DATABASE_URL, that the database runs, and who may open it."),
            );
            return;
        }
    }
    match Store::open(url).await {
        Ok(store) => {
            findings.ok(
                Area::Store,
                "store",
                format!("{} opens, every migration is done, and it can be written.", store.database()),
            );
            if let Err(error) = queue(&store, findings).await {
                let finding = Finding::new(Area::Queue, "queue", Level::Error, format!("{}.", sentence(&chain(error))));
                findings.push(finding.help("Run `followthrough doctor` again; if it stays, check the database."));
            }
            store.close().await;
        }
        Err(error) => findings.push(Finding::new(Area::Store, "store", Level::Error, format!("{}.", sentence(&chain(error))))),
    }
}

async fn queue(store: &Store, findings: &mut Findings) -> Result<(), store::Error> {
    let now = Timestamp::now();
    let deliveries = store.delivery_counts().await?;
    let jobs = Queue::open(store, jobs::KINDS).counts(now).await?;
    let waiting = format!(
        "{} deliveries and {} jobs wait, {} jobs are running, {} are set for later.",
        deliveries.pending, jobs.due, jobs.running, jobs.scheduled
    );
    let oldest = deliveries.oldest_pending.map(|at| now.as_second() - at.as_second());
    match oldest.filter(|&age| age > LONG_PENDING_SECONDS) {
        Some(age) => findings.push(
            Finding::new(
                Area::Queue,
                "waiting",
                Level::Warning,
                format!("{waiting} The oldest delivery waits for {} minutes.", age / 60),
            )
            .why("What GitHub told has had no effect yet.")
            .help("Check that `followthrough serve` runs on this database, and its log."),
        ),
        None => findings.ok(Area::Queue, "waiting", waiting),
    }
    if deliveries.failed > 0 {
        let message = format!("{} deliveries could not be handled and are not tried again.", deliveries.failed);
        findings.push(
            Finding::new(Area::Queue, "failed-deliveries", Level::Warning, message)
                .why("What they told may be missing: an issue, a comment, a tick.")
                .help("Redeliver them on the App's page under Advanced; the same delivery is then taken up again."),
        );
    }
    let failures = store.list_failures(FAILURES).await?;
    for failure in &failures {
        let level = if failure.permanent { Level::Error } else { Level::Warning };
        let goes_on = if failure.permanent { "It is not tried again." } else { "It is tried again." };
        let since = failure.since.strftime("%Y-%m-%d %H:%M");
        let message =
            format!("{} (since {since} UTC, {} times). {goes_on}", sentence(failure.what.trim_end_matches('.')), failure.times);
        findings.push(
            Finding::new(Area::Queue, "failing", level, message)
                .about(&failure.key)
                .help("Do what the reason says, then push, comment or redeliver: the work begins anew."),
        );
    }
    if failures.is_empty() {
        findings.ok(Area::Queue, "failing", "Nothing is failing.");
    }
    Ok(())
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
