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
    ops::Range,
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
    /// The lists that have a phrase which starts with the word.
    starts: Lists,
}

/// A set of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lists(u128);

impl Lists {
    pub const fn of(lists: &[List]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < lists.len() {
            bits |= 1 << lists[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// The lists that have a phrase which starts with one of `words`.
    pub fn in_words(words: &[Word]) -> Self {
        Self(words.iter().fold(0, |lists, word| lists | word.starts.0))
    }

    pub fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

impl Word {
    /// The word's bytes in the text.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn is_number(&self) -> bool {
        let (bytes, length) = self.folded.last_bytes();
        length > 0 && bytes[Folded::ROOM - length..].iter().all(u8::is_ascii_digit)
    }

    /// The number that the word starts with and what follows it: `3`, `03`, `3rd`. No more than four digits.
    pub fn number(&self) -> Option<(i64, Folded)> {
        let (bytes, length) = self.folded.last_bytes();
        let bytes = &bytes[Folded::ROOM - length..];
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=4).contains(&digits) || self.folded.head != 0 {
            return None;
        }
        let number = bytes[..digits].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        Some((number, Folded::of_bytes(&bytes[digits..])))
    }

    /// Whether it is a number, starts with one, or names a month.
    pub fn starts_date(&self) -> bool {
        self.number().is_some() || self.month().is_some() || self.is_number()
    }

    /// Whether a phrase of one of `lists` starts with the word.
    pub fn starts_any(&self, lists: Lists) -> bool {
        self.starts.has_any(lists)
    }

    /// Whether the word alone is a phrase of `list`.
    pub fn is(&self, list: List) -> bool {
        self.starts.0 & list.bit() != 0 && entry(self.id).whole & list.bit() != 0
    }

    /// The month, 1 to 12, that the word names.
    pub fn month(&self) -> Option<i8> {
        Some(entry(self.id).month).filter(|&month| month > 0)
    }

    /// The languages in which the word is among the most common ones, by their place.
    pub fn languages(&self) -> impl Iterator<Item = usize> {
        let mut mask = entry(self.id).languages;
        std::iter::from_fn(move || {
            let at = mask.trailing_zeros() as usize;
            mask &= mask.wrapping_sub(1);
            (at < LANGUAGES).then_some(at)
        })
    }
}

/// A word in lower case without accents, packed so that comparing it compares numbers: words are many and short.
///
/// The last sixteen bytes stand as they are; what a longer word has before them is kept as a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Folded {
    tail: u128,
    head: u32,
}

impl Folded {
    const ROOM: usize = 16;

    /// `word` as it is, which must be folded already: for comparing with words of a text.
    pub const fn of(word: &str) -> Self {
        Self::of_bytes(word.as_bytes())
    }

    const fn of_bytes(bytes: &[u8]) -> Self {
        let mut folded = Self { tail: 0, head: 0 };
        let mut at = 0;
        while at < bytes.len() {
            folded.push_byte(bytes[at]);
            at += 1;
        }
        folded
    }

    /// `letters` as they are, which must be in lower case already.
    pub fn of_letters(letters: impl Iterator<Item = char>) -> Self {
        let mut folded = Self::default();
        letters.for_each(|c| folded.push(c));
        folded
    }

    const fn push_byte(&mut self, byte: u8) {
        let out = (self.tail >> 120) as u8;
        if out != 0 {
            self.head = (self.head ^ out as u32).wrapping_mul(0x0100_0193).wrapping_add(1) | 1;
        }
        self.tail = self.tail << 8 | byte as u128;
    }

    fn push(&mut self, c: char) {
        if c.is_ascii() {
            return self.push_byte(c as u8);
        }
        let mut room = [0; 4];
        c.encode_utf8(&mut room).bytes().for_each(|byte| self.push_byte(byte));
    }

    /// The last sixteen bytes, at the end of the array, and how many of them there are.
    fn last_bytes(self) -> ([u8; Self::ROOM], usize) {
        (self.tail.to_be_bytes(), Self::ROOM - self.tail.leading_zeros() as usize / 8)
    }

    pub fn is_empty(self) -> bool {
        self.tail == 0
    }

    /// How many bytes the word has; longer ones count as seventeen.
    pub fn len(self) -> usize {
        if self.head == 0 { self.last_bytes().1 } else { Self::ROOM + 1 }
    }

