//! What it looks for, and why: `named-person.md` beside this file, which is also its test.

use std::collections::HashSet;

use crate::{
    postmortem::{
        model::{Owner, Role},
        words::{List, list, words},
    },
    review::{Family, Findings, Gap, Levels, Names, Passage, PassageKind, Rule, Subject, Token, span_of},
    settings::Level,
    text::Span,
};

pub static RULE: Rule = Rule {
    name: "named-person",
    family: Family::Blameless,
    summary: "A person is named outside the list of participants",
    practices: &["S-025", "S-026", "S-027", "S-034", "S-041"],
    levels: Levels::new(Level::Note, Level::Warning, Level::Warning),
    names: Names::WhenAnonymous,
    words: &[],
    page: include_str!("named-person.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let people = People::of(subject);
    let (past, network) = (subject.class("<past-verb>"), subject.class("<network>"));
    let is_english = subject.knows("<past-verb>");
    let roles = Roles::of(subject, &people);
    if people.is_empty() && !subject.text.contains('@') {
        return;
    }
    for passage in subject.passages.iter().filter(|passage| !passage.is_quoted) {
        let words = subject.words(passage);
        let is_name = |at: &usize| words[*at].is_own() && people.named(subject, &words[*at..]) > 0;
        let Some(first) = (0..words.len()).find(is_name) else { continue };
        if may_name(subject, passage) || people.covers(subject, words) {
            continue;
        }
        let mut at = first;
        while let Some(word) = words.get(at) {
            let length = if word.is_own() { people.named(subject, &words[at..]) } else { 0 };
            // “Follow @shop-example on Mastodon” names an account, not a person.
            let near = words.get(at.saturating_sub(3)..words.len().min(at + length + 3)).unwrap_or_default();
            let length = if word.is_mention() && network.any(near) { 0 } else { length };
            if length == 0 {
                at += 1;
                continue;
            }
            // A family name that no list gives belongs to it.
            let family = words.get(at + length).is_some_and(|next| next.gap == Gap::Space && next.is_capital() && next.is_own());
            let length = length + usize::from(family && !word.is_mention());
            let (name, after) = words[at..].split_at(length);
            at += length;
            let mention = usize::from(word.is_mention());
            let said = span_of(name);
            let said = Span::new(said.start - mention, said.end);
            let finding = findings.report(said, format!("“{}” is named here.", subject.one_line(said)));
            finding.help("Say what the role saw or did, as in “the on-call engineer”; names stand under Participants.");
            let is_subject = after.first().is_some_and(|next| next.gap <= Gap::Space && past.has(next));
            if is_english && is_subject && possessor(subject.source(said)).is_none() {
                let role = roles.called(subject.source(said)).map_or("an engineer".to_owned(), |role| format!("the {role}"));
                finding.suggest(said, if word.starts_sentence() { sentence_case(&role) } else { role });
            }
        }
    }
}

/// Whether names belong there: participants, action items, and lines such as `Author: …`.
fn may_name(subject: &Subject<'_>, passage: &Passage) -> bool {
    const LABELS: [List; 3] = [List::Author, List::Participants, List::Owner];
    let part = subject.part(passage);
    if matches!(part.role, Role::Participants | Role::ActionItems) {
        return true;
    }
    let row = subject.source(passage.whole);
    let start = match passage.kind {
        PassageKind::Cell { .. } => row.trim_start_matches(['|', ' ']).split('|').next().unwrap_or_default(),
        _ => row.split([':', '：', '\n']).next().filter(|label| label.len() < row.len()).unwrap_or_default(),
    };
    let label = if start.len() <= 60 { words(start) } else { Vec::new() };
    LABELS.iter().any(|&names| list(names).is(&label))
}

/// The people whom the document lists, and the logins among them.
struct People {
    /// Names in full and the single words of them that stand for a person, in lower case.
    names: HashSet<String>,
    longest: usize,
}

impl People {
    fn of(subject: &Subject<'_>) -> Self {
        let owners = subject.postmortem.action_items.iter().flat_map(|item| &item.owners).filter_map(|owner| match owner {
            Owner::Login(login) => Some(login.as_str()),
            Owner::Team { .. } | Owner::Name(_) => None,
        });
        let mut people = Self { names: HashSet::new(), longest: 0 };
        for name in subject.postmortem.participants.iter().map(String::as_str).chain(owners) {
            people.add(name);
        }
        people
    }

    fn add(&mut self, name: &str) {
        let name = name.split(['(', ',', '–', '-']).next().unwrap_or_default().trim().trim_start_matches('@');
        let all = words(name);
        let is_role = all.iter().any(|word| word.is(List::Roles) || word.is(List::GroupWords));
        // `AWS` and its like are organisations.
        let is_short_for = !name.chars().any(char::is_lowercase);
        if all.is_empty() || all.len() > 4 || is_role || is_short_for {
            return;
        }
        let parts: Vec<&str> = name.split_whitespace().collect();
        // Short words and words of work (“Mark”, “Will”) are only looked for as part of the full name.
        let stands_alone = |part: &&&str| {
            part.chars().count() >= 3
                && part.starts_with(char::is_uppercase)
                && !words(part).iter().any(|word| word.is(List::WorkVerbs) || word.is(List::To))
        };
        self.names.extend(parts.iter().filter(stands_alone).map(|part| part.to_lowercase()));
        self.names.insert(parts.join(" ").to_lowercase());
        self.longest = self.longest.max(parts.len());
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether `words` are names and nothing else: a list of people under a heading that nobody knew.
    fn covers(&self, subject: &Subject<'_>, mut words: &[Token]) -> bool {
        while !words.is_empty() {
            match self.named(subject, words) {
                0 => return false,
                length => words = &words[length..],
            }
        }
        true
    }

    /// How many of `words`, from the first on, name a person.
    fn named(&self, subject: &Subject<'_>, words: &[Token]) -> usize {
        let Some(first) = words.first() else { return 0 };
        if first.is_mention() {
            return mention(subject, words);
        }
        if !first.is_capital() || !self.may_start(subject.source(first.span())) {
            return 0;
        }
        (1..=self.longest).rev().find(|&length| words.get(..length).is_some_and(|name| self.has(subject, name))).unwrap_or(0)
    }

    /// Whether one of the names may start with `word`: most words are passed over here, as long as the names are few.
    fn may_start(&self, word: &str) -> bool {
        const FEW: usize = 100;
        let plain = word.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (plain, rest) = word.as_bytes().split_at(plain);
        let starts = |name: &String| name.as_bytes().get(..plain.len()).is_some_and(|start| start.eq_ignore_ascii_case(plain));
        self.names.len() > FEW || rest.first().is_some_and(|next| !next.is_ascii()) || self.names.iter().any(starts)
    }

    fn has(&self, subject: &Subject<'_>, name: &[Token]) -> bool {
        let together = name.iter().skip(1).all(|word| word.gap == Gap::Space && word.is_own());
        let said = subject.source(span_of(name)).to_lowercase();
        let said = possessor(&said).unwrap_or(&said);
        together && self.names.contains(&said.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// The roles that stand behind names in the list of participants: `Ada Example (incident commander)`.
struct Roles(Vec<(String, String)>);

impl Roles {
    fn of(subject: &Subject<'_>, people: &People) -> Self {
        let person = subject.class("<person>");
        let entry = |passage: &Passage| {
            let words = subject.words(passage);
            let (name, after) = words.split_at_checked(people.named(subject, words).max(1))?;
            let opens = after.first().is_some_and(|first| matches!(first.gap, Gap::Bracket | Gap::Clause | Gap::Comma));
            let length = after.iter().skip(1).position(|word| word.gap > Gap::Tight).map_or(after.len(), |at| at + 1);
            let role = after.get(..length).filter(|role| opens && role.len() <= 4)?;
            let is_role = role.last().is_some_and(|last| person.has(last)) && role.iter().all(|word| word.is_own());
            is_role.then(|| (subject.source(span_of(name)).to_lowercase(), lower(subject.source(span_of(role)))))
        };
        Self(subject.passages_of(Role::Participants).filter_map(entry).collect())
    }

    /// The role of whoever is called `said`, where that is one person.
    fn called(&self, said: &str) -> Option<&str> {
        let said = said.trim_start_matches('@').to_lowercase();
        let mut of_that_name =
            self.0.iter().filter(|(name, _)| *name == said || name.split_whitespace().any(|part| part == said));
        let (_, role) = of_that_name.next().filter(|_| of_that_name.next().is_none())?;
        (self.0.iter().filter(|(_, other)| other == role).count() == 1).then_some(role)
    }
}

/// `Incident Commander` as it stands in a sentence; `SRE` stays.
fn lower(role: &str) -> String {
    let word = |word: &str| if word.chars().skip(1).any(char::is_uppercase) { word.to_owned() } else { word.to_lowercase() };
    role.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The name in `Ada's`.
fn possessor(name: &str) -> Option<&str> {
    name.strip_suffix("'s").or_else(|| name.strip_suffix("’s"))
}

/// The words of `@login-with-hyphens`; none for `@org/team`, and none for a package's version.
fn mention(subject: &Subject<'_>, words: &[Token]) -> usize {
    let Some(first) = words.first().map(|word| word.span()) else { return 0 };
    let is_version = subject.source(first).bytes().all(|byte| byte.is_ascii_digit());
    if is_version || subject.text.get(..first.start).is_some_and(|before| before.ends_with("`@")) {
        return 0;
    }
    let joined = |pair: &[Token]| {
        matches!(subject.source(Span::new(pair[0].span().end, pair[1].span().start.max(pair[0].span().end))), "-")
    };
    let length = 1 + words.windows(2).take_while(|pair| joined(pair)).count();
    let end = words[length - 1].span().end;
    let after = subject.text.get(end..).unwrap_or_default();
    let is_team = after.starts_with('/') && after[1..].starts_with(|c: char| c.is_ascii_alphanumeric());
    if is_team { 0 } else { length }
}
