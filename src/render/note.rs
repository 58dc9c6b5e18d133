//! Comments on issues that say what became of their item in the document. One sentence each, with the commit that did it.

use super::{
    comment::{MOST_TITLE, shorten},
    links, neutral,
};
use crate::{plan::Document, postmortem::model::ActionItem};

/// The document says that it is done.
pub fn done(document: &Document, item: &ActionItem) -> String {
    format!("Closed as completed: {} says that this is done{}.", place(document, item), since(document))
}

/// The document declines it; its own words say why.
pub fn declined(document: &Document, item: &ActionItem) -> String {
    format!("Closed as not planned: {} declines it{}:\n\n{}", place(document, item), since(document), quote(document.quote(item)))
}

/// The document says that it is open.
pub fn reopened(document: &Document, item: &ActionItem) -> String {
    format!("Reopened: {} says that this is open{}.", place(document, item), since(document))
}

/// The document does not have it any more.
pub fn removed(document: &Document) -> String {
    format!(
        "Closed as not planned: {} does not have this action item any more{}. Reopen it if it is still wanted.",
        name(document),
        since(document)
    )
}

/// The document does not have it any more, but the issue is people's by now, or always was.
pub fn left_open(document: &Document, adopted: bool) -> String {
    let why = if adopted { "was not opened for it" } else { "has become more than that" };
    format!(
        "{} does not have this action item any more{}. This issue {why}, so it stays open: close it if it is not wanted.",
        capital(&name(document)),
        since(document)
    )
}

fn since(document: &Document) -> String {
    document.changed.as_ref().map_or_else(String::new, |changed| {
        let short: String = changed.commit.as_str().chars().take(7).collect();
        format!(", since [`{short}`]({})", changed.url)
    })
}

fn name(document: &Document) -> String {
    let title = neutral::markdown(&shorten(document.reading.title.as_deref().unwrap_or(&document.path), MOST_TITLE));
    match &document.url {
        Some(url) => format!("the postmortem [{title}]({url})"),
        None => format!("the postmortem {title}"),
    }
}

fn place(document: &Document, item: &ActionItem) -> String {
    let title = neutral::markdown(&shorten(document.reading.title.as_deref().unwrap_or(&document.path), MOST_TITLE));
    match &document.url {
        Some(url) => format!("the postmortem [{title}]({})", links::lines(url, item.lines)),
        None => format!("the postmortem {title}"),
    }
}

fn quote(text: &str) -> String {
    let text = neutral::block(shorten(text, 2_000).trim_end());
    text.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
