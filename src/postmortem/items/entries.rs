//! Items that are entries of lists, at any depth: a parent that only labels its children is a group, a parent that says
//! what to do is the item.

use super::super::fields::{self, Context, Fields, labels, references};
use super::super::headings::{self, Announces, Heading};
use super::super::markdown::{BlockKind, Blocks};
use super::super::model::{Anchor, State};
use super::super::prose::Prose;
use super::super::words::{List, list, words};
use super::{Draft, Group, Reader, Source, placeholders, refusal};
use crate::text::Span;

/// An entry taken apart.
pub(super) struct Entry {
    pub index: usize,
    pub span: Span,
    pub checkbox: Option<(Span, bool)>,
    /// The entry's first paragraph; empty when it starts with something else.
    pub prose: Prose,
    pub prose_span: Span,
}

impl Entry {
    pub fn new(blocks: &Blocks<'_>, index: usize) -> Option<Self> {
        let block = blocks.get(index)?;
        let BlockKind::Entry { checkbox } = block.kind else { return None };
        let first = blocks.children(index).next().filter(|(_, child)| child.kind == BlockKind::Paragraph);
        let (prose, prose_span) = match first {
            Some((_, paragraph)) => {
                let prose = Prose::of_item(&paragraph.inlines);
                let end = prose.end.unwrap_or(paragraph.span.end).min(paragraph.span.end);
                (prose, Span::new(paragraph.span.start, end.max(paragraph.span.start)))
            }
            None => (Prose::default(), Span::new(block.span.start, block.span.start)),
        };
        Some(Self { index, span: block.span, checkbox, prose, prose_span })
    }
}

/// The lists directly inside an entry.
fn sublists<'b>(blocks: &'b Blocks<'_>, entry: usize) -> impl Iterator<Item = usize> + 'b {
    blocks.children(entry).filter(|(_, child)| matches!(child.kind, BlockKind::List { .. })).map(|(index, _)| index)
}

impl Reader<'_, '_, '_> {
    /// Reads a list of items. `lead_in` is the paragraph before it.
    pub(super) fn list(&mut self, index: usize, lead_in: Option<&Prose>, group: &Group) {
        let blocks = self.source.blocks;
        let entries: Vec<Entry> = blocks.children(index).filter_map(|(index, _)| Entry::new(blocks, index)).collect();
        let about = placeholders::is_checklist_about_the_document(entries.iter().map(|entry| &entry.prose));
        let refused = refusal(lead_in, group.announces).or(about.then_some("about this document, not about the incident"));
        if let Some(reason) = refused {
            for entry in &entries {
                self.pass_over(entry.span, &entry.prose, reason);
            }
            return;
        }
        // A stack instead of recursion: a hostile document nests as deep as it likes.
        let mut open: Vec<(Entry, Group)> = entries.into_iter().rev().map(|entry| (entry, group.clone())).collect();
        while let Some((entry, group)) = open.pop() {
            let Some(group) = self.entry(entry, group) else { continue };
            let (index, group) = group;
            let below: Vec<Entry> = sublists(blocks, index)
                .flat_map(|list| blocks.children(list))
                .filter_map(|(index, _)| Entry::new(blocks, index))
                .collect();
            open.extend(below.into_iter().rev().map(|entry| (entry, group.clone())));
        }
    }

    /// Reads one entry. When it only groups what is below it: its index and the group.
    fn entry(&mut self, entry: Entry, group: Group) -> Option<(usize, Group)> {
        let source = self.source;
        let has_lists = sublists(source.blocks, entry.index).next().is_some();
        if entry.prose.words().is_empty() && has_lists {
            return Some((entry.index, group));
        }
        if has_lists {
            let heading = headings::understand(&entry.prose, source.more);
            if heading.refuses && heading.plain {
                self.pass_over(entry.span, &entry.prose, "a label of something else");
                return None;
            }
            if is_label(source, &entry, &heading) {
                let mut below = group.named(&heading);
                if let Some((_, true)) = entry.checkbox {
                    below.state = Some(State::Done);
                }
                return Some((entry.index, below));
            }
        }
        if entry.checkbox.is_none() && is_question(&entry.prose) {
            self.pass_over(entry.span, &entry.prose, "a question");
            return None;
        }
        let mut fields =
            Fields { state: entry.checkbox.and_then(|(_, ticked)| ticked.then_some(State::Done)), ..Fields::default() };
        let detail = self.detail_of(&entry, &mut fields);
        let anchor = Anchor { checkbox: entry.checkbox.map(|(mark, _)| mark), link: entry.prose_span.end, ticket: None };
        let unticked = entry.checkbox.is_some_and(|(_, ticked)| !ticked);
        self.item(Draft { prose: &entry.prose, span: entry.span, whole: entry.span, detail, anchor, fields, unticked }, &group);
        None
    }

    /// The source of what stands below an entry's text; labelled fields and references in it are read.
    fn detail_of(&self, entry: &Entry, fields: &mut Fields) -> Option<String> {
        for block in self.source.blocks.descendants(entry.index) {
            if block.kind == BlockKind::Paragraph && block.span.start >= entry.prose_span.end {
                below(&Prose::new(&block.inlines), self.source, fields);
            }
        }
        let detail = self.source.text.get(entry.prose_span.end..entry.span.end)?;
        dedented(detail)
    }

    /// A list that interrupts the numbering of the one before it belongs to its last item.
    pub(super) fn lengthen(&mut self, list: usize) {
        let source = self.source;
        let Some(block) = source.blocks.get(list) else { return };
        let Some(item) = self.found.items.last_mut() else { return };
        let mut fields = Fields { references: std::mem::take(&mut item.references), ..Fields::default() };
        for paragraph in source.blocks.descendants(list).iter().filter(|block| block.kind == BlockKind::Paragraph) {
            below(&Prose::new(&paragraph.inlines), source, &mut fields);
        }
        item.references = fields.references;
        if item.owners.is_empty() {
            item.owners = fields.owners;
        }
        item.due = item.due.or(fields.due);
        item.lines.last = source.lines.lines(block.span).last;
        if let Some(more) = source.text.get(block.span.range()).and_then(dedented) {
            item.detail = Some(item.detail.take().map_or_else(|| more.clone(), |detail| format!("{detail}\n\n{more}")));
        }
    }
}

