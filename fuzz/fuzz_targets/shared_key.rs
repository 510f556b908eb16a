//! Any body on any surface is refused for a shared key, or costs at most what
//! is held for it. Run it with `cargo +nightly fuzz run shared_key`.

#![no_main]

#[path = "../../src/tests/shared_keys/costly.rs"]
mod costly;
#[path = "../../src/tests/shared_keys/vendor.rs"]
mod vendor;

use std::sync::LazyLock;

use latchkey::internals::{
    Body, Catalogue, ForwardedHeaders, RelayRequest, Surface, judge_request,
};
use libfuzzer_sys::fuzz_target;
use vendor::{Address, WRAPPING, bill};

/// Providers, models and addresses below their base; none for OpenAI's words.
const WAYS: &[(&str, &str, Option<&str>, Address)] = &[
    ("openai", "gpt-6-luna", None, Address::Chat),
    ("anthropic", "claude-haiku-5-5", None, Address::Chat),
    ("openrouter", "openai/gpt-6-luna", None, Address::Chat),
    ("mistral", "mistral-small-latest", None, Address::Chat),
    ("xai", "grok-4.3", None, Address::Chat),
    ("deepseek", "deepseek-flash", None, Address::Chat),
    ("groq", "openai/gpt-oss-20b", None, Address::Chat),
    ("cerebras", "gpt-oss-120b", None, Address::Chat),
    ("ollama", "llama3.2", None, Address::Chat),
    ("openai", "gpt-6-luna", Some("/responses"), Address::Responses),
    ("anthropic", "claude-haiku-5-5", Some("/v1/messages"), Address::Messages),
    (
        "google",
        "gemini-3.1-flash-lite",
        Some("/models/gemini-3.1-flash-lite:generateContent"),
        Address::GenerateContent,
    ),
    ("ollama", "llama3.2", Some("/api/chat"), Address::OllamaChat),
    ("openai", "text-embedding-3-small", None, Address::Embeddings),
    ("openai", "gpt-image-2", None, Address::Images),
];
/// The longest answer that a shared key pays for, in tokens.
const MOST: u64 = 1_500;

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new(&[]).expect("the built-in providers make a catalogue"));

fuzz_target!(|input: &[u8]| {
    // The first byte says how a provider is called, the rest is the body.
    let Some((way, body)) = input.split_first() else {
        return;
    };
    let (id, model, path, address) = WAYS[usize::from(*way) % WAYS.len()];
    let provider = CATALOGUE.find(id).expect("the provider is built in");
    let surface = match address {
        Address::Responses => Surface::Responses,
        Address::Embeddings => Surface::Embeddings,
        Address::Images => Surface::Images,
        _ => Surface::Chat,
    };
    let Ok(body) = Body::object(body.to_vec().into()) else {
        return;
    };
    let request = RelayRequest {
        surface,
        as_openai: path.is_none(),
        method: http::Method::POST,
        path: path.unwrap_or_default().to_owned(),
        query: None,
        headers: ForwardedHeaders::default(),
        body,
        stream: false,
        at_s: 0,
    };
    let Ok(bounded) = judge_request(&request, provider, model) else {
        return;
    };
    let bound = bounded.bound();
    let most = MOST * bound.answers;
    let asked = bound.asked.map(|asked| asked.saturating_mul(bound.answers));
    let held = match address {
        Address::Images => bound.made_tokens,
        Address::Embeddings => 0,
        _ => asked.map_or(most, |asked| asked.min(most)),
    };
    let Some(sent) = bounded.fields_within(held) else {
        return;
    };
    let sent = String::from_utf8(sent.write()).expect("what is written is text");
    let bill = bill(id, address, model, &sent);
    assert_eq!(bill.without_bound, None, "{sent}");
    assert!(bill.output_tokens <= held, "{sent}");
    assert!(bill.input_tokens <= bound.prompt_tokens + WRAPPING, "{sent}");
});
