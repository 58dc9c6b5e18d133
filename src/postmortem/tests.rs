//! The reader as a whole: the examples of `docs/reading.md`, and what holds for any bytes.

use proptest::prelude::*;

use super::model::{ActionItem, Kind, Postmortem, Role, State, Target};
use super::parse::{NotText, ReadOptions, explain, parse};
use crate::text::LineIndex;

const READING: &str = include_str!("../../docs/reading.md");

fn read(text: &str) -> Postmortem {
    parse(text.as_bytes(), &ReadOptions::default()).unwrap()
}

/// The reading of a document as `docs/reading.md` shows it.
fn shown(text: &str) -> String {
    let (read, passed_over) = explain(text.as_bytes(), &ReadOptions::default()).unwrap();
    let items = read.action_items.iter().map(|item| (item.lines.first, item_line(item)));
    let passed = passed_over.iter().map(|passed| (passed.lines.first, format!("not read: {} ({})", passed.text, passed.reason)));
    let mut lines: Vec<(usize, String)> = items.chain(passed).collect();
    lines.sort_by_key(|&(line, _)| line);
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

fn item_line(item: &ActionItem) -> String {
    let state = match item.state {
        State::Open => "open",
        State::Done => "done",
        State::Declined => "declined",
    };
    let mut known = Vec::new();
    known.extend(item.owners.iter().map(|owner| format!("owner {owner}")));
    known.extend(item.due.map(|due| format!("due {due}")));
    known.extend(item.priority.as_ref().map(|priority| format!("priority {priority}")));
    known.extend(item.category.map(|category| format!("category {category:?}").to_lowercase()));
    known.extend(item.area.as_ref().map(|area| format!("area {area}")));
    known.extend(item.group.as_ref().map(|group| format!("group {group}")));
    known.extend(item.references.iter().map(|reference| format!("reference {}", reference.written)));
    let known = if known.is_empty() { String::new() } else { format!(" [{}]", known.join("; ")) };
    format!("{state}: {}{known}", item.text)
}

/// The pairs of an example and what is said about it: a Markdown block and the text block after it.
fn examples(page: &str) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    let mut block: Option<(usize, &str, &str, String)> = None;
    let mut example: Option<(usize, String)> = None;
    for (number, line) in page.lines().enumerate() {
        match &mut block {
            Some((start, fence, language, content)) if line == *fence => {
                match (*language, example.take()) {
                    ("markdown", _) => example = Some((*start, content.clone())),
                    ("text", Some((start, text))) => found.push((start, text, content.clone())),
                    _ => {}
                }
                block = None;
            }
            Some((_, _, _, content)) => {
                content.push_str(line);
                content.push('\n');
            }
            None if line.starts_with("```") => {
                let fence = &line[..line.len() - line.trim_start_matches('`').len()];
                block = Some((number + 1, fence, &line[fence.len()..], String::new()));
            }
            None => {}
        }
    }
    found
}

#[test]
fn documentation_shows_what_the_reader_says() {
    let examples = examples(READING);
    assert!(examples.len() >= 20, "the page lost its examples: {}", examples.len());
    for (line, text, expected) in examples {
        let said = shown(&text);
        assert_eq!(said, expected, "docs/reading.md, the example at line {line} reads\n{said}");
    }
}

#[test]
fn anchors_point_at_the_box_and_at_the_end_of_the_text() {
    let text = "\u{feff}## Action items\r\n\r\n- [ ] Add *an* alert\r\n  - detail\r\n\r\n### 2) Write it ##\r\n\r\nOwner: Ada\r\n\r\n| Action | Owner |\r\n|-|-|\r\n| Do `it` now | Ada |\r\n";
    let read = read(text);
    let anchors: Vec<(Option<&str>, &str)> = read
        .action_items
        .iter()
        .map(|item| (item.anchor.checkbox.map(|mark| &text[mark.range()]), &text[..item.anchor.link]))
        .map(|(mark, before)| (mark, before.rsplit('\n').next().unwrap()))
        .collect();
    assert_eq!(anchors[0], (Some(" "), "- [ ] Add *an* alert"));
    assert_eq!(anchors[1].1, "### 2) Write it");
    assert!(read.action_items.iter().all(|item| item.anchor.link <= text.len()));
}

#[test]
fn a_link_in_a_table_goes_inside_the_cell() {
    let text = "## Action items\n\n| Action | Owner |\n|-|-|\n| Do `it` now | Ada |\n";
    let item = &read(text).action_items[0];
    assert_eq!(&text[..item.anchor.link].rsplit('\n').next().unwrap(), &"| Do `it` now");
}

#[test]
fn what_a_title_cannot_hold_is_kept_as_detail() {
    let text = "## Action items\n\n- Write the runbook. It tells how to fail over.\n  - and back\n";
    let item = &read(text).action_items[0];
    assert_eq!(item.text, "Write the runbook.");
    assert_eq!(item.detail.as_deref(), Some("It tells how to fail over.\n\n- and back"));
    assert_eq!((item.lines.first, item.lines.last), (3, 4));
}

