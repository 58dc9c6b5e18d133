//! `followthrough doctor` for people: what was looked at, and for each thing that is wrong, why it matters and what to do.

use super::style::Style;

/// How bad it is. The order is that of the words in a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing is wrong.
    Note,
    /// It works, but not as it should, or not for long.
    Warning,
    /// Something does not work.
    Error,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a finding is about, in the order of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    Settings,
    Store,
    Queue,
    App,
    Webhooks,
    Installations,
    Repositories,
    Boards,
    Budget,
}

impl Area {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Store => "store",
            Self::Queue => "queue",
            Self::App => "app",
            Self::Webhooks => "webhooks",
            Self::Installations => "installations",
            Self::Repositories => "repositories",
            Self::Boards => "boards",
            Self::Budget => "budget",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Settings => "Settings",
            Self::Store => "Store",
            Self::Queue => "Queue",
            Self::App => "GitHub App",
            Self::Webhooks => "Webhooks",
            Self::Installations => "Installations",
            Self::Repositories => "Repositories",
            Self::Boards => "Boards",
            Self::Budget => "Rate budget",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub area: Area,
    /// What was looked at, for programs; never changed.
    pub check: &'static str,
    pub level: Level,
    /// The account, repository or board it is about.
    pub subject: Option<String>,
    /// What is, as a sentence. No secrets.
    pub message: String,
    /// Why it matters, as a sentence.
    pub why: Option<String>,
    /// What to do, as a sentence.
    pub help: Option<String>,
    /// Line and column of a file, 1-based.
    pub place: Option<(usize, usize)>,
}

impl Finding {
    pub fn new(area: Area, check: &'static str, level: Level, message: impl Into<String>) -> Self {
        Self { area, check, level, subject: None, message: message.into(), why: None, help: None, place: None }
    }

    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Columns that a line has at most; longer words are not broken.
const WIDTH: usize = 100;

/// The report, by area, and a last line that says how it went.
pub fn render(findings: &[Finding], style: Style) -> String {
    let mut findings: Vec<&Finding> = findings.iter().collect();
    findings.sort_by_key(|finding| finding.area);
    let (mut text, mut area) = (String::new(), None);
    for finding in findings.iter().copied() {
        if area != Some(finding.area) {
            let gap = if area.is_some() { "\n" } else { "" };
            text += &format!("{gap}{}\n", style.bold(finding.area.title()));
            area = Some(finding.area);
        }
        text += &one(finding, style);
    }
    text + "\n" + &summary(&findings, style)
}

fn one(finding: &Finding, style: Style) -> String {
    let mark = match finding.level {
        Level::Ok => style.green("✓"),
        Level::Note => style.cyan("·"),
        Level::Warning => style.yellow("!"),
        Level::Error => style.red("✗"),
    };
    let subject = finding.subject.as_ref().map(|subject| format!("{subject}: ")).unwrap_or_default();
    let mut text = format!("  {mark} {}\n", wrapped(&format!("{subject}{}", finding.message), 4));
    for (name, words) in [("why", &finding.why), ("do", &finding.help)] {
        if let Some(words) = words {
            text += &format!("      {}  {}\n", style.dim(&format!("{name:<3}")), wrapped(words, 11));
        }
    }
    text
}

/// `text` on several lines, all but the first indented.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut();
        let Some(line) = last else { break };
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

fn summary(findings: &[&Finding], style: Style) -> String {
    let count = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let counted = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    let told: Vec<String> =
        [(errors, style.red(&counted(errors, "error"))), (warnings, style.yellow(&counted(warnings, "warning")))]
            .into_iter()
            .filter(|&(count, _)| count > 0)
            .map(|(_, told)| told)
            .collect();
    let good = count(Level::Ok);
    match told.is_empty() {
        true => format!("{} {} looked at.\n", style.green("All is well:"), counted(good + count(Level::Note), "thing")),
        false if good == 0 => format!("{}.\n", told.join(", ")),
        false => format!(
            "{}; {} {} as should be.\n",
            told.join(", "),
            counted(good, "other thing"),
            if good == 1 { "is" } else { "are" }
        ),
    }
}
