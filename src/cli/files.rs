//! Documents named on the command line.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// A file's bytes under the name it is reported by.
#[derive(Debug)]
pub struct Input {
    pub path: String,
    pub bytes: Result<Vec<u8>, String>,
}

/// Reads what was named: files, `-` for standard input, and Markdown files below directories, in order of their names.
pub fn load(paths: &[PathBuf]) -> Vec<Input> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            let read = std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes);
            inputs.push(Input { path: "-".to_owned(), bytes: read.map(|_| bytes).map_err(|error| error.to_string()) });
        } else if path.is_dir() {
            let mut found = Vec::new();
            collect(path, &mut found, 0);
            found.sort();
            if found.is_empty() {
                let why = "there is no Markdown file (.md, .markdown) below this directory; name one that holds documents";
                inputs.push(Input { path: path.to_string_lossy().into_owned(), bytes: Err(why.to_owned()) });
            }
            inputs.extend(found.iter().map(|file| load_file(file)));
        } else {
            inputs.push(load_file(path));
        }
    }
    inputs
}

fn load_file(path: &Path) -> Input {
    Input { path: path.to_string_lossy().into_owned(), bytes: std::fs::read(path).map_err(|error| why_unread(&error)) }
}

/// What is wrong, and what to do.
fn why_unread(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file; check the path, or give `-` to read standard input".to_owned(),
        ErrorKind::PermissionDenied => "the file may not be read; check its permissions".to_owned(),
        _ => format!("the file cannot be read: {error}"),
    }
}

/// Markdown files below `directory`. Hidden folders and links to folders are left out, so a loop of links ends.
fn collect(directory: &Path, found: &mut Vec<PathBuf>, depth: usize) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !hidden && depth < 64 => collect(&path, found, depth + 1),
            Ok(kind) if kind.is_file() && is_markdown(&path) => found.push(path),
            _ => {}
        }
    }
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("md") || ending.eq_ignore_ascii_case("markdown"))
}
