//! Stories that are told to SQLite and to PostgreSQL alike.

pub mod audit;
mod retention_story;
mod rules_story;
mod sessions_story;
mod story;
mod trouble_story;
