pub mod github;
pub mod ids;
pub mod postmortem;
pub mod text;
