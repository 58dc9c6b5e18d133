//! Which labels an item's issue gets.

use super::Document;
use crate::settings::{Route, Settings};

/// The labels of an issue from `document`: those of `file.labels`, of the incident's severity and of the item's route, each
/// once, whatever its case.
pub fn labels_of(settings: &Settings, document: &Document, route: Option<&Route>) -> Vec<String> {
    let severity = document.reading.metadata.severity.as_deref().and_then(|text| settings.file.severity_labels.of(text));
    let by_severity = severity.into_iter().flat_map(|(_, labels)| labels);
    let by_route = route.into_iter().flat_map(|route| &route.labels);
    let mut labels: Vec<String> = Vec::new();
    for label in settings.file.labels.iter().chain(by_severity).chain(by_route) {
        if !labels.iter().any(|known| known.to_lowercase() == label.as_str().to_lowercase()) {
            labels.push(label.as_str().to_owned());
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan::tests::document, settings};

    #[test]
    fn labels_come_from_the_file_the_severity_and_the_route() {
        let text = "file: {labels: [postmortem], severity_labels: {S1: [sev/1, PostMortem], critical: [burning]}}\n\
                    routes: [{area: db, labels: [team/db, SEV/1]}]\n";
        let settings = settings::parse(text).unwrap();
        let mut document = document(Vec::new());
        let mut labels = |severity: Option<&str>, area: Option<&str>| {
            document.reading.metadata.severity = severity.map(str::to_owned);
            labels_of(&settings, &document, settings.route(area)).join(" ")
        };
        assert_eq!(labels(None, None), "postmortem");
        assert_eq!(labels(Some("SEV-1 (critical)"), None), "postmortem sev/1");
        assert_eq!(labels(Some("critical"), None), "postmortem burning");
        assert_eq!(labels(Some("S2"), Some("db")), "postmortem team/db SEV/1");
        assert_eq!(labels(Some("sev1"), Some("DB")), "postmortem sev/1 team/db");
    }
}
