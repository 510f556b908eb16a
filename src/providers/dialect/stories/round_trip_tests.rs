//! What goes out to a caller of another dialect and comes back: thoughts with
//! their signatures, tools that other dialects have no words for.

use serde_json::{Value, json};

use crate::model::CallDialect;
use crate::providers::Catalogue;
use crate::providers::dialect::{
    AnswerTranslator, ChatToTranslate, OutputLimit, RawObject, Translation, Untranslatable,
};

/// Who calls: in Responses, or in a dialect of its own.
#[derive(Clone, Copy)]
pub enum Caller {
    Chat,
    Responses,
    Messages,
    Google,
}

pub fn translate(caller: Caller, model: &str, body: &Value) -> (Value, Box<AnswerTranslator>) {
    let translated = translate_limited(caller, model, body, None);
    let Translation { body, answers, .. } = translated.ok().unwrap();
    (serde_json::from_slice(&body).unwrap(), answers)
}

/// Translates a call on whose output somebody else may have put a limit.
pub fn translate_limited(
    caller: Caller,
    model: &str,
    body: &Value,
    output_limit: Option<u64>,
) -> Result<Translation, Untranslatable> {
    let catalogue = Catalogue::new(&[]).unwrap();
    let (provider, model) = model.split_once('/').unwrap();
    let text = body.to_string();
    let chat = ChatToTranslate {
        dialect: match caller {
            Caller::Chat | Caller::Responses => CallDialect::OpenAi,
            Caller::Messages => CallDialect::Anthropic,
            Caller::Google => CallDialect::Google,
        },
        is_response: matches!(caller, Caller::Responses),
        body: text.as_bytes(),
        model,
        asked_model: None,
        output_limit: output_limit.map_or(OutputLimit::OfCaller, OutputLimit::AtMost),
        fields: Some(&RawObject::parse(&text.clone().into()).unwrap()),
        longest_answer: None,
        room: None,
        stream: false,
        as_events: true,
        at_s: 1_795_219_200,
    };
    let dialect = catalogue.find(provider).unwrap().dialect;
    dialect.translate_chat(&chat).unwrap()
}

pub fn answer(answers: &mut AnswerTranslator, said: &Value) -> Value {
    let written = answers.translate_whole(said, said.to_string().as_bytes());
    serde_json::from_slice(&written.unwrap()).unwrap()
}

pub const CLAUDE: &str = "anthropic/claude-opus-5-5";
pub const GEMINI: &str = "google/gemini-3.1-flash-lite";
/// It takes tools in OpenAI's Responses alone.
const GPT: &str = "openai/gpt-6-luna";

fn claude_says() -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5", "content": [
        {"type": "thinking", "thinking": "Rome it is.", "signature": "c2lnLTE="},
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}}],
        "stop_reason": "tool_use", "usage": {"input_tokens": 5, "output_tokens": 7}})
}

fn gemini_says() -> Value {
    json!({"responseId": "r1", "modelVersion": "gemini-3.1-flash-lite", "candidates": [{"content": {"role": "model", "parts": [
        {"functionCall": {"name": "weather", "args": {"city": "Rome"}}, "thoughtSignature": "c2lnLTI="}]},
        "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2}})
}

fn gpt_says() -> Value {
    json!({"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-6-luna", "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Rome"},
            {"type": "summary_text", "text": "it is."}], "encrypted_content": "c2lnLTM="},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": "{\"city\":\"Rome\"}"}],
        "usage": {"input_tokens": 5, "output_tokens": 7}})
}

/// The blocks and the parts that carry a thought, wherever they stand.
pub fn model_turn(sent: &Value) -> &Value {
    let turns = sent["messages"].as_array().or(sent["contents"].as_array());
    let is_models = |turn: &&Value| turn["role"] == "assistant" || turn["role"] == "model";
    let turn = turns.unwrap().iter().find(is_models).unwrap();
    if turn["content"].is_null() {
        &turn["parts"]
    } else {
        &turn["content"]
    }
}