#[test]
fn configured_headings_announce_items() {
    let options = ReadOptions { headings: vec!["Homework!".into()] };
    let text = b"## 3. homework\n\n- Learn it\n";
    assert_eq!(parse(text, &options).unwrap().action_items.len(), 1);
    assert_eq!(parse(b"## Sandbox\n\n- Learn it\n", &options).unwrap().action_items.len(), 0);
}

#[test]
fn facts_come_from_front_matter_tables_and_lines() {
    let front = read(
        "---\ntitle: \"Search outage\"\ndate: 2026-02-03\nseverity: SEV-1\nauthors: [Ada Example]\n---\n# Other\n\n## Summary\n\nIt was *down*.\n\n## Timeline\n",
    );
    assert_eq!(front.title.as_deref(), Some("Search outage"));
    assert_eq!(front.metadata.date.as_deref(), Some("2026-02-03"));
    assert_eq!(front.metadata.severity.as_deref(), Some("SEV-1"));
    assert_eq!(front.metadata.owner.as_deref(), Some("Ada Example"));
    assert_eq!(front.summary.as_deref(), Some("It was down."));
    assert_eq!(front.kind, Kind::Postmortem);
    let table =
        read("# Outage\n\n| Severity | 2 |\n|---|---|\n| Status | Final |\n| Duration | 2 h |\n\n**Date:** 3 February 2026\n");
    assert_eq!(table.metadata.severity.as_deref(), Some("2"));
    assert_eq!(table.metadata.status.as_deref(), Some("Final"));
    assert_eq!(table.metadata.date.as_deref(), Some("2026-02-03"));
}

#[test]
fn kinds_are_told_apart() {
    assert_eq!(read("# Sprint 12 retrospective\n\n## Actions\n\n- Talk more\n").kind, Kind::Retrospective);
    assert_eq!(read("# Near miss: almost deleted the bucket\n\n## Timeline\n").kind, Kind::NearMiss);
    assert_eq!(read("# Incident report: search\n\n## Timeline\n\n## Impact\n").kind, Kind::Postmortem);
    assert_eq!(read("# How to write a postmortem\n\nBe kind.\n").kind, Kind::Other);
    assert_eq!(read("# Postmortem-Vorlage\n\n## Zeitachse\n\n## Ursache\n").kind, Kind::Other);
    let template = read("# Outage by a broken template\n\n## Impact\n\n## Action items\n\n- Test the template\n");
    assert_eq!((template.kind, template.action_items.len()), (Kind::Postmortem, 1));
    assert_eq!(read("# Release notes\n\n- Add colours\n").kind, Kind::Other);
}

#[test]
fn sections_have_roles_and_lines() {
    let read = read("# Outage\n\n## Timeline\n\n- x\n\n## Root Cause\ny\n### Detail\nz\n## Action Items\n");
    let roles: Vec<(Role, usize, usize)> =
        read.sections.iter().map(|section| (section.role, section.lines.first, section.lines.last)).collect();
    assert_eq!(
        roles,
        [(Role::Other, 1, 11), (Role::Timeline, 3, 5), (Role::Causes, 7, 10), (Role::Other, 9, 10), (Role::ActionItems, 11, 11)]
    );
}

#[test]
fn references_know_where_they_point() {
    let read = read("## Action items\n\n- Do it https://git.example.com/acme/app/pull/7 and #8 and acme/app#9\n");
    let targets: Vec<&Target> = read.action_items[0].references.iter().map(|reference| &reference.target).collect();
    let at = |repository: Option<(&str, &str)>, number, host: Option<&str>| Target::GitHub {
        repository: repository.map(|(owner, name)| (owner.to_owned(), name.to_owned())),
        number,
        host: host.map(str::to_owned),
    };
    let expected = [at(Some(("acme", "app")), 7, Some("git.example.com")), at(None, 8, None), at(Some(("acme", "app")), 9, None)];
    assert_eq!(targets, expected.iter().collect::<Vec<_>>());
}

#[test]
fn what_is_no_text_is_one_clear_error() {
    let error = |bytes: &[u8]| parse(bytes, &ReadOptions::default()).unwrap_err();
    assert_eq!(error(b"# a\n\xff"), NotText::NotUtf8 { offset: 4, line: 2 });
    assert_eq!(error(b"a\n\nb\0"), NotText::Binary { offset: 4, line: 3 });
    assert_eq!(error(&[0xFF, 0xFE, b'a', 0]), NotText::Utf16);
    assert!(matches!(error(&vec![b'a'; super::parse::MAX_BYTES + 1]), NotText::TooLarge { .. }));
    assert_eq!(read(""), Postmortem { ..read("") });
}