/// Reads labelled fields and references from a paragraph below an item.
pub(super) fn below(prose: &Prose, source: &Source<'_, '_>, fields: &mut Fields) {
    let mut read = Fields::default();
    for labelled in
        labels::find(prose, source.context).iter().filter(|labelled| fields::starts_at(prose, labelled.claim.start, &[]))
    {
        labels::take(prose, labelled, source.context, &mut read);
    }
    read.refer(references::within(prose, 0..prose.text.len()));
    fields.or(read);
}

/// Whether the bullet list after the numbered list `previous` only interrupts its numbering.
pub(super) fn interrupts(source: &Source<'_, '_>, previous: usize, next: Option<usize>) -> bool {
    let number = |index: usize| match source.blocks.get(index).map(|block| block.kind) {
        Some(BlockKind::List { start }) => start,
        _ => None,
    };
    let Some(first) = number(previous) else { return false };
    let mut last = None;
    let mut count = 0;
    for (index, _) in source.blocks.children(previous) {
        last = Some(index);
        count += 1;
    }
    let goes_on = next.and_then(number) == Some(first + count);
    let announces = || {
        last.and_then(|last| Entry::new(source.blocks, last))
            .is_some_and(|entry| entry.prose.text.trim_end().ends_with([':', '：']))
    };
    goes_on || announces()
}

/// Whether an entry only labels the entries below it.
fn is_label(source: &Source<'_, '_>, entry: &Entry, heading: &Heading) -> bool {
    let blocks = source.blocks;
    let below = || {
        sublists(blocks, entry.index)
            .flat_map(|list| blocks.children(list))
            .filter_map(|(index, _)| Entry::new(blocks, index))
            .take(20)
    };
    // Fields, links and steps under a sentence are its detail.
    if below().all(|entry| is_field(&entry.prose) || is_pointer(&entry.prose))
        || below().next().is_some_and(|entry| is_field(&entry.prose))
    {
        return false;
    }
    let text = entry.prose.text.trim();
    if heading.groups || heading.announces != Announces::Nothing && heading.plain && !heading.verb {
        return true;
    }
    if text.contains('\n') || text.ends_with(['.', '!', '?', '。']) || heading.verb || fields::state::happened(text) {
        return false;
    }
    let colon = text.ends_with([':', '：']);
    let mentions_only = text.split_whitespace().all(|word| word.starts_with('@'));
    let says_what_to_do = entry.prose.words().iter().any(|word| word.is(List::Wishes));
    if says_what_to_do && !colon {
        return false;
    }
    let boxes = below().filter(|entry| entry.checkbox.is_some()).count();
    if entry.checkbox.is_some() {
        return boxes > 0 && (colon && heading.length <= 4 || mentions_only);
    }
    boxes > 0 || mentions_only || colon && heading.length <= 6 && !says_what_to_do || heading.length <= 5
}

/// `Owner: …`, `Due: …`
pub(super) fn is_field(prose: &Prose) -> bool {
    labels::find(prose, &Context::default()).first().is_some_and(|labelled| fields::starts_at(prose, labelled.claim.start, &[]))
}

/// A bare link, or `See https://…`.
fn is_pointer(prose: &Prose) -> bool {
    let (_, claims) = (0, prose.links().map(|(range, _)| range.clone()).collect::<Vec<_>>());
    let kept = prose.cut(0..prose.text.len(), &claims);
    let left = words(&kept.split_whitespace().filter(|word| !word.contains("://")).collect::<Vec<_>>().join(" "));
    left.is_empty() || list(List::Reference).covers(&left)
}

fn is_question(prose: &Prose) -> bool {
    prose.text.trim_end().ends_with(['?', '？'])
}

/// A stretch of source without the indentation all its lines share.
pub(super) fn dedented(source: &str) -> Option<String> {
    let lines: Vec<&str> = source.trim_end().lines().skip_while(|line| line.trim().is_empty()).collect();
    let indent = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = lines.iter().filter(|line| !line.trim().is_empty()).map(indent).min()?;
    let kept: Vec<&str> = lines.iter().map(|line| line.get(common..).unwrap_or_default().trim_end()).collect();
    let text = kept.join("\n");
    (!text.trim().is_empty()).then_some(text)
}
