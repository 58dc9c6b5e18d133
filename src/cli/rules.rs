//! `followthrough rules`: what is looked for, and why.

use clap::ValueEnum;

use super::{fail, print, stdout_style};
use crate::{render::rules, review, settings::did_you_mean};

/// List the rules of the review, or explain one of them
///
/// Examples:
///   followthrough rules
///   followthrough rules human-error
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// The rule to explain.
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// How the list is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: ListFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// For people.
    Text,
    /// The index of the rules' pages, as in `docs/rules/README.md`.
    Markdown,
}

pub fn run(arguments: &Arguments) -> u8 {
    let Some(name) = &arguments.rule else {
        return print(&match arguments.format {
            ListFormat::Text => rules::list(stdout_style()),
            ListFormat::Markdown => rules::index(),
        });
    };
    match review::rule(name) {
        Some(rule) => print(&rules::page(rule, stdout_style())),
        None => {
            let near = did_you_mean(name, review::RULES.iter().map(|rule| rule.name));
            let help = near.map_or("`followthrough rules` lists all rules.".to_owned(), |near| format!("Did you mean `{near}`?"));
            fail(format_args!("there is no rule `{name}`. {help}"))
        }
    }
}
