//! A key that ends: the end stays where another key takes its place, unless
//! somebody says otherwise, and everybody who sees the key is told of it.

use insta::assert_snapshot;
use serde_json::json;

use super::key_forms::timeless;
use crate::model::DAY_MS;
use crate::tests::program::Program;
use crate::tests::{good, run};

#[tokio::test]
async fn a_key_that_is_replaced_keeps_its_end_unless_another_is_chosen() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/keys add provider:openai").await;
        mia.submits(&[("key", &good("openai")), ("days", "30")])
            .await;
        stage.clock.advance_ms(DAY_MS);
        // The same key again, with nothing chosen.
        assert_snapshot!(mia.runs("/keys add provider:openai").await, @"
        Form: Your OpenAI key
        - API key (shown while you type, stored sealed): From https://platform.openai.com/api-keys
        - Provider (optional): [OpenAI]
        - Name (optional): What to call it
        - How long it is used: [As before; a new key as long as it works]
        ");
        assert_snapshot!(timeless(&mia.submits(&[("key", &good("openai"))]).await), @"
        (only you) The personal key was stored already, and was checked again: **OpenAI** `…6789`.
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        It is used until <t:…:f>.
        ");
        let ends = || async {
            let app = stage.app().await;
            let mia = crate::app::nobody_else(crate::model::PersonId(mia.person));
            let keys = app.keys.list_owned(&mia, crate::model::Scope::User).await;
            let mut keys = keys.unwrap().into_iter();
            let key = keys.find(|key| key.provider.as_str() == "openai").unwrap();
            key.expires_at_ms.map(|at_ms| (at_ms - app.now_ms()) / DAY_MS)
        };
        assert_eq!(ends().await, Some(29));
        // Another in its place.
        mia.runs("/keys add provider:openai").await;
        let other = format!("{}-two", good("openai"));
        assert_snapshot!(timeless(&mia.submits(&[("key", &other)]).await), @"
        (only you) Replaced the personal key: **OpenAI** `…-two`.
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        It ends as the old one would have, and is used until <t:…:f>.
        ");
        assert_eq!(ends().await, Some(29));
        // One that is imported, too.
        mia.runs("/keys import").await;
        let file = format!("OPENAI_API_KEY={}", good("openai"));
        mia.submits(&[("lines", &file)]).await;
        let stored = mia.presses("Store them").await;
        let kept = "Replaced the personal key: **OpenAI** `…6789`. It ends as the old one would have";
        assert!(stored.contains(kept), "{stored}");
        assert_eq!(ends().await, Some(29));
        // Whoever says so has none.
        mia.runs("/keys add provider:openai").await;
        let typed = [("key", &*other), ("days", "0")];
        assert_snapshot!(timeless(&mia.submits(&typed).await), @"
        (only you) Replaced the personal key: **OpenAI** `…-two`.
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        The old one had an end. This one has none: it is used as long as it works.
        ");
        assert_eq!(ends().await, None);
        // An end that has come is nobody's wish for the next key.
        mia.runs("/keys add provider:openai").await;
        mia.submits(&[("key", &*other), ("days", "7")]).await;
        stage.clock.advance_ms(8 * DAY_MS);
        mia.runs("/keys add provider:openai").await;
        let said = mia.submits(&[("key", &good("openai"))]).await;
        assert!(said.contains("The old one had an end."), "{said}");
        assert_eq!(ends().await, None);
    })
    .await;
}

#[tokio::test]
async fn programs_choose_and_see_when_a_key_ends() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "scopes:keys:read,keys:write").await;
        let keys = "/api/v1/api-keys";
        let add = |days: serde_json::Value| {
            let key = good("openai");
            json!({"provider": "openai", "key": key, "days": days})
        };
        for days in [json!(8), json!(-1), json!(999), json!(3_650_000_000_i64)] {
            let told = program.posts(keys, &add(days)).await;
            assert_eq!(told.code(), "400 unknown_lifetime");
        }
        let told = program.posts(keys, &add(json!(8))).await;
        assert_snapshot!(told.text, @r#"{"error":{"code":"unknown_lifetime","message":"`days` must be one of `7`, `30`, `90`, `365`, or `0` for as long as the key works. Nothing was stored. Left out, a key ends as the one whose place it takes."}}"#);
        assert_eq!(program.gets(keys).await.json()["keys"], json!([]));
        let stored = program.posts(keys, &add(json!(30))).await.json();
        assert_eq!(stored["key"]["expires_at"], "2026-12-21T00:00:00Z");
        let again = json!({"provider": "openai", "key": format!("{}-two", good("openai"))});
        let again = program.posts(keys, &again).await.json();
        assert_eq!(again["key"]["expires_at"], stored["key"]["expires_at"]);
        let listed = program.gets(keys).await.json();
        assert_eq!(
            listed["keys"][0]["expires_at"],
            stored["key"]["expires_at"]
        );
        let for_good = program.posts(keys, &add(json!(0))).await.json();
        assert_eq!(for_good["key"]["expires_at"], json!(null));
    })
    .await;
}
