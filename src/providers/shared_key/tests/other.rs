//! Pictures that are made, what is free, and what stands outside of a body.

use serde_json::{Value, json};

use super::{in_openais, judge_native, native};
use crate::model::{ProviderKind, Surface};
use crate::providers::Catalogue;
use crate::providers::dialect::Dialect;
use crate::providers::relay::{AskedModel, PayerTerms, RelayRequest};
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
            8_192,
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

#[expect(clippy::too_many_lines, reason = "a table of bodies")]
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
            json!({"model": "omni-moderation-latest", "input": [{"type": "text", "text": "x"}]}),
            true,
        ),
        (
            "openai",
            "/moderations",
            json!({"model": "omni-moderation-latest", "input": "x", "store": true}),
            false,
        ),
        (
            "openai",
            "/moderations",
            json!({"model": "gpt-5.4", "input": "x"}),
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

/// How each provider of the catalogue is called, and where it reads the
/// greatest length of an answer; `docs/providers.md` §15.3. None is the
/// address of OpenAI's chat.
const LIMITS: &[(&str, Option<&str>, &[&str])] = &[
    ("openai", None, &["max_completion_tokens"]),
    ("openai", Some("/responses"), &["max_output_tokens"]),
    ("anthropic", None, &["max_tokens"]),
    ("anthropic", Some("/v1/messages"), &["max_tokens"]),
    ("google", None, &["generationConfig", "maxOutputTokens"]),
    (
        "google",
        Some("/models/gemini-3.1-flash-lite:generateContent"),
        &["generationConfig", "maxOutputTokens"],
    ),
    ("perplexity", None, &["max_output_tokens"]),
    ("openrouter", None, &["max_tokens"]),
    ("openrouter", Some("/responses"), &["max_output_tokens"]),
    ("mistral", None, &["max_tokens"]),
    ("xai", None, &["max_tokens"]),
    ("xai", Some("/responses"), &["max_output_tokens"]),
    ("deepseek", None, &["max_tokens"]),
    ("groq", None, &["max_completion_tokens"]),
    ("groq", Some("/responses"), &["max_output_tokens"]),
    ("cerebras", None, &["max_completion_tokens"]),
    ("ollama", None, &["max_tokens"]),
    ("ollama", Some("/api/chat"), &["options", "num_predict"]),
];

/// Ways in which a caller limits the output to 100 tokens at a provider's
/// own address, or leaves it without a limit.
fn limited_bodies(path: Option<&str>) -> Vec<Value> {
    match path {
        Some("/api/chat") => vec![
            json!({"messages": []}),
            json!({"messages": [], "options": {"num_predict": 100}}),
        ],
        Some(path) if path.contains(':') => vec![
            json!({"contents": []}),
            json!({"contents": [], "generation_config": {"max_output_tokens": "100"}}),
        ],
        _ => {
            let content = if path == Some("/responses") {
                "input"
            } else {
                "messages"
            };
            let both = json!({"max_tokens": 100, "max_completion_tokens": 90_000, "max_output_tokens": 80_000});
            let either = [
                json!({}),
                both,
                json!({"max_tokens": 90_000, "max_completion_tokens": 100.0}),
            ];
            let filled = either.into_iter().map(|mut body| {
                body[content] = json!([{"role": "user", "content": "hi"}]);
                body
            });
            filled.collect()
        }
    }
}

#[test]
fn what_thinks_without_a_limit_is_asked_in_openais_chat_alone() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let qwen = catalogue.find("qwen").unwrap();
    let judged = |surface, body: &str| {
        judge_request(&in_openais(surface, body), qwen, "qwen3.8-flash").map(drop)
    };
    let chat = r#"{"model":"qwen3.8-flash","messages":[{"role":"user","content":"hi"}]}"#;
    assert_eq!(judged(Surface::Chat, chat), Ok(()));
    for (surface, body) in [
        (
            Surface::Responses,
            r#"{"model":"qwen3.8-flash","input":"hi"}"#,
        ),
        (
            Surface::Completions,
            r#"{"model":"qwen3.8-flash","prompt":"hi"}"#,
        ),
    ] {
        let refused = judged(surface, body);
        assert!(
            matches!(refused, Err(Refused::OwnKeyOnly(_))),
            "{refused:?}"
        );
    }
}

#[test]
fn each_provider_of_the_catalogue_gets_one_limit_where_it_reads_it() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let chatting = catalogue.iter().filter(|it| it.kind == ProviderKind::Chat);
    let is_listed = |id: &str| LIMITS.iter().any(|(listed, ..)| *listed == id);
    // Those of `assets/providers.toml` say the name in their entry.
    let plain = chatting.filter_map(|provider| {
        let id = provider.id.as_str();
        match provider.dialect {
            Dialect::OpenAi(quirks) if !is_listed(id) => Some((id, quirks.output_limit)),
            _ => None,
        }
    });
    let plain: Vec<(&str, [&str; 1])> = plain.map(|(id, name)| (id, [name])).collect();
    assert!(plain.len() > 10);
    let plain = plain.iter().map(|(id, name)| (*id, None, &name[..]));
    let all = LIMITS.iter().map(|(id, path, limit)| (*id, *path, *limit));
    for (id, path, limit) in all.chain(plain) {
        let provider = catalogue.find(id).unwrap();
        let model = provider.default_model.as_deref().unwrap_or("made-up");
        for (number, mut body) in limited_bodies(path).into_iter().enumerate() {
            if path.is_none_or(|path| !path.contains(':')) {
                body["model"] = json!(model);
            }
            let request = match path {
                Some(path) => native(provider, path, &body.to_string()),
                None => in_openais(Surface::Chat, &body.to_string()),
            };
            let bounded = judge_request(&request, provider, model).unwrap();
            let terms = PayerTerms::Shared(&bounded, 1_500);
            let wire = request
                .write_for(provider, None, AskedModel::named(model), terms)
                .ok()
                .unwrap();
            let sent: Value = serde_json::from_slice(&wire.body.unwrap()).unwrap();
            let at = limit.iter().fold(&sent, |value, name| &value[*name]);
            let expected = if number == 0 { 1_500 } else { 100 };
            assert_eq!(at, &json!(expected), "{id} {body}: {sent}");
            let last = limit.last().unwrap();
            let text = sent.to_string();
            let others = [
                "max_tokens",
                "max_completion_tokens",
                "max_output_tokens",
                "num_predict",
            ];
            let mut others = others.iter().filter(|name| *name != last);
            assert!(others.all(|name| !text.contains(name)), "{id} {sent}");
        }
    }
}

#[test]
fn models_that_answer_with_pictures_are_asked_for_pictures_alone() {
    let catalogue = Catalogue::new(&[]).unwrap();
    for (id, model) in [
        ("google", "gemini-3.1-flash-lite-image"),
        ("openrouter", "google/gemini-3.1-flash-image"),
        ("openai", "gpt-5-image"),
        ("xai", "grok-imagine-image"),
    ] {
        let provider = catalogue.find(id).unwrap();
        let chat = in_openais(Surface::Chat, r#"{"messages":[]}"#);
        let what = format!("a chat with `{model}`, which answers with pictures,");
        let refused = judge_request(&chat, provider, model).err();
        assert_eq!(refused, Some(Refused::OwnKeyOnly(what)), "{id}");
        let pictures = in_openais(Surface::Images, r#"{"prompt":"x"}"#);
        assert!(judge_request(&pictures, provider, model).is_ok(), "{id}");
    }
}
