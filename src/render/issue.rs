//! What an issue says: its title, the marked region of its body, and the comment on an issue that was there before.

use std::fmt::Write;

use super::{
    comment::{MOST_TITLE, shorten},
    links, neutral,
    template::{Context, ItemContext, PostmortemContext, PullRequestContext},
};
use crate::{
    plan::{Document, PlannedItem, marker},
    postmortem::model::{ActionItem, Category, Kind, Owner, State},
    settings::Settings,
};

/// GitHub's limit for bodies is 65,536 characters (GITHUB §2.2); people write below the marked region.
const MOST_DETAIL: usize = 20_000;
/// References and owners that are listed; the document has them all.
const MOST_LISTED: usize = 30;

pub fn title(settings: &Settings, document: &Document, item: &ActionItem) -> String {
    neutral::title(&settings.file.title.render_title(&context(document, item)))
}

/// The inside of the marked region. `unassigned` are the owners whom the issue is not assigned to.
pub fn body(settings: &Settings, document: &Document, item: &ActionItem, unassigned: &[&Owner]) -> String {
    if let Some(rendered) = settings.file.body.as_ref().and_then(|body| body.render(&context(document, item)).ok()) {
        return format!("{}\n\n{}", shorten(&neutral::copied(&rendered), 60_000), origin(document, item));
    }
    let mut out = String::new();
    let _ = writeln!(out, "{}\n", neutral::markdown(&shorten(&item.text, 4_000)));
    if let Some(detail) = &item.detail {
        let _ = writeln!(out, "{}\n", neutral::block(shorten(detail, MOST_DETAIL).trim_end()));
    }
    let _ = writeln!(out, "{}\n", origin(document, item));
    let mut facts = Vec::new();
    if !unassigned.is_empty() {
        let names =
            unassigned.iter().take(MOST_LISTED).map(|owner| neutral::markdown(&owner.to_string())).collect::<Vec<_>>().join(", ");
        facts.push(format!("**Owner in the document:** {names}"));
    }
    if let Some(due) = item.due {
        facts.push(format!("**Due:** {due}"));
    }
    if let Some(priority) = &item.priority {
        facts.push(format!("**Priority:** {}", neutral::markdown(priority)));
    }
    if let Some(severity) = &document.reading.metadata.severity {
        facts.push(format!("**Severity of the incident:** {}", neutral::markdown(&shorten(severity, 200))));
    }
    if let Some(date) = &document.reading.metadata.date {
        facts.push(format!("**Incident of:** {}", neutral::markdown(&shorten(date, 100))));
    }
    let elsewhere = item
        .references
        .iter()
        .take(MOST_LISTED)
        .map(|reference| match reference.written.split_once("://") {
            Some((scheme @ ("http" | "https"), _)) if !reference.written.contains(['<', '>', ' ']) => {
                let _ = scheme;
                format!("<{}>", neutral::plain(&reference.written))
            }
            _ => neutral::markdown(&reference.written),
        })
        .collect::<Vec<_>>();
    if !elsewhere.is_empty() {
        facts.push(format!("**Mentioned with it:** {}", elsewhere.join(", ")));
    }
    for fact in facts {
        let _ = writeln!(out, "- {fact}");
    }
    if let Some(summary) = &document.reading.summary {
        let _ = writeln!(out, "\n> **What happened:** {}", neutral::markdown(&shorten(summary, 1_000)));
    }
    out.trim_end().to_owned()
}

/// The comment on an issue that people opened and a document links.
pub fn adoption_comment(document: &Document, item: &PlannedItem, read: &ActionItem) -> String {
    let marker = marker::Marker { document: document.key.clone(), item: item.key.clone() };
    let text = format!(
        "This issue is an action item of a postmortem: “{}”\n\n{}",
        neutral::markdown(&shorten(&item.text, 1_000)),
        origin(document, read)
    );
    marker::enclose(&marker, &text)
}

/// Where the item stands, linked to its lines at the commit that was read.
fn origin(document: &Document, item: &ActionItem) -> String {
    let name = neutral::markdown(&shorten(document.reading.title.as_deref().unwrap_or(&document.path), MOST_TITLE));
    let lines = item.lines;
    let place = match &document.url {
        Some(url) if lines.first == lines.last => format!("[{name}]({}), line {}", links::lines(url, lines), lines.first),
        Some(url) => format!("[{name}]({}), lines {}–{}", links::lines(url, lines), lines.first, lines.last),
        None => format!("{name}, line {}", lines.first),
    };
    match &document.pull_request {
        Some(pull_request) => format!("From the postmortem {place}, reviewed in {}.", pull_request.url),
        None => format!("From the postmortem {place}."),
    }
}

/// The board's fields by name, as text: `Status`, then those of `board.fields`.
pub fn board_values(settings: &Settings, document: &Document, item: &ActionItem) -> Vec<(String, String)> {
    let context = context(document, item);
    let mut values = Vec::new();
    if let Some(status) = &settings.board.status {
        values.push(("Status".to_owned(), status.clone()));
    }
    // A template that fails on this item sets nothing: a board field is never worth failing the issue for.
    values.extend(settings.board.fields.0.iter().map(|field| {
        (field.name.clone(), field.value.render_value(&context).map(|value| neutral::title(&value)).unwrap_or_default())
    }));
    values
}

fn context(document: &Document, item: &ActionItem) -> Context {
    let reading = &document.reading;
    let metadata = &reading.metadata;
    let owners: Vec<String> = item.owners.iter().map(ToString::to_string).collect();
    Context {
        item: ItemContext {
            text: item.text.clone(),
            detail: item.detail.clone(),
            line: item.lines.first,
            url: document.url.as_ref().map(|url| links::lines(url, item.lines)),
            owner: owners.first().cloned(),
            owners,
            due: item.due.map(|due| due.to_string()),
            priority: item.priority.clone(),
            category: item.category.map(|category| category_name(category).to_owned()),
            area: item.area.clone(),
            group: item.group.clone(),
            state: state_name(item.state).to_owned(),
        },
        postmortem: PostmortemContext {
            title: reading.title.clone(),
            path: document.path.clone(),
            url: document.url.clone(),
            severity: metadata.severity.clone(),
            date: metadata.date.clone(),
            owner: metadata.owner.clone(),
            status: metadata.status.clone(),
            impact: metadata.impact.clone(),
            duration: metadata.duration.clone(),
            summary: reading.summary.clone(),
            kind: kind_name(reading.kind).to_owned(),
        },
        repository: document.repository.to_string(),
        pull_request: document.pull_request.as_ref().map_or_else(PullRequestContext::default, |pull_request| {
            PullRequestContext {
                number: pull_request.number.0,
                url: pull_request.url.clone(),
                title: pull_request.title.clone(),
                author: pull_request.author.clone(),
            }
        }),
    }
}

fn category_name(category: Category) -> &'static str {
    match category {
        Category::Prevent => "prevent",
        Category::Detect => "detect",
        Category::Mitigate => "mitigate",
        Category::Process => "process",
    }
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Done => "done",
        State::Declined => "declined",
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Postmortem => "postmortem",
        Kind::Retrospective => "retrospective",
        Kind::NearMiss => "near-miss",
        Kind::Other => "other",
    }
}
