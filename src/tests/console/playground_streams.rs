//! The playground with script: answers as they come, stopped, and asked for
//! again.

use insta::assert_snapshot;
use latchkey_emulator::providers::{ProviderFault, SocketHabit};
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::{ORIGIN, SeenPage, Visitor};
use crate::tests::images::picture_jobs::{lives, setup, speaks};
use crate::tests::{Stage, bad, good, run, run_with};

pub(super) const OPENAI: &str = "openai/gpt-6-luna";
const FOREVER: u32 = 1_000_000;

/// The call that the page’s script makes for one answer.
pub(super) fn script_call(
    visitor: &Visitor<'_>,
    page: &SeenPage,
    typed: &[(&str, &str)],
) -> RequestBuilder {
    let token = page.form("/playground/ask").fields;
    let token = token
        .into_iter()
        .find(|(name, _)| name == "form_token")
        .unwrap()
        .1;
    call_with(visitor, token, typed)
}

pub(super) fn call_with(
    visitor: &Visitor<'_>,
    token: String,
    typed: &[(&str, &str)],
) -> RequestBuilder {
    let mut form = Form::new().text("form_token", token).text("column", "0");
    for (name, value) in typed {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    visitor
        .call("POST", "/playground/ask")
        .header("origin", ORIGIN)
        .header("sec-fetch-site", "same-origin")
        .header("accept", "application/x-ndjson")
        .multipart(form)
}

pub(super) fn text_of<'e>(event: &'e Value, name: &str) -> &'e str {
    event[name].as_str().unwrap_or_default()
}

/// What the script hears, a line for each thing.
fn heard(lines: &str) -> String {
    let mut heard: Vec<String> = Vec::new();
    let mut said = String::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let event: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        match event["kind"].as_str().unwrap() {
            "words" => said += &text("text"),
            "taken_back" => said.clear(),
            "payer" => heard.push(format!("{} pays {}", event["look"]["words"], text("model"))),
            "stage" => heard.push(text("words")),
            "told" => heard.push(format!("told {:?}", text("text"))),
            "trouble" => heard.push(format!(
                "{}: {} {}",
                text("title"),
                text("words"),
                event["ways"]
            )),
            "charged" => {
                heard.push(format!("said {:?}", std::mem::take(&mut said)));
                let receipt = &event["receipt"];
                let used = receipt["used"].as_str().unwrap();
                let used = used.split(" · ").next().unwrap();
                heard.push(format!(
                    "{} charged {} for {used}",
                    text_of(receipt, "source"),
                    receipt["cost"]
                ));
            }
            "done" => {
                heard.push(format!("said {:?}", std::mem::take(&mut said)));
                let receipt = &event["receipt"];
                let used = receipt["used"]
                    .as_str()
                    .unwrap()
                    .split(" · ")
                    .next()
                    .unwrap();
                let pictures = event["pictures"].as_array().unwrap().len();
                heard.push(format!(
                    "{} {} by {}: {used}, {}, {pictures} pictures; {}; {}",
                    event["look"]["class"],
                    text("model"),
                    text("provider"),
                    receipt["cost"],
                    receipt["notes"],
                    receipt["spoken"],
                ));
            }
            other => panic!("{other}"),
        }
    }
    heard.join("\n")
}

/// Reads a stream until it has said something.
async fn until(response: &mut Response, text: &str) -> String {
    let mut said = String::new();
    while !said.contains(text) {
        let more = response.chunk().await.unwrap();
        said += std::str::from_utf8(&more.expect("it goes on")).unwrap();
    }
    said
}

async fn settled(stage: &Stage) -> String {
    let app = stage.app().await;
    app.idle().await;
    let rows = app.audit().await;
    let last = rows.last().expect("there is a row");
    let outcome = last.outcome.as_deref().unwrap_or("running");
    format!("{} {} {outcome}", last.source, last.state)
}

