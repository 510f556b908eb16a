//! A key for one ask.

use latchkey_emulator::providers::{Standing, sample};
use serde_json::json;

use crate::tests::program::{Program, send};
use crate::tests::{good, run, without_seconds_left};

#[tokio::test]
async fn a_key_for_one_ask_pays_once_and_is_forgotten() {
    run(async |stage| {
        let mia = stage.mia();
        insta::assert_snapshot!(mia.runs("/ask prompt:count provider:openai once:true").await, @"
        Form: Ask with a key for this once
        - What to ask: “count”
        - API key (used once, never stored): From https://platform.openai.com/api-keys
        ");
        let form = mia.open_form();
        let key = good("openai");
        let typed = [("prompt", "count"), ("key", key.as_str())];
        insta::assert_snapshot!(mia.submits_as(&form, &typed).await, @"
        > count

        one two three four five six seven eight nine ten
        -# OpenAI gpt-6-luna · 🔑 one-time key · 12 tokens in, 10 out · < $0.0001
        [Details]
        ");
        assert_eq!(stage.keys_that_paid("openai"), std::slice::from_ref(&key));
        insta::assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) No API key configured: there is no key for OpenAI that can pay here.
        Add yours with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.
        ");
        // The form works once, and the ledger knows no key.
        assert!(
            mia.submits_as(&form, &typed)
                .await
                .contains("Nothing was changed")
        );
        let rows = stage.app().await.audit().await;
        let last = rows.last().unwrap();
        assert_eq!(
            (last.source.as_str(), last.state.as_str()),
            ("request", "settled")
        );
        assert!(last.key.is_none());
        stage.stop().await;
        for file in ["test.db", "test.db-wal"] {
            let path = stage.database().with_file_name(file);
            let bytes = std::fs::read(path).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&bytes).contains(&key));
        }
    })
    .await;
}

#[tokio::test]
async fn a_refused_key_for_one_ask_never_falls_back() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        for (standing, provider) in [(Standing::Bad, "openai"), (Standing::Empty, "groq")] {
            mia.runs(&format!("/ask prompt:count provider:{provider} once:true"))
                .await;
            let key = sample(provider, standing);
            let seen = mia.submits(&[("prompt", "count"), ("key", &key)]).await;
            assert!(seen.contains("no other key paid"), "{seen}");
        }
        insta::assert_snapshot!(mia.runs("/ask prompt:count once:true").await, @"(only you) A key for one ask belongs to one provider. Name it: `/ask once:True provider:… prompt:…`.");
        mia.runs("/ask prompt:count provider:openai once:true").await;
        insta::assert_snapshot!(mia.submits(&[("prompt", " "), ("key", &good("openai"))]).await, @"(only you) There is nothing to answer. Write a prompt: `/ask prompt:…`.");
        mia.runs("/ask prompt:count provider:openai once:true").await;
        insta::assert_snapshot!(mia.submits(&[("prompt", "count"), ("key", "two words")]).await, @"
        (only you) That can't be a key: it contains spaces or characters that no key has. Nothing was asked. Copy the key alone, without what stands around it: press the button and paste it, or run `/ask once:True`.
        > count
        [Type the key again]
        ");
        let long = format!("/ask prompt:{} provider:openai once:true", "x".repeat(4_001));
        insta::assert_snapshot!(mia.runs(&long).await, @"(only you) Discord's forms hold 4,000 characters, and this prompt is longer, so nothing was asked. Shorten it, or add the key with `/keys add` and ask without `once:`.");
    })
    .await;
}

#[tokio::test]
async fn stolen_keys_can_be_tried_in_no_form_either() {
    run(async |stage| {
        let mia = stage.mia();
        let tries = async |key: String| {
            mia.runs("/ask prompt:count provider:openai once:true")
                .await;
            mia.submits(&[("prompt", "count"), ("key", key.as_str())])
                .await
        };
        // What worked goes on working.
        let own = good("openai");
        assert!(tries(own.clone()).await.contains("one-time key"));
        for number in 0..5 {
            let seen = tries(format!("{}{number}", sample("openai", Standing::Bad))).await;
            assert!(seen.contains("no other key paid"), "{number}: {seen}");
        }
        stage.app().await.idle().await;
        let new = format!("{own}-new");
        insta::assert_snapshot!(without_seconds_left(&tries(new.clone()).await), @"
        (only you) Providers refused too many of the keys that you gave, or too many of yours were checked, so no new one is tried for <n> seconds. A key that worked for you goes on working. Copy the key anew from your provider before you try it again.
        > count
        [Type the key again]
        ");
        assert!(tries(own).await.contains("one-time key"));
        // One counter for every way in: stored keys, and programs.
        let stored = mia.adds("openai", "user", &new).await;
        insta::assert_snapshot!(without_seconds_left(&stored), @"
        (only you) Of keys that their providers do not accept, one person can have 5 a minute and 20 an hour checked, and one server 20 an hour. That is used up, so nothing was checked or stored, and keys that were stored before are as they were. What you typed is kept nowhere: have it ready, and try again in <n> seconds.
        [Add a key for OpenAI]
        ");
        let program = Program::of(stage, &mia, "").await;
        let body = json!({"model": "openai/gpt-6-luna", "prompt": "count"});
        let sends = async |key: &str| {
            let call = program.call("POST", "/api/v1/unified").json(&body);
            send(call.header("x-openai-key", key)).await.code()
        };
        assert_eq!(sends(&new).await, "429 too_many_refused_keys");
        stage.clock.advance_ms(60_000);
        assert!(tries(new.clone()).await.contains("one-time key"));
        // And the other way round.
        for number in 5..10 {
            let key = format!("{}{number}", sample("openai", Standing::Bad));
            assert_eq!(sends(&key).await, "401 provider_key_refused");
        }
        stage.app().await.idle().await;
        let seen = tries(format!("{new}er")).await;
        assert!(seen.contains("no new one is tried"), "{seen}");
        let seen = mia.adds("openai", "user", &new).await;
        assert!(seen.contains("That is used up"), "{seen}");
    })
    .await;
}
