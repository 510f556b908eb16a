//! Usage and bills in a browser.

use serde_json::Value;

use super::Visitor;
use crate::tests::{Stage, good, run};

/// Somebody asks a model that has a price, and one that nobody knows.
async fn asks_twice(stage: &Stage) {
    let mia = stage.mia();
    mia.adds("openai", "user", &good("openai")).await;
    mia.runs("/ask prompt:count").await;
    mia.runs("/ask prompt:count provider:openai model:gpt-99-nova")
        .await;
    stage.app().await.idle().await;
}

#[tokio::test]
async fn a_person_sees_what_they_used_by_day_model_key_and_place() {
    run(async |stage| {
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let empty = browser.opens("/usage").await;
        assert_eq!(empty.status, 200);
        assert!(empty.holds("Nothing yet. Ask something, and it shows here."));
        asks_twice(stage).await;
        // It is the evening of the day before in New York.
        let page = browser
            .opens("/usage?period=7d&tz=America%2FNew_York")
            .await;
        for part in [
            "<\u{a0}$0.0001",
            "and 1 without a price",
            "unknown",
            "gpt-6-luna",
            "gpt-99-nova",
            "ends in",
            "Lantern Club",
            "days in America/New_York",
            "20 Nov: Own keys <\u{a0}$0.0001",
            "it began today",
            "Tier “community”",
            // Providers by their names; the files have their ids.
            "OpenAI",
        ] {
            assert!(page.holds(part), "{part}: {}", page.shown());
        }
        // The table has every figure of the bars.
        assert!(
            page.says().contains("20 Nov | < $0.0001 | < $0.0001"),
            "{}",
            page.says()
        );
        let tokens = browser
            .opens("/usage?show=tokens&period=today&tz=UTC")
            .await;
        assert!(tokens.holds("Tokens by day") && tokens.holds("21 Nov: Own keys 44"));
        // Another person has used nothing.
        assert!(!page.says().contains("openai"), "{}", page.says());
        let other = Visitor::signed_in(stage, stage.scene.stranger).await;
        assert!(other.opens("/usage").await.holds("Nothing yet."));
        for wrong in ["period=soon", "period=2026-13", "tz=Moon", "show=words"] {
            let page = browser.opens(&format!("/usage?{wrong}")).await;
            assert_eq!(page.status, 400, "{wrong}");
            assert!(page.holds("That cannot be shown"), "{wrong}");
        }
    })
    .await;
}

/// Of a server without the bot nobody knows a name, and its id says nothing.
#[tokio::test]
async fn where_nobody_knows_the_name_of_a_place_it_is_elsewhere() {
    run(async |stage| {
        asks_twice(stage).await;
        let server = stage.scene.server;
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        stage.world().remove_bot(server, false);
        let mut page = browser.opens("/usage?period=7d").await;
        while page.holds("Lantern Club") {
            page = browser.opens("/usage?period=7d").await;
        }
        assert!(page.holds("Elsewhere"), "{}", page.says());
        assert!(!page.holds(&server.to_string()), "{}", page.says());
    })
    .await;
}

/// What came along with a call is one's own key too: one colour, one name.
#[tokio::test]
async fn own_keys_are_one_colour_of_the_chart() {
    run(async |stage| {
        asks_twice(stage).await;
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let page = browser.opens("/playground").await;
        let model = "openai/gpt-6-luna";
        let typed = [
            ("ask", "count"),
            ("model", model),
            ("once", "1"),
            ("key", &*good("openai")),
        ];
        browser.sends(&page, "/playground/ask", &typed).await;
        stage.app().await.idle().await;
        let page = browser.opens("/usage?period=7d&show=requests").await;
        let legend = page.html.split("class=\"legend\"").nth(1).unwrap();
        let legend = legend.split("</ul>").next().unwrap();
        assert_eq!(legend.matches("<li").count(), 1, "{legend}");
        assert!(page.holds("21 Nov: Own keys 3"), "{}", page.html);
    })
    .await;
}

