//! What it looks for, and why: `cause-areas.md` beside this file, which is also its test.

use crate::{
    postmortem::model::{Category, Kind, Role},
    review::{Family, Findings, Levels, Names, Passage, PassageKind, Rule, Subject},
    settings::{Level, Profile},
};

pub static RULE: Rule = Rule {
    name: "cause-areas",
    family: Family::Causes,
    summary: "Nothing is listed about avoiding it, seeing it sooner, or ending it faster",
    practices: &["S-050", "S-051", "S-093"],
    levels: Levels::new(Level::Off, Level::Note, Level::Warning),
    names: Names::Whatever,
    words: &["<avoiding>", "<detecting>", "<recovering>"],
    page: include_str!("cause-areas.md"),
    check,
};

/// An area: its words in headings, the tag of its items, what it is called.
const AREAS: [(&str, Category, &str); 3] = [
    ("<avoiding>", Category::Prevent, "avoid it"),
    ("<detecting>", Category::Detect, "see it sooner"),
    ("<recovering>", Category::Mitigate, "end it faster"),
];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !matches!(subject.postmortem.kind, Kind::Postmortem | Kind::NearMiss) {
        return;
    }
    let mut counts = AREAS
        .map(|(_, category, _)| subject.postmortem.action_items.iter().filter(|item| item.category == Some(category)).count());
    let mut is_named = counts.map(|count| count > 0);
    let areas = areas(subject);
    for passage in &subject.passages {
        let Some(area) = areas.get(passage.part).copied().flatten() else { continue };
        let is_entry = match passage.kind {
            PassageKind::Entry { depth, first } => depth == 1 && first,
            PassageKind::Cell { column, head } => column == 0 && !head,
            PassageKind::Paragraph => !is_heading(subject, passage),
            PassageKind::Heading => false,
        };
        is_named[area] = true;
        counts[area] += usize::from(is_entry);
    }
    let is_major = subject.profile == Profile::Major;
    let has_items = !subject.postmortem.action_items.is_empty();
    // A document that does not speak of areas is only asked for them where much is expected, and never to find work (S-093).
    let is_asked = is_named.iter().filter(|named| **named).count() > 1 || is_major && has_items;
    let wanted = if is_major { 2 } else { 1 };
    let missing: Vec<&str> = AREAS.iter().zip(counts).filter(|&(_, count)| count < wanted).map(|((.., name), _)| *name).collect();
    if !is_asked || missing.is_empty() {
        return;
    }
    let place = subject.parts.iter().find(|part| part.own_role == Role::Causes || part.own_role == Role::ActionItems);
    let how_much = if is_major { "fewer than two things are" } else { "nothing is" };
    findings
        .report(place.map_or(subject.title_span(), |part| part.span), format!("For these areas {how_much} listed: {}.", missing.join(", ")))
        .help("Ask of each area what would have helped. What people could do and see while it was broken counts as ending it faster.")
        .whole_document();
}

/// A heading of more words tells a story.
const LONGEST: usize = 9;

/// The area that each part's heading names, where it stands among causes or action items.
fn areas(subject: &Subject<'_>) -> Vec<Option<usize>> {
    let classes = AREAS.map(|(words, ..)| subject.class(words));
    let among = |role: Role| matches!(role, Role::Causes | Role::ActionItems);
    let mut areas = vec![None; subject.parts.len()];
    for passage in subject.passages.iter().filter(|passage| is_heading(subject, passage)) {
        let part = subject.part(passage);
        let above = part.parent.and_then(|parent| subject.parts.get(parent)).filter(|parent| parent.level > 1);
        // A heading for each item says what to do, not which area it is.
        let is_item = subject.postmortem.action_items.binary_search_by_key(&part.span.start, |item| item.span.start).is_ok();
        if let Some(area) = areas.get_mut(passage.part)
            && (part.level > 1 && among(part.own_role) || above.is_some_and(|above| among(above.role)))
            && !is_item
            && subject.words(passage).len() <= LONGEST
        {
            *area = classes.iter().position(|class| class.any(subject.words(passage)));
        }
    }
    areas
}

fn is_heading(subject: &Subject<'_>, passage: &Passage) -> bool {
    passage.span.start <= subject.part(passage).span.start
}
