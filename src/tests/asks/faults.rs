//! `/ask` on a provider's bad days, and what never reaches a provider.

use insta::assert_snapshot;
use latchkey_emulator::RestTrouble;
use latchkey_emulator::providers::{ProviderFault, Standing, sample};

use crate::tests::{good, rest_fault, run};

fn every_fault() -> [ProviderFault; 13] {
    [
        ProviderFault::Html(503),
        ProviderFault::Html(200),
        ProviderFault::Stall,
        ProviderFault::StallWithComments,
        ProviderFault::Cut,
        ProviderFault::EndEarly,
        ProviderFault::ErrorInStream,
        ProviderFault::HugeLine,
        ProviderFault::HugeBody,
        ProviderFault::WrongUsage,
        ProviderFault::NoUsage,
        ProviderFault::Status(418),
        ProviderFault::Redirect("http://127.0.0.1:9/".into()),
    ]
}

#[tokio::test]
async fn what_goes_wrong_at_a_provider_is_said_in_words() {
    run(async |stage| {
        let mia = stage.mia();
        let mut seen = Vec::new();
        for fault in every_fault() {
            // What can have been made counts, and ten asks a minute are allowed.
            stage.clock.advance_ms(60_000);
            stage.fails("groq", fault.clone());
            seen.push(format!("{fault:?}\n{}", mia.runs("/ask prompt:count").await));
        }
        assert_snapshot!(seen.join("\n\n"), @r#"
        Html(503)
        (only you) > count

        Groq is having trouble. Ask again in a minute, or name another provider.

        Html(200)
        (only you) > count

        Groq is having trouble. Ask again in a minute, or name another provider.

        Stall
        > count

        one two three four five
        -# The answer stops here. Groq took too long. Ask again, or name another provider.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · about 79 tokens in, 1500 out · $0.00046 · broken off

        StallWithComments
        > count

        one two three four five
        -# The answer stops here. Groq took too long. Ask again, or name another provider.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · about 79 tokens in, 1500 out · $0.00046 · broken off

        Cut
        > count

        one two three four five
        -# The answer stops here. Groq broke off in mid-answer. Ask again, or name another provider.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · about 79 tokens in, 1500 out · $0.00046 · broken off

        EndEarly
        > count

        one two three four five
        -# The answer stops here. Groq broke off in mid-answer. Ask again, or name another provider.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · about 79 tokens in, 1500 out · $0.00046 · broken off

        ErrorInStream
        > count

        one two three four five
        -# The answer stops here. Groq has more to do than it can right now. Ask again in a minute, or name another provider.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · about 79 tokens in, 1500 out · $0.00046 · broken off

        HugeLine
        (only you) > count

        Groq sent more than I can read. Ask for less, or name another provider.

        HugeBody
        (only you) > count

        Groq sent more than I can read. Ask for less, or name another provider.

        WrongUsage
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · about 12 tokens in, 13 out · < $0.0001

        NoUsage
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · about 20 tokens in, 13 out · < $0.0001

        Status(418)
        (only you) > count

        Groq is having trouble. Ask again in a minute, or name another provider.

        Redirect("http://127.0.0.1:9/")
        (only you) > count

        Groq is having trouble. Ask again in a minute, or name another provider.
        "#);
    })
    .await;
}

#[tokio::test]
async fn what_fails_is_told_to_whoever_asked_and_leaves_nothing_in_the_channel() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        stage.fails("groq", ProviderFault::Html(503));
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        (only you) > count

        Groq is having trouble. Ask again in a minute, or name another provider.
        ");
        let long = mia.runs(&format!("/ask prompt:{}", "count ".repeat(300))).await;
        assert!(long.contains("[question.md") && long.contains("another provider."), "{long}");
        stage.fails("openai", ProviderFault::Status(500));
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(mia.runs("/imagine prompt:lighthouse model:openai/gpt-image-2").await, @"
        (only you) > lighthouse

        OpenAI is having trouble. Ask again in a minute, or name another provider.
        ");
        assert_eq!(omar.reads_channel(), "", "nobody else need read it");
        let said = omar.writes("a long text", None);
        assert_snapshot!(mia.right_clicks(said, "Explain").await, @"(only you) OpenAI is having trouble. Ask again in a minute, or name another provider.");
        assert_eq!(omar.reads_channel(), "a long text");
        // Where the promise can't be taken back, it says as little as it can.
        let undeletable = rest_fault(("DELETE", "/messages/@original"), RestTrouble::Page(502), 9);
        stage.world().with(|state| state.rest_faults.push(undeletable));
        let seen = mia.runs("/ask prompt:count provider:groq").await;
        assert!(seen.contains("(only you) > count"), "{seen}");
        assert_snapshot!(omar.reads_channel(), @"
        a long text
        ---
        > count

        I could not answer; only the person who asked can see why.
        ");
        // Below a message it is said to all who see that it was asked.
        assert_snapshot!(mia.says("@Latchkey count").await, @"OpenAI is having trouble. Ask again in a minute, or name another provider.");
    })
    .await;
}

