//! What an issue says: its title, the marked region of its body, and the comment on an issue that was there before.

use std::fmt::Write;

use super::{
    comment::{MOST_TITLE, shorten},
    links, neutral,
    template::{Context, ItemContext, PostmortemContext, PullRequestContext},
};
use crate::{
    ids::IssueNumber,
    plan::{AlsoAskedBy, Document, PlannedItem, due, marker},
    postmortem::model::{ActionItem, Category, Kind, Owner, State},
    settings::Settings,
};

/// GitHub's limit for bodies is 65,536 characters (GITHUB §2.2); people write below the marked region.
const MOST_BODY: usize = 60_500;
const MOST_DETAIL: usize = 20_000;
/// References and owners that are listed; the document has them all.
const MOST_LISTED: usize = 30;

/// `also` are the other postmortems that ask for it.
pub fn title(settings: &Settings, document: &Document, item: &ActionItem, also: &[AlsoAskedBy]) -> String {
    neutral::title(&settings.file.title.render_title(&context(settings, document, item, also)))
}

/// The inside of the marked region. `unassigned` are the owners whom the issue is not assigned to, `also` the other
/// postmortems that ask for it.
pub fn body(settings: &Settings, document: &Document, item: &ActionItem, unassigned: &[&Owner], also: &[AlsoAskedBy]) -> String {
    let context = || context(settings, document, item, also);
    if let Some(rendered) = settings.file.body.as_ref().and_then(|body| body.render(&context()).ok()) {
        let origins = origins(document, item, also);
        let room = MOST_BODY.saturating_sub(origins.chars().count());
        return format!("{}\n\n{origins}", shorten(&neutral::copied(&rendered), room));
    }
    let mut out = String::new();
    let _ = writeln!(out, "{}\n", neutral::markdown(&shorten(&item.text, 4_000)));
    if let Some(detail) = &item.detail {
        let _ = writeln!(out, "{}\n", neutral::block(shorten(detail, MOST_DETAIL).trim_end()));
    }
    let _ = writeln!(out, "{}\n", origins(document, item, also));
    let mut facts = Vec::new();
    if !unassigned.is_empty() {
        let names =
            unassigned.iter().take(MOST_LISTED).map(|owner| neutral::markdown(&owner.to_string())).collect::<Vec<_>>().join(", ");
        facts.push(format!("**Owner in the document:** {names}"));
    }
    if let Some(due) = due::due(item, document, settings) {
        facts.push(format!("**Due:** {}", neutral::markdown(&due.to_string())));
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

/// Everything that an item's issue is made of, but for where it stands: lines move with every edit above them, and a tick is no
/// new wording.
pub fn source(settings: &Settings, document: &Document, item: &ActionItem, also: &[AlsoAskedBy]) -> String {
    let mut context = context(settings, document, item, also);
    (context.item.line, context.item.url, context.postmortem.url) = (0, None, None);
    (context.item.state, context.postmortem.status) = (String::new(), None);
    context.postmortem.path = String::new();
    context.pull_request = PullRequestContext::default();
    if let Some(template) = &settings.file.body {
        return format!("{context:?} {}", template.source());
    }
    let references: Vec<&str> = item.references.iter().map(|reference| reference.written.as_str()).collect();
    let (item, postmortem) = (context.item, context.postmortem);
    let of_item = (item.text, item.detail, item.owners, item.due, item.priority);
    let also: Vec<&str> = also.iter().map(|other| other.title.as_str()).collect();
    format!(
        "{of_item:?} {:?} {references:?} {also:?}",
        (postmortem.title, postmortem.severity, postmortem.date, postmortem.summary)
    )
}

/// The title of the issue that is the parent of a postmortem's issues.
pub fn tracking_title(document: &Document) -> String {
    neutral::title(&format!("Postmortem: {}", document.reading.title.as_deref().unwrap_or(&document.path)))
}

/// The text of that issue.
pub fn tracking_body(document: &Document) -> String {
    let name = neutral::markdown(&shorten(document.reading.title.as_deref().unwrap_or(&document.path), MOST_TITLE));
    let place = match &document.url {
        Some(url) => format!("[{name}]({url})"),
        None => name,
    };
    let reviewed = document.pull_request.as_ref().map(|pull| format!(", reviewed in {}", pull.url)).unwrap_or_default();
    let summary = document
        .reading
        .summary
        .as_deref()
        .map(|summary| format!("\n\n> **What happened:** {}", neutral::markdown(&shorten(summary, 1_000))));
    format!(
        "The action items of the postmortem {place}{reviewed}, are the sub-issues of this one.{}",
        summary.unwrap_or_default()
    )
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

/// The pull request on which the postmortem was reviewed, as an issue that was opened for it says: `pulls` is the address
/// that a number follows.
pub fn reviewed_in(body: &str, pulls: &str) -> Option<IssueNumber> {
    let (_, rest) = marker::region(body)?.text.split_once(", reviewed in ")?;
    let number = rest.strip_prefix(pulls)?.strip_prefix('/')?;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok().map(IssueNumber)
}

/// Where the item comes from, and who else asks for it.
fn origins(document: &Document, item: &ActionItem, also: &[AlsoAskedBy]) -> String {
    let origin = origin(document, item);
    if also.is_empty() {
        return origin;
    }
    let this = link(document.reading.title.as_deref().unwrap_or(&document.path), document.url.as_deref());
    let others = also.iter().take(MOST_LISTED).map(|other| link(&other.title, other.url.as_deref()));
    let all = std::iter::once(this).chain(others).collect::<Vec<_>>().join(", ");
    format!("{origin}\n\nAsked for by {} postmortems: {all}", also.len() + 1)
}

/// A name from a document, linked where there is something to link to.
pub(super) fn link(name: &str, url: Option<&str>) -> String {
    let name = neutral::markdown(&shorten(name, MOST_TITLE));
    url.map_or(name.clone(), |url| format!("[{name}]({url})"))
}

/// The board's fields by name, as text: `Status`, then those of `board.fields`. `also` are the other postmortems that ask
/// for the item.
pub fn board_values(settings: &Settings, document: &Document, item: &ActionItem, also: &[AlsoAskedBy]) -> Vec<(String, String)> {
    let context = context(settings, document, item, also);
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

fn context(settings: &Settings, document: &Document, item: &ActionItem, also: &[AlsoAskedBy]) -> Context {
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
            due: due::due(item, document, settings).map(|due| due.date.to_string()),
            priority: item.priority.clone(),
            category: item.category.map(|category| category_name(category).to_owned()),
            area: item.area.clone(),
            group: item.group.clone(),
            state: state_name(item.state).to_owned(),
            postmortems: also.len() + 1,
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
