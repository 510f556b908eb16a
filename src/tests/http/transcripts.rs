//! Sound that programs have written down.

use std::fmt::Write;

use reqwest::multipart::{Form, Part};

use crate::store::AuditedAttempt;
use crate::tests::program::{HttpAnswer, Program, send};
use crate::tests::{Setup, Stage, good, run, run_with};

const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";
const TRANSLATIONS: &str = "/v1/audio/translations";

/// So many seconds of silence, of 1,000 samples each.
pub fn wav(seconds: usize) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend(1_000_u32.to_le_bytes());
    file.extend(1_000_u32.to_le_bytes());
    file.extend([1, 0, 8, 0]);
    file.extend(b"data");
    file.extend(u32::try_from(seconds * 1_000).unwrap().to_le_bytes());
    file.extend(vec![128; seconds * 1_000]);
    file
}

/// A form as OpenAI's libraries send it: the model may stand behind the file.
pub fn form(model: &str, name: &str, sound: Vec<u8>) -> Form {
    let file = Part::bytes(sound).file_name(name.to_owned());
    Form::new()
        .part("file", file)
        .text("model", model.to_owned())
}

async fn posts(program: &Program, path: &str, form: Form) -> HttpAnswer {
    send(program.call("POST", path).multipart(form)).await
}

/// Has a minute of silence written down.
pub async fn transcribes(program: &Program, model: &str) -> HttpAnswer {
    posts(program, TRANSCRIPTIONS, form(model, "a.wav", wav(60))).await
}

/// The operator pays with keys of these providers, within a dollar a day.
pub fn paid(limit: &str) -> Setup {
    let key = |id: &str| {
        let variable = format!("{}_API_KEY", id.to_uppercase());
        (variable, good(id).into())
    };
    let limits = format!("[[quota.tiers]]\nname = 'community'\nlimits = [{limit}]\n");
    Setup {
        config: format!("{}{limits}", Setup::default().config),
        secrets: ["openai", "groq", "mistral"].map(key).into_iter().collect(),
        ..Setup::default()
    }
}

/// What was booked last.
pub async fn booked(stage: &Stage) -> String {
    stage.app().await.idle().await;
    let rows = stage.app().await.audit().await;
    let newest = rows.iter().max_by_key(|row| row.id.clone());
    let row = newest.unwrap();
    let cost = |amounts: Option<crate::model::NanoDollars>| {
        amounts.map_or("?".to_owned(), |cost| cost.0.to_string())
    };
    let mut told = format!(
        "held {} in, {} out, {}; used {} in, {} out, {}",
        row.held.input_tokens,
        row.held.output_tokens,
        cost(row.held.cost),
        row.used.input_tokens,
        row.used.output_tokens,
        cost(row.used.cost)
    );
    for (is_so, word) in [(row.estimated, "estimated"), (row.overshoot, "too much")] {
        if is_so {
            let _ = write!(told, ", {word}");
        }
    }
    told
}

/// An answer as it is shown, with what was booked and sent for it; or why there is
/// none.
pub async fn what_came(
    stage: &Stage,
    answer: &HttpAnswer,
    show: impl FnOnce(&HttpAnswer) -> String,
) -> String {
    if answer.status != 200 {
        let error = &answer.json()["error"];
        return format!("{} {}", answer.code(), error["message"]);
    }
    format!(
        "{}\n  {}: {}",
        show(answer),
        booked(stage).await,
        sent(stage)
    )
}

pub fn sent(stage: &Stage) -> String {
    let world = stage.world();
    world.look(|state| state.providers.calls.back().unwrap().body.to_string())
}

pub async fn own(stage: &Stage) -> Program {
    let mia = stage.mia();
    for provider in ["openai", "groq", "mistral", "anthropic"] {
        mia.adds(provider, "user", &good(provider)).await;
    }
    Program::of(stage, &mia, "").await
}

