//! Git, as much as GitHub shows of it: blobs, trees, commits with real object ids, the changes between two trees and the merge
//! of two branches. Repositories of one fork network share one [`Objects`], as on GitHub, so a fork's head can be read through
//! its parent. No branches here: those belong to repositories.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use sha1::{Digest, Sha1};
use similar::TextDiff;

/// A 40-digit object id.
pub(crate) type Oid = String;

/// A whole tree, flattened: path → blob. Folders exist only as prefixes.
pub(crate) type Files = BTreeMap<String, Blob>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob {
    pub oid: Oid,
    pub bytes: Arc<[u8]>,
}

#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub oid: Oid,
    pub tree: Oid,
    pub files: Arc<Files>,
    pub parents: Vec<Oid>,
    pub message: String,
    /// Login of who made it, `slug[bot]` for an App.
    pub author: String,
    /// Made through the API by an App: GitHub is the committer and signs it.
    pub signed: bool,
    pub at: Timestamp,
}

impl Commit {
    /// Name of the committer as Git has it.
    pub(crate) fn committer(&self) -> &str {
        if self.signed { "GitHub" } else { &self.author }
    }
}

/// One entry of one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub name: String,
    pub oid: Oid,
    pub kind: EntryKind,
    pub size: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Blob,
    Tree,
}

impl EntryKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
        }
    }

    pub(crate) fn mode(self) -> &'static str {
        match self {
            Self::Blob => "100644",
            Self::Tree => "040000",
        }
    }
}

/// What an expression such as `main:docs/a.md` names.
#[derive(Debug, Clone)]
pub(crate) enum Object {
    Blob(Blob),
    /// The tree's id and the flattened files below it, paths relative to it.
    Tree(Oid, Arc<Files>),
    Commit(Oid),
}

/// The object database of one fork network.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    blobs: HashMap<Oid, Blob>,
    trees: HashMap<Oid, Arc<Files>>,
    commits: HashMap<Oid, Commit>,
}

fn object_id(kind: &str, content: &[u8]) -> Oid {
    let mut hash = Sha1::new();
    hash.update(format!("{kind} {}\0", content.len()));
    hash.update(content);
    hex::encode(hash.finalize())
}

/// The id Git gives to a file with this content.
pub(crate) fn blob_oid(bytes: &[u8]) -> Oid {
    object_id("blob", bytes)
}

/// Everything below `folder`, with paths relative to it; `None` when there is no such folder.
pub(crate) fn below(files: &Files, folder: &str) -> Option<Files> {
    if folder.is_empty() {
        return Some(files.clone());
    }
    let prefix = format!("{folder}/");
    let found: Files = files
        .range(prefix.clone()..)
        .map_while(|(path, blob)| Some((path.strip_prefix(&prefix)?.to_owned(), blob.clone())))
        .collect();
    (!found.is_empty()).then_some(found)
}

impl Objects {
    pub(crate) fn commit(&self, oid: &str) -> Option<&Commit> {
        self.commits.get(oid)
    }

    /// A commit by its id or an unambiguous prefix of at least seven digits.
    pub(crate) fn find_commit(&self, oid: &str) -> Option<&Commit> {
        let oid = oid.to_ascii_lowercase();
        self.commits.get(&oid).or_else(|| {
            let mut matching = self.commits.values().filter(|commit| oid.len() >= 7 && commit.oid.starts_with(&oid));
            matching.next().filter(|_| matching.next().is_none())
        })
    }

    pub(crate) fn blob(&self, oid: &str) -> Option<&Blob> {
        self.blobs.get(oid)
    }

    pub(crate) fn tree(&self, oid: &str) -> Option<&Arc<Files>> {
        self.trees.get(oid)
    }

