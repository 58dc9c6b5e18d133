//! Documents named on the command line.

use std::{
    io::{Error, ErrorKind, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use globset::GlobBuilder;
use indicatif::{ProgressBar, ProgressStyle};

/// A file's bytes under the name it is reported by.
#[derive(Debug)]
pub struct Input {
    pub path: String,
    pub bytes: Result<Vec<u8>, String>,
}

/// From this many files on, a terminal is shown how far the work has come.
const MANY: usize = 50;

/// Every document named, in order, read when its turn comes.
pub fn load(paths: &[PathBuf]) -> impl Iterator<Item = Input> {
    let files = list(paths);
    let progress = progress(files.len());
    let last = files.len().saturating_sub(1);
    files.into_iter().enumerate().map(move |(index, file)| {
        progress.inc(1);
        if index == last {
            progress.finish_and_clear();
        }
        read(&file)
    })
}

/// What `work` makes of each of `files`, in order, on all processors.
pub fn map<T: Send>(files: &[PathBuf], work: impl Fn(Input) -> T + Sync) -> Vec<T> {
    let progress = progress(files.len());
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        while let Some((index, file)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, files.get(at)?))) {
            done.push((index, work(read(file))));
            progress.inc(1);
        }
        done
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(some)).collect();
        let mut done = some();
        done.extend(others.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))));
        done
    });
    progress.finish_and_clear();
    done.sort_by_key(|&(index, _)| index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What was named, in order: files, `-` for standard input, Markdown files below directories, and files that match a
/// pattern which the shell left alone.
pub fn list(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        let named = files.len();
        if path.is_dir() {
            walk(path, &mut files, &|file| is_markdown(file));
        } else if is_pattern(path) && !path.exists() {
            expand(path, &mut files);
        }
        match files.get_mut(named..) {
            Some([]) | None => files.push(path.clone()),
            Some(found) => found.sort(),
        }
    }
    files
}

fn progress(files: usize) -> ProgressBar {
    if files >= MANY && std::io::stderr().is_terminal() { bar(files) } else { ProgressBar::hidden() }
}

fn read(file: &Path) -> Input {
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| bytes)
    } else if file.is_dir() {
        let why = "there is no Markdown file (.md, .markdown) below this directory; name one that holds documents";
        return Input { path: name(file), bytes: Err(why.to_owned()) };
    } else {
        std::fs::read(file)
    };
    Input { path: name(file), bytes: bytes.map_err(|error| why_unread(&error)) }
}

/// Puts `after` in the place of the file's bytes, all of it or nothing. Permissions stay, and a link stays a link.
///
/// # Errors
///
/// When the file is no longer what was read, or may not be written; then it is as it was.
pub fn replace(file: &Path, before: &[u8], after: &[u8]) -> Result<(), String> {
    let write = || {
        let file = file.canonicalize()?;
        let permissions = std::fs::metadata(&file)?.permissions();
        if permissions.readonly() {
            return Err(Error::from(ErrorKind::PermissionDenied));
        }
        if std::fs::read(&file)? != before {
            return Err(Error::other("it changed while it was being read"));
        }
        let mut new = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
        new.write_all(after)?;
        new.as_file().set_permissions(permissions)?;
        new.as_file().sync_all()?;
        new.persist(&file).map_err(|failed| failed.error)?;
        Ok(())
    };
    write().map_err(|error: Error| match error.kind() {
        ErrorKind::PermissionDenied => "the file may not be written; check its permissions".to_owned(),
        _ => format!("the file was not rewritten: {error}"),
    })
}

/// What is wrong, and what to do.
fn why_unread(error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file; check the path, or give `-` to read standard input".to_owned(),
        ErrorKind::PermissionDenied => "the file may not be read; check its permissions".to_owned(),
        _ => format!("the file cannot be read: {error}"),
    }
}

fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Files below `folder` that are `wanted`. Hidden folders and links to folders are left out, so a loop of links ends.
fn walk(folder: &Path, found: &mut Vec<PathBuf>, wanted: &dyn Fn(&Path) -> bool) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') => folders.push(path),
                Ok(kind) if kind.is_file() && wanted(&path) => found.push(path),
                _ => {}
            }
        }
    }
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '[', '{'])
}

/// The files that `pattern` matches, looked for below the folder that its fixed part names.
fn expand(pattern: &Path, found: &mut Vec<PathBuf>) {
    let Ok(glob) = GlobBuilder::new(&pattern.to_string_lossy()).literal_separator(true).build() else { return };
    let matcher = glob.compile_matcher();
    let fixed: PathBuf = pattern.iter().take_while(|part| !is_pattern(Path::new(part))).collect();
    let folder = if fixed.as_os_str().is_empty() { Path::new(".") } else { fixed.as_path() };
    let bare = |file: &Path| matcher.is_match(file.strip_prefix("./").unwrap_or(file));
    walk(folder, found, &bare);
    for file in found.iter_mut() {
        if let Ok(bare) = file.strip_prefix("./") {
            *file = bare.to_owned();
        }
    }
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["md", "markdown", "mdx"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// How far the work has come, for a terminal.
pub fn bar(files: usize) -> ProgressBar {
    let bar = ProgressBar::new(files as u64);
    match ProgressStyle::with_template("{bar:30} {pos}/{len} documents, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
