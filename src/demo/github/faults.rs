//! The ways in which GitHub fails. A test arms a fault for the next request that matches, or the n-th; the fake then fails
//! exactly there. Also here: how far lists and boards lag behind.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::state::ThreadRef;

/// Which requests a fault is meant for. All conditions that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matching {
    method: Option<String>,
    path: Option<String>,
    root_field: Option<String>,
    writes: Option<bool>,
}

impl Matching {
    /// Any API request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Any request that writes: REST by method, GraphQL by operation.
    pub fn write() -> Self {
        Self { writes: Some(true), ..Self::default() }
    }

    /// A REST request whose path contains `path`.
    pub fn rest(method: &str, path: &str) -> Self {
        Self { method: Some(method.to_owned()), path: Some(path.to_owned()), ..Self::default() }
    }

    /// A GraphQL request with this root field, such as `createIssue` or `repository`.
    pub fn graphql(root_field: &str) -> Self {
        Self { root_field: Some(root_field.to_owned()), ..Self::default() }
    }

    fn holds(&self, request: &Seen<'_>) -> bool {
        self.method.as_deref().is_none_or(|method| method == request.method)
            && self.path.as_deref().is_none_or(|path| request.path.contains(path))
            && self.root_field.as_ref().is_none_or(|field| request.root_fields.contains(field))
            && self.writes.is_none_or(|writes| writes == request.writes)
    }
}

/// What a matcher looks at.
pub(crate) struct Seen<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub root_fields: &'a [String],
    pub writes: bool,
}

/// One way of failing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The work is done, the connection drops before a byte of the answer is sent.
    LoseAnswer,
    /// The work is done, the answer is a 502 page.
    BadGatewayAfterEffect,
    /// Nothing is done, the answer is a 500.
    ErrorBeforeEffect,
    /// Nothing is done, the answer is a 404.
    NotFound,
    /// Nothing is done and no answer ever comes.
    Hang,
    /// The work is done and no answer ever comes.
    HangAfterEffect,
    /// 403 and "You have exceeded a secondary rate limit", with `Retry-After` in seconds where given.
    SecondaryLimit { retry_after: Option<u64> },
    /// 429, with `Retry-After` in seconds where given.
    TooManyRequests { retry_after: Option<u64> },
    /// The hour's budget is used up until `reset_in` seconds from now: REST 403, GraphQL 200 with `RATE_LIMITED`.
    PrimaryLimit { reset_in: u64 },
    /// GraphQL: the alias with this index (0-based) of the mutation is refused with this type and message, the others go on.
    RefuseAlias { index: usize, kind: &'static str, message: String },
    /// GraphQL 200 with `RATE_LIMITED` and nothing in the headers that says until when; REST: the same as [`SecondaryLimit`]
    /// without `Retry-After`.
    ///
    /// [`SecondaryLimit`]: Self::SecondaryLimit
    RateLimited,
    /// GraphQL 200 with data and errors: one root field is null, and the error about it says no more than that something went
    /// wrong. With `after_effect` it is the last field, executed all the same; without, of a mutation, the first, which is not.
    /// REST: a 502 or a 500.
    PartialErrors { after_effect: bool },
    /// GraphQL: only the first aliases are executed, then "Resource limits for this query exceeded".
    StopAfterAliases(usize),
}

impl Fault {
    /// The refusal of content that came too fast, for one alias.
    pub fn submitted_too_quickly(index: usize) -> Self {
        Self::RefuseAlias { index, kind: "UNPROCESSABLE", message: "was submitted too quickly".to_owned() }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    armed: Vec<Armed>,
    /// How many list reads a new issue stays invisible for.
    pub list_lag: usize,
    /// For how long lists do not show what was made.
    pub list_delay: SignedDuration,
    /// How many reads of an issue's cards miss one that was just made.
    pub card_lag: usize,
    /// How many attempts to see a new issue from a board fail.
    pub project_lag: usize,
    pub content_exists: usize,
    pub priority_taken: usize,
    hidden_from_lists: HashMap<ThreadRef, usize>,
    hidden_from_projects: HashMap<ThreadRef, usize>,
    hidden_cards: HashMap<ThreadRef, usize>,
}

#[derive(Debug)]
struct Armed {
    matching: Matching,
    /// Matching requests to let pass first.
    skip: usize,
    times: usize,
    fault: Fault,
}

impl Faults {
    pub(crate) fn arm(&mut self, matching: Matching, skip: usize, times: usize, fault: Fault) {
        self.armed.push(Armed { matching, skip, times, fault });
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Faults that were armed and did not strike yet.
    pub(crate) fn pending(&self) -> usize {
        self.armed.iter().map(|armed| armed.times).sum()
    }

    /// The fault for this request, used up.
    pub(crate) fn strike(&mut self, request: &Seen<'_>) -> Option<Fault> {
        for armed in &mut self.armed {
            if armed.times == 0 || !armed.matching.holds(request) {
                continue;
            }
            if armed.skip > 0 {
                armed.skip -= 1;
                continue;
            }
            armed.times -= 1;
            return Some(armed.fault.clone());
        }
        None
    }

    pub(crate) fn issue_created(&mut self, thread: ThreadRef) {
        if self.list_lag > 0 {
            self.hidden_from_lists.insert(thread, self.list_lag);
        }
        if self.project_lag > 0 {
            self.hidden_from_projects.insert(thread, self.project_lag);
        }
        if self.card_lag > 0 {
            self.hidden_cards.insert(thread, self.card_lag);
        }
    }

    /// Whether lists show by `now` what was made at `created_at`.
    pub(crate) fn is_listed(&self, created_at: Timestamp, now: Timestamp) -> bool {
        self.list_delay.is_zero() || now.duration_since(created_at) >= self.list_delay
    }

    pub(crate) fn seen_by_list(&mut self, threads: Vec<ThreadRef>) -> Vec<ThreadRef> {
        if self.hidden_from_lists.is_empty() {
            return threads;
        }
        threads.into_iter().filter(|thread| !hides(&mut self.hidden_from_lists, *thread)).collect()
    }

    /// Whether boards cannot see the issue yet; each question counts.
    pub(crate) fn hidden_from_projects(&mut self, thread: ThreadRef) -> bool {
        hides(&mut self.hidden_from_projects, thread)
    }

    /// Whether a read of an issue's cards misses them; each read counts.
    pub(crate) fn hides_cards(&mut self, thread: ThreadRef) -> bool {
        hides(&mut self.hidden_cards, thread)
    }

    pub(crate) fn content_exists(&mut self) -> bool {
        take_one(&mut self.content_exists)
    }

    pub(crate) fn priority_taken(&mut self) -> bool {
        take_one(&mut self.priority_taken)
    }
}

fn take_one(left: &mut usize) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}

fn hides(hidden: &mut HashMap<ThreadRef, usize>, thread: ThreadRef) -> bool {
    let Some(left) = hidden.get_mut(&thread) else { return false };
    let hides = take_one(left);
    if !hides {
        hidden.remove(&thread);
    }
    hides
}