#[tokio::test]
async fn usage_leaves_as_a_table_and_as_json_with_the_same_sums() {
    run(async |stage| {
        asks_twice(stage).await;
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let table = browser.opens("/usage.csv?period=7d").await;
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(
            table.header("content-disposition"),
            "attachment; filename=\"usage-2026-11-15-to-2026-11-21.csv\""
        );
        let lines: Vec<&str> = table.html.lines().collect();
        assert_eq!(lines.len(), 3, "{}", table.html);
        assert!(
            lines[0].starts_with("day,server_id,source,key_id,key_name,key_hint,provider,model,")
        );
        // A price that nobody knows is no price.
        assert!(
            lines[2].contains("\"gpt-99-nova\",1,12,0,10,0,0,,1,0"),
            "{}",
            lines[2]
        );
        let json: Value =
            serde_json::from_str(&browser.opens("/usage.json?period=7d").await.html).unwrap();
        let sum = |list: &str| {
            let all = json[list].as_array().unwrap().iter();
            all.map(|it| it["requests"].as_u64().unwrap()).sum::<u64>()
        };
        assert_eq!((sum("lines"), sum("keys")), (2, 2));
        assert_eq!(json["total"]["requests"], 2);
        assert_eq!(json["total"]["cost_nano_dollars"], 6_200);
        assert_eq!(json["total"]["requests_without_price"], 1);
    })
    .await;
}

#[tokio::test]
async fn an_open_page_is_brought_up_to_date_and_hears_when_nothing_changed() {
    run(async |stage| {
        asks_twice(stage).await;
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let now = browser.opens("/usage/now?period=7d").await;
        let json: Value = serde_json::from_str(&now.html).unwrap();
        assert_eq!(
            (&json["requests"], &json["cost"]),
            (&"2".into(), &"<\u{a0}$0.0001".into())
        );
        let again = browser.call("GET", "/usage/now?period=7d");
        let again = again.header("if-none-match", now.header("etag"));
        let again = browser.sends_once(again).await;
        assert_eq!((again.status, again.html.as_str()), (304, ""));
        stage.mia().runs("/ask prompt:count").await;
        stage.app().await.idle().await;
        let later = browser.call("GET", "/usage/now?period=7d");
        let later = later.header("if-none-match", now.header("etag"));
        assert_eq!(browser.sends_once(later).await.status, 200);
    })
    .await;
}

/// Writes what would be the work of months into the database.
fn write(stage: &Stage, sql: &str) {
    let database = rusqlite::Connection::open(stage.database()).unwrap();
    database
        .busy_timeout(std::time::Duration::from_secs(5))
        .unwrap();
    database.execute_batch(sql).unwrap();
}

/// Somebody asked in 50,100 places on two days.
#[tokio::test]
async fn a_report_that_is_too_long_says_so_and_its_table_has_everything() {
    run(async |stage| {
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let day = 1_795_219_200_000_i64 / 86_400_000;
        write(
            stage,
            &format!(
                "insert into usage_day with recursive n(i) as (select 1 union all select i + 1 \
                 from n where i < 50100) select 'user', {}, ({day} - i % 2) * 96, 0, i, \
                 'personal', '', 'openai', 'gpt-6-luna', 1, 2, 3, 0, 0, 0, 4, 0, 0 from n;",
                stage.scene.member
            ),
        );
        for address in ["/usage?period=7d&tz=UTC", "/usage.json?period=7d&tz=UTC"] {
            let page = browser.opens(address).await;
            assert_eq!(page.status, 422, "{address}");
            assert!(
                page.holds("Choose fewer days, or take the CSV"),
                "{}",
                page.says()
            );
        }
        let today = browser.opens("/usage?period=today&tz=UTC").await;
        assert!(
            today.status == 200 && today.holds("25,050"),
            "{}",
            today.status
        );
        let table = browser.opens("/usage.csv?period=7d&tz=UTC").await;
        assert_eq!((table.status, table.html.lines().count()), (200, 50_101));
    })
    .await;
}

