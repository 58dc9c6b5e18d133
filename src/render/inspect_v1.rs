//! `followthrough inspect --format json`, version 1: the machine-readable reading of documents.
//!
//! The wire types are this file's own: fields may be added within v1, never changed, whatever becomes of the model.

use serde::Serialize;

use crate::postmortem::model::{ActionItem, Category, Kind, Postmortem, Role, Section, State};

const SCHEMA: &str = "followthrough/inspect/v1";

/// The reading of `documents` (path as given, reading) as pretty-printed JSON with a final line ending.
pub fn render(documents: &[(String, Postmortem)]) -> String {
    let inspection =
        Inspection { schema: SCHEMA, documents: documents.iter().map(|(path, read)| Document::new(path, read)).collect() };
    // Strings, numbers and options always serialise.
    let mut json = serde_json::to_string_pretty(&inspection).unwrap_or_default();
    json.push('\n');
    json
}

#[derive(Serialize)]
struct Inspection<'a> {
    schema: &'static str,
    documents: Vec<Document<'a>>,
}

#[derive(Serialize)]
struct Document<'a> {
    path: &'a str,
    kind: &'static str,
    title: Option<&'a str>,
    language: Option<&'static str>,
    metadata: Metadata<'a>,
    participants: &'a [String],
    summary: Option<&'a str>,
    sections: Vec<SectionV1<'a>>,
    action_items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    severity: Option<&'a str>,
    date: Option<&'a str>,
    owner: Option<&'a str>,
    status: Option<&'a str>,
    impact: Option<&'a str>,
    duration: Option<&'a str>,
}

#[derive(Serialize)]
struct SectionV1<'a> {
    heading: &'a str,
    role: &'static str,
    line: usize,
    end_line: usize,
}

#[derive(Serialize)]
struct Item<'a> {
    text: &'a str,
    line: usize,
    end_line: usize,
    state: &'static str,
    owners: Vec<String>,
    due: Option<String>,
    priority: Option<&'a str>,
    category: Option<&'static str>,
    area: Option<&'a str>,
    group: Option<&'a str>,
    references: Vec<&'a str>,
}

impl<'a> Document<'a> {
    fn new(path: &'a str, read: &'a Postmortem) -> Self {
        let metadata = &read.metadata;
        Self {
            path,
            kind: match read.kind {
                Kind::Postmortem => "postmortem",
                Kind::Retrospective => "retrospective",
                Kind::NearMiss => "near-miss",
                Kind::Other => "other",
            },
            title: read.title.as_deref(),
            language: read.language,
            metadata: Metadata {
                severity: metadata.severity.as_deref(),
                date: metadata.date.as_deref(),
                owner: metadata.owner.as_deref(),
                status: metadata.status.as_deref(),
                impact: metadata.impact.as_deref(),
                duration: metadata.duration.as_deref(),
            },
            participants: &read.participants,
            summary: read.summary.as_deref(),
            sections: read.sections.iter().map(SectionV1::new).collect(),
            action_items: read.action_items.iter().map(Item::new).collect(),
        }
    }
}

impl<'a> SectionV1<'a> {
    fn new(section: &'a Section) -> Self {
        Self {
            heading: &section.heading,
            role: match section.role {
                Role::Summary => "summary",
                Role::Impact => "impact",
                Role::Timeline => "timeline",
                Role::Causes => "causes",
                Role::ActionItems => "action-items",
                Role::Participants => "participants",
                Role::Lessons => "lessons",
                Role::Detection => "detection",
                Role::Resolution => "resolution",
                Role::Other => "other",
            },
            line: section.lines.first,
            end_line: section.lines.last,
        }
    }
}

impl<'a> Item<'a> {
    fn new(item: &'a ActionItem) -> Self {
        Self {
            text: &item.text,
            line: item.lines.first,
            end_line: item.lines.last,
            state: match item.state {
                State::Open => "open",
                State::Done => "done",
                State::Declined => "declined",
            },
            owners: item.owners.iter().map(ToString::to_string).collect(),
            due: item.due.map(|day| day.to_string()),
            priority: item.priority.as_deref(),
            category: item.category.map(|category| match category {
                Category::Prevent => "prevent",
                Category::Detect => "detect",
                Category::Mitigate => "mitigate",
                Category::Process => "process",
            }),
            area: item.area.as_deref(),
            group: item.group.as_deref(),
            references: item.references.iter().map(|reference| reference.written.as_str()).collect(),
        }
    }
}
