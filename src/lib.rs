//! Followthrough: a self-hosted GitHub App that makes the lessons of incidents get done.
//!
//! A postmortem is Markdown in Git, reviewed as a pull request. Followthrough shows on the pull request what merging will
//! do, opens exactly one issue per action item, puts each on a board, and links everything both ways.
//!
//! # The house
//!
//! Three tiers, one direction: an edge uses adapters, an adapter uses the core, the core uses only itself. What is decided
//! is decided in the core, from data that comes in, and comes out as data; adapters do it. `tests/architecture.rs` holds
//! the code to this map.
//!
//! | core: pure, no clock, no files, no network | |
//! |---|---|
//! | [`text`] | positions in a document, edits to it |
//! | [`ids`] | newtypes: repository, issue number, commit, item key |
//! | [`postmortem`] | Markdown in, [`Postmortem`](postmortem::Postmortem) out, never an error |
//! | [`settings`] | the per-repository configuration, with a place for every problem |
//! | [`review`] | what the document's words could do better: one rule per file, its page beside it |
//! | [`commands`] | what people ask for in comments, and what they ordered about items |
//! | [`plan`] | what to do: document + what is known + settings = [`Plan`](plan::Plan); identity; markers |
//! | [`board`] | from wanted texts to the typed values of a board's fields |
//! | [`render`] | one output per file: comment, check, issue, terminal, JSON |
//!
//! | adapters: each talks to one outside thing | |
//! |---|---|
//! | [`github`] | App authentication, REST, GraphQL, webhook payloads and signatures |
//! | [`store`] | one store over SQLite or PostgreSQL: inbox, leases, ledger |
//! | [`apply`] | executes a plan, idempotently, action by action |
//!
//! | edges: how people and GitHub come in | |
//! |---|---|
//! | [`server`] | HTTP: webhook intake, health, metrics |
//! | [`jobs`] | what is done after a delivery was stored; the queue |
//! | [`service`] | server, worker, client and store put together |
//! | [`cli`] | one file per subcommand |
//! | [`demo`] | a stateful GitHub over HTTP, and the story that is told with it |
//!
//! To begin with: [`postmortem::model`], then [`plan`], then [`jobs::follow_pull_request`], then `tests/behaviour/filing.rs`.

pub mod apply;
pub mod board;
pub mod cli;
pub mod commands;
pub mod demo;
pub mod github;
pub mod ids;
pub mod jobs;
pub mod plan;
pub mod postmortem;
pub mod render;
pub mod review;
pub mod server;
pub mod service;
pub mod settings;
pub mod store;
pub mod text;
