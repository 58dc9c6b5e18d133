//! Every way in which GitHub fails, at every request of the whole story: the end is that of a run in which nothing failed, and
//! nothing was written twice.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    future::Future,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use followthrough::demo::github::{Fault, LoggedRequest, Matching, Project};
use jiff::SignedDuration;

use crate::{
    databases::{Database, on_postgres, on_sqlite},
    review::pending,
    world::{DOCUMENT, PATH, World},
};

/// Long enough for any answer of the fake, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
/// For faults that never answer.
const IMPATIENCE: Duration = Duration::from_secs(2);

/// One way of failing at one request.
#[derive(Clone)]
struct Strike {
    name: &'static str,
    fault: Fault,
    /// Counted from 1.
    request: usize,
    /// Lists do not show what was written in the last ten seconds.
    lists_lag: bool,
}

/// What goes wrong in one passage.
#[derive(Clone)]
enum Trouble {
    None,
    At(Strike),
    /// For the whole passage.
    Throughout(&'static str, Arm),
}

/// How it went.
struct Passage {
    /// As far as it was played: what people see at the end of each act.
    acts: Vec<Act>,
    /// Writes that took effect, and how often.
    effects: HashMap<String, usize>,
    requests: Vec<LoggedRequest>,
    /// Faults that did not strike.
    pending: usize,
    /// What was written when all was done already and the last delivery came again.
    afterwards: Vec<String>,
}

struct Act {
    ending: BTreeMap<String, String>,
    /// The requests up to its end.
    requests: usize,
}

/// Acts in which every request fails in every way; in those after, every write.
const WHOLE_ACTS: usize = 3;

/// The ways of failing, and the requests that they are for.
fn ways(request: &LoggedRequest) -> Vec<(&'static str, Fault, bool)> {
    let is_graphql = request.path == "/graphql";
    let mut ways = vec![
        ("answer lost after the effect", Fault::LoseAnswer, false),
        ("500 before the effect", Fault::ErrorBeforeEffect, false),
        ("timeout before the effect", Fault::Hang, false),
        ("secondary limit with Retry-After", Fault::SecondaryLimit { retry_after: Some(45) }, false),
        ("429", Fault::TooManyRequests { retry_after: None }, false),
        ("primary limit exhausted", Fault::PrimaryLimit { reset_in: 1500 }, false),
    ];
    // A read has no effect to come before or after.
    if request.writes {
        ways.push(("502 after the effect", Fault::BadGatewayAfterEffect, false));
        ways.push(("timeout after the effect", Fault::HangAfterEffect, false));
        ways.push(("answer lost while lists lag", Fault::LoseAnswer, true));
    }
    if is_graphql {
        ways.push(("partial errors before the effect", Fault::PartialErrors { after_effect: false }, false));
        ways.push(("RATE_LIMITED", Fault::RateLimited, false));
    }
    if is_graphql && request.writes {
        ways.push(("partial errors after the effect", Fault::PartialErrors { after_effect: true }, true));
    }
    if is_graphql && request.writes {
        ways.push(("submitted too quickly", Fault::submitted_too_quickly(0), false));
        ways.push(("out of resources after one alias", Fault::StopAfterAliases(1), true));
        let refusal = |message: &str| Fault::RefuseAlias { index: 0, kind: "UNPROCESSABLE", message: message.to_owned() };
        let does = |field: &str| request.root_fields.iter().any(|known| known == field);
        if does("createIssue") || does("addSubIssue") {
            let taken = "An error occurred while adding the sub-issue to the parent issue. Priority has already been taken";
            ways.push(("priority has already been taken", refusal(taken), false));
        }
        if does("addProjectV2ItemById") {
            ways.push(("content already exists", refusal("Content already exists in this project"), false));
        }
    }
    ways
}

/// Sets a fault off.
type Arm = fn(&World);

/// What lasts.
const LAGS: &[(&str, Arm)] = &[
    ("lists lag", |world| {
        world.github.faults().delay_lists(SignedDuration::from_secs(10));
    }),
    ("new issues unknown to boards, once", |world| {
        world.github.faults().lag_projects(1);
    }),
    ("new issues unknown to boards, for long", |world| {
        world.github.faults().lag_projects(7);
    }),
    ("cards are there before they are seen, once", |world| {
        world.github.faults().lag_cards(1).content_already_exists(1);
    }),
    ("cards are there before they are seen, twice", |world| {
        world.github.faults().lag_cards(2).content_already_exists(2);
    }),
    ("priority has been taken thrice", |world| {
        world.github.faults().priority_taken(3);
    }),
];

#[test]
fn whatever_fails_at_any_request_it_comes_right_on_sqlite() {
    sweep(Kind::Sqlite, |_| true);
}

/// The store has no part in how GitHub fails, so the ways that leave most to remember are enough here, at every request.
#[test]
fn whatever_fails_at_any_request_it_comes_right_on_postgres() {
    sweep(Kind::Postgres, |way| way.lists_lag);
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Sqlite,
    Postgres,
}

fn sweep(kind: Kind, chosen: impl Fn(&Strike) -> bool) {
    let began = Instant::now();
    let Some(clean) = pass(kind, &Trouble::None) else {
        return say(format_args!("fault sweep: NOT RUN on {kind:?}: there is no server"));
    };
    let mut troubles: Vec<Trouble> = LAGS.iter().map(|(name, arm)| Trouble::Throughout(name, *arm)).collect();
    let whole = clean.acts.get(WHOLE_ACTS - 1).map_or(0, |act| act.requests);
    for (index, request) in clean.requests.iter().enumerate().filter(|(index, request)| *index < whole || request.writes) {
        let strikes =
            ways(request).into_iter().map(|(name, fault, lists_lag)| Strike { name, fault, request: index + 1, lists_lag });
        troubles.extend(strikes.filter(|strike| chosen(strike)).map(Trouble::At));
    }
    if let Ok(wanted) = std::env::var("FAULT") {
        troubles.retain(|trouble| trouble.to_string().contains(&wanted));
    }
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                while let Some((index, trouble)) = at(&troubles, next.fetch_add(1, Ordering::Relaxed)) {
                    let failure = match catch_unwind(AssertUnwindSafe(|| pass(kind, trouble))) {
                        Ok(Some(passage)) => passage.failure(&clean),
                        Ok(None) => Some("the database went away".to_owned()),
                        Err(panic) => Some(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "it panicked".to_owned())),
                    };
                    if let Some(failure) = failure {
                        let request = trouble.request().map(|at| label(&clean.requests[at - 1])).unwrap_or_default();
                        failures.lock().unwrap().push((index, format!("{trouble} {request}: {failure}")));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    say(format_args!(
        "fault sweep: survived {} of {} on {kind:?} ({} requests; {} s in all)",
        troubles.len() - failures.len(),
        troubles.len(),
        clean.requests.len(),
        began.elapsed().as_secs()
    ));
    let failures: Vec<String> = failures.into_iter().map(|(_, failure)| failure).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn at(troubles: &[Trouble], index: usize) -> Option<(usize, &Trouble)> {
    troubles.get(index).map(|trouble| (index, trouble))
}

fn label(request: &LoggedRequest) -> String {
    let what = request.operation.as_deref().or(request.root_fields.first().map(String::as_str)).unwrap_or_default();
    format!("({} {} {what})", request.method, request.path)
}

impl Trouble {
    fn request(&self) -> Option<usize> {
        match self {
            Self::At(strike) => Some(strike.request),
            Self::None | Self::Throughout(..) => None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("nothing"),
            Self::At(strike) => write!(f, "{} at request {}", strike.name, strike.request),
            Self::Throughout(name, _) => f.write_str(name),
        }
    }
}

/// One passage over a database of its own; `None` where there is no server.
fn pass(kind: Kind, trouble: &Trouble) -> Option<Passage> {
    let passage = Mutex::new(None);
    let test = |database: Database| {
        let passage = &passage;
        async move {
            let went = play(&database, trouble).await;
            *passage.lock().unwrap() = Some(went);
        }
    };
    with_database(kind, test);
    passage.into_inner().unwrap()
}

fn with_database<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(Database) -> F) {
    match kind {
        Kind::Sqlite => on_sqlite(test),
        Kind::Postgres => on_postgres(test),
    }
}

/// The whole story: a document is proposed, merged, filed under a tracking issue and onto a board, an old issue adopted; the
/// links are merged; changes are proposed and merged.
async fn play(database: &Database, trouble: &Trouble) -> Passage {
    let patience = match trouble {
        Trouble::At(Strike { fault: Fault::Hang | Fault::HangAfterEffect, .. }) => IMPATIENCE,
        _ => PATIENCE,
    };
    let world = World::start_impatient(database, patience).await;
    let board = world.with_board();
    let settings = world.app.file("main", ".github/followthrough.yml").unwrap();
    world.configure(&format!("{settings}file:\n  tracking_issue: true\n"));
    let old = world.github.quietly(|| world.app.create_issue_as("grace-example", "Retry payments", "Words of a person."));
    world.github.forget_requests();
    match trouble {
        Trouble::None => {}
        Trouble::Throughout(_, arm) => arm(&world),
        Trouble::At(strike) => {
            let faults = world.github.faults();
            if strike.lists_lag {
                faults.delay_lists(SignedDuration::from_secs(10));
            }
            faults.nth(strike.request, Matching::any(), strike.fault.clone());
        }
    }
    let mut passage =
        Passage { acts: Vec::new(), effects: HashMap::new(), requests: Vec::new(), pending: 0, afterwards: Vec::new() };
    let acts: [fn(&World, u64); 5] = [propose, merge, merge_the_links, propose_changes, merge];
    for act in acts {
        act(&world, old);
        world.settle_in_the_end().await;
        passage.acts.push(Act { ending: ending(&world, &board), requests: world.github.requests().len() });
        // What is right once the fault is over goes on as if nothing had been.
        if matches!(trouble, Trouble::At(_)) && world.github.faults().pending() == 0 {
            break;
        }
    }
    passage.pending = world.github.faults().pending();
    passage.requests = world.github.requests();
    for effect in passage.requests.iter().filter(|request| request.is_api()).flat_map(|request| &request.effects) {
        *passage.effects.entry(effect.clone()).or_default() += 1;
    }
    world.github.forget_requests();
    let newest = world.app.pull_requests().iter().rfind(|pull| pull.author != "followthrough[bot]").unwrap().number;
    let again = world.github.copy_under_new_guid(&pending(&world.delivery_about(newest)));
    world.github.send(&again).await;
    world.settle_in_the_end().await;
    let after = world.github.requests();
    passage.afterwards = after.into_iter().filter(LoggedRequest::is_api).flat_map(|request| request.effects).collect();
    passage
}

fn propose(world: &World, old: u64) {
    let text = format!("---\nseverity: SEV2\n---\n{DOCUMENT}- [ ] Retry a payment once (#{old})\n- [ ] Warm the cache\n");
    world.propose(&[(PATH, &text)]);
}

fn merge(world: &World, _: u64) {
    let pulls = world.app.pull_requests();
    world.app.merge(pulls.iter().rfind(|pull| pull.author != "followthrough[bot]").unwrap().number);
}

fn merge_the_links(world: &World, _: u64) {
    for own in world.app.pull_requests().iter().filter(|pull| pull.author == "followthrough[bot]") {
        world.app.merge(own.number);
    }
}

/// One item is ticked, one reworded, one dropped, one added.
fn propose_changes(world: &World, _: u64) {
    let text = world.app.file("main", PATH).unwrap();
    let text = text.replace("- [ ] Alert", "- [x] Alert").replace("Keep the pool's size", "Keep the size of the pool");
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.contains("Warm the cache")).collect();
    lines.push("- [ ] Page before the disk is full");
    world.propose(&[(PATH, &format!("{}\n", lines.join("\n")))]);
}

impl Passage {
    fn failure(&self, clean: &Self) -> Option<String> {
        if self.pending > 0 {
            return Some("it never struck".to_owned());
        }
        for (number, (act, should)) in self.acts.iter().zip(&clean.acts).enumerate() {
            if let Some(difference) = act.difference(should) {
                return Some(format!("after act {}: {difference}", number + 1));
            }
        }
        let twice = self.effects.iter().find(|(effect, times)| **times > clean.effects.get(*effect).copied().unwrap_or(1));
        if let Some((effect, times)) = twice {
            return Some(format!("written {times} times: {}", effect.chars().take(300).collect::<String>()));
        }
        self.afterwards.first().map(|effect| format!("written for nothing: {}", effect.chars().take(300).collect::<String>()))
    }
}

impl Act {
    fn difference(&self, should: &Self) -> Option<String> {
        for (what, was) in &should.ending {
            let is = self.ending.get(what).map_or("missing", String::as_str);
            if is != was {
                let lines = is.lines().zip(was.lines()).find(|(is, was)| is != was);
                let (is, was) = lines.unwrap_or((is, was));
                return Some(format!("{what}: {} instead of {}", is.trim(), was.trim()));
            }
        }
        self.ending.keys().find(|what| !should.ending.contains_key(*what)).map(|what| format!("{what} is too much"))
    }
}

/// Everything that people see, under the names of issues instead of their numbers, which depend on the order of things.
fn ending(world: &World, board: &Project) -> BTreeMap<String, String> {
    let (issues, pulls) = (world.app.issues(), world.app.pull_requests());
    let mut names: BTreeMap<u64, &str> = issues.iter().map(|issue| (issue.number, issue.title.as_str())).collect();
    names.extend(pulls.iter().map(|pull| (pull.number, pull.title.as_str())));
    let plain = |text: &str| plain(text, world, &names);
    let mut ending = BTreeMap::new();
    let mut tell = |what: String, how: String| {
        let (mut name, mut more) = (what.clone(), 1);
        while ending.contains_key(&name) {
            more += 1;
            name = format!("{what} ({more})");
        }
        ending.insert(name, how);
    };
    for issue in &issues {
        let sub_issues: Vec<String> = issue.sub_issues.iter().map(|child| plain(child)).collect();
        let mut sub_issues = sub_issues;
        sub_issues.sort();
        let state = (&issue.state, &issue.state_reason, &issue.labels, &issue.assignees, issue.parent.as_deref().map(plain));
        tell(format!("issue {}", issue.title), format!("{state:?}\n{sub_issues:?}\n{}", plain(&issue.body)));
    }
    for (number, title) in &names {
        for comment in world.app.comments(*number) {
            tell(format!("comment on {title}"), format!("{}: {:?}\n{}", comment.author, comment.reactions, plain(&comment.body)));
        }
    }
    for pull in &pulls {
        let text = world.app.file(&pull.head_branch, PATH).unwrap_or_default();
        let state = (&pull.state, pull.merged.is_some(), &pull.files);
        let body = pull.body.split(" text=").next().unwrap_or_default();
        tell(format!("pull request {}", pull.title), format!("{state:?}\n{}\n{}", plain(body), plain(&text)));
    }
    for card in board.board().items {
        tell(format!("card of {}", plain(&card.content)), format!("{} {:?}", card.archived, card.fields));
    }
    for run in world.app.check_runs() {
        let head = pulls.iter().find(|pull| pull.head == run.head).map(|pull| pull.title.as_str()).unwrap_or_default();
        let texts = [&run.title, &run.summary, &run.text].map(|text| plain(text.as_deref().unwrap_or_default()));
        tell(
            format!("check of {head}"),
            format!("{:?} {} annotations\n{}", run.conclusion, run.annotations.len(), texts.join("\n")),
        );
    }
    for pull in &pulls {
        let threads = world.app.review_threads(pull.number);
        tell(format!("threads of {}", pull.title), threads.iter().map(|thread| plain(&thread.comments[0].body)).collect());
    }
    tell("main".to_owned(), plain(&world.app.file("main", PATH).unwrap_or_default()));
    tell("branches".to_owned(), world.app.branches().join("\n"));
    let mut labels = world.app.labels();
    labels.sort();
    tell("labels".to_owned(), labels.join("\n"));
    ending
}

/// Without addresses, digests, and numbers of issues.
fn plain(text: &str, world: &World, names: &BTreeMap<u64, &str>) -> String {
    let text = text.replace(world.github.url(), "https://github.example");
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len()).max(first.len_utf8());
        let (token, after) = rest.split_at(word);
        let is_digest = token.len() >= 7 && token.chars().all(|c| c.is_ascii_hexdigit());
        let name = token.parse().ok().and_then(|number: u64| names.get(&number));
        match name.filter(|_| ["#", "/issues/", "/pull/"].iter().any(|before| plain.ends_with(before))) {
            Some(name) => plain.push_str(&format!("<{name}>")),
            None if is_digest => plain.push_str("<digest>"),
            None => plain.push_str(token),
        }
        rest = after;
    }
    plain
}

/// Straight to the stream, so that it shows although the test passes.
fn say(line: fmt::Arguments<'_>) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
