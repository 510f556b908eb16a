//! The form of a key: what is chosen in it, in both shapes in which forms are
//! sent, and where Discord takes it in the older one alone.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::providers::{Standing, sample};
use latchkey_emulator::{Attachment, RestFault, RestTrouble};
use serde_json::Value;

use crate::tests::{Actor, Stage, bad, good, run};

/// Begins as keys of no provider do.
const SHAPELESS: &str = "made0up1made0up1made0up1made0up1";
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// The form that somebody has open.
fn open_form(stage: &Stage, person: u64) -> Value {
    stage.world().look(|state| {
        let mut all = state.interactions.iter().rev();
        let form = all.find_map(|it| it.modal.as_ref().filter(|_| it.person == person));
        form.expect("a form is open").clone()
    })
}

/// Sends the form that is open in the older shape.
async fn submits_in_rows(stage: &Stage, actor: &Actor<'_>, typed: &[(&str, &str)]) -> String {
    let form = actor.open_form();
    let world = stage.world();
    let sent = world.submit_in_rows(actor.person, actor.channel, &form, typed);
    actor.sees(sent).await
}

/// What is seen without the moments in it.
pub fn timeless(seen: &str) -> String {
    let moments = regex::Regex::new(r"<t:\d+:([a-zA-Z])>").unwrap();
    moments.replace_all(seen, "<t:…:$1>").into_owned()
}

