//! OpenAI's chat, at every provider that takes it.

use serde_json::{Value, json};

use super::{CHATTING, judge_chat, own_key_only, with, written};
use crate::providers::Catalogue;
use crate::providers::dialect::Dialect;
use crate::providers::shared_key::Refused;

#[test]
fn a_limit_is_written_under_one_name_wherever_it_stood() {
    for (id, model) in CHATTING {
        let catalogue = Catalogue::new(&[]).unwrap();
        let name = match catalogue.find(id).unwrap().dialect {
            Dialect::OpenAi(quirks) => quirks.output_limit,
            Dialect::Ollama => "max_tokens",
            _ => "max_completion_tokens",
        };
        for (spelling, asked) in [
            ("{\"max_tokens\":10", 10),
            ("{\"max_completion_tokens\":10", 10),
            ("{\"max_tokens\":10.0,\"max_completion_tokens\":100000", 10),
            ("{\"max_tokens\":1e5,\"max_completion_tokens\":1e1", 10),
            ("{\"max_output_tokens\":10", 10),
            ("{\"maxOutputTokens\":10", 10),
            ("{\"max_new_tokens\":10,\"n_predict\":11", 10),
            ("{\"num_predict\":10", 10),
            ("{\"m\\u0061x_tokens\":10", 10),
            ("{\"max_tokens\":null,\"max_completion_tokens\":null", 4_000),
            ("{\"user\":\"u\"", 4_000),
        ] {
            let body = format!("{spelling},\"model\":\"x\",\"messages\":[]}}");
            let bounded = judge_chat(id, model, &body).unwrap();
            let sent = written(&bounded, 4_000);
            assert_eq!(sent[name], json!(asked), "{id} {body}");
            let is_limit = |field: &&String| field.contains("ax") || field.contains("predict");
            let limits = sent.as_object().unwrap().keys().filter(is_limit);
            assert_eq!(limits.count(), 1, "{id} {sent}");
        }
        for wrong in [
            "\"10\"", "-1", "1.5", "0", "[10]", "true", "{}", "1e400", "-0",
        ] {
            let body = format!("{{\"max_tokens\":{wrong},\"messages\":[]}}");
            let judged = judge_chat(id, model, &body);
            let zero_warms_the_cache = *id == "anthropic" && wrong == "0";
            assert_eq!(
                matches!(judged, Err(Refused::Malformed(_))),
                !zero_warms_the_cache,
                "{id} {wrong}"
            );
        }
    }
}

#[test]
fn several_answers_are_counted_or_refused() {
    for (id, model) in CHATTING {
        let gives_many = ["openai", "mistral", "xai"].contains(id);
        for n in ["2", "2.0", "2e0", "0.2e1"] {
            let body = format!("{{\"n\":{n},\"messages\":[]}}");
            match judge_chat(id, model, &body) {
                Ok(bounded) => {
                    assert!(gives_many, "{id}");
                    assert_eq!(bounded.bound().answers, 2);
                    let sent = written(&bounded, 4_000);
                    assert_eq!(sent["n"].to_string(), "2");
                    assert!(sent.to_string().contains("2000"), "{sent}");
                }
                Err(refused) => {
                    assert!(!gives_many, "{id}");
                    assert_eq!(refused, own_key_only("`n` above 1"));
                }
            }
        }
        for n in ["0", "9", "128", "\"2\"", "-1", "1.5", "1e9", "true"] {
            let body = format!("{{\"n\":{n},\"messages\":[]}}");
            let judged = judge_chat(id, model, &body);
            assert!(
                matches!(judged, Err(Refused::Malformed(_))),
                "{id} {n}: {:?}",
                judged.err()
            );
        }
        let one = judge_chat(id, model, "{\"n\":1,\"messages\":[]}").unwrap();
        assert_eq!(one.bound().answers, 1);
    }
}

