//! Advice leads somewhere: in each state of things, what people are told to
//! do next is something that they can do.

use insta::assert_snapshot;
use latchkey_emulator::providers::Standing;

use super::{Setup, good, run, run_with};

fn without_byok(config: &str) -> Setup {
    Setup {
        byok: false,
        no_defaults: true,
        config: format!("[ask]\nedit_interval_ms = 100\n{config}"),
        ..Setup::default()
    }
}

#[tokio::test]
async fn where_keys_cannot_be_stored_nobody_is_told_to_store_one() {
    run_with(without_byok(""), async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) No API key configured: there is no key for OpenAI that can pay here.
        Keys can't be stored in this bot; one that you type for a single ask can pay, with `/ask once:True provider:openai`. You get one at <https://platform.openai.com/api-keys>.
        ");
        for line in ["/ask prompt:count", "/keys status", "/quota status", "/model show", "/usage"] {
            let seen = mia.runs(line).await;
            assert!(!seen.contains("/keys add"), "{line}: {seen}");
        }
        // And what they are told instead works.
        mia.runs("/ask once:True provider:openai prompt:count").await;
        let seen = mia.submits(&[("prompt", "count"), ("key", &good("openai"))]).await;
        assert!(seen.contains("🔑 one-time key"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn where_a_tier_has_no_keys_of_its_own_nobody_is_told_to_add_one() {
    let tier = "[[quota.tiers]]\nname = 'community'\nbyok = false\n";
    let setup = Setup {
        no_defaults: true,
        config: format!("[ask]\nedit_interval_ms = 100\ndemo_replies = true\n{tier}"),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        > count

        This is a demo reply: no model was asked, since nobody has a key here yet.
        With a key I answer questions, continue conversations when you reply to me or write to me directly, and use the persona and model that you choose.
        Your tier includes no keys of your own. Whoever manages a server can share one with it: `/keys add scope:guild`.
        -# 🎭 demo reply · no model was asked · free
        ");
        for line in [
            "/ask prompt:count provider:openai",
            "/keys status",
            "/keys list",
            "/keys test provider:openai",
            "/quota status",
            "/model show",
        ] {
            let seen = mia.runs(line).await;
            // A server's is for whoever manages it, whatever their tier.
            let told = seen.replace("`/keys add scope:guild`", "");
            assert!(!told.contains("/keys add"), "{line}: {seen}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_does_not_pay_is_named_with_what_mends_it() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs("/keys pause provider:openai").await;
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) There is no key for OpenAI that can pay here.
        - The personal key for OpenAI is paused.
        `/keys resume provider:openai scope:user` wakes yours.
        ");
        mia.runs("/keys resume provider:openai scope:user").await;
        stage.key_stands(&good("openai"), Standing::Empty);
        mia.runs("/ask prompt:count").await;
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) There is no key for OpenAI that can pay here.
        - The personal key for OpenAI is out of credit.
        Top up the account behind yours at OpenAI, then run `/keys test provider:openai scope:user`.
        ");
        // The server's budget is spent, and one's own key is of no use.
        stage.clock.advance_ms(60_000);
        omar.adds("openai", "guild", &format!("{}2", good("openai"))).await;
        omar.runs("/server budget set what:requests amount:1 per:day").await;
        mia.runs("/ask prompt:count provider:openai").await;
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) This server's key has reached its budget: 1 of 1 request a day. There is room again <t:1795305601:R>.
        Your own OpenAI key has no such limit, but is out of credit. Top up the account behind yours at OpenAI, then run `/keys test provider:openai scope:user`. `/quota status` shows every limit.
        ");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_dropped_from_a_command_in_silence() {
    run(async |stage| {
        let omar = stage.omar();
        let server = stage.scene.server;
        for line in [
            format!("/admin limit what:requests amount:5 per:day user:mia server:{server}"),
            format!("/admin unlimit user:mia server:{server}"),
            "/admin limit what:requests amount:5 per:minute window:calendar".into(),
            "/server budget set what:requests amount:5 per:minute window:calendar".into(),
            "/admin tier user:mia during:30d".into(),
        ] {
            let seen = omar.runs(&line).await;
            assert!(seen.contains("Nothing was changed."), "{line}: {seen}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_for_managers_says_what_members_can_do() {
    run(async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/server budget show").await, @"(only you) This server's budget is for whoever has the Manage Server permission here, and you don't right now. `/quota status` shows the limits that apply to you.");
        assert_snapshot!(mia.runs("/usage scope:guild").await, @"(only you) What this server's key paid is shown to whoever has the Manage Server permission here, and you don't right now. `/usage` shows what you used.");
        assert_snapshot!(mia.runs("/keys remove provider:xai scope:user").await, @"(only you) There is no personal key for xAI, so nothing was removed. `/keys list` shows those that there are.");
    })
    .await;
}

#[tokio::test]
async fn a_direct_message_names_the_place_that_it_is_about() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.runs("/server block user:mia during:1h").await;
        mia.says("@Latchkey hi").await;
        let told = mia.directly().reads_channel();
        assert!(
            told.starts_with("About what you asked in https://discord.com/channels/"),
            "{told}"
        );
        assert!(
            told.contains("Whoever manages that server has stopped it for you there"),
            "{told}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_models_name_is_read_however_it_is_typed() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let plain = mia.runs("/model set model:openai/gpt-6-luna").await;
        assert!(
            plain.starts_with("(only you) `openai/gpt-6-luna` answers you"),
            "{plain}"
        );
        for typed in [
            "GPT-6-Luna",
            "OpenAI/GPT-6-LUNA",
            "OPENAI/gpt-6-luna",
            "`gpt-6-luna`",
            "**openai/gpt-6-luna**",
            "“openai/gpt-6-luna”",
            "gpt-6-\u{200b}luna\u{feff}",
            "\u{3164}gpt-6-luna\u{2800}",
            "\u{a0}openai/gpt-6-luna\u{2003}",
            "/gpt-6-luna",
            "/openai/gpt-6-luna",
            "openai//gpt-6-luna",
            "openai/openai/gpt-6-luna",
            "openai/OpenAI/openai/GPT-6-luna",
        ] {
            let seen = mia.runs(&format!("/model set model:{typed}")).await;
            assert_eq!(seen, plain, "{typed:?}");
        }
        for typed in ["/", "``", "\u{200b}"] {
            let seen = mia.runs(&format!("/model set model:{typed}")).await;
            assert!(
                !seen.contains("answers you from now on"),
                "{typed:?}: {seen}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_model_is_checked_where_it_is_set() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(mia.runs("/model set model:gpt 6 luna").await, @"(only you) No model has a name with spaces, such as `gpt 6 luna`. Nothing was changed and nobody was asked. Did you mean `openai/gpt-6-luna`? Write that as `model:`.");
        assert_snapshot!(mia.runs("/model set model:openai/gpt 6 luna").await, @"(only you) No model has a name with spaces, such as `openai/gpt 6 luna`. Nothing was changed and nobody was asked. Did you mean `openai/gpt-6-luna`? Write that as `model:`.");
        for typed in ["google/x y z", "x y z", "openai/made up"] {
            let seen = mia.runs(&format!("/model set model:{typed}")).await;
            assert!(seen.contains("with spaces") && !seen.contains("Did you mean"), "{seen}");
        }
        assert_snapshot!(mia.runs("/model set model:nonsense").await, @"(only you) I can't tell whose model `nonsense` is. Write it as `provider/model`, such as `openai/gpt-6-luna`, `groq/openai/gpt-oss-20b`; the list that appears while you type `model:` holds those that can be used.");
        assert_snapshot!(mia.runs("/model set model:ai21/jamba").await, @"(only you) I know no provider called `ai21`, and can't tell whose model `ai21/jamba` is. The list that appears while you type `model:` holds those that can be used. OpenRouter has models of many vendors: `openrouter/ai21/jamba`.");
        assert_snapshot!(mia.runs("/model set model:openai/nonsense").await, @"
        (only you) `openai/nonsense` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back.
        ⚠️ OpenAI does not list such a model, so asks may fail. `/model show` lists what can be used here.
        ");
        assert_snapshot!(mia.runs("/model set model:openai/made-up-model").await, @"(only you) `openai/made-up-model` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back.");
        assert_snapshot!(mia.runs("/model set model:xai/grok-9").await, @"
        (only you) `xai/grok-9` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back.
        ⚠️ Nobody has a key here that pays for xAI, so it does not answer yet, and I could not look whether there is such a model. `/keys add scope:user` adds one of yours.
        ");
    })
    .await;
}

#[tokio::test]
async fn details_leave_out_what_says_nothing() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/ask prompt:count").await;
        let details = mia.presses("Details").await;
        let seconds = regex::Regex::new(r"\d+\.\d s").unwrap();
        assert_snapshot!(seconds.replace_all(&details, "# s"), @"
        (only you) **openai/gpt-oss-20b**: 12 tokens in, 10 out, < $0.0001.
        ```
        tokens in   12  $0.075 a million
        tokens out  10  $0.30 a million
        ```
        Sum: < $0.0001, by the prices of genai-prices 0.2.1 as of 2026-10-26.
        First words after # s, all of it after # s.
        **Who could pay, in this order**
        - Groq, bot default: pays
        Nobody has another key; `/keys status` shows each provider.
        ");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_language_model_is_told_what_it_is() {
    run(async |stage| {
        let mia = stage.mia();
        let mut told = Vec::new();
        for typed in [
            "comfyui/x",
            "runpod/flux",
            "saladcloud",
            "runcomfy/portrait",
            "openai/gpt-image-2",
            "gpt-image-2",
            "grok-imagine-image",
            "dall-e-3",
            "anthropic",
            "Claude",
            "gemini",
            "luna",
            "Claude Haiku",
            "gpt 6 Luna",
            "/",
            "//",
            "https://openrouter.ai/models",
            "www.openai.com/gpt",
        ] {
            let said = mia.runs(&format!("/model set model:{typed}")).await;
            told.push(format!("{typed}: {}", said.replacen("(only you) ", "", 1)));
        }
        assert_snapshot!(told.join("\n"), @"
        comfyui/x: comfyui makes pictures and answers no questions, and is not set up here: the bot's operator can do that. Questions are answered by the models in the list that appears while you type `model:`.
        runpod/flux: RunPod makes pictures and answers no questions: use it with `/imagine provider:runpod`. Questions are answered by another provider's models, which the list holds that appears while you type `model:`.
        saladcloud: SaladCloud makes pictures and answers no questions: use it with `/imagine provider:saladcloud`. Questions are answered by another provider's models, which the list holds that appears while you type `model:`.
        runcomfy/portrait: RunComfy makes pictures and answers no questions: use it with `/imagine provider:runcomfy`. Questions are answered by another provider's models, which the list holds that appears while you type `model:`.
        openai/gpt-image-2: `openai/gpt-image-2` makes pictures and answers no questions: use it with `/imagine model:openai/gpt-image-2`. Pick a model for questions from the list that appears while you type `model:`.
        gpt-image-2: `openai/gpt-image-2` makes pictures and answers no questions: use it with `/imagine model:openai/gpt-image-2`. Pick a model for questions from the list that appears while you type `model:`.
        grok-imagine-image: `xai/grok-imagine-image` makes pictures and answers no questions: use it with `/imagine model:xai/grok-imagine-image`. Pick a model for questions from the list that appears while you type `model:`.
        dall-e-3: `dall-e-3` makes pictures and answers no questions: use it with `/imagine model:dall-e-3`. Pick a model for questions from the list that appears while you type `model:`.
        anthropic: `anthropic` is a provider, and no model. Name one of its models, such as `anthropic/claude-haiku-5-5`; the list that appears while you type `model:` holds those that can be used.
        Claude: `anthropic` is a provider, and no model. Name one of its models, such as `anthropic/claude-haiku-5-5`; the list that appears while you type `model:` holds those that can be used.
        gemini: `google` is a provider, and no model. Name one of its models, such as `google/gemini-3.1-flash-lite`; the list that appears while you type `model:` holds those that can be used.
        luna: I can't tell whose model `luna` is. Write it as `provider/model`, such as `openai/gpt-6-luna`, `openrouter/openai/gpt-6-luna`; the list that appears while you type `model:` holds those that can be used.
        Claude Haiku: No model has a name with spaces, such as `Claude Haiku`. Nothing was changed and nobody was asked. Did you mean `anthropic/claude-haiku-5-5`? Write that as `model:`.
        gpt 6 Luna: No model has a name with spaces, such as `gpt 6 Luna`. Nothing was changed and nobody was asked. Did you mean `openai/gpt-6-luna`? Write that as `model:`.
        /: `/` is no model's name. Pick one from the list that appears while you type `model:`, or write it as `provider/model`.
        //: `//` is no model's name. Pick one from the list that appears while you type `model:`, or write it as `provider/model`.
        https://openrouter.ai/models: `https:/openrouter.ai/models` is no model's name. Pick one from the list that appears while you type `model:`, or write it as `provider/model`.
        www.openai.com/gpt: `www.openai.com/gpt` is no model's name. Pick one from the list that appears while you type `model:`, or write it as `provider/model`.
        ");
        assert_eq!(stage.calls(), 0);
        for (line, way) in [
            (
                "/ask prompt:hi model:runpod/x",
                "`/imagine provider:runpod`",
            ),
            ("/ask prompt:hi model:claude", "`anthropic` is a provider"),
            (
                "/ask prompt:hi model:gpt-image-2",
                "`/imagine model:openai/gpt-image-2`",
            ),
        ] {
            let said = mia.runs(line).await;
            assert!(said.contains(way), "{said}");
        }
    })
    .await;
}
