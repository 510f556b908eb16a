//! Writes answers in OpenAI's chat dialect, whole or in the chunks of a
//! stream; `docs/providers.md` §7.2.

use serde_json::{Value, json};

use crate::model::Usage;

/// Writes one answer.
pub struct ChunkWriter {
    id: String,
    created: i64,
    model: String,
    wants_usage: bool,
    /// Whether a chunk has been written: the first one names the role.
    began: bool,
    pub usage: Option<Usage>,
}

impl ChunkWriter {
    /// A writer for an answer of this model. `created` is in seconds since
    /// 1970; usage ends a stream where the caller wants it.
    pub fn new(created: i64, model: &str, wants_usage: bool) -> Self {
        Self {
            id: "chatcmpl-0".to_owned(),
            created,
            model: model.to_owned(),
            wants_usage,
            began: false,
            usage: None,
        }
    }

    /// Takes over what the provider calls the answer and the model.
    pub fn set_names(&mut self, id: &Value, model: &Value) {
        if let Some(id) = id.as_str() {
            self.id = format!("chatcmpl-{id}");
        }
        if let Some(model) = model.as_str() {
            model.clone_into(&mut self.model);
        }
    }

    /// Writes a chunk that adds to the message.
    pub fn write_delta(&mut self, mut delta: Value, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.began, true) {
            delta["role"] = json!("assistant");
        }
        self.write_chunk(
            &json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]),
            None,
            out,
        );
    }

    /// Writes the chunk that tells why the model stopped.
    pub fn write_finish(&mut self, reason: &str, out: &mut Vec<u8>) {
        if !self.began {
            self.write_delta(json!({"content": ""}), out);
        }
        self.write_chunk(
            &json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": reason}]),
            None,
            out,
        );
    }

    /// Writes the end of a stream: usage where it is wanted, and `[DONE]`.
    pub fn write_end(&self, out: &mut Vec<u8>) {
        if let Some(usage) = self.usage.filter(|_| self.wants_usage) {
            self.write_chunk(&json!([]), Some(usage), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// Makes a whole answer.
    pub fn whole_answer(&self, message: &Value, reason: &str) -> Value {
        json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": self.model,
            "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": reason}],
            "usage": usage_json(self.usage.unwrap_or_default()),
        })
    }

    fn write_chunk(&self, choices: &Value, usage: Option<Usage>, out: &mut Vec<u8>) {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "choices": choices,
        });
        if self.wants_usage {
            chunk["usage"] = usage.map_or(Value::Null, usage_json);
        }
        out.extend_from_slice(b"data: ");
        // A value always writes itself, into memory.
        let _ = serde_json::to_writer(&mut *out, &chunk);
        out.extend_from_slice(b"\n\n");
    }
}

fn usage_json(usage: Usage) -> Value {
    let details = usage.details;
    let written = [
        details.cache_write,
        details.cache_write_5m,
        details.cache_write_1h,
        details.cache_write_12h,
    ];
    json!({
        "prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens, "cache_write_tokens": written.iter().sum::<u64>(),
            "audio_tokens": details.input_audio,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens, "audio_tokens": details.output_audio,
        },
    })
}
