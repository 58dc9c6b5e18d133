//! A postmortem whose items can be told apart however they are worded, and edits to its lines.

/// What each item says: a wording with a gap, and the words that it is filled with in turn. The first word is in no other item.
const WORDINGS: [(&str, &str, [&str; 3]); LINEAGES] = [
    (
        "ninety",
        "Alert somebody when fewer than ninety percent of all … succeed at the counter",
        ["checkouts", "purchases", "orders"],
    ),
    ("pool", "Keep the size of the connection pool in … file beside its limits", ["its own", "a separate", "one shared"]),
    ("Rehearse", "Rehearse taking back a deploy together with … on call this quarter", ["everybody", "anyone", "people"]),
    ("certificates", "Write down which certificates expire soon and … renews them by hand", ["who", "which team", "whoever"]),
    ("gateway", "Remove the endless retry loop from the … gateway client library", ["mail", "message", "letter"]),
    ("regional", "Teach the status page to show regional outages … from global trouble", ["separately", "apart", "away"]),
    ("index", "Load test the search index before … major release of the crawler", ["every", "each", "any"]),
];

pub const LINEAGES: usize = 7;
pub const PATHS: [&str; 2] = ["postmortems/2026-11-20-checkout.md", "postmortems/2026-11-20-till.md"];
const BEFORE: &str = "# Checkout failed\n\n## Summary\n\nEvery fourth checkout ended in an error page.\n\n## Action items\n\n";
const AFTER: &str = "\n## Timeline\n\nIt began at noon.\n";

/// What a document says about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Open,
    Done,
    Declined,
    Nothing,
}

pub fn line(lineage: usize, wording: usize) -> String {
    let (_, text, words) = WORDINGS[lineage];
    format!("- [ ] {}", text.replace('…', words[wording % words.len()]))
}

/// The document with these items and, behind them, `notes` that are about none of them.
pub fn text(items: &[String], notes: usize) -> String {
    let items: String = items.iter().map(|item| format!("{item}\n")).collect();
    format!("{BEFORE}{items}{AFTER}{}", "\nIt went on.\n".repeat(notes))
}

pub fn items(text: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with("- [")).map(str::to_owned).collect()
}

/// Whose wording, title or text this is.
pub fn lineage(text: &str) -> Option<usize> {
    WORDINGS.iter().position(|(token, ..)| text.contains(token))
}

pub fn says(line: &str) -> Says {
    match line {
        _ if line.contains("~~") => Says::Declined,
        _ if line.starts_with("- [x]") => Says::Done,
        _ => Says::Open,
    }
}

pub fn reworded(line: &str) -> String {
    let Some((_, text, words)) = lineage(line).map(|at| WORDINGS[at]) else { return line.to_owned() };
    let (before, after) = text.split_once('…').unwrap_or_default();
    let filled = |word: &str| format!("{before}{word}{after}");
    let now = words.iter().position(|word| line.contains(&filled(word))).unwrap_or_default();
    line.replace(&filled(words[now]), &filled(words[(now + 1) % words.len()]))
}

pub fn ticked(line: &str) -> String {
    line.replacen("- [ ]", "- [x]", 1)
}

pub fn declined(line: &str) -> String {
    format!("- [ ] ~~{}~~ (won't do)", line.trim_start_matches("- [ ] "))
}

pub fn taken_up(line: &str) -> String {
    line.replacen("- [x]", "- [ ]", 1).replace("~~ (won't do)", "").replace("~~", "")
}

/// What an item says, without box, link and strike.
pub fn wording(line: &str) -> String {
    let plain = taken_up(line);
    let plain = plain.trim_start_matches("- [ ] ");
    let link = plain.find(" ([#").or_else(|| plain.find(" (#")).unwrap_or(plain.len());
    plain[..link].trim().to_owned()
}
