//! Writing back into a document: links to issues and ticks, as the smallest edits of the author's bytes.
//!
//! A link goes where the author would put it: into the waiting cell of a table's ticket column, else behind the item's own
//! text as ` ([#12](…))`, the form that the reader sets aside before it reads anything else. What an edit must not do is
//! checked, not hoped for: the edited document is read again, and an edit that would change anything but the reference
//! and the state asked for is not made. The document is never re-serialised, and words or strike-through are never written.

use super::model::{ActionItem, Postmortem, Reference};
use super::parse::{ReadOptions, parse};
use crate::{
    ids::{IssueRef, RepositoryName},
    text::{Edit, Span, edited},
};

/// How often an edited document is read again to find the edits that would change its meaning.
const READINGS: usize = 64;

/// What the document shall say about one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Index into the reading's action items.
    pub item: usize,
    pub link: Option<Link>,
    /// Only a box that is there is ticked or unticked.
    pub ticked: Option<bool>,
}

/// An issue to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub issue: IssueRef,
    /// Its page. GitHub makes no links of `#12` in files, so the reference is written as a Markdown link to it.
    pub url: String,
}

/// Where a document lives, to tell what its references point at.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub repository: &'a RepositoryName,
    /// Where GitHub's pages live: `github.com`.
    pub host: &'a str,
    pub options: &'a ReadOptions,
}

/// What to do to a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteBack {
    /// In document order; make them with [`edited`].
    pub edits: Vec<Edit>,
    /// What each of the edits is for, in the same order: a link or a tick.
    pub made: Vec<Wish>,
    /// Items whose link or tick cannot be written without changing what the document says.
    pub refused: Vec<usize>,
}

/// One edit with its purpose.
#[derive(Debug, Clone)]
struct Proposal<'w> {
    item: usize,
    edit: Edit,
    /// `None` for a tick.
    link: Option<&'w Link>,
}

/// The edits that make `source`, whose reading is `reading`, say what is wished. Of several wishes for one item the first
/// counts. A document that says all of it already gets no edits.
pub fn write_back(source: &str, reading: &Postmortem, place: Place<'_>, wishes: &[Wish]) -> WriteBack {
    let mut wished = vec![false; reading.action_items.len()];
    let mut proposals = Vec::new();
    for wish in wishes {
        let Some(item) = reading.action_items.get(wish.item) else { continue };
        if !std::mem::replace(&mut wished[wish.item], true) {
            let link = wish.link.as_ref().filter(|link| !refers(item, &link.issue, place));
            let link = link.map(|link| (link_edit(source, item, link, place), Some(link)));
            let tick = wish.ticked.and_then(|ticked| tick_edit(source, item, ticked)).map(|edit| (edit, None));
            proposals.extend(tick.into_iter().chain(link).map(|(edit, link)| Proposal { item: wish.item, edit, link }));
        }
    }
    let mut trial = Trial { source, reading, place, readings: READINGS, accepted: Vec::new(), refused: Vec::new() };
    trial.settle(&proposals);
    let Trial { mut accepted, mut refused, .. } = trial;
    accepted.sort_by_key(|proposal| proposal.edit.span);
    refused.dedup();
    let made = accepted.iter().map(Proposal::wish).collect();
    WriteBack { edits: accepted.into_iter().map(|proposal| proposal.edit).collect(), made, refused }
}

impl Proposal<'_> {
    fn wish(&self) -> Wish {
        let ticked = self.link.is_none().then(|| !self.edit.text.trim().is_empty());
        Wish { item: self.item, link: self.link.cloned(), ticked }
    }
}

/// Whether an item says that `issue` is its own.
pub fn refers(item: &ActionItem, issue: &IssueRef, place: Place<'_>) -> bool {
    item.references.iter().any(|reference| points_at(reference, issue, place))
}

fn points_at(reference: &Reference, issue: &IssueRef, place: Place<'_>) -> bool {
    reference.issue(place.repository, place.host).is_some_and(|referred| referred == *issue)
}

