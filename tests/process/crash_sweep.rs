//! Kill the program at every request it makes, before the request has its effect and after, and see it come right.

use std::{
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

use followthrough::demo::github::{Fault, Matching};

use crate::{
    databases::{Database, on_postgres, on_sqlite},
    program::{PATIENCE, Program, pause},
    world::{Ending, World},
};

/// What is promised about unfinished work after a restart.
const RESUMES_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Sqlite,
    Postgres,
}

/// Where the program is killed: while its `request`-th request, counted from 1, hangs.
#[derive(Debug, Clone, Copy)]
struct Position {
    request: usize,
    fault: &'static Fault,
}

/// How the story went with one kill in it, or none.
struct Passage {
    ending: Ending,
    old: u64,
    /// Every request, as the fake logged it.
    requests: Vec<String>,
    killed: bool,
    /// From the start of the new process to its first request for the unfinished work; `None` when nothing was unfinished.
    resumed_after: Option<Duration>,
}

#[test]
fn killed_at_any_request_it_comes_right_on_sqlite() {
    sweep(Kind::Sqlite, 12);
}

#[test]
fn killed_at_any_request_it_comes_right_on_postgres() {
    sweep(Kind::Postgres, 8);
}

fn sweep(kind: Kind, at_once: usize) {
    let began = Instant::now();
    let Some(clean) = pass(kind, None) else {
        say(format_args!("crash sweep: NOT RUN on {kind}: there is no server"));
        return;
    };
    clean.ending.assert_complete(clean.old);
    clean.ending.assert_answered();
    let positions: Vec<Position> = (1..=clean.requests.len())
        .flat_map(|request| [&Fault::Hang, &Fault::HangAfterEffect].map(|fault| Position { request, fault }))
        .collect();
    let (next, troubles, slowest) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(Duration::ZERO));
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(position) = positions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let trouble = match catch_unwind(AssertUnwindSafe(|| pass(kind, Some(*position)))) {
                        Ok(Some(passage)) => {
                            let mut slowest = slowest.lock().unwrap();
                            *slowest = passage.resumed_after.unwrap_or_default().max(*slowest);
                            passage.trouble(&clean)
                        }
                        Ok(None) => Some("the database went away".to_owned()),
                        Err(panic) => Some(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "it panicked".to_owned())),
                    };
                    if let Some(trouble) = trouble {
                        let request = &clean.requests[position.request - 1];
                        troubles.lock().unwrap().push((position.request, format!("{position} ({request}): {trouble}")));
                    }
                }
            });
        }
    });
    let mut troubles = troubles.into_inner().unwrap();
    troubles.sort();
    say(format_args!(
        "crash sweep: survived {} of {} on {kind} ({} requests, killed before and after the effect of each; slowest to resume: {:.1} s; {} s in all)",
        positions.len() - troubles.len(),
        positions.len(),
        clean.requests.len(),
        slowest.into_inner().unwrap().as_secs_f32(),
        began.elapsed().as_secs()
    ));
    let troubles: Vec<String> = troubles.into_iter().map(|(_, trouble)| trouble).collect();
    assert!(troubles.is_empty(), "\n{}", troubles.join("\n"));
}

impl Passage {
    fn trouble(&self, clean: &Self) -> Option<String> {
        if !self.killed {
            return Some(format!("the request was never made; there were {:#?}", self.requests));
        }
        if let Some(after) = self.resumed_after.filter(|after| *after > RESUMES_WITHIN) {
            return Some(format!("it went on only after {:.1} s", after.as_secs_f32()));
        }
        self.ending.difference(&clean.ending)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = if *self.fault == Fault::Hang { "before" } else { "after" };
        write!(f, "killed {when} the effect of request {}", self.request)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// One passage over a database of its own; `None` where there is no server.
fn pass(kind: Kind, position: Option<Position>) -> Option<Passage> {
    let passage = Mutex::new(None);
    let test = |database: Database| {
        let passage = &passage;
        async move {
            let went = play(&database, position).await;
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

/// The whole story: a pull request is opened, followed, commanded, merged, filed, and linked by another pull request.
async fn play(database: &Database, position: Option<Position>) -> Passage {
    let world = World::build(database).await;
    if let Some(position) = position {
        world.github.faults().nth(position.request, Matching::any(), position.fault.clone());
    }
    let mut stage = Stage { program: world.start().await, world: &world, armed: position.is_some(), resumed_after: None };
    stage.until(|world| world.github.requests().iter().any(|request| request.path == "/app")).await;
    let number = world.propose();
    world.deliver().await;
    stage.idle().await;
    world.command(number);
    world.deliver().await;
    stage.idle().await;
    world.app.merge(number);
    world.deliver().await;
    stage.idle().await;
    // What is heard of the program's own pull request.
    world.deliver().await;
    stage.idle().await;
    let requests =
        world.github.requests().iter().map(|r| format!("{} {} {:?}", r.method, r.path, r.root_fields.first())).collect();
    Passage {
        ending: world.ending(number),
        old: world.old,
        requests,
        killed: position.is_some() && !stage.armed,
        resumed_after: stage.resumed_after,
    }
}

struct Stage<'a> {
    world: &'a World,
    program: Program,
    /// The fault waits to strike.
    armed: bool,
    resumed_after: Option<Duration>,
}

impl Stage<'_> {
    /// Waits until all that was accepted is done, through a kill and a restart when the fault strikes meanwhile.
    async fn idle(&mut self) {
        let began = Instant::now();
        loop {
            self.strike().await;
            if self.program.unfinished().await == 0 {
                // The last request may have hung after the work was done.
                self.strike().await;
                return;
            }
            assert!(began.elapsed() < PATIENCE, "the work does not end:\n{}", self.program.log());
            pause().await;
        }
    }

    async fn until(&mut self, condition: impl Fn(&World) -> bool) {
        let began = Instant::now();
        while !condition(self.world) {
            self.strike().await;
            assert!(began.elapsed() < PATIENCE, "{}", self.program.log());
            pause().await;
        }
        self.strike().await;
    }

    /// When the fault has struck: kills the program while its request hangs, and starts it again.
    async fn strike(&mut self) {
        if !self.armed || self.world.github.faults().pending() > 0 {
            return;
        }
        self.armed = false;
        self.program.kill();
        let before = self.world.github.requests().len();
        let began = Instant::now();
        self.program = self.world.start().await;
        while self.program.unfinished().await > 0 {
            // What the program asks as itself is asked at every start.
            let work = |request: &followthrough::demo::github::LoggedRequest| request.is_api() && request.actor != "app";
            if self.world.github.requests()[before..].iter().any(work) {
                self.resumed_after = Some(began.elapsed());
                return;
            }
            assert!(began.elapsed() < 3 * RESUMES_WITHIN, "nothing goes on:\n{}", self.program.log());
            pause().await;
        }
    }
}

/// Straight to the stream, so that it shows although the test passes.
fn say(line: fmt::Arguments<'_>) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
