//! Whoever is stopped reads on each page that concerns it who stopped them,
//! until when, and what can be done.

use insta::assert_snapshot;
use serde_json::json;

use super::playground::{ASK, conversation, foreseen};
use super::{SeenPage, Visitor};
use crate::tests::program::Program;
use crate::tests::stage::Setup;
use crate::tests::{Stage, good, run, run_with};

/// Pages that are about asking.
const PAGES: [&str; 7] = [
    "/keys",
    "/models",
    "/playground",
    "/usage",
    "/tokens",
    "/profile",
    "/signed-in",
];

/// The line of a page that says who stopped its reader.
fn stop_of(page: &SeenPage) -> String {
    let says = page.says();
    let mut lines = says.lines();
    let found = lines.find(|line| line.contains(" stopped ") || line.contains("limit is rea"));
    found.unwrap_or_default().to_owned()
}

/// Each page says the same, and none tells to add a key.
async fn says_on_every_page(mia: &Visitor<'_>, place: &str) -> String {
    let mut told = Vec::new();
    for page in PAGES {
        let takes_place = !place.is_empty();
        if takes_place && !["/keys", "/models", "/playground"].contains(&page) {
            continue;
        }
        let address = format!("{page}{place}");
        let shown = mia.opens(&address).await;
        assert_eq!(shown.status, 200, "{}", shown.shown());
        assert!(!shown.holds("and a model answers"), "{}", shown.shown());
        assert!(!shown.holds(">Add one<"), "{}", shown.shown());
        told.push(stop_of(&shown));
    }
    told.dedup();
    told.join("\n")
}

async fn blocks(stage: &Stage, command: &str) {
    let done = stage.omar().runs(command).await;
    assert!(!done.contains('⚠'), "{done}");
}

#[tokio::test]
async fn whoever_is_stopped_reads_by_whom_on_every_page() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let inside = format!("?in={}", stage.scene.server);
        let person = stage.scene.member;
        blocks(stage, "/admin stop").await;
        stage.omar().presses("Stop everybody").await;
        assert_snapshot!(says_on_every_page(&mia, "").await, @"Everything is stopped. The bot’s operator stopped all questions on 21 Nov 2026, 00:00 UTC, until it is lifted. Nobody’s key pays meanwhile, typed for one question or stored. Only the operator can lift it. What is stored is kept.");
        let now = mia.opens("/playground/now").await;
        assert_snapshot!(now.html, @r#"{"payers":[null],"stopped":{"is_blocked":true,"title":"Everything is stopped","ways":[["/keys","Go to your keys"]],"words":"The bot’s operator stopped all questions on 21 Nov 2026, 00:00 UTC, until it is lifted. Nobody’s key pays meanwhile, typed for one question or stored. Only the operator can lift it. What is stored is kept."}}"#);
        assert_snapshot!(mia.opens("/keys").await.says(), @"
        # Keys
        Yours alone. They pay before a server’s key does, in every server and for your programs.
        Sign in with OpenRouter [/keys/openrouter]Import .env [/keys/import]Add a key [/keys/new]
        Everything is stopped. The bot’s operator stopped all questions on 21 Nov 2026, 00:00 UTC, until it is lifted. Nobody’s key pays meanwhile, typed for one question or stored. Only the operator can lift it. What is stored is kept.
        No API key configured. One that you add pays once you may ask again.
        Add a key [/keys/new]
        ## Who pays for what here
        Where
        {in: of 2}
        (Show)
        Ask without naming a provider, and nobody answers: what stops you stands above.
        Who pays, by provider
        Provider | Paid by | Because
        Groq | nobody | You have none; the bot default does not pay for you while you are stopped.
        ");
        blocks(stage, "/admin resume").await;
        blocks(stage, "/server block user:mia during:1h").await;
        assert_snapshot!(says_on_every_page(&mia, &inside).await, @"You are stopped. Whoever manages this server stopped you there on 21 Nov 2026, 00:00 UTC, until 21 Nov 2026, 01:00 UTC. No key pays there meanwhile; elsewhere you can ask. Whoever manages the server can lift it. What is stored is kept.");
        assert_snapshot!(says_on_every_page(&mia, "").await, @"");
        blocks(stage, "/server unblock user:mia").await;
        blocks(stage, "/admin block user:mia during:1h").await;
        mia.signs_in(person).await;
        let told = says_on_every_page(&mia, "").await;
        assert_snapshot!(told, @"You are stopped. The bot’s operator stopped you on 21 Nov 2026, 00:00 UTC, until 21 Nov 2026, 01:00 UTC. No key pays for you meanwhile. Only the operator can lift it: write to them if it is a mistake. What is stored is kept.");
        blocks(stage, "/admin unblock user:mia").await;
        assert_snapshot!(says_on_every_page(&mia, "").await, @"");
    })
    .await;
}

#[tokio::test]
async fn a_manager_reads_that_the_operator_stopped_the_server() {
    run(async |stage| {
        let server = stage.scene.server;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        blocks(stage, &format!("/admin stop server:{server}")).await;
        let mut told = Vec::new();
        for tab in ["", "/keys", "/rules", "/models"] {
            told.push(stop_of(&omar.opens(&format!("/servers/{server}{tab}")).await));
        }
        told.dedup();
        assert_snapshot!(told.join("\n"), @"This server is stopped. The bot’s operator stopped this server on 21 Nov 2026, 00:00 UTC, until it is lifted. No key pays there meanwhile; elsewhere you can ask. Only the operator can lift it. What is stored is kept.");
    })
    .await;
}

