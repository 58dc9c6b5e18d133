//! What the review found, on the pull request: grouped in the check by what to do next, as annotations on lines the pull
//! request touches, and as one line in the comment. It speaks of words, never of who wrote them (S-031, S-048).

use std::fmt::Write;

use super::{
    check,
    comment::{DocumentReport, Report, Stage, shorten},
    links, neutral,
};
use crate::{
    review::{self, Family, Finding, Rule},
    settings::Level,
    text::Lines,
};

/// Annotations of the review on one check: GitHub takes that many in one request, and nobody reads more.
const MOST_ANNOTATIONS: usize = 50;
/// Findings that one group of the summary lists.
const MOST_IN_GROUP: usize = 25;
/// Bytes of the summary that findings may take.
const ROOM: usize = 40_000;

/// What the review has to say on a pull request about one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentReview {
    /// On lines that the pull request touches, and about the document as a whole; in the order of the text.
    pub findings: Vec<Finding>,
    /// The pull request adds the document.
    pub is_new: bool,
    /// Findings that the document asks to ignore, with a reason (S-047).
    pub ignored: usize,
    /// GitHub does not tell which lines the pull request changes, so no single line is spoken of.
    pub lines_unknown: bool,
    /// What went well and deserves to be kept.
    pub celebrations: Vec<Celebration>,
}

/// Something in the document that the comment celebrates; never a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Celebration {
    pub lines: Lines,
    /// Why, as a sentence.
    pub message: String,
}

/// How many findings there are on a pull request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Warnings and errors.
    pub looks: usize,
    pub notes: usize,
    /// Errors that a team may want settled before the merge: those that the pull request brings.
    pub settling: usize,
}

impl Counts {
    pub fn of(report: &Report<'_>) -> Self {
        let mut counts = Self::default();
        for review in report.documents.iter().filter_map(|document| document.review) {
            for finding in &review.findings {
                match finding.level {
                    Level::Off | Level::Note => counts.notes += 1,
                    Level::Warning | Level::Error => counts.looks += 1,
                }
                // What an older document lacks as a whole is not this pull request's doing.
                let is_brought = review.is_new || !finding.whole_document;
                counts.settling += usize::from(finding.level == Level::Error && is_brought);
            }
        }
        counts
    }

    pub fn all(&self) -> usize {
        self.looks + self.notes
    }

    /// `3 things to look at and 1 note`.
    pub fn told(&self) -> String {
        let count = |count: usize, one: &str, several: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {several}"),
        };
        let looks = count(self.looks, "thing to look at", "things to look at");
        let notes = count(self.notes, "note", "notes");
        match (self.looks, self.notes) {
            (_, 0) => looks,
            (0, _) => notes,
            _ => format!("{looks} and {notes}"),
        }
    }
}

/// What to do next, in the order in which a facilitator would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    BeforeMerging,
    Blameless,
    ActionItems,
    Picture,
    Thought,
}

impl Group {
    const ALL: [Self; 5] = [Self::BeforeMerging, Self::Blameless, Self::ActionItems, Self::Picture, Self::Thought];

    fn of(finding: &Finding) -> Self {
        match (finding.level, review::rule(finding.rule).map(|rule| rule.family)) {
            (Level::Error, _) => Self::BeforeMerging,
            (Level::Warning, Some(Family::Blameless)) => Self::Blameless,
            (Level::Warning, Some(Family::ActionItems)) => Self::ActionItems,
            (Level::Warning, Some(Family::Structure | Family::Causes)) => Self::Picture,
            _ => Self::Thought,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::BeforeMerging => "Before merging",
            Self::Blameless => "Make it blameless",
            Self::ActionItems => "Make the action items do-able",
            Self::Picture => "Complete the picture",
            Self::Thought => "Worth a thought",
        }
    }
}

/// One short line for the comment, and what there is to celebrate.
pub(super) fn render_line(out: &mut String, report: &Report<'_>) {
    if report.stage != Stage::Open {
        return;
    }
    let counts = Counts::of(report);
    if counts.all() > 0 {
        let _ = writeln!(out, "In the text: {}, line by line in [the check]({}).\n", counts.told(), report.checks_url);
    }
    for document in &report.documents {
        render_celebrations(out, document.url, document.review.map_or(&[], |review| &review.celebrations));
    }
}

/// What went well is said where everybody reads it.
fn render_celebrations(out: &mut String, url: &str, celebrations: &[Celebration]) {
    const MOST: usize = 5;
    for celebration in celebrations.iter().take(MOST) {
        let message = neutral::block(&shorten(&celebration.message.replace('\n', " "), 300));
        let _ = writeln!(out, "🎉 [Line {}]({}): {message}\n", celebration.lines.first, links::lines(url, celebration.lines));
    }
}

