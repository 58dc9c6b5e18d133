//! Check runs. One suite per commit and App, made when the first run is.

use jiff::Timestamp;
use serde_json::json;

use super::{
    super::{git::Oid, refusal::Refusal, shapes},
    Outcome, State,
};

/// Annotations of one request; more are refused, further requests append.
const MOST_ANNOTATIONS: usize = 50;
/// Longest `summary` and `text`, in characters.
const LONGEST_OUTPUT: usize = 65_535;
/// Longest `message` and `raw_details` of an annotation, in bytes.
const LONGEST_MESSAGE: usize = 64 * 1024;
const LONGEST_ANNOTATION_TITLE: usize = 255;
const MOST_ACTIONS: usize = 3;

/// A note on lines of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    pub path: String,
    pub start_line: u64,
    pub end_line: u64,
    pub start_column: Option<u64>,
    pub end_column: Option<u64>,
    /// `notice`, `warning` or `failure`.
    pub level: String,
    pub title: Option<String>,
    pub message: String,
    pub raw_details: Option<String>,
}

/// A button of a check run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckAction {
    pub label: String,
    pub description: String,
    pub identifier: String,
}

#[derive(Debug, Clone)]
pub(crate) struct CheckRun {
    pub id: u64,
    pub repository: u64,
    pub head: Oid,
    pub name: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    pub conclusion: Option<String>,
    pub details_url: Option<String>,
    pub external_id: String,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
    pub annotations: Vec<Annotation>,
    pub actions: Vec<CheckAction>,
    pub started_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    /// How many times it was written.
    pub writes: usize,
}

/// What a request to create or update says; absent fields stay.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckEdit {
    pub name: Option<String>,
    pub status: Option<String>,
    pub conclusion: Option<String>,
    pub details_url: Option<String>,
    pub external_id: Option<String>,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub output: Option<CheckOutput>,
    pub actions: Option<Vec<CheckAction>>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct CheckOutput {
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
    pub annotations: Vec<Annotation>,
}

const CONCLUSIONS: [&str; 7] = ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"];

fn too_long(what: &str, most: usize) -> Refusal {
    Refusal::unprocessable(format!("{what} is too long (maximum is {most})"))
}

fn check_edit(edit: &CheckEdit) -> Outcome<()> {
    if let Some(status) = edit.status.as_deref().filter(|status| !["queued", "in_progress", "completed"].contains(status)) {
        return Err(Refusal::unprocessable(format!("status {status} is not one GitHub Apps may set")));
    }
    if let Some(conclusion) = edit.conclusion.as_deref().filter(|conclusion| !CONCLUSIONS.contains(conclusion)) {
        return Err(Refusal::unprocessable(format!("conclusion {conclusion} is not one GitHub Apps may set")));
    }
    if edit.status.as_deref() == Some("completed") && edit.conclusion.is_none() {
        return Err(Refusal::unprocessable("a completed check run needs a conclusion"));
    }
    if let Some(actions) = &edit.actions {
        let bad = |action: &CheckAction| {
            let lengths = (action.label.chars().count(), action.description.chars().count(), action.identifier.chars().count());
            lengths.0 > 20 || lengths.1 > 40 || lengths.2 > 20
        };
        if actions.len() > MOST_ACTIONS || actions.iter().any(bad) {
            return Err(Refusal::unprocessable("actions: at most 3, label ≤ 20, description ≤ 40, identifier ≤ 20 characters"));
        }
    }
    let Some(output) = &edit.output else { return Ok(()) };
    for (name, text) in [("summary", &output.summary), ("text", &output.text)] {
        if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_OUTPUT) {
            return Err(too_long(name, LONGEST_OUTPUT));
        }
    }
    if output.annotations.len() > MOST_ANNOTATIONS {
        return Err(Refusal::unprocessable("No more than 50 annotations are allowed per request"));
    }
    for annotation in &output.annotations {
        if annotation.start_line < 1 || annotation.end_line < annotation.start_line {
            return Err(Refusal::unprocessable("annotation: start_line must be at least 1 and end_line not before it"));
        }
        if annotation.start_line != annotation.end_line && (annotation.start_column.is_some() || annotation.end_column.is_some())
        {
            return Err(Refusal::unprocessable("annotation: columns only when start_line and end_line are the same"));
        }
        if !["notice", "warning", "failure"].contains(&annotation.level.as_str()) {
            return Err(Refusal::unprocessable(format!("annotation_level {} is unknown", annotation.level)));
        }
        if annotation.message.is_empty()
            || annotation.message.len() > LONGEST_MESSAGE
            || annotation.raw_details.as_ref().is_some_and(|details| details.len() > LONGEST_MESSAGE)
        {
            return Err(too_long("annotation message", LONGEST_MESSAGE));
        }
        if annotation.title.as_ref().is_some_and(|title| title.chars().count() > LONGEST_ANNOTATION_TITLE) {
            return Err(too_long("annotation title", LONGEST_ANNOTATION_TITLE));
        }
    }
    Ok(())
}

