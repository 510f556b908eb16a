//! An import in a browser: sent twice it stores once, a reload does no harm, and
//! every line that is no key has its words.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::providers::ProviderFault;

use super::{SeenPage, Visitor};
use crate::tests::{Stage, bad, good, run};

fn contains(page: &SeenPage, words: &str) {
    assert!(page.says().contains(words), "{words}: {}", page.shown());
}

const CHECK: &str = "/keys/import";
const STORE: &str = "/keys/import/store";

#[tokio::test]
async fn a_file_that_comes_again_stores_nothing_and_says_so() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/import").await;
        let file = format!("OPENAI_API_KEY={}", good("openai"));
        let typed = [("keys", &*file)];
        let first = mia.sends(&form, "/keys/import", &typed).await;
        contains(&first, "Tick what you want to keep.");
        let stored = mia.sends(&first, STORE, &[]).await;
        contains(&stored, "Stored your OpenAI key.");
        let calls = stage.calls();
        // A reload of the page that listed the keys, and the file once more.
        for _ in 0..2 {
            let again = mia.sends(&form, "/keys/import", &typed).await;
            contains(&again, "All of it is stored already");
            contains(&again, "Works | Is stored already");
            assert!(!again.holds("Store what is ticked"), "{}", again.shown());
        }
        // Nobody is asked about a key that is stored.
        assert_eq!(stage.calls(), calls);
    })
    .await;
}

/// Long enough for a second request to come meanwhile.
fn late() -> ProviderFault {
    ProviderFault::SlowFirstByte(Duration::from_secs(2))
}

/// How many calls a provider has received.
fn asked(stage: &Stage, provider: &str) -> usize {
    stage.world().look(|state| {
        let calls = state.providers.calls.iter();
        calls.filter(|call| call.provider == provider).count()
    })
}

#[tokio::test]
async fn check_all_pressed_twice_at_once_asks_each_provider_once() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/import").await.form(CHECK);
        let (openai, groq) = (good("openai"), good("groq"));
        let file = format!("OPENAI_API_KEY={openai}\nGROQ_API_KEY={groq}\n");
        let fields = form.fill(&[("keys", &*file)]);
        let send = || mia.sends_once(mia.post(CHECK, &fields));
        stage.fails("openai", late());
        let (first, second) = tokio::join!(send(), send());
        for seen in [&first, &second] {
            assert_eq!(seen.status, 200);
            contains(seen, "Tick what you want to keep.");
        }
        assert_eq!(
            first.form(STORE).fill(&[]),
            second.form(STORE).fill(&[]),
            "both are the same import"
        );
        assert_eq!((asked(stage, "openai"), asked(stage, "groq")), (1, 1));
        // Another file in the same form is another one.
        let fields = form.fill(&[("keys", &*format!("GROQ_API_KEY={groq}"))]);
        let third = mia.sends_once(mia.post(CHECK, &fields)).await;
        assert!(!third.holds("OPENAI_API_KEY"), "{}", third.shown());
        // And afterwards the same form is looked at again.
        send().await;
        assert_eq!((asked(stage, "openai"), asked(stage, "groq")), (2, 3));
    })
    .await;
}

/// A browser leaves its first request when its person presses once more.
#[tokio::test]
async fn a_check_goes_on_though_its_browser_leaves() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/import").await.form(CHECK);
        let file = format!("OPENAI_API_KEY={}", good("openai"));
        let fields = form.fill(&[("keys", &*file)]);
        stage.fails("openai", late());
        let reached = stage.world().until(|state| {
            let mut calls = state.providers.calls.iter();
            calls.find(|call| call.provider == "openai").map(|_| ())
        });
        tokio::select! {
            seen = mia.sends_once(mia.post(CHECK, &fields)) => panic!("{}", seen.shown()),
            () = reached => {}
        }
        let seen = mia.sends_once(mia.post(CHECK, &fields)).await;
        contains(&seen, "Tick what you want to keep.");
        assert_eq!(asked(stage, "openai"), 1);
    })
    .await;
}

