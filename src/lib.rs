pub mod demo;
pub mod ids;
pub mod postmortem;
pub mod text;
