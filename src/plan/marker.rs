//! The hidden marker by which an issue or comment says what it belongs to, so that the database is only a cache.
//!
//! An issue's body holds one marked region: what stands between its two HTML comments is Followthrough's, everything
//! outside is people's and is never touched. A marker is believed only in text that the App itself wrote; telling who
//! wrote it is the caller's business.

use super::identity;
use crate::ids::{DocumentKey, ItemKey};

const BEGIN: &str = "<!-- followthrough:begin v1 document=";
const END: &str = "<!-- followthrough:end -->";
const COMMENT: &str = "<!-- followthrough:comment v1 -->";

/// What a marker says: the issue is this item of this document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    pub document: DocumentKey,
    pub item: ItemKey,
}

/// Digests of what was written last, kept in the issue itself: so it shows without any memory whether a person changed it
/// since, and whether the document says something else by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Of the title, as it was sent.
    pub title: String,
    /// Of what the document said, without where it says so: lines move with every edit above them.
    pub source: String,
    /// Of the text inside the region.
    pub text: String,
}

/// A body, cut at the borders of its marked region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region<'a> {
    pub before: &'a str,
    pub marker: Marker,
    /// `None` in a region that an older version wrote.
    pub written: Option<Written>,
    pub text: &'a str,
    pub after: &'a str,
}

impl Region<'_> {
    /// Nobody has changed the text inside since it was written.
    pub fn is_intact(&self) -> bool {
        self.written.as_ref().is_none_or(|written| written.text == digest(self.text))
    }

    /// The body with another region in the place of this one.
    pub fn replaced(&self, region: &str) -> String {
        format!("{}{region}{}", self.before, self.after)
    }
}

/// Of a text as GitHub may give it back: line ends and outer space do not count.
pub fn digest(text: &str) -> String {
    identity::digest(&[text.replace("\r\n", "\n").trim()])
}

/// `text` inside a marked region.
pub fn enclose(marker: &Marker, text: &str) -> String {
    format!("{BEGIN}{} item={} -->\n{text}\n{END}", marker.document, marker.item)
}

/// `text` inside the marked region of an issue's body, with what tells later whether anything changed. `title` and `source`
/// are digests.
pub fn enclose_written(marker: &Marker, title: &str, source: &str, text: &str) -> String {
    let Marker { document, item } = marker;
    format!("{BEGIN}{document} item={item} title={title} source={source} text={} -->\n{text}\n{END}", digest(text))
}

/// The first well-formed marker in `body`.
pub fn parse(body: &str) -> Option<Marker> {
    body.match_indices(BEGIN).find_map(|(at, _)| Some(header(&body[at..])?.0))
}

/// The marked region of `body`; `None` also when a person took out its end.
pub fn region(body: &str) -> Option<Region<'_>> {
    body.match_indices(BEGIN).find_map(|(at, _)| {
        let (marker, written, rest) = header(&body[at..])?;
        let end = rest.find(END)?;
        Some(Region { before: &body[..at], marker, written, text: rest[..end].trim(), after: &rest[end + END.len()..] })
    })
}

/// What stands in the opening comment, and what follows it.
fn header(text: &str) -> Option<(Marker, Option<Written>, &str)> {
    let (inside, rest) = text.strip_prefix(BEGIN)?.split_once(" -->")?;
    let mut words = inside.split(' ');
    let document = words.next().filter(|key| is_key(key))?;
    let mut value = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=').filter(|key| is_key(key));
    let item = value("item")?;
    let mut written = || {
        Some(Written { title: value("title")?.to_owned(), source: value("source")?.to_owned(), text: value("text")?.to_owned() })
    };
    let written = written();
    Some((Marker { document: DocumentKey::new(document), item: ItemKey::new(item) }, written, rest))
}

fn is_key(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The sticky comment's first line.
pub fn comment() -> &'static str {
    COMMENT
}

pub fn is_comment(body: &str) -> bool {
    body.trim_start().starts_with(COMMENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::RepositoryId, plan::identity};

    #[test]
    fn a_marker_is_read_back_from_among_other_text() {
        let document = identity::document_key(RepositoryId(7), "postmortems/a.md");
        let marker = Marker { item: identity::item_key(&document, "Add a test", 0), document };
        let body = format!("Seen by a person\n\n{}\n\nand noted", enclose(&marker, "the text"));
        assert_eq!(parse(&body), Some(marker));
    }

    #[test]
    fn a_region_tells_whether_it_was_changed_by_a_person() {
        let document = identity::document_key(RepositoryId(7), "postmortems/a.md");
        let marker = Marker { item: identity::item_key(&document, "Add a test", 0), document };
        let (title, source) = (digest("A title"), digest("said"));
        let body = format!("Seen\n\n{}\n\nnoted", enclose_written(&marker, &title, &source, "the text\nand more"));
        let read = region(&body).expect("a region");
        assert_eq!((read.before, read.after, read.text), ("Seen\n\n", "\n\nnoted", "the text\nand more"));
        assert_eq!(read.marker, marker);
        assert!(read.is_intact());
        assert_eq!(read.replaced("new"), "Seen\n\nnew\n\nnoted");
        let saved_in_a_browser = body.replace('\n', "\r\n");
        assert!(region(&saved_in_a_browser).expect("a region").is_intact());
        let changed = body.replace("and more", "and less");
        assert!(!region(&changed).expect("a region").is_intact());
        assert_eq!(region(&body.replace(END, "")), None, "without its end there is no telling what is whose");
    }

    #[test]
    fn what_only_resembles_a_marker_is_not_one() {
        for text in [
            "",
            "<!-- followthrough:begin v1 document=",
            "<!-- followthrough:begin v1 document=x item=y -->",
            "<!-- followthrough:begin v1 document=0123456789abcdef0123 item=zz -->",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
