//! What is configured in each repository, and whether it can be done there: destinations and boards.

use std::collections::{HashMap, HashSet};

use super::Findings;
use crate::{
    github::{
        Access, Error, GitHub, Installation,
        Level::Read,
        examine::{Budget, Installed},
        graphql::{Board, BoardField, BoardFieldKind, BoardProblem, BoardRef, ConfigurationFile, TargetQuery},
    },
    ids::RepositoryName,
    render::doctor::{Area, Finding, Level},
    review::Policy,
    settings::{self, BoardOwner, BoardUrl, Settings},
};

/// Repositories whose configuration is read; each costs one request.
const MOST: usize = 100;
/// A tenth of the hour's budget.
const LOW: u64 = 10;

pub(super) async fn examine(github: &GitHub, installed: Vec<Installed>, only: Option<&RepositoryName>, findings: &mut Findings) {
    let mut found_only = false;
    for account in installed.iter().filter(|account| !account.suspended) {
        if only.is_some_and(|only| !only.owner.eq_ignore_ascii_case(&account.account)) {
            continue;
        }
        // No more than is needed to look: a permission that is missing elsewhere is not to be in the way here.
        let access = Access { contents: Some(Read), organization_projects: Some(Read), ..Access::NONE };
        let installation = github.installation(account.id).with_access(access);
        budget(&installation, &account.account, findings).await;
        let covered = match installation.covered_repositories().await {
            Ok(covered) => covered,
            Err(error) => {
                let what = format!("The repositories of {}", account.account);
                findings.unanswered(Area::Repositories, "repositories", &what, &error);
                continue;
            }
        };
        let wanted: Vec<&RepositoryName> = covered.iter().filter(|name| only.is_none_or(|only| same(only, name))).collect();
        found_only |= only.is_some() && !wanted.is_empty();
        if wanted.len() > MOST {
            let message = format!("{} repositories; the first {MOST} of them were looked at.", wanted.len());
            findings.push(
                Finding::new(Area::Repositories, "repositories", Level::Note, message)
                    .about(&account.account)
                    .help("Look at another one with `followthrough doctor --repo owner/name`."),
            );
        }
        let mut account = Account { installation, name: account.account.clone(), covered: &covered, boards: HashMap::new() };
        let (mut good, mut absent) = (Vec::new(), Vec::new());
        for name in wanted.into_iter().take(MOST) {
            match account.repository(name, findings).await {
                Ok(Configuration::Good) => good.push(name.name.as_str()),
                Ok(Configuration::Absent) => absent.push(name.name.as_str()),
                Ok(Configuration::Bad) => {}
                Err(error) => findings.unanswered(Area::Repositories, "repositories", &format!("{name}"), &error),
            }
        }
        for (names, what) in [(good, "configured"), (absent, "not configured, so the defaults are in force")] {
            if !names.is_empty() {
                let message = format!("{what}: {}.", names.join(", "));
                findings.push(Finding::new(Area::Repositories, "configuration", Level::Ok, message).about(&account.name));
            }
        }
        if covered.is_empty() {
            findings.push(
                Finding::new(Area::Repositories, "repositories", Level::Warning, "The App was given no repository.")
                    .about(&account.name)
                    .why("It sees only the repositories that it was given.")
                    .help("Add some in the installation's settings, under Repository access."),
            );
        }
    }
    if let Some(only) = only.filter(|_| !found_only) {
        findings.push(
            Finding::new(
                Area::Repositories,
                "repositories",
                Level::Error,
                "The App is not installed on it, or it does not exist.",
            )
            .about(only.to_string())
            .why("The App sees only the repositories that it was given.")
            .help("Check the name, and the installation's settings under Repository access."),
        );
    }
}

enum Configuration {
    Good,
    Absent,
    Bad,
}

/// One account with what was found out about it.
struct Account<'a> {
    installation: Installation,
    name: String,
    covered: &'a [RepositoryName],
    /// Boards that were looked at, each told once.
    boards: HashMap<BoardUrl, Option<Board>>,
}

