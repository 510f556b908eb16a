//! Models and personas that are chosen beforehand.

use insta::assert_snapshot;
use latchkey_emulator::providers::ProviderFault;
use serde_json::json;

use crate::tests::good;
use crate::tests::program::Program;
use crate::tests::stage::{self, Setup};

#[tokio::test]
async fn a_model_is_chosen_for_oneself_a_channel_and_a_server() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("anthropic", "guild", &good("anthropic")).await;
        assert_snapshot!(mia.runs("/model show").await, @"
        (only you) No model is chosen here: the first provider that somebody can pay for answers, with its default.
        You can use `anthropic/claude-haiku-5-5`, `groq/openai/gpt-oss-20b`.
        ");
        assert_snapshot!(mia.runs("/model set model:anthropic/claude-opus-5-5 for:server").await, @"(only you) Choosing for everybody is for whoever has the Manage Server permission here, in a server that has added me. For yourself, say `for:me`.");
        assert_snapshot!(omar.runs("/model set model:groq/openai/gpt-oss-120b for:server").await, @"
        (only you) `groq/openai/gpt-oss-120b` answers in this server from now on, unless a channel or somebody chose another. `/model reset for:server` takes that back.
        ⚠️ Groq does not list such a model, so asks may fail. `/model show` lists what can be used here.
        ");
        assert!(mia.says("@Latchkey count").await.contains("Groq openai/gpt-oss-120b"));
        omar.runs("/model set model:anthropic/claude-opus-5-5 for:channel").await;
        assert!(mia.runs("/ask prompt:count").await.contains("Anthropic claude-opus-5-5"));
        assert!(mia.in_channel("workshop").runs("/ask prompt:count").await.contains("gpt-oss-120b"));
        assert_snapshot!(mia.runs("/model set model:groq/openai/gpt-oss-20b").await, @"(only you) `groq/openai/gpt-oss-20b` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back.");
        assert!(mia.runs("/ask prompt:count").await.contains("gpt-oss-20b"));
        assert_snapshot!(mia.runs("/model show").await, @"
        (only you) Chosen for you: `groq/openai/gpt-oss-20b`.
        Chosen for this channel: `anthropic/claude-opus-5-5`.
        Chosen for this server: `groq/openai/gpt-oss-120b`.
        You can use `anthropic/claude-haiku-5-5`, `groq/openai/gpt-oss-20b`, `anthropic/claude-opus-5-5`, `groq/made-up-model`.
        ");
        // What is named for one ask comes before everything.
        assert!(mia.runs("/ask prompt:count model:claude-haiku-5-5").await.contains("claude-haiku-5-5"));
        assert_snapshot!(mia.runs("/model reset").await, @"(only you) No model is chosen for you.");
        assert!(mia.runs("/ask prompt:count").await.contains("claude-opus-5-5"));
        assert_snapshot!(mia.runs("/model set model:openai/").await, @"(only you) `openai/` names a provider and no model. Write the model after the slash; the list that appears while you type `model:` holds those that may be used.");
        assert_eq!(mia.runs("/ask prompt:count model:Groq/").await, mia.runs("/model set model:groq/").await);
        assert_snapshot!(mia.runs("/model set model:unheard-of").await, @"(only you) I can't tell whose model `unheard-of` is. Write it as `provider/model`, such as `anthropic/claude-haiku-5-5`, `groq/openai/gpt-oss-20b`; the list that appears while you type `model:` holds those that can be used.");
    })
    .await;
}

#[tokio::test]
async fn a_chosen_model_that_nobody_can_pay_for_leaves_the_others() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.runs("/model set model:anthropic/claude-opus-5-5").await;
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001 · `anthropic/claude-opus-5-5`, which is chosen here, did not answer: no key pays for Anthropic; `/model set` chooses another
        ");
        mia.adds("anthropic", "user", &good("anthropic")).await;
        mia.runs("/keys pause provider:anthropic scope:user").await;
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001 · `anthropic/claude-opus-5-5`, which is chosen here, did not answer: the personal key is paused; `/model set` chooses another
        ");
        mia.runs("/keys resume provider:anthropic scope:user").await;
        assert!(
            mia.runs("/ask prompt:count")
                .await
                .contains("claude-opus-5-5")
        );
    })
    .await;
}

