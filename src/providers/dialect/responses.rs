//! OpenAI's Responses, the newer API for chats; `docs/providers.md` §8.

use serde_json::Value;

use crate::model::{Finish, Usage};

use super::parsed_answer::{ParsedAnswer, read_count};
use super::raw_object::RawObject;
use super::request_fields::{NO_FIELDS, NO_PICTURE_FIELDS, PictureFields, RequestFields};

pub const PATH: &str = "/responses";

pub const REQUEST_FIELDS: RequestFields = RequestFields {
    output_limits: &[&["max_output_tokens"]],
    pictures: PictureFields {
        types: &["input_image"],
        urls: &["image_url"],
        ..NO_PICTURE_FIELDS
    },
    ..NO_FIELDS
};

/// Lowers the limit on the output; whether anything was changed.
pub fn limit_output(request: &mut RawObject, tokens: u64) -> bool {
    request.set_at_most("max_output_tokens", tokens)
}

/// Reads a whole answer, or an event of a stream, of which the last holds
/// the whole answer.
pub fn read_event(event: &Value, answer: &mut ParsedAnswer) {
    if event.get("error").is_some_and(|error| !error.is_null()) {
        answer.failed = true;
        return;
    }
    match event["type"].as_str() {
        Some("response.output_text.delta" | "response.function_call_arguments.delta") => {
            answer.add_text(event["delta"].as_str());
        }
        Some("error") => answer.failed = true,
        Some(kind) if kind.starts_with("response.") => {
            answer.progressed = true;
            if matches!(
                kind,
                "response.completed" | "response.incomplete" | "response.failed"
            ) {
                read_response(&event["response"], answer);
            }
        }
        _ => read_response(event, answer),
    }
}

fn read_response(response: &Value, answer: &mut ParsedAnswer) {
    answer.set_model(response, "model");
    answer.failed |= response["status"] == "failed";
    answer.finish = match response["status"].as_str() {
        Some("incomplete") => Some(Finish::Length),
        Some("completed") => Some(Finish::Complete),
        _ => answer.finish,
    };
    answer.usage = read_usage(&response["usage"]).or(answer.usage);
}

/// Reads usage as the Responses and the images count it.
pub fn read_usage(usage: &Value) -> Option<Usage> {
    Some(Usage {
        input_tokens: read_count(usage, "/input_tokens")?,
        output_tokens: read_count(usage, "/output_tokens")?,
        cached_tokens: read_count(usage, "/input_tokens_details/cached_tokens").unwrap_or(0),
        reasoning_tokens: read_count(usage, "/output_tokens_details/reasoning_tokens").unwrap_or(0),
        cost: None,
    })
}
