//! `followthrough check` for people: each finding with the words it is about.

use annotate_snippets::{AnnotationKind, Group, Level as Title, Origin, Renderer, Snippet};

use super::style::Style;
use crate::{
    review::{Finding, Review},
    settings::Level,
    text::{LineIndex, Span},
};

/// How many lines of a finding are shown.
const LINES: usize = 4;

/// Longer excerpts, in bytes, help nobody.
const LONGEST: usize = 2000;

/// The findings of one document, whose text is `source`.
pub fn render(path: &str, source: &str, findings: &[Finding], style: Style) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let lines = LineIndex::new(source);
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    findings.iter().map(|finding| one(path, source, &lines, finding, &renderer) + "\n\n").collect()
}

fn one(path: &str, source: &str, lines: &LineIndex, finding: &Finding, renderer: &Renderer) -> String {
    let level = match finding.level {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
        Level::Note | Level::Off => Title::NOTE,
    };
    let title = level.primary_title(finding.message.as_str()).id(finding.rule);
    let mut group: Group<'_> = match excerpt(source, lines, finding) {
        Some(excerpt) => {
            let end = finding.span.end.clamp(finding.span.start, excerpt.end);
            let marked = finding.span.start - excerpt.start..end - excerpt.start;
            let snippet =
                Snippet::source(source.get(excerpt.range()).unwrap_or_default()).path(path).line_start(finding.place.line);
            title.element(snippet.annotation(AnnotationKind::Primary.span(marked)))
        }
        None => title.element(Origin::path(path).line(finding.place.line).char_column(finding.place.column)),
    };
    if let Some(help) = &finding.help {
        group = group.element(Title::HELP.message(help.as_str()));
    }
    if let Some(suggestion) = &finding.suggestion {
        let rewrite = format!("could read: {}", suggestion.replacement);
        return renderer.render(&[group.element(Title::HELP.message(rewrite.as_str()))]).to_string();
    }
    renderer.render(&[group]).to_string()
}

/// The whole lines that a finding starts with, at most a few; none where they are too long to be shown.
fn excerpt(source: &str, lines: &LineIndex, finding: &Finding) -> Option<Span> {
    let start = finding.span.start.min(source.len());
    let near = source.floor_char_boundary(start.saturating_sub(LONGEST));
    let from = match source.get(near..start)?.rfind('\n') {
        Some(at) => near + at + 1,
        None if near == 0 => 0,
        None => return None,
    };
    let count = lines.lines(finding.span).last.min(finding.place.line + LINES - 1) + 1 - finding.place.line;
    let rest = source.get(from..source.floor_char_boundary(from + LONGEST))?;
    let end = rest.match_indices('\n').nth(count - 1).map(|(at, _)| from + at + 1);
    let end = end.or_else(|| (from + rest.len() == source.len()).then_some(source.len()))?;
    Some(Span::new(from, end))
}

/// What in the documents deserves a celebration, or nothing.
pub fn celebrations(documents: &[(String, Review)], style: Style) -> String {
    let moments = documents.iter().flat_map(|(path, review)| review.resilience.iter().map(move |moment| (path, moment)));
    let told: String = moments.map(|(path, moment)| format!("  {path}:{}: {}\n", moment.place.line, moment.text)).collect();
    if told.is_empty() {
        return told;
    }
    let title = style.green("Worth celebrating");
    format!("{title}: moments in which people or luck saved the day.\n{told}\n")
}

/// The last line: how much there is, and where to read on.
pub fn summary(documents: &[(String, Review)], style: Style) -> String {
    let count =
        |level: Level| documents.iter().flat_map(|(_, review)| &review.findings).filter(|finding| finding.level == level).count();
    let (errors, warnings, notes) = (count(Level::Error), count(Level::Warning), count(Level::Note));
    let all = counted(documents.len(), "document");
    if errors + warnings + notes == 0 {
        return format!("{}: nothing to suggest.\n", style.green(&all));
    }
    let levels = [(errors, "error"), (warnings, "warning"), (notes, "note")];
    let told: Vec<String> =
        levels.into_iter().filter(|&(count, _)| count > 0).map(|(count, name)| counted(count, name)).collect();
    let some = documents.iter().filter(|(_, review)| !review.findings.is_empty()).count();
    let told = style.bold(&told.join(", "));
    let among = if some == documents.len() { all } else { format!("{some} of {all}") };
    format!("{told} in {among}. `followthrough rules RULE` explains a rule.\n")
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
