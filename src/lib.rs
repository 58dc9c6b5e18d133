pub mod board;
pub mod ids;
pub mod plan;
pub mod postmortem;
pub mod render;
pub mod settings;
pub mod store;
pub mod text;
pub mod server { pub mod settings; }
pub mod jobs { pub mod queue; }
