//! Words that programs have read aloud.

use std::fmt::Write;

use serde_json::{Value, json};

use super::transcripts::{booked, own, paid, transcribes, what_came};
use crate::tests::program::Program;
use crate::tests::{run, run_with};

const SPEECH: &str = "/v1/audio/speech";

fn ask(model: &str, more: &Value) -> Value {
    let mut ask = json!({"model": model, "input": "Grüezi", "voice": "alloy"});
    for (name, value) in more.as_object().unwrap() {
        ask[name] = value.clone();
    }
    ask
}

#[tokio::test]
async fn words_are_read_aloud_by_those_who_do() {
    run(async |stage| {
        let program = own(stage).await;
        let mut told = String::new();
        for (path, model, more) in [
            (SPEECH, "openai/tts-1", json!({})),
            (
                SPEECH,
                "tts-1-hd",
                json!({"response_format": "wav", "speed": 1.5}),
            ),
            (SPEECH, "gpt-4o-mini-tts", json!({"instructions": "slowly"})),
            (SPEECH, "canopylabs/orpheus-v1-english", json!({})),
            (
                SPEECH,
                "groq/canopylabs/orpheus-v1-english",
                json!({"response_format": "mp3"}),
            ),
            (SPEECH, "mistral/voxtral-mini-tts-2603", json!({})),
            (
                SPEECH,
                "mistral/voxtral-mini-tts-2603",
                json!({"response_format": "opus"}),
            ),
            (SPEECH, "mistral/voxtral-mini-tts-2603", json!({"speed": 2})),
            (SPEECH, "anthropic/claude-haiku-5-5", json!({})),
            (SPEECH, "tts-1", json!({"input": "é".repeat(4_097)})),
            ("/openai/v1/audio/speech", "tts-1", json!({})),
        ] {
            stage.clock.advance_ms(1);
            let answer = program.posts(path, &ask(model, &more)).await;
            let more = if more.to_string().len() > 100 {
                json!("long")
            } else {
                more
            };
            let seen = what_came(stage, &answer, |answer| {
                assert!(answer.text.ends_with("made up"), "{}", answer.text);
                answer.header("content-type").to_owned()
            });
            let _ = writeln!(told, "{path} {model} {more}: {}", seen.await);
        }
        insta::assert_snapshot!(told, @r#"
        /v1/audio/speech openai/tts-1 {}: audio/mpeg
          held 1097 in, 0 out, ?; used 15 in, 0 out, 90000: {"input":"Grüezi","model":"tts-1","voice":"alloy"}
        /v1/audio/speech tts-1-hd {"response_format":"wav","speed":1.5}: audio/wav
          held 1137 in, 0 out, ?; used 23 in, 0 out, 180000: {"input":"Grüezi","model":"tts-1-hd","response_format":"wav","speed":1.5,"voice":"alloy"}
        /v1/audio/speech gpt-4o-mini-tts {"instructions":"slowly"}: audio/mpeg
          held 1131 in, 0 out, ?; used 22 in, 0 out, ?: {"input":"Grüezi","instructions":"slowly","model":"gpt-4o-mini-tts","voice":"alloy"}
        /v1/audio/speech canopylabs/orpheus-v1-english {}: audio/wav
          held 1099 in, 0 out, ?; used 19 in, 0 out, 132000: {"input":"Grüezi","model":"canopylabs/orpheus-v1-english","response_format":"wav","voice":"alloy"}
        /v1/audio/speech groq/canopylabs/orpheus-v1-english {"response_format":"mp3"}: 400 invalid_request "response_format must be one of [wav]"
        /v1/audio/speech mistral/voxtral-mini-tts-2603 {}: audio/mpeg
          held 1099 in, 0 out, ?; used 19 in, 0 out, 96000: {"input":"Grüezi","model":"voxtral-mini-tts-2603","voice_id":"alloy"}
        /v1/audio/speech mistral/voxtral-mini-tts-2603 {"response_format":"opus"}: audio/ogg
          held 1124 in, 0 out, ?; used 25 in, 0 out, 96000: {"input":"Grüezi","model":"voxtral-mini-tts-2603","response_format":"opus","voice_id":"alloy"}
        /v1/audio/speech mistral/voxtral-mini-tts-2603 {"speed":2}: 400 untranslatable "`speed` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        /v1/audio/speech anthropic/claude-haiku-5-5 {}: 404 no_sound "The provider of `anthropic/claude-haiku-5-5` has no `/audio/speech`. These have: OpenAI, Google, Mistral, Groq. There is a key here for OpenAI, Mistral, Groq: name a model of theirs."
        /v1/audio/speech tts-1 "long": 400 invalid_request "[{'type': 'string_too_long', 'loc': ('body', 'input'), 'msg': 'String should have at most 4096 characters'}]"
        /openai/v1/audio/speech tts-1 {}: audio/mpeg
          held 1088 in, 0 out, ?; used 13 in, 0 out, 90000: {"input":"Grüezi","model":"tts-1","voice":"alloy"}
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_shared_key_reads_aloud_what_it_holds() {
    run_with(paid("{ dollars = 0.001, per = 'day' }"), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut told = String::new();
        for (model, more) in [
            ("openai/tts-1", json!({})),
            (
                "groq/canopylabs/orpheus-v1-english",
                json!({"response_format": "wav"}),
            ),
            ("mistral/voxtral-mini-tts-2603", json!({})),
            ("openai/tts-1", json!({"input": "é".repeat(1_000)})),
            ("openai/tts-1", json!({"input": "é".repeat(4_097)})),
            (
                "groq/canopylabs/orpheus-v1-english",
                json!({"input": "é".repeat(201)}),
            ),
            ("openai/tts-1", json!({"input": ""})),
            ("mistral/voxtral-mini-tts-2603", json!({"input": null})),
            ("openai/gpt-4o-mini-tts", json!({})),
            ("openai/tts-1", json!({"voice": {"id": "voice_1"}})),
            (
                "mistral/voxtral-mini-tts-2603",
                json!({"ref_audio": "AAAA"}),
            ),
        ] {
            stage.clock.advance_ms(1);
            let answer = program.posts(SPEECH, &ask(model, &more)).await;
            let more = if more.to_string().len() > 100 {
                json!("long")
            } else {
                more
            };
            if answer.status == 200 {
                let _ = writeln!(told, "{model} {more}: {}", booked(stage).await);
            } else {
                let _ = writeln!(
                    told,
                    "{model} {more}: {} {}",
                    answer.code(),
                    answer.json()["error"]["message"]
                );
            }
        }
        insta::assert_snapshot!(told, @r#"
        openai/tts-1 {}: held 1097 in, 0 out, 90000; used 15 in, 0 out, 90000
        groq/canopylabs/orpheus-v1-english {"response_format":"wav"}: held 1128 in, 0 out, 132000; used 26 in, 0 out, 132000
        mistral/voxtral-mini-tts-2603 {}: held 1099 in, 0 out, 96000; used 19 in, 0 out, 96000
        openai/tts-1 "long": 429 limit_reached "A limit is reached: $0.001 a day. `GET /api/v1/quota` shows each limit, and what is left of it."
        openai/tts-1 "long": 400 malformed_field "`input` must be a text of at most 4096 characters. Nothing was sent to the provider: correct it, and send the call again."
        groq/canopylabs/orpheus-v1-english "long": 400 malformed_field "`input` must be a text of at most 200 characters. Nothing was sent to the provider: correct it, and send the call again."
        openai/tts-1 {"input":""}: 400 malformed_field "`input` must be there, with words in it. Nothing was sent to the provider: correct it, and send the call again."
        mistral/voxtral-mini-tts-2603 {"input":null}: 400 malformed_field "`input` must be there, with words in it. Nothing was sent to the provider: correct it, and send the call again."
        openai/gpt-4o-mini-tts {}: 403 own_key_only "the model `gpt-4o-mini-tts` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        openai/tts-1 {"voice":{"id":"voice_1"}}: 400 malformed_field "`voice` must be a text. Nothing was sent to the provider: correct it, and send the call again."
        mistral/voxtral-mini-tts-2603 {"ref_audio":"AAAA"}: 403 own_key_only "`ref_audio` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        "#);
    })
    .await;
}

/// Google's models speak in a chat of theirs, and what comes are samples.
#[tokio::test]
async fn googles_models_read_aloud_too() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("google", "user", &crate::tests::good("google"))
            .await;
        let program = Program::of(stage, &mia, "").await;
        let mut told = String::new();
        for (model, more) in [
            ("google/gemini-3.8-flash-tts", json!({"voice": "Kore"})),
            (
                "gemini-3.8-flash-lite-tts",
                json!({"voice": "Kore", "response_format": "pcm"}),
            ),
            ("google/gemini-3.8-flash-tts", json!({})),
            (
                "google/gemini-3.8-flash-tts",
                json!({"voice": "Kore", "response_format": "mp3"}),
            ),
            (
                "google/gemini-3.8-flash-tts",
                json!({"voice": "Kore", "instructions": "slowly"}),
            ),
        ] {
            stage.clock.advance_ms(1);
            let answer = program.posts(SPEECH, &ask(model, &more)).await;
            let seen = what_came(stage, &answer, |answer| {
                let head: String = answer.text.chars().take(4).collect();
                format!("{}, {head:?}", answer.header("content-type"))
            });
            let _ = writeln!(told, "{model} {more}: {}", seen.await);
        }
        insta::assert_snapshot!(told, @r#"
        google/gemini-3.8-flash-tts {"voice":"Kore"}: audio/wav, "RIFF"
          held 1096 in, 0 out, ?; used 7 in, 13 out, 120500: {"contents":[{"parts":[{"text":"Grüezi"}],"role":"user"}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}}}
        gemini-3.8-flash-lite-tts {"response_format":"pcm","voice":"Kore"}: audio/pcm, "\u{1}\u{1}\u{1}\u{1}"
          held 1118 in, 0 out, ?; used 7 in, 13 out, 81500: {"contents":[{"parts":[{"text":"Grüezi"}],"role":"user"}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}}}
        google/gemini-3.8-flash-tts {}: 400 invalid_request "Voice name alloy is not supported."
        google/gemini-3.8-flash-tts {"response_format":"mp3","voice":"Kore"}: 400 untranslatable "`response_format` but for `wav` and `pcm` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        google/gemini-3.8-flash-tts {"instructions":"slowly","voice":"Kore"}: 400 untranslatable "`instructions` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        "#);
    })
    .await;
}

