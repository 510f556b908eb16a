//! A model that is chosen beforehand: who is told to be able to use it.

use insta::assert_snapshot;

use super::{SeenPage, Visitor};
use crate::tests::stage::Setup;
use crate::tests::{Stage, good, run, run_with};

/// What a page says once was done.
fn done(page: &SeenPage) -> String {
    let says = page.says();
    let found = says.lines().find(|line| line.contains(" now."));
    found.unwrap_or_default().to_owned()
}

async fn chooses(omar: &Visitor<'_>, stage: &Stage, model: &str) -> String {
    let models = format!("/servers/{}/models", stage.scene.server);
    let page = omar.opens(&models).await;
    done(&omar.sends(&page, &models, &[("model", model)]).await)
}

#[tokio::test]
async fn a_servers_model_names_those_whom_it_answers() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let model = "xai/grok-4";
        assert_snapshot!(chooses(&omar, stage, model).await, @"xai/grok-4 answers here now. No key pays for xAI for everybody here: it answers whoever has a key of their own for it, and for all others the bot’s own order decides. Add a key for the server, and it answers everybody. Whether there is such a model was not looked up.");
        // A key of the manager's own is for the manager alone.
        stage.omar().adds("xai", "user", &good("xai")).await;
        assert_snapshot!(chooses(&omar, stage, model).await, @"xai/grok-4 answers here now. No key pays for xAI for everybody here: it answers whoever has a key of their own for it, and for all others the bot’s own order decides. Add a key for the server, and it answers everybody. xAI does not list such a model, so questions may fail. The Models page has those that can be used.");
        stage.mia().adds("xai", "user", &good("xai")).await;
        let answered = stage.mia().runs("/ask prompt:count").await;
        assert!(answered.contains("xAI"), "{answered}");
        let told = stage
            .omar()
            .runs("/model set model:xai/grok-4 for:server")
            .await;
        assert_snapshot!(told, @"
        (only you) `xai/grok-4` answers in this server from now on, unless a channel or somebody chose another. `/model reset for:server` takes that back.
        ⚠️ No key pays for xAI for everybody here: it answers whoever has a key of their own for it, and for all others the bot's own order decides. `/keys add provider:xai scope:guild` lets it answer everybody.
        ⚠️ xAI does not list such a model, so asks may fail. `/model show` lists what can be used here.
        ");
        let told = stage
            .omar()
            .runs("/model set model:mistral/big for:channel")
            .await;
        assert_snapshot!(told, @"
        (only you) `mistral/big` answers in this channel from now on, unless somebody chose another for themselves. `/model reset for:channel` takes that back.
        ⚠️ No key pays for Mistral for everybody here: it answers whoever has a key of their own for it, and for all others the bot's own order decides. `/keys add provider:mistral scope:guild` lets it answer everybody.
        I could not look whether there is such a model.
        ");
        stage.omar().adds("xai", "guild", &good("xai")).await;
        assert_snapshot!(chooses(&omar, stage, model).await, @"xai/grok-4 answers here now. xAI does not list such a model, so questions may fail. The Models page has those that can be used.");
    })
    .await;
}

#[tokio::test]
async fn where_nobody_can_have_a_key_nobody_can_use_it() {
    let setup = Setup {
        byok: false,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        assert_snapshot!(chooses(&omar, stage, "xai/grok-4").await, @"xai/grok-4 answers here now. Nobody has a key here that pays for xAI, so it does not answer yet. Add a key for it. Whether there is such a model was not looked up.");
    })
    .await;
}

