//! What words mean to the review, by language. The words are data, one file per language under `words/`; a language
//! without a file, or a list that a file lacks, makes the rules that need it silent there.
//!
//! A file holds *classes* of words, `<person>: we, they, …`, and *lists* of patterns, `human-error: human error, …`. In a
//! pattern stands a word, a class such as `<person>`, or either with `?` behind it where it may be missing. Lines are
//! continued by indentation; an empty list says that the language needs no words for it; `#` starts a comment line. Each word of a document is looked up once, when it is found.

use std::{collections::HashMap, hash::BuildHasherDefault, rc::Rc, sync::LazyLock};

use crate::postmortem::words::{Folded, WordHasher, entries};

/// The words of one language.
#[derive(Debug, Default)]
pub struct Lexicon {
    ids: HashMap<Folded, u16, BuildHasherDefault<WordHasher>>,
    /// The first one stands for words that the data does not have.
    entries: Vec<Entry>,
    patterns: Vec<Pattern>,
    /// The sets of words that may stand second in patterns.
    nexts: Vec<Words>,
    /// Names of lists and classes; a class's name stands in angle brackets.
    names: HashMap<&'static str, List, BuildHasherDefault<WordHasher>>,
    /// Which of them are classes.
    classes: Lists,
}

#[derive(Debug, Default)]
struct Entry {
    /// The lists and classes that have the word alone.
    whole: Lists,
    /// The lists and classes that have a pattern which may start with the word: most questions end here.
    begins: Lists,
    /// The patterns of lists that may start with the word.
    starts: Vec<u16>,
    /// How many of `starts`, from the first on, the word may be alone.
    alone: usize,
    /// The words that may follow it in the others.
    next: Words,
    /// The same of classes, which nobody looks for in every word.
    class_starts: Vec<u16>,
}

#[derive(Debug)]
struct Pattern {
    list: List,
    elements: Box<[Element]>,
    next: Next,
}

/// What must stand second in a phrase.
#[derive(Debug, Clone, Copy, Default)]
enum Next {
    /// One word is enough.
    #[default]
    Anything,
    Word(u16),
    /// One of a set, by its place in [`Lexicon::nexts`].
    OneOf(u16),
}

#[derive(Debug)]
struct Element {
    what: What,
    optional: bool,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Word(u16),
    Class(List),
}

/// A list or class of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List(u8);

/// A set of lists and classes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lists([u128; 2]);

impl Lists {
    const MOST: usize = 256;

    pub fn insert(&mut self, list: List) {
        self.0[usize::from(list.0 / 128)] |= 1 << (list.0 % 128);
    }

    pub fn contains(self, list: List) -> bool {
        self.0[usize::from(list.0 / 128)] & 1 << (list.0 % 128) != 0
    }
}

/// A set of words.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Words(Vec<u64>);

impl Words {
    fn insert(&mut self, word: u16) {
        let at = usize::from(word / 64);
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        self.0[at] |= 1 << (word % 64);
    }

    fn contains(&self, word: u16) -> bool {
        self.0.get(usize::from(word / 64)).is_some_and(|bits| bits & 1 << (word % 64) != 0)
    }

    fn add(&mut self, others: &Self) {
        if self.0.len() < others.0.len() {
            self.0.resize(others.0.len(), 0);
        }
        self.0.iter_mut().zip(&others.0).for_each(|(bits, others)| *bits |= others);
    }

    fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.iter().zip(0..).filter(|(bits, _)| **bits != 0).flat_map(|(&bits, at)| {
            let rest = std::iter::successors(Some(bits), |rest| Some(rest & (rest - 1)).filter(|&rest| rest != 0));
            rest.map(move |rest| at * 64 + rest.trailing_zeros() as u16)
        })
    }

    /// The only word there is.
    fn only(&self) -> Option<u16> {
        let mut words = self.iter();
        words.next().filter(|_| words.next().is_none())
    }
}

/// How the phrases of a class or a pattern begin.
#[derive(Debug, Clone, Default)]
struct Beginning {
    /// The words that may stand first.
    first: Words,
    /// The words that may stand second.
    second: Words,
    /// It may be one word.
    alone: bool,
    /// It may be missing.
    nothing: bool,
}

impl Beginning {
    /// One of the two.
    fn or(&mut self, other: &Self) {
        self.first.add(&other.first);
        self.second.add(&other.second);
        self.alone |= other.alone;
        self.nothing |= other.nothing;
    }

    /// One after the other.
    fn then(&mut self, next: &Self) {
        if self.alone {
            self.second.add(&next.first);
        }
        if self.nothing {
            self.first.add(&next.first);
            self.second.add(&next.second);
        }
        self.alone = self.alone && next.nothing || self.nothing && next.alone;
        self.nothing &= next.nothing;
    }
}

/// The longest word that is looked up, in bytes.
const LONGEST: usize = 32;

/// A word of a document to [`Lexicon::longest`]: its place in the data, and whether a phrase may go on with it.
pub trait Step {
    fn word(&self) -> u16;
    fn continues(&self) -> bool;
}

