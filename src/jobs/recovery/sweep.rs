//! Looks for what GitHub never said: events that are not in the delivery log, because they were never attempted or because
//! the log does not reach back so far.
//!
//! For every repository of every installation, the time of each pull request's last change or merge is compared with when
//! somebody last looked at it, and the default branch's head with the last push that was heard of. What was missed is
//! marked, and the ordinary jobs do it. One request per hundred repositories and one per twenty of them, a few times a day.
//!
//! What happened before a repository was first seen is not missed: it belongs to `backfill`. So the first sweep over a
//! repository only remembers where it stands.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::read_time;
use crate::{
    github::{
        self,
        graphql::{Activity, ActivityQuery, REPOSITORIES_PER_REQUEST, RecentPullRequest},
    },
    ids::{CommitSha, InstallationId, RepositoryId, RepositoryName},
    jobs::{Stop, Worker, dispatch::EVERYTHING, documents::leased},
    settings,
    store::{Installation, InstallationState, WorkKey, WorkKind},
};

/// How often everything is compared.
const EVERY: SignedDuration = SignedDuration::from_hours(6);
const LEASE: &str = "repair sweep";
const CURSOR: &str = "repair sweep";
/// GitHub's clock and ours differ by less.
const SKEW: SignedDuration = SignedDuration::from_mins(2);
/// The App's own comment changes a pull request, too, this long after it was heard of at most. A merge is told from that.
const ECHO: SignedDuration = SignedDuration::from_mins(10);
/// Requests for further pull requests of one repository.
const MOST_PAGES: usize = 20;
/// Repositories that are asked for at once.
const AT_ONCE: usize = REPOSITORIES_PER_REQUEST;

/// What a sweep came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sweep {
    pub repositories: usize,
    /// Pull requests and branches that somebody looks at again.
    pub missed: usize,
}

/// A repository on its way through a sweep.
struct Place {
    installation: InstallationId,
    id: RepositoryId,
    name: RepositoryName,
    /// Up to when it was swept; `None`: never seen.
    since: Option<Timestamp>,
    after: Option<String>,
    pages: usize,
}

/// The name of the cursor that says up to when a repository was swept.
fn swept(repository: RepositoryId) -> String {
    format!("swept {repository}")
}

/// The name of the cursor that holds the default branch's head after the last push that was heard of.
fn head(repository: RepositoryId) -> String {
    format!("head {repository}")
}

/// Whether a pull request did something that nobody heard of. `looked`: when somebody was last told to look at it.
fn is_missed(pull: &RecentPullRequest, since: Timestamp, looked: Option<Timestamp>) -> bool {
    match pull.merged_at {
        Some(merged) => merged >= since && looked.is_none_or(|looked| looked < merged),
        None => pull.updated_at >= since && looked.is_none_or(|looked| looked + ECHO < pull.updated_at),
    }
}

impl Worker {
    /// Sweeps when the last sweep is six hours ago or, `at_once`, now. `None` when it was not time yet.
    ///
    /// # Errors
    ///
    /// [`Stop::Busy`] while another process sweeps. After any other error the next sweep begins anew; what this one has
    /// found is marked.
    pub async fn sweep_when_due(&self, at_once: bool) -> Result<Option<Sweep>, Stop> {
        let due = async || -> Result<bool, Stop> {
            let last = read_time(self.store.cursor(CURSOR).await?)?;
            Ok(at_once || last.is_none_or(|last| self.now().duration_since(last) >= EVERY))
        };
        if !due().await? {
            return Ok(None);
        }
        leased(self, LEASE.to_owned(), async |_| {
            // Another process may have done it meanwhile.
            if !due().await? {
                return Ok(None);
            }
            let sweep = self.sweep().await?;
            self.store.set_cursor(CURSOR, &self.now().to_string(), self.now()).await?;
            Ok(Some(sweep))
        })
        .await
    }

    /// The default branch of a repository is at `commit`, and what led there was heard of.
    pub(in crate::jobs) async fn remember_head(
        &self,
        repository: RepositoryId,
        commit: &CommitSha,
    ) -> Result<(), crate::store::Error> {
        self.store.set_cursor(&head(repository), commit.as_str(), self.now()).await
    }

    async fn sweep(&self) -> Result<Sweep, Stop> {
        let mut sweep = Sweep::default();
        let mut stopped = None;
        for installation in self.github.list_installations().await? {
            if installation.suspended {
                continue;
            }
            if self.store.installation(installation.id).await?.is_none() {
                let (id, account) = (installation.id, installation.account);
                let found = Installation { id, account, state: InstallationState::Active, updated_at: self.now() };
                self.store.record_installation(&found).await?;
            }
            match self.sweep_installation(installation.id, &mut sweep).await {
                Ok(()) => {}
                Err(Stop::GitHub(error)) if error.is_permanent() => {
                    tracing::info!(installation = installation.id.0, %error, "an installation cannot be looked through");
                }
                // One that has to wait does not keep the others.
                Err(Stop::GitHub(error)) => stopped = Some(error),
                Err(stop) => return Err(stop),
            }
        }
        metrics::counter!("followthrough_recovery_swept_repositories_total").increment(sweep.repositories as u64);
        metrics::counter!("followthrough_recovery_missed_total").increment(sweep.missed as u64);
        match stopped {
            Some(error) => Err(error.into()),
            None => Ok(sweep),
        }
    }

