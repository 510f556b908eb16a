//! Budgets of a server's key, and who is told of them.

use latchkey_emulator::Attachment;

use crate::tests::{Setup, Stage, good, run, run_with};

/// A picture of which the first bytes say that it is so large.
fn large_picture(width: u32, height: u32) -> Attachment {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    Attachment {
        pixels: Some((width, height)),
        ..Attachment::uploaded("large.png", &bytes)
    }
}

#[tokio::test]
async fn a_picture_that_is_shown_is_held_at_the_most_that_its_vendor_counts() {
    run(async |stage| {
        with_key(stage).await;
        let (omar, mia) = (stage.omar(), stage.mia());
        omar.runs("/server budget set what:dollars amount:1 per:day")
            .await;
        for (model, width, height, counted) in [
            ("gpt-6-luna", 8_192, 8_192, 3_012),
            ("gpt-4o-mini", 4_096, 1_536, 48_181),
            ("gpt-4o", 2_048, 768, 1_457),
        ] {
            stage.clock.advance_ms(1);
            mia.runs(&format!("/model set model:openai/{model}")).await;
            let shown = vec![large_picture(width, height)];
            let sent = mia.writes_with("@Latchkey look", None, shown);
            let said = mia.sees_reply(sent).await;
            assert!(said.contains("server key"), "{said}");
            let rows = stage.app().await.audit().await;
            let row = rows.last().unwrap();
            assert_eq!(row.used.input_tokens, counted, "{model}");
            assert!(!row.overshoot, "{model}: {:?} of {:?}", row.used, row.held);
        }
        // With one's own key a picture is looked at as closely as the model likes.
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs("/model set model:openai/gpt-6-luna").await;
        stage.clock.advance_ms(1);
        let sent = mia.writes_with("@Latchkey look", None, vec![large_picture(8_192, 8_192)]);
        mia.sees_reply(sent).await;
        let rows = stage.app().await.audit().await;
        assert_eq!(rows.last().unwrap().used.input_tokens, 36_012);
    })
    .await;
}

async fn with_key(stage: &Stage) {
    stage.omar().adds("openai", "guild", &good("openai")).await;
}