#[tokio::test]
async fn an_answer_comes_word_by_word_with_its_receipt() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground").await;
        let ask = async |typed: &[(&str, &str)]| {
            let answer = script_call(&mia, &page, typed).send().await.unwrap();
            let headers = answer.headers();
            assert_eq!(headers["content-type"], "application/x-ndjson");
            assert!(!headers.contains_key("content-encoding"));
            let status = answer.status().as_u16();
            format!("{status}\n{}", heard(&answer.text().await.unwrap()))
        };
        let typed = [("ask", "count"), ("model", OPENAI), ("as", "code")];
        assert_snapshot!(ask(&typed).await, @r#"
        200
        "own key" pays gpt-6-luna
        said "one two three four five six seven eight nine ten"
        "own" gpt-6-luna by OpenAI: 12 in, 10 out, "< $0.0001", 0 pictures; []; "Answer is complete, 10 tokens, < $0.0001"
        "#);
        stage.fails("openai", ProviderFault::CachedInput);
        assert_snapshot!(ask(&typed).await, @r#"
        200
        "own key" pays gpt-6-luna
        said "one two three four five six seven eight nine ten"
        "own" gpt-6-luna by OpenAI: 12 in (10 cached), 10 out, "< $0.0001", 0 pictures; []; "Answer is complete, 10 tokens, < $0.0001"
        "#);
        stage.recovers("openai");
        assert_snapshot!(ask(&[("ask", "count"), ("model", "")]).await, @r#"
        200
        "own key" pays gpt-6-luna
        said "one two three four five six seven eight nine ten"
        "own" gpt-6-luna by OpenAI: 12 in, 10 out, "< $0.0001", 0 pictures; []; "Answer is complete, 10 tokens, < $0.0001"
        "#);
        // What goes wrong comes the same way.
        let once = [("ask", "count"), ("model", OPENAI), ("once", "1"), ("key", &bad("openai"))];
        assert_snapshot!(ask(&once).await, @r#"
        200
        "own key, this once" pays gpt-6-luna
        Key is invalid: OpenAI turned down the key that you typed for this question: it is mistyped, was revoked, or its account has no credit. It was not stored, and nobody else paid. Check it where you got it, and ask again. []
        "#);
        assert_snapshot!(ask(&[("ask", " "), ("model", OPENAI)]).await, @"
        200
        There is nothing to answer: Type a question, and send it. []
        ");
        assert_snapshot!(ask(&[("ask", "x"), ("model", "no-such-model")]).await, @r#"
        200
        Nobody knows whose model that is: No provider here is known for a model called “no-such-model”. Nobody was asked. Choose one from the list, or write provider/model, such as openai/gpt-6-luna or groq/openai/gpt-oss-20b. [["/models","Models that you can use"]]
        "#);
        assert_snapshot!(ask(&[("ask", "x"), ("model", "mistral/mistral-small-latest")]).await, @r#"
        200
        No API key configured: There is no key for Mistral that can pay here. Add a key, or type one for this question only. [["/keys/new","Add a key"],["/keys","Go to your keys"]]
        "#);
        assert_snapshot!(ask(&[("ask", "x"), ("as", "nobody")]).await, @r#"
        200
        There is no such persona: Nothing here is called “nobody”. Choose another from the list. [["/models","Models that you can use"]]
        "#);
        let talk = r#"[{"asked":"one","told":"one (read)","answers":[{"model":"","provider":"","text":"a"},{"model":"","provider":"","text":"b"}]}]"#;
        ask(&[("ask", "two"), ("model", OPENAI), ("column", "1"), ("kept_talk", talk)]).await;
        assert_snapshot!(stage.told("openai"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: one (read)
        assistant: a
        user: two
        ");
        assert_snapshot!(ask(&[("ask", "two"), ("kept_talk", "x")]).await, @r#"
        422
        The conversation can’t be read: What the page sent of the conversation is damaged or too long, so nobody was asked. Begin a new one. [["/playground","New conversation"]]
        "#);
    })
    .await;
}

/// As under an answer in Discord: what came until then is paid for.
#[tokio::test]
async fn an_answer_that_breaks_off_says_who_paid_and_what() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground").await;
        stage.fails("openai", ProviderFault::Cut);
        let typed = [("ask", "count"), ("model", OPENAI)];
        let answer = script_call(&mia, &page, &typed).send().await.unwrap();
        assert_snapshot!(heard(&answer.text().await.unwrap()), @r#"
        "own key" pays gpt-6-luna
        said "one two three four five "
        personal charged "< $0.0001" for about 20 in, 6 out, broken off
        OpenAI did not answer: OpenAI broke off in the middle of its answer. Ask again, or choose another model. [["/models","Choose another model"]]
        "#);
        // Without script, on the page.
        let plain = mia.sends(&page, "/playground/ask", &typed).await;
        assert!(
            plain.holds("broke off") && plain.holds(", broken off · "),
            "{}",
            plain.says()
        );
        assert_snapshot!(settled(stage).await, @"personal settled cut_off");
    })
    .await;
}

#[tokio::test]
async fn a_reader_who_stops_is_charged_as_whoever_leaves() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground").await;
        stage.fails("openai", ProviderFault::Stall);
        let typed = [("ask", "count"), ("model", OPENAI)];
        let mut answer = script_call(&mia, &page, &typed).send().await.unwrap();
        // The last word before it stalls.
        let said = until(&mut answer, "five").await;
        drop(answer);
        assert_snapshot!(settled(stage).await, @"personal settled abandoned");
        // The page then asks what it is charged.
        let attempt = said.split("\"attempt\":\"").nth(1).unwrap().split('"').next();
        let attempt = attempt.unwrap();
        let told = mia.opens(&format!("/playground/receipt/{attempt}")).await;
        let told: Value = serde_json::from_str(&told.html).unwrap();
        assert_snapshot!(told["receipt"], @r#"{"cost":"< $0.0001","notes":[],"source":"personal","spoken":"Stopped, < $0.0001","used":"about 20 in, 6 out · stopped"}"#);
        let zoe = Visitor::signed_in(stage, stage.scene.stranger).await;
        let theirs = zoe.opens(&format!("/playground/receipt/{attempt}")).await;
        assert_snapshot!(theirs.html, @r#"{"receipt":null}"#);
        assert_eq!(zoe.opens("/playground/receipt/x").await.status, 404);
        stage.recovers("openai");
        // There is room for the next one.
        for _ in 0..5 {
            let answer = script_call(&mia, &page, &typed).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.text().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn so_many_answers_come_at_once_and_no_more() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground").await;
        stage.fails("openai", ProviderFault::Stall);
        let typed = [("ask", "count"), ("model", OPENAI)];
        let mut running = Vec::new();
        for _ in 0..4 {
            running.push(script_call(&mia, &page, &typed).send().await.unwrap());
        }
        let fifth = script_call(&mia, &page, &typed).send().await.unwrap();
        assert_eq!(fifth.status(), 429);
        let said = heard(&fifth.text().await.unwrap());
        assert!(said.contains("still being answered"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_form_of_another_page_asks_nobody() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground").await;
        let typed = [("ask", "count")];
        let foreign = script_call(&mia, &page, &typed).header("origin", "https://evil.example");
        assert_eq!(foreign.send().await.unwrap().status(), 403);
        let cross = script_call(&mia, &page, &typed).header("sec-fetch-site", "cross-site");
        assert_eq!(cross.send().await.unwrap().status(), 403);
        // A token of somebody else’s page.
        let other = Visitor::stranger(stage).await;
        let theirs = other.opens("/playground").await;
        let answer = script_call(&mia, &theirs, &typed).send().await.unwrap();
        assert!(
            answer
                .text()
                .await
                .unwrap()
                .contains("You signed in meanwhile")
        );
        let json = mia.call("POST", "/playground/ask").header("origin", ORIGIN);
        let json = json.header("content-type", "application/json").body("{}");
        assert_eq!(json.send().await.unwrap().status(), 415);
        let broken = mia.call("POST", "/playground/ask").header("origin", ORIGIN);
        let broken = broken.header("content-type", "multipart/form-data; boundary=x");
        assert_eq!(broken.body("--y--").send().await.unwrap().status(), 415);
        assert_eq!(stage.keys_that_paid("groq"), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn who_would_pay_is_told_as_one_chooses() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let visitor = Visitor::stranger(stage).await;
        let looks = async |visitor: &Visitor<'_>, query: &str| {
            let now = visitor.opens(&format!("/playground/now?{query}")).await;
            let now: Value = serde_json::from_str(&now.html).unwrap();
            let payers = now["payers"].as_array().unwrap().iter();
            let words = payers.map(|look| look["words"].as_str().unwrap_or("nobody").to_owned());
            words.collect::<Vec<_>>().join(", ")
        };
        let mut told = Vec::new();
        for query in [
            "",
            "model=openai/gpt-6-luna&beside=mistral/mistral-small-latest",
            "as=:picture&model=openai/gpt-image-2",
            "model=nonsense",
        ] {
            told.push(format!("{query}: {}", looks(&mia, query).await));
            told.push(format!("visitor {query}: {}", looks(&visitor, query).await));
        }
        assert_snapshot!(told.join("\n"), @"
        : own key
        visitor : nobody
        model=openai/gpt-6-luna&beside=mistral/mistral-small-latest: own key, nobody
        visitor model=openai/gpt-6-luna&beside=mistral/mistral-small-latest: nobody, nobody
        as=:picture&model=openai/gpt-image-2: own key
        visitor as=:picture&model=openai/gpt-image-2: nobody
        model=nonsense: nobody
        visitor model=nonsense: nobody
        ");
        let elsewhere = mia.opens("/playground?in=12345").await;
        assert_ne!(elsewhere.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_picture_of_an_earlier_question_is_shown_again() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground").await;
        let token = page.form("/playground/ask").fields;
        let token = token.into_iter().find(|(name, _)| name == "form_token").unwrap().1;
        let talk = r#"[{"asked":"what is this?","told":"what is this?\n(Picture: quay.png)","answers":[{"model":"","provider":"","text":"a quay"}]}]"#;
        let picture = Part::bytes(b"\x89PNG\r\n\x1a\n made up".to_vec()).file_name("quay.png");
        let fields = [("form_token", token.as_str()), ("kept_talk", talk), ("ask", "which?"), ("model", OPENAI)];
        let form = fields.iter().fold(Form::new(), |form, (name, value)| {
            form.text((*name).to_owned(), (*value).to_owned())
        });
        let call = mia.call("POST", "/playground/ask").header("origin", ORIGIN);
        let form = form.part("file-0", picture);
        assert_eq!(call.multipart(form).send().await.unwrap().status(), 200);
        assert_snapshot!(stage.told("openai"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: [a picture] what is this?
        (Picture: quay.png)
        assistant: a quay
        user: which?
        ");
    })
    .await;
}

#[tokio::test]
async fn a_picture_says_how_far_it_is_and_is_cancelled_by_leaving() {
    run_with(setup(), async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground?as=:picture").await;
        let typed = [
            ("ask", "a lighthouse"),
            ("as", ":picture"),
            ("model", "comfyui/text-to-image"),
        ];
        lives(stage, 2, 0, 1);
        // How many steps are seen before a look is chance.
        speaks(stage, SocketHabit::Refused);
        let answer = script_call(&mia, &page, &typed).send().await.unwrap();
        let said = heard(&answer.text().await.unwrap());
        assert_snapshot!(said, @r#"
        "bot default" pays text-to-image
        Waiting for its turn
        Waiting for its turn
        Being made
        said ""
        "bot" text-to-image by ComfyUI: 1 picture, "$0.00", 1 pictures; []; "Picture is there, 1 picture, $0.00"
        "#);
        assert_snapshot!(settled(stage).await, @"bot_default settled answered");
        lives(stage, 0, 0, FOREVER);
        let mut answer = script_call(&mia, &page, &typed).send().await.unwrap();
        until(&mut answer, "Being made").await;
        drop(answer);
        // Its host may have heard of the leaving before or after it was done.
        let last = settled(stage).await;
        let ways = ["bot_default settled answered", "bot_default settled abandoned"];
        assert!(ways.contains(&last.as_str()), "{last}");
        assert_snapshot!(crate::tests::images::picture_jobs::left_over(stage), @"2 jobs, 1 done, 1 cancelled; 0 machines, 0 running");
        // Again, with the same words.
        lives(stage, 0, 0, 0);
        let answer = script_call(&mia, &page, &typed).send().await.unwrap();
        assert!(answer.text().await.unwrap().contains("\"data\":\"iVBOR"));
    })
    .await;
}
