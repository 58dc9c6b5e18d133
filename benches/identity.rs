//! How often an edited item is taken for what it is: precision and recall of identity by kind of edit, against other
//! measures of likeness, and what thousands of reworded items cost. Run with `cargo bench --bench identity [FOLDER]`; over
//! generated documents always, and over the documents of FOLDER or `../shared/corpus/docs` when they are there.

#![allow(clippy::print_stdout, reason = "a benchmark is for reading")]

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::PathBuf,
    time::Instant,
};

use followthrough::{
    ids::RepositoryId,
    plan::identity::{Trait, document_key, item_key, moved, nearest, recognise},
    postmortem::parse::{ReadOptions, parse},
};

/// How often each document is edited.
const ROUNDS: usize = 12;

#[derive(Clone)]
struct Item {
    text: String,
    group: Option<String>,
}

/// A text as other measures look at it.
struct Tokens {
    text: String,
    words: Vec<String>,
}

type Measure = fn(&Tokens, &Tokens) -> f64;

/// What an item of the edited document may be taken for: nothing, or one of these.
struct Edited {
    item: Item,
    kind: &'static str,
    is: Vec<usize>,
}

fn main() {
    let real = real_documents();
    let generated = generated_documents();
    for (name, documents) in [("real documents", &real), ("generated documents", &generated)] {
        if documents.is_empty() {
            continue;
        }
        let items: usize = documents.iter().map(Vec::len).sum();
        println!("\n{name}: {} with {items} items, each edited {ROUNDS} times\n", documents.len());
        by_kind(documents);
        alternatives(documents);
        moves(documents);
        shared(documents);
    }
    cost();
}

/// How identity does for each kind of edit.
fn by_kind(documents: &[Vec<Item>]) {
    let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
    each_edit(documents, |old, edited| {
        let found = identity(old, edited);
        let known = known(edited, &found);
        for (edited, found) in edited.iter().zip(found) {
            counts.entry(edited.kind).or_default().count(edited, found, &known);
            counts.entry("~ all").or_default().count(edited, found, &known);
        }
    });
    println!("{:<28} {:>8} {:>10} {:>8} {:>7} {:>7}", "edit", "items", "precision", "recall", "wrong", "missed");
    for (kind, counts) in counts {
        counts.print(kind);
    }
}

/// The same over all kinds for other measures, each at several thresholds.
fn alternatives(documents: &[Vec<Item>]) {
    let measures: [(&str, Measure); 4] = [
        ("Dice of words", |a, b| dice(&a.words, &b.words)),
        ("Jaccard of words", |a, b| {
            let dice = dice(&a.words, &b.words);
            dice / (2.0 - dice)
        }),
        ("Dice of letter pairs (strsim)", |a, b| strsim::sorensen_dice(&a.text, &b.text)),
        ("words kept in order (similar)", |a, b| {
            let kept = |op: &similar::DiffOp| if op.tag() == similar::DiffTag::Equal { op.new_range().len() } else { 0 };
            let all = similar::capture_diff_slices(similar::Algorithm::Myers, &a.words, &b.words);
            2.0 * all.iter().map(kept).sum::<usize>() as f64 / (a.words.len() + b.words.len()).max(1) as f64
        }),
    ];
    println!(
        "\n{:<40} {:>9} {:>10} {:>8} {:>7} {:>7}",
        "other measures, greedily", "threshold", "precision", "recall", "wrong", "missed"
    );
    for (name, measure) in measures {
        for threshold in [0.4, 0.5, 0.6, 0.7] {
            let mut all = Counts::default();
            each_edit(documents, |old, edited| {
                let found = greedy(old, edited, measure, threshold);
                let known = known(edited, &found);
                edited.iter().zip(found).for_each(|(edited, found)| all.count(edited, found, &known));
            });
            print!("{name:<40} {threshold:>9}");
            all.figures();
        }
    }
}

