//! What answers say that they cost, and which tools of the provider's own they
//! used.

use serde_json::{Value, json};

use super::usage_tests::{check, message, message_delta, message_start, whole_chat};
use crate::providers::dialect::{AnswerFormat, ParsedAnswer};

#[test]
fn what_openrouter_bills_and_what_the_provider_behind_it_bills_both_count() {
    let byok = |is_byok: bool, cost: f64| {
        whole_chat(
            &json!({"prompt_tokens": 100, "completion_tokens": 20, "cost": cost, "is_byok": is_byok,
            "cost_details": {"upstream_inference_cost": 0.001_97}}),
        )
    };
    let upstream = |details: &Value| {
        whole_chat(
            &json!({"prompt_tokens": 100, "completion_tokens": 20, "cost": 0, "is_byok": true,
            "cost_details": details}),
        )
    };
    check(
        AnswerFormat::OpenAi,
        &[
            (
                "what OpenRouter bills",
                &[byok(false, 0.002)],
                "100 in, 20 out: input=100 output=20 cost=2000000",
            ),
            (
                "what the provider behind OpenRouter bills",
                &[byok(true, 0.0)],
                "100 in, 20 out: input=100 output=20 cost=1970000",
            ),
            (
                "nobody says what the provider behind OpenRouter bills",
                &[whole_chat(
                    &json!({"prompt_tokens": 100, "completion_tokens": 20, "cost": 0,
                    "is_byok": true, "cost_details": {"upstream_inference_cost": null}}),
                )],
                "100 in, 20 out: input=100 output=20 untold cost",
            ),
            (
                "what both bill",
                &[byok(true, 0.0001)],
                "100 in, 20 out: input=100 output=20 cost=2070000",
            ),
            (
                "in two parts",
                &[upstream(
                    &json!({"upstream_inference_cost": null, "upstream_inference_prompt_cost": 0.001,
                    "upstream_inference_completions_cost": 0.002}),
                )],
                "100 in, 20 out: input=100 output=20 cost=3000000",
            ),
            (
                "as a text",
                &[upstream(&json!({"upstream_inference_cost": "0.03"}))],
                "100 in, 20 out: input=100 output=20 cost=30000000",
            ),
            (
                "in one part of two",
                &[upstream(&json!({"upstream_inference_prompt_cost": 0.001}))],
                "100 in, 20 out: input=100 output=20 untold cost",
            ),
        ],
    );
}

#[test]
fn openrouter_says_what_messages_cost_and_perplexity_what_responses_do() {
    let used = json!({"input_tokens": 100, "output_tokens": 20});
    let costing = |cost: Value| {
        let mut usage = used.clone();
        usage["cost"] = cost;
        usage
    };
    let response = |usage: &Value| json!({"object": "response", "status": "completed", "error": null, "output": [], "usage": usage});
    let parts = json!({"currency": "USD", "input_cost": 0.001, "output_cost": 0.002,
        "tool_calls_cost": 0.02, "total_cost": 0.023});
    let mut called = costing(parts);
    called["tool_calls_details"] =
        json!({"web_search": {"invocation": 3}, "fetch_url": {"invocation": 2}});
    let in_euros = json!({"currency": "EUR", "total_cost": 0.023});
    let mut kept = used.clone();
    kept["input_tokens_details"] =
        json!({"cache_read_input_tokens": 60, "cache_creation_input_tokens": 30});
    check(
        AnswerFormat::Anthropic,
        &[
            (
                "whole",
                &[message(&costing(json!(0.002)))],
                "100 in, 20 out: input=100 output=20 cost=2000000",
            ),
            (
                "streamed",
                &[
                    message_start(&costing(json!(0))),
                    message_delta(&costing(json!(0.002))),
                ],
                "100 in, 20 out: input=100 output=20 cost=2000000",
            ),
            (
                "a stream that says so at its end and was cut",
                &[message_start(&costing(json!(0)))],
                "100 in, 20 out: input=100 output=20",
            ),
        ],
    );
    check(
        AnswerFormat::Responses,
        &[
            (
                "Perplexity's, with its tools",
                &[response(&called)],
                "100 in, 20 out: input=100 output=20 web_search=3 tool_call=2 cost=23000000",
            ),
            (
                "Perplexity's, while it comes",
                &[response(&costing(
                    json!({"currency": "USD", "total_cost": 0}),
                ))],
                "100 in, 20 out: input=100 output=20",
            ),
            (
                "in another currency",
                &[response(&costing(in_euros))],
                "100 in, 20 out: input=100 output=20",
            ),
            (
                "Perplexity's cache",
                &[response(&kept)],
                "100 in, 20 out: input=10 cached_input=60 cache_write=30 output=20",
            ),
        ],
    );
}

#[test]
fn searches_of_chats_are_counted_wherever_they_are_told() {
    let whole = |usage: Value| whole_chat(&usage);
    check(
        AnswerFormat::OpenAi,
        &[
            (
                "what Z.ai found on the web",
                &[
                    json!({"choices": [{"message": {}, "finish_reason": "stop"}],
                    "web_search": [{"title": "a", "link": "https://a.example"}],
                    "usage": {"prompt_tokens": 11, "completion_tokens": 5}}),
                ],
                "11 in, 5 out: input=11 output=5 web_search=1",
            ),
            (
                "Moonshot's search, streamed",
                &[
                    json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "a",
                        "type": "builtin_function", "function": {"name": "$web_search", "arguments": ""}}]}}]}),
                    json!({"choices": [{"delta": {"tool_calls": [{"index": 0,
                        "function": {"arguments": "{}"}}]}}]}),
                    whole(json!({"prompt_tokens": 11, "completion_tokens": 5})),
                ],
                "11 in, 5 out: input=11 output=5 web_search=1",
            ),
        ],
    );
}

/// Whole answers are skimmed where that is enough.
#[test]
fn an_answer_with_traces_of_a_search_is_read_with_its_text() {
    let usage = r#""usage":{"prompt_tokens":11,"completion_tokens":5}"#;
    let found = r#""web_search":[{"title":"a"}],"#;
    let call = r#","tool_calls":[{"id":"a","type":"builtin_function","function":{"name":"$web_search","arguments":"{}"}}]"#;
    for (beside, message, is_enough) in [("", "", true), (found, "", false), ("", call, false)] {
        let body = format!(
            r#"{{"object":"chat.completion","model":"m",{beside}"choices":[{{"index":0,"message":{{"role":"assistant","content":"Sun."{message}}},"finish_reason":"stop"}}],{usage}}}"#
        );
        let mut answer = ParsedAnswer::default();
        let is_skimmed = AnswerFormat::OpenAi.skim_whole(body.as_bytes(), &mut answer);
        assert_eq!(is_skimmed, is_enough, "{body}");
    }
}
