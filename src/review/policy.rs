//! Which rules run, and how loudly, from what the configuration says.

use super::{RULES, Rule};
use crate::settings::{BySeverity, Level, Period, Problem, Profile, Settings, did_you_mean};

/// The team's choices about the review.
#[derive(Debug, Clone)]
pub struct Policy {
    pub profile: Profile,
    /// What gives items a due date that they do not say themselves (`file.due`).
    pub due: BySeverity<Period>,
    running: Vec<(&'static Rule, Level)>,
}

impl Policy {
    /// Profile, naming and levels from the configuration, and what is wrong with the names of rules in it. A level given by
    /// name wins over profile and naming.
    pub fn new(settings: &Settings) -> (Self, Vec<Problem>) {
        let review = &settings.review;
        let running = RULES.iter().copied().map(|rule| {
            let usual = if rule.names.allows(review.naming) { rule.levels.of(review.profile) } else { Level::Off };
            (rule, review.rules.level(rule.name).unwrap_or(usual))
        });
        let running = running.filter(|&(_, level)| level != Level::Off).collect();
        let unknown = review.rules.0.iter().filter(|given| super::rule(&given.name).is_none());
        let problems = unknown
            .map(|given| Problem::new(given.place, format!("There is no rule `{}`.", given.name), Some(meant(&given.name))));
        (Self { profile: review.profile, due: settings.file.due.clone(), running }, problems.collect())
    }

    /// The rules that are not off, with their levels.
    pub fn running(&self) -> impl Iterator<Item = (&'static Rule, Level)> {
        self.running.iter().copied()
    }

    pub fn level(&self, name: &str) -> Option<Level> {
        self.running.iter().find(|(rule, _)| rule.name == name).map(|&(_, level)| level)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new(&Settings::default()).0
    }
}

/// What to do about a name that no rule has.
pub(super) fn meant(name: &str) -> String {
    match did_you_mean(name, RULES.iter().map(|rule| rule.name)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "`followthrough rules` lists all rules.".to_owned(),
    }
}
