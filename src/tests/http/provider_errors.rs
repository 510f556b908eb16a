//! A provider's error in the dialect of the call: the owner of the key hears
//! it as the provider said it, scrubbed; others hear what kind it is.

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use crate::tests::program::{HttpAnswer, Program};
use crate::tests::{good, run};

const OPENAI: &str = "/openai/v1/chat/completions gpt-6-luna";
const ANTHROPIC: &str = "/anthropic/v1/messages claude-haiku-5-5";
const GOOGLE: &str = "/google/v1beta/models/gemini-3.1-flash-lite:generateContent ";
const OPENAI_TO_ANTHROPIC: &str = "/v1/chat/completions anthropic/claude-haiku-5-5";
const OPENAI_TO_GOOGLE: &str = "/v1/chat/completions google/gemini-3.1-flash-lite";
const SHARED: &str = "/v1/chat/completions groq/openai/gpt-oss-20b";

/// Where a call goes, what the provider answers, and what its caller is told.
const ERRORS: &[(&str, u16, &str, &str)] = &[
    // In the provider's own dialect it comes as it is.
    (
        OPENAI,
        400,
        r#"{"error":{"message":"Unsupported value: 'temperature'","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#,
        r#"400 invalid_request final {"code":"unsupported_value","message":"Unsupported value: 'temperature'","param":"temperature","type":"invalid_request_error"}"#,
    ),
    (
        OPENAI,
        429,
        r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        r#"429 provider_out_of_credit final {"code":"insufficient_quota","message":"openai says that the account behind the key has no credit. It says: You exceeded your current quota","param":null,"type":"insufficient_quota"}"#,
    ),
    (
        OPENAI,
        503,
        r#"{"error":{"message":"no","type":"server_error","param":null,"code":"slow_down"}}"#,
        r#"503 provider_overloaded {"code":"slow_down","message":"no","param":null,"type":"server_error"}"#,
    ),
    (
        OPENAI,
        500,
        r#"{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#,
        r#"500 provider_error {"code":null,"message":"The server had an error","param":null,"type":"server_error"}"#,
    ),
    (
        OPENAI,
        413,
        r#"{"error":{"message":"Too large","type":"invalid_request_error"}}"#,
        r#"413 invalid_request final {"code":null,"message":"Too large","param":null,"type":"invalid_request_error"}"#,
    ),
    (
        ANTHROPIC,
        529,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#,
        r#"529 provider_overloaded {"message":"Overloaded","type":"overloaded_error"}"#,
    ),
    (
        ANTHROPIC,
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"no","details":{"error_code":"image_dimensions_too_large","paths":["messages.0"]}}}"#,
        r#"400 invalid_request final {"details":{"error_code":"image_dimensions_too_large","paths":["messages.0"]},"message":"no","type":"invalid_request_error"}"#,
    ),
    (
        GOOGLE,
        429,
        r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]}]}}"#,
        r#"429 provider_rate_limited final {"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]}],"message":"Quota","status":"RESOURCE_EXHAUSTED"}"#,
    ),
    (
        GOOGLE,
        429,
        r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"21.5s"}]}}"#,
        r#"429 provider_rate_limited 22 21500 {"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"21.5s"}],"message":"Quota","status":"RESOURCE_EXHAUSTED"}"#,
    ),
    (
        GOOGLE,
        503,
        r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
        r#"503 provider_overloaded {"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}"#,
    ),
    (
        GOOGLE,
        400,
        r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#,
        r#"400 provider_key_refused final {"code":400,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}],"message":"Key is invalid: google does not accept the key. Replace it with `POST /api/v1/api-keys`, or `/keys add` in Discord. It says: API key not valid.","status":"INVALID_ARGUMENT"}"#,
    ),
    // In another dialect it is told in that one's words.
    (
        OPENAI_TO_ANTHROPIC,
        529,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        r#"503 provider_overloaded {"code":"server_is_overloaded","message":"Overloaded","param":null,"type":"server_error"}"#,
    ),
    (
        OPENAI_TO_ANTHROPIC,
        404,
        r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-haiku-5-5"}}"#,
        r#"404 model_not_found final {"code":"model_not_found","message":"model: claude-haiku-5-5","param":null,"type":"invalid_request_error"}"#,
    ),
    (
        OPENAI_TO_ANTHROPIC,
        402,
        r#"{"type":"error","error":{"type":"billing_error","message":"No credit"}}"#,
        r#"429 provider_out_of_credit final {"code":"insufficient_quota","message":"anthropic says that the account behind the key has no credit. It says: No credit","param":null,"type":"insufficient_quota"}"#,
    ),
    (
        OPENAI_TO_GOOGLE,
        429,
        r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"21.5s"}]}}"#,
        r#"429 provider_rate_limited 22 21500 {"code":"rate_limit_exceeded","message":"Quota","param":null,"type":"rate_limit_error"}"#,
    ),
    (
        OPENAI_TO_GOOGLE,
        400,
        r#"{"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}}"#,
        r#"400 context_length_exceeded final {"code":"context_length_exceeded","message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","param":null,"type":"invalid_request_error"}"#,
    ),
    // Others than the owner hear the kind alone.
    (
        SHARED,
        503,
        r#"{"error":{"message":"org-madeup is overloaded","type":"server_error","code":null}}"#,
        r#"503 provider_overloaded {"code":"server_is_overloaded","message":"groq is overloaded. Try again in a minute.","param":null,"type":"server_error"}"#,
    ),
    (
        SHARED,
        429,
        r#"{"error":{"message":"Rate limit of org-madeup","type":"tokens","code":"rate_limit_exceeded"}}"#,
        r#"429 provider_rate_limited {"code":"rate_limit_exceeded","message":"groq takes no more of these for now. Try again in a moment.","param":null,"type":"rate_limit_error"}"#,
    ),
    (
        SHARED,
        429,
        r#"{"error":{"message":"no","type":"insufficient_quota","code":"insufficient_quota"}}"#,
        r#"503 payer_unavailable {"code":"payer_unavailable","message":"The key that would pay for groq does not work right now, and its owner knows. Add a key of your own, or try again later.","param":null,"type":"server_error"}"#,
    ),
];

