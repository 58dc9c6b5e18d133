//! The hidden marker by which an issue or comment says what it belongs to, so that the database is only a cache.
//!
//! An issue's body holds one marked region: what stands between its two HTML comments is Followthrough's, everything
//! outside is people's and is never touched. A marker is believed only in text that the App itself wrote; telling who
//! wrote it is the caller's business.

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

/// `text` inside a marked region.
pub fn enclose(marker: &Marker, text: &str) -> String {
    format!("{BEGIN}{} item={} -->\n{text}\n{END}", marker.document, marker.item)
}

/// The first well-formed marker in `body`.
pub fn parse(body: &str) -> Option<Marker> {
    body.match_indices(BEGIN).find_map(|(at, _)| {
        let rest = &body[at + BEGIN.len()..];
        let (inside, _) = rest.split_once(" -->")?;
        let (document, item) = inside.split_once(" item=")?;
        (is_key(document) && is_key(item)).then(|| Marker { document: DocumentKey::new(document), item: ItemKey::new(item) })
    })
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
