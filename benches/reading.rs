//! What reading a postmortem costs, as a ratio to bare Markdown parsing with the same library in the same run, and how it
//! grows with size. Run with `cargo bench --bench reading [FOLDER]`; without a folder over `../shared/corpus/docs` when it
//! is there, else over the examples of `docs/reading.md`.

#![allow(clippy::print_stdout, reason = "a benchmark is for reading")]

mod baseline;

use std::{hint::black_box, time::Instant};

use baseline::{best, parse_bare};
use followthrough::postmortem::parse::{MAX_BYTES, ReadOptions, parse};

fn main() {
    let mut documents = baseline::documents();
    if documents.is_empty() {
        documents.push(include_str!("../docs/reading.md").to_owned());
    }
    let bytes: usize = documents.iter().map(String::len).sum();
    let bare = best(|| documents.iter().for_each(|text| parse_bare(text)));
    let read = best(|| documents.iter().for_each(|text| parse_whole(text)));
    println!("{} documents, {bytes} bytes", documents.len());
    println!("bare parsing {:>9.3} ms", bare * 1e3);
    println!("reading      {:>9.3} ms, {:.2} times bare parsing, {:.1} MB/s", read * 1e3, read / bare, bytes as f64 / read / 1e6);
    println!("growth of one document:");
    let small = documents.iter().filter(|text| text.len() * 110 < MAX_BYTES);
    let one = small.max_by_key(|text| text.len()).cloned().unwrap_or_default();
    let mut first = None;
    for times in [1, 10, 100] {
        let text = format!("{one}\n\n").repeat(times);
        let took = best(|| parse_whole(&text));
        let per_copy = took / times as f64;
        let base = *first.get_or_insert(per_copy);
        println!("  {times:>3} x {:>9} bytes {:>9.3} ms, {:.2} times as long per copy", text.len(), took * 1e3, per_copy / base);
    }
    hostile();
}

/// Documents that nobody wrote to be read, near the largest size that is accepted.
fn hostile() {
    const BYTES: usize = 1_000_000;
    println!("documents of {BYTES} bytes that nobody wrote to be read:");
    let shapes = [
        ("words", "lorem ipsum dolor "),
        ("one line of brackets", "["),
        ("one line of pairs of brackets", "[a]("),
        ("quotes", "> a\n"),
        ("pipes", "|"),
        ("rows", "| a | b |\n"),
        ("stars", "*a **b "),
        ("entries", "- fix it\n"),
        ("tasks with owners", "- [ ] fix (@ada, due: 2027-03-01) #1 see OPS-1\n"),
        ("headings", "# Action items\n"),
        ("labels", "**Action items:**\n\n"),
        ("headings and entries", "## Next steps\n- fix it\n"),
        ("mentions", "@ada "),
        ("pointers", "#1 "),
        ("HTML", "<b><!-- "),
        ("links", "[a](https://example.com/1) "),
        ("deep entries", "- a\n  - b\n    - c\n      - d\n"),
        ("colons", "owner: due: status: "),
    ];
    for (name, unit) in shapes {
        for (under, head) in [("prose", ""), ("action items", "# Action items\n\n- ")] {
            let text = format!("{head}{}", unit.repeat(BYTES / unit.len()));
            let start = Instant::now();
            let read = parse(text.as_bytes(), &ReadOptions::default()).is_ok();
            let took = start.elapsed().as_secs_f64();
            let bare = once(|| parse_bare(&text));
            println!(
                "  {name:<32} {under:<13} {:>8.0} ms, {:>5.1} times bare parsing{}",
                took * 1e3,
                took / bare,
                if read { "" } else { ", refused" }
            );
        }
    }
}

fn once(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

fn parse_whole(text: &str) {
    black_box(parse(text.as_bytes(), &ReadOptions::default()).ok());
}
