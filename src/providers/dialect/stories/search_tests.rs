//! A search of the web that a vendor does itself, asked for in one dialect and
//! done by another's vendor.

use serde_json::{Value, json};

use super::round_trip_tests::{Caller, translate, translate_limited};

const CLAUDE: &str = "anthropic/claude-haiku-5-5";
const GEMINI: &str = "google/gemini-3.1-flash-lite";
const GPT: &str = "openai/gpt-6-luna";
const MISTRAL: &str = "mistral/mistral-small-latest";

/// A call that asks for a search, with more about it.
fn ask(caller: Caller, more: &Value) -> Value {
    let mut tool = match caller {
        Caller::Chat => json!({}),
        Caller::Responses => json!({"type": "web_search_preview"}),
        Caller::Messages => json!({"type": "web_search_20250305", "name": "web_search"}),
        Caller::Google => {
            return json!({"contents": [{"parts": [{"text": "?"}]}], "tools": [{"googleSearch": more}]});
        }
    };
    for (name, value) in more.as_object().unwrap() {
        tool[name] = value.clone();
    }
    match caller {
        Caller::Chat => {
            json!({"messages": [{"role": "user", "content": "?"}], "web_search_options": tool})
        }
        Caller::Responses => json!({"input": "?", "tools": [tool]}),
        _ => {
            json!({"max_tokens": 50, "messages": [{"role": "user", "content": "?"}], "tools": [tool]})
        }
    }
}

/// What a model is sent for tools, and what is ignored.
fn sent(caller: Caller, model: &str, more: &Value) -> (Value, Option<String>) {
    let (sent, answers) = translate(caller, model, &ask(caller, more));
    (sent["tools"].clone(), answers.ignored().map(str::to_owned))
}

#[test]
fn each_vendor_searches_with_its_own_tool() {
    for caller in [Caller::Chat, Caller::Responses, Caller::Google] {
        let anthropics = json!([{"type": "web_search_20250305", "name": "web_search"}]);
        assert_eq!(sent(caller, CLAUDE, &json!({})), (anthropics, None));
    }
    for caller in [Caller::Chat, Caller::Responses, Caller::Messages] {
        let googles = json!([{"googleSearch": {}}]);
        assert_eq!(sent(caller, GEMINI, &json!({})), (googles, None));
    }
    // A chat of OpenAI's own is not translated.
    for caller in [Caller::Messages, Caller::Google] {
        let openais = json!([{"type": "web_search"}]);
        assert_eq!(sent(caller, GPT, &json!({})), (openais, None));
    }
}

#[test]
fn a_search_can_be_made_sure_of() {
    let mut forced = ask(Caller::Responses, &json!({}));
    forced["tool_choice"] = json!({"type": "web_search_preview"});
    let (sent, _) = translate(Caller::Responses, CLAUDE, &forced);
    assert_eq!(
        sent["tool_choice"],
        json!({"type": "tool", "name": "web_search"})
    );
    let (sent, _) = translate(Caller::Responses, GEMINI, &forced);
    assert_eq!(sent["tools"], json!([{"googleSearch": {}}]));
}

#[test]
fn what_is_said_of_a_search_is_said_or_named() {
    let here = json!({"type": "approximate", "city": "Rome", "country": "IT"});
    let anthropics =
        json!({"max_uses": 2, "allowed_domains": ["a.example"], "user_location": here});
    let (tools, ignored) = sent(Caller::Messages, GPT, &anthropics);
    assert_eq!(
        tools,
        json!([{"type": "web_search", "filters": {"allowed_domains": ["a.example"]},
            "user_location": {"country": "IT", "city": "Rome", "type": "approximate"}}])
    );
    assert_eq!(ignored.as_deref(), Some("max_uses"));
    let openais = json!({"search_context_size": "low", "user_location": here,
        "filters": {"allowed_domains": ["a.example"]}});
    let (tools, ignored) = sent(Caller::Responses, CLAUDE, &openais);
    assert_eq!(tools[0]["allowed_domains"], json!(["a.example"]));
    assert_eq!(tools[0]["user_location"]["city"], "Rome");
    assert_eq!(ignored.as_deref(), Some("search_context_size"));
    let chats = json!({"search_context_size": "low", "user_location": {"type": "approximate", "approximate": here}});
    let (tools, ignored) = sent(Caller::Chat, GEMINI, &chats);
    assert_eq!(tools, json!([{"googleSearch": {}}]));
    assert_eq!(
        ignored.as_deref(),
        Some("search_context_size, user_location")
    );
}

#[test]
fn what_would_be_another_search_is_refused_by_its_name() {
    let refused = |caller: Caller, model: &str, body: &Value| {
        let refused = translate_limited(caller, model, body, None);
        refused.err().unwrap().what
    };
    let only = ask(Caller::Messages, &json!({"allowed_domains": ["a.example"]}));
    assert_eq!(
        refused(Caller::Messages, GEMINI, &only),
        "`allowed_domains` of a search, for which this provider has no words,"
    );
    let but = ask(Caller::Messages, &json!({"blocked_domains": ["a.example"]}));
    assert_eq!(
        refused(Caller::Messages, GPT, &but),
        "`blocked_domains` of a search, for which this provider has no words,"
    );
    for caller in [Caller::Responses, Caller::Messages, Caller::Google] {
        assert_eq!(
            refused(caller, MISTRAL, &ask(caller, &json!({}))),
            "A search of the web, which this provider does not do here,"
        );
    }
    let mut beside = ask(Caller::Messages, &json!({}));
    let function = json!({"name": "w", "input_schema": {"type": "object"}});
    beside["tools"].as_array_mut().unwrap().push(function);
    assert_eq!(
        refused(Caller::Messages, GEMINI, &beside),
        "A search of the web beside functions, for a model of Google's,"
    );
    let (sent, _) = translate(Caller::Messages, GPT, &beside);
    assert_eq!(sent["tools"].as_array().unwrap().len(), 2);
}
