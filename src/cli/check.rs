//! `followthrough check`: the review of documents, before anyone else sees them.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use super::{CLEAN, FAILURE, FINDINGS, complain, fail, files, print, stderr_style, stdout_style};
use crate::{
    postmortem::parse::ReadOptions,
    render::{check_changes, check_diff, check_github, check_sarif, check_text, check_v1, style::Style},
    review::{self, Policy, Review, Rewritten},
    settings::{self, Level},
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
/// 2 when something could not be checked. With --fix, what is left counts; with
/// --diff, 1 says that --fix would rewrite something.
///
/// Examples:
///   followthrough check
///   followthrough check postmortems/2026-11-20-checkout.md
///   followthrough check --format json 'postmortems/**/*.md'
///   followthrough check - < draft.md
///   followthrough check --diff postmortems/ | patch -p0
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
    /// Make the rewrites that findings suggest, in the files, and say which.
    #[arg(long)]
    fix: bool,
    /// Show what --fix would write, as a patch, and write nothing.
    #[arg(long, conflicts_with = "format")]
    diff: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs; versioned, fields are only ever added.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// Workflow commands: annotations in GitHub Actions.
    Github,
}

/// How the documents of one repository are read and reviewed.
struct Rulebook {
    options: ReadOptions,
    policy: Policy,
}

/// What came of one document.
struct Reviewed {
    path: String,
    review: Result<Review, String>,
    /// Its findings as text, or the patch, when they are wanted so.
    text: String,
    /// What was rewritten, for people.
    changes: String,
}

pub fn run(arguments: &Arguments) -> u8 {
    let mut files = files::list(&arguments.paths);
    // Each file is rewritten once, by whatever names it goes.
    let mut seen = HashSet::new();
    files.retain(|file| !arguments.fix || seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
    if arguments.fix && !arguments.diff && files.iter().any(|file| file.as_os_str() == "-") {
        return fail("standard input cannot be rewritten; name a file, or use --diff");
    }
    let rulebooks = match Rulebooks::load(&files, arguments.config.as_deref()) {
        Ok(rulebooks) => rulebooks,
        Err(why) => return fail(why),
    };
    let style = stdout_style();
    let reviewed = files::map(&files, |input| {
        let rulebook = rulebooks.of(Path::new(&input.path));
        let (mut text, mut changes) = (String::new(), String::new());
        let review = input.bytes.and_then(|bytes| {
            if !arguments.fix && !arguments.diff {
                let review = review::review(&bytes, &rulebook.options, &rulebook.policy).map_err(|error| error.to_string())?;
                text = shown(arguments, &input.path, &String::from_utf8_lossy(&bytes), &review, style);
                return Ok(review);
            }
            let rewritten = review::rewrite(&bytes, &rulebook.options, &rulebook.policy).map_err(|error| error.to_string())?;
            if arguments.diff {
                text = check_diff::render(&input.path, &String::from_utf8_lossy(&bytes), &rewritten.text, style);
                return Ok(Review::default());
            }
            changes = write(arguments, &input.path, &bytes, &rewritten)?;
            text = shown(arguments, &input.path, &rewritten.text, &rewritten.review, style);
            Ok(rewritten.review)
        });
        Reviewed { path: input.path, review, text, changes }
    });
    report(reviewed, arguments)
}

/// The findings as text, where that is what will be printed.
fn shown(arguments: &Arguments, path: &str, source: &str, review: &Review, style: Style) -> String {
    if arguments.format == Format::Text { check_text::render(path, source, &review.findings, style) } else { String::new() }
}

/// Writes what was rewritten, and tells it.
fn write(arguments: &Arguments, path: &str, before: &[u8], rewritten: &Rewritten) -> Result<String, String> {
    if rewritten.text.as_bytes() == before {
        return Ok(String::new());
    }
    files::replace(Path::new(path), before, rewritten.text.as_bytes())?;
    let style = if arguments.format == Format::Text { stdout_style() } else { stderr_style() };
    Ok(check_changes::render(path, &rewritten.changes, style))
}

fn report(reviewed: Vec<Reviewed>, arguments: &Arguments) -> u8 {
    let (mut documents, mut text, mut changes, mut code) = (Vec::new(), String::new(), String::new(), CLEAN);
    for Reviewed { path, review, text: shown, changes: made } in reviewed {
        changes += &made;
        match review {
            Ok(review) => {
                let has_patch = arguments.diff && !shown.is_empty();
                if has_patch || review.findings.iter().any(|finding| matches!(finding.level, Level::Warning | Level::Error)) {
                    code = code.max(FINDINGS);
                }
                text.push_str(&shown);
                documents.push((path, review));
            }
            Err(why) => {
                complain(format_args!("{path}: {why}"));
                code = FAILURE;
            }
        }
    }
    if !changes.is_empty() {
        match arguments.format {
            Format::Text => text = changes + "\n" + &text,
            // What programs read stays what it is.
            Format::Json | Format::Sarif | Format::Github => super::say(&changes),
        }
    }
    let printed = match arguments.format {
        _ if arguments.diff => print(&text),
        // "Nothing to improve" would be no answer to a document that could not be read.
        Format::Text if documents.is_empty() => CLEAN,
        Format::Text => print(
            &(text + &check_text::celebrations(&documents, stdout_style()) + &check_text::summary(&documents, stdout_style())),
        ),
        Format::Json => print(&check_v1::render(&documents)),
        Format::Sarif => print(&check_sarif::render(&documents)),
        Format::Github => print(&check_github::render(&documents)),
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
    let (settings, mut problems) = settings::draft(&text);
    let (policy, unknown) = Policy::new(&settings);
    problems.extend(unknown);
    if !problems.is_empty() {
        return Err(told(&problems));
    }
    Ok(Rulebook { options: ReadOptions { headings: settings.documents.headings }, policy })
}
