//! The map in `src/lib.rs` is true: who may name whom, and what the core never touches.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const CORE: &[&str] = &["text", "ids", "postmortem", "settings", "plan", "board", "render", "review", "commands"];

/// Crates that do things: none of them belongs in the core.
const DOERS: &[&str] = &[
    "tokio",
    "octocrab",
    "sqlx",
    "axum",
    "hyper",
    "tower",
    "tracing",
    "metrics",
    "tempfile",
    "std::fs",
    "std::env",
    "std::net",
    "std::time::SystemTime",
    "std::time::Instant",
    "Timestamp::now",
    "Zoned::now",
    "rand",
];

fn sources() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let mut modules: BTreeMap<String, Vec<(PathBuf, String)>> = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
                let module = inside.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                modules.entry(module).or_default().push((path, production(&text)));
            }
        }
    }
    modules
}

/// The file without comments and without its tests, which stand last.
fn production(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Modules of the crate that `text` names, as `crate::x` or inside `use crate::{ … }`.
fn named(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        let (mut depth, mut at_start) = (0, true);
        for (offset, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => at_start = true,
                c if at_start && depth == 0 && !c.is_whitespace() => {
                    names.push(word(&group[offset..]));
                    at_start = false;
                }
                _ => {}
            }
        }
    }
    names
}

#[test]
fn the_core_names_only_the_core() {
    let mut wrong = Vec::new();
    for (module, files) in sources().iter().filter(|(module, _)| CORE.contains(&module.as_str())) {
        for (path, text) in files {
            for name in named(text).iter().filter(|name| !CORE.contains(&name.as_str())) {
                wrong.push(format!("{} ({module}) names crate::{name}", path.display()));
            }
            for doer in DOERS {
                let used = text.match_indices(doer).any(|(at, _)| {
                    let before = text[..at].chars().next_back();
                    let after = text[at + doer.len()..].chars().next();
                    !before.is_some_and(|c| c.is_alphanumeric() || c == '_') && after == Some(':')
                        || (doer.contains("::") && !before.is_some_and(|c| c.is_alphanumeric()))
                });
                if used {
                    wrong.push(format!("{} ({module}) uses {doer}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn adapters_keep_to_themselves() {
    let sources = sources();
    let mut wrong = Vec::new();
    let never: [(&str, &[&str]); 5] = [
        ("github", &["store", "apply", "server", "jobs", "cli", "demo", "service"]),
        ("store", &["github", "apply", "server", "cli", "demo", "service"]),
        ("server", &["apply", "cli", "demo", "service", "plan"]),
        ("settings", &["review", "plan"]),
        ("demo", &["cli"]),
    ];
    for (module, forbidden) in never {
        for (path, text) in &sources[module] {
            for name in named(text) {
                if forbidden.contains(&name.as_str()) {
                    wrong.push(format!("{} names crate::{name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_map_in_the_crate_documentation_has_every_module() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    for module in sources().keys().filter(|module| !matches!(module.as_str(), "lib" | "main")) {
        assert!(map.contains(&format!("//! | [`{module}`] |")), "src/lib.rs does not say what `{module}` is for");
    }
}

#[test]
fn every_list_of_the_reviews_words_is_asked_for() {
    let review = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/review");
    let rules: String = sources()["review"].iter().map(|(_, text)| text.as_str()).collect();
    for file in fs::read_dir(review.join("words")).unwrap().flatten() {
        let data = fs::read_to_string(file.path()).unwrap();
        let lists = data.lines().filter(|line| !line.starts_with([' ', '#'])).filter_map(|line| line.split_once(':'));
        for (name, _) in lists {
            // A class may be there for patterns alone.
            let in_patterns = name.starts_with('<') && data.matches(name).count() > 1;
            assert!(in_patterns || rules.contains(&format!("\"{name}\"")), "{}: no rule asks for {name}", file.path().display());
        }
    }
}
