//! The names and types of fields of Anthropic's Messages, below the top;
//! `docs/providers.md` §9.5.

use serde_json::Value;

use crate::providers::json_fields::{list, text};

const OF_METADATA: &[&str] = &["user_id"];
const OF_TEXT: &[&str] = &["type", "text", "cache_control", "citations"];
const OF_TOOL: &[&str] = &[
    "type",
    "name",
    "description",
    "input_schema",
    "cache_control",
    "strict",
    "input_examples",
    "defer_loading",
    "allowed_callers",
    "eager_input_streaming",
];
const OF_FORMAT: &[&str] = &["type", "schema"];
/// How the types of Anthropic's own tools begin.
const OWN_TOOLS: [&str; 10] = [
    "bash_",
    "text_editor_",
    "computer_",
    "web_search_",
    "web_fetch_",
    "code_execution_",
    "memory_",
    "tool_search_",
    "mcp_toolset",
    "advisor_",
];
/// Blocks that a message may have; those of tools of Anthropic's own end in the
/// second.
const BLOCKS: [&str; 13] = [
    "text",
    "image",
    "document",
    "thinking",
    "redacted_thinking",
    "tool_use",
    "tool_result",
    "search_result",
    "server_tool_use",
    "mcp_tool_use",
    "container_upload",
    "tool_reference",
    "compaction",
];
const OWN_RESULT: &str = "_tool_result";

/// The field that Anthropic does not know, or that is of another type.
pub fn broken_field(body: &Value) -> Option<String> {
    broken_type(body)
        .or_else(|| unknown("metadata", &body["metadata"], OF_METADATA))
        .or_else(|| {
            unknown(
                "output_config.format",
                &body["output_config"]["format"],
                OF_FORMAT,
            )
        })
        .or_else(|| list(&body["messages"]).enumerate().find_map(broken_blocks))
        .or_else(|| list(&body["tools"]).enumerate().find_map(broken_tool))
}

fn broken_type(body: &Value) -> Option<String> {
    let (limit, stream, tier) = (&body["max_tokens"], &body["stream"], &body["service_tier"]);
    if !limit.is_null() && limit.as_u64().is_none() {
        return Some("max_tokens: Input should be a valid integer".to_owned());
    }
    if !stream.is_null() && !stream.is_boolean() {
        return Some("stream: Input should be a valid boolean".to_owned());
    }
    let is_tier = matches!(tier.as_str(), Some("auto" | "standard_only"));
    (!tier.is_null() && !is_tier)
        .then(|| "service_tier: Input should be 'auto' or 'standard_only'".to_owned())
}

fn unknown(place: &str, object: &Value, known: &[&str]) -> Option<String> {
    let mut names = object.as_object().into_iter().flatten();
    let (name, _) = names.find(|(name, _)| !known.contains(&name.as_str()))?;
    Some(format!("{place}.{name}: Extra inputs are not permitted"))
}

fn broken_blocks((at, message): (usize, &Value)) -> Option<String> {
    let mut blocks = list(&message["content"]).enumerate();
    blocks.find_map(|(number, block)| {
        let (place, kind) = (format!("messages.{at}.content.{number}"), text(block, "type"));
        if !BLOCKS.contains(&kind) && !kind.ends_with(OWN_RESULT) {
            let known = BLOCKS.map(|it| format!("'{it}'")).join(", ");
            return Some(format!(
                "{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {known}"
            ));
        }
        match kind {
            "text" => unknown(&format!("{place}.text"), block, OF_TEXT),
            _ => None,
        }
    })
}

fn broken_tool((at, tool): (usize, &Value)) -> Option<String> {
    let kind = tool["type"].as_str().unwrap_or("custom");
    if kind == "custom" {
        return unknown(&format!("tools.{at}.custom"), tool, OF_TOOL);
    }
    let is_own = OWN_TOOLS.iter().any(|start| kind.starts_with(start));
    (!is_own).then(|| {
        format!(
            "tools.{at}: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'bash_20250124', 'custom', 'text_editor_20250124', 'text_editor_20250429', 'text_editor_20250728', 'web_search_20250305'"
        )
    })
}