/// What a caller is told: status, our code, whether libraries are to leave
/// it at that, how long they are to wait, and the error.
fn told(answer: &HttpAnswer) -> String {
    let mut told = answer.code();
    if answer.header("x-should-retry") == "false" {
        told.push_str(" final");
    }
    for name in ["retry-after", "retry-after-ms"] {
        if !answer.header(name).is_empty() {
            told = format!("{told} {}", answer.header(name));
        }
    }
    format!("{told} {}", answer.json()["error"])
}

fn body(model: &str) -> Value {
    json!({"model": model, "max_completion_tokens": 9, "messages": [{"role": "user", "content": "count"}]})
}

#[tokio::test]
async fn an_error_is_told_in_the_dialect_of_the_call() {
    run(async |stage| {
        let mia = stage.mia();
        let mut program = None;
        for provider in ["openai", "anthropic", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        for (to, status, said, expected) in ERRORS {
            let provider = ["anthropic", "google", "groq"]
                .into_iter()
                .find(|it| to.contains(it))
                .unwrap_or("openai");
            if program.is_none() {
                program = Some(Program::of(stage, &mia, "").await);
            }
            let program = program.as_ref().unwrap();
            stage.fails(provider, ProviderFault::Says(*status, (*said).to_owned()));
            let (path, model) = to.split_once(' ').unwrap();
            let mut call = body(model);
            if path.starts_with("/anthropic/") {
                call = json!({"model": model, "max_tokens": 9, "messages": call["messages"]});
            } else if path.starts_with("/google/") {
                call = json!({"contents": [{"parts": [{"text": "count"}]}]});
            }
            let answer = program.posts(path, &call).await;
            assert_eq!(&told(&answer), expected, "{to}: {said}");
            stage.recovers(provider);
            if expected.contains("_refused") || expected.contains("out_of_credit") {
                // The key was demoted, which is right.
                mia.adds(provider, "user", &format!("{}x", good(provider)))
                    .await;
            }
        }
    })
    .await;
}

/// The headers that tell of limits.
fn limits(answer: &HttpAnswer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let names = answer.headers.keys().map(axum::http::HeaderName::as_str);
    let of_limits = names.filter(|name| name.contains("ratelimit"));
    let mut told: Vec<String> = of_limits
        .map(|name| format!("{name}: {}", answer.header(name)))
        .collect();
    told.sort_unstable();
    told.join("\n")
}

/// A shared key's limits are nobody's to know; what one may still use oneself
/// is.
#[tokio::test]
async fn who_uses_the_key_of_others_is_told_their_own_limits() {
    run(async |stage| {
        let mia = stage.mia();
        let program = Program::of(stage, &mia, "").await;
        let model = "groq/openai/gpt-oss-20b";
        let chat = program.posts("/v1/chat/completions", &body(model)).await;
        insta::assert_snapshot!(limits(&chat), @"
        x-ratelimit-limit-requests: 10
        x-ratelimit-remaining-requests: 9
        x-ratelimit-reset-requests: 1m1s
        ");
        let response = json!({"model": model, "input": "count"});
        let response = program.posts("/v1/responses", &response).await;
        assert_eq!(response.header("x-ratelimit-remaining-requests"), "8");
        let message = json!({"model": model, "max_tokens": 50, "messages": body("")["messages"]});
        let message = program.posts("/v1/messages", &message).await;
        insta::assert_snapshot!(limits(&message), @"
        anthropic-ratelimit-requests-limit: 10
        anthropic-ratelimit-requests-remaining: 7
        anthropic-ratelimit-requests-reset: 2026-11-21T00:01:01Z
        ");
        let content = json!({"contents": [{"parts": [{"text": "count"}]}]});
        let path = format!("/v1beta/models/{model}:generateContent");
        let content = program.posts(&path, &content).await;
        assert_eq!(limits(&content), "");
        let call = body("openai/gpt-oss-20b");
        let native = program
            .posts("/groq/openai/v1/chat/completions", &call)
            .await;
        assert_eq!(native.header("x-ratelimit-remaining-requests"), "5");
        // What all members may use together tells what others do.
        let omar = stage.omar();
        omar.adds("openai", "guild", &good("openai")).await;
        omar.runs("/server budget set what:requests amount:50 per:day")
            .await;
        let here = Program::of(stage, &mia, "here:True").await;
        let of_server = here
            .posts("/v1/chat/completions", &body("openai/gpt-6-luna"))
            .await;
        assert_eq!(of_server.header("x-latchkey-source"), "server");
        assert_eq!(limits(&of_server), "");
        omar.runs("/server budget set what:requests amount:20 per:day who:each member")
            .await;
        let of_member = here
            .posts("/v1/chat/completions", &body("openai/gpt-6-luna"))
            .await;
        assert_eq!(of_member.header("x-ratelimit-limit-requests"), "20");
    })
    .await;
}

#[tokio::test]
async fn limits_of_the_account_are_told_to_its_owner() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let own = program
            .posts("/v1/chat/completions", &body("openai/gpt-6-luna"))
            .await;
        assert_eq!(own.header("x-ratelimit-remaining-requests"), "9999");
        assert_eq!(own.header("x-ratelimit-reset-tokens"), "6m0s");
        assert_eq!(own.header("x-latchkey-provider-request-id"), "req_emulated");
        assert_eq!(own.header("openai-organization"), "");
        assert!(own.header("x-request-id").starts_with("req_"));
        let translated = program
            .posts("/v1/chat/completions", &body("anthropic/claude-haiku-5-5"))
            .await;
        assert_eq!(translated.header("x-ratelimit-remaining-requests"), "9997");
        assert_eq!(translated.header("anthropic-ratelimit-requests-limit"), "");
        let call =
            json!({"model": "claude-haiku-5-5", "max_tokens": 9, "messages": body("")["messages"]});
        let native = program.posts("/anthropic/v1/messages", &call).await;
        assert_eq!(native.header("anthropic-ratelimit-requests-limit"), "10000");
        let shared = program
            .posts("/v1/chat/completions", &body("groq/openai/gpt-oss-20b"))
            .await;
        assert_eq!(shared.status, 200, "{}", shared.text);
        assert_eq!(shared.header("x-latchkey-provider-request-id"), "");
        // A token of ours that does not work is no reason to try again.
        let stranger = program.with("latchkey_madeup");
        let refused = stranger
            .posts(
                "/anthropic/v1/messages",
                &json!({"model": "claude-haiku-5-5"}),
            )
            .await;
        assert_eq!(
            (refused.status, refused.header("x-should-retry")),
            (401, "false")
        );
    })
    .await;
}

