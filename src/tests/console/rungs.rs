//! Who pays, as the console tells it: the demo's rung, which is the last, and
//! keys for a server of the operator's that checks none.

use insta::assert_snapshot;
use serde_json::json;

use super::{SeenPage, Visitor};
use crate::tests::program::Program;
use crate::tests::stage::{Setup, Stage};
use crate::tests::{good, run, run_with};

/// What a page says of who pays.
fn ladder(page: &SeenPage) -> String {
    let says = page.says();
    let (_, rest) = says.split_once("Who pays").unwrap_or_default();
    let (here, _) = rest.split_once("\n## ").unwrap_or((rest, ""));
    here.trim().to_owned()
}

fn demo(no_defaults: bool) -> Setup {
    Setup {
        config: "[ask]\ndemo_replies = true\n".to_owned(),
        no_defaults,
        ..Setup::default()
    }
}

#[tokio::test]
async fn the_demos_rung_is_the_last_and_pays_where_nobody_else_does() {
    run_with(demo(true), async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        assert_snapshot!(ladder(&mia.opens("/keys").await), @"
        for what here
        Where
        {in: of 2}
        (Show)
        Ask without naming a provider, and a fixed reply answers that says so: nobody can pay. Add a key of your own, and a model answers.
        ");
        stage.mia().adds("openai", "user", &good("openai")).await;
        assert_snapshot!(ladder(&mia.opens("/keys").await), @"
        for what here
        Where
        {in: of 2}
        (Show)
        Ask without naming a provider, and OpenAI answers:
        - This request (skipped)No key comes along
        - Your key (pays)OpenAI, without a limit
        - Bot default (skipped)No key for OpenAI
        - Demo (not reached)A fixed reply, marked as one
        Who pays, by provider
        Provider | Paid by | Because
        OpenAI | own key | Yours comes first
        ");
        let shown = mia.opens("/keys").await;
        let pause = shown.action("/keys/", "/pause").unwrap();
        let paused = mia.sends(&shown, &pause, &[]).await;
        assert_snapshot!(ladder(&paused), @"
        for what here
        Where
        {in: of 2}
        (Show)
        Ask without naming a provider, and a fixed reply answers that says so: nobody can pay. Add a key of your own, and a model answers.
        Who pays, by provider
        Provider | Paid by | Because
        OpenAI | nobody | Yours is paused; the bot has none.
        ");
        let home = Visitor::stranger(stage).await.opens("/").await;
        assert!(home.holds("A template, marked as one"), "{}", home.shown());
    })
    .await;
}

#[tokio::test]
async fn where_there_is_no_demo_it_has_no_rung() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let told = ladder(&mia.opens("/keys").await);
        assert!(
            !told.contains("Demo") && told.contains("Bot default"),
            "{told}"
        );
        let home = Visitor::stranger(stage).await.opens("/").await;
        assert!(!home.holds("A template, marked as one"), "{}", home.shown());
    })
    .await;
}

/// A demo's answer has the demo's badge, costs nothing, and is nobody's call.
#[tokio::test]
async fn an_answer_of_the_demos_says_so_under_it() {
    run_with(demo(true), async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground").await;
        let typed = [("ask", "count"), ("model", "")];
        let seen = mia.sends(&page, "/playground/ask", &typed).await;
        let says = seen.says();
        assert!(says.contains("This is a demo reply"), "{says}");
        assert!(says.contains("demo$0.00"), "{says}");
        assert_eq!(stage.calls(), 0);
    })
    .await;
}

/// A server of the operator's that speaks OpenAI's dialect and checks no keys.
async fn workshop(stage: &Stage) {
    let url = stage.scene.emulator.provider_url("ollama");
    stage.stop().await;
    let workshop =
        format!("[providers.workshop]\nbase_url = \"{url}/v1\"\ndefault_model = \"a-1\"\n");
    stage.start_configured(&workshop).await;
}

#[tokio::test]
async fn a_server_of_ones_own_that_checks_no_keys_is_reachable_and_no_more() {
    run(async |stage| {
        workshop(stage).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/new?provider=workshop").await;
        let typed = [("key", &*format!("{}1", good("ollama")))];
        let added = mia.sends(&form, "/keys", &typed).await;
        let told = added.says();
        let done = told.lines().find(|line| line.starts_with("Stored"));
        assert_snapshot!(done.unwrap_or_default(), @"Stored your workshop key. workshop is reachable, and answers without a key too: this server checks no keys. The operator’s limits hold with this key as without.");
        assert!(told.contains("| Reachable; it checks no keys |"), "{told}");
        // Its address is the operator's, and no page where somebody gets a key.
        assert!(!form.holds("Keys at workshop"), "{}", form.shown());
        assert!(
            form.holds("is a server of the operator’s"),
            "{}",
            form.shown()
        );
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let keys = format!("/servers/{}/keys", stage.scene.server);
        let form = omar.opens(&format!("{keys}?provider=workshop")).await;
        let typed = [("key", &*format!("{}2", good("ollama")))];
        let shared = omar.sends(&form, &keys, &typed).await.says();
        assert!(
            shared.contains("Reachable; this server checks no keys"),
            "{shared}"
        );
        let form = omar.opens("/operator/keys/new?provider=workshop").await;
        let typed = [("key", &*format!("{}3", good("ollama")))];
        let operators = omar.sends(&form, "/operator/keys", &typed).await.says();
        assert!(operators.contains("checks no keys"), "{operators}");
        // Programs have a word for it, and the key pays.
        let program = Program::of(stage, &stage.mia(), "scopes:chat,keys:read,keys:write").await;
        let listed = program.gets("/api/v1/api-keys").await;
        assert!(listed.text.contains("\"unguarded\""), "{}", listed.text);
        let chat =
            json!({"model": "workshop/a-1", "messages": [{"role": "user", "content": "count"}]});
        let answer = program.posts("/v1/chat/completions", &chat).await;
        assert_eq!(
            (answer.status, answer.header("x-latchkey-source")),
            (200, "personal")
        );
        // Once it checks keys, a bad one is told apart.
        let guarded = "ollama".to_owned();
        let world = stage.world();
        world.with(|state| state.providers.guarded.insert(guarded));
        let address = mia.opens("/keys").await.action("/keys/", "/check").unwrap();
        let checked = mia
            .sends(&mia.opens("/keys").await, &address, &[])
            .await
            .says();
        assert!(!checked.contains("checks no keys"), "{checked}");
    })
    .await;
}
