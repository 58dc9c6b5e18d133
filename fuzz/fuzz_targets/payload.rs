//! Any body of any event gives an event or an error; the first byte chooses the event.
//! Run with `cargo +nightly fuzz run payload`.

#![no_main]

use followthrough::github::webhook::{HANDLED, is_handled, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else { return };
    let (event, _) = HANDLED[usize::from(*first) % HANDLED.len()];
    if let Ok(read) = parse(event, body) {
        // What is read of the same bytes is the same.
        assert_eq!(parse(event, body), Ok(read));
    }
    let _ = is_handled(event, std::str::from_utf8(body).ok());
});
