//! The other surfaces, each in its provider's own words.

use serde_json::{Value, json};

use super::{judge_native, native, own_key_only, written};
use crate::providers::Catalogue;
use crate::providers::shared_key::{Refused, judge_request};

/// What has no bound in Responses, and how it is refused.
fn unbounded_responses() -> Vec<(Value, &'static str)> {
    let with =
        |name: &str, value: Value| json!({"model": "gpt-6-luna", "input": "hi", name: value});
    let item = |item: Value| json!({"model": "gpt-6-luna", "input": [item]});
    vec![
        (
            with("previous_response_id", json!("resp_1")),
            "`previous_response_id`",
        ),
        (with("conversation", json!({"id": "x"})), "`conversation`"),
        (with("prompt", json!({"id": "pmpt_1"})), "`prompt`"),
        (
            with("background", json!(true)),
            "`background` other than `false`",
        ),
        (with("store", json!(true)), "`store` other than `false`"),
        (
            with("context_management", json!([])),
            "`context_management`",
        ),
        (
            with("include", json!(["web_search_call.results"])),
            "`include[0]` with this value",
        ),
        (
            with("reasoning", json!({"mode": "pro"})),
            "`reasoning.mode` with this value",
        ),
        (
            with("tools", json!([{"type": "web_search"}])),
            "`tools[0]` with the type `web_search`",
        ),
        (
            with(
                "tools",
                json!([{"type": "shell", "environment": {"type": "container_auto"}}]),
            ),
            "`tools[0].environment.type` with this value",
        ),
        (
            with("tool_choice", json!({"type": "file_search"})),
            "`tool_choice` with the type `file_search`",
        ),
        (
            item(json!({"type": "item_reference", "id": "x"})),
            "`input[0]` with the type `item_reference`",
        ),
        (
            item(json!({"type": "reasoning", "id": "rs_1", "summary": []})),
            "`input[0]` without `encrypted_content`",
        ),
        (
            item(json!({"type": "compaction", "encrypted_content": "x"})),
            "`input[0]` with the type `compaction`",
        ),
        (
            item(json!({"type": "web_search_call", "id": "ws_1"})),
            "`input[0]` with the type `web_search_call`",
        ),
        (
            item(
                json!({"role": "user", "content": [{"type": "input_file", "file_url": "https://x"}]}),
            ),
            "`input[0].content[0].file_url`",
        ),
        (
            item(json!({"role": "user", "content": [{"type": "input_image", "file_id": "f"}]})),
            "`input[0].content[0].file_id`",
        ),
    ]
}

#[test]
fn responses_keep_nothing_and_look_nothing_up() {
    let judge = |body: &Value| judge_native("openai", "/responses", body);
    let with =
        |name: &str, value: Value| json!({"model": "gpt-6-luna", "input": "hi", name: value});
    let item = |item: Value| json!({"model": "gpt-6-luna", "input": [item]});
    for (body, what) in unbounded_responses() {
        assert_eq!(judge(&body).err(), Some(own_key_only(what)), "{body}");
    }
    let reference = item(json!({"id": "msg_1"}));
    assert!(judge(&reference).is_err());
    let bounded = judge(&with("max_output_tokens", json!(5e2))).unwrap();
    let sent = written(&bounded, 4_000);
    assert_eq!(
        sent,
        json!({"model": "gpt-6-luna", "input": "hi", "max_output_tokens": 500, "service_tier": "default", "store": false})
    );
}

/// What has no bound in Anthropic's Messages, and how it is refused.
fn unbounded_messages() -> Vec<(Value, &'static str)> {
    let with = |name: &str, value: Value| json!({"model": "claude-haiku-5-5", "max_tokens": 50, "messages": [], name: value});
    let block = |block: Value| with("messages", json!([{"role": "user", "content": [block]}]));
    vec![
        (with("container", json!("c")), "`container`"),
        (
            with("mcp_servers", json!([{}])),
            "`mcp_servers`, unless it is empty,",
        ),
        (
            with("inference_geo", json!("us")),
            "`inference_geo` with this value",
        ),
        (with("speed", json!("fast")), "`speed` with this value"),
        (with("fallbacks", json!([])), "`fallbacks`"),
        (
            with(
                "tools",
                json!([{"type": "web_search_20250305", "name": "web_search"}]),
            ),
            "`tools[0]` with the type `web_search_20250305`",
        ),
        (
            with(
                "tools",
                json!([{"name": "x", "type": null, "mcp_server_name": "y"}]),
            ),
            "`tools[0].mcp_server_name`",
        ),
        (
            with(
                "tools",
                json!([{"name": "x", "allowed_callers": ["code_execution_20250825"]}]),
            ),
            "`tools[0].allowed_callers[0]` with this value",
        ),
        (
            block(
                json!({"type": "document", "source": {"type": "base64", "media_type": "application/msword", "data": "x"}}),
            ),
            "`messages[0].content[0].source.media_type` with this value",
        ),
        (
            block(json!({"type": "document", "source": {"type": "url", "url": "https://x"}})),
            "`messages[0].content[0].source` with the type `url`",
        ),
        (
            block(json!({"type": "image", "source": {"type": "file", "file_id": "f"}})),
            "`messages[0].content[0].source` with the type `file`",
        ),
        (
            block(
                json!({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "document", "source": {"type": "file", "file_id": "f"}}]}),
            ),
            "`messages[0].content[0].content[0].source` with the type `file`",
        ),
        (
            block(json!({"type": "web_fetch_tool_result", "tool_use_id": "t"})),
            "`messages[0].content[0]` with the type `web_fetch_tool_result`",
        ),
        (
            with(
                "context_management",
                json!({"edits": [{"type": "compact_20260112"}]}),
            ),
            "`context_management.edits[0]` with the type `compact_20260112`",
        ),
    ]
}

