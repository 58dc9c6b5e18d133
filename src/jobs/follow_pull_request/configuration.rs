//! Which settings are in force, and what is wrong with those that are not.

use super::{Changed, Following};
use crate::{
    github::graphql::{LoadedDocument, PullRequestState, Revision},
    ids::RepositoryName,
    jobs::Stop,
    plan::Problem,
    review::Policy,
    settings::{self, Settings, When},
    store::LastGoodConfiguration,
    text::Lines,
};

impl Following<'_> {
    /// The configuration in force: the default branch's, else the owner's, else the defaults; where the newest has
    /// problems, the last one without, and what the problems are.
    pub(super) async fn settings(&self) -> Result<(Settings, Vec<Problem>), Stop> {
        let store = &self.worker.store;
        let repository = self.loaded.repository.id;
        let Some(file) = self.loaded.configuration.as_ref().or(self.loaded.owner_configuration.as_ref()) else {
            return Ok((Settings::default(), Vec::new()));
        };
        let last_good = store.last_good_configuration(repository).await?;
        if let Some(good) = &last_good
            && good.blob == file.oid
            && let Ok(settings) = settings::parse(&good.text)
        {
            let notes = not_in_force(&settings, &file.repository);
            return Ok((settings, notes));
        }
        let text = String::from_utf8_lossy(&file.bytes);
        match settings::parse(&text) {
            Ok(settings) => {
                let good = LastGoodConfiguration { blob: file.oid.clone(), text: text.into_owned() };
                store.save_configuration(repository, &good, self.worker.now()).await?;
                let notes = not_in_force(&settings, &file.repository);
                Ok((settings, notes))
            }
            Err(problems) => {
                let in_force = last_good.and_then(|good| settings::parse(&good.text).ok());
                let stays = if in_force.is_some() {
                    "The last one without problems stays in force."
                } else {
                    "The defaults stay in force."
                };
                let notes = problems.0.into_iter().map(|problem| Problem {
                    lines: None,
                    message: format!("`{}` in {}: {problem}", settings::PATH, file.repository),
                    help: stays.to_owned(),
                });
                Ok((in_force.unwrap_or_default(), notes.collect()))
            }
        }
    }

    /// What is wrong with the configuration that an open pull request brings.
    pub(super) async fn proposed_configuration(&self, changed: &[Changed]) -> Result<Vec<Problem>, Stop> {
        let pull = &self.loaded.pull_request;
        if pull.state != PullRequestState::Open || !changed.iter().any(|file| file.path == settings::PATH) {
            return Ok(Vec::new());
        }
        let at = [Revision { commit: pull.head.clone(), path: settings::PATH.to_owned() }];
        let loaded = self.installation.load_documents(&self.loaded.repository.name, &at).await?;
        let Some(LoadedDocument::Found { bytes, .. }) = loaded.into_iter().next().transpose()? else { return Ok(Vec::new()) };
        let (settings, mut problems) = settings::draft(&String::from_utf8_lossy(&bytes));
        problems.extend(Policy::new(&settings.review).1);
        problems.sort_by_key(|problem| (problem.line, problem.column));
        let problems = problems.into_iter().map(|problem| Problem {
            lines: Some(Lines { first: problem.line, last: problem.end_line }),
            message: format!("`{}`, column {}: {}", settings::PATH, problem.column, problem.message),
            help: problem.help.unwrap_or_default(),
        });
        Ok(problems.collect())
    }
}

/// Settings that this version does not act upon: said, so that nobody relies on them. A rule that there is not has no level;
/// everything else stays in force, because issues should not open elsewhere for it.
fn not_in_force(settings: &Settings, home: &RepositoryName) -> Vec<Problem> {
    let set = [
        ("file.when", settings.file.when != When::Merged, "Issues open on merge."),
        ("file.milestone", settings.file.milestone.is_some(), "Issues open without a milestone."),
        ("file.tracking_issue", settings.file.tracking_issue, "Issues open without a parent."),
        ("routes", !settings.routes.is_empty(), "All issues open in one repository."),
    ];
    let problem = |(key, _, instead): (&str, bool, &str)| Problem {
        lines: None,
        message: format!("`{key}` has no effect in this version. {instead}"),
        help: String::new(),
    };
    let unknown = Policy::new(&settings.review).1.into_iter().map(|problem| Problem {
        lines: None,
        message: format!("`{}` in {home}: {problem}", settings::PATH),
        help: "The other settings are in force.".to_owned(),
    });
    set.into_iter().filter(|(_, set, _)| *set).map(problem).chain(unknown).collect()
}
