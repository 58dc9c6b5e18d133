//! What words mean to the reader, in fifteen languages.
//!
//! The words are data: one file per language under `words/`, all languages read at once, because teams mix them. This
//! file only folds spelling (case, accents, width), finds words in text, and looks phrases up. To teach the reader a
//! word, add it to a file; nothing here changes.
//!
//! A word of a text is looked up once, when it is found; every question about it after that compares numbers and bits.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    ops::{Deref, Range},
    sync::LazyLock,
};

/// A word of a text, folded for comparison. Every CJK character is a word of its own, for these scripts do not space words.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    pub folded: Folded,
    start: u32,
    end: u32,
    /// Its place in the vocabulary; 0 for words that no list knows.
    id: u32,
}

impl Word {
    /// The word's bytes in the text.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn is_number(&self) -> bool {
        self.folded.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether a phrase of one of `lists` starts with the word.
    pub fn starts_any(&self, lists: &[List]) -> bool {
        let starts = entry(self.id).starts;
        starts != 0 && lists.iter().any(|list| starts & list.bit() != 0)
    }

    /// Whether the word alone is a phrase of `list`.
    pub fn is(&self, list: List) -> bool {
        entry(self.id).whole & list.bit() != 0
    }

    /// The month, 1 to 12, that the word names.
    pub fn month(&self) -> Option<i8> {
        Some(entry(self.id).month).filter(|&month| month > 0)
    }

    /// The languages in which the word is among the most common ones.
    pub fn languages(&self) -> impl Iterator<Item = &'static str> {
        let mask = entry(self.id).languages;
        LANGUAGES.iter().enumerate().filter(move |(at, _)| mask & (1 << at) != 0).map(|(_, &(language, _))| language)
    }
}

/// Lower case without accents, kept in place: words are many and short. What exceeds the room is cut off, in the data
/// as in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    bytes: [u8; Folded::ROOM],
    len: u8,
}

impl Folded {
    const ROOM: usize = 47;
    const EMPTY: Folded = Folded { bytes: [0; Folded::ROOM], len: 0 };

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn ascii(word: &[u8]) -> Self {
        let mut folded = Self::EMPTY;
        let length = word.len().min(Self::ROOM);
        for (room, byte) in folded.bytes.iter_mut().zip(word) {
            *room = byte.to_ascii_lowercase();
        }
        folded.len = length as u8;
        folded
    }

    fn push(&mut self, c: char) {
        let (at, length) = (usize::from(self.len), c.len_utf8());
        if let Some(room) = self.bytes.get_mut(at..at + length) {
            c.encode_utf8(room);
            self.len += length as u8;
        } else {
            // Nothing may follow a character that did not fit.
            self.bytes[at..].fill(0);
        }
    }
}

impl Deref for Folded {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// The words of `text`. Apostrophes join (`what's` is one word), everything else that is not alphanumeric divides.
pub fn words(text: &str) -> Vec<Word> {
    let vocabulary = &*VOCABULARY;
    let mut found = Vec::with_capacity(text.len() / 8 + 1);
    tokens(text, |folded, range| {
        found.push(Word { folded, start: range.start as u32, end: range.end as u32, id: vocabulary.id(folded.as_bytes()) });
    });
    found
}

/// Calls `word` with every word of `text`, folded, and its bytes.
fn tokens(text: &str, mut word: impl FnMut(Folded, Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii() && !byte.is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let ascii = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let next = bytes.get(at + ascii).copied().unwrap_or(b' ');
        // Most words are plain ASCII with nothing that joins behind them.
        if ascii > 0 && next.is_ascii() && next != b'\'' {
            word(Folded::ascii(&bytes[at..at + ascii]), at..at + ascii);
            at += ascii;
            continue;
        }
        let (folded, length) = token(&text[at..]);
        if folded.len > 0 {
            word(folded, at..at + length);
        }
        at += length;
    }
}

/// The word that `text` starts with, in any script, and its bytes; without a word the first character's bytes.
fn token(text: &str) -> (Folded, usize) {
    let (mut folded, mut end) = (Folded::EMPTY, 0);
    for (at, c) in text.char_indices() {
        let open = end > 0;
        if is_cjk(c) {
            if !open {
                folded.push(c);
                end = c.len_utf8();
            }
            break;
        } else if c.is_alphanumeric() {
            fold_into(&mut folded, c);
            end = at + c.len_utf8();
        } else if !(open && (is_combining(c) || matches!(c, '\'' | '’' | 'ʼ'))) {
            break;
        }
    }
    (folded, if end > 0 { end } else { text.chars().next().map_or(1, char::len_utf8) })
}

/// The words of `text`, folded, with single spaces between them.
pub fn folded(text: &str) -> String {
    let mut out = String::new();
    tokens(text, |word, _| {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word);
    });
    out
}

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}')
}

