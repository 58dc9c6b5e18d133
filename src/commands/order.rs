//! What somebody ordered, about one item or all, and the hidden lines by which our comment remembers it when the database is
//! lost.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::ids::{CommitSha, DocumentKey, IssueRef, ItemKey};

/// Characters of a reason that are kept.
const MOST_REASON: usize = 200;

/// What must not stand as it is in a value of a hidden line.
const VALUE: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'-').add(b'<').add(b'>').add(b'=');

/// An order about one item. It holds until another about the same item is given, after the merge, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemOrder {
    pub document: DocumentKey,
    pub item: ItemKey,
    /// The item's words and group when it was given, by which the item is known again when it is reworded; empty when the
    /// order was read back from our comment.
    pub text: String,
    pub group: Option<String>,
    pub order: Order,
    /// The login of who gave it.
    pub author: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// No issue is opened.
    Skip { reason: String },
    /// The item gets this issue, as if the document linked it.
    Adopt { issue: IssueRef },
}

/// Somebody asked to open the issues of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoAhead {
    /// The login of who asked.
    pub by: String,
    pub at: Timestamp,
    /// The head of the pull request then.
    pub commit: CommitSha,
}

/// At most [`MOST_REASON`] characters on one line.
pub(super) fn short_reason(reason: &str) -> String {
    match reason.char_indices().nth(MOST_REASON) {
        None => reason.to_owned(),
        Some((end, _)) => format!("{}…", &reason[..end]),
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

impl GoAhead {
    /// An HTML comment on one line.
    pub fn hidden_line(&self) -> String {
        let (by, at, head) = (encoded(&self.by), self.at.as_second(), encoded(self.commit.as_str()));
        format!("<!-- followthrough:file by={by} at={at} head={head} -->")
    }

    /// The one in a text of ours. Whether it is ours is the caller's business.
    pub fn parse_hidden_line(body: &str) -> Option<Self> {
        body.lines().find_map(|line| {
            let (word, mut values) = values(line)?;
            let mut value = |name| values.next().and_then(|part| decoded(part, name));
            let (by, at, head) = (value("by")?, value("at")?, value("head")?);
            let at = Timestamp::from_second(at.parse().ok()?).ok()?;
            (word == "file").then_some(Self { by, at, commit: CommitSha(head) })
        })
    }
}

/// The word of a hidden line, and what stands behind it.
fn values(line: &str) -> Option<(&str, std::str::Split<'_, char>)> {
    let inside = line.trim().strip_prefix("<!-- followthrough:")?.strip_suffix(" -->")?;
    let mut parts = inside.split(' ');
    Some((parts.next()?, parts))
}

fn decoded(part: &str, name: &str) -> Option<String> {
    let value = part.strip_prefix(name)?.strip_prefix('=')?;
    Some(percent_decode_str(value).decode_utf8().ok()?.into_owned())
}

impl ItemOrder {
    /// An HTML comment on one line.
    pub fn hidden_line(&self) -> String {
        let (word, value) = match &self.order {
            Order::Skip { reason } => ("skip", format!("reason={}", encoded(reason))),
            Order::Adopt { issue } => ("adopt", format!("issue={}#{}", encoded(&issue.repository.to_string()), issue.number)),
        };
        let author = encoded(&self.author);
        format!("<!-- followthrough:{word} document={} item={} by={author} {value} -->", self.document, self.item)
    }
}

/// The orders in a text of ours. Whether it is ours is the caller's business.
pub fn parse_hidden_lines(body: &str) -> Vec<ItemOrder> {
    body.lines().filter_map(hidden_line).collect()
}

fn hidden_line(line: &str) -> Option<ItemOrder> {
    let (word, mut values) = values(line)?;
    let mut value = |name| values.next().and_then(|part| decoded(part, name));
    let (document, item, author) = (value("document")?, value("item")?, value("by")?);
    let order = match word {
        "skip" => Order::Skip { reason: value("reason")? },
        "adopt" => {
            let issue = value("issue")?;
            let (repository, number) = issue.rsplit_once('#')?;
            Order::Adopt { issue: IssueRef::new(repository.parse().ok()?, crate::ids::IssueNumber(number.parse().ok()?)) }
        }
        _ => return None,
    };
    Some(ItemOrder {
        document: DocumentKey::new(document),
        item: ItemKey::new(item),
        text: String::new(),
        group: None,
        order,
        author,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::{IssueNumber, RepositoryName};

    fn order(order: Order) -> ItemOrder {
        ItemOrder {
            document: DocumentKey::new("d"),
            item: ItemKey::new("i"),
            text: String::new(),
            group: None,
            order,
            author: "ada-example".to_owned(),
        }
    }

    #[test]
    fn an_adoption_is_read_back() {
        let issue = IssueRef::new(RepositoryName::new("acme", "on-call_--x"), IssueNumber(88));
        let adopt = order(Order::Adopt { issue });
        assert_eq!(parse_hidden_lines(&format!("a\r\n{}\r\nb", adopt.hidden_line())), [adopt]);
    }

    #[test]
    fn a_go_ahead_is_read_back() {
        let at = Timestamp::from_second(1_795_000_000).unwrap();
        let given = GoAhead { by: "ada-example[bot] --> x".to_owned(), at, commit: CommitSha("0f3a".to_owned()) };
        let body = format!("<!-- followthrough:file by=a -->\n{}\n", given.hidden_line());
        assert_eq!(GoAhead::parse_hidden_line(&body), Some(given));
        assert_eq!(parse_hidden_lines(&body), []);
    }

    #[test]
    fn what_only_resembles_an_order_is_none() {
        for text in [
            "<!-- followthrough:skip document=d item=i by=a -->",
            "<!-- followthrough:skip document=d item=i reason=x -->",
            "<!-- followthrough:adopt document=d item=i by=a issue=88 -->",
            "<!-- followthrough:comment v1 -->",
        ] {
            assert_eq!(parse_hidden_lines(text), [], "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_reason_stays_hidden_on_its_line_and_is_read_back(reason in "(?s).{1,60}|[- <>!%=\\n]{1,20}") {
            let skip = order(Order::Skip { reason });
            let line = skip.hidden_line();
            prop_assert!(line.matches("-->").count() == 1 && line.matches("<!--").count() == 1 && line.lines().count() == 1);
            prop_assert_eq!(parse_hidden_lines(&line), [skip]);
        }
    }
}
