//! From the parts of a document to its action items: where they stand, and in which form.
//!
//! Items are read under headings that announce them, in every form the corpus of real postmortems shows, and elsewhere
//! only where a label says `Action item:`. What looks like an item and is not one is noted with the reason, so that
//! `inspect --explain` can tell an author why a line did not count.

use std::ops::Range;
use std::rc::Rc;

use super::fields::{self, Context, Fields};
use super::headings::Announces;
use super::markdown::{BlockKind, Blocks};
use super::model::{ActionItem, Anchor, Category, Owner, Role, State};
use super::outline::{Outline, Part};
use super::parse::NotAnItem;
use super::prose::Prose;
use super::words::{Folded, List, list};
use crate::text::{LineIndex, Span};

mod entries;
mod lines;
mod per_heading;
mod placeholders;
mod tables;

/// What everything that reads items looks at.
pub struct Source<'s, 'a> {
    pub text: &'a str,
    pub lines: &'s LineIndex,
    pub blocks: &'s Blocks<'a>,
    pub outline: &'s Outline,
    pub context: &'s Context,
    /// Headings that the configuration adds, folded.
    pub more: &'s [Vec<Folded>],
}

/// What the headings and labels above an item say about it.
#[derive(Debug, Clone, Default)]
struct Group {
    announces: Announces,
    name: Option<Rc<str>>,
    state: Option<State>,
    owners: Vec<Owner>,
    category: Option<Category>,
}

impl Group {
    fn named(&self, heading: &super::headings::Heading) -> Self {
        let name = heading.text.trim_end_matches([':', '：', ' ']);
        let owners = if heading.mentions.is_empty() { self.owners.clone() } else { heading.mentions.clone() };
        Self {
            announces: self.announces.max(heading.announces),
            name: (!name.is_empty()).then(|| Rc::from(name)),
            state: heading.state.or(self.state),
            owners,
            category: heading.category.or(self.category),
        }
    }
}

/// The items found so far, and what was deliberately passed over.
#[derive(Default)]
pub struct Found {
    pub items: Vec<ActionItem>,
    pub passed_over: Vec<NotAnItem>,
}

/// Reads all action items of a document, in document order.
pub fn read(source: &Source<'_, '_>) -> Found {
    let mut reader = Reader { source, found: Found::default() };
    for &root in &source.outline.roots {
        reader.part(root);
    }
    let mut found = reader.found;
    found.items.sort_by_key(|item| item.span.start);
    found.passed_over.sort_by_key(|passed| passed.lines.first);
    found
}

struct Reader<'r, 's, 'a> {
    source: &'r Source<'s, 'a>,
    found: Found,
}

/// An item about to be made: its own text, and the bytes it stands in.
struct Draft<'p> {
    prose: &'p Prose,
    /// The entry, row, heading or paragraph.
    span: Span,
    /// To the end of everything that belongs to it.
    whole: Span,
    /// What is detail, as far as it is not part of the prose.
    detail: Option<String>,
    anchor: Anchor,
    /// Says more than the text does: a ticked box, columns, fields below.
    fields: Fields,
    /// The box is there and empty: only a word can say that it is done, not a verb.
    unticked: bool,
}