static ENGLISH: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(include_str!("words/en.txt")));
static GERMAN: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(include_str!("words/de.txt")));
static SPANISH: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(include_str!("words/es.txt")));
static FRENCH: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(include_str!("words/fr.txt")));
static PORTUGUESE: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(include_str!("words/pt.txt")));
static NONE: LazyLock<Lexicon> = LazyLock::new(Lexicon::default);

/// The words of a language by its ISO 639-1 code. What is too short to tell its language is taken for English.
pub fn of(language: Option<&str>) -> &'static Lexicon {
    match language {
        None | Some("en") => &ENGLISH,
        Some("de") => &GERMAN,
        Some("es") => &SPANISH,
        Some("fr") => &FRENCH,
        Some("pt") => &PORTUGUESE,
        Some(_) => &NONE,
    }
}

impl Lexicon {
    fn new(data: &'static str) -> Self {
        let mut lexicon = Self { entries: vec![Entry::default()], ..Self::default() };
        let lists = entries(data);
        lexicon.names = lists.iter().zip(0..=u8::MAX).map(|((name, _), at)| (*name, List(at))).collect();
        assert!(lists.len() <= Lists::MOST, "a language has at most {} lists and classes", Lists::MOST);
        for (at, (name, patterns)) in lists.iter().enumerate() {
            if name.starts_with('<') {
                lexicon.classes.insert(List(at as u8));
            }
            patterns.iter().for_each(|pattern| lexicon.add(List(at as u8), pattern));
        }
        lexicon.index();
        lexicon
    }

    fn add(&mut self, list: List, pattern: &str) {
        let hyphen = |c: char| c == '-' && !pattern.contains('<');
        let elements: Box<[Element]> = pattern
            .split(|c: char| c.is_whitespace() || hyphen(c))
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (part, optional) = part.strip_suffix('?').map_or((part, false), |part| (part, true));
                let class = part.starts_with('<').then(|| self.list(part));
                let what = match class {
                    Some(class) => What::Class(class.unwrap_or_else(|| panic!("the data has no class {part}"))),
                    None => What::Word(self.intern(part)),
                };
                Element { what, optional }
            })
            .collect();
        if let [Element { what: What::Word(word), .. }] = *elements {
            self.entries[usize::from(word)].whole.insert(list);
        }
        self.patterns.push(Pattern { list, elements, next: Next::Anything });
    }

    /// Notes with each word the patterns that may start with it, and with each pattern the words that may stand second.
    fn index(&mut self) {
        let mut classes = vec![None; self.names.len()];
        let mut sets: HashMap<Words, u16> = HashMap::new();
        for at in 0..self.patterns.len() {
            let beginning = self.beginning(&self.patterns[at].elements, &mut classes);
            let list = self.patterns[at].list;
            for word in beginning.first.iter() {
                let entry = &mut self.entries[usize::from(word)];
                entry.begins.insert(list);
                if self.classes.contains(list) {
                    entry.class_starts.push(at as u16);
                } else if beginning.alone {
                    entry.starts.insert(entry.alone, at as u16);
                    entry.alone += 1;
                } else {
                    entry.starts.push(at as u16);
                    entry.next.add(&beginning.second);
                }
            }
            self.patterns[at].next = match beginning.second.only() {
                _ if beginning.alone => Next::Anything,
                Some(word) => Next::Word(word),
                None => Next::OneOf(*sets.entry(beginning.second).or_insert_with_key(|words| {
                    self.nexts.push(words.clone());
                    self.nexts.len() as u16 - 1
                })),
            };
        }
    }

    /// How `elements` begin. `classes` are the classes seen so far.
    fn beginning(&self, elements: &[Element], classes: &mut [Option<Rc<Beginning>>]) -> Beginning {
        let mut whole = Beginning { nothing: true, ..Beginning::default() };
        for element in elements {
            match element.what {
                What::Word(word) => {
                    let mut next = Beginning { alone: true, nothing: element.optional, ..Beginning::default() };
                    next.first.insert(word);
                    whole.then(&next);
                }
                What::Class(class) => {
                    let next = self.beginning_of_class(class, classes);
                    match element.optional {
                        true => whole.then(&Beginning { nothing: true, ..Beginning::clone(&next) }),
                        false => whole.then(&next),
                    }
                }
            }
            if !whole.alone && !whole.nothing {
                break;
            }
        }
        whole
    }

    fn beginning_of_class(&self, class: List, classes: &mut [Option<Rc<Beginning>>]) -> Rc<Beginning> {
        if let Some(known) = &classes[usize::from(class.0)] {
            return Rc::clone(known);
        }
        let mut all = Beginning::default();
        for pattern in self.patterns.iter().filter(|pattern| pattern.list == class) {
            all.or(&self.beginning(&pattern.elements, classes));
        }
        let all = Rc::new(all);
        classes[usize::from(class.0)] = Some(Rc::clone(&all));
        all
    }

    fn intern(&mut self, word: &str) -> u16 {
        let next = self.entries.len() as u16;
        let id = *self.ids.entry(fold(word)).or_insert(next);
        if id == next {
            self.entries.push(Entry::default());
        }
        id
    }

    /// Whether the language has any data.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The lists and classes there are.
    #[cfg(test)]
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().copied()
    }

    /// The list or (in angle brackets) class of this name, where the language has it.
    pub fn list(&self, name: &str) -> Option<List> {
        self.names.get(name).copied()
    }

    /// The place in the data of a word as it stands in a text; 0 for words that the data does not have.
    pub fn id(&self, word: &str) -> u16 {
        if word.len() > LONGEST { 0 } else { self.id_of(fold(word)) }
    }

    /// As [`id`](Self::id), for a word that is folded.
    pub fn id_of(&self, word: Folded) -> u16 {
        self.ids.get(&word).copied().unwrap_or(0)
    }

    /// Whether the word alone is in `list`.
    pub fn has(&self, word: u16, list: List) -> bool {
        self.entries.get(usize::from(word)).is_some_and(|entry| entry.whole.contains(list))
    }

    /// Calls `found` with the lists (classes apart) that have a pattern at the start of `steps`, each time with the number of
    /// words that a pattern takes.
    pub fn patterns_at(&self, steps: &[impl Step], mut found: impl FnMut(List, usize)) {
        let Some(entry) = steps.first().and_then(|step| self.entries.get(usize::from(step.word()))) else { return };
        let next = steps.get(1).filter(|next| next.continues()).map_or(0, Step::word);
        let starts = if entry.next.contains(next) { &entry.starts[..] } else { &entry.starts[..entry.alone] };
        for pattern in starts.iter().map(|&at| &self.patterns[usize::from(at)]) {
            let goes_on = match pattern.next {
                Next::Anything => true,
                Next::Word(word) => word == next,
                Next::OneOf(words) => self.nexts[usize::from(words)].contains(next),
            };
            if goes_on && let Some(length) = self.length(&pattern.elements, steps, 0).filter(|&length| length > 0) {
                found(pattern.list, length);
            }
        }
    }

    /// How many words `elements` take of `steps`, of which `taken` are already part of a phrase.
    fn length(&self, elements: &[Element], steps: &[impl Step], taken: usize) -> Option<usize> {
        let Some((element, rest)) = elements.split_first() else { return Some(taken) };
        let fits = steps.get(taken).filter(|step| taken == 0 || step.continues()).and_then(|step| match element.what {
            What::Word(word) => (word == step.word()).then_some(1),
            What::Class(class) => self.longest(class, steps.get(taken..).unwrap_or_default()),
        });
        let with = fits.and_then(|words| self.length(rest, steps, taken + words));
        with.or_else(|| if element.optional { self.length(rest, steps, taken) } else { None })
    }

    /// How many words the longest phrase of `class` takes that `steps` start with.
    pub fn longest(&self, class: List, steps: &[impl Step]) -> Option<usize> {
        let entry = self.entries.get(usize::from(steps.first()?.word())).filter(|entry| entry.begins.contains(class))?;
        let starts = if self.classes.contains(class) { &entry.class_starts } else { &entry.starts };
        let patterns = starts.iter().filter_map(|&at| self.patterns.get(usize::from(at)));
        patterns.filter(|pattern| pattern.list == class).filter_map(|pattern| self.length(&pattern.elements, steps, 0)).max()
    }
}

