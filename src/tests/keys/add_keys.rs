//! Adding keys: `/keys add`, its form, and what the bot says.

use insta::assert_snapshot;
use latchkey_emulator::providers::{ProviderFault, Standing, sample};
use latchkey_emulator::{MANAGER, MEMBER};

use crate::tests::{Setup, bad, good, run, run_with, without_seconds_left};

#[tokio::test]
async fn a_person_without_a_key_is_told_how_to_add_one_and_does() {
    run(async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/ask prompt:hello provider:openai").await, @"
        (only you) No API key configured: there is no key for OpenAI that can pay here.
        Add yours with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.
        ");
        assert_snapshot!(mia.runs("/keys add provider:openai scope:user").await, @"
        Form: Your OpenAI key
        - API key (shown while you type, stored sealed): From https://platform.openai.com/api-keys
        - Provider (optional): [OpenAI]
        - Name (optional): What to call it
        - How long it is used: [As long as it works]
        ");
        assert_snapshot!(mia.submits(&[("key", &good("openai"))]).await, @"
        (only you) Stored the personal key: **OpenAI** `…6789`.
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ");
        assert_snapshot!(mia.runs("/ask prompt:hello provider:openai").await, @"
        > hello

        You asked: hello
        This is a made-up model, so that is all it knows.
        -# OpenAI gpt-6-luna · 👤 personal key · 12 tokens in, 14 out · < $0.0001
        ");
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_added_again_keeps_its_last_use() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs("/ask prompt:hello provider:openai").await;
        stage.app().await.idle().await;
        mia.adds("openai", "user", &good("openai")).await;
        let listed = mia.runs("/keys list").await;
        assert!(listed.contains("· last used <t:"), "{listed}");
        mia.adds("openai", "user", &format!("{}-new", good("openai")))
            .await;
        let listed = mia.runs("/keys list").await;
        assert!(listed.contains("· never used"), "{listed}");
    })
    .await;
}

#[tokio::test]
async fn a_key_added_twice_is_used_once_and_it_is_the_new_one() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &format!("{}-old", good("openai"))).await;
        let new = format!("{}-new", good("openai"));
        assert_snapshot!(mia.adds("openai", "user", &new).await, @"
        (only you) Replaced the personal key: **OpenAI** `…-new`.
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ");
        mia.runs("/ask prompt:hello provider:openai").await;
        assert_eq!(stage.keys_that_paid("openai"), [new]);
        assert_snapshot!(mia.runs("/keys list").await, @"
        (only you) **Your keys**
        🟢 **OpenAI** `…-new`
        -# pays for you everywhere · works · last used <t:1795219200:R>
        [Test] [Pause] [Replace] [Remove]
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_key_that_the_provider_refuses_is_not_stored_and_the_old_one_stays() {
    run(async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.adds("openai", "user", &bad("openai")).await, @"
        (only you) Key is invalid: OpenAI does not accept that key, so it was not stored. It may not have been copied whole, it may have ended, or its account may not be in good standing. Make a new one at <https://platform.openai.com/api-keys>, then press the button, or `/keys add provider:openai scope:user`.
        [Add a key for OpenAI]
        ");
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(mia.adds("openai", "user", &bad("openai")).await, @"
        (only you) Key is invalid: OpenAI does not accept that key, so it was not stored. It may not have been copied whole, it may have ended, or its account may not be in good standing. Your old key is still in place. Make a new one at <https://platform.openai.com/api-keys>, then press the button, or `/keys add provider:openai scope:user`.
        [Add a key for OpenAI]
        ");
        mia.runs("/ask prompt:hello provider:openai").await;
        assert_eq!(stage.keys_that_paid("openai"), [good("openai")]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused_without_asking_anybody() {
    run(async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.adds("openai", "user", "two words").await, @"
        (only you) That can't be a key: it contains spaces or characters that no key has. Nothing was stored. Copy the key alone, without what stands around it: press the button and paste it, or run `/keys add`.
        [Add a key for OpenAI]
        ");
        assert_snapshot!(mia.adds("openai", "user", "  ").await, @"
        (only you) That can't be a key: it is empty. Nothing was stored. Copy the key alone, without what stands around it: press the button and paste it, or run `/keys add`.
        [Add a key for OpenAI]
        ");
        assert!(stage.world().look(|state| state.providers.calls.is_empty()));
        let pasted = format!("  {}\n", good("openai"));
        assert_snapshot!(mia.adds("openai", "user", &pasted).await, @"
        (only you) Stored the personal key: **OpenAI** `…6789`.
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_network_failure_during_the_check_leaves_a_key_unverified_and_used() {
    run(async |stage| {
        let mia = stage.mia();
        stage.fails("openai", ProviderFault::Html(503));
        assert_snapshot!(mia.adds("openai", "user", &good("openai")).await, @"
        (only you) Stored the personal key: **OpenAI** `…6789`.
        OpenAI could not be asked about it right now. It is used as it is; `/keys test provider:openai scope:user` asks again.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ");
        assert_snapshot!(mia.runs("/keys list scope:user").await, @"
        (only you) **Your keys**
        🟡 **OpenAI** `…6789`
        -# pays for you everywhere · not checked yet · never used
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        stage.recovers("openai");
        assert_snapshot!(mia.runs("/ask prompt:hello provider:openai").await, @"
        > hello

        You asked: hello
        This is a made-up model, so that is all it knows.
        -# OpenAI gpt-6-luna · 👤 personal key · 12 tokens in, 14 out · < $0.0001
        ");
    })
    .await;
}

#[tokio::test]
async fn nonsense_during_the_check_never_makes_a_key_refused() {
    run(async |stage| {
        let mia = stage.mia();
        for fault in [
            ProviderFault::HugeBody,
            ProviderFault::Html(200),
            ProviderFault::Status(429),
            ProviderFault::Redirect("http://127.0.0.1:9/".into()),
            ProviderFault::SlowFirstByte(std::time::Duration::from_secs(6)),
        ] {
            stage.clock.advance_ms(60_000);
            stage.fails("openai", fault.clone());
            let seen = mia.adds("openai", "user", &good("openai")).await;
            assert!(
                seen.contains("could not be asked about it right now"),
                "{fault:?}: {seen}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_looks_unlike_its_providers_is_stored_with_a_hint() {
    run(async |stage| {
        let mia = stage.mia();
        stage.key_stands("made-up-key-of-another-shape", Standing::Good);
        assert_snapshot!(mia.adds("openai", "user", "made-up-key-of-another-shape").await, @"
        (only you) Stored the personal key: **OpenAI** `…hape`.
        OpenAI accepts it.
        It does not look like other OpenAI keys, so check that you copied the right one.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ");
    })
    .await;
}

#[tokio::test]
async fn only_whoever_manages_a_server_adds_its_keys() {
    run(async |stage| {
        assert_snapshot!(stage.mia().runs("/keys add provider:openai scope:guild").await, @"(only you) Server keys are for whoever has the Manage Server permission here, and you don't right now. Your own key works without it: `/keys add scope:user`.");
        assert_snapshot!(stage.mia().directly().runs("/keys add provider:openai scope:guild").await, @"(only you) This is a direct message, and a server key belongs to a server. Run the command in that server, or use `scope:user`.");
        assert_snapshot!(stage.zoe().runs("/keys add provider:openai scope:guild").await, @"(only you) This server has not added me; only you have. Server keys need the bot in the server: ask somebody who manages it, or use `scope:user`.");
        assert_snapshot!(stage.omar().runs("/keys add provider:openai scope:guild name:club").await, @"
        Form: This server's OpenAI key
        - API key (shown while you type, stored sealed): From https://platform.openai.com/api-keys
        - Provider (optional): [OpenAI]
        - Who uses it: [Everybody in this server]
        - Name (optional): “club”
        - How long it is used: [As long as it works]
        ");
        assert_snapshot!(stage.omar().submits(&[("key", &good("openai"))]).await, @"
        (only you) Stored the server key: **OpenAI** “club” `…6789`.
        OpenAI accepts it.
        It pays for everybody's asks with OpenAI in this server, unless they have a key of their own.
        ");
        assert_snapshot!(stage.mia().runs("/ask prompt:hello provider:openai").await, @"
        > hello

        You asked: hello
        This is a made-up model, so that is all it knows.
        -# OpenAI gpt-6-luna · 🏠 server key · 12 tokens in, 14 out · < $0.0001
        ");
    })
    .await;
}

#[tokio::test]
async fn permission_that_is_lost_between_command_and_submit_refuses() {
    run(async |stage| {
        let omar = stage.omar();
        omar.runs("/keys add provider:openai scope:guild").await;
        stage.world().join(stage.scene.server, omar.person, MEMBER);
        assert_snapshot!(omar.submits(&[("key", &good("openai"))]).await, @"(only you) Server keys are for whoever has the Manage Server permission here, and you don't right now. Your own key works without it: `/keys add scope:user`.");
        stage.world().join(stage.scene.server, omar.person, MANAGER);
        assert_snapshot!(omar.runs("/keys list scope:guild").await, @"
        (only you) **This server's keys**
        None yet. Add one with `/keys add scope:guild`.
        [menu: Add a key for this server]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_submit_that_is_replayed_forged_or_somebody_elses_does_nothing() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.runs("/keys add provider:openai scope:user").await;
        let form = mia.open_form();
        let key = good("openai");
        assert_snapshot!(omar.submits_as(&form, &[("key", &key)]).await, @"(only you) That form or button was used already, is older than 15 minutes, or is not yours. Nothing was changed. Run the command again for a fresh one.");
        omar.submits_as("add:00000000000000000000000000000000", &[("key", &key)]).await;
        omar.submits_as("add:", &[("key", &key)]).await;
        omar.submits_as("keys_add:openai:guild:1", &[("key", &key)]).await;
        mia.in_channel("lobby").submits_as(&form, &[("key", &key)]).await;
        assert_snapshot!(omar.runs("/keys list").await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        **This server's keys**
        None yet. Add one with `/keys add scope:guild`.
        [menu: Add a key of your own]
        [menu: Add a key for this server]
        [Sign in with OpenRouter]
        ");
        assert_snapshot!(mia.submits_as(&form, &[("key", &key)]).await, @"
        (only you) Stored the personal key: **OpenAI** `…6789`.
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ");
        assert_snapshot!(mia.submits_as(&form, &[("key", "made-up-other-key-0123")]).await, @"(only you) That form or button was used already, is older than 15 minutes, or is not yours. Nothing was changed. Run the command again for a fresh one.");
        assert_snapshot!(mia.runs("/keys list scope:user").await, @"
        (only you) **Your keys**
        🟢 **OpenAI** `…6789`
        -# pays for you everywhere · works · never used
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_form_expires_after_fifteen_minutes() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/keys add provider:openai scope:user").await;
        stage.clock.advance_ms(15 * 60 * 1_000);
        assert!(
            mia.submits(&[("key", &good("openai"))])
                .await
                .contains("older than 15 minutes")
        );
        stage.app().await.sweep().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_bot_restarted_between_form_and_submit_still_stores_the_key() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/keys add provider:openai scope:user").await;
        stage.restart().await;
        assert_snapshot!(mia.submits(&[("key", &good("openai"))]).await, @"
        (only you) Stored the personal key: **OpenAI** `…6789`.
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ");
    })
    .await;
}

#[tokio::test]
async fn keys_are_added_in_direct_messages_and_where_only_the_person_has_the_app() {
    run(async |stage| {
        stage
            .mia()
            .directly()
            .adds("openai", "user", &good("openai"))
            .await;
        stage.zoe().adds("openai", "user", &good("openai")).await;
        assert!(
            stage
                .mia()
                .runs("/ask prompt:hello provider:openai")
                .await
                .contains("personal key")
        );
        assert!(
            stage
                .zoe()
                .runs("/ask prompt:hello provider:openai")
                .await
                .contains("personal key")
        );
    })
    .await;
}

#[tokio::test]
async fn an_image_host_asks_for_what_it_needs_beside_the_key() {
    run(async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/keys add provider:runpod scope:user").await, @"
        Form: Your RunPod key
        - API key (shown while you type, stored sealed): From https://console.runpod.io/user/settings
        - Endpoint ID: From the endpoint's page
        - Provider (optional): [RunPod]
        - Name (optional): What to call it
        - How long it is used: [As long as it works]
        ");
        let key = good("runpod");
        assert_snapshot!(mia.submits(&[("key", &key), ("endpoint", "../x")]).await, @"
        (only you) “Endpoint ID” must be a plain name of letters, digits and dashes. Nothing was stored. Press the button and type it again, or run `/keys add`.
        [Add a key for RunPod]
        ");
        assert_snapshot!(mia.adds_with("runpod", "user", &[("key", &key), ("endpoint", "wrong-id")]).await, @"
        (only you) Stored the personal key: **RunPod** `…6789`.
        RunPod accepts the key, but finds nothing under the ids that you gave with it. Run `/keys add provider:runpod scope:user` again with the right ones.
        It is kept for images that you make with RunPod; `/ask` does not use it.
        ");
        assert_snapshot!(mia.adds_with("runpod", "user", &[("key", &key), ("endpoint", "made-up-id")]).await, @"
        (only you) Replaced the personal key: **RunPod** `…6789`.
        RunPod accepts it.
        It is kept for images that you make with RunPod; `/ask` does not use it.
        ");
        assert_snapshot!(mia.runs("/ask prompt:hello provider:runpod").await, @"(only you) RunPod makes pictures and answers no questions: use it with `/imagine provider:runpod`. Questions are answered by another provider's models, which the list holds that appears while you type `model:`.");
    })
    .await;
}

#[tokio::test]
async fn key_checks_are_limited_so_that_nobody_tries_stolen_keys() {
    run(async |stage| {
        let mia = stage.mia();
        for _ in 0..5 {
            assert!(mia.adds("openai", "user", &bad("openai")).await.contains("does not accept"));
        }
        let told = mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(without_seconds_left(&told), @"
        (only you) Of keys that their providers do not accept, one person can have 5 a minute and 20 an hour checked, and one server 20 an hour. That is used up, so nothing was checked or stored, and keys that were stored before are as they were. What you typed is kept nowhere: have it ready, and try again in <n> seconds.
        [Add a key for OpenAI]
        ");
        assert!(stage.omar().adds("openai", "user", &good("openai")).await.contains("Stored"));
        for _ in 0..3 {
            stage.clock.advance_ms(60_000);
            for _ in 0..5 {
                mia.directly().adds("openai", "user", &bad("openai")).await;
            }
        }
        stage.clock.advance_ms(60_000);
        assert_snapshot!(mia.directly().adds("openai", "user", &good("openai")).await, @"
        (only you) Of keys that their providers do not accept, one person can have 5 a minute and 20 an hour checked, and one server 20 an hour. That is used up, so nothing was checked or stored, and keys that were stored before are as they were. What you typed is kept nowhere: have it ready, and try again in 56 minutes.
        [Add a key for OpenAI]
        ");
        stage.clock.advance_ms(60 * 60 * 1_000);
        assert!(mia.adds("openai", "user", &good("openai")).await.contains("Stored"));
    })
    .await;
}

#[tokio::test]
async fn a_server_has_a_limit_on_checks_too() {
    run(async |stage| {
        for number in 0..4 {
            let person = stage.world().add_person(&format!("guest{number}"));
            stage.world().join(stage.scene.server, person, MEMBER);
            for _ in 0..5 {
                stage.actor(person, "general").adds("openai", "user", &bad("openai")).await;
            }
        }
        assert_snapshot!(stage.mia().adds("openai", "user", &good("openai")).await, @"
        (only you) Of keys that their providers do not accept, one person can have 5 a minute and 20 an hour checked, and one server 20 an hour. That is used up, so nothing was checked or stored, and keys that were stored before are as they were. What you typed is kept nowhere: have it ready, and try again in 60 minutes.
        [Add a key for OpenAI]
        ");
    })
    .await;
}

#[tokio::test]
async fn one_member_uses_up_no_more_than_their_share_of_a_servers_checks() {
    run(async |stage| {
        let mia = stage.mia();
        for _ in 0..4 {
            for _ in 0..5 {
                mia.adds("openai", "user", &bad("openai")).await;
            }
            stage.clock.advance_ms(60_000);
        }
        let told = mia.adds("openai", "user", &good("openai")).await;
        assert!(told.contains("used up"), "{told}");
        let told = stage.omar().adds("openai", "guild", &good("openai")).await;
        assert!(told.contains("Stored"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn without_a_master_key_all_but_status_answer_that_byok_is_off() {
    let setup = Setup {
        byok: false,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/keys add provider:openai scope:user").await, @"(only you) BYOK is not enabled: this bot has no master key to protect stored keys with. Its operator can enable it by setting `BYOK_MASTER_KEY` to what `latchkey keygen` prints. `/keys status` shows what works without.");
        for line in ["list", "remove provider:openai", "test provider:openai", "pause provider:openai", "resume provider:openai"] {
            assert!(mia.runs(&format!("/keys {line}")).await.contains("BYOK is not enabled"), "{line}");
        }
        assert_snapshot!(mia.runs("/keys status").await, @"
        (only you) **Groq**: the bot default pays.
        Nobody has a key for any other provider.
        Without `provider:`, `/ask` goes to Groq.
        BYOK is not enabled: keys can't be stored here, and stored ones stay locked. The operator enables it with `BYOK_MASTER_KEY`.
        ");
        assert_snapshot!(mia.runs("/ask prompt:hello").await, @"
        > hello

        You asked: hello
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 14 out · < $0.0001
        ");
    })
    .await;
}

#[tokio::test]
async fn an_unknown_provider_is_named_back() {
    run(async |stage| {
        assert_snapshot!(stage.mia().runs("/keys add provider:opnai scope:user").await, @"(only you) I know no provider called `opnai`. Did you mean `openai`? Pick it from the list that appears while you type `provider:`.");
    })
    .await;
}

#[tokio::test]
async fn a_restricted_key_is_stored_and_used() {
    run(async |stage| {
        let key = sample("openai", Standing::Restricted);
        assert_snapshot!(stage.mia().adds("openai", "user", &key).await, @"
        (only you) Stored the personal key: **OpenAI** `…6789`.
        OpenAI accepts it, but with restrictions: its permissions, plan or region may stop some asks.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ");
        assert!(stage.mia().runs("/ask prompt:hello provider:openai").await.contains("personal key"));
    })
    .await;
}