#[tokio::test]
async fn a_form_with_nothing_ticked_leaves_what_was_found() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/import").await;
        let file = format!("OPENAI_API_KEY={}", good("openai"));
        let found = mia.sends(&form, CHECK, &[("keys", &file)]).await;
        let nothing = [("chosen", "")];
        let told = mia.sends(&found, STORE, &nothing).await;
        contains(&told, "Tick what you want to keep.");
        // However often, and from whichever of its pages.
        let told = mia.sends(&told, STORE, &nothing).await;
        mia.sends(&found, STORE, &nothing).await;
        let stored = mia.sends(&told, STORE, &[]).await;
        contains(&stored, "Stored your OpenAI key.");
        let late = mia.sends(&found, STORE, &nothing).await;
        assert_eq!(late.status, 409, "{}", late.shown());
        // Whatever it is called, the address stays one of ours.
        let mut fields = found.form(STORE).fill(&nothing);
        fields.retain(|(name, _)| name != "import");
        fields.push(("import".to_owned(), "a\r\nb&c=//d".to_owned()));
        let sent = mia.sends_once(mia.post(STORE, &fields)).await;
        assert_eq!(
            sent.location(),
            "/keys/import?import=a%0D%0Ab%26c%3D%2F%2Fd"
        );
    })
    .await;
}

/// Storing a key asks its provider where that could not be done before.
#[tokio::test]
async fn storing_goes_on_though_its_browser_leaves() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        // No room for checks.
        for _ in 0..5 {
            stage.mia().adds("openai", "user", &bad("openai")).await;
        }
        let form = mia.opens("/keys/import").await;
        let keys = [good("openai"), good("groq")];
        let file = format!("OPENAI_API_KEY={}\nGROQ_API_KEY={}", keys[0], keys[1]);
        let found = mia.sends(&form, CHECK, &[("keys", &file)]).await;
        contains(&found, "2 keys were not checked.");
        stage.clock.advance_ms(60_001);
        let before = asked(stage, "openai");
        stage.fails("openai", late());
        let fields = found.form(STORE).fill(&[]);
        let reached = stage.world().until(|state| {
            let calls = state.providers.calls.iter();
            let asked = calls.filter(|call| call.provider == "openai").count();
            (asked > before).then_some(())
        });
        tokio::select! {
            seen = mia.sends_once(mia.post(STORE, &fields)) => panic!("{}", seen.shown()),
            () = reached => {}
        }
        let app = stage.app().await;
        let caller = crate::app::nobody_else(crate::model::PersonId(stage.scene.member));
        let scope = crate::model::Scope::User;
        while app.keys.list_owned(&caller, scope).await.unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_ticked_is_stored_once_however_often_the_form_comes() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/import").await;
        let file = format!("OPENAI_API_KEY={}", good("openai"));
        let typed = [("keys", &*file)];
        // Two pages of the same file, before anything is stored.
        let (one, two) = (
            mia.sends(&form, "/keys/import", &typed).await,
            mia.sends(&form, "/keys/import", &typed).await,
        );
        let fields = one.form(STORE).fill(&[]);
        let send = || mia.sends_once(mia.post(STORE, &fields));
        let (first, second) = tokio::join!(send(), send());
        for sent in [&first, &second] {
            assert_eq!((sent.status, sent.location()), (303, "/keys"));
        }
        let keys = mia.opens("/keys").await;
        contains(&keys, "Stored your OpenAI key.");
        contains(&keys, "That form came before, and was carried out once.");
        assert!(!keys.holds("Replaced"), "{}", keys.shown());
        let address = keys.action("/keys/", "/check").unwrap();
        let late = mia.sends(&two, STORE, &[]).await;
        contains(
            &late,
            "Your OpenAI key is stored already, so nothing changed.",
        );
        assert_eq!(late.action("/keys/", "/check").unwrap(), address);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_sent_twice_is_stored_once_and_keeps_its_address() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let servers = format!("/servers/{}/keys", stage.scene.server);
        let (ours, operators) = ("/keys", "/operator/keys");
        let key = good("openai");
        for (who, form, action, told) in [
            (
                &mia,
                "/keys/new?provider=openai",
                ours,
                "OpenAI accepts it.",
            ),
            (
                &omar,
                &*format!("{servers}?provider=openai"),
                &*servers,
                "Works.",
            ),
            (
                &omar,
                "/operator/keys/new?provider=openai",
                operators,
                "Its provider accepts it.",
            ),
        ] {
            // Keys may be checked five times a minute.
            stage.clock.advance_ms(60_001);
            let page = who.opens(form).await;
            let typed = [("key", &*key), ("name", "Work")];
            let first = who.sends(&page, action, &typed).await;
            contains(&first, told);
            let address = first.action(&format!("{action}/"), "/check");
            let again = who.sends(&page, action, &[("key", &*key)]).await;
            contains(&again, "already. It was checked again.");
            contains(&again, "Work");
            assert!(address.is_some(), "{}", again.shown());
            assert_eq!(again.action(&format!("{action}/"), "/check"), address);
            // Another key goes by the name of the one whose place it takes.
            let other = format!("{key}-two");
            let replaced = who.sends(&page, action, &[("key", &*other)]).await;
            contains(&replaced, "The new one keeps the name “Work”.");
            let named = [("key", &*format!("{key}-three")), ("name", "Home")];
            let renamed = who.sends(&page, action, &named).await;
            contains(&renamed, "called “Work” and ended in -two.");
            assert!(!renamed.holds("keeps the name"), "{}", renamed.shown());
            contains(&renamed, "Home");
        }
    })
    .await;
}

