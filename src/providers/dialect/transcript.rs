//! What was written down of a sound, and what that used: an answer, or events;
//! `docs/providers.md` §14.13.

use serde_json::{Value, json};

use crate::model::FinishReason;

use super::any_answer;
use super::parsed_answer::ParsedAnswer;
use super::reported_usage::{Field, read_count};

/// Reads a whole answer, or an event of a stream. Where seconds are told, they
/// are what is paid for, and tokens beside them are not. Groq tells them as the
/// length of the sound, and OpenAI did.
pub fn read_event(event: &Value, answer: &mut ParsedAnswer) {
    any_answer::read_event(event, answer);
    read_words(event, answer);
    let has_usage = answer.usage.is_some() || event.get("usage").is_some();
    if !has_usage && event["text"].is_string() {
        let seconds = read_count(event, "/duration");
        answer.reported.set(Field::AudioSeconds, seconds);
    }
    if answer.reported.count(Field::AudioSeconds) > 0 {
        let mut usage = answer.reported.usage(0, 0);
        usage.total_tokens = 0;
        usage.cached_tokens = 0;
        answer.usage = Some(usage);
    }
}

/// Takes over the words. The last event of a stream has all of them again.
fn read_words(event: &Value, answer: &mut ParsedAnswer) {
    match event["type"].as_str() {
        Some("transcript.text.delta") => answer.add_text(event["delta"].as_str()),
        Some("transcription.text.delta") => answer.add_text(event["text"].as_str()),
        Some("transcript.text.done" | "transcription.done") => {
            if !answer.has_words {
                answer.add_text(event["text"].as_str());
            }
            answer.finish = Some(FinishReason::Complete);
        }
        Some(_) => {}
        None => answer.add_text(event["text"].as_str()),
    }
}

/// Writes an event of Mistral's stream in OpenAI's words: nothing where OpenAI has
/// no word for it.
pub fn write_as_openai(event: &Value) -> String {
    let written = match event["type"].as_str() {
        Some("transcription.text.delta") => {
            json!({"type": "transcript.text.delta", "delta": event["text"]})
        }
        Some("transcription.done") => json!({
            "type": "transcript.text.done",
            "text": event["text"],
            "usage": {"type": "duration", "seconds": event["usage"]["prompt_audio_seconds"]},
        }),
        _ => return String::new(),
    };
    format!("data: {written}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_or_tokens_are_read_of_every_vendor() {
        for (event, seconds, tokens) in [
            // R: a recording of whisper-1, docs/providers.md §14.13.
            (
                json!({"text": "x", "duration": 36.71, "usage": {"type": "duration", "seconds": 37}}),
                37,
                (0, 0),
            ),
            // R: a recording of Voxtral.
            (
                json!({"model": "voxtral-mini-latest", "text": "x", "language": null, "segments": [],
                    "usage": {"prompt_audio_seconds": 36, "prompt_tokens": 13, "completion_tokens": 151, "total_tokens": 640}}),
                36,
                (0, 0),
            ),
            (
                json!({"type": "transcription.done", "text": "x", "usage": {"prompt_audio_seconds": 4,
                    "prompt_tokens": 4, "completion_tokens": 8, "total_tokens": 60}}),
                4,
                (0, 0),
            ),
            (
                json!({"type": "transcript.text.done", "text": "x", "usage": {"type": "tokens", "input_tokens": 14,
                    "input_token_details": {"text_tokens": 0, "audio_tokens": 14}, "output_tokens": 45, "total_tokens": 59}}),
                0,
                (14, 45),
            ),
            // Groq's `verbose_json`.
            (
                json!({"task": "transcribe", "language": "English", "duration": 2.5, "text": "x"}),
                3,
                (0, 0),
            ),
        ] {
            let mut answer = ParsedAnswer::default();
            read_event(&event, &mut answer);
            let usage = answer.usage.unwrap();
            assert_eq!(usage.details.audio_seconds, seconds, "{event}");
            assert_eq!((usage.input_tokens, usage.output_tokens), tokens, "{event}");
        }
        let mut answer = ParsedAnswer::default();
        read_event(
            &json!({"text": "x", "x_groq": {"id": "req_1"}}),
            &mut answer,
        );
        assert_eq!(answer.usage, None);
    }
}