/// Lower case without apostrophes.
fn fold(word: &str) -> Folded {
    let kept = word.chars().filter(|c| !matches!(c, '\'' | '’' | 'ʼ'));
    Folded::of_letters(kept.flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::RULES;

    struct Word(u16, bool);

    impl Step for Word {
        fn word(&self) -> u16 {
            self.0
        }

        fn continues(&self) -> bool {
            self.1
        }
    }

    #[test]
    fn no_pattern_is_passed_over_that_fits() {
        let lexicon = of(None);
        let pages = RULES.iter().flat_map(|rule| rule.page.split_inclusive(' '));
        let words: Vec<Word> =
            pages.map(|word| Word(lexicon.id(word.trim_matches([' ', '.', ','])), !word.starts_with('“'))).collect();
        let mut seen = 0;
        for at in (0..words.len()).filter(|&at| words[at].0 != 0) {
            let steps = &words[at..words.len().min(at + 12)];
            let mut found = Vec::new();
            lexicon.patterns_at(steps, |list, length| found.push((list.0, length)));
            let lists = lexicon.patterns.iter().filter(|pattern| !lexicon.classes.contains(pattern.list));
            let fits = |pattern: &Pattern| lexicon.length(&pattern.elements, steps, 0).filter(|&length| length > 0);
            let mut all: Vec<(u8, usize)> = lists.filter_map(|pattern| Some((pattern.list.0, fits(pattern)?))).collect();
            found.sort_unstable();
            all.sort_unstable();
            assert_eq!(found, all, "at word {at}");
            seen += found.len();
        }
        assert!(seen > 100, "{seen} patterns in the pages of the rules");
    }
}
