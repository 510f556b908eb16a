//! Seals of other makers in a conversation that goes on with a model of the
//! caller's own dialect. A translation put them there, and the provider would
//! refuse them as its own; `docs/providers.md` §12.

use bytes::Bytes;

use crate::model::{CallDialect, Surface};

use super::seal_tag::TAG;
use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::bodies::raw_object::RawObject;
use crate::providers::dialect::google;

/// A tag as it begins in base64: it has nine bytes.
const TAG_IN_BASE64: &str = "bGF0Y2hrZXku";

/// Leaves out of a body what is sealed by other makers; whether anything was.
pub fn leave_out(dialect: CallDialect, surface: Surface, body: &mut RawObject) -> bool {
    let (field, tag) = match (dialect, surface) {
        (CallDialect::OpenAi, Surface::Responses) => ("input", TAG),
        (CallDialect::Anthropic, Surface::Chat) => ("messages", TAG),
        (CallDialect::Google, Surface::Chat) => ("contents", TAG_IN_BASE64),
        _ => return false,
    };
    let raw = body.raw(field).filter(|raw| raw.contains(tag));
    let Some(Json::List(mut turns)) = raw.and_then(|raw| Json::parse(raw.as_bytes())) else {
        return false;
    };
    match dialect {
        CallDialect::Anthropic => leave_out_of_turns(&mut turns, "content", is_foreign_block),
        CallDialect::Google => {
            for part in turns.iter_mut().flat_map(|turn| items_of(turn, "parts")) {
                unsign(part);
            }
            leave_out_of_turns(&mut turns, "parts", is_empty_part);
        }
        CallDialect::OpenAi | CallDialect::Native => {
            turns.retain(|item| !is_tagged(item, "encrypted_content"));
        }
    }
    body.set_raw(field, Bytes::from(Json::List(turns).to_string()));
    true
}

fn is_tagged(object: &Json, field: &str) -> bool {
    let value = object[field].as_str();
    value.is_some_and(|it| it.starts_with(TAG))
}

fn is_foreign_block(block: &Json) -> bool {
    is_tagged(block, "signature") || is_tagged(block, "data")
}

fn items_of<'a>(turn: &'a mut Json, field: &str) -> &'a mut [Json] {
    match turn.get_mut(field) {
        Some(Json::List(items)) => items,
        _ => &mut [],
    }
}

/// Leaves parts out of turns, and turns that then have none.
fn leave_out_of_turns(turns: &mut Vec<Json>, field: &str, is_foreign: fn(&Json) -> bool) {
    turns.retain_mut(|turn| match turn.get_mut(field) {
        Some(Json::List(parts)) => {
            let had_parts = !parts.is_empty();
            parts.retain(|part| !is_foreign(part));
            !had_parts || !parts.is_empty()
        }
        _ => true,
    });
}

/// Takes the seal of another maker's from a part of Google's. A function call
/// must have one, and there is a word for none.
fn unsign(part: &mut Json) {
    for name in ["thoughtSignature", "thought_signature"] {
        let seal = part[name].as_str();
        if !seal.is_some_and(|it| it.starts_with(TAG_IN_BASE64)) {
            continue;
        }
        if part
            .get("functionCall")
            .or(part.get("function_call"))
            .is_some()
        {
            part.set(name, google::NO_SIGNATURE);
        } else {
            part.remove(name);
        }
    }
}

/// A part that had nothing but a seal.
fn is_empty_part(part: &Json) -> bool {
    match part.fields() {
        [] => true,
        [(name, text)] => name == "text" && text.is(""),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::*;

    fn left(dialect: CallDialect, surface: Surface, body: &Value) -> Option<Value> {
        let mut fields = RawObject::parse(&body.to_string().into()).unwrap();
        let is_changed = leave_out(dialect, surface, &mut fields);
        let written = fields.write();
        is_changed.then(|| serde_json::from_slice(&written).unwrap())
    }

    #[test]
    fn seals_of_others_are_left_out_and_ones_own_stay() {
        let ours = "latchkey.anthropic.c2ln";
        let items = |seals: &[&str]| {
            let items = seals.iter();
            let items = items.map(|it| json!({"type": "reasoning", "encrypted_content": it}));
            json!({"input": items.collect::<Vec<_>>()})
        };
        let (openai, responses) = (CallDialect::OpenAi, Surface::Responses);
        assert_eq!(left(openai, responses, &items(&["own"])), None);
        assert_eq!(
            left(openai, responses, &items(&["own", ours])),
            Some(items(&["own"]))
        );
        let thought = |seal: &str| json!({"type": "thinking", "thinking": "x", "signature": seal});
        let talk = |blocks: Value| {
            json!({"messages": [{"role": "assistant", "content": [thought(ours)]},
                {"role": "assistant", "content": blocks}, {"role": "user", "content": "latchkey.x"}]})
        };
        let said = json!({"type": "text", "text": "hi"});
        let mut expected = talk(json!([thought("own"), said]));
        expected["messages"].as_array_mut().unwrap().remove(0);
        assert_eq!(
            left(
                CallDialect::Anthropic,
                Surface::Chat,
                &talk(json!([thought(ours), thought("own"), said]))
            ),
            Some(expected)
        );
    }

    #[test]
    fn a_thought_that_is_shown_to_nobody_may_be_of_another_maker_too() {
        let hidden = |data: &str| json!({"type": "redacted_thinking", "data": data});
        let talk = |blocks: Value| json!({"messages": [{"role": "assistant", "content": blocks}]});
        let body = talk(json!([hidden("latchkey.openai.c2ln"), hidden("own")]));
        assert_eq!(
            left(CallDialect::Anthropic, Surface::Chat, &body),
            Some(talk(json!([hidden("own")])))
        );
    }

    #[test]
    fn a_call_keeps_a_word_for_no_seal_at_google() {
        let ours = STANDARD.encode("latchkey.anthropic.[\"x\",\"y\"]");
        assert!(ours.starts_with(TAG_IN_BASE64));
        let body = json!({"contents": [{"role": "model", "parts": [
            {"functionCall": {"name": "f"}, "thoughtSignature": ours},
            {"text": "a", "thoughtSignature": ours}, {"text": "", "thoughtSignature": ours},
            {"text": "b", "thoughtSignature": "own"}]}]});
        let expected = json!({"contents": [{"role": "model", "parts": [
            {"functionCall": {"name": "f"}, "thoughtSignature": "skip_thought_signature_validator"},
            {"text": "a"}, {"text": "b", "thoughtSignature": "own"}]}]});
        assert_eq!(
            left(CallDialect::Google, Surface::Chat, &body),
            Some(expected)
        );
    }
}
