//! Edits as promises: nothing but the link and the tick changes, in documents of every shape.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::*;
use crate::{ids::IssueNumber, postmortem::model::State};

fn home() -> RepositoryName {
    RepositoryName::new("acme", "app")
}

fn link(number: u64) -> Link {
    link_in(home(), number)
}

fn link_in(repository: RepositoryName, number: u64) -> Link {
    let url = format!("https://github.com/{repository}/issues/{number}");
    Link { issue: IssueRef::new(repository, IssueNumber(number)), url }
}

fn read(text: &str) -> Postmortem {
    parse(text.as_bytes(), &ReadOptions::default()).unwrap()
}

fn write(text: &str, wishes: &[Wish]) -> WriteBack {
    let (repository, options) = (home(), ReadOptions::default());
    write_back(text, &read(text), Place { repository: &repository, host: "github.com", options: &options }, wishes)
}

/// The text after giving its first item the link to `acme/app#7`, with the link shown as `<7>`.
fn linked(text: &str) -> String {
    let back = write(text, &[Wish { item: 0, link: Some(link(7)), ticked: None }]);
    assert_eq!(back.refused, [0; 0], "in {text:?}");
    edited(text, &back.edits).unwrap().replace("[#7](https://github.com/acme/app/issues/7)", "<7>")
}

fn announced(text: &str) -> String {
    linked(&format!("## Action items\n\n{text}")).strip_prefix("## Action items\n\n").unwrap().to_owned()
}

#[test]
fn every_edit_says_what_it_is_for() {
    let text = "## Action items\n\n- [ ] Add an alert\n- [ ] Write it down\n";
    let wish = |item, ticked| Wish { item, link: Some(link(7 + item as u64)), ticked };
    let back = write(text, &[wish(1, None), wish(0, Some(true))]);
    let tick = Wish { item: 0, link: None, ticked: Some(true) };
    assert_eq!(back.made, [tick, wish(0, None), wish(1, None)]);
    assert_eq!(back.edits.iter().map(|edit| edit.text.len() > 1).collect::<Vec<_>>(), [false, true, true]);
}

#[test]
fn a_link_stands_behind_the_text() {
    for (before, after) in [
        ("- Add an alert\n", "- Add an alert (<7>)\n"),
        ("- Add an alert", "- Add an alert (<7>)"),
        ("- Add an alert  \r\n", "- Add an alert (<7>)  \r\n"),
        ("- Add an alert\t\n", "- Add an alert (<7>)\t\n"),
        ("- Add an alert\\\n", "- Add an alert\\ (<7>)\n"),
        ("* [ ] Add **an alert**\n", "* [ ] Add **an alert** (<7>)\n"),
        ("- **_Add an alert_**\n", "- **_Add an alert_** (<7>)\n"),
        ("- ~~Add an alert~~\n", "- ~~Add an alert~~ (<7>)\n"),
        ("- Run `make alert`\n", "- Run `make alert` (<7>)\n"),
        ("- Add [an alert](https://example.com/a)\n", "- Add [an alert](https://example.com/a) (<7>)\n"),
        ("- Add an alert <https://example.com/a>\n", "- Add an alert <https://example.com/a> (<7>)\n"),
        ("- Add an alert https://example.com/a\n", "- Add an alert https://example.com/a (<7>)\n"),
        ("- Add an alert <!-- soon -->\n", "- Add an alert <!-- soon --> (<7>)\n"),
        ("- Add an alert &amp; a dashboard &copy;\n", "- Add an alert &amp; a dashboard &copy; (<7>)\n"),
        ("- Add an alert\n  on the queue\n\n  It shall page.\n", "- Add an alert\n  on the queue (<7>)\n\n  It shall page.\n"),
        ("- Add an alert  \n  on the queue\n", "- Add an alert  \n  on the queue (<7>)\n"),
        ("- Add an alert on **the queue**\n  - it pages\n", "- Add an alert on **the queue** (<7>)\n  - it pages\n"),
        ("- Add an alert (@ada, 2027-03-01)\n", "- Add an alert (@ada, 2027-03-01) (<7>)\n"),
        ("- Add an alert -> Ada, 2027-03-01\n", "- Add an alert -> Ada, 2027-03-01 (<7>)\n"),
        ("- Add an alert. Owner: Ada. Due: 2027-03-01\n", "- Add an alert. Owner: Ada. Due: 2027-03-01 (<7>)\n"),
        ("- Add an alert - done\n", "- Add an alert - done (<7>)\n"),
        ("- Short term:\n  - Add an alert\n", "- Short term:\n  - Add an alert (<7>)\n"),
        ("1. アラートを追加する\n", "1. アラートを追加する (<7>)\n"),
        ("### 1. Add an alert ###\n\nOwner: Ada\n", "### 1. Add an alert (<7>) ###\n\nOwner: Ada\n"),
        ("### 1. Add `an alert` ###  \n\nOwner: Ada\n", "### 1. Add `an alert` (<7>) ###  \n\nOwner: Ada\n"),
        ("• Add an alert\n• Add a test\n", "• Add an alert (<7>)\n• Add a test\n"),
        ("Add **an alert**\\\nAdd a test\n", "Add **an alert** (<7>)\\\nAdd a test\n"),
    ] {
        assert_eq!(announced(before), after);
    }
    assert_eq!(
        linked("\u{feff}# Outage\n\nAction items\n------\n\nAdd an alert\n===\n\n**Action item:** Add *a test*\n"),
        "\u{feff}# Outage\n\nAction items\n------\n\nAdd an alert\n===\n\n**Action item:** Add *a test* (<7>)\n"
    );
    assert_eq!(
        linked("Action items\n===\n\nAdd an alert\n---\n\nOwner: Ada\n"),
        "Action items\n===\n\nAdd an alert (<7>)\n---\n\nOwner: Ada\n"
    );
}

