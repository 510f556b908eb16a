//! What every dialect reports of usage, in every piece that it comes in, and
//! what is made of it.

use serde_json::{Value, json};

use crate::model::Usage;
use crate::providers::dialect::{AnswerFormat, ParsedAnswer};

/// The usage of an answer that comes in these pieces, by class.
fn classes(format: AnswerFormat, pieces: &[Value]) -> String {
    let mut answer = ParsedAnswer::default();
    for piece in pieces {
        format.read_event(piece, &mut answer);
    }
    let Some(usage) = answer.usage else {
        return "not reported".into();
    };
    let Usage {
        input_tokens,
        output_tokens,
        cost,
        ..
    } = usage;
    let counts = usage.counts();
    let parts = counts
        .iter()
        .map(|(class, count)| format!("{}={count}", class.as_str()));
    let cost = cost
        .map(|cost| format!(" cost={}", cost.0))
        .unwrap_or_default();
    let parts = parts.collect::<Vec<_>>().join(" ");
    let untold = if usage.cost_is_untold {
        " untold cost"
    } else {
        ""
    };
    format!("{input_tokens} in, {output_tokens} out: {parts}{cost}{untold}")
}

pub fn check(format: AnswerFormat, table: &[(&str, &[Value], &str)]) {
    for (name, pieces, expected) in table {
        assert_eq!(classes(format, pieces), *expected, "{format:?}: {name}");
    }
}

/// A whole answer of Anthropic's.
pub fn message(usage: &Value) -> Value {
    json!({"type": "message", "stop_reason": "end_turn", "usage": usage})
}

pub fn message_start(usage: &Value) -> Value {
    json!({"type": "message_start", "message": {"usage": usage}})
}

pub fn message_delta(usage: &Value) -> Value {
    json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})
}

/// Usage of Anthropic's in which everything is split, and its classes.
fn split_writes() -> (Value, &'static str) {
    let split = json!({"input_tokens": 10, "cache_creation_input_tokens": 7_000, "cache_read_input_tokens": 500,
        "cache_creation": {"ephemeral_5m_input_tokens": 3_000, "ephemeral_1h_input_tokens": 4_000},
        "output_tokens": 20, "output_tokens_details": {"thinking_tokens": 15},
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1}});
    let classes = "7510 in, 20 out: input=10 cached_input=500 cache_write_5m=3000 cache_write_1h=4000 \
         output=5 reasoning=15 web_search=2";
    (split, classes)
}

#[test]
fn anthropic_counts_the_cache_beside_the_input() {
    let (split, split_classes) = split_writes();
    // The numbers of Anthropic's own example, and a cache.
    let shortened = json!({"input_tokens": 23_000, "output_tokens": 1_000, "iterations": [
        {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3_500,
            "cache_read_input_tokens": 500, "cache_creation_input_tokens": 40},
        {"type": "message", "input_tokens": 23_000, "output_tokens": 1_000}]});
    let shortened_classes =
        "203540 in, 4500 out: input=203000 cached_input=500 cache_write_5m=40 output=4500";
    check(
        AnswerFormat::Anthropic,
        &[
            ("all at once", &[message(&split)], split_classes),
            (
                "all at the start, and again at the end",
                &[message_start(&split), message_delta(&split)],
                split_classes,
            ),
            (
                "written for five minutes, where nothing else is said",
                &[message(
                    &json!({"input_tokens": 10, "cache_creation_input_tokens": 4_000, "output_tokens": 10}),
                )],
                "4010 in, 10 out: input=10 cache_write_5m=4000 output=10",
            ),
            (
                "no input",
                &[message_delta(&json!({"output_tokens": 5}))],
                "not reported",
            ),
            (
                "what was made shorter before is counted beside the rest",
                &[message(&shortened)],
                shortened_classes,
            ),
            (
                "the same in a stream",
                &[
                    message_start(&json!({"input_tokens": 23_000, "output_tokens": 1})),
                    message_delta(&shortened),
                ],
                shortened_classes,
            ),
        ],
    );
}