    /// Whether the word ends with `end`, which is no longer than sixteen bytes.
    pub fn ends_with(self, end: Self) -> bool {
        let bits = end.last_bytes().1 as u32 * 8;
        let mask = if bits >= 128 { u128::MAX } else { (1 << bits) - 1 };
        self.tail & mask == end.tail
    }
}

/// The folded form of a byte of an ASCII word, 0 for bytes of no such word.
const ASCII: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

/// The word of plain ASCII letters and digits, at most sixteen, that stands at `at`, and its end. Most words are like that;
/// nothing where something joins behind it.
pub fn plain(bytes: &[u8], at: usize) -> Option<(Folded, usize)> {
    const SHORT: usize = 8;
    let folded = |at: usize| bytes.get(at).map_or(0, |&byte| ASCII[usize::from(byte)]);
    let (mut short, mut end) = (0_u64, at);
    while end - at < SHORT && folded(end) != 0 {
        short = short << 8 | u64::from(folded(end));
        end += 1;
    }
    // Larger numbers are dear.
    let mut tail = u128::from(short);
    while end - at >= SHORT && folded(end) != 0 {
        tail = tail << 8 | u128::from(folded(end));
        end += 1;
    }
    let joined = bytes.get(end).is_some_and(|&next| !next.is_ascii() || next == b'\'');
    ((1..=Folded::ROOM).contains(&(end - at)) && !joined).then_some((Folded { tail, head: 0 }, end))
}

/// The words of `text`. Apostrophes join (`what's` is one word), everything else that is not alphanumeric divides.
pub fn words(text: &str) -> Vec<Word> {
    let vocabulary = &*VOCABULARY;
    let mut found = Vec::with_capacity(text.len() / 6 + 1);
    tokens(text, |token, range| {
        let id = vocabulary.id(token);
        let starts = Lists(vocabulary.entries.get(id as usize).map_or(0, |entry| entry.starts));
        found.push(Word { folded: token.folded, start: range.start as u32, end: range.end as u32, id, starts });
    });
    found
}

/// Whether `text` may start with a phrase of one of `lists`, as far as a plain first word tells: for passing over most texts
/// without looking at all their words.
pub fn may_start(text: &str, lists: Lists) -> bool {
    let first = text.bytes().position(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
    let plain = first.and_then(|at| Some((plain(text.as_bytes(), at)?.0, ASCII[usize::from(text.as_bytes()[at])])));
    plain
        .is_none_or(|(folded, initial)| entry(VOCABULARY.id(Token { folded, first: folded.tail, initial })).starts & lists.0 != 0)
}

/// A word being read.
#[derive(Clone, Copy, Default)]
struct Token {
    folded: Folded,
    /// The first sixteen bytes of a longer word, which `folded` only keeps as a hash.
    first: u128,
    /// The first byte.
    initial: u8,
}

impl Token {
    fn push(&mut self, c: char) {
        if self.folded.is_empty() {
            let mut room = [0; 4];
            self.initial = c.encode_utf8(&mut room).as_bytes()[0];
        }
        self.folded.push(c);
        if self.folded.head == 0 {
            self.first = self.folded.tail;
        }
    }

    fn starts_with(self, start: Folded) -> bool {
        let (_, length) = Folded { tail: self.first, head: 0 }.last_bytes();
        let (_, prefix) = start.last_bytes();
        length.checked_sub(prefix).is_some_and(|rest| self.first.checked_shr(rest as u32 * 8).unwrap_or(0) == start.tail)
    }
}

/// Calls `word` with every word of `text` and its bytes.
fn tokens(text: &str, mut word: impl FnMut(Token, Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let first = ASCII[usize::from(byte)];
        if first == 0 && byte.is_ascii() {
            at += 1;
            continue;
        }
        if let Some((folded, end)) = plain(bytes, at) {
            word(Token { folded, first: folded.tail, initial: first }, at..end);
            at = end;
            continue;
        }
        let (token, length) = token(&text[at..]);
        if !token.folded.is_empty() {
            word(token, at..at + length);
        }
        at += length;
    }
}

/// The word that `text` starts with, in any script, and its bytes; without a word the first character's bytes.
fn token(text: &str) -> (Token, usize) {
    let (mut folded, mut end) = (Token::default(), 0);
    for (at, c) in text.char_indices() {
        let open = end > 0;
        if is_cjk(c) {
            if !open {
                folded.push(c);
                end = c.len_utf8();
            }
            break;
        } else if c.is_ascii_alphanumeric() {
            folded.push(c.to_ascii_lowercase());
            end = at + 1;
        } else if c.is_alphanumeric() {
            fold_into(&mut folded, c);
            end = at + c.len_utf8();
        } else if !(open && (is_combining(c) || matches!(c, '\'' | '’' | 'ʼ'))) {
            break;
        }
    }
    (folded, if end > 0 { end } else { text.chars().next().map_or(1, char::len_utf8) })
}

/// The words of `text`, folded.
pub fn folded(text: &str) -> Vec<Folded> {
    let mut found = Vec::new();
    tokens(text, |word, _| found.push(word.folded));
    found
}

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}')
}

