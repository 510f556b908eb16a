//! What a model thought before it called a tool, where a chat that goes as it
//! came has nothing of it: vendors who want that back refuse the chat otherwise,
//! also where another vendor's model made the call; `docs/providers.md` §7.7.

use bytes::Bytes;

use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::bodies::raw_object::RawObject;

use super::ThinkingWords;
use super::thinking::{THINKING, THOUGHT};

const CALLS: &str = "tool_calls";

/// Fills in what the vendor takes for no thought, where the model is to think;
/// whether anything was changed.
pub fn fill_in_thoughts(chat: &mut RawObject, words: ThinkingWords) -> bool {
    if words.missing_thought(true).is_none() {
        return false;
    }
    let is_off = |raw: &str| raw.contains("\"disabled\"");
    let has_calls = |raw: &&str| chat.raw("tools").is_some() || raw.contains(CALLS);
    let raw = chat.raw("messages").filter(has_calls);
    let raw = raw.filter(|_| !chat.raw(THINKING).is_some_and(is_off));
    let Some(Json::List(mut messages)) = raw.and_then(|raw| Json::parse(raw.as_bytes())) else {
        return false;
    };
    let mut has_changed = false;
    for message in messages.iter_mut().filter(|it| it["role"].is("assistant")) {
        has_changed |= fill_in(message, words);
    }
    if has_changed {
        chat.set_raw("messages", Bytes::from(Json::List(messages).to_string()));
    }
    has_changed
}

fn fill_in(message: &mut Json, words: ThinkingWords) -> bool {
    let missing = words.missing_thought(!message[CALLS].items().is_empty());
    let said = message[THOUGHT].as_str();
    let is_enough = |missing: &str| said.is_some_and(|it| it.len() >= missing.len());
    let Some(missing) = missing.filter(|it| !is_enough(it)) else {
        return false;
    };
    message.set(THOUGHT, missing);
    true
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn filled(words: ThinkingWords, chat: &Value) -> Option<Vec<Value>> {
        let mut chat = RawObject::parse(&chat.to_string().into()).unwrap();
        let is_changed = fill_in_thoughts(&mut chat, words);
        let written: Value = serde_json::from_slice(&chat.write()).unwrap();
        let messages = written["messages"].as_array().unwrap().iter();
        is_changed.then(|| messages.map(|it| it["reasoning_content"].clone()).collect())
    }

    #[test]
    fn a_call_that_another_vendors_model_made_has_no_thought() {
        let call =
            json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
        let mut chat = json!({"messages": [{"role": "user", "content": "?"},
            {"role": "assistant", "content": "Hi"},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "x"}]});
        let (none, empty, blank) = (Value::Null, json!(""), json!(" "));
        assert_eq!(
            filled(ThinkingWords::DeepSeek, &chat),
            Some(vec![none.clone(), empty.clone(), empty, none.clone()])
        );
        let all = Some(vec![none.clone(), none.clone(), blank, none]);
        assert_eq!(filled(ThinkingWords::Kimi, &chat), all);
        chat["messages"][2]["reasoning_content"] = json!("");
        assert_eq!(filled(ThinkingWords::Kimi, &chat), all);
        for words in [ThinkingWords::Effort, ThinkingWords::Unknown] {
            assert_eq!(filled(words, &chat), None);
        }
        chat["messages"][2]["reasoning_content"] = json!("hm");
        assert_eq!(filled(ThinkingWords::Kimi, &chat), None);
        chat["thinking"] = json!({"type": "disabled"});
        assert_eq!(filled(ThinkingWords::DeepSeek, &chat), None);
    }

    #[test]
    fn a_chat_without_tools_goes_as_it_came() {
        let mut chat = json!({"messages": [{"role": "user", "content": "?"},
            {"role": "assistant", "content": "Hi"}]});
        assert_eq!(filled(ThinkingWords::DeepSeek, &chat), None);
        chat["tools"] = json!([]);
        assert_eq!(
            filled(ThinkingWords::DeepSeek, &chat),
            Some(vec![Value::Null, json!("")])
        );
        assert_eq!(filled(ThinkingWords::Kimi, &chat), None);
    }
}
