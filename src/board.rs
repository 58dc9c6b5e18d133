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
    SingleSelect {
        options: Vec<FieldOption>,
    },
    Iteration {
        iterations: Vec<Iteration>,
        completed: Vec<Iteration>,
    },
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

/// The name of the field that `board.status` sets.
pub const STATUS: &str = "Status";
/// Where the people who own the board change what is wanted.
const SETTINGS: &str = ".github/followthrough.yml";
/// A message that lists more options than this helps nobody.
const MAX_LISTED: usize = 20;

/// Decides the values of `board`'s fields from `wanted`, field name and text; an empty text sets nothing.
///
/// Names and options are compared exactly first, then without regard to case; a field that is wanted twice gets the
/// first value. Iterations are found by title, or as `@current`, the one that holds `today`, or `@next`, the one after it.
pub fn field_values<'a>(board: &Board, wanted: impl IntoIterator<Item = (&'a str, &'a str)>, today: Date) -> FieldValues {
    let mut values = FieldValues::default();
    for (name, text) in wanted {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let Some(field) = by_name(&board.fields, name.trim(), |field| &field.name) else {
            let message =
                format!("The board {} has no field {}. Add it or change {}.", code(&board.title), code(name), setting(name));
            values.mismatches.push(Mismatch { field: name.to_owned(), message });
            continue;
        };
        if values.to_set.iter().any(|value| value.field_id == field.id) {
            continue;
        }
        match value(field, text, today) {
            Ok(value) => {
                values.to_set.push(FieldValueToSet { field_id: field.id.clone(), field_name: field.name.clone(), value });
            }
            Err(reason) => {
                let message = format!("The field {} of the board {} {reason}", code(&field.name), code(&board.title));
                values.mismatches.push(Mismatch { field: name.to_owned(), message });
            }
        }
    }
    values
}

/// The name of the column that `values` put an item into.
pub fn status<'a>(board: &'a Board, values: &[FieldValueToSet]) -> Option<&'a str> {
    let value = values.iter().find(|value| value.field_name == STATUS)?;
    let FieldKind::SingleSelect { options } = &board.fields.iter().find(|field| field.id == value.field_id)?.kind else {
        return None;
    };
    options.iter().find(|option| value.value == FieldValue::SingleSelect(option.id.clone())).map(|option| option.name.as_str())
}

/// The value of `field` for `text`, or what is wrong, as the rest of a sentence about the field and what to do.
fn value(field: &Field, text: &str, today: Date) -> Result<FieldValue, String> {
    match &field.kind {
        FieldKind::Text => Ok(FieldValue::Text(text.to_owned())),
        FieldKind::Number => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(FieldValue::Number(number)),
            _ => Err(format!("takes a number, and {} is none. Change {}.", code(text), setting(&field.name))),
        },
        FieldKind::Date => text.parse().map(FieldValue::Date).map_err(|_| {
            format!("takes a date such as `2026-12-01`, and {} is none. Change {}.", code(text), setting(&field.name))
        }),
        FieldKind::SingleSelect { options } => match by_name(options, text, |option| &option.name) {
            Some(option) => Ok(FieldValue::SingleSelect(option.id.clone())),
            None => Err(format!(
                "has no option {}; it has {}. Add the option or change {}.",
                code(text),
                listed(options.iter().map(|option| option.name.as_str())),
                setting(&field.name)
            )),
        },
        FieldKind::Iteration { iterations, completed } => iteration(iterations, completed, text, today)
            .map(|iteration| FieldValue::Iteration(iteration.id.clone()))
            .ok_or_else(|| {
                let titles = listed(iterations.iter().map(|iteration| iteration.title.as_str()));
                format!("has no iteration {}; it has {titles}. Add the iteration or change {}.", code(text), setting(&field.name))
            }),
        FieldKind::ReadOnly(kind) => Err(format!(
            "cannot be set on a board: GitHub fills fields of the type {} from the issue itself. Remove it from {}.",
            code(kind),
            setting(&field.name)
        )),
    }
}