#[test]
fn deep_nesting_neither_overflows_nor_hangs() {
    let announced = "## Action items\n\n";
    for hostile in [">", "[", "|", "- ", "*a ", "> - ", "![", "(", "[a](", "`", "<!--", "@a ", "#1 ", "Owner: ", "a. B "] {
        let text = format!("{announced}- {}\n", hostile.repeat(200_000 / hostile.len()));
        let _ = parse(text.as_bytes(), &ReadOptions::default());
        let _ = parse(hostile.repeat(200_000 / hostile.len()).as_bytes(), &ReadOptions::default());
    }
    // Deep lists with lazy lines behind them cost Markdown libraries the product of both.
    for deep in ["- ", "> ", "1. ", "[^a]: "] {
        let text = format!("{announced}{}a\n{}", deep.repeat(100_000), "b\n".repeat(100_000));
        assert_eq!(parse(text.as_bytes(), &ReadOptions::default()), Err(NotText::TooDeep { line: 3 }));
    }
    assert_eq!(read(&format!("{announced}- Add an alert\n\n{}\n", "- ".repeat(500))).action_items.len(), 1);
    let nested: String = (0..190).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect();
    let _ = read(&format!("{announced}{nested}"));
}

/// Pieces that documents are made of, so that random ones reach the interesting code.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "## Action items\n\n",
        "## Prevention\n\n",
        "### 1. Fix it\n",
        "**Next steps:**\n\n",
        "- [ ] ",
        "- [x] ",
        "1. ",
        "  - ",
        "* ",
        "\n",
        "\n\n",
        "| Action | Owner | Due |\n|-|-|-|\n",
        "| a | @b | 2027-01-02 |\n",
        "Owner: ",
        "@ada-example",
        "@acme/team",
        "(done)",
        " - done",
        "~~",
        "**",
        "`",
        "[x](https://github.com/a/b/issues/1)",
        "#12",
        "OPS-7",
        "2027-03-01",
        "März",
        "担当: 山田、",
        "（期限：2027年3月1日）",
        "✅ ",
        ":x: ",
        "{{ a }}",
        "<br>",
        "<!--",
        "-->",
        "> ",
        "```\n",
        "\t",
        "—",
        " -- ",
        "é\u{301}",
        "\u{202E}",
        "ß",
        "İ",
        "ﬁ",
        ". B",
        "e.g. ",
        "to add ",
        "Ada and Grace",
        "by ",
        "in 3 weeks",
        "[",
        "]",
        "(",
        ")",
        "|",
        "---\n",
        "+++\n",
        "title: x\n",
        ": ",
        "why?",
        "[^1]",
        "&amp;",
        "\\",
        "🎉",
        "None",
        "TBD",
        "Date: 2026-01-01\n",
    ]);
    prop_oneof![8 => fixed.prop_map(str::to_owned), 2 => "\\PC{0,12}", 1 => "[ -~]{0,20}"]
}

fn document() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

/// What holds for the reading of any document.
fn check(text: &str) -> Result<(), TestCaseError> {
    let (read, passed_over) = explain(text.as_bytes(), &ReadOptions::default()).unwrap();
    let lines = LineIndex::new(text).line(text.len());
    for item in &read.action_items {
        prop_assert!(text.get(item.span.range()).is_some(), "span {:?} is off", item.span);
        prop_assert!(text.is_char_boundary(item.anchor.link) && item.anchor.link <= text.len());
        prop_assert!(
            item.span.start <= item.anchor.link && item.anchor.link <= item.span.end,
            "{:?} {:?}",
            item.span,
            item.anchor
        );
        prop_assert!(1 <= item.lines.first && item.lines.first <= item.lines.last && item.lines.last <= lines);
        prop_assert!(!item.text.trim().is_empty() && !item.text.contains('\n'));
        if let Some(mark) = item.anchor.checkbox {
            prop_assert!(matches!(text.get(mark.range()), Some(" " | "x" | "X" | "\t")), "{:?}", text.get(mark.range()));
        }
    }
    for section in &read.sections {
        prop_assert!(text.get(section.span.range()).is_some());
        prop_assert!(1 <= section.lines.first && section.lines.first <= section.lines.last && section.lines.last <= lines);
    }
    for passed in passed_over {
        prop_assert!(passed.lines.last <= lines);
    }
    Ok(())
}

/// What a reading says, apart from offsets.
fn said(read: &Postmortem) -> Vec<(String, usize, usize, Vec<String>)> {
    let owners = |item: &ActionItem| item.owners.iter().map(ToString::to_string).collect();
    read.action_items.iter().map(|item| (item_line(item), item.lines.first, item.lines.last, owners(item))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_a_document_whose_places_are_right(text in document()) {
        check(&text)?;
    }

    #[test]
    fn any_bytes_give_a_document_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes, &ReadOptions::default());
    }

    #[test]
    fn line_endings_and_a_byte_order_mark_change_nothing(text in document()) {
        let unix = text.replace('\r', "");
        let expected = said(&read(&unix));
        prop_assert_eq!(&said(&read(&unix.replace('\n', "\r\n"))), &expected);
        prop_assert_eq!(&said(&read(&format!("\u{feff}{unix}"))), &expected);
    }
}
