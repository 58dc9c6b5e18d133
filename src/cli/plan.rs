//! `followthrough plan`: what merging would do, without asking GitHub.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::{CLEAN, FAILURE, FINDINGS, Format, complain, fail, files, print, stdout_style};
use crate::{
    ids::{IssueRef, NodeId, RepositoryId, RepositoryName},
    plan::{self, Document, IssueState, Observed, Referent},
    postmortem::parse::{self, ReadOptions},
    render::{plan_text, plan_v1},
    settings::{self, Settings},
};

/// Show what merging documents would do: which issues would open, what is linked or already done
///
/// Works offline: nothing is asked of GitHub and nothing is changed. So it does not
/// check whether a linked issue exists or an owner can be assigned; the comment on
/// the pull request does.
///
/// Examples:
///   followthrough plan postmortems/2026-11-20-checkout.md
///   followthrough plan --repo acme/app --format json postmortems/
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Files, directories (their Markdown files), patterns such as `docs/**/*.md`, or `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// The repository that the documents live in, as `owner/name`; issue numbers such as `#88` are its own.
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<RepositoryName>,
    /// The repository configuration [default: .github/followthrough.yml, where it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub fn run(arguments: &Arguments) -> u8 {
    let settings = match load_settings(arguments.config.as_deref()) {
        Ok(settings) => settings,
        Err(why) => return fail(why),
    };
    let home = arguments.repo.clone().unwrap_or_else(|| RepositoryName::new("this", "repository"));
    let options = ReadOptions { headings: settings.documents.headings.clone() };
    let today = jiff::Zoned::now().date();
    let (mut plans, mut code) = (Vec::new(), CLEAN);
    for input in files::load(&arguments.paths) {
        let reading = input.bytes.and_then(|bytes| parse::parse(&bytes, &options).map_err(|error| error.to_string()));
        let reading = match reading {
            Ok(reading) => reading,
            Err(why) => {
                complain(format_args!("{}: {why}", input.path));
                code = FAILURE;
                continue;
            }
        };
        let document = Document {
            key: plan::identity::document_key(RepositoryId(0), &input.path),
            repository: home.clone(),
            path: input.path.clone(),
            commit: None,
            url: None,
            pull_request: None,
            authority: plan::Authority::Merged,
            changed: None,
            source: "".into(),
            merged_on: None,
            reading,
        };
        let observed = Observed { referents: believed(&document, &home), ..Observed::default() };
        plans.push((input.path, plan::plan(&document, &observed, &settings, "github.com", today)));
    }
    if plans.iter().any(|(_, plan)| !plan.problems.is_empty()) {
        code = code.max(FINDINGS);
    }
    let printed = match arguments.format {
        // "Nothing will open" would be no answer to a document that could not be read.
        Format::Text if plans.is_empty() => CLEAN,
        Format::Text => print(&plan_text::render(&plans, &home, stdout_style())),
        Format::Json => match plan_v1::render(&plans) {
            Ok(json) => print(&json),
            Err(error) => fail(error),
        },
    };
    code.max(printed)
}

/// Offline, a linked issue is taken to be what it looks like: there, open, and within reach when it is of the same owner.
fn believed(document: &Document, home: &RepositoryName) -> HashMap<IssueRef, Referent> {
    let items = document.reading.action_items.iter();
    items
        .flat_map(|item| plan::issue_links(home, "github.com", item))
        .filter(|issue| issue.repository.same_owner(home))
        .map(|issue| {
            let referent = Referent::Issue {
                issue: issue.clone(),
                repository_id: RepositoryId(0),
                id: NodeId::new(issue.to_string()),
                url: format!("https://github.com/{}/issues/{}", issue.repository, issue.number),
                title: String::new(),
                state: IssueState::Open,
                labels: Vec::new(),
            };
            (issue, referent)
        })
        .collect()
}

fn load_settings(config: Option<&Path>) -> Result<Settings, String> {
    let path = config.unwrap_or_else(|| Path::new(settings::PATH));
    match std::fs::read_to_string(path) {
        Ok(text) => settings::parse(&text).map_err(|problems| {
            problems.0.iter().map(|problem| format!("{}: {problem}", path.display())).collect::<Vec<_>>().join("\n")
        }),
        Err(error) if config.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}
