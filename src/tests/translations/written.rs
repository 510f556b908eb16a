//! Conversations, written as each dialect's own clients write them.

use serde_json::{Value, json};

use super::talks::{Answer, Caller, Choice, Talk, TurnContent, Words};

/// Where a picture stands.
const PICTURE_ADDRESS: &str = "https://a.example/b.png";
/// A picture or a PDF, as far as anybody looks at it here.
const DATA: &str = "AAAA";
const PICTURE_DATA: &str = "data:image/png;base64,AAAA";
const PDF_DATA: &str = "data:application/pdf;base64,AAAA";

fn parameters() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        "additionalProperties": false})
}

fn answer_schema(answer: Answer) -> Value {
    let mut schema = json!({"type": "object", "properties": {"answer": {"type": "integer"}}});
    if answer == Answer::Schema {
        schema["required"] = json!(["answer"]);
        schema["additionalProperties"] = json!(false);
    }
    schema
}

/// Parts with words behind them, unless these are none.
fn parts_with(part: &Value, words: &str, written: &Value) -> Value {
    if words.is_empty() {
        json!([part])
    } else {
        json!([part, written])
    }
}

fn map(words: Words, write: impl Fn(&str, &str) -> Value) -> Vec<Value> {
    words.iter().map(|(id, word)| write(id, word)).collect()
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
        } else if let Some(fields) = body.as_object_mut() {
            // It says something of streams alone.
            fields.remove("stream_options");
        }
        (path, body)
    }

    /// The functions that are offered.
    fn functions(&self, write: impl Fn(&str) -> Value) -> Option<Value> {
        let names: &[&str] = match self.choice {
            Choice::Nothing => return None,
            _ if self.has_clock => &["weather", "clock"],
            _ => &["weather"],
        };
        Some(names.iter().map(|name| write(name)).collect())
    }

    /// OpenAI's word for the tool that is to be called, unless it is named.
    fn openais_choice(&self, named: Value) -> Value {
        match self.choice {
            Choice::Weather => named,
            Choice::No => json!("none"),
            Choice::Any => json!("required"),
            Choice::Nothing | Choice::Free => json!("auto"),
        }
    }

    fn write_chat(&self) -> Value {
        let system = self.system.iter();
        let system = system.map(|text| json!({"role": "system", "content": text}));
        let mut messages: Vec<Value> = system.collect();
        messages.extend(self.said.iter().flat_map(said_in_chat));
        let mut body = json!({"messages": messages, "max_completion_tokens": 5_000,
            "stream_options": {"include_usage": true}});
        let function = |name: &str| json!({"type": "function", "function": {"name": name, "parameters": parameters()}});
        if let Some(tools) = self.functions(function) {
            body["tools"] = tools;
            let named = json!({"type": "function", "function": {"name": "weather"}});
            body["tool_choice"] = self.openais_choice(named);
            if self.is_one_at_a_time {
                body["parallel_tool_calls"] = json!(false);
            }
        }
        let schema = json!({"name": "a", "strict": self.answer == Answer::Schema, "schema": answer_schema(self.answer)});
        match self.answer {
            Answer::Words => {}
            Answer::Json => body["response_format"] = json!({"type": "json_object"}),
            Answer::Schema | Answer::LooseSchema => {
                body["response_format"] = json!({"type": "json_schema", "json_schema": schema});
            }
        }
        if self.thinks {
            body["include_reasoning"] = json!(true);
        }
        for (name, value) in [
            ("reasoning_effort", json!(self.effort)),
            ("temperature", json!(self.temperature)),
            ("user", json!(self.user)),
            ("stop", json!(Some(self.stop).filter(|it| !it.is_empty()))),
        ] {
            if !value.is_null() {
                body[name] = value;
            }
        }
        body
    }

    fn write_responses(&self) -> Value {
        let mut items: Vec<Value> = self.said.iter().flat_map(said_in_responses).collect();
        let mut body = json!({"max_output_tokens": 5_000});
        if let Some((first, others)) = self.system.split_first() {
            body["instructions"] = json!(first);
            let others = others
                .iter()
                .map(|text| json!({"role": "developer", "content": text}));
            items.splice(0..0, others);
        }
        body["input"] = json!(items);
        let function = |name: &str| json!({"type": "function", "name": name, "parameters": parameters(), "strict": false});
        if let Some(tools) = self.functions(function) {
            body["tools"] = tools;
            let named = json!({"type": "function", "name": "weather"});
            body["tool_choice"] = self.openais_choice(named);
            if self.is_one_at_a_time {
                body["parallel_tool_calls"] = json!(false);
            }
        }
        match self.answer {
            Answer::Words => {}
            Answer::Json => body["text"] = json!({"format": {"type": "json_object"}}),
            Answer::Schema | Answer::LooseSchema => {
                body["text"] = json!({"format": {"type": "json_schema", "name": "a",
                    "strict": self.answer == Answer::Schema, "schema": answer_schema(self.answer)}});
            }
        }
        if self.thinks {
            body["reasoning"]["summary"] = json!("auto");
        }
        if let Some(effort) = self.effort {
            body["reasoning"]["effort"] = json!(effort);
        }
        for (name, value) in [
            ("temperature", json!(self.temperature)),
            ("safety_identifier", json!(self.user)),
        ] {
            if !value.is_null() {
                body[name] = value;
            }
        }
        body
    }

    fn write_messages(&self) -> Value {
        let messages: Vec<Value> = self.said.iter().map(said_in_messages).collect();
        let mut body = json!({"messages": messages, "max_tokens": 5_000});
        if !self.system.is_empty() {
            let block = |text: &&str| json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}});
            body["system"] = self.system.iter().map(block).collect();
        }
        let function = |name: &str| json!({"name": name, "input_schema": parameters()});
        if let Some(tools) = self.functions(function) {
            body["tools"] = tools;
            body["tool_choice"] = match self.choice {
                Choice::Weather => json!({"type": "tool", "name": "weather"}),
                Choice::No => json!({"type": "none"}),
                Choice::Any => json!({"type": "any"}),
                Choice::Nothing | Choice::Free => json!({"type": "auto"}),
            };
            if self.is_one_at_a_time {
                body["tool_choice"]["disable_parallel_tool_use"] = json!(true);
            }
        }
        if self.answer != Answer::Words {
            let schema = answer_schema(self.answer);
            body["output_config"]["format"] = json!({"type": "json_schema", "schema": schema});
        }
        if let Some(effort) = self.effort {
            body["output_config"]["effort"] = json!(effort);
        }
        if self.thinks {
            body["thinking"] = json!({"type": "adaptive", "display": "summarized"});
        }
        if let Some(temperature) = self.temperature {
            body["temperature"] = json!(temperature);
        }
        if let Some(user) = self.user {
            body["metadata"] = json!({"user_id": user});
        }
        if !self.stop.is_empty() {
            body["stop_sequences"] = json!(self.stop);
        }
        body
    }

    fn write_google(&self) -> Value {
        let contents: Vec<Value> = self.said.iter().map(said_in_google).collect();
        let mut body = json!({"contents": contents});
        let mut config = json!({"maxOutputTokens": 5_000});
        if !self.system.is_empty() {
            let parts: Vec<Value> = self
                .system
                .iter()
                .map(|text| json!({"text": text}))
                .collect();
            body["systemInstruction"] = json!({"parts": parts});
        }
        let function = |name: &str| json!({"name": name, "parametersJsonSchema": parameters()});
        if let Some(tools) = self.functions(function) {
            body["tools"] = json!([{"functionDeclarations": tools}]);
            let calling = match self.choice {
                Choice::Weather => json!({"mode": "ANY", "allowedFunctionNames": ["weather"]}),
                Choice::No => json!({"mode": "NONE"}),
                Choice::Any => json!({"mode": "ANY"}),
                Choice::Nothing | Choice::Free => json!({"mode": "AUTO"}),
            };
            body["toolConfig"] = json!({"functionCallingConfig": calling});
        }
        if self.answer != Answer::Words {
            config["responseMimeType"] = json!("application/json");
        }
        if matches!(self.answer, Answer::Schema | Answer::LooseSchema) {
            config["responseJsonSchema"] = answer_schema(self.answer);
        }
        if self.thinks {
            config["thinkingConfig"]["includeThoughts"] = json!(true);
        }
        if let Some(effort) = self.effort {
            config["thinkingConfig"]["thinkingLevel"] = json!(effort);
        }
        if let Some(temperature) = self.temperature {
            config["temperature"] = json!(temperature);
        }
        if !self.stop.is_empty() {
            config["stopSequences"] = json!(self.stop);
        }
        body["generationConfig"] = config;
        body
    }
}