#[tokio::test]
async fn a_busy_provider_says_when_and_no_other_key_pays_instead() {
    run(async |stage| {
        let mia = stage.mia();
        stage.omar().adds("openai", "guild", &good("openai")).await;
        mia.adds("openai", "user", &sample("openai", Standing::Limited))
            .await;
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) > count

        OpenAI is limiting this key right now. Ask again in 30 seconds, or name another provider.
        ");
        assert_eq!(
            stage.keys_that_paid("openai"),
            [sample("openai", Standing::Limited)]
        );
    })
    .await;
}

#[tokio::test]
async fn a_call_is_repeated_only_where_the_provider_asks_for_it() {
    run(async |stage| {
        let mia = stage.mia();
        let calls = || stage.keys_that_paid("groq").len();
        for status in [429, 503, 529] {
            let before = calls();
            stage.fails("groq", ProviderFault::Busy(status, 2));
            assert!(
                mia.runs("/ask prompt:count").await.contains("nine ten"),
                "{status}"
            );
            assert_eq!(calls() - before, 3, "{status}");
        }
        let too_slow = ProviderFault::SlowFirstByte(std::time::Duration::from_secs(8));
        for fault in [
            ProviderFault::Cut,
            ProviderFault::Stall,
            ProviderFault::Status(500),
            too_slow,
        ] {
            let before = calls();
            stage.fails("groq", fault.clone());
            assert!(!mia.runs("/ask prompt:count").await.contains("nine ten"));
            assert_eq!(calls() - before, 1, "{fault:?}: somebody pays for that one");
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_provider_does_not_delay_the_acknowledgement() {
    run(async |stage| {
        let slow = std::time::Duration::from_millis(1_200);
        stage.fails("groq", ProviderFault::SlowFirstByte(slow));
        let mia = stage.mia();
        let id = mia.starts("/ask prompt:count");
        let thinking = stage.world().until(|state| {
            state
                .messages
                .iter()
                .find(|m| m.interaction == Some(id))
                .map(|m| m.loading)
        });
        assert!(thinking.await);
        assert!(mia.sees(id).await.contains("\none two"));
    })
    .await;
}

#[tokio::test]
async fn only_what_belongs_in_a_request_reaches_a_provider_and_no_key_stands_in_a_url() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
            mia.runs(&format!("/ask prompt:count provider:{provider}"))
                .await;
        }
        let allowed = [
            "accept",
            "accept-encoding",
            "anthropic-version",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "x-api-key",
            "x-goog-api-key",
        ];
        stage.world().look(|state| {
            assert_eq!(state.providers.calls.len(), 6);
            for call in &state.providers.calls {
                assert!(!call.path.contains("made-up"), "{}", call.path);
                assert!(
                    call.headers
                        .iter()
                        .all(|name| allowed.contains(&name.as_str())),
                    "{:?}",
                    call.headers
                );
            }
        });
    })
    .await;
}

#[tokio::test]
async fn a_key_does_not_follow_its_provider_to_another_address() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("mistral", "user", &good("mistral")).await;
        stage.stop().await;
        let elsewhere = stage.scene.emulator.provider_url("mistral").replace("127.0.0.1", "localhost");
        stage.start_configured(&format!("[providers.mistral]\nbase_url = \"{elsewhere}\"\n")).await;
        assert_snapshot!(mia.runs("/ask prompt:count provider:mistral").await, @"
        (only you) > count

        Mistral has moved to another address since this key was stored, and keys don't follow. Add it again with `/keys add provider:mistral scope:user`.
        ");
        assert!(stage.keys_that_paid("mistral").is_empty());
    })
    .await;
}
