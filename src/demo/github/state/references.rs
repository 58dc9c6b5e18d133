//! What GitHub reads out of people's prose: who is mentioned and thereby pinged, and which issues a merged pull request closes.
//! Kept so that tests can see a text that was not neutralised do its harm.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{
    State, ThreadRef,
    issues::{IssueState, StateReason},
};

/// Someone was notified by being mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// `login` or `org/team`.
    pub whom: String,
    /// Login of who wrote the text.
    pub by: String,
    /// `owner/name#number`.
    pub place: String,
}

/// The text outside code, links and HTML, one piece per paragraph-like block.
fn prose(markdown: &str) -> Vec<String> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let (mut pieces, mut piece, mut literal, mut in_html) = (Vec::new(), String::new(), 0usize, false);
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::HtmlBlock) => in_html = true,
            Event::End(TagEnd::HtmlBlock) => in_html = false,
            Event::Start(Tag::CodeBlock(_) | Tag::Link { .. } | Tag::Image { .. }) => literal += 1,
            Event::End(TagEnd::CodeBlock | TagEnd::Link | TagEnd::Image) => literal = literal.saturating_sub(1),
            Event::Text(text) if literal == 0 && !in_html => piece.push_str(&text),
            Event::SoftBreak | Event::HardBreak => piece.push(' '),
            Event::Code(_) | Event::InlineHtml(_) => piece.push('\u{fffc}'),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell) => {
                pieces.push(std::mem::take(&mut piece))
            }
            _ => {}
        }
    }
    pieces.push(piece);
    pieces
}

/// `login` and `org/team` of every mention.
pub(crate) fn mentions(markdown: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in prose(markdown) {
        let mut before: Option<char> = None;
        for (at, c) in piece.char_indices() {
            if c == '@' && before.is_none_or(|before| !before.is_alphanumeric() && !['/', '_', '.', '-', '@'].contains(&before)) {
                let name: String = piece
                    .get(at + 1..)
                    .unwrap_or_default()
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || ['-', '/'].contains(c))
                    .collect();
                let name = name.trim_end_matches(['-', '/']).to_owned();
                if !name.is_empty() && !found.contains(&name) {
                    found.push(name);
                }
            }
            before = Some(c);
        }
    }
    found
}

const KEYWORDS: [&str; 9] = ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"];

/// `(owner/name, number)` of every issue named after a closing keyword; an empty name is the same repository.
pub(crate) fn closed_by(markdown: &str) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for piece in prose(markdown) {
        let words: Vec<&str> = piece.split_whitespace().collect();
        for pair in words.windows(2) {
            let [keyword, target] = pair else { continue };
            let keyword = keyword.trim_end_matches(':').trim_start_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
            let target = target.trim_end_matches(|c: char| !c.is_ascii_digit());
            let Some((repository, number)) = target.split_once('#') else { continue };
            if let (true, Ok(number)) = (KEYWORDS.contains(&keyword.as_str()), number.parse()) {
                found.push((repository.to_owned(), number));
            }
        }
    }
    found
}

impl State {
    /// Notifies who is newly mentioned.
    pub(crate) fn ping(&mut self, at: ThreadRef, before: &str, after: &str, actor: u64) {
        let known = mentions(before);
        let Ok(repository) = self.repository(at.repository) else { return };
        let place = format!("{}#{}", self.full_name(repository), at.number);
        let by = self.login(actor).to_owned();
        let new = mentions(after).into_iter().filter(|whom| !known.contains(whom));
        let pings: Vec<Ping> = new.map(|whom| Ping { whom, by: by.clone(), place: place.clone() }).collect();
        self.pings.extend(pings);
    }

    /// Closes what a pull request that was merged into the default branch says it closes.
    pub(crate) fn close_referenced(&mut self, at: ThreadRef, actor: u64) {
        let Ok(thread) = self.thread(at) else { return };
        let targets = closed_by(&format!("{}\n\n{}", thread.title, thread.body));
        for (name, number) in targets {
            let repository = match name.split_once('/') {
                Some((owner, name)) => self.repository_named(owner, name).map(|found| found.id),
                None => Some(at.repository),
            };
            let Some(repository) = repository else { continue };
            let target = ThreadRef { repository, number };
            if self.thread(target).is_ok_and(|thread| thread.pull.is_none() && thread.state == IssueState::Open) {
                let _ = self.set_state(target, IssueState::Closed, Some(StateReason::Completed), actor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_found_in_prose_alone() {
        let text = "Hi @ada-example, cc @acme/sre.\n\n`@code` [@link](x) <!-- @hidden --> a@b.example @\u{200b}neutral\n\n```\n@block\n```\n";
        assert_eq!(mentions(text), ["ada-example", "acme/sre"]);
    }

    #[test]
    fn closing_keywords_close_by_number() {
        let text = "Fixes #3, closes: acme/db#4.\n\nfix #\u{200b}5, `closes #6`, see #7";
        assert_eq!(closed_by(text), [(String::new(), 3), ("acme/db".to_owned(), 4)]);
    }
}
