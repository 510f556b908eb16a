//! Sound that Google's models write down, who do nothing but chat.

use std::fmt::Write;

use latchkey_emulator::Attachment;
use latchkey_emulator::providers::ProviderFault;

use crate::tests::http::transcripts::{booked, form, paid, wav};
use crate::tests::program::{Program, send};
use crate::tests::{Setup, Stage, good, run, run_with};

const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";
const TRANSLATIONS: &str = "/v1/audio/translations";
const MODEL: &str = "google/gemini-2.5-flash";

/// What Google was asked last, without the sound.
fn sent(stage: &Stage) -> String {
    let world = stage.world();
    let mut body = world.look(|state| state.providers.calls.back().unwrap().body.clone());
    let places = [1, 0].map(|at| format!("/contents/0/parts/{at}/inlineData/data"));
    let place = places.into_iter().find(|it| body.pointer(it).is_some());
    if let Some(data) = place.and_then(|place| body.pointer_mut(&place)) {
        let bytes = data.as_str().unwrap().len();
        *data = format!("<{bytes} bytes>").into();
    }
    body.to_string()
}

type Fields = &'static [(&'static str, &'static str)];

/// Has sounds written down, and tells what came, was booked and was sent.
async fn hears(stage: &Stage, program: &Program, calls: &[(&str, Vec<u8>, Fields)]) -> String {
    hears_with(stage, program, MODEL, calls).await
}

async fn hears_with(
    stage: &Stage,
    program: &Program,
    model: &str,
    calls: &[(&str, Vec<u8>, Fields)],
) -> String {
    let mut told = String::new();
    for (path, sound, fields) in calls {
        stage.clock.advance_ms(1);
        let form = form(model, "a.wav", sound.clone());
        let form = fields
            .iter()
            .fold(form, |form, (name, value)| form.text(*name, *value));
        let answer = send(program.call("POST", path).multipart(form)).await;
        let (said, _) = answer.split_receipt();
        let _ = write!(told, "{path} {fields:?}: {} ", said.status);
        if said.status == 200 {
            let kind = answer.header("content-type");
            let _ = writeln!(told, "{kind} {}", said.text.trim());
            let _ = writeln!(told, "  {}: {}", booked(stage).await, sent(stage));
        } else {
            let _ = writeln!(told, "{}", said.json()["error"]["message"]);
        }
    }
    told
}

