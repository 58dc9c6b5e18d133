//! What the App asks an account for, and why: the one source of `setup`'s manifest and of the table in `docs/security.md`.
//!
//! The names are GitHub's ([Permissions required for GitHub
//! Apps](https://docs.github.com/rest/authentication/permissions-required-for-github-apps), and the keys of a manifest's
//! `default_permissions` and `default_events`). Tests hold the lists to what tokens are asked for ([`Access`](super::Access)) and
//! to what the intake stores ([`webhook::HANDLED`](super::webhook::HANDLED)).

use super::Level;

/// A permission of the App.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// The key in a manifest, and in a token's `permissions`.
    pub name: &'static str,
    pub access: Level,
    /// What needs it: one sentence for whoever installs the App.
    pub reason: &'static str,
    /// What still works without it: nothing, where it is `None`.
    pub without: Option<&'static str>,
}

/// An event that the App subscribes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// The key in a manifest, and the value of `X-GitHub-Event`.
    pub name: &'static str,
    /// What it starts: one sentence for whoever installs the App.
    pub reason: &'static str,
}

/// Every permission that the App asks for; no other is ever used.
pub const PERMISSIONS: &[Permission] = &[
    Permission {
        name: "metadata",
        access: Level::Read,
        reason: "GitHub gives it to every App; whether the author of a command or of an approval may write to the repository is asked with it.",
        without: None,
    },
    Permission {
        name: "contents",
        access: Level::Write,
        reason: "Reads the documents and the configuration; writes the links to the issues into the documents, as a commit or on a branch of its own; resolves suggestions that were mended.",
        without: Some("with read, nothing is written into documents, and suggestions that were mended stay open"),
    },
    Permission {
        name: "pull_requests",
        access: Level::Write,
        reason: "Reads which files a pull request changes and who approved it; suggests rewrites on its lines; opens the pull request that brings the links.",
        without: Some("with read, there are no suggestions, and links come as a commit or not at all"),
    },
    Permission {
        name: "issues",
        access: Level::Write,
        reason: "Opens one issue per action item and follows it, makes the labels that are configured, and writes the one comment on each pull request.",
        without: None,
    },
    Permission {
        name: "checks",
        access: Level::Write,
        reason: "Shows the plan and what the review found as a check, with notes on the lines.",
        without: None,
    },
    Permission {
        name: "organization_projects",
        access: Level::Write,
        reason: "Adds each issue to the board and fills its fields once. A permission of the organization: personal accounts have none to give.",
        without: Some("everything but the board"),
    },
];

/// Every event that the App subscribes to. `installation` and `installation_repositories` come to every App unasked.
pub const EVENTS: &[Subscription] = &[
    Subscription { name: "pull_request", reason: "A document is proposed, changed or merged: the plan is shown or carried out." },
    Subscription { name: "pull_request_review", reason: "An approval opens the issues where `file.when` is `approved`." },
    Subscription { name: "push", reason: "A document is changed on the default branch without a pull request." },
    Subscription { name: "issues", reason: "An issue is closed, reopened or edited by people: document and comment follow." },
    Subscription { name: "issue_comment", reason: "Somebody gives a command in a comment." },
    Subscription { name: "check_run", reason: "Somebody asks for the check to run again." },
    Subscription { name: "check_suite", reason: "Somebody asks for all checks to run again." },
    Subscription { name: "projects_v2_item", reason: "A card is moved on the board: the comment shows it." },
];

impl Level {
    /// As GitHub writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// The two tables of `docs/security.md`, as Markdown.
pub fn tables() -> String {
    let mut out = "| permission | access | why | without it |\n|---|---|---|---|\n".to_owned();
    for Permission { name, access, reason, without } in PERMISSIONS {
        let without = without.unwrap_or("nothing works");
        out.push_str(&format!("| `{name}` | {} | {reason} | {without} |\n", access.as_str()));
    }
    out.push_str("\n| event | why |\n|---|---|\n");
    for Subscription { name, reason } in EVENTS {
        out.push_str(&format!("| `{name}` | {reason} |\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::github::{Access, webhook};

    #[test]
    fn the_permissions_are_those_that_tokens_are_asked_for() {
        let widest = Access::default().writing_pull_requests().writing_contents();
        let asked: BTreeMap<String, String> =
            serde_json::from_value(serde_json::to_value(widest).expect("json")).expect("a map of texts");
        let listed: BTreeMap<String, String> =
            PERMISSIONS.iter().map(|permission| (permission.name.to_owned(), permission.access.as_str().to_owned())).collect();
        assert_eq!(listed, asked);
        assert_eq!(listed.len(), PERMISSIONS.len(), "each once");
    }

    #[test]
    fn the_events_are_those_that_lead_to_work() {
        // A manifest that subscribes to what comes unasked is refused.
        let unasked = ["installation", "installation_repositories"];
        let handled: BTreeSet<&str> = webhook::HANDLED.iter().map(|(event, _)| *event).collect();
        let listed: BTreeSet<&str> = EVENTS.iter().map(|event| event.name).collect();
        assert!(unasked.iter().all(|event| handled.contains(event) && !listed.contains(event)));
        assert_eq!(listed, handled.into_iter().filter(|event| !unasked.contains(event)).collect());
        assert_eq!(listed.len(), EVENTS.len(), "each once");
    }

    #[test]
    fn the_tables_in_the_documentation_are_current() {
        let page = include_str!("../../docs/security.md");
        assert!(page.contains(&tables()), "docs/security.md wants these tables:\n\n{}", tables());
    }
}
