//! Keys in a browser: added, looked at, changed, removed, and nobody else's.

use insta::assert_snapshot;
use latchkey_emulator::providers::Standing;
use reqwest::multipart::{Form as Multipart, Part};

use super::{ORIGIN, SeenPage, Visitor};
use crate::tests::{Stage, bad, good, run};

/// Adds a key with the form, as somebody does.
async fn adds(visitor: &Visitor<'_>, provider: &str, key: &str) -> SeenPage {
    let form = visitor
        .opens(&format!("/keys/new?provider={provider}"))
        .await;
    visitor.sends(&form, "/keys", &[("key", key)]).await
}

/// Where the first key of a list has its page.
fn key_address(page: &SeenPage) -> String {
    let action = page.action("/keys/", "/check").expect("a key is listed");
    action.trim_end_matches("/check").to_owned()
}

fn contains(page: &SeenPage, words: &str) {
    assert!(page.says().contains(words), "{words}: {}", page.shown());
}

/// A button has nothing that could be typed again.
#[tokio::test]
async fn too_many_checks_show_no_empty_form() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/new?provider=openai").await;
        let key = good("openai");
        let mut page = mia.sends(&form, "/keys", &[("key", &*key)]).await;
        stage.key_stands(&key, Standing::Bad);
        let check = page.action("/keys/", "/check").expect("a key is listed");
        let list = page.clone();
        while page.status == 200 {
            page = mia.sends(&list, &check, &[]).await;
        }
        let says = page.says();
        let (says, _) = says.split_once("\nRequest ").unwrap();
        assert_snapshot!(says, @"
        # Too many checks
        Of keys that their providers do not accept, one person can have 5 a minute and 20 an hour checked, and one server 20 an hour. That is used up, and nothing was checked: the key is as it was. Try again in 60 seconds.
        Go to your keys [/keys]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_key_is_added_looked_at_changed_and_removed() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let empty = mia.opens("/keys").await;
        contains(
            &empty,
            "No API key configured. Add one and it pays first, everywhere.",
        );
        contains(&empty, "Groq | bot default | You have none");
        let added = adds(&mia, "openai", &good("openai")).await;
        assert_eq!((added.status, added.address.as_str()), (200, "/keys"));
        contains(&added, "Stored your OpenAI key. OpenAI accepts it.");
        contains(&added, "OpenAI [/keys/");
        contains(&added, "| Works | Everywhere | 0 | 0 | $0.00 | never");
        contains(&added, "OpenAI | own key | Yours comes first");
        // What was done is said once.
        let again = mia.opens("/keys").await;
        assert!(!again.says().contains("Stored your"), "{}", again.shown());
        let one = key_address(&again);
        let shown = mia.opens(&one).await;
        let renamed = mia
            .sends(&shown, &format!("{one}/rename"), &[("name", "Work <b>")])
            .await;
        contains(&renamed, "Renamed your OpenAI key.");
        contains(&renamed, "Work <b> · …6789");
        assert!(!renamed.html.contains("Work <b>"), "it is escaped");
        let list = mia.opens("/keys").await;
        let paused = mia.sends(&list, &format!("{one}/pause"), &[]).await;
        contains(&paused, "Paused your OpenAI key.");
        contains(&paused, "| Paused | Nowhere |");
        contains(&paused, "OpenAI | nobody | Yours is paused");
        let resumed = mia.sends(&paused, &format!("{one}/resume"), &[]).await;
        contains(&resumed, "| Works | Everywhere |");
        let checked = mia.sends(&resumed, &format!("{one}/check"), &[]).await;
        contains(&checked, "Checked your OpenAI key. OpenAI accepts it.");
        let asks = mia.opens(&format!("{one}/remove")).await;
        contains(&asks, "# Remove your OpenAI key?");
        contains(&asks, "This month it paid for nothing.");
        contains(&asks, "In a direct message, and for programs | nobody");
        let removed = mia.sends(&asks, &format!("{one}/remove"), &[]).await;
        contains(&removed, "Removed your OpenAI key.");
        contains(&removed, "No API key configured.");
        // The same form once more finds nothing.
        let fields = asks.form(&format!("{one}/remove")).fill(&[]);
        let twice = mia.post(&format!("{one}/remove"), &fields);
        assert_eq!(mia.sends_once(twice).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_said_above_the_form() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/new?provider=openai").await;
        for (key, title) in [
            (bad("openai"), "Key is invalid."),
            (String::new(), "That can’t be a key."),
            ("two words".to_owned(), "That can’t be a key."),
        ] {
            let typed = [("key", key.as_str()), ("name", "Mine")];
            let told = mia.sends(&form, "/keys", &typed).await;
            assert_eq!(told.status, 422, "{}", told.shown());
            contains(&told, title);
            contains(&told, "{name: Mine}");
            assert!(key.is_empty() || !told.holds(&key));
        }
        let secret = good("groq");
        let typed = [("key", good("openai")), ("name", secret.clone())];
        let typed = typed
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let told = mia.sends(&form, "/keys", &typed).await;
        contains(&told, "That name looks like a secret.");
        let list = mia.opens("/keys").await;
        contains(&list, "No API key configured.");
        let unknown = mia.opens("/keys/new?provider=opnai").await;
        assert_eq!(unknown.status, 422);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_needs_its_owner_says_what_to_do() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let key = good("deepseek");
        adds(&mia, "deepseek", &key).await;
        stage.key_stands(&key, Standing::Empty);
        let list = mia.opens("/keys").await;
        let one = key_address(&list);
        let broke = mia.sends(&list, &format!("{one}/check"), &[]).await;
        contains(&broke, "Your DeepSeek key is out of credit.");
        contains(&broke, "nobody pays for DeepSeek for you here.");
        contains(
            &broke,
            "Top up at DeepSeek [https://platform.deepseek.com/top_up",
        );
        contains(&broke, "| Out of credit | Set aside |");
        stage.key_stands(&key, Standing::Bad);
        let refused = mia.sends(&broke, &format!("{one}/check"), &[]).await;
        contains(
            &refused,
            "Key is invalid. DeepSeek refused it. It is one of three things",
        );
    })
    .await;
}

