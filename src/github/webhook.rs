//! What GitHub tells, as past facts.
//!
//! A delivery only ever means "look again", so only what is needed to know where to look is read. Payloads grow and
//! differ: fields and actions that are not known are passed over, fields that may be null are treated so, and an event
//! that Followthrough has no use for is [`Event::Ignored`]. Only called with a body whose signature is good; still nothing
//! in it is trusted beyond its type.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::rest::Verdict;
use crate::ids::{CommitSha, InstallationId, IssueNumber, NodeId, RepositoryId, RepositoryName};

/// Something that happened at GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    PullRequest(PullRequestEvent),
    PullRequestReview(PullRequestReviewEvent),
    Installation(InstallationEvent),
    InstallationRepositories(InstallationRepositoriesEvent),
    Issues(IssuesEvent),
    IssueComment(IssueCommentEvent),
    /// A person asked for a check to run again, for one run or a whole suite.
    CheckRerequested(CheckRerequestedEvent),
    Push(PushEvent),
    ProjectsV2Item(ProjectsV2ItemEvent),
    /// A repository got another name, owner or state.
    Repository(RepositoryEvent),
    Ping,
    /// Nothing to do; why, in words for a log.
    Ignored {
        reason: &'static str,
    },
}

impl Event {
    /// The installation that it concerns, where it concerns one.
    pub fn installation(&self) -> Option<InstallationId> {
        match self {
            Self::PullRequest(event) => Some(event.installation),
            Self::PullRequestReview(event) => Some(event.installation),
            Self::Installation(event) => Some(event.installation),
            Self::InstallationRepositories(event) => Some(event.installation),
            Self::Issues(event) => Some(event.installation),
            Self::IssueComment(event) => Some(event.installation),
            Self::CheckRerequested(event) => Some(event.installation),
            Self::Push(event) => Some(event.installation),
            Self::ProjectsV2Item(event) => Some(event.installation),
            Self::Repository(event) => Some(event.installation),
            Self::Ping | Self::Ignored { .. } => None,
        }
    }
}

