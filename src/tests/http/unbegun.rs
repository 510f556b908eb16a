//! Answers of machines before a provider: what they say of the call decides
//! whether it is given back; `docs/providers.md` §4.3.

use latchkey_emulator::providers::ProviderFault;
use serde_json::json;

use super::leaving::{charged, limited};
use crate::tests::program::Program;
use crate::tests::{good, run_with};

/// Statuses by which the provider says no, or a machine before it that the call
/// never reached it.
const NOT_BEGUN: [u16; 10] = [500, 502, 503, 521, 522, 523, 525, 526, 529, 530];
/// Statuses after which the provider may be at work.
const MAY_BE_BEGUN: [u16; 4] = [504, 520, 524, 527];

#[tokio::test]
async fn what_was_surely_not_begun_is_given_back_and_nothing_else() {
    run_with(limited(), async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let chat = |stream| {
            json!({"model": "openai/gpt-6-luna", "stream": stream, "max_tokens": 700,
                "messages": [{"role": "user", "content": "count"}]})
        };
        let picture = json!({"model": "openai/gpt-image-2", "prompt": "a lighthouse"});
        let all = NOT_BEGUN.into_iter().chain(MAY_BE_BEGUN);
        let mut seen = std::collections::BTreeMap::<String, Vec<u16>>::new();
        for status in all {
            for (surface, path, body) in [
                ("chat", "/v1/chat/completions", chat(false)),
                ("streamed", "/v1/chat/completions", chat(true)),
                ("pictures", "/v1/images/generations", picture.clone()),
            ] {
                stage.fails("openai", ProviderFault::Html(status));
                stage.clock.advance_ms(1);
                program.posts(path, &body).await;
                stage.app().await.idle().await;
                let what = format!("{surface}: {}", charged(stage).await);
                seen.entry(what).or_default().push(status);
            }
        }
        let lines = seen.iter().map(|(what, all)| format!("{what}: {all:?}"));
        let lines: Vec<_> = lines.collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        chat: personal cut_off: all input, all output, 0 images, estimated: [504, 520, 524, 527]
        chat: personal failed: 0 in, no output, 0 images: [500, 502, 503, 521, 522, 523, 525, 526, 529, 530]
        pictures: personal cut_off: all input, all output, 1 images, estimated: [504, 520, 524, 527]
        pictures: personal failed: 0 in, no output, 0 images: [500, 502, 503, 521, 522, 523, 525, 526, 529, 530]
        streamed: personal cut_off: 134 in, 100 out, 0 images, estimated: [504, 520, 524, 527]
        streamed: personal failed: 0 in, no output, 0 images: [500, 502, 503, 521, 522, 523, 525, 526, 529, 530]
        ");
    })
    .await;
}