#[test]
fn a_thought_comes_back_to_whoever_signed_it() {
    for (model, said) in [(CLAUDE, claude_says()), (GEMINI, gemini_says())] {
        let mut returned = Vec::new();
        // In its own dialect nothing is translated.
        let others = match model {
            CLAUDE => [Caller::Chat, Caller::Responses, Caller::Google],
            _ => [Caller::Chat, Caller::Responses, Caller::Messages],
        };
        for caller in others {
            let sent = send_back(caller, model, &said);
            returned.push(model_turn(&sent)[0].clone());
        }
        for part in &returned {
            if model == CLAUDE {
                assert_eq!(
                    *part,
                    json!({"type": "thinking", "thinking": "Rome it is.", "signature": "c2lnLTE="})
                );
            } else {
                assert_eq!(part["thoughtSignature"], "c2lnLTI=", "{part}");
                assert_eq!(part["functionCall"]["name"], "weather");
            }
        }
    }
}

#[test]
fn what_an_openai_model_thought_comes_back_to_it_sealed() {
    for caller in [Caller::Chat, Caller::Messages, Caller::Google] {
        let sent = send_back(caller, GPT, &gpt_says());
        let thought = json!({"type": "reasoning", "encrypted_content": "c2lnLTM=",
            "summary": [{"type": "summary_text", "text": "Rome\n\nit is."}]});
        let call = json!({"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{\"city\":\"Rome\"}"});
        let output = json!({"type": "function_call_output", "call_id": "call_1", "output": "sun"});
        let asked = json!({"role": "user", "content": "?"});
        assert_eq!(sent["input"], json!([asked, thought, call, output]));
        assert_eq!(
            (&sent["store"], &sent["include"]),
            (&json!(false), &json!(["reasoning.encrypted_content"]))
        );
    }
}

#[test]
fn a_thought_without_anything_behind_it_stays_away_from_the_responses() {
    let talk = json!({"messages": [{"role": "user", "content": "?"},
        {"role": "assistant", "content": "", "reasoning_details": [
            {"type": "reasoning.encrypted", "data": "s", "format": "openai-responses-v1", "index": 0}]},
        {"role": "user", "content": "go on"}], "tools": tools_for(Caller::Chat)});
    let (sent, _) = translate(Caller::Chat, GPT, &talk);
    let said = json!([{"role": "user", "content": "?"}, {"role": "user", "content": "go on"}]);
    assert_eq!(sent["input"], said);
}

/// The tool `weather`, in a caller's words.
fn tools_for(caller: Caller) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    match caller {
        Caller::Chat => {
            json!([{"type": "function", "function": {"name": "weather", "parameters": schema}}])
        }
        Caller::Responses => json!([{"type": "function", "name": "weather", "parameters": schema}]),
        Caller::Messages => json!([{"name": "weather", "input_schema": schema}]),
        Caller::Google => {
            json!([{"functionDeclarations": [{"name": "weather", "parametersJsonSchema": schema}]}])
        }
    }
}

