//! The panel of keys, which `/keys list` answers with: what it shows, and what
//! its buttons do in its place.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::providers::{Standing, sample};
use latchkey_emulator::{MEMBER, RestFault, RestTrouble};
use serde_json::Value;

use crate::tests::{Stage, good, run};

/// Providers that need nothing beside a key.
const MANY: [&str; 7] = [
    "openai",
    "anthropic",
    "google",
    "openrouter",
    "mistral",
    "xai",
    "deepseek",
];

/// The newest message, as Discord has it.
fn newest(stage: &Stage) -> Value {
    stage
        .world()
        .look(|state| state.messages.last().unwrap().components.clone())
}

/// How many components there are, nested ones counted.
fn count(components: &Value) -> usize {
    let all = components.as_array().into_iter().flatten();
    all.map(|it| 1 + count(&it["components"])).sum()
}

#[tokio::test]
async fn a_panel_shows_each_key_with_what_can_be_done_with_it() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        assert_snapshot!(mia.runs("/keys list").await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        mia.adds("openai", "user", &good("openai")).await;
        mia.adds("mistral", "user", &sample("mistral", Standing::Empty))
            .await;
        omar.adds("google", "guild", &good("google")).await;
        mia.runs("/ask prompt:count provider:openai").await;
        assert_snapshot!(mia.runs("/keys list").await.replace(char::is_numeric, "0"), @"
        (only you) **Your keys**
        🔴 **Mistral** `…0000`
        -# pays for nothing · out of credit · never used
        [Test] [Pause] [Replace] [Remove]
        🟢 **OpenAI** `…0000`
        -# pays for you everywhere · works · last used <t:0000000000:R>
        [Test] [Pause] [Replace] [Remove]
        This server has keys for Google.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        // Whoever manages the server sees its keys too.
        assert_snapshot!(omar.runs("/keys list").await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        **This server's keys**
        🟢 **Google** `…6789`
        -# pays for everybody in this server · works · never used · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key of your own]
        [menu: Add a key for this server]
        [Sign in with OpenRouter]
        ");
        assert_snapshot!(omar.runs("/keys list scope:user").await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        assert_snapshot!(mia.directly().runs("/keys list").await.replace(char::is_numeric, "0"), @"
        (only you) **Your keys**
        🔴 **Mistral** `…0000`
        -# pays for nothing · out of credit · never used
        [Test] [Pause] [Replace] [Remove]
        🟢 **OpenAI** `…0000`
        -# pays for you everywhere · works · last used <t:0000000000:R>
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
    })
    .await;
}

#[tokio::test]
async fn buttons_change_the_panel_in_its_place() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        mia.adds("google", "user", &good("google")).await;
        mia.runs("/keys list").await;
        let panel = mia.newest();
        assert_snapshot!(mia.presses_below("OpenAI", "Pause").await, @"
        (only you) Paused the personal key: **OpenAI** `…6789`. It is kept, and not used until `/keys resume provider:openai scope:user`.
        **Your keys**
        🟢 **Google** `…6789`
        -# pays for you everywhere · works · never used
        [Test] [Pause] [Replace] [Remove]
        ⚪ **OpenAI** `…6789`
        -# pays for nothing · works · paused · never used
        [Test] [Resume] [Replace] [Remove]
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        assert_snapshot!(mia.presses_below("OpenAI", "Resume").await, @"
        (only you) Resumed the personal key: **OpenAI** `…6789`. It is used again.
        **Your keys**
        🟢 **Google** `…6789`
        -# pays for you everywhere · works · never used
        [Test] [Pause] [Replace] [Remove]
        🟢 **OpenAI** `…6789`
        -# pays for you everywhere · works · never used
        [Test] [Pause] [Replace] [Remove]
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        stage.key_stands(&good("google"), Standing::Bad);
        assert_snapshot!(mia.presses_below("Google", "Test").await, @"
        (only you) Tested the personal key at <t:1795219200:T>: **Google** `…6789`.
        Key is invalid: Google refuses it, so it is not used. Make a new one at <https://aistudio.google.com/apikey> and run `/keys add provider:google scope:user`.
        **Your keys**
        🔴 **Google** `…6789`
        -# pays for nothing · refused by the provider · never used
        [Test] [Pause] [Replace] [Remove]
        🟢 **OpenAI** `…6789`
        -# pays for you everywhere · works · never used
        [Test] [Pause] [Replace] [Remove]
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        assert_snapshot!(mia.presses_below("Google", "Remove").await, @"
        (only you) Remove the personal key: **Google** `…6789`? It can't be brought back.
        [Remove] [Keep]
        ");
        assert!(mia.presses("Keep").await.contains("**Google**"));
        mia.presses_below("Google", "Remove").await;
        assert_snapshot!(mia.presses("Remove").await, @"
        (only you) Removed the personal key for Google. To be thorough, revoke it at <https://aistudio.google.com/apikey> too.
        **Your keys**
        🟢 **OpenAI** `…6789`
        -# pays for you everywhere · works · never used
        [Test] [Pause] [Replace] [Remove]
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        // It is one message all the time.
        assert_eq!(mia.newest(), panel);
    })
    .await;
}

#[tokio::test]
async fn keys_are_added_and_replaced_in_the_panel() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/keys list").await;
        let panel = mia.newest();
        assert_snapshot!(mia.picks("mistral").await, @"
        Form: Your Mistral key
        - API key (shown while you type, stored sealed): From https://console.mistral.ai/api-keys
        - Provider (optional): [Mistral]
        - Name (optional): What to call it
        - How long it is used: [As long as it works]
        ");
        assert_snapshot!(mia.submits(&[("key", &good("mistral"))]).await, @"
        (only you) Stored the personal key: **Mistral** `…6789`.
        Mistral accepts it.
        It pays for your asks with Mistral everywhere, before any server's key. Try `/ask provider:mistral`.
        **Your keys**
        🟢 **Mistral** `…6789`
        -# pays for you everywhere · works · never used
        [Test] [Pause] [Replace] [Remove]
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        assert_snapshot!(mia.presses_below("Mistral", "Replace").await, @"
        Form: Your Mistral key
        - API key (shown while you type, stored sealed): From https://console.mistral.ai/api-keys
        - Provider (optional): [Mistral]
        - Name (optional): What to call it
        - How long it is used: [As long as it works]
        ");
        // What is refused is said beside it, and the panel stays.
        assert_snapshot!(mia.submits(&[("key", &sample("mistral", Standing::Bad))]).await, @"
        (only you) **Your keys**
        🟢 **Mistral** `…6789`
        -# pays for you everywhere · works · never used
        [Test] [Pause] [Replace] [Remove]
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ---
        (only you) Key is invalid: Mistral does not accept that key, so it was not stored. It may not have been copied whole, it may have ended, or its account may not be in good standing. Your old key is still in place. Make a new one at <https://console.mistral.ai/api-keys>, then press the button, or `/keys add provider:mistral scope:user`.
        [Add a key for Mistral]
        ");
        assert_eq!(mia.offers(), "[Add a key for Mistral]");
        assert_ne!(mia.newest(), panel);
        // The form that is opened from there keeps what was chosen.
        mia.presses_below("Mistral", "Replace").await;
        let typed = [("key", "made up"), ("name", "spare")];
        mia.submits(&typed).await;
        let again = mia.presses("Add a key for Mistral").await;
        assert!(again.contains("“spare”"), "{again}");
    })
    .await;
}

#[tokio::test]
async fn more_keys_than_fit_stand_on_pages_of_as_many_components_as_discord_takes() {
    run(async |stage| {
        let omar = stage.omar();
        stage.clock.advance_ms(60_000);
        for provider in MANY {
            stage.clock.advance_ms(3_600_000);
            omar.adds(provider, "guild", &good(provider)).await;
        }
        stage.clock.advance_ms(3_600_000);
        omar.runs("/keys list").await;
        // The fullest page: what came of a press above keys of both kinds, and
        // pages after it.
        assert_snapshot!(omar.presses_below("OpenAI", "Pause").await, @"
        (only you) Paused the server key: **OpenAI** `…6789`. It is kept, and not used until `/keys resume provider:openai scope:guild`.
        **Your keys**
        None yet. Add one with `/keys add scope:user`.
        **This server's keys**
        🟢 **Anthropic** `…6789`
        -# pays for everybody in this server · works · never used · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        🟢 **DeepSeek** `…6789`
        -# pays for everybody in this server · works · never used · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        🟢 **Google** `…6789`
        -# pays for everybody in this server · works · never used · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        🟢 **Mistral** `…6789`
        -# pays for everybody in this server · works · never used · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        ⚪ **OpenAI** `…6789`
        -# pays for nothing · works · paused · never used · added by <@omar>
        [Test] [Resume] [Replace] [Remove]
        [menu: Add a key of your own]
        [menu: Add a key for this server]
        [Next page]
        ");
        assert_eq!(count(&newest(stage)), 39);
        assert_snapshot!(omar.presses("Next page").await, @"
        (only you) **This server's keys**
        🟢 **OpenRouter** `…6789`
        -# pays for everybody in this server · works · never used · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        🟢 **xAI** `…6789`
        -# pays for everybody in this server · works · never used · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key of your own]
        [menu: Add a key for this server]
        [Sign in with OpenRouter]
        [Previous page]
        ");
        // A page that is gone shows the last that there is.
        let (message, next) = omar.button("Previous page");
        omar.runs("/keys remove provider:xai scope:guild").await;
        omar.presses("Remove").await;
        omar.runs("/keys remove provider:openrouter scope:guild")
            .await;
        omar.presses("Remove").await;
        let second = next.replace('0', "1");
        let seen = omar.presses_as(message, &second).await;
        assert!(
            seen.contains("**Your keys**") && !seen.contains("page]"),
            "{seen}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_gone_meanwhile_is_named_and_the_panel_catches_up() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs("/keys list").await;
        let (message, pause) = mia.button_below("OpenAI", "Pause");
        mia.runs("/keys remove provider:openai").await;
        mia.presses("Remove").await;
        assert_snapshot!(mia.presses_as(message, &pause).await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ---
        (only you) There is no personal key for OpenAI. Add one with `/keys add provider:openai scope:user`.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_panel_is_for_whoever_asked_and_for_what_they_may_now() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        omar.adds("google", "guild", &good("google")).await;
        mia.runs("/keys list").await;
        let (message, test) = mia.button_below("OpenAI", "Test");
        assert_snapshot!(omar.presses_as(message, &test).await, @"(only you) That list is for the person who asked for it. `/keys list` shows yours.");
        omar.runs("/keys list").await;
        let (message, pause) = omar.button_below("Google", "Pause");
        let (_, remove) = omar.button_below("Google", "Remove");
        // Any id can be sent; this one names no key of hers.
        assert!(
            mia.presses_as(message, &remove)
                .await
                .contains("That list is for the person who asked for it.")
        );
        stage
            .world()
            .join(stage.scene.server, stage.scene.manager, MEMBER);
        assert_snapshot!(omar.presses_as(message, &pause).await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        This server has keys for Google.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ---
        (only you) Server keys are for whoever has the Manage Server permission here, and you don't right now. Your own key works without it: `/keys add scope:user`.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_panel_works_as_long_as_it_stands() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs("/keys list").await;
        mia.presses_below("OpenAI", "Remove").await;
        let (message, remove) = mia.button("Remove");
        // The command's own token is of no use any more, and so is what was
        // asked; each press has its own.
        stage.world().with(|state| {
            let age = Duration::from_mins(16);
            for interaction in &mut state.interactions {
                interaction.created = interaction.created.checked_sub(age).unwrap();
            }
        });
        stage.clock.advance_ms(16 * 60 * 1_000);
        assert_snapshot!(mia.presses_as(message, &remove).await, @"
        (only you) **Your keys**
        🟢 **OpenAI** `…6789`
        -# pays for you everywhere · works · never used
        [Test] [Pause] [Replace] [Remove]
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ---
        (only you) That form or button was used already, is older than 15 minutes, or is not yours. Nothing was changed. Run the command again for a fresh one.
        ");
        assert!(
            mia.presses_below("OpenAI", "Test")
                .await
                .contains("OpenAI accepts it.")
        );
    })
    .await;
}

#[tokio::test]
async fn where_discord_takes_no_panel_there_is_text() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.world().with(|state| {
            state.rest_faults.push(RestFault {
                method: "PATCH",
                path: "@original",
                content: "",
                trouble: RestTrouble::Refused(400, 50_035),
                after: 0,
                times: 1,
                delay: Duration::ZERO,
            });
        });
        assert_snapshot!(mia.runs("/keys list").await, @"
        (only you) **Your keys**
        - **OpenAI** `…6789` · works · never used
        This server has no keys.
        ");
    })
    .await;
}

#[tokio::test]
async fn where_discord_fails_at_a_panel_there_is_text_or_the_panel_that_stands() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let fail = || {
            stage.world().with(|state| {
                state.rest_faults.push(RestFault {
                    method: "PATCH",
                    path: "@original",
                    content: "",
                    trouble: RestTrouble::Refused(500, 0),
                    after: 0,
                    times: 2,
                    delay: Duration::ZERO,
                });
            });
        };
        fail();
        assert!(mia.runs("/keys list").await.contains("- **OpenAI**"));
        mia.runs("/keys list").await;
        fail();
        let seen = mia.presses_below("OpenAI", "Pause").await;
        assert!(seen.contains("Paused the personal key"), "{seen}");
        assert!(seen.contains("[Test] [Resume]"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_panel_fits_in_every_language() {
    for locale in ["de", "es-ES", "fr", "ja", "pt-BR"] {
        run(async |stage| {
            let omar = stage.omar();
            stage.world().with(|state| {
                let mut all = state.people.iter_mut();
                let person = all.find(|person| person.id == omar.person).unwrap();
                locale.clone_into(&mut person.locale);
            });
            for provider in MANY {
                stage.clock.advance_ms(3_600_000);
                let name = "鍵".repeat(40);
                omar.runs(&format!(
                    "/keys add provider:{provider} scope:guild name:{name}"
                ))
                .await;
                omar.submits(&[("key", &good(provider))]).await;
            }
            // Discord's limits are the emulator's, and it refuses nothing here.
            let seen = omar.runs("/keys list").await;
            assert!(seen.contains("OpenAI") && seen.contains("鍵鍵"), "{seen}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_person_with_many_keys_of_both_kinds_turns_pages() {
    run(async |stage| {
        let omar = stage.omar();
        for provider in MANY {
            stage.clock.advance_ms(3_600_000);
            omar.adds(provider, "user", &good(provider)).await;
            stage.clock.advance_ms(3_600_000);
            omar.adds(provider, "guild", &good(provider)).await;
        }
        omar.runs("/keys list").await;
        let mut seen = 0;
        for page in 0..3 {
            let parts = newest(stage);
            assert!(count(&parts) <= 40, "{page}: {parts:#}");
            seen += parts.to_string().matches("\"Test\"").count();
            if page < 2 {
                omar.presses("Next page").await;
            }
        }
        assert_eq!(seen, 14);
    })
    .await;
}
