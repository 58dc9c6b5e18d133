//! A fake GitHub with an organization, a board, an old issue, and a postmortem of twenty-one items; the program beside it.

use std::collections::BTreeMap;

use followthrough::demo::github::{
    Change, Config, FakeGitHub, FieldSeed, PendingDelivery, Project, PullRequestView, Repository, Role,
};

use crate::{
    databases::Database,
    program::{Program, serve},
};

const PATH: &str = "postmortems/2026-11-20-checkout.md";
pub const ITEMS: usize = 20;

pub struct World {
    pub github: FakeGitHub,
    pub app: Repository,
    pub board: Project,
    /// Somebody's issue, which the document links.
    pub old: u64,
    database: Database,
}

impl World {
    pub async fn build(database: &Database) -> Self {
        let github = FakeGitHub::start(Config::default()).await.unwrap();
        let (app, board, old) = github.quietly(|| {
            let acme = github.organization("acme");
            acme.add_members(&["ada-example", "grace-example"]);
            let app = acme.repository("app");
            app.set_assignable(&["ada-example", "grace-example"]);
            app.set_role("grace-example", Role::Write);
            let board = acme.add_project(
                7,
                "Postmortem actions",
                &[
                    FieldSeed::single_select("Status", &["Todo", "Triage", "Done"]),
                    FieldSeed::single_select("Priority", &["P1", "P2"]),
                    FieldSeed::date("Due"),
                    FieldSeed::text("Postmortem"),
                ],
            );
            app.push("main", ".github/followthrough.yml", &configuration(&board));
            acme.install();
            let old = app.create_issue_as("grace-example", "Retry payments", "Words of a person.");
            (app, board, old)
        });
        Self { github, app, board, old, database: database.clone() }
    }

    /// Starts the program on this world; deliveries go to the one started last.
    pub async fn start(&self) -> Program {
        let program = Program::start(serve(self.github.url(), &self.database.url)).await;
        self.github.set_webhook_url(&program.webhook_url());
        program
    }

    /// Opens the pull request, without a word to the program yet.
    pub fn propose(&self) -> u64 {
        self.app.propose("ada-example", "checkout", "Postmortem: checkout failed", &[Change::write(PATH, document(self.old))])
    }

    /// Somebody gives a command that is answered.
    pub fn command(&self, pull: u64) {
        self.app.comment_as("grace-example", pull, "/followthrough help");
    }

    /// Sends what waits about pull requests and people's comments on them, and loses the rest, which would only make it
    /// easier for the program; each has to be answered with 202.
    pub async fn deliver(&self) {
        let wanted = |delivery: &PendingDelivery| match delivery.event.as_str() {
            "issue_comment" => delivery.payload["comment"]["user"]["type"] == "User",
            event => event == "pull_request",
        };
        self.github.rearrange_pending(|pending| pending.retain(wanted));
        for answer in self.github.deliver_all().await {
            assert_eq!(answer.status_code, 202, "{}", answer.response);
        }
    }

