//! The words around a link-back: the pull request that carries it, its commit, the comments that offer it on a fork's pull
//! request, and the hidden markers by which they are known again.
//!
//! A marker is believed only in text that the App itself wrote; telling who wrote one is the caller's business.

use std::{collections::BTreeSet, fmt::Write};

use sha2::{Digest, Sha256};

use super::{
    comment::{MOST_TITLE, shorten},
    links, neutral,
};
use crate::{
    ids::{DocumentKey, RepositoryName},
    plan::{Document, Problem, link_back},
    postmortem::{edit::Wish, model::ActionItem},
    text::Lines,
};

const MARKER: &str = "<!-- followthrough:link-back v1 document=";
const OFFER: &str = "<!-- followthrough:link-offer v1 edits=";

/// Characters of a table before it is cut: GitHub refuses bodies over 65,536 (GITHUB §2.2), and the marker wants room.
const ROOM: usize = 30_000;
/// Names of edits in a marker, at most.
const MOST_NAMES: usize = 2_500;

/// What a link-back does, for its title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Links,
    Ticks,
    Both,
}

/// The title of the pull request, which is also the first line of its commit.
pub fn title(path: &str, made: &[Wish]) -> String {
    let (links, ticks) = (made.iter().any(|wish| wish.link.is_some()), made.iter().any(|wish| wish.ticked.is_some()));
    titled(
        path,
        match (links, ticks) {
            (_, false) => What::Links,
            (false, true) => What::Ticks,
            (true, true) => What::Both,
        },
    )
}

fn titled(path: &str, what: What) -> String {
    let what = match what {
        What::Links => "Link the issues",
        What::Ticks => "Bring the boxes up to date",
        What::Both => "Link the issues and bring the boxes up to date",
    };
    format!("{what} in {}", shorten(&neutral::title(path), MOST_TITLE))
}

/// Whether `title` is one of ours for the document at `path`, so that nobody's own words are lost with it.
pub fn is_title(title: &str, path: &str) -> bool {
    [What::Links, What::Ticks, What::Both].iter().any(|what| titled(path, *what) == title)
}

/// The pull request's text: what changes on which line, and how to say no. `names` are those of the edits that were `made`.
pub fn body(document: &Document, made: &[Wish], names: &BTreeSet<String>) -> String {
    let name = document.reading.title.as_deref().unwrap_or(&document.path);
    let name = neutral::markdown(&shorten(name, MOST_TITLE));
    let mut out = match &document.url {
        Some(url) => format!("What the issues of [{name}]({url}) say, written into the document:\n\n"),
        None => format!("What the issues of {name} say, written into the document:\n\n"),
    };
    out.push_str("| Line | Action item | Change |\n|---|---|---|\n");
    let mut items: Vec<usize> = made.iter().map(|wish| wish.item).collect();
    items.dedup();
    for (index, item) in items.iter().enumerate() {
        let Some(read) = document.reading.action_items.get(*item) else { continue };
        if out.len() > ROOM {
            let _ = writeln!(out, "\nAnd {} more; the changed lines have them all.", items.len() - index);
            break;
        }
        let line = match &document.url {
            Some(url) => format!("[{}]({})", read.lines.first, links::lines(url, read.lines)),
            None => read.lines.first.to_string(),
        };
        let text = neutral::markdown(&shorten(&read.text, MOST_TITLE));
        let changes = made.iter().filter(|wish| wish.item == *item).map(|wish| change(wish, &document.repository));
        let _ = writeln!(out, "| {line} | {text} | {} |", changes.collect::<Vec<_>>().join(", "));
    }
    out.push_str(
        "\nNothing else in the file changes. Merge this when you like; until then it follows the document and its issues. \
         Close it to leave the document as it is: what it says will not be proposed again.",
    );
    sealed(&out, &document.key, names)
}

fn change(wish: &Wish, home: &RepositoryName) -> String {
    match (&wish.link, wish.ticked) {
        (Some(link), _) => format!("links [{}]({})", link.issue.short(home), link.url),
        (None, Some(true)) => "ticks the box, for the issue is done".to_owned(),
        (None, _) => "unticks the box, for the issue is open".to_owned(),
    }
}

/// The text of a pull request whose edits are not needed any more. What a person wrote into it stays.
pub fn closed(body: &str) -> String {
    match parse(body) {
        Some(seal) if seal.is_ours => {
            "The document says all of this by now, or it is not true any more, so there is nothing left to merge.".to_owned()
        }
        Some(seal) => seal.text,
        None => body.to_owned(),
    }
}