    /// Stores a commit and everything it holds.
    pub(crate) fn add_commit(&mut self, files: Files, parents: Vec<Oid>, message: &str, author: &str, at: Timestamp) -> Oid {
        let tree = self.add_tree(&files);
        let parent_lines: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let who = format!("{author} <{author}@users.noreply.github.com> {} +0000", at.as_second());
        let signed = author.ends_with("[bot]");
        let committer = if signed { format!("GitHub <noreply@github.com> {} +0000", at.as_second()) } else { who.clone() };
        let text = format!("tree {tree}\n{parent_lines}author {who}\ncommitter {committer}\n\n{message}");
        let oid = object_id("commit", text.as_bytes());
        let commit = Commit {
            oid: oid.clone(),
            tree,
            files: Arc::new(files),
            parents,
            message: message.to_owned(),
            author: author.to_owned(),
            signed,
            at,
        };
        self.commits.insert(oid.clone(), commit);
        oid
    }

    fn add_tree(&mut self, files: &Files) -> Oid {
        for blob in files.values() {
            self.blobs.entry(blob.oid.clone()).or_insert_with(|| blob.clone());
        }
        let mut content = Vec::new();
        for entry in self.list(files) {
            let mode = if entry.kind == EntryKind::Tree { "40000" } else { "100644" };
            content.extend_from_slice(format!("{mode} {}\0", entry.name).as_bytes());
            content.extend(hex::decode(&entry.oid).unwrap_or_default());
        }
        let oid = object_id("tree", &content);
        self.trees.entry(oid.clone()).or_insert_with(|| Arc::new(files.clone()));
        oid
    }

    /// The entries of the top folder, in Git's order (a folder sorts as if its name ended in `/`).
    pub(crate) fn list(&mut self, files: &Files) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut folders: BTreeMap<&str, Files> = BTreeMap::new();
        for (path, blob) in files {
            match path.split_once('/') {
                Some((folder, rest)) => {
                    folders.entry(folder).or_default().insert(rest.to_owned(), blob.clone());
                }
                None => entries.push(Entry {
                    name: path.clone(),
                    oid: blob.oid.clone(),
                    kind: EntryKind::Blob,
                    size: blob.bytes.len(),
                }),
            }
        }
        for (name, inner) in folders {
            entries.push(Entry { name: name.to_owned(), oid: self.add_tree(&inner), kind: EntryKind::Tree, size: 0 });
        }
        entries.sort_by_key(|entry| match entry.kind {
            EntryKind::Blob => entry.name.clone(),
            EntryKind::Tree => format!("{}/", entry.name),
        });
        entries
    }

    /// `path` within a commit; the empty path is the commit's tree.
    pub(crate) fn object_at(&mut self, commit: &str, path: &str) -> Option<Object> {
        let commit = self.commits.get(commit)?.clone();
        let path = path.trim_matches('/');
        if let Some(blob) = commit.files.get(path) {
            return Some(Object::Blob(blob.clone()));
        }
        let inner = below(&commit.files, path)?;
        let oid = self.add_tree(&inner);
        Some(Object::Tree(oid, Arc::new(inner)))
    }

    /// Whether `ancestor` is `commit` or comes before it.
    pub(crate) fn is_ancestor(&self, ancestor: &str, commit: &str) -> bool {
        self.ancestors(commit).any(|oid| oid == ancestor)
    }

    /// The commit and everything before it, nearest first.
    pub(crate) fn ancestors<'a>(&'a self, commit: &str) -> impl Iterator<Item = Oid> + use<'a> {
        let mut seen = BTreeSet::from([commit.to_owned()]);
        let mut queue = VecDeque::from([commit.to_owned()]);
        std::iter::from_fn(move || {
            let oid = queue.pop_front()?;
            for parent in self.commits.get(&oid).map(|commit| commit.parents.as_slice()).unwrap_or_default() {
                if seen.insert(parent.clone()) {
                    queue.push_back(parent.clone());
                }
            }
            Some(oid)
        })
    }

    /// The commits that changed the file or folder `path`, newest first, as `git log` finds them: a merge that leaves it as
    /// one of its parents had it is passed over, and only that parent's side is followed.
    pub(crate) fn history_of(&self, commit: &str, path: &str) -> Vec<Oid> {
        let content = |oid: &str| -> Vec<(String, Oid)> {
            let Some(commit) = self.commits.get(oid) else { return Vec::new() };
            if let Some(blob) = commit.files.get(path) {
                return vec![(String::new(), blob.oid.clone())];
            }
            below(&commit.files, path).unwrap_or_default().into_iter().map(|(path, blob)| (path, blob.oid)).collect()
        };
        let mut found: Vec<&Commit> = Vec::new();
        let mut seen = BTreeSet::from([commit.to_owned()]);
        let mut queue = VecDeque::from([commit.to_owned()]);
        while let Some(commit) = queue.pop_front().and_then(|oid| self.commits.get(&oid)) {
            let here = content(&commit.oid);
            let same = commit.parents.iter().find(|parent| content(parent) == here);
            let follow: Vec<Oid> = match same {
                Some(same) => vec![same.clone()],
                None => commit.parents.clone(),
            };
            if same.is_none() && !(commit.parents.is_empty() && here.is_empty()) {
                found.push(commit);
            }
            queue.extend(follow.into_iter().filter(|parent| seen.insert(parent.clone())));
        }
        // Of the same time, in the order in which they were met.
        found.sort_by_key(|commit| std::cmp::Reverse(commit.at));
        found.into_iter().map(|commit| commit.oid.clone()).collect()
    }

    /// The nearest commit that both have; `None` for unrelated histories.
    pub(crate) fn merge_base(&self, one: &str, other: &str) -> Option<Oid> {
        let reachable: BTreeSet<Oid> = self.ancestors(one).collect();
        self.ancestors(other).find(|oid| reachable.contains(oid))
    }

    /// The files of `ours` with the changes that `theirs` made since their common base; the first path in conflict otherwise.
    pub(crate) fn merge(&self, ours: &str, theirs: &str) -> Result<Files, String> {
        let files = |oid: &str| self.commits.get(oid).map(|commit| commit.files.clone()).unwrap_or_default();
        let base = self.merge_base(ours, theirs).map(|oid| files(&oid)).unwrap_or_default();
        let (ours, theirs) = (files(ours), files(theirs));
        let mut merged = (*ours).clone();
        for path in base.keys().chain(theirs.keys()) {
            let (before, mine, other) = (base.get(path), ours.get(path), theirs.get(path));
            if other == before || other == mine {
                continue;
            }
            if mine != before {
                return Err(path.clone());
            }
            match other {
                Some(blob) => merged.insert(path.clone(), blob.clone()),
                None => merged.remove(path),
            };
        }
        Ok(merged)
    }
}