/// Where it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRepository {
    pub id: RepositoryId,
    pub name: RepositoryName,
    /// Missing in the short form that installation events use.
    pub default_branch: Option<String>,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSender {
    pub login: String,
    pub bot: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestEvent {
    /// `opened`, `synchronize`, `closed` and so on, as GitHub says.
    pub action: String,
    pub installation: InstallationId,
    pub repository: EventRepository,
    pub number: IssueNumber,
    pub merged: bool,
    pub draft: bool,
    pub head: CommitSha,
    pub head_branch: String,
    /// Where the head lies; `None` when the fork was deleted.
    pub head_repository: Option<RepositoryId>,
    pub base_branch: String,
    /// Who opened it.
    pub author: Option<EventSender>,
    pub sender: Option<EventSender>,
}

/// A review was submitted, edited or dismissed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestReviewEvent {
    /// `submitted`, `edited`, `dismissed`.
    pub action: String,
    pub installation: InstallationId,
    pub repository: EventRepository,
    pub number: IssueNumber,
    pub verdict: Verdict,
    /// What was reviewed, which need not be the head any more.
    pub commit: Option<CommitSha>,
    /// Who reviewed.
    pub author: Option<EventSender>,
    pub sender: Option<EventSender>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationEvent {
    /// `created`, `deleted`, `suspend`, `unsuspend`, `new_permissions_accepted`.
    pub action: String,
    pub installation: InstallationId,
    /// The account that it is installed on.
    pub account: Option<String>,
    pub repositories: Vec<EventRepository>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationRepositoriesEvent {
    pub installation: InstallationId,
    pub added: Vec<EventRepository>,
    pub removed: Vec<EventRepository>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuesEvent {
    pub action: String,
    pub installation: InstallationId,
    pub repository: EventRepository,
    pub number: IssueNumber,
    pub node_id: NodeId,
    pub title: String,
    pub body: String,
    pub open: bool,
    pub state_reason: Option<String>,
    /// GitHub delivers in any order: the newer of two payloads has the later time.
    pub updated_at: Option<Timestamp>,
    /// Who was assigned or unassigned.
    pub assignee: Option<String>,
    /// The title before it was edited.
    pub title_was: Option<String>,
    /// Whether the body was edited.
    pub body_edited: bool,
    /// Where it was transferred to.
    pub moved_to: Option<Box<MovedIssue>>,
    /// Where it was transferred from; the action is `opened` then.
    pub moved_from: Option<Box<MovedIssue>>,
    pub sender: Option<EventSender>,
}

/// The other end of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedIssue {
    pub repository: EventRepository,
    pub number: IssueNumber,
    pub node_id: Option<NodeId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueCommentEvent {
    pub action: String,
    pub installation: InstallationId,
    pub repository: EventRepository,
    pub number: IssueNumber,
    pub on_pull_request: bool,
    pub comment: u64,
    pub comment_node: Option<NodeId>,
    pub body: String,
    /// Who wrote it.
    pub author: Option<EventSender>,
    /// Who wrote, edited or deleted it now: a person with write access may edit what someone else wrote.
    pub sender: Option<EventSender>,
    /// `OWNER`, `MEMBER`, `COLLABORATOR`, `CONTRIBUTOR`, `NONE` and so on; a hint, not a permission.
    pub association: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRerequestedEvent {
    pub installation: InstallationId,
    pub repository: EventRepository,
    pub head: CommitSha,
    /// Of the run; `None` for a suite.
    pub external_id: Option<String>,
    /// Empty for forks.
    pub pull_requests: Vec<IssueNumber>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushEvent {
    pub installation: InstallationId,
    pub repository: EventRepository,
    /// `refs/heads/…` or `refs/tags/…`.
    pub git_ref: String,
    pub before: CommitSha,
    pub after: CommitSha,
    pub created: bool,
    pub deleted: bool,
    pub forced: bool,
    /// What was pushed, oldest first, as far as the payload lists it.
    pub commits: Vec<PushedCommit>,
    pub sender: Option<EventSender>,
    /// Paths added, changed or removed, as far as the payload lists commits (at most 2048), each once.
    pub touched: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedCommit {
    pub id: CommitSha,
    /// The author's login, where GitHub knows the account.
    pub author: Option<String>,
}

impl PushEvent {
    pub fn on_default_branch(&self) -> bool {
        let branch = self.git_ref.strip_prefix("refs/heads/");
        branch.is_some() && branch == self.repository.default_branch.as_deref()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectsV2ItemEvent {
    pub action: String,
    pub installation: InstallationId,
    pub item: NodeId,
    pub project: NodeId,
    /// The issue, or what else is on the board there.
    pub content: Option<NodeId>,
    /// `Issue`, `PullRequest`, `DraftIssue`.
    pub content_type: String,
    /// The field that was edited, where GitHub says so.
    pub field: Option<EditedField>,
    pub updated_at: Option<Timestamp>,
    pub sender: Option<EventSender>,
}

/// A field of a board's item, as an event tells of its change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedField {
    pub id: NodeId,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryEvent {
    /// `renamed`, `transferred`, `archived`, `deleted` and so on, as GitHub says.
    pub action: String,
    pub installation: InstallationId,
    /// As it is called now.
    pub repository: EventRepository,
    /// What it was called before it was renamed or transferred.
    pub former_name: Option<RepositoryName>,
    pub sender: Option<EventSender>,
}

/// The body of a delivery is not what its event promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error("the body is not a JSON object")]
    NotJson,
    /// What is missing, without quoting the payload.
    #[error("the payload of `{event}` does not have what it needs")]
    Incomplete { event: &'static str },
}

/// The events that can lead to work, each with its actions; one without actions counts in any case.
pub const HANDLED: &[(&str, &[&str])] = &[
    ("pull_request", &["opened", "synchronize", "reopened", "ready_for_review", "converted_to_draft", "edited", "closed"]),
    ("pull_request_review", &["submitted", "edited", "dismissed"]),
    ("issues", &["opened", "closed", "reopened", "edited", "assigned", "unassigned", "transferred", "deleted"]),
    ("issue_comment", &["created"]),
    ("push", &[]),
    ("projects_v2_item", &["edited", "archived", "restored", "deleted", "created"]),
    ("check_run", &["rerequested"]),
    ("check_suite", &["rerequested"]),
    ("installation", &[]),
    ("installation_repositories", &[]),
];

/// Whether a delivery of `event` with this `action` can lead to work; what cannot is not even stored.
pub fn is_handled(event: &str, action: Option<&str>) -> bool {
    let known = HANDLED.iter().find(|(name, _)| *name == event);
    known.is_some_and(|(_, actions)| actions.is_empty() || action.is_some_and(|action| actions.contains(&action)))
}

/// Reads the body of a delivery of `event`, the value of `X-GitHub-Event`.
pub fn parse(event: &str, body: &[u8]) -> Result<Event, PayloadError> {
    match event {
        "pull_request" => read("pull_request", body, PullRequestWire::into_event),
        "pull_request_review" => read("pull_request_review", body, PullRequestReviewWire::into_event),
        "repository" => read("repository", body, RepositoryEventWire::into_event),
        "installation" => read("installation", body, InstallationWire::into_event),
        "installation_repositories" => read("installation_repositories", body, InstallationRepositoriesWire::into_event),
        "issues" => read("issues", body, IssuesWire::into_event),
        "issue_comment" => read("issue_comment", body, IssueCommentWire::into_event),
        "check_run" => read("check_run", body, CheckRunWire::into_event),
        "check_suite" => read("check_suite", body, CheckSuiteWire::into_event),
        "push" => read("push", body, PushWire::into_event),
        "projects_v2_item" => read("projects_v2_item", body, ProjectsV2ItemWire::into_event),
        "ping" => read("ping", body, |_: serde_json::Map<String, Value>| Event::Ping),
        _ => read("event", body, |_: serde_json::Map<String, Value>| Event::Ignored { reason: "an event that is not handled" }),
    }
}

fn read<W: for<'de> Deserialize<'de>>(
    name: &'static str,
    body: &[u8],
    into: impl FnOnce(W) -> Event,
) -> Result<Event, PayloadError> {
    #[derive(Deserialize)]
    struct Whose {
        installation: Option<serde::de::IgnoredAny>,
    }
    // serde takes an array for a struct's fields in order; GitHub only sends objects.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(PayloadError::NotJson);
    }
    match serde_json::from_slice::<W>(body) {
        Ok(wire) => Ok(into(wire)),
        Err(error) if !error.is_data() => Err(PayloadError::NotJson),
        // Webhooks of a repository or organization have the same events without an installation; no work can be done for
        // them.
        Err(_) => match serde_json::from_slice::<Whose>(body) {
            Ok(Whose { installation: None }) => Ok(Event::Ignored { reason: "not sent for an installation" }),
            Ok(Whose { installation: Some(_) }) => Err(PayloadError::Incomplete { event: name }),
            Err(_) => Err(PayloadError::NotJson),
        },
    }
}

/// A value of which null is as good as none.
fn or_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize)]
struct WithId {
    id: InstallationId,
}

#[derive(Deserialize)]
struct RepositoryWire {
    id: RepositoryId,
    full_name: RepositoryName,
    #[serde(default)]
    default_branch: Option<String>,
}

impl From<RepositoryWire> for EventRepository {
    fn from(wire: RepositoryWire) -> Self {
        Self { id: wire.id, name: wire.full_name, default_branch: wire.default_branch }
    }
}

#[derive(Deserialize)]
struct UserWire {
    login: String,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    kind: String,
}

impl From<UserWire> for EventSender {
    fn from(wire: UserWire) -> Self {
        Self { login: wire.login, bot: wire.kind == "Bot" }
    }
}

#[derive(Deserialize)]
struct PullRequestWire {
    action: String,
    installation: WithId,
    repository: RepositoryWire,
    pull_request: PullRequestPart,
    #[serde(default)]
    sender: Option<UserWire>,
}

#[derive(Deserialize)]
struct PullRequestPart {
    number: IssueNumber,
    #[serde(default, deserialize_with = "or_default")]
    merged: bool,
    #[serde(default, deserialize_with = "or_default")]
    draft: bool,
    head: HeadPart,
    base: BasePart,
    #[serde(default)]
    user: Option<UserWire>,
}

#[derive(Deserialize)]
struct HeadPart {
    sha: CommitSha,
    #[serde(default, rename = "ref", deserialize_with = "or_default")]
    branch: String,
    #[serde(default)]
    repo: Option<IdPart>,
}

#[derive(Deserialize)]
struct IdPart {
    id: RepositoryId,
}

#[derive(Deserialize)]
struct BasePart {
    #[serde(rename = "ref")]
    branch: String,
}

impl PullRequestWire {
    fn into_event(self) -> Event {
        Event::PullRequest(PullRequestEvent {
            action: self.action,
            installation: self.installation.id,
            repository: self.repository.into(),
            number: self.pull_request.number,
            merged: self.pull_request.merged,
            draft: self.pull_request.draft,
            head: self.pull_request.head.sha,
            head_branch: self.pull_request.head.branch,
            head_repository: self.pull_request.head.repo.map(|repository| repository.id),
            base_branch: self.pull_request.base.branch,
            author: self.pull_request.user.map(EventSender::from),
            sender: self.sender.map(EventSender::from),
        })
    }
}

#[derive(Deserialize)]
struct PullRequestReviewWire {
    action: String,
    installation: WithId,
    repository: RepositoryWire,
    pull_request: NumberPart,
    review: ReviewPart,
    #[serde(default)]
    sender: Option<UserWire>,
}

#[derive(Deserialize)]
struct ReviewPart {
    state: Verdict,
    #[serde(default)]
    commit_id: Option<CommitSha>,
    #[serde(default)]
    user: Option<UserWire>,
}

impl PullRequestReviewWire {
    fn into_event(self) -> Event {
        Event::PullRequestReview(PullRequestReviewEvent {
            action: self.action,
            installation: self.installation.id,
            repository: self.repository.into(),
            number: self.pull_request.number,
            verdict: self.review.state,
            commit: self.review.commit_id,
            author: self.review.user.map(EventSender::from),
            sender: self.sender.map(EventSender::from),
        })
    }
}

#[derive(Deserialize)]
struct RepositoryEventWire {
    action: String,
    installation: WithId,
    repository: RepositoryWire,
    #[serde(default, deserialize_with = "or_default")]
    changes: RepositoryChanges,
    #[serde(default)]
    sender: Option<UserWire>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RepositoryChanges {
    repository: Option<NameChange>,
    owner: Option<OwnerChange>,
}

#[derive(Deserialize)]
struct NameChange {
    name: FromPart,
}

#[derive(Deserialize)]
struct FromPart {
    from: String,
}

#[derive(Deserialize)]
struct OwnerChange {
    from: FormerOwner,
}

#[derive(Deserialize)]
struct FormerOwner {
    #[serde(default)]
    organization: Option<AccountPart>,
    #[serde(default)]
    user: Option<AccountPart>,
}

impl RepositoryEventWire {
    fn into_event(self) -> Event {
        let repository = EventRepository::from(self.repository);
        let name = self.changes.repository.map(|change| change.name.from);
        let owner = self.changes.owner.and_then(|change| change.from.organization.or(change.from.user)?.login);
        let now = &repository.name;
        let former_name = (name.is_some() || owner.is_some())
            .then(|| RepositoryName::new(owner.unwrap_or_else(|| now.owner.clone()), name.unwrap_or_else(|| now.name.clone())));
        Event::Repository(RepositoryEvent {
            action: self.action,
            installation: self.installation.id,
            former_name,
            repository,
            sender: self.sender.map(EventSender::from),
        })
    }
}

#[derive(Deserialize)]
struct InstallationWire {
    action: String,
    installation: InstallationPart,
    #[serde(default, deserialize_with = "or_default")]
    repositories: Vec<RepositoryWire>,
}

#[derive(Deserialize)]
struct InstallationPart {
    id: InstallationId,
    #[serde(default)]
    account: Option<AccountPart>,
}

#[derive(Deserialize)]
struct AccountPart {
    /// Enterprises have a `slug` instead.
    #[serde(default)]
    login: Option<String>,
}

impl InstallationWire {
    fn into_event(self) -> Event {
        Event::Installation(InstallationEvent {
            action: self.action,
            installation: self.installation.id,
            account: self.installation.account.and_then(|account| account.login),
            repositories: self.repositories.into_iter().map(EventRepository::from).collect(),
        })
    }
}

#[derive(Deserialize)]
struct InstallationRepositoriesWire {
    installation: WithId,
    #[serde(default, deserialize_with = "or_default")]
    repositories_added: Vec<RepositoryWire>,
    #[serde(default, deserialize_with = "or_default")]
    repositories_removed: Vec<RepositoryWire>,
}

impl InstallationRepositoriesWire {
    fn into_event(self) -> Event {
        Event::InstallationRepositories(InstallationRepositoriesEvent {
            installation: self.installation.id,
            added: self.repositories_added.into_iter().map(EventRepository::from).collect(),
            removed: self.repositories_removed.into_iter().map(EventRepository::from).collect(),
        })
    }
}

#[derive(Deserialize)]
struct IssuesWire {
    action: String,
    installation: WithId,
    repository: RepositoryWire,
    issue: IssuePart,
    #[serde(default)]
    assignee: Option<UserWire>,
    #[serde(default, deserialize_with = "or_default")]
    changes: IssueChanges,
    #[serde(default)]
    sender: Option<UserWire>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct IssueChanges {
    title: Option<FromPart>,
    body: Option<serde::de::IgnoredAny>,
    new_issue: Option<OtherIssue>,
    new_repository: Option<RepositoryWire>,
    old_issue: Option<OtherIssue>,
    old_repository: Option<RepositoryWire>,
}

#[derive(Deserialize)]
struct OtherIssue {
    number: IssueNumber,
    #[serde(default)]
    node_id: Option<NodeId>,
}

fn moved(issue: Option<OtherIssue>, repository: Option<RepositoryWire>) -> Option<Box<MovedIssue>> {
    let issue = issue?;
    Some(Box::new(MovedIssue { repository: repository?.into(), number: issue.number, node_id: issue.node_id }))
}

#[derive(Deserialize)]
struct IssuePart {
    number: IssueNumber,
    #[serde(default)]
    node_id: Option<NodeId>,
    #[serde(default, deserialize_with = "or_default")]
    title: String,
    #[serde(default, deserialize_with = "or_default")]
    body: String,
    /// Some payloads of `issues` come without it.
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    state_reason: Option<String>,
    #[serde(default)]
    updated_at: Option<Timestamp>,
    #[serde(default)]
    pull_request: Option<serde::de::IgnoredAny>,
}

impl IssuesWire {
    fn into_event(self) -> Event {
        if self.issue.pull_request.is_some() {
            return Event::Ignored { reason: "an issue event of a pull request" };
        }
        Event::Issues(IssuesEvent {
            action: self.action,
            installation: self.installation.id,
            repository: self.repository.into(),
            number: self.issue.number,
            node_id: self.issue.node_id.unwrap_or_else(|| NodeId::new("")),
            title: self.issue.title,
            body: self.issue.body,
            open: self.issue.state.as_deref() != Some("closed"),
            state_reason: self.issue.state_reason,
            updated_at: self.issue.updated_at,
            assignee: self.assignee.map(|who| who.login),
            title_was: self.changes.title.map(|title| title.from),
            body_edited: self.changes.body.is_some(),
            moved_to: moved(self.changes.new_issue, self.changes.new_repository),
            moved_from: moved(self.changes.old_issue, self.changes.old_repository),
            sender: self.sender.map(EventSender::from),
        })
    }
}

#[derive(Deserialize)]
struct IssueCommentWire {
    action: String,
    installation: WithId,
    repository: RepositoryWire,
    issue: IssuePart,
    comment: CommentPart,
    #[serde(default)]
    sender: Option<UserWire>,
}

#[derive(Deserialize)]
struct CommentPart {
    id: u64,
    #[serde(default)]
    node_id: Option<NodeId>,
    #[serde(default, deserialize_with = "or_default")]
    body: String,
    #[serde(default)]
    user: Option<UserWire>,
    #[serde(default, deserialize_with = "or_default")]
    author_association: String,
}

impl IssueCommentWire {
    fn into_event(self) -> Event {
        Event::IssueComment(IssueCommentEvent {
            action: self.action,
            installation: self.installation.id,
            repository: self.repository.into(),
            number: self.issue.number,
            on_pull_request: self.issue.pull_request.is_some(),
            comment: self.comment.id,
            comment_node: self.comment.node_id,
            sender: self.sender.map(EventSender::from),
            body: self.comment.body,
            author: self.comment.user.map(EventSender::from),
            association: self.comment.author_association,
        })
    }
}

#[derive(Deserialize)]
struct NumberPart {
    number: IssueNumber,
}

#[derive(Deserialize)]
struct CheckRunWire {
    action: String,
    installation: WithId,
    repository: RepositoryWire,
    check_run: CheckPart,
}

#[derive(Deserialize)]
struct CheckSuiteWire {
    action: String,
    installation: WithId,
    repository: RepositoryWire,
    check_suite: CheckPart,
}

#[derive(Deserialize)]
struct CheckPart {
    head_sha: CommitSha,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pull_requests: Vec<NumberPart>,
}

impl CheckRunWire {
    fn into_event(self) -> Event {
        rerequested(&self.action, self.installation, self.repository, self.check_run)
    }
}

impl CheckSuiteWire {
    fn into_event(self) -> Event {
        rerequested(&self.action, self.installation, self.repository, self.check_suite)
    }
}

fn rerequested(action: &str, installation: WithId, repository: RepositoryWire, check: CheckPart) -> Event {
    if action != "rerequested" {
        return Event::Ignored { reason: "a check that nobody asked to run again" };
    }
    Event::CheckRerequested(CheckRerequestedEvent {
        installation: installation.id,
        repository: repository.into(),
        head: check.head_sha,
        external_id: check.external_id.filter(|id| !id.is_empty()),
        pull_requests: check.pull_requests.into_iter().map(|pull_request| pull_request.number).collect(),
    })
}

#[derive(Deserialize)]
struct PushWire {
    installation: WithId,
    repository: RepositoryWire,
    #[serde(rename = "ref")]
    git_ref: String,
    before: CommitSha,
    after: CommitSha,
    #[serde(default, deserialize_with = "or_default")]
    created: bool,
    #[serde(default, deserialize_with = "or_default")]
    deleted: bool,
    #[serde(default, deserialize_with = "or_default")]
    forced: bool,
    #[serde(default, deserialize_with = "or_default")]
    commits: Vec<CommitPart>,
    #[serde(default)]
    sender: Option<UserWire>,
}

#[derive(Deserialize)]
struct CommitPart {
    #[serde(default)]
    id: Option<CommitSha>,
    #[serde(default)]
    author: Option<CommitAuthor>,
    #[serde(default, deserialize_with = "or_default")]
    added: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    modified: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    removed: Vec<String>,
}

#[derive(Deserialize)]
struct CommitAuthor {
    #[serde(default)]
    username: Option<String>,
}

impl PushWire {
    fn into_event(self) -> Event {
        let pushed = |commit: &CommitPart| {
            let author = commit.author.as_ref().and_then(|author| author.username.clone());
            Some(PushedCommit { id: commit.id.clone()?, author })
        };
        let commits = self.commits.iter().filter_map(pushed).collect();
        let mut touched: Vec<String> =
            self.commits.into_iter().flat_map(|commit| [commit.added, commit.modified, commit.removed]).flatten().collect();
        touched.sort_unstable();
        touched.dedup();
        Event::Push(PushEvent {
            installation: self.installation.id,
            repository: self.repository.into(),
            git_ref: self.git_ref,
            before: self.before,
            after: self.after,
            created: self.created,
            deleted: self.deleted,
            forced: self.forced,
            commits,
            sender: self.sender.map(EventSender::from),
            touched,
        })
    }
}

#[derive(Deserialize)]
struct ProjectsV2ItemWire {
    action: String,
    installation: WithId,
    projects_v2_item: ItemPart,
    #[serde(default, deserialize_with = "or_default")]
    changes: ItemChanges,
    #[serde(default)]
    sender: Option<UserWire>,
}

#[derive(Deserialize)]
struct ItemPart {
    node_id: NodeId,
    project_node_id: NodeId,
    #[serde(default)]
    content_node_id: Option<NodeId>,
    #[serde(default, deserialize_with = "or_default")]
    content_type: String,
    #[serde(default)]
    updated_at: Option<Timestamp>,
}

/// `field_value` differs from field to field, and is a plain text for some changes of drafts.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ItemChanges {
    field_value: Option<Value>,
}

impl ItemChanges {
    fn into_field(self) -> Option<EditedField> {
        let change = self.field_value?;
        let text = |key: &str| change.get(key).and_then(Value::as_str);
        Some(EditedField { id: NodeId::new(text("field_node_id")?), name: text("field_name").unwrap_or_default().to_owned() })
    }
}

impl ProjectsV2ItemWire {
    fn into_event(self) -> Event {
        Event::ProjectsV2Item(ProjectsV2ItemEvent {
            action: self.action,
            installation: self.installation.id,
            item: self.projects_v2_item.node_id,
            project: self.projects_v2_item.project_node_id,
            content: self.projects_v2_item.content_node_id,
            content_type: self.projects_v2_item.content_type,
            field: self.changes.into_field(),
            updated_at: self.projects_v2_item.updated_at,
            sender: self.sender.map(EventSender::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payload(mut extra: Value) -> Vec<u8> {
        let common = json!({
            "installation": {"id": 7, "node_id": "x"},
            "repository": {"id": 11, "full_name": "acme/shop", "default_branch": "main", "owner": {"login": "acme"}},
            "sender": {"login": "ada-example", "type": "User", "id": 1},
            "surprise": {"new": ["field"]},
        });
        if let (Some(extra), Value::Object(common)) = (extra.as_object_mut(), common) {
            for (key, value) in common {
                extra.entry(key).or_insert(value);
            }
        }
        extra.to_string().into_bytes()
    }

    #[test]
    fn a_merged_pull_request_says_where_to_look() {
        let body = payload(json!({"action": "closed", "number": 5, "pull_request": {
            "number": 5, "merged": true, "draft": null, "head": {"sha": "abc", "repo": null}, "base": {"ref": "main"},
        }}));
        let Ok(Event::PullRequest(event)) = parse("pull_request", &body) else { panic!("a pull request") };
        assert_eq!((event.action.as_str(), event.merged, event.draft, event.number), ("closed", true, false, IssueNumber(5)));
        assert_eq!(event.repository.name, RepositoryName::new("acme", "shop"));
        assert_eq!((event.installation, event.head.as_str()), (InstallationId(7), "abc"));
    }

    #[test]
    fn unknown_actions_and_missing_optional_fields_are_no_errors() {
        let body = payload(json!({"action": "typed", "issue": {"number": 3, "node_id": "I_3", "title": "t", "body": null}}));
        let Ok(Event::Issues(event)) = parse("issues", &body) else { panic!("an issue") };
        assert_eq!((event.action.as_str(), event.open, event.body.as_str()), ("typed", true, ""));
        assert!(!event.sender.expect("a sender").bot);
    }

    #[test]
    fn a_comment_tells_pull_requests_from_issues_and_ghosts_from_people() {
        let comment = json!({"id": 9_000_000_000_u64, "body": "hi", "user": null, "author_association": "NONE"});
        let body = payload(json!({"action": "created", "issue": {"number": 3, "pull_request": {}}, "comment": comment}));
        let Ok(Event::IssueComment(event)) = parse("issue_comment", &body) else { panic!("a comment") };
        assert!(event.on_pull_request && event.author.is_none());
        assert_eq!(event.comment, 9_000_000_000);
    }

    #[test]
    fn only_a_rerequested_check_is_of_interest() {
        let check = json!({"head_sha": "abc", "external_id": "pr:5", "pull_requests": []});
        let body = payload(json!({"action": "rerequested", "check_run": check}));
        let Ok(Event::CheckRerequested(event)) = parse("check_run", &body) else { panic!("a check") };
        assert_eq!(event.external_id.as_deref(), Some("pr:5"));
        let body = payload(json!({"action": "completed", "check_suite": {"head_sha": "abc", "pull_requests": [{"number": 1}]}}));
        assert!(matches!(parse("check_suite", &body), Ok(Event::Ignored { .. })));
    }

    #[test]
    fn a_push_lists_each_touched_path_once() {
        let commit = json!({"added": ["b.md"], "modified": ["a.md", "b.md"], "removed": null});
        let body = payload(json!({"ref": "refs/heads/main", "before": "0", "after": "1", "commits": [commit, commit]}));
        let Ok(Event::Push(event)) = parse("push", &body) else { panic!("a push") };
        assert_eq!(event.touched, ["a.md", "b.md"]);
        assert!(event.on_default_branch());
    }

    #[test]
    fn an_installation_event_lists_its_repositories() {
        let body = payload(json!({
            "action": "created", "installation": {"id": 7, "account": {"login": "acme"}},
            "repositories": [{"id": 11, "full_name": "acme/shop", "private": true}],
        }));
        let Ok(Event::Installation(event)) = parse("installation", &body) else { panic!("an installation") };
        assert_eq!((event.account.as_deref(), event.repositories.len()), (Some("acme"), 1));
        let body = payload(
            json!({"action": "removed", "repositories_added": [], "repositories_removed": [{"id": 1, "full_name": "a/b"}]}),
        );
        let Ok(Event::InstallationRepositories(event)) = parse("installation_repositories", &body) else {
            panic!("repositories")
        };
        assert_eq!((event.added.len(), event.removed.len()), (0, 1));
    }

    #[test]
    fn a_moved_card_names_board_item_and_issue() {
        let item =
            json!({"id": 1, "node_id": "PVTI_1", "project_node_id": "PVT_1", "content_node_id": "I_1", "content_type": "Issue"});
        let body = payload(json!({"action": "edited", "projects_v2_item": item}));
        let Ok(event @ Event::ProjectsV2Item(_)) = parse("projects_v2_item", &body) else { panic!("an item") };
        assert_eq!(event.installation(), Some(InstallationId(7)));
    }

    #[test]
    fn nulls_and_deleted_accounts_are_no_errors() {
        let review = json!({"state": "surprising", "commit_id": null, "user": null});
        let body = payload(json!({"action": "submitted", "review": review, "pull_request": {"number": 5}, "sender": null}));
        let Ok(Event::PullRequestReview(event)) = parse("pull_request_review", &body) else { panic!("a review") };
        assert_eq!((event.verdict, event.author, event.sender), (Verdict::Other, None, None));
        let body = payload(json!({"action": "edited", "changes": null}));
        let Ok(Event::Repository(event)) = parse("repository", &body) else { panic!("a repository") };
        assert_eq!(event.former_name, None);
        let issue = json!({"number": 3, "updated_at": null});
        let body =
            payload(json!({"action": "unassigned", "issue": issue, "assignee": null, "changes": {"new_issue": {"number": 4}}}));
        let Ok(Event::Issues(event)) = parse("issues", &body) else { panic!("an issue") };
        assert_eq!((event.assignee, event.moved_to, event.updated_at), (None, None, None));
        let commit = json!({"id": "1", "author": {"name": "Ada", "username": null}});
        let body = payload(
            json!({"ref": "refs/heads/main", "before": "0", "after": "1", "forced": true, "commits": [commit, {"author": null}]}),
        );
        let Ok(Event::Push(event)) = parse("push", &body) else { panic!("a push") };
        assert_eq!((event.forced, event.commits), (true, vec![PushedCommit { id: CommitSha::new("1"), author: None }]));
        let item = json!({"node_id": "PVTI_1", "project_node_id": "PVT_1", "updated_at": "2026-11-20T10:00:00Z"});
        for changes in [json!(null), json!({"field_value": "text"}), json!({"archived_at": {"from": null}})] {
            let body = payload(json!({"action": "edited", "projects_v2_item": item, "changes": changes}));
            let Ok(Event::ProjectsV2Item(event)) = parse("projects_v2_item", &body) else { panic!("an item") };
            assert_eq!((event.field, event.updated_at.is_some()), (None, true));
        }
    }

    #[test]
    fn what_is_not_a_payload_is_an_error_and_never_a_crash() {
        for event in ["pull_request", "pull_request_review", "issues", "push", "repository", "ping", "star"] {
            for body in ["", "nope", "[1]", "{", "7", "null", "\"x\"", "\u{0}"] {
                assert_eq!(parse(event, body.as_bytes()), Err(PayloadError::NotJson), "{event} {body}");
            }
            assert!(parse(event, &[0xff, 0xfe, 0x00]).is_err());
        }
        let body = json!({"installation": {"id": 7}, "action": "opened", "pull_request": {"number": "five"}}).to_string();
        assert_eq!(parse("pull_request", body.as_bytes()), Err(PayloadError::Incomplete { event: "pull_request" }));
        let deep = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        assert!(parse("issues", deep.as_bytes()).is_err());
    }

    #[test]
    fn events_without_use_or_installation_are_ignored() {
        assert!(matches!(parse("star", b"{}"), Ok(Event::Ignored { .. })));
        assert!(matches!(parse("issues", br#"{"action": "opened", "issue": {"number": 1}}"#), Ok(Event::Ignored { .. })));
        assert_eq!(parse("ping", br#"{"zen": "x"}"#), Ok(Event::Ping));
    }
}
