//! What was used, by an answer of which its address does not tell what it is:
//! completions, transcripts, compactions and whatever vendors add. Where usage
//! stands, and how it is counted, its fields tell.

use serde_json::Value;

use crate::model::Usage;

use super::parsed_answer::ParsedAnswer;
use super::reported_usage::{Field, FieldPath, ReportedUsage, read_count};
use super::{anthropic, batches, google, ollama, openai, responses};

/// Where usage stands in an answer and in an event of a stream: OpenAI's (S:
/// openai-spec), and those of Google's Interactions.
const USAGE_PLACES: [&str; 3] = ["/usage", "/response/usage", "/interaction/usage"];

/// Counts that have other names where audio is written down (S: openai-spec,
/// `TranscriptTextUsageTokens`), and those of Mistral's tools, whose tokens are
/// input that the prompt's count lacks (S: `ConversationUsageInfo` of `mistralai`).
const OTHER_PATHS: &[FieldPath] = &[
    (Field::InputAudio, "/input_token_details/audio_tokens"),
    (Field::AudioSeconds, "/prompt_audio_seconds"),
    (Field::ToolInput, "/connector_tokens"),
    (Field::WebSearches, "/connectors/web_search"),
];

/// Reads a whole answer, or an event of a stream. An error in it is no failure
/// here: the caller knows what it is.
pub fn read_event(event: &Value, answer: &mut ParsedAnswer) {
    if let Some(batch) = batches::read(event) {
        let goes_on = batch.end.is_none();
        answer.reported.replace(Field::Jobs, goes_on.into());
        answer.job = goes_on.then_some(batch.id);
        return;
    }
    let kind = event["type"].as_str().unwrap_or_default();
    match kind {
        "message" | "message_start" | "message_delta" => anthropic::read_event(event, answer),
        _ if event["object"] == "response" || kind.starts_with("response.") => {
            responses::read_event(event, answer);
        }
        "image_generation.completed" | "image_edit.completed" => openai::read_images(event, answer),
        _ if count_pictures(event) > 0 => {
            openai::read_images(event, answer);
            answer.pictures = count_pictures(event);
        }
        _ if event.get("usageMetadata").is_some() => google::read_event(event, answer),
        _ if event.get("eval_count").is_some() => ollama::read_event(event, answer),
        _ => read_usage(event, answer),
    }
    answer.failed = false;
    // What was made so far of a job that goes on.
    answer.usage = answer.usage.filter(|usage| *usage != Usage::default());
}

/// How many pictures a whole answer holds.
fn count_pictures(answer: &Value) -> u64 {
    let items = answer["data"].as_array().into_iter().flatten();
    let is_picture = |item: &&Value| item.get("b64_json").or(item.get("url")).is_some();
    let kept = items.filter(is_picture).count() as u64;
    // Of a large answer not all of them are kept, and all are counted.
    let counted = answer["pictures"].as_u64().unwrap_or(0);
    if kept > 0 { kept.max(counted) } else { 0 }
}

fn read_usage(event: &Value, answer: &mut ParsedAnswer) {
    let found = USAGE_PLACES.iter().find_map(|place| event.pointer(place));
    let Some(usage) = found.filter(|usage| usage.is_object()) else {
        // An event of a stream of Interactions tells how it stands, and whoever
        // listens is told its end.
        if event.get("event_type").is_none() {
            responses::note_job(event, answer);
        }
        return;
    };
    answer.reported.set_tier(event["service_tier"].as_str());
    if google::is_usage_of_interaction(usage) {
        let interaction = event.get("interaction").unwrap_or(event);
        return google::take_usage_of_interaction(usage, interaction, answer);
    }
    if usage["type"] == "duration" {
        let seconds = read_count(usage, "/seconds");
        answer.reported.set(Field::AudioSeconds, seconds);
    }
    answer.reported.take_piece(usage, OTHER_PATHS);
    responses::take_usage(usage, answer);
    openai::take_usage(usage, answer);
    answer.usage = add_others(&answer.reported).or(answer.usage);
}

/// The usage with what stands beside the usual counts: what tools read, and audio,
/// of which the seconds may be all that is told.
fn add_others(reported: &ReportedUsage) -> Option<Usage> {
    let tools = reported.count(Field::ToolInput);
    let counted = [Field::Input, Field::Output].map(|field| reported.get(field));
    match counted {
        [Some(prompt), Some(output)] if tools > 0 => {
            Some(reported.usage(prompt.saturating_add(tools), output))
        }
        [None, None] if reported.count(Field::AudioSeconds) > 0 => Some(reported.usage(0, 0)),
        _ => None,
    }
}
