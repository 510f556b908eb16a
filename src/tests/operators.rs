//! What the operator's people do to everybody.

use super::{good, run};

#[tokio::test]
async fn only_listed_people_are_operators() {
    run(async |stage| {
        let mia = stage.mia();
        for line in [
            "/admin show",
            "/admin stop",
            "/admin block user:zoe",
            "/admin tier user:mia tier:lifetime",
            "/admin limit what:requests amount:1 per:day",
            "/usage scope:bot",
        ] {
            assert!(
                mia.runs(line).await.contains("`discord.operators`"),
                "{line}"
            );
        }
        insta::assert_snapshot!(mia.runs("/usage scope:bot").await, @"(only you) What the whole bot used is shown to the people that its operator listed (`discord.operators`), and you are not one of them. `/usage` shows what you used, and `/usage scope:guild` what the key of a server paid that you manage.");
        insta::assert_snapshot!(mia.runs("/admin show").await, @"(only you) `/admin` is for the people that the bot's operator listed (`discord.operators`), and you are not one of them. In a server that you manage there is `/server budget`.");
    })
    .await;
}

#[tokio::test]
async fn a_person_a_server_and_everybody_can_be_stopped_for_a_time() {
    run(async |stage| {
        let (omar, mia) = (stage.omar(), stage.mia());
        insta::assert_snapshot!(omar.runs("/admin block user:mia during:1h").await, @"(only you) Stopped for <@mia> until <t:1795222800:f>. What is running finishes. `/admin unblock` lifts it.");
        insta::assert_snapshot!(mia.runs("/ask prompt:count").await, @"(only you) The bot's operator has stopped it for you until <t:1795222800:f>. Keys and settings are kept; `/keys list` still works.");
        insta::assert_snapshot!(mia.runs("/quota status").await, @"
        (only you) The bot's operator has stopped it for you until <t:1795222800:f>. Keys and settings are kept; `/keys list` still works.
        **Bot default** · Your tier, community: 0 of 10 requests a minute · 0 of 100 requests in 24 hours · 0 of 40 images in 24 hours
        ");
        assert!(omar.runs("/ask prompt:count").await.contains("-# Groq"));
        stage.clock.advance_ms(3_600_000);
        assert!(mia.runs("/ask prompt:count").await.contains("-# Groq"));

        let server = format!("/admin stop server:{}", stage.scene.server);
        insta::assert_snapshot!(omar.runs(&server).await, @"(only you) Stopped for **Lantern Club (Lantern Club)**. What is running finishes. `/admin resume server:Lantern Club` lifts it.");
        insta::assert_snapshot!(mia.runs("/ask prompt:count").await, @"(only you) The bot's operator has stopped it in this server for now. Keys and settings are kept; `/keys list` still works.");
        // A key of one's own is stopped too, and kept.
        assert!(
            mia.adds("openai", "user", &good("openai"))
                .await
                .contains("Stored")
        );
        assert!(
            mia.runs("/ask prompt:count")
                .await
                .contains("has stopped it")
        );
        assert!(
            mia.directly()
                .runs("/ask prompt:count")
                .await
                .contains("personal key")
        );
        let resume = format!("/admin resume server:{}", stage.scene.server);
        assert!(
            omar.runs(&resume)
                .await
                .starts_with("(only you) No longer stopped")
        );

        insta::assert_snapshot!(omar.runs("/admin stop").await, @"
        (only you) Stop everybody until you lift it? Nobody, you included, gets an answer in any server, in direct messages or over HTTP. What is running finishes; `/admin resume` lifts it. `/admin stop server:` stops one server.
        [Stop everybody]
        [Keep]
        ");
        assert!(mia.runs("/ask prompt:count").await.contains("personal key"));
        let (message, button) = omar.button("Stop everybody");
        assert!(mia.presses_as(message, &button).await.contains("not yours"));
        insta::assert_snapshot!(omar.presses("Stop everybody").await, @"(only you) Stopped for everybody. What is running finishes. `/admin resume` lifts it.");
        insta::assert_snapshot!(mia.directly().runs("/ask prompt:count").await, @"(only you) The bot's operator has stopped it for everybody for now. Keys and settings are kept; `/keys list` still works.");
        insta::assert_snapshot!(omar.runs("/admin resume").await, @"(only you) No longer stopped for everybody.");
        insta::assert_snapshot!(omar.runs("/admin resume").await, @"(only you) It was not stopped for everybody, so nothing was changed.");
        assert!(mia.runs("/ask prompt:count").await.contains("personal key"));
    })
    .await;
}

#[tokio::test]
async fn an_operator_is_told_when_a_block_meets_themselves_or_nobody() {
    run(async |stage| {
        let (omar, mia) = (stage.omar(), stage.mia());
        insta::assert_snapshot!(omar.runs("/admin block user:omar").await, @"
        (only you) Stopped for <@omar>. What is running finishes. `/admin unblock` lifts it.
        That is you: I answer nothing of yours anywhere until it is lifted.
        ");
        omar.runs("/admin unblock user:omar").await;
        insta::assert_snapshot!(omar.runs("/admin block role:Moderators").await, @"
        (only you) Stopped for <@&Moderators>. What is running finishes. `/admin unblock` lifts it.
        You have that role: I answer nothing of yours in its server until it is lifted.
        ");
        omar.runs("/admin unblock role:Moderators").await;
        // The role that everybody has is in nobody's list.
        insta::assert_snapshot!(omar.runs("/admin block role:@everyone").await, @"(only you) Stopped for server Lantern Club. What is running finishes. `/admin resume server:Lantern Club` lifts it.");
        assert!(
            mia.runs("/ask prompt:count")
                .await
                .contains("has stopped it in this server")
        );
        assert!(
            omar.runs("/admin unblock role:@everyone")
                .await
                .contains("No longer stopped")
        );
        let elsewhere = "/admin stop server:123456789012345678";
        assert!(
            omar.runs(elsewhere)
                .await
                .contains("I am not in a server with that id")
        );
    })
    .await;
}

#[tokio::test]
async fn limits_on_the_bot_default_are_set_shown_and_cleared() {
    run(async |stage| {
        let (omar, mia) = (stage.omar(), stage.mia());
        insta::assert_snapshot!(omar.runs("/admin show").await, @"
        (only you) Nothing is set beside the configuration's tiers. `/admin limit`, `/admin tier`, `/admin block` and `/admin stop` set something.
        **Keys of the bot default**
        - **Groq** `…6789` · from the environment (`GROQ_API_KEY`) · not checked yet
        ");
        insta::assert_snapshot!(omar.runs("/admin limit what:dollars amount:4.50 per:day").await, @"(only you) The bot default now pays $4.50 a day for everybody, beside what tiers allow. Counting begins now: what was used before does not count.");
        insta::assert_snapshot!(omar.runs("/admin limit what:requests amount:1 per:day user:mia window:rolling").await, @"(only you) The bot default now pays 1 request in 24 hours for <@mia>, beside what tiers allow. Counting begins now: what was used before does not count.");
        mia.runs("/ask prompt:count").await;
        insta::assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        (only you) What the bot's operator pays for you is used up: 1 of 1 request in 24 hours. There is room again <t:1795306501:R>.
        Your own Groq key would have no such limit: press the button, or `/keys add provider:groq scope:user`. `/quota status` shows every limit.
        [Use my own Groq key]
        ");
        omar.runs("/admin block user:zoe").await;
        omar.runs("/admin tier user:mia tier:premium").await;
        insta::assert_snapshot!(omar.runs("/admin show").await, @"
        (only you) **Everybody together**
        ```
                      used  limit   left
        Dollars
          a day  < $0.0001  $4.50  $4.49
        ```
        -# Dollars a day: renews <t:1795305601:R>
        **<@mia>**
        ```
                       used  limit  left
        Requests
          in 24 hours     1      1     0
        ```
        -# Requests in 24 hours: renews <t:1795306501:R>
        Stopped for <@zoe>
        <@mia>: premium
        **Keys of the bot default**
        - **Groq** `…6789` · from the environment (`GROQ_API_KEY`) · not checked yet
        ");
        omar.runs("/admin limit what:requests amount:9 per:week user:mia").await;
        insta::assert_snapshot!(omar.runs("/admin unlimit user:mia per:week").await, @"
        (only you) Cleared 1 limit:
        - 9 requests a week
        ");
        insta::assert_snapshot!(omar.runs("/admin unlimit user:mia").await, @"
        (only you) Cleared 1 limit:
        - 1 request in 24 hours
        ");
        assert!(mia.runs("/ask prompt:count").await.contains("-# Groq"));
        insta::assert_snapshot!(omar.runs("/admin tier user:mia tier:emperor").await, @"(only you) There is no tier called `emperor`. Pick one from the list that appears while you type `tier:`.");
        insta::assert_snapshot!(omar.runs("/admin limit what:requests amount:1 per:day server:123").await, @"(only you) That is not a server's id. Turn on Developer Mode in Discord's settings, right-click the server, and choose Copy Server ID.");
        insta::assert_snapshot!(omar.runs("/admin limit what:requests amount:1 per:day server:123456789012345678").await, @"(only you) I am not in a server with that id, so nothing was changed. Copy it again: turn on Developer Mode in Discord's settings, right-click the server, and choose Copy Server ID.");
        insta::assert_snapshot!(omar.runs("/admin stop server:lantern").await, @"(only you) That is not a server's id. Turn on Developer Mode in Discord's settings, right-click the server, and choose Copy Server ID.");
        insta::assert_snapshot!(omar.runs("/admin block user:mia during:soon").await, @"(only you) I can't read that as a time. Write a number and a unit: `m` for minutes, `h` for hours, `d` for days or `w` for weeks, such as `during:12h`. Without it, it holds until it is lifted. Nothing was changed.");
        insta::assert_snapshot!(omar.runs("/admin tier user:mia tier:premium during:soon").await, @"(only you) I can't read that as a time. Write a number and a unit: `m` for minutes, `h` for hours, `d` for days or `w` for weeks, such as `during:30d`. Without it the tier is given for good. Nothing was changed.");
    })
    .await;
}

#[tokio::test]
async fn whoever_is_stopped_hears_who_did_it_and_is_offered_no_key() {
    run(async |stage| {
        let (omar, mia) = (stage.omar(), stage.mia());
        mia.runs("/model set model:deepseek/deepseek-v4-flash")
            .await;
        let chosen = mia.runs("/model show").await;
        insta::assert_snapshot!(chosen.lines().take(2).collect::<Vec<_>>().join("\n"), @"
        (only you) Chosen for you: `deepseek/deepseek-v4-flash`.
        ⚠️ Nobody has a key here that pays for DeepSeek, so `deepseek/deepseek-v4-flash` does not answer. Add yours with `/keys add provider:deepseek scope:user`; you get one at <https://platform.deepseek.com/api_keys>.
        ");
        omar.runs("/server block user:mia").await;
        insta::assert_snapshot!(mia.runs("/keys status").await, @"
        (only you) Whoever manages this server has stopped it for you here for now. Keys and settings are kept; `/keys list` still works.
        No key pays for you while that holds, nor would one that you add.
        ");
        insta::assert_snapshot!(mia.runs("/keys status provider:deepseek").await, @"
        (only you) Whoever manages this server has stopped it for you here for now. Keys and settings are kept; `/keys list` still works.
        No key pays for you while that holds, nor would one that you add.
        ");
        insta::assert_snapshot!(mia.runs("/model show").await, @"
        (only you) Chosen for you: `deepseek/deepseek-v4-flash`.
        Whoever manages this server has stopped it for you here for now. Keys and settings are kept; `/keys list` still works.
        ");
        omar.runs("/server unblock user:mia").await;
        omar.runs("/admin stop during:1h").await;
        omar.presses("Stop everybody").await;
        for line in ["/keys status", "/model show", "/quota status"] {
            let told = mia.directly().runs(line).await;
            assert!(
                told.contains("has stopped it for everybody"),
                "{line}: {told}"
            );
            assert!(!told.contains("/keys add"), "{line}: {told}");
        }
    })
    .await;
}
