//! Commands in the comments of a pull request: `/followthrough skip 3 Not worth it any more`.
//!
//! A command stands at the start of a line; what is quoted, in a code fence or in an HTML comment is none. Whether its author
//! may give it, and what it does, is not decided here.

pub mod order;

pub use order::{GoAhead, ItemOrder, Order};

use crate::{
    postmortem::{self, model::Reference},
    settings::did_you_mean,
};

/// What every command begins with, in any case.
const PREFIX: &str = "/followthrough";

/// Commands of one comment that are obeyed at most.
pub const MOST: usize = 50;

/// The commands by their names.
const NAMES: [&str; 7] = ["help", "plan", "file", "check", "skip", "adopt", "retry"];

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Help,
    /// Bring the comment up to date.
    Plan,
    /// Open the issues now.
    File,
    /// Make a new check run.
    Check,
    /// Try again what failed.
    Retry,
    /// Open no issue for an item.
    Skip {
        /// 1-based, as the comment on the pull request numbers the items.
        item: usize,
        /// Never empty.
        reason: String,
    },
    /// Link an item to an issue that is there already.
    Adopt {
        /// As in [`Command::Skip`].
        item: usize,
        issue: Reference,
    },
}

/// A line that was meant as a command and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    Unknown {
        word: String,
        meant: Option<&'static str>,
    },
    /// There is something behind a command that stands alone.
    NotAlone {
        command: &'static str,
    },
    /// The item is not named by a number.
    NoNumber {
        command: &'static str,
    },
    NoReason {
        item: usize,
    },
    NoIssue {
        item: usize,
    },
    /// The comment has more than [`MOST`] commands; the rest is left.
    TooMany,
}

impl Command {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Plan => "plan",
            Self::File => "file",
            Self::Check => "check",
            Self::Retry => "retry",
            Self::Skip { .. } => "skip",
            Self::Adopt { .. } => "adopt",
        }
    }
}

/// The commands in a comment's text (GitHub Markdown), in its order; empty for a usual comment.
pub fn parse(body: &str) -> Vec<Result<Command, Mistake>> {
    let mut commands: Vec<_> = lines(body).filter_map(rest_of).take(MOST + 1).map(command).collect();
    if let Some(last) = commands.get_mut(MOST) {
        *last = Err(Mistake::TooMany);
    }
    commands
}

/// The lines outside code fences and HTML comments.
fn lines(body: &str) -> impl Iterator<Item = &str> {
    let mut fence: Option<(char, usize)> = None;
    let mut commented = false;
    body.lines().filter(move |line| {
        if commented {
            commented = !line.contains("-->");
            return false;
        }
        let text = line.trim_start_matches(' ');
        let mark = text.chars().next().filter(|c| line.len() - text.len() < 4 && matches!(c, '`' | '~'));
        let length = mark.map_or(0, |mark| text.chars().take_while(|&c| c == mark).count());
        match (fence, mark) {
            (Some((open, least)), Some(mark)) if mark == open && length >= least && text[length..].trim().is_empty() => {
                fence = None;
                false
            }
            (Some(_), _) => false,
            // A fence of backticks has none behind it: that is code in a line.
            (None, Some(mark)) if length >= 3 && !(mark == '`' && text[length..].contains('`')) => {
                fence = Some((mark, length));
                false
            }
            (None, _) => {
                commented = line.rfind("<!--").is_some_and(|at| !line[at..].contains("-->"));
                true
            }
        }
    })
}

/// What stands behind the prefix on a line that begins with it.
fn rest_of(line: &str) -> Option<&str> {
    let (prefix, rest) = line.split_at_checked(PREFIX.len())?;
    (prefix.eq_ignore_ascii_case(PREFIX) && !rest.starts_with(|c: char| !c.is_whitespace())).then(|| rest.trim())
}

fn command(rest: &str) -> Result<Command, Mistake> {
    let (word, rest) = cut(rest);
    let name = word.to_lowercase();
    let Some(name) = NAMES.into_iter().find(|known| *known == name) else {
        if word.is_empty() {
            return Ok(Command::Help);
        }
        return Err(Mistake::Unknown { word: word.to_owned(), meant: did_you_mean(word, NAMES) });
    };
    let alone = |command| if rest.is_empty() { Ok(command) } else { Err(Mistake::NotAlone { command: name }) };
    match name {
        "plan" => alone(Command::Plan),
        "file" => alone(Command::File),
        "check" => alone(Command::Check),
        "retry" => alone(Command::Retry),
        "skip" => {
            let (item, reason) = numbered(name, rest)?;
            match reason {
                "" => Err(Mistake::NoReason { item }),
                reason => Ok(Command::Skip { item, reason: order::short_reason(reason) }),
            }
        }
        "adopt" => {
            let (item, issue) = numbered(name, rest)?;
            let issue = postmortem::reference(issue).ok_or(Mistake::NoIssue { item })?;
            Ok(Command::Adopt { item, issue })
        }
        _ => Ok(Command::Help),
    }
}

