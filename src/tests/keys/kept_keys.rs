//! A key that can't pay does not take the place of one that works, unless its
//! owner says so.

use insta::assert_snapshot;
use latchkey_emulator::providers::{Standing, sample};
use serde_json::json;

use crate::tests::program::Program;
use crate::tests::{Visitor, good, run};

fn empty(provider: &str) -> String {
    sample(provider, Standing::Empty)
}

#[tokio::test]
async fn a_key_without_credit_waits_until_its_owner_says_that_it_replaces_one_that_works() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("deepseek", "user", &good("deepseek")).await;
        let add = "/keys add provider:deepseek scope:user name:autumn";
        mia.runs(add).await;
        assert_snapshot!(mia.submits(&[("key", &format!("\"{}\"", empty("deepseek")))]).await, @"
        (only you) DeepSeek knows that key, but its account is out of credit, so it can't pay yet. I left the one that works where it is: **DeepSeek** `…6789`. Top up at <https://platform.deepseek.com/top_up> and add the new one again, or replace the one that works all the same.
        I took out what is no part of the key: quotation marks.
        [Replace it all the same]
        [Keep]
        ");
        let asked = mia.runs("/ask prompt:count provider:deepseek").await;
        assert!(asked.contains("personal key"), "{asked}");
        assert_eq!(stage.keys_that_paid("deepseek"), [good("deepseek")]);
        assert_snapshot!(mia.presses("Keep").await, @"(only you) Kept. Nothing was changed.");
        mia.runs(add).await;
        mia.submits(&[("key", &empty("deepseek"))]).await;
        let (message, replace) = mia.button("Replace it all the same");
        // Nobody else can, and it works once.
        assert!(
            stage
                .zoe()
                .presses_as(message, &replace)
                .await
                .contains("not yours")
        );
        assert_snapshot!(mia.presses("Replace it all the same").await, @"
        (only you) Replaced the personal key: **DeepSeek** “autumn” `…6789`.
        DeepSeek knows it, but its account is out of credit, so it is not used yet. Top up at <https://platform.deepseek.com/top_up>, then run `/keys test provider:deepseek scope:user`.
        ");
        assert!(
            mia.presses_as(message, &replace)
                .await
                .contains("was used already")
        );
        let listed = mia.runs("/keys list").await;
        assert!(
            listed.contains("“autumn”") && listed.contains("out of credit"),
            "{listed}"
        );
        // One that does not work is replaced at once, and a key that is stored
        // is checked again.
        let said = mia.adds("deepseek", "user", &empty("deepseek")).await;
        assert!(said.contains("was stored already"), "{said}");
        stage.clock.advance_ms(60_000);
        let other = format!("{}-other", empty("deepseek"));
        stage.key_stands(&other, Standing::Empty);
        let said = mia.adds("deepseek", "user", &other).await;
        assert!(said.contains("Replaced the personal key"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_key_beside_wrong_ids_does_not_take_the_place_of_one_that_works() {
    run(async |stage| {
        let omar = stage.omar();
        let key = good("runpod");
        omar.adds_with(
            "runpod",
            "guild",
            &[("key", &key), ("endpoint", "made-up-id")],
        )
        .await;
        let wrong = [("key", &*key), ("endpoint", "wrong-id")];
        assert_snapshot!(omar.adds_with("runpod", "guild", &wrong).await, @"
        (only you) RunPod accepts that key, but finds nothing under the ids that you gave with it, so it can't pay. I left the one that works where it is: **RunPod** `…6789`. Add the new one again with the right ids, or replace the one that works all the same.
        [Replace it all the same]
        [Keep]
        ");
        assert_snapshot!(omar.presses("Replace it all the same").await, @"
        (only you) Replaced the server key: **RunPod** `…6789`.
        RunPod accepts the key, but finds nothing under the ids that you gave with it. Run `/keys add provider:runpod scope:guild` again with the right ones.
        It is kept for images made with RunPod in this server; `/ask` does not use it.
        ");
    })
    .await;
}

#[tokio::test]
async fn programs_and_pages_keep_the_one_that_works_too() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "scopes:keys:read,keys:write").await;
        let keys = "/api/v1/api-keys";
        let key = |key: String| json!({"provider": "deepseek", "key": key});
        program.posts(keys, &key(good("deepseek"))).await;
        assert_snapshot!(program.posts(keys, &key(empty("deepseek"))).await.text, @r#"{"error":{"code":"working_key_kept","message":"deepseek knows that key, but its account is out of credit, so it can't pay. It was not stored: the key that works is still in place. `POST /api/v1/api-keys` with `\"keep_refused\": true`, or `latchkey keys add --keep-refused`, replaces that one all the same."}}"#);
        let health = program.gets(keys).await.json()["keys"][0]["health"].clone();
        assert_eq!(health, "valid");
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/new?provider=deepseek").await;
        let kept = mia
            .sends(&form, "/keys", &[("key", &empty("deepseek"))])
            .await;
        assert_eq!(kept.status, 409);
        let says = "DeepSeek knows the new key, but its account is out of credit, so it can’t pay \
                    and was not stored. The one that works is still in place.";
        assert!(kept.holds(says), "{}", kept.says());
        // An import is chosen with open eyes, or not.
        let form = mia.opens("/keys/import").await;
        let file = format!("DEEPSEEK_API_KEY={}", empty("deepseek"));
        let found = mia.sends(&form, "/keys/import", &[("keys", &file)]).await;
        assert!(
            found.holds(", which works, with one that can’t pay"),
            "{}",
            found.says()
        );
        stage.clock.advance_ms(60_000);
        let mut all = key(empty("deepseek"));
        all["keep_refused"] = true.into();
        let replaced = program.posts(keys, &all).await.json();
        assert_eq!(
            (&replaced["replaced"], &replaced["check"]),
            (&json!(true), &json!("out_of_credit"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_that_nobody_could_check_does_not_take_the_place_of_one_that_works() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let limited = sample("openai", Standing::Limited);
        assert_snapshot!(mia.adds("openai", "user", &limited).await, @"
        (only you) OpenAI could not be asked about that key right now, so nobody knows whether it can pay. I left the one that works where it is: **OpenAI** `…6789`. Add the new one again later, or replace the one that works all the same.
        [Replace it all the same]
        [Keep]
        ");
        let asked = mia.runs("/ask prompt:count provider:openai").await;
        assert!(asked.contains("personal key"), "{asked}");
        assert_eq!(stage.keys_that_paid("openai"), [good("openai")]);
        mia.adds("openai", "user", &limited).await;
        assert_snapshot!(mia.presses("Replace it all the same").await, @"
        (only you) Replaced the personal key: **OpenAI** `…6789`.
        OpenAI could not be asked about it right now. It is used as it is; `/keys test provider:openai scope:user` asks again.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ");
        // One that was never checked makes way.
        let other = format!("{limited}-other");
        stage.key_stands(&other, Standing::Limited);
        let said = mia.adds("openai", "user", &other).await;
        assert!(said.contains("Replaced the personal key"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn programs_pages_and_imports_keep_it_from_one_that_nobody_could_check() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "scopes:keys:read,keys:write").await;
        let keys = "/api/v1/api-keys";
        let limited = sample("openai", Standing::Limited);
        let mut body = json!({"provider": "openai", "key": good("openai")});
        program.posts(keys, &body).await;
        body["key"] = limited.clone().into();
        assert_snapshot!(program.posts(keys, &body).await.text, @r#"{"error":{"code":"working_key_kept","message":"openai could not be asked about that key right now, so nobody knows whether it can pay. It was not stored: the key that works is still in place. `POST /api/v1/api-keys` with `\"keep_refused\": true`, or `latchkey keys add --keep-refused`, replaces that one all the same."}}"#);
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/new?provider=openai").await;
        let kept = mia.sends(&form, "/keys", &[("key", &limited)]).await;
        assert!(
            kept.holds("could not be asked about the new key"),
            "{}",
            kept.says()
        );
        let actor = stage.mia();
        actor.runs("/keys import").await;
        actor
            .submits(&[("lines", &format!("OPENAI_API_KEY={limited}"))])
            .await;
        assert!(!actor.offers().contains("Store"), "{}", actor.offers());
        body["keep_refused"] = true.into();
        let replaced = program.posts(keys, &body).await.json();
        assert_eq!(replaced["replaced"], true, "{replaced}");
    })
    .await;
}
