//! Replies of Ollama's chat, whole and in lines.

use serde_json::{Value, json};

use super::ask::Ask;
use super::events::StreamedReply;
use super::reply::Reply;
use super::usage::Usage;

fn end(ask: &Ask<'_>, reply: &Reply, usage: &Usage, text: &str) -> Value {
    let reason = if reply.at_limit { "length" } else { "stop" };
    json!({"model": ask.model, "message": {"role": "assistant", "content": text}, "done": true,
        "done_reason": reason, "prompt_eval_count": usage.input, "eval_count": usage.output})
}

/// Writes a reply in lines.
pub fn stream(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> StreamedReply {
    let line = |text: &str| {
        let line = json!({"model": ask.model, "done": false,
            "message": {"role": "assistant", "content": text}});
        format!("{line}\n")
    };
    StreamedReply {
        head: String::new(),
        pieces: reply.pieces().map(line).collect(),
        tail: format!("{}\n", end(ask, reply, usage, "")),
    }
}

/// Writes a reply in one piece.
pub fn whole(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> Value {
    end(ask, reply, usage, &reply.text)
}
