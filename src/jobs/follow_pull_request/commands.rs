//! Commands in comments: who may give them, what they do, and how they are acknowledged.
//!
//! Everything a command does can be done again. The answer, where there is one, is looked for before it is sent; the
//! reaction comes last and is the receipt: a comment that carries ours was dealt with, whatever the database remembers.

use jiff::Timestamp;

use super::{Documents, Following, Read, Stage};
use crate::{
    commands::{self, Command, GoAhead, ItemOrder, Order, order},
    github::{
        Error,
        graphql::{PullRequestComment, Referent, TargetQuery},
        rest::Reaction,
        webhook::IssueCommentEvent,
    },
    ids::{IssueRef, ItemKey},
    jobs::{SETTLE, Stop, Worker, documents::sight::Sight},
    plan::{ActionKind, Plan, Why},
    render::answers::{self, Refusal},
    settings::When,
    store::{self, ReceivedCommand, WorkKey, WorkKind},
};

impl Worker {
    /// Takes in a comment that holds commands, once; gives whether there is anything in it for us. Asks GitHub nothing.
    pub(in crate::jobs) async fn receive_command(
        &self,
        event: IssueCommentEvent,
        received_at: Timestamp,
    ) -> Result<bool, store::Error> {
        let person = event.author.filter(|author| !author.bot);
        let (Some(author), true, "created") = (person, event.on_pull_request, event.action.as_str()) else { return Ok(false) };
        if commands::parse(&event.body).is_empty() {
            return Ok(false);
        }
        let command = ReceivedCommand {
            comment: event.comment,
            repository: event.repository.id,
            pull: event.number,
            author: author.login,
            body: event.body,
            received_at,
            answering_since: None,
        };
        if self.store.receive_command(&command).await? {
            self.look_again(WorkKey {
                installation: event.installation,
                repository: event.repository.id,
                name: event.repository.name,
                kind: WorkKind::PullRequest(event.number),
            })
            .await?;
        }
        Ok(true)
    }
}

