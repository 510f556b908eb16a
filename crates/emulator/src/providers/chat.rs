//! Chat in the four dialects, as a stream or in one piece.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::answers::answer_prompt;
use super::call::Call;
use super::faults::HANG;
use super::keys::{Dialect, Emulated};
use super::pictures::{count_shown, shows_unreadable};
use super::refusals::{refuse_key, refuse_picture};
use crate::world::{ProviderFault, Standing};

/// Models that their providers have retired.
const RETIRED: &[&str] = &["deepseek-chat", "gpt-5-mini"];
/// How many input tokens the emulated models report, whatever the prompt.
const INPUT_TOKENS: u64 = 12;
/// The length of the line that [`ProviderFault::HugeLine`] sends, in bytes.
const HUGE_BYTES: usize = 3 * 1024 * 1024;

/// Answers a chat, or says that there is no such address.
pub fn answer_chat(call: &Call<'_>) -> Response {
    let Call {
        provider,
        path,
        standing,
        body,
        fault,
        pace,
        said,
        ..
    } = *call;
    // A restricted OpenAI key cannot list models, but it can chat.
    let may_chat = provider.id == "openai" && standing == Standing::Restricted;
    if let Some(refusal) = refuse_key(provider, standing).filter(|_| !may_chat) {
        return refusal;
    }
    let Some(ask) = Ask::parse(provider, path, body) else {
        let body = json!({"error": {"message": "Not found", "code": "model_not_found"}});
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    };
    if ask.model.contains("no-such-model") || RETIRED.contains(&ask.model.as_str()) {
        let body =
            json!({"error": {"message": "The model does not exist", "code": "model_not_found"}});
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    }
    // `docs/providers.md` §7.1: an empty name is none.
    let no_model = ask.dialect == Dialect::OpenAi && ask.model.trim().is_empty();
    let no_model = no_model.then_some("you must provide a model parameter");
    if let Some(problem) = ask.problem.or(no_model) {
        let body = json!({"error": {"message": problem, "type": "invalid_request_error"}});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    if shows_unreadable(body) {
        return refuse_picture(provider);
    }
    let words = said.map_or_else(|| answer_prompt(&ask.prompt), str::to_owned);
    if ask.stream {
        stream_answer(&ask, &words, fault, pace)
    } else {
        Json(ask.whole(&words, fault)).into_response()
    }
}

/// Returns the texts of a message, without its pictures.
fn text_of(content: &Value) -> String {
    let parts = content.as_array().into_iter().flatten();
    let texts = parts.filter_map(|part| part["text"].as_str());
    content
        .as_str()
        .map_or_else(|| texts.collect(), str::to_owned)
}

/// A chat request, read from any dialect.
struct Ask {
    dialect: Dialect,
    model: String,
    prompt: String,
    stream: bool,
    usage_wanted: bool,
    /// Tokens of the prompt.
    input: u64,
    /// The cost in dollars that this provider reports with its answer.
    cost: Option<f64>,
    /// Why the real provider would refuse this request.
    problem: Option<&'static str>,
}

impl Ask {
    fn parse(provider: &Emulated, path: &str, body: &Value) -> Option<Self> {
        let dialect = provider.dialect;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let last = |field: &str| body[field].as_array().and_then(|list| list.last()).cloned();
        let mut ask = Self {
            dialect,
            model: text(&body["model"]),
            prompt: String::new(),
            stream: body["stream"] == true,
            usage_wanted: true,
            input: INPUT_TOKENS,
            cost: (provider.id == "openrouter").then_some(0.000_012_3),
            problem: None,
        };
        match (dialect, path) {
            (Dialect::OpenAi, "/chat/completions") => {
                ask.prompt = text_of(&last("messages")?["content"]);
                ask.usage_wanted =
                    provider.id == "mistral" || body["stream_options"]["include_usage"] == true;
                if provider.id == "openai" {
                    ask.input += count_shown(&ask.model, &body["messages"]);
                }
                let old_limit = provider.id == "openai" && !body["max_tokens"].is_null();
                ask.problem = old_limit.then_some("Unsupported parameter: 'max_tokens'");
            }
            (Dialect::Anthropic, "/v1/messages") => {
                ask.prompt = text_of(&last("messages")?["content"]);
                let missing = body["max_tokens"]
                    .is_null()
                    .then_some("max_tokens: Field required");
                let sampling = ["temperature", "top_p", "top_k"]
                    .iter()
                    .any(|field| !body[field].is_null());
                ask.problem =
                    missing.or(sampling.then_some("sampling parameters are not supported"));
            }
            (Dialect::Google, path) => {
                let (model, verb) = path.strip_prefix("/models/")?.split_once(':')?;
                model.clone_into(&mut ask.model);
                ask.stream = verb == "streamGenerateContent";
                ask.prompt = text_of(&last("contents")?["parts"]);
            }
            (Dialect::Ollama, "/api/chat") => {
                ask.prompt = text(&last("messages")?["content"]);
                ask.stream = body["stream"] != false;
            }
            _ => return None,
        }
        Some(ask)
    }

    /// Writes one piece of a stream.
    fn piece(&self, text: &str) -> String {
        match self.dialect {
            Dialect::OpenAi => unnamed_event(
                &json!({"id": "chatcmpl-0", "object": "chat.completion.chunk", "model": self.model,
                "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}], "usage": null}),
            ),
            Dialect::Anthropic => named_event(&json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "text_delta", "text": text}})),
            Dialect::Google => unnamed_event(
                // Every piece tells what was used so far.
                &json!({"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}}],
                "usageMetadata": {"promptTokenCount": self.input, "totalTokenCount": self.input},
                "modelVersion": self.model}),
            ),
            _ => format!(
                "{}\n",
                json!({"model": self.model, "message": {"role": "assistant", "content": text},
                "done": false})
            ),
        }
    }

    /// Writes the events before the first piece.
    fn head(&self, fault: Option<&ProviderFault>) -> String {
        match self.dialect {
            Dialect::OpenAi => ": keep-alive\n\n".into(),
            Dialect::Anthropic => {
                let start = json!({"type": "message_start", "message": {"id": "msg_0", "type": "message",
                    "role": "assistant", "model": self.model, "content": [], "stop_reason": null,
                    "usage": anthropic_usage(&json!(1), fault)}});
                let block = json!({"type": "content_block_start", "index": 0,
                    "content_block": {"type": "text", "text": ""}});
                format!("{}{}", named_event(&start), named_event(&block))
            }
            _ => String::new(),
        }
    }

    /// Writes the end of a stream, with the usage where this provider puts it.
    fn tail(&self, output: &Value, fault: Option<&ProviderFault>) -> String {
        // Each dialect has a word for it: `docs/providers.md` §7.2.
        let at_limit = fault == Some(&ProviderFault::AtLimit);
        let ended = |usual: &'static str, limit: &'static str| if at_limit { limit } else { usual };
        match self.dialect {
            Dialect::OpenAi => {
                let stop = unnamed_event(
                    &json!({"model": self.model, "choices": [{"index": 0, "delta": {},
                    "finish_reason": ended("stop", "length")}]}),
                );
                let usage = if self.usage_wanted && !output.is_null() {
                    unnamed_event(&json!({"model": self.model, "choices": [],
                        "usage": self.openai_usage(output, fault)}))
                } else {
                    String::new()
                };
                format!("{stop}{usage}data: [DONE]\n\n")
            }
            Dialect::Anthropic => {
                let delta = json!({"type": "message_delta", "delta": {"stop_reason": ended("end_turn", "max_tokens")},
                    "usage": {"output_tokens": output}});
                format!(
                    "{}{}{}",
                    named_event(&json!({"type": "content_block_stop", "index": 0})),
                    named_event(&delta),
                    named_event(&json!({"type": "message_stop"}))
                )
            }
            Dialect::Google => unnamed_event(
                &json!({"candidates": [{"content": {"parts": [{"text": ""}]},
                "finishReason": ended("STOP", "MAX_TOKENS")}],
                "usageMetadata": google_usage(output, fault)}),
            ),
            _ => format!(
                "{}\n",
                json!({"model": self.model, "message": {"role": "assistant", "content": ""},
                "done": true, "done_reason": ended("stop", "length"), "prompt_eval_count": INPUT_TOKENS, "eval_count": output})
            ),
        }
    }

    /// Writes the answer in one piece.
    fn whole(&self, words: &str, fault: Option<&ProviderFault>) -> Value {
        let output = output_usage(words, fault);
        match self.dialect {
            Dialect::OpenAi => json!({"model": self.model, "object": "chat.completion",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}],
                "usage": self.openai_usage(&output, fault)}),
            Dialect::Anthropic => {
                json!({"id": "msg_0", "type": "message", "role": "assistant", "model": self.model, "stop_reason": "end_turn",
                "content": [{"type": "text", "text": words}],
                "usage": anthropic_usage(&output, fault)})
            }
            Dialect::Google => json!({"modelVersion": self.model,
                "candidates": [{"content": {"parts": [{"text": words}]}, "finishReason": "STOP"}],
                "usageMetadata": google_usage(&output, fault)}),
            _ => {
                json!({"model": self.model, "message": {"role": "assistant", "content": words}, "done": true,
                "done_reason": "stop", "prompt_eval_count": INPUT_TOKENS, "eval_count": output})
            }
        }
    }

    /// Writes usage in OpenAI's dialect.
    fn openai_usage(&self, output: &Value, fault: Option<&ProviderFault>) -> Value {
        let mut usage = json!({"prompt_tokens": self.input, "completion_tokens": output});
        if let Some(ProviderFault::CachedInput) = fault {
            usage["prompt_tokens_details"] = json!({"cached_tokens": self.input - 2});
        }
        if let Some(cost) = self.cost {
            usage["cost"] = json!(cost);
        }
        usage
    }
}