/// Items that leave one document and come, perhaps reworded, into the next one, among items that are new there.
fn moves(documents: &[Vec<Item>]) {
    let mut random = Random(7);
    let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for pair in documents.windows(2) {
            let [old, other] = pair else { continue };
            let reworded = random.below(2) == 0;
            let mut edited: Vec<Edited> = Vec::new();
            for (index, item) in old.iter().enumerate() {
                let text = if reworded { replaced(&mut random, &item.text, other) } else { item.text.clone() };
                let kind = if reworded { "moved and reworded" } else { "moved" };
                if random.below(2) == 0 {
                    edited.push(Edited { item: Item { text, group: None }, kind, is: same_text(old, index) });
                }
            }
            let own = other.iter().filter(|item| old.iter().all(|known| tokens(&known.text) != tokens(&item.text)));
            edited.extend(own.map(|item| Edited { item: item.clone(), kind: "new in the other document", is: Vec::new() }));
            let new: Vec<Trait<'_>> = edited.iter().map(|edited| shown(&edited.item)).collect();
            let left: Vec<Trait<'_>> = old.iter().map(shown).collect();
            let found = moved(&new, &left);
            let known = known(&edited, &found);
            for (edited, found) in edited.iter().zip(found) {
                counts.entry(edited.kind).or_default().count(edited, found, &known);
            }
        }
    }
    println!("\n{:<28} {:>8} {:>10} {:>8} {:>7} {:>7}", "between documents", "items", "precision", "recall", "wrong", "missed");
    for (kind, counts) in counts {
        counts.print(kind);
    }
}

/// Items that read like one of another document, at several thresholds: those of every document as they are, beside all
/// others (what is shown of them is wrong, or they do ask for the same thing: the nearest are printed for a person to
/// judge), and items of other documents in other words.
fn shared(documents: &[Vec<Item>]) {
    const THRESHOLDS: [f64; 7] = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8];
    let mut counts: BTreeMap<(&str, usize), Counts> = BTreeMap::new();
    let mut look = |new: &[Edited], known: &[Item]| {
        let (items, others): (Vec<_>, Vec<_>) =
            (new.iter().map(|new| shown(&new.item)).collect(), known.iter().map(shown).collect());
        let found = nearest(&items, &others);
        for (at, threshold) in THRESHOLDS.into_iter().enumerate() {
            for (new, found) in new.iter().zip(&found) {
                let found = found.filter(|&(_, likeness)| likeness >= threshold).map(|(found, _)| found);
                counts.entry((new.kind, at)).or_default().count(new, found, &HashSet::new());
            }
        }
        found
    };
    let all: Vec<Item> = documents.iter().flatten().cloned().collect();
    let mut strangers: Vec<(f64, String, String)> = Vec::new();
    for (index, item) in all.iter().enumerate() {
        let others: Vec<Item> = all.iter().enumerate().filter(|&(at, _)| at != index).map(|(_, item)| item.clone()).collect();
        let is = (0..others.len()).filter(|&at| same_fix(&others[at].text, &item.text)).collect::<Vec<_>>();
        if let Some(&Some((at, likeness))) =
            look(&[Edited { item: item.clone(), kind: "as they are", is: is.clone() }], &others).first()
            && !is.contains(&at)
        {
            strangers.push((likeness, item.text.clone(), others[at].text.clone()));
        }
    }
    let mut random = Random(11);
    for (index, own) in documents.iter().enumerate() {
        let known: Vec<Item> =
            documents.iter().enumerate().filter(|&(at, _)| at != index).flat_map(|(_, items)| items.clone()).collect();
        let mut new: Vec<Edited> = Vec::new();
        for _ in own {
            let text = &known[random.below(known.len())].text;
            let (kind, reworded) = match random.below(5) {
                0 => ("words dropped", dropped(&mut random, text)),
                1 => ("words replaced", replaced(&mut random, text, &known)),
                2 => ("words added", added(&mut random, text, &known)),
                3 => ("half of the words replaced", rewritten(&mut random, text, &known)),
                _ => ("the same words", text.clone()),
            };
            let is = (0..known.len()).filter(|&at| same_fix(&known[at].text, text)).collect();
            new.push(Edited { item: Item { text: reworded, group: None }, kind, is });
        }
        look(&new, &known);
    }
    println!(
        "\n{:<28} {:>9} {:>8} {:>10} {:>8} {:>7} {:>7}",
        "like one of another", "threshold", "items", "precision", "recall", "wrong", "missed"
    );
    for ((kind, threshold), counts) in counts {
        print!("{kind:<28} {:>9} {:>8}", THRESHOLDS[threshold], counts.items);
        counts.figures();
    }
    strangers.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("\nnearest strangers");
    for (likeness, new, known) in strangers.iter().take(20) {
        println!("  {likeness:.2}  {new}\n        {known}");
    }
}

/// Whether two items are known to ask for the same thing: in the same words; generated ones, about the same thing in the same
/// place, whatever is to be done with it.
fn same_fix(a: &str, b: &str) -> bool {
    let about = |text: &str| {
        let end = PLACES.iter().find_map(|place| text.find(place).map(|at| at + place.len()));
        end.and_then(|end| text.get(..end)?.split_once(' ')).map_or_else(|| tokens(text), |(_, about)| tokens(about))
    };
    about(a) == about(b)
}