fn said_in_chat(said: &TurnContent) -> Vec<Value> {
    let message = |role: &str, content: Value| vec![json!({"role": role, "content": content})];
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let text = |text: &str| json!({"type": "text", "text": text});
    match *said {
        TurnContent::Person(words) => message("user", json!(words)),
        TurnContent::Shown(words) => message("user", json!([text(words), image(PICTURE_DATA)])),
        TurnContent::ShownAt(words) => {
            message("user", json!([text(words), image(PICTURE_ADDRESS)]))
        }
        TurnContent::Document(words) => {
            let file = json!({"filename": "a.pdf", "file_data": PDF_DATA});
            let part = json!({"type": "file", "file": file});
            message("user", json!([part, text(words)]))
        }
        TurnContent::Model(words) => message("assistant", json!(words)),
        TurnContent::Instruction(words) => message("system", json!(words)),
        TurnContent::Calls(calls) => {
            let calls = map(calls, |id, city| {
                let arguments = json!({"city": city}).to_string();
                json!({"id": id, "type": "function", "function": {"name": "weather", "arguments": arguments}})
            });
            vec![json!({"role": "assistant", "content": null, "tool_calls": calls})]
        }
        TurnContent::Results(results) => map(
            results,
            |id, text| json!({"role": "tool", "tool_call_id": id, "content": text}),
        ),
        TurnContent::Failures(_) | TurnContent::ShownResults(_) => {
            panic!("a chat has no words for it")
        }
    }
}