fn link_edit(source: &str, item: &ActionItem, link: &Link, place: Place<'_>) -> Edit {
    let short = link.issue.short(place.repository);
    let plain = link.url.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>[]|\\`\"'*~".contains(&byte));
    let shown = if plain && !link.url.is_empty() { format!("[{short}]({})", link.url) } else { short };
    let Some(cell) = item.anchor.ticket else {
        return Edit { span: Span::new(item.anchor.link, item.anchor.link), text: format!(" ({shown})") };
    };
    let touches = |byte: Option<&u8>| byte == Some(&b'|');
    let before = if touches(cell.start.checked_sub(1).and_then(|at| source.as_bytes().get(at))) { " " } else { "" };
    let after = if touches(source.as_bytes().get(cell.end)) { " " } else { "" };
    Edit { span: cell, text: format!("{before}{shown}{after}") }
}

fn tick_edit(source: &str, item: &ActionItem, ticked: bool) -> Option<Edit> {
    let span = item.anchor.checkbox?;
    let is_ticked = !source.get(span.range())?.trim().is_empty();
    (is_ticked != ticked).then(|| Edit { span, text: if ticked { "x" } else { " " }.to_owned() })
}

/// Finds the proposals that can be made together.
struct Trial<'a, 'w> {
    source: &'a str,
    reading: &'a Postmortem,
    place: Place<'a>,
    /// How many readings are left.
    readings: usize,
    accepted: Vec<Proposal<'w>>,
    refused: Vec<usize>,
}

impl<'w> Trial<'_, 'w> {
    /// Accepts all proposals, or those of each half that can be made. A document without surprises is read once.
    fn settle(&mut self, proposals: &[Proposal<'w>]) {
        if proposals.is_empty() {
            return;
        }
        let before = self.accepted.len();
        self.accepted.extend_from_slice(proposals);
        if self.readings > 0 && self.holds() {
            return;
        }
        self.accepted.truncate(before);
        match proposals.split_at(proposals.len() / 2) {
            ([], _) => self.refused.extend(proposals.iter().map(|proposal| proposal.item)),
            _ if self.readings == 0 => self.refused.extend(proposals.iter().map(|proposal| proposal.item)),
            (first, second) => {
                self.settle(first);
                self.settle(second);
            }
        }
    }

    /// Whether the document, with what is accepted, says what it said and what was asked for.
    fn holds(&mut self) -> bool {
        self.readings -= 1;
        let edits: Vec<Edit> = self.accepted.iter().map(|proposal| proposal.edit.clone()).collect();
        let read = edited(self.source, &edits).and_then(|text| parse(text.as_bytes(), self.place.options).ok());
        read.is_some_and(|read| self.same_document(&read) && self.same_items(&read.action_items))
    }

    fn same_document(&self, after: &Postmortem) -> bool {
        let before = self.reading;
        let outline =
            |of: &Postmortem| of.sections.iter().map(|section| (section.role, section.level, section.lines)).collect::<Vec<_>>();
        // A few words more may tip the guess at a language; what it decides shows in the fields.
        (before.kind, &before.title, &before.summary) == (after.kind, &after.title, &after.summary)
            && before.metadata == after.metadata
            && before.participants == after.participants
            && outline(before) == outline(after)
    }

    fn same_items(&self, after: &[ActionItem]) -> bool {
        let before = &self.reading.action_items;
        let mut links: Vec<Option<&Link>> = vec![None; before.len()];
        let mut ticks = vec![false; before.len()];
        for proposal in &self.accepted {
            match proposal.link {
                Some(link) => links[proposal.item] = Some(link),
                None => ticks[proposal.item] = true,
            }
        }
        before.len() == after.len()
            && before.iter().zip(after).zip(links.iter().zip(&ticks)).all(|((before, after), (link, &ticked))| {
                says_the_same(before, after)
                    && (ticked || before.state == after.state)
                    && self.referred(&before.references, &after.references, *link)
            })
    }

    /// Whether the references are those from before and the link.
    fn referred(&self, before: &[Reference], after: &[Reference], link: Option<&Link>) -> bool {
        let known = after.iter().filter(|reference| before.contains(reference)).count();
        let mut new = after.iter().filter(|reference| !before.contains(reference));
        known == before.len()
            && link.is_none_or(|link| new.next().is_some_and(|reference| points_at(reference, &link.issue, self.place)))
            && new.next().is_none()
    }
}

/// Whether two items differ in nothing but places, references and state.
fn says_the_same(a: &ActionItem, b: &ActionItem) -> bool {
    a.text == b.text
        && a.detail == b.detail
        && a.lines == b.lines
        && a.owners == b.owners
        && (a.due, a.category) == (b.due, b.category)
        && (&a.priority, &a.area, &a.group) == (&b.priority, &b.area, &b.group)
}

#[cfg(test)]
mod tests;
