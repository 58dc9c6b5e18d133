//! A postmortem before anybody has written in it.

use jiff::civil::Date;

/// Followthrough's own template: the sections that its review looks for, and nothing that has to be deleted (S-001).
pub const BUILT_IN: &str = include_str!("../../config/postmortem.md");

/// The longest name of a file without day and ending, in characters.
const LONGEST: usize = 60;

/// `2026-11-20-checkout-failed.md`
pub fn file_name(title: &str, date: Date) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') && !matches!(c, '\'' | '’') {
            slug.push('-');
        }
    }
    let mut short: String = slug.chars().take(LONGEST).collect();
    // Not in the middle of a word, where there are several.
    if short.len() < slug.len()
        && !slug[short.len()..].starts_with('-')
        && let Some(at) = short.rfind('-')
    {
        short.truncate(at);
    }
    let short = short.trim_matches('-');
    format!("{date}-{}.md", if short.is_empty() { "postmortem" } else { short })
}

/// The template with title and day in their places.
pub fn fill(template: &str, title: &str, date: Date) -> String {
    let template = template.strip_prefix('\u{feff}').unwrap_or(template);
    let mut has_title = false;
    let mut text = String::with_capacity(template.len() + title.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let filled = after.split_once("}}").and_then(|(name, after)| {
            let value = match name.trim() {
                "title" => title.to_owned(),
                "date" => date.to_string(),
                _ => return None,
            };
            has_title |= name.trim() == "title";
            Some((value, after))
        });
        match filled {
            Some((value, after)) => {
                text.push_str(&value);
                rest = after;
            }
            None => {
                text.push_str("{{");
                rest = after;
            }
        }
    }
    text.push_str(rest);
    if has_title { text } else { titled(&text, title) }
}

/// With the title for its first heading of the first level, or above everything where there is none.
fn titled(text: &str, title: &str) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let heading = format!("# {title}");
    let in_front_matter = lines.first().is_some_and(|line| line.trim_end() == "---");
    let mut from = 0;
    if in_front_matter {
        from = lines.iter().skip(1).position(|line| line.trim_end() == "---").map_or(0, |at| at + 2);
    }
    match lines.iter().skip(from).position(|line| line.starts_with("# ")).map(|at| at + from) {
        Some(at) => {
            let ending = if lines.get(at).is_some_and(|line| line.ends_with('\r')) { "\r" } else { "" };
            let heading = heading + ending;
            if let Some(line) = lines.get_mut(at) {
                *line = &heading;
            }
            lines.join("\n")
        }
        None => {
            let body = lines.split_off(from.min(lines.len())).join("\n");
            let front = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            format!("{front}{heading}\n\n{}", body.trim_start_matches(['\r', '\n']))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = jiff::civil::date(2026, 11, 20);

    #[test]
    fn the_name_of_the_file_is_the_day_and_the_title() {
        for (title, name) in [
            ("Checkout failed", "2026-11-20-checkout-failed.md"),
            ("  It's 50% down!! (again) ", "2026-11-20-its-50-down-again.md"),
            ("Störung im Rechenzentrum", "2026-11-20-störung-im-rechenzentrum.md"),
            ("../../etc/passwd", "2026-11-20-etc-passwd.md"),
            ("決済が失敗", "2026-11-20-決済が失敗.md"),
            ("!!!", "2026-11-20-postmortem.md"),
            (
                "A title that goes on and on about everything that happened on that day",
                "2026-11-20-a-title-that-goes-on-and-on-about-everything-that-happened.md",
            ),
        ] {
            assert_eq!(file_name(title, DAY), name);
        }
        assert!(file_name(&"x".repeat(500), DAY).len() < 80);
    }

    #[test]
    fn title_and_day_are_filled_in_and_everything_else_stays() {
        let filled = fill("# {{title}}\r\n\r\nDate: {{ date }}, {{ owner }} {{\n", "A & {{ date }}", DAY);
        assert_eq!(filled, "# A & {{ date }}\r\n\r\nDate: 2026-11-20, {{ owner }} {{\n");
        assert_eq!(fill("intro\n# Template\n## Summary\n", "T", DAY), "intro\n# T\n## Summary\n");
        assert_eq!(fill("---\n# no heading\n---\n# Template\r\nx", "T", DAY), "---\n# no heading\n---\n# T\r\nx");
        assert_eq!(fill("---\na: b\n---\n\n## Summary\n", "T", DAY), "---\na: b\n---\n# T\n\n## Summary\n");
        assert_eq!(fill("", "T", DAY), "# T\n\n");
    }
}
