//! Severities as teams write them, and values that depend on them.
//!
//! `S1`, `SEV1`, `Sev-1`, `SEV 1`, `severity 1` and `sev1 (critical)` are one severity. Words such as `critical` stand for
//! themselves, and so does another scale: P1 is a priority, not S1.

use std::fmt;

use serde_json::{Map, Value as Json, json};

use super::{
    decode::{Decoder, Value, shown},
    tree::{Content, Node},
};

/// Words that a level's number follows.
const PREFIXES: [&str; 6] = ["s", "sev", "severity", "level", "lvl", "sévérité"];

/// Whether `text`, a severity as a document gives it, is the severity that `key` names.
pub fn matches(key: &str, text: &str) -> bool {
    Name::of(key).is_some_and(|name| name.place_in(&tokens(text), text).is_some())
}

/// What a key of the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    /// The number in `SEV-1`.
    Level(u32),
    /// Lower case; a word, or several in a row.
    Words(Vec<String>),
}

impl Name {
    /// `None`: there is neither a letter nor a digit in it.
    fn of(key: &str) -> Option<Self> {
        let tokens = tokens(key);
        match level(&tokens, key) {
            Some((_, level)) => Some(Self::Level(level)),
            None if tokens.is_empty() => None,
            None => Some(Self::Words(tokens.into_iter().map(|token| token.word).collect())),
        }
    }

    /// The token at which `text` names this severity.
    fn place_in(&self, tokens: &[Token], text: &str) -> Option<usize> {
        match self {
            // A text is of one severity, the first it names: `SEV-2 (was SEV-1)`.
            Self::Level(wanted) => level(tokens, text).filter(|(_, level)| level == wanted).map(|(at, _)| at),
            Self::Words(wanted) => {
                let here = |at: usize| tokens[at..].iter().map(|token| &token.word).take(wanted.len()).eq(wanted);
                let denied = |at: usize| at > 0 && matches!(tokens[at - 1].word.as_str(), "not" | "non" | "no");
                (0..tokens.len()).find(|&at| here(at) && !denied(at))
            }
        }
    }
}

struct Token {
    /// A run of letters or of digits, lower case.
    word: String,
    /// Byte after it.
    end: usize,
}

/// The words of the first sentence: what follows tells about the incident, not of its severity.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let (mut run, mut digits) = (None, false);
    let mut closed = false;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let digit = c.is_ascii_digit();
        if let Some(start) = run.filter(|_| !c.is_alphanumeric() || digit != digits) {
            tokens.push(Token { word: text[start..at].to_lowercase(), end: at });
            run = None;
        }
        if c.is_alphanumeric() && run.is_none() {
            let abbreviated = tokens.last().is_some_and(|token| PREFIXES.contains(&token.word.as_str()));
            if closed && !abbreviated {
                break;
            }
            (run, digits, closed) = (Some(at), digit, false);
        }
        closed |= matches!(c, '.' | '!' | ';' | '\n' | '。') && !tokens.is_empty();
    }
    tokens
}

/// The first level that a text names, and the token where it does. A number alone is a level where nothing is counted with
/// it: `2`, `2 (major)`, but not `2 of 10 users` or `2-3 hours`.
fn level(tokens: &[Token], text: &str) -> Option<(usize, u32)> {
    let number = |token: &Token| token.word.parse().ok().filter(|_| token.word.len() <= 2);
    let prefixed = tokens.windows(2).enumerate().find_map(|(at, pair)| {
        PREFIXES.contains(&pair[0].word.as_str()).then(|| number(&pair[1]).map(|level| (at, level))).flatten()
    });
    let alone = || {
        let first = tokens.first()?;
        let rest = text[first.end..].trim_start();
        let apart = rest.is_empty() || rest.starts_with(['(', '-', '–', '—', ':', ',']);
        let counts = rest.chars().find(|c| c.is_alphanumeric()).is_some_and(|c| c.is_ascii_digit());
        number(first).filter(|_| apart && !counts).map(|level| (0, level))
    };
    prefixed.or_else(alone)
}

/// Values by severity, in the order written.
#[derive(Debug, Clone, PartialEq)]
pub struct BySeverity<T>(Vec<(String, T)>);

