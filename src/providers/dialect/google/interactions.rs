//! What Google's Interactions report of usage
//! (<https://ai.google.dev/api/interactions-api>). They are passed on as they are.

use serde_json::Value;

use crate::providers::dialect::parsed_answer::ParsedAnswer;
use crate::providers::dialect::reported_usage::{Field, FieldPath};

use super::usage_of;

/// Where usage stands. Thoughts and what tools read are counted beside the rest,
/// as in `generateContent`.
const USAGE_PATHS: &[FieldPath] = &[
    (Field::Input, "/total_input_tokens"),
    (Field::Output, "/total_output_tokens"),
    (Field::Reasoning, "/total_thought_tokens"),
    (Field::Cached, "/total_cached_tokens"),
    (Field::ToolInput, "/total_tool_use_tokens"),
    (Field::Total, "/total_tokens"),
];

/// The steps that are paid for by the piece.
const PAID_STEPS: [(&str, Field); 2] = [
    ("google_search_call", Field::WebSearches),
    ("google_maps_call", Field::MapSearches),
];

/// Whether this is how Interactions report usage.
pub fn is_usage(usage: &Value) -> bool {
    usage.get("total_input_tokens").is_some()
}

/// Takes over the usage of an interaction, and what its tools were called for.
pub fn take_usage(usage: &Value, interaction: &Value, answer: &mut ParsedAnswer) {
    answer.reported.take_piece(usage, USAGE_PATHS);
    let steps = ["steps", "outputs"].map(|name| interaction[name].as_array());
    for (kind, field) in PAID_STEPS {
        let steps = steps.into_iter().flatten().flatten();
        let calls = steps.filter(|step| step["type"] == kind);
        let each = |call: &Value| {
            call.pointer("/arguments/queries")
                .and_then(Value::as_array)
                .map_or(1, |queries| queries.len().max(1) as u64)
        };
        answer.reported.set(field, Some(calls.map(each).sum()));
    }
    answer.usage = usage_of(&answer.reported);
}
