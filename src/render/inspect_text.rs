//! `followthrough inspect` for people: what was read from a document, on a terminal.

use crate::postmortem::{
    model::{ActionItem, Kind, Postmortem, State},
    parse::NotAnItem,
};

/// Longest text of an entry that was passed over, in characters: enough to recognise it.
const LONGEST_PASSED_OVER: usize = 80;

/// One document's summary. `not_items` is what `--explain` shows; empty otherwise. `colour` allows ANSI escapes.
pub fn render(path: &str, read: &Postmortem, not_items: &[NotAnItem], colour: bool) -> String {
    let paint = Paint { colour };
    let mut out = format!("{}\n", paint.bold(&printable(path)));
    let facts = facts(read);
    if let Some(title) = &read.title {
        out += &format!("  {}\n", printable(title));
    }
    out += &format!("  {}\n", paint.dim(&printable(&facts.join(" · "))));
    if read.action_items.is_empty() {
        out += "  no action items\n";
    }
    let mut group = None;
    for item in &read.action_items {
        if item.group != group {
            group.clone_from(&item.group);
            out += &format!("  {}\n", paint.dim(&printable(group.as_deref().unwrap_or("(no group)"))));
        }
        out += &line(item, &paint);
    }
    if !not_items.is_empty() {
        out += &format!("  {}\n", paint.dim("not read as action items"));
    }
    for passed in not_items {
        let text: String = printable(&passed.text).chars().take(LONGEST_PASSED_OVER).collect();
        let shown = if text.is_empty() { "(empty)" } else { &text };
        out += &format!(
            "    {} {}\n",
            paint.dim(&format!("{:>4}", passed.lines.first)),
            paint.dim(&format!("{shown}: {}", passed.reason))
        );
    }
    out
}

fn facts(read: &Postmortem) -> Vec<String> {
    let kind = match read.kind {
        Kind::Postmortem => "postmortem",
        Kind::Retrospective => "retrospective",
        Kind::NearMiss => "near-miss",
        Kind::Other => "other document",
    };
    let metadata = &read.metadata;
    let mut facts = vec![kind.to_owned()];
    let known = [
        (None, read.language),
        (Some("severity"), metadata.severity.as_deref()),
        (None, metadata.date.as_deref()),
        (Some("owner"), metadata.owner.as_deref()),
        (Some("status"), metadata.status.as_deref()),
    ];
    facts.extend(
        known.into_iter().filter_map(|(name, value)| {
            value.map(|value| name.map_or_else(|| value.to_owned(), |name| format!("{name} {value}")))
        }),
    );
    let count = |state: State| read.action_items.iter().filter(|item| item.state == state).count();
    facts.push(format!("{} open, {} done, {} declined", count(State::Open), count(State::Done), count(State::Declined)));
    facts
}

fn line(item: &ActionItem, paint: &Paint) -> String {
    let mark = match item.state {
        State::Open => paint.yellow("○ open    "),
        State::Done => paint.green("✓ done    "),
        State::Declined => paint.dim("– declined"),
    };
    let mut notes: Vec<String> = Vec::new();
    notes.extend(item.owners.iter().map(ToString::to_string));
    notes.extend(item.due.map(|due| format!("due {due}")));
    notes.extend(item.priority.clone());
    notes.extend(item.references.iter().map(|reference| reference.written.clone()));
    let notes = if notes.is_empty() { String::new() } else { format!("  {}", paint.dim(&printable(&notes.join("  ")))) };
    format!("    {} {mark} {}{notes}\n", paint.dim(&format!("{:>4}", item.lines.first)), printable(&item.text))
}

/// Text from a document without what a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')).collect()
}

struct Paint {
    colour: bool,
}

impl Paint {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    fn green(&self, text: &str) -> String {
        self.paint("32", text)
    }

    fn yellow(&self, text: &str) -> String {
        self.paint("33", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postmortem::parse::{ReadOptions, explain};

    fn shown(text: &str, colour: bool) -> String {
        let (read, passed) = explain(text.as_bytes(), &ReadOptions::default()).unwrap();
        render("a.md", &read, &passed, colour)
    }

    #[test]
    fn shows_items_with_their_fields_and_what_was_passed_over() {
        let text = shown("# Outage\n\n## Action items\n\n- [x] Add alert @ada-example (due 2027-03-01) #12\n- [ ] TBD\n", false);
        assert!(text.contains("✓ done     Add alert  @ada-example  due 2027-03-01  #12"), "{text}");
        assert!(
            text.contains("TBD: a placeholder of the template") || text.contains("TBD: says that there is nothing"),
            "{text}"
        );
    }

    #[test]
    fn a_document_cannot_send_escapes_to_the_terminal() {
        let text = shown("## Action items\n\n- Add \u{1b}[31mred\u{202E} alert\n", false);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202E}'), "{text:?}");
        assert!(shown("## Action items\n\n- Add an alert\n", true).contains("\u{1b}[33m"));
    }
}
