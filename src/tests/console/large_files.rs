//! Files that are too large: what was typed beside them stays, keys apart.

use reqwest::multipart::{Form, Part};

use super::playground::{ASK, OPENAI, sends_files};
use super::{ORIGIN, Visitor};
use crate::console::FILES_BYTES_MAX;
use crate::tests::{good, run};

#[tokio::test]
async fn what_was_typed_beside_files_that_are_too_large_goes_along_without_them() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens(&format!("/playground?model={OPENAI}")).await;
        let asked = mia.sends(&page, ASK, &[("ask", "count")]).await;
        let large = vec![b'x'; FILES_BYTES_MAX];
        let secret = good("groq");
        let typed = [("ask", "what is in it?"), ("once", "1"), ("key", &*secret)];
        let refused = sends_files(&mia, &asked, &typed, &[("notes.txt", &large)]).await;
        assert_eq!(refused.status, 413, "{}", refused.shown());
        let says = "What you typed stands below, without its files";
        assert!(refused.holds(says), "{}", refused.shown());
        assert!(!refused.holds(&secret));
        let calls = stage.calls();
        let form = refused.form(ASK);
        assert!(form.has("kept_talk") && form.has("once") && form.has("key"));
        let fields = form.fill(&[]);
        let again: Vec<&str> = fields
            .iter()
            .filter(|(name, _)| ["ask", "model"].contains(&name.as_str()))
            .map(|(_, value)| value.as_str())
            .collect();
        assert!(
            again.contains(&"what is in it?") && again.contains(&OPENAI),
            "{again:?}"
        );
        // Sent from there, it is asked with the conversation before it.
        let key = [("key", &*good("openai"))];
        let answered = sends_files(&mia, &refused, &key, &[]).await;
        assert_eq!(answered.status, 200, "{}", answered.shown());
        assert!(answered.holds("count") && answered.holds("what is in it?"));
        assert_eq!(stage.calls(), calls + 1);
    })
    .await;
}

#[tokio::test]
async fn of_an_import_that_is_too_large_no_key_comes_back() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/keys/import").await;
        let file = format!("OPENAI_API_KEY={}", good("openai"));
        let mut form = Form::new();
        for (name, value) in page.form("/keys/import").fill(&[("keys", &*file)]) {
            if name != "file" {
                form = form.text(name, value);
            }
        }
        let large = Part::bytes(vec![b'x'; FILES_BYTES_MAX]).file_name(".env");
        let call = mia.call("POST", "/keys/import").header("origin", ORIGIN);
        let refused = mia
            .sends_once(call.multipart(form.part("file", large)))
            .await;
        assert_eq!(refused.status, 413, "{}", refused.shown());
        assert!(!refused.holds(&good("openai")));
        assert!(refused.holds("Open the page again"), "{}", refused.shown());
    })
    .await;
}

/// What a second model is for is said before anybody asks.
#[tokio::test]
async fn a_second_model_is_said_to_be_for_words() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        for address in ["/playground", "/playground?as=:picture"] {
            let page = mia.opens(address).await;
            let says = "For answers in words alone: a picture is made by one model.";
            assert!(page.holds(says), "{}", page.shown());
        }
    })
    .await;
}
