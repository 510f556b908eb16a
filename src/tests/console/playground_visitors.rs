//! The playground for those who are not signed in; and pictures, made without
//! script.

use insta::assert_snapshot;
use latchkey_emulator::providers::Standing;

use super::playground::{ASK, OPENAI, conversation, foreseen};
use super::{SeenPage, Visitor};
use crate::tests::{Setup, bad, good, run, run_with};

#[tokio::test]
async fn a_visitor_pays_with_a_key_of_their_own_or_not_at_all() {
    run(async |stage| {
        let visitor = Visitor::stranger(stage).await;
        let page = visitor.opens(&format!("/playground?model={OPENAI}")).await;
        assert_snapshot!(foreseen(&page), @"own key, this once");
        let seen = visitor.sends(&page, ASK, &[("ask", "count")]).await;
        assert_snapshot!(conversation(&seen), @"
        count
        API key required. Nobody pays for visitors. Type a key of your own for this question, or sign in: then your stored keys pay, or your server’s.
        Sign in with Discord [/sign-in?next=/playground]
        ");
        // The bot default pays for nobody who is not known.
        let any = visitor.opens("/playground").await;
        // What is chosen where nobody chooses is a model that chats.
        let listed = any.html.split("id=\"model\"").nth(1).unwrap();
        let at = |kind: &str| listed.find(&format!("data-kind=\"{kind}\"")).unwrap();
        assert!(at("chat") < at("picture"), "{}", any.html);
        visitor.sends(&any, ASK, &[("ask", "count")]).await;
        assert_eq!(stage.calls(), 0);
        let key = good("openai");
        let seen = visitor
            .sends(&seen, ASK, &[("ask", "count"), ("key", &key)])
            .await;
        assert_snapshot!(conversation(&seen), @"
        count
        gpt-6-luna OpenAI
        one two three four five six seven eight nine ten
        own key, this once< $0.000112 in, 10 out · <time>
        ");
        assert!(!seen.holds(&key));
        assert_eq!(stage.keys_that_paid("openai"), [key]);
        let mut last = String::new();
        for number in 0..6 {
            let stolen = format!("{}{number}", bad("openai"));
            stage.key_stands(&stolen, Standing::Bad);
            let typed = [("ask", "count"), ("key", stolen.as_str())];
            last = conversation(&visitor.sends(&page, ASK, &typed).await);
        }
        assert!(last.contains("Too many keys were refused"), "{last}");
        // What worked from here goes on working.
        let typed = [("ask", "count"), ("key", &good("openai"))];
        let seen = conversation(&visitor.sends(&page, ASK, &typed).await);
        assert!(seen.contains("own key, this once"), "{seen}");
        let mut seen = SeenPage::clone(&page);
        for _ in 0..20 {
            seen = visitor
                .sends(&page, ASK, &[("ask", "count"), ("key", &good("openai"))])
                .await;
        }
        assert!(conversation(&seen).contains("That is too often"));
    })
    .await;
}

#[tokio::test]
async fn a_visitor_sees_the_demo_where_the_operator_wants_it() {
    let setup = Setup {
        config: "[ask]\ndemo_replies = true\n".to_owned(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let visitor = Visitor::stranger(stage).await;
        let page = visitor.opens("/playground?as=code").await;
        assert_eq!(foreseen(&page), "demo");
        let seen = visitor
            .sends(&page, ASK, &[("ask", "a made-up idea")])
            .await;
        let shown = conversation(&seen);
        assert!(shown.contains("This is a demo reply"), "{shown}");
        assert!(shown.contains("demo$0.00"), "{shown}");
        // The bot default could pay, and does not for a visitor.
        assert_eq!(stage.calls(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_each_picture_costs_is_said_before_where_that_is_fixed() {
    let setup = Setup {
        comfyui: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let address = "/playground?as=:picture&model=comfyui%2Ftext-to-image";
        assert_eq!(foreseen(&mia.opens(address).await), "bot default free");
    })
    .await;
}

#[tokio::test]
async fn a_picture_is_made_in_the_page() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground?as=:picture").await;
        assert_eq!(foreseen(&page), "own key");
        let typed = [("ask", "a lighthouse"), ("model", "openai/gpt-image-2")];
        let page = mia.sends(&page, ASK, &typed).await;
        assert!(page.holds("<img class=\"made\" src=\"data:image/png;base64,iVBOR"));
        assert_snapshot!(conversation(&page), @"
        a lighthouse
        gpt-image-2 OpenAI
        own key …6789$0.131 picture · <time>Foreseen before: at most $0.72.
        ");
        let seen = mia.sends(&page, ASK, &[("ask", " ")]).await;
        assert!(conversation(&seen).contains("There is nothing to make"));
        let visitor = Visitor::stranger(stage).await;
        let page = visitor.opens("/playground?as=:picture").await;
        let seen = visitor.sends(&page, ASK, &[("ask", "a lighthouse")]).await;
        assert!(conversation(&seen).contains("API key required"));
    })
    .await;
}
