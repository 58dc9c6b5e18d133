//! Where issues go: the repository, its labels, the board, and what stands in the way there.

use std::collections::HashMap;

use super::{Action, ActionKind, Document, Placement, Planner, Problem, action::OpenIssue, labels_of};
use crate::{
    board::{self, Board},
    ids::{ItemKey, NodeId, RepositoryName},
    postmortem::model::{ActionItem, Owner, State},
    render,
    settings::{BoardUrl, Route, Settings},
};

/// A repository that issues are opened in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    pub state: TargetState,
    /// Whether a login can be assigned there, in lower case; one that is not here was not looked up.
    pub assignable: HashMap<String, bool>,
    /// Whether it knows the issue type that the settings name; `None`: not looked up.
    pub issue_type_known: Option<bool>,
    /// Whether it has the milestone that the settings name; `None`: not looked up.
    pub milestone_known: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetState {
    #[default]
    Ready,
    Archived,
    IssuesDisabled,
    /// It does not exist or the App is not installed on it.
    OutOfReach,
    /// It belongs to somebody else: routes stay within one owner.
    Foreign,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub enum BoardState {
    /// None is configured, or it was not looked at.
    #[default]
    None,
    Ready(Board),
    /// It cannot be used; what a person can do about it.
    OutOfReach(Problem),
}

/// Where the issue of an item goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Destination {
    pub repository: RepositoryName,
    pub board: Option<BoardUrl>,
}

impl Destination {
    /// By the first route that matches the item's area, or else its group; `file` and `board` say what no route does.
    pub fn of(home: &RepositoryName, settings: &Settings, item: &ActionItem) -> Self {
        let route = route(settings, item);
        let repository = route.and_then(|route| route.repository.clone()).or_else(|| settings.file.repository.clone());
        let board = route.and_then(|route| route.project.clone()).or_else(|| settings.board.project.clone());
        Self { repository: repository.unwrap_or_else(|| home.clone()), board }
    }

    /// Where the tracking issue goes.
    pub fn of_document(home: &RepositoryName, settings: &Settings) -> Self {
        Self { repository: settings.file.repository.clone().unwrap_or_else(|| home.clone()), board: None }
    }
}

/// The route of an item. Where no area is named, the heading or label that the item stands under is its area.
pub fn route<'a>(settings: &'a Settings, item: &ActionItem) -> Option<&'a Route> {
    settings.route(item.area.as_deref().or(item.group.as_deref()))
}

/// The labels that the issue of an item gets.
pub fn labels(settings: &Settings, document: &Document, item: &ActionItem) -> Vec<String> {
    labels_of(settings, document, route(settings, item))
}

