//! Everything that planning needs to know of the places that issues go to: repository, labels, people, referred issues,
//! issue type and board, in one query for a usual document.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::read_issues::{IssueState, reason};
use super::{Answer, Connection, IdOnly, variables};
use crate::github::{Error, Installation};
use crate::ids::{IssueNumber, IssueRef, NodeId, RepositoryId, RepositoryName};

/// Labels, people and references asked for in one query; more go into further queries.
const PARTS_PER_REQUEST: usize = 60;
/// People that a search for a login gives back at most.
const PEOPLE: u64 = 10;

/// What to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetQuery {
    /// Where issues are opened.
    pub repository: RepositoryName,
    pub labels: Vec<String>,
    /// Logins that may become assignees.
    pub logins: Vec<String>,
    /// Issues that the document refers to, in any repository.
    pub references: Vec<IssueRef>,
    pub issue_type: Option<String>,
    pub board: Option<BoardRef>,
}

/// A board as its URL names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BoardRef {
    pub owner: String,
    pub number: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedTarget {
    pub repository: TargetRepository,
    /// Labels that exist, by the name that was asked for.
    pub labels: HashMap<String, NodeId>,
    /// People that exist, by the login that was asked for.
    pub people: HashMap<String, Person>,
    pub references: HashMap<IssueRef, Referent>,
    /// The issue type, if it was asked for, exists and is switched on.
    pub issue_type: Option<NodeId>,
    /// `None` when none was asked for.
    pub board: Option<Result<Board, BoardProblem>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRepository {
    pub node_id: NodeId,
    pub id: RepositoryId,
    pub name: RepositoryName,
    pub archived: bool,
    pub issues_enabled: bool,
    pub private: bool,
    /// `READ`, `TRIAGE`, `WRITE`, `MAINTAIN` or `ADMIN`, where GitHub says; it may not for Apps.
    pub permission: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: NodeId,
    /// Whether issues of the repository can be assigned to them.
    pub assignable: bool,
}

/// What a reference turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Referent {
    Issue(Box<ReferredIssue>),
    PullRequest {
        merged: bool,
        url: String,
    },
    /// It does not exist, or the App may not see it.
    NotFound,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferredIssue {
    pub id: NodeId,
    /// Where it is now: it may have been transferred.
    pub issue: IssueRef,
    pub repository_id: RepositoryId,
    /// Its repository is not for everybody to see.
    pub private: bool,
    pub title: String,
    pub body: String,
    pub url: String,
    pub state: IssueState,
    /// `completed`, `not_planned`, `reopened`, `duplicate`.
    pub state_reason: Option<String>,
    pub labels: Vec<String>,
    /// The boards it is on: project and item.
    pub board_items: Vec<(NodeId, NodeId)>,
    /// Its repository takes no changes.
    pub archived: bool,
    /// As in [`TargetRepository::permission`].
    pub permission: Option<String>,
}

/// Why a board cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoardProblem {
    #[error("there is no account of that name")]
    OwnerNotFound,
    /// Installations never see boards of users (GITHUB §2.5).
    #[error("the board belongs to a user, which Apps cannot use")]
    UserOwned,
    #[error("there is no such board, or the App may not see it")]
    NotFound,
    #[error("the App was not granted access to the organization's projects")]
    NotGranted,
    #[error(transparent)]
    Failed(Error),
}

/// A Projects board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    pub id: NodeId,
    pub title: String,
    pub url: String,
    pub closed: bool,
    pub writable: bool,
    pub fields: Vec<BoardField>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardField {
    pub id: NodeId,
    pub name: String,
    pub kind: BoardFieldKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoardFieldKind {
    Text,
    Number,
    Date,
    SingleSelect {
        options: Vec<BoardFieldOption>,
    },
    Iteration {
        iterations: Vec<BoardIteration>,
        completed: Vec<BoardIteration>,
    },
    /// A field that cannot be set, under GitHub's name of its type.
    Other(String),
}

/// An option's id is short and opaque, not a node id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BoardFieldOption {
    pub id: String,
    pub name: String,
}

