//! `followthrough schema`: the JSON Schema of the repository configuration.

use super::print;
use crate::review::RULES;

/// Print the JSON Schema of `.github/followthrough.yml`, for editors that complete and check YAML.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

pub fn run(_: &Arguments) -> u8 {
    print(&crate::settings::schema(RULES.iter().map(|rule| (rule.name, rule.summary))))
}
