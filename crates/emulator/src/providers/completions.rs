//! OpenAI's older completions, as those have them who have them still, and
//! what they refuse: `docs/providers.md` §8.1.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::call::Call;
use super::chat::INPUT_TOKENS;

/// Fields of `CreateCompletionRequest` in OpenAI's specification.
const FIELDS: [&str; 18] = [
    "model",
    "prompt",
    "best_of",
    "echo",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_tokens",
    "n",
    "presence_penalty",
    "seed",
    "stop",
    "stream",
    "stream_options",
    "suffix",
    "temperature",
    "top_p",
    "user",
];
/// How long an answer is whose caller does not say it, in tokens.
const MAX_TOKENS: u64 = 16;
/// What the models say, a token each.
const WORDS: [&str; 10] = [
    " one", " two", " three", " four", " five", " six", " seven", " eight", " nine", " ten",
];
/// Who has completions, each with where they are.
const HOSTS: [(&str, &str); 5] = [
    ("openai", "/completions"),
    ("openrouter", "/completions"),
    ("xai", "/completions"),
    ("cerebras", "/completions"),
    ("ollama", "/v1/completions"),
];

/// What a call asks for.
struct CompletionCall {
    prompts: Vec<String>,
    each: u64,
    best_of: u64,
    words: usize,
}

/// Answers a completion; none where it is another call.
pub fn answer_completion(call: &Call<'_>) -> Option<Response> {
    if !HOSTS.contains(&(call.provider.id, call.path)) {
        return None;
    }
    let body = call.body;
    let model = body["model"].as_str().unwrap_or_default();
    let completes = ["instruct", "davinci", "babbage"]
        .iter()
        .any(|it| model.contains(it));
    if call.provider.id == "openai" && !completes {
        return Some(refuse(
            StatusCode::NOT_FOUND,
            "model",
            "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?",
        ));
    }
    Some(match CompletionCall::read(body) {
        Err((param, message)) => refuse(StatusCode::BAD_REQUEST, param, &message),
        Ok(asked) if body["stream"] == true => asked.stream(body),
        Ok(asked) => Json(asked.whole(body)).into_response(),
    })
}

fn refuse(status: StatusCode, param: &str, message: &str) -> Response {
    let error = json!({"error": {"message": message, "type": "invalid_request_error",
        "param": param, "code": null}});
    (status, Json(error)).into_response()
}

impl CompletionCall {
    fn read(body: &Value) -> Result<Self, (&'static str, String)> {
        let fields = body.as_object().into_iter().flatten();
        if let Some((name, _)) = fields
            .clone()
            .find(|(name, _)| !FIELDS.contains(&name.as_str()))
        {
            let message = format!("Unrecognized request argument supplied: {name}");
            return Err(("", message));
        }
        let number = |name: &'static str, least: u64, most: u64, usual: u64| {
            let value = &body[name];
            let read = if value.is_null() {
                Some(usual)
            } else {
                value.as_u64()
            };
            let read = read.filter(|it| (least..=most).contains(it));
            read.ok_or_else(|| (name, format!("Invalid value for '{name}'.")))
        };
        let each = number("n", 1, 128, 1)?;
        let best_of = number("best_of", 0, 20, each)?.max(1);
        number("logprobs", 0, 5, 0)?;
        let most = number("max_tokens", 0, 100_000, MAX_TOKENS)?;
        if best_of < each {
            return Err(("best_of", "You requested that the server return more choices than it will generate (HINT: you must set 'n' (currently the larger) to be at most 'best_of').".to_owned()));
        }
        if best_of > each && body["stream"] == true {
            return Err(("best_of", "Results cannot be streamed.".to_owned()));
        }
        let prompts = read_prompts(&body["prompt"])
            .ok_or_else(|| ("prompt", "Invalid value for 'prompt'.".to_owned()))?;
        Ok(Self {
            prompts,
            each,
            best_of,
            words: usize::try_from(most).map_or(WORDS.len(), |most| most.min(WORDS.len())),
        })
    }

    fn finish(&self) -> &'static str {
        if self.words < WORDS.len() {
            "length"
        } else {
            "stop"
        }
    }

    fn usage(&self) -> Value {
        let prompts = self.prompts.len() as u64;
        let (input, output) = (
            INPUT_TOKENS * prompts,
            self.words as u64 * prompts * self.best_of,
        );
        json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output})
    }

    /// The choices, each with its place and the prompt before it.
    fn choices(&self) -> impl Iterator<Item = (u64, &str)> {
        let prompts = self.prompts.iter().map(String::as_str);
        let repeated = prompts.flat_map(|prompt| (0..self.each).map(move |_| prompt));
        (0..).zip(repeated)
    }

    fn whole(&self, body: &Value) -> Value {
        let choice = |(index, prompt): (u64, &str)| {
            let echoed = if body["echo"] == true { prompt } else { "" };
            let tokens = WORDS.get(..self.words).unwrap_or_default();
            json!({"index": index, "text": format!("{echoed}{}", tokens.concat()),
                "logprobs": logprobs(body, tokens), "finish_reason": self.finish()})
        };
        let choices: Vec<Value> = self.choices().map(choice).collect();
        let mut answer = head(body);
        answer["choices"] = json!(choices);
        answer["usage"] = self.usage();
        answer
    }

    fn stream(&self, body: &Value) -> Response {
        let mut events = String::new();
        let mut push = |choices: Value| {
            let mut chunk = head(body);
            chunk["choices"] = choices;
            events.extend(["data: ", &chunk.to_string(), "\n\n"]);
        };
        for (index, _) in self.choices() {
            for word in WORDS.iter().take(self.words) {
                push(
                    json!([{"index": index, "text": word, "logprobs": logprobs(body, &[*word]),
                    "finish_reason": null}]),
                );
            }
            push(
                json!([{"index": index, "text": "", "logprobs": null, "finish_reason": self.finish()}]),
            );
        }
        if body["stream_options"]["include_usage"] == true {
            let mut last = head(body);
            last["choices"] = json!([]);
            last["usage"] = self.usage();
            events.extend(["data: ", &last.to_string(), "\n\n"]);
        }
        events.push_str("data: [DONE]\n\n");
        ([(CONTENT_TYPE, "text/event-stream")], events).into_response()
    }
}

fn head(body: &Value) -> Value {
    json!({"id": "cmpl-0", "object": "text_completion", "created": 1_795_219_200,
        "model": body["model"]})
}

fn logprobs(body: &Value, tokens: &[&str]) -> Value {
    if body["logprobs"].is_null() {
        return Value::Null;
    }
    let each = vec![-0.1; tokens.len()];
    json!({"tokens": tokens, "token_logprobs": each, "top_logprobs": null, "text_offset": []})
}

/// A text, texts, numbers of tokens, or lists of them.
fn read_prompts(prompt: &Value) -> Option<Vec<String>> {
    let is_tokens = |list: &[Value]| !list.is_empty() && list.iter().all(Value::is_u64);
    match prompt {
        Value::Null => Some(vec![String::new()]),
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) if is_tokens(list) => Some(vec![String::new()]),
        Value::Array(list) if !list.is_empty() => list
            .iter()
            .map(|one| match one {
                Value::String(text) => Some(text.clone()),
                Value::Array(tokens) if is_tokens(tokens) => Some(String::new()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
