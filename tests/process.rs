//! The built program, from outside: started with an environment, talked to over HTTP, killed at the worst moments.
//!
//! Nothing of the service runs in the test's own process; only the GitHub that it talks to does. Waiting is polling with a
//! deadline. What a crash sweep ran, and over which database, is printed also when it passes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "process/backfill.rs"]
mod backfill;
#[path = "process/beginning.rs"]
mod beginning;
#[path = "process/checking.rs"]
mod checking;
#[path = "process/command_line.rs"]
mod command_line;
#[path = "process/crash_sweep.rs"]
mod crash_sweep;
#[path = "store/databases.rs"]
mod databases;
#[path = "process/deliveries.rs"]
mod deliveries;
#[path = "process/demo.rs"]
mod demo;
#[path = "process/detours.rs"]
mod detours;
#[path = "process/doctor.rs"]
mod doctor;
#[path = "process/intake.rs"]
mod intake;
#[path = "store/over_both.rs"]
mod over_both;
#[path = "process/program.rs"]
mod program;
#[path = "process/rebuild.rs"]
mod rebuild;
#[path = "process/recovery.rs"]
mod recovery;
#[path = "process/secrets.rs"]
mod secrets;
#[path = "process/serving.rs"]
mod serving;
#[path = "process/setup.rs"]
mod setup;
#[path = "process/starting.rs"]
mod starting;
#[path = "process/world.rs"]
mod world;
