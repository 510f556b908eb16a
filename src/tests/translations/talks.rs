//! Conversations, written in each dialect, and the meaning of answers, read
//! from each.

use serde_json::{Value, json};

/// In whose dialect a program calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Chat,
    Responses,
    Messages,
    Google,
}

pub const CALLERS: [Caller; 4] = [
    Caller::Chat,
    Caller::Responses,
    Caller::Messages,
    Caller::Google,
];

/// What is said in one turn.
#[derive(Clone, Copy)]
pub enum Said {
    Person(&'static str),
    /// A picture, with these words, which may be none.
    Shown(&'static str),
    Model(&'static str),
    /// Calls of the function `weather`, by their ids and their cities.
    Calls(&'static [(&'static str, &'static str)]),
    /// What they gave back.
    Results(&'static [(&'static str, &'static str)]),
}

/// Which tool the model is to call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// No tool is offered.
    Nothing,
    Free,
    Weather,
    No,
}

/// A conversation.
pub struct Talk {
    pub name: &'static str,
    pub system: Option<&'static str>,
    pub said: &'static [Said],
    pub choice: Choice,
    pub wants_json: bool,
    pub thinks: bool,
}

const PLAIN: Talk = Talk {
    name: "",
    system: None,
    said: &[Said::Person("count")],
    choice: Choice::Nothing,
    wants_json: false,
    thinks: false,
};
const ROUND: &[Said] = &[
    Said::Person("the weather in Rome?"),
    Said::Calls(&[("call_1", "Rome")]),
    Said::Results(&[("call_1", "sun")]),
];

pub const TALKS: &[Talk] = &[
    Talk {
        name: "words",
        ..PLAIN
    },
    Talk {
        name: "an instruction",
        system: Some("Be brief."),
        ..PLAIN
    },
    Talk {
        name: "several turns",
        said: &[
            Said::Person("hi"),
            Said::Model("Hello."),
            Said::Person("count"),
        ],
        ..PLAIN
    },
    Talk {
        name: "signs of other alphabets",
        said: &[Said::Person("héllo \u{1f600} \"quoted\" \\ back\nnew line")],
        ..PLAIN
    },
    Talk {
        name: "a picture",
        said: &[Said::Shown("count")],
        ..PLAIN
    },
    Talk {
        name: "a picture without words",
        said: &[
            Said::Shown(""),
            Said::Model("A square."),
            Said::Person("count"),
        ],
        ..PLAIN
    },
    Talk {
        name: "a tool to be called",
        said: &[Said::Person("the weather in Rome?")],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "a tool that must be called",
        said: &[Said::Person("hello")],
        choice: Choice::Weather,
        ..PLAIN
    },
    Talk {
        name: "a tool that must not be called",
        said: &[Said::Person("the weather in Rome?")],
        choice: Choice::No,
        ..PLAIN
    },
    Talk {
        name: "a tool's result",
        said: ROUND,
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "two results in another order",
        said: &[
            Said::Person("the weather in Rome and Oslo?"),
            Said::Calls(&[("call_1", "Rome"), ("call_2", "Oslo")]),
            Said::Results(&[("call_2", "rain"), ("call_1", "sun")]),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "ids that repeat",
        said: &[
            Said::Person("the weather in Rome?"),
            Said::Calls(&[("functions.weather:0", "Rome")]),
            Said::Results(&[("functions.weather:0", "sun")]),
            Said::Calls(&[("functions.weather:0", "Oslo")]),
            Said::Results(&[("functions.weather:0", "rain")]),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "words behind a result",
        said: &[
            Said::Person("the weather in Rome?"),
            Said::Calls(&[("call_1", "Rome")]),
            Said::Results(&[("call_1", "sun")]),
            Said::Model("It is sunny."),
            Said::Person("count"),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "JSON by a schema",
        said: &[Said::Person("ten?")],
        wants_json: true,
        ..PLAIN
    },
    Talk {
        name: "thoughts",
        said: &[Said::Person("think and count")],
        thinks: true,
        ..PLAIN
    },
];

fn parameters() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        "additionalProperties": false})
}

fn answer_schema() -> Value {
    json!({"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"],
        "additionalProperties": false})
}

impl Talk {
    /// The path and the body of a call that says it.
    pub fn write(&self, caller: Caller, model: &str, stream: bool) -> (String, Value) {
        let (path, mut body) = match caller {
            Caller::Chat => ("/v1/chat/completions".to_owned(), self.write_chat()),
            Caller::Responses => ("/v1/responses".to_owned(), self.write_responses()),
            Caller::Messages => ("/v1/messages?beta=true".to_owned(), self.write_messages()),
            Caller::Google => {
                let verb = if stream {
                    "streamGenerateContent?alt=sse"
                } else {
                    "generateContent"
                };
                return (
                    format!("/v1beta/models/{model}:{verb}"),
                    self.write_google(),
                );
            }
        };
        body["model"] = json!(model);
        if stream {
            body["stream"] = json!(true);
        }
        (path, body)
    }

    fn write_chat(&self) -> Value {
        let mut messages = Vec::new();
        messages.extend(
            self.system
                .map(|text| json!({"role": "system", "content": text})),
        );
        for said in self.said {
            match said {
                Said::Person(text) => messages.push(json!({"role": "user", "content": text})),
                Said::Shown(text) => messages.push(json!({"role": "user", "content": [
                    {"type": "text", "text": text},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]})),
                Said::Model(text) => messages.push(json!({"role": "assistant", "content": text})),
                Said::Calls(calls) => {
                    let calls = calls.iter().map(|(id, city)| json!({"id": id, "type": "function",
                        "function": {"name": "weather", "arguments": json!({"city": city}).to_string()}}));
                    let calls: Vec<Value> = calls.collect();
                    messages
                        .push(json!({"role": "assistant", "content": null, "tool_calls": calls}));
                }
                Said::Results(results) => messages.extend(results.iter().map(
                    |(id, text)| json!({"role": "tool", "tool_call_id": id, "content": text}),
                )),
            }
        }
        let mut body = json!({"messages": messages, "max_completion_tokens": 5_000,
            "stream_options": {"include_usage": true}});
        if self.choice != Choice::Nothing {
            body["tools"] = json!([{"type": "function", "function": {"name": "weather", "parameters": parameters()}}]);
            body["tool_choice"] = match self.choice {
                Choice::Weather => json!({"type": "function", "function": {"name": "weather"}}),
                Choice::No => json!("none"),
                _ => json!("auto"),
            };
        }
        if self.wants_json {
            body["response_format"] = json!({"type": "json_schema",
                "json_schema": {"name": "a", "strict": true, "schema": answer_schema()}});
        }
        if self.thinks {
            body["include_reasoning"] = json!(true);
        }
        body
    }

    fn write_responses(&self) -> Value {
        let mut items = Vec::new();
        for said in self.said {
            match said {
                Said::Person(text) => items.push(json!({"role": "user", "content": text})),
                Said::Shown(text) => {
                    let mut parts = vec![json!({"type": "input_image", "image_url": "data:image/png;base64,AAAA"})];
                    if !text.is_empty() {
                        parts.push(json!({"type": "input_text", "text": text}));
                    }
                    items.push(json!({"role": "user", "content": parts}));
                }
                Said::Model(text) => items.push(json!({"type": "message", "role": "assistant",
                    "content": [{"type": "output_text", "text": text}]})),
                Said::Calls(calls) => items.extend(calls.iter().map(|(id, city)| {
                    json!({"type": "function_call", "call_id": id, "name": "weather",
                        "arguments": json!({"city": city}).to_string()})
                })),
                Said::Results(results) => items.extend(results.iter().map(
                    |(id, text)| json!({"type": "function_call_output", "call_id": id, "output": text}),
                )),
            }
        }
        let mut body = json!({"input": items, "max_output_tokens": 5_000});
        if let Some(text) = self.system {
            body["instructions"] = json!(text);
        }
        if self.choice != Choice::Nothing {
            body["tools"] = json!([{"type": "function", "name": "weather", "parameters": parameters(), "strict": false}]);
            body["tool_choice"] = match self.choice {
                Choice::Weather => json!({"type": "function", "name": "weather"}),
                Choice::No => json!("none"),
                _ => json!("auto"),
            };
        }
        if self.wants_json {
            body["text"] = json!({"format": {"type": "json_schema", "name": "a", "strict": true, "schema": answer_schema()}});
        }
        if self.thinks {
            body["reasoning"] = json!({"summary": "auto"});
        }
        body
    }

    fn write_messages(&self) -> Value {
        let mut messages = Vec::new();
        for said in self.said {
            messages.push(match said {
                Said::Person(text) => json!({"role": "user", "content": text}),
                Said::Shown(text) => {
                    let mut blocks = vec![json!({"type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}})];
                    if !text.is_empty() {
                        blocks.push(json!({"type": "text", "text": text}));
                    }
                    json!({"role": "user", "content": blocks})
                }
                Said::Model(text) => json!({"role": "assistant", "content": text}),
                Said::Calls(calls) => {
                    let calls = calls.iter().map(|(id, city)| json!({"type": "tool_use", "id": id,
                        "name": "weather", "input": {"city": city}}));
                    json!({"role": "assistant", "content": calls.collect::<Vec<_>>()})
                }
                Said::Results(results) => {
                    let results = results.iter().map(
                        |(id, text)| json!({"type": "tool_result", "tool_use_id": id, "content": text}),
                    );
                    json!({"role": "user", "content": results.collect::<Vec<_>>()})
                }
            });
        }
        let mut body = json!({"messages": messages, "max_tokens": 5_000});
        if let Some(text) = self.system {
            body["system"] =
                json!([{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]);
        }
        if self.choice != Choice::Nothing {
            body["tools"] = json!([{"name": "weather", "input_schema": parameters()}]);
            body["tool_choice"] = match self.choice {
                Choice::Weather => json!({"type": "tool", "name": "weather"}),
                Choice::No => json!({"type": "none"}),
                _ => json!({"type": "auto"}),
            };
        }
        if self.wants_json {
            body["output_config"] =
                json!({"format": {"type": "json_schema", "schema": answer_schema()}});
        }
        if self.thinks {
            body["thinking"] = json!({"type": "adaptive", "display": "summarized"});
        }
        body
    }

    fn write_google(&self) -> Value {
        let mut contents = Vec::new();
        for said in self.said {
            contents.push(match said {
                Said::Person(text) => json!({"role": "user", "parts": [{"text": text}]}),
                Said::Shown(text) => {
                    let mut parts =
                        vec![json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}})];
                    if !text.is_empty() {
                        parts.push(json!({"text": text}));
                    }
                    json!({"role": "user", "parts": parts})
                }
                Said::Model(text) => json!({"role": "model", "parts": [{"text": text}]}),
                Said::Calls(calls) => {
                    let calls = calls.iter().map(|(id, city)| {
                        json!({
                        "functionCall": {"id": id, "name": "weather", "args": {"city": city}},
                        "thoughtSignature": "skip_thought_signature_validator"})
                    });
                    json!({"role": "model", "parts": calls.collect::<Vec<_>>()})
                }
                Said::Results(results) => {
                    let results = results.iter().map(|(id, text)| {
                        json!({"functionResponse": {
                        "id": id, "name": "weather", "response": {"output": text}}})
                    });
                    json!({"role": "user", "parts": results.collect::<Vec<_>>()})
                }
            });
        }
        let mut body =
            json!({"contents": contents, "generationConfig": {"maxOutputTokens": 5_000}});
        if let Some(text) = self.system {
            body["systemInstruction"] = json!({"parts": [{"text": text}]});
        }
        if self.choice != Choice::Nothing {
            body["tools"] = json!([{"functionDeclarations": [{"name": "weather", "parametersJsonSchema": parameters()}]}]);
            let calling = match self.choice {
                Choice::Weather => json!({"mode": "ANY", "allowedFunctionNames": ["weather"]}),
                Choice::No => json!({"mode": "NONE"}),
                _ => json!({"mode": "AUTO"}),
            };
            body["toolConfig"] = json!({"functionCallingConfig": calling});
        }
        if self.wants_json {
            body["generationConfig"]["responseMimeType"] = json!("application/json");
            body["generationConfig"]["responseJsonSchema"] = answer_schema();
        }
        if self.thinks {
            body["generationConfig"]["thinkingConfig"] = json!({"includeThoughts": true});
        }
        body
    }
}
