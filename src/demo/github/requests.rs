//! The log of requests: what tests count, and where a request that the fake does not understand is remembered.

use std::collections::BTreeMap;

/// One HTTP request that was answered, or whose answer was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    pub method: String,
    /// Path and query.
    pub path: String,
    /// GraphQL: the operation's name, where it has one.
    pub operation: Option<String>,
    /// GraphQL: the names of the root fields, one entry per alias.
    pub root_fields: Vec<String>,
    /// GraphQL: whether the operation is a mutation. REST: whether the method writes.
    pub writes: bool,
    /// The writes that took effect, with their input: REST: method, path and body; GraphQL: field and arguments, per alias.
    pub effects: Vec<String>,
    /// The answer's status; `None` when no answer went out.
    pub status: Option<u16>,
    /// By the machine's clock, for the pace of writes.
    pub at: jiff::Timestamp,
    /// `app`, a login such as `followthrough[bot]`, or `anonymous`.
    pub actor: String,
}

impl LoggedRequest {
    /// Whether this counts against the budget of an installation: everything but the mint of its token.
    pub fn is_api(&self) -> bool {
        !self.path.ends_with("/access_tokens")
    }
}

#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    pub requests: Vec<LoggedRequest>,
    pub unexpected: Vec<String>,
}

/// How many requests there were, of what sort.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// All API requests but the minting of tokens.
    pub total: usize,
    pub tokens: usize,
    pub reads: usize,
    pub writes: usize,
    /// GraphQL mutations by field, each alias counted.
    pub mutations: BTreeMap<String, usize>,
}

impl RequestLog {
    pub(crate) fn counts(&self) -> RequestCounts {
        let mut counts = RequestCounts::default();
        for request in &self.requests {
            if request.path.ends_with("/access_tokens") {
                counts.tokens += 1;
            }
            if !request.is_api() {
                continue;
            }
            counts.total += 1;
            if !request.writes {
                counts.reads += 1;
                continue;
            }
            counts.writes += 1;
            for field in &request.root_fields {
                *counts.mutations.entry(field.clone()).or_default() += 1;
            }
        }
        counts
    }
}
