//! What is said where a budget is used up, limits nothing, or is smaller than an
//! ask.

use crate::tests::{good, run};

#[tokio::test]
async fn a_used_up_budget_is_named_wherever_its_key_is() {
    run(async |stage| {
        let (omar, mia) = (stage.omar(), stage.mia());
        omar.adds("openai", "guild", &good("openai")).await;
        omar.runs("/server budget set what:requests amount:1 per:month")
            .await;
        assert!(mia.runs("/ask prompt:count").await.contains("server key"));
        insta::assert_snapshot!(omar.runs("/keys list scope:guild").await, @"");
        insta::assert_snapshot!(omar.runs("/keys status provider:openai").await, @"");
        insta::assert_snapshot!(omar.runs("/server budget set what:requests amount:5 per:month").await, @"");
        let listed = omar.runs("/keys list scope:guild").await;
        assert!(listed.contains("pays for everybody in this server"), "{listed}");
        insta::assert_snapshot!(omar.runs("/server budget set what:dollars amount:0.00002 per:month").await, @"");
        omar.runs("/server budget set what:requests amount:1 per:month")
            .await;
        omar.runs("/server budget clear what:dollars").await;
        // Without a key, there is nothing to use.
        omar.runs("/keys remove provider:openai scope:guild").await;
        omar.presses("Remove").await;
        insta::assert_snapshot!(omar.runs("/server budget show").await, @"");
        insta::assert_snapshot!(omar.directly().runs("/server budget show").await, @"");
    })
    .await;
}

#[tokio::test]
async fn a_budget_that_is_too_small_for_any_ask_says_when_it_renews() {
    run(async |stage| {
        let (omar, mia) = (stage.omar(), stage.mia());
        omar.adds("openai", "guild", &good("openai")).await;
        omar.runs("/server budget set what:dollars amount:5 per:month")
            .await;
        assert!(mia.runs("/ask prompt:count").await.contains("server key"));
        omar.runs("/server budget set what:dollars amount:0.00000001 per:month")
            .await;
        insta::assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"");
    })
    .await;
}

/// However many limits there are, they fit on a screen.
#[tokio::test]
async fn limits_of_every_kind_take_a_line_each() {
    run(async |stage| {
        let (omar, mia) = (stage.omar(), stage.mia());
        omar.adds("openai", "guild", &good("openai")).await;
        for limit in [
            "what:dollars amount:5 per:month",
            "what:requests amount:50 per:week",
            "what:requests amount:20 per:day who:each member",
            "what:images amount:9 per:week who:each member",
            "what:dollars amount:1 per:week role:regulars",
        ] {
            omar.runs(&format!("/server budget set {limit}")).await;
        }
        mia.runs("/ask prompt:count").await;
        let shown = mia.runs("/quota status").await;
        assert!(shown.lines().count() <= 12, "{shown}");
        insta::assert_snapshot!(shown, @"");
    })
    .await;
}
