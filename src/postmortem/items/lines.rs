//! Items that are paragraphs: labelled ones anywhere, and one per line under a heading that announces items.

use std::ops::Range;

use super::super::fields::{Fields, state};
use super::super::headings::{self, Announces, shortcode};
use super::super::markdown::{BlockKind, Inline, InlineKind};
use super::super::model::Anchor;
use super::super::outline::Part;
use super::super::prose::{self, Prose};
use super::super::words::{List, Lists, list, may_start, words};
use super::entries::Entry;
use super::tables::Columns;
use super::{Draft, Group, Reader};
use crate::text::Span;

/// A label that makes a paragraph an item is no longer than this, in bytes.
const LONGEST_LABEL: usize = 60;

/// An item of one line is no longer than this, in characters; what is longer is prose.
const LONGEST_LINE: usize = 320;

impl Reader<'_, '_, '_> {
    /// Reads what stands outside the sections of items and says itself that it is one.
    pub(super) fn labelled(&mut self, part: &Part) {
        let source = self.source;
        let group = Group { announces: Announces::ActionItems, ..Group::default() };
        for &index in source.outline.top.get(part.body.clone()).unwrap_or_default() {
            let Some(block) = source.blocks.get(index) else { continue };
            match block.kind {
                BlockKind::Paragraph if may_be_labelled(&block.inlines) => {
                    self.labelled_paragraph(&Prose::of_item(&block.inlines), block.span, &group);
                }
                BlockKind::List { .. } => self.labelled_entries(index, &group),
                BlockKind::Table if !matches!(part.heading.role, super::Role::Timeline) => self.announcing_table(index, &group),
                _ => {}
            }
        }
    }

    /// Entries that are labelled as items, or label a list of them: `- Action items:` with a list below.
    fn labelled_entries(&mut self, list_index: usize, group: &Group) {
        let blocks = self.source.blocks;
        let mut open = vec![list_index];
        while let Some(index) = open.pop() {
            for (index, _) in blocks.children(index) {
                let lists: Vec<usize> = blocks
                    .children(index)
                    .filter(|(_, child)| matches!(child.kind, BlockKind::List { .. }))
                    .map(|(index, _)| index)
                    .collect();
                let first =
                    blocks.children(index).next().map(|(_, first)| first).filter(|first| first.kind == BlockKind::Paragraph);
                if lists.is_empty() && !first.is_some_and(|first| may_be_labelled(&first.inlines)) {
                    continue;
                }
                let Some(entry) = Entry::new(blocks, index) else { continue };
                let labels = || {
                    let heading = headings::understand(&entry.prose, self.source.more);
                    heading.announces == Announces::ActionItems && heading.plain && heading.length <= 4
                };
                if !lists.is_empty() && labels() {
                    for list in lists {
                        self.list(list, None, group);
                    }
                } else if !self.labelled_paragraph(&entry.prose, entry.span, group) {
                    open.extend(lists.into_iter().rev());
                }
            }
        }
    }

    /// `**Action item:** …`. False when the paragraph is not labelled so.
    pub(super) fn labelled_paragraph(&mut self, prose: &Prose, span: Span, group: &Group) -> bool {
        let Some(after) = label_end(prose) else { return false };
        let link = prose.end.unwrap_or(span.end).clamp(span.start, span.end);
        let anchor = Anchor { checkbox: None, link, ticket: None };
        let kept = prose.blanked_to(after);
        self.item(
            Draft { prose: &kept, span, whole: span, detail: None, anchor, fields: Fields::default(), unticked: false },
            group,
        )
    }

    /// A paragraph under a heading that announces items. False when it is prose.
    pub(super) fn paragraph(
        &mut self,
        prose: &Prose,
        index: usize,
        position: usize,
        positions: &Range<usize>,
        group: &Group,
    ) -> bool {
        let Some(block) = self.source.blocks.get(index) else { return false };
        if group.announces != Announces::ActionItems {
            return false;
        }
        let lines: Vec<&[Inline<'_>]> = block
            .inlines
            .split(|inline| matches!(inline.kind, InlineKind::SoftBreak | InlineKind::HardBreak))
            .filter(|line| !line.is_empty())
            .collect();
        if prose.text.trim_start().starts_with('|') && self.pipe_lines(&lines, group) {
            return true;
        }
        let proses: Vec<Prose> = lines.iter().map(|line| Prose::of_item(line)).collect();
        let alone = proses.len() == 1 && self.is_one_of_many(position, positions);
        if !(alone || are_entries(&proses)) {
            return false;
        }
        for (line, prose) in lines.iter().zip(&proses) {
            let (Some(first), Some(last)) = (line.first(), line.last()) else { continue };
            let span = Span::new(first.span.start, last.outer_end.max(first.span.start));
            let link = prose.end.unwrap_or(span.end).clamp(span.start, span.end);
            let anchor = Anchor { checkbox: None, link, ticket: None };
            self.item(
                Draft { prose, span, whole: span, detail: None, anchor, fields: Fields::default(), unticked: false },
                group,
            );
        }
        true
    }

    /// Whether a paragraph of one line is one of several that all say what to do.
    fn is_one_of_many(&self, position: usize, positions: &Range<usize>) -> bool {
        let entry = |position: usize| {
            let block = self.source.outline.top.get(position).and_then(|&index| self.source.blocks.get(index));
            block.filter(|block| block.kind == BlockKind::Paragraph && positions.contains(&position)).is_some_and(|block| {
                let prose = Prose::of_item(&block.inlines);
                let text = prose.text.trim();
                text.chars().count() <= 160
                    && !text.contains('\n')
                    && !text.ends_with(':')
                    && (starts_like_work(&prose) || pseudo_bullet(text) > 0)
            })
        };
        entry(position) && (position.checked_sub(1).is_some_and(entry) || entry(position + 1))
    }

    /// A table whose author forgot the line under its head: GitHub shows its pipes, people still read rows.
    fn pipe_lines(&mut self, lines: &[&[Inline<'_>]], group: &Group) -> bool {
        let rows: Vec<Vec<Prose>> = lines.iter().map(|line| cells(line)).collect();
        let Some(columns) = rows.first().and_then(|head| Columns::new(head, true)).filter(Columns::are_named) else {
            return false;
        };
        for (row, line) in rows.iter().zip(lines).skip(1) {
            let (Some(first), Some(last)) = (line.first(), line.last()) else { continue };
            let span = Span::new(first.span.start, last.outer_end.max(first.span.start));
            self.row(&columns, row, &[], span, group);
        }
        true
    }
}

/// The cells of a line of pipes.
fn cells(line: &[Inline<'_>]) -> Vec<Prose> {
    let mut cells: Vec<Vec<Inline<'_>>> = vec![Vec::new()];
    for inline in line {
        if inline.kind != InlineKind::Text || !inline.text.contains('|') {
            if let Some(cell) = cells.last_mut() {
                cell.push(inline.clone());
            }
            continue;
        }
        let mut at = inline.span.start;
        for (count, piece) in inline.text.split('|').enumerate() {
            if count > 0 {
                cells.push(Vec::new());
            }
            let span = Span::new(at, at + piece.len());
            if let Some(cell) = cells.last_mut().filter(|_| !piece.trim().is_empty()) {
                let outer_end = if span.end == inline.span.end { inline.outer_end } else { span.end };
                cell.push(Inline { text: piece.to_owned().into(), span, outer_end, ..inline.clone() });
            }
            at += piece.len() + 1;
        }
    }
    // The pipes at the ends of the line stand outside the first and the last cell.
    let mut proses: Vec<Prose> = cells.iter().map(|cell| Prose::of_item(cell)).collect();
    if proses.first().is_some_and(Prose::is_empty) {
        proses.remove(0);
    }
    if proses.last().is_some_and(Prose::is_empty) {
        proses.pop();
    }
    proses
}

/// Whether every line is an entry: by bullets that Markdown does not know, or because each is a sentence of its own.
fn are_entries(lines: &[Prose]) -> bool {
    let texts = || lines.iter().map(|line| line.text.trim());
    if lines.len() > 1 && texts().all(|text| pseudo_bullet(text) > 0) {
        return true;
    }
    let sentence = |text: &str| {
        let starts = text.chars().next().is_some_and(|c| c.is_uppercase() || !c.is_ascii());
        starts && text.ends_with(['.', '!', '。', ';']) && text.chars().count() <= LONGEST_LINE
    };
    lines.len() >= 3 && texts().all(sentence)
        || lines.len() >= 2 && texts().all(|text| text.chars().count() <= LONGEST_LINE) && lines.iter().all(starts_like_work)
}

fn starts_like_work(prose: &Prose) -> bool {
    let capital = prose.text.trim_start().starts_with(char::is_uppercase);
    capital && list(List::WorkVerbs).prefix(prose.words()).is_some()
}

/// The length of a bullet that Markdown does not know: `•`, `–`, `✅`.
fn pseudo_bullet(text: &str) -> usize {
    let bullet = text.chars().next().filter(|c| "•‣◦▪▫●○–—·→➜➡".contains(*c)).map_or(0, char::len_utf8);
    if bullet > 0 { bullet } else { state::mark_length(text).or_else(|| shortcode(text)).unwrap_or(0) }
}

const INLINE_LABELS: Lists = Lists::of(&[List::InlineLabels]);

/// Whether a label may stand in front, and a colon where one would after it; most paragraphs are settled by this.
fn may_be_labelled(inlines: &[Inline<'_>]) -> bool {
    has_colon_early(inlines) && prose::may_start(inlines, INLINE_LABELS)
}

fn has_colon_early(inlines: &[Inline<'_>]) -> bool {
    let mut seen = 0;
    for inline in inlines {
        if inline.text.bytes().take(60).any(|byte| byte == b':' || byte == 0xEF) {
            return true;
        }
        seen += inline.text.len();
        if seen > 40 {
            break;
        }
    }
    false
}

/// Where the text after a bold `Action item:` starts.
fn label_end(prose: &Prose) -> Option<usize> {
    let head = &prose.text[..prose.text.floor_char_boundary(LONGEST_LABEL)];
    if !may_start(head, INLINE_LABELS) {
        return None;
    }
    let words = words(&head[..head.find([':', '：'])?]);
    let length = list(List::InlineLabels).prefix(&words)?;
    let mut last = words.get(length - 1)?;
    // `Action item 3:`
    if let Some(number) = words.get(length).filter(|word| word.is_number()) {
        last = number;
    }
    let first = words.first()?;
    if prose.text[..first.range().start].contains(char::is_alphanumeric) || prose.in_code(first.range().start) {
        return None;
    }
    let rest = prose.text[last.range().end..].trim_start_matches([' ', '*', '_', ')']);
    let after = rest.strip_prefix([':', '：'])?;
    let bold = prose.bold_lead().is_some_and(|lead| lead.end >= last.range().end);
    // Plainly written only the unmistakable `Action item: …` counts.
    let plain = length >= 2;
    let said = after.contains(char::is_alphanumeric);
    ((bold || plain) && said).then(|| prose.text.len() - after.len())
}
