//! The parts of a document: headings, and the bold lines and labels that serve as headings.

use std::ops::Range;

use super::headings::{self, Announces, Heading};
use super::markdown::{Block, BlockKind, Blocks, InlineKind};
use super::model::{Role, Section};
use super::prose::Prose;
use super::words::{Folded, List, list};
use crate::text::{LineIndex, Lines, Span};

/// Labels stand below every heading: a heading closes them, they close each other.
const LABEL_LEVEL: u8 = 7;

/// A heading or label with what stands under it. Positions count the blocks that stand directly in the document.
#[derive(Debug)]
pub struct Part {
    pub heading: Heading,
    /// What the heading says, for reading its fields. Empty for what stands above the first heading.
    pub prose: Prose,
    pub span: Span,
    pub level: u8,
    pub is_label: bool,
    /// The blocks between the heading and the next part.
    pub body: Range<usize>,
    /// The position after everything under the heading, further parts included.
    pub end: usize,
    pub children: Vec<usize>,
}

#[derive(Debug)]
pub struct Outline {
    /// In document order; the first is what stands above the first heading.
    pub parts: Vec<Part>,
    /// The parts that stand under no other.
    pub roots: Vec<usize>,
    /// Indexes of the blocks that stand directly in the document.
    pub top: Vec<usize>,
}

impl Outline {
    /// Finds the parts of a document. `more` are headings that the configuration adds.
    pub fn new(blocks: &Blocks<'_>, more: &[Vec<Folded>]) -> Self {
        let top: Vec<usize> = blocks.top().map(|(index, _)| index).collect();
        let preamble = Part {
            heading: Heading::default(),
            prose: Prose::default(),
            span: Span::new(0, 0),
            level: 0,
            is_label: false,
            body: 0..top.len(),
            end: top.len(),
            children: Vec::new(),
        };
        let mut parts = vec![preamble];
        let mut open: Vec<usize> = Vec::new();
        let mut roots = vec![0];
        for (position, &index) in top.iter().enumerate() {
            let Some(block) = blocks.get(index) else { continue };
            let Some(opening) = opening(block, more) else { continue };
            if let Some(previous) = parts.last_mut() {
                previous.body.end = position;
            }
            while let Some(closed) = open.pop_if(|&mut last| parts[last].level >= opening.level) {
                parts[closed].end = position;
            }
            let body = position + usize::from(!opening.inline)..top.len();
            match open.last() {
                Some(&parent) => {
                    let this = parts.len();
                    parts[parent].children.push(this);
                }
                None => roots.push(parts.len()),
            }
            open.push(parts.len());
            parts.push(Part {
                heading: opening.heading,
                prose: opening.prose.at_rest(),
                span: block.span,
                level: opening.level,
                is_label: opening.level == LABEL_LEVEL,
                body,
                end: top.len(),
                children: Vec::new(),
            });
        }
        let preamble_end = parts[0].body.end;
        parts[0].end = preamble_end;
        Self { parts, roots, top }
    }

    /// The sections to show: all headings, and the labels that mean something.
    pub fn sections(&self, blocks: &Blocks<'_>, lines: &LineIndex) -> Vec<Section> {
        let mut heading_level = 0;
        let mut sections = Vec::new();
        for part in self.parts.iter().skip(1) {
            if !part.is_label {
                heading_level = part.level;
            } else if part.heading.role == Role::Other {
                continue;
            }
            let last = self.top.get(part.end.wrapping_sub(1)).and_then(|&index| blocks.get(index));
            let span = Span::new(part.span.start, last.map_or(part.span.end, |block| block.span.end).max(part.span.end));
            let (first, last) = (lines.line(part.span.start), lines.lines(span).last);
            sections.push(Section {
                heading: part.heading.text.clone(),
                role: part.heading.role,
                level: if part.is_label { heading_level + 1 } else { part.level },
                span: part.span,
                lines: Lines { first, last },
            });
        }
        sections
    }
}

struct Opening {
    heading: Heading,
    prose: Prose,
    level: u8,
    /// The label's paragraph goes on after the label.
    inline: bool,
}

/// What `block` opens, if it is a heading or serves as one.
fn opening(block: &Block<'_>, more: &[Vec<Folded>]) -> Option<Opening> {
    match block.kind {
        BlockKind::Heading { level } => {
            // The document's title is no item.
            let prose = if level == 1 { Prose::new(&block.inlines) } else { Prose::of_item(&block.inlines) };
            Some(Opening { heading: understand(&prose, block, more), prose, level, inline: false })
        }
        BlockKind::Paragraph => label(block, more),
        _ => None,
    }
}

/// What a heading says, with the links set aside in its text: a section is called what the author called it.
fn understand(prose: &Prose, block: &Block<'_>, more: &[Vec<Folded>]) -> Heading {
    let mut heading = headings::understand(prose, more);
    if !prose.aside.is_empty() {
        heading.text = Prose::new(&block.inlines).without(&[]);
    }
    heading
}

fn label(block: &Block<'_>, more: &[Vec<Folded>]) -> Option<Opening> {
    let first = block.inlines.first()?;
    let last = block.inlines.last()?;
    // Only paragraphs that start bold or are short are worth a look.
    let short = |end: usize| end <= block.span.start + 120;
    let may_be_short = short(block.span.end) || last.text.ends_with(')') && block.span.end <= block.span.start + 600;
    if !(first.strong || may_be_short) || last.span.start < first.span.start {
        return None;
    }
    // Without bold text only a colon makes a label, perhaps with a link behind it that is set aside.
    let mut ends =
        block.inlines.iter().rev().filter(|inline| inline.kind != InlineKind::Html).map(|inline| inline.text.trim_end());
    let closed = ends.find(|text| !text.is_empty()).is_some_and(|text| text.ends_with([':', '：', ')']));
    if !closed && !block.inlines.iter().any(|inline| inline.strong) {
        return None;
    }
    let prose = Prose::of_item(&block.inlines);
    let short = short(prose.aside_start.map_or(block.span.end, |bracket| bracket.saturating_sub(1)));
    let text = prose.text.trim();
    let open = |prose: Prose, inline: bool| {
        let heading = understand(&prose, block, more);
        Opening { heading, prose, level: LABEL_LEVEL, inline }
    };
    if short && !text.contains('\n') && prose.is_all_bold() {
        return Some(open(prose, false));
    }
    if let Some(lead) = prose.bold_lead() {
        let rest = &prose.text[lead.end..];
        let named = prose.slice(lead.clone()).trim_end().ends_with([':', '：']) || rest.trim_start().starts_with([':', '：']);
        let inside = Prose::plain(prose.slice(lead));
        let opening = open(inside, true);
        let heading = &opening.heading;
        let single = list(List::InlineLabels).is(opening.prose.words()) && rest.contains(char::is_alphanumeric);
        let meant = (heading.role != Role::Other || heading.refuses) && heading.plain || heading.announces != Announces::Nothing;
        return (named && meant && !single && heading.length <= 6).then_some(opening);
    }
    if short && text.ends_with([':', '：']) && !text.contains('\n') {
        let opening = open(prose, false);
        let heading = &opening.heading;
        let meant =
            heading.announces == Announces::ActionItems && heading.plain || heading.groups || !heading.mentions.is_empty();
        return (meant && heading.length <= 5).then_some(opening);
    }
    None
}