#[test]
fn a_link_in_a_table_stands_in_the_ticket_column_or_in_the_cell() {
    let head = "| Action | Owner | Ticket |\n|---|---|---|\n";
    for (before, after) in [
        ("| Add an alert | Ada | |\n", "| Add an alert | Ada | <7> |\n"),
        ("| Add an alert | Ada |  |\r\n", "| Add an alert | Ada | <7> |\r\n"),
        ("| Add an alert | Ada || \n", "| Add an alert | Ada | <7> | \n"),
        ("|Add an alert|Ada|-|\n", "|Add an alert|Ada| <7> |\n"),
        ("| Add an alert | Ada | TBD |\n", "| Add an alert | Ada | <7> |\n"),
        ("| Add an alert | Ada | TBD\n", "| Add an alert | Ada | <7>\n"),
        ("| Add an alert | Ada | n/a |\n", "| Add an alert | Ada | <7> |\n"),
        ("| Add an alert | Ada | OPS-1 |\n", "| Add an alert (<7>) | Ada | OPS-1 |\n"),
        ("| Add an alert | Ada | https://example.com/1 |\n", "| Add an alert (<7>) | Ada | https://example.com/1 |\n"),
        ("| Add an alert | Ada |\n", "| Add an alert (<7>) | Ada |\n"),
        ("| Add a \\| b `c \\| d` | Ada |\n", "| Add a \\| b `c \\| d` (<7>) | Ada |\n"),
        ("| Add **an alert**   | Ada | ok |\n", "| Add **an alert** (<7>)   | Ada | ok |\n"),
        ("Add an alert|Ada|\n", "Add an alert (<7>)|Ada|\n"),
    ] {
        let page = format!("## Action items\n\n{head}{before}");
        assert_eq!(linked(&page).strip_prefix(&format!("## Action items\n\n{head}")), Some(after));
    }
    let page = "## Action items\n\n| Action | Owner |\n| Add **an alert** | Ada |\n| Add a test | Ada |\n";
    assert_eq!(linked(page), page.replace("**an alert**", "**an alert** (<7>)"), "a table without its second line");
}

#[test]
fn who_refers_to_the_issue_already_is_left_alone() {
    for text in [
        "- Add an alert #7",
        "- Add an alert (acme/app#7)",
        "- Add an alert ([#7](https://github.com/acme/app/issues/7))",
        "- Add an alert https://github.com/Acme/App/issues/7",
        "- Add an alert [see](https://github.com/acme/app/issues/7#issuecomment-1)",
        "- Add an alert GH-7",
        "- Add an alert\n  - Ticket: #7",
    ] {
        let text = format!("## Action items\n\n{text}\n");
        assert_eq!(write(&text, &[Wish { item: 0, link: Some(link(7)), ticked: None }]), WriteBack::default(), "{text}");
    }
}

#[test]
fn references_are_short_at_home_and_whole_elsewhere() {
    let text = "## Action items\n\n- Add an alert (#3)\n- Add a test\n";
    let mut plain = link(8);
    plain.url = "https://example.com/a b".to_owned();
    let wishes = [
        Wish { item: 0, link: Some(link_in(RepositoryName::new("acme", "db"), 7)), ticked: None },
        Wish { item: 1, link: Some(plain), ticked: None },
    ];
    let after = edited(text, &write(text, &wishes).edits).unwrap();
    assert_eq!(
        after,
        "## Action items\n\n- Add an alert (#3) ([acme/db#7](https://github.com/acme/db/issues/7))\n- Add a test (#8)\n"
    );
    let written: Vec<_> = read(&after).action_items[0].references.iter().map(|reference| reference.written.clone()).collect();
    assert_eq!(written, ["#3", "https://github.com/acme/db/issues/7"]);
}