impl Account<'_> {
    async fn repository(&mut self, name: &RepositoryName, findings: &mut Findings) -> Result<Configuration, Error> {
        let loaded = self.installation.load_repository(name).await?;
        if loaded.repository.archived {
            findings.push(
                Finding::new(Area::Repositories, "archived", Level::Note, "Archived; nothing happens there.")
                    .about(name.to_string()),
            );
        }
        let Some(file) = loaded.configuration.or(loaded.owner_configuration) else {
            if !loaded.repository.issues_enabled && !loaded.repository.archived {
                findings.push(issues_off(name, "no issue can open there"));
            }
            return Ok(Configuration::Absent);
        };
        let Some(settings) = configuration(name, &file, findings) else { return Ok(Configuration::Bad) };
        self.destinations(name, &settings, loaded.repository.issues_enabled, findings);
        let boards: HashSet<&BoardUrl> =
            settings.board.project.iter().chain(settings.routes.iter().filter_map(|route| route.project.as_ref())).collect();
        for board in boards {
            self.board(name, board, &settings, findings).await?;
        }
        if let Some(kind) = &settings.file.issue_type {
            let query = TargetQuery { issue_type: Some(kind.clone()), ..query(name) };
            if self.installation.load_target(&query).await?.issue_type.is_none() {
                findings.push(
                    Finding::new(
                        Area::Repositories,
                        "issue-type",
                        Level::Warning,
                        format!("There is no issue type `{kind}` there."),
                    )
                    .about(name.to_string())
                    .why("Issues open without a type.")
                    .help("Correct `file.issue_type`, or make the type in the organization's settings under Planning."),
                );
            }
        }
        Ok(Configuration::Good)
    }

    /// Whether issues can be opened where the configuration wants them.
    fn destinations(&self, name: &RepositoryName, settings: &Settings, issues_enabled: bool, findings: &mut Findings) {
        let elsewhere =
            settings.file.repository.iter().chain(settings.routes.iter().filter_map(|route| route.repository.as_ref()));
        let elsewhere: HashSet<&RepositoryName> = elsewhere.filter(|destination| !same(destination, name)).collect();
        for destination in
            elsewhere.into_iter().filter(|destination| !self.covered.iter().any(|covered| same(covered, destination)))
        {
            let help = match destination.owner.eq_ignore_ascii_case(&self.name) {
                true => format!(
                    "Give the App {destination} in the installation's settings under Repository access, or correct the configuration."
                ),
                false => format!(
                    "Issues can open only in repositories of {}: GitHub's tokens reach one account each. Correct the configuration.",
                    self.name
                ),
            };
            findings.push(
                Finding::new(
                    Area::Repositories,
                    "destination",
                    Level::Error,
                    format!("Its issues are to open in {destination}, which the App does not see."),
                )
                .about(name.to_string())
                .why("Those action items get no issue.")
                .help(help),
            );
        }
        if !issues_enabled && settings.file.repository.as_ref().is_none_or(|destination| same(destination, name)) {
            findings.push(issues_off(name, "its action items get no issue"));
        }
    }

    /// Why a board cannot be used is told as what it is: GitHub says “Could not resolve” to almost all of it (DEMANDS 3b).
    async fn board(
        &mut self,
        name: &RepositoryName,
        url: &BoardUrl,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Error> {
        if !self.boards.contains_key(url) {
            let board = self.look_at(name, url, findings).await?;
            self.boards.insert(url.clone(), board);
        }
        let Some(Some(board)) = self.boards.get(url) else { return Ok(()) };
        let missing = |what: String, why: &str, help: &str| {
            let finding = Finding::new(Area::Boards, "board-fields", Level::Warning, what);
            finding.about(url.to_string()).why(format!("{why} (configured in {name})")).help(help)
        };
        let field = |wanted: &str| board.fields.iter().find(|field| field.name.eq_ignore_ascii_case(wanted));
        if let Some(status) = &settings.board.status {
            match field("Status") {
                Some(BoardField { kind: BoardFieldKind::SingleSelect { options }, .. })
                    if options.iter().any(|option| option.name.eq_ignore_ascii_case(status)) => {}
                Some(BoardField { kind: BoardFieldKind::SingleSelect { options }, .. }) => {
                    let options: Vec<String> = options.iter().map(|option| format!("`{}`", option.name)).collect();
                    findings.push(missing(
                        format!("The board has no status `{status}`; it has {}.", options.join(", ")),
                        "New issues come to the board without a status",
                        "Add the option to the board's Status field, or correct `board.status`.",
                    ));
                }
                _ => findings.push(missing(
                    "The board has no Status field to choose from.".to_owned(),
                    "New issues come to the board without a status",
                    "Add a single select field `Status` to the board.",
                )),
            }
        }
        for wanted in &settings.board.fields.0 {
            if field(&wanted.name).is_none() {
                findings.push(missing(
                    format!("The board has no field `{}`.", wanted.name),
                    "What it should hold is not shown",
                    "Add the field to the board, or correct `board.fields`.",
                ));
            }
        }
        Ok(())
    }

    async fn look_at(&self, name: &RepositoryName, url: &BoardUrl, findings: &mut Findings) -> Result<Option<Board>, Error> {
        let why = "Issues open, but none is put on the board.";
        let mut bad = |message: String, help: String| {
            findings.push(Finding::new(Area::Boards, "board", Level::Error, message).about(url.to_string()).why(why).help(help));
        };
        if url.owner_kind == BoardOwner::User {
            bad(
                "The board belongs to a person, and GitHub lets Apps use only the boards of organizations.".to_owned(),
                format!("Copy the board into an organization and change `board.project` in {name}."),
            );
            return Ok(None);
        }
        if !url.owner.eq_ignore_ascii_case(&self.name) {
            bad(
                format!("The board belongs to {}, the repository {name} to {}.", url.owner, self.name),
                format!("Use a board of {}: GitHub's tokens reach one account each.", self.name),
            );
            return Ok(None);
        }
        let query = TargetQuery { board: Some(BoardRef { owner: url.owner.clone(), number: url.number }), ..query(name) };
        match self.installation.load_target(&query).await?.board {
            Some(Ok(board)) if board.closed => {
                bad("The board is closed.".to_owned(), "Reopen it in its settings, or change `board.project`.".to_owned());
                Ok(None)
            }
            Some(Ok(board)) => {
                let finding = Finding::new(Area::Boards, "board", Level::Ok, format!("{} can be used.", board.title));
                findings.push(finding.about(url.to_string()));
                Ok(Some(board))
            }
            Some(Err(problem)) => {
                let (message, help) = told(&problem, url);
                bad(message, help);
                Ok(None)
            }
            None => Ok(None),
        }
    }
}

