//! Sources of what an answer says, with the words that each is for, from each
//! dialect into the others.

use serde_json::{Value, json};

use super::round_trip_tests::{Caller, answer, translate};

const HAIKU: &str = "anthropic/claude-haiku-5-5";
const GEMINI: &str = "google/gemini-3.1-flash-lite";
const MISTRAL: &str = "mistral/mistral-small-latest";
const SAID: &str = "Zürich liegt am See. Bern nicht.";

/// Zürich liegt [am See.](A) [Bern nicht.](A, B), counted in bytes of a part.
fn by_google() -> Value {
    let web =
        |name: &str| json!({"web": {"uri": format!("https://{name}.example"), "title": name}});
    json!({"candidates": [{
    "content": {"role": "model", "parts": [{"text": "Zürich liegt "}, {"text": "am See. Bern nicht."}]},
    "finishReason": "STOP",
    "groundingMetadata": {"groundingChunks": [web("a"), web("b"), web("c")], "groundingSupports": [
        {"segment": {"partIndex": 1, "endIndex": 7, "text": "am See."}, "groundingChunkIndices": [0]},
        {"segment": {"partIndex": 1, "startIndex": 8, "endIndex": 19}, "groundingChunkIndices": [0, 1]},
    ]}}]})
}

/// The same, in blocks.
fn by_anthropic() -> Value {
    let text = |text: &str, sources: &[&str]| {
        let cited = sources.iter().map(|name| {
            json!({"type": "web_search_result_location", "url": format!("https://{name}.example"),
                "title": name, "cited_text": "It says so.", "encrypted_index": "x"})
        });
        let cited: Vec<Value> = cited.collect();
        json!({"type": "text", "text": text, "citations": cited})
    };
    json!({"type": "message", "stop_reason": "end_turn", "content": [text("Zürich liegt ", &[]),
        text("am See.", &["a"]), text(" ", &[]), text("Bern nicht.", &["a", "b"])]})
}

/// The same, in characters.
fn by_openai() -> Value {
    let cited = |name: &str, start: u64, end: u64| {
        json!({"type": "url_citation", "url_citation": {"url": format!("https://{name}.example"),
            "title": name, "start_index": start, "end_index": end}})
    };
    let annotations = [cited("a", 13, 20), cited("a", 21, 32), cited("b", 21, 32)];
    json!({"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": SAID,
        "annotations": annotations}}]})
}

fn hello(caller: Caller) -> Value {
    match caller {
        Caller::Chat => json!({"messages": [{"role": "user", "content": "?"}]}),
        Caller::Responses => json!({"input": "?"}),
        Caller::Messages => {
            json!({"max_tokens": 50, "messages": [{"role": "user", "content": "?"}]})
        }
        Caller::Google => json!({"contents": [{"parts": [{"text": "?"}]}]}),
    }
}

/// What a caller reads of the sources: the words, and the name of each.
fn read(caller: Caller, model: &str, said: &Value) -> Vec<String> {
    let (_, mut answers) = translate(caller, model, &hello(caller));
    let told = answer(&mut answers, said);
    let characters = |it: &Value| {
        let index = |name: &str| usize::try_from(it[name].as_u64().unwrap()).unwrap();
        let (start, end) = (index("start_index"), index("end_index"));
        let words: String = SAID.chars().skip(start).take(end - start).collect();
        format!("{words}: {}", it["title"].as_str().unwrap())
    };
    let list = |it: &Value| it.as_array().cloned().unwrap_or_default();
    match caller {
        Caller::Chat => {
            let all = list(&told["choices"][0]["message"]["annotations"]);
            all.iter()
                .map(|it| characters(&it["url_citation"]))
                .collect()
        }
        Caller::Responses => {
            let all = list(&told["output"][0]["content"][0]["annotations"]);
            all.iter().map(characters).collect()
        }
        Caller::Messages => list(&told["content"])
            .iter()
            .flat_map(|block| {
                let text = block["text"].as_str().unwrap();
                let cited = list(&block["citations"]);
                let told = cited
                    .iter()
                    .map(|it| format!("{text}: {}", it["title"].as_str().unwrap()));
                told.collect::<Vec<_>>()
            })
            .collect(),
        Caller::Google => {
            let grounding = &told["candidates"][0]["groundingMetadata"];
            let supports = list(&grounding["groundingSupports"]);
            let told = supports.iter().flat_map(|support| {
                let segment = &support["segment"];
                let index = |name: &str| usize::try_from(segment[name].as_u64().unwrap()).unwrap();
                // Of a part before it nothing is said here.
                let part = usize::try_from(segment["partIndex"].as_u64().unwrap_or(0)).unwrap();
                let parts = list(&told["candidates"][0]["content"]["parts"]);
                let text = parts[part]["text"].as_str().unwrap();
                let place = index("startIndex")..index("endIndex");
                let words = text.get(place).unwrap().to_owned();
                assert_eq!(segment["text"], words);
                let of = list(&support["groundingChunkIndices"]);
                let chunks = &grounding["groundingChunks"];
                let named = of.iter().map(|it| {
                    let at = usize::try_from(it.as_u64().unwrap()).unwrap();
                    format!("{words}: {}", chunks[at]["web"]["title"].as_str().unwrap())
                });
                named.collect::<Vec<_>>()
            });
            told.collect()
        }
    }
}

