//! `followthrough new`: a postmortem to fill in.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use jiff::civil::Date;

use super::{CLEAN, complain, fail, print, say};
use crate::{
    postmortem::template,
    settings::{self, Settings},
};

/// Begin a postmortem: a document from the template, named by day and title
///
/// The template is the one given with --template, else the first file with `template` in
/// its name in the folder, else Followthrough's own. In it, `{{ title }}` and `{{ date }}`
/// are filled in; where a template has no `{{ title }}`, its first heading becomes the title.
///
/// Nothing is overwritten. The path is printed to standard output.
///
/// Examples:
///   followthrough new "Checkout failed for every fourth customer"
///   followthrough new "Checkout failed" --date 2026-11-20 --dir docs/incidents
///   $EDITOR "$(followthrough new 'Checkout failed')"
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// What happened, in a few words.
    title: String,
    /// The folder of postmortems; made where it is missing.
    #[arg(long, value_name = "FOLDER", default_value = "postmortems")]
    dir: PathBuf,
    /// The template to use.
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// The day of the incident [default: today].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_day)]
    date: Option<Date>,
}

fn parse_day(text: &str) -> Result<Date, String> {
    Date::strptime("%Y-%m-%d", text).map_err(|_| "write a day as YYYY-MM-DD, such as 2026-01-31".to_owned())
}

pub fn run(arguments: &Arguments) -> u8 {
    let title = arguments.title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return fail("a postmortem needs a title: what happened, in a few words");
    }
    let date = arguments.date.unwrap_or_else(|| jiff::Zoned::now().date());
    let chosen = arguments.template.clone().or_else(|| in_folder(&arguments.dir));
    let text = match &chosen {
        None => template::BUILT_IN.to_owned(),
        Some(path) => match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return fail(format_args!("the template {} cannot be read: {error}", path.display())),
        },
    };
    let path = arguments.dir.join(template::file_name(&title, date));
    if let Err(error) = write(&path, &template::fill(&text, &title, date)) {
        return match error.kind() {
            ErrorKind::AlreadyExists => fail(format_args!("{} is there already, and is not overwritten", path.display())),
            _ => fail(format_args!("{} cannot be written: {error}", path.display())),
        };
    }
    if let Some(template) = &chosen {
        say(&format!("From the template {}.\n", template.display()));
    }
    let code = print(&format!("{}\n", path.display()));
    if code == CLEAN {
        say(&format!(
            "Fill it in, see what to improve with `followthrough check {}`, and open a pull request.\n",
            path.display()
        ));
        warn_where_unread(&path);
    }
    code
}

/// The team's own template: the first in the folder by name.
fn in_folder(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let is_template = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        name.contains("template") && settings::is_markdown(&name) && path.is_file()
    };
    entries.filter(is_template).min()
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // A file of that name is no document that is there already.
        fs::create_dir_all(folder).map_err(std::io::Error::other)?;
    }
    fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// A document that the configuration leaves out would be waited for in vain.
fn warn_where_unread(path: &Path) {
    let settings =
        fs::read_to_string(settings::PATH).map(|text| settings::draft(&text).0).unwrap_or_else(|_| Settings::default());
    let Some(inside) = path.to_str().filter(|_| path.is_relative()) else { return };
    if !settings.reads(inside.trim_start_matches("./")) {
        complain(format_args!("Followthrough does not read {inside}: `documents.include` in {} leaves it out", settings::PATH));
    }
}