#[tokio::test]
async fn a_months_receipts_are_all_in_the_table() {
    run(async |stage| {
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let now_ms = 1_795_219_200_000_i64;
        write(
            stage,
            &format!(
                "insert into attempt (attempt_id, person_id, source, provider, model, state, \
                 held_at_ms, held_input_tokens, held_output_tokens, held_images, counted, \
                 input_tokens, output_tokens, cached_tokens, reasoning_tokens, images, estimated, \
                 cost_reported, clamped) with recursive n(i) as (select 1 union all select i + 1 \
                 from n where i < 20500) select unhex(printf('%012x%020x', {now_ms} + i, i)), {0}, \
                 'personal', 'openai', 'gpt-6-luna', 'settled', {now_ms} + i, 0, 0, 0, '', 1, 1, \
                 0, 0, 0, 0, 0, 0 from n; \
                 insert into usage_total values ('user', {0}, {now_ms} / 900000, 0, 0, \
                 'personal', '', 'openai', 'gpt-6-luna', 20500, 20500, 20500, 0, 0, 0, 0, 0, 0);",
                stage.scene.member
            ),
        );
        let table = browser.opens("/billing/2026-11.csv").await;
        assert_eq!((table.status, table.html.lines().count()), (200, 20_501));
        let mut ids: Vec<&str> = table
            .html
            .lines()
            .skip(1)
            .map(|line| line.get(..32).unwrap())
            .collect();
        ids.dedup();
        assert_eq!(ids.len(), 20_500);
    })
    .await;
}

#[tokio::test]
async fn a_months_bill_has_sums_and_a_receipt_for_each_attempt() {
    run(async |stage| {
        asks_twice(stage).await;
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let bill = browser.opens("/billing").await;
        assert!(bill.holds("Billing report") && bill.holds("November 2026"));
        assert!(
            bill.says().contains("Together | | 2 | 44 | < $0.0001"),
            "{}",
            bill.says()
        );
        for part in [
            "gpt-99-nova",
            "12 input, 10 output",
            "Lantern Club",
            "and 1 without a price",
        ] {
            assert!(bill.holds(part), "{part}: {}", bill.says());
        }
        assert!(!bill.says().contains("openai"), "{}", bill.says());
        let table = browser.opens("/billing/2026-11.csv").await;
        assert_eq!(table.html.lines().count(), 3, "{}", table.html);
        assert!(table.html.contains("\"openai\""), "{}", table.html);
        assert!(
            browser
                .opens("/billing/2026-10")
                .await
                .holds("No receipts in this month.")
        );
        for nothing in ["/billing/2026-13", "/billing/2026", "/billing/7d"] {
            assert_eq!(browser.opens(nothing).await.status, 404, "{nothing}");
        }
        let misspelt = browser.opens("/billing/2026-11?after=x").await;
        assert_eq!(misspelt.status, 400);
        assert!(
            misspelt.holds("No receipt has the number"),
            "{}",
            misspelt.shown()
        );
        let other = Visitor::signed_in(stage, stage.scene.stranger).await;
        assert!(
            other
                .opens("/billing/2026-11")
                .await
                .holds("No receipts in this month.")
        );
    })
    .await;
}

#[tokio::test]
async fn months_and_years_without_anything_are_not_offered() {
    run(async |stage| {
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let empty = browser.opens("/usage").await;
        assert!(!empty.holds("October 2026") && !empty.holds(">2025<"));
        assert!(!empty.holds("The same as a table"), "{}", empty.says());
        let bill = browser.opens("/billing/2026-11").await;
        assert!(!bill.holds("/billing/2026-10") && !bill.holds("/billing/2026-12"));
        asks_twice(stage).await;
        let used = browser.opens("/usage").await;
        assert!(used.holds(">2026<") && !used.holds(">2025<"));
        assert!(!used.holds("October 2026"), "{}", used.says());
        let pictures = browser.opens("/usage?show=pictures").await;
        assert!(
            pictures.holds("No pictures in this time."),
            "{}",
            pictures.says()
        );
        // Whoever came further finds back.
        for month in ["2022-01", "2027-03"] {
            let bill = browser.opens(&format!("/billing/{month}")).await;
            assert_eq!(bill.status, 200, "{month}");
            assert_eq!(
                bill.html.matches("href=\"/billing/20").count(),
                2,
                "{month}"
            );
            assert!(
                bill.holds("href=\"/billing/2026-11?tz="),
                "{month}: {}",
                bill.html
            );
        }
        let usage = browser.opens("/usage?period=2022").await;
        assert!(usage.holds("href=\"/billing/2026-11\""), "{}", usage.html);
    })
    .await;
}

