//! `followthrough inspect`: what is read from a document.

use std::path::PathBuf;

use super::{CLEAN, FAILURE, Format, complain, files, print, stdout_style};
use crate::{
    postmortem::parse::{self, ReadOptions},
    render::{inspect_text, inspect_v1},
};

/// Show what is read from documents: title, sections, action items
///
/// Examples:
///   followthrough inspect postmortems/2026-11-20-checkout.md
///   followthrough inspect --explain postmortems/
///   followthrough inspect --format json - < document.md
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Files, directories (their Markdown files), patterns such as `docs/**/*.md`, or `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Also show what looks like an action item and was not read as one, and why.
    #[arg(long)]
    explain: bool,
    /// A further heading that holds action items, such as `Homework`. May be given several times.
    #[arg(long = "heading", value_name = "TEXT")]
    headings: Vec<String>,
}

pub fn run(arguments: &Arguments) -> u8 {
    let options = ReadOptions { headings: arguments.headings.clone() };
    let style = stdout_style();
    let (mut read, mut text, mut code) = (Vec::new(), String::new(), CLEAN);
    let readings = files::map(&files::list(&arguments.paths), |input| {
        let reading = input.bytes.and_then(|bytes| parse::explain(&bytes, &options).map_err(|error| error.to_string()));
        (input.path, reading)
    });
    for (path, reading) in readings {
        match reading {
            Ok((postmortem, not_items)) => {
                if arguments.format == Format::Text {
                    let shown = if arguments.explain { not_items.as_slice() } else { &[] };
                    text.push_str(&inspect_text::render(&path, &postmortem, shown, style.colour));
                } else {
                    read.push((path, postmortem));
                }
            }
            Err(why) => {
                complain(format_args!("{}: {why}", path));
                code = FAILURE;
            }
        }
    }
    let printed = match arguments.format {
        Format::Json => print(&inspect_v1::render(&read)),
        Format::Text => print(&text),
    };
    code.max(printed)
}
