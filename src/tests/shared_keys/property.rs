//! Any body on any surface is refused for a shared key, or costs at most
//! what is held for it.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use reqwest::Method;
use serde_json::{Value, json};

use super::bodies::{Chance, body};
use super::vendor::{Address, WRAPPING, bill};
use crate::model::Surface;
use crate::providers::{Body, Catalogue, ForwardedHeaders, Provider, RelayRequest, judge_request};

/// How many bodies are tried, unless `SHARED_KEY_CASES` says otherwise.
const CASES: u32 = 40_000;
/// The longest answer that the operator's keys pay for, in tokens.
const MOST: u64 = 1_500;

/// One way to call a provider.
struct Way {
    provider: &'static str,
    models: &'static [&'static str],
    /// None where the call is in OpenAI's words.
    path: Option<&'static str>,
    surface: Surface,
    address: Address,
}

const fn in_openais(provider: &'static str, models: &'static [&'static str]) -> Way {
    Way {
        provider,
        models,
        path: None,
        surface: Surface::Chat,
        address: Address::Chat,
    }
}

const WAYS: &[Way] = &[
    in_openais(
        "openai",
        &["gpt-6-luna", "gpt-4o-mini", "gpt-4o-search-preview"],
    ),
    in_openais("anthropic", &["claude-haiku-5-5"]),
    in_openais(
        "google",
        &["gemini-3.1-flash-lite", "gemini-3.1-flash-lite-image"],
    ),
    in_openais(
        "openrouter",
        &[
            "openai/gpt-6-luna",
            "openai/gpt-5-nano:online",
            "openrouter/auto",
            "x/y@preset/z",
        ],
    ),
    in_openais("mistral", &["mistral-small-latest"]),
    in_openais("xai", &["grok-4.3", "grok-4.20-multi-agent"]),
    in_openais("deepseek", &["deepseek-flash"]),
    in_openais("groq", &["openai/gpt-oss-20b", "groq/compound"]),
    in_openais("cerebras", &["gpt-oss-120b"]),
    in_openais("ollama", &["llama3.2"]),
    Way {
        path: Some("/responses"),
        surface: Surface::Responses,
        address: Address::Responses,
        ..in_openais("openai", &["gpt-6-luna", "o3-deep-research"])
    },
    Way {
        path: Some("/responses"),
        surface: Surface::Responses,
        address: Address::Responses,
        ..in_openais("xai", &["grok-4.3"])
    },
    Way {
        path: Some("/v1/messages"),
        address: Address::Messages,
        ..in_openais("anthropic", &["claude-haiku-5-5"])
    },
    Way {
        path: Some("/models/gemini-3.1-flash-lite:generateContent"),
        address: Address::GenerateContent,
        ..in_openais(
            "google",
            &["gemini-3.1-flash-lite", "gemini-3.1-flash-image"],
        )
    },
    Way {
        path: Some("/api/chat"),
        address: Address::OllamaChat,
        ..in_openais("ollama", &["llama3.2"])
    },
    Way {
        surface: Surface::Embeddings,
        address: Address::Embeddings,
        ..in_openais("openai", &["text-embedding-3-small"])
    },
    Way {
        surface: Surface::Embeddings,
        address: Address::Embeddings,
        ..in_openais("openrouter", &["openai/text-embedding-3-small"])
    },
    Way {
        surface: Surface::Images,
        address: Address::Images,
        ..in_openais("openai", &["gpt-image-2", "gpt-image-1.5", "dall-e-3"])
    },
    Way {
        surface: Surface::Images,
        address: Address::Images,
        ..in_openais("xai", &["grok-imagine-image"])
    },
];

/// Ordinary bodies of an address.
fn bases(address: Address) -> Vec<Value> {
    let picture =
        json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAAAAAA"}});
    let function = json!({"name": "f", "parameters": {"type": "object"}});
    match address {
        Address::Chat => vec![
            json!({"model": "x", "messages": [{"role": "user", "content": "hi"}]}),
            json!({"model": "x", "max_tokens": 50, "n": 2, "messages": [
                {"role": "system", "content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]},
                {"role": "user", "content": [{"type": "text", "text": "?"}, picture]}]}),
            json!({"model": "x", "max_completion_tokens": 5000, "tools": [{"type": "function", "function": function}],
                "messages": [{"role": "assistant", "content": null, "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                    {"role": "tool", "tool_call_id": "1", "content": "x"}]}),
        ],
        Address::Responses => vec![
            json!({"model": "x", "input": "hi"}),
            json!({"model": "x", "max_output_tokens": 50, "reasoning": {"effort": "low"}, "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "?"},
                    {"type": "input_image", "image_url": "https://x.example/a.png"}]},
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"},
                {"type": "function_call_output", "call_id": "c", "output": "x"}],
                "tools": [{"type": "function", "name": "f", "parameters": {}}]}),
        ],
        Address::Messages => vec![
            json!({"model": "x", "max_tokens": 5000, "messages": [{"role": "user", "content": "hi"}]}),
            json!({"model": "x", "max_tokens": 50, "thinking": {"type": "enabled", "budget_tokens": 2000},
                "system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}],
                "tools": [{"name": "f", "input_schema": {}}, {"type": "bash_20250124", "name": "bash"}],
                "messages": [{"role": "user", "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAAAAAA"}},
                    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}},
                    {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}]}]}]}),
        ],
        Address::GenerateContent => vec![
            json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}),
            json!({"generationConfig": {"maxOutputTokens": 50, "candidateCount": 2},
                "systemInstruction": {"parts": [{"text": "x"}]}, "tools": [{"functionDeclarations": [function]}],
                "contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAAAAAA"}},
                    {"functionResponse": {"name": "f", "response": {}}}]}]}),
        ],
        Address::OllamaChat => vec![
            json!({"model": "x", "messages": [{"role": "user", "content": "hi", "images": ["AAAAAAAA"]}]}),
            json!({"model": "x", "options": {"num_predict": 50}, "messages": []}),
        ],
        Address::Embeddings => vec![
            json!({"model": "x", "input": ["a", "b"]}),
            json!({"model": "x", "input": [[1, 2], [3]]}),
        ],
        Address::Images => vec![
            json!({"model": "x", "prompt": "a"}),
            json!({"model": "x", "prompt": "a", "n": 3, "quality": "high", "size": "1024x1024", "partial_images": 2}),
        ],
    }
}

