//! What it looks for, and why: `missing-section.md` beside this file, which is also its test.

use crate::{
    postmortem::{
        model::{Kind, Role},
        words::{List, Word, list, words},
    },
    review::{Family, Findings, Levels, Names, PassageKind, Rule, Subject},
    settings::{Level, Profile},
};

pub static RULE: Rule = Rule {
    name: "missing-section",
    family: Family::Structure,
    summary: "A section that readers look for is not there",
    practices: &["S-002", "S-003", "S-004", "S-010", "S-093"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("missing-section.md"),
    check,
};

/// A section, the reader's words for its headings, what it is called, what to write there.
type Wanted = (Role, List, &'static str, &'static str);

const WANTED: [Wanted; 8] = [
    (Role::Summary, List::Summary, "Summary", "Two or three sentences for someone who was not there."),
    (Role::Impact, List::Impact, "Impact", "Say what users saw, how many of them, and for how long."),
    (Role::Timeline, List::Timeline, "Timeline", "List what happened when, from before the first sign to the end."),
    (Role::Detection, List::Detection, "Detection", "Say how it was noticed, and what would have shown it sooner."),
    (Role::Resolution, List::Resolution, "Resolution", "Say what ended it, so that the next responder can do the same."),
    (Role::Causes, List::Causes, "Contributing factors", "Describe the conditions that came together."),
    (Role::Lessons, List::Lessons, "Lessons learned", "Say what went well, what went badly, and where luck helped."),
    (
        Role::ActionItems,
        List::ActionItems,
        "Action items",
        "One bullet for each piece of work, or a sentence that says why there is none.",
    ),
];

/// The sections that are enough (S-003).
const LEAST: [Role; 4] = [Role::Summary, Role::Timeline, Role::Causes, Role::ActionItems];

/// Those that are good to have all the same.
const USUAL: [Role; 2] = [Role::Impact, Role::Resolution];

fn wanted(profile: Profile, kind: Kind) -> impl Iterator<Item = &'static Wanted> {
    WANTED.iter().filter(move |(role, ..)| match profile {
        // A near miss had no impact to speak of.
        _ if kind == Kind::NearMiss && *role == Role::Impact => false,
        Profile::Light => LEAST.contains(role),
        Profile::Standard => LEAST.contains(role) || USUAL.contains(role),
        Profile::Major => true,
    })
}

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let kind = subject.postmortem.kind;
    let is_incident = matches!(kind, Kind::Postmortem | Kind::NearMiss);
    if !is_incident {
        return;
    }
    let said: Vec<Vec<Word>> = subject.parts.iter().skip(1).map(|part| words(part.heading)).collect();
    for &(role, headings, name, help) in wanted(subject.profile, kind) {
        if has(subject, &said, role, headings) {
            continue;
        }
        let finding = findings.report(subject.title_span(), format!("There is no section “{name}”."));
        finding.help(format!("{help} Other headings for it count, too.")).whole_document();
        if subject.profile != Profile::Major && !LEAST.contains(&role) {
            finding.at_most(Level::Note);
        }
    }
}

/// Whether there is such a section, or a heading (of which `said` are the words) that names it.
fn has(subject: &Subject<'_>, said: &[Vec<Word>], role: Role, headings: List) -> bool {
    let metadata = &subject.postmortem.metadata;
    subject.parts.iter().any(|part| part.own_role == role)
        || said.iter().any(|heading| list(headings).find(heading).is_some())
        || match role {
            Role::Summary => opens_with_prose(subject),
            // How it was noticed tells how it showed itself (S-004).
            Role::Impact => {
                metadata.impact.is_some() || has(subject, said, Role::Detection, List::Detection) || shows_symptoms(subject)
            }
            Role::ActionItems => !subject.postmortem.action_items.is_empty(),
            _ => false,
        }
}

fn shows_symptoms(subject: &Subject<'_>) -> bool {
    subject.hits("symptoms").any(|hit| hit.is_in_heading())
}

/// Whether a paragraph stands right under the title, before any section: a summary without a heading.
fn opens_with_prose(subject: &Subject<'_>) -> bool {
    let first = subject.parts.iter().position(|part| part.own_role != Role::Other).unwrap_or(subject.parts.len());
    let above = subject.passages.iter().take_while(|passage| passage.part < first);
    above.filter(|passage| passage.kind == PassageKind::Paragraph).any(|passage| subject.words(passage).len() >= 15)
}
