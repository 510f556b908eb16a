//! Buttons under replies that name a command: they do what it does, for
//! whoever presses them, wherever they are read.

use insta::assert_snapshot;
use latchkey_emulator::MEMBER;
use latchkey_emulator::providers::{ProviderFault, Standing};

use crate::tests::{Setup, bad, good, run, run_with};

#[tokio::test]
async fn a_reply_that_names_a_command_has_its_button() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/ask prompt:hello provider:openai").await;
        assert_eq!(mia.offers(), "[Add a key for OpenAI]");
        assert_snapshot!(mia.presses("Add a key for OpenAI").await, @"
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
        assert!(
            mia.runs("/ask prompt:count provider:openai")
                .await
                .contains("personal key")
        );
        mia.runs("/keys pause provider:openai").await;
        assert_eq!(mia.offers(), "[Resume]");
        mia.runs("/ask prompt:hello provider:openai").await;
        assert_eq!(mia.offers(), "[Resume]");
        assert_snapshot!(mia.presses("Resume").await, @"(only you) Resumed the personal key: **OpenAI** `…6789`. It is used again.");
        stage.key_stands(&good("openai"), Standing::Bad);
        mia.runs("/keys test provider:openai").await;
        mia.runs("/ask prompt:hello provider:openai").await;
        assert_eq!(mia.offers(), "[Replace the OpenAI key] [Test again]");
        stage.key_stands(&good("openai"), Standing::Good);
        assert_snapshot!(mia.presses("Test again").await, @"
        (only you) Tested the personal key at <t:1795219200:T>: **OpenAI** `…6789`.
        OpenAI accepts it.
        ");
        assert!(
            mia.runs("/ask prompt:count provider:openai")
                .await
                .contains("personal key")
        );
    })
    .await;
}

#[tokio::test]
async fn any_key_can_be_added_from_the_panel_that_a_button_opens() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/keys status").await;
        assert_eq!(mia.offers(), "[Add a key]");
        assert_snapshot!(mia.presses("Add a key").await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        mia.picks("openai").await;
        let added = mia.submits(&[("key", &good("openai"))]).await;
        assert!(added.contains("Stored the personal key"), "{added}");
        mia.runs("/keys remove provider:mistral").await;
        assert_eq!(mia.offers(), "[Show my keys]");
        assert!(
            mia.presses("Show my keys")
                .await
                .contains("This server has no keys.")
        );
    })
    .await;
}

#[tokio::test]
async fn another_model_is_chosen_under_a_refusal_that_says_so() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.fails("openai", ProviderFault::Status(404));
        mia.runs("/ask prompt:hello provider:openai model:gpt-made-up")
            .await;
        let offered = "[Again] [Other model] [Details] [Choose another model]";
        assert_eq!(mia.offers(), offered);
        let offered = mia.presses("Choose another model").await;
        assert!(
            offered.contains("Which model should answer?\n[menu: "),
            "{offered}"
        );
        assert_snapshot!(mia.picks("groq/openai/gpt-oss-20b").await, @"(only you) `groq/openai/gpt-oss-20b` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back.");
    })
    .await;
}

#[tokio::test]
async fn who_pays_and_what_is_left_are_one_press_away() {
    let setup = Setup {
        no_defaults: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.runs("/ask prompt:hello").await;
        assert_eq!(mia.offers(), "[Add a key] [Who pays here]");
        assert_snapshot!(mia.presses("Who pays here").await, @"
        (only you) Nobody has a key here: not you, not this server, not the bot.
        Add a key of your own with `/keys add`.
        ");
    })
    .await;
}

