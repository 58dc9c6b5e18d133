//! What a document says about the incident and itself apart from its items: title, kind, metadata, people, summary.

use super::fields::dates;
use super::fields::tags;
use super::front_matter::FrontMatter;
use super::headings::Announces;
use super::markdown::{Block, BlockKind, Blocks};
use super::model::{Kind, Metadata, Role};
use super::outline::{Outline, Part};
use super::prose::{self, Prose, tidy};
use super::words::{List, Lists, Word, list, may_start, words};

/// Metadata stands near the top; looking further would only find other tables.
const BLOCKS_WITH_METADATA: usize = 40;

/// The longest summary that is kept, in characters.
const LONGEST_SUMMARY: usize = 1000;

/// The title: front matter, else the first heading of the highest level that is no section of its own.
pub fn title(front: &FrontMatter<'_>, outline: &Outline) -> Option<String> {
    let given = front.entries.iter().find(|(key, _)| key.eq_ignore_ascii_case("title")).map(|&(_, value)| tidy(value));
    given.filter(|title| !title.is_empty()).or_else(|| {
        let headings = || outline.parts.iter().skip(1).filter(|part| !part.is_label && !part.heading.text.is_empty());
        let highest = headings().map(|part| part.level).min()?;
        let first = headings().next().filter(|part| part.level == highest)?;
        Some(first.heading.text.clone())
    })
}

/// What sort of document this is: told from the title, the tags of its front matter, and which sections it has.
pub fn kind(title: Option<&str>, outline: &Outline, front: &FrontMatter<'_>, opening: &[Word], has_items: bool) -> Kind {
    let written = title;
    let title = words(title.unwrap_or_default());
    let says = |name: List| list(name).find(&title).is_some();
    let tagged = |name: List| front.entries.iter().any(|(_, value)| value.len() < 80 && list(name).find(&words(value)).is_some());
    // `Create a timeline` tells how to write one; a title's own words are weighed as a title.
    let heads = |part: &Part| (part.is_label || !part.heading.verb) && Some(part.heading.text.as_str()) != written;
    let has = |role: Role| outline.parts.iter().any(|part| part.heading.role == role && heads(part));
    let incident = [Role::Timeline, Role::Causes, Role::Impact, Role::Detection, Role::Resolution]
        .into_iter()
        .filter(|&role| has(role))
        .count();
    let works = has_items || has(Role::ActionItems);
    let named = says(List::PostmortemTitles);
    let marked = |mark: &str| written.is_some_and(|written| written.contains(mark));
    let placeholder = list(List::PlaceholderTitles).find(&title);
    // `Incident title - DD/MM/YYYY`: nothing but placeholders, or the name of what will stand there in front.
    let unfilled = marked("{{")
        || placeholder.is_some_and(|found| marked("[") || found.len() == title.len() || found.start == 0 && found.len() > 1);
    if is_template(&title) || unfilled && !has_items || says(List::Guides) && incident < 2 {
        return Kind::Other;
    }
    if says(List::NearMissTitles) {
        return Kind::NearMiss;
    }
    if says(List::RetrospectiveTitles) && !named && incident < 2 {
        return Kind::Retrospective;
    }
    let troubled = says(List::IncidentWords) || tagged(List::IncidentWords);
    let called = named || tagged(List::PostmortemTitles);
    // What has no sections speaks of the incident from the start.
    let speaks = (0..opening.len()).filter(|&at| list(List::IncidentWords).prefix(&opening[at..]).is_some()).take(3).count() == 3;
    let sectioned = outline.parts.iter().any(|part| !part.is_label && part.level > 0 && heads(part));
    if !sectioned && speaks && !called {
        return Kind::Postmortem;
    }
    if incident == 0 && !speaks && !called && !troubled {
        return Kind::Other;
    }
    let evidence = incident + usize::from(works) + usize::from(has(Role::Lessons)) + usize::from(speaks);
    let enough = if called || troubled { 1 } else { 2 };
    if evidence >= enough || called && troubled { Kind::Postmortem } else { Kind::Other }
}

/// Whether a title names a template: `Postmortem template`, `Template for …`; not `Outage by a broken template`.
pub fn is_template(title: &[Word]) -> bool {
    let Some(found) = list(List::TemplateTitles).find(title) else { return false };
    let (before, after) = (&title[..found.start], &title[found.end..]);
    let kind = (0..before.len()).any(|at| list(List::TemplateKinds).is(&before[at..]));
    let numbered = before.iter().all(Word::is_number);
    after.is_empty() && (kind || numbered) || numbered && title.len() <= 7
}

/// Whether a note above the title tells whoever fills the document in what to do.
pub fn is_noted_as_template(text: &str, blocks: &Blocks<'_>) -> bool {
    let above = blocks.top().map(|(_, block)| block).take_while(|block| !matches!(block.kind, BlockKind::Heading { .. }));
    above.filter(|block| block.kind == BlockKind::Html && block.span.end - block.span.start < 2000).any(|block| {
        let note = text.get(block.span.range()).unwrap_or_default();
        list(List::TemplateNotes).find(&words(note)).is_some()
    })
}

