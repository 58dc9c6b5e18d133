//! `followthrough check --format json`, version 1. Fields may be added, never changed.

use serde::Serialize;

use super::rules::level;
use crate::{review, settings::Place};

#[derive(Serialize)]
struct Check<'a> {
    schema: &'static str,
    documents: Vec<Document<'a>>,
}

#[derive(Serialize)]
struct Document<'a> {
    path: &'a str,
    findings: Vec<Finding<'a>>,
    celebrations: Vec<Celebration<'a>>,
}

/// A moment in which people or luck saved the day.
#[derive(Serialize)]
struct Celebration<'a> {
    line: usize,
    end_line: usize,
    column: usize,
    end_column: usize,
    text: &'a str,
}

/// Lines and columns are 1-based and inclusive, columns count characters.
#[derive(Serialize)]
struct Finding<'a> {
    rule: &'static str,
    level: &'static str,
    line: usize,
    end_line: usize,
    column: usize,
    end_column: usize,
    message: &'a str,
    help: Option<&'a str>,
    suggestion: Option<Suggestion<'a>>,
}

/// What takes the place of the stretch.
#[derive(Serialize)]
struct Suggestion<'a> {
    line: usize,
    end_line: usize,
    column: usize,
    end_column: usize,
    replacement: &'a str,
}

/// Documents by path, each with its findings and celebrations, as pretty-printed JSON.
pub fn render(documents: &[(String, review::Review)]) -> String {
    let documents = documents.iter().map(|(path, review)| Document {
        path,
        findings: review.findings.iter().map(Finding::new).collect(),
        celebrations: review.resilience.iter().map(Celebration::new).collect(),
    });
    let check = Check { schema: "followthrough/check/v1", documents: documents.collect() };
    let mut text = serde_json::to_string_pretty(&check).unwrap_or_default();
    text.push('\n');
    text
}

impl<'a> Celebration<'a> {
    fn new(moment: &'a review::Resilience) -> Self {
        let Place { line, column, end_line, end_column } = moment.place;
        Self { line, end_line, column, end_column, text: &moment.text }
    }
}

impl<'a> Finding<'a> {
    fn new(finding: &'a review::Finding) -> Self {
        let Place { line, column, end_line, end_column } = finding.place;
        Self {
            rule: finding.rule,
            level: level(finding.level),
            line,
            end_line,
            column,
            end_column,
            message: &finding.message,
            help: finding.help.as_deref(),
            suggestion: finding.suggestion.as_ref().map(|suggestion| {
                let Place { line, column, end_line, end_column } = suggestion.place;
                Suggestion { line, end_line, column, end_column, replacement: &suggestion.replacement }
            }),
        }
    }
}
