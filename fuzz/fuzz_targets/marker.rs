//! Any body of an issue or comment is cut at borders that are in it, and what was enclosed is read back.
//! Run with `cargo +nightly fuzz run marker`.

#![no_main]

use followthrough::{
    ids::RepositoryId,
    plan::{
        identity,
        marker::{self, Marker},
    },
    render::answers,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &str| {
    if let Some(region) = marker::region(body) {
        assert!(body.starts_with(region.before) && body.ends_with(region.after) && body.contains(region.text));
        assert!(region.before.len() + region.text.len() + region.after.len() < body.len());
    }
    let _ = (marker::parse(body), marker::is_comment(body), answers::is_answer_to(body, 1));
    let document = identity::document_key(RepositoryId(1), body);
    let marker = Marker { item: identity::item_key(&document, body, 0), document };
    assert_eq!(marker::parse(&marker::enclose(&marker, body)), Some(marker));
});
