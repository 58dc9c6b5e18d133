//! `followthrough demo`: the whole story on this machine, without an account or a network.

use std::path::PathBuf;

use super::{CLEAN, FAILURE, complain, fail, files, print, stdout_style};
use crate::demo::story::{Script, Stage, Trouble};

/// Play the story of a postmortem on this machine: no account, no network
///
/// Starts a GitHub of its own and the real server, opens a pull request with a
/// postmortem, merges it, goes on with the document and its issues, and tells what
/// happens. Exits with 0 only if everything came out right.
///
/// Examples:
///   followthrough demo
///   followthrough demo --keep
///   followthrough demo --document postmortems/2026-11-20-checkout.md
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Play it on these documents instead of the bundled one: files, or directories for their Markdown files.
    #[arg(long = "document", value_name = "FILE", num_args = 1..)]
    documents: Vec<PathBuf>,
    /// Leave everything running afterwards and print the addresses of the pages; Ctrl-C ends it.
    #[arg(long)]
    keep: bool,
}

pub fn run(arguments: Arguments) -> u8 {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(format_args!("the runtime cannot start: {error}")),
    };
    let scripts = match scripts(&arguments.documents) {
        Ok(scripts) => scripts,
        Err(code) => return code,
    };
    // Trouble inside the service would otherwise be seen nowhere.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(std::env::var("LOG_LEVEL").unwrap_or_else(|_| "error".to_owned())))
        .with_writer(std::io::stderr)
        .try_init();
    match runtime.block_on(play(scripts, arguments.keep)) {
        Ok(()) => CLEAN,
        Err(trouble) => fail(trouble),
    }
}

async fn play(scripts: Vec<Script>, keep: bool) -> Result<(), Trouble> {
    let tell = Box::new(|text: &str| {
        print(&format!("{text}\n"));
    });
    let stage = Stage::build(stdout_style(), tell).await?;
    let told = if scripts.is_empty() { stage.play_bundled().await } else { stage.play_documents(scripts).await };
    if keep {
        if let Err(trouble) = &told {
            complain(trouble);
        }
        stage.keep().await;
    }
    stage.end().await?;
    told
}

fn scripts(documents: &[PathBuf]) -> Result<Vec<Script>, u8> {
    let mut scripts: Vec<Script> = Vec::new();
    for input in files::load(documents) {
        let bytes = match input.bytes {
            Ok(bytes) => bytes,
            Err(error) => {
                complain(format_args!("{}: {error}", input.path));
                return Err(FAILURE);
            }
        };
        let name = input.path.rsplit('/').next().unwrap_or(&input.path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let mut path = format!("postmortems/{stem}.md");
        for copy in 2.. {
            if !scripts.iter().any(|script| script.path == path) {
                break;
            }
            path = format!("postmortems/{stem}-{copy}.md");
        }
        scripts.push(Script { path, bytes });
    }
    Ok(scripts)
}