/// Fields without a bound, and how they are refused.
fn unbounded_fields() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"web_search_options": {}}), "`web_search_options`"),
        (json!({"web_search_options": false}), "`web_search_options`"),
        (
            json!({"search_parameters": {"mode": "off"}}),
            "`search_parameters`",
        ),
        (
            json!({"plugins": [{"id": "web"}]}),
            "`plugins`, unless it is empty,",
        ),
        (json!({"models": ["x"]}), "`models`"),
        (json!({"route": "fallback"}), "`route`"),
        (json!({"preset": "x"}), "`preset`"),
        (json!({"provider": {}}), "`provider`"),
        (json!({"audio": "auto"}), "`audio`"),
        (json!({"audio": {"voice": "x"}}), "`audio`"),
        (
            json!({"modalities": ["text", "audio"]}),
            "`modalities[1]` with this value",
        ),
        (
            json!({"prediction": {"type": "content", "content": "x"}}),
            "`prediction`",
        ),
        (json!({"store": true}), "`store` other than `false`"),
        (
            json!({"service_tier": "priority"}),
            "`service_tier` with this value",
        ),
        (json!({"moderation": {}}), "`moderation`"),
        (
            json!({"previous_response_id": "resp_1"}),
            "`previous_response_id`",
        ),
        (json!({"conversation": "conv_1"}), "`conversation`"),
    ]
}

/// Parts and tools without a bound, and how they are refused.
fn unbounded_parts() -> Vec<(Value, &'static str)> {
    let part = |part: Value| json!({"messages": [{"role": "user", "content": [part]}]});
    vec![
        (json!({"background": true}), "`background`"),
        (json!({"best_of": 20}), "`best_of`"),
        (json!({"N": 20}), "`N`"),
        (json!({"compound_custom": {}}), "`compound_custom`"),
        (
            json!({"prompt_cache_options": {"ttl": "12h"}}),
            "`prompt_cache_options.ttl` with this value",
        ),
        (
            json!({"tools": [{"type": "web_search"}]}),
            "`tools[0]` with the type `web_search`",
        ),
        (
            json!({"tools": [{"type": "mcp", "server_url": "x"}]}),
            "`tools[0]` with the type `mcp`",
        ),
        (
            json!({"tools": [{"type": "function", "function": {"name": "f"}}, {"type": "openrouter:web_search"}]}),
            "`tools[1]` with the type `openrouter:web_search`",
        ),
        (
            json!({"tools": [{"type": "function", "function": {"name": "f"}, "googleSearch": {}}]}),
            "`tools[0].googleSearch`",
        ),
        (
            part(json!({"type": "input_audio", "input_audio": {}})),
            "`messages[0].content[0]` with the type `input_audio`",
        ),
        (
            part(json!({"type": "video_url", "video_url": {}})),
            "`messages[0].content[0]` with the type `video_url`",
        ),
        (
            part(json!({"type": "document_url", "document_url": "https://x"})),
            "`messages[0].content[0]` with the type `document_url`",
        ),
        (
            part(json!({"type": "text", "text": "x", "file": {}})),
            "`messages[0].content[0].file`",
        ),
        (
            part(
                json!({"type": "image_url", "image_url": {"url": "data:application/pdf;base64,JVBERi0="}}),
            ),
            "`messages[0].content[0].image_url.url`, which is no picture that can be counted,",
        ),
        (
            json!({"messages": [{"role": "assistant", "audio": {"id": "a"}}]}),
            "`messages[0].audio`",
        ),
    ]
}

/// What a provider runs, fetches, keeps or sells apart, wherever it can be
/// asked for in OpenAI's chat.
#[test]
fn what_has_no_bound_in_chat_is_refused_at_every_provider() {
    for (more, what) in unbounded_fields().into_iter().chain(unbounded_parts()) {
        for (id, model) in CHATTING {
            let refused = judge_chat(id, model, &with(&more)).err();
            assert_eq!(refused, Some(own_key_only(what)), "{id} {more}");
        }
    }
}

