//! Calls and answers in both dialects, side by side.

use serde_json::{Value, json};

use crate::model::CallDialect;
use crate::providers::Catalogue;
use crate::providers::dialect::openai;
use crate::providers::dialect::{
    AnswerTranslator, ChatToTranslate, OutputLimit, ParsedAnswer, Translation, Untranslatable,
};
use crate::providers::transport::sse::{Decoder, Event, Framing};
use crate::tests::outside;

fn translate_limited(
    provider: &str,
    body: &Value,
    output_limit: Option<u64>,
) -> Result<Translation, Untranslatable> {
    let catalogue = Catalogue::new(&[]).unwrap();
    let text = body.to_string();
    let chat = ChatToTranslate {
        dialect: CallDialect::OpenAi,
        is_response: false,
        as_events: true,
        fields: None,
        body: text.as_bytes(),
        model: match provider {
            "anthropic" => "claude-haiku-5-5",
            _ => "gemini-3.1-flash-lite",
        },
        asked_model: None,
        output_limit: output_limit.map_or(OutputLimit::OfCaller, OutputLimit::AtMost),
        longest_answer: None,
        room: None,
        stream: body["stream"] == true,
        at_s: 1_795_219_200,
    };
    let dialect = catalogue.find(provider).unwrap().dialect;
    dialect.translate_chat(&chat).unwrap()
}

fn translate(provider: &str, body: &Value) -> Result<Translation, Untranslatable> {
    translate_limited(provider, body, None)
}

fn answers(provider: &str, body: &Value) -> Box<AnswerTranslator> {
    translate(provider, body).ok().unwrap().answers
}

fn translated(provider: &str, body: &Value) -> String {
    match translate(provider, body) {
        Ok(translation) => {
            let body: Value = serde_json::from_slice(&translation.body).unwrap();
            format!("{}\n{body}", translation.path)
        }
        Err(refused) => format!("refused: {}", refused.what),
    }
}

