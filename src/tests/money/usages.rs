//! `/usage`: what was used, in words, as a picture and as a table.

use crate::tests::{Stage, good, run};

/// The text of the newest file of this name.
fn file(stage: &Stage, name: &str) -> Vec<u8> {
    stage.world().look(|state| {
        let mut files = state
            .messages
            .iter()
            .rev()
            .flat_map(|message| &message.files);
        let found = files.find(|file| file.name == name);
        found.expect("there is such a file").bytes.clone()
    })
}

fn text(stage: &Stage, name: &str) -> String {
    stage.readable(&String::from_utf8(file(stage, name)).unwrap())
}

#[tokio::test]
async fn a_person_sees_what_they_used_whoever_paid() {
    run(async |stage| {
        let mia = stage.mia();
        insta::assert_snapshot!(mia.runs("/usage").await, @"
        (only you) **Your usage, whoever paid**, 2026-10-23 to 2026-11-21 (UTC)
        Nothing was used. `/ask` something.
        ");
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs("/ask prompt:count").await;
        mia.runs("/ask prompt:count provider:groq").await;
        stage.clock.advance_ms(86_400_000);
        mia.runs("/ask prompt:count provider:openai model:gpt-99-nova")
            .await;
        stage.omar().runs("/ask prompt:count").await;
        insta::assert_snapshot!(mia.runs("/usage period:7 days").await, @"
        (only you) **Your usage, whoever paid**, 2026-11-16 to 2026-11-22 (UTC)
        3 requests, < $0.0001, price unknown for 1 of them · 36 tokens in, 30 out
        **By model**
        ```
        gpt-6-luna          1  < $0.0001
        openai/gpt-oss-20b  1  < $0.0001
        gpt-99-nova         1          ?
        ```
        Nobody knows a price for `gpt-99-nova`.
        **By who paid**
        ```
        bot default   1  < $0.0001
        personal key  2  < $0.0001 + ?
        ```
        [usage.png: Estimated cost by day, in US dollars]
        [usage.csv: The same as a table]
        ");
        insta::assert_snapshot!(text(stage, "usage.csv"), @"
        date,source,provider,model,requests,input_tokens,output_tokens,cached_tokens,reasoning_tokens,images,cost_usd,requests_without_price,requests_estimated
        2026-11-21,bot_default,groq,openai/gpt-oss-20b,1,12,10,0,0,0,0.000003900,0,0
        2026-11-21,personal,openai,gpt-6-luna,1,12,10,0,0,0,0.000006200,0,0
        2026-11-22,personal,openai,gpt-99-nova,1,12,10,0,0,0,0.000000000,1,0
        ");
        let picture = file(stage, "usage.png");
        crate::tests::keep_picture("usage", &picture);
        assert_eq!(&picture[..8], b"\x89PNG\r\n\x1a\n");
        insta::assert_snapshot!(mia.runs("/usage period:today").await, @"
        (only you) **Your usage, whoever paid**, 2026-11-22 to 2026-11-22 (UTC)
        1 request, price unknown · 12 tokens in, 10 out
        **By model**
        ```
        gpt-99-nova  1  ?
        ```
        Nobody knows a price for `gpt-99-nova`.
        [usage.png: Tokens by day]
        [usage.csv: The same as a table]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_manager_sees_what_the_servers_key_paid_by_member() {
    run(async |stage| {
        let (omar, mia) = (stage.omar(), stage.mia());
        omar.adds("openai", "guild", &good("openai")).await;
        mia.runs("/ask prompt:count").await;
        mia.runs("/ask prompt:count").await;
        omar.runs("/ask prompt:count").await;
        // What members pay themselves is nobody else's business.
        mia.adds("mistral", "user", &good("mistral")).await;
        mia.runs("/ask prompt:count provider:mistral").await;
        insta::assert_snapshot!(omar.runs("/usage scope:guild").await, @"
        (only you) **What this server's key paid**, 2026-10-23 to 2026-11-21 (UTC)
        3 requests, < $0.0001 · 36 tokens in, 30 out
        **By model**
        ```
        gpt-6-luna  3  < $0.0001
        ```
        **By member**
        - <@mia>: 2 requests, < $0.0001
        - <@omar>: 1 request, < $0.0001
        [usage.png: Estimated cost by day, in US dollars]
        [usage.csv: The same as a table]
        [members.csv: The same as a table]
        ");
        insta::assert_snapshot!(text(stage, "members.csv"), @"
        member_id,requests,input_tokens,output_tokens,cached_tokens,reasoning_tokens,images,cost_usd,requests_without_price,requests_estimated
        mia,2,24,20,0,0,0,0.000012400,0,0
        omar,1,12,10,0,0,0,0.000006200,0,0
        ");
        insta::assert_snapshot!(mia.runs("/usage scope:guild").await, @"(only you) What this server's key paid is shown to whoever has the Manage Server permission here, and you don't right now. `/usage` shows what you used.");
        insta::assert_snapshot!(omar.runs("/usage scope:bot").await, @"
        (only you) **What the whole bot used, whoever paid**, 2026-10-23 to 2026-11-21 (UTC)
        4 requests, < $0.0001 · 48 tokens in, 40 out
        **By model**
        ```
        gpt-6-luna  3  < $0.0001
        mistral-small-latest
                    1  < $0.0001
        ```
        **By who paid**
        ```
        personal key  1  < $0.0001
        server key    3  < $0.0001
        ```
        [usage.png: Estimated cost by day, in US dollars]
        [usage.csv: The same as a table]
        ");
    })
    .await;
}