/// The facts of the incident.
pub fn metadata(front: &FrontMatter<'_>, blocks: &Blocks<'_>, outline: &Outline, day_first: bool) -> Metadata {
    let mut found = Metadata::default();
    for (key, value) in &front.entries {
        take(&mut found, &words(key), value, day_first);
    }
    // What stands among the action items is about them.
    let items = outline
        .parts
        .iter()
        .find(|part| part.heading.announces == Announces::ActionItems)
        .map_or(outline.top.len(), |part| part.body.start);
    let mut heading: Option<Prose> = None;
    for (index, block) in blocks.top().take(BLOCKS_WITH_METADATA.min(items)) {
        let above = heading.take();
        match block.kind {
            BlockKind::Heading { .. } if may_hold(block, FACT_LISTS) => {
                let prose = Prose::new(&block.inlines);
                key_values(&prose, &mut found, day_first);
                heading = Some(prose).filter(|prose| is_label(prose.words()));
            }
            BlockKind::Heading { .. } => {}
            BlockKind::Paragraph if above.is_none() && !(may_hold(block, FACT_LISTS) && has_colon(block)) => {}
            BlockKind::Paragraph => {
                let prose = Prose::new(&block.inlines);
                // `## Date` with the date as the only line below it.
                if let Some(above) =
                    above.filter(|above| above.words().len() <= 4 && prose.text.len() < 200 && prose.words().len() <= 12)
                {
                    take(&mut found, above.words(), &prose.text, day_first);
                }
                key_values(&prose, &mut found, day_first);
            }
            BlockKind::List { .. } | BlockKind::Quote => {
                for paragraph in blocks
                    .descendants(index)
                    .iter()
                    .take(60)
                    .filter(|block| block.kind == BlockKind::Paragraph && may_hold(block, FACT_LISTS) && has_colon(block))
                {
                    key_values(&Prose::new(&paragraph.inlines), &mut found, day_first);
                }
            }
            BlockKind::Table => rows(blocks, index, &mut found, day_first),
            _ => {}
        }
    }
    found
}

/// `| Severity | SEV-2 |` rows read in pairs of cells, or one row of facts under a head of labels.
fn rows(blocks: &Blocks<'_>, table: usize, found: &mut Metadata, day_first: bool) {
    let rows: Vec<Vec<&Block<'_>>> =
        blocks.children(table).take(30).map(|(row, _)| blocks.children(row).map(|(_, cell)| cell).collect()).collect();
    if let [head, facts] = rows.as_slice()
        && head.len() > 2
    {
        let keys: Vec<Prose> = head.iter().map(|cell| Prose::new(&cell.inlines)).collect();
        if keys.iter().filter(|key| is_label(key.words())).count() * 2 > keys.len() {
            for (key, value) in keys.iter().zip(facts) {
                take(found, key.words(), &Prose::new(&value.inlines).text, day_first);
            }
            return;
        }
    }
    for cells in rows.iter().filter(|cells| cells.len() == 2 || cells.len() == 4) {
        for pair in cells.chunks_exact(2).filter(|pair| prose::may_start(&pair[0].inlines, FACT_LISTS)) {
            let (key, value) = (Prose::new(&pair[0].inlines), Prose::new(&pair[1].inlines));
            if !is_label(value.words()) && !list(List::Reference).is(value.words()) {
                take(found, key.words(), &value.text, day_first);
            }
        }
    }
}

/// The labels of facts.
const FACTS: [List; 6] = [List::Severity, List::Date, List::Author, List::Status, List::Impact, List::Duration];
const FACT_LISTS: Lists = Lists::of(&FACTS);

fn is_label(key: &[Word]) -> bool {
    FACTS.iter().any(|&name| list(name).is(key))
}

/// `Severity: SEV-2` lines.
fn key_values(prose: &Prose, found: &mut Metadata, day_first: bool) {
    for line in prose.text.lines().take(20) {
        let several = line.contains('|') && line.bytes().filter(|&byte| byte == b':').nth(1).is_some();
        let mut rest = Some(line);
        while let Some(part) = rest {
            let (part, next) = match part.split_once('|').filter(|_| several) {
                Some((part, next)) => (part, Some(next)),
                None => (part, None),
            };
            rest = next;
            let Some((key, value)) = Some(part).filter(|part| may_start(part, FACT_LISTS)).and_then(key_value) else { continue };
            let key = words(key);
            if key.len() <= 5 {
                take(found, &key, value, day_first);
            }
        }
    }
}

/// The two sides of the first colon, when the first one is short enough to be a label.
fn key_value(text: &str) -> Option<(&str, &str)> {
    const LONGEST: usize = 80;
    let head = &text.as_bytes()[..text.len().min(LONGEST)];
    match head.iter().position(|&byte| byte == b':' || byte == 0xEF)? {
        at if head[at] == b':' => Some((&text[..at], &text[at + 1..])),
        _ => text.split_once([':', '：']).filter(|(key, _)| key.len() <= LONGEST),
    }
}

