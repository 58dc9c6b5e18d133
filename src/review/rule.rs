//! What a rule is: its public facts, its page, and the function that looks.

use super::{Findings, Subject};
use crate::settings::{Level, Naming, Profile};

/// One rule of the review. Everything public about it is here or on its page.
#[derive(Debug)]
pub struct Rule {
    /// Its public id, in kebab-case; it names the smell.
    pub name: &'static str,
    pub family: Family,
    /// One line for lists of rules.
    pub summary: &'static str,
    /// The ids of the practices (PRACTICES) that it comes from.
    pub practices: &'static [&'static str],
    pub levels: Levels,
    pub names: Names,
    /// The word lists and classes (`words/*.txt`) that it needs. It is silent in languages that lack one of them; without
    /// any it runs in all languages.
    pub words: &'static [&'static str],
    /// Its page, in Markdown. The examples on it are its tests.
    pub page: &'static str,
    pub check: fn(&Subject<'_>, &mut Findings),
}

/// What a rule is about, in the order in which lists show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Structure,
    Blameless,
    Causes,
    ActionItems,
    Review,
}

impl Family {
    pub const ALL: [Family; 5] = [Family::Structure, Family::Blameless, Family::Causes, Family::ActionItems, Family::Review];

    pub fn title(self) -> &'static str {
        match self {
            Family::Structure => "Structure",
            Family::Blameless => "Blameless language",
            Family::Causes => "Causes",
            Family::ActionItems => "Action items",
            Family::Review => "The review itself",
        }
    }
}

/// A rule's level under each profile, where the configuration says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    pub light: Level,
    pub standard: Level,
    pub major: Level,
}

impl Levels {
    pub const fn new(light: Level, standard: Level, major: Level) -> Self {
        Self { light, standard, major }
    }

    pub const fn always(level: Level) -> Self {
        Self::new(level, level, level)
    }

    pub fn of(self, profile: Profile) -> Level {
        match profile {
            Profile::Light => self.light,
            Profile::Standard => self.standard,
            Profile::Major => self.major,
        }
    }
}

/// Under which `review.naming` a rule runs (S-043).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    Whatever,
    /// Only where people stay unnamed.
    WhenAnonymous,
    /// Only where people may be named.
    WhenAllowed,
}

impl Names {
    pub fn allows(self, naming: Naming) -> bool {
        match self {
            Names::Whatever => true,
            Names::WhenAnonymous => naming == Naming::Anonymous,
            Names::WhenAllowed => naming == Naming::Allowed,
        }
    }
}
