//! The playground without script: forms, and whole pages in answer.

use insta::assert_snapshot;
use latchkey_emulator::providers::{ProviderFault, Standing, sample};
use reqwest::multipart::{Form, Part};

use super::{ORIGIN, SeenPage, Visitor};
use crate::tests::{Stage, bad, good, run};

pub const ASK: &str = "/playground/ask";
pub const OPENAI: &str = "openai/gpt-6-luna";

/// Hides how long it took.
fn timeless(text: &str) -> String {
    let time = regex::Regex::new(r"\d+\.\d s").unwrap();
    time.replace_all(text, "<time>").into_owned()
}

/// What stands in the conversation: what was asked, answered, and paid.
pub fn conversation(page: &SeenPage) -> String {
    let html = page.html.split_once("id=\"talk\"").unwrap().1;
    let html = html.split_once("<div class=\"composer\"").unwrap().0;
    let read = super::html::read(&format!("<main{html}</main>"));
    timeless(&read)
}

/// Who would pay, before anybody is asked.
pub fn foreseen(page: &SeenPage) -> String {
    let html = page.html.split_once("Paid by").unwrap().1;
    let html = html.split_once("<button").unwrap().0;
    // The badge for a key of one question is shown once its switch is on.
    let html = html.split("<span class=\"when-once\"").next().unwrap();
    let read = super::html::read(&format!("<main{html}</main>"));
    read.replace('\n', " ")
}

/// Sends the form with files as a browser does.
pub async fn sends_files(
    visitor: &Visitor<'_>,
    page: &SeenPage,
    typed: &[(&str, &str)],
    files: &[(&str, &[u8])],
) -> SeenPage {
    let mut form = Form::new();
    for (name, value) in page.form(ASK).fill(typed) {
        if name != "file" {
            form = form.text(name, value);
        }
    }
    for (name, bytes) in files {
        let part = Part::bytes(bytes.to_vec()).file_name((*name).to_owned());
        form = form.part("file", part);
    }
    let call = visitor.call("POST", ASK).header("origin", ORIGIN);
    visitor.sends_once(call.multipart(form)).await
}

