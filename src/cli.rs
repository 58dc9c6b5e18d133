//! The command line: one file per subcommand. Prints, sets the exit code, and decides nothing itself.
//!
//! Exit codes: 0 clean, 1 findings or a plan with problems, 2 wrong usage or failure.

mod as_app;
mod backfill;
mod check;
mod deliveries;
mod demo;
mod doctor;
mod files;
mod health;
mod inspect;
mod new;
mod plan;
mod rebuild;
mod replay;
mod rules;
mod schema;
mod serve;
mod setup;

use std::{
    fmt::Display,
    io::{IsTerminal, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::render::style::Style;

/// Makes the lessons of incidents get done: postmortems in Git become issues that are followed to the end.
///
/// Followthrough is a GitHub App. It reads the postmortems in pull requests, shows what merging will do, opens exactly
/// one issue per action item, and puts each on a board.
///
/// To see it work, without an account or a network: `followthrough demo`.
#[derive(Debug, Parser)]
#[command(name = "followthrough", version, arg_required_else_help = true, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Setup(setup::Arguments),
    Serve(serve::Arguments),
    Backfill(backfill::Arguments),
    New(new::Arguments),
    Rebuild(rebuild::Arguments),
    Deliveries(deliveries::Arguments),
    Check(check::Arguments),
    Rules(rules::Arguments),
    Inspect(inspect::Arguments),
    Plan(plan::Arguments),
    Doctor(doctor::Arguments),
    Replay(replay::Arguments),
    Demo(demo::Arguments),
    Schema(schema::Arguments),
    Health(health::Arguments),
    /// Print completions for a shell, to be sourced from its start-up file.
    ///
    /// For example: `followthrough completions bash > /etc/bash_completion.d/followthrough`
    Completions {
        shell: clap_complete::Shell,
    },
}

/// How a command's result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs; versioned, fields are only ever added.
    Json,
}

/// Exit code of a run that found nothing wrong.
const CLEAN: u8 = 0;
/// Exit code of a run that worked and found something to look at.
const FINDINGS: u8 = 1;
/// Exit code of wrong usage, or of a run that could not do what was asked.
const FAILURE: u8 = 2;

/// Parses the arguments, runs the command, and gives the process's exit code.
pub fn run() -> ExitCode {
    let code = match Arguments::parse().command {
        Command::Setup(arguments) => setup::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Backfill(arguments) => backfill::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Rebuild(arguments) => rebuild::run(&arguments),
        Command::Deliveries(arguments) => deliveries::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Health(arguments) => health::run(&arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "followthrough", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    };
    ExitCode::from(code)
}

/// Writes to standard output. A reader that went away (`| head`) is no failure.
fn print(text: &str) -> u8 {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => CLEAN,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => CLEAN,
        Err(error) => fail(format_args!("standard output cannot be written: {error}")),
    }
}

/// Says what went wrong on standard error.
fn complain(what: impl Display) {
    say(&format!("{} {what}\n", stderr_style().red("error:")));
}

/// Writes to standard error what is no part of a command's result.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn fail(what: impl Display) -> u8 {
    complain(what);
    FAILURE
}

/// Whether to colour what goes to `stream`: a terminal, unless `NO_COLOR` is set to anything.
fn coloured(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn stdout_style() -> Style {
    Style { colour: coloured(&std::io::stdout()) }
}

fn stderr_style() -> Style {
    Style { colour: coloured(&std::io::stderr()) }
}
