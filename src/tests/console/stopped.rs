//! Whoever is stopped reads on each page that concerns it who stopped them,
//! until when, and what can be done.

use insta::assert_snapshot;

use super::{SeenPage, Visitor};
use crate::tests::stage::Setup;
use crate::tests::{Stage, good, run, run_with};

/// Pages that are about asking.
const PAGES: [&str; 5] = ["/keys", "/models", "/playground", "/usage", "/tokens"];

/// The line of a page that says who stopped its reader.
fn stop_of(page: &SeenPage) -> String {
    let says = page.says();
    let mut lines = says.lines();
    let found = lines.find(|line| line.contains("has stopped it") || line.contains("limit is rea"));
    found.unwrap_or_default().to_owned()
}

/// Each page says the same, and none tells to add a key.
async fn says_on_every_page(mia: &Visitor<'_>, place: &str) -> String {
    let mut told = Vec::new();
    for page in PAGES {
        let takes_place = !place.is_empty();
        if takes_place && ["/usage", "/tokens"].contains(&page) {
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
        assert_snapshot!(says_on_every_page(&mia, "").await, @"Everything is stopped. The bot’s operator has stopped it for everybody for now. Nobody’s key pays until the operator lets it go on. Keys and settings are kept; you can still see them.");
        let now = mia.opens("/playground/now").await;
        assert_snapshot!(now.html, @r#"{"payers":[null],"stopped":{"is_blocked":true,"title":"Everything is stopped","ways":[["/keys","Go to your keys"]],"words":"The bot’s operator has stopped it for everybody for now. Nobody’s key pays until the operator lets it go on. Keys and settings are kept; you can still see them."}}"#);
        assert_snapshot!(mia.opens("/keys").await.says(), @"
        # Keys
        Yours alone. They pay before a server’s key does, in every server and for your programs.
        Sign in with OpenRouter [/keys/openrouter]Import .env [/keys/import]Add a key [/keys/new]
        Everything is stopped. The bot’s operator has stopped it for everybody for now. Nobody’s key pays until the operator lets it go on. Keys and settings are kept; you can still see them.
        No API key configured. One that you add pays once you may ask again.
        Add a key [/keys/new]
        ## Who pays for what here
        Where
        {in: of 2}
        (Show)
        Ask without naming a provider, and nobody answers: what stops you stands above.
        Who pays, by provider
        Provider | Paid by | Because
        Groq | nobody | You have none, and the bot default does not pay for you while you are blocked.
        ");
        blocks(stage, "/admin resume").await;
        blocks(stage, "/server block user:mia during:1h").await;
        assert_snapshot!(says_on_every_page(&mia, &inside).await, @"You are blocked. Whoever manages this server has stopped it for you there until 21 Nov 2026, 01:00 UTC. Whoever manages the server can lift that; it does not hold elsewhere. Keys and settings are kept; you can still see them.");
        assert_snapshot!(says_on_every_page(&mia, "").await, @"");
        blocks(stage, "/server unblock user:mia").await;
        blocks(stage, "/admin block user:mia during:1h").await;
        mia.signs_in(person).await;
        assert_snapshot!(says_on_every_page(&mia, "").await, @"You are blocked. The bot’s operator has stopped it for you until 21 Nov 2026, 01:00 UTC. The operator alone can lift that. Keys and settings are kept; you can still see them.");
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
        assert_snapshot!(told.join("\n"), @"This server is stopped. The bot’s operator has stopped it in this server for now. The operator alone can lift that; it does not hold elsewhere. Keys and settings are kept; you can still see them.");
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
        assert_snapshot!(stop_of(&mia.opens("/keys").await), @"A limit is reached. You have used what your tier allows of the bot default: 1 of 1 request in 24 hours. There is room again in 25 hours. A key of your own for Groq would have no such limit.");
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