#[tokio::test]
async fn an_imported_key_and_one_of_a_form_in_discord_keep_the_name_too() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let key = good("openai");
        let page = mia.opens("/keys/new?provider=openai").await;
        let named = [("key", &*format!("{key}-three")), ("name", "Home")];
        mia.sends(&page, "/keys", &named).await;
        let form = mia.opens("/keys/import").await;
        let file = format!("OPENAI_API_KEY={key}");
        let found = mia.sends(&form, "/keys/import", &[("keys", &*file)]).await;
        let all = found.form(STORE).offered("chosen");
        let chosen: Vec<(&str, &str)> = all.iter().map(|id| ("chosen", &**id)).collect();
        let stored = mia.sends(&found, STORE, &chosen).await;
        contains(
            &stored,
            "Replaced your OpenAI key. It keeps the name “Home”.",
        );
        let told = stage.mia().adds("openai", "user", &good("openai")).await;
        assert!(
            told.contains("was stored already, and was checked again"),
            "{told}"
        );
        let told = stage
            .mia()
            .adds("openai", "user", &format!("{}-four", good("openai")))
            .await;
        assert!(
            told.contains("It keeps the old one's name, “Home”."),
            "{told}"
        );
    })
    .await;
}

#[tokio::test]
async fn lines_without_a_key_and_lines_that_repeat_one_are_named() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/import").await;
        let key = good("openai");
        let file = format!(
            "OPENAI_API_KEY\nOPENAI_API_KEY={key}\nMY_OPENAI_KEY={key}\nOPENAI_API_KEY={key}\nGROQ_KEY={}\n",
            bad("groq")
        );
        let found = mia.sends(&form, "/keys/import", &[("keys", &*file)]).await;
        contains(
            &found,
            "1OPENAI_API_KEY | It is the name of a variable, without a key. Write NAME=key",
        );
        contains(
            &found,
            "3MY_OPENAI_KEY | The same OpenAI key stands in line 2. It is there once.",
        );
        contains(&found, "4OPENAI_API_KEY | The same OpenAI key stands in line 2.");
        assert!(!found.html.contains(&key));
    })
    .await;
}

