//! What OpenAI's chat and its Responses both have words for, told from the one
//! to the other.

use serde_json::{Value, json};

use super::round_trip_tests::{CLAUDE, Caller, translate, translate_limited};

/// It takes tools in OpenAI's Responses alone.
const GPT: &str = "openai/gpt-6-luna";
const MISTRAL: &str = "mistral/mistral-small-latest";

/// A chat with a tool, and with more fields.
fn chat(more: &Value) -> Value {
    let tool =
        json!({"type": "function", "function": {"name": "w", "parameters": {"type": "object"}}});
    with(
        json!({"messages": [{"role": "user", "content": "?"}], "tools": [tool]}),
        more,
    )
}

fn with(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn what_both_of_openais_apis_know_is_told() {
    let shared = json!({"metadata": {"a": "b"}, "prompt_cache_key": "k",
        "prompt_cache_options": {"ttl": "30m"}, "store": false});
    let asked = with(shared.clone(), &json!({"verbosity": "low"}));
    let (sent, answers) = translate(Caller::Chat, GPT, &chat(&asked));
    for name in [
        "metadata",
        "prompt_cache_key",
        "prompt_cache_options",
        "store",
    ] {
        assert_eq!(sent[name], shared[name], "{name}");
    }
    assert_eq!(sent["text"], json!({"verbosity": "low"}));
    assert_eq!(answers.ignored(), None);
    let (sent, _) = translate(
        Caller::Chat,
        GPT,
        &chat(&json!({"verbosity": "low", "response_format": {"type": "json_object"}})),
    );
    assert_eq!(
        sent["text"],
        json!({"format": {"type": "json_object"}, "verbosity": "low"})
    );
}

#[test]
fn others_are_told_what_they_know_of_it() {
    let asked = json!({"input": "?", "metadata": {"a": "b"}, "prompt_cache_key": "k",
        "prompt_cache_retention": "24h", "text": {"verbosity": "low"}});
    let (sent, answers) = translate(Caller::Responses, MISTRAL, &asked);
    assert_eq!(
        (&sent["metadata"], &sent["prompt_cache_key"]),
        (&json!({"a": "b"}), &json!("k"))
    );
    assert_eq!(answers.ignored(), Some("prompt_cache_retention, verbosity"));
    let (_, answers) = translate(Caller::Responses, CLAUDE, &asked);
    assert_eq!(
        answers.ignored(),
        Some("metadata, prompt_cache_key, prompt_cache_retention, verbosity")
    );
    let (sent, answers) = translate(Caller::Responses, "cerebras/gpt-oss-120b", &asked);
    assert!(sent["metadata"].is_null() && sent["verbosity"].is_null());
    assert_eq!(
        answers.ignored(),
        Some("metadata, prompt_cache_key, prompt_cache_retention, verbosity")
    );
}

#[test]
fn a_file_by_its_id_is_known_to_its_provider_alone() {
    let file = json!({"type": "file", "file": {"file_id": "file-1"}});
    let asked = chat(&json!({"messages": [{"role": "user", "content": [file]}]}));
    let (sent, _) = translate(Caller::Chat, GPT, &asked);
    let part = json!({"type": "input_file", "file_id": "file-1"});
    assert_eq!(sent["input"], json!([{"role": "user", "content": [part]}]));
    let picture = json!({"type": "input_image", "file_id": "file-1"});
    let document = json!({"type": "input_file", "file_id": "file-1"});
    for (caller, model, asked) in [
        (Caller::Chat, CLAUDE, asked),
        (
            Caller::Responses,
            "google/gemini-3.1-flash-lite",
            json!({"input": [{"role": "user", "content": [picture]}]}),
        ),
        (
            Caller::Responses,
            MISTRAL,
            json!({"input": [{"role": "user", "content": [document]}]}),
        ),
    ] {
        let refused = translate_limited(caller, model, &asked, None)
            .err()
            .unwrap();
        assert_eq!(
            refused.what, "A file by its id, which is its provider's to know,",
            "{model}"
        );
    }
}

#[test]
fn a_limit_that_is_too_low_is_raised_where_nobody_else_counts_on_it() {
    let asked = chat(&json!({"max_completion_tokens": 5}));
    let (sent, answers) = translate(Caller::Chat, GPT, &asked);
    assert_eq!(
        (&sent["max_output_tokens"], answers.ignored()),
        (&json!(16), Some("max_tokens"))
    );
    let refused = translate_limited(Caller::Chat, GPT, &asked, Some(1_000));
    assert_eq!(
        refused.err().unwrap().what,
        "A limit below 16 tokens, the least that this model takes,"
    );
    let asked = chat(&json!({"max_completion_tokens": 16}));
    let (sent, answers) = translate(Caller::Chat, GPT, &asked);
    assert_eq!(
        (&sent["max_output_tokens"], answers.ignored()),
        (&json!(16), None)
    );
}
