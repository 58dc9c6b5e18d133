//! What reviewing postmortems costs, all rules on, as a ratio to bare Markdown parsing with the same library in the same run,
//! and how it grows with size. Run with `cargo bench --bench checking [FOLDER]`; without a folder over `../shared/corpus/docs`
//! when it is there, else over the pages of the rules.

#![allow(clippy::print_stdout, reason = "a benchmark is for reading")]

use std::{fs, hint::black_box, path::PathBuf, time::Instant};

use followthrough::{
    postmortem::parse::{ReadOptions, parse},
    review::{Policy, RULES, review},
};
use pulldown_cmark::{Options, Parser};

const RUNS: usize = 30;

fn main() {
    let documents = documents();
    let policy = Policy::default();
    let bytes: usize = documents.iter().map(String::len).sum();
    let bare = best(|| documents.iter().for_each(|text| parse_bare(text)));
    let read = best(|| documents.iter().for_each(|text| drop(black_box(parse(text.as_bytes(), &ReadOptions::default())))));
    let check = best(|| documents.iter().for_each(|text| check(text, &policy)));
    println!("{} documents, {bytes} bytes, {} rules", documents.len(), RULES.len());
    println!("bare parsing {:>9.3} ms", bare * 1e3);
    println!("reading      {:>9.3} ms, {:.2} times bare parsing", read * 1e3, read / bare);
    println!(
        "checking     {:>9.3} ms, {:.2} times bare parsing, {:.1} MB/s",
        check * 1e3,
        check / bare,
        bytes as f64 / check / 1e6
    );
    println!("growth of one document:");
    let one = documents.iter().max_by_key(|text| text.len()).cloned().unwrap_or_default();
    let mut first = None;
    for times in [1, 10] {
        let text = format!("{one}\n\n").repeat(times);
        let per_copy = best(|| self::check(&text, &policy)) / times as f64;
        let base = *first.get_or_insert(per_copy);
        println!("  {times:>3} x {:>9} bytes, {:.2} times as long per copy", text.len(), per_copy / base);
    }
}

fn documents() -> Vec<String> {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/docs")));
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let found: Vec<String> = files.filter_map(|file| fs::read_to_string(file.path()).ok()).collect();
    if found.is_empty() { RULES.iter().map(|rule| rule.page.to_owned()).collect() } else { found }
}

fn parse_bare(text: &str) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    for event in Parser::new_ext(text, options).into_offset_iter() {
        black_box(event);
    }
}

fn check(text: &str, policy: &Policy) {
    black_box(review(text.as_bytes(), &ReadOptions::default(), policy).ok());
}

/// The fastest of many runs, in seconds: what the code costs, not what else the machine does.
fn best(mut run: impl FnMut()) -> f64 {
    let one = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..RUNS).map(one).fold(f64::MAX, f64::min)
}