#[tokio::test]
async fn a_manager_sets_shows_and_clears_a_budget() {
    run(async |stage| {
        with_key(stage).await;
        let omar = stage.omar();
        insta::assert_snapshot!(omar.runs("/server budget show").await, @"(only you) This server's key has no limits: every member may use it. Set one with `/server budget set`, such as `what:dollars amount:5 per:month`.");
        insta::assert_snapshot!(omar.runs("/server budget set what:dollars amount:5 per:month").await, @"(only you) This server's key may now be used for $5.00 a month, all members together. Counting begins now: what was used before does not count. `/server budget show` shows all of them.");
        insta::assert_snapshot!(omar.runs("/server budget set what:requests amount:2 per:day who:each member").await, @"(only you) Each member may now use 2 requests a day of this server's key. What was counted under such a limit before still counts. `/server budget show` shows all of them.");
        insta::assert_snapshot!(omar.runs("/server budget set what:requests amount:3 per:day role:regulars").await, @"(only you) Each member with <@&regulars> may now use 3 requests a day of this server's key, in place of the limit for each member. What was counted under such a limit before still counts. `/server budget show` shows all of them.");
        insta::assert_snapshot!(omar.runs("/server budget exempt role:@everyone exempt:true").await, @"(only you) <@&Lantern Club> is free from the limits on members. What the whole key may be used for holds for everybody.");
        insta::assert_snapshot!(omar.runs("/server budget show").await, @"
        (only you) **This server's key, all members together**
        ```
                    used  limit   left
        Dollars
          a month  $0.00  $5.00  $5.00
        ```
        **Each member**
        - 2 requests a day
        - with <@&regulars>: 3 requests a day
        Free from the limits on members: <@&Lantern Club>
        Each limit counts from when it was set; `/usage scope:guild` shows all that was used, and by whom. Change limits with `/server budget set` and `/server budget clear`.
        ");
        insta::assert_snapshot!(omar.runs("/server budget clear what:requests").await, @"
        (only you) Cleared 2 limits:
        - Each member: 2 requests a day
        - with <@&regulars>: 3 requests a day
        ");
        insta::assert_snapshot!(omar.runs("/server budget clear what:requests").await, @"(only you) There is no such limit, so nothing was cleared. `show` lists those that are set.");
        insta::assert_snapshot!(omar.runs("/server budget set what:requests amount:1.5 per:day").await, @"(only you) That amount is not one that can be counted. Give a whole number of 1 or more, or dollars such as `4.50`.");
        // A limit is shown as it holds: not rounded up, nor down to nothing.
        for (typed, shown) in [("1.0000000001", "$1.00"), ("1.005", "$1.005"), ("0.00001", "$0.00001")] {
            let set = format!("/server budget set what:dollars amount:{typed} per:month");
            let said = omar.runs(&set).await;
            assert!(said.contains(&format!("for {shown} a month,")), "{said}");
        }
        insta::assert_snapshot!(stage.mia().runs("/server budget show").await, @"(only you) This server's budget is for whoever has the Manage Server permission here, and you don't right now. `/quota status` shows the limits that apply to you.");
    })
    .await;
}

#[tokio::test]
async fn each_member_has_a_share_a_role_has_another_and_an_exempt_role_none() {
    run(async |stage| {
        with_key(stage).await;
        let (omar, mia) = (stage.omar(), stage.mia());
        omar.runs("/server budget set what:requests amount:1 per:day who:each member")
            .await;
        assert!(mia.runs("/ask prompt:count").await.contains("server key"));
        // The bot default pays next, and says why the server did not.
        insta::assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001 · server key for OpenAI has reached its limit
        ");
        insta::assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) You have used your share of this server's key: 1 of 1 request a day. There is room again <t:1795305601:R>.
        Your own OpenAI key would have no such limit: press the button, or `/keys add provider:openai scope:user`. `/quota status` shows every limit.
        [Use my own OpenAI key]
        ");
        // A share is each member's own.
        assert!(omar.runs("/ask prompt:count").await.contains("server key"));
        omar.runs("/server budget set what:requests amount:2 per:day role:regulars")
            .await;
        assert!(mia.runs("/ask prompt:count").await.contains("server key"));
        assert!(
            !mia.runs("/ask prompt:count")
                .await
                .contains("🏠 server key ·")
        );
        omar.runs("/server budget exempt role:regulars exempt:true")
            .await;
        for _ in 0..3 {
            assert!(
                mia.runs("/ask prompt:count")
                    .await
                    .contains("🏠 server key ·")
            );
        }
        // The whole key's budget holds for everybody all the same.
        omar.runs("/server budget set what:requests amount:1 per:week")
            .await;
        assert!(
            mia.runs("/ask prompt:count")
                .await
                .contains("🏠 server key ·")
        );
        insta::assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) This server's key has reached its budget: 1 of 1 request a week. There is room again <t:1795392001:R>.
        Your own OpenAI key would have no such limit: press the button, or `/keys add provider:openai scope:user`. `/quota status` shows every limit.
        [Use my own OpenAI key]
        ");
        insta::assert_snapshot!(mia.runs("/quota status").await, @"
        (only you) **Server key** · This server's key, all members together: 1 of 1 request a week, renews <t:1795392001:R>
        **Bot default** · Your tier, community: 2 of 10 requests a minute, renews <t:1795219262:R> · 2 of 100 requests in 24 hours, renews <t:1795306501:R> · 0 of 40 images in 24 hours
        An `/ask` now would go to Groq, paid by the bot default.
        A key of your own (`/keys add`) has no limits here.
        ");
    })
    .await;
}

#[tokio::test]
async fn the_owner_is_told_once_when_most_of_a_budget_is_used() {
    run(async |stage| {
        with_key(stage).await;
        let (omar, mia) = (stage.omar(), stage.mia());
        omar.runs("/server budget set what:requests amount:5 per:month")
            .await;
        for _ in 0..3 {
            mia.runs("/ask prompt:count").await;
        }
        assert_eq!(omar.directly().reads_channel(), "");
        mia.runs("/ask prompt:count").await;
        insta::assert_snapshot!(omar.directly().reads_channel(), @"The key of your server (Lantern Club) has used most of its budget: 4 of 5 requests a month. It stops there until it renews <t:1796083201:R>. `/server budget show` in that server shows it, `/server budget set` changes it. I say this once in each period.");
        let told = omar.directly().reads_channel();
        mia.runs("/ask prompt:count").await;
        assert_eq!(omar.directly().reads_channel(), told);
        // The next month is another budget.
        stage.clock.advance_ms(31 * 86_400_000);
        for _ in 0..4 {
            mia.runs("/ask prompt:count").await;
        }
        assert_ne!(omar.directly().reads_channel(), told);
    })
    .await;
}

#[tokio::test]
async fn dollars_cannot_be_spent_on_what_nobody_knows_the_price_of() {
    run(async |stage| {
        with_key(stage).await;
        let (omar, mia) = (stage.omar(), stage.mia());
        assert!(
            mia.runs("/ask prompt:count provider:openai model:gpt-99-nova")
                .await
                .contains("price unknown")
        );
        omar.runs("/server budget set what:dollars amount:1 per:day").await;
        insta::assert_snapshot!(mia.runs("/ask prompt:count provider:openai model:gpt-99-nova").await, @"
        (only you) Nobody knows what gpt-99-nova costs, and the server key has a limit in dollars, so it can't pay for it. Name another model, or ask the bot's operator to add its price (`quota.prices_file`).
        Your own OpenAI key would have no such limit: press the button, or `/keys add provider:openai scope:user`. `/quota status` shows every limit.
        [Use my own OpenAI key]
        ");
        assert!(mia.runs("/ask prompt:count").await.contains("server key"));
    })
    .await;
}

/// The operator sets a limit, stops everybody, and looks at what is set.
async fn an_operator_limits_and_stops(stage: &Stage) {
    let (omar, mia) = (stage.omar(), stage.mia());
    omar.runs("/admin limit what:requests amount:9 per:week")
        .await;
    omar.runs("/admin stop during:1h").await;
    omar.presses("Stop everybody").await;
    omar.runs("/admin tier user:mia tier:premium").await;
    assert!(
        mia.runs("/ask prompt:count")
            .await
            .contains("has stopped it")
    );
    insta::assert_snapshot!(omar.runs("/admin show").await, @"
    (only you) **Everybody together**
    ```
              used  limit  left
    Requests
      a week     0      9     9
    ```
    Stopped for everybody until <t:1795222800:f>
    <@mia>: premium
    **Keys of the bot default**
    - **Groq** `…6789` · from the environment (`GROQ_API_KEY`) · not checked yet
    ");
}

#[tokio::test]
async fn budgets_quotas_and_usage_work_on_postgresql_too() {
    let Some(url) = crate::tests::postgres::database() else {
        return;
    };
    let on_postgresql = Setup {
        store: Some(url),
        ..Setup::default()
    };
    run_with(on_postgresql, async |stage| {
        with_key(stage).await;
        let (omar, mia) = (stage.omar(), stage.mia());
        omar.runs("/server budget set what:requests amount:1 per:day")
            .await;
        omar.runs("/server budget set what:dollars amount:1 per:month who:each member")
            .await;
        assert!(mia.runs("/ask prompt:count").await.contains("server key"));
        let seen = mia.runs("/ask prompt:count").await;
        assert!(seen.contains("bot default") && seen.contains("has reached its limit"));
        insta::assert_snapshot!(mia.runs("/quota status").await, @"
        (only you) **Server key** · This server's key, all members together: 1 of 1 request a day, renews <t:1795305601:R>
        **Server key** · Your share of this server's key: < $0.0001 of $1.00 a month, renews <t:1796083201:R>
        **Bot default** · Your tier, community: 1 of 10 requests a minute, renews <t:1795219262:R> · 1 of 100 requests in 24 hours, renews <t:1795306501:R> · 0 of 40 images in 24 hours
        An `/ask` now would go to Groq, paid by the bot default.
        A key of your own (`/keys add`) has no limits here.
        ");
        insta::assert_snapshot!(omar.runs("/usage scope:guild").await, @"
        (only you) **What this server's key paid**, 2026-10-23 to 2026-11-21 (UTC)
        1 request, < $0.0001 · 12 tokens in, 10 out
        **By model**
        ```
        gpt-6-luna  1  < $0.0001
        ```
        **By member**
        - <@mia>: 1 request, < $0.0001
        [usage.png: Estimated cost by day, in US dollars]
        [usage.csv: The same as a table]
        [members.csv: The same as a table]
        ");
        an_operator_limits_and_stops(stage).await;
        omar.runs("/admin resume").await;
        insta::assert_snapshot!(omar.runs("/server budget clear").await, @"
        (only you) Clear all 2 limits of this server's key? Every member may then use the key without them:
        - This server's key, all members together: 1 request a day
        - Each member: $1.00 a month
        [Clear them]
        [Keep]
        ");
        omar.presses("Clear them").await;
        assert!(mia.runs("/ask prompt:count").await.contains("server key"));
        stage.app().await.sweep().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn limits_that_were_not_shown_are_not_cleared() {
    run(async |stage| {
        let omar = stage.omar();
        omar.runs("/server budget set what:dollars amount:5 per:month")
            .await;
        for change in [
            "requests amount:2 per:day who:each member",
            "dollars amount:6 per:month",
        ] {
            omar.runs("/server budget clear").await;
            let (message, button) = omar.button("Clear them");
            omar.runs(&format!("/server budget set what:{change}"))
                .await;
            let anew = omar.presses_as(message, &button).await;
            insta::allow_duplicates! {
                let first = anew.lines().next().unwrap();
                insta::assert_snapshot!(first, @"(only you) The limits were changed since I asked, so nothing was cleared.");
            }
        }
        insta::assert_snapshot!(omar.presses("Clear them").await, @"
        (only you) Cleared 2 limits:
        - Each member: 2 requests a day
        - This server's key, all members together: $6.00 a month
        ");
    })
    .await;
}

#[tokio::test]
async fn a_budget_is_cleared_as_a_whole_once_its_manager_has_said_so() {
    run(async |stage| {
        with_key(stage).await;
        let (mia, omar) = (stage.mia(), stage.omar());
        insta::assert_snapshot!(omar.runs("/server budget clear").await, @"(only you) There is no such limit, so nothing was cleared. `show` lists those that are set.");
        for set in [
            "dollars amount:5 per:month",
            "requests amount:2 per:day who:each member",
            "requests amount:3 per:day role:regulars",
        ] {
            omar.runs(&format!("/server budget set what:{set}")).await;
        }
        insta::assert_snapshot!(omar.runs("/server budget clear").await, @"
        (only you) Clear all 3 limits of this server's key? Every member may then use the key without them:
        - Each member: 2 requests a day
        - with <@&regulars>: 3 requests a day
        - This server's key, all members together: $5.00 a month
        [Clear them]
        [Keep]
        ");
        let (message, button) = omar.button("Clear them");
        insta::assert_snapshot!(omar.presses("Keep").await, @"(only you) Kept. Nothing was changed.");
        insta::assert_snapshot!(mia.presses_as(message, &button).await, @"(only you) That form or button was used already, is older than 15 minutes, or is not yours. Nothing was changed. Run the command again for a fresh one.");
        insta::assert_snapshot!(omar.presses_as(message, &button).await, @"
        (only you) Cleared 3 limits:
        - Each member: 2 requests a day
        - with <@&regulars>: 3 requests a day
        - This server's key, all members together: $5.00 a month
        ");
        insta::assert_snapshot!(omar.presses_as(message, &button).await, @"
        (only you) Cleared 3 limits:
        - Each member: 2 requests a day
        - with <@&regulars>: 3 requests a day
        - This server's key, all members together: $5.00 a month
        ---
        (only you) That form or button was used already, is older than 15 minutes, or is not yours. Nothing was changed. Run the command again for a fresh one.
        ");
        let shown = omar.runs("/server budget show").await;
        assert!(shown.contains("has no limits"), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn a_manager_who_stops_themselves_is_told_so() {
    run(async |stage| {
        let omar = stage.omar();
        insta::assert_snapshot!(omar.runs("/server block user:omar").await, @"
        (only you) Stopped for <@omar>. What is running finishes. `/server unblock` lifts it.
        That is you: I answer nothing of yours here until it is lifted.
        ");
        let told = omar.runs("/server unblock user:omar").await;
        assert!(told.contains("No longer stopped"), "{told}");
        insta::assert_snapshot!(omar.runs("/server block role:@everyone during:1h").await, @"
        (only you) Stopped for <@&Lantern Club> until <t:1795222800:f>. What is running finishes. `/server unblock` lifts it.
        That is everybody in this server, you included: I answer nobody here until it is lifted.
        ");
        omar.runs("/server unblock role:@everyone").await;
        insta::assert_snapshot!(omar.runs("/server block role:Moderators").await, @"
        (only you) Stopped for <@&Moderators>. What is running finishes. `/server unblock` lifts it.
        You have that role: I answer nothing of yours in its server until it is lifted.
        ");
    })
    .await;
}