/// An iteration's id is short and opaque, not a node id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BoardIteration {
    pub id: String,
    pub title: String,
    #[serde(rename = "startDate")]
    pub start: Date,
    /// In days.
    pub duration: u32,
}

const FIELDS: &str = "pageInfo { hasNextPage endCursor } nodes { __typename \
    ... on ProjectV2FieldCommon { id name dataType } \
    ... on ProjectV2SingleSelectField { options { id name } } \
    ... on ProjectV2IterationField { configuration { \
      iterations { id title startDate duration } completedIterations { id title startDate duration } } } }";

pub(super) fn more_fields() -> String {
    format!(
        "query MoreFields($id: ID!, $after: String!) {{\n  node(id: $id) {{ ... on ProjectV2 {{ fields(first: 100, after: $after) {{ {FIELDS} }} }} }}\n}}"
    )
}

/// One thing to look up beside the repository itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'a> {
    Label(&'a str),
    Login(&'a str),
    Reference(&'a IssueRef),
}

/// One query over the repository and some parts; `whole` adds the issue type and the board.
pub(super) fn document(query: &TargetQuery, parts: &[Part<'_>], whole: bool, boards: bool) -> (String, Map<String, Value>) {
    let mut values = variables([("owner", json!(query.repository.owner)), ("name", json!(query.repository.name))]);
    let mut declared = "$owner: String!, $name: String!".to_owned();
    let (mut inside, mut beside) = (String::new(), String::new());
    let mut declare = |name: String, kind: &str, value: Value| {
        let _ = write!(declared, ", ${name}: {kind}");
        values.insert(name, value);
    };

    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Label(label) => {
                declare(format!("l{index}"), "String!", json!(label));
                let _ = writeln!(inside, "    l{index}: label(name: $l{index}) {{ id }}");
            }
            Part::Login(login) => {
                declare(format!("u{index}"), "String!", json!(login));
                let _ = writeln!(
                    inside,
                    "    a{index}: assignableUsers(query: $u{index}, first: {PEOPLE}) {{ totalCount nodes {{ id login }} }}"
                );
                let _ = writeln!(beside, "  u{index}: user(login: $u{index}) {{ id }}");
            }
            Part::Reference(reference) => {
                declare(format!("i{index}"), "Int!", json!(reference.number));
                declare(format!("o{index}"), "String!", json!(reference.repository.owner));
                declare(format!("n{index}"), "String!", json!(reference.repository.name));
                let _ = writeln!(
                    beside,
                    "  i{index}: repository(owner: $o{index}, name: $n{index}) {{\n    isArchived viewerPermission\n    \
                     it: issueOrPullRequest(number: $i{index}) {{ ...Referent }}\n  }}"
                );
            }
        }
    }
    if whole {
        if let Some(issue_type) = &query.issue_type {
            declare("type".to_owned(), "String!", json!(issue_type));
            inside.push_str("    issueType(name: $type) { id isEnabled }\n");
        }
        if let Some(board) = &query.board {
            declare("boardOwner".to_owned(), "String!", json!(board.owner));
            declare("boardNumber".to_owned(), "Int!", json!(board.number));
            let _ = writeln!(
                beside,
                "  board: repositoryOwner(login: $boardOwner) {{\n    __typename\n    ... on ProjectV2Owner {{ projectV2(number: $boardNumber) {{\n      \
                 id title url closed viewerCanUpdate\n      fields(first: 100) {{ {FIELDS} }}\n    }} }}\n  }}"
            );
        }
    }
    let mut text = format!(
        "query LoadTarget({declared}) {{\n  repository(owner: $owner, name: $name) {{\n    \
         id databaseId nameWithOwner isArchived hasIssuesEnabled isPrivate viewerPermission\n{inside}  }}\n{beside}}}"
    );
    if parts.iter().any(|part| matches!(part, Part::Reference(_))) {
        let items = if boards { " projectItems(first: 20) { nodes { id project { id } } }" } else { "" };
        let _ = write!(
            text,
            "\nfragment Referent on IssueOrPullRequest {{\n  __typename\n  ... on Issue {{\n    id number title body url issueState: state stateReason\n    \
             repository {{ databaseId nameWithOwner isPrivate }}\n    labels(first: 100) {{ nodes {{ name }} }}{items}\n  }}\n  ... on PullRequest {{ merged url }}\n}}"
        );
    }
    (text, values)
}

impl Installation {
    /// Looks up what `query` asks for. One request for up to 60 labels, logins and references together, one more for
    /// each further 60, and one for each further 100 fields of the board.
    ///
    /// Fails as a whole only when the repository cannot be seen or GitHub cannot be reached; what is merely not there is
    /// said in [`LoadedTarget`].
    pub async fn load_target(&self, query: &TargetQuery) -> Result<LoadedTarget, Error> {
        let labels = query.labels.iter().map(|label| Part::Label(label));
        let logins = query.logins.iter().map(|login| Part::Login(login));
        let parts: Vec<Part<'_>> = labels.chain(logins).chain(query.references.iter().map(Part::Reference)).collect();
        // An empty list still asks for the repository itself.
        let chunks = if parts.is_empty() { vec![&[] as &[Part<'_>]] } else { parts.chunks(PARTS_PER_REQUEST).collect() };

        let mut loaded: Option<LoadedTarget> = None;
        for chunk in chunks {
            let boards = !self.boards_refused();
            let (text, variables) = document(query, chunk, loaded.is_none(), boards);
            let mut answer = self.query(&text, variables).await?;
            let mut target = match loaded.take() {
                Some(target) => target,
                None => self.read_whole(query, &mut answer).await?,
            };
            for (index, part) in chunk.iter().enumerate() {
                self.read_part(&mut answer, index, part, &mut target).await?;
            }
            loaded = Some(target);
        }
        loaded.ok_or_else(|| Error::not_found(query.repository.to_string()))
    }

    async fn read_whole(&self, query: &TargetQuery, answer: &mut Answer) -> Result<LoadedTarget, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct TypeWire {
            id: NodeId,
            is_enabled: Option<bool>,
        }
        let issue_type = match query.issue_type {
            Some(_) => found(answer.take::<Option<TypeWire>>(&["repository", "issueType"]))?.flatten(),
            None => None,
        };
        let board = match query.board {
            Some(_) => Some(self.read_board(answer).await?),
            None => None,
        };
        let repository = TargetRepository::read(answer)?;
        Ok(LoadedTarget {
            repository,
            labels: HashMap::new(),
            people: HashMap::new(),
            references: HashMap::new(),
            issue_type: issue_type.filter(|kind| kind.is_enabled != Some(false)).map(|kind| kind.id),
            board,
        })
    }

    async fn read_part(
        &self,
        answer: &mut Answer,
        index: usize,
        part: &Part<'_>,
        target: &mut LoadedTarget,
    ) -> Result<(), Error> {
        match part {
            Part::Label(label) => {
                if let Some(Some(IdOnly { id })) = found(answer.take(&["repository", &format!("l{index}")]))? {
                    target.labels.insert((*label).to_owned(), id);
                }
            }
            Part::Login(login) => {
                if let Some(person) = self.read_person(answer, index, login, &target.repository.name).await? {
                    target.people.insert((*login).to_owned(), person);
                }
            }
            Part::Reference(reference) => {
                let wire = found(answer.take::<Option<ReferenceWire>>(&[&format!("i{index}")]))?.flatten();
                target.references.insert((*reference).clone(), wire.map_or(Referent::NotFound, ReferenceWire::into_referent));
            }
        }
        Ok(())
    }

    async fn read_person(
        &self,
        answer: &mut Answer,
        index: usize,
        login: &str,
        repository: &RepositoryName,
    ) -> Result<Option<Person>, Error> {
        #[derive(Deserialize)]
        struct UserWire {
            id: NodeId,
            login: String,
        }
        let people = found(answer.take::<Connection<UserWire>>(&["repository", &format!("a{index}")]))?.unwrap_or_default();
        let more = people.total_count.is_some_and(|total| total > PEOPLE);
        if let Some(user) = people.into_nodes().find(|user| user.login.eq_ignore_ascii_case(login)) {
            return Ok(Some(Person { id: user.id, assignable: true }));
        }
        let Some(Some(IdOnly { id })) = found(answer.take(&[&format!("u{index}")]))? else { return Ok(None) };
        // The search matches parts of names; behind many others the login itself may be among those not shown.
        let assignable = more && self.is_assignable(repository, login).await?;
        Ok(Some(Person { id, assignable }))
    }

    async fn read_board(&self, answer: &mut Answer) -> Result<Result<Board, BoardProblem>, Error> {
        if self.boards_refused() {
            return Ok(Err(BoardProblem::NotGranted));
        }
        let owner = match answer.data.get("board") {
            Some(Value::Object(owner)) => owner.get("__typename").and_then(Value::as_str).unwrap_or_default().to_owned(),
            _ => match answer.take::<Option<Value>>(&["board"]) {
                Ok(_) | Err(Error::NotFound { .. }) => return Ok(Err(BoardProblem::OwnerNotFound)),
                Err(error) => return problem(error),
            },
        };
        if owner == "User" {
            return Ok(Err(BoardProblem::UserOwned));
        }
        let wire = match answer.take::<Option<BoardWire>>(&["board", "projectV2"]) {
            Ok(Some(wire)) => wire,
            Ok(None) | Err(Error::NotFound { .. }) => return Ok(Err(BoardProblem::NotFound)),
            Err(error) => return problem(error),
        };
        let mut next = wire.fields.page_info.next().map(str::to_owned);
        let mut board = Board {
            id: wire.id,
            title: wire.title,
            url: wire.url,
            closed: wire.closed,
            writable: wire.viewer_can_update,
            fields: wire.fields.into_nodes().filter_map(FieldWire::into_field).collect(),
        };
        while let Some(after) = next.take() {
            let mut answer = self.query(&more_fields(), variables([("id", json!(board.id)), ("after", json!(after))])).await?;
            let page: Connection<FieldWire> = answer.take(&["node", "fields"])?;
            next = page.page_info.next().filter(|next| *next != after).map(str::to_owned);
            board.fields.extend(page.into_nodes().filter_map(FieldWire::into_field));
        }
        Ok(Ok(board))
    }
}

/// What is not there, or not for the App to see, is `None`; only failures that may pass stop the whole.
fn found<T>(part: Result<T, Error>) -> Result<Option<T>, Error> {
    match part {
        Ok(part) => Ok(Some(part)),
        Err(error) if error.is_permanent() => Ok(None),
        Err(error) => Err(error),
    }
}

fn problem(error: Error) -> Result<Result<Board, BoardProblem>, Error> {
    if error.is_permanent() { Ok(Err(BoardProblem::Failed(error))) } else { Err(error) }
}

impl TargetRepository {
    fn read(answer: &mut Answer) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            id: NodeId,
            database_id: Option<RepositoryId>,
            name_with_owner: RepositoryName,
            is_archived: bool,
            has_issues_enabled: bool,
            is_private: bool,
            viewer_permission: Option<String>,
        }
        // The parts inside are read later, so the repository is copied rather than taken.
        let wire = match answer.data.get("repository").filter(|value| value.is_object()) {
            Some(value) => Wire::deserialize(value).map_err(|_| Error::malformed("a repository without its fields"))?,
            None => answer.take(&["repository"])?,
        };
        Ok(Self {
            node_id: wire.id,
            id: wire.database_id.ok_or_else(|| Error::malformed("a repository without databaseId"))?,
            name: wire.name_with_owner,
            archived: wire.is_archived,
            issues_enabled: wire.has_issues_enabled,
            private: wire.is_private,
            permission: wire.viewer_permission,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReferenceWire {
    is_archived: bool,
    viewer_permission: Option<String>,
    it: Option<ReferentWire>,
}

#[derive(Deserialize)]
#[serde(tag = "__typename")]
enum ReferentWire {
    Issue(Box<IssueWire>),
    PullRequest { merged: bool, url: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssueWire {
    id: NodeId,
    number: IssueNumber,
    title: String,
    #[serde(default)]
    body: String,
    url: String,
    issue_state: IssueState,
    state_reason: Option<String>,
    repository: NameWire,
    #[serde(default)]
    labels: Option<Connection<LabelWire>>,
    #[serde(default)]
    project_items: Option<Connection<ItemWire>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NameWire {
    database_id: RepositoryId,
    name_with_owner: RepositoryName,
    is_private: bool,
}

#[derive(Deserialize)]
struct LabelWire {
    name: String,
}

/// An item of a board, with the board.
#[derive(Debug, Deserialize)]
pub(super) struct ItemWire {
    pub(super) id: NodeId,
    pub(super) project: Option<IdOnly>,
}

impl ItemWire {
    pub(super) fn into_pair(self) -> Option<(NodeId, NodeId)> {
        Some((self.project?.id, self.id))
    }
}

impl ReferenceWire {
    fn into_referent(self) -> Referent {
        match self.it {
            None => Referent::NotFound,
            Some(ReferentWire::PullRequest { merged, url }) => Referent::PullRequest { merged, url },
            Some(ReferentWire::Issue(issue)) => Referent::Issue(Box::new(ReferredIssue {
                id: issue.id,
                repository_id: issue.repository.database_id,
                private: issue.repository.is_private,
                issue: IssueRef::new(issue.repository.name_with_owner, issue.number),
                title: issue.title,
                body: issue.body,
                url: issue.url,
                state: issue.issue_state,
                state_reason: reason(issue.state_reason),
                labels: issue.labels.unwrap_or_default().into_nodes().map(|label| label.name).collect(),
                board_items: issue.project_items.unwrap_or_default().into_nodes().filter_map(ItemWire::into_pair).collect(),
                archived: self.is_archived,
                permission: self.viewer_permission,
            })),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BoardWire {
    id: NodeId,
    title: String,
    url: String,
    closed: bool,
    viewer_can_update: bool,
    fields: Connection<FieldWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldWire {
    id: Option<NodeId>,
    name: Option<String>,
    data_type: Option<String>,
    #[serde(default)]
    options: Option<Vec<BoardFieldOption>>,
    #[serde(default)]
    configuration: Option<IterationsWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IterationsWire {
    #[serde(default)]
    iterations: Vec<BoardIteration>,
    #[serde(default)]
    completed_iterations: Vec<BoardIteration>,
}

impl FieldWire {
    fn into_field(self) -> Option<BoardField> {
        let kind = match (self.data_type.as_deref().unwrap_or_default(), self.options, self.configuration) {
            ("TEXT", ..) => BoardFieldKind::Text,
            ("NUMBER", ..) => BoardFieldKind::Number,
            ("DATE", ..) => BoardFieldKind::Date,
            ("SINGLE_SELECT", options, _) => BoardFieldKind::SingleSelect { options: options.unwrap_or_default() },
            ("ITERATION", _, Some(all)) => {
                BoardFieldKind::Iteration { iterations: all.iterations, completed: all.completed_iterations }
            }
            (other, ..) => BoardFieldKind::Other(other.to_owned()),
        };
        Some(BoardField { id: self.id?, name: self.name?, kind })
    }
}