/// How a file differs between two trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Modified,
    Removed,
    Renamed,
}

impl ChangeKind {
    /// REST's word.
    pub(crate) fn rest(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Removed => "removed",
            Self::Renamed => "renamed",
        }
    }

    /// GraphQL's `PatchStatus`.
    pub(crate) fn graphql(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Removed => "DELETED",
            Self::Renamed => "RENAMED",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct FileChange {
    pub path: String,
    pub previous_path: Option<String>,
    pub kind: ChangeKind,
    pub additions: usize,
    pub deletions: usize,
    /// The hunks; `None` for binary files, pure renames and what GitHub finds too large to show.
    pub patch: Option<String>,
    pub oid: Oid,
}

/// GitHub shows no patch of a file beyond these (docs: "Limits for viewing content and diffs").
const LARGEST_PATCH_BYTES: usize = 500_000;
const LARGEST_PATCH_LINES: usize = 20_000;
/// Git's default: half of the content alike makes a rename.
const RENAME_SIMILARITY: f32 = 0.5;
/// Beyond this many candidates only exact renames are found.
const RENAME_CANDIDATES: usize = 20;

/// The changes from `base` to `head`, by path.
pub(crate) fn changes(base: &Files, head: &Files) -> Vec<FileChange> {
    let mut removed: Vec<(&String, &Blob)> = base.iter().filter(|(path, _)| !head.contains_key(*path)).collect();
    let mut found = Vec::new();
    let mut new_files = Vec::new();
    for (path, blob) in head {
        match base.get(path) {
            Some(before) if before.oid == blob.oid => {}
            Some(before) => found.push(change(path, None, ChangeKind::Modified, &before.bytes, &blob.bytes, &blob.oid)),
            None => new_files.push((path, blob)),
        }
    }
    let mut unmatched = Vec::new();
    for (path, blob) in new_files {
        match removed.iter().position(|(_, before)| before.oid == blob.oid) {
            Some(at) => {
                let (from, before) = removed.remove(at);
                found.push(change(path, Some(from.clone()), ChangeKind::Renamed, &before.bytes, &blob.bytes, &blob.oid));
            }
            None => unmatched.push((path, blob)),
        }
    }
    let look_closer = removed.len() <= RENAME_CANDIDATES && unmatched.len() <= RENAME_CANDIDATES;
    for (path, blob) in unmatched {
        let nearest = removed
            .iter()
            .enumerate()
            .filter(|_| look_closer)
            .map(|(at, (_, before))| (at, similarity(&before.bytes, &blob.bytes)));
        let nearest = nearest.max_by(|one, other| one.1.total_cmp(&other.1)).filter(|(_, ratio)| *ratio >= RENAME_SIMILARITY);
        match nearest {
            Some((at, _)) => {
                let (from, before) = removed.remove(at);
                found.push(change(path, Some(from.clone()), ChangeKind::Renamed, &before.bytes, &blob.bytes, &blob.oid));
            }
            None => found.push(change(path, None, ChangeKind::Added, b"", &blob.bytes, &blob.oid)),
        }
    }
    for (path, blob) in removed {
        found.push(change(path, None, ChangeKind::Removed, &blob.bytes, b"", &blob.oid));
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn similarity(before: &[u8], after: &[u8]) -> f32 {
    match (std::str::from_utf8(before), std::str::from_utf8(after)) {
        (Ok(before), Ok(after)) if before.len() + after.len() < LARGEST_PATCH_BYTES => {
            TextDiff::from_lines(before, after).ratio()
        }
        _ => 0.0,
    }
}

fn change(path: &str, previous_path: Option<String>, kind: ChangeKind, before: &[u8], after: &[u8], oid: &str) -> FileChange {
    let mut change =
        FileChange { path: path.to_owned(), previous_path, kind, additions: 0, deletions: 0, patch: None, oid: oid.to_owned() };
    if before == after || is_binary(before) || is_binary(after) {
        return change;
    }
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
    for line in diff.iter_all_changes() {
        match line.tag() {
            similar::ChangeTag::Insert => change.additions += 1,
            similar::ChangeTag::Delete => change.deletions += 1,
            similar::ChangeTag::Equal => {}
        }
    }
    let patch = diff.unified_diff().context_radius(3).to_string();
    let patch = patch.strip_suffix('\n').unwrap_or(&patch);
    if patch.len() <= LARGEST_PATCH_BYTES && change.additions + change.deletions <= LARGEST_PATCH_LINES {
        change.patch = Some(patch.to_owned());
    }
    change
}

/// The lines that one `@@` of a patch shows, numbered as in the old (left) and the new (right) file.
#[derive(Debug, Default)]
pub(crate) struct Hunk {
    pub left: BTreeSet<u64>,
    pub right: BTreeSet<u64>,
    pub text: String,
}

/// The hunks of a patch.
pub(crate) fn hunks(patch: &str) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    let (mut old, mut new) = (0u64, 0u64);
    for line in patch.lines() {
        if line.starts_with("@@") {
            (old, new) = hunk_start(line).unwrap_or((old, new));
            hunks.push(Hunk { text: line.to_owned(), ..Hunk::default() });
            continue;
        }
        let Some(hunk) = hunks.last_mut() else { continue };
        hunk.text.push('\n');
        hunk.text.push_str(line);
        let (is_old, is_new) = (!line.starts_with(['+', '\\']), !line.starts_with(['-', '\\']));
        if is_old {
            hunk.left.insert(old);
            old += 1;
        }
        if is_new {
            hunk.right.insert(new);
            new += 1;
        }
    }
    hunks
}

/// The first old and new line of `@@ -1,2 +3,4 @@`.
pub(crate) fn hunk_start(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.split_whitespace().skip(1);
    let number = |part: &str| part.get(1..)?.split(',').next()?.parse().ok();
    Some((number(parts.next()?)?, number(parts.next()?)?))
}

/// Where the lines `first..=last` of `before` (1-based) are in `after`, when all of them are there unchanged and together.
pub(crate) fn moved_lines(before: &[u8], after: &[u8], first: u64, last: u64) -> Option<(u64, u64)> {
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
    let mut places = BTreeMap::new();
    for change in diff.iter_all_changes() {
        if let (Some(old), Some(new)) = (change.old_index(), change.new_index()) {
            places.insert(old as u64 + 1, new as u64 + 1);
        }
    }
    let (start, end) = (*places.get(&first)?, *places.get(&last)?);
    let whole = (first..=last).zip(start..=end).all(|(old, new)| places.get(&old) == Some(&new));
    (whole && end - start == last - first).then_some((start, end))
}

/// Git's own test: a NUL among the first 8000 bytes.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(8000).any(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        entries
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Blob { oid: blob_oid(text.as_bytes()), bytes: text.as_bytes().into() }))
            .collect()
    }

    #[test]
    fn object_ids_are_those_of_git() {
        assert_eq!(blob_oid(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
        let mut objects = Objects::default();
        assert_eq!(objects.add_tree(&files(&[("a.txt", "hello\n")])), "2e81171448eb9f2ee3821e3d447aa6b2fe3ddba1");
    }

    #[test]
    fn a_file_that_moves_is_a_rename_even_when_it_changes_a_little() {
        let long: String = (0..20).map(|n| format!("line {n}\n")).collect();
        let changed =
            changes(&files(&[("a.md", &long), ("b.md", "x\n")]), &files(&[("c.md", &format!("{long}more\n")), ("b.md", "y\n")]));
        let summary: Vec<_> =
            changed.iter().map(|c| (c.path.as_str(), c.kind, c.previous_path.as_deref(), c.additions, c.deletions)).collect();
        assert_eq!(summary, [("b.md", ChangeKind::Modified, None, 1, 1), ("c.md", ChangeKind::Renamed, Some("a.md"), 1, 0)]);
        assert_eq!(changed[0].patch.as_deref(), Some("@@ -1 +1 @@\n-x\n+y"));
    }

    #[test]
    fn a_hunk_knows_its_lines_on_both_sides() {
        let found = hunks("@@ -1,3 +1,4 @@\n a\n-b\n+B\n+C\n c\n\\ No newline at end of file\n@@ -10 +11 @@\n-x\n+y");
        let lines: Vec<_> = found.iter().map(|hunk| (hunk.left.clone(), hunk.right.clone())).collect();
        assert_eq!(lines, [([1, 2, 3].into(), [1, 2, 3, 4].into()), ([10].into(), [11].into())]);
    }

    #[test]
    fn lines_move_only_whole_and_unchanged() {
        let before = b"a\nb\nc\nd\n";
        assert_eq!(moved_lines(before, b"new\na\nb\nc\nd\n", 2, 3), Some((3, 4)));
        assert_eq!(moved_lines(before, b"a\nb\nbetween\nc\nd\n", 2, 3), None);
        assert_eq!(moved_lines(before, b"a\nB\nc\nd\n", 2, 2), None);
        assert_eq!(moved_lines(before, before, 9, 9), None);
    }

    #[test]
    fn a_merge_keeps_both_sides_and_names_the_conflict() {
        let mut objects = Objects::default();
        let at = Timestamp::UNIX_EPOCH;
        let base = objects.add_commit(files(&[("a", "1"), ("b", "1")]), vec![], "base", "ada", at);
        let ours = objects.add_commit(files(&[("a", "2"), ("b", "1")]), vec![base.clone()], "ours", "ada", at);
        let theirs = objects.add_commit(files(&[("a", "1"), ("c", "1")]), vec![base.clone()], "theirs", "ada", at);
        assert_eq!(objects.merge(&ours, &theirs), Ok(files(&[("a", "2"), ("c", "1")])));
        let rival = objects.add_commit(files(&[("a", "3"), ("b", "1")]), vec![base], "rival", "ada", at);
        assert_eq!(objects.merge(&ours, &rival), Err("a".to_owned()));
    }
}
