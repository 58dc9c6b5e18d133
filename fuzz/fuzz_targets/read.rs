//! Any bytes give a document or an error, and every place the document points at is there.
//! Run with `cargo +nightly fuzz run read`.

#![no_main]

use followthrough::{
    postmortem::parse::{ReadOptions, explain},
    render::{inspect_text, inspect_v1},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok((read, passed_over)) = explain(bytes, &ReadOptions { headings: vec!["homework".into()] }) else { return };
    let text = std::str::from_utf8(bytes).expect("what was read is text");
    for item in &read.action_items {
        assert!(text.get(item.span.range()).is_some());
        assert!(text.is_char_boundary(item.anchor.link) && item.span.start <= item.anchor.link && item.anchor.link <= item.span.end);
        assert!(item.anchor.checkbox.is_none_or(|mark| text.get(mark.range()).is_some()));
        assert!(item.lines.first <= item.lines.last);
    }
    for section in &read.sections {
        assert!(text.get(section.span.range()).is_some());
    }
    inspect_text::render("a.md", &read, &passed_over, true);
    inspect_v1::render(&[("a.md".to_owned(), read)]);
});