fn iteration<'b>(iterations: &'b [Iteration], completed: &'b [Iteration], text: &str, today: Date) -> Option<&'b Iteration> {
    match text.to_lowercase().as_str() {
        "@current" => iterations.iter().find(|iteration| iteration.holds(today)),
        "@next" => iterations.iter().filter(|iteration| iteration.start > today).min_by_key(|iteration| iteration.start),
        _ => by_name(iterations, text, |iteration| &iteration.title)
            .or_else(|| by_name(completed, text, |iteration| &iteration.title)),
    }
}

impl Iteration {
    fn holds(&self, day: Date) -> bool {
        let since = self.start.until(day).map(|span| span.get_days());
        since.is_ok_and(|days| days >= 0 && i64::from(days) < i64::from(self.duration_days))
    }
}

/// The entry of this name: spelled exactly so, else in other case.
fn by_name<'e, E>(entries: &'e [E], name: &str, name_of: impl Fn(&E) -> &String) -> Option<&'e E> {
    let folded = name.to_lowercase();
    let exact = entries.iter().find(|entry| name_of(entry) == name);
    exact.or_else(|| entries.iter().find(|entry| name_of(entry).trim().to_lowercase() == folded))
}

fn setting(field: &str) -> String {
    let key = if field.trim().eq_ignore_ascii_case(STATUS) { "board.status" } else { "board.fields" };
    format!("`{key}` in {SETTINGS}")
}

fn listed<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = names.len().saturating_sub(MAX_LISTED);
    let mut listed: Vec<_> = names.take(MAX_LISTED).map(code).collect();
    if listed.is_empty() {
        return "none".to_owned();
    }
    if more > 0 {
        listed.push(format!("{more} more"));
    }
    listed.join(", ")
}