impl Following<'_> {
    /// Obeys the commands that wait on the pull request, in order. What they change about the plan is seen when it is made anew.
    pub(super) async fn obey(&self, home: &Documents<'_>, reads: &mut [Read], stage: Stage<'_>) -> Result<(), Stop> {
        let store = &self.worker.store;
        for pending in store.pending_commands(self.loaded.repository.id, self.number).await? {
            if self.is_to_be_obeyed(&pending).await? {
                self.obey_comment(&pending, home, reads, stage).await?;
            }
            store.finish_command(pending.comment).await?;
        }
        Ok(())
    }

    /// From somebody with write access, still there, and not dealt with before the database was lost.
    async fn is_to_be_obeyed(&self, pending: &ReceivedCommand) -> Result<bool, Stop> {
        let name = &self.loaded.repository.name;
        if !self.installation.load_permission(name, &pending.author).await?.can_write() {
            tracing::info!(repository = %name, comment = pending.comment, "a command of somebody without write access is passed over");
            return Ok(false);
        }
        match self.installation.list_reacting_logins(name, pending.comment).await {
            Ok(logins) => {
                let ours = self.worker.github.app().await?.bot_login;
                Ok(!logins.contains(&ours))
            }
            // Not to be seen yet, or taken back by deleting it.
            Err(Error::NotFound { .. }) => match self.waits_until(pending.received_at) {
                Some(later) => Err(Stop::Later(later)),
                None => Ok(false),
            },
            Err(error) => Err(error.into()),
        }
    }

    async fn obey_comment(
        &self,
        pending: &ReceivedCommand,
        home: &Documents<'_>,
        reads: &mut [Read],
        stage: Stage<'_>,
    ) -> Result<(), Stop> {
        let (mut help, mut obeyed, mut refused) = (false, false, Vec::new());
        for command in commands::parse(&pending.body) {
            match command {
                Ok(Command::Help) => help = true,
                Ok(command) => match self.obey_one(&command, pending, home, reads, stage).await {
                    Ok(Ok(())) => obeyed = true,
                    Ok(Err(refusal)) => refused.push((command.name(), refusal)),
                    // One command that cannot be obeyed must not keep the pull request from being followed.
                    Err(Stop::GitHub(error)) if is_final(&error) => {
                        refused.push((command.name(), Refusal::ByGitHub { why: error.to_string() }));
                    }
                    Err(stop) => return Err(stop),
                },
                Err(mistake) => refused.push(Refusal::of_mistake(mistake)),
            }
        }
        if help || !refused.is_empty() {
            self.ensure_answer(pending, &answers::render(pending.comment, help, &refused, obeyed)).await?;
        }
        let reaction = if refused.is_empty() { Reaction::ThumbsUp } else { Reaction::Confused };
        match self.installation.react_to_comment(&self.loaded.repository.name, pending.comment, reaction).await {
            // The comment was deleted meanwhile, or the conversation locked.
            Err(error) if is_final(&error) => {
                tracing::warn!(comment = pending.comment, error = &error as &dyn std::error::Error, "a reaction was refused");
                Ok(())
            }
            done => Ok(done?),
        }
    }

    async fn obey_one(
        &self,
        command: &Command,
        pending: &ReceivedCommand,
        home: &Documents<'_>,
        reads: &mut [Read],
        stage: Stage<'_>,
    ) -> Result<Result<(), Refusal>, Stop> {
        let store = &self.worker.store;
        let (repository, head) = (self.loaded.repository.id, &self.loaded.pull_request.head);
        if reads.is_empty() && *command != Command::Help {
            return Ok(Err(Refusal::NoPostmortem));
        }
        match command {
            // The run that obeys it brings the comment up to date.
            Command::Help | Command::Plan => {}
            Command::Check if stage != Stage::Open => return Ok(Err(Refusal::NotOpen)),
            Command::Check if !home.settings.review.check => return Ok(Err(Refusal::CheckIsOff)),
            Command::Check => store.want_check_anew(repository, head).await?,
            Command::Retry => {
                for read in reads.iter() {
                    if let Ok(ready) = &read.outcome {
                        store.retry_failed_filings(&ready.document.key).await?;
                    }
                }
            }
            Command::File => match stage {
                Stage::Open if home.settings.file.when == When::Merged => return Ok(Err(Refusal::OpensOnMerge)),
                Stage::Open if !self.is_into_default() => {
                    return Ok(Err(Refusal::NotOnDefaultBranch { default: self.default_branch().to_owned() }));
                }
                Stage::ClosedUnmerged => return Ok(Err(Refusal::ClosedUnmerged)),
                Stage::MergedElsewhere { default, .. } => {
                    return Ok(Err(Refusal::NotOnDefaultBranch { default: default.to_owned() }));
                }
                Stage::Open | Stage::Merged => {
                    let go_ahead = GoAhead { by: pending.author.clone(), at: self.worker.now(), commit: head.clone() };
                    store.record_go_ahead(repository, self.number, &go_ahead).await?;
                }
            },
            Command::Skip { item, reason } => {
                let order = Order::Skip { reason: reason.clone() };
                return self.order(*item, order, pending, home, reads, stage).await;
            }
            Command::Adopt { item, issue } => {
                let issue = match issue.issue(&self.loaded.repository.name, &self.worker.web_host) {
                    Some(issue) => self.adoptable(issue, &pending.author).await?,
                    None => Err(Refusal::OutOfReach { issue: issue.written.clone() }),
                };
                return match issue {
                    Ok(issue) => self.order(*item, Order::Adopt { issue }, pending, home, reads, stage).await,
                    Err(refusal) => Ok(Err(refusal)),
                };
            }
        }
        Ok(Ok(()))
    }

    /// Remembers an order about the item of that number, and plans its document again.
    async fn order(
        &self,
        number: usize,
        order: Order,
        pending: &ReceivedCommand,
        home: &Documents<'_>,
        reads: &mut [Read],
        stage: Stage<'_>,
    ) -> Result<Result<(), Refusal>, Stop> {
        if let Stage::MergedElsewhere { default, .. } = stage {
            return Ok(Err(Refusal::NotOnDefaultBranch { default: default.to_owned() }));
        }
        let mut before = 0;
        for ready in reads.iter_mut().filter_map(|read| read.outcome.as_mut().ok()) {
            ready.plan = home.plan(&ready.document, true).await?;
            let Some(item) = number.checked_sub(before + 1).and_then(|at| ready.plan.items.get(at)) else {
                before += ready.plan.items.len();
                continue;
            };
            if let Some(refusal) = settled(&ready.plan, &item.key, number, self) {
                return Ok(Err(refusal));
            }
            let order = ItemOrder {
                document: ready.document.key.clone(),
                item: item.key.clone(),
                text: item.text.clone(),
                group: item.group.clone(),
                order,
                author: pending.author.clone(),
            };
            self.worker.store.record_order(&order, self.worker.now()).await?;
            return Ok(Ok(()));
        }
        Ok(Err(Refusal::NoSuchItem { item: number, items: before }))
    }

    /// The issue, where it is now, when it can be linked by `login`.
    async fn adoptable(&self, issue: IssueRef, login: &str) -> Result<Result<IssueRef, Refusal>, Stop> {
        let home = &self.loaded.repository.name;
        let out_of_reach = || Ok(Err(Refusal::OutOfReach { issue: issue.short(home) }));
        if !issue.repository.same_owner(home) {
            return out_of_reach();
        }
        let query = TargetQuery {
            repository: home.clone(),
            labels: Vec::new(),
            logins: Vec::new(),
            references: vec![issue.clone()],
            issue_type: None,
            board: None,
        };
        let found = self.installation.load_target(&query).await?;
        match found.references.get(&issue) {
            Some(Referent::Issue(found)) if !found.archived => {
                let mut sight = Sight::new(self.installation, &self.loaded.repository, Some(login));
                if sight.reaches(found, None).await? { Ok(Ok(found.issue.clone())) } else { out_of_reach() }
            }
            Some(Referent::PullRequest { .. }) => Ok(Err(Refusal::IsPullRequest { issue: issue.short(home) })),
            Some(Referent::Issue(_) | Referent::NotFound) | None => out_of_reach(),
        }
    }

    /// Answers once, however often it is tried.
    async fn ensure_answer(&self, pending: &ReceivedCommand, body: &str) -> Result<(), Stop> {
        let pull = &self.loaded.pull_request;
        let answers = |comment: &PullRequestComment| comment.by_us && answers::is_answer_to(&comment.body, pending.comment);
        if pull.comments.iter().any(answers) {
            return Ok(());
        }
        if let Some(after) = &pull.comments_after
            && self.installation.list_remaining_comments(&pull.node_id, after).await?.iter().any(answers)
        {
            return Ok(());
        }
        if let Some(later) = pending.answering_since.and_then(|since| self.waits_until(since)) {
            return Err(Stop::Later(later));
        }
        self.worker.store.begin_answer(pending.comment, self.worker.now()).await?;
        match self.installation.create_comment(&self.loaded.repository.name, self.number, body).await {
            Err(error) if is_final(&error) => {
                tracing::warn!(comment = pending.comment, error = &error as &dyn std::error::Error, "an answer was refused");
                Ok(())
            }
            done => Ok(done.map(drop)?),
        }
    }

    /// When GitHub shows for certain what happened at `since`; `None` when that is past.
    fn waits_until(&self, since: Timestamp) -> Option<Timestamp> {
        let shows_by = since.checked_add(SETTLE).unwrap_or(since);
        (self.worker.now() < shows_by).then_some(shows_by)
    }

    /// Orders that only our comment remembers become the store's again.
    pub(super) async fn recall_orders(&self, comment: &PullRequestComment) -> Result<(), Stop> {
        let store = &self.worker.store;
        if let Some(given) = GoAhead::parse_hidden_line(&comment.body)
            && self.go_ahead().await?.is_none()
        {
            store.record_go_ahead(self.loaded.repository.id, self.number, &given).await?;
        }
        for order in order::parse_hidden_lines(&comment.body) {
            if !store.item_orders(&order.document).await?.iter().any(|known| known.item == order.item) {
                store.record_order(&order, self.worker.now()).await?;
            }
        }
        Ok(())
    }

    /// What was ordered about the items of these documents.
    pub(super) async fn orders(&self, reads: &[Read]) -> Result<Vec<ItemOrder>, Stop> {
        let mut orders = Vec::new();
        for ready in reads.iter().filter_map(|read| read.outcome.as_ref().ok()) {
            orders.extend(self.worker.store.item_orders(&ready.document.key).await?);
        }
        Ok(orders)
    }
}

