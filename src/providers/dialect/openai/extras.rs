//! Fields that this program adds to the messages of its answers, in a
//! conversation that goes on with a vendor who does not know them: Groq,
//! Cerebras and Mistral refuse them; `docs/providers.md` §7.7.

use bytes::Bytes;

use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::bodies::raw_object::RawObject;
use crate::providers::dialect::translating::neutral::Ignored;

use super::messages::FORMATS;
use super::{OpenAiQuirks, ThinkingWords};

/// The seal of Google's, in a message or a call.
const SEAL: &str = "extra_content";
const DETAILS: &str = "reasoning_details";
/// What stands beside the details, in words.
const THOUGHT: &str = "reasoning";
/// What OpenAI's own answers have beside their words too, which Mistral refuses
/// even where there is nothing in it.
const OF_ANSWERS: [&str; 5] = ["refusal", "annotations", "images", "audio", "function_call"];

/// Leaves such fields out of a chat, and names them; whether there were any. A vendor of whom
/// nothing is known gets the chat as it came, and so does `OpenRouter`, which has
/// the details from.
pub fn leave_extras_out(
    chat: &mut RawObject,
    quirks: OpenAiQuirks,
    left_out: &mut Ignored,
) -> bool {
    let is_read = match quirks.thinking {
        ThinkingWords::OpenRouter => true,
        ThinkingWords::Unknown => !quirks.refuses_unknown,
        _ => false,
    };
    let refused: &[&str] = match quirks.thinking {
        ThinkingWords::Mistral => &OF_ANSWERS,
        _ => &[],
    };
    let names = [DETAILS, SEAL];
    let has_any = |raw: &&str| {
        let mut names = names.iter().chain(refused);
        names.any(|name| raw.contains(*name))
    };
    let raw = chat.raw("messages").filter(|_| !is_read).filter(has_any);
    let Some(Json::List(mut messages)) = raw.and_then(|raw| Json::parse(raw.as_bytes())) else {
        return false;
    };
    let mut has_changed = false;
    for message in &mut messages {
        has_changed |= leave_out_of(message, left_out);
        if message["role"].is("assistant") {
            has_changed |= leave_names_out(message, refused, left_out);
        }
    }
    if has_changed {
        chat.set_raw("messages", Bytes::from(Json::List(messages).to_string()));
    }
    has_changed
}

/// Leaves out what a vendor refuses in any answer, and keeps why a model did not
/// answer as its words.
fn leave_names_out(message: &mut Json, refused: &[&str], left_out: &mut Ignored) -> bool {
    let why = message.get("refusal").filter(|_| !refused.is_empty());
    let why = why.filter(|_| message.get("content").is_none()).cloned();
    let is_told = why.is_some();
    message.set_some("content", why);
    let mut has_changed = false;
    for name in refused {
        let Some(value) = message.remove(name) else {
            continue;
        };
        has_changed = true;
        let says_nothing = value.is_null() || (value.is_list() && value.items().is_empty());
        let is_known = says_nothing || (is_told && *name == "refusal");
        if !is_known {
            left_out.add(name);
        }
    }
    has_changed
}

fn leave_out_of(message: &mut Json, left_out: &mut Ignored) -> bool {
    let mut is_ours = message.remove(SEAL).is_some();
    if let Some(Json::List(calls)) = message.get_mut("tool_calls") {
        for call in calls {
            is_ours |= call.remove(SEAL).is_some();
        }
    }
    if is_ours {
        left_out.add(SEAL);
    }
    let details = message[DETAILS].items();
    if !details.is_empty() && details.iter().all(is_ours_to_write) {
        message.remove(DETAILS);
        left_out.add(DETAILS);
        is_ours = true;
    }
    if is_ours {
        message.remove(THOUGHT);
    }
    is_ours
}

/// Whether a detail is in a format that answers are written in here. Vendors
/// who have details of their own give them their own names.
fn is_ours_to_write(detail: &Json) -> bool {
    let format = detail["format"].as_str();
    format.is_none_or(|it| it == "unknown" || FORMATS.iter().any(|(name, _)| it == *name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn left(thinking: ThinkingWords, message: &Value) -> Option<Value> {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "?"}, message]});
        let mut chat = RawObject::parse(&body.to_string().into()).unwrap();
        let quirks = OpenAiQuirks {
            thinking,
            ..OpenAiQuirks::COMMON
        };
        let is_changed = leave_extras_out(&mut chat, quirks, &mut Ignored::default());
        let written: Value = serde_json::from_slice(&chat.write()).unwrap();
        is_changed.then(|| written["messages"][1].clone())
    }

    #[test]
    fn what_an_answer_of_ours_has_beside_its_words_is_left_out() {
        let seal = json!({"google": {"thought_signature": "c2ln"}});
        let call = |more: &[(&str, &Value)]| {
            let mut call = json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
            for (name, value) in more {
                call[*name] = (*value).clone();
            }
            call
        };
        let said = json!({"role": "assistant", "content": "Hi", "reasoning": "hm",
            "reasoning_details": [
                {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1", "index": 0},
                {"type": "reasoning.text", "text": "hm", "index": 1}],
            "extra_content": seal, "tool_calls": [call(&[("extra_content", &seal)])]});
        let plain = json!({"role": "assistant", "content": "Hi", "tool_calls": [call(&[])]});
        for thinking in [
            ThinkingWords::Effort,
            ThinkingWords::Mistral,
            ThinkingWords::DeepSeek,
        ] {
            assert_eq!(left(thinking, &said), Some(plain.clone()));
        }
        for thinking in [ThinkingWords::OpenRouter, ThinkingWords::Unknown] {
            assert_eq!(left(thinking, &said), None);
        }
    }

    #[test]
    fn mistral_gets_nothing_of_an_answer_but_its_words_and_calls() {
        let said = json!({"role": "assistant", "content": "Hi", "refusal": null, "annotations": [],
            "audio": null});
        let plain = json!({"role": "assistant", "content": "Hi"});
        assert_eq!(left(ThinkingWords::Mistral, &said), Some(plain.clone()));
        assert_eq!(left(ThinkingWords::Mistral, &plain), None);
        let refused = json!({"role": "assistant", "content": null, "refusal": "Hi"});
        assert_eq!(left(ThinkingWords::Mistral, &refused), Some(plain));
        assert_eq!(left(ThinkingWords::Effort, &said), None);
    }

    #[test]
    fn what_vendors_write_themselves_stays() {
        for own in [
            json!({"role": "assistant", "content": "Hi", "reasoning": "hm"}),
            json!({"role": "assistant", "content": "Hi", "reasoning_content": "hm"}),
            json!({"role": "assistant", "content": "Hi", "reasoning": "hm", "reasoning_details": [
                {"type": "reasoning.text", "text": "hm", "format": "MiniMax-response-v1", "index": 0}]}),
            json!({"role": "user", "content": "what are reasoning_details and extra_content?"}),
        ] {
            assert_eq!(left(ThinkingWords::Effort, &own), None, "{own}");
        }
    }
}