/// Folds a letter, so that `Ações`, `acoes` and `AÇÕES` compare equal.
fn fold_into(out: &mut Folded, c: char) {
    for c in c.to_lowercase() {
        match c {
            'à'..='å' | 'ā' | 'ă' | 'ą' => out.push('a'),
            'ç' | 'ć' | 'č' => out.push('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => out.push('e'),
            'ì'..='ï' | 'ī' => out.push('i'),
            'ñ' | 'ń' => out.push('n'),
            'ò'..='ö' | 'ø' | 'ő' => out.push('o'),
            'ù'..='ü' | 'ū' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'ł' => out.push('l'),
            'ś' | 'š' => out.push('s'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            'ё' => out.push('е'),
            'ß' => "ss".chars().for_each(|c| out.push(c)),
            'æ' => "ae".chars().for_each(|c| out.push(c)),
            'œ' => "oe".chars().for_each(|c| out.push(c)),
            c if is_combining(c) => {}
            c => out.push(c),
        }
    }
}

/// The phrases of one list, in all languages. A phrase `*end` in the data is any word with that end, `start*` any with that start.
#[derive(Debug, Clone, Copy)]
pub struct Phrases(List);

/// The phrases of `list` in all languages.
pub fn list(list: List) -> Phrases {
    Phrases(list)
}

impl Phrases {
    /// How many words the longest phrase takes that `words` starts with.
    pub fn prefix(self, words: &[Word]) -> Option<usize> {
        let first = entry(words.first()?.id);
        if first.starts & self.0.bit() == 0 {
            return None;
        }
        let rest = &words[1..];
        let fits = |phrase: &&(List, Box<[u32]>)| {
            phrase.0 == self.0 && phrase.1.len() <= rest.len() && phrase.1.iter().zip(rest).all(|(&id, word)| id == word.id)
        };
        let longer = first.longer.iter().filter(fits).map(|(_, rest)| rest.len() + 1).max();
        longer.or_else(|| (first.whole & self.0.bit() != 0).then_some(1))
    }

    /// The first place where a phrase stands, as a range of words.
    pub fn find(self, words: &[Word]) -> Option<Range<usize>> {
        (0..words.len()).find_map(|at| self.prefix(&words[at..]).map(|length| at..at + length))
    }

    /// Whether `words` are one phrase and nothing else.
    pub fn is(self, words: &[Word]) -> bool {
        self.prefix(words) == Some(words.len())
    }

    /// Whether `words` are phrases one after the other and nothing else.
    pub fn covers(self, mut words: &[Word]) -> bool {
        while let Some(length) = self.prefix(words) {
            words = &words[length..];
            if words.is_empty() {
                return true;
            }
        }
        false
    }
}

macro_rules! lists {
    ($($name:ident = $key:literal, $doc:literal;)*) => {
        /// The lists of the data files.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum List { $(#[doc = $doc] $name,)* }

        impl List {
            const ALL: &'static [(&'static str, List)] = &[$(($key, List::$name),)*];

            fn bit(self) -> u128 {
                1 << self as u32
            }
        }
    };
}