impl Planner<'_> {
    pub(super) fn target(&self, repository: &RepositoryName) -> Target {
        if !repository.same_owner(&self.document.repository) {
            return Target { state: TargetState::Foreign, ..Target::default() };
        }
        self.observed.targets.get(repository).cloned().unwrap_or_default()
    }

    /// Who is assigned: the owners with a login; where there are none, those whom the route names.
    pub(super) fn assignees(&mut self, item: &super::PlannedItem, read: &ActionItem, destination: &Destination) -> Vec<String> {
        if !self.settings.file.assign_owners {
            return Vec::new();
        }
        let target = self.target(&destination.repository);
        let owners = item.owners.iter().filter_map(|owner| match owner {
            Owner::Login(login) => Some(login.clone()),
            Owner::Team { .. } | Owner::Name(_) => None,
        });
        let mut logins: Vec<String> = owners.collect();
        if logins.is_empty() {
            let of_route = route(self.settings, read).map_or(&[][..], |route| &route.assign);
            logins.extend(of_route.iter().map(|login| login.as_str().to_owned()));
        }
        let mut assignees: Vec<String> = Vec::new();
        for login in logins {
            match target.assignable.get(&login.to_lowercase()) {
                Some(true) | None if !assignees.contains(&login) => assignees.push(login),
                Some(true) | None => {}
                Some(false) => self.say(
                    Some(item.lines),
                    format!(
                        "`{login}` cannot be assigned in {}; the issue will name the owner in its text.",
                        destination.repository
                    ),
                    "GitHub assigns people with access to the repository. Check the spelling, or give them access.".to_owned(),
                ),
            }
        }
        assignees
    }

    pub(super) fn placement(&mut self, item: &ItemKey, read: &ActionItem, destination: &Destination) -> Option<Placement> {
        let BoardState::Ready(board) = self.observed.boards.get(destination.board.as_ref()?.as_str())? else { return None };
        let wanted = render::issue::board_values(self.settings, self.document, read, self.also(item));
        let values = board::field_values(board, wanted.iter().map(|(name, value)| (name.as_str(), value.as_str())), self.today);
        for mismatch in values.mismatches {
            self.say(None, mismatch.message, String::new());
        }
        let status = board::status(board, &values.to_set).map(str::to_owned);
        Some(Placement { project: NodeId::new(board.id.clone()), fields: values.to_set, status })
    }

    /// Problems with the places that issues go to, said once and only where something was to go there.
    pub(super) fn about_the_places(&mut self) {
        let open = self.document.reading.action_items.iter().filter(|item| item.state == State::Open);
        let mut wanted: Vec<Destination> = Vec::new();
        for item in open {
            let destination = Destination::of(&self.document.repository, self.settings, item);
            if !wanted.contains(&destination) {
                wanted.push(destination);
            }
        }
        for destination in &wanted {
            self.about_the_target(&destination.repository);
        }
        for destination in
            wanted.iter().filter(|destination| self.cardless || self.asked.contains(destination)).collect::<Vec<_>>()
        {
            let board = destination.board.as_ref().and_then(|board| self.observed.boards.get(board.as_str()));
            if let Some(BoardState::OutOfReach(problem)) = board {
                self.say(problem.lines, problem.message.clone(), problem.help.clone());
            }
        }
        let opened: Vec<(RepositoryName, Option<String>, Option<String>)> =
            self.actions.iter().filter_map(opens).map(|open| (open.repository.clone(), None, None)).collect();
        for (repository, ..) in opened {
            self.about_types_and_milestones(&repository);
        }
    }

    fn about_the_target(&mut self, target: &RepositoryName) {
        let configure = "set `file.repository` in `.github/followthrough.yml` to another repository.";
        match self.target(target).state {
            TargetState::Ready => {}
            TargetState::Archived => self.say(
                None,
                format!("{target} is archived, so no issue can be opened there."),
                format!("Unarchive it, or {configure}"),
            ),
            TargetState::IssuesDisabled => self.say(
                None,
                format!("Issues are disabled in {target}."),
                format!("Enable Issues in its settings, or {configure}"),
            ),
            TargetState::OutOfReach => self.say(
                None,
                format!("{target} cannot be reached, so no issue can be opened there."),
                "Check `file.repository` and `routes` in `.github/followthrough.yml`, and install the App on that repository."
                    .to_owned(),
            ),
            TargetState::Foreign => self.say(
                None,
                format!("{target} belongs to another owner than this repository, so no issue is opened there."),
                "Name a repository of the same owner in `file.repository` and `routes` in `.github/followthrough.yml`."
                    .to_owned(),
            ),
        }
    }

    fn about_types_and_milestones(&mut self, repository: &RepositoryName) {
        let target = self.target(repository);
        if target.issue_type_known == Some(false)
            && let Some(kind) = &self.settings.file.issue_type
        {
            self.say(
                None,
                format!("{repository} has no issue type `{kind}`; issues are opened without one."),
                "Add the type in the organization's settings, or change `file.issue_type` in `.github/followthrough.yml`."
                    .to_owned(),
            );
        }
        if target.milestone_known == Some(false)
            && let Some(milestone) = &self.settings.file.milestone
        {
            self.say(
                None,
                format!("{repository} has no open milestone `{milestone}`; issues are opened without one."),
                "Create or reopen it there, or change `file.milestone` in `.github/followthrough.yml`.".to_owned(),
            );
        }
    }
}

fn opens(action: &Action) -> Option<&OpenIssue> {
    match &action.kind {
        ActionKind::OpenIssue(open) => Some(open),
        _ => None,
    }
}
