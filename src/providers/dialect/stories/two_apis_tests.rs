//! What OpenAI's chat and its Responses both have words for, told from the one
//! to the other.

use serde_json::{Value, json};

use super::round_trip_tests::{CLAUDE, Caller, answer, translate, translate_limited};

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

const CEREBRAS: &str = "cerebras/gpt-oss-120b";

/// The ways of two dialects to ask how likely each token is, and the two
/// likeliest in its place.
fn asks_how_likely() -> [(Caller, Value); 2] {
    [
        (
            Caller::Responses,
            json!({"input": "?", "include": ["message.output_text.logprobs"], "top_logprobs": 2}),
        ),
        (
            Caller::Google,
            json!({"contents": [{"parts": [{"text": "?"}]}],
                "generationConfig": {"responseLogprobs": true, "logprobs": 2}}),
        ),
    ]
}

#[test]
fn how_likely_each_token_is_is_asked_and_told_in_the_words_of_each() {
    let token = |word: &str, others: Value| json!({"token": word, "logprob": -0.5, "bytes": [72], "top_logprobs": others});
    let likely = json!([
        token(
            "Hi",
            json!([{"token": "Ho", "logprob": -1.5, "bytes": null}])
        ),
        token(".", json!([]))
    ]);
    let said = json!({"id": "c", "model": "gpt-oss-120b", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "Hi."}, "logprobs": {"content": likely, "refusal": null}}]});
    let [responses, google] = asks_how_likely().map(|(caller, asked)| {
        let (sent, mut answers) = translate(caller, CEREBRAS, &asked);
        assert_eq!(
            (&sent["logprobs"], &sent["top_logprobs"]),
            (&json!(true), &json!(2))
        );
        assert_eq!(answers.ignored(), None);
        answer(&mut answers, &said)
    });
    assert_eq!(responses["output"][0]["content"][0]["logprobs"], likely);
    assert_eq!(
        google["candidates"][0]["logprobsResult"],
        json!({"chosenCandidates": [{"token": "Hi", "logProbability": -0.5}, {"token": ".", "logProbability": -0.5}],
            "topCandidates": [{"candidates": [{"token": "Ho", "logProbability": -1.5}]}, {"candidates": []}]})
    );
    // Without the likeliest ones.
    let asked = json!({"input": "?", "include": ["message.output_text.logprobs"]});
    let (sent, _) = translate(Caller::Responses, CEREBRAS, &asked);
    assert_eq!(
        (&sent["logprobs"], &sent["top_logprobs"]),
        (&json!(true), &Value::Null)
    );
}

#[test]
fn each_piece_of_a_stream_tells_how_likely_its_own_tokens_are() {
    let (_, asked) = &asks_how_likely()[0];
    let (_, mut answers) = translate(Caller::Responses, CEREBRAS, asked);
    let chunk = |word: &str, finish: Value| {
        let likely = json!({"content": [{"token": word, "logprob": -0.5, "top_logprobs": []}]});
        json!({"id": "c", "choices": [{"index": 0, "delta": {"content": word}, "logprobs": likely, "finish_reason": finish}]})
    };
    let mut out = Vec::new();
    for event in [chunk("Hi", Value::Null), chunk(".", json!("stop"))] {
        let data = event.to_string();
        answers
            .write_event(&event, data.as_bytes(), &mut out)
            .unwrap();
    }
    answers.write_end(&mut out);
    let written = String::from_utf8(out).unwrap();
    let events = written
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = events
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let tokens = |kind: &str| {
        let of_kind = events.iter().filter(|event| event["type"] == kind);
        let told = of_kind.map(|event| {
            let likely = event["logprobs"].as_array().unwrap().iter();
            let tokens = likely.map(|it| it["token"].as_str().unwrap());
            tokens.collect::<Vec<_>>().join("|")
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(tokens("response.output_text.delta"), ["Hi", "."]);
    assert_eq!(tokens("response.output_text.done"), ["Hi|."]);
}

/// OpenAI's models that reason, Anthropic's and Google's tell nobody.
#[test]
fn how_likely_each_token_is_is_refused_by_its_name_where_nobody_tells_it() {
    let chat = chat(&json!({"logprobs": true, "top_logprobs": 2}));
    let [responses, google] = asks_how_likely();
    for (caller, model, asked) in [
        (Caller::Chat, GPT, &chat),
        (Caller::Chat, CLAUDE, &chat),
        (Caller::Chat, "google/gemini-3.1-flash-lite", &chat),
        (responses.0, CLAUDE, &responses.1),
        (responses.0, "google/gemini-3.1-flash-lite", &responses.1),
        (google.0, GPT, &google.1),
        (google.0, "openai/gpt-5.2", &google.1),
        (google.0, CLAUDE, &google.1),
    ] {
        let refused = translate_limited(caller, model, asked, None);
        let refused = refused.err().unwrap();
        assert_eq!(
            refused.what, "`logprobs`, which this model does not tell,",
            "{model}"
        );
        assert!(!refused.is_malformed);
    }
    let alone =
        json!({"contents": [{"parts": [{"text": "?"}]}], "generationConfig": {"logprobs": 2}});
    let refused = translate_limited(Caller::Google, CEREBRAS, &alone, None)
        .err()
        .unwrap();
    assert!(
        refused.is_malformed && refused.what.contains("responseLogprobs"),
        "{}",
        refused.what
    );
}