#[test]
fn anthropics_messages_carry_words_pictures_and_the_callers_tools() {
    let judge = |body: &Value| judge_native("anthropic", "/v1/messages", body);
    let with = |name: &str, value: Value| json!({"model": "claude-haiku-5-5", "max_tokens": 50, "messages": [], name: value});
    for (body, what) in unbounded_messages() {
        assert_eq!(judge(&body).err(), Some(own_key_only(what)), "{body}");
    }
    let thinks = with(
        "thinking",
        json!({"type": "enabled", "budget_tokens": 4_000}),
    );
    let mut thinks = thinks;
    thinks["max_tokens"] = json!(8_000);
    let bounded = judge(&thinks).unwrap();
    for (tokens, thinking) in [
        (8_000, json!({"type": "enabled", "budget_tokens": 4_000})),
        (3_000, json!({"type": "enabled", "budget_tokens": 1_500})),
        (1_100, json!({"type": "enabled", "budget_tokens": 1_024})),
        (1_000, json!({"type": "disabled"})),
    ] {
        let sent = written(&bounded, tokens);
        assert_eq!(
            (&sent["thinking"], &sent["max_tokens"]),
            (&thinking, &json!(tokens))
        );
    }
    let plain = judge(&with("system", json!("x")))
        .unwrap()
        .bound()
        .prompt
        .most;
    let cached =
        json!([{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]);
    let bytes = with("system", cached.clone()).to_string().len() as u64;
    let hour = judge(&with("system", cached)).unwrap().bound().prompt.most;
    assert!(hour == 2 * bytes && hour > plain);
    let computer = judge(&with(
        "tools",
        json!([{"type": "computer_20250124", "name": "computer", "display_width_px": 1, "display_height_px": 1}]),
    ));
    assert!(computer.unwrap().bound().prompt.most > 1_500);
}

/// What has no bound in Google's generateContent, and how it is refused.
fn unbounded_for_google() -> Vec<(Value, &'static str)> {
    let part = |part: Value| json!({"contents": [{"parts": [part]}]});
    vec![
        (json!({"cachedContent": "x"}), "`cachedContent`"),
        (json!({"cached_content": "x"}), "`cached_content`"),
        (
            json!({"tools": [{"googleSearch": {}}]}),
            "`tools[0].googleSearch`",
        ),
        (
            json!({"tools": [{"functionDeclarations": [], "google_search": {}}]}),
            "`tools[0].google_search`",
        ),
        (
            json!({"tools": [{"name": "x", "codeExecution": {}}]}),
            "`tools[0].codeExecution`",
        ),
        (
            part(json!({"fileData": {"fileUri": "x"}})),
            "`contents[0].parts[0].fileData`",
        ),
        (
            part(json!({"file_data": {"file_uri": "x"}})),
            "`contents[0].parts[0].file_data`",
        ),
        (
            json!({"systemInstruction": {"parts": [{"fileData": {}}]}}),
            "`systemInstruction.parts[0].fileData`",
        ),
        (
            json!({"system_instruction": {"parts": [{"file_data": {}}]}}),
            "`systemInstruction.parts[0].file_data`",
        ),
        (
            part(json!({"function_response": {"name": "f", "parts": [{"file_data": {}}]}})),
            "`contents[0].parts[0].functionResponse.parts[0].file_data`",
        ),
        (
            part(json!({"inlineData": {"mimeType": "application/msword", "data": "x"}})),
            "`contents[0].parts[0].inlineData` with the mimeType `application/msword`",
        ),
        (
            part(json!({"inline_data": {"mime_type": "audio/wav", "data": "x"}})),
            "`contents[0].parts[0].inlineData` with the mimeType `audio/wav`",
        ),
        (
            json!({"generationConfig": {"responseModalities": ["IMAGE"]}}),
            "`generationConfig.responseModalities[0]` with this value",
        ),
        (
            json!({"generation_config": {"speech_config": {}}}),
            "`generationConfig.speech_config`",
        ),
        (
            json!({"model": "gemini-3-pro"}),
            "`model` other than the address's",
        ),
        (
            json!({"serviceTier": "priority"}),
            "`serviceTier` with this value",
        ),
    ]
}

#[test]
fn googles_fields_are_one_in_both_spellings() {
    let path = "/models/gemini-3.1-flash-lite:generateContent";
    let judge = |body: &Value| judge_native("google", path, body);
    for (body, what) in unbounded_for_google() {
        let judged = judge_request(
            &native(
                Catalogue::new(&[]).unwrap().find("google").unwrap(),
                path,
                &body.to_string(),
            ),
            Catalogue::new(&[]).unwrap().find("google").unwrap(),
            "gemini-3.1-flash-lite",
        );
        assert_eq!(judged.err(), Some(own_key_only(what)), "{body}");
    }
    for body in [
        json!({"generation_config": {}, "generationConfig": {}}),
        json!({"generationConfig": {"maxOutputTokens": 1, "max_output_tokens": 2}}),
        json!({"tools": {"googleSearch": {}}}),
        json!({"contents": {"parts": []}}),
        json!({"generationConfig": {"candidateCount": 9}}),
        json!({"generationConfig": {"candidateCount": "0"}}),
    ] {
        assert!(matches!(judge(&body), Err(Refused::Malformed(_))), "{body}");
    }
    for (asked, config) in [
        (
            json!({"generation_config": {"max_output_tokens": "6e4", "candidate_count": 4}}),
            json!({"maxOutputTokens": 1_000, "candidateCount": 4}),
        ),
        (
            json!({"generationConfig": {"topK": 1, "maxOutputTokens": 7.0, "stopSequences": null}}),
            json!({"topK": 1, "maxOutputTokens": 7}),
        ),
        (json!({}), json!({"maxOutputTokens": 4_000})),
    ] {
        assert_eq!(
            written(&judge(&asked).unwrap(), 4_000)["generationConfig"],
            config
        );
    }
}

#[test]
fn documents_that_come_with_a_call_are_held_at_the_longest_prompt() {
    let long = "A".repeat(400_000);
    let google = "/models/gemini-3.1-flash-lite:generateContent";
    for (id, path, body, most) in [
        (
            "anthropic",
            "/v1/messages",
            json!({"model": "claude-haiku-5-5", "max_tokens": 9, "messages": [{"role": "user", "content": [
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": long}}]}]}),
            1_000_000,
        ),
        (
            "anthropic",
            "/v1/messages",
            json!({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": [
                    {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": long}}]}]}]}),
            200_000,
        ),
        (
            "google",
            google,
            json!({"contents": [{"parts": [{"inline_data": {"mime_type": "application/pdf", "data": long}}]}]}),
            1_048_576,
        ),
        (
            "openai",
            "/responses",
            json!({"model": "gpt-6-luna", "input": [{"role": "user", "content": [
                {"type": "input_file", "filename": "a.pdf", "file_data": format!("data:application/pdf;base64,{long}")}]}]}),
            1_050_000,
        ),
    ] {
        let held = judge_native(id, path, &body).unwrap().bound().prompt.most;
        assert!((most..most + most / 4 + 600).contains(&held), "{id} {held}");
    }
    let embedded = json!({"content": {"parts": [{"inlineData": {"mimeType": "application/pdf", "data": "AAAA"}}]}});
    let refused = judge_native("google", "/models/gemini-x:embedContent", &embedded).err();
    let what = "`content.parts[0].inlineData` with the mimeType `application/pdf`";
    assert_eq!(refused, Some(own_key_only(what)));
}

#[test]
fn ollamas_own_chat_is_limited_in_its_options() {
    let judge = |body: &Value| judge_native("ollama", "/api/chat", body);
    let ask = |options: Value| json!({"model": "llama3.2", "messages": [{"role": "user", "content": "hi", "images": ["AAAA"]}], "options": options});
    for (options, sent) in [
        (json!({}), json!({"num_predict": 100})),
        (
            json!({"num_predict": 7, "seed": 1}),
            json!({"seed": 1, "num_predict": 7}),
        ),
        (
            json!({"num_predict": 9_000, "num_ctx": 4_096}),
            json!({"num_ctx": 4_096, "num_predict": 100}),
        ),
    ] {
        assert_eq!(
            written(&judge(&ask(options)).unwrap(), 100)["options"],
            sent
        );
    }
    for options in [
        json!({"num_predict": -1}),
        json!({"num_predict": 0}),
        json!({"num_gpu": 1}),
        json!({"num_ctx": 1_000_000}),
    ] {
        assert!(judge(&ask(options.clone())).is_err(), "{options}");
    }
}
