//! Pictures that are made, what is free, and what stands outside of a body.

use serde_json::json;

use super::{in_openais, judge_native, native};
use crate::providers::Catalogue;
use crate::model::Surface;
use crate::providers::relay::RelayRequest;
use crate::providers::shared_key::{Refused, allowed_features, judge_request};

#[test]
fn pictures_that_are_made_are_held_each() {
    for (id, model, body, images, tokens) in [
        (
            "openai",
            "gpt-image-2",
            json!({"prompt": "x", "n": 3}),
            3,
            71_157,
        ),
        (
            "openai",
            "gpt-image-2",
            json!({"prompt": "x", "n": 2.0, "quality": "high", "size": "1024x1024"}),
            2,
            14_048,
        ),
        (
            "openai",
            "gpt-image-1.5",
            json!({"prompt": "x", "partial_images": 3}),
            1,
            6_540,
        ),
        (
            "xai",
            "grok-imagine-image",
            json!({"prompt": "x", "n": 10}),
            10,
            0,
        ),
        (
            "openrouter",
            "google/gemini-3.1-flash-image",
            json!({"prompt": "x"}),
            1,
            23_719,
        ),
    ] {
        let catalogue = Catalogue::new(&[]).unwrap();
        let request = in_openais(Surface::Images, &body.to_string());
        let bounded = judge_request(&request, catalogue.find(id).unwrap(), model).unwrap();
        let bound = bounded.bound();
        assert_eq!(
            (bound.answers, bound.made_tokens),
            (images, tokens),
            "{model} {body}"
        );
    }
    for body in [
        json!({"n": 100}),
        json!({"n": "10"}),
        json!({"n": 0}),
        json!({"image": "x"}),
        json!({"images": []}),
        json!({"frame_count": 2}),
        json!({"output_format": "svg"}),
    ] {
        let catalogue = Catalogue::new(&[]).unwrap();
        let request = in_openais(Surface::Images, &body.to_string());
        let judged = judge_request(&request, catalogue.find("openai").unwrap(), "gpt-image-2");
        assert!(judged.is_err(), "{body}");
    }
}

#[test]
fn the_address_carries_only_how_an_answer_comes() {
    let catalogue = Catalogue::new(&[]).unwrap();
    for (id, path, query, passes) in [
        (
            "google",
            "/models/gemini-x:streamGenerateContent",
            "alt=sse",
            true,
        ),
        (
            "google",
            "/models/gemini-x:generateContent",
            "fields=candidates",
            false,
        ),
        (
            "google",
            "/models/gemini-x:generateContent",
            "$fields=x",
            false,
        ),
        (
            "google",
            "/models/gemini-x:generateContent",
            "%61lt=media",
            false,
        ),
        ("anthropic", "/v1/messages", "beta=true", true),
        ("anthropic", "/v1/messages", "alt=sse", false),
        ("openai", "/chat/completions", "x=1", false),
    ] {
        let provider = catalogue.find(id).unwrap();
        let request = RelayRequest {
            query: Some(query.to_owned()),
            ..native(provider, path, "{}")
        };
        let judged = judge_request(&request, provider, "gemini-x");
        assert_eq!(judged.is_ok(), passes, "{id} {query}");
    }
}

#[test]
fn what_is_free_is_checked_too() {
    for (id, path, body, passes) in [
        (
            "anthropic",
            "/v1/messages/count_tokens",
            json!({"model": "x", "messages": []}),
            true,
        ),
        (
            "anthropic",
            "/v1/messages/count_tokens",
            json!({"model": "x", "container": "c"}),
            false,
        ),
        (
            "google",
            "/models/gemini-x:countTokens",
            json!({"contents": []}),
            true,
        ),
        (
            "google",
            "/models/gemini-x:countTokens",
            json!({"generateContentRequest": {"cachedContent": "x"}}),
            false,
        ),
        (
            "openai",
            "/moderations",
            json!({"input": [{"type": "text", "text": "x"}]}),
            true,
        ),
        (
            "openai",
            "/moderations",
            json!({"input": "x", "store": true}),
            false,
        ),
        (
            "openai",
            "/embeddings",
            json!({"model": "x", "input": [[1, 2], [3]]}),
            true,
        ),
        (
            "openai",
            "/embeddings",
            json!({"model": "x", "input": "x", "provider": {}}),
            false,
        ),
        (
            "google",
            "/models/gemini-x:embedContent",
            json!({"content": {"parts": [{"text": "x"}]}}),
            true,
        ),
        (
            "google",
            "/models/gemini-x:batchEmbedContents",
            json!({"requests": [{"content": {"parts": [{"fileData": {}}]}}]}),
            false,
        ),
        ("openai", "/files", json!({}), false),
    ] {
        assert_eq!(
            judge_native(id, path, &body).is_ok(),
            passes,
            "{path} {body}"
        );
    }
}

#[test]
fn what_nobody_can_count_beforehand_is_for_ones_own_key() {
    let google = "/models/gemini-3.1-flash-lite:generateContent";
    for (id, path, body) in [
        ("openai", "/files", json!({})),
        (
            "openai",
            "/responses",
            json!({"previous_response_id": "resp_1"}),
        ),
        ("openai", "/responses", json!({"prompt": {"id": "pmpt_1"}})),
        (
            "openai",
            "/responses",
            json!({"tools": [{"type": "web_search"}]}),
        ),
        (
            "openai",
            "/responses",
            json!({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}]}),
        ),
        (
            "openai",
            "/chat/completions",
            json!({"service_tier": "priority"}),
        ),
        (
            "anthropic",
            "/v1/messages",
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
        ),
        ("google", google, json!({"tools": [{"googleSearch": {}}]})),
        (
            "google",
            google,
            json!({"cachedContent": "cachedContents/1"}),
        ),
        (
            "google",
            google,
            json!({"contents": [{"parts": [{"fileData": {"fileUri": "x"}}]}]}),
        ),
    ] {
        let judged = judge_native(id, path, &body);
        assert!(matches!(judged, Err(Refused::OwnKeyOnly(_))), "{body}");
    }
    for (id, path, body) in [
        (
            "openai",
            "/responses",
            json!({"input": [], "service_tier": "auto", "background": false}),
        ),
        (
            "openai",
            "/chat/completions",
            json!({"tools": [{"type": "function", "function": {"name": "f"}}]}),
        ),
        (
            "anthropic",
            "/v1/messages",
            json!({"tools": [{"name": "f", "input_schema": {}}]}),
        ),
        (
            "google",
            google,
            json!({"tools": [{"functionDeclarations": []}]}),
        ),
    ] {
        assert!(judge_native(id, path, &body).is_ok(), "{body}");
    }
}

#[test]
fn only_features_without_a_price_of_their_own_are_switched_on() {
    for (header, allowed) in [
        (
            "interleaved-thinking-2025-05-14",
            Some("interleaved-thinking-2025-05-14"),
        ),
        ("context-1m-2025-08-07", None),
        (
            "claude-code-20250219, context-1m-2025-08-07,files-api-2025-04-14",
            Some("claude-code-20250219"),
        ),
        ("", None),
    ] {
        assert_eq!(allowed_features(header).as_deref(), allowed, "{header}");
    }
}