/// The text that a pull request with `old` shall have to become `new`: where a person edited it, only what is hidden changes.
pub fn updated(old: &str, new: &str) -> String {
    match (parse(old), parse(new)) {
        (Some(old), Some(new)) if !old.is_ours => format!("{}\n\n{}", old.text.trim_end(), marker(&new.document, "", &new.names)),
        // A text without our marker is a person's, too.
        (None, Some(new)) => format!("{}\n\n{}", plain(old).trim_end(), marker(&new.document, "", &new.names)),
        _ => new.to_owned(),
    }
}

/// What the text of a link-back's pull request says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    pub document: DocumentKey,
    /// The edits that it proposes.
    pub names: BTreeSet<String>,
    /// Everything but the marker.
    text: String,
    /// Nobody changed the text.
    is_ours: bool,
}

fn sealed(text: &str, document: &DocumentKey, names: &BTreeSet<String>) -> String {
    format!("{text}\n\n{}", marker(document, &digest(text), names))
}

fn marker(document: &DocumentKey, text: &str, names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().take(MOST_NAMES).map(String::as_str).collect();
    format!("{MARKER}{document} text={text} edits={} -->", names.join(","))
}

/// The seal of a pull request's text; `None` where there is none, as after it was closed by us.
pub fn parse(body: &str) -> Option<Seal> {
    let body = plain(body);
    let (before, rest) = body.rsplit_once(MARKER)?;
    let (inside, after) = rest.split_once(" -->")?;
    let (document, rest) = inside.split_once(" text=")?;
    let (text, names) = rest.split_once(" edits=")?;
    let names: BTreeSet<String> = names.split(',').filter(|name| link_back::is_name(name)).map(str::to_owned).collect();
    let is_ours = after.trim().is_empty() && digest(before) == text;
    let after = after.trim();
    let whole = if after.is_empty() { before.trim_end().to_owned() } else { format!("{}\n\n{after}", before.trim_end()) };
    Some(Seal { document: DocumentKey::new(document), names, text: whole, is_ours })
}

/// As GitHub gives text back, with the line breaks that it was sent with.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.trim_end().as_bytes())[..8])
}

/// What could not be written without changing what the document says.
pub fn refused(items: &[&ActionItem]) -> Option<Problem> {
    let first = items.first()?;
    let lines: Vec<String> = items.iter().take(10).map(|item| item.lines.first.to_string()).collect();
    let more = if items.len() > lines.len() { format!(" and {} more", items.len() - lines.len()) } else { String::new() };
    let message = match items {
        [_] => {
            "The issue of this line is not written into the document: a link or tick there would change what it says.".to_owned()
        }
        _ => format!(
            "The issues of lines {}{more} are not written into the document: a link or tick there would change what it says.",
            lines.join(", ")
        ),
    };
    let at = (items.len() == 1).then_some(first.lines);
    Some(Problem { lines: at, message, help: "Write them there yourself, for example as `(#12)`.".to_owned() })
}

/// One rewrite of whole lines, offered on a pull request whose branch cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub path: String,
    pub lines: Lines,
    /// Without the last line's line break.
    pub replacement: String,
    /// The names of its edits.
    pub names: BTreeSet<String>,
}

/// The review that carries the offers.
pub fn introduction(count: usize) -> String {
    let what = if count == 1 { "The issue of this item is" } else { "The issues of these items are" };
    format!("{what} open. One click writes the link into the document, so that both know of each other.")
}

/// The comment on the lines of `offer`.
pub fn offer(offer: &Offer) -> String {
    // No run of backticks in the document's own words ends the block.
    let longest = offer.replacement.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let names: Vec<&str> = offer.names.iter().map(String::as_str).collect();
    format!(
        "What the issue says, written into the line.\n\n{fence}suggestion\n{}\n{fence}\n\n{OFFER}{} -->\n",
        offer.replacement,
        names.join(",")
    )
}