/// What it costs when every item of a large document is reworded.
fn cost() {
    println!("\nevery item reworded");
    for items in [100, 1_000, 10_000] {
        let mut random = Random(3);
        let old: Vec<Item> =
            (0..items).map(|at| Item { text: format!("{} in cell {}", sentence(&mut random), at / 3), group: None }).collect();
        let new: Vec<Item> = old.iter().map(|item| Item { text: replaced(&mut random, &item.text, &old), group: None }).collect();
        let (new, old): (Vec<_>, Vec<_>) = (new.iter().map(shown).collect(), old.iter().map(shown).collect());
        let start = Instant::now();
        let found = recognise(&new, &old, &[]);
        let right = found.iter().enumerate().filter(|&(at, &found)| found == Some(at)).count();
        let wrong = found.iter().enumerate().filter(|&(at, &found)| found.is_some_and(|found| found != at)).count();
        println!("{items:>6} items {:>9.1} ms, {right} recognised, {wrong} wrongly", start.elapsed().as_secs_f64() * 1e3);
    }
}

/// The old items that were rightly recognised.
fn known(edited: &[Edited], found: &[Option<usize>]) -> HashSet<usize> {
    edited.iter().zip(found).filter_map(|(edited, found)| found.filter(|found| edited.is.contains(found))).collect()
}

#[derive(Default)]
struct Counts {
    items: usize,
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Counts {
    fn count(&mut self, edited: &Edited, found: Option<usize>, known: &HashSet<usize>) {
        self.items += 1;
        match found {
            Some(found) if edited.is.contains(&found) => self.right += 1,
            Some(_) => self.wrong += 1,
            // One half of a split item is enough.
            None if edited.is.iter().all(|item| !known.contains(item)) && !edited.is.is_empty() => self.missed += 1,
            None => {}
        }
    }

    fn print(&self, kind: &str) {
        print!("{kind:<28} {:>8}", self.items);
        self.figures();
    }

    fn figures(&self) {
        let share =
            |part: usize, whole: usize| if whole == 0 { "–".to_owned() } else { format!("{:.4}", part as f64 / whole as f64) };
        let (precision, recall) = (share(self.right, self.right + self.wrong), share(self.right, self.right + self.missed));
        println!(" {precision:>10} {recall:>8} {:>7} {:>7}", self.wrong, self.missed);
    }
}

fn shown(item: &Item) -> Trait<'_> {
    Trait { text: &item.text, group: item.group.as_deref(), ..Trait::default() }
}

fn identity(old: &[Item], edited: &[Edited]) -> Vec<Option<usize>> {
    let document = document_key(RepositoryId(1), "a.md");
    let old_keys: Vec<_> = old.iter().map(|item| item_key(&document, &item.text, 0)).collect();
    let keys: Vec<_> = edited.iter().map(|edited| item_key(&document, &edited.item.text, 0)).collect();
    let old: Vec<Trait<'_>> = old.iter().zip(&old_keys).map(|(item, key)| Trait { key: Some(key), ..shown(item) }).collect();
    let new: Vec<Trait<'_>> = edited.iter().map(|edited| shown(&edited.item)).collect();
    recognise(&new, &old, &keys)
}