/// What is read aloud or written down by the second is words of nobody's model, and
/// no picture: limits on requests bind it, and limits on dollars.
#[tokio::test]
async fn limits_without_dollars_bind_sound_by_the_request() {
    let mut told = String::new();
    for limit in [
        "{ requests = 2, per = 'day' }",
        "{ output_tokens = 1, per = 'day' }",
        "{ images = 1, per = 'day' }",
    ] {
        run_with(paid(limit), async |stage| {
            let program = Program::of(stage, &stage.mia(), "").await;
            for _ in 0..2 {
                stage.clock.advance_ms(1);
                let spoken = program
                    .posts(SPEECH, &ask("openai/tts-1", &json!({})))
                    .await;
                stage.clock.advance_ms(1);
                let written = transcribes(&program, "openai/whisper-1").await;
                let _ = writeln!(
                    told,
                    "{limit}: aloud {}, written down {}",
                    spoken.status, written.status
                );
            }
        })
        .await;
    }
    insta::assert_snapshot!(told, @"
    { requests = 2, per = 'day' }: aloud 200, written down 200
    { requests = 2, per = 'day' }: aloud 429, written down 429
    { output_tokens = 1, per = 'day' }: aloud 200, written down 200
    { output_tokens = 1, per = 'day' }: aloud 200, written down 200
    { images = 1, per = 'day' }: aloud 200, written down 200
    { images = 1, per = 'day' }: aloud 200, written down 200
    ");
}
