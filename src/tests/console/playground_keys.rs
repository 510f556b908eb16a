//! Keys that somebody types into the playground's question.

use super::Visitor;
use super::playground::{ASK, OPENAI, conversation, sends_files};
use crate::tests::{good, run};

const KEY: &str = "sk-proj-Made0Up1Made0Up1Made0Up1_made-up";

#[tokio::test]
async fn a_key_in_a_question_is_told_to_no_model() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        for address in [
            format!("/playground?model={OPENAI}"),
            "/playground?as=:picture".to_owned(),
        ] {
            let page = mia.opens(&address).await;
            for (typed, said) in [
                (
                    format!("why is {KEY} refused?"),
                    "A key or another secret stands in what you typed.",
                ),
                (
                    "is sk-proj-Made0Up1**Made0Up1**Made0Up1 good?".to_owned(),
                    "A key or another secret stands in what you typed.",
                ),
                (
                    "latchkey_madeupMadeup7madeup8madeupqwmadeup01".to_owned(),
                    "A token of this service stands in what you typed",
                ),
            ] {
                let seen = mia.sends(&page, ASK, &[("ask", &typed)]).await;
                assert!(
                    conversation(&seen).contains(said),
                    "{}",
                    conversation(&seen)
                );
            }
        }
        let was_told = stage.world().look(|state| {
            let mut calls = state.providers.calls.iter();
            calls.any(|call| call.body.to_string().contains("Up1"))
        });
        assert!(!was_told);
        // A file is told without its keys, as in Discord.
        let page = mia.opens(&format!("/playground?model={OPENAI}")).await;
        let file = format!("OPENAI_API_KEY={KEY}\n");
        let files: [(&str, &[u8]); 1] = [("env.txt", file.as_bytes())];
        sends_files(&mia, &page, &[("ask", "what is this?")], &files).await;
        let told = stage.told("openai");
        assert!(told.contains("OPENAI_API_KEY=[key removed]"), "{told}");
        // What stands for a key in an example is asked about.
        let page = mia.opens(&format!("/playground?model={OPENAI}")).await;
        mia.sends(&page, ASK, &[("ask", "why is api_key=\"sk-...\" refused?")])
            .await;
        assert!(stage.told("openai").contains("sk-..."));
    })
    .await;
}