#[tokio::test]
async fn a_limit_without_room_is_said_where_people_would_ask() {
    let setup = Setup {
        config: "[[quota.tiers]]\nname = 'free'\nlimits = [{ requests = 1, per = 'day' }]\n"
            .to_owned(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        stage.mia().runs("/ask prompt:count").await;
        assert_snapshot!(stop_of(&mia.opens("/keys").await), @"A limit is reached. You have used what your tier allows of the bot default: 1 of 1 request in 24 hours. There is room again in 24 hours and 15 minutes. A key of your own for Groq would have no such limit.");
        for page in ["/models", "/playground"] {
            let shown = mia.opens(page).await;
            assert!(!stop_of(&shown).is_empty(), "{}", shown.shown());
        }
        // A key of one's own has no such limit, and nothing stops any more.
        stage.mia().adds("openai", "user", &good("openai")).await;
        for page in PAGES {
            let shown = mia.opens(page).await;
            assert_eq!(stop_of(&shown), "", "{}", shown.shown());
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_of_whoever_is_stopped_is_said_to_pay_nowhere() {
    run(async |stage| {
        let key = stage.mia().adds("openai", "user", &good("openai")).await;
        assert!(!key.contains('⚠'), "{key}");
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let pays = async || {
            let page = mia.opens("/keys").await;
            let check = page.action("/keys/", "/check").unwrap();
            let one = mia.opens(check.trim_end_matches("/check")).await;
            let (list, one) = (page.says(), one.says());
            let said = list.lines().chain(one.lines());
            let cells = said.flat_map(|line| line.split(" | "));
            let pays = cells.filter(|cell| cell.contains("where"));
            pays.map(ToOwned::to_owned).collect::<Vec<_>>().join("\n")
        };
        assert_snapshot!(pays().await, @"
        Everywhere
        Everywhere
        ");
        blocks(stage, "/admin block user:mia").await;
        mia.signs_in(stage.scene.member).await;
        assert_snapshot!(pays().await, @"
        Nowhere while you are stopped
        Nowhere while you are stopped
        ");
        // What a server's managers stop holds there alone.
        blocks(stage, "/admin unblock user:mia").await;
        blocks(stage, "/server block user:mia").await;
        assert!(pays().await.contains("Everywhere"));
    })
    .await;
}

#[tokio::test]
async fn a_program_of_whoever_is_stopped_reads_by_whom() {
    run(async |stage| {
        let mia = Program::of(stage, &stage.mia(), "").await;
        let mut told = Vec::new();
        for command in ["/admin block user:mia during:1h", "/admin stop"] {
            blocks(stage, command).await;
            if command == "/admin stop" {
                stage.omar().presses("Stop everybody").await;
            }
            let body = json!({"model": "groq/openai/gpt-oss-20b", "messages": [{"role": "user", "content": "count"}]});
            let answer = mia.posts("/v1/chat/completions", &body).await;
            told.push(answer.shown());
            blocks(stage, "/admin unblock user:mia").await;
        }
        assert_snapshot!(told.join("\n"), @r#"
        403
        {"error":{"code":"blocked","message":"The bot's operator stopped you at 2026-11-21T00:00:00Z, until 2026-11-21T01:00:00Z. No key pays meanwhile, and only they can lift it sooner.","param":null,"type":"permission_error"}}
        403
        {"error":{"code":"blocked","message":"The bot's operator stopped all asks at 2026-11-21T00:00:00Z. No key pays until they lift it.","param":null,"type":"permission_error"}}
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_visitor_reads_that_everybody_is_stopped() {
    run(async |stage| {
        let visitor = Visitor::stranger(stage).await;
        blocks(stage, "/admin stop").await;
        stage.omar().presses("Stop everybody").await;
        let page = visitor.opens("/playground").await;
        assert_snapshot!(stop_of(&page), @"Everything is stopped. The bot’s operator stopped all questions on 21 Nov 2026, 00:00 UTC, until it is lifted. Nobody’s key pays meanwhile, typed for one question or stored. Only the operator can lift it. What is stored is kept.");
        assert_snapshot!(foreseen(&page), @"nobody");
        let mut told = Vec::new();
        for key in [String::new(), good("openai")] {
            let typed = [("ask", "count"), ("key", key.as_str())];
            told.push(conversation(&visitor.sends(&page, ASK, &typed).await));
        }
        told.dedup();
        assert_snapshot!(told.join("\n"), @"
        count
        Everything is stopped. The bot’s operator stopped all questions on 21 Nov 2026, 00:00 UTC, until it is lifted. Nobody’s key pays meanwhile, typed for one question or stored. Only the operator can lift it. What is stored is kept.
        ");
        assert_eq!(stage.calls(), 0);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_sent_for_a_key_that_has_the_same_limit() {
    let setup = Setup {
        config: "[quota]\napplies_to = ['personal', 'bot_default']\n[[quota.tiers]]\nname = \
                 'free'\nlimits = [{ requests = 1, per = 'day' }]\n"
            .to_owned(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        stage.mia().runs("/ask prompt:count").await;
        assert_snapshot!(stop_of(&mia.opens("/keys").await), @"A limit is reached. You have used what your tier allows of the bot default: 1 of 1 request in 24 hours. There is room again in 24 hours and 15 minutes.");
    })
    .await;
}