impl State {
    pub(crate) fn create_check_run(&mut self, repository: u64, head: &str, edit: CheckEdit, actor: u64) -> Outcome<u64> {
        self.writable(repository)?;
        let name = edit.name.clone().filter(|name| !name.is_empty()).ok_or_else(|| Refusal::unprocessable("name is missing"))?;
        let known = self.objects(self.repository(repository)?)?.commit(head).is_some();
        if !known {
            return Err(Refusal::unprocessable(format!("No commit found for SHA: {head}")));
        }
        check_edit(&edit)?;
        let id = self.large_id();
        let run = CheckRun {
            id,
            repository,
            head: head.to_owned(),
            name,
            status: "queued".to_owned(),
            conclusion: None,
            details_url: None,
            external_id: String::new(),
            title: None,
            summary: None,
            text: None,
            annotations: Vec::new(),
            actions: Vec::new(),
            started_at: self.now(),
            completed_at: None,
            writes: 0,
        };
        self.check_runs.insert(id, run);
        self.repository_mut(repository)?.checks.entry(head.to_owned()).or_default().push(id);
        self.apply_check_edit(id, edit)?;
        self.emit_check_run(id, "created", actor, json!({}));
        Ok(id)
    }

    pub(crate) fn update_check_run(&mut self, id: u64, edit: CheckEdit, actor: u64) -> Outcome<()> {
        let run = self.check_runs.get(&id).ok_or_else(Refusal::not_found)?;
        let (repository, was) = (run.repository, run.status.clone());
        self.writable(repository)?;
        check_edit(&edit)?;
        self.apply_check_edit(id, edit)?;
        if was != "completed" && self.check_runs.get(&id).is_some_and(|run| run.status == "completed") {
            self.emit_check_run(id, "completed", actor, json!({}));
        }
        Ok(())
    }

    fn apply_check_edit(&mut self, id: u64, edit: CheckEdit) -> Outcome<()> {
        let now = self.now();
        let run = self.check_runs.get_mut(&id).ok_or_else(Refusal::not_found)?;
        run.writes += 1;
        if let Some(name) = edit.name {
            run.name = name;
        }
        if let Some(status) = edit.status {
            if status != "completed" {
                (run.conclusion, run.completed_at) = (None, None);
            }
            run.status = status;
        }
        if let Some(conclusion) = edit.conclusion {
            run.status = "completed".to_owned();
            run.conclusion = Some(conclusion);
            run.completed_at = Some(edit.completed_at.unwrap_or(now));
        }
        run.details_url = edit.details_url.or(run.details_url.take());
        run.external_id = edit.external_id.unwrap_or_else(|| std::mem::take(&mut run.external_id));
        run.started_at = edit.started_at.unwrap_or(run.started_at);
        if let Some(output) = edit.output {
            run.title = output.title.or(run.title.take());
            run.summary = output.summary.or(run.summary.take());
            run.text = output.text.or(run.text.take());
            // Annotations are added on every update, never replaced: GitHub's own trap.
            run.annotations.extend(output.annotations);
        }
        if let Some(actions) = edit.actions {
            run.actions = actions;
        }
        Ok(())
    }

    /// The webhook of an act on a check run.
    pub(crate) fn emit_check_run(&mut self, id: u64, action: &'static str, actor: u64, mut extra: serde_json::Value) {
        let Some(repository) = self.check_runs.get(&id).map(|run| run.repository) else { return };
        if let Some(extra) = extra.as_object_mut() {
            extra.insert("check_run".to_owned(), shapes::check_run(self, id).unwrap_or_default());
        }
        self.emit("check_run", Some(action), repository, actor, extra);
    }
}
