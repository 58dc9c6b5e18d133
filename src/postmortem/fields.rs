//! The fields of an item, each read by a file of its own from the item's text.
//!
//! A reader claims the ranges that are metadata; the text of the item is what remains.

use std::ops::Range;

use jiff::civil::Date;

use super::model::{Category, Owner, Reference, State};
use super::prose::{Bytes, Prose};
use super::words::{Folded, Word};

pub mod dates;
pub mod labels;
pub mod owners;
pub mod references;
pub mod segments;
pub mod state;
pub mod tags;
pub mod text;

/// What the fields of all items of one document are read with.
#[derive(Debug, Default)]
pub struct Context {
    /// Folded full and first names of the people whom the document lists.
    pub people: Vec<Folded>,
    /// The day that dates without a year and relative dates count from.
    pub anchor: Option<Date>,
    /// Whether `3/4/2026` is the third of April here.
    pub day_first: bool,
}

impl Context {
    /// Whether the document lists someone who is called so.
    pub fn knows(&self, word: &Word) -> bool {
        self.people.contains(&word.folded)
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    pub state: Option<State>,
    pub owners: Vec<Owner>,
    pub due: Option<Date>,
    pub priority: Option<String>,
    pub category: Option<Category>,
    pub area: Option<String>,
    pub references: Vec<Reference>,
}

impl Fields {
    /// Takes from `other` what is not known yet; references add up.
    pub fn or(&mut self, other: Fields) {
        self.state = self.state.or(other.state);
        if self.owners.is_empty() {
            self.owners = other.owners;
        }
        self.due = self.due.or(other.due);
        self.priority = self.priority.take().or(other.priority);
        self.category = self.category.or(other.category);
        self.area = self.area.take().or(other.area);
        self.refer(other.references);
    }

    pub fn refer(&mut self, references: Vec<Reference>) {
        for reference in references {
            // An item with more pointers than this is a list of links; looking further would only cost time.
            if self.references.len() < 100 && !self.references.contains(&reference) {
                self.references.push(reference);
            }
        }
    }
}

/// Reads all fields from the text of an item and says which ranges of it are metadata.
pub fn read(prose: &Prose, context: &Context) -> (Fields, Vec<Range<usize>>) {
    let mut claims = Vec::new();
    let mut fields = segments::read(prose, context, &mut claims);
    fields.or(labels::read(prose, context, &mut claims));
    let references = references::read(prose, &mut claims);
    fields.refer(references);
    fields.or(tags::read(prose, context, &mut claims));
    let due = dates::due(prose, context, &mut claims);
    fields.due = fields.due.or(due);
    let bracketed = state::bracketed(prose, &mut claims);
    let state = state::read(prose, &mut claims);
    fields.state = fields.state.or(bracketed).or(state);
    let owners = owners::read(prose, context, &mut claims);
    if fields.owners.is_empty() {
        fields.owners = owners;
    }
    // `(Owner: Ada, due: Friday)` is empty when both are taken.
    for group in groups(prose) {
        let said = |text: &str| text.contains(char::is_alphanumeric);
        if said(prose.slice(group.inner.clone())) && !said(&prose.cut(group.inner.clone(), &claims)) {
            claims.push(group.outer.clone());
        }
    }
    (fields, claims)
}

/// A bracketed group of the text: with its brackets, and what stands inside.
#[derive(Debug, Clone)]
pub struct Group {
    pub outer: Range<usize>,
    pub inner: Range<usize>,
    pub square: bool,
}

/// The bracketed groups of the text that hold no others and stand outside code, in order.
pub fn groups(prose: &Prose) -> &[Group] {
    prose.groups(find_groups)
}

fn find_groups(prose: &Prose) -> Vec<Group> {
    const OPENING: Bytes = Bytes::of(b"([");
    let mut found = Vec::new();
    if !prose.may_hold(OPENING) {
        return found;
    }
    let mut open: Option<(usize, char)> = None;
    for (at, c) in prose.text.char_indices() {
        match c {
            '(' | '[' | '（' | '【' => open = Some((at, c)),
            ')' | ']' | '）' | '】' => {
                if let Some((start, bracket)) = open.take()
                    && !prose.in_code(start)
                {
                    let inner = start + bracket.len_utf8()..at;
                    found.push(Group { outer: start..at + c.len_utf8(), inner, square: matches!(bracket, '[' | '【') });
                }
            }
            _ => {}
        }
        if found.len() >= 64 {
            break;
        }
    }
    found
}

/// Whether only white space, punctuation and claimed text follow `at`.
pub fn ends_at(prose: &Prose, at: usize, claims: &[Range<usize>]) -> bool {
    prose.words_in(at..prose.text.len()).iter().all(|word| is_claimed(word, claims))
}

/// Whether only white space, punctuation and claimed text precede `at`.
pub fn starts_at(prose: &Prose, at: usize, claims: &[Range<usize>]) -> bool {
    prose.words_in(0..at).iter().all(|word| is_claimed(word, claims))
}

fn is_claimed(word: &Word, claims: &[Range<usize>]) -> bool {
    let range = word.range();
    claims.iter().any(|claim| claim.start <= range.start && range.end <= claim.end)
}