impl<T> Default for BySeverity<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> BySeverity<T> {
    /// The value for `text`, a severity as a document gives it, with the name it has in the configuration. Where the text
    /// names several (`SEV-1 (critical)`), the first of them that has a value counts.
    pub fn of(&self, text: &str) -> Option<(&str, &T)> {
        let tokens = tokens(text);
        let found =
            self.0.iter().filter_map(|(key, value)| Some((Name::of(key)?.place_in(&tokens, text)?, (key.as_str(), value))));
        found.min_by_key(|&(at, _)| at).map(|(_, found)| found)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Value> Value for BySeverity<T> {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let mut names: Vec<(Name, String)> = Vec::new();
        let values = decoder.map(node, "severities, each with a value", |key, value, decoder| {
            let Some(name) = Name::of(&key.name) else {
                let message = format!("`{}` is not a severity.", shown(&key.name));
                decoder.problem_at(key.at, message, "Write it as your postmortems do, such as `S1` or `critical`.".to_owned());
                return None;
            };
            if let Some((_, first)) = names.iter().find(|(known, _)| *known == name) {
                let message = format!("`{}` is the same severity as `{}`.", shown(&key.name), shown(first));
                decoder.problem_at(key.at, message, "Keep one of them.".to_owned());
                return None;
            }
            names.push((name, key.name.clone()));
            T::decode(value, decoder).map(|value| (key.name.trim().to_owned(), value))
        })?;
        Some(Self(values))
    }

    fn schema() -> Json {
        json!({ "type": ["object", "null"], "additionalProperties": T::schema() })
    }

    fn json(&self) -> Json {
        self.0.iter().map(|(key, value)| (key.clone(), value.json())).collect::<Map<_, _>>().into()
    }
}

/// A number of days or weeks: `7d`, `2w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    count: u16,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Days,
    Weeks,
}

impl Period {
    /// Ten years: whoever writes more means something else.
    const MOST_DAYS: u32 = 3_660;

    pub fn days(self) -> u32 {
        match self.unit {
            Unit::Days => self.count.into(),
            Unit::Weeks => u32::from(self.count) * 7,
        }
    }

    /// `None` also for what is no number of days or more than [`MOST_DAYS`](Self::MOST_DAYS).
    fn parse(text: &str) -> Option<Self> {
        let (count, unit) = match text.strip_suffix(['d', 'D']) {
            Some(count) => (count, Unit::Days),
            None => (text.strip_suffix(['w', 'W'])?, Unit::Weeks),
        };
        let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        let period = Self { count: count.parse().ok().filter(|&count| digits && count > 0)?, unit };
        (period.days() <= Self::MOST_DAYS).then_some(period)
    }
}

impl fmt::Display for Period {
    /// `1 day`, `2 weeks`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Days => "day",
            Unit::Weeks => "week",
        };
        write!(f, "{} {unit}{}", self.count, if self.count == 1 { "" } else { "s" })
    }
}

impl Value for Period {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        const WANTED: &str = "a number of days or weeks, such as `7d` or `2w`";
        let text = match &node.content {
            Content::Text(text) => text.trim(),
            Content::Number(written) => {
                let help = Self::parse(&format!("{written}d")).map(|_| format!("Write `{written}d` for days."));
                return decoder.wrong_kind(node, WANTED, help);
            }
            _ => return decoder.wrong_kind(node, WANTED, None),
        };
        let period = Self::parse(text);
        if period.is_none() {
            let message = format!("`{}` cannot be `{}`; it must be {WANTED}.", decoder.path(), shown(text));
            decoder.problem(node, message, meant(text));
        }
        period
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[1-9][0-9]{0,3}[dDwW]$" })
    }

    fn json(&self) -> Json {
        let unit = match self.unit {
            Unit::Days => 'd',
            Unit::Weeks => 'w',
        };
        format!("{}{unit}", self.count).into()
    }
}

