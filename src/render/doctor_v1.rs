//! `followthrough doctor --format json`, version 1. Fields may be added, never changed.

use serde::Serialize;

use super::doctor;

#[derive(Serialize)]
struct Doctor<'a> {
    schema: &'static str,
    /// The worst of the findings.
    level: &'static str,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    area: &'static str,
    check: &'static str,
    level: &'static str,
    subject: Option<&'a str>,
    message: &'a str,
    why: Option<&'a str>,
    help: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
}

/// Everything that was looked at, also what is as it should be, as pretty-printed JSON.
pub fn render(findings: &[doctor::Finding]) -> String {
    let worst = findings.iter().map(|finding| finding.level).max().unwrap_or(doctor::Level::Ok);
    let findings = findings.iter().map(|finding| Finding {
        area: finding.area.as_str(),
        check: finding.check,
        level: finding.level.as_str(),
        subject: finding.subject.as_deref(),
        message: &finding.message,
        why: finding.why.as_deref(),
        help: finding.help.as_deref(),
        line: finding.place.map(|(line, _)| line),
        column: finding.place.map(|(_, column)| column),
    });
    let doctor = Doctor { schema: "followthrough/doctor/v1", level: worst.as_str(), findings: findings.collect() };
    let mut text = serde_json::to_string_pretty(&doctor).unwrap_or_default();
    text.push('\n');
    text
}
