//! Items that are rows of tables, by what their columns mean, in any order and language.

use super::super::fields::{Context, Fields, dates, labels, owners, references, state, tags};
use super::super::headings;
use super::super::markdown::{Block, BlockKind};
use super::super::model::{Anchor, Owner, State};
use super::super::prose::Prose;
use super::super::words::{List, list, words};
use super::{Draft, Group, Reader, placeholders};
use crate::text::Span;

/// What a column may mean; the first that fits its head wins.
const MEANINGS: [List; 11] = [
    List::Action,
    List::Owner,
    List::Due,
    List::Status,
    List::Priority,
    List::Category,
    List::Area,
    List::Reference,
    List::Number,
    List::ActionLoose,
    List::Notes,
];

/// The meaning of a table's columns.
#[derive(Debug)]
pub(super) struct Columns {
    meanings: Vec<Option<List>>,
    action: usize,
}

impl Columns {
    /// Understands the head of a table. `announced`: it stands where items do, so that any column may hold them.
    pub fn new(head: &[Prose], announced: bool) -> Option<Self> {
        let meanings: Vec<Option<List>> = head.iter().map(meaning).collect();
        let of = |name: List| meanings.iter().position(|&meaning| meaning == Some(name));
        let unknown = || meanings.iter().position(Option::is_none);
        let action = match of(List::Action) {
            Some(action) => action,
            None if !announced => return None,
            // A ticket's link text is what it is about, when nothing else is.
            None => of(List::ActionLoose).or_else(unknown).or_else(|| of(List::Reference)).or_else(|| of(List::Notes))?,
        };
        Some(Self { meanings, action })
    }

    /// Whether the head says by itself that the rows are action items.
    pub fn are_named(&self) -> bool {
        let has = |name: List| self.meanings.contains(&Some(name));
        has(List::Action)
            && (has(List::Owner) || has(List::Due) || has(List::Status) || has(List::Priority) || has(List::Reference))
    }

    /// The place of a row's ticket when its column is there and holds nothing yet.
    fn waiting_ticket(&self, cells: &[Prose], spans: &[Span], text: &str) -> Option<Span> {
        let at = self.meanings.iter().position(|&meaning| meaning == Some(List::Reference)).filter(|&at| at != self.action)?;
        let (cell, &span) = (cells.get(at)?, spans.get(at)?);
        let source = text.get(span.range())?;
        let padding = |c: char| matches!(c, ' ' | '\t');
        if cell.text.trim().is_empty() {
            // A cell that a short row leaves out cannot be written to.
            let before = text.get(..span.start)?.trim_end_matches(padding);
            let after = text.get(span.end..)?.trim_start_matches(padding);
            let empty = source.trim().is_empty() && before.ends_with('|') && after.starts_with('|');
            // One space stays on each side.
            let (start, end) = (before.len(), text.len() - after.len());
            let kept = Span::new((start + 1).min(end), (end.saturating_sub(1)).max((start + 1).min(end)));
            return empty.then_some(kept);
        }
        let dashes = cell.text.trim().chars().all(|c| "-–—−?…_.".contains(c));
        let placeholder =
            dashes || !cell.words().is_empty() && (placeholders::is_nothing(cell) || list(List::Placeholders).is(cell.words()));
        (placeholder && source.trim() == cell.text.trim()).then_some(span)
    }

    fn column<'c>(&self, name: List, cells: &'c [Prose]) -> impl Iterator<Item = &'c Prose> {
        let at: Vec<usize> = self
            .meanings
            .iter()
            .enumerate()
            .filter(|&(at, &meaning)| meaning == Some(name) && at != self.action)
            .map(|(at, _)| at)
            .collect();
        at.into_iter().filter_map(|at| cells.get(at))
    }
}

/// What the head of a column means: by all its words, else by those outside brackets, else by the first known one.
fn meaning(head: &Prose) -> Option<List> {
    let text = head.text.split(['(', '/', '（']).next().unwrap_or(&head.text);
    let (all, outside) = (&head.words(), words(text));
    let exact = MEANINGS
        .into_iter()
        .find(|&name| list(name).is(all))
        .or_else(|| MEANINGS.into_iter().find(|&name| list(name).is(&outside)));
    exact.or_else(|| {
        let firm = MEANINGS.into_iter().filter(|name| !matches!(name, List::ActionLoose | List::Notes | List::Number));
        firm.filter_map(|name| list(name).find(&outside).map(|found| (found.len(), name)))
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, name)| name)
    })
}

