//! `followthrough check --format sarif`: SARIF 2.1.0, for code scanning and editors.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::rules::level;
use crate::{
    review::{Finding, RULES, Review, Rule, Suggestion},
    settings::{Level, Place},
};

/// What a relative reference keeps as it is: RFC 3986's unreserved characters, and the slashes between names.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The documents by path, each with its review, as one run.
pub fn render(documents: &[(String, Review)]) -> String {
    let results = documents.iter().flat_map(|(path, review)| {
        let uri = uri(path);
        review.findings.iter().map(move |finding| result(&uri, finding))
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Followthrough",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": RULES.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn descriptor(rule: &Rule) -> Value {
    let usual = rule.levels.standard;
    let summary = format!("{}.", rule.summary);
    json!({
        "id": rule.name,
        "shortDescription": { "text": summary },
        "fullDescription": { "text": summary },
        "help": { "text": rule.page, "markdown": rule.page },
        "defaultConfiguration": { "enabled": usual != Level::Off, "level": if usual == Level::Off { "note" } else { level(usual) } },
        "properties": { "tags": [rule.family.title()], "practices": rule.practices },
    })
}

fn result(uri: &str, finding: &Finding) -> Value {
    let message = match &finding.help {
        Some(help) => format!("{} {help}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": RULES.iter().position(|rule| rule.name == finding.rule).map_or(-1, |at| at as i64),
        "level": level(finding.level),
        "message": { "text": message },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri }, "region": region(finding.place) } }],
    });
    if let (Some(suggestion), Some(result)) = (&finding.suggestion, result.as_object_mut()) {
        result.insert("fixes".to_owned(), json!([fix(uri, suggestion)]));
    }
    result
}

fn fix(uri: &str, suggestion: &Suggestion) -> Value {
    let mut deleted = region(suggestion.place);
    if suggestion.span.is_empty() {
        (deleted["endLine"], deleted["endColumn"]) = (deleted["startLine"].clone(), deleted["startColumn"].clone());
    }
    json!({
        "description": { "text": "Rewrite the words." },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri },
            "replacements": [{
                "deletedRegion": deleted,
                "insertedContent": { "text": suggestion.replacement },
            }],
        }],
    })
}

/// SARIF's columns end behind the last character.
fn region(place: Place) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column + 1,
    })
}

/// The path as a URI reference: `file:` where it is absolute, relative to where the run started otherwise.
fn uri(path: &str) -> String {
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let encoded = utf8_percent_encode(path.strip_prefix("./").unwrap_or(&path), ENCODED).to_string();
    if encoded.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uri_references() {
        for (path, wanted) in [
            ("./postmortems/a b#1.md", "postmortems/a%20b%231.md"),
            ("c:d%20/é.md", "c%3Ad%2520/%C3%A9.md"),
            ("/tmp/x.md", "file:///tmp/x.md"),
            ("../x.md", "../x.md"),
        ] {
            assert_eq!(uri(path), wanted);
        }
    }
}
