//! `/ask`: who pays, how it streams, what goes wrong.

use insta::assert_snapshot;
use latchkey_emulator::providers::{ProviderFault, Standing};

use crate::tests::{Setup, good, run, run_with};

#[tokio::test]
async fn the_bot_default_pays_when_nobody_else_does() {
    run(async |stage| {
        assert_snapshot!(stage.mia().runs("/ask prompt:hello").await, @"
        > hello

        You asked: hello
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 14 out · < $0.0001
        ");
        assert_snapshot!(stage.mia().runs("/ask prompt:   ").await, @"(only you) There is nothing to answer. Write a prompt: `/ask prompt:…`.");
    })
    .await;
}

#[tokio::test]
async fn nobody_can_pay_and_everything_is_explained() {
    let setup = Setup {
        no_defaults: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        assert_snapshot!(stage.mia().runs("/ask prompt:hello").await, @"
        (only you) No API key configured: there is no key that can pay for this: not yours, not this server's, not the bot's.
        `/keys add scope:user` adds one of yours. `/keys status` shows the details.
        ");
        assert_snapshot!(stage.mia().runs("/keys status").await, @"
        (only you) Nobody has a key here: not you, not this server, not the bot.
        Add a key of your own with `/keys add`.
        ");
    })
    .await;
}

#[tokio::test]
async fn every_dialect_answers_and_says_what_it_used() {
    run(async |stage| {
        let mia = stage.mia();
        let mut seen = Vec::new();
        for provider in [
            "openai",
            "anthropic",
            "google",
            "openrouter",
            "mistral",
            "xai",
            "deepseek",
            "cerebras",
        ] {
            stage.clock.advance_ms(60_000);
            mia.adds(provider, "user", &good(provider)).await;
            seen.push(
                mia.runs(&format!("/ask prompt:count provider:{provider}"))
                    .await,
            );
        }
        assert_snapshot!(seen.join("\n"), @"
        > count

        one two three four five six seven eight nine ten
        -# OpenAI gpt-6-luna · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        > count

        one two three four five six seven eight nine ten
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        > count

        one two three four five six seven eight nine ten
        -# Google gemini-3.1-flash-lite · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        > count

        one two three four five six seven eight nine ten
        -# OpenRouter openai/gpt-6-luna · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        > count

        one two three four five six seven eight nine ten
        -# Mistral mistral-small-latest · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        > count

        one two three four five six seven eight nine ten
        -# xAI grok-4.3 · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        > count

        one two three four five six seven eight nine ten
        -# DeepSeek deepseek-flash · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        > count

        one two three four five six seven eight nine ten
        -# Cerebras gpt-oss-120b · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        ");
    })
    .await;
}

/// OpenAI's models for code and for long work have no chat.
#[tokio::test]
async fn a_model_without_a_chat_is_asked_in_the_responses() {
    for is_streamed in [true, false] {
        let setup = Setup {
            config: format!("[ask]\nstream = {is_streamed}\n"),
            ..Setup::default()
        };
        run_with(setup, async |stage| {
            let mia = stage.mia();
            mia.adds("openai", "user", &good("openai")).await;
            let told = mia
                .runs("/ask prompt:count model:openai/gpt-5.1-codex")
                .await;
            assert!(
                told.contains("one two three four five six seven eight nine ten"),
                "{told}"
            );
            assert!(
                told.contains("OpenAI gpt-5.1-codex") && told.contains("12 tokens in, 10 out"),
                "{told}"
            );
            stage.fails("openai", ProviderFault::FailedResponse);
            let failed = mia.runs("/ask prompt:count model:openai/gpt-5.2-pro").await;
            let told = "OpenAI has more to do than it can right now";
            assert!(failed.contains(told), "{failed}");
        })
        .await;
    }
}

#[tokio::test]
async fn an_ollama_of_the_operators_own_needs_no_key() {
    let setup = Setup {
        config: String::new(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let url = stage.scene.emulator.provider_url("ollama");
        stage.stop().await;
        stage
            .start_configured(&format!("[providers.ollama]\nbase_url = \"{url}\"\n"))
            .await;
        assert_snapshot!(stage.mia().runs("/ask prompt:count provider:ollama").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Ollama llama3.2 · 🤖 bot default · 12 tokens in, 10 out · free
        ");
    })
    .await;
}

#[tokio::test]
async fn a_model_names_its_provider() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("anthropic", "user", &good("anthropic")).await;
        assert_snapshot!(mia.runs("/ask prompt:count model:claude-opus-5-5").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Anthropic claude-opus-5-5 · 👤 personal key · 12 tokens in, 10 out · $0.00025
        ");
        assert_snapshot!(mia.runs("/ask prompt:count model:groq/openai/gpt-oss-120b").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-120b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ");
        assert_snapshot!(mia.runs("/ask prompt:count model:unheard-of").await, @"(only you) I can't tell whose model `unheard-of` is. Write it as `provider/model`, such as `anthropic/claude-haiku-5-5`, `groq/openai/gpt-oss-20b`; the list that appears while you type `model:` holds those that can be used.");
        assert_snapshot!(mia.runs("/ask prompt:count provider:groq model:no-such-model").await, @"
        (only you) > count

        Groq has no such model for this key. Choose another: with `model:` in a command, or for all that you ask with `/model set`.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_key_refused_during_an_ask_is_demoted_its_owner_told_and_the_next_pays() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let (mine, clubs) = (format!("{}-mia", good("openai")), format!("{}-club", good("openai")));
        mia.adds("openai", "user", &mine).await;
        omar.adds("openai", "guild", &clubs).await;
        stage.key_stands(&mine, Standing::Bad);
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        > count

        one two three four five six seven eight nine ten
        -# OpenAI gpt-6-luna · 🏠 server key · 12 tokens in, 10 out · < $0.0001 · personal key for OpenAI was turned down
        ---
        (only you) OpenAI no longer accepts your key, so I stopped using it. Replace it with `/keys add provider:openai scope:user`, or try it again with `/keys test provider:openai`.
        ");
        assert_eq!(stage.keys_that_paid("openai"), [mine, clubs.clone()]);
        assert_snapshot!(mia.runs("/keys status provider:openai").await, @"
        (only you) **OpenAI**: the server key pays.
        - personal key: was refused by the provider; `/keys test` tries it again.
        - bot default: none.
        Without `provider:`, `/ask` goes to OpenAI.
        Replace yours with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>. `/keys test provider:openai scope:user` tries it again.
        ");
        stage.key_stands(&clubs, Standing::Empty);
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) > count

        OpenAI turned this server's key down, and whoever added it is told. A key of your own works without it: `/keys add provider:openai scope:user`.
        ");
        assert_snapshot!(omar.directly().reads_channel(), @"
        The OpenAI key that you added to a server is out of credit, so I stopped using it. Top it up, then run `/keys test provider:openai scope:guild` there.
        The server is **Lantern Club**.
        ");
        assert_snapshot!(mia.reads_channel().lines().last().unwrap_or_default(), @"OpenAI turned this server's key down, and whoever added it is told. A key of your own works without it: `/keys add provider:openai scope:user`.");
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_nobody_elses_business() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let key = good("openai");
        mia.adds("openai", "user", &key).await;
        stage.key_stands(&key, Standing::Bad);
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"(only you) OpenAI no longer accepts your key, so I stopped using it. Replace it with `/keys add provider:openai scope:user`, or try it again with `/keys test provider:openai`.");
        assert_eq!(omar.reads_channel(), "", "nothing of it is anybody else's business");
    })
    .await;
}

#[tokio::test]
async fn a_server_key_pays_only_in_its_server() {
    run(async |stage| {
        let (mia, omar, zoe) = (stage.mia(), stage.omar(), stage.zoe());
        omar.adds("openai", "guild", &good("openai")).await;
        assert!(
            mia.runs("/ask prompt:count provider:openai")
                .await
                .contains("server key")
        );
        assert!(
            mia.in_channel("workshop")
                .runs("/ask prompt:count provider:openai")
                .await
                .contains("server key")
        );
        for elsewhere in [
            mia.directly(),
            omar.directly(),
            mia.in_channel("lobby"),
            zoe,
        ] {
            let seen = elsewhere.runs("/ask prompt:count provider:openai").await;
            assert!(seen.contains("there is no key for OpenAI"), "{seen}");
        }
        assert_eq!(stage.keys_that_paid("openai").len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_removed_the_bot_pays_no_more() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("openai", "guild", &good("openai")).await;
        stage.world().with(|state| state.servers[0].installed = false);
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) There is no key for OpenAI that can pay here.
        - The server key for OpenAI does not pay, since this server has not added the bot.
        Add yours with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_long_answer_is_split_between_words_and_fences() {
    run(async |stage| {
        let seen = stage.mia().runs("/ask prompt:a long answer please").await;
        let parts: Vec<&str> = seen.split("\n---\n").collect();
        assert!(parts.len() >= 3, "{} parts", parts.len());
        for part in &parts {
            assert!(part.encode_utf16().count() <= 2_000);
            assert_eq!(part.matches("```").count() % 2, 0, "{part}");
        }
        for line in 1..=60 {
            assert!(
                seen.contains(&format!("print(\"line {line} of a long program\")")),
                "line {line}"
            );
        }
        assert!(
            seen.contains(" · 🤖 bot default · 12 tokens in, "),
            "{seen}"
        );
    })
    .await;
}

#[tokio::test]
async fn an_answer_grows_while_the_model_speaks() {
    run(async |stage| {
        stage
            .world()
            .with(|state| state.providers.pace = std::time::Duration::from_millis(150));
        let mia = stage.mia();
        let id = mia.starts("/ask prompt:count");
        let grown = stage.world().until(|state| {
            let message = state.messages.iter().find(|m| m.interaction == Some(id))?;
            let growing = message.content.contains("\none") && !message.content.contains("-#");
            growing.then(|| message.content.clone())
        });
        assert!(
            "> count\n\none two three four five six seven eight nine ten"
                .starts_with(grown.await.trim_end())
        );
        assert!(mia.sees(id).await.contains("nine ten\n-# "));
    })
    .await;
}

#[tokio::test]
async fn nothing_a_model_says_pings_anyone() {
    run(async |stage| {
        let seen = stage.mia().runs("/ask prompt:ping everyone").await;
        assert!(seen.contains("@everyone"));
        stage.world().look(|state| {
            for message in &state.messages {
                assert_eq!(message.allowed_mentions, serde_json::json!({"parse": []}));
            }
        });
    })
    .await;
}

#[tokio::test]
async fn an_answer_can_come_whole_for_proxies_that_cannot_stream() {
    let config = "[ask]\nstream = false\nedit_interval_ms = 100\n".to_owned();
    run_with(
        Setup {
            config,
            ..Setup::default()
        },
        async |stage| {
            let mia = stage.mia();
            for provider in ["openai", "anthropic", "google"] {
                mia.adds(provider, "user", &good(provider)).await;
                let seen = mia
                    .runs(&format!("/ask prompt:count provider:{provider}"))
                    .await;
                assert!(
                    seen.contains("\none two three") && seen.contains("12 tokens in, 10 out"),
                    "{seen}"
                );
            }
            let streamed = stage.world().look(|state| {
                state
                    .providers
                    .calls
                    .iter()
                    .any(|c| c.body["stream"] == true)
            });
            assert!(!streamed);
        },
    )
    .await;
}

#[tokio::test]
async fn an_empty_answer_is_said_to_be_empty() {
    run(async |stage| {
        assert_snapshot!(stage.mia().runs("/ask prompt:say nothing").await, @"
        > say nothing

        *The model gave an empty answer. Try other words.*
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 0 out · < $0.0001
        ");
    })
    .await;
}
