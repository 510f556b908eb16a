//! Recorded traffic of the real providers parses to what it shows: text,
//! usage, and the class of errors.

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::tests::outside;

use crate::providers::chat::read_event;
use crate::providers::dialect::{AnswerFormat, ParsedAnswer};
use crate::providers::failures::failure::classify;
use crate::providers::transport::sse::{Decoder, Event};
use crate::providers::{Catalogue, Provider};

fn recordings(file: &str) -> Vec<Value> {
    let Some(path) = outside::file(&format!("specs/recordings/{file}")) else {
        return Vec::new();
    };
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The provider that a recorded request went to.
fn provider_of<'a>(catalogue: &'a Catalogue, recording: &Value) -> Option<&'a Provider> {
    let uri = recording["request"]["uri"].as_str().unwrap();
    catalogue
        .iter()
        .find(|provider| uri.contains(provider.base_url.host_str().unwrap_or("-")))
}

fn read(provider: &Provider, body: &str, streamed: bool) -> String {
    let format = provider.dialect.chat_format();
    let mut answer = ParsedAnswer::default();
    if streamed {
        let mut decoder = Decoder::new(provider.dialect.framing(), body.len());
        for events in [decoder.push(body.as_bytes()).unwrap(), decoder.finish()] {
            for data in events.iter().map(Event::data).filter(|it| !it.is_empty()) {
                read_event(provider, format, &data, &mut answer).unwrap();
            }
        }
    } else {
        read_event(provider, format, body.trim().as_bytes(), &mut answer).unwrap();
    }
    let ParsedAnswer {
        text,
        usage,
        finish,
        model,
        ..
    } = answer;
    let usage = usage.map(|u| {
        (
            u.input_tokens,
            u.output_tokens,
            u.cached_tokens,
            u.reasoning_tokens,
        )
    });
    format!("{}: {text:?} {usage:?} {finish:?} {model:?}", provider.id)
}

#[test]
fn recorded_answers_read_as_what_was_said() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let mut seen = Vec::new();
    for (file, streamed) in [("chat.json", false), ("chat_stream.json", true)] {
        for recording in recordings(file) {
            let body = recording["response"]["body"].as_str().unwrap();
            if let Some(provider) =
                provider_of(&catalogue, &recording).filter(|_| body != "<binary>")
            {
                seen.push(read(provider, body, streamed));
            }
        }
    }
    if !seen.is_empty() {
        insta::assert_snapshot!(seen.join("\n"));
    }
}

#[test]
fn recorded_errors_fall_into_their_class() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let mut seen = Vec::new();
    for file in ["auth_errors.json", "context_and_quota_errors.json"] {
        for recording in recordings(file) {
            let provider = provider_of(&catalogue, &recording).unwrap();
            let body = recording["response"]["body"].as_str().unwrap();
            let status = u16::try_from(recording["response"]["status"].as_u64().unwrap()).unwrap();
            let failure = classify(provider, status, &HeaderMap::new(), body.as_bytes());
            seen.push(format!("{} {status}: {:?}", provider.id, failure.class));
        }
    }
    if !seen.is_empty() {
        insta::assert_snapshot!(seen.join("\n"));
    }
}

#[test]
fn recorded_pictures_are_counted_by_the_class_of_their_tokens() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let mut seen = Vec::new();
    for recording in recordings("images.json") {
        let body = recording["response"]["body"].as_str().unwrap().to_owned();
        let Some(provider) = provider_of(&catalogue, &recording) else {
            continue;
        };
        let format = match provider.dialect.chat_format() {
            AnswerFormat::Google => AnswerFormat::Google,
            _ => AnswerFormat::Images,
        };
        let mut answer = ParsedAnswer::default();
        let value = format.parse_whole(&body.into()).unwrap().unwrap();
        format.read_event(&value, &mut answer);
        let counts = answer.usage.unwrap().counts();
        let counts = counts
            .iter()
            .map(|(class, count)| format!("{}={count}", class.as_str()));
        seen.push(format!(
            "{}: {}",
            provider.id,
            counts.collect::<Vec<_>>().join(" ")
        ));
    }
    if !seen.is_empty() {
        insta::assert_snapshot!(seen.join("\n"), @"
        google: input=5 output=398 output_image=1120
        openai: input=10 output_image=4160
        ");
    }
}