lists! {
    ActionItems = "action-items", "Phrases that announce action items wherever they stand in a heading.";
    ActionNouns = "action-nouns", "Words that announce action items when nothing but qualifiers stands beside them.";
    ActionQualifiers = "action-qualifiers", "Words that may stand beside the nouns.";
    Prevention = "prevention", "Headings under which a list, but not every list, holds action items.";
    NotActionItems = "not-action-items", "Headings that look like it and hold what was done during the incident, or links.";
    Summary = "summary", "Headings of the summary.";
    Impact = "impact", "Headings of the impact.";
    Timeline = "timeline", "Headings of the timeline.";
    Causes = "causes", "Headings of causes and contributing factors.";
    Participants = "participants", "Headings and labels under which people are listed.";
    Lessons = "lessons", "Headings of lessons: what went well or badly, luck.";
    Detection = "detection", "Headings about how it was noticed.";
    Resolution = "resolution", "Headings about how it was ended.";
    InlineLabels = "inline-labels", "Bold labels that make a paragraph an action item.";
    GroupWords = "group-words", "Words of headings and parents that only group items: horizons, teams, kinds of work.";
    WorkVerbs = "work-verbs", "Verbs in the form in which an item starts with them.";
    DoneVerbs = "done-verbs", "Verbs in the form that says it happened, at the start of an item.";
    DoneEnds = "done-ends", "Words that say it happened at the end of an item.";
    Done = "done", "Status: it is done.";
    Yes = "yes", "The whole answer of a status column: it is done.";
    Declined = "declined", "Status: it will not be done.";
    Open = "open", "Status: it is still to do.";
    OpenValues = "open-values", "The whole answer of a status column: it is still to do.";
    Modals = "modals", "Words that make a sentence a wish: should, must.";
    Unsettled = "unsettled", "Words that stand before a status word and take it back: not, partly.";
    Action = "action", "Columns and labels of the action itself.";
    ActionLoose = "action-loose", "Columns that hold the action when no better one is there.";
    Owner = "owner", "Columns and labels of the owner.";
    Due = "due", "Columns and labels of the due date.";
    Status = "status", "Columns and labels of the state.";
    Priority = "priority", "Columns and labels of the priority.";
    Category = "category", "Columns and labels of the category.";
    Area = "area", "Columns and labels of the area or component.";
    Reference = "reference", "Columns and labels of the ticket; link texts that say nothing else.";
    Number = "number", "Columns that only count.";
    Notes = "notes", "Columns and labels of anything else that is known.";
    High = "high", "Priority: high.";
    Medium = "medium", "Priority: medium.";
    Low = "low", "Priority: low.";
    Prevent = "prevent", "Category: prevents it.";
    Detect = "detect", "Category: notices it.";
    Mitigate = "mitigate", "Category: lessens it.";
    Process = "process", "Category: how people work.";
    Nobody = "nobody", "Cells and entries that say that there is nothing.";
    Placeholders = "placeholders", "What templates write where an item will stand.";
    PlaceholderStarts = "placeholder-starts", "Words that start a placeholder, whatever follows.";
    Dummies = "dummies", "Words that stand for a name in a placeholder of few words.";
    TemplateTitles = "template-titles", "Words in the title of a template.";
    TemplateKinds = "template-kinds", "What a template is of, before the word itself at the end of a title.";
    TemplateNotes = "template-notes", "Notes to whoever fills a template in, above its title.";
    Meta = "meta", "Entries about writing the document rather than about the incident.";
    LeadIns = "lead-ins", "Paragraphs that announce a list of work.";
    Examples = "examples", "Paragraphs that say that a list only shows how it would look.";
    Refusals = "refusals", "Paragraphs that announce a list of something else.";
    Roles = "roles", "Names of roles and groups that may own an item.";
    NotNames = "not-names", "Words that start an item before `to` and are not a name.";
    NotOwners = "not-owners", "Words before a mention that name it without giving it the work.";
    To = "to", "The word between a person and what they will do.";
    And = "and", "Words between two names.";
    Months = "months", "Names of months, in order, twelve or multiples of twelve.";
    DayUnits = "days", "Units of a relative date: days.";
    WeekUnits = "weeks", "Units of a relative date: weeks.";
    MonthUnits = "month-units", "Units of a relative date: months.";
    Within = "within", "Words before a relative date.";
    By = "by", "Words before a due date.";
    Severity = "severity", "Labels of the severity.";
    Date = "date", "Labels of the day of the incident.";
    Duration = "duration", "Labels of the duration.";
    Author = "author", "Labels of whoever is responsible for the document.";
    PostmortemTitles = "postmortem-titles", "Words in the title of a postmortem.";
    PlaceholderTitles = "placeholder-titles", "Titles that nobody has replaced yet.";
    IncidentWords = "incident-words", "Words of titles of incidents.";
    RetrospectiveTitles = "retrospective-titles", "Words in the title of a retrospective.";
    NearMissTitles = "near-miss-titles", "Words in the title of a near-miss.";
    Guides = "guides", "Words in the title of what only writes about postmortems.";
}