/// Examples of models are real, and whoever is refused can use them.
#[tokio::test]
async fn an_unknown_model_is_refused_with_models_that_can_be_used() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let profile = mia.opens("/profile").await;
        let playground = mia.opens("/playground").await;
        let mut told = Vec::new();
        for model in ["zork/zork", "zork", "openai"] {
            let page = mia.sends(&profile, "/profile", &[("model", model)]).await;
            assert_eq!(page.status, 422);
            told.push(page.says().lines().nth(1).unwrap_or_default().to_owned());
            let typed = [("other", model), ("ask", "count")];
            let page = mia.sends(&playground, "/playground/ask", &typed).await;
            assert!(
                page.holds(told.last().unwrap()) && page.holds("groq/"),
                "{}",
                page.shown()
            );
        }
        stage.mia().adds("openai", "user", &good("openai")).await;
        let page = mia.sends(&profile, "/profile", &[("model", "zork")]).await;
        told.push(page.says().lines().nth(1).unwrap_or_default().to_owned());
        assert_snapshot!(told.join("\n"), @"
        No provider here is known for a model called “zork/zork”. Nobody was asked. Choose one from the list, or write provider/model, such as groq/openai/gpt-oss-20b.
        No provider here is known for a model called “zork”. Nobody was asked. Choose one from the list, or write provider/model, such as groq/openai/gpt-oss-20b.
        OpenAI is a provider, and no model. Nobody was asked. Write provider/model, such as openai/gpt-6-luna.
        No provider here is known for a model called “zork”. Nobody was asked. Choose one from the list, or write provider/model, such as openai/gpt-6-luna or groq/openai/gpt-oss-20b.
        ");
    })
    .await;
}

#[tokio::test]
async fn what_makes_pictures_alone_is_no_model_that_answers() {
    let setup = Setup {
        comfyui: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let profile = mia.opens("/profile").await;
        let playground = mia.opens("/playground").await;
        let models = format!("/servers/{}/models", stage.scene.server);
        let of_server = omar.opens(&models).await;
        let mut told = Vec::new();
        for model in [
            "openai/gpt-image-2",
            "gpt-image-2",
            "google/imagen-4.0-generate-001",
            "xai/grok-imagine-image",
            "comfyui/text-to-image",
            "text-to-image",
        ] {
            let page = mia.sends(&profile, "/profile", &[("model", model)]).await;
            assert_eq!(page.status, 422, "{}", page.shown());
            let said = page.says().lines().nth(1).unwrap_or_default().to_owned();
            let page = omar.sends(&of_server, &models, &[("model", model)]).await;
            assert!(page.holds(&said), "{}", page.shown());
            let typed = [("other", model), ("ask", "count")];
            let page = mia.sends(&playground, "/playground/ask", &typed).await;
            assert!(page.holds(&said), "{}", page.shown());
            told.push(said);
        }
        assert_snapshot!(told.join("\n"), @"
        openai/gpt-image-2 makes pictures and answers no questions, so nobody was asked. Choose a model that answers, or have it make a picture.
        openai/gpt-image-2 makes pictures and answers no questions, so nobody was asked. Choose a model that answers, or have it make a picture.
        google/imagen-4.0-generate-001 makes pictures and answers no questions, so nobody was asked. Choose a model that answers, or have it make a picture.
        xai/grok-imagine-image makes pictures and answers no questions, so nobody was asked. Choose a model that answers, or have it make a picture.
        ComfyUI makes pictures and answers no questions. Choose another provider’s model.
        text-to-image makes pictures and answers no questions, so nobody was asked. Choose a model that answers, or have it make a picture.
        ");
        assert_eq!(stage.keys_that_paid("openai"), Vec::<String>::new());
        let before = mia.opens("/playground?model=openai%2Fgpt-image-2").await;
        assert!(before.holds("Make a picture with it"), "{}", before.shown());
        let way = "/playground?as=:picture&model=openai%2Fgpt-image-2";
        assert!(mia.opens(way).await.holds("Describe the picture"));
        // Google's chats give pictures out.
        let model = [("model", "google/gemini-3.1-flash-image")];
        let kept = mia.sends(&profile, "/profile", &model).await;
        assert_eq!(kept.status, 200, "{}", kept.shown());
    })
    .await;
}
