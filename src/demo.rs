//! What `followthrough demo` and the behaviour tests stand on: a GitHub of our own.
//!
//! It exists so that the whole product can be seen and tested with no account and no network. Nothing here is reachable
//! from `serve`, and nothing here talks to the real GitHub.

pub mod github;
pub mod story;
