//! What an answer means, read as each dialect's own clients read it.

use serde_json::{Value, json};

use super::talks::Caller;

/// How the emulated models begin to say what tools gave back.
const TOLD: &str = "The tool said: ";

/// What an answer means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meaning {
    pub text: String,
    pub has_thought: bool,
    /// The name and the input of each call.
    pub calls: Vec<(String, Value)>,
    pub finish: &'static str,
    pub tokens: (u64, u64),
}

impl Meaning {
    /// Reads an answer, whole or streamed. What several tools gave back is put
    /// in one order: it is given to models in the order of the calls.
    pub fn read(caller: Caller, text: &str, is_streamed: bool) -> Self {
        let mut meaning = Self::read_as_said(caller, text, is_streamed);
        if let Some(told) = meaning.text.strip_prefix(TOLD) {
            let mut told: Vec<&str> = told.split("; ").collect();
            told.sort_unstable();
            meaning.text = format!("{TOLD}{}", told.join("; "));
        }
        meaning
    }

    fn read_as_said(caller: Caller, text: &str, is_streamed: bool) -> Self {
        if !is_streamed {
            let whole: Value = serde_json::from_str(text).unwrap();
            return match caller {
                Caller::Chat => Self::of_chat(&whole["choices"][0]["message"], &whole),
                Caller::Responses => Self::of_response(&whole),
                Caller::Messages => Self::of_message(&whole),
                Caller::Google => Self::of_google(&[whole]),
            };
        }
        let events = events_in(text);
        match caller {
            Caller::Chat => Self::of_chunks(&events),
            Caller::Responses => Self::of_response_events(&events),
            Caller::Messages => Self::of_message(&joined_message(&events)),
            Caller::Google => Self::of_google(&events),
        }
    }

    fn of_chat(message: &Value, whole: &Value) -> Self {
        let calls = list(&message["tool_calls"]).map(|call| {
            let arguments = call["function"]["arguments"].as_str().unwrap();
            call_of(
                &call["function"]["name"],
                serde_json::from_str(arguments).unwrap(),
            )
        });
        Self {
            text: text(&message["content"]),
            has_thought: !message["reasoning"].is_null(),
            calls: calls.collect(),
            finish: match whole["choices"][0]["finish_reason"].as_str() {
                Some("stop") => "stop",
                Some("tool_calls") => "calls",
                Some("length") => "length",
                _ => "other",
            },
            tokens: (
                count(&whole["usage"]["prompt_tokens"]),
                count(&whole["usage"]["completion_tokens"]),
            ),
        }
    }

    /// Joins chunks as OpenAI's libraries do.
    fn of_chunks(events: &[Value]) -> Self {
        assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
        let (mut content, mut thought) = (String::new(), None);
        let mut calls: Vec<Value> = Vec::new();
        let mut whole = json!({"choices": [{}]});
        for event in events {
            let choice = &event["choices"][0];
            content += &text(&choice["delta"]["content"]);
            thought = choice["delta"]["reasoning"].as_str().or(thought);
            for piece in list(&choice["delta"]["tool_calls"]) {
                let at = usize::try_from(piece["index"].as_u64().unwrap()).unwrap();
                if at == calls.len() {
                    assert!(
                        piece["id"].is_string() && piece["type"] == "function",
                        "{piece}"
                    );
                    calls.push(
                        json!({"function": {"name": piece["function"]["name"], "arguments": ""}}),
                    );
                }
                let more = text(&piece["function"]["arguments"]);
                let joined = text(&calls[at]["function"]["arguments"]) + &more;
                calls[at]["function"]["arguments"] = json!(joined);
            }
            if !choice["finish_reason"].is_null() {
                whole["choices"][0]["finish_reason"] = choice["finish_reason"].clone();
            }
            if !event["usage"].is_null() {
                whole["usage"] = event["usage"].clone();
            }
        }
        let message = json!({"content": content, "tool_calls": calls, "reasoning": thought});
        Self::of_chat(&message, &whole)
    }

    fn of_response(response: &Value) -> Self {
        let mut meaning = Self {
            finish: match response["status"].as_str() {
                Some("completed") => "stop",
                Some("incomplete") => "length",
                _ => "other",
            },
            tokens: (
                count(&response["usage"]["input_tokens"]),
                count(&response["usage"]["output_tokens"]),
            ),
            ..Self::default()
        };
        for item in list(&response["output"]) {
            assert!(item["id"].is_string(), "{item}");
            match item["type"].as_str() {
                Some("message") => meaning.text += &text(&item["content"][0]["text"]),
                Some("reasoning") => meaning.has_thought |= !item["summary"][0].is_null(),
                Some("function_call") => {
                    let input = serde_json::from_str(item["arguments"].as_str().unwrap());
                    meaning.calls.push(call_of(&item["name"], input.unwrap()));
                    meaning.finish = "calls";
                }
                _ => panic!("{item}"),
            }
        }
        meaning
    }

