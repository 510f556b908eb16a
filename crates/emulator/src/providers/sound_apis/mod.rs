//! What providers do with sound: `docs/providers.md` §14.13.

pub mod form;
pub mod transcripts;