#[tokio::test]
async fn an_error_inside_a_stream_passes_as_it_came() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let program = Program::of(stage, &mia, "").await;
        stage.fails("anthropic", ProviderFault::ErrorInStream);
        let call = json!({"model": "claude-haiku-5-5", "max_tokens": 9, "stream": true, "messages": body("")["messages"]});
        let native = program.posts("/anthropic/v1/messages", &call).await;
        let last = native.text.trim_end().rsplit("\n\n").next().unwrap();
        assert_eq!(
            last,
            "event: error\ndata: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded_error\"},\"type\":\"error\"}"
        );
        let mut call = body("anthropic/claude-haiku-5-5");
        call["stream"] = json!(true);
        let translated = program.posts("/v1/chat/completions", &call).await;
        let last = translated.text.trim_end().rsplit("\n\n").next().unwrap();
        assert_eq!(
            last,
            "data: {\"error\":{\"code\":\"server_is_overloaded\",\"message\":\"Overloaded\",\"param\":null,\"type\":\"server_error\"}}"
        );
    })
    .await;
}

#[tokio::test]
async fn an_error_inside_a_list_of_googles_leaves_a_list() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let program = Program::of(stage, &mia, "").await;
        stage.fails("anthropic", ProviderFault::ErrorInStream);
        let path = "/v1beta/models/anthropic/claude-haiku-5-5:streamGenerateContent";
        let body = json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}]});
        let answer = program.posts(path, &body).await;
        let chunks = answer.json();
        let last = chunks.as_array().unwrap().last().unwrap();
        assert_eq!(chunks[0]["candidates"][0]["content"]["role"], "model");
        assert_eq!(last["error"]["status"], "UNAVAILABLE", "{}", answer.text);
    })
    .await;
}