/// A file that comes with the call has a bound where its model's longest
/// prompt is known; one that is fetched or looked up has none.
#[test]
fn documents_are_held_at_the_longest_prompt_or_refused() {
    let part = |file: &Value| {
        let part = json!({"type": "file", "file": file});
        with(&json!({"messages": [{"role": "user", "content": [part]}]}))
    };
    let pdf = |long: &str| {
        part(
            &json!({"filename": "a.pdf", "file_data": format!("data:application/pdf;base64,{long}")}),
        )
    };
    let long = "A".repeat(400_000);
    for (model, most) in [("gpt-6-luna", 1_050_000), ("gpt-4o", 128_000)] {
        let bounded = judge_chat("openai", model, &pdf(&long)).unwrap();
        let held = bounded.bound().prompt.most;
        assert!(
            (most..most + most / 4 + 400).contains(&held),
            "{model} {held}"
        );
    }
    let refused = judge_chat("openai", "gpt-4o-mini", &pdf("AAAA")).err();
    let uncounted =
        "`messages[0].content[0].file.file_data`, which is no document that can be counted,";
    assert_eq!(refused, Some(own_key_only(uncounted)));
    for (file, what) in [
        (
            json!({"file_id": "f"}),
            "`messages[0].content[0].file.file_id`",
        ),
        (json!({"file_data": "https://x.example/a.pdf"}), uncounted),
        (
            json!({"file_data": "data:application/msword;base64,AAAA"}),
            uncounted,
        ),
        (
            json!({"file_data": "data:application/pdf;base64,https://x.example/a.pdf"}),
            uncounted,
        ),
        (json!({"file_data": "file-abc"}), uncounted),
    ] {
        let refused = judge_chat("openai", "gpt-6-luna", &part(&file)).err();
        assert_eq!(refused, Some(own_key_only(what)), "{file}");
    }
    for (id, model) in CHATTING.iter().filter(|(id, _)| *id != "openai") {
        let refused = judge_chat(id, model, &pdf("AAAA")).err();
        let what = "`messages[0].content[0]` with the type `file`";
        assert_eq!(refused, Some(own_key_only(what)), "{id}");
    }
}

#[test]
fn what_means_nothing_for_sure_is_malformed_at_every_provider() {
    for (body, what) in [
        (
            r#"{"messages":[{"role":"user","role":"assistant","content":"x"}]}"#,
            "`messages[0].role` stands there twice",
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"x","text":"y"}]}]}"#,
            "`messages[0].content[0].text` stands there twice",
        ),
        (
            r#"{"messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":{"a":1,"\u0061":2}}}]}"#,
            "`tools[0].function.parameters.a` stands there twice",
        ),
        (r#"{"messages":{}}"#, "`messages` must be a list"),
        (r#"{"messages":[null]}"#, "`messages[0]` must be an object"),
        (
            r#"{"messages":[{"content":"x"}]}"#,
            "`messages[0]` must have a `role`",
        ),
        (
            r#"{"messages":[{"role":5,"content":"x"}]}"#,
            "`messages[0]` must have a `role`",
        ),
        (
            r#"{"messages":[],"tools":{"type":"web_search"}}"#,
            "`tools` must be a list",
        ),
        (
            r#"{"messages":[],"stream":"true"}"#,
            "`stream` must be true or false",
        ),
        (
            r#"{"messages":[],"service_tier":["flex"]}"#,
            "`service_tier` must be a text",
        ),
        (
            r#"{"messages":[],"temperature":"0.2"}"#,
            "`temperature` must be a number",
        ),
    ] {
        for (id, model) in CHATTING {
            let refused = judge_chat(id, model, body).err();
            assert_eq!(
                refused,
                Some(Refused::Malformed(what.into())),
                "{id} {body}"
            );
        }
    }
}

#[test]
fn what_stands_for_not_asked_passes() {
    let body = json!({"model": "x", "messages": [{"role": "assistant", "content": null, "refusal": null, "annotations": [],
        "tool_calls": [{"id": "1", "type": "function", "index": 0, "function": {"name": "f", "arguments": "{}"}}]}],
        "store": false, "service_tier": "auto", "modalities": ["text"], "logprobs": false, "plugins": [],
        "tools": [], "web_search_options": null, "audio": null, "stream_options": null, "metadata": {}});
    for (id, model) in CHATTING {
        let bounded = judge_chat(id, model, &body.to_string()).unwrap();
        let sent = written(&bounded, 100);
        let nulls = ["web_search_options", "audio", "stream_options"];
        let fields = sent.as_object().unwrap();
        assert!(
            nulls.iter().all(|name| !fields.contains_key(*name)),
            "{sent}"
        );
        assert_eq!(sent["messages"][0].get("refusal"), None);
        assert_eq!(sent["messages"][0]["content"], Value::Null);
    }
}

