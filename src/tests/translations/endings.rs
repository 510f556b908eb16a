//! Streams that their provider ends too early: nobody takes half an answer for
//! a whole one.

use latchkey_emulator::providers::ProviderFault;

use super::talks::{CALLERS, Caller, Choice, TALKS};
use super::{RESPONSES_MODEL, program, run};

/// A model of each dialect that providers speak.
const MODELS: [&str; 5] = [
    "openai/gpt-5.2",
    RESPONSES_MODEL,
    "anthropic/claude-haiku-5-5",
    "google/gemini-3.1-flash-lite",
    "cerebras/gpt-oss-120b",
];

/// What each dialect's own clients take for the good end of a stream.
fn good_ends(caller: Caller) -> &'static [&'static str] {
    match caller {
        Caller::Chat => &["[DONE]", "\"finish_reason\":\""],
        Caller::Responses => &[
            "response.completed",
            "response.incomplete",
            "output_item.done",
        ],
        Caller::Messages => &["message_stop", "\"stop_reason\":\"", "content_block_stop"],
        Caller::Google => &["finishReason", "functionCall"],
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_has_no_good_end_in_any_dialect() {
    run(async |stage| {
        let program = program(stage).await;
        for model in MODELS {
            stage.fails(model.split_once('/').unwrap().0, ProviderFault::EndEarly);
        }
        let is_long = |name: &str| matches!(name, "words" | "a tool that must be called");
        for talk in TALKS.iter().filter(|talk| is_long(talk.name)) {
            for model in MODELS {
                // Google's calls come whole: none is cut off.
                if model.starts_with("google") && talk.choice != Choice::Nothing {
                    continue;
                }
                for caller in CALLERS {
                    stage.clock.advance_ms(1_000);
                    let (path, body) = talk.write(caller, model, true);
                    let said = program.posts(&path, &body).await.text;
                    let which = format!("{} {caller:?} {model}: {said}", talk.name);
                    assert!(said.contains("\"error\""), "{which}");
                    for end in good_ends(caller) {
                        assert!(!said.contains(end), "{end} of {which}");
                    }
                }
            }
        }
    })
    .await;
}
