//! Any form with a sound is refused for a shared key, or what is held covers the
//! seconds that it plays, and what is sent asks for nothing more.

use bytes::Bytes;
use proptest::prelude::*;
use reqwest::Method;
use tokio::runtime::{Builder, Runtime};

use crate::model::{CallDialect, Surface};
use crate::providers::{Body, Catalogue, ForwardedHeaders, RelayRequest, judge_request};

const BOUNDARY: &str = "made-up";
/// What a field may be called: what costs nothing beside the sound, what does,
/// what providers fetch or look up, and what nobody knows.
const NAMES: [&str; 17] = [
    "model",
    "language",
    "languages[]",
    "prompt",
    "response_format",
    "temperature",
    "stream",
    "include[]",
    "timestamp_granularities[]",
    "chunking_strategy",
    "diarize",
    "keywords[]",
    "context_bias",
    "known_speaker_references[]",
    "url",
    "file_url",
    "file_id",
];
/// Those of them that cost more, by the vendors' documents.
const COSTLY: [&str; 6] = [
    "keywords[]",
    "context_bias",
    "known_speaker_references[]",
    "url",
    "file_url",
    "file_id",
];
const MODELS: [(&str, &str); 8] = [
    ("openai", "whisper-1"),
    ("openai", "gpt-transcribe"),
    ("openai", "gpt-4o-transcribe"),
    ("openai", "gpt-4o-transcribe-diarize"),
    ("groq", "whisper-large-v3"),
    ("mistral", "voxtral-mini-latest"),
    ("google", "gemini-3.1-flash-lite"),
    ("google", "gemini-3.8-flash-tts"),
];

/// A sound, and how many seconds it plays.
fn sound() -> impl Strategy<Value = (Vec<u8>, u64)> {
    let wav = (0..40_u64).prop_map(|seconds| {
        let length = usize::try_from(seconds).unwrap();
        (crate::tests::http::transcripts::wav(length), seconds)
    });
    // 417 bytes of 1,152 samples at 44.1 kHz each.
    let mp3 = (1..400_u64).prop_map(|frames| {
        let mut frame = vec![0xff, 0xfb, 0x90, 0x00];
        frame.resize(417, 0);
        let file = frame.repeat(usize::try_from(frames).unwrap());
        (file, frames * 1_152 / 44_100)
    });
    let voice = (1..60_u64).prop_map(|seconds| {
        let seconds_as_float = f64::from(u32::try_from(seconds).unwrap());
        let file = latchkey_emulator::Attachment::voice(seconds_as_float);
        (file.bytes, seconds)
    });
    let noise = prop::collection::vec(any::<u8>(), 0..64).prop_map(|noise| (noise, 0));
    (
        prop_oneof![wav, mp3, voice, noise],
        any::<Option<(u16, u8)>>(),
    )
        .prop_map(|((mut file, seconds), spoiled)| {
            // A byte of it is another one.
            if let Some((at, byte)) = spoiled
                && let Some(place) = file.get_mut(usize::from(at))
            {
                *place = byte;
                return (file, 0);
            }
            (file, seconds)
        })
}

fn part(name: &str, file_name: &str, bytes: &[u8]) -> Vec<u8> {
    let file_name = match file_name {
        "" => String::new(),
        name => format!("; filename=\"{name}\""),
    };
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

/// A call with a body that is this form.
fn call(runtime: &Runtime, media_type: &str, body: Bytes, dialect: CallDialect) -> RelayRequest {
    let read = runtime.block_on(Body::form(media_type, body));
    RelayRequest {
        surface: Surface::Transcripts,
        dialect,
        method: Method::POST,
        path: "/audio/transcriptions".to_owned(),
        query: None,
        headers: ForwardedHeaders::default(),
        body: read.expect("a form"),
        stream: false,
        at_s: 0,
    }
}

proptest! {
    #[test]
    fn what_is_held_covers_any_sound(
        (file, seconds) in sound(),
        fields in prop::collection::vec((prop::sample::select(&NAMES[..]), "[a-z]{0,6}"), 0..4),
        (provider, model) in prop::sample::select(&MODELS[..]),
        is_native in any::<bool>(),
    ) {
        let runtime = Builder::new_current_thread().build().unwrap();
        let catalogue = Catalogue::new(&[]).unwrap();
        let provider = catalogue.find(provider).unwrap();
        let mut body = part("file", "a.webm", &file);
        for (name, text) in &fields {
            body.extend(part(name, "", text.as_bytes()));
        }
        body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
        let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let dialect = if is_native { CallDialect::Native } else { CallDialect::OpenAi };
        let request = call(&runtime, &media_type, body.into(), dialect);
        let Ok(bounded) = judge_request(&request, provider, model) else {
            return Ok(());
        };
        let bound = bounded.bound();
        let by_tokens = bound.sound.tokens.most >= 16_000 && bound.made_tokens >= 2_000;
        let by_googles = provider.id.as_str() == "google"
            && bound.sound.tokens.most >= seconds * 32
            && bound.made_tokens > seconds * 4;
        let is_covered = by_tokens || by_googles || bound.sound.seconds >= seconds;
        prop_assert!(is_covered, "{bound:?}");
        prop_assert!(!model.ends_with("-tts"));
        if provider.id.as_str() == "groq" {
            prop_assert!(bound.sound.seconds >= 10);
        }
        let sent = bounded.form().unwrap();
        for field in sent.fields() {
            prop_assert!(!COSTLY.contains(&field.name.as_str()), "{}", field.name);
        }
        let texts = bound.prompt.most;
        prop_assert!(texts >= sent.text_bytes(), "{texts}");
        // What is sent is judged as it was.
        let written = sent.write();
        let again = call(&runtime, &written.media_type, written.body, dialect);
        let again = judge_request(&again, provider, model);
        prop_assert_eq!(again.map(|it| it.bound().sound).ok(), Some(bound.sound));
    }
}