fn numbered<'t>(command: &'static str, rest: &'t str) -> Result<(usize, &'t str), Mistake> {
    let (number, rest) = cut(rest);
    let number = number.strip_suffix([':', ',', '.']).unwrap_or(number);
    match number.parse() {
        Ok(item) if item > 0 && number.bytes().all(|b| b.is_ascii_digit()) => Ok((item, rest)),
        _ => Err(Mistake::NoNumber { command }),
    }
}

/// The first word and what comes after it.
fn cut(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::RepositoryName;

    fn one(body: &str) -> Result<Command, Mistake> {
        let mut all = parse(body);
        assert_eq!(all.len(), 1, "{body:?} gives {all:?}");
        all.remove(0)
    }

    #[test]
    fn every_command_is_read_in_any_case() {
        for (text, command) in [
            ("/followthrough help", Command::Help),
            ("/followthrough", Command::Help),
            ("/followthrough plan", Command::Plan),
            ("/Followthrough FILE  ", Command::File),
            ("/followthrough\tcheck\r\n", Command::Check),
            ("Thanks!\n/followthrough retry\nand so on", Command::Retry),
            (
                "/followthrough skip 3  Not worth it any more ",
                Command::Skip { item: 3, reason: "Not worth it any more".to_owned() },
            ),
            ("/followthrough skip 3: too dear", Command::Skip { item: 3, reason: "too dear".to_owned() }),
        ] {
            assert_eq!(one(text), Ok(command), "{text:?}");
        }
    }

    #[test]
    fn an_issue_to_adopt_is_named_in_three_ways() {
        let home = RepositoryName::new("acme", "app");
        for (text, issue) in [
            ("#88", "acme/app#88"),
            ("acme/ops#7", "acme/ops#7"),
            ("https://github.com/acme/ops/issues/7#issuecomment-1", "acme/ops#7"),
        ] {
            match one(&format!("/followthrough adopt 2 {text}")) {
                Ok(Command::Adopt { item: 2, issue: found }) => {
                    assert_eq!(found.issue(&home, "github.com").map(|issue| issue.to_string()).as_deref(), Some(issue));
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let unknown = |word: &str, meant| Mistake::Unknown { word: word.to_owned(), meant };
        for (text, mistake) in [
            ("/followthrough fiel", unknown("fiel", Some("file"))),
            ("/followthrough dance", unknown("dance", None)),
            ("/followthrough file 3", Mistake::NotAlone { command: "file" }),
            ("/followthrough skip", Mistake::NoNumber { command: "skip" }),
            ("/followthrough skip #3 because", Mistake::NoNumber { command: "skip" }),
            ("/followthrough skip 0 because", Mistake::NoNumber { command: "skip" }),
            ("/followthrough skip +1 because", Mistake::NoNumber { command: "skip" }),
            ("/followthrough skip 3", Mistake::NoReason { item: 3 }),
            ("/followthrough adopt 2", Mistake::NoIssue { item: 2 }),
            ("/followthrough adopt 2 88", Mistake::NoIssue { item: 2 }),
            ("/followthrough adopt 2 #88 and #89", Mistake::NoIssue { item: 2 }),
            ("/followthrough adopt 2 OPS-12", Mistake::NoIssue { item: 2 }),
        ] {
            assert_eq!(one(text), Err(mistake), "{text:?}");
        }
    }

    #[test]
    fn what_is_quoted_shown_as_code_or_in_a_sentence_is_no_command() {
        for text in [
            "",
            "> /followthrough file",
            "Say `/followthrough file`.",
            "`/followthrough file`",
            "try /followthrough file",
            "    /followthrough file",
            "- /followthrough file",
            "/followthroughs file",
            "/followthrough: file",
            "```\n/followthrough file\n```",
            "````sh\n```\n/followthrough file\n````",
            "~~~\n/followthrough file\n```\n/followthrough file",
            "<!--\n/followthrough file\n-->",
        ] {
            assert_eq!(parse(text), [], "{text:?}");
        }
        assert_eq!(parse("```\n/followthrough file\n```\n/followthrough plan"), [Ok(Command::Plan)]);
        assert_eq!(parse("<!-- a --> b\n/followthrough plan"), [Ok(Command::Plan)]);
        assert_eq!(parse("```not a fence```\n/followthrough plan"), [Ok(Command::Plan)]);
    }

    #[test]
    fn several_lines_are_several_commands_up_to_a_limit() {
        let two = parse("/followthrough skip 1 too dear\n/followthrough plan");
        assert_eq!(two, [Ok(Command::Skip { item: 1, reason: "too dear".to_owned() }), Ok(Command::Plan)]);
        let many = parse(&"/followthrough plan\n".repeat(500));
        assert_eq!((many.len(), many.last()), (MOST + 1, Some(&Err(Mistake::TooMany))));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(?s).{0,200}", lines in prop::collection::vec("[/`~<!> -]{0,5}(/followthrough)?[ \\t]?(skip|adopt|fiel)?[ 0-9#é\u{3000}/-]{0,12}", 0..8)) {
            parse(&text);
            parse(&format!("/followthrough {text}"));
            let body = lines.join("\n");
            prop_assert!(parse(&body).len() <= body.lines().count());
        }
    }
}
