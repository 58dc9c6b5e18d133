//! Followthrough: a self-hosted GitHub App that makes the lessons of incidents get done.

pub mod apply;
pub mod board;
pub mod cli;
pub mod demo;
pub mod github;
pub mod ids;
pub mod jobs;
pub mod plan;
pub mod postmortem;
pub mod render;
pub mod server;
pub mod service;
pub mod settings;
pub mod store;
pub mod text;
