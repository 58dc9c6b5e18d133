//! Text for people and programs, one output per file. Pure: what is decided comes in, text goes out.

pub mod answers;
pub mod backfill;
pub mod check;
pub mod check_changes;
pub mod check_diff;
pub mod check_github;
pub mod check_sarif;
pub mod check_text;
pub mod check_v1;
pub mod comment;
pub mod deliveries;
pub mod doctor;
pub mod doctor_v1;
pub mod headline;
pub mod inspect_text;
pub mod inspect_v1;
pub mod issue;
pub mod link_back;
pub mod links;
pub mod neutral;
pub mod note;
pub mod plan_text;
pub mod plan_v1;
pub mod review;
pub mod rules;
pub mod style;
pub mod suggestion;
pub mod template;

#[cfg(test)]
mod tests;
