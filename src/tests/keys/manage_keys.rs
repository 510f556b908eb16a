//! Listing, testing, pausing and removing keys, and who may.

use insta::assert_snapshot;
use latchkey_emulator::providers::{ProviderFault, Standing, sample};
use serde_json::json;

use crate::tests::program::Program;
use crate::tests::{Setup, good, run, run_with, without_seconds_left};
use crate::vault::MasterKey;

#[tokio::test]
async fn a_refused_key_can_be_tested_and_revives() {
    run(async |stage| {
        let mia = stage.mia();
        let key = good("anthropic");
        mia.adds("anthropic", "user", &key).await;
        stage.key_stands(&key, Standing::Bad);
        assert_snapshot!(mia.runs("/keys test provider:anthropic").await, @"
        (only you) Tested the personal key at <t:1795219200:T>: **Anthropic** `…6789`.
        Key is invalid: Anthropic refuses it, so it is not used. Make a new one at <https://platform.claude.com/settings/keys> and run `/keys add provider:anthropic scope:user`.
        ");
        assert_snapshot!(mia.runs("/ask prompt:hello provider:anthropic").await, @"
        (only you) There is no key for Anthropic that can pay here.
        - The personal key for Anthropic was refused by the provider.
        Replace yours with `/keys add provider:anthropic scope:user`; you get one at <https://platform.claude.com/settings/keys>. `/keys test provider:anthropic scope:user` tries it again.
        ");
        stage.key_stands(&key, Standing::Good);
        assert_snapshot!(mia.runs("/keys test provider:anthropic").await, @"
        (only you) Tested the personal key at <t:1795219200:T>: **Anthropic** `…6789`.
        Anthropic accepts it.
        ");
        assert!(mia.runs("/ask prompt:hello provider:anthropic").await.contains("personal key"));
    })
    .await;
}

/// A test stores nothing, so that it says nothing of storing.
#[tokio::test]
async fn a_test_beyond_the_limit_on_checks_says_that_the_key_is_as_it_was() {
    run(async |stage| {
        let mia = stage.mia();
        let key = good("openai");
        mia.adds("openai", "user", &key).await;
        // What its provider accepts is nobody's that was stolen, however often it is tested.
        for _ in 0..12 {
            let seen = mia.runs("/keys test provider:openai").await;
            assert!(seen.contains("OpenAI accepts it."), "{seen}");
        }
        stage.key_stands(&key, Standing::Bad);
        for _ in 0..5 {
            mia.runs("/keys test provider:openai").await;
        }
        let told = without_seconds_left(&mia.runs("/keys test provider:openai").await);
        assert_snapshot!(told, @"(only you) Of keys that their providers do not accept, one person can have 5 a minute and 20 an hour checked, and one server 20 an hour. That is used up, so nothing was checked, and the key is as it was. Try again in <n> seconds.");
        let program = Program::of(stage, &mia, "scopes:chat,keys:read,keys:write").await;
        let keys = program.gets("/api/v1/api-keys").await.json();
        let test = format!("/api/v1/api-keys/{}/test", keys["keys"][0]["id"].as_str().unwrap());
        let said = program.posts(&test, &json!({})).await;
        assert_eq!(said.code(), "429 too_many_checks");
        assert!(said.text.contains("Nothing was checked, and the key is as it was."), "{}", said.text);
        let new = json!({"provider": "groq", "key": good("groq")});
        let said = program.posts("/api/v1/api-keys", &new).await;
        assert!(said.text.contains("Nothing was checked or stored"), "{}", said.text);
        assert!(mia.runs("/keys list").await.contains("refused by the provider"));
    })
    .await;
}

#[tokio::test]
async fn a_test_that_reaches_nobody_changes_nothing() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("mistral", "user", &good("mistral")).await;
        stage.fails("mistral", ProviderFault::Status(500));
        assert_snapshot!(mia.runs("/keys test provider:mistral").await, @"
        (only you) Tested the personal key at <t:1795219200:T>: **Mistral** `…6789`.
        Mistral could not be asked right now. What I knew before still stands: works.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_paused_key_sleeps_until_it_is_resumed() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(mia.runs("/keys pause provider:openai").await, @"(only you) Paused the personal key: **OpenAI** `…6789`. It is kept, and not used until `/keys resume provider:openai scope:user`.");
        assert_snapshot!(mia.runs("/ask prompt:hello provider:openai").await, @"
        (only you) There is no key for OpenAI that can pay here.
        - The personal key for OpenAI is paused.
        `/keys resume provider:openai scope:user` wakes yours.
        ");
        assert_snapshot!(mia.runs("/keys list").await, @"
        (only you) **Your keys**
        ⚪ **OpenAI** `…6789`
        -# pays for nothing · works · paused · never used
        [Test] [Resume] [Replace] [Remove]
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        assert_snapshot!(mia.runs("/keys resume provider:openai").await, @"(only you) Resumed the personal key: **OpenAI** `…6789`. It is used again.");
        assert!(mia.runs("/ask prompt:hello provider:openai").await.contains("personal key"));
        assert_snapshot!(mia.runs("/keys pause provider:google").await, @"(only you) There is no personal key for Google. Add one with `/keys add provider:google scope:user`.");
    })
    .await;
}

#[tokio::test]
async fn removing_asks_once_and_can_be_called_off() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(mia.runs("/keys remove provider:openai").await, @"
        (only you) Remove the personal key: **OpenAI** `…6789`? It can't be brought back.
        [Remove]
        [Keep]
        ");
        assert_snapshot!(mia.presses("Keep").await, @"(only you) Kept. Nothing was changed.");
        mia.runs("/keys remove provider:openai").await;
        let (message, button) = mia.button("Remove");
        assert_snapshot!(omar.presses_as(message, &button).await, @"(only you) That form or button was used already, is older than 15 minutes, or is not yours. Nothing was changed. Run the command again for a fresh one.");
        assert_snapshot!(mia.presses("Remove").await, @"(only you) Removed the personal key for OpenAI. To be thorough, revoke it at <https://platform.openai.com/api-keys> too.");
        assert_snapshot!(mia.presses_as(message, &button).await, @"
        (only you) Removed the personal key for OpenAI. To be thorough, revoke it at <https://platform.openai.com/api-keys> too.
        ---
        (only you) That form or button was used already, is older than 15 minutes, or is not yours. Nothing was changed. Run the command again for a fresh one.
        ");
        assert_snapshot!(mia.runs("/keys list scope:user").await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
    })
    .await;
}

#[tokio::test]
async fn members_see_which_keys_a_server_has_and_managers_see_more() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.runs("/keys add provider:openai scope:guild name:Club *card*").await;
        omar.submits(&[("key", &good("openai"))]).await;
        omar.adds("mistral", "guild", &sample("mistral", Standing::Empty)).await;
        assert_snapshot!(mia.runs("/keys list").await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        This server has keys for Mistral, OpenAI.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        assert_snapshot!(omar.runs("/keys list scope:guild").await, @"
        (only you) **This server's keys**
        🔴 **Mistral** `…6789`
        -# pays for nothing · out of credit · never used · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        🟢 **OpenAI** “Club card” `…6789`
        -# pays for everybody in this server · works · never used · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key for this server]
        ");
        for line in ["remove", "test", "pause", "resume"] {
            let seen = mia.runs(&format!("/keys {line} provider:openai scope:guild")).await;
            assert!(seen.contains("Manage Server"), "{line}: {seen}");
        }
        assert_snapshot!(mia.directly().runs("/keys list scope:guild").await, @"(only you) This is a direct message, and a server key belongs to a server. Run the command in that server, or use `scope:user`.");
    })
    .await;
}

#[tokio::test]
async fn status_tells_who_pays_and_why_not_the_others() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        mia.adds("google", "user", &good("google")).await;
        mia.runs("/keys pause provider:google").await;
        omar.adds("openai", "guild", &good("openai")).await;
        assert_snapshot!(mia.runs("/keys status").await, @"
        (only you) **OpenAI**: the personal key pays.
        **Google**: nobody pays. (personal key: is paused; `/keys resume` wakes it)
        **Groq**: the bot default pays.
        Nobody has a key for any other provider.
        Without `provider:`, `/ask` goes to OpenAI.
        Add a key of your own with `/keys add`.
        ");
        assert_snapshot!(mia.directly().runs("/keys status provider:openai").await, @"
        (only you) **OpenAI**: the personal key pays.
        - server key: none.
        - bot default: none.
        Without `provider:`, `/ask` goes to OpenAI.
        Add a key of your own with `/keys add`.
        ");
        assert_snapshot!(stage.zoe().runs("/keys status provider:anthropic").await, @"
        (only you) **Anthropic**: nobody pays.
        - personal key: none.
        - server key: none.
        - bot default: none.
        Without `provider:`, `/ask` goes to Groq.
        Add a key of your own with `/keys add`.
        ");
        assert_snapshot!(mia.runs("/keys status provider:nobody").await, @"(only you) I know no provider called `nobody`. Pick one from the list that appears while you type `provider:`.");
    })
    .await;
}

#[tokio::test]
async fn status_of_five_providers_is_a_line_each_and_a_few_more() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        for provider in ["openai", "anthropic", "google", "mistral", "xai"] {
            stage.clock.advance_ms(3_600_000);
            mia.adds(provider, "user", &good(provider)).await;
            omar.adds(provider, "guild", &good(provider)).await;
        }
        mia.runs("/keys pause provider:anthropic").await;
        mia.runs("/keys pause provider:google").await;
        omar.runs("/keys pause provider:google scope:guild").await;
        let seen = mia.runs("/keys status").await;
        assert!(seen.lines().count() <= 12, "{seen}");
        assert_snapshot!(seen, @"
        (only you) **OpenAI**: the personal key pays.
        **Anthropic**: the server key pays. (personal key: is paused; `/keys resume` wakes it)
        **Google**: nobody pays. (personal key: is paused; `/keys resume` wakes it) (server key: is paused; whoever manages this server can wake it)
        **Mistral**: the personal key pays.
        **xAI**: the personal key pays.
        **Groq**: the bot default pays.
        Nobody has a key for any other provider.
        Without `provider:`, `/ask` goes to OpenAI.
        Add a key of your own with `/keys add`.
        ");
    })
    .await;
}