const LANGUAGES: &[(&str, &str)] = &[
    ("en", include_str!("words/en.txt")),
    ("es", include_str!("words/es.txt")),
    ("pt", include_str!("words/pt.txt")),
    ("fr", include_str!("words/fr.txt")),
    ("de", include_str!("words/de.txt")),
    ("it", include_str!("words/it.txt")),
    ("nl", include_str!("words/nl.txt")),
    ("no", include_str!("words/no.txt")),
    ("sv", include_str!("words/sv.txt")),
    ("da", include_str!("words/da.txt")),
    ("pl", include_str!("words/pl.txt")),
    ("ru", include_str!("words/ru.txt")),
    ("ja", include_str!("words/ja.txt")),
    ("zh", include_str!("words/zh.txt")),
    ("ko", include_str!("words/ko.txt")),
];

/// All words that stand in the data.
struct Vocabulary {
    ids: HashMap<Box<[u8]>, u32, BuildHasherDefault<WordHasher>>,
    /// The first one stands for words that are not known.
    entries: Vec<Entry>,
    /// `*end` and `start*`, with the word that stands for them.
    ends: Vec<(Box<str>, u32)>,
    starts: Vec<(Box<str>, u32)>,
}

/// What the lists say about a word.
#[derive(Default, Clone)]
struct Entry {
    /// The lists that have a phrase which starts with the word.
    starts: u128,
    /// The lists that have the word alone as a phrase.
    whole: u128,
    /// What follows the word in longer phrases.
    longer: Vec<(List, Box<[u32]>)>,
    /// 1 to 12, or 0.
    month: i8,
    /// The languages in which it is common, by their place in [`LANGUAGES`].
    languages: u16,
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let mut vocabulary =
        Vocabulary { ids: HashMap::default(), entries: vec![Entry::default()], ends: Vec::new(), starts: Vec::new() };
    for (language, &(_, data)) in LANGUAGES.iter().enumerate() {
        for (key, phrases) in entries(data) {
            vocabulary.add(language, key, &phrases);
        }
    }
    vocabulary.spread_patterns();
    vocabulary
});

fn entry(id: u32) -> &'static Entry {
    static UNKNOWN: Entry = Entry { starts: 0, whole: 0, longer: Vec::new(), month: 0, languages: 0 };
    VOCABULARY.entries.get(id as usize).unwrap_or(&UNKNOWN)
}

impl Vocabulary {
    fn id(&self, word: &[u8]) -> u32 {
        if let Some(&id) = self.ids.get(word) {
            return id;
        }
        if word.len() < 5 {
            return 0;
        }
        let end = self.ends.iter().find(|(end, _)| word.ends_with(end.as_bytes()));
        end.or_else(|| self.starts.iter().find(|(start, _)| word.starts_with(start.as_bytes()))).map_or(0, |&(_, id)| id)
    }

    fn intern(&mut self, word: &str) -> u32 {
        if let Some(&id) = self.ids.get(word.as_bytes()) {
            return id;
        }
        let id = self.entries.len() as u32;
        self.ids.insert(word.as_bytes().into(), id);
        self.entries.push(Entry::default());
        id
    }

    fn add(&mut self, language: usize, key: &str, phrases: &[&str]) {
        match List::ALL.iter().find(|(name, _)| *name == key) {
            Some((_, List::Months)) => {
                for (at, month) in phrases.iter().enumerate() {
                    self.each_word(month, |entry| entry.month = (at % 12) as i8 + 1);
                }
            }
            Some(&(_, list)) => {
                for phrase in phrases {
                    self.add_phrase(list, phrase);
                    let spelled_out = phrase.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
                    if spelled_out != *phrase {
                        self.add_phrase(list, &spelled_out);
                    }
                }
            }
            None => {
                debug_assert_eq!(key, "stopwords", "a data file has a list that nobody reads");
                for word in phrases {
                    self.each_word(word, |entry| entry.languages |= 1 << language);
                }
            }
        }
    }

