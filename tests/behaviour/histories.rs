//! Generated histories: whatever document, people and deliveries do, and in whatever order, an item has one issue for ever,
//! what people wrote stays, and what is settled stays settled.
//! `PROPTEST_CASES=100 cargo test --test behaviour histories` plays others.

#[path = "histories/document.rs"]
mod document;
#[path = "histories/play.rs"]
mod play;

use document::LINEAGES;
use play::Play;
use proptest::{prelude::*, test_runner::RngSeed};

use crate::{
    databases::{Database, on_sqlite},
    world::World,
};

/// One thing that happens. A number says to which item, modulo how many there are; what makes no sense there is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Reword(usize),
    Add,
    Tick(usize),
    Decline(usize),
    /// It is open again, ticked or declined before.
    TakeUp(usize),
    Remove(usize),
    BringBack(usize),
    Reorder(usize),
    Rename,
    Close(usize),
    CloseAsNotPlanned(usize),
    Reopen(usize),
    Retitle(usize),
    WriteBelow(usize),
    WriteInside(usize),
    Assign(usize),
    Label(usize),
    Unlabel(usize),
    Comment(usize),
    MoveCard(usize),
    ArchiveCard(usize),
    MergeLinks,
    CloseLinks,
    Restart,
    /// The service is started anew with an empty database.
    Forget,
}

/// How an edit of the document comes into the default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Push,
    PullRequest,
}

/// What becomes of the deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    InOrder,
    /// They wait until those of a later step are delivered.
    Held,
    Reversed,
    /// From the middle on, each one worked off before the next.
    Rotated,
    /// Each under its own id and again under a new one.
    Doubled,
    /// Each three times at once under its one id.
    Tripled,
}

#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub act: Act,
    pub way: Way,
    pub arrival: Arrival,
}

#[derive(Debug, Clone)]
struct History {
    items: usize,
    links: bool,
    steps: Vec<Step>,
}

fn acts() -> impl Strategy<Value = Act> {
    let of_document = prop_oneof![
        4 => (0..LINEAGES).prop_map(Act::Reword),
        2 => Just(Act::Add),
        3 => (0..LINEAGES).prop_map(Act::Tick),
        2 => (0..LINEAGES).prop_map(Act::Decline),
        3 => (0..LINEAGES).prop_map(Act::TakeUp),
        3 => (0..LINEAGES).prop_map(Act::Remove),
        3 => (0..LINEAGES).prop_map(Act::BringBack),
        1 => (0..LINEAGES).prop_map(Act::Reorder),
        1 => Just(Act::Rename),
    ];
    let of_people = prop_oneof![
        2 => (0..LINEAGES).prop_map(Act::Close),
        2 => (0..LINEAGES).prop_map(Act::CloseAsNotPlanned),
        3 => (0..LINEAGES).prop_map(Act::Reopen),
        2 => (0..LINEAGES).prop_map(Act::Retitle),
        1 => (0..LINEAGES).prop_map(Act::WriteBelow),
        1 => (0..LINEAGES).prop_map(Act::WriteInside),
        1 => (0..LINEAGES).prop_map(Act::Assign),
        1 => (0..LINEAGES).prop_map(Act::Label),
        1 => (0..LINEAGES).prop_map(Act::Unlabel),
        1 => (0..LINEAGES).prop_map(Act::Comment),
        1 => (0..LINEAGES).prop_map(Act::MoveCard),
        1 => (0..LINEAGES).prop_map(Act::ArchiveCard),
        2 => Just(Act::MergeLinks),
        1 => Just(Act::CloseLinks),
    ];
    prop_oneof![6 => of_document, 6 => of_people, 1 => Just(Act::Restart), 1 => Just(Act::Forget)]
}

fn histories() -> impl Strategy<Value = History> {
    let way = prop_oneof![3 => Just(Way::Push), 1 => Just(Way::PullRequest)];
    let arrival = prop_oneof![
        3 => Just(Arrival::InOrder), 3 => Just(Arrival::Held), 1 => Just(Arrival::Reversed),
        1 => Just(Arrival::Rotated), 1 => Just(Arrival::Doubled), 1 => Just(Arrival::Tripled),
    ];
    let step = (acts(), way, arrival).prop_map(|(act, way, arrival)| Step { act, way, arrival });
    (3..=5_usize, any::<bool>(), prop::collection::vec(step, 4..=10)).prop_map(|(items, links, steps)| History {
        items,
        links,
        steps,
    })
}

async fn play(database: Database, history: History) {
    let mut world = World::start(&database).await;
    let mut play = Play::begin(&mut world, database, history.items, history.links).await;
    for step in &history.steps {
        play.step(*step).await;
    }
    play.end().await;
}

/// A few histories, the same ones in every run; `PROPTEST_CASES` asks for that many others.
fn cases() -> u32 {
    asked_for().unwrap_or(6)
}

fn seed() -> RngSeed {
    if asked_for().is_some() { RngSeed::Random } else { RngSeed::Fixed(20_261_121) }
}

fn asked_for() -> Option<u32> {
    std::env::var("PROPTEST_CASES").ok()?.parse().ok()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(), failure_persistence: None, max_shrink_iters: 30, rng_seed: seed(), ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_one_item_has_one_issue_and_people_win(history in histories()) {
        on_sqlite(|database| play(database, history));
    }
}