fn said_in_responses(said: &TurnContent) -> Vec<Value> {
    let message = |role: &str, content: Value| vec![json!({"role": role, "content": content})];
    let image = |url: &str| json!({"type": "input_image", "image_url": url});
    let text = |text: &str| json!({"type": "input_text", "text": text});
    let output = |id: &str, output: Value| json!({"type": "function_call_output", "call_id": id, "output": output});
    match *said {
        TurnContent::Person(words) => message("user", json!(words)),
        TurnContent::Shown(words) => message(
            "user",
            parts_with(&image(PICTURE_DATA), words, &text(words)),
        ),
        TurnContent::ShownAt(words) => {
            message("user", json!([image(PICTURE_ADDRESS), text(words)]))
        }
        TurnContent::Document(words) => {
            let file = json!({"type": "input_file", "filename": "a.pdf", "file_data": PDF_DATA});
            message("user", json!([file, text(words)]))
        }
        TurnContent::Model(words) => vec![json!({"type": "message", "role": "assistant",
            "content": [{"type": "output_text", "text": words}]})],
        TurnContent::Instruction(words) => message("developer", json!(words)),
        TurnContent::Calls(calls) => map(calls, |id, city| {
            json!({"type": "function_call", "call_id": id, "name": "weather",
                "arguments": json!({"city": city}).to_string()})
        }),
        TurnContent::Results(results) => map(results, |id, words| output(id, json!(words))),
        TurnContent::ShownResults(results) => map(results, |id, words| {
            output(id, json!([text(words), image(PICTURE_DATA)]))
        }),
        TurnContent::Failures(_) => panic!("the Responses have no words for it"),
    }
}