#[tokio::test]
async fn completion_offers_what_exists() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        omar.adds("google", "guild", &good("google")).await;
        assert_snapshot!(mia.completes("/keys add provider:run", "provider").await, @"RunComfy, RunComfy Serverless, RunPod");
        assert_snapshot!(mia.completes("/keys remove provider:", "provider").await, @"OpenAI");
        assert_snapshot!(omar.completes("/keys test scope:guild provider:", "provider").await, @"Google");
        assert_snapshot!(mia.completes("/keys test scope:guild provider:", "provider").await, @"");
        assert_snapshot!(mia.completes("/ask prompt:x provider:open", "provider").await, @"OpenAI, OpenRouter");
        assert_snapshot!(mia.completes("/ask prompt:x model:cl", "model").await, @"");
    })
    .await;
}

#[tokio::test]
async fn the_whole_bot_works_on_postgresql_too() {
    let Some(url) = crate::tests::postgres::database() else {
        return;
    };
    run_with(
        Setup {
            store: Some(url),
            ..Setup::default()
        },
        async |stage| {
            let (mia, omar) = (stage.mia(), stage.omar());
            mia.adds("openai", "user", &good("openai")).await;
            omar.adds("openai", "guild", &good("openai")).await;
            mia.runs("/keys pause provider:openai").await;
            stage.restart().await;
            assert!(
                mia.runs("/ask prompt:count provider:openai")
                    .await
                    .contains("server key")
            );
            mia.runs("/keys resume provider:openai").await;
            assert!(
                mia.runs("/ask prompt:count provider:openai")
                    .await
                    .contains("personal key")
            );
            mia.runs("/keys remove provider:openai").await;
            assert!(
                mia.presses("Remove")
                    .await
                    .contains("Removed the personal key")
            );
            assert!(mia.runs("/keys list").await.contains("None yet."));
        },
    )
    .await;
}

