//! The table of who wins (DESIGN, “Plan, then apply”): every field, whichever side changes it, in either order, however
//! the deliveries arrive.

use std::ops::RangeInclusive;

use followthrough::demo::github::{IssueEdit, IssueState, StateReason};

use crate::{
    databases::Database,
    over_both::over_both,
    story::{ALERT, POOL, Story, ticked},
    world::World,
};

/// Who changed the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acts {
    Document,
    Person,
    DocumentThenPerson,
    PersonThenDocument,
}

/// How the deliveries of these acts come in: one after the other, each worked off before the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    InOrder,
    Reversed,
}

/// One field, and who has the last word about it. All is about the first item and its issue.
struct Row {
    field: &'static str,
    /// The item's line after the document changed; `None`: it is gone.
    document: fn() -> Option<String>,
    person: fn(&Story<'_>),
    /// The field as GitHub has it.
    read: fn(&Story<'_>) -> String,
    /// How it reads where only the document, only the person, the document and then the person, the person and then the
    /// document acted.
    ends: [&'static str; 4],
    /// What was said on the issue, how often, in the same cases.
    told: [RangeInclusive<usize>; 4],
    /// What the comment on the pull request shows, in the same cases.
    shown: [&'static [&'static str]; 4],
}

const NEVER: RangeInclusive<usize> = 0..=0;
const ONCE: RangeInclusive<usize> = 1..=1;
const AT_MOST_ONCE: RangeInclusive<usize> = 0..=1;
const QUIET: [RangeInclusive<usize>; 4] = [NEVER, NEVER, NEVER, NEVER];

fn reworded() -> Option<String> {
    Some(ALERT.replace("Alert when", "Page somebody when"))
}

fn postponed() -> Option<String> {
    Some(ALERT.replace("2026-12-01", "2026-12-24"))
}

fn done() -> Option<String> {
    Some(ticked(ALERT))
}

fn handed_over() -> Option<String> {
    Some(ALERT.replace("@ada-example", "@grace-example"))
}

fn removed() -> Option<String> {
    None
}

fn state(story: &Story<'_>) -> String {
    match story.state(0) {
        (IssueState::Open, _) => "open",
        (IssueState::Closed, Some(StateReason::NotPlanned)) => "not planned",
        (IssueState::Closed, _) => "completed",
    }
    .to_owned()
}

fn region_and_words(story: &Story<'_>) -> String {
    let body = story.issue(0).body;
    let due = if body.contains("2026-12-24") { "2026-12-24" } else { "2026-12-01" };
    let words = if body.ends_with("\n\nSeen by Grace.") { " and Grace's words" } else { "" };
    format!("{due}{words}")
}

fn region_changed_inside(story: &Story<'_>) -> String {
    let body = story.issue(0).body;
    let due = if body.contains("2026-12-24") { "2026-12-24" } else { "2026-12-01" };
    let words = if body.contains("Every second checkout, Grace counted,") { " in Grace's words" } else { "" };
    format!("{due}{words}")
}

fn labels(story: &Story<'_>) -> String {
    let mut labels = story.issue(0).labels;
    labels.sort_unstable();
    labels.join(" ")
}

fn card(story: &Story<'_>) -> String {
    let content = format!("{}#{}", story.repository.full_name(), story.issues[0]);
    let board = story.board.board();
    let card = board.items.iter().find(|item| item.content == content && !item.archived);
    card.map_or_else(|| "none".to_owned(), |card| format!("{}, {}", card.field("Status"), card.field("Due")))
}

fn move_card(story: &Story<'_>) {
    story.board.move_as("grace-example", (&story.repository, story.issues[0]), "Waiting for the vendor");
}

/// DESIGN's table, row by row.
fn table() -> Vec<Row> {
    vec![
        Row {
            field: "title",
            document: reworded,
            person: |story| {
                let edit = IssueEdit { title: Some("Alerting on checkouts".to_owned()), body: None };
                story.repository.edit_issue_as("grace-example", story.issues[0], edit);
            },
            read: |story| story.issue(0).title,
            ends: [
                "Page somebody when fewer than 98 % of checkouts succeed",
                "Alerting on checkouts",
                "Alerting on checkouts",
                "Alerting on checkouts",
            ],
            told: QUIET,
            shown: [
                &["Page somebody when"],
                &["Alert when", "Alerting on checkouts"],
                &["Page somebody when", "Alerting on checkouts"],
                &["Page somebody when", "Alerting on checkouts"],
            ],
        },
        Row {
            field: "body",
            document: postponed,
            person: |story| {
                let body = Some(format!("{}\n\nSeen by Grace.", story.issue(0).body));
                story.repository.edit_issue_as("grace-example", story.issues[0], IssueEdit { title: None, body });
            },
            read: region_and_words,
            ends: ["2026-12-24", "2026-12-01 and Grace's words", "2026-12-24 and Grace's words", "2026-12-24 and Grace's words"],
            told: QUIET,
            shown: [&["2026-12-24"], &[], &["2026-12-24"], &["2026-12-24"]],
        },
        Row {
            field: "body, the person inside the marked region",
            document: postponed,
            person: |story| {
                let body = story.issue(0).body.replace("Every fourth checkout", "Every second checkout, Grace counted,");
                let edit = IssueEdit { title: None, body: Some(body) };
                story.repository.edit_issue_as("grace-example", story.issues[0], edit);
            },
            read: region_changed_inside,
            ends: ["2026-12-24", "2026-12-01 in Grace's words", "2026-12-01 in Grace's words", "2026-12-01 in Grace's words"],
            told: QUIET,
            shown: [&["2026-12-24"], &[], &["changed on GitHub"], &["changed on GitHub"]],
        },
        Row {
            field: "open/closed, both closing",
            document: done,
            person: |story| {
                story.repository.close_issue_because("grace-example", story.issues[0], StateReason::NotPlanned);
            },
            read: state,
            ends: ["completed", "not planned", "not planned", "not planned"],
            told: [ONCE, NEVER, AT_MOST_ONCE, AT_MOST_ONCE],
            shown: [&["· done"], &["· not planned"], &["· not planned"], &["· not planned"]],
        },
        Row {
            field: "open/closed, the person last opening",
            document: done,
            person: |story| {
                story.repository.close_issue_as("grace-example", story.issues[0]);
                story.repository.reopen_issue_as("grace-example", story.issues[0]);
            },
            read: state,
            ends: ["completed", "open", "open", "completed"],
            told: [ONCE, NEVER, AT_MOST_ONCE, ONCE],
            shown: [&["· done"], &[], &[], &["· done"]],
        },
        Row {
            field: "assignee",
            document: handed_over,
            person: |story| story.repository.assign_issue_as("ada-example", story.issues[0], &[]),
            read: |story| story.issue(0).assignees.join(" "),
            ends: ["ada-example", "", "", ""],
            told: QUIET,
            shown: [&[]; 4],
        },
        Row {
            field: "labels",
            document: reworded,
            person: |story| {
                story.repository.unlabel_issue_as("grace-example", story.issues[0], "postmortem");
                story.repository.label_issue_as("grace-example", story.issues[0], "mine");
            },
            read: labels,
            ends: ["action-item postmortem", "action-item mine", "action-item mine", "action-item mine"],
            told: QUIET,
            shown: [&[]; 4],
        },
        Row {
            field: "board fields",
            document: postponed,
            person: |story| {
                move_card(story);
                story.board.set_field_as("grace-example", (&story.repository, story.issues[0]), "Due", "2027-01-31");
            },
            read: card,
            ends: [
                "Triage, 2026-12-01",
                "Waiting for the vendor, 2027-01-31",
                "Waiting for the vendor, 2027-01-31",
                "Waiting for the vendor, 2027-01-31",
            ],
            told: QUIET,
            shown: [&[], &["Waiting for the vendor"], &["Waiting for the vendor"], &["Waiting for the vendor"]],
        },
        Row {
            field: "place on the board",
            document: reworded,
            person: |story| story.board.remove_as("grace-example", (&story.repository, story.issues[0])),
            read: card,
            ends: ["Triage, 2026-12-01", "none", "none", "none"],
            told: QUIET,
            shown: [&[]; 4],
        },
        Row {
            field: "item removed, issue assigned",
            document: removed,
            person: |story| story.repository.assign_issue_as("ada-example", story.issues[0], &["grace-example"]),
            read: state,
            ends: ["not planned", "open", "open", "open"],
            told: [ONCE, NEVER, ONCE, ONCE],
            shown: [&[]; 4],
        },
        Row {
            field: "item removed, issue commented on",
            document: removed,
            person: |story| {
                story.repository.comment_as("grace-example", story.issues[0], "I have a branch for this.");
            },
            read: state,
            ends: ["not planned", "open", "open", "open"],
            told: [ONCE, NEVER, ONCE, ONCE],
            shown: [&[]; 4],
        },
        Row {
            field: "item removed, card moved",
            document: removed,
            person: move_card,
            read: state,
            ends: ["not planned", "open", "open", "open"],
            told: [ONCE, NEVER, ONCE, ONCE],
            shown: [&[]; 4],
        },
    ]
}

/// Delivers what is pending, each delivery worked off before the next.
async fn arrive(story: &Story<'_>, arrival: Arrival) {
    let github = &story.world.github;
    if arrival == Arrival::Reversed {
        github.rearrange_pending(|pending| pending.reverse());
    }
    loop {
        let mut next = None;
        github.rearrange_pending(|pending| next = (!pending.is_empty()).then(|| pending.remove(0)));
        let Some(delivery) = next else { break };
        github.send(&delivery).await;
        story.world.work().await;
    }
    story.settle().await;
}

/// What is not as the table says.
async fn play(world: &World, name: &str, row: &Row, acts: Acts, arrival: Arrival) -> Vec<String> {
    let story = Story::merged_in(world, name, &[ALERT, POOL]).await;
    let said_before = story.said(0).len();
    let document = || {
        let line = (row.document)();
        let lines: Vec<&str> = line.as_deref().into_iter().chain([POOL]).collect();
        story.push(&lines);
    };
    let person = || {
        story.pass(60);
        (row.person)(&story);
    };
    let case = match acts {
        Acts::Document => {
            document();
            0
        }
        Acts::Person => {
            person();
            1
        }
        Acts::DocumentThenPerson => {
            document();
            person();
            2
        }
        Acts::PersonThenDocument => {
            person();
            document();
            3
        }
    };
    arrive(&story, arrival).await;

    let mut wrong = Vec::new();
    let mut expect = |good: bool, what: String| {
        if !good {
            wrong.push(format!("{} ({acts:?}, {arrival:?}): {what}", row.field));
        }
    };
    let ended = (row.read)(&story);
    expect(ended == row.ends[case], format!("it reads “{ended}”, not “{}”", row.ends[case]));
    let told = story.said(0).len() - said_before;
    expect(row.told[case].contains(&told), format!("told {told} times, not {:?}", row.told[case]));
    for words in row.shown[case] {
        let shown = story.shown();
        expect(shown.contains(words), format!("the comment does not show “{words}”: {shown}"));
    }
    let (other, issues) = (story.issue(1), story.repository.issues().len());
    expect(issues == 2, format!("{issues} issues"));
    expect(other.state == IssueState::Open && story.said(1).is_empty(), "the other item was touched".to_owned());

    // The same again, in any order, changes nothing.
    let deliveries = world.github.deliveries();
    world.github.forget_requests();
    for delivery in deliveries.iter().filter(|delivery| delivery.repository == Some(story.repository.id())).rev().take(6) {
        world.github.send(&world.github.copy_under_new_guid(&crate::review::pending(delivery))).await;
    }
    story.settle().await;
    expect(world.writes().is_empty(), format!("the same again wrote {:?}", world.writes()));
    expect((row.read)(&story) == ended, "the same again changed it".to_owned());
    wrong
}

over_both! {
    async fn every_field_has_the_winner_that_the_table_names(database: Database) {
        let world = World::start(&database).await;
        let (mut wrong, mut played) = (Vec::new(), 0);
        for row in &table() {
            for acts in [Acts::Document, Acts::Person, Acts::DocumentThenPerson, Acts::PersonThenDocument] {
                for arrival in [Arrival::InOrder, Arrival::Reversed] {
                    // A push alone is one delivery.
                    if (acts, arrival) == (Acts::Document, Arrival::Reversed) {
                        continue;
                    }
                    played += 1;
                    wrong.extend(play(&world, &format!("case-{played}"), row, acts, arrival).await);
                }
            }
        }
        assert!(wrong.is_empty(), "of {played} cases, these are not as the table says:\n{}", wrong.join("\n"));
    }
}
