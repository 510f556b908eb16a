//! Answers with status 200 that are errors, or have nothing to show, and say all
//! the same what was used: that is booked, as it is said.

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use super::leaving::{charged, limited};
use crate::tests::program::Program;
use crate::tests::{Setup, Stage, good, run_with};

/// A call, and how its provider answers it.
struct Case {
    what: &'static str,
    provider: &'static str,
    path: &'static str,
    body: Value,
    answer: Value,
}

fn chat(model: &str) -> Value {
    json!({"model": model, "max_tokens": 700, "messages": [{"role": "user", "content": "count"}]})
}

/// An error that stands in a choice, as OpenRouter writes it.
fn errors_in_choices() -> Vec<Case> {
    let case = |what, code: u16, usage: Value| Case {
        what,
        provider: "openrouter",
        path: "/v1/chat/completions",
        body: chat("openrouter/openai/gpt-6-luna"),
        answer: json!({"id": "gen-1", "object": "chat.completion", "model": "x",
            "choices": [{"index": 0, "finish_reason": "error",
                "message": {"role": "assistant", "content": ""},
                "error": {"code": code, "message": "made up"}}],
            "usage": usage}),
    };
    let usage = |output: u64| json!({"prompt_tokens": 40, "completion_tokens": output, "total_tokens": 40 + output});
    let zeros = json!({"prompt_tokens": 0, "completion_tokens": 0});
    vec![
        case("in a choice", 502, usage(7)),
        case("in a choice, input alone", 502, usage(0)),
        case("in a choice, a limit of calls", 429, usage(0)),
        case("in a choice, zeros", 429, zeros),
    ]
}

/// An error in the place of an answer, with usage beside it.
fn errors_at_the_top() -> Vec<Case> {
    let usage = json!({"input_tokens": 40, "output_tokens": 7, "total_tokens": 47});
    let error = json!({"message": "made up", "type": "server_error"});
    vec![
        Case {
            what: "of Groq's",
            provider: "groq",
            path: "/v1/chat/completions",
            body: chat("groq/openai/gpt-oss-20b"),
            answer: json!({"error": error, "x_groq": {"usage":
                {"prompt_tokens": 40, "completion_tokens": 7, "total_tokens": 47}}}),
        },
        Case {
            what: "of Anthropic's",
            provider: "anthropic",
            path: "/anthropic/v1/messages",
            body: chat("claude-haiku-5-5"),
            answer: json!({"type": "error", "usage": usage,
                "error": {"type": "overloaded_error", "message": "made up"}}),
        },
        Case {
            what: "of Responses",
            provider: "openai",
            path: "/v1/responses",
            body: json!({"model": "openai/gpt-6-luna", "input": "count", "max_output_tokens": 700}),
            answer: json!({"error": error, "usage": usage}),
        },
    ]
}

/// Errors of Google's, and prompts that it blocks.
fn googles() -> Vec<Case> {
    let case = |what, answer| Case {
        what,
        provider: "google",
        path: "/google/v1beta/models/gemini-4-flash:generateContent",
        body: json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}],
            "generationConfig": {"maxOutputTokens": 700}}),
        answer,
    };
    let blocked = |usage: Value| json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage});
    let counted = json!({"promptTokenCount": 40, "totalTokenCount": 40});
    vec![
        case(
            "of Google's",
            json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "made up"},
                "usageMetadata": {"promptTokenCount": 40, "candidatesTokenCount": 7,
                    "totalTokenCount": 47}}),
        ),
        case("a prompt that is blocked", blocked(counted.clone())),
        case(
            "a prompt that is blocked, without a sum",
            blocked(json!({"promptTokenCount": 40})),
        ),
        Case {
            path: "/v1/chat/completions",
            body: chat("google/gemini-4-flash"),
            ..case("a prompt that is blocked, translated", blocked(counted))
        },
    ]
}

fn errors() -> Vec<Case> {
    let mut all = errors_in_choices();
    all.extend(errors_at_the_top());
    all.extend(googles());
    all
}

/// Answers to calls for pictures that have none.
fn no_pictures() -> Vec<Case> {
    let case = |what, answer| Case {
        what,
        provider: "openai",
        path: "/v1/images/generations",
        body: json!({"model": "openai/gpt-image-2", "prompt": "a lighthouse", "size": "1024x1024"}),
        answer,
    };
    let usage = json!({"input_tokens": 40, "output_tokens": 700, "total_tokens": 740,
        "input_tokens_details": {"text_tokens": 40, "image_tokens": 0}});
    let input_alone = json!({"input_tokens": 40, "output_tokens": 0, "total_tokens": 40});
    let refused = json!({"code": "moderation_blocked", "type": "user_error", "message": "made up"});
    vec![
        case("no picture", json!({"created": 1, "data": []})),
        case("no picture, null", json!({"created": 1, "data": null})),
        case(
            "no picture, its usage",
            json!({"created": 1, "data": [], "usage": usage}),
        ),
        case(
            "no picture, input alone",
            json!({"created": 1, "data": [], "usage": input_alone}),
        ),
        case(
            "an error, its usage",
            json!({"error": refused, "usage": usage}),
        ),
        case("an error", json!({"error": refused})),
    ]
}

