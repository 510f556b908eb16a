//! Sound of whose transcript nobody says what it used: a stream breaks off or is
//! left, or an answer has no usage. It is counted by what was given and what came.

use std::fmt::Write;

use latchkey_emulator::providers::ProviderFault;
use serde_json::json;

use crate::tests::http::transcripts::{booked, form, own, paid, wav};
use crate::tests::program::{Program, send};
use crate::tests::{Stage, run, run_with};

const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";
const MODELS: [&str; 4] = [
    "openai/gpt-4o-transcribe",
    "openai/gpt-4o-mini-transcribe",
    "openai/gpt-transcribe",
    "mistral/voxtral-mini-latest",
];

/// Has a sound written down in a stream, leaves it once a word came if it does not
/// end, and tells what was booked.
async fn streams(stage: &Stage, program: &Program, model: &str, sound: Vec<u8>) -> String {
    stage.clock.advance_ms(1);
    let form = form(model, "a.wav", sound).text("stream", "true");
    let call = program.call("POST", TRANSCRIPTIONS).multipart(form);
    let mut answer = call.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut heard = String::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        heard.push_str(std::str::from_utf8(&piece).unwrap());
        if heard.contains("one") && !heard.contains("three") && is_stalled(stage) {
            break;
        }
    }
    drop(answer);
    booked(stage).await
}

fn is_stalled(stage: &Stage) -> bool {
    let stalls = |fault: &ProviderFault| *fault == ProviderFault::Stall;
    stage
        .world()
        .look(|state| state.providers.faults.values().any(stalls))
}

fn all_fail(stage: &Stage, fault: &ProviderFault) {
    for provider in ["openai", "mistral"] {
        stage.fails(provider, fault.clone());
    }
}

#[tokio::test]
async fn a_transcript_that_breaks_off_costs_what_can_have_been_made() {
    run_with(paid("{ dollars = 5, per = 'day' }"), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut told = String::new();
        for fault in [
            ProviderFault::Stall,
            ProviderFault::Cut,
            ProviderFault::EndEarly,
            ProviderFault::NoUsage,
        ] {
            all_fail(stage, &fault);
            for model in MODELS {
                let booked = streams(stage, &program, model, wav(60)).await;
                let _ = writeln!(told, "{fault:?} {model}: {booked}");
            }
        }
        // Of a compressed file nobody knows how long it plays.
        all_fail(stage, &ProviderFault::Cut);
        let booked = streams(stage, &program, MODELS[0], b"fLaC....".to_vec()).await;
        let _ = writeln!(told, "FLAC, cut: {booked}");
        insta::assert_snapshot!(told, @"
        Stall openai/gpt-4o-transcribe: held 17059 in, 2000 out, 118647500; used 635 in, 101 out, 4697500, estimated
        Stall openai/gpt-4o-mini-transcribe: held 17066 in, 2000 out, 59332500; used 642 in, 101 out, 2357500, estimated
        Stall openai/gpt-transcribe: held 1056 in, 0 out, 4500000; used 32 in, 0 out, 4500000, estimated
        Stall mistral/voxtral-mini-latest: held 1055 in, 0 out, 3000000; used 31 in, 0 out, 3000000, estimated
        Cut openai/gpt-4o-transcribe: held 17059 in, 2000 out, 118647500; used 635 in, 101 out, 4697500, estimated
        Cut openai/gpt-4o-mini-transcribe: held 17066 in, 2000 out, 59332500; used 642 in, 101 out, 2357500, estimated
        Cut openai/gpt-transcribe: held 1056 in, 0 out, 4500000; used 32 in, 0 out, 4500000, estimated
        Cut mistral/voxtral-mini-latest: held 1055 in, 0 out, 3000000; used 31 in, 0 out, 3000000, estimated
        EndEarly openai/gpt-4o-transcribe: held 17059 in, 2000 out, 118647500; used 607 in, 1 out, 3627500, estimated
        EndEarly openai/gpt-4o-mini-transcribe: held 17066 in, 2000 out, 59332500; used 609 in, 1 out, 1816250, estimated
        EndEarly openai/gpt-transcribe: held 1056 in, 0 out, 4500000; used 7 in, 0 out, 4500000
        EndEarly mistral/voxtral-mini-latest: held 1055 in, 0 out, 3000000; used 8 in, 0 out, 3000000
        NoUsage openai/gpt-4o-transcribe: held 17059 in, 2000 out, 118647500; used 607 in, 4 out, 3657500, estimated
        NoUsage openai/gpt-4o-mini-transcribe: held 17066 in, 2000 out, 59332500; used 609 in, 4 out, 1831250, estimated
        NoUsage openai/gpt-transcribe: held 1056 in, 0 out, 4500000; used 7 in, 0 out, 4500000
        NoUsage mistral/voxtral-mini-latest: held 1055 in, 0 out, 3000000; used 8 in, 0 out, 3000000
        FLAC, cut: held 17059 in, 2000 out, 118647500; used 16035 in, 101 out, 97097500, estimated
        ");
    })
    .await;
}

