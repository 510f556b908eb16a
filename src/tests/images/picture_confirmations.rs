//! Pictures that may cost more than is spent unasked.

use insta::assert_snapshot;
use latchkey_emulator::Attachment;

use crate::tests::good;
use crate::tests::stage::{self, Setup};

fn setup() -> Setup {
    Setup {
        config: "[images]\nconfirm_above_dollars = 0.5\n".into(),
        ..Setup::default()
    }
}

#[tokio::test]
async fn whoever_asks_is_asked_before_much_is_spent() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        // Not above it: nobody is asked.
        let cheap = mia.runs("/imagine prompt:a lighthouse size:1024x1024").await;
        assert!(cheap.contains("[picture-1.png"), "{cheap}");
        let calls = stage.calls();
        let line = "/imagine prompt:a lighthouse at dusk negative:people count:4 size:1536x1024 spoiler:true";
        assert_snapshot!(mia.runs(line).await, @"
        > a lighthouse at dusk
        > -# not: people

        💰 These 4 pictures cost at most $0.67, paid by the personal key. Make them?
        [Make it]
        [Leave it]
        ");
        assert_eq!(stage.calls(), calls, "nobody was asked yet");
        let zoe = stage.zoe();
        let (message, id) = mia.button("Make it");
        assert_snapshot!(zoe.presses_as(message, &id).await, @"
        > a lighthouse at dusk
        > -# not: people

        💰 These 4 pictures cost at most $0.67, paid by the personal key. Make them?
        [Make it]
        [Leave it]
        ---
        (only you) That form or button was used already, is older than 15 minutes, or is not yours. Nothing was changed. Run the command again for a fresh one.
        ");
        assert_snapshot!(mia.presses("Make it").await, @"
        > a lighthouse at dusk
        > -# not: people

        -# OpenAI gpt-image-2 · 👤 personal key · $0.50 · 4 pictures
        [SPOILER_picture-1.png: Made by gpt-image-2 from: a lighthouse at dusk]
        [SPOILER_picture-2.png: Made by gpt-image-2 from: a lighthouse at dusk]
        [SPOILER_picture-3.png: Made by gpt-image-2 from: a lighthouse at dusk]
        [SPOILER_picture-4.png: Made by gpt-image-2 from: a lighthouse at dusk]
        ");
        assert_snapshot!(stage.asked("openai"), @r#"/images/generations {"model":"gpt-image-2","n":4,"prompt":"a lighthouse at dusk\n\nDo not show: people","size":"1536x1024"}"#);
        // Once.
        assert_snapshot!(mia.presses_as(message, &id).await, @"
        > a lighthouse at dusk
        > -# not: people

        -# OpenAI gpt-image-2 · 👤 personal key · $0.50 · 4 pictures
        [SPOILER_picture-1.png: Made by gpt-image-2 from: a lighthouse at dusk]
        [SPOILER_picture-2.png: Made by gpt-image-2 from: a lighthouse at dusk]
        [SPOILER_picture-3.png: Made by gpt-image-2 from: a lighthouse at dusk]
        [SPOILER_picture-4.png: Made by gpt-image-2 from: a lighthouse at dusk]
        ---
        (only you) That form or button was used already, is older than 15 minutes, or is not yours. Nothing was changed. Run the command again for a fresh one.
        ");
        mia.runs("/imagine prompt:x count:2").await;
        assert_snapshot!(mia.presses("Leave it").await, @"
        > x

        -# Nothing was made, and nothing was paid.
        ");
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        let mut made: Vec<_> = rows.iter().map(|row| (row.state.as_str(), row.used.images)).collect();
        made.sort_unstable();
        assert_snapshot!(format!("{made:?}"), @r#"[("released", 0), ("released", 0), ("settled", 1), ("settled", 4)]"#);
    })
    .await;
}

#[tokio::test]
async fn a_picture_that_is_changed_is_kept_in_the_message_until_it_is_confirmed() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let png = latchkey_emulator::providers::picture("photo", 0);
        let file = mia.writes_with("look", None, vec![Attachment::uploaded("photo.png", &png)]);
        let long = "a lighthouse ".repeat(150);
        let line = format!("/imagine prompt:{long} image:{file} count:4");
        let asked = mia.runs(&line).await;
        assert!(
            asked.contains("[source.png: The picture that is to be changed]"),
            "{asked}"
        );
        // A restart in between changes nothing.
        stage.stop().await;
        stage.start().await;
        let seen = mia.presses("Make it").await;
        assert!(seen.contains("[picture-4.png"), "{seen}");
        let told = stage.world().look(|state| {
            let mut calls = state.providers.calls.iter().rev();
            let edit = calls.find(|call| call.path.starts_with("/images/edits"));
            edit.map(|call| call.body.to_string()).unwrap_or_default()
        });
        assert!(
            told.contains(long.trim()) && told.contains("\"images\":[{"),
            "{told}"
        );
    })
    .await;
}
