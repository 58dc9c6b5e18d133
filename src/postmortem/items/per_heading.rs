//! Items that have a heading each, with their fields and explanation below it.

use super::super::fields::{self, Context, Fields, labels, owners};
use super::super::headings::Announces;
use super::super::markdown::BlockKind;
use super::super::model::{Anchor, State};
use super::super::outline::Part;
use super::super::prose::Prose;
use super::super::words::List;
use super::entries::{Entry, below, dedented, is_field};
use super::{Draft, Group, Reader, Source, placeholders};
use crate::text::Span;

/// What stands under a heading, as far as it tells an item from a group.
#[derive(Default)]
struct Body {
    /// `Owner: …` and the like, as paragraphs or entries.
    fields: bool,
    /// Entries that are no fields, or rows.
    entries: bool,
    tasks: bool,
    prose: bool,
}

impl Body {
    fn new(source: &Source<'_, '_>, part: &Part) -> Self {
        let mut body = Self::default();
        let blocks = source.blocks;
        for &index in source.outline.top.get(part.body.start..part.end).unwrap_or_default() {
            let Some(block) = blocks.get(index) else { continue };
            match block.kind {
                BlockKind::Paragraph => {
                    let prose = Prose::new(&block.inlines);
                    let field = is_field(&prose);
                    body.fields |= field;
                    body.prose |= !field && !placeholders::is_nothing(&prose);
                }
                BlockKind::List { .. } => {
                    for entry in blocks.children(index).filter_map(|(index, _)| Entry::new(blocks, index)).take(50) {
                        let field = is_field(&entry.prose);
                        body.fields |= field && entry.checkbox.is_none();
                        body.entries |= !field;
                        body.tasks |= entry.checkbox.is_some();
                    }
                }
                BlockKind::Table => body.entries = true,
                _ => {}
            }
        }
        body
    }
}

/// Whether a heading below one that announces items is an item itself rather than a group of them.
pub(super) fn is_item(source: &Source<'_, '_>, part: &Part, group: &Group) -> bool {
    let heading = &part.heading;
    let body = Body::new(source, part);
    let named = heading.length > 0;
    let announces = heading.announces != Announces::Nothing && heading.plain;
    if (heading.groups || announces) && named {
        // `2) Monitoring` with nothing but an explanation is no group of anything.
        let explained = body.prose && !announces;
        return heading.numbered && !body.entries && (body.fields || explained);
    }
    if body.fields && (!body.tasks || heading.numbered) {
        // Fields of one item, unless the items below have fields of their own.
        return !part
            .children
            .iter()
            .any(|&child| source.outline.parts.get(child).is_some_and(|child| child.heading.numbered && !child.is_label));
    }
    if heading.numbered && !body.tasks {
        return !body.entries || heading.verb;
    }
    if body.entries || group.announces != Announces::ActionItems || !named {
        return false;
    }
    let deeper = part.children.iter().any(|&child| source.outline.parts.get(child).is_some_and(|child| !child.is_label));
    let says_work = heading.verb || heading.numbered;
    !deeper && if part.is_label { says_work && body.prose } else { says_work || body.prose && heading.length > 1 }
}

impl Reader<'_, '_, '_> {
    pub(super) fn heading_item(&mut self, part: &Part, group: &Group) {
        let source = self.source;
        let mut fields = Fields::default();
        let mut action: Option<Prose> = None;
        let mut first: Option<Prose> = None;
        for &index in source.outline.top.get(part.body.start..part.end).unwrap_or_default() {
            let Some(block) = source.blocks.get(index) else { continue };
            let paragraphs =
                std::iter::once(block).chain(source.blocks.descendants(index)).filter(|block| block.kind == BlockKind::Paragraph);
            for paragraph in paragraphs {
                let prose = Prose::new(&paragraph.inlines);
                read_fields(&prose, source, &mut fields);
                if action.is_none() {
                    action = action_of(&prose);
                }
                if first.is_none() && block.kind == BlockKind::Paragraph && !is_field(&prose) {
                    first = Some(prose);
                }
            }
        }
        let last = part.end.checked_sub(1).and_then(|at| source.outline.top.get(at)).and_then(|&index| source.blocks.get(index));
        let end = last.map_or(part.span.end, |block| block.span.end).max(part.span.end);
        let body = source
            .outline
            .top
            .get(part.body.start)
            .and_then(|&index| source.blocks.get(index))
            .filter(|_| part.body.start < part.end);
        let detail = body.and_then(|body| source.text.get(body.span.start..end)).and_then(dedented);
        // `### Action 3` says nothing; `Action: …` below it does.
        let untitled = part.heading.length == 0 || placeholders::reason(&part.prose).is_some();
        let prose = match &action {
            Some(action) if untitled => action,
            _ => &part.prose,
        };
        if let Some(first) = &first {
            let explained = fields.state.is_none() && group.state.is_none() && fields::state::happened(&first.text);
            if explained && started_with_what_happened(&first.text) {
                fields.state = Some(State::Done);
            }
            // The title names owners before its explanation does.
            let titled = owners::mentioned_in(&part.prose);
            if fields.owners.is_empty() && titled.is_empty() {
                fields.owners = owners::mentioned_in(first);
            }
        }
        let link = part.prose.end.filter(|&at| at > part.span.start && at <= part.span.end);
        let anchor = Anchor { checkbox: None, link: link.unwrap_or(part.span.end), ticket: None };
        let whole = Span::new(part.span.start, end);
        self.item(Draft { prose, span: part.span, whole, detail, anchor, fields, unticked: false }, group);
    }
}

/// Labelled fields line by line: `**Priority:** high` on one line, `**Owner:** @ada` on the next.
fn read_fields(prose: &Prose, source: &Source<'_, '_>, fields: &mut Fields) {
    let mut read = Fields::default();
    for labelled in
        labels::find(prose, source.context).iter().filter(|labelled| !matches!(labelled.list, List::Action | List::Notes))
    {
        labels::take(prose, labelled, source.context, &mut read);
    }
    fields.or(read);
    below(prose, source, fields);
}

fn action_of(prose: &Prose) -> Option<Prose> {
    let labelled = labels::find(prose, &Context::default()).into_iter().find(|labelled| labelled.list == List::Action)?;
    let text = prose.slice(labelled.value);
    (!text.trim().is_empty()).then(|| Prose::plain(text))
}

/// Only the first words of an explanation say what became of the item.
fn started_with_what_happened(text: &str) -> bool {
    let sentence = text.split(['.', '\n']).next().unwrap_or(text);
    fields::state::happened(sentence)
}