async fn book(stage: &Stage, cases: Vec<Case>) -> String {
    let mia = stage.mia();
    for provider in ["openai", "anthropic", "google", "groq", "openrouter"] {
        mia.adds(provider, "user", &good(provider)).await;
    }
    let program = Program::of(stage, &mia, "").await;
    let mut seen = Vec::new();
    for case in cases {
        let answer = ProviderFault::Says(200, case.answer.to_string());
        stage.fails(case.provider, answer);
        stage.clock.advance_ms(1);
        let said = program.posts(case.path, &case.body).await;
        stage.app().await.idle().await;
        let booked = charged(stage).await;
        seen.push(format!("{}: {} {booked}", case.what, said.status));
    }
    seen.join("\n")
}

#[tokio::test]
async fn what_an_error_says_was_used_is_booked_where_limits_bind() {
    run_with(limited(), async |stage| {
        insta::assert_snapshot!(book(stage, errors()).await, @"
        in a choice: 502 personal cut_off: 40 in, 7 out, 0 images
        in a choice, input alone: 502 personal cut_off: 40 in, no output, 0 images
        in a choice, a limit of calls: 502 personal cut_off: 40 in, no output, 0 images
        in a choice, zeros: 502 personal cut_off: all input, all output, 0 images, estimated
        of Groq's: 500 personal cut_off: 40 in, 7 out, 0 images
        of Anthropic's: 529 personal cut_off: 40 in, 7 out, 0 images
        of Responses: 500 personal cut_off: 40 in, 7 out, 0 images
        of Google's: 503 personal cut_off: 40 in, 7 out, 0 images
        a prompt that is blocked: 200 personal answered: 40 in, no output, 0 images
        a prompt that is blocked, without a sum: 200 personal answered: 40 in, no output, 0 images
        a prompt that is blocked, translated: 200 personal answered: 40 in, no output, 0 images
        ");
    })
    .await;
}

#[tokio::test]
async fn what_an_error_says_was_used_is_booked_of_ones_own_key() {
    run_with(Setup::default(), async |stage| {
        insta::assert_snapshot!(book(stage, errors()).await, @"
        in a choice: 502 personal cut_off: 40 in, 7 out, 0 images
        in a choice, input alone: 502 personal cut_off: 40 in, no output, 0 images
        in a choice, a limit of calls: 502 personal cut_off: 40 in, no output, 0 images
        in a choice, zeros: 502 personal cut_off: 26 in, no output, 0 images, estimated
        of Groq's: 500 personal cut_off: 40 in, 7 out, 0 images
        of Anthropic's: 529 personal cut_off: 40 in, 7 out, 0 images
        of Responses: 500 personal cut_off: 40 in, 7 out, 0 images
        of Google's: 503 personal cut_off: 40 in, 7 out, 0 images
        a prompt that is blocked: 200 personal answered: 40 in, no output, 0 images
        a prompt that is blocked, without a sum: 200 personal answered: 40 in, no output, 0 images
        a prompt that is blocked, translated: 200 personal answered: 40 in, no output, 0 images
        ");
    })
    .await;
}

#[tokio::test]
async fn an_answer_without_a_picture_costs_what_it_says_or_what_was_held() {
    run_with(limited(), async |stage| {
        insta::assert_snapshot!(book(stage, no_pictures()).await, @"
        no picture: 200 personal cut_off: all input, all output, 1 images, estimated
        no picture, null: 200 personal cut_off: all input, all output, 1 images, estimated
        no picture, its usage: 200 personal cut_off: 40 in, 700 out, 0 images
        no picture, input alone: 200 personal cut_off: 40 in, no output, 0 images
        an error, its usage: 400 personal cut_off: 40 in, 700 out, 0 images
        an error: 400 personal failed: 0 in, no output, 0 images
        ");
    })
    .await;
}

#[tokio::test]
async fn an_answer_without_a_picture_costs_ones_own_key_what_it_says() {
    run_with(Setup::default(), async |stage| {
        insta::assert_snapshot!(book(stage, no_pictures()).await, @"
        no picture: 200 personal cut_off: 19 in, no output, 1 images, estimated
        no picture, null: 200 personal cut_off: 19 in, no output, 1 images, estimated
        no picture, its usage: 200 personal cut_off: 40 in, 700 out, 0 images
        no picture, input alone: 200 personal cut_off: 40 in, no output, 0 images
        an error, its usage: 400 personal cut_off: 40 in, 700 out, 0 images
        an error: 400 personal failed: 0 in, no output, 0 images
        ");
    })
    .await;
}
