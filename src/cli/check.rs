//! `followthrough check`: the review of documents, before anyone else sees them.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::{CLEAN, FAILURE, FINDINGS, Format, complain, fail, files, print, stdout_style};
use crate::{
    postmortem::parse::ReadOptions,
    render::{check_text, check_v1},
    review::{self, Finding, Policy},
    settings::{self, Level, Settings},
};

/// Review the words of postmortems: what is missing, what blames, what nobody could finish
///
/// The findings are advice. `followthrough rules RULE` explains one of them, and
/// `<!-- followthrough-ignore: rule reason -->` in the document keeps it from being
/// said again.
///
/// The configuration is found as on GitHub: .github/followthrough.yml at or above
/// each document, up to the root of its repository.
///
/// Exit code: 0 when there is nothing above the level of a note, 1 when there is,
/// 2 when something could not be checked.
///
/// Examples:
///   followthrough check
///   followthrough check postmortems/2026-11-20-checkout.md
///   followthrough check --format json 'postmortems/**/*.md'
///   followthrough check - < draft.md
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Files, directories (their Markdown files), patterns such as `docs/**/*.md`, or `-` for standard input.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// The repository configuration, instead of the one that is found.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// How the documents of one repository are read and reviewed.
struct Rulebook {
    options: ReadOptions,
    policy: Policy,
}

/// What came of one document.
struct Reviewed {
    path: String,
    findings: Result<Vec<Finding>, String>,
    /// Its findings as text, when they are wanted so.
    text: String,
}

pub fn run(arguments: &Arguments) -> u8 {
    let files = files::list(&arguments.paths);
    let rulebooks = match Rulebooks::load(&files, arguments.config.as_deref()) {
        Ok(rulebooks) => rulebooks,
        Err(why) => return fail(why),
    };
    let style = stdout_style();
    let reviewed = files::map(&files, |input| {
        let mut text = String::new();
        let findings = input.bytes.and_then(|bytes| {
            let rulebook = rulebooks.of(Path::new(&input.path));
            let findings = review::review(&bytes, &rulebook.options, &rulebook.policy).map_err(|error| error.to_string())?;
            if arguments.format == Format::Text {
                text = check_text::render(&input.path, &String::from_utf8_lossy(&bytes), &findings, style);
            }
            Ok(findings)
        });
        Reviewed { path: input.path, findings, text }
    });
    report(reviewed, arguments.format)
}

fn report(reviewed: Vec<Reviewed>, format: Format) -> u8 {
    let (mut documents, mut text, mut code) = (Vec::new(), String::new(), CLEAN);
    for Reviewed { path, findings, text: shown } in reviewed {
        match findings {
            Ok(findings) => {
                if findings.iter().any(|finding| matches!(finding.level, Level::Warning | Level::Error)) {
                    code = code.max(FINDINGS);
                }
                text.push_str(&shown);
                documents.push((path, findings));
            }
            Err(why) => {
                complain(format_args!("{path}: {why}"));
                code = FAILURE;
            }
        }
    }
    let printed = match format {
        // "Nothing to improve" would be no answer to a document that could not be read.
        Format::Text if documents.is_empty() => CLEAN,
        Format::Text => print(&(text + &check_text::summary(&documents, stdout_style()))),
        Format::Json => print(&check_v1::render(&documents)),
    };
    code.max(printed)
}

/// The rulebook of every document, by the folder it lies in.
struct Rulebooks {
    by_folder: HashMap<PathBuf, usize>,
    all: Vec<Rulebook>,
}

impl Rulebooks {
    /// Finds and reads the configurations of `files`, each once.
    fn load(files: &[PathBuf], given: Option<&Path>) -> Result<Self, String> {
        let mut rulebooks = Self { by_folder: HashMap::new(), all: vec![rulebook(given)?] };
        if given.is_some() {
            return Ok(rulebooks);
        }
        let mut by_configuration: HashMap<PathBuf, usize> = HashMap::new();
        for file in files {
            let folder = folder(file);
            if rulebooks.by_folder.contains_key(&folder) {
                continue;
            }
            let at = match discover(&folder) {
                None => 0,
                Some(path) => match by_configuration.get(&path) {
                    Some(&at) => at,
                    None => {
                        rulebooks.all.push(rulebook(Some(&path))?);
                        by_configuration.insert(path, rulebooks.all.len() - 1);
                        rulebooks.all.len() - 1
                    }
                },
            };
            rulebooks.by_folder.insert(folder, at);
        }
        Ok(rulebooks)
    }

    fn of(&self, file: &Path) -> &Rulebook {
        let at = self.by_folder.get(&folder(file)).copied().unwrap_or(0);
        self.all.get(at).unwrap_or(&self.all[0])
    }
}

fn folder(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

/// The nearest configuration at or above `folder`, not above the root of its repository.
fn discover(folder: &Path) -> Option<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let folder = folder.canonicalize().ok()?;
    for above in folder.ancestors() {
        let candidate = above.join(settings::PATH);
        if candidate.is_file() {
            return Some(candidate);
        }
        if above.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The rulebook that the configuration at `path` makes, or the usual one.
fn rulebook(path: Option<&Path>) -> Result<Rulebook, String> {
    let Some(path) = path else { return Ok(Rulebook { options: ReadOptions::default(), policy: Policy::default() }) };
    let told = |problems: &[settings::Problem]| {
        problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect::<Vec<_>>().join("\n")
    };
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (Settings { documents, review, .. }, mut problems) = settings::draft(&text);
    let (policy, unknown) = Policy::new(&review);
    problems.extend(unknown);
    if !problems.is_empty() {
        return Err(told(&problems));
    }
    Ok(Rulebook { options: ReadOptions { headings: documents.headings }, policy })
}