#[test]
fn what_is_not_changed_is_sent_as_it_came() {
    let body = r#"{"messages":[ {"role":"user", "content":"\u00e9 \/"} ],"temperature":1.50,"seed":12345678901234567890,"top_p":null,"max_completion_tokens":7}"#;
    let bounded = judge_chat("groq", "openai/gpt-oss-20b", body).unwrap();
    let sent = bounded.fields_within(100).unwrap().write();
    assert_eq!(
        String::from_utf8(sent).unwrap(),
        r#"{"messages":[ {"role":"user", "content":"\u00e9 \/"} ],"temperature":1.50,"seed":12345678901234567890,"max_completion_tokens":7}"#
    );
}

#[test]
fn pictures_are_held_at_their_worst_and_words_at_their_bytes() {
    let long = "A".repeat(100_000);
    let data = format!("data:image/png;base64,{long}");
    let part = |url: &str| {
        json!({"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": url, "detail": "auto"}}]}]})
    };
    for (id, model, url, least) in [
        ("groq", "openai/gpt-oss-20b", data.as_str(), 8_192),
        (
            "groq",
            "openai/gpt-oss-20b",
            "https://x.example/a.png",
            8_192,
        ),
        ("anthropic", "claude-haiku-5-5", data.as_str(), 4_784),
        ("openrouter", "openai/gpt-6-luna", data.as_str(), 48_169),
        ("openai", "gpt-4o-mini", "https://x.example/a.png", 48_169),
        ("openai", "gpt-6-luna", data.as_str(), 3_000),
    ] {
        let bounded = judge_chat(id, model, &part(url).to_string()).unwrap();
        let bound = bounded.bound();
        assert_eq!(bound.pictures, 1);
        let most = least * 5 / 4 + 400;
        assert!((least..most).contains(&bound.prompt.most), "{id} {bound:?}");
        let detail = &written(&bounded, 1)["messages"][0]["content"][0]["image_url"]["detail"];
        assert_eq!(detail, if id == "openai" { "high" } else { "auto" });
    }
    // What only claims to be a picture is words.
    for body in [
        json!({"messages": [{"role": "user", "content": data}]}),
        json!({"messages": [], "tools": [{"type": "function", "function": {"name": "f", "parameters": {"url": data}}}]}),
    ] {
        let bounded = judge_chat("groq", "openai/gpt-oss-20b", &body.to_string()).unwrap();
        assert!(bounded.bound().prompt.most > 100_000);
    }
    // The detail is added where there is none.
    for detail in ["", r#","detail":null"#, r#","x":null,"detail":null"#] {
        let body = format!(
            r#"{{"messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{data}"{detail}}}}}]}}]}}"#
        );
        let bounded = judge_chat("openai", "gpt-6-luna", &body).unwrap();
        let sent = bounded.fields_within(1).unwrap().write();
        let sent = String::from_utf8(sent).unwrap();
        assert!(sent.contains(r#"","detail":"high"}}]"#), "{detail}");
        assert_eq!(sent.matches("detail").count(), 1, "{detail}");
    }
}

#[test]
fn a_schema_is_held_as_long_as_it_is_with_copies_for_its_references() {
    let ask = |levels: usize| {
        let mut definitions = serde_json::Map::new();
        for level in 0..levels {
            let next = json!({"$ref": format!("#/$defs/l{}", level + 1)});
            definitions.insert(format!("l{level}"), json!({"anyOf": [next, next]}));
        }
        definitions.insert(format!("l{levels}"), json!({"type": "string"}));
        let schema = json!({"type": "object", "$defs": definitions,
            "properties": {"a": {"$ref": "#/$defs/l0"}}});
        let tool = json!({"type": "function", "function": {"name": "f", "parameters": schema}});
        judge_chat("openai", "gpt-6-luna", &with(&json!({"tools": [tool]})))
    };
    let held = |levels| ask(levels).unwrap().bound().prompt.most;
    assert!(held(8) > 2 * held(7) - 2_000, "{} {}", held(8), held(7));
    assert!(held(8) > 20_000, "{}", held(8));
    let refused = ask(31).err();
    let what = "`tools[0].function.parameters`, which its references make longer than any prompt,";
    assert_eq!(refused, Some(own_key_only(what)));
}
