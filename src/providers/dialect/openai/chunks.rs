//! Answers in OpenAI's chat dialect, whole and piece by piece;
//! `providers.md` §2.2.

use serde_json::{Value, json};

use crate::model::Usage;

/// Writes an answer.
pub struct Chunks {
    id: String,
    created: i64,
    model: String,
    wants_usage: bool,
    began: bool,
    pub usage: Option<Usage>,
}

impl Chunks {
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

    /// What the provider calls the answer and the model.
    pub fn named(&mut self, id: &Value, model: &Value) {
        if let Some(id) = id.as_str() {
            self.id = format!("chatcmpl-{id}");
        }
        if let Some(model) = model.as_str() {
            model.clone_into(&mut self.model);
        }
    }

    /// A piece of what is said.
    pub fn say(&mut self, mut delta: Value, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.began, true) {
            delta["role"] = json!("assistant");
        }
        self.write(
            &json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]),
            None,
            out,
        );
    }

    /// Why it ended.
    pub fn finish(&mut self, reason: &str, out: &mut Vec<u8>) {
        if !self.began {
            self.say(json!({"content": ""}), out);
        }
        self.write(
            &json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": reason}]),
            None,
            out,
        );
    }

    /// The end: usage where it is wanted, and the mark.
    pub fn end(&self, out: &mut Vec<u8>) {
        if let Some(usage) = self.usage.filter(|_| self.wants_usage) {
            self.write(&json!([]), Some(usage), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// A whole answer.
    pub fn whole(&self, message: &Value, reason: &str) -> Value {
        json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": self.model,
            "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": reason}],
            "usage": written(self.usage.unwrap_or_default()),
        })
    }

    fn write(&self, choices: &Value, usage: Option<Usage>, out: &mut Vec<u8>) {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "choices": choices,
        });
        if self.wants_usage {
            chunk["usage"] = usage.map_or(Value::Null, written);
        }
        out.extend_from_slice(b"data: ");
        // A value always writes itself, into memory.
        let _ = serde_json::to_writer(&mut *out, &chunk);
        out.extend_from_slice(b"\n\n");
    }
}

fn written(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    })
}