/// A line for a key of each of these providers.
fn lines(providers: &[&str]) -> String {
    let line = |id: &&str| format!("{}_API_KEY={}\n", id.to_uppercase(), good(id));
    providers.iter().map(line).collect()
}

/// Providers that can't be asked, so that their keys are not accepted.
const SILENT: [&str; 5] = ["openai", "mistral", "cerebras", "deepseek", "anthropic"];

fn silences(stage: &Stage) {
    for id in SILENT {
        stage.fails(id, ProviderFault::Html(502));
    }
}

/// Of keys that are not accepted, five are checked a minute: one of each
/// provider first. What is left is said, and waits or is stored as it is.
#[tokio::test]
async fn what_was_not_checked_is_said_and_can_be_stored_all_the_same() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/import").await;
        let file = format!(
            "{}OPENAI_KEY_2={}2\n{}{}",
            lines(&SILENT[..1]),
            good("openai"),
            lines(&SILENT[1..]),
            lines(&["xai"])
        );
        silences(stage);
        let found = mia.sends(&form, CHECK, &[("keys", &*file)]).await;
        assert_snapshot!(found.says(), @"
        # Import a .env
        None of what is ticked is stored yet. Tick what you want to keep.
        Cancel [/keys]
        2 keys were not checked. Of keys that are not accepted, five are checked a minute and twenty an hour; one of each provider comes first. Stored here in 60 seconds or later, they are checked first. Or store them unchecked now, and check them on their pages later. What has to wait stays here.
        Keys that were found
        Key | Health | If stored
        [x] OpenAIOPENAI_API_KEY · …6789
        | Not checked yet | New
        [ ] OpenAIOPENAI_KEY_2 · …7892
        | Not checked | There is one key for each provider; another stands above
        [x] MistralMISTRAL_API_KEY · …6789
        | Not checked yet | New
        [x] CerebrasCEREBRAS_API_KEY · …6789
        | Not checked yet | New
        [x] DeepSeekDEEPSEEK_API_KEY · …6789
        | Not checked yet | New
        [x] AnthropicANTHROPIC_API_KEY · …6789
        | Not checked yet | New
        [x] xAIXAI_API_KEY · …6789
        | Not checked | New
        (Store what is ticked) (Store it, the rest unchecked)
        ");
        // Stored as it is, it is there, and its page checks it.
        let stored = mia.sends(&found, STORE, &[("without_check", "1")]).await;
        assert_eq!(stored.address, "/keys");
        contains(
            &stored,
            "Stored your xAI key. It is not checked; its page checks it.",
        );
        contains(&stored, "xAI [/keys/");
    })
    .await;
}

#[tokio::test]
async fn what_was_not_checked_waits_for_its_check_and_for_no_key_that_works() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/import").await;
        let first = mia
            .sends(&form, CHECK, &[("keys", &*lines(&["xai"]))])
            .await;
        mia.sends(&first, STORE, &[]).await;
        let file = format!(
            "{}{}XAI_API_KEY={}-two\n",
            lines(&SILENT),
            lines(&["groq"]),
            good("xai")
        );
        silences(stage);
        let found = mia.sends(&form, CHECK, &[("keys", &*file)]).await;
        contains(&found, "2 keys were not checked.");
        let ids = found.form(STORE).offered("chosen");
        let mut ticked: Vec<(&str, &str)> = ids.iter().map(|id| ("chosen", &**id)).collect();
        ticked.push(("without_check", "1"));
        let waits = mia.sends(&found, STORE, &ticked).await;
        // None that works makes way for one that nobody has checked.
        contains(
            &waits,
            "The xAI key must be checked first, which may be done in",
        );
        contains(&waits, "1 key was not checked.");
        stage.clock.advance_ms(60_001);
        let ids = waits.form(STORE).offered("chosen");
        let stored = mia.sends(&waits, STORE, &[("chosen", &*ids[0])]).await;
        contains(&stored, "Replaced your xAI key.");
    })
    .await;
}
