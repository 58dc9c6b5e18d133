//! Whether a link to an issue of another repository is followed.
//!
//! The App sees every repository that it is installed on, whoever writes documents does not. Following a link shows the
//! issue's title and state on the pull request, and merging comments on it and closes it: so a link counts only where the
//! people of the document may see the issue themselves. To everybody else it looks like one to an issue that does not exist.

use std::collections::HashMap;

use crate::{
    github::{
        self, Installation,
        graphql::{self, ReferredIssue},
    },
    ids::{DocumentKey, RepositoryId},
    plan::marker,
};

/// What one person may see.
pub(in crate::jobs) struct Sight<'a> {
    pub installation: &'a Installation,
    /// Where the document lives.
    pub home: &'a graphql::Repository,
    /// `None`: the document is on the default branch without a pull request, so that somebody who may write to `home` put it
    /// there.
    pub login: Option<&'a str>,
    asked: HashMap<RepositoryId, bool>,
}

impl<'a> Sight<'a> {
    pub fn new(installation: &'a Installation, home: &'a graphql::Repository, login: Option<&'a str>) -> Self {
        Self { installation, home, login, asked: HashMap::new() }
    }

    /// Whether a link to `issue` is followed. An issue that carries the marker of `document` is the document's own.
    pub async fn reaches(&mut self, issue: &ReferredIssue, document: Option<&DocumentKey>) -> Result<bool, github::Error> {
        if !issue.private || issue.repository_id == self.home.id {
            return Ok(true);
        }
        if document.is_some_and(|key| marker::parse(&issue.body).is_some_and(|marker| marker.document == *key)) {
            return Ok(true);
        }
        // Everybody reads a public repository's pull requests.
        if !self.home.private {
            return Ok(false);
        }
        let Some(login) = self.login else { return Ok(true) };
        if let Some(known) = self.asked.get(&issue.repository_id) {
            return Ok(*known);
        }
        let may = self.installation.load_permission(&issue.issue.repository, login).await?.can_read();
        self.asked.insert(issue.repository_id, may);
        Ok(may)
    }
}
