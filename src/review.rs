//! Reviewing a postmortem's words as the best facilitator would: kindly, precisely, and about the words, never the writer.
//!
//! A document is parsed once, by the reader. [`Subject`] is what rules see of it; each rule is one file under `rules/`
//! with its page beside it, and the page is its test. What comes out is [`Finding`]s, in the order of the text, with the
//! levels of the team's configuration and without what the document itself ignores.
//!
//! Never here: files, GitHub, or how a finding is shown.

mod actions;
mod finding;
mod ignores;
mod offers;
mod policy;
mod resilience;
mod rewrite;
mod rule;
mod rules;
mod subject;
#[cfg(test)]
mod tests;
mod timeline;
mod touched;
mod words;

pub use finding::{Finding, Findings, Suggestion};
pub use offers::{Comparison, Known, Offer, OfferKey, Reason, compare, offers};
pub use policy::Policy;
pub use resilience::Resilience;
pub use rewrite::{Change, Rewritten, rewrite};
pub use rule::{Family, Levels, Names, Rule};
pub use rules::RULES;
pub use subject::{Class, Gap, Hit, Part, Passage, PassageKind, Subject, Token, span_of};
pub use touched::Touched;

use finding::Places;

use crate::postmortem::parse::{self, NotText, ReadOptions};

/// The rule of this name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}

/// What there is to say about a document's words, both in the order of its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Review {
    pub findings: Vec<Finding>,
    /// Where people or luck saved the day (S-066): to be celebrated, never a finding.
    pub resilience: Vec<Resilience>,
    /// How many more findings there would be if the document did not ask to ignore them (S-047).
    pub ignored: usize,
}

/// What the rules say about the document in `bytes`, and what in it deserves a celebration.
///
/// # Errors
///
/// When the file is no text that could hold a document.
pub fn review(bytes: &[u8], options: &ReadOptions, policy: &Policy) -> Result<Review, NotText> {
    let reading = parse::read(bytes, options)?;
    let subject = Subject::new(&reading, policy);
    let mut found = Vec::new();
    for (rule, level) in policy.running().filter(|(rule, _)| rule.words.iter().all(|list| subject.knows(list))) {
        let mut findings = Findings::new(rule.name, level);
        (rule.check)(&subject, &mut findings);
        found.append(&mut findings.found);
    }
    let ignored = ignores::apply(&reading, &subject, policy, &mut found);
    found.sort_by_key(|finding| (finding.span.start, finding.span.end, finding.rule));
    let mut places = Places::new(reading.text, &reading.lines);
    found.iter_mut().for_each(|finding| finding.locate(&mut places));
    let resilience = resilience::find(&subject, &mut Places::new(reading.text, &reading.lines));
    Ok(Review { findings: found, resilience, ignored })
}