/// The names in a comment that [`offer`] wrote.
pub fn offered(body: &str) -> BTreeSet<String> {
    let last = body.trim_end().lines().next_back().unwrap_or_default().trim_end();
    let names = last.strip_prefix(OFFER).and_then(|rest| rest.strip_suffix(" -->")).unwrap_or_default();
    names.split(',').filter(|name| link_back::is_name(name)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{IssueNumber, IssueRef, RepositoryId},
        plan::identity,
        postmortem::{
            edit::Link,
            parse::{ReadOptions, parse as read},
        },
    };

    fn document() -> Document {
        let text = "# Checkout @acme/all\n\n## Action items\n\n- [ ] Ask @ada-example about #9\n- [ ] Write it down\n";
        Document {
            key: identity::document_key(RepositoryId(1), "postmortems/a.md"),
            repository: RepositoryName::new("acme", "app"),
            path: "postmortems/a.md".to_owned(),
            commit: None,
            url: Some("https://github.example/acme/app/blob/main/postmortems/a.md".to_owned()),
            pull_request: None,
            authority: crate::plan::Authority::Merged,
            changed: None,
            merged_on: None,
            source: "".into(),
            reading: read(text.as_bytes(), &ReadOptions::default()).unwrap(),
        }
    }

    fn made() -> Vec<Wish> {
        let issue = |number| IssueRef::new(RepositoryName::new("acme", "app"), IssueNumber(number));
        let link = |number: u64| Link { issue: issue(number), url: format!("https://github.example/acme/app/issues/{number}") };
        vec![
            Wish { item: 0, link: Some(link(1)), ticked: None },
            Wish { item: 1, link: None, ticked: Some(true) },
            Wish { item: 1, link: Some(link(2)), ticked: None },
        ]
    }

    fn names() -> BTreeSet<String> {
        ["0123456789", "abcdef0123"].map(str::to_owned).into()
    }

    #[test]
    fn the_pull_request_says_what_changes_and_pings_nobody() {
        let text = body(&document(), &made(), &names());
        assert!(!text.contains("@ada") && !text.contains("@acme"), "{text}");
        assert!(text.contains("| links [#1](https://github.example/acme/app/issues/1) |"), "{text}");
        assert!(text.contains("ticks the box, for the issue is done, links [#2]"), "{text}");
        let of = |made: &[Wish]| title("postmortems/a.md", made);
        assert_eq!(of(&made()), "Link the issues and bring the boxes up to date in postmortems/a.md");
        assert_eq!(of(&made()[..1]), "Link the issues in postmortems/a.md");
        assert_eq!(of(&made()[1..2]), "Bring the boxes up to date in postmortems/a.md");
        assert!(is_title(&of(&made()), "postmortems/a.md") && !is_title("Her words", "postmortems/a.md"));
    }

    #[test]
    fn what_it_proposes_is_read_back_from_its_text() {
        let text = body(&document(), &made(), &names());
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let seal = parse(&text).unwrap();
            assert_eq!((&seal.document, &seal.names, seal.is_ours), (&document().key, &names(), true));
        }
        assert_eq!(parse("Her words"), None);
        assert_eq!(parse(&closed(&text)), None, "closed by us, nothing is turned down");
    }

    #[test]
    fn what_a_person_wrote_into_it_stays() {
        let old = body(&document(), &made(), &names());
        let new = body(&document(), &made()[..1], &["0123456789".to_owned()].into());
        assert_eq!(updated(&old, &new), new);
        assert_eq!(updated(&new, &new), new);
        for theirs in [format!("Please merge today!\n\n{old}"), format!("{old}\n\nPlease merge today!")] {
            let mended = updated(&theirs, &new);
            assert!(mended.contains("Please merge today!") && mended.contains("links [#2]"), "{mended}");
            assert_eq!(parse(&mended).unwrap().names, parse(&new).unwrap().names);
            assert_eq!(updated(&mended, &new), mended, "once");
            assert!(closed(&theirs).contains("Please merge today!") && parse(&closed(&theirs)).is_none());
        }
        assert_eq!(closed("Her words"), "Her words");
        let without = updated("Her words", &new);
        assert!(without.starts_with("Her words\n") && parse(&without).is_some());
    }

    #[test]
    fn lines_that_cannot_be_written_are_one_problem() {
        let document = document();
        let items: Vec<&ActionItem> = document.reading.action_items.iter().collect();
        assert_eq!(refused(&[]), None);
        assert_eq!(refused(&items[..1]).unwrap().lines, Some(items[0].lines));
        let both = refused(&items).unwrap();
        assert!(both.lines.is_none() && both.message.contains("lines 5, 6 are"), "{both:?}");
    }

    #[test]
    fn an_offer_is_known_again_and_the_documents_words_stay_in_their_block() {
        let lines = Lines { first: 5, last: 5 };
        let replacement = format!("- [ ] a ```` b ([#1](x))\n{OFFER}ffffffffff -->");
        let body = offer(&Offer { path: "a.md".to_owned(), lines, replacement, names: names() });
        assert!(body.contains("`````suggestion\n") && body.contains("\n`````\n"), "{body}");
        assert_eq!(offered(&body.replace('\n', "\r\n")), names());
        assert_eq!(offered("text"), BTreeSet::new());
    }
}