    /// Everything that people see, as text, without what differs from one world to the next.
    pub fn ending(&self, pull: u64) -> Ending {
        let view = self.app.pull_request(pull);
        let merge = view.merged.clone().unwrap_or_default();
        let own: Vec<PullRequestView> =
            self.app.pull_requests().into_iter().filter(|pull| pull.author == "followthrough[bot]").collect();
        let plain = |text: &str| {
            let mut text = text.replace(self.github.url(), "https://github.example").replace(&view.head, "HEAD");
            for own in &own {
                text = text.replace(&own.head, "LINKS");
            }
            let text = if merge.is_empty() { text } else { text.replace(&merge, "MERGE") };
            // The marker's digest of the text is of one with those addresses in it.
            match text.split_once(" text=") {
                Some((before, after)) => format!("{before} text={}", after.get(20..).unwrap_or_default()),
                None => text,
            }
        };
        let link_backs = own.iter().map(|own| {
            // Its hidden digest is of a text with addresses in it.
            let body = own.body.split(" text=").next().unwrap_or_default();
            let text = self.app.file(&own.head_branch, PATH).unwrap_or_default();
            let comments = self.app.comments(own.number).len();
            format!("{} {:?} {:?}, {comments} comments: {}\n{}", own.title, own.state, own.files, plain(body), plain(&text))
        });
        let cards = self.board.board().items;
        let issues = self.app.issues().into_iter().map(|issue| {
            let cards: Vec<BTreeMap<String, String>> = cards
                .iter()
                .filter(|card| card.content == format!("acme/app#{}", issue.number))
                .map(|card| card.fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
                .collect();
            let comments = self.app.comments(issue.number).iter().map(|comment| plain(&comment.body)).collect();
            Issue {
                number: issue.number,
                title: issue.title,
                body: plain(&issue.body),
                author: issue.author,
                labels: issue.labels,
                assignees: issue.assignees,
                cards,
                comments,
            }
        });
        let checks = self.app.check_runs().into_iter().map(|check| {
            let texts = [&check.title, &check.summary].map(|text| plain(text.as_deref().unwrap_or_default()));
            format!(
                "{} on {}: {:?}, {} annotations, {}",
                check.name,
                plain(&check.head),
                check.conclusion,
                check.annotations.len(),
                texts.join(", ")
            )
        });
        // An answer names the comment that it answers.
        let comments = self.app.comments(pull);
        let commands: Vec<String> = comments.iter().map(|comment| format!("answer {} ", comment.id)).collect();
        let numbered = |text: &str| commands.iter().fold(plain(text), |text, command| text.replace(command, "answer "));
        Ending {
            issues: issues.collect(),
            comments: comments.iter().map(|comment| format!("{} {:?}", numbered(&comment.body), comment.reactions)).collect(),
            checks: checks.collect(),
            suggestions: self.app.review_threads(pull).iter().map(|thread| thread.comments[0].body.clone()).collect(),
            link_backs: link_backs.collect(),
            branches: self.app.branches(),
            labels: self.app.labels(),
            cards: cards.len(),
            unexpected: self.github.unexpected_requests(),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Ending {
    pub issues: Vec<Issue>,
    pub comments: Vec<String>,
    pub checks: Vec<String>,
    pub suggestions: Vec<String>,
    /// The App's own pull requests, with the document as they have it.
    pub link_backs: Vec<String>,
    pub branches: Vec<String>,
    pub labels: Vec<String>,
    pub cards: usize,
    pub unexpected: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Issue {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: String,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
    /// The fields of each card it has on the board.
    pub cards: Vec<BTreeMap<String, String>>,
    pub comments: Vec<String>,
}

impl Ending {
    /// The clean ending is what was promised: one issue per item and none twice, each once on the board with its fields, one
    /// comment, one check, one suggestion, one link back, one pull request that writes the links.
    pub fn assert_complete(&self, old: u64) {
        assert_eq!(self.issues.len(), ITEMS + 1, "{self:#?}");
        let ours = self.comments.iter().filter(|comment| comment.contains("followthrough:comment")).count();
        assert_eq!((ours, self.cards), (1, ITEMS + 1), "{self:#?}");
        // One for the author's pull request and, once it was heard of, one for ours.
        assert!((1..=2).contains(&self.checks.len()), "{self:#?}");
        assert_eq!(self.link_backs.len(), 1, "{self:#?}");
        assert_eq!(self.link_backs[0].matches(" ([#").count(), ITEMS, "{self:#?}");
        assert_eq!(self.suggestions.len(), 1, "{self:#?}");
        assert_eq!(self.unexpected, Vec::<String>::new());
        assert!(self.comments[0].contains("20 issues opened, 1 linked to #"), "{}", self.comments[0]);
        for issue in &self.issues {
            let adopted = issue.number == old;
            assert_eq!(issue.cards.len(), 1, "{issue:#?}");
            for field in ["Status", "Priority", "Due", "Postmortem"] {
                assert!(issue.cards[0].get(field).is_some_and(|value| !value.is_empty()), "{field}: {issue:#?}");
            }
            assert!(issue.labels.iter().any(|label| label == "action-item"), "{issue:#?}");
            assert_eq!(issue.comments.len(), usize::from(adopted), "{issue:#?}");
            assert_eq!(issue.author, if adopted { "grace-example" } else { "followthrough[bot]" });
        }
    }

    /// The command was acknowledged and answered, once.
    pub fn assert_answered(&self) {
        assert_eq!(self.comments.len(), 3, "{self:#?}");
        assert!(self.comments[1].ends_with("[\"+1\"]") && self.comments[2].contains("followthrough:answer"), "{self:#?}");
    }

    /// The first difference to how it should have ended.
    pub fn difference(&self, clean: &Self) -> Option<String> {
        let differs = |what: &str, is: &dyn std::fmt::Debug, should: &dyn std::fmt::Debug| {
            let (is, should) = (format!("{is:#?}"), format!("{should:#?}"));
            (is != should).then(|| {
                let line = is.lines().zip(should.lines()).find(|(is, should)| is != should);
                let (is, should) = line.unwrap_or((&is, &should));
                format!("{what}: {} instead of {}", is.trim(), should.trim())
            })
        };
        let titles = |ending: &Self| ending.issues.iter().map(|issue| issue.title.clone()).collect::<Vec<_>>();
        if let Some(difference) = differs("titles", &titles(self), &titles(clean)) {
            return Some(difference);
        }
        for (is, should) in self.issues.iter().zip(&clean.issues) {
            if let Some(difference) = differs(&format!("#{} {}", is.number, is.title), is, should) {
                return Some(difference);
            }
        }
        differs("comments", &self.comments, &clean.comments)
            .or_else(|| differs("checks", &self.checks, &clean.checks))
            .or_else(|| differs("suggestions", &self.suggestions, &clean.suggestions))
            .or_else(|| differs("link-backs", &self.link_backs, &clean.link_backs))
            .or_else(|| differs("branches", &self.branches, &clean.branches))
            .or_else(|| differs("labels", &self.labels, &clean.labels))
            .or_else(|| differs("the rest", &self, &clean))
    }
}

fn configuration(board: &Project) -> String {
    format!(
        "board:\n  project: {}\n  status: Triage\n  fields:\n    Priority: \"{{{{ item.priority }}}}\"\n    Due: \"{{{{ item.due }}}}\"\n    Postmortem: \"{{{{ postmortem.title }}}}\"\n",
        board.url()
    )
}

fn document(old: u64) -> String {
    const THINGS: [&str; ITEMS] = [
        "Alert on failing checkouts",
        "Keep the pool's size in a file",
        "Rehearse taking back a deploy",
        "Write down who is on call",
        "Measure the queue's age",
        "Rotate the certificates early",
        "Limit retries of the mailer",
        "Show the backlog on the dashboard",
        "Drop the unused index",
        "Split the payments table",
        "Warm the cache before traffic",
        "Test the failover every month",
        "Name an owner for the gateway",
        "Cap the size of uploads",
        "Log the reason of every refusal",
        "Page before the disk is full",
        "Move nightly jobs to noon",
        "Freeze the schema during sales",
        "Document the kill switch",
        "Teach the bot to say sorry",
    ];
    let mut text =
        "# Checkout failed\n\n## Summary\n\nEvery fourth checkout ended in an error page. The root cause was a small pool.\n\n## Action items\n\n".to_owned();
    for (index, thing) in THINGS.iter().enumerate() {
        let owner = if index % 2 == 0 { "@ada-example" } else { "@grace-example" };
        text.push_str(&format!("- [ ] [P{}] {thing} ({owner}, due 2026-12-{:02})\n", index % 2 + 1, index + 1));
    }
    text.push_str(&format!("- [ ] [P1] Retry a payment once, see #{old} (due 2026-12-24)\n"));
    text
}
