pub mod ids;
pub mod postmortem;
pub mod render;
pub mod text;
