//! Changed files as lines to look at, with the annotations of check runs below the lines they are about.

use serde_json::{Value, json};

use super::super::{
    git::{FileChange, hunk_start},
    state::checks::Annotation,
};

/// Longer diffs are cut off on the page.
const MOST_LINES: usize = 3000;

/// The template's view of one changed file.
pub(super) fn file(change: &FileChange, annotations: &[&Annotation], blob_url: &str) -> Value {
    let own: Vec<&&Annotation> = annotations.iter().filter(|annotation| annotation.path == change.path).collect();
    let mut lines = Vec::new();
    let (mut old, mut new) = (0u64, 0u64);
    for text in change.patch.as_deref().unwrap_or_default().lines().take(MOST_LINES) {
        let (kind, body) = match text.chars().next() {
            Some('@') => {
                (old, new) = hunk_start(text).unwrap_or((old, new));
                lines.push(json!({"kind": "hunk", "text": text}));
                continue;
            }
            Some('+') => ("added", text.get(1..).unwrap_or_default()),
            Some('-') => ("removed", text.get(1..).unwrap_or_default()),
            Some('\\') => continue,
            _ => ("same", text.get(1..).unwrap_or_default()),
        };
        let (shown_old, shown_new) = ((kind != "added").then_some(old), (kind != "removed").then_some(new));
        let here = own.iter().filter(|annotation| shown_new == Some(annotation.end_line));
        let notes: Vec<Value> = here.map(|annotation| note(annotation)).collect();
        let marked = shown_new
            .is_some_and(|line| own.iter().any(|annotation| (annotation.start_line..=annotation.end_line).contains(&line)));
        lines.push(json!({"kind": kind, "old": shown_old, "new": shown_new, "text": body, "notes": notes, "marked": marked}));
        old += u64::from(shown_old.is_some());
        new += u64::from(shown_new.is_some());
    }
    json!({
        "path": change.path, "previous": change.previous_path, "kind": change.kind.rest(), "additions": change.additions,
        "deletions": change.deletions, "lines": lines, "blob_url": blob_url, "notes": own.len(), "shown": change.patch.is_some(),
    })
}

pub(super) fn note(annotation: &Annotation) -> Value {
    json!({"level": annotation.level, "title": annotation.title, "message": annotation.message, "details": annotation.raw_details,
        "path": annotation.path, "start": annotation.start_line, "end": annotation.end_line})
}
