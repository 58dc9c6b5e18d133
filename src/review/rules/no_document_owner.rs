//! What it looks for, and why: `no-document-owner.md` beside this file, which is also its test.

use crate::{
    postmortem::{
        model::Kind,
        words::{List, list, words},
    },
    review::{Family, Findings, Levels, Names, Rule, Subject},
    settings::Level,
};

pub static RULE: Rule = Rule {
    name: "no-document-owner",
    family: Family::Structure,
    summary: "Nobody is named who sees the document through",
    practices: &["S-099"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("no-document-owner.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let is_incident = matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss);
    let heads = subject.parts.iter().skip(1).any(|part| part.is_filled && names_authors(part.heading));
    if is_incident && subject.postmortem.metadata.owner.is_none() && !heads {
        findings
            .report(subject.title_span(), "This document names no owner.")
            .help("One person (“Owner: …”, or an author) who sees it through review is enough; they need not write it alone.")
            .whole_document();
    }
}

/// `Author(s)`, `Document owner`; not `Team meeting with the owners`.
fn names_authors(heading: &str) -> bool {
    let words = words(heading);
    words.len() <= 3 && list(List::Author).find(&words).is_some()
}