#[test]
fn a_source_has_its_words_in_every_dialect() {
    let expected = ["am See.: a", "Bern nicht.: a", "Bern nicht.: b"];
    let others = [Caller::Chat, Caller::Responses];
    for caller in others {
        // Google lists one more source than it has words for.
        let told = read(caller, GEMINI, &by_google());
        assert_eq!(told, [expected.as_slice(), &[": c"]].concat());
        assert_eq!(read(caller, HAIKU, &by_anthropic()), expected);
    }
    let told = read(Caller::Messages, GEMINI, &by_google());
    let more = [
        "am See.: a",
        "am See.: c",
        " : c",
        "Bern nicht.: a",
        "Bern nicht.: b",
        "Bern nicht.: c",
    ];
    assert_eq!(told, [["Zürich liegt : c"].as_slice(), &more].concat());
    assert_eq!(read(Caller::Messages, MISTRAL, &by_openai()), expected);
    assert_eq!(read(Caller::Google, MISTRAL, &by_openai()), expected);
    assert_eq!(read(Caller::Google, HAIKU, &by_anthropic()), expected);
}

#[test]
fn a_place_that_is_none_is_left_out() {
    let mut said = by_google();
    let segment =
        &mut said["candidates"][0]["groundingMetadata"]["groundingSupports"][0]["segment"];
    *segment = json!({"partIndex": 0, "startIndex": 2, "endIndex": 900});
    let told = read(Caller::Chat, GEMINI, &said);
    assert_eq!(told[0], ": a", "it stands behind the text");
    let mut said = by_openai();
    let annotations = &mut said["choices"][0]["message"]["annotations"];
    annotations[0]["url_citation"]["end_index"] = json!(9_000_000);
    assert_eq!(
        read(Caller::Google, MISTRAL, &said),
        ["Bern nicht.: a", "Bern nicht.: b"]
    );
}

#[test]
fn a_stream_tells_of_the_same_words() {
    let streamed = |caller: Caller, model: &str, events: &[Value]| {
        let (_, mut answers) = translate(caller, model, &hello(caller));
        let mut out = Vec::new();
        for event in events {
            let data = event.to_string();
            let written = answers.write_event(event, data.as_bytes(), &mut out);
            written.ok().unwrap();
        }
        answers.write_end(&mut out);
        String::from_utf8(out).unwrap()
    };
    let block = |index: u64, text: &str| json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": text}});
    let cited =
        json!({"type": "web_search_result_location", "url": "https://a.example", "title": "a"});
    let messages = [
        json!({"type": "message_start", "message": {"id": "m", "model": "x", "content": []}}),
        block(0, "Zürich "),
        json!({"type": "content_block_stop", "index": 0}),
        block(1, ""),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "citations_delta", "citation": cited}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "liegt"}}),
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "message_stop"}),
    ];
    let chat = streamed(Caller::Chat, HAIKU, &messages);
    assert!(
        chat.contains(r#""start_index":7,"end_index":12,"url":"https://a.example""#),
        "{chat}"
    );
    let google = streamed(Caller::Google, HAIKU, &messages);
    assert!(
        google.contains(r#""startIndex":8,"endIndex":13,"text":"liegt""#),
        "{google}"
    );
    // What Google says at the end is of all that it said, and it may say it twice.
    let chunk = |text: &str| json!({"candidates": [{"content": {"parts": [{"text": text}]}}]});
    let grounding = json!({"groundingChunks": [{"web": {"uri": "https://a.example", "title": "a"}}],
        "groundingSupports": [{"segment": {"startIndex": 8, "endIndex": 13}, "groundingChunkIndices": [0]}]});
    let mut last = chunk("");
    last["candidates"][0]["groundingMetadata"] = grounding;
    let again = last.clone();
    last["candidates"][0]["finishReason"] = json!("STOP");
    let chunks = [chunk("Zürich "), chunk("liegt"), again, last];
    let chat = streamed(Caller::Chat, GEMINI, &chunks);
    assert_eq!(
        chat.matches(r#""start_index":7,"end_index":12"#).count(),
        1,
        "{chat}"
    );
    assert_eq!(chat.matches("url_citation\":{").count(), 1, "{chat}");
}