#[tokio::test]
async fn a_transcript_that_nobody_counted_is_counted_by_its_words() {
    let mut told = String::new();
    let text = || vec![("content-type", "text/plain".to_owned())];
    for (name, fault) in [
        ("no usage", ProviderFault::NoUsage),
        (
            "a length alone",
            ProviderFault::Says(200, json!({"text": "one two three", "duration": 59.5}).to_string()),
        ),
        (
            "seconds",
            ProviderFault::Says(
                200,
                json!({"text": "one two three", "usage": {"type": "duration", "seconds": 61}}).to_string(),
            ),
        ),
        (
            "silence",
            ProviderFault::Says(200, json!({"text": "", "duration": 59.5}).to_string()),
        ),
        (
            "tokens and a length",
            ProviderFault::Says(
                200,
                json!({"text": "one", "duration": 59.5, "usage": {"type": "tokens", "input_tokens": 14,
                    "input_token_details": {"text_tokens": 0, "audio_tokens": 14}, "output_tokens": 45,
                    "total_tokens": 59}}).to_string(),
            ),
        ),
        ("a text", ProviderFault::Sends(text(), b"one two three\n".to_vec())),
    ] {
        run(async |stage| {
            let program = own(stage).await;
            stage.fails("openai", fault.clone());
            for model in ["gpt-4o-transcribe", "whisper-1"] {
                stage.clock.advance_ms(1);
                let form = form(model, "a.wav", wav(60));
                let said = send(program.call("POST", TRANSCRIPTIONS).multipart(form)).await;
                let booked = booked(stage).await;
                let (_, used) = booked.split_once("; ").unwrap();
                let _ = writeln!(told, "{name}, {model}: {} {used}", said.status);
            }
        })
        .await;
    }
    insta::assert_snapshot!(told, @"
    no usage, gpt-4o-transcribe: 200 used 605 in, 4 out, 3652500, estimated
    no usage, whisper-1: 200 used 3 in, 0 out, 6000000
    a length alone, gpt-4o-transcribe: 200 used 600 in, 4 out, 3640000, estimated
    a length alone, whisper-1: 200 used 0 in, 0 out, 6000000
    seconds, gpt-4o-transcribe: 200 used 610 in, 4 out, 3700000, estimated
    seconds, whisper-1: 200 used 0 in, 0 out, 6100000
    silence, gpt-4o-transcribe: 200 used 600 in, 0 out, 3600000, estimated
    silence, whisper-1: 200 used 0 in, 0 out, 6000000
    tokens and a length, gpt-4o-transcribe: 200 used 14 in, 45 out, 534000
    tokens and a length, whisper-1: 200 used 14 in, 45 out, ?
    a text, gpt-4o-transcribe: 200 used 605 in, 4 out, 3652500, estimated
    a text, whisper-1: 200 used 3 in, 0 out, 6000000
    ");
}
