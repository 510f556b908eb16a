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
        insta::assert_snapshot!(omar.runs("/keys list scope:guild").await, @"
        (only you) **This server's keys**
        ⚪ **OpenAI** `…6789`
        -# pays for nobody: the budget of 1 request a month is used up, and renews <t:1796083200:R> · works · last used <t:1795219200:R> · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key for this server]
        ");
        insta::assert_snapshot!(omar.runs("/keys status provider:openai").await, @"
        (only you) **OpenAI**: nobody pays.
        - personal key: none.
        - server key: has reached its limit; `/quota status` shows when it renews.
        - bot default: none.
        Without `provider:`, `/ask` goes to Groq.
        Add a key of your own with `/keys add`.
        ");
        insta::assert_snapshot!(omar.runs("/server budget set what:requests amount:5 per:month").await, @"(only you) This server's key may now be used for 5 requests a month, all members together. 1 request of it is used already. `/server budget show` shows all of them.");
        let listed = omar.runs("/keys list scope:guild").await;
        assert!(listed.contains("pays for everybody in this server"), "{listed}");
        insta::assert_snapshot!(omar.runs("/server budget set what:dollars amount:0.00002 per:month").await, @"(only you) This server's key may now be used for $0.00002 a month, all members together. Counting begins now: what was used before does not count. `/server budget show` shows all of them.");
        omar.runs("/server budget set what:requests amount:1 per:month")
            .await;
        omar.runs("/server budget clear what:dollars").await;
        // Without a key, there is nothing to use.
        omar.runs("/keys remove provider:openai scope:guild").await;
        omar.presses("Remove").await;
        insta::assert_snapshot!(omar.runs("/server budget show").await, @"
        (only you) This server has no key right now, so nobody can use any of it: `/keys add scope:guild` adds one.
        **This server's key, all members together**
        ```
                   used  limit  left
        Requests
          a month     1      1     0
        ```
        -# Requests a month: renews <t:1796083201:R>
        Each limit counts from when it was set; `/usage scope:guild` shows all that was used, and by whom. Change limits with `/server budget set` and `/server budget clear`.
        ");
        insta::assert_snapshot!(omar.directly().runs("/server budget show").await, @"(only you) This is a direct message, and that belongs to a server. Run the command in the server that it is about. Nothing was changed.");
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
        insta::assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) This server's key has reached its budget: < $0.0001 of $0.00000001 a month. No ask fits until it renews <t:1796083201:R>, and this one alone needs more than all of it.
        Your own OpenAI key would have no such limit: press the button, or `/keys add provider:openai scope:user`. `/quota status` shows every limit.
        [Use my own OpenAI key]
        ");
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
        insta::assert_snapshot!(shown, @"
        (only you) **Server key** · This server's key, all members together: < $0.0001 of $5.00 a month, renews <t:1796083201:R> · 1 of 50 requests a week, renews <t:1795392001:R>
        **Server key** · Your share of this server's key: 1 of 20 requests a day, renews <t:1795305601:R> · 0 of 9 images a week
        **Server key** · Your role here, <@&regulars>: < $0.0001 of $1.00 a week, renews <t:1795392001:R>
        **Bot default** · Your tier, community: 0 of 10 requests a minute · 0 of 100 requests in 24 hours · 0 of 40 images in 24 hours
        An `/ask` now would go to OpenAI, paid by the server key.
        A key of your own (`/keys add`) has no limits here.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_budget_below_what_is_used_says_so_and_its_manager_hears_how_to_change_it() {
    run(async |stage| {
        let omar = stage.omar();
        omar.adds("openai", "guild", &good("openai")).await;
        omar.runs("/server budget set what:requests amount:5 per:month")
            .await;
        for _ in 0..2 {
            omar.runs("/ask prompt:count provider:openai").await;
        }
        insta::assert_snapshot!(omar.runs("/server budget set what:requests amount:1 per:month").await, @"(only you) This server's key may now be used for 1 request a month, all members together. Used of it already: 2 requests, so nothing more is paid until it renews <t:1796083201:R>. `/server budget show` shows all of them.");
        insta::assert_snapshot!(omar.runs("/ask prompt:count provider:openai").await, @"
        (only you) This server's key has reached its budget: 2 of 1 request a month. There is room again <t:1796083201:R>.
        You manage this server: `/server budget set` changes the limit, `/server budget clear` takes it away.
        Your own OpenAI key would have no such limit: press the button, or `/keys add provider:openai scope:user`. `/quota status` shows every limit.
        [Use my own OpenAI key]
        ");
        let member = stage.mia().runs("/ask prompt:count provider:openai").await;
        assert!(!member.contains("/server budget"), "{member}");
        insta::assert_snapshot!(omar.runs("/admin limit what:requests amount:5 per:day").await, @"(only you) The bot default now pays 5 requests a day for everybody, beside what tiers allow. Counting begins now: what was used before does not count.");
    })
    .await;
}
