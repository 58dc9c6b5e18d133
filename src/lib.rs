pub mod board;
pub mod ids;
pub mod postmortem;
pub mod render;
pub mod server;
pub mod settings;
pub mod text;
