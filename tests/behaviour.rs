//! What Followthrough promises, through its front door: signed webhooks in over HTTP, the state of a fake GitHub out.
//!
//! Every test runs over SQLite and, when a server is there, over PostgreSQL. Nothing sleeps: work is drained, and time is
//! the fake's clock. Every test ends with the fake having understood every request.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "behaviour/backfill.rs"]
mod backfill;
#[path = "behaviour/board.rs"]
mod board;
#[path = "behaviour/commands.rs"]
mod commands;
#[path = "behaviour/configuration.rs"]
mod configuration;
#[path = "store/databases.rs"]
mod databases;
#[path = "behaviour/faults.rs"]
mod faults;
#[path = "behaviour/filing.rs"]
mod filing;
#[path = "behaviour/histories.rs"]
mod histories;
#[path = "behaviour/hostile.rs"]
mod hostile;
#[path = "behaviour/hostile_words.rs"]
mod hostile_words;
#[path = "behaviour/intake.rs"]
mod intake;
#[path = "behaviour/link_back.rs"]
mod link_back;
#[path = "behaviour/live_state.rs"]
mod live_state;
#[path = "behaviour/load.rs"]
mod load;
#[path = "behaviour/lost_database.rs"]
mod lost_database;
#[path = "store/over_both.rs"]
mod over_both;
#[path = "behaviour/places.rs"]
mod places;
#[path = "behaviour/pushes.rs"]
mod pushes;
#[path = "behaviour/recovery.rs"]
mod recovery;
#[path = "behaviour/repair.rs"]
mod repair;
#[path = "behaviour/review.rs"]
mod review;
#[path = "behaviour/review_findings.rs"]
mod review_findings;
#[path = "behaviour/review_suggestions.rs"]
mod review_suggestions;
#[path = "behaviour/shared.rs"]
mod shared;
#[path = "behaviour/story.rs"]
mod story;
#[path = "behaviour/time.rs"]
mod time;
#[path = "behaviour/trouble.rs"]
mod trouble;
#[path = "behaviour/when.rs"]
mod when;
#[path = "behaviour/who_wins.rs"]
mod who_wins;
#[path = "behaviour/world.rs"]
mod world;