/// The part of the check's summary that the review fills; nothing where nothing was reviewed.
pub(super) fn render_summary(out: &mut String, report: &Report<'_>, blocking: bool) {
    let reviews: Vec<_> = report.documents.iter().filter_map(|document| Some((document, document.review?))).collect();
    if reviews.is_empty() || report.stage != Stage::Open {
        return;
    }
    let counts = Counts::of(report);
    let _ = writeln!(out, "{}\n", opening(&counts, blocking));
    let findings: Vec<_> =
        reviews.iter().flat_map(|(document, review)| review.findings.iter().map(move |finding| (*document, finding))).collect();
    let room = out.len() + ROOM;
    for group in Group::ALL {
        let members: Vec<_> = findings.iter().copied().filter(|(_, finding)| Group::of(finding) == group).collect();
        render_group(out, group, &members, reviews.len() > 1, room);
    }
    for (document, review) in reviews.iter().filter(|(_, review)| review.lines_unknown) {
        let _ = writeln!(
            out,
            "GitHub does not tell which lines of {} change, because there are so many. {}\n",
            name(document),
            if review.findings.is_empty() {
                "`followthrough check` reviews the whole file."
            } else {
                "Only the document as a whole is spoken of."
            }
        );
    }
    match reviews.iter().map(|(_, review)| review.ignored).sum() {
        0 => {}
        1 => out.push_str("1 finding is ignored, for a reason that the document gives.\n\n"),
        ignored => {
            let _ = writeln!(out, "{ignored} findings are ignored, for reasons that the documents give.\n");
        }
    }
    if counts_on_lines(&findings) > MOST_ANNOTATIONS {
        let _ = writeln!(out, "The first {MOST_ANNOTATIONS} are shown on their lines; `followthrough check` lists them all.\n");
    }
}

fn opening(counts: &Counts, blocking: bool) -> String {
    if counts.all() == 0 {
        return "The review has nothing to add to the text.".to_owned();
    }
    let rest = match counts.settling {
        1 if blocking => "This repository asks to settle the one under “Before merging” first.".to_owned(),
        2.. if blocking => "This repository asks to settle those under “Before merging” first.".to_owned(),
        _ => "Take what helps: nothing here stands in the way of the merge.".to_owned(),
    };
    format!("**In the text: {}**, about the words, never about who wrote them. {rest}", counts.told())
}

fn render_group(out: &mut String, group: Group, members: &[(&DocumentReport<'_>, &Finding)], several: bool, room: usize) {
    if members.is_empty() {
        return;
    }
    let _ = writeln!(out, "#### {}\n", group.heading());
    let mut helped: Vec<&str> = Vec::new();
    for (index, (document, finding)) in members.iter().enumerate() {
        if index == MOST_IN_GROUP || out.len() > room {
            let _ = writeln!(out, "- …and {} more; `followthrough check` lists them all.", members.len() - index);
            break;
        }
        let place = match (finding.whole_document, several) {
            (true, _) => name(document),
            (false, true) => format!("{}, line {}", name(document), finding.place.line),
            (false, false) => format!("Line {}", finding.place.line),
        };
        let link = links::lines(document.url, finding.place.lines());
        let _ = write!(out, "- [{place}]({link}): {}", harmless(&finding.message));
        // The same advice once is enough.
        if let Some(help) = finding.help.as_deref().filter(|help| !helped.contains(help)) {
            let _ = write!(out, " {}", harmless(help));
            helped.push(help);
        }
        let _ = writeln!(out, " (`{}`)", finding.rule);
    }
    out.push('\n');
}

/// The last part of the document's path.
fn name(document: &DocumentReport<'_>) -> String {
    neutral::markdown(&shorten(document.path.rsplit('/').next().unwrap_or(document.path), 100))
}

/// Our own sentences keep their code spans; what they quote must not ping.
fn harmless(text: &str) -> String {
    neutral::block(&shorten(&text.replace('\n', " "), 400))
}

fn counts_on_lines(findings: &[(&DocumentReport<'_>, &Finding)]) -> usize {
    findings.iter().filter(|(document, finding)| is_on_line(document, finding)).count()
}

/// What is about a document as a whole has a line only where all of its lines are new.
fn is_on_line(document: &DocumentReport<'_>, finding: &Finding) -> bool {
    !finding.whole_document || document.review.is_some_and(|review| review.is_new)
}

/// On the lines: errors first, then in the order of the documents; not more than people read.
pub(super) fn annotations(report: &Report<'_>) -> Vec<check::Annotation> {
    if report.stage != Stage::Open {
        return Vec::new();
    }
    let mut found = Vec::new();
    for document in &report.documents {
        let findings = document.review.map_or(&[][..], |review| &review.findings);
        found.extend(findings.iter().filter(|finding| is_on_line(document, finding)).map(|finding| (document.path, finding)));
    }
    found.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.level));
    found.truncate(MOST_ANNOTATIONS);
    found.into_iter().map(|(path, finding)| annotation(path, finding)).collect()
}

fn annotation(path: &str, finding: &Finding) -> check::Annotation {
    let place = finding.place;
    let help = finding.help.as_deref().unwrap_or_default();
    let message = format!("{} {help}", finding.message);
    check::Annotation {
        path: path.to_owned(),
        start_line: place.line,
        end_line: place.end_line,
        columns: (place.line == place.end_line).then_some((place.column, place.end_column)),
        level: match finding.level {
            Level::Off | Level::Note => check::Level::Notice,
            Level::Warning => check::Level::Warning,
            Level::Error => check::Level::Failure,
        },
        title: shorten(&format!("{} ({})", summary(finding.rule), finding.rule), 250),
        message: neutral::plain(shorten(&message, 2_000).trim_end()),
    }
}

fn summary(rule: &str) -> &'static str {
    review::rule(rule).map_or("", |rule: &'static Rule| rule.summary)
}
