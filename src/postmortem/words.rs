//! What words mean to the reader, in fifteen languages.
//!
//! The words are data: one file per language under `words/`, all languages read at once, because teams mix them. This
//! file only folds spelling (case, accents, width), finds words in text, and looks phrases up. To teach the reader a
//! word, add it to a file; nothing here changes.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

/// A word of a text, folded for comparison. Every CJK character is a word of its own, for these scripts do not space words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub folded: String,
    pub range: Range<usize>,
}

/// The words of `text`. Apostrophes join (`what's` is one word), everything else that is not alphanumeric divides.
pub fn words(text: &str) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        let range = at..at + c.len_utf8();
        if is_cjk(c) {
            found.push(Word { folded: c.to_string(), range });
            open = false;
        } else if c.is_alphanumeric() || (is_combining(c) && open) {
            match found.last_mut() {
                Some(word) if open => word.range.end = range.end,
                _ => found.push(Word { folded: String::new(), range }),
            }
            open = true;
            if let Some(word) = found.last_mut() {
                fold_into(&mut word.folded, c);
            }
        } else if !(open && matches!(c, '\'' | '’' | 'ʼ')) {
            open = false;
        }
    }
    found
}

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}')
}

/// Lower case without accents, so that `Ações`, `acoes` and `AÇÕES` compare equal.
fn fold_into(out: &mut String, c: char) {
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
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            c if is_combining(c) => {}
            c => out.push(c),
        }
    }
}

/// A set of phrases. `*end` in the data stands for any word with that end, `start*` for any with that start.
#[derive(Debug, Default)]
pub struct Phrases {
    by_first: HashMap<String, Vec<Vec<Pattern>>>,
    /// Phrases whose first word is not spelled out.
    open: Vec<Vec<Pattern>>,
}

#[derive(Debug, Clone)]
enum Pattern {
    Word(String),
    Start(String),
    End(String),
}

impl Pattern {
    fn new(word: &str) -> Option<Self> {
        let folded = |word: &str| words(word).into_iter().next().map(|word| word.folded);
        if let Some(end) = word.strip_prefix('*') {
            folded(end).map(Self::End)
        } else if let Some(start) = word.strip_suffix('*') {
            folded(start).map(Self::Start)
        } else {
            folded(word).map(Self::Word)
        }
    }

    fn fits(&self, word: &str) -> bool {
        match self {
            Self::Word(expected) => word == expected,
            Self::Start(start) => word.starts_with(start.as_str()),
            Self::End(end) => word.ends_with(end.as_str()),
        }
    }
}

impl Phrases {
    pub fn add(&mut self, phrase: &str) {
        let mut patterns = Vec::new();
        for part in phrase.split_whitespace() {
            if part.starts_with('*') || part.ends_with('*') {
                patterns.extend(Pattern::new(part));
            } else {
                patterns.extend(words(part).into_iter().map(|word| Pattern::Word(word.folded)));
            }
        }
        match patterns.first() {
            None => {}
            Some(Pattern::Word(first)) => self.by_first.entry(first.clone()).or_default().push(patterns),
            Some(_) => self.open.push(patterns),
        }
    }

    /// How many words the longest phrase takes that `words` starts with.
    pub fn prefix(&self, words: &[Word]) -> Option<usize> {
        let first = words.first()?;
        let fits = |phrase: &&Vec<Pattern>| {
            phrase.len() <= words.len() && phrase.iter().zip(words).all(|(pattern, word)| pattern.fits(&word.folded))
        };
        let spelled_out = self.by_first.get(&first.folded).into_iter().flatten();
        spelled_out.chain(&self.open).filter(fits).map(Vec::len).max()
    }

    /// The first place where a phrase stands, as a range of words.
    pub fn find(&self, words: &[Word]) -> Option<Range<usize>> {
        (0..words.len()).find_map(|at| self.prefix(&words[at..]).map(|length| at..at + length))
    }

    /// Whether `words` are one phrase and nothing else.
    pub fn is(&self, words: &[Word]) -> bool {
        self.prefix(words) == Some(words.len()) && !words.is_empty()
    }

    /// Whether `words` are phrases one after the other and nothing else.
    pub fn covers(&self, mut words: &[Word]) -> bool {
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
    TemplateTitles = "template-titles", "Words in the title of a template.";
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

struct Lexicon {
    lists: HashMap<List, Phrases>,
    /// Folded month names with their number, 1 to 12.
    months: HashMap<String, i8>,
    /// Folded common words with the languages that use them.
    stopwords: HashMap<String, Vec<&'static str>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon { lists: HashMap::new(), months: HashMap::new(), stopwords: HashMap::new() };
    for &(language, data) in LANGUAGES {
        for (key, phrases) in entries(data) {
            lexicon.add(language, key, &phrases);
        }
    }
    lexicon
});

impl Lexicon {
    fn add(&mut self, language: &'static str, key: &str, phrases: &[&str]) {
        let folded = |phrase: &str| words(phrase).into_iter().map(|word| word.folded).collect::<String>();
        match List::ALL.iter().find(|(name, _)| *name == key) {
            Some((_, List::Months)) => {
                for (at, month) in phrases.iter().enumerate() {
                    self.months.insert(folded(month), (at % 12) as i8 + 1);
                }
            }
            Some(&(_, list)) => {
                let set = self.lists.entry(list).or_default();
                for phrase in phrases {
                    set.add(phrase);
                    let spelled_out = phrase.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
                    if spelled_out != *phrase {
                        set.add(&spelled_out);
                    }
                }
            }
            None => {
                debug_assert_eq!(key, "stopwords", "words/{language}.txt has a list that nobody reads");
                for word in phrases {
                    self.stopwords.entry(folded(word)).or_default().push(language);
                }
            }
        }
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

/// The phrases of `list` in all languages.
pub fn list(list: List) -> &'static Phrases {
    static NONE: LazyLock<Phrases> = LazyLock::new(Phrases::default);
    LEXICON.lists.get(&list).unwrap_or(&NONE)
}

/// The month, 1 to 12, that a folded word names.
pub fn month(folded: &str) -> Option<i8> {
    LEXICON.months.get(folded).copied()
}

/// The languages in which a folded word is among the most common ones.
pub fn languages_of(folded: &str) -> &'static [&'static str] {
    LEXICON.stopwords.get(folded).map_or(&[], Vec::as_slice)
}