/// Writes usage in Anthropic's dialect, which counts what is read from and
/// written to a cache beside the input.
fn anthropic_usage(output: &Value, fault: Option<&ProviderFault>) -> Value {
    if let Some(ProviderFault::CachedInput) = fault {
        return json!({"input_tokens": 2, "cache_read_input_tokens": INPUT_TOKENS - 6,
            "cache_creation_input_tokens": 4, "output_tokens": output,
            "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 3}});
    }
    json!({"input_tokens": INPUT_TOKENS, "output_tokens": output})
}

/// Writes usage in Google's dialect.
fn google_usage(output: &Value, fault: Option<&ProviderFault>) -> Value {
    let mut usage = json!({"promptTokenCount": INPUT_TOKENS, "candidatesTokenCount": output});
    if let Some(ProviderFault::CachedInput) = fault {
        usage["cachedContentTokenCount"] = json!(INPUT_TOKENS - 2);
    }
    usage
}

fn output_usage(words: &str, fault: Option<&ProviderFault>) -> Value {
    match fault {
        Some(ProviderFault::AbsurdUsage) => json!(99_000_000),
        Some(ProviderFault::WrongUsage) => json!(-5),
        Some(ProviderFault::NoUsage) => Value::Null,
        _ => json!(words.split_whitespace().count()),
    }
}

fn unnamed_event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// Writes an event with its name, as Anthropic does, and with spaces at its
/// end, which a reader must tolerate.
fn named_event(value: &Value) -> String {
    format!(
        "event: {}\ndata: {value}   \n\n",
        value["type"].as_str().unwrap_or_default()
    )
}

/// A step of a stream.
enum Step {
    Send(String),
    /// Send nothing for [`HANG`].
    Hang,
    /// Send a comment instead of an event.
    HangWithComments,
    Break,
}

fn stream_answer(
    ask: &Ask,
    words: &str,
    fault: Option<&ProviderFault>,
    pace: Duration,
) -> Response {
    let mut steps = vec![Step::Send(ask.head(fault))];
    let pieces: Vec<String> = words
        .split_inclusive(' ')
        .map(|word| ask.piece(word))
        .collect();
    let half = pieces.len().div_ceil(2);
    let output = output_usage(words, fault);
    match fault {
        Some(ProviderFault::Stall) => {
            steps.extend(pieces.into_iter().take(half).map(Step::Send));
            steps.push(Step::Hang);
        }
        Some(ProviderFault::StallWithComments) => {
            steps.extend(pieces.into_iter().take(half).map(Step::Send));
            steps.extend((0..10_000).map(|_| Step::HangWithComments));
        }
        Some(ProviderFault::Cut) => {
            steps.extend(pieces.into_iter().take(half).map(Step::Send));
            steps.push(Step::Break);
        }
        Some(ProviderFault::EndEarly) => {
            steps.extend(pieces.into_iter().take(half).map(Step::Send));
        }
        Some(ProviderFault::AtLimit) => {
            steps.extend(pieces.into_iter().take(half).map(Step::Send));
            steps.push(Step::Send(ask.tail(&output, fault)));
        }
        Some(ProviderFault::ErrorInStream) => {
            steps.extend(pieces.into_iter().take(half).map(Step::Send));
            let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
            steps.push(Step::Send(if ask.dialect == Dialect::Ollama {
                format!("{}\n", json!({"error": "overloaded"}))
            } else {
                named_event(&error)
            }));
        }
        Some(ProviderFault::HugeLine) => {
            steps.push(Step::Send(format!("data: {}", "x".repeat(HUGE_BYTES))));
        }
        _ => {
            steps.extend(pieces.into_iter().map(Step::Send));
            steps.push(Step::Send(ask.tail(&output, fault)));
        }
    }
    let kind = if ask.dialect == Dialect::Ollama {
        "application/x-ndjson"
    } else {
        "text/event-stream"
    };
    let body = stream::iter(steps).then(move |step| perform_step(step, pace));
    ([("content-type", kind)], Body::from_stream(body)).into_response()
}

async fn perform_step(step: Step, pace: Duration) -> Result<Bytes, std::io::Error> {
    match step {
        Step::Send(text) => {
            if !pace.is_zero() {
                tokio::time::sleep(pace).await;
            }
            Ok(Bytes::from(text))
        }
        Step::Hang => {
            tokio::time::sleep(HANG).await;
            Ok(Bytes::new())
        }
        Step::HangWithComments => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(Bytes::from_static(b": keep-alive\n\n"))
        }
        Step::Break => {
            // Lets what was sent so far leave the buffers first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(std::io::Error::other("emulated cut"))
        }
    }
}