#[tokio::test]
async fn keys_of_others_are_not_there() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let zoe = Visitor::signed_in(stage, stage.scene.stranger).await;
        let one = key_address(&adds(&mia, "openai", &good("openai")).await);
        let own = zoe.opens("/keys/new").await;
        let fields = own.form("/keys").fill(&[]);
        for verb in ["", "/remove"] {
            let page = zoe.opens(&format!("{one}{verb}")).await;
            assert_eq!(page.status, 404, "{verb}");
            assert!(!page.holds("6789"));
        }
        for verb in ["check", "pause", "resume", "rename", "replace", "remove"] {
            let sent = zoe.post(&format!("{one}/{verb}"), &fields);
            assert_eq!(zoe.sends_once(sent).await.status, 404, "{verb}");
        }
        contains(&mia.opens("/keys").await, "| Works | Everywhere |");
    })
    .await;
}

#[tokio::test]
async fn a_form_that_is_not_of_this_page_changes_nothing() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let list = adds(&mia, "openai", &good("openai")).await;
        let pause = format!("{}/pause", key_address(&list));
        let fields = list.form(&pause).fill(&[]);
        let others = omar.opens("/keys/new").await.form("/keys").fill(&[]);
        let calls = [
            mia.post(&pause, &[]),
            mia.post(&pause, &others),
            mia.bare_post(&pause, &fields),
            mia.bare_post(&pause, &fields).header("origin", "null"),
            mia.bare_post(&pause, &fields)
                .header("origin", "https://evil.example"),
            mia.bare_post(&pause, &fields)
                .header("origin", ORIGIN)
                .header("sec-fetch-site", "cross-site"),
        ];
        for call in calls {
            let told = mia.sends_once(call).await;
            contains(&told, "Nothing was changed");
        }
        contains(&mia.opens("/keys").await, "| Works | Everywhere |");
    })
    .await;
}

#[tokio::test]
async fn a_file_of_keys_is_checked_and_chosen_from() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let file = format!(
            "OPENAI_API_KEY={}\nGROQ_API_KEY={}\nPORT=8080\n",
            good("openai"),
            bad("groq")
        );
        let form = mia.opens("/keys/import").await;
        let found = mia.sends(&form, "/keys/import", &[("keys", &file)]).await;
        assert_eq!(found.status, 200, "{}", found.shown());
        contains(&found, "OPENAI_API_KEY");
        contains(&found, "Can’t be stored: Groq refused it");
        contains(&found, "PORT");
        holds_no_key(stage, &found);
        let stored = mia.sends(&found, "/keys/import/store", &[]).await;
        contains(&stored, "Stored your OpenAI key.");
        contains(&stored, "| Works | Everywhere |");
        assert!(!stored.says().contains("Groq [/keys/"));
        // The import is used up.
        let fields = found.form("/keys/import/store").fill(&[]);
        let twice = mia
            .sends_once(mia.post("/keys/import/store", &fields))
            .await;
        assert_eq!((twice.status, twice.location()), (303, "/keys"));
        contains(&mia.opens("/keys").await, "That form came before");
        let import = fields.iter().find(|(name, _)| name == "import");
        let address = format!("/keys/import?import={}", import.unwrap().1);
        let gone = mia.opens(&address).await;
        assert_eq!(gone.status, 409, "{}", gone.shown());
    })
    .await;
}