#[tokio::test]
async fn a_previous_master_key_still_opens_what_it_sealed() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.stop().await;
        stage.start_rotated(&MasterKey::generate().unwrap()).await;
        assert!(
            mia.runs("/ask prompt:hello provider:openai")
                .await
                .contains("personal key")
        );
        mia.adds("mistral", "user", &good("mistral")).await;
        stage.stop().await;
        // The old key alone opens the old one; the new one is locked.
        stage.start().await;
        assert!(
            mia.runs("/ask prompt:hello provider:openai")
                .await
                .contains("personal key")
        );
        assert!(
            mia.runs("/ask prompt:hello provider:mistral")
                .await
                .contains("is locked")
        );
    })
    .await;
}

#[tokio::test]
async fn the_wrong_master_key_locks_and_loses_nothing() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.stop().await;
        stage.start_with(Some(&MasterKey::generate().unwrap())).await;
        let locked = mia.runs("/keys test provider:openai").await;
        assert!(locked.contains("This key is locked: it was stored under master key"), "{locked}");
        assert_snapshot!(mia.runs("/ask prompt:hello provider:openai").await, @"
        (only you) There is no key for OpenAI that can pay here.
        - The personal key for OpenAI is locked, since its master key is not at hand.
        Add yours again with `/keys add provider:openai scope:user`, or ask the operator of this bot to unlock it.
        ");
        assert_snapshot!(mia.runs("/ask prompt:hello").await, @"
        > hello

        You asked: hello
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 14 out · < $0.0001
        ");
        stage.stop().await;
        stage.start_with(None).await;
        assert_snapshot!(mia.runs("/ask prompt:hello provider:openai").await, @"
        (only you) There is no key for OpenAI that can pay here.
        - The personal key for OpenAI is locked, since its master key is not at hand.
        Keys can't be stored in this bot; one that you type for a single ask can pay, with `/ask once:True provider:openai`. You get one at <https://platform.openai.com/api-keys>.
        ");
        stage.restart().await;
        assert!(mia.runs("/ask prompt:hello provider:openai").await.contains("personal key"));
    })
    .await;
}

