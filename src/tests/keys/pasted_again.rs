//! A key that was pasted with something around it, and a form that is opened
//! again because of what was pasted: nothing that was chosen beside it is lost.

use insta::assert_snapshot;
use latchkey_emulator::providers::Standing;

use crate::tests::{Actor, Stage, good, run};

/// Begins as keys of no provider do.
const SHAPELESS: &str = "made0up1made0up1made0up1made0up1";

/// What stands in a field of the form that somebody has open.
fn field(stage: &Stage, person: u64, field: &str) -> String {
    stage.world().look(|state| {
        let mut theirs = state
            .interactions
            .iter()
            .rev()
            .filter(|it| it.person == person);
        let form = theirs.find_map(|it| it.modal.as_ref()).unwrap();
        let labels = form["components"].as_array().unwrap().iter();
        let mut inputs = labels.map(|label| &label["component"]);
        let input = inputs.find(|input| input["custom_id"] == field).unwrap();
        input["value"].as_str().unwrap_or_default().to_owned()
    })
}

#[tokio::test]
async fn a_key_that_no_provider_is_known_by_is_taken_out_of_commands_code_and_sentences() {
    run(async |stage| {
        stage.key_stands(SHAPELESS, Standing::Good);
        let mia = stage.mia();
        let code = format!("client = Mistral(api_key=\"{SHAPELESS}\")");
        assert_snapshot!(mia.adds("mistral", "user", &code).await, @"
        (only you) Stored the personal key: **Mistral** `…0up1`.
        I took out what is no part of the key: the words around it.
        Mistral accepts it.
        It pays for your asks with Mistral everywhere, before any server's key. Try `/ask provider:mistral`.
        ");
        for around in [
            "curl https://api.mistral.ai/v1/models -H \"Authorization: Bearer %\"",
            "os.environ[\"MISTRAL_API_KEY\"] = \"%\"",
            "My Mistral key is %, thanks!",
        ] {
            stage.clock.advance_ms(60_000);
            let seen = mia
                .adds("mistral", "user", &around.replace('%', SHAPELESS))
                .await;
            assert!(seen.contains("was stored already"), "{around}: {seen}");
        }
        // It is Mistral's by what stands around it.
        let typed = format!(
            "curl https://api.mistral.ai/v1/models -H \"Authorization: Bearer {SHAPELESS}\""
        );
        let seen = mia.adds("cerebras", "user", &typed).await;
        assert!(seen.contains("a key of Mistral, not of Cerebras"), "{seen}");
    })
    .await;
}

/// Fills in the form that is open with what is no key.
async fn pastes_words(actor: &Actor<'_>, more: &[(&str, &str)]) -> String {
    let mut typed = vec![("key", "it is in the other window")];
    typed.extend(more);
    actor.submits(&typed).await
}

#[tokio::test]
async fn the_form_of_a_key_opens_again_with_what_was_chosen_for_it() {
    run(async |stage| {
        let (mia, zoe) = (stage.mia(), stage.zoe());
        mia.runs("/keys add provider:openai scope:user name:autumn")
            .await;
        assert_snapshot!(pastes_words(&mia, &[]).await, @"
        (only you) That can't be a key: it contains spaces or characters that no key has. Nothing was stored. Copy the key alone, without what stands around it: press the button and paste it, or run `/keys add`.
        [Add a key for OpenAI]
        ");
        let (message, again) = mia.button("Add a key for OpenAI");
        assert!(zoe.presses_as(message, &again).await.contains("not yours"));
        // Whoever closes it can open it once more.
        for _ in 0..2 {
            let form = mia.presses_as(message, &again).await;
            assert!(form.starts_with("Form: Your OpenAI key"), "{form}");
        }
        let refused = mia.submits(&[("key", &crate::tests::bad("openai"))]).await;
        assert!(refused.contains("does not accept that key"), "{refused}");
        mia.presses("Add a key for OpenAI").await;
        let stored = mia.submits(&[("key", &good("openai"))]).await;
        assert!(
            stored.contains("Stored the personal key") && stored.contains("autumn"),
            "{stored}"
        );
        assert!(
            mia.presses_as(message, &again)
                .await
                .contains("was used already")
        );
    })
    .await;
}

#[tokio::test]
async fn several_keys_in_the_form_of_one_lead_to_the_form_of_several() {
    run(async |stage| {
        let mia = stage.mia();
        let several = format!(
            "OPENAI_API_KEY={}\nGROQ_API_KEY={}",
            good("openai"),
            good("groq")
        );
        mia.runs("/keys add provider:openai scope:user").await;
        assert_snapshot!(mia.submits(&[("key", &several)]).await, @"
        (only you) There are several keys in that, and one is wanted. Nothing was stored. `/keys import scope:user` takes several at once, each for its own provider; for one, press the button and paste it alone, or run `/keys add`.
        [Add several keys]
        [Add a key for OpenAI]
        ");
        mia.runs("/ask prompt:count provider:openai once:true")
            .await;
        assert_snapshot!(mia.submits(&[("prompt", "count"), ("key", &several)]).await, @"
        (only you) There are several keys in that, and one is wanted. Nothing was asked. Copy one alone: press the button and paste it, or run `/ask once:True`.
        > count
        [Type the key again]
        ");
        assert_eq!(stage.calls(), 0);
    })
    .await;
}

#[tokio::test]
async fn the_form_of_a_key_for_one_ask_opens_again_with_the_prompt() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/ask prompt:count provider:openai persona:code once:true")
            .await;
        assert_snapshot!(pastes_words(&mia, &[("prompt", "count\nslowly")]).await, @"
        (only you) That can't be a key: it contains spaces or characters that no key has. Nothing was asked. Copy the key alone, without what stands around it: press the button and paste it, or run `/ask once:True`.
        > count
        > slowly
        [Type the key again]
        ");
        mia.presses("Type the key again").await;
        let prompt = field(stage, mia.person, "prompt");
        assert_eq!(prompt, "count\nslowly");
        let seen = mia
            .submits(&[("prompt", &prompt), ("key", &good("openai"))])
            .await;
        assert!(seen.contains("🔑 one-time key"), "{seen}");
        let asked = stage
            .world()
            .look(|state| state.providers.calls.back().unwrap().body.to_string());
        assert!(
            asked.contains("programmer") && asked.contains("slowly"),
            "{asked}"
        );
        // A prompt that has no room is typed again, and none is kept.
        mia.runs("/ask prompt:count provider:openai once:true")
            .await;
        let long = "x".repeat(3_000);
        let seen = pastes_words(&mia, &[("prompt", &long)]).await;
        assert!(!seen.contains("xxx"), "{seen}");
        mia.presses("Type the key again").await;
        assert_eq!(field(stage, mia.person, "prompt"), "");
    })
    .await;
}