#[tokio::test]
async fn the_owner_of_a_dead_server_key_tests_and_replaces_it_from_the_message_that_tells() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("openai", "guild", &good("openai")).await;
        stage.key_stands(&good("openai"), Standing::Bad);
        mia.runs("/ask prompt:count").await;
        let omar = omar.directly();
        assert_snapshot!(omar.reads_channel(), @"
        OpenAI no longer accepts the key that you added to a server, so I stopped using it. Replace it there with `/keys add provider:openai scope:guild`, or try it again with `/keys test provider:openai scope:guild`.
        The server is **Lantern Club**.
        ");
        assert_eq!(omar.offers(), "[Replace the OpenAI key] [Test again]");
        let (told, test) = omar.button("Test again");
        let (_, replace) = omar.button("Replace the OpenAI key");
        assert_snapshot!(omar.presses_as(told, &test).await, @"
        (only you) Tested the server key at <t:1795219200:T>: **OpenAI** `…6789`.
        Key is invalid: OpenAI refuses it, so it is not used. Make a new one at <https://platform.openai.com/api-keys> and run `/keys add provider:openai scope:guild`.
        ");
        let fresh = format!("{}-fresh", good("openai"));
        assert_snapshot!(omar.presses_as(told, &replace).await, @"
        Form: That server's OpenAI key
        - API key (shown while you type, stored sealed): From https://platform.openai.com/api-keys
        - Provider (optional): [OpenAI]
        - Who uses it: [Everybody in that server]
        - Name (optional): What to call it
        - How long it is used: [As long as it works]
        ");
        assert_snapshot!(omar.submits(&[("key", &fresh)]).await, @"
        (only you) Replaced the server key: **OpenAI** `…resh`.
        OpenAI accepts it.
        It pays for everybody's asks with OpenAI in that server, unless they have a key of their own.
        ");
        assert!(mia.runs("/ask prompt:count").await.contains("server key"));
        // Nobody else has the message; whoever sends its ids all the same may
        // not, and neither may its reader who manages the server no more.
        assert_snapshot!(mia.directly().presses_as(told, &test).await, @"(only you) Server keys are for whoever has the Manage Server permission here, and you don't right now. Your own key works without it: `/keys add scope:user`.");
        stage
            .world()
            .join(stage.scene.server, stage.scene.manager, MEMBER);
        assert!(omar.presses_as(told, &test).await.contains("Manage Server"));
        assert!(
            omar.presses_as(told, &replace)
                .await
                .contains("Manage Server")
        );
    })
    .await;
}

#[tokio::test]
async fn the_owner_of_a_dead_key_of_their_own_is_told_with_buttons() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.key_stands(&good("openai"), Standing::Empty);
        mia.runs("/ask prompt:count").await;
        assert_eq!(mia.offers(), "[Test again] [Replace the OpenAI key]");
        stage.key_stands(&good("openai"), Standing::Good);
        assert!(
            mia.presses("Test again")
                .await
                .contains("OpenAI accepts it.")
        );
    })
    .await;
}

#[tokio::test]
async fn no_two_buttons_of_a_reply_read_the_same() {
    run(async |stage| {
        let omar = stage.omar();
        omar.adds("openai", "user", &bad("openai")).await;
        assert_snapshot!(omar.offers(), @"[Add a key for OpenAI]");
        omar.runs("/keys add provider:openai").await;
        omar.submits(&[("key", &bad("openai")), ("scope", "guild")])
            .await;
        assert_snapshot!(omar.offers(), @"[Add a key for OpenAI]");
        omar.runs("/keys add provider:openai").await;
        omar.submits(&[("key", &good("anthropic"))]).await;
        assert_snapshot!(omar.offers(), @"[Add a key for Anthropic] [Add a key for OpenAI]");
    })
    .await;
}

#[tokio::test]
async fn the_form_that_replaces_a_key_knows_its_name() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/keys add provider:openai name:winter").await;
        mia.submits(&[("key", &good("openai")), ("name", "winter")])
            .await;
        mia.runs("/keys list").await;
        assert_snapshot!(mia.presses("Replace").await, @"
        Form: Your OpenAI key
        - API key (shown while you type, stored sealed): From https://platform.openai.com/api-keys
        - Provider (optional): [OpenAI]
        - Name (optional): “winter”
        - How long it is used: [As long as it works]
        ");
        assert_snapshot!(mia.runs("/keys add provider:openai name:spring").await, @"
        Form: Your OpenAI key
        - API key (shown while you type, stored sealed): From https://platform.openai.com/api-keys
        - Provider (optional): [OpenAI]
        - Name (optional): “spring”
        - How long it is used: [As long as it works]
        ");
    })
    .await;
}

#[tokio::test]
async fn every_provider_can_be_picked_where_a_menu_has_no_room_for_all() {
    let own = (0..30).map(|number| {
        format!("[providers.acme-{number:02}]\nbase_url = \"https://acme.example/v{number}\"\n")
    });
    let setup = Setup {
        config: own.collect(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.runs("/keys list").await;
        assert_snapshot!(mia.picks("more:24").await, @"
        (only you) Whose key is it? These are the other providers; `/keys add provider:…` takes any of them.
        [menu: Add a key of your own]
        ");
        let next = mia.picks("more:48").await;
        assert!(next.contains("Whose key is it?"), "{next}");
        assert_snapshot!(mia.picks("acme-29").await, @"
        Form: Your acme-29 key
        - API key (shown while you type, stored sealed): From https://acme.example/v29
        - Provider (optional): [acme-29]
        - Name (optional): What to call it
        - How long it is used: [As long as it works]
        ");
    })
    .await;
}