#[test]
fn boxes_are_ticked_and_unticked_where_they_are() {
    let text =
        "## Action items\r\n\r\n* [ ] Add an alert\r\n* [X] Add a test\r\n* [x] Add a page (done)\r\n* Add a dashboard\r\n";
    let wish = |item, ticked| Wish { item, link: None, ticked: Some(ticked) };
    let back = write(text, &[wish(0, true), wish(1, false), wish(2, true), wish(3, true), wish(9, true)]);
    assert_eq!(
        edited(text, &back.edits).unwrap(),
        "## Action items\r\n\r\n* [x] Add an alert\r\n* [ ] Add a test\r\n* [x] Add a page (done)\r\n* Add a dashboard\r\n"
    );
    assert_eq!(back.edits.len(), 2);
}

#[test]
fn a_link_that_would_change_the_reading_is_not_made() {
    // Its text is longer than what fields are read from, so the link would not be seen again.
    let text = format!("## Action items\n\n- Add an alert {}\n- Add a test\n", "and a test ".repeat(1000));
    let wish = |item| Wish { item, link: Some(link(7 + item as u64)), ticked: None };
    let back = write(&text, &[wish(0), wish(1)]);
    assert_eq!((back.refused.as_slice(), back.edits.len()), ([0].as_slice(), 1));
}

/// Checks the laws for `text` with a wish for every item; gives the number of refused ones.
fn check(text: &str, ticks: bool) -> Result<usize, TestCaseError> {
    let before = read(text);
    let wish = |(item, read): (usize, &ActionItem)| Wish {
        item,
        link: (item % 4 != 3).then(|| {
            if item % 4 == 2 { link_in(RepositoryName::new("acme", "db"), 9000 + item as u64) } else { link(9000 + item as u64) }
        }),
        ticked: ticks.then_some(read.state != State::Done),
    };
    let wishes: Vec<Wish> = before.action_items.iter().enumerate().map(wish).collect();
    let back = write(text, &wishes);
    let after_text = edited(text, &back.edits).unwrap();
    let after = read(&after_text);

    let frame = |of: &Postmortem| (of.kind, of.title.clone(), of.summary.clone(), of.metadata.clone(), of.participants.clone());
    let outline =
        |of: &Postmortem| of.sections.iter().map(|section| (section.role, section.level, section.lines)).collect::<Vec<_>>();
    prop_assert_eq!((frame(&before), outline(&before)), (frame(&after), outline(&after)));
    prop_assert_eq!(before.action_items.len(), after.action_items.len());
    for (item, (old, new)) in before.action_items.iter().zip(&after.action_items).enumerate() {
        let mut kept = new.clone();
        kept.references.retain(|reference| old.references.contains(reference));
        (kept.span, kept.anchor) = (old.span, old.anchor);
        if wishes[item].ticked.is_some() && old.anchor.checkbox.is_some() {
            kept.state = old.state;
        }
        prop_assert_eq!(&kept, old, "\n{}\n---\n{}", text, after_text);
        if let Some(link) = wishes[item].link.as_ref().filter(|_| !back.refused.contains(&item)) {
            let found =
                new.references.iter().filter(|reference| reference.issue(&home(), "github.com").as_ref() == Some(&link.issue));
            prop_assert_eq!(found.count(), 1);
        }
    }

    let again = write(&after_text, &wishes);
    prop_assert!(again.edits.is_empty(), "{:?}\n{}", again.edits, after_text);

    prop_assert_eq!(text.matches('\n').count(), after_text.matches('\n').count());
    let mut rest = (text, after_text.as_str());
    let mut at = 0;
    for edit in &back.edits {
        let (kept, tail) = rest.0.split_at(edit.span.start - at);
        rest.1 = rest.1.strip_prefix(kept).unwrap().strip_prefix(edit.text.as_str()).unwrap();
        rest.0 = &tail[edit.span.end - edit.span.start..];
        at = edit.span.end;
    }
    prop_assert_eq!(rest.0, rest.1);
    Ok(back.refused.len())
}

