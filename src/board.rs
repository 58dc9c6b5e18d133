//! From wanted texts to the values of a board's fields.
//!
//! A team writes names and texts ("`Severity`: SEV-2"); GitHub wants ids and typed values, and knows only what the board
//! has today. What does not fit is never guessed: it becomes a [`Mismatch`] that a person can act on, and everything
//! else is still set.

use jiff::civil::Date;

/// A Projects board as observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// GitHub's node id.
    pub id: String,
    pub title: String,
    pub url: String,
    pub fields: Vec<Field>,
}

/// One field of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// GitHub's node id.
    pub id: String,
    pub name: String,
    pub kind: FieldKind,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    Number,
    Date,
    SingleSelect { options: Vec<FieldOption> },
    Iteration { iterations: Vec<Iteration>, completed: Vec<Iteration> },
    /// A field that cannot be set on a board, with GitHub's name of its type, such as `ASSIGNEES`.
    ReadOnly(String),
}

/// An option of a single-select field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldOption {
    /// Short and opaque, not a node id.
    pub id: String,
    pub name: String,
}

/// One iteration of an iteration field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iteration {
    /// Short and opaque, not a node id.
    pub id: String,
    pub title: String,
    pub start: Date,
    pub duration_days: u32,
}

/// A value to set when an issue is added to the board.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldValueToSet {
    /// GitHub's node id of the field.
    pub field_id: String,
    /// The field's name as the board spells it.
    pub field_name: String,
    pub value: FieldValue,
}

/// A typed value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    Text(String),
    /// Finite.
    Number(f64),
    Date(Date),
    /// An option's id.
    SingleSelect(String),
    /// An iteration's id.
    Iteration(String),
}

/// A wanted value that the board cannot take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The field's name as wanted.
    pub field: String,
    /// What is wrong and what to do, as Markdown sentences for the people who own the board.
    pub message: String,
}

/// What can be set on a board, and what cannot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldValues {
    /// In the order wanted, each field once.
    pub to_set: Vec<FieldValueToSet>,
    pub mismatches: Vec<Mismatch>,
}

/// Decides the values of `board`'s fields from `wanted`, field name and text; an empty text sets nothing.
///
/// Names and options are compared exactly first, then without regard to case. `today` is the day for `@current`.
pub fn field_values<'a>(board: &Board, wanted: impl IntoIterator<Item = (&'a str, &'a str)>, today: Date) -> FieldValues {
    let _ = (board, wanted.into_iter().count(), today);
    todo!()
}