#[test]
fn the_end_of_anthropics_stream_erases_nothing() {
    let (split, _) = split_writes();
    let started = json!({"input_tokens": 10, "cache_read_input_tokens": 1_000,
        "cache_creation_input_tokens": 0, "output_tokens": 1});
    check(
        AnswerFormat::Anthropic,
        &[
            (
                "the end lacks the cache",
                &[
                    message_start(&started),
                    message_delta(&json!({"input_tokens": 10, "output_tokens": 20})),
                ],
                "1010 in, 20 out: input=10 cached_input=1000 output=20",
            ),
            (
                "the end lacks all but the output",
                &[
                    message_start(&split),
                    message_delta(&json!({"output_tokens": 33})),
                ],
                "7510 in, 33 out: input=10 cached_input=500 cache_write_5m=3000 cache_write_1h=4000 \
                 output=18 reasoning=15 web_search=2",
            ),
            (
                "the end repeats zeros",
                &[
                    message_start(&started),
                    message_delta(&json!({"input_tokens": 0, "cache_read_input_tokens": 0,
                        "cache_creation_input_tokens": 0, "output_tokens": 20})),
                ],
                "1010 in, 20 out: input=10 cached_input=1000 output=20",
            ),
            (
                "the end repeats nulls",
                &[
                    message_start(&started),
                    message_delta(
                        &json!({"input_tokens": null, "cache_read_input_tokens": null,
                        "cache_creation": null, "output_tokens": 20, "server_tool_use": null}),
                    ),
                ],
                "1010 in, 20 out: input=10 cached_input=1000 output=20",
            ),
            (
                "what the provider's tools read comes at the end",
                &[
                    message_start(&started),
                    message_delta(&json!({"input_tokens": 12_530, "output_tokens": 20,
                        "server_tool_use": {"web_search_requests": 1}})),
                ],
                "13530 in, 20 out: input=12530 cached_input=1000 output=20 web_search=1",
            ),
        ],
    );
}

