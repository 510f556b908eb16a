//! What providers do with sound: `docs/providers.md` §14.13, §14.14.

pub mod form;
mod google_speech;
mod speech;
pub mod transcripts;

use axum::response::Response;

use crate::providers::call::Call;

/// Answers a call about sound; none where it is about something else.
pub fn answer_sound(call: &Call<'_>) -> Option<Response> {
    transcripts::answer_transcript(call)
        .or_else(|| speech::answer_speech(call))
        .or_else(|| google_speech::answer_speech(call))
}