#[tokio::test]
async fn completion_offers_what_the_keys_here_can_use() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("anthropic", "user", &good("anthropic")).await;
        assert_snapshot!(mia.completes("/model set model:", "model").await, @"Anthropic claude-haiku-5-5, Groq openai/gpt-oss-20b");
        // The lists have come in the meantime.
        stage.app().await.idle().await;
        assert_snapshot!(mia.completes("/model set model:", "model").await, @"Anthropic claude-haiku-5-5, Groq openai/gpt-oss-20b, Anthropic claude-opus-5-5, Groq made-up-model");
        assert_snapshot!(mia.completes("/ask prompt:x model:opus", "model").await, @"Anthropic claude-opus-5-5");
        assert_snapshot!(mia.completes("/ask prompt:x persona:co", "persona").await, @"code: Writes, explains and reviews code, cofounder-engineering: A co-founder: the engineering lead, cofounder-finance: A co-founder: the finance lead, cofounder-marketing: A co-founder: the marketing lead, cofounder-operations: A co-founder: the operations lead, cofounder-product: A co-founder: the product lead, cofounder-strategy: A co-founder: the strategist");
    })
    .await;
}

#[tokio::test]
async fn the_operator_can_allow_some_models_only() {
    let setup = Setup {
        config: "[ask]\nedit_interval_ms = 100\nmodels = [\"groq/*-20b\", \"anthropic/claude-haiku-*\"]\n".into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        assert!(mia.runs("/ask prompt:count").await.contains("gpt-oss-20b"));
        assert_snapshot!(mia.runs("/ask prompt:count model:groq/openai/gpt-oss-120b").await, @"(only you) The bot's operator does not allow `groq/openai/gpt-oss-120b`. `/model show` says which model answers, and the list that appears while you type `model:` holds those that may.");
        assert_snapshot!(mia.runs("/model set model:claude-opus-5-5").await, @"(only you) The bot's operator does not allow `anthropic/claude-opus-5-5`. `/model show` says which model answers, and the list that appears while you type `model:` holds those that may.");
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"(only you) The bot's operator does not allow `openai/gpt-6-luna`. `/model show` says which model answers, and the list that appears while you type `model:` holds those that may.");
        assert_snapshot!(mia.runs("/model show").await, @"
        (only you) No model is chosen here: the first provider that somebody can pay for answers, with its default.
        You can use `groq/openai/gpt-oss-20b`.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_retired_model_answers_with_what_replaces_it() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("deepseek", "user", &good("deepseek")).await;
        assert_snapshot!(mia.runs("/ask prompt:count model:deepseek-chat").await, @"
        (only you) > count

        DeepSeek has retired `deepseek-chat`. Its place has taken `deepseek-flash`: `/model set model:deepseek/deepseek-flash`, or name it in `/ask model:`.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_model_that_ends_is_chosen_with_a_warning() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let list = json!({"object": "list", "data": [
            {"id": "gpt-5", "object": "model"},
            {"id": "gpt-5.1", "object": "model", "shutdown_date": "2027-04-01"},
            {"id": "gpt-6-sol", "object": "model", "shutdown_date": null}]});
        stage.fails("openai", ProviderFault::Says(200, list.to_string()));
        assert_snapshot!(mia.runs("/model set model:openai/gpt-5").await, @"
        (only you) `openai/gpt-5` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back.
        ⚠️ OpenAI ends this model on <t:1796990400:D>. `/model set model:openai/gpt-6.1-terra` takes what comes after it.
        ");
        assert_snapshot!(mia.runs("/model set model:openai/gpt-5.1").await, @"
        (only you) `openai/gpt-5.1` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back.
        ⚠️ OpenAI ends this model on <t:1806580800:D>.
        ");
        assert_snapshot!(mia.runs("/model set model:openai/gpt-6-sol").await, @"
        (only you) `openai/gpt-6-sol` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back.
        ");
        let program = Program::of(stage, &mia, "").await;
        let shown = program.gets("/v1/models/openai/gpt-5").await.json();
        assert_eq!(shown["shutdown_date"], "2026-12-11", "{shown}");
        let shown = program.gets("/v1/models/openai/gpt-5.1").await.json();
        assert_eq!(shown["expiration_date"], "2027-04-01", "{shown}");
        let shown = program.gets("/v1/models/openai/gpt-6-sol").await.json();
        assert!(shown.get("shutdown_date").is_none(), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn a_persona_is_chosen_for_an_ask_or_a_channel() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.runs("/ask prompt:count persona:translator").await;
        assert!(stage.told("groq").contains("You translate."));
        assert_snapshot!(mia.runs("/ask prompt:count persona:nobody").await, @"(only you) There is no persona called `nobody`. `/persona list` shows all.");
        assert_snapshot!(mia.runs("/persona set name:code for:channel").await, @"(only you) Choosing for everybody is for whoever has the Manage Server permission here, in a server that has added me. For yourself, say `for:me`.");
        assert_snapshot!(omar.runs("/persona set name:code for:channel").await, @"(only you) This channel is answered as `code` from now on. `/persona reset for:channel` takes that back.");
        mia.says("@Latchkey count").await;
        assert!(
            stage
                .told("groq")
                .contains("You are an experienced programmer.")
        );
        assert_snapshot!(mia.runs("/persona list").await, @"
        (only you) Chosen for this channel: `code`.
        - **code**: Writes, explains and reviews code
        - **cofounder-engineering**: A co-founder: the engineering lead
        - **cofounder-finance**: A co-founder: the finance lead
        - **cofounder-marketing**: A co-founder: the marketing lead
        - **cofounder-operations**: A co-founder: the operations lead
        - **cofounder-product**: A co-founder: the product lead
        - **cofounder-strategy**: A co-founder: the strategist
        - **image-prompt**: Turns an idea into a prompt for an image model
        - **prompt-crafter**: Turns a rough idea into a structured prompt
        Use one with `/ask persona:`, or from now on with `/persona set`.
        My own commands use `explain`, `picture-prompt`, `reply`, `summarizer`, `translator`; `/ask persona:` takes these too.
        ");
        // For oneself, anybody may, wherever they ask.
        let zoe = stage.zoe();
        assert_snapshot!(zoe.runs("/persona set name:image-prompt").await, @"(only you) You are answered as `image-prompt` from now on. `/persona reset` takes that back.");
        assert_snapshot!(zoe.runs("/persona reset").await, @"(only you) No persona is chosen for you.");
        // What commands use is named, and not chosen.
        assert_eq!(mia.completes("/persona set name:trans", "name").await, "");
        assert_snapshot!(mia.runs("/persona set name:translator").await, @"(only you) One of my own commands uses `translator`, so nobody is answered as it all the time. Nothing was changed. `/persona list` shows what can be chosen; `/ask persona:translator` asks as it once.");
        assert!(!mia.runs("/persona list").await.contains("Chosen for you"));
        // Another one that is named for an ask is kept when it is asked again.
        mia.runs("/ask prompt:count persona:cofounder-finance")
            .await;
        mia.presses("Again").await;
        assert!(stage.told("groq").contains("runway"));
        assert_snapshot!(omar.runs("/persona reset for:channel").await, @"(only you) No persona is chosen for this channel.");
        mia.says("@Latchkey count").await;
        assert!(!stage.told("groq").contains("programmer"));
    })
    .await;
}

#[tokio::test]
async fn the_operators_personas_stand_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pirate.toml");
    std::fs::write(
        &file,
        "name = \"pirate\"\ndescription = \"Talks like one\"\nprompt = \"Arr.\"",
    )
    .unwrap();
    let setup = Setup {
        config: format!(
            "[ask]\nedit_interval_ms = 100\npersonas = {:?}\n",
            folder.path()
        ),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        stage.mia().runs("/ask prompt:count persona:pirate").await;
        assert!(stage.told("groq").contains("Arr."));
    })
    .await;
}