    fn each_word(&mut self, text: &str, mut change: impl FnMut(&mut Entry)) {
        let mut ids = Vec::new();
        tokens(text, |word, _| ids.push(self.intern(&word)));
        for id in ids {
            self.entries.get_mut(id as usize).into_iter().for_each(&mut change);
        }
    }

    fn add_phrase(&mut self, list: List, phrase: &str) {
        let mut ids = Vec::new();
        if let Some(end) = phrase.strip_prefix('*') {
            let id = self.intern(phrase);
            self.ends.push((folded(end).into(), id));
            ids.push(id);
        } else if let Some(start) = phrase.strip_suffix('*') {
            let id = self.intern(phrase);
            self.starts.push((folded(start).into(), id));
            ids.push(id);
        } else {
            tokens(phrase, |word, _| ids.push(self.intern(&word)));
        }
        let Some((&first, rest)) = ids.split_first() else { return };
        let Some(entry) = self.entries.get_mut(first as usize) else { return };
        entry.starts |= list.bit();
        if rest.is_empty() {
            entry.whole |= list.bit();
        } else {
            entry.longer.push((list, rest.into()));
        }
    }

    /// Words that stand in the data themselves also fit the patterns.
    fn spread_patterns(&mut self) {
        for (word, &id) in &self.ids {
            let ends = self.ends.iter().filter(|(end, pattern)| word.ends_with(end.as_bytes()) && *pattern != id);
            let starts = self.starts.iter().filter(|(start, pattern)| word.starts_with(start.as_bytes()) && *pattern != id);
            for &(_, pattern) in ends.chain(starts) {
                let Some(Entry { starts, whole, .. }) = self.entries.get(pattern as usize).cloned() else { continue };
                if let Some(entry) = self.entries.get_mut(id as usize) {
                    entry.starts |= starts;
                    entry.whole |= whole;
                }
            }
        }
    }
}

/// A multiplicative hash. The keys are the data's own, so nobody can choose them to collide.
struct WordHasher(u64);

impl Default for WordHasher {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        // Eight bytes a step: words are looked up by the ten thousand.
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().rev().fold(0, |word: u64, &byte| word << 8 | u64::from(byte));
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The lists of a data file: `key: phrase, phrase, …`, continued by indentation, `#` starts a comment line.
fn entries(data: &str) -> Vec<(&str, Vec<&str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in data.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let phrases = match line.split_once(':') {
            Some((key, phrases)) if !line.starts_with(' ') => {
                found.push((key.trim(), Vec::new()));
                phrases
            }
            _ => line,
        };
        if let Some((_, list)) = found.last_mut() {
            list.extend(phrases.split([',', '、']).map(str::trim).filter(|phrase| !phrase.is_empty()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_folded() {
        assert_eq!(folded("What's AÇÕES – Maßnahmen, Żółty; e\u{301}té"), "whats acoes massnahmen zolty ete");
        assert_eq!(folded("対応 done"), "対 応 done");
    }

    #[test]
    fn every_language_has_the_words_that_matter() {
        let needed = [
            "stopwords",
            "action-items",
            "timeline",
            "causes",
            "done",
            "open",
            "declined",
            "action",
            "owner",
            "due",
            "status",
            "priority",
            "nobody",
        ];
        for (language, data) in LANGUAGES {
            let keys: Vec<&str> =
                entries(data).into_iter().filter(|(_, phrases)| !phrases.is_empty()).map(|(key, _)| key).collect();
            for key in needed {
                assert!(keys.contains(&key), "{language} has no {key}");
            }
            for key in keys {
                assert!(key == "stopwords" || List::ALL.iter().any(|(name, _)| *name == key), "{language}: nobody reads {key}");
            }
        }
    }

    #[test]
    fn phrases_are_found_by_their_words_and_their_ends() {
        let find = |name: List, text: &str| list(name).find(&words(text));
        assert_eq!(find(List::ActionItems, "Our next steps"), Some(1..3));
        assert_eq!(find(List::ActionItems, "Verbesserungsmaßnahmen"), Some(0..1));
        assert_eq!(find(List::ActionItems, "再発防止策"), Some(0..5));
        assert_eq!(find(List::ActionItems, "Steps"), None);
        assert!(list(List::GroupWords).covers(&words("short term improvements")));
    }
}
