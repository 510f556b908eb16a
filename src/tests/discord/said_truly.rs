//! What the bot says of what was done: no more than is so, and with the button
//! that helps.

use insta::assert_snapshot;
use latchkey_emulator::providers::{ProviderFault, Standing};

use crate::tests::{Setup, good, run, run_with};

#[tokio::test]
async fn a_second_test_shows_that_it_was_made() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs("/keys list").await;
        let first = mia.presses("Test").await;
        stage.clock.advance_ms(1_000);
        let second = mia.presses("Test").await;
        assert_ne!(first, second);
        assert!(
            second.contains("Tested the personal key at <t:"),
            "{second}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_that_was_not_paused_is_not_resumed() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(mia.runs("/keys resume provider:openai").await, @"(only you) The personal key was not paused, so nothing was changed: **OpenAI** `…6789`. `/keys status provider:openai` says who pays.");
        mia.runs("/keys pause provider:openai").await;
        let resumed = mia.runs("/keys resume provider:openai").await;
        assert!(resumed.contains("It is used again"), "{resumed}");
    })
    .await;
}

#[tokio::test]
async fn a_limited_key_can_be_asked_again_and_another_model_too() {
    run(async |stage| {
        let mia = stage.mia();
        stage.key_stands(&good("groq"), Standing::Limited);
        let said = mia.runs("/ask prompt:count").await;
        assert!(said.contains("is limiting this key"), "{said}");
        assert_eq!(mia.offers(), "[Again] [Other model] [Details]");
        stage.key_stands(&good("groq"), Standing::Good);
        let again = mia.presses("Again").await;
        assert!(again.contains("one two three"), "{again}");
        stage.fails("groq", ProviderFault::Html(503));
        mia.says("@Latchkey count").await;
        assert_eq!(mia.offers(), "[Again] [Other model] [Details]");
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_a_key_for_one_ask_paid_has_details_alone() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/ask prompt:count provider:openai once:true")
            .await;
        let typed = [("prompt", "count"), ("key", &*good("openai"))];
        mia.submits(&typed).await;
        assert_eq!(mia.offers(), "[Details]");
        let details = mia.presses("Details").await;
        assert!(details.contains("one-time key"), "{details}");
    })
    .await;
}

#[tokio::test]
async fn of_an_answer_that_was_erased_nothing_is_offered() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/ask prompt:count").await;
        let (message, other) = mia.button("Other model");
        mia.runs("/privacy erase").await;
        mia.submits(&[("confirm", "ERASE")]).await;
        assert_snapshot!(mia.presses_as(message, &other).await, @"(only you) I keep nothing of that answer any more: it is too old, or whoever asked has erased what was stored of it. Ask again with `/ask`, or by mentioning me.");
    })
    .await;
}

#[tokio::test]
async fn what_stays_stopped_is_named() {
    run(async |stage| {
        let omar = stage.omar();
        let server = stage.world().look(|state| state.servers[0].id);
        omar.runs(&format!("/admin stop server:{server}")).await;
        let shown = omar.runs("/admin show").await;
        assert!(shown.contains("Stopped for **Lantern Club ("), "{shown}");
        let resumed = omar.runs("/admin resume").await;
        assert!(
            resumed.contains("Still stopped: **Lantern Club ("),
            "{resumed}"
        );
        let lifted = omar.runs(&format!("/admin resume server:{server}")).await;
        assert!(
            lifted.contains("No longer stopped") && !lifted.contains("Still"),
            "{lifted}"
        );
        let tier = omar.runs("/admin tier user:mia").await;
        assert!(!tier.contains("any more"), "{tier}");
        let bound = omar
            .runs("/server budget exempt role:regulars exempt:false")
            .await;
        assert!(!bound.contains("again"), "{bound}");
    })
    .await;
}

#[tokio::test]
async fn managers_are_told_of_no_keys_where_none_can_be_stored() {
    let without = Setup {
        byok: false,
        ..Setup::default()
    };
    run_with(without, async |stage| {
        let help = stage.omar().runs("/help").await;
        assert!(help.contains("who manage this server"), "{help}");
        assert!(!help.contains("scope:guild"), "{help}");
    })
    .await;
}
