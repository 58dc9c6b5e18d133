//! What the benchmarks measure against: real documents, and parsing them with the Markdown library alone.

use std::{fs, hint::black_box, path::PathBuf, time::Instant};

use pulldown_cmark::{Options, Parser};

const RUNS: usize = 30;

/// The documents of the folder on the command line, else of `../shared/corpus/docs`; none when there is no such folder.
pub fn documents() -> Vec<String> {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/docs")));
    let mut files: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()).collect();
    files.sort();
    files.into_iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
}

pub fn parse_bare(text: &str) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    for event in Parser::new_ext(text, options).into_offset_iter() {
        black_box(event);
    }
}

/// The fastest of many runs, in seconds: what the code costs, not what else the machine does.
pub fn best(mut run: impl FnMut()) -> f64 {
    let one = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..RUNS).map(one).fold(f64::MAX, f64::min)
}
