//! What words mean to the review, by language. The words are data, one file per language under `words/`; a language
//! without a file, or a list that a file lacks, makes the rules that need it silent there.
//!
//! A file holds *classes* of words, `<person>: we, they, …`, and *lists* of patterns, `human-error: human error, …`. In a
//! pattern stands a word, a class such as `<person>`, or either with `?` behind it where it may be missing. Lines are
//! continued by indentation; an empty list says that the language needs no words for it; `#` starts a comment line. Each word of a document is looked up once, when it is found.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::LazyLock,
};

use crate::postmortem::words::entries;

/// The words of one language.
#[derive(Debug, Default)]
pub struct Lexicon {
    ids: HashMap<Box<[u8]>, u16, BuildHasherDefault<WordHasher>>,
    /// The first one stands for words that the data does not have.
    entries: Vec<Entry>,
    patterns: Vec<Pattern>,
    /// Names of lists and classes; a class's name stands in angle brackets.
    names: Vec<Box<str>>,
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
    /// The same of classes, which nobody looks for in every word.
    class_starts: Vec<u16>,
}

#[derive(Debug)]
struct Pattern {
    list: List,
    elements: Box<[Element]>,
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
struct Lists([u128; 2]);

impl Lists {
    const MOST: usize = 256;

    fn insert(&mut self, list: List) {
        self.0[usize::from(list.0 / 128)] |= 1 << (list.0 % 128);
    }

    fn contains(self, list: List) -> bool {
        self.0[usize::from(list.0 / 128)] & 1 << (list.0 % 128) != 0
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
    fn new(data: &str) -> Self {
        let mut lexicon = Self { entries: vec![Entry::default()], ..Self::default() };
        let lists = entries(data);
        lexicon.names = lists.iter().map(|(name, _)| Box::from(*name)).collect();
        assert!(lexicon.names.len() <= Lists::MOST, "a language has at most {} lists and classes", Lists::MOST);
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
        self.patterns.push(Pattern { list, elements });
    }

    /// Notes with each word the patterns that may start with it.
    fn index(&mut self) {
        for at in 0..self.patterns.len() {
            let is_class = self.classes.contains(self.patterns[at].list);
            for word in self.first_words(&self.patterns[at]) {
                let entry = &mut self.entries[usize::from(word)];
                entry.begins.insert(self.patterns[at].list);
                let starts = if is_class { &mut entry.class_starts } else { &mut entry.starts };
                if !starts.contains(&(at as u16)) {
                    starts.push(at as u16);
                }
            }
        }
    }

    fn first_words(&self, pattern: &Pattern) -> Vec<u16> {
        let mut words = Vec::new();
        for element in &pattern.elements {
            match element.what {
                What::Word(word) => words.push(word),
                What::Class(class) => {
                    words.extend(
                        self.patterns.iter().filter(|inner| inner.list == class).flat_map(|inner| self.first_words(inner)),
                    );
                }
            }
            if !element.optional {
                break;
            }
        }
        words
    }

    fn intern(&mut self, word: &str) -> u16 {
        let key = fold(word);
        if let Some(&id) = self.ids.get(key.as_slice()) {
            return id;
        }
        let id = self.entries.len() as u16;
        self.entries.push(Entry::default());
        self.ids.insert(key.into(), id);
        id
    }

    /// Whether the language has any data.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The lists and classes there are.
    #[cfg(test)]
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// The list or (in angle brackets) class of this name, where the language has it.
    pub fn list(&self, name: &str) -> Option<List> {
        self.names.iter().position(|known| &**known == name).map(|at| List(at as u8))
    }

    /// The place in the data of a word as it stands in a text; 0 for words that the data does not have.
    pub fn id(&self, word: &str) -> u16 {
        let bytes = word.as_bytes();
        if bytes.len() > LONGEST || self.ids.is_empty() {
            return 0;
        }
        let mut room = [0; LONGEST];
        let mut length = 0;
        for (room, &byte) in room.iter_mut().zip(bytes) {
            if byte == b'\'' || byte >= 0x80 {
                return self.ids.get(fold(word).as_slice()).copied().unwrap_or(0);
            }
            *room = byte.to_ascii_lowercase();
            length += 1;
        }
        self.ids.get(&room[..length]).copied().unwrap_or(0)
    }

    /// Whether the word alone is in `list`.
    pub fn has(&self, word: u16, list: List) -> bool {
        self.entries.get(usize::from(word)).is_some_and(|entry| entry.whole.contains(list))
    }

    /// The lists (classes apart) that have a pattern at the start of `steps`, each with the number of words of its longest one.
    pub fn patterns_at(&self, steps: &[impl Step]) -> Vec<(List, usize)> {
        let mut found: Vec<(List, usize)> = Vec::new();
        let Some(entry) = steps.first().and_then(|step| self.entries.get(usize::from(step.word()))) else { return found };
        for pattern in entry.starts.iter().filter_map(|&at| self.patterns.get(usize::from(at))) {
            let Some(length) = self.length(&pattern.elements, steps, 0).filter(|&length| length > 0) else { continue };
            match found.iter_mut().find(|(list, _)| *list == pattern.list) {
                Some((_, longest)) => *longest = length.max(*longest),
                None => found.push((pattern.list, length)),
            }
        }
        found
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
pub fn fold(word: &str) -> Vec<u8> {
    let kept = word.chars().filter(|c| !matches!(c, '\'' | '’' | 'ʼ'));
    kept.flat_map(char::to_lowercase).collect::<String>().into_bytes()
}

/// A multiplicative hash. The keys are the data's own, so nobody can choose them to collide.
#[derive(Debug)]
struct WordHasher(u64);

impl Default for WordHasher {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().rev().fold(0, |word: u64, &byte| word << 8 | u64::from(byte));
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
