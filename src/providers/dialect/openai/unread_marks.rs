//! Marks up to which a prompt is cached, in a chat that goes as it came to a
//! vendor who has none: Groq, Cerebras, Mistral and Fireworks refuse them;
//! `docs/providers.md` §7.7.

use bytes::Bytes;

use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::bodies::raw_object::RawObject;
use crate::providers::dialect::translating::neutral::Ignored;

use super::{OpenAiQuirks, ThinkingWords};

const MARK: &str = "cache_control";

/// Leaves the marks out, and names them; whether there were any. A vendor of
/// whom nothing is known gets the chat as it came.
pub fn leave_marks_out(chat: &mut RawObject, quirks: OpenAiQuirks, left_out: &mut Ignored) -> bool {
    let is_known = matches!(
        quirks.thinking,
        ThinkingWords::Effort | ThinkingWords::Mistral
    );
    if !is_known && !quirks.refuses_unknown {
        return false;
    }
    let mut has_changed = chat.remove(MARK);
    has_changed |= leave_out_of(chat, "messages", "content");
    has_changed |= leave_out_of(chat, "tools", "function");
    if has_changed {
        left_out.add(MARK);
    }
    has_changed
}

/// Leaves the marks out of each item of a list, and out of what stands inside it.
fn leave_out_of(chat: &mut RawObject, list: &'static str, inside: &str) -> bool {
    let raw = chat.raw(list).filter(|raw| raw.contains(MARK));
    let Some(Json::List(mut items)) = raw.and_then(|raw| Json::parse(raw.as_bytes())) else {
        return false;
    };
    let mut has_changed = false;
    for item in &mut items {
        has_changed |= item.remove(MARK).is_some();
        match item.get_mut(inside) {
            Some(Json::List(parts)) => {
                for part in parts {
                    has_changed |= part.remove(MARK).is_some();
                }
            }
            Some(part) => has_changed |= part.remove(MARK).is_some(),
            None => {}
        }
    }
    if has_changed {
        chat.set_raw(list, Bytes::from(Json::List(items).to_string()));
    }
    has_changed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn left(quirks: OpenAiQuirks, chat: &Value) -> Option<(Value, Option<String>)> {
        let mut raw = RawObject::parse(&chat.to_string().into()).unwrap();
        let mut left_out = Ignored::default();
        let is_changed = leave_marks_out(&mut raw, quirks, &mut left_out);
        let written = serde_json::from_slice(&raw.write()).unwrap();
        is_changed.then(|| (written, left_out.written()))
    }

    #[test]
    fn marks_are_left_out_and_named_where_a_vendor_has_none() {
        let mark = json!({"type": "ephemeral"});
        let marked = json!({"model": "m", "cache_control": mark,
            "messages": [{"role": "system", "content": "a", "cache_control": mark},
                {"role": "user", "content": [{"type": "text", "text": "cache_control?", "cache_control": mark}]}],
            "tools": [{"type": "function", "cache_control": mark},
                {"type": "function", "function": {"name": "f", "cache_control": mark}}]});
        let plain = json!({"model": "m", "messages": [{"role": "system", "content": "a"},
                {"role": "user", "content": [{"type": "text", "text": "cache_control?"}]}],
            "tools": [{"type": "function"}, {"type": "function", "function": {"name": "f"}}]});
        let strict = OpenAiQuirks {
            thinking: ThinkingWords::Unknown,
            refuses_unknown: true,
            ..OpenAiQuirks::COMMON
        };
        let named = Some("cache_control".to_owned());
        for quirks in [OpenAiQuirks::COMMON, strict] {
            assert_eq!(left(quirks, &marked), Some((plain.clone(), named.clone())));
            assert_eq!(left(quirks, &plain), None);
        }
        for thinking in [ThinkingWords::OpenRouter, ThinkingWords::Unknown] {
            let quirks = OpenAiQuirks {
                thinking,
                ..OpenAiQuirks::COMMON
            };
            assert_eq!(left(quirks, &marked), None);
        }
    }
}
