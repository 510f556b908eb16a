//! Conversations in which a provider's own tools did something, gone on with at
//! another provider.

use serde_json::json;

use super::round_trip_tests::{CLAUDE, Caller, translate, translate_limited};

const MISTRAL: &str = "mistral/mistral-small-latest";

#[test]
fn a_conversation_goes_on_without_what_a_tool_of_its_provider_did() {
    let responses = json!({"input": [
        {"role": "user", "content": "weather?"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "s"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed",
            "action": {"type": "search", "query": "weather in Rome"}},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Sun.",
            "annotations": [{"type": "url_citation", "url": "https://a.example", "title": "A"}]}]},
        {"role": "user", "content": "go on"}]});
    let messages = json!({"max_tokens": 50, "messages": [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": [
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
            {"type": "text", "text": "Sun."}]},
        {"role": "user", "content": "go on"}]});
    let google = json!({"contents": [
        {"role": "user", "parts": [{"text": "weather?"}]},
        {"role": "model", "parts": [
            {"executableCode": {"language": "PYTHON", "code": "print()"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": ""}},
            {"text": "Sun."}]},
        {"role": "user", "parts": [{"text": "go on"}]}]});
    for (caller, body, ignored) in [
        (Caller::Responses, responses, "web_search_call, thinking"),
        (
            Caller::Messages,
            messages,
            "server_tool_use, web_search_tool_result",
        ),
        (
            Caller::Google,
            google,
            "executableCode, codeExecutionResult",
        ),
    ] {
        let (sent, answers) = translate(caller, MISTRAL, &body);
        assert_eq!(answers.ignored(), Some(ignored));
        let said = json!([{"role": "user", "content": "weather?"},
            {"role": "assistant", "content": "Sun."}, {"role": "user", "content": "go on"}]);
        assert_eq!(sent["messages"], said);
    }
}

/// An answer that was nothing but a search is no turn.
#[test]
fn a_turn_that_was_nothing_else_is_left_out() {
    let search = json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}});
    let talk = json!({"max_tokens": 50, "messages": [{"role": "user", "content": "?"},
        {"role": "assistant", "content": [search]}, {"role": "user", "content": "go on"}]});
    let (sent, _) = translate(Caller::Messages, "google/gemini-3.1-flash-lite", &talk);
    for content in sent["contents"].as_array().unwrap() {
        assert!(!content["parts"].as_array().unwrap().is_empty(), "{sent}");
    }
}

/// What a client ran itself, and what its provider keeps, nobody can do without.
#[test]
fn what_the_conversation_needs_is_refused_by_its_name() {
    for (item, named) in [
        (
            json!({"type": "compaction", "encrypted_content": "s"}),
            "compaction",
        ),
        (
            json!({"type": "local_shell_call_output", "id": "c", "output": "sun"}),
            "local_shell_call_output",
        ),
    ] {
        let talk = json!({"input": [{"role": "user", "content": "?"}, item]});
        let refused = translate_limited(Caller::Responses, CLAUDE, &talk, None);
        assert_eq!(
            refused.err().unwrap().what,
            format!("An item of the type `{named}`")
        );
    }
}