/// Says what a model said to a caller, and has the caller send it back with
/// the tool's result.
pub fn send_back(caller: Caller, model: &str, said: &Value) -> Value {
    let mut hello = match caller {
        Caller::Chat => json!({"model": "x", "messages": [{"role": "user", "content": "?"}]}),
        Caller::Responses => json!({"model": "x", "input": [{"role": "user", "content": "?"}]}),
        Caller::Messages => {
            json!({"model": "x", "max_tokens": 900, "messages": [{"role": "user", "content": "?"}]})
        }
        Caller::Google => json!({"contents": [{"role": "user", "parts": [{"text": "?"}]}]}),
    };
    hello["tools"] = tools_for(caller);
    let (_, mut answers) = translate(caller, model, &hello);
    let heard = answer(&mut answers, said);
    let mut next = hello;
    let push = |list: &mut Value, item: Value| list.as_array_mut().unwrap().push(item);
    match caller {
        Caller::Chat => {
            let message = heard["choices"][0]["message"].clone();
            let id = message["tool_calls"][0]["id"].clone();
            push(&mut next["messages"], message);
            push(
                &mut next["messages"],
                json!({"role": "tool", "tool_call_id": id, "content": "sun"}),
            );
        }
        Caller::Responses => {
            let items = heard["output"].as_array().unwrap();
            let id = items.last().unwrap()["call_id"].clone();
            for item in items {
                push(&mut next["input"], item.clone());
            }
            push(
                &mut next["input"],
                json!({"type": "function_call_output", "call_id": id, "output": "sun"}),
            );
        }
        Caller::Messages => {
            let blocks = heard["content"].clone();
            let id = blocks.as_array().unwrap().last().unwrap()["id"].clone();
            push(
                &mut next["messages"],
                json!({"role": "assistant", "content": blocks}),
            );
            push(
                &mut next["messages"],
                json!({"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": id, "content": "sun"}]}),
            );
        }
        Caller::Google => {
            let content = heard["candidates"][0]["content"].clone();
            push(&mut next["contents"], content);
            push(
                &mut next["contents"],
                json!({"role": "user", "parts": [
                {"functionResponse": {"name": "weather", "response": {"output": "sun"}}}]}),
            );
        }
    }
    translate(caller, model, &next).0
}

/// Google's clients give a thought back twice where its seal holds its words:
/// as the parts that they were shown, and inside the seal behind them.
#[test]
fn a_thought_that_comes_back_twice_goes_on_once() {
    const DEEPSEEK: &str = "deepseek/deepseek-v4-pro";
    let function = json!({"name": "weather", "arguments": "{\"city\":\"Rome\"}"});
    let message = json!({"role": "assistant", "content": null, "reasoning_content": "Rome it is.",
        "tool_calls": [{"id": "call_1", "type": "function", "function": function}]});
    let said = json!({"id": "c1", "model": "d", "choices": [
        {"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}});
    let mut next = json!({"contents": [{"role": "user", "parts": [{"text": "?"}]}],
        "tools": tools_for(Caller::Google)});
    let (_, mut answers) = translate(Caller::Google, DEEPSEEK, &next);
    let heard = answer(&mut answers, &said);
    let mut parts = heard["candidates"][0]["content"]["parts"].clone();
    assert_eq!(parts[0], json!({"text": "Rome it is.", "thought": true}));
    assert!(parts[1]["thoughtSignature"].is_string(), "{parts}");
    // As it came in the pieces of a stream.
    let parts = parts.as_array_mut().unwrap();
    parts[0]["text"] = json!("Rome ");
    parts.insert(1, json!({"text": "it is.", "thought": true}));
    let result = json!({"name": "weather", "response": {"output": "sun"}});
    let turns = next["contents"].as_array_mut().unwrap();
    turns.push(json!({"role": "model", "parts": parts}));
    turns.push(json!({"role": "user", "parts": [{"functionResponse": result}]}));
    let (sent, _) = translate(Caller::Google, DEEPSEEK, &next);
    assert_eq!(sent["messages"][1]["reasoning_content"], "Rome it is.");
    // Words that no seal holds stay, to be left out by whoever wants none.
    let turns = next["contents"].as_array_mut().unwrap();
    turns[1]["parts"][0]["text"] = json!("Oslo? ");
    let (sent, _) = translate(Caller::Google, DEEPSEEK, &next);
    assert_ne!(sent["messages"][1]["reasoning_content"], Value::Null);
}

#[test]
fn pictures_beside_a_tools_error_are_kept() {
    let picture = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}});
    let result = |content: Value| {
        json!({"type": "tool_result", "tool_use_id": "call_1",
        "is_error": true, "content": content})
    };
    let talk = |content: Value| {
        json!({"max_tokens": 50, "tools": tools_for(Caller::Messages), "messages": [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Rome"}}]},
        {"role": "user", "content": [result(content)]}]})
    };
    let shown = json!([{"type": "text", "text": "no window"}, picture]);
    let (sent, _) = translate(Caller::Messages, GPT, &talk(shown));
    let output = json!([{"type": "input_text", "text": "{\"error\":\"no window\"}"},
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "high"}]);
    assert_eq!(sent["input"][2]["output"], output);
    let (sent, _) = translate(Caller::Messages, GPT, &talk(json!("no window")));
    assert_eq!(sent["input"][2]["output"], "{\"error\":\"no window\"}");
}