#[tokio::test]
async fn status_has_a_button_for_each_key_that_can_be_mended() {
    run(async |stage| {
        let mia = stage.mia();
        let (openai, mistral) = (good("openai"), good("mistral"));
        mia.adds("google", "user", &good("google")).await;
        mia.runs("/keys pause provider:google").await;
        mia.adds("openai", "user", &openai).await;
        stage.key_stands(&openai, Standing::Bad);
        mia.runs("/keys test provider:openai").await;
        mia.adds("mistral", "user", &mistral).await;
        stage.key_stands(&mistral, Standing::Empty);
        mia.runs("/keys test provider:mistral").await;
        assert_snapshot!(mia.runs("/keys status").await, @"
        (only you) **OpenAI**: nobody pays. (personal key: was refused by the provider; `/keys test` tries it again)
        **Google**: nobody pays. (personal key: is paused; `/keys resume` wakes it)
        **Mistral**: nobody pays. (personal key: is out of credit; top it up and run `/keys test`)
        **Groq**: the bot default pays.
        Nobody has a key for any other provider.
        Without `provider:`, `/ask` goes to Groq.
        Add a key of your own with `/keys add`.
        ");
        assert!(
            mia.presses("Resume · Google")
                .await
                .contains("It is used again.")
        );
    })
    .await;
}

#[tokio::test]
async fn a_test_says_what_it_has_not_seen_and_that_a_key_stays_paused() {
    run(async |stage| {
        let mia = stage.mia();
        let key = good("groq");
        mia.adds("groq", "user", &key).await;
        mia.runs("/keys pause provider:groq").await;
        assert_snapshot!(mia.runs("/keys test provider:groq").await, @"
        (only you) Tested the personal key at <t:1795219200:T>: **Groq** `…6789`.
        Groq accepts it.
        It stays paused, and is not used until `/keys resume provider:groq scope:user`.
        ");
        assert!(mia.presses("Resume").await.contains("It is used again."));
        // The account ran out, and its provider's check does not tell.
        stage.key_stands(&key, Standing::Empty);
        mia.runs("/ask prompt:hello provider:groq").await;
        assert!(mia.runs("/keys list").await.contains("out of credit"));
        stage.key_stands(&key, Standing::Good);
        assert_snapshot!(mia.runs("/keys test provider:groq").await, @"
        (only you) Tested the personal key at <t:1795219200:T>: **Groq** `…6789`.
        Groq accepts it.
        It does not say before an ask whether the account has credit again: the key is used, and the next ask shows it.
        ");
        assert!(!mia.runs("/keys list").await.contains("· works ·"));
        assert!(
            mia.runs("/ask prompt:hello provider:groq")
                .await
                .contains("personal key")
        );
    })
    .await;
}