    /// Reads the items as they end, which is what Codex keeps of them, and
    /// sees that the last event says the same.
    fn of_response_events(events: &[Value]) -> Self {
        for (number, event) in events.iter().enumerate() {
            assert_eq!(event["sequence_number"], number, "{event}");
        }
        assert_eq!(events[0]["type"], "response.created");
        let of = |kind: &'static str| events.iter().filter(move |it| it["type"] == kind);
        let last = &events.last().unwrap()["response"];
        let mut ended: Vec<&Value> = of("response.output_item.done").collect();
        ended.sort_by_key(|event| event["output_index"].as_u64());
        let items: Vec<&Value> = ended.into_iter().map(|event| &event["item"]).collect();
        assert_eq!(json!(items), last["output"]);
        assert_eq!(of("response.output_item.added").count(), items.len());
        let deltas: String = of("response.output_text.delta")
            .map(|it| text(&it["delta"]))
            .collect();
        let meaning = Self::of_response(last);
        assert_eq!(deltas, meaning.text);
        meaning
    }

    fn of_message(message: &Value) -> Self {
        let usage = &message["usage"];
        let cached = count(&usage["cache_read_input_tokens"]);
        let mut meaning = Self {
            finish: match message["stop_reason"].as_str() {
                Some("end_turn") => "stop",
                Some("tool_use") => "calls",
                Some("max_tokens") => "length",
                _ => "other",
            },
            tokens: (
                count(&usage["input_tokens"]) + cached,
                count(&usage["output_tokens"]),
            ),
            ..Self::default()
        };
        for block in list(&message["content"]) {
            match block["type"].as_str() {
                Some("text") => meaning.text += &text(&block["text"]),
                Some("thinking") => meaning.has_thought |= block["thinking"] != "",
                Some("tool_use") => {
                    assert!(block["id"].is_string());
                    meaning
                        .calls
                        .push(call_of(&block["name"], block["input"].clone()));
                }
                _ => panic!("{block}"),
            }
        }
        meaning
    }

    fn of_google(chunks: &[Value]) -> Self {
        let mut meaning = Self::default();
        for chunk in chunks {
            let candidate = &chunk["candidates"][0];
            for part in list(&candidate["content"]["parts"]) {
                if part["thought"] == true {
                    meaning.has_thought = true;
                } else if part["functionCall"].is_object() {
                    let call = &part["functionCall"];
                    meaning
                        .calls
                        .push(call_of(&call["name"], call["args"].clone()));
                } else {
                    meaning.text += &text(&part["text"]);
                }
            }
            let usage = &chunk["usageMetadata"];
            if usage.is_object() {
                let thoughts = count(&usage["thoughtsTokenCount"]);
                let output = count(&usage["candidatesTokenCount"]) + thoughts;
                meaning.tokens = (count(&usage["promptTokenCount"]), output);
            }
            meaning.finish = match candidate["finishReason"].as_str() {
                Some("STOP") if meaning.calls.is_empty() => "stop",
                Some("STOP") => "calls",
                Some("MAX_TOKENS") => "length",
                _ => meaning.finish,
            };
        }
        meaning
    }
}

/// Joins the events of a message as Anthropic's libraries do.
pub fn joined_message(events: &[Value]) -> Value {
    assert_eq!(events[0]["type"], "message_start");
    assert_eq!(events.last().unwrap()["type"], "message_stop");
    let mut message = events[0]["message"].clone();
    let mut open: Option<usize> = None;
    let mut input = String::new();
    for event in events {
        let index = event["index"]
            .as_u64()
            .map(|it| usize::try_from(it).unwrap());
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!(
                    (open, index),
                    (None, Some(list(&message["content"]).count()))
                );
                open = index;
                input.clear();
                let block = event["content_block"].clone();
                message["content"].as_array_mut().unwrap().push(block);
            }
            "content_block_delta" => {
                assert_eq!(open, index);
                let block = &mut message["content"][index.unwrap()];
                for field in ["text", "thinking", "signature"] {
                    if let Some(more) = event["delta"][field].as_str() {
                        block[field] = json!(text(&block[field]) + more);
                    }
                }
                input += &text(&event["delta"]["partial_json"]);
            }
            "content_block_stop" => {
                assert_eq!(open.take(), index);
                let block = &mut message["content"][index.unwrap()];
                if block["type"] == "tool_use" && !input.is_empty() {
                    block["input"] = serde_json::from_str(&input).unwrap();
                }
            }
            "message_delta" => {
                message["stop_reason"] = event["delta"]["stop_reason"].clone();
                for (name, value) in event["usage"].as_object().unwrap() {
                    message["usage"][name] = value.clone();
                }
            }
            _ => {}
        }
    }
    message
}

/// The events of a stream, without its comments.
pub fn events_in(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = data.filter(|data| *data != "[DONE]");
    events
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn call_of(name: &Value, input: Value) -> (String, Value) {
    (text(name), input)
}
