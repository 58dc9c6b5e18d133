//! Answers to commands: said only where a reaction does not say enough.

use std::fmt::Write;

use super::{comment::shorten, neutral};
use crate::commands::{MOST, Mistake};

const MARKER: &str = "<!-- followthrough:answer ";

/// Why a command was not obeyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    Mistake(Mistake),
    NoPostmortem,
    /// The pull request has `items` items.
    NoSuchItem {
        item: usize,
        items: usize,
    },
    HasIssue {
        item: usize,
        /// As it is called where the answer is read.
        issue: String,
        url: String,
    },
    BeingFiled {
        item: usize,
    },
    /// The document says that the item is done, or will not be.
    Settled {
        item: usize,
    },
    /// Merged into another branch than the default one.
    NotOnDefaultBranch {
        default: String,
    },
    OpensOnMerge,
    ClosedUnmerged,
    NotOpen,
    CheckIsOff,
    OutOfReach {
        issue: String,
    },
    IsPullRequest {
        issue: String,
    },
    ByGitHub {
        why: String,
    },
}

/// An answer's text. `refused`: the commands that were not obeyed, by name, and why; `obeyed`: whether others were.
pub fn render(comment: u64, help: bool, refused: &[(&str, Refusal)], obeyed: bool) -> String {
    let mut out = format!("{MARKER}{comment} -->\n");
    for (command, refusal) in refused {
        let said = sentence(command, refusal);
        let _ = match *command {
            "" => writeln!(out, "- {said}"),
            command => writeln!(out, "- `/followthrough {command}`: {said}"),
        };
    }
    if !refused.is_empty() && obeyed {
        out.push_str("\nThe other commands in that comment were obeyed.\n");
    }
    if help && !refused.is_empty() {
        out.push('\n');
    }
    if help {
        out.push_str(HELP);
    }
    out
}

/// Whether `body`, which is ours, answers that comment.
pub fn is_answer_to(body: &str, comment: u64) -> bool {
    let rest = body.trim_start().strip_prefix(MARKER);
    rest.and_then(|rest| rest.split_once(' ')).is_some_and(|(id, _)| id.parse() == Ok(comment))
}

const HELP: &str = "\
Commands stand at the start of a line and are obeyed from people with write access:

| `/followthrough …` | |
|---|---|
| `plan` | brings the comment above up to date |
| `check` | makes a new check run |
| `file` | opens the issues now, where `file.when` leaves that to people |
| `skip 3 Not worth it any more` | opens no issue for item 3, and shows why |
| `adopt 2 #88` | links item 2 to an issue that is there already; also `owner/repo#88` or its address |
| `retry` | tries again what GitHub refused |
| `help` | shows this |
";

fn sentence(command: &str, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Mistake(mistake) => about(mistake),
        Refusal::NoPostmortem => "This pull request has no postmortem, so there is nothing to do.".to_owned(),
        Refusal::NoSuchItem { items: 0, .. } => "There are no action items here.".to_owned(),
        Refusal::NoSuchItem { item, items } => {
            format!("There is no item {item}; the items are numbered from 1 to {items} in the comment.")
        }
        Refusal::HasIssue { item, issue, url } => {
            let instead = if command == "skip" { " Close it there as not planned instead." } else { "" };
            format!("Item {item} has its issue already: [{issue}]({url}).{instead}")
        }
        Refusal::BeingFiled { item } => {
            format!("The issue of item {item} is being opened at this moment. Close it there when the comment shows it.")
        }
        Refusal::Settled { item } => format!("The document says that item {item} is settled, so it gets no issue anyway."),
        Refusal::NotOnDefaultBranch { default } => format!(
            "This goes into another branch; nothing is filed before it reaches `{}`.",
            neutral::plain(default).replace('`', "'")
        ),
        Refusal::OpensOnMerge => "Issues open on merge (`file.when: merged`); nothing was filed.".to_owned(),
        Refusal::ClosedUnmerged => "This pull request was closed without merging; nothing was filed.".to_owned(),
        Refusal::NotOpen => "Checks are made while a pull request is open.".to_owned(),
        Refusal::CheckIsOff => "The check is switched off (`review.check: false`).".to_owned(),
        Refusal::OutOfReach { issue } => format!(
            "There is no issue {} that can be linked. Check the number; it has to belong to the same owner, in a repository \
             where the App is installed and that is not archived.",
            neutral::markdown(&shorten(issue, 200))
        ),
        Refusal::IsPullRequest { issue } => {
            format!("{} is a pull request; only issues can be linked.", neutral::markdown(&shorten(issue, 200)))
        }
        Refusal::ByGitHub { why } => format!("GitHub refuses: {}.", neutral::markdown(&shorten(why, 500))),
    }
}

fn about(mistake: &Mistake) -> String {
    match mistake {
        Mistake::Unknown { word, meant } => {
            let hint = match meant {
                Some(meant) => format!("Did you mean `/followthrough {meant}`?"),
                None => "`/followthrough help` lists the commands.".to_owned(),
            };
            format!("There is no command “{}”. {hint}", neutral::markdown(&shorten(word, 60)))
        }
        Mistake::NotAlone { .. } => "It stands alone on its line; nothing was done.".to_owned(),
        Mistake::NoNumber { command } => {
            format!("Say which item, by its number in the comment, such as `/followthrough {command} 3 …`.")
        }
        Mistake::NoReason { item } => format!("Say why, such as `/followthrough skip {item} Not worth it any more`."),
        Mistake::NoIssue { item } => {
            format!("Say which issue, such as `/followthrough adopt {item} #88`, `owner/repo#88` or its address.")
        }
        Mistake::TooMany => format!("At most {MOST} commands of one comment are obeyed; the rest was left."),
    }
}

impl Refusal {
    /// The command that a mistake was made in; empty where it is none.
    pub fn of_mistake(mistake: Mistake) -> (&'static str, Self) {
        let command = match &mistake {
            Mistake::Unknown { .. } | Mistake::TooMany => "",
            Mistake::NotAlone { command } | Mistake::NoNumber { command } => command,
            Mistake::NoReason { .. } => "skip",
            Mistake::NoIssue { .. } => "adopt",
        };
        (command, Self::Mistake(mistake))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commands, plan::marker};

    #[test]
    fn an_answer_is_known_again_and_is_not_the_sticky_comment() {
        let body = render(12, true, &[], true);
        assert!(is_answer_to(&body, 12) && !is_answer_to(&body, 1) && !is_answer_to(&body, 123));
        assert!(!marker::is_comment(&body));
        assert!(commands::parse(&body).is_empty(), "and no command itself");
    }

    #[test]
    fn what_was_refused_is_said_in_words() {
        let refused = [
            Refusal::of_mistake(Mistake::Unknown { word: "@mary-example".to_owned(), meant: None }),
            Refusal::of_mistake(Mistake::NoReason { item: 3 }),
            ("file", Refusal::OpensOnMerge),
            (
                "skip",
                Refusal::HasIssue { item: 2, issue: "#91".to_owned(), url: "https://github.com/acme/app/issues/91".to_owned() },
            ),
            ("adopt", Refusal::OutOfReach { issue: "elsewhere/x#1".to_owned() }),
        ];
        insta::assert_snapshot!(render(12, true, &refused, true));
    }
}
