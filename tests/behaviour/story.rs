//! A postmortem that was merged: its repository, its pull request, its issues, and the words to go on with.

use followthrough::demo::github::{Change, CommentView, FieldSeed, IssueState, IssueView, Project, Repository, StateReason};
use jiff::SignedDuration;

use crate::world::{PATH, World, filed};

pub const ALERT: &str = "- [ ] Alert when fewer than 98 % of checkouts succeed (@ada-example, due 2026-12-01)";
pub const POOL: &str = "- [ ] Keep the pool's size in its own file";
pub const DRILL: &str = "- [ ] Rehearse taking back a deploy with everybody on call";
pub const OURS: &str = "followthrough[bot]";

/// A postmortem with these lines for action items.
pub fn postmortem(items: &[&str]) -> String {
    let items: String = items.iter().map(|item| format!("{item}\n")).collect();
    format!("# Checkout failed\n\n## Summary\n\nEvery fourth checkout ended in an error page.\n\n## Action items\n\n{items}")
}

/// `item` with its box ticked.
pub fn ticked(item: &str) -> String {
    item.replacen("[ ]", "[x]", 1)
}

/// `item` struck through, with `words` behind it.
pub fn struck(item: &str, words: &str) -> String {
    format!("- [ ] ~~{}~~{words}", item.trim_start_matches("- [ ] "))
}

/// A merged postmortem and what came of it.
pub struct Story<'w> {
    pub world: &'w World,
    pub repository: Repository,
    pub board: Project,
    /// The pull request that brought the document.
    pub pull_request: u64,
    /// The numbers of the issues, in the order of the items.
    pub issues: Vec<u64>,
}

impl<'w> Story<'w> {
    /// In `acme/app`, with all three items.
    pub async fn merged(world: &'w World) -> Self {
        Self::merged_in(world, "app", &[ALERT, POOL, DRILL]).await
    }

    /// In a repository of its own, with these items, each on the board of the organization. Links are not written into
    /// documents, so that every push is a person's.
    pub async fn merged_in(world: &'w World, name: &str, items: &[&str]) -> Self {
        let (repository, board) = world.github.quietly(|| {
            let acme = world.github.organization("acme");
            let repository = acme.repository(name);
            repository.set_assignable(&["ada-example", "grace-example"]);
            let board = acme.add_project(
                board_number(name),
                "Postmortem actions",
                &[FieldSeed::single_select("Status", &["Triage", "Waiting for the vendor"]), FieldSeed::date("Due")],
            );
            let configuration = format!(
                "board:\n  project: {}\n  status: Triage\n  fields: {{ Due: \"{{{{ item.due }}}}\" }}\nlink_back:\n  document: \"off\"\n",
                board.url()
            );
            repository.commit("main", "Configure", &[Change::write(".github/followthrough.yml", configuration)]);
            (repository, board)
        });
        let mut story = Self { world, repository, board, pull_request: 0, issues: Vec::new() };
        story.pull_request = story.propose(&postmortem(items));
        world.settle().await;
        story.repository.merge(story.pull_request);
        story.settle().await;
        story.issues = story.filed().iter().map(|issue| issue.number).collect();
        assert_eq!(story.issues.len(), items.len(), "an issue for each item");
        story
    }

    /// A pull request that leaves the document as `text`.
    pub fn propose(&self, text: &str) -> u64 {
        let branch = format!("postmortem-{}", self.repository.pull_requests().len());
        self.repository.propose("ada-example", &branch, "Postmortem: checkout failed", &[Change::write(PATH, text)])
    }

    /// Pushes the document with these items to the default branch, a minute after what was before. Gives the commit.
    pub fn push(&self, items: &[&str]) -> String {
        self.pass(60);
        self.repository.push("main", PATH, &postmortem(items))
    }

    /// As [`push`](Self::push), and everything that comes of it.
    pub async fn pushed(&self, items: &[&str]) -> String {
        let commit = self.push(items);
        self.settle().await;
        commit
    }

    pub async fn commit(&self, changes: &[Change]) -> String {
        self.pass(60);
        let commit = self.repository.commit("main", "Tidy up", changes);
        self.settle().await;
        commit
    }

    pub fn pass(&self, seconds: i64) {
        self.world.github.clock().advance(SignedDuration::from_secs(seconds));
    }

    /// Delivers and works off everything, and what was put off for a while.
    pub async fn settle(&self) {
        self.world.settle().await;
        self.world.later(120).await;
    }

    pub fn filed(&self) -> Vec<IssueView> {
        filed(&self.repository)
    }

    pub fn issue(&self, item: usize) -> IssueView {
        self.repository.issue(self.issues[item])
    }

    pub fn state(&self, item: usize) -> (IssueState, Option<StateReason>) {
        let issue = self.issue(item);
        (issue.state, issue.state_reason)
    }

    #[track_caller]
    pub fn assert_open(&self, item: usize) {
        assert_eq!(self.issue(item).state, IssueState::Open, "{:#?}", self.issue(item).history);
    }

    #[track_caller]
    pub fn assert_closed(&self, item: usize, reason: StateReason) {
        assert_eq!(self.state(item), (IssueState::Closed, Some(reason)), "{:#?}", self.issue(item).history);
    }

    /// What the App said on an item's issue.
    pub fn said(&self, item: usize) -> Vec<CommentView> {
        self.repository.comments(self.issues[item]).into_iter().filter(|comment| comment.author == OURS).collect()
    }

    /// The one thing that the App said on an item's issue.
    #[track_caller]
    pub fn said_once(&self, item: usize) -> String {
        let said = self.said(item);
        assert_eq!(said.len(), 1, "told once: {said:#?}");
        said[0].body.clone()
    }

    #[track_caller]
    pub fn said_nothing(&self, item: usize) {
        assert_eq!(self.said(item), Vec::new());
    }

    /// What the comment on the pull request says; there is one.
    #[track_caller]
    pub fn shown(&self) -> String {
        self.shown_on(self.pull_request)
    }

    #[track_caller]
    pub fn shown_on(&self, pull_request: u64) -> String {
        let comments = self.repository.comments(pull_request);
        let ours: Vec<_> = comments.into_iter().filter(|comment| comment.author == OURS).collect();
        assert_eq!(ours.len(), 1, "one comment on #{pull_request}");
        ours[0].body.clone()
    }

    /// The line of the comment that is about an item's issue.
    #[track_caller]
    pub fn shown_of(&self, item: usize) -> String {
        let (link, shown) = (format!("/issues/{})", self.issues[item]), self.shown());
        let lines: Vec<&str> = shown.lines().filter(|line| line.starts_with('|') && line.contains(&link)).collect();
        assert_eq!(lines.len(), 1, "one line about {link}: {shown}");
        lines[0].to_owned()
    }

    /// Everything that was delivered so far comes again, as other events; nothing may come of it.
    pub async fn nothing_comes_of_the_same_again(&self) {
        let deliveries = self.world.github.deliveries();
        self.world.github.forget_requests();
        let mine = deliveries.iter().filter(|one| one.repository.is_none() || one.repository == Some(self.repository.id()));
        for delivery in mine {
            let again = self.world.github.copy_under_new_guid(&crate::review::pending(delivery));
            self.world.github.send(&again).await;
        }
        self.settle().await;
        assert_eq!(self.world.writes(), Vec::<String>::new(), "what is settled stays so");
    }
}

/// Boards have numbers; each story has one of its own.
fn board_number(name: &str) -> u64 {
    let number: String = name.chars().filter(char::is_ascii_digit).collect();
    1000 + number.parse::<u64>().unwrap_or_default()
}