/// Folds a letter, so that `Ações`, `acoes` and `AÇÕES` compare equal.
fn fold_into(out: &mut Token, c: char) {
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
    /// As [`find`](Self::find), for words that hold `lists`.
    pub fn find_among(self, words: &[Word], lists: Lists) -> Option<Range<usize>> {
        if lists.0 & self.0.bit() == 0 { None } else { self.find(words) }
    }

    /// How many words the longest phrase takes that `words` starts with.
    pub fn prefix(self, words: &[Word]) -> Option<usize> {
        let first = words.first()?;
        if first.starts.0 & self.0.bit() == 0 {
            return None;
        }
        let first = entry(first.id);
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
    Wishes = "wishes", "Words that say in an entry with entries below it what to do.";
    Determiners = "determiners", "What stands between a verb in the past and what it was done to.";
    PassiveAuxiliaries = "passive-auxiliaries", "Words before a participle that make it something that happened.";
    ClauseStarts = "clause-starts", "Words before such a pair that make it a part of something else.";
    Gives = "gives", "Words that may stand before a mention and go with it.";
    Joins = "joins", "Words between day, month and year.";
    Corrective = "corrective", "Words of headings that say that what happened is put right.";
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
    EndOf = "end-of", "Words before a month, quarter or year that name its end.";
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

/// How many languages there are.
pub const LANGUAGES: usize = DATA.len();

/// The ISO 639-1 code of the language at a place.
pub fn language(at: usize) -> &'static str {
    DATA.get(at).map_or("en", |&(language, _)| language)
}

const DATA: [(&str, &str); 15] = [
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
    ids: HashMap<Folded, u32, BuildHasherDefault<WordHasher>>,
    /// The words themselves, by their place; empty ones for patterns.
    tokens: Vec<Token>,
    /// The first one stands for words that are not known.
    entries: Vec<Entry>,
    /// `*end` and `start*`, with the word that stands for them.
    patterns: Patterns,
}

/// The patterns by the byte that a word must end or start with, for most words fit none.
struct Patterns {
    ends: [Vec<(Folded, u32)>; 256],
    starts: [Vec<(Folded, u32)>; 256],
}

impl Default for Patterns {
    fn default() -> Self {
        Self { ends: std::array::from_fn(|_| Vec::new()), starts: std::array::from_fn(|_| Vec::new()) }
    }
}

impl Patterns {
    fn may_fit(&self, word: Token) -> bool {
        !self.ends[usize::from(word.folded.tail as u8)].is_empty() || !self.starts[usize::from(word.initial)].is_empty()
    }

    fn of(&self, word: Token) -> impl Iterator<Item = u32> {
        let ends = self.ends[usize::from(word.folded.tail as u8)].iter().filter(move |(end, _)| word.folded.ends_with(*end));
        let starts = self.starts[usize::from(word.initial)].iter().filter(move |(start, _)| word.starts_with(*start));
        ends.chain(starts).map(|&(_, id)| id)
    }
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
    /// The languages in which it is common, by their place.
    languages: u16,
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let mut vocabulary = Vocabulary {
        ids: HashMap::default(),
        tokens: vec![Token::default()],
        entries: vec![Entry::default()],
        patterns: Patterns::default(),
    };
    for (language, &(_, data)) in DATA.iter().enumerate() {
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
    fn id(&self, word: Token) -> u32 {
        match self.ids.get(&word.folded) {
            Some(&id) => id,
            None if self.patterns.may_fit(word) => self.patterns.of(word).next().unwrap_or(0),
            None => 0,
        }
    }

    fn intern(&mut self, word: Token) -> u32 {
        if let Some(&id) = self.ids.get(&word.folded) {
            return id;
        }
        let id = self.push(word);
        self.ids.insert(word.folded, id);
        id
    }

    fn push(&mut self, word: Token) -> u32 {
        self.tokens.push(word);
        self.entries.push(Entry::default());
        self.entries.len() as u32 - 1
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
                    if phrase.contains(['ä', 'ö', 'ü']) {
                        self.add_phrase(list, &phrase.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue"));
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
        tokens(text, |word, _| ids.push(self.intern(word)));
        for id in ids {
            self.entries.get_mut(id as usize).into_iter().for_each(&mut change);
        }
    }

    fn add_phrase(&mut self, list: List, phrase: &str) {
        let mut ids = Vec::new();
        if let Some(end) = phrase.strip_prefix('*') {
            let id = self.push(Token::default());
            tokens(end, |word, _| self.patterns.ends[usize::from(word.folded.tail as u8)].push((word.folded, id)));
            ids.push(id);
        } else if let Some(start) = phrase.strip_suffix('*') {
            let id = self.push(Token::default());
            tokens(start, |word, _| self.patterns.starts[usize::from(word.initial)].push((word.folded, id)));
            ids.push(id);
        } else {
            tokens(phrase, |word, _| ids.push(self.intern(word)));
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
        for (&word, at) in self.tokens.iter().zip(0..) {
            for pattern in self.patterns.of(word) {
                let Some(Entry { starts, whole, .. }) = self.entries.get(pattern as usize).cloned() else { continue };
                if let Some(entry) = self.entries.get_mut(at as usize) {
                    entry.starts |= starts;
                    entry.whole |= whole;
                }
            }
        }
    }
}

/// A multiplicative hash. The keys are the data's own, so nobody can choose them to collide.
#[derive(Debug, Default)]
pub struct WordHasher(u64);

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let number = chunk.iter().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
            self.write_u128(u128::from(self.0 ^ number));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 ^= u64::from(number);
    }

    fn write_u128(&mut self, number: u128) {
        let product = u128::from(number as u64 ^ (number >> 64) as u64) * 0x9e37_79b9_7f4a_7c15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The lists of a data file, the reader's or the review's, in order: `key: phrase, phrase, …`, continued by indentation, `#`
/// starts a comment line.
pub fn entries(data: &str) -> Vec<(&str, Vec<&str>)> {
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
        let of = |words: &str| words.split(' ').map(Folded::of).collect::<Vec<_>>();
        assert_eq!(folded("What's AÇÕES – Maßnahmen, Żółty; e\u{301}té"), of("whats acoes massnahmen zolty ete"));
        assert_eq!(folded("対応 done"), of("対 応 done"));
        let long = "Donaudampfschifffahrtsgesellschaftskapitän";
        assert_eq!(folded(long), folded(&long.to_uppercase()));
        assert_ne!(folded(long), folded(&long.replace("Donau", "Isar")));
        assert!(folded(long)[0].ends_with(Folded::of("kapitan")));
    }

    #[test]
    fn words_give_their_numbers_and_ends() {
        let number = |text: &str| words(text).first().and_then(Word::number);
        assert_eq!(number("3rd"), Some((3, Folded::of("rd"))));
        assert_eq!(number("2027"), Some((2027, Folded::default())));
        assert_eq!(number("20270301"), None);
        assert_eq!(number("rd"), None);
        assert!(words("2027")[0].is_number() && !words("p1")[0].is_number());
    }

    #[test]
    fn plain_words_are_folded_as_all_others_are() {
        for word in ["a", "P1", "8", "December", "abcdefgh", "abcdefghi", "Responsibilities", "ab_cd", "ab-cd"] {
            let (slowly, length) = token(word);
            assert_eq!(plain(word.as_bytes(), 0), Some((slowly.folded, length)), "{word}");
            assert_eq!(slowly.first, slowly.folded.tail, "{word}");
        }
        for word in ["", "-", "what's", "naïve", "é", "再発", "seventeen-letters".replace('-', "x").as_str(), "x’s"] {
            assert_eq!(plain(word.as_bytes(), 0), None, "{word}");
        }
    }

    #[test]
    fn no_text_is_passed_over_that_a_phrase_starts() {
        let texts =
            ["Owner: x", "**Owner**", "  due by Friday", "Verbesserungsmaßnahmen", "再発防止策", "2. Owner", "d'accord", "–", ""];
        for (text, (_, name)) in texts.iter().flat_map(|text| List::ALL.iter().map(move |list| (text, list))) {
            assert!(may_start(text, Lists::of(&[*name])) || list(*name).prefix(&words(text)).is_none(), "{text} {name:?}");
        }
        assert!(may_start("Owner: x", Lists::of(&[List::Owner])) && !may_start("Owner: x", Lists::of(&[List::Due])));
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
        for (language, data) in DATA {
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
