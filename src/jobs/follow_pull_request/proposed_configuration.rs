//! What is wrong with the configuration that an open pull request brings.

use super::{Changed, Following};
use crate::{
    github::graphql::{LoadedDocument, PullRequestState, Revision},
    jobs::Stop,
    plan::Problem,
    review::Policy,
    settings,
    text::Lines,
};

impl Following<'_> {
    /// What is wrong with the configuration that an open pull request brings.
    pub(super) async fn proposed_configuration(&self, changed: &[Changed]) -> Result<Vec<Problem>, Stop> {
        let pull = &self.loaded.pull_request;
        if pull.state != PullRequestState::Open || !changed.iter().any(|file| file.path == settings::PATH) {
            return Ok(Vec::new());
        }
        let at = [Revision { commit: pull.head.clone(), path: settings::PATH.to_owned() }];
        let loaded = self.installation.load_documents(&self.loaded.repository.name, &at).await?;
        let unreadable = |why: &str| {
            let message = format!("`{}` {why}.", settings::PATH);
            Ok(vec![Problem { lines: None, message, help: "Write it as YAML.".to_owned() }])
        };
        let bytes = match loaded.into_iter().next().transpose()? {
            Some(LoadedDocument::Found { bytes, .. }) => bytes,
            Some(LoadedDocument::Binary) => return unreadable("is no text"),
            Some(LoadedDocument::TooLarge { .. }) => return unreadable("is too large"),
            Some(LoadedDocument::Missing) | None => return Ok(Vec::new()),
        };
        let (settings, mut problems) = settings::draft(&String::from_utf8_lossy(&bytes));
        problems.extend(Policy::new(&settings).1);
        problems.sort_by_key(|problem| (problem.line, problem.column));
        let problems = problems.into_iter().map(|problem| Problem {
            lines: Some(Lines { first: problem.line, last: problem.end_line }),
            message: format!("`{}`, column {}: {}", settings::PATH, problem.column, problem.message),
            help: problem.help.unwrap_or_default(),
        });
        Ok(problems.collect())
    }
}
