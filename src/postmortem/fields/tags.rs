//! Priority, category and area: labelled values, brackets, and a bold or leading word.

use std::ops::Range;

use super::super::model::Category;
use super::super::prose::Prose;
use super::super::words::{Folded, List, Lists, Word, list, may_start, words};
use super::{Context, Fields, ends_at, groups, starts_at};

/// Reads what stands in brackets or in front of an item: `[P1]`, `**HIGH** …`, `(prevent)`, `[backend] …`.
pub fn read(prose: &Prose, context: &Context, claims: &mut Vec<Range<usize>>) -> Fields {
    let mut fields = Fields::default();
    for group in groups(prose) {
        if claims.iter().any(|claim| claim.start < group.outer.end && group.outer.start < claim.end) {
            continue;
        }
        let inside = prose.words_in(group.inner.clone());
        let leads = starts_at(prose, group.outer.start, claims);
        let ends = ends_at(prose, group.outer.end, claims);
        if inside.is_empty() || inside.len() > 3 || !(leads || ends) {
            continue;
        }
        if let Some(priority) = exact_priority(inside) {
            fields.priority = fields.priority.take().or(Some(priority));
        } else if let Some(category) = exact_category(inside) {
            fields.category = fields.category.or(Some(category));
        } else if group.square && list(List::GroupWords).covers(inside) && !leads {
            // A kind of work that is none of the categories.
        } else if group.square && leads && is_tag(prose, &group.outer, inside, context) {
            fields.area = fields.area.take().or_else(|| Some(prose.slice(group.inner.clone()).trim().to_owned()));
        } else {
            continue;
        }
        claims.push(group.outer.clone());
    }
    leading_priority(prose, claims, &mut fields);
    fields
}

/// `[backend] Add …` names an area; `[Ada] Add …` a person, `[#12] Add …` and `[OPS-1] …` a ticket, a link is text.
fn is_tag(prose: &Prose, outer: &Range<usize>, inside: &[Word], context: &Context) -> bool {
    let text = prose.slice(outer.clone());
    let person = inside.iter().any(|word| context.knows(word));
    !person
        && !text.contains(['@', '#'])
        && !text.contains(|c: char| c.is_ascii_digit())
        && [List::Done, List::Declined, List::Open, List::Placeholders, List::Reference]
            .iter()
            .all(|&name| !list(name).is(inside))
}

/// `P1: …`, `P2 - …`, `**HIGH** …`.
fn leading_priority(prose: &Prose, claims: &mut Vec<Range<usize>>, fields: &mut Fields) {
    let Some(first) = prose.words().iter().find(|word| !claims.iter().any(|claim| claim.contains(&word.range().start))) else {
        return;
    };
    if !starts_at(prose, first.range().start, claims) {
        return;
    }
    let Some(priority) = exact_priority(std::slice::from_ref(first)) else { return };
    let rest = &prose.text[first.range().end..];
    let bold = prose
        .bold_lead()
        .is_some_and(|lead| prose.slice(lead).trim_matches(|c: char| !c.is_alphanumeric()).len() == first.range().len());
    let separated = rest.trim_start_matches(['*', ')']).starts_with([':', '：'])
        || rest.starts_with(" - ")
        || rest.starts_with(" – ")
        || rest.starts_with(" — ");
    let scale = priority.starts_with('P');
    if bold || separated || (scale && rest.starts_with(' ')) {
        claims.push(first.range().clone());
        fields.priority = fields.priority.take().or(Some(priority));
    }
}

/// The priority that the value of a column or label gives: on a known scale, or as written.
pub fn priority_of(value: &str) -> Option<String> {
    let all = words(value);
    if all.is_empty() || all.len() > 4 || is_nobody(value) {
        return None;
    }
    let known = (0..all.len()).find_map(|at| exact_priority(&all[at..=at])).or_else(|| exact_priority(&all));
    Some(known.unwrap_or_else(|| value.trim().to_owned()))
}

const LEVELS: [Folded; 6] = {
    let of = Folded::of;
    [of("p0"), of("p1"), of("p2"), of("p3"), of("p4"), of("p5")]
};

/// `P1`, `High`, `high priority` and nothing else.
pub fn exact_priority(words: &[Word]) -> Option<String> {
    if let [word] = words
        && let Some(level) = LEVELS.iter().position(|&level| word.folded == level)
    {
        return Some(format!("P{level}"));
    }
    let named = [(List::High, "high"), (List::Medium, "medium"), (List::Low, "low")];
    let priority = |words: &[Word]| named.iter().find(|&&(name, _)| list(name).is(words)).map(|&(_, text)| text.to_owned());
    priority(words).or_else(|| {
        // `High priority`, `prioridad alta`
        let at = words.iter().position(|word| word.is(List::Priority))?;
        if words.len() != 2 {
            return None;
        }
        priority(&words[1 - at.min(1)..2 - at.min(1)])
    })
}

/// The category that the value of a column or label gives.
pub fn category_of(value: &str) -> Option<Category> {
    let all = words(value);
    (0..all.len().min(4)).find_map(|at| exact_category(&all[at..=at])).or_else(|| exact_category(&all))
}

pub fn exact_category(words: &[Word]) -> Option<Category> {
    let named = [
        (List::Prevent, Category::Prevent),
        (List::Detect, Category::Detect),
        (List::Mitigate, Category::Mitigate),
        (List::Process, Category::Process),
    ];
    named.iter().find(|&&(name, _)| list(name).is(words)).map(|&(_, category)| category)
}

/// No value that says that there is none is longer, in bytes.
pub const LONGEST_NOBODY: usize = 80;

/// Whether a value says that there is none: empty, `-`, `N/A`, `TBD`, `?`.
pub fn is_nobody(value: &str) -> bool {
    value.len() <= LONGEST_NOBODY && may_start(value, Lists::of(&[List::Nobody])) && are_nobody(&words(value))
}

/// As [`is_nobody`], for the words of a value.
pub fn are_nobody(words: &[Word]) -> bool {
    words.is_empty() || list(List::Nobody).is(words)
}