/// Texts of items, with what may stand behind them.
fn item_text() -> impl Strategy<Value = String> {
    let start = prop::sample::select(vec![
        "Add an alert",
        "**Write the runbook**",
        "Rotate `KEYS`",
        "Move to [the pool](https://example.com/p)",
        "~~Drop it~~ now",
        "アラートを追加する",
        "Prüfen, ob der Dienst läuft",
        "Tell ops <b>today</b>",
        "Use a \\| b",
        "Ask https://example.com/x",
        "**Limits:** raise them",
        "Roll back to",
        "Retry. It helps a lot",
        "Fix &amp; test",
        "*Test* it",
        "Why not?",
    ]);
    let middle = prop::sample::select(vec![
        "",
        "",
        "",
        " for the queue",
        " of #12",
        ", then `make`",
        ". It pages us",
        " <!-- x -->",
        " ![i](i.png)",
        " [^1]",
    ]);
    let end = prop::sample::select(vec![
        "",
        "",
        "",
        "",
        ".",
        "  ",
        " (@ada)",
        " (Owner: Ada, due: 2027-03-01)",
        " | @ada | 2027-03-01",
        " - done",
        " [P1]",
        " (#12)",
        " #12",
        " OPS-7",
        " ([#3](https://github.com/acme/app/issues/3))",
        " -> Grace, 2027-03-01",
        " ✅",
        "\\",
        "!",
        ":",
        " (done)",
        " by 2027-03-01",
        " **",
        "`",
        " (",
        "[x]",
    ]);
    (start, middle, end).prop_map(|(start, middle, end)| format!("{start}{middle}{end}"))
}

fn block() -> impl Strategy<Value = String> {
    let marker = prop::sample::select(vec![
        "- ", "* ", "- [ ] ", "- [x] ", "* [X] ", "1. ", "2) [ ] ", "  - ", "  - [ ] ", "    1. ", "> - ", "• ", "+\t",
    ]);
    let below = prop::sample::select(vec![
        "",
        "",
        "",
        "  - Owner: Ada\n",
        "  more of it\n",
        "\n  A paragraph.\n",
        "  \n",
        "  | a |\n",
        "\n",
    ]);
    let cell =
        prop::sample::select(vec!["", " ", " - ", "TBD", " OPS-1 ", " #4 ", "—", " n/a ", " [t](https://example.com) ", "Ada"]);
    let head = prop::sample::select(vec![
        "| Action | Owner | Ticket |\n|-|-|-|\n",
        "Action|Issue|Status\n-|-|-\n",
        "| Task | Ticket |\n| - | :-: |\n",
    ]);
    let row = (item_text(), cell.clone(), cell, any::<bool>()).prop_map(|(text, a, b, closed)| {
        let text = text.replace(" | ", " ");
        format!("| {text} |{a}|{b}{}\n", if closed { "|" } else { "" })
    });
    prop_oneof![
        6 => (marker, item_text(), below).prop_map(|(marker, text, below)| format!("{marker}{text}\n{below}")),
        1 => (head, prop::collection::vec(row, 1..4)).prop_map(|(head, rows)| format!("\n{head}{}\n", rows.concat())),
        1 => (1..5usize, item_text(), any::<bool>()).prop_map(|(number, text, closed)| format!("\n### {number}. {text}{}\n\nOwner: Ada\n\n", if closed { " ###" } else { "" })),
        1 => item_text().prop_map(|text| format!("\n{text}\n---\n\nDue: 2027-03-01\n\n")),
        1 => item_text().prop_map(|text| format!("\n**Action item:** {text}\n\n")),
        1 => item_text().prop_map(|text| format!("\n**{text}**\n\nIt is needed.\n\n")),
        1 => prop::collection::vec(item_text(), 1..4).prop_map(|lines| format!("\n{}\n\n", lines.join("\n"))),
        1 => prop::sample::select(vec!["\n## Follow-ups\n\n", "\n**Short term:**\n\n", "\n## Lessons\n\n", "<details>\n\n", "\n```\n- no\n```\n", "\n### Team\n\n"]).prop_map(str::to_owned),
    ]
}

fn document() -> impl Strategy<Value = String> {
    let start = prop::sample::select(vec!["", "\u{feff}", "---\ntitle: x\n---\n", "# Outage\n\n## Summary\n\nIt broke.\n\n"]);
    (start, prop::collection::vec(block(), 1..8), any::<(bool, bool)>()).prop_map(|(start, blocks, (crlf, ends))| {
        let text = format!("{start}## Action items\n\n{}", blocks.concat());
        let text = if ends { text } else { text.trim_end().to_owned() };
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_change_nothing_but_what_was_asked_for(text in document(), ticks in any::<bool>()) {
        check(&text, ticks)?;
    }
}

/// The real documents, where they lie beside the project, and always those of `docs/reading.md`.
#[test]
fn every_item_of_real_documents_can_be_linked() {
    let mut texts = vec![include_str!("../../../docs/reading.md").replace("```", "")];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/docs");
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    texts.extend(files.filter_map(|file| fs::read_to_string(file.path()).ok()));
    for text in texts {
        for text in [text.replace("\r\n", "\n").replace('\n', "\r\n"), text] {
            for ticks in [false, true] {
                assert_eq!(check(&text, ticks).unwrap(), 0, "{}", text.lines().next().unwrap_or_default());
            }
        }
    }
}