    async fn sweep_installation(&self, installation: InstallationId, sweep: &mut Sweep) -> Result<(), Stop> {
        let view = self.github.installation(installation);
        let mut places = VecDeque::new();
        for found in view.list_repositories().await?.into_iter().filter(|found| !found.archived) {
            let since = read_time(self.store.cursor(&swept(found.id)).await?)?;
            places.push_back(Place { installation, id: found.id, name: found.name, since, after: None, pages: 0 });
        }
        sweep.repositories += places.len();
        while !places.is_empty() {
            let began = self.now();
            let batch: Vec<Place> = places.drain(..places.len().min(AT_ONCE)).collect();
            let queries: Vec<ActivityQuery> =
                batch.iter().map(|place| ActivityQuery { repository: place.name.clone(), after: place.after.clone() }).collect();
            for (place, activity) in batch.into_iter().zip(view.load_recent_activity(&queries).await?) {
                match activity {
                    Ok(activity) => places.extend(self.compare(&view, place, activity, began, sweep).await?),
                    Err(error) if error.is_permanent() => {
                        tracing::info!(repository = %place.name, %error, "a repository cannot be looked through");
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Marks what was missed in a repository; gives it back when there is more to ask.
    async fn compare(
        &self,
        view: &github::Installation,
        mut place: Place,
        activity: Activity,
        began: Timestamp,
        sweep: &mut Sweep,
    ) -> Result<Option<Place>, Stop> {
        let key = |kind| WorkKey { installation: place.installation, repository: place.id, name: place.name.clone(), kind };
        if let Some(since) = place.since {
            for pull in &activity.pull_requests {
                let key = key(WorkKind::PullRequest(pull.number));
                if is_missed(pull, since, self.store.marked_at(&key).await?) {
                    tracing::info!(repository = %place.name, pull = pull.number.0, "nobody had heard of a change; it is looked at now");
                    self.look_again(key).await?;
                    sweep.missed += 1;
                }
            }
            let reached = activity.pull_requests.last().is_none_or(|oldest| oldest.updated_at < since);
            if !reached && activity.next.is_some() && place.pages < MOST_PAGES {
                (place.after, place.pages) = (activity.next, place.pages + 1);
                return Ok(Some(place));
            }
        }
        if let Some(now) = &activity.head {
            let known = self.store.cursor(&head(place.id)).await?.map(CommitSha);
            if let Some(known) = known.filter(|known| known != now && place.since.is_some())
                && self.record_missed_push(view, &place, &known, now).await?
            {
                tracing::info!(repository = %place.name, "nobody had heard of a push; it is looked at now");
                self.look_again(key(WorkKind::DefaultBranch)).await?;
                sweep.missed += 1;
            }
            self.remember_head(place.id, now).await?;
        }
        // What is said of this moment may still be on its way here.
        let until = place.since.map_or(began, |since| since.max(began - SKEW));
        self.store.set_cursor(&swept(place.id), &until.to_string(), self.now()).await?;
        Ok(None)
    }

    /// Notes the documents that pushes from `known` to `now` touched; gives whether there are any.
    async fn record_missed_push(
        &self,
        view: &github::Installation,
        place: &Place,
        known: &CommitSha,
        now: &CommitSha,
    ) -> Result<bool, Stop> {
        let mut paths: Vec<String> = match view.compare(&place.name, known, now).await {
            Ok(compared) => {
                let all = compared.files_cut || compared.behind_by > 0;
                let files = compared.files.into_iter().flat_map(|file| [Some(file.path), file.previous_path]).flatten();
                files.filter(|path| settings::is_markdown(path)).chain(all.then(|| EVERYTHING.to_owned())).collect()
            }
            // History was rewritten.
            Err(github::Error::NotFound { .. }) => vec![EVERYTHING.to_owned()],
            Err(error) => return Err(error.into()),
        };
        paths.sort();
        paths.dedup();
        if !paths.is_empty() {
            self.store.record_pushed(place.id, known, &paths).await?;
        }
        Ok(!paths.is_empty())
    }
}

/// How soon a sweep that failed is tried again.
pub(super) const AGAIN: SignedDuration = SignedDuration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::IssueNumber;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minute).expect("in range")
    }

    #[test]
    fn a_change_is_missed_when_nobody_was_told_to_look_since() {
        let pull = |updated, merged: Option<i64>| RecentPullRequest {
            number: IssueNumber(1),
            updated_at: at(updated),
            merged_at: merged.map(at),
        };
        for (what, updated, merged, looked, missed) in [
            ("never looked at", 100, None, None, true),
            ("looked at since", 100, None, Some(101), false),
            ("changed by our own comment", 105, None, Some(100), false),
            ("changed much later", 120, None, Some(100), true),
            ("changed before it was first seen", 40, None, None, false),
            ("merged", 100, Some(100), Some(90), true),
            ("merged and heard of", 130, Some(100), Some(100), false),
            ("merged soon after it was looked at", 100, Some(100), Some(95), true),
            ("merged before it was first seen, and commented on since", 100, Some(40), None, false),
        ] {
            assert_eq!(is_missed(&pull(updated, merged), at(50), looked.map(at)), missed, "{what}");
        }
    }
}
