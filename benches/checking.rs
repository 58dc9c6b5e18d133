//! What reviewing postmortems costs, all rules on, as a ratio to bare Markdown parsing with the same library in the same run,
//! and how it grows with size. Run with `cargo bench --bench checking [FOLDER]`; without a folder over `../shared/corpus/docs`
//! when it is there, else over the pages of the rules.

#![allow(clippy::print_stdout, reason = "a benchmark is for reading")]

mod baseline;

use std::hint::black_box;

use baseline::{best, parse_bare};
use followthrough::{
    postmortem::parse::{ReadOptions, parse},
    review::{Policy, RULES, review},
};

fn main() {
    let mut documents = baseline::documents();
    if documents.is_empty() {
        documents.extend(RULES.iter().map(|rule| rule.page.to_owned()));
    }
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

fn check(text: &str, policy: &Policy) {
    black_box(review(text.as_bytes(), &ReadOptions::default(), policy).ok());
}
