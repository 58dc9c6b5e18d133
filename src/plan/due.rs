//! When an item is due: as it says itself, else by the severity of its incident (`file.due`).

use std::fmt;

use jiff::{ToSpan, civil::Date};

use super::Document;
use crate::{
    postmortem::model::ActionItem,
    settings::{DueFrom, Settings},
};

/// The day that an item is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub date: Date,
    /// Why that day, where the item does not say it itself: `S2: 30 days after the incident`.
    pub reason: Option<String>,
}

impl fmt::Display for Due {
    /// `2026-12-01 (S2: 30 days after the incident)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "{} ({reason})", self.date),
            None => self.date.fmt(f),
        }
    }
}

/// When `item` is due. `None`: nobody said, or it is counted from a merge that is still to come.
pub fn due(item: &ActionItem, document: &Document, settings: &Settings) -> Option<Due> {
    if let Some(date) = item.due {
        return Some(Due { date, reason: None });
    }
    let metadata = &document.reading.metadata;
    let (severity, period) = settings.file.due.of(metadata.severity.as_deref()?)?;
    // The reader has put every date it understood into this form already.
    let incident = metadata.date.as_deref().and_then(|date| date.parse::<Date>().ok());
    let (from, what) = match (settings.file.due_from, incident) {
        (DueFrom::Incident, Some(incident)) => (incident, "incident"),
        (DueFrom::Incident, None) | (DueFrom::Merge, _) => (document.merged_on?, "merge"),
    };
    let date = from.checked_add(i64::from(period.days()).days()).ok()?;
    Some(Due { date, reason: Some(format!("{severity}: {period} after the {what}")) })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        plan::tests::{document, item},
        postmortem::model::{Metadata, State},
        settings,
    };

    fn due_of(file: &str, metadata: (Option<&str>, Option<&str>), merged_on: Option<Date>, own: Option<Date>) -> Option<String> {
        let settings = settings::parse(&format!("file: {file}")).unwrap();
        let item = ActionItem { due: own, ..item("Add an alert", State::Open, None) };
        let mut document = Document { merged_on, ..document(vec![item.clone()]) };
        let (severity, date) = (metadata.0.map(str::to_owned), metadata.1.map(str::to_owned));
        document.reading.metadata = Metadata { severity, date, ..Metadata::default() };
        due(&item, &document, &settings).map(|due| due.to_string())
    }

    #[test]
    fn the_item_goes_first_then_the_severity() {
        const TABLE: &str = "{due: {S1: 7d, S2: 4w, critical: 3d}}";
        const MERGE: &str = "{due: {S1: 7d, S2: 4w}, due_from: merge}";
        let (merged, own) = (Some(date(2026, 12, 10)), Some(date(2027, 3, 1)));
        let on = Some("2026-11-20");
        for (file, severity, day, merged, own, said) in [
            (TABLE, Some("SEV-1"), on, merged, own, Some("2027-03-01")),
            (TABLE, Some("SEV-1"), on, merged, None, Some("2026-11-27 (S1: 7 days after the incident)")),
            (TABLE, Some("sev2 (major)"), on, None, None, Some("2026-12-18 (S2: 4 weeks after the incident)")),
            (TABLE, Some("Critical"), None, merged, None, Some("2026-12-13 (critical: 3 days after the merge)")),
            (TABLE, Some("SEV1"), Some("autumn of 2026"), merged, None, Some("2026-12-17 (S1: 7 days after the merge)")),
            (TABLE, Some("SEV1"), Some("autumn of 2026"), None, None, None),
            (TABLE, Some("P1"), on, merged, None, None),
            (TABLE, None, on, merged, None, None),
            (MERGE, Some("SEV1"), on, merged, None, Some("2026-12-17 (S1: 7 days after the merge)")),
            (MERGE, Some("SEV1"), on, None, None, None),
            ("{}", Some("SEV1"), on, merged, None, None),
            (TABLE, Some("SEV1"), Some("9999-12-30"), None, None, None),
        ] {
            assert_eq!(due_of(file, (severity, day), merged, own).as_deref(), said, "{file} {severity:?} {day:?} {merged:?}");
        }
    }

    proptest! {
        #[test]
        fn any_document_has_a_due_date_or_none(severity in "\\PC{0,12}|SEV-?[0-3]", day in "\\PC{0,12}|[0-9]{1,4}-[0-9]{2}-[0-9]{2}") {
            let said = due_of("{due: {S1: 3660d}}", (Some(&severity), Some(&day)), None, None);
            prop_assert!(said.is_none_or(|said| said.ends_with(" (S1: 3660 days after the incident)")));
        }
    }
}