#[expect(clippy::too_many_lines, reason = "one answer for each form")]
#[tokio::test]
async fn a_sound_is_written_down_with_ones_own_key() {
    run(async |stage| {
        let program = own(stage).await;
        let mut told = String::new();
        for (path, model, name, more) in [
            (TRANSCRIPTIONS, "openai/whisper-1", "a.wav", &[][..]),
            (
                TRANSCRIPTIONS,
                "whisper-1",
                "a.wav",
                &[("response_format", "verbose_json")],
            ),
            (
                TRANSCRIPTIONS,
                "whisper-1",
                "a.wav",
                &[("response_format", "srt")],
            ),
            (
                TRANSCRIPTIONS,
                "gpt-transcribe",
                "a.wav",
                &[("languages[]", "en"), ("languages[]", "de")],
            ),
            (TRANSCRIPTIONS, "openai/gpt-4o-transcribe", "a.wav", &[]),
            (
                TRANSCRIPTIONS,
                "gpt-4o-mini-transcribe",
                "a.wav",
                &[("stream", "true")],
            ),
            (TRANSCRIPTIONS, "groq/whisper-large-v3", "a.wav", &[]),
            (
                TRANSCRIPTIONS,
                "whisper-large-v3-turbo",
                "a.wav",
                &[("response_format", "text")],
            ),
            (
                TRANSCRIPTIONS,
                "mistral/voxtral-mini-latest",
                "a.wav",
                &[
                    ("response_format", "json"),
                    ("timestamp_granularities[]", "segment"),
                ],
            ),
            (
                TRANSCRIPTIONS,
                "mistral/voxtral-mini-latest",
                "a.wav",
                &[("stream", "true")],
            ),
            (TRANSLATIONS, "whisper-1", "a.wav", &[]),
            (
                TRANSLATIONS,
                "groq/whisper-large-v3",
                "a.wav",
                &[("response_format", "verbose_json")],
            ),
            ("/openai/v1/audio/transcriptions", "whisper-1", "a.wav", &[]),
        ] {
            stage.clock.advance_ms(1);
            let form = more
                .iter()
                .fold(form(model, name, wav(4)), |form, (name, value)| {
                    form.text(*name, *value)
                });
            let answer = posts(&program, path, form).await;
            let (said, _) = answer.split_receipt();
            let _ = writeln!(
                told,
                "{path} {model} {more:?}: {} {}",
                said.status,
                said.text.trim()
            );
            let _ = writeln!(
                told,
                "  {} {}: {}",
                answer.header("x-latchkey-provider"),
                booked(stage).await,
                sent(stage)
            );
        }
        insta::assert_snapshot!(told, @r#"
        /v1/audio/transcriptions openai/whisper-1 []: 200 {"text":"one two three","usage":{"seconds":4.0,"type":"duration"}}
          openai held 1044 in, 0 out, ?; used 0 in, 0 out, 400000: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"whisper-1"}
        /v1/audio/transcriptions whisper-1 [("response_format", "verbose_json")]: 200 {"duration":4.0,"language":"english","segments":[],"task":"transcribe","text":"one two three","usage":{"seconds":4.0,"type":"duration"}}
          openai held 1051 in, 0 out, ?; used 0 in, 0 out, 400000: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"whisper-1","response_format":"verbose_json"}
        /v1/audio/transcriptions whisper-1 [("response_format", "srt")]: 200 1
        00:00:00,000 --> 00:00:03,000
        one two three
          openai held 1039 in, 0 out, ?; used 3 in, 0 out, 400000: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"whisper-1","response_format":"srt"}
        /v1/audio/transcriptions gpt-transcribe [("languages[]", "en"), ("languages[]", "de")]: 200 {"text":"one two three","usage":{"seconds":4.0,"type":"duration"}}
          openai held 1047 in, 0 out, ?; used 0 in, 0 out, 300000: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"languages[]":["en","de"],"model":"gpt-transcribe"}
        /v1/audio/transcriptions openai/gpt-4o-transcribe []: 200 {"text":"one two three","usage":{"input_token_details":{"audio_tokens":990,"text_tokens":10},"input_tokens":1000,"output_tokens":50,"total_tokens":1050,"type":"tokens"}}
          openai held 17054 in, 2000 out, ?; used 1000 in, 50 out, 6465000: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"gpt-4o-transcribe"}
        /v1/audio/transcriptions gpt-4o-mini-transcribe [("stream", "true")]: 200 data: {"delta":"one","type":"transcript.text.delta"}

        data: {"delta":" two three","type":"transcript.text.delta"}

        data: {"text":"one two three","type":"transcript.text.done","usage":{"input_token_details":{"audio_tokens":990,"text_tokens":10},"input_tokens":1000,"output_tokens":50,"total_tokens":1050,"type":"tokens"}}
          openai held 17057 in, 2000 out, ?; used 1000 in, 50 out, 3232500: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"gpt-4o-mini-transcribe","stream":"true"}
        /v1/audio/transcriptions groq/whisper-large-v3 []: 200 {"text":"one two three","x_groq":{"id":"req_emulated"}}
          groq held 1045 in, 0 out, ?; used 6 in, 0 out, 308330: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"whisper-large-v3"}
        /v1/audio/transcriptions whisper-large-v3-turbo [("response_format", "text")]: 200 one two three
          groq held 1050 in, 0 out, ?; used 7 in, 0 out, 111110: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"whisper-large-v3-turbo","response_format":"text"}
        /v1/audio/transcriptions mistral/voxtral-mini-latest [("response_format", "json"), ("timestamp_granularities[]", "segment")]: 200 {"language":"en","model":"voxtral-mini-latest","segments":[],"text":"one two three","usage":{"completion_tokens":151,"prompt_audio_seconds":4.0,"prompt_tokens":13,"total_tokens":640}}
          mistral held 1062 in, 0 out, ?; used 0 in, 0 out, 200000: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"voxtral-mini-latest","timestamp_granularities":"segment"}
        /v1/audio/transcriptions mistral/voxtral-mini-latest [("stream", "true")]: 200 data: {"delta":"one","type":"transcript.text.delta"}

        data: {"delta":" two three","type":"transcript.text.delta"}

        data: {"text":"one two three","type":"transcript.text.done","usage":{"seconds":4.0,"type":"duration"}}
          mistral held 1055 in, 0 out, ?; used 0 in, 0 out, 200000: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"voxtral-mini-latest","stream":"true"}
        /v1/audio/translations whisper-1 []: 200 {"text":"one two three"}
          openai held 1036 in, 0 out, ?; used 3 in, 0 out, 400000: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"whisper-1"}
        /v1/audio/translations groq/whisper-large-v3 [("response_format", "verbose_json")]: 200 {"duration":4.0,"language":"English","segments":[],"task":"transcribe","text":"one two three","x_groq":{"id":"req_emulated"}}
          groq held 1057 in, 0 out, ?; used 0 in, 0 out, 308330: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"whisper-large-v3","response_format":"verbose_json"}
        /openai/v1/audio/transcriptions whisper-1 []: 200 {"text":"one two three","usage":{"seconds":4.0,"type":"duration"}}
          openai held 1036 in, 0 out, ?; used 0 in, 0 out, 400000: {"file":{"bytes":4044,"name":"a.wav","seconds":4.0},"model":"whisper-1"}
        "#);
    })
    .await;
}

