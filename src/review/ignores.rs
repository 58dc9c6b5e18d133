//! `<!-- followthrough-ignore: rule reason -->`: what the document itself asks not to be told (S-047).
//!
//! A comment counts for the block it stands in, else for the block after it, and right under a heading for the heading too.
//! One that does nothing is reported, so that none outlives its cause.

use super::{Family, Finding, Findings, Levels, Names, Policy, Rule, Subject, policy, rule, subject};
use crate::{
    postmortem::{
        markdown::{BlockKind, Blocks, InlineKind},
        parse::Reading,
    },
    settings::Level,
    text::Span,
};

/// The rule that reports ignores; its findings are made here, when all other rules have spoken.
pub static RULE: Rule = Rule {
    name: "unused-ignore",
    family: Family::Review,
    summary: "A comment that ignores a rule does nothing",
    practices: &["S-047"],
    levels: Levels::always(Level::Warning),
    names: Names::Whatever,
    words: &[],
    page: include_str!("rules/unused-ignore.md"),
    check: |_, _| {},
};

const WORD: &str = "followthrough-ignore";

/// How many ignores of one document count. Every finding is held against each of them.
const MOST: usize = 1000;

struct Ignore<'d> {
    /// The comment.
    span: Span,
    rule: &'d str,
    has_reason: bool,
    /// Where findings are silenced.
    covers: [Span; 2],
    used: bool,
}

/// Takes out of `found` what the document ignores, and adds what is wrong with the ignores. Gives how many it took out.
pub fn apply(reading: &Reading<'_>, subject: &Subject<'_>, policy: &Policy, found: &mut Vec<Finding>) -> usize {
    if !reading.text.contains(WORD) {
        return 0;
    }
    let before = found.len();
    let mut ignores = ignores(reading, subject);
    ignores.truncate(MOST);
    found.retain(|finding| {
        let silences = |ignore: &&mut Ignore<'_>| {
            let covered = finding.whole_document || ignore.covers.iter().any(|span| touches(*span, finding.span));
            ignore.rule == finding.rule && ignore.has_reason && covered
        };
        match ignores.iter_mut().find(silences) {
            Some(ignore) => {
                ignore.used = true;
                false
            }
            None => true,
        }
    });
    let ignored = before - found.len();
    let Some(level) = policy.level(RULE.name) else { return ignored };
    let mut findings = Findings::new(RULE.name, level);
    ignores.iter().filter(|ignore| !ignore.used).for_each(|ignore| report(ignore, policy, &mut findings));
    found.append(&mut findings.found);
    ignored
}

fn report(ignore: &Ignore<'_>, policy: &Policy, findings: &mut Findings) {
    let name = ignore.rule;
    if name.is_empty() {
        findings
            .report(ignore.span, "This comment does not say which rule it ignores.")
            .help("Write `<!-- followthrough-ignore: rule reason -->`.");
    } else if rule(name).is_none() {
        findings.report(ignore.span, format!("There is no rule `{name}` to ignore.")).help(policy::meant(name));
    } else if !ignore.has_reason {
        findings
            .report(ignore.span, format!("`{name}` is not ignored here, because the comment gives no reason."))
            .help("Say in a few words why the wording stays; whoever reads the document next will want to know.");
    } else if policy.level(name).is_some() {
        findings
            .report(ignore.span, format!("`{name}` finds nothing here, so there is nothing to ignore."))
            .help("The comment can go.");
    }
}

fn touches(covered: Span, found: Span) -> bool {
    found.start < covered.end.max(covered.start + 1) && covered.start < found.end.max(found.start + 1)
}

/// The comments of the document, in blocks of their own and in text.
fn ignores<'d>(reading: &'d Reading<'_>, subject: &Subject<'_>) -> Vec<Ignore<'d>> {
    let (text, blocks) = (reading.text, &reading.blocks);
    let mut found = Vec::new();
    let mut around: Vec<(usize, Span, bool)> = Vec::new();
    let mut at = 0;
    while let Some(block) = blocks.get(at) {
        while around.pop_if(|&mut (end, ..)| end <= at).is_some() {}
        match block.kind {
            BlockKind::Html => {
                for (span, inside) in comments(text, block.span) {
                    found.push(read(span, inside, covered(blocks, at, around.last())));
                }
            }
            BlockKind::Heading { .. } | BlockKind::Paragraph | BlockKind::Cell => {
                let html = block.inlines.iter().filter(|inline| inline.kind == InlineKind::Html);
                for (span, inside) in html.flat_map(|inline| comments(text, inline.span)) {
                    let passage = subject.passages_in(block.span).first();
                    let whole = passage.map_or(block.span, |passage| passage.whole);
                    found.push(read(span, inside, [whole, block.span]));
                }
            }
            kind => {
                let is_entry = matches!(kind, BlockKind::Entry { .. });
                around.push((blocks.end(at), block.span, is_entry));
            }
        }
        at += 1;
    }
    found
}

/// What a comment in a block of its own is about.
fn covered(blocks: &Blocks<'_>, at: usize, around: Option<&(usize, Span, bool)>) -> [Span; 2] {
    let this = blocks.get(at).map_or(Span::new(0, 0), |block| block.span);
    let before = at.checked_sub(1).and_then(|before| blocks.get(before));
    if let Some(&(_, entry, true)) = around {
        // Within a list entry it is about that entry.
        return [entry, entry];
    }
    // Further comments may stand between it and the block.
    let next = (at + 1..).map_while(|next| blocks.get(next)).find(|block| block.kind != BlockKind::Html);
    let heading = before.filter(|block| matches!(block.kind, BlockKind::Heading { .. }));
    [next.map_or(this, |block| block.span), heading.map_or(this, |block| block.span)]
}

/// The ignores in `span`, each with the comment's bytes and what stands behind the word.
fn comments(text: &str, span: Span) -> impl Iterator<Item = (Span, &str)> {
    let all = subject::comments(text, span).into_iter();
    all.filter_map(|(span, inside)| Some((span, inside.trim().strip_prefix(WORD)?)))
}

fn read(span: Span, said: &str, covers: [Span; 2]) -> Ignore<'_> {
    let said = said.trim_start_matches([':', ' ']).trim();
    let (rule, reason) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
    let has_reason = reason.chars().any(char::is_alphanumeric);
    Ignore { span, rule: rule.trim_end_matches([':', ',']), has_reason, covers, used: false }
}
