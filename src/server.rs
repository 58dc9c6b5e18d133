//! The front door: settings, router, webhook intake, health.

pub mod settings;
