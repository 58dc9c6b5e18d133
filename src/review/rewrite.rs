//! Making the rewrites that findings suggest, in a document's text.
//!
//! Only what is suggested changes, byte by byte; line endings and everything else stay. A rewrite that would change how
//! the rest of the document is read is not made.

use super::{Finding, Policy, Review, Suggestion, review};
use crate::{
    postmortem::parse::{self, NotText, ReadOptions},
    settings::Place,
    text::{Edit, edited},
};

/// A document with its rewrites made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    pub text: String,
    /// What was rewritten, in the order in which it was done.
    pub changes: Vec<Change>,
    /// What is left to say about the new text.
    pub review: Review,
}

/// One place that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub rule: &'static str,
    /// Where it stood before.
    pub place: Place,
    pub before: String,
    pub after: String,
}

/// A rewrite may make room for the next one, but not for ever.
const ROUNDS: usize = 5;

/// Makes the rewrites in the document in `bytes`.
///
/// # Errors
///
/// When the file is no text that could hold a document.
pub fn rewrite(bytes: &[u8], options: &ReadOptions, policy: &Policy) -> Result<Rewritten, NotText> {
    let first = review(bytes, options, policy)?;
    let mut now = Rewritten { text: String::from_utf8_lossy(bytes).into_owned(), changes: Vec::new(), review: first };
    for _ in 0..ROUNDS {
        let chosen = apart(&now.review.findings);
        let edits: Vec<Edit> =
            chosen.iter().map(|(_, rewrite)| Edit { span: rewrite.span, text: rewrite.replacement.clone() }).collect();
        let Some(text) = edited(&now.text, &edits).filter(|text| is_read_alike(&now.text, text, options)) else { break };
        if text == now.text {
            break;
        }
        let Ok(next) = review(text.as_bytes(), options, policy) else { break };
        let changes: Vec<Change> = chosen.into_iter().map(|(finding, rewrite)| change(&now.text, finding, rewrite)).collect();
        now.changes.extend(changes);
        (now.text, now.review) = (text, next);
    }
    Ok(now)
}

/// The suggestions, in the order of the text, without those that overlap with one before them.
fn apart(findings: &[Finding]) -> Vec<(&Finding, &Suggestion)> {
    let mut all: Vec<(&Finding, &Suggestion)> =
        findings.iter().filter_map(|finding| Some((finding, finding.suggestion.as_ref()?))).collect();
    all.sort_by_key(|(_, suggestion)| suggestion.span);
    let mut end = 0;
    all.retain(|(_, suggestion)| {
        let is_apart = suggestion.span.start >= end;
        end = if is_apart { suggestion.span.end.max(suggestion.span.start + 1) } else { end };
        is_apart
    });
    all
}

fn change(text: &str, finding: &Finding, rewrite: &Suggestion) -> Change {
    Change {
        rule: finding.rule,
        place: rewrite.place,
        before: text.get(rewrite.span.range()).unwrap_or_default().to_owned(),
        after: rewrite.replacement.clone(),
    }
}

/// Whether both texts say the same about their sections and, wording apart, their action items.
fn is_read_alike(before: &str, after: &str, options: &ReadOptions) -> bool {
    let (Ok(before), Ok(after)) = (parse::parse(before.as_bytes(), options), parse::parse(after.as_bytes(), options)) else {
        return false;
    };
    let sections = before.sections.iter().map(|section| section.role).eq(after.sections.iter().map(|section| section.role));
    let same_items = before.action_items.len() == after.action_items.len()
        && before.action_items.iter().zip(&after.action_items).all(|(one, other)| {
            (one.state, &one.owners, one.due, &one.priority) == (other.state, &other.owners, other.due, &other.priority)
                && one.references == other.references
        });
    sections && same_items
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rewritten(text: &str) -> Rewritten {
        rewrite(text.as_bytes(), &ReadOptions::default(), &Policy::default()).expect("a document")
    }

    const DRAFT: &str = "\u{feff}# Postmortem\r\n\r\n## Causes\r\n\r\nThe root\r\ncause was a pool of ten. The root causes were two.\r\n\r\n## Action items\r\n\r\n- [ ] We should add a limit (@ada-example)\r\n- [ ] We need to add an alert (@ada-example)";

    #[test]
    fn only_what_is_suggested_changes() {
        let done = rewritten(DRAFT);
        let expected = "\u{feff}# Postmortem\r\n\r\n## Causes\r\n\r\nA contributing factor was a pool of ten. The root causes were two.\r\n\r\n## Action items\r\n\r\n- [ ] Add a limit (@ada-example)\r\n- [ ] Add an alert (@ada-example)";
        assert_eq!(done.text, expected);
        let told: Vec<_> = done.changes.iter().map(|change| (change.rule, change.place.line, change.after.as_str())).collect();
        let rule = "not-verb-first";
        assert_eq!(told, [("root-cause-wording", 5, "A contributing factor"), (rule, 10, "Add"), (rule, 11, "Add")]);
        assert!(done.review.findings.iter().all(|finding| finding.suggestion.is_none()), "{:?}", done.review.findings);
    }

    #[test]
    fn suggestions_that_overlap_are_made_one_at_a_time() {
        let finding = |start, end| {
            let mut findings = crate::review::Findings::new("x", crate::settings::Level::Note);
            findings.report(crate::text::Span::new(start, end), "m").suggest(crate::text::Span::new(start, end), "y");
            findings.found.remove(0)
        };
        let findings = [finding(4, 8), finding(0, 5), finding(8, 9), finding(8, 8), finding(0, 0)];
        let chosen: Vec<_> = apart(&findings).iter().map(|(_, rewrite)| (rewrite.span.start, rewrite.span.end)).collect();
        assert_eq!(chosen, [(0, 0), (4, 8), (8, 8)]);
    }

    proptest! {
        #[test]
        fn rewriting_again_changes_nothing(text in "(?s)(# |\r?\n- \\[ \\] |\n## Causes\n\n|\n## Action items\n\n|The root cause was |the root\r\ncause is |we should |add |@ada |human error|[a-z]{1,4}|\\. |é|`|<|\\|){0,40}") {
            let once = rewritten(&text);
            let again = rewritten(&once.text);
            prop_assert_eq!(&again.text, &once.text);
            prop_assert!(again.changes.is_empty());
        }
    }
}