#[tokio::test]
async fn one_form_asks_for_everything_about_a_key() {
    run(async |stage| {
        let omar = stage.omar();
        assert_snapshot!(omar.runs("/keys add").await, @"
        Form: Add a key
        - API key (shown while you type, stored sealed):
        - Provider (optional): Whose key it is
        - Who uses it: [You, everywhere]
        - Name (optional): What to call it
        - How long it is used: [As long as it works]
        ");
        let seen = omar
            .submits(&[
                ("key", &good("mistral")),
                ("provider", "mistral"),
                ("scope", "guild"),
                ("name", "club"),
                ("days", "30"),
            ])
            .await;
        assert_snapshot!(timeless(&seen), @"
        (only you) Stored the server key: **Mistral** “club” `…6789`.
        Mistral accepts it.
        It pays for everybody's asks with Mistral in this server, unless they have a key of their own.
        It is used until <t:…:f>.
        ");
        assert_snapshot!(timeless(&omar.runs("/keys list scope:guild").await), @"
        (only you) **This server's keys**
        🟢 **Mistral** “club” `…6789`
        -# pays for everybody in this server · works · never used · ends <t:…:R> · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key for this server]
        ");
        stage.clock.advance_ms(31 * DAY_MS);
        assert_snapshot!(timeless(&omar.runs("/keys list scope:guild").await), @"
        (only you) **This server's keys**
        ⚪ **Mistral** “club” `…6789`
        -# pays for nothing · works · never used · ended <t:…:R> · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key for this server]
        ");
        let refused = omar.runs("/ask prompt:hello provider:mistral").await;
        assert_snapshot!(refused, @"
        (only you) There is no key for Mistral that can pay here.
        - The server key for Mistral has expired; whoever manages this server can mend or replace it.
        Add yours with `/keys add provider:mistral scope:user`; you get one at <https://console.mistral.ai/api-keys>.
        ");
    })
    .await;
}

#[tokio::test]
async fn what_a_command_says_is_chosen_in_its_form_and_can_be_changed_there() {
    run(async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/keys add provider:openai name:autumn").await, @"
        Form: Your OpenAI key
        - API key (shown while you type, stored sealed): From https://platform.openai.com/api-keys
        - Provider (optional): [OpenAI]
        - Name (optional): “autumn”
        - How long it is used: [As long as it works]
        ");
        let seen = mia
            .submits(&[
                ("key", &good("google")),
                ("provider", "google"),
                ("name", "winter"),
            ])
            .await;
        assert_snapshot!(seen, @"
        (only you) Stored the personal key: **Google** “winter” `…6789`.
        Google accepts it.
        It pays for your asks with Google everywhere, before any server's key. Try `/ask provider:google`.
        ");
        // Who may not manage the server is not asked whose key it is, and can't
        // say so either.
        mia.runs("/keys add").await;
        let seen = mia
            .submits(&[
                ("key", &good("google")),
                ("provider", "google"),
                ("scope", "guild"),
            ])
            .await;
        assert!(seen.contains("personal key"), "{seen}");
        mia.runs("/keys add").await;
        let form = mia.open_form();
        let world = stage.world();
        let typed = [
            ("key", &*good("google")),
            ("provider", "google"),
            ("scope", "guild"),
        ];
        let sent = world.submit_in_rows(mia.person, mia.channel, &form, &typed);
        let seen = mia.sees(sent).await;
        assert!(seen.contains("Manage Server"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_key_tells_whose_it_is_where_no_provider_is_chosen() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/keys add").await;
        assert_snapshot!(mia.submits(&[("key", &good("anthropic"))]).await, @"
        (only you) Stored the personal key: **Anthropic** `…6789`.
        Anthropic accepts it.
        It pays for your asks with Anthropic everywhere, before any server's key. Try `/ask provider:anthropic`.
        ");
        stage.key_stands(SHAPELESS, Standing::Good);
        mia.runs("/keys add name:spare").await;
        assert_snapshot!(mia.submits(&[("key", SHAPELESS), ("days", "7")]).await, @"
        (only you) I can't tell whose key that is, so I sent it to nobody. Nothing was stored. Press **Type the key again** and choose its provider, or run `/keys add provider:…`.
        [Type the key again]
        ");
        // What was chosen is there again, and the provider can be named now.
        assert_snapshot!(mia.presses("Type the key again").await, @"
        Form: Add a key
        - API key (shown while you type, stored sealed):
        - Provider (optional): Whose key it is
        - Name (optional): “spare”
        - How long it is used: [7 days]
        ");
        let seen = mia
            .submits(&[("key", SHAPELESS), ("provider", "mistral")])
            .await;
        assert_snapshot!(timeless(&seen), @"
        (only you) Stored the personal key: **Mistral** “spare” `…0up1`.
        Mistral accepts it.
        It pays for your asks with Mistral everywhere, before any server's key. Try `/ask provider:mistral`.
        It is used until <t:…:f>.
        ");
        mia.runs("/keys add").await;
        let seen = mia.submits(&[("key", "sk-made0up1made0up1made0up1")]).await;
        assert!(
            seen.contains("Keys of OpenAI, DeepSeek, Moonshot AI or Qwen begin so"),
            "{seen}"
        );
        // Whoever is known by no shape is known by name.
        stage.clock.advance_ms(60_000);
        mia.runs("/keys add").await;
        let line = format!("MISTRAL_API_KEY={SHAPELESS}");
        let seen = mia.submits(&[("key", &line)]).await;
        assert!(seen.contains("**Mistral**"), "{seen}");
        // No provider at all, as a form of rows sends it.
        mia.runs("/keys add").await;
        let seen = submits_in_rows(stage, &mia, &[("key", &good("groq"))]).await;
        assert!(seen.contains("**Groq**"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_form_that_opens_again_keeps_all_that_was_typed_but_the_key() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/keys add provider:runpod").await;
        let typed = [
            ("key", &*bad("runpod")),
            ("endpoint", "made-up-id"),
            ("name", "farm"),
            ("days", "90"),
        ];
        let seen = mia.submits(&typed).await;
        assert!(seen.contains("does not accept that key"), "{seen}");
        assert_snapshot!(mia.presses("Add a key for RunPod").await, @"
        Form: Your RunPod key
        - API key (shown while you type, stored sealed): From https://console.runpod.io/user/settings
        - Endpoint ID: “made-up-id”
        - Provider (optional): [RunPod]
        - Name (optional): “farm”
        - How long it is used: [90 days]
        ");
        let form = open_form(stage, mia.person).to_string();
        assert!(!form.contains(&bad("runpod")), "{form}");
        // What begins as a key does is kept nowhere.
        let typed = [("key", "made up"), ("endpoint", &*good("anthropic"))];
        mia.submits(&typed).await;
        let form = mia.presses("Add a key for RunPod").await;
        assert!(
            form.contains("- Endpoint ID: From") && form.contains("“farm”"),
            "{form}"
        );
        let typed = [("key", &*good("runpod")), ("endpoint", "made-up-id")];
        let seen = mia.submits(&typed).await;
        assert_snapshot!(timeless(&seen), @"
        (only you) Stored the personal key: **RunPod** “farm” `…6789`.
        RunPod accepts it.
        It is kept for images that you make with RunPod; `/ask` does not use it.
        It is used until <t:…:f>.
        ");
        // A name that is a secret is refused, and the form opens again.
        mia.runs("/keys add provider:openai").await;
        let typed = [("key", &*good("openai")), ("name", &*good("anthropic"))];
        let seen = mia.submits(&typed).await;
        assert!(seen.contains("That name looks like a key"), "{seen}");
        assert!(!mia.presses("Add a key for OpenAI").await.contains("sk-ant"));
    })
    .await;
}

#[tokio::test]
async fn a_form_is_opened_and_sent_in_the_older_shape_too() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/keys add provider:openai name:autumn").await;
        let seen = submits_in_rows(stage, &mia, &[("key", &good("openai"))]).await;
        assert!(seen.contains("“autumn”"), "{seen}");
        stage.world().with(|state| {
            state.rest_faults.push(RestFault {
                method: "POST",
                path: "/callback",
                content: "",
                trouble: RestTrouble::Refused(400, 50_035),
                after: 0,
                times: 1,
                delay: Duration::ZERO,
            });
        });
        assert_snapshot!(mia.runs("/keys add provider:google name:winter").await, @"
        Form: Your Google key
        - API key (shown while you type, stored sealed): From https://aistudio.google.com/apikey
        - Name (optional): “winter”
        ");
        let form = open_form(stage, mia.person);
        assert_eq!(form["components"][0]["type"], 1, "{form}");
        let seen = mia.submits(&[("key", &good("google"))]).await;
        assert!(seen.contains("“winter”"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn several_keys_are_pasted_or_come_in_a_file_and_are_stored_when_wanted() {
    run(async |stage| {
        let omar = stage.omar();
        assert_snapshot!(omar.runs("/keys import").await, @"
        Form: Add several keys
        - Lines of NAME=key, or keys alone (optional):
        - Or a .env file (optional):
        - Who uses it: [You, everywhere]
        ");
        let lines = format!(
            "OPENAI_API_KEY={}\nMISTRAL_API_KEY={}\nDATABASE_URL=made-up\nGROQ_API_KEY={}",
            good("openai"),
            good("mistral"),
            bad("groq"),
        );
        assert_snapshot!(omar.submits(&[("lines", &lines)]).await, @"
        (only you) I found 2 keys that can be stored. Nothing is stored yet, and they wait for 15 minutes.
        - **OpenAI** `…6789` · works
        - **Mistral** `…6789` · works
        - **Groq** `…6789` · refused by the provider
        -# 1 line holds no key that I could store: 3.
        [Store them]
        [Forget them]
        ");
        let (message, store) = omar.button("Store them");
        let mia = stage.mia();
        assert!(mia.presses_as(message, &store).await.contains("not yours"));
        assert_snapshot!(omar.presses_as(message, &store).await, @"
        (only you) Stored the personal key: **OpenAI** `…6789`.
        Stored the personal key: **Mistral** `…6789`.
        ");
        assert!(omar.runs("/keys list").await.contains("**Mistral**"));
        // The same from a file, for the server; what can't pay takes no place.
        stage.clock.advance_ms(60_000);
        omar.runs("/keys import scope:guild").await;
        let env = format!("XAI_API_KEY={}\n", good("xai"));
        let file = Attachment::uploaded(".env", env.as_bytes());
        let id = stage.world().keep_upload(omar.person, file).to_string();
        assert_snapshot!(omar.submits(&[("file", &id)]).await, @"
        (only you) I found 1 key that can be stored. Nothing is stored yet, and it waits for 15 minutes.
        - **xAI** `…6789` · works
        [Store them]
        [Forget them]
        ");
        assert_snapshot!(omar.presses("Store them").await, @"(only you) Stored the server key: **xAI** `…6789`.");
        stage.clock.advance_ms(60_000);
        omar.runs("/keys import scope:guild").await;
        let env = format!("XAI_API_KEY={}", sample("xai", Standing::Empty));
        assert_snapshot!(omar.submits(&[("lines", &env)]).await, @"
        (only you) None of these can be stored, so nothing was. Make new ones at their providers, and run `/keys import` again.
        - **xAI** `…6789` · out of credit · **xAI** `…6789` stays
        [Add several keys]
        ");
        omar.runs("/keys import").await;
        let file = Attachment::uploaded("x.env", b"\x89PNG\r\n\x1a\n made up");
        let id = stage.world().keep_upload(omar.person, file).to_string();
        let seen = omar.submits(&[("file", &id)]).await;
        assert!(seen.contains("That file holds no text"), "{seen}");
        omar.runs("/keys import").await;
        let seen = omar.submits(&[("lines", "GOOGLE_API_KEY=")]).await;
        assert!(seen.contains("I found no key in it"), "{seen}");
        stage.clock.advance_ms(60_000);
        omar.runs("/keys import").await;
        let line = format!("GOOGLE_API_KEY={}", good("google"));
        omar.submits(&[("lines", &line)]).await;
        assert!(omar.presses("Forget them").await.contains("Forgot what was not stored yet."));
    })
    .await;
}
