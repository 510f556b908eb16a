//! The playground without script: forms, and whole pages in answer.

use insta::assert_snapshot;
use latchkey_emulator::providers::{ProviderFault, Standing, sample};
use reqwest::multipart::{Form, Part};

use super::{ORIGIN, SeenPage, Visitor};
use crate::tests::{Setup, Stage, bad, good, run, run_with};

const ASK: &str = "/playground/ask";
const OPENAI: &str = "openai/gpt-6-luna";

/// Hides how long it took.
fn timeless(text: &str) -> String {
    let time = regex::Regex::new(r"\d+\.\d s\b").unwrap();
    time.replace_all(text, "<time>").into_owned()
}

/// What stands in the conversation: what was asked, answered, and paid.
fn conversation(page: &SeenPage) -> String {
    let html = page.html.split_once("id=\"talk\"").unwrap().1;
    let html = html.split_once("<div class=\"composer\"").unwrap().0;
    let read = super::html::read(&format!("<main{html}</main>"));
    timeless(&read)
}

/// Who would pay, before anybody is asked.
fn foreseen(page: &SeenPage) -> String {
    let html = page.html.split_once("Paid by").unwrap().1;
    let html = html.split_once("<button").unwrap().0;
    let read = super::html::read(&format!("<main{html}</main>"));
    read.replace('\n', " ")
}

/// Sends the form with files as a browser does.
async fn sends_files(
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
        let (mia, server) = (stage.mia(), stage.scene.server.to_string());
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
        assert_snapshot!(told.join("\n---\n"), @"");
        // In a direct message the server’s key does not pay.
        let page = omar
            .opens("/playground?model=anthropic/claude-haiku-5-5")
            .await;
        assert_snapshot!(foreseen(&page), @"");
        drop(mia);
    })
    .await;
}

#[tokio::test]
async fn a_conversation_goes_on_in_the_page_and_nowhere_else() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground").await;
        assert_snapshot!(timeless(&page.says()), @"");
        let beside = [
            ("ask", "count"),
            ("model", "groq/openai/gpt-oss-20b"),
            ("beside", OPENAI),
        ];
        let page = mia.sends(&page, ASK, &beside).await;
        assert_snapshot!(conversation(&page), @"");
        stage.models_say("# Then\n\n- **a**\n- `b`\n\n```\nlet c;\n```");
        let page = mia.sends(&page, ASK, &[("ask", "and then?")]).await;
        assert_snapshot!(conversation(&page), @"");
        assert_snapshot!(stage.told("openai"), @"");
        assert_snapshot!(stage.told("groq"), @"");
        // Another look at who pays asks nobody.
        let calls = stage.calls();
        let page = mia
            .sends(&page, ASK, &[("look", "1"), ("beside", "")])
            .await;
        assert_eq!(stage.calls(), calls);
        assert!(page.holds("and then?") && !page.holds("Nothing yet"));
        assert_snapshot!(foreseen(&page), @"");
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
        assert_snapshot!(told.join("\n---\n"), @"");
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
        assert_snapshot!(conversation(&seen), @"");
        assert_eq!(stage.keys_that_paid("groq"), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_visitor_pays_with_a_key_of_their_own_or_not_at_all() {
    run(async |stage| {
        let visitor = Visitor::stranger(stage).await;
        let page = visitor.opens(&format!("/playground?model={OPENAI}")).await;
        assert_snapshot!(foreseen(&page), @"");
        let seen = visitor.sends(&page, ASK, &[("ask", "count")]).await;
        assert_snapshot!(conversation(&seen), @"");
        // The bot default pays for nobody who is not known.
        let any = visitor.opens("/playground").await;
        visitor.sends(&any, ASK, &[("ask", "count")]).await;
        assert_eq!(stage.calls(), 0);
        let key = good("openai");
        let seen = visitor
            .sends(&seen, ASK, &[("ask", "count"), ("key", &key)])
            .await;
        assert_snapshot!(conversation(&seen), @"");
        assert!(!seen.holds(&key));
        assert_eq!(stage.keys_that_paid("openai"), [key]);
        let mut last = String::new();
        for number in 0..6 {
            let stolen = bad("openai").replace("0000", &format!("{number:04}"));
            stage.key_stands(&stolen, Standing::Bad);
            let typed = [("ask", "count"), ("key", stolen.as_str())];
            last = conversation(&visitor.sends(&page, ASK, &typed).await);
        }
        assert!(last.contains("Too many keys were refused"), "{last}");
        // What worked from here goes on working.
        let typed = [("ask", "count"), ("key", &good("openai"))];
        let seen = conversation(&visitor.sends(&page, ASK, &typed).await);
        assert!(seen.contains("own key, this once"), "{seen}");
        let mut seen = SeenPage::clone(&page);
        for _ in 0..20 {
            seen = visitor
                .sends(&page, ASK, &[("ask", "count"), ("key", &good("openai"))])
                .await;
        }
        assert!(conversation(&seen).contains("That is too often"));
    })
    .await;
}

#[tokio::test]
async fn a_visitor_sees_the_demo_where_the_operator_wants_it() {
    let setup = Setup {
        config: "[ask]\ndemo_replies = true\n".to_owned(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let visitor = Visitor::stranger(stage).await;
        let page = visitor.opens("/playground?as=code").await;
        assert_eq!(foreseen(&page), "demo");
        let seen = visitor
            .sends(&page, ASK, &[("ask", "a made-up idea")])
            .await;
        let shown = conversation(&seen);
        assert!(shown.contains("This is a demo reply"), "{shown}");
        assert!(shown.contains("demo$0"), "{shown}");
        // The bot default could pay, and does not for a visitor.
        assert_eq!(stage.calls(), 0);
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
        assert_snapshot!(conversation(&page), @"");
        assert_snapshot!(stage.told("openai"), @"");
        let page = sends_files(&mia, &page, &[("ask", "and now?")], &[]).await;
        assert_snapshot!(stage.told("openai"), @"");
        // A question that is nothing but a file which can’t be read.
        let seen = sends_files(&mia, &page, &[("ask", "")], &files[2..]).await;
        assert!(
            conversation(&seen).contains("a PDF is not read"),
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
            let named = mia
                .opens(&format!(
                    "/playground?model=openai/{name}&as={name}&in={name}"
                ))
                .await;
            let refused = mia
                .sends(&named, ASK, &[("ask", payload), ("other", payload)])
                .await;
            let file = sends_files(&mia, &page, &[("ask", "x")], &[(payload, b"%PDF-1.7")]).await;
            for seen in [asked, again, named, refused, file] {
                assert_eq!(seen.status, 200, "{payload}");
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

#[tokio::test]
async fn a_picture_is_made_in_the_page() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/playground?as=:picture").await;
        assert_eq!(foreseen(&page), "own key");
        let typed = [("ask", "a lighthouse"), ("model", "openai/gpt-image-2")];
        let page = mia.sends(&page, ASK, &typed).await;
        assert!(page.holds("<img class=\"made\" src=\"data:image/png;base64,iVBOR"));
        assert_snapshot!(conversation(&page), @"");
        let seen = mia.sends(&page, ASK, &[("ask", " ")]).await;
        assert!(conversation(&seen).contains("There is nothing to answer"));
        let visitor = Visitor::stranger(stage).await;
        let page = visitor.opens("/playground?as=:picture").await;
        let seen = visitor.sends(&page, ASK, &[("ask", "a lighthouse")]).await;
        assert!(conversation(&seen).contains("API key required"));
    })
    .await;
}
