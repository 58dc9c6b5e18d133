//! A comment that offers a rewrite with one click, and the hidden marker by which it is known again.
//!
//! A marker is believed only in comments that the App itself wrote; telling who wrote one is the caller's business.

use std::fmt::Write;

use super::{comment::shorten, neutral};
use crate::review::{Offer, OfferKey};

const MARKER: &str = "<!-- followthrough:suggestion v1 rule=";

/// The review that carries `count` offers: GitHub wants some words with it.
pub fn introduction(count: usize) -> String {
    let what = if count == 1 { "A suggestion" } else { "Suggestions" };
    format!("{what} for the wording, one click each. They are about the words; take what helps and resolve the rest.")
}

/// The comment on the lines of `offer`.
pub fn render(offer: &Offer) -> String {
    let mut out = String::new();
    let mut said: Vec<(&str, Option<&str>)> = Vec::new();
    for reason in &offer.reasons {
        let (message, help) = (reason.message.as_str(), reason.help.as_deref());
        if said.contains(&(message, help)) {
            continue;
        }
        said.push((message, help));
        let text = format!("{message} {}", help.unwrap_or_default());
        let text = neutral::block(&shorten(&text.replace('\n', " "), 600));
        let _ = writeln!(out, "{} (`{}`)\n", text.trim_end(), reason.key.rule);
    }
    // No run of backticks in the document's own words ends the block.
    let longest = offer.replacement.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}suggestion\n{}\n{fence}\n", offer.replacement);
    for OfferKey { rule, words, lines } in offer.reasons.iter().map(|reason| &reason.key) {
        let _ = writeln!(out, "{MARKER}{rule} words={words} lines={lines} -->");
    }
    out
}

/// The well-formed markers at the end of a comment's `body`, where [`render`] puts them.
pub fn parse(body: &str) -> Vec<OfferKey> {
    let mut keys: Vec<OfferKey> = body.trim_end().lines().rev().map_while(|line| parse_marker(line.trim_end())).collect();
    keys.reverse();
    keys
}

fn parse_marker(line: &str) -> Option<OfferKey> {
    let (rule, rest) = line.strip_prefix(MARKER)?.strip_suffix(" -->")?.split_once(" words=")?;
    let (words, lines) = rest.split_once(" lines=")?;
    let is_digest = |text: &str| text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let is_rule = !rule.is_empty() && rule.len() <= 60 && rule.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    (is_rule && is_digest(words) && is_digest(lines)).then(|| OfferKey {
        rule: rule.to_owned(),
        words: words.to_owned(),
        lines: lines.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{review::Reason, settings::Level, text::Lines};

    fn offer(replacement: &str) -> Offer {
        let reason = |rule: &str| Reason {
            level: Level::Warning,
            message: "“@ada-example” is named here.".to_owned(),
            help: Some("Say what the role saw.".to_owned()),
            key: OfferKey { rule: rule.to_owned(), words: "0123456789abcdef".to_owned(), lines: "fedcba9876543210".to_owned() },
        };
        Offer {
            path: "a.md".to_owned(),
            lines: Lines { first: 3, last: 3 },
            replacement: replacement.to_owned(),
            reasons: vec![reason("named-person"), reason("human-error")],
        }
    }

    #[test]
    fn the_comment_on_a_line_pings_nobody_and_is_known_again() {
        let offer = offer("An engineer changed `pool.size`.");
        let body = render(&offer);
        insta::assert_snapshot!(body);
        let keys: Vec<OfferKey> = offer.reasons.into_iter().map(|reason| reason.key).collect();
        assert_eq!(parse(&body), keys);
        assert_eq!(parse(&body.replace('\n', "\r\n")), keys, "as GitHub gives it back");
    }

    #[test]
    fn the_words_of_a_document_stay_in_their_block() {
        let body = render(&offer(
            "a ```` b\n```\n<!-- followthrough:suggestion v1 rule=x words=0123456789abcdef lines=0123456789abcdef -->",
        ));
        assert!(body.contains("`````suggestion\n") && body.contains("\n`````\n"), "{body}");
        assert_eq!(parse(&body).len(), 2, "a marker in the text is none");
    }

    #[test]
    fn what_only_resembles_a_marker_is_not_one() {
        for line in ["", MARKER, "<!-- followthrough:suggestion v1 rule=x words=1 lines=2 -->", "text"] {
            assert_eq!(parse(line), [], "{line}");
        }
    }
}
