pub mod ids;
pub mod jobs;
pub mod postmortem;
pub mod store;
pub mod text;