#[tokio::test]
async fn each_payer_is_named_before_and_after() {
    run(async |stage| {
        let server = stage.scene.server;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        stage
            .omar()
            .adds("anthropic", "guild", &good("anthropic"))
            .await;
        stage.omar().adds("openai", "user", &good("openai")).await;
        let mut told = Vec::new();
        for model in [
            "",
            OPENAI,
            "anthropic/claude-haiku-5-5",
            "mistral/mistral-small-latest",
        ] {
            let page = omar
                .opens(&format!("/playground?model={model}&in={server}"))
                .await;
            let before = foreseen(&page);
            let page = omar.sends(&page, ASK, &[("ask", "count")]).await;
            told.push(format!("before: {before}\n{}", conversation(&page)));
        }
        assert_snapshot!(told.join("\n---\n"), @"
        before: own key
        count
        gpt-6-luna OpenAI
        one two three four five six seven eight nine ten
        own key …6789< $0.000112 in, 10 out · <time>
        ---
        before: own key
        count
        gpt-6-luna OpenAI
        one two three four five six seven eight nine ten
        own key …6789< $0.000112 in, 10 out · <time>
        ---
        before: server key
        count
        claude-haiku-5-5 Anthropic
        one two three four five six seven eight nine ten
        server key< $0.000112 in, 10 out · <time>
        ---
        before: nobody
        count
        No API key configured. There is no key for Mistral that can pay here. Add a key, or type one for this question only.
        Add a key [/keys/new]Go to your keys [/keys]
        ");
        // In a direct message the server’s key does not pay.
        let page = omar
            .opens("/playground?model=anthropic/claude-haiku-5-5")
            .await;
        assert_snapshot!(foreseen(&page), @"nobody");
    })
    .await;
}

/// A receipt tells of keys that were asked before whoever paid, and of no others.
#[tokio::test]
async fn a_receipt_names_no_key_that_has_no_part_in_it() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "openrouter", "groq"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        for provider in ["openrouter", "groq"] {
            let pause = format!("/keys pause provider:{provider} scope:user");
            mia.runs(&pause).await;
        }
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let asks = async |model: &str| {
            let page = browser.opens("/playground").await;
            let page = browser
                .sends(&page, ASK, &[("ask", "count"), ("model", model)])
                .await;
            conversation(&page)
        };
        assert_snapshot!(asks("").await, @"
        count
        gpt-6-luna OpenAI
        one two three four five six seven eight nine ten
        own key …6789< $0.000112 in, 10 out · <time>
        ");
        assert_snapshot!(asks("groq/openai/gpt-oss-20b").await, @"
        count
        openai/gpt-oss-20b Groq
        one two three four five six seven eight nine ten
        bot default< $0.000112 in, 10 out · <time>Your key for Groq does not pay: it is paused.
        ");
    })
    .await;
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one visit from its beginning to its end"
)]
async fn a_conversation_goes_on_in_the_page_and_nowhere_else() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground").await;
        assert_snapshot!(timeless(&page.says()), @"
        # Playground
        Nothing is stored. The conversation lives in this page until you close it.
        Models and key [#settings] (Transcript) New [/playground]
        Ask something, or begin with one of these.
        What should a landing page for a ferry timetable say first? [/playground?as=&start=0]Explain what a hash is to a child of ten. [/playground?as=&start=1]Plan a day in a town by the sea, without a car. [/playground?as=&start=2]
        Your question
        {ask}
        Attach
        {file: }
        Paid byown keyown key, this once (Ask)
        Use it as
        {as: of 16}
        Model
        {model: of 23}
        Beside it
        {beside: of 23}
        For answers in words alone: a picture is made by one model.
        As if asked in
        {in: of 2}
        [ ] Use my own key for this only
        Key for one question
        {key: masked}
        Goes with the question and is forgotten with the answer. If it is refused, nobody else pays.
        (Show who pays for this)
        Another model
        Provider and model
        {other: }
        Stands in the place of the first.
        What the badges mean
        - own key a key of yours, stored or typed for once
        - server key the server’s, within its budget
        - bot default this service’s, within your tier
        - demo nobody: a template, marked
        ");
        let beside = [
            ("ask", "count"),
            ("model", "groq/openai/gpt-oss-20b"),
            ("beside", OPENAI),
        ];
        let page = mia.sends(&page, ASK, &beside).await;
        assert_snapshot!(conversation(&page), @"
        count
        openai/gpt-oss-20b Groq
        one two three four five six seven eight nine ten
        bot default< $0.000112 in, 10 out · <time>
        gpt-6-luna OpenAI
        one two three four five six seven eight nine ten
        own key …6789< $0.000112 in, 10 out · <time>
        ");
        stage.models_say("# Then\n\n- **a**\n- `b`\n\n```\nlet c;\n```");
        let page = mia.sends(&page, ASK, &[("ask", "and then?")]).await;
        assert_snapshot!(conversation(&page), @"
        count
        openai/gpt-oss-20b Groq
        one two three four five six seven eight nine ten
        bot default< $0.000112 in, 10 out · <time>
        gpt-6-luna OpenAI
        one two three four five six seven eight nine ten
        own key …6789< $0.000112 in, 10 out · <time>
        and then?
        openai/gpt-oss-20b Groq
        Then
        - a
        - b
        let c;
        bot default< $0.000112 in, 10 out · <time>
        gpt-6-luna OpenAI
        Then
        - a
        - b
        let c;
        own key …6789< $0.000112 in, 10 out · <time>
        ");
        assert_snapshot!(stage.told("openai"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: count
        assistant: one two three four five six seven eight nine ten
        user: and then?
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: count
        assistant: one two three four five six seven eight nine ten
        user: and then?
        ");
        // Another look at who pays asks nobody.
        let calls = stage.calls();
        let page = mia
            .sends(&page, ASK, &[("look", "1"), ("beside", "")])
            .await;
        assert_eq!(stage.calls(), calls);
        assert!(page.holds("and then?") && !page.holds("Nothing yet"));
        assert_snapshot!(foreseen(&page), @"bot default");
    })
    .await;
}

#[tokio::test]
async fn a_key_for_this_only_never_falls_back() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens(&format!("/playground?model={OPENAI}")).await;
        let mut told = Vec::new();
        let empty = sample("openai", Standing::Empty);
        for key in ["", "two words", &good("anthropic"), &bad("openai"), &empty] {
            let typed = [("ask", "count"), ("once", "1"), ("key", key)];
            let seen = mia.sends(&page, ASK, &typed).await;
            assert!(key.is_empty() || !seen.holds(key));
            assert!(seen.holds(">count</textarea>"), "what was typed stays");
            told.push(conversation(&seen));
        }
        assert_snapshot!(told.join("\n---\n"), @"
        count
        The key is missing. You chose a key of your own for this question, and typed none. Nobody was asked, and nobody else pays in its place. Type the key, or switch that off.
        ---
        count
        Key is invalid. What you typed can’t be a key: it contains spaces or characters that no key has, so it was sent to nobody. Nobody else paid. Copy the key again where you got it, and paste it whole and alone.
        ---
        count
        Key is invalid. It begins as keys of Anthropic do, and OpenAI was chosen, so it was sent to nobody. Nobody else paid. Choose the provider that gave it to you.
        ---
        count
        gpt-6-luna
        Key is invalid. OpenAI turned down the key that you typed for this question: it is mistyped, was revoked, or its account has no credit. It was not stored, and nobody else paid. Check it where you got it, and ask again.
        ---
        count
        gpt-6-luna
        Key is invalid. OpenAI turned down the key that you typed for this question: it is mistyped, was revoked, or its account has no credit. It was not stored, and nobody else paid. Check it where you got it, and ask again.
        ");
        let others = [bad("openai"), empty.clone()];
        assert_eq!(stage.keys_that_paid("openai"), others);
        let once = good("openai").replace("6789", "once");
        stage.key_stands(&once, Standing::Good);
        let typed = [
            ("ask", "count"),
            ("once", "1"),
            ("key", &once),
            ("beside", "groq/openai/gpt-oss-20b"),
        ];
        let seen = mia.sends(&page, ASK, &typed).await;
        // The other model’s provider is not sent the key.
        assert_snapshot!(conversation(&seen), @"
        count
        gpt-6-luna OpenAI
        one two three four five six seven eight nine ten
        own key, this once< $0.000112 in, 10 out · <time>
        Key is invalid. It begins as keys of OpenAI, DeepSeek, Moonshot AI or Qwen do, and Groq was chosen, so it was sent to nobody. Nobody else paid. Choose the provider that gave it to you.
        ");
        assert_eq!(stage.keys_that_paid("groq"), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn files_are_told_and_shown_and_what_is_not_read_is_named() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens(&format!("/playground?model={OPENAI}")).await;
        let files: [(&str, &[u8]); 3] = [
            ("notes.txt", b"ferries at nine\n"),
            ("quay.png", b"\x89PNG\r\n\x1a\n made up"),
            ("plan.pdf", b"%PDF-1.7"),
        ];
        let page = sends_files(&mia, &page, &[("ask", "what is this?")], &files).await;
        assert_snapshot!(conversation(&page), @"
        what is this?
        gpt-6-luna OpenAI
        You asked: what is this?
        notes.txt:
        ferries at nine
        (Picture: quay.png)
        (Files came with this that you are not given: plan.pdf (a PDF). Say so if they matter, and don't guess what is in them.)
        This is a made-up model, so that is all it knows.
        own key …6789< $0.000112 in, 48 out · <time>plan.pdf was not read: it is a PDF; copy its text out.
        ");
        assert_snapshot!(stage.told("openai"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: [a picture] what is this?

        notes.txt:
        ```
        ferries at nine
        ```
        (Picture: quay.png)
        (Files came with this that you are not given: plan.pdf (a PDF). Say so if they matter, and don't guess what is in them.)
        ");
        let page = sends_files(&mia, &page, &[("ask", "and now?")], &[]).await;
        assert_snapshot!(stage.told("openai"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: what is this?

        notes.txt:
        ```
        ferries at nine
        ```
        (Picture: quay.png)
        (Files came with this that you are not given: plan.pdf (a PDF). Say so if they matter, and don't guess what is in them.)
        assistant: You asked: what is this?

        notes.txt:
        ```
        ferries at nine
        ```
        (Picture: quay.png)
        (Files came with this that you are not given: plan.pdf (a PDF). Say so if they matter, and don't guess what is in them.)
        This is a made-up model, so that is all it knows.
        user: and now?
        ");
        // A question that is nothing but a file which can’t be read.
        let seen = sends_files(&mia, &page, &[("ask", "")], &files[2..]).await;
        assert!(
            conversation(&seen).contains("it is a PDF"),
            "{}",
            conversation(&seen)
        );
        let large = vec![b'a'; 17 << 20];
        let call = mia.call("POST", ASK).header("origin", ORIGIN);
        let form = Form::new().part("file", Part::bytes(large).file_name("a"));
        let refused = call.multipart(form).send().await;
        // Whoever is refused early may not have sent everything yet.
        assert!(refused.is_err() || refused.is_ok_and(|it| it.status() == 413));
    })
    .await;
}

#[tokio::test]
async fn nothing_that_is_said_or_typed_is_run_as_html() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let payloads = [
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "</textarea><svg onload=alert(1)>",
            "[x](javascript:alert(1))",
            "{{7*7}}${7*7}'\"<b>",
        ];
        for payload in payloads {
            stage.models_say(payload);
            let page = mia.opens(&format!("/playground?model={OPENAI}")).await;
            let asked = mia.sends(&page, ASK, &[("ask", payload)]).await;
            let again = mia
                .sends(&asked, ASK, &[("look", "1"), ("ask", payload)])
                .await;
            let name: String = url::form_urlencoded::byte_serialize(payload.as_bytes()).collect();
            let named = mia.opens(&format!("/playground?model=openai/{name}")).await;
            let unknown = mia.opens(&format!("/playground?as={name}")).await;
            assert_eq!(unknown.status, 400, "{payload}");
            let typed = [("ask", payload), ("other", payload)];
            let refused = mia.sends(&named, ASK, &typed).await;
            let file = sends_files(&mia, &page, &[("ask", "x")], &[(payload, b"%PDF-1.7")]).await;
            for seen in [&asked, &again, &named, &refused, &file] {
                assert_eq!(seen.status, 200, "{payload}");
            }
            for seen in [asked, again, named, unknown, refused, file] {
                for forbidden in [
                    "<script>alert",
                    "<img src=x",
                    "<svg onload",
                    "<b>",
                    "href=\"javascript",
                ] {
                    assert!(!seen.html.contains(forbidden), "{payload}: {}", seen.html);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_of_it_is_kept() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let (asked, said) = ("canary-of-a-question", "canary-of-an-answer");
        stage.models_say(said);
        let key = good("openai");
        let page = mia.opens(&format!("/playground?model={OPENAI}")).await;
        let typed = [("ask", asked), ("once", "1"), ("key", &key)];
        let page = mia.sends(&page, ASK, &typed).await;
        assert!(page.holds(said) && !page.holds(&key));
        assert!(!page.address.contains(asked));
        stage.fails("openai", ProviderFault::EchoKey);
        let page = mia.sends(&page, ASK, &typed).await;
        assert!(!page.holds(&key), "{}", page.html);
        assert_eq!(page.header("cache-control"), "no-store");
        let rows = stage.app().await.audit().await;
        assert!(
            rows.iter()
                .all(|row| row.source == "request" && row.key.is_none())
        );
        forgets(stage, &[asked, said, &key]).await;
    })
    .await;
}

/// Looks for texts in everything that the program wrote down.
async fn forgets(stage: &Stage, texts: &[&str]) {
    stage.stop().await;
    for file in ["test.db", "test.db-wal"] {
        let path = stage.database().with_file_name(file);
        let bytes = std::fs::read(path).unwrap_or_default();
        let written = String::from_utf8_lossy(&bytes);
        for text in texts {
            assert!(!written.contains(text), "{text} is in {file}");
        }
    }
}
