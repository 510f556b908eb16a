//! What is said of keys that are typed: that one is replaced, that a name is
//! too long, and which lines of a long file were left out.

use latchkey_emulator::providers::Standing;

use super::{SeenPage, Visitor};
use crate::tests::{bad, good, run};

fn contains(page: &SeenPage, words: &str) {
    assert!(page.says().contains(words), "{words}: {}", page.shown());
}

#[tokio::test]
async fn a_key_that_takes_anothers_place_is_announced_and_told() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let key = good("openai");
        let form = mia.opens("/keys/new?provider=openai").await;
        assert!(!form.holds("already"), "{}", form.shown());
        let typed = [("key", &*key), ("name", "Work")];
        contains(&mia.sends(&form, "/keys", &typed).await, "Stored your OpenAI key.");
        let form = mia.opens("/keys/new?provider=openai").await;
        contains(
            &form,
            "You have a key for OpenAI already, “Work”, which ends in 6789. A new one takes its place",
        );
        contains(&form, "Check and replace");
        assert!(!mia.opens("/keys/new?provider=groq").await.holds("already"));
        let other = format!("{key}-two");
        let replaced = mia.sends(&form, "/keys", &[("key", &*other)]).await;
        contains(
            &replaced,
            "Replaced your OpenAI key: the old one was called “Work” and ended in 6789.",
        );
        let import = mia.opens("/keys/import").await;
        let file = format!("OPENAI_API_KEY={key}");
        let found = mia.sends(&import, "/keys/import", &[("keys", &file)]).await;
        contains(&found, "Replaces the one that you have: Work · …-two");
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let keys = format!("/servers/{}/keys", stage.scene.server);
        let form = omar.opens(&format!("{keys}?provider=openai")).await;
        omar.sends(&form, &keys, &[("key", &*key)]).await;
        let form = omar.opens(&format!("{keys}?provider=openai")).await;
        contains(&form, "The server has a key for OpenAI already, which ends in 6789.");
        let replaced = omar.sends(&form, &keys, &[("key", &*other)]).await;
        contains(&replaced, "The OpenAI key is replaced: the old one ended in 6789. Works.");
    })
    .await;
}

#[tokio::test]
async fn a_key_is_used_for_as_long_as_the_form_says() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/new?provider=openai").await;
        assert_eq!(
            form.form("/keys").offered("days"),
            ["0", "7", "30", "90", "365"]
        );
        let key = good("openai");
        let ends = async |typed: &[(&str, &str)]| {
            let form = mia.opens("/keys/new?provider=openai").await;
            let list = mia.sends(&form, "/keys", typed).await;
            let check = list.action("/keys/", "/check").expect("a key is listed");
            let one = mia.opens(check.trim_end_matches("/check")).await.says();
            let mut facts = one.lines().skip_while(|line| *line != "Ends");
            facts.nth(1).map(str::to_owned)
        };
        assert_eq!(ends(&[("key", &*key)]).await, None);
        let typed = [("key", &*key), ("days", "30")];
        assert_eq!(
            ends(&typed).await.as_deref(),
            Some("21 Dec 2026, 00:00 UTC")
        );
        // After that it pays for nothing.
        stage.clock.advance_ms(31 * 24 * 3_600 * 1_000);
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let keys = format!("/servers/{}/keys", stage.scene.server);
        let form = omar.opens(&format!("{keys}?provider=openai")).await;
        omar.sends(&form, &keys, &[("key", &*key), ("days", "7")])
            .await;
        stage.clock.advance_ms(8 * 24 * 3_600 * 1_000);
        let told = stage.omar().runs("/ask prompt:count provider:openai").await;
        let expired = "The server key for OpenAI has expired";
        assert!(told.contains(expired), "{told}");
    })
    .await;
}

/// The page of a provider's keys is never called its billing page.
#[tokio::test]
async fn a_billing_page_is_named_where_there_is_one() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let list = mia.opens("/keys/new").await;
        let offered = list.form("/keys/new").offered("provider");
        assert!(offered.len() > 20, "{offered:?}");
        let app = stage.app().await;
        for id in offered {
            let page = mia.opens(&format!("/keys/new?provider={id}")).await;
            let says = page.says();
            let address = |label: &str| {
                let (_, rest) = says.split_once(label)?;
                rest.strip_prefix(" [")?
                    .split_once(']')
                    .map(|(it, _)| it.to_owned())
            };
            let known = app.providers().find(&id).unwrap().billing_page();
            assert_eq!(
                address("its billing page").as_deref(),
                known,
                "{id}: {says}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_name_that_is_too_long_is_refused_and_there_again() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let name = "W".repeat(41);
        let form = mia.opens("/keys/new?provider=openai").await;
        let typed = [("key", &*good("openai")), ("name", &*name)];
        let told = mia.sends(&form, "/keys", &typed).await;
        assert_eq!(told.status, 422, "{}", told.shown());
        contains(
            &told,
            "That name is too long. It has 41 characters, and a name has 40 at the most.",
        );
        contains(&told, &format!("{{name: {name}}}"));
        contains(&mia.opens("/keys").await, "No API key configured");
        let fits = "W".repeat(40);
        let typed = [("key", &*good("openai")), ("name", &*fits)];
        contains(&mia.sends(&form, "/keys", &typed).await, &fits);
        let one = mia.opens("/keys").await.action("/keys/", "/check").unwrap();
        let one = one.trim_end_matches("/check").to_owned();
        let page = mia.opens(&one).await;
        let rename = format!("{one}/rename");
        let told = mia.sends(&page, &rename, &[("name", &name)]).await;
        assert_eq!(told.status, 422, "{}", told.shown());
        contains(&told, &format!("{{name: {name}}}"));
        let tokens = mia.opens("/tokens/new").await;
        let told = mia.sends(&tokens, "/tokens", &[("name", &name)]).await;
        assert_eq!(told.status, 422, "{}", told.shown());
        contains(&told, "That name is too long");
        contains(&told, &format!("{{name: {name}}}"));
    })
    .await;
}