#[tokio::test]
async fn a_refused_key_is_kept_where_its_owner_says_so() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/new?provider=openai").await;
        let key = bad("openai");
        let refused = mia.sends(&form, "/keys", &[("key", &key)]).await;
        assert_eq!(refused.status, 422);
        contains(&mia.opens("/keys").await, "No API key configured");
        let kept = mia
            .sends(&form, "/keys", &[("key", &key), ("keep_refused", "1")])
            .await;
        contains(
            &kept,
            "Stored your OpenAI key. Key is invalid: OpenAI refuses it, so it is not used.",
        );
        holds_no_key(stage, &kept);
        // It pays for nothing until a check finds that it works.
        let asked = stage.mia().runs("/ask prompt:hello provider:openai").await;
        assert!(asked.contains("was refused by the provider"), "{asked}");
        stage.key_stands(&key, Standing::Good);
        let check = kept.action("/keys/", "/check").unwrap();
        let checked = mia.sends(&kept, &check, &[]).await;
        contains(&checked, "| Works | Everywhere |");
    })
    .await;
}

#[tokio::test]
async fn a_dropped_file_of_keys_is_read_as_what_is_pasted() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/import").await;
        let page_form = form.form("/keys/import");
        let send = async |file: Vec<u8>| {
            let mut parts = Multipart::new();
            for (name, value) in
                page_form.fill(&[("keys", &format!("GROQ_API_KEY={}", good("groq")))])
            {
                parts = parts.text(name, value);
            }
            parts = parts.part("file", Part::bytes(file).file_name(".env"));
            let call = mia.call("POST", "/keys/import").header("origin", ORIGIN);
            mia.sends_once(call.multipart(parts)).await
        };
        let file = format!("# mine\nOPENAI_API_KEY={}\n", good("openai"));
        let found = send(file.into_bytes()).await;
        assert_eq!(found.status, 200, "{}", found.shown());
        contains(&found, "OPENAI_API_KEY");
        contains(&found, "GROQ_API_KEY");
        holds_no_key(stage, &found);
        let stored = mia.sends(&found, "/keys/import/store", &[]).await;
        contains(&stored, "Stored your OpenAI key.");
        for wrong in [vec![0xff, 0xfe, 0], vec![b'a'; 70_000]] {
            let refused = send(wrong).await;
            assert_eq!(refused.status, 422);
            contains(&refused, "no key was looked for");
        }
    })
    .await;
}

fn holds_no_key(_: &Stage, page: &SeenPage) {
    for provider in ["openai", "groq", "anthropic"] {
        for key in [good(provider), bad(provider)] {
            let told = format!("{} {:?} {}", page.address, page.headers, page.html);
            assert!(!told.contains(&key), "{}", page.shown());
        }
    }
}

#[tokio::test]
async fn no_page_header_or_address_holds_a_key() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let mut seen = vec![adds(&mia, "openai", &good("openai")).await];
        seen.push(adds(&mia, "groq", &bad("groq")).await);
        let one = key_address(&mia.opens("/keys").await);
        for address in [
            "/keys",
            "/keys/new",
            "/keys/import",
            &one,
            &format!("{one}/remove"),
        ] {
            seen.push(mia.opens(address).await);
        }
        let page = mia.opens(&one).await;
        let replace = format!("{one}/replace");
        for key in [bad("openai"), good("openai")] {
            seen.push(mia.sends(&page, &replace, &[("key", &key)]).await);
        }
        // A form of before keeps what was typed, but for the key.
        let key = good("openai");
        let fields = [("form_token", "old"), ("key", &key), ("name", "Mine")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let told = mia.sends_once(mia.post("/keys", &fields)).await;
        contains(&told, "{name: Mine}");
        seen.push(told);
        for page in &seen {
            holds_no_key(stage, page);
        }
    })
    .await;
}

#[tokio::test]
async fn old_addresses_lead_to_the_pages() {
    run(async |stage| {
        let visitor = Visitor::stranger(stage).await;
        for (old, new) in [
            ("/settings/api-keys", "/keys"),
            ("/settings/api-keys/usage", "/usage"),
            ("/language-models", "/models"),
            ("/language-models/billing", "/billing/2026-11"),
        ] {
            let page = visitor.sends_once(visitor.call("GET", old)).await;
            assert_eq!((page.status, page.header("location")), (308, new), "{old}");
        }
    })
    .await;
}

#[tokio::test]
async fn models_say_who_pays_and_what_they_cost() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        adds(&mia, "openai", &good("openai")).await;
        let page = mia.opens("/models").await;
        contains(&page, "gpt-6-luna");
        contains(&page, "OpenAI · default | own key |");
        contains(&page, "Groq · default | bot default |");
        contains(&page, "/playground?model=openai%2Fgpt-6-luna");
        let own = mia
            .sends(
                &page,
                "/models",
                &[("paid", "personal"), ("can", "pictures")],
            )
            .await;
        contains(&own, "gpt-image-2");
        assert!(!own.says().contains("gpt-6-luna"), "{}", own.shown());
        let found = mia.sends(&page, "/models", &[("q", "LUNA sees")]).await;
        contains(&found, "gpt-6-luna");
        assert!(!found.says().contains("bot default |"), "{}", found.shown());
    })
    .await;
}