fn take(found: &mut Metadata, key: &[Word], value: &str, day_first: bool) {
    let Some(fact) = FACTS.into_iter().find(|&fact| list(fact).is(key)) else { return };
    let value = tidy(value.lines().next().unwrap_or_default());
    let bracketed = value.starts_with(['[', '<', '{']) || value.contains("{{");
    if value.is_empty() || value.chars().count() > 200 || bracketed || tags::is_nobody(&value) {
        return;
    }
    let (place, value) = match fact {
        List::Severity => (&mut found.severity, value),
        List::Author => (&mut found.owner, value),
        List::Status => (&mut found.status, value),
        List::Impact => (&mut found.impact, value),
        List::Duration => (&mut found.duration, value),
        _ => match dates::absolute(&value, day_first) {
            Some(day) => (&mut found.date, day.to_string()),
            None if value.contains(|c: char| c.is_ascii_digit()) => (&mut found.date, value),
            None => return,
        },
    };
    place.get_or_insert(value);
}

/// People listed where participants are: entries, the first column of tables, lines, `Attendees: a, b`.
pub fn participants(front: &FrontMatter<'_>, blocks: &Blocks<'_>, outline: &Outline) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        let name = tidy(name.split([':', '(', '<', '（']).next().unwrap_or(name));
        let all = words(&name);
        let named = (1..=5).contains(&all.len())
            && name.chars().count() <= 60
            && !tags::is_nobody(&name)
            && !list(List::Placeholders).is(&all);
        if named && name.contains(char::is_alphabetic) && found.len() < 100 && !found.contains(&name) {
            found.push(name);
        }
    };
    for (key, value) in &front.entries {
        if list(List::Participants).is(&words(key)) {
            value.split(',').for_each(&mut add);
        }
    }
    let labels = Lists::of(&[List::Participants]);
    let short = |block: &Block<'_>| {
        let short = block.kind == BlockKind::Paragraph && block.span.end - block.span.start < 600;
        short && may_hold(block, labels) && has_colon(block)
    };
    for (_, block) in blocks.top().take(BLOCKS_WITH_METADATA).filter(|(_, block)| short(block)) {
        for line in Prose::new(&block.inlines).text.lines() {
            if let Some((key, value)) =
                line.split_once([':', '：']).filter(|(key, _)| key.len() < 60 && list(List::Participants).is(&words(key)))
            {
                let _ = key;
                value.split([',', ';', '、']).for_each(&mut add);
            }
        }
    }
    for part in outline.parts.iter().filter(|part| part.heading.role == Role::Participants && part.heading.plain) {
        // A label's own paragraph was read as a line above; what follows it belongs to it only when it lists.
        let body = outline.top.get(part.body.clone()).unwrap_or_default();
        let label = part.is_label
            && body.first().and_then(|&index| blocks.get(index)).is_some_and(|block| block.span.start == part.span.start);
        for &index in body.iter().skip(usize::from(label)).take(if part.is_label { 1 } else { usize::MAX }) {
            let Some(block) = blocks.get(index) else { continue };
            match block.kind {
                BlockKind::Paragraph if label => break,
                BlockKind::List { .. } => {
                    for paragraph in blocks.descendants(index).iter().take(200).filter(|block| block.kind == BlockKind::Paragraph)
                    {
                        add(&text_of(paragraph));
                    }
                }
                BlockKind::Table => {
                    for (row, _) in blocks.children(index).skip(1).take(100) {
                        if let Some((_, cell)) = blocks.children(row).next() {
                            add(&text_of(cell));
                        }
                    }
                }
                BlockKind::Paragraph => text_of(block).split([',', '\n', ';', '、']).for_each(&mut add),
                _ => {}
            }
        }
    }
    found
}

/// Whether a line of a block may start with one of `labels`.
fn may_hold(block: &Block<'_>, labels: Lists) -> bool {
    prose::may_start_line(&block.inlines, labels)
}

/// Whether a paragraph could hold `key: value`.
fn has_colon(block: &Block<'_>) -> bool {
    block
        .inlines
        .iter()
        .any(|inline| inline.text.as_bytes().contains(&b':') || !inline.text.is_ascii() && inline.text.contains('：'))
}

fn text_of(block: &Block<'_>) -> String {
    Prose::new(&block.inlines).text
}

/// The first paragraph of the summary.
pub fn summary(blocks: &Blocks<'_>, outline: &Outline) -> Option<String> {
    let part =
        outline.parts.iter().find(|part| part.heading.role == Role::Summary && part.heading.announces == Announces::Nothing)?;
    let index = outline
        .top
        .get(part.body.clone())?
        .iter()
        .find(|&&index| blocks.get(index).is_some_and(|block| block.kind == BlockKind::Paragraph))?;
    let prose = Prose::new(&blocks.get(*index)?.inlines);
    let label = if part.is_label { prose.bold_lead().map_or(0, |lead| lead.end) } else { 0 };
    let text = tidy(&prose.text[label..]);
    let end = text.char_indices().nth(LONGEST_SUMMARY).map_or(text.len(), |(at, _)| at);
    (!text.is_empty() && !text.starts_with('[')).then(|| text[..end].to_owned())
}
