//! Any text gives settings or problems with places inside it, and settings that were read can be used.
//! Run with `cargo +nightly fuzz run settings`.

#![no_main]

use followthrough::settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (settings, problems) = settings::draft(text);
    assert_eq!(settings::parse(text).is_ok(), problems.is_empty());
    for path in ["postmortems/2026-11-20-checkout.md", "a/../b.md", "", "README.md"] {
        let _ = settings.reads(path);
    }
});