impl Reader<'_, '_, '_> {
    /// A table under a heading that announces items.
    pub(super) fn table(&mut self, index: usize, group: &Group) {
        self.rows(index, true, group);
    }

    /// A table elsewhere: read only when its head says that its rows are items.
    pub(super) fn announcing_table(&mut self, index: usize, group: &Group) {
        self.rows(index, false, group);
    }

    fn rows(&mut self, index: usize, announced: bool, group: &Group) {
        let blocks = self.source.blocks;
        let mut columns = None;
        let mut group = group.clone();
        for (row, block) in blocks.children(index) {
            let spans: Vec<Span> = blocks.children(row).map(|(_, cell)| cell.span).collect();
            let action = columns.as_ref().map(|columns: &Columns| columns.action);
            let prose = |(at, (_, cell)): (usize, (usize, &Block<'_>))| {
                if Some(at) == action { Prose::of_item(&cell.inlines) } else { Prose::new(&cell.inlines) }
            };
            let cells: Vec<Prose> = blocks.children(row).enumerate().map(prose).collect();
            if block.kind == (BlockKind::Row { head: true }) {
                columns = Columns::new(&cells, announced).filter(|columns| announced || columns.are_named());
                continue;
            }
            let Some(columns) = &columns else { return };
            if let Some(label) = group_row(&cells, columns) {
                group = group.named(&headings::understand(label, self.source.more));
                continue;
            }
            self.row(columns, &cells, &spans, block.span, &group);
        }
    }

    /// Reads one row. `spans` are the places of its cells, where they are known.
    pub(super) fn row(&mut self, columns: &Columns, cells: &[Prose], spans: &[Span], span: Span, group: &Group) {
        let Some(action) = cells.get(columns.action).filter(|cell| !cell.is_empty()) else { return };
        let context = self.source.context;
        let mut fields = Fields::default();
        for cell in columns.column(List::Owner, cells) {
            let names = if is_only_a_link_to_what_is_done(cell) { Vec::new() } else { owners::names(cell, 0..cell.text.len()) };
            fields.owners.extend(
                names
                    .into_iter()
                    .filter(|name| !matches!(name, Owner::Name(text) if state::of_value(text).is_some() && text.len() < 12)),
            );
        }
        for cell in columns.column(List::Category, cells) {
            fields.category = fields.category.or_else(|| tags::category_of(&cell.text));
            // A ragged row: the name slipped a column to the left.
            if fields.owners.is_empty() && fields.category.is_none() && looks_like_a_person(&cell.text) {
                fields.owners = owners::names(cell, 0..cell.text.len());
            }
        }
        for cell in columns.column(List::Due, cells) {
            fields.due = fields.due.or_else(|| dates::deadline(&cell.text, context));
        }
        for cell in columns.column(List::Priority, cells) {
            fields.priority = fields.priority.take().or_else(|| tags::priority_of(&cell.text));
        }
        for cell in columns.column(List::Area, cells).filter(|cell| !tags::is_nobody(&cell.text)) {
            fields.area = fields.area.take().or_else(|| Some(cell.without(&[])));
        }
        for cell in columns.column(List::Status, cells) {
            fields.state = fields.state.or_else(|| state::of_value(&cell.text).or(struck(cell)));
        }
        for (at, cell) in cells.iter().enumerate().filter(|&(at, _)| at != columns.action) {
            // `CA-1` in a column of numbers is this table's own; a link to a profile is who, not what.
            let pointed =
                references::within(cell, 0..cell.text.len()).into_iter().filter(|reference| match columns.meanings.get(at) {
                    Some(Some(List::Number)) => reference.written.contains("://"),
                    Some(Some(List::Owner)) => !owners::is_profile(&reference.written),
                    _ => true,
                });
            fields.refer(pointed.chain(cell.aside.iter().cloned()).collect());
            let says_state = matches!(
                columns.meanings.get(at).copied().flatten(),
                None | Some(List::Owner | List::Reference | List::Notes | List::Due)
            );
            if fields.state.is_none() && says_state && is_status(cell) {
                fields.state = state::of_value(&cell.text).filter(|&state| state != State::Open);
            }
        }
        let detail: Vec<&str> = columns
            .column(List::Notes, cells)
            .chain(columns.column(List::ActionLoose, cells))
            .map(|cell| cell.text.trim())
            .filter(|text| !tags::is_nobody(text))
            .collect();
        let detail = (!detail.is_empty()).then(|| detail.join("\n\n"));
        let link = action.end.unwrap_or(span.end).clamp(span.start, span.end);
        let ticket =
            columns.waiting_ticket(cells, spans, self.source.text).filter(|at| span.start <= at.start && at.end <= span.end);
        let anchor = Anchor { checkbox: None, link, ticket };
        let unticked = fields.state == Some(State::Open);
        self.item(Draft { prose: action, span, whole: span, detail, anchor, fields, unticked }, group);
    }
}

/// A row that only names the group of those below it: one bold or group-like cell, the others empty.
fn group_row<'c>(cells: &'c [Prose], columns: &Columns) -> Option<&'c Prose> {
    let mut filled = cells.iter().filter(|cell| !cell.is_empty());
    let (only, None) = (filled.next()?, filled.next()) else { return None };
    let groups = columns.meanings.len() > 2 && (only.is_all_bold() || list(List::GroupWords).covers(only.words()));
    (groups && placeholders::reason(only).is_none()).then_some(only)
}

/// `[Done](https://…)` where the owner should stand.
fn is_only_a_link_to_what_is_done(cell: &Prose) -> bool {
    cell.links().next().is_some() && is_status(cell)
}

/// A cell that is a status and little else.
fn is_status(cell: &Prose) -> bool {
    // `Bug 5554823 **DONE**`
    let shouted = cell.words().last().is_some_and(|last| {
        let word = cell.slice(last.range().clone());
        word.len() > 2 && word.chars().all(char::is_uppercase) && last.is(List::Done)
    });
    shouted && cell.words().len() <= 6
        || (1..=3).contains(&cell.words().len())
            && [List::Done, List::Declined].iter().any(|&name| list(name).prefix(cell.words()).is_some())
        || cell.words().is_empty() && state::of_value(&cell.text).is_some()
}

fn struck(cell: &Prose) -> Option<State> {
    cell.is_all_struck().then_some(State::Done)
}

/// Two to four capitalised words without digits.
fn looks_like_a_person(text: &str) -> bool {
    let all: Vec<&str> = text.split_whitespace().collect();
    (2..=4).contains(&all.len())
        && all.iter().all(|word| {
            word.starts_with(char::is_uppercase)
                && word.chars().skip(1).any(char::is_lowercase)
                && word.chars().all(char::is_alphabetic)
        })
        && [List::Category, List::Open, List::Done, List::Declined].iter().all(|&name| list(name).find(&words(text)).is_none())
        && !list(List::GroupWords).covers(&words(text))
        && labels::find(&Prose::plain(text), &Context::default()).is_empty()
}
