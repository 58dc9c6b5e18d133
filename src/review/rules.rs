//! All rules, by family. To add one: `rules/<name>.rs` and `rules/<name>.md` beside it, and a line here.

use super::{Rule, ignores};

macro_rules! rules {
    ($($module:ident,)*) => {
        $(mod $module;)*

        /// Every rule there is.
        pub static RULES: &[&Rule] = &[$(&$module::RULE,)* &ignores::RULE];
    };
}

rules! {
    // Structure
    missing_section,
    empty_section,
    timeline_out_of_order,
    template_left_over,
    no_document_owner,
    several_document_owners,
    no_timeline_start,
    timeline_without_zone,
    acronym_undefined,
    fix_in_narrative,
    outage_when_partial,
    external_summary_length,
    no_went_well,
    // Blameless language
    named_person,
    human_error,
    counterfactual,
    first_person_singular,
    self_blame,
    person_as_cause,
    character_judgement,
    hindsight,
    who_or_why_question,
    agentless_decision,
    // Causes
    root_cause_wording,
    single_cause,
    cause_areas,
    cause_without_action,
    // Action items
    missing_owner,
    not_verb_first,
    vague_action,
    several_owners,
    missing_due_date,
    unbounded_action,
    try_harder,
    rewrite_everything,
    manual_gate,
    alert_only_on_errors,
    only_long_term,
    only_short_term,
    too_many_actions,
    false_alarm_without_fix,
}