#[expect(clippy::too_many_lines, reason = "a table of answers")]
#[test]
fn google_counts_tools_and_thoughts_beside_the_rest() {
    let chunk = |usage: Value| {
        json!({"candidates": [{"content": {"parts": [{"text": "x"}]}}],
            "usageMetadata": usage, "modelVersion": "gemini-3.1-flash-lite"})
    };
    let tools = json!({"promptTokenCount": 151, "candidatesTokenCount": 1_089, "totalTokenCount": 20_689,
        "toolUsePromptTokenCount": 18_329, "thoughtsTokenCount": 1_120});
    let tool_classes = "18480 in, 2209 out: input=151 tool_input=18329 output=1089 reasoning=1120";
    let found = |model: &str| {
        json!({"candidates": [{"groundingMetadata": {"groundingChunks": [{"web": {"uri": "https://a.example"}}]}}],
            "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 3}, "modelVersion": model})
    };
    let searched = |model: &str| {
        json!({"candidates": [{"groundingMetadata": {"webSearchQueries": ["a", "b"]}}],
            "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 3}, "modelVersion": model})
    };
    check(
        AnswerFormat::Google,
        &[
            ("what its tools read", &[chunk(tools.clone())], tool_classes),
            (
                "the same, told early and not again",
                &[
                    chunk(tools),
                    chunk(
                        json!({"promptTokenCount": 151, "candidatesTokenCount": 1_089, "thoughtsTokenCount": 0}),
                    ),
                ],
                tool_classes,
            ),
            (
                "a stream as a list",
                &[json!([
                    chunk(json!({"promptTokenCount": 5, "candidatesTokenCount": 1})),
                    chunk(json!({"promptTokenCount": 5, "candidatesTokenCount": 3})),
                ])],
                "5 in, 3 out: input=5 output=3",
            ),
            (
                "kept content",
                &[chunk(
                    json!({"promptTokenCount": 60_010, "cachedContentTokenCount": 60_000, "candidatesTokenCount": 5}),
                )],
                "60010 in, 5 out: input=10 cached_input=60000 output=5",
            ),
            (
                "by modality",
                &[chunk(
                    json!({"promptTokenCount": 1_000, "cachedContentTokenCount": 300, "candidatesTokenCount": 1_300,
                    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 400}, {"modality": "AUDIO", "tokenCount": 350},
                        {"modality": "IMAGE", "tokenCount": 250}],
                    "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 200}, {"modality": "AUDIO", "tokenCount": 100}],
                    "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1_290}]}),
                )],
                "1000 in, 1300 out: input=200 cached_input=200 cached_audio=100 input_audio=250 input_image=250 \
                 output=10 output_image=1290",
            ),
            (
                "each search",
                &[searched("gemini-3.1-flash-lite")],
                "5 in, 3 out: input=5 output=3 web_search=2",
            ),
            (
                "all searches of an older model at once",
                &[searched("gemini-2.5-flash")],
                "5 in, 3 out: input=5 output=3 web_search=1",
            ),
            (
                "searches of which no query is told",
                &[found("gemini-3.1-flash-lite")],
                "5 in, 3 out: input=5 output=3 tool_call=1",
            ),
            (
                "the same, whose queries come later",
                &[
                    found("gemini-3.1-flash-lite"),
                    searched("gemini-3.1-flash-lite"),
                    found("gemini-3.1-flash-lite"),
                ],
                "5 in, 3 out: input=5 output=3 web_search=2",
            ),
            (
                "the same of an older model",
                &[found("gemini-2.5-flash")],
                "5 in, 3 out: input=5 output=3 web_search=1",
            ),
        ],
    );
}

/// A whole answer in OpenAI's dialect.
pub fn whole_chat(usage: &Value) -> Value {
    json!({"choices": [{"message": {}, "finish_reason": "stop"}], "usage": usage})
}

#[test]
fn openai_chats_count_parts_inside_the_whole() {
    let whole = |usage: Value| whole_chat(&usage);
    let detailed = json!({"prompt_tokens": 20_000, "completion_tokens": 1_000, "total_tokens": 21_000,
        "prompt_tokens_details": {"cached_tokens": 12_000, "cache_write_tokens": 6_000, "audio_tokens": 500},
        "completion_tokens_details": {"reasoning_tokens": 700, "audio_tokens": 100}});
    let detailed_classes = "20000 in, 1000 out: input=1500 cached_input=12000 cache_write=6000 input_audio=500 \
         output=200 reasoning=700 output_audio=100";
    check(
        AnswerFormat::OpenAi,
        &[
            ("all of it", &[whole(detailed.clone())], detailed_classes),
            (
                "all of it, and then less",
                &[
                    whole(detailed),
                    json!({"choices": [], "usage": {"prompt_tokens": 20_000, "completion_tokens": 1_000,
                        "prompt_tokens_details": {"cached_tokens": 0}}}),
                    json!({"choices": [], "usage": null}),
                ],
                detailed_classes,
            ),
            (
                "in every chunk",
                &[
                    whole(json!({"prompt_tokens": 5, "completion_tokens": 1})),
                    whole(json!({"prompt_tokens": 5, "completion_tokens": 9})),
                ],
                "5 in, 9 out: input=5 output=9",
            ),
            (
                "no completion",
                &[whole(json!({"prompt_tokens": 5}))],
                "not reported",
            ),
        ],
    );
}

#[test]
fn other_vendors_of_openais_dialect_count_in_fields_of_their_own() {
    let whole = |usage: Value| whole_chat(&usage);
    check(
        AnswerFormat::OpenAi,
        &[
            (
                "reasoning outside of the completion",
                &[whole(
                    json!({"prompt_tokens": 1_000, "completion_tokens": 50, "total_tokens": 1_450,
                    "prompt_tokens_details": {"cached_tokens": 800},
                    "completion_tokens_details": {"reasoning_tokens": 400}}),
                )],
                "1000 in, 450 out: input=200 cached_input=800 output=50 reasoning=400",
            ),
            (
                "DeepSeek's cache",
                &[whole(
                    json!({"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 64,
                    "prompt_cache_miss_tokens": 36}),
                )],
                "100 in, 5 out: input=36 cached_input=64 output=5",
            ),
            (
                "the names of the Responses",
                &[whole(
                    json!({"input_tokens": 11, "output_tokens": 5, "total_tokens": 16}),
                )],
                "11 in, 5 out: input=11 output=5",
            ),
            (
                "searches",
                &[whole(json!({"prompt_tokens": 11, "completion_tokens": 5,
                    "server_tool_use": {"web_search_requests": 3}}))],
                "11 in, 5 out: input=11 output=5 web_search=3",
            ),
            (
                "Moonshot's and Together's cache",
                &[whole(
                    json!({"prompt_tokens": 100, "completion_tokens": 5, "cached_tokens": 64}),
                )],
                "100 in, 5 out: input=36 cached_input=64 output=5",
            ),
            (
                "Qwen's cache, and its searches",
                &[whole(json!({"prompt_tokens": 100, "completion_tokens": 5,
                    "prompt_tokens_details": {"cached_tokens": 40, "cache_creation_input_tokens": 50,
                        "cache_type": "ephemeral"},
                    "plugins": {"search": {"count": 2, "strategy": "agent"}}}))],
                "100 in, 5 out: input=10 cached_input=40 cache_write=50 output=5 web_search=2",
            ),
            (
                "Groq's",
                &[
                    json!({"choices": [], "x_groq": {"usage": {"prompt_tokens": 7, "completion_tokens": 2}}}),
                ],
                "7 in, 2 out: input=7 output=2",
            ),
        ],
    );
}

#[test]
fn responses_count_their_own_tools_too() {
    let response = json!({"object": "response", "status": "completed", "error": null,
        "output": [{"type": "web_search_call"}, {"type": "file_search_call"}, {"type": "image_generation_call"},
            {"type": "message"}],
        "tool_usage": {"web_search": {"num_requests": 3}},
        "usage": {"input_tokens": 48_211, "output_tokens": 70, "input_tokens_details": {"cached_tokens": 40_000,
            "cache_write_tokens": 8_000, "cache_write_tokens_details": {"ttl_30m_tokens": 3_000, "ttl_12h_tokens": 5_000}},
            "output_tokens_details": {"reasoning_tokens": 60}}});
    let classes = "48211 in, 70 out: input=211 cached_input=40000 cache_write=3000 cache_write_12h=5000 \
         output=10 reasoning=60 web_search=3 file_search=1 picture=1";
    let mut counted = response.clone();
    counted.as_object_mut().unwrap().remove("tool_usage");
    let failed = json!({"object": "response", "status": "failed", "output": [],
        "error": {"code": "server_error", "message": "no"},
        "usage": {"input_tokens": 50, "output_tokens": 7}});
    let failed_classes = "50 in, 7 out: input=50 output=7";
    check(
        AnswerFormat::Responses,
        &[
            ("whole", std::slice::from_ref(&response), classes),
            (
                "streamed",
                &[
                    json!({"type": "response.created", "response": {"status": "in_progress", "usage": null}}),
                    json!({"type": "response.completed", "response": response}),
                ],
                classes,
            ),
            (
                "by its items",
                &[counted],
                &classes.replace("web_search=3", "web_search=1"),
            ),
            ("failed", std::slice::from_ref(&failed), failed_classes),
            (
                "failed in a stream",
                &[json!({"type": "response.failed", "response": failed})],
                failed_classes,
            ),
        ],
    );
}

#[test]
fn pictures_and_vectors_are_counted_by_what_they_are() {
    check(
        AnswerFormat::Images,
        &[
            (
                "with details",
                &[
                    json!({"pictures": 1, "usage": {"input_tokens": 60, "output_tokens": 4_160,
                    "input_tokens_details": {"text_tokens": 10, "image_tokens": 50}}}),
                ],
                "60 in, 4160 out: input=10 input_image=50 output_image=4160",
            ),
            (
                "without details",
                &[json!({"pictures": 1, "usage": {"input_tokens": 60, "output_tokens": 4_160}})],
                "60 in, 4160 out: input_image=60 output_image=4160",
            ),
            (
                "by its cost alone",
                &[json!({"pictures": 1, "usage": {"cost": 0.0375}})],
                "0 in, 0 out:  cost=37500000",
            ),
            (
                "without usage",
                &[json!({"pictures": 1, "usage": null})],
                "not reported",
            ),
        ],
    );
    check(
        AnswerFormat::Embeddings,
        &[
            (
                "as usual",
                &[json!({"usage": {"prompt_tokens": 4, "total_tokens": 4}})],
                "4 in, 0 out: input=4",
            ),
            (
                "the total alone",
                &[json!({"usage": {"total_tokens": 8}})],
                "8 in, 0 out: input=8",
            ),
            (
                "Ollama's",
                &[json!({"prompt_eval_count": 6})],
                "6 in, 0 out: input=6",
            ),
        ],
    );
    check(
        AnswerFormat::Ollama,
        &[
            (
                "with its prompt",
                &[json!({"done": true, "prompt_eval_count": 26, "eval_count": 9})],
                "26 in, 9 out: input=26 output=9",
            ),
            (
                "with a cached prompt",
                &[json!({"done": true, "eval_count": 9})],
                "0 in, 9 out: output=9",
            ),
        ],
    );
}

#[test]
fn a_skimmed_answer_counts_what_a_whole_one_does() {
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 150, "cost": 0.1,
        "is_byok": true, "cost_details": {"upstream_inference_cost": 0.02},
        "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20, "audio_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 25, "image_tokens": 1}});
    let body = json!({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}], "usage": usage});
    let mut skimmed = ParsedAnswer::default();
    assert!(AnswerFormat::OpenAi.skim_whole(body.to_string().as_bytes(), &mut skimmed));
    let mut read = ParsedAnswer::default();
    AnswerFormat::OpenAi.read_event(&body, &mut read);
    assert_eq!(skimmed.usage, read.usage);
    assert!(read.usage.is_some());
}