#[expect(clippy::too_many_lines, reason = "one answer for each refusal")]
#[tokio::test]
async fn what_cannot_be_written_down_is_refused_by_its_name() {
    run(async |stage| {
        let program = own(stage).await;
        let mut told = String::new();
        for (path, model, name, more) in [
            (
                TRANSCRIPTIONS,
                "anthropic/claude-haiku-5-5",
                "a.wav",
                &[][..],
            ),
            (TRANSLATIONS, "mistral/voxtral-mini-latest", "a.wav", &[]),
            (
                TRANSCRIPTIONS,
                "mistral/voxtral-mini-latest",
                "a.wav",
                &[("prompt", "names")],
            ),
            (
                TRANSCRIPTIONS,
                "mistral/voxtral-mini-latest",
                "a.wav",
                &[("response_format", "srt")],
            ),
            (
                TRANSCRIPTIONS,
                "gpt-4o-transcribe",
                "a.wav",
                &[("response_format", "srt")],
            ),
            (TRANSCRIPTIONS, "whisper-1", "a.opus", &[]),
            (TRANSCRIPTIONS, "groq/whisper-9", "a.wav", &[]),
            (TRANSLATIONS, "groq/whisper-large-v3-turbo", "a.wav", &[]),
        ] {
            let form = more
                .iter()
                .fold(form(model, name, wav(4)), |form, (name, value)| {
                    form.text(*name, *value)
                });
            let answer = posts(&program, path, form).await;
            let _ = writeln!(
                told,
                "{path} {model} {more:?}: {} {}",
                answer.code(),
                answer.json()["error"]["message"]
            );
        }
        let json = program
            .posts(TRANSCRIPTIONS, &serde_json::json!({"model": "whisper-1"}))
            .await;
        let _ = writeln!(
            told,
            "JSON: {} {}",
            json.code(),
            json.json()["error"]["message"]
        );
        let no_model = Form::new().part("file", Part::bytes(wav(1)).file_name("a.wav"));
        let no_model = posts(&program, TRANSCRIPTIONS, no_model).await;
        let _ = writeln!(
            told,
            "no model: {} {}",
            no_model.code(),
            no_model.json()["error"]["message"]
        );
        insta::assert_snapshot!(told, @r#"
        /v1/audio/transcriptions anthropic/claude-haiku-5-5 []: 404 no_sound "The provider of `anthropic/claude-haiku-5-5` has no `/audio/transcriptions`. These have: OpenAI, Google, Mistral, Groq. There is a key here for OpenAI, Mistral, Groq: name a model of theirs."
        /v1/audio/translations mistral/voxtral-mini-latest []: 404 no_sound "The provider of `mistral/voxtral-mini-latest` has no `/audio/translations`. These have: OpenAI, Google, Groq. There is a key here for OpenAI, Groq: name a model of theirs."
        /v1/audio/transcriptions mistral/voxtral-mini-latest [("prompt", "names")]: 400 untranslatable "`prompt` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        /v1/audio/transcriptions mistral/voxtral-mini-latest [("response_format", "srt")]: 400 untranslatable "`response_format` but for `json` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        /v1/audio/transcriptions gpt-4o-transcribe [("response_format", "srt")]: 400 invalid_request "response_format 'srt' is not compatible with model 'gpt-4o-transcribe'. Use 'json' or 'text' instead."
        /v1/audio/transcriptions whisper-1 []: 400 invalid_request "Unsupported file format opus"
        /v1/audio/transcriptions groq/whisper-9 []: 404 model_not_found "The model `whisper-9` does not exist or you do not have access to it."
        /v1/audio/translations groq/whisper-large-v3-turbo []: 400 invalid_request "the model `whisper-large-v3-turbo` does not support translations"
        JSON: 400 malformed_form "The body is no form with a sound. Send `multipart/form-data` with `file` and `model`, as OpenAI's libraries do."
        no model: 400 model_missing "The call names no model. Put `model` in, as `provider/model`; `GET /v1/models` lists those that your keys can use."
        "#);
    })
    .await;
}

/// What is held is never less than what is billed: Groq takes money for ten
/// seconds at the least, and nobody's word on a file's length counts.
#[expect(clippy::too_many_lines, reason = "one line for each file")]
#[tokio::test]
async fn a_shared_key_holds_all_that_a_sound_costs() {
    run_with(paid("{ dollars = 0.3, per = 'day' }"), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut told = String::new();
        for (path, model, sound, more) in [
            (TRANSCRIPTIONS, "whisper-1", wav(60), &[][..]),
            (
                TRANSCRIPTIONS,
                "whisper-1",
                wav(61),
                &[("response_format", "vtt"), ("prompt", "names")],
            ),
            (
                TRANSCRIPTIONS,
                "gpt-transcribe",
                wav(60),
                &[("language", "en")],
            ),
            (TRANSCRIPTIONS, "gpt-4o-transcribe", wav(60), &[]),
            (
                TRANSCRIPTIONS,
                "gpt-4o-transcribe",
                b"fLaC....".to_vec(),
                &[],
            ),
            (TRANSCRIPTIONS, "groq/whisper-large-v3", wav(2), &[]),
            (
                TRANSCRIPTIONS,
                "groq/whisper-large-v3",
                wav(2),
                &[("response_format", "verbose_json")],
            ),
            (
                TRANSCRIPTIONS,
                "mistral/voxtral-mini-latest",
                wav(60),
                &[("timestamp_granularities[]", "word")],
            ),
            (TRANSLATIONS, "whisper-1", wav(60), &[]),
            (
                "/mistral/v1/audio/transcriptions",
                "voxtral-mini-latest",
                wav(60),
                &[("diarize", "true")],
            ),
            // More than the day has left.
            (TRANSCRIPTIONS, "whisper-1", wav(9_000), &[]),
            // Of a compressed file nobody knows how long it plays.
            (TRANSCRIPTIONS, "whisper-1", b"fLaC....".to_vec(), &[]),
            (
                TRANSCRIPTIONS,
                "gpt-4o-transcribe",
                wav(1),
                &[("response_format", "text")],
            ),
            (TRANSCRIPTIONS, "gpt-4o-transcribe-diarize", wav(1), &[]),
            (
                TRANSCRIPTIONS,
                "gpt-transcribe",
                wav(1),
                &[("keywords[]", "Latchkey")],
            ),
            (
                TRANSCRIPTIONS,
                "groq/whisper-large-v3",
                wav(1),
                &[("url", "https://x.example/a.wav")],
            ),
            (
                TRANSCRIPTIONS,
                "whisper-1",
                wav(1),
                &[("language", "en"), ("language", "de")],
            ),
            (
                "/mistral/v1/audio/transcriptions",
                "voxtral-mini-latest",
                wav(1),
                &[("file_id", "1")],
            ),
        ] {
            stage.clock.advance_ms(1);
            let form = more
                .iter()
                .fold(form(model, "a.flac", sound), |form, (name, value)| {
                    form.text(*name, *value)
                });
            let answer = posts(&program, path, form).await;
            if answer.status == 200 {
                let _ = writeln!(
                    told,
                    "{path} {model} {more:?}: {}\n  {}",
                    booked(stage).await,
                    sent(stage)
                );
            } else {
                let _ = writeln!(
                    told,
                    "{path} {model} {more:?}: {} {}",
                    answer.code(),
                    answer.json()["error"]["message"]
                );
            }
        }
        insta::assert_snapshot!(told, @r#"
        /v1/audio/transcriptions whisper-1 []: held 1036 in, 0 out, 6000000; used 0 in, 0 out, 6000000
          {"file":{"bytes":60044,"name":"sound.wav","seconds":60.0},"model":"whisper-1"}
        /v1/audio/transcriptions whisper-1 [("response_format", "vtt"), ("prompt", "names")]: held 1046 in, 0 out, 6100000; used 5 in, 0 out, 6100000
          {"file":{"bytes":61044,"name":"sound.wav","seconds":61.0},"model":"whisper-1","prompt":"names","response_format":"vtt"}
        /v1/audio/transcriptions gpt-transcribe [("language", "en")]: held 1044 in, 0 out, 4500000; used 0 in, 0 out, 4500000
          {"file":{"bytes":60044,"name":"sound.wav","seconds":60.0},"language":"en","model":"gpt-transcribe"}
        /v1/audio/transcriptions gpt-4o-transcribe []: held 17046 in, 2000 out, 118615000; used 1000 in, 50 out, 6465000
          {"file":{"bytes":60044,"name":"sound.wav","seconds":60.0},"model":"gpt-4o-transcribe"}
        /v1/audio/transcriptions gpt-4o-transcribe []: held 17046 in, 2000 out, 118615000; used 1000 in, 50 out, 6465000
          {"file":{"bytes":8,"name":"a.flac","seconds":3.0},"model":"gpt-4o-transcribe"}
        /v1/audio/transcriptions groq/whisper-large-v3 []: held 1045 in, 0 out, 308330; used 6 in, 0 out, 308330
          {"file":{"bytes":2044,"name":"sound.wav","seconds":2.0},"model":"whisper-large-v3"}
        /v1/audio/transcriptions groq/whisper-large-v3 [("response_format", "verbose_json")]: held 1057 in, 0 out, 308330; used 0 in, 0 out, 308330
          {"file":{"bytes":2044,"name":"sound.wav","seconds":2.0},"model":"whisper-large-v3","response_format":"verbose_json"}
        /v1/audio/transcriptions mistral/voxtral-mini-latest [("timestamp_granularities[]", "word")]: held 1055 in, 0 out, 3000000; used 0 in, 0 out, 3000000
          {"file":{"bytes":60044,"name":"sound.wav","seconds":60.0},"model":"voxtral-mini-latest","timestamp_granularities":"word"}
        /v1/audio/translations whisper-1 []: held 1036 in, 0 out, 6000000; used 3 in, 0 out, 6000000
          {"file":{"bytes":60044,"name":"sound.wav","seconds":60.0},"model":"whisper-1"}
        /mistral/v1/audio/transcriptions voxtral-mini-latest [("diarize", "true")]: held 1047 in, 0 out, 3000000; used 0 in, 0 out, 3000000
          {"diarize":"true","file":{"bytes":60044,"name":"sound.wav","seconds":60.0},"model":"voxtral-mini-latest"}
        /v1/audio/transcriptions whisper-1 []: 429 limit_reached "A limit is reached: $0.30 a day. `GET /api/v1/quota` shows each limit, and what is left of it."
        /v1/audio/transcriptions whisper-1 []: 403 own_key_only "a file whose bytes do not tell how long it plays, as those of Ogg with Opus, of MP3 and of WAV do, is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        /v1/audio/transcriptions gpt-4o-transcribe [("response_format", "text")]: 403 own_key_only "`response_format` but for `json`, with this model, is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        /v1/audio/transcriptions gpt-4o-transcribe-diarize []: 403 own_key_only "the model `gpt-4o-transcribe-diarize` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        /v1/audio/transcriptions gpt-transcribe [("keywords[]", "Latchkey")]: 403 own_key_only "`keywords[]` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        /v1/audio/transcriptions groq/whisper-large-v3 [("url", "https://x.example/a.wav")]: 403 own_key_only "`url` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        /v1/audio/transcriptions whisper-1 [("language", "en"), ("language", "de")]: 400 malformed_field "`language` stands there twice. Nothing was sent to the provider: correct it, and send the call again."
        /mistral/v1/audio/transcriptions voxtral-mini-latest [("file_id", "1")]: 403 own_key_only "`file_id` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        "#);
        let rows: Vec<AuditedAttempt> = stage.app().await.audit().await;
        assert!(rows.iter().all(|row| !row.overshoot));
    })
    .await;
}

/// OpenAI and Groq read 25 MB, which is more than other calls may bring.
#[tokio::test]
async fn a_sound_may_be_as_large_as_its_provider_reads() {
    run(async |stage| {
        let program = own(stage).await;
        let large = |path: &'static str, seconds| {
            posts(&program, path, form("whisper-1", "a.wav", wav(seconds)))
        };
        let answer = large(TRANSCRIPTIONS, 12_000).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = large("/openai/v1/audio/transcriptions", 12_000).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = large(TRANSCRIPTIONS, 27_000).await;
        insta::assert_snapshot!(answer.code(), @"413 body_too_large");
        insta::assert_snapshot!(answer.json()["error"]["message"].as_str().unwrap(), @"The body is larger than 25600 KiB, which is the most here. Send less at once.");
    })
    .await;
}