/// A call made by chance; none where its body is none that is read.
fn call(way: &Way, body: String) -> Option<RelayRequest> {
    Some(RelayRequest {
        surface: way.surface,
        as_openai: way.path.is_none(),
        method: Method::POST,
        path: way.path.unwrap_or_default().to_owned(),
        query: None,
        headers: ForwardedHeaders::default(),
        body: Body::object(body.into()).ok()?,
        stream: false,
        at_s: 0,
    })
}

/// Whether a call made by chance is refused.
fn is_chance_refused(
    catalogue: &Catalogue,
    chance: &mut Chance<'_>,
) -> Result<bool, TestCaseError> {
    let way = chance.one(WAYS);
    let model = *chance.one(way.models);
    let body = body(&bases(way.address), chance);
    is_refused(catalogue, way, model, body)
}

/// Whether a call is refused; what it costs is held against what is held for
/// it.
fn is_refused(
    catalogue: &Catalogue,
    way: &Way,
    model: &str,
    body: String,
) -> Result<bool, TestCaseError> {
    let provider: &Provider = catalogue.find(way.provider).unwrap();
    let Some(request) = call(way, body.clone()) else {
        return Ok(true);
    };
    let Ok(bounded) = judge_request(&request, provider, model) else {
        return Ok(true);
    };
    let bound = bounded.bound();
    let most = MOST * bound.answers;
    let asked = bound.asked.map(|asked| asked.saturating_mul(bound.answers));
    let held = match way.surface {
        Surface::Images => bound.made_tokens,
        Surface::Embeddings => 0,
        _ => asked.map_or(most, |asked| asked.min(most)),
    };
    let sent = bounded.fields_within(held).unwrap().write();
    let sent = String::from_utf8(sent).unwrap();
    let bill = bill(way.provider, way.address, model, &sent);
    let told = || {
        let id = way.provider;
        format!("{id} {model}\n{body}\n{sent}\n{bill:?}\n{bound:?}")
    };
    prop_assert_eq!(&bill.without_bound, &None, "{}", told());
    prop_assert!(bill.output_tokens <= held, "held {held}: {}", told());
    prop_assert!(
        bill.input_tokens <= bound.prompt_tokens + WRAPPING,
        "{}",
        told()
    );
    prop_assert!(bill.pictures <= bound.answers, "{}", told());
    // What is sent is judged as it was, and has the same bound.
    let again = judge_request(&call(way, sent.clone()).unwrap(), provider, model);
    prop_assert!(again.is_ok(), "{:?}: {}", again.err(), told());
    Ok(false)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long to try is no setting of the program"
)]
fn cases() -> u32 {
    let told = std::env::var("SHARED_KEY_CASES").ok();
    told.and_then(|told| told.parse().ok()).unwrap_or(CASES)
}

/// A call whose body is as it is written here.
fn judge_body(number: usize, body: &str) -> Result<bool, TestCaseError> {
    let catalogue = Catalogue::new(&[]).unwrap();
    let way = &WAYS[number];
    is_refused(&catalogue, way, way.models[0], body.to_owned())
}

/// Bodies that the vendors' side of the property was once wrong about, or
/// the program's: each is taken, and costs what is held.
#[test]
fn what_once_failed_is_taken_within_what_is_held() {
    let at = |address, provider| {
        let is_it = |way: &Way| way.address == address && way.provider == provider;
        WAYS.iter().position(is_it).unwrap()
    };
    let images = at(Address::Images, "openai");
    let chat = at(Address::Chat, "openai");
    for (number, body) in [
        // What stands behind things in a picture runs on without the caller
        // elsewhere.
        (images, r#"{"prompt":"a","background":"transparent"}"#),
        (images, r#"{"prompt":"a","moderation":"low"}"#),
        // A detail that is null is removed, and written anew.
        (
            chat,
            r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"detail":null,"url":"https://x.example/a.png","detail":null}}]}]}"#,
        ),
    ] {
        assert!(!judge_body(number, body).unwrap(), "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/tests/shared_keys/property.txt"),
        ))),
        ..ProptestConfig::default()
    })]
    #[test]
    fn a_shared_key_pays_at_most_what_is_held(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        thread_local! {
            static CATALOGUE: Catalogue = Catalogue::new(&[]).unwrap();
        }
        CATALOGUE.with(|catalogue| is_chance_refused(catalogue, &mut Chance(&bytes)))?;
    }
}

/// The bodies above are neither all refused nor all taken.
#[test]
fn bodies_made_by_chance_are_taken_and_refused() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let mut taken = 0;
    for seed in 0_u32..2_000 {
        let bytes: Vec<u8> = (0..16_u32)
            .flat_map(|at| {
                let mixed = seed.wrapping_add(at << 16).wrapping_mul(2_654_435_761);
                mixed.rotate_left(16).to_le_bytes()
            })
            .collect();
        taken += u32::from(!is_chance_refused(&catalogue, &mut Chance(&bytes)).unwrap());
    }
    assert!((200..1_800).contains(&taken), "{taken} of 2,000 were taken");
}