fn long_talk() -> Value {
    json!({
        "model": "x", "max_completion_tokens": 50, "stop": ["END"], "user": "u-1",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
            {"role": "user", "content": [
                {"type": "text", "text": "What is this, and the weather in Rome and Oslo?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Rome\"}"},
                 "extra_content": {"google": {"thought_signature": "sig-1"}}},
                {"id": "c2", "type": "function", "function": {"name": "weather", "arguments": ""}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "{\"sky\":\"clear\"}"},
            {"role": "tool", "tool_call_id": "c2", "content": "rain"},
            {"role": "user", "content": "Thanks."}],
        "tools": [{"type": "function", "function": {"name": "weather", "description": "Tells the weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}, "strict": true}}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    })
}

#[test]
fn a_long_talk_is_said_to_anthropic() {
    insta::assert_snapshot!(translated("anthropic", &long_talk()), @r#"
    /v1/messages
    {"max_tokens":50,"messages":[{"content":[{"text":"What is this, and the weather in Rome and Oslo?","type":"text"},{"source":{"data":"AAAA","media_type":"image/png","type":"base64"},"type":"image"}],"role":"user"},{"content":[{"id":"c1","input":{"city":"Rome"},"name":"weather","type":"tool_use"},{"id":"c2","input":{},"name":"weather","type":"tool_use"}],"role":"assistant"},{"content":[{"content":"{\"sky\":\"clear\"}","tool_use_id":"c1","type":"tool_result"},{"content":"rain","tool_use_id":"c2","type":"tool_result"},{"text":"Thanks.","type":"text"}],"role":"user"}],"metadata":{"user_id":"u-1"},"model":"claude-haiku-5-5","stop_sequences":["END"],"stream":false,"system":[{"text":"Be brief.","type":"text"},{"text":"Be kind.","type":"text"}],"tool_choice":{"name":"weather","type":"tool"},"tools":[{"description":"Tells the weather","input_schema":{"properties":{"city":{"type":"string"}},"type":"object"},"name":"weather"}]}
    "#);
}

#[test]
fn a_long_talk_is_said_to_google() {
    insta::assert_snapshot!(translated("google", &long_talk()), @r#"
    /models/gemini-3.1-flash-lite:generateContent
    {"contents":[{"parts":[{"text":"What is this, and the weather in Rome and Oslo?"},{"inlineData":{"data":"AAAA","mimeType":"image/png"}}],"role":"user"},{"parts":[{"functionCall":{"args":{"city":"Rome"},"id":"c1","name":"weather"},"thoughtSignature":"sig-1"},{"functionCall":{"args":{},"id":"c2","name":"weather"}}],"role":"model"},{"parts":[{"functionResponse":{"id":"c1","name":"weather","response":{"sky":"clear"}}},{"functionResponse":{"id":"c2","name":"weather","response":{"output":"rain"}}},{"text":"Thanks."}],"role":"user"}],"generationConfig":{"maxOutputTokens":50,"stopSequences":["END"]},"systemInstruction":{"parts":[{"text":"Be brief."},{"text":"Be kind."}]},"toolConfig":{"functionCallingConfig":{"allowedFunctionNames":["weather"],"mode":"ANY"}},"tools":[{"functionDeclarations":[{"description":"Tells the weather","name":"weather","parametersJsonSchema":{"properties":{"city":{"type":"string"}},"type":"object"}}]}]}
    "#);
}

#[test]
fn json_output_is_asked_for_in_each_dialect() {
    let schema =
        json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    let body = json!({"model": "x", "messages": [{"role": "user", "content": "One?"}], "seed": null,
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": schema}}});
    insta::assert_snapshot!(translated("anthropic", &body), @r#"
    /v1/messages
    {"max_tokens":128000,"messages":[{"content":[{"text":"One?","type":"text"}],"role":"user"}],"model":"claude-haiku-5-5","output_config":{"format":{"schema":{"additionalProperties":false,"properties":{"n":{"type":"integer"}},"required":["n"],"type":"object"},"type":"json_schema"}},"stream":false}
    "#);
    insta::assert_snapshot!(translated("google", &body), @r#"
    /models/gemini-3.1-flash-lite:generateContent
    {"contents":[{"parts":[{"text":"One?"}],"role":"user"}],"generationConfig":{"responseJsonSchema":{"properties":{"n":{"type":"integer"}},"required":["n"],"type":"object"},"responseMimeType":"application/json"}}
    "#);
}

/// Requests that another dialect has no words for.
fn unsayable() -> Vec<Value> {
    let with = |name: &str, value: Value| {
        let mut body = json!({"model": "x", "messages": [{"role": "user", "content": "hi"}]});
        body[name] = value;
        body
    };
    let message = |message: Value| json!({"model": "x", "messages": [message]});
    vec![
        with("n", json!(2)),
        with("logprobs", json!(true)),
        with("logit_bias", json!({"5": 1})),
        with("reasoning_effort", json!("high")),
        with("audio", json!({"voice": "x"})),
        with("functions", json!([])),
        with("seed", json!(7)),
        with("temperature", json!(1.5)),
        with("presence_penalty", json!(0.5)),
        with("parallel_tool_calls", json!(false)),
        with("response_format", json!({"type": "grammar"})),
        with("tools", json!([{"type": "file_search"}])),
        with("store", json!(true)),
        with("messages", json!([])),
        message(json!({"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]})),
        message(
            json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}),
        ),
        message(json!({"role": "function", "name": "f", "content": "x"})),
        message(json!({"role": "tool", "tool_call_id": "gone", "content": "x"})),
        message(
            json!({"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{"}}]}),
        ),
    ]
}

#[test]
fn what_has_no_words_is_refused_by_its_name() {
    let cases = unsayable();
    let refusals = |provider: &str| {
        let lines = cases.iter().map(|body| {
            translated(provider, body)
                .lines()
                .next()
                .unwrap()
                .to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(refusals("anthropic"), @"
    refused: `n` other than 1, for a model of Anthropic's,
    refused: `logprobs`, which this model does not tell,
    /v1/messages
    /v1/messages
    refused: `audio`
    /v1/messages
    /v1/messages
    /v1/messages
    /v1/messages
    /v1/messages
    refused: A `response_format` other than text, json_object and json_schema
    refused: A tool of the type `file_search`
    /v1/messages
    refused: `messages` must have at least one message
    refused: A file of the type `audio/wav`, for a model of Anthropic's,
    /v1/messages
    refused: The result of a tool that no call before it asks for, or that has one already,
    refused: The result of a tool that no call before it asks for, or that has one already,
    /v1/messages
    ");
    insta::assert_snapshot!(refusals("google"), @"
    refused: `n` other than 1, for a model of Google's,
    refused: `logprobs`, which this model does not tell,
    /models/gemini-3.1-flash-lite:generateContent
    /models/gemini-3.1-flash-lite:generateContent
    refused: `audio`
    /models/gemini-3.1-flash-lite:generateContent
    /models/gemini-3.1-flash-lite:generateContent
    /models/gemini-3.1-flash-lite:generateContent
    /models/gemini-3.1-flash-lite:generateContent
    /models/gemini-3.1-flash-lite:generateContent
    refused: A `response_format` other than text, json_object and json_schema
    refused: A tool of the type `file_search`
    /models/gemini-3.1-flash-lite:generateContent
    refused: `messages` must have at least one message
    /models/gemini-3.1-flash-lite:generateContent
    /models/gemini-3.1-flash-lite:generateContent
    refused: The result of a tool that no call before it asks for, or that has one already,
    refused: The result of a tool that no call before it asks for, or that has one already,
    /models/gemini-3.1-flash-lite:generateContent
    ");
}

#[test]
fn hints_and_usual_values_are_no_reason_to_refuse() {
    let body = json!({"model": "x", "messages": [{"role": "user", "content": "hi"}], "store": false, "logprobs": false,
        "service_tier": "auto", "prompt_cache_key": "k", "temperature": 1, "presence_penalty": 0, "metadata": null});
    for provider in ["anthropic", "google"] {
        assert!(translate(provider, &body).is_ok());
    }
}

#[test]
fn a_limit_of_ours_only_lowers() {
    for (asked, limit, expected) in [
        (None, None, 128_000),
        (Some(10), Some(50), 10),
        (Some(90), Some(50), 50),
        (None, Some(50), 50),
    ] {
        let body = json!({"model": "x", "max_tokens": asked, "messages": [{"role": "user", "content": "hi"}]});
        let translation = translate_limited("anthropic", &body, limit).ok().unwrap();
        let body: Value = serde_json::from_slice(&translation.body).unwrap();
        assert_eq!(body["max_tokens"], expected);
    }
}

/// Answers of the real providers, said back, read as the same words and the
/// same usage.
#[test]
fn recorded_answers_mean_the_same_in_both_dialects() {
    let Some(path) = outside::file("specs/recordings/chat_stream.json") else {
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let catalogue = Catalogue::new(&[]).unwrap();
    let recordings: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    for recording in &recordings {
        let uri = recording["request"]["uri"].as_str().unwrap();
        let is_at =
            |id: &&str| uri.contains(catalogue.find(id).unwrap().base_url.host_str().unwrap());
        let Some(id) = ["anthropic", "google"].into_iter().find(is_at) else {
            continue;
        };
        let body = recording["response"]["body"].as_str().unwrap();
        let asked = json!({"model": "x", "stream": true, "stream_options": {"include_usage": true},
            "messages": [{"role": "user", "content": "hi"}]});
        let mut answers = answers(id, &asked);
        let (mut theirs, mut out) = (ParsedAnswer::default(), Vec::new());
        let dialect = catalogue.find(id).unwrap().dialect;
        for event in events(dialect.framing(), body) {
            dialect.chat_format().read_event(&event, &mut theirs);
            answers
                .write_event(&event, event.to_string().as_bytes(), &mut out)
                .unwrap();
        }
        answers.write_end(&mut out);
        let out = String::from_utf8(out).unwrap();
        assert!(out.ends_with("data: [DONE]\n\n"));
        let mut ours = ParsedAnswer::default();
        for event in events(Framing::ServerSentEvents, &out) {
            openai::read_event(&event, &mut ours);
        }
        assert_eq!(
            (ours.text, ours.finish, ours.usage),
            (theirs.text, theirs.finish, theirs.usage),
            "{uri}"
        );
        compared += 1;
    }
    assert!(compared >= 2, "{compared} recordings");
}

fn events(framing: Framing, body: &str) -> Vec<Value> {
    let mut decoder = Decoder::new(framing, body.len());
    let whole = decoder.push(body.as_bytes()).unwrap();
    let rest = decoder.finish();
    let data = whole.iter().chain(rest.iter()).map(Event::data);
    let values = data.filter(|data| !data.is_empty() && &**data != b"[DONE]");
    values
        .map(|data| serde_json::from_slice(&data).unwrap())
        .collect()
}

fn stream(provider: &str, events: &[Value]) -> String {
    let asked =
        json!({"model": "x", "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let mut answers = answers(provider, &asked);
    let mut out = Vec::new();
    for event in events {
        answers
            .write_event(event, event.to_string().as_bytes(), &mut out)
            .unwrap();
    }
    answers.write_end(&mut out);
    let text = String::from_utf8(out).unwrap();
    let choices = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let short = choices.map(|data| match serde_json::from_str::<Value>(data) {
        Ok(chunk) => format!(
            "{} {}",
            chunk["choices"][0]["delta"], chunk["choices"][0]["finish_reason"]
        ),
        Err(_) => data.to_owned(),
    });
    short.collect::<Vec<_>>().join("\n")
}

#[test]
fn calls_that_a_model_wants_made_come_back_piece_by_piece() {
    let anthropic = [
        json!({"type": "message_start", "message": {"id": "msg_1", "model": "claude-x", "usage": {"input_tokens": 5, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Looking."}}),
        json!({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}}),
        json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{\"city\":"}}),
        json!({"type": "content_block_start", "index": 3, "content_block": {"type": "tool_use", "id": "toolu_2", "name": "weather", "input": {}}}),
        json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "\"Rome\"}"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}}),
        json!({"type": "message_stop"}),
    ];
    insta::assert_snapshot!(stream("anthropic", &anthropic), @r#"
    {"content":"","refusal":null,"role":"assistant"} null
    {"reasoning":"hm","reasoning_details":[{"index":0,"text":"hm","type":"reasoning.text"}]} null
    {"content":"Looking."} null
    {"tool_calls":[{"function":{"arguments":"","name":"weather"},"id":"toolu_1","index":0,"type":"function"}]} null
    {"tool_calls":[{"function":{"arguments":"{\"city\":"},"index":0}]} null
    {"tool_calls":[{"function":{"arguments":"","name":"weather"},"id":"toolu_2","index":1,"type":"function"}]} null
    {"tool_calls":[{"function":{"arguments":"\"Rome\"}"},"index":0}]} null
    {"tool_calls":[{"function":{"arguments":"{}"},"index":1}]} null
    {} "tool_calls"
    [DONE]
    "#);
    let google = [
        json!({"candidates": [{"content": {"parts": [{"text": "hm", "thought": true}, {"text": "Looking."}]}}]}),
        json!({"candidates": [{"content": {"parts": [
            {"functionCall": {"name": "weather", "args": {"city": "Rome"}}, "thoughtSignature": "sig-1"},
            {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}}]}, "finishReason": "STOP"}]}),
    ];
    insta::assert_snapshot!(stream("google", &google), @r#"
    {"content":"","refusal":null,"role":"assistant"} null
    {"reasoning":"hm","reasoning_details":[{"index":0,"text":"hm","type":"reasoning.text"}]} null
    {"content":"Looking."} null
    {"tool_calls":[{"extra_content":{"google":{"thought_signature":"sig-1"}},"function":{"arguments":"","name":"weather"},"id":"call_unnamed_0_dd14a1314de5","index":0,"type":"function"}]} null
    {"tool_calls":[{"function":{"arguments":"{\"city\":\"Rome\"}"},"index":0}]} null
    {"tool_calls":[{"function":{"arguments":"","name":"weather"},"id":"call_unnamed_1_2075f49babb4","index":1,"type":"function"}]} null
    {"tool_calls":[{"function":{"arguments":"{\"city\":\"Oslo\"}"},"index":1}]} null
    {} "tool_calls"
    [DONE]
    "#);
}

fn whole(answers: &mut AnswerTranslator, answer: &Value) -> String {
    let written = answers.translate_whole(answer, answer.to_string().as_bytes());
    String::from_utf8(written.unwrap().to_vec()).unwrap()
}

#[test]
fn a_whole_answer_comes_back_whole() {
    let mut anthropic = answers("anthropic", &long_talk());
    let answer = json!({"id": "msg_1", "type": "message", "model": "claude-x", "stop_reason": "tool_use",
        "content": [{"type": "text", "text": "Looking."}, {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Rome"}}],
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 3, "output_tokens": 7}});
    insta::assert_snapshot!(whole(&mut anthropic, &answer), @r#"{"id":"chatcmpl-msg_1","object":"chat.completion","created":1795219200,"model":"claude-x","choices":[{"index":0,"message":{"role":"assistant","content":"Looking.","refusal":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":8,"completion_tokens":7,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}}"#);
    let mut google = answers("google", &long_talk());
    let answer = json!({"responseId": "r1", "modelVersion": "gemini-x", "usageMetadata": {"promptTokenCount": 5,
        "candidatesTokenCount": 2, "thoughtsTokenCount": 4}, "candidates": [{"finishReason": "MAX_TOKENS",
        "content": {"parts": [{"text": "So "}, {"text": "far"}]}}]});
    insta::assert_snapshot!(whole(&mut google, &answer), @r#"{"id":"chatcmpl-r1","object":"chat.completion","created":1795219200,"model":"gemini-x","choices":[{"index":0,"message":{"role":"assistant","content":"So far","refusal":null},"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0}}}"#);
    let asked = json!({"model": "x", "messages": [{"role": "user", "content": "hi"}], "response_format": {"type": "json_object"}});
    let mut json = answers("anthropic", &asked);
    let answer = json!({"id": "msg_1", "model": "claude-x", "stop_reason": "tool_use",
        "content": [{"type": "tool_use", "id": "t1", "name": "answer_in_json", "input": {"n": 1}}]});
    let whole: Value = serde_json::from_str(&whole(&mut json, &answer)).unwrap();
    assert_eq!(
        (
            whole["choices"][0]["message"]["content"].as_str(),
            whole["choices"][0]["finish_reason"].as_str()
        ),
        (Some("{\"n\":1}"), Some("stop"))
    );
}