#[test]
fn a_thought_of_another_maker_is_given_to_nobody() {
    let talk = json!({"model": "x", "messages": [{"role": "user", "content": "?"},
        {"role": "assistant", "content": "Sun.", "reasoning_details": [
            {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1", "index": 0}]},
        {"role": "user", "content": "Thanks."}]});
    let (sent, _) = translate(Caller::Chat, GEMINI, &talk);
    assert_eq!(*model_turn(&sent), json!([{"text": "Sun."}]));
    let (sent, _) = translate(Caller::Chat, CLAUDE, &talk);
    assert_eq!(model_turn(&sent)[0]["signature"], "s");
}

#[test]
fn tools_of_codex_become_functions_and_come_back_as_what_they_were() {
    let patch = json!({"type": "custom", "name": "apply_patch", "description": "Patches.",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"}});
    let search = json!({"type": "namespace", "name": "docs", "tools": [
        {"type": "function", "name": "find", "parameters": {"type": "object", "properties": {}}}]});
    let call = json!({"model": "x", "stream": false, "store": false, "input": [
        {"type": "additional_tools", "role": "developer", "tools": [patch, search, {"type": "web_search"}]},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "?"}]}]});
    let (sent, mut answers) = translate(Caller::Responses, CLAUDE, &call);
    assert_eq!(answers.ignored(), Some("web_search"));
    let names = sent["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| &tool["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["apply_patch", "docs__find"]);
    assert!(
        sent["tools"][0]["description"]
            .as_str()
            .unwrap()
            .contains("start: /x/")
    );
    assert_eq!(sent["system"][0]["text"], "Be brief.");
    let said = json!({"id": "msg_1", "type": "message", "model": "c", "stop_reason": "tool_use", "content": [
        {"type": "tool_use", "id": "t1", "name": "apply_patch", "input": {"input": "*** Begin"}},
        {"type": "tool_use", "id": "t2", "name": "docs__find", "input": {}}],
        "usage": {"input_tokens": 5, "output_tokens": 7}});
    let heard = answer(&mut answers, &said);
    let first = &heard["output"][0];
    assert_eq!(
        (&first["type"], &first["input"], &first["call_id"]),
        (
            &json!("custom_tool_call"),
            &json!("*** Begin"),
            &json!("t1")
        )
    );
    let second = &heard["output"][1];
    assert_eq!(
        (&second["namespace"], &second["name"], &second["arguments"]),
        (&json!("docs"), &json!("find"), &json!("{}"))
    );
}

#[test]
fn a_call_that_is_cut_off_is_incomplete() {
    let events = [
        json!({"type": "message_start", "message": {"id": "m", "model": "c", "content": [], "usage": {"input_tokens": 5, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t1", "name": "f", "input": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{\"a\":\"x"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 9}}),
    ];
    let written = |caller, body: Value| {
        let (_, mut answers) = translate(caller, CLAUDE, &body);
        let mut out = Vec::new();
        for event in &events {
            let data = event.to_string();
            answers
                .write_event(event, data.as_bytes(), &mut out)
                .unwrap();
        }
        answers.write_end(&mut out);
        String::from_utf8(out).unwrap()
    };
    let asked = json!({"model": "x", "input": "?", "tools": tools_for(Caller::Responses)});
    let response = written(Caller::Responses, asked);
    let statuses = response.matches(r#""type":"function_call","status":"incomplete""#);
    // Where the item ends, and in the whole response.
    assert_eq!(statuses.count(), 2, "{response}");
    let asked = json!({"contents": [{"role": "user", "parts": [{"text": "?"}]}]});
    let content = written(Caller::Google, asked);
    assert!(
        content.contains("MAX_TOKENS") && !content.contains("functionCall"),
        "{content}"
    );
}