fn said_in_messages(said: &TurnContent) -> Value {
    let message = |role: &str, content: Value| json!({"role": role, "content": content});
    let text = |text: &str| json!({"type": "text", "text": text});
    let data = |kind: &str, media_type: &str| json!({"type": kind, "source": {"type": "base64", "media_type": media_type, "data": DATA}});
    let picture = || data("image", "image/png");
    let result = |id: &str, content: Value| json!({"type": "tool_result", "tool_use_id": id, "content": content});
    match *said {
        TurnContent::Person(words) => message("user", json!(words)),
        TurnContent::Shown(words) => message("user", parts_with(&picture(), words, &text(words))),
        TurnContent::ShownAt(words) => {
            let source = json!({"type": "url", "url": PICTURE_ADDRESS});
            let block = json!({"type": "image", "source": source});
            message("user", json!([block, text(words)]))
        }
        TurnContent::Document(words) => {
            let block = data("document", "application/pdf");
            message("user", json!([block, text(words)]))
        }
        TurnContent::Model(words) => message("assistant", json!(words)),
        TurnContent::Instruction(words) => message("system", json!(words)),
        TurnContent::Calls(calls) => {
            let calls = map(
                calls,
                |id, city| json!({"type": "tool_use", "id": id, "name": "weather", "input": {"city": city}}),
            );
            message("assistant", json!(calls))
        }
        TurnContent::Results(results) => {
            let results = map(results, |id, words| result(id, json!(words)));
            message("user", json!(results))
        }
        TurnContent::ShownResults(results) => {
            let results = map(results, |id, words| {
                result(id, json!([text(words), picture()]))
            });
            message("user", json!(results))
        }
        TurnContent::Failures(results) => {
            let results = map(results, |id, words| {
                let mut failed = result(id, json!(words));
                failed["is_error"] = json!(true);
                failed
            });
            message("user", json!(results))
        }
    }
}

fn said_in_google(said: &TurnContent) -> Value {
    let content = |role: &str, parts: Value| json!({"role": role, "parts": parts});
    let text = |text: &str| json!({"text": text});
    let inline = |kind: &str| json!({"inlineData": {"mimeType": kind, "data": DATA}});
    let result = |id: &str, response: Value| json!({"functionResponse": {"id": id, "name": "weather", "response": response}});
    match *said {
        TurnContent::Person(words) => content("user", json!([text(words)])),
        TurnContent::Shown(words) => content(
            "user",
            parts_with(&inline("image/png"), words, &text(words)),
        ),
        TurnContent::ShownAt(words) => {
            let file = json!({"fileUri": PICTURE_ADDRESS, "mimeType": "image/png"});
            content("user", json!([{"fileData": file}, text(words)]))
        }
        TurnContent::Document(words) => {
            content("user", json!([inline("application/pdf"), text(words)]))
        }
        TurnContent::Model(words) => content("model", json!([text(words)])),
        TurnContent::Instruction(_) => panic!("Google has no words for it"),
        TurnContent::Calls(calls) => {
            let calls = map(calls, |id, city| {
                json!({"functionCall": {"id": id, "name": "weather", "args": {"city": city}},
                    "thoughtSignature": "skip_thought_signature_validator"})
            });
            content("model", json!(calls))
        }
        TurnContent::Results(results) => {
            let results = map(results, |id, words| result(id, json!({"output": words})));
            content("user", json!(results))
        }
        TurnContent::Failures(results) => {
            let results = map(results, |id, words| result(id, json!({"error": words})));
            content("user", json!(results))
        }
        TurnContent::ShownResults(results) => {
            let results = map(results, |id, words| {
                let mut shown = result(id, json!({"output": words}));
                shown["functionResponse"]["parts"] = json!([inline("image/png")]);
                shown
            });
            content("user", json!(results))
        }
    }
}
