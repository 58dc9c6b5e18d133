//! The rules of the review: their list, one page, and the index of all pages.

use super::style::Style;
use crate::{
    review::{Family, RULES, Rule},
    settings::Level,
};

/// The list for a terminal: name, usual level and summary, by family.
pub fn list(style: Style) -> String {
    let width = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (family, rules) in families() {
        out += &format!("{}\n", style.bold(family.title()));
        for rule in rules {
            let level = level(rule.levels.standard);
            out += &format!("  {:width$}  {}  {}\n", rule.name, style.dim(&format!("{level:7}")), rule.summary);
        }
        out.push('\n');
    }
    out + "`followthrough rules RULE` explains a rule. Levels are those of the profile `standard`.\n"
}

/// A rule's page for a terminal: its headings stand out, the rest is as written.
pub fn page(rule: &Rule, style: Style) -> String {
    let mut in_code = false;
    let line = |line: &str| {
        let fence = line.starts_with("```");
        in_code ^= fence;
        match line {
            _ if fence || in_code => style.dim(line),
            _ if line.starts_with('#') => style.bold(line),
            _ => line.to_owned(),
        }
    };
    rule.page.lines().map(line).map(|line| line + "\n").collect()
}

/// `docs/rules/README.md`.
pub fn index() -> String {
    let mut out = String::from(
        "# The rules of the review\n\n<!-- Generated: followthrough rules --format markdown > docs/rules/README.md -->\n\n\
         What `followthrough check` and the check on a pull request look for. All of it is advice, about the words and never about their writer.\n\
         Levels are those of the profiles `light`, `standard` and `major`; `review.rules` in the repository's configuration sets others, and\n\
         `<!-- followthrough-ignore: rule reason -->` keeps one finding quiet.\n",
    );
    for (family, rules) in families() {
        out +=
            &format!("\n## {}\n\n| rule | says | light | standard | major | from |\n|---|---|---|---|---|---|\n", family.title());
        for rule in rules {
            let levels = [rule.levels.light, rule.levels.standard, rule.levels.major].map(level).join(" | ");
            let name = rule.name;
            let from = rule.practices.join(", ");
            out += &format!("| [{name}](../../src/review/rules/{name}.md) | {} | {levels} | {from} |\n", rule.summary);
        }
    }
    out
}

fn families() -> impl Iterator<Item = (Family, Vec<&'static Rule>)> {
    let of = |family| RULES.iter().copied().filter(|rule| rule.family == family).collect::<Vec<_>>();
    Family::ALL.into_iter().map(move |family| (family, of(family))).filter(|(_, rules)| !rules.is_empty())
}

/// A level as the configuration writes it.
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Off => "off",
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_index_of_the_rules_is_current() {
        let written = include_str!("../../docs/rules/README.md");
        assert!(written == super::index(), "run: followthrough rules --format markdown > docs/rules/README.md");
    }
}