#[tokio::test]
async fn an_error_inside_a_response_is_numbered_and_says_that_it_failed() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let program = Program::of(stage, &mia, "").await;
        stage.fails("anthropic", ProviderFault::ErrorInStream);
        let body = json!({"model": "anthropic/claude-haiku-5-5", "input": "count", "stream": true});
        let answer = program.posts("/v1/responses", &body).await;
        let data = answer
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "));
        let events: Vec<Value> = data.map(|it| serde_json::from_str(it).unwrap()).collect();
        for (number, event) in events.iter().enumerate() {
            assert_eq!(event["sequence_number"], number, "{event}");
        }
        let [.., error, failed] = events.as_slice() else {
            panic!("{}", answer.text);
        };
        assert_eq!(
            (
                &error["type"],
                &error["code"],
                &failed["type"],
                &failed["response"]["error"]
            ),
            (
                &json!("error"),
                &json!("server_is_overloaded"),
                &json!("response.failed"),
                &json!({"code": "server_is_overloaded", "message": "Overloaded"})
            )
        );
    })
    .await;
}

/// A model that a vendor lacks: each says so in its own way, and people are told
/// the same.
#[tokio::test]
async fn a_model_that_a_vendor_lacks_is_none_in_every_ones_words() {
    run(async |stage| {
        let mia = stage.mia();
        let program = Program::of(stage, &mia, "").await;
        let mut told_program = Vec::new();
        for provider in [
            "openai",
            "anthropic",
            "google",
            "mistral",
            "deepseek",
            "xai",
            "openrouter",
            "cerebras",
            "moonshot",
        ] {
            mia.adds(provider, "user", &good(provider)).await;
            let ask = json!({"model": format!("{provider}/nonsense"),
                "messages": [{"role": "user", "content": "count"}]});
            let answer = program.posts("/v1/chat/completions", &ask).await;
            told_program.push(format!("{provider}: {}", told(&answer)));
            let ask = format!("/ask prompt:count provider:{provider} model:nonsense");
            stage.clock.advance_ms(60_000);
            let seen = mia.runs(&ask).await;
            assert!(
                seen.contains("has no such model for this key"),
                "{provider}: {seen}"
            );
        }
        insta::assert_snapshot!(told_program.join("\n"), @r#"
        openai: 404 model_not_found final {"code":"model_not_found","message":"The model `nonsense` does not exist or you do not have access to it.","param":null,"type":"invalid_request_error"}
        anthropic: 404 model_not_found final {"code":"model_not_found","message":"model: nonsense","param":null,"type":"invalid_request_error"}
        google: 404 model_not_found final {"code":"model_not_found","message":"models/nonsense is not found for API version v1beta, or is not supported for generateContent. Call ModelService.ListModels to see the list of available models and their supported methods.","param":null,"type":"invalid_request_error"}
        mistral: 400 model_not_found final {"code":"1500","message":"Invalid model: nonsense","param":null,"type":"invalid_model"}
        deepseek: 400 model_not_found final {"code":"invalid_request_error","message":"Model Not Exist","param":null,"type":"invalid_request_error"}
        xai: 404 model_not_found final {"code":"Some requested entity was not found","message":"The model nonsense does not exist or your team made-up does not have access to it. Please ensure you're using the correct API key. If you believe this is a mistake, please contact support and quote your team ID and the model name.","param":null,"type":"invalid_request_error"}
        openrouter: 400 model_not_found final {"code":400,"message":"nonsense is not a valid model ID","param":null,"type":"invalid_request_error"}
        cerebras: 404 model_not_found final {"code":"model_not_found","message":"Model does not exist or you do not have access to it.","param":"model","type":"not_found_error"}
        moonshot: 404 model_not_found final {"code":"model_not_found","message":"Not found the model nonsense or Permission denied","param":null,"type":"resource_not_found_error"}
        "#);
    })
    .await;
}