/// The same words first, then the most alike pairs.
fn greedy(old: &[Item], edited: &[Edited], measure: Measure, threshold: f64) -> Vec<Option<usize>> {
    let (mut found, mut taken) = (vec![None; edited.len()], vec![false; old.len()]);
    let taken_apart = |text: &str| Tokens { text: text.to_owned(), words: tokens(text) };
    let old: Vec<Tokens> = old.iter().map(|item| taken_apart(&item.text)).collect();
    let mut pairs = Vec::new();
    for (n, edited) in edited.iter().map(|edited| taken_apart(&edited.item.text)).enumerate() {
        for (o, item) in old.iter().enumerate() {
            let score = if item.words == edited.words { 2.0 } else { measure(&edited, item) };
            if score >= threshold {
                pairs.push((score, n, o));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    for (_, n, o) in pairs {
        if found[n].is_none() && !taken[o] {
            (found[n], taken[o]) = (Some(o), true);
        }
    }
    found
}

fn dice(a: &[String], b: &[String]) -> f64 {
    let mut rest = b.to_vec();
    let shared =
        a.iter().filter(|word| rest.iter().position(|other| other == *word).map(|at| rest.swap_remove(at)).is_some()).count();
    2.0 * shared as f64 / (a.len() + b.len()).max(1) as f64
}

/// Words in lower case; characters of scripts without spaces are words.
fn tokens(text: &str) -> Vec<String> {
    let mut spaced = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' => spaced.extend([' ', c, ' ']),
            c if c.is_alphanumeric() => spaced.push(c),
            _ => spaced.push(' '),
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// The old items that say the same as the one at `index`: taken for one another they do no harm.
fn same_text(old: &[Item], index: usize) -> Vec<usize> {
    let text = tokens(&old[index].text);
    (0..old.len()).filter(|&other| tokens(&old[other].text) == text).collect()
}

/// Edits every document again and again, always the same way.
fn each_edit(documents: &[Vec<Item>], mut look: impl FnMut(&[Item], &[Edited])) {
    let mut random = Random(42);
    let strangers: Vec<Item> = documents.iter().flatten().cloned().collect();
    for _ in 0..ROUNDS {
        for old in documents {
            let edited = edit(&mut random, old, &strangers);
            look(old, &edited);
        }
    }
}

/// About half of the items edited, in one way each.
fn edit(random: &mut Random, old: &[Item], strangers: &[Item]) -> Vec<Edited> {
    let mut edited = Vec::new();
    let mut index = 0;
    while let Some(item) = old.get(index) {
        let is = same_text(old, index);
        let (text, group) = (&item.text, item.group.clone());
        let mut push = |kind, text: String, is: &[usize]| {
            edited.push(Edited { item: Item { text, group: group.clone() }, kind, is: is.to_vec() });
        };
        match random.below(24) {
            0 => push("words dropped", dropped(random, text), &is),
            1 => push("words replaced", replaced(random, text, strangers), &is),
            2 => push("words added", added(random, text, strangers), &is),
            3 => push("half of the words replaced", rewritten(random, text, strangers), &is),
            4 => {
                let (first, second) = halves(text);
                push("split in two", first, &is);
                push("split in two", second, &is);
            }
            5 if index + 1 < old.len() => {
                let both: Vec<usize> = is.into_iter().chain(same_text(old, index + 1)).collect();
                push("two merged", format!("{text} and {}", old[index + 1].text), &both);
                index += 1;
            }
            6 => {
                push("inserted beside it", stranger(random, old, strangers), &[]);
                push("unchanged", text.clone(), &is);
            }
            7 => {}
            8 => push("deleted, another in its place", stranger(random, old, strangers), &[]),
            9 => push("marks, owner and due changed", marked(text), &is),
            10 => edited.push(Edited {
                item: Item { text: text.clone(), group: Some("Later".to_owned()) },
                kind: "moved to another group",
                is,
            }),
            11 => {
                push("a near copy inserted", replaced(random, text, strangers), &[]);
                push("unchanged", text.clone(), &is);
            }
            12 => {
                let text = replaced(random, text, strangers);
                edited.push(Edited {
                    item: Item { text, group: Some("Later".to_owned()) },
                    kind: "reworded in another group",
                    is,
                });
            }
            _ => push("unchanged", text.clone(), &is),
        }
        index += 1;
    }
    if random.below(4) == 0 {
        for at in (1..edited.len()).rev() {
            edited.swap(at, random.below(at + 1));
        }
        for edited in &mut edited {
            edited.kind = match edited.kind {
                "unchanged" => "reordered",
                "words dropped" | "words replaced" | "words added" => "reordered and reworded",
                kind => kind,
            };
        }
    }
    edited
}

/// What a reader finds after somebody changed everything about an item but its words.
fn marked(text: &str) -> String {
    let page = format!("## Action items\n\n- [x] {text} (@grace-example, 2027-03-01)\n");
    let read = parse(page.as_bytes(), &ReadOptions::default()).ok();
    read.and_then(|read| read.action_items.into_iter().next()).map_or_else(|| text.to_owned(), |item| item.text)
}

/// The pieces of a text that edits move about, white space kept apart.
fn pieces(text: &str) -> Vec<String> {
    if text.contains(' ') {
        text.split_whitespace().map(str::to_owned).collect()
    } else {
        text.chars().map(String::from).collect()
    }
}

fn joined(text: &str, pieces: &[String]) -> String {
    pieces.join(if text.contains(' ') { " " } else { "" })
}

/// Up to a third of the words gone, at least one.
fn dropped(random: &mut Random, text: &str) -> String {
    let mut words = pieces(text);
    for _ in 0..(words.len() / 3).clamp(1, 1 + random.below(3)) {
        if words.len() > 1 {
            words.remove(random.below(words.len()));
        }
    }
    joined(text, &words)
}

/// Up to a third of the words others, at least one.
fn replaced(random: &mut Random, text: &str, strangers: &[Item]) -> String {
    let mut words = pieces(text);
    for _ in 0..(words.len() / 3).clamp(1, 1 + random.below(3)) {
        let at = random.below(words.len());
        if let Some(word) = words.get_mut(at) {
            *word = foreign(random, text, strangers);
        }
    }
    joined(text, &words)
}

fn added(random: &mut Random, text: &str, strangers: &[Item]) -> String {
    let mut words = pieces(text);
    for _ in 0..1 + random.below(4) {
        words.insert(random.below(words.len() + 1), foreign(random, text, strangers));
    }
    joined(text, &words)
}

fn rewritten(random: &mut Random, text: &str, strangers: &[Item]) -> String {
    let mut words = pieces(text);
    let mut at: Vec<usize> = (0..words.len()).collect();
    for _ in 0..words.len() / 2 {
        let next = at.swap_remove(random.below(at.len()));
        words[next] = foreign(random, text, strangers);
    }
    joined(text, &words)
}

fn halves(text: &str) -> (String, String) {
    let words = pieces(text);
    let (first, second) = words.split_at(words.len().div_ceil(2));
    (joined(text, first), joined(text, second))
}

/// A word of some other item in the same manner of writing.
fn foreign(random: &mut Random, text: &str, strangers: &[Item]) -> String {
    for _ in 0..50 {
        let other = &strangers[random.below(strangers.len())].text;
        if other.contains(' ') == text.contains(' ') {
            let words = pieces(other);
            return words[random.below(words.len())].clone();
        }
    }
    "other".to_owned()
}

/// An item of some other document.
fn stranger(random: &mut Random, old: &[Item], strangers: &[Item]) -> String {
    for _ in 0..50 {
        let text = &strangers[random.below(strangers.len())].text;
        if old.iter().all(|item| dice(&tokens(&item.text), &tokens(text)) < 0.99) {
            return text.clone();
        }
    }
    "Something else".to_owned()
}

fn real_documents() -> Vec<Vec<Item>> {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/docs")));
    let mut files: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()).collect();
    files.sort();
    let items = |file: PathBuf| {
        let read = parse(&fs::read(file).ok()?, &ReadOptions::default()).ok()?;
        let items: Vec<Item> = read.action_items.into_iter().map(|item| Item { text: item.text, group: item.group }).collect();
        (!items.is_empty()).then_some(items)
    };
    files.into_iter().filter_map(items).collect()
}

/// Documents whose items are near each other: few verbs, few things, few places.
fn generated_documents() -> Vec<Vec<Item>> {
    let mut random = Random(1);
    let mut document = |items| {
        let mut found: Vec<Item> = Vec::new();
        while found.len() < items {
            let text = sentence(&mut random);
            if found.iter().all(|item| item.text != text) {
                let group = ["Prevent", "Detect"].get(random.below(4)).map(|&group| group.to_owned());
                found.push(Item { text, group });
            }
        }
        found
    };
    (0..40).map(|at| document(2 + at % 20)).collect()
}

const PLACES: [&str; 12] = [
    "payment queue",
    "search index",
    "session cache",
    "mail gateway",
    "invoice database",
    "login service",
    "image store",
    "deploy pipeline",
    "report scheduler",
    "billing export",
    "message broker",
    "public API",
];

fn sentence(random: &mut Random) -> String {
    const VERBS: [&str; 8] = ["Add", "Write", "Review", "Automate", "Document", "Test", "Replace", "Limit"];
    const THINGS: [&str; 12] = [
        "an alert",
        "a runbook",
        "a dashboard",
        "retries",
        "a timeout",
        "the backup",
        "a load test",
        "the failover",
        "a rate limit",
        "the health check",
        "a canary",
        "the rollback",
    ];
    const ENDS: [&str; 8] = [
        "",
        "",
        " before the next release",
        " every quarter",
        " with the platform team",
        " when it is slow for ten minutes",
        " in all regions",
        " so that on-call is paged first",
    ];
    let mut pick = |words: &[&str]| words[random.below(words.len())].to_owned();
    format!("{} {} for the {}{}", pick(&VERBS), pick(&THINGS), pick(&PLACES), pick(&ENDS))
}

/// Small, fast, and the same everywhere (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end.max(1)
    }
}
