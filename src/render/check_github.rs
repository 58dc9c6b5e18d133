//! `followthrough check --format github`: workflow commands, which GitHub Actions shows as annotations on the lines.
//!
//! Source: GitHub's "Workflow commands for GitHub Actions", and the escapes of `@actions/core`.

use crate::{
    review::{Finding, Review},
    settings::Level,
};

/// One command for each finding of the documents, by path.
pub fn render(documents: &[(String, Review)]) -> String {
    documents.iter().flat_map(|(path, review)| review.findings.iter().map(|finding| command(path, finding))).collect()
}

fn command(path: &str, finding: &Finding) -> String {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note | Level::Off => "notice",
    };
    let place = finding.place;
    let path = property(path.strip_prefix("./").unwrap_or(path));
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        message += &format!("\n{help}");
    }
    if let Some(suggestion) = &finding.suggestion {
        message += &format!("\nCould read: {}", suggestion.replacement);
    }
    format!(
        "::{level} file={path},line={},endLine={},col={},endColumn={},title={}::{}\n",
        place.line,
        place.end_line,
        place.column,
        place.end_column,
        property(finding.rule),
        data(&message)
    )
}

/// The text of a command: one line, and no escape that was not meant.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which ends at a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{settings::Place, text::Span};

    #[test]
    fn nothing_in_a_document_or_its_name_ends_a_command_or_starts_one() {
        let finding = Finding {
            rule: "human-error",
            level: Level::Warning,
            span: Span::new(0, 1),
            place: Place { line: 5, column: 3, end_line: 6, end_column: 4 },
            message: "100 %\r\n::error::50%0A, or: so".to_owned(),
            help: Some("Help.".to_owned()),
            suggestion: None,
            whole_document: false,
        };
        assert_eq!(
            render(&[("./a,b:c%\n::warning::.md".to_owned(), Review { findings: vec![finding], ..Review::default() })]),
            "::warning file=a%2Cb%3Ac%25%0A%3A%3Awarning%3A%3A.md,line=5,endLine=6,col=3,endColumn=4,title=human-error::\
             100 %25%0D%0A::error::50%250A, or: so%0AHelp.\n"
        );
    }
}