/// GitHub refuses this for good, and not everything else with it.
fn is_final(error: &Error) -> bool {
    matches!(error, Error::Refused { .. } | Error::NotFound { .. } | Error::Gone { .. } | Error::TooLarge { .. })
}

/// Why nothing can be ordered about an item any more.
fn settled(plan: &Plan, key: &ItemKey, number: usize, following: &Following<'_>) -> Option<Refusal> {
    let action = plan.actions.iter().find(|action| action.item == *key).map(|action| &action.kind);
    let why = plan.settled.iter().find(|settled| settled.item == *key).map(|settled| &settled.why);
    let issue = match (action, why) {
        (Some(ActionKind::AddToBoard(add)), _) => &add.issue,
        (Some(ActionKind::UpdateIssue(update)), _) => &update.issue,
        (Some(ActionKind::CloseIssue(close)), _) => &close.issue,
        (Some(ActionKind::ReopenIssue(reopen)), _) => &reopen.issue,
        (Some(ActionKind::LeaveOpen(leave)), _) => &leave.issue,
        (Some(ActionKind::OpenIssue(_) | ActionKind::AdoptIssue(_)), _)
        | (None, Some(Why::Skipped(_) | Why::LeftAlone) | None) => return None,
        (Some(ActionKind::AddSubIssue(_)) | None, Some(Why::Tracked(issue))) => issue,
        (Some(ActionKind::AddSubIssue(_)), _) => return None,
        (None, Some(Why::Filing)) => return Some(Refusal::BeingFiled { item: number }),
        (None, Some(Why::AlreadyDone | Why::Declined)) => return Some(Refusal::Settled { item: number }),
    };
    let home = &following.loaded.repository.name;
    Some(Refusal::HasIssue { item: number, issue: issue.issue.short(home), url: issue.url.clone() })
}