impl Reader<'_, '_, '_> {
    /// Reads a part that stands under no heading that announces items.
    fn part(&mut self, index: usize) {
        let Some(part) = self.source.outline.parts.get(index) else { return };
        if part.heading.announces != Announces::Nothing && !part.heading.refuses && !self.is_title(index) {
            let group = Group {
                announces: part.heading.announces,
                state: part.heading.state,
                category: part.heading.category,
                ..Group::default()
            };
            self.announced(index, &group);
            return;
        }
        self.labelled(part);
        for &child in &part.children {
            self.part(child);
        }
    }

    /// Whether a heading is the title of a document that has parts of its own: `# Outage: what happened, and next steps`.
    fn is_title(&self, index: usize) -> bool {
        let parts = &self.source.outline.parts;
        let tells = |role: Role| matches!(role, Role::Summary | Role::Timeline | Role::Impact | Role::Causes | Role::Lessons);
        let own = |child: &usize| parts.get(*child).is_some_and(|child| tells(child.heading.role) && !child.is_label);
        index == 1 && parts.get(index).is_some_and(|part| part.children.iter().any(own))
    }

    /// Reads a part whose heading, or one above it, announces items.
    fn announced(&mut self, index: usize, group: &Group) {
        let Some(part) = self.source.outline.parts.get(index) else { return };
        self.blocks(part.body.clone(), group);
        for &child in &part.children {
            let Some(below) = self.source.outline.parts.get(child) else { continue };
            let heading = &below.heading;
            if heading.refuses || ends_announcement(below) {
                self.part(child);
            } else if per_heading::is_item(self.source, below, group) {
                self.heading_item(below, group);
            } else {
                self.announced(child, &group.named(heading));
            }
        }
    }

    /// Reads the blocks at `positions` as a stretch of items.
    fn blocks(&mut self, positions: Range<usize>, group: &Group) {
        let source = self.source;
        let mut lead_in: Option<Prose> = None;
        let mut previous_list: Option<usize> = None;
        for position in positions.clone() {
            let Some((index, block)) =
                source.outline.top.get(position).and_then(|&index| Some((index, source.blocks.get(index)?)))
            else {
                continue;
            };
            match block.kind {
                BlockKind::Paragraph => {
                    let prose = Prose::of_item(&block.inlines);
                    if !self.labelled_paragraph(&prose, block.span, group)
                        && !self.paragraph(&prose, index, position, &positions, group)
                    {
                        lead_in = Some(prose);
                        previous_list = None;
                        continue;
                    }
                }
                BlockKind::List { start } => {
                    let next = source.outline.top.get(position + 1).filter(|_| position + 1 < positions.end).copied();
                    if start.is_none() && previous_list.is_some_and(|previous| entries::interrupts(source, previous, next)) {
                        self.lengthen(index);
                    } else {
                        self.list(index, lead_in.as_ref(), group);
                        previous_list = Some(index);
                    }
                    lead_in = None;
                    continue;
                }
                BlockKind::Table => self.table(index, group),
                _ => {}
            }
            lead_in = None;
            previous_list = None;
        }
    }

    /// Makes an item of a draft, unless it is a placeholder.
    fn item(&mut self, draft: Draft<'_>, group: &Group) -> bool {
        let Draft { prose, span, whole, detail, anchor, fields: mut known, unticked } = draft;
        if let Some(reason) = placeholders::reason(prose) {
            self.pass_over(span, prose, reason);
            return false;
        }
        let (read, mut claims) = fields::read(prose, self.source.context);
        claims.extend(placeholders::braces(prose));
        let (text, rest) = fields::text::read(prose, &claims);
        if !text.contains(char::is_alphabetic) || fields::references::says_nothing(&text) {
            self.pass_over(span, prose, "only a pointer");
            return false;
        }
        let all_said = text.len() == prose.text.trim().len();
        if let Some(reason) = if all_said { None } else { placeholders::reason(&Prose::plain(&text)) } {
            self.pass_over(span, prose, reason);
            return false;
        }
        known.or(read);
        known.refer(prose.aside.clone());
        let may_have_happened = !unticked && group.state != Some(State::Open);
        let happened = may_have_happened && (happened(prose, &claims) || lead_happened(prose));
        let state = known.state.or(group.state).or(happened.then_some(State::Done)).unwrap_or_default();
        // What does not fit the text is the first part of the detail.
        let rest = rest
            .and_then(|at| self.source.text.get(prose.origin(at)?..prose.aside_start.unwrap_or(anchor.link)))
            .map(str::trim)
            .filter(|rest| !rest.is_empty());
        let detail = match (rest, detail) {
            (Some(rest), Some(detail)) => Some(format!("{rest}\n\n{detail}")),
            (rest, detail) => rest.map(str::to_owned).or(detail),
        };
        self.found.items.push(ActionItem {
            text,
            detail,
            lines: self.source.lines.lines(whole),
            span,
            anchor,
            state,
            owners: if known.owners.is_empty() { group.owners.clone() } else { known.owners },
            due: known.due,
            priority: known.priority,
            category: known.category.or(group.category),
            area: known.area,
            group: group.name.as_deref().map(str::to_owned),
            references: known.references,
        });
        true
    }

    fn pass_over(&mut self, span: Span, prose: &Prose, reason: &'static str) {
        self.found.passed_over.push(NotAnItem { lines: self.source.lines.lines(span), text: prose.without(&[]), reason });
    }
}

/// Whether the verbs of what nobody claimed say that it happened.
fn happened(prose: &Prose, claims: &[Range<usize>]) -> bool {
    if claims.is_empty() {
        fields::state::words_happened(&prose.text, prose.words())
    } else {
        fields::state::happened(&prose.without(claims))
    }
}

/// `**Docker plan activated** …`: the bold title alone says that it happened.
fn lead_happened(prose: &Prose) -> bool {
    prose.bold_lead().is_some_and(|lead| lead.end < prose.text.len() && fields::state::happened(prose.slice(lead)))
}

/// Whether a heading below one that announces items says that something else follows.
fn ends_announcement(part: &Part) -> bool {
    let other = matches!(
        part.heading.role,
        Role::Timeline | Role::Lessons | Role::Summary | Role::Participants | Role::Causes | Role::Impact
    );
    other && part.heading.plain && !part.heading.numbered && part.heading.announces == Announces::Nothing
}

/// Whether a paragraph before a list says that the list holds something else.
fn refusal(lead_in: Option<&Prose>, announces: Announces) -> Option<&'static str> {
    let prose = lead_in?;
    if list(List::Examples).find(prose.words()).is_some() {
        return Some("an example, says the sentence before it");
    }
    let text = prose.text.trim_end();
    if !text.ends_with([':', '：']) {
        return None;
    }
    let last = text.trim_end_matches([':', '：']).rsplit(['.', '!', '?', '。', '\n']).next().unwrap_or(text);
    let last = Prose::plain(last);
    let work = list(List::LeadIns).find(last.words()).is_some();
    if list(List::Refusals).find(last.words()).is_some() && (!work || announces == Announces::Perhaps) {
        return Some("something else, says the sentence before it");
    }
    (announces == Announces::Perhaps && !work).then_some("an explanation: the sentence before it announces no work")
}