fn told(problem: &BoardProblem, url: &BoardUrl) -> (String, String) {
    let owner = &url.owner;
    match problem {
        BoardProblem::OwnerNotFound => (format!("There is no organization `{owner}`."), "Correct `board.project`.".to_owned()),
        BoardProblem::UserOwned => (
            format!("`{owner}` is a person, and GitHub lets Apps use only the boards of organizations."),
            "Copy the board into an organization and change `board.project`.".to_owned(),
        ),
        BoardProblem::NotFound => (
            format!("The organization {owner} has no board number {}.", url.number),
            "Copy the address of the board from the browser into `board.project`; a board of that number may have been deleted."
                .to_owned(),
        ),
        BoardProblem::NotGranted => (
            format!("{owner} has not granted the App the organization's permission “Projects: Read and write”."),
            "Add it on the App's page under Permissions & events, then let an owner of the organization accept it.".to_owned(),
        ),
        BoardProblem::Failed(error) => {
            (format!("GitHub refuses the board: {error}."), "Check the App's permissions and the board's settings.".to_owned())
        }
    }
}

/// The settings, where nothing is wrong with them.
fn configuration(name: &RepositoryName, file: &ConfigurationFile, findings: &mut Findings) -> Option<Settings> {
    let (settings, mut problems) = settings::draft(&String::from_utf8_lossy(&file.bytes));
    let unknown_rules = Policy::new(&settings).1;
    let usable = problems.is_empty();
    problems.extend(unknown_rules);
    let of = if same(&file.repository, name) { String::new() } else { format!(" of {}", file.repository) };
    for problem in &problems {
        let message = format!("{}{of}, line {}, column {}: {}", file.path, problem.line, problem.column, problem.message);
        let why =
            if usable { "The rule has no effect." } else { "The last good configuration stays in force, else the defaults." };
        let level = if usable { Level::Warning } else { Level::Error };
        let mut finding = Finding::new(Area::Repositories, "configuration", level, message).about(name.to_string()).why(why);
        finding.help = problem.help.clone();
        finding.place = Some((problem.line, problem.column));
        findings.push(finding);
    }
    usable.then_some(settings)
}

async fn budget(installation: &Installation, account: &str, findings: &mut Findings) {
    let budgets = match installation.budgets().await {
        Ok(budgets) => budgets,
        Err(error) => {
            findings.unanswered(Area::Budget, "budget", &format!("The budget of {account}"), &error);
            return;
        }
    };
    let told = |name: &str, budget: Option<Budget>| {
        budget
            .filter(|budget| budget.limit > 0)
            .map(|budget| (format!("{name} {} of {}", budget.remaining, budget.limit), budget))
    };
    let all: Vec<_> = [told("REST", budgets.rest), told("GraphQL", budgets.graphql)].into_iter().flatten().collect();
    if all.is_empty() {
        findings.push(Finding::new(Area::Budget, "budget", Level::Ok, "Requests are not limited.").about(account));
        return;
    }
    let left = all.iter().map(|(told, _)| told.as_str()).collect::<Vec<_>>().join(", ");
    let low = all.iter().find(|(_, budget)| budget.remaining.saturating_mul(LOW) < budget.limit);
    let level = if low.is_some() { Level::Warning } else { Level::Ok };
    let finding = Finding::new(Area::Budget, "budget", level, format!("left of this hour's requests: {left}.")).about(account);
    findings.push(match low {
        Some((_, budget)) => {
            let reset = jiff::Timestamp::from_second(budget.reset).unwrap_or_default();
            finding
                .why("When nothing is left, work waits for the next hour.")
                .help(format!("Nothing, if it is rare; there is more from {} UTC on.", reset.strftime("%H:%M")))
        }
        None => finding,
    });
}

fn issues_off(name: &RepositoryName, what: &str) -> Finding {
    Finding::new(Area::Repositories, "issues-disabled", Level::Warning, "Issues are switched off.")
        .about(name.to_string())
        .why(format!("Where they are, {what}."))
        .help("Switch them on in the repository's settings under Features, or set `file.repository`.")
}

fn query(repository: &RepositoryName) -> TargetQuery {
    TargetQuery {
        repository: repository.clone(),
        labels: Vec::new(),
        logins: Vec::new(),
        references: Vec::new(),
        issue_type: None,
        board: None,
    }
}

fn same(one: &RepositoryName, other: &RepositoryName) -> bool {
    one.owner.eq_ignore_ascii_case(&other.owner) && one.name.eq_ignore_ascii_case(&other.name)
}
