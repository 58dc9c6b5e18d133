//! What an author does to a postmortem after its merge: rewords an item, adds one, ticks one, removes one.
//!
//! The document may be anybody's, so nothing is known of how it is written. Every edit is tried and read again, and one that
//! would change more than it should is not made.

use crate::{
    postmortem::{
        model::{ActionItem, Postmortem, State},
        parse::{ReadOptions, parse},
    },
    text::{Edit, LineIndex, Span, edited},
};

/// How many places are tried for one edit.
const TRIES: usize = 16;

/// A document with its reading.
#[derive(Debug, Clone)]
pub struct Draft {
    pub text: String,
    pub reading: Postmortem,
}

/// What an edit makes of one item; all others stay.
enum After<'a> {
    Reworded(&'a str),
    State(State),
    Gone,
    Followed(&'a str),
}

impl Draft {
    /// `None` when it cannot be read.
    pub fn of(text: String) -> Option<Self> {
        let reading = parse(text.as_bytes(), &ReadOptions::default()).ok()?;
        // What is no UTF-8 was not copied faithfully.
        (!text.contains(char::REPLACEMENT_CHARACTER)).then_some(Self { text, reading })
    }

    fn item(&self, index: usize) -> Option<&ActionItem> {
        self.reading.action_items.get(index)
    }

    /// The document with `words` behind the item's own.
    pub fn reworded(&self, index: usize, words: &str) -> Option<Self> {
        let item = self.item(index)?;
        let last = item.text.split(|c: char| !c.is_alphanumeric()).rfind(|word| !word.is_empty())?;
        let places = self.text.get(item.span.range())?.rmatch_indices(last).take(TRIES);
        let mut ends = places.map(|(at, found)| item.span.start + at + found.len());
        ends.find_map(|at| self.with(insert(at, words), index, &After::Reworded(words)))
    }

    /// The document without the item and what stands under it.
    pub fn without(&self, index: usize) -> Option<Self> {
        let span = LineIndex::new(&self.text).span(self.item(index)?.lines);
        self.with(Edit { span, text: String::new() }, index, &After::Gone)
    }

    /// The document saying that the item is done: by its box where there is one, else by a word.
    pub fn ticked(&self, index: usize) -> Option<Self> {
        let anchor = self.item(index)?.anchor;
        let edit = match anchor.checkbox {
            Some(span) => Edit { span, text: "x".to_owned() },
            None => insert(anchor.link, " ✅"),
        };
        self.with(edit, index, &After::State(State::Done))
    }

    /// The document with an item `words` after another one, written as that one is.
    pub fn followed_by(&self, index: usize, words: &str) -> Option<Self> {
        let item = self.item(index)?;
        let lines = LineIndex::new(&self.text).span(item.lines);
        let first = self.text.get(item.span.range())?.lines().next()?;
        let start = item.text.split_whitespace().next()?;
        let new = if first.trim_start().starts_with('|') {
            let cells: Vec<&str> = first.trim().trim_matches('|').split('|').collect();
            let place = cells.iter().position(|cell| cell.contains(start))?;
            let filled = (0..cells.len()).map(|cell| if cell == place { words } else { "" });
            format!("| {} |", filled.collect::<Vec<_>>().join(" | "))
        } else {
            let before = &first[..first.find(start)?];
            if !before.chars().all(|c| c.is_ascii_digit() || " \t-*+[].)#>".contains(c)) || before.contains("**") {
                return None;
            }
            format!("{before}{words}")
        };
        // The item's span begins behind what its line is indented by.
        let line = self.text.get(..item.span.start)?.rsplit('\n').next().unwrap_or_default();
        let newline = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let before = if self.text[..lines.end].ends_with('\n') { "" } else { newline };
        let text = format!("{before}{line}{new}{newline}");
        self.with(insert(lines.end, &text), index, &After::Followed(words))
    }

    /// The document after `edit`, if all that changed is what should.
    fn with(&self, edit: Edit, index: usize, after: &After<'_>) -> Option<Self> {
        let new = Self::of(edited(&self.text, &[edit])?)?;
        let mut wanted: Vec<(&str, State)> = items(&self.reading).collect();
        let mut found: Vec<(&str, State)> = items(&new.reading).collect();
        match after {
            After::Reworded(words) => {
                let (before, now) = (wanted.remove(index), (index < found.len()).then(|| found.remove(index))?);
                if now.1 != before.1 || !now.0.contains(words.trim()) || now.0.len() != before.0.len() + words.len() {
                    return None;
                }
            }
            After::State(state) => wanted.get_mut(index)?.1 = *state,
            After::Gone => drop(wanted.remove(index)),
            After::Followed(words) => wanted.insert(index + 1, (words, State::Open)),
        }
        let same = wanted == found;
        same.then_some(new)
    }
}

fn items(reading: &Postmortem) -> impl Iterator<Item = (&str, State)> {
    reading.action_items.iter().map(|item| (item.text.as_str(), item.state))
}

fn insert(at: usize, text: &str) -> Edit {
    Edit { span: Span::new(at, at), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(items: &str) -> Draft {
        Draft::of(format!("# A\n\n## Action items\n\n{items}")).unwrap()
    }

    fn texts(draft: &Draft) -> Vec<(&str, State)> {
        items(&draft.reading).collect()
    }

    #[test]
    fn each_edit_touches_one_item_however_it_is_written() {
        for items in [
            "- [ ] Add a test (@ada-example)\n- [ ] Write it down. Owner: Infra team\n",
            "* Add a test\n* Write it down.",
            "1. Add a test\r\n2. Write it down.\r\n",
            "| Action | Owner |\n|---|---|\n| Add a test | ada |\n| Write it down. | grace |\n",
        ] {
            let draft = draft(items);
            let reworded = draft.reworded(0, ", and say how").unwrap();
            assert_eq!(texts(&reworded), [("Add a test, and say how", State::Open), ("Write it down.", State::Open)]);
            let reworded = draft.reworded(1, ", and say how").unwrap();
            assert_eq!(texts(&reworded)[1].0, "Write it down, and say how.");
            assert_eq!(texts(&draft.without(0).unwrap()), [("Write it down.", State::Open)]);
            let longer = draft.followed_by(1, "Tell everyone").unwrap();
            assert_eq!(texts(&longer)[2], ("Tell everyone", State::Open), "{}", longer.text);
            if !items.contains('|') {
                assert_eq!(texts(&draft.ticked(1).unwrap())[1].1, State::Done);
            }
        }
    }

    #[test]
    fn an_edit_that_would_change_more_is_not_made() {
        let draft = draft("- [ ] Add a test\n  - [ ] for the pool\n  - [ ] for the cache\n");
        let before = texts(&draft).len();
        for index in 0..before {
            if let Some(after) = draft.without(index) {
                assert_eq!(texts(&after).len(), before - 1);
            }
        }
        assert!(draft.without(99).is_none() && draft.ticked(99).is_none());
    }
}