/// How to write what was probably meant: `7 days`, `1 month`, `0d`.
fn meant(text: &str) -> Option<String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let count: u32 = text[..digits].parse().ok()?;
    let days = match text[digits..].trim().to_lowercase().as_str() {
        "d" | "day" | "days" if count == 0 => return Some("It must be at least one day.".to_owned()),
        "d" | "day" | "days" => count,
        "w" | "wk" | "week" | "weeks" => count.saturating_mul(7),
        "m" | "mo" | "month" | "months" => count.saturating_mul(30),
        "y" | "year" | "years" => count.saturating_mul(365),
        _ => return None,
    };
    if days > Period::MOST_DAYS {
        return Some("It must be less than ten years.".to_owned());
    }
    (days > 0).then(|| format!("Write `{days}d`."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_severity_is_written_in_many_ways() {
        let spellings = [
            "S1",
            "s1",
            "SEV1",
            "Sev-1",
            "SEV 1",
            "sev_1",
            "Sev. 1",
            "SEV-01",
            "severity 1",
            "Severity: 1",
            "Severity level 1",
            "Level 1",
            "sev1 (critical)",
            "SEV-1 - full outage",
            "critical (SEV1)",
            "1",
            "1 (critical)",
            "1 – critical",
            "SEV1, was SEV2",
        ];
        for text in spellings {
            for key in ["S1", "SEV1", "Sev-1", "severity 1", "1"] {
                assert!(matches(key, text), "{key} {text}");
            }
            for key in ["S2", "SEV11", "P1", "minor", "10", "sev"] {
                assert!(key == "sev" || !matches(key, text), "{key} {text}");
            }
        }
    }

    #[test]
    fn other_scales_and_counts_are_no_level() {
        for text in [
            "P1",
            "Priority 1",
            "Tier 1",
            "Major",
            "1 of 10 users",
            "1-2 hours",
            "1.5 hours",
            "1,000 users",
            "1 %",
            "100",
            "2026-11-20",
            "High. Like SEV1 last week",
            "",
            "–",
        ] {
            assert!(!matches("S1", text), "{text}");
        }
        assert!(matches("P1", "p-1") && matches("P1", "P1 (high)") && !matches("P1", "P2") && !matches("P1", "SEV1"));
    }

    #[test]
    fn words_match_by_themselves() {
        for (key, text, same) in [
            ("critical", "Critical", true),
            ("critical", "sev1 (critical)", true),
            ("Very High", "very-high", true),
            ("high", "very high", true),
            ("very high", "high", false),
            ("critical", "not critical", false),
            ("critical", "non-critical", false),
            ("critical", "Low. No critical system was touched.", false),
            ("critical", "uncritical", false),
            ("kritisch", "KRITISCH", true),
            ("重大", "重大 (SEV1)", true),
        ] {
            assert_eq!(matches(key, text), same, "{key} {text}");
        }
    }

    #[test]
    fn the_severity_that_is_named_first_counts() {
        let values = BySeverity(vec![("high".to_owned(), 1), ("S2".to_owned(), 2), ("low".to_owned(), 3)]);
        for (text, found) in [
            ("SEV-2 (high)", Some(("S2", &2))),
            ("High (SEV-2)", Some(("high", &1))),
            ("Low, not high", Some(("low", &3))),
            ("SEV-3", None),
        ] {
            assert_eq!(values.of(text), found, "{text}");
        }
    }

    #[test]
    fn periods_are_days_or_weeks() {
        for (text, days, said) in [("7d", 7, "7 days"), ("1D", 1, "1 day"), ("2w", 14, "2 weeks"), ("1w", 7, "1 week")] {
            let period = Period::parse(text).expect(text);
            assert_eq!((period.days(), period.to_string().as_str()), (days, said));
            assert_eq!(period.json().as_str().and_then(Period::parse), Some(period));
        }
        for text in ["", "d", "0d", "-7d", "+7d", "7", "7 d", "7m", "1.5d", "99999d", "600w", "7dd", "٧d", "P7D"] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_texts_can_be_compared(key in "\\PC{0,20}|[sev0-9 .(-]{0,12}", text in "\\PC{0,40}|[sev0-9 .(-]{0,20}|[a-z.\n]{0,9}") {
            let _ = (matches(&key, &text), meant(&text), Period::parse(&text));
            // What names a severity is of that severity itself.
            prop_assert_eq!(matches(&text, &text), Name::of(&text).is_some_and(|name| name.place_in(&tokens(&text), &text).is_some()));
        }

        #[test]
        fn a_level_is_itself_however_it_is_written_and_no_other(
            level in 0_u32..100, other in 0_u32..100, key in "(s|S|Sev|SEVERITY)[ -]?", text in "(s|S|sev|Severity)[ :._-]{0,2}", after in "( \\(.{0,9}\\))?",
        ) {
            let text = format!("{text}{level}{after}");
            let named = format!("{key}{level}");
            prop_assert!(matches(&named, &text), "{} {}", named, text);
            let other_key = format!("{key}{other}");
            prop_assert_eq!(matches(&other_key, &text), level == other);
            let priority = format!("P{level}");
            prop_assert!(!matches(&named, &priority));
        }

        #[test]
        fn a_period_is_what_was_written(count in 1_u16..=520, weeks: bool) {
            let text = format!("{count}{}", if weeks { 'w' } else { 'd' });
            prop_assert_eq!(Period::parse(&text).map(Period::days), Some(u32::from(count) * if weeks { 7 } else { 1 }));
            prop_assert_eq!(meant(&text), Some(format!("Write `{}d`.", u32::from(count) * if weeks { 7 } else { 1 })));
        }
    }
}
