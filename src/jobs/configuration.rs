//! Which settings are in force, and what is wrong with those that are not.

use super::{Stop, Worker};
use crate::{
    github::graphql::ConfigurationFile,
    ids::{RepositoryId, RepositoryName},
    plan::Problem,
    review::Policy,
    settings::{self, Settings},
    store::LastGoodConfiguration,
};

/// The configuration in force: `file`, which is the default branch's or else the owner's, else the defaults; where that has
/// problems, the last one without, and what the problems are.
pub(super) async fn settings(
    worker: &Worker,
    repository: RepositoryId,
    file: Option<&ConfigurationFile>,
) -> Result<(Settings, Vec<Problem>), Stop> {
    let store = &worker.store;
    let Some(file) = file else { return Ok((Settings::default(), Vec::new())) };
    let last_good = store.last_good_configuration(repository).await?;
    if let Some(good) = &last_good
        && good.blob == file.oid
        && let Ok(settings) = settings::parse(&good.text)
    {
        let notes = unknown_rules(&settings, &file.repository);
        return Ok((settings, notes));
    }
    let text = String::from_utf8_lossy(&file.bytes);
    match settings::parse(&text) {
        Ok(settings) => {
            let good = LastGoodConfiguration { blob: file.oid.clone(), text: text.into_owned() };
            store.save_configuration(repository, &good, worker.now()).await?;
            let notes = unknown_rules(&settings, &file.repository);
            Ok((settings, notes))
        }
        Err(problems) => {
            let in_force = last_good.and_then(|good| settings::parse(&good.text).ok());
            let stays =
                if in_force.is_some() { "The last one without problems stays in force." } else { "The defaults stay in force." };
            let notes = problems.0.into_iter().map(|problem| Problem {
                lines: None,
                message: format!("`{}` in {}: {problem}", settings::PATH, file.repository),
                help: stays.to_owned(),
            });
            Ok((in_force.unwrap_or_default(), notes.collect()))
        }
    }
}

/// A rule that there is not has no level; everything else stays in force, because issues should not open elsewhere for it.
fn unknown_rules(settings: &Settings, home: &RepositoryName) -> Vec<Problem> {
    let unknown = Policy::new(settings).1.into_iter().map(|problem| Problem {
        lines: None,
        message: format!("`{}` in {home}: {problem}", settings::PATH),
        help: "The other settings are in force.".to_owned(),
    });
    unknown.collect()
}
