//! The program: everything is in the library; see its crate documentation for where things are.

use std::process::ExitCode;

fn main() -> ExitCode {
    followthrough::cli::run()
}