/// Text of others as code, so that it cannot mention, link or break out.
fn code(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect();
    format!("`{}`", plain.trim())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn field(id: &str, name: &str, kind: FieldKind) -> Field {
        Field { id: id.to_owned(), name: name.to_owned(), kind }
    }

    fn option(id: &str, name: &str) -> FieldOption {
        FieldOption { id: id.to_owned(), name: name.to_owned() }
    }

    fn iteration(id: &str, title: &str, start: Date) -> Iteration {
        Iteration { id: id.to_owned(), title: title.to_owned(), start, duration_days: 14 }
    }

    fn board() -> Board {
        Board {
            id: "B".to_owned(),
            title: "Postmortem actions".to_owned(),
            url: "https://github.com/orgs/acme/projects/7".to_owned(),
            fields: vec![
                field(
                    "S",
                    "Status",
                    FieldKind::SingleSelect { options: vec![option("t", "Triage"), option("l", "triage"), option("d", "Done")] },
                ),
                field("T", "Postmortem", FieldKind::Text),
                field("N", "Points", FieldKind::Number),
                field("D", "Due", FieldKind::Date),
                field(
                    "I",
                    "Iteration",
                    FieldKind::Iteration {
                        iterations: vec![
                            iteration("i2", "Iteration 2", date(2026, 11, 16)),
                            iteration("i3", "Iteration 3", date(2026, 11, 30)),
                        ],
                        completed: vec![iteration("i1", "Iteration 1", date(2026, 11, 2))],
                    },
                ),
                field("A", "Assignees", FieldKind::ReadOnly("ASSIGNEES".to_owned())),
            ],
        }
    }

    fn decide(name: &str, text: &str) -> Result<FieldValue, String> {
        let mut values = field_values(&board(), [(name, text)], date(2026, 11, 20));
        match (values.to_set.pop(), values.mismatches.pop()) {
            (Some(value), None) => Ok(value.value),
            (None, Some(mismatch)) => Err(mismatch.message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_kind_of_field_takes_its_value() {
        for (name, text, value) in [
            ("Postmortem", " https://x ", FieldValue::Text("https://x".to_owned())),
            ("points", "-2.5", FieldValue::Number(-2.5)),
            ("DUE", "2026-12-01", FieldValue::Date(date(2026, 12, 1))),
            ("Status", "Done", FieldValue::SingleSelect("d".to_owned())),
            ("Iteration", "iteration 3", FieldValue::Iteration("i3".to_owned())),
            ("Iteration", "@current", FieldValue::Iteration("i2".to_owned())),
            ("Iteration", "@next", FieldValue::Iteration("i3".to_owned())),
            ("Iteration", "Iteration 1", FieldValue::Iteration("i1".to_owned())),
        ] {
            assert_eq!(decide(name, text), Ok(value), "{name}: {text}");
        }
    }

    #[test]
    fn the_exact_spelling_comes_before_any_other() {
        assert_eq!(decide("Status", "triage"), Ok(FieldValue::SingleSelect("l".to_owned())));
        assert_eq!(decide("Status", "TRIAGE"), Ok(FieldValue::SingleSelect("t".to_owned())));
    }

    #[test]
    fn empty_text_sets_nothing_and_the_first_of_two_values_counts() {
        let values =
            field_values(&board(), [("Due", " "), ("Nowhere", ""), ("Points", "1"), ("points", "2")], date(2026, 11, 20));
        assert_eq!(values.mismatches, []);
        assert_eq!(
            values.to_set,
            [FieldValueToSet { field_id: "N".to_owned(), field_name: "Points".to_owned(), value: FieldValue::Number(1.0) }]
        );
    }

    #[test]
    fn what_does_not_fit_says_what_to_change() {
        for (name, text, said) in [
            (
                "Severity",
                "SEV-2",
                "The board `Postmortem actions` has no field `Severity`. Add it or change `board.fields` in .github/followthrough.yml.",
            ),
            (
                "Status",
                "To do",
                "The field `Status` of the board `Postmortem actions` has no option `To do`; it has `Triage`, `triage`, `Done`. Add the option or change `board.status` in .github/followthrough.yml.",
            ),
            (
                "Points",
                "many",
                "The field `Points` of the board `Postmortem actions` takes a number, and `many` is none. Change `board.fields` in .github/followthrough.yml.",
            ),
            (
                "Due",
                "next week",
                "The field `Due` of the board `Postmortem actions` takes a date such as `2026-12-01`, and `next week` is none. Change `board.fields` in .github/followthrough.yml.",
            ),
            (
                "Assignees",
                "ada-example",
                "The field `Assignees` of the board `Postmortem actions` cannot be set on a board: GitHub fills fields of the type `ASSIGNEES` from the issue itself. Remove it from `board.fields` in .github/followthrough.yml.",
            ),
            (
                "Iteration",
                "9",
                "The field `Iteration` of the board `Postmortem actions` has no iteration `9`; it has `Iteration 2`, `Iteration 3`. Add the iteration or change `board.fields` in .github/followthrough.yml.",
            ),
        ] {
            assert_eq!(decide(name, text), Err(said.to_owned()));
        }
    }

    #[test]
    fn numbers_are_finite_and_texts_cannot_break_out_of_the_message() {
        assert!(decide("Points", "NaN").is_err() && decide("Points", "inf").is_err());
        let message = decide("Due", "`@acme/all`\n\n# hi").expect_err("no date");
        assert!(message.contains("`@acme/all   # hi`"), "{message}");
    }

    #[test]
    fn an_iteration_holds_its_first_day_and_not_the_day_after_its_last() {
        let on = |day| field_values(&board(), [("Iteration", "@current")], day).to_set.pop().map(|value| value.value);
        assert_eq!(on(date(2026, 11, 16)), Some(FieldValue::Iteration("i2".to_owned())));
        assert_eq!(on(date(2026, 11, 30)), Some(FieldValue::Iteration("i3".to_owned())));
        assert_eq!(on(date(2026, 12, 14)), None);
    }
}