/// Whoever asked for a file hears of trouble in its format, and whoever looks
/// with a browser on a page.
#[tokio::test]
async fn a_program_hears_of_trouble_in_the_format_that_it_asked_for() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let json = "application/json";
        for (address, media_type) in [
            ("/usage.json?tz=Nope", json),
            ("/usage.json?Period=7d", json),
            ("/usage/now?tz=Nope", json),
            ("/usage.csv?tz=Nope", "text/plain; charset=utf-8"),
            ("/billing/2026-11.csv?tz=Nope", "text/plain; charset=utf-8"),
        ] {
            let refused = mia.opens(address).await;
            assert_eq!(
                (refused.status, refused.header("content-type")),
                (400, media_type),
                "{address}"
            );
            if media_type == json {
                let said: Value = serde_json::from_str(&refused.html).unwrap();
                assert!(
                    said["error"]["message"]
                        .as_str()
                        .is_some_and(|it| it.len() > 20),
                    "{said}"
                );
            }
            let browser = mia
                .call("GET", address)
                .header("accept", "text/html,*/*;q=0.8");
            let page = mia.sends_once(browser).await;
            assert!(
                page.header("content-type").starts_with("text/html"),
                "{address}"
            );
        }
        let stranger = Visitor::stranger(stage).await;
        let refused = stranger.opens("/usage.json").await;
        assert_eq!(
            (refused.status, refused.header("content-type")),
            (401, json)
        );
        assert!(refused.html.contains("Sign in first"), "{}", refused.html);
    })
    .await;
}

#[tokio::test]
async fn a_file_of_what_is_misspelt_is_refused_by_name() {
    run(async |stage| {
        asks_twice(stage).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let server = format!("/servers/{}", stage.scene.server);
        let mut files = Vec::new();
        for ending in ["csv", "json"] {
            files.push((&mia, format!("/usage.{ending}")));
            files.push((&omar, format!("{server}/usage.{ending}")));
        }
        files.push((&mia, "/usage/now".to_owned()));
        files.push((&omar, format!("{server}/usage/now")));
        files.push((&mia, "/billing/2026-11.csv".to_owned()));
        files.push((&omar, format!("{server}/billing/2026-11.csv")));
        for (who, file) in files {
            let good = who.opens(&format!("{file}?tz=Europe%2FBerlin")).await;
            assert_eq!(good.status, 200, "{file}: {}", good.shown());
            for (query, words) in [
                ("time_zone=Nope", "“time_zone” behind its question mark"),
                ("tz=Nope", "There is no such time zone."),
                ("tz=UTC&Period=7d", "“Period” behind its question mark"),
            ] {
                let refused = who.opens(&format!("{file}?{query}")).await;
                assert_eq!(refused.status, 400, "{file}?{query}");
                assert!(refused.holds(words), "{file}: {}", refused.shown());
            }
            if !file.contains("billing") {
                for (query, words) in [
                    ("period=fortnight", "There is no such period."),
                    ("show=everything", "The bars can show"),
                ] {
                    let refused = who.opens(&format!("{file}?{query}")).await;
                    assert_eq!(refused.status, 400, "{file}?{query}");
                    assert!(refused.holds(words), "{file}: {}", refused.shown());
                }
            }
        }
        // Pages refuse it too, rather than to show something else.
        let mut pages = vec![
            (&mia, "/usage".to_owned()),
            (&mia, "/billing/2026-11".to_owned()),
        ];
        pages.push((&omar, format!("{server}/usage")));
        pages.push((&omar, format!("{server}/billing/2026-11")));
        for (who, page) in pages {
            let refused = who.opens(&format!("{page}?time_zone=Nope")).await;
            assert_eq!(refused.status, 400, "{page}");
            assert!(
                refused.holds("“time_zone” behind its question mark"),
                "{page}: {}",
                refused.says()
            );
        }
        let page = mia.opens("/billing/2026-11?after=nobody").await;
        assert_eq!(page.status, 400, "{}", page.shown());
    })
    .await;
}