#[tokio::test]
async fn the_lines_of_a_long_file_are_named_in_few_rows() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/import").await;
        let mut file = String::from("GROQ_API_KEY=${MY_GROQ}\nXAI_API_KEY=xai-\0made-up\n");
        file.extend((3..=3_000).map(|line| format!("SETTING_{line}=made up.\n")));
        // Browsers send each line break as two bytes, and these as six.
        let sent = file.replace('\n', "\r\n");
        assert!(file.len() < 64 * 1_024 && sent.len() > 64 * 1_024);
        let found = mia.sends(&form, "/keys/import", &[("keys", &sent)]).await;
        assert_eq!(found.status, 200, "{}", found.says());
        assert!(found.html.len() < 60_000, "{} bytes", found.html.len());
        contains(&found, "3,000 lines");
        contains(
            &found,
            "in another variable or a vault, and is not the key.",
        );
        contains(&found, "It has zero bytes in it");
        contains(
            &found,
            "3 to 3000 | It is another setting, and no provider’s key.",
        );
        let keys = (0..45).map(|number| format!("gsk_made{number:03}up0made0up1made0up"));
        let keys = keys.collect::<Vec<_>>().join("\n");
        let found = mia.sends(&form, "/keys/import", &[("keys", &keys)]).await;
        assert_eq!(found.status, 200, "{}", found.says());
        contains(&found, "5 lines");
        contains(
            &found,
            "41 | A key for Groq, and one too many: an import takes 40 keys.",
        );
        contains(&found, "45 | A key for Groq");
        let long = "# made up\n".repeat(7_000);
        let told = mia.sends(&form, "/keys/import", &[("keys", &long)]).await;
        assert_eq!(told.status, 422, "{}", told.says());
        contains(&told, "It has 69 kB, and an import takes 64 kB");
        let told = mia.sends(&form, "/keys/import", &[("keys", "  ")]).await;
        assert_eq!(told.status, 422);
        contains(&told, "Nothing was pasted");
    })
    .await;
}

#[tokio::test]
async fn too_many_checks_lose_nothing_that_was_typed_but_the_key() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let servers = format!("/servers/{}/keys", stage.scene.server);
        let key = good("runpod");
        for (at, form, action, field) in [
            (0, "/keys/new?provider=runpod", "/keys", "extra-endpoint"),
            (
                1,
                &*format!("{servers}?provider=runpod"),
                &*servers,
                "extra-endpoint",
            ),
            (
                2,
                "/operator/keys/new?provider=runpod",
                "/operator/keys",
                "endpoint",
            ),
        ] {
            stage.clock.advance_ms(60_001);
            let page = omar.opens(form).await;
            let typed = [("key", &*key), ("name", "Studio"), (field, "made-up-id")];
            // A check of each kind of form counts.
            let bad = bad("runpod");
            let refused = [("key", &*bad), (field, "made-up-id")];
            for _ in 0..5 {
                omar.sends(&page, action, &refused).await;
            }
            let told = omar.sends(&page, action, &typed).await;
            assert_eq!(told.status, 429, "{action}: {}", told.shown());
            let form = told.form_with(action, &typed);
            let again = form.fill(&[("key", &*key)]);
            for (name, value) in [
                ("name", "Studio"),
                (field, "made-up-id"),
                ("provider", "runpod"),
            ] {
                let there = (name.to_owned(), value.to_owned());
                assert!(again.contains(&there), "{action}: {name}: {}", told.shown());
            }
            assert!(!told.html.contains(&key), "{action}");
            // What is shown again goes through in a minute.
            stage.clock.advance_ms(61_000);
            let sent = omar.sends_once(omar.post(action, &again)).await;
            assert_eq!(sent.status, 303, "{action} {at}: {}", sent.shown());
        }
        stage.clock.advance_ms(60_001);
        let keys = omar.opens("/keys").await;
        let one = keys.action("/keys/", "/check").unwrap();
        let one = one.trim_end_matches("/check").to_owned();
        let (page, replace) = (omar.opens(&one).await, format!("{one}/replace"));
        let other = format!("{key}-two");
        let typed = [("key", &*other), ("extra-endpoint", "made-up-id")];
        stage.key_stands(&key, Standing::Bad);
        for _ in 0..5 {
            omar.sends(&page, &format!("{one}/check"), &[]).await;
        }
        let told = omar.sends(&page, &replace, &typed).await;
        assert_eq!(told.status, 429, "{}", told.shown());
        let again = told.form_with(&replace, &typed).fill(&[]);
        let endpoint = ("extra-endpoint".to_owned(), "made-up-id".to_owned());
        assert!(again.contains(&endpoint), "{}", told.shown());
    })
    .await;
}