#[tokio::test]
async fn google_writes_a_sound_down_with_ones_own_key() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("google", "user", &good("google")).await;
        let program = Program::of(stage, &mia, "").await;
        let told = hears(
            stage,
            &program,
            &[
                (TRANSCRIPTIONS, wav(4), &[]),
                (
                    TRANSCRIPTIONS,
                    wav(4),
                    &[
                        ("response_format", "text"),
                        ("language", "de"),
                        ("prompt", "Latchkey"),
                        ("temperature", "0.5"),
                    ],
                ),
                (TRANSCRIPTIONS, wav(4), &[("stream", "true")]),
                (TRANSLATIONS, wav(4), &[]),
                (TRANSCRIPTIONS, b"fLaC....".to_vec(), &[]),
                (TRANSCRIPTIONS, wav(4), &[("response_format", "srt")]),
                (
                    TRANSCRIPTIONS,
                    wav(4),
                    &[("timestamp_granularities[]", "word")],
                ),
                (TRANSCRIPTIONS, wav(4), &[("temperature", "hot")]),
                (TRANSCRIPTIONS, b"no sound".to_vec(), &[]),
            ],
        )
        .await;
        insta::assert_snapshot!(told, @r#"
        /v1/audio/transcriptions []: 200 application/json {"text":"one two three","usage":{"input_token_details":{"audio_tokens":128,"text_tokens":12},"input_tokens":140,"output_tokens":3,"total_tokens":143,"type":"tokens"}}
          held 1207 in, 1064 out, ?; used 140 in, 3 out, 139100: {"contents":[{"parts":[{"text":"Generate a transcript of the speech. Answer with its words and nothing else, and with nothing where nobody speaks."},{"inlineData":{"data":"<5392 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}}
        /v1/audio/transcriptions [("response_format", "text"), ("language", "de"), ("prompt", "Latchkey"), ("temperature", "0.5")]: 200 application/octet-stream one two three
          held 1224 in, 1064 out, ?; used 140 in, 3 out, 139100: {"contents":[{"parts":[{"text":"Generate a transcript of the speech. Answer with its words and nothing else, and with nothing where nobody speaks.\nThe speech is in this language: de\nThis was said before it, or shows how its words are spelled:\nLatchkey"},{"inlineData":{"data":"<5392 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"temperature":0.5,"thinkingConfig":{"thinkingBudget":0}}}
        /v1/audio/transcriptions [("stream", "true")]: 200 text/event-stream data: {"delta":"one ","type":"transcript.text.delta"}

        data: {"delta":"two ","type":"transcript.text.delta"}

        data: {"delta":"three","type":"transcript.text.delta"}

        data: {"text":"one two three","type":"transcript.text.done","usage":{"input_token_details":{"audio_tokens":128,"text_tokens":12},"input_tokens":140,"output_tokens":3,"total_tokens":143,"type":"tokens"}}
          held 1211 in, 1064 out, ?; used 140 in, 3 out, 139100: {"contents":[{"parts":[{"text":"Generate a transcript of the speech. Answer with its words and nothing else, and with nothing where nobody speaks."},{"inlineData":{"data":"<5392 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}}
        /v1/audio/translations []: 200 application/json {"text":"one two three","usage":{"input_token_details":{"audio_tokens":128,"text_tokens":12},"input_tokens":140,"output_tokens":3,"total_tokens":143,"type":"tokens"}}
          held 1207 in, 1064 out, ?; used 140 in, 3 out, 139100: {"contents":[{"parts":[{"text":"Generate a translation of the speech into English. Answer with its words and nothing else, and with nothing where nobody speaks."},{"inlineData":{"data":"<5392 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}}
        /v1/audio/transcriptions []: 200 application/json {"text":"one two three","usage":{"input_token_details":{"audio_tokens":96,"text_tokens":12},"input_tokens":108,"output_tokens":3,"total_tokens":111,"type":"tokens"}}
          held 1049623 in, 65536 out, ?; used 108 in, 3 out, 107100: {"contents":[{"parts":[{"text":"Generate a transcript of the speech. Answer with its words and nothing else, and with nothing where nobody speaks."},{"inlineData":{"data":"<12 bytes>","mimeType":"audio/flac"}}],"role":"user"}],"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}}
        /v1/audio/transcriptions [("response_format", "srt")]: 400 "`response_format` but for `json` and `text` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        /v1/audio/transcriptions [("timestamp_granularities[]", "word")]: 400 "`timestamp_granularities[]` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        /v1/audio/transcriptions [("temperature", "hot")]: 400 "`temperature` must be a number from 0 to 1. Nothing was sent to the provider: correct it, and send the call again."
        /v1/audio/transcriptions []: 400 "A file of that kind in `file` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        "#);
    })
    .await;
}

/// The operator pays with a key of Google's, within a dollar a day.
fn shared() -> Setup {
    let mut setup = paid("{ dollars = 1, per = 'day' }");
    setup.secrets = vec![("GEMINI_API_KEY".to_owned(), good("google").into())];
    setup
}

#[tokio::test]
async fn a_shared_key_holds_all_that_google_may_count_of_a_sound() {
    run_with(shared(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let told = hears(
            stage,
            &program,
            &[
                (TRANSCRIPTIONS, wav(60), &[]),
                (TRANSCRIPTIONS, wav(60), &[("stream", "true")]),
                (TRANSCRIPTIONS, b"fLaC....".to_vec(), &[]),
                (TRANSCRIPTIONS, wav(4), &[("keywords[]", "x")]),
            ],
        )
        .await;
        insta::assert_snapshot!(told, @r#"
        /v1/audio/transcriptions []: 200 application/json {"text":"one two three","usage":{"input_token_details":{"audio_tokens":1920,"text_tokens":12},"input_tokens":1932,"output_tokens":3,"total_tokens":1935,"type":"tokens"}}
          held 2999 in, 1624 out, 6326100; used 1932 in, 3 out, 1931100: {"contents":[{"parts":[{"text":"Generate a transcript of the speech. Answer with its words and nothing else, and with nothing where nobody speaks."},{"inlineData":{"data":"<80060 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"maxOutputTokens":1624,"thinkingConfig":{"thinkingBudget":0}}}
        /v1/audio/transcriptions [("stream", "true")]: 200 text/event-stream data: {"delta":"one ","type":"transcript.text.delta"}

        data: {"delta":"two ","type":"transcript.text.delta"}

        data: {"delta":"three","type":"transcript.text.delta"}

        data: {"text":"one two three","type":"transcript.text.done","usage":{"input_token_details":{"audio_tokens":1920,"text_tokens":12},"input_tokens":1932,"output_tokens":3,"total_tokens":1935,"type":"tokens"}}
          held 3003 in, 1624 out, 6327300; used 1932 in, 3 out, 1931100: {"contents":[{"parts":[{"text":"Generate a transcript of the speech. Answer with its words and nothing else, and with nothing where nobody speaks."},{"inlineData":{"data":"<80060 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"maxOutputTokens":1624,"thinkingConfig":{"thinkingBudget":0}}}
        /v1/audio/transcriptions []: 403 "a file whose bytes do not tell how long it plays, as those of Ogg with Opus, of MP3 and of WAV do, is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        /v1/audio/transcriptions [("keywords[]", "x")]: 403 "`keywords[]` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        "#);
        let mut told = String::new();
        for fault in [
            ProviderFault::Cut,
            ProviderFault::NoUsage,
            ProviderFault::AtLimit,
        ] {
            stage.fails("google", fault.clone());
            let line = hears(
                stage,
                &program,
                &[(TRANSCRIPTIONS, wav(60), &[("stream", "true")])],
            )
            .await;
            let _ = writeln!(told, "{fault:?}: {line}  {}", booked(stage).await);
        }
        insta::assert_snapshot!(told, @r#"
        Cut: /v1/audio/transcriptions [("stream", "true")]: 200 text/event-stream data: {"delta":"one ","type":"transcript.text.delta"}

        data: {"delta":"two ","type":"transcript.text.delta"}

        data: {"error":{"code":"provider_cut_off","message":"google broke off in the middle of its answer. Try again.","param":null,"type":"server_error"}}
          held 3003 in, 1624 out, 6327300; used 1932 in, 1624 out, 5983600, estimated: {"contents":[{"parts":[{"text":"Generate a transcript of the speech. Answer with its words and nothing else, and with nothing where nobody speaks."},{"inlineData":{"data":"<80060 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"maxOutputTokens":1624,"thinkingConfig":{"thinkingBudget":0}}}
          held 3003 in, 1624 out, 6327300; used 1932 in, 1624 out, 5983600, estimated
        NoUsage: /v1/audio/transcriptions [("stream", "true")]: 200 text/event-stream data: {"delta":"one ","type":"transcript.text.delta"}

        data: {"delta":"two ","type":"transcript.text.delta"}

        data: {"delta":"three","type":"transcript.text.delta"}

        data: {"text":"one two three","type":"transcript.text.done","usage":{"input_token_details":{"audio_tokens":1920,"text_tokens":12},"input_tokens":1932,"output_tokens":0,"total_tokens":1932,"type":"tokens"}}
          held 3003 in, 1624 out, 6327300; used 1932 in, 4 out, 1933600, estimated: {"contents":[{"parts":[{"text":"Generate a transcript of the speech. Answer with its words and nothing else, and with nothing where nobody speaks."},{"inlineData":{"data":"<80060 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"maxOutputTokens":1624,"thinkingConfig":{"thinkingBudget":0}}}
          held 3003 in, 1624 out, 6327300; used 1932 in, 4 out, 1933600, estimated
        AtLimit: /v1/audio/transcriptions [("stream", "true")]: 200 text/event-stream data: {"delta":"one ","type":"transcript.text.delta"}

        data: {"delta":"two ","type":"transcript.text.delta"}

        data: {"text":"one two ","type":"transcript.text.done","usage":{"input_token_details":{"audio_tokens":1920,"text_tokens":12},"input_tokens":1932,"output_tokens":2,"total_tokens":1934,"type":"tokens"}}
          held 3003 in, 1624 out, 6327300; used 1932 in, 2 out, 1928600: {"contents":[{"parts":[{"text":"Generate a transcript of the speech. Answer with its words and nothing else, and with nothing where nobody speaks."},{"inlineData":{"data":"<80060 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"maxOutputTokens":1624,"thinkingConfig":{"thinkingBudget":0}}}
          held 3003 in, 1624 out, 6327300; used 1932 in, 2 out, 1928600
        "#);
    })
    .await;
}

#[tokio::test]
async fn google_writes_a_voice_message_down() {
    let setup = Setup {
        no_defaults: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia().directly();
        mia.adds("google", "user", &good("google")).await;
        let said = mia.writes_with("", None, vec![Attachment::voice(4.2)]);
        insta::assert_snapshot!(mia.sees_reply(said).await, @"
        > one two three

        You asked: one two three
        This is a made-up model, so that is all it knows.
        -# Google gemini-3.1-flash-lite · 👤 personal key · 12 tokens in, 16 out · < $0.0001
        -# voice message written down · Google gemini-3.1-flash-lite · 👤 personal key · < $0.0001
        ");
    })
    .await;
}

/// A model that is made for it is told nothing in words.
#[tokio::test]
async fn googles_model_for_transcripts_is_asked_in_its_own_way() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("google", "user", &good("google")).await;
        let program = Program::of(stage, &mia, "").await;
        let told = hears_with(
            stage,
            &program,
            "google/gemini-3.5-transcribe",
            &[
                (TRANSCRIPTIONS, wav(4), &[("language", "de")]),
                (TRANSCRIPTIONS, wav(4), &[("stream", "true")]),
                (TRANSCRIPTIONS, wav(4), &[("prompt", "names")]),
                (TRANSLATIONS, wav(4), &[]),
            ],
        )
        .await;
        insta::assert_snapshot!(told, @r#"
        /v1/audio/transcriptions [("language", "de")]: 200 application/json {"text":"one two three","usage":{"input_token_details":{"audio_tokens":128,"text_tokens":12},"input_tokens":140,"output_tokens":3,"total_tokens":143,"type":"tokens"}}
          held 1214 in, 1064 out, ?; used 140 in, 3 out, ?: {"contents":[{"parts":[{"inlineData":{"data":"<5392 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"audioTranscriptionConfig":{"languageCodes":["de"]}}}
        /v1/audio/transcriptions [("stream", "true")]: 200 text/event-stream data: {"delta":"one","type":"transcript.text.delta"}

        data: {"delta":" two","type":"transcript.text.delta"}

        data: {"delta":" three","type":"transcript.text.delta"}

        data: {"text":"one two three","type":"transcript.text.done","usage":{"input_token_details":{"audio_tokens":128,"text_tokens":12},"input_tokens":140,"output_tokens":3,"total_tokens":143,"type":"tokens"}}
          held 1216 in, 1064 out, ?; used 140 in, 3 out, ?: {"contents":[{"parts":[{"inlineData":{"data":"<5392 bytes>","mimeType":"audio/wav"}}],"role":"user"}],"generationConfig":{"audioTranscriptionConfig":{"languageCodes":[]}}}
        /v1/audio/transcriptions [("prompt", "names")]: 400 "`prompt` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        /v1/audio/translations []: 400 "A translation of a sound can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        "#);
    })
    .await;
}
